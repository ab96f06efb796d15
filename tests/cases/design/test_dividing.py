import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, communities, households_at, street_lines

import gridgeo as gg
from gridgeo.design.adjacency import shared_segments
from gridgeo.design.cells import Borders
from gridgeo.design.dividing import divide_crowded
from gridgeo.design.ground import Ground
from gridgeo.design.joints import cut_blocks
from gridgeo.design.noding import covering, dissolve

COMMUNITY = communities("""
    CCC
    CCC
""")
CROSS = street_lines([[(0, 1), (3, 1)], [(1, 0), (1, 2)]])


def ground_of(*shapes, whole=-1):
    count = len(shapes)
    return Ground(np.array(shapes, dtype=object), np.zeros(count, dtype=int), np.full(count, whole), np.arange(count))


def metres(west, south, east, north):
    return shapely.box(EAST_M + west, NORTH_M + south, EAST_M + east, NORTH_M + north)


def buildings_of(shapes):
    shapes = list(shapes)
    index = pd.Index([f"B{number:03d}" for number in range(len(shapes))], name="building_id")
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, index=index, crs=CRS), index=index)


def homes_in(houses, count=1):
    index = pd.Index([f"H{number:04d}" for number in range(len(houses))], name="household_id")
    places = gpd.GeoSeries(shapely.point_on_surface(houses.geometry.to_numpy()), index=index, crs=CRS)
    return gpd.GeoDataFrame({"count": count, "building_id": houses.index.to_numpy()}, geometry=places, index=index)


def largest_share(shapes, buildings):
    """Of each building, the share that its largest part in one area takes."""
    parts = shapely.area(shapely.intersection(buildings[:, None], shapes[None, :]))
    return parts.max(axis=1) / shapely.area(buildings)


def tiles(shapes, whole):
    assert shapely.coverage_is_valid(shapes)
    assert set(shapely.get_type_id(shapes)) == {3}
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(shapes), whole)) < 1e-3
    return shapely.area(shapes).sum() == pytest.approx(shapely.area(whole), abs=1e-3)


def test_an_empty_square_kilometre_becomes_cells_of_at_most_about_the_cap():
    block = metres(0, 0, 1000, 1000)
    ground, kind = divide_crowded(ground_of(block), None, None, 100, cap_m2=2000)
    assert tiles(ground.shapes, block)
    assert shapely.area(ground.shapes).max() <= 2 * 2000
    assert len(ground.shapes) <= 2 * 500
    assert set(kind) == {"cell"}


def test_a_slanted_empty_block_keeps_the_largest_area_too():
    block = shapely.affinity.rotate(metres(0, 0, 700, 260), 31)
    ground, _ = divide_crowded(ground_of(block), None, None, 100, cap_m2=2000)
    assert tiles(ground.shapes, block)
    assert shapely.area(ground.shapes).max() <= 2 * 2000


def test_a_large_block_is_divided_around_its_buildings():
    block = metres(0, 0, 600, 600)
    houses = buildings_of([metres(100, 100, 180, 112), metres(100, 130, 180, 142), metres(400, 390, 490, 480)])
    ground, kind = divide_crowded(ground_of(block), None, houses, 100, cap_m2=2000)
    assert tiles(ground.shapes, block)
    assert largest_share(ground.shapes, houses.geometry.to_numpy()) == pytest.approx(1.0, abs=1e-9)
    around = covering(shapely.centroid(houses.geometry.to_numpy()), ground.shapes)
    open_land = np.delete(shapely.area(ground.shapes), around)
    assert open_land.max() <= 2 * 2000
    assert set(kind) == {"cell"}


def test_a_large_block_full_of_buildings_needs_no_other_points():
    houses = buildings_of([metres(x, y, x + 20, y + 20) for x in range(5, 200, 40) for y in range(5, 200, 40)])
    ground, _ = divide_crowded(ground_of(metres(0, 0, 200, 200)), None, houses, 100, cap_m2=4000)
    assert len(ground.shapes) == 25


def test_a_block_within_the_largest_area_is_not_divided():
    ground, kind = divide_crowded(ground_of(metres(0, 0, 40, 50)), None, None, 100, cap_m2=2000)
    assert len(ground.shapes) == 1
    assert kind.tolist() == ["block"]


def test_what_is_kept_whole_is_not_divided_for_its_size():
    _, kind = divide_crowded(ground_of(metres(0, 0, 400, 500), whole=0), None, None, 100, cap_m2=2000)
    assert kind.tolist() == ["whole"]


def test_only_the_block_that_is_too_large_is_divided_but_its_neighbour_shares_the_new_vertices():
    small, large = metres(0, 0, 40, 100), metres(40, 0, 200, 100)
    ground, kind = divide_crowded(ground_of(small, large), None, None, 100, cap_m2=5000)
    assert tiles(ground.shapes, shapely.union(small, large))
    assert sorted(set(kind)) == ["block", "cell"]
    neighbour = ground.shapes[kind == "block"][0]
    assert shapely.get_num_coordinates(neighbour) > 5


@pytest.mark.parametrize("cap_m2", [0, -1, float("nan")])
def test_a_largest_area_that_is_not_above_0_is_an_error(cap_m2):
    with pytest.raises(gg.TableError, match=r"cap_m2: is .*, not above 0"):
        divide_crowded(ground_of(metres(0, 0, 40, 50)), None, None, 100, cap_m2=cap_m2)


def test_households_in_a_large_block_that_is_not_crowded_stay_in_their_building_cell():
    houses = buildings_of([metres(100, 100, 130, 120)])
    ground, kind = divide_crowded(ground_of(metres(0, 0, 300, 300)), homes_in(houses, 5), houses, 100, cap_m2=2000)
    assert covering(homes_in(houses).geometry.to_numpy(), ground.shapes).tolist() != [-1]
    assert largest_share(ground.shapes, houses.geometry.to_numpy()) == pytest.approx(1.0, abs=1e-9)
    assert "stairwell" not in set(kind)


ROW = [metres(x, 30 + dy, x + 11, 39.5 + dy + more) for x, dy, more in
       [(20, 0, 0), (32.4, -2, 5), (44.8, 1, 0), (57.2, 0, 9), (69.6, 3, 0), (82, 0, 2)]]  # fmt: skip
HOOK = shapely.unary_union([metres(120, 20, 130, 70), metres(120, 60, 170, 70), metres(160, 30, 170, 70)])
INSIDE_HOOK = metres(138, 30, 152, 50)
COURT = shapely.difference(metres(200, 20, 260, 80), metres(210, 30, 250, 70))


@pytest.mark.parametrize("turn", [0, 17, 45, 71])
def test_no_building_is_cut_by_a_border_however_close_or_crooked(turn):
    block = metres(-50, -100, 350, 300)
    houses = buildings_of(
        shapely.affinity.rotate(shape, turn, origin=(EAST_M + 150, NORTH_M + 100))
        for shape in [*ROW, HOOK, INSIDE_HOOK, COURT]
    )
    ground, _ = divide_crowded(ground_of(block), homes_in(houses, 20), houses, 30)
    assert tiles(ground.shapes, block)
    assert largest_share(ground.shapes, houses.geometry.to_numpy()) == pytest.approx(1, abs=1e-3)
    assert len(ground.shapes) == len(houses)


@pytest.mark.parametrize("seed", range(4))
def test_scattered_buildings_are_not_cut(seed):
    rng = np.random.default_rng(seed)
    shapes = []
    for x, y in rng.uniform(15, [285, 185], (400, 2)):
        shape = shapely.affinity.rotate(
            metres(x, y, x + rng.uniform(5, 25), y + rng.uniform(5, 12)), rng.uniform(0, 90)
        )
        if shape.within(metres(0, 0, 300, 200)) and all(shape.distance(other) > 0.8 for other in shapes):
            shapes.append(shape)
    houses = buildings_of(shapes)
    homes = homes_in(houses, 7)
    atoms = gg.make_atoms(COMMUNITY, CROSS.iloc[:0], homes, houses, cap=30)
    assert len(shapes) > 40
    assert largest_share(atoms.geometry.to_numpy(), houses.geometry.to_numpy()) == pytest.approx(1, abs=1e-3)
    assert atoms["households"].tolist() == [7] * len(houses)
    assert tiles(atoms.geometry.to_numpy(), COMMUNITY.union_all())


def test_the_order_of_buildings_and_households_changes_nothing():
    houses = buildings_of([*ROW, HOOK, INSIDE_HOOK, COURT])
    homes = homes_in(houses, 20)
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes, houses, cap=30)
    other = gg.make_atoms(COMMUNITY, CROSS.iloc[::-1], homes.sample(frac=1, random_state=3), houses.iloc[::-1], cap=30)
    assert shapely.equals_identical(
        shapely.normalize(atoms.geometry.to_numpy()), shapely.normalize(other.geometry.to_numpy())
    ).all()
    assert atoms["households"].tolist() == other["households"].tolist()


def test_buildings_that_share_a_wall_meet_at_it():
    houses = buildings_of([metres(20 + 12 * at, 30, 32 + 12 * at, 40) for at in range(6)])
    atoms = gg.make_atoms(COMMUNITY, CROSS.iloc[:0], homes_in(houses, 20), houses, cap=30)
    assert largest_share(atoms.geometry.to_numpy(), houses.geometry.to_numpy()).min() > 0.97
    assert atoms["households"].tolist() == [20] * 6


def test_buildings_that_overlap_still_leave_a_coverage():
    houses = buildings_of([metres(20, 30, 60, 50), metres(50, 35, 90, 60), metres(20, 30, 60, 50)])
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes_in(houses, 20), houses, cap=30)
    assert tiles(atoms.geometry.to_numpy(), COMMUNITY.union_all())
    assert atoms["households"].sum() == 60


def test_a_household_in_two_buildings_lives_in_the_one_with_the_smaller_id():
    houses = buildings_of([metres(20, 30, 60, 50), metres(50, 30, 90, 50), metres(20, 70, 60, 90)])
    homes = households_at([(0.52, 0.4), (0.3, 0.8)], count=20)
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes, houses, cap=30)
    other = gg.make_atoms(COMMUNITY, CROSS, homes, houses.iloc[::-1], cap=30)
    assert atoms.geometry.geom_equals_exact(other.geometry, 0).all()
    holder = atoms.loc[atoms.contains(homes.geometry.iloc[0])].geometry.iloc[0]
    assert holder.contains(metres(21, 31, 40, 49))


def test_of_two_buildings_drawn_one_over_the_other_the_one_that_is_lived_in_keeps_the_land():
    houses = buildings_of([metres(20, 30, 60, 50), metres(20, 30, 60, 50), metres(20, 70, 60, 90)])
    homes = households_at([(0.3, 0.4), (0.3, 0.8)], count=20).assign(building_id=["B001", "B002"])
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes, houses, cap=30)
    assert sorted(atoms.loc[atoms["kind"] == "cell", "households"]) == [20, 20]


def test_a_border_that_runs_along_the_edge_of_its_block_divides_it_all_the_same():
    notched = communities("""
        CC
        C.
    """)
    homes = households_at([(0.25, 1.5), (1.75, 1.5)], count=20)
    atoms = gg.make_atoms(notched, CROSS.iloc[:0], homes, cap=30)
    assert tiles(atoms.geometry.to_numpy(), notched.union_all())
    assert atoms["area_m2"].round(3).tolist() == [20_000.0, 10_000.0]


def test_land_cut_off_from_its_building_goes_to_a_neighbour_in_the_block():
    comb = communities("""
        CCC
        C.C
        C.C
    """)
    homes = households_at([(0.5, 0.3), (2.5, 2.5)], count=20)
    atoms = gg.make_atoms(comb, CROSS.iloc[:0], homes, cap=30)
    assert tiles(atoms.geometry.to_numpy(), comb.union_all())
    assert len(atoms) == 2


def test_a_building_on_both_sides_of_a_street_belongs_to_the_block_its_households_live_in():
    houses = buildings_of([metres(80, 120, 130, 140), metres(20, 160, 40, 180), metres(150, 160, 180, 180)])
    homes = homes_in(houses, 20).assign(geometry=shapely.points(EAST_M + np.array([90, 30, 160]), NORTH_M + 130.0))
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes.set_crs(CRS), houses, cap=30)
    assert tiles(atoms.geometry.to_numpy(), COMMUNITY.union_all())
    assert atoms["households"].sum() == 60


def test_stairwells_are_cut_apart_across_the_building():
    house = buildings_of([metres(20, 40, 80, 52)])
    homes = households_at([(0.3, 0.46), (0.5, 0.46), (0.7, 0.46)], count=20)
    homes = homes.assign(building_id=house.index[0], stairwell=[1, 2, 3])
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes, house, cap=30)
    wells = atoms[atoms["kind"] == "stairwell"]
    strips = shapely.area(shapely.intersection(wells.geometry.to_numpy(), house.geometry.iloc[0]))
    assert strips == pytest.approx([240.0] * 3, abs=20.0)
    assert wells["households"].tolist() == [20, 20, 20]


def test_stairwells_in_one_place_are_not_told_apart():
    house = buildings_of([metres(20, 40, 80, 52)])
    homes = households_at([(0.3, 0.46)] * 3, count=20).assign(building_id=house.index[0], stairwell=[1, 2, 3])
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes, house, cap=30)
    assert set(atoms["kind"]) == {"block", "cell"}


def test_an_empty_table_of_buildings_is_like_none():
    homes = households_at([(0.25, 0.5), (0.75, 0.5)], count=20)
    none = gg.make_atoms(COMMUNITY, CROSS, homes, cap=30)
    empty = gg.make_atoms(COMMUNITY, CROSS, homes, buildings_of([metres(0, 0, 1, 1)]).iloc[:0], cap=30)
    assert none.geometry.geom_equals_exact(empty.geometry, 0).all()


def test_borders_that_cross_by_straightening_cut_four_pieces():
    left, right = metres(0, 0, 10, 10), metres(10, 0, 20, 10)
    lines = [shapely.LineString([(EAST_M + x1, NORTH_M + y1), (EAST_M + x2, NORTH_M + y2)])
             for x1, y1, x2, y2 in [(0, 5, 10, 5), (5, 0, 5, 10)]]  # fmt: skip
    borders = Borders(np.array(lines), np.array([[0, 1], [0, 2]]), np.array([0, 0]), np.array([True, True]))
    pieces, block = cut_blocks(np.array([left, right]), borders)
    assert sorted(shapely.area(pieces).tolist()) == [25.0, 25.0, 25.0, 25.0, 100.0]
    assert np.bincount(block).tolist() == [4, 1]
    assert tiles(pieces, shapely.union(left, right))


def test_borders_that_end_a_hair_beside_the_same_place_from_both_sides_end_in_it():
    left, right = metres(0, 0, 10, 10), metres(10, 0, 20, 10)
    lines = [shapely.LineString([(EAST_M, NORTH_M + 4), (EAST_M + 10, NORTH_M + 5)]),
             shapely.LineString([(EAST_M + 10, NORTH_M + 5 + 3e-7), (EAST_M + 20, NORTH_M + 5)])]  # fmt: skip
    borders = Borders(np.array(lines), np.array([[0, 1], [2, 3]]), np.array([0, 1]), np.array([True, True]))
    pieces, block = cut_blocks(np.array([left, right]), borders)
    assert np.bincount(block).tolist() == [2, 2]
    assert tiles(pieces, shapely.union(left, right))
    assert len(np.unique(shapely.get_coordinates(pieces), axis=0)) == 9


def test_a_point_on_a_border_is_held_by_the_first_shape_and_a_near_one_by_the_nearest():
    shapes = np.array([metres(0, 0, 10, 10), metres(10, 0, 20, 10)])
    points = shapely.points(EAST_M + np.array([10.0, 10.0, 15.0, 20.5, 30.0, 15.0]), NORTH_M + 5.0)
    assert covering(points, shapes).tolist() == [0, 0, 1, -1, -1, 1]
    assert covering(points, shapes, near_m=1.0).tolist() == [0, 0, 1, 1, -1, 1]
    assert covering(np.repeat(points, 40), shapes).tolist() == np.repeat([0, 0, 1, -1, -1, 1], 40).tolist()
    assert not shapely.is_prepared(shapes).any()


def test_shared_segments_pair_what_runs_the_other_way_round():
    shapes = np.array([metres(0, 0, 10, 10), metres(10, 0, 20, 10).reverse(), metres(0, 10, 20, 20)])
    first, second, segments = shared_segments(shapes[:2])
    assert (first.tolist(), second.tolist()) == ([0], [1])
    assert (segments - [EAST_M, NORTH_M, EAST_M, NORTH_M]).tolist() == [[10, 0, 10, 10]]
    assert not len(shared_segments(shapes[1:])[0])


def test_joining_leaves_single_faces_as_they_are():
    shapes = np.array([metres(0, 0, 10, 10), metres(40, 0, 50, 10), metres(10, 0, 20, 10)])
    joined = dissolve(shapes, np.array([1, 0, 1]), 2)
    assert shapely.area(joined).tolist() == [100.0, 200.0]
    assert set(shapely.get_type_id(joined)) == {3}
