"""Cut the land of two divisions into the parts that one area of each holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.columns import count, schema, text
from gridgeo.model.errors import CrsError, TableError
from gridgeo.model.plan import Plan
from gridgeo.model.tables import Table, check

NOTHING = -1
"""In place of a unit, where a side holds nothing."""
_NOISE_M2 = 1e-6
"""Land that is left over in less than this is the rounding of coordinates, square metres."""
_LAND = {
    name: Table(name, "area_id", schema(level=text(required=False), households=count(required=False)), "area")
    for name in ("before", "after")
}
"""What is needed of table ``AREAS``: its shapes and, where they are told, levels and counts."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of two divisions: the units it is made of, and the area that holds each.

    Parameters
    ----------
    name : str
        ``"before"`` or ``"after"``.
    ids : Index
        Of the units, in order: atoms of a plan, or the areas themselves.
    shapes : (n,) array of Polygon or MultiPolygon
    owner : (n,) array of str
        The area of each unit.
    households : (n,) array of int
    crs : CRS
    """

    name: str
    ids: pd.Index
    shapes: np.ndarray
    owner: np.ndarray
    households: np.ndarray
    crs: Any

    def __len__(self) -> int:
        return len(self.ids)


def read_side(given: Plan | gpd.GeoDataFrame, level: str, name: str) -> Side:
    """Read one of the two divisions.

    Parameters
    ----------
    given : Plan or GeoDataFrame
        A plan, or table ``AREAS``; of the table at least ids and shapes are needed.
    level : str
        Of the areas; a table of one level is taken as it is.
    name : str
        What to call it in messages.

    Returns
    -------
    Side

    Raises
    ------
    TableError
        If there is no area, or a row breaks the contract.
    CrsError
        If the coordinates are not metric.
    UnknownAreaError
        If the plan has no such level.
    """
    if isinstance(given, Plan):
        owner = given.owner(level)
        owner = owner.sort_index()
        units = given.atoms.loc[owner.index]
        owned = owner.to_numpy(dtype=object)
    else:
        if not isinstance(given, pd.DataFrame):
            raise TableError(f"{name}: is a {type(given).__name__}, not a Plan or a table of areas")
        check(given, _LAND[name])
        units = of_level(given, level, name).sort_index()
        owned = units.index.to_numpy(dtype=object)
    if not len(units):
        raise TableError(f"{name}: has no area; there is nothing to compare")
    homes = units["households"] if "households" in units else pd.Series(0, index=units.index)
    return Side(name, units.index, units.geometry.to_numpy(), owned, homes.to_numpy(dtype=np.int64), units.crs)


def of_level(areas: gpd.GeoDataFrame, level: str, name: str) -> gpd.GeoDataFrame:
    """Choose the areas of a level from a table that holds several; a table of one level is taken as it is.

    Raises
    ------
    TableError
        If it holds several levels, and not this one.
    """
    if "level" not in areas or len(areas["level"].unique()) <= 1:
        return areas
    chosen = areas[areas["level"] == level]
    if not len(chosen):
        there = ", ".join(sorted(areas["level"].dropna().unique()))
        raise TableError(f"{name}: holds no area of level {level!r}; its levels are {there}")
    return chosen


def check_comparable(before: Side, after: Side) -> None:
    """Refuse two divisions that do not share one CRS.

    Raises
    ------
    CrsError
    """
    if before.crs != after.crs:
        names = [getattr(side.crs, "name", side.crs) for side in (before, after)]
        raise CrsError(f"after: is in {names[1]}, before is in {names[0]}; use after.to_crs(before.crs)")


def cut_parts(before: Side, after: Side, tolerance_m2: float) -> pd.DataFrame:
    """Cut the land into the parts that one unit of each side holds.

    Units of the same shape are matched first; only what differs is laid over one another.

    Parameters
    ----------
    before, after : Side
    tolerance_m2 : float, m2
        By how much the units of one side may overlap one another on one unit of the other.

    Returns
    -------
    DataFrame
        ``before, after`` (positions of units, ``NOTHING`` where there is none), ``area_m2``, ``exact`` (1 where both
        have a unit of this shape, else 0).

    Raises
    ------
    TableError
        If the two have no land in common, or units of one side overlap one another.
    """
    alike = _match_alike(before, after)
    left = [np.setdiff1d(np.arange(len(side)), alike[:, at]) for at, side in enumerate((before, after))]
    pairs, area = _overlay(before.shapes, after.shapes, *left)
    if not len(alike) and not len(pairs):
        raise TableError("before and after have no land in common; are these two plans of one town?")
    parts = [_frame(alike[:, 0], alike[:, 1], shapely.area(before.shapes[alike[:, 0]]))]
    parts.append(_frame(pairs[:, 0], pairs[:, 1], area))
    for at, side in enumerate((before, after)):
        rest = shapely.area(side.shapes[left[at]]) - np.bincount(pairs[:, at], area, len(side))[left[at]]
        _refuse_overlaps(side, (after, before)[at], left[at], rest, tolerance_m2)
        bare = left[at][rest > _NOISE_M2]
        none = np.full(len(bare), NOTHING)
        ends = (bare, none) if at == 0 else (none, bare)
        parts.append(_frame(ends[0], ends[1], rest[rest > _NOISE_M2]))
    made = pd.concat(parts, ignore_index=True)
    return made.assign(exact=(np.arange(len(made)) < len(alike)).astype(np.int64))


def _frame(before: np.ndarray, after: np.ndarray, area_m2: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"before": before.astype(np.int64), "after": after.astype(np.int64), "area_m2": area_m2})


def _match_alike(before: Side, after: Side) -> np.ndarray:
    """Pair the units that have the same shape, vertex by vertex; (n, 2) array of positions."""
    here = np.arange(len(before))
    there = after.ids.get_indexer(before.ids)
    same = there >= 0
    same[same] = shapely.equals_identical(before.shapes[here[same]], after.shapes[there[same]])
    pairs = np.column_stack([here[same], there[same]])
    left = [np.setdiff1d(np.arange(len(side)), pairs[:, at]) for at, side in enumerate((before, after))]
    keys = [
        pd.Series(shapely.to_wkb(shapely.normalize(shapely.force_2d(side.shapes[rows]))), dtype=object)
        for side, rows in zip((before, after), left, strict=True)
    ]
    # A shape that stands twice on one side is an overlap there, which the overlay will tell.
    single = [key[~key.duplicated(keep=False)] for key in keys]
    ours, theirs = (pd.DataFrame({"key": key, "at": key.index}) for key in single)
    found = ours.merge(theirs, on="key")
    more = np.column_stack([left[0][found["at_x"]], left[1][found["at_y"]]])
    return np.concatenate([pairs, more]).astype(np.int64)


def _overlay(
    before: np.ndarray, after: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Measure what each pair of units has in common: (n, 2) positions, and square metres above 0."""
    if not len(rows) or not len(columns):
        return np.empty((0, 2), dtype=np.int64), np.empty(0)
    one, two = shapely.STRtree(after[columns]).query(before[rows], predicate="intersects")
    one, two = rows[one], columns[two]
    area = shapely.area(shapely.intersection(before[one], after[two]))
    order = np.lexsort((two, one))
    order = order[area[order] > 0]
    return np.column_stack([one, two])[order], area[order]


def _refuse_overlaps(side: Side, other: Side, rows: np.ndarray, rest: np.ndarray, tolerance_m2: float) -> None:
    """Refuse units that are covered by more land of the other side than they have."""
    if not len(rest) or rest.min() >= -max(tolerance_m2, _NOISE_M2):
        return
    unit = side.ids[rows[int(np.argmin(rest))]]
    raise TableError(
        f"{other.name}: areas overlap by {-rest.min():,.1f} m2 on {unit!r} of {side.name}, tolerance is "
        f"{tolerance_m2:,.1f} m2; repair the map first, or give a larger tolerance_m2"
    )


def find_units(points: gpd.GeoDataFrame, side: Side, what: str) -> np.ndarray:
    """Tell in which unit each point lies, by the rule of the point look-up.

    The area that has the point inside; on a border the smallest area id.

    Parameters
    ----------
    points : GeoDataFrame
        Points; a missing one lies nowhere.
    side : Side
    what : str
        What to call the points in messages.

    Returns
    -------
    (n,) array of int
        Positions of units; ``NOTHING`` outside.

    Raises
    ------
    CrsError
        If the points are in another CRS.
    """
    if points.crs != side.crs:
        raise CrsError(f"{what}: is in another CRS than {side.name}; use {what}.to_crs(...)")
    shapes = points.geometry.to_numpy()
    found = np.full(len(shapes), NOTHING, dtype=np.int64)
    point, unit = shapely.STRtree(side.shapes).query(shapes, predicate="intersects")
    seen = np.bincount(point, minlength=len(shapes))
    alone = seen[point] == 1
    found[point[alone]] = unit[alone]
    point, unit = point[~alone], unit[~alone]
    edge = ~shapely.contains_properly(side.shapes[unit], shapes[point])
    _, name = np.unique(side.owner[unit].astype(str), return_inverse=True)
    order = np.lexsort((unit, name, edge, point))
    first = order[np.unique(point[order], return_index=True)[1]]
    found[point[first]] = unit[first]
    return found


def share_out(parts: pd.DataFrame, amounts: np.ndarray, by: str) -> np.ndarray:
    """Share the whole amounts of units out among their parts by land, so that they add up.

    Parameters
    ----------
    parts : DataFrame
        As ``cut_parts`` gives them.
    amounts : array of int
        Of the units of one side.
    by : str
        ``"before"`` or ``"after"``: the side.

    Returns
    -------
    (n,) array of int
        Of the parts; 0 where the part has no unit on that side.
    """
    unit, area = parts[by].to_numpy(), parts["area_m2"].to_numpy()
    held = unit != NOTHING
    whole = np.bincount(unit[held], area[held], len(amounts))
    at = np.where(held, unit, 0)
    exact = np.where(held, amounts[at] * area / np.where(whole[at] > 0, whole[at], 1.0), 0.0)
    given = np.floor(exact).astype(np.int64)
    lacking = amounts - np.bincount(unit[held], given[held], len(amounts)).astype(np.int64)
    order = np.lexsort((np.arange(len(unit)), -area, -(exact - given), at))
    order = order[held[order]]
    starts = np.searchsorted(at[order], np.arange(len(amounts)))
    turn = np.arange(len(order)) - starts[at[order]]
    given[order[turn < lacking[at[order]]]] += 1
    return given
