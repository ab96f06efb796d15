"""Run ``gridgeo nest``: whether the areas of one map lie whole in those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import pandas as pd
import typer

from gridgeo.design.nesting import Nesting, check_nesting
from gridgeo.model.errors import GridgeoError
from gridgeo.storage.files import write_layers, write_table

from .auditing import SEVERITIES
from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .screen import note, say, show_table, steps

MOST_ROWS = 12
"""So many rows of a list are shown on the screen."""


def nest(
    inner: Annotated[str, typer.Argument(metavar="INNER[:LAYER]", help="The areas that should lie whole in others.")],
    outer: Annotated[list[str], typer.Option("--in", help="The areas they should lie in: FILE or FILE:LAYER.")],
    households: Annotated[str | None, typer.Option(help="Points; tells how many live in each piece.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write all tables as layers of a .gpkg, or as .csv files: NAME.csv, NAME_cuts.csv ..."),
    ] = None,
    parent: Annotated[str | None, typer.Option(help="Column of INNER that names the outer area.")] = None,
    code: Annotated[
        str | None, typer.Option(help="Column of both; the inner code begins with the outer one. area_id: the ids.")
    ] = None,
    move: Annotated[str, typer.Option(help="Whose borders shall give way: outer or inner.")] = "outer",
    weight: Annotated[str, typer.Option(help="What shall move least: area or households.")] = "area",
    fail_on: Annotated[
        str | None, typer.Option(help="Exit with 3 when a finding is this grave: error, warning or note.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0.0, help="Pieces narrower than this are counted, not listed; metres.")
    ] = 0.001,
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Tell which areas other areas cut, in what proportion, and the least that must move so that none is cut.

    Example: gridgeo nest grids.gpkg --in beats.gpkg --households homes.csv --out nesting.gpkg
    """
    if fail_on is not None and fail_on not in SEVERITIES:
        raise GridgeoError(f"--fail-on {fail_on!r}: choose one of {', '.join(SEVERITIES)}")
    if out is not None:
        _check_ending(writable(out))
    door = Inputs(columns, crs, datum, encoding)
    with steps() as show:
        with show.step("reading layers"):
            areas = door.read(inner, "areas", broken=True, name="inner")
            networks = {
                name: door.read(place, "areas", to=areas.crs, broken=True, name=name)
                for name, place in _name_networks(outer).items()
            }
            homes = None if households is None else door.read(households, "households", to=areas.crs)
        with show.step("checking"):
            nesting = check_nesting(
                areas, networks, homes, tolerance, parent=parent, code=code, move=move, weight=weight
            )
        if out is not None:
            with show.step(f"writing {out}"):
                _write(nesting, areas, out)
    _show(nesting)
    if fail_on is not None and nesting.findings["severity"].isin(SEVERITIES[SEVERITIES.index(fail_on) :]).any():
        raise typer.Exit(3)


def _name_networks(places: list[str]) -> dict[str, str]:
    """Call each network by its layer, else by its file; in full where two would be called alike."""
    names = [Path(_layer_of(place) or place).stem for place in places]
    full = [place if names.count(name) > 1 else name for name, place in zip(names, places, strict=True)]
    twice = sorted({name for name in full if full.count(name) > 1})
    if twice:
        raise GridgeoError(f"--in {twice[0]!r}: is named more than once; name each network once")
    return dict(zip(full, places, strict=True))


def _layer_of(place: str) -> str:
    """Read the layer in FILE:LAYER; a drive letter is none."""
    file, _, layer = place.rpartition(":")
    return layer if len(file) > 1 else ""


def _check_ending(path: Path) -> None:
    if path.suffix.lower() not in (".gpkg", ".csv"):
        raise GridgeoError(f"--out {path.name!r}: let the name end in .gpkg or .csv")


def _write(nesting: Nesting, areas: gpd.GeoDataFrame, path: Path) -> None:
    """Write the tables, inner areas with their polygons; in a GeoPackage those that have rows."""
    shapes = areas.geometry.set_axis(areas.index.astype(str))
    inner = gpd.GeoDataFrame(
        nesting.inner, geometry=gpd.GeoSeries(shapes.reindex(nesting.inner["area_id"]).to_numpy(), crs=areas.crs)
    )
    tables: dict[str, Any] = {
        "inner": inner.drop(columns="atoms"),
        "outer": nesting.outer,
        "cuts": nesting.cuts,
        "moves": nesting.moves,
        "findings": nesting.findings,
    }
    if path.suffix.lower() == ".gpkg":
        write_layers({name: table for name, table in tables.items() if len(table)}, path)
        return
    for name, table in tables.items():
        plain = pd.DataFrame(table.drop(columns="geometry")) if name in ("inner", "outer") else table
        write_table(plain, path if name == "inner" else path.with_name(f"{path.stem}_{name}.csv"))


def _show(nesting: Nesting) -> None:
    """Print how the networks nest, what is cut most, and what would have to move."""
    rows = [
        [str(row.Index), row.whole, row.cut, row.part_outside, row.outside, row.unions, row.hairlines]
        for row in nesting.networks.itertuples()
    ]
    show_table(nesting.reason, ["network", "whole", "cut", "partly outside", "outside", "unions", "hairlines"], rows)
    counted = bool(nesting.moves["households"].notna().any())
    moved = nesting.moves.sort_values("area_m2", ascending=False, kind="stable")
    listed = [
        [row.network, row.area_id, row.from_id or "-", row.to_id or "?", float(row.area_m2),
         *([int(row.households)] if counted else []), row.note]
        for row in moved.head(MOST_ROWS).itertuples()
    ]  # fmt: skip
    if listed:
        undecided = int(nesting.networks["undecided"].sum())
        title = f"moves that would make them nest: {len(moved)}, of which {undecided} want a person's decision"
        homes = ["households"] if counted else []
        show_table(title, ["network", "area", "from", "to", "m2", *homes, "note"], listed)
    after = nesting.outer.loc[nesting.outer["after"].isin(["torn", "emptied"])]
    for row in after.head(MOST_ROWS).itertuples():
        words = "lose all its inner areas" if row.after == "emptied" else f"fall into {row.parts_after} parts"
        note(f"{row.network}: the moves would let {row.area_id} {words}")
    _show_names(nesting)
    if nesting.holds:
        say(f"proved: {nesting.reason}")


def _show_names(nesting: Nesting) -> None:
    """Print how many rows name another outer area than the one they lie in."""
    for kind, group in nesting.findings.groupby("kind", sort=True):
        if kind in ("wrong_parent", "wrong_code", "invalid_ring", "empty_geometry"):
            note(f"{kind}: {len(group)} findings, the first: {group['message'].iloc[0]}")
