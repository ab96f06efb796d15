"""Show one level of a plan: names, shapes in degrees, a point inside each area, neighbours, colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.amounts import held_by, sides_of_areas
from gridgeo.model.crs import LONLAT
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Limits
from gridgeo.publish.facts import describe_areas
from gridgeo_api.surroundings import colours, neighbours

DEGREE_DIGITS = 7  # about a centimetre
LABEL_TOLERANCE_M = 5.0


@dataclass(frozen=True)
class Shown:
    """One level of a plan.

    Parameters
    ----------
    level : str
    areas : GeoDataFrame
        Table ``AREAS`` with ``short_name, hue, shade`` beside, in metres.
    lonlat : array of Polygon
        The same shapes in degrees, to 7 digits.
    inside : array of float, degrees
        A point inside each area, (n, 2).
    beside : mapping
        ``area_id`` -> [(neighbour, shared metres), ...], longest border first.
    band : Limits or None
        How much an area should hold; of what, says its ``measure``.
    amounts : array of int
        What each area holds of that; empty without a band.
    sides : list of int or None
        -1 below the band, 0 inside, 1 above; None for an area that the band does not judge, such as an institution's.
    """

    level: str
    areas: gpd.GeoDataFrame
    lonlat: np.ndarray
    inside: np.ndarray
    beside: Mapping[str, list[tuple[str, float]]]
    band: Limits | None
    amounts: np.ndarray
    sides: list[int | None]

    @cached_property
    def names(self) -> list[str]:
        """List the areas, row by row."""
        return [str(area_id) for area_id in self.areas.index]

    @cached_property
    def places(self) -> dict[str, int]:
        """Tell the row of each area."""
        return {area_id: row for row, area_id in enumerate(self.areas.index)}

    @cached_property
    def boxes(self) -> np.ndarray:
        """Give the box of each area in degrees, (n, 4)."""
        boxes: np.ndarray = np.round(shapely.bounds(self.lonlat), DEGREE_DIGITS)
        return boxes


def show(plan: Plan, level: str) -> Shown:
    """Make a level of a plan ready to be shown.

    Parameters
    ----------
    plan : Plan
    level : str

    Returns
    -------
    Shown

    Raises
    ------
    UnknownAreaError
        If the plan has no such level.
    """
    areas = plan.areas(level)
    beside = _by_area(neighbours(plan, level))
    coloured = areas.join(colours(plan, level, areas.index)).assign(
        short_name=describe_areas(areas, plan.register)["label"]
    )
    to_degrees = coloured.geometry.to_crs(LONLAT).to_numpy()
    lonlat = shapely.transform(to_degrees, lambda place: np.round(place, DEGREE_DIGITS))
    inside = gpd.GeoSeries(_points_inside(areas.geometry.to_numpy()), crs=areas.crs).to_crs(LONLAT)
    points = np.round(shapely.get_coordinates(inside.to_numpy()), DEGREE_DIGITS)
    band = plan.profile.limits.get(level)
    amounts = (
        np.empty(0, dtype=int) if band is None else held_by(plan, level, band.measure).fillna(0).to_numpy(dtype=int)
    )
    sides = [None if pd.isna(side) else int(side) for side in sides_of_areas(plan, level)]
    return Shown(level, coloured, lonlat, points, beside, band, amounts, sides)


def _by_area(pairs: pd.DataFrame) -> dict[str, list[tuple[str, float]]]:
    """Group neighbours by area, keeping their order."""
    grouped: dict[str, list[tuple[str, float]]] = {}
    for area, other, shared_m in zip(pairs["area_id"], pairs["other_id"], pairs["shared_m"], strict=True):
        grouped.setdefault(area, []).append((other, float(shared_m)))
    return grouped


def _points_inside(shapes: np.ndarray) -> np.ndarray:
    """Find a point well inside each area, where its name can stand."""
    circles = shapely.maximum_inscribed_circle(shapes, tolerance=LABEL_TOLERANCE_M)
    centres: np.ndarray = shapely.get_point(circles, 0)
    return centres
