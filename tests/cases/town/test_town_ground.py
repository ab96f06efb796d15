from itertools import pairwise

import numpy as np
import pytest
import shapely


def shapes(frame):
    return frame.geometry.to_numpy()


def pairs(first, second, predicate="intersects"):
    """Count the pairs of shapes of two arrays that meet a predicate, a shape with itself left out."""
    left, right = shapely.STRtree(second).query(first, predicate=predicate)
    return int((left != right).sum()) if first is second else len(left)


def test_communities_cover_the_boundary_once(demo_town):
    communities, boundary = shapes(demo_town.communities), demo_town.boundary.geometry.iloc[0]
    assert shapely.is_valid(communities).all()
    assert set(shapely.get_type_id(communities)) == {shapely.GeometryType.POLYGON}
    overlaps = shapely.STRtree(communities).query(communities, predicate="overlaps")
    assert overlaps.size == 0
    assert shapely.area(communities).sum() == pytest.approx(boundary.area, abs=1e-3)
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(communities), boundary)) < 1e-3


def test_neighbours_share_their_edges_vertex_by_vertex(demo_town):
    segments = {}
    rings = [*shapes(demo_town.communities), *shapely.reverse(shapes(demo_town.boundary))]
    for shape in rings:
        for ring in shapely.get_rings(shape):
            points = [tuple(point) for point in shapely.get_coordinates(ring)]
            for start, end in pairwise(points):
                segments[start, end] = segments.get((start, end), 0) + 1
    assert set(segments.values()) == {1}
    assert all((end, start) in segments for start, end in segments)


def test_the_boundary_is_one_piece_without_holes_and_no_rectangle(demo_town):
    boundary = demo_town.boundary.geometry.iloc[0]
    assert boundary.geom_type == "Polygon"
    assert len(boundary.interiors) == 0
    assert boundary.area / boundary.minimum_rotated_rectangle.area < 0.95


def test_borders_inside_the_town_run_on_streets_river_or_railway(demo_town):
    edges = shapely.union_all(shapely.boundary(shapes(demo_town.communities)))
    inside = shapely.difference(edges, shapely.buffer(demo_town.boundary.geometry.iloc[0].boundary, 0.01))
    lines = shapely.buffer(shapely.union_all(shapes(demo_town.streets)), 0.01)
    assert shapely.length(shapely.intersection(inside, lines)) > 0.999 * shapely.length(inside)


def test_streets_stay_inside_the_boundary(demo_town):
    assert shapely.covers(demo_town.boundary.geometry.iloc[0].buffer(0.01), shapes(demo_town.streets)).all()


def test_no_two_buildings_touch(demo_town):
    assert pairs(shapes(demo_town.buildings), shapes(demo_town.buildings)) == 0


def test_no_building_stands_on_a_street_the_river_the_railway_or_in_water(demo_town):
    assert pairs(shapes(demo_town.streets), shapes(demo_town.buildings)) == 0
    assert pairs(shapes(demo_town.water), shapes(demo_town.buildings)) == 0


def test_every_building_lies_in_the_community_it_names(demo_town):
    homes = demo_town.communities.loc[demo_town.buildings["community_id"]]
    assert shapely.contains_properly(shapes(homes), shapes(demo_town.buildings)).all()


def test_every_household_lies_in_its_building(demo_town):
    homes = demo_town.buildings.loc[demo_town.households["building_id"]]
    assert shapely.contains_properly(shapes(homes), shapes(demo_town.households)).all()


def test_dwellings_of_a_floor_lie_apart_and_those_above_each_other_do_not(demo_town):
    rows = demo_town.households.assign(x=demo_town.households.geometry.x, y=demo_town.households.geometry.y)
    tower = demo_town.buildings["households"].idxmax()
    rows = rows[rows["building_id"] == tower]
    assert rows.groupby("stairwell")[["x", "y"]].nunique()["x"].between(2, 3).all()
    assert rows[["x", "y"]].drop_duplicates().shape[0] < len(rows) / 5


def test_sites_lie_in_one_community_and_do_not_overlap(demo_town):
    sites = shapes(demo_town.sites)
    assert shapely.is_valid(sites).all()
    assert set(shapely.get_type_id(sites)) == {shapely.GeometryType.POLYGON}
    assert shapely.STRtree(sites).query(sites, predicate="overlaps").size == 0
    site, _ = shapely.STRtree(shapes(demo_town.communities)).query(sites, predicate="within")
    assert sorted(site) == list(range(len(sites)))


def test_villages_hold_their_houses(demo_town):
    villages = shapes(demo_town.sites[demo_town.sites["kind"] == "village"])
    houses = shapes(demo_town.buildings[demo_town.buildings["address"].str.contains("村.*号$")])
    _, inside = shapely.STRtree(houses).query(villages, predicate="contains")
    assert len(np.unique(inside)) > 0.97 * len(houses)
    counts = np.bincount(shapely.STRtree(villages).query(houses, predicate="within")[1])
    assert 20 < np.median(counts) < 150


def test_streets_divide_homes_into_blocks_that_fit_into_a_grid(demo_town):
    edges = np.append(shapes(demo_town.streets), demo_town.boundary.geometry.iloc[0].boundary)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(edges, grid_size=0.001))))
    point, face = shapely.STRtree(faces).query(shapes(demo_town.households), predicate="within")
    households = np.bincount(face)
    assert len(np.unique(point)) == len(demo_town.households)
    assert households.max() <= 450
    assert 100 < (households > 0).sum() < 400
    assert 50 <= np.average(households, weights=households) <= 300


def test_streets_end_on_one_another_or_on_the_boundary(demo_town):
    lines = shapes(demo_town.streets)
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    others = shapely.STRtree(lines).query(ends, predicate="dwithin", distance=0.002)[0]
    meets = np.bincount(others, minlength=len(ends)) > 1
    on_boundary = shapely.distance(ends, demo_town.boundary.geometry.iloc[0].boundary) < 0.002
    assert (meets | on_boundary).all()


def test_the_town_is_no_chessboard(demo_town):
    lines = shapes(demo_town.streets[demo_town.streets["kind"] == "street"])
    points, line = shapely.get_coordinates(lines, return_index=True)
    step = np.diff(points, axis=0)[np.diff(line) == 0]
    length = np.hypot(*step.T)
    turn = np.degrees(np.arctan2(step[:, 1], step[:, 0])) % 90
    shares = np.histogram(turn, bins=18, range=(0, 90), weights=length)[0] / length.sum()
    assert shares.max() < 0.35


def test_it_lies_in_eastern_china(demo_town):
    west, south, east, north = demo_town.boundary.to_crs("OGC:CRS84").total_bounds
    assert 118 < west < east < 122.5
    assert 28 < south < north < 33
