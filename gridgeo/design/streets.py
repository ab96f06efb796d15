"""Make street lines fit for dividing a territory: inside it, reaching its edge, tagged with what they are."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import check_same_crs
from gridgeo.model.tables import COMMUNITIES, FINDINGS, STREETS, conform, empty

GAP_M = 15.0
"""How far a street may end before the line that it was meant to reach, metres."""


def clip_lines(lines: np.ndarray, territory: shapely.Geometry) -> np.ndarray:
    """Cut lines to a territory.

    Parameters
    ----------
    lines : array of LineString or MultiLineString
    territory : Polygon or MultiPolygon

    Returns
    -------
    array of LineString
        The parts inside, one row a part.
    """
    shapely.prepare(territory)
    touching = lines[shapely.intersects(territory, lines)]
    inside = shapely.contains_properly(territory, touching)
    cut = shapely.get_parts(shapely.intersection(touching[~inside], territory))
    parts = np.concatenate([shapely.get_parts(touching[inside]), shapely.get_parts(cut)])
    return parts[np.isin(shapely.get_type_id(parts), (1, 2))]


def loose_ends(lines: np.ndarray, *, grid_m: float = 0.01) -> tuple[np.ndarray, np.ndarray]:
    """Find the ends at which only one line arrives and that lie on no other line.

    Parameters
    ----------
    lines : array of LineString
    grid_m : float, metres
        Ends closer than this are the same place.

    Returns
    -------
    line : array of int
        Position of the line that ends there.
    ends : array of float, shape (n, 4)
        ``x, y`` of the end, then of the vertex before it.
    """
    xy, at = shapely.get_coordinates(lines, return_index=True)
    begin = np.searchsorted(at, np.arange(len(lines)))
    stop = np.append(begin[1:], len(xy)) - 1
    line = np.concatenate([np.arange(len(lines))] * 2)
    ends = np.vstack([np.hstack([xy[begin], xy[begin + 1]]), np.hstack([xy[stop], xy[stop - 1]])])
    place = np.round(ends[:, :2] / grid_m).astype(np.int64)
    _, group, count = np.unique(place, axis=0, return_inverse=True, return_counts=True)
    loose = np.flatnonzero(count[group.reshape(-1)] == 1)
    at, other = shapely.STRtree(lines).query(shapely.points(ends[loose, :2]), predicate="dwithin", distance=5 * grid_m)
    loose = np.delete(loose, at[other != line[loose[at]]])
    return line[loose], ends[loose]


def extend_to_lines(lines: np.ndarray, targets: np.ndarray, *, gap_m: float = GAP_M) -> np.ndarray:
    """Draw the short pieces that are missing between a street's loose end and the line ahead of it.

    Parameters
    ----------
    lines : array of LineString
        Streets.
    targets : array of LineString
        What they may have been meant to reach: the territory's edge, other streets.
    gap_m : float, metres
        Longest piece to draw.

    Returns
    -------
    array of LineString
        The missing pieces; straight on from the street's last stretch.
    """
    if not len(lines) or not len(targets):
        return np.array([], dtype=object)
    line, ends = loose_ends(lines)
    if not len(line):
        return np.array([], dtype=object)
    step = ends[:, :2] - ends[:, 2:]
    norm = np.hypot(step[:, 0], step[:, 1])
    norm[norm == 0] = 1.0
    ahead = ends[:, :2] + step / norm[:, None] * gap_m
    start = ends[:, :2] + step / norm[:, None] * 1e-3
    rays = np.asarray(shapely.linestrings(np.stack([start, ahead], axis=1)))
    at, target = shapely.STRtree(targets).query(rays, predicate="intersects")
    hits = shapely.intersection(rays[at], targets[target])
    origin = np.asarray(shapely.points(ends[at, :2]))
    nearest = np.asarray(shapely.get_point(shapely.shortest_line(origin, hits), 1))
    distance = shapely.distance(origin, nearest)
    order = np.lexsort((distance, at))
    _, first = np.unique(at[order], return_index=True)
    chosen = order[first]
    return np.asarray(
        shapely.linestrings(np.stack([ends[at[chosen], :2], shapely.get_coordinates(nearest[chosen])], axis=1))
    )


def dividing_lines(
    streets: gpd.GeoDataFrame, borders: np.ndarray, territory: shapely.Geometry, *, gap_m: float = GAP_M
) -> np.ndarray:
    """Prepare the lines that divide a territory into blocks.

    Parameters
    ----------
    streets : GeoDataFrame
        Table ``STREETS``.
    borders : array of LineString
        Borders of the communities, the territory's edge among them.
    territory : Polygon or MultiPolygon
    gap_m : float, metres
        How far a street may end before the line that it was meant to reach.

    Returns
    -------
    array of LineString
        Streets inside the territory and the short pieces that they miss; the borders are not among them.
    """
    lines = clip_lines(streets.geometry.to_numpy(), territory)
    lines = lines[shapely.length(lines) > 0]
    return np.concatenate([lines, extend_to_lines(lines, np.concatenate([borders, lines]), gap_m=gap_m)])


def find_edge_gap(
    streets: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, *, gap_m: float = GAP_M
) -> gpd.GeoDataFrame:
    """Tell where the streets do not reach the edge of the territory: they do not divide its outer land.

    Parameters
    ----------
    streets : GeoDataFrame
        Table ``STREETS``.
    communities : GeoDataFrame
        Table ``COMMUNITIES``.
    gap_m : float, metres
        How far the nearest street may end before the edge.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS`` of one row, ``streets_short``, or of none.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract.
    """
    streets, communities = conform(streets, STREETS), conform(communities, COMMUNITIES)
    check_same_crs(("communities", communities), ("streets", streets))
    territory = shapely.union_all(communities.geometry.to_numpy())
    lines = clip_lines(streets.geometry.to_numpy(), territory)
    if not len(lines):
        ahead, metres, words = territory, float("nan"), "no street lies inside the territory"
    else:
        edge = shapely.boundary(territory)
        nearest = lines[int(np.argmin(shapely.distance(edge, lines)))]
        ahead = shapely.shortest_line(nearest, edge)
        metres = float(shapely.length(ahead))
        words = f"no street reaches the territory's edge, the nearest ends {metres:.0f} m before it"
    if metres <= gap_m:
        return gpd.GeoDataFrame(empty(FINDINGS, communities.crs))
    row = {
        "kind": "streets_short",
        "severity": "warning",
        "area_ids": "",
        "value": metres,
        "limit": gap_m,
        "quantity": "m",
        "message": f"{words}; land beyond the streets is divided by its buildings and households only",
    }
    index = pd.Index(["S0001"], name="finding_id")
    return gpd.GeoDataFrame([row], geometry=gpd.GeoSeries([ahead], index=index, crs=communities.crs), index=index)
