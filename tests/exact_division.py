"""Divide small areas exactly, by means that share nothing with the solver they judge.

Three formulations, all for HiGHS (``scipy.optimize.milp``): a cover of the atoms by connected groups that are all
listed beforehand; a forest in which every zone sends its households to its root; and atoms assigned to roots, where a
zone in several pieces is cut off as it comes. The first is quick where zones hold few atoms, the second where they hold
many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array, csc_array

INFEASIBLE, OPTIMAL = 2, 0
Row = tuple[dict[int, float], float, float]
"""A constraint: its columns and their factors, and between what their sum must lie."""


class TooLargeError(Exception):
    """A case that the formulation cannot decide within its limits: neither feasible nor infeasible."""


@dataclass(frozen=True)
class Case:
    """A connected graph to divide into connected groups.

    Parameters
    ----------
    weights : array of int, shape (n,)
    edges : array of int, shape (m, 2)
        Each border once.
    costs : array of float, shape (m,)
        What it costs when a border's atoms belong to different groups.
    low, high : int
        What a group may weigh; both ends belong to the band.
    """

    weights: np.ndarray
    edges: np.ndarray
    costs: np.ndarray
    low: int
    high: int

    def __len__(self) -> int:
        """Count the atoms."""
        return len(self.weights)

    def near(self) -> list[int]:
        """Give the neighbours of each atom as a set of bits."""
        near = [0] * len(self)
        for a, b in self.edges.tolist():
            near[a] |= 1 << b
            near[b] |= 1 << a
        return near

    def cut_cost(self, zone: np.ndarray) -> float:
        """Sum up what the borders between groups cost."""
        return float(self.costs[zone[self.edges[:, 0]] != zone[self.edges[:, 1]]].sum())


def keeps_band(case: Case, zone: np.ndarray) -> bool:
    """Tell whether every zone is in one piece and inside the band."""
    near = case.near()
    for name in np.unique(zone):
        members = np.flatnonzero(zone == name).tolist()
        if not case.low <= int(case.weights[members].sum()) <= case.high:
            return False
        group = sum(1 << atom for atom in members)
        if _reached(near, members[0], group) != group:
            return False
    return True


def _bits(group: int) -> list[int]:
    found = []
    while group:
        lowest = group & -group
        found.append(lowest.bit_length() - 1)
        group ^= lowest
    return found


def _reached(near: list[int], start: int, within: int) -> int:
    """Collect what can be reached from an atom inside a group."""
    seen = edge = 1 << start
    while edge:
        grown = 0
        for atom in _bits(edge):
            grown |= near[atom]
        edge = grown & within & ~seen
        seen |= edge
    return seen


def list_groups(case: Case, *, holding: int | None = None, most: int = 1_000_000) -> list[int]:
    """List every connected group of atoms inside the band, as sets of bits, each once.

    Parameters
    ----------
    case : Case
    holding : int, optional
        Only the groups with this atom.
    most : int
        Connected groups to look at, lighter ones included, before giving up.

    Raises
    ------
    TooLargeError
        If there are more.
    """
    near, weights = case.near(), case.weights.tolist()
    found: list[int] = []
    looked = 0
    for root in range(len(case)) if holding is None else [holding]:
        barred = (1 << root) - 1 if holding is None else 0
        stack = [(1 << root, weights[root], near[root] & ~barred, barred | 1 << root)]
        while stack:
            group, weight, choice, done = stack.pop()
            if weight > case.high:
                continue
            looked += 1
            if looked > most:
                raise TooLargeError(f"more than {most} connected groups weigh at most {case.high}")
            if weight >= case.low:
                found.append(group)
            # Each neighbour is either taken now, or never again below here: so no group is met twice.
            for atom in _bits(choice & ~done):
                done |= 1 << atom
                if weight + weights[atom] <= case.high:
                    stack.append((group | 1 << atom, weight + weights[atom], (choice | near[atom]) & ~done, done))
    return found


def members_of(groups: list[int], count: int) -> np.ndarray:
    """Spread sets of bits out: array of bool, shape (groups, atoms); at most 64 atoms."""
    return (np.array(groups, dtype=np.uint64)[:, None] >> np.arange(count, dtype=np.uint64)) & np.uint64(1) > 0


def price_by_cuts(case: Case, groups: list[int]) -> np.ndarray:
    """Charge each group half of what its outer borders cost."""
    member = members_of(groups, len(case))
    prices = np.zeros(len(groups))
    for (a, b), cost in zip(case.edges.tolist(), case.costs.tolist(), strict=True):
        prices += cost / 2 * (member[:, a] != member[:, b])
    return prices


def cover_by_groups(case: Case, groups: list[int], prices: np.ndarray, *, seconds: float = 60.0) -> np.ndarray | None:
    """Choose the cheapest groups that hold each atom exactly once.

    Returns
    -------
    array of int, shape (n,), or None
        The group of each atom; None where no choice holds each atom once.

    Raises
    ------
    TooLargeError
        If the solver's time is over.
    """
    if not groups:
        return None
    rows = [_bits(group) for group in groups]
    sizes = np.array([len(row) for row in rows])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    table = csc_array((np.ones(starts[-1]), np.concatenate(rows), starts), shape=(len(case), len(groups)))
    answer = milp(
        prices,
        constraints=LinearConstraint(table, 1, 1),
        integrality=np.ones(len(groups)),
        bounds=Bounds(0, 1),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if not _is_solved(answer):
        return None
    zone = np.full(len(case), -1)
    for name, at in enumerate(np.flatnonzero(answer.x > 0.5).tolist()):
        zone[rows[at]] = name
    return zone


def _is_solved(answer: OptimizeResult) -> bool:
    if answer.status == INFEASIBLE:
        return False
    if answer.status != OPTIMAL:
        raise TooLargeError(f"HiGHS ended without an answer: {answer.message}")
    return True


def divide_by_groups(
    case: Case,
    price: Callable[[Case, list[int]], np.ndarray] | None = price_by_cuts,
    *,
    most: int = 1_000_000,
    seconds: float = 60.0,
) -> np.ndarray | None:
    """Divide at the lowest price by listing every group; with ``price=None`` any division will do.

    Raises
    ------
    TooLargeError
        If the groups are too many, or the solver's time is over.
    """
    groups = list_groups(case, most=most)
    prices = np.zeros(len(groups)) if price is None else price(case, groups)
    return cover_by_groups(case, groups, prices, seconds=seconds)


def divide_by_forest(case: Case, *, seconds: float = 60.0) -> np.ndarray | None:
    """Divide, at whatever price, by a forest: each atom has one parent or is a root, and sends its weight to the root.

    Raises
    ------
    TooLargeError
        If the solver's time is over.
    """
    count, arcs = len(case), np.concatenate([case.edges, case.edges[:, ::-1]])
    many = len(arcs)
    # Without weight of its own an atom could be its own ancestor; half a household for all atoms together breaks no
    # band of whole numbers.
    weights = case.weights + 0.5 / count
    child, parent, each = arcs[:, 0], arcs[:, 1], np.arange(many)
    # Columns: is parent (arcs), is root (atoms), flow (arcs), what arrives at a root (atoms).
    wide = 2 * (many + count)
    one_parent = coo_array(
        (np.ones(many + count), (np.concatenate([child, np.arange(count)]), np.arange(many + count))), (count, wide)
    )
    flow, arrives = many + count + each, 2 * many + count + np.arange(count)
    sent = coo_array(
        (
            np.concatenate([np.ones(many), -np.ones(many), np.ones(count)]),
            (np.concatenate([child, parent, np.arange(count)]), np.concatenate([flow, flow, arrives])),
        ),
        (count, wide),
    )
    most = case.high + 0.5
    along = coo_array(
        (np.concatenate([np.ones(many), np.full(many, -most)]), (np.tile(each, 2), np.concatenate([flow, each]))),
        (many, wide),
    )
    root = many + np.arange(count)
    kept = [
        coo_array(
            (np.concatenate([np.ones(count), np.full(count, -bound)]),
             (np.tile(np.arange(count), 2), np.concatenate([arrives, root]))), (count, wide),
        )
        for bound in (float(case.low), most)
    ]  # fmt: skip
    limits = [
        LinearConstraint(one_parent.tocsc(), 1, 1),
        LinearConstraint(sent.tocsc(), weights, weights),
        LinearConstraint(along.tocsc(), -np.inf, 0),
        LinearConstraint(kept[0].tocsc(), 0, np.inf),
        LinearConstraint(kept[1].tocsc(), -np.inf, 0),
    ]
    whole = np.concatenate([np.ones(many + count), np.zeros(many + count)])
    upper = np.where(whole > 0, 1.0, np.inf)
    answer = milp(
        np.zeros(wide), constraints=limits, integrality=whole, bounds=Bounds(0, upper), options={"time_limit": seconds}
    )
    if not _is_solved(answer):
        return None
    up = np.arange(count)
    taken = answer.x[:many] > 0.5
    up[child[taken]] = parent[taken]
    for _ in range(count):
        up = up[up]
    return np.unique(up, return_inverse=True)[1]


def divide_by_cuts(case: Case, *, seconds: float = 60.0) -> np.ndarray | None:
    """Divide at the lowest cut cost by assigning atoms to roots; whatever comes in pieces is forbidden and asked again.

    Raises
    ------
    TooLargeError
        If the solver's time is over.
    """
    count, near = len(case), case.near()
    # A zone's root is its first atom, so that a division has one name only.
    pairs = [(atom, root) for root in range(count) for atom in range(root, count)]
    at = {pair: column for column, pair in enumerate(pairs)}
    cut = len(pairs)
    wide = cut + len(case.edges)
    rows: list[Row] = [({at[atom, root]: 1.0 for root in range(atom + 1)}, 1, 1) for atom in range(count)]
    for root in range(count):
        held = {at[atom, root]: float(case.weights[atom]) for atom in range(root, count)}
        own = at[root, root]
        rows.append(({**held, own: held[own] - case.low}, 0, np.inf))
        rows.append(({**held, own: held[own] - case.high}, -np.inf, 0))
        rows += [({at[atom, root]: 1.0, own: -1.0}, -np.inf, 0) for atom in range(root + 1, count)]
    for edge, (a, b) in enumerate(case.edges.tolist()):
        for one, other in ((a, b), (b, a)):
            for root in range(one + 1):
                row = {at[one, root]: 1.0, cut + edge: -1.0}
                if root <= other:
                    row[at[other, root]] = -1.0
                rows.append((row, -np.inf, 0))
    price = np.concatenate([np.zeros(cut), case.costs])
    whole = np.concatenate([np.ones(cut), np.zeros(len(case.edges))])
    while True:
        answer = milp(
            price, constraints=_constraint(rows, wide), integrality=whole, bounds=Bounds(0, 1),
            options={"time_limit": seconds, "mip_rel_gap": 0.0},
        )  # fmt: skip
        if not _is_solved(answer):
            return None
        zone = np.array([max(range(atom + 1), key=lambda root: answer.x[at[atom, root]]) for atom in range(count)])
        broken = _pieces_off(near, zone)
        if not broken:
            return np.unique(zone, return_inverse=True)[1]
        rows += [row for root, piece in broken for row in _cut_off(near, at, root, piece)]


def _constraint(rows: list[Row], wide: int) -> LinearConstraint:
    where = [(line, column, value) for line, (row, _, _) in enumerate(rows) for column, value in row.items()]
    line, column, value = (np.array(each) for each in zip(*where, strict=True))
    table = coo_array((value, (line, column)), shape=(len(rows), wide))
    return LinearConstraint(table.tocsc(), [row[1] for row in rows], [row[2] for row in rows])


def _pieces_off(near: list[int], zone: np.ndarray) -> list[tuple[int, int]]:
    """Find the pieces of zones that hold no root of theirs."""
    broken = []
    for root in np.unique(zone).tolist():
        left = sum(1 << atom for atom in np.flatnonzero(zone == root).tolist())
        left &= ~_reached(near, root, left)
        while left:
            piece = _reached(near, _bits(left)[0], left)
            broken.append((root, piece))
            left &= ~piece
    return broken


def _cut_off(near: list[int], at: dict[tuple[int, int], int], root: int, piece: int) -> list[Row]:
    """Say that an atom of a piece belongs to a root only if an atom around the piece does, too."""
    around = 0
    inside = _bits(piece)
    for atom in inside:
        around |= near[atom]
    wall = {at[atom, root]: -1.0 for atom in _bits(around & ~piece) if atom >= root}
    return [({**wall, at[atom, root]: 1.0}, -np.inf, 0) for atom in inside]
