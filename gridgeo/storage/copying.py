"""Carry the rows of a store over to another, whatever database is behind either."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from gridgeo.model.errors import StorageError

from .column_types import Json, write_json
from .rows import insert_rows
from .schema import Instant, metadata

AT_ONCE = 10_000
"""Rows that are held in memory at a time."""

Columns = dict[str, list[Any]]


def tables() -> list[sa.Table]:
    """List the tables of a store; one that others refer to comes before them."""
    return list(metadata.sorted_tables)


def read_columns(connection: sa.Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> Iterator[Columns]:
    """Read rows in the order of their key, as plain values that are the same on every database.

    Parameters
    ----------
    connection : Connection
    table : Table
    *where : conditions

    Yields
    ------
    dict of str to list
        Column -> values of at most ``AT_ONCE`` rows: WKB, JSON as text, days and instants as ISO text.
    """
    wanted = [
        sa.type_coerce(each, sa.Text).label(each.name) if isinstance(each.type, Json) else each for each in table.c
    ]
    query = sa.select(*wanted).where(*where).order_by(*_keys(connection, table))
    options = {"stream_results": True, "max_row_buffer": AT_ONCE}
    for rows in connection.execute(query, execution_options=options).partitions(AT_ONCE):
        values = zip(*rows, strict=True)
        yield {each.name: _plain(each.type, list(column)) for each, column in zip(table.c, values, strict=True)}


def _keys(connection: sa.Connection, table: sa.Table) -> list[Any]:
    """List what orders a table; text in the order of its bytes, whatever language the server speaks."""
    if connection.dialect.name != "postgresql":
        return list(table.primary_key.columns)
    return [sa.collate(key, "C") if isinstance(key.type, sa.Text) else key for key in table.primary_key.columns]


def _plain(kind: sa.types.TypeEngine[Any], values: list[Any]) -> list[Any]:
    if isinstance(kind, sa.Date):
        return [value.isoformat() if isinstance(value, date) else value for value in values]
    if isinstance(kind, Instant):
        return [value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value for value in values]
    return values


def copy_store(source: sa.Connection, target: sa.Connection) -> None:
    """Copy all rows into the empty tables of another store, and compare what arrived with what was read.

    Parameters
    ----------
    source, target : Connection
        Each in a transaction; both have the newest schema.

    Raises
    ------
    StorageError
        If a table reads otherwise in the target.
    """
    for table in tables():
        sent = hashlib.blake2b(digest_size=16)
        for columns in read_columns(source, table):
            _digest_rows(sent, columns)
            insert_rows(target, sa.insert(table), dict(columns), _count(columns))
        if target.dialect.name == "postgresql":
            _count_on(target, table)
        if digest_of(target, table) != sent.hexdigest():
            raise StorageError(f"table {table.name!r} does not read back as it was; nothing was changed")


def _count(columns: Mapping[str, list[Any]]) -> int:
    return len(next(iter(columns.values())))


def _count_on(connection: sa.Connection, table: sa.Table) -> None:
    """Let a sequence go on behind the largest number that was copied, so that none is used again."""
    column = table.autoincrement_column
    if column is None:
        return
    largest = connection.scalar(sa.select(sa.func.max(column)))
    if largest is not None:
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        connection.execute(sa.select(sa.func.setval(sequence, largest)))


def digest_of(connection: sa.Connection, table: sa.Table) -> str:
    """Name the content of a table: equal contents have equal digests, on every database.

    Parameters
    ----------
    connection : Connection
    table : Table

    Returns
    -------
    str
    """
    digest = hashlib.blake2b(digest_size=16)
    for columns in read_columns(connection, table):
        _digest_rows(digest, columns)
    return digest.hexdigest()


def _digest_rows(digest: Any, columns: Mapping[str, list[Any]]) -> None:
    for name, values in columns.items():
        digest.update(write_json([name, [each.hex() if isinstance(each, bytes) else each for each in values]]).encode())


def is_empty(connection: sa.Connection) -> bool:
    """Tell whether a store holds nothing yet.

    Parameters
    ----------
    connection : Connection

    Returns
    -------
    bool
    """
    return all(
        connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is None for table in tables()
    )


def clear(connection: sa.Connection) -> None:
    """Remove all rows of a store; who reads meanwhile still sees them.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    """
    for table in reversed(tables()):
        connection.execute(sa.delete(table))
