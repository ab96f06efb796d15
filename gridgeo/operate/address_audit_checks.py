"""Hold the texts of a register against each other, and against the names and numbers that are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from .address_audit_parts import PARTS, join_parts
from .address_audit_register import Register

Rows = Iterator[dict[str, Any]]
"""Findings before they are tabulated: kind, register_id, and what else there is to say."""

LIKE_PERCENT = 60.0
"""A known name is offered instead of an unknown one from this likeness on."""
_LISTED = 6
"""Most values that are listed as expected."""


def text_defects(register: Register) -> Rows:
    """Tell empty texts, texts that name nothing, and parts that stand twice."""
    empty = register.texts.str.strip() == ""
    for row in register.ids[empty]:
        yield {"kind": "no_address", "register_id": row}
    named = (register.parts[["road", "estate", "number"]] != "").any(axis=1)
    for row in register.ids[~named & ~empty]:
        yield {"kind": "unreadable", "register_id": row, "value": register.texts[row]}
    repeated = register.parts["repeated"]
    for row, part in repeated[repeated != ""].items():
        yield {"kind": "repeated_part", "register_id": row, "part": "text", "value": part}


def duplicates(register: Register, apart_m: float) -> Rows:
    """Tell rows that mean the same household: one finding for all of them."""
    key = join_parts(register.parts, PARTS)
    told = (register.place != "") & key.duplicated(keep=False)
    for ids in key[told].groupby(key[told], sort=True).groups.values():
        for same in _by_region(register, list(ids)):
            if len(same) > 1:
                yield _duplicate(register, same, apart_m)


def _by_region(register: Register, ids: list[str]) -> list[list[str]]:
    """Part rows whose regions contradict each other: a hamlet of one name may lie in two villages."""
    regions = register.parts.loc[ids, "regions"]
    if (regions == regions.iloc[0]).all():
        return [ids]
    groups: list[tuple[dict[str, str], list[str]]] = []
    for row in sorted(ids, key=lambda row: (-len(regions[row]), row)):
        own = {name[-1]: name for name in regions[row].split()}
        for known, rows in groups:
            if all(known.get(ending, name) == name for ending, name in own.items()):
                known.update(own)
                rows.append(row)
                break
        else:
            groups.append((own, [row]))
    return [sorted(rows) for _, rows in groups]


def _duplicate(register: Register, ids: list[str], apart_m: float) -> dict[str, Any]:
    first, *others = ids
    apart = np.nan
    if register.xy is not None:
        at = register.ids.get_indexer(pd.Index(ids))
        away = np.hypot(*(register.xy[at] - register.xy[at[0]]).T)
        apart = float(np.nanmax(away)) if np.isfinite(away).any() else np.nan
    kind = "two_places" if apart > apart_m else "duplicate"
    return {"kind": kind, "register_id": first, "other_ids": ", ".join(others), "part": "text",
            "value": register.texts[first], "distance_m": apart}  # fmt: skip


def missing_parts(register: Register, known: Register, share: float) -> Rows:
    """Tell rows without a part that their neighbours have."""
    parts = register.parts
    alone = (parts["road"] != "") & (parts["estate"] == "") & (parts["number"] == "") & (parts["building"] == "")
    for row in register.ids[alone]:
        yield {"kind": "missing_part", "register_id": row, "part": "number", "value": register.texts[row]}
    lacks_building = (register.place == "") & (parts["estate"] != "")
    yield from _lacking(register, known, lacks_building, ("estate", "building"), share)
    has_place = register.place != ""
    yield from _lacking(register, known, has_place & (parts["room"] == ""), ("place", "room"), share)
    lacks_stairwell = has_place & (parts["room"] != "") & (parts["stairwell"] == "")
    yield from _lacking(register, known, lacks_stairwell, ("place", "stairwell"), share)


def _lacking(register: Register, known: Register, lacks: pd.Series, of: tuple[str, str], share: float) -> Rows:
    """Tell the rows that lack a part which enough rows of the same estate or place have."""
    within, part = of
    groups = known.place if within == "place" else known.parts[within]
    shares = (known.parts[part] != "").groupby(groups).mean()
    own = register.place if within == "place" else register.parts[within]
    usual = own[lacks].map(shares).fillna(0.0)
    asked = own[lacks][usual >= share]
    values = _values_of(known.parts[part], groups, set(asked)) if part == "building" else {}
    for row, group, text in zip(asked.index, asked, register.texts[asked.index], strict=True):
        yield {"kind": "missing_part", "register_id": row, "part": part, "value": text,
               "expected": values.get(group, "")}  # fmt: skip


def unknown_names(register: Register, known: Register, regions: Iterable[str]) -> Rows:
    """Tell roads, estates and regions that are not known, with the known name that is most like them."""
    for part in ("road", "estate"):
        names = sorted(set(known.parts[part]) - {""})
        own = register.parts[part]
        strange = own[(own != "") & ~own.isin(names)]
        meant = {name: _most_like(name, names) for name in strange.unique()}
        for row, name in strange.items():
            yield {"kind": f"unknown_{part}", "register_id": row, "part": part, "value": name, "expected": meant[name]}
    given = {str(region) for region in regions}
    if not given:
        return
    given |= {name for text in known.parts["regions"].unique() for name in text.split()}
    own = register.parts["regions"].str.split().explode().dropna()
    for row, name in own[(own != "") & ~own.isin(given)].items():
        yield {"kind": "unknown_region", "register_id": row, "part": "region", "value": name,
               "expected": _most_like(name, sorted(given))}  # fmt: skip


def unknown_numbers(register: Register, known: Register) -> Rows:
    """Tell buildings and house numbers that are not known, in an estate, lane, hamlet or road that is."""
    parts, theirs = register.parts, known.parts
    estates, roads = set(theirs["estate"]) - {""}, set(theirs["road"]) - {""}
    in_estate = parts["estate"].isin(estates) & (parts["building"] != "")
    yield from _unknown_value(register, known, in_estate, ("estate",), "building")
    gate = join_parts(theirs, ("road", "number"))
    in_lane = (
        (parts["estate"] == "") & (parts["building"] != "") & join_parts(parts, ("road", "number")).isin(set(gate))
    )
    yield from _unknown_value(register, known, in_lane, ("road", "number"), "building")
    in_hamlet = parts["estate"].isin(estates) & (parts["road"] == "") & (parts["number"] != "")
    yield from _unknown_value(register, known, in_hamlet, ("estate",), "number")
    on_road = (parts["estate"] == "") & parts["road"].isin(roads) & (parts["number"] != "")
    yield from _unknown_value(register, known, on_road, ("road",), "number")


def _unknown_value(register: Register, known: Register, asked: pd.Series, within: tuple[str, ...], part: str) -> Rows:
    groups = join_parts(known.parts, within)
    theirs = set(groups + "|" + known.parts[part])
    own = join_parts(register.parts, within)
    strange = asked & ~(own + "|" + register.parts[part]).isin(theirs)
    if not strange.any():
        return
    values = _values_of(known.parts[part], groups, set(own[strange]))
    for row in register.ids[strange]:
        if values[own[row]]:
            yield {"kind": f"unknown_{part}", "register_id": row, "part": part, "value": register.parts.at[row, part],
                   "expected": values[own[row]]}  # fmt: skip


def contradictions(register: Register, known: Register, share: float, rows: int) -> Rows:
    """Tell rows whose road or number is not their estate's, and rows in another region than their neighbours.

    Where a register is held against itself, what at least ``share`` of at least ``rows`` rows say is right.
    """
    parts, theirs = register.parts, known.parts
    own_book = known is not register
    gated = (theirs["estate"] != "") & (theirs["road"] != "")
    for part, within in (("road", ("estate",)), ("number", ("estate", "road"))):
        groups = join_parts(theirs, within)
        right = _usual(groups[gated], theirs.loc[gated, part], share, rows, every=own_book)
        asked = (parts["estate"] != "") & (parts["road"] != "") & (parts[part] != "")
        yield from _contradicting(register, asked, join_parts(parts, within), part, right)
    by_ending = _regions_by_ending(known)
    right = _usual(by_ending["group"], by_ending["region"], share, rows, every=own_book)
    own = _regions_by_ending(register)
    for row, group, region in own[["id", "group", "region"]].itertuples(index=False):
        if group in right and region not in right[group]:
            yield {"kind": "conflict", "register_id": row, "part": "region", "value": region,
                   "expected": _list(right[group])}  # fmt: skip


def _contradicting(
    register: Register, asked: pd.Series, groups: pd.Series, part: str, right: dict[str, set[str]]
) -> Rows:
    pairs = pd.DataFrame({"group": groups[asked], "value": register.parts.loc[asked, part]})
    for row, group, value in pairs.itertuples():
        if group in right and value not in right[group]:
            yield {"kind": "conflict", "register_id": row, "part": part, "value": value,
                   "expected": _list(right[group])}  # fmt: skip


def _usual(groups: pd.Series, values: pd.Series, share: float, rows: int, *, every: bool) -> dict[str, set[str]]:
    """Give the right values of each group: all that there are, or the one that nearly all rows have."""
    there = values != ""
    counts = values[there].groupby([groups[there], values[there]]).size()
    if not every and len(counts):
        total = counts.groupby(level=0).transform("sum")
        counts = counts[(counts >= share * total) & (total >= rows)]
    right: dict[str, set[str]] = {}
    for group, value in counts.index:
        right.setdefault(group, set()).add(value)
    return right


def _regions_by_ending(register: Register) -> pd.DataFrame:
    """Give each region that a row names, with the row's group and the kind of region."""
    named = register.parts["regions"] != ""
    regions = register.parts.loc[named, "regions"].str.split().explode()
    group = register.group[named].reindex(regions.index) + "|" + regions.str[-1]
    frame = pd.DataFrame({"id": regions.index, "region": regions.to_numpy(), "group": group.to_numpy()})
    return frame[~frame["group"].str.startswith("||")]


def _most_like(name: str, names: list[str]) -> str:
    found = process.extractOne(name, names, scorer=fuzz.ratio, score_cutoff=LIKE_PERCENT)
    return found[0] if found else ""


def _values_of(values: pd.Series, groups: pd.Series, wanted: set[str]) -> dict[str, str]:
    """List the values that each wanted group has."""
    there = groups.isin(wanted) & (values != "")
    found = values[there].groupby(groups[there]).agg(lambda own: _list(set(own)))
    return {group: found.get(group, "") for group in wanted}


def _list(values: set[str]) -> str:
    """List values in their order, numbers as such; many are cut short."""
    ordered = sorted(values, key=_by_number)
    if len(ordered) > _LISTED:
        ordered = [*ordered[: _LISTED - 1], "...", ordered[-1]]
    return ", ".join(ordered)


def _by_number(value: str) -> tuple[int, str]:
    digits = "".join(letter for letter in value if letter.isdigit())
    return int(digits) if digits else 0, value
