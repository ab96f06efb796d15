"""Make the first store: plans, frames, rows of frames, incidents; over areas an R*Tree, on PostGIS a GiST index."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


class PostgisGeometry(sa.types.UserDefinedType[bytes]):
    """A PostGIS column that takes shapes of every kind, dimension and reference system."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Name the type."""
        return "geometry"


ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
SHAPE = sa.LargeBinary().with_variant(PostgisGeometry(), "postgresql")
JSON = sa.JSON().with_variant(sa.Text(), "postgresql")

# The areas' boxes. Frames are set 2^20 apart on a third axis, so that a search in one frame meets no other.
AREA_BOXES = """
    CREATE VIRTUAL TABLE area_boxes USING rtree(row_id, west, east, south, north, frame_low, frame_high)
"""
ADD_BOX = """
    INSERT INTO area_boxes
    SELECT NEW.row_id, NEW.west, NEW.east, NEW.south, NEW.north, NEW.frame_id * 1048576.0, NEW.frame_id * 1048576.0
    WHERE NEW.west IS NOT NULL;
"""
DROP_BOX = "DELETE FROM area_boxes WHERE row_id = OLD.row_id;"
AREA_PLACES = """
    CREATE INDEX ix_areas_place ON areas
    USING gist (ST_Translate(ST_Force3DZ(ST_Envelope(geometry)), 0, 0, frame_id * 1048576.0) gist_geometry_ops_nd)
"""
TRIGGERS = {"INSERT": ADD_BOX, "DELETE": DROP_BOX, "UPDATE": DROP_BOX + ADD_BOX}


def upgrade() -> None:
    """Make the tables."""
    _make_plans()
    _make_rows()
    _make_incidents()
    if op.get_bind().dialect.name == "sqlite":
        op.execute(AREA_BOXES)
        for event, action in TRIGGERS.items():
            op.execute(f"CREATE TRIGGER areas_after_{event.lower()} AFTER {event} ON areas BEGIN {action} END")
    else:
        op.execute(AREA_PLACES)


def _make_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("version", ROW_ID, nullable=False),
        sa.Column("territory", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("crs", sa.Text),
        sa.Column("levels", JSON, nullable=False),
        sa.Column("profile", JSON, nullable=False),
        sa.Column("manifest", JSON, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_plans_half_open")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_plans")),
        sqlite_autoincrement=True,
    )
    live = sa.text("valid_to IS NULL OR valid_to > valid_from")
    where: dict[str, Any] = {"sqlite_where": live, "postgresql_where": live}
    op.create_index("uq_plans_one_a_day", "plans", ["territory", "valid_from"], unique=True, **where)
    op.create_table(
        "frames",
        sa.Column("frame_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("row_count", sa.Integer, nullable=False),
        sa.Column("layout", JSON, nullable=False),
        sa.PrimaryKeyConstraint("frame_id", name=op.f("pk_frames")),
        sa.UniqueConstraint("kind", "digest", name=op.f("uq_frames_kind_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "plan_frames",
        sa.Column("version", ROW_ID, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("frame_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["frame_id"], ["frames.frame_id"], name=op.f("fk_plan_frames_frame_id")),
        sa.ForeignKeyConstraint(
            ["version"], ["plans.version"], name=op.f("fk_plan_frames_version"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("version", "role", name=op.f("pk_plan_frames")),
    )
    op.create_index(op.f("ix_plan_frames_frame_id"), "plan_frames", ["frame_id"])
    op.create_table(
        "layouts",
        sa.Column("territory", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("layout", JSON, nullable=False),
        sa.PrimaryKeyConstraint("territory", "kind", name=op.f("pk_layouts")),
    )


def _rows(
    name: str, key: str, text: str, *, whole: str = "", number: str = "", day: str = "", shapes: bool = False
) -> None:
    """Make the table that holds the rows of every frame of one kind; columns of one type in one string."""
    types: list[tuple[str, Any]] = [(text, sa.Text), (whole, sa.BigInteger), (number, sa.Double), (day, sa.Date)]
    op.create_table(
        name,
        sa.Column("frame_id", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        *([sa.Column(key, sa.Text, nullable=False)] if key else []),
        *[sa.Column(column, kind) for columns, kind in types for column in columns.split()],
        sa.Column("extra", JSON),
        *([sa.Column("geometry", SHAPE)] if shapes else []),
        sa.ForeignKeyConstraint(
            ["frame_id"], ["frames.frame_id"], name=op.f(f"fk_{name}_frame_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("frame_id", "position", name=op.f(f"pk_{name}")),
        sqlite_with_rowid=shapes,
    )


def _make_rows() -> None:
    named = "code name level kind parent_id"
    op.create_table(
        "areas",
        sa.Column("row_id", ROW_ID, nullable=False),
        sa.Column("frame_id", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("area_id", sa.Text, nullable=False),
        *[sa.Column(column, sa.Text) for column in named.split()],
        *[sa.Column(column, sa.BigInteger) for column in ("households", "persons")],
        *[sa.Column(column, sa.Double) for column in ("area_m2", "west", "south", "east", "north")],
        sa.Column("extra", JSON),
        sa.Column("geometry", SHAPE),
        sa.ForeignKeyConstraint(["frame_id"], ["frames.frame_id"], name=op.f("fk_areas_frame_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_areas")),
        sa.UniqueConstraint("frame_id", "position", name=op.f("uq_areas_frame_id_position")),
        sa.UniqueConstraint("frame_id", "area_id", name=op.f("uq_areas_frame_id_area_id")),
    )
    counts = "households persons"
    _rows("register", "area_id", named)
    _rows("owners", "atom_id", "area_id")
    _rows("atoms", "atom_id", "community_id kind block_id keep_with", whole=counts, number="area_m2", shapes=True)
    _rows("borders", "", "atom_a atom_b street_id kind", whole="rank", number="length_m")
    reasons = "area_id level reason relaxation message"
    _rows("certificates", "certificate_id", reasons, whole="households low high", shapes=True)
    _rows("officers", "officer_id", "name role phone")
    _rows("duties", "duty_id", "officer_id area_id role", day="valid_from valid_to")
    _rows("addresses", "address_id", "address building_id", whole="stairwell floor count persons", shapes=True)
    _rows("streets", "street_id", "name kind", whole="rank", shapes=True)
    _rows("buildings", "building_id", "name use", whole=f"floors stairwells {counts}", shapes=True)
    _rows("sites", "site_id", "name kind", shapes=True)
    _rows("findings", "finding_id", "kind severity area_ids quantity message", number="value limit", shapes=True)


def _make_incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("position", ROW_ID, nullable=False),
        sa.Column("territory", sa.Text, nullable=False),
        sa.Column("incident_id", sa.Text, nullable=False),
        sa.Column("reported_at", INSTANT, nullable=False),
        *[sa.Column(column, sa.Text) for column in ("category", "text", "address", "area_id", "status")],
        *[sa.Column(column, sa.Double) for column in ("accuracy_m", "x", "y")],
        sa.Column("extra", JSON),
        sa.Column("geometry", SHAPE),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_incidents")),
        sa.UniqueConstraint("territory", "incident_id", name=op.f("uq_incidents_territory_incident_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_incidents_territory_reported_at"), "incidents", ["territory", "reported_at"])
