"""Write a town as the files that a user would bring: one GeoPackage, two CSV tables."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from gridgeo.model.crs import LONLAT
from gridgeo.model.errors import StorageError

from .town import Town

LAYERS = ("boundary", "communities", "streets", "buildings", "sites", "water")
GEOPACKAGE, HOUSEHOLDS_FILE, INCIDENTS_FILE = "town.gpkg", "households.csv.gz", "incidents.csv.gz"
LONLAT_DIGITS = 7
"""Decimals of a degree, about 1 cm."""
WRITTEN_AT = "2026-10-02T00:00:00Z"
"""Stands in the GeoPackage as the time of writing, so that the same town is the same file."""


def write_town(town: Town, folder: str | Path) -> list[Path]:
    """Write a town's files.

    Parameters
    ----------
    town : Town
    folder : path
        Made if it is not there; files of the same names are replaced.

    Returns
    -------
    list of Path
        ``town.gpkg`` (layers boundary, communities, streets, buildings, sites, water; EPSG:4549),
        ``households.csv.gz`` and ``incidents.csv.gz`` (UTF-8, with ``lon, lat`` in degrees, CRS84).

    Raises
    ------
    StorageError
        If the folder cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        package = folder / GEOPACKAGE
        package.unlink(missing_ok=True)
        _write_layers(town, package)
        tables = [
            _write_table(town.households, folder / HOUSEHOLDS_FILE),
            _write_table(town.incidents, folder / INCIDENTS_FILE),
        ]
    except (OSError, pyogrio.errors.DataSourceError) as error:
        raise StorageError(f"{folder}: cannot be written ({error}); choose another folder") from error
    return [package, *tables]


def _write_layers(town: Town, path: Path) -> None:
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN_AT})
    try:
        for layer in LAYERS:
            pyogrio.write_dataframe(getattr(town, layer).reset_index(), path, layer=layer, driver="GPKG")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write_table(frame: gpd.GeoDataFrame, path: Path) -> Path:
    """Write points as columns of longitude and latitude; empty where there is no point."""
    lonlat = frame.geometry.to_crs(LONLAT)
    table = pd.DataFrame(frame.drop(columns="geometry")).assign(
        lon=lonlat.x.round(LONLAT_DIGITS), lat=lonlat.y.round(LONLAT_DIGITS)
    )
    table.to_csv(path, compression={"method": "gzip", "mtime": 0}, encoding="utf-8", lineterminator="\n")
    return path
