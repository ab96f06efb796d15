"""A map of a plan is one file that says what the tables say."""

import json
import re
from dataclasses import replace
from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from drawn_plans import drawn_plan
from towns import CRS, EAST_M, NORTH_M, street_lines

from gridgeo.model.errors import CrsError, GridgeoError, StorageError, TableError
from gridgeo.model.profile import UNLIMITED, Limits
from gridgeo.publish.maps import plan_map

GRIDS = """
    1122
    1133
"""


@pytest.fixture
def plan():
    return drawn_plan(
        """
        ABCD
        EFGH
        """,
        grid=GRIDS,
        community="11111122",
        micro="aabbccdd",
    )


def data_of(plan_map):
    """Read the data that a page carries."""
    return json.loads(re.search(r'<script type="application/json" id="plan">(.*?)</script>', plan_map.html()).group(1))


def areas_of(plan_map, level="grid"):
    """Read the areas of a level: id -> name of column -> value."""
    columns = next(found for found in data_of(plan_map)["levels"] if found["level"] == level)["areas"]
    return {area_id: {name: values[at] for name, values in columns.items()} for at, area_id in enumerate(columns["id"])}


def incidents_at(*places):
    shapes = [None if place is None else shapely.Point(EAST_M + place[0], NORTH_M + place[1]) for place in places]
    index = pd.Index([f"I{at}" for at in range(len(places))], name="incident_id")
    columns = {"reported_at": pd.Timestamp("2026-03-01", tz="UTC"), "category": "noise"}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=CRS, index=index), index=index)


def people():
    officers = pd.DataFrame(
        {"name": ["李明", "王芳"], "role": "full_time"}, index=pd.Index(["O1", "O2"], name="officer_id")
    )
    duties = pd.DataFrame(
        {
            "officer_id": ["O1", "O2"],
            "area_id": ["G1", "G1"],
            "role": ["full_time", "flood_warden"],
            "valid_from": [date(2026, 1, 1), date(2026, 6, 1)],
            "valid_to": [date(2026, 6, 1), None],
        },
        index=pd.Index(["D1", "D2"], name="duty_id"),
    )
    return officers, duties


def test_a_page_asks_no_other_host_for_anything(plan):
    text = plan_map(plan, streets=street_lines([[(0, 1), (4, 1)]])).html()
    loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*\b(?:src|href)=", text)
    assert loaded == []
    assert "url(" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert "default-src 'none'" in text
    assert not re.search("jquery|bootstrap|cdn|openstreetmap.org", text, re.IGNORECASE)


def test_the_same_plan_gives_the_same_file(plan):
    assert plan_map(plan).html() == plan_map(plan).html()


def test_what_is_known_about_an_area_is_in_the_page(plan):
    area = areas_of(plan_map(plan))["G1"]
    assert area["name"] == "G1号"
    assert area["households"] == 400
    assert area["persons"] == 800
    assert area["area_m2"] == 40_000
    assert area["parent"] == "C1"
    assert area["officers"] == []


def test_neighbours_share_a_border_not_just_a_corner(plan):
    drawn = plan_map(plan)
    ids = list(areas_of(drawn))
    neighbours = {area_id: [ids[at] for at in area["neighbours"]] for area_id, area in areas_of(drawn).items()}
    assert neighbours == {"G1": ["G2", "G3"], "G2": ["G1", "G3"], "G3": ["G1", "G2"]}
    corner = drawn_plan("AB\nCD", grid="12\n34")
    assert areas_of(plan_map(corner))["G1"]["neighbours"] == [1, 2]


def test_neighbours_have_different_colours(plan):
    areas = areas_of(plan_map(plan))
    assert len({area["colour"] for area in areas.values()}) == 3


def test_the_numbers_at_the_head_are_those_of_the_plan(plan):
    assert data_of(plan_map(plan))["figures"] == [["3", "Grids"], ["800", "households"], ["33.3%", "within 300–500"]]


def test_exclusive_areas_do_not_spoil_the_share_in_the_band(plan):
    register = plan.register.assign(
        kind=plan.register["kind"].mask(plan.register.index.isin(["G2", "G3"]), "exclusive")
    )
    assert data_of(plan_map(replace(plan, register=register)))["figures"][2][0] == "100%"


def test_a_share_below_all_is_never_shown_as_all():
    plan = drawn_plan("ABCD", grid="1112", households=150)
    assert data_of(plan_map(plan))["figures"][2][0] == "50%"


def test_markup_in_a_name_stays_text(plan):
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"
    register = plan.register.assign(name=evil, code=evil)
    officers, duties = people()
    text = plan_map(
        replace(plan, register=register, manifest={"attribution": evil}),
        officers=officers.assign(name=evil),
        duties=duties,
        streets=street_lines([[(0, 1), (4, 1)]]).assign(name=evil),
        title=evil,
    ).html()
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "49" not in re.search("<title>(.*)</title>", text).group(1)
    assert text.count("</script>") == 4


def test_duties_are_those_of_the_day(plan):
    officers, duties = people()
    shown = {
        day: areas_of(plan_map(plan, officers=officers, duties=duties, at=day))["G1"]["officers"]
        for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 5, 31), date(2026, 6, 1), None)
    }
    first, second = [["李明", "Full-time officer"]], [["王芳", "Flood warden"]]
    assert list(shown.values()) == [[], first, first, second, second]


def test_without_a_day_duties_are_those_of_the_plans_first_day(plan):
    officers, duties = people()
    drawn = plan_map(replace(plan, valid_from=date(2026, 2, 1)), officers=officers, duties=duties)
    assert areas_of(drawn)["G1"]["officers"][0][0] == "李明"
    assert data_of(drawn)["subtitle"] == "rules of Guali Town, Hangzhou, 2024 · in force from 2026-02-01"


def test_a_phone_is_shown_only_where_the_table_carries_it(plan):
    officers, duties = people()
    assert "000-0001" not in plan_map(plan, officers=officers, duties=duties).html()
    with_phones = officers.assign(phone=["000-0001", None])
    areas = areas_of(plan_map(plan, officers=with_phones, duties=duties, at=date(2026, 2, 1), language="zh"))
    assert areas["G1"]["officers"] == [["李明", "专职网格员", "000-0001"]]


def test_an_incident_counts_in_one_area_and_one_without_a_place_in_none(plan):
    drawn = plan_map(plan, incidents=incidents_at((50, 50), (200, 150), (350, 150), (350, 151), None, (9000, 0)))
    counts = {area_id: area["incidents"] for area_id, area in areas_of(drawn).items()}
    assert counts == {"G1": 2, "G2": 2, "G3": 0}
    assert data_of(drawn)["heat"]["total"] == 5


def test_many_incidents_make_a_small_page(plan):
    rows = [(at % 397, at % 199) for at in range(12_000)]
    drawn = plan_map(plan, incidents=incidents_at(*rows))
    assert len(drawn.html()) - len(plan_map(plan).html()) < 10_000
    assert sum(data_of(drawn)["heat"]["cells"][2::3]) == 12_000


def test_a_street_in_pieces_is_one_line(plan):
    streets = street_lines([[(0, 1), (2, 1)], [(2, 1), (4, 1)], [(1, 0), (1, 2)]]).assign(name=["桥路", "桥路", None])
    drawn = data_of(plan_map(plan, streets=streets))["streets"]
    assert [(street["name"], len(street["lines"])) for street in drawn] == [("", 1), ("桥路", 1)]


def test_findings_are_in_the_page_with_their_place(plan):
    line, point = shapely.LineString([(EAST_M, NORTH_M), (EAST_M + 9, NORTH_M)]), shapely.Point(EAST_M, NORTH_M)
    areas = shapely.box(EAST_M, NORTH_M, EAST_M + 1, NORTH_M + 1)
    index = pd.Index(["F1", "F2", "F3", "F4"], name="finding_id")
    findings = gpd.GeoDataFrame(
        {"kind": ["gap", "overlap", "new_kind", "missing_id"], "severity": "error", "message": "m"},
        geometry=gpd.GeoSeries([areas, line, shapely.GeometryCollection([point, line]), None], crs=CRS, index=index),
        index=index,
    )
    drawn = data_of(plan_map(plan, findings=findings, language="zh"))["findings"]
    assert [(one["kind_word"], len(one["areas"]), len(one["lines"])) for one in drawn] == [
        ("空隙", 1, 0), ("重叠", 0, 1), ("New kind", 0, 1),
    ]  # fmt: skip


def test_a_plan_without_grids_or_micro_grids_has_a_map_too():
    plan = drawn_plan("AB", grid="12")
    assert data_of(plan_map(plan))["shown"] == "grid"
    only = replace(plan, owners={"community": plan.owners["community"]})
    assert data_of(plan_map(only))["shown"] == "community"


def test_a_level_without_a_band_has_no_size_classes(plan):
    without = replace(plan.profile, limits={"grid": plan.profile.limits["grid"]})
    levels = {level["level"]: level for level in data_of(plan_map(replace(plan, profile=without)))["levels"]}
    assert "classes" in levels["grid"]
    assert "classes" not in levels["micro"]


@pytest.mark.parametrize(("attribution", "said"), [(None, "© Town"), ("© Other", "© Other"), ("", "")])
def test_the_source_is_named(plan, attribution, said):
    owed = replace(plan, manifest={"attribution": "© Town"})
    assert data_of(plan_map(owed, attribution=attribution))["attribution"] == said


def test_both_languages_say_the_same_things(plan):
    english, chinese = (data_of(plan_map(plan, language=language))["words"] for language in ("en", "zh"))
    assert english.keys() == chinese.keys()
    assert 'lang="zh-CN"' in plan_map(plan, language="zh").html()


def test_a_language_that_is_not_spoken_is_refused(plan):
    with pytest.raises(TableError, match="language is 'fr', not one of 'en', 'zh'"):
        plan_map(plan, language="fr")


def test_a_table_in_degrees_or_without_a_column_is_refused(plan):
    with pytest.raises(CrsError, match="degrees"):
        plan_map(plan, incidents=incidents_at((1, 1)).to_crs("EPSG:4326"))
    with pytest.raises(TableError, match="category"):
        plan_map(plan, incidents=incidents_at((1, 1)).drop(columns="category"))
    with pytest.raises(TableError, match="officers: column 'name' is missing"):
        plan_map(plan, officers=people()[0].drop(columns="name"), duties=people()[1])


def test_a_page_is_written_whole(plan, tmp_path):
    page = plan_map(plan)
    target = page.save(tmp_path / "map.html")
    assert target.read_text("utf-8") == page.html()
    assert [path.name for path in tmp_path.iterdir()] == ["map.html"]


def test_a_page_that_cannot_be_written_is_told(plan, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("here first")
    with pytest.raises(StorageError) as caught:
        plan_map(plan).save(blocked / "map.html")
    assert isinstance(caught.value, GridgeoError)
    assert "\n" not in str(caught.value)
    assert blocked.read_text() == "here first"


def test_a_notebook_shows_the_page_in_a_frame(plan):
    shown = plan_map(plan)._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "<script" not in shown


def ruled(plan, limits, level="grid"):
    return replace(plan, profile=replace(plan.profile, limits={**plan.profile.limits, level: limits}))


@pytest.mark.parametrize(
    ("limits", "sides", "figure"),
    [
        (Limits(0, 200, 150), [1, 0, 0], ["66.6%", "at most 200 households"]),
        (Limits(300, UNLIMITED, 400), [0, -1, -1], ["33.3%", "at least 300 households"]),
        (Limits(0, 500, 300, measure="persons"), [1, 0, 0], ["66.6%", "at most 500 persons"]),
        (Limits(20_000, 30_000, 25_000, measure="area_m2"), [1, 0, 0], ["66.6%", "within 20,000–30,000 m²"]),
    ],
)
def test_an_open_band_or_another_measure_judges_each_area(plan, limits, sides, figure):
    made = plan_map(ruled(plan, limits))
    grids = next(level for level in data_of(made)["levels"] if level["level"] == "grid")
    assert grids["areas"]["side"] == sides
    assert data_of(made)["figures"][2] == figure
    assert grids["limits"]["low"] == (limits.low or None)
    assert grids["limits"]["high"] == (limits.high if limits.high < UNLIMITED else None)
    assert str(UNLIMITED) not in made.html()


def test_a_mere_target_judges_no_area_and_makes_no_figure(plan):
    data = data_of(plan_map(ruled(plan, Limits(0, UNLIMITED, 300))))
    grids = next(level for level in data["levels"] if level["level"] == "grid")
    assert grids["areas"]["side"] == [None] * 3
    assert len(data["figures"]) == 2
    assert grids["band"] == "about 300 households"


def test_beats_are_a_level_of_the_map(plan):
    owner = plan.owner("grid").map({"G1": "B1", "G2": "B1", "G3": "B2"})
    rows = {"code": ["B1", "B2"], "name": ["Beat 1", "Beat 2"], "level": "beat", "kind": "base", "parent_id": None}
    register = pd.concat([plan.register, pd.DataFrame(rows, index=pd.Index(["B1", "B2"], name="area_id"))])
    plan = replace(plan, owners={**plan.owners, "beat": owner}, register=register)
    made = plan_map(ruled(plan, Limits(2, 3, 2, measure="grids"), "beat"))
    assert [level["level"] for level in data_of(made)["levels"]] == ["community", "grid", "micro", "beat"]
    beats = areas_of(made, "beat")
    assert {name: (beat["amount"], beat["side"]) for name, beat in beats.items()} == {"B1": (2, 0), "B2": (1, -1)}
    assert beats["B1"]["households"] == 600


def test_areas_are_called_what_the_rules_call_them(plan):
    profile = replace(plan.profile, labels={"grid": ("output area", "输出区")})
    named = replace(plan, profile=profile)
    assert data_of(plan_map(named))["figures"][0] == ["3", "Output areas"]
    assert data_of(plan_map(named, language="zh"))["figures"][0] == ["3", "输出区"]
