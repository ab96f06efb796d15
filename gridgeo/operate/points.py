"""Take points as callers bring them: a GeoSeries, or two arrays of metres."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gridgeo.model.errors import CrsError, TableError

Floats = NDArray[np.floating]

_FIRST = 1024
"""Points looked at before all are: one of them among the areas settles their units."""


def read_points(points: Any, y: Any, crs: CRS, bounds: Floats) -> tuple[Floats, Floats, pd.Index]:
    """Read the coordinates of points.

    Parameters
    ----------
    points : GeoSeries, GeoDataFrame, pair of arrays, or array of x
        A missing or empty point, or a NaN, stands for a point without a place.
    y : array, optional
        Where ``points`` is the array of x.
    crs : CRS
        In which the points must be.
    bounds : array of float, shape (4,)
        Of the areas: arrays that miss it in the way that degrees or swapped axes do are refused.

    Returns
    -------
    x, y : arrays of float, metres
    index : Index
        The points' own labels.

    Raises
    ------
    CrsError
        If the points are in another CRS or in none, endless, in degrees, or have swapped axes.
    TableError
        If they are not points, or x and y differ in length.
    """
    if isinstance(points, gpd.GeoSeries | gpd.GeoDataFrame):
        if y is not None:
            raise TableError("points: a GeoSeries brings its own y; pass it alone")
        return _read_shapes(points.geometry, crs)
    if y is None:
        if not isinstance(points, tuple | list) or len(points) != 2:
            raise TableError("points: pass a GeoSeries, or the two arrays x and y in the areas' CRS")
        points, y = points
    x, y, index = _read_arrays(points, y)
    _refuse_strange_units(x, y, crs, bounds)
    return x, y, index


def _read_shapes(points: gpd.GeoSeries, crs: CRS) -> tuple[Floats, Floats, pd.Index]:
    if points.crs is None:
        raise CrsError("points: has no CRS; say which one it is with points.set_crs(...)")
    if points.crs != crs:
        raise CrsError(f"points: is in {points.crs.name}, areas is in {crs.name}; use points.to_crs(index.crs)")
    shapes = points.to_numpy()
    try:
        x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    except shapely.GEOSException:  # an empty point has no coordinates to give
        shapes = np.where(shapely.is_empty(shapes), None, shapes)
        x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    without = np.flatnonzero(np.isnan(x))
    wrong = without[shapely.get_type_id(shapes[without]) > 0]
    if wrong.size:
        raise TableError(
            f"points: geometry of {points.index[wrong[0]]!r} is a {shapes[wrong[0]].geom_type}, not a Point"
        )
    _refuse_endless(x, y, points.index)
    return x, y, points.index


def _read_arrays(x: Any, y: Any) -> tuple[Floats, Floats, pd.Index]:
    index = x.index if isinstance(x, pd.Series) else None
    try:
        x, y = (np.ascontiguousarray(np.atleast_1d(np.asarray(values, dtype=float))) for values in (x, y))
    except (TypeError, ValueError):
        raise TableError("points: x and y are not arrays of numbers") from None
    if x.ndim != 1 or x.shape != y.shape:
        raise TableError(f"points: x has shape {x.shape}, y has shape {y.shape}; they must be of one length")
    labels = pd.RangeIndex(len(x)) if index is None else index
    _refuse_endless(x, y, labels)
    return x, y, labels


def _refuse_endless(x: Floats, y: Floats, index: pd.Index) -> None:
    endless = np.isinf(x) | np.isinf(y)
    if endless.any():
        first = int(np.flatnonzero(endless)[0])
        raise CrsError(f"points: place of {index[first]!r} is ({x[first]}, {y[first]}), not finite")


def _refuse_strange_units(x: Floats, y: Floats, crs: CRS, bounds: Floats) -> None:
    """Refuse arrays that miss the areas altogether and look as if they were degrees, or northing before easting."""
    if _any_within(x[:_FIRST], y[:_FIRST], bounds):
        return
    west, south, east, north = bounds
    placed = np.isfinite(x) & np.isfinite(y) & ((x != 0) | (y != 0))
    if not placed.any() or _any_within(x[placed], y[placed], bounds):
        return
    x, y = x[placed], y[placed]
    degrees = np.array([-180.0, -90.0, 180.0, 90.0])
    apart = west > 180 or east < -180 or south > 90 or north < -90
    if apart and _all_within(x, y, degrees):
        raise CrsError(
            f"points: ({x[0]}, {y[0]}) looks like degrees, areas is in {crs.name}; project the points to it first"
        )
    if (east < south or north < west) and _all_within(y, x, bounds):
        raise CrsError(f"points: x and y look swapped, ({y[0]}, {x[0]}) lies in the areas' bounds; x is the easting")


def _any_within(x: Floats, y: Floats, bounds: Floats) -> bool:
    west, south, east, north = bounds
    return bool(((west <= x) & (x <= east) & (south <= y) & (y <= north)).any())


def _all_within(x: Floats, y: Floats, bounds: Floats) -> bool:
    west, south, east, north = bounds
    return bool(west <= x.min() and x.max() <= east and south <= y.min() and y.max() <= north)
