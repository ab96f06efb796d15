"""Read the layers of vector files as they are: GeoPackage, Shapefile, FlatGeobuf, GeoParquet and GeoJSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from gridgeo.model.crs import parse_crs
from gridgeo.model.errors import StorageError

from .formats import DEGREES, Source
from .texts import read_text

_CODE_PAGES = {"936": "gbk", "cp936": "gbk", "950": "big5", "65001": "utf-8", "ansi 936": "gbk", "utf8": "utf-8"}
"""What ``.cpg`` files call encodings, where Python calls them otherwise."""
_GEOJSON_GEOMETRIES = {
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}
_DBF_HEADER_BYTES = _DBF_FIELD_BYTES = 32
_SAMPLE_BYTES = 1 << 20


def list_vector_layers(source: Source) -> list[str]:
    """Name the layers of a file, tables without geometry among them.

    Raises
    ------
    StorageError
        If the file cannot be read.
    """
    if source.format != "GeoPackage":
        return [source.stem]
    try:
        return [str(name) for name, _ in pyogrio.list_layers(_gdal_path(source.path))]
    except (pyogrio.errors.DataSourceError, UnicodeDecodeError) as error:
        raise StorageError(f"{source.name}: cannot be read ({error})") from None


def read_vectors(source: Source, layer: str, encoding: str | None = None) -> tuple[pd.DataFrame, str | None]:
    """Read one layer as it is: any geometry, any columns, the CRS that the file declares or none.

    Parameters
    ----------
    source : Source
        A checked file.
    layer : str
        One of ``list_vector_layers``.
    encoding : str, optional
        Of its text; goes before what the file says.

    Returns
    -------
    frame : GeoDataFrame, or DataFrame for a table without geometry
        Geometry that cannot be built is missing. A named index comes as a column.
    encoding : str or None
        What the text was read as, where there was a choice.

    Raises
    ------
    StorageError
        If the file cannot be read.
    """
    try:
        if source.format == "GeoJSON":
            return _read_geojson(source, encoding)
        if source.format == "GeoParquet":
            return _read_parquet(source.path), None
        path = _gdal_path(source.path)
        if source.format == "Shapefile":
            _check_complete(source)
            encoding = encoding or _shapefile_encoding(source.path)
            return pyogrio.read_dataframe(path, encoding=encoding, on_invalid="ignore"), encoding
        return pyogrio.read_dataframe(path, layer=layer, use_arrow=True, on_invalid="ignore"), None
    except StorageError:
        raise
    except LookupError:
        raise StorageError(f"{source.name}: encoding {encoding!r} is not known; name it like 'gbk'") from None
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, ValueError) as error:
        raise StorageError(f"{source.name}: cannot be read as {source.format} ({_one_line(error)})") from None


def _check_complete(source: Source) -> None:
    """Refuse a Shapefile that was copied without its index."""
    if not any(source.path.with_suffix(ending).is_file() for ending in (".shx", ".SHX")):
        raise StorageError(
            f"{source.name}: {source.stem}.shx is missing beside it; copy the .shp with its .shx, .dbf, .prj and .cpg"
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _gdal_path(path: Path) -> str:
    """Give a path that GDAL takes for a plain file."""
    text = str(path)
    if "!" in text or text.startswith("/vsi"):
        raise StorageError(
            f"{path.name}: a path with '!' or that starts with /vsi cannot be read; rename or move the file"
        )
    return text


def _shapefile_encoding(path: Path) -> str | None:
    """Tell the encoding of a Shapefile's table from its .cpg file, else from its bytes."""
    for beside in (path.with_suffix(".cpg"), path.with_suffix(".CPG")):
        if beside.is_file():
            named = beside.read_bytes()[:40].decode("ascii", "ignore").strip().lower()
            named = _CODE_PAGES.get(named, named)
            try:
                "".encode(named)
            except LookupError:
                continue
            return named
    for table in (path.with_suffix(".dbf"), path.with_suffix(".DBF")):
        if table.is_file():
            with table.open("rb") as stream:
                return "utf-8" if _is_utf8(_dbf_text(stream.read(_SAMPLE_BYTES))) else "gb18030"
    return None


def _dbf_text(raw: bytes) -> bytes:
    """Take the field names and the rows out of a dBase table."""
    end = int.from_bytes(raw[8:10], "little")
    names = b" ".join(raw[at : at + 11] for at in range(_DBF_HEADER_BYTES, end - 1, _DBF_FIELD_BYTES))
    return names + b" " + raw[end:]


def _is_utf8(text: bytes) -> bool:
    """Tell whether text is UTF-8, forgiving letters that are cut at the end of a field of fixed width."""
    decoded = text.decode("utf-8", "replace")
    beyond = sum(1 for letter in decoded if ord(letter) >= 0x80)
    return decoded.count("�") * 10 <= beyond


def _read_parquet(path: Path) -> pd.DataFrame:
    """Read GeoParquet, or Parquet without geometry, from an open local file."""
    with path.open("rb") as stream:
        try:
            frame = gpd.read_parquet(stream)
        except ValueError:
            stream.seek(0)
            frame = pd.read_parquet(stream)
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    frame = frame.reset_index(named) if named else frame
    return frame.reset_index(drop=True)


def _read_geojson(source: Source, encoding: str | None) -> tuple[gpd.GeoDataFrame, str]:
    """Read GeoJSON without GDAL, so that no other driver can answer to the text."""
    text, used = read_text(source.path, encoding)
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise StorageError(f"{source.name}: is not JSON ({error})") from None
    features = _features(data, source.name)
    geometries = np.array([_text_of(feature.get("geometry")) for feature in features], dtype=object)
    shapes = shapely.from_geojson(geometries, on_invalid="ignore")
    rows = [_properties(feature, source.name) for feature in features]
    frame = pd.DataFrame(rows, index=range(len(features)))
    frame = frame.drop(columns="geometry", errors="ignore")
    return gpd.GeoDataFrame(
        frame, geometry=gpd.GeoSeries(shapes, index=frame.index), crs=_declared_crs(data, source.name)
    ), used


def _features(data: Any, name: str) -> list[dict[str, Any]]:
    kind = data.get("type") if isinstance(data, dict) else None
    if kind == "FeatureCollection" and isinstance(data.get("features"), list):
        features = data["features"]
    elif kind == "Feature":
        features = [data]
    elif isinstance(kind, str) and kind in _GEOJSON_GEOMETRIES:
        features = [{"type": "Feature", "geometry": data, "properties": {}}]
    else:
        raise StorageError(f"{name}: is JSON, but its type {str(kind)[:40]!r} is not one of GeoJSON")
    if not all(isinstance(feature, dict) for feature in features):
        raise StorageError(f"{name}: holds features that are not objects; export it again")
    return features


def _text_of(geometry: Any) -> str | None:
    return None if not isinstance(geometry, dict) else json.dumps(geometry)


def _properties(feature: dict[str, Any], name: str) -> dict[str, Any]:
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise StorageError(f"{name}: the properties of a feature are not an object; export it again")
    row = {
        key: json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value
        for key, value in properties.items()
    }
    if "id" in feature and "id" not in row:
        row["id"] = feature["id"]
    return row


def _declared_crs(data: Any, name: str) -> Any:
    """Return the CRS that GeoJSON of before RFC 7946 may name; else longitude and latitude."""
    if not isinstance(data, dict) or "crs" not in data:
        return DEGREES
    if data["crs"] is None:
        return None
    try:
        return parse_crs(str(data["crs"]["properties"]["name"]))
    except (KeyError, TypeError):
        raise StorageError(f"{name}: its crs is not a name; say which it is with crs=...") from None
