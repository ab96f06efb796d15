"""Give new areas their ids, codes and names, in reading order: west to east, north to south."""

from __future__ import annotations

import json
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.levels import AreaKind

_HAN = re.compile(r"[\u4e00-\u9fff]")
_DIGITS = {"grid": 3, "micro": 2}
_WORD_ZH = {"grid": "网格", "micro": "微网格"}


def names_of_communities(atoms: gpd.GeoDataFrame) -> dict[str, str]:
    """Read the names that ``make_atoms`` noted down."""
    return {str(key): str(name) for key, name in json.loads(atoms.attrs.get("communities", "{}")).items()}


def reading_order(x: np.ndarray, y: np.ndarray, side_m: float) -> np.ndarray:
    """Order places row by row from the north, each row from the west.

    Parameters
    ----------
    x, y : arrays of float, metres
    side_m : float, metres
        Height of a row.

    Returns
    -------
    array of int
        Positions in order.
    """
    row = np.floor((y.max(initial=0.0) - y) / max(side_m, 1e-9))
    return np.lexsort((-y, x, row))


def name_areas(
    atoms: gpd.GeoDataFrame, zone: np.ndarray, parents: pd.Series, level: str, above: pd.DataFrame
) -> tuple[pd.Series, pd.DataFrame]:
    """Name the areas of a level.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``.
    zone : array of int, shape (n,)
        The area of each atom, numbered from 0.
    parents : Series of str
        ``atom_id`` -> area of the level above.
    level : str
    above : DataFrame
        Register of the level above.

    Returns
    -------
    owner : Series of str
        ``atom_id`` -> ``area_id``.
    register : DataFrame
        Index ``area_id``; ``code, name, level, kind, parent_id``. A community with a 12-digit code gives its grids
        15 digits
        and its micro grids 17; other areas add ``-01``, ``-02`` ... to the id above.
    """
    count = int(zone.max()) + 1
    area = np.bincount(zone, atoms["area_m2"], minlength=count)
    centre = shapely.get_coordinates(shapely.centroid(atoms.geometry.to_numpy()))
    x = np.bincount(zone, centre[:, 0] * atoms["area_m2"], minlength=count) / area
    y = np.bincount(zone, centre[:, 1] * atoms["area_m2"], minlength=count) / area
    parent = np.empty(count, dtype=object)
    parent[zone] = parents.to_numpy()
    ids = np.empty(count, dtype=object)
    rows = []
    for parent_id in np.unique(parent.astype(str)):
        members = np.flatnonzero(parent == parent_id)
        side_m = float(np.sqrt(area[members].mean()))
        for number, at in enumerate(members[reading_order(x[members], y[members], side_m)], start=1):
            ids[at] = f"{parent_id}-{number:02d}"
            rows.append(
                {
                    "area_id": ids[at],
                    "code": _code(str(above.at[parent_id, "code"]), number, level, str(ids[at])),
                    "name": _name(str(above.at[parent_id, "name"]), number, level),
                    "level": level,
                    "kind": str(AreaKind.BASE),
                    "parent_id": parent_id,
                }
            )
    owner = pd.Series(ids[zone], index=atoms.index, name="area_id")
    return owner, pd.DataFrame(rows).set_index("area_id").sort_index()


def _code(above: str, number: int, level: str, area_id: str) -> str:
    if above.isdigit() and len(above) in (12, 15):
        return f"{above}{number:0{_DIGITS[level]}d}"
    return area_id


def _name(above: str, number: int, level: str) -> str:
    if _HAN.search(above):
        return f"{above}第{number}{_WORD_ZH[level]}"
    return f"{above} {number}" if level == "grid" else f"{above}.{number}"
