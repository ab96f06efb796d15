"""Sum the boundaries of areas: where every segment meets its opposite, the areas tile what they enclose.

The boundary of an area is a chain of directed segments with the area's land on their left. Add the chains of all
areas, subtract the territory's, and let opposite segments cancel. If nothing is left, the number of areas over a
point minus one inside the territory (minus nothing outside) has no boundary anywhere, so it is 0 everywhere: every
point of the territory is covered exactly once. What is left over bounds the defects, and nothing else does.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

TERRITORY = -1
"""Owner of the territory's own segments."""

_POLYGON = 3
"""Number that shapely gives to polygons."""

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0x9E3779B97F4A7C15))


@dataclass(frozen=True, eq=False)
class Segments:
    """Directed segments of the boundaries of areas.

    Parameters
    ----------
    xy : (v, 2) array of float, metres
        Points, ring after ring.
    start : (n,) array of int
        Each segment runs from this point to the next one.
    owner : (n,) array of int
        Position of the area, or ``TERRITORY``.
    weight : (n,) array of int
        1 where the segment counts as drawn, -1 where it counts the other way round.
    """

    xy: np.ndarray
    start: np.ndarray
    owner: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.owner)

    @classmethod
    def between(cls, ends: np.ndarray, owner: np.ndarray, weight: np.ndarray) -> Segments:
        """Make segments from rows of ``x0, y0, x1, y1``."""
        return cls(ends.reshape(-1, 2), np.arange(0, 2 * len(ends), 2), owner, weight)

    @cached_property
    def ends(self) -> np.ndarray:
        """Give ``x0, y0, x1, y1`` of each segment, in the direction in which the ring was drawn."""
        return np.hstack([self.xy[self.start], self.xy[self.start + 1]])

    def take(self, which: np.ndarray) -> Segments:
        """Keep some of the segments, by mask or position."""
        start = self.start[which]
        ends = np.hstack([self.xy[start], self.xy[start + 1]])
        return Segments.between(ends, self.owner[which], self.weight[which])

    def lines(self) -> np.ndarray:
        """Draw the segments as an array of LineString."""
        return draw_lines(self.ends)


def draw_lines(ends: np.ndarray) -> np.ndarray:
    """Draw segments, rows of ``x0, y0, x1, y1``, as an array of LineString."""
    # Python looks for garbage again and again while so many objects are made; these hold no others.
    collects = gc.isenabled()
    gc.disable()
    try:
        return np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2)), dtype=object)
    finally:
        if collects:
            gc.enable()


def boundary_segments(shapes: np.ndarray, owners: np.ndarray | None = None, sign: int | np.ndarray = 1) -> Segments:
    """Cut the rings of areas into segments that have the area's land on their left.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        Two-dimensional and finite; missing and empty ones have no segments.
    owners : array of int, optional
        Who owns each shape; its position by default.
    sign : int, or array of int for each shape
        1 to add the boundaries, -1 to subtract them.

    Returns
    -------
    Segments
        Without those of no length.
    """
    owners = np.arange(len(shapes)) if owners is None else np.asarray(owners)
    points, shape_of, is_shell = _rings(shapes)
    xy = shapely.get_coordinates(shapes)
    xy += 0.0  # a negative zero becomes the zero that it equals
    begins = np.cumsum(points) - points
    runs_left = _twice_areas(xy, begins, points) > 0
    weight = np.where(runs_left == is_shell, 1, -1) * np.broadcast_to(sign, len(shapes))[shape_of]
    follows = np.ones(len(xy), dtype=bool)
    follows[:-1] = xy[1:, 0] != xy[:-1, 0]
    follows[:-1] |= xy[1:, 1] != xy[:-1, 1]
    follows[begins + points - 1] = False
    start = np.flatnonzero(follows)
    count = np.add.reduceat(follows, begins, dtype=np.int64) if len(begins) else points
    return Segments(xy, start, np.repeat(owners[shape_of], count), np.repeat(weight.astype(np.int8), count))


def _rings(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """List the rings in the order of their coordinates: how many points each has, whose it is, and whether a shell."""
    points = shapely.get_num_coordinates(shapes)
    plain = (shapely.get_type_id(shapes) == _POLYGON) & (shapely.get_num_interior_rings(shapes) == 0)
    shape_of, several = np.flatnonzero(plain & (points > 0)), np.flatnonzero(~plain & (points > 0))
    points, is_shell = points[shape_of].astype(np.int64), np.ones(len(shape_of), dtype=bool)
    if len(several):
        parts, part_of = shapely.get_parts(shapes[several], return_index=True)
        rings, ring_of = shapely.get_rings(parts, return_index=True)
        shape_of = np.concatenate([shape_of, several[part_of[ring_of]]])
        points = np.concatenate([points, shapely.get_num_coordinates(rings)])
        is_shell = np.concatenate([is_shell, np.diff(ring_of, prepend=-1) != 0])
        order = np.argsort(shape_of, kind="stable")
        order = order[points[order] > 0]
        shape_of, points, is_shell = shape_of[order], points[order], is_shell[order]
    return points, shape_of, is_shell


def _twice_areas(xy: np.ndarray, begins: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Measure twice the area of each ring, positive where it runs with its land on the left; the signs are sure."""
    if not len(begins):
        return np.empty(0)
    x, y = (np.ascontiguousarray(xy[:, axis] - xy[0, axis]) for axis in (0, 1))
    # No term and no sum is off by more than this.
    unsure = 8 * np.finfo(float).eps * points**2 * (np.abs(x).max() + 1) * (np.abs(y).max() + 1)
    twice = _sum_turns(x, y, begins, points)
    small = np.flatnonzero(np.abs(twice) <= unsure)
    if len(small):
        count = points[small]
        first = np.cumsum(count) - count
        at = np.arange(count.sum()) + np.repeat(begins[small] - first, count)
        near = xy[at] - np.repeat(xy[begins[small]], count, axis=0)
        twice[small] = _sum_turns(near[:, 0], near[:, 1], first, count)
    return twice


def _sum_turns(x: np.ndarray, y: np.ndarray, begins: np.ndarray, points: np.ndarray) -> np.ndarray:
    turns = np.zeros(len(x))
    turns[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    turns[begins + points - 1] = 0.0
    return np.asarray(np.add.reduceat(turns, begins))


def join_segments(*several: Segments) -> Segments:
    """Put the segments of several chains into one."""
    before = np.cumsum([0, *(len(one.xy) for one in several)])
    return Segments(
        np.concatenate([one.xy for one in several]),
        np.concatenate([one.start + first for one, first in zip(several, before, strict=False)]),
        np.concatenate([one.owner for one in several]),
        np.concatenate([one.weight for one in several]),
    )


@dataclass(frozen=True)
class Matching:
    """Segments grouped by where they lie, whichever way they run.

    Parameters
    ----------
    order : (n,) array of int
        Positions of the segments, group by group.
    starts : (g,) array of int
        Where each group begins in ``order``.
    sums : (g,) array of int
        What is left of each group after opposite segments have cancelled.
    """

    order: np.ndarray
    starts: np.ndarray
    sums: np.ndarray

    @cached_property
    def sizes(self) -> np.ndarray:
        """Count the segments of each group."""
        return np.diff(np.append(self.starts, len(self.order)))

    @property
    def closes(self) -> bool:
        """Tell whether everything cancels."""
        return not self.sums.any()

    def members(self, groups: np.ndarray) -> np.ndarray:
        """Give the positions of the segments of some groups, in order of the groups.

        Parameters
        ----------
        groups : array of bool
            Which groups.

        Returns
        -------
        array of int
        """
        return self.order[np.repeat(groups, self.sizes)]

    def unmatched(self) -> np.ndarray:
        """Give the positions of all segments of groups that do not cancel, in their own order."""
        return np.sort(self.members(self.sums != 0))


def closes(segments: Segments, *, strict: bool = False) -> bool:
    """Tell whether all opposite segments cancel, in less time than it takes to match them.

    Parameters
    ----------
    segments : Segments
    strict : bool
        As in ``match``.

    Returns
    -------
    bool
        False also where more than two segments cancel in one place: ``match`` knows.
    """
    key, forward = _keys(segments, strict)
    key <<= np.uint64(1)
    key |= forward == (segments.weight > 0)
    key.sort()
    if len(key) % 2:
        return False
    return bool(((key[0::2] ^ key[1::2]) == 1).all())


def match(segments: Segments, *, strict: bool = False, label: np.ndarray | None = None) -> Matching:
    """Let opposite segments cancel.

    Parameters
    ----------
    segments : Segments
    strict : bool
        Compare coordinates instead of 63-bit hashes of them. Two different segments among two million share a hash
        with a chance of about one in five million.
    label : (n,) array of int, optional
        Only segments of one label cancel; for a chain of each parent, say.

    Returns
    -------
    Matching
    """
    if not len(segments):
        return Matching(*(np.empty(0, dtype=np.int64) for _ in range(3)))
    key, forward = _keys(segments, strict)
    if label is not None:
        key = _label(key, label, strict=strict)
    order = np.argsort(key)
    key = key[order]
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    signed = np.where(forward, segments.weight, -segments.weight)
    return Matching(order, starts, np.add.reduceat(signed[order], starts, dtype=np.int64))


def _keys(segments: Segments, strict: bool) -> tuple[np.ndarray, np.ndarray]:
    """Give each segment a key below 2^63 that does not depend on its direction, and its direction."""
    names = number_points(segments.xy).astype(np.uint64) if strict else _hash_points(segments.xy)
    one, two = names[segments.start], names[segments.start + 1]
    forward = one < two
    if strict:
        key = np.minimum(one, two)
        key *= np.uint64(len(names))
        key += np.maximum(one, two)
        return key, forward
    one += two
    one >>= np.uint64(1)
    return one, forward


def _hash_points(xy: np.ndarray) -> np.ndarray:
    """Mix the bits of both coordinates of each point into one word."""
    bits = xy.view(np.uint64)
    with np.errstate(over="ignore"):
        mixed = _scatter(bits[:, 0].copy())
        mixed += bits[:, 1]
        return _scatter(mixed)


def _label(key: np.ndarray, label: np.ndarray, *, strict: bool) -> np.ndarray:
    """Give segments of different labels different keys."""
    if strict:
        return np.unique(key, return_inverse=True)[1] * np.int64(label.max() + 2) + label + 1
    with np.errstate(over="ignore"):
        return _scatter(key + label.astype(np.uint64))


def _scatter(bits: np.ndarray) -> np.ndarray:
    """Mix the bits of 64-bit words, in place (the finaliser of splitmix64)."""
    bits += _MIX[2]
    bits ^= bits >> np.uint64(30)
    bits *= _MIX[0]
    bits ^= bits >> np.uint64(27)
    bits *= _MIX[1]
    bits ^= bits >> np.uint64(31)
    return bits


def number_points(xy: np.ndarray) -> np.ndarray:
    """Number points so that equal points, and only those, have equal numbers; in order of x, then y.

    Parameters
    ----------
    xy : (n, 2) array of float

    Returns
    -------
    (n,) array of int
    """
    if not len(xy):
        return np.empty(0, dtype=np.int64)
    order = np.argsort(xy[:, 0])
    x, y = xy[order, 0], xy[order, 1]
    same_x = x[1:] == x[:-1]
    mixed = same_x & (y[1:] != y[:-1])
    if mixed.any():  # few, but where vertices stand in columns: there the points of a column are ordered by y
        column = np.concatenate([[0], np.cumsum(~same_x)])
        asked = np.zeros(column[-1] + 1, dtype=bool)
        asked[column[1:][mixed]] = True
        at = np.flatnonzero(asked[column])
        turned = at[np.lexsort((y[at], column[at]))]
        order[at], y[at] = order[turned], y[turned]
    numbers = np.empty(len(xy), dtype=np.int64)
    numbers[order] = np.concatenate([[0], np.cumsum(~same_x | (y[1:] != y[:-1]))])
    return numbers
