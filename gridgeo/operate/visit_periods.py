"""Number the calendar periods in which visits are due: days, weeks, months, quarters, years, and fixed days."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]
"""Local days, counted from 1970-01-01."""

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
PERIODS = ("day", "week", *MONTHS)
"""Words for a calendar period; weeks begin on Monday."""
_MONDAY = 3
"""1970-01-01 was a Thursday, three days after a Monday."""
_MONTH_DAYS = 30.4


def period_length(every: str, on_days: tuple[int, ...]) -> float:
    """Give about how many days a period has, to tell the stricter of two rules."""
    if on_days:
        return _MONTH_DAYS / len(on_days)
    return {"day": 1.0, "week": 7.0}.get(every) or MONTHS[every] * _MONTH_DAYS


def period_of(days: Days, every: str, on_days: tuple[int, ...]) -> Days:
    """Number the periods in which days lie.

    Parameters
    ----------
    days : array of int
        Since 1970-01-01.
    every : str
        One of ``PERIODS``; empty where ``on_days`` is given.
    on_days : tuple of int
        Days of the month, in order: a period begins on each of them and ends before the next.

    Returns
    -------
    array of int
        Periods that follow one another have numbers that do.
    """
    if every == "day":
        return days
    if every == "week":
        return (days + _MONDAY) // 7
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    number = months.astype(np.int64)
    if on_days:
        of_month = days - months.astype("datetime64[D]").astype(np.int64) + 1
        return number * len(on_days) + np.searchsorted(on_days, of_month, side="right") - 1
    return number // MONTHS[every]


def first_day(periods: Days, every: str, on_days: tuple[int, ...]) -> Days:
    """Give the first day of periods; the day before that of the next one is the last."""
    if every == "day":
        return periods
    if every == "week":
        return periods * 7 - _MONDAY
    months = periods // len(on_days) if on_days else periods * MONTHS[every]
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return first + np.array(on_days)[periods % len(on_days)] - 1 if on_days else first


def due_day(periods: Days, every: str, on_days: tuple[int, ...]) -> Days:
    """Give the day by whose end the visit of a period is due: its last day, or the fixed day it begins on."""
    return first_day(periods, every, on_days) if on_days else first_day(periods + 1, every, on_days) - 1
