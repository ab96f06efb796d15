"""Find what is wrong with the codes of areas: their form, their parents', their doubles, their division codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.plan import Plan

from .code_communities import community_ids, stated_divisions, usual_division
from .code_defects import code_defects
from .code_templates import DIVISION_DIGITS, DIVISION_PARTS, CodeTemplate, is_number_text
from .codes import as_template, code_rows
from .findings import Finding, name_list, tabulate
from .intake import Survey, as_text, take_in
from .parent_defects import NO_PARENT, Parentage

Found = tuple[str, Finding]
"""What is wrong in one word, and the finding."""


def check_codes(
    areas: Plan | gpd.GeoDataFrame,
    template: CodeTemplate | str | Path,
    communities: Any = None,
    *,
    divisions: Iterable[str] | None = None,
) -> gpd.GeoDataFrame:
    """Find what is wrong with the codes of areas.

    Parameters
    ----------
    areas : Plan or GeoDataFrame
        Areas with ``code, level, parent_id``; a map with faults of geometry is taken as it is.
    template : CodeTemplate, str or Path
        How the codes should be written.
    communities : Series or mapping, optional
        ``area_id`` -> division code, as for ``assign_codes``. Where nothing is said of a community, what most codes of
        its areas begin with is taken as right.
    divisions : iterable of str, optional
        Division codes that exist, of 6, 9 or 12 digits: those of the communities must be among them. A level of which
        it holds no codes in a county or street is not judged there.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS``: ``wrong_code, duplicate_code, wrong_parent``, with the columns of an audit and ``fault``:
        ``no_code, not_digits, wrong_length, wrong_number, wrong_prefix, duplicate, no_division, unknown_division,
        no_parent``. Empty when all is right.

    Raises
    ------
    ProfileError
        If there is no such template or it leaves something open.
    TableError
        If the areas have no column ``level``.
    """
    rows, made = code_rows(areas), as_template(template)
    said = stated_divisions(rows, communities)
    prefixes, faults = _prefixes(rows, made, said)
    faults += _unknown_divisions(rows, made, prefixes, divisions)
    grids, micro = (rows[rows["level"] == level] for level in (Level.GRID, Level.MICRO))
    faults += _level_faults(grids, rows, made, made.length, prefixes)
    faults += _wrong_numbers(grids, rows, made, prefixes)
    if made.micro_digits:
        sound = {
            area_id: code
            for area_id, code in grids["code"].items()
            if is_number_text(code, made.length) and not grids.index.duplicated().any()
        }
        faults += _level_faults(micro, rows, made, made.length + made.micro_digits, sound)
    return tabulate_faults(faults, np.asarray(rows.index, dtype=str), rows.crs)


def tabulate_faults(faults: Iterable[Found], ids: np.ndarray, crs: Any) -> gpd.GeoDataFrame:
    """Make the table of findings with the column ``fault``."""
    faults = list(faults)
    words = {(one.message, name): fault for fault, one in faults for name in [_names(one, ids)]}
    table = tabulate([one for _, one in faults], ids, crs)
    fault = [words[message, names] for message, names in zip(table["message"], table["area_ids"], strict=True)]
    return table.assign(fault=pd.Series(fault, index=table.index, dtype="str"))


def _names(one: Finding, ids: np.ndarray) -> str:
    return ",".join(str(ids[at]) or "(no id)" for at in one.areas)


def code_finding(kind: str, rows: gpd.GeoDataFrame, positions: list[int], message: str) -> Finding:
    """Write down one finding on codes with the place of its areas."""
    shapes = [one for one in rows.geometry.iloc[positions] if one is not None and not one.is_empty]
    place = shapes[0] if len(shapes) == 1 else shapely.GeometryCollection(shapes) if shapes else None
    size = float(sum(one.area for one in shapes))
    return Finding(
        kind, positions, message, place, float(len(positions)), 0.0, "rows", area_m2=size, pieces=len(positions)
    )


def _prefixes(
    rows: gpd.GeoDataFrame, template: CodeTemplate, said: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, str], list[Found]]:
    """Tell what the codes of each community's grids should begin with; judge the division codes themselves."""
    prefixes: dict[str, str] = {}
    faults: list[Found] = []
    street_digits = DIVISION_PARTS["street"][1]
    for area_id in community_ids(rows):
        codes = rows.loc[(rows["level"] == Level.GRID) & (rows["parent_id"] == area_id), "code"]
        parts = said.get(area_id, ())
        wrong = [part for part in parts if not is_number_text(part, DIVISION_DIGITS)]
        if wrong:
            message = f"community {area_id} has the division code {wrong[0]!r}, not of {DIVISION_DIGITS} digits"
            faults.append(("no_division", code_finding("wrong_code", rows, _of_community(rows, area_id), message)))
        elif len(parts) > 1:
            street = parts[0][:street_digits]
            usual = usual_division(codes, street, template) if template.merged_first else ""
            prefixes[area_id] = template.prefix(usual or f"{street}{template.merged_first:03d}")
        elif parts:
            prefixes[area_id] = template.prefix(parts[0])
        else:
            formed = Counter(code[: -template.digits] for code in codes if is_number_text(code, template.length))
            if formed:
                prefixes[area_id] = min(formed, key=lambda one: (-formed[one], one))
    return prefixes, faults


def _of_community(rows: gpd.GeoDataFrame, area_id: str) -> list[int]:
    """Give the positions of a community's row, or of its grids where it has none."""
    own = (rows["level"] == Level.COMMUNITY) & (rows.index == area_id)
    return np.flatnonzero(own if own.any() else rows["parent_id"] == area_id).tolist()


def _unknown_divisions(
    rows: gpd.GeoDataFrame, template: CodeTemplate, prefixes: Mapping[str, str], divisions: Iterable[str] | None
) -> list[Found]:
    """Find division codes that are not in the list of those that exist; name the level that is unknown."""
    if divisions is None:
        return []
    known = {code for code in as_text(pd.Series(list(divisions), dtype=object)) if code}
    for level in (9, 6):
        known |= {code[:level] for code in known if len(code) > level}
    listed = {(len(code), code[:above]) for code in known for above in (0, 6, 9) if above < len(code)}
    faults: list[Found] = []
    for area_id, prefix in prefixes.items():
        division = template.division_in(prefix + "0" * template.digits)
        merged = template.merged_first and int(division[9:]) >= template.merged_first
        for word, (start, end) in DIVISION_PARTS.items():
            if word == "community" and merged:
                continue
            if (end, division[:start]) in listed and division[:end] not in known:
                message = (
                    f"community {area_id} has the division code {division!r}: there is no {word} {division[:end]} "
                    "in the list of divisions"
                )
                positions = _of_community(rows, area_id)
                faults.append(("unknown_division", code_finding("wrong_code", rows, positions, message)))
                break
    return faults


def _level_faults(
    level_rows: gpd.GeoDataFrame,
    rows: gpd.GeoDataFrame,
    template: CodeTemplate,
    length: int,
    prefixes: Mapping[str, str],
) -> list[Found]:
    """Judge the codes of one level: their form, and against those above and beside them where the form is right."""
    faults: list[Found] = []
    formed = np.zeros(len(level_rows), dtype=bool)
    place = np.flatnonzero((rows["level"] == level_rows["level"].iloc[0]) if len(level_rows) else [])
    for at, (area_id, code, parent) in enumerate(
        zip(level_rows.index, level_rows["code"], level_rows["parent_id"], strict=True)
    ):
        fault, words = _form_fault(code, length, template)
        formed[at] = not fault
        if fault:
            faults.append((fault, code_finding("wrong_code", rows, [int(place[at])], f"{area_id} {words}")))
        if not parent:
            words = "names no parent: its code cannot be judged, and every grid belongs to a village or community"
            faults.append(("no_parent", code_finding("wrong_parent", rows, [int(place[at])], f"{area_id} {words}")))
    sound = level_rows[formed]
    if not len(sound):
        return faults
    survey = take_in(sound)
    positions = place[np.flatnonzero(formed)][survey.rows]
    for one in code_defects(survey, _parentage(survey, prefixes, rows.crs), "code", []):
        moved = [int(positions[at]) for at in one.areas]
        fault = "duplicate" if one.kind == "duplicate_code" else "wrong_prefix"
        faults.append((fault, _moved(one, moved)))
    return faults


def _moved(one: Finding, areas: list[int]) -> Finding:
    return Finding(**{**vars(one), "areas": areas})


def _form_fault(code: str, length: int, template: CodeTemplate) -> tuple[str, str]:
    """Say what is wrong with how a code is written; "" twice where nothing is."""
    if not code:
        return "no_code", f"has no code; template {template.name!r} writes {length} digits"
    if not is_number_text(code, len(code)):
        return "not_digits", f"has the code {code!r}, which is not of digits 0 to 9 alone"
    if len(code) != length:
        return (
            "wrong_length",
            f"has the code {code!r} of {len(code)} digits; template {template.name!r} writes {length}",
        )
    return "", ""


def _parentage(survey: Survey, prefixes: Mapping[str, str], crs: Any) -> Parentage:
    """Stand the areas under parents whose codes are what theirs should begin with."""
    ids = sorted(prefixes)
    above = gpd.GeoDataFrame(
        {"code": [prefixes[each] for each in ids]},
        geometry=[None] * len(ids),
        crs=crs,
        index=pd.Index(ids, name="area_id", dtype=object),
    )
    parents = take_in(above, "parents", crs)
    names = as_text(survey.attributes["parent_id"])
    at = {area_id: position for position, area_id in enumerate(parents.ids.tolist())}
    found = np.array([at.get(name, NO_PARENT) for name in names.tolist()], dtype=np.int64)
    return Parentage(parents, found, names)


def _wrong_numbers(
    grids: gpd.GeoDataFrame, rows: gpd.GeoDataFrame, template: CodeTemplate, prefixes: Mapping[str, str]
) -> Iterator[Found]:
    """Find numbers that the template does not give: 0, that of an undivided community in a divided one, wrong kinds."""
    place = np.flatnonzero(rows["level"] == Level.GRID)
    sizes = grids["parent_id"].value_counts()
    for at, (area_id, code, parent, kind) in enumerate(
        zip(grids.index, grids["code"], grids["parent_id"], grids["kind"], strict=True)
    ):
        if not is_number_text(code, template.length) or not code.startswith(prefixes.get(parent, "-")):
            continue
        text = code[-template.digits :]
        low, high = template.numbers(exclusive=kind == AreaKind.EXCLUSIVE)
        if text == template.undivided:
            if sizes[parent] == 1:
                continue
            words = f"says that {parent} is not divided, and it has {sizes[parent]} areas"
        elif low <= int(text) <= high:
            continue
        else:
            words = f"ends in {text}; numbers of {name_list([kind or 'base'])} areas go from {low} to {high}"
        message = f"{area_id} has the code {code!r}, which {words}"
        yield "wrong_number", code_finding("wrong_code", rows, [int(place[at])], message)
