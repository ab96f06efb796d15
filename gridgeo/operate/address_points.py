"""Place what an address names: a household, a building, or the middle of a street."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gridgeo.model.errors import TableError

from .doors import from_lonlat


def coordinates(points: NDArray[np.object_]) -> NDArray[np.floating]:
    """Give the coordinates of points, NaN for missing ones; shape (n, 2)."""
    xy = np.full((len(points), 2), np.nan)
    there = ~(shapely.is_missing(points) | shapely.is_empty(points))
    xy[there] = shapely.get_coordinates(points[there])
    return xy


def mean_of_stretches(xy: NDArray[np.floating], first: NDArray[np.int64]) -> NDArray[np.floating]:
    """Average the coordinates of each stretch of rows, without the missing ones."""
    there = np.isfinite(xy[:, 0])
    sums = np.add.reduceat(np.column_stack([np.where(there[:, None], xy, 0.0), there]), first[:-1], axis=0)
    return np.divide(sums[:, :2], sums[:, 2:], out=np.full((len(sums), 2), np.nan), where=sums[:, 2:] > 0)


def middle(place_xy: NDArray[np.floating], places: Sequence[int]) -> dict[str, float]:
    """Give the place nearest to the middle of several, so that the answer lies at a door and not in a river."""
    xy = place_xy[list(places)]
    xy = xy[np.isfinite(xy[:, 0])]
    if not len(xy):
        return {"x": np.nan, "y": np.nan}
    nearest = xy[np.argmin(np.hypot(*(xy - xy.mean(axis=0)).T))]
    return {"x": float(nearest[0]), "y": float(nearest[1])}


def read_place(x: float | None, y: float | None, lon: float | None, lat: float | None, crs: CRS) -> tuple[float, float]:
    """Read a point that is given in metres or in degrees.

    Raises
    ------
    TableError
        If neither or both are given, or a number is not finite.
    """
    metric, degrees = (x, y), (lon, lat)
    given = [pair for pair in (metric, degrees) if pair != (None, None)]
    if len(given) != 1 or None in given[0]:
        raise TableError("point: give x and y in metres, or lon= and lat= in degrees")
    first, second = (float(value) for value in given[0] if value is not None)
    if degrees != (None, None):
        first, second = from_lonlat(crs).transform(first, second)
    if not (math.isfinite(first) and math.isfinite(second)):
        raise TableError(f"point: {given[0]} is not a place; its numbers must be finite")
    return first, second
