"""Build the parcels up: rows of homes, works and schools; houses on lots; floors that hold the households wanted."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import shapely

from .hamlets import gather
from .houses import build_fronts, build_houses
from .mesh import Mesh
from .rows import facing_angle, pack_rows
from .styles import FLOOR_LIMITS, STYLES

BUILD_STREAM = 31
BLOCK_MOST = 440
"""Households that a block of flats may hold, so that a planner finds blocks that fit into one grid."""
SPARE_SHARE = 0.05
"""Dwellings that stand empty, at least."""
GAP_RANGE = (0.94, 1.18)
"""How unlike estates of one style are in their gaps."""
LOWER_FROM, LOWER_SHARE = 8, 0.85
"""In estates of more floors the southern rows are lower by this share, so that the others have sun."""
TWO_DWELLINGS = 0.12
"""Share of village houses with two dwellings."""
ANGLE_JITTER, HAMLET_JITTER = 0.015, 0.10
LEAST_GROUND_M2 = 100.0
FLOOR_FACTORS, ROUNDS, EXTRA_FLATS = (0.5, 2.0), 12, 6


def build(mesh: Mesh, parcels: np.ndarray, uses: np.ndarray, households: int, seed: int) -> pd.DataFrame:
    """Build a town up.

    Parameters
    ----------
    mesh : Mesh
    parcels : array of Polygon
    uses : array of str
        Like ``mesh.blocks``.
    households : int
        How many are to live there.
    seed : int

    Returns
    -------
    DataFrame
        ``block`` (row of ``mesh.blocks``), ``style``, ``stairwells, floors, flats`` (on one floor of one stairwell),
        ``capacity`` (dwellings), ``width`` (along its stairwells; 0 for a house on a lot), ``angle``, ``geometry``
        (array of Polygon). By block, in the order in which its buildings are numbered.
    """
    random = np.random.default_rng([seed, BUILD_STREAM])
    fronts, grounds = build_fronts(mesh, parcels, uses, random)
    in_rows = _build_rows(mesh.blocks, grounds, uses, random)
    houses = build_houses(parcels, uses, random)
    built = _raise_floors(pd.concat([in_rows, houses, fronts], ignore_index=True), households)
    built = built.sort_values(["block", "order"], kind="stable").reset_index(drop=True)
    return built.drop(columns=["order", "base", "garden"])


def _build_rows(
    blocks: pd.DataFrame, grounds: np.ndarray, uses: np.ndarray, random: np.random.Generator
) -> pd.DataFrame:
    """Set rows of buildings on every ground whose style has rows."""
    rows = np.flatnonzero(np.isin(uses, list(STYLES)))
    rules = _rules(uses[rows], random)
    ground = shapely.buffer(grounds[rows], -rules["setback_m"].to_numpy(), join_style="mitre")
    is_hamlet = uses[rows] == "hamlet"
    ground[is_hamlet] = gather(blocks.iloc[rows[is_hamlet]], ground[is_hamlet], random)
    fits = shapely.area(ground) > LEAST_GROUND_M2
    rows, rules, ground, is_hamlet = rows[fits], rules[fits].reset_index(drop=True), ground[fits], is_hamlet[fits]
    jitter = np.where(is_hamlet, HAMLET_JITTER, ANGLE_JITTER)
    made = pack_rows(ground, facing_angle(ground) + random.uniform(-jitter, jitter), rules)
    made = made[random.uniform(size=len(made)) < rules["kept"].to_numpy()[made["parcel"]]].reset_index(drop=True)
    parcel = made["parcel"].to_numpy()
    rule = rules.iloc[parcel].reset_index(drop=True)
    is_low = (made["row"] < made["rows"] // 2) & (rule["floors"] > LOWER_FROM)
    is_double = is_hamlet[parcel] & (random.uniform(size=len(made)) < TWO_DWELLINGS)
    return made[["width", "angle", "geometry"]].assign(
        block=rows[parcel],
        style=uses[rows[parcel]],
        stairwells=made["units"],
        base=rule["floors"] * np.where(is_low, LOWER_SHARE, 1.0),
        flats=np.where(is_double, 2, rule["flats"]),
        order=-made["row"],
        garden=shapely.distance(shapely.centroid(made["geometry"].to_numpy()), shapely.centroid(ground[parcel])),
    )


def _rules(uses: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """Lay down how each block is built up: its style, with gaps and floors of its own."""
    rules = pd.DataFrame([asdict(STYLES[use]) for use in uses])
    for gap in ("end_gap_m", "row_gap_m"):
        rules[gap] *= random.uniform(*GAP_RANGE, len(rules))
    rules["floors"] = random.integers(rules["floors_low"], rules["floors_high"] + 1)
    return rules


def _raise_floors(built: pd.DataFrame, households: int) -> pd.DataFrame:
    """Choose one factor for the floors of all flats, so that the town holds the households wanted and some more."""
    wanted = (1 + SPARE_SHARE) * households
    low, high = FLOOR_FACTORS
    for _ in range(ROUNDS):
        factor = (low + high) / 2
        is_short = _with_floors(built, factor)["capacity"].sum() < wanted
        low, high = (factor, high) if is_short else (low, factor)
    made = _with_floors(built, high)
    for extra in range(1, EXTRA_FLATS + 1):  # where even the highest floors do not do, floors have more flats
        if made["capacity"].sum() >= wanted:
            break
        is_flats = built["style"].isin(FLOOR_LIMITS)
        made = _with_floors(built.assign(flats=built["flats"] + extra * is_flats), high)
    return made


def _with_floors(built: pd.DataFrame, factor: float) -> pd.DataFrame:
    """Set the floors of homes, and leave room for a garden in the middle where a block would hold too many."""
    is_flats = built["style"].isin(FLOOR_LIMITS)
    low, high = (built["style"].map({name: limit[at] for name, limit in FLOOR_LIMITS.items()}) for at in (0, 1))
    floors = (built["base"] * np.where(is_flats, factor, 1.0)).round().clip(low.fillna(1), high.fillna(np.inf))
    homes = (built["stairwells"] * floors).where(built["style"] != "hamlet", 1)
    made = built.assign(floors=floors.astype(int), capacity=(homes * built["flats"]).astype(int))
    outer_first = made[is_flats].sort_values(["block", "garden"], ascending=[True, False], kind="stable")
    is_over = outer_first.groupby("block")["capacity"].cumsum() > BLOCK_MOST
    return made.drop(index=outer_first.index[is_over])
