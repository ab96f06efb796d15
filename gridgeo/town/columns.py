"""Hold what all tables of the town share: their CRS, text columns, numbered keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

CRS = "EPSG:4549"
"""CGCS2000, 3-degree Gauss-Krueger zone at 120 E, metres."""


def text(values: Iterable[Any]) -> Any:
    """Make a column of text; None is missing.

    Parameters
    ----------
    values : iterable of str or None

    Returns
    -------
    array of str
    """
    return pd.array([value if isinstance(value, str) else None for value in values], dtype="str")


def keys(values: Iterable[str], name: str) -> pd.Index:
    """Make the index of a table from its keys.

    Parameters
    ----------
    values : iterable of str
    name : str
        Of the key.

    Returns
    -------
    Index of str
    """
    return pd.Index(text(values), name=name)


def numbered(letter: str, count: int, digits: int, name: str) -> pd.Index:
    """Make the index of a table by numbering its rows from 1.

    Parameters
    ----------
    letter : str
        Put before the number.
    count, digits : int
    name : str
        Of the key.

    Returns
    -------
    Index of str
    """
    return keys((f"{letter}{number:0{digits}d}" for number in range(1, count + 1)), name)
