"""Measure how much each officer answers for, and tell who has too much and which areas have too few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.levels import AreaKind
from gridgeo.model.tables import INCIDENTS, OFFICERS, check

from .duty_findings import Fault
from .duty_rows import ancestors, areas_on, duties_on, leading_role

LOAD_COLUMNS = ["role", "areas", "households", "persons", "incidents", "shared_share"]


@dataclass(frozen=True)
class Staffing:
    """Limits to which a duty list is held.

    Parameters
    ----------
    households : (int, int) or None
        Fewest and most households a full-time worker should have; None does not judge it.
    load_factor : float or None
        How many times the median of the officers of one role an officer may have, in households and in incidents;
        None does not judge it.
    full_time : sequence of str
        Roles of full-time workers.
    clause : str
        Rule that states ``households``, named in messages.
    parent_joins : bool
        Whether two areas of one parent count as lying together where they share no border.
    gap_m : float
        How far apart two borders may lie and still be one, metres.
    border_m : float
        From which length on a shared border counts, metres: a corner does not.

    References
    ----------
    One full-time worker for 200 to 400 households: clause ``staffing`` of profile ``inner-mongolia``.
    """

    households: tuple[int, int] | None = (200, 400)
    load_factor: float | None = 2.0
    full_time: Sequence[str] = ("primary", "full_time")
    clause: str = "inner-mongolia: staffing"
    parent_joins: bool = True
    gap_m: float = 0.01
    border_m: float = 1.0


STAFFING = Staffing()


def duty_load(
    areas: gpd.GeoDataFrame,
    officers: pd.DataFrame,
    duties: pd.DataFrame,
    at: date,
    incidents: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Measure how much each officer answers for on a day.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS``, of one level or of several.
    officers : DataFrame
        Table ``OFFICERS``.
    duties : DataFrame
        Table ``DUTIES``.
    at : date
        The day of the duties and of the areas.
    incidents : DataFrame, optional
        Their ``area_id`` is counted, with that of all areas below one; a missing one counts for nobody. Choose the
        incidents of a period before.

    Returns
    -------
    DataFrame
        By ``officer_id``, every officer: ``role`` (the first of the officer's roles that day), ``areas``,
        ``households``, ``persons`` and ``incidents`` (of the areas; an area under another of the same officer counts
        once; missing where nothing is told of them) and ``shared_share``, how many of the areas another officer of
        the same role has too, as a share of 1; missing where there are none.

    Raises
    ------
    TableError
        If a table breaks its contract or ``at`` is not a day.
    UnknownAreaError
        If no area is in force on the day.
    """
    check(officers, OFFICERS)
    here = areas_on(areas, at)
    held = duties_on(duties, at)
    held = held[held["officer_id"].isin(officers.index) & held["area_id"].isin(here.index)]
    amounts = _amounts(here, incidents)
    pairs = held[["officer_id", "area_id", "role"]].astype(object).drop_duplicates()
    pairs["shared"] = pairs.groupby(["area_id", "role"])["officer_id"].transform("size") > 1
    each = pairs.groupby(["officer_id", "area_id"])["shared"].max().reset_index()
    own = _without_nested(each, here).join(amounts, on="area_id")
    load = own.groupby("officer_id")[["households", "persons", "incidents"]].sum(min_count=1)
    load["areas"] = each.groupby("officer_id").size()
    load["shared_share"] = each.groupby("officer_id")["shared"].mean()
    load["role"] = leading_role(held["role"], held["officer_id"])
    told = load.reindex(officers.index).rename_axis("officer_id")
    counts = {"areas": told["areas"].fillna(0), "households": told["households"].fillna(0)}
    if incidents is not None:
        counts["incidents"] = told["incidents"].fillna(0)
    return told.assign(**{name: values.astype(int) for name, values in counts.items()})[LOAD_COLUMNS]


def _amounts(areas: gpd.GeoDataFrame, incidents: pd.DataFrame | None) -> pd.DataFrame:
    """Give households, persons and incidents of each area."""
    amounts = pd.DataFrame(areas).reindex(columns=["households", "persons"]).astype(float)
    amounts["incidents"] = np.nan
    if incidents is None:
        return amounts
    check(incidents, INCIDENTS)
    counts = incidents.get("area_id", pd.Series(dtype=object)).value_counts()
    above = ancestors(areas)
    below = above["area_id"].map(counts).astype(float).groupby(above["above_id"].astype(object)).sum()
    own = counts.astype(float).reindex(areas.index).fillna(0.0)
    return amounts.assign(incidents=own.add(below.reindex(areas.index).fillna(0.0)))


def _without_nested(each: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Leave out areas that lie in another area of the same officer."""
    above = each.merge(ancestors(areas), on="area_id")
    nested = above.merge(each[["officer_id", "area_id"]], left_on=["officer_id", "above_id"],
                         right_on=["officer_id", "area_id"], suffixes=("", "_of"))  # fmt: skip
    marked = pd.MultiIndex.from_frame(each[["officer_id", "area_id"]]).isin(
        pd.MultiIndex.from_frame(nested[["officer_id", "area_id"]])
    )
    return each[~marked]


def find_uneven_load(load: pd.DataFrame, held: pd.DataFrame, factor: float) -> Iterator[Fault]:
    """Find officers who have far more than the median of their role.

    Parameters
    ----------
    load : DataFrame
        As ``duty_load`` gives it.
    held : DataFrame
        The duties of the day, table ``DUTIES``.
    factor : float
        How many times the median is too much.

    Yields
    ------
    Fault
    """
    served = load[load["areas"] > 0]
    for quantity in ("households", "incidents"):
        median = served.groupby("role")[quantity].transform("median")
        over = served.assign(median=median)[(served[quantity] > factor * median) & (median > 0)]
        for officer, row in over.iterrows():
            middle = float(row["median"])
            words = (
                f"officer {officer!r} answers for {row[quantity]:,.0f} {quantity}, {row[quantity] / middle:.1f} times "
                f"the median of {row['role']!r}, {middle:,.0f}"
            )
            ids = sorted(set(held.loc[held["officer_id"] == officer, "area_id"]))
            yield Fault("overload", ids, words, float(row[quantity]), factor * middle, quantity, str(officer))


def find_staff_ratio(areas: gpd.GeoDataFrame, held: pd.DataFrame, rules: Staffing) -> Iterator[Fault]:
    """Find areas with too many or too few households for their full-time workers.

    A worker of several areas counts in each as a share of one. Areas without a full-time worker, without households,
    and those of one institution are not judged.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS``.
    held : DataFrame
        The duties of the day, table ``DUTIES``.
    rules : Staffing

    Yields
    ------
    Fault
    """
    if rules.households is None:
        return
    low, high = rules.households
    workers = held.loc[held["role"].isin(list(rules.full_time)), ["officer_id", "area_id"]].astype(object)
    workers = workers[workers["area_id"].isin(areas.index)].drop_duplicates()
    share = 1.0 / workers.groupby("officer_id")["area_id"].transform("size")
    staff = share.groupby(workers["area_id"]).sum().reindex(areas.index)
    homes = areas["households"].astype(float).where(areas["households"] > 0)
    if "kind" in areas.columns:
        homes = homes.where(areas["kind"].ne(AreaKind.EXCLUSIVE).fillna(True))
    ratio = homes / staff
    by = f" ({rules.clause})" if rules.clause else ""
    for area in ratio.index[(ratio > high) | (ratio < low)]:
        many = ratio[area] > high
        limit = high if many else low
        words = (
            f"{area!r} has {ratio[area]:,.0f} households a full-time worker, {'above' if many else 'below'} "
            f"{limit}{by}: {homes[area]:,.0f} households, {staff[area]:.3g} workers"
        )
        kind = "too_few_staff" if many else "too_many_staff"
        yield Fault(kind, (str(area),), words, float(ratio[area]), float(limit), "households a full-time worker")
