"""Draw one layer of a plan's map as vector tiles: a level of areas, or the ground beneath."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gridgeo.publish.tile_grid import HALF_M, tile_bounds
from gridgeo.publish.tiles import MERCATOR
from gridgeo.publish.vector_tile import BUFFER, EXTENT, encode_layer, encode_properties, encode_tile
from gridgeo_api.geojson import plain
from gridgeo_api.line_tiles import encode_lines
from gridgeo_api.shown import Shown

ZOOMS = (10, 16)
"""Least and greatest zoom of a tile; above, a page enlarges."""
GROUND = {
    "streets": ("name", "kind", "rank", "bridge"),
    "buildings": ("name", "use", "floors"),
    "sites": ("name", "kind"),
    "places": ("name", "kind"),
}
"""Layers of the ground, and which of their columns a tile carries."""
_AREA_COLUMNS = ("code", "name", "short_name", "level", "kind", "parent_id", "households", "persons", "hue", "shade")
_LEAST_ZOOMS = {"buildings": 13, "places": 14}


class LayerTiles:
    """Tiles of one layer, prepared once and then asked for often.

    Parameters
    ----------
    name : str
        Of the layer.
    rows : list of mapping
        Properties of each feature; what is None is left out.
    draw : function of float to array
        Draws the shapes in EPSG:3857 so that nothing larger than so many metres is lost.
    least_zoom : int
        Below it tiles are empty.
    """

    def __init__(
        self, name: str, rows: list[dict[str, Any]], draw: Callable[[float], np.ndarray], least_zoom: int = ZOOMS[0]
    ) -> None:
        self.name = name
        self.least_zoom = least_zoom
        self.fields = {key: _kind_of(value) for row in rows for key, value in row.items() if value is not None}
        self._properties = [encode_properties(row) for row in rows]
        self._draw = draw
        self._drawn: dict[int, tuple[np.ndarray, shapely.STRtree]] = {}
        self._lock = threading.Lock()

    def tile(self, z: int, x: int, y: int) -> bytes:
        """Encode one tile.

        Parameters
        ----------
        z, x, y : int
            Zoom, column from the west, row from the north; a tile that there is.

        Returns
        -------
        bytes
            Not compressed; empty where the layer has nothing.
        """
        if z < self.least_zoom:
            return b""
        shapes, tree = self._shapes(min(z, ZOOMS[1]))
        west, south, east, north = tile_bounds(z, x, y)
        margin = (east - west) * BUFFER / EXTENT
        near = np.sort(tree.query(shapely.box(west - margin, south - margin, east + margin, north + margin)))
        if not len(near):
            return b""
        found = [self._properties[at] for at in near]
        encode = encode_lines if shapely.get_dimensions(shapes[near]).max() == 1 else encode_layer
        return encode_tile([encode(self.name, near, shapes[near], found, (z, x, y))])

    def _shapes(self, z: int) -> tuple[np.ndarray, shapely.STRtree]:
        """Draw the shapes for a zoom, the first time it is asked for: what is below half a pixel is left out."""
        with self._lock:
            if z not in self._drawn:
                shapes = self._draw(HALF_M / (512 * 2**z))
                self._drawn[z] = shapes, shapely.STRtree(shapes)
            return self._drawn[z]


def area_tiles(shown: Shown, draw: Callable[[float], Mapping[str, gpd.GeoSeries]]) -> LayerTiles:
    """Draw a level of areas, with borders that coincide at every zoom and on every level.

    Parameters
    ----------
    shown : Shown
    draw : function of float to mapping of level to GeoSeries
        ``Pieces.draw`` of the plan.

    Returns
    -------
    LayerTiles
    """
    rows = [
        {"area_id": str(area_id), **{name: plain(row[name]) for name in _AREA_COLUMNS}}
        for area_id, row in shown.areas.iterrows()
    ]
    return LayerTiles(
        shown.level, rows, lambda half_pixel: draw(half_pixel)[shown.level].reindex(shown.areas.index).to_numpy()
    )


def ground_tiles(name: str, layer: gpd.GeoDataFrame) -> LayerTiles:
    """Draw a layer of the ground.

    Parameters
    ----------
    name : str
        Of ``GROUND``.
    layer : GeoDataFrame

    Returns
    -------
    LayerTiles
    """
    shapes = layer.geometry.to_crs(MERCATOR).to_numpy()
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    columns = [column for column in GROUND[name] if column in layer.columns]
    rows = [
        {column: plain(row[column]) for column in columns} for row in layer.loc[present, columns].to_dict("records")
    ]
    shapes = shapes[present]
    return LayerTiles(
        name, rows, lambda half_pixel: shapely.simplify(shapes, half_pixel), _LEAST_ZOOMS.get(name, ZOOMS[0])
    )


def name_places(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put the name of each site at one point inside it, so that it is written once.

    Parameters
    ----------
    sites : GeoDataFrame
        With ``name`` and ``kind``, which may be missing.

    Returns
    -------
    GeoDataFrame
    """
    if "name" not in sites.columns:
        return sites.iloc[:0]
    named = sites[sites["name"].notna() & (sites["name"] != "")]
    return named.set_geometry(named.geometry.representative_point())


def _kind_of(value: Any) -> str:
    """Name a value's kind as TileJSON does."""
    if isinstance(value, bool):
        return "Boolean"
    return "Number" if isinstance(value, int | float) else "String"
