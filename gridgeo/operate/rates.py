"""Count what became of incidents, by area, category, officer and period, and the rates that follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError
from gridgeo.model.service_tables import VERDICTS
from gridgeo.model.tables import check

from .instants import NEVER, as_instants, name_instant, read_instant, read_instants
from .trace import CODES, MAIN_WAY, REPORTS, Trace, find_codes, trace_log

COUNTS = (
    "received", "filed", "rejected", "undertaken", "handled", "in_time", "running", "closed", "asked", "satisfied",
)  # fmt: skip
RATES = {
    "filing_rate": ("filed", "received"),
    "closure_rate": ("closed", "filed"),
    "completion_rate": ("in_time", "undertaken"),
    "satisfaction_rate": ("satisfied", "undertaken"),
}
"""Each rate as one count over another."""
FEWEST = 10
"""A rate over fewer is marked as small: gridgeo's choice, not a source's."""
_COLUMN_OF = {"area": "area_id", "officer": "officer_id"}
_PERIODS = {"day": "D", "week": "W-SUN", "month": "M"}
_CLOSED = [CODES["closed"], CODES["evaluated"]]
_SATISFIED = [VERDICTS.index("satisfied"), VERDICTS.index("basically_satisfied")]
_HANDLED = [CODES[status] for status in MAIN_WAY[MAIN_WAY.index("handled") :]]


def incident_rates(
    incidents: pd.DataFrame,
    log: pd.DataFrame,
    by: str | Sequence[str] = "area",
    *,
    since: Any = None,
    until: Any = None,
    at: Any = None,
    due: pd.DataFrame | None = None,
    zone: str = "UTC",
    groups: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Count incidents and what became of them, with the rates of filing, closure, completion and satisfaction.

    Parameters
    ----------
    incidents : DataFrame
        Table ``INCIDENTS``, with or without points.
    log : DataFrame
        Table ``INCIDENT_LOG``.
    by : str or sequence of str
        ``"area"`` (``area_id``), ``"category"``, ``"officer"`` (``officer_id``, who reported it), ``"day"``,
        ``"week"``, ``"month"`` of the report, or other columns of the incidents.
    since, until : datetime, optional
        Incidents with ``since <= reported_at < until``.
    at : datetime, optional
        As it stood then; without it, at the end of the log. Incidents reported later do not count.
    due : DataFrame, optional
        What ``find_deadlines`` gives for the same ``at``; without it nothing is known to be in time.
    zone : str
        Time zone of the days; weeks begin on a Monday.
    groups : iterable of str, optional
        With a single ``by``: the groups to list, whether or not anything was reported there.

    Returns
    -------
    DataFrame
        Sorted by group; incidents without one have a row of their own, with a missing key. Counts: ``received``;
        ``filed`` (ever accepted); ``rejected`` (now); ``undertaken`` (ever dispatched); ``handled`` (undertaken, and
        done now); ``in_time`` (handled, no deadline missed); ``running`` (undertaken, not done, not overdue);
        ``closed`` (now closed or evaluated); ``asked`` (undertaken, with a verdict), ``satisfied`` (undertaken, last
        verdict satisfied or basically satisfied). Rates from 0 to 1, missing over nothing: ``filing_rate``
        (filed/received), ``closure_rate`` (closed/filed), ``completion_rate`` (in_time/undertaken),
        ``satisfaction_rate`` (satisfied/undertaken, missing too where nobody was asked), and ``reporting_share``
        (received / received by all groups in the same period). ``is_small``: a rate is over fewer than ten.
        ``since_at, until_at``: as given.

    Raises
    ------
    TableError
        As ``trace_log``; also for a period that ends before it begins, a column that is missing, or a group that is
        listed twice.

    References
    ----------
    Filing and closure as Beicai Town counts them; completion, satisfaction and reporting share as the township's
    assessment does.
    """
    begins, ends = (
        None if value is None else read_instant(value, name) for value, name in ((since, "since"), (until, "until"))
    )
    incidents = _reported_in(incidents, begins, ends, None if at is None else read_instant(at, "at"))
    trace = trace_log(incidents, log, at=at)
    keys = _keys(incidents, [by] if isinstance(by, str) else list(by), zone)
    counts = pd.DataFrame(_count(trace, incidents, log, due), index=incidents.index)
    counted = counts.groupby(keys, dropna=False, sort=True).sum()
    made = _listed(counted, groups, len(keys)) if groups is not None else counted
    made = add_rates(_known(made, due))
    made["reporting_share"] = _share_of_period(made["received"])
    for name, edge in (("since_at", begins), ("until_at", ends)):
        made[name] = as_instants(np.full(len(made), NEVER if edge is None else edge))
    return made


def _reported_in(incidents: pd.DataFrame, begins: int | None, ends: int | None, now: int | None) -> pd.DataFrame:
    """Choose the incidents of a half-open period that were reported by an instant."""
    if begins is not None and ends is not None and ends <= begins:
        raise TableError(f"rates: until is {name_instant(ends)}, not after since, {name_instant(begins)}")
    check(incidents, REPORTS)
    reported = read_instants(incidents["reported_at"], "incidents")
    is_meant = np.ones(len(reported), dtype=bool)
    is_meant &= True if begins is None else reported >= begins
    is_meant &= True if ends is None else reported < ends
    is_meant &= True if now is None else reported <= now
    return incidents if is_meant.all() else incidents[is_meant]


def _keys(incidents: pd.DataFrame, by: list[str], zone: str) -> list[pd.Series]:
    """Give the columns to count by."""
    keys = []
    for name in by:
        if name in _PERIODS:
            keys.append(_period(incidents["reported_at"], name, zone))
            continue
        column = _COLUMN_OF.get(name, name)
        if column not in incidents.columns:
            raise TableError(
                f"incidents: column {column!r} is missing; rates by {name!r} need it"
                + ("; AreaIndex.locate finds it" if column == "area_id" else "")
            )
        values = incidents[column]
        is_text = isinstance(values.dtype, pd.StringDtype) or not pd.api.types.is_object_dtype(values.dtype)
        keys.append(values if is_text else values.astype("str"))
    if not keys or len({key.name for key in keys}) < len(keys):
        raise TableError(f"rates: by is {by!r}; name one or several different columns")
    return keys


def _period(reported: pd.Series, name: str, zone: str) -> pd.Series:
    """Give the first day of each report's day, week or month by the clock of a zone."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError, TypeError):
        raise TableError(f"rates: zone is {zone!r}, no time zone; write one as 'Asia/Shanghai'") from None
    moments = as_instants(read_instants(reported, "incidents")).tz_convert(zone).tz_localize(None)
    return pd.Series(moments.to_period(_PERIODS[name]).start_time.as_unit("us"), index=reported.index, name=name)


def _count(trace: Trace, incidents: pd.DataFrame, log: pd.DataFrame, due: pd.DataFrame | None) -> dict[str, np.ndarray]:
    """Tell of each incident what it counts as."""
    now = trace.status[trace.last]
    undertaken = trace.ever("dispatched")
    handled = undertaken & np.isin(now, _HANDLED)
    asked, satisfied = _verdicts(trace, log)
    failed, overdue = _missed(incidents, due)
    return {
        "received": np.ones(len(now), dtype=np.int64),
        "filed": trace.ever("accepted").astype(np.int64),
        "rejected": (now == CODES["rejected"]).astype(np.int64),
        "undertaken": undertaken.astype(np.int64),
        "handled": handled.astype(np.int64),
        "in_time": (handled & ~failed).astype(np.int64),
        "running": (undertaken & ~handled & ~overdue).astype(np.int64),
        "closed": np.isin(now, _CLOSED).astype(np.int64),
        "asked": (undertaken & asked).astype(np.int64),
        "satisfied": (undertaken & satisfied).astype(np.int64),
    }


def _verdicts(trace: Trace, log: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Tell who gave a verdict, and whose last one is satisfied or basically satisfied."""
    asked, satisfied = np.zeros(len(trace.last), dtype=bool), np.zeros(len(trace.last), dtype=bool)
    if "verdict" in log.columns and log["verdict"].notna().any():
        verdict = np.append(find_codes(log["verdict"], VERDICTS), -1)[trace.row]
        told = np.flatnonzero(verdict >= 0)
        asked[trace.incident[told]] = True
        satisfied[trace.incident[told]] = np.isin(verdict[told], _SATISFIED)  # of several rows the last one counts
    return asked, satisfied


def _missed(incidents: pd.DataFrame, due: pd.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """Tell which incidents missed a deadline, and which are past one now."""
    failed, overdue = np.zeros(len(incidents), dtype=bool), np.zeros(len(incidents), dtype=bool)
    if due is None:
        return failed, overdue
    place = find_codes(due["incident_id"], incidents.index)
    is_over = due["state"].eq("overdue").to_numpy()
    overdue[place[is_over & (place >= 0)]] = True
    failed[place[(is_over | due["state"].eq("late").to_numpy()) & (place >= 0)]] = True
    return failed, overdue


def _listed(counted: pd.DataFrame, groups: Iterable[str], keys: int) -> pd.DataFrame:
    """List the groups asked for, and after them those that nobody asked for."""
    wanted = pd.Index(list(groups), dtype="str")
    if keys != 1 or wanted.has_duplicates:
        fault = f"group {wanted[wanted.duplicated()][0]!r} stands twice" if keys == 1 else "groups need a single by"
        raise TableError(f"rates: {fault}")
    rest = counted.index.difference(wanted, sort=False)
    listed = wanted.sort_values().append(pd.Index(rest, dtype="str"))
    return counted.reindex(listed.rename(counted.index.name), fill_value=0)


def _known(counted: pd.DataFrame, due: pd.DataFrame | None) -> pd.DataFrame:
    """Leave out what cannot be known without deadlines."""
    made = counted.astype("Int64")
    if due is None:
        for name in ("in_time", "running"):
            made[name] = pd.array([pd.NA] * len(made), dtype="Int64")
    return made


def add_rates(counts: pd.DataFrame, fewest: int = FEWEST) -> pd.DataFrame:
    """Add the rates to a table of counts.

    Parameters
    ----------
    counts : DataFrame
        With the columns of ``COUNTS``; they may be summed over any groups.
    fewest : int
        A rate over fewer is marked.

    Returns
    -------
    DataFrame
        The counts, the rates of ``RATES`` (missing over nothing, and satisfaction where nobody was asked) and
        ``is_small``.
    """
    made = counts.copy()
    small = np.zeros(len(made), dtype=bool)
    for rate, (part, whole) in RATES.items():
        over = made[whole].to_numpy(dtype=float)
        some = made[part].to_numpy(dtype=float, na_value=np.nan)
        is_known = over > 0
        if rate == "satisfaction_rate":
            is_known &= made["asked"].to_numpy(dtype=float) > 0
        made[rate] = np.divide(some, over, out=np.full(len(made), np.nan), where=is_known)
        small |= is_known & (over < fewest)
    made["is_small"] = small
    return made


def _share_of_period(received: pd.Series) -> pd.Series:
    """Divide by what all groups received, period by period."""
    periods = [name for name in received.index.names if name in _PERIODS]
    count = received.astype(float)
    whole = count.groupby(level=periods).transform("sum") if periods else pd.Series(count.sum(), index=count.index)
    return count.where(whole > 0) / whole.where(whole > 0)
