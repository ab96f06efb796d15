"""Tell whether the areas of one officer lie together, and in one community."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .duty_findings import Fault, name_list
from .duty_load import Staffing
from .duty_rows import community_of, known_ids, parents_of


def find_strange_areas(areas: pd.DataFrame, held: pd.DataFrame, day: str) -> Iterator[Fault]:
    """Find duties for areas that are not there.

    Parameters
    ----------
    areas : DataFrame
        Those of the day; what they name as their parent counts as known.
    held : DataFrame
        The duties of the day.
    day : str
        For the message.

    Yields
    ------
    Fault
    """
    for duty_id, duty in held[~held["area_id"].isin(known_ids(areas))].iterrows():
        words = f"duty {duty_id!r} of officer {duty['officer_id']!r} is for {duty['area_id']!r}, no area on {day}"
        yield Fault("unknown_area", (duty["area_id"],), words, officer_id=duty["officer_id"])


def find_two_communities(areas: pd.DataFrame, held: pd.DataFrame, primary: set[str]) -> Iterator[Fault]:
    """Find officers who are primary in areas of different communities.

    Parameters
    ----------
    areas, held : DataFrame
        Those of the day.
    primary : set of str
        Roles of which an area has exactly one officer.

    Yields
    ------
    Fault
    """
    first = held.loc[held["role"].isin(primary), ["officer_id", "area_id"]].astype(object).drop_duplicates()
    first["community"] = first["area_id"].map(community_of(areas))
    first = first.dropna()
    first = first[first.groupby("officer_id")["community"].transform("nunique") > 1]
    for officer, rows in first.groupby("officer_id"):
        names, ids = sorted(set(rows["community"])), sorted(rows["area_id"])
        words = f"officer {officer!r} is primary in {len(names)} communities, {name_list(names)}: {name_list(ids)}"
        yield Fault("several_communities", ids, words, len(names), 1.0, "communities", str(officer))


def find_scattered(areas: gpd.GeoDataFrame, held: pd.DataFrame, rules: Staffing) -> Iterator[Fault]:
    """Find officers whose areas lie in several pieces.

    Two areas lie together where they share a border, where one stands under the other and, if ``rules`` say so, where
    both stand under one parent.

    Parameters
    ----------
    areas : GeoDataFrame
        Those of the day.
    held : DataFrame
        The duties of the day.
    rules : Staffing

    Yields
    ------
    Fault
    """
    posts = held.loc[held["area_id"].isin(areas.index), ["officer_id", "area_id"]].astype(object)
    posts = posts.drop_duplicates().sort_values(["officer_id", "area_id"], ignore_index=True)
    posts = posts[posts.groupby("officer_id")["area_id"].transform("size") > 1].reset_index(drop=True)
    if posts.empty:
        return
    posts["piece"] = _pieces(posts, _kin(posts, areas, parent_joins=rules.parent_joins))
    parted = posts[posts.groupby("officer_id")["piece"].transform("nunique") > 1].reset_index(drop=True)
    if parted.empty:
        return
    links = np.concatenate([_same_piece(parted), _borders(parted, areas, rules)])
    parted["piece"] = _pieces(parted, links)
    for officer, rows in parted.groupby("officer_id"):
        pieces = sorted(sorted(ids) for _, ids in rows.groupby("piece")["area_id"])
        if len(pieces) > 1:
            told = " | ".join(name_list(ids) for ids in pieces[:6])
            words = f"the areas of officer {officer!r} lie in {len(pieces)} pieces: {told}"
            yield Fault("scattered_areas", sorted(rows["area_id"]), words, len(pieces), 1.0, "pieces", str(officer))


def _pieces(posts: pd.DataFrame, links: np.ndarray) -> np.ndarray:
    """Number the connected pieces of rows that are linked."""
    size = len(posts)
    graph = coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(size, size))
    pieces: np.ndarray = connected_components(graph, directed=False)[1]
    return pieces


def _kin(posts: pd.DataFrame, areas: pd.DataFrame, *, parent_joins: bool) -> np.ndarray:
    """Link rows of one officer whose areas stand under one another, or under one parent."""
    rows = posts.assign(row=posts.index, parent=posts["area_id"].map(parents_of(areas)).astype(object))
    under = rows.dropna(subset="parent").merge(
        rows, left_on=["officer_id", "parent"], right_on=["officer_id", "area_id"], suffixes=("", "_above")
    )
    links = [under[["row", "row_above"]].to_numpy(dtype=np.int64)]
    if parent_joins:
        first = rows.dropna(subset="parent").groupby(["officer_id", "parent"])["row"]
        links.append(np.column_stack([rows.loc[first.transform("first").index, "row"], first.transform("first")]))
    return np.concatenate(links).astype(np.int64)


def _same_piece(posts: pd.DataFrame) -> np.ndarray:
    """Link each row to the first one of its piece."""
    first = posts.assign(row=posts.index).groupby("piece")["row"].transform("first")
    return np.column_stack([posts.index.to_numpy(), first.to_numpy()])


def _borders(posts: pd.DataFrame, areas: gpd.GeoDataFrame, rules: Staffing) -> np.ndarray:
    """Link rows of one officer whose areas share a border."""
    ids = pd.Index(pd.unique(posts["area_id"]))
    shapes = areas.geometry.reindex(ids).to_numpy()
    near = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=rules.gap_m).T
    near = near[near[:, 0] < near[:, 1]]
    rows = posts.assign(row=posts.index, area=ids.get_indexer(pd.Index(posts["area_id"])))[
        ["officer_id", "area", "row"]
    ]
    pairs = pd.DataFrame(near, columns=["area", "other"]).merge(rows, on="area")
    pairs = pairs.merge(rows, left_on=["officer_id", "other"], right_on=["officer_id", "area"], suffixes=("", "_of"))
    if pairs.empty:
        return np.empty((0, 2), dtype=np.int64)
    codes, unique = pd.factorize(pd.MultiIndex.from_frame(pairs[["area", "other"]]))
    first, second = (shapes[unique.get_level_values(side).to_numpy()] for side in (0, 1))
    joined = (_length_along(first, second, rules.gap_m) >= rules.border_m)[codes]
    return pairs.loc[joined, ["row", "row_of"]].to_numpy(dtype=np.int64)


def _length_along(first: np.ndarray, second: np.ndarray, gap_m: float) -> np.ndarray:
    """Measure how much of the outline of one area runs along or within the other, metres."""
    along = [
        shapely.length(shapely.intersection(shapely.boundary(one), shapely.buffer(other, gap_m)))
        for one, other in ((first, second), (second, first))
    ]
    longest: np.ndarray = np.maximum(*along)
    return longest
