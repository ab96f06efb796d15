"""Run ``gridgeo addresses find`` and ``gridgeo addresses audit``: a table of addresses in, a table of answers out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import pandas as pd
import typer

from gridgeo.model.errors import GridgeoError
from gridgeo.operate.locate import AreaIndex
from gridgeo.storage.files import read_table, write_table

from .auditing import SEVERITIES
from .inputs import Columns, Crs, Datum, Encoding, Inputs, writable
from .screen import note, plain_errors, show_table, steps

addresses = typer.Typer(help="Find what addresses mean, or audit a register of them.", no_args_is_help=True)

CHUNK_ROWS = 1_000
"""Addresses that are looked up between two signs of progress."""
TEXT_FILES = (".csv", ".csv.gz", ".xlsx")
PREFIX = "found_"
ANSWERS = ["address_id", "address", "level", "score", "status", "matched", "unmatched", "lon", "lat"]
"""Columns of an answer that are written, each with the prefix."""
ID_COLUMNS = ("household_id", "address_id", "id")
"""Taken for the ids, the first that a table has, unless told otherwise."""

Known = Annotated[str | None, typer.Option(help="Known addresses with their points: FILE or FILE:LAYER.")]
Areas = Annotated[str | None, typer.Option(help="Areas to name for each address: FILE or FILE:LAYER.")]
Column = Annotated[str, typer.Option("--column", help="Column of addresses in the table.")]
KnownColumn = Annotated[str, typer.Option(help="Column of addresses in the known ones.")]
Region = Annotated[
    list[str] | None,
    typer.Option("--region", help="Province, city, district or town that may stand before an address. Repeatable."),
]


@addresses.command("find")
def find(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="CSV, Excel ... with a column of addresses.")],
    known: Annotated[str, typer.Option(help="Known addresses with their points: FILE or FILE:LAYER.")],
    out_: Annotated[Path, typer.Option("--out", help="File to write: the table with what was found.")],
    areas: Areas = None,
    column: Column = "address",
    known_column: KnownColumn = "address",
    region: Region = None,
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Tell what each address means, how sure that is, and which area owns it.

    Example: gridgeo addresses find calls.csv --known addresses.csv.gz --areas plan.gpkg:grids --out found.csv
    """
    with plain_errors():
        writable(out_)
        door = Inputs(columns, crs, datum, encoding)
        with steps() as show:
            with show.step("reading addresses"):
                frame = _read_texts(table, column, encoding)
                index = None if areas is None else AreaIndex.from_areas(door.read(areas, "areas"))
                places, ids = _read_known(known, known_column, door, None if index is None else index.crs)
            with show.step("making the book"):
                found = _Finder(places, ids, index, region or [])
            with show.step("finding") as progress:
                answers = found.answers(frame[column], progress)
            with show.step(f"writing {out_}"):
                kept = frame[[name for name in frame.columns if name not in answers.columns]]
                write_table(pd.concat([kept, answers], axis=1), out_)
        _show_found(answers)


@addresses.command("audit")
def audit_register(
    register: Annotated[
        str, typer.Argument(metavar="REGISTER", help="CSV, GeoPackage ... with a column of addresses.")
    ],
    out_: Annotated[Path, typer.Option("--out", help="File to write: one row a finding; .csv or .xlsx.")],
    known: Known = None,
    areas: Areas = None,
    column: Column = "address",
    known_column: KnownColumn = "address",
    id_column: Annotated[
        str | None, typer.Option("--id", help=f"Column of ids; else {', '.join(ID_COLUMNS)}, or the row's number.")
    ] = None,
    area_column: Annotated[str, typer.Option(help="Column with the area that the register gives.")] = "area_id",
    region: Region = None,
    fail_on: Annotated[
        str | None, typer.Option(help="Exit with 3 when a finding is this grave: error, warning or note.")
    ] = None,
    columns: Columns = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
) -> None:
    """Tell what is wrong with a register: duplicates, contradictions, missing parts, unknown names, wrong areas.

    Example: gridgeo addresses audit register.csv --known addresses.csv.gz --areas plan.gpkg:grids --out findings.csv
    """
    with plain_errors():
        if fail_on is not None and fail_on not in SEVERITIES:
            raise GridgeoError(f"--fail-on {fail_on!r}: choose one of {', '.join(SEVERITIES)}")
        writable(out_)
        door = Inputs(columns, crs, datum, encoding)
        with steps() as show:
            with show.step("reading addresses"):
                index = None if areas is None else AreaIndex.from_areas(door.read(areas, "areas"))
                to = None if index is None else index.crs
                frame = _with_ids(_read_register(register, column, door, to), id_column, register)
                places = None if known is None else _read_known(known, known_column, door, getattr(frame, "crs", to))[0]
            with show.step("auditing"):
                from gridgeo.operate.address_audit import audit_addresses

                findings = audit_addresses(frame, places, index, area_column=area_column, regions=region or [])
            with show.step(f"writing {out_}"):
                write_table(findings, out_)
        _show_findings(findings, len(frame))
        if fail_on is not None and findings["severity"].isin(SEVERITIES[SEVERITIES.index(fail_on) :]).any():
            raise typer.Exit(3)


@dataclass
class _Finder:
    """Known addresses, made ready to be asked."""

    places: gpd.GeoDataFrame
    ids: pd.Series
    index: AreaIndex | None
    regions: list[str]

    def __post_init__(self) -> None:
        from gridgeo.operate.addresses import AddressBook

        self.book = AddressBook(self.places, regions=self.regions)

    def answers(self, texts: pd.Series, progress: Callable[[int, int], None]) -> pd.DataFrame:
        """Look up all texts, some at a time; an area is named only where the answer is sure."""
        found = []
        for start in range(0, len(texts), CHUNK_ROWS):
            found.append(self._answer(texts.iloc[start : start + CHUNK_ROWS]))
            progress(min(start + CHUNK_ROWS, len(texts)), len(texts))
        return pd.concat(found) if found else self._answer(texts)

    def _answer(self, texts: pd.Series) -> pd.DataFrame:
        hits = self.book.find_each(texts.fillna("").astype("str"))
        told = hits[ANSWERS].assign(address_id=hits["address_id"].map(self.ids)).add_prefix(PREFIX)
        if self.index is None:
            return told
        sure = hits["status"].eq("auto").to_numpy()
        area = pd.Series(pd.NA, index=hits.index, dtype="str")
        if sure.any():
            area[sure] = self.index.locate(*hits.loc[sure, ["x", "y"]].to_numpy(dtype=float).T).to_numpy()
        return told.assign(**{f"{PREFIX}area_id": area})


def _read_texts(place: str, column: str, encoding: str | None) -> pd.DataFrame:
    """Read a table whose column of addresses is there."""
    frame = read_table(place, encoding=encoding).reset_index(drop=True)
    return _need(frame, "--column", column, place)


def _need(frame: Any, option: str, column: str, place: str) -> Any:
    if column not in frame.columns:
        raise GridgeoError(f"{option} {column!r}: {place} has the columns {', '.join(map(str, frame.columns))}")
    return frame


def _read_known(place: str, column: str, door: Inputs, to: Any) -> tuple[gpd.GeoDataFrame, pd.Series]:
    """Read known addresses with their points; rows are numbered, their ids stand beside."""
    frame = _need(door.read(place, None, to=to, name="known"), "--known-column", column, place)
    rows = pd.Index([f"K{number}" for number in range(1, len(frame) + 1)])
    key = next((name for name in ID_COLUMNS if name in frame.columns), None)
    ids = pd.Series(rows if key is None else frame[key].astype("str").to_numpy(), index=rows, dtype="str")
    points = frame.geometry.set_axis(rows)
    return gpd.GeoDataFrame({"address": frame[column].set_axis(rows)}, geometry=points), ids


def _read_register(place: str, column: str, door: Inputs, to: Any) -> pd.DataFrame:
    """Read a register, with points where it has any."""
    if place.lower().endswith(TEXT_FILES):
        plain = _need(read_table(place, encoding=door.encoding), "--column", column, place)
        if not {"lon", "lat"} <= {str(name).lower() for name in plain.columns}:
            return plain.rename(columns={column: "address"})
    frame = door.read(place, None, to=to, name="register")
    return _need(frame, "--column", column, place).rename(columns={column: "address"})


def _with_ids(frame: pd.DataFrame, column: str | None, place: str) -> pd.DataFrame:
    """Give a register its ids: a column of it, or the numbers of its rows."""
    if column is not None:
        _need(frame, "--id", column, place)
    key = column or next((name for name in ID_COLUMNS if name in frame.columns and frame[name].is_unique), None)
    ids = [str(number) for number in range(1, len(frame) + 1)] if key is None else frame[key].astype("str")
    return frame.set_axis(pd.Index(ids, name="register_id", dtype="str"))


def _show_found(answers: pd.DataFrame) -> None:
    status = answers[f"{PREFIX}status"].value_counts()
    counts = [int(status.get(word, 0)) for word in ("auto", "review", "reject")]
    show_table("addresses", ["rows", "sure", "to be looked at", "not found"], [[len(answers), *counts]])
    area = f"{PREFIX}area_id"
    if area in answers:
        left = int((answers[area].isna() & answers[f"{PREFIX}status"].eq("auto")).sum())
        if left:
            note(f"{left} addresses are sure and lie in no area; their {area} is empty")


def _show_findings(findings: pd.DataFrame, rows: int) -> None:
    counts = findings.groupby(["severity", "kind"], sort=False).size().reset_index(name="findings")
    told = counts.to_numpy().tolist()
    if told:
        show_table(f"{rows:,} addresses", ["severity", "kind", "findings"], told)
    else:
        note(f"{rows:,} addresses, nothing found")
