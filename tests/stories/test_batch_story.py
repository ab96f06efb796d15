"""A province brings its files, cuts them into atoms, and has its communities divided over night with one command."""

import geopandas as gpd
import pandas as pd
import pytest
from towns import communities, households_at, street_lines
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    """Write four communities as the files that a province would bring, and cut them into atoms."""
    folder = tmp_path_factory.mktemp("province")
    places = [(x + i / 4, y + j / 4) for x in range(4) for y in range(4) for i in (1, 2, 3) for j in (1, 2, 3)]
    lines = [[(x, 0), (x, 4)] for x in range(5)] + [[(0, y), (4, y)] for y in range(5)]
    layers = {
        "communities": communities("CCDD\nCCDD\nEEFF\nEEFF"),
        "streets": street_lines(lines),
        "households": households_at(places, count=20),
    }
    gg.write_layers(layers, folder / "town.gpkg")
    options = [part for name in layers for part in (f"--{name}", f"{folder / 'town.gpkg'}:{name}")]
    made = run("atoms", *options, "--out", folder / "atoms.parquet")
    assert made.exit_code == 0, made.output
    assert "in 4 communities" in made.output
    told = run("plan", *options, "--out", folder / "plan.gpkg")
    assert told.exit_code == 0, told.output
    return folder


def test_a_batch_joins_to_the_plan_of_one_machine(province):
    out, joined = province / "plans", province / "joined.gpkg"
    told = run("batch", province / "atoms.parquet", "--out", out, "--workers", 2, "--join", joined)
    assert told.exit_code == 0, told.output
    assert "2,880 households in 4 communities" in " ".join(told.output.split())
    one, other = gg.read_plan(joined), gg.read_plan(province / "plan.gpkg")
    for level in ("community", "grid", "micro"):
        pd.testing.assert_series_equal(one.owner(level), other.owner(level))
        assert gpd.read_parquet(out / "areas.parquet")["level"].value_counts()[level] == len(other.areas(level))
    assert one.manifest["atoms_sha256"] == other.manifest["atoms_sha256"]
    assert set(one.manifest["inputs"]) == {"communities", "streets", "households"}


def test_a_second_run_has_nothing_left_to_do_and_other_settings_are_refused(province):
    out = province / "again"
    assert run("batch", province / "atoms.parquet", "--out", out, "--workers", 1).exit_code == 0
    before = {path: path.stat().st_mtime_ns for path in out.glob("communities/*")}
    assert run("batch", province / "atoms.parquet", "--out", out, "--workers", 1).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in out.glob("communities/*")} == before
    told = run("batch", province / "atoms.parquet", "--out", out, "--seed", 1)
    assert told.exit_code == 1
    assert "seed 0 instead of 1" in " ".join(told.output.split())


def test_a_community_that_fails_ends_the_command_with_1_and_leaves_the_others(province):
    atoms = gg.read_atoms(province / "atoms.parquet")
    first = atoms.index[atoms["community_id"] == "E"][0]
    atoms.loc[first, "households"] = -5
    gg.write_atoms(atoms, province / "bad.parquet")
    joined = province / "bad.gpkg"
    told = run("batch", province / "bad.parquet", "--out", province / "bad", "--workers", 1, "--join", joined)
    assert told.exit_code == 1
    words = " ".join(told.output.split())
    assert "1 communities were not divided" in words
    assert f"households of '{first}' is -5, below 0" in words
    assert not joined.exists()
    assert set(gpd.read_parquet(province / "bad" / "areas.parquet")["level"]) == {"community", "grid", "micro"}


@pytest.mark.parametrize("command", ["atoms", "batch"])
def test_help_gives_an_example(command):
    told = run(command, "--help")
    assert told.exit_code == 0
    assert f"Example: gridgeo {command}" in " ".join(told.output.split())


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("none.parquet", [], "there is no file"),
        ("town.gpkg", [], "StorageError"),
        ("atoms.parquet", ["--effort", "all"], "effort 'all' is unknown"),
        ("atoms.parquet", ["--profile", "nowhere"], "there is no profile 'nowhere'"),
        ("atoms.parquet", ["--workers", "0"], "workers is 0, below 1"),
        ("atoms.parquet", ["--join", "/proc/none/plan.gpkg"], "StorageError"),
    ],
)
def test_a_wrong_request_is_told_in_one_line(province, tmp_path, source, options, words):
    told = run("batch", province / source, "--out", tmp_path / "plans", *options)
    assert told.exit_code == 1
    assert words in " ".join(told.output.split())
    assert "Traceback" not in told.output
    assert not (tmp_path / "plans").exists()
