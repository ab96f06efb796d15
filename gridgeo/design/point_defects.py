"""Find points that no area holds, or several do: households, institutions, crossings of streets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import check_metric
from gridgeo.model.errors import CrsError

from .covers import Places
from .findings import Finding, name_list
from .intake import Survey, are_finite, frame_of

_PLACE_KINDS = ("gap", "open_gap", "hole", "missing_area", "jittered_edge", "invalid_ring", "shifted_map")
_TWICE_KINDS = ("duplicate", "contained", "overlap", "jittered_edge")
_BETWEEN, _OUTSIDE = -1, -2


@dataclass(frozen=True, eq=False)
class Uneven:
    """The land that is not covered exactly once; all other land of the territory is proved to be.

    Parameters
    ----------
    lacks : array of Polygon
        Land of the territory in no area, hairlines among it.
    crowds : array of Polygon
        Land in several areas.
    covers : list of tuple of int
        Who lies over each of ``crowds``.
    """

    lacks: np.ndarray
    crowds: np.ndarray
    covers: list[tuple[int, ...]]

    @classmethod
    def nowhere(cls) -> Uneven:
        """Say that the territory is covered exactly once."""
        return cls(np.empty(0, dtype=object), np.empty(0, dtype=object), [])

    @classmethod
    def of(cls, places: Places) -> Uneven:
        """Sort places by how many areas cover them."""
        many = np.flatnonzero(places.depth > 1)
        lacks = places.shapes[(places.depth == 0) & places.inside]
        return cls(lacks, places.shapes[many], [places.covers[at] for at in many.tolist()])


@dataclass(frozen=True, eq=False)
class Points:
    """Points with what each stands for.

    Parameters
    ----------
    points : array of Point
        Missing or endless ones are None.
    count : array of int
        How many things a point stands for.
    """

    points: np.ndarray
    count: np.ndarray

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Index the points by their place."""
        return shapely.STRtree(self.points)

    @cached_property
    def placed(self) -> np.ndarray:
        """Tell which rows have a point."""
        return ~shapely.is_missing(self.points)

    def total_in(self, shapes: np.ndarray) -> np.ndarray:
        """Count what lies in each shape, its edge included; a point on the edges of several counts in the first."""
        if not len(shapes):
            return np.zeros(0)
        shape, point = self.tree.query(shapes, predicate="covers")
        shared = np.flatnonzero(np.bincount(point, minlength=len(self.points))[point] > 1)
        inner = shapely.contains_properly(shapes[shape[shared]], self.points[point[shared]])
        # Before the others: the shapes that hold a point inside, then the first of those that have it on their edge.
        order = shared[np.lexsort((shape[shared], ~inner, point[shared]))]
        first = np.ones(len(order), dtype=bool)
        first[1:] = point[order][1:] != point[order][:-1]
        counted = np.ones(len(shape), dtype=bool)
        counted[shared] = inner
        counted[order[first]] = True
        shape, point = shape[counted], point[counted]
        return np.bincount(shape, weights=self.count[point], minlength=len(shapes))


@dataclass(frozen=True)
class Wording:
    """How findings name the things that points stand for.

    Parameters
    ----------
    stem : str
        Of the kinds: ``household`` for ``household_in_none``.
    one, many : str
        What is counted.
    names : array of str or None
        Of each point, where a person knows it by its name.
    """

    stem: str
    one: str
    many: str
    names: np.ndarray | None = None

    def lie(self, total: int) -> str:
        """Begin a sentence."""
        return f"1 {self.one} lies" if total == 1 else f"{total} {self.many} lie"

    def called(self, members: np.ndarray) -> str:
        """End a sentence with names, if there are any."""
        if self.names is None:
            return ""
        names = sorted({str(name) for name in self.names[members] if name})
        return f": {name_list(names)}" if names else ""


def take_in_shapes(table: Any, what: str, crs: Any) -> tuple[pd.DataFrame, np.ndarray]:
    """Read a layer of any size in the order of its rows; shapes that are empty or not finite are None.

    Raises
    ------
    TableError
        If it is no table of geometries.
    CrsError
        If it is in another CRS than the areas, or the areas have none and it is not in metres.
    """
    frame = frame_of(table, what)
    if crs is None:
        if len(frame) or frame.crs is not None:
            check_metric(frame.crs, what)
    elif frame.crs is not None and frame.crs != crs:
        raise CrsError(f"{what}: is in {frame.crs.name}, the areas are in {crs.name}; use {what}.to_crs(areas.crs)")
    shapes = np.array(frame.geometry.array, dtype=object)
    if shapely.has_z(shapes).any():
        shapes = shapely.force_2d(shapes)
    shapes[shapely.is_empty(shapes) | ~are_finite(shapes)] = None
    return pd.DataFrame(frame.drop(columns=frame.active_geometry_name)), shapes


def point_defects(
    survey: Survey,
    territory: shapely.Geometry,
    uneven: Uneven,
    things: Points,
    wording: Wording,
    found: list[Finding],
    tolerance_m: float,
) -> Iterator[Finding]:
    """Find points in no area or in several.

    Only land that is not covered exactly once is asked. A point on a border, or within the tolerance of one, has its
    one area and is no finding; so is one on the outer edge.

    Parameters
    ----------
    survey : Survey
    territory : Polygon or MultiPolygon
    uneven : Uneven
    things : Points
    wording : Wording
    found : list of Finding
        What is wrong with the areas: points in one gap are one finding, which follows from that of the gap.
    tolerance_m : float, metres

    Yields
    ------
    Finding
        ``*_in_none, *_in_several``.
    """
    yield from _in_none(survey, territory, uneven, things, wording, found, tolerance_m)
    yield from _in_several(survey, uneven, things, wording, found, tolerance_m)


def _lost(
    survey: Survey, territory: shapely.Geometry, uneven: Uneven, things: Points, tolerance_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """List the points that no area holds, and whether each lies outside the territory."""
    placed = np.flatnonzero(things.placed)
    points = things.points[placed]
    shapely.prepare(territory)
    inside = np.zeros(len(things.points), dtype=bool)
    inside[placed] = shapely.intersects_xy(territory, shapely.get_x(points), shapely.get_y(points))
    lost = things.placed & ~inside
    if len(uneven.lacks):
        lost[things.tree.query(uneven.lacks, predicate="intersects")[1]] = True
    at = np.flatnonzero(lost)
    if len(at) and len(survey):
        held = survey.tree.query(things.points[at], predicate="dwithin", distance=tolerance_m)[0]
        at = np.delete(at, np.unique(held))
    return at, ~inside[at]


def _in_none(
    survey: Survey,
    territory: shapely.Geometry,
    uneven: Uneven,
    things: Points,
    wording: Wording,
    found: list[Finding],
    tolerance_m: float,
) -> Iterator[Finding]:
    lost, outside = _lost(survey, territory, uneven, things, tolerance_m)
    if not len(lost):
        return
    open_, group = lie_in_findings(things.points[lost], found)
    group[(group < 0) & outside] = _OUTSIDE
    for number in np.unique(group).tolist():
        members = lost[group == number]
        total, where = int(things.count[members].sum()), "outside the territory"
        around: list[int] = []
        because = -1
        if number >= 0:
            because = open_[number]
            around = list(found[because].areas)
            where = f"in {describe_place(survey, found[because])}"
        elif number == _BETWEEN:
            where = "between areas"
        yield Finding(
            f"{wording.stem}_in_none", around,
            f"{wording.lie(total)} in no area: {where}{wording.called(members)}", gather(things.points[members]),
            float(total), 0.0, wording.many, pieces=len(members), because=because,
            households=float(total) if wording.stem == "household" else float("nan"),
            severity="warning" if number == _OUTSIDE else "",
        )  # fmt: skip


def lie_in_findings(shapes: np.ndarray, found: list[Finding]) -> tuple[list[int], np.ndarray]:
    """Tell in which finding of open land each shape lies.

    Returns
    -------
    findings : list of int
        Positions of the findings of open land.
    group : array of int
        For each shape, which of those; -1 for none.
    """
    open_ = [at for at, one in enumerate(found) if one.kind in _PLACE_KINDS and one.gap_m2 > 0 and one.area_m2 > 0]
    tree = shapely.STRtree(np.array([found[at].geometry for at in open_], dtype=object))
    group = np.full(len(shapes), -1)
    at, place = tree.query(shapes, predicate="intersects")
    order = np.lexsort((place, at))[::-1]
    group[at[order]] = place[order]
    return open_, group


def describe_place(survey: Survey, finding: Finding) -> str:
    """Name a place in a message: ``a gap by A and B``."""
    kind = finding.kind.replace("_", " ")
    article = "an" if kind[0] in "aeio" else "a"
    names = name_list(survey.label(area) for area in finding.areas)
    return f"{article} {kind} by {names}" if names else f"{article} {kind}"


def _in_several(
    survey: Survey, uneven: Uneven, things: Points, wording: Wording, found: list[Finding], tolerance_m: float
) -> Iterator[Finding]:
    """Count points that lie well inside several areas."""
    if not len(uneven.crowds):
        return
    place, point = things.tree.query(uneven.crowds, predicate="intersects")
    pairs = np.array(
        [(area, at) for one, at in zip(place.tolist(), point.tolist(), strict=True) for area in uneven.covers[one]],
        dtype=np.int64,
    ).reshape(-1, 2)
    area, point = np.unique(pairs, axis=0).T
    deep = shapely.distance(shapely.boundary(survey.shapes[area]), things.points[point]) > tolerance_m
    holders: dict[int, list[int]] = defaultdict(list)
    for one, at in zip(area[deep].tolist(), point[deep].tolist(), strict=True):
        holders[at].append(one)
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for at, several in holders.items():
        if len(several) > 1:
            groups[tuple(sorted(several))].append(at)
    crowding = Crowding(found)
    for areas, members in groups.items():
        at = np.array(sorted(members))
        total, shape = int(things.count[at].sum()), gather(things.points[at])
        yield Finding(
            f"{wording.stem}_in_several", areas,
            f"{wording.lie(total)} in {name_list(survey.label(one) for one in areas)} at once{wording.called(at)}",
            shape, float(total), 0.0, wording.many, pieces=len(at), because=crowding.cause_of(areas, shape),
            households=float(total) if wording.stem == "household" else float("nan"),
        )  # fmt: skip


class Crowding:
    """Findings that tell why land lies in several areas at once."""

    def __init__(self, found: list[Finding]) -> None:
        self.found = found
        self.by_area: dict[int, list[int]] = defaultdict(list)
        for at, one in enumerate(found):
            if one.kind in _TWICE_KINDS and one.geometry is not None:
                for area in one.areas:
                    self.by_area[int(area)].append(at)

    def cause_of(self, areas: tuple[int, ...], shape: shapely.Geometry) -> int:
        """Find the finding that explains why a shape lies in several areas; -1 for none."""
        for at in sorted({at for area in areas for at in self.by_area.get(area, ())}):
            one = self.found[at]
            if len(set(areas) & set(one.areas)) > 1 and shapely.intersects(one.geometry, shape):
                return at
        return -1


def gather(points: np.ndarray) -> shapely.Geometry:
    """Put points into one geometry, in an order of their own."""
    if len(points) == 1:
        return points[0]
    xy = shapely.get_coordinates(points)
    return shapely.MultiPoint(xy[np.lexsort((xy[:, 1], xy[:, 0]))])
