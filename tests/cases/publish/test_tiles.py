"""Vector tiles hold the plan, as an independent reader (GDAL) sees it."""

import gzip
import json
import struct
from dataclasses import replace
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from drawn_plans import drawn_plan
from towns import CRS, EAST_M, NORTH_M

from gridgeo.model.errors import CrsError, GridgeoError, StorageError
from gridgeo.model.profile import Limits
from gridgeo.publish.pmtiles import pack, tile_number
from gridgeo.publish.tile_grid import tiles_over
from gridgeo.publish.tiles import PlanTiles, _facts, vector_tile, write_tiles
from gridgeo.publish.vector_tile import encode_layer, encode_properties, encode_tile

MERCATOR = "EPSG:3857"


@pytest.fixture(scope="module")
def plan():
    drawn = drawn_plan(
        """
        ABCD
        EFGH
        IJKL
        """,
        grid="112211223322",
        community="112211221122",
        micro="aabbccddeeff",
    )
    return replace(drawn, manifest={"attribution": "© Town"})


@pytest.fixture(scope="module")
def archive(plan, tmp_path_factory):
    return write_tiles(plan, tmp_path_factory.mktemp("tiles") / "plan.pmtiles", zooms=(12, 17))


def read(archive, layer, zoom):
    return pyogrio.read_dataframe(archive, layer=layer, ZOOM_LEVEL=str(zoom))


def decoded(tile, folder, z, x, y):
    """Read one tile with GDAL's own decoder: name of layer -> table."""
    place = folder / str(z) / str(x) / f"{y}.pbf"
    place.parent.mkdir(parents=True)
    place.write_bytes(tile)
    return {
        str(name): pyogrio.read_dataframe(place, layer=name, X=x, Y=y, Z=z) for name, _ in pyogrio.list_layers(place)
    }


def layers_in(tile):
    """Find the names of a tile's layers."""
    names = ("communities", "grids", "micro", "beats", "labels")
    return {name for name in names if bytes([10, len(name)]) + name.encode() in tile}


def test_all_levels_are_in_the_file(archive):
    assert set(pyogrio.list_layers(archive)[:, 0]) == {"communities", "grids", "micro", "labels"}


@pytest.mark.parametrize(("layer", "level"), [("communities", "community"), ("grids", "grid"), ("micro", "micro")])
@pytest.mark.parametrize("zoom", [13, 15, 17])
def test_the_file_holds_the_areas_where_they_are(plan, archive, layer, level, zoom):
    step_m = 40_075_016.7 / 2**zoom / 4096
    found = read(archive, layer, zoom).dissolve("area_id").geometry.sort_index()
    wanted = plan.areas(level).to_crs(MERCATOR).geometry
    assert found.index.tolist() == wanted.index.tolist()
    assert shapely.hausdorff_distance(found.to_numpy(), wanted.to_numpy()).max() < 3 * step_m


def test_the_tiles_of_a_zoom_are_a_coverage(archive):
    shapes = read(archive, "micro", 15).geometry
    union = shapely.union_all(shapely.set_precision(shapes.to_numpy(), 0.001))
    assert union.geom_type == "Polygon"
    assert shapely.is_valid(shapes.to_numpy()).all()
    assert not union.interiors


def test_properties_come_through(plan, archive):
    row = read(archive, "grids", 15).set_index("area_id").loc["G1"].iloc[0]
    assert (row["name"], row["level"], row["parent_id"], row["kind"]) == ("G1号", "grid", "C1", "base")
    assert (row["households"], row["persons"], row["band"]) == (400, 800, 0)
    assert row["area_m2"] == 40_000


def test_each_area_has_one_name_point_inside_it(plan, archive):
    for zoom in (15, 17):
        points = read(archive, "labels", zoom).set_index("area_id")
        areas = gpd.GeoSeries(
            np.concatenate([plan.areas(level).geometry.to_numpy() for level in plan.levels]),
            index=np.concatenate([plan.areas(level).index for level in plan.levels]),
            crs=CRS,
        ).to_crs(MERCATOR)
        assert sorted(points.index) == sorted(areas.index)
        assert areas.loc[points.index].contains(points.geometry, align=False).all()


def test_micro_grids_come_in_when_they_are_large_enough_to_see(plan, archive):
    assert len(read(archive, "labels", 13)) == plan.owner("grid").nunique() + plan.owner("community").nunique()
    address = tiles_over(PlanTiles(plan).bounds, 12)[0]
    assert "micro" not in layers_in(PlanTiles(plan).tile(*address))
    assert "micro" in layers_in(PlanTiles(plan, from_zoom={"micro": 5}).tile(*address))


def test_the_source_is_named_in_the_file(archive):
    content = archive.read_bytes()
    start, size = struct.unpack_from("<2Q", content, 24)
    metadata = json.loads(gzip.decompress(content[start : start + size]))
    assert metadata["attribution"] == "© Town"
    assert [layer["id"] for layer in metadata["vector_layers"]] == ["communities", "grids", "micro", "labels"]


def test_the_same_plan_gives_the_same_file(plan, archive, tmp_path):
    again = write_tiles(plan, tmp_path / "again.pmtiles", zooms=(12, 17))
    assert again.read_bytes() == archive.read_bytes()


def test_a_hole_in_an_area_is_a_hole_in_its_tile(tmp_path):
    plan = drawn_plan("ABC\nDEF\nGHI", grid="111\n121\n111")
    write_tiles(plan, tmp_path / "ring.pmtiles", zooms=(15, 15))
    pieces = read(tmp_path / "ring.pmtiles", "grids", 15).set_index("area_id").geometry[["G1"]]
    ring = shapely.union_all(shapely.set_precision(pieces.to_numpy(), 0.001))
    assert len(ring.interiors) == 1
    assert ring.area == pytest.approx(8 * shapely.Polygon(ring.interiors[0]).area, rel=0.02)


def test_one_tile_reads_like_the_file(plan, tmp_path):
    tiles = PlanTiles(plan)
    address = tiles_over(tiles.bounds, 15)[0]
    layers = decoded(tiles.tile(*address), tmp_path, *address)
    assert set(layers) == {"communities", "grids", "micro", "labels"} or "labels" not in layers
    assert set(layers["grids"]["area_id"]) <= {"G1", "G2", "G3"}


def test_a_tile_far_away_is_empty(plan):
    assert PlanTiles(plan).tile(15, 0, 0) == b""


def test_any_table_can_be_a_tile(tmp_path):
    place = shapely.box(EAST_M, NORTH_M, EAST_M + 300, NORTH_M + 300)
    frame = gpd.GeoDataFrame(
        {"name": ["桥"], "level": [-3], "share": [0.25], "open": [True], "none": [None]},
        geometry=gpd.GeoSeries([place], crs=CRS),
    )
    points = gpd.GeoDataFrame({"n": [1, 2]}, geometry=gpd.GeoSeries([place.centroid, shapely.Point()], crs=CRS))
    address = tiles_over(tuple(frame.to_crs(MERCATOR).total_bounds), 12)[0]
    layers = decoded(vector_tile({"places": frame, "points": points}, *address), tmp_path, *address)
    row = layers["places"].iloc[0]
    assert (row["name"], row["level"], row["share"], bool(row["open"])) == ("桥", -3, 0.25, True)
    assert "none" not in layers["places"]
    assert layers["points"]["n"].tolist() == [1]


@pytest.mark.parametrize("address", [(3, 8, 0), (3, 0, 8), (-1, 0, 0), (40, 0, 0), (3, 0.5, 0), (3, float("nan"), 0)])
def test_an_address_that_is_no_tile_is_refused(plan, address):
    with pytest.raises(ValueError, match="tile ") as caught:
        PlanTiles(plan).tile(*address)
    assert isinstance(caught.value, GridgeoError)
    with pytest.raises(CrsError):
        vector_tile({}, *address)


def test_a_table_without_a_crs_is_refused():
    with pytest.raises(CrsError, match="places: has no CRS"):
        vector_tile({"places": gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)])}, 0, 0, 0)


@pytest.mark.parametrize("zooms", [(5, 4), (-1, 3), (3, 99)])
def test_zooms_that_are_no_range_are_refused(plan, tmp_path, zooms):
    with pytest.raises(CrsError, match="zooms are"):
        write_tiles(plan, tmp_path / "plan.pmtiles", zooms=zooms)


def test_a_file_that_cannot_be_written_is_told(plan, tmp_path):
    (tmp_path / "file").write_text("here first")
    with pytest.raises(StorageError):
        write_tiles(plan, tmp_path / "file" / "plan.pmtiles", zooms=(12, 12))


def test_tiles_are_numbered_along_hilberts_curve():
    assert [tile_number(0, 0, 0), tile_number(1, 0, 0), tile_number(1, 0, 1), tile_number(1, 1, 1)] == [0, 1, 2, 3]
    assert tile_number(2, 0, 0) == 5
    numbers = {(x, y): tile_number(5, x, y) for x in range(32) for y in range(32)}
    walk = sorted(numbers, key=numbers.__getitem__)
    assert sorted(numbers.values()) == list(range((4**5 - 1) // 3, (4**6 - 1) // 3))
    assert all(abs(a - c) + abs(b - d) == 1 for (a, b), (c, d) in pairwise(walk))


def test_a_large_archive_has_leaves_that_gdal_reads(tmp_path, monkeypatch):
    monkeypatch.setattr("gridgeo.publish.pmtiles._ROOT_BYTES", 400)
    monkeypatch.setattr("gridgeo.publish.pmtiles._LEAF_ENTRIES", 100)
    shape, ids = np.array([shapely.box(-2e7, -2e7, 2e7, 2e7)]), np.zeros(1, dtype=int)
    tiles = {}
    for x in range(32):
        for y in range(32):
            facts = [encode_properties({"n": x * 1000 + y, "text": "x" * (x * y % 97)})]
            tiles[5, x, y] = encode_tile([encode_layer("all", ids, shape, facts, (5, x, y))])
    layers = [{"id": "all", "fields": {"n": "Number", "text": "String"}}]
    content = pack(tiles, (-180, -85, 180, 85), (5, 5), {"vector_layers": layers})
    assert struct.unpack_from("<Q", content, 48)[0] > 0  # leaves
    (tmp_path / "large.pmtiles").write_bytes(content)
    found = read(tmp_path / "large.pmtiles", "all", 5)
    middle = found.geometry.centroid
    column, row = (np.floor((middle.x + 2e7) / 1.2524e6), np.floor((2e7 - middle.y) / 1.2524e6))
    assert len(found) == 1024
    assert (np.abs(column - found["n"] // 1000) <= 1).all()
    assert (np.abs(row - found["n"] % 1000) <= 1).all()


def test_beats_have_a_layer_and_a_band_of_grids(plan):
    grids = sorted(plan.owner("grid").unique())
    owner = plan.owner("grid").map({area_id: "B1" if at else "B2" for at, area_id in enumerate(grids)})
    rows = {"code": ["B1", "B2"], "name": ["Beat 1", "Beat 2"], "level": "beat", "kind": "base", "parent_id": None}
    register = pd.concat([plan.register, pd.DataFrame(rows, index=pd.Index(["B1", "B2"], name="area_id"))])
    limits = {**plan.profile.limits, "beat": Limits(2, 9, 4, measure="grids")}
    profile = replace(plan.profile, limits=limits)
    made = replace(plan, owners={**plan.owners, "beat": owner}, register=register, profile=profile)
    tiles = PlanTiles(made)
    assert {"grids", "band"} <= set(tiles.fields["beats"])
    assert "beats" in layers_in(tiles.tile(*tiles_over(tiles.bounds, 14)[0]))
    assert "beats" not in PlanTiles(plan).fields


def test_an_institutions_own_area_has_no_place_in_the_band(plan):
    register = plan.register.copy()
    register.loc["G1", "kind"] = "exclusive"
    facts = {row["area_id"]: row for row in _facts(replace(plan, register=register), "grid")}
    assert facts["G1"]["band"] is None
    assert facts["G2"]["band"] in (-1, 0, 1)
