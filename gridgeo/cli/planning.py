"""Run ``gridgeo plan``: communities, streets and households in; grids, an audit and a map out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import pandas as pd
import shapely
import typer

from gridgeo.design.atoms import make_atoms
from gridgeo.design.coverage import audit, certify
from gridgeo.design.homes import Settled, settle_households
from gridgeo.design.partition import partition
from gridgeo.design.repair import repair
from gridgeo.design.streets import find_edge_gap
from gridgeo.model.errors import GridgeoError
from gridgeo.model.plan import Plan
from gridgeo.model.profile import load_profile
from gridgeo.model.tables import FINDINGS, empty
from gridgeo.storage.files import write_plan

from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .screen import Steps, note, say, show_table, steps

SLIT_M = 5.0
"""A hole between communities that is narrower than this is a slip of the drawing and is closed, metres."""

LEAST_M2 = 0.01
"""Land below this is not listed on the screen, square metres."""


def plan(
    communities: Annotated[str, typer.Option(help="Areas that no grid may cross: FILE or FILE:LAYER.")],
    streets: Annotated[str, typer.Option(help="Street lines.")],
    households: Annotated[str, typer.Option(help="Points with a count of households.")],
    out: Annotated[Path, typer.Option(help="GeoPackage to write.")],
    profile: Annotated[
        str, typer.Option(help="Division rules: a name of `gridgeo profiles`, or a .toml file.")
    ] = "guali-2024",
    inside: Annotated[str | None, typer.Option(help="The territory; without it, what the communities cover.")] = None,
    buildings: Annotated[str | None, typer.Option(help="Building outlines.")] = None,
    barriers: Annotated[list[str] | None, typer.Option(help="Rivers, rail, walls. May be repeated.")] = None,
    keep_whole: Annotated[str | None, typer.Option(help="Estates and villages that must not be cut.")] = None,
    exclusive: Annotated[str | None, typer.Option(help="Institutions that must not be cut.")] = None,
    map_: Annotated[Path | None, typer.Option("--map", help="Write a map as one HTML file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the audit as one HTML file.")] = None,
    language: Annotated[str, typer.Option(help="Of the map and the report: en or zh.")] = "en",
    attribution: Annotated[str | None, typer.Option(help="Whom the data is owed to; stands on the map.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same plan.")] = 0,
    effort: Annotated[str, typer.Option(help="fast, normal or best.")] = "normal",
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Divide a town into grids and micro grids, and prove that they cover it.

    Example: gridgeo plan --communities town.gpkg:communities --streets town.gpkg:streets
    --households households.csv.gz --profile guali-2024 --out plan.gpkg --map map.html
    """
    rules = load_profile(profile)
    for path in (out, map_, report):
        if path is not None:
            writable(path)
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading layers"):
            areas = door.read(communities, "communities", broken=True)
            to = areas.crs
            lines = door.read(streets, "streets", to=to)
            homes = door.read(households, "households", to=to)
            houses = door.read_if(buildings, "buildings", to=to)
            walls = [door.read(each, "streets", to=to, name=f"barriers {at}") for at, each in enumerate(barriers or [])]
            wholes = door.read_if(keep_whole, "areas", to=to, name="keep_whole")
            sites = door.read_if(exclusive, "areas", to=to, name="exclusive")
            edge = door.read_if(inside, "areas", to=to, broken=True, name="inside")
        areas, territory, extra = sound_communities(areas, edge, show)
        with show.step("making atoms"):
            settled = settle_households(homes, areas)
            atoms = make_atoms(areas, lines, settled.homes, houses, _together(walls), wholes, sites, rules)
            atoms.attrs["inputs"] = json.dumps(door.sources, ensure_ascii=False)
        made = divide(atoms, rules, effort, seed, show)
        owed = door.attribution if attribution is None else attribution
        made = replace(made, manifest={**made.manifest, "attribution": owed})
        findings = audit_plan(made, territory, settled.homes, show)
        short = find_edge_gap(lines, areas)
        extra |= {"findings": join_findings([findings, short], made.crs)} | (
            {"left_out": settled.left_out} if len(settled.left_out) else {}
        )
        with show.step(f"writing {out}"):
            write_plan(made, out, extra)
        if map_ is not None:
            with show.step(f"drawing {map_}"):
                _draw_map(map_, made, findings, lines, houses, language)
        if report is not None:
            with show.step(f"writing {report}"):
                _write_report(report, made, findings, territory, settled.homes, language)
    summarise(made, findings)
    tell_inputs(settled, short)
    say(f"wrote {', '.join(str(path) for path in (out, map_, report) if path is not None)}")


def _draw_map(
    path: Path,
    made: Plan,
    findings: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame | None,
    language: str,
) -> None:
    from gridgeo.publish.maps import plan_map

    plan_map(made, findings=findings, streets=streets, buildings=buildings, language=language).save(path)


def _write_report(
    path: Path,
    made: Plan,
    findings: gpd.GeoDataFrame,
    territory: shapely.Geometry,
    homes: gpd.GeoDataFrame,
    language: str,
) -> None:
    from gridgeo.publish.reports import audit_report

    asked = {"parents": made.areas("community"), "households": homes}
    audit_report(findings, made.areas("grid"), territory, language=language, **asked).save(path)


def _together(layers: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame | None:
    if not layers:
        return None
    joined = gpd.GeoDataFrame(pd.concat([layer[["rank", "kind", "geometry"]] for layer in layers]), crs=layers[0].crs)
    joined.index = pd.Index([f"{number}" for number in range(len(joined))], name="street_id")
    return joined


def sound_communities(
    areas: gpd.GeoDataFrame, inside: gpd.GeoDataFrame | None, show: Steps
) -> tuple[gpd.GeoDataFrame, shapely.Geometry, dict[str, pd.DataFrame]]:
    """Repair communities that overlap or leave gaps, and say what moved.

    Parameters
    ----------
    areas : GeoDataFrame
        Communities as they were drawn.
    inside : GeoDataFrame, optional
        The territory; without it, what the communities cover, slits between them closed.
    show : Steps

    Returns
    -------
    communities : GeoDataFrame
        A valid coverage of the territory.
    territory : Polygon or MultiPolygon
    """
    territory = (
        covered_land(areas) if inside is None else shapely.union_all(shapely.make_valid(inside.geometry.to_numpy()))
    )
    with show.step("checking communities"):
        if certify(areas, territory).holds:
            return areas, territory, {}
        mended = repair(areas, territory)
    if not mended.certificate.holds:
        raise GridgeoError(
            f"communities: could not be made to cover the territory ({mended.certificate.reason});"
            " see where with gridgeo audit --report audit.html"
        )
    show_actions(mended.actions, "communities were repaired before they were divided", "repairs")
    return mended.areas, territory, {"repairs": mended.actions}


def covered_land(areas: gpd.GeoDataFrame, *, slit_m: float = SLIT_M) -> shapely.Geometry:
    """Join areas into the land they cover, narrow slits between them closed, real holes kept."""
    joined = shapely.union_all(shapely.make_valid(areas.geometry.to_numpy()))
    parts = []
    for part in shapely.get_parts(joined):
        if part.geom_type != "Polygon":
            continue
        rings = [shapely.Polygon(ring) for ring in part.interiors]
        kept = [ring.exterior for ring in rings if 2 * ring.area > slit_m * ring.length]
        parts.append(shapely.Polygon(part.exterior, kept))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def show_actions(actions: pd.DataFrame, title: str, layer: str, most: int = 10) -> None:
    """Print what a repair did, the largest first; land that did not move is only counted."""
    moved = actions[actions["area_m2"] >= LEAST_M2].sort_values("area_m2", ascending=False, kind="stable")
    rows = [
        [row["action"], row["area_id"], float(row["area_m2"]), row["message"]] for _, row in moved.head(most).iterrows()
    ]
    left = len(actions) - len(rows)
    if left:
        rest = float(actions["area_m2"].sum() - moved["area_m2"].head(most).sum())
        rows.append(["...", f"{left} more", rest, f"the layer {layer!r} holds them"])
    show_table(title, ["action", "area", "m2", "what"], rows)


def divide(atoms: gpd.GeoDataFrame, rules: Any, effort: str, seed: int, show: Steps) -> Plan:
    """Partition with a progress bar for each level."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        bars = {level: stack.enter_context(show.step(f"drawing {level} areas")) for level in rules.levels}
        return partition(
            atoms, rules, effort=effort, seed=seed, progress=lambda level, done, all_: bars[level](done, all_)
        )


def audit_plan(
    made: Plan, territory: shapely.Geometry, homes: gpd.GeoDataFrame | None, show: Steps
) -> gpd.GeoDataFrame:
    """Audit every level of a plan, by means that know nothing of how it was made."""
    tables = []
    with show.step("auditing") as done:
        for at, level in enumerate(made.levels[1:], 1):
            parents = made.areas(made.levels[at - 1])
            tables.append(audit(made.areas(level), territory, parents=parents, households=homes).assign(level=level))
            done(at, len(made.levels) - 1)
    return join_findings(tables, made.crs)


def join_findings(tables: list[gpd.GeoDataFrame], crs: Any) -> gpd.GeoDataFrame:
    """Put tables of findings one under the other, numbered through."""
    full = [table for table in tables if len(table)]
    if not full:
        return gpd.GeoDataFrame(empty(FINDINGS, crs))
    joined = gpd.GeoDataFrame(pd.concat(full, ignore_index=True), crs=crs)
    joined.index = pd.Index([f"F{number:04d}" for number in range(1, len(joined) + 1)], name="finding_id")
    return joined


def summarise(made: Plan, findings: gpd.GeoDataFrame) -> None:
    """Print what a planner wants to know first."""
    rows = []
    for level in made.levels[1:]:
        quality, limits = made.quality(level), made.profile.limits[level]
        told = made.certificates[made.certificates["level"] == level]
        rows.append(
            [
                level,
                int(quality["areas"]),
                f"{limits.low}-{limits.high}",
                f"{quality['households_min']:.0f}-{quality['households_max']:.0f}",
                f"{quality['in_band']:.1%}",
                len(told),
                f"{quality['street_share']:.1%}",
                quality["compactness"],
            ]
        )
    households = int(made.atoms["households"].sum())
    show_table(
        f"{households:,} households on {len(made.atoms):,} atoms, by the rules of {made.profile.title}",
        ["level", "areas", "band", "households", "in band", "certified", "on streets", "compactness"],
        rows,
    )
    if len(made.certificates):
        reasons = made.certificates.groupby(["level", "reason"], sort=True)
        show_table(
            "why some areas miss their band",
            ["level", "reason", "times", "for example"],
            [[level, reason, len(rows), rows["message"].iloc[0]] for (level, reason), rows in reasons],
        )
    errors = int((findings["severity"] == "error").sum())
    if errors:
        counts = findings.loc[findings["severity"] == "error", "kind"].value_counts()
        note(f"the audit found {errors} errors: {', '.join(f'{kind} {n}' for kind, n in counts.items())}")
    else:
        say(f"audit: no gap, no overlap, every household in exactly one area of each level ({len(findings)} notes)")


def tell_inputs(settled: Settled, short: gpd.GeoDataFrame) -> None:
    """Say what became of households outside the territory, and whether the streets reach its edge."""
    for message in short["message"]:
        note(f"streets: {message}")
    for rows, words in (
        (settled.moved, "lie just outside the territory and count at its edge"),
        (settled.left_out, "lie outside the territory and were left out; the layer `left_out` holds them"),
    ):
        if len(rows):
            first = ", ".join(map(str, rows.index[:3]))
            note(f"{len(rows)} household rows ({rows['count'].sum()} households) {words}: {first} ...")
