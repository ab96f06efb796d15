"""Make the areas of a division ready for a replay: their index, the tree above them, and their middles."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import CrsError, TableError
from gridgeo.model.plan import Plan
from gridgeo.model.tables import AREAS, check

from .locate import AreaIndex


@dataclass(frozen=True, eq=False)
class Ground:
    """The areas of one level of a division, as if they had always been in force.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS``, of one level, in order.
    tree : GeoDataFrame
        Those of all levels.
    index : AreaIndex
    level : str or None
        What to ask the index for; None where it holds no levels.
    middles : GeoSeries of Point
        By ``area_id``: the centroid where it lies in the area, else a point inside.
    """

    areas: gpd.GeoDataFrame
    tree: gpd.GeoDataFrame
    index: AreaIndex
    level: str | None
    middles: gpd.GeoSeries

    @classmethod
    def of(cls, given: Plan | gpd.GeoDataFrame, index: AreaIndex | None, level: str, name: str) -> Ground:
        """Read a plan or a table of areas.

        Parameters
        ----------
        given : Plan or GeoDataFrame
        index : AreaIndex, optional
            Built here where it is not given.
        level : str
        name : str
            What to call it in messages.

        Returns
        -------
        Ground

        Raises
        ------
        TableError
            If there is no area of the level, or an area breaks its contract.
        CrsError
            If the index is in another CRS.
        UnknownAreaError
            If a plan has no such level.
        """
        if isinstance(given, Plan):
            given.owner(level)  # tells a level that is not there
            tree = pd.concat([given.areas(each) for each in dict.fromkeys([*given.levels, level])])
        else:
            check(given, AREAS)
            tree = given
        tree = tree.assign(valid_from=None, valid_to=None)
        areas = tree[tree["level"] == level].sort_index()
        if not len(areas):
            there = ", ".join(sorted(tree["level"].unique())) or "none"
            raise TableError(f"{name}: holds no area of level {level!r}; its levels are {there}")
        if index is None:
            index = AreaIndex.from_areas(areas)
        elif index.crs != areas.crs:
            raise CrsError(f"index: is in {index.crs.name}, {name} is in {areas.crs.name}; build it of these areas")
        asked = level if level in index.levels else None
        return cls(areas, tree, index, asked, _middles(areas))

    def locate(self, points: gpd.GeoSeries) -> pd.Series:
        """Tell which area owns each point, as ``AreaIndex.locate``."""
        return self.index.locate(points, level=self.level)

    def dispatch_index(self) -> AreaIndex:
        """Give an index of these areas alone."""
        alone = self.index.area_ids.isin(self.areas.index).all()
        return self.index if alone else AreaIndex.from_areas(self.areas)


def _middles(areas: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Give a point in the middle of each area."""
    shapes = areas.geometry.to_numpy()
    middles = shapely.centroid(shapes)
    out = ~shapely.contains_properly(shapes, middles)
    middles[out] = shapely.point_on_surface(shapes[out])
    return gpd.GeoSeries(np.asarray(middles), index=areas.index, crs=areas.crs)
