"""Tell which incidents must go to a higher level, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gridgeo.model.errors import ProfileError, TableError
from gridgeo.model.service_tables import INCIDENT_LOG
from gridgeo.model.tables import check

from .calendars import ALWAYS, WorkingCalendar
from .deadlines import ANY, find_deadlines
from .incidents import append_rows
from .instants import as_instants, read_instant
from .stages import Escalation, Loop
from .trace import incident_states, trace_log

DONE = ("rejected", "closed", "evaluated")
"""Nobody needs to take an incident that is one of these."""
_COLUMNS = ["status", "from_level", "level", "reason", "value", "limit", "area_id", "note"]


def escalations(
    incidents: pd.DataFrame,
    log: pd.DataFrame,
    loop: Loop,
    *,
    at: Any,
    calendar: WorkingCalendar = ALWAYS,
    areas: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Tell who must take which incident now.

    Parameters
    ----------
    incidents : DataFrame
        Table ``INCIDENTS``, with or without points.
    log : DataFrame
        Table ``INCIDENT_LOG``.
    loop : Loop
        With its levels, its rules of escalation and the deadlines that they speak of.
    at : datetime
        As it stood then.
    calendar : WorkingCalendar
        Without it every hour counts.
    areas : DataFrame, optional
        Table ``AREAS``, or its columns ``level`` and ``parent_id``: names the area of the new level over an incident.

    Returns
    -------
    DataFrame
        Indexed by ``incident_id``, one row for each incident that is open and must go higher than it is:
        ``status``; ``from_level``, ``level``; ``reason`` (``overdue``, ``returns`` or ``category``) of the first rule
        that names the level; ``value`` and ``limit`` (working hours past the deadline, or returns); ``area_id`` of
        that level, missing where it is not known; ``note``, one sentence.

    Raises
    ------
    TableError
        As ``find_deadlines``; also if the log names a level that the loop does not have.
    ProfileError
        If the loop has no levels or no rules, or speaks of a deadline that it does not have.
    """
    _check_rules(loop)
    names = [level.level for level in loop.levels]
    states = incident_states(incidents, log, at=at)
    strange = states["level"].dropna()[lambda held: ~held.isin(names)]
    if len(strange):
        raise TableError(
            f"incident_log: level of {strange.index[0]!r} is {strange.iloc[0]!r}; loop {loop.name!r} has "
            f"{', '.join(names)}"
        )
    held = states["level"].fillna(names[0]).map(names.index).to_numpy(dtype=int)
    is_open = ~states["status"].isin(DONE).to_numpy()
    past = _hours_past(incidents, log, loop, calendar, at)
    best, rule, value = np.where(is_open, held, len(names)), np.full(len(states), -1), np.full(len(states), np.nan)
    for number, one in enumerate(loop.escalations):
        meant, measured = _meets(one, incidents, states, past)
        better = is_open & meant & (names.index(one.to) > best)
        best, rule = np.where(better, names.index(one.to), best), np.where(better, number, rule)
        value = np.where(better, measured, value)
    return _tabulate(incidents, states, loop, areas, (held, best, rule, value))


def _check_rules(loop: Loop) -> None:
    if not loop.levels or not loop.escalations:
        raise ProfileError(
            f"loop {loop.name!r} states no {'rules of escalation' if loop.levels else 'levels'}; add [[levels]] and "
            "[[escalations]] to a copy of its file"
        )
    known = {status for _, status, _, _ in loop.limits}
    for number, rule in enumerate(loop.escalations, 1):
        if rule.overdue_hours is not None and (rule.status not in known if rule.status else not known):
            raise ProfileError(
                f"loop {loop.name!r}: escalations[{number}] speaks of a deadline of {rule.status or 'any status'!r}, "
                "and the loop has none; add [[deadlines]]"
            )


def _hours_past(
    incidents: pd.DataFrame, log: pd.DataFrame, loop: Loop, calendar: WorkingCalendar, at: Any
) -> dict[str, np.ndarray]:
    """Give the working hours past each deadline that is overdue, by status; the longest under the empty name."""
    if not loop.limits or all(rule.overdue_hours is None for rule in loop.escalations):
        return {}
    found = find_deadlines(incidents, log, loop.deadlines, calendar, at=at)
    late = found[found["state"] == "overdue"].assign(past=lambda rows: -rows["hours_left"])
    made = {"": late.groupby("incident_id")["past"].max()}
    made |= {str(status): rows.groupby("incident_id")["past"].max() for status, rows in late.groupby("status")}
    return {status: hours.reindex(incidents.index).to_numpy(dtype=float) for status, hours in made.items()}


def _meets(
    rule: Escalation, incidents: pd.DataFrame, states: pd.DataFrame, past: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Tell which incidents meet a rule, and what was measured."""
    everyone = np.ones(len(states), dtype=bool)
    if rule.category != ANY and "category" not in incidents.columns:
        raise TableError("incidents: column 'category' is missing; a rule of escalation is about one")
    is_meant = everyone if rule.category == ANY else incidents["category"].eq(rule.category).to_numpy(dtype=bool)
    if rule.overdue_hours is not None:
        hours = past.get(rule.status, np.full(len(states), np.nan))
        return is_meant & (np.nan_to_num(hours, nan=-1.0) >= rule.overdue_hours) & np.isfinite(hours), hours
    if rule.returns is not None:
        returns = states["returns"].to_numpy(dtype=float)
        return is_meant & (returns >= rule.returns), returns
    return is_meant, np.full(len(states), np.nan)


def _tabulate(
    incidents: pd.DataFrame,
    states: pd.DataFrame,
    loop: Loop,
    areas: pd.DataFrame | None,
    told: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> pd.DataFrame:
    held, best, rule, value = told
    names = [level.level for level in loop.levels]
    chosen = np.flatnonzero(rule >= 0)
    rows: list[list[Any]] = []
    for place in chosen.tolist():
        one = loop.escalations[rule[place]]
        reason, limit, words = _why(one, value[place])
        area = _area_of(incidents, place, names[best[place]], areas)
        status = states["status"].iloc[place]
        before, after = names[held[place]], names[best[place]]
        rows.append([status, before, after, reason, value[place], limit, area, f"{before} to {after}: {words}"])
    index = pd.Index(incidents.index[chosen], name="incident_id")
    made = pd.DataFrame(rows, columns=_COLUMNS, index=index)
    texts = [name for name in _COLUMNS if name not in ("value", "limit")]
    return made.astype(dict.fromkeys(texts, "str") | {"value": float, "limit": float})


def _why(rule: Escalation, value: float) -> tuple[str, float, str]:
    """Give the reason, its limit, and both in words."""
    if rule.overdue_hours is not None:
        words = f"{rule.status or 'a stage'} is overdue by {value:.1f} working hours, limit {rule.overdue_hours:g}"
        return "overdue", rule.overdue_hours, words
    if rule.returns is not None:
        return "returns", float(rule.returns), f"went back {value:.0f} times, limit {rule.returns}"
    return "category", np.nan, f"category {rule.category} goes there at once"


def _area_of(incidents: pd.DataFrame, place: int, level: str, areas: pd.DataFrame | None) -> str | None:
    """Name the area of a level in which an incident lies."""
    if areas is None or "area_id" not in incidents.columns:
        return None
    area: Any = incidents["area_id"].iloc[place]
    seen: set[str] = set()
    while isinstance(area, str) and area in areas.index and area not in seen:
        if areas.at[area, "level"] == level:
            return area
        seen.add(area)
        area = areas.at[area, "parent_id"]
    return None


def escalation_rows(
    found: pd.DataFrame, log: pd.DataFrame, incidents: pd.DataFrame, at: Any, *, actor: str | None = None
) -> pd.DataFrame:
    """Write escalations into the log: each takes its incident to the new level, the status stays as it is.

    Parameters
    ----------
    found : DataFrame
        As ``escalations`` gives it.
    log : DataFrame
        Table ``INCIDENT_LOG``; it is not changed.
    incidents : DataFrame
        Table ``INCIDENTS``, with those found.
    at : datetime
    actor : str, optional

    Returns
    -------
    DataFrame
        Table ``INCIDENT_LOG``: the new rows alone, numbered on from the log.

    Raises
    ------
    TableError
        If an incident is at that level already, or took another step since.
    """
    moments = np.full(len(found), read_instant(at, "incident_log: at"))
    rows = pd.DataFrame(
        {
            "incident_id": pd.array(found.index.to_numpy(dtype=object), dtype="str"),
            "status": found["status"].array,
            "at": as_instants(moments),
            "actor": pd.array([actor] * len(found), dtype="str"),
            "note": found["note"].array,
            "level": found["level"].array,
            "stage": pd.array([None] * len(found), dtype="str"),
            "verdict": pd.array([None] * len(found), dtype="str"),
        },
        index=pd.RangeIndex(len(log), len(log) + len(found)),
    )
    check(rows, INCIDENT_LOG)
    meant = incidents.loc[found.index]
    moved = incident_states(meant, log)["status"].ne(found["status"])
    if moved.any():
        name = moved.index[moved][0]
        raise TableError(f"incident_log: {name!r} is no longer {found.at[name, 'status']!r}; ask for escalations again")
    trace_log(meant, append_rows(log, rows))
    return rows
