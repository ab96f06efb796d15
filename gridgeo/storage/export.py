"""Write tables to files that other programs open, never half."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from gridgeo.model.crs import LONLAT
from gridgeo.model.errors import CrsError, StorageError, TableError

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON", ".shp": "ESRI Shapefile", ".fgb": "FlatGeobuf"}
"""Ending of a file's name -> GDAL's driver."""
_OTHERS = (".parquet", ".csv", ".csv.gz", ".xlsx")
_WRITE_ERRORS = (
    *(pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError),
    *(pyogrio.errors.FeatureError, pyogrio.errors.GeometryError, pyogrio.errors.CRSError),
)
_DECIMALS_DEG = 7
"""Decimals of degrees in text: about a centimetre."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a place to write to, and put what was written there in place of a file when all went well.

    Parameters
    ----------
    path : str or Path
        The file to write; folders on the way are made.

    Yields
    ------
    Path
        A file of the same name in a folder of its own beside it. Files written next to it go along.

    Raises
    ------
    StorageError
        If the folder cannot be written to.
    """
    target = Path(path)
    if target.is_dir():
        raise StorageError(f"{target} is a folder; name a file in it")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".gridgeo-", dir=target.parent))
    except OSError as error:
        raise StorageError(
            f"{target.parent}: the folder cannot be written to ({error.strerror}); choose another"
        ) from None
    try:
        yield folder / target.name
        for written in sorted(folder.iterdir()):
            os.replace(written, target.parent / written.name)
    except _WRITE_ERRORS as error:
        raise StorageError(f"{target}: cannot be written ({' '.join(str(error).split())})") from None
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{target}: cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_writable(path: str | Path) -> None:
    """Refuse a file that could not be written later: to be asked before long work.

    Parameters
    ----------
    path : str or Path
        The file; nothing is written but its missing folders.

    Raises
    ------
    StorageError
        If it is a folder, or lies where nothing can be written.
    """
    with replacing(path):
        pass


def write_table(frame: pd.DataFrame, path: str | Path, layer: str | None = None) -> None:
    """Write a table to a file; its ending tells the format.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        Any table; the index is written as a column where it has a name.
    path : str or Path
        Ending in ``.gpkg, .geojson, .shp, .fgb, .parquet, .csv, .csv.gz`` or ``.xlsx``. GeoJSON is written as RFC 7946
        wants it. CSV and Excel hold points as ``lon, lat`` and other shapes as ``wkt_lonlat``, in degrees.
    layer : str, optional
        Name of the layer; the file's name without it.

    Raises
    ------
    StorageError
        If the ending is not known or the file cannot be written; an earlier file then stays as it was.
    CrsError
        If the format wants longitude and latitude and the frame has no CRS.
    TableError
        If the table has no geometry and the format needs one.
    """
    path = Path(path)
    ending = ".csv.gz" if path.name.lower().endswith(".csv.gz") else path.suffix.lower()
    if ending not in (*DRIVERS, *_OTHERS):
        raise StorageError(
            f"{path.name}: the ending {ending!r} is not known; use one of {', '.join((*DRIVERS, *_OTHERS))}"
        )
    frame = with_key(frame)
    with replacing(path) as place:
        if ending in DRIVERS:
            _write_vectors(frame, place, DRIVERS[ending], layer or path.stem)
        elif ending == ".parquet":
            _write_parquet(frame, place)
        else:
            _write_rows(frame, place, ending, layer or path.stem)


def write_layers(layers: Mapping[str, pd.DataFrame], path: str | Path) -> None:
    """Write several tables to one GeoPackage.

    Parameters
    ----------
    layers : mapping of str to DataFrame or GeoDataFrame
        Name of the layer -> table.
    path : str or Path
        Ending in ``.gpkg``. An earlier file is replaced when all is written.

    Raises
    ------
    StorageError
        If the name ends otherwise or the file cannot be written; an earlier file then stays as it was.
    """
    path = Path(path)
    check_geopackage_name(path)
    with replacing(path) as place:
        for name, frame in layers.items():
            write_vector_layer(plain_columns(with_key(frame)), place, name, append=place.exists())


def check_geopackage_name(path: Path) -> None:
    """Refuse a name that does not end in .gpkg, for what only a GeoPackage can hold."""
    if path.suffix.lower() != ".gpkg":
        raise StorageError(f"{path.name}: several layers are written to a GeoPackage; let the name end in .gpkg")


def with_key(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn a named index into a column, and drop what a frame carries beside its columns."""
    frame = frame.reset_index() if frame.index.name else frame.reset_index(drop=True)
    frame.attrs = {}
    return frame


def plain_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Make columns of mixed values plain: text, or days as text in ISO order.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        Not changed.

    Returns
    -------
    DataFrame or GeoDataFrame
    """
    made = frame.copy(deep=False)
    shape = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name else None
    for name in frame.columns:
        if name == shape:
            continue
        column = frame[name]
        if isinstance(column.dtype, gpd.array.GeometryDtype):
            made[name] = column.to_wkt()
        elif column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype):
            made[name] = pd.Series([_plain(value) for value in column], index=frame.index, dtype="str")
    return made


def _plain(value: Any) -> str | None:
    if isinstance(value, (list, tuple, dict, set, np.ndarray)):
        return json.dumps(
            list(value) if isinstance(value, (set, np.ndarray)) else value, ensure_ascii=False, default=str
        )
    if value is None or pd.isna(value):
        return None
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def write_vector_layer(
    frame: pd.DataFrame, path: Path, layer: str, *, append: bool = False, exact: bool = False
) -> None:
    """Write one layer of a GeoPackage, or a table without geometry.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        With plain columns.
    path : Path
        The GeoPackage.
    layer : str
        Name of the layer.
    append : bool
        Add the layer to a GeoPackage that is there.
    exact : bool
        Keep polygons and multipolygons apart in one layer; else a layer that holds both becomes all multipolygons.
    """
    options: dict[str, Any] = {"layer": layer, "driver": "GPKG", "append": append, "use_arrow": bool(len(frame))}
    names = {str(name).lower() for name in frame.columns}
    if isinstance(frame, gpd.GeoDataFrame):
        mixed = len(set(frame.geom_type.dropna())) > 1
        options |= {"promote_to_multi": mixed and not exact, "geometry_type": "Unknown" if mixed and exact else None}
        options |= {"GEOMETRY_NAME": "geometry" if "geom" in names else "geom"}
    if "fid" in names:
        options["FID"] = "gridgeo_fid"
    pyogrio.write_dataframe(frame, str(path), **options)


def _write_vectors(frame: pd.DataFrame, path: Path, driver: str, layer: str) -> None:
    frame = plain_columns(frame)
    if driver == "GPKG":
        write_vector_layer(frame, path, layer)
        return
    if not isinstance(frame, gpd.GeoDataFrame):
        raise TableError(f"{path.name}: the table has no geometry; write it as .csv, .xlsx, .parquet or .gpkg")
    options: dict[str, Any] = {}
    if driver == "GeoJSON":
        frame, options = _lonlat(frame, path.name), {"RFC7946": "YES", "COORDINATE_PRECISION": _DECIMALS_DEG}
    if driver == "FlatGeobuf":
        options = {"SPATIAL_INDEX": "NO"}  # with it the rows would lose their order
    if driver == "ESRI Shapefile":
        frame, options = _without_times(frame), {"encoding": "UTF-8"}
    pyogrio.write_dataframe(frame, str(path), driver=driver, layer=layer, **options)


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name:
        plain_columns(frame).to_parquet(path, index=False)
    else:
        pd.DataFrame(plain_columns(frame)).to_parquet(path, index=False)


def _write_rows(frame: pd.DataFrame, path: Path, ending: str, layer: str) -> None:
    """Write CSV or Excel; a byte order mark lets Excel read Chinese CSV."""
    rows = _without_times(_places_as_columns(plain_columns(frame), path.name))
    if ending == ".xlsx":
        try:
            rows.to_excel(path, sheet_name=layer[:31], index=False)
        except ImportError:
            raise StorageError(f"{path.name}: writing Excel needs openpyxl; pip install 'gridgeo[excel]'") from None
        return
    rows.to_csv(path, index=False, encoding="utf-8-sig")


def _places_as_columns(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    if not isinstance(frame, gpd.GeoDataFrame) or not frame.active_geometry_name:
        return frame
    shapes = _lonlat(frame, name).geometry
    rows = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    if (shapes.geom_type.dropna() == "Point").all():
        return rows.assign(lon=shapes.x.round(_DECIMALS_DEG), lat=shapes.y.round(_DECIMALS_DEG))
    texts = shapely.to_wkt(shapes.to_numpy(), rounding_precision=_DECIMALS_DEG)
    return rows.assign(wkt_lonlat=texts)


def _lonlat(frame: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    if frame.crs is None:
        if len(frame):
            raise CrsError(
                f"{name}: the table has no CRS, longitude and latitude are not known; set it with set_crs(...)"
            )
        return frame.set_crs(LONLAT)
    return frame.to_crs("EPSG:4326")


def _without_times(frame: pd.DataFrame) -> pd.DataFrame:
    """Write instants as text, for formats that know no time zone or no time."""
    made = frame.copy(deep=False)
    for name in frame.columns:
        if pd.api.types.is_datetime64_any_dtype(frame[name].dtype):
            made[name] = pd.Series([_plain(value) for value in frame[name]], index=frame.index, dtype="str")
    return made
