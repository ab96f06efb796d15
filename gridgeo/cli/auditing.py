"""Run ``gridgeo audit`` and ``gridgeo repair`` on maps that were drawn elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import geopandas as gpd
import shapely
import typer

from gridgeo.design import coverage
from gridgeo.design import repair as mending
from gridgeo.model.errors import GridgeoError
from gridgeo.storage.files import write_layers, write_table

from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .screen import note, say, show_table, steps
from .territory import show_actions

SEVERITIES = ("note", "warning", "error")

Map = Annotated[str, typer.Argument(metavar="MAP[:LAYER]", help="The areas.")]
Inside = Annotated[str, typer.Option("--inside", help="The territory they should cover: FILE or FILE:LAYER.")]
Parents = Annotated[str | None, typer.Option("--parents", help="Areas of the level above, which none may cross.")]
Tolerance = Annotated[
    float, typer.Option("--tolerance", min=0.0, help="Faults narrower than this are counted, not listed; metres.")
]


def _territory(frame: gpd.GeoDataFrame) -> shapely.Geometry:
    return shapely.union_all(shapely.make_valid(frame.geometry.to_numpy()))


def audit(
    map_: Map,
    inside: Inside,
    parents: Parents = None,
    households: Annotated[str | None, typer.Option(help="Points; each should lie in exactly one area.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a report as one HTML file.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the findings: .gpkg, .geojson, .csv ...")] = None,
    language: Annotated[str, typer.Option(help="Of the report: en or zh.")] = "en",
    fail_on: Annotated[
        str | None, typer.Option(help="Exit with 3 when a finding is this grave: error, warning or note.")
    ] = None,
    tolerance: Tolerance = 0.001,
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Tell what is wrong with a map of areas, where, and how large.

    Example: gridgeo audit wards.gpkg --inside city.gpkg --report audit.html --fail-on error
    """
    if fail_on is not None and fail_on not in SEVERITIES:
        raise GridgeoError(f"--fail-on {fail_on!r}: choose one of {', '.join(SEVERITIES)}")
    for path in (report, out):
        if path is not None:
            writable(path)
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading layers"):
            areas = door.read(map_, "areas", broken=True)
            territory = _territory(door.read(inside, "areas", to=areas.crs, broken=True, name="inside"))
            above = None if parents is None else door.read(parents, "areas", to=areas.crs, broken=True, name="parents")
            homes = None if households is None else door.read(households, "households", to=areas.crs)
        with show.step("auditing"):
            findings = coverage.audit(areas, territory, parents=above, households=homes, tolerance_m=tolerance)
        if report is not None:
            from gridgeo.publish.reports import audit_report

            with show.step(f"writing {report}"):
                audit_report(
                    findings,
                    areas,
                    territory,
                    parents=above,
                    households=homes,
                    language=language,
                    tolerance_m=tolerance,
                ).save(report)
        if out is not None:
            with show.step(f"writing {out}"):
                write_table(findings, out)
    show_findings(findings, len(areas))
    if fail_on is not None and findings["severity"].isin(SEVERITIES[SEVERITIES.index(fail_on) :]).any():
        raise typer.Exit(3)


def show_findings(findings: gpd.GeoDataFrame, areas: int) -> None:
    """Print the findings by kind, and the gravest of each kind."""
    if not len(findings):
        say(f"no findings: the {areas} areas cover the territory exactly once")
        return
    rows = []
    order = findings.assign(grave=findings["severity"].map(SEVERITIES.index)).sort_values(
        ["grave", "kind"], ascending=[False, True], kind="stable"
    )
    for (severity, kind), group in order.groupby(["severity", "kind"], sort=False):
        worst = group.loc[group["value"].fillna(0).idxmax()]
        rows.append([severity, kind, len(group), worst["message"]])
    show_table(f"{len(findings)} findings on {areas} areas", ["severity", "kind", "times", "largest"], rows)


def repair(
    map_: Map,
    inside: Inside,
    out: Annotated[Path, typer.Option(help="GeoPackage to write: layers `areas`, `actions`, `undecided`.")],
    parents: Parents = None,
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Mend a map of areas until it is proved to cover its territory, and list what moved.

    Example: gridgeo repair neighborhoods.gpkg --inside city.gpkg --out repaired.gpkg
    """
    writable(out)
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading layers"):
            areas = door.read(map_, "areas", broken=True)
            territory = _territory(door.read(inside, "areas", to=areas.crs, broken=True, name="inside"))
            above = None if parents is None else door.read(parents, "areas", to=areas.crs, broken=True, name="parents")
        with show.step("mending"):
            mended = mending.repair(areas, territory, parents=above)
        with show.step(f"writing {out}"):
            layers = {"areas": mended.areas, "actions": mended.actions, "undecided": mended.undecided}
            write_layers({name: layer for name, layer in layers.items() if name == "areas" or len(layer)}, out)
    if len(mended.actions):
        show_actions(mended.actions, f"{len(mended.actions)} actions", "actions")
    if len(mended.undecided):
        note(f"{len(mended.undecided)} places want a person's decision; the layer `undecided` shows them")
    if mended.certificate.holds:
        say(f"proved: the {len(mended.areas)} areas cover the territory exactly once; wrote {out}")
        return
    note(f"not proved: {mended.certificate.reason}; wrote {out}")
    raise typer.Exit(3)
