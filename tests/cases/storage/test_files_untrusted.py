"""A file from a stranger is what its name says, or it is not opened: nothing beside it is read, nobody is called."""

import json
import socketserver
import sqlite3
import stat
import threading
import zipfile
from http.server import BaseHTTPRequestHandler

import pytest
from towns import communities

from gridgeo.model.errors import GridgeoError, StorageError
from gridgeo.storage import archives
from gridgeo.storage.files import list_layers, read_layer, read_plan, read_table, write_table

TWO = communities("AB")


@pytest.fixture
def secret(tmp_path):
    """Give a file that must not be read."""
    path = tmp_path / "secret.csv"
    path.write_text("area_id,lon,lat\nTOPSECRET,114.3,30.6\n")
    return path


def vrt(target):
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{target}</SrcDataSource>'
        '<GeometryType>wkbPoint</GeometryType><GeometryField encoding="PointFromColumns" x="lon" y="lat"/>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )


def streamed(target):
    return {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline read {target}"}


def refused(path):
    """Tell the message with which read_layer refuses a file that every other door refuses too."""
    messages = []
    for door in (read_layer, read_table, list_layers, read_plan):
        with pytest.raises(StorageError) as caught:
            door(path)
        messages.append(str(caught.value))
    assert not any("TOPSECRET" in message for message in messages)
    return messages[0]


@pytest.mark.parametrize(
    "name", ["x.geojson", "x.json", "x.gpkg", "x.shp", "x.fgb", "x.parquet", "x.csv", "x.xlsx", "x.zip", "x.csv.gz"]
)
def test_a_list_of_instructions_under_another_name_is_refused(tmp_path, secret, name):
    path = tmp_path / name
    path.write_text(vrt(secret))
    assert "the content is not" in refused(path)


@pytest.mark.parametrize("name", ["x.geojson", "x.json"])
def test_json_that_is_no_geojson_is_refused(tmp_path, secret, name):
    path = tmp_path / name
    path.write_text(json.dumps(streamed(secret)))
    with pytest.raises(StorageError, match="its type 'gdal_streamed_alg' is not one of GeoJSON"):
        read_layer(path)


def test_instructions_hidden_in_geojson_are_only_text(tmp_path, secret):
    path = tmp_path / "communities.geojson"
    write_table(TWO, path)
    content = json.loads(path.read_text())
    content["note"] = [streamed(secret), vrt(secret)]
    content["features"][0]["properties"]["name"] = vrt(secret)
    path.write_text(json.dumps({"note": content.pop("note"), **content}))
    read = read_layer(path)
    assert read.index.tolist() == ["A", "B"]
    assert "TOPSECRET" not in read.to_csv()


@pytest.mark.parametrize(
    "prefix",
    ["/vsicurl/http://127.0.0.1:1/x.gpkg", "http://127.0.0.1:1/x.geojson", "/vsimem/x.gpkg", "PG:dbname=x.gpkg"],
)
def test_an_address_is_no_file(prefix):
    with pytest.raises(StorageError, match="there is no file"):
        read_layer(prefix)


@pytest.fixture
def listener():
    """Listen on a port of this machine and note who calls."""
    calls = []

    class Note(BaseHTTPRequestHandler):
        def do_GET(self):
            calls.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with socketserver.TCPServer(("127.0.0.1", 0), Note) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", calls
        server.shutdown()


@pytest.mark.parametrize("name", ["x.geojson", "x.gpkg", "x.zip"])
def test_no_address_in_a_file_is_called(tmp_path, listener, name):
    address, calls = listener
    path = tmp_path / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr("x.geojson", vrt(f"/vsicurl/{address}/a.csv"))
    else:
        path.write_text(vrt(f"/vsicurl/{address}/a.csv"))
    refused(path)
    path.write_text(json.dumps(streamed(f"/vsicurl/{address}/a.csv")))
    with pytest.raises(GridgeoError):
        read_layer(path)
    assert calls == []


def archive(tmp_path, **members):
    path = tmp_path / "town.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return path


def test_an_archive_with_instructions_is_refused(tmp_path, secret):
    path = archive(tmp_path, **{"communities.vrt": vrt(secret)})
    assert "member 'communities.vrt' is of a kind that is not read from archives" in refused(path)


def test_instructions_in_an_archive_under_another_name_are_refused(tmp_path, secret):
    assert "the content is not Shapefile" in refused(archive(tmp_path, **{"communities.shp": vrt(secret)}))


def test_instructions_beside_the_data_are_refused_too(tmp_path, secret):
    write_table(TWO, tmp_path / "communities.geojson")
    good = (tmp_path / "communities.geojson").read_text()
    refused(archive(tmp_path, **{"communities.geojson": good, "other.vrt": vrt(secret)}))


@pytest.mark.parametrize(
    "name", ["../x.geojson", "/etc/x.geojson", "a/../../x.geojson", "C:/x.geojson", "..\\x.geojson"]
)
def test_a_member_that_leads_out_of_its_archive_is_refused(tmp_path, name):
    assert "leads out of the archive" in refused(archive(tmp_path, **{name: "{}"}))


def test_a_link_in_an_archive_is_refused(tmp_path, secret):
    path = tmp_path / "town.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        link = zipfile.ZipInfo("communities.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        bundle.writestr(link, str(secret))
    assert "is a link" in refused(path)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1000)
    assert "unpacks to 2000 bytes, more than 1000" in refused(archive(tmp_path, **{"a.csv": "x" * 2000}))


def test_an_archive_of_too_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 1)
    assert "holds 2 files, more than 1" in refused(archive(tmp_path, **{"a.csv": "x", "b.csv": "x"}))


def test_a_damaged_archive_is_refused(tmp_path):
    path = archive(tmp_path, **{"a.csv": "x"})
    path.write_bytes(path.read_bytes()[:-10])
    assert "cannot be unpacked" in refused(path)


def test_a_geopackage_with_a_virtual_table_that_reads_files_is_refused(tmp_path, secret):
    path = tmp_path / "town.gpkg"
    write_table(TWO, path)
    base = sqlite3.connect(path)
    base.execute("PRAGMA writable_schema = 1")
    sql = f"CREATE VIRTUAL TABLE leak USING VirtualOGR(''{secret}'')"
    base.execute(f"INSERT INTO sqlite_master VALUES ('table', 'leak', 'leak', 0, '{sql}')")
    base.commit()
    base.close()
    assert "virtual table 'leak' may read other files" in refused(path)


def test_a_geopackage_whose_view_calls_functions_of_gdal_is_refused(tmp_path, secret):
    path = tmp_path / "town.gpkg"
    write_table(TWO, path)
    base = sqlite3.connect(path)
    base.execute(f"CREATE VIEW leak AS SELECT 1 AS fid, ogr_geocode('{secret}') AS x")
    base.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('leak', 'attributes', 'leak')")
    base.commit()
    base.close()
    refused(path)


def test_a_damaged_geopackage_is_refused(tmp_path):
    path = tmp_path / "town.gpkg"
    path.write_bytes(b"SQLite format 3\x00" + b"\x01" * 5000)
    refused(path)


def test_an_archive_that_calls_itself_a_workbook_is_refused(tmp_path):
    path = archive(tmp_path, **{"a.csv": "x"}).rename(tmp_path / "town.xlsx")
    assert "not an Excel workbook" in refused(path)


def test_a_folder_and_an_empty_file_are_refused(tmp_path):
    assert "is a folder" in refused(tmp_path)
    (tmp_path / "x.gpkg").write_bytes(b"")
    assert "the file is empty" in refused(tmp_path / "x.gpkg")


def test_json_nested_without_end_is_refused(tmp_path):
    path = tmp_path / "x.geojson"
    path.write_text('{"type":' + "[" * 200_000)
    with pytest.raises(StorageError, match="is not JSON"):
        read_layer(path)


def test_a_zipped_shapefile_in_a_folder_is_read(tmp_path):
    write_table(TWO, tmp_path / "communities.shp")
    path = tmp_path / "town.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        for file in tmp_path.glob("communities.*"):
            bundle.write(file, f"data/{file.name}")
        bundle.writestr("data/README.txt", "about")
        bundle.writestr("__MACOSX/data/._communities.shp", "noise")
    read = read_layer(path)
    assert read.index.tolist() == ["A", "B"]
    assert read.attrs["source"]["file"] == "town.zip/communities.shp"
    assert read_layer(f"{path}:communities").index.tolist() == ["A", "B"]


def test_one_of_several_files_in_an_archive_must_be_named(tmp_path):
    write_table(TWO, tmp_path / "a.geojson")
    text = (tmp_path / "a.geojson").read_text()
    path = archive(tmp_path, **{"communities.geojson": text, "b.geojson": text})
    with pytest.raises(StorageError, match="holds 2 layers; name one of b, communities"):
        read_layer(path)
    assert len(read_layer(path, "communities")) == 2
    with pytest.raises(StorageError, match="holds no layer 'c'; name one of b, communities"):
        read_layer(path, "c")


def test_names_in_gbk_in_an_archive_are_read(tmp_path):
    write_table(TWO, tmp_path / "a.geojson")
    path = tmp_path / "town.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        name = zipfile.ZipInfo("XXXX.geojson")
        bundle.writestr(name, (tmp_path / "a.geojson").read_bytes())
    path.write_bytes(path.read_bytes().replace(b"XXXX", "社区".encode("gbk")))
    assert read_layer(path).attrs["source"]["layer"] == "社区"
