"""Run ``gridgeo hotspots``: where incidents are significantly many, without giving small counts away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import numpy as np
import pandas as pd
import typer

from gridgeo.model.errors import GridgeoError
from gridgeo.operate.hotspots import hot_spots
from gridgeo.operate.incident_counts import WEEKDAYS, count_incidents
from gridgeo.operate.locate import AreaIndex
from gridgeo.operate.small_counts import SMALLEST_PUBLISHED, PublishedCounts, publish_spots
from gridgeo.operate.trends import hot_spot_trends
from gridgeo.storage.files import write_layers, write_table

from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .screen import note, say, show_table, steps

MOST_ROWS = 12
"""So many rows of a list are shown on the screen."""
TRENDS = ("day", "week", "month")
_WHY = {
    "without_place": "have no point",
    "in_no_area": "lie in no area",
    "without_time": "have no time",
    "in_future": "lie in the future",
}


def hotspots(
    incidents: Annotated[str, typer.Argument(metavar="INCIDENTS", help="CSV, GeoPackage ... of incidents.")],
    areas: Annotated[str, typer.Option(help="The areas: FILE or FILE:LAYER, or a plan.gpkg.")],
    out_: Annotated[Path, typer.Option("--out", help="File to write, .gpkg or .csv.")],
    households: Annotated[
        str | None, typer.Option(help="Points with a count; without them the areas' own households.")
    ] = None,
    per: Annotated[str | None, typer.Option(help="Compare per households, km2 or area.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only this category. May be repeated.")] = None,
    since: Annotated[str | None, typer.Option(help="Only reported on or after this day, as 2026-08-01.")] = None,
    until: Annotated[str | None, typer.Option(help="Only reported before this day.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Name of the local time, as Asia/Shanghai.")] = None,
    trend: Annotated[str | None, typer.Option(help="Tell how spots change by day, week or month.")] = None,
    smallest: Annotated[
        int, typer.Option(min=1, help="Smallest count above 0 that is written; smaller ones are suppressed.")
    ] = SMALLEST_PUBLISHED,
    full: Annotated[bool, typer.Option("--full", help="Write every count and score: not for publication.")] = False,
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Find the areas in whose surroundings incidents are significantly many, or few.

    Small counts, and those from which they could be derived, are suppressed in what is written.

    Example: gridgeo hotspots incidents.csv --areas plan.gpkg:grids --time-zone Asia/Shanghai --out hotspots.gpkg
    """
    if writable(out_).suffix.lower() not in (".gpkg", ".csv"):
        raise GridgeoError(f"--out {out_.name!r}: let the name end in .gpkg or .csv")
    if trend is not None and trend not in TRENDS:
        raise GridgeoError(f"--trend {trend!r}: choose one of {', '.join(TRENDS)}")
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading layers"):
            ground = door.read(areas, "areas")
            index = AreaIndex.from_areas(ground)
            reports = _in_local_time(door.read(incidents, "incidents", to=index.crs), time_zone)
            homes = _households(households, door, index)
        chosen = {"since": since, "until": until, "category": category or None, "time_zone": time_zone}
        with show.step("counting"):
            counted = count_incidents(reports, index, **chosen)  # type: ignore[arg-type]
        with show.step("finding hot spots"):
            spots = hot_spots(ground, counted["count"], households=homes, per=per)
            if trend is not None:
                bins = count_incidents(reports, index, by=trend, **chosen)  # type: ignore[arg-type]
                spots = spots.join(hot_spot_trends(ground, bins))
        parents = ground["parent_id"] if "parent_id" in ground and ground["parent_id"].notna().all() else None
        shown, published = publish_spots(spots, parents, smallest=smallest)
        with show.step(f"writing {out_}"):
            _write(ground, spots if full else shown, None if full else published, out_)
    _show(ground, shown, counted.attrs["left_out"])
    if time_zone is not None:
        _show_times(reports, index, chosen, smallest)
    if full:
        note("every count is written, small ones too; this file is not for publication")


def _in_local_time(incidents: gpd.GeoDataFrame, time_zone: str | None) -> gpd.GeoDataFrame:
    """Take times without a zone for local ones, where the local time is named."""
    reported = incidents["reported_at"]
    if time_zone is None or not pd.api.types.is_datetime64_any_dtype(reported) or reported.dt.tz is not None:
        return incidents
    note(f"reported_at has no time zone; it is taken for local time, {time_zone}")
    summer = np.zeros(len(reported), dtype=bool)
    try:
        local = reported.dt.tz_localize(time_zone, ambiguous=summer, nonexistent="shift_forward")
    except (KeyError, ValueError, OSError):
        raise GridgeoError(f"--time-zone {time_zone!r}: is not known; name it like Asia/Shanghai") from None
    return incidents.assign(reported_at=local)


def _households(place: str | None, door: Inputs, index: AreaIndex) -> pd.Series | None:
    if place is None:
        return None
    homes = door.read(place, "households", to=index.crs)
    return index.count(homes.geometry, homes["count"].to_numpy())


def _write(ground: gpd.GeoDataFrame, spots: pd.DataFrame, published: PublishedCounts | None, path: Path) -> None:
    """Write the areas with their spots; of what is published, the totals as well."""
    told = [name for name in ("code", "name", "level", "parent_id") if name in ground.columns]
    table = ground[[*told, "geometry"]].join(spots)
    totals = pd.DataFrame({"parent_id": [], "count": []}) if published is None else _totals(published)
    if path.suffix.lower() == ".gpkg":
        write_layers({"hotspots": table, **({"totals": totals} if len(totals) else {})}, path)
        return
    write_table(pd.DataFrame(table.drop(columns="geometry")), path)
    if len(totals):
        write_table(totals, path.with_name(f"{path.stem}_totals.csv"))


def _totals(published: PublishedCounts) -> pd.DataFrame:
    return pd.DataFrame({"parent_id": published.totals.index.astype(str), "count": published.totals.to_numpy()})


def _show(ground: gpd.GeoDataFrame, spots: pd.DataFrame, left_out: dict[str, int]) -> None:
    """Print the hot spots, and what was not counted."""
    hot = spots.loc[spots["kind"] == "hot"]
    names = ground["name"].fillna("") if "name" in ground else pd.Series("", index=ground.index)
    by_rate = hot.sort_values("rate", ascending=False, kind="stable", na_position="last")
    trend = ["pattern"] if "pattern" in spots else []
    rows = [
        [str(area), names[str(area)], _said(row["count"]), _said(row["rate"]), int(row["neighbours"]), *row[trend]]
        for area, row in by_rate.head(MOST_ROWS).iterrows()
    ]
    cold, hidden = int((spots["kind"] == "cold").sum()), int(spots["suppressed"].sum())
    title = f"{len(hot)} hot spots, {cold} cold spots of {len(spots)} areas; {hidden} counts suppressed"
    if rows:
        show_table(title, ["area", "name", "incidents", "rate", "neighbours", *trend], rows)
    else:
        say(title)
    for why, number in left_out.items():
        if number:
            note(f"{number} incidents {_WHY[why]}; they are not counted")


def _said(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:,.1f}".removesuffix(".0")


def _show_times(reports: gpd.GeoDataFrame, index: AreaIndex, chosen: Mapping[str, object], smallest: int) -> None:
    """Print at what hours and on which days of the week incidents are reported; no small counts."""
    hours = count_incidents(reports, index, by="hour", **chosen).sum()  # type: ignore[arg-type]
    days = count_incidents(reports, index, by="weekday", **chosen).sum()  # type: ignore[arg-type]
    if not hours.sum() or ((hours > 0) & (hours < smallest)).any() or ((days > 0) & (days < smallest)).any():
        return
    busiest = int(hours.to_numpy().argmax())
    say(f"most are reported from {busiest}:00 to {busiest + 1}:00 ({hours.max() / hours.sum():.0%})")
    say("by weekday: " + ", ".join(f"{name} {days[name] / days.sum():.0%}" for name in WEEKDAYS))
