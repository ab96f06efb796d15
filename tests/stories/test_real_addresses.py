"""A service finds real addresses as people write them: a town in the West, blocks in Singapore, lines cut by hand."""

import gzip
import json
import random

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shared_data import shared

import gridgeo as gg
from gridgeo.operate.address_parts import cut_address
from gridgeo.operate.address_text import clean

SAME_M = 1.0
ASKED = 1_000
"""Addresses that each kind of noise is tried on."""
WORDS = {"St": "Street", "Ave": "Avenue", "Rd": "Road", "Dr": "Drive", "Pl": "Place", "Ct": "Court", "Ter": "Terrace"}


@pytest.fixture(scope="module")
def cambridge():
    """Give Cambridge's addresses with a parcel and a point, each row under its own id."""
    rows = pd.read_csv(shared("cambridge_ma/addresses.csv.gz"), dtype=str)
    points = gpd.GeoSeries.from_xy(rows["lon"].astype(float), rows["lat"].astype(float), crs="EPSG:4326")
    ids = pd.Index([f"C{number}" for number in range(len(rows))])
    frame = gpd.GeoDataFrame({"address": rows["full_address"], "parcel": rows["parcel_id"]}, geometry=points)
    return frame.to_crs("EPSG:26986").set_axis(ids)


@pytest.fixture(scope="module")
def cambridge_book(cambridge):
    return gg.AddressBook(cambridge, regions=["Cambridge", "MA"])


@pytest.fixture(scope="module")
def sample(cambridge):
    """Give addresses of one word or more and a street type, drawn from the town."""
    texts = pd.Series(sorted(cambridge["address"].unique()))
    texts = texts[texts.str.fullmatch(r"\d+[A-Z]? [A-Za-z' ]+ (?:" + "|".join(WORDS) + ")")]
    return texts.sample(ASKED, random_state=7).reset_index(drop=True)


def own_place(found, asked, known):
    """Tell which answers lie at a point that the known addresses give for the text that was meant."""
    at = known[["address"]].assign(own_x=known.geometry.x, own_y=known.geometry.y)
    answers = pd.DataFrame({"row": range(len(asked)), "address": asked.to_numpy(), "x": found["x"].to_numpy(),
                            "y": found["y"].to_numpy()})  # fmt: skip
    pairs = answers.merge(at, on="address")
    near = np.hypot(pairs["x"] - pairs["own_x"], pairs["y"] - pairs["own_y"]) <= SAME_M
    return near.groupby(pairs["row"]).any().to_numpy()


def test_every_address_of_a_town_is_found_by_its_own_text(cambridge, cambridge_book):
    asked = pd.Series(sorted(cambridge["address"].unique()))
    assert len(asked) == 21_333
    found = cambridge_book.find_each(asked)
    assert (found["address"].to_numpy() == asked.to_numpy()).mean() >= 0.999
    placed = cambridge[cambridge["parcel"].notna() & ~cambridge.geometry.is_empty & cambridge.geometry.x.notna()]
    there = asked.isin(placed["address"]).to_numpy()
    right = own_place(found[there], asked[there], placed)
    assert right.mean() >= 0.995
    assert right.sum() >= 0.95 * len(asked)


def street_word(text, chance):
    start, word = text.rsplit(" ", 1)
    return f"{start} {chance.choice((WORDS[word], word + '.', word.upper()))}"


def flat(text, chance):
    return text + chance.choice((" Apt 3", " #2", ", Unit 4", " apt. 12", " Apt 2B"))


def town(text, chance):
    return text + chance.choice((", Cambridge", ", Cambridge, MA", ", Cambridge MA"))


def typo(text, chance):
    """Drop, change or swap a letter of the street's name, but not its first one."""
    number, *name, word = text.split(" ")
    letters = list(" ".join(name))
    at = chance.randrange(1, max(len(letters) - 1, 2))
    way = chance.random()
    if way < 0.34:
        del letters[at]
    elif way < 0.67:
        letters[at] = chance.choice("aeinorst".replace(letters[at].lower(), ""))
    else:
        letters[at - 1 : at + 1] = letters[at], letters[at - 1]
    return f"{number} {''.join(letters)} {word}"


NOISE = {
    "street word": (street_word, 0.995, 0.995),
    "lower case": (lambda text, chance: text.lower(), 0.995, 0.995),
    "flat": (flat, 0.995, 0.995),
    "town": (town, 0.995, 0.995),
    "no street word": (lambda text, chance: text.rsplit(" ", 1)[0], 0.96, 0.995),
    "typo": (typo, 0.97, 0.985),
}
"""Ways to write an address, the least share found at its own place, and the least share of the sure answers so."""


@pytest.mark.parametrize("kind", NOISE)
def test_addresses_of_a_town_are_found_as_people_write_them(cambridge, cambridge_book, sample, kind):
    spoil, least, least_sure = NOISE[kind]
    asked = pd.Series([spoil(text, random.Random(f"{kind} {text}")) for text in sample])
    placed = cambridge[cambridge.geometry.x.notna()]
    # A slip may make another address of the town; who types that one is answered with it.
    other = asked.isin(cambridge["address"]) & (asked != sample)
    there = (sample.isin(placed["address"]) & ~other).to_numpy()
    found = cambridge_book.find_each(asked[there])
    right = own_place(found, sample[there], placed)
    sure = found["status"].eq("auto").to_numpy()
    assert right.mean() >= least
    assert right[sure].mean() >= least_sure


def test_a_house_number_that_the_town_does_not_have_is_not_made_up(cambridge_book, sample):
    asked = pd.Series([f"{90_000 + at} {text.split(' ', 1)[1]}" for at, text in enumerate(sample)])
    found = cambridge_book.find_each(asked)
    assert set(found["status"]) <= {"review", "reject"}
    assert not found["level"].eq("number").any()


@pytest.fixture(scope="module")
def singapore():
    """Give the blocks of three towns by block and street, as the housing board writes them."""
    blocks = pd.read_csv(shared("singapore_hdb/blocks.csv.gz"), dtype={"block": str})
    points = gpd.GeoSeries.from_xy(blocks["lon"], blocks["lat"], crs="EPSG:4326").to_crs("EPSG:3414")
    ids = pd.Index([f"S{number}" for number in range(len(blocks))])
    frame = gpd.GeoDataFrame({"address": blocks["block"] + " " + blocks["street"]}, geometry=points)
    return frame.set_axis(ids)


def found_blocks(known, texts):
    """Give the share of texts that are answered with their own block."""
    book = gg.AddressBook(known, regions=["Singapore"])
    return (book.find_each(pd.Series(texts))["address"].to_numpy() == known["address"].to_numpy()).mean()


@pytest.mark.parametrize("form", ["{}", "{} #05-123", "{}, Singapore"])
def test_blocks_are_found_by_block_and_street(singapore, form):
    assert found_blocks(singapore, [form.format(text) for text in singapore["address"]]) >= 0.995


@pytest.mark.parametrize("form", ["BLK {}", "Blk {}", "Block {} #05-123"])
def test_the_word_block_before_a_block_changes_nothing(singapore, form):
    assert found_blocks(singapore, [form.format(text) for text in singapore["address"]]) >= 0.995


def test_hand_cut_lines_are_cut_alike():
    """The least F1 of each part keeps what was reached; every line is cut without a failure."""
    least = {"road": 0.76, "number": 0.90, "building": 0.88, "stairwell": 0.89, "floor": 0.94, "room": 0.90}
    labels = {"road": "road", "roadno": "number", "houseno": "building", "cellno": "stairwell", "floorno": "floor",
              "roomno": "room"}  # fmt: skip
    ours, theirs = set(), set()
    with gzip.open(shared("chinese_addresses/addresses_dev.jsonl.gz"), "rt", encoding="utf-8") as file:
        for at, line in enumerate(map(json.loads, file)):
            plain = clean(line["text"])
            ours |= {(at, part.kind, plain.given(part.start, part.end)) for part in cut_address(plain.text)[0]}
            theirs |= {(at, labels[kind], line["text"][a:b]) for kind, a, b in line["parts"] if kind in labels}
    for kind, low in least.items():
        given, wanted = ({row for row in rows if row[1] == kind} for rows in (ours, theirs))
        f1 = 2 * len(given & wanted) / (len(given) + len(wanted))
        assert f1 >= low, kind


def test_lines_that_people_typed_are_answered_without_a_failure():
    book = gg.AddressBook(gg.make_town(households=2_000, seed=1).households)
    with gzip.open(shared("chinese_addresses/addresses_dev.jsonl.gz"), "rt", encoding="utf-8") as file:
        texts = pd.Series([json.loads(line)["text"] for line in file])
    found = book.find_each(texts)
    assert len(found) == len(texts)
    assert not found["status"].eq("auto").any()
