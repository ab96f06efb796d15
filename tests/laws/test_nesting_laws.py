"""Laws of nesting, judged by counting squares and by trying every assignment."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import SIDE_M, households_at, town

import gridgeo as gg

ROWS, COLUMNS = 3, 4
SQUARE_M2 = SIDE_M**2


@st.composite
def drawn_networks(draw):
    """Draw inner and outer areas over one lattice, some squares in none of them, and households in squares."""
    size = ROWS * COLUMNS
    inner = draw(st.lists(st.sampled_from("ABCD"), min_size=size, max_size=size))
    outer = draw(st.lists(st.sampled_from("XYZ"), min_size=size, max_size=size))
    if draw(st.booleans()):
        bare = draw(st.sets(st.integers(1, size - 1), max_size=3))
        outer = ["." if at in bare else one for at, one in enumerate(outer)]
        bare = draw(st.sets(st.integers(1, size - 1), max_size=3))
        inner = ["." if at in bare else one for at, one in enumerate(inner)]
    outer[0], inner[0] = "X", "A"
    homes = draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
    return np.array(inner), np.array(outer), np.array(homes)


def _draw(letters):
    return town("\n".join("".join(row) for row in letters.reshape(ROWS, COLUMNS)))


def _places(homes):
    at = np.flatnonzero(homes)
    places = [(one % COLUMNS + 0.5, ROWS - one // COLUMNS - 0.5) for one in at]
    return None if not places else households_at(places).assign(count=homes[at])


def _least(inner, outer, weights):
    """Try every assignment of inner to outer areas; give the least weight that has to move, land in none left out."""
    areas, best = sorted(set(inner) - {"."}), np.inf
    for homes in product(sorted(set(outer) - {"."}), repeat=len(areas)):
        home = dict(zip(areas, homes, strict=True))
        best = min(best, sum(w for a, o, w in zip(inner, outer, weights, strict=True) if a != "." and home[a] != o))
    return best


@settings(max_examples=60, deadline=None)
@given(drawn_networks())
def test_pieces_are_the_squares_that_both_hold(drawn):
    inner, outer, homes = drawn
    points = _places(homes)
    nesting = gg.check_nesting(_draw(inner), _draw(outer), points)
    held = pd.DataFrame({"area_id": inner, "outer_id": outer, "homes": homes})
    held = held[held["area_id"] != "."]
    squares = held.groupby(["area_id", "outer_id"]).agg(squares=("homes", "size"), homes=("homes", "sum"))
    pieces = squares.groupby("area_id").size()
    whole = [area for area in pieces.index if pieces[area] == 1 and (area, ".") not in squares.index]
    assert nesting.inner.loc[nesting.inner["state"] == "whole", "area_id"].tolist() == whole
    assert nesting.holds == (len(whole) == len(pieces))
    told = nesting.cuts.fillna({"outer_id": "."}).set_index(["area_id", "outer_id"])
    expected = squares.drop(index=[key for key in squares.index if key[0] in whole])
    assert sorted(told.index) == sorted(expected.index)
    assert np.allclose(told["area_m2"], expected.loc[told.index, "squares"] * SQUARE_M2)
    if points is not None:
        assert told["households"].tolist() == expected.loc[told.index, "homes"].tolist()
    free = pd.Series(outer)[(inner == ".") & (outer != ".")].value_counts()
    found = nesting.outer.set_index("area_id")["free_m2"] / SQUARE_M2
    assert np.allclose(found, free.reindex(found.index, fill_value=0))


@settings(max_examples=60, deadline=None)
@given(drawn_networks(), st.sampled_from(["outer", "inner"]), st.sampled_from(["area", "households"]))
def test_no_assignment_moves_less(drawn, move, weight):
    inner, outer, homes = drawn
    points = _places(homes)
    weight = "area" if points is None else weight
    nesting = gg.check_nesting(_draw(inner), _draw(outer), points, move=move, weight=weight)
    weights = homes if weight == "households" else np.full(len(homes), SQUARE_M2)
    column = "households" if weight == "households" else "area_m2"
    assert nesting.moves[column].sum() == pytest.approx(_least(inner, outer, weights))


@settings(max_examples=40, deadline=None)
@given(drawn_networks())
def test_atoms_and_polygons_tell_the_same(drawn):
    inner, outer, homes = drawn
    names = [f"{number:02d}" for number in range(len(inner))]
    one, two = (pd.Series(which, index=names, dtype=object).replace(".", None) for which in (inner, outer))
    drawing = "\n".join("".join(row) for row in np.array(list("abcdefghijkl")).reshape(ROWS, COLUMNS))
    atoms = town(drawing).set_axis(names).assign(households=homes)
    exact = gg.check_nesting(one, two, atoms=atoms)
    drawn_ = gg.check_nesting(_draw(inner), _draw(outer))
    columns = ["area_id", "outer_id", "state", "outer_areas"]
    pd.testing.assert_frame_equal(exact.inner[columns], drawn_.inner[columns])
    moves = ["area_id", "from_id", "to_id", "area_m2", "note"]
    pd.testing.assert_frame_equal(pd.DataFrame(exact.moves[moves]), pd.DataFrame(drawn_.moves[moves]))
    told = ["area_id", "whole", "cut", "is_union", "after", "parts", "parts_after"]
    pd.testing.assert_frame_equal(pd.DataFrame(exact.outer[told]), pd.DataFrame(drawn_.outer[told]))


@settings(max_examples=40, deadline=None)
@given(drawn_networks())
def test_inner_moves_applied_leave_no_area_cut(drawn):
    inner, outer, _ = drawn
    names = [f"{number:02d}" for number in range(len(inner))]
    one, two = (pd.Series(which, index=names, dtype=object).replace(".", None) for which in (inner, outer))
    drawing = "\n".join("".join(row) for row in np.array(list("abcdefghijkl")).reshape(ROWS, COLUMNS))
    atoms = town(drawing).set_axis(names)
    moves = gg.check_nesting(one, two, atoms=atoms, move="inner").moves
    centres, after = atoms.geometry.representative_point(), one.copy()
    for row in moves.itertuples():
        held = centres.within(row.geometry)
        assert set(one[held]) == {row.from_id}
        after[held] = None if pd.isna(row.to_id) else row.to_id
    if after.notna().any():
        assert gg.check_nesting(after, two).holds


@settings(max_examples=30, deadline=None)
@given(drawn_networks(), st.randoms(use_true_random=False), st.sampled_from(["outer", "inner"]))
def test_the_order_of_rows_changes_nothing_and_inputs_stay_as_they_were(drawn, random, move):
    inner, outer, homes = drawn
    tables = [_draw(inner), _draw(outer), _places(homes)]
    before = [None if table is None else table.copy(deep=True) for table in tables]
    shuffled = [None if table is None else table.iloc[random.sample(range(len(table)), len(table))] for table in tables]
    one, two = gg.check_nesting(*tables, move=move), gg.check_nesting(*shuffled, move=move)
    for name in ("networks", "inner", "outer", "cuts", "moves", "findings"):
        pd.testing.assert_frame_equal(pd.DataFrame(getattr(one, name)), pd.DataFrame(getattr(two, name)))
    for table, copy in zip(tables, before, strict=True):
        if table is not None:
            pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(copy))
