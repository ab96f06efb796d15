"""Each stage of an incident has its deadline, by category and in working time."""

import pandas as pd
import pytest

import gridgeo as gg
from gridgeo.model.errors import TableError
from gridgeo.operate.calendars import WEEKDAYS

AT = "2026-10-01T20:00+08:00"


def reports(categories="noise", *ids):
    index = pd.Index(list(ids or ["I1"]), name="incident_id", dtype="str")
    return pd.DataFrame({"reported_at": pd.Timestamp("2026-10-01T08:00+08:00"), "category": categories}, index=index)


def log_of(*rows):
    """Write a log of (incident, status, hour of 1 October)."""
    table = pd.DataFrame([row[:2] for row in rows], columns=["incident_id", "status"], dtype="str")
    return table.assign(at=pd.to_datetime([f"2026-10-01T{row[2]:02}:00+08:00" for row in rows], utc=True))


def limits(*rows):
    return pd.DataFrame(rows, columns=["category", "status", "working_hours", "since"][: len(rows[0])])


WAY = [("I1", "accepted", 9), ("I1", "dispatched", 10), ("I1", "handled", 13)]


def found(log, deadlines, incidents=None, at=AT, **options):
    return gg.find_deadlines(reports() if incidents is None else incidents, log, deadlines, at=at, **options)


def test_a_deadline_counts_from_the_status_before():
    table = found(log_of(*WAY), limits(("*", "handled", 3.0)))
    assert table[["incident_id", "status", "round", "state"]].to_numpy().tolist() == [["I1", "handled", 1, "in_time"]]
    assert table["due_at"].tolist() == [pd.Timestamp("2026-10-01T13:00+08:00")]  # reached at its very deadline
    assert table["hours_left"].tolist() == [0.0]


def test_it_may_count_from_an_earlier_one():
    table = found(log_of(*WAY), limits(("*", "handled", 3.0, "reported")))
    assert table["state"].tolist() == ["late"]
    assert table["hours_left"].tolist() == [-2.0]


@pytest.mark.parametrize(("hour", "state", "left"), [(12, "running", 1.0), (13, "running", 0.0), (14, "overdue", -1.0)])
def test_what_is_under_way_is_running_until_it_is_overdue(hour, state, left):
    table = found(log_of(*WAY[:2]), limits(("*", "handled", 3.0)), at=f"2026-10-01T{hour}:00+08:00")
    assert table["state"].tolist() == [state]
    assert table["hours_left"].tolist() == [left]
    assert table["reached_at"].isna().all()


def test_a_category_goes_before_the_star():
    deadlines = limits(("*", "accepted", 1.0), ("noise", "accepted", 0.5))
    table = found(
        log_of(("I1", "accepted", 9), ("I2", "accepted", 9)), deadlines, reports(["noise", "tree"], "I1", "I2")
    )
    assert table["state"].tolist() == ["late", "in_time"]


def test_a_category_without_a_row_and_without_a_star_is_refused():
    with pytest.raises(
        TableError, match=r"no row of status 'accepted' for category 'noise'; add one, or one of .*'\*'"
    ):
        found(log_of(), limits(("tree", "accepted", 1.0)))


def test_a_check_that_fails_begins_a_new_round():
    log = log_of(*WAY, ("I1", "dispatched", 14), ("I1", "handled", 19))
    table = found(log, limits(("*", "handled", 3.0)))
    assert table[["round", "state", "hours_left"]].to_numpy().tolist() == [[1, "in_time", 0.0], [2, "late", -2.0]]


def test_from_unit_to_unit_the_clock_runs_on():
    log = log_of(*WAY[:2], ("I1", "accepted", 11), ("I1", "dispatched", 12), ("I1", "handled", 14))
    table = found(log, limits(("*", "handled", 3.0)))
    assert table[["round", "state", "hours_left"]].to_numpy().tolist() == [[1, "late", -1.0]]


def test_a_rejection_decides_on_acceptance_and_ends_the_rest():
    deadlines = limits(("*", "accepted", 2.0, "reported"), ("*", "closed", 8.0, "reported"))
    table = found(log_of(("I1", "rejected", 9)), deadlines)
    assert table[["status", "state"]].to_numpy().tolist() == [["accepted", "in_time"]]


def test_only_working_hours_count():
    office = gg.WorkingCalendar.from_hours(
        "Asia/Shanghai", {day: ["09:00-12:00", "13:30-17:30"] for day in WEEKDAYS[:5]}
    )
    table = found(log_of(*WAY), limits(("*", "handled", 2.0)), calendar=office)
    assert table["due_at"].tolist() == [pd.Timestamp("2026-10-01T12:00+08:00")]
    assert table[["state", "hours_left"]].to_numpy().tolist() == [["late", 0.0]]  # done over lunch
    night = found(log_of(*WAY[:2]), limits(("*", "handled", 8.0)), calendar=office)  # 10:00 to 17:30 holds 6 of them
    assert night[["state", "hours_left"]].to_numpy().tolist() == [["running", 2.0]]


def test_rows_come_in_the_order_of_the_incidents_and_of_the_way():
    deadlines = limits(("*", "handled", 3.0), ("*", "accepted", 3.0))
    log = log_of(*WAY, ("I2", "accepted", 9))
    table = found(log, deadlines, reports(["noise", "tree"], "I2", "I1"))
    assert table[["incident_id", "status"]].to_numpy().tolist() == [
        ["I2", "accepted"],
        ["I1", "accepted"],
        ["I1", "handled"],
    ]


@pytest.mark.parametrize(
    ("deadlines", "words"),
    [
        (limits(("*", "done", 1.0)), "status of .*0.* is 'done', not one of"),
        (limits(("*", "handled", -1.0)), "working_hours of .*0.* is -1.0, below 0"),
        (limits(("*", "handled", 1.0), ("*", "handled", 2.0)), r"row 1: category '\*' has 'handled' a second time"),
        (limits(("*", "handled", 1.0, "closed")), "row 0: since is 'closed', not before 'handled'"),
        (limits(("*", "handled", 1.0)).drop(columns="category"), "column 'category' is missing"),
    ],
)
def test_deadlines_that_are_wrong_are_refused(deadlines, words):
    with pytest.raises(TableError, match=words):
        found(log_of(), deadlines)


def test_incidents_without_a_category_are_refused():
    with pytest.raises(TableError, match="column 'category' is missing"):
        found(log_of(), limits(("*", "handled", 1.0)), reports().drop(columns="category"))
    with pytest.raises(TableError, match="category of 'I1' is missing"):
        found(log_of(), limits(("*", "handled", 1.0)), reports(None))


def test_nothing_reported_has_no_deadlines():
    assert len(found(log_of(), limits(("*", "handled", 1.0)), reports()[:0])) == 0
