"""Laws of location, judged polygon by polygon by shapely."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import CRS

from gridgeo.operate.locate import AreaIndex
from gridgeo.operate.point_search import find_owner

EFFORT = settings(max_examples=12, deadline=None)
ORIGINS = [(0.25, -0.125), (500_000.0, 3_400_000.0), (-350.0, -350.0), (524_200.0, 4.0e6)]
"""Near the axes, in an ordinary zone, across the axes, across a change of the rounding of floats."""


def crooked_coverage(random, *, count, width_m, origin):
    """Make a coverage whose cells are the Voronoi cells of random places, with rounded, crooked vertices."""
    places = random.uniform(0, width_m, (count, 2))
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(places), extend_to=shapely.box(0, 0, width_m, width_m))
    )
    cells = shapely.set_precision(shapely.intersection(cells, shapely.box(0, 0, width_m, width_m)), width_m / 1e5)
    return shapely.transform(cells[shapely.is_valid(cells) & (shapely.area(cells) > 0)], lambda xy: xy + origin)


def disturbed(shapes, random, origin, width_m):
    """Punch holes into a coverage and lay areas over it."""
    spots = shapely.points(origin + random.uniform(0, width_m, (4, 2)))
    radii = random.uniform(0.02, 0.2, 4) * width_m
    shapes = shapely.difference(shapes, shapely.buffer(spots[0], radii[0], quad_segs=3))
    shapes = [shape for shape in shapes if shape.geom_type.endswith("Polygon") and not shape.is_empty]
    return np.array([*shapes, *shapely.buffer(spots[1:], radii[1:], quad_segs=2), shapes[0]], dtype=object)


def as_areas(shapes, random):
    ids = [f"G{number:03d}" for number in random.permutation(len(shapes))]
    return gpd.GeoDataFrame(geometry=list(shapes), crs=CRS, index=pd.Index(ids, name="area_id"))


def telling_points(shapes, random):
    """Give points where answers are hard: vertices, places on edges, one rounding beside them, and random ones."""
    vertices = shapely.get_coordinates(shapes)
    share = random.uniform(0, 1, (len(vertices) - 1, 1))
    edges = np.concatenate([(vertices[:-1] + vertices[1:]) / 2, vertices[:-1] + share * (vertices[1:] - vertices[:-1])])
    hard = np.concatenate([vertices, edges])
    beside = [np.nextafter(hard, hard + step) for step in ([1, 0], [-1, 0], [0, 1], [0, -1], [1, -1], [-1, -1])]
    west, south, east, north = shapely.total_bounds(shapes)
    spread = random.uniform([west - 1, south - 1], [east + 1, north + 1], (200, 2))
    return np.concatenate([hard, *beside, spread])


def judge(areas, places):
    """Ask shapely about every pair of polygon and point that may meet."""
    points = shapely.points(places)
    point, area = shapely.STRtree(areas.geometry.to_numpy()).query(points, predicate="intersects")
    inside = shapely.contains_properly(areas.geometry.to_numpy()[area], points[point])
    claims = pd.DataFrame({"point": point, "area_id": areas.index.to_numpy()[area], "inside": inside})
    return claims.sort_values(["point", "area_id"], ignore_index=True)


def expected_owners(claims, size):
    ranked = claims.sort_values(["point", "inside", "area_id"], ascending=[True, False, True])
    return ranked.drop_duplicates("point").set_index("point")["area_id"].reindex(range(size)).fillna("-").to_list()


@st.composite
def situations(draw):
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    width_m = draw(st.sampled_from([1.0, 700.0, 40_000.0]))
    origin = np.array(draw(st.sampled_from(ORIGINS)))
    shapes = crooked_coverage(random, count=draw(st.integers(3, 25)), width_m=width_m, origin=origin)
    if draw(st.booleans()):
        shapes = disturbed(shapes, random, origin, width_m)
    cell_m = width_m / draw(st.sampled_from([3, 17, 130]))
    return as_areas(shapes, random), telling_points(shapes, random), cell_m, random


@EFFORT
@given(situations())
def test_claims_owners_and_covers_are_those_that_shapely_finds(situation):
    areas, places, cell_m, _ = situation
    index = AreaIndex.from_areas(areas, cell_m=cell_m)
    expected = judge(areas, places)
    claims = index.claims(*places.T)
    assert claims.index.to_list() == expected["point"].to_list()
    assert claims["area_id"].to_list() == expected["area_id"].to_list()
    assert claims["inside"].to_list() == expected["inside"].to_list()
    assert index.locate(*places.T).fillna("-").to_list() == expected_owners(expected, len(places))
    covers = expected.groupby("point")["inside"].sum().clip(lower=1).reindex(range(len(places)), fill_value=0)
    assert index.cover_count(*places.T).to_list() == covers.to_list()


@EFFORT
@given(situations())
def test_one_point_alone_gets_the_answer_it_gets_among_many(situation):
    areas, places, cell_m, random = situation
    index = AreaIndex.from_areas(areas, cell_m=cell_m)
    chosen = random.choice(len(places), 60)
    together = index.locate(*places[chosen].T).fillna("-").to_list()
    alone = [find_owner(index._cells, *map(float, places[at])) for at in chosen]
    assert [index._ids[rank] if rank >= 0 else "-" for rank in alone] == together


@EFFORT
@given(situations(), st.integers(1, 400))
def test_row_order_and_cell_width_change_no_answer(situation, parts):
    areas, places, cell_m, random = situation
    first = AreaIndex.from_areas(areas, cell_m=cell_m)
    west, _, east, _ = areas.total_bounds
    second = AreaIndex.from_areas(areas.iloc[random.permutation(len(areas))], cell_m=(east - west) / parts)
    assert first.locate(*places.T).equals(second.locate(*places.T))
    assert first.cover_count(*places.T).equals(second.cover_count(*places.T))


@EFFORT
@given(situations())
def test_every_point_counts_once(situation):
    areas, places, cell_m, _ = situation
    index = AreaIndex.from_areas(areas, cell_m=cell_m)
    owners = index.locate(*places.T)
    counts = index.count((places[:, 0], places[:, 1]))
    assert counts.sum() == owners.notna().sum()
    assert counts[counts > 0].to_dict() == owners.value_counts().to_dict()
