"""An office asks from the command line whether its grids lie whole in the beats of another office."""

import geopandas as gpd
import pandas as pd
import pytest
from towns import households_at, town
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def map_(tmp_path):
    """Write grids, two beat networks and households as one file."""
    layers = {
        "grids": town("AABB\nAABB\nCCDD"),
        "beats": town("XXXY\nXXXY\nXXYY"),
        "districts": town("XXXX\nXXXX\nXXXX"),
        "homes": households_at([(0.5, 0.5), (3.5, 2.5)]),
    }
    gg.write_layers(layers, tmp_path / "map.gpkg")
    return tmp_path / "map.gpkg"


def nest(map_, *words):
    return run("nest", f"{map_}:grids", "--in", f"{map_}:beats", *words)


def test_an_office_is_told_which_grid_is_cut_and_what_would_have_to_move(map_, tmp_path):
    out = tmp_path / "nesting.gpkg"
    told = nest(map_, "--in", f"{map_}:districts", "--households", f"{map_}:homes", "--out", out)
    assert told.exit_code == 0, told.output
    words = " ".join(told.output.split())
    assert "3 of 4 areas lie whole in beats (1 cut); all 4 areas lie whole in districts" in words
    assert "moves that would make them nest: 1, of which 0" in words
    moves = gpd.read_file(out, layer="moves")
    assert moves[["network", "area_id", "from_id", "to_id", "households"]].to_numpy().tolist() == [
        ["beats", "B", "Y", "X", 1]
    ]
    inner = gpd.read_file(out, layer="inner")
    assert inner.loc[inner["state"] == "cut", "area_id"].tolist() == ["B"]
    assert inner.geometry.area.sum() == pytest.approx(2 * 120_000)


def test_a_pipeline_stops_where_a_grid_is_cut(map_):
    assert nest(map_, "--fail-on", "error").exit_code == 3
    whole = run("nest", f"{map_}:grids", "--in", f"{map_}:districts", "--fail-on", "error")
    assert whole.exit_code == 0
    assert "proved: all 4 areas lie whole in districts" in whole.output


def test_tables_are_written_as_text_beside_each_other(map_, tmp_path):
    assert nest(map_, "--move", "inner", "--out", tmp_path / "n.csv").exit_code == 0
    assert pd.read_csv(tmp_path / "n.csv")["state"].tolist() == ["whole", "cut", "whole", "whole"]
    assert pd.read_csv(tmp_path / "n_moves.csv")["to_id"].tolist() == ["D"]
    assert {path.name for path in tmp_path.glob("n*.csv")} == {
        "n.csv", "n_outer.csv", "n_cuts.csv", "n_moves.csv", "n_findings.csv"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--move", "both"], "move is 'both'; choose one of outer, inner"),
        (["--weight", "households"], "pass households=points"),
        (["--parent", "ward"], "has no column 'ward'"),
        (["--fail-on", "all"], "--fail-on 'all': choose one of note, warning, error"),
        (["--out", "n.txt"], "--out 'n.txt': let the name end in .gpkg or .csv"),
    ],
)
def test_a_wrong_word_is_told_in_one_line(map_, words, told):
    result = nest(map_, *words)
    assert result.exit_code == 1
    assert told in " ".join(result.output.split())


def test_a_network_named_twice_is_refused(map_):
    result = nest(map_, "--in", f"{map_}:beats")
    assert result.exit_code == 1
    assert "is named more than once" in result.output


def test_help_gives_an_example_of_nesting():
    told = run("nest", "--help")
    assert told.exit_code == 0
    assert "Example: gridgeo nest" in " ".join(told.output.split())
