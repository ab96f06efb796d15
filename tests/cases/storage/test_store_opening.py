"""Hold opening a store to its promises: which addresses it takes, and what it says about files it cannot use."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from drawn_plans import drawn_plan

from gridgeo.model.errors import StorageError
from gridgeo.storage.sqlite import APPLICATION_ID
from gridgeo.storage.store import open_store

PLAN = drawn_plan("AB", grid="12")
NEW_YEAR = date(2026, 1, 1)


def refused(url, **options):
    """Open what cannot be opened, and give what is said: one line that names the place."""
    with pytest.raises(StorageError) as caught:
        open_store(url, **options)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith("store ")
    return said


# Addresses


def test_a_path_and_its_address_name_the_same_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for url in ("town.db", "sqlite:///town.db", f"sqlite:///{tmp_path}/town.db", tmp_path / "town.db"):
        with open_store(url) as store:
            store.publish(PLAN, valid_from=NEW_YEAR)
            count = len(store.plans())
    assert count == 4
    assert [path.name for path in tmp_path.iterdir()] == ["town.db"]


def test_a_store_may_lie_under_any_name(tmp_path):
    folder = tmp_path / "瓜沥 50% #1?"
    folder.mkdir()
    for _ in range(2):
        with open_store(folder / "网格 &c.db") as store:
            store.publish(PLAN, valid_from=NEW_YEAR)
            count = len(store.plans())
    assert count == 2
    assert [path.name for path in folder.iterdir()] == ["网格 &c.db"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "town",
        "town.gpkg",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///town.db?mode=ro",
        "mysql://x/y",
    ],
)
def test_other_addresses_are_refused_with_the_way_out(url):
    said = refused(url)
    assert said.startswith(f"store {url!r} is not understood")
    assert "sqlite:///town.db" in said
    assert "postgresql://user@host/database" in said


# Files that cannot be a store


def test_a_missing_folder_is_named(tmp_path):
    assert f"there is no folder '{tmp_path}/nowhere'" in refused(tmp_path / "nowhere" / "town.db")


def test_a_folder_is_not_a_store(tmp_path):
    (tmp_path / "town.db").mkdir()
    assert "is a folder; name a file in it" in refused(tmp_path / "town.db")


def test_a_store_is_made_only_where_that_is_wanted(tmp_path):
    assert "there is no such file" in refused(tmp_path / "town.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"hello", b"name,households\n" * 1000, b"PK\x03\x04" * 300])
def test_a_file_that_is_not_a_database_is_left_as_it_is(tmp_path, content):
    (tmp_path / "town.db").write_bytes(content)
    assert "it is not a database; name another file" in refused(tmp_path / "town.db")
    assert (tmp_path / "town.db").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["town.db"]


def test_another_programs_database_is_left_as_it_is(tmp_path):
    with sqlite3.connect(tmp_path / "town.db") as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    content = (tmp_path / "town.db").read_bytes()
    assert "is a SQLite file of another program" in refused(tmp_path / "town.db")
    assert (tmp_path / "town.db").read_bytes() == content


def test_an_empty_file_becomes_a_store(tmp_path):
    (tmp_path / "town.db").touch()
    with open_store(tmp_path / "town.db") as store:
        assert len(store.plans()) == 0


def test_a_damaged_store_is_said_to_be_damaged(tmp_path):
    with open_store(tmp_path / "town.db") as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
    content = bytearray((tmp_path / "town.db").read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    (tmp_path / "town.db").write_bytes(bytes(content))
    with (
        pytest.raises(StorageError, match="the database is damaged; restore it from a backup"),
        open_store(tmp_path / "town.db") as store,
    ):
        store.plan(NEW_YEAR)


def test_a_newer_store_is_left_as_it_is(tmp_path):
    open_store(tmp_path / "town.db").close()
    with sqlite3.connect(tmp_path / "town.db") as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        connection.execute("UPDATE alembic_version SET version_num = '9017'")
    connection.close()
    assert "was written by a newer gridgeo (schema 9017); upgrade gridgeo to open it" in refused(tmp_path / "town.db")


def test_a_read_only_file_is_refused_even_by_a_superuser(tmp_path):
    open_store(tmp_path / "town.db").close()
    (tmp_path / "town.db").chmod(0o444)
    assert "the file is read-only; make it writable" in refused(tmp_path / "town.db")


# Open stores


def test_a_closed_store_says_so(tmp_path):
    store = open_store(tmp_path / "town.db")
    store.close()
    store.close()
    with pytest.raises(StorageError, match="is closed; open it again with open_store"):
        store.plans()


def test_many_may_make_the_same_store_at_once(tmp_path):
    def make(_):
        with open_store(tmp_path / "town.db") as store:
            return len(store.plans())

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(make, range(6))) == [0] * 6


def test_a_commit_is_on_the_disk_before_it_is_acknowledged(tmp_path):
    with open_store(tmp_path / "town.db") as store, store._connection(store._writers) as connection:
        said = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert said == ["wal", 2, 1]
