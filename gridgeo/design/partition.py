"""Divide every community into areas under a profile, level by level, and certify what cannot be had."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import CancelledError, GridgeoError, ProfileError, TableError
from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Limits, Profile
from gridgeo.model.tables import ATOMS, CERTIFICATES, check, empty

from .adjacency import find_borders
from .agreement import check_agreement
from .allotment import Number, allot
from .beats import draw_beats
from .certificates import Certificate
from .community import DividedCommunity, Work, divide_community
from .constraints import (
    Constraints,
    Groups,
    read_barriers,
    read_bridges,
    read_groups,
    read_locked,
    read_seeds,
    read_sites,
)
from .divide_area import Divide, Own
from .graph import Graph, amounts_of
from .naming import name_areas, names_of_communities
from .problem import Problem, pieces, renumber
from .solver import EFFORTS, Effort, Method, by_bisection, by_metis, by_trees, solve
from .stacking import stack_micro_grids, told_by_floors

Progress = Callable[[str, int, int], None]
"""Called with the level, the number of communities divided so far, and the number there are."""

METHODS: dict[str, Divide] = {
    "gridgeo": solve,
    "metis": by_metis,
    "trees": by_trees,
    "bisection": by_bisection,
}
"""Ways to divide one connected area. ``gridgeo`` keeps the band wherever it can be kept; the others are for comparison:
``metis`` is METIS alone, ``bisection`` METIS in halves of halves, ``trees`` random spanning trees, both then mended."""


def partition(  # noqa: PLR0913 - one argument a wish
    atoms: gpd.GeoDataFrame,
    profile: Profile,
    method: str | Method = "gridgeo",
    effort: str = "normal",
    seed: int = 0,
    *,
    number_of_areas: Number | Mapping[str, Number] | None = None,
    keep_together: Groups | None = None,
    exclusive: str | None = None,
    locked: pd.Series | gpd.GeoDataFrame | None = None,
    barriers: Sequence[str | int] = (),
    bridges: Iterable[tuple[str, str]] | gpd.GeoDataFrame | None = None,
    seeds: Sequence[str] | gpd.GeoSeries | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Plan:
    """Divide every community into areas that keep the profile's limits.

    Each community is divided by itself, and each of its grids again into micro grids where the profile has them; where
    coarse atoms leave micro grids outside their band, the micro grids of that community are drawn first and joined to
    grids, if that keeps more of them inside. An area is in one piece, compact, and bounded by streets where that keeps
    the band. Where the band cannot be kept, the plan carries a certificate with the reason and the nearest relaxation,
    and the areas that miss it by the fewest households.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``, as ``make_atoms`` or ``adopt`` returns it.
    profile : Profile
        Its levels are divided into, outer level first; beats are joined from grids.
    method : str or callable
        One of ``METHODS``, or a function of (problem, seed) that returns the zone of each atom.
    effort : str
        ``"fast"``, ``"normal"`` or ``"best"``.
    seed : int
        The same atoms, profile, method, effort and seed give the same plan, on every machine.
    number_of_areas : int, (at least, at most), or mapping, optional
        So many grids for the officers at hand: a number for the territory, or one a community; None leaves an end open:
        ``(None, 12)`` is at most 12. The key ``"beat"`` gives the number of beats.
    keep_together : Series or list of lists of atom ids, optional
        Atoms that stay in one area: ``atom_id`` -> group.
    exclusive : str, optional
        The level of which the institutions that ``make_atoms`` was given are areas of their own, or ``"none"``; without
        it the profile says so, else the innermost level.
    locked : Series or GeoDataFrame, optional
        Areas that stay as they are, with their ids: ``atom_id`` -> grid, or areas of an earlier plan.
    barriers : sequence of str or int
        What no area crosses: ``"river"``, ``"rail"``, ``"wall"``, a street rank (1 for trunk roads), ids of streets.
    bridges : pairs of atom ids, or GeoDataFrame of lines, optional
        What counts as neighbours: overpasses, ferries.
    seeds : atom ids or points, optional
        Places of which each grid holds one; communities that hold none are free.
    progress : callable, optional
        Told the level, the communities divided so far and their number, after each community.
    cancelled : callable, optional
        Asked before each community; ``True`` ends the work with ``CancelledError``.

    Returns
    -------
    Plan

    Raises
    ------
    TableError, CrsError
        If the atoms break their contract, or an option names what is not there or contradicts another.
    ProfileError
        If the profile states no size to divide by.
    GridgeoError
        If the method, the effort or a number is unknown or impossible, or a method of the caller's returns no zones.
    CancelledError
        If ``cancelled`` said so.
    """
    check(atoms, ATOMS)
    if not len(atoms):
        raise TableError("atoms: the table has no rows; make_atoms makes them from communities and streets")
    # Every step goes by the order of the rows, which must not decide anything.
    given, atoms = atoms, atoms.sort_index()
    profile.check_divides()
    levels = [str(level) for level in profile.levels if level != Level.BEAT]
    if not levels:
        raise ProfileError(f"profile {profile.name!r} states beats but no grids to join; add [grid] with a band")
    borders = find_borders(atoms)
    asked = _read_wishes(atoms, borders, profile, keep_together, exclusive, locked, barriers, bridges, seeds)
    if isinstance(number_of_areas, Mapping) and Level.BEAT in set(number_of_areas) - set(profile.levels):
        raise TableError(f"number_of_areas: level 'beat' is none that profile {profile.name!r} states a size of")
    divide, tries = _method(method), _effort(effort)
    names = np.unique(atoms["community_id"].to_numpy(dtype=str)).tolist()
    work = _work(atoms, borders, profile, levels, asked, divide, tries, seed)
    work = replace(work, numbers=_numbers(work, names, number_of_areas))
    drawn = _Drawn.begin(atoms, levels)
    for at, members, edges in work.graph.parts(work.community, len(names)):
        if cancelled is not None and cancelled():
            raise CancelledError(f"cancelled after {at} of {len(names)} communities; nothing was kept")
        drawn.add(members, divide_community(work, members, edges, names[at]), names[at])
        if progress is not None:
            for level in levels:
                progress(level, at + 1, len(names))
    plan = _plan(work, drawn, atoms, borders, manifest_of(given, profile, method, effort, seed), number_of_areas)
    return plan if given.index.equals(atoms.index) else _in_order_of(plan, given)


def _in_order_of(plan: Plan, atoms: gpd.GeoDataFrame) -> Plan:
    """Give a plan the rows of its atoms in the caller's order."""
    owners = {level: owner.reindex(atoms.index) for level, owner in plan.owners.items()}
    return replace(plan, atoms=atoms, owners=owners, borders=find_borders(atoms))


def _numbers(work: Work, names: list[str], wish: Number | Mapping[str, Number] | None) -> dict[str, int]:
    """Decide how many grids the communities are divided into, where that was asked for."""
    level = work.levels[0]
    totals = np.bincount(work.community, work.amounts[level])
    found = allot(wish, names, totals, np.bincount(work.community), work.profile.limits[level], level)
    if found and len(work.asked.seeds):
        raise GridgeoError("number_of_areas: contradicts seeds, which make one area each; leave one of them out")
    return found


def _read_wishes(
    atoms: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    profile: Profile,
    keep_together: Groups | None,
    exclusive: str | None,
    locked: pd.Series | gpd.GeoDataFrame | None,
    barriers: Sequence[str | int],
    bridges: Iterable[tuple[str, str]] | gpd.GeoDataFrame | None,
    seeds: Sequence[str] | gpd.GeoSeries | None,
) -> Constraints:
    site, site_level, sites = read_sites(atoms, profile, exclusive)
    closed, bridged = read_barriers(borders, barriers), read_bridges(atoms, bridges)
    asked = Constraints(
        group=read_groups(atoms, borders[~closed], keep_together, bridged),
        site=site,
        site_level=site_level,
        sites=sites,
        locked=read_locked(atoms, profile, locked),
        closed=closed,
        bridges=bridged,
        seeds=read_seeds(atoms, seeds),
    )
    return check_agreement(atoms, asked, [str(level) for level in profile.levels if level != Level.BEAT])


def _work(
    atoms: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    profile: Profile,
    levels: list[str],
    asked: Constraints,
    divide: Divide,
    effort: Effort,
    seed: int,
) -> Work:
    """Take what is counted out of the atoms."""
    further = {}
    for level in levels:
        rules = tuple(each for each in profile.further.get(level, ()) if _is_counted(atoms, each))
        columns = [amounts_of(atoms, each) for each in rules]
        further[level] = (np.column_stack(columns) if columns else np.zeros((len(atoms), 0), dtype=np.int64), rules)
    held: dict[str, tuple[Limits, int]] = {}
    for site in sorted({each for each in asked.site if each is not None}):
        bands = profile.exclusive.bands if profile.exclusive else {}
        band = bands.get(str(asked.sites.get(site, {}).get("kind")))
        if band is not None and _is_counted(atoms, band):
            held[site] = (band, int(amounts_of(atoms, band)[asked.site == site].sum()))
    return Work(
        ids=atoms.index.to_numpy(dtype=object),
        community=np.unique(atoms["community_id"].to_numpy(dtype=str), return_inverse=True)[1],
        graph=Graph.of(atoms, borders).without(asked.closed).bridged(asked.bridges),
        profile=profile,
        levels=levels,
        amounts={level: amounts_of(atoms, profile.limits[level]) for level in levels},
        further=further,
        site_held=held,
        asked=asked,
        numbers={},
        divide=divide,
        effort=effort,
        seed=seed,
    )


def _is_counted(atoms: gpd.GeoDataFrame, limits: Limits) -> bool:
    """Tell whether a further measure can be counted: a mere target asks nothing of a town that does not count it."""
    return limits.is_bounded or (limits.measure in atoms and bool(atoms[limits.measure].any()))


@dataclass
class _Drawn:
    """Gather divided communities, numbered through."""

    levels: list[str]
    zones: dict[str, np.ndarray]
    own: dict[str, dict[int, Own]]
    told: list[tuple[str, Certificate]]
    redrawn: dict[str, int]

    @classmethod
    def begin(cls, atoms: gpd.GeoDataFrame, levels: list[str]) -> _Drawn:
        zones = {level: np.full(len(atoms), -1) for level in levels}
        return cls(levels, zones, {level: {} for level in levels}, [], {})

    def add(self, members: np.ndarray, part: DividedCommunity, name: str) -> None:
        """Number a community's areas on from those there are."""
        used = {level: int(self.zones[level].max()) + 1 for level in self.levels}
        for level in self.levels:
            self.zones[level][members] = used[level] + part.zones[level]
            self.own[level] |= {used[level] + zone: own for zone, own in part.own[level].items()}
            for each in part.told[level]:
                self.told.append((level, each.placed(members)))
        if part.redrawn:
            self.redrawn[name] = part.redrawn


def _plan(
    work: Work,
    drawn: _Drawn,
    atoms: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    manifest: dict[str, Any],
    number_of_areas: Number | Mapping[str, Number] | None,
) -> Plan:
    """Name the areas and put the plan together."""
    profile = work.profile
    owners = {str(Level.COMMUNITY): atoms["community_id"].rename("area_id")}
    register = [_community_rows(atoms)]
    above = str(Level.COMMUNITY)
    for level in drawn.levels:
        owners[level], rows = name_areas(
            atoms, drawn.zones[level], owners[above], level, register[-1], drawn.own[level]
        )
        register.append(rows)
        above = level
    stacked, settled = stack_micro_grids(atoms, owners[above], profile.limits[above])
    told_rows: list[dict[str, Any]] = []
    for level, each in drawn.told:
        if told_by_floors(settled, set(owners[level].iloc[list(each.atoms)]), level):
            continue
        outer = [str(Level.COMMUNITY), *drawn.levels][drawn.levels.index(level)]
        told_rows += [
            _certificate_row(each, str(area_id), level, profile.limits[level], work.graph.shapes)
            for area_id in dict.fromkeys(owners[outer].iloc[list(each.missed or each.atoms[:1])])
        ]
    if Level.BEAT in profile.levels:
        wish = number_of_areas.get(str(Level.BEAT)) if isinstance(number_of_areas, Mapping) else None
        limits = profile.limits[Level.BEAT]
        amounts = None if limits.measure == "grids" else amounts_of(atoms, limits)
        names = register[0]["name"]
        owners[str(Level.BEAT)], beats, told = draw_beats(work, owners[drawn.levels[0]], amounts, wish, names)
        register.append(beats)
        told_rows += [
            _certificate_row(each, "", str(Level.BEAT), profile.limits[Level.BEAT], work.graph.shapes) for each in told
        ]
    return Plan(
        atoms=atoms,
        owners=owners,
        register=pd.concat(register),
        profile=profile,
        borders=borders,
        certificates=_certificate_table(told_rows, atoms.crs),
        manifest=manifest | {"inner_first": drawn.redrawn, "stacked": stacked},
    )


def _method(method: str | Method) -> Divide:
    if callable(method):
        chosen = method
        return lambda problem, effort, seed: _checked(chosen(problem, seed), problem)
    if method not in METHODS:
        raise GridgeoError(f"method {method!r} is unknown; choose one of {', '.join(METHODS)}, or pass a function")
    return METHODS[method]


def _effort(effort: str) -> Effort:
    if effort not in EFFORTS:
        raise GridgeoError(f"effort {effort!r} is unknown; choose one of {', '.join(EFFORTS)}")
    return EFFORTS[effort]


def _checked(zone: Any, problem: Problem) -> np.ndarray:
    zone = np.asarray(zone)
    if zone.shape != (len(problem),) or not np.issubdtype(zone.dtype, np.integer) or zone.min(initial=0) < 0:
        raise GridgeoError(
            f"method: returned {zone.shape} {zone.dtype}, not one whole number >= 0 for each of {len(problem)} atoms"
        )
    torn = np.flatnonzero(np.bincount(zone[np.unique(pieces(problem, zone), return_index=True)[1]]) > 1)
    if len(torn):
        raise GridgeoError(f"method: returned zone {torn[0]} in pieces; an area is in one piece, gridgeo joins none")
    return renumber(zone)


def _certificate_row(each: Certificate, area_id: str, level: str, limits: Limits, shapes: np.ndarray) -> dict[str, Any]:
    limits = each.limits or limits
    return {
        "area_id": area_id,
        "level": level,
        "reason": each.reason,
        "households": each.households,
        "low": limits.low,
        "high": limits.high,
        "relaxation": each.relaxation,
        "message": each.message,
        "clause": limits.clause,
        "strength": limits.strength,
        "geometry": shapely.coverage_union_all(shapes[list(each.atoms)]) if each.atoms else None,
    }


def _certificate_table(rows: list[dict[str, Any]], crs: Any) -> gpd.GeoDataFrame:
    if not rows:
        return gpd.GeoDataFrame(empty(CERTIFICATES, crs))
    index = pd.Index([f"Z{number:04d}" for number in range(1, len(rows) + 1)], name="certificate_id")
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=crs, index=index)


def _community_rows(atoms: gpd.GeoDataFrame) -> pd.DataFrame:
    ids = np.unique(atoms["community_id"].to_numpy(dtype=str))
    names = names_of_communities(atoms)
    return pd.DataFrame(
        {
            "code": ids,
            "name": [names.get(str(area_id), str(area_id)) for area_id in ids],
            "level": str(Level.COMMUNITY),
            "kind": str(AreaKind.BASE),
            "parent_id": None,
        },
        index=pd.Index(ids, name="area_id"),
    )


def manifest_of(
    atoms: gpd.GeoDataFrame, profile: Profile, method: str | Method, effort: str, seed: int
) -> dict[str, Any]:
    """Note down what is needed to draw the plan again."""
    from gridgeo import __version__

    digest = hashlib.sha256()
    for shape in shapely.to_wkb(atoms.geometry.to_numpy()):
        digest.update(shape)
    digest.update(atoms[["community_id", "block_id", "households"]].to_csv().encode())
    rules = {
        level: [limits.low, limits.high, limits.target, limits.strength] for level, limits in profile.limits.items()
    }
    return {
        "gridgeo": __version__,
        "profile": profile.name,
        "limits": rules,
        "method": method if isinstance(method, str) else getattr(method, "__name__", "callable"),
        "effort": effort,
        "seed": seed,
        "crs": str(atoms.crs),
        "atoms": len(atoms),
        "households": int(atoms["households"].sum()),
        "left_out_households": int(atoms.attrs.get("left_out_households", 0)),
        "moved_households": int(atoms.attrs.get("moved_households", 0)),
        "atoms_sha256": digest.hexdigest(),
        "inputs": json.loads(atoms.attrs.get("inputs", "{}")),
    }
