"""Run ``gridgeo publish``, ``versions`` and ``withdraw``: put plans in force for a day, list them, take them back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

import gridgeo as gg
from gridgeo.model.errors import GridgeoError
from gridgeo.model.plan import Plan
from gridgeo.storage.files import read_plan, read_table, write_table

from .drafting import By, Why
from .inputs import Encoding, writable
from .screen import note, say, show_table, steps
from .storing import Place, Territory

MOST_SHOWN = 20


def publish(
    place: Place,
    by: By,
    valid_from: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="First day on which it is in force, as 2026-10-01.")
    ],
    draft: Annotated[int | None, typer.Option(help="The draft to publish.")] = None,
    plan: Annotated[Path | None, typer.Option(help="A plan.gpkg to publish.")] = None,
    officers: Annotated[str | None, typer.Option(help="Table of officers; without it, they stay.")] = None,
    duties: Annotated[str | None, typer.Option(help="Table of duties; without it, they stay.")] = None,
    override: Annotated[
        str | None, typer.Option("--override", help="Publish in spite of errors: the reason, which is kept.")
    ] = None,
    why: Why = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge only; nothing is written.")] = False,
    findings: Annotated[Path | None, typer.Option(help="Write what was found: .gpkg, .geojson, .csv ...")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Publish a draft although its base is not in force on that day.")
    ] = False,
    allow_past: Annotated[bool, typer.Option("--allow-past", help="Take a day that is past.")] = False,
    territory: Territory = "main",
    encoding: Encoding = None,
) -> None:
    """Put a draft or a plan in force from a day on; errors refuse it unless a reason overrides them.

    Example: gridgeo publish town.db --draft 3 --valid-from 2026-10-01 --by "Li Min"
    """
    if (draft is None) == (plan is None):
        raise GridgeoError("say what to publish: --draft NUMBER or --plan plan.gpkg, one of the two")
    if findings is not None:
        writable(findings)
    tables = {"officers": officers, "duties": duties}
    with steps() as show:
        with show.step("reading"):
            what: Plan | int = read_plan(plan) if plan is not None else int(draft or 0)
            layers: dict[str, Any] = {
                name: read_table(path, table=name, encoding=encoding)
                for name, path in tables.items()
                if path is not None
            }
        with gg.open_store(place, territory=territory, create=plan is not None and not dry_run) as store:
            with show.step("judging, and what becomes of what"):
                terms: dict[str, Any] = {"valid_from": valid_from.date(), "by": by, "why": why}
                terms |= {"force": force, "allow_past": allow_past, "override_reason": override}
                if findings is not None or dry_run:
                    tried = gg.publish_plan(store, what, **terms, dry_run=True)
                    if findings is not None:
                        write_table(tried.findings, findings)
            if not dry_run:
                with show.step("publishing"):
                    tried = gg.publish_plan(store, what, **terms, **layers)
    _show(tried, override)
    if dry_run and (tried.findings["severity"] == "error").any() and override is None:
        raise typer.Exit(3)


def _show(made: gg.Publication, override: str | None) -> None:
    """Print what was published and what was found."""
    counts = made.findings.groupby(["severity", "kind"], sort=True).size()
    if len(counts):
        rows = [[severity, kind, int(count)] for (severity, kind), count in counts.items()]
        show_table("findings", ["severity", "kind", "count"], rows)
    errors = made.findings[made.findings["severity"] == "error"]
    for finding_id, message in errors["message"].head(MOST_SHOWN).items():
        note(f"{finding_id}: {message}")
    if len(errors) > MOST_SHOWN:
        note(f"{len(errors) - MOST_SHOWN} more errors; --findings writes them all")
    if made.renewed:
        note(f"{len(made.renewed)} areas got ids that were never used before")
    say(str(made) + (f"; overridden: {override}" if override and len(errors) else ""))


def versions(place: Place, territory: Territory = "main") -> None:
    """List the versions, the oldest first, each with its days.

    Example: gridgeo versions town.db
    """
    with gg.open_store(place, territory=territory, create=False) as store:
        plans = store.plans()
    if plans.empty:
        say("no plan was published yet; gridgeo publish puts one in force")
        return
    rows = [
        [int(version), str(row["valid_from"]), "-" if row["valid_to"] is None else str(row["valid_to"]), row["state"],
         row["profile"], *("" if pd.isna(value) else str(value)
                           for value in (row["published_by"], row["override_reason"]))]
        for version, row in zip(plans.index, plans.to_dict("records"), strict=True)
    ]  # fmt: skip
    show_table("versions", ["version", "from", "until before", "state", "profile", "by", "overridden"], rows)


def withdraw(
    place: Place,
    version: Annotated[int, typer.Argument(metavar="VERSION", help="gridgeo versions tells it.")],
    by: By,
    why: Why = None,
    territory: Territory = "main",
) -> None:
    """Take a plan back before its first day; the plan before it goes on.

    Example: gridgeo withdraw town.db 4 --by "Li Min" --why "the towers are late"
    """
    with gg.open_store(place, territory=territory, create=False) as store:
        store.withdraw(version, by=by, why=why)
    say(f"version {version} is withdrawn")
