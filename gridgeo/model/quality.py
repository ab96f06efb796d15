"""Measure a plan: bands, compactness, what its borders run on, blocks and buildings cut, ways to the centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .amounts import held_by, in_band, measures_of, share_in_band
from .bands import has_ends
from .levels import RANK_NAMES, Level, StreetKind
from .reach import find_cut_buildings, measure_reach

if TYPE_CHECKING:
    from .plan import Plan

NATURAL = (str(StreetKind.RIVER), str(StreetKind.RAIL), str(StreetKind.WALL))
"""What a border may run on that is no street."""


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
    """Keep the borders between atoms of one community that belong to different areas; of beats, all of them.

    Parameters
    ----------
    plan : Plan
    level : str

    Returns
    -------
    DataFrame
        Rows of ``BORDERS``, with ``area_a, area_b`` added.
    """
    owner, community = plan.owner(level), plan.owner(Level.COMMUNITY)
    borders = plan.borders
    area_a, area_b = (owner.reindex(borders[side]).to_numpy() for side in ("atom_a", "atom_b"))
    within = community.reindex(borders["atom_a"]).to_numpy() == community.reindex(borders["atom_b"]).to_numpy()
    cut = (within | (level == Level.BEAT)) & (area_a != area_b)
    return borders[cut].assign(area_a=area_a[cut], area_b=area_b[cut])


def measure_areas(
    plan: Plan,
    level: str,
    buildings: gpd.GeoDataFrame | None = None,
    households: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """Measure each area of a level; columns as in ``Plan.area_measures``."""
    measures = _measure(plan, level, measure_reach(plan, level, households))
    if buildings is not None:
        measures["buildings_cut"] = _count_in(find_cut_buildings(plan, level, buildings), measures.index)
    return measures


def _measure(plan: Plan, level: str, reach: pd.DataFrame) -> pd.DataFrame:
    """Measure each area by the plan's own tables; ``reach`` is measured already."""
    areas = plan.areas(level)
    cut = cut_borders(plan, level)
    sides = pd.concat([cut.assign(area_id=cut[side]) for side in ("area_a", "area_b")])
    lengths = _lengths(sides, sides["area_id"]).reindex(areas.index, fill_value=0.0)
    measures = pd.DataFrame(
        {
            "households": areas["households"],
            "compactness": polsby_popper(areas.geometry.to_numpy()),
            "border_m": lengths["border_m"],
            **_shares(lengths),
            "atoms": plan.owner(level).value_counts().reindex(areas.index),
            "blocks_cut": _count_in(_cut_blocks(plan, level), areas.index),
        },
        index=areas.index,
    )
    measures[["centre_mean_m", "centre_max_m"]] = reach[["centre_mean_m", "centre_max_m"]]
    if plan.stacked["parent_id"].isin(areas.index).any():
        measures["floor_ranges"] = plan.stacked["parent_id"].value_counts().reindex(areas.index, fill_value=0)
    return measures.join(_bands(plan, level, measures))


def _bands(plan: Plan, level: str, known: pd.DataFrame) -> pd.DataFrame:
    """Count what the profile measures at a level, and judge what it states a band of."""
    made = pd.DataFrame(index=known.index)
    for at, limits in enumerate(measures_of(plan, level)):
        if limits.measure not in known:
            made[limits.measure] = held_by(plan, level, limits.measure)
        if not has_ends(limits) and at:
            continue
        judged = in_band(plan, level, limits)
        made[f"{limits.measure}_in_band"] = judged
        if at == 0:
            made["in_band"] = judged
    return made


def _lengths(borders: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Add up metres of borders: in all, on streets of each rank, on rivers, rail and walls, on any of them."""
    length, rank = borders["length_m"], borders["rank"]
    natural = borders["kind"].isin(NATURAL) if "kind" in borders else pd.Series(False, index=borders.index)
    columns = {"border_m": length, "street_m": length.where(rank > 0, 0.0)}
    columns |= {f"street_{each}_m": length.where((rank == each) & ~natural, 0.0) for each in RANK_NAMES}
    columns["natural_m"] = length.where(natural & (rank > 0), 0.0)
    table = pd.DataFrame({name: values.to_numpy(dtype=float) for name, values in columns.items()})
    return table.groupby(group.to_numpy()).sum()


def _shares(lengths: pd.DataFrame) -> dict[str, pd.Series]:
    """Divide metres by the border in all; missing where there is none."""
    whole = lengths["border_m"].where(lengths["border_m"] > 0)
    names = {f"street_{each}_m": f"street_share_{each}" for each in RANK_NAMES}
    names = {"street_m": "street_share", **names, "natural_m": "natural_share"}
    return {share: (lengths[metres] / whole).astype(float) for metres, share in names.items()}


def _count_in(parts: pd.DataFrame, ids: pd.Index) -> pd.Series:
    """Count the rows of each area."""
    return parts["area_id"].value_counts().reindex(ids, fill_value=0)


def summarise(
    plan: Plan,
    level: str,
    buildings: gpd.GeoDataFrame | None = None,
    households: gpd.GeoDataFrame | None = None,
) -> dict[str, float]:
    """Sum the measures of a level up; keys as in ``Plan.quality``."""
    reach = measure_reach(plan, level, households)
    areas, reached = _measure(plan, level, reach), reach["reached"].sum()
    cut = cut_borders(plan, level)
    lengths = _lengths(cut, pd.Series(0, index=cut.index)).reindex([0], fill_value=0.0)
    least, most = _ends_of_households(plan, areas["households"])
    made = {
        "areas": float(len(areas)),
        "in_band": share_in_band(areas["in_band"]) if "in_band" in areas else float("nan"),
        "compactness": float(areas["compactness"].mean()),
        "border_m": float(lengths["border_m"].sum()),
        **{name: float(share.iloc[0]) for name, share in _shares(lengths).items()},
        "blocks_cut": float(_cut_blocks(plan, level)["block_id"].nunique()),
        "households_min": least,
        "households_max": most,
        "centre_mean_m": float((reach["centre_mean_m"] * reach["reached"]).sum() / reached) if reached else np.nan,
        "centre_max_m": float(reach["centre_max_m"].max()),
    }
    for limits in measures_of(plan, level):
        name = limits.measure
        if f"{name}_in_band" in areas:
            made[f"{name}_in_band"] = share_in_band(areas[f"{name}_in_band"])
        if f"{name}_min" not in made and areas[name].notna().any():
            made[f"{name}_min"], made[f"{name}_max"] = float(areas[name].min()), float(areas[name].max())
    if buildings is not None:
        made["buildings_cut"] = float(find_cut_buildings(plan, level, buildings)["building_id"].nunique())
    if "floor_ranges" in areas:
        made["floor_ranges"] = float(areas["floor_ranges"].sum())
    return made


def _ends_of_households(plan: Plan, held: pd.Series) -> tuple[float, float]:
    """Tell the least and the most households of an area; one that is cut into ranges of floors counts as these."""
    ranges = plan.stacked[plan.stacked["parent_id"].isin(held.index)]
    counts = pd.concat([held.drop(ranges["parent_id"].unique()), ranges["households"].astype(int)])
    return float(counts.min()), float(counts.max())


def _cut_blocks(plan: Plan, level: str) -> pd.DataFrame:
    """Find the blocks that would fit into one area of the level and yet lie in several: ``block_id, area_id``."""
    limits = plan.profile.limits.get(level)
    counted = limits is not None and limits.measure in plan.atoms
    parts = pd.DataFrame(
        {
            "block_id": plan.atoms["block_id"],
            "area_id": plan.owner(level),
            "held": plan.atoms[limits.measure] if limits is not None and counted else 0,
        }
    )
    blocks = parts.groupby("block_id").agg(held=("held", "sum"), areas=("area_id", "nunique"))
    fits = blocks["held"] <= (limits.high if limits is not None else np.inf)
    cut = blocks.index[fits & (blocks["areas"] > 1)]
    return parts.loc[parts["block_id"].isin(cut), ["block_id", "area_id"]].drop_duplicates()
