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
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
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
    found = np.full(len(points), -1)
    if not len(shapes) or not len(points):
        return found
    at, shape = shapely.STRtree(shapes).query(points, predicate="intersects")
    order = np.lexsort((shape, at))[::-1]
    found[at[order]] = shape[order]
    astray = np.flatnonzero(found < 0)
    if near_m > 0 and len(astray):
        nearest = shapely.STRtree(shapes).query_nearest(points[astray], max_distance=near_m)
        order = np.lexsort((nearest[1], nearest[0]))[::-1]
        found[astray[nearest[0][order]]] = nearest[1][order]
    return found


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
    cuts = np.searchsorted(labels[order], np.arange(1, count))
    joined = [_join(group) for group in np.split(shapes[order], cuts)]
    out = np.empty(count, dtype=object)
    out[:] = joined
    return out


def _join(group: np.ndarray) -> shapely.Geometry:
    if len(group) == 1:
        return group[0]
    joined = shapely.coverage_union_all(group)
    parts = shapely.get_parts(joined)
    return parts[0] if len(parts) == 1 else joined
