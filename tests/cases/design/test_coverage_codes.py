"""The audit of codes: each begins with that of its parent, and stands on one area."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shared_data import shared
from towns import communities, town

import gridgeo as gg
from gridgeo.model.errors import TableError

TERRITORY = communities("PPQQ\nPPQQ")
PARENTS = TERRITORY.assign(code=["320104001", "320104002"])
CODES = {"A": "320104001001", "B": "320104001002", "D": "320104002001", "E": "320104002002"}
GRIDS = town("ABDE\nABDE")


def coded(**others):
    return GRIDS.assign(code=[{**CODES, **others}[area] for area in GRIDS.index])


def audit(areas, parents=PARENTS, **how):
    return gg.audit(areas, TERRITORY, parents, **how)


def only(findings, kind, area_ids):
    assert findings["kind"].tolist() == [kind], findings["message"].tolist()
    assert findings["area_ids"].tolist() == [area_ids]
    return findings.iloc[0]


def test_codes_that_begin_with_those_of_their_parents_are_no_finding():
    assert len(audit(coded())) == 0


def test_a_code_of_another_parent_is_told_with_both_parents():
    row = only(audit(coded(B="320104002009")), "wrong_code", "B")
    assert row["cause"] == "code_of_other_parent"
    assert row["parent_ids"] == "P,Q"
    assert "'320104002009'" in row["message"]
    assert shapely.equals(row["geometry"], GRIDS.geometry["B"])


def test_a_code_that_no_parent_has_and_a_missing_code_are_told():
    assert only(audit(coded(B="999")), "wrong_code", "B")["cause"] == ""
    assert "B has no code" in only(audit(coded(B=None)), "wrong_code", "B")["message"]


def test_a_parent_that_was_renumbered_is_one_finding():
    row = only(audit(coded(A="320104007001", B="320104007002")), "wrong_code", "A,B")
    assert row["cause"] == "parent_renumbered"
    assert row["value"] == 2
    assert row["area_m2"] == pytest.approx(40_000)


def test_zeros_that_a_file_lost_are_recognised():
    parents = PARENTS.assign(code=["010", "020"])
    areas = GRIDS.assign(code=["101", "01002", "02001", "02002"])
    assert only(audit(areas, parents), "wrong_code", "A")["cause"] == "leading_zeros"


def test_codes_that_are_numbers_are_read_as_digits():
    numbers = GRIDS.assign(code=[320104001001.0, 320104001002.0, 320104002001.0, 320104002002.0])
    assert len(audit(numbers, PARENTS.assign(code=[320104001, 320104002]))) == 0


def test_a_doubled_code_names_its_areas():
    row = only(audit(coded(B="320104001001")), "duplicate_code", "A,B")
    assert (row["value"], row["limit"], row["area_m2"]) == (2, 1, pytest.approx(40_000))
    assert gg.audit(coded(B="320104001001"), TERRITORY)["kind"].tolist() == ["duplicate_code"]


def test_a_code_copied_from_another_parent_is_one_finding_with_the_wrong_one_first():
    only(audit(coded(D="320104001001")), "duplicate_code", "D,A")


def test_rows_that_differ_in_nothing_else_are_parts_of_one_area():
    areas = coded(B="320104001001").assign(name=["West", "West", "D", "E"])
    assert audit(areas)["cause"].tolist() == ["parts_as_rows"]
    assert audit(areas.assign(name=["West", "East", "D", "E"]))["cause"].tolist() == [""]


def test_a_copied_row_is_not_told_again_by_its_id_or_its_code():
    areas = pd.concat([coded(), coded().loc[["A"]]])
    row = only(audit(areas), "duplicate", "A,A")
    assert row["cause"] == "copied_row"
    assert "2 rows carry the id 'A'" in row["message"]


def test_one_id_on_two_different_areas_stays_a_finding():
    assert audit(coded().rename(index={"B": "A"}))["kind"].tolist() == ["duplicate_id"]


def test_an_area_with_a_wrong_parent_but_the_right_code_is_told_once():
    areas = coded().assign(parent_id=["P", "Q", "Q", "Q"])
    row = only(audit(areas), "wrong_parent", "B")
    assert "its code agrees with P" in row["message"]


def test_codes_may_stand_in_a_column_of_another_name():
    areas, parents = coded(B="320104002009").rename(columns={"code": "gb"}), PARENTS.rename(columns={"code": "gb"})
    assert len(audit(areas, parents)) == 0
    assert audit(areas, parents, codes="gb")["kind"].tolist() == ["wrong_code"]


def test_parents_without_codes_ask_for_nothing():
    assert len(audit(coded(B="999"), PARENTS.drop(columns="code"))) == 0
    assert len(audit(coded(), PARENTS.assign(code=["320104001", None]))) == 0


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(TableError, match=r"no column 'gb' with codes; their columns are .*level"):
        audit(GRIDS, codes="gb")


def test_two_systems_of_codes_are_one_finding():
    areas = GRIDS.assign(code=["X1", "X2", "Y3", "Y4"])
    row = only(audit(areas), "wrong_code", "A,B,D,E")
    assert row["cause"] == "other_code_system"
    assert "4 of 4" in row["message"]
    zeros = audit(GRIDS.assign(code=["101", "102", "201", "202"]), PARENTS.assign(code=["01", "02"]))
    assert only(zeros, "wrong_code", "A,B,D,E")["cause"] == "leading_zeros"


def test_codes_of_real_statistical_areas_nest_until_one_is_broken():
    base = gpd.read_file(shared("taipei_statistical_areas/areas.gpkg"), layer="base_areas").to_crs("EPSG:3826")
    inner = base.dissolve("code1", as_index=False)[["code1", "code2", "geometry"]]
    inner = inner.rename(columns={"code1": "code", "code2": "parent_id"})
    inner.index = pd.Index([f"N{number}" for number in range(len(inner))], name="area_id")
    outer = base.dissolve("code2")[["geometry"]].rename_axis("area_id")
    outer["code"] = outer.index
    whole = base.union_all()
    assert not {"wrong_code", "duplicate_code"} & set(gg.audit(inner, whole, outer)["kind"])
    inner.loc["N7", "code"] = "X" + inner.loc["N7", "code"]
    inner.loc["N8", "code"] = inner.loc["N9", "code"]
    broken = gg.audit(inner, whole, outer).set_index("kind")
    assert broken.loc["wrong_code", "area_ids"] == "N7"
    assert broken.loc["duplicate_code", "area_ids"] == "N8,N9"
