"""Say which zones a quarter has, how their ground is divided, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .roads import MainLines


@dataclass(frozen=True)
class Zone:
    """How the ground of a zone is divided.

    Parameters
    ----------
    block_m2 : float
        Size that blocks come near to.
    ranks : tuple of int
        Rank of the streets that split a face once, twice ...; the last one stays.
    slant : float
        How far a split turns from square, radians.
    """

    block_m2: float
    ranks: tuple[int, ...]
    slant: float


ZONES = {
    "old": Zone(6_000.0, (5, 6), 0.20),
    "modern": Zone(15_000.0, (4, 4, 5, 5, 6), 0.05),
    "housing": Zone(15_000.0, (5, 5, 6), 0.03),
    "works": Zone(46_000.0, (4, 5), 0.03),
    "rural": Zone(60_000.0, (5, 5, 6), 0.14),
    "hamlet": Zone(22_000.0, (6,), 0.22),
    "strip": Zone(np.inf, (6,), 0.0),
}
"""``old``: the old centre; ``modern``: estates; ``works``: the industrial park; ``housing``: workers' homes beside it;
``rural``: fields; ``hamlet``: a natural village with its lanes; ``strip``: banks of the river, sides of the railway."""

CHARACTERS = {
    "old": "old",
    "modern": "town",
    "housing": "works",
    "works": "works",
    "rural": "rural",
    "hamlet": "rural",
}
"""Zone -> what a community of it is like; strips have no character of their own."""

_WORKS_EAST, _WORKS_SOUTH = 0.85, 0.8
"""The park lies so far east of the outer ring's middle, as a share of its half width, and not so far south."""


def zone_of(face: shapely.Polygon, main: MainLines) -> str:
    """Tell a face's zone from where it lies.

    Parameters
    ----------
    face : Polygon
        A face between a quarter's main lines, on the plan.
    main : MainLines

    Returns
    -------
    str
        A key of ``ZONES``.
    """
    inside = shapely.point_on_surface(face)
    for region, zone in ((main.river, "strip"), (main.rail, "strip"), (main.inner, "old"), (main.outer, "modern")):
        if region.contains(inside):
            return zone
    middle, face_middle = main.outer.centroid, face.centroid
    half_width = main.outer.bounds[2] - middle.x
    is_east = face_middle.x - middle.x > _WORKS_EAST * half_width
    return "works" if is_east and face_middle.y - middle.y > -_WORKS_SOUTH * half_width else "rural"
