"""Run ``gridgeo duties``: tell which areas lack an officer, and what else is wrong with the duty list."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import pandas as pd
import typer

from gridgeo.model.errors import GridgeoError
from gridgeo.operate.duties import STAFFED_LEVELS, Staffing, check_duties
from gridgeo.operate.duty_calendar import LASTING_KINDS, check_duties_over
from gridgeo.operate.duty_findings import name_list
from gridgeo.operate.override_checks import check_overrides, check_relocated
from gridgeo.storage.files import read_plan, read_table, write_table

from .auditing import SEVERITIES
from .inputs import Encoding, writable
from .screen import note, say, show_table, steps

MOST_SHOWN = 40
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day that is judged.")]


def duties(
    plan: Annotated[Path, typer.Argument(metavar="STORE_OR_PLAN", help="A store (.db), or a plan.gpkg.")],
    at: Day,
    officers_: Annotated[
        str | None, typer.Option("--officers", help="Table of officers; without it, the store's.")
    ] = None,
    duties_: Annotated[
        str | None, typer.Option("--duties", help="Table of duties: officer_id, area_id, role, days; as --officers.")
    ] = None,
    overrides: Annotated[
        str | None, typer.Option(help="Table of overrides: judged too, with the officers for resettled households.")
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Also tell gaps in time from --at until the day before this one."),
    ] = None,
    level: Annotated[
        list[str] | None, typer.Option(help="Level whose areas must have an officer; without it, those with duties.")
    ] = None,
    ratio: Annotated[
        tuple[int, int], typer.Option(metavar="LOW HIGH", help="Households a full-time worker; 0 0 does not judge it.")
    ] = (200, 400),
    out: Annotated[Path | None, typer.Option(help="Write the findings: .csv, .gpkg, .geojson ...")] = None,
    fail_on: Annotated[
        str | None, typer.Option(help="Exit with 3 when a finding is this grave: error, warning or note.")
    ] = None,
    encoding: Encoding = None,
) -> None:
    """Tell which areas lack an officer on a day, and what else is wrong with the duty list.

    Example: gridgeo duties town.db --officers officers.csv --duties duties.csv --at 2026-10-01 --out findings.csv
    """
    if fail_on is not None and fail_on not in SEVERITIES:
        raise GridgeoError(f"--fail-on {fail_on!r}: choose one of {', '.join(SEVERITIES)}")
    if not 0 <= ratio[0] <= ratio[1]:
        raise GridgeoError(f"--ratio {ratio[0]} {ratio[1]}: give the lower number first, none below 0")
    if out is not None:
        writable(out)
    day = at.date()
    with steps() as show:
        with show.step("reading"):
            areas, staff, posts = _read(plan, day, officers_, duties_, encoding)
            moved = None if overrides is None else _read_overrides(overrides, encoding)
        with show.step("judging"):
            levels = _levels(areas, posts, level)
            rules = Staffing() if ratio == (200, 400) else Staffing(households=ratio if ratio[1] else None, clause="")
            found = [check_duties(areas, staff, posts, day, levels=levels, staffing=rules)]
            if until is not None:
                of_day = found[0]  # what lasts is told with its days, not twice
                found = [of_day[~of_day["kind"].isin(LASTING_KINDS)]]
                found.append(check_duties_over(areas, staff, posts, day, until.date(), levels=levels))
            if moved is not None:
                found += [check_overrides(areas, moved, day), check_relocated(areas, moved, staff, posts, day)]
            findings = _joined(found)
        if out is not None:
            with show.step(f"writing {out}"):
                write_table(findings, out)
    judged = int(areas["level"].isin(levels).sum())
    show_duties(findings, f"{judged} areas ({name_list(levels)}) on {day}")
    if fail_on is not None and findings["severity"].isin(SEVERITIES[SEVERITIES.index(fail_on) :]).any():
        raise typer.Exit(3)


def _read(
    place: Path, day: date, officers: str | None, duties: str | None, encoding: str | None
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame]:
    """Read areas of all levels, officers and duties; from the store what no file is named for."""
    given = {
        name: read_table(path, table=name, encoding=encoding)
        for name, path in (("officers", officers), ("duties", duties))
        if path is not None
    }
    if place.suffix == ".db":
        from gridgeo.storage.store import open_store

        with open_store(place, create=False) as store:
            made = store.plan(day)
            given = {"officers": store.officers(day), "duties": store.duties(day)} | given
    else:
        made = read_plan(place)
        lacking = [f"--{name}" for name in ("officers", "duties") if name not in given]
        if lacking:
            raise GridgeoError(f"{place} holds no officers or duties; name the tables with {' and '.join(lacking)}")
    areas = pd.concat([made.areas(level) for level in [*made.levels, *made.overlays]])
    return areas, given["officers"], given["duties"]


def _read_overrides(path: str, encoding: str | None) -> pd.DataFrame:
    """Read the table of overrides, whose first columns may be of any name but its own."""
    table = read_table(path, encoding=encoding)
    if table.index.name != "override_id":
        if "override_id" not in table.columns:
            raise GridgeoError(f"--overrides {path}: has no column override_id")
        table = table.set_index("override_id")
    return table.set_axis(table.index.astype("str"))


def _levels(areas: gpd.GeoDataFrame, duties: pd.DataFrame, asked: list[str] | None) -> list[str]:
    """Choose the levels whose areas must have an officer."""
    there = areas["level"].astype("str")
    if asked:
        strange = [level for level in asked if level not in set(there)]
        if strange:
            raise GridgeoError(f"--level {strange[0]!r}: the plan's levels are {', '.join(dict.fromkeys(there))}")
        return asked
    usual = [str(level) for level in STAFFED_LEVELS if level in set(there)]
    served = [level for level in usual if areas.index[there == level].isin(duties["area_id"]).any()]
    for level in usual if served else []:
        if level not in served:
            note(f"no duty is for an area of level {level}: it is not judged; --level {level} judges it")
    return served or usual


def _joined(found: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Join findings of several checks and number them anew."""
    full = [table for table in found if len(table)]
    if not full:
        return found[0]
    joined = pd.concat(full)
    return joined.set_axis(
        pd.Index([f"F{number:04d}" for number in range(1, len(joined) + 1)], name="finding_id", dtype="str")
    )


def show_duties(findings: gpd.GeoDataFrame, judged: str) -> None:
    """Print who is missing where; the gravest first."""
    if not len(findings):
        say(f"no findings: the duty list is in order, {judged}")
        return
    order = findings["severity"].map(SEVERITIES.index).sort_values(ascending=False, kind="stable").index
    shown = findings.loc[order[:MOST_SHOWN]]
    rows = [[row["severity"], row["kind"], row["area_ids"], row["message"]] for _, row in shown.iterrows()]
    show_table(f"{len(findings)} findings, {judged}", ["severity", "kind", "areas", "what"], rows)
    counts = findings["kind"].value_counts().sort_index()
    say(", ".join(f"{kind} {count:,}" for kind, count in counts.items()))
    if len(findings) > MOST_SHOWN:
        note(f"{len(findings) - MOST_SHOWN} more findings; --out writes them all")
