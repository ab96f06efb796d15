"""Write vector tiles: polygons and points cut to a tile, in whole numbers, in the Mapbox Vector Tile format 2.1.

https://github.com/mapbox/vector-tile-spec; a tile is a protocol buffer of layers, a layer of features.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import shapely

from .tile_grid import tile_bounds

EXTENT = 4096
"""Steps along the side of a tile."""
BUFFER = 80
"""How far a polygon goes on beyond the tile, in the same steps, so that no outline shows on a tile's edge."""

_MOVE_ONE, _CLOSE = 9, 15  # commands: id | count << 3
_LINE = 2
_POINT, _POLYGON = 1, 3


def encode_tile(layers: Iterable[bytes]) -> bytes:
    """Put encoded layers together; empty ones are left out."""
    return b"".join(_field(3, layer) for layer in layers if layer)


def encode_properties(row: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """Encode the properties of a feature once, for all the tiles that it will lie on.

    Parameters
    ----------
    row : dict
        Text, whole numbers, floats and booleans; what is None is left out, what is something else becomes text.
    """
    return [(key.encode(), _value(value)) for key, value in row.items() if value is not None]


def encode_layer(
    name: str, ids: np.ndarray, shapes: np.ndarray, properties: list[list[tuple[bytes, bytes]]], tile: Any
) -> bytes:
    """Encode one layer of a tile.

    Parameters
    ----------
    name : str
    ids : array of int
        A number for each feature.
    shapes : array of Polygon, MultiPolygon or Point
        EPSG:3857; those that touch the tile.
    properties : list
        For each feature what ``encode_properties`` made.
    tile : tuple of int
        z, x, y.

    Returns
    -------
    bytes
        Empty if nothing of the shapes is left at this zoom.
    """
    points = bool(len(shapes)) and shapely.get_dimensions(shapes).max() == 0
    drawn = _points(shapes, tile) if points else _polygons(shapes, tile)
    kind = _number(3, _POINT if points else _POLYGON)
    keys: dict[bytes, int] = {}
    values: dict[bytes, int] = {}
    features = []
    for feature, geometry in drawn:
        tags = b"".join(
            _varint(keys.setdefault(key, len(keys))) + _varint(values.setdefault(value, len(values)))
            for key, value in properties[feature]
        )
        body = _number(1, int(ids[feature])) + _field(2, tags) + kind + _field(4, geometry)
        features.append(_field(2, body))
    if not features:
        return b""
    tables = [_field(3, key) for key in keys] + [_field(4, value) for value in values]
    head = [_number(15, 2), _field(1, name.encode()), *features]
    return b"".join([*head, *tables, _number(5, EXTENT)])


def _to_steps(xy: np.ndarray, tile: tuple[int, int, int]) -> np.ndarray:
    """Turn metres of EPSG:3857 into steps from the tile's north-west corner, rows downwards."""
    west, _, east, north = tile_bounds(*tile)
    scale = EXTENT / (east - west)
    return np.rint((xy - (west, north)) * (scale, -scale)).astype(np.int64)


def _points(shapes: np.ndarray, tile: tuple[int, int, int]) -> Iterable[tuple[int, bytes]]:
    """Encode the points that lie on the tile itself: a point belongs to one tile only."""
    steps = _to_steps(shapely.get_coordinates(shapes), tile)
    for feature in np.flatnonzero(((steps >= 0) & (steps < EXTENT)).all(axis=1)).tolist():
        yield feature, _varint(_MOVE_ONE) + b"".join(map(_varint, _zigzag(steps[feature]).tolist()))


def _polygons(shapes: np.ndarray, tile: tuple[int, int, int]) -> Iterable[tuple[int, bytes]]:
    west, south, east, north = tile_bounds(*tile)
    margin = (east - west) * BUFFER / EXTENT
    cut = shapely.clip_by_rect(shapes, west - margin, south - margin, east + margin, north + margin)
    parts, feature_of_part = shapely.get_parts(cut, return_index=True)
    areal = shapely.get_dimensions(parts) == 2
    parts = shapely.orient_polygons(parts[areal], exterior_cw=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    if not len(rings):
        return []
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    outer = np.append(True, part_of_ring[1:] != part_of_ring[:-1])
    steps, ring, feature = _whole_rings(_to_steps(xy, tile), ring, outer, feature_of_part[areal][part_of_ring])
    return _commands(steps, ring, feature)


def _whole_rings(
    steps: np.ndarray, ring: np.ndarray, outer: np.ndarray, feature: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Drop what stands still in whole steps, and the rings that vanish; ``feature`` is given a value a ring."""
    last = np.append(ring[1:] != ring[:-1], True)  # a ring ends where it began
    following = np.roll(steps, -1, axis=0)
    keep = ~last & (steps != following).any(axis=1)
    after = np.where(last[:, None], steps, following)
    doubled = np.bincount(ring, steps[:, 0] * after[:, 1] - after[:, 0] * steps[:, 1], minlength=len(outer))
    # An outer ring must run clockwise on the screen and a hole against it; one that turned over in rounding is gone,
    # and a hole goes with its outer ring.
    whole = np.where(outer, doubled > 0, doubled < 0) & (np.bincount(ring[keep], minlength=len(outer)) >= 3)
    part = np.cumsum(outer) - 1
    whole &= whole[np.flatnonzero(outer)][part]
    keep &= whole[ring]
    number = np.cumsum(whole) - 1
    return steps[keep], number[ring[keep]], feature[whole]


def _commands(steps: np.ndarray, ring: np.ndarray, feature: np.ndarray) -> list[tuple[int, bytes]]:
    """Encode rings, all at once: move to the first place, line to the others, close; each place from the one before."""
    if not len(feature):
        return []
    count = np.bincount(ring, minlength=len(feature))
    first_feature = np.append(True, feature[1:] != feature[:-1])
    begin = np.concatenate([[0], np.cumsum(count)[:-1]])
    moves = np.diff(steps, axis=0, prepend=[[0, 0]])
    moves[begin[first_feature]] = steps[begin[first_feature]]
    size = 2 * count + 3
    end = np.cumsum(size)
    start = end - size
    stream = np.empty(end[-1], dtype=np.int64)
    within = np.arange(len(steps)) - begin[ring]
    at = start[ring] + 1 + 2 * within + (within > 0)
    stream[at], stream[at + 1] = _zigzag(moves[:, 0]), _zigzag(moves[:, 1])
    stream[start], stream[end - 1] = _MOVE_ONE, _CLOSE
    stream[start + 3] = ((count - 1) << 3) | _LINE
    coded, reach = _varint_bytes(stream)
    cuts = np.append(start[first_feature], len(stream))
    offsets = np.append(0, reach)[cuts].tolist()
    features = feature[first_feature].tolist()
    return [(features[i], coded[offsets[i] : offsets[i + 1]]) for i in range(len(features))]


def _zigzag(values: np.ndarray) -> np.ndarray:
    return (values << 1) ^ (values >> 63)


def _varint_bytes(values: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Write numbers, 0 and above, in groups of seven bits; also tell where each number ends."""
    size = np.ones(len(values), dtype=np.int64)
    for group in range(1, 9):
        size += values >= 1 << (7 * group)
    end = np.cumsum(size)
    coded = np.empty(int(end[-1]) if len(end) else 0, dtype=np.uint8)
    start = end - size
    for group in range(int(size.max()) if len(size) else 0):
        longer = size > group
        bits = (values[longer] >> (7 * group)) & 0x7F
        coded[start[longer] + group] = bits | np.where(size[longer] > group + 1, 0x80, 0)
    return coded.tobytes(), end


def varints(values: np.ndarray) -> bytes:
    """Write numbers, 0 and above, as varints one after the other."""
    return _varint_bytes(values)[0]


@lru_cache(maxsize=1 << 15)
def _varint(value: int) -> bytes:
    coded = bytearray()
    while value > 0x7F:
        coded.append(value & 0x7F | 0x80)
        value >>= 7
    coded.append(value)
    return bytes(coded)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _value(value: Any) -> bytes:
    """Write a property's value in the kind that it is."""
    if isinstance(value, bool | np.bool_):
        return _number(7, int(value))
    if isinstance(value, int | np.integer):
        return _number(5, int(value)) if value >= 0 else _number(6, (-int(value) << 1) - 1)
    if isinstance(value, float | np.floating):
        return _varint(3 << 3 | 1) + np.array(value, dtype="<f8").tobytes()
    return _field(1, str(value).encode())
