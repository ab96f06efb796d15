"""Make the areas of one community keep their bands again, moving few households: borrow, split, merge, cut anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .borrowing import Board, borrow, give_back
from .least_moves import Task
from .problem import pieces
from .recutting import recut

HOPS = 4
"""Most areas in a row that lend to one another."""
PATHS = 10
"""Ways of lending tried for one area."""


@dataclass(frozen=True)
class Tries:
    """How hard to try.

    Parameters
    ----------
    borrows : int
        Choices of atoms tried for one way of lending.
    trees : int
        Random trees for one region.
    same_areas : bool
        No area begins or ends.
    """

    borrows: int = 4
    trees: int = 40
    same_areas: bool = False


def adjust(task: Task, excused: np.ndarray, tries: Tries, seed: int) -> np.ndarray:
    """Change the areas in force until they keep their bands.

    Parameters
    ----------
    task : Task
    excused : array of bool, shape (k,)
        Areas of which it is known that they cannot keep theirs, or that are to stay.
    tries : Tries
    seed : int

    Returns
    -------
    array of int, shape (n,)
        The area of each atom, new ones from k on; the areas that cannot be mended are left as they are.
    """
    zone = task.start.copy()
    given_up = {int(z) for z in np.flatnonzero(excused)}
    for _ in range(4 * task.count + 8):
        bad = [z for z in np.flatnonzero(task.bad(zone)).tolist() if z not in given_up]
        if not bad:
            break
        found = _best(task, zone, _mends(task, zone, bad[0], tries, seed), tries)
        if found is None:
            found = _best(task, zone, _wide_mends(task, zone, bad[0], tries, seed), tries)
        if found is None:
            given_up.add(bad[0])
        else:
            zone = found
    return zone


def key_of(task: Task, zone: np.ndarray) -> tuple[int, int, int]:
    """Rank a division: areas outside their bands, households moved, atoms moved."""
    return int(task.bad(zone).sum()), task.moved(zone), int((zone != task.start).sum())


def _best(task: Task, zone: np.ndarray, offers: Iterator[np.ndarray], tries: Tries) -> np.ndarray | None:
    """Choose the offer that leaves fewer areas outside and moves the fewest."""
    best, best_key = None, (int(task.bad(zone).sum()), -1, 0)
    for offer in offers:
        if tries.same_areas and not _same_areas(task, offer):
            continue
        key = key_of(task, offer)
        if key[0] < best_key[0] or (best is not None and key < best_key):
            best, best_key = offer, key
    return best


def _same_areas(task: Task, zone: np.ndarray) -> bool:
    return int(zone.max()) < task.count and len(np.unique(zone)) == len(np.unique(task.start))


def _trim(task: Task, zone: np.ndarray) -> np.ndarray:
    """Give back what is not needed."""
    board = Board(task, zone)
    give_back(board)
    return board.zone


def _mends(task: Task, zone: np.ndarray, z: int, tries: Tries, seed: int) -> Iterator[np.ndarray]:
    """Offer the small changes that mend one area."""
    board = Board(task, zone)
    for path in _paths(board, z):
        for turn in range(tries.borrows):
            chance = None if turn == 0 else np.random.default_rng([seed, turn, z])
            lent = Board(task, zone)
            if _lend(lent, path, chance):
                give_back(lent)
                yield lent.zone
    if board.need(z) < 0:
        yield from _merges(task, zone, z, board)
    if board.need(z) > 0:
        for made in recut(task, zone, [z], seed, tries.trees)[:4]:
            yield _trim(task, made)


def _wide_mends(task: Task, zone: np.ndarray, z: int, tries: Tries, seed: int) -> Iterator[np.ndarray]:
    """Offer to cut an area anew together with its neighbours: one, two, all of them."""
    near = Board(task, zone).neighbours(z)
    regions = [[z, other] for other in near] + [[z, *near[at : at + 2]] for at in range(len(near) - 1)] + [[z, *near]]
    for region in dict.fromkeys(tuple(sorted(each)) for each in regions):
        if pieces_of(task, zone, list(region)) > 1:
            continue
        for made in recut(task, zone, list(region), seed, tries.trees)[:2]:
            yield _trim(task, made)


def pieces_of(task: Task, zone: np.ndarray, chosen: list[int]) -> int:
    """Count the pieces that some zones are in together."""
    inside = np.isin(zone, chosen)
    return len(np.unique(pieces(task.problem, inside.astype(np.int64))[inside]))


def _merges(task: Task, zone: np.ndarray, z: int, board: Board) -> Iterator[np.ndarray]:
    """Offer to join an area to a neighbour; the one with more households keeps its name."""
    settled = np.bincount(zone, task.settled, minlength=board.size)
    for other in board.neighbours(z):
        if (board.held[:, z] + board.held[:, other] > board.high[:, 0]).any():
            continue
        kept, gone = (z, other) if settled[z] > settled[other] else (other, z)
        if not task.fixed[zone == gone].any():
            yield np.where(zone == gone, kept, zone)


def _paths(board: Board, z: int) -> list[list[int]]:
    """List ways from an area over its neighbours to one that can take or give what it needs, the shortest first."""
    need = board.need(z)
    found: list[list[int]] = []
    queue = [[z]]
    near: dict[int, list[int]] = {}
    while queue and len(found) < PATHS:
        path = queue.pop(0)
        last = path[-1]
        held = board.held[0, last]
        room = board.high[0, 0] - held if need > 0 else held - board.low[0, 0]
        if len(path) > 1 and room > 0:
            found.append(path)
        if len(path) <= HOPS:
            near.setdefault(last, board.neighbours(last))
            queue += [[*path, other] for other in near[last] if other not in path]
    return found


def _lend(board: Board, path: list[int], chance: np.random.Generator | None) -> bool:
    """Pass what the first area of a way needs along it; tell whether something moved all the way."""
    out = board.need(path[0]) > 0
    for giver, taker in pairwise(path):
        source, to = (giver, taker) if out else (taker, giver)
        need = abs(board.need(giver))
        if need <= 0:
            return True
        last = board.held[0, taker]
        if taker == path[-1]:
            need = min(need, board.high[0, 0] - last if out else last - board.low[0, 0])
        if borrow(board, source, to, need, chance) <= 0:
            return False
    return True
