"""Turn rates into the points of an assessment, as far as its source states how.

An assessment is a TOML file; ``load_assessment`` takes the name of one that gridgeo ships or the path of one's own::

    name = "ours"
    title = "Our assessment"                # also title_zh, source, about

    [[measures]]
    rate = "completion_rate"                # a column of incident_rates
    zh = "办结"
    weight = 20                             # points of the whole that the measure stands for
    base = 0.90                             # the rate that is worth points_at_base
    points_at_base = 18
    points_a_percent = 1                    # points for each percentage point above or below the base
    low = 0                                 # points never fall below, nor rise above
    high = 20
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from gridgeo.model.errors import ProfileError, TableError
from gridgeo.model.profile_text import Entry
from gridgeo.model.rule_files import find_rules, list_rules, read_rules

_FOLDER = "assessments"
NUMBERS = ("base", "points_at_base", "points_a_percent", "low", "high")
_MOST = 1_000_000.0


@dataclass(frozen=True)
class Measure:
    """How one rate becomes points; what the source leaves open is None.

    Parameters
    ----------
    rate : str
        Column of the rates.
    weight : float, points
    zh : str
    base : float, optional
        A rate from 0 to 1.
    points_at_base, points_a_percent, low, high : float, points, optional
    """

    rate: str
    weight: float
    zh: str = ""
    base: float | None = None
    points_at_base: float | None = None
    points_a_percent: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Assessment:
    """The measures of an assessment."""

    name: str
    title: str
    measures: tuple[Measure, ...]
    title_zh: str = ""
    source: str = ""
    about: str = ""


def list_assessments() -> list[str]:
    """Name the assessments that gridgeo ships, in alphabetical order; each is a name for ``load_assessment``."""
    return list_rules(__package__, _FOLDER)


def load_assessment(name: str | Path) -> Assessment:
    """Load an assessment by its name, or from a TOML file.

    Parameters
    ----------
    name : str or Path
        A shipped name such as ``"township"``, or the path of a file that ends in ``.toml``.

    Returns
    -------
    Assessment

    Raises
    ------
    ProfileError
        If there is no such assessment, or its file breaks the form; the message names the line, the key and the value.
    """
    text, source = find_rules(name, __package__, _FOLDER, "assessment")
    root = read_rules(text, source).table(
        ("name", "title", "title_zh", "source", "about", "measures"), 'name = "..." and [[measures]]'
    )
    called = root.required("name")
    rows = root.rows("measures", ("rate", "zh", "weight", *NUMBERS), "[[measures]] with rate and weight")
    if not rows:
        raise root.missing("measures", "add [[measures]] with rate and weight")
    made: list[Measure] = []
    for row in rows:
        measure = _measure(row)
        if measure.rate in {other.rate for other in made}:
            raise row["rate"].wrong("is measured twice; keep one")
        made.append(measure)
    texts = {key: root.text(key) for key in ("title_zh", "source", "about")}
    return Assessment(called, root.text("title", called), tuple(made), **texts)


def _measure(row: Entry) -> Measure:
    rate = row.required("rate")
    if "weight" not in row:
        raise row.missing("weight", "add weight = number of points")
    numbers = {key: row[key].number(-_MOST, _MOST) for key in NUMBERS if key in row}
    if "base" in row:
        row["base"].number(0.0, 1.0)
    if numbers.get("low", -np.inf) > numbers.get("high", np.inf):
        raise row["low"].wrong(f"is above high = {numbers['high']:g}")
    return Measure(rate, row["weight"].number(0.0, _MOST), row.text("zh"), **numbers)


def score_rates(
    rates: pd.DataFrame, assessment: Assessment, stated: Mapping[str, Mapping[str, float]] | None = None
) -> pd.DataFrame:
    """Give points for rates: ``points_at_base`` at the base, so many more or less for each percentage point.

    Parameters
    ----------
    rates : DataFrame
        As ``incident_rates`` gives it.
    assessment : Assessment
        See ``load_assessment``.
    stated : mapping of rate to mapping of number, optional
        What the source leaves open, as ``{"completion_rate": {"points_at_base": 18, "low": 0, "high": 20}}``. It may
        not contradict what the source states.

    Returns
    -------
    DataFrame
        Indexed like ``rates``: a column of points for each rate, named ``completion_points`` and so on, and
        ``points``, their sum; missing where a rate is missing.

    Raises
    ------
    ProfileError
        Naming the measure and the number that nobody states, or that contradicts the source.
    TableError
        If a rate is not in the table.
    """
    given = {rate: dict(numbers) for rate, numbers in (stated or {}).items()}
    known = [measure.rate for measure in assessment.measures]
    for rate in given:
        if rate not in known:
            raise ProfileError(f"assessment {assessment.name!r} has no measure {rate!r}; it has {', '.join(known)}")
    made = pd.DataFrame(index=rates.index)
    for measure in assessment.measures:
        full = _filled(measure, given.get(measure.rate, {}), assessment.name)
        if measure.rate not in rates.columns:
            raise TableError(f"rates: column {measure.rate!r} is missing; incident_rates gives it")
        values = pd.to_numeric(rates[measure.rate]).astype(float)
        base, worth, slope, low, high = (float(getattr(full, name)) for name in NUMBERS)
        column = measure.rate.removesuffix("_rate").removesuffix("_share") + "_points"
        made[column] = (worth + (values - base) * 100 * slope).clip(low, high)
    made["points"] = made.sum(axis=1, skipna=False)
    return made


def _filled(measure: Measure, given: Mapping[str, float], name: str) -> Measure:
    """Fill in what the source leaves open."""
    words = f"assessment {name!r}: measure {measure.rate!r}"
    for key, value in given.items():
        if key not in NUMBERS:
            raise ProfileError(f"{words} has no {key!r}; it has {', '.join(NUMBERS)}")
        old = getattr(measure, key)
        if not isinstance(value, int | float) or not np.isfinite(value):
            raise ProfileError(f"{words}: {key} is {value!r}, not a number")
        if old is not None and old != value:
            raise ProfileError(f"{words}: {key} is {value:g}, and the source states {old:g}")
    numbers = {key: float(value) for key, value in given.items()}
    full = replace(measure, **numbers)  # type: ignore[arg-type]
    absent = [key for key in NUMBERS if getattr(full, key) is None]
    if absent:
        raise ProfileError(f"{words}: the source does not state {', '.join(absent)}; state it in stated={{...}}")
    if full.low is not None and full.high is not None and full.low > full.high:
        raise ProfileError(f"{words}: low is {full.low:g}, above high, {full.high:g}")
    return full
