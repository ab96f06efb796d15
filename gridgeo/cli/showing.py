"""Run the commands that use a plan: locate, map, export, serve; and hand on that of the profiles."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from gridgeo.model.errors import GridgeoError, StorageError
from gridgeo.operate.locate import AreaIndex
from gridgeo.storage.files import read_layer, read_plan, read_table, write_table

from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .rules import profiles
from .screen import note, say, show_table, steps

__all__ = ["export", "locate", "map_", "profiles", "serve"]


def locate(
    points: Annotated[str, typer.Argument(metavar="POINTS", help="CSV, GeoPackage ... of points or of addresses.")],
    areas: Annotated[str, typer.Option(help="The areas: FILE or FILE:LAYER, or a plan.gpkg.")],
    out_: Annotated[Path, typer.Option("--out", help="File to write: the points with area_id.")],
    lon: Annotated[str | None, typer.Option(help="Column of longitudes.")] = None,
    lat: Annotated[str | None, typer.Option(help="Column of latitudes.")] = None,
    address: Annotated[str | None, typer.Option(help="Column of addresses, looked up in --addresses.")] = None,
    addresses: Annotated[str | None, typer.Option(help="Known addresses with their points.")] = None,
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Tell for each point or address which area owns it.

    Example: gridgeo locate incidents.csv --areas plan.gpkg:grids --lon lon --lat lat --out located.csv
    """
    writable(out_)
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading areas"):
            index = AreaIndex.from_areas(door.read(areas, "areas"))
        with show.step("locating"):
            if address is not None:
                frame = _by_address(points, address, addresses, index, door)
            else:
                frame = read_layer(points, lon=lon, lat=lat, crs=crs, datum=datum, encoding=encoding, to=index.crs)
                frame = frame.assign(area_id=index.locate(frame.geometry).to_numpy())
        with show.step(f"writing {out_}"):
            write_table(frame, out_)
    found = int(frame["area_id"].notna().sum())
    show_table("located", ["rows", "in an area", "in none", "areas"],
               [[len(frame), found, len(frame) - found, int(frame["area_id"].nunique())]])  # fmt: skip
    if found < len(frame):
        words = "lie in no area" if address is None else "were not found for sure, or lie in no area"
        note(f"{len(frame) - found} rows {words}; their area_id is empty")


def _by_address(points: str, column: str, addresses: str | None, index: AreaIndex, door: Inputs) -> pd.DataFrame:
    """Look addresses up; what is not sure enough has no area, and says so."""
    from gridgeo.operate.addresses import AddressBook

    if addresses is None:
        raise GridgeoError("--address needs --addresses FILE, the known addresses with their points")
    frame = read_table(points, encoding=door.encoding)
    if column not in frame:
        raise GridgeoError(f"--address {column!r}: {points} has the columns {', '.join(map(str, frame.columns))}")
    book = AddressBook(door.read(addresses, "households", to=index.crs))
    hits = book.find_each(frame[column].fillna("").astype(str)).reset_index(drop=True)
    sure = hits["status"].eq("auto").to_numpy()
    area = pd.Series(pd.NA, index=hits.index, dtype="str")
    area[sure] = index.locate(*hits.loc[sure, ["x", "y"]].to_numpy(dtype=float).T).to_numpy()
    told = hits[["address", "level", "score", "status"]].rename(columns={"address": "matched_address"})
    return frame.reset_index(drop=True).assign(**told, area_id=area)


def map_(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan.gpkg, or a store (.db).")],
    out_: Annotated[Path, typer.Option("--out", help="HTML file to write.")],
    incidents: Annotated[str | None, typer.Option(help="Incidents for the heat: FILE or FILE:LAYER.")] = None,
    streets: Annotated[str | None, typer.Option(help="Street lines to draw and name.")] = None,
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
    title: Annotated[str | None, typer.Option(help="Heading of the map.")] = None,
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Draw a plan as one HTML file that opens without a network.

    Example: gridgeo map plan.gpkg --out map.html --language zh
    """
    from gridgeo.publish.maps import plan_map

    writable(out_)
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show, show.step(f"drawing {out_}"):
        made = _load(plan)
        points = None if incidents is None else door.read(incidents, "incidents", to=made.crs)
        lines = None if streets is None else door.read(streets, "streets", to=made.crs)
        plan_map(made, incidents=points, streets=lines, language=language, title=title).save(out_)
    say(f"wrote {out_}")


def _load(path: Path):  # type: ignore[no-untyped-def]
    if path.suffix != ".db":
        return read_plan(path)
    from gridgeo.storage.store import open_store

    with open_store(path, create=False) as store:
        return store.plan()


def export(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan.gpkg, or a store (.db).")],
    out_: Annotated[Path, typer.Option("--out", help="File to write; its ending says the format.")],
    level: Annotated[str, typer.Option(help="community, grid, micro or beat.")] = "grid",
) -> None:
    """Write the areas of a plan as GeoPackage, GeoJSON, Shapefile, GeoParquet, FlatGeobuf, CSV, Excel or PMTiles.

    Example: gridgeo export plan.gpkg --out grids.geojson --level grid
    """
    writable(out_)
    made = _load(plan)
    if out_.suffix == ".pmtiles":
        from gridgeo.publish.tiles import write_tiles

        write_tiles(made, out_)
    elif out_.suffix == ".gpkg":
        from gridgeo.storage.files import write_plan

        write_plan(made, out_)
    else:
        write_table(made.areas(level), out_)
    say(f"wrote {out_}")


def serve(
    store: Annotated[Path, typer.Argument(metavar="[STORE]", help="The store to serve.")] = Path("town.db"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the map page and the API of a store.

    Example: gridgeo serve town.db --port 8000
    """
    import uvicorn

    if not store.is_file():
        raise StorageError(f"there is no store {str(store)!r}; gridgeo demo makes one, and so does publishing a plan")
    os.environ["GRIDGEO_STORE"] = f"sqlite:///{store.resolve()}"
    say(f"serving {store} at http://{host}:{port}  (stop with Ctrl-C)")
    uvicorn.run("gridgeo_api.main:create_app", factory=True, host=host, port=port, log_level="warning")
