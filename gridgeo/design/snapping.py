"""Bring the vertices of a noisy map together before it is repaired: copies of one vertex that lie a hair apart."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.spatial import KDTree

from .arrangement import find_vertices, merge_near, number_ranked
from .chain import TERRITORY, Matching, Segments
from .intake import Survey

NOISY_SHARE = 0.5
"""A map is noisy when so many of its segments are unmatched, and nearly all their ends have a copy close by."""

LEAST_SEGMENTS = 200
"""With fewer segments nobody can tell noise from single mistakes."""

_PAIRED_SHARE = 0.9
_CLOSE = 0.02
_SPREAD = 3.0


def measure_noise(segments: Segments, matching: Matching) -> float:
    """Measure how far copies of one vertex lie apart in a map whose vertices are all a little off.

    Parameters
    ----------
    segments, matching : Segments, Matching
        The chain of all areas and the territory, and what cancels in it.

    Returns
    -------
    float, metres
        A distance within which nearly every vertex has its copies; 0 for a map that is not noisy as a whole.
    """
    unmatched = matching.unmatched()
    if len(unmatched) < max(NOISY_SHARE * len(segments), LEAST_SEGMENTS):
        return 0.0
    left = segments.take(unmatched)
    points = left.ends[:, :2]
    # The nearest points are the point itself, where two rings share it, and its copies.
    distance, nearest = KDTree(points).query(points, k=min(6, len(points)))
    others = left.owner[nearest] != left.owner[:, None]
    apart = np.where(others, distance, np.inf).min(axis=1)
    length = float(np.median(np.hypot(*(left.ends[:, 2:] - left.ends[:, :2]).T)))
    paired = apart < _CLOSE * length
    if paired.mean() < _PAIRED_SHARE:
        return 0.0
    return min(_SPREAD * float(np.median(apart[paired])), _CLOSE * length)


def snap_vertices(survey: Survey, segments: Segments, matching: Matching, reach_m: float) -> Survey:
    """Move copies of one vertex together.

    Vertices that match already, and the territory's, stay; an area whose ring would break keeps its own vertices.

    Parameters
    ----------
    survey : Survey
    segments, matching : Segments, Matching
    reach_m : float, metres

    Returns
    -------
    Survey
        With other ``given`` where vertices moved.
    """
    unmatched = np.zeros(len(segments), dtype=bool)
    unmatched[matching.unmatched()] = True
    involved = np.zeros(len(survey) + 1, dtype=bool)
    involved[segments.owner[unmatched]] = True
    asked = unmatched | involved[segments.owner]
    ends = segments.take(asked).ends
    stays = ~unmatched[asked] | (segments.owner[asked] == TERRITORY)
    points, _, rank = number_ranked(ends.reshape(-1, 2), np.where(np.repeat(stays, 2), 0, 2))
    names = merge_near(points, reach_m, rank)
    moved = names != np.arange(len(points))
    if not moved.any():
        return survey
    areas = np.flatnonzero(involved[:-1] & survey.is_valid)
    shapes = survey.given[areas]
    xy = shapely.get_coordinates(shapes) + 0.0
    at = np.minimum(find_vertices(points, xy), len(points) - 1)
    known = (points[at] == xy).all(axis=1)
    xy[known] = points[names[at[known]]]
    drawn = shapely.remove_repeated_points(shapely.set_coordinates(shapes.copy(), xy))
    sound = shapely.is_valid(drawn) & ~shapely.is_empty(drawn)
    return survey.redraw(areas[sound], drawn[sound])
