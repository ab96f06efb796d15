"""Run the command that gives each incident its officer."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import pandas as pd
import typer

from gridgeo.model.errors import GridgeoError, TableError
from gridgeo.model.service_tables import OVERRIDES, ROUTES
from gridgeo.model.tables import DUTIES, INCIDENTS, OFFICERS, Table, conform
from gridgeo.operate.dispatch import Dispatcher
from gridgeo.operate.locate import AreaIndex
from gridgeo.operate.routes import list_routes, load_routes
from gridgeo.storage.files import read_plan, read_table, write_table

from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .screen import note, show_table, steps

_TEXTS = (
    "category", "group", "area_id", "unit", "roles", "subject", "subject_id", "host_area_id", "origin_area_id",
    "reason", "officer_id", "role", "name", "phone", "text", "address", "status", "household_id", "asset_id",
)  # fmt: skip
_PLACELESS = ("lon", "lat", "x", "y", "longitude", "latitude")
_PAIRS = ("candidates", "skipped")


def dispatch(
    incidents: Annotated[str, typer.Argument(metavar="INCIDENTS", help="CSV, GeoPackage ... of incidents.")],
    areas: Annotated[str, typer.Option(help="A plan.gpkg, or areas: FILE or FILE:LAYER.")],
    officers: Annotated[str, typer.Option(help="Officers: officer_id, name, role, phone.")],
    duties: Annotated[str, typer.Option(help="Duties: duty_id, officer_id, area_id, role, valid_from, valid_to.")],
    out_: Annotated[Path, typer.Option("--out", help="File to write: the incidents with officer, unit and reason.")],
    addresses: Annotated[str | None, typer.Option(help="Known addresses with their points.")] = None,
    routes: Annotated[str | None, typer.Option(help="Routing table: a file, or the name of a sample.")] = None,
    overrides: Annotated[str | None, typer.Option(help="What belongs elsewhere than where it lies.")] = None,
    positions: Annotated[str | None, typer.Option(help="Where officers were last: officer_id, at, lon, lat.")] = None,
    leave: Annotated[str | None, typer.Option(help="Who is away: officer_id, valid_from, valid_to.")] = None,
    level: Annotated[str | None, typer.Option(help="Find areas of this level; without it, the finest.")] = None,
    now: Annotated[str | None, typer.Option(help="When they are dispatched: 2026-09-01T08:00+08:00.")] = None,
    most_open: Annotated[int | None, typer.Option(min=1, help="Open incidents one officer may hold.")] = None,
    street_centre: Annotated[str | None, typer.Option(help="Who takes what nobody in the community can.")] = None,
    timezone: Annotated[str, typer.Option(help="In which days are counted.")] = "Asia/Shanghai",
    phones: Annotated[bool, typer.Option("--phones", help="Write the officers' phones too.")] = False,
    language: Annotated[str, typer.Option(help="Of the reasons: en or zh.")] = "en",
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Give each incident its area, its unit and its officer, with the reason.

    Example: gridgeo dispatch incidents.csv --areas plan.gpkg --officers officers.csv --duties duties.csv
    --addresses households.gpkg --routes demonstration-town --out dispatched.csv
    """
    writable(out_)
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading areas"):
            tree, index = _read_areas(areas, level, door)
        with show.step("reading tables"):
            people = _read(officers, OFFICERS, encoding)
            ready = Dispatcher(
                index,
                _read(duties, DUTIES, encoding),
                None if routes is None else _read_routes(routes, encoding),
                None if overrides is None else _read(overrides, OVERRIDES, encoding),
                officers=people,
                areas=tree,
                book=None if addresses is None else _read_book(addresses, index, door),
                leave=None if leave is None else _as_text(read_table(leave, encoding=encoding)),
                most_open=most_open,
                street_centre=street_centre,
                timezone=timezone,
                language=language,
            )
            asked = _read_incidents(incidents, index, door, timezone)
            seen = None if positions is None else _read_positions(positions, index, door, timezone)
        with show.step(f"dispatching {len(asked):,} incidents"):
            answer = ready.dispatch(asked, seen, now=None if now is None else _read_moment(now))
        with show.step(f"writing {out_}"):
            write_table(_told(asked, answer, people, phones), out_)
    counts = answer["state"].value_counts()
    show_table("dispatched", ["incidents", "auto", "review", "refused", "officers"],
               [[len(answer), *(int(counts.get(state, 0)) for state in ("auto", "review", "refused")),
                 int(answer["to"].nunique())]])  # fmt: skip
    left = len(answer) - int(counts.get("auto", 0))
    if left:
        note(f"{left} incidents want a human hand; their state, reason and candidates stand in {out_}")


def _read_areas(place: str, level: str | None, door: Inputs) -> tuple[gpd.GeoDataFrame, AreaIndex]:
    """Read areas of all levels, and index those of one, or the finest."""
    if place.endswith(".gpkg") and Path(place).is_file():
        plan = read_plan(Path(place))
        tree = pd.concat([plan.areas(each) for each in plan.levels])
    else:
        tree = door.read(place, "areas")
    chosen = tree if level is None else tree[tree["level"] == level]
    if not len(chosen):
        raise GridgeoError(f"--level {level!r}: there are {', '.join(sorted(set(tree['level'])))}")
    return tree, AreaIndex.from_areas(chosen)


def _read(path: str, table: Table, encoding: str | None) -> pd.DataFrame:
    return conform(_as_text(read_table(path, encoding=encoding), table.key), table)


def _read_routes(name: str, encoding: str | None) -> pd.DataFrame:
    return load_routes(name) if name in list_routes() or name.endswith(".toml") else _read(name, ROUTES, encoding)


def _read_book(place: str, index: AreaIndex, door: Inputs) -> Any:
    from gridgeo.operate.addresses import AddressBook

    return AddressBook(door.read(place, "households", to=index.crs, name="addresses"))


def _read_incidents(place: str, index: AreaIndex, door: Inputs, timezone: str) -> gpd.GeoDataFrame:
    """Read incidents with points, or with addresses alone."""
    table = read_table(place.partition(":")[0], encoding=door.encoding) if place.endswith(".csv") else None
    if table is not None and not {str(name).lower() for name in table.columns} & {*_PLACELESS, "wkt", "wkt_lonlat"}:
        made = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([None] * len(table), crs=index.crs))
        made = made.set_index("incident_id") if "incident_id" in made.columns else made
    else:
        made = door.read(place, "incidents", to=index.crs)
    read = gpd.GeoDataFrame(_as_text(made, INCIDENTS.key), crs=index.crs)
    if "reported_at" not in read.columns:
        raise TableError(
            f"{place}: column 'reported_at' is missing; map it with --columns incidents:theirs=reported_at"
        )
    return read.assign(reported_at=_with_zone(read["reported_at"], timezone))


def _read_positions(place: str, index: AreaIndex, door: Inputs, timezone: str) -> gpd.GeoDataFrame:
    read = _as_text(door.read(place, None, to=index.crs, name="positions"))
    if "officer_id" in read.columns:
        read = read.set_index("officer_id")
    if "at" not in read.columns:
        raise TableError(f"{place}: column 'at' is missing, when each officer was there")
    return gpd.GeoDataFrame(read.assign(at=_with_zone(read["at"], timezone)), crs=index.crs)


def _with_zone(values: pd.Series, timezone: str) -> pd.Series:
    """Read times; those that name no time zone are taken by the clock of ``timezone``."""
    read = pd.to_datetime(values, errors="coerce", format="ISO8601") if values.dtype.kind != "M" else values
    if read.isna().any():
        row = values.index[read.isna()][0]
        raise TableError(f"{values.name} of {row!r} is {values[row]!r}, not a time such as 2026-09-01T08:00+08:00")
    return read.dt.tz_localize(timezone) if read.dt.tz is None else read


def _read_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise GridgeoError(f"--now {text!r}: is not a time such as 2026-09-01T08:00+08:00") from None
    return moment


def _as_text(frame: pd.DataFrame, key: str = "") -> pd.DataFrame:
    """Keep ids and words as text where a file made numbers of them."""
    made = frame.copy()
    for name in (*_TEXTS, key):
        if name in made.columns:
            values = made[name]
            made[name] = values.astype("Int64").astype("str") if values.dtype.kind == "i" else values.astype("str")
    if key and made.index.name == key:
        made.index = made.index.astype("str")
    return made


def _told(asked: gpd.GeoDataFrame, answer: pd.DataFrame, officers: pd.DataFrame, phones: bool) -> pd.DataFrame:
    """Put what was decided beside what was reported; phones only where they are asked for."""
    told = answer.drop(columns=["x", "y"])
    for name in _PAIRS:
        told[name] = ["; ".join(f"{who} {what}" for who, what in pairs) for pairs in answer[name]]
    told.insert(2, "officer", told["to"].map(officers["name"]))
    if phones and "phone" in officers.columns:
        told.insert(3, "phone", told["to"].map(officers["phone"]))
    kept = [name for name in ("reported_at", "category", "text", "address") if name in asked.columns]
    return pd.DataFrame(asked[kept]).join(told)
