"""Two planners on one plan: whose edits can follow the other's, and whose cannot."""

import pytest
from drawn_plans import drawn_plan

import gridgeo as gg
from gridgeo.design.draft_conflicts import atoms_of, edits_conflict, rebase
from gridgeo.model.edits import KeepTogether, Lock, Merge, Move, Recode, Rename, Reparent, Split
from gridgeo.model.errors import EditError

ATOMS = """
    abcdefgh
    ijklmnop
"""


def plan_of(**fields):
    return drawn_plan(ATOMS, grid="11223344\n11223344", micro="12345678\n12345678", households=60, **fields)


def assert_both_orders_agree(plan, ours, theirs):
    found = rebase(plan, ours, theirs)
    assert found.is_fine, [str(each) for each in found.conflicts]
    one = gg.apply_edits(plan, [*found.theirs, *found.edits])
    other = gg.apply_edits(plan, [*found.edits, *found.theirs])
    assert one.register.equals(other.register)
    assert one.manifest == other.manifest
    assert all(one.owner(level).equals(other.owner(level)) for level in one.levels)
    return found


def test_the_atoms_of_an_edit_are_those_of_the_areas_it_redraws():
    assert atoms_of(Move(["b", "j"], "G2"), plan_of()) == frozenset("abijcdkl")
    assert atoms_of(Rename("G1", "x"), plan_of()) == frozenset()
    assert atoms_of(Lock(atom_ids=["a"]), plan_of()) == frozenset("a")
    assert atoms_of(Split("M1", atom_ids=["a"], level="micro"), plan_of()) == frozenset("ai")


def test_edits_of_different_grids_follow_each_other():
    found = assert_both_orders_agree(plan_of(), [Move(["b", "j"], "G2")], [Merge(["G3", "G4"])])
    assert found.edits == (Move(["b", "j"], "G2"),)


def test_edits_of_one_grid_are_a_conflict_that_names_what_both_touch():
    found = rebase(plan_of(), [Move(["b", "j"], "G2")], [Rename("G1", "x"), Move(["e", "m"], "G2")])
    assert found.edits == ()
    assert [(each.ours, each.theirs) for each in found.conflicts] == [(Move(["b", "j"], "G2"), Move(["e", "m"], "G2"))]
    assert "atom:c" in found.conflicts[0].things
    assert "reload the plan" in str(found.conflicts[0])


def test_areas_that_both_make_are_numbered_one_after_the_other():
    ours = gg.Draft(
        plan_of(), [Merge(["G1", "G2"]), Rename("C1-01", "东"), Split("C1-01", atom_ids=list("abij"))]
    ).edits
    theirs = gg.Draft(plan_of(), [Merge(["G3", "G4"]), Rename("C1-01", "西")]).edits
    found = assert_both_orders_agree(plan_of(), ours, theirs)
    assert found.edits[0].new_id == "C1-02"
    assert found.edits[1].area_id == "C1-02"
    assert found.edits[2].new_ids == ("C1-03", "C1-04")


def test_micro_grids_of_a_renumbered_grid_are_followed():
    base = drawn_plan(ATOMS, grid="11112222\n11112222", micro="11112222\n11112222", households=30)
    ours = gg.Draft(base, [Split("G1", atom_ids=list("abij")), Rename("C1-02-01", "内")]).edits
    theirs = gg.Draft(base, [Split("G2", atom_ids=list("efmn"))]).edits
    found = assert_both_orders_agree(base, ours, theirs)
    assert found.edits[1].area_id == "C1-04-01"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Rename("G1", "x"), Rename("G1", "y")),
        (Rename("G1", "x"), Merge(["G1", "G2"])),
        (Rename("C1", "x"), Merge(["G1", "G2"])),
        (Recode("G1", "7"), Recode("G2", "7")),
        (Lock(area_ids=["G1"]), Move(["b", "j"], "G2")),
        (Lock(area_ids=["M2"]), Move(["b"], "M1", level="micro")),
        (Lock(atom_ids=["b"]), Move(["j", "b"], "G2")),
        (Lock(area_ids=["G1"]), Split("G1", target=120)),
        (KeepTogether(["b", "j"]), Move(["b", "j"], "G2")),
        (Reparent(["G1"], "C2", name="新"), Merge(["G1", "G2"])),
        (Reparent(["G1"], "C2", name="新"), Reparent(["G4"], "C2", name="旧")),
        (Move(["b"], "M1", level="micro"), Move(["b", "j"], "G2")),
    ],
)
def test_edits_that_hang_on_each_other_conflict_either_way(one, other):
    assert edits_conflict(one, other, plan_of())
    assert edits_conflict(other, one, plan_of())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Rename("G1", "x"), Move(["b", "j"], "G2")),
        (Rename("G1", "x"), Recode("G1", "7")),
        (Rename("M2", "x"), Merge(["G1", "G2"])),
        (Lock(area_ids=["G3"]), Move(["b", "j"], "G2")),
        (Lock(area_ids=["G1"]), Rename("G1", "x")),
        (Split("G1", target=120), Split("G4", target=120)),
        (KeepTogether(["e", "m"]), Merge(["G1", "G2"])),
        (Reparent(["G1"], "C2", name="新"), Merge(["G3", "G4"])),
        (Move(["b"], "M1", level="micro"), Move(["h"], "M7", level="micro")),
    ],
)
def test_edits_that_do_not_hang_on_each_other_commute(one, other):
    assert edits_conflict(one, other, plan_of()) == ()
    assert_both_orders_agree(plan_of(), [one], [other])


def test_an_edit_that_the_plan_itself_refuses_is_an_error():
    with pytest.raises(EditError, match="'G9'"):
        rebase(plan_of(), [Rename("G9", "x")], [])
