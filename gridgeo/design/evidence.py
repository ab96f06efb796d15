"""Gather what a plan is judged by: its areas drawn anew from their atoms, and what they hold counted anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import check_metric
from gridgeo.model.errors import CrsError, TableError
from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Profile
from gridgeo.model.tables import BUILDINGS, DUTIES, HOUSEHOLDS, STREETS, Table, conform

from .intake import take_in_territory, unite

PARENTS = {Level.GRID: Level.COMMUNITY, Level.MICRO: Level.GRID}
"""In an area of which level one of a level lies."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """A plan, and the layers that it is held against; ``gather`` makes it.

    Parameters
    ----------
    plan : Plan
    profile : Profile
    households, streets, places, units, buildings : GeoDataFrame or None
        In the CRS of the plan; None where they were not given.
    duties : DataFrame or None
        Table ``DUTIES``.
    territory : Polygon, MultiPolygon or None
    at : date or None
        The day of which the duties are judged.
    street_share : float or None
        The share of inner borders that must run on streets, where one is stated.
    tolerance_m, street_m, least_m2 : float
        As for ``conformance``.
    """

    plan: Plan
    profile: Profile
    households: gpd.GeoDataFrame | None
    streets: gpd.GeoDataFrame | None
    places: gpd.GeoDataFrame | None
    units: gpd.GeoDataFrame | None
    buildings: gpd.GeoDataFrame | None
    duties: pd.DataFrame | None
    territory: shapely.Geometry | None
    at: date | None
    street_share: float | None
    tolerance_m: float
    street_m: float
    least_m2: float

    @cached_property
    def _drawn(self) -> dict[str, gpd.GeoDataFrame]:
        return {}

    def holds(self, level: str) -> bool:
        """Tell whether the plan has a level."""
        return level in self.plan.owners

    def owner(self, level: str) -> pd.Series:
        """Give the area of each atom, in the order of the atoms; missing where it has none."""
        return self.plan.owners[level].reindex(self.plan.atoms.index)

    def areas(self, level: str) -> gpd.GeoDataFrame:
        """Draw the areas of a level from their atoms.

        Returns
        -------
        GeoDataFrame
            Index ``area_id`` in order; ``code, kind, parent_id`` as the register has them, missing where it has none,
            and ``community``, the one of the area's first atom.
        """
        if level not in self._drawn:
            self._drawn[level] = self._draw(level)
        return self._drawn[level]

    def _draw(self, level: str) -> gpd.GeoDataFrame:
        owner = self.owner(level).dropna()
        atoms = self.plan.atoms.geometry.loc[owner.index].to_numpy()
        ids, first, group = np.unique(owner.to_numpy(dtype=str), return_index=True, return_inverse=True)
        order = np.argsort(group, kind="stable")
        parts = np.split(atoms[order], np.cumsum(np.bincount(group))[:-1])
        shapes = [shapely.union_all(part) for part in parts]
        index = pd.Index(ids, name="area_id", dtype=object)
        told = self.plan.register.reindex(index)[["code", "kind", "parent_id"]]
        told = told.assign(community=self.owner(Level.COMMUNITY).reindex(owner.index).to_numpy()[first])
        return gpd.GeoDataFrame(told, geometry=gpd.GeoSeries(shapes, index=index, crs=self.plan.crs))

    def ordinary(self, level: str) -> pd.Series:
        """Tell which areas are no institution's own."""
        return self.areas(level)["kind"] != AreaKind.EXCLUSIVE

    def held(self, level: str, measure: str) -> pd.DataFrame | None:
        """Count what each area holds of a measure.

        Returns
        -------
        DataFrame or None
            Index: the area, or the range of floors into which it is cut; ``area_id`` and ``amount``. None where the
            measure is not counted.
        """
        ids = self.areas(level).index
        amounts = self._amounts(level, measure)
        if amounts is None:
            return None
        table = pd.DataFrame({"area_id": ids, "amount": amounts.reindex(ids).fillna(0).to_numpy()}, index=ids)
        ranges = self.plan.stacked
        ranges = ranges[ranges["parent_id"].isin(ids)]
        if measure != "households" or not len(ranges):
            return table
        floors = pd.DataFrame({"area_id": ranges["parent_id"], "amount": ranges["households"].astype(float)})
        return pd.concat([table.drop(ranges["parent_id"].unique()), floors]).sort_index()

    def _amounts(self, level: str, measure: str) -> pd.Series | None:
        if measure == "area_m2":
            return self.areas(level).geometry.area
        owner = self.owner(level)
        if measure == "grids":
            return self.owner(Level.GRID).groupby(owner).nunique() if self.holds(Level.GRID) else None
        points = self.households
        column = {"households": "count"}.get(measure, measure)
        if points is not None and column in points and len(points):
            located = self._locate(level, points.geometry.to_numpy())
            return pd.to_numeric(points[column]).groupby(located).sum()
        if measure not in self.plan.atoms:
            return None
        counted = pd.to_numeric(self.plan.atoms[measure], errors="coerce").fillna(0)
        return counted.groupby(owner).sum() if counted.any() else None

    def _locate(self, level: str, points: np.ndarray) -> np.ndarray:
        """Find the area of each point: on a shared border the one of the smaller id, None where there is none."""
        areas = self.areas(level)
        point, area = shapely.STRtree(areas.geometry.to_numpy()).query(points, predicate="intersects")
        first = np.full(len(points), len(areas))
        np.minimum.at(first, point, area)
        return np.array([*areas.index, None], dtype=object)[first]


def gather(plan: Plan, profile: Profile, layers: dict[str, Any], settings: dict[str, Any]) -> Evidence:
    """Check what a plan is to be judged by, and bring it into the plan's CRS.

    Parameters
    ----------
    plan : Plan
    profile : Profile
    layers : dict
        ``households, streets, places, units, buildings, duties, territory``; None where not given.
    settings : dict
        ``at, street_share, tolerance_m, street_m, least_m2``.

    Raises
    ------
    TableError, CrsError
        If the plan has no atoms, or a layer breaks its contract or has no CRS.
    """
    if not len(plan.atoms):
        raise TableError("plan: has no atoms, so there is nothing to judge")
    check_metric(plan.crs, "plan")
    for name, low in (("tolerance_m", 0.0), ("street_m", 0.0), ("least_m2", 0.0)):
        if not (np.isfinite(settings[name]) and settings[name] >= low):
            raise TableError(f"{name} is {settings[name]!r}; give a number of at least {low:g}")
    share = settings["street_share"]
    if share is not None and not 0 <= share <= 1:
        raise TableError(f"street_share is {share!r}; give a share from 0 to 1")
    duties = layers["duties"]
    return Evidence(
        plan=plan,
        profile=profile,
        households=_table(layers["households"], HOUSEHOLDS, plan.crs),
        streets=_table(layers["streets"], STREETS, plan.crs),
        places=_shapes(layers["places"], "places", plan.crs),
        units=_shapes(layers["units"], "units", plan.crs, only=("Polygon", "MultiPolygon")),
        buildings=_table(layers["buildings"], BUILDINGS, plan.crs),
        duties=None if duties is None else conform(duties, DUTIES),
        territory=_territory(layers["territory"], plan.crs),
        **settings,
    )


def _table(frame: gpd.GeoDataFrame | None, table: Table, crs: Any) -> gpd.GeoDataFrame | None:
    if frame is None:
        return None
    made = gpd.GeoDataFrame(conform(frame, table))
    return made.to_crs(crs) if len(made) else made


def _shapes(
    frame: gpd.GeoDataFrame | None, name: str, crs: Any, only: Iterable[str] = ("Point", "Polygon", "MultiPolygon")
) -> gpd.GeoDataFrame | None:
    """Take in shapes of no table: institutions, estates."""
    if frame is None:
        return None
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        raise TableError(f"{name}: has no geometry; pass a GeoDataFrame whose geometry column is set")
    if not len(frame):
        return frame
    if frame.crs is None:
        raise CrsError(f"{name}: has no CRS; say which one it is, for example {name}.set_crs('EPSG:4547')")
    wrong = ~frame.geom_type.isin(list(only)).to_numpy() | frame.geometry.is_empty.to_numpy()
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise TableError(f"{name}: row {frame.index[at]!r} is {frame.geom_type.iloc[at] or 'missing'}, not {only}")
    broken = ~shapely.is_valid(frame.geometry.to_numpy())
    if broken.any():
        raise TableError(f"{name}: geometry of {frame.index[broken][0]!r} is invalid; mend it with gridgeo repair")
    made = frame.set_axis(frame.index.astype(str)) if frame.index.is_unique else frame.reset_index(drop=True)
    return gpd.GeoDataFrame(made.set_axis(made.index.astype(str))).to_crs(crs).sort_index()


def _territory(territory: Any, crs: Any) -> shapely.Geometry | None:
    if territory is None:
        return None
    if isinstance(territory, gpd.GeoDataFrame | gpd.GeoSeries):
        if territory.crs is None:
            raise CrsError("territory: has no CRS; say which one it is with set_crs")
        territory = territory.to_crs(crs)
    ground = unite(take_in_territory(territory, crs))
    if shapely.is_empty(ground):
        raise TableError("territory: has no land")
    return ground
