"""Open the door to files: a layer of any common format becomes a checked table in metres.

GeoPackage, Shapefile (also zipped), GeoJSON, GeoParquet, FlatGeobuf, CSV (also compressed) and Excel. What was read,
what was taken for what, and what was left out is told in ``frame.attrs["source"]``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import parse_crs
from gridgeo.model.errors import StorageError, TableError
from gridgeo.model.levels import Level
from gridgeo.model.tables import Table, conform

from .aliases import LAYER_TABLES
from .columns import Mapped, map_columns, tell_table
from .coordinates import bring_to_metres, datum_hint
from .delimited import infer_types, list_sheets, place_rows, read_delimited
from .exchange import read_plan, write_plan
from .export import check_writable, write_layers, write_table
from .formats import Source, open_source, split_layer
from .vectors import list_vector_layers, read_vectors

__all__ = [
    "check_writable",
    "datum_hint",
    "list_layers",
    "read_layer",
    "read_plan",
    "read_table",
    "write_layers",
    "write_plan",
    "write_table",
]

_LEVELS = {"micro_grids": Level.MICRO, "微网格": Level.MICRO, "communities": Level.COMMUNITY}
"""Name of a layer -> level of the areas in it; others are grids."""


def read_layer(  # noqa: PLR0913
    path: str | Path,
    layer: str | None = None,
    *,
    table: str | Table | None = None,
    columns: Mapping[str, str] | None = None,
    crs: Any = None,
    datum: str | None = None,
    encoding: str | None = None,
    to: Any = None,
    lon: str | None = None,
    lat: str | None = None,
    swapped: bool = False,
    broken: bool = False,
) -> gpd.GeoDataFrame:
    """Read one layer of a file as a table in metres.

    Parameters
    ----------
    path : str or Path
        ``"town.gpkg"``, or ``"town.gpkg:streets"`` with the layer.
    layer : str, optional
        Layer of a GeoPackage, sheet of a workbook, file of an archive. Not needed where there is one, or where one is
        called like ``table``.
    table : str or Table, optional
        ``"communities"``, ``"streets"``, ``"buildings"``, ``"households"``, ``"areas"``, ``"incidents"`` ... Without it
        a key in ``columns`` (``{"nhood_id": "area_id"}``) or the layer's name tells it. A layer of no table keeps its
        columns as they are, with rows numbered.
    columns : mapping of str to str, optional
        Source -> ours. What it does not name is recognised by the names in ``aliases``. In CSV and Excel it may name
        ``lon`` and ``lat`` too.
    crs : CRS, optional
        What the coordinates are in; goes before what the file declares.
    datum : str, optional
        ``"gcj02"`` or ``"bd09"`` for coordinates of Chinese web maps.
    encoding : str, optional
        Of the text. Without it UTF-8 or GBK, whichever it is.
    to : CRS, optional
        Metric CRS of the result, such as ``communities.crs``. Without it a metric CRS stays and ``metric_crs`` chooses
        for the others.
    lon, lat : str, optional
        Columns of coordinates in CSV and Excel, in degrees or in ``crs``.
    swapped : bool
        The file has its two axes exchanged.
    broken : bool
        Keep a broken map as it is, for audit and repair: invalid, empty and missing geometries, ids that are missing or
        repeated (the index holds them so), rows without households. Only columns, CRS and types are brought into form.

    Returns
    -------
    GeoDataFrame
        Keyed and typed as its table says. ``attrs["source"]`` is a dict of ``file, layer, format, table``, ``mapping``
        (ours -> source), ``crs`` (as the caller or the file declares), ``to``, ``datum``, ``encoding``, ``rows``
        (in the file), ``dropped`` (why -> rows), ``notes`` and ``digest`` (SHA-256 of the file).

    Raises
    ------
    StorageError
        If the file or the layer is not there, or its content is not what its name says.
    TableError
        If the layer is empty, or a column or a row breaks the table's contract.
    CrsError
        If the CRS is missing, or the coordinates cannot be what they are declared to be.
    """
    columns = dict(columns or {})
    crs = None if crs is None else parse_crs(crs)
    with open_source(path, layer) as source:
        layer = _choose_layer(source, table)
        kind = tell_table(layer, columns, table)
        if kind is not None and not kind.is_spatial:
            raise TableError(f"{kind.name}: this table has no geometry; read it with read_table")
        raw, used = _read(source, layer, encoding)
        told: dict[str, Any] = _describe(source, layer, kind, len(raw), used, datum)
    if not len(raw):
        raise TableError(f"{source.name}: layer {layer!r} is empty")
    notes = []
    if not isinstance(raw, gpd.GeoDataFrame):
        lon, lat = (given or _source_of(columns, ours) for given, ours in ((lon, "lon"), (lat, "lat")))
        raw, note = place_rows(raw, source.name, lon=lon, lat=lat, crs=crs)
        notes.append(note)
    elif raw.geometry.name != "geometry":
        raw = raw.drop(columns="geometry", errors="ignore").rename_geometry("geometry")
    mapped = map_columns(raw, kind, columns, name=source.name, layer=layer, broken=broken)
    told["crs"] = None if (declared := crs or raw.crs) is None else declared.to_string()
    frame, moved = bring_to_metres(
        mapped.frame, source.name, crs=crs, datum=datum, to=to, swapped=swapped, broken=broken
    )
    frame = _finish(frame, kind, layer, mapped, broken)
    told |= {"to": frame.crs.to_string(), "mapping": mapped.mapping, "dropped": mapped.dropped}
    told |= {"notes": [*notes, *moved, *mapped.notes], "digest": digest(path)}
    frame.attrs = {"source": told}
    return frame


def read_table(
    path: str | Path,
    layer: str | None = None,
    *,
    table: str | Table | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> pd.DataFrame:
    """Read a table without geometry: officers, duties, addresses, incidents that carry only an address.

    Parameters
    ----------
    path, layer, table, columns, encoding
        As in ``read_layer``.

    Returns
    -------
    DataFrame
        Geometry of the source, if any, is left out. ``attrs["source"]`` as in ``read_layer``.

    Raises
    ------
    StorageError, TableError
        As ``read_layer``.
    """
    with open_source(path, layer) as source:
        layer = _choose_layer(source, table)
        kind = tell_table(layer, columns or {}, table)
        raw, used = _read(source, layer, encoding)
        told: dict[str, Any] = _describe(source, layer, kind, len(raw), used, None)
    if not len(raw):
        raise TableError(f"{source.name}: layer {layer!r} is empty")
    if isinstance(raw, gpd.GeoDataFrame):
        raw = pd.DataFrame(raw.drop(columns=raw.geometry.name))
    mapped = map_columns(raw, kind, columns or {}, name=source.name, layer=layer)
    frame = mapped.frame if kind is not None else infer_types(mapped.frame)
    if kind is not None and not kind.is_spatial:
        frame = conform(frame, kind)
    told |= {"mapping": mapped.mapping, "dropped": mapped.dropped, "notes": mapped.notes, "digest": digest(path)}
    frame.attrs = {"source": told}
    return frame


def list_layers(path: str | Path) -> list[str]:
    """Name the layers of a file: of a GeoPackage, the sheets of a workbook, else the file's own name.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    list of str

    Raises
    ------
    StorageError
        If the file cannot be read.
    """
    with open_source(path) as source:
        return _layers(source)


def digest(path: str | Path) -> str:
    """Compute the SHA-256 of a file, and of the table beside a Shapefile.

    Parameters
    ----------
    path : str or Path
        As in ``read_layer``.

    Returns
    -------
    str
        ``"sha256:..."``.
    """
    file, _ = split_layer(path)
    total = hashlib.sha256()
    for part in (file, file.with_suffix(".dbf")) if file.suffix.lower() == ".shp" else (file,):
        if part.is_file():
            with part.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
    return f"sha256:{total.hexdigest()}"


def _layers(source: Source) -> list[str]:
    if source.format == "Excel":
        return list_sheets(source)
    return list_vector_layers(source)


def _choose_layer(source: Source, table: str | Table | None) -> str:
    """Choose the layer that is asked for, the only one, or the one called like the table."""
    layers = _layers(source)
    if source.layer is not None:
        same = [name for name in layers if name == source.layer] or [
            name for name in layers if name.lower() == source.layer.lower()
        ]
        if not same:
            raise StorageError(f"{source.name}: there is no layer {source.layer!r}; its layers are {', '.join(layers)}")
        return same[0]
    if len(layers) == 1:
        return layers[0]
    wanted = table.name if isinstance(table, Table) else table
    called = [name for alias, of in LAYER_TABLES.items() if of == wanted for name in layers if name.lower() == alias]
    if not called:
        raise StorageError(f"{source.name}: holds {len(layers)} layers; name one of {', '.join(layers) or 'none'}")
    return called[0]


def _read(source: Source, layer: str, encoding: str | None) -> tuple[pd.DataFrame, str | None]:
    if source.format in ("CSV", "Excel"):
        return read_delimited(source, layer, encoding)
    return read_vectors(source, layer, encoding)


def _source_of(columns: dict[str, str], ours: str) -> str | None:
    """Take a column of coordinates out of the caller's mapping."""
    found = next((source for source, target in columns.items() if target == ours), None)
    if found is not None:
        del columns[found]
    return found


def _describe(
    source: Source, layer: str, kind: Table | None, rows: int, encoding: str | None, datum: str | None
) -> dict[str, Any]:
    return {
        "file": source.name,
        "layer": layer,
        "format": source.format,
        "table": None if kind is None else kind.name,
        "rows": rows,
        "encoding": encoding,
        "datum": datum,
    }


def _finish(frame: gpd.GeoDataFrame, kind: Table | None, layer: str, mapped: Mapped, broken: bool) -> gpd.GeoDataFrame:
    """Bring geometries and missing columns into the form of the table, and check it."""
    if kind is None:
        return gpd.GeoDataFrame(infer_types(frame), geometry="geometry", crs=frame.crs)
    if not broken:
        shapes = _simplest(frame.geometry.to_numpy(), kind, mapped)
        frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
    if kind.name == "areas":
        frame = _fill_areas(frame, layer, mapped)
    if kind.name in ("areas", "atoms") and "area_m2" not in frame:
        frame["area_m2"] = frame.geometry.area.fillna(0.0)
    declared = [column for column in kind.columns if column in frame and column != "geometry"]
    others = [column for column in frame.columns if column not in declared and column != "geometry"]
    frame = frame[[*declared, *others, "geometry"]]
    if broken:
        return frame
    return gpd.GeoDataFrame(conform(frame, kind), geometry="geometry", crs=frame.crs)


def _simplest(shapes: np.ndarray, kind: Table, mapped: Mapped) -> np.ndarray:
    """Give geometries the type their table asks for, where that takes no decision."""
    shapes = shapes.copy()
    several = shapely.get_type_id(shapes) >= shapely.GeometryType.MULTIPOINT
    single = several & (shapely.get_num_geometries(shapes) == 1)
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    types = shapely.get_type_id(shapes)
    areas = (types == shapely.GeometryType.POLYGON) | (types == shapely.GeometryType.MULTIPOLYGON)
    if kind.geometry == "line" and areas.any():
        shapes[areas] = shapely.boundary(shapes[areas])
        mapped.notes.append(f"{int(areas.sum())} polygons stand by their outlines")
    if kind.name == "households" and areas.any():
        shapes[areas] = shapely.point_on_surface(shapes[areas])
        mapped.notes.append(f"{int(areas.sum())} polygons stand by a point inside")
    return shapes


def _fill_areas(frame: gpd.GeoDataFrame, layer: str, mapped: Mapped) -> gpd.GeoDataFrame:
    """Fill what a map drawn elsewhere need not tell: the level, and households that are counted later."""
    frame = frame.copy(deep=False)
    if "level" not in frame:
        frame["level"] = str(_LEVELS.get(layer.lower(), Level.GRID))
        mapped.notes.append(f"level: no column tells it, {frame['level'].iloc[0]}")
    if "households" not in frame:
        frame["households"] = 0
        mapped.notes.append("households: no column tells them, 0")
    return frame
