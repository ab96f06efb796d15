"""Tell which rows of a dated table hold on a day: from ``valid_from`` until the day before ``valid_to``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import TableError

Days = NDArray[np.int64]
FIRST, LAST = -(2**31), 2**31 - 1
"""Stand for a missing first day and for a missing end."""


@dataclass(frozen=True)
class Spans:
    """When the rows of a table hold.

    Parameters
    ----------
    begins, ends : arrays of int
        Days since 1970-01-01; a row holds on ``d`` when ``begins <= d < ends``.
    """

    begins: Days
    ends: Days

    @classmethod
    def of(cls, table: pd.DataFrame, name: str) -> Spans:
        """Read the days of a table.

        Parameters
        ----------
        table : DataFrame
            ``valid_from`` and ``valid_to``: days, instants or ISO text; a missing one is open.
        name : str
            What messages call the table.

        Returns
        -------
        Spans

        Raises
        ------
        TableError
            If a value is not a day.
        """
        return cls(_read_days(table, "valid_from", name, FIRST), _read_days(table, "valid_to", name, LAST))

    def holds(self, day: int | Days) -> NDArray[np.bool_]:
        """Tell which rows hold on a day, or each on its own day."""
        return (self.begins <= day) & (day < self.ends)

    @property
    def are_empty(self) -> NDArray[np.bool_]:
        """Tell which rows hold on no day at all."""
        return self.ends <= self.begins


def day_number(at: Any, name: str) -> int:
    """Count the days from 1970-01-01 to a day.

    Parameters
    ----------
    at : date
    name : str
        What messages call the table that is asked.

    Returns
    -------
    int

    Raises
    ------
    TableError
        If ``at`` is not a day.
    """
    if not isinstance(at, date) or pd.isna(at):
        raise TableError(f"{name}: at is {at!r}, it must be a day such as date(2026, 10, 1)")
    return date(at.year, at.month, at.day).toordinal() - date(1970, 1, 1).toordinal()


def day_numbers(at: pd.Series, name: str) -> Days:
    """Count the days from 1970-01-01 to each of many days.

    Parameters
    ----------
    at : Series of days or instants
        An instant with a time zone counts as the day that it is there. A missing one becomes ``FIRST``.
    name : str
        What messages call the table that is asked.

    Returns
    -------
    array of int

    Raises
    ------
    TableError
        If a value is not a day.
    """
    if isinstance(at.dtype, pd.DatetimeTZDtype):
        at = at.dt.tz_localize(None)
    return _read_days(at.to_frame("at"), "at", name, FIRST)


def day_word(day: int) -> str:
    """Write a day: ``2026-10-01``; open ends in words."""
    if day in (FIRST, LAST):
        return "ever" if day == LAST else "the beginning"
    return str(np.datetime64(int(day), "D"))


def _read_days(table: pd.DataFrame, column: str, name: str, missing: int) -> Days:
    """Read a column of days; each different value is read once."""
    if column not in table.columns:
        return np.full(len(table), missing, dtype=np.int64)
    codes, values = pd.factorize(table[column], use_na_sentinel=True)
    listed = pd.Series(values).astype(object)
    are_numbers = listed.map(lambda value: isinstance(value, int | float | np.number)).astype(bool)
    read = pd.to_datetime(listed.mask(are_numbers, None), errors="coerce", utc=True, format="ISO8601")
    unread = read.isna().to_numpy()
    if unread.any():
        row = int(np.flatnonzero(np.isin(codes, np.flatnonzero(unread)))[0])
        value = table[column].iloc[row]
        value = value.item() if isinstance(value, np.generic) else value
        raise TableError(f"{name}: {column} of {table.index[row]!r} is {value!r}, not a day")
    days = read.dt.tz_localize(None).to_numpy(dtype="datetime64[D]").astype(np.int64)
    return np.where(codes < 0, missing, days[codes]) if len(days) else np.full(len(table), missing, dtype=np.int64)
