"""Judge the areas of a draft one by one: bands, pieces, parents, locks, what is kept together, compactness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gridgeo.model.amounts import measures_of
from gridgeo.model.bands import has_ends, say_amount, say_band
from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.profile import Limits

from .draft_sheet import Sheet
from .verdicts import FAILS, Fault, Verdict

LEAST_COMPACTNESS = 0.2
"""Compactness (Polsby-Popper) below which an area is marked, where the caller says nothing else."""

Told = tuple[str, str, Verdict]
"""Clause, strength, and a verdict with one fault."""
ShapeOf = Callable[[str], shapely.Geometry]
_JUDGED = (str(Level.GRID), str(Level.MICRO))


class Judge:
    """Judge areas of a sheet.

    Parameters
    ----------
    sheet : Sheet
    least_compactness : float
        An area below is marked.
    """

    def __init__(self, sheet: Sheet, least_compactness: float) -> None:
        self.sheet = sheet
        self.least_compactness = least_compactness
        plan = sheet.plan
        self._measures = {level: measures_of(plan, level) for level in sheet.levels}
        self._amounts: dict[str, np.ndarray] = {}
        for limits in {each.measure: each for level in self._measures.values() for each in level}.values():
            if limits.measure in plan.atoms:
                values = pd.to_numeric(plan.atoms[limits.measure], errors="coerce").fillna(0).round()
                self._amounts[limits.measure] = values.to_numpy(dtype=np.int64)
        self._floors: dict[str, list[dict[str, Any]]] = {}
        for row in plan.manifest.get("stacked") or []:
            self._floors.setdefault(str(row["parent_id"]), []).append(row)
        self._nesting = next((each.id for each in plan.profile.clauses if each.subject == "nesting"), "")

    def judge(self, area_id: str, shape_of: ShapeOf) -> list[Told]:
        """List what there is to tell of an area.

        Parameters
        ----------
        area_id : str
        shape_of : callable
            Draws an area by its id; asked only where there is something to draw.

        Returns
        -------
        list of (clause, strength, Verdict)
            One fault each. Hard: ``pieces``, ``community``, ``nesting``; by the profile: ``band``; soft:
            ``keep_together``; may: ``compactness``, ``locked``.
        """
        level = self.sheet.rows[area_id]["level"]
        members = self.sheet.members[level, area_id]
        told = self._bands(area_id, level, members, shape_of)
        if level in _JUDGED:
            shape = shape_of(area_id)
            told += self._pieces(area_id, level, members, shape)
            told += self._parents(area_id, level, members, shape)
            told += self._together(area_id, level, members, shape)
            told += self._locks(area_id, level, members, shape)
            told += self._compactness(area_id, level, shape)
        return told

    def _bands(self, area_id: str, level: str, members: np.ndarray, shape_of: ShapeOf) -> list[Told]:
        told: list[Told] = []
        for name, amount, limits in self.amounts(area_id, level, members):
            if has_ends(limits) and not limits.holds(amount):
                own = (name,) if name == area_id else (area_id, name)
                told.append(_band_told(own, amount, limits, level, shape_of(area_id)))
        return told

    def amounts(self, area_id: str, level: str, members: np.ndarray) -> list[tuple[str, int, Limits]]:
        """List what an area holds of each measure that the profile rules; an institution's own area, of none.

        Parameters
        ----------
        area_id, level : str
        members : array of int
            Positions of its atoms.

        Returns
        -------
        list of (id, amount, Limits)
            The id is the area's, or that of one of its ranges of floors.
        """
        if self.sheet.rows[area_id]["kind"] == AreaKind.EXCLUSIVE:
            return []
        return [
            (name, amount, limits)
            for limits in self._measures[level]
            for name, amount in self._held(area_id, level, members, limits)
        ]

    def _held(self, area_id: str, level: str, members: np.ndarray, limits: Limits) -> list[tuple[str, int]]:
        """Count what an area holds, or each of its ranges of floors."""
        if limits.measure == "households" and area_id in self._floors:
            return [(str(row["area_id"]), int(row["households"])) for row in self._floors[area_id]]
        if limits.measure == "grids":
            return [(area_id, len(set(self.sheet.owner[Level.GRID][members].tolist())))]
        if limits.measure not in self._amounts:
            return []
        return [(area_id, int(self._amounts[limits.measure][members].sum()))]

    def _pieces(self, area_id: str, level: str, members: np.ndarray, shape: shapely.Geometry) -> list[Told]:
        count = int(self.sheet.pieces(members).max()) + 1
        said = f"{area_id!r} is in {count} pieces that share no border"
        fault = Fault("pieces", (area_id,), said, shape, float(count), 1.0, "pieces")
        return [_told("one_piece", "hard", level, fault)] if count > 1 else []

    def _parents(self, area_id: str, level: str, members: np.ndarray, shape: shapely.Geometry) -> list[Told]:
        above = str(Level.COMMUNITY if level == Level.GRID else Level.GRID)
        parents = sorted(set(self.sheet.owner[above][members].tolist()))
        said = f"{area_id!r} lies in {len(parents)} {above} areas: {', '.join(parents)}"
        kind = "community" if level == Level.GRID else "nesting"
        fault = Fault(kind, (area_id, *parents), said, shape, float(len(parents)), 1.0, above)
        return [_told(self._nesting or "nesting", "hard", level, fault)] if len(parents) > 1 else []

    def _together(self, area_id: str, level: str, members: np.ndarray, shape: shapely.Geometry) -> list[Told]:
        sheet = self.sheet
        if not sheet.together:
            return []
        held = set(sheet.names_of(members))
        groups = sorted({sheet.together[name] for name in held if name in sheet.together}, key=sorted)
        told = []
        for group in groups:
            away = sorted(group - held)
            if away:
                others = sorted({str(sheet.owner[level][sheet.position[name]]) for name in away})
                said = (
                    f"atoms {', '.join(sorted(group))} are kept together and lie in {area_id!r} and "
                    f"{', '.join(map(repr, others))}"
                )
                fault = Fault("keep_together", (area_id, *others), said, shape, float(len(others) + 1), 1.0, "areas")
                told.append(_told("keep_together", "soft", level, fault))
        return told

    def _locks(self, area_id: str, level: str, members: np.ndarray, shape: shapely.Geometry) -> list[Told]:
        sheet = self.sheet
        count = sum(name in sheet.locked_atoms for name in sheet.names_of(members)) if sheet.locked_atoms else 0
        if area_id in sheet.locked_areas:
            said, count = f"{area_id!r} is locked with its {len(members)} atoms", len(members)
        else:
            said = f"{area_id!r} holds {count} locked atoms"
        fault = Fault("locked", (area_id,), said, shape, float(count), float("nan"), "atoms")
        return [_told("locked", "may", level, fault)] if count else []

    def _compactness(self, area_id: str, level: str, shape: shapely.Geometry) -> list[Told]:
        found, least = compactness_of(shape), self.least_compactness
        said = f"{area_id!r} is drawn out: its compactness is {found:.2f}, below {least:.2f}"
        fault = Fault("compactness", (area_id,), said, shape, found, least, "compactness")
        return [_told("compactness", "may", level, fault)] if found < least else []


def _told(clause: str, strength: str, level: str, fault: Fault) -> Told:
    return clause, strength, Verdict(fault.kind, FAILS, level, faults=(fault,))


def _band_told(own: tuple[str, ...], amount: int, limits: Limits, level: str, shape: shapely.Geometry) -> Told:
    below = amount < limits.low
    said = say_amount(amount, limits.measure)
    message = f"{own[-1]!r} holds {said}, {'below' if below else 'above'} {say_band(limits, unit=False)}"
    passed = float(limits.low if below else limits.high)
    fault = Fault("band", own, message, shape, float(amount), passed, limits.measure)
    return _told(limits.clause or f"{level}.{limits.measure}", limits.strength, level, fault)


def compactness_of(shape: shapely.Geometry) -> float:
    """Measure compactness (Polsby-Popper), 1 for a circle."""
    length = float(shapely.length(shape))
    return float(4 * np.pi * shapely.area(shape) / length**2) if length > 0 else float("nan")
