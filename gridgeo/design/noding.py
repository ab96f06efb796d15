"""Turn lines into faces that share their edges exactly.

All lines of a territory are noded together once, by snap rounding on a fixed precision grid, and polygonized.
The faces are then a valid coverage by construction: a border between two faces has the same vertices on both sides.
"""

from __future__ import annotations

import numpy as np
import shapely

GRID_M = 2.0**-23
"""Cell of the precision grid, metres: a tenth of a micrometre. What moves by it still proves to be the same territory,
and it lies well above the rounding of metric coordinates."""

NEAR_M = 1e-3
"""How far beside a face a point on its edge may come to lie by noding, metres."""


MANY = 4
"""How many places must be looked up in a shape, in the mean, for an index of its edges to be worth building."""


def node_faces(lines: np.ndarray, *, grid_m: float = GRID_M) -> np.ndarray:
    """Node lines together and return the faces that they enclose.

    Parameters
    ----------
    lines : array of LineString or MultiLineString
        In metres; they may cross, touch and overlap in any way.
    grid_m : float, metres
        Cell of the precision grid.

    Returns
    -------
    array of Polygon
        Ordered by their position (west to east, south to north), so that the order of the lines has no influence.
        Ends that lead nowhere bound nothing and are gone.
    """
    noded = shapely.union_all(np.asarray(lines, dtype=object), grid_size=grid_m)
    return enclosed_faces(shapely.get_parts(noded))


def enclosed_faces(lines: np.ndarray) -> np.ndarray:
    """Return the faces that lines enclose which meet in their ends only; ordered as ``node_faces`` orders them."""
    faces = shapely.get_parts(shapely.polygonize(lines))
    faces = faces[shapely.area(faces) > 0]
    bounds = shapely.bounds(faces)
    return faces[np.lexsort((shapely.area(faces), bounds[:, 3], bounds[:, 2], bounds[:, 1], bounds[:, 0]))]


def covering(points: np.ndarray, shapes: np.ndarray, *, near_m: float = 0.0) -> np.ndarray:
    """Find for each point the shape that holds it.

    Parameters
    ----------
    points : array of Point
    shapes : array of Polygon
        Usually a coverage.
    near_m : float, metres
        A point that nothing holds goes to the nearest shape, if that is not farther.

    Returns
    -------
    array of int
        Position in ``shapes``; the smallest where several hold the point or it lies on their border; -1 where none
        does.
    """
    return covering_xy(shapely.get_coordinates(points), shapes, near_m=near_m)


def covering_xy(xy: np.ndarray, shapes: np.ndarray, *, near_m: float = 0.0) -> np.ndarray:
    """Find for each place, shape (n, 2), the shape that holds it; otherwise like ``covering``."""
    if not len(shapes) or not len(xy):
        return np.full(len(xy), -1)
    # Many households share a place; each place is looked up once, from west to east.
    places, place = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)
    tree = shapely.STRtree(shapes)
    at, shape = tree.query(shapely.points(places.real, places.imag))
    holds = _hold(shapes, shape, places[at])
    at, shape = at[holds], shape[holds]
    first = np.full(len(places), len(shapes))
    np.minimum.at(first, at, shape)
    astray = np.flatnonzero(first == len(shapes))
    if near_m > 0 and len(astray):
        missed = shapely.points(places[astray].real, places[astray].imag)
        at, shape = tree.query_nearest(missed, max_distance=near_m)
        np.minimum.at(first, astray[at], shape)
    return np.where(first < len(shapes), first, -1)[place]


def _hold(shapes: np.ndarray, shape: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Tell for pairs of a shape and a place whether the shape holds the place."""
    if len(shape) < MANY * len(shapes):
        return shapely.intersects_xy(shapes[shape], places.real, places.imag)
    order = np.argsort(shape, kind="stable")
    fresh = shapes[~shapely.is_prepared(shapes)]
    shapely.prepare(fresh)
    holds = np.empty(len(shape), dtype=bool)
    holds[order] = shapely.intersects_xy(shapes[shape[order]], places[order].real, places[order].imag)
    shapely.destroy_prepared(fresh)
    return holds


def inside_points(shapes: np.ndarray) -> np.ndarray:
    """Return a point well inside each polygon."""
    return shapely.point_on_surface(shapes)


def dissolve(shapes: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Join the polygons of a coverage that carry the same label.

    Parameters
    ----------
    shapes : array of Polygon
        A valid coverage.
    labels : array of int, 0 <= label < count
        Every label is used.
    count : int

    Returns
    -------
    array of Polygon or MultiPolygon, shape (count,)
    """
    order = np.argsort(labels, kind="stable")
    size = np.bincount(labels, minlength=count)
    first = np.cumsum(size) - size
    out = shapes[order[first]]
    for label in np.flatnonzero(size > 1).tolist():
        out[label] = _join(shapes[order[first[label] : first[label] + size[label]]])
    return out


def _join(group: np.ndarray) -> shapely.Geometry:
    joined = shapely.coverage_union_all(group)
    parts = shapely.get_parts(joined)
    return parts[0] if len(parts) == 1 else joined


def edges_once(shapes: np.ndarray) -> np.ndarray:
    """Return the edges of a coverage as lines, each of them once.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        A valid coverage: shared borders have identical vertices.

    Returns
    -------
    array of LineString
        Stretches of the polygons' rings; a stretch that two share comes from the first of them.
    """
    xy, ring = shapely.get_coordinates(shapely.get_rings(shapes), return_index=True)
    along = np.flatnonzero(ring[1:] == ring[:-1])
    start, end = xy[along], xy[along + 1]
    key = segment_keys(start, end)
    _, first = np.unique(key, return_index=True)
    new = np.zeros(len(along), dtype=bool)
    new[first] = True
    kept = along[new]
    # A stretch goes on where the next kept piece begins at the vertex where this one ends.
    begins = np.ones(len(kept), dtype=bool)
    begins[1:] = kept[1:] != kept[:-1] + 1
    stretch = np.cumsum(begins) - 1
    vertex = np.concatenate([kept, kept[np.append(begins[1:], True)] + 1])
    of = np.concatenate([stretch, np.arange(stretch[-1] + 1)])
    order = np.lexsort((vertex, of))
    return np.asarray(shapely.linestrings(xy[vertex[order]], indices=of[order]), dtype=object)


def segment_keys(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Number segments by their ends, whichever way they run: the same segment has the same number.

    Parameters
    ----------
    start, end : arrays of float, shape (n, 2)

    Returns
    -------
    array of int, shape (n,)
        Numbers have no order that means anything, but do not depend on the order of the segments. That two of a
        million segments share a number by chance has a likelihood below one in ten million.
    """
    ends = []
    for xy in (start, end):
        bits = np.ascontiguousarray(xy + 0.0, dtype=np.float64).view(np.uint64)
        ends.append(_mix(_mix(bits[:, 0]) + bits[:, 1]))
    low, high = np.minimum(*ends), np.maximum(*ends)
    return _mix(_mix(low) + high)


def _mix(bits: np.ndarray) -> np.ndarray:
    """Scatter 64-bit numbers (the finishing step of splitmix64), one to one."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
