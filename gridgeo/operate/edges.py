"""Take the borders of areas apart into edges that know the area on either side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

NOBODY = -1


@dataclass(frozen=True)
class Edges:
    """Border edges of areas, each running east (due north where it is vertical).

    Parameters
    ----------
    ends : array of float, shape (n, 4)
        ``ax, ay, bx, by``; a is the western end, the southern one of a vertical edge.
    above, below : array of int32, shape (n,)
        Rank of the area on the left of the edge (above it; west of a vertical one) and on the right; -1 for nobody.
    """

    ends: Floats
    above: NDArray[np.int32]
    below: NDArray[np.int32]


def split_into_edges(shapes: NDArray[np.object_]) -> Edges:
    """Take polygons apart into edges.

    Two areas that share an edge vertex by vertex share one row.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon, shape (m,)
        Valid; the position in the array is the area's rank.

    Returns
    -------
    Edges
    """
    parts, rank_of_part = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    places, ring_of_place = shapely.get_coordinates(rings, return_index=True)
    places = places + 0.0  # -0.0 becomes 0.0, so that equal places have equal bits
    within = ring_of_place[1:] == ring_of_place[:-1]
    moving = (places[1:] != places[:-1]).any(axis=1)
    first = np.flatnonzero(within & moving)
    start, end = places[first], places[first + 1]
    owner = rank_of_part[part_of_ring[ring_of_place[first]]].astype(np.int32)

    # Rings are oriented with their area on the left; an edge turned to run east has it on the right.
    turned = (end[:, 0] < start[:, 0]) | ((end[:, 0] == start[:, 0]) & (end[:, 1] < start[:, 1]))
    ends = np.where(turned[:, None], np.hstack([end, start]), np.hstack([start, end]))
    return _share_edges(ends, owner, turned)


def _share_edges(ends: Floats, owner: NDArray[np.int32], turned: NDArray[np.bool_]) -> Edges:
    """Join each pair of rows that are the same edge seen from its two sides."""
    order = np.argsort(_hash_rows(ends), kind="stable")
    ends, owner, turned = ends[order], owner[order], turned[order]
    same = (ends[1:] == ends[:-1]).all(axis=1)
    opens = np.concatenate([[True], ~same])
    group = np.cumsum(opens) - 1
    pair = np.flatnonzero(opens & (np.bincount(group)[group] == 2))
    pair = pair[turned[pair] != turned[pair + 1]]

    above = np.where(turned, NOBODY, owner).astype(np.int32)
    below = np.where(turned, owner, NOBODY).astype(np.int32)
    above[pair] = np.maximum(above[pair], above[pair + 1])
    below[pair] = np.maximum(below[pair], below[pair + 1])
    kept = np.ones(len(ends), dtype=bool)
    kept[pair + 1] = False
    return Edges(ends[kept], above[kept], below[kept])


def _hash_rows(rows: Floats) -> NDArray[np.uint64]:
    """Mix each row's bits into one number; rows that only collide are told apart by their values later."""
    bits = np.ascontiguousarray(rows).view(np.uint64)
    mixed = np.zeros(len(rows), dtype=np.uint64)
    for column in bits.T:
        mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed
