"""A pin that moves is dispatched again, and what was decided before stays."""

import pandas as pd
import pytest
from test_dispatch import GRID_DUTIES, areas, incidents, index

import gridgeo as gg
from gridgeo.model.errors import TableError


def test_a_moved_pin_adds_a_row_that_says_what_changed():
    first = gg.dispatch(incidents((1.0, 1.0), (3.0, 1.0)), index(), GRID_DUTIES, areas=areas())
    kept = first.copy()
    log = gg.redispatch(first, incidents((3.0, 1.0), (3.0, 1.0)), index(), GRID_DUTIES, areas=areas())
    pd.testing.assert_frame_equal(first, kept)
    pd.testing.assert_frame_equal(log.iloc[:2][list(first.columns)], first)
    last = log.iloc[2]
    assert (log.index.tolist(), last["turn"]) == (["I0", "I1", "I0"], 2)
    assert (last["to"], last["earlier_to"], last["earlier_area_id"]) == ("FB", "FA", "A")
    assert last["change"].startswith("Its place moved 200.0 m; the area is B instead of A; FB takes it instead of FA")


def test_what_is_decided_as_before_adds_nothing():
    first = gg.dispatch(incidents((1.0, 1.0)), index(), GRID_DUTIES, areas=areas())
    log = gg.redispatch(first, incidents((1.1, 1.0)), index(), GRID_DUTIES, areas=areas())
    assert len(log) == 1


def test_a_new_incident_begins_its_own_history_and_a_history_goes_on():
    first = gg.dispatch(incidents((1.0, 1.0)), index(), GRID_DUTIES, areas=areas())
    log = gg.redispatch(first, incidents((3.0, 1.0), (5.0, 1.0)), index(), GRID_DUTIES, areas=areas())
    log = gg.redispatch(log, incidents((1.0, 1.0)), index(), GRID_DUTIES, areas=areas())
    assert list(zip(log.index, log["turn"], strict=True)) == [("I0", 1), ("I0", 2), ("I1", 1), ("I0", 3)]
    assert pd.isna(log["change"].iloc[2])
    assert log.groupby(level=0).tail(1)["to"].to_dict() == {"I0": "FA", "I1": "FC"}


def test_a_table_that_holds_no_dispatches_is_refused():
    with pytest.raises(TableError, match="column 'state' is missing"):
        gg.redispatch(pd.DataFrame(), incidents((1.0, 1.0)), index(), GRID_DUTIES)
