"""Tell how much an atom may hold, so that areas of a profile's band can be put together from atoms."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError
from gridgeo.model.levels import Level
from gridgeo.model.profile import UNLIMITED, Limits, Profile

CAP = 200
"""Most households of an atom where no rule tells."""
PART_OF_BAND, PART_OF_AREA = 0.4, 0.2
"""Largest share of a band's upper end that an atom may take: of a count without a lower end, and of an area in m2."""


def caps_of(
    profile: Profile | None, cap: int | None, cap_m2: float | None, homes: gpd.GeoDataFrame | None
) -> tuple[int, float | None]:
    """Work out the most that an atom should hold.

    Parameters
    ----------
    profile : Profile, optional
        Its innermost level that is measured in households counts: high - low. Beats are no level of this kind.
        Where no level is, the innermost one is converted by the mean of its measure a household.
    cap : int, households, optional
    cap_m2 : float, optional
        Both go before the profile's.
    homes : GeoDataFrame, optional
        Table ``HOUSEHOLDS``.

    Returns
    -------
    cap : int, households
    cap_m2 : float or None

    Raises
    ------
    TableError
        If a cap is not above 0.
    """
    if cap is not None and cap < 1:
        raise TableError(f"cap: is {cap}, below 1")
    if cap_m2 is not None and not (np.isfinite(cap_m2) and cap_m2 > 0):
        raise TableError(f"cap_m2: is {cap_m2}, not a number of m2 above 0")
    by_rule, by_rule_m2 = CAP, None
    limits = None if profile is None else _innermost(profile)
    if limits is not None:
        if limits.measure == "area_m2":
            by_rule_m2 = PART_OF_AREA * _upper(limits)
        else:
            by_rule = _households_of(limits, homes)
    return (by_rule if cap is None else cap), (by_rule_m2 if cap_m2 is None else cap_m2)


def upper_end(profile: Profile | None, cap: int) -> int:
    """Give the most households that an area of the innermost level may hold; the cap where no profile tells."""
    limits = None if profile is None else _innermost(profile)
    if limits is None or limits.measure != "households" or limits.high >= UNLIMITED:
        return cap
    return limits.high


def _innermost(profile: Profile) -> Limits | None:
    """Find the innermost limits in households, else the innermost limits."""
    levels = [level for level in reversed(profile.levels) if level != Level.BEAT]
    every = [limits for level in levels for limits in (profile.limits[level], *profile.further.get(level, ()))]
    counted = [limits for limits in every if limits.measure == "households"]
    return next(iter(counted or every), None)


def _upper(limits: Limits) -> int:
    """Give the upper end of a band; of one that states none, what an area should hold."""
    return limits.high if limits.high < UNLIMITED else limits.target


def _households_of(limits: Limits, homes: gpd.GeoDataFrame | None) -> int:
    """Convert the room in a band to households."""
    closed = limits.low > 0 and limits.high < UNLIMITED
    room = limits.high - limits.low if closed else PART_OF_BAND * _upper(limits)
    if limits.measure == "households":
        return max(int(room), 1)
    if homes is None or limits.measure not in homes:
        return CAP
    amount = float(pd.to_numeric(homes[limits.measure], errors="coerce").sum())
    return max(int(room * int(homes["count"].sum()) / amount), 1) if amount > 0 else CAP


_OWN_COLUMNS = {"community_id", "kind", "block_id", "keep_with", "households", "area_m2", "geometry"}


def check_sums(table: gpd.GeoDataFrame, sums: Sequence[str], name: str) -> list[str]:
    """Check the columns that are to be summed into atoms.

    Parameters
    ----------
    table : DataFrame
    sums : sequence of str
    name : str
        Word of the table in messages.

    Returns
    -------
    list of str
        Without repetitions, and without ``persons``, which is always summed.

    Raises
    ------
    TableError
        Naming table, column, row and value of the first fault.
    """
    if isinstance(sums, str):
        raise TableError(f"sums: is the text {sums!r}, not a list of columns; write [{sums!r}]")
    for column in sums:
        if column in _OWN_COLUMNS:
            raise TableError(f"sums: column {column!r} is one of table atoms itself; rename it")
        if column not in table:
            raise TableError(f"{name}: column {column!r} is missing; it is named in sums")
        _check_amounts(table[column], f"{name}: {column}")
    return [column for column in dict.fromkeys(sums) if column != "persons"]


def _check_amounts(values: pd.Series, what: str) -> None:
    missing = values.isna()
    if missing.any():
        raise TableError(f"{what} of {values.index[missing][0]!r} is missing")
    are_numbers = values.map(lambda value: isinstance(value, Real) and not isinstance(value, bool)).astype(bool)
    numbers = pd.to_numeric(values.where(are_numbers), errors="coerce").astype(float)
    for wrong, words in ((~np.isfinite(numbers), "not a number"), (numbers < 0, "below 0")):
        if wrong.any():
            value = values[wrong].iloc[0]
            value = value.item() if isinstance(value, np.generic) else value
            raise TableError(f"{what} of {values.index[wrong][0]!r} is {value!r}, {words}")
