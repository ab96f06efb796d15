"""Find the days of a period on which areas have no officer, no primary one, or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import TableError
from gridgeo.model.tables import AREAS, DUTIES, OFFICERS, check

from .duty_findings import Fault, tabulate
from .duty_rows import PRIMARY_ROLES, STAFFED_LEVELS
from .validity import FIRST, Days, Spans, day_number

_DAY_BITS = 32
_WELL, _VACANT, _WITHOUT, _SEVERAL = range(4)
_SAYS = {
    _VACANT: ("vacancy", "nobody answers for {area!r}"),
    _WITHOUT: ("no_primary", "{area!r} has no primary officer"),
    _SEVERAL: ("several_primaries", "{area!r} has up to {most} primary officers"),
}
LASTING_KINDS = tuple(kind for kind, _ in _SAYS.values())
"""Kinds of finding that a period tells with their days."""


def check_duties_over(
    areas: gpd.GeoDataFrame,
    officers: pd.DataFrame,
    duties: pd.DataFrame,
    since: date,
    until: date,
    *,
    primary: Sequence[str] = PRIMARY_ROLES,
    levels: Sequence[str] = STAFFED_LEVELS,
) -> gpd.GeoDataFrame:
    """Find the times within a period in which an area does not have exactly one primary officer.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS``; an area is judged on the days on which it is in force.
    officers : DataFrame
        Table ``OFFICERS``; duties of others do not count.
    duties : DataFrame
        Table ``DUTIES``.
    since, until : date
        The period: from the first day until the day before ``until``.
    primary : sequence of str
        Roles of which an area has exactly one officer.
    levels : sequence of str
        Levels whose areas are judged.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS``, one row for each area and stretch of days, with ``valid_from`` and ``valid_to`` besides:
        ``vacancy`` (nobody answers), ``no_primary`` or ``several_primaries``; ``value`` counts the days.

    Raises
    ------
    TableError
        If a table breaks its contract, or the period ends before it begins.
    """
    check(areas, AREAS)
    check(officers, OFFICERS)
    check(duties, DUTIES)
    first, after = day_number(since, DUTIES.name), day_number(until, DUTIES.name)
    if after <= first:
        raise TableError(f"duties: the period from {since} until {until} has no day; until is the first day after it")
    judged = areas[areas["level"].isin(list(levels))]
    life = Spans.of(judged, AREAS.name)
    served = duties[duties["officer_id"].isin(officers.index) & duties["area_id"].isin(judged.index)]
    is_primary = served["role"].isin(list(primary)).to_numpy()
    at = judged.index.get_indexer(served["area_id"]).astype(np.int64)
    spans = _clip(Spans.of(served, DUTIES.name), np.maximum(life.begins[at], first), np.minimum(life.ends[at], after))
    who = pd.factorize(served["officer_id"])[0].astype(np.int64)
    frame = _clip(life, np.full(len(judged), first), np.full(len(judged), after))
    steps = [
        _steps(at, spans, kind=0),
        _steps(*_merged(at[is_primary], who[is_primary], _take(spans, is_primary)), kind=1),
        _edges(frame),
    ]
    return tabulate(_describe(_stretches(np.concatenate(steps)), judged.index), judged, days=True)


def _clip(spans: Spans, first: Days, after: Days) -> Spans:
    """Cut spans to a period."""
    return Spans(np.maximum(spans.begins, first), np.minimum(spans.ends, after))


def _take(spans: Spans, rows: NDArray[np.bool_] | Days) -> Spans:
    return Spans(spans.begins[rows], spans.ends[rows])


def _merged(area: Days, officer: Days, spans: Spans) -> tuple[Days, Spans]:
    """Join the duties of one officer for one area that follow or overlap one another: they are one officer."""
    lasting = ~spans.are_empty
    pair = pd.factorize(pd.Series(area[lasting] << _DAY_BITS) + officer[lasting])[0].astype(np.int64)
    area, spans = area[lasting], _take(spans, lasting)
    begins, ends = ((pair << _DAY_BITS) + (days - FIRST) for days in (spans.begins, spans.ends))
    order = np.argsort(begins, kind="stable")
    reached = np.maximum.accumulate(ends[order])
    starts = np.flatnonzero(np.concatenate([[True], begins[order][1:] > reached[:-1]])) if len(order) else order
    last = reached[np.append(starts[1:] - 1, len(order) - 1)] if len(order) else reached
    low = (1 << _DAY_BITS) - 1
    return area[order][starts], Spans(spans.begins[order][starts], (last & low) + FIRST)


def _steps(area: Days, spans: Spans, *, kind: int) -> np.ndarray:
    """List when a count goes up and down: area, day, change of all duties, change of primary officers."""
    lasting = ~spans.are_empty
    rows = np.zeros((2, int(lasting.sum()), 4), dtype=np.int64)
    rows[:, :, 0] = area[lasting]
    rows[0, :, 1], rows[1, :, 1] = spans.begins[lasting], spans.ends[lasting]
    rows[0, :, 2 + kind], rows[1, :, 2 + kind] = 1, -1
    return rows.reshape(-1, 4)


def _edges(frame: Spans) -> np.ndarray:
    """List the first day of each area and the first after it, on which nothing changes."""
    area = np.flatnonzero(~frame.are_empty)
    rows = np.zeros((2, len(area), 4), dtype=np.int64)
    rows[:, :, 0] = area
    rows[0, :, 1], rows[1, :, 1] = frame.begins[area], frame.ends[area]
    return rows.reshape(-1, 4)


def _stretches(steps: np.ndarray) -> pd.DataFrame:
    """Count officers between the days on which something changes, and join neighbouring days of one state."""
    days = pd.DataFrame(steps, columns=["area", "day", "all", "primary"]).groupby(["area", "day"], as_index=False).sum()
    days["all"] = days.groupby("area")["all"].cumsum()
    days["primary"] = days.groupby("area")["primary"].cumsum()
    days["until"] = days.groupby("area")["day"].shift(-1)
    days = days.dropna(subset="until")
    days["state"] = np.select(
        [days["all"] == 0, days["primary"] == 0, days["primary"] > 1], [_VACANT, _WITHOUT, _SEVERAL], _WELL
    )
    new = (days["area"] != days["area"].shift()) | (days["state"] != days["state"].shift())
    joined = days.groupby(new.cumsum()).agg(
        area=("area", "first"), state=("state", "first"), day=("day", "first"), until=("until", "last"),
        most=("primary", "max"),
    )  # fmt: skip
    return joined[joined["state"] != _WELL]


def _describe(stretches: pd.DataFrame, area_ids: pd.Index) -> Iterator[Fault]:
    """Say in words what is wrong in each stretch of days."""
    epoch = date(1970, 1, 1)
    for at, state, day, until, most in stretches.to_numpy(dtype=np.int64).tolist():
        kind, says = _SAYS[state]
        area = str(area_ids[at])
        begins, ends = epoch + timedelta(day), epoch + timedelta(until)
        days = (ends - begins).days
        words = f"{says.format(area=area, most=most)} on {days:,} days, from {begins} until {ends}"
        yield Fault(kind, (area,), words, float(days), 0.0, "days", valid_from=begins, valid_to=ends)
