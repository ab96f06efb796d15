"""Cut a few areas anew along random trees that follow the borders in force, so that few households move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from .least_moves import Task
from .mending import WILD, _in_steps
from .problem import region_of, renumber
from .tree_kernels import cut_tree, grow_tree, subtree_cuts

TREES = 40
"""Random trees tried for one region."""


def recut(task: Task, zone: np.ndarray, chosen: list[int], seed: int, tried: int = TREES) -> list[np.ndarray]:
    """Divide some zones anew; the divisions found are given with their areas named by whom they hold most of.

    Parameters
    ----------
    task : Task
    zone : array of int, shape (n,)
    chosen : list of int
        Zones that together are in one piece.
    seed : int
    tried : int
        Trees.

    Returns
    -------
    list of array of int, shape (n,)
        Those in which every zone of the region keeps the band; the one that moves the fewest households first.
    """
    region = np.flatnonzero(np.isin(zone, chosen))
    if task.fixed[region].any():
        return []
    part = region_of(task.problem, region)
    apart = zone[region][part.starts] != zone[region][part.neighbour]
    part = replace(part, cost=np.where(apart, 0.0, 1.0 + part.cost))
    stick = np.where(apart, 1.0, 0.0)
    state = np.array([seed % 2147483646 + 1], dtype=np.int64)
    everything = np.arange(len(region))
    weight, rule, most = _in_steps(part, part.weight)
    found: dict[bytes, tuple[int, np.ndarray]] = {}
    for tree in range(tried):
        walk, up = grow_tree(everything, everything, part.indptr, part.neighbour, stick, WILD[tree % len(WILD)], state)
        if len(walk) < len(region):
            return []
        price = subtree_cuts(everything, everything, walk, up, part.indptr, part.neighbour, part.cost)
        cut, _ = cut_tree(weight, walk, up, price, rule, most)
        if part.misses(cut) > 0:
            continue
        made = zone.copy()
        made[region] = name_by_most(task, region, renumber(cut), chosen, int(zone.max()) + 1)
        found.setdefault(made.tobytes(), (task.moved(made), made))
    ranked = sorted(found.values(), key=lambda each: (each[0], each[1].tobytes()))
    return [made for _, made in ranked]


def name_by_most(task: Task, region: np.ndarray, cut: np.ndarray, chosen: list[int], free: int) -> np.ndarray:
    """Let each new part carry on the area of which it holds the most households; the others get new numbers."""
    count = int(cut.max()) + 1
    shared = np.zeros((count, len(chosen)))
    for column, z in enumerate(chosen):
        own = task.start[region] == z
        shared[:, column] = np.bincount(cut[own], task.settled[region][own] + 1e-6, minlength=count)
    rows, columns = linear_sum_assignment(-shared)
    names = np.full(count, -1)
    names[rows] = np.array(chosen)[columns]
    fresh = np.flatnonzero(names < 0)
    names[fresh] = max(free, task.count) + np.arange(len(fresh))
    return names[cut]
