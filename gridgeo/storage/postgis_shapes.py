"""Let geometries pass between PostGIS and gridgeo as WKB, untouched on either side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from geoalchemy2 import Geometry


class WkbGeometry(Geometry):
    """A PostGIS geometry that is bound and read as the bytes of its WKB, of any kind and dimension."""

    from_text = "ST_GeomFromWKB"
    as_binary = "ST_AsBinary"
    cache_ok = True

    def bind_processor(self, dialect: Any) -> Callable[[Any], Any] | None:
        """Hand the bytes on."""
        return None

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], Any] | None:
        """Give the bytes as they come."""
        return None
