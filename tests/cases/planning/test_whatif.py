"""``what_if`` compares a draft with the plan in force, and replays past days on it."""

from datetime import date

import pytest
from planned_town import TODAY, fill, plan

import gridgeo as gg


@pytest.fixture
def town(store):
    return fill(store)


def test_yesterdays_incidents_go_where_the_draft_would_send_them(town):
    bench = gg.open_workbench(town, name="October", by="Li Min", today=TODAY)
    bench.apply(gg.Move(["b", "j"], "G2"), by="Li Min")
    told = gg.what_if(town, bench.draft_id, days=12, today=TODAY)
    assert told.comparison.officers.loc["O1", "households_lost"] == 200
    assert told.replay.officers.loc["O1", "incidents_lost"] == 3


def test_days_are_half_open(town):
    told = gg.what_if(town, plan("11122344\n11122344"), days=1, today=date(2026, 9, 3), zone="Asia/Shanghai")
    assert told.replay.incidents.index.tolist() == ["I002", "I003"]


def test_a_town_without_officers_is_still_compared(store):
    store.publish(plan(), valid_from=date(2026, 1, 1))
    told = gg.what_if(store, plan("11113344\n22223344"), today=TODAY)
    assert told.summary()["comparison"]["households_moved"] == 400
    assert told.summary()["replay"]["incidents"] == 0


@pytest.mark.parametrize("days", [0, -1, 1.5, True])
def test_days_are_counted_from_one(town, days):
    with pytest.raises(gg.TableError, match="days is"):
        gg.what_if(town, plan(), days=days)
