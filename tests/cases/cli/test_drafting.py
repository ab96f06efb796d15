"""Hold ``gridgeo draft`` to what it says it does."""

import json
from datetime import date

import pytest
from planned_town import fill, plan
from stores import new_store
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app


@pytest.fixture
def place(tmp_path):
    with new_store(tmp_path) as store:
        fill(store)
    return tmp_path / "town.db"


def run(*arguments, ok=True):
    told = CliRunner().invoke(app, ["draft", *map(str, arguments)], env={"COLUMNS": "200"})
    assert (told.exit_code == 0) == ok, told.output
    return told.output


@pytest.fixture
def opened(place):
    assert "draft 1 'October' is open, from version 1" in run("open", place, "--name", "October", "--by", "Li Min")
    return place


def edit(place, *arguments, ok=True):
    return run("edit", place, 1, *arguments, "--by", "Li Min", ok=ok)


def owner(place):
    with gg.open_store(place) as store:
        return gg.Workbench(store, 1).plan.owner("grid")


def test_a_draft_is_opened_and_listed(opened):
    told = run("list", opened)
    assert all(word in told for word in ("October", "open", "Li Min"))


def test_an_empty_store_lists_none(place):
    assert "no drafts" in run("list", place)


def test_atoms_are_moved_and_the_counts_told(opened):
    told = edit(opened, "move", "b", "j", "--to", "G2", "--why", "new tower")
    counts = {line.split()[0]: line.split()[-2:] for line in told.splitlines() if line.startswith(("G1", "G2"))}
    assert counts == {"G1": ["400", "200"], "G2": ["400", "600"]}
    assert "'G2' holds 600 households, above 300-500" in told
    assert "at revision 1" in told
    assert owner(opened)["b"] == "G2"


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (["merge", "G1", "G2", "--name", "东苑"], gg.Merge(["G1", "G2"], name="东苑")),
        (["split", "G1", "--target", "200"], gg.Split("G1", target=200)),
        (["split", "G1", "--atoms", "a", "--atoms", "i"], gg.Split("G1", atom_ids=["a", "i"])),
        (["rename", "G1", "--name", "东苑"], gg.Rename("G1", "东苑")),
        (["recode", "G1", "--code", "X9"], gg.Recode("G1", "X9")),
        (["lock", "G1", "--atoms", "h"], gg.Lock(["G1"], ["h"])),
        (["keep", "a", "b"], gg.KeepTogether(["a", "b"])),
        (["reparent", "G2", "--to", "C2"], gg.Reparent(["G2"], "C2")),
    ],
)
def test_every_edit_has_its_word(opened, words, made):
    edit(opened, *words)
    with gg.open_store(opened) as store:
        (kept,) = [gg.read_edit(record) for record in store.draft(1).edits]
    same = {name: getattr(made, name) for name in made.__dataclass_fields__ if name not in ("new_id", "new_ids")}
    assert type(kept) is type(made)
    assert {name: getattr(kept, name) for name in same} == same


def test_a_split_runs_along_a_line(opened):
    west = plan().areas().loc["G1"].geometry.bounds
    middle = (west[0] + west[2]) / 2
    edit(opened, "split", "G1", "--line", f"LINESTRING ({middle} {west[1] - 9}, {middle} {west[3] + 9})")
    assert owner(opened)[["a", "i"]].nunique() == owner(opened)[["b", "j"]].nunique() == 1
    assert owner(opened)["a"] != owner(opened)["b"]


def test_what_is_locked_stays_until_it_is_let_go(opened):
    edit(opened, "lock", "G1")
    assert "lock" in edit(opened, "move", "b", "j", "--to", "G2", ok=False)
    edit(opened, "lock", "G1", "--off")
    edit(opened, "move", "b", "j", "--to", "G2")


def test_a_file_of_edits_is_one_step(opened, tmp_path):
    records = [gg.write_edit(each) for each in (gg.Rename("G1", "东苑"), gg.Move(["b", "j"], "G2"))]
    (tmp_path / "edits.jsonl").write_text("\n".join(map(json.dumps, records)), "utf-8")
    assert "at revision 1" in edit(opened, "--edits", tmp_path / "edits.jsonl")
    (tmp_path / "edits.json").write_text(json.dumps([gg.write_edit(gg.Rename("G2", "西苑"))]), "utf-8")
    assert "at revision 2" in edit(opened, "--edits", tmp_path / "edits.json")
    assert "made again" not in run("undo", opened, 1, "--by", "Li Min")
    run("undo", opened, 1, "--by", "Li Min")
    assert owner(opened)["b"] == "G1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("", "holds no edit"),
        ("[1]", "edit 1"),
        ('[{"edit": "fly"}]', "edit 1: edit: key 'edit' is 'fly'"),
        ('{"edit": "rename", "area_id": "G1"}', "key 'name' is missing"),
    ],
)
def test_a_bad_file_is_refused_naming_the_edit(opened, tmp_path, text, said):
    (tmp_path / "edits.jsonl").write_text(text, "utf-8")
    assert said in edit(opened, "--edits", tmp_path / "edits.jsonl", ok=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name one edit"),
        (["fly", "G1"], "'fly' is not known"),
        (["rename", "G1", "G2", "--name", "x"], "takes one area, and 2 are named"),
        (["rename", "G1"], "'name' is missing"),
        (["rename", "G1", "--name", "x", "--to", "G2"], "takes no --to"),
        (["merge", "G1", "G2", "--off"], "takes no --off"),
        (["split", "G1"], "give one of line, target and atom_ids"),
        (["move", "zz", "--to", "G2"], "zz"),
    ],
)
def test_a_bad_command_is_refused_in_one_line(opened, words, said):
    told = edit(opened, *words, ok=False)
    assert said in told
    assert "Traceback" not in told


def test_a_trial_keeps_nothing(opened):
    assert "200" in edit(opened, "move", "b", "j", "--to", "G2", "--dry-run")
    assert owner(opened)["b"] == "G1"


def test_undo_and_redo(opened):
    edit(opened, "move", "b", "j", "--to", "G2")
    assert "undone: move" in run("undo", opened, 1, "--by", "Li Min")
    assert owner(opened)["b"] == "G1"
    assert "made again: move" in run("redo", opened, 1, "--by", "Li Min")
    assert owner(opened)["b"] == "G2"
    assert "nothing to redo" in run("redo", opened, 1, "--by", "Li Min", ok=False)


def test_a_draft_is_shown_written_and_compared(opened, tmp_path):
    edit(opened, "move", "b", "j", "--to", "G2", "--why", "new tower")
    told = run("show", opened, 1, "--out", tmp_path / "draft.gpkg")
    assert "1 edits" in told
    assert "new tower" in told
    assert gg.read_plan(tmp_path / "draft.gpkg").owner("grid")["b"] == "G2"
    assert "200 of 1,600 households change their area" in run("diff", opened, 1)
    days = (date.today() - date(2026, 8, 31)).days
    if days > 0:
        assert "incidents replayed" in run("diff", opened, 1, "--days", days)


def test_a_discarded_draft_takes_no_edit(opened):
    run("discard", opened, 1, "--by", "Li Min", "--why", "not built")
    assert "discarded" in edit(opened, "rename", "G1", "--name", "x", ok=False)


def test_a_draft_or_a_store_that_is_not_there(place, tmp_path):
    assert "no draft 4" in run("show", place, 4, ok=False)
    assert "StorageError" in run("list", tmp_path / "none.db", ok=False)
    assert not (tmp_path / "none.db").exists()


def test_a_draft_goes_on_from_a_later_version(opened):
    with gg.open_store(opened) as store:
        first = gg.open_workbench(store, name="first", by="Wang Wei")
        first.apply(gg.Rename("G1", "东苑"), by="Wang Wei")
        first.publish(valid_from=date(2099, 1, 1), by="Wang Wei")
    assert "starts from version 2" in run("rebase", opened, 1, "--base", 2, "--by", "Li Min")
