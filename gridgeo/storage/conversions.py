"""Turn the values of a source into text, counts, days and instants, without guessing."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError

_INSTANTS = ("ISO8601", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日")


def to_text(values: pd.Series) -> pd.Series:
    """Turn values into text; a whole number loses its fraction, blanks are missing.

    Parameters
    ----------
    values : Series

    Returns
    -------
    Series of str
    """
    if not isinstance(values.dtype, pd.StringDtype):
        values = values.astype(object).map(_word)
    text = values.astype("str").str.strip()
    return text.mask(text == "")


def _word(value: Any) -> str | None:
    if pd.isna(value):
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def to_counts(values: pd.Series) -> pd.Series:
    """Turn values into whole numbers where all are; what is no number stays as it is, for the check to name.

    Parameters
    ----------
    values : Series

    Returns
    -------
    Series
    """
    if pd.api.types.is_integer_dtype(values.dtype) and not values.hasnans:
        return values.astype("int64")
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.isna().any():
        kept = values.astype(object)
        return kept.mask(numbers.notna(), numbers) if numbers.notna().any() else kept
    whole = np.isfinite(numbers) & (numbers == np.floor(numbers))
    return numbers.astype("int64") if whole.all() else numbers


def are_counts(values: pd.Series) -> bool:
    """Tell whether all values are there and are whole numbers of 0 or more."""
    counts = to_counts(values)
    return bool(pd.api.types.is_integer_dtype(counts.dtype) and (counts >= 0).all())


def to_instants(values: pd.Series, where: str) -> tuple[pd.Series, bool]:
    """Read instants from text.

    Parameters
    ----------
    values : Series
        Instants, or text in ISO 8601 or the Chinese order of year, month, day.
    where : str
        Table and column, for messages.

    Returns
    -------
    instants : Series of datetime
        In UTC where the source tells its time zone, else as they stand.
    zoned : bool
        Whether the source tells its time zone.

    Raises
    ------
    TableError
        Naming the first row that is no instant.
    """
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = _parse_instants(to_text(values), where)
    zoned = getattr(values.dtype, "tz", None) is not None
    return (values.dt.tz_convert("UTC") if zoned else values), zoned


def _parse_instants(text: pd.Series, where: str) -> pd.Series:
    best = pd.Series(pd.NaT, index=text.index)
    for form in _INSTANTS:
        zoned = form == "ISO8601" and bool(text.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True, na=False).any())
        read = pd.to_datetime(text, format=form, errors="coerce", utc=zoned)
        if read.notna().sum() >= text.notna().sum():
            return read
        best = read if read.notna().sum() > best.notna().sum() else best
    row = int(np.flatnonzero(best.isna() & text.notna())[0])
    raise TableError(
        f"{where} of {text.index[row]!r} is {text.iloc[row]!r}, no time; write it like 2026-10-01T08:30+08:00"
    )


def to_days(values: pd.Series, where: str) -> pd.Series:
    """Read days from text, from instants, or as they are; None stays open.

    Parameters
    ----------
    values : Series
    where : str
        Table and column, for messages.

    Returns
    -------
    Series of date

    Raises
    ------
    TableError
        Naming the first row that is no day.
    """
    days = [_day(value) for value in values.astype(object)]
    for key, value, day in zip(values.index, values.astype(object), days, strict=True):
        if day is None and _word(value) not in (None, ""):
            raise TableError(f"{where} of {key!r} is {value!r}, no day; write it like 2026-10-01")
    return pd.Series(days, index=values.index, dtype=object)


def _day(value: Any) -> date | None:
    if hasattr(value, "date") and not pd.isna(value):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip().replace("/", "-")[:10])
    except ValueError:
        return None
