"""A ``Workbench`` keeps a draft in step with the store, whoever else writes to it."""

import pytest
from planned_town import OCTOBER, TODAY, TURNED, fill, plan

import gridgeo as gg


@pytest.fixture
def town(store):
    return fill(store)


@pytest.fixture
def bench(town):
    return gg.open_workbench(town, name="October", by="Li Min", today=TODAY)


@pytest.fixture
def other(town, bench):
    return gg.Workbench(town, bench.draft_id, today=TODAY)


def test_a_stroke_tells_the_counts_and_is_kept(town, bench):
    stroke = bench.apply(gg.Move(["b", "j"], "G2"), by="Li Min", why="new tower")
    assert stroke.areas["households_before"].to_dict() == {"G1": 400, "G2": 400}
    assert stroke.areas["households"].to_dict() == {"G1": 200, "G2": 600}
    assert stroke.revision == bench.revision == town.draft(bench.draft_id).revision == 1
    assert bench.journal().iloc[-1][["actor", "action", "why"]].tolist() == ["Li Min", "edit", "new tower"]
    assert gg.Workbench(town, bench.draft_id, today=TODAY).plan.owner("grid")["b"] == "G2"


def test_an_edit_that_breaks_a_hard_rule_is_not_kept(town, bench):
    with pytest.raises(gg.EditError, match=r"one_piece|community"):
        bench.apply(gg.Move(["a"], "G4"), by="Li Min")
    assert town.draft(bench.draft_id).revision == bench.revision == 0
    assert bench.edits == ()


def test_nobody_edits_without_a_name(bench):
    with pytest.raises(gg.EditError, match="by is ''"):
        bench.apply(gg.Rename("G1", "东苑"), by="")
    assert bench.edits == ()
    assert bench.areas().loc["G1", "name"] == "G1号"


def test_edits_that_touch_nothing_in_common_both_hold(bench, other):
    bench.apply(gg.Move(["b", "j"], "G2"), by="Li Min")
    stroke = other.apply(gg.Move(["f", "n"], "G4"), by="Wang Wei")
    assert stroke.revision == 2
    assert bench.refresh() == 2
    assert bench.edits == other.edits
    assert bench.plan.owner("grid").equals(other.plan.owner("grid"))
    assert bench.areas()["households"].to_dict() == {"G1": 200, "G2": 600, "G3": 200, "G4": 600}


def test_new_areas_of_two_planners_get_different_ids(bench, other):
    bench.apply(gg.Split("G1", atom_ids=["a", "i"]), by="Li Min")
    other.apply(gg.Split("G2", atom_ids=["d", "l"]), by="Wang Wei")
    made = [name for edit in other.edits for name in edit.new_ids]
    assert len(set(made)) == 4
    assert set(made) <= set(other.areas().index)


def test_edits_that_touch_the_same_are_a_conflict_that_says_who_and_what(bench, other):
    bench.apply(gg.Move(["b", "j"], "G2"), by="Li Min")
    with pytest.raises(gg.StalePlanError, match="is at revision 1, your merge was made on 0; Li Min wrote") as told:
        other.apply(gg.Merge(["G1", "G2"]), by="Wang Wei")
    assert "your merge and their move both touch atom:a" in str(told.value)
    assert other.revision == 1
    assert other.areas()["households"].to_dict() == {"G1": 200, "G2": 600, "G3": 400, "G4": 400}
    assert other.apply(gg.Merge(["G1", "G2"]), by="Wang Wei").revision == 2


def test_an_edit_on_what_a_colleague_undid_is_a_conflict(bench, other):
    made = bench.apply(gg.Merge(["G1", "G2"]), by="Li Min").edit.new_id
    other.refresh()
    bench.undo(by="Li Min")
    with pytest.raises(gg.StalePlanError, match="what was undone"):
        other.apply(gg.Rename(made, "东苑"), by="Wang Wei")
    assert other.revision == 2
    assert other.edits == ()


def test_an_edit_beside_what_a_colleague_undid_goes_on(bench, other):
    bench.apply(gg.Move(["b", "j"], "G2"), by="Li Min")
    other.refresh()
    bench.undo(by="Li Min")
    other.apply(gg.Move(["f", "n"], "G4"), by="Wang Wei")
    assert other.areas()["households"].to_dict() == {"G1": 400, "G2": 400, "G3": 200, "G4": 600}


def test_a_strict_planner_is_told_whatever_a_colleague_touched(bench, other):
    bench.apply(gg.Rename("G4", "西苑"), by="Li Min")
    with pytest.raises(gg.StalePlanError, match="Li Min wrote meanwhile: look at it"):
        other.apply(gg.Rename("G1", "东苑"), by="Wang Wei", strict=True)
    assert other.areas()["name"].to_dict() == {"G1": "G1号", "G2": "G2号", "G3": "G3号", "G4": "西苑"}


def test_several_edits_are_one_step_all_or_none(town, bench):
    edits = [gg.Rename("G1", "东苑"), gg.Move(["b", "j"], "G2"), gg.Rename("G2", "西苑")]
    assert len(bench.apply_all(edits, by="Li Min")) == 3
    assert bench.revision == 1
    assert len(bench.undo(by="Li Min")) == 3
    assert bench.edits == ()
    with pytest.raises(gg.EditError, match=r"edit 2 of 2; none of them is made"):
        bench.apply_all([gg.Rename("G1", "东苑"), gg.Rename("G9", "x")], by="Li Min")
    assert bench.edits == ()
    assert town.draft(bench.draft_id).revision == 2


def test_undo_and_redo_tell_what_they_change(bench):
    bench.apply(gg.Move(["b", "j"], "G2"), by="Li Min")
    (back,) = bench.undo(by="Li Min")
    assert back.areas["households"].to_dict() == {"G1": 400, "G2": 400}
    (again,) = bench.redo(by="Li Min")
    assert again.areas["households"].to_dict() == {"G1": 200, "G2": 600}
    assert bench.revision == 3
    with pytest.raises(gg.EditError, match="nothing to redo"):
        bench.redo(by="Li Min")


def test_undo_of_what_was_not_seen_is_refused(bench, other):
    bench.apply(gg.Rename("G1", "东苑"), by="Li Min")
    with pytest.raises(gg.StalePlanError, match="Li Min wrote meanwhile"):
        other.undo(by="Wang Wei")
    assert other.areas().loc["G1", "name"] == "东苑"


def test_a_preview_keeps_nothing(town, bench):
    assert bench.preview(gg.Merge(["G1", "G2"])).areas["households"].dropna().tolist() == [800]
    assert bench.preview(gg.Move(["a"], "G4")).refused
    assert town.draft(bench.draft_id).revision == 0


def test_a_draft_is_compared_with_its_base(town, bench):
    bench.apply(gg.Move(["b", "j"], "G2"), by="Li Min")
    found = bench.compare(officers=town.officers(TODAY), duties=town.duties(TODAY))
    assert found.summary()["households_moved"] == 200
    assert found.areas["status"].to_dict() == {"G1": "changed", "G2": "changed", "G3": "same", "G4": "same"}


def test_what_is_published_is_closed_for_all(bench, other):
    bench.apply(gg.Rename("G1", "东苑"), by="Li Min")
    made = bench.publish(valid_from=OCTOBER, by="Li Min")
    assert made.version == 2
    assert bench.state == "published"
    for desk in (bench, other):
        with pytest.raises(gg.StalePlanError, match="published"):
            desk.apply(gg.Rename("G2", "西苑"), by="Wang Wei")


def test_what_a_colleague_changed_is_not_published_unseen(town, bench, other):
    other.apply(gg.Rename("G1", "东苑"), by="Wang Wei")
    with pytest.raises(gg.StalePlanError, match="is at revision 1, you expected 0"):
        bench.publish(valid_from=OCTOBER, by="Li Min")
    assert len(town.plans()) == 1


def test_ids_of_later_versions_are_not_used_again(town, bench):
    first = gg.open_workbench(town, name="first", by="Li Min", today=TODAY)
    made = first.apply(gg.Merge(["G1", "G2"]), by="Li Min").edit.new_id
    version = first.publish(valid_from=OCTOBER, by="Li Min", override_reason="wanted").version
    town.withdraw(version, by="Li Min", today=TODAY)
    late = gg.open_workbench(town, name="late", by="Li Min", today=TODAY)
    assert late.apply(gg.Merge(["G1", "G2"]), by="Li Min").edit.new_id != made


def test_there_is_no_such_draft(town):
    with pytest.raises(gg.UnknownAreaError, match="no draft 9"):
        gg.Workbench(town, 9)


def test_a_draft_goes_on_from_what_was_published_meanwhile(town, bench):
    first = gg.open_workbench(town, name="first", by="Wang Wei", today=TODAY)
    theirs = first.apply(gg.Split("G4", atom_ids=["h", "p"]), by="Wang Wei").edit.new_ids
    mine = bench.apply(gg.Split("G3", atom_ids=["e", "m"]), by="Li Min").edit.new_ids
    assert set(mine) & set(theirs)  # both numbered on from C2
    first.publish(valid_from=OCTOBER, by="Wang Wei", override_reason="wanted")
    with pytest.raises(gg.StalePlanError, match="starts from version 1, but version 2 is in force"):
        bench.publish(valid_from=OCTOBER, by="Li Min", override_reason="wanted")
    (edit,) = bench.rebase(by="Li Min", base=2)
    assert not set(edit.new_ids) & set(theirs)
    assert bench.base_version == 2
    assert set(bench.areas().index) == {"G1", "G2", *theirs, *edit.new_ids}
    assert bench.publish(valid_from=OCTOBER, by="Li Min", override_reason="wanted").version == 3
    assert set(town.areas("grid", OCTOBER).index) == {"G1", "G2", *theirs, *edit.new_ids}


def test_a_draft_does_not_go_on_over_what_was_changed(town, bench):
    first = gg.open_workbench(town, name="first", by="Wang Wei", today=TODAY)
    first.apply(gg.Move(["b", "j"], "G2"), by="Wang Wei")
    first.publish(valid_from=OCTOBER, by="Wang Wei", override_reason="wanted")
    bench.apply(gg.Rename("G1", "东苑"), by="Li Min")
    bench.rebase(by="Li Min", base=1)
    bench.apply(gg.Merge(["G1", "G2"]), by="Li Min")
    with pytest.raises(gg.StalePlanError, match="does not go on from version 2: your merge and their move both touch"):
        bench.rebase(by="Li Min", base=2)
    assert bench.base_version == town.draft(bench.draft_id).base_version == 1


def test_a_draft_does_not_go_on_from_a_plan_that_was_drawn_anew(town, bench):
    town.publish(plan(TURNED), valid_from=OCTOBER)
    with pytest.raises(gg.StalePlanError, match="version 2 was not made of version 1 by drafts"):
        bench.rebase(by="Li Min", base=2)


def test_a_draft_does_not_go_on_from_a_version_that_is_not_there(bench):
    with pytest.raises(gg.UnknownAreaError, match="no version 9"):
        bench.rebase(by="Li Min", base=9)


def test_a_retired_base_is_told_and_asked_for_once(town, bench):
    town.publish(plan(TURNED), valid_from=OCTOBER)
    late = gg.Workbench(town, bench.draft_id, today=OCTOBER)
    with pytest.raises(gg.StalePlanError, match="its base, version 1, is in force no longer"):
        late.apply(gg.Rename("G1", "东苑"), by="Li Min")
    assert late.edits == ()
    assert late.apply(gg.Rename("G1", "东苑"), by="Li Min", force=True).revision == 1


def test_a_draft_that_a_colleague_discarded_takes_no_edit(town, bench):
    town.discard_draft(bench.draft_id, by="Wang Wei")
    for _ in range(2):
        with pytest.raises(gg.StalePlanError, match="discarded"):
            bench.apply(gg.Rename("G1", "东苑"), by="Li Min")
    assert bench.edits == ()
