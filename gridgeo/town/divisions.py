"""Number and name communities, and write them up with the boundary of the town."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.levels import AreaKind, Level

from .columns import CRS, keys, text
from .mesh import Mesh
from .names import Names
from .zones import CHARACTERS

COUNTY_CODE = 339_901
"""A division code of the right form that is given to no county."""
STREETS_A_COUNTY = 99
FIRST_VILLAGE = 201
"""Committees in towns are numbered from 001, those of villages from 201."""
BAND_M = 700.0
"""Communities whose middles lie in one band of this height count as equally far north."""


def in_order(mesh: Mesh, community: np.ndarray, capacity: np.ndarray) -> tuple[np.ndarray, pd.DataFrame]:
    """Number communities as divisions are: street by street, villages last, from north to south, from west to east.

    Parameters
    ----------
    mesh : Mesh
    community : array of int
        Of each block, in any order.
    capacity : array of int
        Dwellings of each block.

    Returns
    -------
    array of int
        Of each block, in the new order.
    DataFrame
        By the new number: ``quarter, character`` (old, town, works, rural), ``capacity``.
    """
    shapes = mesh.blocks["geometry"].to_numpy()
    area = shapely.area(shapes)
    x, y = (shapely.get_coordinates(shapely.centroid(shapes)) * area[:, None]).T
    blocks = pd.DataFrame(
        {
            "community": community,
            "quarter": mesh.blocks["quarter"].to_numpy(),
            "character": mesh.blocks["zone"].map(CHARACTERS).to_numpy(),
            "capacity": capacity,
            "area": area,
            "x": x,
            "y": y,
        }
    )
    facts = blocks.groupby("community").agg(
        {"quarter": "first", "capacity": "sum", "area": "sum", "x": "sum", "y": "sum"}
    )
    by_character = blocks.groupby(["community", "character"], as_index=False)[["capacity", "area"]].sum()
    most = by_character.sort_values(["community", "capacity", "area"]).drop_duplicates("community", keep="last")
    facts["character"] = most.set_index("community")["character"]
    is_village = (facts["character"] == "rural").to_numpy()
    band = (facts["y"] / facts["area"] / BAND_M).round().to_numpy()
    order = np.lexsort((facts["x"] / facts["area"], -band, is_village, facts["quarter"]))
    new = np.empty(len(facts), dtype=int)
    new[order] = np.arange(len(facts))
    return new[community], facts.iloc[order][["quarter", "character", "capacity"]].reset_index(drop=True)


def write_communities(mesh: Mesh, community: np.ndarray, facts: pd.DataFrame, names: Names) -> gpd.GeoDataFrame:
    """Write communities up, with 12-digit division codes that are well-formed and fictional.

    Parameters
    ----------
    mesh : Mesh
    community : array of int
        Of each block, in order.
    facts : DataFrame
        As ``in_order`` gives it.
    names : Names

    Returns
    -------
    GeoDataFrame
        Table ``COMMUNITIES``, with ``character``.

    References
    ----------
    12 digits: 6 of the county (GB/T 2260), 3 of the street or town, 3 of the committee.
    """
    is_village = (facts["character"] == "rural").to_numpy()
    place = facts.groupby([facts["quarter"], is_village]).cumcount().to_numpy()
    county, street = np.divmod(facts["quarter"].to_numpy(), STREETS_A_COUNTY)
    parents = [f"{COUNTY_CODE + upper}{lower + 1:03d}" for upper, lower in zip(county, street, strict=True)]
    committee = np.where(is_village, FIRST_VILLAGE, 1) + place
    blocks = mesh.blocks["geometry"].to_numpy()[np.argsort(community, kind="stable")]
    groups = np.split(blocks, np.cumsum(np.bincount(community))[:-1])
    return gpd.GeoDataFrame(
        {
            "name": text(names.give(("村",) if village else ("社区",)) for village in is_village),
            "level": text([Level.COMMUNITY.value] * len(facts)),
            "parent_id": text(parents),
            "kind": text([AreaKind.BASE.value] * len(facts)),
            "character": text(facts["character"]),
        },
        index=keys((f"{code}{number:03d}" for code, number in zip(parents, committee, strict=True)), "area_id"),
        geometry=[shapely.orient_polygons(shapely.coverage_union_all(group)) for group in groups],
        crs=CRS,
    )


def write_boundary(communities: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Write the town's boundary up: the outer edge of its communities, vertex by vertex.

    Parameters
    ----------
    communities : GeoDataFrame
        Table ``COMMUNITIES``.
    name : str
        Of the town.

    Returns
    -------
    GeoDataFrame
        Table ``COMMUNITIES``, one row of level ``territory``.
    """
    return gpd.GeoDataFrame(
        {
            "name": text([name]),
            "level": text([Level.TERRITORY.value]),
            "parent_id": text([None]),
            "kind": text([AreaKind.BASE.value]),
        },
        index=keys([str(COUNTY_CODE)], "area_id"),
        geometry=[shapely.orient_polygons(shapely.coverage_union_all(communities.geometry.to_numpy()))],
        crs=CRS,
    )
