"""Make the tables of a comparison: areas, communities, officers, how the load spreads, and borders."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.amounts import held_by, in_band
from gridgeo.model.lineage_table import SLIVER
from gridgeo.model.plan import Plan
from gridgeo.model.quality import cut_borders

from .lineage_parts import of_level

ADDED, GONE, CHANGED, RENAMED, SAME = "added", "gone", "changed", "renamed", "same"
_NAMES = ["code", "name", "parent_id"]
_BORDER_KEY = ["atom_a", "atom_b", "street_id", "rank"]
_QUANTILES = {"lowest": 0.0, "decile_1": 0.1, "quarter_1": 0.25, "median": 0.5, "quarter_3": 0.75, "decile_9": 0.9,
              "highest": 1.0}  # fmt: skip


def is_moved(lineage: pd.DataFrame) -> pd.Series:
    """Tell which rows of a lineage lead from an area to another one, or to none or from none."""
    return ~(lineage["before_id"] == lineage["after_id"]).fillna(False).astype(bool)


def tabulate_areas(
    before: Plan | gpd.GeoDataFrame,
    after: Plan | gpd.GeoDataFrame,
    lineage: pd.DataFrame,
    level: str,
    *,
    by_points: bool = False,
) -> pd.DataFrame:
    """Tell what became of each area of either side.

    Parameters
    ----------
    before, after : Plan or GeoDataFrame
    lineage : DataFrame
        Table ``LINEAGE`` between the two.
    level : str
    by_points : bool
        Whether households are those of the lineage, and not each side's own counts.

    Returns
    -------
    DataFrame
        Index ``area_id``, in order: ``status``, and for each side ``code, name, parent_id, households, area_m2,
        in_band``.
    """
    ids = [lineage[end].dropna() for end in ("before_id", "after_id")]
    index = pd.Index(np.unique(np.concatenate([side.to_numpy(dtype=str) for side in ids])), name="area_id")
    made = pd.DataFrame(index=index)
    for side, given in (("before", before), ("after", after)):
        told = _describe(given, level).reindex(index)
        sums = lineage.groupby(f"{side}_id")[["households", "area_m2"]].sum().reindex(index)
        told["households"] = (sums["households"] if by_points else told["households"]).astype("Int64")
        told["area_m2"] = sums["area_m2"]
        made = made.join(told[[*_NAMES, "households", "area_m2", "in_band"]].add_suffix(f"_{side}"))
    known = [index.isin(side) for side in ids]
    crossing = lineage[is_moved(lineage) & (lineage["change"] != SLIVER)]
    touched = index.isin(crossing["before_id"]) | index.isin(crossing["after_id"])
    pairs = [(made[f"{name}_before"], made[f"{name}_after"]) for name in _NAMES]
    renamed = np.any([~((one == two) | (one.isna() & two.isna())).fillna(False) for one, two in pairs], axis=0)
    status = np.select([~known[0], ~known[1], touched, renamed], [ADDED, GONE, CHANGED, RENAMED], SAME)
    made.insert(0, "status", pd.Series(status, index=index, dtype="str"))
    return made


def _describe(given: Plan | gpd.GeoDataFrame, level: str) -> pd.DataFrame:
    """Give code, name, parent and band of the areas of one side."""
    if isinstance(given, Plan):
        judged = in_band(given, level)
        homes = held_by(given, level, "households")
        named = given.register.reindex(judged.index)[_NAMES].astype(object)
        return named.assign(in_band=judged, households=homes)
    chosen = pd.DataFrame(of_level(given, level, "areas"))
    unjudged = pd.array([None] * len(chosen), dtype="boolean")
    named = chosen.reindex(columns=_NAMES).astype(object)
    return named.assign(in_band=unjudged, households=chosen.get("households", 0))


def tabulate_communities(lineage: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Count by community the households whose area changes.

    Parameters
    ----------
    lineage : DataFrame
        Table ``LINEAGE``.
    areas : DataFrame
        As ``tabulate_areas`` gives it.

    Returns
    -------
    DataFrame
        Index ``community_id``, the parent of the old area, else of the new one: ``areas_before, areas_after,
        households, households_moved, moved_share`` (missing where nobody lives).
    """
    home = lineage["before_id"].map(areas["parent_id_before"].dropna())
    home = home.where(home.notna(), lineage["after_id"].map(areas["parent_id_after"].dropna())).astype(object)
    moved = lineage["households"].where(is_moved(lineage), 0)
    made = pd.DataFrame({"households": lineage["households"], "households_moved": moved}).groupby(home.to_numpy()).sum()
    counts = [areas[f"parent_id_{side}"].value_counts() for side in ("before", "after")]
    ids = made.index.union(counts[0].index).union(counts[1].index)
    made = made.reindex(pd.Index(ids.astype("str"), name="community_id"), fill_value=0).astype("int64")
    made.insert(0, "areas_before", counts[0].reindex(ids, fill_value=0).to_numpy(dtype="int64"))
    made.insert(1, "areas_after", counts[1].reindex(ids, fill_value=0).to_numpy(dtype="int64"))
    return made.assign(moved_share=made["households_moved"] / made["households"].where(made["households"] > 0))


def tabulate_officers(
    lineage: pd.DataFrame, officers: pd.DataFrame | None, duties: pd.DataFrame, duties_after: pd.DataFrame
) -> pd.DataFrame:
    """Tell what each officer gains and loses.

    Parameters
    ----------
    lineage : DataFrame
        Table ``LINEAGE``.
    officers : DataFrame, optional
        Table ``OFFICERS``: who is told; without it, all who have a duty.
    duties, duties_after : DataFrame
        Table ``DUTIES``, those that hold on the two sides.

    Returns
    -------
    DataFrame
        Index ``officer_id``, in order: ``areas_before, areas_after`` (how many), ``gained_ids, lost_ids`` (areas,
        parted by blanks), ``households_before, households_after, households_gained, households_lost``: those whose
        area was not the officer's and is now, and the other way round.
    """
    known = set(duties["officer_id"]) | set(duties_after["officer_id"])
    ids = pd.Index(sorted(known if officers is None else officers.index), name="officer_id", dtype="str")
    rows = lineage.reset_index(drop=True).rename_axis("row").reset_index()
    held, areas = [], []
    for side, table in (("before", duties), ("after", duties_after)):
        posts = table[["officer_id", "area_id"]].astype(object).drop_duplicates()
        posts = posts[posts["area_id"].isin(rows[f"{side}_id"]) & posts["officer_id"].isin(ids)]
        areas.append(posts.groupby("officer_id")["area_id"].agg(set).reindex(ids))
        asked = rows[["row", "households", f"{side}_id"]].astype({f"{side}_id": object})
        held.append(asked.merge(posts, left_on=f"{side}_id", right_on="area_id")[["officer_id", "row", "households"]])
    sets = [[each if isinstance(each, set) else set() for each in side] for side in areas]
    both = held[0].merge(held[1], on=["officer_id", "row", "households"], how="outer", indicator="side")
    sums = both.pivot_table("households", "officer_id", "side", aggfunc="sum", observed=False)
    sums = sums.reindex(index=ids, columns=["left_only", "right_only", "both"]).fillna(0).astype("int64")
    made: dict[str, Any] = {
        "areas_before": [len(each) for each in sets[0]],
        "areas_after": [len(each) for each in sets[1]],
    }
    for name, one, two in (("gained_ids", 1, 0), ("lost_ids", 0, 1)):
        made[name] = [" ".join(sorted(a - b)) for a, b in zip(sets[one], sets[two], strict=True)]
    made["households_before"] = (sums["left_only"] + sums["both"]).to_numpy()
    made["households_after"] = (sums["right_only"] + sums["both"]).to_numpy()
    made["households_gained"], made["households_lost"] = sums["right_only"].to_numpy(), sums["left_only"].to_numpy()
    return pd.DataFrame(made, index=ids)


def tabulate_spread(areas: pd.DataFrame) -> pd.DataFrame:
    """Measure how households spread over the areas of each side.

    Parameters
    ----------
    areas : DataFrame
        As ``tabulate_areas`` gives it.

    Returns
    -------
    DataFrame
        Columns ``before, after``; rows ``areas, households, lowest, decile_1, quarter_1, median, quarter_3, decile_9,
        highest, mean, deviation`` (households of an area), ``judged, in_band`` (areas that a band judges, and those of
        them that keep it).
    """
    made = {}
    for side in ("before", "after"):
        held = areas[f"households_{side}"].dropna().astype(float)
        judged = areas[f"in_band_{side}"].dropna()
        told = {"areas": float(len(held)), "households": float(held.sum())}
        told |= {name: float(held.quantile(at)) for name, at in _QUANTILES.items()}
        told |= {"mean": float(held.mean()), "deviation": float(held.std(ddof=0))}
        made[side] = told | {"judged": float(len(judged)), "in_band": float(judged.astype(bool).sum())}
    return pd.DataFrame(made)


def tabulate_borders(before: Plan, after: Plan, level: str) -> pd.DataFrame:
    """Measure which borders inside communities stay.

    Parameters
    ----------
    before, after : Plan
    level : str

    Returns
    -------
    DataFrame
        Rows ``kept, dropped, drawn`` of columns ``length_m`` and ``street_m``, what of it runs on streets, rivers,
        rail or walls.
    """
    lengths = []
    for plan in (before, after):
        cut = cut_borders(plan, level).reindex(columns=[*_BORDER_KEY, "length_m"])
        lengths.append(cut.fillna({"street_id": ""}).groupby(_BORDER_KEY)["length_m"].sum())
    both = pd.concat(lengths, axis=1, keys=["before", "after"])
    kind = np.select([both["before"].isna(), both["after"].isna()], ["drawn", "dropped"], "kept")
    length = both["after"].fillna(both["before"])
    ranked = both.index.get_level_values("rank").to_numpy() > 0
    made = pd.DataFrame({"length_m": length.to_numpy(float), "street_m": length.where(ranked, 0.0).to_numpy(float)})
    return made.groupby(kind).sum().reindex(["kept", "dropped", "drawn"], fill_value=0.0)


def list_moved_atoms(before: Plan, after: Plan, level: str) -> pd.DataFrame:
    """List the atoms that both plans have and that another area holds now.

    Parameters
    ----------
    before, after : Plan
    level : str

    Returns
    -------
    DataFrame
        Index ``atom_id``, in order: ``before_id, after_id, households, area_m2``, as they are in ``after``.
    """
    owners = pd.concat([before.owner(level), after.owner(level)], axis=1, join="inner", keys=["before_id", "after_id"])
    moved = owners[owners["before_id"] != owners["after_id"]].sort_index().rename_axis("atom_id")
    return moved.join(pd.DataFrame(after.atoms)[["households", "area_m2"]])
