"""Read tables whose places are columns: CSV, Excel, and rows of other files without geometry."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import CrsError, StorageError, TableError

from .archives import MAX_UNPACKED_BYTES
from .formats import DEGREES, Source
from .texts import read_text

LON_NAMES = ("lon", "lng", "long", "longitude", "经度")
LAT_NAMES = ("lat", "latitude", "纬度")
X_NAMES = ("x", "xcoord", "pointx", "easting", "east", "东坐标")
Y_NAMES = ("y", "ycoord", "pointy", "northing", "north", "北坐标")
WKT_NAMES = ("wktlonlat", "wkt", "wktgeom", "geometry", "geom", "thegeom", "shape")
"""Columns that are taken for places; ``plain_name`` of the column decides. ``wkt_lonlat`` holds degrees."""

_MISSING = {"", "nan", "null", "none", "na", "n/a", "<na>", "<null>", "#n/a", "-", "--", "\\n", "无", "空"}
_SEPARATORS = (",", "\t", ";", "|")
_NUMBER = r"[+-]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?"
_KEEP_AS_TEXT = re.compile(r"(id|code|no|number|phone|tel|zip|postcode|编码|代码|编号|号|电话)$", re.IGNORECASE)


def plain_name(name: Any) -> str:
    """Reduce a column's name to what is compared: lower case, letters and digits only."""
    return re.sub(r"[\W_]+", "", str(name)).lower()


def list_sheets(source: Source) -> list[str]:
    """Name the sheets of an Excel workbook.

    Raises
    ------
    StorageError
        If it cannot be read.
    """
    with _workbook(source) as book:
        return [str(name) for name in book.sheet_names]


def read_delimited(source: Source, layer: str, encoding: str | None = None) -> tuple[pd.DataFrame, str | None]:
    """Read a CSV file or an Excel sheet as text, so that codes keep their leading zeros.

    Parameters
    ----------
    source : Source
    layer : str
        The sheet; of no meaning for CSV.
    encoding : str, optional
        Of a CSV file; without it UTF-8 or GB18030, whichever it is.

    Returns
    -------
    frame : DataFrame of str
        Missing values are missing.
    encoding : str or None

    Raises
    ------
    StorageError
        If the file cannot be read.
    """
    used = None
    if source.format == "Excel":
        with _workbook(source) as book:
            frame = pd.read_excel(book, sheet_name=layer, dtype=object)
    else:
        text, used = read_text(source.path, encoding)
        frame = _parse(text, source.name)
    if not len(frame.columns):
        raise StorageError(f"{source.name}: holds no columns; the first row must name them")
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame.apply(_clean), used


def _parse(text: str, name: str) -> pd.DataFrame:
    """Parse delimited text; the first line tells the separator."""
    header = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=header.count)
    try:
        return pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, skipinitialspace=True, index_col=False
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise StorageError(f"{name}: is not a table of delimited text ({' '.join(str(error).split())})") from None


def _workbook(source: Source) -> pd.ExcelFile:
    """Open a workbook after a look at what it unpacks to."""
    try:
        with zipfile.ZipFile(source.path) as bundle:
            names = set(bundle.namelist())
            size = sum(info.file_size for info in bundle.infolist())
        if "xl/workbook.xml" not in names:
            raise StorageError(f"{source.name}: the content is not an Excel workbook; save it again as .xlsx or .csv")
        if size > MAX_UNPACKED_BYTES:
            raise StorageError(
                f"{source.name}: unpacks to {size} bytes, more than {MAX_UNPACKED_BYTES}; save it as .csv"
            )
        return pd.ExcelFile(source.path, engine="openpyxl")
    except ImportError:
        raise StorageError(f"{source.name}: reading Excel needs openpyxl; pip install 'gridgeo[excel]'") from None
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, SyntaxError) as error:
        raise StorageError(f"{source.name}: cannot be read as Excel ({error})") from None


def _clean(column: pd.Series) -> pd.Series:
    """Turn values to text without surrounding space; dates as ISO text, whole numbers without a fraction."""
    if column.dtype == object:
        column = column.map(_cell)
    text = column.astype("str").str.strip()
    return text.mask(text.str.lower().isin(_MISSING))


def _cell(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return None if value is None else str(value)


def infer_types(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn columns of text that hold nothing but numbers into numbers, codes and ids excepted.

    Parameters
    ----------
    frame : DataFrame
        Not changed.

    Returns
    -------
    DataFrame
    """
    made = frame.copy(deep=False)
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        if not isinstance(column.dtype, pd.StringDtype) or _KEEP_AS_TEXT.search(str(name)):
            continue
        present = column.dropna()
        if len(present) and present.str.fullmatch(_NUMBER).all():
            made.isetitem(position, pd.to_numeric(column).to_numpy())
    return made


def place_rows(
    frame: pd.DataFrame, name: str, *, lon: str | None = None, lat: str | None = None, crs: Any = None
) -> tuple[gpd.GeoDataFrame, str]:
    """Give rows their geometry from columns of coordinates or of WKT.

    Parameters
    ----------
    frame : DataFrame
        Rows without geometry.
    name : str
        The file, for messages.
    lon, lat : str, optional
        Columns of the coordinates; without them the names listed in this module are looked for.
    crs : CRS, optional
        What the coordinates are in; columns named as longitude and latitude need none.

    Returns
    -------
    frame : GeoDataFrame
        Without the columns of coordinates. A row without coordinates, or at 0, 0 degrees, has no geometry.
    note : str
        Which columns were taken.

    Raises
    ------
    TableError
        If there are no such columns, or a coordinate is not a number.
    CrsError
        If the columns do not tell the CRS and ``crs`` is not given.
    """
    if (lon is None) != (lat is None):
        raise TableError(f"{name}: lon and lat go together; name both columns")
    if lon is not None and lat is not None:
        for column in (lon, lat):
            if column not in frame:
                raise TableError(f"{name}: there is no column {column!r}; its columns are {_listed(frame)}")
        return _from_pair(frame, name, lon, lat, DEGREES if crs is None else crs)
    by_plain = {plain_name(column): column for column in reversed(list(frame.columns))}
    lon, lat = (_first(by_plain, names) for names in (LON_NAMES, LAT_NAMES))
    if lon and lat:
        return _from_pair(frame, name, lon, lat, DEGREES if crs is None else crs)
    wkt = _first(by_plain, WKT_NAMES)
    if wkt:
        return _from_wkt(frame, name, wkt, crs)
    x, y = (_first(by_plain, names) for names in (X_NAMES, Y_NAMES))
    if x and y:
        if crs is None:
            raise CrsError(f"{name}: columns {x!r}, {y!r} tell no CRS; say which it is with crs=..., as in 'EPSG:4547'")
        return _from_pair(frame, name, x, y, crs)
    raise TableError(
        f"{name}: no coordinates among the columns {_listed(frame)}; name them with lon=..., lat=..., or add WKT"
    )


def _first(by_plain: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((by_plain[name] for name in names if name in by_plain), None)


def _listed(frame: pd.DataFrame) -> str:
    return ", ".join(map(str, frame.columns))


def _from_pair(frame: pd.DataFrame, name: str, x: str, y: str, crs: Any) -> tuple[gpd.GeoDataFrame, str]:
    east, north = (_numbers(frame[column], name) for column in (x, y))
    missing = np.isnan(east) | np.isnan(north)
    if crs is DEGREES:
        missing |= (east == 0) & (north == 0)
    points = np.asarray(shapely.points(east, north), dtype=object)
    points[missing] = None
    rest = frame.drop(columns=[x, y])
    placed = gpd.GeoDataFrame(rest, geometry=gpd.GeoSeries(points, index=frame.index, crs=crs), crs=crs)
    return placed, f"places from columns {x!r}, {y!r}"


def _numbers(column: pd.Series, name: str) -> np.ndarray:
    """Read coordinates; infinity is refused here, since it could be mistaken for a missing value later."""
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = numbers.isna() & column.notna()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise TableError(f"{name}: {column.name} of row {row} is {column.iloc[row]!r}, not a number")
    values = numbers.to_numpy(dtype=float)
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values))[0])
        raise CrsError(f"{name}: {column.name} of row {row} is {values[row]}, not finite; correct or empty it")
    return values


def _from_wkt(frame: pd.DataFrame, name: str, wkt: str, crs: Any) -> tuple[gpd.GeoDataFrame, str]:
    if crs is None and plain_name(wkt) != WKT_NAMES[0]:
        raise CrsError(f"{name}: column {wkt!r} tells no CRS; say which it is with crs=..., as in 'EPSG:4326'")
    crs = DEGREES if crs is None else crs
    texts = frame[wkt].astype(object).where(frame[wkt].notna(), None).to_numpy()
    shapes = shapely.from_wkt(texts, on_invalid="ignore")
    wrong = shapely.is_missing(shapes) & frame[wkt].notna().to_numpy()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise TableError(f"{name}: {wkt} of row {row} is {str(texts[row])[:40]!r}, not WKT")
    rest = frame.drop(columns=[wkt])
    return gpd.GeoDataFrame(
        rest, geometry=gpd.GeoSeries(shapes, index=frame.index, crs=crs), crs=crs
    ), f"places from column {wkt!r}"
