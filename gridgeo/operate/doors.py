"""Keep the ways between a metric CRS and longitude and latitude: they take half a second to look up."""

from __future__ import annotations

from functools import lru_cache

from pyproj import CRS, Transformer

from gridgeo.model.crs import LONLAT


@lru_cache(maxsize=16)
def from_lonlat(crs: CRS) -> Transformer:
    """Look up the way from longitude and latitude (CRS84) to a metric CRS."""
    return Transformer.from_crs(LONLAT, crs, always_xy=True)


@lru_cache(maxsize=16)
def to_lonlat(crs: CRS) -> Transformer:
    """Look up the way from a metric CRS to longitude and latitude (CRS84)."""
    return Transformer.from_crs(crs, LONLAT, always_xy=True)
