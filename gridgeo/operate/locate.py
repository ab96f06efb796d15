"""Tell which area holds a point, exactly, for millions of points a second."""

from __future__ import annotations

import math
from dataclasses import fields
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer

from gridgeo.model.crs import points_from_lonlat
from gridgeo.model.errors import CrsError, StorageError, TableError
from gridgeo.model.tables import Table, check

from .area_tree import AreaTree, check_ground, plant_tree
from .doors import from_lonlat
from .edges import NOBODY, split_into_edges
from .explanation import Candidate, Claim, Explanation
from .index_files import read_index, write_index
from .nearby import measure_candidates
from .outlines import Outlines
from .point_search import count_covers, find_owner, find_owners, list_claims
from .point_states import ONE, STATES, TIE, find_states
from .points import read_points
from .raster_cells import Cells, choose_exponent, lay_cells

Points: TypeAlias = gpd.GeoSeries | gpd.GeoDataFrame | tuple[ArrayLike, ArrayLike] | ArrayLike

_KEYS = Table("areas", "area_id", pa.DataFrameSchema({}))
_SHAPES = Table("areas", "area_id", pa.DataFrameSchema({}), "area")
"""All that an index needs of table AREAS: its key, and the geometry of the finest areas."""


class AreaIndex:
    """Areas, made ready to be asked which of them holds a point.

    Built by ``from_areas`` or opened by ``load``. Every point that the areas cover has exactly one owner:

    * the area that has the point inside;
    * on a border, an area on whose edge the point lies; so the outer edge of the territory has owners, too;
    * of several areas with the same claim (a shared edge, a corner, an overlap) the one with the smallest ``area_id``.

    The answer depends on shapes and ids alone: not on the order of rows, the raster or the machine. ``state`` tells
    whom a tie or an overlap concerns and what lies in a gap; ``claims`` names every area that holds or touches a point.

    Areas of several levels are one index: those without further areas in them carry the geometry, the areas above are
    found by ``parent_id``. So an answer on a higher level is exactly the area above the finest answer, and a grid
    that is not divided answers for itself. Asked without a level, the index gives the finest area there is.
    """

    def __init__(self, tree: AreaTree, crs: CRS, cells: Cells, outlines: Outlines) -> None:
        self.crs = crs
        self._tree = tree
        self._cells = cells
        self._outlines = outlines

    @classmethod
    def from_areas(
        cls, areas: gpd.GeoDataFrame, *, cell_m: float | None = None, uncovered_share: float = 0.01
    ) -> AreaIndex:
        """Build the index of a set of areas.

        Parameters
        ----------
        areas : GeoDataFrame
            Table ``AREAS``, or any polygons with unique text ids as index, in a metric CRS. Gaps, overlaps, holes
            and areas of several parts are allowed. Of several levels, every area below the highest has a
            ``parent_id``; an area with others in it needs no geometry.
        cell_m : float, optional, metres
            Width of the raster's cells, rounded to a power of two. It changes speed and memory, never an answer.
        uncovered_share : float
            Where areas of several levels are drawn: the share of an area that those in it may leave uncovered. What
            they leave has no owner on any level.

        Returns
        -------
        AreaIndex

        Raises
        ------
        TableError
            If there is no area, an id is missing, repeated or not text, a geometry is not a valid polygon, a parent
            is missing or wrong, or an area is not filled by those in it.
        CrsError
            If the areas are not metric.
        """
        if cell_m is not None and not (math.isfinite(cell_m) and cell_m > 0):
            raise TableError(f"areas: cell_m is {cell_m}, it must be a positive number of metres")
        if not 0.0 <= uncovered_share <= 1.0:
            raise TableError(f"areas: uncovered_share is {uncovered_share}, it must lie between 0 and 1")
        _check_keys(areas)
        tree = plant_tree(areas)
        leaf_rows = tree.order[: tree.leaves]
        drawn = ~(areas.geometry.isna() | areas.geometry.is_empty).to_numpy()
        drawn[leaf_rows] = True
        check(areas.loc[drawn, [areas.active_geometry_name]].rename_axis("area_id"), _SHAPES)
        check_ground(areas, tree, uncovered_share)
        leaves = areas.iloc[leaf_rows]
        shapes = shapely.force_2d(leaves.geometry.to_numpy())
        exponent = choose_exponent(shapely.area(shapes), shapely.total_bounds(shapes), cell_m)
        cells = lay_cells(split_into_edges(shapes), exponent)
        return cls(tree, CRS.from_user_input(areas.crs), cells, Outlines.of(shapes))

    @property
    def area_ids(self) -> pd.Index:
        """Name the areas that carry the geometry, in the order in which they were given."""
        return self._name_members(self._tree.members(None))

    @property
    def levels(self) -> tuple[str, ...]:
        """Name the levels, from the highest to the finest; none where the areas say none."""
        return tuple(level for level in self._tree.levels if level)

    def __len__(self) -> int:
        return self._tree.leaves

    def __repr__(self) -> str:
        levels = f" in {' > '.join(self.levels)}" if len(self.levels) > 1 else ""
        return f"AreaIndex({len(self)} areas{levels}, {self.crs.name}, cells of {self._cells.side_m:g} m)"

    def locate(self, points: Points, y: ArrayLike | None = None, *, level: str | None = None) -> pd.Series:
        """Tell which area owns each point.

        Parameters
        ----------
        points : GeoSeries of Point, or a pair of arrays, or the array x
            In the areas' CRS, metres. A missing point or NaN stands for a point without a place.
        y : array of float, optional, metres
            Where ``points`` is the array x.
        level : str, optional
            The level of the areas asked for, such as ``"grid"``; the finest area there is without it.

        Returns
        -------
        Series of text
            ``area_id``, indexed like ``points``; missing where no area of that level holds or touches the point.

        Raises
        ------
        CrsError
            If the points are in another CRS, in degrees, have swapped axes, or are not finite.
        TableError
            If they are not points, x and y differ in length, or there is no such level.
        """
        stage = self._tree.read_level(level)
        east, north, index = read_points(points, y, self.crs, self._cells.bounds)
        owners = self._tree.roll_up(find_owners(self._cells, east, north), stage)
        return pd.Series(self._tree.names(owners), index=index, name="area_id")

    def area_at(self, lon: float, lat: float, *, level: str | None = None) -> str | None:
        """Tell which area owns one place.

        Parameters
        ----------
        lon, lat : float, degrees (CRS84)
        level : str, optional
            As for ``locate``.

        Returns
        -------
        str or None
            ``area_id``; None where no area holds or touches the place.

        Raises
        ------
        CrsError
            If a coordinate is not finite or not on the globe.
        TableError
            If there is no such level.
        """
        return self.area_at_metres(*self._project(lon, lat), level=level)

    def area_at_metres(self, x: float, y: float, *, level: str | None = None) -> str | None:
        """Tell which area owns one place in the areas' CRS: ``area_at`` without the way from longitude and latitude.

        Parameters
        ----------
        x, y : float, metres
            NaN is a place that is not known; nobody owns it.
        level : str, optional
            As for ``locate``.

        Returns
        -------
        str or None

        Raises
        ------
        TableError
            If there is no such level.
        """
        rank = find_owner(self._cells, x, y)
        stage = self._tree.read_level(level)
        if stage is not None:
            rank = NOBODY if rank == NOBODY else self._tree.above.item(stage, rank)
        return self._tree.name(rank)

    def count(self, points: Points, weights: ArrayLike | None = None, *, level: str | None = None) -> pd.Series:
        """Count the points that each area owns.

        Parameters
        ----------
        points : GeoSeries of Point, or a pair of arrays
            As for ``locate``; each point counts once, those that no area owns are left out.
        weights : array, optional
            What each point counts for, such as its households.
        level : str, optional
            As for ``locate``.

        Returns
        -------
        Series of int, or of float where the weights are
            Indexed by ``area_id`` in the order in which the areas were given; 0 for an area without points.

        Raises
        ------
        CrsError
            As ``locate``.
        TableError
            As ``locate``, or if the weights are not one finite number a point.
        """
        stage = self._tree.read_level(level)
        east, north, _ = read_points(points, None, self.crs, self._cells.bounds)
        load = None if weights is None else _check_weights(weights, len(east))
        owners = find_owners(self._cells, east, north)
        finest = np.bincount(owners + np.int64(1), weights=load, minlength=len(self) + 1)[1:]
        holders = self._tree.roll_up(np.arange(len(self), dtype=np.int32), stage)
        counts = np.bincount(holders + np.int64(1), weights=finest, minlength=len(self._tree.text) + 1)[1:]
        if load is None or load.dtype.kind in "biu":
            counts = np.rint(counts).astype(np.int64)
        members = self._tree.members(stage)
        return pd.Series(counts[members], index=self._name_members(members), name="count")

    def state(
        self,
        points: Points,
        y: ArrayLike | None = None,
        *,
        level: str | None = None,
        accuracy_m: ArrayLike | None = None,
    ) -> pd.Series:
        """Tell whether the owner of each point is sure; without an accuracy at little more than the cost of ``locate``.

        Parameters
        ----------
        points, y, level
            As for ``locate``. On a higher level a border inside an area is no border.
        accuracy_m : float or array of float, optional, metres
            How far from its reported place a point may lie; without it the reported place is the true one.

        Returns
        -------
        Categorical Series
            ``one``: one area holds or touches the point; ``none``: no area does, in a gap or outside; ``tie``: the
            point lies on the shared border of several areas, or owned by one is within its accuracy of another;
            ``several``: areas overlap there. ``locate`` answers the last two by rule; ``claims`` and
            ``candidates_each`` name the areas.

        Raises
        ------
        CrsError, TableError
            As ``locate``.
        """
        stage = self._tree.read_level(level)
        east, north, index = read_points(points, y, self.crs, self._cells.bounds)
        codes = find_states(self._cells, self._tree, east, north, stage)
        if accuracy_m is not None:
            reach = _check_accuracies(accuracy_m, len(east), "state")
            near = measure_candidates(self._cells, self._outlines, self._tree, east, north, reach, stage)
            codes[(codes == ONE) & (np.bincount(near["point"], minlength=len(east)) > 1)] = TIE
        return pd.Series(pd.Categorical.from_codes(codes, pd.Index(STATES)), index=index, name="state")

    def cover_count(self, points: Points, y: ArrayLike | None = None) -> pd.Series:
        """Count the areas over each point: 1 where all is well, 0 in a gap or outside, 2 or more in an overlap.

        Parameters
        ----------
        points, y
            As for ``locate``.

        Returns
        -------
        Series of int
            Number of areas that have the point inside; a point that lies on edges only counts 1.

        Raises
        ------
        CrsError, TableError
            As ``locate``.
        """
        east, north, index = read_points(points, y, self.crs, self._cells.bounds)
        return pd.Series(count_covers(self._cells, east, north), index=index, name="covers")

    def claims(self, points: Points, y: ArrayLike | None = None) -> pd.DataFrame:
        """List every area that holds or touches each point: the ties behind the answers of ``locate``.

        Parameters
        ----------
        points, y
            As for ``locate``.

        Returns
        -------
        DataFrame
            Indexed by the points' labels, one row an area: ``area_id``, and ``inside``, False where the point lies on
            the area's edge.

        Raises
        ------
        CrsError, TableError
            As ``locate``.
        """
        east, north, index = read_points(points, y, self.crs, self._cells.bounds)
        claims = list_claims(self._cells, east, north)
        ids = self._tree.names(claims["area"].to_numpy())
        return pd.DataFrame({"area_id": ids, "inside": claims["inside"].to_numpy()}, index=index[claims["point"]])

    def candidates(self, lon: float, lat: float, accuracy_m: float = 30.0, *, level: str | None = None) -> pd.DataFrame:
        """List the areas in which a place of limited accuracy may lie.

        Parameters
        ----------
        lon, lat : float, degrees (CRS84)
            The reported place.
        accuracy_m : float, metres
            The true place lies within this distance of the reported one.
        level : str, optional
            As for ``locate``; the border is then that of the areas of the level.

        Returns
        -------
        DataFrame
            One row an area, the likeliest first: ``area_id``; ``share`` of the circle of that radius in the area;
            ``distance_m`` to the area, 0 in it; ``border_m`` to the area's border. Empty where no area is near.

        Raises
        ------
        CrsError
            If a coordinate is not finite or not on the globe.
        TableError
            If the accuracy is not a positive number.
        """
        reach = _check_accuracies(accuracy_m, 1, "candidates")
        x, y = self._project(lon, lat)
        return self._measure(np.array([x]), np.array([y]), reach, level)

    def candidates_each(
        self,
        points: Points,
        accuracy_m: ArrayLike = 30.0,
        *,
        level: str | None = None,
    ) -> pd.DataFrame:
        """List the areas in which each of many points of limited accuracy may lie.

        Parameters
        ----------
        points : GeoSeries of Point, or a pair of arrays
            As for ``locate``; a point without a place has no candidates.
        accuracy_m : float or array of float, metres
            One for all points, or one for each.
        level : str, optional
            As for ``candidates``.

        Returns
        -------
        DataFrame
            Indexed by the points' labels; the columns and the order within a point of ``candidates``.

        Raises
        ------
        CrsError
            As ``locate``.
        TableError
            As ``locate``, or if an accuracy is not a positive number.
        """
        east, north, index = read_points(points, None, self.crs, self._cells.bounds)
        reach = _check_accuracies(accuracy_m, len(east), "candidates_each")
        return self._measure(east, north, reach, level, index)

    def explain(self, lon: float, lat: float, *, accuracy_m: float = 30.0) -> Explanation:
        """Say why a place belongs to its area, or why nobody can be sure.

        Parameters
        ----------
        lon, lat : float, degrees (CRS84)
        accuracy_m : float, metres
            As for ``candidates``.

        Returns
        -------
        Explanation
            ``told()`` says it in words.

        Raises
        ------
        CrsError
            If a coordinate is not finite or not on the globe.
        TableError
            If the accuracy is not a positive number.
        """
        return self.explain_metres(*self._project(lon, lat), accuracy_m=accuracy_m)

    def explain_metres(self, x: float, y: float, *, accuracy_m: float = 30.0) -> Explanation:
        """Say what ``explain`` says of a place in the areas' CRS.

        Parameters
        ----------
        x, y : float, metres
        accuracy_m : float, metres

        Returns
        -------
        Explanation

        Raises
        ------
        CrsError
            If the place is not finite, or looks like degrees or swapped axes.
        TableError
            If the accuracy is not a positive number.
        """
        if not (math.isfinite(x) and math.isfinite(y)):
            raise CrsError(f"explain: place is ({x}, {y}), not finite")
        east, north, _ = read_points(([x], [y]), None, self.crs, self._cells.bounds)
        reach = _check_accuracies(accuracy_m, 1, "explain")
        rank = find_owner(self._cells, float(x), float(y))
        claims = self.claims(east, north)
        near = self._measure(east, north, reach, None)
        owner = self._tree.name(rank)
        border = near.loc[near["area_id"] == owner, "border_m"].to_list()
        return Explanation(
            x=float(x),
            y=float(y),
            area_id=owner,
            state=str(self.state(east, north).iloc[0]),
            levels={level: self.area_at_metres(x, y, level=level) for level in self.levels},
            claims=tuple(Claim(area, bool(inside)) for area, inside in claims.itertuples(index=False)),
            border_m=border[0] if border else None,
            accuracy_m=float(reach[0]),
            candidates=tuple(Candidate(*row) for row in near.itertuples(index=False)),
        )

    def save(self, folder: str | PathLike[str]) -> None:
        """Save the index in a folder, in one step: a reader sees the old index or the new one, never half of each.

        Raises
        ------
        StorageError
            If the folder cannot be written.
        """
        arrays = {name: getattr(self._cells, name) for name in Cells.array_names()}
        arrays |= {field.name: getattr(self._outlines, field.name) for field in fields(Outlines)}
        facts = {name: getattr(self._cells, name) for name in Cells.number_names()}
        facts |= {"crs": self.crs.to_wkt(), "levels": list(self._tree.levels)}
        write_index(Path(folder), arrays | self._tree.as_arrays(), facts)

    @classmethod
    def load(cls, folder: str | PathLike[str], *, verify: bool = False) -> AreaIndex:
        """Open a saved index; its arrays are mapped into memory, so that processes share them.

        Parameters
        ----------
        folder : path
        verify : bool
            Read everything and hold it against the digests written with it.

        Returns
        -------
        AreaIndex

        Raises
        ------
        StorageError
            If there is none, it is damaged, or another version of gridgeo wrote it.
        """
        arrays, facts = read_index(Path(folder), verify=verify)
        try:
            numbers: dict[str, Any] = {name: int(facts[name]) for name in Cells.number_names()}
            cells = Cells(**(numbers | {name: arrays[name] for name in Cells.array_names()}))
            outlines = Outlines(**{field.name: arrays[field.name] for field in fields(Outlines)})
            tree = AreaTree.of_arrays(facts["levels"], arrays)
            return cls(tree, CRS.from_wkt(facts["crs"]), cells, outlines)
        except (KeyError, TypeError, ValueError):
            raise StorageError(f"index {folder}: its catalogue is damaged; save the index again") from None

    @cached_property
    def _to_metric(self) -> Transformer:
        return from_lonlat(self.crs)

    def _project(self, lon: float, lat: float) -> tuple[float, float]:
        """Turn one longitude and latitude into metres."""
        try:
            lon, lat = float(lon), float(lat)
        except (TypeError, ValueError):
            raise CrsError(f"lon, lat {lon!r}, {lat!r} are not numbers") from None
        if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
            points_from_lonlat(lon, lat, self.crs)  # says what is wrong
        x, y = self._to_metric.transform(lon, lat)
        return x, y

    def _name_members(self, areas: NDArray[np.int64]) -> pd.Index:
        return pd.Index(self._tree.names(areas), name="area_id", dtype="str")

    def _measure(
        self,
        x: NDArray[np.floating],
        y: NDArray[np.floating],
        reach: NDArray[np.floating],
        level: str | None,
        index: pd.Index | None = None,
    ) -> pd.DataFrame:
        """List the candidates of points, by the labels of the points where there are some."""
        stage = self._tree.read_level(level)
        found = measure_candidates(self._cells, self._outlines, self._tree, x, y, reach, stage)
        labels = None if index is None else index[found["point"]]
        columns = {name: found[name].to_numpy() for name in ("share", "distance_m", "border_m")}
        return pd.DataFrame({"area_id": self._tree.names(found["area"].to_numpy())} | columns, index=labels)


def _check_keys(areas: gpd.GeoDataFrame) -> None:
    """Hold the keys of areas against what an index needs."""
    if not isinstance(areas, gpd.GeoDataFrame) or areas.active_geometry_name is None:
        raise TableError("areas: pass a GeoDataFrame of polygons with their ids as index")
    if not len(areas):
        raise TableError("areas: has no row, so that no point has an owner; is a plan in force on that day?")
    check(areas.rename_axis("area_id"), _KEYS)


def _check_accuracies(accuracy_m: ArrayLike, size: int, function: str) -> NDArray[np.float64]:
    """Hold accuracies against the points they belong to; one stands for all."""
    try:
        reach = np.asarray(accuracy_m, dtype=float)
    except (TypeError, ValueError):
        raise TableError(f"{function}: accuracy_m is {accuracy_m!r}, not metres") from None
    if reach.shape not in ((), (size,)):
        raise TableError(f"{function}: accuracy_m has shape {reach.shape}; give one number, or {size}, one a point")
    wrong = np.flatnonzero(~(np.isfinite(reach) & (reach > 0)).ravel())
    if wrong.size:
        value = reach.ravel()[wrong[0]]
        raise TableError(f"{function}: accuracy_m is {value}, it must be a positive number of metres")
    return np.broadcast_to(reach, (size,))


def _check_weights(weights: ArrayLike, size: int) -> NDArray[np.generic]:
    """Hold weights against the points they belong to."""
    load = np.asarray(weights)
    if load.shape != (size,) or load.dtype.kind not in "biuf" or not np.isfinite(load).all():
        raise TableError(f"points: weights must be {size} finite numbers, one a point")
    return load
