"""Replay past incidents on another division: what each area and officer would have had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgeo.model.errors import TableError
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.model.tables import DUTIES, INCIDENTS, OFFICERS, check

from . import replay_tables as tables
from .duty_rows import duties_on
from .locate import AreaIndex
from .replay_ground import Ground

_SENTENCES = {
    "en": {
        "incidents": "{incidents:,} incidents replayed on {areas:,} areas: {incidents_changed:,} lie in another area "
        "than before, {incidents_outside:,} in none",
        "load": "the busiest area has {incidents_highest_after:,.0f} instead of {incidents_highest_before:,.0f}; from "
        "the middle of its area an incident is {middle_mean_after_m:,.0f} m away instead of "
        "{middle_mean_before_m:,.0f} m",
        "dispatches": "{dispatches_differ:,} would be dispatched otherwise, {dispatches_to_another:,} to another "
        "officer; {officers_changed:,} officers gain or lose incidents",
        "addresses": "{addresses_changed:,} addresses with {households_changed:,} households change their area",
    },
    "zh": {
        "incidents": "{incidents:,} 件事件在 {areas:,} 个责任区上重演:{incidents_changed:,} 件改变责任区,"
        "{incidents_outside:,} 件不在任何责任区内",
        "load": "最忙责任区由 {incidents_highest_before:,.0f} 件变为 {incidents_highest_after:,.0f} 件;"
        "事件距所在区中心平均由 {middle_mean_before_m:,.0f} 米变为 {middle_mean_after_m:,.0f} 米",
        "dispatches": "{dispatches_differ:,} 件派遣结果不同,其中 {dispatches_to_another:,} 件改派他人;"
        "{officers_changed:,} 名人员的事件有增减",
        "addresses": "{addresses_changed:,} 个地址、{households_changed:,} 户改变归属",
    },
}


@dataclass(frozen=True, eq=False)
class Replay:
    """What past incidents would have been on another division.

    Parameters
    ----------
    loads : DataFrame
        Index ``area_id``, all areas of the plan: ``households, incidents, per_1000_households`` (missing where nobody
        lives), ``middle_mean_m, middle_max_m``: straight ways from the area's middle to its incidents.
    loads_before : DataFrame
        The same for the areas before; without rows where these are not given.
    incidents : DataFrame
        Index ``incident_id``: ``area_before, area_after, changed``; ``middle_before_m, middle_after_m``, the way from
        the middle of its area; where duties are given ``officer_before_m, officer_after_m``, the way from the nearest
        home of the area's officers.
    officers : DataFrame
        Index ``officer_id``: ``home_area_id, incidents_before, incidents_after, incidents_gained, incidents_lost,
        way_before_m, way_after_m`` (the mean way from home); without rows where no duties are given.
    dispatches : DataFrame
        Index ``incident_id``: ``state, to, unit, area_id`` with ``_before`` and ``_after``, and ``differs``; without
        rows where no duties are given.
    addresses : DataFrame
        Those that change: indexed as they were given, ``area_before, area_after, count``.
    """

    loads: pd.DataFrame
    loads_before: pd.DataFrame
    incidents: pd.DataFrame
    officers: pd.DataFrame
    dispatches: pd.DataFrame
    addresses: pd.DataFrame

    def summary(self) -> dict[str, Any]:
        """Sum the replay up in plain numbers.

        Returns
        -------
        dict
            ``incidents``; ``incidents_outside`` (in no area of the plan), ``incidents_changed`` (of those that had an
            area before); ``areas, areas_before``; ``incidents_highest_before, incidents_highest_after`` (of one area),
            ``spread_before, spread_after`` (standard deviation over the mean of the areas' incidents);
            ``middle_mean_before_m, middle_mean_after_m``; ``officer_mean_before_m, officer_mean_after_m``;
            ``officers_changed``; ``dispatches_differ, dispatches_to_another`` (officer);
            ``addresses_changed, households_changed``. What cannot be
            told is nan.
        """
        told: dict[str, Any] = {
            "incidents": len(self.incidents),
            "incidents_outside": int(self.incidents["area_after"].isna().sum()),
            "incidents_changed": int(self.incidents["changed"].sum()),
            "areas": len(self.loads),
            "areas_before": len(self.loads_before),
        }
        for side, loads in (("before", self.loads_before), ("after", self.loads)):
            counts = loads["incidents"].astype(float)
            told[f"incidents_highest_{side}"] = float(counts.max())
            told[f"spread_{side}"] = float(counts.std(ddof=0) / counts.mean()) if counts.sum() else float("nan")
            told[f"middle_mean_{side}_m"] = float(self.incidents[f"middle_{side}_m"].mean())
            told[f"officer_mean_{side}_m"] = float(self.incidents[f"officer_{side}_m"].mean())
        moved = self.officers[["incidents_gained", "incidents_lost"]]
        told["officers_changed"] = int((moved > 0).any(axis=1).sum())
        told["dispatches_differ"] = int(self.dispatches["differs"].sum())
        sent = self.dispatches[["to_before", "to_after"]].fillna("")
        told["dispatches_to_another"] = int(
            ((sent["to_before"] != sent["to_after"]) & self.dispatches["differs"]).sum()
        )
        told["addresses_changed"] = len(self.addresses)
        told["households_changed"] = int(self.addresses["count"].sum())
        return told

    def report(self, language: str = "en") -> str:
        """Tell the replay in a few lines.

        Parameters
        ----------
        language : str
            ``"en"`` or ``"zh"``.

        Returns
        -------
        str
        """
        told = self.summary()
        lines = ["incidents"]
        lines += ["load"] if told["areas_before"] and told["incidents"] else []
        lines += ["dispatches"] if len(self.dispatches) else []
        lines += ["addresses"] if told["addresses_changed"] else []
        return "\n".join(_SENTENCES[language][line].format(**told) for line in lines)

    def __str__(self) -> str:
        return self.report()


def replay(  # noqa: PLR0913
    incidents: gpd.GeoDataFrame,
    plan: Plan | gpd.GeoDataFrame,
    *,
    index: AreaIndex | None = None,
    before: Plan | gpd.GeoDataFrame | None = None,
    index_before: AreaIndex | None = None,
    duties: pd.DataFrame | None = None,
    duties_before: pd.DataFrame | None = None,
    officers: pd.DataFrame | None = None,
    addresses: gpd.GeoDataFrame | None = None,
    level: str = Level.GRID,
    at: date | None = None,
    **options: Any,
) -> Replay:
    """Replay past incidents, addresses and officers on a plan, as if it had been in force when they happened.

    Days on which areas and duties hold are left aside: with ``at`` the duties of that day are taken, without it all.

    Parameters
    ----------
    incidents : GeoDataFrame
        Table ``INCIDENTS``, in the CRS of the plan; without a point an incident lies in no area.
    plan : Plan or GeoDataFrame
        The plan, or table ``AREAS`` of one level or of several.
    index : AreaIndex, optional
        Of the plan's areas, where it is built already; it must be of ``level`` or hold it.
    before : Plan or GeoDataFrame, optional
        What it is compared with; without it the incidents' own ``area_id``, where they have one, is their area before.
    index_before : AreaIndex, optional
        Of the areas before.
    duties : DataFrame, optional
        Table ``DUTIES`` on the plan; with it ways of officers are measured, and incidents dispatched.
    duties_before : DataFrame, optional
        Those before; without it, the same.
    officers : DataFrame, optional
        Table ``OFFICERS``. A column ``home_area_id`` names the area from which an officer sets out; without it, that of
        the officer's areas before (else in the plan) with the most households.
    addresses : GeoDataFrame, optional
        Points such as table ``HOUSEHOLDS``, to be told which change their area.
    level : str
        Of the areas compared.
    at : date, optional
        Day whose duties are taken.
    **options
        Of ``dispatch``: ``routes, overrides, positions, book, leave, load, now`` and its limits.

    Returns
    -------
    Replay
        ``str()`` of it is its report in a few lines, ``summary()`` its numbers.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract, or points are in another CRS than the plan.
    UnknownAreaError
        If a plan has no such level.
    """
    check(incidents, INCIDENTS)
    if officers is not None:
        check(officers, OFFICERS)
    if before is None and (index_before is not None or duties_before is not None):
        raise TableError("replay: index_before and duties_before are of the areas before; give before, too")
    posts = (_posts(duties if duties_before is None else duties_before, at), _posts(duties, at))
    new = Ground.of(plan, index, level, "plan")
    old = None if before is None else Ground.of(before, index_before, level, "before")
    homes = tables.find_homes(*((new, posts[1]) if old is None else (old, posts[0])), officers)
    told = tables.locate_incidents(incidents, old, new)
    for side, ground, duty in (("before", old, posts[0]), ("after", new, posts[1])):
        told[f"middle_{side}_m"] = tables.ways_from_middle(incidents, told[f"area_{side}"], ground)
        told[f"officer_{side}_m"] = tables.ways_of_officers(incidents, told[f"area_{side}"], duty, homes)
    loads = tables.tabulate_loads(new, told, "after")
    return Replay(
        loads=loads,
        loads_before=loads.iloc[:0] if old is None else tables.tabulate_loads(old, told, "before"),
        incidents=told,
        officers=tables.tabulate_officers(incidents, told, posts, homes),
        dispatches=tables.tabulate_dispatches(incidents, old, new, posts, officers, options),
        addresses=tables.list_changed_addresses(addresses, old, new),
    )


def _posts(duties: pd.DataFrame | None, at: date | None) -> pd.DataFrame | None:
    """Choose the duties of a day, and let them hold for ever."""
    if duties is None:
        return None
    if at is None:
        check(duties, DUTIES)
    chosen = duties if at is None else duties_on(duties, at)
    return chosen.assign(valid_from=None, valid_to=None)
