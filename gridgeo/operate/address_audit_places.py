"""Hold the points of a register against the buildings that its addresses name, and its areas against where they lie."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import TableError

from .address_audit_checks import Rows
from .address_audit_register import Register
from .locate import AreaIndex

LEAST_POINTS = 3
"""Points that a building of the register itself must have before its middle judges one of them."""


def point_defects(register: Register, known: Register, far_m: float) -> Rows:
    """Tell rows without a point, and points far from the building that their address names."""
    if register.xy is None:
        return
    middle = _middle_of_places(register, known)
    away = register.distance_m(middle)
    for row, own, place, distance in zip(register.ids, register.xy, middle, away, strict=True):
        if np.isnan(own[0]):
            yield {"kind": "no_point", "register_id": row, "part": "point", "expected": _at(place)}
        elif distance > far_m:
            yield {"kind": "far_point", "register_id": row, "part": "point", "value": _at(own),
                   "expected": _at(place), "distance_m": float(distance)}  # fmt: skip


def _middle_of_places(register: Register, known: Register) -> NDArray[np.float64]:
    """Give the middle of the building that each row names, NaN where it is not known; shape (n, 2)."""
    if known.xy is None:
        return np.full((len(register), 2), np.nan)
    table = pd.DataFrame({"x": known.xy[:, 0], "y": known.xy[:, 1]}, index=known.ids)
    table = table[(known.place != "") & table["x"].notna()]
    groups = table.groupby(known.place[table.index])
    # A single point out of place would draw a mean along; the median stays with the others.
    middle = groups.median()
    if known is register:
        middle = middle[groups.size() >= LEAST_POINTS]
    return middle.reindex(register.place).to_numpy(dtype=float)


def area_defects(register: Register, areas: pd.Series, index: AreaIndex, level: str | None) -> Rows:
    """Tell rows whose area is missing, or another than the one their point lies in; and points in no area.

    Parameters
    ----------
    register : Register
    areas : Series of text
        What the register says, indexed by its ids.
    index : AreaIndex
    level : str or None
        Of the areas that the register names.

    Yields
    ------
    dict
        Raw findings.

    Raises
    ------
    TableError
        If the register has no points.
    """
    if register.xy is None:
        raise TableError(f"{register.name}: has no points to hold against the areas; give it a geometry or no index")
    there = np.isfinite(register.xy[:, 0])
    points = gpd.GeoSeries.from_xy(*register.xy[there].T, index=register.ids[there], crs=register.crs)
    points = points.to_crs(index.crs)
    located = index.locate(points) if level is None else index.locate(points, level=level)
    own = areas.reindex(points.index)
    for row, said, lies in zip(points.index, own, located, strict=True):
        value = "" if pd.isna(said) else str(said)
        if pd.isna(lies):
            yield {"kind": "outside_areas", "register_id": row, "part": "area", "value": value}
        elif not value:
            yield {"kind": "no_area", "register_id": row, "part": "area", "expected": lies}
        elif value != lies:
            yield {"kind": "wrong_area", "register_id": row, "part": "area", "value": value, "expected": lies}


def _at(xy: NDArray[np.float64]) -> str:
    return "" if np.isnan(xy[0]) else f"{xy[0]:.1f} {xy[1]:.1f}"
