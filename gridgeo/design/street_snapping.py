"""Make one line of a map's border and the street that runs along it: the border stays, the street gives way."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .adjacency import ON_STREET_M
from .dead_ends import drop_dead_ends, sound_lines
from .joints import END_M

SNAP_M = 15.0
"""How far beside a border a street may run and still be one line with it, metres: half the width of a road."""

STEEP = 0.5
"""A street runs along a border while its distance changes by less than this for each metre: at angles below 30 degrees.
A steeper one crosses the border, or ends at it."""

STEPS = 3
"""In how many steps a street is looked at while it passes through the strip beside a border."""


@dataclass(frozen=True, eq=False)
class SnappedStreets:
    """Streets beside the edges of a map.

    Parameters
    ----------
    lines : array of LineString
        What is left of the streets, led to the edges: they meet one another and the edges in their ends only.
    runs : array of LineString
        Short straight pieces of the streets that became one line with an edge.
    """

    lines: np.ndarray
    runs: np.ndarray


def snap_streets(lines: np.ndarray, edges: np.ndarray, *, snap_m: float = SNAP_M) -> SnappedStreets:
    """Let streets give way to the edges that they run along.

    Streets are cut where they cross an edge. The stretches that run along an edge within ``snap_m`` are taken out, and
    what ended on them is led on to the edge by the shortest way. Streets that cross the strip stay as they are.

    Parameters
    ----------
    lines : array of LineString
        Streets inside the map.
    edges : array of LineString
        The edges of the map, each once; they meet in their ends only.
    snap_m : float, metres
        0 takes nothing out.

    Returns
    -------
    SnappedStreets
    """
    pieces = _cut_at(lines, edges)
    segments = _segments_of(edges)
    tree = shapely.STRtree(segments)
    near = _lie_near(pieces, tree, snap_m)
    if snap_m <= 0 or not near.any():
        return SnappedStreets(_tidy(pieces, edges), np.empty(0, dtype=object))
    xy, piece, is_own = _walk(pieces[near], snap_m)
    away = _distance(xy, tree, snap_m)
    step = np.flatnonzero(piece[1:] == piece[:-1])
    along = _run_along(xy, step, away, snap_m)
    kept = _rebuild(xy, piece, is_own, step, along)
    ties = _tie(xy, step, along, away, segments, tree)
    runs = np.asarray(shapely.linestrings(np.stack([xy[step[along]], xy[step[along] + 1]], axis=1)), dtype=object)
    left = np.concatenate([pieces[~near], kept, ties])
    return SnappedStreets(_tidy(shapely.get_parts(shapely.union_all(left)), edges), runs)


def streets_with_borders(
    streets: gpd.GeoDataFrame, runs: np.ndarray, segments: np.ndarray, *, snap_m: float = SNAP_M
) -> gpd.GeoDataFrame:
    """Add to streets the pieces of borders that they became one line with.

    Parameters
    ----------
    streets : GeoDataFrame
        Table ``STREETS``.
    runs : array of LineString
        As ``snap_streets`` returns them.
    segments : array of float, shape (n, 4)
        ``x1, y1, x2, y2`` of the map's borders.
    snap_m : float, metres

    Returns
    -------
    GeoDataFrame
        As ``streets``, with a row for each such segment; ids repeat.
    """
    if not len(runs) or not len(segments):
        return streets
    middle = np.asarray(shapely.points((segments[:, :2] + segments[:, 2:]) / 2))
    at, run = shapely.STRtree(runs).query_nearest(middle, max_distance=snap_m + ON_STREET_M, all_matches=True)
    step = segments[at, 2:] - segments[at, :2]
    ends = shapely.get_coordinates(runs).reshape(-1, 4)
    other = ends[run, 2:] - ends[run, :2]
    turn = np.abs((step * other).sum(axis=1)) / np.maximum(np.hypot(*step.T) * np.hypot(*other.T), END_M)
    at, run = at[turn >= STEEP], run[turn >= STEEP]
    order = np.argsort(streets["rank"].to_numpy(), kind="stable")
    spot = shapely.line_interpolate_point(runs[run], 0.5, normalized=True)
    found, street = shapely.STRtree(streets.geometry.to_numpy()[order]).query(
        spot, predicate="dwithin", distance=ON_STREET_M
    )
    rows = np.unique(np.column_stack([at[found], order[street]]), axis=0)
    more = streets.iloc[rows[:, 1]].copy()
    drawn = shapely.linestrings(segments[rows[:, 0]].reshape(-1, 2, 2))
    more = more.set_geometry(gpd.GeoSeries(drawn, index=more.index, crs=streets.crs))
    return gpd.GeoDataFrame(pd.concat([streets, more]), geometry=streets.active_geometry_name, crs=streets.crs)


def _cut_at(lines: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Node streets with one another, cut them where they meet edges, and leave out what runs on an edge exactly."""
    noded = shapely.difference(shapely.union_all(lines), shapely.multilinestrings(edges))
    parts = shapely.get_parts(noded)
    parts = parts[shapely.get_type_id(parts) == 1]
    return sound_lines(parts) if len(parts) else np.empty(0, dtype=object)


def _segments_of(lines: np.ndarray) -> np.ndarray:
    xy, line = shapely.get_coordinates(lines, return_index=True)
    step = np.flatnonzero(line[1:] == line[:-1])
    return np.asarray(shapely.linestrings(np.stack([xy[step], xy[step + 1]], axis=1)), dtype=object)


def _lie_near(pieces: np.ndarray, tree: shapely.STRtree, snap_m: float) -> np.ndarray:
    near = np.zeros(len(pieces), dtype=bool)
    if len(pieces):
        near[tree.query(pieces, predicate="dwithin", distance=snap_m)[0]] = True
    return near


def _walk(pieces: np.ndarray, snap_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give places along lines at short steps, the line of each, and whether the line has a vertex there."""
    xy, piece = shapely.get_coordinates(shapely.segmentize(pieces, snap_m / STEPS), return_index=True)
    own, line = shapely.get_coordinates(pieces, return_index=True)
    names = {(at, x, y) for at, (x, y) in zip(line.tolist(), own.tolist(), strict=True)}
    is_own = [(at, x, y) in names for at, (x, y) in zip(piece.tolist(), xy.tolist(), strict=True)]
    return xy, piece, np.array(is_own, dtype=bool)


def _distance(xy: np.ndarray, tree: shapely.STRtree, snap_m: float) -> np.ndarray:
    """Measure how far places lie from the nearest edge; endless beyond the strip."""
    away = np.full(len(xy), np.inf)
    (at, _), metres = tree.query_nearest(
        shapely.points(xy), max_distance=snap_m, return_distance=True, all_matches=False
    )
    away[at] = metres
    return away


def _run_along(xy: np.ndarray, step: np.ndarray, away: np.ndarray, snap_m: float) -> np.ndarray:
    """Tell which steps run along an edge: close to it, or for longer than the strip is wide."""
    length = np.hypot(*(xy[step + 1] - xy[step]).T)
    inside = np.isfinite(away[step]) & np.isfinite(away[step + 1])
    change = np.abs(np.where(inside, away[step + 1], 0.0) - np.where(inside, away[step], 0.0))
    along = inside & (change <= STEEP * length)
    node = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)[1]
    n = int(node.max()) + 1
    chosen = step[along]
    graph = coo_array((np.ones(len(chosen)), (node[chosen], node[chosen + 1])), shape=(n, n))
    run = connected_components(graph, directed=False)[1]
    metres = np.bincount(run[node[chosen]], length[along], minlength=n)
    close = np.maximum(away[chosen], away[chosen + 1]) <= snap_m / STEPS
    along[along] = close | (metres[run[node[chosen]]] >= snap_m)
    return along


def _rebuild(xy: np.ndarray, piece: np.ndarray, is_own: np.ndarray, step: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Draw what is left of the lines, with the vertices that they had."""
    left = step[~along]
    if not len(left):
        return np.empty(0, dtype=object)
    begins = np.ones(len(left), dtype=bool)
    begins[1:] = (left[1:] != left[:-1] + 1) | (piece[left[1:]] != piece[left[:-1]])
    stretch = np.cumsum(begins) - 1
    last = np.append(begins[1:], True)
    vertex, of = np.concatenate([left, left[last] + 1]), np.concatenate([stretch, stretch[last]])
    order = np.lexsort((vertex, of))
    vertex, of = vertex[order], of[order]
    is_end = np.ones(len(of), dtype=bool)
    is_end[1:-1] = (of[1:-1] != of[:-2]) | (of[1:-1] != of[2:])
    wanted = is_own[vertex] | is_end
    return np.asarray(shapely.linestrings(xy[vertex[wanted]], indices=of[wanted]), dtype=object)


def _tie(
    xy: np.ndarray,
    step: np.ndarray,
    along: np.ndarray,
    away: np.ndarray,
    segments: np.ndarray,
    tree: shapely.STRtree,
) -> np.ndarray:
    """Lead what ended on a stretch that is taken out to the nearest edge."""
    name = xy[:, 0] + 1j * xy[:, 1]
    gone, left = (np.concatenate([name[step[chosen]], name[step[chosen] + 1]]) for chosen in (along, ~along))
    loose = np.isin(name, gone) & np.isin(name, left) & (away > END_M)
    places = np.unique(name[loose])
    if not len(places):
        return np.empty(0, dtype=object)
    points = np.asarray(shapely.points(places.real, places.imag))
    at, nearest = tree.query_nearest(points, all_matches=True)
    # Of edges equally near, the foot that lies farthest west, then south.
    feet = shapely.get_coordinates(shapely.get_point(shapely.shortest_line(points[at], segments[nearest]), 1))
    order = np.lexsort((feet[:, 1], feet[:, 0], at))
    first = order[np.unique(at[order], return_index=True)[1]]
    start = shapely.get_coordinates(points)
    return np.asarray(shapely.linestrings(np.stack([start, feet[first]], axis=1)), dtype=object)


def _tidy(lines: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Drop what leads nowhere and bounds nothing."""
    lines = lines[shapely.get_type_id(lines) == 1] if len(lines) else lines
    return drop_dead_ends(sound_lines(lines), edges) if len(lines) else np.empty(0, dtype=object)
