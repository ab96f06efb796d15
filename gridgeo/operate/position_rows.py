"""Read positions as phones and files bring them: instants with a zone, known officers, places that can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import CrsError, TableError

from .position_places import Extent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
"""Microseconds: instants are whole numbers of them since 1970."""


def microseconds(at: Any, what: str = "at") -> int:
    """Count the microseconds from 1970 until an instant.

    Raises
    ------
    TableError
        If it is no instant, or has no time zone.
    """
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise TableError(
            f"positions: {what} is {at!r}, it must be an instant with a time zone, as datetime.now(timezone.utc)"
        )
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


@dataclass(frozen=True)
class Batch:
    """Positions of one batch, as arrays of one length.

    Parameters
    ----------
    row : array of int
        Of the officer; -1 where unknown.
    x, y : arrays of float, metres
    stamp : array of int
        Microseconds since 1970.
    on_duty : array of bool
    accuracy_m : array of float
        nan where unknown.
    """

    row: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    stamp: NDArray[np.int64]
    on_duty: NDArray[np.bool_]
    accuracy_m: NDArray[np.float64]

    def select(self, chosen: NDArray[Any]) -> Batch:
        """Choose rows by a mask or by their numbers."""
        return Batch(*(values[chosen] for values in vars(self).values()))


def read_batch(
    given: Any, x: Any, y: Any, at: Any, on_duty: Any, accuracy_m: Any, known: pd.Index
) -> tuple[pd.Index, Batch]:
    """Read a batch of positions from a frame, or from arrays.

    Parameters
    ----------
    given : GeoDataFrame, DataFrame, or array of officer ids
        A frame has ``officer_id`` as its index or a column, ``at``, a geometry or ``x`` and ``y``, and may have
        ``on_duty`` and ``accuracy_m``.
    x, y, at, on_duty, accuracy_m : arrays or single values
        Where ``given`` is an array.
    known : Index
        The officers' ids, in order.

    Returns
    -------
    ids : Index
        As given.
    batch : Batch

    Raises
    ------
    TableError
        If columns are missing, lengths differ, or the instants have no time zone.
    """
    if isinstance(given, pd.DataFrame):
        given, x, y, at, on_duty, accuracy_m = _columns(given, on_duty)
    ids = pd.Index(given)
    if x is None or y is None or at is None:
        raise TableError("positions: pass a table, or the arrays officer_ids, x, y and at")
    count = len(ids)
    x, y, accuracy_m = (_numbers(values, count, name) for values, name in
                        ((x, "x"), (y, "y"), (np.nan if accuracy_m is None else accuracy_m, "accuracy_m")))  # fmt: skip
    duty = _spread(on_duty, count, "on_duty").astype(bool)
    return ids, Batch(known.get_indexer(ids).astype(np.int64), x, y, _stamps(at, count), duty, accuracy_m)


def _columns(frame: pd.DataFrame, on_duty: Any) -> tuple[Any, ...]:
    """Take the columns of a frame."""
    by_index = frame.index.name == "officer_id"
    ids = frame.index if by_index else frame.get("officer_id")
    if ids is None or "at" not in frame:
        raise TableError("positions: needs the columns officer_id and at")
    if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name is not None:
        places: tuple[Any, Any] = _coordinates(frame)
    elif "x" in frame and "y" in frame:
        places = frame["x"], frame["y"]
    else:
        raise TableError("positions: has no geometry, and no columns x and y")
    return ids, *places, frame["at"], frame.get("on_duty", on_duty), frame.get("accuracy_m")


def _coordinates(frame: gpd.GeoDataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the coordinates of points; nan where a point is missing or empty."""
    points = frame.geometry
    other = ~(points.isna() | points.is_empty | (points.geom_type == "Point"))
    if other.any():
        first = other.to_numpy().argmax()
        raise TableError(f"positions: geometry of {frame.index[first]!r} is a {points.iloc[first].geom_type}, no Point")
    bounds = points.bounds.to_numpy()
    return bounds[:, 0], bounds[:, 1]


def _spread(values: Any, count: int, name: str) -> NDArray[Any]:
    made = np.asarray(values)
    if made.ndim == 0:
        return np.full(count, made)
    if made.shape != (count,):
        raise TableError(f"positions: {name} has shape {made.shape}, there are {count} officer_ids")
    if made.dtype == object and pd.isna(made).any():
        raise TableError(f"positions: {name} of row {int(pd.isna(made).argmax())} is missing")
    return made


def _numbers(values: Any, count: int, name: str) -> NDArray[np.float64]:
    try:
        made = pd.to_numeric(pd.Series(values), errors="raise").to_numpy(dtype=float) if np.ndim(values) else values
        made = np.asarray(made, dtype=float)
    except (TypeError, ValueError):
        raise TableError(f"positions: {name} is not an array of numbers") from None
    return _spread(made, count, name)


def _stamps(at: Any, count: int) -> NDArray[np.int64]:
    if isinstance(at, datetime):
        return np.full(count, microseconds(at), dtype=np.int64)
    try:
        instants = pd.DatetimeIndex(at)
    except (TypeError, ValueError):
        raise TableError("positions: at are not instants with a time zone") from None
    if instants.tz is None and count:
        raise TableError("positions: at has no time zone; use .dt.tz_localize('Asia/Shanghai') or where it was taken")
    if instants.hasnans:
        raise TableError(f"positions: at of row {int(instants.isna().argmax())} is missing")
    return _spread(instants.as_unit("us").asi8, count, "at").astype(np.int64)


def find_faults(batch: Batch, extent: Extent) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which rows name nobody, and which are in a place that cannot be; who is off duty needs no place."""
    unknown = batch.row < 0
    misplaced = ~unknown & batch.on_duty & ~extent.hold(batch.x, batch.y)
    return unknown, misplaced


def first_fault(ids: pd.Index, batch: Batch, extent: Extent) -> TableError | CrsError | None:
    """Make the error for the first faulty row, if there is one."""
    unknown, misplaced = find_faults(batch, extent)
    faulty = np.flatnonzero(unknown | misplaced)
    if not len(faulty):
        return None
    at = int(faulty[0])
    more = f" (and {len(faulty) - 1} rows more)" if len(faulty) > 1 else ""
    if unknown[at]:
        return TableError(f"positions: {ids[at]!r} is not in officers{more}; only officers' positions are kept")
    return extent.fault(f"positions of {ids[at]!r}{more}", float(batch.x[at]), float(batch.y[at]))
