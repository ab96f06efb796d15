"""Keep incidents: rows that arrive all day, are never deleted, and change as they are handled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gridgeo.model.errors import TableError
from gridgeo.model.tables import INCIDENTS, conform, empty

from .rows import Layout, columns_of, insert_rows, pack, unpack
from .schema import incidents, layouts
from .values import unify

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_AT_ONCE = 5_000  # ids in one query


def prepare_incidents(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Bring incidents into the form in which they are kept.

    Parameters
    ----------
    frame : GeoDataFrame
        Table ``INCIDENTS``; ``reported_at`` may be ISO text that names its offset.

    Returns
    -------
    GeoDataFrame

    Raises
    ------
    TableError
        Naming the incident whose ``reported_at`` is missing, no instant, or without a time zone.
    CrsError
        If the points are not metric.
    """
    made = cast(gpd.GeoDataFrame, conform(frame, INCIDENTS))
    if made.active_geometry_name != "geometry":
        made = made.rename_geometry("geometry")
    made["reported_at"] = _instants(made["reported_at"])
    if "accuracy_m" in made:
        made["accuracy_m"] = pd.to_numeric(made["accuracy_m"])
    return made


def _instants(values: pd.Series) -> pd.Series:
    if values.isna().any():
        raise TableError(f"incidents: reported_at of {values.index[values.isna()][0]!r} is missing")
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        if values.dt.tz is None and len(values):
            raise TableError(_no_zone(values.index[0], values.iloc[0]))
        return values
    moments = []
    for incident_id, value in values.items():
        try:
            moment = pd.Timestamp(value)
        except (ValueError, TypeError):
            raise TableError(f"incidents: reported_at of {incident_id!r} is {value!r}, not an instant") from None
        if moment.tzinfo is None:
            raise TableError(_no_zone(incident_id, value))
        moments.append(moment)
    return pd.Series(pd.to_datetime(moments, utc=True), index=values.index)


def _no_zone(incident_id: Any, value: Any) -> str:
    return (
        f"incidents: reported_at of {incident_id!r} is {value}, without a time zone; "
        "say which one with frame['reported_at'].dt.tz_localize('Asia/Shanghai')"
    )


def save_incidents(connection: sa.Connection, territory: str, frame: gpd.GeoDataFrame) -> None:
    """Add incidents, and bring those that are known up to date.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    territory : str
    frame : GeoDataFrame
        As ``prepare_incidents`` gives it. Columns that it does not hold keep their stored values.
    """
    if not len(frame):
        return  # an empty table says nothing about types
    packed = pack(frame, incidents)
    _merge_layout(connection, territory, packed.layout)
    columns: dict[str, Any] = {name: values for name, values in packed.columns.items() if name != "position"}
    if set(columns["extra"]) <= {None}:
        del columns["extra"]
    else:
        names = {column["name"] for column in packed.layout["columns"] if column["in"] == "extra"}
        columns["extra"] = _merge_extra(connection, territory, names, columns)
    shapes = frame.geometry.to_numpy()
    columns |= {"territory": territory, "x": _plain(shapely.get_x(shapes)), "y": _plain(shapely.get_y(shapes))}
    insert = _INSERT[connection.dialect.name](incidents)
    keys = ["territory", "incident_id"]
    updates = {name: insert.excluded[name] for name in columns if name not in keys}
    insert_rows(connection, insert.on_conflict_do_update(index_elements=keys, set_=updates), columns, packed.count)


def _plain(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]


def incident_layout(connection: sa.Connection, territory: str) -> Layout | None:
    """Read how a territory's incidents are typed; None where there are none.

    Parameters
    ----------
    connection : Connection
    territory : str

    Returns
    -------
    dict or None
    """
    mine = (layouts.c.territory == territory, layouts.c.kind == "incidents")
    return connection.scalar(sa.select(layouts.c.layout).where(*mine))


def _merge_layout(connection: sa.Connection, territory: str, new: Layout) -> None:
    """Extend the layout by new columns, and widen types so that old and new rows fit."""
    old = incident_layout(connection, territory)
    if old is None:
        connection.execute(sa.insert(layouts).values(territory=territory, kind="incidents", layout=new))
        return
    arriving = {column["name"]: column for column in new["columns"]}
    merged = [_joined(column, arriving.pop(column["name"], column)) for column in old["columns"]]
    shapes = old["geometry"]
    extended = [column for column in [*merged, *arriving.values()] if column["name"] != shapes]
    layout = old | {"columns": [*extended, *[column for column in merged if column["name"] == shapes]]}
    layout["index"] = _joined(old["index"], new["index"])
    if layout != old:
        mine = (layouts.c.territory == territory, layouts.c.kind == "incidents")
        connection.execute(sa.update(layouts).where(*mine).values(layout=layout))


def _joined(old: Layout, new: Layout) -> Layout:
    return old if "form" not in old else old | {"form": unify(old["form"], new["form"])}


def _merge_extra(connection: sa.Connection, territory: str, names: set[str], columns: dict[str, Any]) -> list[str]:
    """Lay the new JSON records over the stored ones of the same incidents; only the columns named are replaced."""
    ids, extra = columns["incident_id"], columns["extra"]
    kept: dict[str, dict[str, Any]] = {}
    for start in range(0, len(ids), _AT_ONCE):
        query = sa.select(incidents.c.incident_id, incidents.c.extra).where(
            incidents.c.territory == territory, incidents.c.incident_id.in_(ids[start : start + _AT_ONCE])
        )
        for incident_id, record in connection.execute(query):
            kept[incident_id] = {name: value for name, value in (record or {}).items() if name not in names}
    return [
        json.dumps(kept.get(incident_id, {}) | json.loads(record), ensure_ascii=False)
        for incident_id, record in zip(ids, extra, strict=True)
    ]


def load_incidents(
    connection: sa.Connection,
    territory: str,
    *,
    since: date | None = None,
    until: date | None = None,
    category: str | Sequence[str] | None = None,
    bbox: Sequence[float] | None = None,
    crs: Any = None,
) -> gpd.GeoDataFrame:
    """Read incidents in the order in which they arrived.

    Parameters
    ----------
    connection : Connection
    territory : str
    since, until : datetime with a time zone, or date
        Half-open; a date is its midnight in the time zone of the stored column.
    category : str or sequence of str
    bbox : west, south, east, north in metres
        The frame belongs to it; incidents without a place do not lie in it.
    crs : CRS
        Of the empty table, where no incident was ever saved.

    Returns
    -------
    GeoDataFrame
        Table ``INCIDENTS``.

    Raises
    ------
    TableError
        If an instant has no time zone, or the box is none.
    """
    layout = incident_layout(connection, territory)
    if layout is None:
        return cast(gpd.GeoDataFrame, empty(INCIDENTS, crs))
    column = incidents.c
    where = [column.territory == territory]
    if since is not None:
        where.append(column.reported_at >= _moment(since, "since", layout))
    if until is not None:
        where.append(column.reported_at < _moment(until, "until", layout))
    if category is not None:
        where.append(column.category.in_([category] if isinstance(category, str) else list(category)))
    if bbox is not None:
        west, south, east, north = _box(bbox)
        where += [column.x.between(west, east), column.y.between(south, north)]
    query = sa.select(*columns_of(layout, incidents)).where(*where).order_by(column.position)
    return cast(gpd.GeoDataFrame, unpack(layout, incidents, connection.execute(query).all()))


def _moment(value: date, name: str, layout: Layout) -> datetime:
    """Read an instant; of a date, its midnight in the time zone of the stored column."""
    if isinstance(value, datetime) and not pd.isna(value):
        if value.tzinfo is None:
            raise TableError(f"{name} is {value}, without a time zone; use datetime(..., tzinfo=...)")
        return value
    if not isinstance(value, date) or pd.isna(value):
        raise TableError(f"{name} is {value!r}, neither an instant nor a day")
    form = next(column["form"] for column in layout["columns"] if column["name"] == "reported_at")
    zone = getattr(pd.api.types.pandas_dtype(form["dtype"]), "tz", None)
    midnight: datetime = pd.Timestamp(value).tz_localize(zone).to_pydatetime()
    return midnight


def _box(bbox: Sequence[float]) -> list[float]:
    sides = [float(side) for side in bbox]
    if len(sides) != 4 or not np.isfinite(sides).all() or sides[0] > sides[2] or sides[1] > sides[3]:
        raise TableError(f"bbox is {tuple(sides)}, not west, south, east, north in metres")
    return sides
