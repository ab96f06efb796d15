"""Hold all atoms of a territory and their borders as arrays, and give each area its problem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import TableError
from gridgeo.model.profile import Limits

from .problem import Borders


@dataclass(frozen=True)
class Graph:
    """Atoms and borders; n atoms, e borders.

    Parameters
    ----------
    first, second : arrays of int, shape (e,)
        Positions of the atoms on both sides of each border.
    length, rank : arrays, shape (e,)
        Metres, and the rank of the street it runs on.
    shapes : array of Polygon, shape (n,)
    area, perimeter : arrays of float, shape (n,)
    block : array of int, shape (n,)
    """

    first: np.ndarray
    second: np.ndarray
    length: np.ndarray
    rank: np.ndarray
    shapes: np.ndarray
    area: np.ndarray
    perimeter: np.ndarray
    block: np.ndarray

    @classmethod
    def of(cls, atoms: gpd.GeoDataFrame, borders: pd.DataFrame) -> Graph:
        """Take the arrays out of tables ``ATOMS`` and ``BORDERS``."""
        shapes = atoms.geometry.to_numpy()
        return cls(
            first=atoms.index.get_indexer(borders["atom_a"]),
            second=atoms.index.get_indexer(borders["atom_b"]),
            length=borders["length_m"].to_numpy(dtype=float),
            rank=borders["rank"].to_numpy(dtype=np.int64),
            shapes=shapes,
            area=shapely.area(shapes),
            perimeter=shapely.length(shapes),
            block=pd.factorize(atoms["block_id"])[0],
        )

    def without(self, closed: np.ndarray) -> Graph:
        """Leave out borders that may not be crossed (bool, shape (e,))."""
        if not closed.any():
            return self
        kept = {name: getattr(self, name)[~closed] for name in ("first", "second", "length", "rank")}
        return replace(self, **kept)

    def bridged(self, bridges: np.ndarray) -> Graph:
        """Add borders of no length between pairs of atoms (int, shape (b, 2))."""
        if not len(bridges):
            return self
        return replace(
            self,
            first=np.append(self.first, bridges[:, 0]),
            second=np.append(self.second, bridges[:, 1]),
            length=np.append(self.length, np.zeros(len(bridges))),
            rank=np.append(self.rank, np.zeros(len(bridges), dtype=np.int64)),
        )

    def parts(self, parent: np.ndarray, count: int) -> Iterator[tuple[int, np.ndarray, Borders]]:
        """Give each area the positions of its atoms, and the borders between them by place among those.

        Parameters
        ----------
        parent : array of int, shape (n,)
            The area of each atom, from 0; -1 for none.
        count : int
            Number of areas.
        """
        local = np.zeros(len(parent), dtype=np.int64)
        order = np.argsort(parent, kind="stable")
        cuts = np.searchsorted(parent[order], np.arange(count + 1))
        inside = np.flatnonzero((parent[self.first] == parent[self.second]) & (parent[self.first] >= 0))
        inside = inside[np.argsort(parent[self.first[inside]], kind="stable")]
        edges = np.searchsorted(parent[self.first[inside]], np.arange(count + 1))
        for area in range(count):
            members, edge = order[cuts[area] : cuts[area + 1]], inside[edges[area] : edges[area + 1]]
            local[members] = np.arange(len(members))
            yield area, members, (local[self.first[edge]], local[self.second[edge]], self.length[edge], self.rank[edge])


def amounts_of(atoms: gpd.GeoDataFrame, limits: Limits) -> np.ndarray:
    """Read what a band counts from the atoms.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``.
    limits : Limits
        ``measure`` names the column.

    Returns
    -------
    array of int, shape (n,)

    Raises
    ------
    TableError
        If the column is missing, not numeric, negative, or 0 everywhere though an area needs some.
    """
    name = limits.measure
    if name not in atoms:
        known = ", ".join(column for column in atoms if pd.api.types.is_numeric_dtype(atoms[column]))
        raise TableError(f"atoms: column {name!r}, which the profile counts, is missing; there are {known}")
    values = pd.to_numeric(atoms[name], errors="coerce").to_numpy(dtype=float)
    wrong = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if len(wrong):
        row = atoms.index[wrong[0]]
        raise TableError(
            f"atoms: {name} of {row!r} is {atoms[name].tolist()[wrong[0]]!r}, not a number of at least 0"
            + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else "")
        )
    amounts = np.round(values).astype(np.int64)
    parted = np.flatnonzero((amounts != values) & (name != "area_m2"))
    if len(parted):
        raise TableError(
            f"atoms: {name} of {atoms.index[parted[0]]!r} is {values[parted[0]]}, not a whole number; count in smaller "
            "units, such as minutes for hours"
        )
    if name != "households" and limits.low > 0 and not amounts.any():
        raise TableError(f"atoms: {name} is 0 in every row, an area needs at least {limits.low}; fill the column")
    return amounts
