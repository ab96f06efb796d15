"""Pack tiles into one PMTiles archive, version 3, that a page or GDAL reads piece by piece.

https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md
"""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from .vector_tile import varints

_HEADER_BYTES, _ROOT_BYTES, _LEAF_ENTRIES = 127, 16_384, 4096
_GZIP, _MVT = 2, 1


def tile_number(z: int, x: int, y: int) -> int:
    """Number a tile along the Hilbert curve of its zoom, after all tiles of the zooms above."""
    number = (4**z - 1) // 3
    for level in range(z - 1, -1, -1):
        side = 1 << level
        right, below = x & side > 0, y & side > 0
        number += side * side * ((3 * right) ^ below)
        if not below:
            if right:
                x, y = (side - 1) - (x & (side - 1)), (side - 1) - (y & (side - 1))
            x, y = y, x
    return number


def pack(
    tiles: Mapping[tuple[int, int, int], bytes],
    bounds: tuple[float, float, float, float],
    zooms: tuple[int, int],
    metadata: Mapping[str, Any],
) -> bytes:
    """Pack vector tiles into an archive; equal tiles are kept once.

    Parameters
    ----------
    tiles : mapping of (z, x, y) to bytes
        Encoded tiles, not yet compressed.
    bounds : tuple of float, degrees
        West, south, east, north.
    zooms : tuple of int
        Least and greatest zoom.
    metadata : mapping
        JSON; holds at least ``vector_layers``.

    Returns
    -------
    bytes
        The same for the same tiles.
    """
    body = bytearray()
    places: dict[bytes, tuple[int, int]] = {}
    entries: list[list[int]] = []  # tile number, run, offset, length
    for number, content in sorted((tile_number(*address), content) for address, content in tiles.items()):
        packed = _zip(content)
        if packed not in places:
            places[packed] = (len(body), len(packed))
            body += packed
        offset, length = places[packed]
        last = entries[-1] if entries else None
        if last and last[0] + last[1] == number and last[2] == offset:
            last[1] += 1
        else:
            entries.append([number, 1, offset, length])
    root, leaves = _directories(entries)
    about = _zip(json.dumps(metadata, ensure_ascii=False, sort_keys=True).encode())
    sizes = (len(root), len(about), len(leaves), len(body))
    counts = (len(tiles), len(entries), len(places))
    return b"".join([_header(sizes, counts, bounds, zooms), root, about, leaves, bytes(body)])


def _zip(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=9, mtime=0)


def _directory(entries: list[list[int]]) -> bytes:
    """Write a directory: numbers from one to the next, runs, lengths, offsets (0 where they follow on)."""
    table = np.array(entries, dtype=np.int64).reshape(-1, 4)
    number, run, offset, length = table.T
    follows = np.append(False, offset[1:] == offset[:-1] + length[:-1])
    columns = [np.diff(number, prepend=0), run, length, np.where(follows, 0, offset + 1)]
    return _zip(varints(np.concatenate([[len(table)], *columns])))


def _directories(entries: list[list[int]]) -> tuple[bytes, bytes]:
    """Write the root directory, and leaves where one directory would be larger than a root may be."""
    root = _directory(entries)
    size = _LEAF_ENTRIES
    leaves = b""
    while len(root) > _ROOT_BYTES - _HEADER_BYTES:
        chunks = [entries[at : at + size] for at in range(0, len(entries), size)]
        packed = [_directory(chunk) for chunk in chunks]
        offsets = np.cumsum([0, *map(len, packed)]).tolist()
        pointers = [[chunk[0][0], 0, at, len(leaf)] for chunk, leaf, at in zip(chunks, packed, offsets, strict=False)]
        root, leaves, size = _directory(pointers), b"".join(packed), size * 2
    return root, leaves


def _header(
    sizes: tuple[int, ...], counts: tuple[int, ...], bounds: tuple[float, ...], zooms: tuple[int, int]
) -> bytes:
    """Write the header: where the sections lie, how much they hold, and what of."""
    starts = np.cumsum([_HEADER_BYTES, *sizes]).tolist()
    sections = [value for start, size in zip(starts, sizes, strict=False) for value in (start, size)]
    west, south, east, north = (round(value * 10_000_000) for value in bounds)
    kinds = struct.pack("<6B", 1, _GZIP, _GZIP, _MVT, *zooms)
    box = struct.pack("<4i", west, south, east, north)
    middle = struct.pack("<B2i", zooms[0], (west + east) // 2, (south + north) // 2)
    return b"PMTiles\x03" + struct.pack("<11Q", *sections, *counts) + kinds + box + middle
