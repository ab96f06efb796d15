"""Encode lines as a layer of a vector tile, in the Mapbox Vector Tile format 2.1."""

from __future__ import annotations

import numpy as np
import shapely

from gridgeo.publish.tile_grid import tile_bounds
from gridgeo.publish.vector_tile import BUFFER, EXTENT, varints

_MOVE_ONE, _LINE_TO, _LINESTRING = 9, 2, 2
_BYTES = 2  # wire type of text, messages and packed numbers

Properties = list[tuple[bytes, bytes]]


def encode_lines(
    name: str, ids: np.ndarray, shapes: np.ndarray, properties: list[Properties], tile: tuple[int, int, int]
) -> bytes:
    """Encode one layer of lines.

    Parameters
    ----------
    name : str
    ids : array of int
        A number for each feature.
    shapes : array of LineString or MultiLineString
        EPSG:3857; those near the tile.
    properties : list
        For each feature what ``encode_properties`` made.
    tile : tuple of int
        z, x, y.

    Returns
    -------
    bytes
        Empty if no line is left on the tile.
    """
    keys: dict[bytes, int] = {}
    values: dict[bytes, int] = {}
    features = []
    for feature, commands in _on_tile(shapes, tile):
        numbers = [
            at
            for key, value in properties[feature]
            for at in (keys.setdefault(key, len(keys)), values.setdefault(value, len(values)))
        ]
        tags = varints(np.array(numbers, dtype=np.int64))
        body = _whole(1, int(ids[feature])) + _field(2, tags) + _whole(3, _LINESTRING) + _field(4, varints(commands))
        features.append(_field(2, body))
    if not features:
        return b""
    tables = [_field(3, key) for key in keys] + [_field(4, value) for value in values]
    return b"".join([_whole(15, 2), _field(1, name.encode()), *features, *tables, _whole(5, EXTENT)])


def _on_tile(shapes: np.ndarray, tile: tuple[int, int, int]) -> list[tuple[int, np.ndarray]]:
    """Cut lines to the tile and write each as commands: move to its first place, then line to each next one."""
    west, south, east, north = tile_bounds(*tile)
    margin = (east - west) * BUFFER / EXTENT
    cut = shapely.clip_by_rect(shapes, west - margin, south - margin, east + margin, north + margin)
    parts, feature = shapely.get_parts(cut, return_index=True)
    linear = shapely.get_dimensions(parts) == 1
    scale = EXTENT / (east - west)
    found: dict[int, list[np.ndarray]] = {}
    for part, owner in zip(parts[linear], feature[linear].tolist(), strict=True):
        steps = np.rint((shapely.get_coordinates(part) - (west, north)) * (scale, -scale)).astype(np.int64)
        steps = steps[np.append(True, (np.diff(steps, axis=0) != 0).any(axis=1))]
        if len(steps) > 1:
            found.setdefault(owner, []).append(steps)
    return [(owner, _commands(lines)) for owner, lines in found.items()]


def _commands(lines: list[np.ndarray]) -> np.ndarray:
    """Write places relative to the one before, over all parts of a feature."""
    moves = np.diff(np.concatenate(lines), axis=0, prepend=[[0, 0]])
    coded = (moves << 1) ^ (moves >> 63)
    written, at = [], 0
    for line in lines:
        rest = len(line) - 1
        written += [[_MOVE_ONE], coded[at], [(rest << 3) | _LINE_TO], coded[at + 1 : at + 1 + rest].ravel()]
        at += len(line)
    return np.concatenate(written)


def _whole(number: int, value: int) -> bytes:
    return varints(np.array([number << 3, value], dtype=np.int64))


def _field(number: int, content: bytes) -> bytes:
    return varints(np.array([number << 3 | _BYTES, len(content)], dtype=np.int64)) + content
