"""Find codes that contradict the codes of parents, or stand on several areas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import TableError

from .findings import Finding, name_list
from .intake import Survey, as_text
from .parent_defects import NO_PARENT, Parentage

MOST = 0.5
"""Share of the areas whose code must contradict their parents' before it is the two layers that do not fit."""


def codes_of(survey: Survey, column: str) -> np.ndarray | None:
    """Read the codes of areas as text, "" where missing; None where there is no such column.

    Codes that a file gave as numbers become the digits they were written with, without a decimal point.
    """
    if column not in survey.attributes:
        return None
    return as_text(survey.attributes[column])


def check_code_column(survey: Survey, column: str | None) -> str:
    """Choose the column of codes; one that is asked for by name must be there.

    Raises
    ------
    TableError
        If it is not.
    """
    if column is not None and column not in survey.attributes:
        known = name_list(map(str, survey.attributes.columns)) or "none"
        raise TableError(f"areas: have no column {column!r} with codes; their columns are {known}")
    return column or "code"


def code_defects(survey: Survey, parentage: Parentage | None, column: str, found: list[Finding]) -> Iterator[Finding]:
    """Find what is wrong with codes.

    Parameters
    ----------
    survey : Survey
    parentage : Parentage or None
        With parents that have such a column too, the code of each area must begin with its parent's.
    column : str
        Where the codes stand; without such a column nothing is found.
    found : list of Finding
        What else is wrong with the areas, so that a copied row or a wrong parent is not told again; the findings of
        wrong parents are told what the code says (``found`` is changed).

    Yields
    ------
    Finding
        ``wrong_code, duplicate_code``.
    """
    codes = codes_of(survey, column)
    if codes is None:
        return
    outer = None if parentage is None else codes_of(parentage.parents, column)
    wrong: dict[int, list[int]] = {}
    held: dict[int, int] = {}
    if parentage is not None and outer is not None:
        wrong, held = _contradicting(parentage, codes, outer, found)
    astray = {area for areas in wrong.values() for area in areas}
    for doubled in _doubled(survey, codes, found, astray):
        yield doubled
        # A code that was copied from an area of another parent is one cause.
        wrong = {parent: [area for area in areas if area not in doubled.areas] for parent, areas in wrong.items()}
    if parentage is not None and outer is not None:
        yield from _wrong_codes(survey, parentage, codes, outer, wrong, held)


def _doubled(survey: Survey, codes: np.ndarray, found: list[Finding], astray: set[int]) -> Iterator[Finding]:
    """Find codes that stand on several areas, unless these are copies of one row; those in other parents come first."""
    copies = [set(one.areas) for one in found if one.kind == "duplicate"]
    holders: dict[str, list[int]] = defaultdict(list)
    for at in np.flatnonzero(pd.Series(codes).duplicated(keep=False)).tolist():
        if codes[at]:
            holders[codes[at]].append(at)
    for code, rows in holders.items():
        if len(set(survey.ids[rows].tolist())) == 1 or any(set(rows) <= some for some in copies):
            continue
        areas = sorted(rows, key=lambda area: (area not in astray, area))
        names = name_list(survey.label(area) for area in areas)
        yield Finding(
            "duplicate_code", areas, f"code {code!r} stands on {len(areas)} areas: {names}",
            _collect(survey.shapes[areas]), float(len(areas)), 1.0, "rows",
            area_m2=float(survey.area_m2[areas].sum()), pieces=len(areas),
        )  # fmt: skip


def _collect(shapes: np.ndarray) -> shapely.Geometry | None:
    shapes = shapes[~shapely.is_empty(shapes)]
    if not len(shapes):
        return None
    return shapes[0] if len(shapes) == 1 else shapely.GeometryCollection(list(shapes))


def _contradicting(
    parentage: Parentage, codes: np.ndarray, outer: np.ndarray, found: list[Finding]
) -> tuple[dict[int, list[int]], dict[int, int]]:
    """List by parent the areas whose code does not begin with its code, and count the areas of each parent."""
    astray = {one.areas[0]: at for at, one in enumerate(found) if one.kind == "wrong_parent"}
    wrong: dict[int, list[int]] = defaultdict(list)
    held: dict[int, int] = defaultdict(int)
    for area, parent in enumerate(parentage.parent_of.tolist()):
        if parent == NO_PARENT or not outer[parent]:
            continue
        held[parent] += 1
        if codes[area].startswith(outer[parent]):
            continue
        if area in astray:
            # The parent is what is wrong: it is told already.
            one = found[astray[area]]
            agrees = [name for name in one.parents if codes[area].startswith(_code_named(parentage, outer, name))]
            if agrees:
                found[astray[area]] = replace(one, message=f"{one.message}; its code agrees with {agrees[0]}")
            continue
        wrong[parent].append(area)
    return wrong, held


def _wrong_codes(
    survey: Survey,
    parentage: Parentage,
    codes: np.ndarray,
    outer: np.ndarray,
    wrong: dict[int, list[int]],
    held: dict[int, int],
) -> Iterator[Finding]:
    """Describe areas whose code contradicts their parent's; all areas of a parent, or of the map, are one cause."""
    wrong = {parent: areas for parent, areas in wrong.items() if areas}
    every = sorted(area for areas in wrong.values() for area in areas)
    if len(wrong) > 1 and len(every) > MOST * sum(held.values()):
        yield _other_system(survey, parentage, every, codes, outer, sum(held.values()))
        return
    for parent, areas in wrong.items():
        begins = {codes[area][: len(outer[parent])] for area in areas}
        if len(areas) > 1 and len(areas) == held[parent] and len(begins) == 1 and begins != {""}:
            yield _renumbered(survey, parentage, areas, outer[parent], begins.pop())
            continue
        for area in areas:
            yield _wrong_code(survey, parentage, area, codes[area], outer)


def _other_system(
    survey: Survey, parentage: Parentage, areas: list[int], codes: np.ndarray, outer: np.ndarray, held: int
) -> Finding:
    """Describe codes that mostly do not begin with those of parents: it is the two layers that do not fit."""
    first = areas[0]
    parent = int(parentage.parent_of[first])
    lost = all(_lost_zeros(str(outer[parentage.parent_of[area]]), codes[area]) for area in areas)
    return Finding(
        "wrong_code", areas,
        f"the codes of {len(areas)} of {held} areas do not begin with those of their parents: {survey.label(first)} "
        f"has {codes[first]!r}, its parent {parentage.label(first)} {str(outer[parent])!r}",
        _collect(survey.shapes[areas]), float(len(areas)), 0.0, "rows",
        area_m2=float(survey.area_m2[areas].sum()), pieces=len(areas),
        cause="leading_zeros" if lost else "other_code_system",
    )  # fmt: skip


def _lost_zeros(asked: str, code: str) -> bool:
    bare = asked.lstrip("0")
    return bool(bare) and bare != asked and code.startswith(bare)


def _code_named(parentage: Parentage, outer: np.ndarray, name: str) -> str:
    """Give the code of a parent by its id; something that no code begins with where it has none."""
    at = np.flatnonzero(parentage.parents.ids == name)
    return str(outer[at[0]]) if len(at) and outer[at[0]] else "\0"


def _renumbered(survey: Survey, parentage: Parentage, areas: list[int], code: str, begin: str) -> Finding:
    label = parentage.label(areas[0])
    return Finding(
        "wrong_code", areas,
        f"the codes of all {len(areas)} areas of {label} begin with {begin!r}, not with its code {code!r}",
        _collect(survey.shapes[areas]), float(len(areas)), 0.0, "rows",
        area_m2=float(survey.area_m2[areas].sum()), pieces=len(areas), cause="parent_renumbered",
    )  # fmt: skip


def _wrong_code(survey: Survey, parentage: Parentage, area: int, code: str, outer: np.ndarray) -> Finding:
    parent = int(parentage.parent_of[area])
    label, asked = parentage.label(area), str(outer[parent])
    others = sorted(
        (at for at, other in enumerate(outer.tolist()) if other and code.startswith(other)),
        key=lambda at: (-len(outer[at]), at),
    )
    says, cause = f"has the code {code!r}" if code else "has no code", ""
    ends = f"its parent {label} has {asked!r}"
    if _lost_zeros(asked, code):
        cause = "leading_zeros"
    elif code and others:
        ends += f"; the code is that of an area of {parentage.parents.label(others[0])}"
        cause = "code_of_other_parent"
    shape = survey.shapes[area]
    return Finding(
        "wrong_code", [area], f"{survey.label(area)} {says}, {ends}", None if shapely.is_empty(shape) else shape,
        1.0, 0.0, "rows", area_m2=float(survey.area_m2[area]), cause=cause,
        parents=(label, *(parentage.parents.label(at) for at in others[:1])),
    )  # fmt: skip
