"""Hold a layer's coordinates against the CRS they are said to be in, and bring them to metres."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer

from gridgeo.model.crs import check_metric, metric_crs, parse_crs, to_metric
from gridgeo.model.datum import DATUMS
from gridgeo.model.datum_check import INVERSES, datum_hint
from gridgeo.model.errors import CrsError, TableError

from .formats import DEGREES

__all__ = ["bring_to_metres", "check_plausible", "datum_hint"]

_FOOT_M = 0.3048
_MARGIN_DEG = 3.0
"""How far a territory may lie outside the area its CRS is registered for, degrees: zones are used beyond their edge."""
_TOWNS_SOUTH_DEG, _TOWNS_NORTH_DEG = -56.0, 79.0
"""No town lies further south or north, degrees."""
_STRAY_DEG = 2.0
"""How far from the middle of its layer a row may lie before it is told as a stray, degrees."""


def bring_to_metres(
    frame: gpd.GeoDataFrame,
    name: str,
    *,
    crs: Any = None,
    datum: str | None = None,
    to: Any = None,
    swapped: bool = False,
    broken: bool = False,
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Check what a layer's coordinates are, and project them to metres.

    Parameters
    ----------
    frame : GeoDataFrame
        As read; its CRS is what the file declares.
    name : str
        The file, for messages.
    crs : CRS, optional
        The caller's word; goes before what the file declares.
    datum : str, optional
        ``"gcj02"`` or ``"bd09"`` for the shifted coordinates of Chinese web maps.
    to : CRS, optional
        The metric CRS of the result. Without it a metric CRS stays, Web Mercator excepted, and ``metric_crs``
        chooses for the others.
    swapped : bool
        Exchange the two axes first.
    broken : bool
        Make a geometry that is not finite missing instead of refusing the layer.

    Returns
    -------
    frame : GeoDataFrame
        In two dimensions.
    notes : list of str
        What was done.

    Raises
    ------
    CrsError
        If the CRS is missing, or the coordinates are not finite or cannot be what they are declared to be.
    TableError
        If no row has a geometry.
    """
    notes: list[str] = []
    declared = _declared(frame, name, crs, notes)
    shapes = frame.geometry.to_numpy()
    flat = shapes if (shapely.get_coordinate_dimension(shapes) <= 2).all() else shapely.force_2d(shapes)
    frame = _with_shapes(frame, flat, declared)
    frame = _leave_out(frame, _endless, "not finite", name, broken, notes)
    if swapped:
        frame = _with_shapes(frame, shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1]), declared)
        notes.append("the axes were exchanged")
    target = None if to is None else _target(to)
    middle = _middle(frame.geometry.to_numpy())
    if middle is None and not broken:
        raise TableError(f"{name}: no row has a geometry; read_table reads its columns")
    if middle is None:
        return (frame if target is None else frame.to_crs(target)), notes
    check_plausible(*middle, declared, name, target)
    if not declared.is_projected:
        frame = _leave_out(frame, _off_globe, "not on the globe", name, broken, notes)
    if datum is not None:
        frame = _to_wgs84(frame, datum)
        notes.append(f"shifted from {datum} to WGS 84")
    projected = _project(frame, target, notes)
    where = f"{name}: projected to {projected.crs.name}"
    return _leave_out(projected, _endless, "not finite", where, broken, notes), notes


def _with_shapes(frame: gpd.GeoDataFrame, shapes: np.ndarray, crs: CRS) -> gpd.GeoDataFrame:
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=crs))


def _declared(frame: gpd.GeoDataFrame, name: str, crs: Any, notes: list[str]) -> CRS:
    """Decide which CRS the coordinates are in."""
    own = frame.crs
    if crs is not None:
        declared = parse_crs(crs)
        if own is not None and own != declared:
            notes.append(f"the file declares {own.name}, the caller {declared.name}")
    elif own is None or own.name.lower().startswith("undefined"):
        raise CrsError(f"{name}: has no CRS; say which one it is with crs=..., for example crs='EPSG:4326'")
    else:
        declared = own
    if declared.is_compound and declared.sub_crs_list:
        declared = declared.sub_crs_list[0]
    return declared.to_2d()


def _target(to: Any) -> CRS:
    target = parse_crs(to)
    check_metric(target, "to")
    return target


def _endless(xy: np.ndarray) -> np.ndarray:
    return np.asarray(~np.isfinite(xy).all(axis=1))


def _off_globe(xy: np.ndarray) -> np.ndarray:
    return np.asarray((np.abs(xy[:, 0]) > 180) | (np.abs(xy[:, 1]) > 90))


def _leave_out(
    frame: gpd.GeoDataFrame,
    are_wrong: Callable[[np.ndarray], np.ndarray],
    word: str,
    name: str,
    broken: bool,
    notes: list[str],
) -> gpd.GeoDataFrame:
    """Refuse rows with wrong coordinates, or make their geometries missing."""
    shapes = frame.geometry.to_numpy().copy()
    xy, row = shapely.get_coordinates(shapes, return_index=True)
    wrong = are_wrong(xy)
    if not wrong.any():
        return frame
    rows = np.unique(row[wrong])
    if not broken:
        x, y = xy[wrong][0]
        key = frame.index[row[wrong][0]]
        more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
        raise CrsError(f"{name}: coordinates {x}, {y} of {key!r} are {word}{more}; correct or empty them")
    shapes[rows] = None
    notes.append(f"{len(rows)} geometries are missing, their coordinates are {word}")
    return _with_shapes(frame, shapes, frame.crs)


def _middle(shapes: np.ndarray) -> tuple[float, float] | None:
    """Find a place in the midst of a layer that a few stray points do not move."""
    xy = shapely.get_coordinates(shapes)
    if not len(xy):
        return None
    x, y = np.median(xy, axis=0)
    return float(x), float(y)


def check_plausible(x: float, y: float, crs: CRS, name: str, target: CRS | None = None) -> None:
    """Refuse coordinates that cannot be what they are declared to be.

    Parameters
    ----------
    x, y : float
        A place in the midst of the layer, in units of ``crs``.
    crs : CRS
        What they are declared to be.
    name : str
        The file, for messages.
    target : CRS, optional
        Where the layer is to lie.

    Raises
    ------
    CrsError
        Saying what the numbers look like, and what to do.
    """
    numbers = f"{name}: coordinates like {x:.10g}, {y:.10g}"
    like_degrees = abs(x) <= 180 and abs(y) <= 180
    if not crs.is_projected:
        if not like_degrees:
            raise CrsError(
                f"{numbers} are not degrees, though {crs.name} is declared; say which CRS they are in with crs=..."
            )
        _check_degrees(x, y, crs, numbers, target)
        return
    if like_degrees:
        raise CrsError(
            f"{numbers} look like degrees, though {crs.name} is declared; read with crs='EPSG:4326'"
            " (to=... chooses the CRS of the result)"
        )
    if _serves(crs, *_lonlat(x, y, crs)):
        return
    if 25 <= x // 1e6 <= 45 and _serves(crs, *_lonlat(x - x // 1e6 * 1e6, y, crs)):
        raise CrsError(f"{numbers} carry zone number {int(x // 1e6)}; read with crs='EPSG:{4513 + int(x // 1e6) - 25}'")
    if _serves(crs, *_lonlat(y, x, crs)):
        raise CrsError(f"{numbers} look swapped, easting comes first in {crs.name}; read with swapped=True")
    if _serves(crs, *_lonlat(x * _FOOT_M, y * _FOOT_M, crs)):
        raise CrsError(f"{numbers} look like feet, though {crs.name} is in metres; name the CRS in feet with crs=...")


def _check_degrees(x: float, y: float, crs: CRS, numbers: str, target: CRS | None) -> None:
    """Find longitude and latitude that changed places."""
    on_globe = abs(y) <= 90
    if on_globe and all(_serves(zone, x, y) for zone in (crs, target) if zone is not None):
        return
    if abs(x) <= 90 and all(_serves(zone, y, x) for zone in (crs, target) if zone is not None):
        raise CrsError(f"{numbers} look swapped, longitude comes first; read with swapped=True")
    if not on_globe:
        raise CrsError(f"{numbers} are not on the globe; longitude comes first, say the CRS with crs=...")


def _serves(crs: CRS, lon: float, lat: float) -> bool:
    """Tell whether a place lies where a CRS is used, and where towns are."""
    if not (np.isfinite([lon, lat]).all() and _TOWNS_SOUTH_DEG <= lat <= _TOWNS_NORTH_DEG):
        return False
    area = crs.area_of_use
    if area is None:
        return True
    east = area.east + (360 if area.east < area.west else 0)
    inside_lon = any(area.west - _MARGIN_DEG <= lon + turn <= east + _MARGIN_DEG for turn in (0, 360))
    return inside_lon and area.south - _MARGIN_DEG <= lat <= area.north + _MARGIN_DEG


@cache
def _to_lonlat(crs: CRS) -> Transformer:
    return Transformer.from_crs(crs, DEGREES, always_xy=True)


def _lonlat(x: float, y: float, crs: CRS) -> tuple[float, float]:
    lon, lat = _to_lonlat(crs).transform(x, y)
    return float(lon), float(lat)


def _to_wgs84(frame: gpd.GeoDataFrame, datum: str) -> gpd.GeoDataFrame:
    """Move every vertex from a shifted datum to WGS 84."""
    if datum not in DATUMS:
        raise CrsError(f"datum {datum!r} is not known; it is one of {', '.join(DATUMS)}")
    if datum == "wgs84":
        return frame
    inverse = INVERSES[datum]
    lonlat = frame.to_crs(DEGREES) if frame.crs.is_projected else frame
    shapes = shapely.transform(
        lonlat.geometry.to_numpy(), lambda xy: np.column_stack(inverse(xy[:, 0], xy[:, 1])) if len(xy) else xy
    )
    return _with_shapes(lonlat, shapes, DEGREES)


def _project(frame: gpd.GeoDataFrame, target: CRS | None, notes: list[str]) -> gpd.GeoDataFrame:
    """Project to the target, or to metres of the layer's own choice."""
    unit = frame.crs.axis_info[0]
    if frame.crs.is_projected and abs(unit.unit_conversion_factor - 1) > 1e-9:
        notes.append(f"converted from {unit.unit_name} to metres")
    if target is not None:
        return frame.to_crs(target)
    if not frame.crs.is_projected or _is_mercator(frame.crs):
        lonlat = frame.to_crs(DEGREES) if frame.crs.is_projected else frame
        return lonlat.to_crs(metric_crs(*_middle_of_most(lonlat, notes)))
    return to_metric(frame)


def _middle_of_most(lonlat: gpd.GeoDataFrame, notes: list[str]) -> tuple[float, float]:
    """Find the middle of a layer's extent without its strays, such as addresses that a geocoder put abroad."""
    bounds = lonlat.bounds.to_numpy()
    places = (bounds[:, :2] + bounds[:, 2:]) / 2
    off = np.abs(places - np.nanmedian(places, axis=0)).max(axis=1)
    strays = off > _STRAY_DEG
    if strays.any():
        notes.append(f"{int(strays.sum())} rows lie far from the others, first {lonlat.index[strays][0]!r}")
    near = bounds[off <= _STRAY_DEG]
    lon, lat = (near[:, :2].min(axis=0) + near[:, 2:].max(axis=0)) / 2
    return float(lon), float(lat)


def _is_mercator(crs: CRS) -> bool:
    """Tell whether a CRS is a Mercator map of the world, whose metres are not metres on the ground."""
    method = crs.coordinate_operation.method_name if crs.coordinate_operation else ""
    return "Mercator" in method and "Transverse" not in method and "Oblique" not in method
