"""A layer of a file becomes a table."""

from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from towns import CRS, communities, households_at, street_lines, town

from gridgeo.model.errors import CrsError, StorageError, TableError
from gridgeo.model.tables import AREAS, COMMUNITIES, HOUSEHOLDS, STREETS, check
from gridgeo.storage.files import list_layers, read_layer, read_table, write_table

TWO = communities("""
    AB
    AB
""")


def shapes_equal(one, other):
    return bool(
        shapely.equals_exact(one.geometry.to_numpy(), other.geometry.to_numpy(), tolerance=0.02, normalize=True).all()
    )


@pytest.mark.parametrize("ending", ["gpkg", "shp", "fgb", "geojson", "parquet", "csv", "csv.gz", "xlsx"])
def test_a_table_comes_back_from_every_format_it_is_written_to(tmp_path, ending):
    path = tmp_path / f"communities.{ending}"
    write_table(TWO, path)
    read = read_layer(path, to=CRS)
    check(read, COMMUNITIES)
    read = read.sort_index()
    assert read.index.tolist() == ["A", "B"]
    assert read["name"].tolist() == ["A", "B"]
    assert read.crs == CRS
    assert shapes_equal(read, TWO)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_points_come_back_from_columns_of_longitude_and_latitude(tmp_path, ending):
    path = tmp_path / f"households.{ending}"
    write_table(households_at([(0.5, 0.5), (1.5, 0.5)], count=3), path)
    read = read_layer(path, to=CRS)
    check(read, HOUSEHOLDS)
    assert read["count"].tolist() == [3, 3]
    assert shapes_equal(read, households_at([(0.5, 0.5), (1.5, 0.5)]))


def test_a_path_may_name_its_layer(tmp_path):
    path = tmp_path / "town.gpkg"
    write_table(TWO, path, layer="communities")
    assert read_layer(f"{path}:communities").index.tolist() == ["A", "B"]
    assert list_layers(path) == ["communities"]


def test_a_file_with_a_colon_in_its_name_is_read_as_it_is(tmp_path):
    path = tmp_path / "town.geojson:new.geojson"
    write_table(TWO, path)
    assert len(read_layer(path)) == 2


def test_the_colon_of_a_windows_drive_names_no_layer():
    from gridgeo.storage.formats import split_layer

    assert split_layer(r"C:\data\town.gpkg") == split_layer(r"C:\data\town.gpkg", None)
    assert split_layer(r"C:\data\town.gpkg")[1] is None
    assert split_layer(r"C:\data\town.gpkg:streets")[1] == "streets"


def test_the_layers_name_tells_the_table(tmp_path):
    path = tmp_path / "anything.gpkg"
    write_table(street_lines([[(0, 0), (1, 0)]]), path, layer="streets")
    check(read_layer(path), STREETS)


def test_a_key_among_the_columns_tells_the_table(tmp_path):
    path = tmp_path / "parts.gpkg"
    write_table(TWO.reset_index().rename(columns={"area_id": "nhood_id"}), path, layer="neighborhoods")
    read = read_layer(path, columns={"nhood_id": "area_id"})
    check(read, COMMUNITIES)
    assert read.attrs["source"]["table"] == "communities"


def test_a_layer_of_no_table_keeps_its_columns_with_rows_numbered_as_text(tmp_path):
    path = tmp_path / "parts.parquet"
    write_table(TWO, path)
    read = read_layer(path)
    assert read.index.tolist() == ["0", "1"]
    assert "area_id" in read
    assert read.attrs["source"]["table"] is None


def test_what_was_taken_for_what_is_told(tmp_path):
    path = tmp_path / "communities.geojson"
    write_table(TWO.reset_index().rename(columns={"area_id": "社区编码", "name": "社区名称"}), path)
    source = read_layer(path).attrs["source"]
    assert source["mapping"] == {
        "area_id": "社区编码",
        "name": "社区名称",
        "level": "level",
        "parent_id": "parent_id",
        "kind": "kind",
    }
    assert source["file"] == "communities.geojson"
    assert source["layer"] == "communities"
    assert source["rows"] == 2
    assert source["crs"] == "EPSG:4326"
    assert source["digest"].startswith("sha256:")


def test_a_recognised_id_that_repeats_gives_way_to_the_next_name_and_at_last_to_row_numbers(tmp_path):
    path = tmp_path / "communities.gpkg"
    write_table(TWO.assign(code=["1", "1"], name=["甲", "乙"]).reset_index(drop=True), path)
    assert read_layer(path).index.tolist() == ["甲", "乙"]
    write_table(TWO.assign(code=["1", "1"], name=["甲", "甲"]).reset_index(drop=True), path)
    read = read_layer(path)
    assert read.index.tolist() == ["0", "1"]
    assert read.attrs["source"]["mapping"]["area_id"] == "row number"


def test_one_way_in_several_rows_is_several_streets(tmp_path):
    path = tmp_path / "streets.parquet"
    lines = street_lines([[(0, 0), (1, 0)], [(1, 0), (2, 0)]]).assign(osm_id=7).reset_index(drop=True)
    write_table(lines, path)
    assert read_layer(path).index.tolist() == ["0", "1"]


def test_a_repeated_id_that_the_caller_names_is_refused_with_its_value(tmp_path):
    path = tmp_path / "parts.parquet"
    write_table(TWO.assign(code=["7", "7"]), path)
    with pytest.raises(TableError, match=r"area_id '7' stands more than once"):
        read_layer(path, columns={"code": "area_id"})


def test_a_repeated_id_under_our_own_name_is_refused(tmp_path):
    path = tmp_path / "communities.parquet"
    write_table(TWO.set_axis(pd.Index(["A", "A"], name="area_id")), path)
    with pytest.raises(TableError, match=r"area_id 'A' stands more than once"):
        read_layer(path)


def test_a_missing_id_that_the_caller_names_is_refused_with_its_row(tmp_path):
    path = tmp_path / "parts.parquet"
    write_table(TWO.assign(code=["7", None]), path)
    with pytest.raises(TableError, match=r"area_id of row 1 is missing"):
        read_layer(path, columns={"code": "area_id"})


def test_whole_numbers_make_ids_without_a_fraction(tmp_path):
    path = tmp_path / "communities.parquet"
    write_table(TWO.assign(id=[7.0, 8.0]).reset_index(drop=True), path)
    assert read_layer(path).index.tolist() == ["7", "8"]


def test_a_column_that_the_caller_names_and_that_is_not_there_is_told_with_those_that_are(tmp_path):
    path = tmp_path / "parts.parquet"
    write_table(TWO, path)
    with pytest.raises(TableError, match=r"no column 'nope' to map; its columns are area_id, name"):
        read_layer(path, columns={"nope": "area_id"})


def test_a_missing_layer_is_told_with_those_there_are(tmp_path):
    path = tmp_path / "town.gpkg"
    write_table(TWO, path, layer="communities")
    with pytest.raises(StorageError, match=r"no layer 'streets'; its layers are communities"):
        read_layer(path, "streets")


def test_one_of_several_layers_must_be_named_unless_one_is_called_like_the_table(tmp_path):
    path = tmp_path / "town.gpkg"
    write_table(TWO, path, layer="a")
    from gridgeo.storage.export import with_key, write_vector_layer

    write_vector_layer(with_key(TWO), path, "communities", append=True)
    with pytest.raises(StorageError, match=r"holds 2 layers; name one of a, communities"):
        read_layer(path)
    assert read_layer(path, table="communities").attrs["source"]["layer"] == "communities"


def test_an_empty_layer_is_refused_with_its_name(tmp_path):
    path = tmp_path / "communities.gpkg"
    write_table(TWO.iloc[:0], path)
    with pytest.raises(TableError, match=r"layer 'communities' is empty"):
        read_layer(path)


@pytest.mark.parametrize("name", ["nothing.gpkg", "town.kml", "town"])
def test_a_file_that_cannot_be_read_is_a_storage_error(tmp_path, name):
    if not name.startswith("nothing"):
        (tmp_path / name).write_text("something")
    with pytest.raises(StorageError):
        read_layer(tmp_path / name)


def test_an_unknown_table_is_told_with_those_there_are(tmp_path):
    path = tmp_path / "town.parquet"
    write_table(TWO, path)
    with pytest.raises(TableError, match=r"table 'grids' is not known; it is one of communities, streets"):
        read_layer(path, table="grids")


def test_rows_without_households_are_left_out_and_told(tmp_path):
    path = tmp_path / "households.parquet"
    write_table(households_at([(0, 0), (1, 0), (2, 0)]).assign(count=[1, 0, 2]), path)
    read = read_layer(path)
    assert read["count"].tolist() == [1, 2]
    assert read.attrs["source"]["dropped"] == {"no households": 1}


@pytest.mark.parametrize(("count", "message"), [(-1, "is -1, below 1"), (2.5, "is 2.5, not a whole number")])
def test_a_wrong_household_count_is_refused_with_row_and_value(tmp_path, count, message):
    path = tmp_path / "households.parquet"
    write_table(households_at([(0, 0), (1, 0)]).assign(count=[1.0, count]), path)
    with pytest.raises(TableError, match=f"households: count of 'H0001' {message}"):
        read_layer(path)


def test_a_missing_household_count_is_refused_with_its_row(tmp_path):
    path = tmp_path / "households.parquet"
    write_table(households_at([(0, 0), (1, 0)]).assign(count=[1.0, None]), path)
    with pytest.raises(TableError, match="count of 'H0001' is missing"):
        read_layer(path)


def test_a_count_that_is_no_number_is_refused_with_row_and_value(tmp_path):
    path = tmp_path / "households.csv"
    path.write_text("household_id,户数,lon,lat\n1,3,114.3,30.6\n2,许多,114.3,30.6\n", encoding="utf-8")
    with pytest.raises(TableError, match="count of '2' is '许多', not a whole number"):
        read_layer(path)


def test_households_given_as_footprints_stand_by_a_point_inside(tmp_path):
    path = tmp_path / "households.parquet"
    write_table(TWO.assign(count=3)[["count", "geometry"]].reset_index(drop=True), path)
    read = read_layer(path)
    assert set(read.geom_type) == {"Point"}
    assert shapely.covers(TWO.geometry.to_numpy(), read.geometry.to_numpy()).all()


def test_optional_counts_that_are_missing_in_some_rows_step_aside(tmp_path):
    path = tmp_path / "buildings.parquet"
    write_table(TWO[["name", "geometry"]].assign(floors=[6, None]).rename_axis("building_id"), path)
    read = read_layer(path)
    assert "floors" not in read
    assert read["floors_given"].notna().sum() == 1
    assert "not taken from 'floors'" in read.attrs["source"]["notes"][0]


def test_an_area_in_one_part_is_a_polygon_and_height_is_left_out(tmp_path):
    path = tmp_path / "communities.gpkg"
    high = shapely.force_3d(TWO.geometry.to_numpy(), 12.0)
    write_table(TWO.set_geometry([shapely.MultiPolygon([shape]) for shape in high], crs=CRS), path)
    read = read_layer(path)
    assert set(read.geom_type) == {"Polygon"}
    assert not read.geometry.has_z.any()


def test_a_community_in_two_parts_and_one_with_a_hole_stay_so(tmp_path):
    grounds = communities("""
        AAA.A
        ABA.A
        AAA.A
    """)
    path = tmp_path / "communities.gpkg"
    write_table(grounds, path)
    read = read_layer(path)
    assert shapely.get_num_geometries(read.geometry["A"]) == 2
    assert shapes_equal(read, grounds)


def bow_tie():
    crossing = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    return shapely.affinity.translate(crossing, 500_000, 3_400_000)


def test_a_self_crossing_community_is_refused_with_its_place_and_the_way_out(tmp_path):
    path = tmp_path / "communities.gpkg"
    write_table(TWO.set_geometry([bow_tie(), TWO.geometry["B"]], crs=CRS), path)
    with pytest.raises(
        TableError, match=r"geometry of 'A' is invalid \(Self-intersection.*mend it with gridgeo repair"
    ):
        read_layer(path)


def test_a_broken_map_is_read_as_it_is_for_audit_and_repair(tmp_path):
    path = tmp_path / "map.gpkg"
    areas = gpd.GeoDataFrame(
        {"code": [str(number) for number in range(9)] + ["8"]},
        geometry=[bow_tie(), None, shapely.Polygon(), *[TWO.geometry["B"]] * 7],
        crs=CRS,
    )
    write_table(areas, path)
    read = read_layer(path, table="areas", broken=True)
    assert read.index.tolist() == areas["code"].tolist()
    assert not read.geometry.iloc[0].is_valid
    assert read.geometry.isna().sum() + read.geometry.is_empty.sum() == 2
    assert set(AREAS.required) <= set(read.columns)


def test_ids_that_are_missing_in_a_broken_map_stay_missing(tmp_path):
    path = tmp_path / "map.parquet"
    write_table(TWO.reset_index().assign(area_id=["A", None]), path)
    read = read_layer(path, table="areas", broken=True)
    assert read.index.isna().tolist() == [False, True]


def test_a_layer_without_any_place_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "incidents.csv"
    path.write_text("id,time,type,lon,lat\n1,2026-10-01,a,,\n")
    with pytest.raises(TableError, match="no row has a geometry; read_table reads its columns"):
        read_layer(path)


def test_a_map_drawn_elsewhere_becomes_areas_with_level_and_size(tmp_path):
    path = tmp_path / "网格.geojson"
    write_table(town("AB").rename_axis("网格编号")[["geometry"]], path)
    read = read_layer(path)
    check(read, AREAS)
    assert read["level"].tolist() == ["grid", "grid"]
    assert read["area_m2"].round().tolist() == [10_000.0, 10_000.0]


def test_officers_and_duties_are_read_without_geometry(tmp_path):
    path = tmp_path / "duties.csv"
    path.write_text("duty_id,officer_id,area_id,role,valid_from,valid_to\nD1,007,A,officer,2026-10-01,\n")
    duties = read_table(path)
    assert duties.loc["D1", "officer_id"] == "007"
    assert duties.loc["D1", "valid_from"] == date(2026, 10, 1)
    assert duties.loc["D1", "valid_to"] is None
    with pytest.raises(TableError, match="read it with read_table"):
        read_layer(path)


def test_instants_with_a_time_zone_come_in_utc_and_rows_without_a_place_stay(tmp_path):
    path = tmp_path / "incidents.csv"
    path.write_text(
        "id,上报时间,类别,lon,lat\n1,2026-10-01T08:00:00+08:00,噪音,114.3,30.6\n2,2026-10-01T09:00:00+08:00,噪音,,\n"
    )
    incidents = read_layer(path)
    assert str(incidents["reported_at"].iloc[0]) == "2026-10-01 00:00:00+00:00"
    assert incidents.geometry.isna().tolist() == [False, True]


def test_a_time_that_is_none_is_refused_with_row_and_value(tmp_path):
    path = tmp_path / "incidents.csv"
    path.write_text("id,time,type,lon,lat\n1,2026-10-01,a,114.3,30.6\n2,soon,a,114.3,30.6\n")
    with pytest.raises(TableError, match=r"reported_at of '2' is 'soon', no time"):
        read_layer(path)


def test_tables_of_one_town_meet_in_one_crs(tmp_path):
    write_table(TWO, tmp_path / "communities.geojson")
    write_table(households_at([(0, 0)]), tmp_path / "households.csv")
    first = read_layer(tmp_path / "communities.geojson")
    assert read_layer(tmp_path / "households.csv", to=first.crs).crs == first.crs
    with pytest.raises(CrsError, match="is in degrees"):
        read_layer(tmp_path / "communities.geojson", to="EPSG:4326")
