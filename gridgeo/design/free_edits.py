"""Edit a map that has no atoms by hand: borders are drawn, and every edit is proved before it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import EditError, TableError

from .border_moves import move_stretch
from .corner_moves import move_vertices
from .cuts import cut_along
from .drawn import check_line, check_piece, check_point
from .edit_map import Change, EditMap, Undo
from .edit_proof import Limits, check_shapes, follow, prove
from .gifts import give_piece
from .household_defects import take_in_households
from .intake import Survey, check_numbers, frame_of, take_in, take_in_both, unite
from .parent_defects import find_parentage
from .parting import join_shapes, part_areas
from .proof import Certificate, certify
from .vertex_matching import match_vertices

LOG_COLUMNS = (
    "edit", "action", "area_id", "before_m2", "after_m2", "gained_m2", "lost_m2", "households_gained",
    "households_lost",
)  # fmt: skip
"""Columns of ``MapEditor.log``, one row an area that an edit gave another shape."""

DECIMALS = 6
"""Of a square metre; what is less comes from rounding."""


class MapEditor:
    """Edit areas that cover their territory exactly once, so that they always do.

    Only the areas that an edit touches are drawn again; all others stay the objects they were. A new vertex on a
    border is computed once and inserted on both sides. Before an edit counts, the directed boundary segments of the
    touched areas before and after are added up: they must cancel without rest, in each parent where there are
    parents. An edit that is refused changes nothing.

    Parameters
    ----------
    areas : GeoDataFrame or GeoSeries of Polygon or MultiPolygon
        In metres, with one row an ``area_id``, such as ``gg.repair(...).areas``. It is not changed.
    territory : Polygon, MultiPolygon, GeoSeries or GeoDataFrame, optional
        What they cover; their union where it is not given.
    parents : GeoDataFrame, optional
        Areas of the level above. Land stays in its parent, as ``parent_id`` names it or, without that column, where
        an area lies.
    households : GeoDataFrame of Point, optional
        Households to count in the log; ``count`` on a row, else 1.
    tolerance_m : float, metres
        A drawn line that passes a vertex or ends beside a border so near is led onto it.
    narrowest_m : float, metres
        An edit leaves no part of an area that is nowhere so wide.
    several_parts : bool
        Whether an edit may leave an area in more parts than it had.

    Raises
    ------
    TableError
        If the areas do not cover the territory exactly once, an id is missing or there twice, or an argument is no
        such table.
    CrsError
        If coordinates are not in metres, or the tables are in different systems.
    """

    def __init__(
        self,
        areas: Any,
        territory: Any = None,
        *,
        parents: Any = None,
        households: Any = None,
        tolerance_m: float = 0.01,
        narrowest_m: float = 1.0,
        several_parts: bool = False,
    ) -> None:
        check_numbers(tolerance_m=tolerance_m, narrowest_m=narrowest_m)
        frame = frame_of(areas, "areas")
        survey, ground = _take_in(areas, territory)
        _check_ids(survey)
        shapes, whole = _prove_start(survey, ground)
        parent, parent_names = _read_parents(survey, parents)
        self._tolerance_m = tolerance_m
        self._limits = Limits(narrowest_m, several_parts)
        self._dwellings = None if households is None else take_in_households(households, survey.crs)
        place = np.argsort(survey.rows)
        self._map = EditMap(
            survey.ids[place],
            _same_objects(frame, shapes[place], survey.given[place]),
            parent[place],
            parent_names,
            pd.DataFrame(frame.drop(columns=frame.active_geometry_name)),
            whole,
            survey.crs,
            str(frame.active_geometry_name),
        )
        self._undo: list[Undo] = []
        self._log: list[list[dict[str, Any]]] = []

    def __len__(self) -> int:
        return len(self._map)

    @property
    def areas(self) -> gpd.GeoDataFrame:
        """Return the areas of now.

        Returns
        -------
        GeoDataFrame
            The columns that were given, in their order; new areas come last. ``area_m2`` is measured anew for areas
            that were edited, ``households`` is counted where points were given; else counts of edited areas are
            missing.
        """
        return self._map.frame(self._dwellings)

    @property
    def territory(self) -> shapely.Geometry:
        """Return the territory with the vertices that edits have set on its outline."""
        return self._map.territory

    @property
    def log(self) -> pd.DataFrame:
        """Return what was done.

        Returns
        -------
        DataFrame
            One row an area that an edit gave other land: ``edit`` (from 1), ``action``, ``area_id``, ``before_m2``,
            ``after_m2``, ``gained_m2``, ``lost_m2``, ``households_gained``, ``households_lost``; the last two are
            missing without households.
        """
        return pd.DataFrame([row for edit in self._log for row in edit], columns=list(LOG_COLUMNS))

    def certificate(self) -> Certificate:
        """Prove the whole map anew, coordinate by coordinate.

        Returns
        -------
        Certificate
        """
        return certify(self.areas, gpd.GeoSeries([self.territory], crs=self.areas.crs), strict=True)

    def shape(self, area_id: str) -> shapely.Geometry:
        """Give the polygon of an area.

        Raises
        ------
        EditError
            If there is no such area.
        """
        return self._map.shapes[self._row(area_id)]

    def neighbours(self, area_id: str) -> list[str]:
        """Name the areas that have a border in common with an area, in order of their ids.

        Raises
        ------
        EditError
            If there is no such area.
        """
        row = self._row(area_id)
        near = self._map.near(self._map.bounds[row])
        near = near[near != row]
        shared = shapely.intersection(shapely.boundary(self._map.shapes[near]), shapely.boundary(self._map.shapes[row]))
        return [str(name) for name in self._map.ids[near[shapely.length(shared) > 0]]]

    def move_border(self, one: str, other: str, line: shapely.LineString) -> pd.DataFrame:
        """Draw the border between two neighbours anew.

        Where the line begins and ends on their border, the stretch between is replaced; where it begins or ends on
        their outer edge, the border ends there from now on. Of several ways to read it, the one that moves the least
        land counts.

        Parameters
        ----------
        one, other : str
            Ids of the two areas.
        line : LineString
            Inside the two.

        Returns
        -------
        DataFrame
            The rows of the log.

        Raises
        ------
        EditError
            If the line leaves the two areas or does not part them, or an area would be without land, fall apart,
            become too thin or leave its parent.
        """
        rows = self._two_rows(one, other)
        line = check_line(line)
        names = (str(one), str(other))
        shapes = self._map.shapes[rows]
        parting = part_areas(shapes, np.array([line]), self._tolerance_m)
        owner = move_stretch(parting, line, names, self._tolerance_m)
        if (owner == parting.owner).all():
            raise EditError(f"the line is the border of areas {names[0]!r} and {names[1]!r} already; draw it elsewhere")
        made = {row: parting.join_faces(owner == at) for at, row in enumerate(rows)}
        return self._commit(Change("move_border", made, paths=parting.paths(np.ones(2, dtype=bool))))

    def move_junction(self, at: shapely.Point, to: shapely.Point, *, reach_m: float = 0.0) -> pd.DataFrame:
        """Move a vertex where areas meet, with all borders that end there.

        Parameters
        ----------
        at : Point
            The vertex, within ``tolerance_m``.
        to : Point
            Where it goes.
        reach_m : float, metres
            Vertices so near to it move along, the less the farther they are; those on the outline of the territory
            stay.

        Returns
        -------
        DataFrame
            The rows of the log.

        Raises
        ------
        EditError
            If no vertex is there, it is on the outline of the territory, or borders would cross.
        """
        check_numbers(reach_m=reach_m)
        places = check_point(at, "at"), check_point(to, "to")
        return self._commit(move_vertices(self._map, places, reach_m, self._tolerance_m))

    def cut(
        self,
        area_id: str,
        line: shapely.LineString,
        new_ids: Sequence[str] | None = None,
        *,
        keep: shapely.Point | None = None,
    ) -> pd.DataFrame:
        """Cut an area along a line; the largest piece keeps the id.

        Parameters
        ----------
        area_id : str
        line : LineString
            From edge to edge, or a ring inside; what lies beyond the area does not count.
        new_ids : sequence of str, optional
            Of the other pieces, the largest first; made from ``area_id`` by default. They take all attributes.
        keep : Point, optional
            Lies in the piece that keeps the id.

        Returns
        -------
        DataFrame
            The rows of the log.

        Raises
        ------
        EditError
            If the line does not cut the area through, an id is taken, or a piece would be too thin.
        """
        row = self._row(area_id)
        spot = None if keep is None else shapely.Point(check_point(keep, "keep"))
        return self._commit(cut_along(self._map, row, check_line(line), new_ids, spot, self._tolerance_m))

    def give(self, piece: shapely.Polygon, to: str, *, givers: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Give a piece of land to a neighbour.

        Parameters
        ----------
        piece : Polygon or MultiPolygon
            May lie in several areas, and in the receiver too.
        to : str
            Id of the area that receives it.
        givers : str or sequence of str, optional
            The areas it may be taken from; all by default.

        Returns
        -------
        DataFrame
            The rows of the log.

        Raises
        ------
        EditError
            If the piece reaches out of the givers or of the territory, or an area would be without land, fall apart,
            become too thin or leave its parent.
        """
        receiver = self._row(to)
        named = [givers] if isinstance(givers, str) else givers
        allowed = None if named is None else [self._row(name) for name in named]
        return self._commit(give_piece(self._map, check_piece(piece), receiver, allowed, self._tolerance_m))

    def merge(self, keep: str, other: str) -> pd.DataFrame:
        """Join an area to its neighbour, whose id and attributes stay.

        Parameters
        ----------
        keep, other : str
            The id that stays, and the one that ends.

        Returns
        -------
        DataFrame
            The rows of the log.

        Raises
        ------
        EditError
            If they have no border in common or lie in different parents.
        """
        rows = self._two_rows(keep, other)
        return self._commit(Change("merge", {rows[0]: join_shapes(self._map.shapes[rows])}, removed=(rows[1],)))

    def undo(self) -> pd.DataFrame:
        """Take the last edit back; every area is the object that it was.

        Returns
        -------
        DataFrame
            The rows that the log loses.

        Raises
        ------
        EditError
            If nothing is left to take back.
        """
        if not self._undo:
            raise EditError("there is no edit to take back; the map is as it was given")
        self._map.revert(self._undo.pop())
        return pd.DataFrame(self._log.pop(), columns=list(LOG_COLUMNS))

    def _row(self, area_id: Any) -> int:
        """Find the row of an area."""
        row = self._map.row(area_id)
        if row is None:
            raise EditError(f"there is no area {str(area_id)!r} among {len(self):,}; see the index of .areas")
        return row

    def _two_rows(self, one: Any, other: Any) -> list[int]:
        """Find the rows of two different areas."""
        rows = [self._row(one), self._row(other)]
        if rows[0] == rows[1]:
            raise EditError(f"area {str(one)!r} is named twice; name two neighbours")
        return rows

    def _commit(self, change: Change) -> pd.DataFrame:
        """Prove an edit, then make it."""
        check_shapes(self._map, change, self._limits)
        full, territory = follow(self._map, change)
        followed = set(full.shapes) - set(change.shapes)
        check_shapes(
            self._map, replace(full, shapes={row: full.shapes[row] for row in followed}, added=[]), self._limits
        )
        prove(self._map, full, territory)
        rows = self._measure(change)
        self._undo.append(self._map.apply(full, territory, frozenset(change.shapes)))
        self._log.append(rows)
        return pd.DataFrame(rows, columns=list(LOG_COLUMNS))

    def _measure(self, change: Change) -> list[dict[str, Any]]:
        """Write down what a change does to each area."""
        nothing = shapely.Polygon()
        listed = [(str(self._map.ids[row]), self._map.shapes[row], shape) for row, shape in change.shapes.items()]
        listed += [(str(self._map.ids[row]), self._map.shapes[row], nothing) for row in change.removed]
        listed += [(name, nothing, shape) for name, shape, _ in change.added]
        listed.sort(key=lambda one: one[0])
        before = np.array([one[1] for one in listed], dtype=object)
        after = np.array([one[2] for one in listed], dtype=object)
        before_m2, after_m2 = shapely.area(before), shapely.area(after)
        gained = shapely.difference(after, before)
        gained_m2 = shapely.area(gained)
        homes = np.full((2, len(listed)), np.nan)
        if self._dwellings is not None:
            lost = shapely.difference(before, after)
            homes = np.vstack([self._dwellings.total_in(gained), self._dwellings.total_in(lost)])
        lost_m2 = np.round(before_m2 + gained_m2 - after_m2, DECIMALS)
        measured = (before_m2, after_m2, np.round(gained_m2, DECIMALS), lost_m2, *homes)
        number = len(self._log) + 1
        return [
            dict(zip(LOG_COLUMNS, (number, change.action, one[0], *figures), strict=True))
            for one, figures in zip(listed, np.array(measured).T.tolist(), strict=True)
        ]


def _take_in(areas: Any, territory: Any) -> tuple[Survey, Survey | None]:
    if territory is None:
        return take_in(areas), None
    return take_in_both(areas, territory)


def _check_ids(survey: Survey) -> None:
    """Refuse a map without rows, or whose rows cannot be told apart."""
    if not len(survey):
        raise TableError("areas: has no rows; there is nothing to edit")
    if (survey.ids == "").any():
        raise TableError(f"areas: {int((survey.ids == '').sum())} rows have no area_id; gg.repair names them")
    twice = np.flatnonzero(survey.ids[1:] == survey.ids[:-1])
    if len(twice):
        raise TableError(f"areas: area_id {survey.ids[twice[0]]!r} is there twice; gg.repair names them apart")


def _prove_start(survey: Survey, ground: Survey | None) -> tuple[np.ndarray, shapely.Geometry]:
    """Prove that the areas cover the territory; give them with matched vertices, and the territory."""
    broken = np.flatnonzero(~survey.is_valid)
    if len(broken):
        raise TableError(
            f"areas: area {survey.label(broken[0])!r} has no valid polygon; use gg.repair(areas, territory)"
        )
    whole = unite(survey) if ground is None else unite(ground)
    held = gpd.GeoSeries(survey.shapes, index=pd.Index(survey.ids, name="area_id"), crs=survey.crs)
    certificate = certify(held, gpd.GeoSeries([whole], crs=survey.crs))
    if not certificate.holds:
        raise TableError(f"areas: {certificate.reason}; use gg.repair(areas, territory) first")
    shapes = survey.shapes
    if not certificate.exact:
        shapes, whole = match_vertices(shapes, whole)
    proof = certify(gpd.GeoSeries(shapes, crs=survey.crs), gpd.GeoSeries([whole], crs=survey.crs), strict=True)
    if not proof.holds:
        raise TableError(f"areas: {proof.reason} even after their vertices were matched; use gg.repair first")
    return shapes, whole


def _read_parents(survey: Survey, parents: Any) -> tuple[np.ndarray, np.ndarray]:
    """Number the parent of each area, and name the parents."""
    if parents is None:
        return np.full(len(survey), -1), np.empty(0, dtype=object)
    above = take_in(parents, "parents", survey.crs)
    if not len(above):
        raise TableError("parents: has no rows; leave the argument out where there are no parents")
    return find_parentage(survey, above).parent_of, above.ids


def _same_objects(frame: gpd.GeoDataFrame, shapes: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Give the caller's own polygons where nothing had to be done to them."""
    own = np.asarray(frame.geometry.array, dtype=object)
    same = np.array([one is two for one, two in zip(shapes, given, strict=True)]) & ~shapely.has_z(own)
    same &= shapely.get_type_id(own) == shapely.get_type_id(given)
    return np.where(same, own, shapes)
