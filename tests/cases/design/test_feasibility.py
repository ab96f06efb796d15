import math

import pytest

from gridgeo.design.feasibility import arithmetic


@pytest.mark.parametrize("total", [1, 299, 501, 550, 599])
def test_some_totals_have_no_division_into_300_to_500(total):
    assert not arithmetic(total, 300, 500, 400).is_feasible


@pytest.mark.parametrize("total", [300, 500, 600, 1000, 41864])
def test_the_other_totals_have_one(total):
    assert arithmetic(total, 300, 500, 400).is_feasible


@pytest.mark.parametrize("total", [49, 81, 99])
def test_micro_grids_have_their_own_impossible_totals(total):
    assert not arithmetic(total, 50, 80, 65).is_feasible


def test_the_counts_are_exactly_those_that_fit():
    for total in range(1, 3000):
        counts = arithmetic(total, 300, 500, 400).counts
        assert list(counts) == [k for k in range(1, 20) if 300 * k <= total <= 500 * k]


def test_the_relaxed_band_can_be_kept_and_no_nearer_one_can():
    for total in [*range(1, 300), *range(501, 600)]:
        found = arithmetic(total, 300, 500, 400)
        relaxed = arithmetic(total, found.low, found.high, max(found.low, min(400, found.high)))
        assert relaxed.is_feasible
        miss = max(300 - found.low, found.high - 500)
        nearer = (math.ceil(total / (500 + miss - 1)), total // max(300 - miss + 1, 1))
        assert max(nearer[0], 1) > nearer[1]


def test_of_all_counts_the_mean_nearest_to_the_target_is_best():
    assert arithmetic(1900, 300, 500, 400).best == 5
    assert arithmetic(0, 300, 500, 400).best == 1
