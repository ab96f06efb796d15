"""Measure which areas points of limited accuracy may lie in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from .area_tree import AreaTree
from .edges import NOBODY
from .outlines import Outlines
from .point_search import areas_of_cells
from .raster_cells import Cells, count_up, number_cells

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

_SIDES_OF_QUARTER = 64
"""Corners of a quarter of the disc that stands for the place of a point: its area is right within 0.01 %."""
_CELLS_AT_ONCE = 1 << 20
_PAIRS_AT_ONCE = 1 << 15


def measure_candidates(
    cells: Cells,
    outlines: Outlines,
    tree: AreaTree,
    x: Floats,
    y: Floats,
    accuracy_m: Floats,
    level: int | None = None,
) -> pd.DataFrame:
    """Measure the areas within reach of each point.

    Parameters
    ----------
    cells : Cells
    outlines : Outlines
    tree : AreaTree
    x, y : arrays of float, metres
        NaN is a point without a place, with nothing near.
    accuracy_m : array of float, metres
        Radius of the disc in which each point lies.
    level : int, optional
        Measure the areas of that level instead of those that carry the geometry.

    Returns
    -------
    DataFrame
        ``point`` (position), ``area``, ``share`` of the disc in it, ``distance_m`` to it, ``border_m`` to its border;
        the largest share of each point first, of equal ones the smaller id.
    """
    found = [np.empty((0, 2), dtype=np.int64)]
    for batch in _batches(cells, x, y, accuracy_m):
        point, area = _areas_in_windows(cells, x[batch], y[batch], accuracy_m[batch])
        found.append(_unique_pairs(batch[point], tree.roll_up(area, level).astype(np.int64)))
    pairs = np.concatenate(found)
    drawn, shape_of = np.unique(pairs[:, 1], return_inverse=True)
    shapes = _draw(outlines, tree, drawn, level)
    parts = [slice(start, start + _PAIRS_AT_ONCE) for start in range(0, max(len(pairs), 1), _PAIRS_AT_ONCE)]
    measured = [_measure(pairs[part], shapes[shape_of[part]], x, y, accuracy_m) for part in parts]
    near, share, distance, border = (np.concatenate(column) for column in zip(*measured, strict=True))
    kept = np.flatnonzero(near)
    point, area = pairs[kept].T
    # Shares that differ by the rounding of areas only are equal: the id decides, on every machine.
    by_name = np.argsort(np.argsort(tree.names(drawn).to_numpy()))[shape_of[kept]]
    order = np.lexsort([by_name, -share[kept].round(9), point])
    columns = {"point": point, "area": area, "share": share[kept]}
    columns |= {"distance_m": distance[kept], "border_m": border[kept]}
    return pd.DataFrame({name: column[order] for name, column in columns.items()})


def _measure(
    pairs: Ints, shapes: NDArray[np.object_], x: Floats, y: Floats, accuracy_m: Floats
) -> tuple[NDArray[np.bool_], Floats, Floats, Floats]:
    """Measure pairs of point and area: whether the area is near enough, share, distance and distance of the border."""
    point = pairs[:, 0]
    place = np.asarray(shapely.points(x[point], y[point]))
    reach = accuracy_m[point]
    distance = np.asarray(shapely.distance(shapes, place))
    near = np.flatnonzero(distance <= reach)
    share, border = np.zeros(len(pairs)), np.zeros(len(pairs))
    border[near] = shapely.distance(shapely.boundary(shapes[near]), place[near])
    share[near] = 1.0
    cut = near[border[near] < reach[near]]
    discs = shapely.buffer(place[cut], reach[cut], quad_segs=_SIDES_OF_QUARTER)
    share[cut] = shapely.area(shapely.intersection(shapes[cut], discs)) / shapely.area(discs)
    return distance <= reach, share, distance, border


def _draw(outlines: Outlines, tree: AreaTree, areas: Ints, level: int | None) -> NDArray[np.object_]:
    """Draw areas; one above those that carry the geometry is the union of what it holds."""
    if level is None:
        return outlines.draw(areas)
    holder = tree.above[level]
    leaf = np.flatnonzero(np.isin(holder, areas))
    leaf = leaf[np.argsort(holder[leaf], kind="stable")]
    parts = np.split(outlines.draw(leaf), np.searchsorted(holder[leaf], areas)[1:])
    shapes = np.empty(len(areas), dtype=object)
    shapes[:] = [shapely.union_all(part) if len(part) > 1 else part[0] for part in parts[: len(areas)]]
    return shapes


def _windows(cells: Cells, x: Floats, y: Floats, reach: Floats) -> tuple[Ints, Ints, Ints, Ints]:
    """Give the first and the last column and row of cells within reach of each point."""
    columns, rows = (
        [
            np.clip(number_cells(end, cells.exponent) - first, 0, size - 1).astype(np.int64)
            for end in (place - reach, place + reach)
        ]
        for place, first, size in ((x, cells.column, cells.width), (y, cells.row, cells.height))
    )
    return columns[0], columns[1], rows[0], rows[1]


def _batches(cells: Cells, x: Floats, y: Floats, reach: Floats) -> Iterator[Ints]:
    """Put points with a place together whose windows hold a million cells; a very large one comes alone."""
    placed = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    west, east, south, north = _windows(cells, x[placed], y[placed], reach[placed])
    size = np.cumsum((east - west + 1) * (north - south + 1))
    yield from np.split(placed, np.flatnonzero(np.diff(size // _CELLS_AT_ONCE)) + 1)


def _areas_in_windows(cells: Cells, x: Floats, y: Floats, reach: Floats) -> tuple[Ints, Ints]:
    """List the areas that the cells of each point's window name, a few more than reach into it."""
    west, east, south, north = _windows(cells, x, y, reach)
    point, row = count_up(south, north)
    strip, column = count_up(west[point], east[point])
    point = point[strip]
    place = row[strip] * cells.width + column
    codes = cells.codes[place].astype(np.int64)
    pure, mixed = np.flatnonzero(codes > NOBODY), np.flatnonzero(codes < NOBODY)
    nth, area = areas_of_cells(cells, place[mixed])
    found_point, found_area = _unique_pairs(
        np.concatenate([point[pure], point[mixed][nth]]), np.concatenate([codes[pure], area])
    ).T
    return found_point, found_area


def _unique_pairs(point: Ints, area: Ints) -> Ints:
    """List each pair of point and area once, in order; pairs with nobody are left out."""
    kept = area != NOBODY
    width = int(area.max(initial=0)) + 1
    return np.column_stack(np.divmod(np.unique(point[kept] * width + area[kept]), width))
