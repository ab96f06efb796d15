import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

import gridgeo as gg
from gridgeo.model.crs import metric_crs, points_from_lonlat

PLACES = {"Nanjing": (118.78, 32.04), "Wuhan": (114.3, 30.6), "Urumqi": (87.6, 43.8), "Harbin": (126.6, 45.8)}


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ((118.78, 32.04), 4549),
        ((114.3, 30.6), 4547),
        ((113.94, 22.53), 4547),
        ((121.47, 31.23), 4549),
        ((121.5, 25.04), 32651),
        ((114.17, 22.3), 32650),
        ((126.98, 37.57), 32652),
        ((-71.1, 42.37), 32619),
        ((151.2, -33.9), 32756),
    ],
)
def test_the_metric_crs_is_the_gauss_krueger_zone_in_china_and_utm_elsewhere(place, code):
    assert metric_crs(*place).to_epsg() == code


def test_a_layer_in_feet_is_brought_to_metres():
    denver = gpd.GeoDataFrame(geometry=[shapely.Point(3_140_000, 1_690_000)], crs="EPSG:2232")
    assert gg.to_metric(denver).crs.axis_info[0].unit_name == "metre"


def test_a_layer_that_is_metric_stays_as_it_is():
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(500_000, 3_500_000)], crs="EPSG:4549")
    assert gg.to_metric(frame) is frame


def test_a_layer_without_crs_is_an_error_with_the_way_out():
    with pytest.raises(gg.CrsError, match=r"has no CRS; say which one it is with crs=\.\.\."):
        gg.to_metric(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)]))


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        (np.nan, 1, "not finite"),
        (np.inf, 1, "not finite"),
        (32.0, 118.8, "look swapped"),
        (200, 10, "not on the globe"),
    ],
)
def test_coordinates_that_cannot_be_are_refused(lon, lat, words):
    with pytest.raises(gg.CrsError, match=words):
        points_from_lonlat([lon], [lat], "EPSG:4549")


@pytest.mark.parametrize(("there", "back"), [(gg.to_gcj02, gg.from_gcj02), (gg.to_bd09, gg.from_bd09)])
def test_a_datum_comes_back_to_a_millionth_of_a_metre(there, back):
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(75, 134, 10_000), rng.uniform(19, 53, 10_000)
    lon_back, lat_back = back(*there(lon, lat))
    _, _, metres = Geod(ellps="WGS84").inv(lon, lat, lon_back, lat_back)
    assert np.max(metres) < 1e-6


def test_gcj02_lies_where_published_examples_say():
    # Nanjing, from the shared data's own comparison: GCJ-02 lies 491 m east and 227 m south of WGS 84.
    lon, lat = PLACES["Nanjing"]
    lon_gcj, lat_gcj = gg.to_gcj02(lon, lat)
    _, _, east = Geod(ellps="WGS84").inv(lon, lat, float(lon_gcj), lat)
    _, _, south = Geod(ellps="WGS84").inv(lon, lat, lon, float(lat_gcj))
    assert east == pytest.approx(491, abs=2)
    assert south == pytest.approx(227, abs=2)
    assert lon_gcj > lon
    assert lat_gcj < lat


def test_a_coordinate_that_is_not_finite_has_no_shift():
    with pytest.raises(gg.CrsError, match="not finite"):
        gg.to_gcj02([np.nan], [1.0])
