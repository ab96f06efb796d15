"""The repair of real maps: proved, nothing lost but copies, hardly more moved than must be."""

import pytest
import shapely
from real_maps import MESSY, filled, layer, messy

import gridgeo as gg

MOVES = ["filled", "cut", "clipped", "moved"]


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
    assert len(repaired.areas) == len(areas) - lost
    assert len(gg.audit(repaired.areas, territory)) == 0
    least = before[["gap_m2", "overlap_m2", "outside_m2"]].sum().sum()
    copied = before.loc[before["kind"] == "duplicate", "overlap_m2"].sum()
    moved = repaired.actions.loc[repaired.actions["action"].isin(MOVES), "area_m2"].sum()
    assert moved <= 1.05 * (least - copied) + 0.01
    untouched = areas.index.difference(areas.index[areas.index.astype(str).isin(repaired.changes.index)])
    kept = untouched.intersection(repaired.areas.index)
    assert all(repaired.areas.geometry[one] is areas.geometry[one] or
               repaired.areas.geometry[one].equals_exact(areas.geometry[one]) for one in kept)  # fmt: skip
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
