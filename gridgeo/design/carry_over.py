"""Pass the owners of a plan on to the atoms of the town as it is now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import TableError
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.model.tables import ATOMS, CERTIFICATES, check, empty

from .adjacency import find_borders

ALIKE = 1e-4
"""Two atoms that differ in less than this share of their ground are the same: a new street's end puts a vertex on its
neighbours' edges, and rounding moves it."""


@dataclass(frozen=True, eq=False)
class Passed:
    """A plan on new atoms.

    Parameters
    ----------
    plan : Plan
    settled : array of int, shape (n,)
        Households in each new atom that lived there before: no more than there are now, nor than there were.
    """

    plan: Plan
    settled: np.ndarray


def carry_over(plan: Plan, new_atoms: gpd.GeoDataFrame) -> Plan:
    """Give every new atom to the area that held most of its ground.

    Atoms that have not changed keep their ids, however the new table numbers them; an atom of other streets or
    buildings gets an id that no old atom has. No atom leaves its community, and no area falls into pieces that was in
    one. An area none of whose ground is left in its community is gone.

    Parameters
    ----------
    plan : Plan
    new_atoms : GeoDataFrame
        Table ``ATOMS``, in the plan's CRS.

    Returns
    -------
    Plan
        A draft without certificates, its rows in the order of ``new_atoms``.

    Raises
    ------
    TableError, CrsError
        If the atoms break their contract, lie in another CRS, or a community has no area in the plan.
    """
    check(new_atoms, ATOMS)
    return carry(plan, new_atoms).plan


def carry(plan: Plan, new_atoms: gpd.GeoDataFrame) -> Passed:
    """As ``carry_over``, with the households that lived there before."""
    check_same_crs(("plan", plan.atoms), ("new_atoms", new_atoms))
    old = plan.atoms
    fresh: dict[str, Any] = {"certificates": empty(CERTIFICATES), "valid_from": None, "revision": 0}
    if _is_same_ground(old, new_atoms):
        owners = {level: owner.reindex(new_atoms.index) for level, owner in plan.owners.items()}
        settled = np.minimum(old["households"].reindex(new_atoms.index), new_atoms["households"]).to_numpy(dtype=int)
        return Passed(replace(plan, atoms=new_atoms, owners=owners, **fresh), settled)
    twin = _twins(old, new_atoms)
    borders = find_borders(new_atoms)
    names = _names(old, new_atoms, twin)
    inner = str(plan.levels[-1])
    overlap = _overlaps(old, new_atoms, twin)
    area, settled = _inherit(plan, new_atoms, overlap, plan.owner(inner), borders)
    index = pd.Index(names, name="atom_id")
    renamed = dict(zip(new_atoms.index, names, strict=True))
    borders = borders.assign(atom_a=borders["atom_a"].map(renamed), atom_b=borders["atom_b"].map(renamed))
    atoms = new_atoms.set_axis(index)
    atoms.attrs = {key: value for key, value in new_atoms.attrs.items() if key not in ("borders", "floors")}
    owners = {inner: pd.Series(area, index=index, name="area_id")}
    for level in reversed(plan.levels[1:-1]):
        below = owners[str(plan.levels[plan.levels.index(level) + 1])]
        owners[str(level)] = below.map(plan.register["parent_id"]).rename("area_id")
    owners = {str(Level.COMMUNITY): atoms["community_id"].rename("area_id"), **dict(reversed(owners.items()))}
    for level in plan.overlays:
        beat = plan.owner(level).groupby(plan.owner(Level.GRID)).first()
        owners[str(level)] = owners[str(Level.GRID)].map(beat).rename("area_id")
    alive = {area_id for owner in owners.values() for area_id in owner.unique()}
    register = plan.register[plan.register.index.isin(alive)]
    return Passed(replace(plan, atoms=atoms, owners=owners, register=register, borders=borders, **fresh), settled)


def _is_same_ground(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> bool:
    """Tell whether only counts differ."""
    if len(old) != len(new) or not new.index.isin(old.index).all():
        return False
    known = old.loc[new.index]
    alike = (known["community_id"].to_numpy() == new["community_id"].to_numpy()).all()
    return bool(alike and shapely.equals_exact(known.geometry.to_numpy(), new.geometry.to_numpy()).all())


def _twins(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> np.ndarray:
    """Find for each new atom the old one of the same shape, but for vertices along its edges; -1 for none."""
    shapes, ground = shapely.normalize(new.geometry.to_numpy()), shapely.normalize(old.geometry.to_numpy())
    place = {key: at for at, key in enumerate(shapely.to_wkb(ground))}
    twin = np.array([place.get(key, -1) for key in shapely.to_wkb(shapes)])
    free = np.setdiff1d(np.arange(len(old)), twin)
    rest = np.flatnonzero(twin < 0)
    if not len(free) or not len(rest):
        return twin
    at, near = shapely.STRtree(ground[free]).query(shapes[rest], predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[rest[at]], ground[free[near]]))
    larger = np.maximum(shapely.area(shapes[rest[at]]), shapely.area(ground[free[near]]))
    alike = shared >= (1 - ALIKE) * larger
    twin[rest[at[alike]]] = free[near[alike]]
    return twin


def _names(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, twin: np.ndarray) -> list[str]:
    """Keep the ids of atoms that have not changed; give the others ids that no old atom has."""
    known = set(old.index)
    used = known | set(new.index)
    digits = max((len(each) - 1 for each in used), default=4)
    names, number = [], 0
    for at, each in zip(twin.tolist(), new.index, strict=True):
        if at >= 0:
            names.append(str(old.index[at]))
        elif each not in known:
            names.append(str(each))
        else:
            number += 1
            while f"N{number:0{digits}d}" in used:
                number += 1
            names.append(f"N{number:0{digits}d}")
    return names


def _overlaps(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, twin: np.ndarray) -> pd.DataFrame:
    """List which new atom lies on which old one of its community: ``new, old, area_m2``."""
    homes = new["community_id"].to_numpy() == old["community_id"].to_numpy()[twin]
    same = np.flatnonzero((twin >= 0) & homes)
    other = np.setdiff1d(np.arange(len(new)), same)
    shapes, ground = new.geometry.to_numpy(), old.geometry.to_numpy()
    at, place = shapely.STRtree(ground).query(shapes[other], predicate="intersects")
    home = new["community_id"].to_numpy()[other[at]] == old["community_id"].to_numpy()[place]
    at, place = at[home], place[home]
    shared = shapely.area(shapely.intersection(shapes[other[at]], ground[place]))
    kept = shared > 0
    return pd.DataFrame(
        {
            "new": np.concatenate([same, other[at[kept]]]),
            "old": np.concatenate([twin[same], place[kept]]),
            "area_m2": np.concatenate([shapely.area(shapes[same]), shared[kept]]),
        }
    )


def _inherit(
    plan: Plan, new: gpd.GeoDataFrame, overlap: pd.DataFrame, owner: pd.Series, borders: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Give each new atom an area, and the households it had before."""
    area_of = owner.reindex(plan.atoms.index).to_numpy(dtype=object)
    table = overlap.assign(area_id=area_of[overlap["old"]])
    held = table.groupby(["new", "area_id"])["area_m2"].sum().reset_index()
    best = held.sort_values(["new", "area_m2", "area_id"], ascending=[True, False, True]).drop_duplicates("new")
    area = np.full(len(new), None, dtype=object)
    area[best["new"]] = best["area_id"]
    area = _hold_together(new, area, borders)
    # What an old atom held is shared out among the new ones on its ground, by the households these hold.
    now = new["households"].to_numpy(dtype=float)
    part = overlap["area_m2"] * (now[overlap["new"]] + 1e-9) / np.maximum(new.area.to_numpy()[overlap["new"]], 1e-9)
    whole = part.groupby(overlap["old"]).transform("sum")
    had = plan.atoms["households"].to_numpy(dtype=float)[overlap["old"]] * part / whole
    lived = np.bincount(overlap["new"], had, minlength=len(new))
    return area, np.minimum(np.floor(lived + 0.5), now).astype(int)


def _hold_together(new: gpd.GeoDataFrame, area: np.ndarray, borders: pd.DataFrame) -> np.ndarray:
    """Let loose pieces, and atoms on ground that no area held, join the neighbour with the longest border."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, home = len(new), new["community_id"].to_numpy()
    first, second = (new.index.get_indexer(borders[side]) for side in ("atom_a", "atom_b"))
    inside = home[first] == home[second]
    first, second, metres = first[inside], second[inside], borders["length_m"].to_numpy()[inside]
    size = new["households"].to_numpy() + new.area.to_numpy() * 1e-9
    for _ in range(n):
        code = pd.factorize(pd.Series(area, dtype=object))[0]
        same = (code[first] == code[second]) & (code[first] >= 0)
        graph = coo_array((np.ones(int(same.sum())), (first[same], second[same])), shape=(n, n))
        piece = connected_components(graph, directed=False)[1]
        held = np.bincount(piece, size)
        best = pd.Series(held[piece]).groupby(code).transform("max").to_numpy()
        loose = (code < 0) | (held[piece] < best)
        to, by = np.concatenate([first, second]), np.concatenate([second, first])
        open_ = loose[to] & ~loose[by]
        if not open_.any():
            break
        table = pd.DataFrame({"piece": piece[to[open_]], "to": area[by[open_]], "m": np.tile(metres, 2)[open_]})
        metres_to = table.groupby(["piece", "to"])["m"].sum().reset_index()
        metres_to = metres_to.sort_values(["piece", "m", "to"], ascending=[True, False, True]).drop_duplicates("piece")
        joined = metres_to.set_index("piece")["to"]
        hit = loose & np.isin(piece, joined.index)
        area[hit] = joined.loc[piece[hit]].to_numpy()
    if pd.isna(area).any():
        name = home[np.flatnonzero(pd.isna(area))[0]]
        raise TableError(f"new_atoms: community {name!r} has no area in the plan; divide it first with partition")
    return area
