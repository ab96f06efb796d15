"""Spread points over large blocks, so that land without buildings is divided too."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.spatial import cKDTree

CLEAR_M = 3.0
"""How far from a building a point of the lattice stays, metres."""
FINE = 4
"""How many sample points a side of a lattice square has when cells are measured before they are drawn."""
FILL = 0.8
"""Share of the largest area that a square of the lattice takes: at the edge of a block cells come out larger."""


def lattice(shape: shapely.Geometry, spacing_m: float) -> np.ndarray:
    """Lay a square lattice over a shape, centred on its bounding box.

    Parameters
    ----------
    shape : Polygon or MultiPolygon
    spacing_m : float, metres
        Largest distance between neighbours.

    Returns
    -------
    array of float, shape (n, 2)
        The points that lie inside.
    """
    west, south, east, north = shapely.bounds(shape)
    columns, rows = (max(int(np.ceil(side / spacing_m)), 1) for side in (east - west, north - south))
    x = west + (np.arange(columns) + 0.5) * (east - west) / columns
    y = south + (np.arange(rows) + 0.5) * (north - south) / rows
    xy = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    shapely.prepare(shape)
    return xy[shapely.contains_xy(shape, xy[:, 0], xy[:, 1])]


def fill_points(shape: shapely.Geometry, seeds: np.ndarray, core: np.ndarray, cap_m2: float) -> np.ndarray:
    """Find the points by which the cells of a block must be divided further to keep a largest area.

    Parameters
    ----------
    shape : Polygon
        The block.
    seeds : array of float, shape (n, 2)
        Points that stand for its buildings and places.
    core : array of int, shape (n,)
        What each stands for.
    cap_m2 : float, m2
        Largest area of a cell.

    Returns
    -------
    array of float, shape (m, 2)
        Points of a lattice in the cells that would be larger; near buildings too: ``keep_clear`` drops these.
    """
    side = float(np.sqrt(FILL * cap_m2))
    points = lattice(shape, side)
    if not len(seeds):
        return points
    fine = lattice(shape, side / FINE)
    tree = cKDTree(seeds)
    names, cell = np.unique(core, return_inverse=True)
    share = shapely.area(shape) / max(len(fine), 1)
    area = np.bincount(cell[tree.query(fine)[1]], minlength=len(names)) * share if len(fine) else np.zeros(len(names))
    return points[area[cell[tree.query(points)[1]]] > cap_m2] if len(points) else points


def keep_clear(points: np.ndarray, buildings: np.ndarray, *, clear_m: float = CLEAR_M) -> np.ndarray:
    """Tell which points stand in no building and near none.

    Parameters
    ----------
    points : array of float, shape (n, 2)
    buildings : array of Polygon
    clear_m : float, metres

    Returns
    -------
    array of bool, shape (n,)
    """
    clear = np.ones(len(points), dtype=bool)
    if len(points) and len(buildings):
        places = shapely.points(points)
        clear[shapely.STRtree(buildings).query(places, predicate="dwithin", distance=clear_m)[0]] = False
    return clear
