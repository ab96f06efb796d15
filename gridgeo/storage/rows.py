"""Turn frames into rows of the store and back: same types, same order, same index, same coordinates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from pyproj import CRS

from gridgeo.model.errors import TableError

from .postgis import copy_rows
from .schema import frames
from .values import decode, encode, encode_days

_PLUMBING = {"row_id", "frame_id", "position", "extra", "geometry"}
_EXACT_WHOLE = 2**53  # beyond it a double does not hold every whole number
_LARGEST_WHOLE = 2**63 - 1
_INDEX = "__index__"
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Layout = dict[str, Any]


@dataclass(frozen=True)
class Packed:
    """A frame made ready for the store.

    Parameters
    ----------
    layout : dict
        Column order, types, index, CRS: what ``unpack`` needs.
    columns : dict of str to list
        Column of the SQL table -> plain values, one a row.
    count : int
        How many rows.
    digest : str
        Names the content: equal frames have equal digests.
    """

    layout: Layout
    columns: dict[str, list[Any]]
    count: int
    digest: str


def pack(frame: pd.DataFrame, table: sa.Table, what: str | None = None) -> Packed:
    """Make a frame ready for the store.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        Any columns; those that the SQL table declares go there, the others into its JSON.
    table : Table
        Of ``schema.ROWS``, or ``schema.incidents``.
    what : str, optional
        What to call the frame in messages; the table's name without it.

    Returns
    -------
    Packed

    Raises
    ------
    TableError
        If a column cannot be kept, or two have one name.
    """
    what = what or table.name
    _check_names(frame, what)
    shapes = frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None
    columns: dict[str, list[Any]] = {"position": list(range(len(frame)))}
    extras: dict[str, list[Any]] = {}
    layout: Layout = {"columns": [], "names": str(frame.columns.dtype)}
    layout["index"] = _pack_index(frame.index, table, columns, extras, what)
    for name in frame.columns:
        where = f"{what}: column {name!r}"
        if name == shapes:
            columns["geometry"] = _pack_shapes(frame.geometry)
            if "west" in table.columns:
                columns |= _pack_bounds(frame.geometry)
            layout |= {"geometry": name, "crs": crs_text(frame.crs)}
            layout["columns"].append({"name": name, "in": "geometry"})
            continue
        place, form, plain = _pack_column(frame[name], table, where)
        (columns if place == "sql" else extras)[name] = plain
        layout["columns"].append({"name": name, "in": place, "form": form})
    columns["extra"] = _as_json(extras, len(frame))
    try:
        return Packed(layout, columns, len(frame), _digest(layout, columns))
    except UnicodeEncodeError as error:
        raise TableError(
            f"{what}: holds {error.object!r:.40}, which is no text; read its file in the right encoding"
        ) from None


def _digest(layout: Layout, columns: dict[str, list[Any]]) -> str:
    digest = hashlib.blake2b(_to_json(layout).encode(), digest_size=16)
    for name, values in columns.items():
        if name == "geometry":
            sizes = [None if shape is None else len(shape) for shape in values]
            digest.update(_to_json([name, sizes]).encode())
            digest.update(b"".join(shape for shape in values if shape is not None))
        else:
            digest.update(_to_json([name, values]).encode())
    return digest.hexdigest()


def _check_names(frame: pd.DataFrame, what: str) -> None:
    if isinstance(frame.index, pd.MultiIndex):
        raise TableError(f"{what}: has an index of several levels; use reset_index()")
    if not frame.columns.is_unique:
        raise TableError(f"{what}: column {frame.columns[frame.columns.duplicated()][0]!r} stands more than once")
    for name in frame.columns:
        if not isinstance(name, str):
            raise TableError(f"{what}: column {name!r} has no name in text; rename it")


def _pack_index(
    index: pd.Index, table: sa.Table, columns: dict[str, list[Any]], extras: dict[str, list[Any]], what: str
) -> Layout:
    """Put the index where it belongs: a range into the layout, text into the key's column, others into the JSON."""
    key = table.info["key"]
    named: Layout = {"name": index.name}
    if isinstance(index, pd.RangeIndex):
        if key:
            columns[key] = [str(place) for place in index]
        return named | {"in": "range", "range": [index.start, index.stop, index.step]}
    form, plain = encode(index.to_series(), f"{what}: the index")
    if key and form["form"] == "text" and None not in plain:
        columns[key] = plain
        return named | {"in": "key", "form": form}
    if key:
        columns[key] = [str(value) for value in plain]
        if form == {"form": "object", "missing": "none"} and columns[key] == plain:
            return named | {"in": "key", "form": form}
    extras[_INDEX] = plain
    return named | {"in": "extra", "form": form}


def _pack_shapes(shapes: gpd.GeoSeries) -> list[bytes | None]:
    """Write geometries as little-endian WKB: every coordinate bit for bit."""
    made: list[bytes | None] = shapely.to_wkb(shapes.to_numpy(), byte_order=1, flavor="iso").tolist()
    return made


def _pack_bounds(shapes: gpd.GeoSeries) -> dict[str, list[float | None]]:
    """Measure the boxes that the spatial index keeps; None for a shape without one."""
    bounds = shapely.bounds(shapes.to_numpy()).T.tolist()
    boxes = [[None if np.isnan(side) else side for side in sides] for sides in bounds]
    return dict(zip(("west", "south", "east", "north"), boxes, strict=True))


def _pack_column(values: pd.Series, table: sa.Table, where: str) -> tuple[str, Layout, list[Any]]:
    """Encode a column, and choose between the SQL column of its name and the JSON."""
    name = str(values.name)
    reserved = {*_PLUMBING, table.info["key"], *table.info.get("derived", ())}
    column = None if name in reserved else table.columns.get(name)
    if column is not None and isinstance(column.type, sa.Date):
        form, plain = encode_days(values, where)
        return "sql", form, plain
    form, plain = encode(values, where)
    fits = column is not None and _fits(column.type, form, plain)
    return ("sql" if fits else "extra"), form, plain


def _fits(column: sa.types.TypeEngine[Any], form: Layout, plain: Sequence[Any]) -> bool:
    """Tell whether an SQL column gives these values back as they are."""
    present = [value for value in plain if value is not None]
    kinds = {type(value) for value in present}
    if isinstance(column, sa.BigInteger):
        if kinds <= {int}:
            return all(abs(value) <= _LARGEST_WHOLE for value in present)
        whole = kinds == {float} and form["form"] == "number"
        return whole and all(value.is_integer() and abs(value) <= _EXACT_WHOLE for value in present)
    if isinstance(column, sa.Double):
        return kinds <= {float} or (
            kinds == {int} and form["form"] == "number" and all(abs(value) <= _EXACT_WHOLE for value in present)
        )
    if isinstance(column, sa.Text):
        return kinds <= {str} and not any("\0" in value for value in present)  # PostgreSQL's text takes no NUL
    return form["form"] == "instant"


def _as_json(extras: dict[str, list[Any]], count: int) -> list[str | None]:
    """Join the columns that have no place of their own into one JSON record a row."""
    if not extras:
        return [None] * count
    names = list(extras)
    return [
        _to_json({name: value for name, value in zip(names, row, strict=True) if value is not None})
        for row in zip(*extras.values(), strict=True)
    ]


def insert_rows(connection: sa.Connection, statement: sa.Insert, columns: dict[str, Any], count: int) -> None:
    """Insert plain values straight through the driver.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    statement : Insert
        Into which table, and what to do with rows that are there.
    columns : dict
        Column -> list of plain values, or one value for all rows.
    count : int
        How many rows.
    """
    if not count:
        return
    named = {name: values if isinstance(values, list) else [values] * count for name, values in columns.items()}
    if connection.dialect.name == "postgresql" and type(statement) is sa.Insert:
        copy_rows(connection, cast(sa.Table, statement.table), named)
        return
    # The values are plain already. Passing SQLAlchemy's own processing by is three times as fast.
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(named))
    if compiled.positiontup is not None:
        rows: list[Any] = list(zip(*(named[name] for name in compiled.positiontup), strict=True))
    else:
        kinds = statement.table.c
        plain = [_as_bound(kinds[name].type, values) for name, values in named.items()]
        rows = [dict(zip(named, row, strict=True)) for row in zip(*plain, strict=True)]
    connection.exec_driver_sql(str(compiled), rows)


def _as_bound(kind: sa.types.TypeEngine[Any], values: list[Any]) -> list[Any]:
    """Give whole floats as whole numbers where the column is one of those; SQLite does so itself."""
    if not isinstance(kind, sa.Integer):
        return values
    return [None if value is None else int(value) for value in values]


def save_frame(connection: sa.Connection, table: sa.Table, packed: Packed) -> int:
    """Store a frame once: one that the store holds already is not written again.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    table : Table
        Of ``schema.ROWS``.
    packed : Packed

    Returns
    -------
    int
        Its ``frame_id``.
    """
    same = (frames.c.kind == table.name, frames.c.digest == packed.digest)
    held = connection.scalar(sa.select(frames.c.frame_id).where(*same))
    if held is not None:
        return int(held)
    values = {"kind": table.name, "digest": packed.digest, "row_count": packed.count, "layout": packed.layout}
    frame_id: int = connection.execute(sa.insert(frames).values(values).returning(frames.c.frame_id)).scalar_one()
    insert_rows(connection, sa.insert(table), {"frame_id": frame_id, **packed.columns}, packed.count)
    return frame_id


def load_frame(
    connection: sa.Connection, table: sa.Table, frame_id: int, *where: sa.ColumnElement[bool]
) -> pd.DataFrame:
    """Read a frame as it was stored, or those of its rows that meet conditions.

    Parameters
    ----------
    connection : Connection
    table : Table
        Of ``schema.ROWS``.
    frame_id : int
    *where : conditions on columns of the table

    Returns
    -------
    DataFrame or GeoDataFrame
    """
    layout = connection.execute(sa.select(frames.c.layout).where(frames.c.frame_id == frame_id)).scalar_one()
    query = sa.select(*columns_of(layout, table)).where(table.c.frame_id == frame_id, *where).order_by(table.c.position)
    return unpack(layout, table, connection.execute(query).all())


def columns_of(layout: Layout, table: sa.Table) -> list[sa.Column[Any]]:
    """List the SQL columns that ``unpack`` needs, in the order of the table."""
    wanted = {column["name"] for column in layout["columns"] if column["in"] == "sql"}
    wanted |= {table.info["key"]} if layout["index"]["in"] == "key" else set()
    wanted |= {"geometry"} if "geometry" in layout else set()
    wanted |= {"extra"} if "extra" in {place["in"] for place in [*layout["columns"], layout["index"]]} else set()
    return [column for column in table.columns if column.name in wanted] or [table.c.position]


def unpack(layout: Layout, table: sa.Table, rows: Sequence[Any]) -> pd.DataFrame:
    """Give the frame back that ``pack`` took.

    Parameters
    ----------
    layout : dict
        As ``pack`` made it.
    table : Table
    rows : sequence of tuples
        Values of ``columns_of(layout, table)``.

    Returns
    -------
    DataFrame or GeoDataFrame
    """
    names = [column.name for column in columns_of(layout, table)]
    found: dict[str, Sequence[Any]] = (
        dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    )
    extra = [record or {} for record in found.get("extra", ())]
    index = _unpack_index(layout["index"], table, found, extra, len(rows))
    made: dict[str, Any] = {}
    for column in layout["columns"]:
        name = column["name"]
        if column["in"] == "geometry":
            made[name] = _unpack_shapes(found["geometry"], layout["crs"], index)
        else:
            plain = found[name] if column["in"] == "sql" else [record.get(name) for record in extra]
            made[name] = decode(column["form"], plain, index)
    frame = pd.DataFrame(made, index=index)
    frame.columns = frame.columns.astype(layout["names"])
    if "geometry" not in layout:
        return frame
    return gpd.GeoDataFrame(frame, geometry=layout["geometry"], crs=read_crs(layout["crs"]))


def _unpack_index(
    layout: Layout, table: sa.Table, found: dict[str, Sequence[Any]], extra: Iterable[dict[str, Any]], count: int
) -> pd.Index:
    if layout["in"] == "range":
        start, stop, step = layout["range"]
        index: pd.Index = pd.RangeIndex(start, stop, step, name=layout["name"])
        return index if len(index) == count else pd.RangeIndex(count, name=layout["name"])
    plain = found[table.info["key"]] if layout["in"] == "key" else [record.get(_INDEX) for record in extra]
    values = decode(layout["form"], plain, pd.RangeIndex(count))
    return pd.Index(values, name=layout["name"], dtype=values.dtype)


def _unpack_shapes(wkb: Sequence[bytes | None], crs: str | None, index: pd.Index) -> gpd.GeoSeries:
    shapes = shapely.from_wkb(np.array(wkb, dtype=object)) if len(wkb) else np.array([], dtype=object)
    return gpd.GeoSeries(shapes, index=index, crs=read_crs(crs))


def crs_text(crs: Any) -> str | None:
    """Write a CRS in full, so that it reads back without a register of codes."""
    return None if crs is None else CRS.from_user_input(crs).to_wkt()


@lru_cache(maxsize=32)
def read_crs(text: str | None) -> CRS | None:
    """Read a CRS that ``crs_text`` wrote."""
    return None if text is None else CRS.from_wkt(text)
