"""Tell which officers answer for an area on a day, and what is wrong with the duty list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgeo.model.errors import UnknownAreaError
from gridgeo.model.tables import OFFICERS, check

from .duty_findings import Fault, name_list, tabulate
from .duty_load import STAFFING, Staffing, duty_load, find_staff_ratio, find_uneven_load
from .duty_places import find_scattered, find_strange_areas, find_two_communities
from .duty_rows import PRIMARY_ROLES, ROLE_ORDER, STAFFED_LEVELS, areas_on, duties_on
from .validity import Spans

__all__ = ["PRIMARY_ROLES", "ROLE_ORDER", "STAFFED_LEVELS", "Staffing", "check_duties", "duty_load", "officers_for"]

_COLUMNS = ["area_id", "officer_id", "name", "role", "phone", "duty_id", "duty_area_id", "is_primary"]


def officers_for(
    area_ids: Iterable[str],
    officers: pd.DataFrame,
    duties: pd.DataFrame,
    at: date,
    *,
    areas: pd.DataFrame | None = None,
    roles: Sequence[str] = ROLE_ORDER,
    primary: Sequence[str] = PRIMARY_ROLES,
) -> pd.DataFrame:
    """Tell who answers for areas on a day.

    Parameters
    ----------
    area_ids : iterable of str
        The areas asked for.
    officers : DataFrame
        Table ``OFFICERS``.
    duties : DataFrame
        Table ``DUTIES``. A duty holds on a day ``d`` when ``valid_from <= d < valid_to``; a missing end is open.
    at : date
        The day.
    areas : DataFrame, optional
        Table ``AREAS``, or its column ``parent_id``: with it, an area without an officer is answered for by those of
        the nearest area above it that has one.
    roles : sequence of str
        Roles in the order in which their officers are asked.
    primary : sequence of str
        Roles of which an area has exactly one officer.

    Returns
    -------
    DataFrame
        One row for each area and officer, in the order of ``area_ids`` and then of ``roles``: ``area_id, officer_id,
        name, role, phone, duty_id``, ``duty_area_id`` (the area that the duty is for: the area itself or one above
        it) and ``is_primary``. An area for which nobody answers has no row.

    Raises
    ------
    TableError
        If a table breaks its contract or ``at`` is not a day.
    UnknownAreaError
        If ``areas`` is given and does not hold an area.
    """
    check(officers, OFFICERS)
    held = duties_on(duties, at)
    held = held[held["officer_id"].isin(officers.index)]
    wanted = list(dict.fromkeys(area_ids))
    served = set(held["area_id"])
    answering = pd.DataFrame(
        {"area_id": wanted, "duty_area_id": [_nearest_served(area, served, areas) for area in wanted]}, dtype=object
    )
    duty = held.rename(columns={"area_id": "duty_area_id"}).reset_index()
    found = answering.merge(duty[["duty_id", "duty_area_id", "officer_id", "role"]], on="duty_area_id", how="inner")
    found = found.merge(_contacts(officers), left_on="officer_id", right_index=True)
    order = {role: place for place, role in enumerate(roles)}
    found = found.assign(
        is_primary=found["role"].isin(list(primary)),
        asked=found["area_id"].map({area: place for place, area in enumerate(wanted)}),
        turn=found["role"].map(order).fillna(len(order)),
    )
    return found.sort_values(["asked", "turn", "officer_id", "duty_id"], ignore_index=True)[_COLUMNS]


def check_duties(
    areas: gpd.GeoDataFrame,
    officers: pd.DataFrame,
    duties: pd.DataFrame,
    at: date,
    *,
    primary: Sequence[str] = PRIMARY_ROLES,
    levels: Sequence[str] = STAFFED_LEVELS,
    staffing: Staffing | None = STAFFING,
    incidents: pd.DataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Find what is wrong with the duty list of a day.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS``: those for which there may be duties, of one level or of several; only those in force on the
        day count.
    officers : DataFrame
        Table ``OFFICERS``.
    duties : DataFrame
        Table ``DUTIES``.
    at : date
        The day.
    primary : sequence of str
        Roles of which an area has exactly one officer.
    levels : sequence of str
        Levels whose areas must have exactly one primary officer.
    staffing : Staffing, optional
        Limits of the ratio of households to workers, of load, and of what lies together; None judges none of them.
    incidents : DataFrame, optional
        Table ``INCIDENTS`` with ``area_id``: the load is judged by them too.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS`` with ``officer_id`` besides and the areas as place; empty where all is well.

        ``several_primaries``, ``vacancy`` (nobody answers for the area), ``no_primary``; ``unknown_officer`` and
        ``unknown_area`` (of a duty: not in ``officers``, not in ``areas`` nor the parent of one), ``empty_duty``
        (ends before it begins), ``repeated_duty`` (of the same officer, area and role);
        ``several_communities`` (an officer is primary in more than one), ``scattered_areas`` (an officer's areas lie
        in several pieces), ``too_few_staff`` and ``too_many_staff`` (households a full-time worker), ``overload``
        (more households or incidents than so many times the median of the role).

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
    is_known = held["officer_id"].isin(officers.index)
    known, day = held[is_known], f"{at:%Y-%m-%d}"
    found = [
        *_find_vacancies(here.index[here["level"].isin(list(levels))], known, set(primary), day),
        *_find_strangers(held[~is_known]),
        *find_strange_areas(here, known, day),
        *_find_empty(duties),
        *_find_repeated(known, day),
        *find_two_communities(here, known, set(primary)),
    ]
    if staffing is not None:
        found += [*find_scattered(here, known, staffing), *find_staff_ratio(here, known, staffing)]
        if staffing.load_factor is not None:
            load = duty_load(here, officers, known, at, incidents)
            found += find_uneven_load(load, known, staffing.load_factor)
    return tabulate(found, here)


def _find_vacancies(area_ids: pd.Index, held: pd.DataFrame, primary: set[str], day: str) -> Iterator[Fault]:
    """Find areas for which nobody answers, or not exactly one primary officer."""
    first = held.loc[held["role"].isin(primary), ["area_id", "officer_id"]].drop_duplicates()
    count = first["area_id"].value_counts().reindex(area_ids).fillna(0).astype(int)
    quantity = "primary officers"
    for area in area_ids[~area_ids.isin(held["area_id"])]:
        yield Fault("vacancy", (area,), f"nobody answers for {area!r} on {day}", 0.0, 1.0, quantity)
    for area in area_ids[(count == 0).to_numpy() & area_ids.isin(held["area_id"])]:
        yield Fault("no_primary", (area,), f"{area!r} has no primary officer on {day}", 0.0, 1.0, quantity)
    names = first[first["area_id"].isin(count.index[count > 1])].groupby("area_id")["officer_id"].agg(sorted)
    for area, officers in names.items():
        words = f"{area!r} has {len(officers)} primary officers on {day}: {name_list(officers)}"
        yield Fault("several_primaries", (str(area),), words, len(officers), 1.0, quantity)


def _find_strangers(held: pd.DataFrame) -> Iterator[Fault]:
    """Tell of the duties of those who are not in officers."""
    for duty_id, duty in held.iterrows():
        words = f"duty {duty_id!r} for {duty['area_id']!r} names officer {duty['officer_id']!r}, who is not in officers"
        yield Fault("unknown_officer", (duty["area_id"],), words, officer_id=duty["officer_id"])


def _find_empty(duties: pd.DataFrame) -> Iterator[Fault]:
    """Find duties that hold on no day."""
    for duty_id, duty in duties[Spans.of(duties, "duties").are_empty].iterrows():
        words = f"duty {duty_id!r} for {duty['area_id']!r} ends on or before the day on which it begins"
        yield Fault("empty_duty", (duty["area_id"],), words, officer_id=duty["officer_id"])


def _find_repeated(held: pd.DataFrame, day: str) -> Iterator[Fault]:
    """Find duties of one officer, area and role that hold at the same time."""
    same = ["officer_id", "area_id", "role"]
    for names, rows in held[held.duplicated(same, keep=False)].groupby(same):
        officer, area, role = map(str, names)
        words = (
            f"officer {officer!r} has {len(rows)} duties as {role!r} for {area!r} on {day}: "
            f"{name_list(sorted(rows.index))}"
        )
        yield Fault("repeated_duty", (area,), words, len(rows), 1.0, "duties", officer)


def _nearest_served(area_id: str, served: set[str], areas: pd.DataFrame | None) -> str | None:
    """Name the area itself, or the nearest one above it, for which somebody answers."""
    if areas is not None and area_id not in areas.index:
        raise UnknownAreaError(f"no area {area_id!r} in the areas given")
    seen: set[str] = set()
    current: Any = area_id
    while current not in served:
        seen.add(current)
        known = areas is not None and "parent_id" in areas.columns and current in areas.index
        current = areas.at[current, "parent_id"] if known and areas is not None else None
        if not isinstance(current, str) or current in seen:
            return None
    return str(current)


def _contacts(officers: pd.DataFrame) -> pd.DataFrame:
    """Give names and phones by officer."""
    return officers.reindex(columns=["name", "phone"]).rename_axis(None)
