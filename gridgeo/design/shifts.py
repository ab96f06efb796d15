"""Tell that a whole map lies beside its territory, by one constant step, as another datum makes it."""

from __future__ import annotations

import numpy as np
import shapely

from .findings import Finding, size_text, width_text
from .intake import Survey

NEAR = 0.02
"""A step explains a map when the outlines then fit to this share of the step, and of a typical area's side."""

MOST = 0.95
"""Share of the territory's vertices that must fit."""

_OUTER_KINDS = ("outside_territory", "open_gap")


def find_shift(survey: Survey, territory: shapely.Geometry, tolerance_m: float) -> np.ndarray | None:
    """Find the step by which all areas lie beside the territory.

    Parameters
    ----------
    survey : Survey
    territory : Polygon or MultiPolygon
    tolerance_m : float, metres

    Returns
    -------
    array of 2 floats, or None
        From the territory to the map, in metres; None where no one step brings them together.
    """
    shapes = survey.shapes[survey.area_m2 > 0]
    if not len(shapes):
        return None
    off = shapely.total_bounds(shapes) - np.asarray(shapely.bounds(territory))
    step = (off[:2] + off[2:]) / 2
    size = float(np.hypot(*step))
    reach = max(NEAR * min(size, float(np.sqrt(survey.typical_m2))), tolerance_m)
    if size <= 10 * max(tolerance_m, 1e-6) or np.abs(off - np.tile(step, 2)).max() > reach:
        return None
    corners = shapely.get_coordinates(territory)
    fits = _share_on_borders(shapes, corners + step, reach)
    return step if fits >= MOST and _share_on_borders(shapes, corners, reach) < MOST / 2 else None


def _share_on_borders(shapes: np.ndarray, points: np.ndarray, reach_m: float) -> float:
    """Measure which share of points lies on some outline."""
    places = np.asarray(shapely.points(points), dtype=object)
    point, area = shapely.STRtree(shapes).query(places, predicate="dwithin", distance=reach_m)
    used, at = np.unique(area, return_inverse=True)
    near = shapely.dwithin(shapely.boundary(shapes[used])[at], places[point], reach_m)
    return len(np.unique(point[near])) / len(points)


def join_shifted(
    survey: Survey, territory: shapely.Geometry, found: list[Finding], tolerance_m: float
) -> list[Finding]:
    """Make one finding of all land that is open or outside because the whole map is shifted.

    Parameters
    ----------
    survey : Survey
    territory : Polygon or MultiPolygon
    found : list of Finding
    tolerance_m : float, metres

    Returns
    -------
    list of Finding
        ``found`` itself where the map is not shifted.
    """
    outer = [one for one in found if _is_outer(one)]
    if not any(one.gap_m2 > 0 for one in outer) or not any(one.outside_m2 > 0 for one in outer):
        return found
    step = find_shift(survey, territory, tolerance_m)
    if step is None:
        return found
    return [one for one in found if not _is_outer(one)] + [_shifted(step, outer)]


def _is_outer(one: Finding) -> bool:
    """Tell whether a finding is about the territory's limit; an edge that winds about it has one area only."""
    return one.kind in _OUTER_KINDS or (one.kind == "jittered_edge" and len(one.areas) == 1)


def _shifted(step: np.ndarray, outer: list[Finding]) -> Finding:
    gap, outside = (float(sum(getattr(one, name) for one in outer)) for name in ("gap_m2", "outside_m2"))
    size = float(np.hypot(*step))
    return Finding(
        "shifted_map", sorted({area for one in outer for area in one.areas}),
        f"{describe_step(step)}: {size_text(outside)} lie outside the territory, {size_text(gap)} of it in no area",
        shapely.union_all([one.geometry for one in outer]), size, 0.0, "m", float(sum(one.area_m2 for one in outer)),
        max(one.width_m for one in outer), gap_m2=gap, outside_m2=outside,
        overlap_m2=float(sum(one.overlap_m2 for one in outer)), pieces=sum(one.pieces for one in outer),
        length_m=float(sum(one.length_m for one in outer)), cause="other_datum",
    )  # fmt: skip


def describe_step(step: np.ndarray) -> str:
    """Say how far and whither a map is shifted."""
    east, north = (float(one) for one in step)
    ways = [
        f"{width_text(abs(metres))} {way}"
        for metres, way in ((east, "east" if east > 0 else "west"), (north, "north" if north > 0 else "south"))
        if abs(metres) > NEAR * np.hypot(east, north)
    ]
    return f"the whole map lies {' and '.join(ways)} of its territory"
