"""Certify that areas cover their territory exactly once, or show where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from .chain import TERRITORY, Segments, closes, match
from .covers import Places, coverage_chain, find_places
from .intake import Survey, check_numbers, describe_fault, take_in_both, unite

ROUNDING_M = 1e-6
"""Metres: a micrometre, what is left when numbers are rounded; no survey and no coordinate means anything so small."""


@dataclass(frozen=True, eq=False)
class Certificate:
    """Whether areas cover their territory exactly once.

    Parameters
    ----------
    holds : bool
        True where it is proved. The certificate itself is true or false likewise.
    exact : bool
        True where all segments met their opposites, coordinate by coordinate. A certificate that holds without being
        exact proves the same for every place at least ``tolerance_m`` wide: some vertices stand on one side of a
        border only, or by rounding a hair beside it.
    reason : str
        Why it holds or does not, in one line.
    unmatched : GeoSeries of LineString
        The segments around the places that are not covered exactly once. The index, ``area_id``, tells whose
        they are; "" stands for the territory. Empty where it holds.
    areas, segments : int
        How much was proved.
    tolerance_m : float, metres
    """

    holds: bool
    exact: bool
    reason: str
    unmatched: gpd.GeoSeries
    areas: int
    segments: int
    tolerance_m: float

    def __bool__(self) -> bool:
        return self.holds


def certify(areas: Any, territory: Any, *, tolerance_m: float = ROUNDING_M, strict: bool = False) -> Certificate:
    """Prove that areas cover a territory exactly once, without gap, overlap or land outside.

    The boundaries of all areas are added up as directed segments and the territory's are subtracted. Where all
    polygons are valid and opposite segments cancel without rest, every point is covered exactly once: a proof, not a
    sample. What does not cancel is noded, and the proof still holds if it encloses only hairlines, such as those
    beside a vertex that stands on one side of a border only.

    Parameters
    ----------
    areas : GeoDataFrame or GeoSeries of Polygon or MultiPolygon
        In metres; not changed. The index, or a column ``area_id``, names them.
    territory : Polygon, MultiPolygon, GeoSeries or GeoDataFrame
        What they shall cover; several rows are united.
    tolerance_m : float, metres
        Width below which a place is a hairline.
    strict : bool
        Compare coordinates instead of hashes of them, and allow no hairline: every vertex must be matched.

    Returns
    -------
    Certificate

    Raises
    ------
    TableError
        If an argument is no table of geometries, or the tolerance is no number of metres.
    CrsError
        If coordinates are not in metres, or the two are in different systems.
    """
    check_numbers(tolerance_m=tolerance_m)
    survey, ground = take_in_both(areas, territory)
    whole = unite(ground)
    segments = coverage_chain(survey, whole)
    size = len(survey), len(segments), 0.0 if strict else tolerance_m
    fault = _fault(survey, ground)
    matching = None if closes(segments, strict=strict) else match(segments, strict=strict)
    if matching is None or matching.closes:
        reason = fault or f"every segment of {len(survey)} areas is matched: each point is covered exactly once"
        return Certificate(not fault, not fault, reason, _name(segments.take(np.empty(0, int)), survey), *size)
    if strict:
        left = segments.take(matching.unmatched())
        return Certificate(False, False, fault or f"{len(left)} segments are not matched", _name(left, survey), *size)
    return _judge_hairlines(survey, find_places(survey, whole, segments, matching, tolerance_m), fault, size)


def _fault(survey: Survey, ground: Survey) -> str:
    """Name the first row that is no valid polygon, if there is one."""
    for one, what in ((ground, "the territory"), (survey, "area")):
        broken = np.flatnonzero(~one.is_valid)
        if len(broken):
            name = what if one is ground else f"{what} {one.label(broken[0])!r}"
            more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
            return f"{name} {describe_fault(one, broken[0])}{more}"
    if not len(ground):
        return "the territory has no rows"
    return ""


def _judge_hairlines(survey: Survey, places: Places, fault: str, size: tuple[int, int, float]) -> Certificate:
    """Decide on a chain that does not close: it may enclose nothing but hairlines."""
    wide = ~places.is_hairline
    bounding = np.zeros(len(places.edges.ends), dtype=bool)
    bounding[places.edge[wide[places.place]]] = True
    sources = np.unique(places.edges.source[bounding[places.edges.edge]])
    unmatched = _name(places.segments.take(sources), survey)
    if fault:
        return Certificate(False, False, fault, unmatched, *size)
    if wide.any():
        open_m2 = places.area_m2[wide & (places.depth == 0)].sum()
        twice_m2 = places.area_m2[wide & (places.depth > 0)].sum()
        reason = (
            f"{int(wide.sum())} places are not covered exactly once: {open_m2:.3f} m2 in no area, "
            f"{twice_m2:.3f} m2 in several or outside"
        )
        return Certificate(False, False, reason, unmatched, *size)
    reason = (
        f"each point is covered exactly once; {len(places.segments)} segments of {len(survey)} areas meet their "
        f"opposites only after noding, to within {size[2]:g} m"
    )
    return Certificate(True, False, reason, unmatched, *size)


def _name(segments: Segments, survey: Survey) -> gpd.GeoSeries:
    """Draw segments under the ids of their owners."""
    owners = pd.Index(
        np.where(segments.owner == TERRITORY, "", np.append(survey.ids, "")[segments.owner]),
        name="area_id",
        dtype="str",
    )
    return gpd.GeoSeries(segments.lines(), index=owners, crs=survey.crs)
