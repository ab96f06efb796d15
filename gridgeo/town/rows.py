"""Pack rows of buildings into parcels, all parcels at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

_ROW_OFFSET_M = 100_000.0  # puts rows side by side on one axis, so that one running maximum serves all
_EDGE_M = 0.05
STRETCH_MOST, GAP_MOST = 1.12, 1.8
"""To fill a row, units grow by up to this factor, then gaps by that one."""
ROW_SPARE = 0.6
"""Share of the depth left over that goes between rows."""


def facing_angle(parcels: np.ndarray, most: float = 0.42) -> np.ndarray:
    """Choose how rows run in each parcel: along its sides, as far as they may turn from east-west.

    Parameters
    ----------
    parcels : array of Polygon
    most : float
        Largest turn from east-west, radians; homes face south.

    Returns
    -------
    array of float, radians
    """
    corners = shapely.get_coordinates(shapely.oriented_envelope(parcels)).reshape(-1, 5, 2)
    sides = corners[:, 1:3] - corners[:, 0:2]
    longest = np.hypot(sides[..., 0], sides[..., 1]).argmax(axis=1)
    side = sides[np.arange(len(sides)), longest]
    angle = np.arctan2(side[:, 1], side[:, 0])
    return np.clip((angle + np.pi / 4) % (np.pi / 2) - np.pi / 4, -most, most)


def turn(shapes: np.ndarray, angle: np.ndarray, about: np.ndarray) -> np.ndarray:
    """Turn each shape by its own angle about its own point.

    Parameters
    ----------
    shapes : array of Geometry
    angle : array of float, radians
    about : array of shape (n, 2)

    Returns
    -------
    array of Geometry
    """
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    x, y = (points - about[owner]).T
    cos, sin = np.cos(angle)[owner], np.sin(angle)[owner]
    turned = np.column_stack([cos * x - sin * y, sin * x + cos * y]) + about[owner]
    return shapely.set_coordinates(shapes.copy(), turned)


def pack_rows(parcels: np.ndarray, angle: np.ndarray, rules: pd.DataFrame) -> pd.DataFrame:
    """Fill parcels with rows of buildings.

    Parameters
    ----------
    parcels : array of Polygon
        Where buildings may stand, setbacks taken off.
    angle : array of float, radians
        How rows run.
    rules : DataFrame
        One row a parcel; columns of ``Style``: depth of a building, width of one of its units (a stairwell), how many
        units it may have, gaps at its ends and between rows, which share of the parcel's depth is used.

    Returns
    -------
    DataFrame
        ``parcel, row`` (0 is the southernmost), ``units, rows`` (in its parcel), ``width`` (along the row, metres),
        ``angle``, ``geometry`` (Polygon). Buildings lie within their parcel, and none overlap.
    """
    about = shapely.get_coordinates(shapely.centroid(parcels))
    flat = turn(parcels, -angle, about)
    bands = _bands(flat, rules)
    free = _free_intervals(flat, bands)
    if not len(free):
        return pd.DataFrame({name: [] for name in ("parcel", "row", "units", "rows", "width", "angle", "geometry")})
    built = _buildings(free, bands, rules)
    boxes = shapely.box(built["west"], built["south"], built["west"] + built["width"], built["north"])
    owner = built["parcel"].to_numpy()
    made = built[["parcel", "row", "units", "rows", "width"]].reset_index(drop=True)
    return made.assign(angle=angle[owner], geometry=turn(np.asarray(boxes), angle[owner], about[owner]))


def _bands(flat: np.ndarray, rules: pd.DataFrame) -> pd.DataFrame:
    """Lay as many rows into each parcel as its depth allows, evenly."""
    west, south, east, north = shapely.bounds(flat).T
    low = south + rules["from_share"].to_numpy() * (north - south)
    high = south + rules["to_share"].to_numpy() * (north - south)
    depth, gap = rules["depth_m"].to_numpy(), rules["row_gap_m"].to_numpy()
    count = np.maximum(np.floor((high - low + gap) / (depth + gap)), 0).astype(int)
    spare = np.maximum(high - low - count * depth - np.maximum(count - 1, 0) * gap, 0)
    pitch = depth + gap + ROW_SPARE * spare / np.maximum(count, 1)
    first = low + (high - low - (count - 1) * pitch - depth) / 2
    parcel = np.repeat(np.arange(len(flat)), count)
    row = np.arange(len(parcel)) - np.repeat(np.cumsum(count) - count, count)
    bottom = first[parcel] + row * pitch[parcel]
    return pd.DataFrame(
        {
            "parcel": parcel,
            "row": row,
            "rows": count[parcel],
            "west": west[parcel] - 1,
            "east": east[parcel] + 1,
            "south": bottom,
            "north": bottom + depth[parcel],
        }
    )


def _free_intervals(flat: np.ndarray, bands: pd.DataFrame) -> pd.DataFrame:
    """Find where a row's whole depth lies inside its parcel: seen from the south, what is outside hides the rest."""
    if not len(bands):
        return pd.DataFrame({"band": [], "start": [], "end": []})
    boxes = shapely.box(bands["west"], bands["south"], bands["east"], bands["north"])
    rest = shapely.difference(boxes, flat[bands["parcel"].to_numpy()])
    parts, band = shapely.get_parts(rest, return_index=True)
    bounds = shapely.bounds(parts)
    middle = (bands["west"].to_numpy() + bands["east"].to_numpy())[band] / 2
    start = bounds[:, 0] - middle + band * _ROW_OFFSET_M
    end = bounds[:, 2] - middle + band * _ROW_OFFSET_M
    order = np.argsort(start, kind="stable")
    start, end, band, middle = start[order], np.maximum.accumulate(end[order]), band[order], middle[order]
    is_free = (band[1:] == band[:-1]) & (start[1:] - end[:-1] > 2 * _EDGE_M)
    away = middle[:-1] - band[:-1] * _ROW_OFFSET_M
    return pd.DataFrame(
        {
            "band": band[:-1][is_free],
            "start": (end[:-1] + away)[is_free] + _EDGE_M,
            "end": (start[1:] + away)[is_free] - _EDGE_M,
        }
    )


def _buildings(free: pd.DataFrame, bands: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """Set buildings of whole units into the free length of each row."""
    band = bands.iloc[free["band"].to_numpy()]
    rule = rules.iloc[band["parcel"].to_numpy()]
    length = (free["end"] - free["start"]).to_numpy()
    unit, gap = rule["unit_m"].to_numpy(), rule["end_gap_m"].to_numpy()
    low, high = rule["units_low"].to_numpy(), rule["units_high"].to_numpy()
    count = np.maximum(np.ceil((length + gap) / (high * unit + gap)), 1)
    units = np.minimum(np.floor(((length + gap) / count - gap) / unit), high)
    count = np.where(units < low, count - 1, count)
    units = np.where(units < low, high, units)
    fits = (count >= 1) & (count * units * unit + (count - 1) * gap <= length + 1e-6)
    count = np.where(fits, count, 0).astype(int)
    bare = np.maximum(count * units * unit, 1)
    width = units * unit * np.clip((length - (count - 1) * gap) / bare, 1.0, STRETCH_MOST)
    spare = (length - count * width) / np.maximum(count - 1, 1)
    step = width + np.clip(spare, gap, GAP_MOST * gap)
    first = free["start"].to_numpy() + (length - width - (count - 1) * step) / 2
    at = np.repeat(np.arange(len(free)), count)
    place = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    built = band.iloc[at].reset_index(drop=True)
    return built.assign(west=first[at] + place * step[at], width=width[at], units=units[at].astype(int))
