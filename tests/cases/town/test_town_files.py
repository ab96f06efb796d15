import gzip
import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from typer import Typer
from typer.testing import CliRunner

from gridgeo.model.errors import StorageError
from gridgeo.town.__main__ import main
from gridgeo.town.files import write_town

DATA = Path(__file__).resolve().parents[3] / "data" / "town"


@pytest.fixture(scope="module")
def folder(small_town, tmp_path_factory):
    folder = tmp_path_factory.mktemp("town") / "new" / "town"
    write_town(small_town, folder)
    return folder


def test_it_writes_one_geopackage_and_two_tables(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["households.csv.gz", "incidents.csv.gz", "town.gpkg"]


def test_the_geopackage_holds_what_a_user_would_bring(folder, small_town):
    layers = [name for name, _ in pyogrio.list_layers(folder / "town.gpkg")]
    assert layers == ["boundary", "communities", "streets", "buildings", "sites", "water"]
    for layer in layers:
        read = gpd.read_file(folder / "town.gpkg", layer=layer)
        drawn = getattr(small_town, layer)
        assert read.crs == drawn.crs
        assert read.iloc[:, 0].tolist() == drawn.index.tolist()
        assert read.geometry.geom_equals_exact(drawn.geometry.reset_index(drop=True), 0).all()


def test_households_are_read_back_within_a_centimetre(folder, small_town):
    read = pd.read_csv(folder / "households.csv.gz", dtype={"household_id": str, "building_id": str})
    points = gpd.GeoSeries.from_xy(read["lon"], read["lat"], crs="OGC:CRS84").to_crs(small_town.households.crs)
    assert read["household_id"].tolist() == small_town.households.index.tolist()
    assert read["address"].tolist() == small_town.households["address"].tolist()
    assert points.distance(small_town.households.geometry.reset_index(drop=True)).max() < 0.02


def test_an_incident_without_a_point_has_empty_columns(folder, small_town):
    read = pd.read_csv(folder / "incidents.csv.gz")
    assert (read["lon"].isna().to_numpy() == small_town.incidents.geometry.isna().to_numpy()).all()
    assert pd.to_datetime(read["reported_at"]).dt.tz is not None


def test_the_same_town_is_the_same_files(small_town, folder, tmp_path):
    write_town(small_town, tmp_path)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_files_that_are_there_are_replaced(small_town, folder, tmp_path):
    (tmp_path / "town.gpkg").write_text("something else")
    write_town(small_town, tmp_path)
    assert (tmp_path / "town.gpkg").read_bytes() == (folder / "town.gpkg").read_bytes()


def test_a_folder_that_cannot_be_written_is_refused(small_town, tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(StorageError, match=r"taken: cannot be written .*choose another folder"):
        write_town(small_town, tmp_path / "taken")


@pytest.fixture
def run():
    app = Typer()
    app.command()(main)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_the_command_writes_the_files_and_says_which(run, tmp_path):
    result = run("--households", "2000", "--seed", "3", "--out", str(tmp_path / "town"))
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.output.splitlines()] == [
        str(tmp_path / "town" / name) for name in ("town.gpkg", "households.csv.gz", "incidents.csv.gz")
    ]


def test_the_command_says_in_one_line_what_is_wrong(run, tmp_path):
    result = run("--households", "12", "--out", str(tmp_path))
    assert result.exit_code == 2
    assert result.output == "TableError: town: households is 12, not a whole number from 2000 to 3600000\n"


def test_the_table_of_files_in_data_counts_rows_right(demo_town):
    text = (DATA.parent / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"\| `(\w+)` \| ([\d,]+) \|", text))
    assert {name: int(count.replace(",", "")) for name, count in rows.items()} == {
        name: len(getattr(demo_town, name))
        for name in ("boundary", "communities", "streets", "buildings", "sites", "water")
    }


def test_the_files_in_data_are_of_the_demonstration_town(demo_town):
    with gzip.open(DATA / "households.csv.gz", "rt", encoding="utf-8") as file:
        households = pd.read_csv(file)
    assert households["address"].tolist() == demo_town.households["address"].tolist()
    communities = gpd.read_file(DATA / "town.gpkg", layer="communities")
    assert communities["name"].tolist() == demo_town.communities["name"].tolist()
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 6_000_000
