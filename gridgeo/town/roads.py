"""Draw a quarter's main lines on the plan: two axes, two rings, radials, a river, a railway, a trunk road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator

from .ground import (
    AXIS_HEIGHT,
    CENTRE,
    QUARTER_STREAM,
    RAIL_HEIGHT,
    RIVER_HEIGHT,
    TRUNK_HEIGHT,
    Quarter,
    outline,
)

# Shares of the quarter's side, unless they say otherwise.
INNER_RING, OUTER_RING = np.array([0.140, 0.130]), np.array([0.330, 0.270])  # half axes
RING_SPREAD = {"inner": 0.06, "outer": 0.07}  # how far a ring is out of shape, as a share of its radius
RING_POWER = 3.2  # a circle has 2, a square has infinity
RING_WAVES = (1, 2, 3, 4)
GATES = {"axis": (0, 0.03), "river": (1, 0.035), "rail": (2, 0.012), "trunk": (3, 0.02), "cross": (4, 0.03)}
"""Line -> stream of random numbers at a side, and how far off its usual place the line crosses the side."""
RIVER_WEST, RIVER_EAST = (0.13, 0.21), (0.66, 0.76)  # where its bends lie
RIVER_PASS = (0.43, 0.447)  # in the south of the old centre
RIVER_BENDS, RIVER_SWAY = (0.04, -0.05), 0.012
RIVER_HALF_WIDTH, RIVER_SWELL = 0.52, 0.10  # of the distance to its banks
AXIS_SWAY, AXIS_KNOT = 0.025, 0.2
RADIAL_TURN, RADIAL_BEND, RADIAL_REACH = 0.22, 0.35, 1.2  # radians, radians a side, sides
BEYOND = 0.3  # lines are drawn so far over the quarter's square, then clipped
AROUND_RING = 0.03  # ground outside the outer ring, at least
SAMPLES = 120
SIDE_RANKS = {"ring inner": 3, "ring outer": 2, "axis middle": 3, "axis": 2, "radial": 3, "country": 4, "bank": 5,
              "beside rail": 5, "between": 2, "trunk": 1, "expressway": 1}  # fmt: skip
"""Rank of each main street."""


@dataclass(frozen=True)
class Line:
    """One line on the plan.

    Parameters
    ----------
    shape : LineString, metres
    rank : int
        1 (trunk) to 6 (lane); 0 for a limit.
    kind : str
        ``"street"``, ``"river"``, ``"rail"``, or ``"limit"`` for the quarter's own.
    role : str
        What it is in the quarter, and its side: ``"axis west"``, ``"ring inner north"``, ``"split old"`` ...
    """

    shape: Any
    rank: int
    kind: str
    role: str


@dataclass(frozen=True)
class MainLines:
    """A quarter's main lines and the regions that tell what lies where.

    Parameters
    ----------
    lines : list of Line
    limit, inner, outer, river, rail : Polygon, metres
        The quarter; the ground inside the rings; the strips between the banks of the river and beside the railway.
    water : Polygon, metres
        The river itself.
    """

    lines: list[Line]
    limit: shapely.Polygon
    inner: shapely.Polygon
    outer: shapely.Polygon
    river: shapely.Polygon
    rail: shapely.Polygon
    water: shapely.Polygon


def draw_main_lines(quarter: Quarter) -> MainLines:
    """Draw a quarter's main lines.

    Parameters
    ----------
    quarter : Quarter

    Returns
    -------
    MainLines
        On the plan; lines end on the quarter's limit where they leave it.
    """
    random = quarter.draw(QUARTER_STREAM, quarter.number, 1)
    inner = _ring(quarter, random, INNER_RING, RING_SPREAD["inner"])
    outer = _ring(quarter, random, OUTER_RING, RING_SPREAD["outer"])
    limit = _around(quarter, outer)
    river = _across(quarter, "river", RIVER_HEIGHT, _bends(random))
    rail = _across(quarter, "rail", RAIL_HEIGHT, [])
    trunk = _across(quarter, "trunk", TRUNK_HEIGHT, [(0.5, TRUNK_HEIGHT + random.uniform(-0.02, 0.02))])
    lines = [
        Line(limit.exterior, 0, "limit", "limit"),
        *_arcs(inner, "ring inner"),
        *_arcs(outer, "ring outer"),
        *_axes(quarter, random, inner),
        *_radials(quarter, random, inner, outer, limit),
        *_beside(river, quarter.river_bank_m, "bank"),
        *_beside(rail, quarter.rail_bank_m, "beside rail"),
        *_between(quarter),
        Line(river, 1, "river", "river"),
        _street(trunk, "trunk"),
        Line(rail, 1, "rail", "rail") if quarter.has_rail else _street(rail, "expressway"),
    ]
    return MainLines(
        lines=_clipped(lines, limit),
        limit=limit,
        inner=inner,
        outer=outer,
        river=shapely.buffer(river, quarter.river_bank_m, cap_style="flat"),
        rail=shapely.buffer(rail, quarter.rail_bank_m, cap_style="flat"),
        water=_water(quarter, river, random),
    )


def _around(quarter: Quarter, outer: shapely.Polygon) -> shapely.Polygon:
    """Draw the quarter's limit so that the outer ring stays well inside."""
    limit = shapely.union(outline(quarter), shapely.buffer(outer, AROUND_RING * quarter.side_m, quad_segs=4))
    return shapely.Polygon(shapely.get_exterior_ring(limit))


def _street(shape: Any, name: str, side: str = "") -> Line:
    return Line(shape, SIDE_RANKS[name], "street", f"{name} {side}".strip())


def _clipped(lines: list[Line], limit: shapely.Polygon) -> list[Line]:
    """End lines on the quarter's limit, where they may leave and come again; lines along the limit stay."""
    inside = limit.buffer(-1e-9)
    kept = []
    for line in lines:
        if line.kind == "limit" or line.role.startswith("between") or inside.covers(line.shape):
            kept.append(line)
            continue
        parts = shapely.get_parts(shapely.intersection(line.shape, limit))
        kept += [Line(part, line.rank, line.kind, line.role) for part in parts[shapely.length(parts) > 0]]
    return kept


def _longest(shape: Any) -> Any:
    parts = shapely.get_parts(shape)
    return parts[np.argmax(shapely.length(parts))]


def _ring(quarter: Quarter, random: np.random.Generator, half_axes: np.ndarray, spread: float) -> shapely.Polygon:
    """Draw a rounded rectangle about the centre, a little out of shape."""
    turn = np.linspace(0, 2 * np.pi, SAMPLES, endpoint=False)
    radius = (np.abs(np.cos(turn)) ** RING_POWER + np.abs(np.sin(turn)) ** RING_POWER) ** (-1 / RING_POWER)
    for waves in RING_WAVES:
        radius *= 1 + random.uniform(-spread, spread) / waves * np.sin(waves * turn + random.uniform(0, 2 * np.pi))
    way = np.column_stack([np.cos(turn), np.sin(turn)])
    return shapely.Polygon(quarter.centre + radius[:, None] * way * half_axes * quarter.side_m)


def _arcs(ring: shapely.Polygon, role: str) -> list[Line]:
    """Cut a ring into its four sides, between the corners."""
    quarter_turn = SAMPLES // 4
    points = np.roll(shapely.get_coordinates(ring)[:-1], -(quarter_turn // 2), axis=0)
    closed = np.vstack([points, points[:1]])
    starts = {side: at * quarter_turn for at, side in enumerate(("north", "west", "south", "east"))}
    return [
        _street(shapely.LineString(closed[start : start + quarter_turn + 1]), role, side)
        for side, start in starts.items()
    ]


def _bends(random: np.random.Generator) -> list[tuple[float, float]]:
    """Draw the bends of the river between the sides; it passes the south of the old centre."""
    way = random.choice([-1, 1])
    west, east = random.uniform(*RIVER_WEST), random.uniform(*RIVER_EAST)
    bends = [(west, RIVER_HEIGHT + way * RIVER_BENDS[0]), RIVER_PASS, (east, RIVER_HEIGHT + way * RIVER_BENDS[1])]
    return [(x, y + random.uniform(-RIVER_SWAY, RIVER_SWAY)) for x, y in bends]


def _across(quarter: Quarter, what: str, height: float, through: list[tuple[float, float]]) -> shapely.LineString:
    """Lead a line from west to east; it crosses the sides level, so that the next quarter takes it on."""
    west, east = (height + quarter.gate(side, *GATES[what]) for side in ("west", "east"))
    x, y = np.array([(0.0, west), *through, (1.0, east)]).T
    slope = np.gradient(y, x)
    slope[[0, -1]] = 0
    at = np.linspace(0, 1, SAMPLES + 1)
    shares = np.column_stack([at, CubicHermiteSpline(x, y, slope)(at)])
    shares = np.vstack([[-BEYOND, west], shares, [1 + BEYOND, east]])
    return shapely.LineString(quarter.corner + shares * quarter.side_m)


def _beside(line: shapely.LineString, bank_m: float, role: str) -> list[Line]:
    """Lay a road along each side of a line."""
    return [
        _street(shapely.offset_curve(line, bank_m * way, quad_segs=4), role, side)
        for way, side in ((1, "north"), (-1, "south"))
    ]


def _between(quarter: Quarter) -> list[Line]:
    """Lay roads along the sides shared with the quarters to the west and to the south."""
    ends = {"west": ((0, 0), (0, 1)), "south": ((0, 0), (1, 0))}
    return [
        _street(shapely.LineString(quarter.corner + np.array(ends[side]) * quarter.side_m), "between", side)
        for side in ends
        if side in quarter.neighbours
    ]


def _water(quarter: Quarter, river: shapely.LineString, random: np.random.Generator) -> shapely.Polygon:
    """Give the river its width, which swells and shrinks; it is the same where two quarters meet."""
    points = shapely.get_coordinates(river)
    share = np.clip((points[:, 0] - quarter.corner[0]) / quarter.side_m, 0, 1)
    swell = np.sin(np.pi * share) * np.sin(9 * share + random.uniform(0, 2 * np.pi))
    half_m = (RIVER_HALF_WIDTH + RIVER_SWELL * swell)[:, None] * quarter.river_bank_m
    step = np.gradient(points, axis=0)
    normal = np.column_stack([-step[:, 1], step[:, 0]]) / np.hypot(*step.T)[:, None]
    ring = np.vstack([points + half_m * normal, (points - half_m * normal)[::-1]])
    return shapely.buffer(shapely.Polygon(ring), 0)


def _axes(quarter: Quarter, random: np.random.Generator, inner: shapely.Polygon) -> list[Line]:
    """Lead the two main streets through the old centre to the gates of the quarter."""
    middle = (quarter.centre - quarter.corner) / quarter.side_m
    lines = []
    for upright, ends, height in ((False, ("west", "east"), AXIS_HEIGHT), (True, ("south", "north"), CENTRE[0])):
        at_centre, off_centre = middle[::-1] if upright else middle
        gates = [height + quarter.gate(end, *GATES["cross" if upright else "axis"]) for end in ends]
        sway = off_centre + random.uniform(-AXIS_SWAY, AXIS_SWAY, 2)
        knots = [0.0, at_centre - AXIS_KNOT, at_centre, at_centre + AXIS_KNOT, 1.0]
        at = np.linspace(0, 1, SAMPLES + 1)
        off = PchipInterpolator(knots, [gates[0], sway[0], off_centre, sway[1], gates[1]])(at)
        shares = np.vstack([[-BEYOND, gates[0]], np.column_stack([at, off]), [1 + BEYOND, gates[1]]])
        line = shapely.LineString(quarter.corner + (shares[:, ::-1] if upright else shares) * quarter.side_m)
        lines.append(_street(_longest(shapely.intersection(line, inner)), "axis middle", ends[0]))
        outside = shapely.get_parts(shapely.difference(line, inner))
        lines += [_street(part, "axis", end) for part, end in ((outside[0], ends[0]), (outside[-1], ends[1]))]
    return lines


def _radials(
    quarter: Quarter,
    random: np.random.Generator,
    inner: shapely.Polygon,
    outer: shapely.Polygon,
    limit: shapely.Polygon,
) -> list[Line]:
    """Lead roads from the corners of the inner ring outwards; one ends at the outer ring."""
    short = int(random.integers(4))
    lines = []
    for at, side in enumerate(("north-east", "north-west", "south-west", "south-east")):
        start = np.pi / 4 + at * np.pi / 2 + random.uniform(-RADIAL_TURN, RADIAL_TURN)
        reach = np.linspace(0, RADIAL_REACH, SAMPLES // 4)
        turn = start + random.uniform(-RADIAL_BEND, RADIAL_BEND) * reach
        way = np.column_stack([np.cos(turn), np.sin(turn)])
        ray = shapely.LineString(quarter.centre + (reach * quarter.side_m)[:, None] * way)
        lines.append(_street(_longest(shapely.intersection(shapely.difference(ray, inner), outer)), "radial", side))
        if at != short:
            country = shapely.intersection(shapely.difference(ray, outer), limit)
            lines.append(_street(_longest(country), "country", side))
    return lines
