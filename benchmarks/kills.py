"""Kill processes at random moments while they publish, on both back ends, and count what was lost.

    python benchmarks/kills.py [--publishes 200] [--seed 0] [--back-end sqlite postgis]

A child publishes one plan after the other and writes each version down when it is acknowledged; it is killed (SIGKILL)
at a random time after its first. On PostGIS the server's own process is killed now and then too, so that it recovers
from its log. Afterwards: every acknowledged version is there, no plan is there in half, and the store is sound.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "tests")]

import clusters  # noqa: E402
from drawn_plans import drawn_plan  # noqa: E402

from gridgeo.model.errors import StorageError  # noqa: E402
from gridgeo.storage.store import Store, open_store  # noqa: E402

FIRST = date(2026, 1, 1)
PLANS = [drawn_plan("ABC\nDEF", grid=grid, micro="123456") for grid in ("112112", "133133", "444555")]
LONGEST_S = 0.5
SERVER_DIES = 0.1  # share of the kills that meet the server
SETTINGS = ("listen_addresses=", "shared_buffers=64MB")


def publish_on(place: str, log: Path, seed: int) -> None:
    """Publish for ever, each plan somewhat different; write a version down when it is acknowledged."""
    draw = random.Random(seed)
    with log.open("a") as acknowledged, open_store(place) as store:
        while True:
            plan = PLANS[draw.randrange(3)]
            atoms = plan.atoms.assign(households=[draw.randrange(1, 90) for _ in range(len(plan.atoms))])
            day = FIRST + timedelta(draw.randrange(1000))
            made = type(plan)(atoms, plan.owners, register=plan.register, profile=plan.profile, borders=plan.borders)
            version = store.publish(made, valid_from=day)
            acknowledged.write(f"{version} {day}\n")
            acknowledged.flush()
            os.fsync(acknowledged.fileno())


def read_log(log: Path) -> list[tuple[int, str]]:
    """Read the versions that were acknowledged, in their order; a line that broke off was not."""
    lines = log.read_text().splitlines(keepends=True) if log.exists() else []
    made = [line.split() for line in lines if line.endswith("\n")]
    return [(int(version), day) for version, day in made]


def kill_once(place: str, log: Path, draw: random.Random, server: Path | None) -> str:
    """Let a child publish for a random time, then kill it, or the server under it; tell which."""
    before = len(read_log(log))
    arguments = ["--publish-on", place, "--log", str(log), "--seed", str(draw.randrange(2**31))]
    child = subprocess.Popen([sys.executable, __file__, *arguments], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while child.poll() is None and time.monotonic() < deadline:
        if len(read_log(log)) > before:  # its libraries are loaded: from here on it only publishes
            break
        time.sleep(0.01)
    time.sleep(draw.uniform(0, LONGEST_S))
    who = "child"
    if server is not None and draw.random() < SERVER_DIES:
        who = "server"
        pid = int((server / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
    child.kill()
    child.wait()
    if who == "server":
        _start_again(server)
    return who


def _start_again(server: Path | None) -> None:
    """Start a server that was killed, when the processes it left behind are gone."""
    for _ in range(100):
        try:
            clusters.start_cluster(server, SETTINGS)
        except subprocess.CalledProcessError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the server does not start again")


def count_faults(store: Store, acknowledged: list[tuple[int, str]]) -> dict[str, int]:
    """Count what was acknowledged and is not there, what is there in half, and what is unsound."""
    listed = store.plans()
    lost = sum(
        version not in listed.index or listed.at[version, "valid_from"].isoformat() != day
        for version, day in acknowledged
    )
    with store._connection(store._readers) as connection:
        unused = "SELECT count(*) FROM frames WHERE frame_id NOT IN (SELECT frame_id FROM plan_frames)"
        half = connection.exec_driver_sql(unused).scalar() or 0
    damage = store.check()
    half += sum(" has no " in line for line in damage)
    for day in {listed.at[version, "valid_from"] for version in listed.index}:
        areas, owner = store.areas("grid", day), store.owner("grid", day)
        half += set(areas.index) != set(owner)
    return {"lost": lost, "half": half, "unsound": len(damage)}


def run(place: str, publishes: int, seed: int, server: Path | None = None) -> dict[str, int]:
    """Kill until so many publishings were acknowledged, then count.

    Parameters
    ----------
    place : str
        Of an empty store.
    publishes : int
    seed : int
    server : Path, optional
        Folder of the cluster whose server is killed too.

    Returns
    -------
    dict of str to int
        ``lost, half, unsound``, beside ``acknowledged, kills, server_kills, more`` (there, though not acknowledged).
    """
    draw = random.Random(seed)
    kills = {"child": 0, "server": 0}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "acknowledged"
        open_store(place).close()
        while len(read_log(log)) < publishes:
            kills[kill_once(place, log, draw, server)] += 1
        acknowledged = read_log(log)
    with _opened(place) as store:
        found = count_faults(store, acknowledged)
        more = len(store.plans()) - len(acknowledged)
    told = {"acknowledged": len(acknowledged), "kills": kills["child"], "server_kills": kills["server"]}
    return found | told | {"more": more}


def _opened(place: str) -> Store:
    """Open a store whose server may still be recovering."""
    for _ in range(100):
        try:
            return open_store(place, create=False)
        except StorageError:
            time.sleep(0.1)
    return open_store(place, create=False)


def main() -> None:
    """Run what the command line asks for; end with 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--publishes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--back-end", nargs="*", default=["sqlite", "postgis"], choices=["sqlite", "postgis"])
    parser.add_argument("--publish-on", help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.publish_on:
        publish_on(asked.publish_on, asked.log, asked.seed)
        return
    faults = 0
    for back_end in asked.back_end:
        folder = Path(tempfile.mkdtemp(prefix="gridgeo-kill-", dir="/tmp"))
        try:
            told = _run_on(back_end, folder, asked.publishes, asked.seed)
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                clusters.stop_cluster(folder, "immediate")
            shutil.rmtree(folder, ignore_errors=True)
        print(f"{back_end}: " + ", ".join(f"{count} {name}" for name, count in told.items()), flush=True)
        faults += told["lost"] + told["half"] + told["unsound"]
    sys.exit(1 if faults else 0)


def _run_on(back_end: str, folder: Path, publishes: int, seed: int) -> dict[str, int]:
    if back_end == "sqlite":
        return run(str(folder / "town.db"), publishes, seed)
    clusters.make_cluster(folder, SETTINGS)
    place = clusters.make_database(folder, "town", "template0", "CREATE EXTENSION postgis")
    return run(place, publishes, seed, folder)


if __name__ == "__main__":
    main()
