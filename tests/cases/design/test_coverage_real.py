"""The audit of real maps: the figures that others measured come out again, and clean maps have no findings."""

import geopandas as gpd
import pytest
import shapely
from real_maps import MESSY, filled, layer, messy

import gridgeo as gg


@pytest.mark.parametrize("name", MESSY)
def test_a_messy_map_is_measured_as_its_readme_says(name):
    areas, _, findings = messy(name)
    rows, overlap_m2, gap_m2, invalid, duplicates = MESSY[name]
    assert len(areas) == rows
    assert findings["overlap_m2"].sum() == pytest.approx(overlap_m2, rel=0.002, abs=0.06)
    assert findings["gap_m2"].sum() == pytest.approx(gap_m2, rel=0.002, abs=0.06)
    assert (findings["kind"] == "invalid_ring").sum() == invalid
    assert (findings["kind"] == "duplicate").sum() == duplicates


CLEAN = [
    ("messy_precincts/seminole_fl_clean.gpkg", "precincts"),
    ("providence_ri/providence.gpkg", "new_precincts"),
    ("providence_ri/providence.gpkg", "districts"),
    ("providence_ri/providence.gpkg", "blocks_2010"),
    ("chicago_incidents/chicago_areas.gpkg", "police_beats"),
    ("taipei_statistical_areas/areas.gpkg", "base_areas"),
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
    blocks = layer("denver_precincts/denver.gpkg", "blocks_2020")
    before, after = (
        layer("denver_precincts/denver.gpkg", f"precincts_2016_{word}") for word in ("original", "repaired")
    )
    found = gg.audit(before, blocks)
    assert found["gap_m2"].sum() == pytest.approx(1_744_726, rel=0.001)
    assert found["outside_m2"].sum() == pytest.approx(2_275_959, rel=0.001)
    assert set(gg.audit(after, blocks, one_piece=False)["kind"]) <= {"hairline"}
