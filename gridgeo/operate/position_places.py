"""Tell places that cannot be an officer's, and read the polygons that users draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import shapely.geometry
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from gridgeo.model.crs import LONLAT
from gridgeo.model.errors import CrsError, TableError

_BEYOND_M = 200_000.0
"""How far beyond the area of use of a CRS places are still believed."""
_FARTHEST_M = 1e8
_STEP_DEG = 0.01
"""Edges drawn in degrees are cut so short before they are projected that they stay where they were drawn."""


class Extent:
    """The rectangle in which places are believed.

    Parameters
    ----------
    crs : CRS
        Metric.
    bounds : four floats, optional
        West, south, east, north of the territory, metres: places are believed as far beyond it as it is wide. Without
        it, all places in the CRS's own area of use.

    Raises
    ------
    CrsError
        If the bounds are not finite or in a wrong order.
    """

    def __init__(self, crs: CRS, bounds: Sequence[float] | None = None) -> None:
        self.crs = crs
        if bounds is None:
            self.west, self.south, self.east, self.north = _area_of_use(crs)
            return
        west, south, east, north = (float(side) for side in bounds)
        if not (np.isfinite([west, south, east, north]).all() and west < east and south < north):
            raise CrsError(f"bounds: {tuple(bounds)} are not west, south, east, north in metres")
        beyond = max(east - west, north - south)
        self.west, self.south, self.east, self.north = west - beyond, south - beyond, east + beyond, north + beyond

    def read(self, what: str, x: Any, y: Any) -> tuple[float, float]:
        """Read a place that is to be believed: (0, 0) is what a device sends that does not know where it is.

        Raises
        ------
        TableError
            If x and y are not numbers.
        CrsError
            Saying why the place is not believed.
        """
        try:
            x, y = float(x), float(y)
        except (TypeError, ValueError):
            raise TableError(f"{what}: ({x!r}, {y!r}) are not numbers of metres") from None
        if self.west <= x <= self.east and self.south <= y <= self.north and (x != 0 or y != 0):
            return x, y
        raise self.fault(what, x, y)

    def hold(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which places are believed."""
        inside = (self.west <= x) & (x <= self.east) & (self.south <= y) & (y <= self.north)
        return np.asarray(inside & ~((x == 0) & (y == 0)))

    def fault(self, what: str, x: float, y: float) -> CrsError:
        """Make the error that says why a place is not believed."""
        place = f"{what}: ({x}, {y})"
        if not (np.isfinite(x) and np.isfinite(y)):
            return CrsError(f"{place} is not finite; leave out what has no place")
        if x == 0 and y == 0:
            return CrsError(f"{place} is what a device sends that does not know where it is; leave it out")
        if abs(x) <= 180 and abs(y) <= 90:
            return CrsError(f"{place} looks like degrees, positions are in {self.crs.name}; project them first")
        if self.west <= y <= self.east and self.south <= x <= self.north:
            return CrsError(f"{place} looks swapped; x is the easting, y the northing")
        limits = ", ".join(f"{side:.0f}" for side in (self.west, self.south, self.east, self.north))
        return CrsError(f"{place} is outside of ({limits}), where positions in {self.crs.name} are believed")


def _area_of_use(crs: CRS) -> tuple[float, float, float, float]:
    """Give the bounds of the area in which a CRS may be used, in its own metres."""
    area = crs.area_of_use
    if area is None:
        return -_FARTHEST_M, -_FARTHEST_M, _FARTHEST_M, _FARTHEST_M
    to_crs = Transformer.from_crs(LONLAT, crs, always_xy=True)
    west, south, east, north = np.clip(to_crs.transform_bounds(*area.bounds), -_FARTHEST_M, _FARTHEST_M)
    return float(west - _BEYOND_M), float(south - _BEYOND_M), float(east + _BEYOND_M), float(north + _BEYOND_M)


def read_polygon(drawn: Any, crs: Any, extent: Extent) -> Any:
    """Read a polygon that a user drew.

    Parameters
    ----------
    drawn : Polygon, MultiPolygon, GeoSeries, GeoDataFrame, or mapping
        A mapping is a GeoJSON geometry, in longitude and latitude as GeoJSON is.
    crs : CRS, optional
        Of a bare shapely polygon; without it, it is in the positions' CRS.
    extent : Extent
        Of the positions.

    Returns
    -------
    Polygon or MultiPolygon, in the positions' CRS

    Raises
    ------
    TableError
        If it is no polygon, empty or invalid.
    CrsError
        If it declares no CRS, looks like degrees, or its coordinates cannot be what they are said to be.
    """
    if isinstance(drawn, gpd.GeoSeries | gpd.GeoDataFrame):
        if drawn.crs is None:
            raise CrsError("polygon: has no CRS; say which one it is with polygon.set_crs(...)")
        shape, given = drawn.geometry.union_all(), CRS.from_user_input(drawn.crs)
    elif isinstance(drawn, Mapping):
        shape, given = _from_geojson(drawn), LONLAT
    else:
        shape, given = drawn, extent.crs if crs is None else CRS.from_user_input(crs)
    _check_polygon(shape)
    if given == extent.crs:
        corners = shapely.get_coordinates(shape)
        if (np.abs(corners) <= [180, 90]).all() and not extent.hold(*corners.T).any():
            raise CrsError(
                f"polygon: {shape.bounds} looks like degrees, positions are in {extent.crs.name}; say crs='OGC:CRS84'"
            )
        return shape
    if given.is_geographic:
        shape = shapely.segmentize(shape, _STEP_DEG)
    made = gpd.GeoSeries([shape], crs=given).to_crs(extent.crs).iloc[0]
    if not np.isfinite(made.bounds).all():
        raise CrsError(f"polygon: {shape.bounds} does not fit {given.name}; x is the longitude, y the latitude")
    return made


def _from_geojson(drawn: Mapping[str, Any]) -> Any:
    geometry = drawn.get("geometry") if drawn.get("type") == "Feature" else drawn
    try:
        return shapely.geometry.shape(dict(geometry))  # type: ignore[arg-type]
    except (AttributeError, KeyError, TypeError, ValueError, shapely.GEOSException):
        raise TableError("polygon: is no GeoJSON geometry; pass {'type': 'Polygon', 'coordinates': ...}") from None


def _check_polygon(shape: Any) -> None:
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise TableError(f"polygon: is a {getattr(shape, 'geom_type', type(shape).__name__)}, not a polygon")
    if shape.is_empty:
        raise TableError("polygon: is empty; draw at least three corners")
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        raise CrsError("polygon: has corners that are not finite")
    if not shape.is_valid:
        raise TableError(f"polygon: is invalid ({shapely.is_valid_reason(shape)}); draw it without crossing edges")
