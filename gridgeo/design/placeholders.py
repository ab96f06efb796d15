"""Give land that a repair leaves open rows of its own, so that nobody takes it for a neighbour's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .actions import Journal
from .intake import only_area
from .parent_defects import NO_PARENT, Parentage
from .settle import Settlement, lonely_groups

PREFIX = "missing-"
"""How the ids of placeholders begin."""


def name_placeholders(
    result: gpd.GeoDataFrame, made: Settlement, parentage: Parentage | None, journal: Journal
) -> pd.DataFrame:
    """Name each piece of land that was left open, and note it down.

    Parameters
    ----------
    result : GeoDataFrame
        The repaired map.
    made : Settlement
    parentage : Parentage, optional
    journal : Journal

    Returns
    -------
    DataFrame
        Index ``area_id``; ``name, parent_id, households, persons, area_m2, kind, shape``.
    """
    columns = ["area_id", "name", "parent_id", "households", "persons", "area_m2", "kind", "shape"]
    rows: list[list[Any]] = []
    names = _free_names(result)
    for members in lonely_groups(made):
        shape = only_area(shapely.union_all(made.mosaic.faces.shapes[members]))
        area_id, parent = next(names), made.parent(members)
        parent_id = parentage.parents.label(parent) if parentage and parent != NO_PARENT else None
        rows.append([area_id, area_id, parent_id, 0, 0, float(shapely.area(shape)), "placeholder", shape])
        journal.note("placeholder", area_id, "", f"{area_id} stands for land that no area holds", shape)
    return pd.DataFrame(rows, columns=columns).set_index("area_id")


def _free_names(result: gpd.GeoDataFrame) -> Iterator[str]:
    """Count up names that no row of the map has."""
    taken = {str(name) for name in [*result.index, *result.get("area_id", [])]}
    return (name for number in count(1) if (name := f"{PREFIX}{number}") not in taken)


def append_placeholders(result: gpd.GeoDataFrame, added: pd.DataFrame) -> gpd.GeoDataFrame:
    """Put placeholders below a map; what is not known of them is missing.

    Parameters
    ----------
    result : GeoDataFrame
    added : DataFrame
        As ``name_placeholders`` gives them.

    Returns
    -------
    GeoDataFrame
        With the columns of ``result``; whole numbers and yes and no stay such, with missing values in the new rows.
    """
    if not len(added):
        return result
    added = added.copy()
    added.index.name = result.index.name
    columns: dict[str, Any] = {name: added[name] for name in result.columns if name in added.columns}
    if "level" in result.columns and len(result):
        columns["level"] = result["level"].iloc[0]
    if "area_id" in result.columns:
        columns["area_id"] = added.index
    shapes = gpd.GeoSeries(added["shape"].to_numpy(), index=added.index, crs=result.crs)
    if len(result) and (shapely.get_type_id(result.geometry.to_numpy()) == shapely.GeometryType.MULTIPOLYGON).all():
        shapes = shapes.map(lambda shape: shapely.multipolygons(shapely.get_parts(shape)))
    more = gpd.GeoDataFrame(columns, geometry=shapes, index=added.index)
    if result.geometry.name != "geometry":
        more = more.rename_geometry(result.geometry.name)
    unknown = [name for name in result.columns if name not in more.columns]
    return pd.concat([result.astype(_with_missing(result[unknown])), more])


def _with_missing(frame: pd.DataFrame) -> dict[str, str]:
    """Name for columns of whole numbers and of yes and no the types that may hold missing values."""
    kinds: dict[str, str] = {}
    for name, kind in frame.dtypes.items():
        if isinstance(kind, np.dtype) and kind.kind in "iu":
            kinds[str(name)] = f"{'U' if kind.kind == 'u' else ''}Int{8 * kind.itemsize}"
        elif kind == np.dtype(bool):
            kinds[str(name)] = "boolean"
    return kinds
