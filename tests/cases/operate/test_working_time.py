"""Hours count only while people work, by the clock of their zone."""

from datetime import date

import pandas as pd
import pytest

import gridgeo as gg
from gridgeo.model.errors import ProfileError, TableError
from gridgeo.operate.calendars import ALWAYS, WEEKDAYS, read_calendar

ZONE = "Asia/Shanghai"
OFFICE = {day: ["09:00-12:00", "13:30-17:30"] for day in WEEKDAYS[:5]}
CALENDAR = gg.WorkingCalendar.from_hours(ZONE, OFFICE)


def moments(*values, zone=ZONE):
    return pd.Series([pd.Timestamp(value, tz=zone) for value in values])


def due(start, hours, calendar=CALENDAR):
    return f"{gg.due_at(moments(start), hours, calendar).dt.tz_convert(calendar.zone).iloc[0]:%m-%d %H:%M}"


def test_hours_pass_over_the_lunch_break_the_night_and_the_weekend():
    assert due("2026-09-30 11:00", 2) == "09-30 14:30"  # a Wednesday
    assert due("2026-09-30 17:00", 1) == "10-01 09:30"
    assert due("2026-10-02 17:00", 1) == "10-05 09:30"


def test_what_comes_at_night_begins_to_count_in_the_morning():
    assert due("2026-09-30 23:10", 3) == "10-01 12:00"


def test_hours_that_end_with_the_day_are_due_in_the_evening():
    assert due("2026-09-30 16:30", 1) == "09-30 17:30"


def test_no_hours_are_due_at_once():
    assert due("2026-10-04 03:00", 0) == "10-04 03:00"


def test_holidays_and_workdays_are_the_callers():
    calendar = gg.WorkingCalendar.from_hours(
        ZONE,
        OFFICE,
        holidays=[date(2026, 10, day) for day in (1, 2, 5)],
        workdays={date(2026, 10, 10): "monday", date(2026, 10, 6): ["10:00-11:00"]},
    )
    assert due("2026-09-30 17:00", 1, calendar) == "10-06 10:30"
    assert due("2026-10-09 17:00", 1, calendar) == "10-10 09:30"  # a Saturday


def test_hours_between_are_counted_back_and_forth():
    start, end = moments("2026-09-30 16:00", "2026-10-03 12:00"), moments("2026-10-01 10:00", "2026-10-04 12:00")
    assert gg.working_hours_between(start, end, CALENDAR).tolist() == [2.5, 0.0]
    assert gg.working_hours_between(end, start, CALENDAR).tolist() == [-2.5, 0.0]


def test_hours_that_the_clock_leaves_out_or_shows_twice_are_counted_as_they_pass():
    night = gg.WorkingCalendar.from_hours("Europe/Paris", {day: ["00:00-06:00"] for day in WEEKDAYS})
    begins = moments("2026-03-29", "2026-10-25", "2026-07-01", zone="Europe/Paris")
    ends = moments("2026-03-30", "2026-10-26", "2026-07-02", zone="Europe/Paris")
    assert gg.working_hours_between(begins, ends, night).tolist() == [5.0, 7.0, 6.0]
    assert due("2026-03-29", 3, night) == "03-29 04:00"


def test_without_a_calendar_every_hour_counts():
    found = gg.due_at(moments("2026-10-03 12:00"), 30.5)
    assert found.tolist() == [pd.Timestamp("2026-10-04 18:30", tz=ZONE)]


def test_each_row_may_have_hours_of_its_own_and_keeps_its_name():
    start = moments("2026-09-30 09:00", "2026-09-30 09:00").set_axis(["a", "b"])
    found = gg.due_at(start, pd.Series([1.0, 3.0], index=["a", "b"]), CALENDAR)
    assert found.index.tolist() == ["a", "b"]
    assert found.dt.tz_convert(ZONE).dt.hour.tolist() == [10, 12]


def test_no_rows_have_no_deadlines():
    none = moments("2026-09-30 09:00")[:0]
    assert len(gg.due_at(none, 1.0, CALENDAR)) == 0
    assert len(gg.working_hours_between(none, none, CALENDAR)) == 0


@pytest.mark.parametrize("hours", [-1.0, float("nan"), float("inf"), "soon"])
def test_hours_that_are_none_are_refused(hours):
    with pytest.raises(TableError, match=r"working_hours of 0 is .*, not a number from 0 on"):
        gg.due_at(moments("2026-09-30 09:00"), hours, CALENDAR)


def test_hours_that_nobody_will_live_to_see_are_refused():
    with pytest.raises(TableError, match=r"working_hours of 0 is 1e\+08, more than the calendar holds"):
        gg.due_at(moments("2026-09-30 09:00"), 1e8, CALENDAR)


def test_an_instant_without_a_time_zone_is_refused():
    with pytest.raises(TableError, match=r"start of 0 is 2026-09-30 .*without a time zone"):
        gg.due_at(pd.Series(pd.to_datetime(["2026-09-30"])), 1.0, CALENDAR)


def test_hours_of_another_table_are_refused():
    with pytest.raises(TableError, match="working_hours has other rows than start"):
        gg.due_at(moments("2026-09-30 09:00"), pd.Series([1.0], index=["x"]), CALENDAR)


# Calendars

TEXT = """
zone = "Asia/Shanghai"

[hours]
monday = ["09:00-12:00", "13:30-17:30"]
tuesday = ["09:00-24:00"]

[days]
"2026-10-05" = []
"2026-10-10" = "monday"
"""


def test_a_calendar_is_read_from_a_file(tmp_path):
    path = tmp_path / "office.toml"
    path.write_text(TEXT, encoding="utf-8")
    calendar = gg.load_calendar(path)
    assert due("2026-10-04 12:00", 1, calendar) == "10-06 10:00"  # that Monday is a holiday
    assert due("2026-10-10 08:00", 7, calendar) == "10-10 17:30"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"Asia/Shanghai"', '"Asia/Atlantis"', "zone = 'Asia/Atlantis' is no time zone"),
        ('"09:00-24:00"', '"09:00-25:00"', r"line 6: hours.tuesday = '09:00-25:00' is no span of a day"),
        ('"09:00-24:00"', '"17:00-09:00"', r"line 6: hours.tuesday = '17:00-09:00' is no span of a day"),
        ('"13:30-17:30"', '"11:30-17:30"', r"line 5: hours.monday = '11:30-17:30' begins before"),
        ("tuesday", "tusday", r"line 6: hours.tusday is not known; did you mean 'tuesday'"),
        ('"2026-10-05"', '"2026-13-05"', r"line 9: days.2026-13-05 is no day"),
        ('= "monday"', '= "funday"', r"line 10: days.2026-10-10 = 'funday' is neither a weekday"),
        ("= []", "= 7", r"line 9: days.2026-10-05 = 7 are no hours"),
        ('zone = "Asia/Shanghai"', "", "zone is missing"),
        ("[hours]", "[hour]", "line 4: hour is not known; did you mean 'hours'"),
    ],
)
def test_a_fault_of_a_calendar_is_told_with_its_line_and_value(old, new, words):
    assert old in TEXT
    with pytest.raises(ProfileError, match=words):
        read_calendar(TEXT.replace(old, new, 1), "office.toml")


def test_a_calendar_without_any_working_hour_is_refused():
    with pytest.raises(ProfileError, match="no weekday has a working hour"):
        gg.WorkingCalendar.from_hours(ZONE, {})
    with pytest.raises(ProfileError, match="no weekday has a working hour"):
        read_calendar('zone = "UTC"\n[hours]\nmonday = []\n[days]\n"2026-10-10" = ["09:00-10:00"]')


def test_a_day_cannot_be_a_holiday_and_a_workday():
    with pytest.raises(ProfileError, match="2026-10-10 is a holiday and a workday"):
        gg.WorkingCalendar.from_hours(
            ZONE, OFFICE, holidays=[date(2026, 10, 10)], workdays={date(2026, 10, 10): "monday"}
        )
    with pytest.raises(ProfileError, match="'funday' is no weekday"):
        gg.WorkingCalendar.from_hours(ZONE, {"funday": ["09:00-10:00"]})


def test_every_hour_of_the_week_counts_for_always():
    week = gg.working_hours_between(moments("2026-10-05"), moments("2026-10-12"), ALWAYS)
    assert week.tolist() == [168.0]
