"""Run the command that tells which visits are due."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from gridgeo.model.errors import GridgeoError
from gridgeo.model.service_tables import VISIT_SUBJECTS, VISITS
from gridgeo.model.tables import Table, conform
from gridgeo.operate.visit_records import read_zone
from gridgeo.operate.visit_rule_book import load_visit_rules
from gridgeo.operate.visits import check_visits, visit_coverage, visits_due
from gridgeo.storage.conversions import to_text
from gridgeo.storage.files import read_table, write_table

from .inputs import Encoding, writable
from .screen import note, show_table, steps

_SHOWN = 20
"""Areas that the terminal shows; the file of --coverage holds all."""


def visits(
    subjects: Annotated[
        str, typer.Argument(metavar="SUBJECTS", help="Table: subject_id, kind, groups, area_id, since.")
    ],
    visits_: Annotated[str, typer.Option("--visits", help="Table of the visits made: subject_id, at.")],
    rules: Annotated[list[str], typer.Option(help="Name of visit rules, or an own TOML file. May be repeated.")],
    at: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Day on which it is asked.")],
    out_: Annotated[Path, typer.Option("--out", help="File to write: each subject with its rule and due day.")],
    coverage: Annotated[Path | None, typer.Option(help="File to write: the coverage of each area.")] = None,
    recorded_from: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day from which on visits were written down.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Time zone whose days count.")] = "Asia/Shanghai",
    local_times: Annotated[bool, typer.Option(help="Times without an offset are local ones of --zone.")] = False,
    encoding: Encoding = None,
) -> None:
    """Tell which visits are due or overdue, and how much of each area was visited.

    Example: gridgeo visits subjects.csv --visits visits.csv --rules inner-mongolia --at 2026-11-22 --out due.csv
    """
    for path in (out_, coverage):
        if path is not None:
            writable(path)
    book = load_visit_rules(*rules)
    with steps() as show:
        with show.step("reading visits"):
            things = _read(subjects, VISIT_SUBJECTS, encoding)
            made = _read(visits_, VISITS, encoding)
            if local_times:
                made = made.assign(at=_with_zone(made["at"], zone))
        with show.step("counting"):
            day = at.date()
            faulty = check_visits(things, made, day, zone=zone)
            due = visits_due(things, made, book, day, zone=zone,
                             recorded_from=None if recorded_from is None else recorded_from.date())  # fmt: skip
            areas = visit_coverage(due if "area_id" in due else due.assign(area_id="all"))
        with show.step(f"writing {out_}"):
            days = {name: due[name].dt.strftime("%Y-%m-%d") for name in ("period_from", "period_until", "due_on")}
            write_table(due.assign(state=due["state"].astype("str"), **days), out_)
            if coverage is not None:
                write_table(areas.reset_index(), coverage)
    _tell(due, areas, faulty)


def _read(path: str, table: Table, encoding: str | None) -> pd.DataFrame:
    """Read a table whose days and instants stay as they are written."""
    frame = read_table(path, encoding=encoding)
    missing = [name for name in [table.key, *table.required] if name and name not in frame]
    if missing:
        raise GridgeoError(f"{path}: has no column {missing[0]!r}, it has {', '.join(map(str, frame.columns))}")
    words = [name for name in ("subject_id", "kind", "groups", "area_id") if name in frame]
    return conform(frame.assign(**{name: to_text(frame[name]) for name in words}), table)


def _with_zone(values: pd.Series, zone: str) -> pd.Series:
    """Take times without an offset as local ones of a zone; those with one stay."""
    read_zone(zone)

    def local(value: object) -> object:
        if value is None or pd.isna(value):  # type: ignore[call-overload]
            return None
        try:
            moment = pd.Timestamp(value)  # type: ignore[arg-type]
            moment = moment.tz_localize(zone) if moment.tzinfo is None else moment
        except ValueError:
            raise GridgeoError(f"visits: at {value!r} is no time; write 2026-11-22 09:30") from None
        return moment.tz_convert("UTC")

    return pd.Series(pd.DatetimeIndex([local(value) for value in values], tz="UTC"), index=values.index)


def _tell(due: pd.DataFrame, areas: pd.DataFrame, faulty: pd.DataFrame) -> None:
    """Print the coverage of the areas with most overdue visits, and what was left out."""
    names = ["subjects", "required", "visited", "share", "overdue", "longest_overdue_days"]
    shown = areas.sort_values(["overdue", "share"], ascending=[False, True], kind="stable").head(_SHOWN)
    rows = [
        ["(no area)" if pd.isna(area) else area, *("" if pd.isna(value) else value for value in values)]
        for area, values in zip(shown.index, shown[names].astype(object).to_numpy().tolist(), strict=True)
    ]
    show_table("visits", ["area", "subjects", "to visit", "visited", "share", "overdue", "longest, days"], rows)
    if len(areas) > _SHOWN:
        note(f"{len(areas) - _SHOWN} areas more; --coverage FILE writes all")
    without = int((due["state"] == "no_rule").sum())
    if without:
        note(f"{without} subjects have no rule; their kind or group is in none of the rules")
    for fault, count in faulty["fault"].value_counts().sort_index().items():
        note(f"{count} visits do not count: {fault}")
