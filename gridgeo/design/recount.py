"""Bring a division to the number of areas that was asked for, where the search ended with another."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order

from .problem import Problem, renumber


def reach_count(problem: Problem, zone: np.ndarray) -> np.ndarray:
    """Halve the zones that hold most, or join those that hold least, until there are as many as were asked for.

    Parameters
    ----------
    problem : Problem
        Connected; without ``count`` the division is left as it is.
    zone : array of int, shape (n,)
        In one piece each.

    Returns
    -------
    array of int, shape (n,)
        In one piece each; as many as there are atoms at the most.
    """
    if problem.count is None or problem.seeds is not None:
        return zone
    zone = renumber(zone)
    wanted = min(problem.count, len(problem))
    for made in range(int(zone.max()) + 1, wanted):
        held = np.where(np.bincount(zone) > 1, np.bincount(zone, problem.weight), -1)
        zone[_half(problem, np.flatnonzero(zone == int(np.argmax(held))))] = made
    while int(zone.max()) + 1 > wanted:
        held = np.bincount(zone, problem.weight)
        first, second = zone[problem.starts], zone[problem.neighbour]
        apart = first != second
        if not apart.any():
            break
        a, b = first[apart], second[apart]
        at = int(np.lexsort((b, a, held[a] + held[b]))[0])
        zone = renumber(np.where(zone == a[at], b[at], zone))
    return zone


def _half(problem: Problem, members: np.ndarray) -> np.ndarray:
    """Choose a connected part of a zone that leaves the rest connected, as near to half of it as its tree allows."""
    local = np.full(len(problem), -1)
    local[members] = np.arange(len(members))
    inside = (local[problem.starts] >= 0) & (local[problem.neighbour] >= 0)
    ends = local[problem.starts[inside]], local[problem.neighbour[inside]]
    graph = coo_array((np.ones(int(inside.sum())), ends), shape=(len(members), len(members))).tocsr()
    order, up = breadth_first_order(graph, 0, directed=False)
    below = problem.weight[members].astype(np.int64)
    for at in order[:0:-1].tolist():
        below[up[at]] += below[at]
    cut = int(min(order[1:].tolist(), key=lambda at: (abs(2 * below[at] - below[0]), at)))
    chosen = np.zeros(len(members), dtype=bool)
    chosen[cut] = True
    for at in order[1:].tolist():
        chosen[at] |= chosen[up[at]]
    return np.asarray(members[chosen])
