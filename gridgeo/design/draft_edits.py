"""Make each kind of edit on a sheet: what it gives to whom, and what it writes into the register."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gridgeo.model.edits import WORDS, Edit, KeepTogether, Lock, Merge, Move, Recode, Rename, Reparent, Split
from gridgeo.model.errors import EditError
from gridgeo.model.levels import AreaKind, Level

from .draft_micro import carry_micro_grids
from .draft_names import add_area, is_used, retire_area
from .draft_parts import part_area
from .draft_rules import check_area, check_atoms, check_steps
from .draft_sheet import Sheet, Step

Made = tuple[Edit, Mapping[str, int]]
"""The edit with the ids that it made noted in it, and in how many pieces areas may be."""


def make_edit(sheet: Sheet, edit: Edit) -> tuple[Edit, tuple[Step, ...]]:
    """Make an edit; one that is refused leaves the sheet as it was.

    Parameters
    ----------
    sheet : Sheet
    edit : Edit

    Returns
    -------
    edit : Edit
        With the ids that it made.
    steps : tuple of Step

    Raises
    ------
    EditError
        If it breaks one of ``draft_rules.RULES``.
    """
    if type(edit) not in _MAKERS:
        raise EditError(f"{edit!r} is no edit; make a {', '.join(kind.__name__ for kind in WORDS)}")
    sheet.take_journal()
    try:
        made, allowed = _MAKERS[type(edit)](sheet, edit)
        check_steps(sheet, tuple(sheet.journal), allowed)
    except EditError:
        sheet.take_back(sheet.take_journal())
        raise
    return made, sheet.take_journal()


def _move(sheet: Sheet, edit: Move) -> Made:
    row = check_area(sheet, edit.area_id, edit.level)
    moved = check_atoms(sheet, edit.atom_ids)
    owner = sheet.owner[edit.level]
    moved = moved[owner[moved] != edit.area_id]
    if not len(moved):
        raise EditError(f"nothing: all atoms named lie in {edit.level} {edit.area_id!r} already; name others")
    _check_parent(sheet, edit, moved, str(row["parent_id"]))
    for giver in sorted(set(owner[moved].tolist())):
        if (owner[moved] == giver).sum() == len(sheet.members[edit.level, giver]):
            raise EditError(
                f"empty_area: area {giver!r} would hold no atom; merge it with {edit.area_id!r} instead, so that its "
                "end is told"
            )
    _check_beat(sheet, edit, moved)
    sheet.give(edit.level, moved, edit.area_id)
    if edit.level == Level.GRID:
        carry_micro_grids(sheet, moved)
    return edit, {}


def _check_parent(sheet: Sheet, edit: Move, moved: np.ndarray, parent_id: str) -> None:
    """Refuse to move atoms over the border of the area above."""
    above = str(Level.COMMUNITY if edit.level == Level.GRID else Level.GRID)
    strange = moved[sheet.owner[above][moved] != parent_id]
    if not len(strange):
        return
    atom, home = sheet.names_of(strange)[0], str(sheet.owner[above][strange[0]])
    if edit.level == Level.GRID:
        raise EditError(
            f"one_community: atom {atom!r} lies in community {home!r}, grid {edit.area_id!r} in {parent_id!r}; where "
            "communities changed, Reparent whole grids first"
        )
    raise EditError(
        f"nesting: atom {atom!r} lies in grid {home!r}, micro grid {edit.area_id!r} in {parent_id!r}; move it to that "
        "grid first, with level='grid'"
    )


def _check_beat(sheet: Sheet, edit: Move, moved: np.ndarray) -> None:
    """Let moved atoms follow their new grid into its beat."""
    if edit.level == Level.GRID and Level.BEAT in sheet.owner:
        beat = str(sheet.owner[Level.BEAT][sheet.members[edit.level, edit.area_id][0]])
        sheet.give(str(Level.BEAT), moved, beat)


def _merge(sheet: Sheet, edit: Merge) -> Made:
    rows = [check_area(sheet, area_id, edit.level) for area_id in edit.area_ids]
    parents = sorted({str(row["parent_id"]) for row in rows})
    if len(parents) > 1:
        rule, way = ("one_community", "Reparent one") if edit.level == Level.GRID else ("nesting", "merge their grids")
        raise EditError(
            f"{rule}: areas {', '.join(edit.area_ids)} lie in {' and '.join(map(repr, parents))}; {way} first, or "
            "merge areas of one"
        )
    members = [sheet.members[edit.level, area_id] for area_id in edit.area_ids]
    whole = np.sort(np.concatenate(members))
    kinds = {row["kind"] for row in rows}
    kind = str(AreaKind.EXCLUSIVE if kinds == {AreaKind.EXCLUSIVE} else AreaKind.BASE)
    in_pieces = sum(int(sheet.pieces(each).max()) for each in members)
    _join_beats(sheet, edit, whole)
    inner = [name for area_id in edit.area_ids for name in _inner(sheet, edit.level, area_id)]
    new = add_area(sheet, edit.level, parents[0], kind=kind, name=edit.name, new_id=edit.new_id)
    sheet.give(edit.level, whole, new)
    for name in inner:
        sheet.put("rows", name, {**sheet.rows[name], "parent_id": new})
    for area_id in edit.area_ids:
        retire_area(sheet, area_id)
    return replace(edit, new_id=new), {new: 1 + in_pieces}


def _inner(sheet: Sheet, level: str, area_id: str) -> list[str]:
    return sheet.inner(area_id) if level == Level.GRID else []


def _join_beats(sheet: Sheet, edit: Merge, whole: np.ndarray) -> None:
    """Put grids of several beats into the beat that holds most of their households."""
    if edit.level != Level.GRID or Level.BEAT not in sheet.owner:
        return
    owner = sheet.owner[Level.BEAT][whole]
    beats = sorted(set(owner.tolist()))
    main = min(beats, key=lambda beat: (-int(sheet.households[whole[owner == beat]].sum()), beat))
    sheet.give(str(Level.BEAT), whole, main)
    for beat in beats:
        if (str(Level.BEAT), beat) not in sheet.members:
            retire_area(sheet, beat)


def _split(sheet: Sheet, edit: Split) -> Made:
    row = check_area(sheet, edit.area_id, edit.level)
    members = sheet.members[edit.level, edit.area_id]
    parts = part_area(sheet, edit)
    new_ids = edit.new_ids or (None,) * len(parts)
    if len(new_ids) != len(parts):
        raise EditError(
            f"new_id: area {edit.area_id!r} is parted into {len(parts)}, new_ids names {len(new_ids)}; leave them out"
        )
    made = []
    for part, new_id in zip(parts, new_ids, strict=True):
        made.append(add_area(sheet, edit.level, str(row["parent_id"]), kind=str(row["kind"]), name=None, new_id=new_id))
        sheet.give(edit.level, part, made[-1])
    if edit.level == Level.GRID:
        carry_micro_grids(sheet, members)
    retire_area(sheet, edit.area_id)
    # Cutting once makes one piece more, and each part may hold what hung off before.
    spare = int(sheet.pieces(members).max())
    return replace(edit, new_ids=tuple(made)), dict.fromkeys(made, 1 + spare)


def _rename(sheet: Sheet, edit: Rename) -> Made:
    row = check_area(sheet, edit.area_id)
    if row["name"] == edit.name:
        raise EditError(f"nothing: area {edit.area_id!r} is named {edit.name!r} already; give another name")
    sheet.put("rows", edit.area_id, {**row, "name": edit.name})
    return edit, {}


def _recode(sheet: Sheet, edit: Recode) -> Made:
    row = check_area(sheet, edit.area_id)
    if edit.code in sheet.codes:
        holder = [name for name, each in sheet.rows.items() if each["code"] == edit.code]
        who = f"is area {holder[0]!r}'s" if holder else "was an area's before, and codes are never used again"
        raise EditError(f"code: code {edit.code!r} {who}; give area {edit.area_id!r} another")
    sheet.put("rows", edit.area_id, {**row, "code": edit.code})
    sheet.put("codes", edit.code, True)
    return edit, {}


def _lock(sheet: Sheet, edit: Lock) -> Made:
    for area_id in edit.area_ids:
        check_area(sheet, area_id)
    check_atoms(sheet, edit.atom_ids)
    for store, names in (("locked_areas", edit.area_ids), ("locked_atoms", edit.atom_ids)):
        for name in names:
            sheet.put(store, name, True if edit.on else None)
    return edit, {}


def _keep_together(sheet: Sheet, edit: KeepTogether) -> Made:
    check_atoms(sheet, edit.atom_ids)
    groups = {sheet.together[name] for name in edit.atom_ids if name in sheet.together}
    if edit.on:
        joined = frozenset(edit.atom_ids).union(*groups)
        for name in sorted(joined):
            sheet.put("together", name, joined)
        return edit, {}
    if not groups:
        raise EditError(f"nothing: atom {edit.atom_ids[0]!r} is kept together with none; name one that is")
    for group in sorted(groups, key=sorted):
        left = group - set(edit.atom_ids)
        for name in sorted(group):
            sheet.put("together", name, left if name in left and len(left) > 1 else None)
    return edit, {}


def _reparent(sheet: Sheet, edit: Reparent) -> Made:
    rows = {area_id: check_area(sheet, area_id, str(Level.GRID)) for area_id in edit.area_ids}
    community = edit.community_id
    if community not in sheet.rows:
        _add_community(sheet, edit)
    check_area(sheet, community, str(Level.COMMUNITY))
    moving = [area_id for area_id, row in rows.items() if row["parent_id"] != community]
    if not moving:
        raise EditError(f"nothing: all areas named lie in community {community!r} already; name others")
    for area_id in moving:
        members = sheet.members[str(Level.GRID), area_id]
        left = str(rows[area_id]["parent_id"])
        sheet.put("rows", area_id, {**rows[area_id], "parent_id": community})
        sheet.give(str(Level.COMMUNITY), members, community)
        if (str(Level.COMMUNITY), left) not in sheet.members:
            retire_area(sheet, left)
    return edit, {}


def _add_community(sheet: Sheet, edit: Reparent) -> None:
    community = edit.community_id
    if is_used(sheet, community) or edit.name is None:
        why = "was used before, and ids are never used again" if is_used(sheet, community) else "is none of the plan's"
        raise EditError(f"unknown: community {community!r} {why}; name one that there is, or a new id with its name")
    code = community if community not in sheet.codes else ""
    if not code:
        raise EditError(f"code: code {community!r} of the new community was used before; give it another id")
    row = {"code": code, "name": edit.name, "level": str(Level.COMMUNITY), "kind": str(AreaKind.BASE)}
    sheet.put("rows", community, {**dict.fromkeys(sheet.plan.register.columns), **row, "parent_id": None})
    sheet.put("codes", code, True)


_MAKERS: Mapping[type, Callable[[Sheet, Any], Made]] = {
    Move: _move,
    Merge: _merge,
    Split: _split,
    Rename: _rename,
    Recode: _recode,
    Lock: _lock,
    KeepTogether: _keep_together,
    Reparent: _reparent,
}
