"""Draw the water: the river, fish ponds in the fields, lakes in the parks."""

from __future__ import annotations

from dataclasses import asdict

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .bend import Bend
from .blocks import QuarterPlan
from .columns import CRS, numbered, text
from .parcels import largest_parts
from .rows import facing_angle, pack_rows
from .styles import Style

WATER_STREAM = 71
POND = Style("pond", 12.0, 34.0, 30.0, 1, 3, 5.0, 5.0, 0, 0, kept=0.8, to_share=0.6)
POND_SHARE = 0.45
"""Of the fields have fish ponds."""
LAKE_SHARE, LAKE_RADIUS = 0.6, 0.22
"""Of the parks have a lake; its radius as a share of the root of the park's area."""
LAKE_CORNERS = 14


def draw_rivers(plans: list[QuarterPlan], bend: Bend) -> np.ndarray:
    """Draw each quarter's stretch of river on the ground.

    Parameters
    ----------
    plans : list of QuarterPlan
    bend : Bend

    Returns
    -------
    array of Polygon
        One a quarter; stretches of neighbouring quarters meet.
    """
    stretches = [shapely.intersection(plan.main.water, plan.main.limit) for plan in plans]
    return shapely.buffer(bend.shapes(np.array(stretches, dtype=object)), 0)


def write_water(
    rivers: np.ndarray, boundary: shapely.Polygon, parcels: np.ndarray, uses: np.ndarray, seed: int
) -> gpd.GeoDataFrame:
    """Write the water up.

    Parameters
    ----------
    rivers : array of Polygon
    boundary : Polygon
        Of the town; water ends there.
    parcels : array of Polygon
    uses : array of str
        Use of each parcel.
    seed : int

    Returns
    -------
    GeoDataFrame
        Index ``water_id``; ``kind`` (river, pond, lake), ``geometry``.
    """
    random = np.random.default_rng([seed, WATER_STREAM])
    rivers = largest_parts(shapely.intersection(rivers, boundary))
    ponds = _ponds(parcels[uses == "fields"], random)
    lakes = _lakes(parcels[uses == "park"], random)
    shapes = np.concatenate([rivers, ponds, lakes])
    kinds = ["river"] * len(rivers) + ["pond"] * len(ponds) + ["lake"] * len(lakes)
    index = numbered("W", len(shapes), 5, "water_id")
    return gpd.GeoDataFrame({"kind": text(kinds)}, index=index, geometry=shapes, crs=CRS)


def _ponds(fields: np.ndarray, random: np.random.Generator) -> np.ndarray:
    chosen = fields[random.uniform(size=len(fields)) < POND_SHARE]
    grounds = shapely.buffer(chosen, -POND.setback_m, join_style="mitre")
    grounds = grounds[shapely.get_type_id(grounds) == 3]
    grounds = grounds[~shapely.is_empty(grounds)]
    rows = pack_rows(
        grounds, facing_angle(grounds), pd.DataFrame([asdict(POND)] * len(grounds), columns=list(asdict(POND)))
    )
    ponds = rows["geometry"].to_numpy()[random.uniform(size=len(rows)) < POND.kept]
    return shapely.buffer(shapely.buffer(ponds, -4.0), 3.0, quad_segs=2)


def _lakes(parks: np.ndarray, random: np.random.Generator) -> np.ndarray:
    chosen = parks[random.uniform(size=len(parks)) < LAKE_SHARE]
    turn = np.linspace(0, 2 * np.pi, LAKE_CORNERS, endpoint=False)
    radius = (
        LAKE_RADIUS * np.sqrt(shapely.area(chosen))[:, None] * random.uniform(0.75, 1.25, (len(chosen), LAKE_CORNERS))
    )
    ring = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=2)
    middle = shapely.get_coordinates(shapely.point_on_surface(chosen))
    lakes = shapely.buffer(shapely.buffer(shapely.polygons(ring + middle[:, None, :]), -3), 3, quad_segs=3)
    return np.asarray(lakes)[shapely.contains_properly(chosen, lakes)]
