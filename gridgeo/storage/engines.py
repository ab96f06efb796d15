"""Choose the database behind a store by its address: a SQLite file, or PostGIS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gridgeo.model.errors import StorageError

from . import postgis, sqlite

HINT = "name it like 'sqlite:///town.db' or 'postgresql://user@host/database', or give a path that ends in .db"


def open_engine(url: str, *, create: bool) -> tuple[sa.Engine, str]:
    """Open what an address names.

    Parameters
    ----------
    url : str
        ``sqlite:///town.db``, the path of a file that ends in ``.db``, or ``postgresql://user@host/database``.
    create : bool
        Whether a store that is not there is made.

    Returns
    -------
    engine : Engine
        One that was given ``execution_options(writes=True)`` takes the store's write lock when it begins.
    place : str
        What to call the store; no password is in it.

    Raises
    ------
    StorageError
        If the address is not understood, or what it names cannot be a store.
    """
    if is_server(url):
        return postgis.open_database(url, create=create)
    path = read_path(url)
    return sqlite.open_file(path, create=create), str(path)


def is_server(url: str) -> bool:
    """Tell whether an address names a server rather than a file."""
    return url.partition("://")[0].partition("+")[0] in postgis.SCHEMES and "://" in url


def read_path(url: str) -> Path:
    """Read the path of a SQLite file from an address.

    Raises
    ------
    StorageError
        If it is none.
    """
    if "://" not in url:
        if not url.endswith(".db"):
            raise StorageError(f"store {url!r} is not understood; {HINT}")
        return Path(url)
    scheme, _, rest = url.partition("://")
    name = rest.removeprefix("/")
    if scheme != "sqlite" or not rest.startswith("/") or name in {"", ":memory:"} or "?" in name:
        bare = url if "@" not in url else f"{scheme}://..."  # what stands before @ may be a password
        raise StorageError(f"store {bare!r} is not understood; {HINT}")
    return Path(name)


def areas_over(connection: sa.Connection, frame_id: int, x: float, y: float) -> sa.Select[Any]:
    """Say in SQL which areas of a frame have a box that holds a point, through the spatial index.

    Parameters
    ----------
    connection : Connection
    frame_id : int
        Frame of areas.
    x, y : float, metres

    Returns
    -------
    Select of ``area_id, geometry``
        The geometry as WKB.
    """
    chosen = postgis if connection.dialect.name == "postgresql" else sqlite
    return chosen.areas_over(frame_id, x, y)
