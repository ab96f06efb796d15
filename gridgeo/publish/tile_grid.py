"""Number the squares of the web map: tile x of y at zoom z, and where it lies."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from gridgeo.model.errors import CrsError

HALF_M = 20_037_508.342789244
"""Half the side of the square world of EPSG:3857, metres."""
MOST_ZOOM = 22


def check_tile(z: Any, x: Any, y: Any) -> tuple[int, int, int]:
    """Refuse an address that is no tile.

    Parameters
    ----------
    z, x, y : int
        Zoom, column from the west, row from the north.

    Returns
    -------
    tuple of int

    Raises
    ------
    CrsError
        Naming the number that is out of range, and the range.
    """
    try:
        z, x, y = operator.index(z), operator.index(x), operator.index(y)
    except TypeError:
        raise CrsError(f"tile {z}/{x}/{y}: z, x and y must be whole numbers") from None
    if not 0 <= z <= MOST_ZOOM:
        raise CrsError(f"tile {z}/{x}/{y}: zoom is {z}, not 0 to {MOST_ZOOM}")
    for name, value in (("x", x), ("y", y)):
        if not 0 <= value < 2**z:
            raise CrsError(f"tile {z}/{x}/{y}: {name} is {value}, at zoom {z} it is 0 to {2**z - 1}")
    return z, x, y


def world_places(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place points in the square world, 0 to 1 from its north-west corner.

    Parameters
    ----------
    lon, lat : array of float, degrees (CRS84)
        Latitudes beyond the square's edge, 85.05 degrees, are put on it.

    Raises
    ------
    CrsError
        If a point is not on the globe.
    """
    good = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    if not good.all():
        at = int(np.flatnonzero(~good)[0])
        raise CrsError(
            f"point {at}: lon, lat {lon[at]}, {lat[at]} is not on the globe; longitude comes first, in degrees"
        )
    sine = np.clip(np.sin(np.radians(lat)), -0.99627, 0.99627)
    return lon / 360 + 0.5, np.clip(0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi), 0, 1)


def tile_bounds(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a tile in EPSG:3857, metres."""
    side = 2 * HALF_M / 2**z
    return x * side - HALF_M, HALF_M - (y + 1) * side, (x + 1) * side - HALF_M, HALF_M - y * side


def tiles_over(bounds: tuple[float, float, float, float], z: int) -> list[tuple[int, int, int]]:
    """List the tiles of a zoom that bounds in EPSG:3857 touch, row by row."""
    west, south, east, north = bounds
    side, last = 2 * HALF_M / 2**z, 2**z - 1
    columns = np.clip(np.floor((np.array([west, east]) + HALF_M) / side), 0, last).astype(int)
    rows = np.clip(np.floor((HALF_M - np.array([north, south])) / side), 0, last).astype(int)
    return [(z, x, y) for y in range(rows[0], rows[1] + 1) for x in range(columns[0], columns[1] + 1)]


def metres_per_pixel(z: int, lat: float) -> float:
    """Return how many metres on the ground one of a tile's 256 pixels spans, at a latitude in degrees."""
    return float(2 * HALF_M * np.cos(np.radians(lat)) / (256 * 2**z))
