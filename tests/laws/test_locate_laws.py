"""Laws of location, judged polygon by polygon by shapely."""

from unittest.mock import patch

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import CRS

from gridgeo.operate import point_search
from gridgeo.operate.locate import AreaIndex
from gridgeo.operate.point_search import find_owner, load_compiled

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


def joined(shapes, random):
    """Join areas at random, so that some are of several parts, around others or inside others."""
    group = random.integers(0, max(len(shapes) // 2, 1), len(shapes))
    shapes = np.array([shapely.union_all(shapes[group == number]) for number in np.unique(group)], dtype=object)
    return shapes[shapely.is_valid(shapes) & np.isin(shapely.get_type_id(shapes), [3, 6])]


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
        shapes = joined(shapes, random)
    if draw(st.booleans()):
        shapes = disturbed(shapes, random, origin, width_m)
    cell_m = width_m / draw(st.sampled_from([3, 17, 130]))
    return as_areas(shapes, random), telling_points(shapes, random), cell_m, random


def expected_states(claims, size):
    """Judge by the number of areas that claim a point, and whether one has it inside."""
    claimed = claims.groupby("point")["area_id"].nunique().reindex(range(size), fill_value=0)
    inside = claims.groupby("point")["inside"].any().reindex(range(size), fill_value=False)
    return [
        ("none", "one")[count] if count < 2 else ("several" if held else "tie")
        for count, held in zip(claimed, inside, strict=True)
    ]


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
    assert index.state(*places.T).to_list() == expected_states(expected, len(places))


def families(areas, random):
    """Put areas into grids at random, grids into communities; an area that no grid took is an undivided grid."""
    grid_of = random.integers(-1, 4, len(areas))
    micro = areas.assign(level=np.where(grid_of < 0, "grid", "micro"), parent_id=[f"g{at}" for at in grid_of])
    micro.loc[grid_of < 0, "parent_id"] = "c1"
    grids = {f"g{at}": ("grid", f"c{at % 2}") for at in sorted(set(grid_of[grid_of >= 0]))}
    rows = grids | {"c0": ("community", None), "c1": ("community", None)}
    parents = {parent for _, parent in grids.values()} | set(micro["parent_id"])
    rows = {name: row for name, row in rows.items() if name in parents or row[0] == "grid"}
    above = pd.DataFrame.from_dict(rows, orient="index", columns=["level", "parent_id"]).rename_axis("area_id")
    above = gpd.GeoDataFrame(above, geometry=gpd.GeoSeries([None] * len(above), index=above.index, crs=CRS))
    family = pd.concat([micro, above])
    return family.iloc[random.permutation(len(family))]


def climb(family, area_id, level):
    """Walk up from an area to the one of a level, row by row."""
    while isinstance(area_id, str) and area_id in family.index:
        if family.loc[area_id, "level"] == level:
            return area_id
        area_id = family.loc[area_id, "parent_id"]
    return None


@EFFORT
@given(situations())
def test_every_level_answers_what_lies_above_the_finest_answer(situation):
    areas, places, cell_m, random = situation
    family = families(areas, random)
    index = AreaIndex.from_areas(family, cell_m=cell_m)
    finest = AreaIndex.from_areas(areas, cell_m=cell_m).locate(*places.T)
    assert index.locate(*places.T).equals(finest)
    claims = judge(areas, places)
    for level in index.levels:
        up = {area: climb(family, area, level) for area in areas.index}
        found = index.locate(*places.T, level=level)
        assert found.fillna("-").to_list() == [up.get(area) or "-" for area in finest]
        counts = index.count((places[:, 0], places[:, 1]), level=level)
        assert counts.index.to_list() == family.index[family["level"] == level].to_list()
        assert counts[counts > 0].to_dict() == found.value_counts().to_dict()
        rolled = claims.assign(area_id=claims["area_id"].map(up)).dropna()
        assert index.state(*places.T, level=level).to_list() == expected_states(rolled, len(places))
        x, y = map(float, places[0])
        assert (index.area_at_metres(x, y, level=level) or "-") == found.fillna("-").iloc[0]


@EFFORT
@given(situations())
def test_numba_settles_the_same_points_with_the_same_owners(situation):
    if not load_compiled():
        pytest.skip("numba is not installed or turned off")
    areas, places, cell_m, random = situation
    cells = AreaIndex.from_areas(areas, cell_m=cell_m)._cells
    strange = [[np.nan, places[0, 1]], [places[0, 0], np.nan], [1e300, -1e300], [-0.0, 0.0], [5e-324, -5e-324]]
    x, y = np.ascontiguousarray(np.concatenate([places, strange, places[random.permutation(len(places))]]).T)
    frame = (cells.exponent, cells.column, cells.row, cells.width, cells.height)
    arrays = (cells.codes, cells.starts, cells.entries, cells.base, cells.rows)
    plain = point_search.settle(frame, *arrays, x, y)
    assert point_search.settle_points(cells, x, y).tobytes() == plain.tobytes()
    with patch.object(point_search, "_choose_settle", lambda _: point_search.settle):
        reference = point_search.find_owners(cells, x, y)
    assert point_search.find_owners(cells, x, y).tobytes() == reference.tobytes()


@EFFORT
@given(situations())
def test_candidates_are_the_areas_that_shapely_finds_within_the_accuracy(situation):
    areas, places, cell_m, random = situation
    index = AreaIndex.from_areas(areas, cell_m=cell_m)
    chosen = places[random.choice(len(places), 25)]
    west, _, east, _ = areas.total_bounds
    accuracy = random.uniform(0.001, 0.3, len(chosen)) * (east - west)
    found = index.candidates_each((chosen[:, 0], chosen[:, 1]), accuracy)
    for at, place in enumerate(shapely.points(chosen)):
        near = found[found.index == at].set_index("area_id")
        distance = areas.distance(place)
        assert set(near.index) == set(areas.index[distance <= accuracy[at]])
        np.testing.assert_allclose(near["distance_m"], distance[near.index], atol=1e-6)
        np.testing.assert_allclose(near["border_m"], areas.boundary.distance(place)[near.index], atol=1e-6)
        disc = place.buffer(accuracy[at], quad_segs=200)
        share = areas.loc[near.index].intersection(disc).area / disc.area
        np.testing.assert_allclose(near["share"], share, atol=1e-3)
        assert (near["share"].diff().dropna() <= 1e-9).all()


@EFFORT
@given(situations())
def test_one_point_alone_gets_the_answer_it_gets_among_many(situation):
    areas, places, cell_m, random = situation
    index = AreaIndex.from_areas(areas, cell_m=cell_m)
    chosen = random.choice(len(places), 60)
    together = index.locate(*places[chosen].T).fillna("-").to_list()
    alone = [find_owner(index._cells, *map(float, places[at])) for at in chosen]
    names = sorted(areas.index)
    assert [names[rank] if rank >= 0 else "-" for rank in alone] == together
    assert [index.area_at_metres(*map(float, places[at])) or "-" for at in chosen] == together


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
