"""Divide a block among the buildings or household points that stand in it."""

from __future__ import annotations

import numpy as np
import shapely

SPACING_M = 5.0
"""Distance between the points that stand for a building's outline, metres."""
SMOOTH_M = 3.0
"""How far a border between two cells may be straightened, metres."""


def outline_points(
    buildings: np.ndarray, labels: np.ndarray, *, spacing_m: float = SPACING_M
) -> tuple[np.ndarray, np.ndarray]:
    """Place points along the outlines of buildings.

    Parameters
    ----------
    buildings : array of Polygon
    labels : array of int
        One a building.
    spacing_m : float, metres

    Returns
    -------
    xy : array of float, shape (n, 2)
    label : array of int, shape (n,)
    """
    shrunk = shapely.buffer(buildings, -0.3, join_style="mitre")
    shrunk = np.where(shapely.is_empty(shrunk), buildings, shrunk)
    xy, at = shapely.get_coordinates(shapely.segmentize(shrunk, spacing_m), return_index=True)
    return xy, np.asarray(labels)[at]


def cut_by_stairwell(xy: np.ndarray, label: np.ndarray, doors: np.ndarray, door_of: np.ndarray) -> np.ndarray:
    """Divide one building's outline among its stairwells, side by side.

    Parameters
    ----------
    xy : array of float, shape (n, 2)
        Outline points.
    label : array of int
        Their labels; only used for its length.
    doors : array of float, shape (m, 2)
        Where the households of each stairwell lie, in the mean.
    door_of : array of int, shape (m,)
        The new label of each stairwell.

    Returns
    -------
    array of int, shape (n,)
        The new label of each outline point: the stairwell nearest along the line on which the stairwells stand.
    """
    if len(doors) == 1:
        return np.full(len(label), door_of[0])
    centred = doors - doors.mean(axis=0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    along, door_along = (xy - doors.mean(axis=0)) @ axis, centred @ axis
    return door_of[np.abs(along[:, None] - door_along[None, :]).argmin(axis=1)]


def divide_face(
    face: shapely.Geometry, xy: np.ndarray, label: np.ndarray, *, smooth_m: float = SMOOTH_M
) -> tuple[np.ndarray, np.ndarray]:
    """Divide a face into one cell a label: what lies nearest to its points.

    Parameters
    ----------
    face : Polygon
    xy : array of float, shape (n, 2)
        Points inside or near the face.
    label : array of int, shape (n,)
        What each point stands for.
    smooth_m : float, metres
        How far a border between two cells may be straightened.

    Returns
    -------
    cells : array of Polygon or MultiPolygon
    label : array of int
        One a cell. A label without any ground of its own has no cell.
    """
    _, keep = np.unique(np.round(xy, 2), axis=0, return_index=True)
    xy, label = xy[keep], label[keep]
    if len(np.unique(label)) < 2:
        return np.array([face], dtype=object), label[:1]
    nearest = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=face, ordered=True))
    order = np.argsort(label, kind="stable")
    names, first = np.unique(label[order], return_index=True)
    groups = np.split(nearest[order], first[1:])
    cells = np.array([shapely.coverage_union_all(group) for group in groups], dtype=object)
    if len(xy) > len(names):
        cells = shapely.coverage_simplify(cells, smooth_m, simplify_boundary=False)
    shapely.prepare(face)
    cells = np.where(shapely.covers(face, cells), cells, shapely.intersection(cells, face))
    ground = shapely.area(cells) > 0
    return cells[ground], names[ground]
