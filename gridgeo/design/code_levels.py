"""Check a nested system of codes: each code of an inner level stands in one code of the level above."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError

from .code_checks import Found, code_finding, tabulate_faults
from .findings import name_list
from .intake import as_text


def check_code_levels(
    areas: gpd.GeoDataFrame,
    levels: Sequence[str],
    *,
    begins: Mapping[str, str] | None = None,
    forms: Mapping[str, str] | None = None,
    rare_share: float = 0.01,
) -> gpd.GeoDataFrame:
    """Find what is wrong with codes that stand in columns, one column a level.

    Parameters
    ----------
    areas : GeoDataFrame
        The smallest areas; index or column ``area_id`` names them in findings.
    levels : sequence of str
        Columns of codes, the inner level first: ``("codebase", "code1", "code2", "town_id")``.
    begins : mapping of column to column, optional
        Whose codes begin with those of another column: ``{"code1": "code2"}``.
    forms : mapping of column to str, optional
        Regular expression that every code of a column fulfils. By default rare forms are told: a form says which
        characters are digits, letters or signs, and ``rare_share`` says how few areas have a rare one.
    rare_share : float
        A form that no more than this share of the areas, or one area, has is rare where more than half have another.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS``: ``wrong_code, duplicate_code``, with the columns of an audit and ``fault``: ``no_code,
        wrong_form, wrong_prefix, duplicate`` (an innermost code on several areas), ``several_parents`` (a code whose
        areas name several codes of the next level; the areas of the less usual one are told).

    Raises
    ------
    TableError
        If there is no such column, or a form is no regular expression.
    """
    asked = [*levels, *(begins or {}), *(begins or {}).values(), *(forms or {})]
    for name in asked:
        if name not in areas.columns:
            raise TableError(
                f"areas: have no column {name!r} with codes; there are {name_list(map(str, areas.columns))}"
            )
    keys = areas["area_id"] if "area_id" in areas.columns else areas.index.to_series()
    order = np.argsort(as_text(keys).astype(str), kind="stable")
    rows, ids = areas.iloc[order], as_text(keys)[order]
    codes = {name: as_text(rows[name]) for name in dict.fromkeys(asked)}
    faults: list[Found] = []
    formed = {name: np.ones(len(rows), dtype=bool) for name in codes}
    for name, values in codes.items():
        pattern = (forms or {}).get(name)
        faults += _wrong_forms(rows, ids, name, values, pattern, formed[name], max(1.0, rare_share * len(rows)))
    for inner, outer in (begins or {}).items():
        faults += _wrong_begins(rows, ids, (inner, codes[inner]), (outer, codes[outer]), formed[inner] & formed[outer])
    if levels:
        faults += _doubled(rows, ids, levels[0], codes[levels[0]])
    for inner, outer in pairwise(levels):
        faults += _several_parents(rows, ids, (inner, codes[inner]), (outer, codes[outer]), begins or {})
    return tabulate_faults(faults, ids, areas.crs)


def _shape(code: str) -> str:
    """Write a code as its form: 0 for each digit, A for each letter, signs as they are."""
    return "".join("0" if one.isdecimal() else "A" if one.isalpha() else one for one in code)


def _wrong_forms(
    rows: gpd.GeoDataFrame,
    ids: np.ndarray,
    name: str,
    values: np.ndarray,
    asked: str | None,
    formed: np.ndarray,
    rare: float,
) -> Iterator[Found]:
    """Find codes that are missing or of another form; ``formed`` is changed."""
    try:
        pattern = None if asked is None else re.compile(asked)
    except re.error as error:
        raise TableError(f"forms: {asked!r} of column {name!r} is no regular expression: {error}") from None
    shapes = [_shape(str(code)) for code in values]
    counts = Counter(shapes)
    usual, most = counts.most_common(1)[0] if shapes else ("", 0)
    for at, code in enumerate(values.tolist()):
        if not code:
            fault, words = "no_code", f"has no {name}"
        elif pattern is not None and not pattern.fullmatch(code):
            fault, words = "wrong_form", f"has the {name} {code!r}, not of the form {asked!r}"
        elif pattern is None and counts[shapes[at]] <= rare and 2 * most > len(shapes) and shapes[at] != usual:
            fault, words = "wrong_form", f"has the {name} {code!r}; {most} of {len(shapes)} are of the form {usual!r}"
        else:
            continue
        formed[at] = False
        yield fault, code_finding("wrong_code", rows, [at], f"{ids[at]} {words}")


def _wrong_begins(
    rows: gpd.GeoDataFrame,
    ids: np.ndarray,
    inner: tuple[str, np.ndarray],
    outer: tuple[str, np.ndarray],
    judged: np.ndarray,
) -> Iterator[Found]:
    for at in np.flatnonzero(judged).tolist():
        code, above = inner[1][at], outer[1][at]
        if not code.startswith(above):
            message = f"{ids[at]} has the {inner[0]} {code!r}, which does not begin with its {outer[0]} {above!r}"
            yield "wrong_prefix", code_finding("wrong_code", rows, [at], message)


def _doubled(rows: gpd.GeoDataFrame, ids: np.ndarray, name: str, values: np.ndarray) -> Iterator[Found]:
    for code, members in pd.Series(range(len(values))).groupby(values, sort=True):
        if code and len(members) > 1:
            positions = members.tolist()
            message = f"{name} {code!r} stands on {len(positions)} areas: {name_list(str(ids[at]) for at in positions)}"
            yield "duplicate", code_finding("duplicate_code", rows, positions, message)


def _several_parents(
    rows: gpd.GeoDataFrame,
    ids: np.ndarray,
    inner: tuple[str, np.ndarray],
    outer: tuple[str, np.ndarray],
    begins: Mapping[str, str],
) -> Iterator[Found]:
    """Find codes whose areas name several codes above; where the code tells its parent it is no matter of majority."""
    told = begins.get(inner[0]) == outer[0]
    for code, members in pd.Series(outer[1]).groupby(inner[1], sort=True):
        counts = Counter(one for one in members if one)
        if not code or len(counts) < 2 or told:
            continue
        right = min(counts, key=lambda one: (-counts[one], one))
        astray = members.index[(members != right) & (members != "")].tolist()
        others = name_list(repr(one) for one in sorted(counts) if one != right)
        message = (
            f"{inner[0]} {code!r} stands in {outer[0]} {right!r} with {counts[right]} areas, and in {others} with "
            f"{name_list(str(ids[at]) for at in astray)}"
        )
        yield "several_parents", code_finding("wrong_code", rows, astray, message)
