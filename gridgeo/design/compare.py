"""Compare two divisions of one town: areas, households, officers, load and borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError
from gridgeo.model.levels import Level
from gridgeo.model.lineage_table import CHANGES, SLIVER
from gridgeo.model.plan import Plan
from gridgeo.model.tables import DUTIES, OFFICERS, check

from . import compare_tables as tables
from .compare_words import SENTENCES
from .lineage import LEAST_SHARE, SLIVER_M2, lineage

STATUSES = (tables.ADDED, tables.GONE, tables.CHANGED, tables.RENAMED, tables.SAME)
_SIDES = ("before", "after")


@dataclass(frozen=True, eq=False)
class Comparison:
    """What differs between two divisions of one town.

    Parameters
    ----------
    level : str
        Of the areas compared.
    lineage : DataFrame
        Table ``LINEAGE``.
    areas : DataFrame
        Index ``area_id``: ``status`` (``added``, ``gone``, ``changed``: its land is another, ``renamed``: its code,
        name or parent is, ``same``), and for each side ``code, name, parent_id, households`` (by points where these are
        given, else its own), ``area_m2, in_band`` (as the plan's own counts have it); where duties are given
        ``officers_before, officers_after``.
    communities : DataFrame
        Index ``community_id``: ``areas_before, areas_after, households, households_moved, moved_share``.
    officers : DataFrame
        Index ``officer_id``: ``areas_before, areas_after, gained_ids, lost_ids, households_before, households_after,
        households_gained, households_lost``; without rows where no duties are given.
    spread : DataFrame
        Columns ``before, after``: how households spread over the areas, and how many keep their band.
    borders : DataFrame
        Rows ``kept, dropped, drawn``: ``length_m, street_m``; without rows where a side is no plan.
    moved_atoms : DataFrame
        Index ``atom_id``: ``before_id, after_id, households, area_m2``; without rows where a side is no plan.
    """

    level: str
    lineage: pd.DataFrame
    areas: pd.DataFrame
    communities: pd.DataFrame
    officers: pd.DataFrame
    spread: pd.DataFrame
    borders: pd.DataFrame
    moved_atoms: pd.DataFrame

    @property
    def moved(self) -> pd.DataFrame:
        """Return the rows of the lineage that lead to another area, slivers left out."""
        return self.lineage[tables.is_moved(self.lineage) & (self.lineage["change"] != SLIVER)]

    def summary(self) -> dict[str, Any]:
        """Sum the comparison up in plain numbers.

        Returns
        -------
        dict
            ``level``; ``areas_before, areas_after`` and how many are ``areas_added, areas_gone, areas_changed,
            areas_renamed, areas_same``; ``rows_kept`` and so on, the rows of the lineage by their word; ``households``,
            ``households_moved`` (whose ``area_id`` is another one), ``moved_share`` (nan where nobody lives),
            ``households_parted`` (who leave most of their old neighbours, whatever the ids); ``area_m2,
            area_moved_m2``; ``atoms_moved``; ``in_band_before, in_band_after``; ``households_median_before`` and
            ``..._lowest_...``, ``..._highest_...``; for two plans ``border_kept_m, border_dropped_m, border_drawn_m``;
            with incidents ``incidents, incidents_moved``; with duties ``officers_changed, areas_without_officer``.
        """
        rows, moved = self.lineage, self.moved
        everyone = int(rows["households"].sum())
        parted = everyone - int(rows.groupby("before_id")["households"].max().sum())
        parted -= int(rows.loc[rows["before_id"].isna(), "households"].sum())
        crossing = int(rows.loc[tables.is_moved(rows), "households"].sum())
        told: dict[str, Any] = {"level": self.level}
        spread = self.spread.to_dict()
        told |= {f"areas_{side}": int(spread[side]["areas"]) for side in _SIDES}
        told |= {f"areas_{status}": int((self.areas["status"] == status).sum()) for status in STATUSES}
        told |= {f"rows_{change}": int((rows["change"] == change).sum()) for change in CHANGES}
        told |= {
            "households": everyone,
            "households_moved": crossing,
            "moved_share": crossing / everyone if everyone else float("nan"),
            "households_parted": parted,
            "area_m2": float(rows["area_m2"].sum()),
            "area_moved_m2": float(moved["area_m2"].sum()),
            "atoms_moved": len(self.moved_atoms),
        }
        told |= {f"in_band_{side}": int(spread[side]["in_band"]) for side in _SIDES}
        for name in ("lowest", "median", "highest"):
            told |= {f"households_{name}_{side}": float(spread[side][name]) for side in _SIDES}
        told |= {f"border_{name}_m": float(row["length_m"]) for name, row in self.borders.iterrows()}
        if "incidents" in rows:
            told["incidents"] = int(rows["incidents"].sum())
            told["incidents_moved"] = int(rows.loc[tables.is_moved(rows), "incidents"].sum())
        if "officers_after" in self.areas:
            differs = (self.officers[["households_gained", "households_lost"]] > 0).any(axis=1)
            differs |= (self.officers[["gained_ids", "lost_ids"]] != "").any(axis=1)
            told["officers_changed"] = int(differs.sum())
            told["areas_without_officer"] = int((self.areas["officers_after"] == 0).sum())
        return told

    def report(self, language: str = "en") -> str:
        """Tell the comparison in a few lines.

        Parameters
        ----------
        language : str
            ``"en"`` or ``"zh"``.

        Returns
        -------
        str
        """
        told = self.summary()
        lines = ["areas", "households" if told["households"] else "nobody", "load"]
        lines += ["band"] if self.spread.loc["judged"].any() else []
        lines += ["borders"] if len(self.borders) else []
        lines += ["incidents"] if "incidents" in told else []
        lines += ["officers"] if "officers_changed" in told else []
        return "\n".join(SENTENCES[language][line].format(**told) for line in lines)

    def __str__(self) -> str:
        return self.report()


def compare(  # noqa: PLR0913
    before: Plan | gpd.GeoDataFrame,
    after: Plan | gpd.GeoDataFrame,
    *,
    households: gpd.GeoDataFrame | None = None,
    officers: pd.DataFrame | None = None,
    duties: pd.DataFrame | None = None,
    duties_after: pd.DataFrame | None = None,
    incidents: gpd.GeoDataFrame | None = None,
    level: str = Level.GRID,
    tolerance_m2: float = SLIVER_M2,
    least_share: float = LEAST_SHARE,
) -> Comparison:
    """Compare two divisions of one town.

    Parameters
    ----------
    before, after : Plan or GeoDataFrame
        Each a plan or a table ``AREAS``, in one CRS.
    households, incidents, level, tolerance_m2, least_share
        As in ``lineage``.
    officers : DataFrame, optional
        Table ``OFFICERS``: who is told; without it, all who have a duty.
    duties : DataFrame, optional
        Table ``DUTIES``, those that hold before. An area that keeps its ``area_id`` keeps its officers.
    duties_after : DataFrame, optional
        Those that hold after; without it, the same.

    Returns
    -------
    Comparison
        ``str()`` of it is its report in a few lines, ``summary()`` its numbers.

    Raises
    ------
    TableError, CrsError, UnknownAreaError
        As ``lineage``, or if officers or duties break their contract.
    """
    if officers is not None:
        check(officers, OFFICERS)
    for posts in (duties, duties_after):
        if posts is not None:
            check(posts, DUTIES)
    if duties is None and duties_after is not None:
        raise TableError("duties_after: is given without duties; give those that hold before, too")
    rows = lineage(before, after, households=households, incidents=incidents, level=level, tolerance_m2=tolerance_m2,
                   least_share=least_share)  # fmt: skip
    areas = tables.tabulate_areas(before, after, rows, level, by_points=households is not None)
    none = pd.DataFrame({"officer_id": [], "area_id": []}, dtype="str")
    now = none if duties is None else duties
    then = now if duties_after is None else duties_after
    if duties is not None:
        for side, posts in zip(_SIDES, (now, then), strict=True):
            held = posts.drop_duplicates(["officer_id", "area_id"])["area_id"].value_counts()
            there = areas[f"households_{side}"].notna()
            areas[f"officers_{side}"] = held.reindex(areas.index, fill_value=0).astype("Int64").where(there)
    both_plans = isinstance(before, Plan) and isinstance(after, Plan)
    return Comparison(
        level=str(level),
        lineage=rows,
        areas=areas,
        communities=tables.tabulate_communities(rows, areas),
        officers=tables.tabulate_officers(rows, officers if duties is not None else None, now, then),
        spread=tables.tabulate_spread(areas),
        borders=tables.tabulate_borders(before, after, level) if both_plans else _without_rows("length_m", "street_m"),
        moved_atoms=tables.list_moved_atoms(before, after, level) if both_plans else _without_rows(
            "before_id", "after_id", "households", "area_m2"),
    )  # fmt: skip


def _without_rows(*columns: str) -> pd.DataFrame:
    return pd.DataFrame({name: np.empty(0, dtype=object) for name in columns})
