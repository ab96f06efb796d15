"""Open empty stores quickly: the tables are made once, each test works on a copy."""

import tempfile
from functools import cache
from pathlib import Path

from gridgeo.storage.store import open_store


@cache
def _empty_file():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_store(path).close()
        return path.read_bytes()


def new_store(folder, **options):
    """Open a new store, ``town.db`` in a folder."""
    path = Path(folder) / "town.db"
    path.write_bytes(_empty_file())
    return open_store(path, **options)
