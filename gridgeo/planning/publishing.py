"""Publish a plan or a draft: judged, with its lineage, under ids that were never used for other land."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgeo.design.draft import Draft
from gridgeo.design.lineage import lineage
from gridgeo.model.edits import Edit, read_edit
from gridgeo.model.errors import StalePlanError, TableError
from gridgeo.model.levels import Level
from gridgeo.model.naming_again import renew_ids
from gridgeo.model.plan import Plan
from gridgeo.storage.publishing import refuse_errors
from gridgeo.storage.reserved import SAME_LAND_SHARE
from gridgeo.storage.store import Store

from .judging import judge_plan

MAIN_LEVELS = (Level.GRID, Level.COMMUNITY)
"""The level whose lineage is kept: the first of these that both plans have."""


@dataclass(frozen=True, eq=False)
class Publication:
    """What was published, or would be.

    Parameters
    ----------
    version : int or None
        None where it was only tried.
    valid_from : date
    before_version : int
        The version in force on that day until then; 0 for none.
    plan : Plan
        With the ids under which it is published.
    findings : GeoDataFrame
        Table ``FINDINGS``: what ``judge_plan`` says.
    lineage : DataFrame or None
        Table ``LINEAGE`` of grids; None where no plan was in force before.
    renewed : dict
        Ids that the plan had as it was drawn, by those that it has now; empty where none was used before.
    """

    version: int | None
    valid_from: date
    before_version: int
    plan: Plan
    findings: gpd.GeoDataFrame
    lineage: pd.DataFrame | None
    renewed: dict[str, str] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """Sum it up in plain numbers.

        Returns
        -------
        dict
            ``version, valid_from, before_version, errors, warnings, notes, areas_renewed, households_moved`` (whose
            ``area_id`` is another one; None without a plan before).
        """
        told: dict[str, Any] = {
            "version": self.version,
            "valid_from": self.valid_from.isoformat(),
            "before_version": self.before_version or None,
        }
        for severity in ("error", "warning", "note"):
            told[f"{severity}s"] = int((self.findings["severity"] == severity).sum())
        told["areas_renewed"] = len(self.renewed)
        rows = self.lineage
        if rows is None:
            return told | {"households_moved": None}
        other = rows["before_id"].fillna("") != rows["after_id"].fillna("")
        return told | {"households_moved": int(rows.loc[other, "households"].sum())}

    def __str__(self) -> str:
        told = self.summary()
        done = "would be in force" if self.version is None else f"version {self.version} is in force"
        said = f"{done} from {self.valid_from}"
        if self.before_version:
            said += f", in place of version {self.before_version}; {told['households_moved']:,} households move"
        return said + "; {errors:,} errors, {warnings:,} warnings, {notes:,} notes".format(**told)


def publish_plan(  # noqa: PLR0913 (one keyword a term)
    store: Store,
    plan: Plan | int,
    *,
    valid_from: date,
    by: str,
    why: str | None = None,
    today: date | None = None,
    override_reason: str | None = None,
    expected_revision: int | None = None,
    renew: bool | None = None,
    force: bool = False,
    allow_past: bool = False,
    dry_run: bool = False,
    **tables: Any,
) -> Publication:
    """Publish a plan, or a draft of the store, in one transaction, after it was judged.

    A plan that was drawn anew, and numbers its areas anew, gets ids and codes that were never used for other land.
    What is published is what was judged: if another plan is published meanwhile, or the draft changes, it is refused.

    Parameters
    ----------
    store : Store
    plan : Plan or int
        An id of a draft is published with its edits, and the draft is closed.
    valid_from : date
        First day on which it is in force.
    by, why : str
        Who publishes, and why.
    today : date, optional
        Refuse days before it; without it, the day it is.
    override_reason : str, optional
        Why it is published in spite of findings that are errors.
    expected_revision : int, optional
        Of the draft; another is refused.
    renew : bool, optional
        Whether areas get new ids by ``renew_ids``; without it, where an id was used for other land.
    force : bool
        Publish a draft although another version than its base is in force on that day.
    allow_past : bool
        Take a day before ``today``, to enter plans of old.
    dry_run : bool
        Judge only; nothing is written.
    **tables
        Of ``Store.publish``: ``officers, duties, addresses, streets ...``

    Returns
    -------
    Publication

    Raises
    ------
    EditError
        If there are errors and nobody overrides them; if nobody publishes it.
    StalePlanError
        If the draft is closed or changed, its base is not in force on that day, or another plan came between.
    TableError
        If the day is past, or a table does not fit.
    UnknownAreaError
        If there is no such draft.
    """
    today = today or date.today()
    drawn, terms = _opened(store, plan, expected_revision)
    before_version = version_on_day(store, valid_from)
    before = store.plan(version=before_version) if before_version else None
    if before is not None and not terms and (renew or (renew is None and _uses_ids_again(store, drawn, before))):
        drawn = renew_ids(drawn, before, store.reserved())
    rows = None if before is None else lineage(before, drawn, level=_main_level(before, drawn))
    findings = judge_plan(drawn, before)
    renewed = dict(drawn.manifest.get("renewed", {})) if not terms and drawn is not plan else {}
    if dry_run:
        return Publication(None, valid_from, before_version, drawn, findings, rows, renewed)
    refuse_errors(findings, override_reason)
    version = store.publish(
        drawn,
        valid_from=valid_from,
        findings=findings,
        lineage=rows,
        expected_version=before_version,
        override_reason=override_reason,
        by=by,
        why=why,
        force=force,
        today=today,
        allow_past=allow_past,
        **terms,
        **tables,
    )
    return Publication(version, valid_from, before_version, drawn, findings, rows, renewed)


def _opened(store: Store, plan: Plan | int, expected_revision: int | None) -> tuple[Plan, dict[str, Any]]:
    """Give the plan, and for a draft the terms on which it is published."""
    if isinstance(plan, Plan):
        if expected_revision is not None:
            raise TableError("expected_revision: is of a draft, and a plan was given; leave it out")
        return plan, {}
    held = store.draft(plan)
    if expected_revision is not None and held.state == "open" and held.revision != expected_revision:
        raise StalePlanError(
            f"draft {plan} {held.name!r}: is at revision {held.revision}, you expected {expected_revision}; "
            "look at what changed and publish again"
        )
    made = Draft(store.base_plan(plan), map(read_edit, held.edits), used_ids=used_ids(store, held.edits)).plan()
    return made, {"draft": plan, "expected_revision": held.revision}


def used_ids(store: Store, edits: Any = ()) -> list[str]:
    """Name the ids that were ever published, but for those that some edits make themselves.

    Parameters
    ----------
    store : Store
    edits : iterable of mapping
        Records as ``write_edit`` gives them.

    Returns
    -------
    list of str
        In order.
    """
    made = {name for edit in edits for name in made_by(edit)}
    held = store.reserved()
    return sorted(set(held.loc[held["kind"] == "area_id", "word"]) - made)


def made_by(edit: Mapping[str, Any]) -> list[str]:
    """Name the areas that an edit, as a record, makes."""
    return [name for name in [*(edit.get("new_ids") or []), edit.get("new_id")] if name]


def edits_between(store: Store, first: int, last: int) -> list[Edit]:
    """Find the edits by which one version became another.

    Parameters
    ----------
    store : Store
    first, last : int
        Versions.

    Returns
    -------
    list of Edit
        Of all drafts between them, in order; none where they are the same.

    Raises
    ------
    StalePlanError
        If the second was not made of the first by drafts.
    """
    drafts = store.drafts()
    drafts = drafts[drafts["state"] == "published"]
    source = dict(zip(drafts["published_version"].astype(int), drafts.index.tolist(), strict=True))
    found: list[Edit] = []
    version = last
    while version != first:
        if version not in source:
            raise StalePlanError(
                f"version {last} was not made of version {first} by drafts; open a draft of {last} and edit it"
            )
        held = store.draft(source[version])
        found = [*map(read_edit, held.edits), *found]
        version = held.base_version
    return found


def version_on_day(store: Store, day: date) -> int:
    """Name the version that is in force on a day; 0 for none."""
    plans = store.plans()
    for version, begins, ends in zip(plans.index, plans["valid_from"], plans["valid_to"], strict=True):
        if begins <= day and (ends is None or day < ends):
            return int(version)
    return 0


def _main_level(before: Plan, after: Plan) -> str:
    return next(str(level) for level in MAIN_LEVELS if level in before.owners and level in after.owners)


def _uses_ids_again(store: Store, plan: Plan, before: Plan) -> bool:
    """Tell whether an id or a code of the plan means, or once meant, other land."""
    held = store.reserved()
    ids = held.loc[held["kind"] == "area_id", "word"]
    if (plan.register.index.isin(ids) & ~plan.register.index.isin(before.register.index)).any():
        return True
    codes = held[held["kind"] == "code"]
    now = plan.register["code"].reindex(codes["area_id"].to_numpy())
    holder = pd.Series(plan.register.index, index=plan.register["code"].to_numpy())
    holder = holder[~holder.index.duplicated()].reindex(codes["word"].to_numpy())
    if ((holder.notna().to_numpy()) & (now.to_numpy() != codes["word"].to_numpy())).any():
        return True
    return any(
        _is_other_land(lineage(before, plan, level=level))
        for level in plan.levels[1:]
        if level in before.owners and not plan.owners[level].equals(before.owners[level])
    )


def _is_other_land(rows: pd.DataFrame) -> bool:
    """Tell whether an id that is on both sides names land that has less than half in common."""
    before, after = (rows.groupby(end)["area_m2"].sum() for end in ("before_id", "after_id"))
    same = rows[rows["before_id"] == rows["after_id"]].set_index("before_id")["area_m2"]
    both = before.index.intersection(after.index)
    shared = same.reindex(both).fillna(0.0)
    return bool((shared < SAME_LAND_SHARE * before[both].clip(upper=after[both])).any())
