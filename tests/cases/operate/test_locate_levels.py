"""One index of the finest areas answers for every level above them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, SIDE_M, town

from gridgeo.model.errors import TableError
from gridgeo.operate.locate import AreaIndex

MICRO = town("aabbd\naabbe", level="micro")
GRIDS = town("GGHHI\nGGHHI", parent_id="C")
COMMUNITIES = town("CCCCC\nCCCCC", level="community", parent_id="street")


def family(micro=MICRO, grids=GRIDS, communities=COMMUNITIES, **parents):
    """Put three levels into one table; ``parents``: parent_id by id, else a to G, b to H, d and e to I."""
    usual = {"a": "G", "b": "H", "d": "I", "e": "I"}
    table = pd.concat([micro, grids, communities])
    for name, parent in (usual | parents).items():
        if name in table.index:
            table.loc[name, "parent_id"] = parent
    return table


def places(*squares):
    table = np.array(squares, dtype=float).reshape(-1, 2)
    return EAST_M + table[:, 0] * SIDE_M, NORTH_M + table[:, 1] * SIDE_M


POINTS = places((0.5, 0.5), (4.5, 0.5), (4.5, 1.5), (9, 9))


def test_each_level_gets_its_own_area():
    index = AreaIndex.from_areas(family())
    assert index.levels == ("community", "grid", "micro")
    assert index.locate(POINTS).fillna("-").to_list() == ["a", "e", "d", "-"]
    assert index.locate(POINTS, level="micro").fillna("-").to_list() == ["a", "e", "d", "-"]
    assert index.locate(POINTS, level="grid").fillna("-").to_list() == ["G", "I", "I", "-"]
    assert index.locate(POINTS, level="community").fillna("-").to_list() == ["C", "C", "C", "-"]


def test_one_place_is_found_on_each_level():
    index = AreaIndex.from_areas(family())
    lonlat = gpd.GeoSeries.from_xy(*POINTS, crs=CRS).to_crs("OGC:CRS84")
    assert [index.area_at(lonlat[1].x, lonlat[1].y, level=level) for level in (None, *index.levels)] == [
        "e",
        "C",
        "I",
        "e",
    ]
    assert index.area_at(lonlat[3].x, lonlat[3].y, level="grid") is None
    assert index.area_at_metres(float("nan"), 0.0) is None


def test_counts_go_up_the_tree_in_the_order_of_the_rows():
    areas = family().loc[["I", "b", "C", "H", "e", "G", "d", "a"]]
    index = AreaIndex.from_areas(areas)
    assert index.count(POINTS, level="grid").to_dict() == {"I": 2, "H": 0, "G": 1}
    assert index.count(POINTS, level="grid").index.to_list() == ["I", "H", "G"]
    assert index.count(POINTS).to_dict() == {"b": 0, "e": 1, "d": 1, "a": 1}
    assert index.count(POINTS, weights=[1, 2, 4, 8], level="community").to_dict() == {"C": 7}
    assert index.count(POINTS, weights=[1.5, 2.0, 4.0, 8.0], level="grid")["I"] == 6.0


def test_a_grid_that_is_not_divided_answers_for_itself():
    index = AreaIndex.from_areas(family(micro=MICRO.loc[["a", "d", "e"]]))
    points = places((2.5, 0.5), (0.5, 0.5))
    assert index.locate(points).to_list() == ["H", "a"]
    assert index.locate(points, level="grid").to_list() == ["H", "G"]
    assert index.locate(points, level="community").to_list() == ["C", "C"]
    assert index.locate(points, level="micro").fillna("-").to_list() == ["-", "a"]
    assert index.count(points, level="grid").to_dict() == {"G": 1, "H": 1, "I": 0}
    assert sorted(index.area_ids) == ["H", "a", "d", "e"]


def test_a_border_inside_a_grid_is_a_tie_of_micro_grids_only():
    index = AreaIndex.from_areas(family())
    inner, outer = (4.5, 1), (2, 0.5)
    assert index.state(places(inner, outer)).to_list() == ["tie", "tie"]
    assert index.state(places(inner, outer), level="grid").to_list() == ["one", "tie"]
    assert index.state(places(inner, outer), level="community").to_list() == ["one", "one"]


def test_areas_above_the_finest_need_no_shape():
    areas = family()
    areas.loc[["G", "H", "I", "C"], "geometry"] = None
    drawn, shapeless = AreaIndex.from_areas(family()), AreaIndex.from_areas(areas)
    assert shapeless.locate(POINTS, level="grid").equals(drawn.locate(POINTS, level="grid"))


def test_candidates_of_a_level_are_measured_to_its_own_borders():
    index = AreaIndex.from_areas(family())
    x, y = places((4.5, 0.95))
    micro = index.candidates_each((x, y), 20.0)
    assert micro["area_id"].to_list() == ["e", "d"]
    grid = index.candidates_each((x, y), 20.0, level="grid")
    assert grid["area_id"].to_list() == ["I"]
    assert grid["share"].to_list() == [1.0]
    assert grid["border_m"].round(6).to_list() == [50.0]


def test_names_of_levels_that_gridgeo_does_not_know_are_ordered_by_their_parents():
    zones = town("ZZZZZ\nZZZZZ", level="planning_area")
    blocks = town("aabbb\naabbb", level="subzone", parent_id="Z")
    index = AreaIndex.from_areas(pd.concat([blocks, zones]))
    assert index.levels == ("planning_area", "subzone")
    assert index.locate(POINTS, level="planning_area").fillna("-").to_list() == ["Z", "Z", "Z", "-"]


def test_an_index_of_one_level_takes_its_name_and_no_other():
    index = AreaIndex.from_areas(town("AB"))
    assert index.levels == ("grid",)
    x, y = places((0.5, 0.5))
    assert index.locate(x, y, level="grid").to_list() == ["A"]
    with pytest.raises(TableError, match="no area is of level 'micro'; levels of this index: grid"):
        index.locate(x, y, level="micro")
    nameless = AreaIndex.from_areas(town("AB")[["geometry"]])
    assert nameless.levels == ()
    with pytest.raises(TableError, match="levels of this index: none"):
        nameless.count((x, y), level="")


@pytest.mark.parametrize(
    ("areas", "words"),
    [
        (family(a=None), r"parent_id of 'a' \(micro\) is missing"),
        (family(a="X"), r"parent_id of 'a' \(micro\) is 'X', no row"),
        (family(a="b"), r"parent_id of 'a' \(micro\) is 'b', of level micro"),
        (family(a="a"), r"parent_id of 'a' \(micro\) is 'a', of level micro"),
        (family(G="a"), r"parent_id of 'G' \(grid\) is 'a', of level micro"),
        (family(b="G"), "'b' does not lie in 'G', its parent"),
        (family().drop(columns="parent_id"), "without a column parent_id"),
        (family().assign(level=[None, *["grid"] * 7]), "level of 'a' is missing"),
        (family(micro=MICRO.loc[["a", "b", "d"]]), "areas in 'I' cover 10000.0 of its 20000.0 m2"),
        (pd.concat([town("AB"), town("A.", level="micro", parent_id="B")]), "'A' stands more than once"),
        (family().assign(level=["x", "y", "x", "y", "y", "x", "x", "x"], parent_id=list("GCCCaaaa")), "stand above"),
    ],
)
def test_a_tree_that_cannot_be_is_refused(areas, words):
    with pytest.raises(TableError, match=words):
        AreaIndex.from_areas(areas)


def test_a_rest_outside_the_micro_grids_can_be_accepted_and_has_no_owner():
    areas = family(micro=MICRO.loc[["a", "b", "d"]])
    index = AreaIndex.from_areas(areas, uncovered_share=0.5)
    assert index.locate(POINTS, level="grid").fillna("-").to_list() == ["G", "-", "I", "-"]
    with pytest.raises(TableError, match="uncovered_share is 2"):
        AreaIndex.from_areas(areas, uncovered_share=2)


def test_a_drawn_parent_must_be_a_valid_polygon():
    areas = family()
    areas.loc["C", "geometry"] = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    with pytest.raises(TableError, match="'C' is invalid"):
        AreaIndex.from_areas(areas)


def test_a_saved_index_knows_its_levels(tmp_path):
    index = AreaIndex.from_areas(family(micro=MICRO.loc[["a", "d", "e"]]).iloc[::-1])
    index.save(tmp_path / "index")
    opened = AreaIndex.load(tmp_path / "index", verify=True)
    assert opened.levels == index.levels
    assert opened.area_ids.equals(index.area_ids)
    for level in (None, *index.levels):
        assert opened.locate(POINTS, level=level).equals(index.locate(POINTS, level=level))
        assert opened.count(POINTS, level=level).equals(index.count(POINTS, level=level))
        assert opened.state(POINTS, level=level).equals(index.state(POINTS, level=level))
