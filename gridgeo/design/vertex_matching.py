"""Match vertices: give every border of a map the same vertices on both of its sides."""

from __future__ import annotations

import numpy as np
import shapely

from .arrangement import node_segments
from .chain import TERRITORY, boundary_segments, join_segments, match
from .intake import mend
from .parting import Paths, insert_points
from .proof import ROUNDING_M


def match_vertices(shapes: np.ndarray, territory: shapely.Geometry) -> tuple[np.ndarray, shapely.Geometry]:
    """Insert vertices that stand on one side of a border only into the other, and join those that rounding parted.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        A coverage, but for hairlines of a micrometre.
    territory : Polygon or MultiPolygon

    Returns
    -------
    shapes : array of Polygon or MultiPolygon
        The same objects where nothing was unmatched.
    territory : Polygon or MultiPolygon
    """
    every = np.append(shapes, np.array([territory], dtype=object))
    owners = np.append(np.arange(len(shapes)), TERRITORY)
    inner, outer = boundary_segments(shapes), boundary_segments(every[-1:], owners[-1:], -1)
    segments = join_segments(inner, outer)
    left = segments.take(match(segments, strict=True).unmatched())
    if not len(left):
        return shapes, territory
    edges = node_segments(left.ends, snap_m=ROUNDING_M)
    paths: Paths = {}
    renamed: dict[tuple[float, float], tuple[float, float]] = {}
    for at, ends in enumerate(left.ends):
        xy = edges.xy[np.unique(edges.ends[edges.edge[edges.source == at]])]
        if len(xy) < 2:
            continue
        xy = xy[np.argsort(((xy - ends[:2]) * (ends[2:] - ends[:2])).sum(axis=1))]
        for old, new in ((ends[:2], xy[0]), (ends[2:], xy[-1])):
            if (old != new).any():
                renamed[tuple(old.tolist())] = tuple(new.tolist())
        paths[tuple(ends.tolist())] = xy[1:-1]
    made = every.copy()
    for owner in np.unique(left.owner).tolist():
        own = {ends: paths[ends] for ends in map(tuple, left.ends[left.owner == owner].tolist()) if ends in paths}
        made[owner] = insert_points(every[owner], own)
    if renamed:
        made = _rename(made, renamed)
        # A ring that now meets itself in a joined vertex is drawn as rings that touch there.
        pinched = ~shapely.is_valid(made)
        made[pinched] = mend(made[pinched])
    return made[:-1], made[-1]


def _rename(shapes: np.ndarray, renamed: dict[tuple[float, float], tuple[float, float]]) -> np.ndarray:
    """Move vertices wherever they occur; shapes without them stay the same objects."""
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    east = np.isin(xy[:, 0], [x for x, _ in renamed])
    moved = np.zeros(len(shapes), dtype=bool)
    for at in np.flatnonzero(east).tolist():
        new = renamed.get((float(xy[at, 0]), float(xy[at, 1])))
        if new is not None:
            xy[at] = new
            moved[of[at]] = True
    made = shapes.copy()
    made[moved] = shapely.set_coordinates(shapes[moved], xy[moved[of]])
    return made
