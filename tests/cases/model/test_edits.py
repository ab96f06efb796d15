"""Edits as records: one form in Python, one in JSON, and a message for what is wrong."""

import json

import pytest
import shapely

from gridgeo.model.edits import KeepTogether, Lock, Merge, Move, Recode, Rename, Reparent, Split, read_edit, write_edit
from gridgeo.model.errors import EditError

EDITS = [
    Move(["A2", "A1"], "G1"),
    Move(["A1"], "M1", level="micro"),
    Merge(["G2", "G1"], name="河东第1网格"),
    Merge(["M1", "M2"], level="micro", new_id="G1-07"),
    Split("G1", line="LINESTRING (0 0, 0.1 10)"),
    Split("G1", line=shapely.LineString([(1 / 3, 0), (2, 2)])),
    Split("G1", target=400, new_ids=["C1-03", "C1-04"]),
    Split("M1", atom_ids=["A1"], level="micro"),
    Rename("G1", "东风里"),
    Recode("G1", "420100001001003"),
    Lock(area_ids=["G1"], atom_ids=["A1"]),
    Lock(atom_ids=["A1"], on=False),
    KeepTogether(["A1", "A2"]),
    KeepTogether(["A1"], on=False),
    Reparent(["G1"], "C2", name="新社区"),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: str(write_edit(edit)["edit"]))
def test_an_edit_comes_back_from_json_as_it_was(edit):
    assert read_edit(json.loads(json.dumps(write_edit(edit)))) == edit


def test_atoms_are_kept_once_and_in_order():
    assert Move(["A2", "A1", "A2"], "G1") == Move(("A1", "A2"), "G1")
    assert write_edit(Move(["A2", "A1"], "G1")) == {
        "edit": "move", "atom_ids": ["A1", "A2"], "area_id": "G1", "level": "grid",
    }  # fmt: skip


def test_new_ids_keep_their_order():
    assert Split("G1", target=3, new_ids=["C1-09", "C1-04"]).new_ids == ("C1-09", "C1-04")


def test_a_line_as_shape_and_as_text_is_the_same_edit():
    line = shapely.LineString([(0, 0), (0, 10)])
    assert Split("G1", line=line) == Split("G1", line="LINESTRING (0 0, 0 10)")
    assert Split("G1", line=line).path.equals(line)


def test_edits_are_frozen_and_can_be_keys():
    edit = Move(["A1"], "G1")
    assert len({edit, Move(["A1"], "G1")}) == 1
    with pytest.raises(AttributeError):
        edit.area_id = "G2"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"edit": "fly"}, "key 'edit' is 'fly'"),
        ({}, "key 'edit' is None"),
        ({"edit": ["move"]}, r"key 'edit' is \['move'\]"),
        ("move", "not a mapping"),
        ({"edit": "move", "atom_ids": ["A1"]}, "move: key 'area_id' is missing"),
        ({"edit": "move", "atom_ids": ["A1"], "area_id": "G1", "colour": 3}, "move: key 'colour' is unknown"),
        ({"edit": "move", "atom_ids": [], "area_id": "G1"}, r"move: key 'atom_ids' is \[\].*at least 1"),
        ({"edit": "move", "atom_ids": "A1", "area_id": "G1"}, "move: key 'atom_ids' is 'A1', not a list"),
        ({"edit": "move", "atom_ids": [7], "area_id": "G1"}, "move: key 'atom_ids' holds 7"),
        ({"edit": "move", "atom_ids": ["A1"], "area_id": " G1"}, "move: key 'area_id' is ' G1'"),
        ({"edit": "move", "atom_ids": ["A1"], "area_id": "G1", "level": "beat"}, "move: key 'level' is 'beat'"),
        ({"edit": "merge", "area_ids": ["G1", "G1"]}, "merge: key 'area_ids'.*at least 2"),
        ({"edit": "merge", "area_ids": ["G1", "G2"], "name": ""}, "merge: key 'name' is ''"),
        ({"edit": "split", "area_id": "G1"}, "split of 'G1' gives none of them"),
        ({"edit": "split", "area_id": "G1", "target": 4, "atom_ids": ["A"]}, "gives target and atom_ids"),
        ({"edit": "split", "area_id": "G1", "target": -3}, "split: key 'target' is -3"),
        ({"edit": "split", "area_id": "G1", "target": True}, "split: key 'target' is True"),
        ({"edit": "split", "area_id": "G1", "target": 2.5}, "split: key 'target' is 2.5"),
        ({"edit": "split", "area_id": "G1", "line": "POINT (1 2)"}, r"split: key 'line' is 'POINT \(1 2\)'"),
        ({"edit": "split", "area_id": "G1", "line": "LINESTRING (1 2"}, "not well-known text"),
        ({"edit": "split", "area_id": "G1", "line": "LINESTRING (1 2, 1 2)"}, "of some length"),
        ({"edit": "split", "area_id": "G1", "line": "LINESTRING (1 2, nan 2)"}, "split: key 'line'"),
        ({"edit": "split", "area_id": "G1", "line": 5}, "split: key 'line' is 5"),
        ({"edit": "rename", "area_id": "G1", "name": 5}, "rename: key 'name' is 5"),
        ({"edit": "lock"}, "lock: area_ids and atom_ids are both empty"),
        ({"edit": "lock", "area_ids": ["G1"], "on": "no"}, "lock: key 'on' is 'no'"),
        ({"edit": "keep_together", "atom_ids": ["A1"]}, "keep_together: key 'atom_ids'.*at least 2"),
        ({"edit": "reparent", "area_ids": ["G1"], "community_id": 3}, "reparent: key 'community_id' is 3"),
    ],
)
def test_a_record_that_is_wrong_is_refused_with_its_key_and_value(record, said):
    with pytest.raises(EditError, match=said):
        read_edit(record)


def test_what_is_no_edit_is_not_written():
    with pytest.raises(EditError, match="is no edit"):
        write_edit("move")
