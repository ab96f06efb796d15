"""Hold ``gridgeo publish``, ``versions`` and ``withdraw`` to what they say they do."""

import geopandas as gpd
import pytest
from planned_town import TURNED, fill, plan
from stores import new_store
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app

BROKEN = "11122344\n11122344"


@pytest.fixture
def place(tmp_path):
    with new_store(tmp_path) as store:
        fill(store)
    return tmp_path / "town.db"


def run(*arguments):
    told = CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "200"})
    return told.exit_code, told.output


def publish(place, *arguments, day="2099-10-01"):
    return run("publish", place, "--valid-from", day, "--by", "Li Min", *arguments)


@pytest.fixture
def file(tmp_path):
    gg.write_plan(plan(TURNED), tmp_path / "plan.gpkg")
    return tmp_path / "plan.gpkg"


@pytest.fixture
def broken(tmp_path):
    gg.write_plan(plan(BROKEN), tmp_path / "broken.gpkg")
    return tmp_path / "broken.gpkg"


def test_a_file_is_published_and_listed_and_withdrawn(place, file):
    code, told = publish(place, "--plan", file)
    assert code == 0, told
    assert "version 2 is in force from 2099-10-01, in place of version 1; 400 households move" in told
    assert "scheduled" in run("versions", place)[1]
    code, told = run("withdraw", place, 2, "--by", "Li Min")
    assert (code, told.strip()) == (0, "version 2 is withdrawn")
    assert "withdrawn" in run("versions", place)[1]
    assert run("withdraw", place, 2, "--by", "Li Min")[0] == 1


def test_a_draft_is_published(place):
    run("draft", "open", place, "--name", "October", "--by", "Li Min")
    run("draft", "edit", place, 1, "rename", "G1", "--name", "东苑", "--by", "Li Min")
    code, told = publish(place, "--draft", 1)
    assert code == 0, told
    with gg.open_store(place) as store:
        assert store.draft(1).published_version == 2
    assert "was published as version 2" in publish(place, "--draft", 1)[1]


def test_errors_refuse_a_plan_and_are_written(place, broken, tmp_path):
    code, told = publish(place, "--plan", broken, "--findings", tmp_path / "findings.gpkg")
    assert code == 1
    assert "4 findings are errors" in told
    assert (gpd.read_file(tmp_path / "findings.gpkg")["severity"] == "error").sum() == 4
    code, told = publish(place, "--plan", broken, "--override", "the border follows")
    assert code == 0
    assert "overridden: the border follows" in told
    assert "the border follows" in run("versions", place)[1]


def test_a_trial_tells_by_its_exit_code_and_writes_nothing(place, broken, file):
    assert publish(place, "--plan", broken, "--dry-run")[0] == 3
    assert publish(place, "--plan", file, "--dry-run")[0] == 0
    with gg.open_store(place) as store:
        assert len(store.plans()) == 1


def test_a_first_plan_makes_the_store_and_a_trial_does_not(tmp_path, file):
    assert publish(tmp_path / "new.db", "--plan", file, "--dry-run")[0] == 1
    assert not (tmp_path / "new.db").exists()
    assert publish(tmp_path / "new.db", "--plan", file)[0] == 0
    assert "scheduled" in run("versions", tmp_path / "new.db")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--draft NUMBER or --plan"),
        (["--draft", 1, "--plan", "x.gpkg"], "one of the two"),
        (["--draft", 5], "no draft 5"),
    ],
)
def test_a_bad_command_is_refused_in_one_line(place, arguments, said):
    code, told = publish(place, *arguments)
    assert code == 1
    assert said in told
    assert "Traceback" not in told


def test_a_day_that_is_past_or_none_is_refused(place, file):
    code, told = publish(place, "--plan", file, day="2020-01-01")
    assert code == 1
    assert "is past" in told
    assert publish(place, "--plan", file, "--allow-past", day="2020-01-01")[0] == 0
    assert publish(place, "--plan", file, day="October")[0] == 2


def test_a_version_that_has_begun_is_not_withdrawn(place):
    code, told = run("withdraw", place, 1, "--by", "Li Min")
    assert code == 1
    assert "StalePlanError" in told
