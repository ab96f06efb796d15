"""Tell which officers answer for an area on a day, and what is wrong with the duty list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError, UnknownAreaError
from gridgeo.model.tables import AREAS, DUTIES, FINDINGS, OFFICERS, check, empty

PRIMARY_ROLES = ("primary", "full_time", "micro_chief")
"""Roles of the one officer who answers first: the full-time officer of a grid, the chief of a micro grid."""
ROLE_ORDER = (*PRIMARY_ROLES, "deputy", "part_time", "grid_chief")
"""Roles in the order in which their officers are asked; others come after them."""
_COLUMNS = ["area_id", "officer_id", "name", "role", "phone", "duty_id", "duty_area_id", "is_primary"]


def officers_for(
    area_ids: Iterable[str],
    officers: pd.DataFrame,
    duties: pd.DataFrame,
    at: date,
    *,
    areas: pd.DataFrame | None = None,
    roles: Sequence[str] = ROLE_ORDER,
    primary: Sequence[str] = PRIMARY_ROLES,
) -> pd.DataFrame:
    """Tell who answers for areas on a day.

    Parameters
    ----------
    area_ids : iterable of str
        The areas asked for.
    officers : DataFrame
        Table ``OFFICERS``.
    duties : DataFrame
        Table ``DUTIES``. A duty holds on a day ``d`` when ``valid_from <= d < valid_to``; a missing end is open.
    at : date
        The day.
    areas : DataFrame, optional
        Table ``AREAS``, or its column ``parent_id``: with it, an area without an officer is answered for by those of
        the nearest area above it that has one.
    roles : sequence of str
        Roles in the order in which their officers are asked.
    primary : sequence of str
        Roles of which an area has exactly one officer.

    Returns
    -------
    DataFrame
        One row for each area and officer, in the order of ``area_ids`` and then of ``roles``: ``area_id, officer_id,
        name, role, phone, duty_id``, ``duty_area_id`` (the area that the duty is for: the area itself or one above
        it) and ``is_primary``. An area for which nobody answers has no row.

    Raises
    ------
    TableError
        If a table breaks its contract or ``at`` is not a day.
    UnknownAreaError
        If ``areas`` is given and does not hold an area.
    """
    check(officers, OFFICERS)
    held = _held_on(duties, _day(at))
    held = held[held["officer_id"].isin(officers.index)]
    wanted = list(dict.fromkeys(area_ids))
    served = set(held["area_id"])
    answering = pd.DataFrame(
        {"area_id": wanted, "duty_area_id": [_nearest_served(area, served, areas) for area in wanted]}, dtype=object
    )
    duty = held.rename(columns={"area_id": "duty_area_id"}).reset_index()
    found = answering.merge(duty[["duty_id", "duty_area_id", "officer_id", "role"]], on="duty_area_id", how="inner")
    found = found.merge(_contacts(officers), left_on="officer_id", right_index=True)
    order = {role: place for place, role in enumerate(roles)}
    found = found.assign(
        is_primary=found["role"].isin(list(primary)),
        asked=found["area_id"].map({area: place for place, area in enumerate(wanted)}),
        turn=found["role"].map(order).fillna(len(order)),
    )
    return found.sort_values(["asked", "turn", "officer_id", "duty_id"], ignore_index=True)[_COLUMNS]


def check_duties(
    areas: gpd.GeoDataFrame,
    officers: pd.DataFrame,
    duties: pd.DataFrame,
    at: date,
    *,
    primary: Sequence[str] = PRIMARY_ROLES,
) -> gpd.GeoDataFrame:
    """Find what is wrong with the duty list of a day.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS``: each of them must have exactly one primary officer.
    officers : DataFrame
        Table ``OFFICERS``.
    duties : DataFrame
        Table ``DUTIES``.
    at : date
        The day.
    primary : sequence of str
        Roles of which an area has exactly one officer.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS``, with the area as place: ``vacancy`` (nobody answers for the area), ``no_primary``,
        ``several_primaries``, ``unknown_officer`` (a duty of someone who is not in ``officers``), ``empty_duty``
        (a duty that ends before it begins). Empty where all is well.

    Raises
    ------
    TableError
        If a table breaks its contract or ``at`` is not a day.
    """
    check(areas, AREAS)
    check(officers, OFFICERS)
    day = _day(at)
    held = _held_on(duties, day)
    is_known = held["officer_id"].isin(officers.index)
    found = _staffing(areas.index, held[is_known], set(primary), f"{day:%Y-%m-%d}")
    for duty_id, duty in held[~is_known].iterrows():
        words = f"duty {duty_id!r} for {duty['area_id']!r} names officer {duty['officer_id']!r}, who is not in officers"
        found.append(_finding("unknown_officer", "error", duty["area_id"], np.nan, words))
    for duty_id, duty in _empty_duties(duties).iterrows():
        words = f"duty {duty_id!r} for {duty['area_id']!r} ends on or before the day on which it begins"
        found.append(_finding("empty_duty", "error", duty["area_id"], np.nan, words))
    return _tabulate(found, areas)


def _staffing(area_ids: pd.Index, held: pd.DataFrame, primary: set[str], day: str) -> list[dict[str, Any]]:
    """Find areas for which nobody answers, or not exactly one primary officer."""
    staffed = set(held["area_id"])
    firsts = held[held["role"].isin(primary)].groupby("area_id")["officer_id"].agg(lambda ids: sorted(set(ids)))
    found: list[dict[str, Any]] = []
    for area in area_ids:
        names = firsts.get(area, [])
        if area not in staffed:
            found.append(_finding("vacancy", "error", area, 0, f"nobody answers for {area!r} on {day}"))
        elif not names:
            found.append(_finding("no_primary", "warning", area, 0, f"{area!r} has no primary officer on {day}"))
        elif len(names) > 1:
            words = f"{area!r} has {len(names)} primary officers on {day}: {', '.join(names)}"
            found.append(_finding("several_primaries", "error", area, len(names), words))
    return found


def _day(at: Any) -> pd.Timestamp:
    """Take a day."""
    if not isinstance(at, date) or pd.isna(at):
        raise TableError(f"duties: at is {at!r}, it must be a day such as date(2026, 10, 1)")
    return pd.Timestamp(at.year, at.month, at.day)


def _days(duties: pd.DataFrame, column: str) -> pd.Series:
    """Read a column of days; missing is open."""
    if column not in duties.columns:
        return pd.Series(pd.NaT, index=duties.index, dtype="datetime64[ns]")
    values = duties[column]
    days = pd.to_datetime(values.astype(object).where(values.notna(), None), errors="coerce", utc=True).dt.tz_localize(
        None
    )
    unread = values.notna() & days.isna()
    if unread.any():
        first = duties.index[unread][0]
        raise TableError(f"duties: {column} of {first!r} is {values[first]!r}, not a day")
    return days.dt.normalize()


def _held_on(duties: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Choose the duties that hold on a day."""
    check(duties, DUTIES)
    begins, ends = _days(duties, "valid_from"), _days(duties, "valid_to")
    return duties[(begins.isna() | (begins <= day)) & (ends.isna() | (day < ends))]


def _empty_duties(duties: pd.DataFrame) -> pd.DataFrame:
    return duties[_days(duties, "valid_to") <= _days(duties, "valid_from")]


def _nearest_served(area_id: str, served: set[str], areas: pd.DataFrame | None) -> str | None:
    """Name the area itself, or the nearest one above it, for which somebody answers."""
    if areas is not None and area_id not in areas.index:
        raise UnknownAreaError(f"no area {area_id!r} in the areas given")
    seen: set[str] = set()
    current: Any = area_id
    while current not in served:
        seen.add(current)
        known = areas is not None and "parent_id" in areas.columns and current in areas.index
        current = areas.at[current, "parent_id"] if known and areas is not None else None
        if not isinstance(current, str) or current in seen:
            return None
    return str(current)


def _contacts(officers: pd.DataFrame) -> pd.DataFrame:
    """Give names and phones by officer."""
    return officers.reindex(columns=["name", "phone"]).rename_axis(None)


def _finding(kind: str, severity: str, area_id: str, value: float, message: str) -> dict[str, Any]:
    counts = np.isfinite(value)
    return {
        "kind": kind,
        "severity": severity,
        "area_ids": area_id,
        "value": float(value),
        "limit": 1.0 if counts else np.nan,
        "quantity": "primary officers" if counts else "",
        "message": message,
    }


def _tabulate(found: list[dict[str, Any]], areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make the table of findings, each at the place of its area."""
    if not found:
        return empty(FINDINGS, areas.crs)
    index = pd.Index([f"F{number:04d}" for number in range(1, len(found) + 1)], name="finding_id", dtype="str")
    table = pd.DataFrame(found, index=index)
    places = areas.geometry.reindex(table["area_ids"].to_numpy()).set_axis(index)
    return gpd.GeoDataFrame(table, geometry=places, crs=areas.crs)
