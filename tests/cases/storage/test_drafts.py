"""Hold drafts to what planners who share them rely on: nothing is overwritten, nothing is lost."""

import time
from datetime import date

import pandas as pd
import pytest
from drawn_plans import drawn_plan
from pandas.testing import assert_series_equal

from gridgeo.model.errors import EditError, StalePlanError, TableError, UnknownAreaError
from gridgeo.storage.store import open_store

ATOMS = """
    ABC
    DEF
"""
PLAN = drawn_plan(ATOMS, grid="112112")
REDRAWN = drawn_plan(ATOMS, grid="133133")
NEW_YEAR, JUNE, TODAY, AUTUMN = date(2026, 1, 1), date(2026, 6, 1), date(2026, 7, 1), date(2026, 10, 1)


def move(atom, area="G2"):
    return {"edit": "move", "atoms": [atom], "to": area}


@pytest.fixture
def first(store):
    return store.publish(PLAN, valid_from=NEW_YEAR)


@pytest.fixture
def draft(store, first):
    return store.open_draft("秋季调整", by="王一", today=TODAY)


def test_a_draft_starts_from_the_plan_in_force_without_edits(store, first, draft):
    found = store.draft(draft)
    assert (found.name, found.state, found.base_version, found.revision) == ("秋季调整", "open", first, 0)
    assert (found.edits, found.undone, found.opened_by, found.is_base_retired) == ((), 0, "王一", False)
    assert_series_equal(store.base_plan(draft).owner("grid"), PLAN.owner("grid"))


def test_a_draft_can_start_from_any_version(store, first):
    store.publish(REDRAWN, valid_from=JUNE)
    old = store.open_draft("as it was", base=first, by="王一", today=TODAY)
    new = store.open_draft("as it is", by="王一", today=TODAY)
    assert sorted(store.base_plan(old).owner().unique()) == ["G1", "G2"]
    assert sorted(store.base_plan(new).owner().unique()) == ["G1", "G3"]
    assert (store.draft(old, today=TODAY).is_base_retired, store.draft(new, today=TODAY).is_base_retired) == (
        True,
        False,
    )


def test_edits_come_back_as_they_were_written_in_their_order(store, draft):
    written = [move("A"), {"edit": "rename", "name": "溪桥一号", "sizes": [1, 2.5, None, True], "of": {"x": "é"}}]
    assert store.append_edits(draft, written, expected_revision=0, by="王一") == 1
    assert store.append_edits(draft, [move("B")], expected_revision=1, by="李二", why="a tower was built") == 2
    assert list(store.draft(draft).edits) == [*written, move("B")]
    assert store.draft(draft).revision == 2


def test_an_edit_on_a_stale_revision_is_refused_and_says_who_wrote_meanwhile(store, draft):
    store.append_edits(draft, [move("A")], expected_revision=0, by="王一")
    store.append_edits(draft, [move("B")], expected_revision=1, by="李二")
    store.append_edits(draft, [move("C")], expected_revision=2, by="王一")
    with pytest.raises(StalePlanError, match="is at revision 3, your edit was made on 1; 李二, 王一 wrote meanwhile"):
        store.append_edits(draft, [move("D")], expected_revision=1, by="赵三")
    with pytest.raises(StalePlanError, match="is at revision 3, there is no 9 yet"):
        store.append_edits(draft, [move("D")], expected_revision=9, by="赵三")
    for change in (store.undo, store.redo):
        with pytest.raises(StalePlanError, match="your edit was made on 2"):
            change(draft, expected_revision=2, by="赵三")
    assert store.draft(draft).revision == 3
    assert len(store.draft(draft).edits) == 3


def test_an_edit_names_the_revision_it_was_made_on(store, draft):
    with pytest.raises(TableError, match="expected_revision is None, not a whole number"):
        store.append_edits(draft, [move("A")], expected_revision=None, by="王一")
    told = store.drafts()
    revision = told.loc[told.index[0], "revision"]
    assert store.append_edits(told.index[0], [move("A")], expected_revision=revision, by="王一") == 1
    assert len(store.draft(told.index[0]).edits) == len(store.journal(told.index[0])) - 1 == 1


def test_undo_and_redo_are_steps_of_their_own(store, draft):
    store.append_edits(draft, [move("A"), move("B")], expected_revision=0, by="王一")
    store.append_edits(draft, [move("C")], expected_revision=1, by="李二")
    assert store.undo(draft, expected_revision=2, by="李二", why="wrong block") == 3
    assert list(store.draft(draft).edits) == [move("A"), move("B")]
    assert store.undo(draft, expected_revision=3, by="王一") == 4
    assert (store.draft(draft).edits, store.draft(draft).undone) == ((), 2)
    assert store.redo(draft, expected_revision=4, by="王一") == 5
    assert list(store.draft(draft).edits) == [move("A"), move("B")]
    store.append_edits(draft, [move("F")], expected_revision=5, by="王一")
    with pytest.raises(EditError, match="there is nothing to redo"):
        store.redo(draft, expected_revision=6, by="王一")
    assert list(store.draft(draft).edits) == [move("A"), move("B"), move("F")]


def test_there_is_nothing_to_undo_in_a_new_draft(store, draft):
    with pytest.raises(EditError, match="there is nothing to undo"):
        store.undo(draft, expected_revision=0, by="王一")
    assert store.draft(draft).revision == 0


def test_the_journal_tells_who_did_what_and_why_and_keeps_what_was_undone(store, draft):
    store.append_edits(draft, [move("A")], expected_revision=0, by="王一", why="a tower was built")
    store.undo(draft, expected_revision=1, by="李二")
    told = store.journal(draft)
    assert told["action"].tolist() == ["open", "edit", "undo"]
    assert told["actor"].tolist() == ["王一", "王一", "李二"]
    assert told["revision"].tolist() == [0, 1, 2]
    assert told["why"].fillna("-").tolist() == ["-", "a tower was built", "-"]
    assert told["edits"].tolist() == [None, [move("A")], None]
    assert told["at"].is_monotonic_increasing
    assert (pd.Timestamp.now("UTC") - told["at"].max()) < pd.Timedelta(minutes=1)
    assert store.journal()["action"].tolist() == ["publish", "open", "edit", "undo"]


def test_drafts_are_listed_with_who_changed_them_last(store, draft):
    other = store.open_draft("another", by="赵三", today=TODAY)
    store.append_edits(draft, [move("A")], expected_revision=0, by="李二")
    store.discard_draft(other, by="赵三", why="not needed")
    told = store.drafts()
    assert told.index.tolist() == [draft, other]
    assert told["name"].tolist() == ["秋季调整", "another"]
    assert told["state"].tolist() == ["open", "discarded"]
    assert told["changed_by"].tolist() == ["李二", "赵三"]
    assert told["revision"].tolist() == [1, 1]


def test_a_discarded_draft_takes_no_more_edits_and_stays_on_record(store, draft):
    store.append_edits(draft, [move("A")], expected_revision=0, by="王一")
    with pytest.raises(StalePlanError, match="your edit was made on 0"):
        store.discard_draft(draft, expected_revision=0, by="李二")
    store.discard_draft(draft, by="王一")
    with pytest.raises(StalePlanError, match="was discarded"):
        store.append_edits(draft, [move("B")], expected_revision=2, by="王一")
    assert list(store.draft(draft).edits) == [move("A")]


def test_a_draft_whose_base_was_retired_is_told_and_can_go_on_by_force(store, draft):
    store.publish(REDRAWN, valid_from=JUNE)
    with pytest.raises(StalePlanError, match="in force no longer; rebase the draft, or pass force=True"):
        store.append_edits(draft, [move("A")], expected_revision=0, by="王一", today=TODAY)
    assert store.append_edits(draft, [move("A")], expected_revision=0, by="王一", today=TODAY, force=True) == 1
    assert store.append_edits(draft, [move("B")], expected_revision=1, by="王一", today=TODAY) == 2


def test_a_base_that_ends_later_is_still_in_force(store, draft):
    store.publish(REDRAWN, valid_from=AUTUMN)
    assert store.append_edits(draft, [move("A")], expected_revision=0, by="王一", today=TODAY) == 1


def test_a_rebased_draft_starts_from_the_new_base_with_the_new_edits(store, draft):
    store.append_edits(draft, [move("A"), move("B")], expected_revision=0, by="王一")
    second = store.publish(REDRAWN, valid_from=JUNE)
    fitted = [move("A", "G3"), move("B", "G3")]
    assert store.rebase_draft(draft, fitted, expected_revision=1, by="王一", today=TODAY) == 2
    found = store.draft(draft, today=TODAY)
    assert (found.base_version, list(found.edits), found.is_base_retired) == (second, fitted, False)
    assert store.undo(draft, expected_revision=2, by="王一") == 3
    assert list(store.draft(draft).edits) == fitted[:1]
    assert sorted(store.base_plan(draft).owner().unique()) == ["G1", "G3"]
    assert store.journal(draft)["edits"].tolist()[1] == [move("A"), move("B")]


def test_a_published_draft_is_closed_with_its_version(store, draft):
    store.append_edits(draft, [move("A")], expected_revision=0, by="王一")
    version = store.publish(REDRAWN, valid_from=AUTUMN, draft=draft, expected_revision=1, by="李二", why="yearly")
    found = store.draft(draft)
    assert (found.state, found.published_version) == ("published", version)
    with pytest.raises(StalePlanError, match=f"was published as version {version}"):
        store.append_edits(draft, [move("B")], expected_revision=1, by="王一")
    last = store.journal().iloc[-1]
    assert (last["action"], last["actor"], last["why"], last["version"]) == ("publish", "李二", "yearly", version)
    assert store.plans().loc[version, "published_by"] == "李二"


def test_a_draft_that_moved_on_is_not_published(store, draft):
    store.append_edits(draft, [move("A")], expected_revision=0, by="王一")
    with pytest.raises(StalePlanError, match="王一 wrote meanwhile"):
        store.publish(REDRAWN, valid_from=AUTUMN, draft=draft, expected_revision=0, by="李二")
    with pytest.raises(EditError, match="which expected_revision"):
        store.publish(REDRAWN, valid_from=AUTUMN, draft=draft, by="李二")
    assert len(store.plans()) == 1
    assert store.draft(draft).state == "open"


def test_a_draft_of_another_base_than_that_in_force_is_published_only_by_force(store, first, draft):
    second = store.publish(REDRAWN, valid_from=JUNE)
    asked = {"valid_from": AUTUMN, "draft": draft, "expected_revision": 0, "by": "王一"}
    with pytest.raises(StalePlanError, match=f"starts from version {first}, but version {second} is in force on 2026"):
        store.publish(PLAN, **asked)
    assert store.publish(PLAN, **asked, force=True)


def test_what_another_connection_wrote_is_seen(store, store_place, draft):
    with open_store(store_place) as other:
        store.append_edits(draft, [move("A")], expected_revision=0, by="王一")
        assert list(other.draft(draft).edits) == [move("A")]
        with pytest.raises(StalePlanError):
            other.append_edits(draft, [move("B")], expected_revision=0, by="李二")


def test_drafts_of_another_territory_are_not_seen(store_place, store, draft):
    with open_store(store_place, territory="west") as west:
        assert len(west.drafts()) == len(west.journal()) == 0
        with pytest.raises(UnknownAreaError, match="there is no draft"):
            west.append_edits(draft, [move("A")], expected_revision=0, by="王一")


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([], "there is no edit to add"),
        (move("A"), "not a list of records"),
        ("move", "not a list of records"),
        (["move"], "edit 0 is 'move', not a record"),
        ([move("A"), {"at": TODAY}], "edit 1: .*not JSON serializable"),
        ([{"x": float("nan")}], "edit 0: "),
        ([{1: "x"}], "edit 0 is"),
    ],
)
def test_edits_that_cannot_be_kept_are_refused(store, draft, edits, said):
    with pytest.raises(EditError, match=said):
        store.append_edits(draft, edits, expected_revision=0, by="王一")
    assert store.draft(draft).revision == 0


def test_what_nobody_answers_for_is_refused(store, draft):
    for by in ("", "  ", None):
        with pytest.raises(EditError, match="name who makes the change"):
            store.append_edits(draft, [move("A")], expected_revision=0, by=by)
        with pytest.raises(EditError, match="name who makes the change"):
            store.open_draft("x", by=by)
    with pytest.raises(EditError, match="give it one"):
        store.open_draft(" ", by="王一")


def test_drafts_and_versions_that_are_not_there_are_named(store):
    with pytest.raises(UnknownAreaError, match="there is no draft 7"):
        store.draft(7)
    with pytest.raises(UnknownAreaError, match="there is no version 7"):
        store.open_draft("x", base=7, by="王一")
    with pytest.raises(TableError, match="draft_id is 'autumn', not a whole number"):
        store.draft("autumn")
    with pytest.raises(UnknownAreaError, match="publish one"):
        store.open_draft("x", by="王一")


def test_an_edit_is_kept_in_20_ms_of_work_after_hundreds_of_others(back_end, store, draft):
    for revision in range(500 if back_end == "sqlite" else 100):
        store.append_edits(draft, [move("A")], expected_revision=revision, by="王一")
    seconds = []
    for number in range(revision + 1, revision + 31):
        began = time.process_time()
        store.append_edits(draft, [move("A")], expected_revision=number, by="王一")
        seconds.append(time.process_time() - began)
    assert sorted(seconds)[15] < 0.020
