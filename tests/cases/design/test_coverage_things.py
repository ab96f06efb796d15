"""The audit of institutions, streets and crossings: each in an area, judged by lengths and places that are drawn."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from broken_maps import ALL_KINDS, break_map, lost_things, ragged_map, score
from shared_data import shared
from towns import CRS, communities, town

import gridgeo as gg
from gridgeo.model.errors import CrsError, TableError
from gridgeo.model.tables import FINDINGS, check

TERRITORY = communities("CCCC\nCCCC\nCCCC")
GRIDS = town("AABB\nAABB\nDDEE")
A, B, D, E = GRIDS.geometry
GAP = shapely.box(500_190, 3_400_150, 500_200, 3_400_180)
HOLED = GRIDS.set_geometry(gpd.GeoSeries([A.difference(GAP), B, D, E], GRIDS.index, crs=CRS))
OVER = shapely.box(500_200, 3_400_150, 500_210, 3_400_180)
DOUBLED = GRIDS.set_geometry(gpd.GeoSeries([A.union(OVER), B, D, E], GRIDS.index, crs=CRS))


def at(x, y):
    return (500_000 + 100 * x, 3_400_000 + 100 * y)


def schools(*shapes, **columns):
    names = [f"School {number}" for number in range(1, len(shapes) + 1)]
    return gpd.GeoDataFrame({"name": names, **columns}, geometry=list(shapes), crs=CRS)


def streets(*lines, **columns):
    names = [f"Street {number}" for number in range(1, len(lines) + 1)]
    shapes = [shapely.LineString([at(*point) for point in line]) for line in lines]
    return gpd.GeoDataFrame({"name": names, **columns}, geometry=shapes, crs=CRS)


def audit(areas, **how):
    findings = gg.audit(areas, TERRITORY, **how)
    check(findings, FINDINGS)
    return findings


def rest(findings, kind):
    return findings[findings["kind"] == kind]


# Institutions


def test_institutions_in_areas_and_on_their_borders_are_no_finding():
    places = schools(shapely.Point(at(0.5, 1.5)), shapely.Point(at(2, 2)), shapely.box(*at(0, 1), *at(1, 2)))
    assert len(audit(GRIDS, places=places)) == 0


def test_a_school_in_a_gap_is_told_by_its_name_and_follows_from_the_gap():
    findings = audit(HOLED, places=schools(shapely.Point(at(1.95, 1.6))))
    assert findings["kind"].tolist() == ["gap", "institution_in_none"]
    row = findings.iloc[1]
    assert "School 1" in row["message"]
    assert row["part_of"] == findings.index[0]
    assert row["area_ids"] == "A,B"
    assert row["cause"] == findings["cause"].iloc[0]
    assert row["value"] == 1


def test_a_ground_that_fills_a_gap_is_in_no_area():
    findings = audit(HOLED, places=schools(GAP))
    row = rest(findings, "institution_in_none").iloc[0]
    assert row["area_m2"] == pytest.approx(300)
    assert row["part_of"] == "F0001"


def test_a_school_on_land_of_two_areas_is_in_several():
    findings = audit(DOUBLED, places=schools(shapely.Point(at(2.05, 1.6)), shapely.Point(at(3, 1.5))))
    row = rest(findings, "institution_in_several").iloc[0]
    assert (row["area_ids"], row["value"], row["severity"]) == ("A,B", 1, "error")
    assert row["part_of"] == findings.index[0]


def test_a_ground_that_a_border_cuts_is_a_warning_with_its_shares():
    campus = shapely.box(*at(1.2, 1.2), *at(2.3, 1.8))
    row = audit(GRIDS, places=schools(campus)).iloc[0]
    assert (row["kind"], row["severity"], row["area_ids"]) == ("institution_in_several", "warning", "A,B")
    assert row["area_m2"] == pytest.approx(30 * 60)
    assert row["width_m"] == pytest.approx(30, rel=0.02)
    assert "A (73%) and B (27%)" in row["message"]


def test_a_ground_that_touches_the_next_area_within_the_tolerance_is_in_one():
    near = shapely.box(*at(1.2, 1.2), *at(2.000005, 1.8))
    assert len(audit(GRIDS, places=schools(near))) == 0
    assert len(audit(GRIDS, places=schools(near), tolerance_m=0.0001)) == 1


def test_a_school_outside_the_territory_is_a_warning_and_one_without_a_place_is_told():
    findings = audit(GRIDS, places=schools(shapely.Point(at(9, 9)), shapely.box(*at(6, 6), *at(7, 7)), None))
    assert findings["kind"].tolist() == ["institution_in_none"] * 3
    assert sorted(findings["severity"]) == ["error", "warning", "warning"]
    assert findings["message"].str.contains("no place on the map: School 3").sum() == 1


def test_a_crossed_ground_is_mended_and_counted():
    bow = shapely.Polygon([at(0.2, 2.2), at(0.6, 2.6), at(0.6, 2.2), at(0.2, 2.6)])
    assert len(audit(GRIDS, places=schools(bow))) == 0


# Streets


def test_streets_on_borders_edges_and_in_areas_are_covered():
    lines = streets([(2, 0), (2, 3)], [(0, 1), (4, 1)], [(0, 0), (4, 0)], [(0.5, 0.2), (0.7, 2.9)])
    assert len(audit(GRIDS, streets=lines)) == 0


def test_a_street_through_a_gap_is_told_with_its_metres():
    findings = audit(HOLED, streets=streets([(0, 1.6), (4, 1.6)], [(0, 2.5), (4, 2.5)]))
    assert findings["kind"].tolist() == ["gap", "street_in_none"]
    row = findings.iloc[1]
    assert row["value"] == row["length_m"] == pytest.approx(10, abs=1e-6)
    assert row["quantity"] == "m"
    assert row["part_of"] == "F0001"
    assert "Street 1" in row["message"]


def test_a_street_along_the_edge_of_a_gap_is_covered_by_the_area_beside_it():
    assert audit(HOLED, streets=streets([(2, 0), (2, 3)]))["kind"].tolist() == ["gap"]


def test_a_street_partly_along_the_edge_of_a_gap_is_told_for_the_rest():
    bent = streets([(2, 1.5), (2, 1.7), (1.95, 1.7), (1.95, 1.55)])
    row = rest(audit(HOLED, streets=bent), "street_in_none").iloc[0]
    assert row["value"] == pytest.approx(5 + 15, abs=0.01)


def test_rows_of_one_street_are_one_finding():
    lines = streets([(0, 1.6), (4, 1.6)], [(0, 1.7), (4, 1.7)])
    findings = rest(audit(HOLED, streets=lines.assign(name="Long Street")), "street_in_none")
    assert findings["value"].tolist() == [pytest.approx(20, abs=1e-6)]
    assert findings["pieces"].tolist() == [2]


def test_rivers_and_streets_outside_the_territory_are_not_asked():
    lines = streets([(1.95, 1.55), (1.95, 1.75)], [(9, 9), (10, 9)], kind=["river", "street"])
    assert audit(HOLED, streets=lines)["kind"].tolist() == ["gap"]


def test_a_street_without_areas_is_open_over_all_its_length_in_the_territory():
    findings = audit(GRIDS.iloc[:0], streets=streets([(-1, 1.5), (9, 1.5)]))
    assert rest(findings, "street_in_none")["value"].tolist() == [pytest.approx(400, abs=1e-6)]


def test_a_crossing_in_a_gap_is_told_but_not_a_bend_or_a_bridge():
    middle = (1.95, 1.65)
    crossing = streets([(1.95, 1), middle, (1.95, 2)], [(1, 1.65), middle, (3, 1.65)])
    bend = streets([(1.95, 1), middle, (3, 1.65)])
    bridge = streets([(1.95, 1), (1.95, 2)], [(1, 1.65), (3, 1.65)])
    assert rest(audit(HOLED, streets=crossing), "crossing_in_none")["value"].tolist() == [1]
    for lines in (bend, bridge):
        assert len(rest(audit(HOLED, streets=lines), "crossing_in_none")) == 0


def test_a_line_that_stands_twice_makes_no_crossing():
    lines = streets([(1.95, 1), (1.95, 1.65), (1.95, 2)], [(1.95, 2), (1.95, 1.65), (1.95, 1)])
    assert len(rest(audit(HOLED, streets=lines), "crossing_in_none")) == 0


def test_metres_of_street_equal_what_geopandas_cuts_out():
    clean = ragged_map(12, 12, seed=4)
    areas, _ = break_map(clean, 1, kinds=("gap", "hole", "missing_area", "overlap"), seed=4)
    west, south, east, north = clean.territory.bounds
    random = np.random.default_rng(4)
    lines = [
        shapely.LineString(np.column_stack([random.uniform(west, east, 6), random.uniform(south, north, 6)]))
        for _ in range(60)
    ]
    given = gpd.GeoDataFrame({"name": [f"S{number}" for number in range(60)]}, geometry=lines, crs=CRS)
    found = rest(gg.audit(areas, clean.territory, streets=given), "street_in_none")
    open_ = given.clip(clean.territory).overlay(gpd.GeoDataFrame(geometry=areas.make_valid()), how="difference")
    open_ = open_[open_.length > 0.001]
    expected = open_.length.groupby(open_["name"]).sum().sort_values()
    assert sorted(found["value"]) == pytest.approx(expected.tolist(), abs=0.005)
    assert len(found) > 5


# All together


def test_everything_that_was_put_on_broken_land_is_found_and_nothing_else():
    clean = ragged_map(36, 36, seed=2)
    areas, injuries = break_map(clean, 3, kinds=ALL_KINDS, seed=2)
    things = lost_things(clean, injuries, seed=2)
    given = {"households": things.households, "places": things.places, "streets": things.streets}
    findings = gg.audit(areas, clean.territory, clean.parents, **given)
    unfound, unexplained, worst = score(findings, injuries + things.injuries)
    assert (unfound, unexplained) == ([], [])
    assert worst < 1e-6
    assert set(findings["kind"]) >= set(ALL_KINDS)


def test_the_order_of_rows_changes_nothing_and_nothing_given_changes():
    clean = ragged_map(24, 24, seed=3)
    areas, injuries = break_map(clean, 1, kinds=ALL_KINDS[:14], seed=3)
    things = lost_things(clean, injuries, seed=3)
    before = [frame.copy(deep=True) for frame in (things.households, things.places, things.streets)]
    tables = {"households": things.households, "places": things.places, "streets": things.streets}
    one = gg.audit(areas, clean.territory, clean.parents, **tables)
    for kept, frame in zip(before, tables.values(), strict=True):
        assert kept.equals(frame)
    turned = {name: frame.iloc[::-1] for name, frame in tables.items()}
    two = gg.audit(areas.iloc[::-1], clean.territory, clean.parents.iloc[::-1], **turned)
    assert one.drop(columns="geometry").equals(two.drop(columns="geometry"))
    assert one.geometry.to_wkb().fillna(b"").tolist() == two.geometry.to_wkb().fillna(b"").tolist()


@pytest.mark.parametrize(
    ("what", "how"),
    [
        ("places: row 0 is a LineString", {"places": streets([(0, 0), (1, 1)])}),
        ("streets: row 0 is a Point", {"streets": schools(shapely.Point(at(1, 1)))}),
        ("places: is a list", {"places": [1]}),
        ("streets: is a DataFrame", {"streets": GRIDS.drop(columns="geometry").pipe(lambda f: f.assign(x=1))}),
    ],
)
def test_what_is_no_such_layer_is_refused(what, how):
    with pytest.raises(TableError, match=what):
        gg.audit(GRIDS, TERRITORY, **how)


@pytest.mark.parametrize("name", ["places", "streets"])
def test_layers_in_another_reference_system_are_refused(name):
    layer = {"places": schools(shapely.Point(at(1, 1))), "streets": streets([(0, 0), (1, 1)])}[name]
    with pytest.raises(CrsError, match=name):
        gg.audit(GRIDS, TERRITORY, **{name: layer.to_crs("EPSG:4326")})


def test_layers_without_rows_are_no_finding():
    assert len(audit(GRIDS, places=schools(), streets=streets())) == 0


def test_the_streets_of_a_real_city_are_open_where_its_police_areas_leave_it_open():
    file = shared("cambridge_ma/cambridge.gpkg")
    layers = {name: gpd.read_file(file, layer=name).to_crs("EPSG:26986") for name in
              ("city_boundary", "police_sectors", "streets")}  # fmt: skip
    lines = layers["streets"].rename(columns={"street": "name"})
    city = layers["city_boundary"].geometry.union_all()
    found = rest(gg.audit(layers["police_sectors"], city, streets=lines), "street_in_none")
    police = layers["police_sectors"].geometry.make_valid().union_all().buffer(0.001)
    expected = shapely.length(shapely.difference(shapely.intersection(lines.geometry.to_numpy(), city), police)).sum()
    assert found["value"].sum() == pytest.approx(expected, abs=0.01 * max(len(found), 1))
    assert expected > 0
