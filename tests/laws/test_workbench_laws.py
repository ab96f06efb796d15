"""Two planners at two workbenches on one draft: some serial order, or a conflict that is told."""

import tempfile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_series_equal
from planned_town import TODAY, plan
from served_town import FIRST_DAY
from stores import new_store

import gridgeo as gg

WHO = ("Li Min", "Wang Wei")


def think_of(bench, random):
    """Think of an edit on what a planner sees, which may be of yesterday."""
    seen = bench.plan
    owner, grids = seen.owner("grid"), sorted(set(seen.owner("grid")))
    atoms = sorted(owner.index)
    word = random.choice(["move", "move", "merge", "split", "rename", "lock", "keep"])
    grid = str(random.choice(grids))
    inside = sorted(owner.index[owner == grid])
    if word == "move":
        return gg.Move(list(random.choice(atoms, size=random.integers(1, 4), replace=False)), grid)
    if word == "merge":
        return gg.Merge([grid, str(random.choice(sorted({*grids, "G0"} - {grid})))])
    if word == "split":
        return gg.Split(grid, atom_ids=inside[: max(1, len(inside) // 2)])
    if word == "rename":
        return gg.Rename(grid, f"区{random.integers(99)}")
    if word == "lock":
        return gg.Lock([grid], on=grid not in seen.manifest.get("locked_areas", []))
    return gg.KeepTogether(inside[:2])


def act(bench, who, random):
    """Let a planner do something; tells the stroke that was acknowledged, and why none was."""
    turn = random.random()
    if turn < 0.1:
        bench.refresh()
        return None, ""
    try:
        if turn < 0.2:
            bench.undo(by=who)
            return None, ""
        return bench.apply(think_of(bench, random), by=who), ""
    except (gg.StalePlanError, gg.EditError) as told:
        return None, f"{type(told).__name__}: {told}"


@given(st.integers(0, 2**32 - 1))
def test_any_interleaving_is_a_serial_order_or_a_conflict_that_is_told(seed):
    random = np.random.default_rng(seed)
    base = plan()
    with tempfile.TemporaryDirectory() as folder, new_store(folder) as store:
        store.publish(base, valid_from=FIRST_DAY)
        first = gg.open_workbench(store, name="October", by=WHO[0], today=TODAY)
        benches = (first, gg.Workbench(store, first.draft_id, today=TODAY))
        written = 0
        for _ in range(16):
            at = int(random.integers(2))
            stroke, told = act(benches[at], WHO[at], random)
            assert not told.startswith("Stale") or f"{WHO[1 - at]} wrote meanwhile" in told
            kept = store.draft(first.draft_id)
            if stroke is None:
                continue
            written += 1
            # Serially: everything that the store holds, in its order, by one planner alone.
            serial = gg.apply_edits(base, [gg.read_edit(record) for record in kept.edits])
            assert gg.read_edit(kept.edits[-1]) == stroke.edit
            assert_series_equal(benches[at].plan.owner("grid"), serial.owner("grid"))
            counts = serial.areas("grid")["households"].to_dict()
            shown = stroke.areas.query("level == 'grid'")["households"].dropna().to_dict()
            assert shown == {name: counts[name] for name in shown}
        for bench in benches:
            bench.refresh()
            assert bench.plan.register.equals(benches[0].plan.register)
            assert_series_equal(bench.plan.owner("grid"), benches[0].plan.owner("grid"))
        journal = first.journal()
        assert (journal["action"] == "edit").sum() == written
        assert journal["revision"].dropna().tolist() == list(range(len(journal)))
