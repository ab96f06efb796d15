"""Repair a map so that it tiles its territory, tell what moved, and prove it.

Only areas that own a defect are drawn anew. Their outlines, and the limits they should keep, are cut into faces; each
face gets one owner by the rules of ``settle``; what is put together from faces of one mosaic cannot overlap. Nothing
vanishes without being named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import TableError

from .actions import Journal, list_moves, lost_most, open_questions
from .chain import Matching, Segments, match
from .covers import Places, coverage_chain, find_places
from .findings import Finding, tabulate
from .grouping import find_copies, find_twins
from .household_defects import Dwellings, take_in_households
from .intake import (
    COLLECTION,
    MULTIPOLYGON,
    NO_AREA,
    Survey,
    check_numbers,
    describe_fault,
    frame_of,
    only_area,
    take_in,
    take_in_both,
    unite,
)
from .outlines import crowded_areas, drop_points, spare_points
from .parent_defects import (
    NO_PARENT,
    Parentage,
    crossing_areas,
    find_parentage,
    find_strays,
    stray_findings,
)
from .placeholders import append_placeholders, name_placeholders
from .proof import Certificate, certify
from .rebuild import lines_through, make_mosaic, unsettled_owners
from .row_faults import mended_vertices
from .seams import seam_cuts
from .settle import CRUMB_SHARE, NOBODY, Settlement, lonely_groups, members_of, settle, sweep_crumbs
from .snapping import measure_noise, snap_vertices

FILLS = ("placeholder", "all")


@dataclass(frozen=True, eq=False)
class Repair:
    """A repaired map, what was done to it, and its proof.

    Parameters
    ----------
    areas : GeoDataFrame
        The caller's rows in the caller's order with their attributes; geometries of areas without a defect are the
        caller's own. Rows that were dropped are missing and stand in ``actions``.
    actions : GeoDataFrame
        ``action`` (see ``gridgeo.design.actions.ACTIONS``), ``area_id``, ``other_id``, ``area_m2``, ``households``
        (nan without ``households``), ``message``, and the land concerned as geometry.
    certificate : Certificate
        Whether the result covers the territory exactly once.
    undecided : GeoDataFrame
        Table ``FINDINGS``: what a person must decide.
    changes : DataFrame
        Index ``area_id``; ``before_m2, after_m2`` of every area that was drawn anew and of every placeholder, and
        ``households_before, households_after`` where households were given.
    """

    areas: gpd.GeoDataFrame
    actions: gpd.GeoDataFrame
    certificate: Certificate
    undecided: gpd.GeoDataFrame
    changes: pd.DataFrame


def repair(
    areas: Any,
    territory: Any,
    parents: Any = None,
    *,
    tolerance_m: float = 0.001,
    households: Any = None,
    fill: str = "placeholder",
    large_m2: float | None = None,
    snap_m: float | None = None,
) -> Repair:
    """Make a map cover its territory exactly once, changing no more than its defects ask for.

    Rings that cross themselves keep the land of all their lobes. Of areas that are copies of each other the first id
    stays. Land outside the territory is clipped. Land that several areas hold goes to one of them, first to one whose
    parent holds it, then to one that would lose most of its land, then to the one with the longest border to it. Land
    that nobody holds goes to the neighbour with the longest border to it, inside the same parent, unless it is as large
    as an area; strips, such as streets between blocks or a rim along the territory's limit, are first cut where their
    neighbours change.

    Parameters
    ----------
    areas : GeoDataFrame or GeoSeries
        The map, in metres; not changed.
    territory : Polygon, MultiPolygon, GeoSeries or GeoDataFrame
        What the areas shall cover; several rows are united.
    parents : GeoDataFrame, optional
        The areas of the level above, which no area shall cross.
    tolerance_m : float, metres
        Vertices and edges of touched areas that are so near to each other are brought together.
    households : GeoDataFrame, optional
        Points, to tell how many households changed their area.
    fill : {"placeholder", "all"}
        What becomes of large land without an area: it becomes a row of its own whose id begins with ``missing-``, or
        is given to neighbours. It stands in ``undecided`` either way.
    large_m2 : float, optional, m2
        What is large; by default half of the median of the areas around it, as in an audit. Strips, such as streets,
        are not large land.
    snap_m : float, optional, metres
        Unmatched vertices so near to each other are made one before anything else. By default this is done only to a
        map all of whose vertices are a little off, as far as they are off; 0 never does it.

    Returns
    -------
    Repair

    Raises
    ------
    TableError
        If an argument is no table of geometries, an option is unknown, the territory has no land, or no area
        touches it.
    CrsError
        If coordinates are not in metres, or the tables are in different systems.
    """
    if fill not in FILLS:
        raise TableError(f"fill is {fill!r}, not one of {', '.join(FILLS)}")
    check_numbers(tolerance_m=tolerance_m, large_m2=large_m2 or 0.0, snap_m=snap_m or 0.0)
    survey, ground = take_in_both(areas, territory)
    whole = unite(ground)
    _check_place(survey, whole)
    parentage = None if parents is None else find_parentage(survey, take_in(parents, "parents", survey.crs))
    journal = Journal(survey, None if households is None else take_in_households(households, survey.crs))
    case = _examine(_drop_rows(survey, journal), whole, tolerance_m, snap_m)
    case = _drop_copies(case, whole, tolerance_m, journal)
    made = _settle_case(case, whole, parentage, tolerance_m, (fill == "placeholder", large_m2))
    apart = sweep_crumbs(made, shapely.get_num_geometries(case.survey.shapes))
    drawn, lost = _draw(survey, case.survey, made)
    mixed = _mixed_rows(areas, survey)
    drawn = {at: survey.given[at] for at in mixed if at not in lost} | drawn
    journal.note_moves(made)
    _note_areas(journal, case.survey, made, drawn, lost)
    for at in mixed:
        message = f"{survey.label(at)} is a collection; its polygons are kept, its points and lines are not"
        journal.note("mended", survey.label(at), "", message)
    result = _assemble(areas, case.survey, drawn, lost)
    added = None
    if fill == "placeholder":
        added = name_placeholders(result, made, parentage, journal)
        result = append_placeholders(result, added)
    questions = [
        *open_questions(survey, made, apart, lost, [] if added is None else added.index.tolist()),
        *lost_most(survey, made, drawn),
        *_strayed(survey, parentage, made),
    ]
    return Repair(
        result,
        journal.table(survey.crs),
        certify(result, gpd.GeoSeries([whole], crs=survey.crs)),
        tabulate(questions, survey.ids, survey.crs),
        _list_changes(survey, drawn, lost, journal.dwellings, added),
    )


def _check_place(survey: Survey, whole: shapely.Geometry) -> None:
    """Refuse to clip a whole map away."""
    if shapely.is_empty(whole):
        raise TableError("territory: has no polygon; there is nothing that the areas could be made to cover")
    shapely.prepare(whole)
    near = survey.tree.query(shapely.envelope(whole))
    touching = any(
        shapely.intersects(whole, survey.shapes[near[at : at + 100]]).any() for at in range(0, len(near), 100)
    )
    if (survey.area_m2 > 0).any() and not touching:
        raise TableError("areas: none of them touches the territory; is it another place, or another reference system?")


@dataclass(frozen=True, eq=False)
class _Case:
    """A map with what is wrong with it."""

    survey: Survey
    segments: Segments
    matching: Matching
    places: Places


def _examine(survey: Survey, whole: shapely.Geometry, tolerance_m: float, snap_m: float | None) -> _Case:
    """Find what is wrong, after vertices were brought together where asked, or where the whole map is noisy."""
    segments = coverage_chain(survey, whole)
    matching = match(segments)
    reach = measure_noise(segments, matching) if snap_m is None else snap_m
    if reach > 0:
        survey = snap_vertices(survey, segments, matching, reach)
        segments = coverage_chain(survey, whole)
        matching = match(segments)
    return _Case(survey, segments, matching, find_places(survey, whole, segments, matching, tolerance_m))


def _drop_rows(survey: Survey, journal: Journal) -> Survey:
    """Give up rows without land, and exact copies of others; name each."""
    for position in np.flatnonzero(survey.area_m2 == 0).tolist():
        message = f"{survey.label(position)} {describe_fault(survey, position)}: there is nothing to draw"
        journal.note("dropped", survey.label(position), "", message)
    return _give_up(survey, find_twins(survey), journal)


def _drop_copies(case: _Case, whole: shapely.Geometry, tolerance_m: float, journal: Journal) -> _Case:
    """Give up areas that equal another but for a hairline."""
    copy_of, _ = find_copies(case.survey, case.places, tolerance_m)
    if not copy_of:
        return case
    return _examine(_give_up(case.survey, copy_of, journal), whole, tolerance_m, 0.0)


def _give_up(survey: Survey, copy_of: dict[int, int], journal: Journal) -> Survey:
    """Take copies off the map."""
    for copy, first in sorted(copy_of.items()):
        message = f"{survey.label(copy)} is the same area as {survey.label(first)}, which stays"
        journal.note("dropped", survey.label(copy), survey.label(first), message)
    if not copy_of:
        return survey
    return survey.redraw(np.array(sorted(copy_of)), np.full(len(copy_of), None, dtype=object))


def _settle_case(
    case: _Case,
    whole: shapely.Geometry,
    parentage: Parentage | None,
    tolerance_m: float,
    vacancy: tuple[bool, float | None],
) -> Settlement:
    """Cut what is touched into faces and give each an owner."""
    survey, places = case.survey, case.places
    held = np.array([area for cover in places.covers for area in cover], dtype=np.int64)
    broken = np.flatnonzero(survey.is_area & ~survey.is_valid).tolist()
    knots = {at: shapely.MultiPoint(mended_vertices(survey.given[at], survey.shapes[at])) for at in broken}
    touched = [unsettled_owners(places), held, np.array(broken, dtype=np.int64)]
    leave_open, large_m2 = vacancy
    whole_m2 = survey.typical_m2 / 2 if large_m2 is None else large_m2
    parent_of, cuts = np.full(len(survey), NO_PARENT), [seam_cuts(places, whole_m2 if leave_open else np.inf)]
    if parentage is not None:
        suspects = crossing_areas(survey, parentage, case.segments, case.matching)
        parent_of, strays, pieces = find_strays(survey, parentage, suspects, tolerance_m)
        near = survey.tree.query(pieces, predicate="dwithin", distance=tolerance_m)[1]
        touched += [strays, np.unique(near)]
        wide = places.shapes[~places.is_hairline]
        cuts.append(lines_through(parentage.parents, np.concatenate([wide, pieces])))
    chosen = np.unique(np.concatenate(touched)).astype(np.int64)
    chosen = chosen[survey.area_m2[chosen] > 0]
    chain = case.segments, case.matching
    while True:
        mosaic = make_mosaic(survey, whole, chain, chosen, np.vstack(cuts), parentage, tolerance_m)
        made = settle(mosaic, parent_of, survey.area_m2, leave_open=leave_open, large_m2=large_m2, knots=knots)
        drawn_in = crowded_areas(made, chain)
        most = CRUMB_SHARE * survey.typical_m2 if leave_open else np.inf
        drawn_in = np.union1d(drawn_in, _adopt(made, survey, chosen, most))
        if np.isin(drawn_in, chosen).all():
            return made
        chosen = np.union1d(chosen, drawn_in)


def _adopt(made: Settlement, survey: Survey, chosen: np.ndarray, most_m2: float) -> np.ndarray:
    """Give land that no area borders to the nearest area of its parent, up to a size; returns those areas."""
    nearest = set()
    for members in lonely_groups(made):
        if made.size_m2[members].sum() > most_m2:
            continue
        living = np.flatnonzero(survey.area_m2 > 0)
        candidates = np.array(made.at_home(living.tolist(), made.parent(members)) or living.tolist(), dtype=np.int64)
        if len(candidates):
            away = shapely.distance(made.mosaic.faces.shapes[members[0]], survey.shapes[candidates])
            heir = int(candidates[np.argmin(away)])
            nearest.add(heir)
            if heir in chosen:
                made.owner[members] = heir
    return np.array(sorted(nearest), dtype=np.int64)


def _draw(before: Survey, survey: Survey, made: Settlement) -> tuple[dict[int, shapely.Geometry], list[int]]:
    """Put areas together from their faces; those that come out as they were are left as they were.

    Parameters
    ----------
    before, survey : Survey
        The map as it was given, and with its vertices snapped.
    made : Settlement

    Returns
    -------
    drawn : dict of int to geometry
        The areas that changed.
    lost : list of int
        Those of which nothing is left.
    """
    snapped = np.flatnonzero((survey.given != before.given) & survey.is_area)
    drawn: dict[int, shapely.Geometry] = dict(zip(snapped.tolist(), survey.given[snapped], strict=True))
    for members in members_of(made.owner):
        area = int(made.owner[members[0]])
        if area != NOBODY:
            faces = made.mosaic.faces.shapes[members]
            drawn[area] = only_area(shapely.coverage_union_all(faces)) if len(faces) > 1 else faces[0]
    drawn = drop_points(drawn, spare_points(made))
    lost = sorted({area for cover in made.mosaic.covers for area in cover} - set(drawn))
    areas = sorted(drawn)
    new = np.array([drawn[area] for area in areas], dtype=object)
    old = before.given[areas]
    same = shapely.equals_exact(shapely.normalize(_as_parts(new)), shapely.normalize(_as_parts(old)))
    return {area: shape for area, shape, kept in zip(areas, new, same, strict=True) if not kept}, lost


def _mixed_rows(areas: Any, survey: Survey) -> list[int]:
    """List the areas that were given as collections, of which only the polygons are areas."""
    kinds = shapely.get_type_id(frame_of(areas, "areas").geometry.to_numpy())[survey.rows]
    return np.flatnonzero((kinds == COLLECTION) & survey.is_valid & (survey.area_m2 > 0)).tolist()


def _as_parts(shapes: np.ndarray) -> np.ndarray:
    """Write every polygon as a MultiPolygon, so that one part compares with one part."""
    return np.array([shapely.multipolygons(shapely.get_parts(shape)) for shape in shapes], dtype=object)


def _note_areas(
    journal: Journal, survey: Survey, made: Settlement, drawn: dict[int, shapely.Geometry], lost: list[int]
) -> None:
    """Tell of mended rings, of areas that lost everything, and of outlines that only got vertices."""
    told = {area for _, *both in list_moves(made) for area in both}
    for area in np.flatnonzero(survey.is_area & ~survey.is_valid & (survey.area_m2 > 0)).tolist():
        parts = shapely.get_num_geometries(survey.shapes[area])
        message = f"the ring of {survey.label(area)} {describe_fault(survey, area)}; its land of {parts} parts is kept"
        journal.note("mended", survey.label(area), "", message)
        told.add(area)
    for area in lost:
        journal.note("dropped", survey.label(area), "", f"nothing is left of {survey.label(area)}", survey.shapes[area])
    for area in sorted(set(drawn) - told):
        message = f"the outline of {survey.label(area)} was matched with its neighbours'"
        journal.note("noded", survey.label(area), "", message)


def _assemble(areas: Any, survey: Survey, drawn: dict[int, shapely.Geometry], lost: list[int]) -> gpd.GeoDataFrame:
    """Put the new shapes into the caller's rows."""
    frame = frame_of(areas, "areas").copy()
    shapes = np.asarray(frame.geometry.array, dtype=object).copy()
    changed = sorted(drawn)
    rows = survey.rows[changed]
    # A layer of multipart features stays one.
    multipart = shapely.get_type_id(shapes[rows]) == MULTIPOLYGON
    shapes[rows] = [drawn[area] for area in changed]
    shapes[rows[multipart]] = _as_parts(shapes[rows[multipart]])
    kept = np.zeros(len(frame), dtype=bool)
    kept[survey.rows[survey.area_m2 > 0]] = True
    kept[survey.rows[lost]] = False
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
    if "area_m2" in frame.columns and len(rows):
        sizes = frame["area_m2"].to_numpy(dtype=float, na_value=np.nan).copy()
        sizes[rows] = shapely.area(shapes[rows])
        frame["area_m2"] = sizes
    return frame[kept]


def _strayed(survey: Survey, parentage: Parentage | None, made: Settlement) -> list[Finding]:
    """List the areas that name another parent than the one they lie in: the ids are the planner's to change."""
    if parentage is None or parentage.names is None:
        return []
    strays = np.flatnonzero((made.parent_of != parentage.parent_of) & (made.area_m2 > 0))
    return list(stray_findings(survey, parentage, strays))


def _list_changes(
    survey: Survey,
    drawn: dict[int, shapely.Geometry],
    lost: list[int],
    dwellings: Dwellings | None,
    added: pd.DataFrame | None,
) -> pd.DataFrame:
    """Set every area that was drawn anew, and every placeholder, before beside after."""
    areas = sorted({*drawn, *lost})
    names, shapes = ([], []) if added is None else (added.index.tolist(), added["shape"].tolist())
    before = np.array([*survey.shapes[areas], *(NO_AREA for _ in names)], dtype=object)
    after = np.array([*(drawn.get(area, NO_AREA) for area in areas), *shapes], dtype=object)
    index = pd.Index([*(survey.label(area) for area in areas), *names], name="area_id", dtype="str")
    changes = pd.DataFrame({"before_m2": shapely.area(before), "after_m2": shapely.area(after)}, index=index)
    if dwellings is not None:
        # Who lives on a border with an area that stayed as it was is that area's, before and after.
        near = np.setdiff1d(survey.tree.query(np.concatenate([before, after]), predicate="intersects")[1], areas)
        for name, held_by in (("households_before", before), ("households_after", after)):
            held = dwellings.total_in(np.concatenate([survey.shapes[near], held_by]))
            changes[name] = held[len(near) :].astype(np.int64)
    return changes
