"""Refuse an edit that would break a hard rule: each message begins with the rule and ends with the way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from gridgeo.model.errors import EditError
from gridgeo.model.levels import Level

from .draft_sheet import Key, Sheet, Step

RULES = {
    "unknown": "an edit names atoms and areas that the plan has",
    "nothing": "an edit changes something",
    "empty_area": "an area holds an atom at least",
    "one_piece": "an area is in one piece, or in no more pieces than it was",
    "one_community": "a grid lies in one community",
    "nesting": "a micro grid lies in one grid",
    "locked": "what is locked stays",
    "keep_together": "atoms that are kept together are not parted",
    "stacked": "an area that is cut into ranges of floors keeps its atoms",
    "new_id": "ids are never used again",
    "code": "codes are never used again",
    "cut": "a line or a target parts an area",
}
"""The hard rules of editing by the word that their messages begin with."""

REDRAWN = (str(Level.GRID), str(Level.MICRO))


def rule_of(error: EditError) -> str:
    """Tell which of ``RULES`` an edit broke; empty where it was none."""
    word = str(error).partition(":")[0]
    return word if word in RULES else ""


def check_area(sheet: Sheet, area_id: str, level: str | None = None) -> dict[str, object]:
    """Give the row of an area; refuse one that there is not, or of another level."""
    row = sheet.rows.get(area_id)
    if row is None:
        was = "was merged, split or emptied before" if area_id in sheet.retired else "is none of the plan's"
        raise EditError(f"unknown: area {area_id!r} {was}; plan.areas(level) lists those there are")
    if level is not None and row["level"] != level:
        raise EditError(
            f"unknown: area {area_id!r} is a {row['level']}, the edit is of level {level!r}; name a {level}"
        )
    if level is not None and level not in sheet.owner:
        raise EditError(f"unknown: the plan has no level {level!r}; its levels are {', '.join(sheet.levels)}")
    return row


def check_atoms(sheet: Sheet, atom_ids: Iterable[str]) -> np.ndarray:
    """Give the positions of atoms (int, shape (k,)); refuse one that there is not."""
    names = list(atom_ids)
    unknown = [name for name in names if name not in sheet.position]
    if unknown:
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        raise EditError(f"unknown: atom {unknown[0]!r} is none of the plan's{more}; plan.atoms lists those there are")
    return np.sort(np.array([sheet.position[name] for name in names], dtype=np.int64))


def check_steps(sheet: Sheet, steps: tuple[Step, ...], allowed: Mapping[str, int]) -> None:
    """Hold what an edit did against the rules that every edit keeps.

    Parameters
    ----------
    sheet : Sheet
        As the edit left it.
    steps : tuple of Step
        What it did.
    allowed : mapping of area id to int
        In how many pieces an area may be; without an entry, in as many as it was, and in one where it is new.

    Raises
    ------
    EditError
    """
    before: dict[Key, np.ndarray | None] = {}
    for step in steps:
        if step.store == "members":
            before.setdefault(step.key, step.old)
    before = {key: old for key, old in before.items() if not _is_same(old, sheet.members.get(key))}
    _check_locks(sheet, steps, before)
    for (level, area_id), old in sorted(before.items()):
        if area_id in sheet.stacked and level == sheet.innermost:
            raise EditError(
                f"stacked: area {area_id!r} is cut into ranges of floors and would not keep its atoms; move it as a "
                "whole, with all its atoms"
            )
        now = sheet.members.get((level, area_id))
        if level in REDRAWN and now is not None:
            _check_pieces(sheet, area_id, old, now, allowed)
    _check_together(sheet, steps)


def _is_same(old: np.ndarray | None, now: np.ndarray | None) -> bool:
    return old is not None and now is not None and np.array_equal(old, now)


def _check_locks(sheet: Sheet, steps: tuple[Step, ...], before: Mapping[Key, np.ndarray | None]) -> None:
    locked = sorted(area_id for _, area_id in before if area_id in sheet.locked_areas)
    if locked:
        raise EditError(f"locked: area {locked[0]!r} is locked and would not keep its atoms; unlock it with on=False")
    if not sheet.locked_atoms:
        return
    for step in steps:
        if step.store == "owner" and step.key[0] in REDRAWN:
            held = [name for name in sheet.names_of(step.key[1]) if name in sheet.locked_atoms]
            if held:
                level, area_id = step.key[0], step.new
                raise EditError(
                    f"locked: atom {held[0]!r} is locked and would go to {level} {area_id!r}; leave it out, or unlock "
                    "it with on=False"
                )


def _check_pieces(
    sheet: Sheet, area_id: str, old: np.ndarray | None, now: np.ndarray, allowed: Mapping[str, int]
) -> None:
    piece = sheet.pieces(now)
    count = int(piece.max()) + 1
    if count == 1:
        return
    most = allowed.get(area_id, 1 if old is None else int(sheet.pieces(old).max()) + 1)
    if count > most:
        loose = sheet.names_of(now[piece > 0])
        more = f" and {len(loose) - 1} more" if len(loose) > 1 else ""
        raise EditError(
            f"one_piece: area {area_id!r} would be in {count} pieces, at most {most} allowed; atom {loose[0]!r}{more} "
            "would hang off it: let them go along, or choose atoms at its edge"
        )


def _check_together(sheet: Sheet, steps: tuple[Step, ...]) -> None:
    """Refuse to part a group that was in one area; one that was parted before is only marked."""
    if not sheet.together:
        return
    for level in REDRAWN:
        was: dict[int, str] = {}
        for step in steps:
            if step.store == "owner" and step.key[0] == level:
                for at, name in zip(step.key[1].tolist(), step.old.tolist(), strict=True):
                    was.setdefault(at, name)
        names = {str(sheet.atom_ids[at]) for at in was}
        for group in sorted({sheet.together[name] for name in names if name in sheet.together}, key=sorted):
            places = [sheet.position[name] for name in sorted(group)]
            now = {sheet.owner[level][at] for at in places}
            if len(now) > 1 and len({was.get(at, sheet.owner[level][at]) for at in places}) == 1:
                left = next(name for name in sorted(group) if name not in names) if group - names else min(group)
                raise EditError(
                    f"keep_together: atoms {', '.join(sorted(group))} are kept together and would lie in {len(now)} "
                    f"{level}s; let {left!r} go along, or let them go with KeepTogether(..., on=False)"
                )
