"""Declare the tables of the store: versions of plans, the frames they are made of, drafts, incidents and journals.

A *frame* is one table's content (the atoms, the owner of a level, the officers ...), stored once and used by every
version that holds exactly it; ``plan_frames`` says which frame plays which role in which version. A row of a frame
carries its declared columns, its place in the frame, the other columns as JSON in ``extra``, and its geometry as
WKB. How the columns were typed and ordered stands in ``frames.layout``. Incidents are not part of a version: they
arrive all day, and live in one table of their own.

A draft is the version it starts from, and the steps that its journal holds: what is undone stays written.

Types are portable; what only SQLite has (the R*Tree, its triggers) is in ``sqlite.py`` and the migrations, what only
PostGIS has (its index over areas) in ``postgis.py`` and the migrations.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from .column_types import Json, Shape

REVISION = "0003"
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
    sa.Column("levels", Json, nullable=False),
    sa.Column("profile", Json, nullable=False),
    sa.Column("manifest", Json, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("before_version", ROW_ID),
    sa.Column("published_by", sa.Text),
    sa.Column("override_reason", sa.Text),
    sa.Column("withdrawn_at", Instant),
    sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="half_open"),
    sqlite_autoincrement=True,
)
"""One row a publishing. In force on d when valid_from <= d < valid_to; a plan that was replaced on its own first day
keeps its row with valid_to = valid_from and is in force on no day, as does one that was withdrawn. ``levels`` lists the
levels in order, each with the name of its owner Series. ``before_version``: what was in force on its first day when it
was published; ``override_reason``: why it was published although its judge found errors."""

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
    sa.Column("layout", Json, nullable=False),
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
    sa.Column("layout", Json, nullable=False),
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
    geometry = [sa.Column("geometry", Shape)] if shapes else []
    return sa.Table(
        name,
        metadata,
        _frame_id(primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        *keys,
        *columns,
        sa.Column("extra", Json),
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
    sa.Column("extra", Json),
    sa.Column("geometry", Shape),
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
            "overrides",
            "override_id",
            *_text("subject", "subject_id", "host_area_id", "origin_area_id", "reason"),
            *_day("valid_from", "valid_to"),
        ),
        _rows(
            "routes",
            "route_id",
            *_text("category", "group", "area_id", "unit", "roles"),
            *_day("valid_from", "valid_to"),
        ),
        _rows(
            "lineage",
            "",
            *_text("before_id", "after_id", "change"),
            *_whole("households", "incidents"),
            *_number("area_m2"),
        ),
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


def table_of(role: str) -> sa.Table:
    """Give the table that holds the rows of a role, such as ``owners:grid``."""
    return ROWS[role.partition(":")[0]]


incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("position", ROW_ID, primary_key=True),
    sa.Column("territory", sa.Text, nullable=False),
    sa.Column("incident_id", sa.Text, nullable=False),
    sa.Column("reported_at", Instant, nullable=False),
    *_text("category", "text", "address", "area_id", "status"),
    *_number("accuracy_m", "x", "y"),
    sa.Column("extra", Json),
    sa.Column("geometry", Shape),
    sa.UniqueConstraint("territory", "incident_id"),
    sa.Index(None, "territory", "reported_at"),
    info={"key": "incident_id", "derived": ("territory", "x", "y")},
    sqlite_autoincrement=True,
)

incident_log = sa.Table(
    "incident_log",
    metadata,
    sa.Column("position", ROW_ID, primary_key=True),
    sa.Column("territory", sa.Text, nullable=False),
    sa.Column("incident_id", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    *_text("actor", "note", "level", "stage", "verdict"),
    sa.Index(None, "territory", "incident_id"),
    sa.Index(None, "territory", "at"),
    sqlite_autoincrement=True,
)
"""What happened to incidents: rows are added, never changed."""

reserved = sa.Table(
    "reserved",
    metadata,
    sa.Column("territory", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("word", sa.Text, primary_key=True),
    sa.Column("area_id", sa.Text, primary_key=True),
    sa.Column("first_version", ROW_ID, nullable=False),
    sa.Column("last_version", ROW_ID, nullable=False),
    sqlite_with_rowid=False,
)
"""Every id (``kind`` area_id) and code (``kind`` code) that a territory ever published, with the area that it names,
and the first and the last version that held it."""

drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("draft_id", ROW_ID, primary_key=True),
    sa.Column("territory", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("base_version", ROW_ID, sa.ForeignKey("plans.version"), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("opened_by", sa.Text, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("takes_retired_base", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("published_version", ROW_ID),
    sa.Index(None, "territory", "state"),
    sqlite_autoincrement=True,
)
"""``state``: open, published or discarded. ``revision`` is that of the newest step in the journal.
``takes_retired_base``: its planners know that its base is in force no longer."""

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("entry", ROW_ID, primary_key=True),
    sa.Column("territory", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.Text),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("why", sa.Text),
    sa.Column("version", ROW_ID),
    sa.Column("draft_id", ROW_ID),
    sa.Column("revision", sa.Integer),
    sa.Column("edits", Json),
    sa.UniqueConstraint("draft_id", "revision"),
    sa.Index(None, "territory", "at"),
    sqlite_autoincrement=True,
)
"""Who did what, when and why: rows are added, never changed. A row with ``revision`` is a step of a draft; ``edits``:
the edits that the step brings, as JSON."""
