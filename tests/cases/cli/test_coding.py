"""``gridgeo codes`` gives a plan its official codes, keeps earlier ones, and judges those that are there."""

import pandas as pd
import pytest
from drawn_plans import drawn_plan
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app

PLAN = drawn_plan("ABCD\nEFGH", grid="1122\n3344", micro="1234\n5678")
XINJIEKOU = "320104001001"


@pytest.fixture
def files(tmp_path):
    gg.write_plan(PLAN, tmp_path / "plan.gpkg")
    (tmp_path / "codes.csv").write_text(f"area_id,name,code\nC1,新街口,{XINJIEKOU}\nC9,别处,320104001009\n", "utf-8")
    (tmp_path / "divisions.csv").write_text(f"code\n{XINJIEKOU}\n", "utf-8")
    (tmp_path / "spent.csv").write_text(f"code\n{XINJIEKOU}007\n", "utf-8")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["codes", *map(str, arguments)], env={"COLUMNS": "220"})


def asked(files, *more, template="beijing-15", plan="plan.gpkg"):
    codes = files / "codes.csv"
    return run(files / plan, "--template", template, "--communities-codes", codes, *more)


def test_a_plan_gets_its_codes(files):
    told = asked(files, "--out", files / "coded.gpkg")
    assert told.exit_code == 0, told.output
    assert "no findings: every code is as the template writes it" in " ".join(told.output.split())
    assert "a choice of gridgeo's, not the source's" in " ".join(told.output.split())
    coded = gg.read_plan(files / "coded.gpkg")
    assert coded.areas("grid")["code"].to_dict() == {f"G{at}": f"{XINJIEKOU}00{at}" for at in (1, 2, 3, 4)}
    assert coded.areas("micro").at["M8", "code"] == f"{XINJIEKOU}00402"
    assert coded.areas("community").at["C1", "code"] == XINJIEKOU
    assert coded.manifest["codes"]["template"] == "beijing-15"


def test_earlier_codes_are_kept_and_spent_ones_left_out(files):
    asked(files, "--out", files / "first.gpkg")
    grown = drawn_plan("ABCD\nEFGH", grid="1155\n3344", micro="1234\n5678")
    gg.write_plan(grown, files / "grown.gpkg")
    options = ("--before", files / "first.gpkg", "--reserved", files / "spent.csv", "--out", files / "second.gpkg")
    told = asked(files, *options, plan="grown.gpkg")
    assert told.exit_code == 0, told.output
    codes = gg.read_plan(files / "second.gpkg").areas("grid")["code"].str[-3:]
    assert codes.to_dict() == {"G1": "001", "G3": "003", "G4": "004", "G5": "008"}
    pd.DataFrame({"area_id": ["G5"], "code": [f"{XINJIEKOU}002"]}).to_csv(files / "before.csv", index=False)
    told = asked(files, "--before", files / "before.csv", "--out", files / "third.gpkg", plan="grown.gpkg")
    assert told.exit_code == 0, told.output
    assert gg.read_plan(files / "third.gpkg").areas("grid").at["G5", "code"] == f"{XINJIEKOU}002"


def test_codes_that_are_there_are_judged(files):
    options = ("--check", "--out", files / "findings.csv", "--fail-on", "error")
    told = asked(files, *options)
    assert told.exit_code == 3, told.output
    assert "not of digits 0 to 9 alone" in " ".join(told.output.split())
    assert set(pd.read_csv(files / "findings.csv")["fault"]) == {"not_digits"}
    asked(files, "--out", files / "coded.gpkg")
    told = asked(files, "--check", "--fail-on", "note", "--divisions", files / "divisions.csv", plan="coded.gpkg")
    assert told.exit_code == 0, told.output
    (files / "divisions.csv").write_text("code\n320104001002\n", "utf-8")
    told = asked(files, "--check", "--fail-on", "note", "--divisions", files / "divisions.csv", plan="coded.gpkg")
    assert told.exit_code == 3
    assert f"there is no community {XINJIEKOU}" in " ".join(told.output.split())


@pytest.mark.parametrize(
    ("template", "options", "said"),
    [
        ("12+n", (), "pass digits=3"),
        ("cjt349-20", (), "pass object_code"),
        ("beijng-15", (), "did you mean 'beijing-15'"),
        ("12+1", ("--reserved", "nine.csv"), "needs 4 new numbers after 9"),
        ("beijing-15", ("--before", "absent.csv"), "absent.csv"),
        ("beijing-15", ("--before", "names.csv"), "names.csv: has no column code; there are area_id, name"),
        ("beijing-15", ("--before", "divisions.csv"), "has no column area_id"),
        ("beijing-15", ("--before", "twice.csv"), "area_id 'G1' stands more than once"),
        ("beijing-15", ("--check", "--reserved", "spent.csv"), "--before and --reserved say nothing"),
        ("beijing-15", ("--fail-on", "grave"), "--fail-on 'grave': choose one of"),
    ],
)
def test_what_cannot_be_done_is_one_line(files, template, options, said):
    (files / "nine.csv").write_text(f"code\n{XINJIEKOU}9\n", "utf-8")
    (files / "names.csv").write_text("area_id,name\nG1,one\n", "utf-8")
    (files / "twice.csv").write_text("area_id,code\nG1,1\nG1,2\n", "utf-8")
    placed = [files / each if each.endswith(".csv") else each for each in options]
    told = asked(files, *placed, "--out", files / "out.gpkg", template=template)
    assert told.exit_code == 1, told.output
    assert said in " ".join(told.output.split())
    assert not (files / "out.gpkg").exists()


def test_a_place_to_write_is_asked_for(files):
    told = asked(files)
    assert told.exit_code == 1
    assert "--out: is not given" in " ".join(told.output.split())
    assert run(files / "plan.gpkg", "--template", "beijing-15", "--out", files / "o.gpkg").exit_code == 1
