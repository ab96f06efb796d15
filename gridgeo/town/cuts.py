"""Split faces of the plan by streets until they have the size of blocks."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np
import shapely

from .roads import Line
from .zones import Zone

NODE_REACH_SHARE = 0.13
"""A split moves so far along a face to meet a street on the other side; crossings and T-junctions come of it."""
END_REACH_M = 22.0
"""Ends of a split move so far into a corner or a street's end, so that no jogs remain."""
TRIES = 4
SIZE_RANGE = (1.2, 1.55)
"""A face is split when it is so many times larger than its zone's blocks."""
SMALLEST_SHARE = 0.35
"""Of a block's size, or of half the face: no part may be smaller."""
MIDDLE = (0.40, 0.60)
SHARP_TURN = 0.6
_TOUCH_M, _KNIFE_M = 0.01, 0.001


@dataclass
class Cutter:
    """Split faces, and remember where streets end, so that later ones meet them.

    Parameters
    ----------
    random : Generator
    nodes : list of (x, y)
        Where streets meet already; those that are added are noted here.
    lines : list of Line
        The streets that were added.
    """

    random: np.random.Generator
    nodes: list[tuple[float, ...]]
    lines: list[Line] = field(default_factory=list)

    def split(self, face: shapely.Polygon, zone: Zone, role: str) -> list[tuple[shapely.Polygon, int]]:
        """Split a face until its parts have the zone's size.

        Parameters
        ----------
        face : Polygon, metres
        zone : Zone
        role : str
            Of the streets that are added.

        Returns
        -------
        list of (Polygon, int)
            Each part with the number of the cut that made it.
        """
        leaves = []
        waiting = [(-face.area, 0, 0, len(self.lines), face)]
        count = 0
        while waiting:
            _, _, depth, parent, shape = heapq.heappop(waiting)
            limit = zone.block_m2 * self.random.uniform(*SIZE_RANGE)
            cut = self._cut(shape, zone) if shape.area > limit else None
            if cut is None:
                leaves.append((shape, parent))
                continue
            chord, parts = cut
            self.lines.append(Line(chord, zone.ranks[min(depth, len(zone.ranks) - 1)], "street", role))
            self.nodes += [chord.coords[0], chord.coords[-1]]
            for part in parts:
                count += 1
                heapq.heappush(waiting, (-part.area, count, depth + 1, len(self.lines), part))
        return leaves

    def _cut(self, shape: shapely.Polygon, zone: Zone) -> tuple[shapely.LineString, list[shapely.Polygon]] | None:
        """Find a street that parts a face well; None where some tries find none."""
        nodes = _nodes_on(shape, np.array(self.nodes))
        least_m2 = SMALLEST_SHARE * min(zone.block_m2, shape.area / 2)
        for _ in range(TRIES):
            chord = self._chord(shape, zone.slant, nodes)
            parts = _parts(shape, chord) if chord is not None else []
            if chord is not None and len(parts) == 2 and min(part.area for part in parts) > least_m2:
                return chord, parts
        return None

    def _chord(self, shape: shapely.Polygon, slant: float, nodes: np.ndarray) -> shapely.LineString | None:
        """Draw a line across a face, square to its long side, through a street's end where one is near."""
        start, along, length = _long_axis(shape)
        at = self.random.uniform(*MIDDLE)
        through = start + at * length * along
        turn = np.pi / 2 + self.random.uniform(-slant, slant)
        cos, sin = np.cos(turn), np.sin(turn)
        way = np.array([cos * along[0] - sin * along[1], sin * along[0] + cos * along[1]])
        if len(nodes):
            place = np.abs((nodes - start) @ along / length - at)
            if place.min() < NODE_REACH_SHARE:
                through = nodes[place.argmin()]
        ray = shapely.LineString([through - 3 * length * way, through + 3 * length * way])
        pieces = shapely.get_parts(shapely.intersection(ray, shape))
        pieces = pieces[shapely.get_type_id(pieces) == shapely.GeometryType.LINESTRING]
        if not len(pieces):
            return None
        return _meet(pieces[shapely.distance(pieces, shapely.Point(through)).argmin()], shape, nodes)


def _meet(piece: shapely.LineString, shape: shapely.Polygon, nodes: np.ndarray) -> shapely.LineString | None:
    """Lead the ends of a chord into street ends or corners close by; None if it would leave the face."""
    corners = shapely.get_coordinates(shape)
    targets = np.vstack([nodes.reshape(-1, 2), corners[_is_sharp(corners)]])
    ends = []
    for end in (piece.coords[0], piece.coords[-1]):
        gaps = np.hypot(*(targets - end).T) if len(targets) else np.array([np.inf])
        ends.append(tuple(targets[gaps.argmin()]) if gaps.min() < END_REACH_M else end)
    if ends[0] == ends[1]:
        return None
    chord = shapely.LineString(ends)
    inside_m = shapely.length(shapely.intersection(chord, shape.buffer(-_TOUCH_M)))
    return chord if inside_m > chord.length - 150 * _TOUCH_M else None


def _long_axis(shape: shapely.Polygon) -> tuple[np.ndarray, np.ndarray, float]:
    """Give the start, the direction and the length of a polygon's long middle axis."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shape))[:4]
    sides = np.hypot(*(corners[[1, 2]] - corners[[0, 1]]).T)
    first = 0 if sides[0] >= sides[1] else 1
    start = (corners[first] + corners[first - 1]) / 2
    end = (corners[first + 1] + corners[(first + 2) % 4]) / 2
    return start, (end - start) / sides.max(), float(sides.max())


def _nodes_on(shape: shapely.Polygon, nodes: np.ndarray) -> np.ndarray:
    west, south, east, north = shape.bounds
    x, y = nodes.T
    close = nodes[(x > west - 1) & (x < east + 1) & (y > south - 1) & (y < north + 1)]
    return close[shapely.distance(shape.exterior, shapely.points(close)) < _TOUCH_M]


def _is_sharp(corners: np.ndarray) -> np.ndarray:
    """Tell at which vertices a ring turns; the last one is the first again and is left out."""
    ring = corners[:-1]
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    angle = np.arctan2(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0], (before * after).sum(axis=1))
    return np.r_[np.abs(angle) > SHARP_TURN, False]


def _parts(shape: shapely.Polygon, chord: shapely.LineString) -> list[shapely.Polygon]:
    """Cut a polygon along a chord; the knife reaches a little over both ends, so that rounding leaves nothing uncut."""
    start, end = np.array(chord.coords)
    over = (end - start) / chord.length * _KNIFE_M
    knife = shapely.LineString([start - over, end + over])
    parts = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all([shape.exterior, knife]))))
    return [part for part in parts if part.area > _KNIFE_M]
