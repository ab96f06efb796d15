"""The audit of nesting: areas that reach out of their parent, or name the wrong one."""

import pandas as pd
import pytest
import shapely
from towns import communities, town

import gridgeo as gg

TERRITORY = communities("""
    CCCC
    CCCC
    CCCC
""")
PARENTS = communities("""
    PPQQ
    PPQQ
    PPQQ
""")
GRIDS = town("""
    AABB
    AABB
    DDEE
""")
NAMED = GRIDS.assign(parent_id=["P", "Q", "P", "Q"])
A, B, D, E = GRIDS.geometry
STRIP = shapely.box(500_200, 3_400_150, 500_210, 3_400_180)


def _with(areas, **shapes):
    areas = areas.copy()
    for area, shape in shapes.items():
        areas.loc[area, "geometry"] = shape
    return areas


def _audit(areas, parents=PARENTS, **how):
    return gg.audit(areas, TERRITORY, parents, **how)


@pytest.mark.parametrize("areas", [NAMED, GRIDS, GRIDS.drop(columns="parent_id")])
def test_areas_within_their_parents_have_no_findings(areas):
    assert len(_audit(areas)) == 0


@pytest.mark.parametrize("areas", [NAMED, GRIDS])
def test_land_taken_from_the_next_parent_is_outside_the_parent(areas):
    findings = _audit(_with(areas, A=A.union(STRIP), B=B.difference(STRIP)))
    assert findings["kind"].tolist() == ["outside_parent"]
    assert findings["area_ids"].tolist() == ["A"]
    assert findings["parent_ids"].tolist() == ["P,Q"]
    assert findings["area_m2"].tolist() == pytest.approx([300])
    assert shapely.equals(findings.geometry.iloc[0], STRIP)


def test_an_overlap_across_parents_is_one_finding_that_names_both():
    findings = _audit(_with(NAMED, A=A.union(STRIP)))
    assert findings["kind"].tolist() == ["overlap"]
    assert findings["parent_ids"].tolist() == ["P,Q"]


def test_an_area_in_another_parent_than_it_names_is_told_once():
    findings = _audit(NAMED.assign(parent_id=["Q", "Q", "P", "Q"]))
    assert findings["kind"].tolist() == ["wrong_parent"]
    assert findings["message"].tolist() == ["A names the parent 'Q'; 100% of it lies in P"]
    assert findings["parent_ids"].tolist() == ["Q,P"]


def test_a_parent_that_does_not_exist_is_told():
    findings = _audit(NAMED.assign(parent_id=["P", "Q", "P", "X"]))
    assert findings["message"].tolist() == ["E names the parent 'X', which does not exist; 100% of it lies in Q"]


def test_an_area_that_names_no_parent_while_others_do_is_told():
    findings = _audit(NAMED.assign(parent_id=["P", None, "P", "Q"]))
    assert findings["message"].tolist() == ["B names no parent; 100% of it lies in Q"]


def test_an_area_cut_by_parents_that_were_drawn_elsewhere_is_told_with_the_land_outside():
    shifted = communities("PPPQ\nPPPQ\nPPPQ")
    findings = _audit(GRIDS, shifted)
    assert findings["kind"].tolist() == ["outside_parent", "outside_parent"]
    assert findings["area_m2"].sum() == pytest.approx(30_000)


def test_parents_a_hair_off_are_no_findings():
    hair = PARENTS.set_geometry(PARENTS.translate(0.0004, 0.0))
    assert len(_audit(NAMED, hair)) == 0
    assert len(_audit(NAMED, hair, tolerance_m=1e-5)) > 0


def test_parents_with_fewer_vertices_are_no_findings():
    assert len(_audit(NAMED, PARENTS.set_geometry(PARENTS.simplify(0.0)))) == 0


def test_land_outside_the_territory_is_not_told_again_as_outside_the_parent():
    findings = _audit(_with(NAMED, A=A.union(shapely.box(499_990, 3_400_150, 500_000, 3_400_180))))
    assert findings["kind"].tolist() == ["outside_territory"]


def test_broken_parents_do_not_stop_the_audit():
    crossed = shapely.Polygon(shapely.get_coordinates(PARENTS.geometry["P"].envelope)[[0, 2, 1, 3, 0]])
    parents = pd.concat([_with(PARENTS, P=crossed), PARENTS.iloc[[1]]])
    parents.iloc[2, parents.columns.get_loc("geometry")] = None
    assert set(_audit(NAMED, parents)["kind"]) == {"outside_parent", "wrong_parent"}


def test_an_overlap_across_parents_is_one_finding_though_the_layers_are_rounded_apart():
    west, south, east, north = PARENTS.geometry.iloc[0].bounds
    slanted = shapely.Polygon(
        [(west, south), (east, south), (east - 1e-7, (south + north) / 2), (east, north), (west, north)]
    )
    other = PARENTS.geometry.iloc[1].union(shapely.box(east - 1, south, east, north)).difference(slanted)
    findings = _audit(_with(NAMED, A=A.union(STRIP)), PARENTS.assign(geometry=[slanted, other]).set_crs(PARENTS.crs))
    assert findings["kind"].tolist() == ["overlap"]


def test_an_area_shut_in_by_siblings_that_name_the_wrong_parent_too_is_found():
    squares = town("""
        abcdef
        ghijkl
        mnopqr
        stuvwx
        yzABCD
    """)
    west, south, east, north = squares.total_bounds
    halves = [shapely.box(west, south, west + 100, north), shapely.box(west + 100, south, east, north)]
    parents = PARENTS.iloc[:2].set_geometry(halves, crs=PARENTS.crs)
    block = list("ijkopquvw")
    named = squares.assign(
        parent_id=["P" if name in ["a", "g", "m", "s", "y", *block] else "Q" for name in squares.index]
    )
    findings = gg.audit(named, shapely.box(west, south, east, north), parents)
    assert findings["kind"].unique().tolist() == ["wrong_parent"]
    assert sorted(findings["area_ids"]) == block
