"""Audit how areas cover a territory: every defect found, placed, measured and explained.

The audit knows nothing of how a map was made. It adds up the boundaries of the areas (``chain``), nodes what does not
cancel (``arrangement``), asks who covers the places in between (``covers``) and tells what that means.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from .causes import Evidence, explain
from .chain import match
from .code_defects import check_code_column, code_defects
from .covers import coverage_chain, find_places
from .exceptions import OPEN_KINDS, excuse
from .findings import Finding, tabulate
from .household_defects import Dwellings, count_households, household_defects, take_in_households
from .institution_defects import Institutions, institution_defects, take_in_institutions
from .intake import MULTIPOLYGON, Survey, check_numbers, describe_fault, only_area, take_in, take_in_both, unite
from .kinship import find_displaced, join_copied_ids
from .parent_defects import Parentage, crossing_areas, find_parentage, parent_defects
from .place_defects import Sorting, place_defects
from .point_defects import Uneven
from .proof import Certificate, certify
from .row_faults import invalid_finding, row_faults
from .shifts import describe_step, find_shift, join_shifted
from .street_defects import StreetLines, street_defects, take_in_streets
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
    places: Any = None,
    streets: Any = None,
    codes: str | None = None,
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
    places : GeoDataFrame, optional
        Institutions, such as schools: points or polygons, known by a column ``name``.
    streets : GeoDataFrame, optional
        Centre lines of streets; rows whose ``kind`` is not ``street`` do not count. Asked are the metres of each street
        (by ``name``) and the crossings, vertices in which three segments meet, inside the territory.
    codes : str, optional
        Column with official codes, in ``areas`` and in ``parents``: a code must begin with its parent's and stand on
        one area only. By default ``code``, where there is such a column.
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
        ``pieces``, ``parent_ids``, ``cause`` (a key of ``gridgeo.design.causes.CAUSES``, "" where nothing points to
        one), ``part_of`` (the finding that this one follows from: a gap, for the households in it).

    Raises
    ------
    TableError
        If an argument is no table of geometries, there is no such column of codes, or a number is out of range.
    CrsError
        If coordinates are not in metres, or the tables are in different systems.
    """
    check_numbers(tolerance_m=tolerance_m, jitter_m=jitter_m, missing_share=missing_share, sliver_share=sliver_share)
    survey, ground = take_in_both(areas, territory)
    column = check_code_column(survey, codes)
    things = _take_in_things(households, places, streets, survey.crs)
    if one_piece is None:
        one_piece = "level" in survey.attributes or not (shapely.get_type_id(survey.given) == MULTIPOLYGON).all()
    found = list(row_faults(survey, sliver_share=sliver_share, one_piece=one_piece))
    found += _territory_faults(ground)
    whole = unite(ground)
    parentage = find_parentage(survey, take_in(parents, "parents", survey.crs)) if parents is not None else None
    uneven = Uneven.nowhere()
    if not shapely.is_empty(whole):
        placed, uneven = _place_findings(survey, whole, parentage, (tolerance_m, jitter_m, missing_share))
        found = find_displaced(survey, join_copied_ids(survey, found + placed))
        found = join_shifted(survey, whole, found, tolerance_m)
    found += code_defects(survey, parentage, column, found)
    if not shapely.is_empty(whole):
        found = _count_things(survey, whole, uneven, things, found, tolerance_m)
    lines = None if things.streets is None else things.streets.lines
    found = explain(Evidence(survey, whole, found, tolerance_m, lines, column))
    if parentage is not None:
        found = [_name_parents(one, parentage) for one in found]
    if exceptions is not None:
        found = excuse(found, exceptions, survey.crs, tolerance_m)
    return tabulate(found, survey.ids, survey.crs)


@dataclass(frozen=True)
class _Things:
    """What areas should hold besides land, as far as it was given."""

    dwellings: Dwellings | None
    institutions: Institutions | None
    streets: StreetLines | None


def _take_in_things(households: Any, places: Any, streets: Any, crs: Any) -> _Things:
    return _Things(
        None if households is None else take_in_households(households, crs),
        None if places is None else take_in_institutions(places, crs),
        None if streets is None else take_in_streets(streets, crs),
    )


def _count_things(
    survey: Survey,
    whole: shapely.Geometry,
    uneven: Uneven,
    things: _Things,
    found: list[Finding],
    tolerance_m: float,
) -> list[Finding]:
    """Find households, institutions, streets and crossings in none and in several; count households everywhere."""
    added: list[Finding] = []
    if things.dwellings is not None:
        found = count_households(found, things.dwellings)
        added += household_defects(survey, whole, uneven, things.dwellings, found, tolerance_m)
    if things.institutions is not None:
        added += institution_defects(survey, whole, uneven, things.institutions, found, tolerance_m)
    if things.streets is not None:
        added += street_defects(survey, whole, uneven, things.streets, found, tolerance_m)
    return found + added


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
) -> tuple[list[Finding], Uneven]:
    """Find what is wrong with the places that the areas cover, or do not, and which land is not covered once."""
    uneven = Uneven.nowhere()
    stray = _lies_elsewhere(survey, whole, limits[0])
    if stray is not None:
        broken = np.flatnonzero(survey.is_area & ~survey.is_valid).tolist()
        rings = [invalid_finding(survey, position) for position in broken]
        return [stray, *rings], replace(uneven, lacks=np.array([whole], dtype=object))
    tolerance_m, jitter_m, missing_share = limits
    segments = coverage_chain(survey, whole)
    matching = match(segments)
    found: list[Finding] = []
    if not matching.closes or not survey.is_valid.all():
        places = find_places(survey, whole, segments, matching, tolerance_m)
        uneven = Uneven.of(places)
        sorting = Sorting(survey, places, tolerance_m, jitter_m, missing_share)
        found += place_defects(sorting)
        found += vertex_defects(survey, places, sorting.told, tolerance_m)
    if parentage is not None:
        suspects = crossing_areas(survey, parentage, segments, matching)
        found += list(parent_defects(survey, parentage, suspects, found, tolerance_m))
    return found, uneven


def _lies_elsewhere(survey: Survey, whole: shapely.Geometry, tolerance_m: float) -> Finding | None:
    """Say once that a map does not touch its territory at all, instead of once for each area."""
    solid = survey.shapes[survey.area_m2 > 0]
    if not len(solid) or shapely.intersects(shapely.box(*shapely.total_bounds(solid)), shapely.envelope(whole)):
        return None
    area = float(shapely.area(whole))
    step = find_shift(survey, whole, tolerance_m)
    if step is not None:
        return Finding(
            "shifted_map", np.flatnonzero(survey.area_m2 > 0).tolist(), f"{describe_step(step)} and does not touch it",
            whole, float(np.hypot(*step)), 0.0, "m", area, gap_m2=area, outside_m2=float(survey.area_m2.sum()),
            cause="other_datum",
        )  # fmt: skip
    message = f"none of the {len(solid)} areas touches the territory: another place, or another reference system?"
    return Finding("missing_area", (), message, whole, area, 0.0, "m2", area, gap_m2=area)


def _name_parents(finding: Finding, parentage: Parentage) -> Finding:
    """Add the parents of the areas that a finding concerns."""
    names = dict.fromkeys([*finding.parents, *(parentage.label(area) for area in finding.areas)])
    return replace(finding, parents=tuple(name for name in names if name))


def land_to_cover(areas: Any, territory: Any, exceptions: Any, tolerance_m: float = 0.001) -> shapely.Geometry:
    """Leave out of a territory the land that nobody needs to cover: open land that lies in declared exceptions.

    Parameters
    ----------
    areas : GeoDataFrame or GeoSeries
        The map, in metres.
    territory : Polygon, MultiPolygon, GeoSeries or GeoDataFrame
    exceptions : GeoDataFrame
        As ``audit`` takes them; those of a kind that is no open land have no influence.
    tolerance_m : float, metres

    Returns
    -------
    Polygon or MultiPolygon
        What a repair should fill. Its edge follows the areas, not the exceptions, which may be drawn generously.

    Raises
    ------
    TableError, CrsError
        As ``audit``.
    """
    findings = audit(areas, territory, tolerance_m=tolerance_m, exceptions=exceptions)
    open_ = findings[(findings["remedy"] == "none") & findings["kind"].isin(OPEN_KINDS)].geometry.to_numpy()
    whole = unite(take_in_both(areas, territory)[1])
    return only_area(shapely.difference(whole, shapely.union_all(open_))) if len(open_) else whole
