"""Find the areas over points in a raster of cells: fast where a float settles it, exactly everywhere else."""

from __future__ import annotations

import math

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
    owners = find_codes(cells, x, y)
    mixed = np.flatnonzero(owners < NOBODY)
    for start in range(0, len(mixed), CHUNK):
        chosen = mixed[start : start + CHUNK]
        weights, settled = _walk(cells, x[chosen], y[chosen], -2 - owners[chosen])
        found = np.where(weights == 0, NOBODY, weights & RANKS)
        owners[chosen] = np.where(settled & (weights < 2 * COVER), found, UNSETTLED)
    unsettled = mixed[owners[mixed] == UNSETTLED]
    for start in range(0, len(unsettled), CHUNK):
        chosen = unsettled[start : start + CHUNK]
        owners[chosen] = _first_claims(list_claims(cells, x[chosen], y[chosen]), len(chosen))
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
    mixed = np.flatnonzero(codes < NOBODY)
    for start in range(0, len(mixed), CHUNK):
        chosen = mixed[start : start + CHUNK]
        weights, settled = _walk(cells, x[chosen], y[chosen], -2 - codes[chosen])
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
    column, row = number_cells(x, cells.exponent), number_cells(y, cells.exponent)
    for place, first, size in ((column, cells.column, cells.width), (row, cells.row, cells.height)):
        np.subtract(place, first, out=place)
        np.fmax(place, 0.0, out=place)
        np.fmin(place, size - 1.0, out=place)
    row *= cells.width
    row += column
    return row.astype(np.intp)


def _walk(cells: Cells, x: Floats, y: Floats, mixed: NDArray[np.int32]) -> tuple[Ints, NDArray[np.bool_]]:
    """Add up the weights over points in mixed cells.

    Returns
    -------
    weights : array of int
        ``COVER`` an area, plus the ranks of the areas.
    settled : array of bool
        False where the point is so near an edge that a float cannot tell on which side.
    """
    weights = cells.base[mixed]
    settled = np.ones(len(x), dtype=bool)
    at, last = cells.starts[mixed], cells.starts[mixed + 1]
    active = np.flatnonzero(at < last)
    while active.size:
        entry = cells.entries[at[active]]
        ax, ay, bx, by, change = cells.rows[entry >> 2].T
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
    alone = pd.DataFrame({"point": pure, "area": codes[pure], "inside": True})
    return pd.concat([alone, *claims]).sort_values(["point", "area"], ignore_index=True)


def _claims_in_mixed(cells: Cells, points: Ints, x: Floats, y: Floats, places: Ints) -> pd.DataFrame:
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
    sums = pd.DataFrame(
        {
            "point": points[np.concatenate([nth[told], nth[told], held])],
            "area": np.concatenate([above, below, held_area]),
            "holds": np.concatenate([change[told], -change[told], np.ones(len(held), dtype=np.int64)]),
            "touches": np.concatenate([touches[told], touches[told], np.zeros(len(held), dtype=bool)]),
        }
    )
    sums = (
        sums[sums["area"] != NOBODY].groupby(["point", "area"], as_index=False).agg({"holds": "sum", "touches": "max"})
    )
    claims = sums[(sums["holds"] > 0) | sums["touches"]]
    return claims.assign(inside=~claims["touches"])[["point", "area", "inside"]]


def _add_up(position: Ints, values: Floats, size: int) -> Ints:
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
    first = claims.sort_values(["point", "inside", "area"], ascending=[True, False, True]).drop_duplicates("point")
    owners[first["point"]] = first["area"]
    return owners
