"""Measure how wide a region is at its widest, quickly enough for thousands of slivers."""

from __future__ import annotations

import numpy as np
import shapely

_CLOSE = 1.03
"""Bounds of a radius that are no farther apart, as a ratio, are not brought closer: the last steps are measured."""

_STEPS = (0.04, 0.02, 0.01)


def greatest_width(shapes: np.ndarray) -> np.ndarray:
    """Measure the diameter of the largest circle that fits into each polygon, by halving over inner buffers.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        Valid, in metres.

    Returns
    -------
    array of float, metres
        Within 2 % of the largest inscribed circle's diameter, mostly well within 1 %; 0 for an empty shape.
    """
    shapes = move_to_origin(np.asarray(shapes, dtype=object))
    solid = np.flatnonzero(shapely.area(shapes) > 0)
    width = np.zeros(len(shapes))
    if len(solid):
        width[solid] = 2 * _greatest_radius(shapes[solid])
    return width


def _greatest_radius(shapes: np.ndarray) -> np.ndarray:
    area, perimeter = shapely.area(shapes), shapely.length(shapes)
    # A radius of area / perimeter always fits where there is no hole, one of sqrt(area / pi) never more than fits.
    whole = shapely.get_num_coordinates(shapes) == shapely.get_num_coordinates(shapely.get_exterior_ring(shapes))
    low = area / perimeter * np.where(whole, 0.999, 0.25)
    high = np.sqrt(area / np.pi) * 1.01
    # Twice area / perimeter is the most that fits into a convex shape.
    middle = np.minimum(2.01 * area / perimeter, 0.99 * high)
    # What a buffer has left of a shape is simpler than the shape, and what is to fit is measured in it from there.
    core, shrunk_by = shapes.copy(), np.zeros(len(shapes))
    open_ = np.arange(len(shapes))
    while len(open_):
        radius = middle[open_]
        left = _shrink(core[open_], radius - shrunk_by[open_])
        fits = ~shapely.is_empty(left)
        held = open_[fits]
        core[held], shrunk_by[held], low[held] = left[fits], radius[fits], radius[fits]
        high[open_[~fits]] = radius[~fits]
        middle = np.sqrt(low * high)
        open_ = open_[high[open_] > low[open_] * _CLOSE]
    # What is left of the shape lies around the circle's centre, and from there the distance can be measured exactly:
    # buffers are drawn a little coarsely.
    return np.fmax(low, _climb(shapely.boundary(shapes), shapely.point_on_surface(core)))


def _climb(edges: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Measure the distance from edges, after a few steps to where it is greatest; nan for an empty point."""
    xy = np.column_stack([shapely.get_x(centres), shapely.get_y(centres)])
    best = shapely.distance(shapely.points(xy), edges)
    for share in _STEPS:
        start, step = xy.copy(), share * best
        for turn in np.arange(8) * np.pi / 4:
            there = start + step[:, None] * [np.cos(turn), np.sin(turn)]
            away = shapely.distance(shapely.points(there), edges)
            farther = away > best
            xy[farther], best[farther] = there[farther], away[farther]
    return best


def is_narrower(shapes: np.ndarray, limit_m: float) -> np.ndarray:
    """Tell which polygons are nowhere as wide as a limit.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
    limit_m : float, metres

    Returns
    -------
    array of bool
    """
    shapes = np.asarray(shapes, dtype=object)
    area, perimeter = shapely.area(shapes), shapely.length(shapes)
    # No circle of this radius has less area, and where area / perimeter is far above it, one fits surely.
    narrow = area < np.pi * limit_m**2 / 4
    unsure = np.flatnonzero(~narrow & (area < perimeter * limit_m))
    narrow[unsure] = ~_fits(move_to_origin(shapes[unsure]), np.full(len(unsure), limit_m / 2))
    return narrow


def _fits(shapes: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Tell which polygons hold a circle of a radius."""
    return ~shapely.is_empty(_shrink(shapes, radius))


def _shrink(shapes: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Keep of each polygon what is farther from its edge than a radius."""
    return np.asarray(shapely.buffer(shapes, -radius, quad_segs=8), dtype=object)


def move_to_origin(shapes: np.ndarray) -> np.ndarray:
    """Move each shape to the origin, where slivers keep all their digits."""
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    if not len(xy):
        return shapes
    first = np.concatenate([[0], np.flatnonzero(np.diff(of)) + 1])
    corner = np.zeros((len(shapes), 2))
    corner[of[first]] = xy[first]
    return shapely.set_coordinates(shapes.copy(), xy - corner[of])
