"""Make room for drafts, the journal, the log of incidents, overrides, routes, lineage, and ids that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
JSON = sa.JSON().with_variant(sa.Text(), "postgresql")

# Every id and code that a store has published so far, with the versions that held it first and last.
USED = """
    INSERT INTO reserved (territory, kind, word, area_id, first_version, last_version)
    SELECT plans.territory, '{kind}', register.{kind}, register.area_id, min(plans.version), max(plans.version)
    FROM plans
    JOIN plan_frames ON plan_frames.version = plans.version AND plan_frames.role = 'register'
    JOIN register ON register.frame_id = plan_frames.frame_id
    WHERE register.{kind} IS NOT NULL
    GROUP BY plans.territory, register.{kind}, register.area_id
"""


def upgrade() -> None:
    """Make the tables, and list the ids and codes that are in use."""
    for name, kind in (
        ("before_version", ROW_ID),
        ("published_by", sa.Text),
        ("override_reason", sa.Text),
        ("withdrawn_at", INSTANT),
    ):
        op.add_column("plans", sa.Column(name, kind))
    days = "valid_from valid_to"
    _rows("overrides", "override_id", "subject subject_id host_area_id origin_area_id reason", day=days)
    _rows("routes", "route_id", "category group area_id unit roles", day=days)
    _rows("lineage", "", "before_id after_id change", whole="households incidents", number="area_m2")
    _make_reserved()
    _make_drafts()
    _make_journal()
    _make_incident_log()


def _rows(name: str, key: str, text: str, *, whole: str = "", number: str = "", day: str = "") -> None:
    """Make the table that holds the rows of every frame of one kind; columns of one type in one string."""
    types = ((text, sa.Text), (whole, sa.BigInteger), (number, sa.Double), (day, sa.Date))
    op.create_table(
        name,
        sa.Column("frame_id", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        *([sa.Column(key, sa.Text, nullable=False)] if key else []),
        *[sa.Column(column, kind) for columns, kind in types for column in columns.split()],
        sa.Column("extra", JSON),
        sa.ForeignKeyConstraint(
            ["frame_id"], ["frames.frame_id"], name=op.f(f"fk_{name}_frame_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("frame_id", "position", name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )


def _make_reserved() -> None:
    op.create_table(
        "reserved",
        sa.Column("territory", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("word", sa.Text, nullable=False),
        sa.Column("area_id", sa.Text, nullable=False),
        sa.Column("first_version", ROW_ID, nullable=False),
        sa.Column("last_version", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("territory", "kind", "word", "area_id", name=op.f("pk_reserved")),
        sqlite_with_rowid=False,
    )
    for kind in ("area_id", "code"):
        op.execute(USED.format(kind=kind))


def _make_drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("draft_id", ROW_ID, nullable=False),
        sa.Column("territory", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("base_version", ROW_ID, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("takes_retired_base", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("published_version", ROW_ID),
        sa.ForeignKeyConstraint(["base_version"], ["plans.version"], name=op.f("fk_drafts_base_version")),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_drafts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_drafts_territory_state"), "drafts", ["territory", "state"])


def _make_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("entry", ROW_ID, nullable=False),
        sa.Column("territory", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("version", ROW_ID),
        sa.Column("draft_id", ROW_ID),
        sa.Column("revision", sa.Integer),
        sa.Column("edits", JSON),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_journal")),
        sa.UniqueConstraint("draft_id", "revision", name=op.f("uq_journal_draft_id_revision")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_journal_territory_at"), "journal", ["territory", "at"])


def _make_incident_log() -> None:
    op.create_table(
        "incident_log",
        sa.Column("position", ROW_ID, nullable=False),
        sa.Column("territory", sa.Text, nullable=False),
        sa.Column("incident_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        *[sa.Column(name, sa.Text) for name in ("actor", "note", "level", "stage", "verdict")],
        sa.PrimaryKeyConstraint("position", name=op.f("pk_incident_log")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_incident_log_territory_incident_id"), "incident_log", ["territory", "incident_id"])
    op.create_index(op.f("ix_incident_log_territory_at"), "incident_log", ["territory", "at"])
