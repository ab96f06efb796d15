"""Say what makes a band impossible to keep, and what would do: never a silent violation, never a false certificate."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from gridgeo.model.profile import Limits

from .problem import Problem


@dataclass(frozen=True)
class Certificate:
    """One reason why an area cannot be divided as its limits ask.

    Parameters
    ----------
    reason : str
        ``total``: no number of areas fits the households. ``atom_over_max``: an atom alone holds more than an area may.
        ``dead_atom``: every connected group that holds this atom and keeps the upper limit stays below the lower one.
        ``component``: pieces that do not touch the rest of the community are too small for an area of their own.
        ``not_found``: not proved impossible, but the search ended without a division.
    households : int
        That the reason is about.
    relaxation : str
        The nearest limits, or the change, that would do.
    message : str
        One sentence.
    atoms : tuple of int
        Positions of the atoms concerned, within the area.
    """

    reason: str
    households: int
    relaxation: str
    message: str
    atoms: tuple[int, ...] = ()


def certify_area(problem: Problem, zone: np.ndarray, limits: Limits, name: str) -> list[Certificate]:
    """Explain every zone of a division that misses the limits.

    Parameters
    ----------
    problem : Problem
    zone : array of int, shape (n,)
    limits : Limits
        The limits as the profile states them, not their relaxation.
    name : str
        Of the area, for the messages.

    Returns
    -------
    list of Certificate
        Empty where every zone keeps the limits.
    """
    weights = np.bincount(zone, problem.weight).astype(int)
    bad = np.flatnonzero((weights < limits.low) | (weights > limits.high))
    if not len(bad):
        return []
    total = int(problem.weight.sum())
    if not problem.band.is_feasible and not (problem.weight > limits.high).any():
        return [_total(problem, total, limits, name)]
    found: list[Certificate] = []
    for z in bad.tolist():
        members = np.flatnonzero(zone == z)
        found.append(_reason(problem, members, int(weights[z]), limits, name))
    return found


def _total(problem: Problem, total: int, limits: Limits, name: str) -> Certificate:
    band, count = problem.band, total // limits.high
    why = f"1 area needs at least {limits.low}"
    if count >= 1:
        why = f"{count} hold at most {count * limits.high}, {count + 1} need at least {(count + 1) * limits.low}"
    nearest = f"low={band.low}" if band.low < limits.low else f"high={band.high}"
    return Certificate(
        "total",
        total,
        nearest,
        f"{name}: {total} households cannot be divided into areas of {limits.low}-{limits.high} ({why}); "
        f"nearest: {band.best} of about {total // band.best} ({nearest})",
        tuple(range(len(problem))),
    )


def _reason(problem: Problem, members: np.ndarray, held: int, limits: Limits, name: str) -> Certificate:
    over = members[problem.weight[members] > limits.high]
    if len(over):
        atom = int(over[0])
        alone = int(problem.weight[atom])
        return Certificate(
            "atom_over_max",
            alone,
            f"high={alone}",
            f"{name}: one atom alone holds {alone} households, an area may hold {limits.high}; "
            "split it by building or stairwell",
            (atom,),
        )
    short = held < limits.low
    nearest = f"low={held}" if short else f"high={held}"
    for atom in members[np.argsort(-problem.weight[members], kind="stable")].tolist():
        reach = reachable(problem, atom, limits.high)
        most = int(problem.weight[reach].sum())
        if most < limits.low:
            return Certificate(
                "dead_atom",
                most,
                nearest,
                f"{name}: {most} households lie among neighbours so large that no connected group with them holds "
                f"{limits.low}-{limits.high}; split a neighbour, or allow an area of {held}",
                tuple(reach.tolist()),
            )
    return Certificate(
        "not_found",
        held,
        nearest,
        f"{name}: no division keeps {limits.low}-{limits.high} everywhere among those tried, one area holds {held}; "
        f"finer atoms or more effort may find one, allowing {held} would do",
        tuple(members.tolist()),
    )


def reachable(problem: Problem, atom: int, high: int) -> np.ndarray:
    """Collect the atoms that can share an area with one atom without exceeding a limit.

    Parameters
    ----------
    problem : Problem
    atom : int
    high : int, households

    Returns
    -------
    array of int
        Every connected group that holds ``atom`` and at most ``high`` households lies within them: an atom is left out
        when even the lightest way to it exceeds the limit.
    """
    lightest = {atom: int(problem.weight[atom])}
    heap = [(lightest[atom], atom)]
    while heap:
        sum_here, v = heapq.heappop(heap)
        if sum_here > lightest[v]:
            continue
        for u in problem.neighbour[problem.indptr[v] : problem.indptr[v + 1]].tolist():
            there = sum_here + int(problem.weight[u])
            if there <= high and there < lightest.get(u, high + 1):
                lightest[u] = there
                heapq.heappush(heap, (there, u))
    return np.array(sorted(lightest), dtype=np.int64)
