"""Put areas into reading order: row by row from the north, each row from the west.

Areas are no lines of type: what lies "in one row" is a choice, made so that small changes of geometry do not matter.

- An area stands at its centroid, which moves little when its border moves little.
- Rows are found from the north: the northernmost area that is in no row yet begins one, and every area whose centroid
  lies no more than ``ROW_SHARE`` of the median height of the areas south of it is in that row.
- In a row areas follow from the west; areas whose centroids lie ``SAME_M`` or less apart east to west, one after the
  other, follow from the north; those that lie so near to each other in both directions follow by id.

Nothing is measured from an origin: a town that is moved keeps its order.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

ROW_SHARE = (np.sqrt(5.0) - 1.0) / 2.0
"""How far south an area of a row may lie, in median heights. Of all shares about a half the golden ratio lies farthest
from simple fractions, at which the offsets of regular towns lie: there a millimetre would change the order."""
SAME_M = 1.0
"""Places this near to each other are one; metres."""


def order_areas(shapes: gpd.GeoSeries, *, row_share: float = ROW_SHARE, same_m: float = SAME_M) -> pd.Index:
    """Put areas into reading order.

    Parameters
    ----------
    shapes : GeoSeries of polygon
        Metric; index ``area_id``.
    row_share : float
        How far south of the first of its row an area may lie, in median heights of the areas.
    same_m : float, metres
        Areas whose centroids lie no farther apart, east to west, follow from the north.

    Returns
    -------
    Index
        The ids in order; areas at one place follow by id.
    """
    ids = np.asarray(shapes.index, dtype=str)
    return shapes.index[order_places(ids, measure_places(shapes), row_share=row_share, same_m=same_m)]


def measure_places(shapes: gpd.GeoSeries) -> np.ndarray:
    """Measure what the order depends on.

    Returns
    -------
    (n, 3) array of float, metres
        The centroid, and how far the area reaches north to south.
    """
    drawn = shapes.to_numpy()
    bounds = shapely.bounds(drawn)
    return np.column_stack([shapely.get_coordinates(shapely.centroid(drawn)), bounds[:, 3] - bounds[:, 1]])


def order_places(
    ids: np.ndarray, places: np.ndarray, *, row_share: float = ROW_SHARE, same_m: float = SAME_M
) -> np.ndarray:
    """Put areas into reading order by what ``measure_places`` measured.

    Returns
    -------
    array of int
        Positions in order.
    """
    if not len(ids):
        return np.empty(0, dtype=np.int64)
    x, y = places[:, 0], places[:, 1]
    row = _rows_from_north(y, row_share * float(np.median(places[:, 2])))
    column = _apart(x, row, same_m)
    step = _apart(-y, column, same_m)
    return np.lexsort((ids, step))


def _rows_from_north(y: np.ndarray, reach: float) -> np.ndarray:
    """Number rows from the north; each begins at its northernmost place."""
    row, number, first = np.zeros(len(y), dtype=np.int64), 0, float(y.max())
    for at in np.argsort(-y, kind="stable").tolist():
        if first - y[at] > reach:
            number, first = number + 1, float(y[at])
        row[at] = number
    return row


def _apart(along: np.ndarray, group: np.ndarray, same_m: float) -> np.ndarray:
    """Number places along a direction, group after group; those that follow each other closely have one number."""
    order = np.lexsort((along, group))
    gaps = (np.diff(along[order]) > same_m) | (np.diff(group[order]) > 0)
    number = np.empty(len(along), dtype=np.int64)
    number[order] = np.concatenate([[0], np.cumsum(gaps)])
    return number
