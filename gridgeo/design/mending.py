"""Bring a division into its band: cut bad zones anew together with more and more of their neighbours."""

from __future__ import annotations

import numpy as np

from .feasibility import misses_of
from .polish import divide_region
from .problem import Problem, region_of, renumber, weigh
from .tree_kernels import cut_tree, grow_tree, subtree_cuts

WILD = (0.3, 1.0, 3.0)
"""How far chance goes before streets when a tree is drawn."""
STEPS = 600
"""A tree is cut by weights in at most about this many steps up to the band's upper end."""


def mend(problem: Problem, zone: np.ndarray, trees: int, groups: int, seed: int) -> np.ndarray:
    """Cut bad zones anew until every zone keeps the band.

    Parameters
    ----------
    problem : Problem
    zone : array of int, shape (n,)
        In one piece each.
    trees : int
        Random trees to try at each stage.
    groups : int
        Most connected groups to list for an exact division of a neighbourhood that no tree divides; 0 for none.
    seed : int

    Returns
    -------
    array of int, shape (n,)
        The same, or one that misses the band by fewer households.
    """
    state = np.array([seed % 2147483646 + 1], dtype=np.int64)
    tried: set[bytes] = set()
    for rings, exactly in [(1, False), (2, False), (3, False), (1, True), (2, True), (len(problem), False)]:
        if exactly and not groups:
            continue
        for _ in range(int(zone.max()) + 2):
            if problem.misses(zone) == 0:
                return zone
            better = _recut_worst(problem, zone, rings, groups if exactly else 0, trees, state, tried)
            if better is None:
                break
            zone = better
    return zone


def tree_start(problem: Problem, trees: int, seed: int) -> np.ndarray:
    """Divide a whole area along the best of several random trees."""
    state = np.array([seed % 2147483646 + 1], dtype=np.int64)
    zone = np.zeros(len(problem), dtype=np.int64)
    found = _recut(problem, zone, np.array([True]), trees, state, np.inf)
    return zone if found is None else found


def _recut_worst(
    problem: Problem, zone: np.ndarray, rings: int, groups: int, trees: int, state: np.ndarray, tried: set[bytes]
) -> np.ndarray | None:
    """Cut the surroundings of bad zones anew, worst zone first; the first division that misses less is taken."""
    weights = np.bincount(zone, problem.weight)
    miss = misses_of(weights, problem.band.low, problem.band.high)
    start = problem.starts
    bad = np.argsort(-miss, kind="stable")[: max(int((miss > 0).sum()), 1)]
    for worst in bad.tolist():
        near = _surroundings(problem, zone, worst, rings, start)
        region = np.flatnonzero(near[zone]).tobytes() + bytes([groups > 0])
        if region in tried:
            continue
        tried.add(region)
        if groups:
            found = _recut_exactly(problem, zone, near, groups)
        else:
            chosen = np.flatnonzero(near[zone])
            now = _part(problem, chosen, len(near) - int(near.sum())).misses(renumber(zone[chosen]))
            found = _recut(problem, zone, near, trees, state, now)
        if found is not None:
            return found
    return None


def _surroundings(problem: Problem, zone: np.ndarray, worst: int, rings: int, start: np.ndarray) -> np.ndarray:
    """Choose a zone and as many rings of its neighbours; True for each chosen zone."""
    near = np.zeros(int(zone.max()) + 1, dtype=bool)
    near[worst] = True
    for _ in range(min(rings, len(near))):
        grown = near.copy()
        grown[zone[problem.neighbour[near[zone[start]]]]] = True
        if (grown == near).all():
            break
        near = grown
    return near


def _replace(zone: np.ndarray, near: np.ndarray, region: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Put new parts in the place of the chosen zones."""
    made = zone.copy()
    made[region] = len(near) + parts
    return renumber(made)


def _recut(
    problem: Problem, zone: np.ndarray, near: np.ndarray, trees: int, state: np.ndarray, least: float
) -> np.ndarray | None:
    """Cut the chosen zones anew along random trees; None where no tree misses the band by less than ``least``.

    ``least`` is about the chosen zones alone.
    """
    region = np.flatnonzero(near[zone])
    part = _part(problem, region, len(near) - int(near.sum()))
    everything = np.arange(len(region))
    weight, rule, most = _in_steps(part, part.weight)
    best, best_key = None, (least, np.inf)
    clean = 0
    for tree in range(trees):
        walk, up = grow_tree(everything, everything, part.indptr, part.neighbour, part.stick, WILD[tree % len(WILD)],
                             state)  # fmt: skip
        if len(walk) < len(region):
            return None
        price = subtree_cuts(everything, everything, walk, up, part.indptr, part.neighbour, part.cost)
        tried, _ = cut_tree(weight, walk, up, price, rule, most)
        missing = part.misses(tried)
        if missing > best_key[0]:
            continue
        energy = weigh(part, tried)
        if (missing, energy) < best_key and missing < least:
            best, best_key = tried, (missing, energy)
        clean += missing == 0
        if clean >= 3:
            break
    return None if best is None else _replace(zone, near, region, best)


def _part(problem: Problem, region: np.ndarray, others: int) -> Problem:
    """Cut some whole zones out of a problem; of the zones that were asked for, ``others`` lie elsewhere."""
    return region_of(problem, region, None if problem.count is None else max(problem.count - others, 1))


def _in_steps(problem: Problem, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Count weights in steps coarse enough for a table of them; give the rule and the most an open part may hold."""
    rule = problem.rule
    total = int(weight.sum())
    step = max(int(min(rule[1], total) // STEPS), 1)
    if step > 1:
        weight = np.diff(np.floor(np.cumsum(np.concatenate([[0], weight])) / step + 0.5)).astype(np.int64)
        rule = rule.copy()
        rule[:3] = np.ceil(rule[0] / step), np.floor(rule[1] / step), rule[2] / step
    high = min(int(rule[1]), int(weight.sum()))
    return weight, rule, int(max(high, weight.max(initial=0)) + rule[0])


def _recut_exactly(problem: Problem, zone: np.ndarray, near: np.ndarray, groups: int) -> np.ndarray | None:
    """Cut the chosen zones anew by listing every connected group; None where that cannot be, or misses no less."""
    region = np.flatnonzero(near[zone])
    if problem.count is not None:
        return None
    found = divide_region(problem, zone, region, groups)
    if found is None:
        return None
    made = _replace(zone, near, region, found)
    return made if problem.misses(made) < problem.misses(zone) else None
