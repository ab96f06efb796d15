"""Laws of drafts and versions: whatever planners do at the same time, some order of doing it one by one gives the same.

What was acknowledged is replayed on a plain list; every refusal has to be one that the list gives as well.
"""

import threading
from contextlib import ExitStack
from datetime import date, timedelta

import numpy as np
import pytest
from drawn_plans import drawn_plan
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import new_store

from gridgeo.model.errors import EditError, GridgeoError, StalePlanError, UnknownAreaError
from gridgeo.storage.store import open_store

PLAN, REDRAWN = (drawn_plan("AB", grid=grid) for grid in ("11", "12"))
NEW_YEAR, AUTUMN = date(2026, 1, 1), date(2999, 10, 1)
PLANNERS = ("王一", "李二")
INTERLEAVINGS, AT_ONCE = 1_000, 50
OTHER_INTERLEAVINGS = 60  # on the slower back end


class Listed:
    """The draft as a plain list would keep it: one planner after the other."""

    def __init__(self):
        self.revision, self.is_open, self.holding, self.undone = 0, True, [], []

    def take(self, action, edit, expected):
        """Say how it ends: the new revision, or which error."""
        if not self.is_open or expected != self.revision:
            return StalePlanError
        if action == "publish":
            self.is_open = False
            return self.revision
        if action == "edit":
            self.holding.append(edit)
            self.undone.clear()
        else:
            source, target = (self.holding, self.undone) if action == "undo" else (self.undone, self.holding)
            if not source:
                return EditError
            target.append(source.pop())
        self.revision += 1
        return self.revision


def act(store, draft, action, edit, expected, by):
    """Do one thing to a draft, and say how it ended."""
    try:
        if action == "edit":
            return store.append_edits(draft, [edit], expected_revision=expected, by=by)
        if action == "publish":
            store.publish(REDRAWN, valid_from=AUTUMN, draft=draft, expected_revision=expected, by=by)
            return expected
        return getattr(store, action)(draft, expected_revision=expected, by=by)
    except GridgeoError as error:
        return type(error)


def interleave(stores, seed):
    """Let two planners, who look at times and act on what they saw, take turns as a seed has it."""
    random = np.random.default_rng(seed)
    draft = stores[0].open_draft(f"draft {seed}", base=stores[0].plans().index[0], by=PLANNERS[0])
    listed, seen, conflicts = Listed(), [0, 0], 0
    for step in range(8):
        who = int(random.integers(2))
        if random.random() < 0.6:
            seen[who] = stores[who].draft(draft).revision
            assert seen[who] == listed.revision
        last = step == 7 and random.random() < 0.1
        action = "publish" if last else str(random.choice(["edit", "edit", "undo", "redo"]))
        ended = act(stores[who], draft, action, {"step": step, "by": who}, seen[who], PLANNERS[who])
        expected = listed.take(action, {"step": step, "by": who}, seen[who])
        assert ended == expected, (seed, step, action)
        conflicts += ended is StalePlanError
        if isinstance(ended, int):
            seen[who] = ended
    found = stores[1].draft(draft)
    assert (list(found.edits), found.revision, found.undone) == (listed.holding, listed.revision, len(listed.undone))
    assert (found.state == "open") is listed.is_open
    return conflicts


@pytest.mark.parametrize("first", range(0, INTERLEAVINGS, AT_ONCE))
def test_two_planners_get_what_some_order_gives_or_a_conflict(tmp_path, first):
    with ExitStack() as opened:
        one = opened.enter_context(new_store(tmp_path))
        one.publish(PLAN, valid_from=NEW_YEAR)
        stores = [one, opened.enter_context(open_store(tmp_path / "town.db"))]
        conflicts = 0
        for seed in range(first, first + AT_ONCE):
            conflicts += interleave(stores, seed)
            for version in one.plans().query("state == 'scheduled'").index:
                one.withdraw(version)
        assert conflicts > AT_ONCE / 2


def test_on_each_back_end_two_planners_get_what_some_order_gives(store, store_place):
    store.publish(PLAN, valid_from=NEW_YEAR)
    with open_store(store_place) as other:
        for seed in range(OTHER_INTERLEAVINGS):
            interleave([store, other], INTERLEAVINGS + seed)
            for version in store.plans().query("state == 'scheduled'").index:
                other.withdraw(version)


def test_threads_that_write_at_once_lose_nothing_that_was_acknowledged(store, store_place):
    store.publish(PLAN, valid_from=NEW_YEAR)
    draft = store.open_draft("shared", by=PLANNERS[0])
    acknowledged, refused, faults = {}, [], []

    def plan(number):
        random = np.random.default_rng(number)
        try:
            with open_store(store_place) as mine:
                for step in range(25):
                    expected = mine.draft(draft).revision
                    action = str(random.choice(["edit", "edit", "undo", "redo"]))
                    edit = {"by": number, "step": step}
                    ended = act(mine, draft, action, edit, expected, PLANNERS[number])
                    if isinstance(ended, int):
                        acknowledged[ended] = (action, edit)
                    else:
                        refused.append(ended)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=plan, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert set(refused) <= {StalePlanError, EditError}
    assert len(acknowledged) + len(refused) == 50
    assert sorted(acknowledged) == list(range(1, len(acknowledged) + 1))
    listed = Listed()
    for revision in sorted(acknowledged):
        assert listed.take(*acknowledged[revision], revision - 1) == revision
    found = store.draft(draft)
    assert (list(found.edits), found.revision) == (listed.holding, listed.revision)


def test_of_planners_who_publish_at_once_on_one_version_only_one_does(store, store_place):
    base = store.publish(PLAN, valid_from=NEW_YEAR)
    ended, ready = [], threading.Barrier(3)

    def publish():
        with open_store(store_place) as mine:
            ready.wait()
            try:
                ended.append(mine.publish(REDRAWN, valid_from=AUTUMN, expected_version=base))
            except GridgeoError as error:
                ended.append(type(error))

    threads = [threading.Thread(target=publish) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended.count(StalePlanError) == 2
    assert len(store.plans()) == 2


# The calendar

turns = st.lists(
    st.tuples(st.sampled_from(["publish", "publish", "withdraw", "retire"]), st.integers(0, 9), st.integers(0, 6)),
    min_size=1,
    max_size=9,
)
FIRST, TODAY = date(2026, 1, 1), date(2026, 1, 4)


@settings(max_examples=max(10, settings.default.max_examples // 2), suppress_health_check=list(HealthCheck))
@given(turns)
def test_no_day_has_two_plans_and_none_that_has_begun_changes_its_past(tmp_path_factory, turns):
    with new_store(tmp_path_factory.mktemp("calendar")) as store:
        for action, day, which in turns:
            past = _past(store)
            try:
                at = FIRST + timedelta(day)
                if action == "publish":
                    store.publish(PLAN if which % 2 else REDRAWN, valid_from=at, today=TODAY)
                elif action == "withdraw":
                    store.withdraw(which, today=TODAY)
                else:
                    store.retire(which, valid_to=at, by="王一", today=TODAY)
            except GridgeoError:
                continue
            assert _past(store) == past
        held = [
            sum(begins <= at and (ends is None or at < ends) for _, begins, ends in _spans(store))
            for at in (FIRST + timedelta(day) for day in range(12))
        ]
        assert max(held) <= 1


def _spans(store):
    return list(store.plans()[["valid_from", "valid_to"]].itertuples())


def _past(store):
    """Give what the days before today answer."""
    return [_answer(store, FIRST + timedelta(day)) for day in range((TODAY - FIRST).days)]


def _answer(store, at):
    try:
        return sorted(store.areas(at=at).index)
    except UnknownAreaError:
        return None
