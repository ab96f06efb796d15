"""Run ``gridgeo codes``: give the areas of a plan their official codes, or tell what is wrong with those they have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from gridgeo.design.code_checks import check_codes
from gridgeo.design.code_templates import list_code_templates, load_code_template
from gridgeo.design.codes import code_plan
from gridgeo.model.errors import GridgeoError
from gridgeo.storage.files import read_plan, read_table, write_plan, write_table

from .auditing import SEVERITIES
from .inputs import Encoding, writable
from .screen import note, say, show_table, steps

MOST_SHOWN = 40
"""So many rows of a list are shown on the screen."""


def codes(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan.gpkg.")],
    template: Annotated[
        str, typer.Option(help=f"How codes are written: {', '.join(list_code_templates())}, 12+3, or a .toml file.")
    ],
    communities: Annotated[
        str | None,
        typer.Option("--communities-codes", help="Table of area_id and code: 12 digits; of merged ones CODE+CODE."),
    ] = None,
    digits: Annotated[int | None, typer.Option(help="Of the number, where the template leaves it open.")] = None,
    object_code: Annotated[str | None, typer.Option(help="Fixed digits that cjt349-20 begins with.")] = None,
    exclusive_first: Annotated[int | None, typer.Option(help="First number of an institution's own areas.")] = None,
    before: Annotated[
        str | None, typer.Option(help="Earlier plan.gpkg, or table of area_id and code: areas keep these codes.")
    ] = None,
    reserved: Annotated[str | None, typer.Option(help="Table with a column code: never used again.")] = None,
    divisions: Annotated[
        str | None, typer.Option(help="Table with a column code: the division codes that exist.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Give no codes: judge those that the plan has.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the plan with its codes (.gpkg); with --check the findings.")
    ] = None,
    fail_on: Annotated[
        str | None, typer.Option(help="Exit with 3 when a finding is this grave: error, warning or note.")
    ] = None,
    encoding: Encoding = None,
) -> None:
    """Give the areas of a plan their official codes, or check the codes they have.

    Example: gridgeo codes plan.gpkg --template beijing-15 --communities-codes codes.csv --out coded.gpkg
    """
    _check_options(out, fail_on, check=check, gives=before is not None or reserved is not None)
    made = load_code_template(template, digits=digits, object_code=object_code, exclusive_first=exclusive_first)
    with steps() as show:
        with show.step("reading"):
            drawn = read_plan(plan)
            stated = _by_area(communities, encoding) if communities is not None else None
            existing = _codes_in(divisions, encoding)
            earlier = _earlier(before, encoding) if before is not None else None
            spent = _codes_in(reserved, encoding) or []
        with show.step("checking" if check else "coding"):
            coded = drawn
            if not check:
                coded = code_plan(drawn, made, communities=stated, before=earlier, reserved=spent)
            findings = check_codes(coded, made, stated, divisions=existing)
        if out is not None:
            with show.step(f"writing {out}"):
                if check:
                    write_table(findings, out)
                else:
                    write_plan(coded, out)
    for words in made.ours:
        note(f"{made.name}: {words} (a choice of gridgeo's, not the source's)")
    if not check:
        _tell(coded.register, earlier)
    _tell_findings(findings)
    if out is not None:
        say(f"wrote {out}")
    if fail_on is not None and findings["severity"].isin(SEVERITIES[SEVERITIES.index(fail_on) :]).any():
        raise typer.Exit(3)


def _check_options(out: Path | None, fail_on: str | None, *, check: bool, gives: bool) -> None:
    """Refuse options that contradict each other before the work."""
    if fail_on is not None and fail_on not in SEVERITIES:
        raise GridgeoError(f"--fail-on {fail_on!r}: choose one of {', '.join(SEVERITIES)}")
    if out is None and not check:
        raise GridgeoError("--out: is not given; name the plan.gpkg to write, or judge the codes with --check")
    if check and gives:
        raise GridgeoError("--check: gives no codes, so --before and --reserved say nothing; leave them out")
    if out is not None:
        writable(out)


def _table(place: str, encoding: str | None) -> pd.DataFrame:
    """Read a table with a column of codes as it is written, digits and all."""
    if place.endswith(".csv"):
        from gridgeo.storage.files import digest

        digest(place)  # tells of a file that is not there
        try:
            table = pd.read_csv(place, dtype=str, encoding=encoding or "utf-8-sig", keep_default_na=False)
        except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError, LookupError) as error:
            raise GridgeoError(f"{place}: cannot be read as a table: {error}; --encoding names its encoding") from None
    else:
        table = read_table(place, encoding=encoding).reset_index()
    if "code" not in table.columns:
        raise GridgeoError(f"{place}: has no column code; there are {', '.join(map(str, table.columns))}")
    return table


def _codes_in(place: str | None, encoding: str | None) -> list[str] | None:
    """Read a column of codes; None where no table is named."""
    if place is None:
        return None
    return [str(code).strip() for code in _table(place, encoding)["code"] if not pd.isna(code)]


def _by_area(place: str, encoding: str | None) -> pd.Series:
    table = _table(place, encoding)
    if "area_id" not in table.columns:
        raise GridgeoError(f"{place}: has no column area_id; there are {', '.join(map(str, table.columns))}")
    twice = table["area_id"][table["area_id"].duplicated()]
    if len(twice):
        raise GridgeoError(f"{place}: area_id {twice.iloc[0]!r} stands more than once; give each area one code")
    return table.set_index("area_id")["code"]


def _earlier(place: str, encoding: str | None) -> pd.Series:
    """Read earlier codes from a plan or a table."""
    if place.endswith(".gpkg"):
        register = read_plan(place).register
        return register.loc[register["level"].isin(["grid", "micro"]), "code"]
    return _by_area(place, encoding)


def _tell(register: pd.DataFrame, earlier: pd.Series | None) -> None:
    """Print how many areas have codes, from which to which."""
    rows: list[list[object]] = []
    for level in ("community", "grid", "micro"):
        found = register.loc[register["level"] == level, "code"]
        if len(found):
            kept = 0 if earlier is None else int((found == earlier.reindex(found.index)).sum())
            rows.append([level, len(found), kept, found.min(), found.max()])
    show_table("codes", ["level", "areas", "kept", "first", "last"], rows)


def _tell_findings(findings: pd.DataFrame) -> None:
    if not len(findings):
        say("no findings: every code is as the template writes it")
        return
    rows = [[row["severity"], row["fault"], row["area_ids"], row["message"]] for _, row in findings.iterrows()]
    show_table(f"{len(findings)} findings", ["severity", "fault", "areas", "what"], rows[:MOST_SHOWN])
    if len(findings) > MOST_SHOWN:
        note(f"{len(findings) - MOST_SHOWN} more findings; --check --out writes them all")
