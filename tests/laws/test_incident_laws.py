"""Laws of the closed loop: judged minute by minute, row by row."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import gridgeo as gg
from gridgeo.model.errors import TableError
from gridgeo.model.service_tables import INCIDENT_LOG, STATUSES
from gridgeo.model.tables import empty
from gridgeo.operate.calendars import WEEKDAYS

EFFORT = settings(max_examples=40, deadline=None)
ZONES = ["Asia/Shanghai", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "UTC"]
DAYS = [date(2026, 3, 28), date(2026, 3, 8), date(2026, 10, 25), date(2026, 11, 1), date(2026, 4, 5), date(2026, 9, 30)]
"""Days around which clocks change in one of the zones, and an ordinary one."""


@st.composite
def spans(draw):
    edges = sorted(draw(st.sets(st.integers(0, 96), min_size=2, max_size=4).filter(lambda found: len(found) % 2 == 0)))
    words = [f"{edge // 4:02}:{edge % 4 * 15:02}" for edge in edges]
    return [f"{begin}-{end}" for begin, end in zip(words[::2], words[1::2], strict=True)]


@st.composite
def calendars(draw):
    day = draw(st.sampled_from(DAYS))
    hours = {name: draw(spans()) for name in draw(st.sets(st.sampled_from(WEEKDAYS), min_size=3))}
    special = {day + timedelta(days=number): draw(spans()) for number in draw(st.sets(st.integers(-2, 3), max_size=2))}
    free = [day + timedelta(days=number) for number in draw(st.sets(st.integers(4, 6), max_size=1))]
    zone = draw(st.sampled_from(ZONES))
    start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("UTC")) - timedelta(hours=30)
    start += timedelta(minutes=draw(st.integers(0, 3 * 1440)))
    return zone, hours, special, free, start


def is_working(moment, zone, hours, special, free):
    """Look at the clock on the wall."""
    local = moment.astimezone(ZoneInfo(zone))
    day = local.date()
    todays = special.get(day, [] if day in free else hours.get(WEEKDAYS[day.weekday()], []))
    clock = f"{local:%H:%M}"
    return any(begin <= clock < end for begin, end in (span.split("-") for span in todays))


def calendar_of(zone, hours, special, free):
    return gg.WorkingCalendar.from_hours(zone, hours, holidays=free, workdays=special)


@EFFORT
@given(calendars(), st.integers(1, 1500))
def test_deadlines_are_those_found_minute_by_minute(made, minutes):
    zone, hours, special, free, start = made
    moment, left = start, minutes
    while left and moment < start + timedelta(days=21):
        left -= is_working(moment, zone, hours, special, free)
        moment += timedelta(minutes=1)
    if left:
        return
    found = gg.due_at(pd.Series([pd.Timestamp(start)]), minutes / 60, calendar_of(zone, hours, special, free))
    assert found.iloc[0] == pd.Timestamp(moment)


@EFFORT
@given(calendars(), st.integers(0, 3 * 1440))
def test_hours_between_are_those_counted_minute_by_minute(made, minutes):
    zone, hours, special, free, start = made
    counted = sum(is_working(start + timedelta(minutes=at), zone, hours, special, free) for at in range(minutes))
    begin, end = (pd.Series([pd.Timestamp(side)]) for side in (start, start + timedelta(minutes=minutes)))
    found = gg.working_hours_between(begin, end, calendar_of(zone, hours, special, free))
    assert round(found.iloc[0] * 60) == counted


@EFFORT
@given(calendars(), st.lists(st.floats(0, 300), min_size=1, max_size=20))
def test_as_many_hours_lie_before_a_deadline_as_it_gave(made, hours):
    zone, week, special, free, start = made
    calendar = calendar_of(zone, week, special, free)
    begins = pd.Series([pd.Timestamp(start) + pd.Timedelta(seconds=977 * number) for number in range(len(hours))])
    given_hours = pd.Series([round(value * 3_600e6) / 3_600e6 for value in hours])
    due = gg.due_at(begins, given_hours, calendar)
    assert gg.working_hours_between(begins, due, calendar).tolist() == given_hours.tolist()
    again = gg.due_at(begins, gg.working_hours_between(begins, due, calendar), calendar)
    assert (again == due).all()


NEXT = {
    "reported": {"accepted", "rejected"}, "accepted": {"dispatched"}, "rejected": {"reported"},
    "dispatched": {"handled", "dispatched", "accepted"}, "handled": {"verified", "dispatched"},
    "verified": {"closed", "dispatched"}, "closed": {"evaluated", "dispatched"}, "evaluated": {"dispatched"},
}  # fmt: skip
START = pd.Timestamp("2026-10-01T00:00Z")
IDS = ["I1", "I2", "I3"]


def reports():
    frame = {"reported_at": START, "category": ["a", "b", "a"], "area_id": ["A", "B", "B"]}
    return pd.DataFrame(frame, index=pd.Index(IDS, name="incident_id", dtype="str"))


@EFFORT
@given(st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(STATUSES), st.integers(0, 2)), max_size=15))
def test_a_log_takes_every_step_that_is_allowed_and_no_other(steps):
    log, status, hour = empty(INCIDENT_LOG), dict.fromkeys(IDS, "reported"), dict.fromkeys(IDS, 0)
    for name, wanted, pause in steps:
        now = hour[name] + pause
        allowed = wanted in NEXT[status[name]] and not (wanted == status[name] and pause == 0)
        # A log may begin with the report that the table of incidents tells as well.
        allowed |= wanted == "reported" and not (log["incident_id"] == name).any()
        before = log.copy(deep=True)
        try:
            rows = gg.step_incidents(log, reports().loc[[name]], wanted, START + pd.Timedelta(hours=now))
        except TableError:
            assert not allowed
            continue
        assert allowed
        pd.testing.assert_frame_equal(log, before)
        log = pd.concat([log, rows], ignore_index=True) if len(log) else rows
        status[name], hour[name] = wanted, now
        assert gg.incident_states(reports(), log)["status"].to_dict() == status
    gg.check_log(log, reports())
    if len(log):
        # Rows of different incidents may be written in any order.
        mixed = pd.concat([log[log["incident_id"] == name] for name in reversed(IDS)])
        pd.testing.assert_frame_equal(gg.incident_states(reports(), mixed), gg.incident_states(reports(), log))
        counted = gg.incident_rates(reports(), log)
        ended = [area for name, area in zip(IDS, "ABB", strict=True) if status[name] in ("closed", "evaluated")]
        closed = {area: ended.count(area) for area in "AB"}
        assert counted["closed"].to_dict() == closed
