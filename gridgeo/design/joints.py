"""Cut blocks along borders that end on their edges: both get the same vertices, so that little need be noded."""

from __future__ import annotations

import numpy as np
import shapely

from .cells import Borders
from .noding import GRID_M, covering, edges_once, enclosed_faces, inside_points, node_faces

END_M = 1e-6
"""An end that lies this near to an edge, to a vertex or to another end is meant to lie on it, metres."""


def cut_blocks(shapes: np.ndarray, borders: Borders) -> tuple[np.ndarray, np.ndarray]:
    """Cut blocks along borders.

    Parameters
    ----------
    shapes : array of Polygon
        All blocks, a valid coverage.
    borders : Borders
        Lines inside blocks; they may cross one another.

    Returns
    -------
    pieces : array of Polygon
        A valid coverage; blocks without borders are there too, with the vertices that borders beyond their edge need.
    block : array of int
        The block each piece lies in.
    """
    lines, reaches = _apart(borders)
    pieces, block = pieces_inside(enclosed_faces(join_ends(shapes, lines, reaches)), shapes)
    if not tiles(pieces, block, shapes):
        # A border that touches its block's edge on the way is rare; then everything is noded the slow way.
        return pieces_inside(node_faces(np.concatenate([edges_once(shapes), borders.lines])), shapes)
    return pieces, block


def pieces_inside(pieces: np.ndarray, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keep the pieces that lie in a block, without the lakes between; give the block of each."""
    block = covering(inside_points(pieces), shapes)
    return pieces[block >= 0], block[block >= 0]


def _apart(borders: Borders) -> tuple[np.ndarray, np.ndarray]:
    """Node the borders of blocks where straightening has made them cross."""
    if not len(borders.lines):
        return borders.lines, borders.reaches
    of = np.unique(borders.block, return_inverse=True)[1]
    order = np.argsort(of, kind="stable")
    gathered = np.asarray(shapely.multilinestrings(borders.lines[order], indices=of[order]))
    crossed = ~np.asarray(shapely.is_simple(gathered))
    if not crossed.any():
        return borders.lines, borders.reaches
    noded = np.concatenate([shapely.get_parts(shapely.union_all(group)) for group in gathered[crossed]])
    fine = ~crossed[of]
    return (
        np.concatenate([borders.lines[fine], noded]),
        np.concatenate([borders.reaches[fine], np.ones(len(noded), dtype=bool)]),
    )


def tiles(pieces: np.ndarray, block: np.ndarray, shapes: np.ndarray) -> bool:
    """Tell whether pieces are sound and fill every block once, but for rounding."""
    if not shapely.is_valid(pieces).all():
        return False
    area = np.bincount(block, shapely.area(pieces), minlength=len(shapes))
    return bool((np.abs(area - shapely.area(shapes)) <= END_M * shapely.length(shapes)).all())


def join_ends(shapes: np.ndarray, lines: np.ndarray, reaches: np.ndarray) -> np.ndarray:
    """Break the edges of a coverage where lines end on them.

    Parameters
    ----------
    shapes : array of Polygon
        A valid coverage.
    lines : array of LineString
        They meet one another and the edges in their ends only.
    reaches : array of bool
        Lines that may end on an edge; the others lie inside.

    Returns
    -------
    array of LineString
        The edges, each once, and the lines: they meet in their ends only, and these ends are the same to the last bit.
    """
    edges, edge = shapely.get_coordinates(edges_once(shapes), return_index=True)
    xy, line = shapely.get_coordinates(lines[reaches], return_index=True)
    if len(xy):
        first = np.flatnonzero(np.append(True, line[1:] != line[:-1]))
        ends = np.unique(np.concatenate([first, np.append(first[1:], len(xy)) - 1]))
        end, segment, place, new = _meet(xy[ends], edges, edge)
        xy[ends[end]] = place
        touched = place
        _, keep = np.unique(np.column_stack([segment[new], place[new]]), axis=0, return_index=True)
        at, added = segment[new][keep], place[new][keep]
        along = np.hypot(*(added - edges[at]).T)
        order = np.lexsort((along, at))
        at, added = at[order], added[order]
        edges, edge = np.insert(edges, at + 1, added, axis=0), np.insert(edge, at + 1, edge[at])
    else:
        touched = np.empty((0, 2))
    joined = lines.copy()
    if len(xy):
        joined[reaches] = shapely.linestrings(xy, indices=line)
    return np.concatenate([_break(edges, edge, touched), joined[shapely.length(joined) > 0]])


def _meet(
    ends: np.ndarray, edges: np.ndarray, edge: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find the ends that lie on an edge.

    For each: which end it is, the vertex at which its segment of the edge begins, the place where both are to have a
    vertex, and whether the edge has none there yet.
    """
    begin = np.flatnonzero(edge[1:] == edge[:-1])
    segments = np.asarray(shapely.linestrings(np.stack([edges[begin], edges[begin + 1]], axis=1)))
    end, found = shapely.STRtree(segments).query(shapely.points(ends), predicate="dwithin", distance=END_M)
    order = np.lexsort((found, end))
    end, found = end[order], found[order]
    end, nearest = np.unique(end, return_index=True)
    segment = begin[found[nearest]]
    start, step = edges[segment], edges[segment + 1] - edges[segment]
    length = np.hypot(*step.T)
    along = ((ends[end] - start) * step).sum(axis=1) / length
    place = np.round(ends[end] / GRID_M) * GRID_M
    order = np.lexsort((along, segment))
    apart = np.ones(len(order), dtype=bool)
    apart[1:] = (np.diff(segment[order]) != 0) | (np.diff(along[order]) > END_M)
    leader = np.flatnonzero(apart)[np.cumsum(apart) - 1]
    place[order] = place[order[leader]]
    at_start, at_end = along <= END_M, along >= length - END_M
    place[at_start], place[at_end] = start[at_start], edges[segment + 1][at_end]
    return end, segment, place, ~(at_start | at_end)


def _break(edges: np.ndarray, edge: np.ndarray, touched: np.ndarray) -> np.ndarray:
    """Cut edges where more than two stretches, or a line, meet."""
    name = edges[:, 0] + 1j * edges[:, 1]
    inner = np.flatnonzero(edge[1:] == edge[:-1])
    meeting = np.concatenate([name[inner], name[inner + 1], touched[:, 0] + 1j * touched[:, 1]])
    _, vertex, count = np.unique(meeting, return_inverse=True, return_counts=True)
    cut = count[vertex[: len(inner)]] != 2
    begins = np.ones(len(inner), dtype=bool)
    begins[1:] = cut[1:] | (inner[1:] != inner[:-1] + 1)
    stretch = np.cumsum(begins) - 1
    last = np.append(begins[1:], True)
    vertices = np.concatenate([inner, inner[last] + 1])
    of = np.concatenate([stretch, stretch[last]])
    order = np.lexsort((vertices, of))
    return np.asarray(shapely.linestrings(edges[vertices[order]], indices=of[order]), dtype=object)
