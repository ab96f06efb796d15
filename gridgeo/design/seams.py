"""Cut strips of uncovered land where their neighbours change, so that each neighbour takes the land before it.

Without seams a strip that passes several areas would go to one of them as a long tail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from .arrangement import SNAP_M
from .chain import TERRITORY
from .covers import Places

_SLENDER = 8.0
_NEAR = 4.0


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


def seam_cuts(places: Places) -> np.ndarray:
    """Draw the seams of all strips of uncovered land that pass several areas.

    Parameters
    ----------
    places : Places

    Returns
    -------
    (n, 4) array of float, metres
        Lines from where two areas meet straight to the territory's limit, or to the area on the other side; where
        strips meet, the triangle between the areas around them.
    """
    place = places.borders[0]
    neighbours = np.bincount(place, minlength=len(places))
    strips = (places.depth == 0) & (neighbours > 2)
    # A rectangle is as slender as this when it is about so many times longer than wide.
    strips &= _SLENDER * places.area_m2 < (places.perimeter_m / 2) ** 2
    seams = [cut for strip in _collect(places, np.flatnonzero(strips)) for cut in (*_across(strip), *_between(strip))]
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
    seams = []
    room = shapely.buffer(strip.shape, 10 * SNAP_M)
    near = _NEAR * shapely.area(strip.shape) / (shapely.length(strip.shape) / 2)
    for point, owners in zip(strip.xy, strip.owners, strict=True):
        if len(owners - {TERRITORY}) < 2:
            continue
        for beyond, reach in ((strip.limit, np.inf), (_lines_of_others(strip, owners), near)):
            if not len(beyond):
                continue
            ray = shapely.shortest_line(shapely.Point(point), shapely.MultiLineString(list(beyond)))
            length = shapely.length(ray)
            if SNAP_M < length <= reach and shapely.covers(room, ray):
                seams.append(shapely.get_coordinates(ray).ravel())
            elif SNAP_M < length <= near:
                # Where corners stand over each other a bit, only what runs through the strip is a seam.
                parts = shapely.get_parts(shapely.intersection(ray, strip.shape))
                seams += [shapely.get_coordinates(part).ravel() for part in parts if shapely.length(part) > SNAP_M]
    return seams


def _lines_of_others(strip: _Strip, owners: set[int]) -> np.ndarray:
    """Give the outline that belongs to none of some owners, and not to the territory."""
    known = owners | {TERRITORY}
    return strip.lines[[not (having & known) for having in strip.having]]


def _between(strip: _Strip) -> list[np.ndarray]:
    """Draw the triangles that stand on three different neighbours: there the arms of a strip meet."""
    owners = {(float(x), float(y)): having for (x, y), having in zip(strip.xy, strip.owners, strict=True)}
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


def _with_shore(strip: _Strip, owners: dict[tuple[float, float], set[int]]) -> shapely.Geometry:
    """Give the limit a vertex across from each vertex of the areas, so that triangles are short.

    ``owners`` gets the new vertices.
    """
    limit = shapely.MultiLineString(list(strip.limit))
    points = np.array([point for point, having in zip(strip.xy, strip.owners, strict=True) if TERRITORY not in having])
    if not len(points):
        return strip.shape
    across = shapely.get_coordinates(shapely.shortest_line(shapely.points(points), limit)).reshape(-1, 2, 2)[:, 1]
    line, point = shapely.STRtree(strip.limit).query(shapely.points(across), predicate="dwithin", distance=SNAP_M)[::-1]
    stops: dict[tuple[float, ...], list[tuple[float, float]]] = {}
    for at, on in zip(point.tolist(), line.tolist(), strict=True):
        key = tuple(np.sort(shapely.get_coordinates(strip.limit[on]), axis=0).ravel().tolist())
        stop = (float(across[at, 0]), float(across[at, 1]))
        if stop not in owners or TERRITORY in owners[stop]:
            stops.setdefault(key, []).append(stop)
            owners.setdefault(stop, {TERRITORY})
    rings = [_led_through(shapely.get_coordinates(ring), stops) for ring in shapely.get_rings(strip.shape)]
    return shapely.Polygon(rings[0], rings[1:])


def _led_through(
    ring: np.ndarray, stops: dict[tuple[float, ...], list[tuple[float, float]]]
) -> list[tuple[float, ...]]:
    """Insert points into the segments of a ring on which they lie."""
    led: list[tuple[float, ...]] = []
    for one, two in zip(ring[:-1], ring[1:], strict=True):
        led.append(tuple(one.tolist()))
        inner = stops.get(tuple(np.sort(np.array([one, two]), axis=0).ravel().tolist()), [])
        inner = sorted(set(inner), key=lambda stop: float(np.hypot(*(np.array(stop) - one))))
        led += [stop for stop in inner if stop not in (led[-1], tuple(two.tolist()))]
    return [*led, led[0]]
