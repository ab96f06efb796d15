"""Choose a metric CRS for a territory, and open the doors to longitude and latitude."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from pyproj.exceptions import CRSError as ProjError

from .errors import CrsError

LONLAT = CRS.from_user_input("OGC:CRS84")
"""Longitude, latitude in degrees, in this order."""

# A coarse outline of mainland China in lon, lat: it decides which metric zone is offered and nothing else.
# Korea, Japan, Taiwan, Hong Kong and Macau lie outside.
_CHINA = shapely.Polygon(
    [
        *[(73.5, 39.5), (80, 30.5), (85, 28), (92, 27), (97, 28), (98, 24), (101, 21), (105.5, 23), (108, 21.5)],
        *[(109, 18), (111.5, 18.5), (110.8, 21), (113.5, 22), (113.5, 22.3), (113.8, 22.52), (114.5, 22.56)],
        *[(117.5, 23.3), (119.3, 25), (120.5, 27), (122.8, 30), (122, 32), (121, 34), (119.8, 35), (123, 37)],
        *[(121.5, 38.5), (124.3, 39.9), (126.5, 41.6), (128.2, 42), (130.5, 42.5), (131.2, 45), (134.8, 48.4)],
        *[(130.5, 48.9), (126, 53), (121, 53.4), (117, 49.7), (115.5, 48), (119.5, 46.8), (111.5, 44), (105, 41.8)],
        *[(96, 42.8), (90.5, 45), (87, 49), (82.5, 46), (80, 43.5), (80, 41.5)],
    ]
)


def metric_crs(lon: float, lat: float) -> CRS:
    """Choose the metric CRS in which a territory is worked on.

    Parameters
    ----------
    lon, lat : float, degrees
        A point in the middle of the territory.

    Returns
    -------
    CRS
        The CGCS2000 3-degree Gauss-Krueger zone by central meridian in mainland China
        (EPSG:4534 at 75 E ... EPSG:4554 at 135 E), the UTM zone on WGS 84 elsewhere.

    Raises
    ------
    CrsError
        If the point is not on the globe, or so near a pole that no zone serves it.
    """
    _check_lonlat(np.array([lon]), np.array([lat]))
    if shapely.contains_xy(_CHINA, lon, lat):
        zone = min(max(round(lon / 3), 25), 45)
        return CRS.from_epsg(4534 + zone - 25)
    found = query_utm_crs_info(
        datum_name="WGS 84",
        area_of_interest=AreaOfInterest(lon, lat, lon, lat),
    )
    if not found:
        raise CrsError(f"no UTM zone serves latitude {lat:.2f}; name a metric CRS with crs=...")
    return CRS.from_epsg(found[0].code)


def check_metric(crs: Any, what: str) -> None:
    """Refuse a CRS that is missing, in degrees or in feet.

    Raises
    ------
    CrsError
        With the way out.
    """
    if crs is None:
        raise CrsError(f"{what}: has no CRS; say which one it is with crs=..., for example crs='EPSG:4547'")
    crs = CRS.from_user_input(crs)
    if not crs.is_projected:
        raise CrsError(
            f"{what}: {crs.name} is in degrees; project it to metres first, gg.to_metric(frame) chooses a CRS"
        )
    unit = crs.axis_info[0]
    if abs(unit.unit_conversion_factor - 1) > 1e-9:
        raise CrsError(
            f"{what}: {crs.name} is in {unit.unit_name}; project it to metres first, gg.to_metric(frame) chooses a CRS"
        )


def check_same_crs(*frames: tuple[str, gpd.GeoDataFrame | None]) -> None:
    """Refuse tables that do not share one CRS.

    Raises
    ------
    CrsError
        Naming the two tables.
    """
    present = [(name, frame) for name, frame in frames if frame is not None and len(frame)]
    for name, frame in present[1:]:
        first, reference = present[0]
        if frame.crs != reference.crs:
            raise CrsError(
                f"{name}: is in {_crs_name(frame.crs)}, {first} is in {_crs_name(reference.crs)}; "
                f"use {name}.to_crs({first}.crs)"
            )


def _crs_name(crs: Any) -> str:
    return "no CRS" if crs is None else CRS.from_user_input(crs).name


def to_metric(frame: gpd.GeoDataFrame, crs: Any = None) -> gpd.GeoDataFrame:
    """Project a frame to metres.

    Parameters
    ----------
    frame : GeoDataFrame
        In any CRS it declares.
    crs : CRS, optional
        The metric CRS to use; without it a frame that is metric already stays as it is, and
        ``metric_crs`` chooses for the others.

    Returns
    -------
    GeoDataFrame

    Raises
    ------
    CrsError
        If the frame declares no CRS, or its numbers cannot be what it declares.
    """
    if frame.crs is None:
        raise CrsError("the layer has no CRS; say which one it is with crs=..., for example crs='EPSG:4326'")
    if crs is not None:
        check_metric(crs, "crs")
        return frame.to_crs(crs)
    if frame.crs.is_projected and abs(frame.crs.axis_info[0].unit_conversion_factor - 1) <= 1e-9:
        return frame
    lonlat = frame.to_crs(LONLAT)
    west, south, east, north = lonlat.total_bounds
    if not np.isfinite([west, south, east, north]).all():
        raise CrsError(f"coordinates do not fit {frame.crs.name}; declare the CRS they are in with crs=...")
    return lonlat.to_crs(metric_crs((west + east) / 2, (south + north) / 2))


def _check_lonlat(lon: np.ndarray, lat: np.ndarray) -> None:
    good = np.isfinite(lon) & np.isfinite(lat)
    if not good.all():
        raise CrsError(f"lon, lat {lon[~good][0]}, {lat[~good][0]} is not finite")
    outside = (np.abs(lon) > 180) | (np.abs(lat) > 90)
    if outside.any():
        first_lon, first_lat = lon[outside][0], lat[outside][0]
        swapped = abs(first_lon) <= 90 and abs(first_lat) <= 180
        hint = "; they look swapped, longitude comes first" if swapped else ""
        raise CrsError(f"lon, lat {first_lon}, {first_lat} is not on the globe{hint}")


def points_from_lonlat(lon: Any, lat: Any, crs: Any) -> gpd.GeoSeries:
    """Turn longitudes and latitudes into metric points.

    Parameters
    ----------
    lon, lat : array-like of float, degrees (CRS84)
        Of equal length; checked to be finite and on the globe.
    crs : CRS
        Metric CRS of the answer.

    Returns
    -------
    GeoSeries of Point

    Raises
    ------
    CrsError
        If a coordinate is not finite or not on the globe.
    """
    lon, lat = np.atleast_1d(np.asarray(lon, dtype=float)), np.atleast_1d(np.asarray(lat, dtype=float))
    _check_lonlat(lon, lat)
    return gpd.GeoSeries.from_xy(lon, lat, crs=LONLAT).to_crs(crs)


def parse_crs(value: Any) -> CRS:
    """Read a CRS from a name, a code or an object.

    Raises
    ------
    CrsError
        If nothing of that name is known.
    """
    try:
        return CRS.from_user_input(value)
    except ProjError:
        raise CrsError(f"crs {value!r} is not known; name it like 'EPSG:4547'") from None
