"""Follow incidents through their log: every row checked against the one before it, as arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gridgeo.model.columns import moment, schema
from gridgeo.model.errors import TableError
from gridgeo.model.service_tables import INCIDENT_LOG, STATUSES
from gridgeo.model.tables import Table, check

from .instants import Ints, as_instants, name_instant, read_instant, read_instants

NEXT = {
    "reported": ("accepted", "rejected"),
    "accepted": ("dispatched",),
    "rejected": ("reported",),
    "dispatched": ("handled", "dispatched", "accepted"),
    "handled": ("verified", "dispatched"),
    "verified": ("closed", "dispatched"),
    "closed": ("evaluated", "dispatched"),
    "evaluated": ("dispatched",),
}
"""What may follow. Ways back: an appeal against a rejection, a unit that sends a case back, one that is sent to another
unit, a check that fails, and a case that is opened again."""
CODES = {status: code for code, status in enumerate(STATUSES)}
MAIN_WAY = tuple(status for status in STATUSES if status != "rejected")
"""The way of an incident that goes well."""
_ALLOWED = np.array([[after in NEXT[before] for after in STATUSES] for before in STATUSES])
_RANK = np.array([MAIN_WAY.index(status) if status in MAIN_WAY else -1 for status in STATUSES])
REPORTS = Table("incidents", "incident_id", schema(reported_at=moment()))
"""What the closed loop needs of table ``INCIDENTS``: points are none of its business."""


@dataclass(frozen=True)
class Trace:
    """The log of some incidents, sorted by incident and then as it was written.

    Parameters
    ----------
    incident : array of int, shape (rows,)
        Place in the table of incidents; each incident has at least its report.
    status : array of int
        Place in ``STATUSES``.
    at : array of int, microseconds since 1970 in UTC
    row : array of int
        Place in the log; -1 for a report that only the table of incidents tells.
    is_return : array of bool
        Rows that go back on the way.
    last : array of int, shape (incidents,)
        The last row of each incident.
    level, stage : arrays of object, shape (incidents,)
        In force after the last row, a stage as long as the status stays; missing where the log does not tell.
    """

    incident: Ints
    status: Ints
    at: Ints
    row: Ints
    is_return: NDArray[np.bool_]
    last: Ints
    level: NDArray[np.object_]
    stage: NDArray[np.object_]

    def ever(self, status: str) -> NDArray[np.bool_]:
        """Tell which incidents ever were in a status."""
        found = np.zeros(len(self.last), dtype=bool)
        found[self.incident[self.status == CODES[status]]] = True
        return found


def find_codes(values: pd.Series, words: Any) -> Ints:
    """Tell which of a list of different words each value is; -1 for none, and where it is missing."""
    # Six times as quick as Index.get_indexer, which makes an object of each text.
    codes = pc.index_in(_as_arrow(values), value_set=_as_arrow(words))
    return np.asarray(codes.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _as_arrow(values: Any) -> Any:
    made = pa.array(values, type=pa.large_string(), from_pandas=True)
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


def trace_log(incidents: pd.DataFrame, log: pd.DataFrame, *, at: Any = None) -> Trace:
    """Sort the log of some incidents, and check every step in it.

    Parameters
    ----------
    incidents : DataFrame
        Table ``INCIDENTS``, with or without points. Log rows of other incidents are left out.
    log : DataFrame
        Table ``INCIDENT_LOG``.
    at : datetime, optional
        Leave out what was written after that instant. All incidents must have been reported by then.

    Returns
    -------
    Trace

    Raises
    ------
    TableError
        Naming the row of the log that is a step which is not allowed, stands twice, or is earlier than the one before
        it; an unknown status; an instant that is missing or without a time zone; an incident reported after ``at``.
    """
    check(incidents, REPORTS)
    check(log, INCIDENT_LOG)
    reported = read_instants(incidents["reported_at"], "incidents")
    written = read_instants(log["at"], "incident_log")
    incident = find_codes(log["incident_id"], incidents.index)
    is_kept = incident >= 0
    if at is not None:
        until = read_instant(at, "at")
        _refuse_late(incidents, reported, until)
        is_kept &= written <= until
    row = np.flatnonzero(is_kept)
    row = row[np.argsort(incident[row], kind="stable")]
    status = find_codes(log["status"], STATUSES)
    return _with_reports(log, row, incident[row], status[row], written[row], reported)


def _refuse_late(incidents: pd.DataFrame, reported: Ints, until: int) -> None:
    late = np.flatnonzero(reported > until)
    if len(late):
        raise TableError(
            f"incidents: reported_at of {incidents.index[late[0]]!r} is {name_instant(reported[late[0]])}, "
            f"after {name_instant(until)}"
        )


def _with_reports(log: pd.DataFrame, row: Ints, incident: Ints, status: Ints, at: Ints, reported: Ints) -> Trace:
    """Put the report that the table of incidents tells before the rows of an incident whose log does not begin so."""
    is_first = np.ones(len(row), dtype=bool)
    is_first[1:] = incident[1:] != incident[:-1]
    is_told = np.zeros(len(reported), dtype=bool)
    is_told[incident[is_first & (status == CODES["reported"]) & ~_states(log, row)]] = True
    missing = np.flatnonzero(~is_told)
    place = np.searchsorted(incident, missing, side="left")
    incident = np.insert(incident, place, missing)
    status = np.insert(status, place, CODES["reported"])
    row = np.insert(row, place, -1)
    at = np.insert(at, place, reported[missing])
    is_first = np.ones(len(row), dtype=bool)
    is_first[1:] = incident[1:] != incident[:-1]
    is_new = is_first | (status != np.roll(status, 1))
    levels, stages = _in_force(log, "level", row, is_first), _in_force(log, "stage", row, is_new)
    is_news = levels[1] | stages[1]
    is_stale = np.append(_states(log, np.arange(len(log))), False)[row] & ~is_news
    _check_steps(log, row, incident, status, at, reported, is_first, is_news=is_news, is_stale=is_stale)
    at = np.where(is_first, reported[incident], at)
    before = np.roll(status, 1)
    is_return = ~is_first & (_RANK[status] < _RANK[before]) & (status != CODES["rejected"])
    last = np.append(np.flatnonzero(is_first)[1:], len(row)) - 1 if len(row) else np.empty(0, dtype=np.int64)
    return Trace(incident, status, at, row, is_return, last, levels[0](last), stages[0](last))


def _states(log: pd.DataFrame, row: Ints) -> NDArray[np.bool_]:
    """Tell which rows name a level or a stage."""
    found = np.zeros(len(log), dtype=bool)
    for column in ("level", "stage"):
        if column in log.columns:
            found |= log[column].notna().to_numpy()
    return found[row]


def _in_force(
    log: pd.DataFrame, column: str, row: Ints, is_new: NDArray[np.bool_]
) -> tuple[Callable[[Ints], NDArray[np.object_]], NDArray[np.bool_]]:
    """Carry a value that the log states now and then forward until it begins anew; tell too which rows change it."""
    if column not in log.columns or not log[column].notna().any():
        return lambda rows: np.full(len(rows), None, dtype=object), np.zeros(len(row), dtype=bool)
    codes, names = pd.factorize(log[column])
    code = np.where(row >= 0, codes[row], -1)
    place = np.arange(len(row))
    told = np.maximum.accumulate(np.where(code >= 0, place, -1))
    first = np.maximum.accumulate(np.where(is_new, place, 0))
    held = np.where(told >= first, code[told], -1)
    before = np.where(is_new, -1, np.roll(held, 1))
    words = np.array([*names, None], dtype=object)
    return lambda rows: words[held[rows]], held != before


def _check_steps(
    log: pd.DataFrame,
    row: Ints,
    incident: Ints,
    status: Ints,
    at: Ints,
    reported: Ints,
    is_first: NDArray[np.bool_],
    *,
    is_news: NDArray[np.bool_],
    is_stale: NDArray[np.bool_],
) -> None:
    """Refuse the first row, in the order of the log, that cannot follow the one before it."""
    before, last_at = np.roll(status, 1), np.where(is_first, reported[incident], np.roll(at, 1))
    is_same = ~is_first & (status == before)
    # To dispatch again is a step; the same dispatch at the same instant, or to the same level, stands there twice.
    is_step = _ALLOWED[before, status] & (~is_same | ((at > last_at) & ~is_stale))
    wrong = (at < last_at) | (~is_first & ~is_step & ~(is_same & is_news))
    if not wrong.any():
        return
    fault = np.flatnonzero(wrong)[np.argmin(row[wrong])]
    position = row[fault]
    name, now = log["incident_id"].iloc[position], STATUSES[status[fault]]
    words = f"incident_log: row {log.index[position]!r}:"
    if at[fault] < last_at[fault]:
        raise TableError(
            f"{words} at of {name!r} is {name_instant(at[fault])}, before {name_instant(last_at[fault])}, when it was "
            f"{'reported' if is_first[fault] else STATUSES[before[fault]]}; rows of an incident follow in time"
        )
    if is_same[fault]:
        raise TableError(
            f"{words} {name!r} is {now!r} since {name_instant(last_at[fault])}; the same is written twice at "
            f"{name_instant(at[fault])}"
        )
    raise TableError(f"{words} {refusal(name, STATUSES[before[fault]], now)}")


def refusal(incident: Any, before: str, after: str) -> str:
    """Say that a step is not allowed, and which ones are."""
    return f"{incident!r} cannot go from {before!r} to {after!r}; allowed are {', '.join(NEXT[before])}"


def check_log(log: pd.DataFrame, incidents: pd.DataFrame, *, now: Any = None) -> None:
    """Hold a whole log against the table of its incidents.

    Parameters
    ----------
    log : DataFrame
        Table ``INCIDENT_LOG``.
    incidents : DataFrame
        Table ``INCIDENTS``, with or without points.
    now : datetime, optional
        No row and no report may be later.

    Raises
    ------
    TableError
        As ``trace_log``; also for a row of an incident that is not in the table, and for one later than ``now``.
    """
    trace_log(incidents, log)
    is_strange = ~log["incident_id"].isin(incidents.index).to_numpy()
    if is_strange.any():
        position = int(np.flatnonzero(is_strange)[0])
        raise TableError(
            f"incident_log: row {log.index[position]!r}: {log['incident_id'].iloc[position]!r} is not in incidents"
        )
    if now is None:
        return
    until = read_instant(now, "now")
    _refuse_late(incidents, read_instants(incidents["reported_at"], "incidents"), until)
    written = read_instants(log["at"], "incident_log")
    late = np.flatnonzero(written > until)
    if len(late):
        raise TableError(
            f"incident_log: row {log.index[late[0]]!r}: at of {log['incident_id'].iloc[late[0]]!r} is "
            f"{name_instant(written[late[0]])}, after now, {name_instant(until)}"
        )


def incident_states(incidents: pd.DataFrame, log: pd.DataFrame, *, at: Any = None) -> pd.DataFrame:
    """Tell where every incident stands: what is left of its log when it is read to the end.

    Parameters
    ----------
    incidents : DataFrame
        Table ``INCIDENTS``, with or without points.
    log : DataFrame
        Table ``INCIDENT_LOG``; rows of other incidents are left out.
    at : datetime, optional
        As it stood then; without it, at the end of the log.

    Returns
    -------
    DataFrame
        Indexed like ``incidents``: ``status``; ``since_at``, the instant of the last row; ``level`` and ``stage``,
        missing where the log does not tell; ``returns``, how often it went back on its way.

    Raises
    ------
    TableError
        As ``check_log``, but for incidents that are not in the table.
    """
    trace = trace_log(incidents, log, at=at)
    returns = np.bincount(trace.incident[trace.is_return], minlength=len(incidents))
    # An array of statuses by code, so that a million incidents share eight texts.
    return pd.DataFrame(
        {
            "status": pd.Series(np.array(STATUSES, dtype=object)[trace.status[trace.last]], dtype="str").to_numpy(),
            "since_at": as_instants(trace.at[trace.last]),
            "level": pd.array(trace.level, dtype="str"),
            "stage": pd.array(trace.stage, dtype="str"),
            "returns": returns,
        },
        index=incidents.index,
    )
