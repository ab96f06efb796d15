"""Heat tiles: the same colours over all tiles of a zoom, no seams, nothing where nothing is."""

import io
import math
from datetime import datetime

import geopandas as gpd
import numpy as np
import pytest
import shapely
from PIL import Image

from gridgeo.model.errors import CrsError, GridgeoError, TableError
from gridgeo.publish.heat import HeatTiles

LON, LAT = 120.0, 30.25


def where(z):
    """Give the column and the row of the tile that holds LON, LAT, with the share of the way through it."""
    down = (1 - math.asinh(math.tan(math.radians(LAT))) / math.pi) / 2
    return (LON + 180) / 360 * 2**z, down * 2**z


def address(z):
    return z, *map(int, where(z))


def pixels(png):
    """Read a tile: red, green, blue, alpha."""
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.size == (256, 256)
    return np.asarray(image.convert("RGBA")).astype(int)


def cloud(count=5000, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal([LON, LAT], 0.01, (count, 2)).T


@pytest.mark.parametrize("z", [10, 12, 14, 16, 18, 22])
def test_a_point_is_where_it_is_on_every_zoom(z):
    alpha = pixels(HeatTiles(([LON], [LAT])).tile(*address(z)))[..., 3]
    row, column = np.argwhere(alpha == alpha.max()).mean(axis=0)
    across, down = (256 * (share % 1) for share in where(z))
    assert abs(column - across) < 8
    assert abs(row - down) < 8


@pytest.mark.parametrize("z", [11, 13, 14, 15, 16, 18])
def test_there_is_no_seam_between_tiles(z):
    heat = HeatTiles(np.random.default_rng(0).normal([LON, LAT], 150 / 2**z, (4000, 2)).T)
    _, x, y = address(z)
    for other, joined in (((x + 1, y), np.hstack), ((x, y + 1), np.vstack)):
        both = joined([pixels(heat.tile(z, x, y)), pixels(heat.tile(z, *other))])
        both = both if joined is np.hstack else both.transpose(1, 0, 2)
        steps = np.abs(np.diff(both[:, 236:276, 3], axis=1)).max(axis=0)
        assert both[:, 236:276, 3].max() > 20
        assert steps[19] <= max(steps[[16, 17, 18, 20, 21, 22]]) + 3


def test_a_place_without_points_is_all_transparent():
    tile = HeatTiles(cloud()).tile(14, 0, 0)
    assert pixels(tile)[..., 3].max() == 0
    assert len(tile) < 1500
    assert HeatTiles(([], [])).tile(3, 1, 1) == tile


def test_ten_times_the_points_give_the_same_colours():
    lon, lat = cloud(800)
    once, often = HeatTiles((lon, lat)), HeatTiles((np.repeat(lon, 10), np.repeat(lat, 10)))
    np.testing.assert_allclose(pixels(once.tile(*address(14))), pixels(often.tile(*address(14))), atol=3)


def test_a_weight_counts_like_so_many_points():
    lon, lat = cloud(300)
    weights = np.random.default_rng(1).integers(1, 5, 300)
    weighted = HeatTiles((lon, lat), weights)
    repeated = HeatTiles((np.repeat(lon, weights), np.repeat(lat, weights)))
    np.testing.assert_allclose(pixels(weighted.tile(*address(13))), pixels(repeated.tile(*address(13))), atol=3)


def test_a_town_is_no_solid_blob():
    alpha = pixels(HeatTiles(cloud(20_000)).tile(*address(12)))
    colours = {tuple(colour) for colour in alpha.reshape(-1, 4)[::37].tolist()}
    assert len(colours) > 60


def test_a_span_of_time_keeps_its_points_only():
    when = np.array(["2026-03-01", "2026-03-02", "2026-03-03"], dtype="datetime64[s]")
    heat = HeatTiles(([LON] * 3, [LAT] * 3), when=when)
    assert len(heat.between(datetime(2026, 3, 2), None)) == 2
    assert len(heat.between(None, datetime(2026, 3, 2))) == 1
    assert len(heat.between(datetime(2026, 3, 2), datetime(2026, 3, 3))) == 1
    assert pixels(heat.between(datetime(2027, 1, 1)).tile(*address(14)))[..., 3].max() == 0


def test_points_come_as_a_geoseries_in_any_crs_and_those_without_a_place_are_left_out():
    lon, lat = cloud(50)
    points = gpd.GeoSeries.from_xy(lon, lat, crs="OGC:CRS84")
    metric = points.to_crs("EPSG:4549")
    metric.iloc[3], metric.iloc[4] = None, shapely.Point()
    heat = HeatTiles(metric, weights=np.ones(50))
    assert len(heat) == 48
    kept = np.delete(np.arange(50), [3, 4])
    assert heat.tile(*address(14)) == HeatTiles((lon[kept], lat[kept])).tile(*address(14))


@pytest.mark.parametrize(
    "address",
    [
        (-1, 0, 0),
        (23, 0, 0),
        (2, 4, 0),
        (2, 0, 4),
        (2, -1, 0),
        (2, 0, -1),
        (1.5, 0, 0),
        (2, float("nan"), 0),
        (2, "1", 0),
    ],
)
def test_an_address_that_is_no_tile_is_refused(address):
    with pytest.raises(ValueError, match="tile ") as caught:
        HeatTiles(([LON], [LAT])).tile(*address)
    assert isinstance(caught.value, GridgeoError)


@pytest.mark.parametrize(("lon", "lat"), [(np.nan, 1.0), (np.inf, 1.0), (181.0, 1.0), (1.0, -91.0)])
def test_a_point_that_is_nowhere_is_refused(lon, lat):
    with pytest.raises(CrsError, match="point 1"):
        HeatTiles(([0.0, lon], [0.0, lat]))


def test_points_without_a_crs_are_refused():
    with pytest.raises(CrsError, match="no CRS"):
        HeatTiles(gpd.GeoSeries.from_xy([1.0], [2.0]))


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [1.0, np.nan]])
def test_weights_that_count_nothing_are_refused(weights):
    with pytest.raises(TableError, match="weight"):
        HeatTiles(([0.0, 1.0], [0.0, 1.0]), weights)


def test_a_span_of_points_without_instants_is_refused():
    with pytest.raises(TableError, match="when"):
        HeatTiles(([LON], [LAT])).between(datetime(2026, 1, 1))


@pytest.mark.parametrize("place", [(0, 0), (180, 85.2), (-180, -85.2), (0, 90), (180, -90)])
def test_the_edges_of_the_world_are_on_it(place):
    heat = HeatTiles(([place[0]], [place[1]]))
    x, y = (0 if place[0] < 180 else 3) if place[0] else 2, 0 if place[1] > 0 else 3 if place[1] else 2
    assert pixels(heat.tile(2, x, y))[..., 3].max() > 0
