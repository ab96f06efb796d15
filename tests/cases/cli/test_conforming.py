"""``gridgeo conformance`` tells clause by clause whether a plan keeps its rules, and ends a pipeline that must stop."""

import geopandas as gpd
import pandas as pd
import pytest
from drawn_plans import drawn_plan
from towns import communities, households_at, street_lines
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app

ATOMS = """
    abcdef
    ghijkl
"""


@pytest.fixture
def files(tmp_path):
    """Write a plan whose grids keep their band, one whose grids do not, and the layers of the town."""
    good = {"grid": "111222\n111222", "micro": "112334\n112334", "households": 60}
    gg.write_plan(drawn_plan(ATOMS, **good), tmp_path / "plan.gpkg")
    gg.write_plan(drawn_plan(ATOMS, **{**good, "grid": "111112\n111112"}), tmp_path / "bad.gpkg")
    homes = households_at([(x + 0.5, y + 0.5) for x in range(6) for y in range(2)], count=60)
    town = {
        "ground": communities("TTTTTT\nTTTTTT"),
        "streets": street_lines([[(3, 0), (3, 2)], [(0, 1), (6, 1)]]),
        "households": homes,
    }
    gg.write_layers(town, tmp_path / "town.gpkg")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["conformance", *map(str, arguments)], env={"COLUMNS": "200"})


def layers(files):
    source = files / "town.gpkg"
    given = {"inside": "ground", "streets": "streets", "households": "households"}
    return [part for option, layer in given.items() for part in (f"--{option}", f"{source}:{layer}")]


def test_a_plan_is_held_against_its_own_profile_and_the_layers_given(files):
    told = run(files / "plan.gpkg", *layers(files), "--clauses", files / "clauses.csv", "--fail-on", "error")
    assert told.exit_code == 0, told.output
    table = pd.read_csv(files / "clauses.csv").set_index("clause_id")
    assert table.loc["grid-size", "state"] == "holds"
    assert table.loc["micro-size", ["state", "figure"]].tolist() == ["fails", 4]
    assert table.loc["micro-cover/cover_households", ["state", "figure"]].tolist() == ["holds", 1.0]
    assert "cannot be judged, not given: buildings: micro-unit" in told.output


def test_findings_and_a_report_are_written(files):
    out, report = files / "found.gpkg", files / "rules.html"
    told = run(files / "bad.gpkg", "--out", out, "--report", report, "--language", "zh")
    assert told.exit_code == 0, told.output
    found = gpd.read_file(out)
    assert set(found["kind"]) == {"band"}
    assert found.loc[found["clause"] == "grid-size", "value"].tolist() == [600, 120]
    assert "划分规则符合性报告" in report.read_text(encoding="utf-8")


def test_another_profile_may_be_asked_for(files):
    told = run(files / "plan.gpkg", "--profile", "sichuan", "--fail-on", "note")
    assert told.exit_code == 0, told.output
    assert "7 clauses of sichuan: holds: 3" in told.output


def test_a_soft_clause_stops_only_who_asks_for_it(files):
    assert run(files / "bad.gpkg", "--profile", "sichuan", "--fail-on", "error").exit_code == 0
    assert run(files / "bad.gpkg", "--profile", "sichuan", "--fail-on", "warning").exit_code == 3


def test_duties_are_judged_on_a_day(files):
    rows = [("P1", "G1"), ("P2", "G2")]
    table = pd.DataFrame(rows, columns=["officer_id", "area_id"], index=pd.Index(["D1", "D2"], name="duty_id"))
    table.assign(role="full_time", valid_from="2026-01-01", valid_to="2026-07-01").to_csv(files / "duties.csv")
    asked = (files / "plan.gpkg", "--profile", "sichuan", "--duties", files / "duties.csv", "--fail-on", "warning")
    assert run(*asked, "--at", "2026-03-01").exit_code == 0
    assert run(*asked, "--at", "2026-08-01").exit_code == 3
    assert "no day was named: staffing" in run(*asked).output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan.gpkg", "--profile", "nowhere"), "there is no profile 'nowhere'"),
        (("plan.gpkg", "--fail-on", "all"), "choose one of note, warning, error"),
        (("town.gpkg",), "StorageError"),
        (("none.gpkg",), "StorageError"),
    ],
)
def test_bad_arguments_are_told_in_one_line(files, arguments, words):
    name, *rest = arguments
    told = run(files / name, *rest)
    assert told.exit_code == 1
    assert words in told.output


def test_help_gives_an_example():
    assert "Example: gridgeo conformance plan.gpkg" in " ".join(run("--help").output.split())
