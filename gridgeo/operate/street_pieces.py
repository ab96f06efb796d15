"""Lay streets out along one line of numbers, so that stretches of them are spans that can be joined and measured."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_APART_M = 1.0
"""Between the lines of two streets, so that no stretch runs on from one to the next."""
_TOUCH_M = 1e-3
"""Spans nearer than this touch: consecutive pieces meet within the rounding of their lengths."""
_PARALLEL = 1e-12
"""Directions whose product is below this run parallel."""


@dataclass(frozen=True)
class Pieces:
    """The straight pieces of streets, in order.

    Parameters
    ----------
    street : array of int
        Row of the street.
    line : array of int
        Number of the line the piece is part of: a street of several parts has several lines.
    begins : array of float, metres
        Where the piece begins on the line of numbers on which all lines lie one after the other.
    length : array of float, metres
    start, way : arrays of float, shape (pieces, 2)
        Where the piece begins on the map, and its direction, of length 1.
    """

    street: Ints
    line: Ints
    begins: Floats
    length: Floats
    start: Floats
    way: Floats

    def shapes(self) -> NDArray[np.object_]:
        """Draw the pieces as lines of two points."""
        end = self.start + self.way * self.length[:, None]
        return np.asarray(shapely.linestrings(np.stack([self.start, end], axis=1)))

    def line_spans(self) -> tuple[Floats, Floats]:
        """Give where each line begins and ends on the line of numbers."""
        first = np.flatnonzero(np.diff(self.line, prepend=-1))
        last = np.flatnonzero(np.diff(self.line, append=-1))
        return self.begins[first], self.begins[last] + self.length[last]


def cut_streets(streets: gpd.GeoDataFrame) -> Pieces:
    """Cut streets into straight pieces.

    Parameters
    ----------
    streets : GeoDataFrame
        Table ``STREETS``.

    Returns
    -------
    Pieces
        Of a length above 0.
    """
    parts, street = shapely.get_parts(streets.geometry.to_numpy(), return_index=True)
    places, line = shapely.get_coordinates(parts, return_index=True)
    same = np.flatnonzero(np.diff(line) == 0) if len(line) else np.empty(0, np.int64)
    step = places[same + 1] - places[same]
    length = np.hypot(*step.T)
    good = length > 0
    same, step, length = same[good], step[good], length[good]
    number = line[same].astype(np.int64)
    ends = np.cumsum(length)
    begins = ends - length + number * _APART_M
    way = step / length[:, None]
    return Pieces(street[number].astype(np.int64), number, begins, length, places[same], way)


def join_spans(group: Ints, begins: Floats, ends: Floats) -> tuple[Ints, Floats, Floats]:
    """Join the spans of each group that touch or overlap.

    Parameters
    ----------
    group : array of int
    begins, ends : arrays of float, metres

    Returns
    -------
    group, begins, ends : arrays
        Sorted by group and place, apart from each other.
    """
    order = np.lexsort((ends, begins, group))
    group, begins, ends = group[order], begins[order], ends[order]
    if not len(group):
        return group, begins, ends
    # The farthest end so far in a group: groups are lifted above each other, so that one running maximum serves all.
    low, span = begins.min(), ends.max() - begins.min() + 1.0
    rank = np.cumsum(np.diff(group, prepend=group[0]) != 0)
    reached = np.maximum.accumulate(ends - low + rank * span)
    is_new = np.ones(len(group), dtype=bool)
    is_new[1:] = (np.diff(rank) != 0) | (begins[1:] - low + rank[1:] * span > reached[:-1] + _TOUCH_M)
    first = np.flatnonzero(is_new)
    return group[first], begins[first], np.maximum.reduceat(ends, first)


class Amount:
    """How much of the line of numbers spans cover, up to any place on it.

    Parameters
    ----------
    begins, ends : arrays of float, metres
        Apart from each other and in order, as ``join_spans`` gives them for one group.
    """

    def __init__(self, begins: Floats, ends: Floats) -> None:
        self._places = np.stack([begins, ends], axis=1).ravel()
        self._totals = np.repeat(np.concatenate([[0.0], np.cumsum(ends - begins)]), 2)[1:-1]

    def between(self, begins: Floats, ends: Floats) -> Floats:
        """Measure how much of each span is covered."""
        if not len(self._places):
            return np.zeros(len(begins))
        return np.interp(ends, self._places, self._totals) - np.interp(begins, self._places, self._totals)


def spans_near(pieces: Pieces, chosen: Ints, start: Floats, end: Floats, within_m: float) -> tuple[Floats, Floats]:
    """Find for pairs of a piece and a straight path which span of the piece lies within reach of the path.

    The places within reach of a straight path are a convex figure, two discs and the rectangle between them, so that
    the span is one: from the least to the greatest of the places where the piece's line enters or leaves these three.

    Parameters
    ----------
    pieces : Pieces
    chosen : array of int
        Number of the piece, one a pair.
    start, end : arrays of float, shape (pairs, 2), metres
        Of the path.
    within_m : float, metres

    Returns
    -------
    begins, ends : arrays of float, metres
        On the line of numbers; where nothing is within reach the end is not above the beginning.
    """
    way = pieces.way[chosen]
    path = end - start
    size = np.hypot(*path.T)
    along = np.divide(path, size[:, None], out=np.tile([1.0, 0.0], (len(size), 1)), where=size[:, None] > 0)
    shifted = pieces.start[chosen] - start
    low, high = np.full(len(size), np.inf), np.full(len(size), -np.inf)
    for centre in (np.zeros_like(path), path):
        middle = ((centre - shifted) * way).sum(axis=1)
        aside = shifted + way * middle[:, None] - centre
        reach = within_m**2 - (aside**2).sum(axis=1)
        half = np.sqrt(np.maximum(reach, 0.0))
        low = np.where(reach >= 0, np.minimum(low, middle - half), low)
        high = np.where(reach >= 0, np.maximum(high, middle + half), high)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    enters, leaves = np.full(len(size), -np.inf), np.full(len(size), np.inf)
    for axis, least, most in ((along, 0.0, size), (across, -within_m, within_m)):
        at, rate = (shifted * axis).sum(axis=1), (way * axis).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            one, other = (least - at) / rate, (most - at) / rate
        flat = np.abs(rate) < _PARALLEL
        inside = (at >= least) & (at <= most)
        enters = np.where(flat, np.where(inside, enters, np.inf), np.maximum(enters, np.minimum(one, other)))
        leaves = np.where(flat, np.where(inside, leaves, -np.inf), np.minimum(leaves, np.maximum(one, other)))
    meets = enters <= leaves
    low, high = np.where(meets, np.minimum(low, enters), low), np.where(meets, np.maximum(high, leaves), high)
    begins = pieces.begins[chosen]
    return begins + np.maximum(low, 0.0), begins + np.minimum(high, pieces.length[chosen])
