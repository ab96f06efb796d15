"""Join whole grids into beats: a beat may reach over communities, a grid is never cut."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from gridgeo.model.levels import AreaKind, Level

from .allotment import Number, read_number
from .certificates import Certificate
from .community import Work
from .divide_area import divide_area
from .naming import has_chinese, reading_order
from .problem import contract, make_problem, renumber

COMMUNITY_RANK = 7
"""Rank of a border between communities: beats keep to it where they can."""


def draw_beats(
    work: Work, grids: pd.Series, amounts: np.ndarray | None, wish: Number | None, names: pd.Series
) -> tuple[pd.Series, pd.DataFrame, list[Certificate]]:
    """Join grids into beats that keep the profile's limits.

    Parameters
    ----------
    work : Work
    grids : Series of str
        ``atom_id`` -> grid.
    amounts : array of int, shape (n,), optional
        What the limits count of each atom; without it a grid counts one.
    wish : Number, optional
        How many beats.
    names : Series of str
        Names of the communities.

    Returns
    -------
    owner : Series of str
        ``atom_id`` -> beat.
    register : DataFrame
        As ``name_areas`` returns it; a beat has no parent.
    told : list of Certificate
    """
    limits = work.profile.limits[Level.BEAT]
    graph = work.graph
    grid, zone = np.unique(grids.to_numpy(dtype=str), return_inverse=True)
    first_atom = np.unique(zone, return_index=True)[1]
    weight = amounts
    if weight is None:
        weight = np.zeros(len(zone), dtype=np.int64)
        weight[first_atom] = 1
    community = work.community
    rank = np.where(community[graph.first] != community[graph.second], COMMUNITY_RANK, graph.rank)
    count = None if wish is None else _count(wish, len(grid), limits.target, int(weight.sum()))
    fine = make_problem(
        weight, graph.area, graph.perimeter, renumber(community), (graph.first, graph.second, graph.length, rank),
        limits, count=count,
    )  # fmt: skip
    coarse = contract(fine, zone.astype(np.int64))
    shapes = np.array(
        [shapely.coverage_union_all(graph.shapes[zone == each]) for each in range(len(grid))], dtype=object
    )
    made = divide_area(coarse, shapes, "the territory", work.divide, work.effort, work.seed)
    inside = [np.flatnonzero(zone == each) for each in range(len(grid))]
    told = [each.spread(inside) for each in made.told]
    owner, register = _name(shapes, made.zone, has_chinese(names))
    return pd.Series(owner[made.zone][zone], index=grids.index, name="area_id"), register, told


def _count(wish: Number, grids: int, target: int, total: int) -> int:
    low, high = read_number(wish, "level 'beat'", grids)
    return min(max(round(total / max(target, 1)), low, 1), high)


def _name(shapes: np.ndarray, zone: np.ndarray, chinese: bool) -> tuple[np.ndarray, pd.DataFrame]:
    """Number beats in reading order."""
    count = int(zone.max()) + 1
    centre, area = shapely.get_coordinates(shapely.centroid(shapes)), shapely.area(shapes)
    held = np.bincount(zone, area, minlength=count)
    x, y = (np.bincount(zone, centre[:, axis] * area, minlength=count) / held for axis in (0, 1))
    ids = np.empty(count, dtype=object)
    for number, at in enumerate(reading_order(x, y, float(np.sqrt(held.mean()))).tolist(), 1):
        ids[at] = f"B{number:02d}"
    rows = {
        "code": ids,
        "name": [f"第{int(each[1:])}警格" if chinese else f"Beat {int(each[1:])}" for each in ids],
        "level": str(Level.BEAT),
        "kind": str(AreaKind.BASE),
        "parent_id": None,
    }
    return ids, pd.DataFrame(rows, index=pd.Index(ids, name="area_id")).sort_index()
