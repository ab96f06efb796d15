"""Publish large plans on SQLite and on PostGIS, and look up days among fifty versions."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "tests")]

import clusters  # noqa: E402
from measure import Cost, Row  # noqa: E402

import gridgeo as gg  # noqa: E402
from gridgeo.model.tables import BORDERS, empty  # noqa: E402
from gridgeo.storage.store import open_store  # noqa: E402

GRIDS = {"small": 100, "2k": 500, "20k": 1_000, "100k": 5_000}
MICROS_PER_GRID = 6
SIDE_M = 40.0
CRS = "EPSG:4549"
FIRST = date(2026, 1, 1)
VERSIONS = {"small": 4, "2k": 50, "20k": 50, "100k": 50}
LOOK_UPS = 100
ROUNDS = 3
MOVED = 20  # atoms that change hands from one version to the next


def draw_plan(grids: int) -> gg.Plan:
    """Draw a town of square blocks: six to a grid, each a micro grid of its own."""
    rows = int(np.ceil(np.sqrt(grids)))
    columns = -(-grids // rows) * MICROS_PER_GRID
    row, column = np.divmod(np.arange(grids * MICROS_PER_GRID), columns)
    west, south = 500_000 + column * SIDE_M, 3_400_000 + row * SIDE_M
    shapes = shapely.box(west, south, west + SIDE_M, south + SIDE_M)
    ids = pd.Index([f"B{number:06d}" for number in range(len(shapes))], name="atom_id")
    atoms = gpd.GeoDataFrame(
        {"community_id": "C1", "kind": "block", "block_id": ids, "keep_with": None, "households": 65, "persons": 170},
        geometry=gpd.GeoSeries(shapes, index=ids, crs=CRS),
        index=ids,
    )
    atoms.insert(6, "area_m2", atoms.area)
    numbers = np.arange(len(ids))
    owners = {
        "community": pd.Series("C1", index=ids, dtype="str"),
        "grid": pd.Series([f"G{number // MICROS_PER_GRID:05d}" for number in numbers], index=ids, dtype="str"),
        "micro": pd.Series([f"M{number:06d}" for number in numbers], index=ids, dtype="str"),
    }
    profile = gg.load_profile("guali-2024")
    return gg.Plan(
        atoms, owners, register=_register(owners), profile=profile, borders=empty(BORDERS), manifest={"seed": 0}
    )


def _register(owners: dict[str, pd.Series]) -> pd.DataFrame:
    rows = []
    parent: pd.Series | None = None
    for level, owner in owners.items():
        pairs = pd.DataFrame({"area_id": owner, "parent_id": parent}).drop_duplicates("area_id")
        rows.append(pairs.assign(level=level, name=pairs["area_id"], code=None, kind="residential"))
        parent = owner
    made = pd.concat(rows).set_index("area_id")
    return made[["code", "name", "level", "kind", "parent_id"]]


@contextmanager
def places(folder: Path) -> Iterator[dict[str, list[str]]]:
    """Give two addresses on each back end; the server writes through to the disk, as one in service does."""
    names = ("town", "single")
    found = {"SQLite": [str(folder / f"{name}.db") for name in names]}
    if clusters.skip_reason():
        yield found
        return
    server = Path(tempfile.mkdtemp(prefix="gridgeo-pg-", dir="/tmp"))
    try:
        clusters.make_cluster(server, ("listen_addresses=", "shared_buffers=128MB", "max_wal_size=2GB"))
        made = [clusters.make_database(server, name, "template0", "CREATE EXTENSION postgis") for name in names]
        yield found | {"PostGIS": made}
    finally:
        if (server / "data" / "postmaster.pid").exists():
            clusters.stop_cluster(server, "immediate")
        shutil.rmtree(server, ignore_errors=True)


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Measure one size of ``GRIDS``.

    Yields
    ------
    Row
        Look-ups are timed by the clock, as a server works beside this process.
    """
    plan = draw_plan(GRIDS[size])
    plan.areas("micro")
    with tempfile.TemporaryDirectory() as folder, places(Path(folder)) as found:
        for back_end, (place, other) in found.items():
            with open_store(place) as store, open_store(other) as single:
                yield from _measure(store, single, plan, size, back_end, seed)


def _measure(store: Any, single: Any, plan: gg.Plan, size: str, back_end: str, seed: int) -> Iterator[Row]:
    wall_s, cost = _timed(lambda: store.publish(plan, valid_from=FIRST))
    yield Row("publish", len(plan.register), "areas", cost, note=f"{back_end}, {wall_s:.1f} s on the clock")
    single.publish(plan, valid_from=FIRST)
    random = np.random.default_rng(seed)
    days = [FIRST + timedelta(100 * number) for number in range(VERSIONS[size])]
    for day in days[1:]:
        store.publish(_moved(plan, random), valid_from=day)
    points = shapely.get_coordinates(plan.atoms.sample(LOOK_UPS, random_state=seed).geometry.representative_point())
    among, alone = _look_ups([store, single], points, days[0])
    note = f"{back_end}, in turn; {100 * (among.seconds / alone.seconds - 1):+.1f} %"
    yield Row("area_ids_at", VERSIONS[size], "versions", among, "with one version", alone, note)
    wall_s, cost = _timed(lambda: store.areas("grid", days[0]))
    note = f"{back_end}, one of {VERSIONS[size]} versions, {wall_s:.2f} s on the clock"
    yield Row("areas", GRIDS[size], "grids", cost, note=note)


def _timed(work: Any) -> tuple[float, Cost]:
    """Give the seconds of the wall clock, and the CPU seconds of this process; the server's are not among them."""
    wall, began = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, Cost(time.process_time() - began, float("nan"))


def _look_ups(stores: list[Any], points: np.ndarray, day: date) -> list[Cost]:
    """Ask stores in turn, so that all meet the same moments; give the middle of each one's seconds."""
    seconds: list[list[float]] = [[] for _ in stores]
    for _ in range(ROUNDS):
        for x, y in points:
            for store, spent in zip(stores, seconds, strict=True):
                began = time.perf_counter()
                store.area_ids_at(x, y, day)
                spent.append(time.perf_counter() - began)
    return [Cost(float(np.median(spent)), float("nan")) for spent in seconds]


def _moved(plan: gg.Plan, random: np.random.Generator) -> gg.Plan:
    """Let a few blocks change their grid with their neighbour's."""
    owner = plan.owner("grid").copy()
    at = random.choice(len(owner) - 1, MOVED, replace=False)
    owner.iloc[at] = owner.iloc[at + 1].to_numpy()
    owners = {level: owner if level == "grid" else held for level, held in plan.owners.items()}
    return gg.Plan(
        plan.atoms, owners, register=plan.register, profile=plan.profile, borders=plan.borders, manifest=plan.manifest
    )


if __name__ == "__main__":
    from run import HEADER, run_series

    print(HEADER, os.uname().machine)
    run_series("store", rows, sys.argv[1] if len(sys.argv) > 1 else "small", 0)
