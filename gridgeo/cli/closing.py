"""Run ``gridgeo rates``: incidents and their log in, rates of filing, closure, completion and satisfaction out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import typer

from gridgeo.model.errors import GridgeoError, TableError
from gridgeo.model.service_tables import INCIDENT_LOG
from gridgeo.model.tables import conform
from gridgeo.operate.calendars import ALWAYS, load_calendar
from gridgeo.operate.deadlines import find_deadlines
from gridgeo.operate.locate import AreaIndex
from gridgeo.operate.rates import RATES, incident_rates
from gridgeo.operate.stages import DEADLINES, load_loop
from gridgeo.operate.trace import check_log
from gridgeo.storage.files import read_table, write_table

from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .screen import note, say, show_table, steps

_MOST_SHOWN = 20


def rates(
    incidents: Annotated[str, typer.Argument(metavar="INCIDENTS", help="FILE or FILE:LAYER, with reported_at.")],
    log: Annotated[str, typer.Option(help="What happened to them: CSV ... with incident_id, status, at.")],
    out_: Annotated[Path, typer.Option("--out", help="File to write: the rates, one row a group.")],
    by: Annotated[
        list[str] | None,
        typer.Option(help="area, category, officer, day, week, month, or a column. May be repeated. [default: area]"),
    ] = None,
    areas: Annotated[
        str | None, typer.Option(help="Areas to place points in, and to list even where nothing was reported.")
    ] = None,
    deadlines: Annotated[
        str | None, typer.Option(help="CSV of category, status, working_hours; or a loop's .toml.")
    ] = None,
    calendar: Annotated[Path | None, typer.Option(help="Working hours (.toml); without it every hour counts.")] = None,
    since: Annotated[str | None, typer.Option(help="First day or instant of the reports that count.")] = None,
    until: Annotated[str | None, typer.Option(help="Day or instant before which they were made.")] = None,
    at: Annotated[str | None, typer.Option(help="As it stood then; --deadlines need it.")] = None,
    zone: Annotated[str, typer.Option(help="Time zone of days.")] = "Asia/Shanghai",
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Count what became of incidents, with the rates that follow.

    Example: gridgeo rates incidents.csv --log log.csv --areas plan.gpkg:grids --by area --out rates.csv
    """
    writable(out_)
    if deadlines is not None and at is None:
        raise GridgeoError("--deadlines needs --at: what is overdue depends on when one looks")
    by = by or ["area"]
    now, begins, ends = (
        _instant(value, name, zone) for value, name in ((at, "at"), (since, "since"), (until, "until"))
    )
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading incidents and their log"):
            grids = door.read_if(areas, "areas")
            reports = _reports(incidents, door, grids)
            rows = read_table(log, encoding=encoding, columns=door.mapping("log"))
            rows = conform(rows, INCIDENT_LOG)
            check_log(rows, reports)
        with show.step("counting"):
            due = None
            if deadlines is not None and now is not None:
                counted = reports[pd.to_datetime(reports["reported_at"], utc=True) <= now]
                hours = ALWAYS if calendar is None else load_calendar(calendar)
                due = find_deadlines(counted, rows, _deadlines(deadlines, encoding), hours, at=now)
            groups = None if grids is None or by != ["area"] else grids.index
            made = incident_rates(
                reports, rows, by, since=begins, until=ends, at=now, due=due, zone=zone, groups=groups
            )
        with show.step(f"writing {out_}"):
            write_table(_flat(made), out_)
    _tell(made, due is not None)
    say(f"wrote {out_}")


def _instant(value: str | None, name: str, zone: str) -> pd.Timestamp | None:
    """Read a day, as its midnight in a zone, or an instant."""
    if value is None:
        return None
    try:
        place, moment = ZoneInfo(zone), pd.Timestamp(value)
    except (KeyError, OSError):
        raise GridgeoError(f"--zone {zone!r}: is no time zone; write one as Asia/Shanghai") from None
    except (ValueError, TypeError):
        raise GridgeoError(f"--{name} {value!r}: is neither a day nor an instant; write 2026-10-01") from None
    if pd.isna(moment):
        raise GridgeoError(f"--{name} {value!r}: is neither a day nor an instant; write 2026-10-01")
    return moment.tz_localize(place) if moment.tzinfo is None else moment


def _reports(place: str, door: Inputs, areas: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Read incidents; those that carry no area_id of their own are placed by their points."""
    frame = read_table(place, table="incidents", columns=door.mapping("incidents"), encoding=door.encoding)
    if areas is None or "area_id" in frame.columns:
        return _keyed(frame, place)
    points = door.read(place, "incidents", to=areas.crs)
    return points.assign(area_id=AreaIndex.from_areas(areas).locate(points.geometry).to_numpy())


def _keyed(frame: pd.DataFrame, place: str) -> pd.DataFrame:
    if frame.index.name == "incident_id":
        return frame
    if "incident_id" not in frame.columns:
        raise TableError(f"incidents: {place} has no column incident_id; say which one with --columns")
    return frame.set_index(frame["incident_id"].astype("str")).drop(columns="incident_id")


def _deadlines(place: str, encoding: str | None) -> pd.DataFrame:
    if not place.endswith(".toml"):
        return conform(read_table(place, encoding=encoding), DEADLINES)
    loop = load_loop(place)
    if not loop.limits:
        raise GridgeoError(f"--deadlines {place}: loop {loop.name!r} states no deadlines; add [[deadlines]]")
    return loop.deadlines


def _tell(made: pd.DataFrame, has_deadlines: bool) -> None:
    """Print the groups with the most reports."""
    most = made.sort_values("received", ascending=False, kind="stable").head(_MOST_SHOWN)
    names = [name for name in RATES if has_deadlines or name != "completion_rate"]
    shown = [
        [
            _words(key),
            *(int(row[name]) for name in ("received", "filed", "closed")),
            *(_percent(row[name]) for name in names),
        ]
        for key, row in most.iterrows()
    ]
    title = f"{int(made['received'].sum()):,} incidents in {len(made):,} groups"
    show_table(title, [" ".join(map(str, made.index.names)), "received", "filed", "closed", *names], shown)
    small = int(made["is_small"].sum())
    if small:
        note(f"{small} of {len(made)} groups have a rate over fewer than ten: is_small")
    if not has_deadlines:
        note("no --deadlines: nothing is known of what was done in time")


def _flat(made: pd.DataFrame) -> pd.DataFrame:
    """Make the groups columns; a day is written as a day."""
    flat = made.reset_index()
    for name in made.index.names:
        if pd.api.types.is_datetime64_dtype(flat[name].dtype):
            flat[name] = flat[name].dt.strftime("%Y-%m-%d")
    return flat


def _words(key: object) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return " ".join(
        "-" if pd.isna(part) else f"{part:%Y-%m-%d}" if isinstance(part, pd.Timestamp) else str(part) for part in parts
    )


def _percent(rate: float) -> str:
    return "-" if pd.isna(rate) else f"{rate:.2%}"
