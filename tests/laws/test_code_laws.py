"""Laws of codes: every area has one of its own, none is ever given twice, and small changes change nothing."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import town

import gridgeo as gg

ROWS, COLUMNS = 4, 5
DIVISIONS = {"C1": "320104001001", "C2": "320104001002"}


@st.composite
def drawn_towns(draw):
    """Draw up to nine areas in two communities, each of any squares at all."""
    size = ROWS * COLUMNS
    letters = draw(st.lists(st.sampled_from("ABCDEFGHI"), min_size=size, max_size=size))
    drawn = town("\n".join("".join(row) for row in np.array(letters).reshape(ROWS, COLUMNS)))
    parents = draw(st.lists(st.sampled_from(["C1", "C2"]), min_size=len(drawn), max_size=len(drawn)))
    return drawn.assign(parent_id=parents)


def codes_of(areas, **options):
    return gg.assign_codes(areas, "12+2", communities=DIVISIONS, **options)


@settings(max_examples=50, deadline=None)
@given(drawn_towns(), st.randoms(use_true_random=False))
def test_codes_are_one_each_numbered_from_one_and_free_of_the_order_of_rows(areas, random):
    codes = codes_of(areas)
    assert sorted(codes.index) == sorted(areas.index)
    for parent_id, members in areas.groupby("parent_id"):
        expected = [f"{DIVISIONS[parent_id]}{number:02d}" for number in range(1, len(members) + 1)]
        assert sorted(codes[members.index]) == expected
    shuffled = list(areas.index)
    random.shuffle(shuffled)
    assert codes_of(areas.loc[shuffled]).equals(codes)
    assert not len(gg.check_codes(areas.assign(code=codes), "12+2", DIVISIONS))


@settings(max_examples=50, deadline=None)
@given(drawn_towns(), st.integers(0, 2**32 - 1), st.floats(-4e5, 4e5), st.floats(-2e6, 2e6))
def test_a_town_that_is_moved_or_measured_anew_to_a_millimetre_keeps_its_codes(areas, seed, east, north):
    codes = codes_of(areas)
    random = np.random.default_rng(seed)
    corners = {}

    def remeasured(xy):
        moved = [corners.setdefault(tuple(each), each + random.uniform(-0.001, 0.001, 2)) for each in xy]
        return np.array(moved) + np.array([east, north])

    bent = areas.set_geometry(shapely.transform(areas.geometry.to_numpy(), remeasured), crs=areas.crs)
    assert codes_of(bent).equals(codes)


@settings(max_examples=50, deadline=None)
@given(drawn_towns())
def test_nobody_in_a_row_is_read_before_somebody_far_to_the_north(areas):
    codes = codes_of(areas)
    for _, members in areas.groupby("parent_id"):
        bounds, y = members.bounds, members.centroid.y
        height = (bounds["maxy"] - bounds["miny"]).median()
        read = codes[members.index].sort_values().index
        for at, earlier in enumerate(read):
            for later in read[at + 1 :]:
                assert y[later] - y[earlier] <= height  # else the later one lies a whole area to the north


@st.composite
def histories(draw):
    """Draw a row of changes: each keeps some areas, drops others and adds new ones, in either community."""
    steps, living, made = [], {}, 0
    for _ in range(draw(st.integers(2, 5))):
        living = {one: draw(st.sampled_from(["C1", "C1", "C2"])) for one in living if draw(st.booleans())}
        for _ in range(draw(st.integers(1, 4))):
            living[f"A{made:03d}"] = draw(st.sampled_from(["C1", "C2"]))
            made += 1
        steps.append(dict(living))
    return steps


def _row_of(living):
    shapes = [shapely.box(500_000 + 100 * at, 0, 500_100 + 100 * at, 100) for at in range(len(living))]
    drawn = town("A").iloc[[0] * len(living)].set_axis(pd.Index(list(living), name="area_id"))
    return drawn.set_geometry(shapes, crs=drawn.crs).assign(parent_id=list(living.values()))


@settings(max_examples=60, deadline=None)
@given(histories())
def test_a_code_names_one_area_for_ever_and_an_area_that_stays_keeps_its_code(steps):
    holder, before, parents = {}, pd.Series(dtype=str), {}
    for living in steps:
        codes = codes_of(_row_of(living), before=before, reserved=list(holder))
        assert codes.is_unique
        for area_id, code in codes.items():
            assert holder.setdefault(code, area_id) == area_id
            assert code.startswith(DIVISIONS[living[area_id]])
            if parents.get(area_id) == living[area_id]:
                assert code == before[area_id]
        before, parents = codes, dict(living)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(0, 99), st.booleans())
def test_numbers_end_where_the_digits_end(count, last, is_kept):
    living = {f"A{number:03d}": "C1" for number in range(count)}
    before = {"A000": f"{DIVISIONS['C1']}{last:02d}"} if is_kept and last else {}
    spent = [] if not last else [f"{DIVISIONS['C1']}{last:02d}"]
    needed = count - len(before)
    if last + needed > 99:
        with pytest.raises(gg.TableError, match=f"{last + needed} is above it"):
            codes_of(_row_of(living), before=before, reserved=spent)
        return
    codes = codes_of(_row_of(living), before=before, reserved=spent)
    assert codes.str.len().eq(14).all()
    assert codes.is_unique
