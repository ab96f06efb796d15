"""A month of a drawn town: incidents go round the closed loop, late ones go up, grids get stars, a redraw comes."""

from datetime import date

import numpy as np
import pandas as pd
from towns import CRS, EAST_M, NORTH_M, town

import gridgeo as gg
from gridgeo.model.service_tables import INCIDENT_LOG
from gridgeo.model.tables import empty

ZONE = "Asia/Shanghai"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
CALENDAR = gg.WorkingCalendar.from_hours(
    ZONE,
    {day: ["08:30-12:00", "13:30-17:30"] for day in WEEK},
    holidays=[date(2026, 10, 1), date(2026, 10, 2)],
    workdays={date(2026, 10, 10): "monday"},
)
OWN = """
name = "ours"

[[stages]]
zh = "上报"
en = "report"
status = "reported"

[[stages]]
zh = "受理派遣"
en = "accept and dispatch"
status = "dispatched"

[[stages]]
zh = "处置"
en = "handle"
status = "handled"

[[stages]]
zh = "核查结案"
en = "check and close"
status = "closed"

[[stages]]
zh = "回访"
en = "visit again"
status = "evaluated"

[[deadlines]]
category = "*"
status = "handled"
working_hours = 8

[[levels]]
level = "community"
[[levels]]
level = "street"

[[escalations]]
to = "street"
overdue_hours = 4
"""
LOOP = gg.read_loop(OWN, "ours.toml")
GRIDS = """
    AAB
    AAB
    CCC
"""
COUNT = 240


def month_of_incidents():
    """Report 240 incidents all over the town, some of them on a border."""
    random = np.random.default_rng(5)
    places = random.integers(0, 31, (COUNT, 2)) / 10
    at = pd.Timestamp("2026-10-01T00:00", tz=ZONE) + pd.to_timedelta(
        np.sort(random.integers(0, 20 * 1440, COUNT)), "min"
    )
    index = pd.Index([f"I{number:03d}" for number in range(COUNT)], name="incident_id", dtype="str")
    return pd.DataFrame({"reported_at": at, "category": "noise", "x": EAST_M + places[:, 0] * 100,
                          "y": NORTH_M + places[:, 1] * 100}, index=index)  # fmt: skip


def test_a_month_of_incidents_from_report_to_stars():
    areas = town(GRIDS)
    incidents = month_of_incidents()
    incidents["area_id"] = gg.AreaIndex.from_areas(areas).locate(incidents["x"], incidents["y"]).to_numpy()
    assert incidents["area_id"].notna().all()

    def step(log, some, stage, after, **told):
        at = some["reported_at"] + after
        return pd.concat([log, gg.step_incidents(log, some, stage, at, loop=LOOP, **told)], ignore_index=True)

    log = step(empty(INCIDENT_LOG), incidents, "受理派遣", pd.Timedelta(minutes=1))
    quick = incidents[incidents["area_id"] != "C"]
    log = step(log, quick, "处置", pd.Timedelta(minutes=30))
    log = step(log, quick, "核查结案", pd.Timedelta(minutes=45))
    log = step(log, quick, "回访", pd.Timedelta(hours=1), verdict="satisfied")
    gg.check_log(log, incidents, now="2026-10-31T00:00+08:00")

    # Nobody handled what came from C: after eight working hours it is overdue, after twelve it goes to the street.
    end = "2026-10-31T00:00+08:00"
    due = gg.find_deadlines(incidents, log, LOOP.deadlines, CALENDAR, at=end)
    assert set(due.loc[due["state"] == "overdue", "incident_id"]) == set(incidents.index[incidents["area_id"] == "C"])
    up = gg.escalations(incidents, log, LOOP, at=end, calendar=CALENDAR)
    assert set(up.index) == set(due.loc[due["hours_left"] <= -4, "incident_id"])
    log = pd.concat([log, gg.escalation_rows(up, log, incidents, end)], ignore_index=True)
    assert gg.escalations(incidents, log, LOOP, at=end, calendar=CALENDAR).empty

    rates = gg.incident_rates(incidents, log, at=end, due=due, groups=[*areas.index, "D"])
    assert rates["received"].sum() == COUNT
    assert rates["completion_rate"].dropna().to_dict() == {"A": 1.0, "B": 1.0, "C": 0.0}
    assert rates["satisfaction_rate"].dropna().to_dict() == {"A": 1.0, "B": 1.0}
    assert rates["reporting_share"].sum() == 1.0
    stars = gg.rate_stars(rates["completion_rate"], rates["undertaken"], thresholds=(0.6, 0.7, 0.8, 0.9))
    assert stars.fillna(0).to_dict() == {"A": 5, "B": 5, "C": 1, "D": 0}

    # A and C merge, B is left as it is.
    lineage = pd.DataFrame(
        {"before_id": ["A", "C", "B"], "after_id": ["E", "E", "B"], "households": [400, 300, 200],
         "area_m2": areas.loc[["A", "C", "B"], "area_m2"].to_numpy(), "change": ["merged", "merged", "kept"]}
    )  # fmt: skip
    after = incidents.assign(area_id=incidents["area_id"].replace({"A": "E", "C": "E"}))
    compared = gg.compare_rates(rates.loc[["A", "B", "C"]], gg.incident_rates(after, log, at=end, due=due), lineage)
    assert compared[["change", "households"]].to_numpy().tolist() == [["kept", 200], ["merged", 700]]
    assert compared["completion_rate_change"].tolist() == [0.0, 0.0]
    assert areas.crs == CRS
