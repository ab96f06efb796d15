"""Run ``gridgeo conformance``: hold a plan against each clause of its profile."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from gridgeo.design.conformance import Conformance
from gridgeo.design.conformance import conformance as judge
from gridgeo.design.verdicts import FAILS
from gridgeo.model.errors import GridgeoError
from gridgeo.model.profile import load_profile
from gridgeo.storage.files import read_plan, read_table, write_table

from .auditing import SEVERITIES, _territory
from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .screen import note, say, show_table, steps


def conformance(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan.gpkg.")],
    profile: Annotated[
        str | None, typer.Option(help="Rules: a name of `gridgeo profiles`, or a .toml file; without it, the plan's.")
    ] = None,
    inside: Annotated[str | None, typer.Option("--inside", help="The territory that areas should cover.")] = None,
    households: Annotated[
        str | None, typer.Option(help="Points: counted anew, and each should lie in an area.")
    ] = None,
    streets: Annotated[str | None, typer.Option(help="Lines: borders are held against them.")] = None,
    places: Annotated[str | None, typer.Option(help="Institutions: points, or polygons with a column kind.")] = None,
    units: Annotated[str | None, typer.Option(help="Estates or villages that no border should cut.")] = None,
    buildings: Annotated[str | None, typer.Option(help="Buildings that no border should cut.")] = None,
    duties: Annotated[str | None, typer.Option(help="Table of duties: officer_id, area_id, role, days.")] = None,
    at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the duties; without it, the plan's first.")
    ] = None,
    street_share: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Share of inner borders that must run on streets.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the findings: .gpkg, .geojson, .csv ...")] = None,
    clauses: Annotated[Path | None, typer.Option(help="Write the table of clauses: .csv, .xlsx ...")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a report as one HTML file.")] = None,
    language: Annotated[str, typer.Option(help="Of the report: en or zh.")] = "en",
    fail_on: Annotated[
        str | None, typer.Option(help="Exit with 3 when a clause fails so gravely: error (hard), warning or note.")
    ] = None,
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Hold a plan against each clause of its profile.

    Example: gridgeo conformance plan.gpkg --inside city.gpkg --streets city.gpkg:streets --report rules.html
    """
    if fail_on is not None and fail_on not in SEVERITIES:
        raise GridgeoError(f"--fail-on {fail_on!r}: choose one of {', '.join(SEVERITIES)}")
    for path in (out, clauses, report):
        if path is not None:
            writable(path)
    rules = None if profile is None else load_profile(profile)
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading the plan and its layers"):
            made = read_plan(plan)
            ground = door.read_if(inside, "areas", to=made.crs, broken=True, name="inside")
            layers: dict[str, Any] = {
                "territory": None if ground is None else _territory(ground),
                "households": door.read_if(households, "households", to=made.crs),
                "streets": door.read_if(streets, "streets", to=made.crs),
                "places": door.read_if(places, None, to=made.crs, name="places"),
                "units": door.read_if(units, None, to=made.crs, name="units"),
                "buildings": door.read_if(buildings, "buildings", to=made.crs),
                "duties": None if duties is None else read_table(duties, table="duties", encoding=encoding),
            }
        with show.step("judging clause by clause"):
            day: date | None = None if at is None else at.date()
            told = judge(made, rules, at=day, street_share=street_share, **layers)
        for path, table in ((out, told.findings), (clauses, told.clauses)):
            if path is not None:
                with show.step(f"writing {path}"):
                    write_table(table, path)
        if report is not None:
            from gridgeo.publish.conformance_reports import conformance_report

            with show.step(f"writing {report}"):
                conformance_report(told, made, language).save(report)
    show_clauses(told)
    if fail_on is not None and told.findings["severity"].isin(SEVERITIES[SEVERITIES.index(fail_on) :]).any():
        raise typer.Exit(3)


def show_clauses(told: Conformance) -> None:
    """Print what failed and what held; what could not be judged is counted by its reason."""
    judged = told.clauses[told.clauses["why"] == ""]
    rows = [
        [row["state"], row["strength"], str(name), _figure(row), row["says"]]
        for name, row in judged.sort_values("state", key=lambda states: states != FAILS, kind="stable").iterrows()
    ]
    if rows:
        show_table(str(told), ["state", "strength", "clause", "figure", "says"], rows)
    else:
        say(str(told))
    for why, group in told.unjudged.groupby("why", sort=False):
        note(f"cannot be judged, {why}: {', '.join(dict.fromkeys(group['clause']))}")


def _figure(row: pd.Series) -> str:
    if row["quantity"] == "share":
        return f"{min(row['figure'], 0.9999) if row['figure'] < 1 else 1.0:.2%} of {row['limit']:.0%}"
    return f"{row['figure']:,.0f} of {row['judged']:,} {row['quantity']}"
