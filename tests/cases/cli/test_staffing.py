"""``gridgeo duties`` tells who is missing where, from a plan or a store, and ends a pipeline that must stop."""

from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
from drawn_plans import drawn_plan
from stores import new_store
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app

PLAN = drawn_plan("ABCD", grid="1122", micro="1234", households=150)
GRIDS = PLAN.areas("grid").index.to_list()
DAY = date(2026, 10, 1)


def officers():
    names = ["O1", "O2"]
    return pd.DataFrame({"name": names, "role": "full_time"}, index=pd.Index(names, name="officer_id"))


def duties(*rows):
    table = pd.DataFrame(rows, columns=["officer_id", "area_id", "role", "valid_from", "valid_to"])
    return table.set_axis(pd.Index([f"D{number}" for number in range(len(rows))], name="duty_id"))


FULL = duties(("O1", GRIDS[0], "full_time", None, None), ("O2", GRIDS[1], "full_time", None, None))
HALF = duties(("O1", GRIDS[0], "full_time", None, None), ("O2", GRIDS[1], "full_time", None, "2026-10-01"))


@pytest.fixture
def files(tmp_path):
    gg.write_plan(PLAN, tmp_path / "plan.gpkg")
    officers().to_csv(tmp_path / "officers.csv")
    FULL.to_csv(tmp_path / "full.csv")
    HALF.to_csv(tmp_path / "half.csv")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["duties", *map(str, arguments)], env={"COLUMNS": "200"})


def words(told):
    """Give what was printed in one line: long sentences are folded in a narrow terminal."""
    return " ".join(told.output.split())


def asked(files, table="half", at="2026-10-01", place="plan.gpkg"):
    return [files / place, "--officers", files / "officers.csv", "--duties", files / f"{table}.csv", "--at", at]


def test_a_vacancy_is_printed_and_written_with_its_place(files):
    told = run(*asked(files), "--out", files / "findings.csv", "--fail-on", "error")
    assert told.exit_code == 3, told.output
    assert f"nobody answers for '{GRIDS[1]}' on 2026-10-01" in told.output
    assert "1 findings, 2 areas (grid) on 2026-10-01" in told.output
    written = pd.read_csv(files / "findings.csv")
    assert written["kind"].to_list() == ["vacancy"]
    assert written["area_ids"].to_list() == [GRIDS[1]]
    assert run(*asked(files), "--out", files / "findings.gpkg").exit_code == 0
    assert gpd.read_file(files / "findings.gpkg").geometry.iloc[0].equals(PLAN.areas("grid").geometry[GRIDS[1]])


def test_a_list_in_order_says_so_and_passes(files):
    told = run(*asked(files, "full"), "--fail-on", "note", "--out", files / "none.csv")
    assert told.exit_code == 0, told.output
    assert "no findings: the duty list is in order, 2 areas (grid)" in told.output
    assert (files / "none.csv").exists()
    assert run(*asked(files, at="2026-09-30"), "--fail-on", "note").exit_code == 0


def test_levels_without_any_duty_are_judged_when_asked(files):
    told = run(*asked(files, "full"))
    assert "no duty is for an area of level micro: it is not judged" in told.output
    told = run(*asked(files, "full"), "--level", "micro")
    assert "vacancy 4" in told.output
    told = run(*asked(files, "full"), "--level", "beat")
    assert told.exit_code == 1
    assert "the plan's levels are community, grid, micro" in told.output


def test_gaps_in_time_are_told_until_a_day(files):
    told = run(*asked(files, at="2026-09-01"), "--until", "2026-11-01")
    assert told.exit_code == 0, told.output
    assert f"nobody answers for '{GRIDS[1]}' on 31 days, from 2026-10-01 until 2026-11-01" in words(told)
    assert "vacancy 1" in run(*asked(files), "--until", "2026-11-01").output


def test_the_ratio_may_be_another_or_none(files):
    told = run(*asked(files, "full"), "--ratio", 100, 299)
    assert "too_few_staff 2" in told.output
    assert "inner-mongolia" not in told.output
    assert "no findings" in run(*asked(files, "full"), "--ratio", 0, 0).output
    told = run(*asked(files, "full"), "--ratio", 400, 200)
    assert (told.exit_code, "give the lower number first" in told.output) == (1, True)


def test_officers_for_resettled_households_are_asked_for(files):
    moved = {"override_id": ["V1"], "subject": "household", "subject_id": "H1", "host_area_id": GRIDS[0],
             "origin_area_id": GRIDS[1]}  # fmt: skip
    pd.DataFrame(moved).to_csv(files / "moved.csv", index=False)
    told = run(*asked(files, "full"), "--overrides", files / "moved.csv")
    assert f"'{GRIDS[1]}' has no part-time officer on 2026-10-01 for the 1 household resettled" in words(told)
    pd.DataFrame(moved).drop(columns="override_id").to_csv(files / "moved.csv", index=False)
    told = run(*asked(files, "full"), "--overrides", files / "moved.csv")
    assert (told.exit_code, "has no column override_id" in told.output) == (1, True)


def test_a_store_brings_its_own_officers_and_duties(files):
    with new_store(files) as store:
        store.publish(PLAN, valid_from=date(2026, 1, 1), officers=officers(), duties=HALF)
    told = run(files / "town.db", "--at", "2026-10-01")
    assert told.exit_code == 0, told.output
    assert "vacancy 1" in told.output
    assert "no findings" in run(files / "town.db", "--at", "2026-09-30").output
    assert "no findings" in run(*asked(files, "full", place="town.db")).output
    told = run(files / "town.db", "--at", "2025-12-31")
    assert (told.exit_code, "UnknownAreaError" in told.output) == (1, True)


def test_a_plan_without_tables_says_what_to_name(files):
    told = run(files / "plan.gpkg", "--at", "2026-10-01", "--duties", files / "full.csv")
    assert (told.exit_code, "name the tables with --officers" in told.output) == (1, True)
    told = run(*asked(files), "--fail-on", "grave")
    assert (told.exit_code, "choose one of note, warning, error" in told.output) == (1, True)
