"""Make ready the tables that go with a plan: officers, duties, addresses, base layers and findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgeo.model.errors import TableError
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
_KEPT = ("officers", "duties", "addresses", "streets", "buildings", "sites")  # findings belong to one plan


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
    for table in (OFFICERS, DUTIES, STREETS, BUILDINGS, FINDINGS):
        if table.name in given:
            made[table.name] = conform(given[table.name], table)
    if "addresses" in given:
        key = str(given["addresses"].index.name)
        check(given["addresses"], _addresses(key if key in _ADDRESS_KEYS else _ADDRESS_KEYS[0]))
    if "sites" in given and not isinstance(given["sites"], gpd.GeoDataFrame):
        raise TableError("sites: has no geometry; pass a GeoDataFrame whose geometry column is set")
    return made


def carry_over(
    connection: sa.Connection, before: Mapping[str, int], given: Mapping[str, int], area_ids: pd.Index
) -> dict[str, int]:
    """Add what was not given from the plan before.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    before, given : mapping of str to int
        Role -> ``frame_id`` of the plan before, and of what the new plan brings.
    area_ids : Index
        Areas of the new plan; duties for others are not carried over.

    Returns
    -------
    dict of str to int
    """
    made = {**{name: before[name] for name in _KEPT if name in before}, **given}
    if "duties" in made and "duties" not in given:
        duties = load_frame(connection, ROWS["duties"], made["duties"])
        lasting = duties[duties["area_id"].isin(area_ids)]
        if len(lasting) < len(duties):
            made["duties"] = save_frame(connection, ROWS["duties"], pack(lasting, ROWS["duties"]))
    return made


def check_duties(connection: sa.Connection, parts: Mapping[str, int], area_ids: pd.Index) -> None:
    """Refuse duties whose area or officer is not there, or that end before they begin.

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
        Naming the duty.
    """
    if "duties" not in parts:
        return
    duties, duty, officer = ROWS["duties"], ROWS["duties"].c, ROWS["officers"].c
    mine = duty.frame_id == parts["duties"]
    rows = connection.execute(sa.select(duty.duty_id, duty.area_id).where(mine).order_by(duty.position)).all()
    strange = [row for row in rows if row.area_id not in area_ids]
    if strange:
        raise TableError(
            f"duties: area_id of {strange[0].duty_id!r} is {strange[0].area_id!r}, which the plan does not hold"
        )
    known = sa.select(officer.officer_id).where(officer.frame_id == parts.get("officers", 0))
    lost = connection.execute(
        sa.select(duties).where(mine, duty.officer_id.not_in(known)).order_by(duty.position)
    ).first()
    if lost is not None:
        raise TableError(f"duties: officer_id of {lost.duty_id!r} is {lost.officer_id!r}, whom officers does not hold")
    empty_span = connection.execute(sa.select(duties).where(mine, duty.valid_to <= duty.valid_from)).first()
    if empty_span is not None:
        days = f"{empty_span.valid_from} to {empty_span.valid_to}"
        raise TableError(
            f"duties: {empty_span.duty_id!r} is valid from {days}, on no day; valid_to is the first day after"
        )
