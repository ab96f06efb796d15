"""Audit a register of addresses: what stands twice, contradicts itself, lacks a part, or lies elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError

from .address_audit_checks import (
    contradictions,
    duplicates,
    missing_parts,
    text_defects,
    unknown_names,
    unknown_numbers,
)
from .address_audit_places import area_defects, point_defects
from .address_audit_register import Register, take_in_register
from .addresses import AddressBook
from .locate import AreaIndex


@dataclass(frozen=True)
class Kind:
    """A kind of finding.

    Parameters
    ----------
    severity : str
        ``error``, ``warning`` or ``note``.
    anomaly : str
        ``conflict``, ``redundant``, ``wrong`` or ``missing``: the four kinds into which map makers sort them.
    message : str
        What to say; it may quote ``value``, ``expected``, ``part``, ``others`` and ``distance``.
    """

    severity: str
    anomaly: str
    message: str


KINDS = {
    "no_address": Kind("error", "missing", "has no address"),
    "unreadable": Kind("error", "wrong", "{value!r} names no road, estate or number"),
    "unknown_region": Kind("error", "wrong", "region {value!r} is not known{meant}"),
    "unknown_road": Kind("error", "wrong", "road {value!r} is not known{meant}"),
    "unknown_estate": Kind("error", "wrong", "estate {value!r} is not known{meant}"),
    "unknown_number": Kind("error", "wrong", "there is no number {value}; there are {expected}"),
    "unknown_building": Kind("error", "wrong", "there is no building {value}; there are {expected}"),
    "conflict": Kind(
        "error", "conflict", "{part} {value!r} contradicts the rest of the address, which goes with {expected}"
    ),
    "two_places": Kind("error", "conflict", "{value!r} stands at two places {distance:,.0f} m apart: also {others}"),
    "duplicate": Kind("warning", "redundant", "{value!r} means the same household as {others}"),
    "repeated_part": Kind("note", "redundant", "{value!r} stands in the address twice"),
    "missing_part": Kind("warning", "missing", "{value!r} lacks its {part}{meant}"),
    "no_point": Kind("warning", "missing", "has no point"),
    "far_point": Kind("error", "wrong", "its point lies {distance:,.0f} m from the building it names"),
    "outside_areas": Kind("error", "wrong", "its point lies in no area"),
    "no_area": Kind("warning", "missing", "is given no area; its point lies in {expected!r}"),
    "wrong_area": Kind("error", "conflict", "is given area {value!r}, but its point lies in {expected!r}"),
}
"""Every kind of finding, the order in which they are listed."""
COLUMNS = [
    "kind",
    "anomaly",
    "severity",
    "register_id",
    "other_ids",
    "part",
    "value",
    "expected",
    "distance_m",
    "message",
]
_TEXTS = ("register_id", "other_ids", "part", "value", "expected")
_NAMED_OTHERS = 5
"""Most ids that a message names; all of them stand in the column."""


def audit_addresses(  # noqa: PLR0913 (every number has its unit and its default)
    register: pd.DataFrame,
    known: pd.DataFrame | AddressBook | None = None,
    index: AreaIndex | None = None,
    *,
    area_column: str = "area_id",
    level: str | None = None,
    regions: Iterable[str] = (),
    apart_m: float = 50.0,
    far_m: float = 150.0,
    usual_share: float = 0.9,
    usual_rows: int = 10,
    neighbours_share: float = 0.5,
) -> pd.DataFrame:
    """Find what is wrong with a register of addresses.

    A register that is bad in any way is no error. Without ``known`` it is held against itself: names and numbers are
    then taken as they stand, and a row contradicts an estate only where nearly all other rows agree.

    Parameters
    ----------
    register : DataFrame or GeoDataFrame
        Ids of text as index, column ``address``; with points in a metric CRS, these are audited too.
    known : GeoDataFrame, DataFrame or AddressBook, optional
        The addresses there are. Roads, estates, buildings and house numbers that they do not have are findings.
    index : AreaIndex, optional
        Of the areas that ``area_column`` of the register names.
    area_column : str
        Column with the area that the register gives each address.
    level : str, optional
        Level of these areas, where the index holds several; the finest without it.
    regions : iterable of str
        Names of the province, city, districts and towns that may stand in an address. Where they are given, others,
        save those in ``known``, are findings.
    apart_m : float, metres
        One address at points this far apart stands at two places.
    far_m : float, metres
        A point this far from its building is wrong.
    usual_share, usual_rows : float, int
        Without ``known``: what this share of at least so many rows of an estate say is right.
    neighbours_share : float
        A part is missing where at least this share of the rows of the same estate or building have it.

    Returns
    -------
    DataFrame
        One row a finding, indexed by ``finding_id``, ordered by kind and id: ``kind`` (a key of
        ``gridgeo.operate.address_audit.KINDS``), ``anomaly`` (conflict, redundant, wrong or missing), ``severity``
        (error, warning or note), ``register_id``, ``other_ids`` (parted by commas), ``part`` (of the address),
        ``value``, ``expected`` ("" where nothing is), ``distance_m`` (nan where none is meant), ``message``. The
        middle of a building that points are held against is the median of its known points.

    Raises
    ------
    TableError
        If a table has no column ``address``, ids are missing or doubled, the index is given and there are no points or
        no ``area_column``, or a number is out of range.
    CrsError
        If points are not in metres.
    """
    _check_numbers(apart_m=apart_m, far_m=far_m, usual_rows=usual_rows)
    _check_shares(usual_share=usual_share, neighbours_share=neighbours_share)
    own = take_in_register(register, "register")
    theirs = own if known is None else _take_in_known(known, own)
    found = [
        text_defects(own),
        duplicates(own, apart_m),
        missing_parts(own, theirs, neighbours_share),
        contradictions(own, theirs, usual_share, usual_rows),
        point_defects(own, theirs, far_m),
    ]
    if known is not None:
        found += [unknown_names(own, theirs, regions), unknown_numbers(own, theirs)]
    if index is not None:
        found.append(area_defects(own, _areas_of(register, area_column), index, level))
    return _tabulate(list(chain.from_iterable(found)))


def _take_in_known(known: Any, own: Register) -> Register:
    """Take in the known addresses, in the register's CRS where it has one."""
    return take_in_register(_table_of(known) if isinstance(known, AddressBook) else known, "known addresses", own.crs)


def _table_of(book: AddressBook) -> gpd.GeoDataFrame:
    """Give the table that a book was made of, without the rows that it left out."""
    points = gpd.points_from_xy(*book._xy.T, crs=book.crs)
    return gpd.GeoDataFrame({"address": list(book._texts)}, geometry=points, index=pd.Index(book._ids))


def _areas_of(register: pd.DataFrame, column: str) -> pd.Series:
    if column not in register.columns:
        raise TableError(
            f"register: column {column!r} is missing, which the areas are held against; "
            "name another with area_column, or give no index"
        )
    return register[column]


def _check_numbers(**numbers: float) -> None:
    for name, value in numbers.items():
        if not (math.isfinite(value) and value > 0):
            raise TableError(f"audit_addresses: {name} is {value}, it must be above 0")


def _check_shares(**shares: float) -> None:
    for name, value in shares.items():
        if not 0.0 < value <= 1.0:
            raise TableError(f"audit_addresses: {name} is {value}, it must lie above 0 and at most 1")


def _tabulate(found: list[dict[str, Any]]) -> pd.DataFrame:
    """Make the table of findings, ordered by kind, register id and part."""
    order = {kind: at for at, kind in enumerate(KINDS)}
    found.sort(key=lambda row: (order[row["kind"]], row["register_id"], row.get("part", ""), row.get("value", "")))
    columns: dict[str, Any] = {name: [row.get(name, "") for row in found] for name in ("kind", *_TEXTS)}
    columns["anomaly"] = [KINDS[row["kind"]].anomaly for row in found]
    columns["severity"] = [KINDS[row["kind"]].severity for row in found]
    columns["message"] = [_message(row) for row in found]
    frame = pd.DataFrame({name: pd.array(values, dtype="str") for name, values in columns.items()})
    frame["distance_m"] = np.array([row.get("distance_m", np.nan) for row in found], dtype=float)
    frame.index = pd.Index([f"F{number:06d}" for number in range(1, len(found) + 1)], name="finding_id", dtype="str")
    return frame[COLUMNS]


def _message(row: dict[str, Any]) -> str:
    """Say a finding in a sentence that begins with the row it is about."""
    others = str(row.get("other_ids", "")).split(", ")
    named = ", ".join(others[:_NAMED_OTHERS]) + (" ..." if len(others) > _NAMED_OTHERS else "")
    expected = row.get("expected", "")
    verb = "there are" if row["kind"] == "missing_part" else "perhaps"
    said = KINDS[row["kind"]].message.format(
        value=row.get("value", ""), expected=expected, part=row.get("part", ""), others=named,
        distance=row.get("distance_m", np.nan), meant=f"; {verb} {expected}" if expected else "",
    )  # fmt: skip
    return f"{row['register_id']}: {said}"
