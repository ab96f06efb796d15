"""Count what each area of a plan holds of a measure, and hold it against the profile's bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .bands import ABOVE, WITHIN, has_ends, side_of
from .levels import AreaKind, Level
from .profile import Limits

if TYPE_CHECKING:
    from .plan import Plan


def measures_of(plan: Plan, level: str) -> tuple[Limits, ...]:
    """List what the profile measures at a level, its main measure first; none at a level that it does not rule."""
    main = plan.profile.limits.get(level)
    return () if main is None else (main, *plan.profile.further.get(level, ()))


def held_by(plan: Plan, level: str, measure: str) -> pd.Series:
    """Count what each area holds of a measure.

    Parameters
    ----------
    plan : Plan
    level : str
    measure : str
        A column of table ``ATOMS``, rounded atom by atom as they are when areas are drawn, or ``"grids"``.

    Returns
    -------
    Series of Int64
        Index ``area_id``, in order; missing where the atoms do not have the column.
    """
    owner = plan.owner(level)
    ids = pd.Index(np.unique(owner.to_numpy(dtype=str)), name="area_id")
    if measure == "grids":
        return plan.owner(Level.GRID).reindex(owner.index).groupby(owner).nunique().reindex(ids).astype("Int64")
    if measure not in plan.atoms:
        return pd.Series(pd.NA, index=ids, dtype="Int64")
    amounts = pd.to_numeric(plan.atoms[measure], errors="coerce").reindex(owner.index).fillna(0).round().astype("int64")
    return amounts.groupby(owner).sum().reindex(ids).astype("Int64")


def sides_of_areas(plan: Plan, level: str, limits: Limits | None = None) -> pd.Series:
    """Tell on which side of a band each area lies.

    Parameters
    ----------
    plan : Plan
    level : str
    limits : Limits, optional
        One of the level's bands; without it the main one.

    Returns
    -------
    Series of Int64
        Index ``area_id``, in order: -1 below, 0 inside, 1 above. Missing where nothing judges: an institution's own
        area, a level or a measure without a band, a measure that the atoms do not count. An area that is cut into
        ranges of floors lies where its worst range does, and is above rather than below where it has both.
    """
    limits = plan.profile.limits.get(level) if limits is None else limits
    if limits is None or not has_ends(limits):
        ids = pd.Index(np.unique(plan.owner(level).to_numpy(dtype=str)), name="area_id")
        return pd.Series(pd.NA, index=ids, dtype="Int64")
    held = held_by(plan, level, limits.measure)
    sides = pd.Series(side_of(limits, held.fillna(0)), index=held.index, dtype="Int64").mask(held.isna())
    if limits.measure == "households":
        sides = _with_floors(sides, plan.stacked, limits)
    kinds = plan.register["kind"].reindex(sides.index)
    return sides.mask((kinds == AreaKind.EXCLUSIVE).to_numpy())


def _with_floors(sides: pd.Series, stacked: pd.DataFrame, limits: Limits) -> pd.Series:
    """Judge areas that are cut into ranges of floors by these."""
    ranges = stacked[stacked["parent_id"].isin(sides.index)]
    if not len(ranges):
        return sides
    side = pd.Series(side_of(limits, ranges["households"]), index=ranges.index).groupby(ranges["parent_id"])
    worst = side.max().where(side.max() == ABOVE, side.min())
    sides = sides.copy()
    sides[worst.index] = worst.astype("Int64")
    return sides


def in_band(plan: Plan, level: str, limits: Limits | None = None) -> pd.Series:
    """Tell which areas keep a band.

    Parameters
    ----------
    plan, level, limits
        As for ``sides_of_areas``.

    Returns
    -------
    Series of boolean
        Missing where ``sides_of_areas`` is.
    """
    return sides_of_areas(plan, level, limits) == WITHIN


def share_in_band(judged: pd.Series) -> float:
    """Return the share of areas that keep a band among those that it judges; nan where it judges none."""
    known = judged.dropna()
    return float(known.astype(bool).mean()) if len(known) else float("nan")
