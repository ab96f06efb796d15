"""Apply the migrations to a database, wherever gridgeo is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

_FOLDER = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def known_revisions() -> list[str]:
    """List the schemas that this gridgeo knows, newest first.

    Returns
    -------
    list of str
    """
    from alembic.script import ScriptDirectory

    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring a database to the newest schema, or to an older one.

    Parameters
    ----------
    connection : Connection
        In a transaction, which the caller commits.
    revision : str
        One of ``known_revisions()``, or ``"head"`` for the newest.
    """
    from alembic import command

    command.upgrade(_config(connection), revision)
