"""Run ``gridgeo compare``: tell what differs between two plans, and write lineage and concordance."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import pandas as pd
import typer

from gridgeo.design.compare import Comparison
from gridgeo.design.compare import compare as compare_plans
from gridgeo.design.concordance import concordance
from gridgeo.design.lineage import SLIVER_M2
from gridgeo.model.errors import GridgeoError
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.operate.duty_rows import duties_on
from gridgeo.operate.small_counts import SMALLEST_PUBLISHED
from gridgeo.publish.comparison import publish_concordance
from gridgeo.storage.files import list_layers, read_plan, read_table, write_layers, write_table

from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .screen import note, say, show_table, steps

MOST_SHOWN = 20


def compare(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A plan.gpkg, or areas: FILE or FILE:LAYER.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The same, of the later plan.")],
    out_: Annotated[
        Path, typer.Option("--out", help="A .gpkg takes all tables; .csv, .xlsx, .parquet the lineage alone.")
    ],
    households: Annotated[str | None, typer.Option(help="Household points; without it, the plans' own counts.")] = None,
    incidents: Annotated[str | None, typer.Option(help="Past incidents, counted by where they would lie.")] = None,
    officers: Annotated[str | None, typer.Option(help="Officers, with --duties.")] = None,
    duties: Annotated[str | None, typer.Option(help="Duties: what each officer gains or loses.")] = None,
    duties_after: Annotated[str | None, typer.Option(help="Duties on the later plan, where they are others.")] = None,
    at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day whose duties count; without it, all.")
    ] = None,
    level: Annotated[str, typer.Option(help="Of the areas compared.")] = Level.GRID,
    tolerance_m2: Annotated[
        float, typer.Option(min=0, help="Land that is no change, between two drawings.")
    ] = SLIVER_M2,
    published: Annotated[
        Path | None, typer.Option("--concordance", help="Write the table to publish, small counts suppressed.")
    ] = None,
    smallest: Annotated[int, typer.Option(min=1, help="Smallest count that may be published.")] = SMALLEST_PUBLISHED,
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Tell which households change their area between two plans, who gains and loses, and what became of each area.

    Example: gridgeo compare plan-2025.gpkg plan-2026.gpkg --officers officers.csv --duties duties.csv --out lineage.csv
    """
    if (officers is not None or duties_after is not None) and duties is None:
        raise GridgeoError("--officers and --duties-after want --duties, the table of who answers for what before")
    for path in (out_, published):
        if path is not None:
            writable(path)
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading"):
            old = _read_division(before, door, None, "before")
            new = _read_division(after, door, old.crs, "after")
            posts = [_read_duties(path, at, encoding) for path in (duties, duties_after)]
            people = None if officers is None else read_table(officers, table="officers", encoding=encoding)
            homes = door.read_if(households, "households", to=old.crs)
            past = door.read_if(incidents, "incidents", to=old.crs)
        with show.step("comparing"):
            found = compare_plans(old, new, households=homes, incidents=past, officers=people, duties=posts[0],
                                  duties_after=posts[1], level=level, tolerance_m2=tolerance_m2)  # fmt: skip
        with show.step(f"writing {out_}"):
            _write(found, out_)
        if published is not None:
            with show.step(f"writing {published}"):
                table = publish_concordance(concordance(found.lineage, old, new), smallest=smallest)
                write_table(table, published)
    say(str(found))
    _show(found)
    for name, count in found.lineage.attrs["lineage"]["outside"].items():
        if count:
            note(f"{count:,} {name} lie in no area of either plan and are left out")


def _read_division(place: str, door: Inputs, to: object, name: str) -> Plan | gpd.GeoDataFrame:
    """Read a plan, or a layer of areas."""
    path = Path(place)
    if path.suffix == ".gpkg" and path.is_file() and {"atoms", "manifest"} <= set(list_layers(path)):
        return read_plan(path)
    return door.read(place, "areas", to=to, name=name)


def _read_duties(path: str | None, at: datetime | None, encoding: str | None) -> pd.DataFrame | None:
    """Read duties, those of one day where one is named."""
    if path is None:
        return None
    table = read_table(path, table="duties", encoding=encoding)
    return table if at is None else duties_on(table, at.date())


def _write(found: Comparison, out: Path) -> None:
    """Write the lineage, and all tables where the file takes several."""
    if out.suffix != ".gpkg":
        write_table(found.lineage, out)
        return
    made = {"lineage": found.lineage, "areas_compared": found.areas, "communities_compared": found.communities,
            "officers_compared": found.officers, "spread": found.spread.rename_axis("measure"),
            "moved_atoms": found.moved_atoms}  # fmt: skip
    write_layers({name: table for name, table in made.items() if len(table)}, out)


def _show(found: Comparison) -> None:
    """Print the areas that changed most, and the officers who gain or lose."""
    counts = found.lineage.groupby("change", sort=False)[["households", "area_m2"]].agg(["size", "sum"])
    rows = [[str(change), int(row[("area_m2", "size")]), int(row[("households", "sum")]),
             float(row[("area_m2", "sum")]) / 1e6] for change, row in counts.sort_index().iterrows()]  # fmt: skip
    show_table("lineage", ["change", "rows", "households", "km²"], rows)
    people = found.officers
    people = people[(people[["households_gained", "households_lost"]] > 0).any(axis=1)] if len(people) else people
    if len(people):
        columns = ["areas_before", "areas_after", "households_before", "households_after", "households_gained",
                   "households_lost"]  # fmt: skip
        shown = people.head(MOST_SHOWN)
        listed = [[str(officer), *(int(value) for value in row)] for officer, row in shown[columns].iterrows()]
        show_table("officers", ["officer", *(name.replace("_", " ") for name in columns)], listed)
        if len(people) > MOST_SHOWN:
            note(f"{len(people) - MOST_SHOWN} more officers gain or lose; --out FILE.gpkg writes them all")
