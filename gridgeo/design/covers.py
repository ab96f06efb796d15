"""Find the places that are not covered exactly once: what the unmatched segments enclose, and which areas lie there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from .arrangement import Edges, Faces, enclose, join, node_segments
from .chain import TERRITORY, Matching, Segments, boundary_segments, join_segments
from .intake import Survey
from .width import is_narrower


@dataclass(frozen=True, eq=False)
class Places:
    """Regions whose points are covered more or less often than they should be.

    Parameters
    ----------
    shapes : (p,) array of Polygon
        Regions in which the same areas lie everywhere.
    inside : (p,) array of bool
        Whether the territory holds it.
    covers : (p,) array of tuple of int
        The areas that lie there, in their order.
    is_hairline : (p,) array of bool
        Narrower than the tolerance everywhere; ``covers`` is then a guess.
    place, edge : arrays of int
        Which edges bound which place.
    edges : Edges
        Of all unmatched segments.
    segments : Segments
        Those that the edges were made from.
    """

    shapes: np.ndarray
    inside: np.ndarray
    covers: np.ndarray
    is_hairline: np.ndarray
    place: np.ndarray
    edge: np.ndarray
    edges: Edges
    segments: Segments

    def __len__(self) -> int:
        return len(self.shapes)

    @cached_property
    def depth(self) -> np.ndarray:
        """Count the areas that lie over each place."""
        return np.array([len(cover) for cover in self.covers], dtype=np.int64)

    @cached_property
    def area_m2(self) -> np.ndarray:
        """Measure the places."""
        return shapely.area(self.shapes)

    @cached_property
    def perimeter_m(self) -> np.ndarray:
        """Measure the outlines of the places."""
        return shapely.length(self.shapes)

    @cached_property
    def borders(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Tell who owns the outline of each place: place, owner and the length in metres they share."""
        owned = np.unique(np.column_stack([self.edges.edge, self.segments.owner[self.edges.source]]), axis=0)
        first = np.searchsorted(owned[:, 0], self.edge)
        count = np.searchsorted(owned[:, 0], self.edge, side="right") - first
        place, edge = np.repeat(self.place, count), np.repeat(self.edge, count)
        inner = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
        owner = owned[np.repeat(first, count) + inner, 1]
        pairs, at = np.unique(np.column_stack([place, owner]), axis=0, return_inverse=True)
        length = np.bincount(at, weights=self.edges.length_m[edge], minlength=len(pairs))
        return pairs[:, 0], pairs[:, 1], length

    @cached_property
    def vertices(self) -> tuple[np.ndarray, np.ndarray]:
        """Tell which vertices lie on the outline of each place: place, vertex."""
        pairs = np.column_stack([np.repeat(self.place, 2), self.edges.ends[self.edge].ravel()])
        pairs = np.unique(pairs, axis=0)
        return pairs[:, 0], pairs[:, 1]

    @cached_property
    def around_vertices(self) -> tuple[np.ndarray, np.ndarray]:
        """List the places around each vertex: where each vertex begins in the list, and the list."""
        place, vertex = self.vertices
        order = np.argsort(vertex, kind="stable")
        return np.searchsorted(vertex[order], np.arange(len(self.edges.xy) + 1)), place[order]


def coverage_chain(survey: Survey, territory: shapely.Geometry) -> Segments:
    """Add up the boundaries of all areas and subtract the territory's."""
    owners = np.append(np.arange(len(survey)), TERRITORY)
    shapes = np.append(survey.shapes, np.array([territory], dtype=object))
    return boundary_segments(shapes, owners, np.where(owners == TERRITORY, -1, 1))


def find_places(
    survey: Survey, territory: shapely.Geometry, segments: Segments, matching: Matching, tolerance_m: float
) -> Places:
    """Find the places of a territory that no area or several cover, and those that areas cover outside it.

    Parameters
    ----------
    survey : Survey
    territory : Polygon or MultiPolygon
        Valid.
    segments, matching : Segments, Matching
        The chain of both, and what cancels in it.
    tolerance_m : float, metres
        Places that are nowhere as wide are hairlines.

    Returns
    -------
    Places
        Ordered by place.
    """
    unmatched = matching.unmatched()
    left = segments.take(unmatched)
    edges = node_segments(left.ends)
    faces = enclose(edges)
    narrow = is_narrower(faces.shapes, tolerance_m)
    inside, covers = _judge(faces.shapes, survey, territory)
    # A point on a border that cancelled is within neither side; counting both errs on the side of looking closer.
    deep = ~narrow & (_touching(faces.shapes, survey) > inside)
    inner = _matched_inside(segments, unmatched, survey, faces.shapes[deep])
    if len(inner):
        left = join_segments(left, inner)
        edges = node_segments(left.ends)
        faces = enclose(edges)
        narrow = is_narrower(faces.shapes, tolerance_m)
        inside, covers = _judge(faces.shapes, survey, territory)
    wrong = _depth(covers) != inside
    return _gather(faces, wrong, inside, covers, narrow, edges, left)


def _depth(covers: np.ndarray) -> np.ndarray:
    return np.array([len(cover) for cover in covers], dtype=np.int64)


def _touching(shapes: np.ndarray, survey: Survey) -> np.ndarray:
    """Count the areas that hold a point inside each shape, or have it on their border."""
    return np.bincount(
        survey.tree.query(shapely.point_on_surface(shapes), predicate="intersects")[0], minlength=len(shapes)
    )


def _judge(shapes: np.ndarray, survey: Survey, territory: shapely.Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Ask a point inside each shape whether it is in the territory, and which areas hold it."""
    covers = np.empty(len(shapes), dtype=object)
    if not len(shapes):
        return np.empty(0, dtype=bool), covers
    points = shapely.point_on_surface(shapes)
    shapely.prepare(territory)
    inside = shapely.contains(territory, points)
    at, area = survey.tree.query(points, predicate="within")
    order = np.lexsort((area, at))
    cuts = np.searchsorted(at[order], np.arange(1, len(shapes)))
    for position, holders in enumerate(np.split(area[order], cuts)):
        covers[position] = tuple(holders.tolist())
    return inside, covers


def _matched_inside(segments: Segments, unmatched: np.ndarray, survey: Survey, shapes: np.ndarray) -> Segments:
    """Give the segments that cancelled but run through some shapes: different areas lie on their two sides."""
    if not len(shapes):
        return segments.take(np.empty(0, dtype=np.int64))
    near = np.zeros(len(survey) + 1, dtype=bool)
    near[survey.tree.query(shapes, predicate="intersects")[1]] = True
    asked = near[segments.owner]
    asked[unmatched] = False
    asked = np.flatnonzero(asked)
    tree = shapely.STRtree(segments.take(asked).lines())
    meet, touch = (_pair_keys(tree.query(shapes, predicate=word), len(asked)) for word in ("intersects", "touches"))
    through = np.unique(np.setdiff1d(meet, touch) % max(len(asked), 1))
    return segments.take(asked[through])


def _pair_keys(pairs: np.ndarray, count: int) -> np.ndarray:
    return pairs[0] * np.int64(max(count, 1)) + pairs[1]


def _gather(
    faces: Faces,
    wrong: np.ndarray,
    inside: np.ndarray,
    covers: np.ndarray,
    narrow: np.ndarray,
    edges: Edges,
    segments: Segments,
) -> Places:
    """Keep the faces that are wrong, and join neighbours in which the same areas lie."""
    one, two, _ = faces.neighbours()
    alike = wrong[one] & wrong[two] & (inside[one] == inside[two]) & (narrow[one] == narrow[two])
    alike[alike] = [covers[f] == covers[g] for f, g in zip(one[alike], two[alike], strict=True)]
    group = join(one[alike], two[alike], len(faces))
    kept = np.flatnonzero(wrong)
    names, first, place_of = np.unique(group[kept], return_index=True, return_inverse=True)
    # Faces are ordered by place; a group stands where its first face stands.
    rank = np.argsort(np.argsort(first))
    leaders = kept[np.sort(first)]
    number = np.full(len(faces), -1)
    number[kept] = rank[place_of]
    shapes = faces.shapes[leaders]
    order = kept[np.argsort(number[kept], kind="stable")]
    size = np.bincount(number[kept], minlength=len(names))
    for place, last in zip(np.flatnonzero(size > 1), np.cumsum(size)[size > 1], strict=True):
        shapes[place] = shapely.coverage_union_all(faces.shapes[order[last - size[place] : last]])
    place, edge = number[faces.face], faces.edge
    place, edge = place[place >= 0], edge[place >= 0]
    sides, times = np.unique(np.column_stack([place, edge]), axis=0, return_counts=True)
    outline = sides[times == 1]
    return Places(
        shapes, inside[leaders], covers[leaders], narrow[leaders], outline[:, 0], outline[:, 1], edges, segments
    )
