"""``gridgeo compare`` tells what differs between two plans, and writes lineage and concordance."""

import geopandas as gpd
import pandas as pd
import pytest
from served_town import GRIDS_LATER, addresses, duties, incidents, officers, plan
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app


@pytest.fixture
def files(tmp_path):
    gg.write_plan(plan(), tmp_path / "before.gpkg")
    gg.write_plan(plan(GRIDS_LATER), tmp_path / "after.gpkg")
    gg.write_layers({"households": addresses()}, tmp_path / "households.gpkg")
    gg.write_layers({"incidents": incidents()}, tmp_path / "incidents.gpkg")
    officers().to_csv(tmp_path / "officers.csv")
    duties().to_csv(tmp_path / "duties.csv")
    return tmp_path


def run(files, *more, before="before.gpkg", after="after.gpkg", out="lineage.csv"):
    command = ["compare", files / before, files / after, "--out", files / out, *more]
    return CliRunner().invoke(app, [*map(str, command)], env={"COLUMNS": "200"})


def test_two_plans_are_compared_by_their_own_counts(files):
    result = run(files)
    assert result.exit_code == 0, result.output
    assert "400 of 1,600 households change their area (25.0%)" in result.output
    rows = pd.read_csv(files / "lineage.csv")
    assert rows[["before_id", "after_id", "households"]].to_numpy().tolist() == [
        ["G1", "G1", 400], ["G2", "G1", 200], ["G2", "G2", 200], ["G3", "G2", 200], ["G3", "G3", 200],
        ["G4", "G4", 400]]  # fmt: skip


def test_points_incidents_and_duties_are_told_where_they_are_given(files):
    result = run(files, "--households", files / "households.gpkg", "--incidents", files / "incidents.gpkg",
                 "--officers", files / "officers.csv", "--duties", files / "duties.csv")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "3 of 12 households change their area" in result.output
    assert "6 of 23 incidents lie in another area" in result.output
    assert "1 incidents lie in no area of either plan" in result.output
    assert "O1" in result.output
    assert pd.read_csv(files / "lineage.csv")["incidents"].sum() == 23


def test_the_duties_of_a_day_can_be_taken(files):
    for day, gained, lost in (("2026-08-31", 200, 200), ("2026-09-01", 200, 0)):
        assert run(files, "--duties", files / "duties.csv", "--at", day, out="told.gpkg").exit_code == 0
        people = gpd.read_file(files / "told.gpkg", layer="officers_compared").set_index("officer_id")
        # O2 has G2, which gives half away and gains as much, until September, and G1 from then on.
        assert people.loc["O2", ["households_gained", "households_lost"]].tolist() == [gained, lost]


def test_a_geopackage_takes_all_tables(files):
    assert run(files, "--duties", files / "duties.csv", out="compared.gpkg").exit_code == 0
    layers = {
        name: gpd.read_file(files / "compared.gpkg", layer=name) for name in gg.list_layers(files / "compared.gpkg")
    }
    assert set(layers) == {
        "lineage", "areas_compared", "communities_compared", "officers_compared", "spread", "moved_atoms"}  # fmt: skip
    assert layers["areas_compared"].set_index("area_id")["status"].to_dict() == {
        "G1": "changed", "G2": "changed", "G3": "changed", "G4": "same"}  # fmt: skip
    assert len(layers["moved_atoms"]) == 4


def test_the_concordance_tells_no_small_count(files):
    result = run(files, "--households", files / "households.gpkg", "--concordance", files / "published.csv")
    assert result.exit_code == 0, result.output
    table = pd.read_csv(files / "published.csv").set_index(["before_id", "after_id"])
    assert table.loc[("G2", "G1"), ["households", "weight", "before_households_share"]].isna().all()
    assert table.loc[("G2", "G1"), "before_area_share"] == 0.5
    assert table["households"].dropna().between(1, 4).sum() == 0
    assert run(files, "--concordance", files / "published.csv", "--smallest", "1").exit_code == 0
    assert pd.read_csv(files / "published.csv")["households"].sum() == 1600


def test_layers_of_areas_are_compared_as_plans_are(files):
    gg.write_layers({"areas": plan().areas()}, files / "old.gpkg")
    gg.write_layers({"areas": plan(GRIDS_LATER).areas()}, files / "new.gpkg")
    result = run(files, before="old.gpkg:areas", after="new.gpkg:areas", out="by_land.csv")
    assert result.exit_code == 0, result.output
    run(files)
    by_land, by_atoms = (pd.read_csv(files / name) for name in ("by_land.csv", "lineage.csv"))
    ends = ["before_id", "after_id", "change", "area_m2"]
    pd.testing.assert_frame_equal(by_land[ends], by_atoms[ends])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--officers", "officers.csv"], "want --duties"),
        (["--duties", "nowhere.csv"], "there is no file nowhere.csv"),
        (["--level", "beat"], "the plan has no level 'beat'"),
    ],
)
def test_what_cannot_be_compared_is_refused(files, more, message):
    result = run(files, *more)
    assert result.exit_code == 1
    assert message in result.output
    assert not (files / "lineage.csv").exists()


def test_a_plan_that_is_not_there_is_told(files):
    result = run(files, after="later.gpkg")
    assert result.exit_code == 1
    assert "StorageError there is no file" in result.output
