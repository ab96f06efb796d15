"""Cut inner areas that are given as owners of atoms: exact, and without geometry if need be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import check_metric
from gridgeo.model.errors import TableError

from .intake import NO_AREA, Survey
from .nesting_pieces import Network, Pieces, Sites, join_land
from .parent_defects import NO_PARENT


def read_owners(
    inner: pd.Series, named: Mapping[str, Any], atoms: Any, households: Any
) -> tuple[Survey, dict[str, Network]]:
    """Cut owners of atoms along those of each network."""
    if households is not None:
        raise TableError("households: the atoms hold them; pass atoms=plan.atoms and leave households out")
    if atoms is not None and not isinstance(atoms, pd.DataFrame):
        raise TableError(f"atoms: is a {type(atoms).__name__}, not a table of atoms; pass plan.atoms")
    owner = _take_in_owner(inner, "inner", None)
    table = _take_in_atoms(atoms, owner.index)
    ids, one = _number_owners(owner)
    if not len(ids):
        raise TableError("inner: no atom has an owner; pass at least one area")
    networks = {}
    for name, series in named.items():
        outer_ids, two = _number_owners(_take_in_owner(series, name, owner.index))
        pieces = _cut_atoms(one, two, table, (len(ids), len(outer_ids)))
        networks[name] = Network(name, outer_ids, *_measure_areas(two, table, len(outer_ids)), pieces, None)
    shapes = np.full(len(ids), None, dtype=object)
    crs = table.crs if isinstance(table, gpd.GeoDataFrame) else None
    return Survey(ids, shapes, np.arange(len(ids)), pd.DataFrame(index=np.arange(len(ids))), crs), networks


def _measure_areas(owner: np.ndarray, atoms: pd.DataFrame | None, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Join the atoms of each area, and measure them; None and nan where unknown."""
    ground, _, land = _measure_atoms(atoms, len(owner))
    shapes = np.full(count, None, dtype=object)
    owned = np.flatnonzero(owner != NO_PARENT)
    if land is not None:
        order = owned[np.argsort(owner[owned], kind="stable")]
        starts = np.searchsorted(owner[order], np.arange(1, count))
        shapes = np.array([*(join_land(land[group]) for group in np.split(order, starts)), None], dtype=object)[:-1]
    return shapes, np.bincount(owner[owned], ground[owned], minlength=count)


def has_sizes(atoms: pd.DataFrame | None) -> bool:
    """Tell whether atoms say how large they are."""
    return isinstance(atoms, gpd.GeoDataFrame) or (isinstance(atoms, pd.DataFrame) and "area_m2" in atoms)


def _take_in_owner(owner: Any, what: str, atoms: pd.Index | None) -> pd.Series:
    """Read owners of atoms as text, in the order of the atoms' ids; None for an atom without owner."""
    if not isinstance(owner, pd.Series) or isinstance(owner, gpd.GeoSeries):
        raise TableError(
            f"{what}: is a {type(owner).__name__}, but inner is a Series of owners; pass owners such as "
            "plan.owner('grid') for both, or polygons for both"
        )
    if not len(owner):
        raise TableError(f"{what}: has no rows; pass the owner of at least one atom")
    made = pd.Series(owner.to_numpy(dtype=object), index=owner.index.astype(str), dtype=object)
    twice = made.index[made.index.duplicated()]
    if len(twice):
        raise TableError(f"{what}: atom {twice[0]!r} stands more than once; an atom has one owner")
    _check_atoms(what, made.index, atoms, "inner")
    missing = made.isna()
    made = made.astype(str).str.strip().where(~missing, None)
    return made.sort_index() if atoms is None else made.reindex(atoms)


def _check_atoms(what: str, own: pd.Index, atoms: pd.Index | None, other: str) -> None:
    """Refuse tables that do not hold the same atoms."""
    if atoms is None:
        return
    absent, more = np.sort(atoms.difference(own)), np.sort(own.difference(atoms))
    if len(absent) or len(more):
        first, where, there = (absent[0], what, other) if len(absent) else (more[0], other, what)
        raise TableError(
            f"{where}: atom {first!r} is missing, {there} holds it ({len(absent)} missing, {len(more)} more); "
            "nesting is judged over the same atoms, give an atom without owner a missing one"
        )


def _take_in_atoms(atoms: pd.DataFrame | None, index: pd.Index) -> pd.DataFrame | None:
    """Read what is known of atoms, in the order of the owners."""
    if atoms is None:
        return None
    table = atoms.set_axis(atoms.index.astype(str), axis=0)
    twice = table.index[table.index.duplicated()]
    if len(twice):
        raise TableError(f"atoms: atom {twice[0]!r} stands more than once; ids must be unique")
    lost = np.sort(index.difference(table.index))
    if len(lost):
        raise TableError(f"atoms: atom {lost[0]!r} is missing, its owner is known ({len(lost)} missing)")
    table = table.loc[index]
    for column in ("households", "area_m2"):
        if column in table:
            numbers = pd.to_numeric(table[column], errors="coerce")
            bad = ~(np.isfinite(numbers) & (numbers >= 0))
            if bad.any():
                value = table.loc[bad.to_numpy(), column].tolist()[0]
                raise TableError(f"atoms: {column} of {index[bad][0]!r} is {value!r}, not a number of at least 0")
    if isinstance(table, gpd.GeoDataFrame):
        check_metric(table.crs, "atoms")
        broken = shapely.is_missing(table.geometry.to_numpy()) | ~shapely.is_valid(table.geometry.to_numpy())
        if broken.any():
            raise TableError(f"atoms: geometry of {index[broken][0]!r} is missing or invalid; mend it first")
    return table


def _number_owners(owner: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Give the ids of areas in their order, and the position of each atom's area; ``NO_PARENT`` for none."""
    missing = owner.isna().to_numpy()
    ids, at = np.unique(owner[~missing].to_numpy(dtype=str), return_inverse=True)
    found = np.full(len(owner), NO_PARENT)
    found[~missing] = at
    return ids.astype(object), found


def _cut_atoms(one: np.ndarray, two: np.ndarray, atoms: pd.DataFrame | None, sizes: tuple[int, int]) -> Pieces:
    """Cut inner areas that are given as owners of atoms; exact, and without geometry if need be.

    Parameters
    ----------
    one, two : arrays of int
        Position of each atom's inner and outer area; ``NO_PARENT`` for none.
    atoms : DataFrame or GeoDataFrame, optional
        ``households`` and ``area_m2`` or a geometry, indexed alike.
    sizes : tuple of int
        How many inner and outer areas there are.

    Returns
    -------
    Pieces
    """
    ground, households, land = _measure_atoms(atoms, len(one))
    pairs, piece = np.unique(np.column_stack([one, two]), axis=0, return_inverse=True)
    owned = pairs[:, 0] != NO_PARENT
    number = np.cumsum(owned) - 1
    site_piece = np.where(owned[piece], number[piece], NO_PARENT)
    shapes = np.full(int(owned.sum()), None, dtype=object)
    free = np.full(sizes[1], NO_AREA, dtype=object)
    if land is not None:
        for at, atoms_of in enumerate(np.split(np.argsort(piece, kind="stable"), np.cumsum(np.bincount(piece))[:-1])):
            if owned[at]:
                shapes[number[at]] = join_land(land[atoms_of])
            elif pairs[at, 1] != NO_PARENT:
                free[pairs[at, 1]] = join_land(land[atoms_of])
    lost = (one == NO_PARENT) & (two != NO_PARENT)
    free_m2 = np.bincount(two[lost], ground[lost], minlength=sizes[1])
    points = np.full(len(one), None, dtype=object) if land is None else shapely.point_on_surface(land)
    area_m2 = np.bincount(site_piece[site_piece != NO_PARENT], ground[site_piece != NO_PARENT], minlength=len(shapes))
    nothing = np.zeros(sizes[0])
    return Pieces(
        pairs[owned, 0], pairs[owned, 1], area_m2, shapes, Sites(points, households, one), site_piece,
        nothing.astype(np.int64), nothing, free, free_m2, np.bincount(two[lost], minlength=sizes[1]) > 0, by_atoms=True,
    )  # fmt: skip


def _measure_atoms(atoms: pd.DataFrame | None, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Give the size, the households and the land of atoms; nan and None where unknown."""
    unknown = np.full(count, np.nan)
    if atoms is None:
        return unknown, unknown, None
    land = np.asarray(atoms.geometry.array, dtype=object) if isinstance(atoms, gpd.GeoDataFrame) else None
    households = atoms["households"].to_numpy(dtype=float) if "households" in atoms else unknown
    if land is not None:
        return shapely.area(land), households, land
    return (atoms["area_m2"].to_numpy(dtype=float) if "area_m2" in atoms else unknown), households, None
