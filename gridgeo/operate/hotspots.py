"""Find hot spots: areas that, with their neighbours, have more incidents than chance gives."""

from __future__ import annotations

import warnings
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats

from gridgeo.model.crs import check_metric
from gridgeo.model.errors import GridgeoError, TableError

from .contiguity import touching_areas
from .locate import AreaIndex

PER = ("households", "km2", "area")
_SCALE = {"households": 1000.0, "km2": 1.0, "area": 1.0}
_M2_A_KM2 = 1e6
_PERMUTATIONS_AT_ONCE = 100

Floats = NDArray[np.float64]


def hot_spots(
    areas: gpd.GeoDataFrame,
    counts: pd.Series | gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    households: pd.Series | None = None,
    per: str | None = None,
    false_discovery_rate: float = 0.05,
    permutations: int = 0,
    seed: int = 0,
    tolerance_m: float = 0.0,
) -> pd.DataFrame:
    """Find the areas in whose surroundings incidents are significantly many, or few.

    Getis and Ord's Gi* holds the sum over an area and the areas that touch it against the sum that as many areas
    drawn by chance would have. Rates enter it as empirical Bayes standardised ones, for the rate of an area with few
    households swings widely and says little (Assunção and Reis 1999).

    Parameters
    ----------
    areas : GeoDataFrame
        Polygons in a metric CRS, indexed by ``area_id``; ``households`` where they are known.
    counts : Series of int, or GeoDataFrame or GeoSeries of Point
        Incidents of each area, such as the column ``count`` of ``count_incidents``; or the incidents themselves, each
        of which counts in the area that owns it.
    households : Series of int, optional
        By ``area_id``; instead of the column of ``areas``.
    per : str, optional
        Compare rates per ``"households"`` (1,000 of them; areas without any take no part), per ``"km2"``, or plain
        counts per ``"area"``. Without it, per households where they are known, else per area.
    false_discovery_rate : float
        Greatest expected share of wrong ones among the hot and cold spots (Benjamini and Hochberg 1995).
    permutations : int
        0: ``p`` from the distribution of such sums under chance, matched in mean, spread and skewness (Pearson type
        III). Above: from so many random permutations of the values, of which 2 / (permutations + 1) is the smallest
        ``p``; too few of them find nothing among many areas.
    seed : int
        Of the permutations.
    tolerance_m : float, metres
        Areas this near to each other are neighbours; 0: those that share a border or a corner.

    Returns
    -------
    DataFrame
        Indexed as ``areas``: ``count``; ``rate`` as ``per`` says; ``smoothed_rate``, drawn towards the mean the more
        the less the area's own rate says; ``neighbours``, how many areas touch it; ``z``; ``p``, two-sided; ``q``,
        the rate of false discoveries at which the area would be one; ``kind``: ``"hot"``, ``"cold"`` or ``"none"``.
        ``z``, ``p`` and ``q`` are missing for areas that take no part, and for all where all are alike.

    Raises
    ------
    TableError
        If an area has no count, an id is repeated, or an option is not known.
    CrsError
        If the areas are not metric, or incidents are in another CRS.
    GridgeoError
        If ``esda`` is not installed.

    References
    ----------
    Ord and Getis 1995, Local spatial autocorrelation statistics. Caldas de Castro and Singer 2006, Controlling the
    false discovery rate in local spatial statistics.
    """
    if not 0 < false_discovery_rate < 1:
        raise TableError(f"false_discovery_rate is {false_discovery_rate}, it must lie between 0 and 1")
    check_areas(areas)
    incidents, base, per = _measures(areas, counts, households, per)
    order = np.argsort(areas.index.to_numpy(dtype=object), kind="stable")
    taking = order[base[order] > 0]
    made = pd.DataFrame({"count": incidents.astype(np.int64)}, index=areas.index)
    rates = _rates(incidents[taking], base[taking])
    for name, values in zip(("rate", "smoothed_rate"), rates[:2], strict=True):
        made[name] = _spread(values * _SCALE[per], taking, len(areas))
    touching = touching_areas(areas, tolerance_m=tolerance_m)
    made["neighbours"] = np.diff(touching.indptr)
    values = incidents[taking] if per == "area" else rates[2]
    z, p = gi_star(values, touching[taking][:, taking], permutations=permutations, seed=seed)
    made["z"], made["p"] = _spread(z, taking, len(areas)), _spread(p, taking, len(areas))
    made["q"] = discovery_rates(made["p"].to_numpy())
    made["kind"] = pd.array(kinds_of(made["z"].to_numpy(), made["q"].to_numpy(), false_discovery_rate), dtype="str")
    return made


def check_areas(areas: gpd.GeoDataFrame) -> None:
    """Refuse areas that cannot be compared.

    Raises
    ------
    TableError
        If there is none, an id is repeated, or a geometry is missing.
    CrsError
        If they are not metric.
    """
    if not len(areas):
        raise TableError("areas: there is none")
    if areas.index.has_duplicates:
        raise TableError(f"areas: area_id {areas.index[areas.index.duplicated()][0]!r} is there twice")
    without = areas.geometry.isna() | areas.geometry.is_empty
    if without.any():
        raise TableError(f"areas: {areas.index[without][0]!r} has no geometry")
    check_metric(areas.crs, "areas")


def _measures(
    areas: gpd.GeoDataFrame, counts: Any, households: pd.Series | None, per: str | None
) -> tuple[Floats, Floats, str]:
    """Give each area its incidents and what they are compared with."""
    if isinstance(counts, gpd.GeoDataFrame | gpd.GeoSeries):
        counts = AreaIndex.from_areas(areas[[areas.geometry.name]]).count(counts)
    incidents = _by_area(counts, areas, "counts")
    homes = areas["households"] if households is None and "households" in areas.columns else households
    known = homes is not None and bool(homes.gt(0).any())
    if per is None:
        per = "households" if known else "area"
    if per not in PER:
        raise TableError(f"per is {per!r}; it is one of {', '.join(PER)}")
    if per == "km2":
        return incidents, areas.geometry.area.to_numpy() / _M2_A_KM2, per
    if per == "area":
        return incidents, np.ones(len(areas)), per
    if homes is None or not known:
        raise TableError("areas: no area has households; give households=..., or per='km2'")
    return incidents, _by_area(homes, areas, "households"), per


def _by_area(values: pd.Series, areas: gpd.GeoDataFrame, name: str) -> Floats:
    if values.index.has_duplicates:
        raise TableError(f"{name}: area {values.index[values.index.duplicated()][0]!r} is there twice")
    own = pd.to_numeric(values, errors="coerce").reindex(areas.index).to_numpy(dtype=float)
    wrong = ~(own >= 0) | np.isinf(own)
    if wrong.any():
        area = areas.index[wrong][0]
        raise TableError(f"{name}: of area {area!r} there are {values.get(area, 'none')}; a number from 0 up is needed")
    return own


def _rates(incidents: Floats, base: Floats) -> tuple[Floats, Floats, Floats]:
    """Compute rates: plain, smoothed (Marshall 1991), and standardised (Assunção and Reis 1999)."""
    if not len(base):
        return incidents, incidents, incidents
    rate, mean = incidents / base, incidents.sum() / base.sum()
    between = (base * (rate - mean) ** 2).sum() / base.sum() - mean / base.mean()
    weight = max(between, 0.0) / np.maximum(max(between, 0.0) + mean / base, np.finfo(float).tiny)
    spread = between + mean / base
    spread = np.sqrt(np.where(spread < 0, mean / base, spread))
    return (
        rate,
        mean + weight * (rate - mean),
        np.divide(rate - mean, spread, out=np.zeros_like(rate), where=spread > 0),
    )


def _spread(values: Floats, rows: NDArray[np.int64], size: int) -> Floats:
    made = np.full(size, np.nan)
    made[rows] = values
    return made


def gi_star(
    values: Floats, touching: sparse.csr_array, *, permutations: int = 0, seed: int = 0
) -> tuple[Floats, Floats]:
    """Compute Getis and Ord's Gi* and its two-sided p.

    Parameters
    ----------
    values : array of float, shape (n,)
    touching : csr_array, shape (n, n)
        1 where two areas touch, 0 on the diagonal; an area without neighbours stands for itself.
    permutations, seed : int
        As ``hot_spots``.

    Returns
    -------
    z, p : arrays of float, shape (n,)
        Not a number where all values, or all sums, are alike.

    Raises
    ------
    GridgeoError
        If ``esda`` is not installed.
    """
    size = len(values)
    if size < 2 or np.ptp(values) <= 1e-12 * np.abs(values).max():
        return np.full(size, np.nan), np.full(size, np.nan)
    statistic, graph = _libraries()
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # z does not change with a constant; values above 0 keep the library's ratio to the sum away from 0 / 0
        found = statistic(
            values - values.min() + np.ptp(values),
            graph.from_sparse(sparse.csr_array(touching + sparse.eye_array(size, format="csr")).tocoo()),
            transform="B",
            star=None,
            permutations=0,  # the library's own are compiled anew in every process, for most of a minute
        )
    sums = np.diff(touching.indptr) + 1
    z = np.where(sums < size, np.asarray(found.Zs, dtype=float), np.nan)
    p = _permuted(values, touching, permutations, seed) if permutations else _chance(z, sums, values)
    return z, np.where(np.isfinite(z), p, np.nan)


def _libraries() -> tuple[Any, Any]:
    try:
        from esda.getisord import G_Local
        from libpysal.graph import Graph
    except ModuleNotFoundError as error:
        raise GridgeoError(f'hot spots need {error.name}; pip install "gridgeo[statistics]" brings it') from None
    return G_Local, Graph


def _chance(z: Floats, sums: NDArray[np.int64], values: Floats) -> Floats:
    """Give the two-sided chance of z for sums of values drawn without replacement, whose distribution is skewed."""
    size = len(values)
    inner = sums < size
    skew = np.zeros(size)
    if size > 2:
        of_sum = (size - 2 * sums[inner]) / (size - 2) * np.sqrt((size - 1) / (sums[inner] * (size - sums[inner])))
        skew[inner] = stats.skew(values) * of_sum
    above, below = stats.pearson3.sf(z, skew), stats.pearson3.cdf(z, skew)
    return np.minimum(2 * np.minimum(above, below), 1.0)


def _permuted(values: Floats, touching: sparse.csr_array, permutations: int, seed: int) -> Floats:
    """Give the two-sided chance of each sum among those of the values in random order."""
    random = np.random.default_rng(seed)
    own = touching + sparse.eye_array(len(values), format="csr")
    held = own @ values
    slack = 1e-9 * max(np.abs(held).max(), np.finfo(float).tiny)  # equal sums may differ in their last digit
    above, below = np.zeros(len(values)), np.zeros(len(values))
    for start in range(0, permutations, _PERMUTATIONS_AT_ONCE):
        columns = min(_PERMUTATIONS_AT_ONCE, permutations - start)
        sums = own @ random.permuted(np.repeat(values[:, None], columns, axis=1), axis=0)
        above += (sums >= held[:, None] - slack).sum(axis=1)
        below += (sums <= held[:, None] + slack).sum(axis=1)
    return np.minimum(2 * (np.minimum(above, below) + 1) / (permutations + 1), 1.0)


def discovery_rates(p: Floats) -> Floats:
    """Give the rate of false discoveries at which each test would be one; missing where ``p`` is."""
    made = np.full(p.shape, np.nan)
    known = np.isfinite(p)
    if known.any():
        made[known] = stats.false_discovery_control(np.clip(p[known], 0.0, 1.0))
    return made


def kinds_of(z: Floats, q: Floats, limit: float) -> NDArray[np.object_]:
    """Name what is significant: ``"hot"`` where z is above 0, ``"cold"`` below; else ``"none"``."""
    found = np.nan_to_num(q, nan=2.0) <= limit
    return np.where(found, np.where(np.nan_to_num(z) > 0, "hot", "cold"), "none").astype(object)
