"""Tell the 12-digit division code of each community, also of one that was merged from several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgeo.model.errors import TableError
from gridgeo.model.levels import Level

from .code_order import order_areas
from .code_templates import DIVISION_DIGITS, DIVISION_PARTS, CodeTemplate, is_number_text
from .findings import name_list
from .intake import as_text

_STREET_DIGITS = DIVISION_PARTS["street"][1]
_COMMUNITY_DIGITS = DIVISION_DIGITS - _STREET_DIGITS
_LAST_COMMUNITY = 10**_COMMUNITY_DIGITS - 1


def community_ids(rows: gpd.GeoDataFrame) -> list[str]:
    """Name the communities that rows belong to or are, in order."""
    grids = rows.loc[rows["level"] == Level.GRID, "parent_id"]
    return sorted({*grids[grids != ""], *rows.index[rows["level"] == Level.COMMUNITY]})


def stated_divisions(rows: gpd.GeoDataFrame, communities: Any) -> dict[str, tuple[str, ...]]:
    """Read what is said of the division codes of communities.

    Parameters
    ----------
    rows : GeoDataFrame
        As ``gridgeo.design.codes.code_rows`` makes them.
    communities : Series, mapping or None
        ``area_id`` -> division code; of a merged community those of its parts, as a list or joined by ``+``. Without
        it, the code of the community's row, or its id, where it has 12 digits.

    Returns
    -------
    dict of area_id to tuple of str
        Only of communities of which something is said.
    """
    said: dict[str, tuple[str, ...]] = {}
    if communities is not None:
        plain = isinstance(communities, pd.Series) and pd.api.types.is_numeric_dtype(communities.dtype)
        texts_of = dict(zip(communities.index, as_text(communities), strict=True)) if plain else dict(communities)
        for key, value in texts_of.items():
            parts = list(value) if isinstance(value, list | tuple) else [value]
            texts = [part.strip() for text in as_text(pd.Series(parts, dtype=object)) for part in text.split("+")]
            if any(texts):
                said[str(key)] = tuple(sorted(texts))
        return said
    own = rows.loc[rows["level"] == Level.COMMUNITY, "code"]
    for area_id in community_ids(rows):
        for text in (str(own.get(area_id, "")), area_id):
            if is_number_text(text, DIVISION_DIGITS):
                said[area_id] = (text,)
                break
    return said


def settle_divisions(
    rows: gpd.GeoDataFrame,
    template: CodeTemplate,
    communities: Any,
    before: Mapping[str, str],
    ever: Iterable[str],
) -> dict[str, str]:
    """Give every community one 12-digit code.

    Parameters
    ----------
    rows : GeoDataFrame
    template : CodeTemplate
    communities : Series, mapping or None
        As in ``stated_divisions``.
    before : mapping of area_id to code
        Earlier codes; a merged community keeps its number with them.
    ever : iterable of str
        Codes that were ever used.

    Returns
    -------
    dict of area_id to str

    Raises
    ------
    TableError
        For a community without such a code, two with the same one, merged communities that the template does not
        code, lie in several streets, or are more than there are numbers.
    """
    said = stated_divisions(rows, communities)
    ids = community_ids(rows)
    missing = [area_id for area_id in ids if area_id not in said]
    if missing:
        raise TableError(
            f"communities: {name_list(map(repr, missing))} have no {DIVISION_DIGITS}-digit division code; pass "
            "communities, a Series of area_id -> code"
        )
    for area_id in ids:
        for code in said[area_id]:
            if not is_number_text(code, DIVISION_DIGITS):
                raise TableError(f"communities: code {code!r} of {area_id!r} is not of {DIVISION_DIGITS} digits")
    settled = {area_id: said[area_id][0] for area_id in ids if len(said[area_id]) == 1}
    merged = [area_id for area_id in ids if len(said[area_id]) > 1]
    if merged:
        settled |= _number_merged(rows, template, {each: said[each] for each in merged}, before, ever)
    holders: dict[str, str] = {}
    for area_id in ids:
        other = holders.setdefault(settled[area_id], area_id)
        if other != area_id:
            raise TableError(f"communities: {other!r} and {area_id!r} both have the code {settled[area_id]!r}")
    return settled


def _number_merged(
    rows: gpd.GeoDataFrame,
    template: CodeTemplate,
    merged: Mapping[str, tuple[str, ...]],
    before: Mapping[str, str],
    ever: Iterable[str],
) -> dict[str, str]:
    """Number merged communities street by street, in reading order; one whose areas carry such a number keeps it."""
    if not template.merged_first:
        raise TableError(
            f"communities: {min(merged)!r} is merged from {' and '.join(merged[min(merged)])}, and code template "
            f"{template.name!r} has no numbers for merged communities; give it one code, or add merged_first to a "
            "template of your own"
        )
    streets: dict[str, list[str]] = {}
    for area_id in sorted(merged):
        found = sorted({code[:_STREET_DIGITS] for code in merged[area_id]})
        if len(found) > 1:
            raise TableError(
                f"communities: {area_id!r} is merged from communities of the streets {' and '.join(found)}; "
                "give it the code that the new street gave it"
            )
        streets.setdefault(found[0], []).append(area_id)
    used = {template.division_in(code) for code in ever if len(code) >= template.length and code.isdecimal()}
    numbered: dict[str, str] = {}
    for street, members in streets.items():
        numbers = [int(code[_STREET_DIGITS:]) for code in used if code.startswith(street)]
        last = max([number for number in numbers if number >= template.merged_first], default=template.merged_first - 1)
        held: set[str] = set()
        for area_id in order_areas(_shapes_of(rows, members)):
            kept = _number_of(rows, area_id, street, template, before)
            if kept and kept not in held:
                held.add(kept)
                numbered[area_id] = kept
                continue
            last += 1
            if last > _LAST_COMMUNITY:
                raise TableError(
                    f"communities: {area_id!r} would be merged community {last} of street {street}, above "
                    f"{_LAST_COMMUNITY}; give it a code of its own"
                )
            numbered[area_id] = f"{street}{last:0{_COMMUNITY_DIGITS}d}"
    return numbered


def _shapes_of(rows: gpd.GeoDataFrame, members: list[str]) -> gpd.GeoSeries:
    """Draw communities, from their grids where they have no row of their own."""
    inside = rows[(rows["level"] == Level.GRID) & rows["parent_id"].isin(members)]
    drawn = inside.geometry.groupby(inside["parent_id"]).agg(lambda shapes: shapes.union_all())
    own = rows.geometry[rows["level"] == Level.COMMUNITY]
    shapes = {area_id: own[area_id] if area_id in own.index else drawn[area_id] for area_id in members}
    return gpd.GeoSeries(shapes, crs=rows.crs)


def _number_of(
    rows: gpd.GeoDataFrame, area_id: str, street: str, template: CodeTemplate, before: Mapping[str, str]
) -> str:
    """Read the number of a merged community from the earlier codes of its areas; "" where they have none."""
    inside = rows.index[(rows["level"] == Level.GRID) & (rows["parent_id"] == area_id)]
    return usual_division((before.get(each, "") for each in inside), street, template)


def usual_division(codes: Iterable[str], street: str, template: CodeTemplate) -> str:
    """Tell which merged community of a street most codes name; "" where none does."""
    found = (template.division_in(code) for code in codes if len(code) == template.length and code.isdecimal())
    counted = Counter(
        one for one in found if one.startswith(street) and int(one[_STREET_DIGITS:]) >= template.merged_first
    )
    return min(counted, key=lambda one: (-counted[one], one)) if counted else ""
