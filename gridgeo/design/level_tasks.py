"""Take out of a plan what one area's children have to be adjusted by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridgeo.model.levels import AreaKind
from gridgeo.model.plan import Plan

from .graph import Graph, amounts_of
from .least_moves import Band, Task
from .problem import Problem, add_edges, make_problem, pieces, renumber


@dataclass(frozen=True)
class LevelTask:
    """The children of one area.

    Parameters
    ----------
    parent : str
    members : array of int, shape (n,)
        Positions of its atoms in the plan.
    names : list of str
        The children in force, in order of their numbers.
    task : Task
    begin : array of int, shape (n,)
        ``task.start`` with every atom in some area.
    excused : array of bool, shape (k,)
        Children that stay as they are: locked ones, institutions, and those that one atom alone fills too far.
    """

    parent: str
    members: np.ndarray
    names: list[str]
    task: Task
    begin: np.ndarray
    excused: np.ndarray

    @property
    def bad(self) -> np.ndarray:
        """Tell which children miss a band, and could be mended as far as is known."""
        size = len(self.names)
        return np.asarray(self.task.bad(self.begin)[:size] & ~self.excused)


def level_tasks(
    plan: Plan, level: str, parents: pd.Series, before: pd.Series, settled: np.ndarray, graph: Graph, locked: np.ndarray
) -> list[LevelTask]:
    """List the areas one of whose children misses its band, or whose children were torn.

    Parameters
    ----------
    plan : Plan
        With the new counts.
    level : str
        Of the children.
    parents, before : Series of str
        ``atom_id`` -> the area above, as it is now; the child, as it was.
    settled : array of int, shape (n,)
    graph : Graph
    locked : array of bool, shape (n,)
        Atoms that stay in their areas.

    Returns
    -------
    list of LevelTask
        In order of the parents' ids.
    """
    names, parent = np.unique(parents.to_numpy(dtype=str), return_inverse=True)
    limits = plan.profile.limits[level]
    measures = (limits, *(each for each in plan.profile.further.get(level, ()) if each.is_bounded))
    columns = [amounts_of(plan.atoms, each).astype(float) for each in measures]
    child = before.to_numpy(dtype=str)
    home = _home_of(child, parent, settled)
    kinds = plan.register["kind"].to_dict()
    found = []
    for at, members, edges in graph.parts(parent, len(names)):
        here = np.where(home[members] == at, child[members], "")
        ids = sorted(set(here) - {""})
        quick = np.array([columns[0][members][here == each].sum() for each in ids])
        outside = ((quick < limits.low) | (quick > limits.high)).any()
        if ids and (here != "").all() and not outside and not columns[1:]:
            continue
        problem = make_problem(
            columns[0][members], graph.area[members], graph.perimeter[members], renumber(graph.block[members]), edges,
            limits,
        )  # fmt: skip
        start = np.array([ids.index(each) if each else -1 for each in here])
        whole = np.array([(child == each).sum() == (here == each).sum() for each in ids], dtype=bool)
        problem, start = _in_one_piece(problem, start, whole)
        held_fast = np.array([kinds.get(each) == AreaKind.EXCLUSIVE for each in ids], dtype=bool)
        fixed = locked[members] & (start >= 0)
        fixed |= (start >= 0) & np.append(held_fast, False)[start]
        bands = tuple(
            Band(column[members], each.low, each.high) for column, each in zip(columns, measures, strict=True)
        )
        task = Task(problem, start, max(len(ids), 1), settled[members], bands, fixed, limits.measure == "households")
        found.append(_task(str(names[at]), members, ids or [""], task, held_fast))
    return [each for each in found if each.bad.any() or (each.task.start < 0).any() or each.task.bad(each.begin).any()]


def _task(parent: str, members: np.ndarray, ids: list[str], task: Task, held_fast: np.ndarray) -> LevelTask:
    begin = fill(task.problem, task.start)
    excused = np.zeros(len(ids), dtype=bool)
    excused[: len(held_fast)] = held_fast
    for z in range(len(ids)):
        own = begin == z
        excused[z] |= own.any() and bool(task.fixed[own].all())
        excused[z] |= any((band.amounts[own] > band.high).any() for band in task.bands)
    if not excused.any() and not task.problem.band.is_feasible:
        excused[:] = True
    return LevelTask(parent, members, ids, task, begin, excused)


def _home_of(child: np.ndarray, parent: np.ndarray, settled: np.ndarray) -> np.ndarray:
    """Find for each atom the parent in which most households of its child now live."""
    code = np.unique(child, return_inverse=True)[1]
    count = int(parent.max()) + 1
    pair, row = np.unique(code * count + parent, return_inverse=True)
    held = np.bincount(row, settled + 1e-6)
    best = pair[np.lexsort((pair, -held))]
    first = best[np.unique(best // count, return_index=True)[1]]
    return np.asarray((first % count)[code])


def _in_one_piece(problem: Problem, start: np.ndarray, whole: np.ndarray) -> tuple[Problem, np.ndarray]:
    """Bridge areas that were in pieces before; of those torn by a change above, only the heaviest piece goes on."""
    start = start.copy()
    piece = pieces(problem, start)
    held = np.bincount(piece, problem.weight + 1e-6)
    first = np.unique(piece, return_index=True)[1]
    for z in np.flatnonzero(np.bincount(start[first][start[first] >= 0], minlength=len(whole)) > 1).tolist():
        own = np.unique(piece[start == z])
        main = own[np.argmax(held[own])]
        for other in own[own != main].tolist():
            if whole[z]:
                problem = add_edges(problem, int(first[main]), int(first[other]))
            else:
                start[piece == other] = -1
    return problem, start


def fill(problem: Problem, start: np.ndarray) -> np.ndarray:
    """Give atoms without an area to the neighbour with the longest border, piece by piece outward."""
    zone = start.copy()
    if not (zone >= 0).any():
        return np.zeros(len(zone), dtype=np.int64)
    for _ in range(len(zone)):
        loose = np.flatnonzero(zone < 0)
        if not len(loose):
            break
        edge, place = problem.edges_of(loose)
        known = zone[problem.neighbour[edge]] >= 0
        if not known.any():
            zone[loose] = zone[zone >= 0].min()
            break
        to = zone[problem.neighbour[edge[known]]]
        count = int(zone.max()) + 1
        pair, row = np.unique(place[known] * count + to, return_inverse=True)
        metres = np.bincount(row, problem.length[edge[known]])
        order = np.lexsort((pair, -metres, pair // count))
        chosen = pair[order[np.unique((pair // count)[order], return_index=True)[1]]]
        zone[loose[chosen // count]] = chosen % count
    return zone
