"""Say what a database says about its faults in one plain error with the way out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from gridgeo.model.errors import StorageError

BUSY_TIMEOUT_S = 20.0
"""How long one that wants to write waits for another."""

_BUSY = f"another program has been writing to it for {BUSY_TIMEOUT_S:.0f} s; try again later"

_SQLITE = {
    "disk is full": "the disk is full; make room and do it again, nothing was changed",
    "disk i/o error": "the disk failed while reading or writing; check its space and health, then do it again",
    "readonly": "the file or its folder is read-only; make both writable",
    "read-only": "the file or its folder is read-only; make both writable",
    "locked": _BUSY,
    "unable to open": "it cannot be opened; check that the folder exists and is writable",
    "not a database": "it is not a database; name another file",
    "malformed": "the database is damaged; restore it from a backup",
}
"""Words in what SQLite says -> the way out."""

_LOST = "the connection to the server was lost; nothing was changed, do it again"
_LOST_AT_THE_END = (
    "the connection to the server was lost while the change was being committed; it is there whole or not at all: "
    "look with plans() before you do it again"
)
_NO_SERVER = "no server answers there; check that it runs and that host, port and folder of the socket are right"
_CODES = {
    "28P01": "the server does not accept the user or the password; check both (PGPASSWORD or ~/.pgpass may hold it)",
    "28000": "the server does not let this user in; ask its administrator for a line in pg_hba.conf",
    "3D000": "the server has no such database; make it with createdb, and in it: CREATE EXTENSION postgis",
    "42501": "the user may not do this; ask the owner of the database for CREATE on its schema and its tables",
    "25006": "the database is read-only (a standby, or default_transaction_read_only is on); name the one that writes",
    "53100": "the disk of the server is full; make room and do it again, nothing was changed",
    "53200": "the server has no memory left; nothing was changed, try again later",
    "53300": "the server has no connection left; close other programs or raise max_connections",
    "55P03": _BUSY,
    "22021": "a text holds a NUL character, which PostgreSQL cannot keep; remove it",
    "57014": "the server stopped the command (statement_timeout, or its administrator); nothing was changed",
    "XX001": "the database is damaged; restore it from a backup",
    "XX002": "an index of the database is damaged; REINDEX it, or restore it from a backup",
}
"""SQLSTATE of PostgreSQL -> the way out."""

_CONNECTING = {
    "password authentication failed": _CODES["28P01"],
    "no password supplied": _CODES["28P01"],
    "no pg_hba.conf entry": _CODES["28000"],
    "peer authentication failed": _CODES["28000"],
    "too many clients": _CODES["53300"],
    "too many connections": _CODES["53300"],
    "remaining connection slots": _CODES["53300"],
    "starting up": "the server is starting up; try again in a moment",
    "shutting down": "the server is shutting down; try again when it is back",
    "could not translate host name": _NO_SERVER,
    "failed to resolve host": _NO_SERVER,
    "connection refused": _NO_SERVER,
    "no such file or directory": _NO_SERVER,
    "timeout expired": _NO_SERVER,
    "timed out": _NO_SERVER,
    "no route to host": _NO_SERVER,
    "nul (0x00)": _CODES["22021"],
}
"""Words in what PostgreSQL says where it gives no code -> the way out."""


@contextmanager
def told_plainly(place: str) -> Iterator[None]:
    """Turn what a database says about its faults into one StorageError with the way out.

    Parameters
    ----------
    place : str
        Path or address to name, without a password.

    Raises
    ------
    StorageError
    """
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        raise StorageError(f"store {place!r}: {_way_out(error)}") from error
    except sa.exc.TimeoutError as error:
        raise StorageError(f"store {place!r}: too many are reading at once; try again later") from error


def _way_out(error: Any) -> str:
    cause = getattr(error, "orig", None) or error
    said = " ".join(str(cause).split())
    if not hasattr(cause, "sqlstate"):
        return next((words for sign, words in _SQLITE.items() if sign in said.lower()), said)
    if getattr(error, "connection_invalidated", False) or (cause.sqlstate or "").startswith(("08", "57P")):
        # Only a commit runs without a statement: whether it reached the disk, nobody can tell.
        return _LOST if getattr(error, "statement", None) else _LOST_AT_THE_END
    if cause.sqlstate in _CODES:
        return _CODES[cause.sqlstate]
    if 'database "' in said and "does not exist" in said:
        return _CODES["3D000"]
    if 'role "' in said and "does not exist" in said:
        return _CODES["28P01"]
    return next((words for sign, words in _CONNECTING.items() if sign in said.lower()), said)
