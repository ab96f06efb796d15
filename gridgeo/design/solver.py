"""Divide one connected area: a start, a mend until the band holds, and moves that make the division better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pymetis

from .group_kernels import MOST_ATOMS
from .mending import mend, tree_start
from .move_kernels import anneal
from .polish import divide_region, polish
from .problem import Problem, contract, join_fragments, renumber, weigh, whole_blocks
from .tree_kernels import recombine

Method = Callable[[Problem, int], np.ndarray]


@dataclass(frozen=True)
class Effort:
    """How hard to try.

    Parameters
    ----------
    starts : int
        Divisions of whole blocks to begin with; the best goes on.
    coarse_pairs : int
        Pairs of zones cut anew between whole blocks, a zone.
    pairs : int
        Pairs of zones cut anew between atoms, a zone.
    moves : int
        Border moves tried, an atom.
    trees : int
        Random trees tried to mend a start that misses the band, a stage.
    groups : int
        Most connected groups of atoms to list for an exact answer, of a neighbourhood or of why there is none.
    polish : int
        Most atoms of a neighbourhood that is divided exactly.
    """

    starts: int
    coarse_pairs: int
    pairs: int
    moves: int
    trees: int
    groups: int
    polish: int


EFFORTS = {
    "fast": Effort(starts=1, coarse_pairs=200, pairs=10, moves=30, trees=12, groups=2_000, polish=16),
    "normal": Effort(starts=1, coarse_pairs=800, pairs=100, moves=30, trees=20, groups=10_000, polish=22),
    "best": Effort(starts=4, coarse_pairs=800, pairs=150, moves=40, trees=40, groups=40_000, polish=28),
}
MOVE_HEAT = 0.25
"""What a border move may cost at the start of the annealing; a zone's side cut open costs 1."""
BLOCK_HEAT, ATOM_HEAT = 3.0, 1.5
"""What a new cut of two zones may cost at the start, between whole blocks and between atoms."""
FEW = 4
"""Fewer atoms a zone than this are too few for METIS."""
PASSES = 4
"""How often the exact division looks at each neighbourhood."""
RETRIES = 3
"""Starts that are tried at least while the band is missed."""
WILD = (0.3, 1.0)
"""How far chance goes before streets when a tree is drawn."""


def solve(problem: Problem, effort: Effort, seed: int) -> np.ndarray:
    """Divide an area into zones inside the band, in one piece, compact, along streets.

    Blocks that fit into one zone are divided as wholes first, then borders move by atoms where that pays.

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
    label = whole_blocks(problem)
    zone = None
    if problem.seeds is None and 1 < label.max() + 1 < len(problem):
        zone = _solve_blocks(contract(problem, label), effort, seed)[label]
    return _solve_atoms(problem, zone, effort, seed)


def _solve_blocks(blocks: Problem, effort: Effort, seed: int) -> np.ndarray:
    """Divide whole blocks, from several starts."""
    best, best_energy = np.zeros(len(blocks), dtype=np.int64), np.inf
    for start in range(effort.starts):
        zone = mend(blocks, begin(blocks, effort, seed + 7919 * start), effort.trees, 0, seed + 104729 * start)
        zone = improve(blocks, zone, effort.coarse_pairs, effort.moves, BLOCK_HEAT, seed + 15485863 * start)
        zone = polish(blocks, zone, effort.polish, effort.groups, PASSES)
        energy = weigh(blocks, zone)
        if energy < best_energy - 1e-9:
            best, best_energy = zone, energy
    return best


def _solve_atoms(problem: Problem, zone: np.ndarray | None, effort: Effort, seed: int) -> np.ndarray:
    """Mend and improve a division by its atoms; without one, or where it cannot be mended, from new starts."""
    best, best_energy = np.zeros(len(problem), dtype=np.int64), np.inf
    for start in range(max(effort.starts, RETRIES)):
        begun = zone is not None and start == 0
        tried = zone if zone is not None and begun else begin(problem, effort, seed + 7919 * start + 1)
        tried = mend(problem, tried, effort.trees, effort.groups, seed + 104729 * start)
        tried = improve(problem, tried, effort.pairs, effort.moves, ATOM_HEAT, seed + 15485863 * start)
        tried = polish(problem, tried, effort.polish, effort.groups, PASSES)
        energy = weigh(problem, tried)
        if energy < best_energy - 1e-9:
            best, best_energy = tried, energy
        if problem.misses(best) == 0 and (begun or start + 1 >= effort.starts):
            break
    if len(problem) > MOST_ATOMS or problem.count is not None:
        return best
    found = divide_region(problem, best, np.arange(len(problem)), effort.groups)
    return best if found is None else found


def begin(problem: Problem, effort: Effort, seed: int) -> np.ndarray:
    """Make a division to begin with: from the seeds that were given, by METIS, or along a tree where atoms are few."""
    if problem.seeds is not None:
        return grow_from_seeds(problem)
    zone = metis(problem, seed)
    return zone if zone.any() else tree_start(problem, effort.trees, seed)


def metis(problem: Problem, seed: int, *, recursive: bool = False) -> np.ndarray:
    """Divide by METIS into the number of zones nearest to the target, cheap borders first.

    An atom above the band counts as one zone.

    Parameters
    ----------
    problem : Problem
    seed : int
    recursive : bool
        Halve again and again instead of into all zones at once.

    Returns
    -------
    array of int, shape (n,)
        Zones in one piece; their sizes may miss the band. All in one zone where there are so few atoms a zone that
        METIS, which needs a choice, has none.
    """
    alone = problem.weight > problem.band.high
    count = int(alone.sum()) + round(int(problem.weight[~alone].sum()) / problem.rule[2])
    count = count if problem.count is None else problem.count
    weight = np.minimum(problem.weight, problem.band.high)
    if count < 2 or len(problem) < FEW * count:
        return np.zeros(len(problem), dtype=np.int64)
    scale = 1e4 / max(problem.cost.max(), 1e-12)
    prices = np.maximum((problem.cost * scale).astype(np.int64), 1)
    options = pymetis.Options(contig=0 if recursive else 1, seed=seed % 2**31, ncuts=2)
    _, zone = pymetis.part_graph(
        count,
        adjacency=pymetis.CSRAdjacency(problem.indptr, problem.neighbour),
        vweights=weight.tolist(),
        eweights=prices.tolist(),
        options=options,
        recursive=recursive,
    )
    return join_fragments(problem, np.asarray(zone, dtype=np.int64))


def grow_from_seeds(problem: Problem) -> np.ndarray:
    """Let zones grow from their seeds, always the lightest, over its longest border.

    Returns
    -------
    array of int, shape (n,)
    """
    p = problem
    seeds = np.asarray(p.seeds)
    zone = np.full(len(p), -1)
    zone[seeds] = np.arange(len(seeds))
    held = p.weight[seeds].astype(float)
    edges: list[dict[int, float]] = [{} for _ in seeds]

    def reach(v: int, z: int) -> None:
        for e in range(p.indptr[v], p.indptr[v + 1]):
            u = int(p.neighbour[e])
            if zone[u] < 0:
                edges[z][u] = edges[z].get(u, 0.0) + float(p.length[e])

    for z, v in enumerate(seeds.tolist()):
        reach(v, z)
    open_zones = set(range(len(seeds)))
    while open_zones:
        z = min(open_zones, key=lambda each: (held[each], each))
        free = {u: metres for u, metres in edges[z].items() if zone[u] < 0}
        edges[z] = free
        if not free:
            open_zones.discard(z)
            continue
        v = max(free, key=lambda u: (free[u], -u))
        zone[v] = z
        held[z] += p.weight[v]
        reach(v, z)
    return zone


def improve(problem: Problem, zone: np.ndarray, pairs: int, moves: int, heat: float, seed: int) -> np.ndarray:
    """Cut pairs of zones anew and move borders while that lowers the weight.

    Parameters
    ----------
    problem : Problem
    zone : array of int, shape (n,)
        In one piece each.
    pairs : int
        Pairs to cut anew, a zone.
    moves : int
        Border moves to try, an atom.
    heat : float
        What a new cut may cost at the start.
    seed : int

    Returns
    -------
    array of int, shape (n,)
    """
    p = problem
    zone = zone.copy()
    count = int(zone.max()) + 1
    if count == 1:
        return zone
    stick = p.stick
    for turn, wild in enumerate(WILD):
        recombine(zone, count, p.indptr, p.neighbour, p.length, p.cost, p.weight, p.area, p.rim, stick, p.rule,
                  p.further, p.further_rules, pairs * count // len(WILD), wild, heat, seed + turn)  # fmt: skip
        anneal(zone, count, p.indptr, p.neighbour, p.length, p.cost, p.weight, p.area, p.rim, p.block, p.rule,
               p.further, p.further_rules, moves * len(p) // len(WILD), MOVE_HEAT, seed + 31 * turn)  # fmt: skip
    return renumber(zone)


def by_metis(problem: Problem, effort: Effort, seed: int) -> np.ndarray:
    """Divide by METIS alone, for comparison."""
    del effort
    return metis(problem, seed)


def by_bisection(problem: Problem, effort: Effort, seed: int) -> np.ndarray:
    """Divide by METIS in halves of halves, then move households until the band holds."""
    return mend(problem, metis(problem, seed, recursive=True), effort.trees, 0, seed)


def by_trees(problem: Problem, effort: Effort, seed: int) -> np.ndarray:
    """Divide by cutting random spanning trees of the whole area, each where its parts keep the band best."""
    return mend(problem, tree_start(problem, effort.trees, seed), effort.trees, 0, seed)
