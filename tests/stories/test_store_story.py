"""Publish, break off, read meanwhile: what a planner, a service and a power cut do to one store."""

import os
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from drawn_plans import drawn_plan
from stores import new_store
from towns import households_at

from gridgeo.model.errors import StorageError
from gridgeo.storage.store import open_store

ATOMS = """
    ABC
    DEF
"""
PLAN = drawn_plan(ATOMS, grid="112112", micro="123123")
REDRAWN = drawn_plan(ATOMS, grid="133133", micro="123123")
NEW_YEAR, JUNE = date(2026, 1, 1), date(2026, 6, 1)


def is_intact(store):
    """Let SQLite check the file, its foreign keys and its spatial index."""
    with store._connection(store._readers) as connection:
        whole = connection.exec_driver_sql("PRAGMA integrity_check").all()
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        boxes = connection.exec_driver_sql("SELECT rtreecheck('area_boxes')").scalar()
    return (whole, broken, boxes) == ([("ok",)], [], "ok")


# An interpreter that lets one child process after the other die while it publishes: before its first statement, its
# last, its commit, and at some between.
DYING = """
import json, os, signal, sys
from datetime import date
import sqlalchemy as sa
from test_store_story import REDRAWN
from gridgeo.storage.store import open_store

def publish(path, dies_at):
    store, seen = open_store(path), []
    def count(*_):
        seen.append(1)
        if len(seen) == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
    sa.event.listen(store._readers, "before_cursor_execute", count)
    sa.event.listen(store._readers, "commit", count)
    store.publish(REDRAWN, valid_from=date(2026, 6, 1))
    store.close()
    return len(seen)

steps = publish(sys.argv[2], 0)
for step in [1, 2, *range(3, steps - 2, steps // 6), steps - 2, steps - 1, steps]:
    child = os.fork()
    if not child:
        publish(sys.argv[1], step)
        os._exit(0)
    end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    store = open_store(sys.argv[1])
    print(step, end == -signal.SIGKILL, store.areas("grid", at=date(2026, 6, 1)).index.tolist())
    store.close()
"""


def run(code, *arguments):
    """Run code in an interpreter that finds this file and the drawings beside it."""
    environment = {**os.environ, "PYTHONPATH": f"{Path(__file__).parent}:{Path(__file__).parents[1]}"}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_process_killed_anywhere_in_a_publishing_leaves_the_last_plan(tmp_path):
    for name in ("town.db", "dry run.db"):
        with open_store(tmp_path / name) as store:
            store.publish(PLAN, valid_from=NEW_YEAR)
    ran = run(DYING, tmp_path / "town.db", tmp_path / "dry run.db")
    assert ran.returncode == 0, ran.stderr
    ends = [line.partition(" ")[2] for line in ran.stdout.splitlines()]
    assert len(ends) > 10
    assert set(ends) == {"True ['G1', 'G2']"}
    with open_store(tmp_path / "town.db") as store:
        assert is_intact(store)
        assert len(store.plans()) == 1
        store.publish(REDRAWN, valid_from=JUNE)
        assert store.areas(at=NEW_YEAR).index.tolist() == ["G1", "G2"]
        assert store.areas(at=JUNE).index.tolist() == ["G1", "G3"]


INTERRUPTED = """
import os, signal, sys
from datetime import date
import sqlalchemy as sa
from test_store_story import REDRAWN
from gridgeo.storage.store import open_store

store = open_store(sys.argv[1])
seen = []
def interrupt(*_):
    seen.append(1)
    if len(seen) == 20:
        os.kill(os.getpid(), signal.SIGINT)
sa.event.listen(store._readers, "after_cursor_execute", interrupt)
try:
    store.publish(REDRAWN, valid_from=date(2026, 6, 1))
except KeyboardInterrupt:
    print(len(store.plans()), store.areas(at=date(2026, 6, 1)).index.tolist())
    print(store.publish(REDRAWN, valid_from=date(2026, 6, 1)))
"""


def test_control_c_in_a_publishing_leaves_the_last_plan_and_a_store_that_works(tmp_path):
    with new_store(tmp_path) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
    ran = run(INTERRUPTED, tmp_path / "town.db")
    assert ran.stdout.splitlines() == ["1 ['G1', 'G2']", "2"], ran.stderr


def test_an_error_in_a_publishing_leaves_the_last_plan(tmp_path):
    with new_store(tmp_path) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)

        def fail(_connection, _cursor, statement, *_):
            if "INSERT INTO plan_frames" in statement:
                raise MemoryError

        sa.event.listen(store._readers, "before_cursor_execute", fail)
        with pytest.raises(MemoryError):
            store.publish(REDRAWN, valid_from=NEW_YEAR)
        sa.event.remove(store._readers, "before_cursor_execute", fail)
        assert store.areas(at=NEW_YEAR).index.tolist() == ["G1", "G2"]
        assert len(store.plans()) == 1
        assert is_intact(store)


FULL = """
import resource, signal, sys
from datetime import date
from test_store_story import big_addresses, PLAN, REDRAWN
from gridgeo.storage.store import open_store

store = open_store(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
try:
    store.publish(REDRAWN, valid_from=date(2026, 6, 1), addresses=big_addresses())
except OSError as error:
    print(type(error).__name__, error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(store.areas(at=date(2026, 6, 1)).index.tolist())
print(store.publish(REDRAWN, valid_from=date(2026, 6, 1), addresses=big_addresses()))
"""


def big_addresses():
    """Make more addresses than a nearly full disk takes."""
    made = households_at([(number % 3 + 0.5, 0.5) for number in range(5_000)])
    return made.assign(address=[f"溪桥路{number}号3栋2单元401室" for number in range(5_000)])


def test_a_disk_that_is_full_leaves_the_last_plan_and_says_so(tmp_path):
    with new_store(tmp_path) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
    ran = run(FULL, tmp_path / "town.db")
    said, found, version = ran.stdout.splitlines()
    assert said.startswith("StorageError store "), ran.stderr
    assert "disk" in said
    assert (found, version) == ("['G1', 'G2']", "2")


def test_readers_see_the_old_plan_until_the_new_one_is_there_in_full(tmp_path):
    with new_store(tmp_path) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
        seen = []

        def look(_connection, _cursor, statement, *_):
            if statement.startswith(("INSERT", "UPDATE")):
                with open_store(tmp_path / "town.db") as other:
                    seen.append(tuple(other.areas(at=NEW_YEAR).index))

        sa.event.listen(store._writers, "after_cursor_execute", look)
        store.publish(REDRAWN, valid_from=NEW_YEAR)
        assert len(seen) > 10
        assert set(seen) == {("G1", "G2")}
        assert store.areas(at=NEW_YEAR).index.tolist() == ["G1", "G3"]


def test_a_reading_sees_one_plan_from_its_first_row_to_its_last(tmp_path):
    with new_store(tmp_path) as store, open_store(tmp_path / "town.db") as planner:
        store.publish(PLAN, valid_from=NEW_YEAR)
        published = []

        def publish(_connection, _cursor, statement, *_):
            if statement.startswith("SELECT") and not published:
                published.append(1)
                planner.publish(REDRAWN, valid_from=NEW_YEAR)

        sa.event.listen(store._readers, "after_cursor_execute", publish)
        assert sorted(store.plan(NEW_YEAR).owner("grid").unique()) == ["G1", "G2"]
        assert sorted(store.plan(NEW_YEAR).owner("grid").unique()) == ["G1", "G3"]


def test_many_threads_read_while_others_publish(tmp_path):
    with new_store(tmp_path) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
        wrong, stop = [], threading.Event()

        def read():
            while not stop.is_set():
                areas, owner = store.areas(at=NEW_YEAR), store.owner(at=NEW_YEAR)
                if len(areas) != 2 or len(owner) != 6:
                    wrong.append((areas, owner))

        def publish(plan):
            for _ in range(4):
                store.publish(plan, valid_from=NEW_YEAR)

        readers = [threading.Thread(target=read) for _ in range(3)]
        planners = [threading.Thread(target=publish, args=[plan]) for plan in (PLAN, REDRAWN)]
        for thread in [*readers, *planners]:
            thread.start()
        for thread in planners:
            thread.join()
        stop.set()
        for thread in readers:
            thread.join()
        assert wrong == []
        assert len(store.plans()) == 9
        assert store.plans()["valid_to"].isna().sum() == 1


def test_a_store_that_another_program_holds_is_said_to_be_busy(tmp_path, monkeypatch):
    monkeypatch.setattr("gridgeo.storage.sqlite.BUSY_TIMEOUT_S", 0.1)
    with new_store(tmp_path) as store, open_store(tmp_path / "town.db") as other:
        with other._connection(other._writers), pytest.raises(StorageError, match="another program has been writing"):
            store.publish(PLAN, valid_from=NEW_YEAR)
        assert store.publish(PLAN, valid_from=NEW_YEAR)
