"""Divide a quarter's plan into blocks: the faces between its main lines, split by the streets of their zones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .cuts import Cutter
from .ground import QUARTER_STREAM, Quarter
from .roads import Line, MainLines, draw_main_lines
from .zones import ZONES, zone_of

GRID_M = 0.001
HAMLET_SHARE = 0.62
"""Of the fields between roads that have a natural village."""
HAMLET_FIELD_SHARE = 0.3
"""Of a field's usual size: smaller fields have none."""
HOUSING_REACH = 0.05
"""Works so near to the outer ring, as a share of the quarter's width, give way to workers' homes."""


@dataclass(frozen=True)
class Leaf:
    """One block of the plan.

    Parameters
    ----------
    shape : Polygon, metres
    zone : str
        A key of ``ZONES``.
    superblock : int
        The face between main lines it was cut from.
    parent : int
        The cut that made it, or the hamlet it is of; brothers share it.
    """

    shape: shapely.Polygon
    zone: str
    superblock: int
    parent: int


@dataclass(frozen=True)
class QuarterPlan:
    """A quarter's lines and blocks on the plan.

    Parameters
    ----------
    quarter : Quarter
    main : MainLines
    lines : list of Line
        Main lines, then the streets that split blocks.
    leaves : list of Leaf
    """

    quarter: Quarter
    main: MainLines
    lines: list[Line]
    leaves: list[Leaf]


def plan_quarter(quarter: Quarter) -> QuarterPlan:
    """Divide a quarter into blocks.

    Parameters
    ----------
    quarter : Quarter

    Returns
    -------
    QuarterPlan
    """
    main = draw_main_lines(quarter)
    pieces, owner = node_lines(main.lines)
    faces = shapely.get_parts(shapely.polygonize(pieces))
    ends = np.vstack([shapely.get_coordinates(shapely.get_point(pieces, at)) for at in (0, -1)])
    random = quarter.draw(QUARTER_STREAM, quarter.number, 2)
    cutter = Cutter(random, [tuple(point) for point in np.unique(ends, axis=0)])
    leaves: list[Leaf] = []
    order = np.lexsort((shapely.get_coordinates(shapely.centroid(faces))[:, 1], -shapely.area(faces)))
    for number, face in enumerate(faces[order]):
        zone = zone_of(face, main)
        for shape, parent in cutter.split(face, ZONES[zone], f"split {zone}"):
            inner = _inner_zone(shape, zone, main, random)
            if inner == zone:
                leaves.append(Leaf(shape, zone, number, parent))
                continue
            home = len(cutter.lines)
            leaves += [Leaf(lot, inner, number, home) for lot, _ in cutter.split(shape, ZONES[inner], f"split {inner}")]
    return QuarterPlan(quarter, main, _joined(main.lines, pieces, owner) + cutter.lines, leaves)


def _inner_zone(shape: shapely.Polygon, zone: str, main: MainLines, random: np.random.Generator) -> str:
    """Turn some fields into hamlets, and works next to the town into workers' homes."""
    if zone == "rural":
        is_hamlet = random.uniform() <= HAMLET_SHARE and shape.area >= HAMLET_FIELD_SHARE * ZONES["rural"].block_m2
        return "hamlet" if is_hamlet else zone
    if zone == "works" and main.outer.distance(shape.centroid) <= HOUSING_REACH * np.sqrt(main.limit.area):
        return "housing"
    return zone


def node_lines(lines: list[Line]) -> tuple[np.ndarray, np.ndarray]:
    """Cut lines wherever they meet, on the precision grid.

    Parameters
    ----------
    lines : list of Line

    Returns
    -------
    array of LineString
        The pieces.
    array of int
        The line each piece is a part of; where two run on each other a street goes before a limit.
    """
    shapes = np.array([line.shape for line in lines], dtype=object)
    pieces = shapely.get_parts(shapely.union_all(shapes, grid_size=GRID_M))
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    piece, line = shapely.STRtree(shapes).query(middles, predicate="dwithin", distance=5 * GRID_M)
    is_limit = np.array([line.kind == "limit" for line in lines])[line]
    order = np.lexsort((line, is_limit, piece))
    owned, first = np.unique(piece[order], return_index=True)
    owner = np.full(len(pieces), -1)
    owner[owned] = line[order][first]
    return pieces, owner


def _joined(lines: list[Line], pieces: np.ndarray, owner: np.ndarray) -> list[Line]:
    """Put lines together again from their pieces, so that they pass through every place where they meet."""
    joined = []
    for number, line in enumerate(lines):
        parts = shapely.line_merge(shapely.multilinestrings(pieces[owner == number]))
        joined += [Line(part, line.rank, line.kind, line.role) for part in shapely.get_parts(parts)]
    return joined
