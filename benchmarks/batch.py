"""Measure many communities at once: two workers against one, and against one run over the whole table, wall seconds."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from measure import Cost, Row

import gridgeo as gg

HOUSEHOLDS = {"small": 3_000, "2k": 16_000, "20k": 140_000, "100k": 700_000}
"""Households of the town; 700,000 live in some 400 communities."""
PROFILE = "guali-2024"
WORKERS = 2


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Divide a town of a size by one worker and by two.

    Parameters
    ----------
    size : str
        A key of ``HOUSEHOLDS``.
    seed : int
        Of the town and the plan.

    Yields
    ------
    Row
        Seconds are those of the clock, as the work is done by several processes; memory is not measured.
    """
    profile = gg.load_profile(PROFILE)
    town = gg.make_town(households=HOUSEHOLDS[size], seed=seed)
    atoms = gg.make_atoms(town.communities, town.streets, town.households, town.buildings, profile=profile)
    count = atoms["community_id"].nunique()
    whole, at_once = _timed(lambda: gg.partition(atoms, profile, seed=seed))
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "atoms.parquet"
        _, cost = _timed(lambda: gg.write_atoms(atoms, source))
        yield Row("write_atoms", len(atoms), "atoms", cost, note="wall seconds here and below")

        def divide(workers: int) -> pd.DataFrame:
            return gg.partition_many(source, profile, Path(place) / str(workers), seed=seed, workers=workers)

        _, one = _timed(lambda: divide(1))
        yield Row("1 worker", count, "communities", one, "partition, whole table at once", at_once)
        _, several = _timed(lambda: divide(WORKERS))
        plan, cost = _timed(lambda: gg.join_plans(Path(place) / str(WORKERS)))
        same = all(plan.owner(level).equals(whole.owner(level)) for level in whole.levels)
        yield Row(f"{WORKERS} workers", count, "communities", several, "1 worker", one, f"same plan: {same}")
        yield Row("join_plans", len(atoms), "atoms", cost)


def _timed(work: Callable[[], Any]) -> tuple[Any, Cost]:
    began = time.perf_counter()
    result = work()
    return result, Cost(time.perf_counter() - began, float("nan"))


if __name__ == "__main__":  # a worker that is spawned imports this file again
    from run import run_series

    for wanted in ("small", "100k"):
        run_series("batch", rows, wanted, 0)
