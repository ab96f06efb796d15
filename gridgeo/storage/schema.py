"""Declare the tables of the store: versions of plans, the frames they are made of, and incidents.

A *frame* is one table's content (the atoms, the owner of a level, the officers ...), stored once and used by every
version that holds exactly it; ``plan_frames`` says which frame plays which role in which version. A row of a frame
carries its declared columns, its place in the frame, the other columns as JSON in ``extra``, and its geometry as
WKB. How the columns were typed and ordered stands in ``frames.layout``. Incidents are not part of a version: they
arrive all day, and live in one table of their own.

Types are portable; what only SQLite has (the R*Tree, its triggers) is in ``sqlite.py`` and the migrations.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

REVISION = "0002"
"""The migration that these tables are the result of."""

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Instant(sa.types.TypeDecorator[Any]):
    """An instant in UTC to the microsecond: text on SQLite, which sorts as time does; a timestamp elsewhere."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Bring an aware datetime to UTC, as text on SQLite."""
        if not isinstance(value, datetime):
            return value
        value = value.astimezone(UTC)
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if dialect.name == "sqlite" else value


metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

plans = sa.Table(
    "plans",
    metadata,
    sa.Column("version", ROW_ID, primary_key=True),
    sa.Column("territory", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("published_at", Instant, nullable=False),
    sa.Column("crs", sa.Text),
    sa.Column("levels", sa.JSON, nullable=False),
    sa.Column("profile", sa.JSON, nullable=False),
    sa.Column("manifest", sa.JSON, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="half_open"),
    sqlite_autoincrement=True,
)
"""One row a publishing. In force on d when valid_from <= d < valid_to; a plan that was replaced on its own first day
keeps its row with valid_to = valid_from and is in force on no day. ``levels`` lists the levels in order, each with the
name of its owner Series."""

_is_live = sa.or_(plans.c.valid_to.is_(None), plans.c.valid_to > plans.c.valid_from)
sa.Index(
    "uq_plans_one_a_day",
    plans.c.territory,
    plans.c.valid_from,
    unique=True,
    sqlite_where=_is_live,
    postgresql_where=_is_live,
)

frames = sa.Table(
    "frames",
    metadata,
    sa.Column("frame_id", ROW_ID, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("row_count", sa.Integer, nullable=False),
    sa.Column("layout", sa.JSON, nullable=False),
    sa.UniqueConstraint("kind", "digest"),
    sqlite_autoincrement=True,
)

plan_frames = sa.Table(
    "plan_frames",
    metadata,
    sa.Column("version", ROW_ID, sa.ForeignKey("plans.version", ondelete="CASCADE"), primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("frame_id", ROW_ID, sa.ForeignKey("frames.frame_id"), nullable=False, index=True),
)
"""``role`` is a kind (``atoms``), with the level behind a colon where a plan has one a level (``owners:grid``)."""

layouts = sa.Table(
    "layouts",
    metadata,
    sa.Column("territory", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("layout", sa.JSON, nullable=False),
)
"""The layout of tables that grow row by row, such as incidents."""


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text) for name in names]


def _whole(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger) for name in names]


def _number(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Double) for name in names]


def _day(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date) for name in names]


def _frame_id(*, primary_key: bool) -> sa.Column[Any]:
    reference = sa.ForeignKey("frames.frame_id", ondelete="CASCADE")
    return sa.Column("frame_id", ROW_ID, reference, primary_key=primary_key, nullable=False)


def _rows(name: str, key: str, *columns: sa.Column[Any], shapes: bool = False) -> sa.Table:
    """Declare the table that holds the rows of every frame of one kind."""
    keys = [sa.Column(key, sa.Text, nullable=False)] if key else []
    geometry = [sa.Column("geometry", sa.LargeBinary)] if shapes else []
    return sa.Table(
        name,
        metadata,
        _frame_id(primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        *keys,
        *columns,
        sa.Column("extra", sa.JSON),
        *geometry,
        info={"key": key},
        sqlite_with_rowid=shapes,
    )


areas = sa.Table(
    "areas",
    metadata,
    sa.Column("row_id", ROW_ID, primary_key=True),
    _frame_id(primary_key=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("area_id", sa.Text, nullable=False),
    *_text("code", "name", "level", "kind", "parent_id"),
    *_whole("households", "persons"),
    *_number("area_m2", "west", "south", "east", "north"),
    sa.Column("extra", sa.JSON),
    sa.Column("geometry", sa.LargeBinary),
    sa.UniqueConstraint("frame_id", "position"),
    sa.UniqueConstraint("frame_id", "area_id"),
    info={"key": "area_id", "derived": ("west", "south", "east", "north")},
)

ROWS: dict[str, sa.Table] = {
    table.name: table
    for table in (
        areas,
        _rows("register", "area_id", *_text("code", "name", "level", "kind", "parent_id")),
        _rows("owners", "atom_id", *_text("area_id")),
        _rows(
            "atoms",
            "atom_id",
            *_text("community_id", "kind", "block_id", "keep_with"),
            *_whole("households", "persons"),
            *_number("area_m2"),
            shapes=True,
        ),
        _rows("borders", "", *_text("atom_a", "atom_b", "street_id", "kind"), *_whole("rank"), *_number("length_m")),
        _rows(
            "certificates",
            "certificate_id",
            *_text("area_id", "level", "reason", "relaxation", "message"),
            *_whole("households", "low", "high"),
            shapes=True,
        ),
        _rows("officers", "officer_id", *_text("name", "role", "phone")),
        _rows("duties", "duty_id", *_text("officer_id", "area_id", "role"), *_day("valid_from", "valid_to")),
        _rows(
            "addresses",
            "address_id",
            *_text("address", "building_id"),
            *_whole("stairwell", "floor", "count", "persons", "floors"),
            shapes=True,
        ),
        _rows("streets", "street_id", *_text("name", "kind"), *_whole("rank"), shapes=True),
        _rows(
            "buildings",
            "building_id",
            *_text("name", "use"),
            *_whole("floors", "stairwells", "households", "persons"),
            shapes=True,
        ),
        _rows("sites", "site_id", *_text("name", "kind"), shapes=True),
        _rows(
            "findings",
            "finding_id",
            *_text("kind", "severity", "area_ids", "quantity", "message"),
            *_number("value", "limit"),
            shapes=True,
        ),
    )
}
"""The tables that hold rows of frames, by kind."""

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("position", ROW_ID, primary_key=True),
    sa.Column("territory", sa.Text, nullable=False),
    sa.Column("incident_id", sa.Text, nullable=False),
    sa.Column("reported_at", Instant, nullable=False),
    *_text("category", "text", "address", "area_id", "status"),
    *_number("accuracy_m", "x", "y"),
    sa.Column("extra", sa.JSON),
    sa.Column("geometry", sa.LargeBinary),
    sa.UniqueConstraint("territory", "incident_id"),
    sa.Index(None, "territory", "reported_at"),
    info={"key": "incident_id", "derived": ("territory", "x", "y")},
    sqlite_autoincrement=True,
)
