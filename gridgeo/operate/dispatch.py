"""Give each incident its area, its responsible unit and its officer, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import CrsError, TableError
from gridgeo.model.tables import INCIDENTS, check

from .addresses import AddressBook
from .dispatch_addresses import read_addresses
from .dispatch_ground import Ground
from .dispatch_officers import Roster, read_positions
from .dispatch_places import find_spots, read_pins
from .dispatch_rows import COLUMNS, Case, Desk
from .dispatch_rules import DispatchRules, Limits
from .dispatch_tree import LevelTree
from .instants import DAY_US, read_instant, read_instants
from .locate import AreaIndex
from .overrides import HELD_COLUMNS, OverrideBook
from .routes import RouteTable

_SUBJECTS = {"household": "household_id", "asset": "asset_id", "address": "address"}
"""Subjects of overrides, and the columns of incidents that name them, the closest first."""


class Dispatcher:
    """All that dispatch needs to know, made ready once and asked often.

    Parameters
    ----------
    index : AreaIndex
        The areas in which incidents are found.
    duties : DataFrame
        Table ``DUTIES``.
    routes : DataFrame, optional
        Table ``ROUTES``; without it no unit is named.
    overrides : DataFrame, optional
        Table ``OVERRIDES``, for incidents that name a ``household_id``, an ``asset_id`` or an ``address``.
    officers : DataFrame, optional
        Table ``OFFICERS``; with it, duties of others are passed over.
    areas : DataFrame or GeoDataFrame, optional
        Areas of all levels, by ``area_id``: ``parent_id``, ``level``, ``valid_from``, ``valid_to``, geometry. Without
        them every area stands alone: it has no deputies from above and no neighbours.
    book : AddressBook, optional
        Without it, addresses are not read.
    leave : DataFrame, optional
        ``officer_id, valid_from, valid_to``: days on which officers are away.
    **limits
        Fields of ``DispatchRules``, such as ``sure_share=0.9`` or ``position_age_min=30``.

    Raises
    ------
    TableError
        If a table breaks its contract or a limit is out of its range.
    CrsError
        If the book is in another CRS than the index.
    """

    def __init__(
        self,
        index: AreaIndex,
        duties: pd.DataFrame,
        routes: pd.DataFrame | None = None,
        overrides: pd.DataFrame | None = None,
        *,
        officers: pd.DataFrame | None = None,
        areas: pd.DataFrame | None = None,
        book: AddressBook | None = None,
        leave: pd.DataFrame | None = None,
        **limits: Unpack[Limits],
    ) -> None:
        if book is not None and book.crs != index.crs:
            raise CrsError(f"addresses: is in {book.crs.name}, areas is in {index.crs.name}; bring both into one")
        self.rules = DispatchRules.of(limits)
        self._ground = Ground(index)
        self._book = book
        self._tree = LevelTree(areas)
        self._overrides = None if overrides is None else OverrideBook(overrides)
        roster = Roster(duties, officers, leave, self._tree, self.rules)
        table = None if routes is None else RouteTable(routes)
        self._desk = Desk(self._tree, self._ground, roster, table, self.rules)

    def dispatch(
        self,
        incidents: gpd.GeoDataFrame,
        positions: gpd.GeoDataFrame | None = None,
        *,
        now: datetime | None = None,
        load: Mapping[str, int] | pd.Series | None = None,
    ) -> pd.DataFrame:
        """Dispatch incidents; see the function ``dispatch``."""
        incidents = _check_incidents(incidents, self._ground)
        reported, moment = _moments(incidents, now)
        accuracy = _numbers(incidents, "accuracy_m")
        pins = read_pins(incidents.geometry.to_numpy(), accuracy, self._ground, self.rules)
        named = read_addresses(_column(incidents, "address"), self._book, self._ground, self.rules.near_m)
        spots = find_spots(pins, named, self._ground, self._tree, self.rules)
        day = _days(moment, self.rules.timezone)
        held = self._held_elsewhere(incidents, day)
        seen = read_positions(positions, self._ground.index.crs)
        open_now = _read_load(load)
        categories = _column(incidents, "category")
        rows: list[tuple[Any, ...]] = [()] * len(incidents)
        # The earlier report is served first, so that the load of officers does not depend on the order of rows.
        for row in np.lexsort((incidents.index.to_numpy(dtype=str), reported)).tolist():
            case = Case(categories[row], int(day[row]), int(moment[row]), reported[row] > moment[row], held[row])
            rows[row] = self._desk.decide(spots[row], case, seen, open_now)
        return _tabulate(rows, incidents.index)

    def _held_elsewhere(self, incidents: pd.DataFrame, day: np.ndarray) -> list[dict[str, Any] | None]:
        """Give the override of each incident, None where it has none."""
        held: list[dict[str, Any] | None] = [None] * len(incidents)
        if self._overrides is None or not len(incidents):
            return held
        at = pd.Series(day.astype("datetime64[D]").astype("datetime64[s]"), index=incidents.index)
        for subject, column in _SUBJECTS.items():
            if column in incidents.columns:
                asked = pd.DataFrame({"subject": subject, "subject_id": incidents[column]}, index=incidents.index)
                found = self._overrides.held_elsewhere(asked, at)
                for row in np.flatnonzero(found["override_id"].notna()):
                    held[row] = held[row] or dict(zip(HELD_COLUMNS, found.iloc[row].tolist(), strict=True))
        return held


def dispatch(  # noqa: PLR0913
    incidents: gpd.GeoDataFrame,
    index: AreaIndex,
    duties: pd.DataFrame,
    routes: pd.DataFrame | None = None,
    overrides: pd.DataFrame | None = None,
    positions: gpd.GeoDataFrame | None = None,
    *,
    officers: pd.DataFrame | None = None,
    areas: pd.DataFrame | None = None,
    book: AddressBook | None = None,
    leave: pd.DataFrame | None = None,
    load: Mapping[str, int] | pd.Series | None = None,
    now: datetime | None = None,
    **limits: Unpack[Limits],
) -> pd.DataFrame:
    """Give each incident its area, its responsible unit and its officer, with the reason.

    The area is that of the point, where its accuracy and its distance from the border allow; else that of the
    address; else the likeliest of the candidates. The unit is that of the category in the area. The officer is the
    first of a chain who may be sent: of the micro grid, of the grid, its deputies, of the neighbour grids in the same
    community by distance, of the community's duty list, and at last of the street. A ``Dispatcher`` does the same
    for one incident at a time without making everything ready again.

    Parameters
    ----------
    incidents : GeoDataFrame
        Table ``INCIDENTS``, in the CRS of the index. ``household_id`` and ``asset_id`` may name what it is about.
        Points that are missing, not finite, at (0, 0), turned or outside are told by flags, and never guessed.
    index : AreaIndex
        The areas in which incidents are found, such as micro grids or grids.
    duties, routes, overrides, officers, areas, book, leave, **limits
        As in ``Dispatcher``.
    positions : GeoDataFrame, optional
        Table ``POSITIONS``; with it, whoever was not seen on duty lately is passed over.
    load : mapping or Series of int, optional
        Open incidents by officer, for ``most_open``; those that are dispatched count besides.
    now : datetime, optional
        When the incidents are dispatched; without it, each when it is reported. Its day chooses duties and areas.

    Returns
    -------
    DataFrame
        Indexed like ``incidents``: ``state`` (``auto``; ``review``: somebody should look; ``refused``: nobody is
        sent), ``to`` (officer), ``unit``, ``area_id``, ``found_by`` (``point``, ``address``, ``candidates``,
        ``override``), ``lead_area_id``, ``assist_area_ids`` and ``assessed_area_ids`` (parted by commas), ``rule``
        (the one that chose the officer), ``duty_area_id``, ``route_id``, ``override_id``, ``distance_m`` (from the
        area of the officer's duty, 0 in it), ``officer_m`` (from the officer's last position), ``border_m``,
        ``score`` (how sure the area is, 0 to 1), ``x``, ``y`` (the place that decided), ``candidates`` (pairs of area
        and share), ``skipped`` (pairs of officer or area, and why), ``reason`` (one sentence), ``flags`` (parted by
        commas) and ``dispatched_at``.

    Raises
    ------
    TableError
        If a table breaks its contract, a time names no time zone, or two overrides hold for one subject on one day.
    CrsError
        If incidents, positions or addresses are in another CRS than the index.

    References
    ----------
    瓜沥 6(4): an incident of a resettled household goes to the host grid, its origin grid leads, the host assists,
    both are assessed.
    """
    dispatcher = Dispatcher(
        index, duties, routes, overrides, officers=officers, areas=areas, book=book, leave=leave, **limits
    )
    return dispatcher.dispatch(incidents, positions, now=now, load=load)


def _check_incidents(incidents: gpd.GeoDataFrame, ground: Ground) -> gpd.GeoDataFrame:
    """Hold incidents against their contract; points that are not finite are kept, to be told row by row."""
    if not isinstance(incidents, gpd.GeoDataFrame) or incidents.active_geometry_name is None:
        raise TableError("incidents: has no geometry; pass a GeoDataFrame whose geometry column is set")
    if len(incidents) and incidents.crs is None:
        raise CrsError("incidents: has no CRS; say which one it is with incidents.set_crs(...)")
    if len(incidents) and incidents.crs != ground.index.crs:
        name = ground.index.crs.name
        raise CrsError(f"incidents: is in {incidents.crs.name}, areas is in {name}; use incidents.to_crs(index.crs)")
    endless = ~np.isfinite(shapely.bounds(incidents.geometry.to_numpy())).all(axis=1)
    held = incidents.set_geometry(incidents.geometry.mask(endless)) if endless.any() else incidents
    check(held, INCIDENTS)
    return incidents


def _column(incidents: pd.DataFrame, name: str) -> list[Any]:
    if name not in incidents.columns:
        return [None] * len(incidents)
    values = incidents[name]
    told = values.to_numpy(dtype=object, copy=True)
    told[values.isna().to_numpy()] = None
    return list(told)


def _numbers(incidents: pd.DataFrame, name: str) -> np.ndarray:
    if name not in incidents.columns:
        return np.full(len(incidents), np.nan)
    return pd.to_numeric(incidents[name]).to_numpy(dtype=float, na_value=np.nan)


def _moments(incidents: pd.DataFrame, now: datetime | None) -> tuple[np.ndarray, np.ndarray]:
    """Give when each incident is reported and when it is dispatched, microseconds since 1970."""
    reported = incidents["reported_at"]
    if now is None:
        told = read_instants(reported, INCIDENTS.name)
        return told, told
    moment = read_instant(now, "dispatch: now")
    if reported.isna().any():
        reported = reported.where(reported.notna(), pd.Timestamp(now))
    told = read_instants(reported, INCIDENTS.name)
    return told, np.full(len(told), moment, dtype=np.int64)


def _days(moment: np.ndarray, timezone: str) -> np.ndarray:
    """Count the days since 1970-01-01 to each moment, by the clock of a time zone."""
    if not len(moment):
        return np.empty(0, dtype=np.int64)
    different, at = np.unique(moment // (DAY_US // 96), return_inverse=True)  # no clock is set by less than 15 minutes
    quarter = pd.to_datetime(different * (DAY_US // 96), unit="us", utc=True).tz_convert(timezone)
    days: np.ndarray = quarter.tz_localize(None).to_numpy(dtype="datetime64[D]").astype(np.int64)
    return days[at]


def _read_load(load: Mapping[str, int] | pd.Series | None) -> dict[str, int]:
    """Read how many open incidents officers hold."""
    if load is None:
        return {}
    read = {str(officer_id): int(count) for officer_id, count in dict(load).items()}
    wrong = next((officer_id for officer_id, count in read.items() if count < 0), None)
    if wrong is not None:
        raise TableError(f"load: of officer {wrong!r} is {read[wrong]}, below 0")
    return read


def _tabulate(rows: list[tuple[Any, ...]], index: pd.Index) -> pd.DataFrame:
    """Make the table of decisions."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
    made: dict[str, Any] = {}
    for (name, kind), values in zip(COLUMNS.items(), columns, strict=True):
        if kind == "text":
            made[name] = pd.array(np.array(values, dtype=object), dtype="str")
        elif kind == "moment":
            made[name] = pd.to_datetime(np.array(values, dtype=np.int64), unit="us", utc=True)
        elif kind == "number":
            made[name] = np.array(values, dtype=float)
        else:
            listed = np.empty(len(values), dtype=object)
            listed[:] = values
            made[name] = listed
    return pd.DataFrame(made, index=index)
