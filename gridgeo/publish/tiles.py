"""Serve a plan as vector tiles, one by one or packed into a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gridgeo.model.amounts import held_by, sides_of_areas
from gridgeo.model.bands import has_ends
from gridgeo.model.crs import LONLAT
from gridgeo.model.errors import CrsError
from gridgeo.model.plan import Plan

from .colours import colour_neighbours
from .drawing import Pieces, label_anchors
from .facts import describe_areas, neighbour_pairs
from .heat import HeatTiles
from .page import write_whole
from .pmtiles import pack
from .tile_grid import HALF_M, MOST_ZOOM, check_tile, tile_bounds, tiles_over
from .vector_tile import BUFFER, EXTENT, encode_layer, encode_properties, encode_tile

__all__ = ["HeatTiles", "PlanTiles", "vector_tile", "write_tiles"]

MERCATOR = "EPSG:3857"
LAYERS = {"community": "communities", "grid": "grids", "micro": "micro", "beat": "beats"}
"""Layer of each level. One more, ``labels``, has one point for each area, so that a name is written once."""
FROM_ZOOM = {"community": 0, "grid": 0, "micro": 13, "beat": 0}
"""Zoom from which a level is drawn: before, its areas are smaller than what an eye tells apart."""
LABELS_LATER = 2
"""Names of an inner level come so many zooms after its areas."""


class PlanTiles:
    """Vector tiles of a plan, which is prepared once and then asked for often.

    Parameters
    ----------
    plan : Plan
    from_zoom : mapping of level to int, optional
        Zoom from which each level is drawn.

    Notes
    -----
    Layers ``communities``, ``grids``, ``micro``, ``beats`` where there are beats, and ``labels``; properties
    ``area_id, code, name, label, level, kind, parent_id, households, persons, area_m2, colour`` (0 to 7, neighbours
    differ), where the profile has a band ``band`` (-1 below, 0 inside, 1 above; an institution's own area has none),
    and what it counts beside households and persons, such as ``grids``. Borders are simplified for each zoom, all
    levels together.
    """

    def __init__(self, plan: Plan, *, from_zoom: Mapping[str, int] | None = None) -> None:
        self._from_zoom = dict(FROM_ZOOM) | dict(from_zoom or {})
        self._pieces = Pieces.of(plan, MERCATOR)
        facts = {level: _facts(plan, level) for level in [*plan.levels, *plan.overlays]}
        self.fields = {LAYERS[level]: [str(key) for key in rows[0]] for level, rows in facts.items()}
        self._facts = {level: [encode_properties(row) for row in rows] for level, rows in facts.items()}
        self._anchors = {level: label_anchors(shapes)[0].to_numpy() for level, shapes in self._pieces.draw(0.0).items()}
        self._zooms: dict[int, dict[str, tuple[np.ndarray, shapely.STRtree]]] = {}
        self.bounds = tuple(self._pieces.shapes.total_bounds.tolist())

    def tile(self, z: int, x: int, y: int) -> bytes:
        """Encode one tile.

        Parameters
        ----------
        z, x, y : int
            Zoom, column from the west, row from the north.

        Returns
        -------
        bytes
            A vector tile, not compressed; empty where the plan has nothing.

        Raises
        ------
        CrsError
            If there is no such tile.
        """
        tile = check_tile(z, x, y)
        layers = []
        for level, (shapes, tree) in self._drawn(z).items():
            if z < self._from_zoom[level]:
                continue
            near = _near(tree, tile)
            facts = self._facts[level]
            layers.append(encode_layer(LAYERS[level], near, shapes[near], [facts[at] for at in near], tile))
        return encode_tile([*layers, self._labels(tile)])

    def _labels(self, tile: tuple[int, int, int]) -> bytes:
        west, south, east, north = tile_bounds(*tile)
        shapes, facts = [], []
        for level, anchors in self._anchors.items():
            if tile[0] < self._from_zoom[level] + (LABELS_LATER if self._from_zoom[level] else 0):
                continue
            x, y = shapely.get_x(anchors), shapely.get_y(anchors)
            near = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
            shapes.append(anchors[near])
            facts += [self._facts[level][at] for at in near]
        points = np.concatenate(shapes) if shapes else np.empty(0, dtype=object)
        return encode_layer("labels", np.arange(len(points)), points, facts, tile)

    def _drawn(self, z: int) -> dict[str, tuple[np.ndarray, shapely.STRtree]]:
        """Draw the levels for a zoom, the first time it is asked for: corners below half a pixel are straightened."""
        if z not in self._zooms:
            half_pixel = HALF_M / (512 * 2**z)
            levels = self._pieces.draw(half_pixel)
            self._zooms[z] = {
                level: (shapes.to_numpy(), shapely.STRtree(shapes.to_numpy())) for level, shapes in levels.items()
            }
        return self._zooms[z]


def _facts(plan: Plan, level: str) -> list[dict[str, Any]]:
    """List the properties of each area of a level, in order."""
    areas = plan.areas(level)
    table = describe_areas(areas, plan.register)
    table = table.drop(columns=["parent", "exclusive", "short"]).assign(
        area_id=areas.index, level=level, kind=areas["kind"], parent_id=areas["parent_id"]
    )
    pairs = neighbour_pairs(plan, level, areas.index)
    table["colour"] = colour_neighbours(pairs, len(areas))
    limits = plan.profile.limits.get(level)
    if limits is not None:
        if limits.measure not in table:
            table[limits.measure] = held_by(plan, level, limits.measure)
        if has_ends(limits):
            table["band"] = sides_of_areas(plan, level)
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def _near(tree: shapely.STRtree, tile: tuple[int, int, int]) -> np.ndarray:
    west, south, east, north = tile_bounds(*tile)
    margin = (east - west) * BUFFER / EXTENT
    return np.sort(tree.query(shapely.box(west - margin, south - margin, east + margin, north + margin)))


def vector_tile(layers: Mapping[str, gpd.GeoDataFrame], z: int, x: int, y: int) -> bytes:
    """Encode tables as one vector tile, as they are.

    Parameters
    ----------
    layers : mapping of name to GeoDataFrame
        Polygons or points, in any CRS they declare; the index and every column become properties.
    z, x, y : int
        Zoom, column from the west, row from the north.

    Returns
    -------
    bytes
        A vector tile, not compressed.

    Raises
    ------
    CrsError
        If there is no such tile, or a table declares no CRS.

    Notes
    -----
    For a plan that is asked for often, ``PlanTiles`` keeps what every tile needs.
    """
    tile = check_tile(z, x, y)
    encoded = []
    for name, frame in layers.items():
        if frame.crs is None:
            raise CrsError(f"{name}: has no CRS; say which one it is with {name}.set_crs(...)")
        table = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
        shapes = table.geometry.to_crs(MERCATOR).to_numpy()
        near = _near(shapely.STRtree(shapes), tile)
        facts = table.drop(columns=table.geometry.name).reset_index().iloc[near]
        rows = facts.astype(object).where(facts.notna(), None).to_dict("records")
        encoded.append(encode_layer(name, near, shapes[near], [encode_properties(row) for row in rows], tile))
    return encode_tile(encoded)


def write_tiles(plan: Plan, path: str | os.PathLike[str], *, zooms: tuple[int, int] = (10, 16)) -> Path:
    """Write a plan as a PMTiles file: layers ``communities``, ``grids``, ``micro`` and ``labels``.

    Parameters
    ----------
    plan : Plan
    path : path
        The file; an earlier one of that name is replaced, once the new one is whole.
    zooms : tuple of int
        Least and greatest zoom; above the greatest a page enlarges its tiles.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    CrsError
        If the zooms are no range within 0 to 22.
    StorageError
        If the file cannot be written.
    """
    least, greatest = zooms
    if not 0 <= least <= greatest <= MOST_ZOOM:
        raise CrsError(f"zooms are {least} to {greatest}; choose two of 0 to {MOST_ZOOM}, the lesser first")
    source = PlanTiles(plan, from_zoom={level: min(zoom, greatest) for level, zoom in FROM_ZOOM.items()})
    tiles = {}
    for z in range(least, greatest + 1):
        for address in tiles_over(source.bounds, z):
            content = source.tile(*address)
            if content:
                tiles[address] = content
    bounds = tuple(plan.atoms.to_crs(LONLAT).total_bounds.tolist())
    return write_whole(path, pack(tiles, bounds, (least, greatest), _metadata(plan, source, least, greatest)))


def _metadata(plan: Plan, source: PlanTiles, least: int, greatest: int) -> dict[str, Any]:
    numbers = {"households", "persons", "area_m2", "colour", "band"}
    numbers |= {limits.measure for limits in plan.profile.limits.values()}
    layers = []
    for name, keys in source.fields.items():
        fields = {key: "Number" if key in numbers else "String" for key in keys}
        layers.append({"id": name, "fields": fields, "minzoom": least, "maxzoom": greatest})
    layers.append({**layers[-1], "id": "labels"})
    metadata = {"name": plan.profile.title, "type": "overlay", "format": "pbf", "vector_layers": layers}
    if plan.manifest.get("attribution"):
        metadata["attribution"] = str(plan.manifest["attribution"])
    return metadata
