"""Grids of real communities get official codes, and nested codes of real small areas are judged."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shared_data import shared
from towns import CRS

import gridgeo as gg

GRIDS = 4
LEVELS = ["codebase", "code1", "code2", "town_id", "county_id"]
BEGINS = {"code1": "code2", "town_id": "county_id"}


def divisions(name):
    return pd.read_csv(shared(f"china_divisions/{name}.csv.gz"), dtype=str)


@pytest.fixture(scope="module")
def known():
    """Give every division code of the country down to streets, and of some districts down to communities."""
    names = ("areas", "streets", "villages_selected")
    return [code for name in names for code in divisions(name)["code"]]


def drawn_grids(villages):
    """Draw a row of grids in each community; where communities lie does not matter to their codes."""
    rows = [(code, number) for code in villages["code"] for number in range(GRIDS)]
    shapes = [shapely.box(500_000 + 100 * number, 0, 500_100 + 100 * number, 100) for _, number in rows]
    ids = [f"{code}-{chr(ord('A') + number)}" for code, number in rows]
    return gpd.GeoDataFrame(
        {"level": "grid", "kind": "base", "parent_id": [code for code, _ in rows], "households": 400,
         "area_m2": 10_000.0},
        geometry=shapes, crs=CRS, index=pd.Index(ids, name="area_id"),
    )  # fmt: skip


@pytest.mark.parametrize(("district", "count"), [("320106", 100), ("320102", 50), ("320104", 90), ("330109", 500)])
def test_the_communities_of_a_real_district_are_coded_and_judged(known, district, count):
    villages = divisions("villages_selected")
    villages = villages[villages["areaCode"] == district]
    assert len(villages) > count
    areas = drawn_grids(villages)
    codes = gg.assign_codes(areas, "beijing-15")  # the ids of communities are their division codes
    assert codes.is_unique
    assert codes.tolist() == [f"{code}{number:03d}" for code in sorted(villages["code"]) for number in range(1, 5)]
    assert not len(gg.check_codes(areas.assign(code=codes), "beijing-15", divisions=known))


def test_guali_is_a_town_that_the_list_knows(known):
    streets = divisions("streets")
    guali = streets.loc[(streets["areaCode"] == "330109") & (streets["name"] == "瓜沥镇"), "code"].item()
    villages = divisions("villages_selected")
    villages = villages[villages["streetCode"] == guali].head(3)
    areas = drawn_grids(villages)
    made = gg.load_code_template("cjt349-20", object_code="010203")
    areas["code"] = gg.assign_codes(areas, made)
    assert areas["code"].str.startswith(f"010203{guali}").all()
    assert not len(gg.check_codes(areas, made, divisions=known))
    first = villages["code"].iloc[0]
    moved = {code: code for code in villages["code"]} | {first: f"{guali}999"}
    areas["code"] = gg.assign_codes(areas, made, communities=moved)
    found = gg.check_codes(areas, gg.load_code_template("12+n", digits=8), moved, divisions=known)
    assert "unknown_division" in found["fault"].tolist()
    assert f"there is no community {guali}999" in " ".join(found["message"])


@pytest.fixture(scope="module")
def taipei():
    return gpd.read_file(shared("taipei_statistical_areas/areas.gpkg"), layer="base_areas").to_crs(3826)


def judged(areas):
    named = areas.assign(area_id=[f"R{at:04d}" for at in range(len(areas))])
    return gg.check_code_levels(named, LEVELS, begins=BEGINS)


def test_the_real_nested_codes_have_no_fault(taipei):
    assert len(taipei) == 2029
    assert not len(judged(taipei))


@pytest.mark.parametrize(
    ("column", "change", "fault"),
    [
        ("codebase", lambda row, other: other["codebase"], "duplicate"),
        ("codebase", lambda row, other: row["codebase"].replace("-", ""), "wrong_form"),
        ("codebase", lambda row, other: row["codebase"][:-1], "wrong_form"),
        ("codebase", lambda row, other: None, "no_code"),
        ("code1", lambda row, other: other["code1"], "wrong_prefix"),
        ("code1", lambda row, other: "", "no_code"),
        ("code1", lambda row, other: row["code1"][:-1] + "O", "wrong_form"),
        ("code2", lambda row, other: other["code2"], "wrong_prefix"),
        ("town_id", lambda row, other: other["town_id"], "several_parents"),
        ("town_id", lambda row, other: "64" + row["town_id"][2:], "wrong_prefix"),
        ("county_id", lambda row, other: "64000", "wrong_prefix"),
    ],
)
@pytest.mark.parametrize("at", [0, 777, 2028])
def test_each_fault_that_is_put_into_the_real_codes_is_found_at_its_place(taipei, column, change, fault, at):
    broken = taipei.copy()
    row = taipei.iloc[at]
    other = taipei[(taipei["town_id"] != row["town_id"])].iloc[5]
    broken.loc[at, column] = change(row, other)
    found = judged(broken)
    told = found[found["fault"] == fault]
    assert len(told) >= 1
    assert any(f"R{at:04d}" in ids.split(",") for ids in told["area_ids"])
    assert len(found) <= 3


def test_a_small_area_that_carries_the_codes_of_another_place_is_found_by_where_it_lies(taipei):
    larger = gpd.read_file(shared("taipei_statistical_areas/areas.gpkg"), layer="code2_areas").to_crs(3826)
    larger = larger.set_index(larger["code2"].rename("area_id"))
    broken = taipei.set_index(taipei["codebase"].rename("area_id"))
    other = broken[broken["code2"] != broken["code2"].iloc[0]].iloc[0]
    broken.loc[broken.index[0], ["code1", "code2"]] = other[["code1", "code2"]].to_list()
    assert not len(judged(broken.reset_index(drop=True)))  # the codes alone agree with one another
    nesting = gg.check_nesting(
        broken.drop(columns="code2").assign(code=broken["code2"]), larger.assign(code=larger["code2"])
    )
    wrong = nesting.findings[nesting.findings["kind"] == "wrong_code"]
    assert wrong["area_ids"].tolist() == [broken.index[0]]
