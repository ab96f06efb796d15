"""Hold the pieces into which outer areas cut inner areas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from .intake import MULTIPOLYGON, POLYGON, Survey, only_area
from .parent_defects import NO_PARENT
from .width import is_narrower

SAME_SHARE = 1e-9
"""Shares nearer to each other than this are equal: the rest is rounding."""


@dataclass(frozen=True, eq=False)
class Sites:
    """What is counted in pieces: households at points, or whole atoms.

    Parameters
    ----------
    points : array of Point or None
        None where atoms have no geometry.
    households : array of float
        nan where unknown.
    inner : array of int
        Position of the inner area; ``NO_PARENT`` for none.
    """

    points: np.ndarray
    households: np.ndarray
    inner: np.ndarray


@dataclass(frozen=True, eq=False)
class Pieces:
    """The pieces into which outer areas cut inner areas; a whole inner area is one piece.

    Parameters
    ----------
    inner, outer : (p,) arrays of int
        Positions; ``outer`` is ``NO_PARENT`` for land in no outer area. In order of both, nothing twice.
    area_m2 : (p,) array of float
        The pieces of an inner area add up to it; hairlines count with its largest piece. nan where unknown.
    shapes : (p,) array of Polygon, MultiPolygon or None
        None where unknown.
    sites : Sites
    site_piece : array of int
        The piece in which each site lies; ``NO_PARENT`` for none.
    hairlines : array of int
        How many pieces of each inner area are narrower than the tolerance, and not listed.
    hairline_m2 : array of float
    free : array of Polygon or MultiPolygon
        What each outer area holds in no inner area, without hairlines. Empty where unknown.
    free_m2 : array of float
    has_free : array of bool
        Whether an outer area holds land, or atoms, in no inner area.
    by_atoms : bool
        Whether sites are atoms.
    """

    inner: np.ndarray
    outer: np.ndarray
    area_m2: np.ndarray
    shapes: np.ndarray
    sites: Sites
    site_piece: np.ndarray
    hairlines: np.ndarray
    hairline_m2: np.ndarray
    free: np.ndarray
    free_m2: np.ndarray
    has_free: np.ndarray
    by_atoms: bool

    def __len__(self) -> int:
        return len(self.inner)

    @cached_property
    def atoms(self) -> np.ndarray:
        """Count the atoms of each piece; nan where there are none."""
        return self._sum(np.ones(len(self.site_piece))) if self.by_atoms else np.full(len(self), np.nan)

    @cached_property
    def households(self) -> np.ndarray:
        """Count the households of each piece; nan where unknown."""
        return self._sum(self.sites.households) if len(self.sites.households) else np.full(len(self), np.nan)

    def _sum(self, weights: np.ndarray) -> np.ndarray:
        placed = self.site_piece != NO_PARENT
        return np.bincount(self.site_piece[placed], weights[placed], minlength=len(self))

    def weights(self, weight: str) -> np.ndarray:
        """Give what is weighed: ``area``, ``households`` or ``atoms``."""
        return {"area": self.area_m2, "households": self.households, "atoms": self.atoms}[weight]

    def largest(self, weight: str) -> np.ndarray:
        """Find the piece with which each inner area should stay.

        Parameters
        ----------
        weight : str

        Returns
        -------
        array of int
            One for each inner area: of its pieces in outer areas the heaviest, of equal ones the larger, then the one
            of the first outer area. ``NO_PARENT`` where it lies in no outer area.
        """
        weights, total = self.weights(weight), self.totals(weight)[self.inner]
        share = np.round(np.divide(weights, total, out=np.zeros(len(self)), where=total > 0) / SAME_SHARE)
        ground = self.totals("area")[self.inner]
        size = np.round(np.divide(self.area_m2, ground, out=np.zeros(len(self)), where=ground > 0) / SAME_SHARE)
        kept = np.flatnonzero(self.outer != NO_PARENT)
        order = kept[np.lexsort((self.outer[kept], -size[kept], -share[kept], self.inner[kept]))]
        found = np.full(len(self.hairlines), NO_PARENT)
        found[self.inner[order[::-1]]] = order[::-1]
        return found

    def totals(self, weight: str) -> np.ndarray:
        """Add up what each inner area weighs."""
        return np.bincount(self.inner, self.weights(weight), minlength=len(self.hairlines))


def sort_parts(shapes: np.ndarray, tolerance_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Part polygons from hairlines; gives each with the position of the shape that it is a part of."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    land = (shapely.get_type_id(parts) == POLYGON) & ~shapely.is_empty(parts)
    parts, of = parts[land], of[land]
    thin = is_narrower(parts, tolerance_m)
    return parts[~thin], of[~thin], parts[thin], of[thin]


def solid_parts(shapes: np.ndarray, tolerance_m: float) -> tuple[np.ndarray, np.ndarray]:
    """List the polygons in shapes that are no hairlines, and of which shape each is a part."""
    return sort_parts(shapes, tolerance_m)[:2]


def join_land(shapes: np.ndarray) -> shapely.Geometry:
    """Join polygons; those that fit together exactly, quickly."""
    if len(shapes) == 1:
        return shapes[0]
    total = float(shapely.area(shapes).sum())
    try:
        joined = only_area(shapely.coverage_union_all(shapes))
    except shapely.GEOSException:  # what overlaps may not be a coverage to it at all
        joined = only_area(shapely.union_all(shapes))
    if not shapely.is_valid(joined) or abs(float(shapely.area(joined)) - total) > total * SAME_SHARE:
        joined = only_area(shapely.union_all(shapes))
    parts = shapely.get_parts(joined)
    return parts[0] if shapely.get_type_id(joined) == MULTIPOLYGON and len(parts) == 1 else joined


def place_sites(
    sites: Sites, asked: np.ndarray, group: np.ndarray, shape_group: np.ndarray, shapes: np.ndarray
) -> np.ndarray:
    """Find which of the shapes of its group each site lies in, or is nearest to.

    Parameters
    ----------
    sites : Sites
    asked : array of int
        Which sites.
    group : array of int
        Of each site asked for; ``NO_PARENT`` for none.
    shape_group : array of int
        Of each shape, ascending.
    shapes : array of Polygon or MultiPolygon

    Returns
    -------
    array of int
        Position of the shape, the first of several; ``NO_PARENT`` where the group has none.
    """
    start = np.searchsorted(shape_group, group)
    count = np.where(group == NO_PARENT, 0, np.searchsorted(shape_group, group, side="right") - start)
    found = np.where(count > 0, start, NO_PARENT)
    several = np.flatnonzero(count > 1)
    row = np.repeat(several, count[several])
    ends = np.cumsum(count[several])
    shape = np.arange(len(row)) - np.repeat(ends - count[several], count[several]) + start[row]
    away = shapely.distance(sites.points[asked[row]], shapes[shape])
    order = np.lexsort((shape, away, row))[::-1]
    found[row[order]] = shape[order]
    return found


@dataclass(frozen=True, eq=False)
class Network:
    """An outer network, and how it cuts the inner areas.

    Parameters
    ----------
    name : str
    ids : array of str
        Of its areas.
    shapes : array of Polygon, MultiPolygon or None
        None where atoms have no geometry.
    area_m2 : array of float
        nan where unknown.
    pieces : Pieces
    survey : Survey or None
        Its rows; None where it is made of atoms.
    """

    name: str
    ids: np.ndarray
    shapes: np.ndarray
    area_m2: np.ndarray
    pieces: Pieces
    survey: Survey | None

    def labels(self, positions: np.ndarray) -> list[str]:
        """Name outer areas; "" for none."""
        return ["" if at == NO_PARENT else str(self.ids[at]) for at in positions.tolist()]
