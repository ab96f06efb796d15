"""Place the points that stand for a building where land is given to what lies nearest."""

from __future__ import annotations

import numpy as np
import shapely

INSET_M = (0.25, 4.0)
"""Least and largest distance of a building's points from its walls, metres."""
SPACING = 2.0
"""Distance between a building's points, in insets."""
WIDEST_M = 6.0
"""Largest distance between a building's points, metres."""
LEVELS = 3
"""How many sets of points there are for a building: each twice as fine as the one before."""

SQUARE = 0.02
"""How far from a right angle (as a cosine) a corner may be for a building to count as a rectangle."""


def free_distance(buildings: np.ndarray, *, most_m: float = INSET_M[1]) -> np.ndarray:
    """Measure how far each building stands from the next.

    Parameters
    ----------
    buildings : array of Polygon, shape (n,)
    most_m : float, metres
        What is farther counts as this far.

    Returns
    -------
    array of float, shape (n,), metres
    """
    free = np.full(len(buildings), most_m)
    west, south, east, north = shapely.bounds(buildings).T
    reach = shapely.box(west - most_m, south - most_m, east + most_m, north + most_m)
    at, other = shapely.STRtree(buildings).query(reach)
    once = at < other
    at, other = at[once], other[once]
    metres = shapely.distance(buildings[at], buildings[other])
    np.minimum.at(free, at, metres)
    np.minimum.at(free, other, metres)
    return free


def choose_spacing(free_m: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Choose how far inside its walls and how far apart a building's points lie.

    The closer the next building, the nearer to the walls: where the inset is no larger than the distance between two
    buildings, the border between them runs between their walls, even if the insets differ.

    Parameters
    ----------
    free_m : array of float, metres
        Distance to the next building.
    level : array of int, 0 <= level < LEVELS
        How much finer than usual.

    Returns
    -------
    inset_m, spacing_m : arrays of float, metres
    """
    inset = np.clip(free_m, 2 * INSET_M[0], INSET_M[1]) / 2.0**level
    inset = np.maximum(inset, INSET_M[0])
    return inset, np.minimum(SPACING * inset, WIDEST_M)


def inset_points(
    buildings: np.ndarray, *, inset_m: float | np.ndarray, spacing_m: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Place points along the walls of buildings, some way inside them.

    Parameters
    ----------
    buildings : array of Polygon or MultiPolygon, shape (n,)
    inset_m : float, or array of float of shape (n,), metres
        How far inside the walls; a narrow building gets its points near its middle line.
    spacing_m : float, or array of float of shape (n,), metres
        Largest distance between neighbouring points.

    Returns
    -------
    xy : array of float, shape (m, 2)
        At least one point a building; some may stand twice.
    building : array of int, shape (m,)
        Position of the building each point stands for, ascending.
    """
    count = len(buildings)
    if not count:
        return np.empty((0, 2)), np.empty(0, dtype=int)
    inset, spacing = np.broadcast_to(inset_m, count).astype(float), np.broadcast_to(spacing_m, count).astype(float)
    corners, right = _rectangles(buildings)
    xy, at = _in_rectangles(corners, inset[right], spacing[right])
    other = np.flatnonzero(~right)
    more, of = _in_shapes(buildings[other], inset[other], spacing[other])
    xy, at = np.concatenate([xy, more]), np.concatenate([np.flatnonzero(right)[at], other[of]])
    order = np.argsort(at, kind="stable")
    return xy[order], at[order]


def _rectangles(buildings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the rectangles: their corners, shape (m, 4, 2), and which buildings they are."""
    right = (shapely.get_num_coordinates(buildings) == 5) & (shapely.get_num_geometries(buildings) == 1)
    corners = shapely.get_coordinates(buildings[right]).reshape(-1, 5, 2)[:, :4]
    side, next_side = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]
    length, width = np.hypot(*side.T), np.hypot(*next_side.T)
    skew = np.hypot(*(corners[:, 3] - corners[:, 0] - next_side).T)
    fits = (np.abs((side * next_side).sum(axis=1)) <= SQUARE * length * width) & (skew <= SQUARE * (length + width))
    fits &= (length > 0) & (width > 0)
    right[right] = fits
    return corners[fits], right


def _in_rectangles(corners: np.ndarray, inset: np.ndarray, spacing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place points along the edge of each rectangle drawn in by its inset; a row of them where little is left."""
    halves = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]], axis=1) / 2
    size = np.hypot(halves[..., 0], halves[..., 1])
    inner = size - np.minimum(inset, 0.9 * size.min(axis=1))[:, None]
    inner[inner < spacing[:, None] / 6] = 0
    steps = np.ceil(2 * inner / spacing[:, None]).astype(int)
    columns = steps[:, 0] + 1
    total = columns * (steps[:, 1] + 1)
    at = np.repeat(np.arange(len(corners)), total)
    number = np.arange(len(at)) - np.repeat(np.cumsum(total) - total, total)
    cell = np.stack([number % columns[at], number // columns[at]], axis=1)
    edge = ((cell == 0) | (cell == steps[at])).any(axis=1)
    at, cell = at[edge], cell[edge]
    share = (2 * cell / np.maximum(steps[at], 1) - 1) * inner[at] / size[at]
    middle = (corners[:, 0] + corners[:, 2]) / 2
    return middle[at] + (share[:, :, None] * halves[at]).sum(axis=1), at


def _in_shapes(buildings: np.ndarray, inset: np.ndarray, spacing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place points along the outline of each building drawn in by its inset, or by less where nothing would remain."""
    shrunk = buildings.copy()
    left = np.arange(len(buildings))
    for part in (1.0, 0.5, 0.25, 0.05):
        if not len(left):
            break
        inner = shapely.buffer(buildings[left], -part * inset[left], join_style="mitre")
        found = ~shapely.is_empty(inner)
        shrunk[left[found]] = inner[found]
        left = left[~found]
    return shapely.get_coordinates(shapely.segmentize(shrunk, spacing), return_index=True)
