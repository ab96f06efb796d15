"""Run a private PostgreSQL with PostGIS for the tests of one session: own folder, own socket, no port.

The first test that needs it starts it, whichever process it runs in; the process that began the session stops it.
"""

import fcntl
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

FOLDER = "GRIDGEO_TEST_CLUSTER"
SETTINGS = (
    *("listen_addresses=", "max_connections=200", "shared_buffers=64MB", "log_min_messages=fatal"),
    # A test may kill a process, not the machine; what survives that is measured by benchmarks/kills.py.
    *("fsync=off", "full_page_writes=off"),
)
_numbers = itertools.count()


@cache
def find_programs():
    """Give the folder of PostgreSQL's programs; None where they or PostGIS are not installed."""
    asked = shutil.which("pg_config")
    folders = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    folders += [Path(asked).parent] if asked else []
    for folder in folders:
        if (folder / "initdb").exists() and _shared(folder, "extension/postgis.control"):
            return folder
    return None


def _shared(folder, name):
    told = subprocess.run([folder / "pg_config", "--sharedir"], capture_output=True, text=True, check=False)
    places = [Path(told.stdout.strip()), Path("/usr/share/postgresql") / folder.parent.name]
    return any((place / name).exists() for place in places)


def skip_reason():
    """Say why no server can be run here; None where one can."""
    if find_programs() is None:
        return "there is no PostgreSQL with PostGIS on this machine (Debian: postgresql-postgis)"
    if os.geteuid() == 0 and _account() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return None


def _account():
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def run_program(name, *arguments, **options):
    """Run one of PostgreSQL's programs, as an ordinary user."""
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    if os.geteuid() == 0:
        account = _account()
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    command = [find_programs() / name, *arguments]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": "/"}
    return subprocess.run(command, env=env, check=True, timeout=120, **quiet | options)


def make_cluster(folder, settings=SETTINGS, *trust):
    """Make a cluster in a folder and start it; the folder holds its socket too."""
    folder = Path(folder)
    if os.geteuid() == 0:
        os.chown(folder, _account().pw_uid, _account().pw_gid)
    folder.chmod(0o755)
    options = ("--auth=trust", "--username=gridgeo", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
    run_program("initdb", "--pgdata", folder / "data", *options, *trust)
    start_cluster(folder, settings)


def start_cluster(folder, settings=SETTINGS):
    """Start the cluster of a folder and wait until it answers."""
    given = " ".join(f"-c {setting}" for setting in (*settings, f"unix_socket_directories={folder}"))
    run_program("pg_ctl", "start", "--wait", "--pgdata", folder / "data", "--log", folder / "log", "--options", given)


def stop_cluster(folder, mode="fast"):
    """Stop the cluster of a folder; ``immediate`` is a crash."""
    run_program("pg_ctl", "stop", "--wait", "--pgdata", Path(folder) / "data", "--mode", mode)


def begin_session():
    """Name the folder in which the session's processes find the cluster; nothing is started yet."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="gridgeo-pg-", dir="/tmp")
        return True
    return False


def end_session():
    """Stop the cluster if any test needed it, and remove its folder."""
    folder = Path(os.environ.pop(FOLDER))
    if (folder / "data" / "postmaster.pid").exists():
        stop_cluster(folder, "immediate")
    shutil.rmtree(folder, ignore_errors=True)


@cache
def session_cluster():
    """Give the folder of the session's cluster, running; its database ``empty_store`` holds a new store."""
    reason = skip_reason()
    if reason:
        pytest.skip(reason)
    folder = Path(os.environ[FOLDER])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            make_cluster(folder)
            make_database(folder, "with_postgis", "template0", "CREATE EXTENSION postgis")
            make_database(folder, "empty_store", "with_postgis")
            from gridgeo.storage.store import open_store

            open_store(address(folder, "empty_store")).close()
            (folder / "ready").touch()
    return folder


def address(folder, database):
    """Name a database of a cluster, as open_store takes it."""
    return f"postgresql://gridgeo@/{database}?host={folder}"


def send(folder, database, *statements):
    """Run statements in a database, each for itself; give the rows of the last."""
    import psycopg

    with psycopg.connect(host=str(folder), user="gridgeo", dbname=database, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def make_database(folder, name, template, *statements):
    """Make a database like another, and run statements in it."""
    send(folder, "postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    if statements:
        send(folder, name, *statements)
    return address(folder, name)


def new_database(template="empty_store"):
    """Make a database of one test's own in the session's cluster; give its address."""
    folder = session_cluster()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return make_database(folder, f"{worker}_{next(_numbers)}", template)
