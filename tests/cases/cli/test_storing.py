"""Hold ``gridgeo store`` to what it says it does."""

import sqlite3

import pytest
from filled_stores import DAYS, fill, same_answers
from stores import new_place
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app


@pytest.fixture
def filled(store_place):
    with gg.open_store(store_place) as store:
        fill(store)
    return store_place


def run(*arguments):
    return CliRunner().invoke(app, ["store", *map(str, arguments)], env={"COLUMNS": "200"})


def test_a_store_is_backed_up_and_restored(filled, tmp_path):
    told = run("backup", filled, tmp_path / "backup.db")
    assert (told.exit_code, told.stdout.split(":")[-1].strip()) == (0, "written and checked")
    told = run("restore", tmp_path / "backup.db", tmp_path / "again.db")
    assert told.exit_code == 0
    with gg.open_store(filled) as one, gg.open_store(tmp_path / "again.db") as other:
        same_answers(one, other)


@pytest.mark.parametrize("name", ["town.gpkg", "town"])
def test_a_store_is_exported_and_imported(filled, tmp_path, name):
    assert run("export", filled, tmp_path / name, "--phones").exit_code == 0
    assert run("import", tmp_path / name, tmp_path / "again.db").exit_code == 0
    with gg.open_store(filled) as one, gg.open_store(tmp_path / "again.db") as other:
        same_answers(one, other)


def test_phones_stay_behind_unless_they_are_asked_for(filled, tmp_path):
    assert "without telephone numbers" in run("export", filled, tmp_path / "town.gpkg").stdout
    run("import", tmp_path / "town.gpkg", tmp_path / "again.db")
    with gg.open_store(tmp_path / "again.db") as other:
        assert other.officers(DAYS[0])["phone"].isna().all()


def test_nothing_is_replaced_unless_that_is_asked_for(filled, tmp_path):
    assert run("backup", filled, tmp_path / "backup.db").exit_code == 0
    told = run("backup", filled, tmp_path / "backup.db")
    assert told.exit_code == 1
    assert "is there already" in told.stderr
    assert run("backup", filled, tmp_path / "backup.db", "--replace").exit_code == 0
    told = run("restore", tmp_path / "backup.db", filled)
    assert told.exit_code == 1
    assert "holds plans already" in told.stderr
    assert "--replace" in told.stderr
    assert run("restore", tmp_path / "backup.db", filled, "--replace").exit_code == 0


def test_a_sound_store_is_said_to_be_sound(filled):
    told = run("check", filled)
    assert (told.exit_code, told.stdout.partition(":")[0]) == (0, "sound")


def test_a_store_that_is_not_sound_ends_with_3_and_what_is_wrong(tmp_path):
    place = new_place(tmp_path)
    with gg.open_store(place) as store:
        fill(store)
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE atoms SET households = households + 1 WHERE atom_id = 'A'")
    connection.close()
    told = run("check", place)
    assert told.exit_code == 3
    assert "is not what was published" in told.stdout


def test_a_store_that_is_not_there_is_said_so(tmp_path):
    told = run("check", tmp_path / "nowhere.db")
    assert told.exit_code == 1
    assert "there is no such file" in told.stderr
    assert "Traceback" not in told.output
