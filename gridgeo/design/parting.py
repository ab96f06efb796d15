"""Part a few areas along drawn lines, and put the faces together as new areas; no vertex that was there moves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from .arrangement import Edges, Faces, enclose, node_segments
from .chain import Segments, boundary_segments
from .drawn import lead_onto
from .proof import ROUNDING_M

OUTSIDE = -1
"""Owner of faces that lie in none of the areas."""

Paths = dict[tuple[float, float, float, float], np.ndarray]
"""Segments, in both directions, and the points that are inserted between their ends."""


@dataclass(frozen=True, eq=False)
class Parting:
    """Areas and drawn lines, cut where they meet.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        The areas as they are.
    segments : Segments
        Their outlines; edges from later sources are drawn.
    edges : Edges
    faces : Faces
    """

    shapes: np.ndarray
    segments: Segments
    edges: Edges
    faces: Faces

    @cached_property
    def points(self) -> np.ndarray:
        """Give a point inside each face."""
        return np.asarray(shapely.point_on_surface(self.faces.shapes), dtype=object)

    @cached_property
    def owner(self) -> np.ndarray:
        """Give the position of the area that holds each face, or ``OUTSIDE``."""
        found = np.full(len(self.faces), OUTSIDE)
        at, area = shapely.STRtree(self.shapes).query(self.points, predicate="within")
        found[at] = area
        return found

    @cached_property
    def is_drawn(self) -> np.ndarray:
        """Tell which edges lie on a drawn line."""
        return self._marked(self.edges.source >= len(self.segments))

    def on_outline(self, position: int) -> np.ndarray:
        """Tell which edges lie on the outline of an area."""
        owners = np.append(self.segments.owner, OUTSIDE)[np.minimum(self.edges.source, len(self.segments))]
        return self._marked(owners == position)

    def _marked(self, which: np.ndarray) -> np.ndarray:
        marked = np.zeros(len(self.edges.ends), dtype=bool)
        marked[self.edges.edge[which]] = True
        return marked

    def idle(self) -> np.ndarray:
        """Tell which edges are drawn, lie on no outline and part no land of the areas."""
        parts = np.zeros(len(self.edges.ends), dtype=bool)
        parts[self.faces.edge[self.owner[self.faces.face] != OUTSIDE]] = True
        return ~parts & ~self._marked(self.edges.source < len(self.segments))

    def join_faces(self, which: np.ndarray) -> shapely.Geometry:
        """Join some of the faces."""
        return join_shapes(self.faces.shapes[which])

    def paths(self, changed: np.ndarray) -> Paths:
        """List the points that were inserted into the outlines of changed areas.

        Parameters
        ----------
        changed : array of bool
            Which of the areas get a new polygon.

        Returns
        -------
        dict
            Each segment, in both directions -> (k, 2) array of the points between its ends.
        """
        source, edge = self.edges.source, self.edges.edge
        old = source < len(self.segments)
        times = np.bincount(source[old], minlength=len(self.segments))
        made: Paths = {}
        for one in np.flatnonzero((times > 1) & changed[self.segments.owner]):
            ends = self.segments.ends[one]
            xy = self.edges.xy[np.unique(self.edges.ends[edge[source == one]])]
            xy = xy[np.argsort(((xy - ends[:2]) * (ends[2:] - ends[:2])).sum(axis=1))][1:-1]
            made[tuple(ends.tolist())] = xy
            made[tuple(ends[[2, 3, 0, 1]].tolist())] = xy[::-1]
        return made


def part_areas(shapes: np.ndarray, drawn: np.ndarray, tolerance_m: float) -> Parting:
    """Cut areas along drawn lines.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        Valid, and not over each other.
    drawn : array of LineString or LinearRing
    tolerance_m : float, metres
        Drawn vertices so near to a border are led onto it.

    Returns
    -------
    Parting
    """
    segments = boundary_segments(shapes)
    borders: Any = shapely.multilinestrings(rings_of(shapes))
    lines = np.vstack([lead_onto(line, borders, tolerance_m) for line in drawn])
    rigid = np.arange(len(segments) + len(lines)) < len(segments)
    edges = node_segments(np.vstack([segments.ends, lines]), snap_m=ROUNDING_M, rigid=rigid)
    return Parting(shapes, segments, edges, enclose(edges))


def rings_of(shapes: np.ndarray | shapely.Geometry) -> np.ndarray:
    """List the rings of polygons, those of several parts among them."""
    return np.asarray(shapely.get_rings(shapely.get_parts(shapes)), dtype=object)


def join_shapes(shapes: np.ndarray) -> shapely.Geometry:
    """Join shapes that share borders vertex by vertex; one part is a Polygon."""
    if len(shapes) == 1:
        return shapes[0]
    joined = shapely.coverage_union_all(shapes)
    parts = shapely.get_parts(joined)
    return parts[0] if len(parts) == 1 else joined


def insert_points(shape: shapely.Geometry, paths: Paths) -> shapely.Geometry:
    """Insert points into the segments of a polygon that are named; the same object where it has none of them.

    Parameters
    ----------
    shape : Polygon or MultiPolygon
    paths : dict
        As ``Parting.paths`` gives them.

    Returns
    -------
    Polygon or MultiPolygon
    """
    found = False
    parts = []
    for part in shapely.get_parts(shape):
        rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(part)]
        longer = [_insert(ring, paths) for ring in rings]
        found |= any(len(new) > len(old) for new, old in zip(longer, rings, strict=True))
        parts.append(shapely.Polygon(longer[0], longer[1:]))
    if not found:
        return shape
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _insert(ring: np.ndarray, paths: Paths) -> np.ndarray:
    """Insert points into one ring."""
    where, points = [np.empty(0, dtype=np.int64)], [np.empty((0, 2))]
    for ends, xy in paths.items():
        starts = np.flatnonzero((ring[:-1, 0] == ends[0]) & (ring[:-1, 1] == ends[1]))
        for at in starts[(ring[starts + 1] == ends[2:]).all(axis=1)]:
            where.append(np.full(len(xy), at + 1))
            points.append(xy)
    return np.insert(ring, np.concatenate(where), np.vstack(points), axis=0)
