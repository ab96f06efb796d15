"""Assume stairwells where a block of flats is known only as a point, or a building, with many dwellings.

The rule is declared, not measured: dwellings are shared out evenly among as few stairwells as hold at most ``most``
each, and the stairwells stand side by side. Every row that it made or moved says so in the column ``assumed``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import TableError
from gridgeo.model.tables import BUILDINGS, COMMUNITIES, HOUSEHOLDS, conform

from .caps import check_sums
from .crowded import house_of_home
from .noding import covering

MOST = 40
"""Most dwellings that an assumed stairwell holds."""
SPACING_M = 12.0
"""How far stairwells stand apart where there is room, metres."""
TURNS = 12
"""Directions that are tried for a row of stairwells, over half a turn."""
PLACE_DIGITS = 2
"""Decimals of a metre to which two points are the same place."""


def assume_stairwells(
    households: gpd.GeoDataFrame,
    *,
    most: int = MOST,
    communities: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    sums: Sequence[str] = (),
    spacing_m: float = SPACING_M,
) -> gpd.GeoDataFrame:
    """Share the dwellings of large blocks out among stairwells that stand side by side.

    Rows in one building, or at one place, whose stairwell is not known and that together hold more than ``most``
    households are concerned. A row of more than ``most`` is replaced by rows ``<id>/1``, ``<id>/2`` ... of even counts;
    smaller rows keep their id and are gathered. Stairwells stand along the long axis of their building, or in a row
    through their point: across the direction of the nearest other place, closer together where that leaves less
    room, always nearer to their own point's line than to another place and inside their community.

    Parameters
    ----------
    households : GeoDataFrame
        Table ``HOUSEHOLDS``; stairwell 0, or no such column, means that it is not known.
    most : int, households
        Most that an assumed stairwell holds.
    communities : GeoDataFrame, optional
        Table ``COMMUNITIES``. Rows outside all of them stay as they are.
    buildings : GeoDataFrame, optional
        Table ``BUILDINGS``.
    sums : sequence of str
        Further count columns to share out, beside ``persons``. All other columns are copied.
    spacing_m : float, metres
        How far stairwells stand apart where there is room.

    Returns
    -------
    GeoDataFrame
        Table ``HOUSEHOLDS`` in order of the id's first appearance, with ``stairwell`` (0 where not known) and
        ``assumed``, True for every row that was made or moved. Counts add up to what they were.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract, ``most`` or ``spacing_m`` is not above 0, a column of ``sums`` is missing or
        holds something else than numbers, or a new id exists already.
    """
    homes = conform(households, HOUSEHOLDS)
    grounds = None if communities is None else conform(communities, COMMUNITIES)
    houses = None if buildings is None else conform(buildings, BUILDINGS)
    check_same_crs(("households", homes), ("communities", grounds), ("buildings", houses))
    if most < 1:
        raise TableError(f"most: is {most}, below 1")
    if not spacing_m > 0:
        raise TableError(f"spacing_m: is {spacing_m}, not above 0")
    shared = _shared_columns(homes, sums)
    homes = homes.assign(stairwell=homes.get("stairwell", 0), assumed=False)
    if not len(homes):
        return homes
    plots = _Plots(homes, houses, grounds, spacing_m)
    groups = [rows for rows in plots.groups() if homes["count"].to_numpy()[rows].sum() > most]
    return _replace_rows(homes, [(rows, _stairs_of(homes, rows, most), plots) for rows in groups], shared)


def _shared_columns(homes: gpd.GeoDataFrame, sums: Sequence[str]) -> list[str]:
    own = {"count", "stairwell", "floor", "floors"}
    return [name for name in ["persons", *check_sums(homes, sums, "households")] if name in homes and name not in own]


_Part = tuple[int, int, int, int]
"""Row, number of the row's part (0: the row stays whole), stairwell from 0, households."""


def _stairs_of(homes: gpd.GeoDataFrame, rows: np.ndarray, most: int) -> list[_Part]:
    """Share the rows of one building or place out among stairwells, in order of their ids."""
    count = homes["count"].to_numpy()
    ids = homes.index.to_numpy()
    parts: list[_Part] = []
    stair = 0
    large = [row for row in sorted(rows.tolist(), key=lambda row: ids[row]) if count[row] > most]
    for row in large:
        pieces = -(-int(count[row]) // most)
        for piece, held in enumerate(_even(int(count[row]), pieces), 1):
            parts.append((row, piece, stair, held))
            stair += 1
    small = [row for row in sorted(rows.tolist(), key=lambda row: ids[row]) if count[row] <= most]
    total = int(count[small].sum())
    fill = -(-total // max(-(-total // most), 1))
    held = 0
    for row in small:
        if held and (held + count[row] > most or held >= fill):
            stair, held = stair + 1, 0
        parts.append((row, 0, stair, int(count[row])))
        held += int(count[row])
    return parts


def _even(total: int, pieces: int) -> list[int]:
    """Share a whole number out evenly, the larger pieces first."""
    return [total // pieces + (at < total % pieces) for at in range(pieces)]


def _replace_rows(
    homes: gpd.GeoDataFrame, groups: list[tuple[np.ndarray, list[_Part], _Plots]], shared: list[str]
) -> gpd.GeoDataFrame:
    """Write the parts of all groups in the place of their rows."""
    source, piece, stair, held, places = [], [], [], [], []
    for rows, parts, plots in groups:
        spots = plots.place(rows, parts[-1][2] + 1)
        first = plots.first_free(rows)
        for row, number, at, count in parts:
            source.append(row)
            piece.append(number)
            stair.append(first + at)
            held.append(count)
            places.append(spots[at])
    touched = np.zeros(len(homes), dtype=bool)
    touched[source] = True
    kept = np.flatnonzero(~touched)
    take = np.concatenate([kept, np.array(source, dtype=int)])
    made = homes.iloc[take].copy()
    new = slice(len(kept), None)
    for column, values in (("stairwell", stair), ("count", held), ("assumed", True), ("geometry", places)):
        values_now = made[column].to_numpy().copy()
        values_now[new] = values
        made[column] = values_now
    ids = made.index.to_numpy(dtype=object).copy()
    ids[new] = [
        f"{homes.index[row]}/{number}" if number else homes.index[row]
        for row, number in zip(source, piece, strict=True)
    ]
    made.index = pd.Index(ids, name=homes.index.name)
    twice = made.index[made.index.duplicated()]
    if len(twice):
        raise TableError(f"households: household_id {twice[0]!r} exists already, a stairwell needs it; rename that row")
    for name in shared:
        made[name] = _share_out(homes[name].to_numpy(), homes["count"].to_numpy(), take, made["count"].to_numpy())
    order = np.lexsort((np.concatenate([np.zeros(len(kept), dtype=int), piece]), take))
    return made.iloc[order]


def _share_out(values: np.ndarray, count: np.ndarray, source: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Share each row's value out among its parts by their households; whole numbers stay whole, nothing is lost."""
    whole = np.issubdtype(values.dtype, np.integer) or bool((values == np.floor(values)).all())
    order = np.argsort(source, kind="stable")
    start = np.r_[True, source[order][1:] != source[order][:-1]]
    end = np.r_[start[1:], True]
    upto = np.cumsum(held[order])
    upto -= np.repeat((upto - held[order])[start], np.diff(np.r_[np.flatnonzero(start), len(order)]))
    total, households = values[source[order]], count[source[order]]
    reached = total * upto // households if whole else total * (upto / households)
    reached = np.where(end, total, reached)
    before = np.where(start, 0, np.r_[0, reached[:-1]])
    shared = np.empty(len(order), dtype=reached.dtype)
    shared[order] = reached - before
    return shared


class _Plots:
    """Know which rows stand together, and how much room there is about them."""

    def __init__(
        self,
        homes: gpd.GeoDataFrame,
        houses: gpd.GeoDataFrame | None,
        grounds: gpd.GeoDataFrame | None,
        spacing_m: float,
    ) -> None:
        points = homes.geometry.to_numpy()
        self.spacing_m = spacing_m
        self.xy = np.round(shapely.get_coordinates(points), PLACE_DIGITS)
        self.house_of = house_of_home(homes, houses)
        self.houses = None if houses is None else houses.geometry.to_numpy()
        self.grounds = None if grounds is None else grounds.geometry.to_numpy()
        self.ground_of = (
            np.zeros(len(homes), dtype=int) if grounds is None else covering(points, grounds.geometry.to_numpy())
        )
        self.stairwell = homes["stairwell"].to_numpy()
        inside = self.ground_of >= 0
        self.places = np.unique(self.xy[inside], axis=0)
        self.tree = cKDTree(self.places) if len(self.places) else None

    def groups(self) -> list[np.ndarray]:
        """Gather the rows without a known stairwell by building, or by place where they stand in none."""
        rows = np.flatnonzero((self.stairwell == 0) & (self.ground_of >= 0))
        housed = self.house_of[rows] >= 0
        key = np.column_stack([self.house_of[rows], np.where(housed[:, None], 0.0, self.xy[rows])])
        _, name = np.unique(key, axis=0, return_inverse=True)
        name = name.reshape(-1)
        order = np.argsort(name, kind="stable")
        return np.split(rows[order], np.flatnonzero(np.diff(name[order])) + 1) if len(rows) else []

    def first_free(self, rows: np.ndarray) -> int:
        """Give the first number that no known stairwell of the same building has."""
        house = self.house_of[rows[0]]
        beside = self.house_of == house if house >= 0 else (self.xy == self.xy[rows[0]]).all(axis=1)
        return int(self.stairwell[beside].max(initial=0)) + 1

    def place(self, rows: np.ndarray, stairs: int) -> np.ndarray:
        """Place stairwells side by side.

        Returns
        -------
        array of Point, shape (stairs,)
        """
        house = self.house_of[rows[0]]
        if house >= 0 and self.houses is not None:
            return _along_house(self.houses[house], stairs)
        here = self.xy[rows[0]]
        ground = None if self.grounds is None else self.grounds[self.ground_of[rows[0]]]
        wanted = stairs * self.spacing_m
        best: tuple[np.ndarray, float, float] | None = None
        for axis in self._axes(here):
            back, ahead = self._room(here, axis, wanted, ground)
            if best is None or back + ahead > best[1] + best[2] + 1e-6:
                best = (axis, back, ahead)
            if back + ahead >= wanted:
                break
        axis, back, ahead = best  # type: ignore[misc]
        step = min(self.spacing_m, (back + ahead) / stairs)
        middle = float(np.clip(0.0, stairs * step / 2 - back, ahead - stairs * step / 2))
        at = middle + (np.arange(stairs) - (stairs - 1) / 2) * step
        return np.asarray(shapely.points(here + at[:, None] * axis))

    def _axes(self, here: np.ndarray) -> np.ndarray:
        """Give directions to try: across the nearest other place first, then turned from there."""
        across = np.array([1.0, 0.0])
        if self.tree is not None and len(self.places) > 1:
            distance, at = self.tree.query(here, k=2)
            other = self.places[at[int(distance[0] < 1e-9)]] - here
            across = np.array([-other[1], other[0]]) / np.hypot(*other)
        turn = np.angle(complex(*across)) + np.arange(TURNS) * np.pi / TURNS
        return np.column_stack([np.cos(turn), np.sin(turn)])

    def _room(
        self, here: np.ndarray, axis: np.ndarray, wanted_m: float, ground: shapely.Geometry | None
    ) -> tuple[float, float]:
        """Measure how far back and ahead the line is nearer to here than to another place, and in the community."""
        others = (
            self.places[self.tree.query_ball_point(here, 2 * wanted_m)] - here
            if self.tree is not None
            else np.empty((0, 2))
        )
        along, square = others @ axis, (others**2).sum(axis=1)
        reach = []
        for sign in (-1.0, 1.0):
            towards = sign * along > 1e-9
            limit = (square[towards] / (2 * sign * along[towards])).min(initial=wanted_m)
            reach.append(float(min(limit, wanted_m)))
        if ground is None:
            return reach[0], reach[1]
        line = shapely.linestrings([here - reach[0] * axis, here, here + reach[1] * axis])
        at = (_piece_at(line, ground, here) - here) @ axis
        return max(-float(at.min(initial=0.0)), 0.0), max(float(at.max(initial=0.0)), 0.0)


def _piece_at(line: Any, ground: shapely.Geometry, here: np.ndarray) -> np.ndarray:
    """Give the coordinates of the part of a line that lies in the ground and passes through a point."""
    inside = shapely.line_merge(shapely.intersection(line, ground))
    parts = shapely.get_parts(inside)
    distance = shapely.distance(parts, shapely.points(here))
    if not len(parts) or distance.min() > 10**-PLACE_DIGITS:
        return here[None, :]
    return np.asarray(shapely.get_coordinates(parts[int(distance.argmin())]))


def _along_house(house: shapely.Geometry, stairs: int) -> np.ndarray:
    """Place stairwells evenly along the long axis of a building, each amid the ground the building has across there."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(house))[:4]
    sides = np.diff(ring[:3], axis=0)
    long = int(np.hypot(*sides[1]) > np.hypot(*sides[0]))
    axis, across = sides[long], sides[1 - long]
    if axis[0] < 0 or (axis[0] == 0 and axis[1] < 0):
        axis = -axis
    middle = ring.mean(axis=0) + ((np.arange(stairs) + 0.5) / stairs - 0.5)[:, None] * axis
    slices = shapely.linestrings(np.stack([middle - across, middle + across], axis=1))
    spots = np.asarray(shapely.points(middle))
    for at, line in enumerate(np.asarray(shapely.intersection(house, slices))):
        parts = shapely.get_parts(line)
        if len(parts):
            spots[at] = shapely.line_interpolate_point(parts[shapely.length(parts).argmax()], 0.5, normalized=True)
    return spots
