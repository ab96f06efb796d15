"""Rate areas with one to five stars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError

from .rates import FEWEST

_STARS = 5
_ROUNDING = 1e-9


def rate_stars(
    values: pd.Series,
    counts: pd.Series,
    *,
    thresholds: Sequence[float] | None = None,
    quantiles: Sequence[float] | None = None,
    fewest: int = FEWEST,
) -> pd.Series:
    """Give each area one to five stars.

    Parameters
    ----------
    values : Series of float
        What is rated, by ``area_id``; more is better. Missing values have no stars.
    counts : Series of int
        Of how many incidents each value tells, by ``area_id``.
    thresholds : sequence of four floats
        The least value for two, three, four and five stars.
    quantiles : sequence of four floats between 0 and 1
        Instead: the shares of areas up to one, two, three and four stars. Areas of the same value share the stars of
        the best place among them.
    fewest : int
        An area with fewer incidents has no stars, and does not move those of others.

    Returns
    -------
    Series of Int64
        Indexed like ``values``; missing where there is too little to rate.

    Raises
    ------
    TableError
        If the limits are not four rising numbers, both or neither kind is given, an id stands twice, or a value has
        no count.
    """
    limits = _limits(thresholds, quantiles)
    for series, name in ((values, "values"), (counts, "counts")):
        if not series.index.is_unique:
            raise TableError(f"ratings: {name}: {series.index[series.index.duplicated()][0]!r} stands twice")
    strange = values.index.difference(counts.index, sort=False)
    if len(strange):
        raise TableError(f"ratings: {strange[0]!r} has a value and no count")
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    enough = counts.reindex(values.index).to_numpy(dtype=float, na_value=0.0) >= fewest
    rated = numbers[np.isfinite(numbers.to_numpy()) & enough]
    if thresholds is None:
        measured = rated.rank(method="max").to_numpy()
        reached = measured[:, None] > limits * len(rated) + _ROUNDING
    else:
        reached = rated.to_numpy()[:, None] >= limits
    stars = pd.Series(1 + reached.sum(axis=1), index=rated.index, dtype="Int64")
    return stars.reindex(values.index).rename("stars")


def _limits(thresholds: Sequence[float] | None, quantiles: Sequence[float] | None) -> np.ndarray:
    if (thresholds is None) == (quantiles is None):
        raise TableError("ratings: give either thresholds or quantiles")
    given, name = (thresholds, "thresholds") if quantiles is None else (quantiles, "quantiles")
    limits = np.asarray(given, dtype=float)
    if limits.shape != (_STARS - 1,) or not np.isfinite(limits).all() or not (np.diff(limits) > 0).all():
        raise TableError(f"ratings: {name} are {given!r}, not four rising numbers")
    if name == "quantiles" and not (limits[0] > 0 and limits[-1] < 1):
        raise TableError(f"ratings: quantiles are {given!r}, not between 0 and 1")
    return limits
