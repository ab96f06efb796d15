"""Put one area's atoms into the arrays that the solver works on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridgeo.model.profile import Limits

from .feasibility import Arithmetic, arithmetic

RANK_COST = {0: 1.0, 1: 0.2, 2: 0.2, 3: 0.22, 4: 0.25, 5: 0.3, 6: 0.4}
"""What a metre of border costs by the rank of the street it runs on; 0 is open ground."""
CUT_BLOCK = 2.5
"""By how much a border inside a block that would fit into one area costs more."""
MISS_PRICE, SHAPE_PRICE, TARGET_PRICE = 1000.0, 0.6, 0.3
"""Prices of missing the band, of a shape's 1 / compactness, and of the squared deviation from the target."""


@dataclass(frozen=True)
class Problem:
    """One area to divide, as a graph of its atoms; n atoms, m directed edges.

    Parameters
    ----------
    indptr, neighbour : arrays of int
        Compressed rows: the neighbours of atom v are ``neighbour[indptr[v]:indptr[v + 1]]``.
    length, cost : arrays of float, shape (m,)
        Metres of each border, and what cutting it costs.
    weight : array of int, shape (n,)
        Households.
    area, rim : arrays of float, shape (n,)
        Square metres, and metres of outline that border on no atom of the area.
    block : array of int, shape (n,)
        The street block each atom lies in.
    band : Arithmetic
        What the limits allow for the total.
    target : int, households
    """

    indptr: np.ndarray
    neighbour: np.ndarray
    length: np.ndarray
    cost: np.ndarray
    weight: np.ndarray
    area: np.ndarray
    rim: np.ndarray
    block: np.ndarray
    band: Arithmetic
    target: int

    def __len__(self) -> int:
        """Count the atoms."""
        return len(self.weight)

    @property
    def rule(self) -> np.ndarray:
        """Return the prices that the kernels weigh a division by."""
        target = min(max(self.target, self.band.low), self.band.high)
        return np.array([self.band.low, self.band.high, target, MISS_PRICE, SHAPE_PRICE, TARGET_PRICE])

    @property
    def stick(self) -> np.ndarray:
        """Return how readily a random tree leaves an edge out: 0 inside a block, 1 and more on streets."""
        start = np.repeat(np.arange(len(self)), np.diff(self.indptr))
        rate = self.cost / np.maximum(self.length, 1e-9)
        return np.where(self.block[start] == self.block[self.neighbour], 0.0, 1.0) - rate / max(
            rate.max(initial=0.0), 1e-9
        )

    def misses(self, zone: np.ndarray) -> int:
        """Sum up by how many households the zones miss the band."""
        weights = np.bincount(zone, self.weight)
        return int((np.maximum(self.band.low - weights, 0) + np.maximum(weights - self.band.high, 0)).sum())


def make_problem(
    weight: np.ndarray,
    area: np.ndarray,
    perimeter: np.ndarray,
    block: np.ndarray,
    edges: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    limits: Limits,
) -> Problem:
    """Build the graph of one area.

    Parameters
    ----------
    weight, area, perimeter, block : arrays, shape (n,)
        As in ``Problem``; the perimeter is the atom's whole outline.
    edges : arrays first, second (int), length_m (float), rank (int), shape (e,)
        The borders between the area's atoms, each once.
    limits : Limits
        The band.

    Returns
    -------
    Problem
    """
    n = len(weight)
    first, second, metres, rank = edges
    start, end = np.concatenate([first, second]), np.concatenate([second, first])
    length = np.concatenate([metres, metres])
    order = np.lexsort((end, start))
    indptr = np.searchsorted(start[order], np.arange(n + 1))
    band = arithmetic(int(weight.sum()), limits.low, limits.high, limits.target)
    in_block = np.bincount(block, weight)
    whole = (block[start] == block[end]) & (in_block[block[start]] <= limits.high)
    table = np.array([RANK_COST[at] for at in range(7)])
    rate = table[np.concatenate([rank, rank])] * np.where(whole, CUT_BLOCK, 1.0)
    side_m = np.sqrt(area.sum() / band.best)
    rim = np.maximum(perimeter - np.bincount(start, length, minlength=n), 0.0)
    return Problem(
        indptr=indptr.astype(np.int64),
        neighbour=end[order].astype(np.int64),
        length=length[order],
        cost=(length * rate / side_m)[order],
        weight=weight.astype(np.int64),
        area=area.astype(float),
        rim=rim,
        block=block.astype(np.int64),
        band=band,
        target=limits.target,
    )


def pieces(problem: Problem, zone: np.ndarray | None = None) -> np.ndarray:
    """Number the connected pieces of an area, or of each of its zones.

    Returns
    -------
    array of int, shape (n,)
    """
    start = np.repeat(np.arange(len(problem)), np.diff(problem.indptr))
    end = problem.neighbour
    if zone is not None:
        same = zone[start] == zone[end]
        start, end = start[same], end[same]
    graph = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(len(problem), len(problem)))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def join_fragments(problem: Problem, zone: np.ndarray) -> np.ndarray:
    """Give every piece of a zone but its heaviest to the neighbour with the longest common border.

    Returns
    -------
    array of int, shape (n,)
        Zones in one piece each, numbered from 0.
    """
    zone = zone.copy()
    for _ in range(len(problem)):
        piece = pieces(problem, zone)
        count = piece.max() + 1
        if count == len(np.unique(zone)):
            break
        piece_zone = np.zeros(count, dtype=np.int64)
        piece_zone[piece] = zone
        size = np.bincount(piece, problem.weight) + np.bincount(piece) * 1e-6
        order = np.lexsort((-size, piece_zone))
        main = np.zeros(count, dtype=bool)
        main[order[np.unique(piece_zone[order], return_index=True)[1]]] = True
        loose = np.flatnonzero(~main)
        smallest = loose[np.argmin(size[loose])]
        members = np.flatnonzero(piece == smallest)
        shared: dict[int, float] = {}
        for v in members.tolist():
            for e in range(problem.indptr[v], problem.indptr[v + 1]):
                other = int(zone[problem.neighbour[e]])
                if piece[problem.neighbour[e]] != smallest:
                    shared[other] = shared.get(other, 0.0) + problem.length[e]
        if not shared:
            break
        zone[members] = max(shared, key=lambda other: (shared[other], -other))
    return np.unique(zone, return_inverse=True)[1].astype(np.int64)


def subproblem(problem: Problem, members: np.ndarray, limits: Limits) -> Problem:
    """Cut one piece out of a problem.

    Parameters
    ----------
    problem : Problem
    members : array of int
        Atoms of a piece that no border joins to the others.
    limits : Limits

    Returns
    -------
    Problem
    """
    local = np.full(len(problem), -1)
    local[members] = np.arange(len(members))
    start = np.repeat(np.arange(len(problem)), np.diff(problem.indptr))
    kept = local[start] >= 0
    weight = problem.weight[members]
    return replace(
        problem,
        indptr=np.searchsorted(local[start[kept]], np.arange(len(members) + 1)).astype(np.int64),
        neighbour=local[problem.neighbour[kept]].astype(np.int64),
        length=problem.length[kept],
        cost=problem.cost[kept],
        weight=weight,
        area=problem.area[members],
        rim=problem.rim[members],
        block=np.unique(problem.block[members], return_inverse=True)[1].astype(np.int64),
        band=arithmetic(int(weight.sum()), limits.low, limits.high, limits.target),
    )


def add_edges(problem: Problem, a: int, b: int) -> Problem:
    """Join two atoms by a border of no length and little cost."""
    start = np.concatenate([np.repeat(np.arange(len(problem)), np.diff(problem.indptr)), [a, b]])
    end = np.concatenate([problem.neighbour, [b, a]])
    order = np.lexsort((end, start))
    return replace(
        problem,
        indptr=np.searchsorted(start[order], np.arange(len(problem) + 1)).astype(np.int64),
        neighbour=end[order].astype(np.int64),
        length=np.append(problem.length, [0.0, 0.0])[order],
        cost=np.append(problem.cost, [1e-6, 1e-6])[order],
    )
