"""Find institutions, such as schools and hospitals, that no area holds, or several do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gridgeo.model.errors import TableError

from .findings import Finding, name_list, size_text, width_text
from .intake import Survey, mend
from .point_defects import (
    Crowding,
    Points,
    Uneven,
    Wording,
    describe_place,
    lie_in_findings,
    point_defects,
    take_in_shapes,
)
from .width import greatest_width, is_narrower

POINT, SURFACES = 0, (3, 6)


@dataclass(frozen=True, eq=False)
class Institutions:
    """Places that people go to: points, or grounds with a surface.

    Parameters
    ----------
    shapes : array of Point, Polygon or MultiPolygon
        Valid; missing ones are None.
    names : array of str
        The column ``name``, or the index.
    """

    shapes: np.ndarray
    names: np.ndarray


def take_in_institutions(places: Any, crs: Any) -> Institutions:
    """Read institutions in an order that does not depend on that of their rows.

    Raises
    ------
    TableError
        If it is no table of points and polygons.
    CrsError
        If it is in another CRS.
    """
    attributes, shapes = take_in_shapes(places, "places", crs)
    kinds = shapely.get_type_id(shapes)
    wrong = ~np.isin(kinds, (-1, POINT, *SURFACES))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise TableError(f"places: row {row} is a {shapes[row].geom_type}, neither a Point nor a Polygon")
    surfaces = np.isin(kinds, SURFACES)
    broken = np.flatnonzero(surfaces)[~shapely.is_valid(shapes[surfaces])]
    shapes[broken] = mend(shapes[broken])
    named = attributes["name"] if "name" in attributes else attributes.index.to_series()
    names = np.where(named.isna(), "", named.astype(str)).astype(object)
    drawn = shapely.to_wkb(shapes, byte_order=1)
    order = sorted(range(len(shapes)), key=lambda at: (names[at], drawn[at] or b""))
    return Institutions(shapes[order], names[order])


def institution_defects(
    survey: Survey,
    territory: shapely.Geometry,
    uneven: Uneven,
    institutions: Institutions,
    found: list[Finding],
    tolerance_m: float,
) -> Iterator[Finding]:
    """Find institutions that lie in no area or in several.

    A point must lie in one area; a ground must lie in one, up to the tolerance. A ground that a border cuts, although
    no land is covered twice, is a warning: some officer is responsible for each part of it.

    Parameters
    ----------
    survey : Survey
    territory : Polygon or MultiPolygon
    uneven : Uneven
    institutions : Institutions
    found : list of Finding
    tolerance_m : float, metres

    Yields
    ------
    Finding
        ``institution_in_none, institution_in_several``.
    """
    shapes = institutions.shapes
    points = shapes.copy()
    points[shapely.get_type_id(shapes) != POINT] = None
    things = Points(points, np.ones(len(points), dtype=np.int64))
    wording = Wording("institution", "institution", "institutions", institutions.names)
    yield from point_defects(survey, territory, uneven, things, wording, found, tolerance_m)
    lost = np.flatnonzero(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if len(lost):
        total = len(lost)
        noun = "1 institution has" if total == 1 else f"{total} institutions have"
        yield Finding(
            "institution_in_none", (), f"{noun} no place on the map{wording.called(lost)}", None,
            float(total), 0.0, "institutions", pieces=total,
        )  # fmt: skip
    grounds = np.flatnonzero(np.isin(shapely.get_type_id(shapes), SURFACES) & ~shapely.is_empty(shapes))
    yield from _grounds(survey, territory, institutions, grounds, found, tolerance_m)


def _grounds(
    survey: Survey,
    territory: shapely.Geometry,
    institutions: Institutions,
    grounds: np.ndarray,
    found: list[Finding],
    tolerance_m: float,
) -> Iterator[Finding]:
    """Describe the grounds that no area holds, or that several hold a part of."""
    if not len(grounds):
        return
    shapes = institutions.shapes[grounds]
    at, area = survey.tree.query(shapes, predicate="intersects")
    parts = shapely.intersection(shapes[at], survey.shapes[area])
    kept = np.flatnonzero(shapely.area(parts) > 0)
    kept = kept[~is_narrower(parts[kept], tolerance_m)]
    at, area, parts = at[kept], area[kept], parts[kept]
    size = shapely.area(parts)
    open_, group = lie_in_findings(shapes, found)
    crowding = Crowding(found)
    for number in range(len(grounds)):
        mine = np.flatnonzero(at == number)
        name, shape = institutions.names[grounds[number]] or "an institution without a name", shapes[number]
        if not len(mine):
            inside = bool(shapely.intersects(territory, shape))
            because = open_[group[number]] if group[number] >= 0 and inside else -1
            where = f"in {describe_place(survey, found[because])}" if because >= 0 else "between areas"
            yield Finding(
                "institution_in_none", list(found[because].areas) if because >= 0 else (),
                f"{name}, {size_text(shape.area)}, lies in no area: {where if inside else 'outside the territory'}",
                shape, 1.0, 0.0, "institutions", float(shape.area), because=because,
                severity="" if inside else "warning",
            )  # fmt: skip
        elif len(mine) > 1:
            mine = mine[np.lexsort((area[mine], -size[mine]))]
            areas = area[mine].tolist()
            shares = name_list(
                f"{survey.label(one)} ({part / shape.area:.0%})"
                for one, part in zip(areas, size[mine].tolist(), strict=True)
            )
            because = crowding.cause_of(tuple(areas), shape)
            width = float(greatest_width(parts[mine[1:]]).max())
            beyond = float(size[mine[1:]].sum())
            yield Finding(
                "institution_in_several", areas,
                f"{name} lies in {shares}: {size_text(beyond)}, up to {width_text(width)} wide, beyond the first",
                shape, float(len(areas)), 1.0, "areas", beyond, width, because=because,
                severity="" if because >= 0 else "warning", remedy="" if because >= 0 else "decide",
            )  # fmt: skip
