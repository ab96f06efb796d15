"""Cut crowded buildings into micro grids that share a footprint: ranges of floors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.levels import Level
from gridgeo.model.profile import Limits

from .stacks import cut_floors, read_floors


def stack_micro_grids(
    atoms: gpd.GeoDataFrame, owner: pd.Series, limits: Limits
) -> tuple[list[dict[str, Any]], dict[str, bool]]:
    """Cut every area that one crowded atom fills into ranges of floors.

    Other atoms of the area count for its lowest range. Only what counts households has floors.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS`` with the floors that ``make_atoms`` noted down.
    owner : Series of str
        ``atom_id`` -> area of the innermost level.
    limits : Limits
        Of that level.

    Returns
    -------
    rows : list of dict
        Rows of table ``STACKED``, lowest floors first.
    settled : dict of str to bool
        The areas that were cut; whether every range keeps the band.
    """
    floors = read_floors(atoms)
    if limits.measure != "households" or not len(floors):
        return [], {}
    rows: list[dict[str, Any]] = []
    settled: dict[str, bool] = {}
    held = atoms["households"].groupby(owner).sum()
    for atom_id, listed in floors.groupby("atom_id", sort=True):
        area_id = str(owner[atom_id])
        if held[area_id] <= limits.high or area_id in settled:
            continue
        table = listed.sort_values("floor")
        counts = table["households"].to_numpy().copy()
        counts[0] += int(held[area_id]) - int(counts.sum())
        ranges = cut_floors(counts, limits.low, limits.high) if counts[0] <= limits.high else None
        if ranges is None:
            continue
        parts = _ranges(str(atom_id), area_id, table, counts, ranges)
        rows += parts
        settled[area_id] = all(limits.holds(part["households"]) for part in parts)
    return rows, settled


def _ranges(
    atom_id: str, area_id: str, table: pd.DataFrame, counts: np.ndarray, ranges: np.ndarray
) -> list[dict[str, Any]]:
    """Write one row a range of floors."""
    first = table.iloc[0]
    floor = table["floor"].to_numpy()
    return [
        {
            "area_id": f"{area_id}-F{number + 1:02d}",
            "parent_id": area_id,
            "atom_id": atom_id,
            "building_id": None if pd.isna(first["building_id"]) else str(first["building_id"]),
            "stairwell": None if pd.isna(first["stairwell"]) else int(first["stairwell"]),
            "floor_from": int(floor[ranges == number].min()),
            "floor_to": int(floor[ranges == number].max()),
            "households": int(counts[ranges == number].sum()),
        }
        for number in range(int(ranges.max()) + 1)
    ]


def told_by_floors(settled: Mapping[str, bool], area_ids: set[str], level: str) -> bool:
    """Tell whether a certificate about some areas is answered by ranges of floors that keep the band."""
    return level == Level.MICRO and bool(area_ids) and all(settled.get(each, False) for each in area_ids)
