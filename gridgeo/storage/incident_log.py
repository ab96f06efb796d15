"""Keep what happened to incidents: rows are added to their log, and none is ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgeo.model.errors import TableError
from gridgeo.model.service_tables import INCIDENT_LOG
from gridgeo.model.tables import check

from .journal import as_instants
from .schema import incident_log, incidents

_AT_ONCE = 5_000  # ids in one query
_TEXTS = ("incident_id", "status", "actor", "note", "level", "stage", "verdict")


def prepare_log(rows: pd.DataFrame) -> pd.DataFrame:
    """Bring rows of the log into the form in which they are kept.

    Parameters
    ----------
    rows : DataFrame
        Table ``INCIDENT_LOG``; ``at`` may be ISO text that names its offset.

    Returns
    -------
    DataFrame
        ``at`` in UTC.

    Raises
    ------
    TableError
        Naming the row that breaks the contract, whose ``at`` is missing or has no time zone, or the column that the
        log does not know.
    """
    check(rows, INCIDENT_LOG)
    strange = [name for name in rows.columns if name not in INCIDENT_LOG.columns]
    if strange:
        raise TableError(
            f"incident_log: has no column {strange[0]!r}; its columns are {', '.join(INCIDENT_LOG.columns)}"
        )
    made = pd.DataFrame({name: rows[name] for name in INCIDENT_LOG.columns if name in rows})
    return made.assign(at=[_moment(value, row) for row, value in rows["at"].items()]).astype(
        {"at": "datetime64[us, UTC]"}
    )


def _moment(value: Any, row: Any) -> pd.Timestamp:
    """Read an instant, in UTC."""
    where = f"incident_log: at of row {row!r} is {value}"
    try:
        moment = pd.Timestamp(value)
    except (ValueError, TypeError):
        raise TableError(f"{where}, not an instant") from None
    if pd.isna(moment):
        raise TableError(f"incident_log: at of row {row!r} is missing; say when it happened")
    if moment.tzinfo is None:
        raise TableError(f"{where}, without a time zone; use dt.tz_localize('Asia/Shanghai') or another")
    return moment.tz_convert("UTC").as_unit("us")


def save_log(connection: sa.Connection, territory: str, rows: pd.DataFrame) -> None:
    """Add rows to the log, in their order.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    territory : str
    rows : DataFrame
        As ``prepare_log`` gives them.

    Raises
    ------
    TableError
        If the store does not hold an incident.
    """
    ids = list(dict.fromkeys(rows["incident_id"]))
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        mine = (incidents.c.territory == territory, incidents.c.incident_id.in_(some))
        known = set(connection.scalars(sa.select(incidents.c.incident_id).where(*mine)))
        strange = [incident_id for incident_id in some if incident_id not in known]
        if strange:
            raise TableError(
                f"incident_log: incident_id {strange[0]!r} is not in incidents; save_incidents adds it first"
            )
    plain = {name: rows[name].astype(object).where(rows[name].notna(), None) for name in rows.columns}
    plain["at"] = pd.Series([moment.to_pydatetime() for moment in rows["at"]], dtype=object)
    made = [{"territory": territory, **dict(zip(plain, row, strict=True))} for row in zip(*plain.values(), strict=True)]
    if made:
        connection.execute(sa.insert(incident_log), made)


def load_log(
    connection: sa.Connection,
    territory: str,
    *,
    incident_ids: Sequence[str] | None = None,
    since: date | None = None,
    until: date | None = None,
) -> pd.DataFrame:
    """Read the log in the order in which it was written.

    Parameters
    ----------
    connection : Connection
    territory : str
    incident_ids : sequence of str, optional
    since, until : datetime with a time zone, or date, optional
        Half-open over ``at``; a date is its midnight in UTC.

    Returns
    -------
    DataFrame
        Table ``INCIDENT_LOG``; ``at`` in UTC.

    Raises
    ------
    TableError
        If an instant has no time zone.
    """
    names = [*_TEXTS[:2], "at", *_TEXTS[2:]]
    column = incident_log.c
    where = [column.territory == territory]
    if since is not None:
        where.append(column["at"] >= _instant(since, "since"))
    if until is not None:
        where.append(column["at"] < _instant(until, "until"))
    query = sa.select(*[column[name] for name in names]).where(*where).order_by(column.position)
    if incident_ids is None:
        rows = list(connection.execute(query))
    else:
        wanted = list(dict.fromkeys(incident_ids))
        query = query.add_columns(column.position)
        rows = [
            row
            for start in range(0, len(wanted), _AT_ONCE)
            for row in connection.execute(query.where(column.incident_id.in_(wanted[start : start + _AT_ONCE])))
        ]
        rows.sort(key=lambda row: row[-1])
    found: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    read = dict(zip(names, found, strict=False))
    return pd.DataFrame(
        {name: as_instants(read[name]) if name == "at" else pd.Series(read[name], dtype="str") for name in names}
    )


def _instant(value: date, name: str) -> datetime:
    if not isinstance(value, date) or pd.isna(value):
        raise TableError(f"{name} is {value!r}, neither an instant nor a day")
    if not isinstance(value, datetime):
        midnight: datetime = pd.Timestamp(value).tz_localize("UTC").to_pydatetime()
        return midnight
    if value.tzinfo is None:
        raise TableError(f"{name} is {value}, without a time zone; use datetime(..., tzinfo=...)")
    return value
