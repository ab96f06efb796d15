"""Let areas borrow border atoms from their neighbours, and give back what is not needed."""

from __future__ import annotations

import numpy as np

from .least_moves import Task
from .move_kernels import stays_whole
from .problem import pieces, subproblem


class Board:
    """A division under change: who owns each atom, and what each area holds.

    Parameters
    ----------
    task : Task
    zone : array of int, shape (n,)
        Every zone in one piece.
    """

    def __init__(self, task: Task, zone: np.ndarray) -> None:
        self.task, self.zone = task, zone.copy()
        self.size = max(int(zone.max()) + 1, task.count) + 1
        self.held = np.array([np.bincount(self.zone, band.amounts, minlength=self.size) for band in task.bands])
        self.low = np.array([[band.low] for band in task.bands])
        self.high = np.array([[band.high] for band in task.bands])
        firm = [bool(task.fixed[self.zone == z].all()) for z in range(self.size)]
        self.closed = np.array(firm) & (np.bincount(self.zone, minlength=self.size) > 0)
        self._mark = np.zeros(len(zone), dtype=np.int64)
        self._queue = np.zeros(len(zone), dtype=np.int64)
        self._stamp = 10

    def misses(self, held: np.ndarray) -> float:
        """Sum up by how much amounts miss their bands, each as a share of the band's upper end."""
        short = np.maximum(self.low - held, 0) + np.maximum(held - self.high, 0)
        return float((short / np.maximum(self.high, 1)).sum())

    def may_leave(self, atoms: np.ndarray) -> bool:
        """Tell whether the zone of some atoms, all of one, stays in one piece and not empty without them."""
        p = self.task.problem
        self._stamp += 4
        return bool(
            stays_whole(self.zone, self.zone[atoms[0]], atoms, len(atoms), p.indptr, p.neighbour, self._mark,
                        self._stamp, self._queue)
        )  # fmt: skip

    def move(self, atoms: np.ndarray, to: int) -> None:
        """Give some atoms of one zone to another."""
        source = int(self.zone[atoms[0]])
        for row, band in enumerate(self.task.bands):
            amount = band.amounts[atoms].sum()
            self.held[row, source] -= amount
            self.held[row, to] += amount
        self.zone[atoms] = to

    def border(self, source: int, to: int) -> np.ndarray:
        """List the atoms of a zone that touch another."""
        p = self.task.problem
        edge, _ = p.edges_of(np.flatnonzero(self.zone == to))
        ends = np.unique(p.neighbour[edge])
        return ends[(self.zone[ends] == source) & ~self.task.fixed[ends]]

    def neighbours(self, z: int) -> list[int]:
        """List the zones that touch one, the longest border first; those that stay as they are left out."""
        p = self.task.problem
        edge, _ = p.edges_of(np.flatnonzero(self.zone == z))
        other = self.zone[p.neighbour[edge]]
        metres = np.bincount(other, p.length[edge] + 1e-6, minlength=self.size)
        metres[z] = 0
        metres[self.closed] = 0
        return [int(each) for each in np.argsort(-metres, kind="stable") if metres[each] > 0]

    def need(self, z: int) -> float:
        """Tell how much a zone holds above its main band, or lacks (below 0)."""
        held = self.held[0, z]
        return float(max(held - self.high[0, 0], 0) - max(self.low[0, 0] - held, 0))


def borrow(board: Board, source: int, to: int, need: float, chance: np.random.Generator | None) -> float:
    """Move atoms from one zone to its neighbour until as much as needed has moved; the cheapest in households first.

    Returns
    -------
    float
        What moved of the main measure.
    """
    task, done = board.task, 0.0
    amounts, settled = task.bands[0].amounts, task.settled
    while done < need:
        edge = board.border(source, to)
        if not len(edge):
            break
        home = (task.start[edge] == to) | (task.start[edge] < 0)
        away = np.where(home, 0, settled[edge]) - np.where(task.start[edge] == source, 0, settled[edge] * ~home)
        left = need - done
        price = (away + 0.5) * np.maximum(left / np.maximum(amounts[edge], 0.1), 1.0)
        price += 0.02 * np.maximum(amounts[edge] - left, 0.0)
        if chance is not None:
            price *= chance.uniform(0.5, 1.5, len(edge))
        taken = None
        for at in np.argsort(price, kind="stable").tolist():
            group = edge[at : at + 1]
            if not board.may_leave(group):
                group = _with_loose(board, int(edge[at]))
                if amounts[group].sum() > 1.5 * left + amounts[edge[at]] or task.fixed[group].any():
                    continue
            taken = group
            break
        if taken is None or len(taken) >= int((board.zone == source).sum()):
            break
        done += float(amounts[taken].sum())
        board.move(taken, to)
    return done


def _with_loose(board: Board, atom: int) -> np.ndarray:
    """Give an atom with what would hang loose without it: all pieces of its zone but the largest."""
    members = np.flatnonzero((board.zone == board.zone[atom]) & (np.arange(len(board.zone)) != atom))
    if not len(members):
        return np.array([atom])
    piece = pieces(subproblem(board.task.problem, members))
    weight = np.bincount(piece, board.task.settled[members] + 1e-3)
    return np.sort(np.append(members[piece != np.argmax(weight)], atom))


def give_back(board: Board) -> None:
    """Return atoms to the area they were in, the most households first, wherever the bands are kept as well."""
    task = board.task
    start, settled = task.start, task.settled
    for _ in range(len(start)):
        away = np.flatnonzero((board.zone != start) & (start >= 0))
        away = away[np.lexsort((away, -settled[away]))]
        changed = False
        for v in away.tolist():
            home, now = int(start[v]), int(board.zone[v])
            near = task.problem.neighbour[task.problem.indptr[v] : task.problem.indptr[v + 1]]
            if not (board.zone[near] == home).any():
                continue
            amounts = np.array([band.amounts[v] for band in task.bands])[:, None]
            before = board.held[:, [home, now]]
            after = before + amounts * np.array([[1, -1]])
            if board.misses(after) > board.misses(before) + 1e-9 or not board.may_leave(np.array([v])):
                continue
            board.move(np.array([v]), home)
            changed = True
        if not changed:
            return
