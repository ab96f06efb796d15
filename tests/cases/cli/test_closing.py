"""``gridgeo rates`` turns incidents and their log into rates, one row a group."""

import pandas as pd
import pytest
from towns import town
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app


@pytest.fixture
def files(tmp_path):
    """Write four incidents of two grids, a third grid without any, their log, deadlines and working hours."""
    gg.write_layers({"grids": town("ABC")}, tmp_path / "plan.gpkg")
    rows = [("I1", "A", "2026-10-01T09:00:00+08:00"), ("I2", "A", "2026-10-01T10:00:00+08:00"),
            ("I3", "B", "2026-10-02T09:00:00+08:00"), ("I4", "", "2026-10-03T09:00:00+08:00")]  # fmt: skip
    table = pd.DataFrame(rows, columns=["incident_id", "area_id", "reported_at"]).assign(category="noise")
    table.to_csv(tmp_path / "incidents.csv", index=False)
    points = gg.read_layer(tmp_path / "plan.gpkg", "grids").geometry.representative_point().to_crs("OGC:CRS84")
    placed = table.drop(columns="area_id").assign(
        lon=[points[area].x for area in "AABC"], lat=[points[area].y for area in "AABC"]
    )
    placed.to_csv(tmp_path / "placed.csv", index=False)
    steps = [("I1", "accepted", "09:05"), ("I1", "dispatched", "09:10"), ("I1", "handled", "11:10"),
             ("I1", "verified", "12:00"), ("I1", "closed", "12:00"), ("I2", "accepted", "10:05"),
             ("I2", "dispatched", "10:10"), ("I2", "handled", "18:00")]  # fmt: skip
    log = pd.DataFrame(
        [(*step[:2], f"2026-10-01T{step[2]}:00+08:00") for step in steps], columns=["incident_id", "status", "at"]
    )
    log.to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "limits.csv").write_text("category,status,working_hours\n*,handled,3\n", encoding="utf-8")
    hours = 'zone = "Asia/Shanghai"\n[hours]\nthursday = ["09:00-12:00"]\nfriday = ["09:00-12:00"]\n'
    (tmp_path / "office.toml").write_text(hours, encoding="utf-8")
    return tmp_path


def run(files, *arguments, incidents="incidents.csv", log="log.csv"):
    given = ["rates", files / incidents, "--log", files / log, "--out", files / "rates.csv", *arguments]
    return CliRunner().invoke(app, [str(part) for part in given], env={"COLUMNS": "200"})


def written(files, key="area_id"):
    return pd.read_csv(files / "rates.csv").set_index(key)


def test_rates_are_written_for_every_area_and_for_none(files):
    told = run(files, "--areas", f"{files / 'plan.gpkg'}:grids", "--by", "area")
    assert told.exit_code == 0, told.output
    table = written(files)
    assert table["received"].to_list() == [2, 1, 0, 1]
    assert table.loc["A", ["filing_rate", "closure_rate"]].tolist() == [1.0, 0.5]
    assert pd.isna(table.loc["C", "filing_rate"])
    assert "4 incidents in 4 groups" in told.output
    assert "no --deadlines" in told.output


def test_points_are_placed_in_the_areas(files):
    told = run(files, "--areas", f"{files / 'plan.gpkg'}:grids", incidents="placed.csv")
    assert told.exit_code == 0, told.output
    assert written(files)["received"].to_dict() == {"A": 2, "B": 1, "C": 1}


def test_deadlines_count_in_working_hours(files):
    options = ("--deadlines", files / "limits.csv", "--at", "2026-10-05")
    assert run(files, *options).exit_code == 0
    assert written(files).loc["A", "completion_rate"] == 0.5  # I2 took more than three hours
    assert run(files, *options, "--calendar", files / "office.toml").exit_code == 0
    assert written(files).loc["A", "completion_rate"] == 1.0  # of which two were working hours


def test_periods_are_half_open_days_of_the_zone(files):
    assert run(files, "--since", "2026-10-02", "--until", "2026-10-03", "--by", "day").exit_code == 0
    assert written(files, "day")["received"].to_dict() == {"2026-10-02": 1}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--deadlines", "limits.csv"), "--deadlines needs --at"),
        (("--since", "soon"), "--since 'soon': is neither a day nor an instant"),
        (("--since", "2026-10-02", "--until", "2026-10-02"), "not after since"),
        (("--by", "colour"), "column 'colour' is missing"),
        (("--zone", "Mars/Olympus", "--since", "2026-10-01"), "is no time zone"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(files, options, words):
    told = run(files, *options)
    assert told.exit_code == 1
    assert words in told.output
    assert "Traceback" not in told.output


def test_a_log_that_cannot_be_is_told_with_its_row(files):
    (files / "bad.csv").write_text("incident_id,status,at\nI1,closed,2026-10-01T10:00:00+08:00\n", encoding="utf-8")
    told = run(files, log="bad.csv")
    assert told.exit_code == 1
    assert "'I1' cannot go from 'reported' to 'closed'; allowed are accepted, rejected" in told.output
    (files / "bad.csv").write_text("incident_id,status,at\nI9,accepted,2026-10-01T10:00:00+08:00\n", encoding="utf-8")
    assert "'I9' is not in incidents" in run(files, log="bad.csv").output
