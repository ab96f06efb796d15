"""Carry micro grids along when atoms change their grid, so that every micro grid stays inside one grid.

A micro grid that changes grid as a whole goes along under its id. One that is cut keeps its id in its largest piece
(households, then atoms, then the first atom's id). Every other piece joins the micro grid of its new grid with which it
has the longest border, among those that it fits into by the band; where there is none, it becomes a micro grid of its
own.
"""

from __future__ import annotations

import numpy as np

from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.profile import UNLIMITED

from .draft_names import add_area
from .draft_sheet import Sheet


def carry_micro_grids(sheet: Sheet, positions: np.ndarray) -> None:
    """Make the micro grids of some atoms (int, shape (k,)) fit to the grids that the atoms belong to now."""
    if Level.MICRO not in sheet.owner:
        return
    loose: list[np.ndarray] = []
    for name in sorted(set(sheet.owner[Level.MICRO][positions].tolist())):
        members = sheet.members[Level.MICRO, name]
        parts = _parts(sheet, members)
        home = str(sheet.owner[Level.GRID][parts[0][0]])
        if sheet.rows[name]["parent_id"] != home:
            sheet.put("rows", name, {**sheet.rows[name], "parent_id": home})
        loose += parts[1:]
    while loose:
        part = loose.pop(0)
        _settle(sheet, part, np.concatenate([*loose, np.zeros(0, dtype=np.int64)]))


def _parts(sheet: Sheet, members: np.ndarray) -> list[np.ndarray]:
    """Part a micro grid by the grids of its atoms, the part that keeps the id first."""
    grids = sheet.owner[Level.GRID][members]
    if (grids == grids[0]).all():
        return [members]
    parts = []
    for grid in sorted(set(grids.tolist())):
        held = members[grids == grid]
        piece = sheet.pieces(held)
        parts += [held[piece == at] for at in range(int(piece.max()) + 1)]
    return sorted(parts, key=lambda part: (-sheet.households[part].sum(), -len(part), sheet.names_of(part)[0]))


def _settle(sheet: Sheet, part: np.ndarray, loose: np.ndarray) -> None:
    """Find a micro grid for a piece in its grid; other pieces are still ``loose`` and hold nothing together."""
    grid = str(sheet.owner[Level.GRID][part[0]])
    limits = sheet.plan.profile.limits.get(Level.MICRO)
    high = UNLIMITED if limits is None or limits.measure != "households" else limits.high
    held = int(sheet.households[part].sum())
    metres = sheet.metres_to(part, Level.MICRO, loose)
    fitting = [
        name
        for name in metres
        if _is_open(sheet, name, grid)
        and held + sheet.households[np.setdiff1d(sheet.members[Level.MICRO, name], loose)].sum() <= high
    ]
    home = min(fitting, key=lambda name: (-round(metres[name], 6), name)) if fitting else None
    if home is None:
        home = add_area(sheet, str(Level.MICRO), grid, name=None, new_id=None)
    sheet.give(str(Level.MICRO), part, home)


def _is_open(sheet: Sheet, name: str, grid: str) -> bool:
    """Tell whether a micro grid of a grid may take atoms in."""
    row = sheet.rows[name]
    return (
        row["parent_id"] == grid
        and row["kind"] != AreaKind.EXCLUSIVE
        and name not in sheet.locked_areas
        and name not in sheet.stacked
    )
