"""Read how areas of several levels stand in one another, so that the finest ones answer for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow
import shapely
from numpy.typing import NDArray

from gridgeo.model.errors import TableError
from gridgeo.model.levels import Level

from .edges import NOBODY

Ints = NDArray[np.int64]

_NO_LEVEL = ""


@dataclass(frozen=True)
class AreaTree:
    """Areas of all levels, those without further areas in them first, in the order of their ids.

    Parameters
    ----------
    levels : tuple of str
        From the highest to the finest; one empty text where areas say no level.
    text : arrow array of text, shape (n,)
        ``area_id`` of the ``m`` areas that carry the geometry, by rank, then of the areas above them.
    level_of : array of int8, shape (n,)
        Position of each area's level in ``levels``.
    above : array of int32, shape (levels, m)
        Which area of each level holds an area (itself on its own level); -1 where none does.
    order : array of int64, shape (n,)
        Position of each area among the rows that were given.
    """

    levels: tuple[str, ...]
    text: pyarrow.Array
    level_of: NDArray[np.int8]
    above: NDArray[np.int32]
    order: Ints

    @property
    def leaves(self) -> int:
        """Count the areas that carry the geometry."""
        return int(self.above.shape[1])

    def read_level(self, level: str | None) -> int | None:
        """Find a level's position.

        Raises
        ------
        TableError
            If the index has no such level.
        """
        if level is None:
            return None
        if level not in self.levels or level == _NO_LEVEL:
            known = ", ".join(self.levels) if self.levels != (_NO_LEVEL,) else "none"
            raise TableError(f"areas: no area is of level {str(level)!r}; levels of this index: {known}")
        return self.levels.index(level)

    def roll_up(self, ranks: NDArray[np.integer], level: int | None) -> NDArray[np.integer]:
        """Give the area of a level that holds each area that carries geometry; -1 stays -1."""
        return ranks if level is None else np.append(self.above[level], np.int32(NOBODY))[ranks]

    def members(self, level: int | None) -> Ints:
        """List the areas of a level, or those that carry the geometry, in the order in which they were given."""
        chosen = np.arange(self.leaves) if level is None else np.flatnonzero(self.level_of == level)
        return chosen[np.argsort(self.order[chosen], kind="stable")]

    def name(self, area: int) -> str | None:
        """Give the ``area_id`` of one area, None for nobody."""
        return None if area < 0 else self.text[area].as_py()

    def names(self, areas: NDArray[np.integer]) -> pd.api.extensions.ExtensionArray:
        """Give the ``area_id`` of areas as text, missing for nobody."""
        return pd.array(self.text.take(pyarrow.array(areas, mask=areas < 0)), dtype="str")

    def as_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Give everything but the names of the levels as arrays."""
        _, ends, letters = self.text.buffers()
        name_ends = np.frombuffer(ends, dtype=np.int64, count=len(self.text) + 1)
        return {
            "name_ends": name_ends,
            "name_letters": np.frombuffer(letters, dtype=np.uint8, count=name_ends[-1])
            if name_ends[-1]
            else np.empty(0, np.uint8),
            "level_of": self.level_of,
            "above": self.above,
            "order": self.order,
        }

    @classmethod
    def of_arrays(cls, levels: list[str], arrays: dict[str, NDArray[Any]]) -> AreaTree:
        """Make the tree from what ``as_arrays`` gave; texts stay where the arrays are."""
        ends, letters = (pyarrow.py_buffer(arrays[name]) for name in ("name_ends", "name_letters"))
        text = pyarrow.LargeStringArray.from_buffers(len(arrays["name_ends"]) - 1, ends, letters)
        return cls(tuple(levels), text, arrays["level_of"], arrays["above"], arrays["order"])


def plant_tree(areas: gpd.GeoDataFrame) -> AreaTree:
    """Read the tree that areas of one or several levels form by ``parent_id``.

    Parameters
    ----------
    areas : GeoDataFrame
        Keys checked.

    Returns
    -------
    AreaTree

    Raises
    ------
    TableError
        If an area below the highest level has no parent, or one that is no row or of no higher level.
    """
    names = areas.index.to_numpy(dtype=object)
    level = areas["level"] if "level" in areas.columns else pd.Series(_NO_LEVEL, index=areas.index)
    if len(level.drop_duplicates()) == 1:
        order = np.argsort(names, kind="stable").astype(np.int64)
        single = (_NO_LEVEL if level.isna().all() else str(level.iloc[0]),)
        above = np.arange(len(names), dtype=np.int32)[None]
        return AreaTree(single, _as_text(names[order]), np.zeros(len(names), dtype=np.int8), above, order)

    parent = _find_parents(areas, level)
    levels = _order_levels(level.to_numpy(dtype=object), parent)
    stage = np.array([levels.index(name) for name in level], dtype=np.int8)
    _check_parents(areas, stage, levels, parent)
    is_leaf = np.ones(len(names), dtype=bool)
    is_leaf[parent[parent >= 0]] = False
    by_name = np.argsort(names, kind="stable").astype(np.int64)
    order = by_name[np.argsort(~is_leaf[by_name], kind="stable")]
    place = np.empty(len(names), dtype=np.int32)
    place[order] = np.arange(len(names), dtype=np.int32)

    above = np.full((len(levels), int(is_leaf.sum())), NOBODY, dtype=np.int32)
    climber, leaf = order[: above.shape[1]], np.arange(above.shape[1])
    while leaf.size:
        above[stage[climber], leaf] = place[climber]
        climber = np.where(stage[climber] == 0, -1, parent[climber])
        climber, leaf = climber[climber >= 0], leaf[climber >= 0]
    return AreaTree(levels, _as_text(names[order]), stage[order], above, order)


def _as_text(names: NDArray[np.object_]) -> pyarrow.Array:
    return pyarrow.array(names.tolist(), pyarrow.large_string())


def _find_parents(areas: gpd.GeoDataFrame, level: pd.Series) -> Ints:
    """Find the row of each area's parent; -1 where there is none."""
    if level.isna().any():
        raise TableError(f"areas: level of {level.index[level.isna()][0]!r} is missing; say every level or none")
    if "parent_id" not in areas.columns:
        told = ", ".join(sorted(level.unique()))
        raise TableError(f"areas: holds the levels {told} without a column parent_id; choose one level, or add it")
    return np.asarray(areas.index.get_indexer(areas["parent_id"]), dtype=np.int64)


def _order_levels(level: NDArray[np.object_], parent: Ints) -> tuple[str, ...]:
    """Order levels from the highest to the finest: as the tree of areas does, else as parents stand over rows."""
    found = sorted(set(level))
    known = [str(name) for name in Level]
    if set(found) <= set(known):
        return tuple(name for name in known if name in found)
    child = np.flatnonzero(parent >= 0)
    sorter = TopologicalSorter({name: set() for name in found})
    for upper, lower in sorted(set(zip(level[parent[child]], level[child], strict=True))):
        sorter.add(lower, upper)
    try:
        return tuple(sorter.static_order())
    except CycleError:
        raise TableError(f"areas: the levels {', '.join(found)} stand above one another; correct parent_id") from None


def _check_parents(areas: gpd.GeoDataFrame, stage: NDArray[np.int8], levels: tuple[str, ...], parent: Ints) -> None:
    """Refuse an area below the highest level without a parent of a higher level."""
    wrong = (stage > 0) & ((parent < 0) | (stage[parent] >= stage))
    if not wrong.any():
        return
    row = int(np.flatnonzero(wrong)[0])
    told = areas["parent_id"].iloc[row]
    if pd.isna(told):
        fault = "is missing"
    elif parent[row] < 0:
        fault = f"is {told!r}, no row of the table"
    else:
        fault = f"is {told!r}, of level {levels[stage[parent[row]]]}"
    raise TableError(
        f"areas: parent_id of {areas.index[row]!r} ({levels[stage[row]]}) {fault}; with the levels {', '.join(levels)} "
        "every area below the first has a parent of a level above; correct it, or index one level alone"
    )


def check_ground(areas: gpd.GeoDataFrame, tree: AreaTree, uncovered_share: float) -> None:
    """Hold areas that are drawn against the drawn areas in them.

    Parameters
    ----------
    areas : GeoDataFrame
        Valid polygons where there is a geometry.
    tree : AreaTree
        Of these areas.
    uncovered_share : float
        Share of an area's own size that the areas in it may leave uncovered.

    Raises
    ------
    TableError
        If an area does not lie in its parent, or areas leave more of their parent uncovered.
    """
    if len(tree.levels) == 1:
        return
    shapes = areas.geometry.to_numpy()
    drawn = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    parent = np.asarray(areas.index.get_indexer(areas["parent_id"]), dtype=np.int64)
    stage = tree.level_of[np.argsort(tree.order)]
    child = np.flatnonzero((stage > 0) & drawn)
    child = child[drawn[parent[child]]]
    holders = shapes[np.unique(parent[child])]
    shapely.prepare(holders)
    inside = shapely.intersects(shapes[parent[child]], shapely.point_on_surface(shapes[child]))
    shapely.destroy_prepared(holders)
    if not inside.all():
        row = int(child[~inside][0])
        raise TableError(
            f"areas: {areas.index[row]!r} does not lie in {areas.index[parent[row]]!r}, its parent; correct parent_id"
        )
    size = shapely.area(shapes)
    for level in reversed(range(len(tree.levels))):
        above = tree.above[level]
        holder, leaf = tree.order[above[above >= 0]], tree.order[: tree.leaves][above >= 0]
        filled = np.bincount(holder, weights=size[leaf], minlength=len(size))
        short = np.flatnonzero((stage == level) & drawn & (filled < size * (1.0 - uncovered_share)))
        if short.size:
            row = int(short[0])
            raise TableError(
                f"areas: the areas in {areas.index[row]!r} cover {filled[row]:.1f} of its {size[row]:.1f} m2, and the "
                f"rest would have no owner; add it as an area, index one level alone, or raise uncovered_share "
                f"({uncovered_share:g})"
            )
