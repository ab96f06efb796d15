"""Find vertices that stand on one side of a border only, and count the hairlines that nothing else explains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import shapely

from .arrangement import SNAP_M
from .chain import TERRITORY, number_points
from .covers import Places
from .findings import Finding, name_list
from .grouping import touching
from .intake import Survey
from .proof import ROUNDING_M


def vertex_defects(survey: Survey, places: Places, told: np.ndarray, tolerance_m: float) -> Iterator[Finding]:
    """Find unmatched vertices, one finding for each border, and count the hairlines left.

    A vertex at a place that has a finding of its own, such as the corner of a gap, belongs to that finding. The
    territory's limit has nobody on its other side: vertices that it lacks, or has more, do no harm.

    Parameters
    ----------
    survey : Survey
    places : Places
    told : array of bool
        Places that are part of a finding already.
    tolerance_m : float, metres

    Yields
    ------
    Finding
        ``unmatched_vertex``; one ``hairline`` at most.
    """
    reach = max(tolerance_m, 10 * SNAP_M)
    points, owners, lacking = _lonely_vertices(places, reach)
    free = ~_near_wide_places(places, points, reach)
    borders: dict[tuple[int, ...], set[int]] = defaultdict(set)
    harmless: list[int] = []
    rows = zip(np.flatnonzero(free).tolist(), owners[free].tolist(), lacking[free].tolist(), strict=True)
    for at, owner, missing in rows:
        if TERRITORY in (owner, missing):
            harmless.append(at)
        else:
            borders[tuple(sorted((owner, missing)))].add(at)
    left = told.copy()
    for key, members in _join_corners(borders, points).items():
        yield _unmatched(survey, places, key, points[sorted(members)], left, reach)
    left[touching(places, points[np.array(harmless, dtype=np.int64)], reach)[1]] = True
    yield from _hairlines(places, left, tolerance_m)


def _unmatched(
    survey: Survey, places: Places, key: tuple[int, ...], where: np.ndarray, told: np.ndarray, reach: float
) -> Finding:
    """Describe the unmatched vertices of one border, with the hairlines beside them; marks those as told."""
    where = where[np.lexsort((where[:, 1], where[:, 0]))]
    hairs = np.unique(touching(places, where, reach)[1])
    hairs = hairs[places.is_hairline[hairs] & ~told[hairs]]
    told[hairs] = True
    is_gap, sizes = places.depth[hairs] == 0, places.area_m2[hairs]
    count = len(where)
    noun = "1 vertex stands" if count == 1 else f"{count} vertices stand"
    names = name_list(survey.label(area) for area in key)
    return Finding(
        "unmatched_vertex", key, f"{noun} on one side only of the border of {names}", _points(where),
        float(count), 0.0, "vertices", gap_m2=float(sizes[is_gap].sum()),
        overlap_m2=float(sizes[~is_gap].sum()), pieces=count,
    )  # fmt: skip


def _points(where: np.ndarray) -> shapely.Geometry:
    return shapely.Point(where[0]) if len(where) == 1 else shapely.MultiPoint(where)


def _lonely_vertices(places: Places, reach: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find vertices of one area that lie on a segment of another that has no vertex there.

    Returns
    -------
    points : (n, 2) array
    owners, lacking : (n,) arrays of int
        Whose vertex it is, and who lacks it; a vertex of several areas comes several times.
    """
    segments = places.segments
    ends = segments.ends.reshape(-1, 2)
    if not len(ends):
        return ends, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    numbers = number_points(ends)
    # A vertex is the end of several segments, and is looked up once.
    _, first, of = np.unique(numbers, return_index=True, return_inverse=True)
    points = ends[first]
    at, on = shapely.STRtree(segments.lines()).query(shapely.points(points), predicate="dwithin", distance=reach)
    inner = np.ones(len(at), dtype=bool)
    for side in (slice(0, 2), slice(2, 4)):
        inner &= np.hypot(*(points[at] - segments.ends[on, side]).T) > reach
    at, on = at[inner], on[inner]
    # Each pair of a vertex and a segment beside it stands for every area that the vertex belongs to.
    order = np.argsort(of, kind="stable")
    starts, sizes = np.searchsorted(of[order], at), np.bincount(of)[at]
    end = order[np.repeat(starts, sizes) + np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)]
    owner, lacking = np.repeat(segments.owner, 2)[end], np.repeat(segments.owner[on], sizes)
    # The other area may have the vertex on another segment: where it turns, or where it passes twice.
    count = int(segments.owner.max()) + 2
    known = numbers * count + np.repeat(segments.owner, 2) + 1
    lonely = np.flatnonzero(owner != lacking)
    lonely = lonely[~np.isin(numbers[end[lonely]] * count + lacking[lonely] + 1, known)]
    key = (numbers[end[lonely]] * count + owner[lonely] + 1) * count + lacking[lonely]
    lonely = lonely[np.unique(key, return_index=True)[1]]
    return ends[end[lonely]], owner[lonely], lacking[lonely]


def _near_wide_places(places: Places, points: np.ndarray, reach: float) -> np.ndarray:
    """Tell which points lie at a place that has a finding of its own."""
    near = np.zeros(len(points), dtype=bool)
    wide = places.shapes[~places.is_hairline]
    if len(wide) and len(points):
        near[shapely.STRtree(wide).query(shapely.points(points), predicate="dwithin", distance=reach)[0]] = True
    return near


def _join_corners(borders: dict[tuple[int, ...], set[int]], points: np.ndarray) -> dict[tuple[int, ...], set[int]]:
    """Give a vertex in which two areas end on a third one finding instead of two."""
    concerned: dict[tuple[float, float], set[int]] = defaultdict(set)
    rows: dict[tuple[float, float], set[int]] = defaultdict(set)
    for key, members in borders.items():
        for at in members:
            place = (float(points[at, 0]), float(points[at, 1]))
            concerned[place].update(key)
            rows[place].add(at)
    joined: dict[tuple[int, ...], set[int]] = defaultdict(set)
    for place, areas in concerned.items():
        joined[tuple(sorted(areas))].add(min(rows[place]))
    return joined


def _hairlines(places: Places, told: np.ndarray, tolerance_m: float) -> Iterator[Finding]:
    """Count the hairlines above rounding that no finding has told of."""
    # Nothing that rounding does is told.
    is_open = places.is_hairline & ~told & (2 * places.area_m2 > ROUNDING_M * places.perimeter_m)
    members = np.flatnonzero(is_open)
    if not len(members):
        return
    is_gap = places.depth[members] == 0
    gaps, sizes = int(is_gap.sum()), places.area_m2[members]
    area = float(sizes.sum())
    yield Finding(
        "hairline", (), f"{len(members)} places are narrower than {tolerance_m * 1000:g} mm and not listed: "
        f"{gaps} between areas, {len(members) - gaps} where they overlap, {area:.3g} m2 in all",
        _points(shapely.get_coordinates(shapely.centroid(places.shapes[members]))),
        float(len(members)), 0.0, "hairlines", area,
        gap_m2=float(sizes[is_gap].sum()), overlap_m2=float(sizes[~is_gap].sum()), pieces=len(members),
    )  # fmt: skip
