"""Say what one edit of a draft changed: counts before and after, what the profile says, what is marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.bands import SIDE_NAMES, say_band, side_of
from gridgeo.model.edits import Edit
from gridgeo.model.levels import Level
from gridgeo.model.profile import Limits

from .draft_sheet import Sheet, Step, touched_by

COUNTS = ("households", "persons", "atoms", "area_m2", "compactness")
"""What is counted of an area before and after an edit."""
_WHOLE = COUNTS[:3]
_SAYS = ("area_id", "level", "measure", "amount", "side", "band", "target", "clause", "strength", "says", "says_zh")
_DRAWN = (str(Level.GRID), str(Level.MICRO))


@dataclass(frozen=True, eq=False)
class Stroke:
    """What came of one edit.

    Parameters
    ----------
    edit : Edit
        With the ids that it made.
    revision : int
        Of the draft afterwards.
    areas : DataFrame
        Index ``area_id``, the areas touched: ``level``; ``change`` (``new``, ``gone``, ``redrawn``, ``noted`` where
        only its row in the register changed); ``households, persons, atoms, area_m2, compactness`` as they are now,
        and ``<count>_before``; missing where the area is not there.
    findings : GeoDataFrame
        Table ``FINDINGS`` of these areas as they are now, with ``clause``, ``level`` and ``thing``.
    says : DataFrame
        What the profile says of them: ``area_id, level, measure, amount, side`` (below, within, above), ``band,
        target, clause, strength, says, says_zh`` (the clause's words), one row a measure.
    refused : str
        For a preview: why the edit would be refused, beginning with the rule; else empty.
    """

    edit: Edit
    revision: int
    areas: pd.DataFrame
    findings: gpd.GeoDataFrame
    says: pd.DataFrame
    refused: str = ""

    @property
    def rule(self) -> str:
        """Name the rule that refused the edit, a key of ``draft_rules.RULES``; empty where none did."""
        return self.refused.partition(":")[0]


def draw_area(shapes: np.ndarray) -> shapely.Geometry:
    """Join the atoms of an area into its polygon, as ``draw_areas`` does."""
    shape = shapely.orient_polygons(shapely.coverage_union_all(shapes))
    parts = shapely.get_parts(shape)
    return parts[0] if len(parts) == 1 else shape


def count_area(sheet: Sheet, level: str, members: np.ndarray | None, shape: shapely.Geometry | None) -> tuple[Any, ...]:
    """Count what an area holds, in the order of ``COUNTS``; nothing where it has no atoms.

    Communities and beats are not drawn for it: their square metres are those of their atoms.
    """
    if members is None:
        return (None,) * len(COUNTS)
    graph = sheet.graph
    area_m2 = float(graph.area[members].sum()) if shape is None else float(shapely.area(shape))
    length_m = float("nan") if shape is None else float(shapely.length(shape))
    return (
        int(sheet.households[members].sum()),
        int(sheet.persons[members].sum()),
        len(members),
        area_m2,
        4 * np.pi * area_m2 / length_m**2,
    )


def members_before(sheet: Sheet, steps: tuple[Step, ...]) -> dict[str, tuple[str, np.ndarray | None]]:
    """Give the level and the atoms that each touched area had before some steps."""
    before: dict[str, tuple[str, np.ndarray | None]] = {}
    levels: dict[str, str] = {}
    for step in steps:
        if step.store == "members":
            before.setdefault(step.key[1], (step.key[0], step.old))
        elif step.store == "rows":
            levels.setdefault(step.key, str((step.old or step.new)["level"]))
    for area_id in touched_by(steps):
        level = levels.get(area_id)
        if area_id not in before and level is not None:
            before[area_id] = (level, sheet.members.get((level, area_id)))
    return before


def is_drawn(level: str) -> bool:
    """Tell whether the areas of a level are drawn after each edit."""
    return level in _DRAWN


def tabulate_areas(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """Make the table ``areas`` of a stroke; a row is id, level, change, counts before, counts now."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * (3 + 2 * len(COUNTS))
    table: dict[str, Any] = {"level": list(columns[1]), "change": list(columns[2])}
    for at, name in enumerate(COUNTS):
        made = _whole_numbers if name in _WHOLE else _numbers
        table[f"{name}_before"] = made(columns[3 + at])
        table[name] = made(columns[3 + len(COUNTS) + at])
    return pd.DataFrame(table, index=pd.Index(columns[0], name="area_id", dtype="str"))


def _whole_numbers(values: tuple[int | None, ...]) -> pd.arrays.IntegerArray:
    missing = np.array([each is None for each in values], dtype=bool)
    return pd.arrays.IntegerArray(np.array([each or 0 for each in values], dtype=np.int64), missing)


def _numbers(values: tuple[float | None, ...]) -> np.ndarray:
    return np.array([np.nan if each is None else each for each in values], dtype=float)


def tabulate_says(rows: list[tuple[str, str, int, Limits]], clauses: dict[str, Any]) -> pd.DataFrame:
    """Make the table ``says`` of a stroke; a row is id, level, amount and band."""
    told = []
    for area_id, level, amount, limits in rows:
        clause = clauses.get(limits.clause)
        words = ("", "") if clause is None else (clause.en, clause.zh)
        side = SIDE_NAMES[int(side_of(limits, amount))]
        band = (say_band(limits), limits.target, limits.clause, limits.strength)
        told.append((area_id, level, limits.measure, amount, side, *band, *words))
    return pd.DataFrame(told, columns=list(_SAYS))
