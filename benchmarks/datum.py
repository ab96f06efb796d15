"""Shift web-map coordinates back to WGS 84: points a second and the error in metres, beside two packages.

    python benchmarks/run.py --only datum --size 20k

The peers work point by point, so they get fewer points, and their seconds are scaled to as many as ours. One that is
not installed is named. ``one step`` is what many programs do: the shift at the shifted place is taken off once.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from measure import Cost, Row, measure
from pyproj import Geod

import gridgeo as gg

POINTS = {"small": 2_000, "2k": 100_000, "20k": 1_000_000, "100k": 5_000_000}
PEER_POINTS = 20_000
WEST, SOUTH, EAST, NORTH = 73.5, 18.1, 135.1, 53.6
_GLOBE = Geod(ellps="WGS84")


def rows(size: str, seed: int) -> Iterator[Row]:
    """Measure the way back from both datums over all of China.

    Yields
    ------
    Row
        The note tells points a second, and the largest error over all points.
    """
    random = np.random.default_rng(seed)
    count = POINTS[size]
    lon, lat = random.uniform(WEST, EAST, count), random.uniform(SOUTH, NORTH, count)
    for name, there, back in (("gcj02", gg.to_gcj02, gg.from_gcj02), ("bd09", gg.to_bd09, gg.from_bd09)):
        web = there(lon, lat)
        _, cost = measure(lambda there=there: there(lon, lat))
        yield Row(f"to_{name}", count, "points", cost, note=f"{count / cost.seconds / 1e6:.2f} M/s")
        made, cost = measure(lambda back=back, web=web: back(*web))
        note = f"{count / cost.seconds / 1e6:.2f} M/s, error {_error(made, lon, lat):.1e} m"
        once, once_cost = measure(lambda there=there, web=web: _one_step(there, *web))
        told = f"{note}; one step errs by {_error(once, lon, lat):.1f} m"
        yield Row(f"from_{name}", count, "points", cost, "one step", once_cost, told)
        for peer, work in _peers(name):
            yield _beside(peer, work, f"from_{name}", cost, note, web, (lon, lat))


def _one_step(there: Callable[..., Any], lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    image = there(lon, lat)
    return 2 * lon - image[0], 2 * lat - image[1]


def _error(made: Any, lon: np.ndarray, lat: np.ndarray) -> float:
    return float(_GLOBE.inv(lon, lat, *made)[2].max())


def _peers(datum: str) -> Iterator[tuple[str, Callable[[float, float], tuple[float, float]] | None]]:
    """Give the packages that know the way back, None for one that is not installed; lon, lat in and out."""
    if importlib.util.find_spec("coord_convert"):
        from coord_convert.transform import bd2wgs, gcj2wgs

        yield "coord-convert", gcj2wgs if datum == "gcj02" else bd2wgs
    else:
        yield "coord-convert (not installed)", None
    if datum != "gcj02":
        return
    if importlib.util.find_spec("eviltransform"):
        import eviltransform

        yield "eviltransform", lambda lon, lat: eviltransform.gcj2wgs_exact(lat, lon)[::-1]
    else:
        yield "eviltransform (not installed)", None


def _beside(peer: str, work: Any, step: str, ours: Cost, note: str, web: Any, true: Any) -> Row:
    """Measure a peer on the first points, and scale its seconds to all."""
    count = len(true[0])
    if work is None:
        return Row(step, count, "points", ours, peer, note=note)
    few = min(count, PEER_POINTS)
    places = list(zip(web[0][:few].tolist(), web[1][:few].tolist(), strict=True))
    made, cost = measure(lambda: [work(*place) for place in places])
    error = _error(np.array(made).T, true[0][:few], true[1][:few])
    scaled = Cost(cost.seconds * count / few, cost.megabytes)
    return Row(step, count, "points", ours, peer, scaled, f"{note}; the peer errs by {error:.1e} m")
