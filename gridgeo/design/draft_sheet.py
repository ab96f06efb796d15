"""Hold a plan while it is edited: who owns which atom, what is locked, and a journal that takes every step back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from gridgeo.model.errors import EditError
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan

from .graph import Graph
from .problem import Borders

RETIRED_IDS, RETIRED_CODES = "retired_ids", "retired_codes"
LOCKED_AREAS, LOCKED_ATOMS, TOGETHER = "locked_areas", "locked_atoms", "keep_together"
"""Keys under which a plan's manifest carries what a draft has to know, each a list."""

Key = tuple[str, str]
"""Level and id of an area."""


@dataclass(frozen=True)
class Step:
    """One entry of the journal: what stood at a place before, and what stands there now."""

    store: str
    key: Any
    old: Any
    new: Any


class Sheet:
    """Keep the state of a draft as arrays and small tables; every change goes through ``put`` or ``give``.

    Parameters
    ----------
    plan : Plan
    used_ids : iterable of str
        Ids that earlier plans had, besides those the plan knows of.
    """

    def __init__(self, plan: Plan, used_ids: Iterable[str] = ()) -> None:
        check_owned(plan)
        self.plan = plan
        self.atom_ids = plan.atoms.index.to_numpy(dtype=object)
        self.position = {str(name): at for at, name in enumerate(self.atom_ids.tolist())}
        self.graph = Graph.of(plan.atoms, plan.borders)
        self.households = plan.atoms["households"].to_numpy(dtype=np.int64)
        self.persons = (
            plan.atoms["persons"].to_numpy(dtype=np.int64) if "persons" in plan.atoms else 0 * self.households
        )
        self.levels = [*plan.levels, *plan.overlays]
        self.owner = {level: plan.owners[level].reindex(plan.atoms.index).to_numpy(dtype=object, copy=True)
                      for level in self.levels}  # fmt: skip
        self.members: dict[Key, np.ndarray] = {}
        for level in self.levels:
            self.members |= _members(level, self.owner[level])
        self.rows: dict[str, dict[str, Any]] = cast("dict[str, dict[str, Any]]", plan.register.to_dict("index"))
        note = plan.manifest
        self.retired = dict.fromkeys([*note.get(RETIRED_IDS, []), *used_ids], True)
        for name in self.rows:
            self.retired.pop(name, None)
        self.codes = dict.fromkeys([*note.get(RETIRED_CODES, []), *(row["code"] for row in self.rows.values())], True)
        self.locked_areas = dict.fromkeys(note.get(LOCKED_AREAS, []), True)
        self.locked_atoms = dict.fromkeys(note.get(LOCKED_ATOMS, []), True)
        self.together = {atom: frozenset(group) for group in note.get(TOGETHER, []) for atom in group}
        self.last = _last_numbers([*self.rows, *self.retired])
        self.stacked = {str(row["parent_id"]) for row in note.get("stacked") or []}
        self.journal: list[Step] = []
        self._links = self._link()

    def _link(self) -> csr_array:
        """Hold for both directions of each border its number plus 1."""
        n, first, second = len(self.atom_ids), self.graph.first, self.graph.second
        number = np.arange(1, len(first) + 1)
        start, end = np.concatenate([first, second]), np.concatenate([second, first])
        return coo_array((np.concatenate([number, number]), (start, end)), shape=(n, n)).tocsr()

    def put(self, store: str, key: Any, value: Any) -> None:
        """Set an entry of ``members, rows, retired, codes, locked_areas ...``; None takes it out."""
        table = getattr(self, store)
        self.journal.append(Step(store, key, table.get(key), value))
        _set(table, key, value)

    def give(self, level: str, positions: np.ndarray, area_id: str) -> None:
        """Let atoms (int, shape (k,)) belong to an area; an area that loses its last atom loses its members."""
        owner = self.owner[level]
        positions = np.sort(positions[owner[positions] != area_id])
        if not len(positions):
            return
        old = owner[positions]
        for giver in sorted(set(old.tolist())):
            left = np.setdiff1d(self.members[level, giver], positions[old == giver], assume_unique=True)
            self.put("members", (level, giver), left if len(left) else None)
        held = self.members.get((level, area_id), np.zeros(0, dtype=np.int64))
        self.put("members", (level, area_id), np.sort(np.concatenate([held, positions])))
        self.journal.append(Step("owner", (level, positions), old, area_id))
        owner[positions] = area_id

    def take_journal(self) -> tuple[Step, ...]:
        """Give the steps since the last call, and begin anew."""
        steps, self.journal = tuple(self.journal), []
        return steps

    def take_back(self, steps: Iterable[Step]) -> None:
        """Undo steps, the last first."""
        for step in reversed(tuple(steps)):
            if step.store == "owner":
                self.owner[step.key[0]][step.key[1]] = step.old
            else:
                _set(getattr(self, step.store), step.key, step.old)

    def make_again(self, steps: Iterable[Step]) -> None:
        """Redo steps that were undone."""
        for step in steps:
            if step.store == "owner":
                self.owner[step.key[0]][step.key[1]] = step.new
            else:
                _set(getattr(self, step.store), step.key, step.new)

    def borders_of(self, members: np.ndarray) -> Borders:
        """Give the borders among some atoms (int, shape (k,)), both ends by their places in ``members``."""
        links = self._links[members]
        local = np.full(len(self.atom_ids), -1) if len(members) > 1000 else None
        start = np.repeat(np.arange(len(members)), np.diff(links.indptr))
        if local is None:
            order = np.argsort(members)
            end = order[np.searchsorted(members, links.indices, sorter=order).clip(max=len(members) - 1)]
            end = np.where(members[end] == links.indices, end, -1)
        else:
            local[members] = np.arange(len(members))
            end = local[links.indices]
        kept = end > start
        number = links.data[kept] - 1
        return start[kept], end[kept], self.graph.length[number], self.graph.rank[number]

    def pieces(self, members: np.ndarray) -> np.ndarray:
        """Number the connected pieces of some atoms; int, shape (k,), the largest piece 0."""
        if len(members) == 1:
            return np.zeros(1, dtype=np.int64)
        start, end, *_ = self.borders_of(members)
        links = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(len(members), len(members)))
        count, piece = connected_components(links, directed=False)
        if count == 1:
            return np.zeros(len(members), dtype=np.int64)
        held, size = np.bincount(piece, self.households[members]), np.bincount(piece)
        first = np.array([str(min(self.atom_ids[members[piece == at]].tolist())) for at in range(count)], dtype=object)
        order = sorted(range(count), key=lambda at: (-held[at], -size[at], first[at]))
        rank = np.empty(count, dtype=np.int64)
        rank[order] = np.arange(count)
        return rank[piece]

    def metres_to(self, members: np.ndarray, level: str, without: np.ndarray) -> dict[str, float]:
        """Sum up the borders that some atoms have with each area around them, in metres, ``without`` some atoms."""
        links = self._links[members]
        apart = ~np.isin(links.indices, members) & ~np.isin(links.indices, without)
        metres: dict[str, float] = {}
        names = self.owner[level][links.indices[apart]].tolist()
        for name, length in zip(names, self.graph.length[links.data[apart] - 1].tolist(), strict=True):
            metres[name] = metres.get(name, 0.0) + length
        return metres

    def inner(self, area_id: str) -> list[str]:
        """Name the micro grids of a grid."""
        if Level.MICRO not in self.owner:
            return []
        return sorted(set(self.owner[Level.MICRO][self.members[Level.GRID, area_id]].tolist()))

    @property
    def innermost(self) -> str:
        """Name the innermost level, of which areas may be cut by floors."""
        return self.plan.levels[-1]

    def names_of(self, positions: np.ndarray) -> list[str]:
        """Give the ids of atoms, in order."""
        return sorted(str(name) for name in self.atom_ids[positions].tolist())


def check_owned(plan: Plan) -> None:
    """Refuse a plan in which an atom has no owner, or an owner is not in the register.

    Raises
    ------
    EditError
    """
    for level in [*plan.levels, *plan.overlays]:
        owner = plan.owners[level].reindex(plan.atoms.index)
        loose = owner.index[owner.isna()]
        if len(loose):
            raise EditError(
                f"unknown: atom {str(loose[0])!r} belongs to no {level}; give each atom an owner before editing, adopt "
                "does"
            )
        strange = sorted(set(owner.astype(str).tolist()) - set(plan.register.index))
        if strange:
            raise EditError(f"unknown: area {strange[0]!r} owns atoms and is not in the register; add its row")


def _set(table: dict[Any, Any], key: Any, value: Any) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _members(level: str, owner: np.ndarray) -> dict[Key, np.ndarray]:
    names, codes = np.unique(owner.astype(str), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    groups = np.split(order, np.searchsorted(codes[order], np.arange(1, len(names))))
    return {(level, str(name)): group for name, group in zip(names, groups, strict=True)}


def _last_numbers(ids: Iterable[str]) -> dict[str, int]:
    """Find the highest number that was used behind each id above."""
    last: dict[str, int] = {}
    for name in ids:
        above, dash, number = str(name).rpartition("-")
        if dash and number.isdigit():
            last[above] = max(last.get(above, 0), int(number))
    return last


def touched_by(steps: Iterable[Step]) -> set[str]:
    """Name the areas whose atoms or whose row in the register some steps changed."""
    keys = [step for step in steps if step.store in ("members", "rows")]
    return {step.key[1] if step.store == "members" else step.key for step in keys}
