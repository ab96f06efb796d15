"""Measure in five ways what areas cover: land, households, metres of street, institutions, crossings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.levels import StreetKind

from .findings import size_text, width_text

WAYS = ("area", "households", "streets", "institutions", "crossings")
"""The five ways in which areas may cover a territory."""

CROSSING_ARMS = 3
"""So many pieces of street meet where there is a crossing, or a fork."""
JOINT_M = 0.001
"""Ends of streets that are nearer to each other than this meet, metres."""


@dataclass(frozen=True)
class Left:
    """Something that no area covers."""

    name: str
    amount: float
    place: shapely.Geometry
    message: str


@dataclass(frozen=True)
class Cover:
    """How much of one kind of thing lies in some area.

    Parameters
    ----------
    way : str
        One of ``WAYS``.
    total : float
        What there is of it inside the territory.
    left : tuple of Left
        What lies in no area.
    outside : float
        What was given and lies outside the territory; it counts neither way.
    quantity : str
        ``m2``, ``households``, ``m``, ``institutions`` or ``crossings``.
    missing : str
        What was not given, so that nothing was measured.
    """

    way: str
    total: float = 0.0
    left: tuple[Left, ...] = ()
    outside: float = 0.0
    quantity: str = ""
    missing: str = ""

    @property
    def in_none(self) -> float:
        """Add up what lies in no area."""
        return float(sum(each.amount for each in self.left))

    @property
    def share(self) -> float:
        """Return the share that some area covers; nan where there is nothing."""
        return max(1.0 - self.in_none / self.total, 0.0) if self.total > 0 else float("nan")


def cover_five_ways(
    areas: np.ndarray,
    territory: shapely.Geometry | None,
    households: gpd.GeoDataFrame | None,
    streets: gpd.GeoDataFrame | None,
    places: gpd.GeoDataFrame | None,
    *,
    tolerance_m: float,
    least_m2: float,
) -> dict[str, Cover]:
    """Measure what areas cover of the things given.

    Parameters
    ----------
    areas : array of Polygon or MultiPolygon, metres
    territory : Polygon or MultiPolygon, optional
        Things outside it count neither way. Without it land is not measured, and all that is given counts.
    households : GeoDataFrame, optional
        Table ``HOUSEHOLDS``.
    streets : GeoDataFrame, optional
        Table ``STREETS``; only rows of kind ``street`` count, and crossings are where three of their pieces meet.
    places : GeoDataFrame, optional
        Institutions: points, or polygons that are to be covered whole.
    tolerance_m : float, metres
        What lies so near to an area is covered by it; land narrower than this is a hairline and not counted.
    least_m2 : float, square metres
        What of an institution's ground is uncovered and below this is a slip of the drawing.

    Returns
    -------
    dict of way to Cover
        All five, in the order of ``WAYS``.
    """
    land = shapely.union_all(areas)
    near, ground = (_widened(shape, tolerance_m) for shape in (land, territory))
    lines = None if streets is None else streets[streets["kind"] == StreetKind.STREET]
    measured: dict[str, tuple[object, Callable[[], Cover]]] = {
        "area": (territory, lambda: _area(land, territory, tolerance_m)),
        "households": (households, lambda: _households(near, ground, households)),
        "streets": (streets, lambda: _streets(land, near, ground, lines, tolerance_m)),
        "institutions": (places, lambda: _institutions(land, near, ground, places, least_m2)),
        "crossings": (streets, lambda: _crossings(near, ground, lines)),
    }
    asked = {"area": "territory", "institutions": "places", "crossings": "streets"}
    return {
        way: Cover(way, missing=asked.get(way, way)) if given is None else measure()
        for way, (given, measure) in measured.items()
    }


def _widened(shape: shapely.Geometry | None, by_m: float) -> shapely.Geometry | None:
    """Give a shape what lies on its edge, and make it quick to ask."""
    if shape is None:
        return None
    wide = shapely.buffer(shape, by_m, quad_segs=1, join_style="mitre") if by_m else shape
    shapely.prepare(wide)
    return wide


def _area(land: shapely.Geometry, territory: shapely.Geometry | None, tolerance_m: float) -> Cover:
    """Measure land; hairlines are not counted."""
    parts = shapely.get_parts(shapely.difference(territory, land))
    parts = parts[shapely.get_dimensions(parts) == 2]
    wide = parts[~shapely.is_empty(shapely.buffer(parts, -tolerance_m / 2))] if tolerance_m else parts
    left = [Left("", float(part.area), part, f"{size_text(part.area)} of land lie in no area") for part in wide]
    beyond = float(shapely.area(shapely.difference(land, territory)))
    return Cover("area", float(shapely.area(territory)), tuple(left), beyond, "m2")


def _households(
    near: shapely.Geometry | None, ground: shapely.Geometry | None, households: gpd.GeoDataFrame | None
) -> Cover:
    assert households is not None
    points, count = households.geometry.to_numpy(), households["count"].to_numpy(dtype=float)
    inside = _inside(ground, points)
    lost = inside & ~shapely.intersects(near, points)
    left = [
        Left(str(key), number, place, f"household {str(key)!r} ({number:.0f}) lies in no area")
        for key, number, place in zip(households.index[lost], count[lost], points[lost], strict=True)
    ]
    return Cover("households", float(count[inside].sum()), tuple(left), float(count[~inside].sum()), "households")


def _streets(
    land: shapely.Geometry, near: shapely.Geometry | None, ground: shapely.Geometry | None,
    lines: gpd.GeoDataFrame | None, tolerance_m: float,
) -> Cover:  # fmt: skip
    """Measure metres of street; a street on the edge of the territory belongs to it."""
    assert lines is not None
    shapes = lines.geometry.to_numpy()
    within = shapes if ground is None else shapely.intersection(shapes, ground)
    # What lies beside an area by less than the tolerance is covered; what is left is measured from the area itself.
    is_left = shapely.length(shapely.difference(within, near)) > max(tolerance_m, JOINT_M)
    rest = shapely.difference(within, land)
    length = np.where(is_left, shapely.length(rest), 0.0)
    names = lines["name"].fillna("").astype(str) if "name" in lines else pd.Series("", index=lines.index)
    left = [
        Left(str(key), metres, place, f"{width_text(metres)} of street {name or key!r} lie in no area")
        for key, name, metres, place in zip(lines.index, names, length, rest, strict=True)
        if metres > 0
    ]
    total = float(shapely.length(within).sum())
    return Cover("streets", total, tuple(left), float(shapely.length(shapes).sum()) - total, "m")


def _institutions(
    land: shapely.Geometry, near: shapely.Geometry | None, ground: shapely.Geometry | None,
    places: gpd.GeoDataFrame | None, least_m2: float,
) -> Cover:  # fmt: skip
    """Count institutions; a polygon is covered when all of it is."""
    assert places is not None
    shapes = places.geometry.to_numpy()
    inside = _inside(ground, shapely.point_on_surface(shapes))
    names = places["name"].fillna("").astype(str) if "name" in places else pd.Series("", index=places.index)
    left = []
    for key, name, shape in zip(places.index[inside], names[inside], shapes[inside], strict=True):
        told = f"institution {name or key!r}"
        if shapely.get_dimensions(shape) == 0:
            if not shapely.intersects(near, shape):
                left.append(Left(str(key), 1.0, shape, f"{told} lies in no area"))
            continue
        if shapely.difference(shape, near).area > least_m2:
            rest = shapely.difference(shape, land)
            left.append(Left(str(key), 1.0, rest, f"{size_text(rest.area)} of {told} lie in no area"))
    return Cover("institutions", float(inside.sum()), tuple(left), float((~inside).sum()), "institutions")


def _crossings(near: shapely.Geometry | None, ground: shapely.Geometry | None, lines: gpd.GeoDataFrame | None) -> Cover:
    assert lines is not None
    points = find_crossings(lines.geometry.to_numpy())
    inside = _inside(ground, points)
    lost = points[inside & ~shapely.intersects(near, points)]
    left = [Left("", 1.0, place, f"the crossing at {place.x:.1f}, {place.y:.1f} lies in no area") for place in lost]
    return Cover("crossings", float(inside.sum()), tuple(left), float((~inside).sum()), "crossings")


def _inside(ground: shapely.Geometry | None, points: np.ndarray) -> np.ndarray:
    return np.ones(len(points), dtype=bool) if ground is None else shapely.intersects(ground, points)


def find_crossings(lines: np.ndarray) -> np.ndarray:
    """Find where three or more pieces of street meet.

    Parameters
    ----------
    lines : array of LineString or MultiLineString, metres

    Returns
    -------
    array of Point
        From west to east, then from south to north. A bridge counts as a crossing: lines do not tell their height.
    """
    if not len(lines):
        return np.array([], dtype=object)
    pieces = shapely.get_parts(shapely.union_all(lines, grid_size=JOINT_M))
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(pieces, at)) for at in (0, -1)])
    places, arms = np.unique(np.round(ends / JOINT_M).astype(np.int64), axis=0, return_counts=True)
    return np.array(shapely.points(places[arms >= CROSSING_ARMS] * JOINT_M), dtype=object)
