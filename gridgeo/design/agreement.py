"""Hold what a planner asks of a division against itself: one wish must not contradict another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridgeo.model.errors import TableError

from .constraints import Constraints


def check_agreement(atoms: gpd.GeoDataFrame, asked: Constraints, levels: Sequence[str]) -> Constraints:
    """Hold what was asked for against itself, and keep what stays whole at an inner level whole at the outer one.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``.
    asked : Constraints
    levels : sequence of str
        Levels of the tree, outer level first.

    Returns
    -------
    Constraints
        In which locked inner areas are groups too.

    Raises
    ------
    TableError
        If a group reaches out of a locked area or an institution, or two seeds lie in what is one area.
    """
    ids = atoms.index.to_numpy()
    for level in levels:
        for owner, word in _apart(asked, level):
            _refuse_torn(asked.group, owner, ids, "keep_together: group", word)
    group = asked.group
    outer = asked.locked.get(levels[0])
    for level in levels[1:]:
        if level in asked.locked:
            group = _joined(group, asked.locked[level])
            if outer is not None:
                _refuse_torn(group, outer, ids, f"locked: {level} area", "locked area")
    _refuse_two_seeds(replace(asked, group=group), levels[0], ids)
    return replace(asked, group=group)


def _apart(asked: Constraints, level: str) -> list[tuple[np.ndarray, str]]:
    """List what is divided beforehand at a level: the area of each atom or None, and what to call it."""
    found = []
    site = asked.site
    if level in asked.locked:
        found.append((asked.locked[level], "locked area"))
        site = pd.Series(site, dtype=object).where(pd.isna(asked.locked[level]), None).to_numpy()
    return [*found, (site, "institution")] if level == asked.site_level else found


def _refuse_torn(group: np.ndarray, owner: np.ndarray, ids: np.ndarray, what: str, word: str) -> None:
    """Refuse groups that lie in an area that stays apart by a part of them only."""
    rows = pd.DataFrame({"group": group, "owner": pd.Series(owner, dtype=object).fillna("").to_numpy()})
    torn = rows.groupby("group")["owner"].transform("nunique").to_numpy() > 1
    if torn.any():
        at = int(np.flatnonzero(torn & (rows["owner"] != "").to_numpy())[0])
        raise TableError(
            f"{what} of {ids[at]!r} holds a part of {word} {owner[at]!r}, which stays apart; take the group apart, "
            "or leave that area out"
        )


def _refuse_two_seeds(asked: Constraints, level: str, ids: np.ndarray) -> None:
    """Refuse two seeds where one area is sure to hold both."""
    for owner, word in [(asked.group, "group"), *_apart(asked, level)]:
        here = pd.Series(owner[asked.seeds], index=asked.seeds, dtype=object).dropna()
        twice = here[here.duplicated(keep=False)]
        if len(twice):
            first, second = here.index[here == twice.iloc[0]][:2]
            raise TableError(f"seeds: {ids[first]!r} and {ids[second]!r} lie in one {word}; an area holds one of them")


def _joined(group: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Let the atoms of one area share a group."""
    names = pd.factorize(pd.Series(owner, dtype=object))[0]
    kept = names >= 0
    count = int(group.max(initial=0)) + 1
    size = count + int(names.max(initial=0)) + 1
    graph = coo_array((np.ones(int(kept.sum())), (group[kept], count + names[kept])), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1])[group]
