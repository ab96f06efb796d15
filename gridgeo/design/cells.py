"""Draw the borders between cells: the land that lies nearest to a core, block by block."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay

from .noding import GRID_M

BATCH = 3_000
"""Points that are triangulated together; more take longer each."""
APART = 2.5
"""Distance between the blocks of a batch, in diameters of its largest block: no block is near another's points."""
SPACING_M = 5.0
"""Distance between the points that stand for a building's outline, metres."""
SMOOTH_M = 3.0
"""How far a border between two cells of a single face may be straightened, metres."""
SAME_M = 1e-5
"""Corners of cells that are nearer are one corner, metres."""
TWIN_M = 0.01
"""Points that are nearer are one point, metres."""


@dataclass(frozen=True, eq=False)
class Borders:
    """Lines between the cells of two cores of one block, inside the block.

    Parameters
    ----------
    lines : array of LineString, shape (n,)
    cores : array of int, shape (n, 2)
        The two cores, the smaller first.
    block : array of int, shape (n,)
    reaches : array of bool, shape (n,)
        Whether the line may end on the edge of its block.
    """

    lines: np.ndarray
    cores: np.ndarray
    block: np.ndarray
    reaches: np.ndarray

    @classmethod
    def none(cls) -> Borders:
        """Give an empty table."""
        number = np.empty(0, dtype=int)
        return cls(np.empty(0, dtype=object), np.empty((0, 2), dtype=int), number, number.astype(bool))

    def take(self, rows: np.ndarray) -> Borders:
        """Keep some rows."""
        return Borders(self.lines[rows], self.cores[rows], self.block[rows], self.reaches[rows])

    def join(self, other: Borders) -> Borders:
        """Add the rows of another table."""
        return Borders(
            np.concatenate([self.lines, other.lines]),
            np.concatenate([self.cores, other.cores]),
            np.concatenate([self.block, other.block]),
            np.concatenate([self.reaches, other.reaches]),
        )


def outline_points(
    buildings: np.ndarray, labels: np.ndarray, *, spacing_m: float = SPACING_M
) -> tuple[np.ndarray, np.ndarray]:
    """Place points along the outlines of buildings.

    Parameters
    ----------
    buildings : array of Polygon
    labels : array of int
        One a building.
    spacing_m : float, metres

    Returns
    -------
    xy : array of float, shape (n, 2)
    label : array of int, shape (n,)
    """
    shrunk = shapely.buffer(buildings, -0.3, join_style="mitre")
    shrunk = np.where(shapely.is_empty(shrunk), buildings, shrunk)
    xy, at = shapely.get_coordinates(shapely.segmentize(shrunk, spacing_m), return_index=True)
    return xy, np.asarray(labels)[at]


def divide_face(
    face: shapely.Geometry, xy: np.ndarray, label: np.ndarray, *, smooth_m: float = SMOOTH_M
) -> tuple[np.ndarray, np.ndarray]:
    """Divide a face into one cell a label: what lies nearest to its points.

    Parameters
    ----------
    face : Polygon
    xy : array of float, shape (n, 2)
        Points inside or near the face.
    label : array of int, shape (n,)
        What each point stands for.
    smooth_m : float, metres
        How far a border between two cells may be straightened.

    Returns
    -------
    cells : array of Polygon or MultiPolygon
    label : array of int
        One a cell. A label without any ground of its own has no cell.
    """
    _, keep = np.unique(np.round(xy, 2), axis=0, return_index=True)
    xy, label = xy[keep], label[keep]
    if len(np.unique(label)) < 2:
        return np.array([face], dtype=object), label[:1]
    nearest = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=face, ordered=True))
    order = np.argsort(label, kind="stable")
    names, first = np.unique(label[order], return_index=True)
    groups = np.split(nearest[order], first[1:])
    cells = np.array([shapely.coverage_union_all(group) for group in groups], dtype=object)
    if len(xy) > len(names):
        cells = shapely.coverage_simplify(cells, smooth_m, simplify_boundary=False)
    shapely.prepare(face)
    cells = np.where(shapely.covers(face, cells), cells, shapely.intersection(cells, face))
    ground = shapely.area(cells) > 0
    return cells[ground], names[ground]


def draw_borders(
    shapes: np.ndarray, xy: np.ndarray, core: np.ndarray, block: np.ndarray, smooth_m: np.ndarray
) -> Borders:
    """Draw the borders between cells.

    Parameters
    ----------
    shapes : array of Polygon
        All blocks.
    xy : array of float, shape (n, 2)
        Points inside or near their block.
    core : array of int, shape (n,)
        What each point stands for.
    block : array of int, shape (n,)
        The block each point divides.
    smooth_m : array of float, metres
        How far a border of each core may be straightened; of two cores the smaller counts.

    Returns
    -------
    Borders
        Every place of a block lies nearest to a point of the core whose cell it is in.
    """
    xy, core, block = _sort_points(xy, core, block)
    lines, cores, of = _ridges(xy, core, block, shapes)
    merged = _chains(lines, cores, of, smooth_m)
    return _clip(merged, shapes)


def _sort_points(xy: np.ndarray, core: np.ndarray, block: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Order points by block and place and drop those that stand where another does."""
    near = np.round(xy / TWIN_M)
    order = np.lexsort((core, near[:, 1], near[:, 0], block))
    near, of = near[order], block[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (near[1:] != near[:-1]).any(axis=1) | (of[1:] != of[:-1])
    order = order[first]
    return xy[order], core[order], block[order]


def _ridges(
    xy: np.ndarray, core: np.ndarray, block: np.ndarray, shapes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the straight pieces between cells, batch by batch: their ends, their two cores, their block."""
    if not len(xy):
        return np.empty((0, 4)), np.empty((0, 2), dtype=int), np.empty(0, dtype=int)
    blocks, row, size = np.unique(block, return_inverse=True, return_counts=True)
    begin = np.cumsum(size) - size
    low, high = np.minimum.reduceat(xy, begin), np.maximum.reduceat(xy, begin)
    bounds = shapely.bounds(shapes[blocks])
    low, high = np.minimum(low, bounds[:, :2]), np.maximum(high, bounds[:, 2:])
    several = np.maximum.reduceat(core, begin) > np.minimum.reduceat(core, begin)
    width = np.hypot(*(high - low).T)
    middle = np.round((low + high) / 2)
    # Blocks of a like size share a batch, so that all of it lies near its origin, where numbers are fine.
    order = np.argsort(width, kind="stable")
    order = order[several[order]]
    batch_of = np.cumsum(size[order]) // BATCH
    found = []
    for batch in np.split(order, np.flatnonzero(np.diff(batch_of)) + 1):
        if not len(batch):
            continue
        rows = np.concatenate([np.arange(begin[at], begin[at] + size[at]) for at in batch.tolist()])
        tile = np.repeat(np.arange(len(batch)), size[batch])
        ends, pair, at = _triangulate(xy[rows] - middle[row[rows]], tile, core[rows], APART * float(width[batch].max()))
        ends += np.tile(middle[batch[at]], 2)
        inside = (np.maximum(ends[:, :2], ends[:, 2:]) >= low[batch[at]]).all(axis=1)
        inside &= (np.minimum(ends[:, :2], ends[:, 2:]) <= high[batch[at]]).all(axis=1)
        found.append((ends[inside], pair[inside], blocks[batch[at[inside]]]))
    if not found:
        return np.empty((0, 4)), np.empty((0, 2), dtype=int), np.empty(0, dtype=int)
    ends, pair, of = (np.concatenate(part) for part in zip(*found, strict=True))
    return ends, pair, of


def _triangulate(
    xy: np.ndarray, tile: np.ndarray, core: np.ndarray, pitch: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the pieces between cells of a batch of blocks, laid out far apart in rows and ringed by other points."""
    side = int(np.ceil(np.sqrt(tile[-1] + 1)))
    ring = np.array([(i, j) for i in range(-1, side + 1) for j in range(-1, side + 1)
                     if i in (-1, side) or j in (-1, side)])  # fmt: skip
    offset = (np.column_stack([tile % side, tile // side]) - (side - 1) / 2) * pitch
    net = Delaunay(np.concatenate([xy + offset, (ring - (side - 1) / 2) * pitch]))
    corners, beside = net.simplices, net.neighbors
    of = np.append(tile, np.full(len(ring), -1))
    name = np.append(core, np.full(len(ring), -1))
    left, side_of = np.nonzero(beside > np.arange(len(beside))[:, None])
    right = beside[left, side_of]
    one, other = corners[left, (side_of + 1) % 3], corners[left, (side_of + 2) % 3]
    ours = (of[one] == of[other]) & (of[one] >= 0)
    left, right, one, other = left[ours], right[ours], one[ours], other[ours]
    # Centres are reckoned in the tile of the piece: far from the others numbers would be coarse.
    origin = offset[np.minimum(one, len(xy) - 1)]
    centre = _centres(net.points[corners])
    start, end = centre[left] - origin, centre[right] - origin
    start, end = _one_corner(start, end, left, right, len(corners))
    names = np.sort(np.column_stack([name[one], name[other]]), axis=1)
    between = (names[:, 0] != names[:, 1]) & (start != end).any(axis=1) & np.isfinite(start + end).all(axis=1)
    return np.hstack([start, end])[between], names[between], of[one][between]


def _centres(triangles: np.ndarray) -> np.ndarray:
    """Find the place equally far from the corners of each triangle, shape (n, 3, 2)."""
    a = triangles[:, 1] - triangles[:, 0]
    b = triangles[:, 2] - triangles[:, 0]
    twice = 2 * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    aa, bb = (a**2).sum(axis=1), (b**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        east = (b[:, 1] * aa - a[:, 1] * bb) / twice
        north = (a[:, 0] * bb - b[:, 0] * aa) / twice
    return triangles[:, 0] + np.column_stack([east, north])


def _one_corner(
    start: np.ndarray, end: np.ndarray, left: np.ndarray, right: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give centres that fall together, as those of four points on one circle do, exactly one place."""
    near = np.abs(start - end).max(axis=1) < SAME_M
    joins = coo_array((np.ones(near.sum(), dtype=bool), (left[near], right[near])), shape=(count, count))
    _, group = connected_components(joins, directed=False)
    lead = np.full(count, count)
    np.minimum.at(lead, group, np.arange(count))
    place = np.empty((count, 2))
    place[left], place[right] = start, end
    return place[lead[group[left]]], place[lead[group[right]]]


def _chains(ends: np.ndarray, cores: np.ndarray, block: np.ndarray, smooth_m: np.ndarray) -> Borders:
    """Join the pieces between the same two cores and straighten them."""
    ends = np.round(ends / GRID_M) * GRID_M
    order = np.lexsort((cores[:, 1], cores[:, 0]))
    order = order[(ends[order, :2] != ends[order, 2:]).any(axis=1)]
    ends, cores, block = ends[order], cores[order], block[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (cores[1:] != cores[:-1]).any(axis=1)
    first, group = np.flatnonzero(new), np.cumsum(new) - 1
    pieces = np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2)), dtype=object)
    lines = pieces[first]
    several = np.diff(np.append(first, len(order))) > 1
    if several.any():
        part = several[group]
        number = np.cumsum(several) - 1
        gathered = shapely.multilinestrings(pieces[part], indices=number[group[part]])
        lines[several] = shapely.line_merge(gathered)
    lines, at = shapely.get_parts(lines, return_index=True)
    cores, block = cores[first][at], block[first][at]
    bent = (shapely.get_num_coordinates(lines) > 2) & ~shapely.is_closed(lines)
    tolerance = smooth_m[cores[bent]].min(axis=1)
    lines[bent] = shapely.simplify(lines[bent], tolerance, preserve_topology=False)
    return Borders(lines, cores, block, np.zeros(len(lines), dtype=bool))


def _clip(borders: Borders, shapes: np.ndarray) -> Borders:
    """Cut lines to their blocks."""
    borders = borders.take(np.argsort(borders.block, kind="stable"))
    shapely.prepare(shapes)
    inside = shapely.contains_properly(shapes[borders.block], borders.lines)
    crossing = borders.take(np.flatnonzero(~inside))
    crossing = crossing.take(np.flatnonzero(shapely.intersects(shapes[crossing.block], crossing.lines)))
    shapely.destroy_prepared(shapes)
    cut, at = shapely.get_parts(shapely.intersection(crossing.lines, shapes[crossing.block]), return_index=True)
    # A stretch along the block's edge comes back as a collection; what is no line bounds nothing.
    line = shapely.get_type_id(cut) == 1
    crossing = crossing.take(at[line])
    return borders.take(np.flatnonzero(inside)).join(
        replace(crossing, lines=cut[line], reaches=crossing.reaches | True)
    )
