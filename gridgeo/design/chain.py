"""Sum the boundaries of areas: where every segment meets its opposite, the areas tile what they enclose.

The boundary of an area is a chain of directed segments with the area's land on their left. Add the chains of all
areas, subtract the territory's, and let opposite segments cancel. If nothing is left, the number of areas over a
point minus one inside the territory (minus nothing outside) has no boundary anywhere, so it is 0 everywhere: every
point of the territory is covered exactly once. What is left over bounds the defects, and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

TERRITORY = -1
"""Owner of the territory's own segments."""

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0x9E3779B97F4A7C15))


@dataclass(frozen=True)
class Segments:
    """Directed segments of the boundaries of areas.

    Parameters
    ----------
    ends : (n, 4) array of float, metres
        ``x0, y0, x1, y1``, in the direction in which the ring was drawn.
    owner : (n,) array of int
        Position of the area, or ``TERRITORY``.
    weight : (n,) array of int
        1 where the segment counts as drawn, -1 where it counts the other way round.
    """

    ends: np.ndarray
    owner: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.owner)

    def take(self, which: np.ndarray) -> Segments:
        """Keep some of the segments, by mask or position."""
        return Segments(self.ends[which], self.owner[which], self.weight[which])

    def lines(self) -> np.ndarray:
        """Draw the segments as an array of LineString."""
        return draw_lines(self.ends)


def draw_lines(ends: np.ndarray) -> np.ndarray:
    """Draw segments, rows of ``x0, y0, x1, y1``, as an array of LineString."""
    return np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2)), dtype=object)


def boundary_segments(shapes: np.ndarray, owners: np.ndarray | None = None, sign: int = 1) -> Segments:
    """Cut the rings of areas into segments that have the area's land on their left.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        Two-dimensional and finite; missing and empty ones have no segments.
    owners : array of int, optional
        Who owns each shape; its position by default.
    sign : int
        1 to add the boundaries, -1 to subtract them.

    Returns
    -------
    Segments
        Without those of no length.
    """
    owners = np.arange(len(shapes)) if owners is None else np.asarray(owners)
    parts, part_of = shapely.get_parts(shapes, return_index=True)
    filled = ~shapely.is_empty(parts)
    parts, part_of = parts[filled], part_of[filled]
    if not len(parts):
        return Segments(np.empty((0, 4)), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    _, xy, offsets = shapely.to_ragged_array(parts, include_z=False)
    ring_at, part_at = (np.asarray(offset, dtype=np.int64) for offset in offsets)
    xy = xy + 0.0  # a negative zero becomes the zero that it equals
    points = np.diff(ring_at)
    weight = sign * _ring_weights(xy, ring_at, part_at)
    owner = np.repeat(owners[part_of], np.diff(part_at))
    follows = np.ones(len(xy), dtype=bool)
    follows[ring_at[1:] - 1] = False
    follows[:-1] &= (xy[1:] != xy[:-1]).any(axis=1)
    first = np.flatnonzero(follows)
    ring_of = np.repeat(np.arange(len(points)), points)[first]
    return Segments(np.hstack([xy[first], xy[first + 1]]), owner[ring_of], weight[ring_of])


def _ring_weights(xy: np.ndarray, ring_at: np.ndarray, part_at: np.ndarray) -> np.ndarray:
    """Give 1 for rings with the land on their left, -1 for the others."""
    near = xy - np.repeat(xy[ring_at[:-1]], np.diff(ring_at), axis=0)
    twice = np.zeros(len(xy))
    twice[:-1] = near[:-1, 0] * near[1:, 1] - near[1:, 0] * near[:-1, 1]
    twice[ring_at[1:] - 1] = 0.0
    runs_left = np.add.reduceat(twice, ring_at[:-1]) > 0
    is_shell = np.zeros(len(ring_at) - 1, dtype=bool)
    is_shell[part_at[:-1]] = True
    return np.where(runs_left == is_shell, 1, -1)


def join_segments(*several: Segments) -> Segments:
    """Put the segments of several chains into one."""
    return Segments(
        np.concatenate([one.ends for one in several]),
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


def match(segments: Segments, *, strict: bool = False, label: np.ndarray | None = None) -> Matching:
    """Let opposite segments cancel.

    Parameters
    ----------
    segments : Segments
    strict : bool
        Compare coordinates instead of 64-bit hashes of them. Two different segments among two million share a hash
        with a chance of about one in ten million.
    label : (n,) array of int, optional
        Only segments of one label cancel; for a chain of each parent, say.

    Returns
    -------
    Matching
    """
    total = len(segments)
    if not total:
        return Matching(*(np.empty(0, dtype=np.int64) for _ in range(3)))
    key, forward = (_numbered if strict else _hashed)(segments.ends)
    if label is not None:
        key = np.unique(key, return_inverse=True)[1] * np.int64(label.max() + 2) + label + 1
    order = np.argsort(key)
    key = key[order]
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    signed = np.where(forward, segments.weight, -segments.weight)
    return Matching(order, starts, np.add.reduceat(signed[order], starts))


def _hashed(ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give each segment a hash that does not depend on its direction, and its direction."""
    bits = ends.view(np.uint64)
    with np.errstate(over="ignore"):
        one = _scatter(_scatter(bits[:, 0].copy()) + bits[:, 1])
        two = _scatter(_scatter(bits[:, 2].copy()) + bits[:, 3])
        return one + two, one < two


def _scatter(bits: np.ndarray) -> np.ndarray:
    """Mix the bits of 64-bit words, in place (the finaliser of splitmix64)."""
    bits += _MIX[2]
    bits ^= bits >> np.uint64(30)
    bits *= _MIX[0]
    bits ^= bits >> np.uint64(27)
    bits *= _MIX[1]
    bits ^= bits >> np.uint64(31)
    return bits


def _numbered(ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give each segment the numbers of its two ends as one key, and its direction."""
    one, two = number_points(ends.reshape(-1, 2)).reshape(-1, 2).T
    return np.minimum(one, two) * np.int64(2 * len(ends)) + np.maximum(one, two), one < two


def number_points(xy: np.ndarray) -> np.ndarray:
    """Number points so that equal points, and only those, have equal numbers; in order of x, then y.

    Parameters
    ----------
    xy : (n, 2) array of float

    Returns
    -------
    (n,) array of int
    """
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    changes = (xy[order[1:]] != xy[order[:-1]]).any(axis=1)
    numbers = np.empty(len(xy), dtype=np.int64)
    numbers[order] = np.concatenate([[0], np.cumsum(changes)]) if len(xy) else 0
    return numbers
