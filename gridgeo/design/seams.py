"""Cut strips of uncovered land where their neighbours change, so that each neighbour takes the land before it.

Without seams a strip that passes several areas would go to one of them as a long tail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import shapely

from .arrangement import SNAP_M
from .chain import TERRITORY
from .covers import Places
from .width import greatest_width

Place = tuple[float, ...]

_SLENDER = 8.0
"""A strip has at least so many times the area of the largest square in it, as a rectangle so much longer than wide."""

_NEAR = 4.0
"""What lies within so many mean widths is the other side of a strip."""


@dataclass(frozen=True, eq=False)
class _Strip:
    """A strip of uncovered land.

    Parameters
    ----------
    shape : Polygon
    vertices : (v,) array of int
        On its outline.
    xy : (v, 2) array of float
    owners : list of set of int
        Who has each vertex.
    lines : (e,) array of LineString
        The outline.
    having : list of set of int
        Who has each line.
    """

    shape: shapely.Geometry
    vertices: np.ndarray
    xy: np.ndarray
    owners: list[set[int]]
    lines: np.ndarray
    having: list[set[int]]

    @cached_property
    def limit(self) -> np.ndarray:
        """Give the part of the outline that is the territory's."""
        return self.lines[[TERRITORY in having for having in self.having]]


def seam_cuts(places: Places, large_m2: float = np.inf) -> np.ndarray:
    """Draw the seams of all strips of uncovered land that pass several areas.

    Parameters
    ----------
    places : Places
    large_m2 : float, m2
        Land at least so large that is wide as well stays in one piece, with its arms.

    Returns
    -------
    (n, 4) array of float, metres
        Lines from where two areas meet straight to the territory's limit, or to the area on the other side; where
        strips meet, the triangle between the areas around them.
    """
    place = places.borders[0]
    neighbours = np.bincount(place, minlength=len(places))
    strips = np.flatnonzero((places.depth == 0) & (neighbours > 2))
    width = greatest_width(places.shapes[strips])
    is_wide = (places.area_m2[strips] >= large_m2) & (2 * width**2 >= large_m2)
    strips = strips[(_SLENDER * width**2 < places.area_m2[strips]) & ~is_wide]
    seams = [cut for strip in _collect(places, strips) for cut in (*_across(strip), *_between(strip))]
    return np.array(seams, dtype=float).reshape(-1, 4)


def _collect(places: Places, strips: np.ndarray) -> Iterator[_Strip]:
    """Gather what is needed of each strip."""
    wanted = np.isin(places.place, strips)
    place, edge = places.place[wanted], places.edge[wanted]
    used = np.unique(edge)
    sources = np.isin(places.edges.edge, used)
    owners_of: dict[int, set[int]] = {}
    owners = places.segments.owner[places.edges.source[sources]]
    for at, owner in zip(places.edges.edge[sources].tolist(), owners.tolist(), strict=True):
        owners_of.setdefault(at, set()).add(owner)
    for strip in strips.tolist():
        edges = edge[place == strip].tolist()
        holders: dict[int, set[int]] = {}
        for at in edges:
            for vertex in places.edges.ends[at].tolist():
                holders.setdefault(vertex, set()).update(owners_of[at])
        vertices = np.array(sorted(holders), dtype=np.int64)
        yield _Strip(
            places.shapes[strip],
            vertices,
            places.edges.xy[vertices],
            [holders[vertex] for vertex in vertices.tolist()],
            places.edges.lines(np.array(edges, dtype=np.int64)),
            [owners_of[at] for at in edges],
        )


def _across(strip: _Strip) -> list[np.ndarray]:
    """Draw the shortest lines from where two neighbours meet to the other side of the strip.

    The other side is the territory's limit, or an area near by; the far end of an arm is neither.
    """
    meeting = [at for at, owners in enumerate(strip.owners) if len(owners - {TERRITORY}) > 1]
    if not meeting:
        return []
    points = np.asarray(shapely.points(strip.xy[meeting]), dtype=object)
    near = _NEAR * float(shapely.area(strip.shape)) / (float(shapely.length(strip.shape)) / 2)
    rays = _rays_to_others(strip, [strip.owners[at] for at in meeting], points, near)
    if len(strip.limit):
        nearest = shapely.STRtree(strip.limit).query_nearest(points, all_matches=False)[1]
        rays = np.concatenate([rays, shapely.shortest_line(points, strip.limit[nearest])])
    length = shapely.length(rays)
    room = shapely.buffer(strip.shape, 10 * SNAP_M)
    shapely.prepare(room)
    whole = (length > SNAP_M) & shapely.covers(room, rays)
    # Where corners stand over each other a bit, only what runs through the strip is a seam.
    partly = (length > SNAP_M) & (length <= near) & ~whole
    pieces = shapely.get_parts(shapely.intersection(rays[partly], strip.shape))
    pieces = pieces[(shapely.get_dimensions(pieces) == 1) & (shapely.length(pieces) > SNAP_M)]
    return [shapely.get_coordinates(ray).ravel() for ray in (*rays[whole], *pieces)]


def _rays_to_others(strip: _Strip, owners: list[set[int]], points: np.ndarray, near: float) -> np.ndarray:
    """Draw the shortest lines from points to outline near by of which their owners have none."""
    at, line = shapely.STRtree(strip.lines).query(points, predicate="dwithin", distance=near)
    pairs = zip(at.tolist(), line.tolist(), strict=True)
    others = np.array([not (strip.having[on] & (owners[one] | {TERRITORY})) for one, on in pairs], dtype=bool)
    at, line = at[others], line[others]
    away = shapely.distance(points[at], strip.lines[line])
    order = np.lexsort((line, away, at))
    first = order[np.concatenate([[True], at[order][1:] != at[order][:-1]])] if len(at) else order
    return np.asarray(shapely.shortest_line(points[at[first]], strip.lines[line[first]]), dtype=object)


def _between(strip: _Strip) -> list[np.ndarray]:
    """Draw the triangles that stand on three different neighbours: there the arms of a strip meet."""
    owners: dict[Place, set[int]] = dict(zip(map(tuple, strip.xy.tolist()), strip.owners, strict=True))
    if len(set().union(*strip.owners)) < 3:
        return []
    shape = _with_shore(strip, owners) if len(strip.limit) else strip.shape
    seams = []
    for triangle in shapely.get_parts(shapely.constrained_delaunay_triangles(shape)):
        corners = shapely.get_coordinates(triangle)[:3]
        one, two, three = (owners.get((x, y), set()) for x, y in corners.tolist())
        if one and two and three and not (one & two or two & three or one & three):
            seams += [np.concatenate([corners[side], corners[(side + 1) % 3]]) for side in range(3)]
    return seams


def _with_shore(strip: _Strip, owners: dict[Place, set[int]]) -> shapely.Geometry:
    """Give the limit a vertex across from each vertex of the areas, so that triangles are short.

    ``owners`` gets the new vertices.
    """
    points = np.array([point for point, having in zip(strip.xy, strip.owners, strict=True) if TERRITORY not in having])
    if not len(points):
        return strip.shape
    drawn = np.asarray(shapely.points(points), dtype=object)
    point, line = shapely.STRtree(strip.limit).query_nearest(drawn, all_matches=False)
    rays = shapely.shortest_line(drawn[point], strip.limit[line])
    across = shapely.get_coordinates(rays).reshape(-1, 2, 2)[:, 1]
    stops: dict[Place, list[Place]] = {}
    for at, stop in zip(line.tolist(), map(tuple, across.tolist()), strict=True):
        if stop not in owners:
            stops.setdefault(_key(*shapely.get_coordinates(strip.limit[at]).tolist()), []).append(stop)
    owners.update((stop, {TERRITORY}) for several in stops.values() for stop in several)
    rings = [_led_through(shapely.get_coordinates(ring), stops) for ring in shapely.get_rings(strip.shape)]
    return shapely.Polygon(rings[0], rings[1:])


def _key(one: list[float], two: list[float]) -> Place:
    """Name a segment, whichever way it runs."""
    return (*one, *two) if one < two else (*two, *one)


def _led_through(ring: np.ndarray, stops: dict[Place, list[Place]]) -> list[Place]:
    """Insert points into the segments of a ring on which they lie."""
    led: list[Place] = []
    for one, two in pairwise(ring.tolist()):
        inner = sorted(
            set(stops.get(_key(one, two), [])), key=lambda stop: np.hypot(stop[0] - one[0], stop[1] - one[1])
        )
        led += [tuple(one), *(stop for stop in inner if stop not in (tuple(one), tuple(two)))]
    return [*led, led[0]]
