"""A year of a plan: published, drafted by two planners, compared, tried on past days, published, answered for."""

from datetime import date

import pytest
from planned_town import OCTOBER, TODAY, fill
from served_town import place as point_at

import gridgeo as gg

AUGUST, NOVEMBER, NEXT_YEAR = date(2026, 8, 1), date(2026, 11, 1), date(2027, 1, 1)


def area_at(store, x, y, day):
    point = point_at(x, y)
    return store.area_ids_at(point.x, point.y, day)["grid"]


def test_a_year_of_a_plan(store):
    fill(store)
    before = {day: store.areas("grid", day) for day in (AUGUST, OCTOBER)}

    # September: two planners draft October.
    li = gg.open_workbench(store, name="October", by="Li Min", why="the towers are lived in", today=TODAY)
    wang = gg.Workbench(store, li.draft_id, today=TODAY)
    moved = li.apply(gg.Move(["j"], "G2"), by="Li Min", why="nearer to the office")
    assert moved.areas["households"].to_dict() == {"G1": 300, "G2": 500}
    li.apply(gg.Rename("G1", "东苑网格"), by="Li Min")
    merged = wang.apply(gg.Merge(["G3", "G4"], name="西苑网格"), by="Wang Wei").edit.new_id
    assert wang.revision == 3

    # Both want the same blocks: the second is told who and what, and looks first.
    li.refresh()
    parts = li.apply(gg.Split(merged, atom_ids=["e", "m", "f", "n"]), by="Li Min").edit.new_ids
    with pytest.raises(gg.StalePlanError, match=r"your rename was made on 3; Li Min wrote meanwhile: .* both touch"):
        wang.apply(gg.Rename(merged, "北苑网格"), by="Wang Wei")
    assert set(parts) <= set(wang.areas().index)

    # A stroke too much is taken back; a hard rule is not broken at all.
    wang.apply(gg.Move(["c"], "G1"), by="Wang Wei")
    assert [stroke.edit for stroke in wang.undo(by="Wang Wei", why="too much")] == [gg.Move(["c"], "G1")]
    li.refresh()
    with pytest.raises(gg.EditError, match="community"):
        li.apply(gg.Move(["d"], parts[0]), by="Li Min")

    # What would it mean?
    found = li.compare(officers=store.officers(TODAY), duties=store.duties(TODAY))
    assert found.summary()["households_moved"] == 100 + 800
    told = gg.what_if(store, li.draft_id, days=12, today=TODAY, zone="Asia/Shanghai")
    # Columns of 100 m, two a day: past incidents of column 1 lie in block b, of G1 still; columns 4 to 7 were G3, G4.
    counts = told.replay.incidents
    assert set(counts.loc[counts["changed"], "area_before"]) == {"G3", "G4"}
    assert int(counts["changed"].sum()) == 11
    assert set(counts.loc[counts["changed"], "area_after"]) == set(parts)

    # Published for October, with audit and clauses; the old plan answers until then, and for its days ever after.
    made = li.publish(valid_from=OCTOBER, by="Li Min", why="decided on 12 September")
    assert (made.version, made.summary()["errors"]) == (2, 0)
    assert area_at(store, 1.5, 0.5, AUGUST) == "G1"
    assert area_at(store, 1.5, 0.5, OCTOBER) == "G2"
    assert store.areas("grid", AUGUST).drop(columns="valid_to").equals(before[AUGUST].drop(columns="valid_to"))
    assert store.areas("grid", AUGUST)["valid_to"].unique().tolist() == [OCTOBER]
    assert store.areas("grid", OCTOBER).loc["G1", "name"] == "东苑网格"
    rows = store.lineage(OCTOBER)
    assert rows["households"].sum() == 1600
    assert rows.groupby("before_id")["households"].sum().to_dict() == {"G1": 400, "G2": 400, "G3": 400, "G4": 400}
    assert set(rows.loc[rows["before_id"] == "G3", "after_id"]) == {parts[0]}

    # October: a plan for November, withdrawn before its day; its ids are never given to other land.
    retired = {"G3", "G4", merged}
    november = gg.open_workbench(store, name="November", by="Wang Wei", today=date(2026, 10, 5))
    assert november.base_version == 2
    late = november.apply(gg.Merge(parts), by="Wang Wei").edit.new_id
    assert late not in retired
    with pytest.raises(gg.EditError, match="not published: 1 findings are errors"):
        november.publish(valid_from=NOVEMBER, by="Wang Wei")
    version = november.publish(valid_from=NOVEMBER, by="Wang Wei", override_reason="until the school opens").version
    assert area_at(store, 5.5, 0.5, NOVEMBER) == late
    store.withdraw(version, by="Wang Wei", why="the school is late", today=date(2026, 10, 20))
    assert area_at(store, 5.5, 0.5, NOVEMBER) == parts[0]
    again = gg.open_workbench(store, name="again", by="Wang Wei", today=date(2026, 10, 21))
    third = again.apply(gg.Merge(parts), by="Wang Wei").edit.new_id
    assert third not in {*retired, late, *parts}

    # Who did what stands in the journal, in order.
    journal = store.journal(li.draft_id)
    assert journal["action"].tolist() == ["open", "edit", "edit", "edit", "edit", "edit", "undo", "publish"]
    assert journal["actor"].tolist() == [*["Li Min"] * 3, "Wang Wei", "Li Min", *["Wang Wei"] * 2, "Li Min"]
    assert store.plans()["state"].iloc[-1] == "withdrawn"
    assert area_at(store, 1.5, 0.5, NEXT_YEAR) == "G2"
    assert store.check() == []
