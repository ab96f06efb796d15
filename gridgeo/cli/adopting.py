"""Run ``gridgeo adopt``: a map drawn elsewhere in, a plan of atoms and owners out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from gridgeo.design.adoption import adopt as adopt_map
from gridgeo.design.homes import settle_households
from gridgeo.model.errors import GridgeoError
from gridgeo.model.plan import Plan
from gridgeo.model.profile import load_profile
from gridgeo.storage.files import write_plan

from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .planning import tell_inputs
from .screen import note, say, show_table, steps


def adopt(
    map_: Annotated[str, typer.Argument(metavar="MAP[:LAYER]", help="The areas; they cover their territory exactly.")],
    out: Annotated[Path, typer.Option(help="GeoPackage to write: the plan.")],
    communities: Annotated[str | None, typer.Option(help="Areas of the level above, which none may cross.")] = None,
    community_column: Annotated[
        str | None, typer.Option(help="Instead: the column of the map that names each area's community.")
    ] = None,
    streets: Annotated[str | None, typer.Option(help="Street lines, to divide the areas into blocks.")] = None,
    households: Annotated[str | None, typer.Option(help="Points with a count of households.")] = None,
    buildings: Annotated[str | None, typer.Option(help="Building outlines, to divide crowded blocks.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="Division rules: a name of `gridgeo profiles`, or a .toml file.")
    ] = None,
    level: Annotated[str, typer.Option(help="What the areas are: community, grid, micro or beat.")] = "grid",
    map_page: Annotated[Path | None, typer.Option("--map", help="Write a map as one HTML file.")] = None,
    language: Annotated[str, typer.Option(help="Of the map: en or zh.")] = "en",
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Take a map that was drawn elsewhere as a plan, ready for edits.

    Example: gridgeo adopt repaired.gpkg:areas --communities town.gpkg:communities --streets town.gpkg:streets
    --out plan.gpkg --map map.html
    """
    if communities is not None and community_column is not None:
        raise GridgeoError("--communities and --community-column: both name the communities; leave one of them out")
    rules = None if profile is None else load_profile(profile)
    for path in (out, map_page):
        if path is not None:
            writable(path)
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading layers"):
            areas = door.read(map_, "areas", broken=True, name="map")
            above = door.read_if(communities, "communities", to=areas.crs, broken=True)
            lines = door.read_if(streets, "streets", to=areas.crs)
            homes = door.read_if(households, "households", to=areas.crs)
            houses = door.read_if(buildings, "buildings", to=areas.crs)
        with show.step("adopting"):
            made = adopt_map(
                areas,
                community_column if above is None else above,
                streets=lines,
                households=homes,
                buildings=houses,
                profile=rules,
                level=level,
                name="map",
            )
            noted = {"attribution": door.attribution, "inputs": door.sources}
            made.atoms.attrs["inputs"] = json.dumps(door.sources, ensure_ascii=False)
            made = replace(made, manifest={**made.manifest, **noted})
            settled = None if homes is None or not len(homes) else settle_households(homes, areas)
        with show.step(f"writing {out}"):
            extra: dict[str, pd.DataFrame] = {}
            if settled is not None and len(settled.left_out):
                extra["left_out"] = settled.left_out
            write_plan(made, out, extra)
        if map_page is not None:
            from gridgeo.publish.maps import plan_map

            with show.step(f"drawing {map_page}"):
                plan_map(made, streets=lines, buildings=houses, language=language).save(map_page)
    _tell(made, level)
    tell_inputs(settled)
    say(f"wrote {', '.join(str(path) for path in (out, map_page) if path is not None)}")


def _tell(made: Plan, level: str) -> None:
    """Print what was taken in."""
    told, households = made.manifest["adopted"], int(made.atoms["households"].sum())
    atoms = made.owner(level).value_counts()
    show_table(
        f"{told['areas']:,} areas of level {level} on {len(made.atoms):,} atoms, {households:,} households",
        ["level", "areas", "atoms an area", "communities"],
        [[level, told["areas"], f"{atoms.min()}-{atoms.max()}", made.owner("community").nunique()]],
    )
    if told["counted_by"] == "nothing":
        note("no --households, and the map has no column of them: every area counts 0")
    elif told["counted_by"] == "the map" and told["divided_by"] == "streets":
        note("no --households: the map's own counts are shared out among the blocks by their land")
    say("proved: the atoms of every area are the area itself, and none of them crosses a border of the map")
