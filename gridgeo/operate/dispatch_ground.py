"""Measure for many points at once which areas they may lie in: the one door of dispatch to the index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .locate import AreaIndex

Floats = NDArray[np.floating]
LOOK_AROUND_M = 500.0
"""How far outside the areas a point's distance to them is told."""


@dataclass(frozen=True)
class Reach:
    """The areas within reach of each of n points.

    Parameters
    ----------
    owner : array of object
        ``area_id`` by the index, None outside.
    covers : array of int
        Areas over the point: 0 outside, 2 or more in an overlap.
    border_m : array of float, metres
        To the border of the owner; outside, to the nearest area, NaN where none is near.
    shares : list of list of (str, float)
        Areas that the disc of each point meets with their shares of what it meets, the largest first.
    """

    owner: NDArray[np.object_]
    covers: NDArray[np.int64]
    border_m: Floats
    shares: list[list[tuple[str, float]]]


class Ground:
    """The areas of an index as dispatch asks for them.

    Parameters
    ----------
    index : AreaIndex
    """

    def __init__(self, index: AreaIndex) -> None:
        self.index = index
        self.bounds: Floats = np.asarray(index._cells.bounds, dtype=float)

    def is_about(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """Tell which points lie within the bounds of the areas, or not far from them."""
        west, south, east, north = self.bounds
        return (
            (west - LOOK_AROUND_M <= x)
            & (x <= east + LOOK_AROUND_M)
            & (south - LOOK_AROUND_M <= y)
            & (y <= north + LOOK_AROUND_M)
        )

    def owners(self, x: Floats, y: Floats) -> NDArray[np.object_]:
        """Name the area that owns each point, None where there is none."""
        owner = np.full(len(x), None, dtype=object)
        near = np.flatnonzero(self.is_about(x, y))
        if near.size:
            found = self.index.locate(x[near], y[near])
            held = np.flatnonzero(found.notna())
            owner[near[held]] = found.to_numpy(dtype=object)[held]
        return owner

    def reach(self, x: Floats, y: Floats, radius_m: Floats, *, count_covers: bool = False) -> Reach:
        """Measure what lies within reach of points.

        Parameters
        ----------
        x, y : arrays of float, metres
        radius_m : array of float, metres
            Of the disc in which each point lies.
        count_covers : bool
            Count the areas over each point, to tell overlaps; without it ``covers`` is 0.

        Returns
        -------
        Reach
        """
        owner = self.owners(x, y)
        covers, border_m = np.zeros(len(x), dtype=np.int64), np.full(len(x), np.nan)
        shares: list[list[tuple[str, float]]] = [[] for _ in range(len(x))]
        near = np.flatnonzero(self.is_about(x, y))
        if near.size:
            if count_covers:
                covers[near] = self.index.cover_count(x[near], y[near])
            found = self.index.candidates_each((x[near], y[near]), radius_m[near])
            at, names = near[found.index.to_numpy()], found["area_id"].to_numpy(dtype=object)
            own = names == owner[at]
            border_m[at[own]] = found["border_m"].to_numpy()[own]
            shares = _by_point(len(x), at, names, found["share"].to_numpy())
        outside = near[pd.isna(owner[near])]
        if outside.size:
            border_m[outside] = self._away(x[outside], y[outside])
        return Reach(owner, covers, border_m, shares)

    def _away(self, x: Floats, y: Floats) -> Floats:
        """Give the distance from points outside to the nearest area, NaN where none is near."""
        away = np.full(len(x), np.nan)
        if len(x):
            found = self.index.candidates_each((x, y), LOOK_AROUND_M)
            nearest = found["distance_m"].groupby(level=0).min()
            away[nearest.index.to_numpy()] = nearest.to_numpy()
        return away


def _by_point(
    count: int, at: NDArray[np.intp], names: NDArray[np.object_], share: Floats
) -> list[list[tuple[str, float]]]:
    """Gather the areas of each point; their shares add up to 1, so that land outside the territory counts for none."""
    shares: list[list[tuple[str, float]]] = [[] for _ in range(count)]
    total = np.bincount(at, share, minlength=count)
    for point, name, part in zip(at.tolist(), names.tolist(), share.tolist(), strict=True):
        if part > 0:
            shares[point].append((name, part / total[point]))
    for rows in shares:
        rows.sort(key=lambda row: (-row[1], row[0]))
    return shares
