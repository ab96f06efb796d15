"""Open empty stores quickly: the tables are made once, each test works on a copy."""

import tempfile
from functools import cache
from pathlib import Path

from clusters import new_database

from gridgeo.storage.store import open_store

BACK_ENDS = ("sqlite", "postgis")


@cache
def _empty_file():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_store(path).close()
        return path.read_bytes()


def new_store(folder, **options):
    """Open a new store, ``town.db`` in a folder."""
    return open_store(new_place(folder), **options)


def new_place(folder, back_end="sqlite"):
    """Make a new store and give its address: ``town.db`` in a folder, or a database on a server."""
    if back_end == "postgis":
        return new_database()
    path = Path(folder) / "town.db"
    path.write_bytes(_empty_file())
    return str(path)
