"""Open a PostGIS database as a store: one writer beside many readers, as a file has them.

A transaction that writes holds one lock of the whole database from its first step; one that reads sees one state of
the database from its first row to its last. Commits are on the server's disk before they are acknowledged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gridgeo.model.errors import StorageError

from .column_types import Shape, write_json
from .faults import BUSY_TIMEOUT_S, told_plainly
from .schema import REVISION, areas
from .upgrade import known_revisions, upgrade

SCHEMES = ("postgresql", "postgres", "postgis")
FRAME_STEP = 2.0**20
"""Third axis of the index over areas: frames lie this far apart, so that a search in one frame meets no other."""

_LOCK = 0x6767656F  # "ggeo"
_OPTIONS = {
    "TimeZone": "UTC",
    "default_transaction_isolation": r"repeatable\ read",
    "synchronous_commit": "on",
    "client_encoding": "UTF8",
}
_SECRET = ("password", "sslpassword", "passfile")


def open_database(address: str, *, create: bool) -> tuple[sa.Engine, str]:
    """Open a PostGIS database as a store, and bring its tables up to this version of gridgeo.

    Parameters
    ----------
    address : str
        ``postgresql://user@host:5432/database``; what libpq takes may follow behind ``?``.
    create : bool
        Make the tables if there are none.

    Returns
    -------
    engine : Engine
        Its connections may be used from any thread, one at a time each.
    place : str
        The address without its password.

    Raises
    ------
    StorageError
        If the address is not understood, the server does not answer or does not let the user in, or the database
        cannot be a store: no PostGIS, not in UTF-8, newer, read-only.
    """
    url = _read_address(address)
    place = _place(url)
    engine = _make_engine(url)
    try:
        with told_plainly(place):
            _bring_up(engine, place, create)
    except BaseException:
        engine.dispose()
        raise
    return engine, place


def _read_address(address: str) -> sa.URL:
    hint = "name it like 'postgresql://user@host:5432/database'"
    try:
        url = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError):
        scheme = address.partition("://")[0]
        raise StorageError(f"store {scheme + '://...'!r} is not understood; {hint}") from None
    driver = url.drivername.partition("+")[2]
    if not url.database or driver not in {"", "psycopg"}:
        raise StorageError(f"store {_place(url)!r} is not understood; {hint}")
    try:
        import geoalchemy2  # noqa: F401 - schema.py needs it for a server
        import psycopg  # noqa: F401
    except ImportError as error:
        raise StorageError(
            f"store {_place(url)!r}: {error.name} is not installed; install gridgeo with its add-on postgis"
        ) from None
    return url.set(drivername="postgresql+psycopg")


def _place(url: sa.URL) -> str:
    """Write an address without what is secret in it."""
    bare = url.set(drivername="postgresql", password=None).difference_update_query(_SECRET)
    return str(bare.render_as_string(hide_password=True))


def _make_engine(url: sa.URL) -> sa.Engine:
    asked = url.query.get("options", "")
    own = " ".join(f"-c {name}={value}" for name, value in _OPTIONS.items())
    engine = sa.create_engine(
        url,
        pool_size=8,
        max_overflow=32,
        pool_pre_ping=True,  # a server that was started again is found, not reported
        json_serializer=write_json,
        connect_args={"options": f"{asked if isinstance(asked, str) else ' '.join(asked)} {own}".strip()},
    )
    sa.event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: sa.Connection) -> None:
    """Take the lock before the first look, so that a writer sees what the one before it left."""
    if connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{math.ceil(BUSY_TIMEOUT_S * 1000)}ms'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK}, hashtext(current_schema()))")


def _bring_up(engine: sa.Engine, place: str, create: bool) -> None:
    with engine.begin() as connection:
        held = _held(connection)
        if held == REVISION:
            return
        _check_database(connection, place)
    if held is None and not create:
        raise StorageError(f"store {place!r}: the database holds no store; publish a plan there first")
    with engine.execution_options(writes=True).begin() as connection:
        held = _held(connection)  # another process may have made the tables meanwhile
        if held == REVISION:
            return
        if held is not None and held not in known_revisions():
            raise StorageError(
                f"store {place!r}: was written by a newer gridgeo (schema {held}); upgrade gridgeo to open it"
            )
        if held is None and sa.inspect(connection).has_table("plans"):
            raise StorageError(f"store {place!r}: its tables are another program's; name another database")
        upgrade(connection)


def _held(connection: sa.Connection) -> str | None:
    """Read which schema a database holds; None where it holds no store."""
    if connection.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar() is None:
        return None
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())


def _check_database(connection: sa.Connection, place: str) -> None:
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        raise StorageError(f"store {place!r}: the database is in {encoding}; make one with createdb --encoding UTF8")
    if connection.exec_driver_sql("SELECT 1 FROM pg_extension WHERE extname = 'postgis'").scalar() is None:
        raise StorageError(
            f"store {place!r}: the database has no PostGIS; install it on the server (Debian: postgresql-postgis), "
            "then let an administrator run in this database: CREATE EXTENSION postgis"
        )


def areas_over(frame_id: int, x: float, y: float) -> sa.Select[Any]:
    """Say in SQL which areas of a frame have a box that holds a point.

    Parameters
    ----------
    frame_id : int
        Frame of areas.
    x, y : float, metres

    Returns
    -------
    Select of ``area_id, geometry``
    """
    # The very expression that migration 0001 lays its index over: boxes set apart by frame on a third axis.
    spread = sa.text("ST_Translate(ST_Force3DZ(ST_Envelope(areas.geometry)), 0, 0, areas.frame_id * 1048576.0)")
    place = sa.func.ST_MakePoint(x, y, frame_id * FRAME_STEP)
    return sa.select(areas.c.area_id, areas.c.geometry).where(
        areas.c.frame_id == frame_id, sa.literal_column(str(spread)).op("&&&")(place)
    )


def copy_rows(connection: sa.Connection, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Add plain values to a table by COPY, which is several times as fast as INSERT.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    table : Table
    columns : mapping of str to sequence
        Column -> plain values.
    """
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    rows = zip(*(as_plain(table.c[name].type, values) for name, values in columns.items()), strict=True)
    cursor: Any = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except Exception as error:
        connection._handle_dbapi_exception(error, "COPY", None, cursor, None)
    finally:
        cursor.close()


def as_plain(kind: sa.types.TypeEngine[Any], values: Sequence[Any]) -> Sequence[Any]:
    """Write values as the text forms of a PostgreSQL column read them.

    Parameters
    ----------
    kind : type of the column
    values : sequence
        Plain values.

    Returns
    -------
    sequence
    """
    if isinstance(kind, Shape):
        return [None if shape is None else shape.hex() for shape in values]
    if isinstance(kind, sa.Integer):  # a whole float is stored as a whole number
        return [None if value is None else int(value) for value in values]
    return values
