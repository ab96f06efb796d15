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
import pyarrow
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer

from gridgeo.model.crs import points_from_lonlat
from gridgeo.model.errors import CrsError, StorageError, TableError
from gridgeo.model.tables import Table, check

from .doors import from_lonlat
from .edges import NOBODY, split_into_edges
from .index_files import read_index, write_index
from .nearby import measure_candidates
from .outlines import Outlines
from .point_search import count_covers, find_owner, find_owners, list_claims
from .points import read_points
from .raster_cells import Cells, choose_exponent, lay_cells

Points: TypeAlias = gpd.GeoSeries | gpd.GeoDataFrame | tuple[ArrayLike, ArrayLike] | ArrayLike

_SHAPES = Table("areas", "area_id", pa.DataFrameSchema({}), "area")
"""All that an index needs of table AREAS: its key and its geometry."""


class AreaIndex:
    """Areas of one level, made ready to be asked which of them holds a point.

    Built by ``from_areas`` or opened by ``load``. Every point that the areas cover has exactly one owner:

    * the area that has the point inside;
    * on a border, an area on whose edge the point lies; so the outer edge of the territory has owners, too;
    * of several areas with the same claim (a shared edge, a corner, an overlap) the one with the smallest ``area_id``.

    The answer depends on shapes and ids alone: not on the order of rows, the raster or the machine. ``cover_count``
    tells gaps (0) from overlaps (2 or more); ``claims`` names every area that holds or touches a point.
    """

    def __init__(
        self, ids: list[str], crs: CRS, cells: Cells, outlines: Outlines, row_of_rank: NDArray[np.int64]
    ) -> None:
        self.crs = crs
        self._ids = ids
        self._cells = cells
        self._outlines = outlines
        self._row_of_rank = row_of_rank
        self._text = pyarrow.array(ids, pyarrow.large_string())

    @classmethod
    def from_areas(cls, areas: gpd.GeoDataFrame, *, cell_m: float | None = None) -> AreaIndex:
        """Build the index of a set of areas.

        Parameters
        ----------
        areas : GeoDataFrame
            Table ``AREAS``, or any polygons with unique text ids as index, in a metric CRS. Gaps, overlaps, holes
            and areas of several parts are allowed.
        cell_m : float, optional, metres
            Width of the raster's cells, rounded to a power of two. It changes speed and memory, never an answer.

        Returns
        -------
        AreaIndex

        Raises
        ------
        TableError
            If there is no area, an id is missing, repeated or not text, a geometry is not a valid polygon, or the
            areas are of several levels.
        CrsError
            If the areas are not metric.
        """
        if cell_m is not None and not (math.isfinite(cell_m) and cell_m > 0):
            raise TableError(f"areas: cell_m is {cell_m}, it must be a positive number of metres")
        areas = _check_areas(areas)
        names = areas.index.to_numpy(dtype=object)
        row_of_rank = np.argsort(names, kind="stable").astype(np.int64)
        shapes = shapely.force_2d(areas.geometry.to_numpy()[row_of_rank])
        exponent = choose_exponent(shapely.area(shapes), shapely.total_bounds(shapes), cell_m)
        cells = lay_cells(split_into_edges(shapes), exponent)
        return cls(names[row_of_rank].tolist(), CRS.from_user_input(areas.crs), cells, Outlines.of(shapes), row_of_rank)

    @property
    def area_ids(self) -> pd.Index:
        """Name the areas, in the order in which they were given."""
        return self._by_rows(pd.Series(self._ids)).index

    def __len__(self) -> int:
        return len(self._ids)

    def __repr__(self) -> str:
        return f"AreaIndex({len(self)} areas, {self.crs.name}, cells of {self._cells.side_m:g} m)"

    def locate(self, points: Points, y: ArrayLike | None = None) -> pd.Series:
        """Tell which area owns each point.

        Parameters
        ----------
        points : GeoSeries of Point, or a pair of arrays, or the array x
            In the areas' CRS, metres. A missing point or NaN stands for a point without a place.
        y : array of float, optional, metres
            Where ``points`` is the array x.

        Returns
        -------
        Series of text
            ``area_id``, indexed like ``points``; missing where no area holds or touches the point.

        Raises
        ------
        CrsError
            If the points are in another CRS, in degrees, have swapped axes, or are not finite.
        TableError
            If they are not points, or x and y differ in length.
        """
        east, north, index = read_points(points, y, self.crs, self._cells.bounds)
        owners = find_owners(self._cells, east, north)
        text = self._text.take(pyarrow.array(owners, mask=owners == NOBODY))
        return pd.Series(pd.array(text, dtype="str"), index=index, name="area_id")

    def area_at(self, lon: float, lat: float) -> str | None:
        """Tell which area owns one place.

        Parameters
        ----------
        lon, lat : float, degrees (CRS84)

        Returns
        -------
        str or None
            ``area_id``; None where no area holds or touches the place.

        Raises
        ------
        CrsError
            If a coordinate is not finite or not on the globe.
        """
        rank = find_owner(self._cells, *self._project(lon, lat))
        return None if rank == NOBODY else self._ids[rank]

    def count(self, points: Points, weights: ArrayLike | None = None) -> pd.Series:
        """Count the points that each area owns.

        Parameters
        ----------
        points : GeoSeries of Point, or a pair of arrays
            As for ``locate``; each point counts once, those that no area owns are left out.
        weights : array, optional
            What each point counts for, such as its households.

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
        east, north, _ = read_points(points, None, self.crs, self._cells.bounds)
        load = None if weights is None else _check_weights(weights, len(east))
        owners = find_owners(self._cells, east, north).astype(np.int64)
        counts = np.bincount(owners + 1, weights=load, minlength=len(self) + 1)[1:]
        if load is not None and load.dtype.kind in "biu":
            counts = np.rint(counts).astype(np.int64)
        return self._by_rows(pd.Series(counts, name="count"))

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
        ids = pd.array(self._text.take(pyarrow.array(claims["area"].to_numpy())), dtype="str")
        return pd.DataFrame({"area_id": ids, "inside": claims["inside"].to_numpy()}, index=index[claims["point"]])

    def candidates(self, lon: float, lat: float, accuracy_m: float = 30.0) -> pd.DataFrame:
        """List the areas in which a place of limited accuracy may lie.

        Parameters
        ----------
        lon, lat : float, degrees (CRS84)
            The reported place.
        accuracy_m : float, metres
            The true place lies within this distance of the reported one.

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
        if not (math.isfinite(accuracy_m) and accuracy_m > 0):
            raise TableError(f"candidates: accuracy_m is {accuracy_m}, it must be a positive number of metres")
        x, y = self._project(lon, lat)
        found = measure_candidates(self._cells, self._outlines, x, y, accuracy_m)
        ids = pd.Series([self._ids[rank] for rank in found["area"]], index=found.index, dtype="str")
        return found.assign(area_id=ids)[["area_id", "share", "distance_m", "border_m"]]

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
        facts |= {"crs": self.crs.to_wkt(), "area_ids": self._ids}
        write_index(Path(folder), arrays | {"row_of_rank": self._row_of_rank}, facts)

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
            return cls(facts["area_ids"], CRS.from_wkt(facts["crs"]), cells, outlines, arrays["row_of_rank"])
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

    def _by_rows(self, values: pd.Series) -> pd.Series:
        """Put values that are in the order of ranks into the order of the areas' rows."""
        values.index = pd.Index(self._ids, name="area_id", dtype="str")
        return values.iloc[np.argsort(self._row_of_rank)]


def _check_areas(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Hold areas against what an index needs."""
    if not isinstance(areas, gpd.GeoDataFrame):
        raise TableError("areas: pass a GeoDataFrame of polygons with their ids as index")
    if not len(areas):
        raise TableError("areas: has no row, so that no point has an owner; is a plan in force on that day?")
    levels = sorted(areas["level"].dropna().unique()) if "level" in areas.columns else []
    if len(levels) > 1:
        raise TableError(f"areas: holds the levels {', '.join(levels)}; choose one with areas[areas['level'] == ...]")
    shapes = areas[[areas.active_geometry_name]].rename_axis("area_id") if areas.active_geometry_name else areas
    check(shapes, _SHAPES)
    return shapes


def _check_weights(weights: ArrayLike, size: int) -> NDArray[np.generic]:
    """Hold weights against the points they belong to."""
    load = np.asarray(weights)
    if load.shape != (size,) or load.dtype.kind not in "biuf" or not np.isfinite(load).all():
        raise TableError(f"points: weights must be {size} finite numbers, one a point")
    return load
