"""Text comes in whatever encoding it is in, and delimited tables in whatever form."""

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from towns import CRS

from gridgeo.model.errors import CrsError, StorageError, TableError
from gridgeo.storage.files import read_layer, read_table, write_table

NAMES = ["珞珈山社区", "㐂庆里"]
GROUNDS = gpd.GeoSeries(
    [shapely.box(500_000, 3_400_000, 500_100, 3_400_100), shapely.box(500_100, 3_400_000, 500_200, 3_400_100)], crs=CRS
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_chinese_csv_is_read_in_the_encoding_it_is_in(tmp_path, encoding):
    path = tmp_path / "communities.csv"
    names = ["珞珈山社区", "下沙村"]
    text = "编码,社区名称,wkt_lonlat\n" + "".join(
        f"{number},{name},POINT (114.3 30.6)\n" for number, name in enumerate(names, 1)
    )
    path.write_bytes(text.encode(encoding))
    assert read_table(path)["name"].tolist() == names


@pytest.mark.parametrize("given", [None, "gbk"])
def test_a_shapefile_in_gbk_without_a_cpg_file_is_read(tmp_path, given):
    path = tmp_path / "communities.shp"
    frame = gpd.GeoDataFrame({"名称": ["珞珈山社区", "下沙村"]}, geometry=GROUNDS)
    pyogrio.write_dataframe(frame, path, encoding="GBK")
    (tmp_path / "communities.cpg").unlink()
    read = read_layer(path, encoding=given)
    assert read["name"].tolist() == ["珞珈山社区", "下沙村"]


@pytest.mark.parametrize("named", ["GBK", "936", "ANSI 936"])
def test_a_cpg_file_tells_the_encoding(tmp_path, named):
    path = tmp_path / "communities.shp"
    pyogrio.write_dataframe(
        gpd.GeoDataFrame({"名称": ["珞珈山社区", "下沙村"]}, geometry=GROUNDS), path, encoding="GBK"
    )
    (tmp_path / "communities.cpg").write_text(named)
    assert read_layer(path)["name"].tolist() == ["珞珈山社区", "下沙村"]


def test_a_shapefile_in_utf_8_without_a_cpg_file_is_read(tmp_path):
    path = tmp_path / "communities.shp"
    pyogrio.write_dataframe(gpd.GeoDataFrame({"name": NAMES}, geometry=GROUNDS), path, encoding="UTF-8")
    (tmp_path / "communities.cpg").unlink()
    assert read_layer(path)["name"].tolist() == NAMES


def test_a_shapefile_without_its_index_is_refused_with_what_is_missing(tmp_path):
    path = tmp_path / "communities.shp"
    pyogrio.write_dataframe(gpd.GeoDataFrame({"name": NAMES}, geometry=GROUNDS), path)
    (tmp_path / "communities.shx").unlink()
    with pytest.raises(StorageError, match=r"communities\.shx is missing beside it"):
        read_layer(path)


def test_the_callers_encoding_goes_first(tmp_path):
    path = tmp_path / "officers.csv"
    path.write_bytes("officer_id,name,role\n1,李雷,隊長\n".encode("big5"))
    assert read_table(path, encoding="big5").loc["1", "role"] == "隊長"
    assert read_table(path).loc["1", "role"] != "隊長"


def test_an_encoding_that_does_not_fit_is_refused(tmp_path):
    path = tmp_path / "officers.csv"
    path.write_bytes("officer_id,姓名,岗位\n1,李雷,网格员\n".encode())
    with pytest.raises(StorageError, match="the text is not ascii"):
        read_table(path, encoding="ascii")
    with pytest.raises(StorageError, match="encoding 'klingon' is not known"):
        read_table(path, encoding="klingon")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "officers.csv"
    path.write_bytes(b"officer_id,name\n1,\xff\xfe\xff\n")
    with pytest.raises(StorageError, match="the text is not utf-8 or gb18030"):
        read_table(path)


def test_csv_without_coordinates_is_refused_with_its_columns_and_the_way_out(tmp_path):
    path = tmp_path / "households.csv"
    path.write_text("code,name\n1,a\n")
    with pytest.raises(
        TableError, match=r"no coordinates among the columns code, name; name them with lon=..., lat=..."
    ):
        read_layer(path)


def test_columns_of_coordinates_may_be_named(tmp_path):
    path = tmp_path / "households.csv"
    path.write_text("household_id,count,东,北\n1,3,114.3,30.6\n")
    assert read_layer(path, lon="东", lat="北").crs == "EPSG:4547"
    assert read_layer(path, columns={"东": "lon", "北": "lat"}).crs == "EPSG:4547"
    with pytest.raises(TableError, match="no column '南'; its columns are household_id, count, 东, 北"):
        read_layer(path, lon="东", lat="南")
    with pytest.raises(TableError, match="lon and lat go together"):
        read_layer(path, lon="东")


def test_chinese_names_of_coordinates_are_known(tmp_path):
    path = tmp_path / "households.csv"
    path.write_text("household_id,户数,经度,纬度\n1,3,114.3,30.6\n")
    assert read_layer(path)["count"].tolist() == [3]


def test_metric_columns_and_wkt_need_a_crs(tmp_path):
    path = tmp_path / "households.csv"
    path.write_text("household_id,count,x,y\n1,3,500000,3400000\n")
    with pytest.raises(CrsError, match="columns 'x', 'y' tell no CRS"):
        read_layer(path)
    assert read_layer(path, crs="EPSG:4547").geometry.x.tolist() == [500_000.0]
    path.write_text("household_id;count;WKT\n1;3;POINT (500000 3400000)\n")
    with pytest.raises(CrsError, match="column 'WKT' tells no CRS"):
        read_layer(path)
    assert read_layer(path, crs="EPSG:4547").geometry.x.tolist() == [500_000.0]


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("here", TableError, "lat of row 1 is 'here', not a number"),
        ("inf", CrsError, "lat of row 1 is inf, not finite"),
        ("1e400", CrsError, "lat of row 1 is inf, not finite"),
    ],
)
def test_a_coordinate_that_is_no_number_is_refused(tmp_path, value, error, message):
    path = tmp_path / "households.csv"
    path.write_text(f"household_id,count,lon,lat\n1,3,114.3,30.6\n2,3,114.3,{value}\n")
    with pytest.raises(error, match=message):
        read_layer(path)


def test_wkt_that_is_none_is_refused(tmp_path):
    path = tmp_path / "communities.csv"
    path.write_text("area_id,wkt_lonlat\n1,POLYGO ((0 0))\n")
    with pytest.raises(TableError, match=r"wkt_lonlat of row 0 is 'POLYGO \(\(0 0\)\)', not WKT"):
        read_layer(path)


@pytest.mark.parametrize("empty", ["", "NULL", "nan", "0"])
def test_a_row_without_a_place_has_no_geometry(tmp_path, empty):
    path = tmp_path / "places.csv"
    path.write_text(f"id,lon,lat\n1,114.3,30.6\n2,{empty},{empty}\n")
    assert read_layer(path).geometry.isna().tolist() == [False, True]


def test_a_household_without_a_place_is_refused(tmp_path):
    path = tmp_path / "households.csv"
    path.write_text("household_id,count,lon,lat\n1,1,114.3,30.6\n2,1,,\n")
    with pytest.raises(TableError, match="geometry of '2' is missing or empty"):
        read_layer(path)


def test_codes_keep_their_leading_zeros_and_numbers_are_numbers(tmp_path):
    path = tmp_path / "places.csv"
    path.write_text("code,zip,units,share,lon,lat\n0012,02139,3,0.5,114.3,30.6\n0013,02140,4,,114.3,30.6\n")
    read = read_layer(path)
    assert read["code"].tolist() == ["0012", "0013"]
    assert read["zip"].tolist() == ["02139", "02140"]
    assert read["units"].sum() == 7
    assert pd.api.types.is_float_dtype(read["share"])


def test_a_table_with_more_cells_than_names_is_refused_or_read_without_shifting(tmp_path):
    path = tmp_path / "places.csv"
    path.write_text('id,lon,lat\n1,114.3,30.6\n"2,114.3,30.6\n')
    with pytest.raises(StorageError, match="not a table of delimited text"):
        read_layer(path)


def test_excel_keeps_text_and_one_sheet_is_named(tmp_path):
    path = tmp_path / "town.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"编码": [1.0, 2.0], "户数": [3, 4], "lng": [114.3, 114.31], "lat": [30.6, 30.6]}).to_excel(
            book, sheet_name="住户", index=False
        )
        pd.DataFrame({"工号": ["007"], "姓名": ["李雷"], "岗位": ["网格员"]}).to_excel(
            book, sheet_name="officers", index=False
        )
    homes = read_layer(path, "住户")
    assert homes.index.tolist() == ["1", "2"]
    assert homes["count"].tolist() == [3, 4]
    assert read_table(path, table="officers").loc["007", "name"] == "李雷"
    with pytest.raises(StorageError, match="holds 2 layers; name one of 住户, officers"):
        read_layer(path)


def test_written_csv_opens_in_excel_with_its_chinese(tmp_path):
    path = tmp_path / "areas.csv"
    write_table(gpd.GeoDataFrame({"name": NAMES}, geometry=GROUNDS), path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
