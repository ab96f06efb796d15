"""Give new areas their ids, codes and names, in reading order: west to east, north to south."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .divide_area import Own

_HAN = re.compile(r"[\u4e00-\u9fff]")
_DIGITS = {"grid": 3, "micro": 2}
_WORD_ZH = {"grid": "网格", "micro": "微网格"}


def names_of_communities(atoms: gpd.GeoDataFrame) -> dict[str, str]:
    """Read the names that ``make_atoms`` noted down."""
    return {str(key): str(name) for key, name in json.loads(atoms.attrs.get("communities", "{}")).items()}


def has_chinese(names: pd.Series) -> bool:
    """Tell whether most names are Chinese."""
    return bool(len(names)) and sum(bool(_HAN.search(str(each))) for each in names) * 2 > len(names)


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
    atoms: gpd.GeoDataFrame,
    zone: np.ndarray,
    parents: pd.Series,
    level: str,
    above: pd.DataFrame,
    own: Mapping[int, Own] | None = None,
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
    own : mapping of zone to Own, optional
        Areas that keep their id, and institutions with their names.

    Returns
    -------
    owner : Series of str
        ``atom_id`` -> ``area_id``.
    register : DataFrame
        Index ``area_id``; ``code, name, level, kind, parent_id``. A community with a 12-digit code gives its grids
        15 digits
        and its micro grids 17; other areas add ``-01``, ``-02`` ... to the id above.
    """
    own = own or {}
    count = int(zone.max()) + 1
    area = np.bincount(zone, atoms["area_m2"], minlength=count)
    centre = shapely.get_coordinates(shapely.centroid(atoms.geometry.to_numpy()))
    x = np.bincount(zone, centre[:, 0] * atoms["area_m2"], minlength=count) / area
    y = np.bincount(zone, centre[:, 1] * atoms["area_m2"], minlength=count) / area
    parent = np.empty(count, dtype=object)
    parent[zone] = parents.to_numpy()
    ids = np.empty(count, dtype=object)
    rows = []
    kept = {each.area_id for each in own.values()}
    for parent_id in np.unique(parent.astype(str)):
        members = np.flatnonzero(parent == parent_id)
        side_m = float(np.sqrt(area[members].mean()))
        free = (number for number in itertools.count(1) if f"{parent_id}-{number:02d}" not in kept)
        for at in members[reading_order(x[members], y[members], side_m)].tolist():
            each = own.get(at, Own())
            number = _number_in(each.area_id, str(parent_id)) if each.area_id else next(free)
            ids[at] = each.area_id or f"{parent_id}-{number:02d}"
            rows.append(
                {
                    "area_id": ids[at],
                    "code": _code(str(above.at[parent_id, "code"]), number, level, str(ids[at])),
                    "name": each.name or _name(str(above.at[parent_id, "name"]), number, level),
                    "level": level,
                    "kind": str(each.kind),
                    "parent_id": parent_id,
                }
            )
    owner = pd.Series(ids[zone], index=atoms.index, name="area_id")
    return owner, pd.DataFrame(rows).set_index("area_id").sort_index()


def _number_in(area_id: str, parent_id: str) -> int:
    """Read the number of an id that was made here; an id of another make has none."""
    rest = area_id.removeprefix(f"{parent_id}-")
    return int(rest) if rest != area_id and rest.isdigit() else 0


def _code(above: str, number: int, level: str, area_id: str) -> str:
    if above.isdigit() and len(above) in (12, 15) and number:
        return f"{above}{number:0{_DIGITS[level]}d}"
    return area_id


def _name(above: str, number: int, level: str) -> str:
    if not number:
        return above
    if _HAN.search(above):
        return f"{above}第{number}{_WORD_ZH[level]}"
    return f"{above} {number}" if level == "grid" else f"{above}.{number}"
