"""Run ``gridgeo atoms`` and ``gridgeo batch``: a province in atoms, and its communities divided many at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from gridgeo.batch.atoms import write_atoms
from gridgeo.batch.gathering import join_plans
from gridgeo.batch.many import partition_many
from gridgeo.model.profile import load_profile
from gridgeo.storage.files import write_plan

from .inputs import writable
from .layers import Layers, break_ground
from .options import spread
from .screen import note, say, show_table, steps

MOST_ERRORS = 10
"""Communities that failed which are listed on the screen; the summary holds them all."""


@spread
def atoms(
    layers: Layers,
    out: Annotated[Path, typer.Option(help="GeoParquet to write.")],
    profile: Annotated[
        str, typer.Option(help="Division rules: a name of `gridgeo profiles`, or a .toml file.")
    ] = "guali-2024",
) -> None:
    """Cut a territory into the smallest areas that are never split, for gridgeo batch.

    Example: gridgeo atoms --communities town.gpkg:communities --streets town.gpkg:streets
    --households households.csv.gz --out atoms.parquet
    """
    rules = load_profile(profile)
    writable(out)
    with steps() as show:
        ground = break_ground(layers, layers.door(), rules, show)
        made = ground.atoms
        with show.step(f"writing {out}"):
            write_atoms(made, out)
    rows = ground.extra.get("left_out")
    if rows is not None:
        note(
            f"{len(rows)} household rows ({rows['count'].sum()} households) lie outside the territory and are left out"
        )
    say(f"wrote {out}: {len(made):,} atoms in {made['community_id'].nunique():,} communities")


def batch(
    source: Annotated[
        str, typer.Argument(metavar="ATOMS", help="What `gridgeo atoms` wrote, or another table of atoms.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write; one with the same settings is taken up again.")],
    profile: Annotated[
        str, typer.Option(help="Division rules: a name of `gridgeo profiles`, or a .toml file.")
    ] = "guali-2024",
    workers: Annotated[int | None, typer.Option(help="Processes on this machine; without it, one a processor.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Dask scheduler to work on: tcp://HOST:PORT.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same plan.")] = 0,
    effort: Annotated[str, typer.Option(help="fast, normal or best.")] = "normal",
    join: Annotated[Path | None, typer.Option(help="Join all communities to one plan: GeoPackage to write.")] = None,
) -> None:
    """Divide many communities at once; started again after a break, it goes on where it was.

    Example: gridgeo batch atoms.parquet --profile guali-2024 --out plans --workers 8 --join plan.gpkg
    """
    if join is not None:
        writable(join)
    with steps() as show:
        with show.step("dividing communities") as done:
            summary = partition_many(
                source, profile, out, effort=effort, seed=seed, workers=workers, scheduler=scheduler, progress=done
            )
        failed = summary[summary["error"].notna()]
        if join is not None and not len(failed):
            with show.step(f"writing {join}"):
                write_plan(join_plans(out), join)
    _show_summary(summary, len(failed))
    say(f"wrote {out} (areas.parquet, owners.parquet, certificates.parquet, summary.csv)")
    if len(failed):
        rows = [[name, row["error"]] for name, row in failed.head(MOST_ERRORS).iterrows()]
        show_table(f"{len(failed)} communities were not divided", ["community", "why"], rows)
        if join is not None:
            note(f"{join} was not written: a plan holds every community; mend the atoms and divide them anew")
        raise typer.Exit(1)
    if join is not None:
        say(f"wrote {join}")


def _show_summary(summary: pd.DataFrame, failed: int) -> None:
    rows = []
    for name in summary.columns[summary.columns.str.endswith("_areas")]:
        level = name.removesuffix("_areas")
        areas, inside = int(summary[name].sum()), int(summary[f"{level}_in_band"].sum())
        rows.append([level, areas, f"{inside / max(areas, 1):.1%}"])
    households, certificates = int(summary["households"].sum()), int(summary["certificates"].sum())
    title = (
        f"{households:,} households in {len(summary) - failed:,} communities, {certificates:,} certificates, "
        f"{summary['work_s'].sum():,.0f} s of work"
    )
    show_table(title, ["level", "areas", "in band"], rows)
