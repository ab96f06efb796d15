"""A density raster gives every point its place, its reach and its weight, and nothing else."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from towns import CRS, town

import gridgeo as gg


def at(*places):
    return gpd.GeoSeries([shapely.Point(500_000 + x, 3_400_000 + y) for x, y in places], crs=CRS)


def middle_of(raster, row, column):
    """Give the middle of a cell by the raster's own transform."""
    a, b, c, d, e, f = raster.transform
    return a * (column + 0.5) + b * (row + 0.5) + c, d * (column + 0.5) + e * (row + 0.5) + f


def test_a_point_adds_up_to_one_and_is_densest_where_it_lies():
    raster = gg.density_raster(at((25, 75)), bandwidth_m=300, cell_m=50)
    assert raster.values.sum() * 50**2 / 1e6 == pytest.approx(1)
    row, column = np.unravel_index(raster.values.argmax(), raster.values.shape)
    assert middle_of(raster, row, column) == (500_025, 3_400_075)
    assert (raster.points, raster.crs) == (1, CRS)


def test_the_density_is_that_of_the_quartic_kernel():
    random = np.random.default_rng(0)
    points = at(*(random.integers(0, 100, (40, 2)) * 10 + 5))  # in the middle of cells
    raster = gg.density_raster(points, bandwidth_m=200, cell_m=10)
    for row, column in [(20, 20), (50, 60), (70, 40)]:
        x, y = middle_of(raster, row, column)
        share = np.clip(1 - points.distance(shapely.Point(x, y)) ** 2 / 200**2, 0, None) ** 2
        assert raster.values[row, column] == pytest.approx(share.sum() * 3 / (np.pi * 0.2**2), rel=0.005)


def test_nothing_lies_beyond_the_bandwidth():
    raster = gg.density_raster(at((5, 5)), bandwidth_m=100, cell_m=10, bounds=(499_000, 3_399_000, 501_000, 3_401_000))
    rows, columns = np.nonzero(raster.values)
    x, y = middle_of(raster, rows, columns)
    assert np.hypot(x - 500_005, y - 3_400_005).max() < 100
    assert raster.values.shape == (200, 200)
    assert raster.values.min() == 0


def test_edges_do_not_sink_when_the_territory_is_known():
    ground = town("\n".join(["A" * 10] * 10))
    places = [(x, y) for x in range(5, 1000, 10) for y in range(5, 1000, 10)]
    open_, corrected = (
        gg.density_raster(at(*places), bandwidth_m=150, cell_m=10, within=within, bounds=tuple(ground.total_bounds))
        for within in (None, ground)
    )
    np.testing.assert_allclose(corrected.values, 10_000, rtol=1e-9)
    assert open_.values[0, 0] < 0.35 * 10_000
    assert open_.values[50, 50] == pytest.approx(10_000)


def test_outside_the_territory_there_is_no_density_and_points_there_do_not_count():
    raster = gg.density_raster(at((50, 50), (150, 50)), bandwidth_m=60, cell_m=10, within=town("A.\nAA").loc[["A"]])
    assert raster.points == 2
    assert np.isnan(raster.values[0, -1])
    outside = gg.density_raster(at((50, 50), (150, 150)), bandwidth_m=60, cell_m=10, within=town("A.\nAA"))
    assert outside.points == 1


def test_weights_and_points_without_a_place():
    points = gpd.GeoSeries([*at((5, 5), (5, 5)), None, shapely.Point()], crs=CRS)
    raster = gg.density_raster(points, weights=[2, 3, 100, 100])
    assert raster.values.sum() * 50**2 / 1e6 == pytest.approx(5)
    assert raster.points == 2


def test_points_around_the_raster_reach_into_it():
    box = (500_000, 3_400_000, 501_000, 3_401_000)
    raster = gg.density_raster(at((-5, 500), (-5_000, 500)), bandwidth_m=100, cell_m=10, bounds=box)
    assert raster.points == 1
    assert raster.values[:, 0].max() > 0
    assert raster.values[:, 10:].max() == 0


def test_no_point_gives_an_empty_raster_of_the_territory():
    raster = gg.density_raster(at(), within=town("AB"))
    assert (raster.values == 0).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cell_m": 0}, "cell_m is 0"),
        ({"bandwidth_m": np.nan}, "bandwidth_m is nan"),
        ({"bounds": (1, 1, 0, 0)}, "are not west, south, east, north"),
        ({"bounds": (0, 0, 1e9, 1e9)}, "cells are too many"),
        ({"weights": [1]}, "one finite number for each of 2 points"),
        ({"points": at()}, "none has a place"),
        ({"points": gpd.GeoSeries([shapely.box(0, 0, 1, 1)], crs=CRS)}, "0 is not a Point"),
        ({"points": at((0, 0)).set_crs(4326, allow_override=True)}, "is in degrees"),
        ({"within": town("A").to_crs(4549)}, "within: is in"),
    ],
)
def test_bad_input_is_refused(options, words):
    given = {"points": at((0, 0), (5, 5)), **options}
    with pytest.raises(gg.GridgeoError, match=words):
        gg.density_raster(given.pop("points"), **given)
