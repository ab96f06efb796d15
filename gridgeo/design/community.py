"""Divide one community at every level of a profile: outer areas first, inner ones first where that keeps more."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gridgeo.model.levels import AreaKind
from gridgeo.model.profile import Limits, Profile

from .certificates import Certificate
from .constraints import Constraints
from .divide_area import Divide, Divided, Own, divide_area
from .exact import is_divisible
from .feasibility import misses_of
from .graph import Graph
from .problem import Borders, Problem, contract, make_problem, renumber
from .solver import Effort

NEIGHBOURS = 2
"""Neighbours that an outer area is redrawn with."""
LIGHT = 4
"""By how much less is tried for each of them."""
PASSES = 2
"""How often outer areas with bad inner ones are looked at."""


@dataclass(frozen=True)
class Work:
    """What the division of every community has in common; n atoms.

    Parameters
    ----------
    ids : array of str, shape (n,)
        Atoms.
    community : array of int, shape (n,)
    graph : Graph
    profile : Profile
    levels : list of str
        Levels of the tree to divide into, outer level first.
    amounts : mapping of level to array of int, shape (n,)
        What the main band counts.
    further : mapping of level to (array of int, shape (n, q), tuple of Limits)
        What else is counted.
    site_held : mapping of institution to (Limits, int)
        What it may hold, and holds, where the profile says so.
    asked : Constraints
    numbers : mapping of community to int
        How many outer areas it is divided into, where that was asked for.
    divide : callable
        The method.
    effort : Effort
    seed : int
    """

    ids: np.ndarray
    community: np.ndarray
    graph: Graph
    profile: Profile
    levels: list[str]
    amounts: Mapping[str, np.ndarray]
    further: Mapping[str, tuple[np.ndarray, tuple[Limits, ...]]]
    site_held: Mapping[str, tuple[Limits, int]]
    asked: Constraints
    numbers: Mapping[str, int]
    divide: Divide
    effort: Effort
    seed: int


@dataclass(frozen=True)
class DividedCommunity:
    """How one community was divided; m atoms.

    Parameters
    ----------
    zones : mapping of level to array of int, shape (m,)
        The area of each atom, numbered from 0 within the community.
    own : mapping of level to mapping of zone to Own
        Areas that were not the solver's to draw.
    told : mapping of level to list of Certificate
        Their atoms by place in the community.
    redrawn : int
        Outer areas that were joined from inner ones.
    """

    zones: dict[str, np.ndarray] = field(default_factory=dict)
    own: dict[str, dict[int, Own]] = field(default_factory=dict)
    told: dict[str, list[Certificate]] = field(default_factory=dict)
    redrawn: int = 0

    def numbered(self) -> DividedCommunity:
        """Number the areas from 0 without gaps."""
        zones, own = {}, {}
        for level, zone in self.zones.items():
            old, zones[level] = np.unique(zone, return_inverse=True)
            own[level] = {int(np.searchsorted(old, number)): each for number, each in self.own[level].items()}
        return DividedCommunity(zones, own, self.told, self.redrawn)


def divide_community(work: Work, members: np.ndarray, edges: Borders, name: str) -> DividedCommunity:
    """Divide a community level by level, outer areas first.

    Where that leaves inner areas outside their band, those of two or three neighbouring outer areas are drawn first and
    joined to outer ones, wherever that keeps more of them inside.

    Parameters
    ----------
    work : Work
    members : array of int, shape (m,)
        Positions of its atoms.
    edges : Borders
        Between them, by place among ``members``.
    name : str

    Returns
    -------
    DividedCommunity
    """
    made = _outer_first(work, members, edges, name)
    if len(work.levels) == 2 and _is_free(work, members, name):
        return _inner_first(work, members, edges, name, made)
    return made


def _is_free(work: Work, members: np.ndarray, name: str) -> bool:
    """Tell whether nothing was asked of a community's outer areas."""
    outer, asked = work.levels[0], work.asked
    kept = [asked.locked[outer]] if outer in asked.locked else []
    kept += [asked.site] if asked.site_level == outer else []
    own = any(each is not None for owner in kept for each in owner[members])
    return not (own or name in work.numbers or np.isin(asked.seeds, members).any())


def _outer_first(work: Work, members: np.ndarray, edges: Borders, name: str) -> DividedCommunity:
    made = DividedCommunity()
    parent = np.zeros(len(members), dtype=np.int64)
    for level in work.levels:
        zone = np.zeros(len(members), dtype=np.int64)
        own: dict[int, Own] = {}
        told: list[Certificate] = []
        used = 0
        for area in range(int(parent.max()) + 1):
            inside = np.flatnonzero(parent == area)
            part = _divide(work, level, members, edges, inside, name)
            zone[inside] = used + part.zone
            own |= {used + number: each for number, each in part.own.items()}
            told += _placed(part.told, inside)
            used += int(part.zone.max()) + 1
        made.zones[level], made.own[level], made.told[level] = zone, own, told
        parent = zone
    return made


def _placed(told: list[Certificate], inside: np.ndarray) -> list[Certificate]:
    """Let certificates about some atoms name them by their place in the community."""
    return [each.placed(inside) for each in told]


def _inner_first(
    work: Work, members: np.ndarray, edges: Borders, name: str, made: DividedCommunity
) -> DividedCommunity:
    """Draw the inner areas of outer ones that hold bad ones anew, together with a neighbour or two."""
    outer, inner = work.levels
    if not _bad_atoms(work, members, made):
        return made
    whole = _problem(work, inner, members, edges, name)
    lost = np.zeros(len(members), dtype=bool)
    seen: set[bytes] = set()
    light = replace(work, effort=replace(work.effort, coarse_pairs=work.effort.coarse_pairs // LIGHT))
    for _ in range(PASSES):
        changed = False
        for at in _bad_atoms(work, members, made):
            core = np.flatnonzero((made.zones[inner] == made.zones[inner][at]) & (whole.weight > 0))
            if lost[core].any() or is_divisible(whole, core, work.effort.groups) is False:
                lost[core] = True
                continue
            for chosen in _neighbourhoods(made.zones[outer], edges, int(made.zones[outer][at])):
                inside = np.isin(made.zones[outer], chosen)
                if inside.tobytes() in seen:
                    continue
                seen.add(inside.tobytes())
                found = _redraw(light, members, edges, name, made, chosen)
                if found is not None:
                    made, changed = found, True
                    break
        if not changed:
            break
    return made


def _bad_atoms(work: Work, members: np.ndarray, made: DividedCommunity) -> list[int]:
    """Choose an atom of each inner area that misses its band, though no atom of it does so alone."""
    inner = work.levels[1]
    limits, amounts, zone = work.profile.limits[inner], work.amounts[inner][members], made.zones[inner]
    held = np.bincount(zone, amounts)
    most = np.zeros(len(held), dtype=np.int64)
    np.maximum.at(most, zone, amounts)
    bad = ((held < limits.low) | (held > limits.high)) & (most <= limits.high)
    bad[list(made.own[inner])] = False
    first = np.unique(zone, return_index=True)[1]
    return [int(at) for at in first[bad]]


def _neighbourhoods(zone: np.ndarray, edges: Borders, area: int) -> list[list[int]]:
    """Join an outer area with each neighbour, longest border first, then with two of them."""
    a, b = zone[edges[0]], zone[edges[1]]
    touch = (a == area) ^ (b == area)
    metres = np.bincount(np.where(a == area, b, a)[touch], edges[2][touch])
    near = [at for at in np.argsort(-metres, kind="stable").tolist() if metres[at] > 0][:NEIGHBOURS]
    return [*([area, other] for other in near), *([area, *pair] for pair in itertools.combinations(near, 2))]


def _redraw(
    work: Work, members: np.ndarray, edges: Borders, name: str, made: DividedCommunity, chosen: list[int]
) -> DividedCommunity | None:
    """Draw the inner areas of some outer ones first, join them to outer ones; None where that misses no less."""
    outer, inner = work.levels
    inside = np.flatnonzero(np.isin(made.zones[outer], chosen))
    small = _divide(work, inner, members, edges, inside, name)
    parts = [np.flatnonzero(small.zone == number) for number in range(int(small.zone.max()) + 1)]
    coarse = contract(_problem(work, outer, members[inside], _within(edges, inside, len(members)), name), small.zone)
    shapes = np.array([work.graph.shapes[members[inside[part[0]]]] for part in parts], dtype=object)
    large = divide_area(coarse, shapes, name, work.divide, work.effort, work.seed)
    zones = {level: zone.copy() for level, zone in made.zones.items()}
    for level, zone in ((outer, large.zone[small.zone]), (inner, small.zone)):
        zones[level][inside] = int(zones[level].max()) + 1 + zone
    own = {number: each for number, each in made.own[inner].items() if not np.isin(number, made.zones[inner][inside])}
    own |= {int(zones[inner][inside[parts[number][0]]]): each for number, each in small.own.items()}
    fresh = [each.spread(parts) for each in large.told]
    gone = set(inside.tolist())
    told = {
        level: [left for each in made.told[level] if (left := each.without(gone))] + _placed(new, inside)
        for level, new in ((outer, fresh), (inner, small.told))
    }
    tried = DividedCommunity(zones, {outer: made.own[outer], inner: own}, told, made.redrawn + len(chosen)).numbered()
    before, after = (_missed(work, members, each) for each in (made, tried))
    if work.profile.limits[inner].strength == "hard":
        return tried if after < before else None
    # What is only usual practice for inner areas must not cut a block that an outer one could keep whole.
    cuts = [_blocks_cut(work, members[inside], each.zones[outer][inside]) for each in (made, tried)]
    return tried if after < before and cuts[1] <= cuts[0] else None


def _blocks_cut(work: Work, atoms: np.ndarray, zone: np.ndarray) -> int:
    """Count the blocks among some atoms that would fit into one outer area and lie in several."""
    outer = work.levels[0]
    block = renumber(work.graph.block[atoms])
    fits = np.bincount(block, work.amounts[outer][atoms]) <= work.profile.limits[outer].high
    pairs = np.unique(np.column_stack([block, zone]), axis=0)[:, 0]
    return int((fits & (np.bincount(pairs, minlength=len(fits)) > 1)).sum())


def _within(edges: Borders, inside: np.ndarray, count: int) -> Borders:
    """Keep the borders between some atoms, by place among those."""
    if len(inside) == count:
        return edges
    local = np.full(count, -1)
    local[inside] = np.arange(len(inside))
    first, second, length, rank = edges
    kept = (local[first] >= 0) & (local[second] >= 0)
    return local[first[kept]], local[second[kept]], length[kept], rank[kept]


def _problem(work: Work, level: str, atoms: np.ndarray, edges: Borders, name: str) -> Problem:
    """Put some atoms of a community into a problem."""
    outer = level == work.levels[0]
    seeds = np.flatnonzero(np.isin(atoms, work.asked.seeds)) if outer else np.zeros(0, dtype=np.int64)
    count = work.numbers.get(name) if outer else None
    amounts, rules = work.further[level]
    used = [at for at, each in enumerate(rules) if each.is_bounded or amounts[atoms, at].any()]
    graph = work.graph
    return make_problem(
        work.amounts[level][atoms],
        graph.area[atoms],
        graph.perimeter[atoms],
        renumber(graph.block[atoms]),
        edges,
        work.profile.limits[level],
        further=(amounts[atoms][:, used], tuple(rules[at] for at in used)),
        count=len(seeds) or count,
        seeds=seeds if len(seeds) else None,
    )


def _divide(work: Work, level: str, members: np.ndarray, edges: Borders, inside: np.ndarray, name: str) -> Divided:
    """Divide some atoms of a community at a level; what is locked or an institution's own stays apart."""
    atoms = members[inside]
    label = name if level == work.levels[0] else f"{name}: {work.ids[atoms[0]]}"
    problem = _problem(work, level, atoms, _within(edges, inside, len(members)), name)
    own: dict[str, tuple[np.ndarray, Own]] = {}
    locked = work.asked.locked.get(level)
    taken = np.zeros(len(atoms), dtype=bool)
    if locked is not None:
        for area in sorted({each for each in locked[atoms] if each is not None}):
            here = np.flatnonzero(locked[atoms] == area)
            taken[here] = True
            own[f"locked:{area}"] = (here, Own(area_id=area))
    if work.asked.site_level in work.levels[: work.levels.index(level) + 1]:
        for site in sorted({each for each in work.asked.site[atoms][~taken] if each is not None}):
            here = np.flatnonzero((work.asked.site[atoms] == site) & ~taken)
            facts = work.asked.sites.get(site, {})
            limits, held = work.site_held.get(site, (None, 0)) if level == work.asked.site_level else (None, 0)
            own[site] = (here, Own(AreaKind.EXCLUSIVE, None, facts.get("name"), limits, held))
    group = work.asked.group[atoms]
    return divide_area(
        problem,
        work.graph.shapes[atoms],
        label,
        work.divide,
        work.effort,
        work.seed,
        group=group if len(np.unique(group)) < len(group) else None,
        own=own,
    )


def _missed(work: Work, members: np.ndarray, made: DividedCommunity) -> tuple[int, ...]:
    """Count what misses its band: households of outer areas, inner areas, households of inner areas."""
    missed: list[int] = []
    for level in work.levels:
        limits = work.profile.limits[level]
        held = np.bincount(made.zones[level], work.amounts[level][members]).astype(int)
        short = misses_of(held, limits.low, limits.high)
        short[list(made.own[level])] = 0
        missed += [int(short.sum())] if level == work.levels[0] else [int((short > 0).sum()), int(short.sum())]
    return tuple(missed)
