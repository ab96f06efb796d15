"""Laws of patrols, judged by the discs and rectangles that shapely draws round each step."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import CRS, EAST_M, NORTH_M, town

from gridgeo.operate.patrol import patrolled_length

EFFORT = settings(max_examples=40, deadline=None)
NOON = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
AREAS = town("AABB\nACCB\nDDDD")
PLACE = st.tuples(st.integers(0, 40), st.integers(0, 30)).map(lambda xy: (EAST_M + 10 * xy[0], NORTH_M + 10 * xy[1]))
"""Places on a grid of 10 m, so that streets and tracks run parallel, meet and lie on borders."""
LINE = st.lists(PLACE, min_size=2, max_size=5, unique=True)


def as_streets(lines):
    index = pd.Index([f"S{number}" for number in range(len(lines))], name="street_id", dtype="str")
    shapes = gpd.GeoSeries([shapely.LineString(line) for line in lines], crs=CRS, index=index)
    return gpd.GeoDataFrame({"rank": 4, "kind": "street"}, geometry=shapes, index=index)


def as_track(walks):
    rows = [(f"P{number}", NOON + timedelta(seconds=60 * step), shapely.Point(place))
            for number, walk in enumerate(walks) for step, place in enumerate(walk)]  # fmt: skip
    return gpd.GeoDataFrame(rows, columns=["officer_id", "at", "geometry"], crs=CRS)


@EFFORT
@given(st.lists(LINE, min_size=1, max_size=4), st.lists(LINE, max_size=3), st.sampled_from([5.0, 20.0, 33.3]))
def test_what_lies_within_reach_of_a_track_is_patrolled(lines, walks, within_m):
    found = patrolled_length(as_track(walks), as_streets(lines), within_m=within_m, least_m=0, max_gap_m=1e4)
    steps = [shapely.LineString(pair) for walk in walks for pair in pairwise(walk)]
    reach = shapely.union_all([step.buffer(within_m, quad_segs=500) for step in steps])
    for line, told in zip(lines, found.itertuples(), strict=True):
        pieces = [shapely.LineString(pair) for pair in pairwise(line)]
        assert np.isclose(told.length_m, sum(piece.length for piece in pieces))
        expected = sum(shapely.intersection(piece, reach).length for piece in pieces)
        assert abs(told.patrolled_m - expected) < 0.02 * max(len(pieces), 1) * max(len(steps), 1)


@EFFORT
@given(st.lists(LINE, min_size=1, max_size=4), st.lists(LINE, max_size=3), st.sampled_from([0.0, 50.0]))
def test_areas_share_the_length_of_the_streets(lines, walks, least_m):
    track, streets = as_track(walks), as_streets(lines)
    one = patrolled_length(track, streets, least_m=least_m, max_gap_m=1e4)
    many = patrolled_length(track, streets, least_m=least_m, max_gap_m=1e4, areas=AREAS)
    assert np.allclose(one[["length_m", "patrolled_m"]].sum(), many[["length_m", "patrolled_m"]].sum(), atol=1e-5)
    assert (many["patrolled_m"] <= many["length_m"] + 1e-6).all()
    for area, shape in AREAS.geometry.items():
        inner = streets.geometry.apply(lambda line, shape=shape: sum(
            piece.intersection(shape).length - piece.intersection(shape.boundary).length
            for piece in (shapely.LineString(pair) for pair in pairwise(line.coords))
        )).sum()  # fmt: skip
        assert many.at[area, "length_m"] >= inner - 1e-5


@EFFORT
@given(st.lists(LINE, min_size=1, max_size=3), st.lists(LINE, min_size=1, max_size=3), st.floats(0, 200))
def test_a_longer_least_stretch_never_counts_more(lines, walks, least_m):
    track, streets = as_track(walks), as_streets(lines)
    free, bound = (patrolled_length(track, streets, least_m=least, max_gap_m=1e4) for least in (0.0, least_m))
    assert (bound["patrolled_m"] <= free["patrolled_m"] + 1e-6).all()
    assert bound["share"].between(0, 1).all()
