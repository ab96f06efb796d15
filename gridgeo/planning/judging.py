"""Judge a plan before it is published: its map, the clauses of its profile, what was to stay as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgeo.design.conformance import conformance
from gridgeo.design.coverage import audit
from gridgeo.design.draft_sheet import LOCKED_AREAS, LOCKED_ATOMS, TOGETHER
from gridgeo.design.findings import name_list
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.model.tables import FINDINGS, empty

ERROR, WARNING = "error", "warning"
OF_THE_CITY = ("wrong_code", "duplicate_code")
"""What the audit of any map calls an error, and only a clause of the profile can make one of a plan."""


def judge_plan(plan: Plan, before: Plan | None = None) -> gpd.GeoDataFrame:
    """Say what there is to say against a plan, as errors, warnings and notes.

    Three judges are heard. The audit looks at the map of each level inside the level above. The profile's clauses are
    held against the plan: a hard clause that fails is an error, a soft one a warning, a permission a note; a band that
    a certificate of the plan proves impossible is a warning. And what is locked must be as it was in the plan before.

    Parameters
    ----------
    plan : Plan
    before : Plan, optional
        The plan in force until then; locks are held against it.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS``, errors first, with ``level`` and ``clause`` besides; ``finding_id`` begins with the judge:
        ``audit-grid-F0001``, ``clause-F0001``, ``lock-F0001``.

    Raises
    ------
    TableError, CrsError
        If the plan has no atoms or its tables break their contracts.
    """
    parts = [*_audits(plan), _clauses(plan), _locks(plan, before)]
    found = [part for part in parts if len(part)]
    if not found:
        return empty(FINDINGS, plan.crs)
    made = pd.concat(found)
    rank = made["severity"].map({ERROR: 0, WARNING: 1, "note": 2})
    made = made.assign(rank=rank.to_numpy()).sort_values("rank", kind="stable").drop(columns="rank")
    texts = [name for name in ("level", "clause", "thing", "part_of", "cause", "remedy", "parent_ids") if name in made]
    made[texts] = made[texts].fillna("")
    return gpd.GeoDataFrame(made, geometry="geometry", crs=plan.crs)


def _audits(plan: Plan) -> Iterator[gpd.GeoDataFrame]:
    """Audit each level inside the one above."""
    for outer, inner in zip(plan.levels, plan.levels[1:], strict=False):
        above = plan.areas(outer)
        found = audit(plan.areas(inner), above, parents=above)
        of_the_city = found["kind"].isin(OF_THE_CITY) & (found["severity"] == ERROR)
        found.loc[of_the_city, "severity"] = WARNING
        stem = f"audit-{inner}-"
        found["part_of"] = [f"{stem}{name}" if name else "" for name in found["part_of"].fillna("")]
        yield _named(found, stem).assign(level=str(inner))


def _clauses(plan: Plan) -> gpd.GeoDataFrame:
    """Hold the plan against its profile; bands that a certificate excuses are warnings."""
    found = conformance(plan).findings
    if not len(found):
        return found
    excused = _excused(plan)
    rows = zip(found["kind"], found["level"], found["area_ids"], strict=True)
    can_not = [kind == "band" and (level, str(ids).partition(",")[0]) in excused for kind, level, ids in rows]
    mild = pd.Series(can_not, index=found.index) & (found["severity"] == ERROR)
    found.loc[mild, "severity"] = WARNING
    found.loc[mild, "message"] += "; a certificate of the plan proves that its band cannot be kept"
    return _named(found, "clause-")


def _excused(plan: Plan) -> set[tuple[str, str]]:
    """Name the areas, by level, whose band a certificate proves impossible."""
    if not len(plan.certificates):
        return set()
    certified = set(zip(plan.certificates["level"], plan.certificates["area_id"], strict=True))
    above = plan.register["parent_id"].to_dict()
    excused = set()
    for area_id, level in plan.register["level"].items():
        place: Any = area_id
        for _ in range(len(Level)):
            if (str(level), place) in certified:
                excused.add((str(level), str(area_id)))
            place = above.get(place)
    return excused


def _locks(plan: Plan, before: Plan | None) -> gpd.GeoDataFrame:
    """Say which locks and groups the plan does not keep."""
    rows = [*_parted(plan), *(() if before is None else _moved(plan, before))]
    if not rows:
        return empty(FINDINGS, plan.crs)
    made = pd.DataFrame(rows, columns=["kind", "severity", "area_ids", "message", "thing", "geometry"])
    made.index = pd.Index([f"F{number:04d}" for number in range(1, len(made) + 1)], name="finding_id", dtype="str")
    made = made.assign(value=float("nan"), limit=float("nan"), quantity="")
    return _named(gpd.GeoDataFrame(made, geometry="geometry", crs=plan.crs), "lock-")


Row = tuple[str, str, str, str, str, Any]


def _parted(plan: Plan) -> Iterator[Row]:
    """Tell the groups of atoms that should be together, and are not."""
    for group in plan.manifest.get(TOGETHER, []):
        held = [atom for atom in group if atom in plan.atoms.index]
        for level in plan.levels[1:]:
            areas = sorted(set(plan.owners[level].reindex(held).dropna().astype(str)))
            if len(areas) > 1:
                place = plan.atoms.geometry.loc[held].union_all()
                message = f"atoms {name_list(held)} are to be kept together and lie in {name_list(areas)}"
                yield "keep_together", WARNING, ",".join(areas), message, ",".join(held), place


def _moved(plan: Plan, before: Plan) -> Iterator[Row]:
    """Tell what was locked and is not as it was: an error while the lock stands, a warning when it was dropped."""
    for area_id in sorted({*plan.manifest.get(LOCKED_AREAS, []), *before.manifest.get(LOCKED_AREAS, [])}):
        was = _atoms_of(before, area_id)
        if was is None or _atoms_of(plan, area_id) == was:
            continue
        stands = area_id in plan.manifest.get(LOCKED_AREAS, [])
        said = "is locked" if stands else "was locked in the plan before"
        message = f"area {area_id!r} {said} and does not hold the atoms that it held; unlock it in a draft first"
        yield "locked", ERROR if stands else WARNING, area_id, message, area_id, _place(plan, was)
    for atom in sorted({*plan.manifest.get(LOCKED_ATOMS, []), *before.manifest.get(LOCKED_ATOMS, [])}):
        if atom not in plan.atoms.index or atom not in before.atoms.index:
            continue
        owners = {(str(before.owners[level].get(atom)), str(plan.owners[level].get(atom)))
                  for level in plan.levels[1:] if level in before.owners}  # fmt: skip
        if any(old != new for old, new in owners):
            stands = atom in plan.manifest.get(LOCKED_ATOMS, [])
            old, new = min(pair for pair in owners if pair[0] != pair[1])
            message = f"atom {atom!r} is locked in {old!r} and lies in {new!r}; unlock it in a draft first"
            yield "locked", ERROR if stands else WARNING, new, message, atom, plan.atoms.geometry.loc[atom]


def _atoms_of(plan: Plan, area_id: str) -> frozenset[str] | None:
    """Name the atoms of an area; None where the plan does not know it."""
    if area_id not in plan.register.index:
        return None
    owner = plan.owners.get(str(plan.register.at[area_id, "level"]))
    return None if owner is None else frozenset(map(str, owner.index[owner == area_id]))


def _place(plan: Plan, atoms: frozenset[str]) -> Any:
    """Draw the atoms that the plan has of some."""
    held = plan.atoms.index.intersection(sorted(atoms))
    return plan.atoms.geometry.loc[held].union_all() if len(held) else None


def _named(found: gpd.GeoDataFrame, stem: str) -> gpd.GeoDataFrame:
    """Put the judge's name before the ids of findings."""
    return found.set_axis(pd.Index([f"{stem}{name}" for name in found.index], name=found.index.name), axis=0)
