"""List what a block is divided among: its buildings, their stairwells and the places without a building."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.levels import AtomKind

from .noding import covering
from .seeds import choose_spacing, inset_points

STAIRWELL_SPACING_M = 3.0
"""Distance between the points of a building that is cut by stairwell, metres."""


@dataclass(frozen=True, eq=False)
class Cores:
    """What blocks are divided among: buildings, stairwells of buildings, single places.

    Parameters
    ----------
    block : array of int, shape (n,)
        The block each core divides, ascending.
    house : array of int, shape (n,)
        Position of the building, or -1 for a single place. Stairwells of one building follow one another.
    place : array of float, shape (n, 2)
        Where a single place is; where the households of a stairwell are, in the mean.
    live : array of bool, shape (n,)
        Whether the core keeps land of its own.
    kind : array of AtomKind, shape (n,)
    """

    block: np.ndarray
    house: np.ndarray
    place: np.ndarray
    live: np.ndarray
    kind: np.ndarray

    @classmethod
    def none(cls) -> Cores:
        """Give an empty list."""
        number = np.empty(0, dtype=int)
        return cls(number, number, np.empty((0, 2)), np.empty(0, dtype=bool), np.empty(0, dtype=object))

    def with_places(self, block: np.ndarray, places: np.ndarray) -> Cores:
        """Add single places that keep land of their own; within a block they come after what is there."""
        count = len(block)
        order = np.argsort(np.concatenate([self.block, block]), kind="stable")
        return Cores(
            np.concatenate([self.block, block])[order],
            np.concatenate([self.house, np.full(count, -1)])[order],
            np.concatenate([self.place, places])[order],
            np.concatenate([self.live, np.ones(count, dtype=bool)])[order],
            np.concatenate([self.kind, np.full(count, AtomKind.CELL, dtype=object)])[order],
        )

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Number the buildings (one a block) and single places: the number of each core, and where each begins."""
        new = np.ones(len(self.block), dtype=bool)
        same = (self.block[1:] == self.block[:-1]) & (self.house[1:] == self.house[:-1]) & (self.house[1:] >= 0)
        new[1:] = ~same
        return np.cumsum(new) - 1, np.flatnonzero(new)


def house_of_home(homes: gpd.GeoDataFrame, houses: gpd.GeoDataFrame | None) -> np.ndarray:
    """Find the building of each household: the one it names, else the one it stands in; -1 for none."""
    found = np.full(len(homes), -1)
    if houses is None or not len(houses):
        return found
    if "building_id" in homes:
        found = houses.index.get_indexer(homes["building_id"].fillna(""))
    lost = np.flatnonzero(found < 0)
    if len(lost):
        # Where buildings overlap, the one with the smaller id holds the household, in whatever order the rows come.
        order = np.argsort(houses.index.to_numpy(), kind="stable")
        at = covering(homes.geometry.to_numpy()[lost], houses.geometry.to_numpy()[order])
        found[lost] = np.where(at >= 0, order[at], -1)
    return found


def find_cores(
    homes: gpd.GeoDataFrame,
    home_block: np.ndarray,
    home_house: np.ndarray,
    house_block: np.ndarray,
    house_xy: np.ndarray,
    cap: int,
) -> Cores:
    """List what each block is divided among.

    Parameters
    ----------
    homes : GeoDataFrame
        Table ``HOUSEHOLDS``.
    home_block, home_house : arrays of int, shape (len(homes),)
        Block and building of each household; -1 as block leaves a row out.
    house_block : array of int
        Block of each building; -1 leaves it out, unless a household of a block lives in it.
    house_xy : array of float, shape (len(house_block), 2)
        A place in each building, by which cores are ordered.
    cap : int, households
        A building that holds more is divided by stairwell, where its households tell them apart.

    Returns
    -------
    Cores
    """
    table = pd.DataFrame({"block": home_block, "house": home_house, "count": homes["count"].to_numpy()})
    table["well"] = homes["stairwell"].fillna(-1).to_numpy() if "stairwell" in homes else 0
    table[["x", "y"]] = shapely.get_coordinates(homes.geometry.to_numpy())
    table = table[table["block"] >= 0]
    lived_in = table[table["house"] >= 0]
    wells = _stairwells(lived_in, cap)
    standing = pd.DataFrame({"block": house_block, "house": np.arange(len(house_block))})
    plain = pd.concat([standing[standing["block"] >= 0], lived_in[["block", "house"]]]).drop_duplicates()
    keys = plain.merge(wells[["block", "house"]].drop_duplicates(), how="left", indicator=True)
    plain = plain[(keys["_merge"] == "left_only").to_numpy()]
    plain = plain.merge(lived_in[["block", "house"]].drop_duplicates().assign(live=True), how="left")
    plain = plain.assign(live=plain["live"].notna(), x=0.0, y=0.0, kind=AtomKind.CELL)
    alone = table.loc[table["house"] < 0, ["block", "x", "y"]].round({"x": 2, "y": 2}).drop_duplicates()
    alone = alone.assign(house=-1, live=True, kind=AtomKind.CELL)
    cores = pd.concat([wells.assign(live=True, kind=AtomKind.STAIRWELL), plain, alone], ignore_index=True)
    housed = (cores["house"] >= 0).to_numpy()
    by = cores[["x", "y"]].to_numpy().astype(float)
    by[housed] = house_xy[cores["house"].to_numpy()[housed]]
    # Of two buildings drawn one over the other, the one that is lived in keeps the land.
    empty = ~cores["live"].astype(bool)
    order = np.lexsort((cores["y"], cores["x"], cores["house"], empty, by[:, 1], by[:, 0], cores["block"]))
    cores = cores.iloc[order]
    return Cores(
        cores["block"].to_numpy().astype(int),
        cores["house"].to_numpy().astype(int),
        cores[["x", "y"]].to_numpy().astype(float),
        cores["live"].to_numpy().astype(bool),
        cores["kind"].to_numpy(dtype=object),
    )


def _stairwells(lived_in: pd.DataFrame, cap: int) -> pd.DataFrame:
    """Find the stairwells of buildings above the cap whose stairwells lie in different places."""
    keys = ["block", "house"]
    held = lived_in.groupby(keys)["count"].transform("sum")
    lived_in = lived_in[(held > cap).to_numpy()].sort_values([*keys, "well", "x", "y"])
    wells = lived_in.groupby([*keys, "well"], as_index=False)[["x", "y"]].mean()
    clash = wells.round({"x": 1, "y": 1}).duplicated([*keys, "x", "y"], keep=False)
    clash = clash.groupby([wells["block"], wells["house"]]).transform("any")
    several = wells.groupby(keys)["well"].transform("size") > 1
    return wells.loc[(~clash & several).to_numpy(), [*keys, "x", "y"]]


def place_seeds(
    cores: Cores, houses: np.ndarray, free_m: np.ndarray, level: np.ndarray, only: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Place the points that stand for cores.

    Parameters
    ----------
    cores : Cores
    houses : array of Polygon
        All buildings.
    free_m : array of float, metres
        How far each building stands from the next.
    level : array of int
        For each number of ``cores.pairs()`` how much finer than usual its points are, as ``choose_spacing`` takes it.
    only : array of bool
        For each number of ``cores.pairs()`` whether to place its points.

    Returns
    -------
    xy : array of float, shape (m, 2)
    core : array of int, shape (m,)
    """
    pair, first = cores.pairs()
    count = np.diff(np.append(first, len(pair)))
    housed = np.flatnonzero((cores.house[first] >= 0) & only)
    inset, spacing = choose_spacing(free_m[cores.house[first[housed]]], level[housed])
    spacing = np.where(count[housed] > 1, np.minimum(spacing, STAIRWELL_SPACING_M), spacing)
    xy, at = inset_points(houses[cores.house[first[housed]]], inset_m=inset, spacing_m=spacing)
    core = first[housed[at]]
    several = count[housed[at]] > 1
    core[several] = _by_stairwell(cores, pair, xy[several], housed[at[several]])
    single = np.flatnonzero((cores.house < 0) & only[pair])
    return np.concatenate([xy, cores.place[single]]), np.concatenate([core, single])


def _by_stairwell(cores: Cores, pair: np.ndarray, xy: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Give points of buildings to the stairwell nearest along the line on which the building's stairwells stand."""
    if not len(xy):
        return np.empty(0, dtype=int)
    wells = np.flatnonzero(np.isin(pair, of))
    buildings, row = np.unique(pair[wells], return_inverse=True)
    size = np.bincount(row)
    middle = np.column_stack([np.bincount(row, cores.place[wells, axis]) / size for axis in (0, 1)])
    east, north = (cores.place[wells] - middle[row]).T
    tilt = 0.5 * np.arctan2(2 * np.bincount(row, east * north), np.bincount(row, east**2 - north**2))
    along = np.column_stack([np.cos(tilt), np.sin(tilt)])
    reach = (along[row] * (cores.place[wells] - middle[row])).sum(axis=1)
    at = np.searchsorted(buildings, of)
    step = (along[at] * (xy - middle[at])).sum(axis=1)
    # Stairwells of all buildings on one line, each building far from the next, so that one search serves all.
    apart = 4 * (max(np.abs(reach).max(), np.abs(step).max()) + 1)
    order = np.lexsort((reach, row))
    reach, wells, row = reach[order] + row[order] * apart, wells[order], row[order]
    middles = (reach[1:] + reach[:-1]) / 2
    found = np.searchsorted(middles, step + at * apart)
    return wells[found]
