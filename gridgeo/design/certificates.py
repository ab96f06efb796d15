"""Say what makes a band impossible to keep, and what would do: never a silent violation, never a false certificate."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridgeo.model.profile import UNLIMITED, Limits

from .exact import is_divisible, is_possible, reachable
from .problem import Problem

MEASURE_WORDS = {"area_m2": "m2"}
"""What amounts of a measure are called, where not by its own name."""
NEAR_ATOMS = 12
"""Atoms of a bad zone that are tried one by one for a proof."""


@dataclass(frozen=True)
class Certificate:
    """One reason why an area cannot be divided as its limits ask.

    Parameters
    ----------
    reason : str
        ``total``: no number of areas fits the households. ``number_of_areas``: not the number asked for.
        ``atom_over_max``: an atom alone holds more than an area may. ``dead_atom``: every connected group that holds
        this atom and keeps the upper limit misses the band. ``hanging_piece``: pieces too small to stand alone hang on
        one atom, and with it hold too much. ``no_division``: these atoms cannot be shared out among connected groups
        inside the band. ``component``: a piece that does not touch the rest of the community is too small for an area
        of its own. ``locked``, ``exclusive``: an area that was to stay, or an institution's own, misses the band.
        ``further``: another measure than the main one is missed. ``not_found``: not proved impossible, but the search
        ended without a division.
    households : int
        That the reason is about; what the band counts where it does not count households.
    relaxation : str
        The nearest limits, or the change, that would do.
    message : str
        One sentence.
    atoms : tuple of int
        Positions of the atoms concerned, within the area.
    missed : tuple of int
        One atom of each zone that misses its limits for this reason.
    limits : Limits, optional
        What is missed, where it is not the main band.
    """

    reason: str
    households: int
    relaxation: str
    message: str
    atoms: tuple[int, ...] = ()
    missed: tuple[int, ...] = ()
    limits: Limits | None = None

    def placed(self, places: np.ndarray) -> Certificate:
        """Name atoms by other places: ``places`` holds the place of each."""
        atoms, missed = (tuple(places[list(each)].tolist()) for each in (self.atoms, self.missed))
        return replace(self, atoms=atoms, missed=missed)

    def without(self, gone: set[int]) -> Certificate | None:
        """Leave out zones that were drawn anew; None where it is about no other."""
        missed = tuple(at for at in self.missed or self.atoms if at not in gone)
        return replace(self, missed=missed if self.missed else ()) if missed else None

    def spread(self, parts: list[np.ndarray]) -> Certificate:
        """Name the atoms that each atom was made of: ``parts`` holds the places of each."""
        atoms = tuple(int(at) for each in self.atoms for at in parts[each])
        return replace(self, atoms=atoms, missed=tuple(int(parts[each][0]) for each in self.missed))


def unit_of(limits: Limits) -> str:
    """Name what a band counts."""
    return MEASURE_WORDS.get(limits.measure, limits.measure)


def band_of(limits: Limits) -> str:
    """Write a band down: ``300-500``, ``300 or more``, ``500 or less``."""
    if limits.high >= UNLIMITED:
        return f"{limits.low} or more"
    return f"{limits.low}-{limits.high}" if limits.low > 0 else f"{limits.high} or less"


def certify_area(problem: Problem, zone: np.ndarray, name: str, groups: int = 20_000) -> list[Certificate]:
    """Explain every zone of a division that misses the limits.

    Parameters
    ----------
    problem : Problem
        Its limits are those that the profile states, not their relaxation.
    zone : array of int, shape (n,)
    name : str
        Of the area, for the messages.
    groups : int
        Most connected groups to list for a proof.

    Returns
    -------
    list of Certificate
        Empty where every zone keeps the limits.
    """
    limits = problem.limits
    found = _number(problem, zone, name)
    if limits.strength != "may":
        weights = np.bincount(zone, problem.weight).astype(int)
        bad = np.flatnonzero((weights < limits.low) | (weights > limits.high))
        if len(bad) and not found:
            found += _why(problem, zone, bad, weights, name, groups)
    for amounts, each in zip(problem.further.T, problem.measures, strict=True):
        found += _further(zone, amounts, each, name)
    return found


def _number(problem: Problem, zone: np.ndarray, name: str) -> list[Certificate]:
    """Tell where the number of areas that was asked for cannot keep the band, or was not reached."""
    if problem.count is None:
        return []
    limits, total, made = problem.limits, int(problem.weight.sum()), int(zone.max()) + 1
    everything = tuple(range(len(problem)))
    if made != problem.count:
        return [
            Certificate(
                "number_of_areas", total, f"number_of_areas={made}",
                f"{name}: {problem.count} areas were asked for, {made} were found", everything,
            )
        ]  # fmt: skip
    if problem.band.is_feasible:
        return []
    held = np.bincount(zone, problem.weight).astype(int)
    nearest = f"low={held.min()}" if problem.band.low < limits.low else f"high={held.max()}"
    return [
        Certificate(
            "number_of_areas", total, nearest,
            f"{name}: {total} {unit_of(limits)} in {problem.count} areas make {total / problem.count:.0f} each, "
            f"outside {band_of(limits)}; nearest: {nearest}", everything,
        )
    ]  # fmt: skip


def _why(
    problem: Problem, zone: np.ndarray, bad: np.ndarray, weights: np.ndarray, name: str, groups: int
) -> list[Certificate]:
    """Give the reasons of the zones that miss the main band, each cause once."""
    limits = problem.limits
    first = np.unique(zone, return_index=True)[1]
    if not problem.band.is_feasible and not (problem.weight > limits.high).any():
        return [replace(_total(problem, name), missed=tuple(first[bad].tolist()))]
    found: dict[tuple[int, ...], Certificate] = {}
    for z in bad.tolist():
        told = _reason(problem, zone, z, int(weights[z]), name, groups)
        known = found.get(told.atoms, told)
        found[told.atoms] = replace(known, missed=(*known.missed, int(first[z])))
    return list(found.values())


def _total(problem: Problem, name: str) -> Certificate:
    limits, band, total = problem.limits, problem.band, int(problem.weight.sum())
    count = total // limits.high
    why = f"1 area needs at least {limits.low}"
    if count >= 1:
        why = f"{count} hold at most {count * limits.high}, {count + 1} need at least {(count + 1) * limits.low}"
    nearest = f"low={band.low}" if band.low < limits.low else f"high={band.high}"
    return Certificate(
        "total", total, nearest,
        f"{name}: {total} {unit_of(limits)} cannot be divided into areas of {band_of(limits)} ({why}); "
        f"nearest: {band.best} of about {total // band.best} ({nearest})",
        tuple(range(len(problem))),
    )  # fmt: skip


def _reason(problem: Problem, zone: np.ndarray, z: int, held: int, name: str, groups: int) -> Certificate:
    """Prove why one zone misses the band, by the simplest proof that holds."""
    limits = problem.limits
    members = np.flatnonzero(zone == z)
    over = members[problem.weight[members] > limits.high]
    if len(over):
        return _over(problem, int(over[0]), name)
    nearest = f"low={held}" if held < limits.low else f"high={held}"
    for atom in members[np.argsort(-problem.weight[members], kind="stable")].tolist():
        reach = reachable(problem, np.array([atom]))
        if reach is not None and int(problem.weight[reach].sum()) < limits.low:
            return _dead(problem, reach, held, nearest, name)
    hanging = _hanging(problem, zone, z, nearest, name)
    if hanging is not None:
        return hanging
    core = _undivisible(problem, zone, z, groups)
    if core is not None:
        alone = len(core) == 1
        what = "no connected group that holds them keeps" if alone else "they cannot be shared out among areas of"
        return Certificate(
            "dead_atom" if alone else "no_division", int(problem.weight[core].sum()), nearest,
            f"{name}: {int(problem.weight[core].sum())} {unit_of(limits)} in {_atoms(len(core))}: {what} "
            f"{band_of(limits)}, which listing every connected group proves; split an atom there, or allow "
            f"an area of {held}",
            tuple(core.tolist()),
        )  # fmt: skip
    return Certificate(
        "not_found", held, nearest,
        f"{name}: no division keeps {band_of(limits)} everywhere among those tried, one area holds {held}; "
        f"finer atoms or more effort may find one, allowing {held} would do",
        tuple(members.tolist()),
    )  # fmt: skip


def _atoms(count: int) -> str:
    return "1 atom" if count == 1 else f"{count} atoms"


def _over(problem: Problem, atom: int, name: str) -> Certificate:
    limits, alone = problem.limits, int(problem.weight[atom])
    parts = -(-alone // limits.high)
    return Certificate(
        "atom_over_max", alone, f"high={alone}",
        f"{name}: one atom alone holds {alone} {unit_of(limits)}, an area may hold {limits.high}; "
        f"split it into {parts} or more by building, stairwell or floor",
        (atom,),
    )  # fmt: skip


def _dead(problem: Problem, reach: np.ndarray, held: int, nearest: str, name: str) -> Certificate:
    limits, most = problem.limits, int(problem.weight[reach].sum())
    return Certificate(
        "dead_atom", most, nearest,
        f"{name}: {most} {unit_of(limits)} lie among neighbours so large that no connected group with them holds "
        f"{band_of(limits)}; split a neighbour, or allow an area of {held}",
        tuple(reach.tolist()),
    )  # fmt: skip


def _hanging(problem: Problem, zone: np.ndarray, z: int, nearest: str, name: str) -> Certificate | None:
    """Find an atom on which pieces hang that are too small to stand alone and, with it, too much for one area."""
    limits = problem.limits
    inside = zone[problem.starts] == z
    near = np.unique(np.concatenate([np.flatnonzero(zone == z), problem.neighbour[inside]]))
    near = near[np.argsort(-problem.weight[near], kind="stable")][:NEAR_ATOMS]
    for v in near.tolist():
        piece = _pieces_without(problem, v)
        held = np.bincount(piece, problem.weight)
        held[piece[v]] = 0
        small = np.flatnonzero((held < limits.low) & (np.bincount(piece) > 0))
        small = small[small != piece[v]]
        together = int(held[small].sum()) + int(problem.weight[v])
        if together > limits.high and (zone[np.isin(piece, small)] == z).any():
            atoms = np.flatnonzero(np.isin(piece, small) | (np.arange(len(problem)) == v))
            return Certificate(
                "hanging_piece", together, nearest,
                f"{name}: {len(small)} pieces of fewer than {limits.low} {unit_of(limits)} hang on one atom and hold "
                f"{together} with it, an area may hold {limits.high}; split that atom, or bridge a piece elsewhere",
                tuple(atoms.tolist()),
            )  # fmt: skip
    return None


def _pieces_without(problem: Problem, v: int) -> np.ndarray:
    """Number the pieces that are left when an atom is taken out; the atom is a piece of its own."""
    start, end = problem.starts, problem.neighbour
    kept = (start != v) & (end != v)
    graph = coo_array((np.ones(int(kept.sum())), (start[kept], end[kept])), shape=(len(problem), len(problem)))
    return np.asarray(connected_components(graph, directed=False)[1])


def _undivisible(problem: Problem, zone: np.ndarray, z: int, groups: int) -> np.ndarray | None:
    """Find atoms of a zone, or of it and its neighbours, that listing every connected group proves undivisible."""
    members = np.flatnonzero(zone == z)
    peopled = members[problem.weight[members] > 0]
    heavy = peopled[np.argsort(-problem.weight[peopled], kind="stable")][:NEAR_ATOMS]
    for core in [np.array([v]) for v in heavy.tolist()]:
        if is_divisible(problem, core, groups) is False:
            return core
    near = zone == z
    for _ in range(3):
        core = np.flatnonzero(near & (problem.weight > 0) & (problem.weight <= problem.limits.high))
        answer = is_divisible(problem, core, groups)
        if answer is False:
            return core
        if answer is None or near.all():
            break
        touched = np.unique(zone[problem.neighbour[near[problem.starts]]])
        near = near | np.isin(zone, touched)
    return np.arange(len(problem)) if is_possible(problem, groups) is False else None


def _further(zone: np.ndarray, amounts: np.ndarray, limits: Limits, name: str) -> list[Certificate]:
    """Tell which zones miss another measure's band."""
    if limits.strength == "may":
        return []
    held = np.bincount(zone, amounts)
    found = []
    for z in np.flatnonzero((held < limits.low) | (held > limits.high)).tolist():
        nearest = f"low={held[z]:.0f}" if held[z] < limits.low else f"high={held[z]:.0f}"
        found.append(
            Certificate(
                "further", int(held[z]), nearest,
                f"{name}: one area holds {held[z]:.0f} {unit_of(limits)}, outside {band_of(limits)}, beside "
                f"its main measure; allowing {held[z]:.0f} would do",
                tuple(np.flatnonzero(zone == z).tolist()), limits=limits,
            )
        )  # fmt: skip
    return found
