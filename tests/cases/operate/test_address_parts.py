import gzip
import json

import pytest
from shared_data import shared

from gridgeo.operate.address_parts import cut_address
from gridgeo.operate.address_text import clean
from gridgeo.operate.western_address import clean_western, cut_western


def parts(text):
    """Give the likeliest reading of a text as pairs of kind and key."""
    return [(part.kind, part.key) for part in cut_address(clean(text).text)[0]]


def western(text):
    return {part.kind: part.key for part in cut_western(clean_western(text).text)[0]}


@pytest.mark.parametrize(
    "text",
    [
        "溪桥路12号清河苑3栋2单元401室",
        "溪桥路12号清河苑3幢2单元401",
        "溪桥路12號，清河苑三号楼二单元四零一室",
        "溪桥路12号清河苑3-2-401",
        "溪桥路12号清河苑3#2-401室",
    ],
)
def test_one_address_written_in_many_ways_has_the_same_parts(text):
    assert parts(text) == [
        ("road", "溪桥路"),
        ("number", "12"),
        ("estate", "清河苑"),
        ("building", "3"),
        ("stairwell", "2"),
        ("room", "401"),
    ]


def test_regions_stand_before_the_road():
    assert parts("江苏省南京市鼓楼区湖南路街道中山路5号") == [
        ("region", "江苏省"),
        ("region", "南京市"),
        ("region", "鼓楼区"),
        ("region", "湖南路街道"),
        ("road", "中山路"),
        ("number", "5"),
    ]


def test_a_house_number_after_a_road_is_not_a_building():
    assert parts("溪桥路12号") == [("road", "溪桥路"), ("number", "12")]
    assert parts("清河苑12号") == [("estate", "清河苑"), ("building", "12")]


def test_a_floor_is_not_a_room():
    assert parts("清河苑3栋5楼502") == [("estate", "清河苑"), ("building", "3"), ("floor", "5"), ("room", "502")]


def test_words_about_a_place_name_nothing():
    assert parts("清河苑3栋附近有人打架")[-1] == ("note", "附近有人打架")


def test_numbers_joined_by_dashes_after_a_road_are_read_in_several_ways():
    readings = [[part.kind for part in reading] for reading in cut_address(clean("溪桥路12-3-501").text)]
    assert ["road", "number", "building", "room"] in readings
    assert ["road", "building", "stairwell", "room"] in readings


def test_no_text_has_no_parts():
    assert cut_address("") == [[]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 Main Street", {"number": "12", "road": "MAIN ST"}),
        ("12 Main St Apt 3", {"number": "12", "road": "MAIN ST", "room": "3"}),
        ("12 main st., #3B", {"number": "12", "road": "MAIN ST", "room": "3B"}),
        ("Unit 4, 28-1/2 North Howard Street", {"number": "28-1/2", "road": "N HOWARD ST", "room": "4"}),
        ("28 1/2 Howard St", {"number": "28-1/2", "road": "HOWARD ST"}),
        ("12 Tower St", {"number": "12", "road": "TOWER ST"}),
        ("45 Main St 2nd Floor", {"number": "45", "road": "MAIN ST", "floor": "2"}),
        ("Hauptstraße 12", {"number": "12", "road": "HAUPTSTRASSE"}),
        ("1 Broadway", {"number": "1", "road": "BROADWAY"}),
    ],
)
def test_western_addresses_have_number_street_and_unit(text, expected):
    assert western(text) == expected


def test_hand_cut_addresses_are_cut_alike():
    """Hold the parser against real lines cut by hand; the least F1 of each label keeps what was reached."""
    least = {"number": 0.90, "building": 0.85, "stairwell": 0.89, "floor": 0.94, "room": 0.89}
    labels = {"roadno": "number", "houseno": "building", "cellno": "stairwell", "floorno": "floor", "roomno": "room"}
    with gzip.open(shared("chinese_addresses/addresses_dev.jsonl.gz"), "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    found, gold = set(), set()
    for at, line in enumerate(lines):
        text = clean(line["text"])
        found |= {(at, part.kind, text.given(part.start, part.end)) for part in cut_address(text.text)[0]}
        gold |= {(at, labels[label], line["text"][start:end]) for label, start, end in line["parts"] if label in labels}
    for kind, low in least.items():
        ours, theirs = ({row for row in rows if row[1] == kind} for rows in (found, gold))
        assert 2 * len(ours & theirs) / (len(ours) + len(theirs)) >= low, kind
