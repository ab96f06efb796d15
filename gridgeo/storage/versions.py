"""Keep the versions of a territory's plan: which one is in force on which day, and of what frames it is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from numbers import Integral
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgeo.model.errors import StalePlanError, TableError, UnknownAreaError

from .journal import as_instants
from .schema import ROWS, frames, journal, plan_frames, plans


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


def day_or_today(at: date | None) -> date:
    """Read the day of which a question speaks: today where it names none."""
    return date.today() if at is None else as_day(at, "at")


def as_number(value: Any, name: str) -> int:
    """Read the number of a version, a draft or a revision.

    Parameters
    ----------
    value : int
    name : str
        What to call it in messages.

    Returns
    -------
    int

    Raises
    ------
    TableError
        If it is no whole number.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TableError(f"{name} is {value!r}, not a whole number")
    return int(value)


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


def version_numbered(connection: sa.Connection, territory: str, version: int) -> sa.Row[Any]:
    """Give a version by its number.

    Parameters
    ----------
    connection : Connection
    territory : str
    version : int

    Returns
    -------
    Row of ``plans``

    Raises
    ------
    UnknownAreaError
        If the territory has no such version.
    """
    number = as_number(version, "version")
    found = connection.execute(
        sa.select(plans).where(plans.c.territory == territory, plans.c.version == number)
    ).first()
    if found is None:
        raise UnknownAreaError(f"there is no version {number}; plans() lists those that there are")
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
    connection: sa.Connection,
    territory: str,
    day: date,
    facts: Mapping[str, Any],
    parts: Mapping[str, int],
    said: Mapping[str, Any],
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
    said : mapping
        ``published_by, override_reason``.

    Returns
    -------
    int
        The version.
    """
    later = sa.select(sa.func.min(plans.c.valid_from)).where(
        plans.c.territory == territory, plans.c.valid_from > day, _live()
    )
    before = find_version(connection, territory, day)
    valid_to = connection.scalar(later)
    connection.execute(sa.update(plans).where(_in_force(territory, day)).values(valid_to=day))
    values = {
        **facts,
        **said,
        "territory": territory,
        "valid_from": day,
        "valid_to": valid_to,
        "published_at": datetime.now(UTC),
        "before_version": None if before is None else before.version,
        "digest": _digest(connection, day, facts, parts),
    }
    version: int = connection.execute(sa.insert(plans).values(values).returning(plans.c.version)).scalar_one()
    rows = [{"version": version, "role": role, "frame_id": frame_id} for role, frame_id in parts.items()]
    connection.execute(sa.insert(plan_frames), rows)
    return version


def _live() -> sa.ColumnElement[bool]:
    """Tell the versions that are in force on some day from those that were replaced or withdrawn."""
    return sa.or_(plans.c.valid_to.is_(None), plans.c.valid_to > plans.c.valid_from)


def withdraw_version(connection: sa.Connection, territory: str, version: int, today: date) -> None:
    """Take a plan out of the calendar before its first day.

    The plan before it goes on in its place, unless it was to end there anyhow.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    territory : str
    version : int
    today : date

    Raises
    ------
    UnknownAreaError
        If there is no such version.
    StalePlanError
        If it has begun, or is in force on no day any more.
    """
    found = version_numbered(connection, territory, version)
    if found.withdrawn_at is not None:
        raise StalePlanError(f"version {version}: was withdrawn already, on {as_instants([found.withdrawn_at])[0]}")
    if found.valid_to is not None and found.valid_to <= found.valid_from:
        raise StalePlanError(f"version {version}: was replaced on its first day; there is nothing to withdraw")
    if found.valid_from <= today:
        raise StalePlanError(
            f"version {version}: is in force since {found.valid_from}, it cannot be withdrawn; "
            "publish another plan for a day to come"
        )
    empty = {"valid_to": found.valid_from, "withdrawn_at": datetime.now(UTC)}
    connection.execute(sa.update(plans).where(plans.c.version == found.version).values(empty))
    ended = sa.select(journal.c.entry).where(journal.c.version == plans.c.version, journal.c.action == "retire")
    connection.execute(
        sa.update(plans)
        .where(plans.c.territory == territory, plans.c.valid_to == found.valid_from, _live(), ~ended.exists())
        .values(valid_to=found.valid_to)
    )


def retire_version(connection: sa.Connection, territory: str, version: int, day: date, today: date) -> None:
    """End a plan on a day, without another after it.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    territory : str
    version : int
    day : date
        First day on which it is in force no longer.
    today : date

    Raises
    ------
    UnknownAreaError
        If there is no such version.
    StalePlanError
        If the day is past, or the plan is not in force until then.
    """
    found = version_numbered(connection, territory, version)
    span = f"from {found.valid_from} to {found.valid_to or 'open'}"
    if day < today:
        raise StalePlanError(f"version {version}: valid_to {day} is past, today is {today}; what was in force stays so")
    if day <= found.valid_from or (found.valid_to is not None and day > found.valid_to):
        raise StalePlanError(f"version {version}: is in force {span}, it cannot end on {day}; name a day between")
    connection.execute(sa.update(plans).where(plans.c.version == found.version).values(valid_to=day))


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
        What the version holds, when it ends, and the last day on which one of its duties, overrides or routes began
        or ended.
    """
    found = version_on(connection, territory, day)
    parts = frames_of(connection, found.version)
    edges = [
        sa.select(sa.func.max(column)).where(table.c.frame_id == parts.get(table.name, 0), column <= day)
        for table in (ROWS[name] for name in ("duties", "overrides", "routes"))
        for column in (table.c.valid_from, table.c.valid_to)
    ]
    turns = [turn for edge in edges if (turn := connection.scalar(edge)) is not None]
    ends = found.valid_to or "open"
    return f"{found.digest}.{ends}.{max(turns, default='always')}".replace("-", "")


def list_versions(connection: sa.Connection, territory: str, today: date) -> pd.DataFrame:
    """List the versions of a territory, the oldest first.

    Parameters
    ----------
    connection : Connection
    territory : str
    today : date
        On which ``state`` is told: scheduled, in force, retired; replaced on its first day, or withdrawn before it.

    Returns
    -------
    DataFrame
        Index ``version``; ``valid_from, valid_to, revision, published_at, profile, manifest, state, before_version,
        published_by, override_reason``.
    """
    names = ["version", "valid_from", "valid_to", "revision", "published_at", "profile", "manifest"]
    more = ["withdrawn_at", "before_version", "published_by", "override_reason"]
    query = (
        sa.select(*[plans.c[name] for name in names + more])
        .where(plans.c.territory == territory)
        .order_by(plans.c.version)
    )
    rows = connection.execute(query).all()
    columns = dict(zip(names + more, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names + more, ())
    return pd.DataFrame(
        {
            "valid_from": pd.Series(columns["valid_from"], dtype=object),
            "valid_to": pd.Series(columns["valid_to"], dtype=object),
            "revision": pd.Series(columns["revision"], dtype="int64"),
            "published_at": as_instants(columns["published_at"]),
            "profile": pd.Series([profile["name"] for profile in columns["profile"]], dtype="str"),
            "manifest": pd.Series(columns["manifest"], dtype=object),
            "state": pd.Series([_state(row, today) for row in rows], dtype="str"),
            "before_version": pd.Series(columns["before_version"], dtype="Int64"),
            "published_by": pd.Series(columns["published_by"], dtype="str"),
            "override_reason": pd.Series(columns["override_reason"], dtype="str"),
        }
    ).set_index(pd.Index(columns["version"], dtype="int64", name="version"))


def _state(version: sa.Row[Any], today: date) -> str:
    """Say in a word where a version stands in its life."""
    if version.withdrawn_at is not None:
        return "withdrawn"
    if version.valid_to is not None and version.valid_to <= version.valid_from:
        return "replaced"
    if version.valid_from > today:
        return "scheduled"
    return "retired" if version.valid_to is not None and version.valid_to <= today else "in force"
