"""A published concordance gives no small count away."""

import pandas as pd
import pytest

import gridgeo as gg
from gridgeo.model.errors import TableError
from gridgeo.publish.comparison import publish_concordance


def table(*rows):
    made = pd.DataFrame(rows, columns=["before_id", "after_id", "households"])
    return gg.concordance(made.assign(area_m2=100.0, change="redrawn"))


def hidden(*rows, smallest=5):
    made = publish_concordance(table(*rows), smallest=smallest)
    rows = made[made["suppressed"]]
    return (rows["before_id"] + rows["after_id"]).tolist()


def test_a_zero_and_a_large_count_are_published():
    assert hidden(("A", "X", 0), ("A", "Y", 5)) == []


def test_a_small_count_takes_neighbours_with_it_on_both_sides():
    rows = [("A", "X", 3), ("A", "Y", 50), ("A", "Z", 60), ("B", "X", 70), ("B", "Y", 80), ("B", "Z", 90)]
    found = hidden(*rows)
    assert found[0] == "AX"
    for side in (0, 1):
        for area in {pair[side] for pair in found}:
            assert sum(pair[side] == area for pair in found) >= 2
    assert len(found) == 4


def test_what_is_suppressed_is_missing_in_every_telling_column():
    made = publish_concordance(table(("A", "X", 2), ("A", "Y", 90), ("B", "X", 40)))
    assert made["suppressed"].tolist() == [True, True, True]
    telling = ["households", "before_households_share", "after_households_share", "weight"]
    assert made[telling].isna().all(axis=None)
    assert made["before_area_share"].tolist() == [0.5, 0.5, 1.0]


def test_one_suppresses_nothing_and_less_is_refused():
    assert hidden(("A", "X", 1), ("A", "Y", 9), smallest=1) == []
    with pytest.raises(TableError, match="smallest is 0"):
        publish_concordance(table(("A", "X", 1)), smallest=0)
