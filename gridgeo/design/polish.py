"""Divide neighbourhoods of a few zones anew, each exactly, until none can be bettered."""

from __future__ import annotations

import numpy as np

from .exact import divide_exactly
from .problem import Problem, region_of, renumber, weigh


def polish(problem: Problem, zone: np.ndarray, atoms: int, groups: int, passes: int) -> np.ndarray:
    """Divide each zone and its neighbours anew where they are few atoms.

    Parameters
    ----------
    problem : Problem
    zone : array of int, shape (n,)
        In one piece each.
    atoms : int
        Most atoms of a neighbourhood.
    groups : int
        Most connected groups to list for one.
    passes : int
        How often each zone is looked at.

    Returns
    -------
    array of int, shape (n,)
        The same, or one that weighs less; its number of zones may differ.
    """
    if problem.count is not None:
        return zone
    zone = zone.copy()
    seen: set[bytes] = set()
    for _ in range(passes):
        better = False
        for first in np.sort(np.unique(zone, return_index=True)[1]).tolist():
            region = _neighbourhood(problem, zone, int(zone[first]), atoms)
            key = region.tobytes() + zone[region].tobytes()
            if key in seen:
                continue
            seen.add(key)
            found = divide_region(problem, zone, region, groups)
            if found is not None:
                zone[region] = int(zone.max()) + 1 + found
                zone, better = renumber(zone), True
        if not better:
            break
    return renumber(zone)


def divide_region(problem: Problem, zone: np.ndarray, region: np.ndarray, groups: int) -> np.ndarray | None:
    """Divide some whole zones exactly anew; None where that weighs no less, or cannot be listed."""
    part = region_of(problem, region)
    now = renumber(zone[region])
    only_band = part.misses(now) == 0
    return divide_exactly(part, groups, best=weigh(part, now), only_band=only_band)


def _neighbourhood(problem: Problem, zone: np.ndarray, z: int, atoms: int) -> np.ndarray:
    """Choose a zone and the neighbours that it has the longest borders with, as many as fit."""
    edge, _ = problem.edges_of(np.flatnonzero(zone == z))
    edge = edge[zone[problem.neighbour[edge]] != z]
    metres = np.bincount(zone[problem.neighbour[edge]], problem.length[edge])
    size = np.bincount(zone)
    chosen, used = np.arange(len(size)) == z, int(size[z])
    for other in np.argsort(-metres, kind="stable").tolist():
        if metres[other] <= 0:
            break
        if used + size[other] <= atoms:
            chosen[other] = True
            used += int(size[other])
    return np.flatnonzero(chosen[zone])
