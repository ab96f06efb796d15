"""Run ``gridgeo plan``: communities, streets and households in; grids, an audit and a map out."""

from __future__ import annotations

from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import pandas as pd
import shapely
import typer

from gridgeo.design.coverage import audit
from gridgeo.design.homes import Settled
from gridgeo.design.partition import partition
from gridgeo.design.streets import find_edge_gap, find_short_streets
from gridgeo.model.bands import say_band
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Profile, load_profile
from gridgeo.model.tables import FINDINGS, empty
from gridgeo.storage.files import write_plan

from .inputs import writable
from .layers import Ground, Layers, break_ground
from .options import spread
from .screen import Steps, note, say, show_table, steps
from .wishes import Wishes


@spread
def plan(
    layers: Layers,
    out: Annotated[Path, typer.Option(help="GeoPackage to write.")],
    wishes: Wishes,
    profile: Annotated[
        str, typer.Option(help="Division rules: a name of `gridgeo profiles`, or a .toml file.")
    ] = "guali-2024",
    map_: Annotated[Path | None, typer.Option("--map", help="Write a map as one HTML file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the audit as one HTML file.")] = None,
    language: Annotated[str, typer.Option(help="Of the map and the report: en or zh.")] = "en",
    attribution: Annotated[str | None, typer.Option(help="Whom the data is owed to; stands on the map.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same plan.")] = 0,
    effort: Annotated[str, typer.Option(help="fast, normal or best.")] = "normal",
) -> None:
    """Divide a town into grids and micro grids, and prove that they cover it.

    Example: gridgeo plan --communities town.gpkg:communities --streets town.gpkg:streets
    --households households.csv.gz --profile guali-2024 --out plan.gpkg --map map.html
    """
    rules = load_profile(profile)
    for path in (out, map_, report):
        if path is not None:
            writable(path)
    door = layers.door()
    with steps() as show:
        ground = break_ground(layers, door, rules, show)
        asked = wishes.read(door, ground.atoms.crs)
        made = divide(ground.atoms, rules, effort, seed, show, **asked)
        owed = door.attribution if attribution is None else attribution
        noted = {"asked": told} if (told := wishes.told()) else {}
        made = replace(made, manifest={**made.manifest, "attribution": owed, **noted})
        findings = audit_plan(made, ground.territory, ground.homes, show)
        short = _short_streets(ground)
        extra = ground.extra | {"findings": join_findings([findings, *short], made.crs)}
        with show.step(f"writing {out}"):
            write_plan(made, out, extra)
        if map_ is not None:
            with show.step(f"drawing {map_}"):
                _draw_map(map_, made, findings, ground, language)
        if report is not None:
            with show.step(f"writing {report}"):
                _write_report(report, made, findings, ground, language)
    summarise(made, findings)
    tell_inputs(ground.settled, *short)
    say(f"wrote {', '.join(str(path) for path in (out, map_, report) if path is not None)}")


def _short_streets(ground: Ground) -> list[gpd.GeoDataFrame]:
    """Tell whether the streets reach the territory's edge, and which of them stop short of another."""
    if ground.streets is None:
        return []
    return [
        find_edge_gap(ground.streets, ground.communities),
        find_short_streets(ground.streets, ground.communities),
    ]


def _draw_map(path: Path, made: Plan, findings: gpd.GeoDataFrame, ground: Ground, language: str) -> None:
    from gridgeo.publish.maps import plan_map

    streets, buildings = ground.streets, ground.buildings
    plan_map(made, findings=findings, streets=streets, buildings=buildings, language=language).save(path)


def _write_report(path: Path, made: Plan, findings: gpd.GeoDataFrame, ground: Ground, language: str) -> None:
    from gridgeo.publish.reports import audit_report

    asked = {"parents": made.areas("community"), "households": ground.homes}
    audit_report(findings, made.areas("grid"), ground.territory, language=language, **asked).save(path)


def divide(atoms: gpd.GeoDataFrame, rules: Profile, effort: str, seed: int, show: Steps, **asked: Any) -> Plan:
    """Partition with a progress bar for each level."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        bars = {level: stack.enter_context(show.step(f"drawing {level} areas")) for level in rules.levels}
        return partition(
            atoms, rules, effort=effort, seed=seed, progress=lambda level, done, all_: bars[level](done, all_), **asked
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
    rows = [_level_row(made, level) for level in (*made.levels[1:], *made.overlays)]
    households = int(made.atoms["households"].sum())
    show_table(
        f"{households:,} households on {len(made.atoms):,} atoms, by the rules of {made.profile.title}",
        ["level", "areas", "band", "from-to", "in band", "certified", "on streets", "compactness"],
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


def _level_row(made: Plan, level: str) -> list[Any]:
    """Tell of a level how many areas there are, what they should hold and do hold, and what bounds them."""
    quality, limits = made.quality(level), made.profile.limits.get(level)
    measure = "households" if limits is None else limits.measure
    ends = [quality.get(f"{measure}_{end}", float("nan")) for end in ("min", "max")]
    return [
        level,
        int(quality["areas"]),
        "none" if limits is None else say_band(limits),
        "-".join(f"{end:,.0f}" for end in ends),
        "-" if isnan(quality["in_band"]) else f"{quality['in_band']:.1%}",
        int((made.certificates["level"] == level).sum()),
        "-" if isnan(quality["street_share"]) else f"{quality['street_share']:.1%}",
        quality["compactness"],
    ]


def tell_inputs(settled: Settled | None, *short: gpd.GeoDataFrame) -> None:
    """Say what became of households outside the territory, whether the streets reach its edge, and how many stop short.

    Parameters
    ----------
    settled : Settled, optional
    *short : GeoDataFrame
        Findings about streets: those with a note are counted, the others told.
    """
    for table in short:
        for message in table.loc[table["severity"] != "note", "message"]:
            note(f"streets: {message}")
        ends = shapely.get_num_geometries(table.geometry[table["severity"] == "note"].to_numpy()).sum()
        if ends:
            note(f"streets: {ends} stop short of the line ahead of them; the layer `findings` holds them")
    if settled is None:
        return
    for rows, words in (
        (settled.moved, "lie just outside the territory and count at its edge"),
        (settled.left_out, "lie outside the territory and were left out; the layer `left_out` holds them"),
    ):
        if len(rows):
            first = ", ".join(map(str, rows.index[:3]))
            note(f"{len(rows)} household rows ({rows['count'].sum()} households) {words}: {first} ...")
