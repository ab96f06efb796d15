"""Choose the duties that hold on a day, and tell what the areas of that day are to one another."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import UnknownAreaError
from gridgeo.model.levels import Level
from gridgeo.model.tables import AREAS, DUTIES, check

from .validity import Spans, day_number

PRIMARY_ROLES = ("primary", "full_time", "micro_chief")
"""Roles of the one officer who answers first: the full-time officer of a grid, the chief of a micro grid."""
ROLE_ORDER = (*PRIMARY_ROLES, "deputy", "part_time", "grid_chief")
"""Roles in the order in which their officers are asked; others come after them."""
STAFFED_LEVELS = (Level.GRID, Level.MICRO)
"""Levels whose areas have officers of their own; of the others it is only known that they are there."""


def duties_on(duties: pd.DataFrame, at: date) -> pd.DataFrame:
    """Choose the duties that hold on a day.

    Parameters
    ----------
    duties : DataFrame
        Table ``DUTIES``.
    at : date

    Returns
    -------
    DataFrame

    Raises
    ------
    TableError
        If the table breaks its contract, or a day is not one.
    """
    check(duties, DUTIES)
    return duties[Spans.of(duties, DUTIES.name).holds(day_number(at, DUTIES.name))]


def areas_on(areas: gpd.GeoDataFrame, at: date) -> gpd.GeoDataFrame:
    """Choose the areas in force on a day.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS``.
    at : date

    Returns
    -------
    GeoDataFrame

    Raises
    ------
    TableError
        If the table breaks its contract, or a day is not one.
    UnknownAreaError
        If there are areas, but none in force on that day.
    """
    check(areas, AREAS)
    here = areas[Spans.of(areas, AREAS.name).holds(day_number(at, DUTIES.name))]
    if len(areas) and here.empty:
        raise UnknownAreaError(f"areas: none of the {len(areas)} is in force on {at:%Y-%m-%d}; bring those of that day")
    return here


def parents_of(areas: pd.DataFrame) -> pd.Series:
    """Give the parent of each area, missing where none is told."""
    if "parent_id" not in areas.columns:
        return pd.Series(None, index=areas.index, dtype=object)
    parent = areas["parent_id"].astype(object)
    return parent.where(parent.notna() & (parent != ""), None)


def known_ids(areas: pd.DataFrame) -> pd.Index:
    """Name the areas and those that they say stand above them."""
    return pd.Index(pd.unique(np.concatenate([areas.index.to_numpy(object), parents_of(areas).dropna().to_numpy()])))


def ancestors(areas: pd.DataFrame) -> pd.DataFrame:
    """List what stands above each area.

    Parameters
    ----------
    areas : DataFrame
        Table ``AREAS``.

    Returns
    -------
    DataFrame
        ``area_id, above_id``: one row for each area and each area above it. A ring of parents ends where it began.
    """
    parent = parents_of(areas)
    step = pd.DataFrame({"area_id": areas.index.to_numpy(object), "above_id": parent.to_numpy()}).dropna()
    rows = [step]
    for _ in Level:
        step = step.assign(above_id=step["above_id"].map(parent)).dropna()
        if step.empty:
            break
        rows.append(step)
    listed = pd.concat(rows, ignore_index=True).drop_duplicates(ignore_index=True)
    return listed[listed["area_id"] != listed["above_id"]]


def community_of(areas: pd.DataFrame) -> pd.Series:
    """Name the community of each area, missing where the areas do not tell.

    A grid's parent is its community; other areas find theirs through the areas above them.
    """
    level, parent = areas["level"].astype(object), parents_of(areas)
    community = pd.Series(areas.index.to_numpy(object), index=areas.index).where(level == Level.COMMUNITY, None)
    community = community.where(level != Level.GRID, parent)
    above = parent.map(community).astype(object)
    return community.where(level != Level.MICRO, above.where(above.notna(), None))


def leading_role(roles: pd.Series, by: pd.Series) -> pd.Series:
    """Name for each officer the first of the roles that the officer has, in the order of ``ROLE_ORDER``.

    Parameters
    ----------
    roles : Series of str
    by : Series of str
        The officer of each role.

    Returns
    -------
    Series of str
        By officer.
    """
    turn: dict[Any, int] = {role: place for place, role in enumerate(ROLE_ORDER)}
    listed = pd.DataFrame({"officer_id": by.to_numpy(object), "role": roles.to_numpy(object)})
    listed["turn"] = listed["role"].map(turn).fillna(len(turn))
    return listed.sort_values(["turn", "role"]).groupby("officer_id")["role"].first()
