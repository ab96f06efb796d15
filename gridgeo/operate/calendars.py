"""Know when people work: hours by weekday, holidays and make-up workdays, by the clock of a time zone.

A calendar is data of the caller; gridgeo knows no country's holidays. As a TOML file::

    zone = "Asia/Shanghai"

    [hours]                                   # a weekday that is not named is free
    monday = ["09:00-12:00", "13:30-17:30"]

    [days]                                    # days that are not like their weekday
    "2026-10-01" = []                         # a holiday
    "2026-10-10" = "monday"                   # a Saturday with the hours of a Monday
    "2026-12-31" = ["09:00-12:00"]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gridgeo.model.errors import ProfileError
from gridgeo.model.rule_files import find_rules, read_rules

from .instants import DAY_US, Ints

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Spans = tuple[tuple[int, int], ...]
"""Minutes of a day, by the clock: from, until."""
_MINUTE_US = 60_000_000
_MINUTES = 24 * 60
_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_FORM = '["09:00-12:00", "13:30-17:30"], or [] for none'


@dataclass(frozen=True)
class WorkingCalendar:
    """When people work.

    Parameters
    ----------
    zone : str
        Name of a time zone, such as ``"Asia/Shanghai"``.
    hours : tuple of seven Spans
        Monday first.
    days : tuple of (date, Spans)
        Days that are not like their weekday.
    """

    zone: str
    hours: tuple[Spans, ...]
    days: tuple[tuple[date, Spans], ...] = ()

    @classmethod
    def from_hours(
        cls,
        zone: str,
        hours: Mapping[str, Sequence[str]],
        *,
        holidays: Sequence[date] = (),
        workdays: Mapping[date, str | Sequence[str]] | None = None,
    ) -> WorkingCalendar:
        """Make a calendar.

        Parameters
        ----------
        zone : str
            Name of a time zone.
        hours : mapping of weekday to spans
            As ``{"monday": ["09:00-12:00", "13:30-17:30"]}``; weekdays that are not named are free.
        holidays : sequence of date
        workdays : mapping of date to weekday or spans, optional
            Days that have the hours of a weekday, or hours of their own.

        Returns
        -------
        WorkingCalendar

        Raises
        ------
        ProfileError
            Naming the weekday or the day and the value; if the zone is unknown, or no weekday has a working hour.
        """
        unknown = [name for name in hours if name not in WEEKDAYS]
        if unknown:
            raise ProfileError(f"calendar: {unknown[0]!r} is no weekday; they are {', '.join(WEEKDAYS)}")
        week = tuple(_spans(hours.get(name, ()), f"calendar: hours of {name}") for name in WEEKDAYS)
        days: dict[date, Spans] = dict.fromkeys(holidays, ())
        for day, value in (workdays or {}).items():
            if day in days:
                raise ProfileError(f"calendar: {day} is a holiday and a workday; keep one")
            days[day] = _like(value, week, f"calendar: workday {day}")
        return _checked(cls(zone, week, tuple(sorted(days.items()))), "calendar")


ALWAYS = WorkingCalendar("UTC", (((0, _MINUTES),),) * 7)
"""Every hour counts."""


def load_calendar(path: str | Path) -> WorkingCalendar:
    """Load a calendar from a TOML file.

    Parameters
    ----------
    path : str or Path
        A file that ends in ``.toml``; its form stands at the head of this module.

    Returns
    -------
    WorkingCalendar

    Raises
    ------
    ProfileError
        If it cannot be read or breaks the form; the message names the line, the key and the value.
    """
    return read_calendar(*find_rules(path, __package__, "", "calendar"))


def read_calendar(text: str, source: str = "calendar") -> WorkingCalendar:
    """Read a calendar from TOML text; the form stands at the head of this module.

    Parameters
    ----------
    text : str
    source : str
        What to call it in messages.

    Returns
    -------
    WorkingCalendar

    Raises
    ------
    ProfileError
        Naming the source, the line, the key and the value.
    """
    root = read_rules(text, source).table(("zone", "hours", "days"), 'zone = "Asia/Shanghai", [hours] and [days]')
    zone = root.required("zone")
    if "hours" not in root:
        raise root.missing("hours", f"add [hours] with monday = {_FORM}")
    table = root["hours"].table(WEEKDAYS, f"[hours] with monday = {_FORM}")
    week = tuple(
        _spans(table.value.get(name, []), table[name].error("").args[0] if name in table else "") for name in WEEKDAYS
    )
    found = root.find("days")
    days: dict[date, Spans] = {}
    for key in {} if found is None else found.table(tuple(found.value), '[days] with "2026-10-01" = []').value:
        entry = root["days"][key]
        try:
            day = date.fromisoformat(key)
        except ValueError:
            raise entry.error('is no day; write "2026-10-01"') from None
        days[day] = _like(entry.value, week, entry.error("").args[0])
    return _checked(WorkingCalendar(zone, week, tuple(sorted(days.items()))), source)


def _checked(calendar: WorkingCalendar, source: str) -> WorkingCalendar:
    try:
        ZoneInfo(calendar.zone)
    except (KeyError, ValueError, OSError, TypeError):
        raise ProfileError(
            f"{source}: zone = {calendar.zone!r} is no time zone; write one as 'Asia/Shanghai'"
        ) from None
    if not any(calendar.hours):
        raise ProfileError(f"{source}: no weekday has a working hour; no deadline would ever come")
    return calendar


def _like(value: str | Sequence[str], week: tuple[Spans, ...], words: str) -> Spans:
    if isinstance(value, str):
        if value not in WEEKDAYS:
            raise ProfileError(f"{words} = {value!r} is neither a weekday nor {_FORM}")
        return week[WEEKDAYS.index(value)]
    return _spans(value, words)


def _spans(values: Sequence[str], words: str) -> Spans:
    """Read the hours of a day, in order and without overlap."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ProfileError(f"{words} = {values!r} are no hours; write {_FORM}")
    spans: list[tuple[int, int]] = []
    for value in values:
        found = _SPAN.fullmatch(value) if isinstance(value, str) else None
        begins, ends = (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])) if found else (0, 0)
        if found is None or int(found[2]) > 59 or int(found[4]) > 59 or not begins < ends <= _MINUTES:
            raise ProfileError(f"{words} = {value!r} is no span of a day; write {_FORM}")
        if spans and begins < spans[-1][1]:
            raise ProfileError(f"{words} = {value!r} begins before the span ahead of it ends; put them in order")
        spans.append((begins, ends))
    return tuple(spans)


@lru_cache(maxsize=32)
def working_spans(calendar: WorkingCalendar, first_year: int, last_year: int) -> tuple[Ints, Ints]:
    """List the working time of some years.

    Parameters
    ----------
    calendar : WorkingCalendar
    first_year, last_year : int
        Both included, in UTC.

    Returns
    -------
    starts, ends : arrays of int64, microseconds since 1970 in UTC
        In order, without overlap; working is each instant whose clock shows a working time: hours that the clock
        shows twice are worked twice, hours that it leaves out are not worked.
    """
    begins, ends = (int(np.datetime64(f"{year}-01-01", "us").astype(np.int64)) for year in (first_year, last_year + 1))
    edges, offsets = _offsets(calendar.zone, begins, ends)
    parts = [
        _by_clock(calendar, since, until, offset)
        for since, until, offset in zip(edges[:-1], edges[1:], offsets, strict=True)
    ]
    return tuple(np.concatenate(side) for side in zip(*parts, strict=True))  # type: ignore[return-value]


def _offsets(zone: str, begins: int, ends: int) -> tuple[list[int], list[int]]:
    """Cut a stretch of time where the clocks of a zone change: the edges, and the offset between them."""
    places = np.unique(np.append(np.arange(begins, ends, DAY_US // 4), ends - 1))
    offsets = _offset(zone, places)
    edges = [begins]
    for at in np.flatnonzero(np.diff(offsets)):
        low, high = int(places[at]), int(places[at + 1])
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, np.array([middle]))[0] == offsets[at] else (low, middle)
        edges.append(high)
    held = _offset(zone, np.array(edges))
    return [*edges, ends], [int(offset) for offset in held]


def _offset(zone: str, moments: Ints) -> Ints:
    instants = pd.DatetimeIndex(moments.astype("datetime64[us]")).tz_localize("UTC").tz_convert(zone)
    return np.asarray(instants.tz_localize(None).to_numpy(dtype="datetime64[us]").astype(np.int64)) - moments


def _by_clock(calendar: WorkingCalendar, since: int, until: int, offset: int) -> tuple[Ints, Ints]:
    """List the working time of a stretch in which the clocks do not change."""
    first, last = (since + offset) // DAY_US, (until - 1 + offset) // DAY_US
    special = dict(calendar.days)
    starts, ends = [], []
    for number in range(first, last + 1):
        day = date(1970, 1, 1) + timedelta(days=number)
        midnight = number * DAY_US - offset
        for begin, end in special.get(day, calendar.hours[day.weekday()]):
            starts.append(midnight + begin * _MINUTE_US)
            ends.append(midnight + end * _MINUTE_US)
    clipped = np.clip(np.array([starts, ends], dtype=np.int64).reshape(2, -1), since, until)
    is_some = clipped[0] < clipped[1]
    return clipped[0][is_some], clipped[1][is_some]
