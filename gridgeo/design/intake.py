"""Take in a map as it is: rows in a fixed order, rings mended in a copy, nothing refused for being bad.

What the caller did wrong (no geometry column, degrees, two reference systems) raises; what the map has wrong does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import check_metric
from gridgeo.model.errors import CrsError, TableError

NO_AREA = shapely.Polygon()
POLYGON, MULTIPOLYGON, COLLECTION = 3, 6, 7
"""Numbers that shapely gives to types of geometry."""


@dataclass(frozen=True, eq=False)
class Survey:
    """A map as it was given, in an order of its own.

    Parameters
    ----------
    ids : array of str
        Of each area; "" where it is missing. Sorted, and equal ids by their geometry, so that the order of the
        caller's rows has no influence.
    given : array of geometry
        As the caller gave them, without heights; missing ones are None.
    rows : array of int
        Position of each area in the caller's frame.
    attributes : DataFrame
        The caller's other columns, in the survey's order.
    crs : CRS
        Metric.
    """

    ids: np.ndarray
    given: np.ndarray
    rows: np.ndarray
    attributes: pd.DataFrame
    crs: Any

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def is_area(self) -> np.ndarray:
        """Tell which rows have a polygon with finite coordinates, valid or not."""
        is_area = self.is_valid.copy()
        others = np.flatnonzero(~is_area)
        rest = self.given[others]
        solid = np.isin(shapely.get_type_id(rest), (POLYGON, MULTIPOLYGON)) & ~shapely.is_empty(rest)
        is_area[others] = solid & are_finite(rest)
        return is_area

    @cached_property
    def is_valid(self) -> np.ndarray:
        """Tell which rows have a valid polygon, which has land and finite coordinates."""
        kinds = shapely.get_type_id(self.given)
        valid = ((kinds == POLYGON) | (kinds == MULTIPOLYGON)) & ~shapely.is_empty(self.given)
        valid[valid] = shapely.is_valid(self.given[valid])
        return valid

    @cached_property
    def shapes(self) -> np.ndarray:
        """Give valid polygons, with the land of both lobes of a bow-tie; empty where a row has no land."""
        shapes = self.given.copy()
        shapes[~self.is_area] = NO_AREA
        broken = self.is_area & ~self.is_valid
        shapes[broken] = mend(shapes[broken])
        return shapes

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Index the valid polygons by their place."""
        return shapely.STRtree(self.shapes)

    @cached_property
    def area_m2(self) -> np.ndarray:
        """Measure the areas."""
        return shapely.area(self.shapes)

    @cached_property
    def typical_m2(self) -> float:
        """Give the median size of the areas that have land; nan where there are none."""
        sizes = self.area_m2[self.area_m2 > 0]
        return float(np.median(sizes)) if len(sizes) else float("nan")

    def redraw(self, at: np.ndarray, given: np.ndarray) -> Survey:
        """Give the same map with other geometries in some rows; what is known of the other rows is not asked again."""
        shapes = self.given.copy()
        shapes[at] = given
        made = replace(self, given=shapes)
        part = replace(self, given=given)
        for name in ("is_area", "is_valid", "shapes", "area_m2"):
            known = getattr(self, name).copy()
            known[at] = getattr(part, name)
            made.__dict__[name] = known
        return made

    def label(self, position: int) -> str:
        """Name an area in a message."""
        return str(self.ids[position]) or "(no id)"


def check_numbers(**numbers: float) -> None:
    """Refuse limits that are negative or not finite.

    Raises
    ------
    TableError
        Naming the argument.
    """
    for name, value in numbers.items():
        if not (np.isfinite(value) and value >= 0):
            raise TableError(f"{name} is {value!r}; give a number of at least 0")


def are_finite(shapes: np.ndarray) -> np.ndarray:
    """Tell which shapes have only finite coordinates."""
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), dtype=bool)
    finite[of[~np.isfinite(xy).all(axis=1)]] = False
    return finite


def mend(shapes: np.ndarray) -> np.ndarray:
    """Make polygons valid; a bow-tie keeps the land of both lobes, parts drawn over each other become one.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon

    Returns
    -------
    array of Polygon or MultiPolygon
        Empty where nothing with an area is left.
    """
    valid = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    return np.array([only_area(shape) for shape in valid], dtype=object)


def only_area(shape: shapely.Geometry) -> shapely.Geometry:
    """Keep the polygons of a geometry: one Polygon, one MultiPolygon, or an empty Polygon."""
    if shape is None or shapely.get_type_id(shape) == POLYGON:
        return shape
    parts = shapely.get_parts(shapely.get_parts(shape))
    parts = parts[(shapely.get_type_id(parts) == POLYGON) & ~shapely.is_empty(parts)]
    if len(parts) < 2:
        return parts[0] if len(parts) else NO_AREA
    return shapely.multipolygons(parts)


def frame_of(table: Any, what: str) -> gpd.GeoDataFrame:
    """Read areas from whatever table they are in."""
    if isinstance(table, gpd.GeoSeries):
        return table.to_frame("geometry").set_geometry("geometry")
    if not isinstance(table, gpd.GeoDataFrame):
        raise TableError(f"{what}: is a {type(table).__name__}, not a GeoDataFrame or a GeoSeries")
    if table.active_geometry_name is None:
        raise TableError(f"{what}: has no geometry; pass a GeoDataFrame whose geometry column is set")
    return table


def _ids_of(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Read ids as text from the index, or from a column ``area_id``; "" where missing."""
    named = frame.index.name != "area_id" and "area_id" in frame.columns
    keys = frame["area_id"] if named else frame.index.to_series()
    return as_text(keys)


def as_text(values: pd.Series) -> np.ndarray:
    """Read ids or codes as text; "" where missing.

    Whole numbers have no point, also where a missing one has made the column a column of floats.
    """
    if pd.api.types.is_float_dtype(values.dtype):
        values = values.map(lambda value: value if pd.isna(value) or value % 1 else str(int(value))).astype(object)
    text = values.astype(str).str.strip().to_numpy(dtype=object)
    return np.where(values.isna().to_numpy(), "", text).astype(object)


def _reading_order(ids: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Order rows by id; rows of one id, or without, by their geometry."""
    order = np.argsort(ids.astype(str), kind="stable") if len(ids) else np.empty(0, dtype=np.int64)
    sorted_ids = ids[order]
    same = np.flatnonzero(sorted_ids[1:] == sorted_ids[:-1])
    if len(same):
        tied = np.zeros(len(ids), dtype=bool)
        tied[same], tied[same + 1] = True, True
        at = np.flatnonzero(tied)
        drawn = shapely.to_wkb(shapes[order[at]], byte_order=1, output_dimension=2)
        ranked = sorted(range(len(at)), key=lambda i: (str(sorted_ids[at[i]]), drawn[i] or b""))
        order[at] = order[at[ranked]]
    return order


def take_in(table: Any, what: str = "areas", crs: Any = None) -> Survey:
    """Read a map as it is.

    Parameters
    ----------
    table : GeoDataFrame or GeoSeries
        Any rows; it is not changed.
    what : str
        Its name in messages.
    crs : CRS, optional
        The CRS it must be in; required to be metric otherwise.

    Returns
    -------
    Survey

    Raises
    ------
    TableError
        If it is no table of geometries.
    CrsError
        If it is not in metres, or in another CRS than asked.
    """
    frame = frame_of(table, what)
    if crs is None:
        if len(frame) or frame.crs is not None:
            check_metric(frame.crs, what)
    elif frame.crs is not None and frame.crs != crs:
        raise CrsError(f"{what}: is in {frame.crs.name}, the areas are in {crs.name}; use {what}.to_crs(areas.crs)")
    given = np.array(frame.geometry.array, dtype=object)
    if (shapely.has_z(given) | shapely.has_m(given)).any():
        given = shapely.force_2d(given)
    collections = shapely.get_type_id(given) == COLLECTION
    given[collections] = [only_area(shape) for shape in given[collections]]
    ids = _ids_of(frame)
    order = _reading_order(ids, given)
    # A plain table: geopandas would look for geometry at every step.
    plain = pd.DataFrame(frame, copy=False).drop(columns=frame.active_geometry_name)
    attributes = plain.iloc[order].reset_index(drop=True)
    return Survey(ids[order], given[order], order, attributes, frame.crs if frame.crs is not None else crs)


def take_in_territory(territory: Any, crs: Any = None) -> Survey:
    """Read a territory as it is: a polygon, a series or a table of polygons.

    Raises
    ------
    TableError, CrsError
        As ``take_in``.
    """
    if not isinstance(territory, shapely.Geometry):
        return take_in(territory, "territory", crs)
    if crs is None:
        check_metric(crs, "territory")
    given = np.array([shapely.force_2d(territory)], dtype=object)
    given[0] = only_area(given[0]) if shapely.get_type_id(given[0]) == COLLECTION else given[0]
    ids = np.array(["0"], dtype=object)
    return Survey(ids, given, np.zeros(1, dtype=np.int64), pd.DataFrame(index=pd.RangeIndex(1)), crs)


def take_in_both(areas: Any, territory: Any) -> tuple[Survey, Survey]:
    """Read areas and the territory they should cover; a map without rows may go without a CRS.

    Raises
    ------
    TableError, CrsError
        As ``take_in``.
    """
    survey = take_in(areas)
    ground = take_in_territory(territory, survey.crs)
    return (take_in(areas, crs=ground.crs) if survey.crs is None else survey), ground


def unite(survey: Survey) -> shapely.Geometry:
    """Join the rows of a territory; rows that fit together exactly keep every coordinate.

    Returns
    -------
    Polygon or MultiPolygon
        Empty where no row has land.
    """
    shapes = survey.shapes[~shapely.is_empty(survey.shapes)]
    if len(shapes) < 2:
        return shapes[0] if len(shapes) else NO_AREA
    joined = shapely.coverage_union_all(shapes) if shapely.coverage_is_valid(shapes) else shapely.union_all(shapes)
    return only_area(joined)


def describe_fault(survey: Survey, position: int) -> str:
    """Say why a row is no valid polygon."""
    shape = survey.given[position]
    if shape is None or shapely.is_empty(shape):
        return "has no geometry"
    if shapely.get_type_id(shape) not in (POLYGON, MULTIPOLYGON):
        return f"is a {shape.geom_type}, not an area"
    if not survey.is_area[position]:
        return "has coordinates that are not finite"
    return f"is invalid: {shapely.is_valid_reason(shape)}"
