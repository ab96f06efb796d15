"""Read instants as whole microseconds since 1970 in UTC, and refuse those that name no time zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import TableError

Ints = NDArray[np.int64]
NEVER = int(np.datetime64("NaT").astype("int64"))
"""Stands for a missing instant."""
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
_OFFSET = r"[Tt ]\d{2}.*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$"
_WAY_OUT = "say which one with .dt.tz_localize('Asia/Shanghai')"


def read_instants(values: pd.Series, table: str) -> Ints:
    """Read a column of instants.

    Parameters
    ----------
    values : Series
        Instants with a time zone, or ISO text with an offset from UTC.
    table : str
        What to call the table in messages; the column is called by the Series' name.

    Returns
    -------
    array of int64, microseconds since 1970 in UTC

    Raises
    ------
    TableError
        Naming the row whose value is missing, no instant, or without a time zone.
    """
    words = f"{table}: {values.name}"
    missing = values.isna().to_numpy()
    if missing.any():
        raise TableError(f"{words} of {values.index[missing][0]!r} is missing")
    if not len(values):
        return np.empty(0, dtype=np.int64)
    if pd.api.types.is_datetime64_dtype(values.dtype):
        raise TableError(f"{words} of {values.index[0]!r} is {values.iloc[0]}, without a time zone; {_WAY_OUT}")
    if isinstance(values.dtype, pd.StringDtype):
        values = _from_text(values, words)
    elif not isinstance(values.dtype, pd.DatetimeTZDtype):
        moments = [read_instant(value, f"{words} of {key!r}") for key, value in values.items()]
        return np.array(moments, dtype=np.int64)
    return np.asarray(pd.DatetimeIndex(values).tz_convert(None).to_numpy(dtype="datetime64[us]").astype(np.int64))


def _from_text(values: pd.Series, words: str) -> pd.Series:
    read = pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce")
    wrong = read.isna() | ~values.str.contains(_OFFSET)
    if wrong.any():
        key = values.index[wrong.to_numpy()][0]
        read_instant(values[wrong].iloc[0], f"{words} of {key!r}")
    return read


def read_instant(value: Any, words: str) -> int:
    """Read one instant.

    Parameters
    ----------
    value : datetime, Timestamp or str
        With a time zone.
    words : str
        What to call it in messages.

    Returns
    -------
    int, microseconds since 1970 in UTC

    Raises
    ------
    TableError
        If it is missing, no instant, or without a time zone.
    """
    if value is None or value is pd.NaT or not isinstance(value, datetime | np.datetime64 | str):
        raise TableError(f"{words} is {value!r}, not an instant")
    try:
        moment = pd.Timestamp(value)
    except (ValueError, TypeError):
        raise TableError(f"{words} is {value!r}, not an instant") from None
    if moment is pd.NaT:
        raise TableError(f"{words} is {value!r}, not an instant")
    if moment.tzinfo is None:
        raise TableError(f"{words} is {value}, without a time zone; {_WAY_OUT}")
    return int(moment.tz_convert(None).to_datetime64().astype("datetime64[us]").astype(np.int64))


def as_instants(moments: Ints) -> pd.DatetimeIndex:
    """Write microseconds down as instants in UTC; ``NEVER`` is missing."""
    return pd.DatetimeIndex(moments.astype("datetime64[us]")).tz_localize("UTC")


def name_instant(moment: int) -> str:
    """Write one instant down for a message."""
    return f"{pd.Timestamp(int(moment), unit='us', tz='UTC'):%Y-%m-%d %H:%M:%S%z}"
