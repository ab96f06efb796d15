"""Suppress small counts in what is published, so that none can be derived from the totals beside it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import TableError

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

SMALLEST_PUBLISHED = 5
RATES = ("rate", "per_km2", "per_1000_households")
TELLING = ("smoothed_rate", "z", "p", "q", "hot_bins", "cold_bins", "trend_z", "trend_p", "last_z")


@dataclass(frozen=True)
class PublishedCounts:
    """Counts and totals as they may be published; what is suppressed is missing.

    Parameters
    ----------
    counts : Series of Int64
        Indexed by ``area_id``.
    totals : Series of Int64
        Indexed by the id of the parent; a total is missing where it would give a count away.
    total : int or None
        Of all areas.
    """

    counts: pd.Series
    totals: pd.Series
    total: int | None


def suppress_small_counts(
    counts: pd.Series, parents: pd.Series | None = None, *, smallest: int = SMALLEST_PUBLISHED
) -> PublishedCounts:
    """Suppress counts from 1 to ``smallest - 1``, and as few others as keep them from being derived.

    A zero is published: it tells of nobody. The counts that are suppressed in one community are known to its reader
    by their sum alone, its total less the published ones. So at least two must be suppressed, they must add up to at
    least ``smallest``, and they must not all be equal: else their sum would give them away. Where the small counts of
    a community do not keep to that by themselves, its smallest other counts are suppressed too; where there are not
    enough of those, its total is. Totals that are suppressed keep to the same rule below the total of all areas.

    What is published does not say which of the suppressed counts were small. Not covered: what a reader knows from
    elsewhere, and the difference between two tables of the same incidents, such as by hour or for another plan.

    Parameters
    ----------
    counts : Series of int
        Indexed by ``area_id``.
    parents : Series of text, optional
        The community of each area, by ``area_id``; without it all areas share one, named ``""``.
    smallest : int
        The smallest count above 0 that may be published; 1 suppresses nothing.

    Returns
    -------
    PublishedCounts

    Raises
    ------
    TableError
        If a count is no whole number from 0 up, an area has no parent, an id is repeated, or ``smallest`` is below 1.
    """
    values, group, names = _check(counts, parents, smallest)
    hidden = (values > 0) & (values < smallest)
    totals = np.bincount(group, values, minlength=len(names)).astype(np.int64)
    is_open = np.ones(len(names), dtype=bool)
    ids = counts.index.astype(str).to_numpy(dtype=object)
    order = np.lexsort((np.unique(ids, return_inverse=True)[1], values, group))
    starts = np.searchsorted(group[order], np.arange(len(names) + 1))
    members = [order[start:end] for start, end in pairwise(starts)]
    for number in np.unique(group[hidden]):
        is_open[number] = _protect(values, hidden, members[number], smallest)
    total_is_open = _protect_totals(values, hidden, members, totals, is_open, smallest)
    return PublishedCounts(
        pd.Series(values, index=counts.index, name=counts.name, dtype="Int64").mask(hidden),
        pd.Series(totals, index=names, name=counts.name, dtype="Int64").where(is_open),
        int(values.sum()) if total_is_open else None,
    )


def publish_spots(
    spots: pd.DataFrame, parents: pd.Series | None = None, *, smallest: int = SMALLEST_PUBLISHED
) -> tuple[pd.DataFrame, PublishedCounts]:
    """Take out of a table of hot spots what would tell small counts.

    Parameters
    ----------
    spots : DataFrame
        As ``hot_spots`` gives, with any further columns.
    parents, smallest
        As ``suppress_small_counts``.

    Returns
    -------
    spots : DataFrame
        ``count``, ``rate``, ``per_km2`` and ``per_1000_households`` are missing where the count is suppressed, and
        ``suppressed`` says so. ``smoothed_rate``, ``z``, ``p``, ``q`` and the figures behind a trend are not there:
        each is made of the counts of an area and its neighbours, and tables of sums can be solved.
    published : PublishedCounts

    Raises
    ------
    TableError
        As ``suppress_small_counts``.
    """
    published = suppress_small_counts(spots["count"], parents, smallest=smallest)
    hidden = published.counts.isna()
    made = spots.drop(columns=[name for name in TELLING if name in spots.columns])
    made = made.assign(count=published.counts, suppressed=hidden)
    rates = [name for name in RATES if name in made.columns]
    made[rates] = made[rates].mask(hidden)
    return made, published


def _check(counts: pd.Series, parents: pd.Series | None, smallest: int) -> tuple[Whole, Whole, pd.Index]:
    """Give the counts, the number of each one's parent, and the parents' names in order."""
    if smallest < 1:
        raise TableError(f"smallest is {smallest}, it must be 1 or more")
    if counts.index.has_duplicates:
        raise TableError(f"counts: area {counts.index[counts.index.duplicated()][0]!r} is there twice")
    numbers = pd.to_numeric(counts, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = ~(numbers >= 0) | (numbers != np.floor(numbers)) | np.isinf(numbers)
    if wrong.any():
        area = counts.index[wrong][0]
        raise TableError(f"counts: count of {area!r} is {counts[area]}, not a whole number from 0 up")
    group = pd.Series("", index=counts.index) if parents is None else parents.reindex(counts.index)
    if group.isna().any():
        raise TableError(f"parents: area {group.index[group.isna()][0]!r} has no parent")
    codes, names = pd.factorize(group, sort=True)
    return numbers.astype(np.int64), codes.astype(np.int64), pd.Index(names, name=group.name)


def _is_safe(held: Whole, smallest: int) -> bool:
    """Tell whether counts of which only the sum is known cannot be told from it."""
    return len(held) >= 2 and int(held.sum()) >= smallest and bool((held != held[0]).any())


def _protect(values: Whole, hidden: Flags, members: Whole, smallest: int) -> bool:
    """Suppress further counts of a community, the smallest first, until its total may be published.

    Returns
    -------
    bool
        False where the total may not.
    """
    spare = iter(members[(values[members] >= smallest) & ~hidden[members]])
    while not _is_safe(values[members[hidden[members]]], smallest):
        area = next(spare, None)
        if area is None:
            return False
        hidden[area] = True
    return True


def _protect_totals(
    values: Whole, hidden: Flags, members: list[Whole], totals: Whole, is_open: Flags, smallest: int
) -> bool:
    """Suppress further totals until that of all areas may be published; False where it may not.

    A reader knows the suppressed counts below all suppressed totals by one sum, as those of one community.
    """
    left = iter(np.argsort(totals, kind="stable"))
    while not is_open.all():
        closed = np.concatenate([members[number] for number in np.flatnonzero(~is_open)])
        if _is_safe(values[closed[hidden[closed]]], smallest):
            return True
        number = next((each for each in left if is_open[each] and totals[each] > 0), None)
        if number is None:
            return False
        is_open[number] = False
        own = members[number]
        if not hidden[own].any():  # else its published counts would add up to the suppressed total
            hidden[own[values[own] > 0][0]] = True
    return True
