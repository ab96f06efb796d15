from fractions import Fraction

import numpy as np
import pytest

from gridgeo.operate.orientation import orientation


def exact(ax, ay, bx, by, px, py):
    ax, ay, bx, by, px, py = map(Fraction, (ax, ay, bx, by, px, py))
    value = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
    return (value > 0) - (value < 0)


def of_one(*places):
    return int(orientation(*(np.array([place], dtype=float) for place in places))[0])


def test_left_is_positive_and_right_is_negative():
    assert of_one(0, 0, 1, 0, 0.5, 1) == 1
    assert of_one(0, 0, 1, 0, 0.5, -1) == -1


def test_a_point_on_the_line_is_zero():
    assert of_one(500_000.1, 3_400_000.7, 500_010.1, 3_400_020.7, 500_000.1, 3_400_000.7) == 0
    assert of_one(0, 0, 3, 3, 1e-9, 1e-9) == 0


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e-160, 1e100])
@pytest.mark.parametrize("origin", [0.0, 12.0, 524_288.0])
def test_signs_one_rounding_beside_the_line_are_exact(scale, origin):
    random = np.random.default_rng(7)
    ax, ay, bx, by, share = random.uniform(-30, 30, (5, 300))
    px, py = ax + share / 30 * (bx - ax), ay + share / 30 * (by - ay)
    px = np.nextafter(px, random.choice([-np.inf, np.inf], 300))
    places = [(part + origin) * scale for part in (ax, ay, bx, by, px, py)]
    assert orientation(*places).tolist() == [exact(*map(float, row)) for row in zip(*places, strict=True)]
