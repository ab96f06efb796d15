"""Laws of live positions, judged by a plain list of last places and all distances."""

import math
from datetime import UTC, datetime, timedelta

import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgeo.operate.positions import LivePositions

EFFORT = settings(max_examples=40, deadline=None)
CRS = "EPSG:3857"
NOON = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
NAMES = ["P1", "P10", "P2", "Q", "a", "b", "中"]
ROLES = {name: "deputy" if at % 3 == 0 else "full_time" for at, name in enumerate(NAMES)}

SPOT = st.sampled_from([-500.0, -250.0, -125.0, 125.0, 250.0, 500.0, 750.0]) | st.floats(-900, 900).filter(bool)
"""Borders of cells, places mirrored about the middle, both signs."""
STEP = st.tuples(st.sampled_from(NAMES), SPOT, SPOT, st.integers(0, 12), st.sampled_from([True, True, True, False]))
QUESTION = st.tuples(SPOT | st.sampled_from([40_000.0, -3e6]), SPOT, st.integers(1, 9))


def instant(second):
    return NOON + timedelta(seconds=second)


def remember(steps):
    """Keep the last place of each officer on duty."""
    last = {}
    for name, x, y, second, on_duty in steps:
        if name not in last or second > last[name][2]:
            last[name] = (x, y, second, on_duty)
    return {name: place for name, place in last.items() if place[3]}


def made(steps, *, at_once, cell_m):
    table = pd.DataFrame({"name": "x", "role": ROLES.values()}, index=pd.Index(ROLES, name="officer_id", dtype="str"))
    positions = LivePositions(table.iloc[::-1], CRS, cell_m=cell_m)
    if at_once and steps:
        names, x, y, seconds, on_duty = zip(*steps, strict=True)
        positions.update_many(list(names), x, y, [instant(second) for second in seconds], on_duty=list(on_duty))
    else:
        for name, x, y, second, on_duty in steps:
            positions.update(name, x, y, instant(second), on_duty)
    return positions


@EFFORT
@given(st.lists(STEP, max_size=30), QUESTION, st.integers(0, 14), st.none() | st.floats(0, 2000),
       st.none() | st.integers(0, 8), st.booleans(), st.sampled_from([1.0, 250.0, 1e5]),
       st.sampled_from([None, "deputy"]))  # fmt: skip
def test_the_nearest_officers_are_those_of_all_distances(steps, question, now, within_m, age_s, at_once, cell_m, role):
    if at_once:  # a batch is taken in the order of its instants; equal ones are judged elsewhere
        steps = sorted({(step[0], step[3]): step for step in steps}.values(), key=lambda step: step[3])
    x, y, limit = question
    expected = sorted(
        (math.sqrt((px - x) ** 2 + (py - y) ** 2), name)
        for name, (px, py, second, _) in remember(steps).items()
        if (age_s is None or now - second <= age_s) and (role is None or ROLES[name] == role)
    )
    expected = [pair for pair in expected if within_m is None or pair[0] <= within_m][:limit]
    found = made(steps, at_once=at_once, cell_m=cell_m).nearest(
        x, y, limit, at=instant(now), within_m=within_m, max_age_s=age_s, roles=role and [role]
    )
    assert [(near.distance_m, near.officer_id) for near in found] == expected


@EFFORT
@given(st.lists(STEP, max_size=30), st.lists(st.tuples(SPOT, SPOT), min_size=3, max_size=6))
def test_officers_inside_are_those_whose_point_meets_the_polygon(steps, corners):
    polygon = shapely.MultiPoint(corners).convex_hull
    if polygon.geom_type != "Polygon":
        return
    expected = sorted(name for name, (x, y, *_) in remember(steps).items() if polygon.intersects(shapely.Point(x, y)))
    assert made(steps, at_once=False, cell_m=250.0).inside(polygon, at=instant(99)).index.to_list() == expected


@EFFORT
@given(st.lists(STEP, min_size=1, max_size=30), st.randoms())
def test_the_order_of_a_batch_changes_nothing(steps, random):
    shuffled = random.sample(steps, len(steps))
    one, other = (made(rows, at_once=True, cell_m=250.0) for rows in (steps, shuffled))
    assert one.counts == other.counts
    pd.testing.assert_frame_equal(one.snapshot(), other.snapshot())
    assert len(one) == len(one.snapshot())
