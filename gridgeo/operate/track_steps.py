"""Make the steps of officers' tracks: from point to point while on duty, parted where the track has a gap."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import CrsError, TableError
from gridgeo.model.service_tables import TRACK_POINTS
from gridgeo.model.tables import OFFICERS, check

from .points import read_points
from .visit_records import read_instants

_SECOND = 1_000_000


@dataclass(frozen=True)
class Gaps:
    """Where a track is parted.

    Parameters
    ----------
    max_gap_s : float, seconds
        Longest time between two points of one run.
    max_gap_m : float, metres
        Longest way between them.
    max_speed_m_s : float, metres a second
        Nobody on duty moves faster.
    max_accuracy_m : float, metres
        Points of a worse accuracy are left out.
    """

    max_gap_s: float
    max_gap_m: float
    max_speed_m_s: float
    max_accuracy_m: float

    def __post_init__(self) -> None:
        """Refuse limits that are not above 0."""
        for name, value in vars(self).items():
            if not value > 0:
                raise TableError(f"patrol: {name} is {value}, it must be above 0")


@dataclass(frozen=True)
class Steps:
    """Steps in the order of officers and instants.

    Parameters
    ----------
    start, end : arrays of float, shape (steps, 2), metres
    run : array of int
        Steps of one run follow one another without a gap.
    at : DatetimeIndex in UTC
        When each step began.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    run: NDArray[np.int64]
    at: pd.DatetimeIndex


def make_steps(track: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, gaps: Gaps, officers: pd.DataFrame | None) -> Steps:
    """Make the steps of tracks.

    Parameters
    ----------
    track : GeoDataFrame
        Table ``TRACK_POINTS``; rows off duty part a track and are not looked at otherwise.
    streets : GeoDataFrame
        Near which the tracks ought to be.
    gaps : Gaps
    officers : DataFrame, optional
        Table ``OFFICERS``: nobody else has a track.

    Returns
    -------
    Steps

    Raises
    ------
    TableError
        If a row names nobody in ``officers``, or its instant is missing or without a time zone.
    CrsError
        If a point is at (0, 0), or the points look like degrees or swapped axes.
    """
    check(track, TRACK_POINTS)
    check_same_crs(("streets", streets), ("track_points", track))
    if officers is not None:
        check(officers, OFFICERS)
        unknown = ~track["officer_id"].isin(officers.index).to_numpy()
        if unknown.any():
            raise TableError(
                f"track_points: {track['officer_id'].iloc[int(unknown.argmax())]!r} is not in officers; "
                "only officers' tracks are looked at"
            )
    at = read_instants(track["at"].reset_index(drop=True), "track_points: at")
    if at.hasnans:
        raise TableError(f"track_points: at of row {int(at.isna().argmax())} is missing")
    x, y = track.geometry.x.to_numpy(), track.geometry.y.to_numpy()
    if len(track):
        if ((x == 0) & (y == 0)).any():
            raise CrsError("track_points: a point at (0, 0) has no place; leave such points out")
        read_points((x, y), None, track.crs, streets.total_bounds)
    on_duty = track["on_duty"].to_numpy() == 1 if "on_duty" in track else np.ones(len(track), dtype=bool)
    sharp = np.ones(len(track), dtype=bool)
    if "accuracy_m" in track:
        sharp = ~(pd.to_numeric(track["accuracy_m"]).to_numpy(dtype=float) > gaps.max_accuracy_m)
    kept = np.flatnonzero(sharp | ~on_duty)
    officer, stamp = pd.factorize(track["officer_id"], sort=True)[0], at.as_unit("us").asi8
    order = kept[np.lexsort((y[kept], x[kept], stamp[kept], officer[kept]))]
    return _part(officer[order], stamp[order], np.column_stack([x, y])[order], on_duty[order], gaps)


def _part(
    officer: NDArray[np.int64],
    stamp: NDArray[np.int64],
    places: NDArray[np.float64],
    on_duty: NDArray[np.bool_],
    gaps: Gaps,
) -> Steps:
    """Keep the steps that an officer on duty can have made."""
    wait_s = np.diff(stamp) / _SECOND
    way_m = np.hypot(*np.diff(places, axis=0).T)
    goes_on = (np.diff(officer) == 0) & on_duty[:-1] & on_duty[1:]
    goes_on &= (wait_s <= gaps.max_gap_s) & (way_m <= gaps.max_gap_m) & (way_m <= gaps.max_speed_m_s * wait_s)
    kept = np.flatnonzero(goes_on)
    begun = pd.DatetimeIndex(stamp[kept].view("datetime64[us]"), tz="UTC")
    return Steps(places[kept], places[kept + 1], np.cumsum(~goes_on)[kept], begun)
