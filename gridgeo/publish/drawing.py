"""Draw areas for the screen: simplified as one coverage, in longitude and latitude, as short whole numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import LONLAT
from gridgeo.model.plan import Plan

SCALE = 1_000_000
"""Steps of a degree: six decimals, about a tenth of a metre."""


@dataclass(frozen=True)
class Pieces:
    """The largest polygons that no border of any level crosses: what every level is drawn from.

    Parameters
    ----------
    shapes : GeoSeries of Polygon or MultiPolygon
        A valid coverage.
    owners : DataFrame of str
        One row a piece, one column a level, outer level first, beats last: the area that holds the piece.
    """

    shapes: gpd.GeoSeries
    owners: pd.DataFrame

    @classmethod
    def of(cls, plan: Plan, crs: Any = None) -> Pieces:
        """Join the atoms of a plan into pieces, in the plan's CRS or another."""
        levels = [*plan.levels, *plan.overlays]
        owners = pd.DataFrame({level: plan.owner(level).reindex(plan.atoms.index) for level in levels}).dropna()
        piece = owners.groupby(levels, sort=True).ngroup().to_numpy()
        joined = gpd.GeoSeries(_dissolve(plan.atoms.geometry.loc[owners.index].to_numpy(), piece), crs=plan.crs)
        first = np.unique(piece, return_index=True)[1]
        return cls(joined if crs is None else joined.to_crs(crs), owners.iloc[first].reset_index(drop=True))

    def draw(self, tolerance: float) -> dict[str, gpd.GeoSeries]:
        """Draw every level from one simplified coverage, so that borders of all levels coincide.

        Parameters
        ----------
        tolerance : float, in the unit of the shapes' CRS
            Corners that span less than a triangle of this size squared are straightened; 0 keeps every vertex.

        Returns
        -------
        dict of level to GeoSeries
            Index ``area_id`` in order; neighbours share identical vertices at every level.

        References
        ----------
        Visvalingam and Whyatt, "Line generalisation by repeated elimination of points", 1993, applied to shared
        edges once (``shapely.coverage_simplify``), so that no sliver opens between two areas.
        """
        pieces = self.shapes.to_numpy()
        if tolerance > 0:
            pieces = shapely.coverage_simplify(pieces, tolerance)
        return {str(level): self._level(pieces, names) for level, names in self.owners.items()}

    def _level(self, pieces: np.ndarray, names: pd.Series) -> gpd.GeoSeries:
        areas, group = np.unique(names.to_numpy(dtype=str), return_inverse=True)
        shapes = shapely.orient_polygons(_dissolve(pieces, group))
        return gpd.GeoSeries(shapes, crs=self.shapes.crs, index=pd.Index(areas, name="area_id"))


def _dissolve(shapes: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Join the polygons of each group, 0 to n - 1, of a valid coverage."""
    order = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    joined = [part[0] if len(part) == 1 else shapely.coverage_union_all(part) for part in np.split(shapes[order], cuts)]
    return np.array(joined, dtype=object)


@dataclass(frozen=True)
class Frame:
    """Turn longitude and latitude into short whole numbers, counted from the south-west corner of the page.

    Parameters
    ----------
    west, south : int, steps of a degree
        The corner.
    """

    west: int
    south: int

    @classmethod
    def around(cls, shapes: gpd.GeoSeries) -> Frame:
        """Put the corner at the south-west of shapes in any CRS."""
        west, south, _, _ = shapes.to_crs(LONLAT).total_bounds
        return cls(int(np.floor(west * SCALE)), int(np.floor(south * SCALE)))

    def describe(self) -> dict[str, int]:
        """Tell the page how to turn the numbers back."""
        return {"west": self.west, "south": self.south, "scale": SCALE}

    def steps(self, lonlat: np.ndarray) -> list[int]:
        """Write places as whole steps, each from the place before: ``[x, y, dx, dy ...]``."""
        whole = np.rint(lonlat * SCALE).astype(np.int64)
        return np.diff(whole, axis=0, prepend=[[self.west, self.south]]).reshape(-1).tolist()

    def _line_steps(self, lonlat: np.ndarray, *, ring: bool = False) -> list[int]:
        """Write a line without the places at which it stands still on the page."""
        whole = np.rint(lonlat * SCALE).astype(np.int64)
        moves = np.append(True, (np.diff(whole, axis=0) != 0).any(axis=1))
        if moves.sum() < (4 if ring else 2):
            moves[:] = True
        kept = whole[moves][:-1] if ring else whole[moves]
        return np.diff(kept, axis=0, prepend=[[self.west, self.south]]).reshape(-1).tolist()

    def areas(self, shapes: gpd.GeoSeries) -> list[list[list[list[int]]]]:
        """Write polygons: for each its parts, for each part its rings, for each ring its steps, not closed."""
        drawn = shapes.to_crs(LONLAT).to_numpy()
        return [[self._rings(part) for part in shapely.get_parts(shape)] for shape in drawn]

    def _rings(self, polygon: shapely.Polygon) -> list[list[int]]:
        return [self._line_steps(shapely.get_coordinates(ring), ring=True) for ring in shapely.get_rings(polygon)]

    def lines(self, shapes: gpd.GeoSeries) -> list[list[list[int]]]:
        """Write lines: for each its parts, for each part its steps."""
        drawn = shapes.to_crs(LONLAT).to_numpy()
        return [
            [self._line_steps(shapely.get_coordinates(part)) for part in shapely.get_parts(shape)] for shape in drawn
        ]

    def places(self, points: gpd.GeoSeries) -> list[list[int]]:
        """Write points, each counted from the corner."""
        return [self.steps(place[None, :]) for place in shapely.get_coordinates(points.to_crs(LONLAT).to_numpy())]


def label_anchors(shapes: gpd.GeoSeries) -> tuple[gpd.GeoSeries, np.ndarray]:
    """Find where the name of each area is written: in the middle of its largest inscribed circle.

    Parameters
    ----------
    shapes : GeoSeries of Polygon or MultiPolygon
        Metric.

    Returns
    -------
    anchors : GeoSeries of Point
    radius_m : array of float, metres
    """
    areas = shapes.to_numpy()
    circles = shapely.maximum_inscribed_circle(areas, tolerance=0.01 * np.sqrt(shapely.area(areas)))
    anchors = gpd.GeoSeries(shapely.get_point(circles, 0), index=shapes.index, crs=shapes.crs)
    return anchors, shapely.length(circles)


def count_cells(points: gpd.GeoSeries, *, cell_m: float = 15.0, most: int = 25_000) -> tuple[gpd.GeoSeries, np.ndarray]:
    """Count points in square cells, so that a page carries counts and no single place.

    Parameters
    ----------
    points : GeoSeries of Point
        Metric.
    cell_m : float, metres
        Side of a cell; doubled until no more than ``most`` cells hold a point.
    most : int
        How many cells a page may carry.

    Returns
    -------
    middles : GeoSeries of Point
        Middle of each cell that holds a point, from south-west to north-east.
    counts : array of int
    """
    xy = shapely.get_coordinates(points.to_numpy())
    while True:
        cells, counts = np.unique(np.floor(xy[:, ::-1] / cell_m).astype(np.int64), axis=0, return_counts=True)
        if len(cells) <= most:
            break
        cell_m *= 2
    middles = (cells[:, ::-1] + 0.5) * cell_m
    return gpd.GeoSeries(shapely.points(middles), crs=points.crs), counts


def join_lines(lines: Iterable[shapely.Geometry], *, tolerance_m: float = 1.0) -> shapely.Geometry:
    """Join the pieces of a street end to end and straighten what the eye does not see."""
    parts = shapely.get_parts(np.array(list(lines), dtype=object))
    merged = np.array([shapely.line_merge(shapely.multilinestrings(parts))], dtype=object)
    return np.asarray(shapely.simplify(merged, tolerance_m))[0]
