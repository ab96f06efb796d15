"""Prove how many households have to move at least, before every area of a community keeps its band.

An integer program decides which atoms leave their area and how much each area takes in. Where they go atom by atom,
and that areas are in one piece, is mostly left out: what is left out makes the answer smaller, never larger.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from .least_moves import Task
from .problem import pieces

MOST_NEW = 60
"""Most areas that may be added."""
ROUNDS = 2
"""How often atoms that would leave from the inside of an area are told that they cannot leave alone."""
NODES = 1
"""Branches that one program may try."""

GROWN = 0.04
"""From this share of an area's upper limit on, what came new in one atom is followed to where it goes."""
BARRED = 1e9
"""No way: it would lead through atoms that stay."""

Row = tuple[np.ndarray, np.ndarray, float, float]


def least_moved(task: Task, excused: np.ndarray, rounds: int = ROUNDS) -> int:
    """Find a number of households that every division inside the bands moves at least.

    Parameters
    ----------
    task : Task
    excused : array of bool, shape (k,)
        Areas that may miss their band, or end, or take in what they like.
    rounds : int

    Returns
    -------
    int, households
    """
    if not (task.bad(task.start)[: task.count] & ~excused).any():
        return 0
    program = _Leaving(task, excused)
    best = 0
    for _ in range(max(rounds, 1)):
        answer = program.solve()
        if answer.mip_dual_bound is None or answer.x is None:
            break
        best = max(best, int(np.ceil(answer.mip_dual_bound - 1e-4)))
        if not program.cut(answer.x[: len(task.problem)] > 0.5):
            break
    return best


class _Leaving:
    """The integer program.

    Columns: whether each atom leaves, whether each area goes on, how many are new, what passes from area to area, and
    where each atom goes that grew by much.
    """

    def __init__(self, task: Task, excused: np.ndarray) -> None:
        self.task, n, k = task, len(task.problem), task.count
        self.rows: list[Row] = []
        self.open, self.number = n + np.arange(k), n + k
        # What passes from an area, or from none (the last row), to another, or to new ones (the last column).
        self.flow = n + k + 1 + np.arange((k + 1) * (k + 1)).reshape(k + 1, k + 1)
        self.size = int(self.flow[-1, -1]) + 1
        self.main = task.bands[0]
        for z in range(k):
            self._area(z, bool(excused[z]))
        self._pass_on()
        self._from_within()
        if task.growth_pays:
            self._grown()

    def _area(self, z: int, excused: bool) -> None:
        """An area that goes on keeps its band with what it takes in; one that ends is left by all."""
        own = np.flatnonzero(self.task.start == z)
        held, total = self.main.amounts[own].sum(), self.main.amounts.sum()
        if excused:
            return
        columns = np.concatenate([own, self.flow[:, z], [self.open[z]]])
        for end, low, high in ((self.main.low, -held, np.inf), (min(self.main.high, total), -np.inf, -held)):
            factors = np.concatenate([-self.main.amounts[own], np.ones(len(self.flow)), [-end]])
            self.rows.append((columns, factors, low, high))
        self.rows.append((np.append(own, self.open[z]), np.append(np.ones(len(own)), len(own)), len(own), np.inf))

    def _pass_on(self) -> None:
        """What leaves an area goes to others or to new ones, and new ones keep the band."""
        k, main = self.task.count, self.main
        for z in range(k + 1):
            own = np.flatnonzero(self.task.start == (z if z < k else -1))
            columns = np.append(own, self.flow[z])
            factors = np.append(main.amounts[own], -np.ones(k + 1))
            self.rows.append((columns, factors, 0, 0))
        columns = np.append(self.flow[:, k], self.number)
        for end, low, high in ((main.low, 0, np.inf), (min(main.high, main.amounts.sum()), -np.inf, 0)):
            self.rows.append((columns, np.append(np.ones(k + 1), -end), low, high))

    def _grown(self) -> None:
        """An atom that grew by much goes as a whole: over atoms that all go with it, or into a new area around it."""
        task, main, k = self.task, self.main, self.task.count
        grown = np.where(task.start >= 0, main.amounts - task.settled, main.amounts)
        heavy = np.flatnonzero((grown >= GROWN * min(main.high, main.amounts.sum())) & (task.start >= 0) & ~task.fixed)
        carried: dict[tuple[int, int], list[tuple[int, float]]] = {}
        for t in heavy.tolist():
            way = dijkstra(task.links, indices=t) + task.settled[t]
            home, choices = int(task.start[t]), []
            for c in [*range(k), k]:
                if c == home:
                    continue
                own = task.start == c if c < k else np.zeros(len(way), dtype=bool)
                # The last atom of a way is the area's own and stays.
                price = (way - task.settled)[own].min(initial=np.inf) if c < k else self._around(way, grown)
                if not np.isfinite(price) or price >= BARRED:
                    continue
                column = self.size
                self.size += 1
                choices.append(column)
                carried.setdefault((home, c), []).append((column, float(main.amounts[t])))
                near = self._ball(way, float(price)) & ~own
                atoms = np.flatnonzero(near & (task.start >= 0))
                price = max(float(price) - 0.01, 0.0)
                self.rows.append((np.append(atoms, column), np.append(task.settled[atoms], -price), 0, np.inf))
            self.rows.append((np.append(choices, t).astype(int), np.append(np.ones(len(choices)), -1.0), 0, 0))
        for (home, c), whole in carried.items():
            columns = np.array([self.flow[home, c], *[column for column, _ in whole]])
            self.rows.append((columns, np.array([1.0, *[-amount for _, amount in whole]]), 0, np.inf))

    def _around(self, way: np.ndarray, grown: np.ndarray) -> float:
        """Tell how many households a new area with an atom takes along at least."""
        order = np.argsort(way, kind="stable")
        least = np.maximum(way[order], self.main.low - np.cumsum(np.maximum(grown[order], 0)))
        return float(least[np.isfinite(least)].min())

    def _ball(self, way: np.ndarray, most: float) -> np.ndarray:
        """Mark the atoms that are no farther, in households, and those next to them."""
        p = self.task.problem
        near = way <= most
        near[p.neighbour[near[p.starts]]] = True
        return near

    def _from_within(self) -> None:
        """An atom too light for an area of its own leaves with a neighbour, or to a neighbouring area."""
        task, p = self.task, self.task.problem
        inner = np.bincount(p.starts, task.start[p.starts] != task.start[p.neighbour], minlength=len(p)) == 0
        light = task.bands[0].amounts < task.bands[0].low
        for v in np.flatnonzero(inner & light & (task.settled > 0)).tolist():
            near = p.neighbour[p.indptr[v] : p.indptr[v + 1]]
            self.rows.append((np.append(near, v), np.append(np.ones(len(near)), -1.0), 0, np.inf))

    def cut(self, leaves: np.ndarray) -> bool:
        """Tell atoms that leave from within an area, together too light for one, that they cannot; False if none do."""
        task, p = self.task, self.task.problem
        label = np.where(leaves, task.count, task.start)
        piece = pieces(p, label)
        held = np.bincount(piece, task.bands[0].amounts)
        strange = leaves[p.starts] & ~leaves[p.neighbour] & (task.start[p.starts] != task.start[p.neighbour])
        mixed = leaves[p.starts] & leaves[p.neighbour] & (task.start[p.starts] != task.start[p.neighbour])
        outer = np.bincount(piece[p.starts], strange | mixed, minlength=len(held)) > 0
        from_elsewhere = np.bincount(piece, task.start < 0, minlength=len(held)) > 0
        there = np.bincount(piece, leaves, minlength=len(held)) > 0
        inside = np.flatnonzero(there & ~outer & ~from_elsewhere & (held < task.bands[0].low))
        for each in inside.tolist():
            members = np.flatnonzero(piece == each)
            edge, _ = p.edges_of(members)
            around = np.setdiff1d(p.neighbour[edge], members)
            for v in members[task.bands[0].amounts[members] > 0].tolist():
                self.rows.append((np.append(around, v), np.append(np.ones(len(around)), -1.0), 0, np.inf))
        return len(inside) > 0

    def solve(self) -> OptimizeResult:
        """Ask HiGHS."""
        task, n = self.task, len(self.task.problem)
        low, high = np.zeros(self.size), np.ones(self.size)
        high[self.flow] = float(self.main.amounts.sum())
        high[np.diag(self.flow)[:-1]] = 0
        high[self.number] = MOST_NEW
        low[:n][task.start < 0] = 1
        high[:n][task.fixed & (task.start >= 0)] = 0
        kept = np.unique(task.start[task.fixed & (task.start >= 0)])
        low[self.open[kept]] = 1
        price = np.zeros(self.size)
        price[:n] = np.where(task.start >= 0, task.settled, 0)
        whole = np.ones(self.size)
        whole[self.flow] = 0
        counts = [len(row[0]) for row in self.rows]
        places = (np.repeat(np.arange(len(self.rows)), counts), np.concatenate([row[0] for row in self.rows]))
        matrix = coo_array((np.concatenate([row[1] for row in self.rows]), places), shape=(len(self.rows), self.size))
        limits = LinearConstraint(matrix.tocsr(), [row[2] for row in self.rows], [row[3] for row in self.rows])
        options = {"node_limit": NODES, "mip_rel_gap": 0.02}
        return milp(price, integrality=whole, bounds=Bounds(low, high), constraints=limits, options=options)
