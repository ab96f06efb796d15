"""Read when subjects are there and when they were visited, in local days, and tell the visits that cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import TableError
from gridgeo.model.service_tables import VISIT_SUBJECTS, VISITS
from gridgeo.model.tables import check

from .visit_periods import Days

NO_DAY = -(2**40)
"""Stands for a day that is not known, long before all others."""
LAST_DAY = 2**40
FAULTS = ("unknown_subject", "no_instant", "future", "before_subject", "after_subject")
"""What can be wrong with a visit; of several the first is told."""
_OFFSET = r"(?:[Zz]|[+-]\d\d:?\d\d)$"


@dataclass(frozen=True)
class Records:
    """Subjects and their visits as arrays.

    Parameters
    ----------
    today : int
        Local day on which is asked, counted from 1970-01-01 as all days here.
    since, until : arrays of int, one a subject
        ``NO_DAY`` where the first day is not known, ``LAST_DAY`` where there is no end.
    subject : array of int, one a visit
        Row of the subject; -1 where unknown.
    day : array of int, one a visit
        Local day.
    at : DatetimeIndex in UTC, one a visit
    fault : array of int, one a visit
        1 + place in ``FAULTS``; 0 where the visit counts.
    """

    today: int
    since: Days
    until: Days
    subject: NDArray[np.int64]
    day: Days
    at: pd.DatetimeIndex
    fault: NDArray[np.int64]


def read_records(subjects: pd.DataFrame, visits: pd.DataFrame, at: date, zone: str) -> Records:
    """Read subjects and visits.

    Parameters
    ----------
    subjects : DataFrame
        Table ``VISIT_SUBJECTS``.
    visits : DataFrame
        Table ``VISITS``; ``at`` are instants with a time zone, or ISO text with an offset.
    at : date, or datetime with a time zone
        A day stands for its end.
    zone : str
        Time zone whose days count.

    Returns
    -------
    Records

    Raises
    ------
    TableError
        If a table breaks its contract, an instant or the zone is none, or a subject ends before it begins.
    """
    check(subjects, VISIT_SUBJECTS)
    check(visits, VISITS)
    here = read_zone(zone)
    today, end = _read_now(at, here)
    since = _days(subjects, "since", here, NO_DAY)
    until = _days(subjects, "until", here, LAST_DAY)
    if (until < since).any():
        raise TableError(f"visit_subjects: until of {subjects.index[until < since][0]!r} is before its since")
    instants = read_instants(visits["at"], "visits: at")
    day = _local_days(instants, here)
    subject = subjects.index.get_indexer(pd.Index(visits["subject_id"]))
    known = np.maximum(subject, 0) if len(subjects) else subject
    first, last = (days[known] if len(subjects) else np.zeros(len(known), np.int64) for days in (since, until))
    missing = np.asarray(instants.isna())
    tests = (subject < 0, missing, np.asarray(instants > end), day < first, day >= last)
    fault = np.select(tests, range(1, len(FAULTS) + 1), 0).astype(np.int64)
    return Records(today, since, until, subject.astype(np.int64), day, instants, fault)


def read_zone(name: str) -> ZoneInfo:
    """Find a time zone by its name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise TableError(f"zone: {name!r} is no time zone; name one as 'Asia/Shanghai'") from None


def day_number(day: Any, what: str) -> int:
    """Count the days from 1970-01-01 to a day."""
    if not isinstance(day, date) or pd.isna(day):
        raise TableError(f"{what} is {day!r}, it must be a day such as date(2026, 10, 1)")
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _read_now(at: Any, zone: ZoneInfo) -> tuple[int, pd.Timestamp]:
    """Give the local day, and the last instant that counts."""
    if isinstance(at, datetime):
        if pd.isna(at) or at.tzinfo is None:
            raise TableError(f"visits: at {at!r} has no time zone; pass a day, or datetime.now(timezone.utc)")
        return day_number(at.astimezone(zone).date(), "at"), pd.Timestamp(at).tz_convert("UTC")
    today = day_number(at, "visits: at")
    midnight = datetime.combine(at + timedelta(days=1), datetime.min.time(), tzinfo=zone)
    return today, pd.Timestamp(midnight).tz_convert("UTC") - pd.Timedelta(1, "us")


def read_instants(values: pd.Series, what: str) -> pd.DatetimeIndex:
    """Read instants that name their zone; missing ones stay missing.

    Raises
    ------
    TableError
        Naming the row that is no instant, or has no time zone.
    """
    if not isinstance(values.dtype, pd.DatetimeTZDtype):
        given = values.notna()
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            naive = given
        elif pd.api.types.is_string_dtype(values.dtype):
            naive = given & ~values.astype("str").str.contains(_OFFSET, regex=True, na=False)
        else:
            naive = given & ~values.map(_names_its_zone).astype(bool)
        if naive.any():
            row = int(naive.to_numpy().argmax())
            raise TableError(
                f"{what} of row {values.index[row]!r} is {values.iloc[row]!r}, without a time zone; write +08:00"
            )
        values = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601")
        unread = values.isna() & given
        if unread.any():
            raise TableError(f"{what} of row {unread.idxmax()!r} is no instant; write 2026-11-22T09:30:00+08:00")
    return pd.DatetimeIndex(values).tz_convert("UTC")


def _names_its_zone(value: Any) -> bool:
    if isinstance(value, str):
        return pd.Series([value]).str.contains(_OFFSET, regex=True).item()
    return isinstance(value, datetime) and value.tzinfo is not None


def _local_days(instants: pd.DatetimeIndex, zone: ZoneInfo) -> Days:
    """Give the local day of each instant; ``NO_DAY`` where it is missing."""
    local = instants.tz_convert(zone).tz_localize(None)
    days = local.to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.where(np.asarray(instants.isna()), NO_DAY, days)


def _days(subjects: pd.DataFrame, column: str, zone: ZoneInfo, unknown: int) -> Days:
    """Read a column of days, as days, midnights or ISO text."""
    if column not in subjects or subjects[column].isna().all():
        return np.full(len(subjects), unknown, dtype=np.int64)
    values = subjects[column]
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        local = values.dt.tz_convert(zone).dt.tz_localize(None)
    else:
        try:
            local = pd.to_datetime(values, format="ISO8601", errors="coerce")
        except (TypeError, ValueError):
            local = pd.Series(pd.NaT, index=values.index)
        unread = values.notna() & local.isna()
        if unread.any() or isinstance(local.dtype, pd.DatetimeTZDtype):
            row = int(unread.to_numpy().argmax())
            raise TableError(
                f"visit_subjects: {column} of {values.index[row]!r} is {values.iloc[row]!r}, not a day as 2026-10-01"
            )
    days = local.to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.where(local.isna().to_numpy(), unknown, days)
