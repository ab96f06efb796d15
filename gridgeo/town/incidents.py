"""Report 60 days of incidents: when, what, where, and with the faults that reports have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from gridgeo.model.crs import LONLAT
from gridgeo.model.datum import to_gcj02

from .categories import CATEGORIES, HOT_KINDS, QUIET, STREET_WEIGHTS, Category
from .columns import CRS, numbered, text

INCIDENT_STREAM = 81
FIRST_DAY = datetime(2026, 8, 3, tzinfo=timezone(timedelta(hours=8)))
"""A Monday, in the town's own time."""
DAYS = 60
INCIDENTS_A_HOUSEHOLD = 0.6
ADDRESS_ONLY, NO_PLACE, WRONG_PLACE, POINT_ONLY = 0.08, 0.01, 0.02, 0.25
"""Shares of reports without a point, with neither point nor address, with a wrong point, with a point alone."""
STORM_DAYS, STORM_FACTOR = [17, 18, 41], 4.0
DAY_SPREAD, HOUR_SPREAD, HOUR_FLOOR = 0.08, 1.9, 0.035
ACCURACY_M, ACCURACY_SPREAD, ACCURACY_LIMITS_M = 12.0, 0.6, (3.0, 150.0)
ERROR_SHARE = 0.4
"""Error of a point's easting and northing, as a share of the accuracy it claims (sigma)."""
HOT_SPREAD_M, NEAR_M = 28.0, 60.0
HEAT_SPREAD = 0.8
"""How unlike buildings and sites are in reports (sigma of a log-normal)."""
FAR_M = (2_000.0, 9_000.0)
OPEN_DAYS = 3
DONE = {"closed": 0.96, "rejected": 0.02, "handled": 0.02}
GOING = ("reported", "accepted", "dispatched", "handled")


def report_incidents(
    households: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    seed: int,
) -> gpd.GeoDataFrame:
    """Draw 60 days of incidents.

    Parameters
    ----------
    households, buildings, streets, sites : GeoDataFrame
        Tables of the town.
    seed : int

    Returns
    -------
    GeoDataFrame
        Table ``INCIDENTS``, by time of report (UTC); 0.6 a household. 8 % have an address and no point, 1 % neither,
        2 % a point that is wrong: shifted as Chinese web maps are, or some kilometres off.
    """
    random = np.random.default_rng([seed, INCIDENT_STREAM])
    count = round(INCIDENTS_A_HOUSEHOLD * len(households))
    kinds = list(CATEGORIES.values())
    category = random.choice(len(kinds), count, p=_shares([kind.share for kind in kinds]))
    reported = _moments(category, random)
    points, address = _places(category, households, buildings, streets, sites, random)
    words = np.array([kind.texts for kind in kinds], dtype=object)[category, random.integers(0, 4, count)]
    accuracy = np.clip(ACCURACY_M * np.exp(random.normal(0, ACCURACY_SPREAD, count)), *ACCURACY_LIMITS_M).round(1)
    points += random.normal(0, ERROR_SHARE, (count, 2)) * accuracy[:, None]
    shapes, address, accuracy = _with_faults(points, address, accuracy, random)
    order = np.argsort(reported, kind="stable")
    return gpd.GeoDataFrame(
        {
            "reported_at": pd.DatetimeIndex(reported[order], tz="UTC"),
            "category": text(np.array(list(CATEGORIES), dtype=object)[category[order]]),
            "text": text(words[order]),
            "address": text(address[order]),
            "accuracy_m": accuracy[order],
            "status": text(_status(reported[order], random)),
        },
        index=numbered("I", count, 7, "incident_id"),
        geometry=shapes[order],
        crs=CRS,
    )


def _shares(weights: Any) -> np.ndarray:
    weights = np.asarray(weights, dtype=float)
    return weights / weights.sum()


def _first_moment() -> np.datetime64:
    return np.datetime64(FIRST_DAY.astimezone(UTC).replace(tzinfo=None), "s")


def _moments(category: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw when each incident is reported, to the second, in UTC."""
    swing = np.exp(random.normal(0, DAY_SPREAD, DAYS))
    seconds = np.empty(len(category), dtype=np.int64)
    for number, kind in enumerate(CATEGORIES.values()):
        rows = np.flatnonzero(category == number)
        day = random.choice(DAYS, len(rows), p=_shares(swing * _by_day(kind)))
        hour = random.choice(24, len(rows), p=_shares(_by_hour(kind)))
        seconds[rows] = day * 86_400 + hour * 3_600 + random.integers(0, 3_600, len(rows))
    return _first_moment() + seconds.astype("timedelta64[s]")


def _by_day(kind: Category) -> np.ndarray:
    weights = np.where(np.arange(DAYS) % 7 >= 5, kind.weekend, 1.0)
    if kind.storm:
        weights[STORM_DAYS] *= STORM_FACTOR
    return weights


def _by_hour(kind: Category) -> np.ndarray:
    weights = np.full(24, HOUR_FLOOR)
    for hour, weight in kind.peaks:
        gap = np.abs(np.arange(24) + 0.5 - hour)
        weights += weight * np.exp(-((np.minimum(gap, 24 - gap) / HOUR_SPREAD) ** 2) / 2)
    return weights


def _places(
    category: np.ndarray,
    households: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw where each incident is: its point and how people call the place."""
    limits = np.cumsum([kind.places for kind in CATEGORIES.values()], axis=1)[category]
    place = (random.uniform(size=(len(category), 1)) > limits[:, :2]).sum(axis=1)
    at_home, on_street, at_site = (np.flatnonzero(place == kind) for kind in range(3))
    points, address = np.empty((len(category), 2)), np.full(len(category), None, dtype=object)
    points[at_home], address[at_home] = _at_homes(households, len(at_home), random)
    points[on_street], address[on_street] = _on_streets(streets, buildings, len(on_street), random)
    points[at_site], address[at_site] = _at_sites(sites, len(at_site), random)
    return points, address


def _at_homes(households: gpd.GeoDataFrame, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Choose dwellings; some buildings report far more than others."""
    building, _ = pd.factorize(households["building_id"])
    heat = np.exp(random.normal(0, HEAT_SPREAD, building.max() + 1))
    row = random.choice(len(households), count, p=_shares(heat[building]))
    points = shapely.get_coordinates(households.geometry.to_numpy()[row])
    return points, households["address"].to_numpy(dtype=object)[row]


def _on_streets(
    streets: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, count: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Choose places along streets; the address is that of the next house, else the street."""
    named = streets[(streets["kind"] == "street").to_numpy() & streets["name"].notna().to_numpy()]
    weight = named.length.to_numpy() * named["rank"].map(STREET_WEIGHTS).to_numpy()
    row = random.choice(len(named), count, p=_shares(weight))
    points = shapely.line_interpolate_point(named.geometry.to_numpy()[row], random.uniform(size=count), normalized=True)
    tree = shapely.STRtree(buildings.geometry.to_numpy())
    near, gap = tree.query_nearest(points, all_matches=False, return_distance=True)
    doors = buildings["address"].to_numpy(dtype=object)[near[1]] + "附近"
    return shapely.get_coordinates(points), np.where(gap <= NEAR_M, doors, named["name"].to_numpy(dtype=object)[row])


def _at_sites(sites: gpd.GeoDataFrame, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Choose busy sites, a few of them far busier than the others."""
    busy = sites["kind"].map(HOT_KINDS).fillna(QUIET).to_numpy(dtype=float)
    row = random.choice(len(sites), count, p=_shares(busy * np.exp(random.normal(0, HEAT_SPREAD, len(sites)))))
    gates = shapely.get_coordinates(shapely.point_on_surface(sites.geometry.to_numpy()))
    points = gates[row] + random.normal(0, HOT_SPREAD_M, (count, 2))
    return points, sites["name"].to_numpy(dtype=object)[row] + "门口"


def _with_faults(
    points: np.ndarray, address: np.ndarray, accuracy: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take points and addresses away, and put some points where they do not belong."""
    limits = np.cumsum([ADDRESS_ONLY, NO_PLACE, WRONG_PLACE, POINT_ONLY])
    no_point, nowhere, wrong, no_address = (
        np.searchsorted(limits, random.uniform(size=len(points)), side="right") == np.arange(4)[:, None]
    )
    points, address, accuracy = points.copy(), address.copy(), accuracy.copy()
    shifted, far = np.flatnonzero(wrong)[::2], np.flatnonzero(wrong)[1::2]
    points[shifted] = _shifted(points[shifted])
    way, reach_m = random.uniform(0, 2 * np.pi, len(far)), random.uniform(*FAR_M, len(far))
    points[far] += reach_m[:, None] * np.column_stack([np.cos(way), np.sin(way)])
    shapes = np.asarray(shapely.points(np.round(points, 2)))
    shapes[no_point | nowhere] = None
    accuracy[no_point | nowhere] = np.nan
    address[nowhere | no_address] = None
    return shapes, address, accuracy


def _shifted(points: np.ndarray) -> np.ndarray:
    """Move points as the datum of Chinese web maps does."""
    to_lonlat = Transformer.from_crs(CRS, LONLAT, always_xy=True)
    lon, lat = to_gcj02(*to_lonlat.transform(*points.T))
    return np.column_stack(to_lonlat.transform(lon, lat, direction="INVERSE"))


def _status(reported: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Close what is older than some days; the rest is on its way."""
    is_open = _first_moment() + np.timedelta64(DAYS, "D") - reported < np.timedelta64(OPEN_DAYS, "D")
    done = random.choice(len(DONE), len(reported), p=list(DONE.values()))
    going = random.integers(0, len(GOING), len(reported))
    return np.where(is_open, np.array(GOING, dtype=object)[going], np.array(list(DONE), dtype=object)[done])
