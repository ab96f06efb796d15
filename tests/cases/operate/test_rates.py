"""Rates of filing, closure, completion, satisfaction and reporting, with what is missing told as missing."""

import numpy as np
import pandas as pd
import pytest

import gridgeo as gg
from gridgeo.model.errors import TableError

WAY = ["accepted", "dispatched", "handled", "verified", "closed", "evaluated"]
START = pd.Timestamp("2026-10-01T08:00+08:00")


def case(ends, *, area="A", officer="P1", day=0, verdict=None, handled_h=3):
    """Describe one incident: how far it went, where, whose, on which day, and after how many hours it was handled."""
    return {
        "ends": ends,
        "area_id": area,
        "officer_id": officer,
        "day": day,
        "verdict": verdict,
        "handled_h": handled_h,
    }


def town_of(*cases):
    """Make incidents and their log of cases."""
    ids = [f"I{number}" for number in range(len(cases))]
    reported = [START + pd.Timedelta(days=one["day"]) for one in cases]
    columns = {name: [one[name] for one in cases] for name in ("area_id", "officer_id")}
    incidents = pd.DataFrame({"reported_at": reported, "category": "noise", **columns},
                             index=pd.Index(ids, name="incident_id", dtype="str"))  # fmt: skip
    rows = []
    for name, begun, one in zip(ids, reported, cases, strict=True):
        way = ["rejected"] if one["ends"] == "rejected" else WAY[: WAY.index(one["ends"]) + 1] if one["ends"] else []
        for step, status in enumerate(way):
            hours = one["handled_h"] + step - 2 if step >= 2 else 0
            rows.append((name, status, begun + pd.Timedelta(hours=hours), one["verdict"] if step == 5 else None))
    log = pd.DataFrame(rows, columns=["incident_id", "status", "at", "verdict"])
    return incidents, log.astype({"incident_id": "str", "status": "str", "verdict": "str"})


LIMITS = pd.DataFrame({"category": ["*"], "status": ["handled"], "working_hours": [4.0]})


def rates(*cases, by="area", at=None, deadlines=LIMITS, **options):
    incidents, log = town_of(*cases)
    due = gg.find_deadlines(incidents, log, deadlines, at=at) if at is not None and deadlines is not None else None
    return gg.incident_rates(incidents, log, by, at=at, due=due, **options)


def test_the_figures_of_beicai():
    received, filed, closed = 36_895, 36_664, 36_586
    ids = pd.Index([f"I{number}" for number in range(received)], name="incident_id", dtype="str")
    incidents = pd.DataFrame({"reported_at": START, "category": "all", "town": "Beicai"}, index=ids)
    counts = {"accepted": filed, "dispatched": filed, "handled": closed, "verified": closed, "closed": closed}
    parts = [pd.DataFrame({"incident_id": ids[:count], "status": status}) for status, count in counts.items()]
    parts.append(pd.DataFrame({"incident_id": ids[filed:], "status": "rejected"}))
    log = pd.concat(parts, ignore_index=True).assign(at=START)
    found = gg.incident_rates(incidents, log, "town").loc["Beicai"]
    assert (found["received"], found["filed"], found["closed"]) == (received, filed, closed)
    assert found["rejected"] == received - filed
    assert f"{found['filing_rate']:.2%}" == "99.37%"
    assert f"{found['closure_rate']:.2%}" == "99.79%"


def test_each_step_is_counted():
    found = rates(case(None), case("rejected"), case("accepted"), case("dispatched"), case("handled"), case("closed"),
                  case("evaluated", verdict="satisfied")).loc["A"]  # fmt: skip
    wanted = {"received": 7, "filed": 5, "rejected": 1, "undertaken": 4, "handled": 3, "closed": 2, "asked": 1}
    assert {name: found[name] for name in wanted} == wanted
    assert found["filing_rate"] == 5 / 7
    assert found["closure_rate"] == 2 / 5


def test_a_rate_over_nothing_is_missing():
    found = rates(case(None), at="2026-11-01T00:00Z", groups=["A", "B"])
    assert found.loc["B", "received"] == 0
    assert np.isnan(found.loc["B", ["filing_rate", "closure_rate", "completion_rate"]].astype(float)).all()
    assert found.loc["A", "filing_rate"] == 0.0
    assert np.isnan(found.loc["A", "closure_rate"])


def test_completion_is_what_was_done_in_time_of_what_was_undertaken():
    found = rates(case("handled", handled_h=4), case("closed", handled_h=5), case("dispatched"), case("accepted"),
                  case("dispatched", day=1), at=START + pd.Timedelta(hours=26)).loc["A"]  # fmt: skip
    assert (found["undertaken"], found["handled"], found["in_time"], found["running"]) == (4, 2, 1, 1)
    assert found["completion_rate"] == 0.25


def test_without_deadlines_nothing_is_known_to_be_in_time():
    found = rates(case("closed")).loc["A"]
    assert pd.isna(found["in_time"])
    assert np.isnan(found["completion_rate"])


def test_basically_satisfied_is_satisfied_and_who_was_not_asked_is_not():
    given = ["satisfied", "basically_satisfied", "dissatisfied"]
    found = rates(*[case("evaluated", verdict=verdict) for verdict in given], case("closed")).loc["A"]
    assert (found["asked"], found["satisfied"], found["satisfaction_rate"]) == (3, 2, 0.5)
    assert np.isnan(rates(case("closed")).loc["A", "satisfaction_rate"])


def test_a_case_that_was_opened_again_is_not_closed():
    incidents, log = town_of(case("closed"))
    again = gg.step_incidents(log, incidents, "dispatched", "2026-10-09T00:00Z")
    found = gg.incident_rates(incidents, pd.concat([log, again])).loc["A"]
    assert (found["closed"], found["handled"], found["undertaken"]) == (0, 0, 1)


def test_the_reporting_share_is_of_the_towns_reports_of_the_day():
    cases = [case(None), case(None, officer="P2"), case(None, officer="P2"), case(None, day=1)]
    found = rates(*cases, by=["day", "officer"], zone="Asia/Shanghai")
    shares = {(f"{day:%m-%d}", officer): share for (day, officer), share in found["reporting_share"].items()}
    assert shares == {("10-01", "P1"): 1 / 3, ("10-01", "P2"): 2 / 3, ("10-02", "P1"): 1.0}


def test_periods_are_half_open():
    cases = [case(None), case(None, day=1), case(None, day=2)]
    found = rates(*cases, since=START, until=START + pd.Timedelta(days=2))
    assert found["received"].tolist() == [2]
    assert found["since_at"].tolist() == [START]
    with pytest.raises(TableError, match=r"until is .* not after since"):
        rates(*cases, since=START, until=START)
    with pytest.raises(TableError, match="since is 2026-10-01, without a time zone"):
        rates(*cases, since="2026-10-01")


def test_days_are_those_of_the_zone_and_weeks_begin_on_a_monday():
    incidents, log = town_of(case(None))
    late = incidents.assign(reported_at=pd.Timestamp("2026-10-04T17:00Z"))  # 01:00 on Monday the 5th in China
    days = {zone: gg.incident_rates(late, log[:0], "day", zone=zone).index[0] for zone in ("UTC", "Asia/Shanghai")}
    assert days == {"UTC": pd.Timestamp("2026-10-04"), "Asia/Shanghai": pd.Timestamp("2026-10-05")}
    weeks = [gg.incident_rates(late, log[:0], "week", zone=zone).index[0] for zone in days]
    assert weeks == [pd.Timestamp("2026-09-28"), pd.Timestamp("2026-10-05")]
    assert gg.incident_rates(late, log[:0], "month").index.tolist() == [pd.Timestamp("2026-10-01")]


def test_small_counts_are_marked():
    assert rates(*[case("closed")] * 9)["is_small"].tolist() == [True]
    assert rates(*[case("closed")] * 10)["is_small"].tolist() == [False]
    assert rates(case(None), groups=["B"])["is_small"].to_dict() == {"B": False, "A": True}


def test_an_incident_without_an_area_has_a_row_of_its_own():
    found = rates(case("closed"), case("closed", area=None))
    assert found["received"].tolist() == [1, 1]
    assert found.index.isna().tolist() == [False, True]


def test_the_order_of_incidents_does_not_matter():
    incidents, log = town_of(*[case(ends, area=area) for ends in WAY for area in "BA"])
    turned = gg.incident_rates(incidents[::-1], log)
    pd.testing.assert_frame_equal(turned, gg.incident_rates(incidents, log))
    assert turned.index.tolist() == ["A", "B"]


def test_rates_as_they_stood_leave_out_later_reports_and_rows():
    found = rates(case("closed"), case(None, day=3), at=START + pd.Timedelta(hours=1), deadlines=None).loc["A"]
    assert (found["received"], found["undertaken"], found["closed"]) == (1, 1, 0)


def test_a_column_that_is_missing_and_groups_that_stand_twice_are_refused():
    incidents, log = town_of(case(None))
    with pytest.raises(TableError, match=r"column 'area_id' is missing.*AreaIndex.locate finds it"):
        gg.incident_rates(incidents.drop(columns="area_id"), log)
    with pytest.raises(TableError, match="group 'A' stands twice"):
        gg.incident_rates(incidents, log, groups=["A", "A"])
    with pytest.raises(TableError, match="groups need a single by"):
        gg.incident_rates(incidents, log, ["area", "category"], groups=["A"])
    with pytest.raises(TableError, match="zone is 'Mars', no time zone"):
        gg.incident_rates(incidents, log, "day", zone="Mars")
    with pytest.raises(TableError, match="name one or several different columns"):
        gg.incident_rates(incidents, log, [])
