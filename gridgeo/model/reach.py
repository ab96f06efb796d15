"""Measure how far households live from the middle of their area, and which buildings a border cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .levels import Level
from .tables import BUILDINGS, HOUSEHOLDS, conform

if TYPE_CHECKING:
    from .plan import Plan

LEAST_M2 = 1.0
"""What of a building lies in an area and covers less than this is a slip of the drawing, square metres."""


def measure_reach(plan: Plan, level: str, households: gpd.GeoDataFrame | None = None) -> pd.DataFrame:
    """Measure the distance from households to the centre of their area: their mean place.

    Parameters
    ----------
    plan : Plan
    level : str
    households : GeoDataFrame, optional
        Table ``HOUSEHOLDS``; those outside the territory are left out. Without it each atom's households live at a
        point inside it.

    Returns
    -------
    DataFrame
        Index ``area_id`` in order; ``centre_mean_m``, ``centre_max_m`` (metres, straight; nan where nobody lives) and
        ``reached``, the households that were measured.
    """
    owner = plan.owner(level)
    if households is None:
        atoms = plan.atoms.loc[owner.index]
        place, weight = shapely.point_on_surface(atoms.geometry.to_numpy()), atoms["households"].to_numpy(dtype=float)
        area = owner.to_numpy(dtype=str)
    else:
        table = gpd.GeoDataFrame(conform(households, HOUSEHOLDS)).to_crs(plan.crs)
        at = _atom_of(plan, table.geometry.to_numpy())
        area = owner.reindex(plan.atoms.index).to_numpy(dtype=object)[at]
        inside = (at >= 0) & pd.notna(area)
        place, weight = table.geometry.to_numpy()[inside], table["count"].to_numpy(dtype=float)[inside]
        area = area[inside].astype(str)
    peopled = weight > 0
    ids = np.unique(owner.to_numpy(dtype=str))
    code, weight = np.searchsorted(ids, area[peopled]), weight[peopled]
    xy = shapely.get_coordinates(place[peopled]).reshape(-1, 2)
    reached = np.bincount(code, weight, minlength=len(ids))
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.column_stack([np.bincount(code, weight * xy[:, axis], len(ids)) / reached for axis in (0, 1)])
        away_m = np.hypot(*(xy - centre[code]).T)
        mean_m = np.bincount(code, weight * away_m, minlength=len(ids)) / reached
    most_m = np.full(len(ids), np.nan)
    np.fmax.at(most_m, code, away_m)
    columns = {"centre_mean_m": mean_m, "centre_max_m": most_m, "reached": reached}
    return pd.DataFrame(columns, index=pd.Index(ids, name="area_id"))


def _atom_of(plan: Plan, points: np.ndarray) -> np.ndarray:
    """Find the atom that holds each point: its position, the first one on a shared border, -1 where none does."""
    point, atom = shapely.STRtree(plan.atoms.geometry.to_numpy()).query(points, predicate="intersects")
    first = np.full(len(points), len(plan.atoms))
    np.minimum.at(first, point, atom)
    return np.where(first < len(plan.atoms), first, -1)


def find_cut_buildings(
    plan: Plan, level: str, buildings: gpd.GeoDataFrame, *, least_m2: float = LEAST_M2
) -> pd.DataFrame:
    """Find the buildings that lie in several areas of one community; in beats, of any.

    Parameters
    ----------
    plan : Plan
    level : str
    buildings : GeoDataFrame
        Table ``BUILDINGS``.
    least_m2 : float, square metres
        A part of a building below this counts as no part.

    Returns
    -------
    DataFrame
        One row a building and an area that holds a part of it: ``building_id, area_id, area_m2``.

    Raises
    ------
    TableError, CrsError
        If the table breaks its contract.
    """
    table = gpd.GeoDataFrame(conform(buildings, BUILDINGS)).to_crs(plan.crs)
    shapes, atoms = table.geometry.to_numpy(), plan.atoms.geometry.to_numpy()
    house, atom = shapely.STRtree(atoms).query(shapes, predicate="intersects")
    index = plan.atoms.index
    parts = pd.DataFrame(
        {
            "house": house,
            "atom": atom,
            "area_id": plan.owner(level).reindex(index).to_numpy(dtype=object)[atom],
            "within": "" if level == Level.BEAT else plan.owner(Level.COMMUNITY).reindex(index).to_numpy()[atom],
        }
    ).dropna(subset=["area_id"])
    parts = parts[parts.groupby(["house", "within"])["area_id"].transform("nunique") > 1]
    held = shapely.area(shapely.intersection(shapes[parts["house"]], atoms[parts["atom"]]))
    parts = parts.assign(area_m2=held).groupby(["house", "within", "area_id"])["area_m2"].sum().reset_index()
    parts = parts[parts["area_m2"] >= least_m2]
    parts = parts[parts.groupby(["house", "within"])["area_id"].transform("nunique") > 1]
    named = parts.assign(building_id=table.index.to_numpy()[parts["house"]])
    return named[["building_id", "area_id", "area_m2"]].reset_index(drop=True)
