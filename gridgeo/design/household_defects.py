"""Find households that no area holds, or several do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import TableError

from .findings import Finding, name_list
from .intake import Survey, are_finite, take_in

_PLACE_KINDS = ("gap", "open_gap", "hole", "missing_area", "jittered_edge", "invalid_ring")


@dataclass(frozen=True, eq=False)
class Dwellings:
    """Household points with how many households each stands for.

    Parameters
    ----------
    points : array of Point
        Missing or endless ones are None.
    count : array of int
    """

    points: np.ndarray
    count: np.ndarray

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Index the points by their place."""
        return shapely.STRtree(self.points)

    def total_in(self, shapes: np.ndarray) -> np.ndarray:
        """Count the households in each shape, its edge included."""
        shape, point = self.tree.query(shapes, predicate="covers")
        return np.bincount(shape, weights=self.count[point], minlength=len(shapes))


def take_in_households(households: Any, crs: Any) -> Dwellings:
    """Read household points as they are; a row without a count stands for one household.

    Raises
    ------
    TableError
        If it is no table of points, or a count is no whole number of at least 1.
    CrsError
        If it is in another CRS.
    """
    survey = take_in(households, "households", crs)
    points = survey.given.copy()
    missing = shapely.is_missing(points) | shapely.is_empty(points) | ~are_finite(points)
    points[missing] = None
    wrong = ~missing & (shapely.get_type_id(points) != 0)
    if wrong.any():
        raise TableError(f"households: row {survey.rows[wrong][0]} is a {points[wrong][0].geom_type}, not a Point")
    named = survey.attributes.get("count")
    count = np.ones(len(points)) if named is None else pd.to_numeric(named, errors="coerce").to_numpy(dtype=float)
    bad = ~(np.isfinite(count) & (count >= 1) & (count == np.floor(count)))
    if bad.any():
        value = survey.attributes["count"].tolist()[int(np.flatnonzero(bad)[0])]
        raise TableError(
            f"households: count of row {survey.rows[bad][0]} is {value!r}, not a whole number of at least 1"
        )
    return Dwellings(points, count.astype(np.int64))


def household_defects(
    survey: Survey, territory: shapely.Geometry, dwellings: Dwellings, found: list[Finding], tolerance_m: float
) -> Iterator[Finding]:
    """Find households that lie in no area or in several.

    A household on a border, or within the tolerance of one, has its one area and is no finding; so is one on the
    outer edge.

    Parameters
    ----------
    survey : Survey
    territory : Polygon or MultiPolygon
    dwellings : Dwellings
    found : list of Finding
        What is wrong with the areas: households in one gap are one finding.
    tolerance_m : float, metres

    Yields
    ------
    Finding
        ``household_in_none, household_in_several``.
    """
    points, count = dwellings.points, dwellings.count
    placed = ~shapely.is_missing(points)
    area, point = dwellings.tree.query(survey.shapes, predicate="covers")
    times = np.bincount(point, minlength=len(points))
    yield from _in_none(survey, territory, dwellings, found, np.flatnonzero(placed & (times == 0)), tolerance_m)
    several = times[point] > 1
    yield from _in_several(survey, dwellings, area[several], point[several], tolerance_m)
    if not placed.all():
        total = int(count[~placed].sum())
        yield Finding(
            "household_in_none", (), f"{total} households on {int((~placed).sum())} rows have no point", None,
            float(total), 0.0, "households", households=float(total),
        )  # fmt: skip


def _in_none(
    survey: Survey,
    territory: shapely.Geometry,
    dwellings: Dwellings,
    found: list[Finding],
    lost: np.ndarray,
    tolerance_m: float,
) -> Iterator[Finding]:
    points = dwellings.points
    if len(lost) and len(survey):
        held = survey.tree.query(points[lost], predicate="dwithin", distance=tolerance_m)[0]
        lost = np.delete(lost, np.unique(held))
    if not len(lost):
        return
    open_ = [at for at, one in enumerate(found) if one.kind in _PLACE_KINDS and one.gap_m2 > 0 and one.area_m2 > 0]
    shapes = np.array([found[at].geometry for at in open_], dtype=object)
    group = np.full(len(lost), -1)
    at, place = shapely.STRtree(shapes).query(points[lost], predicate="intersects")
    group[at[::-1]] = place[::-1]
    outside = (group < 0) & ~shapely.intersects(territory, points[lost])
    group[outside] = -2
    for number in np.unique(group):
        members = lost[group == number]
        total, where = int(dwellings.count[members].sum()), "outside the territory"
        around: list[int] = []
        if number >= 0:
            cause = found[open_[number]]
            around = list(cause.areas)
            kind = cause.kind.replace("_", " ")
            names = name_list(survey.label(area) for area in around)
            where = f"in {'an' if kind[0] in 'aeio' else 'a'} {kind} by {names}" if names else f"in a {kind}"
        elif number == -1:
            where = "between areas"
        noun = "1 household lies" if total == 1 else f"{total} households lie"
        yield Finding(
            "household_in_none", around, f"{noun} in no area: {where}", _points(points[members]), float(total), 0.0,
            "households", households=float(total), pieces=len(members), severity="warning" if number == -2 else "",
        )  # fmt: skip


def _in_several(
    survey: Survey, dwellings: Dwellings, area: np.ndarray, point: np.ndarray, tolerance_m: float
) -> Iterator[Finding]:
    """Count households that lie well inside several areas."""
    depth = shapely.distance(shapely.boundary(survey.shapes[area]), dwellings.points[point])
    deep = depth > tolerance_m
    holders: dict[int, list[int]] = defaultdict(list)
    for one, at in zip(area[deep].tolist(), point[deep].tolist(), strict=True):
        holders[at].append(one)
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for at, several in holders.items():
        if len(several) > 1:
            groups[tuple(sorted(several))].append(at)
    for areas, members in groups.items():
        total = int(dwellings.count[members].sum())
        noun = "1 household lies" if total == 1 else f"{total} households lie"
        yield Finding(
            "household_in_several", areas, f"{noun} in {name_list(survey.label(one) for one in areas)} at once",
            _points(dwellings.points[sorted(members)]), float(total), 0.0, "households",
            households=float(total), pieces=len(members),
        )  # fmt: skip


def _points(points: np.ndarray) -> shapely.Geometry:
    if len(points) == 1:
        return points[0]
    xy = shapely.get_coordinates(points)
    return shapely.MultiPoint(xy[np.lexsort((xy[:, 1], xy[:, 0]))])


def count_households(found: list[Finding], dwellings: Dwellings) -> list[Finding]:
    """Add to each finding that has a surface the households that live there."""
    solid = [
        at for at, one in enumerate(found) if one.geometry is not None and shapely.get_dimensions(one.geometry) == 2
    ]
    totals = dwellings.total_in(np.array([found[at].geometry for at in solid], dtype=object))
    counted = list(found)
    for at, total in zip(solid, totals, strict=True):
        counted[at] = replace(found[at], households=float(total))
    return counted
