"""Measure which areas a point of limited accuracy may lie in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from .edges import NOBODY
from .outlines import Outlines
from .raster_cells import Cells, number_cells

_SIDES_OF_QUARTER = 64
"""Corners of a quarter of the disc that stands for the place of a point: its area is right within 0.01 %."""


def measure_candidates(cells: Cells, outlines: Outlines, x: float, y: float, accuracy_m: float) -> pd.DataFrame:
    """Measure the areas within reach of a point.

    Parameters
    ----------
    cells : Cells
    outlines : Outlines
    x, y : float, metres
    accuracy_m : float, metres
        Radius of the disc in which the point lies.

    Returns
    -------
    DataFrame
        ``area`` (rank), ``share`` of the disc in it, ``distance_m`` to it, ``border_m`` to its border.
    """
    place = shapely.Point(x, y)
    disc = place.buffer(accuracy_m, quad_segs=_SIDES_OF_QUARTER)
    ranks = _areas_in_window(cells, x - accuracy_m, y - accuracy_m, x + accuracy_m, y + accuracy_m)
    shapes = np.array([outlines.draw(int(rank)) for rank in ranks], dtype=object)
    found = pd.DataFrame(
        {
            "area": ranks,
            "share": shapely.area(shapely.intersection(shapes, disc)) / disc.area,
            "distance_m": shapely.distance(shapes, place),
            "border_m": shapely.distance(shapely.boundary(shapes), place),
        }
    )
    found = found[found["distance_m"] <= accuracy_m]
    return found.sort_values(["share", "area"], ascending=[False, True], ignore_index=True)


def _areas_in_window(cells: Cells, west: float, south: float, east: float, north: float) -> np.ndarray:
    """List the areas that the cells of a window name, a few more than reach into it."""
    columns, rows = (
        np.clip(number_cells(np.array(span), cells.exponent) - first, 0, size - 1).astype(np.int64)
        for span, first, size in (((west, east), cells.column, cells.width), ((south, north), cells.row, cells.height))
    )
    window = cells.codes.reshape(cells.height, cells.width)[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1]
    codes = np.unique(window)
    mixed = -2 - codes[codes < NOBODY].astype(np.int64)
    entries = [cells.entries[cells.starts[at] : cells.starts[at + 1]] for at in mixed]
    edges = np.unique(np.concatenate([np.empty(0, dtype=np.int32), *entries]) >> 2)
    crowd = cells.crowd[np.isin(cells.crowd[:, 0], mixed), 1]
    ranks = np.unique(np.concatenate([codes[codes > NOBODY], cells.sides[edges].ravel(), crowd]))
    return ranks[ranks != NOBODY]
