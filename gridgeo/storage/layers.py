"""Make ready the tables that go with a plan: officers, duties, overrides, routes, addresses, base layers, findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgeo.model.errors import TableError
from gridgeo.model.lineage_table import KEPT, LINEAGE
from gridgeo.model.service_tables import OVERRIDES, ROUTES
from gridgeo.model.tables import (
    BUILDINGS,
    DUTIES,
    FINDINGS,
    HOUSEHOLDS,
    OFFICERS,
    STREETS,
    Table,
    check,
    conform,
    empty,
)

from .rows import load_frame, pack, save_frame
from .schema import ROWS

_ADDRESS_KEYS = ("address_id", "household_id")
_LASTING = ("officers", "duties", "overrides", "routes", "addresses", "streets", "buildings", "sites")
"""What stays when a plan is published without it; findings and lineage belong to one plan."""
_OF_AREAS = {"duties": "area_id", "overrides": "host_area_id", "routes": "area_id"}
"""Tables that answer for areas: the column that names one. A route may name none, which is everywhere."""


def _addresses(key: str) -> Table:
    """Declare addresses: households of which only the place and the text are required."""
    changes = {"address": {"required": True}, "count": {"required": False}}
    return Table("addresses", key, HOUSEHOLDS.schema.update_columns(changes), "point")


def _no_sites(crs: Any) -> gpd.GeoDataFrame:
    index = pd.Index([], name="site_id", dtype="str")
    shapes = gpd.GeoSeries([], index=index, crs=crs)
    return gpd.GeoDataFrame({"name": [], "kind": []}, geometry=shapes, index=index, crs=crs)


EMPTY_LAYERS: dict[str, Callable[[Any], pd.DataFrame]] = {
    "officers": lambda _crs: empty(OFFICERS),
    "duties": lambda _crs: empty(DUTIES),
    "overrides": lambda _crs: empty(OVERRIDES),
    "routes": lambda _crs: empty(ROUTES),
    "lineage": lambda _crs: empty(LINEAGE),
    "addresses": lambda crs: empty(_addresses("address_id"), crs),
    "streets": partial(empty, STREETS),
    "buildings": partial(empty, BUILDINGS),
    "sites": _no_sites,
    "findings": partial(empty, FINDINGS),
}
"""What is given for a table that was never published: a function of the CRS a name."""


def prepare_layers(given: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Hold the tables that go with a plan against their contracts.

    Parameters
    ----------
    given : mapping of str to DataFrame
        Names as in ``EMPTY_LAYERS``.

    Returns
    -------
    dict of str to DataFrame

    Raises
    ------
    TableError, CrsError
        As ``check``.
    """
    made = dict(given)
    for table in (OFFICERS, DUTIES, OVERRIDES, ROUTES, LINEAGE, STREETS, BUILDINGS, FINDINGS):
        if table.name in given:
            made[table.name] = conform(given[table.name], table)
    if "addresses" in given:
        key = str(given["addresses"].index.name)
        check(given["addresses"], _addresses(key if key in _ADDRESS_KEYS else _ADDRESS_KEYS[0]))
    if "sites" in given and not isinstance(given["sites"], gpd.GeoDataFrame):
        raise TableError("sites: has no geometry; pass a GeoDataFrame whose geometry column is set")
    return made


def carry_over(
    connection: sa.Connection,
    before: Mapping[str, int],
    given: Mapping[str, int],
    area_ids: pd.Index,
    lineage: pd.DataFrame | None = None,
) -> dict[str, int]:
    """Add what was not given from the plan before.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    before, given : mapping of str to int
        Role -> ``frame_id`` of the plan before, and of what the new plan brings.
    area_ids : Index
        Areas of the new plan; duties, overrides and routes for others are not carried over.
    lineage : DataFrame, optional
        Table ``LINEAGE``: what answers for an area that only changed its id answers for the new id.

    Returns
    -------
    dict of str to int
    """
    made = {**{name: before[name] for name in _LASTING if name in before}, **given}
    heirs = {} if lineage is None else _heirs(lineage, area_ids)
    for name, column in _OF_AREAS.items():
        if name not in made or name in given:
            continue
        rows = load_frame(connection, ROWS[name], made[name])
        if column not in rows:
            continue
        renamed = rows.assign(**{column: rows[column].replace(heirs)}) if heirs else rows
        lasting = renamed[renamed[column].isin(area_ids) | renamed[column].isna()]
        if not lasting.equals(rows):
            made[name] = save_frame(connection, ROWS[name], pack(lasting, ROWS[name]))
    return made


def _heirs(lineage: pd.DataFrame, area_ids: pd.Index) -> dict[str, str]:
    """Find the areas that are the same under a new id."""
    kept = lineage[(lineage["change"] == KEPT) & lineage["after_id"].isin(area_ids)].dropna(subset=["before_id"])
    single = kept[~kept["before_id"].duplicated(keep=False) & ~kept["before_id"].isin(area_ids)]
    return dict(zip(single["before_id"], single["after_id"], strict=True))


def check_services(connection: sa.Connection, parts: Mapping[str, int], area_ids: pd.Index) -> None:
    """Refuse duties, overrides and routes whose area or officer is not there, or that end before they begin.

    Parameters
    ----------
    connection : Connection
    parts : mapping of str to int
        Role -> ``frame_id`` of the new version.
    area_ids : Index
        Areas of the new plan.

    Raises
    ------
    TableError
        Naming the row.
    """
    for name, column in _OF_AREAS.items():
        if name in parts:
            _check_service(connection, ROWS[name], parts[name], area_ids, column)
    if "duties" not in parts:
        return
    duties, duty, officer = ROWS["duties"], ROWS["duties"].c, ROWS["officers"].c
    known = sa.select(officer.officer_id).where(officer.frame_id == parts.get("officers", 0))
    mine = duty.frame_id == parts["duties"]
    lost = connection.execute(
        sa.select(duties).where(mine, duty.officer_id.not_in(known)).order_by(duty.position)
    ).first()
    if lost is not None:
        raise TableError(f"duties: officer_id of {lost.duty_id!r} is {lost.officer_id!r}, whom officers does not hold")


def _check_service(connection: sa.Connection, table: sa.Table, frame_id: int, area_ids: pd.Index, column: str) -> None:
    """Refuse rows of areas that are not there, or that are valid on no day."""
    key, row = table.c[table.info["key"]], table.c
    mine = row.frame_id == frame_id
    rows = connection.execute(sa.select(key, row[column]).where(mine, row[column].is_not(None)).order_by(row.position))
    strange = [(row_id, area_id) for row_id, area_id in rows if area_id not in area_ids]
    if strange:
        row_id, area_id = strange[0]
        raise TableError(f"{table.name}: {column} of {row_id!r} is {area_id!r}, which the plan does not hold")
    backwards = (
        sa.select(key, row.valid_from, row.valid_to).where(mine, row.valid_to <= row.valid_from).order_by(row.position)
    )
    empty_span = connection.execute(backwards).first()
    if empty_span is not None:
        row_id, begins, ends = empty_span
        raise TableError(
            f"{table.name}: {row_id!r} is valid from {begins} to {ends}, on no day; valid_to is the first day after"
        )
