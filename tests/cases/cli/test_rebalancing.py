"""``gridgeo rebalance``: a plan and the households of today in, a plan that conforms and its cost out."""

import geopandas as gpd
import pytest
from drawn_atoms import drawn_atoms
from exact_cases import profile_of
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app
from gridgeo.storage.files import write_plan


@pytest.fixture
def folder(tmp_path):
    atoms = drawn_atoms("\n".join(["CCCCCCCC"] * 4), households=25)
    plan = gg.partition(atoms, profile_of(300, 500))
    write_plan(plan, tmp_path / "plan.gpkg")
    now = atoms["households"].copy()
    now["A001"] = 150
    homes = gpd.GeoDataFrame(
        {"household_id": [f"H{at}" for at in range(len(now))], "count": now.to_numpy()},
        geometry=atoms.representative_point().to_numpy(), crs=atoms.crs,
    )  # fmt: skip
    homes.to_file(tmp_path / "now.gpkg", layer="households")
    return tmp_path


def run(*command):
    return CliRunner().invoke(app, ["rebalance", *map(str, command)])


def test_the_plan_written_conforms_and_the_cost_is_told(folder):
    result = run(folder / "plan.gpkg", "--households", folder / "now.gpkg", "--out", folder / "next.gpkg")
    assert result.exit_code == 0, result.output
    assert "fewest_moved" in result.output
    grids = gpd.read_file(folder / "next.gpkg", layer="grids")
    assert grids["households"].between(300, 500).all()
    assert grids["households"].sum() == 32 * 25 + 125


def test_without_what_has_changed_the_command_says_what_it_wants(folder):
    result = run(folder / "plan.gpkg", "--out", folder / "next.gpkg")
    assert result.exit_code != 0
    assert "--households or --atoms" in result.output
