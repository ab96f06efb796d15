"""The shifts of Chinese web maps and their ways back undo each other, everywhere in China."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

import gridgeo as gg

GLOBE = Geod(ellps="WGS84")
LON = st.one_of(st.floats(73.0, 136.0), st.sampled_from([105.0, np.nextafter(105.0, 0), np.nextafter(105.0, 200)]))
LAT = st.one_of(st.floats(17.0, 54.5), st.just(35.0))
PAIRS = {"gcj02": (gg.to_gcj02, gg.from_gcj02), "bd09": (gg.to_bd09, gg.from_bd09)}


def metres(lon, lat, other_lon, other_lat):
    return GLOBE.inv(lon, lat, other_lon, other_lat)[2]


@pytest.mark.parametrize("datum", PAIRS)
@given(lon=LON, lat=LAT)
def test_a_place_that_is_shifted_and_brought_back_has_not_moved(datum, lon, lat):
    there, back = PAIRS[datum]
    assert metres(lon, lat, *map(float, back(*there(lon, lat)))) < 1e-6


@pytest.mark.parametrize("datum", PAIRS)
@given(lon=LON, lat=LAT)
def test_a_place_that_is_brought_back_shifts_to_where_it_was(datum, lon, lat):
    there, back = PAIRS[datum]
    assert metres(lon, lat, *map(float, there(*back(lon, lat)))) < 1e-6


@pytest.mark.parametrize("datum", PAIRS)
@given(lon=LON, lat=LAT)
def test_a_shift_is_some_hundred_metres(datum, lon, lat):
    there, _ = PAIRS[datum]
    assert 10 < metres(lon, lat, *map(float, there(lon, lat))) < 2_500


@pytest.mark.parametrize("convert", [gg.to_gcj02, gg.from_gcj02, gg.to_bd09, gg.from_bd09])
@given(seed=st.integers(0, 2**32 - 1), shape=st.lists(st.integers(0, 5), max_size=3).map(tuple))
def test_many_places_at_once_are_the_single_places_in_their_shape(convert, seed, shape):
    random = np.random.default_rng(seed)
    lon, lat = random.uniform(74, 135, shape), random.uniform(18, 54, shape)
    made = convert(lon, lat)
    assert made[0].shape == made[1].shape == shape
    for place in np.ndindex(shape):
        alone = convert(lon[place], lat[place])
        assert metres(made[0][place], made[1][place], float(alone[0]), float(alone[1])) < 1e-6


@pytest.mark.parametrize("datum", PAIRS)
def test_every_kilometre_of_china_comes_back(datum):
    there, back = PAIRS[datum]
    random = np.random.default_rng(0)
    lon, lat = random.uniform(73.5, 135.1, 300_000), random.uniform(18.1, 53.6, 300_000)
    assert metres(lon, lat, *back(*there(lon, lat))).max() < 1e-6
