"""Audit how areas cover a territory: every defect found, placed, measured and explained.

The audit knows nothing of how a map was made. It adds up the boundaries of the areas (``chain``), nodes what does not
cancel (``arrangement``), asks who covers the places in between (``covers``) and tells what that means.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .chain import match
from .covers import coverage_chain, find_places
from .findings import Finding, tabulate
from .household_defects import count_households, household_defects, take_in_households
from .intake import MULTIPOLYGON, Survey, check_numbers, describe_fault, take_in, take_in_both, unite
from .parent_defects import Parentage, crossing_areas, find_parentage, parent_defects
from .place_defects import Sorting, place_defects
from .proof import Certificate, certify
from .row_faults import row_faults
from .vertex_defects import vertex_defects

__all__ = ["Certificate", "audit", "certify"]


def audit(  # noqa: PLR0913 (every number has its unit and its default)
    areas: Any,
    territory: Any,
    parents: Any = None,
    households: Any = None,
    tolerance_m: float = 0.001,
    exceptions: Any = None,
    *,
    jitter_m: float = 1.0,
    missing_share: float = 0.5,
    sliver_share: float = 0.02,
    one_piece: bool | None = None,
) -> gpd.GeoDataFrame:
    """Find everything that is wrong with the coverage of a territory by areas.

    A map that is bad in any way is no error: invalid, empty and missing geometries, ids that are missing or doubled and
    a table without rows are findings. One cause is one finding; hairlines are counted in a single note.

    Parameters
    ----------
    areas : GeoDataFrame or GeoSeries
        The map, in metres; not changed. Ids are the index, or a column ``area_id``; a column ``parent_id`` names
        parents. Neither the order of rows nor of vertices has an influence.
    territory : Polygon, MultiPolygon, GeoSeries or GeoDataFrame
        What the areas shall cover; several rows are united.
    parents : GeoDataFrame, optional
        The areas of the level above. Where ``areas`` names no parents, each area belongs where it lies.
    households : GeoDataFrame, optional
        Points, with a column ``count`` where a row stands for several.
    tolerance_m : float, metres
        Places that are nowhere as wide are hairlines: counted, not listed. Vertices so near to a border lie on it.
    exceptions : GeoDataFrame, optional
        Polygons of what is meant to be so, such as lakes and enclaves, with a column ``reason`` and, if wanted, a
        column ``kind``. A finding of that kind that lies within becomes a note.
    jitter_m : float, metres
        A border whose two sides wind about each other is one jittered edge up to this width.
    missing_share : float
        Uncovered land is a missing area from this share of its neighbours' median size on.
    sliver_share : float
        An area is a sliver if it is long and nowhere wider than this share of the side of a typical area's square.
    one_piece : bool, optional
        Whether areas should be in one piece. By default they should, unless every row is a MultiPolygon and no column
        ``level`` says that these are areas of gridgeo: such a layer is multipart on purpose.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS``. Kinds are those of ``gridgeo.design.findings.KINDS``. Columns besides: ``remedy``,
        ``area_m2``, ``width_m`` (largest inscribed circle, within 2 %), ``mean_width_m``, ``length_m``, ``households``
        (nan without ``households``), ``gap_m2``, ``overlap_m2``, ``outside_m2`` (their sums are the map's totals),
        ``pieces``, ``parent_ids``.

    Raises
    ------
    TableError
        If an argument is no table of geometries, or a number is out of range.
    CrsError
        If coordinates are not in metres, or the tables are in different systems.
    """
    check_numbers(tolerance_m=tolerance_m, jitter_m=jitter_m, missing_share=missing_share, sliver_share=sliver_share)
    survey, ground = take_in_both(areas, territory)
    if one_piece is None:
        one_piece = "level" in survey.attributes or not (shapely.get_type_id(survey.given) == MULTIPOLYGON).all()
    found = list(row_faults(survey, sliver_share=sliver_share, one_piece=one_piece))
    found += _territory_faults(ground)
    whole = unite(ground)
    parentage = find_parentage(survey, take_in(parents, "parents", survey.crs)) if parents is not None else None
    if shapely.is_empty(whole):
        return tabulate(found, survey.ids, survey.crs)
    found += _place_findings(survey, whole, parentage, (tolerance_m, jitter_m, missing_share))
    if households is not None:
        dwellings = take_in_households(households, survey.crs)
        found = count_households(found, dwellings)
        found += household_defects(survey, whole, dwellings, found, tolerance_m)
    if parentage is not None:
        found = [_name_parents(one, parentage) for one in found]
    if exceptions is not None:
        found = _excuse(found, exceptions, survey.crs, tolerance_m)
    return tabulate(found, survey.ids, survey.crs)


def _territory_faults(ground: Survey) -> list[Finding]:
    """Report a territory that is itself broken."""
    found = []
    if not len(ground):
        found.append(Finding("empty_geometry", (), "the territory has no rows: nothing can be said of its coverage"))
    for position in np.flatnonzero(~ground.is_valid).tolist():
        kind = "invalid_ring" if ground.is_area[position] else "empty_geometry"
        message = f"the territory {describe_fault(ground, position)}"
        shape = ground.shapes[position]
        found.append(Finding(kind, (), message, None if shapely.is_empty(shape) else shape))
    return found


def _place_findings(
    survey: Survey, whole: shapely.Geometry, parentage: Parentage | None, limits: tuple[float, float, float]
) -> list[Finding]:
    """Find what is wrong with the places that the areas cover, or do not."""
    stray = _lies_elsewhere(survey, whole)
    if stray is not None:
        return [stray]
    tolerance_m, jitter_m, missing_share = limits
    segments = coverage_chain(survey, whole)
    matching = match(segments)
    found: list[Finding] = []
    if not matching.closes or not survey.is_valid.all():
        places = find_places(survey, whole, segments, matching, tolerance_m)
        sorting = Sorting(survey, places, tolerance_m, jitter_m, missing_share)
        found += place_defects(sorting)
        found += vertex_defects(survey, places, sorting.told, tolerance_m)
    if parentage is not None:
        suspects = crossing_areas(parentage, segments, matching)
        found += list(parent_defects(survey, parentage, suspects, found, tolerance_m))
    return found


def _lies_elsewhere(survey: Survey, whole: shapely.Geometry) -> Finding | None:
    """Say once that a map does not touch its territory at all, instead of once for each area."""
    solid = survey.shapes[survey.area_m2 > 0]
    if not len(solid) or shapely.intersects(shapely.box(*shapely.total_bounds(solid)), shapely.envelope(whole)):
        return None
    message = f"none of the {len(solid)} areas touches the territory: another place, or another reference system?"
    area = float(shapely.area(whole))
    return Finding("missing_area", (), message, whole, area, 0.0, "m2", area, gap_m2=area)


def _name_parents(finding: Finding, parentage: Parentage) -> Finding:
    """Add the parents of the areas that a finding concerns."""
    names = dict.fromkeys([*finding.parents, *(parentage.label(area) for area in finding.areas)])
    return replace(finding, parents=tuple(name for name in names if name))


def _excuse(found: list[Finding], exceptions: Any, crs: Any, tolerance_m: float) -> list[Finding]:
    """Turn findings that were declared into notes with their reason."""
    declared = take_in(exceptions, "exceptions", crs)
    reasons = declared.attributes.get("reason", pd.Series([""] * len(declared), dtype=object))
    kinds = declared.attributes.get("kind", pd.Series([None] * len(declared), dtype=object))
    grounds = shapely.buffer(declared.shapes, max(tolerance_m, 1e-6))
    excused = list(found)
    shapes = np.array([one.geometry for one in found], dtype=object)
    pairs = shapely.STRtree(grounds).query(shapes, predicate="covered_by").T
    for at, ground in sorted(pairs.tolist(), reverse=True):
        kind, reason, one = kinds.iloc[ground], reasons.iloc[ground], found[at]
        if pd.isna(kind) or kind == one.kind:
            why = f": {reason}" if isinstance(reason, str) and reason else ""
            excused[at] = replace(one, severity="note", remedy="none", message=f"{one.message} (declared{why})")
    return excused
