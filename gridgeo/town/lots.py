"""Cut the blocks of an old centre into house lots, all blocks at once."""

from __future__ import annotations

import numpy as np
import shapely

ROUNDS = 12
LEAST_M2 = 8.0
"""Smaller scraps are not lots."""


def cut_lots(
    shapes: np.ndarray, lot_m2: np.ndarray, random: np.random.Generator, slant: float = 0.10
) -> tuple[np.ndarray, np.ndarray]:
    """Halve shapes across their longer side until each part is about as large as a lot.

    Parameters
    ----------
    shapes : array of Polygon
    lot_m2 : array of float
        Size of a lot in each shape.
    random : Generator
    slant : float
        How far a cut turns from square, radians.

    Returns
    -------
    array of Polygon
        The lots; no two overlap.
    array of int
        The shape each lot was cut from.
    """
    lot_m2 = np.asarray(lot_m2, dtype=float)
    open_shapes, open_owner = shapes, np.arange(len(shapes))
    done_shapes, done_owner = [], []
    for _ in range(ROUNDS):
        is_small = shapely.area(open_shapes) < lot_m2[open_owner] * random.uniform(1.1, 1.9, len(open_shapes))
        done_shapes.append(open_shapes[is_small])
        done_owner.append(open_owner[is_small])
        open_shapes, open_owner = open_shapes[~is_small], open_owner[~is_small]
        if not len(open_shapes):
            break
        open_shapes, parent = _halve(open_shapes, random, slant)
        open_owner = open_owner[parent]
    lots, owner = np.concatenate([*done_shapes, open_shapes]), np.concatenate([*done_owner, open_owner])
    order = np.argsort(owner, kind="stable")
    order = order[shapely.area(lots[order]) > LEAST_M2]
    return lots[order], owner[order]


def _halve(shapes: np.ndarray, random: np.random.Generator, slant: float) -> tuple[np.ndarray, np.ndarray]:
    """Cut each shape in two; give the parts and the shape each comes from."""
    share = random.uniform(0.38, 0.62, len(shapes))
    angle = random.uniform(-slant, slant, len(shapes))
    halves = [shapely.intersection(shapes, side) for side in _two_sides(shapes, share, angle)]
    parts, index = shapely.get_parts(np.concatenate(halves), return_index=True)
    is_area = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 1)
    return parts[is_area], (index % max(len(shapes), 1))[is_area]


def _two_sides(shapes: np.ndarray, share: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw the ground on either side of a line across each shape's longer side, at a share of its length."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shapes)).reshape(-1, 5, 2)
    sides = corners[:, 1:3] - corners[:, 0:2]
    size = np.hypot(sides[..., 0], sides[..., 1])
    rows, longer = np.arange(len(shapes)), size.argmax(axis=1)
    length = size[rows, longer][:, None]
    along = sides[rows, longer] / length
    middle = (corners[:, 0] + corners[:, 2]) / 2
    through = middle + (share - 0.5)[:, None] * length * along
    cos, sin = np.cos(angle), np.sin(angle)
    along = np.column_stack([cos * along[:, 0] - sin * along[:, 1], sin * along[:, 0] + cos * along[:, 1]]) * 2 * length
    across = np.column_stack([-along[:, 1], along[:, 0]])
    rings = [
        np.stack(
            [through - across, through + across, through + across + way * along, through - across + way * along], axis=1
        )
        for way in (1, -1)
    ]
    return np.asarray(shapely.polygons(rings[0])), np.asarray(shapely.polygons(rings[1]))


def leave_yards(lots: np.ndarray, built_low: float, random: np.random.Generator) -> np.ndarray:
    """Take a yard off one end of each lot.

    Parameters
    ----------
    lots : array of Polygon
    built_low : float
        Smallest share of a lot's length that is built on.
    random : Generator

    Returns
    -------
    array of Geometry
        What is built on; some lots are built on all over.
    """
    share = np.minimum(random.uniform(built_low, 1.25, len(lots)), 1.0)
    at_start = random.uniform(size=len(lots)) < 0.5
    after, before = _two_sides(lots, np.where(at_start, share, 1 - share), np.zeros(len(lots)))
    return shapely.intersection(lots, np.where(at_start, before, after))


def shrink(lots: np.ndarray, gap_m: float, smallest_m2: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw each lot's house: the lot without a strip along its sides.

    Parameters
    ----------
    lots : array of Polygon
    gap_m : float
        Width of the strip.
    smallest_m2 : float
        Smaller houses are left out.

    Returns
    -------
    array of Polygon
        The houses.
    array of int
        The lot of each.
    """
    inner = shapely.buffer(lots, -gap_m, join_style="mitre")
    parts, owner = shapely.get_parts(inner, return_index=True)
    area = shapely.area(parts)
    order = np.lexsort((-area, owner))
    _, first = np.unique(owner[order], return_index=True)
    largest = order[first]
    largest = largest[area[largest] >= smallest_m2]
    return parts[largest], owner[largest]
