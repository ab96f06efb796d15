"""Draw the density of points as map tiles: the same colours over all tiles of a zoom, no seams between them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from PIL import Image
from scipy.ndimage import gaussian_filter

from gridgeo.model.crs import LONLAT, check_metric
from gridgeo.model.errors import TableError

from .colours import HEAT
from .tile_grid import check_tile, metres_per_pixel, world_places

SIGMA_M = 55.0
"""How far a point spreads, metres (one standard deviation)."""
SIGMA_PX = (7.0, 40.0)
"""The spread on the screen is never less and never more than this, pixels."""
HOT = 98
"""The darkest colour begins at this percentile of the density where points are."""
GAMMA = 0.85
"""Below 1: places of middling density stand out a little more."""
_BITS = 30


class HeatTiles:
    """Heat tiles of points, which are sorted once and then asked for often.

    Parameters
    ----------
    points : GeoSeries or GeoDataFrame of Point, or two arrays (lon, lat) in degrees
        Rows without a place are left out.
    weights : array-like of float, optional
        How much each point counts; 1 where not given.
    when : array-like of datetime, optional
        Instant of each point, for ``between``.
    sigma_m : float, metres
        How far a point spreads.

    Raises
    ------
    CrsError
        If points have no CRS, or lie nowhere on the globe.
    TableError
        If weights or instants are not as many as the points, or a weight is negative or not finite.
    """

    def __init__(self, points: Any, weights: Any = None, when: Any = None, *, sigma_m: float = SIGMA_M) -> None:
        x, y, placed = _world_places(points)
        weights = _same_length("weights", weights, placed, 1.0).astype(np.float32)
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise TableError("heat: a weight is negative or not finite; weights count how often a point counts")
        if when is not None:
            when = _same_length("when", pd.to_datetime(pd.Series(when), utc=True), placed, None)
        codes = _interleave(x, y)
        order = np.argsort(codes, kind="stable")
        self._hold(codes[order], weights[order], None if when is None else when[order], sigma_m)

    def _hold(self, codes: np.ndarray, weights: np.ndarray, when: np.ndarray | None, sigma_m: float) -> None:
        self._codes, self._weights, self._when, self._sigma_m = codes, weights, when, sigma_m
        self._lat = _latitude(codes)
        self._cells: dict[int, _Cells] = {}
        self._hot: dict[int, float] = {}

    def __len__(self) -> int:
        """Count the points."""
        return len(self._codes)

    def between(self, since: datetime | None = None, until: datetime | None = None) -> HeatTiles:
        """Keep the points of a span of time; its tiles have a colour scale of their own.

        Parameters
        ----------
        since, until : datetime, optional
            ``since <= instant < until``; without a time zone they count as UTC.

        Returns
        -------
        HeatTiles

        Raises
        ------
        TableError
            If the points came without instants.
        """
        if self._when is None:
            raise TableError("heat: the points came without instants; pass when=... to choose a span of time")
        kept = np.ones(len(self), dtype=bool)
        if since is not None:
            kept &= self._when >= _instant(since)
        if until is not None:
            kept &= self._when < _instant(until)
        chosen = object.__new__(HeatTiles)
        chosen._hold(self._codes[kept], self._weights[kept], self._when[kept], self._sigma_m)
        return chosen

    def tile(self, z: int, x: int, y: int) -> bytes:
        """Draw one tile.

        Parameters
        ----------
        z, x, y : int
            Zoom, column from the west, row from the north.

        Returns
        -------
        bytes
            A PNG of 256 by 256 pixels with transparency; all transparent where no point is near.

        Raises
        ------
        CrsError
            If there is no such tile.
        """
        z, x, y = check_tile(z, x, y)
        if not len(self):
            return _empty_tile()
        sigma_px, step = self._spread(z)
        side = 256 // step
        margin = int(np.ceil(3 * sigma_px / step)) + 2
        counted = self._cells_of(z, step).count(x * side - margin, y * side - margin, side + 2 * margin)
        if counted is None:
            return _empty_tile()
        density = gaussian_filter(counted, sigma_px / step, mode="constant", truncate=3)
        box = (margin, margin, margin + side, margin + side)
        smooth = Image.fromarray(density).resize((256, 256), Image.Resampling.BICUBIC, box=box)
        return _paint(np.asarray(smooth) / self._hot_density(z))

    def _spread(self, z: int) -> tuple[float, int]:
        """Tell the spread in pixels, and the side of a counting cell: small enough to be smoothed away."""
        sigma_px = float(np.clip(self._sigma_m / metres_per_pixel(z, self._lat), *SIGMA_PX))
        return sigma_px, int(2 ** np.floor(np.log2(sigma_px / 3)))

    def _cells_of(self, z: int, step: int) -> _Cells:
        bits = z + 8 - int(np.log2(step))
        if bits not in self._cells:
            self._cells[bits] = _Cells.of(self._codes, self._weights, bits)
        return self._cells[bits]

    def _hot_density(self, z: int) -> float:
        if z not in self._hot:
            sigma_px, step = self._spread(z)
            self._hot[z] = self._cells_of(z, step).percentile(sigma_px / step)
        return self._hot[z]


@dataclass(frozen=True)
class _Cells:
    """Weights counted in the cells of one resolution, in the order of their interleaved codes."""

    codes: np.ndarray
    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    bits: int

    @classmethod
    def of(cls, codes: np.ndarray, weights: np.ndarray, bits: int) -> _Cells:
        coarse = codes >> np.uint64(2 * (_BITS - bits))
        first = np.flatnonzero(np.append(True, coarse[1:] != coarse[:-1]))
        kept = coarse[first]
        return cls(
            kept,
            _every_second_bit(kept),
            _every_second_bit(kept >> np.uint64(1)),
            np.add.reduceat(weights, first),
            bits,
        )

    def count(self, west: int, north: int, side: int) -> np.ndarray | None:
        """Lay the weights of a square window out as an image; None where it holds nothing."""
        image = np.zeros((side, side), dtype=np.float32)
        found = False
        for start, stop in self._runs(west, north, side):
            column, row = self.x[start:stop] - west, self.y[start:stop] - north
            inside = (column >= 0) & (column < side) & (row >= 0) & (row < side)
            found = found or bool(inside.any())
            image[row[inside], column[inside]] = self.weights[start:stop][inside]
        return image if found else None

    def _runs(self, west: int, north: int, side: int) -> list[tuple[int, int]]:
        """Find the rows of the table that the few aligned squares around the window hold."""
        shift = max(side - 1, 1).bit_length()
        last = (1 << self.bits) - 1
        columns = range(max(west, 0) >> shift, (min(west + side - 1, last) >> shift) + 1)
        rows = range(max(north, 0) >> shift, (min(north + side - 1, last) >> shift) + 1)
        squares = np.array([(column, row) for column in columns for row in rows], dtype=np.int64).reshape(-1, 2)
        low = _interleave(squares[:, 0], squares[:, 1]) << np.uint64(2 * shift)
        high = low + np.uint64((1 << (2 * shift)) - 1)
        starts, stops = np.searchsorted(self.codes, low), np.searchsorted(self.codes, high, side="right")
        return [(start, stop) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True) if start < stop]

    def percentile(self, sigma: float, samples: int = 500) -> float:
        """Measure the density at points spread evenly through the table, and take a high percentile."""
        reached = np.cumsum(self.weights, dtype=float)
        if not reached[-1]:
            return 1.0
        at = np.searchsorted(reached, (np.arange(samples) + 0.5) / samples * reached[-1])
        reach = int(np.ceil(3 * sigma))
        bell = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
        densities = []
        for cell in np.unique(np.minimum(at, len(reached) - 1)).tolist():
            around = self.count(int(self.x[cell]) - reach, int(self.y[cell]) - reach, len(bell))
            densities.append(0.0 if around is None else float(bell @ around @ bell))
        return float(np.percentile(densities, HOT)) / (2 * np.pi * sigma**2)


def _world_places(points: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the column and row of each point on a square world of 2**30 cells, and which points have a place."""
    if isinstance(points, gpd.GeoSeries | gpd.GeoDataFrame):
        shapes = points.geometry
        placed = ~(shapes.isna() | shapes.is_empty).to_numpy()
        if not placed.all() or not len(shapes):
            shapes = shapes[placed]
        if shapes.crs is None:
            check_metric(None, "heat")
        lon, lat = shapely.get_coordinates(shapes.to_crs(LONLAT).to_numpy()).T
    else:
        lon, lat = (np.asarray(values, dtype=float) for values in points)
        placed = np.ones(len(lon), dtype=bool)
    x, y = (np.minimum(2**_BITS * share, 2**_BITS - 1).astype(np.int64) for share in world_places(lon, lat))
    return x, y, placed


def _same_length(name: str, values: Any, placed: np.ndarray, default: Any) -> np.ndarray:
    """Take the values of the rows that have a place."""
    if values is None:
        return np.full(int(placed.sum()), default)
    found = np.asarray(values)
    if len(found) != len(placed):
        raise TableError(f"heat: {name} has {len(found)} values for {len(placed)} points; give one for each")
    return found[placed]


def _instant(value: datetime) -> Any:
    instant = pd.Timestamp(value)
    return instant.tz_localize("UTC") if instant.tzinfo is None else instant.tz_convert("UTC")


def _spread_bits(values: np.ndarray) -> np.ndarray:
    """Put a zero before every bit."""
    spread = values.astype(np.uint64)
    for shift, mask in _MASKS[::-1]:
        spread = (spread | (spread << np.uint64(shift))) & np.uint64(mask)
    return spread


def _every_second_bit(codes: np.ndarray) -> np.ndarray:
    """Take the bits 0, 2, 4 ... together."""
    packed = codes & np.uint64(0x5555555555555555)
    for shift, mask in _PACKED:
        packed = (packed | (packed >> np.uint64(shift))) & np.uint64(mask)
    return packed.astype(np.int64)


_MASKS = (
    (1, 0x5555555555555555),
    (2, 0x3333333333333333),
    (4, 0x0F0F0F0F0F0F0F0F),
    (8, 0x00FF00FF00FF00FF),
    (16, 0x0000FFFF0000FFFF),
)
_PACKED = tuple((shift, mask) for (shift, _), (_, mask) in zip(_MASKS, (*_MASKS[1:], (32, 0xFFFFFFFF)), strict=True))


def _interleave(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weave the bits of columns and rows together: the points of any tile lie side by side."""
    return _spread_bits(x) | (_spread_bits(y) << np.uint64(1))


def _latitude(codes: np.ndarray) -> float:
    """Find the middle latitude of sorted codes, degrees."""
    if not len(codes):
        return 0.0
    row = float(np.median(_every_second_bit(codes[:: max(1, len(codes) // 1000)] >> np.uint64(1))))
    return float(np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * row / 2**_BITS)))))


@cache
def _palette() -> tuple[bytes, bytes]:
    """Spread the heat colours over 256 steps: red, green, blue, and how opaque."""
    stops = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in HEAT], dtype=float)
    steps = np.linspace(0, 1, 256)
    bands = [np.interp(steps, np.linspace(0, 1, len(stops)), stops[:, band]) for band in range(3)]
    alpha = 0.9 * np.clip((steps - 0.02) / 0.4, 0, 1)
    return np.rint(np.column_stack(bands)).astype(np.uint8).tobytes(), np.rint(255 * alpha).astype(np.uint8).tobytes()


def _paint(share: np.ndarray) -> bytes:
    """Colour shares of the hot density, 0 to 1 and above."""
    rgb, alpha = _palette()
    index = np.rint(255 * np.clip(share, 0, 1) ** GAMMA).astype(np.uint8)
    image = Image.fromarray(index, mode="P")
    image.putpalette(rgb)
    file = io.BytesIO()
    image.save(file, format="PNG", transparency=alpha, compress_level=4)
    return file.getvalue()


@cache
def _empty_tile() -> bytes:
    return _paint(np.zeros((256, 256)))
