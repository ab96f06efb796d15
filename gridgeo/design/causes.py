"""Say what probably caused a finding, from what can be measured at its place; nothing where nothing points to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely

from .chain import number_points
from .findings import Finding
from .intake import Survey
from .row_faults import place_of_fault

CAUSES = (
    "copied_row", "digitised_twice", "drawn_separately", "simplified_alone", "moved_alone", "edited_alone",
    "rounded_coordinates", "other_boundary", "other_datum", "street_left_out", "drawn_elsewhere",
    "row_without_polygon", "hole_not_cut", "levels_in_one_layer", "levels_drawn_apart", "swapped_vertices",
    "parts_meet_in_a_point", "parts_as_rows", "parent_renumbered", "other_code_system", "code_of_other_parent",
    "leading_zeros",
)  # fmt: skip
"""What a finding may have come from.

``copied_row``: the same row twice. ``digitised_twice``: two rows hold nearly the same land. ``drawn_separately``: the
two sides of a border have other vertices. ``simplified_alone``: one side lacks the other's vertices. ``moved_alone``:
as many vertices on both sides, some moved on one. ``edited_alone``: vertices added on one side.
``rounded_coordinates``: no wider than the decimals that a side is written with. ``other_boundary``: most areas at the
limit miss it. ``other_datum``: all of the map is off by one step. ``street_left_out``: a strip between blocks.
``drawn_elsewhere``: an area of the same form lies in another place. ``row_without_polygon``: a row of the map has
none. ``hole_not_cut``: the outer area has no hole for the inner one. ``levels_in_one_layer``: the inner areas fill
the outer one. ``levels_drawn_apart``: areas agree with each other, but not with their parents. ``swapped_vertices``:
two vertices in the wrong order. ``parts_meet_in_a_point``: no more holds them together. ``parts_as_rows``: rows that
differ in nothing but their polygon. ``parent_renumbered``, ``other_code_system``, ``code_of_other_parent``,
``leading_zeros``: as codes tell.
"""

SAME_LAND = 0.8
"""Share of either area that the common land of areas that were digitised twice covers."""

STREET_M = (2.0, 80.0)
"""How wide a strip between blocks is."""

STREET_FORM = (10.0, 0.4, 4)
"""A strip is so many times longer than wide, its mean width such a share of the greatest, between so many areas."""

ALONG_STREET = 0.5
"""Share of a strip's length along which streets run."""

MOST = 0.5
"""Share of the areas at the limit that must miss it before the limit is another one."""

LEAST_AREAS = 5
"""How many areas must miss it at least."""

ROUNDED_M, STEPS_M = 0.5, (1.0, 0.1, 0.01)
"""Places up to this width may come from rounding to one of these steps."""

TIGHT_M = 0.01
"""Hairlines under this tolerance come from rounding."""

_TURN = 4
"""How many vertices in a row may stand in the wrong order."""


@dataclass
class Evidence:
    """What causes are judged by.

    Parameters
    ----------
    survey : Survey
    territory : Polygon or MultiPolygon
    found : list of Finding
    tolerance_m : float, metres
    streets : array of LineString or None
    codes : str
        The column with codes.
    """

    survey: Survey
    territory: shapely.Geometry
    found: list[Finding]
    tolerance_m: float
    streets: np.ndarray | None = None
    codes: str = "code"

    @cached_property
    def own_vertices(self) -> dict[int, tuple[int, int, int]]:
        """Count, for each place between two areas, the vertices of one side only, of the other only, and of both."""
        at = [
            number
            for number, one in enumerate(self.found)
            if one.kind in ("gap", "overlap") and len(one.areas) == 2 and one.geometry is not None
        ]
        if not at:
            return {}
        shapes = np.array([self.found[number].geometry for number in at], dtype=object)
        sides = np.array([self.found[number].areas for number in at], dtype=np.int64)
        areas = np.unique(sides)
        place_xy, of = shapely.get_coordinates(shapes, return_index=True)
        area_xy, owner = shapely.get_coordinates(self.survey.shapes[areas], return_index=True)
        numbers = number_points(np.concatenate([place_xy, area_xy]) + 0.0)
        count = np.int64(numbers.max() + 1)
        point, known = numbers[: len(of)], owner * count + numbers[len(of) :]
        pairs = np.unique(np.column_stack([of, point]), axis=0)
        has = np.column_stack(
            [np.isin(np.searchsorted(areas, sides[pairs[:, 0], side]) * count + pairs[:, 1], known) for side in (0, 1)]
        )
        kinds = np.column_stack([has & ~has[:, ::-1], has.all(axis=1)])
        totals = [np.bincount(pairs[:, 0], weights=kinds[:, kind], minlength=len(at)) for kind in range(3)]
        return {
            number: (int(mine), int(yours), int(both)) for number, mine, yours, both in zip(at, *totals, strict=True)
        }

    @cached_property
    def step_of(self) -> dict[int, float]:
        """Give the step to which the coordinates of an area are rounded, for the areas at narrow places; 0 for none."""
        narrow = sorted({int(area) for one in self.found if one.width_m <= ROUNDED_M for area in one.areas})
        if not narrow:
            return {}
        xy, of = shapely.get_coordinates(self.survey.shapes[narrow], return_index=True)
        steps = np.zeros(len(narrow))
        for step in STEPS_M[::-1]:
            off = np.abs(xy / step - np.round(xy / step)).max(axis=1) > 1e-4
            steps[np.bincount(of[off], minlength=len(narrow)) == 0] = step
        return dict(zip(narrow, steps.tolist(), strict=True))

    @cached_property
    def misses_the_limit(self) -> bool:
        """Tell whether most of the areas at the territory's limit run over it or stay short of it."""
        missing = {area for one in self.found if one.kind in ("outside_territory", "open_gap") for area in one.areas}
        if len(missing) < LEAST_AREAS or not {one.kind for one in self.found} >= {"outside_territory", "open_gap"}:
            return False
        xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(self.territory)), return_index=True)
        edges = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1)[ring[:-1] == ring[1:]])
        at_limit = set(np.unique(self.survey.tree.query(edges, predicate="intersects")[1]).tolist()) | missing
        return len(missing) > MOST * len(at_limit)

    @cached_property
    def contained_m2(self) -> dict[int, float]:
        """Add up the areas that lie wholly in one other area, by that area."""
        totals: dict[int, float] = defaultdict(float)
        for one in self.found:
            if one.kind == "contained" and len(one.areas) == 2:
                totals[one.areas[1]] += one.area_m2
        return totals

    @cached_property
    def without_polygon(self) -> bool:
        """Tell whether rows without a polygon are enough to explain the areas that are missing."""
        kinds = [one.kind for one in self.found if one.areas or one.kind == "missing_area"]
        return 0 < kinds.count("missing_area") <= kinds.count("empty_geometry")

    def is_left_out_street(self, one: Finding) -> bool:
        """Tell whether a gap is a strip between blocks."""
        long, even, areas = STREET_FORM
        if not (STREET_M[0] <= one.width_m <= STREET_M[1]):
            return False
        if self.streets is not None:
            near = self.street_tree.query(one.geometry, predicate="intersects")
            inside = shapely.length(shapely.intersection(self.streets[near], one.geometry)).sum()
            return bool(inside >= ALONG_STREET * one.length_m)
        return len(one.areas) >= areas and one.length_m >= long * one.width_m and one.mean_width_m >= even * one.width_m

    @cached_property
    def street_tree(self) -> shapely.STRtree:
        """Index the streets."""
        return shapely.STRtree(np.empty(0, dtype=object) if self.streets is None else self.streets)


def _overlap(evidence: Evidence, at: int, one: Finding) -> str:
    """Judge an overlap: the same land twice, or a border."""
    if len(one.areas) == 2 and one.area_m2 >= SAME_LAND * float(evidence.survey.area_m2[list(one.areas)].max()):
        return "digitised_twice"
    return _border(evidence, at, one)


def _gap(evidence: Evidence, at: int, one: Finding) -> str:
    """Judge a gap: a strip, or a border."""
    return "street_left_out" if evidence.is_left_out_street(one) else _border(evidence, at, one)


def _open_gap(evidence: Evidence, at: int, one: Finding) -> str:
    """Judge a gap at the territory's limit: a strip, or the limit."""
    return "street_left_out" if evidence.is_left_out_street(one) else _outside(evidence, at, one)


def _border(evidence: Evidence, at: int, one: Finding) -> str:
    """Judge a border by the vertices of its two sides."""
    if _is_rounding(evidence, one):
        return "rounded_coordinates"
    mine, yours, both = evidence.own_vertices.get(at, (0, 0, 0))
    if mine and yours:
        # Borders that part and meet again in common vertices were one; those that merely cross each other were not.
        return "moved_alone" if mine == yours and both > 1 else "drawn_separately"
    return "simplified_alone" if mine or yours else ""


def _is_rounding(evidence: Evidence, one: Finding) -> bool:
    if not one.width_m <= ROUNDED_M:
        return False
    return any(one.width_m <= evidence.step_of.get(int(area), 0.0) for area in one.areas)


def _jitter(evidence: Evidence, at: int, one: Finding) -> str:
    return "rounded_coordinates" if _is_rounding(evidence, one) else "drawn_separately"


def _outside(evidence: Evidence, at: int, one: Finding) -> str:
    return "other_boundary" if evidence.misses_the_limit else ""


def _missing(evidence: Evidence, at: int, one: Finding) -> str:
    return "row_without_polygon" if evidence.without_polygon else ""


def _contained(evidence: Evidence, at: int, one: Finding) -> str:
    """Tell an enclave from land that was drawn twice and from a whole level that lies over another one."""
    shapes, inner = evidence.survey.shapes, one.areas[0]
    for outer in one.areas[1:]:
        least = SAME_LAND * float(evidence.survey.area_m2[[inner, outer]].max())
        if one.area_m2 >= least and shapely.area(shapely.intersection(shapes[inner], shapes[outer])) >= least:
            return "digitised_twice"
    if len(one.areas) != 2:
        return ""
    outer = one.areas[1]
    siblings = evidence.contained_m2[outer]
    filled = siblings >= MOST * float(evidence.survey.area_m2[outer]) and siblings > one.area_m2
    return "levels_in_one_layer" if filled else "hole_not_cut"


def _ring(evidence: Evidence, at: int, one: Finding) -> str:
    if not one.areas:
        return ""
    return "swapped_vertices" if is_mended_by_turning(evidence.survey.given[one.areas[0]]) else ""


def is_mended_by_turning(shape: shapely.Geometry) -> bool:
    """Tell whether a ring becomes valid when a few vertices in a row, near its fault, are put in the reverse order."""
    place = place_of_fault(shape)
    for part in shapely.get_parts(shape):
        ring = shapely.get_coordinates(part.exterior)
        if place is None or part.is_valid or len(part.interiors) or len(ring) < 5:
            continue
        edges = shapely.linestrings(np.stack([ring[:-1], ring[1:]], axis=1))
        crossing = np.flatnonzero(shapely.distance(edges, place) < 1e-6)
        for begin in crossing.tolist():
            for end in crossing.tolist():
                if 1 < end - begin <= _TURN:
                    turned = ring.copy()
                    turned[begin + 1 : end + 1] = ring[end:begin:-1]
                    if shapely.is_valid(shapely.Polygon(turned)):
                        return True
    return False


def _parts(evidence: Evidence, at: int, one: Finding) -> str:
    parts = shapely.get_parts(evidence.survey.shapes[one.areas[0]])
    touch = shapely.touches(parts[:-1, None], parts[None, 1:])
    return "parts_meet_in_a_point" if int(np.triu(touch).sum()) >= len(parts) - 1 else ""


def _doubled(evidence: Evidence, at: int, one: Finding) -> str:
    """Compare rows of one id, or one code, by all that they say besides."""
    ids = evidence.survey.ids
    rows = list(one.areas)
    if one.kind == "duplicate_id":
        rows = np.flatnonzero(ids == ids[rows[0]]).tolist()
    keys = ["area_id", "parent_id", "level", evidence.codes]
    said = evidence.survey.attributes.iloc[rows].drop(columns=keys, errors="ignore")
    same = bool(len(said.columns)) and len(said.astype(str).drop_duplicates()) == 1
    return "parts_as_rows" if same else ""


def _crossing_parent(evidence: Evidence, at: int, one: Finding) -> str:
    return "levels_drawn_apart" if one.area_m2 < float(evidence.survey.area_m2[one.areas[0]]) else ""


def _hairlines(evidence: Evidence, at: int, one: Finding) -> str:
    return "rounded_coordinates" if evidence.tolerance_m <= TIGHT_M else ""


_JUDGES: dict[str, Callable[[Evidence, int, Finding], str]] = {
    "gap": _gap,
    "open_gap": _open_gap,
    "overlap": _overlap,
    "jittered_edge": _jitter,
    "outside_territory": _outside,
    "missing_area": _missing,
    "contained": _contained,
    "invalid_ring": _ring,
    "several_parts": _parts,
    "duplicate_id": _doubled,
    "duplicate_code": _doubled,
    "outside_parent": _crossing_parent,
    "hairline": _hairlines,
    "duplicate": lambda evidence, at, one: "copied_row",
    "unmatched_vertex": lambda evidence, at, one: "edited_alone",
}


def explain(evidence: Evidence) -> list[Finding]:
    """Add to each finding what probably caused it.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    list of Finding
        In the same order; a finding that follows from another one has that one's cause.
    """
    told = []
    for at, one in enumerate(evidence.found):
        judge = _JUDGES.get(one.kind)
        told.append(replace(one, cause=judge(evidence, at, one)) if judge and not one.cause else one)
    return [replace(one, cause=told[one.because].cause) if one.because >= 0 and not one.cause else one for one in told]
