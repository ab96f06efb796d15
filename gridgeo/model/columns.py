"""Declare the columns of tables: their types, their limits, and whether they may be missing."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real

import numpy as np
import pandas as pd
import pandera.pandas as pa


def _are_text(values: pd.Series) -> pd.Series:
    """Tell which values are text or missing."""
    if isinstance(values.dtype, pd.StringDtype):
        return pd.Series(True, index=values.index)
    return values.isna() | values.map(lambda value: isinstance(value, str)).astype(bool)


def are_whole(values: pd.Series) -> pd.Series:
    """Tell which values are whole numbers; a column of floats is judged value by value."""
    if pd.api.types.is_integer_dtype(values.dtype):
        return pd.Series(True, index=values.index)
    numbers = pd.to_numeric(values.where(values.map(lambda value: isinstance(value, Real))), errors="coerce")
    return numbers.notna() & np.isfinite(numbers) & (numbers == np.floor(numbers))


def _are_finite(values: pd.Series) -> pd.Series:
    """Tell which values are finite numbers."""
    return pd.Series(np.isfinite(pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)), index=values.index)


def _are_numbers(values: pd.Series) -> pd.Series:
    """Tell which values are numbers or missing."""
    return values.isna() | pd.to_numeric(values, errors="coerce").notna()


def text(*, required: bool = True, isin: Iterable[str] | None = None) -> pa.Column:
    """Declare a text column; a value that is not needed may be missing."""
    checks = [pa.Check(_are_text, name="not text")]
    if isin is not None:
        checks.append(pa.Check.isin(list(isin)))
    return pa.Column(None, checks, nullable=not required, required=required)


def count(*, required: bool = True, low: int = 0, high: int | None = None, nullable: bool = False) -> pa.Column:
    """Declare a column of whole numbers."""
    checks = [pa.Check(are_whole, name="not a whole number"), pa.Check.ge(low)]
    if high is not None:
        checks.append(pa.Check.le(high))
    return pa.Column(None, checks, nullable=nullable, required=required)


def size(*, required: bool = True) -> pa.Column:
    """Declare a column of finite numbers that are not below 0, such as metres."""
    return pa.Column(None, [pa.Check(_are_finite, name="not a finite number"), pa.Check.ge(0)], required=required)


def number() -> pa.Column:
    """Declare a column of numbers that may be missing."""
    return pa.Column(None, pa.Check(_are_numbers, name="not a number"), nullable=True, required=False)


def moment(*, required: bool = True) -> pa.Column:
    """Declare a column of days or instants, kept as the caller's own type; None is "open"."""
    return pa.Column(None, nullable=True, required=required)


def schema(**columns: pa.Column) -> pa.DataFrameSchema:
    """Declare a table that may have other columns besides."""
    return pa.DataFrameSchema(columns, strict=False)
