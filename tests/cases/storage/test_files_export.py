"""Tables are written so that other programs open them."""

import json
from datetime import date

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from towns import households_at, town

from gridgeo.model.errors import CrsError, StorageError, TableError
from gridgeo.storage.files import list_layers, read_table, write_layers, write_table

AREAS = town("AB").assign(
    valid_from=[date(2026, 10, 1), None],
    seen_at=pd.to_datetime(["2026-10-01T08:00:00+08:00", None]).tz_convert("UTC"),
    parts=[[1, 2], None],
    note=["网格", None],
)
ENDINGS = ["gpkg", "shp", "fgb", "geojson", "parquet", "csv", "csv.gz", "xlsx"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_days_instants_lists_and_missing_values_survive_every_format(tmp_path, ending):
    path = tmp_path / f"any.{ending}"
    write_table(AREAS, path)
    read = read_table(path)
    assert read["area_id"].tolist() == ["A", "B"]
    assert read["valid_from"].tolist()[0] == "2026-10-01"
    assert pd.to_datetime(read["seen_at"], utc=True, format="ISO8601").iloc[0] == pd.Timestamp("2026-10-01T00:00:00Z")
    assert json.loads(read["parts"].iloc[0]) == [1, 2]
    assert read["note"].iloc[0] == "网格"
    assert read[["valid_from", "seen_at", "parts", "note"]].iloc[1].isna().all()


def test_geojson_is_as_rfc_7946_wants_it(tmp_path):
    path = tmp_path / "areas.geojson"
    backwards = AREAS.set_geometry(shapely.reverse(shapely.orient_polygons(AREAS.geometry.to_numpy())), crs=AREAS.crs)
    write_table(backwards, path)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert "crs" not in content
    ring = content["features"][0]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert shapely.is_ccw(shapely.LinearRing(ring))
    lon, lat = ring[0]
    assert (round(lon), round(lat)) == (114, 31)


def test_csv_holds_points_as_longitude_and_latitude(tmp_path):
    path = tmp_path / "homes.csv"
    write_table(households_at([(0, 0)]), path)
    assert pd.read_csv(path).columns.tolist() == ["household_id", "count", "lon", "lat"]


def test_a_table_without_geometry_is_written_where_that_can_be(tmp_path):
    officers = pd.DataFrame({"name": ["李雷"], "role": ["officer"]}, index=pd.Index(["1"], name="officer_id"))
    for ending in ("csv", "xlsx", "parquet", "gpkg"):
        write_table(officers, tmp_path / f"officers.{ending}")
        assert read_table(tmp_path / f"officers.{ending}").loc["1", "name"] == "李雷"
    with pytest.raises(TableError, match=r"has no geometry; write it as .csv"):
        write_table(officers, tmp_path / "officers.geojson")


def test_columns_called_like_those_of_the_file_are_kept(tmp_path):
    path = tmp_path / "areas.gpkg"
    write_table(AREAS.assign(fid=["x", "y"], geom=["p", "q"]), path)
    read = pyogrio.read_dataframe(path)
    assert read["fid"].tolist() == ["x", "y"]
    assert read["geom"].tolist() == ["p", "q"]


def test_a_shapefile_comes_with_all_its_parts(tmp_path):
    write_table(AREAS, tmp_path / "areas.shp")
    endings = {file.suffix for file in tmp_path.iterdir()}
    assert endings == {".shp", ".shx", ".dbf", ".prj", ".cpg"}


def test_what_a_frame_carries_beside_its_columns_stays_out_and_the_frame_stays_as_it_was(tmp_path):
    frame = AREAS.copy()
    frame.attrs["source"] = {"anything": object}
    write_table(frame, tmp_path / "areas.parquet")
    assert frame.attrs["source"] == {"anything": object}
    assert frame.index.name == "area_id"


def test_several_layers_share_a_geopackage(tmp_path):
    path = tmp_path / "repaired.gpkg"
    write_layers({"areas": AREAS, "actions": pd.DataFrame({"kind": ["cut"]})}, path)
    assert list_layers(path) == ["areas", "actions"]
    with pytest.raises(StorageError, match=r"several layers are written to a GeoPackage; let the name end in \.gpkg"):
        write_layers({"areas": AREAS}, tmp_path / "repaired.shp")


def test_an_unknown_ending_is_told_with_those_that_are_known(tmp_path):
    with pytest.raises(StorageError, match=r"the ending '.kml' is not known; use one of .gpkg, .geojson"):
        write_table(AREAS, tmp_path / "areas.kml")


def test_longitude_and_latitude_need_a_crs(tmp_path):
    nowhere = gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.Point(0, 0)])
    with pytest.raises(CrsError, match="has no CRS"):
        write_table(nowhere, tmp_path / "x.geojson")
    assert list(tmp_path.iterdir()) == []
