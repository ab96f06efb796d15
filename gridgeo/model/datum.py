"""Convert between WGS 84 and the shifted coordinates of Chinese web maps, GCJ-02 and BD-09.

A source's datum is declared by whoever hands it over; it is never guessed in silence. The forward shift
is the published polynomial; the way back solves it by fixed-point iteration, to better than 1e-6 m.

The shift is in use in mainland China only. No border is tested here: boxes around China hold Hong Kong, Macau,
Taipei and Seoul too, so whoever declares a shifted datum gets it taken out wherever the points lie, and whoever
declares none keeps the points as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import CrsError

_AXIS_M = 6378245.0  # semi-major axis of Krasovsky 1940, metres
_ECCENTRICITY2 = 0.00669342162296594323
_BD_TURN = np.pi * 3000.0 / 180.0
_STEP_DEG = 1e-11
"""The way back is found once no point moves further than this; what is left is a fiftieth of it, about 2e-8 m."""
_MOST_STEPS = 30
_BLOCK = 16_384
"""So many points are worked on at a time, which keeps them in the processor's cache."""

Pair = tuple[np.ndarray, np.ndarray]
DATUMS = ("wgs84", "gcj02", "bd09")


def _shift(lon: np.ndarray, lat: np.ndarray) -> Pair:
    """Compute the GCJ-02 offset in degrees at WGS 84 points."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    wave = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    radians = np.radians(lat)
    magic = 1 - _ECCENTRICITY2 * np.sin(radians) ** 2
    meridian_m = _AXIS_M * (1 - _ECCENTRICITY2) / (magic * np.sqrt(magic))
    parallel_m = _AXIS_M / np.sqrt(magic) * np.cos(radians)
    return np.degrees(east / parallel_m), np.degrees(north / meridian_m)


def _arrays(lon: Any, lat: Any) -> Pair:
    """Bring coordinates to two arrays of one shape, on the globe."""
    try:
        lon, lat = np.broadcast_arrays(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    except (TypeError, ValueError):
        raise CrsError(f"lon, lat: shapes {np.shape(lon)} and {np.shape(lat)} are not numbers of one shape") from None
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise CrsError("lon, lat: a coordinate is not finite")
    off = (np.abs(lon) > 180) | (np.abs(lat) > 90)
    if off.any():
        raise CrsError(f"lon, lat {lon[off][0]}, {lat[off][0]} is not on the globe; longitude comes first")
    return lon, lat


def _in_blocks(convert: Callable[[np.ndarray, np.ndarray], Pair], lon: Any, lat: Any) -> Pair:
    """Convert some points at a time, into arrays of the shape that was given."""
    lon, lat = _arrays(lon, lat)
    flat_lon, flat_lat = lon.ravel(), lat.ravel()
    made = np.empty((2, flat_lon.size))
    for start in range(0, flat_lon.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        made[:, part] = convert(flat_lon[part], flat_lat[part])
    return made[0].reshape(lon.shape), made[1].reshape(lon.shape)


def _invert(forward: Callable[[np.ndarray, np.ndarray], Pair], lon: np.ndarray, lat: np.ndarray) -> Pair:
    """Find the points whose forward image is ``lon``, ``lat``."""
    guess_lon, guess_lat = lon, lat
    for _ in range(_MOST_STEPS):
        image_lon, image_lat = forward(guess_lon, guess_lat)
        step_lon, step_lat = lon - image_lon, lat - image_lat
        guess_lon, guess_lat = guess_lon + step_lon, guess_lat + step_lat
        if not (np.abs(step_lon) > _STEP_DEG).any() and not (np.abs(step_lat) > _STEP_DEG).any():
            return guess_lon, guess_lat
    lost = int(np.argmax(np.hypot(step_lon, step_lat)))
    raise CrsError(
        f"lon, lat {lon[lost]}, {lat[lost]}: the shift has no way back so near a pole; it is made for mainland China"
    )


def _gcj_from_wgs(lon: np.ndarray, lat: np.ndarray) -> Pair:
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def _wgs_from_gcj(lon: np.ndarray, lat: np.ndarray) -> Pair:
    return _invert(_gcj_from_wgs, lon, lat)


def _bd_from_gcj(lon: np.ndarray, lat: np.ndarray) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _bd_from_wgs(lon: np.ndarray, lat: np.ndarray) -> Pair:
    return _bd_from_gcj(*_gcj_from_wgs(lon, lat))


def _wgs_from_bd(lon: np.ndarray, lat: np.ndarray) -> Pair:
    return _wgs_from_gcj(*_invert(_bd_from_gcj, lon, lat))


def to_gcj02(lon: Any, lat: Any) -> Pair:
    """Shift WGS 84 (or CGCS2000) coordinates to GCJ-02.

    Parameters
    ----------
    lon, lat : array-like of float, degrees
        In mainland China; the shift is defined nowhere else, and is applied wherever it is asked for.

    Returns
    -------
    lon, lat : arrays of float, degrees
        Of the shape that was given.

    Raises
    ------
    CrsError
        If a coordinate is not finite or not on the globe, or the two differ in shape.
    """
    return _in_blocks(_gcj_from_wgs, lon, lat)


def from_gcj02(lon: Any, lat: Any) -> Pair:
    """Shift GCJ-02 coordinates back to WGS 84, to better than 1e-6 m.

    Parameters
    ----------
    lon, lat : array-like of float, degrees (GCJ-02)

    Returns
    -------
    lon, lat : arrays of float, degrees (WGS 84)
        Of the shape that was given.

    Raises
    ------
    CrsError
        As ``to_gcj02``, or if the shift has no way back there, which happens near the poles alone.
    """
    return _in_blocks(_wgs_from_gcj, lon, lat)


def to_bd09(lon: Any, lat: Any) -> Pair:
    """Shift WGS 84 coordinates to BD-09; parameters and errors as ``to_gcj02``.

    Returns
    -------
    lon, lat : arrays of float, degrees (BD-09)
    """
    return _in_blocks(_bd_from_wgs, lon, lat)


def from_bd09(lon: Any, lat: Any) -> Pair:
    """Shift BD-09 coordinates back to WGS 84; parameters and errors as ``from_gcj02``.

    Returns
    -------
    lon, lat : arrays of float, degrees (WGS 84)
    """
    return _in_blocks(_wgs_from_bd, lon, lat)
