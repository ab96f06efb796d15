"""Count working hours between instants, and find when so many of them have passed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import TableError

from .calendars import ALWAYS, WorkingCalendar, working_spans
from .instants import HOUR_US, NEVER, Ints, as_instants, name_instant, read_instants

FIRST_YEAR, LAST_YEAR = 1900, 2250
"""Between which gridgeo counts working time."""


def due_at(start: pd.Series, working_hours: pd.Series | float, calendar: WorkingCalendar = ALWAYS) -> pd.Series:
    """Find when so many working hours have passed.

    Parameters
    ----------
    start : Series of instants
        With a time zone.
    working_hours : Series of float like ``start``, or float, hours
        From 0 on.
    calendar : WorkingCalendar
        Without it every hour counts.

    Returns
    -------
    Series of instants in UTC
        The first instant by which the hours have passed; a span that ends exactly then ends the day, and not the
        next morning. Indexed like ``start``.

    Raises
    ------
    TableError
        Naming the row whose instant is missing or without a time zone, or whose hours are missing, below 0, or more
        than there are until the end of the count.
    """
    named = start.rename("start")
    moments = read_instants(named, "working time")
    given = working_hours if isinstance(working_hours, pd.Series) else pd.Series(working_hours, index=start.index)
    if not given.index.equals(start.index):
        raise TableError("working time: working_hours has other rows than start; align them with reindex")
    hours = pd.to_numeric(given, errors="coerce").to_numpy(dtype=float)
    wrong = np.flatnonzero(~np.isfinite(hours) | (hours < 0))
    if len(wrong):
        at = wrong[0]
        raise TableError(
            f"working time: working_hours of {start.index[at]!r} is {given.iloc[at]!r}, not a number from 0 on"
        )
    due = add_working_time(moments, np.round(hours * HOUR_US), calendar)
    late = np.flatnonzero(due == NEVER)
    if len(late):
        at = late[0]
        raise TableError(
            f"working time: working_hours of {start.index[at]!r} is {hours[at]:g}, more than the calendar holds from "
            f"{name_instant(moments[at])} to the end of {LAST_YEAR}"
        )
    return pd.Series(as_instants(due), index=start.index, name="due_at")


def working_hours_between(start: pd.Series, end: pd.Series, calendar: WorkingCalendar = ALWAYS) -> pd.Series:
    """Count the working hours from instants to others.

    Parameters
    ----------
    start, end : Series of instants
        With a time zone, row by row.
    calendar : WorkingCalendar
        Without it every hour counts.

    Returns
    -------
    Series of float, hours
        Below 0 where the end is before the start. Indexed like ``start``.

    Raises
    ------
    TableError
        Naming the row whose instant is missing or without a time zone.
    """
    if len(start) != len(end):
        raise TableError(f"working time: start has {len(start)} rows, end has {len(end)}")
    begins, ends = (read_instants(side.rename(name), "working time") for side, name in ((start, "start"), (end, "end")))
    return pd.Series(count_working_time(begins, ends, calendar) / HOUR_US, index=start.index, name="working_hours")


def count_working_time(begins: Ints, ends: Ints, calendar: WorkingCalendar) -> Ints:
    """Count the working time between instants, all in microseconds; below 0 where the end comes first."""
    if not len(begins):
        return np.empty(0, dtype=np.int64)
    both = np.concatenate([begins, ends])
    starts, passed = _clock(calendar, _year(both.min()), _year(both.max()))
    counted = _worked(both, starts, passed)
    return counted[len(begins) :] - counted[: len(begins)]


def add_working_time(begins: Ints, work: NDArray[np.floating], calendar: WorkingCalendar) -> Ints:
    """Find when so much working time has passed, all in microseconds; ``NEVER`` where the count ends before."""
    if not len(begins):
        return np.empty(0, dtype=np.int64)
    first, last = _year(begins.min()), _year(begins.max())
    while True:
        starts, passed = _clock(calendar, first, last)
        target = _worked(begins, starts, passed) + work
        if target.max() <= passed[-1] or last == LAST_YEAR:
            break
        last = min(last + max(1, last - first), LAST_YEAR)
    is_in = target <= passed[-1]
    wanted = np.where(is_in, target, 0).astype(np.int64)
    # The span in which the work is done: the first one by whose end enough of it has passed.
    span = np.searchsorted(passed[1:], wanted, side="left")
    due = starts[span] + wanted - passed[span]
    return np.where(is_in, np.where(work > 0, due, begins), NEVER)


def _year(moment: int) -> int:
    year = int(np.datetime64(int(moment), "us").astype("datetime64[Y]").astype(int)) + 1970
    if not FIRST_YEAR < year < LAST_YEAR:
        raise TableError(
            f"working time: {name_instant(moment)} lies outside the years {FIRST_YEAR + 1} to {LAST_YEAR - 1}"
        )
    return year


def _clock(calendar: WorkingCalendar, first: int, last: int) -> tuple[Ints, Ints]:
    """Give where the spans of some years start, and the working time passed at each start and at the last end."""
    starts, ends = working_spans(calendar, first - 1, last + 1 if last < LAST_YEAR else last)
    return starts, np.append(0, np.cumsum(ends - starts))


def _worked(moments: Ints, starts: Ints, passed: Ints) -> Ints:
    """Count the working time that has passed at instants since the first span."""
    span = np.maximum(np.searchsorted(starts, moments, side="right") - 1, 0)
    return passed[span] + np.clip(moments - starts[span], 0, np.diff(passed)[span])
