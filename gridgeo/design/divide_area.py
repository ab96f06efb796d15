"""Divide one area: what is locked or an institution's own stays apart, the rest goes to the solver piece by piece."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from gridgeo.model.levels import AreaKind
from gridgeo.model.profile import Limits

from .allotment import share_out
from .bridges import bridge_pieces
from .certificates import Certificate, band_of, certify_area, unit_of
from .problem import Problem, contract, pieces, renumber, subproblem
from .recount import reach_count
from .solver import Effort

Divide = Callable[[Problem, Effort, int], np.ndarray]
ONE_SEED = Limits(1, 1, 1, measure="seeds")
"""An area holds one of the seeds that were given."""


@dataclass(frozen=True)
class Own:
    """An area that is not the solver's to draw.

    Parameters
    ----------
    kind : AreaKind
    area_id, name : str, optional
        The id that a locked area keeps; the name of an institution.
    limits : Limits, optional
        What an institution's area may hold, where the profile says so.
    held : int
        What it holds of that.
    """

    kind: AreaKind = AreaKind.BASE
    area_id: str | None = None
    name: str | None = None
    limits: Limits | None = None
    held: int = 0


@dataclass(frozen=True)
class Divided:
    """How one area was divided.

    Parameters
    ----------
    zone : array of int, shape (n,)
    told : list of Certificate
    own : mapping of zone to Own
    """

    zone: np.ndarray
    told: list[Certificate] = field(default_factory=list)
    own: dict[int, Own] = field(default_factory=dict)


def seed_of(name: str, seed: int) -> int:
    """Make a seed that depends on an area's name, not on the order in which areas are divided."""
    return (seed * 1_000_003 + zlib.crc32(name.encode())) % 2**31


def divide_area(
    problem: Problem,
    shapes: np.ndarray,
    name: str,
    divide: Divide,
    effort: Effort,
    seed: int,
    *,
    group: np.ndarray | None = None,
    own: dict[str, tuple[np.ndarray, Own]] | None = None,
) -> Divided:
    """Divide one area and explain what misses its limits.

    Parameters
    ----------
    problem : Problem
    shapes : array of Polygon, shape (n,)
    name : str
        Of the area.
    divide : callable
        The method.
    effort : Effort
    seed : int
    group : array of int, shape (n,), optional
        Atoms of one number stay together.
    own : mapping, optional
        Areas that are not the solver's to draw: positions of their atoms, and what they are.

    Returns
    -------
    Divided
    """
    zone = np.full(len(problem), -1)
    made: dict[int, Own] = {}
    told: list[Certificate] = []
    for members, each in (own or {}).values():
        made[len(made)] = each
        zone[members] = len(made) - 1
        told += _own_certificates(problem, members, each, name)
    rest = np.flatnonzero(zone < 0)
    if len(rest):
        part = problem
        if len(rest) < len(problem):
            part = _without_own(problem, rest, len(made))
        label = renumber(np.arange(len(rest)) if group is None else group[rest])
        found, reasons = _divide_rest(
            _counting_seeds(part), shapes[rest], label, name, divide, effort, seed_of(name, seed)
        )
        zone[rest] = len(made) + found
        told += [each.placed(rest) for each in reasons]
    told += _number_missed(problem, int(zone.max()) + 1, told, name)
    return Divided(zone, told, made)


def _without_own(problem: Problem, rest: np.ndarray, made: int) -> Problem:
    """Leave out what is divided already; of the areas asked for, or their seeds, the others are left."""
    if problem.seeds is not None:
        left = int(np.isin(problem.seeds, rest).sum())
        part = subproblem(problem, rest, count=left or None)
        return part if left else replace(part, seeds=None)
    count = None if problem.count is None else min(max(problem.count - made, 1), len(rest))
    return subproblem(problem, rest, count=count)


def _counting_seeds(problem: Problem) -> Problem:
    """Let seeds be a measure of which an area holds one, so that every search keeps them apart."""
    if problem.seeds is None:
        return problem
    held = np.bincount(problem.seeds, minlength=len(problem)).astype(float)
    return replace(problem, further=np.column_stack([problem.further, held]), measures=(*problem.measures, ONE_SEED))


def _number_missed(problem: Problem, made: int, told: list[Certificate], name: str) -> list[Certificate]:
    """Tell where the parts of an area together are not as many areas as were asked for."""
    short = f"number_of_areas={made}"
    if problem.count in (None, made) or any(each.relaxation == short for each in told):
        return []
    return [
        Certificate(
            "number_of_areas", int(problem.weight.sum()), short,
            f"{name}: {problem.count} areas were asked for, {made} were made: what stays as it is, together or apart "
            "leaves no other number", tuple(range(len(problem))),
        )
    ]  # fmt: skip


def _divide_rest(
    problem: Problem,
    shapes: np.ndarray,
    label: np.ndarray,
    name: str,
    divide: Divide,
    effort: Effort,
    seed: int,
) -> tuple[np.ndarray, list[Certificate]]:
    """Divide what is free, grouped atoms as one, each piece of a community that is not connected by itself."""
    told: list[Certificate] = []
    grouped = label.max() + 1 < len(label)
    if grouped:
        problem = contract(problem, label)
        shapes = np.array([shapely.union_all(shapes[label == each]) for each in range(len(problem))], dtype=object)
    giant = _giants(problem)
    if pieces(problem, giant).max(initial=0) > 0:
        problem, giant, told = bridge_pieces(problem, shapes, name, giant)
    piece = pieces(problem, giant)
    zone = np.zeros(len(problem), dtype=np.int64)
    counts = _counts(problem, piece, giant)
    used = 0
    for number in range(int(piece.max()) + 1):
        members = np.flatnonzero(piece == number)
        is_asked = len(members) == len(problem) and counts[number] == problem.count
        part = problem if is_asked else subproblem(problem, members, count=counts[number])
        lost = giant[members[0]] >= 0
        found = np.zeros(len(members), dtype=np.int64)
        if not lost:
            found = reach_count(part, divide(part, effort, seed + number))
        zone[members] = used + found
        used += int(found.max()) + 1
        told += [each.placed(members) for each in certify_area(part, found, name, effort.groups)]
    if grouped:
        inside = [np.flatnonzero(label == each) for each in range(len(problem))]
        told = [each.spread(inside) for each in told]
        zone = zone[label]
    return zone, told


def _giants(problem: Problem) -> np.ndarray:
    """Set the atoms apart that alone hold more than an area may, each with what they shut in.

    A piece between such atoms that is too small to stand alone can lie in no area inside the band: with one of them it
    holds too much, without them too little. It goes with the one that it has the longest border with.

    Returns
    -------
    array of int, shape (n,)
        The number of the giant that each atom goes with, from 0; -1 for the others.
    """
    giant = np.full(len(problem), -1)
    large = np.flatnonzero(problem.weight > problem.limits.high)
    giant[large] = np.arange(len(large))
    if not len(large):
        return giant
    start, end = problem.starts, problem.neighbour
    piece = pieces(problem, np.where(giant >= 0, giant, len(large)))
    held = np.bincount(piece, problem.weight)
    touch = (giant[start] < 0) & (giant[end] >= 0)
    shut = touch & (held[piece[start]] < problem.limits.low)
    pairs, row = np.unique(piece[start[shut]] * len(large) + giant[end[shut]], return_inverse=True)
    metres = np.bincount(row, problem.length[shut], minlength=len(pairs))
    for at in np.argsort(metres, kind="stable").tolist():
        giant[(piece == pairs[at] // len(large)) & ~np.isin(np.arange(len(problem)), large)] = pairs[at] % len(large)
    return giant


def _counts(problem: Problem, piece: np.ndarray, giant: np.ndarray) -> list[int | None]:
    """Share the number of areas asked for out among the pieces, by what they hold; a giant is one area."""
    count = int(piece.max()) + 1
    if problem.count is None:
        return [None] * count
    if problem.seeds is not None:
        return [max(int(each), 1) for each in np.bincount(piece[problem.seeds], minlength=count)]
    most = np.bincount(piece)
    most[piece[giant >= 0]] = 1
    held = np.bincount(piece, problem.weight).astype(int)
    return [int(each) for each in share_out(problem.count, problem.count, held, most, problem.limits)]


def _own_certificates(problem: Problem, members: np.ndarray, own: Own, name: str) -> list[Certificate]:
    """Tell where an area that was not the solver's to draw misses its band."""
    held = int(problem.weight[members].sum())
    atoms = tuple(members.tolist())
    if own.area_id is not None and not problem.limits.holds(held):
        limits = problem.limits
        return [
            Certificate(
                "locked", held, "unlock",
                f"{name}: area {own.area_id!r} was to stay as it is and holds {held} {unit_of(limits)}, outside "
                f"{band_of(limits)}; unlock it, or allow {held}", atoms,
            )
        ]  # fmt: skip
    if own.limits is None or own.limits.holds(own.held):
        return []
    limits, held = own.limits, own.held
    return [
        Certificate(
            "exclusive", held, f"low={held}" if held < limits.low else f"high={held}",
            f"{name}: {own.name or 'an institution'}, as an area of its own, holds {held} {unit_of(limits)}; its kind "
            f"may hold {band_of(limits)}; leave it to the areas around it, or divide it", atoms, limits=limits,
        )
    ]  # fmt: skip
