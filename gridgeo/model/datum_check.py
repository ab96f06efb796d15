"""Hold points against their communities under every datum, and tell when another one serves clearly better."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .crs import LONLAT
from .datum import from_bd09, from_gcj02, to_bd09, to_gcj02
from .errors import CrsError, TableError

INVERSES = {"gcj02": from_gcj02, "bd09": from_bd09}
"""The way back to WGS 84, by datum."""
_SHIFTS = {"gcj02": to_gcj02, "bd09": to_bd09}
LABELS = ("community_id", "parent_id", "area_id")
"""Columns of points that may name the community a point belongs to, the first that does is used."""
_MOST_POINTS = 20_000
_POLAR_DEG = 85.0
"""Beyond this latitude the shifts have no way back, degrees."""
_FEWEST_POINTS, _LEAST_SHARE, _MOST_LEFT = 5, 0.01, 0.5
"""A datum serves clearly better when it brings home that many points, that share of them, and leaves at most half of
those outside there."""


def compare_datums(
    points: gpd.GeoDataFrame | gpd.GeoSeries, communities: gpd.GeoDataFrame, *, label: str | None = None
) -> pd.DataFrame:
    """Count how many points lie in their communities as they are, and with a shift taken out of either layer.

    Parameters
    ----------
    points : GeoDataFrame or GeoSeries of Point
        Households, incidents; in any CRS. Of more than 20,000 a sample is taken, the same for every order of rows.
    communities : GeoDataFrame
        Polygons of the territory, indexed by id; in any CRS.
    label : str, optional
        Column of ``points`` with the id of the community each belongs to. Without it, the first of ``community_id``,
        ``parent_id`` and ``area_id`` of which at least half the values are ids of communities; without such a column
        a point is at home in any community.

    Returns
    -------
    DataFrame
        One row a trial, the first for both layers as they are: ``layer`` (``"points"`` or ``"communities"``) that is
        taken to be in ``datum``; how many ``points`` were tried; how many lie ``inside`` and ``outside``; the
        ``share`` inside; ``labelled``, True where inside means inside the community that the point's row names.

    Raises
    ------
    CrsError
        If a layer declares no CRS.
    TableError
        If ``label`` is no column of the points, or names no community at all.
    """
    shapes, own = _points_and_labels(points, communities, label)
    lonlat, own = _sample(shapes, own)
    grounds = _degrees(communities.geometry, "communities")
    home = _home_test(grounds, own)
    trials = [("", "wgs84", lonlat)]
    trials += [("points", datum, np.column_stack(back(*lonlat.T))) for datum, back in INVERSES.items()]
    trials += [("communities", datum, np.column_stack(there(*lonlat.T))) for datum, there in _SHIFTS.items()]
    table = pd.DataFrame(
        [(layer, datum, len(xy), home(xy)) for layer, datum, xy in trials],
        columns=["layer", "datum", "points", "inside"],
    )
    table["outside"] = table["points"] - table["inside"]
    return table.assign(share=table["inside"] / table["points"].clip(lower=1), labelled=own is not None)


def datum_hint(
    points: gpd.GeoDataFrame | gpd.GeoSeries, communities: gpd.GeoDataFrame, *, label: str | None = None
) -> str | None:
    """Tell when points fall into the communities clearly better under another datum.

    Clearly better: at least 5 points and 1 % of them come home, and no more than half of those that lie outside stay
    there.

    Parameters
    ----------
    points : GeoDataFrame or GeoSeries of Point
        Households, incidents; in any CRS.
    communities : GeoDataFrame
        Polygons of the territory; in any CRS.
    label : str, optional
        Column of the points that names each one's community; as ``gridgeo.model.datum_check.compare_datums``.

    Returns
    -------
    str or None
        One line with what to do, or None where the datum as it is serves best. A hint is for a person to act on:
        nothing is converted.

    Raises
    ------
    CrsError, TableError
        As ``compare_datums``.
    """
    trials = compare_datums(points, communities, label=label)
    now, best = trials.iloc[0], trials.iloc[int(trials["outside"].to_numpy().argmin())]
    gain = now["outside"] - best["outside"]
    if gain < max(_FEWEST_POINTS, _LEAST_SHARE * now["points"]) or best["outside"] > _MOST_LEFT * now["outside"]:
        return None
    layer, datum = f"the {best['layer']}", best["datum"]
    where = "their own community" if now["labelled"] else "the communities"
    return (
        f"{now['outside']} of {now['points']} points lie outside {where}, {best['outside']} if {layer} are in {datum}"
        f" ({now['share']:.1%} inside now, {best['share']:.1%} then); if they are, read {layer} with datum={datum!r}"
    )


def _points_and_labels(
    points: gpd.GeoDataFrame | gpd.GeoSeries, communities: gpd.GeoDataFrame, label: str | None
) -> tuple[gpd.GeoSeries, np.ndarray | None]:
    """Take the points that have a place, each with the row of its community where one is named."""
    shapes = points.geometry if isinstance(points, gpd.GeoDataFrame) else points
    placed = (~shapes.isna() & ~shapes.is_empty).to_numpy()
    if label is not None and (not isinstance(points, gpd.GeoDataFrame) or label not in points.columns):
        raise TableError(f"points: there is no column {label!r} to name the communities")
    for name in LABELS if label is None else (label,):
        if not isinstance(points, gpd.GeoDataFrame) or name not in points.columns or not communities.index.is_unique:
            continue
        row = communities.index.get_indexer(points[name].to_numpy(dtype=object))
        known = placed & (row >= 0)
        if known.any() and (label is not None or known.sum() * 2 >= placed.sum()):
            return shapes[known], row[known]
    if label is not None and placed.any():
        raise TableError(f"points: no value of {label!r} is the id of a community")
    return shapes[placed], None


def _degrees(shapes: gpd.GeoSeries, name: str) -> np.ndarray:
    if shapes.crs is None:
        raise CrsError(f"{name}: has no CRS; say which one it is with {name}.set_crs(...)")
    return shapes.to_crs(LONLAT).to_numpy()


def _sample(shapes: gpd.GeoSeries, own: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Give longitudes and latitudes, thinned out evenly over the ground."""
    lonlat = shapely.get_coordinates(_degrees(shapes, "points"))
    usable = np.isfinite(lonlat).all(axis=1) & (np.abs(lonlat) <= [180.0, _POLAR_DEG]).all(axis=1)
    rows = np.flatnonzero(usable)
    if len(rows) > _MOST_POINTS:
        order = rows[np.lexsort((lonlat[rows, 1], lonlat[rows, 0]))]
        rows = order[:: -(-len(rows) // _MOST_POINTS)]
    return lonlat[rows], None if own is None else own[rows]


def _home_test(grounds: np.ndarray, own: np.ndarray | None) -> Callable[[np.ndarray], int]:
    """Make the count of points that lie at home; the edge of a community belongs to it."""
    if own is None:
        tree = shapely.STRtree(grounds[~shapely.is_missing(grounds)])
        return lambda xy: len(np.unique(tree.query(shapely.points(xy), predicate="intersects")[0]))
    shapely.prepare(grounds)
    return lambda xy: int(shapely.intersects_xy(grounds[own], *xy.T).sum())
