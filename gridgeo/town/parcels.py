"""Take the width of the streets off the blocks; what remains is ground to build on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from .mesh import Mesh

HALF_WIDTH_M = {1: 20.0, 2: 16.0, 3: 12.0, 4: 9.0, 5: 6.0, 6: 3.2}
"""From the middle of a street of each rank to the parcels beside it."""
RAIL_HALF_WIDTH_M, LIMIT_HALF_WIDTH_M = 14.0, 4.0


def cut_parcels(mesh: Mesh) -> np.ndarray:
    """Take the streets around each block off it.

    Parameters
    ----------
    mesh : Mesh

    Returns
    -------
    array of Polygon
        One for each row of ``mesh.blocks``: the largest part that is left, or an empty polygon.
    """
    parcels = mesh.blocks["geometry"].to_numpy().copy()
    around = _around(mesh.pieces)
    strips = _strips(mesh.pieces)
    for turn in range(int(around["turn"].max()) + 1):
        now = around[around["turn"] == turn]
        block = now["block"].to_numpy()
        parcels[block] = shapely.difference(parcels[block], strips[now["piece"].to_numpy()])
    return largest_parts(parcels)


def _around(pieces: pd.DataFrame) -> pd.DataFrame:
    """List the pieces around each block, numbered from 0 in each block."""
    both = pd.concat(
        [pd.DataFrame({"block": pieces[side], "piece": np.arange(len(pieces))}) for side in ("left", "right")]
    )
    both = both[both["block"] >= 0].drop_duplicates().sort_values(["block", "piece"], kind="stable")
    return both.assign(turn=both.groupby("block").cumcount())


def _strips(pieces: pd.DataFrame) -> np.ndarray:
    rank, kind = pieces["rank"].to_numpy(), pieces["kind"].to_numpy()
    half = np.array([HALF_WIDTH_M.get(value, LIMIT_HALF_WIDTH_M) for value in rank])
    half = np.where(kind == "rail", RAIL_HALF_WIDTH_M, np.where(kind == "limit", LIMIT_HALF_WIDTH_M, half))
    return shapely.buffer(pieces["geometry"].to_numpy(), half, quad_segs=3)


def largest_parts(shapes: np.ndarray) -> np.ndarray:
    """Keep the largest polygon of each shape; an empty polygon where there is none."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    is_area = shapely.get_type_id(parts) == 3
    parts, owner = parts[is_area], owner[is_area]
    order = np.lexsort((-shapely.area(parts), owner))
    owned, first = np.unique(owner[order], return_index=True)
    largest = np.full(len(shapes), shapely.Polygon(), dtype=object)
    largest[owned] = parts[order][first]
    return largest
