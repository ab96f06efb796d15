"""Bring the plan to the ground: node its lines once, bend them, and close the blocks between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from .bend import Bend
from .blocks import GRID_M, QuarterPlan, node_lines


@dataclass(frozen=True)
class Mesh:
    """The blocks of a town and the pieces of line between them; an exact coverage.

    Parameters
    ----------
    lines : DataFrame
        ``rank, kind, role, quarter`` of every line of the plan.
    pieces : DataFrame
        ``line`` (row of ``lines``), ``left, right`` (rows of ``blocks``, -1 outside), ``rank, kind``, ``geometry``
        (LineString, metres): a line is cut wherever it meets another.
    blocks : DataFrame
        ``zone, superblock, parent, quarter``, ``geometry`` (Polygon, metres).
    """

    lines: pd.DataFrame
    pieces: pd.DataFrame
    blocks: pd.DataFrame


def build_mesh(plans: list[QuarterPlan], bend: Bend) -> Mesh:
    """Node, bend and close the plan of a town.

    Parameters
    ----------
    plans : list of QuarterPlan
    bend : Bend

    Returns
    -------
    Mesh
    """
    drawn = [(plan.quarter.number, line) for plan in plans for line in plan.lines]
    lines = pd.DataFrame(
        {
            "rank": [line.rank for _, line in drawn],
            "kind": [line.kind for _, line in drawn],
            "role": [line.role for _, line in drawn],
            "quarter": [number for number, _ in drawn],
        }
    )
    noded, owner = node_lines([line for _, line in drawn])
    bent = bend.shapes(noded)
    faces = shapely.get_parts(shapely.polygonize(bent))
    left, right = _sides(bent, faces)
    pieces = pd.DataFrame(
        {
            "line": owner,
            "left": left,
            "right": right,
            "rank": lines["rank"].to_numpy()[owner],
            "kind": lines["kind"].to_numpy()[owner],
            "geometry": bent,
        }
    )
    return Mesh(lines, pieces, _describe(faces, pieces, plans, bend))


def _describe(faces: np.ndarray, pieces: pd.DataFrame, plans: list[QuarterPlan], bend: Bend) -> pd.DataFrame:
    """Give each face the zone of the leaf of the plan that it comes from; a crumb is its neighbour's."""
    rows = [
        (leaf.zone, plan.quarter.number, leaf.superblock, leaf.parent, leaf.shape)
        for plan in plans
        for leaf in plan.leaves
    ]
    leaves = pd.DataFrame(rows, columns=["zone", "quarter", "superblock", "parent", "shape"])
    inside = shapely.get_coordinates(shapely.point_on_surface(leaves["shape"].to_numpy()))
    leaf, face = shapely.STRtree(faces).query(np.asarray(shapely.points(bend.points(inside))), predicate="within")
    leaf_of = np.full(len(faces), -1)
    leaf_of[face] = leaf
    for crumb in np.flatnonzero(leaf_of < 0):
        around = pieces[(pieces["left"] == crumb) | (pieces["right"] == crumb)]
        others = np.where(around["left"] == crumb, around["right"], around["left"])
        known = (others >= 0) & (leaf_of[others] >= 0)
        longest = np.argmax(shapely.length(around["geometry"].to_numpy()) * known)
        leaf_of[crumb] = leaf_of[others[longest]]
    return leaves.iloc[leaf_of].drop(columns="shape").reset_index(drop=True).assign(geometry=faces)


def _sides(pieces: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the face on the left and on the right of each piece, by its first segment; -1 outside the town."""
    rings, face = shapely.get_rings(shapely.orient_polygons(faces), return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    goes_on = ring[1:] == ring[:-1]
    segments = pd.Series(face[ring[1:]][goes_on], index=_segment_keys(points[:-1][goes_on], points[1:][goes_on]))
    start, end = (shapely.get_coordinates(shapely.get_point(pieces, at)) for at in (0, 1))
    left, right = (
        segments.reindex(keys, fill_value=-1) for keys in (_segment_keys(start, end), _segment_keys(end, start))
    )
    return left.to_numpy(), right.to_numpy()


def _segment_keys(start: np.ndarray, end: np.ndarray) -> pd.MultiIndex:
    """Name directed segments by their ends, in millimetres; a face lies to the left of its own."""
    ends = np.round(np.column_stack([start, end]) / GRID_M).astype(np.int64)
    return pd.MultiIndex.from_arrays(list(ends.T))
