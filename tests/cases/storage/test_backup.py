"""Hold backups to their promise: what was there comes back, on either database, or nothing has changed."""

import shutil
import sqlite3
import threading
from datetime import date

import pytest
from filled_stores import DAYS, PLANS, fill, same_answers
from stores import BACK_ENDS, new_place

from gridgeo.model.errors import StorageError
from gridgeo.storage.backup import restore
from gridgeo.storage.store import open_store

LATER = date(2027, 1, 1)


@pytest.fixture
def backup(tmp_path):
    with open_store(new_place(tmp_path)) as store:
        fill(store)
        store.backup(tmp_path / "backup.db")
    return tmp_path / "backup.db"


@pytest.mark.parametrize("to", BACK_ENDS)
def test_a_backup_is_restored_into_either_database(store, tmp_path, to):
    fill(store)
    store.backup(tmp_path / "backup.db")
    place = new_place(tmp_path / "..", to) if to == "postgis" else str(tmp_path / "again.db")
    restore(tmp_path / "backup.db", place)
    with open_store(place) as again:
        same_answers(store, again)
        assert again.check() == []
        assert again.publish(PLANS[0], valid_from=LATER) == len(store.plans()) + 1


def test_a_backup_is_itself_a_store_in_one_file(store, tmp_path):
    fill(store)
    folder = tmp_path / "backups" / "2026"
    store.backup(folder / "backup.db")
    assert [path.name for path in folder.iterdir()] == ["backup.db"]
    with open_store(folder / "backup.db") as opened:
        same_answers(store, opened)


def test_a_backup_of_all_territories_is_taken(store_place, tmp_path):
    for territory in ("east", "west"):
        with open_store(store_place, territory=territory) as store:
            fill(store)
            store.backup(tmp_path / "backup.db", replace=True)
    restore(tmp_path / "backup.db", tmp_path / "again.db")
    for territory in ("east", "west"):
        with (
            open_store(store_place, territory=territory) as one,
            open_store(tmp_path / "again.db", territory=territory) as other,
        ):
            same_answers(one, other)


def test_a_backup_is_taken_while_others_read_and_publish(store, tmp_path):
    fill(store)
    stop, wrong = threading.Event(), []

    def read():
        while not stop.is_set():
            if len(store.areas(at=DAYS[0])) != 2:
                wrong.append(1)

    def publish():
        for plan in PLANS * 3:
            store.publish(plan, valid_from=LATER)

    threads = [threading.Thread(target=read), threading.Thread(target=publish)]
    for thread in threads:
        thread.start()
    for number in range(3):
        store.backup(tmp_path / f"backup-{number}.db")
    threads[1].join()
    stop.set()
    threads[0].join()
    assert wrong == []
    for number in range(3):
        with open_store(tmp_path / f"backup-{number}.db") as opened:
            assert opened.check() == []
            assert 3 <= len(opened.plans()) <= 12


def test_an_existing_backup_is_replaced_only_where_that_is_asked_for(store, tmp_path):
    (tmp_path / "backup.db").write_text("mine")
    with pytest.raises(StorageError, match="is there already; name another file, or ask for it to be replaced"):
        store.backup(tmp_path / "backup.db")
    assert (tmp_path / "backup.db").read_text() == "mine"
    store.backup(tmp_path / "backup.db", replace=True)
    open_store(tmp_path / "backup.db").close()


def test_a_store_that_holds_plans_is_replaced_only_where_that_is_asked_for(backup, store, store_place):
    store.publish(PLANS[2], valid_from=LATER)
    with pytest.raises(StorageError, match="holds plans already; name another place"):
        restore(backup, store_place)
    assert store.plans()["valid_from"].tolist() == [LATER]
    restore(backup, store_place, replace=True)
    assert sorted(store.plans()["valid_from"]) == DAYS
    assert store.check() == []


def test_a_restoring_that_fails_leaves_the_store_as_it_was(backup, store, store_place, monkeypatch):
    store.publish(PLANS[2], valid_from=LATER)
    seen = []

    def fail(*_):
        seen.append(1)
        return "other" if len(seen) == 4 else real(*_)

    from gridgeo.storage import copying

    real = copying.digest_of
    monkeypatch.setattr(copying, "digest_of", fail)
    with pytest.raises(StorageError, match="does not read back as it was; nothing was changed"):
        restore(backup, store_place, replace=True)
    assert store.plans()["valid_from"].tolist() == [LATER]
    assert store.check() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE atoms SET households = 1", "atoms: frame 1 is not what was published"),
        ("DELETE FROM owners WHERE position = 0", "owners: frame .* has 5 rows of 6"),
        ("DELETE FROM plan_frames WHERE role = 'areas:grid'", "plans: version 1 has no areas:grid"),
        ("UPDATE plans SET valid_to = NULL WHERE version = 1", "are both in force on 2026-06-01"),
        ("UPDATE areas SET geometry = x'0101'", "areas: frame .* is not what was published"),
        ("DELETE FROM area_boxes", "the spatial index is damaged"),
    ],
)
def test_a_backup_that_was_tampered_with_is_not_restored(backup, tmp_path, change, said):
    with sqlite3.connect(backup) as connection:
        connection.execute(change)
    connection.close()
    with pytest.raises(StorageError, match=said):
        restore(backup, tmp_path / "again.db")
    assert not (tmp_path / "again.db").exists()


def test_a_damaged_backup_is_not_restored(backup, tmp_path):
    content = bytearray(backup.read_bytes())
    content[len(content) // 2 :] = b"\x55" * (len(content) - len(content) // 2)
    backup.write_bytes(bytes(content))
    with pytest.raises(StorageError):
        restore(backup, tmp_path / "again.db")
    assert not (tmp_path / "again.db").exists()
    assert [path.name for path in tmp_path.glob(".gridgeo-*")] == []


def test_what_is_no_backup_is_said_so(tmp_path):
    with pytest.raises(StorageError, match="there is no such file"):
        restore(tmp_path / "nowhere.db", tmp_path / "again.db")
    (tmp_path / "text.db").write_text("hello" * 100)
    with pytest.raises(StorageError, match="it is not a database"):
        restore(tmp_path / "text.db", tmp_path / "again.db")
    with sqlite3.connect(tmp_path / "songs.db") as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    with pytest.raises(StorageError, match="is a SQLite file of another program"):
        restore(tmp_path / "songs.db", tmp_path / "again.db")


def test_a_backup_on_a_read_only_medium_is_restored(backup, tmp_path):
    medium = tmp_path / "medium"
    medium.mkdir()
    shutil.move(backup, medium / "backup.db")
    (medium / "backup.db").chmod(0o444)
    medium.chmod(0o555)
    try:
        restore(medium / "backup.db", tmp_path / "again.db")
    finally:
        medium.chmod(0o755)
    with open_store(tmp_path / "again.db") as again:
        assert len(again.plans()) == 3


def test_a_folder_that_is_not_there_is_named(backup, tmp_path):
    with pytest.raises(StorageError, match="there is no folder"):
        restore(backup, tmp_path / "nowhere" / "again.db")


def test_a_closed_store_is_not_backed_up(store, tmp_path):
    store.close()
    with pytest.raises(StorageError, match="is closed"):
        store.backup(tmp_path / "backup.db")
