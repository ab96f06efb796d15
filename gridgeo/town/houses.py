"""Build houses on lots: the old centre's, and shops along main streets in front of homes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from .lots import cut_lots, leave_yards, shrink
from .mesh import Mesh
from .parcels import HALF_WIDTH_M, largest_parts
from .styles import LOT_STYLES

LOT_RANGE = (0.75, 1.35)
"""How unlike the lots of blocks are in size."""
FLATS_MOST = 2
FRONT_STYLES = ("walkup", "midrise")
FRONT_SHARE, FRONT_RANK, FRONT_LENGTH_M = 0.55, 4, 50.0
"""This share of the blocks of those styles has shops along its main street, if it is of this rank and so long."""
FRONT_DEPTH_M, FRONT_YARD_M = 12.0, 7.0


def build_houses(parcels: np.ndarray, uses: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """Fill the blocks of the old centre with houses on small lots.

    Parameters
    ----------
    parcels : array of Polygon
    uses : array of str
        Use of each parcel; ``"houses"`` are built.
    random : Generator

    Returns
    -------
    DataFrame
        ``block`` (row of ``parcels``) and the other columns that ``build`` joins.
    """
    rows = np.flatnonzero(uses == "houses")
    return _on_lots(parcels[rows], rows, "houses", random)


def build_fronts(
    mesh: Mesh, parcels: np.ndarray, uses: np.ndarray, random: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """Line main streets with shops.

    Parameters
    ----------
    mesh : Mesh
    parcels : array of Polygon
    uses : array of str
        Use of each parcel.
    random : Generator

    Returns
    -------
    DataFrame
        As ``build_houses`` gives it.
    array of Polygon
        The ground of each parcel that is left behind the shops.
    """
    pieces = mesh.pieces[(mesh.pieces["kind"] == "street") & (mesh.pieces["rank"] <= FRONT_RANK)]
    pieces = pieces[shapely.length(pieces["geometry"].to_numpy()) > FRONT_LENGTH_M]
    sides = pd.concat([pieces[["rank", "geometry"]].assign(block=pieces[side]) for side in ("left", "right")])
    has_homes = np.append(np.isin(uses, FRONT_STYLES), False)  # the last one is asked for block -1, outside
    sides = sides[has_homes[sides["block"]]].sort_values(["block", "rank"], kind="stable").drop_duplicates("block")
    sides = sides[random.uniform(size=len(sides)) < FRONT_SHARE]
    block, line = sides["block"].to_numpy(), sides["geometry"].to_numpy()
    deep_m = sides["rank"].map(HALF_WIDTH_M).to_numpy() + FRONT_DEPTH_M
    bands = shapely.intersection(parcels[block], shapely.buffer(line, deep_m, cap_style="flat"))
    grounds = parcels.copy()
    grounds[block] = largest_parts(shapely.difference(parcels[block], shapely.buffer(line, deep_m + FRONT_YARD_M)))
    return _on_lots(largest_parts(bands), block, "front", random), grounds


def _on_lots(grounds: np.ndarray, blocks: np.ndarray, style: str, random: np.random.Generator) -> pd.DataFrame:
    """Cut grounds into lots and build on them."""
    rule = LOT_STYLES[style]
    lots, owner = cut_lots(grounds, rule.lot_m2 * random.uniform(*LOT_RANGE, len(grounds)), random)
    kept = random.uniform(size=len(lots)) < rule.kept
    houses, lot = shrink(leave_yards(lots[kept], rule.built_low, random), rule.gap_m, rule.smallest_m2)
    flats = np.zeros(len(houses), dtype=int)
    if rule.flat_m2:
        flats = np.clip(np.round(shapely.area(houses) / rule.flat_m2), 1, FLATS_MOST).astype(int)
    return pd.DataFrame(
        {
            "block": blocks[owner[kept][lot]],
            "style": style,
            "stairwells": 1,
            "base": random.integers(rule.floors_low, rule.floors_high + 1, len(houses)).astype(float),
            "flats": flats,
            "order": np.arange(len(houses)) + len(grounds),
            "garden": np.inf,
            "width": 0.0,
            "angle": 0.0,
            "geometry": houses,
        }
    )
