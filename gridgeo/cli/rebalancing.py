"""Run ``gridgeo rebalance``: make a plan conform again after the town has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import geopandas as gpd
import typer

from gridgeo.design.homes import settle_households
from gridgeo.design.rebalance import Rebalanced
from gridgeo.design.rebalance import rebalance as adjust
from gridgeo.model.errors import GridgeoError
from gridgeo.model.plan import Plan
from gridgeo.storage.files import read_plan, write_plan

from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .screen import note, say, show_table, steps


def rebalance(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan.gpkg, as `gridgeo plan` writes it.")],
    out: Annotated[Path, typer.Option(help="GeoPackage to write.")],
    households: Annotated[
        str | None, typer.Option(help="Points as they are now: counted anew on the plan's atoms.")
    ] = None,
    atoms: Annotated[str | None, typer.Option(help="Atoms as they are now, where streets changed.")] = None,
    budget: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of households that may change area.")] = 0.05,
    lock: Annotated[list[str] | None, typer.Option(help="Area or atom that stays. May be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same answer.")] = 0,
    effort: Annotated[str, typer.Option(help="fast, normal or best.")] = "normal",
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Make a plan conform again with the fewest households moved.

    Example: gridgeo rebalance plan.gpkg --households households_2027.csv --budget 0.05 --out next.gpkg
    """
    if (households is None) == (atoms is None):
        raise GridgeoError("rebalance: give either --households or --atoms, what has changed since the plan was drawn")
    writable(out)
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading the plan and the town"):
            made = read_plan(plan)
            recounted = atoms is None
            now = _recount(made, door, str(households)) if recounted else door.read(str(atoms), "atoms", to=made.crs)
        with show.step("adjusting areas"):
            answer = adjust(made, now, budget, locks=tuple(lock or ()), seed=seed, effort=effort)
        with show.step(f"writing {out}"):
            write_plan(answer.plan, out)
    show_costs(answer)
    say(f"wrote {out}")


def _recount(plan: Plan, door: Inputs, place: str) -> gpd.GeoDataFrame:
    """Count the households of a file on the atoms of a plan; those just outside count at its edge."""
    from gridgeo.operate.locate import AreaIndex

    settled = settle_households(door.read(place, "households", to=plan.crs), plan.areas("community"))
    homes = settled.homes
    if len(settled.left_out):
        note(f"{len(settled.left_out)} household rows lie outside the territory and were left out")
    index = AreaIndex.from_areas(plan.atoms.rename_axis("area_id"))
    held = index.locate(homes.geometry)
    lost = held.isna()
    if lost.any():
        note(f"{int(lost.sum())} household rows ({int(homes.loc[lost, 'count'].sum())} households) lie on no atom")
    counts = homes["count"].groupby(held).sum().reindex(plan.atoms.index, fill_value=0).astype(int)
    now = plan.atoms.assign(households=counts)
    now.attrs = dict(plan.atoms.attrs)
    return now


def show_costs(answer: Rebalanced) -> None:
    """Print what each way costs, and what the budget leaves undone."""
    rows = []
    for each in (answer, *answer.alternatives):
        for level, cost in each.costs.iterrows():
            least = "-" if cost["bound"] != cost["bound"] else f"{cost['bound']:,.0f}"
            rows.append(
                [each.way, level, f"{cost['moved']:,.0f}", f"{cost['share']:.2%}", least,
                 f"{cost['changed']:.0f}/{cost['made']:.0f}/{cost['closed']:.0f}",
                 f"{cost['out_before']:.0f} -> {cost['out']:.0f}"]
            )  # fmt: skip
    show_table(
        "what it costs; the first is written",
        ["way", "level", "moved", "share", "at least", "changed/made/closed", "out of band"],
        rows,
    )
    for parent, group in answer.unmet.groupby("parent_id", sort=True):
        note(
            f"the budget leaves {', '.join(group['area_id'])} in {parent} outside the band; "
            f"{group['needed'].iloc[0]:,} more households would have to move"
        )
