"""Take in a register of addresses for its audit: ids, texts, parts and points, each row's place beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gridgeo.model.crs import check_metric
from gridgeo.model.errors import CrsError, TableError

from .address_audit_parts import cut_register, place_of


@dataclass(frozen=True)
class Register:
    """A register of addresses, taken in.

    Parameters
    ----------
    name : str
        What to call it in errors.
    texts : Series of text
        The addresses, missing ones as "", indexed by the ids.
    parts : DataFrame
        As ``cut_register`` gives it.
    place : Series of text
        As ``place_of`` gives it.
    xy : array of float, shape (n, 2), metres
        NaN where a point is missing; None where the register has no points at all.
    crs : CRS or None
    """

    name: str
    texts: pd.Series
    parts: pd.DataFrame
    place: pd.Series
    xy: NDArray[np.float64] | None
    crs: CRS | None

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def ids(self) -> pd.Index:
        """Give the ids of the rows."""
        return self.texts.index

    @property
    def group(self) -> pd.Series:
        """Name what each row belongs to: its estate, else its road with the number."""
        gate = self.parts["road"] + "|" + self.parts["number"]
        return self.parts["estate"].where(self.parts["estate"] != "", gate)

    def distance_m(self, other: NDArray[np.float64]) -> NDArray[np.float64]:
        """Measure from each row's point to another; NaN where either is missing."""
        if self.xy is None:
            return np.full(len(self), np.nan)
        return np.hypot(*(self.xy - other).T)


def take_in_register(frame: Any, name: str, crs: CRS | None = None) -> Register:
    """Take in a register.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        Ids of text as index, column ``address``; points, where it has a geometry.
    name : str
        What to call it in errors.
    crs : CRS, optional
        Metric system to bring its points into; without it they must be metric themselves.

    Returns
    -------
    Register
        In the order of the ids, whatever the order of the rows.

    Raises
    ------
    TableError
        If it is no table, has no column ``address``, holds something else than text there, ids are missing, doubled or
        not text, or a geometry is not a point.
    CrsError
        If its points have no system, or one that is not in metres where ``crs`` is not given.
    """
    _check_rows(frame, name)
    frame = frame.sort_index()
    texts = frame["address"].fillna("").astype("str")
    parts = cut_register(texts)
    xy, own = None, None
    if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name is not None:
        xy, own = _take_in_points(frame.geometry, name, crs)
    return Register(name, texts, parts, place_of(parts), xy, own)


def _check_rows(frame: Any, name: str) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise TableError(f"{name}: is {type(frame).__name__}, not a table; pass a DataFrame with a column 'address'")
    if "address" not in frame.columns:
        raise TableError(f"{name}: column 'address' is missing; it has {', '.join(map(str, frame.columns))}")
    if frame.index.hasnans or not all(isinstance(key, str) for key in frame.index):
        raise TableError(f"{name}: its index must be ids of text, none missing; use index.astype(str)")
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()][0]
        raise TableError(f"{name}: id {twice!r} stands more than once; ids must be unique")
    texts = frame["address"]
    wrong = texts.notna() & ~texts.map(lambda text: isinstance(text, str)).astype(bool)
    if wrong.any():
        first = texts.index[wrong][0]
        raise TableError(f"{name}: address of {first!r} is {texts[first]!r}, not text")


def _take_in_points(points: gpd.GeoSeries, name: str, crs: CRS | None) -> tuple[NDArray[np.float64], CRS]:
    """Give coordinates in metres, NaN for missing points, and their system."""
    if points.crs is None:
        raise CrsError(f"{name}: its points have no coordinate system; set one with set_crs")
    if crs is not None:
        points = points.to_crs(crs)
    check_metric(points.crs, name)
    shapes = points.to_numpy()
    kinds = shapely.get_type_id(shapes)
    if (kinds > 0).any():
        raise TableError(f"{name}: geometry of {points.index[kinds > 0][0]!r} is not a Point")
    xy = np.full((len(shapes), 2), np.nan)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    xy[there] = shapely.get_coordinates(shapes[there])
    xy[~np.isfinite(xy).all(axis=1)] = np.nan
    return xy, CRS.from_user_input(points.crs)
