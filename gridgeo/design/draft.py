"""Edit a plan stroke by stroke: counts and findings of what each edit touches, undo and redo, a plan at any time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.edits import Edit
from gridgeo.model.errors import EditError
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan

from .draft_edits import make_edit
from .draft_findings import LEAST_COMPACTNESS, Judge, Told
from .draft_plan import write_plan
from .draft_sheet import Sheet, Step, touched_by
from .draft_strokes import Stroke, count_area, draw_area, is_drawn, members_before, tabulate_areas, tabulate_says
from .verdicts import tabulate_faults


class Draft:
    """A plan under work: its base and the edits made since.

    Parameters
    ----------
    plan : Plan
        The base; it is not changed.
    edits : iterable of Edit
        Made at once, in order.
    used_ids : iterable of str
        Ids that earlier versions had, and that no new area may get, besides those that the plan knows of.
    least_compactness : float
        An area whose compactness (Polsby-Popper) is below is marked.

    Raises
    ------
    EditError
        If an edit is refused, or an atom of the plan has no owner.

    Examples
    --------
    >>> draft = Draft(plan)  # doctest: +SKIP
    >>> draft.apply(Move(["A0031"], "C1-02")).areas[["households_before", "households"]]  # doctest: +SKIP
    """

    def __init__(
        self,
        plan: Plan,
        edits: Iterable[Edit] = (),
        *,
        used_ids: Iterable[str] = (),
        least_compactness: float = LEAST_COMPACTNESS,
    ) -> None:
        self._sheet = Sheet(plan, used_ids)
        self._judge = Judge(self._sheet, least_compactness)
        self._clauses = {clause.id: clause for clause in plan.profile.clauses}
        self._done: list[tuple[Edit, tuple[Step, ...]]] = []
        self._undone: list[tuple[Edit, tuple[Step, ...]]] = []
        self._shapes: dict[str, shapely.Geometry] = {}
        self._told: dict[str, list[Told]] = {}
        for edit in edits:
            self._done.append(make_edit(self._sheet, edit))

    @property
    def base(self) -> Plan:
        """Return the plan that the draft started from."""
        return self._sheet.plan

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Return the edits made and not undone, with the ids that they made: replayed, they give the same plan."""
        return tuple(edit for edit, _ in self._done)

    @property
    def revision(self) -> int:
        """Return the base's revision and one for each edit."""
        return self.base.revision + len(self._done)

    def apply(self, edit: Edit) -> Stroke:
        """Make an edit.

        Parameters
        ----------
        edit : Edit

        Returns
        -------
        Stroke
            What it changed, and what is to say of the areas that it touched.

        Raises
        ------
        EditError
            If it would break a hard rule; the message begins with the rule, and the draft stays as it was.
        """
        made, steps = make_edit(self._sheet, edit)
        self._done.append((made, steps))
        self._undone.clear()
        return self._stroke(made, steps)

    def preview(self, edit: Edit) -> Stroke:
        """Tell what an edit would change, or why it would be refused; the draft stays as it is.

        Parameters
        ----------
        edit : Edit

        Returns
        -------
        Stroke
            ``rule`` and ``refused`` say which rule refuses it, and why.
        """
        try:
            made, steps = make_edit(self._sheet, edit)
        except EditError as error:
            nothing = tabulate_faults([], self.base.crs)
            return Stroke(edit, self.revision, tabulate_areas([]), nothing, tabulate_says([], {}), str(error))
        stroke = self._stroke(made, steps, one_more=1)
        self._sheet.take_back(steps)
        self._forget(steps)
        return stroke

    def undo(self) -> Stroke:
        """Take the last edit back.

        Returns
        -------
        Stroke
            Of the edit taken back, its counts the other way round.

        Raises
        ------
        EditError
            If there is none.
        """
        if not self._done:
            raise EditError(f"nothing: the draft is at its base, revision {self.revision}; there is no edit to undo")
        edit, steps = self._done.pop()
        self._sheet.take_back(steps)
        self._undone.append((edit, steps))
        return self._stroke(edit, _turned(steps))

    def redo(self) -> Stroke:
        """Make the edit again that was undone last.

        Returns
        -------
        Stroke

        Raises
        ------
        EditError
            If none was undone since the last edit.
        """
        if not self._undone:
            raise EditError("nothing: no edit was undone since the last one made; there is none to redo")
        edit, steps = self._undone.pop()
        self._sheet.make_again(steps)
        self._done.append((edit, steps))
        return self._stroke(edit, steps)

    def plan(self) -> Plan:
        """Write the draft out.

        Returns
        -------
        Plan
            A draft plan at ``revision``; equal to ``apply_edits(base, edits)``.
        """
        return write_plan(self._sheet, self.revision)

    def areas(self, level: str = Level.GRID) -> gpd.GeoDataFrame:
        """Draw the areas of a level; only those that changed since the last call are drawn anew.

        Parameters
        ----------
        level : str
            ``"community"``, ``"grid"`` or ``"micro"``; ``"beat"`` where there are beats.

        Returns
        -------
        GeoDataFrame
            Table ``AREAS``, in order of ``area_id``; that of ``plan().areas(level)``.

        Raises
        ------
        UnknownAreaError
            If the plan has no such level.
        """
        self.base.owner(level)
        sheet, level = self._sheet, str(level)
        ids = sorted(name for place, name in sheet.members if place == level)
        index = pd.Index(np.array(ids, dtype=str), name="area_id")
        types = self.base.register.dtypes
        noted = {
            field: pd.Series([sheet.rows[name][field] for name in ids], index=index, dtype=types[field])
            for field in ("code", "name", "kind", "parent_id")
        }
        held = [sheet.members[level, name] for name in ids]
        shapes = np.array([self._shape(name) for name in ids], dtype=object)
        columns: dict[str, Any] = {
            "code": noted["code"],
            "name": noted["name"],
            "level": level,
            "kind": noted["kind"],
            "parent_id": noted["parent_id"],
            "households": [int(sheet.households[each].sum()) for each in held],
            "persons": [int(sheet.persons[each].sum()) for each in held],
            "area_m2": shapely.area(shapes),
            "valid_from": None,
            "valid_to": None,
        }
        return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=self.base.crs, index=index), index=index)

    def findings(self, area_ids: Iterable[str] | None = None) -> gpd.GeoDataFrame:
        """Say what there is to tell of the areas as they are; each is judged anew only when an edit touched it.

        Parameters
        ----------
        area_ids : iterable of str, optional
            Without it, all areas.

        Returns
        -------
        GeoDataFrame
            Table ``FINDINGS``, with ``clause``, ``level`` and ``thing``: ``band`` by the strength of its clause;
            ``pieces``, ``community`` and ``nesting`` as errors; ``keep_together`` as a warning; ``compactness`` and
            ``locked`` as notes.
        """
        ids = sorted(self._sheet.rows if area_ids is None else set(area_ids))
        return tabulate_faults([each for name in ids for each in self._told_of(name)], self.base.crs)

    def _told_of(self, area_id: str) -> list[Told]:
        """Judge an area, or remember what was said of it."""
        row = self._sheet.rows.get(area_id)
        if row is None or (str(row["level"]), area_id) not in self._sheet.members:
            return []
        if area_id not in self._told:
            self._told[area_id] = self._judge.judge(area_id, self._shape)
        return self._told[area_id]

    def _shape(self, area_id: str) -> shapely.Geometry:
        """Draw an area, or take the shape that it still has."""
        if area_id not in self._shapes:
            members = self._sheet.members[self._sheet.rows[area_id]["level"], area_id]
            self._shapes[area_id] = draw_area(self._sheet.graph.shapes[members])
        return self._shapes[area_id]

    def _forget(self, steps: tuple[Step, ...]) -> None:
        """Forget what was drawn and said of the areas that some steps touched."""
        for step in steps:
            if step.store == "members":
                self._shapes.pop(step.key[1], None)
        for area_id in self._judged_by(steps):
            self._told.pop(area_id, None)

    def _judged_by(self, steps: tuple[Step, ...]) -> set[str]:
        """Name the areas of which something else may be told after some steps."""
        touched, sheet = touched_by(steps), self._sheet
        for step in steps:
            if step.store == "locked_areas":
                touched.add(step.key)
            if step.store in ("locked_atoms", "together"):
                at = sheet.position[step.key]
                touched |= {sheet.owner[level][at] for level in sheet.levels if is_drawn(level)}
        return touched | self._apart(steps)

    def _apart(self, steps: tuple[Step, ...]) -> set[str]:
        """Name the areas that hold other atoms of a parted group of which an atom was moved."""
        sheet = self._sheet
        if not sheet.together:
            return set()
        moved = {int(at) for step in steps if step.store == "owner" for at in step.key[1]}
        groups = {sheet.together[name] for name in map(str, sheet.atom_ids[sorted(moved)]) if name in sheet.together}
        places = [sheet.position[name] for group in groups for name in group]
        return {sheet.owner[level][at] for level in sheet.levels if is_drawn(level) for at in places}

    def _stroke(self, edit: Edit, steps: tuple[Step, ...], *, one_more: int = 0) -> Stroke:
        """Say what some steps, which were just made, changed."""
        sheet = self._sheet
        before = members_before(sheet, steps)
        old_shapes = {name: self._shapes[name] for name in before if name in self._shapes}
        self._forget(steps)
        rows, said = [], []
        for area_id in sorted(before):
            level, old = before[area_id]
            now = sheet.members.get((level, area_id))
            was_drawn = old_shapes.get(area_id) if is_drawn(level) else None
            if was_drawn is None and old is not None and is_drawn(level):
                was_drawn = draw_area(sheet.graph.shapes[old])
            drawn = self._shape(area_id) if now is not None and is_drawn(level) else None
            change = _change(old, now)
            rows.append(
                (
                    area_id,
                    level,
                    change,
                    *count_area(sheet, level, old, was_drawn),
                    *count_area(sheet, level, now, drawn),
                )
            )
            if now is not None:
                said += [(name, level, held, by) for name, held, by in self._judge.amounts(area_id, level, now)]
        touched = sorted(set(before) | {name for name in self._judged_by(steps) if name in sheet.rows})
        found = tabulate_faults([each for name in touched for each in self._told_of(name)], self.base.crs)
        return Stroke(edit, self.revision + one_more, tabulate_areas(rows), found, tabulate_says(said, self._clauses))


def _change(old: np.ndarray | None, now: np.ndarray | None) -> str:
    if old is None or now is None:
        return "new" if old is None else "gone"
    return "noted" if old is now or np.array_equal(old, now) else "redrawn"


def _turned(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Turn steps round, so that they tell of the way back."""
    return tuple(Step(step.store, step.key, step.new, step.old) for step in reversed(steps))
