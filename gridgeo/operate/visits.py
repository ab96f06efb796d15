"""Tell which visits are due, which are overdue, and how much of each area was visited in its period.

Periods are those of the calendar, in local days: from the first day until the day before the next period begins.
A visit in a period serves it, whenever in it; the next one is then due by the end of the period that follows. The
sweep of a fixed day is due on that day, and a visit until the next fixed day serves it late. A subject whose first day
lies inside a period owes its first visit in the first whole period. Results hold ids and counts, no names.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import TableError

from .visit_periods import Days, due_day, first_day, period_of
from .visit_records import FAULTS, NO_DAY, Records, day_number, read_records
from .visit_rule_book import VisitRule, VisitRules

STATES = ("done", "open", "overdue", "no_rule", "absent")
"""``done``: visited in this period; ``open``: there is time left; ``absent``: not there on that day."""
NEWCOMERS = ("next", "same")


def visits_due(
    subjects: pd.DataFrame,
    visits: pd.DataFrame,
    rules: VisitRules,
    at: date,
    *,
    zone: str = "Asia/Shanghai",
    recorded_from: date | None = None,
    newcomers: str = "next",
) -> pd.DataFrame:
    """Tell for each subject when its next visit is due and by how many days it is overdue.

    Parameters
    ----------
    subjects : DataFrame
        Table ``VISIT_SUBJECTS``.
    visits : DataFrame
        Table ``VISITS``; those that ``check_visits`` tells do not count.
    rules : VisitRules
        Of several rules for a subject the one with the shortest period counts, of equal ones the first.
    at : date, or datetime with a time zone
        When it is asked; a day stands for its end.
    zone : str
        Time zone whose days and periods count.
    recorded_from : date, optional
        From when on visits were written down: nobody owes a visit of a period that began before. Without it, a subject
        of unknown first day that was never visited owes only the visit of the period under way.
    newcomers : str
        ``"next"``: who comes inside a period owes its first visit in the next one; ``"same"``: in the same.

    Returns
    -------
    DataFrame
        Indexed like ``subjects``: ``area_id`` where they have one, ``kind, rule_id, state`` (one of ``STATES``),
        ``last_visit_at``, ``visits`` (in the period under way), ``period_from``, ``period_until`` (first day of the
        next), ``is_required`` (a visit is owed in the period), ``is_visited``, ``due_on``, ``days_overdue``.

    Raises
    ------
    TableError
        If a table breaks its contract, an instant has no time zone, or a subject ends before it begins.
    """
    if newcomers not in NEWCOMERS:
        raise TableError(f"visits: newcomers is {newcomers!r}, not one of {', '.join(NEWCOMERS)}")
    records = read_records(subjects, visits, at, zone)
    recorded = NO_DAY if recorded_from is None else day_number(recorded_from, "visits: recorded_from")
    start = np.maximum(records.since, recorded)
    last = _last_visits(records, len(subjects))
    chosen = _choose_rules(subjects, rules.rules)
    is_there = (records.since <= records.today) & (records.today < records.until)
    table = _Columns(len(subjects))
    for number, rule in enumerate(rules.rules):
        rows = np.flatnonzero((chosen == number) & is_there)
        table.fill(rows, rule, records, start[rows], last[rows], newcomers)
    has_rule = is_there & (chosen >= 0)
    overdue = np.where(has_rule, np.maximum(records.today - table.due, 0), 0)
    states = np.select([~is_there, chosen < 0, table.is_visited, overdue > 0], [4, 3, 0, 2], 1)
    ids = np.array([*(rule.id for rule in rules.rules), None], dtype=object)
    made: dict[str, Any] = {name: subjects[name] for name in ("area_id", "kind") if name in subjects}
    made |= {
        "rule_id": pd.array(ids[chosen], dtype="str"),
        "state": pd.Categorical.from_codes(states, pd.Index(STATES)),
        "last_visit_at": _last_instants(records, len(subjects)),
        "visits": table.count_visits(records, has_rule),
        "period_from": _as_days(table.begins, has_rule),
        "period_until": _as_days(table.ends, has_rule),
        "is_required": table.is_required & has_rule,
        "is_visited": table.is_visited & has_rule,
        "due_on": _as_days(table.due, has_rule),
        "days_overdue": overdue,
    }
    return pd.DataFrame(made, index=subjects.index)


class _Columns:
    """What the rules say about each subject, in days and periods."""

    def __init__(self, count: int) -> None:
        self.begins, self.ends, self.due = (np.zeros(count, dtype=np.int64) for _ in range(3))
        self.is_required, self.is_visited = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)

    def fill(
        self, rows: NDArray[np.int64], rule: VisitRule, records: Records, start: Days, last: Days, newcomers: str
    ) -> None:
        """Write down what a rule says about some subjects; ``start`` and ``last`` are theirs alone."""
        form = rule.every, rule.on_days
        now = int(period_of(np.array([records.today]), *form)[0])
        is_known, is_visited = start > NO_DAY, last > NO_DAY
        here = period_of(np.where(is_known, start, records.today), *form)
        is_whole = ~is_known | (newcomers == "same") | (first_day(here, *form) >= start)
        owed_first = np.where(is_whole, here, here + 1)
        served = period_of(np.where(is_visited, last, 0), *form)
        from_visit = np.where(is_known, np.maximum(served + 1, owed_first), served + 1)
        owed = np.where(is_visited, from_visit, owed_first)
        self.begins[rows], self.ends[rows] = first_day(np.array([now, now + 1]), *form)
        self.due[rows] = np.maximum(due_day(owed, *form), start)
        self.is_visited[rows] = is_visited & (served == now)
        self.is_required[rows] = owed_first <= now

    def count_visits(self, records: Records, has_rule: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Count the visits of each subject in the period under way."""
        subject, day = records.subject[records.fault == 0], records.day[records.fault == 0]
        inside = (self.begins[subject] <= day) & (day < self.ends[subject])
        counted = np.bincount(subject[inside], minlength=len(self.begins)).astype(np.int64)
        return np.where(has_rule, counted, 0)


def _choose_rules(subjects: pd.DataFrame, rules: Sequence[VisitRule]) -> NDArray[np.int64]:
    """Give the number of the strictest rule for each subject, -1 where none is for it."""
    kinds, kind_names = pd.factorize(subjects["kind"])
    groups = subjects["groups"] if "groups" in subjects else pd.Series(pd.NA, index=subjects.index, dtype="str")
    sets, set_texts = pd.factorize(groups)
    words = [set(str(text).split()) for text in set_texts]
    chosen = np.full(len(subjects), -1, dtype=np.int64)
    for number in sorted(range(len(rules)), key=lambda number: (-rules[number].days, -number)):
        rule = rules[number]
        kind = np.append(np.asarray(kind_names) == rule.kind, False)
        fits = np.array([*(not rule.groups or bool(one.intersection(rule.groups)) for one in words), not rule.groups])
        chosen[kind[kinds] & fits[sets]] = number
    return chosen


def _last_visits(records: Records, count: int) -> Days:
    """Give the local day of each subject's last visit."""
    last = np.full(count, NO_DAY, dtype=np.int64)
    good = records.fault == 0
    np.maximum.at(last, records.subject[good], records.day[good])
    return last


def _last_instants(records: Records, count: int) -> pd.DatetimeIndex:
    instants = np.full(count, np.iinfo(np.int64).min)
    good = records.fault == 0
    np.maximum.at(instants, records.subject[good], records.at.as_unit("us").asi8[good])
    return cast(pd.DatetimeIndex, pd.DatetimeIndex(instants.view("datetime64[us]")).tz_localize("UTC"))


def _as_days(days: Days, known: NDArray[np.bool_]) -> pd.DatetimeIndex:
    """Write days down as midnights without a zone; missing where not known."""
    made = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[s]")
    made[~known] = np.datetime64("NaT")
    return pd.DatetimeIndex(made)


def check_visits(
    subjects: pd.DataFrame, visits: pd.DataFrame, at: date, *, zone: str = "Asia/Shanghai"
) -> pd.DataFrame:
    """Tell the visits that cannot be, which ``visits_due`` therefore does not count.

    Parameters
    ----------
    subjects, visits, at, zone
        As ``visits_due``.

    Returns
    -------
    DataFrame
        The rows of ``visits`` that are faulty, with ``fault``: ``unknown_subject``, ``no_instant``, ``future`` (later
        than ``at``), ``before_subject`` or ``after_subject`` (when the subject was not there). Empty where all is well.

    Raises
    ------
    TableError
        As ``visits_due``.
    """
    fault = read_records(subjects, visits, at, zone).fault
    names = np.array(["", *FAULTS], dtype=object)[fault]
    return visits.assign(fault=pd.array(names, dtype="str"))[fault > 0]


def visit_coverage(due: pd.DataFrame, *, by: str | Sequence[str] = "area_id") -> pd.DataFrame:
    """Count for each area how many of its subjects were visited in their period, and how many are overdue.

    Parameters
    ----------
    due : DataFrame
        As ``visits_due`` gives it; one made on the last day of a period tells that period.
    by : str or sequence of str
        Columns of ``due``: ``"area_id"``, or ``["area_id", "rule_id"]``, for rules have periods of their own.

    Returns
    -------
    DataFrame
        Indexed by ``by``, in order, missing values last: ``subjects`` (there on that day), ``required`` (a visit is
        owed in the period), ``visited`` (of these), ``share`` (missing where none is required), ``overdue``,
        ``longest_overdue_days`` and ``no_rule`` (subjects for which there is no rule).

    Raises
    ------
    TableError
        If ``due`` lacks a column.
    """
    keys = [by] if isinstance(by, str) else list(by)
    wanted = [*keys, "state", "is_required", "is_visited", "days_overdue"]
    missing = [name for name in wanted if name not in due]
    if missing:
        raise TableError(f"visits due: column {missing[0]!r} is missing; subjects need it, or count by another column")
    there = due[due["state"] != "absent"]
    counted = there[keys].assign(
        subjects=1,
        required=there["is_required"].astype(int),
        visited=(there["is_required"] & there["is_visited"]).astype(int),
        overdue=(there["state"] == "overdue").astype(int),
        longest_overdue_days=there["days_overdue"],
        no_rule=(there["state"] == "no_rule").astype(int),
    )
    grouped = counted.groupby(keys if len(keys) > 1 else keys[0], dropna=False, observed=True)
    table = grouped.sum()
    table["longest_overdue_days"] = grouped["longest_overdue_days"].max()
    table["share"] = table["visited"] / table["required"].where(table["required"] > 0)
    return table[["subjects", "required", "visited", "share", "overdue", "longest_overdue_days", "no_rule"]]
