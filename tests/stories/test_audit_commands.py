"""An auditor types commands: what is asked besides land, what is excused, what a repair moved."""

import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from test_commands import run
from towns import CRS, communities, households_at, street_lines, town

import gridgeo as gg

GRIDS = town("AABB\nAABB\nDDEE").assign(households=0)
GAP = shapely.box(500_190, 3_400_150, 500_200, 3_400_180)


@pytest.fixture
def source(tmp_path):
    """Write a map with a gap, and what else an auditor has."""
    broken = GRIDS.copy()
    broken.loc["A", "geometry"] = broken.geometry["A"].difference(GAP)
    schools = gpd.GeoDataFrame({"name": ["West School"]}, geometry=[GAP.centroid], crs=CRS)
    pond = gpd.GeoDataFrame({"reason": ["a pond"]}, geometry=[GAP.buffer(0.5)], crs=CRS)
    layers = {
        "map": broken,
        "inside": communities("CCCC\nCCCC\nCCCC"),
        "households": households_at([(1.95, 1.6), (0.5, 0.5)], count=4),
        "places": schools,
        "streets": street_lines([[(1.95, 0), (1.95, 3)], [(0, 1), (4, 1)]]),
        "exceptions": pond,
    }
    gg.write_layers(layers, tmp_path / "town.gpkg")
    return tmp_path / "town.gpkg"


def options(source, *names):
    return [part for name in names for part in (f"--{name}", f"{source}:{name}")]


def test_an_audit_asks_for_households_institutions_and_streets(source, tmp_path):
    given = options(source, "inside", "households", "places", "streets")
    told = run("audit", f"{source}:map", *given, "--out", tmp_path / "f.csv", "--fail-on", "error")
    assert told.exit_code == 3, told.output
    found = pd.read_csv(tmp_path / "f.csv").set_index("kind")
    assert set(found.index) == {"gap", "household_in_none", "institution_in_none", "street_in_none"}
    assert found.loc["street_in_none", "value"] == pytest.approx(30, abs=1e-6)
    assert "West School" in found.loc["institution_in_none", "message"]
    assert found.loc["household_in_none", "households"] == 4
    assert "in a gap by A and B" in " ".join(told.output.split())


def test_declared_land_does_not_fail_an_audit(source):
    plain = options(source, "inside", "households")
    assert run("audit", f"{source}:map", *plain, "--fail-on", "error").exit_code == 3
    excused = run("audit", f"{source}:map", *plain, *options(source, "exceptions"), "--fail-on", "warning")
    assert excused.exit_code == 0, excused.output
    assert "a pond" in excused.output


@pytest.mark.parametrize("name", ["f.gpkg", "f.geojson", "f.csv", "f.parquet"])
def test_findings_are_written_in_many_formats(source, tmp_path, name):
    told = run("audit", f"{source}:map", *options(source, "inside"), "--out", tmp_path / name)
    assert told.exit_code == 0, told.output
    read = {"f.csv": pd.read_csv, "f.parquet": gpd.read_parquet}.get(name, gpd.read_file)
    assert read(tmp_path / name)["kind"].tolist() == ["gap"]


def test_findings_are_written_as_sarif(source, tmp_path):
    pytest.importorskip("gridgeo.publish.sarif")
    told = run("audit", f"{source}:map", *options(source, "inside"), "--out", tmp_path / "f.sarif")
    assert told.exit_code == 0, told.output
    log = json.loads((tmp_path / "f.sarif").read_text(encoding="utf-8"))
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["gap"]


def test_a_report_tells_of_what_was_asked(source, tmp_path):
    given = options(source, "inside", "places", "streets", "exceptions")
    told = run("audit", f"{source}:map", *given, "--report", tmp_path / "r.html")
    assert told.exit_code == 0, told.output
    assert "West School" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_column_of_codes_that_is_not_there_is_one_line(source):
    told = run("audit", f"{source}:map", *options(source, "inside"), "--codes", "gb")
    assert told.exit_code not in (0, 3)
    assert "no column 'gb'" in " ".join(told.output.split())


def test_a_repair_lists_what_moved_with_its_households(source, tmp_path):
    out = tmp_path / "r.gpkg"
    given = [*options(source, "inside", "households"), "--report", tmp_path / "r.html", "--language", "zh"]
    told = run("repair", f"{source}:map", *given, "--out", out)
    assert told.exit_code == 0, told.output
    changes = gpd.read_file(out, layer="changes").set_index("area_id")
    assert changes.loc["A", "after_m2"] - changes.loc["A", "before_m2"] == pytest.approx(300)
    assert changes.loc["A", ["households_before", "households_after"]].tolist() == [0, 4]
    assert changes.geometry["A"].area == pytest.approx(40_000)
    assert 'lang="zh-CN"' in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "households before" in " ".join(told.output.split())


def test_a_repair_leaves_declared_land_open(source, tmp_path):
    out = tmp_path / "r.gpkg"
    given = options(source, "inside", "exceptions")
    told = run("repair", f"{source}:map", *given, "--out", out)
    assert told.exit_code == 0, told.output
    assert "but for what was declared" in " ".join(told.output.split())
    assert gpd.read_file(out, layer="areas").union_all().intersection(GAP).area == pytest.approx(0)


def test_a_repair_keeps_large_land_apart_and_asks(source, tmp_path):
    missing = gg.read_layer(f"{source}:map", table="areas", broken=True).drop("E")
    gg.write_layers({"map": missing, "inside": communities("CCCC\nCCCC\nCCCC")}, tmp_path / "m.gpkg")
    given = ["--inside", f"{tmp_path / 'm.gpkg'}:inside", "--out", tmp_path / "r.gpkg"]
    told = run("repair", f"{tmp_path / 'm.gpkg'}:map", *given, "--fill", "placeholder", "--large", 5000)
    assert told.exit_code == 0, told.output
    assert "1 place wants a person's decision" in " ".join(told.output.split())
    areas = gpd.read_file(tmp_path / "r.gpkg", layer="areas")
    assert areas["area_id"].str.startswith("missing-").sum() == 1
    assert len(gpd.read_file(tmp_path / "r.gpkg", layer="undecided")) == 1


def test_a_fill_that_is_unknown_is_one_line(source, tmp_path):
    told = run("repair", f"{source}:map", *options(source, "inside"), "--out", tmp_path / "r.gpkg", "--fill", "some")
    assert told.exit_code != 0
    assert "fill is 'some'" in " ".join(told.output.split())
