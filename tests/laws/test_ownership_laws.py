"""Laws of days: what duties and overrides say of any day, judged row by row and day by day."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towns import town

from gridgeo.model.errors import TableError
from gridgeo.operate.duties import check_duties, officers_for
from gridgeo.operate.duty_calendar import check_duties_over
from gridgeo.operate.override_checks import check_overrides
from gridgeo.operate.ownership import held_elsewhere

FIRST = date(2026, 1, 1)
LENGTH = 12
DAYS = [FIRST + timedelta(number) for number in range(LENGTH)]
AREAS = town("ABC")
PRIMARY = {"primary", "full_time", "micro_chief"}

days = st.none() | st.sampled_from([FIRST + timedelta(number) for number in range(-2, LENGTH + 3)])
duty_rows = st.lists(
    st.tuples(
        st.sampled_from(["P", "Q", "R", "nobody"]), st.sampled_from(["A", "B", "C", "Z"]),
        st.sampled_from(["full_time", "primary", "part_time"]), days, days,
    ),
    max_size=14,
)  # fmt: skip
override_rows = st.lists(
    st.tuples(
        st.sampled_from([("household", "1"), ("household", "2"), ("asset", "1"), ("address", "西街1号"),
                         ("address", "西街１號")]),
        st.sampled_from(["A", "B"]), st.none() | st.sampled_from(["A", "C"]), days, days,
    ),
    max_size=12,
)  # fmt: skip


def keyed(rows, columns, name):
    table = pd.DataFrame(rows, columns=columns)
    return table.set_axis(pd.Index([f"{name[0]}{number:02d}" for number in range(len(rows))], name=name, dtype="str"))


def as_duties(rows):
    return keyed(rows, ["officer_id", "area_id", "role", "valid_from", "valid_to"], "duty_id")


def as_overrides(rows):
    flat = [(*subject, host, origin, begins, ends) for subject, host, origin, begins, ends in rows]
    columns = ["subject", "subject_id", "host_area_id", "origin_area_id", "valid_from", "valid_to"]
    return keyed(flat, columns, "override_id")


def holds(begins, ends, day):
    return (begins is None or begins <= day) and (ends is None or day < ends)


OFFICERS = pd.DataFrame({"name": list("PQR"), "role": "full_time"}, index=pd.Index(list("PQR"), name="officer_id"))


def state_of(rows, area, day):
    """Say how an area stands on one day: by hand, from the rows alone."""
    there = [(who, role) for who, where, role, begins, ends in rows
             if where == area and who in "PQR" and holds(begins, ends, day)]  # fmt: skip
    first = {who for who, role in there if role in PRIMARY}
    if not there:
        return "vacancy"
    return {0: "no_primary", 1: None}.get(len(first), "several_primaries")


@given(duty_rows)
def test_the_calendar_says_of_each_day_what_the_rows_say(rows):
    found = check_duties_over(AREAS, OFFICERS, as_duties(rows), DAYS[0], DAYS[-1] + timedelta(1))
    told = {}
    for row in found.itertuples():
        assert (row.valid_to - row.valid_from).days == row.value > 0
        for number in range(int(row.value)):
            place = (row.area_ids, row.valid_from + timedelta(number))
            assert place not in told
            told[place] = row.kind
    expected = {(area, day): state_of(rows, area, day) for area in "ABC" for day in DAYS}
    assert told == {place: kind for place, kind in expected.items() if kind}
    joints = {(row.area_ids, row.kind, row.valid_from) for row in found.itertuples()}
    assert not joints & {(row.area_ids, row.kind, row.valid_to) for row in found.itertuples()}


@given(duty_rows, st.sampled_from(DAYS))
def test_the_check_of_a_day_agrees_with_the_rows(rows, day):
    found = check_duties(AREAS, OFFICERS, as_duties(rows), day)
    kinds = {"vacancy", "no_primary", "several_primaries"}
    told = {row.area_ids: row.kind for row in found.itertuples() if row.kind in kinds}
    expected = {area: state_of(rows, area, day) for area in "ABC"}
    assert told == {area: kind for area, kind in expected.items() if kind}
    strange = [row for row in rows if row[1] == "Z" and row[0] in "PQR" and holds(row[3], row[4], day)]
    assert (found["kind"] == "unknown_area").sum() == len(strange)
    empty = [row for row in rows if row[3] is not None and row[4] is not None and row[4] <= row[3]]
    assert (found["kind"] == "empty_duty").sum() == len(empty)


@given(duty_rows, st.sampled_from(DAYS))
def test_those_who_answer_are_those_whose_rows_hold(rows, day):
    found = officers_for(list("ABC"), OFFICERS, as_duties(rows), day)
    expected = sorted(
        (where, who, role) for who, where, role, begins, ends in rows
        if where in "ABC" and who in "PQR" and holds(begins, ends, day)
    )  # fmt: skip
    assert sorted(zip(found["area_id"], found["officer_id"], found["role"], strict=True)) == expected


def plain(subject):
    kind, text = subject
    return kind, text.replace("１", "1").replace("號", "号")


@given(override_rows)
def test_an_override_is_found_on_exactly_its_days(rows):
    table = as_overrides(rows)
    asked = [("household", "1"), ("household", "2"), ("household", "3"), ("asset", "1"), ("address", "西街1号")]
    cases = [(subject, day) for subject in asked for day in DAYS]
    expected = [
        [number for number, row in enumerate(rows) if plain(row[0]) == subject and holds(row[3], row[4], day)]
        for subject, day in cases
    ]
    single = [case for case, ids in zip(cases, expected, strict=True) if len(ids) <= 1]
    frame = pd.DataFrame([subject for subject, _ in single], columns=["subject", "subject_id"])
    found = held_elsewhere(frame, table, pd.Series([day for _, day in single], dtype=object))
    told = [None if pd.isna(name) else name for name in found["override_id"]]
    assert told == [f"o{ids[0]:02d}" if ids else None for ids in expected if len(ids) <= 1]
    hosts = [rows[ids[0]][1] if ids else None for ids in expected if len(ids) <= 1]
    assert [None if pd.isna(host) else host for host in found["host_area_id"]] == hosts
    for (subject, day), ids in zip(cases, expected, strict=True):
        if len(ids) > 1:
            with pytest.raises(TableError, match=f"has {len(ids)} on {day}"):
                held_elsewhere(pd.DataFrame([subject], columns=["subject", "subject_id"]), table, day)


@given(override_rows, st.sampled_from(DAYS))
def test_conflicts_are_found_where_rows_hold_together(rows, day):
    found = check_overrides(AREAS, as_overrides(rows), day)
    subjects = [plain(row[0]) for row in rows if holds(row[3], row[4], day)]
    expected = sorted(subjects.count(subject) for subject in set(subjects) if subjects.count(subject) > 1)
    assert sorted(found.loc[found["kind"] == "conflicting_overrides", "value"]) == expected
