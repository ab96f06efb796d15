"""A band is worded as its rule states it, and an amount lies below, inside or above."""

import numpy as np
import pytest

from gridgeo.model.bands import has_ends, say_band, side_of
from gridgeo.model.profile import UNLIMITED, Limits, list_profiles, load_profile


@pytest.mark.parametrize(
    ("limits", "english", "chinese"),
    [
        (Limits(300, 500, 400), "300-500 households", "300-500户"),
        (Limits(0, 200, 150), "at most 200 households", "不超过200户"),
        (Limits(65, UNLIMITED, 90), "at least 65 households", "不少于65户"),
        (Limits(0, UNLIMITED, 10_000, measure="area_m2"), "about 10,000 m²", "约10,000平方米"),
        (Limits(900, 1700, 1500, measure="persons"), "900-1,700 persons", "900-1,700人"),
        (Limits(3, 6, 4, measure="grids"), "3-6 grids", "3-6个网格"),
        (Limits(4, 4, 4, measure="grids"), "exactly 4 grids", "4个网格"),
        (Limits(0, 40, 30, measure="call_load"), "at most 40 call load", "不超过40 call load"),
    ],
)
def test_a_band_is_worded_by_the_ends_that_its_rule_states(limits, english, chinese):
    assert say_band(limits) == english
    assert say_band(limits, "zh") == chinese


def test_the_unit_may_be_left_out_and_the_dash_chosen():
    assert say_band(Limits(65, UNLIMITED, 90), unit=False) == "at least 65"
    assert say_band(Limits(300, 500, 400), unit=False, dash="–") == "300–500"


def test_no_shipped_profile_is_worded_with_an_end_that_it_does_not_state():
    for name in list_profiles():
        profile = load_profile(name)
        stated = [*profile.limits.values(), *(each for rows in profile.further.values() for each in rows)]
        for limits in stated:
            for language in ("en", "zh"):
                assert f"{UNLIMITED:,}" not in say_band(limits, language), name


def test_both_ends_belong_to_the_band():
    assert side_of(Limits(300, 500, 400), [299, 300, 500, 501]).tolist() == [-1, 0, 0, 1]
    assert side_of(Limits(0, 200, 150), np.array([0, 200, 201])).tolist() == [0, 0, 1]
    assert side_of(Limits(65, UNLIMITED, 90), [64, 65, 10**8]).tolist() == [-1, 0, 0]


def test_a_mere_target_has_no_ends():
    assert not has_ends(Limits(0, UNLIMITED, 500))
    assert has_ends(Limits(0, 200, 150))
