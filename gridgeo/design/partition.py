"""Divide every community into areas under a profile, level by level, and certify what cannot be had."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import GridgeoError, TableError
from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Limits, Profile
from gridgeo.model.tables import ATOMS, CERTIFICATES, check, empty

from .adjacency import find_borders
from .bridges import bridge_pieces
from .certificates import Certificate, certify_area
from .naming import name_areas, names_of_communities
from .problem import Problem, make_problem, pieces, subproblem
from .solver import EFFORTS, Effort, Method, metis, solve

Progress = Callable[[str, int, int], None]
"""Called with the level, the number of areas divided so far, and the number there are."""


def _by_metis(problem: Problem, effort: Effort, seed: int) -> np.ndarray:
    del effort
    return metis(problem, seed)


METHODS: dict[str, Callable[[Problem, Effort, int], np.ndarray]] = {"gridgeo": solve, "metis": _by_metis}
"""Ways to divide one connected area. ``gridgeo`` keeps the band; ``metis`` is its start alone, for comparison."""


def partition(
    atoms: gpd.GeoDataFrame,
    profile: Profile,
    method: str | Method = "gridgeo",
    effort: str = "normal",
    seed: int = 0,
    *,
    progress: Progress | None = None,
) -> Plan:
    """Divide every community into areas that keep the profile's limits.

    Each community is divided by itself, and each of its grids again into micro grids where the profile has them. An
    area is
    in one piece, compact, and bounded by streets where that keeps the band. Where the band cannot be kept, the plan
    carries
    a certificate with the reason and the nearest relaxation, and the areas that miss it by the fewest households.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``, as ``make_atoms`` or ``adopt`` returns it.
    profile : Profile
        Its levels are divided into, outer level first.
    method : str or callable
        One of ``METHODS``, or a function of (problem, seed) that returns the zone of each atom.
    effort : str
        ``"fast"``, ``"normal"`` or ``"best"``.
    seed : int
        The same atoms, profile, method, effort and seed give the same plan, on every machine.
    progress : callable, optional
        Told after each area.

    Returns
    -------
    Plan

    Raises
    ------
    TableError, CrsError
        If the atoms break their contract.
    GridgeoError
        If the method or the effort is unknown, or a method of the caller's returns no zones.
    """
    check(atoms, ATOMS)
    if not len(atoms):
        raise TableError("atoms: the table has no rows; make_atoms makes them from communities and streets")
    divide = _method(method)
    if effort not in EFFORTS:
        raise GridgeoError(f"effort {effort!r} is unknown; choose one of {', '.join(EFFORTS)}")
    borders = find_borders(atoms)
    graph = _Graph.of(atoms, borders)
    owners = {str(Level.COMMUNITY): atoms["community_id"].rename("area_id")}
    register = [_community_rows(atoms)]
    certificates: list[gpd.GeoDataFrame] = []
    parent = str(Level.COMMUNITY)
    for level in map(str, profile.levels):
        limits = profile.limits[level]
        owner, told = _divide_level(
            atoms, graph, owners[parent], level, limits, divide, EFFORTS[effort], seed, progress
        )
        named, rows = name_areas(atoms, owner, owners[parent], level, register[-1])
        owners[level] = named
        register.append(rows)
        certificates.append(told)
        parent = level
    return Plan(
        atoms=atoms,
        owners=owners,
        register=pd.concat(register),
        profile=profile,
        borders=borders,
        certificates=_join_certificates(certificates, atoms.crs, profile),
        manifest=_manifest(atoms, profile, method, effort, seed),
    )


def _method(method: str | Method) -> Callable[[Problem, Effort, int], np.ndarray]:
    if callable(method):
        chosen = method
        return lambda problem, effort, seed: _checked(chosen(problem, seed), problem)
    if method not in METHODS:
        raise GridgeoError(f"method {method!r} is unknown; choose one of {', '.join(METHODS)}, or pass a function")
    return METHODS[method]


def _checked(zone: Any, problem: Problem) -> np.ndarray:
    zone = np.asarray(zone)
    if zone.shape != (len(problem),) or not np.issubdtype(zone.dtype, np.integer) or zone.min(initial=0) < 0:
        raise GridgeoError(
            f"method: returned {zone.shape} {zone.dtype}, not one whole number >= 0 for each of {len(problem)} atoms"
        )
    return np.unique(zone, return_inverse=True)[1].astype(np.int64)


@dataclass(frozen=True)
class _Graph:
    """All atoms and borders as arrays; borders by the positions of their atoms."""

    first: np.ndarray
    second: np.ndarray
    length: np.ndarray
    rank: np.ndarray
    weight: np.ndarray
    area: np.ndarray
    perimeter: np.ndarray
    block: np.ndarray

    @classmethod
    def of(cls, atoms: gpd.GeoDataFrame, borders: pd.DataFrame) -> _Graph:
        shapes = atoms.geometry.to_numpy()
        return cls(
            first=atoms.index.get_indexer(borders["atom_a"]),
            second=atoms.index.get_indexer(borders["atom_b"]),
            length=borders["length_m"].to_numpy(dtype=float),
            rank=borders["rank"].to_numpy(dtype=np.int64),
            weight=atoms["households"].to_numpy(dtype=np.int64),
            area=shapely.area(shapes),
            perimeter=shapely.length(shapes),
            block=pd.factorize(atoms["block_id"])[0],
        )

    def problems(self, parent: np.ndarray, count: int, limits: Limits) -> Iterator[tuple[int, np.ndarray, Problem]]:
        """Give each parent area its atoms and its problem."""
        local = np.zeros(len(parent), dtype=np.int64)
        order = np.argsort(parent, kind="stable")
        groups = np.split(order, np.searchsorted(parent[order], np.arange(1, count)))
        inside = np.flatnonzero(parent[self.first] == parent[self.second])
        inside = inside[np.argsort(parent[self.first[inside]], kind="stable")]
        edges = np.split(inside, np.searchsorted(parent[self.first[inside]], np.arange(1, count)))
        for area, (members, edge) in enumerate(zip(groups, edges, strict=True)):
            local[members] = np.arange(len(members))
            block = np.unique(self.block[members], return_inverse=True)[1]
            ends = (local[self.first[edge]], local[self.second[edge]], self.length[edge], self.rank[edge])
            yield (
                area,
                members,
                make_problem(self.weight[members], self.area[members], self.perimeter[members], block, ends, limits),
            )


def _divide_level(
    atoms: gpd.GeoDataFrame,
    graph: _Graph,
    parents: pd.Series,
    level: str,
    limits: Limits,
    divide: Callable[[Problem, Effort, int], np.ndarray],
    effort: Effort,
    seed: int,
    progress: Progress | None,
) -> tuple[np.ndarray, gpd.GeoDataFrame]:
    """Divide every parent area; return the zone of each atom, numbered through, and the certificates."""
    names, parent = np.unique(parents.to_numpy(dtype=str), return_inverse=True)
    shapes = atoms.geometry.to_numpy()
    owner = np.zeros(len(atoms), dtype=np.int64)
    rows: list[dict[str, Any]] = []
    used = 0
    for area, members, problem in graph.problems(parent, len(names), limits):
        zone, told = _divide_area(problem, shapes[members], limits, str(names[area]), divide, effort, seed)
        owner[members] = used + zone
        used += int(zone.max()) + 1
        rows += [_certificate_row(each, str(names[area]), level, limits, shapes[members]) for each in told]
        if progress is not None:
            progress(level, area + 1, len(names))
    if not rows:
        return owner, gpd.GeoDataFrame(empty(CERTIFICATES, atoms.crs))
    return owner, gpd.GeoDataFrame(rows, geometry="geometry", crs=atoms.crs)


def _divide_area(
    problem: Problem,
    shapes: np.ndarray,
    limits: Limits,
    name: str,
    divide: Callable[[Problem, Effort, int], np.ndarray],
    effort: Effort,
    seed: int,
) -> tuple[np.ndarray, list[Certificate]]:
    """Divide one area; the pieces of a community that is not connected are divided by themselves."""
    seed = (seed * 1_000_003 + zlib.crc32(name.encode())) % 2**31
    group = np.zeros(len(problem), dtype=np.int64)
    told: list[Certificate] = []
    if pieces(problem).max(initial=0) > 0:
        problem, told = bridge_pieces(problem, shapes, limits, name)
        group = pieces(problem)
    zone = np.zeros(len(problem), dtype=np.int64)
    used = 0
    for piece in range(int(group.max()) + 1):
        members = np.flatnonzero(group == piece)
        part = problem if len(members) == len(problem) else subproblem(problem, members, limits)
        found = divide(part, effort, seed + piece)
        zone[members] = used + found
        used += int(found.max()) + 1
        for each in certify_area(part, found, limits, name):
            told.append(
                Certificate(
                    each.reason,
                    each.households,
                    each.relaxation,
                    each.message,
                    tuple(members[list(each.atoms)].tolist()),
                )
            )
    return zone, told


def _certificate_row(each: Certificate, area_id: str, level: str, limits: Limits, shapes: np.ndarray) -> dict[str, Any]:
    return {
        "area_id": area_id,
        "level": level,
        "reason": each.reason,
        "households": each.households,
        "low": limits.low,
        "high": limits.high,
        "relaxation": each.relaxation,
        "message": each.message,
        "geometry": shapely.coverage_union_all(shapes[list(each.atoms)]) if each.atoms else None,
    }


def _join_certificates(tables: list[gpd.GeoDataFrame], crs: Any, profile: Profile) -> gpd.GeoDataFrame:
    full = [table for table in tables if len(table)]
    if not full:
        return gpd.GeoDataFrame(empty(CERTIFICATES, crs))
    joined = gpd.GeoDataFrame(pd.concat(full, ignore_index=True), geometry="geometry", crs=crs)
    joined["clause"] = [profile.limits[level].clause for level in joined["level"]]
    joined["strength"] = [profile.limits[level].strength for level in joined["level"]]
    joined.index = pd.Index([f"Z{number:04d}" for number in range(1, len(joined) + 1)], name="certificate_id")
    return joined


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


def _manifest(
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
