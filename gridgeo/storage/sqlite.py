"""Open a SQLite file as a store: durable, one writer beside many readers, with the built-in R*Tree.

Every commit is on the disk before it is acknowledged (WAL with full synchronisation). A transaction that writes takes
the write lock when it begins; one that only reads sees one state of the file from its first row to its last.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from gridgeo.model.errors import StorageError

from .faults import BUSY_TIMEOUT_S, told_plainly
from .schema import REVISION, areas
from .upgrade import known_revisions, upgrade

APPLICATION_ID = 0x6767656F
"""Marks a SQLite file as a store of gridgeo ("ggeo")."""

_LOOK_AGAIN_S = 0.01
FRAME_STEP = 2.0**20
"""The R*Tree's third axis: frames lie this far apart, so that the areas of other versions are never touched. A power of
two, because the tree keeps its numbers in 32 bits."""

area_boxes = sa.table(
    "area_boxes",
    *[sa.column(name) for name in ("row_id", "west", "east", "south", "north", "frame_low", "frame_high")],
)


def open_file(path: Path, *, create: bool) -> sa.Engine:
    """Open a SQLite file as a store, and bring its tables up to this version of gridgeo.

    Parameters
    ----------
    path : Path
    create : bool
        Make the file if there is none.

    Returns
    -------
    Engine
        Its connections may be used from any thread, one at a time each.

    Raises
    ------
    StorageError
        If the file cannot be a store: no such folder, not a database, another program's, newer, read-only.
    """
    path = path.absolute()
    _check_path(path, create)
    with told_plainly(str(path)):
        revision = _read_revision(path)
        engine = make_engine(path)
        try:
            if revision != REVISION:
                _bring_up(engine, path)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _check_path(path: Path, create: bool) -> None:
    if path.is_dir():
        raise StorageError(f"store {str(path)!r}: is a folder; name a file in it, such as {str(path / 'town.db')!r}")
    if not path.parent.is_dir():
        raise StorageError(f"store {str(path)!r}: there is no folder {str(path.parent)!r}; make it first")
    if not path.exists():
        if not create:
            raise StorageError(f"store {str(path)!r}: there is no such file; publish a plan there first")
        if not os.access(path.parent, os.W_OK):
            raise StorageError(f"store {str(path)!r}: the folder is read-only; name a file in another")
        return
    # The mark in the file's mode counts even for a superuser, who could write all the same.
    if not os.access(path, os.W_OK) or not path.stat().st_mode & 0o222:
        raise StorageError(
            f"store {str(path)!r}: the file is read-only; make it writable, or copy it and open the copy"
        )


def _read_revision(path: Path) -> str | None:
    """Read which schema a file holds; None for one that is new. Nothing is changed, whosever file it is."""
    if not path.exists() or not path.stat().st_size:
        return None
    address = f"file:{quote(str(path))}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return None
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise StorageError(f"store {str(path)!r}: is a SQLite file of another program; name another file")
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def make_engine(path: Path) -> sa.Engine:
    """Prepare the connections to a SQLite file; nothing is opened yet.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Engine
    """
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        pool_size=8,
        max_overflow=32,
        connect_args={"timeout": BUSY_TIMEOUT_S},
        json_serializer=lambda value: json.dumps(value, ensure_ascii=False),
    )
    sa.event.listen(engine, "connect", _set_up)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy begins and ends transactions, not the driver
    _write_ahead(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: Any) -> None:
    """Let a new file log ahead; SQLite does not wait for others who do the same, so this does."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_AGAIN_S)


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _bring_up(engine: sa.Engine, path: Path) -> None:
    """Create or migrate the tables in one transaction, which another process may have done meanwhile."""
    with engine.execution_options(writes=True).begin() as connection:
        held = None
        if sa.inspect(connection).has_table("alembic_version"):
            held = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if held == REVISION:
            return
        if held is not None and held not in known_revisions():
            raise StorageError(
                f"store {str(path)!r}: was written by a newer gridgeo (schema {held}); upgrade gridgeo to open it"
            )
        mark(connection)
        upgrade(connection)


def mark(connection: sa.Connection) -> None:
    """Mark a file as a store of gridgeo.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    """
    connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")


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
    place, box = frame_id * FRAME_STEP, area_boxes.c
    inside = sa.and_(
        box.row_id == areas.c.row_id,
        box.frame_low <= place,
        box.frame_high >= place,
        box.west <= x,
        box.east >= x,
        box.south <= y,
        box.north >= y,
    )
    return sa.select(areas.c.area_id, areas.c.geometry).select_from(areas.join(area_boxes, inside))
