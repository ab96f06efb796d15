"""Back a store up while others work with it, and restore it into a file or a database.

A backup is itself a store: one SQLite file, whatever the store was kept in. It opens with ``open_store``, and it
restores into SQLite and into PostGIS.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from gridgeo.model.errors import StorageError

from . import sqlite
from .checking import find_damage
from .copying import clear, copy_store, is_empty
from .engines import is_server, open_engine, read_path
from .export import replacing
from .faults import told_plainly

_HOLDS = "holds plans already; name another place, or ask for them to be replaced (replace=True, --replace)"


def back_up(engine: sa.Engine, place: str, path: str | Path, *, replace: bool = False) -> None:
    """Write a backup of a store: the state of one moment, while others read and publish.

    Parameters
    ----------
    engine : Engine
        Of the store.
    place : str
        What to call the store in messages.
    path : str or Path
        The file to write; it appears when all of it is written and checked.
    replace : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    StorageError
        If the file is there, cannot be written, or does not read back as the store does.
    """
    target = Path(path)
    if target.exists() and not replace:
        raise StorageError(f"{str(target)!r} is there already; name another file, or ask for it to be replaced")
    with replacing(target) as draft, told_plainly(place):
        if engine.dialect.name == "sqlite":
            _copy_file(Path(str(engine.url.database)), draft)
        else:
            _copy_rows(engine, draft)
        _check_file(draft, f"the backup of store {place!r}")
        _let_stand_alone(draft)


def _copy_file(source: Path, target: Path) -> None:
    """Copy a SQLite file page by page, as it is at one moment; writers are not held up."""
    address = f"file:{quote(str(source.absolute()))}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=sqlite.BUSY_TIMEOUT_S)) as held,
        closing(sqlite3.connect(target, timeout=sqlite.BUSY_TIMEOUT_S)) as copy,
    ):
        copy.execute("PRAGMA synchronous=FULL")
        held.backup(copy)


def _copy_rows(engine: sa.Engine, target: Path) -> None:
    made = sqlite.open_file(target, create=True)
    try:
        with engine.begin() as held, made.execution_options(writes=True).begin() as copy:
            copy_store(held, copy)
    finally:
        made.dispose()


def _let_stand_alone(path: Path) -> None:
    """Leave a file that opens from a read-only medium too, with no other beside it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _check_file(path: Path, name: str) -> None:
    engine = sqlite.open_file(path, create=False)
    try:
        with engine.begin() as connection:
            damage = find_damage(connection)
    finally:
        engine.dispose()
    if damage:
        raise StorageError(f"{name}: {damage[0]}" + (f" (and {len(damage) - 1} more)" if len(damage) > 1 else ""))


def restore(path: str | Path, url: str | Path, *, replace: bool = False) -> None:
    """Make a store from a backup, all of it or nothing.

    Parameters
    ----------
    path : str or Path
        As ``Store.backup`` wrote it, with this gridgeo or an older one.
    url : str or Path
        Where to make the store, as ``open_store`` takes it.
    replace : bool
        Whether a store that holds plans may be replaced; who reads it meanwhile sees the old plans or the new.

    Raises
    ------
    StorageError
        If the backup is not there, damaged or newer than this gridgeo, or the place holds plans already.
    """
    source = Path(path)
    if not source.is_file():
        raise StorageError(f"backup {str(source)!r}: there is no such file")
    with working_file(str(url)) as draft:
        with told_plainly(str(source)):
            _copy_file(source, draft)
        deliver(draft, str(url), f"backup {str(source)!r}", replace=replace)


@contextmanager
def working_file(url: str) -> Iterator[Path]:
    """Give a place for a SQLite file that becomes a store: beside the one that is to be made, or a temporary folder.

    Parameters
    ----------
    url : str
        Of the store that is to be made.

    Yields
    ------
    Path
        There is no file yet; its folder is removed afterwards.
    """
    parent = None if is_server(url) else read_path(url).absolute().parent
    if parent is not None and not parent.is_dir():
        raise StorageError(f"store {url!r}: there is no folder {str(parent)!r}; make it first")
    try:
        folder = Path(tempfile.mkdtemp(prefix=".gridgeo-", dir=parent))
    except OSError as error:
        raise StorageError(f"store {url!r}: nothing can be written there ({error.strerror})") from None
    try:
        yield folder / "draft.db"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def deliver(draft: Path, url: str, name: str, *, replace: bool) -> None:
    """Bring a file up to this schema, check it, and put what it holds where a store is wanted.

    Parameters
    ----------
    draft : Path
        A SQLite store of this schema or an older one; it is changed.
    url : str
        Of the store that is to be made.
    name : str
        What to call the source in messages.
    replace : bool
        Whether plans that are there may be replaced.

    Raises
    ------
    StorageError
    """
    _check_file(draft, name)
    if not is_server(url) and not read_path(url).exists():
        _place_file(draft, read_path(url))
        return
    engine, place = open_engine(url, create=True)
    made = sqlite.open_file(draft, create=False)
    try:
        with told_plainly(place), engine.execution_options(writes=True).begin() as target, made.begin() as held:
            if not is_empty(target):
                if not replace:
                    raise StorageError(f"store {place!r}: {_HOLDS}")
                clear(target)
            copy_store(held, target)
    finally:
        made.dispose()
        engine.dispose()


def _place_file(draft: Path, target: Path) -> None:
    """Give a finished file its name; one that another made meanwhile is not touched."""
    try:
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        try:
            os.link(draft, target)
        except FileExistsError:
            raise StorageError(f"store {str(target)!r}: {_HOLDS}") from None
        except OSError:  # a file system without links
            os.rename(draft, target)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"store {str(target)!r}: cannot be written ({error.strerror})") from None
