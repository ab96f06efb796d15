"""Dispatch incidents again whose pin, category or circumstances changed, and keep what was decided before."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError

from .dispatch import dispatch
from .dispatch_rows import COLUMNS
from .locate import AreaIndex

_DECIDED = ("state", "to", "unit", "area_id", "lead_area_id", "assist_area_ids", "override_id")
"""What makes a decision another one."""
_WORDS = {
    "area_id": ("the area is {after} instead of {before}", "责任区由 {before} 改为 {after}"),
    "to": ("{after} takes it instead of {before}", "受理人由 {before} 改为 {after}"),
    "unit": ("unit {after} answers instead of {before}", "责任单位由 {before} 改为 {after}"),
    "lead_area_id": ("{after} leads instead of {before}", "牵头责任区由 {before} 改为 {after}"),
    "assist_area_ids": ("{after} assists instead of {before}", "协助责任区由 {before} 改为 {after}"),
    "override_id": ("override {after} holds instead of {before}", "归属特例由 {before} 改为 {after}"),
    "state": ("it is {after} instead of {before}", "状态由 {before} 改为 {after}"),
}
_MOVED = ("its place moved {moved_m:,.1f} m", "位置移动 {moved_m:,.1f} 米")
_NOBODY = ("nobody", "无")
_NEW = ("turn", "earlier_to", "earlier_area_id", "change")
_STILL_M = 0.01
"""A place that moves less than this has not moved."""


def redispatch(
    before: pd.DataFrame,
    incidents: gpd.GeoDataFrame,
    index: AreaIndex,
    duties: pd.DataFrame,
    *tables: pd.DataFrame | None,
    language: str = "en",
    **options: Any,
) -> pd.DataFrame:
    """Dispatch incidents again, and write what changed below what was decided before.

    Parameters
    ----------
    before : DataFrame
        What ``dispatch`` or ``redispatch`` gave.
    incidents : GeoDataFrame
        Table ``INCIDENTS``: those to be dispatched again, as they are now, and new ones.
    index, duties, *tables, language, **options
        As in ``dispatch``: ``tables`` are ``routes``, ``overrides`` and ``positions``. Give ``now``: without it they
        are dispatched as of their report.

    Returns
    -------
    DataFrame
        All rows of ``before`` as they were, then one row for each incident for which another decision was made, or
        that is new. Besides the columns of ``dispatch``: ``turn`` (1 for the first decision on an incident), and of
        the last decision before it ``earlier_to``, ``earlier_area_id`` and ``change``, the sentence that says what
        changed. The last row of an incident holds: ``log.groupby(level=0).tail(1)``.

    Raises
    ------
    TableError
        If ``before`` is no table of dispatches, or as ``dispatch``.
    CrsError
        As ``dispatch``.
    """
    missing = [name for name in COLUMNS if name not in before.columns]
    if missing or before.index.name != "incident_id":
        what = f"column {missing[0]!r}" if missing else "the index incident_id"
        raise TableError(f"before: {what} is missing; pass what dispatch gave")
    log = _with_turns(before)
    made = dispatch(incidents, index, duties, *tables, language=language, **options)
    latest = log[~log.index.duplicated(keep="last")].reindex(made.index)
    known = latest["turn"].notna().to_numpy()
    old, new = latest[list(_DECIDED)].astype(object), made[list(_DECIDED)].astype(object)
    differs = ~((old == new) | (old.isna() & new.isna())).to_numpy()
    moved_m = np.hypot(*(made[["x", "y"]].to_numpy() - latest[["x", "y"]].to_numpy()).T)
    chosen = np.flatnonzero(~known | differs.any(axis=1))
    at = {"en": 0, "zh": 1}[language]
    added = made.iloc[chosen].assign(
        turn=latest["turn"].fillna(0).to_numpy(dtype=np.int64)[chosen] + 1,
        earlier_to=latest["to"].iloc[chosen],
        earlier_area_id=latest["area_id"].iloc[chosen],
        change=pd.array(
            [_say(old.iloc[row], new.iloc[row], moved_m[row], at) if known[row] else None for row in chosen],
            dtype="str",
        ),
    )
    return pd.concat([log, added]) if len(added) else log


def _with_turns(before: pd.DataFrame) -> pd.DataFrame:
    """Give a first table of dispatches the columns of a history."""
    if all(name in before.columns for name in _NEW):
        return before.copy()
    return before.assign(
        turn=before.groupby(level=0).cumcount().to_numpy() + 1,
        **{name: pd.array([None] * len(before), dtype="str") for name in _NEW[1:]},
    )


def _say(old: pd.Series, new: pd.Series, moved_m: float, at: int) -> str:
    """Say what changed."""
    clauses = [_MOVED[at].format(moved_m=moved_m)] if moved_m > _STILL_M else []
    for name, words in _WORDS.items():
        told = [value if isinstance(value, str) else _NOBODY[at] for value in (old[name], new[name])]
        if told[0] != told[1]:
            clauses.append(words[at].format(before=told[0], after=told[1]))
    if at:
        return ";".join(clauses) + "。"
    sentence = "; ".join(clauses)
    return sentence[:1].upper() + sentence[1:] + "."
