"""The audit of households: each in exactly one area, those on borders too."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from broken_maps import INNER_KINDS, break_map, ragged_map
from towns import CRS, communities, households_at, town

import gridgeo as gg
from gridgeo.model.errors import CrsError, TableError

TERRITORY = communities("CCCC\nCCCC\nCCCC")
GRIDS = town("AABB\nAABB\nDDEE")
A, B, D, E = GRIDS.geometry


def _with(**shapes):
    areas = GRIDS.copy()
    for area, shape in shapes.items():
        areas.loc[area, "geometry"] = shape
    return areas


def _audit(areas, households, **how):
    return gg.audit(areas, TERRITORY, households=households, **how)


def test_households_on_borders_corners_and_the_outer_edge_have_one_area():
    places = [(0.5, 0.5), (2, 2), (2, 1), (1, 1), (0, 0), (4, 3), (0, 1.5), (3, 3), (2, 0)]
    assert len(_audit(GRIDS, households_at(places))) == 0


def test_households_in_a_gap_are_one_finding_and_counted_with_the_gap():
    gap = shapely.box(500_190, 3_400_150, 500_200, 3_400_180)
    findings = _audit(_with(A=A.difference(gap)), households_at([(1.95, 1.6), (1.92, 1.7), (0.5, 1.5)], count=3))
    assert findings["kind"].tolist() == ["gap", "household_in_none"]
    assert findings["households"].tolist() == [6, 6]
    assert findings["area_ids"].tolist() == ["A,B", "A,B"]
    assert findings["value"].iloc[1] == 6
    assert findings["quantity"].iloc[1] == "households"


def test_households_in_two_areas_are_one_finding_for_each_pair():
    over = shapely.box(500_200, 3_400_150, 500_210, 3_400_180)
    findings = _audit(_with(A=A.union(over)), households_at([(2.05, 1.6), (2.04, 1.7), (3, 1.5)], count=2))
    assert findings["kind"].tolist() == ["overlap", "household_in_several"]
    assert findings["area_ids"].tolist() == ["A,B", "A,B"]
    assert findings["value"].iloc[1] == 4


def test_a_household_on_the_edge_of_an_overlap_is_not_in_both():
    over = shapely.box(500_200, 3_400_150, 500_210, 3_400_180)
    findings = _audit(_with(A=A.union(over)), households_at([(2.1, 1.6), (2, 1.6)]))
    assert findings["kind"].tolist() == ["overlap"]


def test_households_outside_the_territory_are_a_warning():
    findings = _audit(GRIDS, households_at([(9, 9), (8, 8)]))
    assert findings["kind"].tolist() == ["household_in_none"]
    assert findings["severity"].tolist() == ["warning"]
    assert findings["value"].tolist() == [2]


def test_households_within_a_hairline_have_an_area():
    hair = _with(A=shapely.affinity.translate(A, -0.0004, 0))
    findings = _audit(hair, households_at([(2 - 0.000002, 1.5)]))
    assert findings["kind"].tolist() == ["hairline"]


def test_a_row_without_a_count_is_one_household():
    findings = _audit(GRIDS, households_at([(9, 9)]).drop(columns="count"))
    assert findings["value"].tolist() == [1]


def test_rows_without_a_point_are_told():
    points = households_at([(1, 1), (2, 2)], count=5)
    points.loc["H0001", "geometry"] = None
    findings = _audit(GRIDS, points)
    assert findings["message"].tolist() == ["5 households on 1 rows have no point"]


def test_findings_without_households_have_no_count():
    findings = gg.audit(GRIDS.drop("A"), TERRITORY)
    assert findings["households"].isna().all()


def test_no_households_are_no_finding():
    assert len(_audit(GRIDS, households_at([(1, 1)]).iloc[:0])) == 0


def test_a_count_below_one_is_refused():
    with pytest.raises(TableError, match="count of row 0 is 0"):
        _audit(GRIDS, households_at([(1, 1)], count=0))


def test_households_that_are_no_points_are_refused():
    with pytest.raises(TableError, match="is a Polygon, not a Point"):
        _audit(GRIDS, gpd.GeoDataFrame({"count": [1]}, geometry=[A], crs=CRS))


def test_households_in_another_reference_system_are_refused():
    with pytest.raises(CrsError, match="households"):
        _audit(GRIDS, households_at([(1, 1)]).to_crs("EPSG:4326"))


def test_households_in_none_and_in_several_are_those_that_geopandas_counts():
    clean = ragged_map(24, 24, seed=9)
    areas, _ = break_map(clean, 2, kinds=INNER_KINDS[:10], seed=9)
    random = np.random.default_rng(9)
    west, south, east, north = clean.territory.buffer(100).bounds
    places = shapely.points(random.uniform(west, east, 40_000), random.uniform(south, north, 40_000))
    homes = gpd.GeoDataFrame({"count": random.integers(1, 9, len(places))}, geometry=places, crs=CRS)
    found = gg.audit(areas, clean.territory, households=homes)
    solid = gpd.GeoDataFrame(geometry=areas.geometry.make_valid())
    times = homes.sjoin(solid.dropna(), predicate="intersects").groupby(level=0).size().reindex(homes.index).fillna(0)
    inside = homes.intersects(clean.territory)
    total = found.groupby(["kind", "severity"])["value"].sum()
    assert total["household_in_none", "error"] == homes.loc[(times == 0) & inside, "count"].sum() > 0
    assert total["household_in_none", "warning"] == homes.loc[(times == 0) & ~inside, "count"].sum() > 0
    assert total["household_in_several", "error"] == homes.loc[times > 1, "count"].sum() > 0


def test_households_in_a_gap_follow_from_the_gap_and_share_its_cause():
    gap = shapely.box(500_190, 3_400_150, 500_200, 3_400_180)
    findings = _audit(_with(A=A.difference(gap)), households_at([(1.95, 1.6)]))
    assert findings["part_of"].tolist() == ["", findings.index[0]]
    assert findings["cause"].iloc[0] == findings["cause"].iloc[1]


def test_households_of_a_map_of_another_place_are_all_in_none():
    findings = _audit(GRIDS.set_geometry(GRIDS.scale(3, 2, origin=(0, 0))), households_at([(1, 1), (2, 2)]))
    assert findings["kind"].tolist() == ["missing_area", "household_in_none"]
    assert findings["households"].tolist() == [2, 2]
