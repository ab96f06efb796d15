"""An incident goes its way step by step; its log is only added to, and what it says is all that is known."""

import pandas as pd
import pytest

import gridgeo as gg
from gridgeo.model.errors import ProfileError, TableError
from gridgeo.model.service_tables import INCIDENT_LOG, STATUSES
from gridgeo.model.tables import check, empty

NO_LOG = empty(INCIDENT_LOG)
WHOLE_WAY = ["accepted", "dispatched", "handled", "verified", "closed", "evaluated"]


def reports(*ids, at="2026-10-01T08:00+08:00"):
    index = pd.Index(list(ids or ["I1"]), name="incident_id", dtype="str")
    return pd.DataFrame({"reported_at": pd.Timestamp(at), "category": "noise"}, index=index)


def log_of(*rows):
    """Write a log of (incident, status, hour of 1 October)."""
    table = pd.DataFrame([row[:2] for row in rows], columns=["incident_id", "status"], dtype="str")
    return table.assign(at=pd.to_datetime([f"2026-10-01T{row[2]:02}:00+08:00" for row in rows], utc=True))


def status_of(log, incidents=None):
    return gg.incident_states(reports() if incidents is None else incidents, log)["status"].tolist()


def test_an_incident_without_a_log_is_reported_since_its_report():
    states = gg.incident_states(reports(), NO_LOG)
    assert states["status"].tolist() == ["reported"]
    assert states["since_at"].tolist() == [pd.Timestamp("2026-10-01T00:00Z")]


def test_a_new_row_is_given_and_the_log_stays_as_it_was():
    log = log_of(("I1", "accepted", 9))
    before = log.copy(deep=True)
    rows = gg.step_incidents(log, reports(), "dispatched", "2026-10-01T10:00+08:00", actor="P7", note="unit 3")
    check(rows, INCIDENT_LOG)
    pd.testing.assert_frame_equal(log, before)
    assert rows[["incident_id", "status", "actor", "note"]].to_numpy().tolist() == [
        ["I1", "dispatched", "P7", "unit 3"]
    ]
    assert rows.index.tolist() == [1]
    assert status_of(pd.concat([log, rows])) == ["dispatched"]


def test_the_whole_way_can_be_gone():
    log = NO_LOG
    for hour, status in enumerate(WHOLE_WAY, 9):
        log = pd.concat([log, gg.step_incidents(log, reports(), status, f"2026-10-01T{hour:02}:00+08:00")])
        assert status_of(log) == [status]
    assert log["status"].tolist() == WHOLE_WAY


def test_a_step_that_is_not_allowed_names_the_incident_where_it_is_and_what_is_allowed():
    with pytest.raises(TableError, match=r"'I1' cannot go from 'reported' to 'closed'; allowed are accepted, rejected"):
        gg.step_incidents(NO_LOG, reports(), "closed", "2026-10-01T09:00+08:00")


@pytest.mark.parametrize(
    "way",
    [
        ["accepted", "dispatched", "handled", "dispatched"],
        ["accepted", "dispatched", "handled", "verified", "dispatched"],
        ["accepted", "dispatched", "handled", "verified", "closed", "dispatched"],
        ["accepted", "dispatched", "accepted"],
    ],
)
def test_a_way_back_counts_as_a_return(way):
    log = log_of(*[("I1", status, hour) for hour, status in enumerate(way, 9)])
    states = gg.incident_states(reports(), log)
    assert states["status"].tolist() == [way[-1]]
    assert states["returns"].tolist() == [1]


def test_another_unit_and_an_appeal_are_no_returns():
    moved = log_of(("I1", "accepted", 9), ("I1", "dispatched", 10), ("I1", "dispatched", 11))
    appealed = log_of(("I1", "rejected", 9), ("I1", "reported", 10), ("I1", "accepted", 11))
    assert gg.incident_states(reports(), moved)["returns"].tolist() == [0]
    assert gg.incident_states(reports(), appealed)["returns"].tolist() == [0]


def test_nothing_follows_a_rejection_but_an_appeal():
    log = log_of(("I1", "rejected", 9))
    with pytest.raises(TableError, match="allowed are reported"):
        gg.step_incidents(log, reports(), "accepted", "2026-10-01T10:00+08:00")


def test_several_incidents_step_at_once_each_at_its_own_instant():
    incidents = reports("I2", "I1")
    at = pd.Series(pd.to_datetime(["2026-10-01T03:00Z", "2026-10-01T02:00Z"]), index=["I1", "I2"])
    rows = gg.step_incidents(NO_LOG, incidents, "accepted", at, actor=pd.Series({"I1": "P1", "I2": "P2"}))
    assert rows["incident_id"].tolist() == ["I2", "I1"]
    assert rows["actor"].tolist() == ["P2", "P1"]
    assert rows["at"].dt.hour.tolist() == [2, 3]


def test_the_log_is_read_as_it_stood_at_an_instant():
    log = log_of(("I1", "accepted", 9), ("I1", "dispatched", 10))
    states = gg.incident_states(reports(), log, at="2026-10-01T09:59+08:00")
    assert states["status"].tolist() == ["accepted"]
    with pytest.raises(TableError, match="reported_at of 'I1' is 2026-10-01 00:00:00"):
        gg.incident_states(reports(), log, at="2026-10-01T07:59+08:00")


def test_a_report_that_the_log_tells_too_is_the_same_report():
    log = log_of(("I1", "reported", 9), ("I1", "accepted", 10))
    states = gg.incident_states(reports(), log[:1])
    assert states["status"].tolist() == ["reported"]
    assert states["since_at"].tolist() == [pd.Timestamp("2026-10-01T00:00Z")]
    assert status_of(log) == ["accepted"]


# Stages of the papers


def test_one_stage_may_take_several_steps():
    rows = gg.step_incidents(NO_LOG, reports(), "受理派遣", "2026-10-01T09:00+08:00", loop=gg.load_loop("guali"))
    assert rows["status"].tolist() == ["accepted", "dispatched"]
    assert rows["stage"].tolist() == ["受理派遣", "受理派遣"]


def test_a_stage_does_not_take_the_steps_of_the_stages_before_it():
    with pytest.raises(TableError, match="'I1' cannot go from 'reported' to 'closed'"):
        gg.step_incidents(NO_LOG, reports(), "事件归档", "2026-10-01T09:00+08:00", loop=gg.load_loop("guali"))


def test_a_stage_without_a_status_of_its_own_is_written_once():
    loop = gg.load_loop("dongcheng")
    log = log_of(("I1", "accepted", 9), ("I1", "dispatched", 10), ("I1", "handled", 11))
    log = pd.concat([log, gg.step_incidents(log, reports(), "处理反馈", "2026-10-01T12:00+08:00", loop=loop)])
    states = gg.incident_states(reports(), log)
    assert states[["status", "stage"]].to_numpy().tolist() == [["handled", "处理反馈"]]
    with pytest.raises(TableError, match="'I1' is 'handled' since"):
        gg.step_incidents(log, reports(), "处理反馈", "2026-10-01T13:00+08:00", loop=loop)


def test_a_stage_by_its_english_name_is_the_same_stage():
    rows = gg.step_incidents(NO_LOG, reports(), "assign", "2026-10-01T09:00+08:00", loop=gg.load_loop("sichuan"))
    assert rows["status"].tolist() == ["accepted", "dispatched"]


def test_a_stage_before_the_report_and_one_that_is_unknown_are_refused():
    loop = gg.load_loop("sichuan")
    with pytest.raises(TableError, match="stage '发现' comes before the report"):
        gg.step_incidents(NO_LOG, reports(), "发现", "2026-10-01T09:00+08:00", loop=loop)
    with pytest.raises(ProfileError, match="loop 'sichuan' has no stage '立案'; its stages are 发现, 处置"):
        gg.step_incidents(NO_LOG, reports(), "立案", "2026-10-01T09:00+08:00", loop=loop)


# Rows that are wrong


def test_a_row_before_the_one_ahead_of_it_is_refused():
    with pytest.raises(TableError, match=r"row 1: at of 'I1' is 2026-10-01 01:00:00\+0000, before .* 02:00"):
        gg.check_log(log_of(("I1", "accepted", 10), ("I1", "dispatched", 9)), reports())


def test_a_row_before_the_report_is_refused():
    with pytest.raises(TableError, match=r"row 0: .* before 2026-10-01 00:00:00\+0000, when it was reported"):
        gg.check_log(log_of(("I1", "accepted", 7)), reports())


@pytest.mark.parametrize("second", [("I1", "accepted", 9), ("I1", "accepted", 10)])
def test_a_row_that_says_the_same_again_is_refused(second):
    with pytest.raises(TableError, match=r"row 1: 'I1' is 'accepted' since .* the same is written twice"):
        gg.check_log(log_of(("I1", "accepted", 9), second), reports())


def test_the_same_dispatch_twice_at_one_instant_is_refused():
    log = log_of(("I1", "accepted", 9), ("I1", "dispatched", 10), ("I1", "dispatched", 10))
    with pytest.raises(TableError, match="row 2: 'I1' is 'dispatched' since"):
        gg.check_log(log, reports())


def test_a_row_and_a_report_of_the_future_are_refused():
    with pytest.raises(TableError, match=r"row 0: at of 'I1' is 2026-10-01 01:00:00\+0000, after now"):
        gg.check_log(log_of(("I1", "accepted", 9)), reports(), now="2026-10-01T08:30+08:00")
    with pytest.raises(TableError, match="reported_at of 'I1'"):
        gg.check_log(NO_LOG, reports(), now="2026-10-01T07:30+08:00")
    with pytest.raises(TableError, match=r"at of 'I1' is .* after now"):
        gg.step_incidents(NO_LOG, reports(), "accepted", "2026-10-01T09:00Z", now="2026-10-01T08:59Z")


def test_a_row_of_an_unknown_incident_is_told_by_the_check_and_left_out_elsewhere():
    log = log_of(("I9", "handled", 9), ("I1", "accepted", 9))
    with pytest.raises(TableError, match="row 0: 'I9' is not in incidents"):
        gg.check_log(log, reports())
    assert status_of(log) == ["accepted"]


def test_an_unknown_status_is_refused_with_its_row():
    log = log_of(("I1", "accepted", 9), ("I1", "done", 10))
    with pytest.raises(TableError, match=r"incident_log: status of .*1.* is 'done', not one of"):
        gg.check_log(log, reports())
    with pytest.raises(TableError, match="status 'done' is not one of reported, accepted"):
        gg.step_incidents(NO_LOG, reports(), "done", "2026-10-01T09:00Z")


def test_an_unknown_verdict_is_refused():
    log = log_of(*[("I1", status, hour) for hour, status in enumerate(WHOLE_WAY[:-1], 9)])
    with pytest.raises(TableError, match=r"verdict of .*5.* is 'great', not one of"):
        gg.step_incidents(log, reports(), "evaluated", "2026-10-01T20:00+08:00", verdict="great")


def test_an_incident_without_an_instant_of_report_is_refused():
    with pytest.raises(TableError, match="incidents: reported_at of 'I1' is missing"):
        gg.incident_states(reports().assign(reported_at=pd.NaT), NO_LOG)


@pytest.mark.parametrize("value", [pd.Timestamp("2026-10-01"), "2026-10-01T08:00", "2026-10-01"])
def test_an_instant_without_a_time_zone_is_refused(value):
    with pytest.raises(TableError, match=r"reported_at of 'I1' is 2026-10-01.*without a time zone"):
        gg.incident_states(reports().assign(reported_at=value), NO_LOG)
    with pytest.raises(TableError, match="without a time zone"):
        gg.step_incidents(NO_LOG, reports(), "accepted", value)


def test_text_with_an_offset_is_an_instant_and_other_text_is_not():
    written = reports().assign(reported_at="2026-10-01T08:00:00+08:00")
    assert gg.incident_states(written, NO_LOG)["since_at"].tolist() == [pd.Timestamp("2026-10-01T00:00Z")]
    with pytest.raises(TableError, match="reported_at of 'I1' is 'yesterday', not an instant"):
        gg.incident_states(reports().assign(reported_at="yesterday"), NO_LOG)


def test_ids_that_stand_twice_are_refused():
    with pytest.raises(TableError, match="incident_id 'I1' stands more than once"):
        gg.incident_states(reports("I1", "I1"), NO_LOG)


def test_no_incidents_have_no_states_and_take_no_steps():
    none = reports()[:0]
    assert len(gg.incident_states(none, NO_LOG)) == 0
    assert len(gg.step_incidents(NO_LOG, none, "accepted", "2026-10-01T09:00Z")) == 0


def test_statuses_are_those_that_the_way_is_made_of():
    from gridgeo.operate.trace import NEXT

    assert set(NEXT) == set(STATUSES)
    assert {after for follow in NEXT.values() for after in follow} == set(STATUSES)
