"""Name the areas of a plan that was drawn anew: the same land keeps its id and code, other land gets new ones.

Drawing a territory again numbers its areas again, so that ``C1-01`` may come to mean other land. Ids and codes are
never used again; ``renew_ids`` finds which areas go on, by the households that they share with those before.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .errors import EditError
from .levels import Level
from .plan import Plan

_NUMBER = re.compile(r"^(.*?)(\d*)$", re.DOTALL)
_DIGITS = 2  # of the numbers that areas get where there were none before


def fresh_ids(stem: str, count: int, used: Iterable[str]) -> list[str]:
    """Give the next ids that were never used.

    Parameters
    ----------
    stem : str
        What they begin with; the number that follows is above all that ever followed it.
    count : int
    used : iterable of str
        Ids that are or were in use.

    Returns
    -------
    list of str
        With numbers as wide as those in use, at least two digits.
    """
    tails = [word[len(stem) :] for word in used if word.startswith(stem)]
    numbers = [tail for tail in tails if tail.isascii() and tail.isdigit()]
    first = max((int(tail) for tail in numbers), default=0) + 1
    width = max((len(tail) for tail in numbers), default=_DIGITS)
    return [f"{stem}{number:0{width}d}" for number in range(first, first + count)]


def renew_ids(plan: Plan, before: Plan, reserved: pd.DataFrame, *, least_share: float = 0.5) -> Plan:
    """Give the areas of a plan that was drawn anew ids and codes that fit those before.

    An area goes on under the id, code and name that it had when more than ``least_share`` of its households, and of
    those of the area before, are the same (of its land, where nobody lives). The others keep what the plan calls them
    if that was never used, and get the next number if it was. Communities are called what they were called.

    Parameters
    ----------
    plan, before : Plan
        Drawn anew, and in force until then; their atoms need not be the same.
    reserved : DataFrame
        ``kind, word``: ids and codes that were ever published, as ``Store.reserved`` gives them.
    least_share : float
        From 0.5, which pairs each area with one other at most, to 1.

    Returns
    -------
    Plan
        The same division, with other ids; ``manifest["renewed"]`` tells them, new -> as drawn.

    Raises
    ------
    EditError
        If ``least_share`` is below 0.5, or a code has no number left.
    """
    if not 0.5 <= least_share <= 1.0:
        raise EditError(f"renew_ids: least_share is {least_share!r}, not from 0.5 to 1")
    heirs: dict[str, str] = {}
    for level, owner in plan.owners.items():
        if level != Level.COMMUNITY and level in before.owners:
            heirs |= _heirs(plan.atoms, owner, before.atoms, before.owners[level], least_share)
    kept = [
        str(area_id) for level in plan.owners if level == Level.COMMUNITY for area_id in plan.owners[level].unique()
    ]
    heirs |= {area_id: area_id for area_id in kept}
    ids = _new_ids(plan, heirs, {*reserved.loc[reserved["kind"] == "area_id", "word"], *before.register.index})
    codes = {*reserved.loc[reserved["kind"] == "code", "word"], *before.register["code"].dropna()}
    return _renamed(plan, ids, _new_register(plan, before, heirs, ids, codes))


def _heirs(
    atoms: gpd.GeoDataFrame, owner: pd.Series, old_atoms: gpd.GeoDataFrame, old_owner: pd.Series, least_share: float
) -> dict[str, str]:
    """Pair the areas that are the same: new id -> id before."""
    was = _owner_before(atoms.loc[owner.index], old_atoms.loc[old_owner.index], old_owner)
    pairs = pd.DataFrame(
        {
            "new": owner.to_numpy(dtype=object),
            "old": was,
            "households": atoms["households"].reindex(owner.index).to_numpy(dtype=float),
            "area_m2": atoms["area_m2"].reindex(owner.index).to_numpy(dtype=float),
        }
    )
    made: dict[str, str] = {}
    for weight, is_lived_in in (("area_m2", False), ("households", True)):
        old = old_atoms[weight].reindex(old_owner.index).groupby(old_owner.to_numpy()).sum()
        new = pairs.groupby("new")[weight].sum()
        shared = pairs.dropna(subset=["old"]).groupby(["new", "old"])[weight].sum().reset_index()
        larger = np.maximum(shared["new"].map(new), shared["old"].map(old))
        lived_in = shared["new"].map(pairs.groupby("new")["households"].sum()) > 0
        same = shared[(shared[weight] > least_share * larger) & (lived_in == is_lived_in)]
        made |= dict(zip(same["new"], same["old"], strict=True))
    # An area without households and one with some may both come of the same land: the one that is lived in goes on.
    last = {old: new for new, old in made.items()}
    return {new: old for old, new in last.items()}


def _owner_before(atoms: gpd.GeoDataFrame, old_atoms: gpd.GeoDataFrame, old_owner: pd.Series) -> Any:
    """Name the area in which each atom lay: array of str, None where in none."""
    places = shapely.point_on_surface(atoms.geometry.to_numpy())
    rows, hits = shapely.STRtree(old_atoms.geometry.to_numpy()).query(places, predicate="intersects")
    first = np.full(len(atoms), len(old_atoms))
    np.minimum.at(first, rows, hits)
    names = np.array([*old_owner, None], dtype=object)
    return names[first]


def _new_ids(plan: Plan, heirs: dict[str, str], used: set[str]) -> dict[str, str]:
    """Say what each area is to be called: as drawn -> new."""
    taken = {*used, *plan.register.index}
    given = set(heirs.values())
    made = {}
    for area_id in sorted(map(str, plan.register.index)):
        if area_id in heirs:
            made[area_id] = heirs[area_id]
        elif area_id not in used and area_id not in given:
            made[area_id] = area_id
        else:
            made[area_id] = fresh_ids(_stem(area_id), 1, taken)[0]
            taken.add(made[area_id])
    return made


def _stem(word: str) -> str:
    """Cut off the number at the end; a word without one gets a dash."""
    stem, number = _NUMBER.fullmatch(word).groups()  # type: ignore[union-attr]
    return stem if number else f"{word}-"


def _new_register(
    plan: Plan, before: Plan, heirs: dict[str, str], ids: dict[str, str], codes: set[str]
) -> pd.DataFrame:
    """Write the register with the new ids: code and name as before where an area goes on."""
    rows, old = plan.register, before.register
    drawn = {str(area_id): code for area_id, code in rows["code"].items() if isinstance(code, str)}
    above = {str(area_id): parent for area_id, parent in rows["parent_id"].items() if isinstance(parent, str)}
    taken = {*codes, *drawn.values()}
    given: dict[Any, Any] = {}
    for area_id in sorted(rows.index, key=lambda each: (_depth(each, above), each)):
        past, parent = heirs.get(area_id), above.get(area_id)
        if past in old.index:
            given[area_id] = old.at[past, "code"]
        elif drawn.get(area_id) == area_id:
            given[area_id] = ids[area_id]
        else:
            above_it = "" if parent is None else parent
            given[area_id] = _new_code(drawn.get(area_id), drawn.get(above_it), given.get(above_it), codes, taken)
            taken.add(given[area_id])
    goes_on = rows.index.map(lambda each: heirs.get(each) in old.index).to_numpy(dtype=bool)
    names = rows["name"].to_numpy(dtype=object, copy=True)
    names[goes_on] = old["name"].loc[[heirs[each] for each in rows.index[goes_on]]].to_numpy(dtype=object)
    made = rows.assign(
        code=pd.Series(given, dtype=object).reindex(rows.index).astype(rows["code"].dtype),
        name=pd.Series(names, index=rows.index).astype(rows["name"].dtype),
        parent_id=rows["parent_id"].map(lambda parent: ids.get(parent, parent)).astype(rows["parent_id"].dtype),
    )
    return made.set_axis(pd.Index([ids[each] for each in rows.index], name=rows.index.name)).sort_index()


def _depth(area_id: str, above: dict[str, str]) -> int:
    """Count the areas above an area."""
    depth = 0
    while area_id in above and depth < len(above):
        area_id, depth = above[area_id], depth + 1
    return depth


def _new_code(code: str | None, above: str | None, parent: str | None, codes: set[str], taken: set[str]) -> str | None:
    """Count a code up to one that was never used, under the code that its parent has now; its length stays."""
    if code is None:
        return None
    stem, number = _NUMBER.fullmatch(code).groups()  # type: ignore[union-attr]
    if above and parent and code.startswith(above) and code[len(above) :].isdigit():
        stem, number = parent, code[len(above) :]
    if stem + number not in codes:
        return stem + number
    for value in range(int(number or 0) + 1, 10 ** max(len(number), _DIGITS)):
        found = f"{stem}{value:0{len(number) or _DIGITS}d}"
        if found not in taken:
            return found
    raise EditError(f"code {code!r}: no number is left after it; recode the areas of its parent")


def _renamed(plan: Plan, ids: dict[str, str], register: pd.DataFrame) -> Plan:
    """Write the new ids wherever the plan names an area."""
    manifest: dict[str, Any] = dict(plan.manifest)
    stacked = manifest.get("stacked")
    if stacked:
        named = ("area_id", "parent_id")
        manifest["stacked"] = [
            {name: ids.get(value, value) if name in named else value for name, value in dict(row).items()}
            for row in stacked
        ]
    manifest["renewed"] = {new: old for old, new in sorted(ids.items()) if new != old}
    certificates = plan.certificates
    if len(certificates):
        certificates = certificates.assign(area_id=[ids.get(each, each) for each in certificates["area_id"]])
    owners = {level: owner.map(ids).astype(owner.dtype) for level, owner in plan.owners.items()}
    return dataclasses.replace(plan, owners=owners, register=register, certificates=certificates, manifest=manifest)
