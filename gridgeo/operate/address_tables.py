"""Write answers as tables, with longitude and latitude."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pyproj import CRS

from .address_numbers import STAIRWELL, Part
from .address_search import Answer
from .address_text import CleanText
from .doors import to_lonlat

ADDRESS_COLUMNS = [
    "address_id", "address", "level", "score", "x", "y", "lon", "lat", "matched", "unmatched", "status", "runner_up",
    "lead",
]  # fmt: skip
OFFER_COLUMNS = ["address", "level", "x", "y", "lon", "lat"]
NEAR_COLUMNS = ["address_id", "address", "distance_m", "x", "y", "lon", "lat"]
NOTHING: dict[str, Any] = {"score": 0.0, "matched": "", "unmatched": "", "status": "reject"}
"""The row of a text that nothing is like."""
_NUMBERS = ("score", "x", "y", "lead", "distance_m")


def address_frame(rows: Sequence[dict[str, Any]], columns: Sequence[str], crs: CRS) -> pd.DataFrame:
    """Make a table of answers.

    Parameters
    ----------
    rows : sequence of dict
    columns : sequence of str
        Which to give; ``lon`` and ``lat`` are made of ``x`` and ``y``.
    crs : CRS
        Of ``x`` and ``y``.

    Returns
    -------
    DataFrame
        Texts and numbers that a row lacks are missing.
    """
    table: dict[str, Any] = {}
    for name in columns:
        values = [row.get(name) for row in rows]
        if name in _NUMBERS:
            table[name] = np.array(values, dtype=float)
        elif name == "candidates":
            table[name] = pd.Series(values, dtype=object)
        elif name in ("lon", "lat"):
            table[name] = np.full(len(rows), np.nan)
        else:
            table[name] = pd.array(values, dtype="str")
    if "lon" in table:
        x, y = table["x"], table["y"]
        placed = np.isfinite(x)
        if placed.any():
            table["lon"][placed], table["lat"][placed] = to_lonlat(crs).transform(x[placed], y[placed])
    return pd.DataFrame(table, columns=list(columns))


def label(answer: Answer) -> str:
    """Name a place the way the book writes it, with the stairwell where that is what was found."""
    if answer.level != STAIRWELL:
        return answer.place.label
    stairwell = next(part.key for part in answer.verdict.matched if part.kind == STAIRWELL)
    return f"{answer.place.label}{stairwell}单元"


def quote(source: CleanText, parts: Sequence[Part]) -> str:
    """Quote parts of a text as they were typed."""
    return " ".join(source.given(part.start, part.end) for part in parts)
