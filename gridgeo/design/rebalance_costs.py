"""Tell what a change of a plan costs: households moved, areas changed, bands kept, borders, officers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gridgeo.model.plan import Plan
from gridgeo.model.quality import cut_borders, polsby_popper


def cost_table(
    before: Plan,
    after: Plan,
    settled: np.ndarray,
    allowed: int,
    bounds: Mapping[str, int | None],
    duties: pd.DataFrame | None,
) -> pd.DataFrame:
    """Compare two plans on the same atoms.

    Parameters
    ----------
    before, after : Plan
    settled : array of int, shape (n,)
        Households that lived there before.
    allowed : int, households
    bounds : mapping of level to int
        The fewest that have to move.
    duties : DataFrame, optional
        Table ``DUTIES``.

    Returns
    -------
    DataFrame
        Index ``level``; columns as ``Rebalanced`` says.
    """
    rows = {}
    for level in [str(each) for each in before.levels[1:]]:
        old, new = before.owner(level), after.owner(level)
        apart = (old != new).to_numpy()
        moved = int(settled[apart].sum())
        touched = set(old[apart]) | set(new[apart])
        gone, made = set(old) - set(new), set(new) - set(old)
        shapes = [plan.areas(level) for plan in (before, after)]
        out = [_outside(plan, level) for plan in (before, after)]
        bound = bounds.get(level)
        rows[level] = {
            "moved": moved,
            "share": moved / max(int(settled.sum()), 1),
            "allowed": allowed,
            "changed": len(touched - gone - made),
            "made": len(made),
            "closed": len(gone),
            "in_band_before": 1 - out[0] / max(len(shapes[0]), 1),
            "in_band": 1 - out[1] / max(len(shapes[1]), 1),
            "out_before": out[0],
            "out": out[1],
            "border_m_before": float(cut_borders(before, level)["length_m"].sum()),
            "border_m": float(cut_borders(after, level)["length_m"].sum()),
            "compactness_before": float(polsby_popper(shapes[0].geometry.to_numpy()).mean()),
            "compactness": float(polsby_popper(shapes[1].geometry.to_numpy()).mean()),
            "officers": _officers(duties, touched),
            "bound": float("nan") if bound is None else bound,
            "distance_to_bound": _distance(moved, bound),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("level")


def _distance(moved: int, bound: int | None) -> float:
    if bound is None:
        return float("nan")
    if moved == 0:
        return 1.0
    return moved / bound if bound else float("inf")


def _outside(plan: Plan, level: str) -> int:
    """Count the areas outside the main band of their level, institutions' own left out."""
    limits = plan.profile.limits.get(level)
    if limits is None or limits.strength == "may" or limits.measure not in plan.atoms:
        return 0
    held = plan.atoms[limits.measure].groupby(plan.owner(level)).sum()
    base = plan.register.loc[held.index, "kind"].to_numpy() != "exclusive"
    return int((((held < limits.low) | (held > limits.high)).to_numpy() & base).sum())


def _officers(duties: pd.DataFrame | None, touched: set[str]) -> float:
    """Count the officers who answer for an area that changes."""
    if duties is None:
        return float("nan")
    return float(duties.loc[duties["area_id"].isin(touched), "officer_id"].nunique())
