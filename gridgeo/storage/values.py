"""Turn the columns of frames into plain values and back, so that each keeps its type.

A *form* is a small JSON record that says how a column was typed: what ``decode`` needs to give it back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, cast

import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError

Form = dict[str, Any]
_MISSING = {"none": None, "nan": np.nan, "NA": pd.NA, "NaT": pd.NaT}


def encode(values: pd.Series, where: str) -> tuple[Form, list[Any]]:
    """Turn a column into plain values.

    Parameters
    ----------
    values : Series
        Text, numbers, truth values, days, instants, categories, or objects that JSON can carry.
    where : str
        What to call the column in messages.

    Returns
    -------
    form : dict
        How the column is typed.
    plain : list
        str, int, float, bool or what JSON carries; None where a value is missing. Instants are ISO text in UTC to the
        microsecond, days are ISO text.

    Raises
    ------
    TableError
        If the column holds what cannot be kept.
    """
    dtype = values.dtype
    if isinstance(dtype, pd.StringDtype):
        return _text_form(dtype), cast(Any, values).to_numpy(dtype=object, na_value=None).tolist()
    if isinstance(dtype, pd.CategoricalDtype):
        of, words = encode(dtype.categories.to_series(), where)
        form = {"form": "category", "of": of, "categories": words, "ordered": bool(dtype.ordered)}
        return form, [words[code] if code >= 0 else None for code in values.cat.codes]
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return {"form": "instant", "dtype": str(dtype)}, _instants(values)
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        return {"form": "number", "dtype": str(dtype)}, _numbers(values)
    if pd.api.types.is_object_dtype(dtype):
        return _encode_objects(values, where)
    raise TableError(f"{where} is of type {dtype}, which the store cannot keep; turn it into text or numbers")


def _text_form(dtype: pd.StringDtype) -> Form:
    return {"form": "text", "storage": dtype.storage, "missing": "NA" if dtype.na_value is pd.NA else "nan"}


def _numbers(values: pd.Series) -> list[Any]:
    if isinstance(values.dtype, np.dtype):
        plain = values.to_numpy().tolist()
    else:
        plain = [value.item() if isinstance(value, np.generic) else value for value in values.to_numpy(dtype=object)]
    if not values.hasnans:
        return plain
    return [None if gone else value for gone, value in zip(values.isna(), plain, strict=True)]


def _instants(values: pd.Series) -> list[Any]:
    aware = values.dt.tz is not None
    clock = values.dt.tz_convert("UTC").dt.tz_localize(None) if aware else values
    text = np.datetime_as_string(clock.to_numpy(dtype="datetime64[us]"), unit="us").tolist()
    zone = "Z" if aware else ""
    return [None if moment == "NaT" else moment + zone for moment in text]


def _encode_objects(values: pd.Series, where: str) -> tuple[Form, list[Any]]:
    gone = values.isna().to_numpy()
    kind = pd.api.types.infer_dtype(values[~gone], skipna=True)
    if kind == "date":
        return encode_days(values, where)
    if kind == "datetime":
        try:
            return encode(pd.to_datetime(values), where)
        except (ValueError, TypeError):
            raise TableError(f"{where} holds instants of several time zones; bring them to UTC") from None
    plain = [None if lost else _plain(value, where) for lost, value in zip(gone, values, strict=True)]
    return {"form": "object", "missing": _missing_word(values, gone)}, plain


def _missing_word(values: pd.Series, gone: np.ndarray) -> str:
    """Tell which mark a column of objects uses for what is missing: that of its first."""
    if not gone.any():
        return "none"
    first = values.iloc[int(np.flatnonzero(gone)[0])]
    return next((word for word, mark in _MISSING.items() if first is mark), "nan")


def _plain(value: Any, where: str) -> Any:
    """Give an object as JSON carries it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str | bool | int | float):
        return value
    try:
        if json.loads(json.dumps(value)) == value:
            return value
    except (TypeError, ValueError):
        pass
    kind = type(value).__name__
    raise TableError(f"{where} holds a {kind}, which the store cannot keep; turn it into text or numbers") from None


def encode_days(values: pd.Series, where: str) -> tuple[Form, list[Any]]:
    """Turn a column of days into ISO text.

    Parameters
    ----------
    values : Series
        Of ``date``, of ISO text, or of datetimes at midnight without a time zone.
    where : str
        What to call the column in messages.

    Returns
    -------
    form : dict
    days : list of str or None

    Raises
    ------
    TableError
        Naming the row whose value is not a day.
    """
    gone = values.isna().to_numpy()
    plain = [
        None if lost else _day(value, row, where).isoformat()
        for row, lost, value in zip(values.index, gone, values, strict=True)
    ]
    form: Form = {"form": "day"}
    if isinstance(values.dtype, pd.StringDtype):
        form |= {"of": _text_form(values.dtype)}
    elif pd.api.types.is_object_dtype(values.dtype):
        form |= {"missing": _missing_word(values, gone)}
    else:
        form |= {"dtype": str(values.dtype)}
    return form, plain


def _day(value: Any, row: Any, where: str) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            value = repr(value)
    elif isinstance(value, datetime):
        if value.tzinfo is None and value == datetime(value.year, value.month, value.day):
            return date(value.year, value.month, value.day)
    elif isinstance(value, date):
        return value
    raise TableError(f"{where} of {row!r} is {value}, not a day; use a date such as date(2026, 10, 1)")


def decode(form: Form, plain: Sequence[Any], index: pd.Index) -> pd.Series:
    """Give a column back as ``encode`` took it.

    Parameters
    ----------
    form : dict
        As ``encode`` gave it.
    plain : sequence
        The plain values, in the order of the index.
    index : Index

    Returns
    -------
    Series
        Whole numbers become floats where a value is missing that was not so when they were stored.
    """
    if form["form"] == "text":
        return pd.Series(pd.array(plain, dtype=_string_dtype(form)), index=index)
    if form["form"] == "number":
        return _decode_numbers(form["dtype"], plain, index)
    if form["form"] == "instant":
        utc = ", " in form["dtype"]
        moments = pd.Series(pd.to_datetime(list(plain), utc=utc, format="ISO8601"), index=index)
        return moments.astype(form["dtype"])
    if form["form"] == "day":
        return _decode_days(form, plain, index)
    if form["form"] == "category":
        words = decode(form["of"], form["categories"], pd.RangeIndex(len(form["categories"])))
        places = {word: code for code, word in enumerate(form["categories"])} | {None: -1}
        codes = [places[word] for word in plain]
        return pd.Series(pd.Categorical.from_codes(codes, pd.Index(words), ordered=form["ordered"]), index=index)
    return _objects(plain, form["missing"], index)


def _objects(plain: Sequence[Any], missing: str, index: pd.Index) -> pd.Series:
    mark = _MISSING[missing]
    made = np.empty(len(plain), dtype=object)
    made[:] = [mark if value is None else value for value in plain]
    return pd.Series(made, index=index, dtype=object)


def _string_dtype(form: Form) -> pd.StringDtype:
    return pd.StringDtype(form["storage"], na_value=pd.NA if form["missing"] == "NA" else np.nan)


def _decode_numbers(name: str, plain: Sequence[Any], index: pd.Index) -> pd.Series:
    dtype: Any = pd.api.types.pandas_dtype(name)
    if not isinstance(dtype, np.dtype):
        truths = pd.api.types.is_bool_dtype(dtype)
        made = [bool(value) if truths and value is not None else value for value in plain]
        return pd.Series(pd.array(made, dtype=dtype), index=index)
    if any(value is None for value in plain):
        if dtype.kind == "b":
            return _objects(plain, "none", index)
        dtype = dtype if dtype.kind == "f" else np.dtype("float64")
    return pd.Series(np.array([np.nan if value is None else value for value in plain], dtype=dtype), index=index)


def _decode_days(form: Form, plain: Sequence[Any], index: pd.Index) -> pd.Series:
    days = [date.fromisoformat(value) if isinstance(value, str) else value for value in plain]
    if "of" in form:
        return decode(form["of"], [None if day is None else day.isoformat() for day in days], index)
    if "dtype" in form:
        return pd.Series(pd.to_datetime(days), index=index).astype(form["dtype"])
    return _objects(days, form["missing"], index)


def unify(old: Form, new: Form) -> Form:
    """Choose the form in which rows of two saves can stand in one column.

    Parameters
    ----------
    old, new : dict
        Forms of the column so far, and of the rows that join it.

    Returns
    -------
    dict
        The old one where the new values fit it; the wider number; else plain objects.
    """
    if old == new:
        return old
    if old["form"] != new["form"] or old["form"] == "category":
        return {"form": "object", "missing": "none"}
    return {"form": "number", "dtype": _wider(old["dtype"], new["dtype"])} if old["form"] == "number" else old


def _wider(old: str, new: str) -> str:
    series = [pd.Series([], dtype=pd.api.types.pandas_dtype(name)) for name in (old, new)]
    return str(pd.concat(series).dtype)
