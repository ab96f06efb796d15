"""Find the areas over points in a raster of cells: fast where a float settles it, exactly everywhere else."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .edges import NOBODY
from .orientation import ERROR_SHARE, LEAST_SIDE, orientation
from .raster_cells import COVER, CROSSED, RANKS, Cells, are_crossed, count_up, number_cells

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

CHUNK = 1 << 14
"""Points worked on at a time: their arrays stay in a core's cache."""
_CROSSED: list[bool] = CROSSED.tolist()
_ENTRIES_AT_ONCE = 1 << 20
_KERNELS = f"{__package__}.point_kernels"
LEAST_TO_COMPILE = 1 << 23
"""Points in one call from which on numba is loaded: half a second, which it wins back at 13 ns a point in a few calls
of that size. Below it, a process that has not loaded numba does not."""
UNSETTLED = -2
"""Stands for the owner of a point on or next to an edge, or under several areas, until it is looked at closely."""


def find_owners(cells: Cells, x: Floats, y: Floats) -> NDArray[np.int32]:
    """Find the one area that owns each point.

    Parameters
    ----------
    cells : Cells
        The raster.
    x, y : arrays of float, metres
        NaN is a point without a place.

    Returns
    -------
    array of int32
        Rank of the area; -1 for a point that no area holds or touches. An area that has the point inside comes
        before one that has it on its edge; among equals the smallest rank owns it.
    """
    owners = settle_points(cells, x, y)
    unsettled = np.flatnonzero(owners == UNSETTLED)
    for start in range(0, len(unsettled), CHUNK):
        chosen = unsettled[start : start + CHUNK]
        owners[chosen] = _first_claims(list_claims(cells, x[chosen], y[chosen]), len(chosen))
    return owners


def settle_points(cells: Cells, x: Floats, y: Floats) -> NDArray[np.int32]:
    """Find the owner of each point that one area alone holds, away from edges by more than a float can err.

    Parameters
    ----------
    cells : Cells
    x, y : arrays of float, metres

    Returns
    -------
    array of int32
        Rank of the area, -1 for nobody, -2 (``UNSETTLED``) for a point that must be looked at closely.
    """
    frame = (cells.exponent, cells.column, cells.row, cells.width, cells.height)
    arrays = [_read_only(part) for part in (cells.codes, cells.starts, cells.entries, cells.base, cells.rows, x, y)]
    owners: NDArray[np.int32] = _choose_settle(len(x))(frame, *arrays)
    return owners


def load_compiled() -> bool:
    """Compile the look-up of many points now rather than at the first large batch: for programs that count for hours.

    Returns
    -------
    bool
        False where numba is not installed or turned off by ``GRIDGEO_NUMBA=0``; NumPy goes on giving the same answers.
    """
    chosen = import_module(_KERNELS).settle
    return chosen is not settle


def _choose_settle(size: int) -> Callable[..., NDArray[np.int32]]:
    """Choose NumPy, or what numba compiled where it is loaded already or worth loading for so many points."""
    module = sys.modules.get(_KERNELS)
    if module is None and size >= LEAST_TO_COMPILE:
        module = import_module(_KERNELS)
    return settle if module is None else module.settle


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Give a view that cannot be written: built and mapped arrays are then of one type, compiled once."""
    view = array.view()
    view.flags.writeable = False
    return view


def settle(
    frame: tuple[int, int, int, int, int],
    codes: NDArray[np.int32],
    starts: Ints,
    entries: NDArray[np.int32],
    base: Floats,
    rows: Floats,
    x: Floats,
    y: Floats,
) -> NDArray[np.int32]:
    """Find the owner of each point, -2 where a float cannot tell, in NumPy: the reference of ``point_kernels``.

    Parameters
    ----------
    frame : tuple of int
        ``exponent, column, row, width, height`` of the raster.
    codes, starts, entries, base, rows : arrays
        As in ``Cells``.
    x, y : arrays of float, metres

    Returns
    -------
    array of int32
    """
    owners = np.empty(len(x), dtype=np.int32)
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        np.take(codes, _number_cells(frame, x[part], y[part]), out=owners[part], mode="clip")
    mixed = np.flatnonzero(owners < NOBODY)
    for start in range(0, len(mixed), CHUNK):
        chosen = mixed[start : start + CHUNK]
        weights, settled = _walk((starts, entries, base, rows), x[chosen], y[chosen], -2 - owners[chosen])
        found = np.where(weights == 0, NOBODY, weights & RANKS)
        owners[chosen] = np.where(settled & (weights < 2 * COVER), found, UNSETTLED)
    return owners


def find_owner(cells: Cells, x: float, y: float) -> int:
    """Find the one area that owns a point, as ``find_owners`` does, without the cost of arrays.

    Parameters
    ----------
    cells : Cells
    x, y : float, metres

    Returns
    -------
    int
        Rank of the area, or -1.
    """
    if not (math.isfinite(x) and math.isfinite(y)):
        return NOBODY
    column = _number_cell(x, cells.exponent) - cells.column
    row = _number_cell(y, cells.exponent) - cells.row
    if not (0 <= column < cells.width and 0 <= row < cells.height):
        return NOBODY
    code = cells.codes.item(row * cells.width + column)
    if code >= NOBODY:
        return code
    weight = cells.base.item(-2 - code)
    for at in range(cells.starts.item(-2 - code), cells.starts.item(-1 - code)):
        entry = cells.entries.item(at)
        ax, ay, bx, by, change = cells.rows[entry >> 2].tolist()
        left, right = (bx - ax) * (y - ay), (by - ay) * (x - ax)
        side = left - right
        if not abs(side) > ERROR_SHARE * (abs(left) + abs(right)) + LEAST_SIDE:
            weight = 2.0 * COVER
            break
        weight += change * _CROSSED[(entry & 3) * 8 + (x >= ax) * 4 + (x >= bx) * 2 + (side > 0)]
    if weight >= 2 * COVER:
        return int(_first_claims(list_claims(cells, np.array([x]), np.array([y])), 1)[0])
    return int(weight) & RANKS if weight else NOBODY


def _number_cell(place: float, exponent: int) -> int:
    """Count as ``number_cells`` does."""
    return math.floor(place) >> exponent if exponent > 0 else math.floor(place * 2.0**-exponent)


def count_covers(cells: Cells, x: Floats, y: Floats) -> Ints:
    """Count the areas that have each point inside; a point that lies on edges only counts 1.

    Parameters
    ----------
    cells : Cells
    x, y : arrays of float, metres

    Returns
    -------
    array of int
        0 in a gap or outside, 2 or more in an overlap.
    """
    codes = find_codes(cells, x, y)
    covers = (codes > NOBODY).astype(np.int64)
    lists = (cells.starts, cells.entries, cells.base, cells.rows)
    mixed = np.flatnonzero(codes < NOBODY)
    for start in range(0, len(mixed), CHUNK):
        chosen = mixed[start : start + CHUNK]
        weights, settled = _walk(lists, x[chosen], y[chosen], -2 - codes[chosen])
        covers[chosen] = weights // COVER
        unsettled = chosen[~settled]
        claims = list_claims(cells, x[unsettled], y[unsettled])
        inside = np.bincount(claims["point"], weights=claims["inside"], minlength=len(unsettled))
        touched = np.bincount(claims["point"], minlength=len(unsettled)) > 0
        covers[unsettled] = np.maximum(inside, touched)
    return covers


def find_codes(cells: Cells, x: Floats, y: Floats) -> NDArray[np.int32]:
    """Look up the code of the cell that holds each point; far points and missing ones fall into the empty rim."""
    codes = np.empty(len(x), dtype=np.int32)
    for start in range(0, len(x), CHUNK):
        chosen = slice(start, start + CHUNK)
        np.take(cells.codes, locate_cells(cells, x[chosen], y[chosen]), out=codes[chosen], mode="clip")
    return codes


def locate_cells(cells: Cells, x: Floats, y: Floats) -> NDArray[np.intp]:
    """Give the position of each point's cell in ``codes``."""
    return _number_cells((cells.exponent, cells.column, cells.row, cells.width, cells.height), x, y)


def _number_cells(frame: tuple[int, int, int, int, int], x: Floats, y: Floats) -> NDArray[np.intp]:
    exponent, first_column, first_row, width, height = frame
    column, row = number_cells(x, exponent), number_cells(y, exponent)
    for place, first, size in ((column, first_column, width), (row, first_row, height)):
        np.subtract(place, first, out=place)
        np.fmax(place, 0.0, out=place)
        np.fmin(place, size - 1.0, out=place)
    row *= width
    row += column
    return row.astype(np.intp)


def _walk(
    lists: tuple[Ints, NDArray[np.int32], Floats, Floats], x: Floats, y: Floats, mixed: NDArray[np.int32]
) -> tuple[Ints, NDArray[np.bool_]]:
    """Add up the weights over points in mixed cells; ``lists``: starts, entries, base and rows of ``Cells``.

    Returns
    -------
    weights : array of int
        ``COVER`` an area, plus the ranks of the areas.
    settled : array of bool
        False where the point is so near an edge that a float cannot tell on which side.
    """
    starts, entries, base, rows = lists
    weights = base[mixed]
    settled = np.ones(len(x), dtype=bool)
    at, last = starts[mixed], starts[mixed + 1]
    active = np.flatnonzero(at < last)
    while active.size:
        entry = entries[at[active]]
        ax, ay, bx, by, change = rows[entry >> 2].T
        px, py = x[active], y[active]
        rx = px - ax
        left, right = (bx - ax) * (py - ay), (by - ay) * rx
        side = left - right
        case = (entry & 3) * 8 + (rx >= 0) * 4 + (px >= bx) * 2 + (side > 0)
        weights[active] += change * CROSSED[case]
        unsure = ~(np.abs(side) > ERROR_SHARE * (np.abs(left) + np.abs(right)) + LEAST_SIDE)
        settled[active[unsure]] = False
        at[active] += 1
        active = active[at[active] < last[active]]
    return weights.astype(np.int64), settled


def list_claims(cells: Cells, x: Floats, y: Floats) -> pd.DataFrame:
    """List every area that holds or touches each point, by exact arithmetic.

    Parameters
    ----------
    cells : Cells
    x, y : arrays of float, metres

    Returns
    -------
    DataFrame
        Columns ``point`` (position), ``area`` (rank) and ``inside`` (False where the point is on the area's edge),
        in the order of points and ranks.
    """
    places = locate_cells(cells, x, y).astype(np.int64)
    codes = cells.codes[places].astype(np.int64)
    pure = np.flatnonzero(codes > NOBODY)
    mixed = np.flatnonzero(codes < NOBODY)
    entries = np.cumsum(np.diff(cells.starts)[-2 - codes[mixed]])
    batches = np.split(mixed, np.flatnonzero(np.diff(entries // _ENTRIES_AT_ONCE)) + 1)
    claims = [_claims_in_mixed(cells, batch, x[batch], y[batch], places[batch]) for batch in batches]
    alone = (pure, codes[pure], np.ones(len(pure), dtype=bool))
    point, area, inside = (np.concatenate(column) for column in zip(alone, *claims, strict=True))
    order = np.lexsort([area, point])
    return pd.DataFrame({"point": point[order], "area": area[order], "inside": inside[order]})


def _claims_in_mixed(
    cells: Cells, points: Ints, x: Floats, y: Floats, places: Ints
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """List the claims on points in mixed cells: the areas over the cell's corner, changed by the edges crossed."""
    mixed = -2 - cells.codes[places].astype(np.int64)
    counts = cells.starts[mixed + 1] - cells.starts[mixed]
    nth = np.repeat(np.arange(len(points)), counts)
    entry = cells.entries[np.arange(counts.sum()) + (cells.starts[mixed] - (np.cumsum(counts) - counts))[nth]]
    edge, kind = entry >> 2, entry & 3

    ends = cells.rows[edge, :4]
    at_point = are_crossed(ends, kind, x[nth], y[nth])
    at_corner = are_crossed(ends, kind, *cells.corners(places[nth]))
    over_corner = cells.base[mixed].astype(np.int64) + _add_up(nth, cells.rows[edge, 4] * at_corner, len(points))
    held, held_area = _areas_over_corners(cells, mixed, over_corner)

    change, touches = at_point.astype(np.int64) - at_corner, _lie_on(ends, x[nth], y[nth])
    told = np.flatnonzero((change != 0) | touches)
    above, below = cells.sides[edge[told]].astype(np.int64).T
    point = points[np.concatenate([nth[told], nth[told], held])]
    area = np.concatenate([above, below, held_area])
    holds = np.concatenate([change[told], -change[told], np.ones(len(held), dtype=np.int64)])
    touches = np.concatenate([touches[told], touches[told], np.zeros(len(held), dtype=bool)])

    known = area != NOBODY
    width = len(cells.sides) + 1  # no more areas than edges
    pairs, pair = np.unique(point[known] * width + area[known], return_inverse=True)
    held_by = _add_up(pair, holds[known], len(pairs))
    touched_by = np.bincount(pair, weights=touches[known], minlength=len(pairs)) > 0
    claimed = (held_by > 0) | touched_by
    return pairs[claimed] // width, pairs[claimed] % width, ~touched_by[claimed]


def areas_of_cells(cells: Cells, places: Ints) -> tuple[Ints, Ints]:
    """List the areas that hold or enter mixed cells.

    Parameters
    ----------
    cells : Cells
    places : array of int
        Positions of mixed cells in ``codes``.

    Returns
    -------
    nth, area : arrays of int
        Position in ``places`` and rank: of the areas beside each edge in the cell, -1 among them, and of those over
        its corner, which need no edge in the cell to cover it. A pair may stand more than once.
    """
    mixed = -2 - cells.codes[places].astype(np.int64)
    nth, row = count_up(cells.starts[mixed], cells.starts[mixed + 1] - 1)
    edge, kind = cells.entries[row] >> 2, cells.entries[row] & 3
    at_corner = are_crossed(cells.rows[edge, :4], kind, *cells.corners(places[nth]))
    over_corner = cells.base[mixed].astype(np.int64) + _add_up(nth, cells.rows[edge, 4] * at_corner, len(places))
    held, held_area = _areas_over_corners(cells, mixed, over_corner)
    above, below = cells.sides[edge].astype(np.int64).T
    return np.concatenate([nth, nth, held]), np.concatenate([above, below, held_area])


def _add_up(position: Ints, values: NDArray[Any], size: int) -> Ints:
    """Add up weights that share a position."""
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, position, values.astype(np.int64))
    return sums


def _areas_over_corners(cells: Cells, mixed: Ints, over_corner: Ints) -> tuple[Ints, Ints]:
    """List the areas over the corner of each point's cell: pairs of position and rank."""
    covers = over_corner // COVER
    one = np.flatnonzero(covers == 1)
    many = np.flatnonzero(covers > 1)
    first, last = (np.searchsorted(cells.crowd[:, 0], mixed[many], side) for side in ("left", "right"))
    nth, row = count_up(first, last - 1)
    return np.concatenate([one, many[nth]]), np.concatenate([over_corner[one] & RANKS, cells.crowd[row, 1]])


def _lie_on(ends: Floats, x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Tell, exactly, which points lie on their edge, its ends included."""
    ax, ay, bx, by = ends.T
    near = (ax <= x) & (x <= bx) & (np.minimum(ay, by) <= y) & (y <= np.maximum(ay, by))
    on = np.zeros(len(x), dtype=bool)
    at = np.flatnonzero(near)
    on[at] = orientation(ax[at], ay[at], bx[at], by[at], x[at], y[at]) == 0
    return on


def _first_claims(claims: pd.DataFrame, size: int) -> NDArray[np.int32]:
    """Choose each point's owner among the areas that claim it."""
    owners = np.full(size, NOBODY, dtype=np.int32)
    point, area, inside = (claims[name].to_numpy() for name in ("point", "area", "inside"))
    order = np.lexsort([area, ~inside, point])[::-1]
    owners[point[order]] = area[order]  # the best claim is written last
    return owners
