"""Make street lines fit for dividing a territory: inside it, reaching what they were meant to reach, leading somewhere.

Strips between two carriageways and traffic islands are no matter of this module: ``make_atoms`` joins such narrow
faces to a neighbour, and ``gridgeo.design.carriageways`` draws one line for several where that is asked for.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import check_same_crs
from gridgeo.model.tables import COMMUNITIES, FINDINGS, STREETS, conform, empty

from .dead_ends import drop_dead_ends, missing_pieces, sound_lines
from .noding import NEAR_M, covering

GAP_M = 15.0
"""How far a street may end before the line that it was meant to reach, metres."""

REACH_M = 60.0
"""How far before a line a street's end is worth telling, metres."""

MOST_TOLD = 20
"""How many ends are told in a row of their own."""


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
    lines = shapely.get_parts(lines)
    touching = lines[shapely.intersects(territory, lines)]
    inside = shapely.contains_properly(territory, touching)
    # A street beyond the edge and back comes as several parts, one that only touches it as a point.
    cut = shapely.get_parts(shapely.intersection(touching[~inside], territory))
    parts = np.concatenate([touching[inside], cut])
    return parts[np.isin(shapely.get_type_id(parts), (1, 2))]


def dividing_lines(
    streets: gpd.GeoDataFrame,
    borders: np.ndarray,
    territory: shapely.Geometry,
    *,
    gap_m: float = GAP_M,
    anchors: np.ndarray | None = None,
) -> np.ndarray:
    """Prepare the lines that divide a territory into blocks.

    Streets are cut to the territory; lines that stand twice count once, lines that cross themselves are cut there. An
    end that stops a little before another line is prolonged to it, straight on. What then still leads nowhere is
    dropped: it bounds no block, costs time and leaves vertices. On 90,000 lines with 20,000 dead ends that takes
    4 s of one core, and the noding after it 1 s less.

    Parameters
    ----------
    streets : GeoDataFrame
        Table ``STREETS``.
    borders : array of LineString
        Borders of the communities, the territory's edge among them.
    territory : Polygon or MultiPolygon
    gap_m : float, metres
        How far a street may end before the line that it was meant to reach; 0 draws no piece.
    anchors : array of LineString, optional
        All other lines that will be noded with the streets and at which a street may end: the edges of estates that
        are kept whole, or an empty array. Without it, dead ends stay, for a caller may know what they lead to.

    Returns
    -------
    array of LineString
        Streets inside the territory and the short pieces that they miss, in an order that does not depend on that of
        the rows; the borders and anchors are not among them.
    """
    lines = sound_lines(clip_lines(streets.geometry.to_numpy(), territory))
    stops = borders if anchors is None else np.concatenate([borders, anchors])
    if gap_m > 0:
        lines = np.concatenate([lines, missing_pieces(lines, stops, reach_m=gap_m)[0]])
    return lines if anchors is None else drop_dead_ends(lines, stops)


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
        Table ``FINDINGS`` of one row, ``streets_short``, or of none. ``find_short_streets`` tells single streets.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract.
    """
    streets, communities, territory = _checked(streets, communities)
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
    message = f"{words}; land beyond the streets is divided by its buildings and households only"
    return _findings([_row("warning", "", metres, gap_m, message)], [ahead], communities.crs)


def find_short_streets(
    streets: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    *,
    gap_m: float = GAP_M,
    reach_m: float = REACH_M,
    most: int = MOST_TOLD,
) -> gpd.GeoDataFrame:
    """Tell which streets stop too far before the line ahead of them to be prolonged, yet near it.

    Such an end divides nothing. Where the street goes on in truth, drawing the missing piece makes two blocks of one.

    Parameters
    ----------
    streets : GeoDataFrame
        Table ``STREETS``.
    communities : GeoDataFrame
        Table ``COMMUNITIES``.
    gap_m : float, metres
        Up to here ``dividing_lines`` prolongs a street by itself.
    reach_m : float, metres
        Ends with nothing straight ahead up to here are dead ends and not told.
    most : int
        How many ends get a row of their own, the shortest pieces first; one more row holds all others.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS``, kind ``streets_short``, severity ``note``: ``value`` is the length of the missing piece in
        metres, ``area_ids`` the community in which the street ends, the geometry the piece. In the row of the others
        ``value`` counts them and the geometry has a part each.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract.
    """
    streets, communities, territory = _checked(streets, communities)
    grounds = communities.geometry.to_numpy()
    lines = sound_lines(clip_lines(streets.geometry.to_numpy(), territory))
    stops = shapely.get_parts(shapely.boundary(grounds))
    pieces, line, goal = missing_pieces(lines, stops, reach_m=reach_m)
    far = np.flatnonzero(shapely.length(pieces) > gap_m)
    place = shapely.get_coordinates(shapely.get_point(pieces[far], 0))
    far = far[np.lexsort((place[:, 1], place[:, 0], shapely.length(pieces[far])))]
    pieces, line, goal = pieces[far], line[far], goal[far]
    places = covering(shapely.get_point(pieces, 0), grounds, near_m=NEAR_M)
    areas = [str(communities.index[at]) if at >= 0 else "" for at in places]
    told = slice(0, most)
    names = _names(streets, lines[line[told]], shapely.get_point(pieces[told], 0))
    goals = _names(streets, np.concatenate([lines, stops])[goal[told]], shapely.get_point(pieces[told], -1))
    edge = goal[told] >= len(lines)
    rows = [
        _row("note", area, metres, gap_m, f"{name} ends {metres:.0f} m before {'a border' if is_edge else other}")
        for area, metres, name, other, is_edge in zip(
            areas, shapely.length(pieces[told]), names, goals, edge, strict=False
        )
    ]
    shapes = list(pieces[told])
    if len(pieces) > most:
        message = f"{len(pieces) - most} more streets end up to {reach_m:.0f} m before the line ahead of them"
        among = ",".join(sorted(set(areas[most:]) - {""}))
        rows.append(_row("note", among, float(len(pieces) - most), float(most), message) | {"quantity": "streets"})
        shapes.append(shapely.multilinestrings(pieces[most:]))
    return _findings(rows, shapes, communities.crs)


def _checked(
    streets: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, shapely.Geometry]:
    """Hold both tables against their contracts, and give the territory."""
    streets, communities = conform(streets, STREETS), conform(communities, COMMUNITIES)
    check_same_crs(("communities", communities), ("streets", streets))
    return streets, communities, shapely.union_all(communities.geometry.to_numpy())


def _names(streets: gpd.GeoDataFrame, lines: np.ndarray, places: np.ndarray) -> list[str]:
    """Name the streets on which places lie: the id, with the name where there is one."""
    shapes = streets.geometry.to_numpy()
    at, near = shapely.STRtree(shapes).query_nearest(places, all_matches=True)
    ids = streets.index.to_numpy()[near]
    order = np.lexsort((ids, at))
    _, first = np.unique(at[order], return_index=True)
    names = streets["name"].to_numpy() if "name" in streets else np.full(len(streets), None)
    return [
        f"street {streets.index[row]!r}" + (f" ({names[row]})" if isinstance(names[row], str) else "")
        for row in near[order][first]
    ]


def _row(severity: str, area_ids: str, value: float, limit: float, message: str) -> dict[str, Any]:
    return {
        "kind": "streets_short",
        "severity": severity,
        "area_ids": area_ids,
        "value": float(value),
        "limit": limit,
        "quantity": "m",
        "message": message,
    }


def _findings(rows: list[dict[str, Any]], shapes: list[shapely.Geometry], crs: Any) -> gpd.GeoDataFrame:
    if not rows:
        return gpd.GeoDataFrame(empty(FINDINGS, crs))
    index = pd.Index([f"S{number:04d}" for number in range(1, len(rows) + 1)], name="finding_id")
    return gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(shapes, index=index, crs=crs), index=index)
