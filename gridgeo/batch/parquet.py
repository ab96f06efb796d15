"""Turn tables into GeoParquet that carries notes of its own, and back."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyproj
import shapely

_GEO, _NOTES = b"geo", b"gridgeo"


def to_arrow(frame: gpd.GeoDataFrame, notes: Any) -> pa.Table:
    """Put a table into the form of GeoParquet 1.0.

    Parameters
    ----------
    frame : GeoDataFrame
        Its geometry column is called ``geometry``; its named index becomes a column.
    notes : dict or list
        What JSON carries; any program may read it under the key ``gridgeo`` of the file's metadata.

    Returns
    -------
    pyarrow.Table
    """
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    plain.attrs = {}
    table = pa.Table.from_pandas(plain)
    shapes = pa.array(shapely.to_wkb(frame.geometry.to_numpy()), type=pa.binary(), from_pandas=True)
    table = table.append_column("geometry", shapes)
    crs = None if frame.crs is None else frame.crs.to_json_dict()
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": [], "crs": crs}
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}
    told = {_GEO: json.dumps(geo).encode(), _NOTES: json.dumps(notes, ensure_ascii=False).encode()}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **told})


def from_arrow(table: pa.Table) -> gpd.GeoDataFrame:
    """Give the table back that ``to_arrow`` put into the form of GeoParquet.

    Parameters
    ----------
    table : pyarrow.Table

    Returns
    -------
    GeoDataFrame

    Raises
    ------
    GEOSException
        If the bytes of a geometry are none.
    """
    crs = crs_of(table.schema)
    shapes = shapely.from_wkb(table.column("geometry").to_numpy(zero_copy_only=False))
    rows = table.drop_columns("geometry").to_pandas()
    return gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(shapes, index=rows.index, crs=crs), crs=crs)


def notes_of(schema: pa.Schema) -> Any:
    """Read the notes that ``to_arrow`` put beside a table; None where there are none."""
    found = (schema.metadata or {}).get(_NOTES)
    return None if found is None else json.loads(found)


def without_notes(schema: pa.Schema) -> pa.Schema:
    """Leave the notes out, as for a file that holds rows of several tables."""
    return schema.with_metadata({key: value for key, value in schema.metadata.items() if key != _NOTES})


def crs_of(schema: pa.Schema) -> pyproj.CRS | None:
    """Read the CRS: by its code where it has one, so that it reads the same as before it went into the file."""
    crs = json.loads(schema.metadata[_GEO])["columns"]["geometry"]["crs"]
    return None if crs is None else pyproj.CRS.from_user_input(pyproj.CRS.from_json_dict(crs).to_string())
