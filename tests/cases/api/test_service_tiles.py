"""Ask the service for tiles, and read them as their users do."""

import io
import math

import numpy as np
import pyogrio
import pytest
import shapely
from PIL import Image
from served_town import lonlat, plan, streets

CENTRE = lonlat(4, 1)
NO_TILES = ["3/9/1", "23/1/1", "-1/0/0", "a/0/0", "3/1/99999999999999999999"]
NO_WINDOWS = [
    "since=2026-13-01",
    "since=2026-09-01T08:00:00",
    "until=tomorrow",
    "until=0",
    "since=1790812800",
    "category=",
    "color=red",
]


def tile_at(z, lon=CENTRE[0], lat=CENTRE[1]):
    side = 2**z
    return z, int((lon + 180) / 360 * side), int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side)


def fetch(client, layer, z=14, **query):
    z, x, y = tile_at(z)
    return client.get(f"/v1/tiles/{layer}/{z}/{x}/{y}.mvt", params=query)


def read_tile(client, layer, tmp_path, z=14):
    """Read a tile through GDAL's driver MVT."""
    number, x, y = tile_at(z)
    folder = tmp_path / str(number) / str(x)
    folder.mkdir(parents=True)
    path = folder / f"{y}.mvt"
    path.write_bytes(fetch(client, layer, z).content)
    return pyogrio.read_dataframe(f"MVT:{path}", layer=layer, CLIP="NO")


def test_gdal_reads_the_areas_of_a_tile(client, tmp_path):
    read = read_tile(client, "grid", tmp_path)
    drawn = plan().areas("grid")
    assert sorted(read["area_id"]) == drawn.index.tolist()
    assert read["households"].sum() == 1600
    assert {"name", "short_name", "parent_id", "hue", "shade"} <= set(read.columns)
    centres = read.set_index("area_id").to_crs(drawn.crs).centroid
    assert shapely.contains(drawn.loc["G4"].geometry, centres["G4"])


def test_gdal_reads_the_lines_of_a_tile_where_they_lie(client, tmp_path):
    read = read_tile(client, "streets", tmp_path, z=16).set_index("name")
    laid = streets().set_index("name")
    assert sorted(read.index) == sorted(laid.index)
    assert read["rank"].to_dict() == {"溪桥路": 2, "北苑街": 4, "和平路": 5}
    drawn, lines = read.to_crs(laid.crs).geometry, laid.geometry.loc[read.index]
    clipped = shapely.intersection(lines.to_numpy(), shapely.buffer(drawn.to_numpy(), 2))
    assert shapely.hausdorff_distance(drawn.to_numpy(), clipped).max() < 3


def test_buildings_begin_at_zoom_13(client, tmp_path):
    assert fetch(client, "buildings", 12).content == b""
    assert sorted(read_tile(client, "buildings", tmp_path)["floors"]) == [6, 11]


def test_a_tile_beside_the_town_is_empty(client):
    answer = client.get("/v1/tiles/grid/14/0/0.mvt")
    assert (answer.status_code, answer.content) == (200, b"")


def test_tilejson_describes_the_tiles_where_they_are(client):
    described = client.get("/v1/tiles/grid.json").json()
    assert described["tilejson"] == "3.0.0"
    assert described["vector_layers"][0]["fields"]["households"] == "Number"
    z, x, y = tile_at(14)
    address = described["tiles"][0].replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y))
    answer = client.get(address)
    assert answer.content == fetch(client, "grid").content
    assert "immutable" in answer.headers["cache-control"]


def test_a_tile_of_a_past_day_shows_the_plan_of_that_day(client):
    then, now = fetch(client, "grid", at="2026-03-01"), fetch(client, "grid")
    assert then.content != now.content
    assert then.headers["etag"] != now.headers["etag"]


def test_a_tile_of_another_version_is_asked_for_again(client):
    assert fetch(client, "grid", v="older").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("address", NO_TILES)
def test_a_tile_that_there_is_not_is_refused(client, address):
    answer = client.get(f"/v1/tiles/grid/{address}.mvt")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_layer_that_there_is_not_names_those_that_there_are(client):
    for address in ("/v1/tiles/parks/3/1/1.mvt", "/v1/tiles/parks.json"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "community, grid, micro, streets, buildings" in answer.json()["detail"]


# Heat


def heat(client, **query):
    z, x, y = tile_at(15)
    answer = client.get(f"/v1/heat/{z}/{x}/{y}.png", params=query)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))


def test_heat_is_a_transparent_picture_of_256_pixels(client):
    picture = heat(client)
    assert picture.shape == (256, 256, 4)
    assert picture[..., 3].max() > 100
    assert picture[0, 0, 3] == 0


def test_heat_can_be_asked_for_a_window_of_time_and_a_category(client):
    whole = heat(client)
    assert not np.array_equal(heat(client, since="2026-09-03", until="2026-09-05"), whole)
    assert not np.array_equal(heat(client, category="漏水"), whole)
    assert heat(client, until="2026-09-01")[..., 3].max() == 0
    assert heat(client, category="无")[..., 3].max() == 0


def test_a_day_of_the_heat_is_a_day_of_the_town(client):
    day = heat(client, since="2026-09-02", until="2026-09-03")
    instants = heat(client, since="2026-09-01T16:00:00Z", until="2026-09-02T16:00:00Z")
    assert np.array_equal(day, instants)
    z, x, y = tile_at(15)
    unescaped = client.get(f"/v1/heat/{z}/{x}/{y}.png?since=2026-09-02T00:00:00+08:00&until=2026-09-03T00:00:00+08:00")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(unescaped.content)).convert("RGBA")), day)


@pytest.mark.parametrize("query", NO_WINDOWS)
def test_a_window_that_cannot_be_read_is_refused(client, query):
    z, x, y = tile_at(15)
    assert client.get(f"/v1/heat/{z}/{x}/{y}.png?{query}").status_code == 422
