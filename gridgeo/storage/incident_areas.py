"""Tell in which area each incident lay, by the plan that was in force on its own day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import TableError


def areas_of_incidents(
    incidents: gpd.GeoDataFrame, zone: str | None, areas_on: Callable[[date], tuple[int, gpd.GeoDataFrame] | None]
) -> pd.DataFrame:
    """Locate incidents in the areas of their own day.

    Parameters
    ----------
    incidents : GeoDataFrame
        Table ``INCIDENTS``.
    zone : str, optional
        Whose calendar days are meant; that of ``reported_at`` without it.
    areas_on : function of date
        Version and areas in force on a day; None where none is.

    Returns
    -------
    DataFrame
        Indexed like ``incidents``; ``version, area_id``: missing where no plan was in force, or no area there. On a
        border the smaller id is meant.

    Raises
    ------
    TableError
        If there is no such time zone.
    """
    version = pd.Series(pd.NA, index=incidents.index, dtype="Int64")
    area_id = pd.Series(None, index=incidents.index, dtype="str")
    shapes = incidents.geometry.to_numpy()
    found: dict[int, list[int]] = {}
    drawn: dict[int, gpd.GeoDataFrame] = {}
    for day, rows in _rows_of_days(incidents["reported_at"], zone).items():
        known = areas_on(day)
        if known is not None:
            found.setdefault(known[0], []).extend(rows)
            drawn[known[0]] = known[1]
    for number, rows in found.items():
        places = np.array(rows)
        version.iloc[places] = number
        area_id.iloc[places] = _located(shapes[places], drawn[number].sort_index())
    return pd.DataFrame({"version": version, "area_id": area_id})


def _rows_of_days(reported_at: pd.Series, zone: str | None) -> dict[date, list[int]]:
    """Group the rows of incidents by calendar day."""
    if not len(reported_at):
        return {}
    try:
        local = reported_at if zone is None else reported_at.dt.tz_convert(zone)
    except (KeyError, ValueError, OSError):
        raise TableError(f"zone {zone!r} is no time zone; name it like 'Asia/Shanghai'") from None
    days = pd.Series(np.arange(len(local))).groupby(local.dt.date.to_numpy()).agg(list)
    return dict(zip(days.index, days, strict=True))


def _located(points: np.ndarray, areas: gpd.GeoDataFrame) -> list[str | None]:
    """Name the first area of those in order that touches each point; None where none does."""
    rows, hits = shapely.STRtree(areas.geometry.to_numpy()).query(points, predicate="intersects")
    first = np.full(len(points), len(areas))
    np.minimum.at(first, rows, hits)
    ids = areas.index.tolist()
    return [ids[place] if place < len(ids) else None for place in first.tolist()]
