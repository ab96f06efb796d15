"""Keep the versions of a territory's plan: which one is in force on which day, and of what frames it is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgeo.model.errors import TableError, UnknownAreaError

from .schema import ROWS, frames, plan_frames, plans


def as_day(value: Any, name: str) -> date:
    """Read a day from a date or a datetime.

    Parameters
    ----------
    value : date or datetime
        Of a datetime the day is taken as its own clock shows it.
    name : str
        What to call it in messages.

    Returns
    -------
    date

    Raises
    ------
    TableError
        If it is neither.
    """
    if isinstance(value, datetime) and not pd.isna(value):
        return value.date()
    if not isinstance(value, date) or pd.isna(value):
        raise TableError(f"{name} is {value!r}, not a day; use a date such as date(2026, 10, 1)")
    return value


def _in_force(territory: str, day: date) -> sa.ColumnElement[bool]:
    ends = sa.or_(plans.c.valid_to.is_(None), plans.c.valid_to > day)
    return sa.and_(plans.c.territory == territory, plans.c.valid_from <= day, ends)


def find_version(connection: sa.Connection, territory: str, day: date) -> sa.Row[Any] | None:
    """Find the plan in force on a day.

    Parameters
    ----------
    connection : Connection
    territory : str
    day : date

    Returns
    -------
    Row of ``plans``, or None
    """
    return connection.execute(sa.select(plans).where(_in_force(territory, day))).first()


def version_on(connection: sa.Connection, territory: str, day: date) -> sa.Row[Any]:
    """Give the plan in force on a day.

    Parameters
    ----------
    connection : Connection
    territory : str
    day : date

    Returns
    -------
    Row of ``plans``

    Raises
    ------
    UnknownAreaError
        If no plan is in force on that day.
    """
    found = find_version(connection, territory, day)
    if found is None:
        first = connection.scalar(sa.select(sa.func.min(plans.c.valid_from)).where(plans.c.territory == territory))
        known = f"the first is in force from {first}" if first else "the store holds none yet; publish one"
        raise UnknownAreaError(f"no plan is in force on {day}: {known}")
    return found


def newest_crs(connection: sa.Connection, territory: str) -> str | None:
    """Give the CRS in which a territory's plans are kept, as text; None where there is no plan.

    Parameters
    ----------
    connection : Connection
    territory : str

    Returns
    -------
    str or None
    """
    newest = sa.select(plans.c.crs).where(plans.c.territory == territory).order_by(plans.c.version.desc()).limit(1)
    return connection.scalar(newest)


def frames_of(connection: sa.Connection, version: int) -> dict[str, int]:
    """List the frames of a version.

    Parameters
    ----------
    connection : Connection
    version : int

    Returns
    -------
    dict of str to int
        Role -> ``frame_id``.
    """
    query = sa.select(plan_frames.c.role, plan_frames.c.frame_id).where(plan_frames.c.version == version)
    return {row.role: row.frame_id for row in connection.execute(query)}


def add_version(
    connection: sa.Connection, territory: str, day: date, facts: Mapping[str, Any], parts: Mapping[str, int]
) -> int:
    """Enter a plan into the calendar of its territory.

    It is in force from its day until the day before the next plan that is there already. The plan in force on that
    day ends there; one that began on that very day is in force no longer, and keeps its row.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    territory : str
    day : date
    facts : mapping
        ``revision, crs, levels, profile, manifest``.
    parts : mapping of str to int
        Role -> ``frame_id``.

    Returns
    -------
    int
        The version.
    """
    live = sa.or_(plans.c.valid_to.is_(None), plans.c.valid_to > plans.c.valid_from)
    later = sa.select(sa.func.min(plans.c.valid_from)).where(
        plans.c.territory == territory, plans.c.valid_from > day, live
    )
    valid_to = connection.scalar(later)
    connection.execute(sa.update(plans).where(_in_force(territory, day)).values(valid_to=day))
    values = {
        **facts,
        "territory": territory,
        "valid_from": day,
        "valid_to": valid_to,
        "published_at": datetime.now(UTC),
        "digest": _digest(connection, day, facts, parts),
    }
    version: int = connection.execute(sa.insert(plans).values(values).returning(plans.c.version)).scalar_one()
    rows = [{"version": version, "role": role, "frame_id": frame_id} for role, frame_id in parts.items()]
    connection.execute(sa.insert(plan_frames), rows)
    return version


def _digest(connection: sa.Connection, day: date, facts: Mapping[str, Any], parts: Mapping[str, int]) -> str:
    """Name everything that a version answers: two publishings that answer alike have one digest."""
    query = sa.select(frames.c.frame_id, frames.c.digest).where(frames.c.frame_id.in_(parts.values()))
    contents = {row.frame_id: row.digest for row in connection.execute(query)}
    named = {role: contents[frame_id] for role, frame_id in sorted(parts.items())}
    text = json.dumps([day.isoformat(), dict(facts), named], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def version_key(connection: sa.Connection, territory: str, day: date) -> str:
    """Name the answers of a day in a few characters.

    Parameters
    ----------
    connection : Connection
    territory : str
    day : date

    Returns
    -------
    str
        What the version holds, when it ends, and the last day on which one of its duties began or ended.
    """
    found = version_on(connection, territory, day)
    duties = ROWS["duties"].c
    mine = sa.select(plan_frames.c.frame_id).where(
        plan_frames.c.version == found.version, plan_frames.c.role == "duties"
    )
    began, ended = (
        sa.select(sa.func.max(column)).where(duties.frame_id == mine.scalar_subquery(), column <= day).scalar_subquery()
        for column in (duties.valid_from, duties.valid_to)
    )
    turns = [turn for turn in connection.execute(sa.select(began, ended)).one() if turn is not None]
    ends = found.valid_to or "open"
    return f"{found.digest}.{ends}.{max(turns, default='always')}".replace("-", "")


def list_versions(connection: sa.Connection, territory: str) -> pd.DataFrame:
    """List the versions of a territory, the oldest first.

    Parameters
    ----------
    connection : Connection
    territory : str

    Returns
    -------
    DataFrame
        Index ``version``; ``valid_from, valid_to, revision, published_at, profile, manifest``.
    """
    names = ["version", "valid_from", "valid_to", "revision", "published_at", "profile", "manifest"]
    query = (
        sa.select(*[plans.c[name] for name in names]).where(plans.c.territory == territory).order_by(plans.c.version)
    )
    rows = connection.execute(query).all()
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    return pd.DataFrame(
        {
            "valid_from": pd.Series(columns["valid_from"], dtype=object),
            "valid_to": pd.Series(columns["valid_to"], dtype=object),
            "revision": pd.Series(columns["revision"], dtype="int64"),
            "published_at": pd.to_datetime(
                pd.Series(columns["published_at"], dtype=object), utc=True, format="ISO8601"
            ),
            "profile": pd.Series([profile["name"] for profile in columns["profile"]], dtype="str"),
            "manifest": pd.Series(columns["manifest"], dtype=object),
        }
    ).set_index(pd.Index(columns["version"], dtype="int64", name="version"))
