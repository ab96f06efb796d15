"""Find what is wrong with single rows: ids, geometries that are no areas, rings, parts, slivers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from .findings import Finding, size_text, width_text
from .intake import Survey, describe_fault
from .width import greatest_width, is_narrower

LONG = 10.0
"""A narrow area is long when it is so many times longer than wide; one that is so many times narrower still is a
sliver of any form."""


def row_faults(survey: Survey, *, sliver_share: float, one_piece: bool) -> Iterator[Finding]:
    """Find rows that are wrong by themselves.

    Parameters
    ----------
    survey : Survey
    sliver_share : float
        An area is a sliver when it is nowhere wider than this share of the side of a typical area's square, and long.
    one_piece : bool
        Whether areas should be in one piece.

    Yields
    ------
    Finding
        ``missing_id, duplicate_id, empty_geometry, invalid_ring, several_parts, sliver_area``.
    """
    yield from _wrong_ids(survey)
    yield from _no_areas(survey)
    if one_piece:
        yield from _several_parts(survey)
    yield from _slivers(survey, sliver_share)


def _wrong_ids(survey: Survey) -> Iterator[Finding]:
    names, first, count = np.unique(survey.ids.astype(str), return_index=True, return_counts=True)
    for name, begin, rows in zip(names.tolist(), first.tolist(), count.tolist(), strict=True):
        # Ids are sorted, so rows of one id stand together.
        positions = range(begin, begin + rows)
        if name == "":
            for position in positions:
                yield Finding(
                    "missing_id", [position], f"an area of {size_text(survey.area_m2[position])} has no id",
                    _outline(survey, position), 1.0, 0.0, "rows", area_m2=survey.area_m2[position],
                )  # fmt: skip
        elif rows > 1:
            shapes = survey.shapes[list(positions)]
            yield Finding(
                "duplicate_id", [begin], f"id {name!r} stands on {rows} rows; ids must be unique",
                _collect(shapes), float(rows), 1.0, "rows", area_m2=float(shapely.area(shapes).sum()), pieces=int(rows),
            )  # fmt: skip


def _outline(survey: Survey, position: int) -> shapely.Geometry | None:
    shape = survey.shapes[position]
    return None if shapely.is_empty(shape) else shape


def _collect(shapes: np.ndarray) -> shapely.Geometry | None:
    """Put shapes that may overlap into one geometry, as they are."""
    shapes = shapes[~shapely.is_empty(shapes)]
    return shapely.GeometryCollection(list(shapes)) if len(shapes) else None


def _no_areas(survey: Survey) -> Iterator[Finding]:
    for position in np.flatnonzero(~survey.is_area).tolist():
        fault = describe_fault(survey, position)
        yield Finding("empty_geometry", [position], f"{survey.label(position)} {fault}", _as_given(survey, position))


def _as_given(survey: Survey, position: int) -> shapely.Geometry | None:
    """Give what a row has instead of an area, for the map: a line or a point, with finite coordinates."""
    shape = survey.given[position]
    if shape is None or shapely.is_empty(shape) or not np.isfinite(shapely.get_coordinates(shape)).all():
        return None
    return shape


_PLACE = re.compile(r"\[(\S+) (\S+)\]")


def place_of_fault(shape: shapely.Geometry) -> shapely.Point | None:
    """Give the point at which a polygon is invalid; None where it is valid."""
    place = _PLACE.search(str(shapely.is_valid_reason(shape)))
    return shapely.Point(float(place[1]), float(place[2])) if place else None


def mended_vertices(given: shapely.Geometry, mended: shapely.Geometry) -> np.ndarray:
    """Give the points at which a ring crosses or touches itself, as an (n, 2) array.

    They are the vertices that mending made, those through which the ring passes more than once, and the one that the
    validity test names.
    """
    drawn = shapely.get_coordinates(given)
    starts = np.cumsum([0, *(len(ring.coords) for ring in shapely.get_rings(shapely.get_parts(given)))])[:-1]
    drawn = np.delete(drawn, starts, axis=0)
    known, count = np.unique(drawn, axis=0, return_counts=True)
    made = {tuple(point) for point in shapely.get_coordinates(mended)} - {tuple(point) for point in known}
    place = place_of_fault(given)
    named = [] if place is None else [(place.x, place.y)]
    return np.array([*sorted(made), *map(tuple, known[count > 1]), *named], dtype=float).reshape(-1, 2)


def invalid_finding(survey: Survey, position: int, **figures: Any) -> Finding:
    """Describe an area whose ring is invalid; ``figures`` are the land that its fault leaves open or covers twice."""
    given = survey.given[position]
    reason = str(shapely.is_valid_reason(given)).split("[")[0]
    place = place_of_fault(given)
    where = f" at {place.x:.2f}, {place.y:.2f}" if place is not None else ""
    return Finding(
        "invalid_ring", [position], f"the ring of {survey.label(position)} is invalid: {reason.lower()}{where}",
        place, 1.0, 0.0, "rings", **figures,
    )  # fmt: skip


def _several_parts(survey: Survey) -> Iterator[Finding]:
    # The parts of a mended ring belong to the ring's finding.
    parts = np.where(survey.is_valid, shapely.get_num_geometries(survey.shapes), 1)
    for position in np.flatnonzero(parts > 1).tolist():
        sizes = np.sort(shapely.area(shapely.get_parts(survey.shapes[position])))[::-1]
        yield Finding(
            "several_parts", [position],
            f"{survey.label(position)} is in {parts[position]} parts; {size_text(sizes[1:].sum())} lie apart",
            survey.shapes[position], float(parts[position]), 1.0, "parts",
            area_m2=float(sizes[1:].sum()), pieces=int(parts[position]),
        )  # fmt: skip


def _slivers(survey: Survey, sliver_share: float) -> Iterator[Finding]:
    if not len(survey) or not np.isfinite(survey.typical_m2):
        return
    limit = sliver_share * float(np.sqrt(survey.typical_m2))
    solid = np.flatnonzero(survey.area_m2 > 0)
    thin = solid[is_narrower(survey.shapes[solid], limit)]
    shapes = survey.shapes[thin]
    is_long = shapely.area(shapes) < (shapely.length(shapes) / 2) ** 2 / LONG
    thin = thin[is_long | is_narrower(shapes, limit / LONG)]
    for position, width in zip(thin.tolist(), greatest_width(survey.shapes[thin]), strict=True):
        shape, area = survey.shapes[position], float(survey.area_m2[position])
        length = shapely.length(shape) / 2
        yield Finding(
            "sliver_area", [position],
            f"{survey.label(position)} is a sliver: {size_text(area)}, at most {width_text(width)} wide",
            shape, float(width), limit, "m", area, float(width), area / length, float(length),
        )  # fmt: skip
