"""The audit of real maps: the figures that others measured come out again, and clean maps have no findings."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from real_maps import MESSY, filled, layer, messy

import gridgeo as gg


@pytest.mark.parametrize("name", MESSY)
def test_a_messy_map_is_measured_as_its_readme_says(name):
    areas, _, findings = messy(name)
    rows, overlap_m2, gap_m2, invalid, duplicates, _, _ = MESSY[name]
    assert len(areas) == rows
    assert findings["overlap_m2"].sum() == pytest.approx(overlap_m2, abs=0.06)
    assert findings["gap_m2"].sum() == pytest.approx(gap_m2, abs=0.06)
    assert (findings["kind"] == "invalid_ring").sum() == invalid
    assert (findings["kind"] == "duplicate").sum() == duplicates
    if name == "seminole_fl_clean":
        assert findings.empty


@pytest.mark.parametrize("name", MESSY)
def test_every_overlapping_pair_and_every_gap_of_a_messy_map_has_its_finding(name):
    areas, _, findings = messy(name)
    mended = shapely.make_valid(areas.geometry.to_numpy(), method="structure", keep_collapsed=False)
    parts, row = shapely.get_parts(mended, return_index=True)
    one, two = shapely.STRtree(parts).query(parts, predicate="intersects")
    one, two = one[one < two], two[one < two]
    shared_m2 = shapely.area(shapely.intersection(parts[one], parts[two]))
    # The README counts pairs of parts; findings name areas.
    assert (shared_m2 > 1).sum() == MESSY[name][5]
    told = findings.loc[findings["overlap_m2"] > 0, "area_ids"].str.split(",").map(set).tolist()
    for pair in zip(row[one[shared_m2 > 1]], row[two[shared_m2 > 1]], strict=True):
        assert any({str(areas.index[at]) for at in pair} <= ids for ids in told)
    union = shapely.get_parts(shapely.union_all(mended))
    gaps = np.array([shapely.Polygon(ring) for part in union for ring in part.interiors], dtype=object)
    gaps = gaps[shapely.area(gaps) > 1] if len(gaps) else gaps
    assert len(gaps) == MESSY[name][6]
    places = findings.loc[findings["gap_m2"] > 0].geometry
    for gap in gaps:
        held = places.intersection(gap).area / gap.area
        assert (held > 0.999).sum() == 1
        assert held.sum() == pytest.approx(1, abs=1e-3)


CLEAN = [
    ("messy_precincts/seminole_fl_clean.gpkg", "precincts"),
    ("providence_ri/providence.gpkg", "new_precincts"),
    ("providence_ri/providence.gpkg", "districts"),
    ("providence_ri/providence.gpkg", "blocks_2010"),
    ("chicago_incidents/chicago_areas.gpkg", "police_beats"),
    ("taipei_statistical_areas/areas.gpkg", "base_areas"),
    ("singapore_hdb/singapore.gpkg", "subzones"),
    ("nanjing_xinjiekou/nanjing.gpkg", "district_parts"),
]


@pytest.mark.parametrize(("file", "name"), CLEAN)
def test_a_clean_map_has_no_findings_and_an_exact_certificate(file, name):
    areas = layer(file, name)
    assert len(gg.audit(areas, filled(areas))) == 0
    assert gg.certify(areas, filled(areas)).exact
    assert gg.certify(areas, filled(areas), strict=True).holds


def test_neighborhoods_are_measured_inside_their_city():
    city = layer("cambridge_ma/cambridge.gpkg", "city_boundary", "EPSG:26986")
    areas = layer("cambridge_ma/cambridge.gpkg", "neighborhoods", "EPSG:26986")
    findings = gg.audit(areas, city)
    assert findings["overlap_m2"].sum() == pytest.approx(11.7, abs=0.05)
    assert findings["gap_m2"].sum() == pytest.approx(35.7, abs=0.1)


@pytest.mark.parametrize(
    ("name", "uncovered_m2", "outside_m2"),
    [("police_response_districts", 20_602, 25_522), ("wards_precincts", 141_231, 71_309)],
)
def test_maps_of_one_city_with_other_outer_edges_are_measured(name, uncovered_m2, outside_m2):
    city = layer("cambridge_ma/cambridge.gpkg", "city_boundary", "EPSG:26986")
    findings = gg.audit(layer("cambridge_ma/cambridge.gpkg", name, "EPSG:26986"), city)
    assert findings["gap_m2"].sum() == pytest.approx(uncovered_m2, abs=1)
    assert findings["outside_m2"].sum() == pytest.approx(outside_m2, abs=1)


def test_a_car_route_in_two_sectors_is_told():
    routes = layer("cambridge_ma/cambridge.gpkg", "police_car_routes", "EPSG:26986").set_index("car_route")
    sectors = layer("cambridge_ma/cambridge.gpkg", "police_sectors", "EPSG:26986").set_index("sector")
    findings = gg.audit(routes.rename_axis("area_id"), sectors, sectors.rename_axis("area_id"))
    crossing = findings[findings["kind"] == "outside_parent"]
    assert set(crossing["area_ids"]) == {"6R"}
    assert {"2", "3"} <= set(",".join(crossing["parent_ids"]).split(","))


def test_households_outside_every_police_district_are_counted():
    city = layer("cambridge_ma/cambridge.gpkg", "city_boundary", "EPSG:26986")
    areas = layer("cambridge_ma/cambridge.gpkg", "police_response_districts", "EPSG:26986")
    homes = layer("cambridge_ma/cambridge.gpkg", "household_points", "EPSG:26986").rename(
        columns={"households": "count"}
    )
    findings = gg.audit(areas, city, households=homes)
    none = findings[findings["kind"] == "household_in_none"]
    assert none["pieces"].sum() == 12
    assert not (findings["kind"] == "household_in_several").any()


def test_hairlines_of_two_levels_rounded_apart_are_counted_in_one_note():
    base = layer("taipei_statistical_areas/areas.gpkg", "base_areas")
    areas = layer("taipei_statistical_areas/areas.gpkg", "code2_areas")
    findings = gg.audit(areas, base)
    assert findings["kind"].tolist() == ["hairline"]
    assert findings["value"].iloc[0] > 500
    assert gg.certify(areas, base, tolerance_m=0.001).holds


def test_enclaves_of_a_city_are_told_unless_they_are_declared():
    areas = layer("chicago_incidents/chicago_areas.gpkg", "community_areas")
    ground = filled(areas)
    findings = gg.audit(areas, ground)
    assert findings["gap_m2"].sum() == pytest.approx(8.8e6, rel=0.01)
    assert len(findings[findings["gap_m2"] > 1]) == 3
    enclaves = shapely.get_parts(ground.difference(shapely.union_all(areas.geometry.to_numpy())))
    declared = gpd.GeoDataFrame({"reason": ["another city"] * len(enclaves)}, geometry=enclaves, crs=areas.crs)
    assert set(gg.audit(areas, ground, exceptions=declared)["severity"]) == {"note"}


def test_precincts_repaired_by_hand_cover_their_county_but_for_hairlines():
    blocks, before, after = (
        layer("denver_precincts/denver.gpkg", name, "EPSG:26954")
        for name in ("blocks_2020", "precincts_2016_original", "precincts_2016_repaired")
    )
    found = gg.audit(before, blocks)
    assert found["gap_m2"].sum() == pytest.approx(1_744_726, abs=1)
    assert found["outside_m2"].sum() == pytest.approx(2_275_959, abs=1)
    left = gg.audit(after, blocks, one_piece=False)
    assert set(left["kind"]) <= {"hairline"}
    assert left["gap_m2"].sum() <= 0.9
    assert left["outside_m2"].sum() <= 0.9


@pytest.mark.parametrize(("year", "holes"), [(2010, 0), (2012, 8.8e6)])
def test_the_precincts_of_a_city_have_hairlines_and_enclaves(year, holes):
    areas = layer("chicago_precinct_plans/precinct_plans.gpkg", f"precincts_{year}")
    findings = gg.audit(areas, filled(areas))
    assert findings["gap_m2"].sum() == pytest.approx(holes, rel=0.01, abs=0.1)
    assert findings["overlap_m2"].sum() < 1
    assert (findings["kind"] == "hairline").sum() == 1


def test_codes_that_stand_on_several_rows_are_told():
    for name, code, rows in (("police_beats", "beat", 3), ("police_districts", "district", 3)):
        areas = layer("chicago_incidents/chicago_areas.gpkg", name)
        findings = gg.audit(areas.set_index(areas[code].rename("area_id")), filled(areas))
        doubled = findings[findings["kind"] == "duplicate_id"]
        assert doubled["value"].tolist() == [rows]


def test_every_police_level_leaves_the_same_part_of_the_city_open():
    city = layer("cambridge_ma/cambridge.gpkg", "city_boundary", "EPSG:26986")
    for name in ("police_sectors", "police_car_routes", "police_walk_routes", "police_neighborhood_regions"):
        findings = gg.audit(layer("cambridge_ma/cambridge.gpkg", name, "EPSG:26986"), city)
        assert findings["gap_m2"].sum() == pytest.approx(20_602, abs=1)
        assert findings["outside_m2"].sum() == pytest.approx(25_522, abs=1)
