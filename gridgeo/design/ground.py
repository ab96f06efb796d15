"""Hold the faces of a territory on their way to atoms, and join faces to their neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .adjacency import shared_segments
from .noding import dissolve


@dataclass(frozen=True)
class Ground:
    """Faces on their way to atoms.

    Parameters
    ----------
    shapes : array of Polygon, shape (n,)
        A valid coverage.
    community : array of int, shape (n,)
        Position of the community each face lies in.
    whole : array of int, shape (n,)
        Position of what each face is kept whole with, or -1.
    block : array of int, shape (n,)
        The street block each face lies in.
    """

    shapes: np.ndarray
    community: np.ndarray
    whole: np.ndarray
    block: np.ndarray


def merge(ground: Ground, label: np.ndarray) -> Ground:
    """Join faces that carry the same label.

    Parameters
    ----------
    ground : Ground
    label : array of int, shape (n,)
        Position of a face; the face of that position lends its community.

    Returns
    -------
    Ground
        In order of the labels; every face is a block of its own.
    """
    kept, position = np.unique(label, return_inverse=True)
    shapes = dissolve(ground.shapes, position, len(kept))
    return Ground(shapes, ground.community[kept], ground.whole[kept], np.arange(len(kept)))


def absorb(shapes: np.ndarray, loose: np.ndarray, group: np.ndarray, *, avoid: np.ndarray | None = None) -> np.ndarray:
    """Give each loose face to the neighbour of its group with the longest common border.

    Parameters
    ----------
    shapes : array of Polygon
        A valid coverage.
    loose : array of bool
        Faces to give away, smallest first; chains of loose faces end at one that is not.
    group : array of int
        Faces only join within their group.
    avoid : array of bool, optional
        Faces that take others only if nobody else can.

    Returns
    -------
    array of int
        For each face the position of the one it ends up with; a loose face without a neighbour keeps itself.
    """
    near = np.flatnonzero(np.isin(group, group[loose]))
    first, second, segments = shared_segments(shapes[near])
    first, second = near[first], near[second]
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    # Only what a loose face borders on, or may come to border on, is ever asked for.
    same = (group[first] == group[second]) & (loose[first] | loose[second])
    neighbours: dict[int, dict[int, float]] = {}
    for a, b, metres in zip(first[same].tolist(), second[same].tolist(), length[same].tolist(), strict=True):
        for one, other in ((a, b), (b, a)):
            row = neighbours.setdefault(one, {})
            row[other] = row.get(other, 0.0) + metres
    head = np.arange(len(shapes))
    area = shapely.area(shapes)
    for face in np.flatnonzero(loose)[np.argsort(area[loose], kind="stable")].tolist():
        row = neighbours.get(face, {})
        if not row:
            continue
        goal = max(row, key=lambda other: (not (avoid is not None and avoid[other]), row[other], -other))
        _hand_over(neighbours, face, goal)
        head[face] = goal
    for _ in range(len(shapes)):
        further = head[head]
        if (further == head).all():
            break
        head = further
    return head


def _hand_over(neighbours: dict[int, dict[int, float]], face: int, goal: int) -> None:
    """Make the neighbours of a face neighbours of the face that takes it."""
    for other, metres in neighbours.pop(face).items():
        del neighbours[other][face]
        if other != goal:
            neighbours[other][goal] = neighbours[other].get(goal, 0.0) + metres
            neighbours[goal][other] = neighbours[goal].get(other, 0.0) + metres
