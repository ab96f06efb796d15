"""Check what a person drew by hand, and lead it onto the borders that it nearly meets."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from gridgeo.model.errors import EditError

LINESTRING = 1
"""Number that shapely gives to lines; rings come next."""

FARTHEST_M = 1e8
"""Metres; no coordinate of a metric CRS is greater."""


def place_text(place: Any) -> str:
    """Write where something is: ``(500,120.25, 3,400,080.00)``."""
    x, y = shapely.get_coordinates(shapely.point_on_surface(place))[0]
    return f"({x:,.2f}, {y:,.2f})"


def check_line(line: Any) -> shapely.LineString:
    """Give a drawn line without heights.

    Raises
    ------
    EditError
        If it is no line, has no length, crosses itself, or its coordinates are not finite.
    """
    if not isinstance(line, shapely.Geometry) or shapely.get_type_id(line) not in (LINESTRING, LINESTRING + 1):
        raise EditError(f"the line is a {type(line).__name__}; draw one LineString")
    line = shapely.LineString(_finite(line, "line"))
    if not line.length > 0:
        raise EditError("the line has no length; draw it through at least two places")
    if not line.is_simple:
        raise EditError(f"the line from {place_text(line.boundary or line)} crosses itself; draw it without a loop")
    return line


def check_piece(piece: Any) -> shapely.Geometry:
    """Give a drawn piece of land without heights.

    Raises
    ------
    EditError
        If it is no polygon, is empty or invalid, or its coordinates are not finite.
    """
    if not isinstance(piece, (shapely.Polygon, shapely.MultiPolygon)):
        raise EditError(f"the piece is a {type(piece).__name__}; draw a Polygon")
    _finite(piece, "piece")
    piece = shapely.force_2d(piece)
    if not piece.is_valid:
        raise EditError(f"the piece is invalid: {shapely.is_valid_reason(piece)}; draw it without crossing itself")
    if not piece.area > 0:
        raise EditError("the piece is empty; draw a Polygon that holds land")
    return piece


def check_point(point: Any, what: str) -> np.ndarray:
    """Give the coordinates of a drawn point.

    Raises
    ------
    EditError
        If it is no point, or its coordinates are not finite.
    """
    if not isinstance(point, shapely.Point) or point.is_empty:
        raise EditError(
            f"{what} is {'empty' if isinstance(point, shapely.Point) else type(point).__name__}; give a Point"
        )
    return _finite(point, what)[0]


def _finite(shape: shapely.Geometry, what: str) -> np.ndarray:
    """Give the coordinates of a geometry, if all are numbers."""
    xy = shapely.get_coordinates(shape)
    wrong = np.flatnonzero(~np.isfinite(xy).all(axis=1))
    if len(wrong):
        x, y = xy[wrong[0]]
        raise EditError(f"the {what} has coordinates that are not finite: vertex {wrong[0] + 1} is ({x}, {y})")
    if len(xy) and np.abs(xy).max() > FARTHEST_M:
        raise EditError(
            f"the {what} reaches to {np.abs(xy).max():.3g} m, no place on the globe is beyond {FARTHEST_M:.0e} m; "
            "draw it in the CRS of the areas"
        )
    return xy


def lead_onto(line: shapely.Geometry, borders: shapely.Geometry, tolerance_m: float) -> np.ndarray:
    """Lead a line through the vertices it passes within a tolerance, and its own vertices onto borders as near.

    Parameters
    ----------
    line : LineString or LinearRing
    borders : geometry
        Lines that do not move.
    tolerance_m : float, metres

    Returns
    -------
    (n, 4) array of float, metres
        Segments ``x0, y0, x1, y1``.
    """
    # Snapping goes vertex by vertex, so their order must not depend on where a ring begins.
    posts: Any = shapely.multipoints(np.unique(shapely.get_coordinates(borders), axis=0))
    xy = shapely.get_coordinates(shapely.snap(shapely.LineString(shapely.get_coordinates(line)), posts, tolerance_m))
    points: Any = shapely.points(xy)
    near = (shapely.distance(points, borders) <= tolerance_m) & (shapely.distance(points, posts) > 0)
    if near.any():
        ways = shapely.get_coordinates(shapely.shortest_line(points[near], borders)).reshape(-1, 2, 2)
        xy[near] = ways[:, 1]
    ends = np.hstack([xy[:-1], xy[1:]])
    return ends[(ends[:, :2] != ends[:, 2:]).any(axis=1)]
