"""Work out what lies beside each area of a plan, and colour the areas so that neighbours differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.publish.colours import colour_neighbours
from gridgeo.publish.facts import neighbour_pairs

HUES = 6
SHADES = 4


def neighbours(plan: Plan, level: str) -> pd.DataFrame:
    """List which areas of a level share a border, and how much of it.

    Parameters
    ----------
    plan : Plan
    level : str

    Returns
    -------
    DataFrame
        ``area_id, other_id, shared_m``; each pair stands twice, once from either side; longest border first.
    """
    owner, borders = plan.owner(level), plan.borders
    sides = [owner.reindex(borders[side]).to_numpy(dtype=object) for side in ("atom_a", "atom_b")]
    shared_m = borders["length_m"].to_numpy(dtype=float)
    apart = (sides[0] != sides[1]) & pd.notna(sides[0]) & pd.notna(sides[1]) & (shared_m > 0)
    one, other, length = sides[0][apart], sides[1][apart], shared_m[apart]
    both = pd.DataFrame(
        {
            "area_id": np.concatenate([one, other]),
            "other_id": np.concatenate([other, one]),
            "shared_m": np.concatenate([length, length]),
        }
    )
    summed = both.groupby(["area_id", "other_id"])["shared_m"].sum().reset_index()
    return summed.sort_values(["area_id", "shared_m", "other_id"], ascending=[True, False, True], ignore_index=True)


def colours(plan: Plan, level: str, ids: pd.Index) -> pd.DataFrame:
    """Give each area its community's hue and, inside the community, a shade that its neighbours do not have.

    Parameters
    ----------
    plan : Plan
    level : str
    ids : Index
        ``area_id`` of every area of the level.

    Returns
    -------
    DataFrame
        Index ``area_id``; ``hue`` (0 to 5), ``shade`` (0 to 3).
    """
    owner = plan.owner(level)
    community = plan.owner(Level.COMMUNITY).reindex(owner.index).groupby(owner).first().reindex(ids)
    pairs = neighbour_pairs(plan, level, ids)
    inside = pairs[community.to_numpy()[pairs[:, 0]] == community.to_numpy()[pairs[:, 1]]]
    shade = colour_neighbours(inside, len(ids), colours=SHADES)
    return pd.DataFrame({"hue": community.map(_hues(plan)).astype(int), "shade": shade}, index=ids)


def _hues(plan: Plan) -> pd.Series:
    """Give each community a hue that its neighbours do not have."""
    ids = pd.Index(np.unique(plan.owner(Level.COMMUNITY).to_numpy(dtype=str)), name="area_id")
    hues = colour_neighbours(neighbour_pairs(plan, Level.COMMUNITY, ids), len(ids), colours=HUES)
    return pd.Series(hues, index=ids)
