"""Divide one connected area: a start, a mend until the band holds, and moves that make the division better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pymetis

from .kernels import anneal, cut_tree, grow_tree, recombine, subtree_cuts, total_energy
from .problem import Problem, join_fragments

Method = Callable[[Problem, int], np.ndarray]


@dataclass(frozen=True)
class Effort:
    """How hard to try.

    Parameters
    ----------
    starts : int
        Divisions to begin with; the best end wins.
    moves : int
        Border moves tried, an atom.
    pairs : int
        Pairs of zones cut anew, a zone.
    trees : int
        Random trees tried to mend a start that misses the band, a stage.
    """

    starts: int
    moves: int
    pairs: int
    trees: int


EFFORTS = {
    "fast": Effort(starts=1, moves=60, pairs=20, trees=20),
    "normal": Effort(starts=2, moves=200, pairs=80, trees=40),
    "best": Effort(starts=6, moves=600, pairs=240, trees=80),
}
HEAT = 0.25
"""What a move may cost at the start of the annealing; a zone's side cut open costs 1."""
COARSE = 4
"""Fewer atoms a zone than this are too few for METIS."""
WILD = (0.3, 1.0, 3.0)
"""How far chance goes before streets when a tree is drawn."""


def solve(problem: Problem, effort: Effort, seed: int) -> np.ndarray:
    """Divide an area into zones inside the band, in one piece, compact, along streets.

    Parameters
    ----------
    problem : Problem
        Connected.
    effort : Effort
    seed : int

    Returns
    -------
    array of int, shape (n,)
        The zone of each atom, from 0. Where the band cannot be kept the households that miss it are few.
    """
    if len(problem) == 1 or problem.band.best == 1:
        return np.zeros(len(problem), dtype=np.int64)
    best, best_energy = np.zeros(len(problem), dtype=np.int64), np.inf
    for start in range(effort.starts):
        zone = mend(problem, metis(problem, seed + 7919 * start), effort.trees, seed + 104729 * start)
        zone = improve(problem, zone, effort, seed + 15485863 * start)
        energy = weigh(problem, zone)
        if energy < best_energy - 1e-9:
            best, best_energy = zone, energy
    return best


def weigh(problem: Problem, zone: np.ndarray) -> float:
    """Weigh a division: the lower the better; a household outside the band weighs more than any border."""
    p = problem
    return float(
        total_energy(
            zone, int(zone.max()) + 1, p.indptr, p.neighbour, p.length, p.cost, p.weight, p.area, p.rim, p.rule
        )
    )


def metis(problem: Problem, seed: int) -> np.ndarray:
    """Divide by METIS into the number of zones nearest to the target, cheap borders first.

    An atom above the band counts as one zone.

    Returns
    -------
    array of int, shape (n,)
        Zones in one piece; their sizes may miss the band. All in one zone where there are so few atoms a zone that
        METIS,
        which needs a choice, has none.
    """
    alone = problem.weight > problem.band.high
    count = int(alone.sum()) + round(int(problem.weight[~alone].sum()) / problem.rule[2])
    weight = np.minimum(problem.weight, problem.band.high)
    if count < 2 or len(problem) < COARSE * count:
        return np.zeros(len(problem), dtype=np.int64)
    scale = 1e4 / max(problem.cost.max(), 1e-12)
    prices = np.maximum((problem.cost * scale).astype(np.int64), 1)
    options = pymetis.Options(contig=1, seed=seed % 2**31, ncuts=2)
    _, zone = pymetis.part_graph(
        count,
        adjacency=pymetis.CSRAdjacency(problem.indptr, problem.neighbour),
        vweights=weight.tolist(),
        eweights=prices.tolist(),
        options=options,
        recursive=False,
    )
    return join_fragments(problem, np.asarray(zone, dtype=np.int64))


def mend(problem: Problem, zone: np.ndarray, trees: int, seed: int) -> np.ndarray:
    """Cut bad zones anew, together with more and more of their neighbours, until every zone keeps the band.

    Parameters
    ----------
    problem : Problem
    zone : array of int, shape (n,)
        In one piece each.
    trees : int
        Random trees to try at each stage.
    seed : int

    Returns
    -------
    array of int, shape (n,)
        The same, or one that misses the band by fewer households.
    """
    state = np.array([seed % 2147483646 + 1], dtype=np.int64)
    for rings in (1, 2, 3, len(problem)):
        for _ in range(int(zone.max()) + 2):
            missing = problem.misses(zone)
            if missing == 0:
                return zone
            better = _recut_worst(problem, zone, rings, trees, state)
            if better is None:
                break
            zone = better
    return zone


def _recut_worst(problem: Problem, zone: np.ndarray, rings: int, trees: int, state: np.ndarray) -> np.ndarray | None:
    """Cut the surroundings of bad zones anew, worst zone first; the first division that misses less is taken."""
    weights = np.bincount(zone, problem.weight)
    miss = np.maximum(problem.band.low - weights, 0) + np.maximum(weights - problem.band.high, 0)
    start = np.repeat(np.arange(len(problem)), np.diff(problem.indptr))
    seen: set[bytes] = set()
    for bad in np.argsort(-miss, kind="stable")[: int((miss > 0).sum())].tolist():
        near = np.zeros(len(weights), dtype=bool)
        near[bad] = True
        for _ in range(min(rings, len(weights))):
            grown = near.copy()
            grown[zone[problem.neighbour[near[zone[start]]]]] = True
            if (grown == near).all():
                break
            near = grown
        if near.tobytes() in seen:
            continue
        seen.add(near.tobytes())
        found = _recut(problem, zone, near, trees, state)
        if found is not None:
            return found
    return None


def _recut(problem: Problem, zone: np.ndarray, near: np.ndarray, trees: int, state: np.ndarray) -> np.ndarray | None:
    """Cut the chosen zones anew along random trees; None where no tree misses less."""
    p = problem
    region = np.flatnonzero(near[zone])
    local = np.full(len(p), -1)
    local[region] = np.arange(len(region))
    weight = p.weight[region]
    most = int(max(p.band.high, weight.max()) + p.band.low)
    before = int((np.maximum(p.band.low - np.bincount(zone, p.weight)[near], 0)
                  + np.maximum(np.bincount(zone, p.weight)[near] - p.band.high, 0)).sum())  # fmt: skip
    best, best_key = None, (before, np.inf)
    clean = 0
    for tree in range(trees):
        walk, up = grow_tree(region, local, p.indptr, p.neighbour, p.stick, WILD[tree % len(WILD)], state)
        if len(walk) < len(region):
            return None
        price = subtree_cuts(region, local, walk, up, p.indptr, p.neighbour, p.cost)
        part, count = cut_tree(weight, walk, up, price, p.rule, most)
        totals = np.bincount(part, weight, minlength=count)
        missing = int((np.maximum(p.band.low - totals, 0) + np.maximum(totals - p.band.high, 0)).sum())
        if missing > best_key[0] or (missing == before and missing > 0):
            continue
        tried = zone.copy()
        tried[region] = int(zone.max()) + 1 + part
        tried = np.unique(tried, return_inverse=True)[1].astype(np.int64)
        key = (missing, weigh(p, tried))
        if key < best_key:
            best, best_key = tried, key
        clean += missing == 0
        if clean >= 3:
            break
    return best


def improve(problem: Problem, zone: np.ndarray, effort: Effort, seed: int) -> np.ndarray:
    """Move borders and cut pairs of zones anew while that lowers the weight.

    Returns
    -------
    array of int, shape (n,)
    """
    p = problem
    zone = zone.copy()
    count = int(zone.max()) + 1
    if count == 1:
        return zone
    steps = effort.moves * len(p) // 2
    for turn, heat in enumerate((HEAT, 0.4 * HEAT)):
        recombine(zone, count, p.indptr, p.neighbour, p.length, p.cost, p.weight, p.area, p.rim, p.stick, p.rule,
                  effort.pairs * count // 2, WILD[turn % len(WILD)], seed + turn)  # fmt: skip
        anneal(zone, count, p.indptr, p.neighbour, p.length, p.cost, p.weight, p.area, p.rim, p.block, p.rule,
               steps, heat, seed + 31 * turn)  # fmt: skip
    return np.unique(zone, return_inverse=True)[1].astype(np.int64)
