"""Name the areas of a plan after some of them have changed: kept ids stay, new ones are given, none is used again."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from gridgeo.model.levels import AreaKind
from gridgeo.model.plan import Plan

from .level_tasks import LevelTask
from .naming import _code, _name


def name_changed(plan: Plan, level: str, above: str, made: list[tuple[LevelTask, np.ndarray]], before: Plan) -> Plan:
    """Write changed areas of one level into a plan.

    Parameters
    ----------
    plan : Plan
    level, above : str
    made : list of (LevelTask, zones)
    before : Plan
        Its ids are not given again.

    Returns
    -------
    Plan
        Register and owners of the level and what it says of parents; areas without atoms are gone.
    """
    owner = plan.owner(level).to_numpy(dtype=object).copy()
    register = plan.register
    used = set(before.register.index) | set(register.index)
    rows: dict[str, dict[str, object]] = {}
    for job, zone in made:
        names = list(job.names)
        for _ in range(len(names), int(zone.max()) + 1):
            area_id = _free(job.parent, used)
            used.add(area_id)
            names.append(area_id)
            rows[area_id] = _row(register, area_id, job.parent, level)
        if names[0] == "":
            area_id = _free(job.parent, used)
            used.add(area_id)
            names[0] = area_id
            rows[area_id] = _row(register, area_id, job.parent, level)
        owner[job.members] = np.array(names, dtype=object)[zone]
    series = pd.Series(owner, index=plan.atoms.index, name="area_id").astype(plan.owner(level).dtype)
    if rows:
        register = pd.concat([register, pd.DataFrame.from_dict(rows, orient="index").rename_axis("area_id")])
    own = (register["level"] == level).to_numpy()
    alive = register.index.isin(series.unique())
    register = register[~own | alive]
    parent = plan.owner(above).groupby(series).first()
    register = register.assign(parent_id=parent.reindex(register.index).fillna(register["parent_id"]))
    return replace(plan, owners={**plan.owners, level: series}, register=register)


def _free(parent: str, used: set[str]) -> str:
    """Give the next number under a parent that no area has had."""
    taken = [int(found[1]) for each in used if (found := re.fullmatch(re.escape(parent) + r"-(\d+)", str(each)))]
    return f"{parent}-{max(taken, default=0) + 1:02d}"


def _row(register: pd.DataFrame, area_id: str, parent: str, level: str) -> dict[str, object]:
    number = int(area_id.rsplit("-", 1)[1])
    above = register.loc[parent]
    return {
        "code": _code(str(above["code"]), number, level, area_id),
        "name": _name(str(above["name"]), number, level),
        "level": level,
        "kind": str(AreaKind.BASE),
        "parent_id": parent,
    }
