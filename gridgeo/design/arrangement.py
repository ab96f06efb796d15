"""Cut segments where they meet, and find the faces that they enclose.

Only the segments that the boundary chain could not cancel come here, so a map of millions of vertices costs no more
than its defects do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from .chain import draw_lines, number_points

SNAP_M = 1e-8
"""Metres within which two points are one: some ten times the rounding of metric coordinates."""

_ROUNDS = 24


@dataclass(frozen=True, eq=False)
class Edges:
    """Segments cut at every place where they meet.

    Parameters
    ----------
    xy : (v, 2) array of float, metres
        Vertices, sorted by x, then y.
    ends : (e, 2) array of int
        The two vertices of each edge, the lower number first.
    edge, source : (p,) arrays of int
        Which edges each source segment became.
    """

    xy: np.ndarray
    ends: np.ndarray
    edge: np.ndarray
    source: np.ndarray

    @cached_property
    def length_m(self) -> np.ndarray:
        """Measure the edges."""
        return np.hypot(*(self.xy[self.ends[:, 0]] - self.xy[self.ends[:, 1]]).T)

    @cached_property
    def tree(self) -> KDTree:
        """Index the vertices by their place."""
        return KDTree(self.xy)

    def lines(self, which: np.ndarray) -> np.ndarray:
        """Draw some of the edges as an array of LineString."""
        return draw_lines(self.xy[self.ends[which]])


def node_segments(ends: np.ndarray, *, snap_m: float = SNAP_M, rigid: np.ndarray | None = None) -> Edges:
    """Cut segments where they cross, touch or overlap one another.

    Points nearer than ``snap_m`` become one, and a segment that passes a point so near is led through it. No given
    point moves much farther than that, and one that is far from the others does not move at all.

    Parameters
    ----------
    ends : (n, 4) array of float, metres
    snap_m : float, metres
    rigid : (n,) array of bool, optional
        Segments that stay where they are: others are snapped to them, and they are cut only where something touches
        or crosses them.

    Returns
    -------
    Edges
        The same for any order of the segments.
    """
    xy = ends.reshape(-1, 2) + 0.0
    rigid = np.zeros(len(ends), dtype=bool) if rigid is None else rigid
    rank = np.where(np.repeat(rigid, 2), 0, 2)
    if rigid.any() and not rigid.all() and snap_m > SNAP_M:
        xy, rank = _project(xy, rank, ends[rigid], snap_m)
    xy, numbers, rank = number_ranked(xy, rank)
    numbers = merge_near(xy, snap_m, rank)[numbers]
    start, end, source = numbers[0::2].copy(), numbers[1::2].copy(), np.arange(len(ends))
    fresh: np.ndarray | None = None
    # Leading segments through points that are near moves them, which may bring them near to others, and so on: this
    # is done once. The rounds after it only cut what really touches or crosses.
    for step in range(_ROUNDS):
        kept = start != end
        start, end, source = start[kept], end[kept], source[kept]
        edges, edge_of = _unique_edges(start, end, len(xy))
        leading = step == 0 and snap_m > SNAP_M
        reach = np.full(len(edges), snap_m if leading else SNAP_M)
        reach[edge_of[rigid[source]]] = SNAP_M
        at, node, xy = _find_nodes(xy, edges, reach, fresh, crossings=not leading)
        if not len(at) and not leading:
            break
        if len(at):
            start, end, source, moved = _cut(xy, start, end, source, edge_of, at, node)
            fresh = None if leading else moved
    return _finish(xy, start, end, source)


def _project(xy: np.ndarray, rank: np.ndarray, lines: np.ndarray, snap_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Move free points that lie near a rigid segment, but not near its ends, onto it; they rank between the two."""
    free = np.flatnonzero(rank > 0)
    drawn = draw_lines(lines)
    tree = shapely.STRtree(drawn)
    at, line = tree.query(shapely.points(xy[free]), predicate="dwithin", distance=snap_m)
    if not len(at):
        return xy, rank
    off = shapely.distance(shapely.points(xy[free[at]]), drawn[line])
    corner = np.minimum(*(np.hypot(*(xy[free[at]] - lines[line][:, side]).T) for side in (slice(0, 2), slice(2, 4))))
    near_corner = np.zeros(len(xy), dtype=bool)
    near_corner[free[at[corner <= snap_m]]] = True
    order = np.lexsort((line, off, at))
    first = order[np.concatenate([[True], at[order][1:] != at[order][:-1]])]
    first = first[~near_corner[free[at[first]]]]
    point, line = free[at[first]], line[first]
    moved, ranked = xy.copy(), rank.copy()
    origin, along = lines[line, :2], lines[line, 2:] - lines[line, :2]
    share = ((xy[point] - origin) * along).sum(axis=1) / (along**2).sum(axis=1)
    moved[point] = origin + share[:, None] * along
    ranked[point] = 1
    return moved, ranked


def number_ranked(xy: np.ndarray, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give equal points one number; returns the points, the number of each, and the lowest rank at each point."""
    numbers = number_points(xy)
    _, first = np.unique(numbers, return_index=True)
    best = np.full(len(first), np.iinfo(np.int64).max)
    np.minimum.at(best, numbers, rank)
    return xy[first], numbers, best


def merge_near(xy: np.ndarray, snap_m: float, rank: np.ndarray) -> np.ndarray:
    """Name for each point the one that stands for it: of the lowest rank among those chained within a distance.

    Points of rank 0 stand for themselves.
    """
    pairs = KDTree(xy).query_pairs(snap_m, output_type="ndarray") if len(xy) else np.empty((0, 2), dtype=np.int64)
    names = np.arange(len(xy))
    if not len(pairs):
        return names
    group = join(pairs[:, 0], pairs[:, 1], len(xy))
    order = np.lexsort((names, rank, group))
    leads = np.concatenate([[True], group[order][1:] != group[order][:-1]])
    leader = np.empty(group.max() + 1, dtype=np.int64)
    leader[group[order][leads]] = order[leads]
    return np.where(rank > 0, leader[group], names)


def join(one: np.ndarray, two: np.ndarray, count: int) -> np.ndarray:
    """Number the connected pieces of a graph of ``count`` nodes whose edges join ``one`` to ``two``."""
    graph = coo_array((np.ones(len(one), dtype=np.int8), (one, two)), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def _unique_edges(start: np.ndarray, end: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Number the edges between points, whichever way they run."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    keys, edge_of = np.unique(low * np.int64(count) + high, return_inverse=True)
    return np.column_stack([keys // count, keys % count]), edge_of


def _find_nodes(
    xy: np.ndarray, edges: np.ndarray, reach: np.ndarray, fresh: np.ndarray | None, *, crossings: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find where edges must be cut: at points that lie on them, within the reach of each, else at crossings.

    Returns
    -------
    at, node : arrays of int
        Edges to cut and the point to cut each at.
    xy : array
        All points, with the crossings added.
    """
    one, two = _near_pairs(xy, edges, float(reach.max(initial=0.0)), fresh)
    ends_one, ends_two = edges[one], edges[two]
    at, node = [], []
    touched = np.zeros(len(one), dtype=bool)
    for on, ends, points in ((one, ends_one, ends_two), (two, ends_two, ends_one)):
        for side in (0, 1):
            point = points[:, side]
            hit = (point != ends[:, 0]) & (point != ends[:, 1])
            hit[hit] = _lies_on(xy, point[hit], ends[hit], reach[on[hit]])
            at.append(on[hit])
            node.append(point[hit])
            touched |= hit
    apart = crossings & ~touched & (ends_one[:, :, None] != ends_two[:, None, :]).all(axis=(1, 2))
    crossing, where = _crossings(xy, ends_one[apart], ends_two[apart])
    if len(where):
        xy, named = _add_points(xy, where)
        pairs = np.flatnonzero(apart)[crossing]
        for on in (one, two):
            at.append(on[pairs])
            node.append(named)
    cuts = np.unique(np.column_stack([np.concatenate(at), np.concatenate(node)]), axis=0)
    cuts = cuts[(edges[cuts[:, 0]] != cuts[:, 1:]).all(axis=1)]
    return cuts[:, 0], cuts[:, 1], xy


def _near_pairs(
    xy: np.ndarray, edges: np.ndarray, reach_m: float, fresh: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Pair edges whose boxes come near each other; with ``fresh``, only pairs with an edge between those points."""
    a, b = xy[edges[:, 0]], xy[edges[:, 1]]
    low, high = np.minimum(a, b), np.maximum(a, b)
    asked = np.arange(len(edges))
    if fresh is not None:
        asked = asked[fresh[edges].any(axis=1)]
    # Only the boxes count, and a diagonal has the same box as the edge. Boxes that are half the reach wider on both
    # sides meet where one that is wider by all of it meets the other.
    drawn = draw_lines(np.hstack([low - reach_m / 2, high + reach_m / 2]))
    one, two = shapely.STRtree(drawn).query(drawn[asked])
    one = asked[one]
    both = np.zeros(len(edges), dtype=bool)
    both[asked] = True
    once = (one < two) | ((one != two) & ~both[two])
    return one[once], two[once]


def _lies_on(xy: np.ndarray, point: np.ndarray, ends: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Tell which points lie on the inside of a segment, within its reach."""
    origin = xy[ends[:, 0]]
    along, to = xy[ends[:, 1]] - origin, xy[point] - origin
    length = np.hypot(*along.T)
    share = (along * to).sum(axis=1) / length
    off = np.abs(along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0]) / length
    return (off <= reach) & (share > 0) & (share < length)


def _crossings(xy: np.ndarray, one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find which pairs of segments cross, and where."""
    origin = xy[one[:, 0]]
    d_one, d_two, between = xy[one[:, 1]] - origin, xy[two[:, 1]] - xy[two[:, 0]], xy[two[:, 0]] - origin
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = d_one[:, 0] * d_two[:, 1] - d_one[:, 1] * d_two[:, 0]
        t = (between[:, 0] * d_two[:, 1] - between[:, 1] * d_two[:, 0]) / turn
        u = (between[:, 0] * d_one[:, 1] - between[:, 1] * d_one[:, 0]) / turn
    crossing = np.flatnonzero((t > 0) & (t < 1) & (u > 0) & (u < 1))
    return crossing, origin[crossing] + t[crossing, None] * d_one[crossing]


def _add_points(xy: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Add crossings to the points, unless a point is there already; return all points and the crossings' numbers."""
    distance, nearest = KDTree(xy).query(where)
    known = distance <= SNAP_M
    names = np.where(known, nearest, -1)
    new = where[~known]
    leader = merge_near(new, SNAP_M, 1 + np.lexsort((new[:, 1], new[:, 0])).argsort())
    used, place = np.unique(leader, return_inverse=True)
    names[~known] = len(xy) + place
    return np.vstack([xy, new[used]]), names


def _cut(
    xy: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    source: np.ndarray,
    edge_of: np.ndarray,
    at: np.ndarray,
    node: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Replace the pieces that lie on cut edges by what the cuts make of them."""
    cut_edges, first = np.unique(at, return_index=True)
    count = np.diff(np.append(first, len(at)))
    found = np.searchsorted(cut_edges, edge_of)
    is_cut = cut_edges[np.minimum(found, len(cut_edges) - 1)] == edge_of
    piece, place = np.flatnonzero(is_cut), found[is_cut]
    stops = np.repeat(piece, count[place])
    inner = np.arange(len(stops)) - np.repeat(np.cumsum(count[place]) - count[place], count[place])
    nodes = node[np.repeat(first[place], count[place]) + inner]
    along = ((xy[nodes] - xy[start[stops]]) * (xy[end[stops]] - xy[start[stops]])).sum(axis=1)
    order = np.lexsort((along, stops))
    nodes, stops = nodes[order], stops[order]
    opens, closes = np.flatnonzero(np.diff(stops, prepend=-1)), np.flatnonzero(np.diff(stops, append=-1))
    begin = np.insert(nodes, opens, start[piece])
    finish = np.insert(nodes, closes + 1, end[piece])
    made = source[np.insert(stops, opens, piece)]
    fresh = np.zeros(len(xy), dtype=bool)
    fresh[node] = True
    stay = ~is_cut
    return (
        np.concatenate([start[stay], begin]),
        np.concatenate([end[stay], finish]),
        np.concatenate([source[stay], made]),
        fresh,
    )


def _finish(xy: np.ndarray, start: np.ndarray, end: np.ndarray, source: np.ndarray) -> Edges:
    """Drop unused points, sort the others, and tie every edge to its sources."""
    kept = start != end
    start, end, source = start[kept], end[kept], source[kept]
    used = np.unique(np.concatenate([start, end]))
    used = used[np.lexsort((xy[used, 1], xy[used, 0]))]
    rank = np.empty(len(xy), dtype=np.int64)
    rank[used] = np.arange(len(used))
    start, end = rank[start], rank[end]
    ends, edge = _unique_edges(start, end, max(len(used), 1))
    return Edges(xy[used], ends, edge, source)


@dataclass(frozen=True, eq=False)
class Faces:
    """What a set of edges encloses.

    Parameters
    ----------
    shapes : (f,) array of Polygon
        Ordered by their place, west to east and south to north.
    face, edge : (i,) arrays of int
        Which edges bound which face, from whichever side.
    """

    shapes: np.ndarray
    face: np.ndarray
    edge: np.ndarray

    def __len__(self) -> int:
        return len(self.shapes)

    def neighbours(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pair the faces that share an edge: two arrays of faces, and the edge."""
        order = np.argsort(self.edge, kind="stable")
        edge, face = self.edge[order], self.face[order]
        twice = np.flatnonzero(edge[1:] == edge[:-1])
        return face[twice], face[twice + 1], edge[twice]


def enclose(edges: Edges) -> Faces:
    """Find the faces that edges enclose.

    Parameters
    ----------
    edges : Edges
        Those that bound nothing do no harm.

    Returns
    -------
    Faces
    """
    shapes = shapely.get_parts(shapely.polygonize(edges.lines(np.arange(len(edges.ends)))))
    bounds = shapely.bounds(shapes)
    shapes = shapes[np.lexsort((shapely.area(shapes), bounds[:, 3], bounds[:, 2], bounds[:, 1], bounds[:, 0]))]
    rings, face = shapely.get_rings(shapes, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    vertex = find_vertices(edges.xy, xy)
    follows = np.flatnonzero(ring[1:] == ring[:-1])
    low, high = np.minimum(vertex[follows], vertex[follows + 1]), np.maximum(vertex[follows], vertex[follows + 1])
    keys = edges.ends[:, 0] * np.int64(len(edges.xy)) + edges.ends[:, 1]
    return Faces(shapes, face[ring[follows]], np.searchsorted(keys, low * np.int64(len(edges.xy)) + high))


def find_vertices(vertices: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Give the number of each point among sorted vertices that hold it."""
    return np.searchsorted(vertices[:, 0] + 1j * vertices[:, 1], xy[:, 0] + 1j * xy[:, 1])
