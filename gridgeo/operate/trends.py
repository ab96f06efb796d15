"""Tell how hot spots change in time: which are new, which last and which fade."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats

from gridgeo.model.errors import TableError

from .contiguity import touching_areas
from .hotspots import check_areas, discovery_rates, gi_star, kinds_of

COURSES = {
    "new": "emerging",
    "consecutive": "emerging",
    "intensifying": "emerging",
    "persistent": "persistent",
    "diminishing": "fading",
    "historical": "fading",
    "sporadic": "changing",
    "oscillating": "changing",
    "none": "none",
}
"""What each pattern means for who plans the work of the next weeks."""
FEWEST_BINS = 4
LASTING_SHARE = 0.9
"""A spot lasts when it is hot in at least this share of the time bins."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def hot_spot_trends(
    areas: gpd.GeoDataFrame,
    counts: pd.DataFrame,
    *,
    false_discovery_rate: float = 0.05,
    trend_level: float = 0.05,
    tolerance_m: float = 0.0,
) -> pd.DataFrame:
    """Tell for each area whether it is a hot or cold spot in time: new, lasting, growing or fading.

    Each time bin of each area gets its Gi* over the area and its neighbours in that bin, held against all bins of all
    areas, with one control of false discoveries over all of them. The eight patterns are those of the published
    scheme "emerging hot spot analysis". For hot spots (and likewise, with hot and cold exchanged, for cold ones):

    * ``new``: hot in the last bin, and never before;
    * ``consecutive``: hot in an unbroken run of two or more bins up to the last, never before that run, and in less
      than 90 % of the bins;
    * ``intensifying``: hot in at least 90 % of the bins, the last among them, and Gi* grows (Mann-Kendall);
    * ``persistent``: as intensifying, with Gi* neither growing nor shrinking;
    * ``diminishing``: as intensifying, with Gi* shrinking;
    * ``historical``: not hot in the last bin, but in at least 90 % of the bins;
    * ``oscillating``: hot in the last bin, cold in one before, and hot in less than 90 %;
    * ``sporadic``: hot in the last bin, on and off before, never cold, and hot in less than 90 %;
    * ``none``: none of these.

    The first that applies is given, in the order of this list. Unlike the published scheme, a bin's neighbours lie in
    the same bin, not in the one before as well, so that a spot starts and ends when its incidents do.

    Parameters
    ----------
    areas : GeoDataFrame
        Polygons in a metric CRS, indexed by ``area_id``.
    counts : DataFrame of numbers
        By ``area_id``, one column a time bin, the oldest first: as ``count_incidents(..., by="week")`` gives.
    false_discovery_rate : float
        As ``hot_spots``.
    trend_level : float
        Two-sided level at which a trend counts as one.
    tolerance_m : float, metres
        As ``hot_spots``.

    Returns
    -------
    DataFrame
        Indexed as ``areas``: ``pattern``; ``side`` (``"hot"``, ``"cold"``, or ``"none"``); ``course``: ``"emerging"``
        (new, consecutive, intensifying), ``"persistent"``, ``"fading"`` (diminishing, historical), ``"changing"``
        (sporadic, oscillating) or ``"none"``; ``hot_bins`` and ``cold_bins``, how many; ``trend_z`` and ``trend_p`` of
        Mann and Kendall's test of Gi*; ``last_z``, Gi* in the last bin.

    Raises
    ------
    TableError
        If an area has no counts, a count is missing or below 0, or there are fewer than 4 time bins.
    CrsError
        If the areas are not metric.
    GridgeoError
        If ``esda`` is not installed.

    References
    ----------
    Esri, How Emerging Hot Spot Analysis works (ArcGIS Pro, space-time pattern mining). Mann 1945, Kendall 1975.
    """
    check_areas(areas)
    table = _check_counts(areas, counts)
    order = np.argsort(areas.index.to_numpy(dtype=object), kind="stable")
    bins = table.shape[1]
    touching = touching_areas(areas, tolerance_m=tolerance_m)[order][:, order]
    z, p = gi_star(table[order].T.ravel(), sparse.csr_array(sparse.kron(sparse.eye_array(bins), touching, "csr")))
    kinds = kinds_of(z, discovery_rates(p), false_discovery_rate).reshape(bins, -1).T
    z = np.nan_to_num(z.reshape(bins, -1).T)
    trend_z, trend_p = mann_kendall(z)
    growing = np.where(trend_p <= trend_level, np.sign(trend_z), 0)
    hot, cold = kinds == "hot", kinds == "cold"
    as_hot, as_cold = _patterns(hot, cold, growing), _patterns(cold, hot, -growing)
    side = np.where(as_hot != "none", "hot", np.where(as_cold != "none", "cold", "none"))
    pattern = np.where(as_hot != "none", as_hot, as_cold)
    made = pd.DataFrame(
        {
            "pattern": pd.array(pattern, dtype="str"),
            "side": pd.array(side, dtype="str"),
            "course": pd.array([COURSES[name] for name in pattern], dtype="str"),
            "hot_bins": hot.sum(axis=1),
            "cold_bins": cold.sum(axis=1),
            "trend_z": trend_z,
            "trend_p": trend_p,
            "last_z": z[:, -1],
        },
        index=areas.index[order],
    )
    return made.reindex(areas.index)


def _check_counts(areas: gpd.GeoDataFrame, counts: pd.DataFrame) -> Floats:
    if counts.shape[1] < FEWEST_BINS:
        raise TableError(f"counts: there are {counts.shape[1]} time bins, a trend needs {FEWEST_BINS} or more")
    if counts.index.has_duplicates:
        raise TableError(f"counts: area {counts.index[counts.index.duplicated()][0]!r} is there twice")
    table = counts.reindex(areas.index).to_numpy(dtype=float)
    wrong = ~(table >= 0) | np.isinf(table)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise TableError(
            f"counts: of area {areas.index[row]!r} there are {table[row, column]} in {counts.columns[column]}; "
            "a number from 0 up is needed"
        )
    return table


def _patterns(hot: Flags, cold: Flags, growing: Floats) -> NDArray[np.object_]:
    """Name the pattern of each area that is hot in the last bin, or lastingly was."""
    bins = hot.shape[1]
    times, last = hot.sum(axis=1), hot[:, -1]
    run = np.argmin(np.column_stack([hot[:, ::-1], np.zeros(len(hot), dtype=bool)]), axis=1)  # hot bins up to the last
    lasting = times >= LASTING_SHARE * bins
    rules = {
        "new": last & (times == 1),
        "consecutive": last & (run >= 2) & (run == times) & ~lasting,
        "intensifying": last & lasting & (growing > 0),
        "persistent": last & lasting & (growing == 0),
        "diminishing": last & lasting & (growing < 0),
        "historical": ~last & lasting,
        "oscillating": last & ~lasting & cold.any(axis=1),
        "sporadic": last & ~lasting,
    }
    return np.select(list(rules.values()), list(rules), default="none").astype(object)


def mann_kendall(series: Floats) -> tuple[Floats, Floats]:
    """Test each row for a trend that only rises, or only falls (Mann and Kendall), with the correction for ties.

    Parameters
    ----------
    series : array of float, shape (n, bins)

    Returns
    -------
    z, p : arrays of float, shape (n,)
        z is above 0 where values rise; p is two-sided. 0 and 1 where all values of a row are equal.
    """
    rows, bins = series.shape
    score = np.zeros(rows)
    for lag in range(1, bins):
        score += np.sign(series[:, lag:] - series[:, :-lag]).sum(axis=1)
    ordered = np.sort(series, axis=1)
    ties = np.zeros(rows)
    length = np.ones(rows)
    for at in range(1, bins + 1):
        same = (ordered[:, at] == ordered[:, at - 1]) if at < bins else np.zeros(rows, dtype=bool)
        ties += np.where(same, 0.0, length * (length - 1) * (2 * length + 5))
        length = np.where(same, length + 1, 1.0)
    variance = (bins * (bins - 1) * (2 * bins + 5) - ties) / 18
    z = np.divide(score - np.sign(score), np.sqrt(variance), out=np.zeros(rows), where=variance > 0)
    return z, 2 * stats.norm.sf(np.abs(z))
