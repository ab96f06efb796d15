"""Colours tell sizes against the band, and neighbours apart."""

import numpy as np
import pytest

from gridgeo.model.profile import UNLIMITED, Limits
from gridgeo.publish.colours import ABOVE, BELOW, colour_neighbours, size_classes


def test_both_ends_of_the_band_have_a_colour_of_the_band():
    classes = size_classes(Limits(300, 500, 400))
    of = classes.of(np.array([0, 224, 225, 299, 300, 400, 500, 501, 625, 626, 9999]))
    colours = [classes.colours[at] for at in of]
    assert colours[:4] == [BELOW[0], BELOW[0], BELOW[1], BELOW[1]]
    assert not {colours[4], colours[5], colours[6]} & {*BELOW, *ABOVE}
    assert colours[7:] == [ABOVE[0], ABOVE[0], ABOVE[1], ABOVE[1]]


@pytest.mark.parametrize(("low", "high"), [(1, 1), (1, 2), (5, 5), (50, 80), (300, 302), (40, 1200)])
def test_any_band_gives_classes_that_grow(low, high):
    classes = size_classes(Limits(low, high, low))
    assert list(classes.lows) == sorted(set(classes.lows))
    assert len(classes.lows) == len(classes.colours)
    inside = {classes.colours[at] for at in classes.of(np.arange(low, high + 1))}
    assert not inside & {*BELOW, *ABOVE}
    assert classes.colours[classes.of(np.array([high + 1]))[0]] == ABOVE[0]


def test_neighbours_differ_and_colours_are_shared_out():
    side = 12
    number = np.arange(side * side).reshape(side, side)
    pairs = np.vstack([
        np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
        np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
    ])  # fmt: skip
    colours = colour_neighbours(pairs, side * side)
    assert (colours[pairs[:, 0]] != colours[pairs[:, 1]]).all()
    assert np.bincount(colours, minlength=8).min() > 0


def test_an_area_with_very_many_neighbours_still_gets_a_colour():
    everyone = np.array([(one, other) for one in range(12) for other in range(one + 1, 12)])
    assert sorted(set(colour_neighbours(everyone, 12).tolist())) == list(range(8))


@pytest.mark.parametrize(
    ("limits", "below", "above"),
    [
        (Limits(0, 200, 150), 0, 2),
        (Limits(65, UNLIMITED, 90), 2, 0),
        (Limits(0, UNLIMITED, 500), 0, 0),
        (Limits(1, UNLIMITED, 1), 1, 0),
        (Limits(0, 1, 1), 0, 2),
    ],
)
def test_an_open_band_has_classes_on_the_sides_that_it_has(limits, below, above):
    classes = size_classes(limits)
    assert (classes.below, classes.above) == (below, above)
    assert classes.lows[0] == 0
    assert list(classes.lows) == sorted(set(classes.lows))
    assert len(classes.lows) == len(classes.colours)
    assert max(classes.lows) < UNLIMITED
    assert classes.colours[classes.of(np.array([limits.target]))[0]] not in {*BELOW, *ABOVE}
