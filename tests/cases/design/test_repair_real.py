"""The repair of real maps: proved, nothing lost but copies, hardly more moved than must be."""

import geopandas as gpd
import pytest
import shapely
from real_maps import MESSY, filled, layer, messy

import gridgeo as gg

MOVES = ["filled", "cut", "clipped", "moved", "placeholder"]


def repair_and_prove(areas, territory, before=None, *, lost=0):
    """Repair a map, hold the result against independent measures, and return it."""
    before = gg.audit(areas, territory) if before is None else before
    repaired = gg.repair(areas, territory)
    assert repaired.certificate.holds
    shapes = repaired.areas.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    rows = territory.geometry.to_numpy() if hasattr(territory, "geometry") else territory
    ground = shapely.union_all(shapely.make_valid(rows))
    assert shapely.area(shapes).sum() == pytest.approx(ground.area, abs=1e-4)
    added = (repaired.actions["action"] == "placeholder").sum()
    assert len(repaired.areas) - added == len(areas) - lost
    assert len(gg.audit(repaired.areas, territory)) == 0
    least = before[["gap_m2", "overlap_m2", "outside_m2"]].sum().sum()
    copied = before.loc[before["kind"] == "duplicate", "overlap_m2"].sum()
    moved = repaired.actions.loc[repaired.actions["action"].isin(MOVES), "area_m2"].sum()
    assert moved <= 1.05 * (least - copied) + 0.01
    untouched = areas.index.difference(areas.index[areas.index.astype(str).isin(repaired.changes.index)])
    kept = untouched.intersection(repaired.areas.index)
    assert all(repaired.areas.geometry[one] is areas.geometry[one] or
               repaired.areas.geometry[one].equals_exact(areas.geometry[one]) for one in kept)  # fmt: skip
    again = gg.repair(repaired.areas, territory)
    assert len(again.actions) == 0
    assert shapely.equals_identical(again.areas.geometry.to_numpy(), shapes).all()
    return repaired


@pytest.mark.parametrize("name", MESSY)
def test_a_messy_map_becomes_a_coverage(name):
    areas, ground, before = messy(name)
    repaired = repair_and_prove(areas, ground, before, lost=MESSY[name][4])
    assert (repaired.actions["action"] == "mended").sum() == MESSY[name][3]
    assert (repaired.actions["action"] == "dropped").sum() == MESSY[name][4]
    if name == "seminole_fl_clean":
        assert len(repaired.actions) == 0


def test_neighborhoods_fill_their_city():
    city = layer("cambridge_ma/cambridge.gpkg", "city_boundary")
    areas = layer("cambridge_ma/cambridge.gpkg", "neighborhoods")
    repaired = repair_and_prove(areas, city)
    moved = repaired.actions.loc[repaired.actions["action"].isin(MOVES), "area_m2"].sum()
    assert moved == pytest.approx(53.1, abs=0.2)


@pytest.mark.parametrize("name", ["police_response_districts", "wards_precincts"])
def test_maps_with_another_outer_edge_fill_the_city(name):
    repair_and_prove(layer("cambridge_ma/cambridge.gpkg", name), layer("cambridge_ma/cambridge.gpkg", "city_boundary"))


def test_precincts_with_large_gaps_are_filled():
    areas = layer("providence_ri/providence.gpkg", "precincts")
    repaired = repair_and_prove(areas, filled(areas))
    assert repaired.actions["action"].value_counts().to_dict() == {"filled": 3, "cut": 2}


def test_police_beats_are_left_alone():
    areas = layer("chicago_incidents/chicago_areas.gpkg", "police_beats")
    assert len(repair_and_prove(areas, filled(areas)).actions) == 0


def test_car_routes_are_parted_at_the_sectors():
    routes = layer("cambridge_ma/cambridge.gpkg", "police_car_routes").set_index("car_route").rename_axis("area_id")
    sectors = layer("cambridge_ma/cambridge.gpkg", "police_sectors").set_index("sector").rename_axis("area_id")
    repaired = gg.repair(routes, sectors, sectors)
    assert repaired.certificate.holds
    assert not (gg.audit(repaired.areas, sectors, sectors)["kind"] == "outside_parent").any()


def test_two_levels_rounded_apart_are_brought_together():
    base = layer("taipei_statistical_areas/areas.gpkg", "base_areas")
    repaired = repair_and_prove(layer("taipei_statistical_areas/areas.gpkg", "code2_areas"), base)
    assert repaired.certificate.exact


def test_a_repair_moves_no_more_than_one_by_hand_and_loses_nobody():
    blocks, before, by_hand = (
        layer("denver_precincts/denver.gpkg", name, "EPSG:26954")
        for name in ("blocks_2020", "precincts_2016_original", "precincts_2016_repaired")
    )
    county = gpd.GeoSeries([shapely.coverage_union_all(blocks.geometry.to_numpy())], crs=blocks.crs)
    repaired = repair_and_prove(before, county)
    assert (repaired.areas["name"] == before["name"]).all()
    old, ours, theirs = (one.geometry.to_numpy() for one in (before, repaired.areas, by_hand))
    moved = [shapely.area(shapely.symmetric_difference(old, new)).sum() for new in (ours, theirs)]
    assert moved[0] <= moved[1]
    apart = shapely.area(shapely.symmetric_difference(ours, theirs)).sum()
    assert apart < 0.15 * moved[1]


@pytest.mark.parametrize("year", [2010, 2012])
def test_the_precincts_of_a_city_become_a_coverage(year):
    areas = layer("chicago_precinct_plans/precinct_plans.gpkg", f"precincts_{year}")
    repaired = repair_and_prove(areas, filled(areas))
    held = repaired.areas[~repaired.areas.index.astype(str).str.startswith("missing-")]
    assert held["ward"].astype(str).tolist() == areas["ward"].astype(str).tolist()


def test_an_enclave_as_large_as_an_area_becomes_a_placeholder():
    areas = layer("chicago_incidents/chicago_areas.gpkg", "community_areas")
    repaired = repair_and_prove(areas, filled(areas))
    assert repaired.actions["action"].value_counts()[["placeholder", "filled"]].tolist() == [1, 2]
    assert repaired.areas.index[-1] == "missing-1"


@pytest.mark.parametrize("name", ["police_sectors", "police_car_routes", "police_walk_routes"])
def test_police_levels_fill_their_city(name):
    repair_and_prove(layer("cambridge_ma/cambridge.gpkg", name), layer("cambridge_ma/cambridge.gpkg", "city_boundary"))


def test_half_a_city_without_precincts_is_left_to_placeholders():
    areas, blocks = (layer("providence_ri/providence.gpkg", name) for name in ("precincts", "blocks_2010"))
    city = gpd.GeoSeries([shapely.coverage_union_all(blocks.geometry.to_numpy())], crs=areas.crs)
    repaired = repair_and_prove(areas, city)
    left = repaired.actions.query("action == 'placeholder'")
    assert left["area_m2"].sum() > 0.8 * gg.audit(areas, city)["gap_m2"].sum()
    # What is given to one neighbour is less than half of a precinct.
    assert repaired.actions.query("action == 'filled'")["area_m2"].max() < areas.area.median() / 2
