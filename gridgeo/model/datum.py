"""Convert between WGS 84 and the shifted coordinates of Chinese web maps, GCJ-02 and BD-09.

A source's datum is declared by whoever hands it over; it is never guessed in silence. The forward shift
is the published polynomial; the way back solves it by fixed-point iteration, to about 1e-8 m.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import CrsError

_AXIS_M = 6378245.0  # semi-major axis of Krasovsky 1940, metres
_ECCENTRICITY2 = 0.00669342162296594323
_BD_TURN = np.pi * 3000.0 / 180.0
_ITERATIONS = 8

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
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise CrsError("lon, lat: a coordinate is not finite")
    return lon, lat


def _invert(forward: Callable[[np.ndarray, np.ndarray], Pair], lon: np.ndarray, lat: np.ndarray) -> Pair:
    """Find the points whose forward image is ``lon``, ``lat``."""
    guess_lon, guess_lat = lon.copy(), lat.copy()
    for _ in range(_ITERATIONS):
        image_lon, image_lat = forward(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + (lon - image_lon), guess_lat + (lat - image_lat)
    return guess_lon, guess_lat


def _gcj_from_wgs(lon: np.ndarray, lat: np.ndarray) -> Pair:
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def _bd_from_gcj(lon: np.ndarray, lat: np.ndarray) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def to_gcj02(lon: Any, lat: Any) -> Pair:
    """Shift WGS 84 (or CGCS2000) coordinates to GCJ-02.

    Parameters
    ----------
    lon, lat : array-like of float, degrees
        In mainland China; the shift is defined nowhere else, and is applied wherever it is asked for.

    Returns
    -------
    lon, lat : arrays of float, degrees

    Raises
    ------
    CrsError
        If a coordinate is not finite.
    """
    return _gcj_from_wgs(*_arrays(lon, lat))


def from_gcj02(lon: Any, lat: Any) -> Pair:
    """Shift GCJ-02 coordinates back to WGS 84, to better than 1e-6 m.

    Parameters
    ----------
    lon, lat : array-like of float, degrees (GCJ-02)

    Returns
    -------
    lon, lat : arrays of float, degrees (WGS 84)

    Raises
    ------
    CrsError
        If a coordinate is not finite.
    """
    return _invert(_gcj_from_wgs, *_arrays(lon, lat))


def to_bd09(lon: Any, lat: Any) -> Pair:
    """Shift WGS 84 coordinates to BD-09; parameters and errors as ``to_gcj02``.

    Returns
    -------
    lon, lat : arrays of float, degrees (BD-09)
    """
    return _bd_from_gcj(*to_gcj02(lon, lat))


def from_bd09(lon: Any, lat: Any) -> Pair:
    """Shift BD-09 coordinates back to WGS 84; parameters and errors as ``from_gcj02``.

    Returns
    -------
    lon, lat : arrays of float, degrees (WGS 84)
    """
    return _invert(_gcj_from_wgs, *_invert(_bd_from_gcj, *_arrays(lon, lat)))
