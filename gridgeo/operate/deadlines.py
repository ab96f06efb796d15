"""Hold incidents against the deadlines of their category, stage by stage, in working time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import TableError
from gridgeo.model.service_tables import STATUSES
from gridgeo.model.tables import check

from .calendars import ALWAYS, WorkingCalendar
from .instants import HOUR_US, NEVER, Ints, as_instants, name_instant, read_instant
from .stages import DEADLINES
from .trace import CODES, MAIN_WAY, Trace, trace_log
from .working_time import LAST_YEAR, add_working_time, count_working_time

ANY = "*"
STATES = ("in_time", "late", "running", "overdue")
_ORDER = np.array([MAIN_WAY.index(status) if status in MAIN_WAY else len(MAIN_WAY) for status in STATUSES])
_COLUMNS = [
    "incident_id",
    "status",
    "round",
    "since_at",
    "working_hours",
    "due_at",
    "reached_at",
    "hours_left",
    "state",
]


@dataclass(frozen=True)
class _Rounds:
    """Every time an incident was under way between two statuses; ``NEVER`` reached while it still is."""

    incident: Ints
    since: Ints
    reached: Ints


def find_deadlines(
    incidents: pd.DataFrame,
    log: pd.DataFrame,
    deadlines: pd.DataFrame,
    calendar: WorkingCalendar = ALWAYS,
    *,
    at: Any,
) -> pd.DataFrame:
    """Tell for each incident what is due when, and what was done in time.

    Parameters
    ----------
    incidents : DataFrame
        Table ``INCIDENTS``, with or without points.
    log : DataFrame
        Table ``INCIDENT_LOG``; rows of other incidents are left out.
    deadlines : DataFrame
        Table ``DEADLINES``. ``*`` stands for the categories that have no row of that status; a missing ``since`` is
        the status before on the way.
    calendar : WorkingCalendar
        Without it every hour counts.
    at : datetime
        As it stood then.

    Returns
    -------
    DataFrame
        One row for each incident, ``status`` to reach and ``round``, in the order of ``incidents``: ``since_at``,
        ``working_hours``, ``due_at``, ``reached_at`` (missing while under way), ``hours_left`` (working hours, from
        ``reached_at`` or ``at`` to ``due_at``; below 0 once working time has passed since) and ``state``:
        ``in_time``, ``late``, ``running`` or ``overdue``. What is reached at its very deadline is in time.

        A round begins when ``since`` is reached, and when an incident comes back after ``status`` was reached; one
        that is sent from unit to unit stays in its round. A rejection decides whether a report is accepted, and ends
        all other rounds without a row.

    Raises
    ------
    TableError
        If a table breaks its contract, two rows speak of the same category and status, ``since`` does not come before
        ``status``, or a category has no row for a status that others have.
    """
    if "category" not in incidents.columns:
        raise TableError("incidents: column 'category' is missing; deadlines are by category")
    trace, now = trace_log(incidents, log, at=at), read_instant(at, "at")
    known = _known(deadlines)
    category, names = pd.factorize(incidents["category"])
    if (category < 0).any():
        raise TableError(f"incidents: category of {incidents.index[category < 0][0]!r} is missing")
    parts = []
    for status in (name for name in MAIN_WAY if name in set(known["status"])):
        limits = _by_category(known[known["status"] == status].set_index("category"), list(names), status)
        for since, group in limits.groupby("since", sort=True):
            rounds = _rounds(trace, str(since), status)
            hours = group["working_hours"].reindex(range(len(names))).to_numpy(dtype=float)[category[rounds.incident]]
            is_meant = np.isfinite(hours)
            parts.append(_judge(rounds, hours, is_meant, status, calendar, now))
    found = _gather(parts)
    found["incident_id"] = pd.array(incidents.index.to_numpy()[found["place"]], dtype="str")
    return found[_COLUMNS]


def _known(deadlines: pd.DataFrame) -> pd.DataFrame:
    """Check the deadlines; fill in from when they count."""
    check(deadlines, DEADLINES)
    twice = deadlines[deadlines.duplicated(["category", "status"])]
    if len(twice):
        row = twice.iloc[0]
        raise TableError(
            f"deadlines: row {twice.index[0]!r}: category {row['category']!r} has {row['status']!r} a second time"
        )
    usual = deadlines["status"].map({status: before for before, status in pairwise(MAIN_WAY)})
    since = deadlines["since"].fillna(usual) if "since" in deadlines.columns else usual
    made = pd.DataFrame(deadlines)[["category", "status", "working_hours"]].assign(since=since)
    wrong = made["since"].map(MAIN_WAY.index) >= made["status"].map(MAIN_WAY.index)
    if wrong.any():
        row = made[wrong].iloc[0]
        raise TableError(
            f"deadlines: row {made.index[wrong][0]!r}: since is {row['since']!r}, not before {row['status']!r}"
        )
    return made.astype({"working_hours": float})


def _by_category(known: pd.DataFrame, names: list[str], status: str) -> pd.DataFrame:
    """Give each category of the incidents its row, or that of ``*``; numbered like the categories."""
    for name in names:
        if name not in known.index and ANY not in known.index:
            raise TableError(
                f"deadlines: no row of status {status!r} for category {name!r}; add one, or one of category {ANY!r}"
            )
    rows = [name if name in known.index else ANY for name in names]
    return known.loc[rows].reset_index(drop=True)


def _rounds(trace: Trace, since: str, status: str) -> _Rounds:
    """Find every time that incidents were between two statuses."""
    low, high = MAIN_WAY.index(since), MAIN_WAY.index(status)
    order = _ORDER[trace.status]
    seen = np.flatnonzero(order >= low)
    is_in = order[seen] < high
    incident = trace.incident[seen]
    is_first = np.append(True, incident[1:] != incident[:-1]) if len(seen) else np.empty(0, dtype=bool)
    was_in = ~is_first & np.roll(is_in, 1)
    begins, ends = np.flatnonzero(is_in & ~was_in), np.flatnonzero(~is_in & was_in)
    # Begin and end take turns within an incident; the end that belongs to a begin is the first one after it.
    after = np.searchsorted(ends, begins)
    end = np.append(ends, -1)[after]
    has_end = (after < len(ends)) & (incident[end] == incident[begins])
    reached = np.where(has_end, trace.at[seen][end], NEVER)
    is_dropped = has_end & (trace.status[seen][end] == CODES["rejected"]) & (status != "accepted")
    return _Rounds(incident[begins][~is_dropped], trace.at[seen][begins][~is_dropped], reached[~is_dropped])


def _judge(
    rounds: _Rounds,
    hours: NDArray[np.floating],
    is_meant: NDArray[np.bool_],
    status: str,
    calendar: WorkingCalendar,
    now: int,
) -> dict[str, Any]:
    """Find when rounds were due, and how they stand."""
    incident, since, reached = (side[is_meant] for side in (rounds.incident, rounds.since, rounds.reached))
    hours = hours[is_meant]
    due = add_working_time(since, np.round(hours * HOUR_US), calendar)
    if (due == NEVER).any():
        at = int(np.argmax(due == NEVER))
        raise TableError(
            f"deadlines: {hours[at]:g} working hours from {name_instant(since[at])} do not end before {LAST_YEAR}"
        )
    is_open = reached == NEVER
    until = np.where(is_open, now, reached)
    state = np.where(is_open, 2, 0) + (until > due)
    left = count_working_time(until, due, calendar) / HOUR_US
    columns = {"place": incident, "since_at": since, "working_hours": hours, "due_at": due, "reached_at": reached}
    return {**columns, "hours_left": left, "state": state, "status": np.full(len(due), CODES[status])}


def _gather(parts: list[dict[str, Any]]) -> pd.DataFrame:
    """Put the rounds of all statuses together, in the order of the incidents, and number them."""
    if not parts:
        parts = [{name: np.empty(0, dtype=np.int64) for name in ("place", *_COLUMNS[1:])}]
    made = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name != "round"}
    order = np.lexsort([made["since_at"], made["status"], made["place"]])
    made = {name: values[order] for name, values in made.items()}
    frame = pd.DataFrame(made)
    frame["round"] = frame.groupby(["place", "status"], sort=False).cumcount() + 1
    frame["state"] = pd.array(np.array(STATES, dtype=object)[frame["state"]], dtype="str")
    frame["status"] = pd.array(np.array(STATUSES, dtype=object)[frame["status"]], dtype="str")
    for name in ("since_at", "due_at", "reached_at"):
        frame[name] = as_instants(made[name])
    return frame
