"""Put one area's atoms into the arrays that the solver works on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridgeo.model.profile import Limits

from .feasibility import Arithmetic, arithmetic, counted, misses_of
from .kernels import total_energy

RANK_COST = {0: 1.0, 1: 0.2, 2: 0.2, 3: 0.22, 4: 0.25, 5: 0.3, 6: 0.4, 7: 0.1}
"""What a metre of border costs by the rank of the street it runs on; 0 is open ground, 7 the border of a community."""
CUT_BLOCK = 3.0
"""By how much a border inside a block that would fit into one area costs more."""
MISS_PRICE = {"hard": 1000.0, "soft": 1000.0, "may": 2.0}
"""Price of an area that misses its band, by the strength of the rule: what is only permitted weighs like a detour."""
OFF_TARGET = 0.3
"""Price of the squared deviation from a target, as a share of it."""


@dataclass(frozen=True)
class Prices:
    """What the solver weighs against each other; a square area's side, cut through open ground, costs 1.

    Parameters
    ----------
    miss : float
        An area outside its band, and again for each whole target by which it misses.
    shape : float
        1 / compactness (Polsby-Popper) of an area.
    target : float
        The squared deviation from the target, as a share of it.
    """

    miss: float = MISS_PRICE["hard"]
    shape: float = 0.9
    target: float = OFF_TARGET


@dataclass(frozen=True)
class Problem:
    """One area to divide, as a graph of its atoms; n atoms, m directed edges, q further measures.

    Parameters
    ----------
    indptr, neighbour : arrays of int
        Compressed rows: the neighbours of atom v are ``neighbour[indptr[v]:indptr[v + 1]]``.
    length, cost : arrays of float, shape (m,)
        Metres of each border, and what cutting it costs.
    weight : array of int, shape (n,)
        Households, or what else the band counts.
    area, rim : arrays of float, shape (n,)
        Square metres, and metres of outline that border on no atom of the area.
    block : array of int, shape (n,)
        The street block each atom lies in.
    limits : Limits
        What a zone may hold.
    band : Arithmetic
        What the limits allow for the total.
    prices : Prices
    further : array of float, shape (n, q)
        What else is counted, such as persons.
    measures : tuple of q Limits
        Of what else is counted.
    count : int, optional
        The number of zones asked for.
    seeds : array of int, optional
        Atoms of which each zone holds one.
    """

    indptr: np.ndarray
    neighbour: np.ndarray
    length: np.ndarray
    cost: np.ndarray
    weight: np.ndarray
    area: np.ndarray
    rim: np.ndarray
    block: np.ndarray
    limits: Limits
    band: Arithmetic
    prices: Prices
    further: np.ndarray
    measures: tuple[Limits, ...] = ()
    count: int | None = None
    seeds: np.ndarray | None = None

    def __len__(self) -> int:
        """Count the atoms."""
        return len(self.weight)

    @cached_property
    def rule(self) -> np.ndarray:
        """Return the prices that the kernels weigh a division by."""
        target = self.limits.target if self.count is None else int(self.weight.sum()) / self.count
        target = min(max(target, self.band.low, 1), self.band.high)
        return np.array(
            [self.band.low, self.band.high, target, self.prices.miss, self.prices.shape, self.prices.target]
        )

    @cached_property
    def further_rules(self) -> np.ndarray:
        """Return low, high, target, price of a miss and of a deviation of each further measure, shape (q, 5)."""
        rows = [
            (each.low, each.high, max(each.target, 1), MISS_PRICE[each.strength], OFF_TARGET * each.weight)
            for each in self.measures
        ]
        return np.array(rows, dtype=float).reshape(len(rows), 5)

    @cached_property
    def starts(self) -> np.ndarray:
        """Return the atom at which each directed edge begins."""
        return np.repeat(np.arange(len(self)), np.diff(self.indptr))

    def edges_of(self, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the directed edges that begin at some atoms, and the place of each one's atom among them."""
        counts = self.indptr[members + 1] - self.indptr[members]
        place = np.repeat(np.arange(len(members)), counts)
        within = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.indptr[members][place] + within, place

    @cached_property
    def stick(self) -> np.ndarray:
        """Return how readily a random tree leaves an edge out: 0 inside a block, 1 and more on streets."""
        rate = self.cost / np.maximum(self.length, 1e-9)
        inside = self.block[self.starts] == self.block[self.neighbour]
        return np.where(inside, 0.0, 1.0) - rate / max(rate.max(initial=0.0), 1e-9)

    def misses(self, zone: np.ndarray) -> float:
        """Sum up by how much the zones miss their bands, in households, and their number by targets of households."""
        weights = np.bincount(zone, self.weight)
        missed = float(misses_of(weights, self.band.low, self.band.high).sum())
        for amounts, each in zip(self.further.T, self.measures, strict=True):
            if each.strength != "may":
                short = misses_of(np.bincount(zone, amounts), each.low, each.high)
                missed += float(short.sum()) / max(each.target, 1) * self.rule[2]
        if self.seeds is not None:
            missed += float(np.abs(np.bincount(zone[self.seeds], minlength=len(weights)) - 1).sum()) * self.rule[2]
        if self.count is not None:
            missed += abs(len(weights) - self.count) * self.rule[2]
        return missed


Borders = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Atoms on both sides (int), length_m (float), rank (int): each border once."""


def make_problem(  # noqa: PLR0913 - one argument an array
    weight: np.ndarray,
    area: np.ndarray,
    perimeter: np.ndarray,
    block: np.ndarray,
    edges: Borders,
    limits: Limits,
    *,
    further: tuple[np.ndarray, tuple[Limits, ...]] | None = None,
    count: int | None = None,
    seeds: np.ndarray | None = None,
    prices: Prices | None = None,
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
    further : array of float, shape (n, q), and q Limits, optional
        What else is counted.
    count : int, optional
        The number of zones asked for.
    seeds : array of int, optional
        Atoms of which each zone holds one; as many as zones.
    prices : Prices, optional

    Returns
    -------
    Problem
    """
    n = len(weight)
    first, second, metres, rank = edges
    start, end = np.concatenate([first, second]), np.concatenate([second, first])
    length = np.concatenate([metres, metres])
    order = np.lexsort((end, start))
    band = _band(int(weight.sum()), limits, count)
    in_block = np.bincount(block, weight)
    whole = (block[start] == block[end]) & (in_block[block[start]] <= limits.high)
    table = np.array([RANK_COST[at] for at in range(8)])
    rate = table[np.concatenate([rank, rank])] * np.where(whole, CUT_BLOCK, 1.0)
    side_m = np.sqrt(area.sum() / band.best)
    amounts, measures = further if further is not None else (np.zeros((n, 0)), ())
    return Problem(
        indptr=np.searchsorted(start[order], np.arange(n + 1)).astype(np.int64),
        neighbour=end[order].astype(np.int64),
        length=length[order],
        cost=(length * rate / side_m)[order],
        weight=weight.astype(np.int64),
        area=area.astype(float),
        rim=np.maximum(perimeter - np.bincount(start, length, minlength=n), 0.0),
        block=block.astype(np.int64),
        limits=limits,
        band=band,
        prices=prices or Prices(miss=MISS_PRICE[limits.strength]),
        further=np.asarray(amounts, dtype=float).reshape(n, len(measures)),
        measures=measures,
        count=count,
        seeds=seeds,
    )


def _band(total: int, limits: Limits, count: int | None) -> Arithmetic:
    if count is None:
        return arithmetic(total, limits.low, limits.high, limits.target)
    return counted(total, limits.low, limits.high, count)


def pieces(problem: Problem, zone: np.ndarray | None = None) -> np.ndarray:
    """Number the connected pieces of an area, or of each of its zones.

    Returns
    -------
    array of int, shape (n,)
    """
    start, end = problem.starts, problem.neighbour
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
    return renumber(zone)


def renumber(zone: np.ndarray) -> np.ndarray:
    """Number zones from 0 without gaps, in the order of their numbers."""
    used = np.bincount(zone) > 0
    return (np.cumsum(used) - 1)[zone]


def subproblem(
    problem: Problem, members: np.ndarray, *, limits: Limits | None = None, count: int | None = None
) -> Problem:
    """Cut some atoms out of a problem; borders with the others become their outline.

    Parameters
    ----------
    problem : Problem
    members : array of int
        Positions of the atoms to keep.
    limits : Limits, optional
        Without them, those of the problem.
    count : int, optional
        The number of zones asked for.

    Returns
    -------
    Problem
    """
    limits = limits or problem.limits
    local = np.full(len(problem), -1)
    local[members] = np.arange(len(members))
    edge, start = problem.edges_of(members)
    end = local[problem.neighbour[edge]]
    lost = end < 0
    kept, start_kept, end_kept = edge[~lost], start[~lost], end[~lost]
    order = np.lexsort((end_kept, start_kept))
    weight = problem.weight[members]
    rim = problem.rim[members] + np.bincount(start[lost], problem.length[edge[lost]], minlength=len(members))
    return replace(
        problem,
        indptr=np.searchsorted(start_kept[order], np.arange(len(members) + 1)).astype(np.int64),
        neighbour=end_kept[order].astype(np.int64),
        length=problem.length[kept][order],
        cost=problem.cost[kept][order],
        weight=weight,
        area=problem.area[members],
        rim=rim,
        block=renumber(problem.block[members]),
        limits=limits,
        band=_band(int(weight.sum()), limits, count),
        further=problem.further[members],
        count=count,
        seeds=None if problem.seeds is None else local[problem.seeds[local[problem.seeds] >= 0]],
    )


def region_of(problem: Problem, region: np.ndarray, count: int | None = None) -> Problem:
    """Cut some whole zones out of a problem, to be divided anew inside its band, into ``count`` if that is given."""
    return replace(subproblem(problem, region), band=problem.band, count=count)


def weigh(problem: Problem, zone: np.ndarray) -> float:
    """Weigh a division: the lower the better; a household outside the band weighs more than any border."""
    p = problem
    return float(
        total_energy(zone, int(zone.max()) + 1, p.indptr, p.neighbour, p.length, p.cost, p.weight, p.area, p.rim,
                     p.rule, p.further, p.further_rules)
    )  # fmt: skip


def contract(problem: Problem, label: np.ndarray) -> Problem:
    """Make one atom of all atoms that carry the same label.

    Parameters
    ----------
    problem : Problem
    label : array of int, shape (n,)
        Numbered from 0 without gaps.

    Returns
    -------
    Problem
        In order of the labels; borders between the same two labels are one.
    """
    count = int(label.max()) + 1
    start, end = label[problem.starts], label[problem.neighbour]
    apart = start != end
    pair, row = np.unique(start[apart] * count + end[apart], return_inverse=True)
    block = np.zeros(count, dtype=np.int64)
    block[label[::-1]] = problem.block[::-1]
    columns = [np.bincount(label, amounts, minlength=count) for amounts in problem.further.T]
    return replace(
        problem,
        indptr=np.searchsorted(pair // count, np.arange(count + 1)).astype(np.int64),
        neighbour=pair % count,
        length=np.bincount(row, problem.length[apart], minlength=len(pair)),
        cost=np.bincount(row, problem.cost[apart], minlength=len(pair)),
        weight=np.bincount(label, problem.weight, minlength=count).astype(np.int64),
        area=np.bincount(label, problem.area, minlength=count),
        rim=np.bincount(label, problem.rim, minlength=count),
        block=block,
        further=np.column_stack(columns) if columns else np.zeros((count, 0)),
        seeds=None if problem.seeds is None else label[problem.seeds],
    )


def whole_blocks(problem: Problem) -> np.ndarray:
    """Label the atoms so that each block that fits into one zone carries one label; other atoms carry their own.

    Returns
    -------
    array of int, shape (n,)
        For ``contract``; a block in several pieces has a label a piece.
    """
    fits = np.bincount(problem.block, problem.weight)[problem.block] <= problem.band.high
    piece = pieces(problem, problem.block)
    return renumber(np.where(fits, piece, piece.max(initial=0) + 1 + np.arange(len(problem))))


def add_edges(problem: Problem, a: int, b: int) -> Problem:
    """Join two atoms by a border of no length and little cost."""
    start = np.concatenate([problem.starts, [a, b]])
    end = np.concatenate([problem.neighbour, [b, a]])
    order = np.lexsort((end, start))
    return replace(
        problem,
        indptr=np.searchsorted(start[order], np.arange(len(problem) + 1)).astype(np.int64),
        neighbour=end[order].astype(np.int64),
        length=np.append(problem.length, [0.0, 0.0])[order],
        cost=np.append(problem.cost, [1e-6, 1e-6])[order],
    )
