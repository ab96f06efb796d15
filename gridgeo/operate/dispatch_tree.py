"""Know what lies above an area, which community it is in, and which grids are its neighbours."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import TableError
from gridgeo.model.levels import Level

from .validity import Spans

NO_AREA: tuple[str, ...] = ()


class LevelTree:
    """Areas of all levels, one above the other.

    Parameters
    ----------
    areas : DataFrame or GeoDataFrame, optional
        By ``area_id``: ``parent_id``, ``level``, ``valid_from``, ``valid_to``, geometry; each may be absent. Without
        areas nothing lies above anything.

    Raises
    ------
    TableError
        If an id stands more than once, or is not text.
    """

    def __init__(self, areas: pd.DataFrame | None) -> None:
        self.parent: dict[str, str] = {}
        self.level: dict[str, str] = {}
        self.children: dict[str, list[str]] = {}
        self._rows: dict[str, int] = {}
        self._spans: Spans | None = None
        self._shapes: np.ndarray | None = None
        if areas is not None:
            self._read(areas)
        self.path = lru_cache(maxsize=None)(self._path)
        self.neighbours = lru_cache(maxsize=None)(self._neighbours)

    def __contains__(self, area_id: object) -> bool:
        return area_id in self._rows

    def _read(self, areas: pd.DataFrame) -> None:
        if not areas.index.is_unique:
            twice = areas.index[areas.index.duplicated()][0]
            raise TableError(f"areas: area_id {twice!r} stands more than once; ids must be unique over all levels")
        ids = areas.index.tolist()
        if not all(isinstance(area_id, str) for area_id in ids):
            raise TableError(f"areas: area_id {ids[0]!r} is not text; use areas.index.astype(str)")
        self._rows = {area_id: row for row, area_id in enumerate(ids)}
        self._spans = Spans.of(areas, "areas")
        if isinstance(areas, gpd.GeoDataFrame) and areas.active_geometry_name is not None:
            self._shapes = areas.geometry.to_numpy()
        if "level" in areas.columns:
            self.level = {area_id: str(level) for area_id, level in zip(ids, areas["level"], strict=True)}
        if "parent_id" in areas.columns:
            for area_id, parent in zip(ids, areas["parent_id"], strict=True):
                if isinstance(parent, str) and parent and parent != area_id:
                    self.parent[area_id] = parent
                    self.children.setdefault(parent, []).append(area_id)

    def _path(self, area_id: Any) -> tuple[str, ...]:
        """List an area and those above it, the nearest first; nothing for a missing area."""
        if not isinstance(area_id, str):
            return NO_AREA
        found = [area_id]
        while (above := self.parent.get(found[-1])) is not None and above not in found:
            found.append(above)
        return tuple(found)

    def at_level(self, area_id: Any, level: str) -> str | None:
        """Name the area itself, or the nearest one above it, that is of a level."""
        return next((each for each in self.path(area_id) if self.level.get(each) == level), None)

    def community(self, area_id: Any) -> str | None:
        """Name the community of an area, None where it is not known."""
        return self.at_level(area_id, Level.COMMUNITY)

    def grid(self, area_id: Any) -> str | None:
        """Name the grid of an area: the nearest grid above it, else the area itself below a community."""
        grid = self.at_level(area_id, Level.GRID)
        if grid is not None:
            return grid
        return area_id if self.level.get(area_id, Level.GRID) in (Level.GRID, Level.MICRO) else None

    def holds(self, area_id: str, day: int) -> bool:
        """Tell whether an area is in force on a day; one that is not in the tree always is."""
        row = self._rows.get(area_id)
        if row is None or self._spans is None:
            return True
        return bool(self._spans.begins[row] <= day < self._spans.ends[row])

    def shape(self, area_id: str) -> Any:
        """Give the shape of an area, None where it is not known."""
        row = self._rows.get(area_id)
        return None if row is None or self._shapes is None else self._shapes[row]

    def _neighbours(self, area_id: str) -> tuple[str, ...]:
        """List the other grids of the same community, those that touch first, then by the distance of their middles."""
        community = self.community(area_id)
        if community is None:
            return NO_AREA
        others = sorted(
            each for each in self.children.get(community, ()) if each != area_id and self.level.get(each) == Level.GRID
        )
        own, shapes = self.shape(area_id), [self.shape(each) for each in others]
        if own is None or any(shape is None for shape in shapes) or not others:
            return tuple(others)
        away = shapely.distance(np.array(shapes), own).round(2)
        middle = shapely.distance(shapely.centroid(np.array(shapes)), shapely.centroid(own)).round(2)
        return tuple(others[at] for at in np.lexsort((np.arange(len(others)), middle, away)))
