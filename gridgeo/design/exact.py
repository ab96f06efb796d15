"""Divide a small area exactly: list every connected group of atoms, and choose among them."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .group_kernels import MOST_ATOMS, cheapest_cover, list_groups, price_zones, share_prices
from .problem import Problem, subproblem

NODES = 20
"""Choices tried for one region, for each group that may be listed; one that needs more keeps what it has."""
BRANCHES = 200
"""Most branches of one integer program; one that needs more proves nothing."""
ROUNDS = 6
"""How often prices are shared out among atoms for the lower bound."""


@dataclass(frozen=True)
class Groups:
    """Connected groups of at most 62 atoms; g groups.

    Parameters
    ----------
    bits : array of int, shape (g,)
        The atoms of each group.
    weight : array of int, shape (g,)
    area, rim, cut : arrays of float, shape (g,)
        Square metres, perimeter in metres, and half of what its borders cost.
    """

    bits: np.ndarray
    weight: np.ndarray
    area: np.ndarray
    rim: np.ndarray
    cut: np.ndarray

    def members(self, n: int) -> np.ndarray:
        """Tell which atoms each group holds; bool, shape (g, n)."""
        return (self.bits[:, None] >> np.arange(n)) & 1 == 1


def connected_groups(problem: Problem, most: int, *, low: int = 0) -> Groups | None:
    """List the connected groups that hold at least ``low`` and no more than the band's upper end.

    Parameters
    ----------
    problem : Problem
    most : int
        Give up when there are more.
    low : int

    Returns
    -------
    Groups, or None
        A single atom above the upper end is a group too. None where there are more groups, or more than 62 atoms.
    """
    p = problem
    if len(p) > MOST_ATOMS:
        return None
    outline = p.rim + np.bincount(p.starts, p.length, minlength=len(p))
    border_cost = np.bincount(p.starts, p.cost, minlength=len(p))
    count, *columns = list_groups(p.indptr, p.neighbour, p.length, p.cost, p.weight, p.area, outline, border_cost,
                                  low, p.band.high, most)  # fmt: skip
    return None if count < 0 else Groups(*(column[:count] for column in columns))


def price_groups(problem: Problem, groups: Groups) -> np.ndarray:
    """Weigh each group as a zone, with half of what its borders cost.

    Returns
    -------
    array of float, shape (g,)
    """
    sums = groups.members(len(problem)) @ problem.further
    return np.asarray(
        price_zones(groups.weight, groups.area, groups.rim, groups.cut, problem.rule, sums, problem.further_rules)
    )


def divide_exactly(problem: Problem, most: int, *, best: float = np.inf, only_band: bool = False) -> np.ndarray | None:
    """Find the division of least weight among all there are.

    Parameters
    ----------
    problem : Problem
        At most 62 atoms, connected or not.
    most : int
        Most connected groups to list.
    best : float
        Only a division that weighs less is of interest.
    only_band : bool
        Only zones inside the band count.

    Returns
    -------
    array of int, shape (n,), or None
        The zone of each atom; None where there is none that weighs less, or it is not found within the limits.
    """
    groups = connected_groups(problem, most, low=problem.band.low if only_band else 0)
    if groups is None:
        return None
    count, chosen = _cheapest(problem, groups, price_groups(problem, groups), best, most)
    if count <= 0:
        return None
    zone = np.zeros(len(problem), dtype=np.int64)
    for number, group in enumerate(chosen[:count].tolist()):
        zone[groups.members(len(problem))[group]] = number
    return zone


def _cheapest(problem: Problem, groups: Groups, price: np.ndarray, best: float, most: int) -> tuple[int, np.ndarray]:
    """Choose the groups that hold each atom once at the least price, as ``cheapest_cover`` tells it."""
    n = len(problem)
    if not len(groups.bits):
        return 0, np.zeros(0, dtype=np.int64)
    left, bound = share_prices(groups.bits, price, n, ROUNDS)
    lowest = np.log2((groups.bits & -groups.bits).astype(float)).astype(np.int64)
    order = np.lexsort((left, lowest))
    begin = np.searchsorted(lowest[order], np.arange(n + 1))
    count, chosen = cheapest_cover(groups.bits, left, begin, order, n, min(best - bound, 1e18), NODES * most)
    return int(count), chosen


def is_possible(problem: Problem, most: int) -> bool | None:
    """Tell whether a small area can be divided inside its band at all.

    Parameters
    ----------
    problem : Problem
    most : int
        Most connected groups to list.

    Returns
    -------
    bool, or None
        None where there are more groups, more than 62 atoms, or the search does not end.
    """
    limits = problem.limits
    bounded = replace(problem, band=replace(problem.band, low=limits.low, high=limits.high))
    groups = connected_groups(bounded, most, low=limits.low)
    if groups is None:
        return None
    kept = _keep_bands(bounded, groups)
    groups = Groups(*(getattr(groups, name)[kept] for name in ("bits", "weight", "area", "rim", "cut")))
    count, _ = _cheapest(problem, groups, np.ones(int(kept.sum())), np.inf, most)
    return None if count < 0 else count > 0


def _keep_bands(problem: Problem, groups: Groups) -> np.ndarray:
    """Tell which groups keep every band that is to be kept."""
    keeps = (groups.weight >= problem.band.low) & (groups.weight <= problem.band.high)
    member = groups.members(len(problem))
    for amounts, each in zip(problem.further.T, problem.measures, strict=True):
        if each.strength != "may":
            held = member @ amounts
            keeps &= (held >= each.low) & (held <= each.high)
    return keeps


def is_divisible(problem: Problem, core: np.ndarray, most: int) -> bool | None:
    """Tell whether some atoms can be shared out among groups that keep the band, whatever becomes of the others.

    Where they cannot, the whole area cannot be divided either: a proof that only looks at a neighbourhood. Groups may
    use empty atoms as they like.

    Parameters
    ----------
    problem : Problem
    core : array of int
        Positions of atoms that hold something.
    most : int
        Most connected groups to list.

    Returns
    -------
    bool, or None
        None where there are more groups, or the program does not end.
    """
    around = _surroundings(problem, core)
    if around is None:
        return None
    part, inside = around
    groups = connected_groups(part, most)
    if groups is None:
        return None
    member = groups.members(len(part))
    keeps = _keep_bands(part, groups) & member[:, inside].any(axis=1)
    if not keeps.any():
        return False
    used = member[keeps].T.astype(float)
    least = np.zeros(len(part))
    least[inside] = 1.0
    answer = milp(
        np.zeros(used.shape[1]),
        integrality=np.ones(used.shape[1]),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(used, least, np.ones(len(part))),
        options={"node_limit": BRANCHES},
    )
    return {0: True, 2: False}.get(answer.status)


def reachable(problem: Problem, core: np.ndarray, most: int | None = None) -> np.ndarray | None:
    """Collect the atoms that can share an area with one of some atoms without exceeding the upper limit.

    Parameters
    ----------
    problem : Problem
    core : array of int
    most : int, optional
        Give up beyond so many atoms that are not empty.

    Returns
    -------
    array of int, or None
        Every connected group that holds an atom of the core and keeps the limit lies within them: an atom is left out
        when even the lightest way to it exceeds the limit. None where they are too many.
    """
    high = problem.limits.high
    lightest = {int(v): int(problem.weight[v]) for v in core}
    heap = [(held, v) for v, held in lightest.items()]
    heapq.heapify(heap)
    peopled = 0
    while heap:
        held, v = heapq.heappop(heap)
        if held > lightest[v]:
            continue
        peopled += int(problem.weight[v] > 0)
        if most is not None and peopled > most:
            return None
        for u in problem.neighbour[problem.indptr[v] : problem.indptr[v + 1]].tolist():
            there = held + int(problem.weight[u])
            if there <= high and there < lightest.get(u, high + 1):
                lightest[u] = there
                heapq.heappush(heap, (there, u))
    return np.array(sorted(lightest), dtype=np.int64)


def _surroundings(problem: Problem, core: np.ndarray) -> tuple[Problem, np.ndarray] | None:
    """Cut out the atoms that can share a group with the core, empty ones left out; None where they are too many."""
    kept = reachable(problem, core, MOST_ATOMS)
    if kept is None:
        return None
    bare, inside = _shortcut_empty(subproblem(problem, kept), np.searchsorted(kept, np.sort(core)))
    limits = problem.limits
    return replace(bare, band=replace(bare.band, low=limits.low, high=limits.high)), inside


def _shortcut_empty(problem: Problem, core: np.ndarray) -> tuple[Problem, np.ndarray]:
    """Let atoms touch across empty ones, which any group may use: what cannot be divided so cannot be at all."""
    empty = problem.weight == 0
    kept = np.flatnonzero(~empty)
    start, end = problem.starts, problem.neighbour
    both = empty[start] & empty[end]
    n = len(problem)
    gap = connected_components(coo_array((np.ones(int(both.sum())), (start[both], end[both])), shape=(n, n)))[1]
    direct = ~empty[start] & ~empty[end]
    pairs = [np.column_stack([start[direct], end[direct]])]
    into = ~empty[start] & empty[end]
    rim = np.unique(np.column_stack([gap[end[into]], start[into]]), axis=0)
    pairs += [
        np.column_stack([np.repeat(around, len(around)), np.tile(around, len(around))])
        for around in np.split(rim[:, 1], np.flatnonzero(np.diff(rim[:, 0])) + 1)
    ]
    local = np.full(n, -1)
    local[kept] = np.arange(len(kept))
    ends = np.unique(local[np.concatenate(pairs)], axis=0)
    ends = ends[ends[:, 0] != ends[:, 1]]
    relaxed = replace(
        subproblem(problem, kept),
        indptr=np.searchsorted(ends[:, 0], np.arange(len(kept) + 1)).astype(np.int64),
        neighbour=ends[:, 1],
        length=np.zeros(len(ends)),
        cost=np.zeros(len(ends)),
    )
    return relaxed, local[core]
