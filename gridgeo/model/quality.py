"""Measure a plan: band, compactness, how much of its borders runs on streets, blocks cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from .plan import Plan


def polsby_popper(shapes: np.ndarray) -> np.ndarray:
    """Measure compactness: 4 pi area / perimeter squared, 1 for a circle.

    Parameters
    ----------
    shapes : array of Polygon

    Returns
    -------
    array of float
        nan for an empty shape.

    References
    ----------
    Polsby and Popper, "The Third Criterion", Yale Law and Policy Review 9 (1991).
    """
    perimeter = shapely.length(shapes)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 4 * np.pi * shapely.area(shapes) / perimeter**2


def cut_borders(plan: Plan, level: str) -> pd.DataFrame:
    """Keep the borders between atoms of one community that belong to different areas.

    Parameters
    ----------
    plan : Plan
    level : str

    Returns
    -------
    DataFrame
        Rows of ``BORDERS``, with ``area_a, area_b`` added.
    """
    owner, community = plan.owner(level), plan.owner("community")
    borders = plan.borders
    area_a, area_b = (owner.reindex(borders[side]).to_numpy() for side in ("atom_a", "atom_b"))
    within = community.reindex(borders["atom_a"]).to_numpy() == community.reindex(borders["atom_b"]).to_numpy()
    cut = within & (area_a != area_b)
    return borders[cut].assign(area_a=area_a[cut], area_b=area_b[cut])


def measure_areas(plan: Plan, level: str) -> pd.DataFrame:
    """Measure each area of a level; columns as in ``Plan.area_measures``."""
    areas = plan.areas(level)
    cut = cut_borders(plan, level)
    sides = pd.concat([cut[["length_m", "rank"]].assign(area_id=cut[side]) for side in ("area_a", "area_b")])
    border_m = sides.groupby("area_id")["length_m"].sum().reindex(areas.index, fill_value=0.0)
    street_m = sides[sides["rank"] > 0].groupby("area_id")["length_m"].sum().reindex(areas.index, fill_value=0.0)
    measures = pd.DataFrame(
        {
            "households": areas["households"],
            "compactness": polsby_popper(areas.geometry.to_numpy()),
            "border_m": border_m,
            "street_share": (street_m / border_m.where(border_m > 0)).astype(float),
            "atoms": plan.owner(level).value_counts().reindex(areas.index),
        },
        index=areas.index,
    )
    if level in plan.profile.limits:
        limits = plan.profile.limits[level]
        measures["in_band"] = areas["households"].between(limits.low, limits.high)
    return measures


def summarise(plan: Plan, level: str) -> dict[str, float]:
    """Sum the measures of a level up; keys as in ``Plan.quality``."""
    areas = measure_areas(plan, level)
    cut = cut_borders(plan, level)
    total_m = float(cut["length_m"].sum())
    street_m = float(cut.loc[cut["rank"] > 0, "length_m"].sum())
    return {
        "areas": float(len(areas)),
        "in_band": float(areas["in_band"].mean()) if "in_band" in areas else float("nan"),
        "compactness": float(areas["compactness"].mean()),
        "street_share": street_m / total_m if total_m else float("nan"),
        "border_m": total_m,
        "blocks_cut": float(_blocks_cut(plan, level)),
        "households_min": float(areas["households"].min()),
        "households_max": float(areas["households"].max()),
    }


def _blocks_cut(plan: Plan, level: str) -> int:
    """Count the blocks that would fit into one area of the level and yet belong to several."""
    atoms = plan.atoms.assign(area_id=plan.owner(level))
    blocks = atoms.groupby("block_id").agg(households=("households", "sum"), areas=("area_id", "nunique"))
    high = plan.profile.limits_of(level).high
    return int(((blocks["households"] <= high) & (blocks["areas"] > 1)).sum())
