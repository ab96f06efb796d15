"""A case that stays undone goes from the community to the street and on to the district."""

import pandas as pd
import pytest

import gridgeo as gg
from gridgeo.model.errors import ProfileError, TableError

HEAD = """
name = "ours"
[[stages]]
zh = "上报"
en = "report"
status = "reported"
[[deadlines]]
category = "*"
status = "handled"
working_hours = 2
"""
LEVELS = '[[levels]]\nlevel = "community"\n[[levels]]\nlevel = "street"\n[[levels]]\nlevel = "district"\n'
RULES = """
[[escalations]]
to = "street"
status = "handled"
overdue_hours = 0
[[escalations]]
to = "district"
overdue_hours = 4
[[escalations]]
to = "street"
returns = 2
[[escalations]]
to = "district"
category = "gas"
"""
LOOP = gg.read_loop(HEAD + LEVELS + RULES)


def reports(categories="noise", *ids, areas=None):
    index = pd.Index(list(ids or ["I1"]), name="incident_id", dtype="str")
    frame = {"reported_at": pd.Timestamp("2026-10-01T08:00+08:00"), "category": categories, "area_id": areas}
    return pd.DataFrame(frame, index=index)


def log_of(*rows):
    """Write a log of (incident, status, hour of 1 October)."""
    table = pd.DataFrame([row[:2] for row in rows], columns=["incident_id", "status"], dtype="str")
    return table.assign(at=pd.to_datetime([f"2026-10-01T{row[2]:02}:00+08:00" for row in rows], utc=True))


SENT = log_of(("I1", "accepted", 9), ("I1", "dispatched", 10))


def ask(hour, log=SENT, incidents=None, loop=LOOP, **options):
    at = f"2026-10-01T{hour}:00+08:00"
    return gg.escalations(reports() if incidents is None else incidents, log, loop, at=at, **options)


def taken(found):
    return found[["from_level", "level", "reason", "value"]].to_numpy().tolist()


def test_what_is_in_time_stays_where_it_is():
    assert taken(ask(12)) == []


def test_what_is_overdue_goes_up_and_the_later_the_higher():
    assert taken(ask(13)) == [["community", "street", "overdue", 1.0]]
    assert taken(ask(16)) == [["community", "district", "overdue", 4.0]]
    assert ask(13)["note"].tolist() == ["community to street: handled is overdue by 1.0 working hours, limit 0"]


def test_an_escalation_is_a_row_of_the_log_and_is_not_asked_for_again():
    found = ask(13)
    rows = gg.escalation_rows(found, SENT, reports(), "2026-10-01T13:00+08:00", actor="clock")
    log = pd.concat([SENT, rows])
    assert rows[["status", "level", "actor"]].to_numpy().tolist() == [["dispatched", "street", "clock"]]
    assert gg.incident_states(reports(), log)[["status", "level"]].to_numpy().tolist() == [["dispatched", "street"]]
    assert taken(ask(13, log)) == []
    assert taken(ask(16, log)) == [["street", "district", "overdue", 4.0]]


def test_the_level_is_kept_through_the_steps_that_follow():
    log = pd.concat([SENT, gg.escalation_rows(ask(13), SENT, reports(), "2026-10-01T13:00+08:00")])
    log = pd.concat([log, gg.step_incidents(log, reports(), "handled", "2026-10-01T14:00+08:00")])
    assert gg.incident_states(reports(), log)["level"].tolist() == ["street"]


def test_what_comes_back_twice_goes_up():
    once = [("I1", "accepted", 8), ("I1", "dispatched", 8), ("I1", "accepted", 9), ("I1", "dispatched", 9)]
    twice = [*once, ("I1", "accepted", 9)]
    assert taken(ask(10, log_of(*once[:3]))) == []
    assert taken(ask(10, log_of(*twice))) == [["community", "street", "returns", 2.0]]


def test_a_report_that_went_up_still_counts_from_its_report():
    loop = gg.read_loop((HEAD + LEVELS + RULES).replace('"handled"', '"accepted"'))
    found = ask(11, log_of(), loop=loop)
    assert taken(found) == [["community", "street", "overdue", 1.0]]
    log = gg.escalation_rows(found, log_of(), reports(), "2026-10-01T11:00+08:00")
    assert taken(ask(14, log, loop=loop)) == [["street", "district", "overdue", 4.0]]


def test_a_category_goes_up_at_once():
    found = ask(10, log_of(), reports(["gas", "noise"], "I2", "I1"))
    assert found.index.tolist() == ["I2"]
    assert found["reason"].tolist() == ["category"]


@pytest.mark.parametrize("end", [["rejected"], ["accepted", "dispatched", "handled", "verified", "closed"]])
def test_nobody_has_to_take_what_is_done(end):
    log = log_of(*[("I1", status, 9) for status in end])
    assert taken(ask(20, log, reports("gas"))) == []


def test_the_area_of_the_new_level_is_named_where_it_is_known():
    areas = pd.DataFrame(
        {"level": ["grid", "community", "street"], "parent_id": ["C", "S", None]},
        index=pd.Index(["G", "C", "S"], name="area_id"),
    )
    assert ask(13, incidents=reports(areas="G"), areas=areas)["area_id"].tolist() == ["S"]
    assert ask(16, incidents=reports(areas="G"), areas=areas)["area_id"].isna().all()


def test_an_escalation_that_came_too_late_is_refused():
    log = pd.concat([SENT, gg.step_incidents(SENT, reports(), "handled", "2026-10-01T13:30+08:00")])
    with pytest.raises(TableError, match="'I1' is no longer 'dispatched'"):
        gg.escalation_rows(ask(13), log, reports(), "2026-10-01T14:00+08:00")
    first = pd.concat([SENT, gg.escalation_rows(ask(13), SENT, reports(), "2026-10-01T13:00+08:00")])
    with pytest.raises(TableError, match="the same is written twice"):
        gg.escalation_rows(ask(13), first, reports(), "2026-10-01T14:00+08:00")


def test_a_loop_without_rules_and_a_rule_without_a_deadline_are_refused():
    with pytest.raises(ProfileError, match="loop 'shangdi' states no rules of escalation"):
        ask(13, loop=gg.load_loop("shangdi"))
    with pytest.raises(ProfileError, match="loop 'guali' states no levels"):
        ask(13, loop=gg.load_loop("guali"))
    loop = gg.read_loop((HEAD + LEVELS + RULES).replace('status = "handled"\nover', 'status = "closed"\nover'))
    with pytest.raises(ProfileError, match=r"escalations\[1\] speaks of a deadline of 'closed'"):
        ask(13, loop=loop)


def test_a_level_that_the_loop_does_not_have_is_refused():
    log = SENT.assign(level=[None, "province"])
    with pytest.raises(TableError, match="level of 'I1' is 'province'; loop 'ours' has community, street, district"):
        ask(13, log)
