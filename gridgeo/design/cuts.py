"""Cut an area along a drawn line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from gridgeo.model.errors import EditError

from .drawn import place_text
from .edit_map import Change, EditMap
from .findings import width_text
from .parting import OUTSIDE, Parting, part_areas


def cut_along(
    sheet: EditMap,
    row: int,
    line: shapely.LineString,
    new_ids: Sequence[str] | None,
    keep: shapely.Point | None,
    tolerance_m: float,
) -> Change:
    """Part an area by a line.

    Parameters
    ----------
    sheet : EditMap
    row : int
        Of the area.
    line : LineString
        Simple.
    new_ids : sequence of str, optional
        Of all pieces but the one that keeps the id, the largest first.
    keep : Point, optional
        In the piece that keeps the id; by default the largest piece does.
    tolerance_m : float, metres

    Returns
    -------
    Change

    Raises
    ------
    EditError
        If the line does not cut the area through, or an id cannot be given.
    """
    name, shape = str(sheet.ids[row]), sheet.shapes[row]
    parting = part_areas(np.array([shape], dtype=object), np.array([line], dtype=object), tolerance_m)
    _check_through(parting, name, shape)
    pieces = _pieces(parting, shape)
    if len(pieces) < 2:
        away = shapely.distance(line, shape)
        off = f"passes it at {away:,.1f} m" if away > 0 else "only touches its edge"
        raise EditError(f"the line at {place_text(line)} does not cut area {name!r}: it {off}; draw it across the area")
    order = np.argsort(-np.round(shapely.area(pieces), 6), kind="stable")
    pieces = pieces[order]
    first = 0 if keep is None else _holding(pieces, keep, name)
    others = [piece for at, piece in enumerate(pieces) if at != first]
    # Parts that the line does not reach stay with the piece that keeps the id.
    untouched = _untouched(parting, shape)
    kept = pieces[first] if not len(untouched) else shapely.MultiPolygon([*untouched, pieces[first]])
    names = _new_names(sheet, name, len(others)) if new_ids is None else _check_names(sheet, name, new_ids, len(others))
    added = [(new, piece, row) for new, piece in zip(names, others, strict=True)]
    return Change("cut", {row: kept}, added, paths=parting.paths(np.array([True])))


def _check_through(parting: Parting, name: str, shape: shapely.Geometry) -> None:
    """Refuse a line that ends inside the area."""
    idle = parting.edges.lines(parting.idle())
    if not len(idle):
        return
    inside = idle[shapely.contains(shape, shapely.line_interpolate_point(idle, 0.5, normalized=True))]
    if not len(inside):
        return
    tips: Any = shapely.points(shapely.get_coordinates(inside))
    deep = shapely.distance(tips, shapely.boundary(shape))
    tip = tips[deep.argmax()]
    raise EditError(
        f"the line does not cut area {name!r} through: it ends inside at {place_text(tip)}, "
        f"{width_text(deep.max())} from the edge; draw it from edge to edge"
    )


def _faces_of_parts(parting: Parting, shape: shapely.Geometry) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the faces of the area, the part each lies in, and how many faces each part has."""
    parts = shapely.get_parts(shape)
    faces = np.flatnonzero(parting.owner != OUTSIDE)
    at, part = shapely.STRtree(parts).query(parting.points[faces], predicate="within")
    return faces[at], part, np.bincount(part, minlength=len(parts))


def _pieces(parting: Parting, shape: shapely.Geometry) -> np.ndarray:
    """Give the pieces of the parts that the line cuts."""
    faces, part, times = _faces_of_parts(parting, shape)
    return parting.faces.shapes[np.sort(faces[times[part] > 1])]


def _untouched(parting: Parting, shape: shapely.Geometry) -> np.ndarray:
    """Give the parts that the line does not cut."""
    faces, part, times = _faces_of_parts(parting, shape)
    return parting.faces.shapes[np.sort(faces[times[part] == 1])]


def _holding(pieces: np.ndarray, keep: shapely.Point, name: str) -> int:
    """Find the piece that holds a point."""
    held = np.flatnonzero(shapely.contains(pieces, keep))
    if not len(held):
        raise EditError(f"keep at {place_text(keep)} lies in no piece of area {name!r}; give a Point inside one")
    return int(held[0])


def _new_names(sheet: EditMap, name: str, count: int) -> list[str]:
    """Make ids that no area has had: ``A-2``, ``A-3`` ..."""
    taken = set(sheet.ids.tolist())
    names: list[str] = []
    number = 2
    while len(names) < count:
        if f"{name}-{number}" not in taken:
            names.append(f"{name}-{number}")
        number += 1
    return names


def _check_names(sheet: EditMap, name: str, new_ids: Sequence[str], count: int) -> list[str]:
    """Refuse ids that are too many, too few, empty or taken."""
    names = [new_ids] if isinstance(new_ids, str) else ["" if one is None else str(one) for one in new_ids]
    if len(names) != count:
        raise EditError(
            f"the line cuts area {name!r} into {count + 1} pieces, new_ids has {len(names)}; give {count}, the largest "
            "piece keeps the id"
        )
    for at, one in enumerate(names):
        if not one.strip() or one != one.strip():
            raise EditError(f"new id {one!r} is empty or has spaces around it; give a plain id")
        if sheet.row(one) is not None or one in names[:at]:
            raise EditError(f"new id {one!r} is taken; give one that no area has")
    return names
