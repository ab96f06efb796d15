"""Read what a planner asks of a division beside the profile: what stays together, apart, as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import GridgeoError, TableError
from gridgeo.model.levels import Level, StreetKind
from gridgeo.model.profile import Profile

from .noding import covering, inside_points

Groups = pd.Series | Iterable[Iterable[str]]
"""Atoms that stay together: ``atom_id`` -> group, or lists of atom ids."""
MOST_CUT = 0.01
"""Share of an atom that a locked area may leave outside, or take from a neighbour, and still be made of whole atoms."""


@dataclass(frozen=True)
class Constraints:
    """What was asked for, by the positions of atoms; n atoms, e borders.

    Parameters
    ----------
    group : array of int, shape (n,)
        Atoms of one number stay in one area; numbered from 0.
    site : array of object, shape (n,)
        The institution whose own area an atom belongs to, or None.
    site_level : str
        The level of which institutions are areas.
    sites : mapping of str to mapping
        Name and kind of each institution.
    locked : mapping of level to array of object, shape (n,)
        The area that an atom stays in, or None.
    closed : array of bool, shape (e,)
        Borders that no area crosses.
    bridges : array of int, shape (b, 2)
        Atoms that count as neighbours.
    seeds : array of int
        Atoms of which each area of the outer level holds one.
    """

    group: np.ndarray
    site: np.ndarray
    site_level: str
    sites: Mapping[str, Mapping[str, Any]]
    locked: Mapping[str, np.ndarray]
    closed: np.ndarray
    bridges: np.ndarray
    seeds: np.ndarray


def read_groups(
    atoms: gpd.GeoDataFrame, borders: pd.DataFrame, groups: Groups | None, bridges: np.ndarray | None = None
) -> np.ndarray:
    """Number the atoms so that those that stay together share a number.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``.
    borders : DataFrame
        Table ``BORDERS``, without those that no area crosses.
    groups : Series or list of lists of atom ids, optional
    bridges : array of int, shape (b, 2), optional
        Atoms that count as neighbours.

    Returns
    -------
    array of int, shape (n,)

    Raises
    ------
    TableError
        If an atom is unknown, a group reaches over two communities or is not in one piece.
    """
    n = len(atoms)
    if groups is None:
        return np.arange(n)
    lists = _group_lists(groups)
    links = borders[["atom_a", "atom_b"]].to_numpy(dtype=object)
    if bridges is not None:
        links = np.concatenate([links, atoms.index.to_numpy(dtype=object)[bridges]])
    ends: list[tuple[int, int]] = []
    for name, ids in lists.items():
        at = positions_of(atoms, ids, f"keep_together: group {name!r}")
        homes = atoms["community_id"].iloc[at].unique()
        if len(homes) > 1:
            raise TableError(
                f"keep_together: group {name!r} lies in communities {homes[0]!r} and {homes[1]!r}; no grid crosses them"
            )
        _refuse_scattered(pd.Index(atoms.index[at]), links, name)
        ends += [(int(at[0]), int(other)) for other in at[1:]]
    a, b = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    return np.asarray(connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)[1])


def _group_lists(groups: Groups) -> dict[str, list[str]]:
    if isinstance(groups, pd.Series):
        known = groups.dropna()
        return {str(name): list(rows.index) for name, rows in known.groupby(known, sort=True)}
    lists = list(groups)
    if any(isinstance(each, str) for each in lists):
        raise TableError("keep_together: is not a list of lists of atom ids; write [['A00001', 'A00002'], ...]")
    return {str(number): [str(each) for each in group] for number, group in enumerate(lists, 1)}


def _refuse_scattered(ids: pd.Index, links: np.ndarray, name: str) -> None:
    ids = ids.drop_duplicates()
    a, b = ids.get_indexer(pd.Index(links[:, 0])), ids.get_indexer(pd.Index(links[:, 1]))
    both = (a >= 0) & (b >= 0)
    graph = coo_array((np.ones(int(both.sum())), (a[both], b[both])), shape=(len(ids), len(ids)))
    count, piece = connected_components(graph, directed=False)
    if count > 1:
        other = ids[np.flatnonzero(piece != piece[0])[0]]
        raise TableError(
            f"keep_together: group {name!r} is in {count} pieces, {ids[0]!r} does not reach {other!r}; "
            "add the atoms between them"
        )


def positions_of(atoms: gpd.GeoDataFrame, ids: Sequence[str], what: str) -> np.ndarray:
    """Find atoms by their ids.

    Raises
    ------
    TableError
        Naming the first id that no atom has.
    """
    at = atoms.index.get_indexer(pd.Index(list(ids)))
    if len(at) == 0:
        raise TableError(f"{what}: is empty")
    if (at < 0).any():
        raise TableError(f"{what}: there is no atom {list(ids)[int(np.argmin(at))]!r}")
    return np.asarray(at)


def read_sites(
    atoms: gpd.GeoDataFrame, profile: Profile, level: str | None
) -> tuple[np.ndarray, str, dict[str, dict[str, Any]]]:
    """Read which atoms are institutions of their own, and of which level their areas are.

    Raises
    ------
    GridgeoError
        If the level is none that the profile divides into.
    """
    tree = [str(each) for each in profile.levels if each != Level.BEAT]
    chosen = level or (profile.exclusive.level if profile.exclusive else None) or (tree[-1] if tree else "none")
    if chosen not in (*tree, "none") and level is not None:
        raise GridgeoError(f"exclusive: level {chosen!r} is none of the profile's; choose {', '.join(tree)} or none")
    site = np.full(len(atoms), None, dtype=object)
    if "keep_with" in atoms and chosen != "none":
        words = atoms["keep_with"]
        own = words.notna() & words.astype("str").str.startswith("exclusive:")
        site[own.to_numpy()] = words[own].to_numpy(dtype=object)
    return site, chosen, json.loads(atoms.attrs.get("sites", "{}"))


def read_locked(
    atoms: gpd.GeoDataFrame, profile: Profile, locked: pd.Series | gpd.GeoDataFrame | None
) -> dict[str, np.ndarray]:
    """Read which areas stay as they are.

    Parameters
    ----------
    atoms : GeoDataFrame
    profile : Profile
    locked : Series or GeoDataFrame, optional
        ``atom_id`` -> grid, or areas (index ``area_id``, optional column ``level``) whose ground is whole atoms.

    Returns
    -------
    mapping of level to array of object, shape (n,)

    Raises
    ------
    TableError, CrsError
        If an atom is unknown, an area cuts an atom or holds none, or reaches over two communities.
    """
    if locked is None:
        return {}
    if isinstance(locked, gpd.GeoDataFrame):
        check_same_crs(("atoms", atoms), ("locked", locked))
        levels = locked["level"].astype("str") if "level" in locked else pd.Series(str(Level.GRID), index=locked.index)
        found = {level: _atoms_of_areas(atoms, locked[levels == level]) for level in sorted(set(levels))}
    else:
        known = locked.dropna()
        if not len(known):
            return {}
        if known.index.has_duplicates:
            raise TableError(f"locked: atom {known.index[known.index.duplicated()][0]!r} stands twice; keep one row")
        owner = np.full(len(atoms), None, dtype=object)
        owner[positions_of(atoms, list(known.index), "locked")] = known.astype("str").to_numpy(dtype=object)
        found = {str(Level.GRID): owner}
    for level, owner in found.items():
        tree = [str(each) for each in profile.levels if each != Level.BEAT]
        if level not in tree:
            raise TableError(f"locked: level {level!r} is none of the profile's that can stay ({', '.join(tree)})")
        _refuse_crossing(atoms, owner)
    return found


def _atoms_of_areas(atoms: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> np.ndarray:
    """Give each atom the locked area it lies in; an area that cuts atoms is refused."""
    shapes = areas.geometry.to_numpy()
    at = covering(inside_points(atoms.geometry.to_numpy()), shapes)
    owner = np.full(len(atoms), None, dtype=object)
    owner[at >= 0] = areas.index.astype("str").to_numpy(dtype=object)[at[at >= 0]]
    for number, name in enumerate(areas.index.astype("str")):
        members = atoms.geometry.to_numpy()[at == number]
        if not len(members):
            raise TableError(f"locked: area {name!r} holds no atom; does it lie in this territory?")
        wrong = shapely.area(shapely.symmetric_difference(shapely.union_all(members), shapes[number]))
        if wrong > MOST_CUT * shapely.area(members).min():
            cut = members[int(np.argmax(shapely.area(shapely.difference(members, shapes[number]))))]
            row = atoms.index[[shape is cut for shape in atoms.geometry]][0]
            raise TableError(
                f"locked: area {name!r} is not made of whole atoms ({wrong:.0f} m2 differ, first at {row!r}); "
                "make the atoms anew with keep_whole= its ground"
            )
    return owner


def _refuse_crossing(atoms: gpd.GeoDataFrame, owner: np.ndarray) -> None:
    homes = pd.DataFrame({"area": owner, "community": atoms["community_id"].to_numpy()}).dropna()
    several = homes.groupby("area")["community"].nunique()
    if (several > 1).any():
        raise TableError(f"locked: area {several.index[several > 1][0]!r} lies in several communities")


def read_barriers(borders: pd.DataFrame, barriers: Sequence[str | int]) -> np.ndarray:
    """Mark the borders that may not be crossed.

    Parameters
    ----------
    borders : DataFrame
        Table ``BORDERS``.
    barriers : sequence of str or int
        Kinds of line (``"river"``, ``"rail"``, ``"wall"``), ranks (1 for trunk roads), or ids of streets.

    Returns
    -------
    array of bool, shape (e,)

    Raises
    ------
    TableError
        If one is no kind, no rank, and no street that a border runs on. A kind or a rank of which the territory has no
        line closes nothing.
    """
    if isinstance(barriers, str):
        raise TableError(f"barriers: {barriers!r} is one word, not a list; write [{barriers!r}]")
    closed = np.zeros(len(borders), dtype=bool)
    kinds = {str(kind) for kind in StreetKind}
    kind = borders["kind"] if "kind" in borders else pd.Series(None, index=borders.index, dtype="str")
    for each in barriers:
        if isinstance(each, Integral):
            if not 1 <= each <= 6:
                raise TableError(f"barriers: rank {each} is none of 1 (trunk road) to 6 (lane)")
            closed |= (borders["rank"] == each).to_numpy()
        elif each in kinds:
            closed |= (kind == each).to_numpy()
        else:
            hit = (borders["street_id"] == each).to_numpy(dtype=bool, na_value=False)
            if not hit.any():
                raise TableError(
                    f"barriers: {each!r} is no kind ({', '.join(sorted(kinds))}), no rank, and no street that a border "
                    "runs on"
                )
            closed |= hit
    return closed


def read_bridges(atoms: gpd.GeoDataFrame, bridges: Iterable[tuple[str, str]] | gpd.GeoDataFrame | None) -> np.ndarray:
    """Read which atoms count as neighbours: pairs of ids, or lines that lead from one to the other.

    Returns
    -------
    array of int, shape (b, 2)

    Raises
    ------
    TableError, CrsError
        If an atom is unknown, a row is no line, or a line ends outside the territory.
    """
    if bridges is None:
        return np.zeros((0, 2), dtype=np.int64)
    if isinstance(bridges, gpd.GeoDataFrame):
        check_same_crs(("atoms", atoms), ("bridges", bridges))
        lines = shapely.line_merge(bridges.geometry.to_numpy())
        other = shapely.get_type_id(lines) != shapely.GeometryType.LINESTRING
        if other.any():
            row = bridges.index[int(np.argmax(other))]
            raise TableError(f"bridges: row {row!r} is no line; draw one line a bridge, from land to land")
        ends = [covering(shapely.get_point(lines, at), atoms.geometry.to_numpy()) for at in (0, -1)]
        pairs = np.column_stack(ends)
        if (pairs < 0).any():
            row = bridges.index[np.flatnonzero((pairs < 0).any(axis=1))[0]]
            raise TableError(f"bridges: line {row!r} ends outside the territory; draw it from land to land")
    else:
        listed = [("",) if isinstance(pair, str) else tuple(map(str, pair)) for pair in bridges]
        if any(len(pair) != 2 for pair in listed):
            raise TableError("bridges: is not a list of pairs of atom ids; write [('A00001', 'A00002'), ...]")
        if not listed:
            return np.zeros((0, 2), dtype=np.int64)
        pairs = positions_of(atoms, [each for pair in listed for each in pair], "bridges").reshape(-1, 2)
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(pairs, axis=0)


def read_seeds(atoms: gpd.GeoDataFrame, seeds: Sequence[str] | gpd.GeoSeries | None) -> np.ndarray:
    """Read the atoms of which each area holds one: ids, or points in them.

    Returns
    -------
    array of int

    Raises
    ------
    TableError, CrsError
        If an atom is unknown, a point lies outside, or two lie in one atom.
    """
    if seeds is None:
        return np.zeros(0, dtype=np.int64)
    if isinstance(seeds, gpd.GeoSeries | gpd.GeoDataFrame):
        points = seeds.geometry
        check_same_crs(("atoms", atoms), ("seeds", points.to_frame("geometry")))
        at = covering(points.to_numpy(), atoms.geometry.to_numpy())
        if (at < 0).any():
            raise TableError(f"seeds: point {points.index[int(np.argmin(at))]!r} lies outside the territory")
    else:
        at = positions_of(atoms, list(map(str, seeds)), "seeds")
    twice = pd.Index(at)[pd.Index(at).duplicated()]
    if len(twice):
        raise TableError(f"seeds: two lie in atom {atoms.index[twice[0]]!r}; an area holds one of them")
    return np.asarray(at)
