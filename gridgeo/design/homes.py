"""Settle household points that lie outside the territory: at its edge, or left out and told."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from gridgeo.model.errors import TableError

from .noding import covering

EDGE_M = 10.0
"""A household point this near outside the territory is a slip of the survey and counts at the edge, metres."""
MOST_OUTSIDE = 0.05
"""Largest share of the households that may lie outside the territory before the layers cannot belong together."""
STEP_IN_M = 0.01
"""How far inside the edge such a point is put, metres."""


@dataclass(frozen=True, eq=False)
class Settled:
    """Households that lie in the territory, and those that do not.

    Parameters
    ----------
    homes : GeoDataFrame
        Table ``HOUSEHOLDS``: each row lies in a community.
    moved : GeoDataFrame
        The rows that were put at the edge, as they were.
    left_out : GeoDataFrame
        The rows that lie farther outside.
    """

    homes: gpd.GeoDataFrame
    moved: gpd.GeoDataFrame
    left_out: gpd.GeoDataFrame


def settle_households(
    households: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, *, edge_m: float = EDGE_M
) -> Settled:
    """Put households that lie a little outside at the edge, and leave out those that lie far outside.

    Parameters
    ----------
    households : GeoDataFrame
        Table ``HOUSEHOLDS``.
    communities : GeoDataFrame
        Table ``COMMUNITIES``.
    edge_m : float, metres
        How far outside is a little.

    Returns
    -------
    Settled

    Raises
    ------
    TableError
        If so many lie far outside that the layers cannot belong together.
    """
    points, grounds = households.geometry.to_numpy(), communities.geometry.to_numpy()
    home = covering(points, grounds)
    held = home >= 0
    home[~held] = covering(points[~held], grounds, near_m=edge_m)
    near = ~held & (home >= 0)
    _refuse_strangers(households, home < 0)
    if not near.any():
        return Settled(households[held], households[near], households[~held])
    places = points.copy()
    places[near] = _at_edge(points[near], grounds[home[near]])
    settled = households.set_geometry(gpd.GeoSeries(places, index=households.index, crs=households.crs))
    return Settled(settled[home >= 0], households[near], households[home < 0])


def _at_edge(points: np.ndarray, grounds: np.ndarray) -> np.ndarray:
    """Give the place just inside each ground that lies nearest to a point outside it."""
    edge = shapely.get_coordinates(shapely.get_point(shapely.shortest_line(points, grounds), 1))
    out = shapely.get_coordinates(points)
    step = edge - out
    length = np.hypot(step[:, 0], step[:, 1])[:, None]
    inner = np.asarray(shapely.points(edge + step / np.maximum(length, 1e-9) * STEP_IN_M))
    return np.where(shapely.intersects(grounds, inner), inner, np.asarray(shapely.points(edge)))


def _refuse_strangers(households: gpd.GeoDataFrame, lost: np.ndarray) -> None:
    outside, total = int(households.loc[lost, "count"].sum()), int(households["count"].sum())
    if outside > MOST_OUTSIDE * total:
        raise TableError(
            f"households: {int(lost.sum())} of {len(lost)} rows ({outside} of {total} households) lie outside the "
            f"territory, first {households.index[lost][0]!r}; check the CRS, the datum and the order of lon and lat"
        )
