"""OpenStreetMap becomes our tables, from a local extract; a download goes through the same steps."""

import sys

import geopandas as gpd
import pytest
import shapely

from gridgeo.model.errors import CrsError, StorageError
from gridgeo.model.tables import BUILDINGS, COMMUNITIES, STREETS, check
from gridgeo.storage.osm import osm_town, read_osm

PLACES = {
    **{number: (118.780 + 0.001 * number, 32.040) for number in range(6)},
    **{10 + number: (118.780 + 0.001 * number, 32.041) for number in range(6)},
    **{20 + number: (118.780 + 0.001 * number, 32.042) for number in range(6)},
}
WAYS = {
    1: ([0, 1, 2], {"highway": "primary", "name": "中山路"}),
    2: ([10, 11, 12], {"highway": "residential"}),
    3: ([20, 21], {"highway": "living_street", "name": "石婆婆庵"}),
    4: ([21, 22], {"highway": "footway"}),
    5: ([22, 23], {"highway": "trunk", "tunnel": "yes"}),
    6: ([22, 23], {"highway": "service", "tunnel": "building_passage"}),
    7: ([3, 13], {"railway": "rail"}),
    8: ([4, 14], {"railway": "subway"}),
    9: ([5, 15], {"waterway": "river", "name": "珍珠河"}),
    10: ([15, 25], {"waterway": "drain"}),
    11: ([0, 1, 11, 10, 0], {"barrier": "city_wall"}),
    12: ([2, 3, 13, 12, 2], {"highway": "pedestrian", "area": "yes"}),
    13: ([20, 10], {"highway": "construction"}),
    21: ([0, 1, 11, 10, 0], {"building": "apartments", "building:levels": "6", "name": "1号楼"}),
    22: ([1, 2, 12, 11, 1], {"building": "yes", "building:levels": "33"}),
    23: ([3, 4, 13, 14, 3], {"building": "school", "building:levels": "4"}),
    31: ([0, 2, 22, 20, 0], {}),
}


def write_osm(path, ways=WAYS, *, bounds=True):
    """Write an extract as the export page of openstreetmap.org gives it."""
    lines = ["<?xml version='1.0' encoding='UTF-8'?>", '<osm version="0.6" generator="test">']
    if bounds:
        lines.append('<bounds minlat="32.0395" minlon="118.7795" maxlat="32.0425" maxlon="118.7855"/>')
    lines += [f'<node id="{key}" lon="{lon:.4f}" lat="{lat:.4f}"/>' for key, (lon, lat) in PLACES.items()]
    for key, (nodes, tags) in ways.items():
        lines.append(f'<way id="{key}">')
        lines += [f'<nd ref="{node}"/>' for node in nodes]
        lines += [f'<tag k="{name}" v="{value}"/>' for name, value in tags.items()]
        lines.append("</way>")
    lines.append('<relation id="41"><member type="way" ref="31" role="outer"/><tag k="type" v="boundary"/>')
    lines.append('<tag k="boundary" v="administrative"/><tag k="name" v="梅园社区"/></relation>')
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return path


@pytest.fixture
def extract(tmp_path):
    return write_osm(tmp_path / "town.osm")


def test_streets_rivers_rail_and_walls_have_rank_and_kind(extract):
    streets = read_osm(extract).streets
    check(streets, STREETS)
    told = {key: (row["rank"], row["kind"]) for key, row in streets.iterrows()}
    assert told == {
        "w1": (2, "street"),
        "w2": (5, "street"),
        "w3": (6, "street"),
        "w6": (6, "street"),
        "w7": (1, "rail"),
        "w9": (1, "river"),
        "w11": (4, "wall"),
    }
    assert streets.loc["w1", "name"] == "中山路"
    assert set(streets.geom_type) == {"LineString"}


def test_what_limits_nothing_is_left_out_and_counted(extract):
    source = read_osm(extract).streets.attrs["source"]
    assert source["dropped"] == {"lines that limit nothing": 5}
    assert source["licence"] == "ODbL 1.0"


def test_buildings_are_polygons_with_floors_and_use(extract):
    buildings = read_osm(extract).buildings
    check(buildings, BUILDINGS)
    assert buildings["floors"].to_dict() == {"w21": 6, "w22": 33, "w23": 4}
    assert buildings["use"].isna().to_dict() == {"w21": False, "w22": True, "w23": False}
    assert buildings.loc["w21", "name"] == "1号楼"


def test_a_self_crossing_outline_is_made_valid(extract):
    buildings = read_osm(extract).buildings
    assert buildings.geometry.is_valid.all()
    assert buildings.geometry["w23"].area > 0


def test_floors_that_some_buildings_lack_stay_as_they_are_tagged(tmp_path):
    ways = {**WAYS, 22: (WAYS[22][0], {"building": "yes"})}
    buildings = read_osm(write_osm(tmp_path / "town.osm", ways)).buildings
    check(buildings, BUILDINGS)
    assert "floors" not in buildings
    assert buildings["levels"].notna().sum() == 2


def test_the_territory_is_the_rectangle_that_the_file_covers(extract):
    town = read_osm(extract)
    check(town.boundary, COMMUNITIES)
    assert town.boundary.to_crs(4326).total_bounds == pytest.approx([118.7795, 32.0395, 118.7855, 32.0425])
    assert town.boundary.crs == town.streets.crs == town.buildings.crs == "EPSG:4549"


def test_without_a_declared_rectangle_it_is_the_one_around_everything(tmp_path):
    town = read_osm(write_osm(tmp_path / "town.osm", bounds=False))
    assert town.boundary.to_crs(4326).total_bounds == pytest.approx([118.780, 32.040, 118.785, 32.042])


def test_a_boundary_relation_can_be_named(extract):
    town = read_osm(extract, boundary="梅园社区", to="EPSG:32650")
    assert town.boundary["name"].tolist() == ["梅园社区"]
    assert town.boundary.to_crs(4326).total_bounds == pytest.approx([118.780, 32.040, 118.782, 32.042])
    assert town.streets.crs == "EPSG:32650"
    with pytest.raises(StorageError, match="holds no boundary '兰园社区'; its boundaries are 梅园社区"):
        read_osm(extract, boundary="兰园社区")


def test_a_town_without_buildings_has_an_empty_table_of_them(tmp_path):
    ways = {key: way for key, way in WAYS.items() if key < 20 or key == 31}
    buildings = read_osm(write_osm(tmp_path / "town.osm", ways)).buildings
    check(buildings, BUILDINGS)
    assert len(buildings) == 0


@pytest.mark.parametrize(
    "content",
    [
        "",
        "PK\x03\x04",
        "<gpx></gpx>",
        '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a SYSTEM "file:///etc/hostname">]><osm>&a;</osm>',
    ],
)
def test_what_is_no_osm_xml_is_refused_before_it_is_parsed(tmp_path, content):
    path = tmp_path / "town.osm"
    path.write_text(content)
    with pytest.raises(StorageError, match="is not OSM XML"):
        read_osm(path)


def test_a_damaged_or_empty_extract_and_a_missing_file_are_storage_errors(tmp_path):
    path = tmp_path / "town.osm"
    path.write_text('<osm version="0.6"><node id="1"')
    with pytest.raises(StorageError, match="no streets or buildings can be read"):
        read_osm(path)
    path.write_text('<osm version="0.6"></osm>')
    with pytest.raises(StorageError, match="no streets or buildings can be read"):
        read_osm(path)
    with pytest.raises(StorageError, match="cannot be read"):
        read_osm(tmp_path / "nothing.osm")


def test_a_crs_in_degrees_is_refused(extract):
    with pytest.raises(CrsError, match="is in degrees"):
        read_osm(extract, to="EPSG:4326")


def test_a_downloaded_place_takes_the_same_steps(extract, monkeypatch):
    import osmnx

    local = osmnx.features_from_xml(extract, tags={"highway": True, "building": True})
    outline = gpd.GeoDataFrame(geometry=[shapely.box(118.78, 32.04, 118.782, 32.042)], crs=4326)
    monkeypatch.setattr(osmnx, "geocode_to_gdf", lambda place: outline)
    monkeypatch.setattr(osmnx, "features_from_polygon", lambda polygon, tags: local)
    town = osm_town("Xinjiekou, Nanjing")
    check(town.streets, STREETS)
    assert town.boundary["name"].tolist() == ["Xinjiekou, Nanjing"]


def test_a_place_that_cannot_be_had_is_told_with_the_way_out(monkeypatch):
    import osmnx

    def fail(place):
        raise ConnectionError("no route")

    monkeypatch.setattr(osmnx, "geocode_to_gdf", fail)
    with pytest.raises(StorageError, match=r"gives no 'Nowhere' \(no route\); read a local extract with read_osm"):
        osm_town("Nowhere")


def test_without_osmnx_the_extra_is_named(extract, monkeypatch):
    monkeypatch.setitem(sys.modules, "osmnx", None)
    with pytest.raises(StorageError, match=r"pip install 'gridgeo\[osm\]'"):
        read_osm(extract)
