"""Find what is wrong with overrides, and which areas lack an officer for the households resettled out of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.service_tables import OVERRIDES
from gridgeo.model.tables import OFFICERS, check

from .duty_findings import Fault, name_list, tabulate
from .duty_rows import ancestors, areas_on, duties_on, known_ids
from .overrides import subject_keys
from .validity import Spans, day_number, day_word

RESETTLEMENT_ROLES = ("part_time",)
"""Roles of the officer whom an area keeps for households that were resettled out of it."""


def check_overrides(areas: gpd.GeoDataFrame, overrides: pd.DataFrame, at: date) -> gpd.GeoDataFrame:
    """Find what is wrong with overrides.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS``, of all levels that overrides name; only those in force on the day count.
    overrides : DataFrame
        Table ``OVERRIDES``.
    at : date
        The day.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS``: ``conflicting_overrides`` (several hold for one subject that day), ``unknown_area`` (one
        that holds names an area that is not there), ``origin_is_host`` (one that holds names one area twice) and, of
        any day, ``empty_override`` (ends before it begins).

    Raises
    ------
    TableError
        If a table breaks its contract or ``at`` is not a day.
    """
    here = areas_on(areas, at)
    check(overrides, OVERRIDES)
    day = day_number(at, OVERRIDES.name)
    spans = Spans.of(overrides, OVERRIDES.name)
    held = overrides[spans.holds(day)]
    known = known_ids(here)
    found = [
        *_find_conflicts(held, day_word(day)),
        *_find_strange_areas(held, known, day_word(day)),
        *_find_same_areas(held),
        *_find_empty(overrides[spans.are_empty]),
    ]
    return tabulate(found, here)


def check_relocated(
    areas: gpd.GeoDataFrame,
    overrides: pd.DataFrame,
    officers: pd.DataFrame,
    duties: pd.DataFrame,
    at: date,
    *,
    roles: Sequence[str] = RESETTLEMENT_ROLES,
) -> gpd.GeoDataFrame:
    """Find areas that keep no officer for the households resettled out of them.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS``; an officer of an area below the origin area counts too.
    overrides : DataFrame
        Table ``OVERRIDES``: households, and addresses, with an origin area that is not their host.
    officers : DataFrame
        Table ``OFFICERS``.
    duties : DataFrame
        Table ``DUTIES``.
    at : date
        The day.
    roles : sequence of str
        Roles of which the area must have somebody.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS``: ``no_resettlement_officer``, one row an origin area.

    Raises
    ------
    TableError
        If a table breaks its contract or ``at`` is not a day.

    References
    ----------
    瓜沥 6(4): a village whose households were resettled keeps at least one part-time officer for them.
    """
    here = areas_on(areas, at)
    check(overrides, OVERRIDES)
    check(officers, OFFICERS)
    gone = overrides[Spans.of(overrides, OVERRIDES.name).holds(day_number(at, OVERRIDES.name))]
    gone = gone.reindex(columns=["subject", "subject_id", "host_area_id", "origin_area_id"])
    gone = gone[gone["subject"].isin(["household", "address"]) & gone["origin_area_id"].notna()]
    gone = gone[gone["origin_area_id"] != gone["host_area_id"]]
    count = gone.assign(key=subject_keys(gone)).groupby("origin_area_id")["key"].nunique()
    held = duties_on(duties, at)
    held = held[held["role"].isin(list(roles)) & held["officer_id"].isin(officers.index)]
    above = ancestors(here)
    served = set(held["area_id"]) | set(above.loc[above["area_id"].isin(held["area_id"]), "above_id"])
    wanted = " or ".join(role.replace("_", "-") for role in roles)
    found = [
        Fault(
            "no_resettlement_officer",
            (str(area),),
            f"{area!r} has no {wanted} officer on {at:%Y-%m-%d} for the {_households(number)} resettled out of it",
            0.0,
            1.0,
            f"{wanted} officers",
        )
        for area, number in count[~count.index.isin(list(served))].items()
    ]
    return tabulate(found, here)


def _households(number: int) -> str:
    return "1 household" if number == 1 else f"{number:,} households"


def _find_conflicts(held: pd.DataFrame, day: str) -> Iterator[Fault]:
    """Find subjects for which several overrides hold."""
    rows = held[["subject", "subject_id", "host_area_id"]].astype(object)
    rows = rows.assign(key=subject_keys(held), override_id=held.index)
    rows = rows.reset_index(drop=True)
    rows = rows[rows["key"].notna() & rows["key"].duplicated(keep=False)].sort_values("override_id")
    by_key = rows.groupby("key")
    subjects, lists = by_key[["subject", "subject_id"]].first(), by_key[["override_id", "host_area_id"]].agg(list)
    for (subject, name), (ids, hosts) in zip(subjects.to_numpy(), lists.to_numpy(), strict=True):
        words = f"{subject} {name!r} has {len(ids)} overrides on {day}: {name_list(ids)}"
        yield Fault("conflicting_overrides", sorted(set(hosts)), words, len(ids), 1.0, "overrides")


def _find_strange_areas(held: pd.DataFrame, known: pd.Index, day: str) -> Iterator[Fault]:
    """Find overrides that name an area that is not there."""
    for column in ("host_area_id", "origin_area_id"):
        if column in held.columns:
            named = held[column]
            for override, area in named[named.notna() & ~named.isin(known)].items():
                words = f"{column} of override {override!r} is {area!r}, no area on {day}"
                yield Fault("unknown_area", (area,), words)


def _find_same_areas(held: pd.DataFrame) -> Iterator[Fault]:
    """Find overrides whose origin is their host: they say no more than the host alone."""
    if "origin_area_id" in held.columns:
        for override, area in held.loc[held["origin_area_id"] == held["host_area_id"], "host_area_id"].items():
            words = f"override {override!r} names {area!r} as host and as origin; leave the origin out, or name another"
            yield Fault("origin_is_host", (area,), words)


def _find_empty(empty: pd.DataFrame) -> Iterator[Fault]:
    """Tell of overrides that hold on no day."""
    for override, row in empty.iterrows():
        words = (
            f"override {override!r} of {row['subject']} {row['subject_id']!r} ends on or before the day on which it "
            "begins"
        )
        yield Fault("empty_override", (row["host_area_id"],), words, np.nan)
