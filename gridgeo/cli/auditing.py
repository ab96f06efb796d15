"""Run ``gridgeo audit`` and ``gridgeo repair`` on maps that were drawn elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import pandas as pd
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
Homes = Annotated[str | None, typer.Option("--households", help="Points; each should lie in exactly one area.")]
Exceptions = Annotated[
    str | None,
    typer.Option("--exceptions", help="Polygons of what is meant to be so, as lakes and enclaves, with a `reason`."),
]
LEAST_M2 = 1e-6


def _territory(frame: gpd.GeoDataFrame) -> shapely.Geometry:
    return shapely.union_all(shapely.make_valid(frame.geometry.to_numpy()))


def audit(
    map_: Map,
    inside: Inside,
    parents: Parents = None,
    households: Homes = None,
    places: Annotated[
        str | None, typer.Option(help="Institutions: points or polygons; each should lie in exactly one area.")
    ] = None,
    streets: Annotated[
        str | None, typer.Option(help="Street lines; every metre and every crossing should lie in an area.")
    ] = None,
    exceptions: Exceptions = None,
    codes: Annotated[
        str | None,
        typer.Option(help="Column with codes, in the map and in the parents; by default `code`, where there is one."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a report as one file: .html or .pdf.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the findings: .gpkg, .geojson, .csv, .sarif ...")] = None,
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
            areas, territory, above, homes = _read_map(door, map_, inside, parents, households)
            given: dict[str, Any] = {
                "places": _read_shapes(door, places, "places", areas.crs),
                "streets": door.read_if(streets, "streets", to=areas.crs, broken=True),
                "exceptions": _read_shapes(door, exceptions, "exceptions", areas.crs),
            }
        with show.step("auditing"):
            findings = coverage.audit(
                areas, territory, parents=above, households=homes, tolerance_m=tolerance, codes=codes, **given
            )
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
                    **given,
                ).save(report)
        if out is not None:
            with show.step(f"writing {out}"):
                _write_findings(findings, out, str(door.sources["areas"].get("file", map_)))
    show_findings(findings, len(areas))
    if fail_on is not None and findings["severity"].isin(SEVERITIES[SEVERITIES.index(fail_on) :]).any():
        raise typer.Exit(3)


def _read_map(
    door: Inputs, map_: str, inside: str, parents: str | None, households: str | None
) -> tuple[gpd.GeoDataFrame, shapely.Geometry, gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
    """Read areas, their territory, and the parents and households where they are named."""
    areas = door.read(map_, "areas", broken=True)
    territory = _territory(door.read(inside, "areas", to=areas.crs, broken=True, name="inside"))
    above = door.read_if(parents, "areas", to=areas.crs, broken=True, name="parents")
    return areas, territory, above, door.read_if(households, "households", to=areas.crs)


def _read_shapes(door: Inputs, place: str | None, name: str, crs: object) -> gpd.GeoDataFrame | None:
    """Read a layer whose columns stay as they are, but for those that ``--columns`` names."""
    return door.read_if(place, None, to=crs, broken=True, name=name)


def _write_findings(findings: gpd.GeoDataFrame, out: Path, file: str) -> None:
    """Write findings as a table, or as SARIF for tools that read what checks found."""
    if out.suffix.lower() == ".sarif":
        from gridgeo.publish.sarif import write_sarif

        write_sarif(findings, out, map_name=file)
    else:
        write_table(findings, out)


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
    out: Annotated[Path, typer.Option(help="GeoPackage to write: layers `areas`, `actions`, `changes`, `undecided`.")],
    parents: Parents = None,
    households: Annotated[
        str | None, typer.Option("--households", help="Points, to count those that change their area.")
    ] = None,
    exceptions: Exceptions = None,
    fill: Annotated[
        str,
        typer.Option(help="Large land without an area: `all` gives it to neighbours, `placeholder` keeps it apart."),
    ] = "all",
    large: Annotated[
        float | None, typer.Option(min=0.0, help="What is large, in m2; by default half of the median area.")
    ] = None,
    snap: Annotated[
        float | None,
        typer.Option(min=0.0, help="Bring vertices so near to each other together first, in metres; 0 never does."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a report as one file: .html or .pdf.")] = None,
    language: Annotated[str, typer.Option(help="Of the report: en or zh.")] = "en",
    tolerance: Tolerance = 0.001,
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Mend a map of areas until it is proved to cover its territory, and list what moved.

    Example: gridgeo repair neighborhoods.gpkg --inside city.gpkg --out repaired.gpkg
    """
    for path in (out, report):
        if path is not None:
            writable(path)
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading layers"):
            areas, territory, above, homes = _read_map(door, map_, inside, parents, households)
            meant = _read_shapes(door, exceptions, "exceptions", areas.crs)
        with show.step("mending"):
            if meant is not None:
                territory = coverage.land_to_cover(areas, territory, meant, tolerance)
            mended = mending.repair(
                areas,
                territory,
                parents=above,
                households=homes,
                fill=fill,
                large_m2=large,
                snap_m=snap,
                tolerance_m=tolerance,
            )
        with show.step(f"writing {out}"):
            write_layers(_repaired_layers(mended), out)
        if report is not None:
            from gridgeo.publish.repair_reports import repair_report

            with show.step(f"writing {report}"):
                repair_report(
                    mended,
                    areas,
                    territory,
                    parents=above,
                    households=homes,
                    language=language,
                    tolerance_m=tolerance,
                ).save(report)
    show_repair(mended)
    if mended.certificate.holds:
        land = "the territory, but for what was declared," if meant is not None else "the territory"
        say(f"proved: the {len(mended.areas)} areas cover {land} exactly once; wrote {out}")
        return
    note(f"not proved: {mended.certificate.reason}; wrote {out}")
    raise typer.Exit(3)


def _repaired_layers(mended: mending.Repair) -> dict[str, pd.DataFrame]:
    """Name the layers of a repair; a layer without rows is left out, but for the areas."""
    areas = mended.areas
    ids = areas.index if areas.index.name == "area_id" or "area_id" not in areas else pd.Index(areas["area_id"])
    outlines = dict(zip(ids[::-1].astype(str), areas.geometry[::-1], strict=True))
    shapes = [outlines.get(str(area)) for area in mended.changes.index]
    changes = gpd.GeoDataFrame(mended.changes, geometry=gpd.GeoSeries(shapes, mended.changes.index, crs=areas.crs))
    layers = {"areas": areas, "actions": mended.actions, "changes": changes, "undecided": mended.undecided}
    return {name: layer for name, layer in layers.items() if name == "areas" or len(layer)}


def show_repair(mended: mending.Repair, most: int = 10) -> None:
    """Print what a repair did, which areas changed and what a person must decide."""
    if len(mended.actions):
        show_actions(mended.actions, f"{len(mended.actions)} actions", "actions")
    changes = mended.changes
    moved = (changes["after_m2"] - changes["before_m2"]).abs()
    if (moved > LEAST_M2).any():
        columns = ["before_m2", "after_m2", *(name for name in changes.columns if name.startswith("households_"))]
        first = changes.assign(moved=moved).sort_values("moved", ascending=False, kind="stable")
        rows = [[area, *(_number(row[name], name) for name in columns)] for area, row in first.head(most).iterrows()]
        if len(changes) > most:
            rows.append([f"{len(changes) - most} more in the layer `changes`", *([""] * len(columns))])
        heads = ["area", *(name.replace("_m2", ", m2").replace("_", " ") for name in columns)]
        show_table(f"{len(changes)} areas changed", heads, rows)
    if len(mended.undecided):
        rows = [[row["kind"], row["area_ids"], row["message"]] for _, row in mended.undecided.head(most).iterrows()]
        count = len(mended.undecided)
        show_table(f"{count} to decide", ["kind", "areas", "what"], rows)
        noun = "1 place wants" if count == 1 else f"{count} places want"
        note(f"{noun} a person's decision; the layer `undecided` shows them")


def _number(value: float, name: str) -> float | int | str:
    if pd.isna(value):
        return ""
    return int(value) if name.startswith("households_") else float(value)
