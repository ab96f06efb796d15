"""Give addresses a column for the number of floors over which their dwellings spread."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; a table that was written before keeps its floors where its layout says they are."""
    op.add_column("addresses", sa.Column("floors", sa.BigInteger))
