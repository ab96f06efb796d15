"""Draw the density of points as a raster: kernel density on a metric grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS
from scipy import signal

from gridgeo.model.crs import check_metric
from gridgeo.model.errors import CrsError, TableError

Floats = NDArray[np.float64]

MOST_CELLS = 100_000_000
_M2_A_KM2 = 1e6
_NOISE = 1e-12
"""What the Fourier transform leaves where there is nothing, as a share of the largest value."""


@dataclass(frozen=True)
class DensityRaster:
    """A raster of densities.

    Parameters
    ----------
    values : array of float, shape (rows, columns), points per km2
        The first row is the northernmost; not a number outside the territory that was given.
    transform : tuple of six floats
        a, b, c, d, e, f: cell (column, row) has its upper left corner at x = a column + b row + c,
        y = d column + e row + f, in metres. ``affine.Affine(*transform)`` is what rasterio takes.
    crs : CRS
    points : int
        How many points were drawn.
    """

    values: Floats
    transform: tuple[float, float, float, float, float, float]
    crs: CRS
    points: int


def density_raster(
    points: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    bandwidth_m: float = 300.0,
    cell_m: float = 50.0,
    within: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    bounds: tuple[float, float, float, float] | None = None,
    weights: ArrayLike | None = None,
) -> DensityRaster:
    """Spread points over their surroundings, and give the density in every cell of a raster.

    The kernel is the quartic one, 3 / (pi h^2) (1 - d^2 / h^2)^2 within the bandwidth h. A point counts in the
    middle of its cell, which moves it by at most 0.71 cells; each point adds up to exactly 1.

    Edges: with ``within``, the density is divided by the share of the kernel that lies in the territory, so that it
    does not sink towards the border; points outside the territory are left out. Without it, nothing is corrected.

    Parameters
    ----------
    points : GeoDataFrame or GeoSeries of Point
        In a metric CRS; rows without a place are left out. Incidents, officers' positions: never residents.
    bandwidth_m : float, metres
        Radius of the kernel.
    cell_m : float, metres
        Side of a cell.
    within : GeoDataFrame or GeoSeries, optional
        Polygons of the territory, in the same CRS.
    bounds : tuple of float, optional, metres
        West, south, east, north of the raster; without it those of the territory, else those of the points and one
        bandwidth around. It grows to whole cells; cells lie on multiples of ``cell_m``.
    weights : array of float, optional
        What each point counts for, one number a row.

    Returns
    -------
    DensityRaster

    Raises
    ------
    TableError
        If a size is not a positive number, there is neither a point nor ``within`` nor ``bounds``, weights do not
        fit, or the raster would have more than 100 million cells.
    CrsError
        If the points are not metric, or ``within`` is in another CRS.
    """
    for name, size in (("bandwidth_m", bandwidth_m), ("cell_m", cell_m)):
        if not (np.isfinite(size) and size > 0):
            raise TableError(f"{name} is {size}, it must be a positive number of metres")
    shapes = points.geometry if isinstance(points, gpd.GeoDataFrame) else points
    check_metric(shapes.crs, "points")
    if within is not None and within.crs != shapes.crs:
        raise CrsError(f"within: is in {within.crs}, points is in {shapes.crs}; use within.to_crs(points.crs)")
    xy, load = _places(shapes, weights)
    ground = None if within is None else shapely.union_all(within.geometry.to_numpy())
    west, south, columns, rows = _frame(xy, ground, bounds, bandwidth_m, cell_m)
    reach = int(np.ceil(bandwidth_m / cell_m))
    if ground is not None:
        inside = shapely.intersects_xy(ground, *xy.T)
        xy, load = xy[inside], load[inside]
    kernel = _kernel(bandwidth_m, cell_m, reach)
    counts, used = _count(xy, load, (west, south), (rows, columns), cell_m, reach)
    values = _smooth(counts, kernel, reach) / cell_m**2 * _M2_A_KM2
    if ground is not None:
        values = _correct_edges(values, ground, (west, south), kernel, reach, cell_m)
    transform = (cell_m, 0.0, west, 0.0, -cell_m, south + rows * cell_m)
    return DensityRaster(values[::-1], transform, CRS.from_user_input(shapes.crs), used)


def _places(shapes: gpd.GeoSeries, weights: ArrayLike | None) -> tuple[Floats, Floats]:
    placed = (~(shapes.isna() | shapes.is_empty)).to_numpy()
    kinds = shapely.get_type_id(shapes.to_numpy()[placed])
    if (kinds != 0).any():
        raise TableError(f"points: {shapes.index[placed][kinds != 0][0]!r} is not a Point")
    try:
        load = np.ones(len(shapes)) if weights is None else np.asarray(weights, dtype=float)
    except (TypeError, ValueError):
        raise TableError("weights: are not numbers") from None
    if load.shape != (len(shapes),) or not np.isfinite(load).all():
        raise TableError(
            f"weights: shape {load.shape}, they must be one finite number for each of {len(shapes)} points"
        )
    xy = shapely.get_coordinates(shapes.to_numpy()[placed])
    if not np.isfinite(xy).all():
        raise CrsError("points: a coordinate is not finite")
    return xy, load[placed]


def _frame(
    xy: Floats, ground: Any, bounds: tuple[float, float, float, float] | None, bandwidth_m: float, cell_m: float
) -> tuple[float, float, int, int]:
    """Lay the raster: its south-western corner, how many columns, how many rows."""
    if bounds is not None:
        edges = np.asarray(bounds, dtype=float)
    elif ground is not None and not ground.is_empty:
        edges = np.asarray(ground.bounds)
    elif len(xy):
        edges = np.concatenate([xy.min(axis=0) - bandwidth_m, xy.max(axis=0) + bandwidth_m])
    else:
        raise TableError("points: none has a place; give within=... or bounds=... for an empty raster")
    if edges.shape != (4,) or not np.isfinite(edges).all() or (edges[2:] <= edges[:2]).any():
        raise TableError(f"bounds: {tuple(edges.tolist())} are not west, south, east, north")
    low, high = np.floor(edges[:2] / cell_m), np.ceil(edges[2:] / cell_m)
    columns, rows = (high - low).astype(np.int64).tolist()
    if columns * rows > MOST_CELLS:
        raise TableError(f"cell_m is {cell_m}: {columns} x {rows} cells are too many; take larger cells, or bounds=...")
    return float(low[0] * cell_m), float(low[1] * cell_m), columns, rows


def _kernel(bandwidth_m: float, cell_m: float, reach: int) -> Floats:
    """Weigh the cells around a cell; the weights add up to 1."""
    steps = np.arange(-reach, reach + 1) * cell_m / bandwidth_m
    made = np.clip(1 - steps[:, None] ** 2 - steps[None, :] ** 2, 0, None) ** 2
    return np.asarray(made / made.sum())


def _count(
    xy: Floats, load: Floats, corner: tuple[float, float], shape: tuple[int, int], cell_m: float, reach: int
) -> tuple[Floats, int]:
    """Add points up by cell, those around the raster that reach into it as well."""
    rows, columns = shape[0] + 2 * reach, shape[1] + 2 * reach
    cell = np.floor((xy - np.asarray(corner)) / cell_m).astype(np.int64) + reach
    # a point on the raster's very last edge belongs to the last cell
    cell[xy[:, 0] == corner[0] + shape[1] * cell_m, 0] = shape[1] + reach - 1
    cell[xy[:, 1] == corner[1] + shape[0] * cell_m, 1] = shape[0] + reach - 1
    near = ((cell >= 0) & (cell < [columns, rows])).all(axis=1)
    flat = cell[near, 1] * columns + cell[near, 0]
    counts = np.bincount(flat, load[near], minlength=rows * columns).astype(float)
    return counts.reshape(rows, columns), int(near.sum())


def _smooth(counts: Floats, kernel: Floats, reach: int) -> Floats:
    made = signal.oaconvolve(counts, kernel, mode="same")[reach:-reach, reach:-reach]
    return np.where(np.abs(made) <= _NOISE * np.abs(counts).max(initial=0.0), 0.0, made)


def _correct_edges(
    values: Floats, ground: Any, corner: tuple[float, float], kernel: Floats, reach: int, cell_m: float
) -> Floats:
    """Divide by the share of the kernel in the territory; cells whose middle lies outside have no density."""
    rows, columns = values.shape
    x = corner[0] + (np.arange(-reach, columns + reach) + 0.5) * cell_m
    y = corner[1] + (np.arange(-reach, rows + reach) + 0.5) * cell_m
    shapely.prepare(ground)
    land = shapely.intersects_xy(ground, x[None, :], y[:, None])
    share = _smooth(land.astype(float), kernel, reach)
    inside = land[reach:-reach, reach:-reach]
    return np.divide(values, share, out=np.full_like(values, np.nan), where=inside & (share > 0))
