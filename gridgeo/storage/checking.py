"""Look whether a store is sound: the file itself, every plan in full, every row as it was published."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any

import sqlalchemy as sa

from .rows import Layout, load_frame, pack
from .schema import ROWS, frames, plan_frames, plans

_PARTS = ("atoms", "borders", "register", "certificates")
_PARTS_OF_A_LEVEL = ("owners", "areas")
_MISSING_BOXES = """
    SELECT count(*) FROM areas LEFT JOIN area_boxes AS boxes ON boxes.row_id = areas.row_id
    WHERE areas.west IS NOT NULL AND boxes.row_id IS NULL
"""


def find_damage(connection: sa.Connection) -> list[str]:
    """Look whether a store is sound.

    Parameters
    ----------
    connection : Connection
        In a transaction.

    Returns
    -------
    list of str
        What is wrong, a line each; empty where nothing is.
    """
    found = list(_damaged_file(connection)) if connection.dialect.name == "sqlite" else []
    return found or [*_half_plans(connection), *_overlaps(connection), *_changed_frames(connection)]


def _damaged_file(connection: sa.Connection) -> Iterator[str]:
    for (said,) in connection.exec_driver_sql("PRAGMA integrity_check").all():
        if said != "ok":
            yield f"the file: {said}"
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        yield f"{table}: row {row} refers to a row of {parent} that is not there"
    said = connection.exec_driver_sql("SELECT rtreecheck('area_boxes')").scalar()
    missing = connection.exec_driver_sql(_MISSING_BOXES).scalar()
    if said != "ok" or missing:
        yield f"areas: the spatial index is damaged ({missing} areas are missing; {said})"


def _half_plans(connection: sa.Connection) -> Iterator[str]:
    roles: dict[int, set[str]] = {}
    for version, role in connection.execute(sa.select(plan_frames.c.version, plan_frames.c.role)):
        roles.setdefault(version, set()).add(role)
    for version, levels in connection.execute(sa.select(plans.c.version, plans.c.levels).order_by(plans.c.version)):
        needed = {*_PARTS, *(f"{part}:{level}" for part in _PARTS_OF_A_LEVEL for level, _ in levels)}
        for role in sorted(needed - roles.get(version, set())):
            yield f"plans: version {version} has no {role}"


def _overlaps(connection: sa.Connection) -> Iterator[str]:
    """Find days on which two plans of a territory are in force."""
    columns = (plans.c.territory, plans.c.version, plans.c.valid_from, plans.c.valid_to)
    live = sa.or_(plans.c.valid_to.is_(None), plans.c.valid_to > plans.c.valid_from)
    rows = connection.execute(sa.select(*columns).where(live).order_by(plans.c.territory, plans.c.valid_from)).all()
    for territory, spans in groupby(rows, key=lambda row: row.territory):
        for one, other in pairwise(spans):
            if one.valid_to is None or one.valid_to > other.valid_from:
                yield (
                    f"plans: versions {one.version} and {other.version} of {territory!r} are both in force "
                    f"on {other.valid_from}"
                )


def _changed_frames(connection: sa.Connection) -> Iterator[str]:
    for frame in connection.execute(sa.select(frames).order_by(frames.c.frame_id)).all():
        table = ROWS.get(frame.kind)
        if table is None:
            continue
        held = connection.scalar(
            sa.select(sa.func.count()).select_from(table).where(table.c.frame_id == frame.frame_id)
        )
        if held != frame.row_count:
            yield f"{frame.kind}: frame {frame.frame_id} has {held} rows of {frame.row_count}"
        elif _digest_now(connection, table, frame) != frame.digest:
            yield f"{frame.kind}: frame {frame.frame_id} is not what was published"


def _digest_now(connection: sa.Connection, table: sa.Table, frame: Any) -> str:
    try:
        return pack(load_frame(connection, table, frame.frame_id), _as_written(table, frame.layout)).digest
    except Exception as error:  # rows that were tampered with may fail in any way
        return f"unreadable: {error}"


def _as_written(table: sa.Table, layout: Layout) -> sa.Table:
    """Declare a table as it was when a frame was written: without the columns that came later."""
    beside = {column["name"] for column in layout["columns"] if column["in"] == "extra"} & set(table.c.keys())
    if not beside:
        return table
    columns = [sa.Column(each.name, each.type) for each in table.c if each.name not in beside]
    return sa.Table(table.name, sa.MetaData(), *columns, info=table.info)
