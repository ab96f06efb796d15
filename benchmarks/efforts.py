"""Measure the partition at each effort, one community redrawn, and both without numba; the solver's CPU seconds."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from measure import Cost, Row

import gridgeo as gg
from gridgeo.design.partition import METHODS
from gridgeo.design.problem import Problem
from gridgeo.design.solver import EFFORTS

HOUSEHOLDS = {"small": 3_000, "2k": 16_000, "20k": 140_000, "100k": 700_000}
"""Households of the town; 700,000 live on some 108,000 atoms."""
ATOMS, PROFILE = "guali-2024", "sichuan"
"""Atoms fine enough for micro grids of 50 to 80 households are divided into grids of 300 to 500."""
MOST_ATOMS = 1_000
"""The community that is redrawn has at most so many."""


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Divide a town of a size into grids.

    Parameters
    ----------
    size : str
        A key of ``HOUSEHOLDS``.
    seed : int
        Of the town and the plan.

    Yields
    ------
    Row
        Seconds are those of the method alone, without reading borders and measuring areas; memory is not measured.
        The peer of ``fast`` and of the community is the same run without numba, in a process of its own.
    """
    fine = gg.load_profile(ATOMS)
    town = gg.make_town(households=HOUSEHOLDS[size], seed=seed)
    atoms = gg.make_atoms(town.communities, town.streets, town.households, town.buildings, profile=fine)
    counts = atoms["community_id"].value_counts()
    chosen = counts[counts <= MOST_ATOMS].index[0]
    community = atoms[atoms["community_id"] == chosen]
    _solve(community, "fast", seed)
    for effort in EFFORTS:
        ours = _solve(atoms, effort, seed)
        yield _row(effort, atoms, ours, _without_numba(atoms, effort, seed) if effort == "fast" else None)
    yield _row("one community", community, _solve(community, "normal", seed), _without_numba(community, "normal", seed))


def _row(step: str, atoms: gpd.GeoDataFrame, ours: dict[str, Any], plain: dict[str, Any] | None) -> Row:
    note = f"in band {ours['in_band']:.1%}, PP {ours['compactness']:.3f}, 10th {ours['tenth']:.3f}"
    seconds = Cost(ours["seconds"], float("nan"))
    if plain is None:
        return Row(step, len(atoms), "atoms", seconds, note=note)
    note += f"; same plan: {plain['owner'].equals(ours['owner'])}"
    return Row(step, len(atoms), "atoms", seconds, "without numba", Cost(plain["seconds"], float("nan")), note)


def _solve(atoms: gpd.GeoDataFrame, effort: str, seed: int) -> dict[str, Any]:
    """Divide atoms; give the method's CPU seconds, the owners and what the areas are worth."""
    spent = 0.0

    def method(problem: Problem, seed: int) -> np.ndarray:
        nonlocal spent
        began = time.process_time()
        zone = METHODS["gridgeo"](problem, EFFORTS[effort], seed)
        spent += time.process_time() - began
        return zone

    plan = gg.partition(atoms, gg.load_profile(PROFILE), method=method, effort=effort, seed=seed)
    quality = plan.quality("grid")
    tenth = float(plan.area_measures("grid")["compactness"].quantile(0.1))
    return {"seconds": spent, "owner": plan.owner("grid"), "tenth": tenth,
            "in_band": quality["in_band"], "compactness": quality["compactness"]}  # fmt: skip


def _without_numba(atoms: gpd.GeoDataFrame, effort: str, seed: int) -> dict[str, Any]:
    """Do the same in a process of its own that has no compiler."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "atoms.pickle"
        path.write_bytes(pickle.dumps(atoms))
        subprocess.run([sys.executable, __file__, str(path), effort, str(seed)],
                       env=os.environ | {"GRIDGEO_NUMBA": "0"}, check=True)  # fmt: skip
        return dict(pickle.loads(path.read_bytes()))


if __name__ == "__main__":
    path, effort, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    path.write_bytes(pickle.dumps(_solve(pickle.loads(path.read_bytes()), effort, seed)))
