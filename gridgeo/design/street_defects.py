"""Find metres of street and crossings of streets that no area holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gridgeo.model.errors import TableError

from .chain import number_points
from .findings import Finding, name_list, width_text
from .intake import Survey
from .point_defects import Points, Uneven, Wording, lie_in_findings, point_defects, take_in_shapes
from .width import is_narrower

LINES = (1, 5)

ALONG = 100
"""A street runs along an area's edge where it stays within the tolerance of it for more than so many tolerances."""


@dataclass(frozen=True, eq=False)
class StreetLines:
    """Centre lines of streets, each a row of its own.

    Parameters
    ----------
    lines : array of LineString
    names : array of str
        The column ``name``; the index where a street has none.
    """

    lines: np.ndarray
    names: np.ndarray


def take_in_streets(streets: Any, crs: Any) -> StreetLines:
    """Read the lines of streets; rows of another ``kind``, such as rivers, and rows without a line are left out.

    Raises
    ------
    TableError
        If it is no table of lines.
    CrsError
        If it is in another CRS.
    """
    attributes, shapes = take_in_shapes(streets, "streets", crs)
    wrong = ~np.isin(shapely.get_type_id(shapes), (-1, *LINES))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise TableError(f"streets: row {row} is a {shapes[row].geom_type}, not a LineString")
    ids = attributes.index.astype(str).to_numpy(dtype=object)
    names = ids
    if "name" in attributes:
        text = attributes["name"].astype(str).str.strip()
        names = np.where(attributes["name"].isna() | (text == ""), ids, text).astype(object)
    kept = ~shapely.is_missing(shapes)
    if "kind" in attributes:
        kept &= (attributes["kind"] == "street").to_numpy()
    lines, of = shapely.get_parts(shapes[kept], return_index=True)
    return StreetLines(lines, names[kept][of])


def street_defects(
    survey: Survey,
    territory: shapely.Geometry,
    uneven: Uneven,
    streets: StreetLines,
    found: list[Finding],
    tolerance_m: float,
) -> Iterator[Finding]:
    """Find the metres of each street, and the crossings, that lie in the territory and in no area.

    A street on the border of two areas, or on the edge of one, is covered.

    Parameters
    ----------
    survey : Survey
    territory : Polygon or MultiPolygon
    uneven : Uneven
    streets : StreetLines
    found : list of Finding
        What is wrong with the areas.
    tolerance_m : float, metres

    Yields
    ------
    Finding
        ``street_in_none``, one a street; ``crossing_in_none``.
    """
    yield from _metres(survey, uneven, streets, found, tolerance_m)
    where = crossings(streets.lines)
    where = where[shapely.intersects(territory, where)] if len(where) else where
    things = Points(where, np.ones(len(where), dtype=np.int64))
    wording = Wording("crossing", "crossing", "crossings")
    yield from point_defects(survey, territory, uneven, things, wording, found, tolerance_m)


def crossings(lines: np.ndarray) -> np.ndarray:
    """Find the points in which at least three segments of street meet.

    Parameters
    ----------
    lines : array of LineString
        Lines that merely pass over each other, without a common vertex, do not meet: one is a bridge.

    Returns
    -------
    array of Point
        In order of x, then y.
    """
    xy, of = shapely.get_coordinates(lines, return_index=True)
    if not len(xy):
        return np.empty(0, dtype=object)
    numbers = number_points(xy)
    one, two = numbers[:-1], numbers[1:]
    drawn = (of[:-1] == of[1:]) & (one != two)
    pairs = np.unique(np.sort(np.column_stack([one[drawn], two[drawn]]), axis=1), axis=0)
    degree = np.bincount(pairs.ravel(), minlength=numbers.max() + 1)
    place = np.empty((len(degree), 2))
    place[numbers] = xy
    return np.asarray(shapely.points(place[degree > 2]), dtype=object)


def _metres(
    survey: Survey, uneven: Uneven, streets: StreetLines, found: list[Finding], tolerance_m: float
) -> Iterator[Finding]:
    """Measure what of each street lies in no area."""
    pieces, of = _open_pieces(survey, uneven, streets.lines, tolerance_m)
    if not len(pieces):
        return
    open_, group = lie_in_findings(shapely.line_interpolate_point(pieces, 0.5, normalized=True), found)
    members: dict[str, list[int]] = defaultdict(list)
    for at, name in enumerate(streets.names[of].tolist()):
        members[name].append(at)
    for name, mine in members.items():
        causes = sorted({open_[number] for number in group[mine].tolist() if number >= 0})
        areas = sorted({area for at in causes for area in found[at].areas})
        drawn: list[Any] = sorted(pieces[mine], key=_corner)
        length = float(shapely.length(drawn).sum())
        by = f", by {name_list(survey.label(area) for area in areas)}" if areas else ""
        noun = "1 piece" if len(mine) == 1 else f"{len(mine)} pieces"
        yield Finding(
            "street_in_none", areas, f"{width_text(length)} of {name} lie in no area, in {noun}{by}",
            shapely.MultiLineString(drawn), length, 0.0, "m",
            length_m=length, pieces=len(mine), because=causes[0] if causes else -1,
        )  # fmt: skip


def _corner(line: shapely.Geometry) -> tuple[float, ...]:
    return tuple(float(bound) for bound in shapely.bounds(line))


def _open_pieces(
    survey: Survey, uneven: Uneven, lines: np.ndarray, tolerance_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """Cut out of lines what lies in no area: pieces longer than the tolerance, and the line of each."""
    nothing = np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    lacks = uneven.lacks[~is_narrower(uneven.lacks, tolerance_m)] if len(uneven.lacks) else uneven.lacks
    if not len(lacks) or not len(lines):
        return nothing
    lands = shapely.get_parts(shapely.union_all(lacks))
    land, at = shapely.STRtree(lines).query(lands, predicate="intersects")
    cut, of = shapely.get_parts(shapely.intersection(lands[land], lines[at]), return_index=True)
    is_line = shapely.get_type_id(cut) == 1
    cut, of = cut[is_line], at[of[is_line]]
    # A piece that runs along an area's edge is held by that area.
    near, area = survey.tree.query(cut, predicate="dwithin", distance=tolerance_m) if len(survey) else nothing
    reach = max(tolerance_m, 1e-6)
    for piece, holder in zip(near.tolist(), area.tolist(), strict=True):
        left = shapely.difference(cut[piece], shapely.buffer(survey.shapes[holder], reach))
        if shapely.length(left) < shapely.length(cut[piece]) - ALONG * reach:
            cut[piece] = left
    pieces, back = shapely.get_parts(cut, return_index=True)
    solid = (shapely.get_type_id(pieces) == 1) & (shapely.length(pieces) > reach)
    return pieces[solid], of[back[solid]]
