"""Laws of visits, judged subject by subject with a calendar that walks from day to day."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgeo.operate.visit_rule_book import read_visit_rules
from gridgeo.operate.visits import visit_coverage, visits_due

EFFORT = settings(max_examples=40, deadline=None)
ZONE = ZoneInfo("Asia/Shanghai")
FORMS = ["every = 'day'", "every = 'week'", "every = 'month'", "every = 'quarter'", "every = 'half_year'",
         "every = 'year'", "on_days = [1, 15]", "on_days = [10]", "on_days = [3, 9, 28]"]  # fmt: skip
DAYS = st.dates(date(2025, 12, 20), date(2026, 12, 20))
HOUR = st.sampled_from([0, 7, 8, 23])
SUBJECT = st.tuples(st.none() | DAYS, st.lists(st.tuples(DAYS, HOUR), max_size=4), st.sampled_from("AB"))


def begins_on(day, form):
    """Tell whether a period begins on a day."""
    if form.startswith("on_days"):
        return day.day in eval(form.partition("=")[2])
    first = day.day == 1
    return {
        "day": True,
        "week": day.weekday() == 0,
        "month": first,
        "quarter": first and day.month % 3 == 1,
        "half_year": first and day.month in (1, 7),
        "year": first and day.month == 1,
    }[form[9:-1]]


def begin(day, form):
    while not begins_on(day, form):
        day -= timedelta(days=1)
    return day


def following(day, form):
    day += timedelta(days=1)
    while not begins_on(day, form):
        day += timedelta(days=1)
    return day


def judge(since, made, form, today, recorded, newcomers):
    """Give the day on which the next visit is due, whether one is owed and whether one was made in this period."""
    start = max((day for day in (since, recorded) if day), default=None)
    made = sorted(day for day, _ in made if day <= today and (since is None or day >= since))
    first = begin(today if start is None else start, form)
    if start is not None and first < start and newcomers == "next":
        first = following(first, form)
    owed = first
    if made:
        after = following(begin(made[-1], form), form)
        owed = after if start is None else max(after, first)
    due = owed if form.startswith("on_days") else following(owed, form) - timedelta(days=1)
    now = begin(today, form)
    return max(due, start or due), first <= now, any(begin(day, form) == now for day in made)


@EFFORT
@given(st.lists(SUBJECT, min_size=1, max_size=6), st.sampled_from(FORMS), DAYS, st.none() | DAYS,
       st.sampled_from(["next", "same"]))  # fmt: skip
def test_every_subject_is_due_when_the_calendar_says(things, form, today, recorded, newcomers):
    rules = read_visit_rules(f"name = 'n'\nsource = 's'\n[[rules]]\nid = 'r'\nkind = 'k'\n{form}")
    index = pd.Index([f"S{number}" for number in range(len(things))], name="subject_id", dtype="str")
    subjects = pd.DataFrame({"kind": "k", "area_id": [area for *_, area in things],
                             "since": [since for since, *_ in things]}, index=index)  # fmt: skip
    rows = [(name, datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).isoformat())
            for name, (_, made, _) in zip(index, things, strict=True) for day, hour in made]  # fmt: skip
    visits = pd.DataFrame(rows, columns=["subject_id", "at"]).sample(frac=1, random_state=1)
    found = visits_due(subjects, visits, rules, today, recorded_from=recorded, newcomers=newcomers)
    counted = {"A": [0, 0, 0, 0], "B": [0, 0, 0, 0]}
    for (since, made, area), told in zip(things, found.itertuples(), strict=True):
        if since is not None and since > today:
            assert (told.state, told.days_overdue) == ("absent", 0)
            continue
        due, is_owed, is_visited = judge(since, made, form, today, recorded, newcomers)
        late = max((today - due).days, 0)
        assert told.due_on.date() == due
        assert (told.days_overdue, told.is_required, told.is_visited) == (late, is_owed, is_visited)
        assert told.state == ("done" if is_visited else "overdue" if late else "open")
        assert (told.visits > 0) == is_visited
        for place, amount in enumerate([1, is_owed, is_owed and is_visited, told.state == "overdue"]):
            counted[area][place] += amount
    table = visit_coverage(found)
    for area, amounts in counted.items():
        row = table.loc[area, ["subjects", "required", "visited", "overdue"]].to_list() if amounts[0] else [0, 0, 0, 0]
        assert row == amounts
