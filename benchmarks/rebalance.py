"""Measure a year of building: the plan made to conform again, beside drawing it anew.

python benchmarks/run.py --size 2k --only rebalance
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from measure import Row, measure
from path import HOUSEHOLDS, PROFILE
from scipy.optimize import linear_sum_assignment

import gridgeo as gg


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Let a town of a size grow, and adjust its plan.

    Parameters
    ----------
    size : str
        A key of ``HOUSEHOLDS``.
    seed : int

    Yields
    ------
    Row
    """
    profile = gg.load_profile(PROFILE)
    town = gg.make_town(households=HOUSEHOLDS[size], seed=seed)
    atoms = gg.make_atoms(
        town.communities, town.streets, households=town.households, buildings=town.buildings, profile=profile
    )
    plan = gg.partition(atoms, profile, seed=seed)
    grown = grow(plan, seed)
    gg.rebalance(plan, plan.atoms, alternatives=1)
    answer, cost = measure(lambda: gg.rebalance(plan, grown, alternatives=1))
    anew, peer = measure(lambda: gg.partition(grown, profile, seed=seed))
    settled = np.minimum(plan.atoms["households"], grown["households"])
    note = (
        f"moved {answer.share:.2%}, {answer.distance_to_bound:.2f} x the bound; anew "
        f"{moved_share(plan.owner('grid'), anew.owner('grid'), settled):.1%}"
    )
    yield Row("rebalance", len(atoms), "atoms", cost, "partition anew", peer, note)


def grow(plan: gg.Plan, seed: int) -> pd.DataFrame:
    """Add 2 % here and there and a tower for each 8,000 households, and empty twelve houses."""
    chance = np.random.default_rng(seed)
    held = plan.atoms["households"].to_numpy().copy()
    total = int(held.sum())
    np.add.at(held, chance.choice(np.flatnonzero(held > 0), max(int(0.02 * total / 4), 1)), 4)
    for at in chance.choice(np.flatnonzero(held > 2), max(total // 8_000, 1), replace=False):
        held[at] += chance.integers(150, 300)
    held[chance.choice(np.flatnonzero(held > 2), 12, replace=False)] = 0
    return plan.atoms.assign(households=held)


def moved_share(before: pd.Series, after: pd.Series, settled: pd.Series) -> float:
    """Tell what share moves when each new area is given the name that saves most."""
    shared = pd.crosstab(before, after, settled, aggfunc="sum").fillna(0).to_numpy()
    return float(1 - shared[linear_sum_assignment(-shared)].sum() / settled.sum())
