"""Give a drawn piece of land to a neighbour."""

from __future__ import annotations

import numpy as np
import shapely

from gridgeo.model.errors import EditError

from .drawn import place_text
from .edit_map import Change, EditMap
from .findings import name_list, size_text
from .parting import part_areas, rings_of
from .proof import ROUNDING_M
from .width import is_narrower


def give_piece(
    sheet: EditMap, piece: shapely.Geometry, receiver: int, allowed: list[int] | None, tolerance_m: float
) -> Change:
    """Take a piece from the areas that it lies in, and add it to another.

    Parameters
    ----------
    sheet : EditMap
    piece : Polygon or MultiPolygon
        Valid.
    receiver : int
        Row of the area that gets it.
    allowed : list of int, optional
        Rows it may be taken from; all by default.
    tolerance_m : float, metres
        What the piece holds of an area in a strip narrower than this does not count.

    Returns
    -------
    Change

    Raises
    ------
    EditError
        If the piece reaches out of the areas it may be taken from, or holds no land of another area.
    """
    name = str(sheet.ids[receiver])
    givers = _find_givers(sheet, piece, receiver, tolerance_m)
    if allowed is not None:
        _check_allowed(sheet, piece, givers, allowed)
    rows = [receiver, *givers]
    shapes = sheet.shapes[rows]
    _check_held(sheet, piece, shapes, rows, tolerance_m)
    if not givers:
        raise EditError(f"the piece at {place_text(piece)} belongs to area {name!r} already; draw it in a neighbour")
    parting = part_areas(shapes, rings_of(piece), tolerance_m)
    inside = _holds(piece, parting.points)
    owner = np.where(inside & (parting.owner >= 0), 0, parting.owner)
    changed = np.zeros(len(rows), dtype=bool)
    moved = owner != parting.owner
    changed[parting.owner[moved]] = True
    if not changed.any():
        raise EditError(
            f"the piece at {place_text(piece)} follows borders within {tolerance_m:g} m; nothing would move"
        )
    changed[0] = True
    made = {}
    for at in np.flatnonzero(changed):
        if not (owner == at).any():
            raise EditError(
                f"area {str(sheet.ids[rows[at]])!r} would be left without land; use merge({name!r}, "
                f"{str(sheet.ids[rows[at]])!r}) to end it"
            )
        made[rows[at]] = parting.join_faces(owner == at)
    return Change("give", made, paths=parting.paths(changed))


def _holds(piece: shapely.Geometry, points: np.ndarray) -> np.ndarray:
    shapely.prepare(piece)
    return np.asarray(shapely.contains(piece, points))


def _find_givers(sheet: EditMap, piece: shapely.Geometry, receiver: int, tolerance_m: float) -> list[int]:
    """List the other areas that hold some of the piece."""
    near = sheet.near(shapely.bounds(piece))
    near = near[near != receiver]
    shared = shapely.intersection(sheet.shapes[near], piece)
    wide = shapely.area(shared) > 0
    wide[wide] = ~is_narrower(shared[wide], max(tolerance_m, ROUNDING_M))
    return [int(row) for row in near[wide]]


def _check_allowed(sheet: EditMap, piece: shapely.Geometry, givers: list[int], allowed: list[int]) -> None:
    """Refuse a piece that takes land of an area that was not named."""
    for row in givers:
        if row not in allowed:
            taken = shapely.intersection(sheet.shapes[row], piece)
            names = name_list(sorted(str(sheet.ids[one]) for one in allowed)) or "(none)"
            raise EditError(
                f"the piece reaches {size_text(taken.area)} into area {str(sheet.ids[row])!r} at {place_text(taken)}, "
                f"which is not among the givers {names}; draw it smaller or name that area too"
            )


def _check_held(
    sheet: EditMap, piece: shapely.Geometry, shapes: np.ndarray, rows: list[int], tolerance_m: float
) -> None:
    """Refuse a piece that reaches out of all areas."""
    beyond = shapely.difference(piece, shapely.union_all(shapes))
    if beyond.area > 0 and not is_narrower(np.array([beyond], dtype=object), max(tolerance_m, ROUNDING_M))[0]:
        names = name_list(sorted(str(sheet.ids[row]) for row in rows))
        raise EditError(
            f"the piece reaches {size_text(beyond.area)} out of all areas at {place_text(beyond)}, beside {names}; "
            "draw it inside the territory"
        )
