"""Towns that maps are seldom drawn of: no streets, islands, parts, holes, nobody at home, everybody in one place."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, communities, households_at, street_lines, town

import gridgeo as gg

GUALI = gg.load_profile("guali-2024")


def spots(drawing, per_square):
    """Lay points evenly over the squares that are drawn, in squares from the south-west."""
    rows = [row.strip() for row in drawing.strip().splitlines()]
    step = 1 / (per_square + 1)
    return [
        (column + step * i, len(rows) - 1 - at + step * j)
        for at, row in enumerate(rows)
        for column, letter in enumerate(row)
        if letter != "."
        for i in range(1, per_square + 1)
        for j in range(1, per_square + 1)
    ]


def grid_streets(wide, high):
    return street_lines([[(x, 0), (x, high)] for x in range(wide + 1)] + [[(0, y), (wide, y)] for y in range(high + 1)])


def divide(drawing, homes, streets, *, effort="fast", **layers):
    atoms = gg.make_atoms(communities(drawing), streets, homes, profile=GUALI, **layers)
    return gg.partition(atoms, GUALI, effort=effort)


def assert_sound(plan, drawing, households):
    """Judge a plan by geopandas and shapely alone."""
    ground = communities(drawing)
    parents = ground.geometry
    for level in ("grid", "micro"):
        areas = plan.areas(level)
        assert areas["households"].sum() == households
        assert areas.area.sum() == pytest.approx(ground.area.sum(), abs=0.01)
        assert areas.union_all().symmetric_difference(ground.union_all()).area < 0.01
        above = parents.reindex(areas["parent_id"]).to_numpy()
        assert shapely.area(shapely.difference(areas.geometry.to_numpy(), above)).max() < 0.01
        low, high = (300, 500) if level == "grid" else (50, 80)
        bad = areas[~areas["households"].between(low, high)]
        told = plan.certificates[plan.certificates["level"] == level]
        proved = told[told["reason"] != "component"]
        assert bool(len(proved)) == bool(len(bad)), (
            f"{len(bad)} {level} areas miss the band, {len(proved)} certificates"
        )
        parents = areas.geometry


def test_a_county_town_with_one_street_is_divided_among_its_houses():
    drawing = "CCCCCC\n" * 4
    homes = households_at(spots(drawing, 4), count=4)
    plan = divide(drawing, homes, street_lines([[(0, 2), (6, 2)]], rank=1))
    assert_sound(plan, drawing, 1_536)
    assert plan.areas("grid")["households"].between(300, 500).all()
    assert plan.areas("micro")["households"].between(50, 80).all()


def test_a_campus_is_an_area_of_its_own_and_the_town_goes_round_it():
    drawing = "CCCCCC\n" * 4
    campus = town("......\n..UU..\n..UU..\n......").assign(kind="university", name="学院")
    homes = households_at([*spots(drawing, 3)], count=4)
    plan = divide(drawing, homes, grid_streets(6, 4), exclusive=campus)
    areas = plan.areas("micro")
    own = areas[areas["kind"] == "exclusive"]
    assert len(own) == 1
    assert own.union_all().symmetric_difference(campus.union_all()).area < 0.01
    others = areas.drop(own.index)
    assert others["households"].between(50, 80).mean() > 0.9


def test_islands_are_joined_over_the_water_and_the_gap_is_told():
    drawing = "CCC..C\nCCC..C\nCCC...\nCCC..."
    homes = households_at(spots(drawing, 3), count=5)
    plan = divide(drawing, homes, grid_streets(6, 4))
    assert_sound(plan, drawing, 14 * 9 * 5)
    grids = plan.areas("grid")
    assert set(grids.geom_type) == {"Polygon", "MultiPolygon"}
    told = plan.certificates.query("level == 'grid' and reason == 'component'")
    assert len(told) == 1
    assert "200 m" in told["message"].iloc[0]


def test_a_bridge_makes_an_island_part_of_the_land_without_a_word():
    drawing = "CCC..C\nCCC..C\nCCC...\nCCC..."
    homes = households_at(spots(drawing, 3), count=5)
    ferry = gpd.GeoDataFrame(
        geometry=[shapely.LineString([(EAST_M + 250, NORTH_M + 350), (EAST_M + 550, NORTH_M + 350)])], crs=CRS
    )
    atoms = gg.make_atoms(communities(drawing), grid_streets(6, 4), homes, profile=GUALI)
    plan = gg.partition(atoms, GUALI, effort="fast", bridges=ferry)
    held = plan.areas("grid")["households"]
    assert held.sum() == 630
    assert held.between(300, 500).all()


def test_a_community_in_two_parts_that_each_fill_a_grid_keeps_them_apart():
    drawing = "CCC.CCC\nCCC.CCC"
    homes = households_at(spots(drawing, 3), count=7)
    plan = divide(drawing, homes, grid_streets(7, 2))
    assert_sound(plan, drawing, 12 * 9 * 7)
    assert set(plan.areas("grid").geom_type) == {"Polygon"}
    assert plan.areas("grid")["households"].tolist() == [378, 378]


def test_a_community_round_a_hole_is_divided_and_the_hole_stays_open():
    drawing = "CCCCC\nC...C\nC.D.C\nC...C\nCCCCC"
    homes = households_at(spots(drawing, 3), count=5)
    plan = divide(drawing, homes, grid_streets(5, 5))
    assert plan.areas("community").loc["C", "geometry"].interiors
    grids = plan.areas("grid")
    assert grids.query("parent_id == 'C'")["households"].between(300, 500).all()
    assert grids.query("parent_id == 'D'")["households"].tolist() == [45]
    assert grids.union_all().symmetric_difference(communities(drawing).union_all()).area < 0.01


def test_a_community_without_households_is_one_empty_grid_and_certified():
    drawing = "CCEE\nCCEE"
    homes = households_at(spots("CC..\nCC..", 3), count=10)
    plan = divide(drawing, homes, grid_streets(4, 2))
    assert_sound(plan, drawing, 360)
    empty = plan.areas("grid").query("parent_id == 'E'")
    assert empty["households"].tolist() == [0]
    assert plan.certificates.query("level == 'grid'")["area_id"].tolist() == ["E"]


def test_all_households_in_one_point_are_one_area_and_the_way_out_is_told():
    drawing = "CCC\nCCC"
    plan = divide(drawing, households_at([(1.5, 0.5)] * 4, count=200), grid_streets(3, 2))
    assert_sound(plan, drawing, 800)
    assert plan.areas("grid")["households"].max() == 800
    told = plan.certificates.query("level == 'grid'")
    assert "atom_over_max" in set(told["reason"])
    assert told["message"].str.contains("split it into 2 or more").any()


def test_a_hard_town_is_divided_alike_whatever_the_order_of_its_rows():
    drawing = "CCC..C\nCCC..C\nCCC...\nCCC..."
    homes = households_at(spots(drawing, 3), count=5)
    one = divide(drawing, homes, grid_streets(6, 4))
    other = divide(drawing, homes.iloc[::-1], grid_streets(6, 4).iloc[::-1])
    pd.testing.assert_series_equal(one.owner("micro"), other.owner("micro"))
