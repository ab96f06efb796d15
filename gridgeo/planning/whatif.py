"""Ask what a draft or a plan would mean: who changes, and where past incidents would have gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd

from gridgeo.design.compare import Comparison, compare
from gridgeo.design.draft import Draft
from gridgeo.model.edits import read_edit
from gridgeo.model.errors import TableError
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.operate.replay import Replay, replay
from gridgeo.storage.store import Store

from .publishing import used_ids


@dataclass(frozen=True, eq=False)
class WhatIf:
    """What a plan would mean.

    Parameters
    ----------
    comparison : Comparison
        Of the plan in force and the new one.
    replay : Replay
        Of the incidents of those days on both.
    plan : Plan
        The new one.
    since, until : date
        The days whose incidents were replayed, half-open.
    """

    comparison: Comparison
    replay: Replay
    plan: Plan
    since: date
    until: date

    def summary(self) -> dict[str, Any]:
        """Sum it up in plain numbers: ``since, until``, and the summaries ``comparison`` and ``replay``."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "comparison": self.comparison.summary(),
            "replay": self.replay.summary(),
        }

    def __str__(self) -> str:
        return f"{self.comparison}\nincidents from {self.since} until before {self.until}: {self.replay}"


def what_if(
    store: Store,
    plan: Plan | int,
    *,
    days: int = 1,
    today: date | None = None,
    level: str = Level.GRID,
    zone: str | None = None,
    **options: Any,
) -> WhatIf:
    """Compare a draft with the plan in force, and replay the last days on both, with the officers of the store.

    Parameters
    ----------
    store : Store
    plan : Plan or int
        An id of a draft means the draft as it stands, held against its base.
    days : int
        How many days before today are replayed.
    today : date, optional
        Without it, the day it is; its officers, duties, overrides and routes are taken.
    level : str
    zone : str, optional
        Time zone in which days begin, such as ``"Asia/Shanghai"``; that of the stored incidents without it.
    **options
        Of ``replay``: ``now, leave, load, book ...``

    Returns
    -------
    WhatIf
        ``str()`` of it is its report in a few lines, ``summary()`` its numbers.

    Raises
    ------
    UnknownAreaError
        If there is no such draft, or no plan is in force today.
    TableError
        If ``days`` is below 1.
    """
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise TableError(f"what_if: days is {days!r}, not a whole number of at least 1 day")
    today = today or date.today()
    since = today - timedelta(days=days)
    before, after = _sides(store, plan, today)
    duties = _of_both(store.duties(today), before, after)
    officers, given = store.officers(today), {}
    for name in ("overrides", "routes"):
        rows = getattr(store, name)(today)
        if len(rows):
            given[name] = rows
    incidents = store.incidents(_begin(since, zone), _begin(today, zone))
    posts: dict[str, Any] = {"officers": officers, "duties": duties} if len(duties) else {}
    options = {**(given if posts else {}), **options}
    addresses = store.addresses(today)
    if len(addresses):
        options["addresses"] = addresses
    return WhatIf(
        comparison=compare(before, after, level=level, incidents=incidents, **posts),
        replay=replay(incidents, after, before=before, level=level, **posts, **options),
        plan=after,
        since=since,
        until=today,
    )


def _sides(store: Store, plan: Plan | int, today: date) -> tuple[Plan, Plan]:
    """Give the plan before and after."""
    if isinstance(plan, Plan):
        return store.plan(today), plan
    held, base = store.draft(plan, today=today), store.base_plan(plan)
    return base, Draft(base, map(read_edit, held.edits), used_ids=used_ids(store, held.edits)).plan()


def _of_both(duties: pd.DataFrame, before: Plan, after: Plan) -> pd.DataFrame:
    """Leave out duties for areas that neither plan has."""
    known = before.register.index.union(after.register.index)
    return duties[duties["area_id"].isin(known)]


def _begin(day: date, zone: str | None) -> Any:
    """Give the instant in which a day begins; the day itself where the store knows its zone."""
    if zone is None:
        return day
    return pd.Timestamp(datetime.combine(day, time())).tz_localize(zone).to_pydatetime()
