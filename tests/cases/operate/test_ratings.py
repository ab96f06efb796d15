"""One to five stars, by fixed limits or by the place among the others."""

import numpy as np
import pandas as pd
import pytest

import gridgeo as gg
from gridgeo.model.errors import TableError

LIMITS = (0.6, 0.7, 0.8, 0.9)
FIFTHS = (0.2, 0.4, 0.6, 0.8)


def areas(*values, counts=100):
    ids = pd.Index([f"G{number}" for number in range(len(values))], name="area_id")
    return pd.Series(values, index=ids, dtype=float), pd.Series(counts, index=ids)


def test_a_value_at_a_threshold_has_the_better_stars():
    stars = gg.rate_stars(*areas(0.59, 0.6, 0.7, 0.89, 0.9, 1.0), thresholds=LIMITS)
    assert stars.tolist() == [1, 2, 3, 4, 5, 5]


def test_fifths_of_the_areas_have_one_to_five_stars():
    stars = gg.rate_stars(*areas(*range(10)), quantiles=FIFTHS)
    assert stars.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_areas_of_the_same_value_share_the_better_stars():
    assert gg.rate_stars(*areas(1, 2, 2, 3, 4), quantiles=FIFTHS).tolist() == [1, 3, 3, 4, 5]
    assert gg.rate_stars(*areas(7, 7, 7), quantiles=FIFTHS).tolist() == [5, 5, 5]


def test_too_few_incidents_and_missing_values_have_no_stars_and_move_nobody():
    values, counts = areas(1, 2, 3, 4, 5)
    more = pd.concat([values, pd.Series({"few": 9.0, "none": np.nan})])
    stars = gg.rate_stars(more, pd.concat([counts, pd.Series({"few": 9, "none": 50})]), quantiles=FIFTHS)
    assert stars.iloc[:5].tolist() == [1, 2, 3, 4, 5]
    assert stars[["few", "none"]].isna().all()


def test_the_order_of_rows_does_not_matter():
    values, counts = areas(*np.random.default_rng(0).integers(0, 6, 40))
    turned = gg.rate_stars(values[::-1], counts, quantiles=FIFTHS)
    pd.testing.assert_series_equal(turned[::-1], gg.rate_stars(values, counts, quantiles=FIFTHS))


def test_rates_may_be_rated_as_they_come():
    rates = pd.DataFrame({"closure_rate": [0.95, 0.5], "filed": pd.array([30, 2], dtype="Int64")},
                         index=pd.Index(["A", "B"], name="area_id"))  # fmt: skip
    assert gg.rate_stars(rates["closure_rate"], rates["filed"], thresholds=LIMITS).fillna(0).tolist() == [5, 0]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({}, "either thresholds or quantiles"),
        ({"thresholds": LIMITS, "quantiles": FIFTHS}, "either thresholds or quantiles"),
        ({"thresholds": (0.6, 0.7, 0.8)}, "not four rising numbers"),
        ({"thresholds": (0.6, 0.8, 0.7, 0.9)}, "not four rising numbers"),
        ({"thresholds": (0.6, 0.7, 0.8, float("nan"))}, "not four rising numbers"),
        ({"quantiles": (0.2, 0.4, 0.6, 1.0)}, "not between 0 and 1"),
    ],
)
def test_limits_that_are_wrong_are_refused(limits, words):
    with pytest.raises(TableError, match=words):
        gg.rate_stars(*areas(1.0), **limits)


def test_ids_that_stand_twice_or_have_no_count_are_refused():
    values, counts = areas(1.0, 2.0)
    with pytest.raises(TableError, match="values: 'G0' stands twice"):
        gg.rate_stars(values.set_axis(["G0", "G0"]), counts, thresholds=LIMITS)
    with pytest.raises(TableError, match="'G1' has a value and no count"):
        gg.rate_stars(values, counts[:1], thresholds=LIMITS)
