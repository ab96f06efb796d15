"""Fetch boundary, streets and buildings from OpenStreetMap: by the name of a place, or from a local extract.

Data of OpenStreetMap is (c) OpenStreetMap contributors under the ODbL: name them wherever it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import LONLAT, check_metric, metric_crs, parse_crs
from gridgeo.model.errors import StorageError
from gridgeo.model.tables import BUILDINGS, COMMUNITIES, STREETS, Table, conform, empty

from .conversions import are_counts, to_text
from .roads import classify_lines

LINE_TAGS = ("highway", "railway", "waterway", "barrier")
"""Tags of lines that may limit an area."""
_TAGS: dict[str, Any] = {**dict.fromkeys(LINE_TAGS, True), "building": True}
_KEPT_LINE_TAGS = (*LINE_TAGS, "tunnel", "layer", "oneway", "name:en")
_KEPT_BUILDING_TAGS = ("building", "building:levels", "height", "addr:street", "addr:housenumber", "amenity")
_HEAD_BYTES = 4096
_ELEMENT_LETTERS = {"node": "n", "way": "w", "relation": "r"}


@dataclass(frozen=True)
class OsmTown:
    """What OpenStreetMap knows of a town, in one metric CRS.

    Parameters
    ----------
    boundary : GeoDataFrame
        Table ``COMMUNITIES``, one row.
    streets : GeoDataFrame
        Table ``STREETS``, rivers, rail and walls among them. They may run on beyond the boundary.
    buildings : GeoDataFrame
        Table ``BUILDINGS``. ``floors`` is there if every building tells it, else ``levels`` as far as tagged.
    """

    boundary: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame


def osm_town(place: str, *, to: Any = None) -> OsmTown:
    """Download a town by its name; needs a network.

    Parameters
    ----------
    place : str
        As one would search for it: "Xinjiekou, Nanjing, China".
    to : CRS, optional
        Metric CRS of the result; ``metric_crs`` chooses without it.

    Returns
    -------
    OsmTown

    Raises
    ------
    StorageError
        If osmnx is not installed, the network does not answer, or no place of that name has an outline.
    CrsError
        If ``to`` is not metric.
    """
    osmnx = _osmnx()
    try:
        outline = osmnx.geocode_to_gdf(place)
        features = osmnx.features_from_polygon(outline.geometry.iloc[0], _TAGS)
    except (OSError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise StorageError(f"OpenStreetMap gives no {place!r} ({reason}); read a local extract with read_osm") from None
    return _town(outline.geometry.iloc[0], place, features, to, place)


def read_osm(path: str | Path, *, boundary: str | None = None, to: Any = None) -> OsmTown:
    """Read a town from a local extract in OSM XML.

    Parameters
    ----------
    path : str or Path
        ``.osm`` or ``.xml``, as the export page of openstreetmap.org or Overpass gives it.
    boundary : str, optional
        Name of a boundary relation in the file. Without it the rectangle that the file says it covers, else the
        rectangle around what is in it.
    to : CRS, optional
        As in ``osm_town``.

    Returns
    -------
    OsmTown

    Raises
    ------
    StorageError
        If the file is not OSM XML, holds neither streets nor buildings, or no boundary of that name; or osmnx is not
        installed.
    CrsError
        If ``to`` is not metric.
    """
    path = Path(path)
    _check_xml(path)
    osmnx = _osmnx()
    tags = _TAGS if boundary is None else {**_TAGS, "boundary": True}
    try:
        features = osmnx.features_from_xml(path, tags=tags)
        box: Any = None if boundary is not None else _declared_box(path)
    except (OSError, ValueError, TypeError, ET.ParseError, SyntaxError) as error:
        reason = " ".join(str(error).split())
        raise StorageError(f"{path.name}: no streets or buildings can be read from it ({reason})") from None
    if boundary is not None:
        box = _named_outline(features, boundary, path.name)
    return _town(box or shapely.box(*features.total_bounds), boundary or path.stem, features, to, path.name)


def _osmnx() -> Any:
    try:
        import osmnx
    except ImportError:
        raise StorageError("OpenStreetMap needs osmnx; pip install 'gridgeo[osm]'") from None
    return osmnx


def _check_xml(path: Path) -> None:
    """Refuse what is not plain OSM XML, before a parser sees it."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); name an .osm file") from None
    if b"<osm" not in head or b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise StorageError(
            f"{path.name}: is not OSM XML; export it again, or convert a .pbf with: osmium cat in.pbf -o out.osm"
        )


def _declared_box(path: Path) -> shapely.Polygon | None:
    """Find the rectangle for which the extract is complete."""
    for _, element in ET.iterparse(path, events=("start",)):
        if element.tag == "bounds":
            west, south, east, north = (
                float(element.attrib[name]) for name in ("minlon", "minlat", "maxlon", "maxlat")
            )
            return shapely.box(west, south, east, north)
        if element.tag in _ELEMENT_LETTERS:
            return None
    return None


def _named_outline(features: gpd.GeoDataFrame, name: str, file: str) -> Any:
    if "boundary" in features and "name" in features:
        found = features[features["boundary"].notna() & features.geom_type.isin(["Polygon", "MultiPolygon"])]
        same = found[found["name"] == name]
        if len(same):
            return same.geometry.iloc[0]
        names = ", ".join(sorted(found["name"].dropna().unique())) or "none"
    else:
        names = "none"
    raise StorageError(f"{file}: holds no boundary {name!r}; its boundaries are {names}")


def _town(outline: shapely.Geometry, name: str, features: gpd.GeoDataFrame, to: Any, source: str) -> OsmTown:
    lon, lat = shapely.get_coordinates(shapely.centroid(outline))[0]
    crs = metric_crs(lon, lat) if to is None else parse_crs(to)
    check_metric(crs, "to")
    index = pd.Index(["territory"], name=COMMUNITIES.key)
    boundary = gpd.GeoDataFrame(
        {"name": [name]}, geometry=gpd.GeoSeries([outline], index=index, crs=LONLAT).to_crs(crs), index=index
    )
    town = OsmTown(
        boundary=gpd.GeoDataFrame(conform(boundary, COMMUNITIES)),
        streets=osm_streets(features).to_crs(crs),
        buildings=osm_buildings(features).to_crs(crs),
    )
    for table in (town.boundary, town.streets, town.buildings):
        table.attrs = {"source": {**table.attrs.get("source", {}), "file": source, "licence": "ODbL 1.0"}}
    return town


def osm_streets(features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Take the lines that may limit an area from OpenStreetMap features.

    Parameters
    ----------
    features : GeoDataFrame
        As osmnx gives them: indexed by element and id, one column a tag, in longitude and latitude.

    Returns
    -------
    GeoDataFrame
        Columns of table ``STREETS``, in the CRS of the features; ids such as ``w27811140``. Walls and moats that close
        stand by their outlines. ``roads`` says which lines are left out; ``attrs`` counts them.
    """
    tagged = features[_has_any(features, LINE_TAGS)]
    # An area tagged as a street is a square, which is no line; one tagged as a wall or a moat is closed by it.
    rings = _has_any(tagged, ("barrier", "waterway")) & ~_has_any(tagged, ("highway", "building"))
    is_area = tagged.geom_type.isin(["Polygon", "MultiPolygon"])
    is_line = tagged.geom_type.isin(["LineString", "MultiLineString"])
    tagged = tagged[is_line | (is_area & rings)]
    if not len(tagged):
        return _none(STREETS, features.crs)
    frame = _keyed(tagged, STREETS, _KEPT_LINE_TAGS)
    shapes = frame.geometry.to_numpy().copy()
    areas = np.isin(frame.geom_type, ["Polygon", "MultiPolygon"])
    shapes[areas] = shapely.boundary(shapes[areas])
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=features.crs))
    lines = classify_lines(frame)
    frame = frame.assign(rank=lines.rank.astype("int64"), kind=lines.kind)[lines.kept]
    frame.attrs = {"source": {"rows": len(tagged), "dropped": {"lines that limit nothing": int((~lines.kept).sum())}}}
    return _ordered(frame, STREETS)


def osm_buildings(features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Take the footprints of buildings from OpenStreetMap features.

    Parameters
    ----------
    features : GeoDataFrame
        As in ``osm_streets``.

    Returns
    -------
    GeoDataFrame
        Columns of table ``BUILDINGS``, in the CRS of the features. Self-crossing outlines are made valid; ``attrs``
        counts them.
    """
    tagged = features[_has_any(features, ("building",)) & features.geom_type.isin(["Polygon", "MultiPolygon"])]
    if not len(tagged):
        return _none(BUILDINGS, features.crs)
    frame = _keyed(tagged, BUILDINGS, _KEPT_BUILDING_TAGS)
    shapes = frame.geometry.to_numpy().copy()
    crossing = ~shapely.is_valid(shapes)
    shapes[crossing] = [_polygons(shape) for shape in shapely.make_valid(shapes[crossing], method="structure")]
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=features.crs))[~shapely.is_empty(shapes)]
    frame["use"] = frame["building"].mask(frame["building"] == "yes")
    frame = frame.rename(columns={"building:levels": "levels"})
    if "levels" in frame and are_counts(frame["levels"]):
        frame["floors"] = pd.to_numeric(frame["levels"]).astype("int64")
    frame.attrs = {"source": {"rows": len(tagged), "notes": [f"{int(crossing.sum())} outlines were made valid"]}}
    return _ordered(frame, BUILDINGS)


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """Keep the polygons of what became of a broken outline."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    parts = parts[shapely.get_dimensions(parts) == 2]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(list(parts))


def _has_any(features: gpd.GeoDataFrame, tags: tuple[str, ...]) -> pd.Series:
    present = [tag for tag in tags if tag in features]
    return features[present].notna().any(axis=1) if present else pd.Series(False, index=features.index)


def _keyed(features: gpd.GeoDataFrame, table: Table, tags: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Keep the tags of interest and key rows by element and id: ``w`` for ways, ``r`` for relations."""
    kept = [tag for tag in ("name", *tags) if tag in features]
    keys = [f"{_ELEMENT_LETTERS.get(element, element)}{number}" for element, number in features.index]
    frame = features[[*kept, "geometry"]].set_axis(pd.Index(keys, name=table.key, dtype="str"))
    for tag in kept:
        frame[tag] = to_text(frame[tag])
    if "name" not in frame:
        frame["name"] = pd.Series(None, index=frame.index, dtype="str")
    return frame


def _none(table: Table, crs: Any) -> gpd.GeoDataFrame:
    frame = empty(table, crs)
    return gpd.GeoDataFrame(frame[[*table.required[:-1], "geometry"]], geometry="geometry", crs=crs)


def _ordered(frame: gpd.GeoDataFrame, table: Table) -> gpd.GeoDataFrame:
    declared = [column for column in table.schema.columns if column in frame]
    others = [column for column in frame.columns if column not in {*declared, "geometry"}]
    return gpd.GeoDataFrame(frame[[*declared, *others, "geometry"]], geometry="geometry", crs=frame.crs)
