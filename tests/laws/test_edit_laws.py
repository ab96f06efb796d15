"""What holds for every run of edits on every drawn plan, judged by networkx and by recounting."""

import json
from functools import cache
from itertools import combinations

import networkx as nx
import numpy as np
from drawn_atoms import assert_sound, drawn_atoms, held_by, neighbours_of, pieces_of
from drawn_plans import drawn_plan
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import LineString, coverage_is_valid

import gridgeo as gg
from gridgeo.design.draft_conflicts import rebase
from gridgeo.model.edits import KeepTogether, Lock, Merge, Move, Recode, Rename, Reparent, Split, read_edit, write_edit
from gridgeo.model.errors import EditError

TOWNS = ("AAAAAABBBB", "AAAAAAAABB")
ROWS = 8
LIGHT = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def planned(which):
    """Divide a small town of two communities into grids and micro grids."""
    atoms = drawn_atoms("\n".join([TOWNS[which]] * ROWS), lambda x, y: 20 + (7 * x + 13 * y) % 40)
    return gg.partition(atoms, gg.load_profile("guali-2024"), effort="fast"), neighbours_of(atoms)


def an_edit(plan, graph, draw):
    """Think of an edit by chance, often one that hangs together, sometimes one that cannot be made."""
    register = plan.register
    level = draw(st.sampled_from(["grid", "grid", "micro"]))
    owner = plan.owner(level)
    first = draw(st.sampled_from(sorted(owner.index)))
    second = draw(st.sampled_from(sorted(graph[first])))
    mine, yours = owner[first], owner[second]
    kind = draw(st.sampled_from(["move", "move", "merge", "line", "target", "atoms", "rename", "lock", "keep", "home"]))
    if kind == "move":
        held = sorted(owner.index[owner == mine])
        return Move([first, *draw(st.lists(st.sampled_from(held), max_size=2))], yours, level=level)
    if kind == "merge" and mine != yours:
        return Merge([mine, yours], level=level)
    if kind == "line":
        west, south, east, north = plan.atoms.geometry[first].bounds
        return Split(mine, line=LineString([(west, south - 2000), (east, north + 2000)]), level=level)
    if kind == "target":
        return Split(mine, target=draw(st.integers(1, 300)), level=level)
    if kind == "atoms":
        return Split(mine, atom_ids={first, second}, level=level)
    if kind == "rename":
        named = draw(st.sampled_from(sorted(register.index)))
        word = str(draw(st.integers(1, 99)))
        return draw(st.sampled_from([Rename(named, word), Recode(named, word)]))
    if kind == "lock":
        areas, atoms = draw(st.sampled_from([((mine,), ()), ((), (first,))]))
        return Lock(areas, atoms, on=draw(st.booleans()))
    if kind == "keep":
        return KeepTogether([first, second], on=draw(st.integers(0, 3)) > 0)
    return Reparent([plan.owner("grid")[first]], "A" if plan.owner("community")[first] == "B" else "B")


def edit_at_random(draft, graph, draw, count):
    """Make edits; those that are refused change nothing."""
    for _ in range(count):
        before = draft.plan()
        edit = an_edit(before, graph, draw)
        try:
            draft.apply(edit)
        except EditError:
            assert_same(draft.plan(), before)


def assert_same(one, other):
    assert one.revision == other.revision
    assert one.manifest == other.manifest
    assert one.register.equals(other.register)
    assert one.certificates.index.equals(other.certificates.index)
    assert all(one.owner(level).equals(other.owner(level)) for level in one.levels)


@LIGHT
@given(st.sampled_from(range(len(TOWNS))), st.data())
def test_every_edited_plan_is_sound(which, data):
    base, graph = planned(which)
    draft = gg.Draft(base)
    edit_at_random(draft, graph, data.draw, 12)
    plan = draft.plan()
    assert_sound(plan)
    assert plan.revision == base.revision + len(draft.edits)
    for level in plan.levels[1:]:
        assert pieces_of(plan, level, graph).max() <= max(1, pieces_of(base, level, graph).max())
        areas = draft.areas(level)
        assert coverage_is_valid(areas.geometry.to_numpy())
        assert np.isclose(areas.area.sum(), base.atoms.area.sum())
        assert areas["households"].equals(held_by(plan, level).loc[areas.index].astype(int))
        assert areas.index.isin(plan.register.index[plan.register["level"] == level]).all()
    assert (plan.register.index[plan.register["level"] != "community"].isin(
        np.concatenate([plan.owner(level).unique() for level in plan.levels])
    )).all()  # fmt: skip


@LIGHT
@given(st.sampled_from(range(len(TOWNS))), st.data())
def test_undo_and_redo_go_the_same_way_back_and_forth(which, data):
    base, graph = planned(which)
    draft = gg.Draft(base)
    plans = [draft.plan()]
    for _ in range(8):
        made = len(draft.edits)
        edit_at_random(draft, graph, data.draw, 1)
        if len(draft.edits) > made:
            plans.append(draft.plan())
    back = data.draw(st.integers(0, len(draft.edits)))
    for step in range(back):
        draft.undo()
        assert_same(draft.plan(), plans[-2 - step])
    for step in range(back):
        draft.redo()
        assert_same(draft.plan(), plans[len(plans) - back + step])


@LIGHT
@given(st.sampled_from(range(len(TOWNS))), st.data())
def test_edits_replayed_from_json_give_the_same_plan(which, data):
    base, graph = planned(which)
    draft = gg.Draft(base)
    edit_at_random(draft, graph, data.draw, 8)
    if draft.edits and data.draw(st.booleans()):
        draft.undo()
        edit_at_random(draft, graph, data.draw, 2)
    records = json.loads(json.dumps([write_edit(edit) for edit in draft.edits]))
    assert_same(gg.apply_edits(base, [read_edit(record) for record in records]), draft.plan())


@LIGHT
@given(st.sampled_from(range(len(TOWNS))), st.data())
def test_findings_kept_from_stroke_to_stroke_are_those_of_a_fresh_look(which, data):
    base, graph = planned(which)
    draft = gg.Draft(base)
    draft.findings()
    edit_at_random(draft, graph, data.draw, 6)
    fresh = gg.Draft(draft.plan()).findings()
    assert draft.findings().drop(columns="geometry").equals(fresh.drop(columns="geometry"))
    assert draft.findings().geometry.geom_equals(fresh.geometry).all()


@LIGHT
@given(st.sampled_from(range(len(TOWNS))), st.data())
def test_no_id_and_no_code_is_ever_used_twice(which, data):
    base, graph = planned(which)
    draft = gg.Draft(base)
    gone, now = set(), set(base.register.index)
    for _ in range(10):
        edit_at_random(draft, graph, data.draw, 1)
        register = draft.plan().register
        gone |= now - set(register.index)
        now = set(register.index)
        assert not gone & now
        assert register["code"].is_unique
    assert gone == set(draft.plan().manifest.get("retired_ids", []))


@settings(LIGHT, max_examples=25)
@given(st.sampled_from(range(len(TOWNS))), st.data())
def test_edits_that_can_be_rebased_give_one_plan_in_either_order(which, data):
    base, graph = planned(which)
    ours, theirs = gg.Draft(base), gg.Draft(base)
    edit_at_random(ours, graph, data.draw, data.draw(st.integers(1, 3)))
    edit_at_random(theirs, graph, data.draw, data.draw(st.integers(1, 3)))
    found = rebase(base, ours.edits, theirs.edits)
    assert rebase(base, theirs.edits, ours.edits).is_fine == found.is_fine
    if found.is_fine:
        one = gg.apply_edits(base, [*theirs.edits, *found.edits])
        assert_same(one, gg.apply_edits(base, [*found.edits, *theirs.edits]))
        assert one.revision == base.revision + len(ours.edits) + len(theirs.edits)


@settings(LIGHT, max_examples=30)
@given(st.lists(st.integers(0, 90), min_size=9, max_size=9).filter(lambda held: sum(held) > 40), st.data())
def test_a_target_is_met_as_nearly_as_any_cut_in_two_pieces_can(held, data):
    plan = drawn_plan("abc\ndef\nghi", grid="111\n111\n111", households=held)
    target = data.draw(st.integers(1, sum(held) - 1))
    graph = neighbours_of(plan.atoms)
    counts = plan.atoms["households"]
    best = min(
        abs(counts[list(part)].sum() - target)
        for size in range(1, 9)
        for part in combinations(counts.index, size)
        if nx.is_connected(graph.subgraph(part)) and nx.is_connected(graph.subgraph(set(graph) - set(part)))
    )
    parts = gg.apply_edits(plan, [Split("G1", target=target)]).areas("grid")["households"]
    assert (parts - target).abs().min() <= max(best, 0.02 * target)
    assert len(parts) == 2
