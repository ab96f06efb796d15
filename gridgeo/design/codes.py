"""Give areas their official codes: the division code of their community and a number in reading order.

A code that was ever used is never used again. An area that survives keeps its code as long as the template could have
given it where the area lies now; every other area gets a number after the last one ever used in its community, so that
a split, a merge or a new building changes nobody else's code. Gaps that retired areas leave stay gaps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError
from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.plan import Plan
from gridgeo.model.tables import AREAS, check

from .code_communities import settle_divisions
from .code_order import measure_places, order_places
from .code_templates import CodeTemplate, is_number_text, load_code_template
from .intake import as_text

_CODED = (Level.COMMUNITY, Level.GRID, Level.MICRO)
_PLACE = ["x", "y", "height_m"]


def assign_codes(
    areas: Plan | gpd.GeoDataFrame,
    template: CodeTemplate | str | Path,
    *,
    communities: Any = None,
    before: Any = None,
    reserved: Iterable[str] = (),
) -> pd.Series:
    """Give areas their codes.

    Parameters
    ----------
    areas : Plan or GeoDataFrame
        Table ``AREAS``: grids whose ``parent_id`` is their community, micro grids whose ``parent_id`` is their grid,
        and communities where they are at hand. Codes that stand in it are not looked at, save those of communities.
    template : CodeTemplate, str or Path
        As ``load_code_template`` gives it, or a name or file that needs nothing more: ``"beijing-15"``, ``"12+3"``.
    communities : Series or mapping, optional
        ``area_id`` -> 12-digit division code; of a community merged from several a list of their codes, or the codes
        joined by ``+``. By default the code of the community's row, or its id, where it has 12 digits.
    before : Series or mapping, optional
        ``area_id`` -> earlier code. An area keeps it if the template could have given it in the area's present
        community; it is never given to another.
    reserved : iterable of str
        Codes that were ever used and must not be used again.

    Returns
    -------
    Series of str
        ``area_id`` -> code of every community, grid and micro grid of ``areas``, in order of ``area_id``; beats have
        no code of a template.

    Raises
    ------
    ProfileError
        If there is no such template or it leaves something open.
    TableError
        For an area without a parent, a community without a 12-digit code, an earlier code on two areas, or more areas
        than the digits of the number allow.

    References
    ----------
    DB11/T 2157-2023 (west to east, north to south), CJ/T 349-2010 (00 if not subdivided, merged communities from
    601), DB6101/T 3185-2024 (new buildings numbered later).
    """
    rows, made = code_rows(areas), as_template(template)
    check(rows.assign(code=None), AREAS)
    _check_parents(rows)
    earlier = _read_before(before)
    ever = {*earlier.values(), *(code for code in as_text(pd.Series(list(reserved), dtype=object)) if code)}
    settled = settle_divisions(rows, made, communities, earlier, sorted(ever))
    used = _used_numbers(ever, made)
    codes = {area_id: settled[area_id] for area_id in rows.index[rows["level"] == Level.COMMUNITY]}
    table = pd.DataFrame(measure_places(rows.geometry), index=rows.index, columns=_PLACE)
    table[["level", "kind", "parent_id"]] = rows[["level", "kind", "parent_id"]]
    codes |= _code_grids(table[table["level"] == Level.GRID], made, settled, earlier, used)
    micro = table[table["level"] == Level.MICRO]
    if len(micro) and not made.micro_digits:
        raise TableError(
            f"areas: code template {made.name!r} does not code micro grids, as {micro.index[0]!r} is one; pass "
            "micro_digits=2 to load_code_template"
        )
    codes |= _code_micro_grids(micro, made, codes, earlier, used)
    return pd.Series(codes, dtype="str").rename_axis("area_id").rename("code").sort_index()


def code_plan(
    plan: Plan,
    template: CodeTemplate | str | Path,
    *,
    communities: Any = None,
    before: Any = None,
    reserved: Iterable[str] = (),
) -> Plan:
    """Give the areas of a plan their codes.

    Parameters
    ----------
    plan : Plan
    template, communities, before, reserved
        As for ``assign_codes``.

    Returns
    -------
    Plan
        The same with the codes in its ``register``; its manifest notes the template. Codes of beats stay.

    Raises
    ------
    ProfileError, TableError
        As ``assign_codes``.
    """
    made = as_template(template)
    codes = assign_codes(plan, made, communities=communities, before=before, reserved=reserved)
    register = plan.register.copy()
    register["code"] = codes.reindex(register.index).where(lambda new: new.notna(), register["code"])
    noted = {"template": made.name, "digits": made.digits, "micro_digits": made.micro_digits}
    noted |= {"object_code": made.object_code} if made.object_code else {}
    noted |= {"exclusive_first": made.exclusive_first} if made.exclusive_first else {}
    return replace(plan, register=register, manifest={**plan.manifest, "codes": noted})


def as_template(template: CodeTemplate | str | Path) -> CodeTemplate:
    """Load a template that is named."""
    return template if isinstance(template, CodeTemplate) else load_code_template(template)


def code_rows(areas: Plan | gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """List the areas that have codes: communities, grids and micro grids, in order of their ids.

    Returns
    -------
    GeoDataFrame
        With ``code, kind, parent_id`` as text, "" where missing.
    """
    if isinstance(areas, Plan):
        drawn = [areas.areas(level) for level in areas.levels]
        areas = gpd.GeoDataFrame(pd.concat(drawn), crs=areas.crs)
    if "level" not in areas.columns:
        raise TableError("areas: have no column level; a code depends on it: community, grid or micro")
    rows = areas[areas["level"].astype("str").isin([str(level) for level in _CODED])].copy()
    for name in ("code", "kind", "parent_id"):
        rows[name] = as_text(rows[name]) if name in rows else ""
    return rows.iloc[np.argsort(rows.index.astype("str"), kind="stable")]


def _check_parents(rows: gpd.GeoDataFrame) -> None:
    """Refuse grids of no community and micro grids of no grid."""
    grids = set(rows.index[rows["level"] == Level.GRID])
    inner = rows[rows["level"] != Level.COMMUNITY]
    for area_id, level, parent_id in zip(inner.index, inner["level"], inner["parent_id"], strict=True):
        if not parent_id:
            above = "community" if level == Level.GRID else "grid"
            raise TableError(f"areas: {level} {area_id!r} names no {above}; fill parent_id, its code begins with it")
        if level == Level.MICRO and parent_id not in grids:
            raise TableError(f"areas: micro grid {area_id!r} lies in {parent_id!r}, no grid here; add the grids")


def _read_before(before: Any) -> dict[str, str]:
    """Read earlier codes; two areas cannot have had one code."""
    if before is None:
        return {}
    series = before if isinstance(before, pd.Series) else pd.Series(before, dtype=object)
    earlier = {str(key): code for key, code in zip(series.index, as_text(series), strict=True) if code}
    holders: dict[str, str] = {}
    for area_id, code in sorted(earlier.items()):
        other = holders.setdefault(code, area_id)
        if other != area_id:
            raise TableError(f"before: code {code!r} stands on {other!r} and {area_id!r}; a code names one area")
    return earlier


def _used_numbers(ever: Iterable[str], template: CodeTemplate) -> dict[str, set[int]]:
    """List the numbers ever used behind each prefix; the code of a micro grid uses its grid's too."""
    used: dict[str, set[int]] = defaultdict(set)
    micro_length = template.length + template.micro_digits
    for code in ever:
        if not is_number_text(code, len(code)) or len(code) not in (template.length, micro_length):
            continue
        grid = code[: template.length]
        used[grid[: -template.digits]].add(int(grid[-template.digits :]))
        if len(code) > template.length:
            used[grid].add(int(code[template.length :]))
    return used


@dataclass(frozen=True)
class _Numbers:
    """The numbers that the areas of one parent may have behind its prefix, from the first to the last."""

    where: str
    prefix: str
    digits: int
    first: int
    last: int
    way_out: str
    spared: str = ""

    def could_be(self, code: str) -> bool:
        """Tell whether a code is one that areas of this parent are given."""
        rest = code.removeprefix(self.prefix)
        if code and code == self.spared:
            return True
        if rest == code or not is_number_text(rest, self.digits):
            return False
        return self.first <= int(rest) <= self.last


def _code_grids(
    grids: pd.DataFrame,
    template: CodeTemplate,
    settled: Mapping[str, str],
    earlier: Mapping[str, str],
    used: dict[str, set[int]],
) -> dict[str, str]:
    codes: dict[str, str] = {}
    for community_id, members in grids.groupby("parent_id", sort=True):
        division = settled[str(community_id)]
        prefix, where = template.prefix(division), f"community {community_id!r} ({division})"
        spared = prefix + template.undivided if len(members) == 1 and template.undivided else ""
        for exclusive, kind in _kinds(members, template):
            first, last = template.numbers(exclusive=exclusive)
            numbers = _Numbers(where, prefix, template.digits, first, last, "'12+{size}'", spared)
            codes |= _number(kind, members, numbers, earlier, used)
    return codes


def _kinds(members: pd.DataFrame, template: CodeTemplate) -> list[tuple[bool, pd.DataFrame]]:
    """Part ordinary areas from institutions' own where these have numbers of their own."""
    if not template.exclusive_first:
        return [(False, members)]
    exclusive = members["kind"] == AreaKind.EXCLUSIVE
    return [(False, members[~exclusive]), (True, members[exclusive])]


def _code_micro_grids(
    micro: pd.DataFrame,
    template: CodeTemplate,
    codes: Mapping[str, str],
    earlier: Mapping[str, str],
    used: dict[str, set[int]],
) -> dict[str, str]:
    made: dict[str, str] = {}
    for grid_id, members in micro.groupby("parent_id", sort=True):
        prefix, last = codes[str(grid_id)], 10**template.micro_digits - 1
        way_out = "pass micro_digits={size} to load_code_template"
        numbers = _Numbers(f"grid {grid_id!r} ({prefix})", prefix, template.micro_digits, 1, last, way_out)
        made |= _number(members, members, numbers, earlier, used)
    return made


def _number(
    members: pd.DataFrame,
    beside: pd.DataFrame,
    numbers: _Numbers,
    earlier: Mapping[str, str],
    used: Mapping[str, set[int]],
) -> dict[str, str]:
    """Number areas of one parent: some keep their code, the others follow the last ever used, in reading order.

    ``beside``: all areas of the parent, which make up the rows that are read.
    """
    codes = {area_id: earlier[area_id] for area_id in members.index if numbers.could_be(earlier.get(area_id, ""))}
    spent, inside = used.get(numbers.prefix, set()), set(members.index) - set(codes)
    ids = beside.index.to_numpy(dtype=str)
    order = order_places(ids, beside[_PLACE].to_numpy())
    new = [area_id for area_id in ids[order].tolist() if area_id in inside]
    if new and numbers.spared and int(numbers.spared[-numbers.digits :]) not in spent:
        return codes | {new[0]: numbers.spared}
    last = max([each for each in spent if numbers.first <= each <= numbers.last], default=numbers.first - 1)
    if last + len(new) > numbers.last:
        size = max(numbers.digits + 1, len(str(last + len(new))))
        raise TableError(
            f"areas: {numbers.where} needs {len(new)} new numbers after {last}, for {new[0]!r} first, and its numbers "
            f"end at {numbers.last}: {last + len(new)} is above it; numbers are never used again, so choose a template "
            f"whose number has more digits: {numbers.way_out.format(size=size)}"
        )
    for number, area_id in enumerate(new, last + 1):
        codes[area_id] = f"{numbers.prefix}{number:0{numbers.digits}d}"
    return codes
