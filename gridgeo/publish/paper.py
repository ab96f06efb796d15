"""Hold what a report says, part by part, before it becomes a page or a sheet of paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .sketch import Sketch


@dataclass(frozen=True)
class Verdict:
    """What matters most, said first.

    Parameters
    ----------
    tone : str
        ``"good"``, ``"mixed"`` or ``"bad"``.
    head : str
    lines : tuple of str
    proved : bool
        Whether the certificate holds.
    """

    tone: str
    head: str
    lines: tuple[str, ...]
    proved: bool


@dataclass(frozen=True)
class Card:
    """A picture, or two of the same place, with what is to be said of it.

    Parameters
    ----------
    key, text, place : str
        Number, sentence, and where it is; the last may be empty.
    sketches : tuple of Sketch
    """

    key: str
    text: str
    place: str
    sketches: tuple[Sketch, ...]


@dataclass(frozen=True)
class Grid:
    """A table.

    Parameters
    ----------
    heads : tuple of str
    rows : list of tuple of str
    widths : tuple of float
        Shares of the columns; those below 0 are set to the right.
    """

    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]
    widths: tuple[float, ...]


@dataclass(frozen=True)
class Check:
    """A kind of defect and what came of looking for it.

    Parameters
    ----------
    name : str
    state : str
        A severity, ``"clear"`` or ``"unasked"``.
    told : str
    anchor : str
        The section it leads to; empty where there is none.
    """

    name: str
    state: str
    told: str
    anchor: str = ""


@dataclass(frozen=True)
class Section:
    """All of one kind.

    Parameters
    ----------
    anchor, tone, head : str
        ``tone`` is a severity, or empty.
    count : int, optional
    lines : tuple of str
    cards : list of Card
    more : str
        Said between the cards and the table.
    grid : Grid, optional
    """

    anchor: str
    tone: str
    head: str
    count: int | None = None
    lines: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    more: str = ""
    grid: Grid | None = None


@dataclass(frozen=True)
class Paper:
    """A whole report.

    Parameters
    ----------
    title, language : str
    verdict : Verdict
    overview : Sketch
    legend : tuple of (severity, str)
        What the colours of the dots mean.
    facts : tuple of (str, str)
    checks_head : str
    checks : tuple of Check
    limits : tuple of str
        What was not checked; the first is a heading.
    sections : tuple of Section
    footer : str
    """

    title: str
    language: str
    verdict: Verdict
    overview: Sketch
    legend: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    checks_head: str
    checks: tuple[Check, ...]
    limits: tuple[str, ...]
    sections: tuple[Section, ...]
    footer: str


def size_of(area_m2: float, words: Mapping[str, str]) -> str:
    """Write a size in square metres or kilometres."""
    if abs(area_m2) >= 1e6:
        return f"{area_m2 / 1e6:,.2f} {words['km2']}"
    return f"{area_m2:,.0f} {words['m2']}" if abs(area_m2) >= 100 else f"{area_m2:,.3g} {words['m2']}"


def length_of(length_m: float) -> str:
    """Write a length in the unit that suits it."""
    for unit, metres in (("km", 1000), ("m", 1), ("cm", 0.01), ("mm", 0.001)):
        if length_m >= metres:
            return f"{length_m / metres:.3g} {unit}"
    return f"{length_m * 1e6:.3g} µm" if length_m else "0 m"


def number_in(row: pd.Series, column: str) -> float:
    """Read a number from a row; nan where there is none."""
    value = pd.to_numeric(row.get(column, np.nan), errors="coerce")
    return float(value) if pd.notna(value) else float("nan")
