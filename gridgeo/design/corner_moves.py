"""Move a vertex where areas meet, and let those around it follow."""

from __future__ import annotations

import numpy as np
import shapely

from gridgeo.model.errors import EditError

from .drawn import place_text
from .edit_map import Change, EditMap


def move_vertices(sheet: EditMap, places: tuple[np.ndarray, np.ndarray], reach_m: float, tolerance_m: float) -> Change:
    """Move one vertex, and the others within a reach the less the farther they are.

    Parameters
    ----------
    sheet : EditMap
    places : (array, array), metres
        Where the vertex is and where it goes.
    reach_m, tolerance_m : float, metres

    Returns
    -------
    Change

    Raises
    ------
    EditError
        If there is no vertex, it is on the outline of the territory, or it stays where it is.
    """
    at, to = places
    rows = sheet.near(np.concatenate([at - max(reach_m, tolerance_m), at + max(reach_m, tolerance_m)]))
    xy, of = shapely.get_coordinates(sheet.shapes[rows], return_index=True)
    corner = _nearest(xy, at, tolerance_m)
    if (corner == to).all():
        raise EditError(f"the junction at {place_text(shapely.Point(corner))} is there already; give another place")
    outline = shapely.get_coordinates(sheet.territory)
    if (outline == corner).all(axis=1).any():
        raise EditError(
            f"the junction at {place_text(shapely.Point(corner))} is on the outline of the territory, which stays; "
            "move the border that ends there with move_border"
        )
    spots, number = np.unique(xy, axis=0, return_inverse=True)
    away = np.hypot(*(spots - corner).T)
    share = np.clip(1 - away / reach_m, 0.0, None) if reach_m > 0 else (away == 0).astype(float)
    near = outline[(np.abs(outline - corner) <= reach_m).all(axis=1)]
    fixed = {tuple(spot) for spot in near.tolist()}
    share[[tuple(spot) in fixed for spot in spots.tolist()]] = 0.0
    moved = np.where(share[:, None] > 0, spots + share[:, None] * (to - corner), spots)
    moved[away == 0] = to
    changed = np.zeros(len(rows), dtype=bool)
    changed[of[(moved != spots).any(axis=1)[number.ravel()]]] = True
    new = moved[number.ravel()]
    return Change(
        "move_junction",
        {
            int(rows[one]): shapely.set_coordinates(sheet.shapes[rows[one : one + 1]].copy(), new[of == one])[0]
            for one in np.flatnonzero(changed)
        },
    )


def _nearest(xy: np.ndarray, at: np.ndarray, tolerance_m: float) -> np.ndarray:
    """Find the vertex that was meant."""
    off = np.hypot(*(xy - at).T)
    if not len(off) or off.min() > tolerance_m:
        seen = (
            f"; the nearest is {off.min():,.2f} m away at {place_text(shapely.Point(xy[off.argmin()]))}"
            if len(off)
            else ""
        )
        raise EditError(
            f"no vertex lies at {place_text(shapely.Point(at))} within {tolerance_m:g} m{seen}; point at one"
        )
    return xy[off.argmin()]
