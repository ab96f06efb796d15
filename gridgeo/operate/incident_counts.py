"""Count incidents by area, and by the hours, weekdays, days or categories within each area."""

from __future__ import annotations

from datetime import date
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import TableError

from .locate import AreaIndex

BY = ("area", "category", "hour", "weekday", "day", "week", "month")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_BLOCK = 1_000_000
"""So many points are located at a time, which bounds the memory."""
_PER_HOUSEHOLDS = 1000.0
_M2_A_KM2 = 1e6


def count_incidents(
    incidents: pd.DataFrame,
    index: AreaIndex,
    *,
    since: date | str | None = None,
    until: date | str | None = None,
    category: str | list[str] | None = None,
    by: str = "area",
    time_zone: str | None = None,
    areas: gpd.GeoDataFrame | None = None,
    now: date | str | None = None,
) -> pd.DataFrame:
    """Count the incidents that each area owns.

    Parameters
    ----------
    incidents : GeoDataFrame or DataFrame
        Table ``INCIDENTS``; of a frame without geometry, the columns ``x`` and ``y`` in the areas' CRS, metres.
    index : AreaIndex
    since, until : date, datetime or ISO text, optional
        Incidents reported from ``since`` on and before ``until``. A day begins at midnight in ``time_zone``.
    category : str or list of str, optional
        Count these categories only.
    by : str
        ``"area"``: one column ``count``. ``"category"``, ``"hour"`` (0 to 23), ``"weekday"`` (``monday`` ...),
        ``"day"``, ``"week"`` (from its Monday), ``"month"``: one column each, in order and without gaps.
    time_zone : str, optional
        Local time by its name, such as ``"Asia/Shanghai"``; needed wherever hours or days are told apart.
    areas : GeoDataFrame, optional
        With ``by="area"``: brings ``area_m2`` and ``per_km2``, and where it has households, ``households`` and
        ``per_1000_households`` (missing for an area without any).
    now : datetime or ISO text, optional
        Incidents reported after it cannot be; they are left out.

    Returns
    -------
    DataFrame
        Indexed by ``area_id`` in the order of ``index``; counts are whole numbers, 0 for an area without incidents.
        ``attrs["left_out"]`` tells how many incidents were not counted and why: ``without_place``, ``in_no_area``,
        ``without_time``, ``in_future``.

    Raises
    ------
    TableError
        If a column is missing, instants have no time zone, a category is not among the incidents', or an option is
        not known.
    CrsError
        If the points are not in the areas' CRS.
    """
    if by not in BY:
        raise TableError(f"by is {by!r}; it is one of {', '.join(BY)}")
    timed = by not in ("area", "category")
    zone = _zone(time_zone)
    if timed and zone is None:
        raise TableError(f"by={by!r} needs time_zone, the name of the local time; as time_zone='Asia/Shanghai'")
    chosen, left_out = _choose(incidents, since, until, now, zone, timed=timed)
    chosen &= _of_category(incidents, category)
    bins, names = _bins(incidents, chosen, by, zone)
    rows = np.flatnonzero(chosen)
    table, lost = _tally(incidents, index, rows, bins, len(names))
    frame = pd.DataFrame(table, index=index.area_ids.rename("area_id"), columns=names)
    if by == "area" and areas is not None:
        frame = add_rates(frame, areas)
    frame.attrs["left_out"] = {**lost, **left_out}
    return frame


def add_rates(counts: pd.DataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Set counts in relation to the size of each area and to its households.

    Parameters
    ----------
    counts : DataFrame
        ``count``, indexed by ``area_id``.
    areas : GeoDataFrame
        Polygons in a metric CRS with every such area; ``households`` where they are known.

    Returns
    -------
    DataFrame
        With ``area_m2``, ``per_km2`` and, of areas with households, ``households``, ``per_1000_households``.

    Raises
    ------
    TableError
        If an area of ``counts`` is not among ``areas``.
    """
    unknown = counts.index.difference(areas.index)
    if len(unknown):
        raise TableError(f"areas: there is no area {unknown[0]!r}, which the index of the count has")
    own = areas.reindex(counts.index)
    size_m2 = own.geometry.area
    made = counts.assign(area_m2=size_m2, per_km2=counts["count"] / size_m2 * _M2_A_KM2)
    if "households" not in own.columns or not own["households"].gt(0).any():
        return made
    homes = own["households"]
    return made.assign(
        households=homes, per_1000_households=(counts["count"] / homes * _PER_HOUSEHOLDS).where(homes > 0)
    )


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TableError(f"time_zone {name!r} is not known; name it like 'Asia/Shanghai'") from None


def _choose(
    incidents: pd.DataFrame, since: Any, until: Any, now: Any, zone: ZoneInfo | None, *, timed: bool
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Choose the incidents by their time, and count those whose time cannot be used."""
    chosen = np.ones(len(incidents), dtype=bool)
    if not timed and since is None and until is None and now is None:
        return chosen, {"without_time": 0, "in_future": 0}
    reported = _instants(incidents)
    chosen &= reported.notna().to_numpy()
    left_out = {"without_time": int((~chosen).sum()), "in_future": 0}
    if now is not None:
        future = (reported > _moment(now, "now", zone)).to_numpy()
        left_out["in_future"] = int(future.sum())
        chosen &= ~future
    if since is not None:
        chosen &= (reported >= _moment(since, "since", zone)).to_numpy()
    if until is not None:
        chosen &= (reported < _moment(until, "until", zone)).to_numpy()
    return chosen, left_out


def _instants(incidents: pd.DataFrame) -> pd.Series:
    if "reported_at" not in incidents.columns:
        raise TableError("incidents: there is no column 'reported_at', which says when each was reported")
    reported = incidents["reported_at"]
    if not isinstance(reported.dtype, pd.DatetimeTZDtype):
        raise TableError(
            f"incidents: reported_at is of type {reported.dtype}, not instants with a time zone; "
            "use pd.to_datetime(...).dt.tz_localize('Asia/Shanghai')"
        )
    return reported


def _moment(value: Any, name: str, zone: ZoneInfo | None) -> pd.Timestamp:
    try:
        moment = pd.Timestamp(value)
    except (TypeError, ValueError):
        raise TableError(f"{name} is {value!r}, neither a day nor an instant") from None
    if moment is pd.NaT:
        raise TableError(f"{name} is {value!r}, neither a day nor an instant")
    if moment.tzinfo is None and zone is None:
        raise TableError(f"{name} is {value}, without a time zone; say time_zone='Asia/Shanghai', or as it is there")
    return moment.tz_localize(zone) if moment.tzinfo is None else moment


def _of_category(incidents: pd.DataFrame, category: str | list[str] | None) -> NDArray[np.bool_]:
    if category is None:
        return np.ones(len(incidents), dtype=bool)
    wanted = [category] if isinstance(category, str) else list(category)
    kinds = _categories(incidents)
    known = set(kinds.dropna().unique())
    unknown = [name for name in wanted if name not in known]
    if unknown and len(incidents):
        raise TableError(f"category {unknown[0]!r}: no incident has it; there are {', '.join(sorted(known)[:20])}")
    return cast(NDArray[np.bool_], kinds.isin(wanted).to_numpy())


def _categories(incidents: pd.DataFrame) -> pd.Series:
    if "category" not in incidents.columns:
        raise TableError("incidents: there is no column 'category'")
    return incidents["category"]


def _bins(
    incidents: pd.DataFrame, chosen: NDArray[np.bool_], by: str, zone: ZoneInfo | None
) -> tuple[NDArray[np.int64], pd.Index]:
    """Give every chosen incident the number of its column, and the columns their names."""
    if by == "area":
        return np.zeros(int(chosen.sum()), dtype=np.int64), pd.Index(["count"])
    if by == "category":
        names, codes = np.unique(_categories(incidents)[chosen].fillna("").to_numpy(dtype=object), return_inverse=True)
        return codes.astype(np.int64), pd.Index(names, name="category", dtype="str")
    local = _instants(incidents)[chosen].dt.tz_convert(zone)
    if by == "hour":
        return local.dt.hour.to_numpy(dtype=np.int64), pd.RangeIndex(24, name="hour")
    if by == "weekday":
        return local.dt.day_of_week.to_numpy(dtype=np.int64), pd.Index(WEEKDAYS, name="weekday")
    return _periods(local.dt.tz_localize(None), by)


def _periods(local: pd.Series, by: str) -> tuple[NDArray[np.int64], pd.Index]:
    """Number days, weeks or months from the first to the last; empty ones between them count."""
    days = local.to_numpy().astype("datetime64[D]")
    if not len(days):
        return np.zeros(0, dtype=np.int64), pd.DatetimeIndex([], name=by)
    if by == "month":
        codes = days.astype("datetime64[M]").astype(np.int64)
        starts = np.arange(codes.min(), codes.max() + 1).astype("datetime64[M]").astype("datetime64[D]")
    elif by == "week":
        monday = days.astype(np.int64) - (days.astype(np.int64) + 3) % 7  # day 0 of 1970 was a Thursday
        codes = monday // 7
        starts = np.arange(monday.min(), monday.max() + 1, 7).astype("datetime64[D]")
    else:
        codes = days.astype(np.int64)
        starts = np.arange(codes.min(), codes.max() + 1).astype("datetime64[D]")
    return codes - codes.min(), pd.DatetimeIndex(starts, name=by)


def _tally(
    incidents: pd.DataFrame, index: AreaIndex, rows: NDArray[np.int64], bins: NDArray[np.int64], columns: int
) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Locate the incidents and add them up by area and column."""
    ids = index.area_ids
    total = np.zeros(len(ids) * columns, dtype=np.int64)
    placed = _placed(incidents)
    lost = 0
    for start in range(0, len(rows), _BLOCK):
        part = rows[start : start + _BLOCK]
        located = index.locate(_places(incidents, part))
        codes, found = pd.factorize(located.array)
        area = np.append(ids.get_indexer(pd.Index(found)), -1)[codes]
        own = area >= 0
        lost += int((~own & placed[part]).sum())
        total += np.bincount(area[own] * columns + bins[start : start + _BLOCK][own], minlength=len(total))
    without = int((~placed[rows]).sum())
    return total.reshape(len(ids), columns), {"without_place": without, "in_no_area": lost}


def _placed(incidents: pd.DataFrame) -> NDArray[np.bool_]:
    if isinstance(incidents, gpd.GeoDataFrame):
        return cast(NDArray[np.bool_], (~(incidents.geometry.isna() | incidents.geometry.is_empty)).to_numpy())
    if not {"x", "y"} <= set(incidents.columns):
        raise TableError("incidents: have neither a geometry nor the columns 'x' and 'y'")
    return cast(NDArray[np.bool_], incidents[["x", "y"]].notna().all(axis=1).to_numpy())


def _places(incidents: pd.DataFrame, rows: NDArray[np.int64]) -> Any:
    if isinstance(incidents, gpd.GeoDataFrame):
        return incidents.geometry.iloc[rows].reset_index(drop=True)
    return incidents["x"].to_numpy()[rows], incidents["y"].to_numpy()[rows]
