"""Run ``gridgeo demo``: make a town, divide it, audit it, publish it, and draw it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import geopandas as gpd
import pandas as pd
import typer

from gridgeo.design.atoms import make_atoms
from gridgeo.model.profile import load_profile
from gridgeo.storage.files import write_plan

from .inputs import writable
from .planning import audit_plan, divide, summarise
from .screen import say, steps

if TYPE_CHECKING:
    from gridgeo.model.plan import Plan
    from gridgeo.town.town import Town


def demo(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("out/demo"),
    households: Annotated[int, typer.Option(min=2000, help="Size of the town.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same town.")] = 0,
    profile: Annotated[str, typer.Option(help="Division rules.")] = "guali-2024",
    effort: Annotated[str, typer.Option(help="fast, normal or best.")] = "normal",
    language: Annotated[str, typer.Option(help="Of the map and the report: en or zh.")] = "en",
) -> None:
    """Build the demonstration town and divide it; leaves town.db, plan.gpkg, map.html and audit.html.

    Example: gridgeo demo --out out/demo, then gridgeo serve out/demo/town.db
    """
    from gridgeo.publish.maps import plan_map
    from gridgeo.publish.reports import audit_report
    from gridgeo.town.officers import make_officers
    from gridgeo.town.town import make_town

    rules = load_profile(profile)
    files = {name: writable(out / name) for name in ("town.db", "plan.gpkg", "map.html", "audit.html")}
    with steps() as show:
        with show.step("building the town"):
            town = make_town(households, seed=seed)
        with show.step("making atoms"):
            atoms = make_atoms(town.communities, town.streets, town.households, town.buildings, profile=rules)
        plan = divide(atoms, rules, effort, seed, show)
        plan = replace(plan, valid_from=_first_day(town), manifest={**plan.manifest, "title": town.name})
        territory = town.boundary.union_all()
        findings = audit_plan(plan, territory, town.households, show)
        officers, duties = make_officers(pd.concat([plan.areas(level) for level in plan.levels[1:]]), seed=seed)
        with show.step("publishing to town.db"):
            _publish(files["town.db"], plan, town, officers, duties, findings)
        with show.step("writing plan.gpkg"):
            write_plan(plan, files["plan.gpkg"], {"findings": findings})
        with show.step("drawing map.html"):
            page = plan_map(
                plan,
                incidents=town.incidents,
                findings=findings,
                officers=officers.drop(columns="phone", errors="ignore"),
                duties=duties,
                streets=town.streets,
                buildings=town.buildings,
                water=town.water,
                language=language,
            )
            page.save(files["map.html"])
        with show.step("writing audit.html"):
            asked = {"parents": plan.areas("community"), "households": town.households}
            audit_report(findings, plan.areas("grid"), territory, language=language, **asked).save(files["audit.html"])
    summarise(plan, findings)
    say(f"wrote {', '.join(files)} to {out}; see them with: gridgeo serve {files['town.db']}")


def _publish(
    path: Path, plan: Plan, town: Town, officers: pd.DataFrame, duties: pd.DataFrame, findings: gpd.GeoDataFrame
) -> None:
    """Put the plan in force from the month of the first incident on."""
    from gridgeo.storage.store import open_store

    with open_store(path) as store:
        store.publish(
            plan,
            valid_from=_first_day(town),
            officers=officers,
            duties=duties,
            addresses=_addresses(town),
            streets=town.streets,
            buildings=town.buildings,
            sites=pd.concat([town.sites, town.water.rename_axis("site_id")]),
            incidents=town.incidents,
            findings=findings,
        )


def _first_day(town: Town) -> date:
    return town.incidents["reported_at"].min().date().replace(day=1)


def _addresses(town: Town) -> gpd.GeoDataFrame:
    """Gather what people name as a place: dwellings, and the sites by their names."""
    sites = town.sites[town.sites["name"].notna()]
    named = gpd.GeoDataFrame(
        {"address": sites["name"], "count": 1}, geometry=sites.representative_point(), index=sites.index, crs=sites.crs
    )
    known = pd.concat([town.households, named.rename_axis(town.households.index.name)])
    return gpd.GeoDataFrame(known[["building_id", "address", "geometry"]], crs=town.households.crs)
