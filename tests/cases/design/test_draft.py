"""A draft, stroke by stroke: what it counts, marks and takes back."""

import pytest
from drawn_plans import drawn_plan
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal, assert_series_equal

import gridgeo as gg
from gridgeo.model.edits import KeepTogether, Lock, Merge, Move, Rename, Split
from gridgeo.model.errors import EditError, UnknownAreaError

ATOMS = """
    abcdef
    ghijkl
"""


def plan_of(households=60):
    return drawn_plan(ATOMS, grid="111222\n111222", micro="112334\n112334", households=households)


def assert_same(one, other):
    assert one.revision == other.revision
    assert one.manifest == other.manifest
    assert_frame_equal(one.register, other.register)
    assert_frame_equal(one.certificates, other.certificates)
    assert_geodataframe_equal(one.atoms, other.atoms)
    for level in one.levels:
        assert_series_equal(one.owner(level), other.owner(level))


def test_a_stroke_counts_the_touched_areas_before_and_after():
    stroke = gg.Draft(plan_of()).apply(Move(["c", "i"], "G2"))
    assert stroke.areas.index.tolist() == ["G1", "G2", "M2"]
    assert stroke.areas["change"].tolist() == ["redrawn", "redrawn", "noted"]
    assert stroke.areas["households_before"].tolist() == [360, 360, 120]
    assert stroke.areas["households"].tolist() == [240, 480, 120]
    assert stroke.areas["persons"].tolist() == [480, 960, 240]
    assert stroke.areas["atoms"].tolist() == [4, 8, 2]
    assert stroke.areas.loc["G1", ["area_m2_before", "area_m2"]].tolist() == [60_000.0, 40_000.0]
    assert stroke.areas.at["G1", "compactness"] == pytest.approx(0.7853981634)
    assert stroke.revision == 1


def test_new_and_gone_areas_have_counts_on_one_side_only():
    stroke = gg.Draft(plan_of()).apply(Merge(["G1", "G2"]))
    assert stroke.areas["change"].to_dict() == {
        "C1-01": "new", "G1": "gone", "G2": "gone", "M1": "noted", "M2": "noted", "M3": "noted", "M4": "noted",
    }  # fmt: skip
    assert stroke.areas["households"].isna().loc["G1"]
    assert stroke.areas["households_before"].isna().loc["C1-01"]
    assert stroke.edit.new_id == "C1-01"


def test_a_stroke_says_what_the_profile_says_with_its_clause():
    draft = gg.Draft(plan_of())
    stroke = draft.apply(Move(["c", "i"], "G2"))
    told = stroke.says.set_index(["area_id", "measure"])
    assert told.at[("G1", "households"), "side"] == "below"
    assert told.at[("G2", "households"), "side"] == "within"
    limits = draft.base.profile.limits["grid"]
    assert told.at[("G1", "households"), "clause"] == limits.clause
    words = {clause.id: clause.zh for clause in draft.base.profile.clauses}
    assert told.at[("G1", "households"), "says_zh"] == words[limits.clause]


def test_a_broken_band_is_a_finding_of_the_severity_of_its_clause():
    draft = gg.Draft(plan_of())
    found = draft.apply(Move(["c", "i"], "G2")).findings
    band = found[(found["kind"] == "band") & (found["level"] == "grid")]
    assert band["area_ids"].tolist() == ["G1"]
    assert band[["value", "limit"]].to_numpy().tolist() == [[240.0, 300.0]]
    strength = draft.base.profile.limits["grid"].strength
    assert band["severity"].tolist() == [{"hard": "error", "soft": "warning", "may": "note"}[strength]]
    assert band.geometry.iloc[0].area == 40_000.0


def test_locks_and_parted_groups_are_marked_where_they_lie():
    draft = gg.Draft(plan_of())
    stroke = draft.apply(Lock(area_ids=["G1"], atom_ids=["d"]))
    found = stroke.findings[stroke.findings["kind"] == "locked"]
    assert found[["area_ids", "value"]].to_numpy().tolist() == [["G1", 6.0], ["G2", 1.0], ["M3", 1.0]]
    assert set(found["severity"]) == {"note"}
    stroke = draft.apply(KeepTogether(["c", "d"]))
    parted = stroke.findings[(stroke.findings["kind"] == "keep_together") & (stroke.findings["level"] == "grid")]
    assert parted["area_ids"].tolist() == ["G1,G2", "G2,G1"]
    assert set(parted["severity"]) == {"warning"}


def test_moving_the_parted_atom_clears_the_mark_on_both_sides():
    draft = gg.Draft(plan_of(), [KeepTogether(["c", "d"])])
    assert "keep_together" in set(draft.findings()["kind"])
    draft.apply(Move(["c"], "G2"))
    kinds = draft.findings()
    assert "keep_together" not in set(kinds.loc[kinds["level"] == "grid", "kind"])


def test_an_area_in_pieces_and_a_drawn_out_area_are_marked():
    base = drawn_plan("abcdefghi.j", grid="111111112.2", households=100)
    found = gg.Draft(base).findings()
    grids = found[found["level"] == "grid"]
    assert grids.loc[grids["kind"] == "pieces", "severity"].tolist() == ["error"]
    assert grids.loc[grids["kind"] == "pieces", "value"].tolist() == [2.0]
    marked = gg.Draft(base, least_compactness=0.35).findings()
    marked = marked[marked["kind"] == "compactness"]
    assert marked["area_ids"].tolist() == ["G1"]
    assert marked["value"].tolist() == [pytest.approx(4 * 3.14159265 * 8 / 18**2)]


def test_undo_restores_and_redo_makes_again():
    draft = gg.Draft(plan_of())
    start = draft.plan()
    edits = [Move(["c"], "G2"), Split("G1", target=120), Merge(["G2", "C1-02"]), Rename("C1-03", "中")]
    plans = [start]
    for edit in edits:
        draft.apply(edit)
        plans.append(draft.plan())
    for plan in plans[-2::-1]:
        draft.undo()
        assert_same(draft.plan(), plan)
    for plan in plans[1:]:
        draft.redo()
        assert_same(draft.plan(), plan)


def test_undo_tells_the_counts_the_other_way_round():
    draft = gg.Draft(plan_of())
    draft.apply(Move(["c", "i"], "G2"))
    stroke = draft.undo()
    assert (stroke.areas.at["G1", "households_before"], stroke.areas.at["G1", "households"]) == (240, 360)
    assert stroke.revision == 0
    assert draft.edits == ()


def test_an_edit_after_undo_leaves_nothing_to_redo():
    draft = gg.Draft(plan_of(), [Move(["c"], "G2")])
    draft.undo()
    draft.apply(Rename("G1", "东"))
    with pytest.raises(EditError, match="none to redo"):
        draft.redo()


def test_there_is_no_undo_at_the_base():
    with pytest.raises(EditError, match="at its base, revision 0"):
        gg.Draft(plan_of()).undo()


def test_a_refused_edit_leaves_the_draft_as_it_was():
    draft = gg.Draft(plan_of(), [Lock(area_ids=["M3"])])
    before = draft.plan()
    with pytest.raises(EditError, match=r"^locked: area 'M3'"):
        draft.apply(Move(["d"], "G1"))
    assert_same(draft.plan(), before)
    assert draft.revision == 1


def test_a_preview_tells_the_rule_and_changes_nothing():
    draft = gg.Draft(plan_of())
    before = draft.plan()
    stroke = draft.preview(Move(["a", "g"], "G2"))
    assert stroke.rule == "one_piece"
    assert "'G2'" in stroke.refused
    assert not len(stroke.areas)
    stroke = draft.preview(Move(["c", "i"], "G2"))
    assert (stroke.rule, stroke.areas.at["G2", "households"], stroke.revision) == ("", 480, 1)
    assert_same(draft.plan(), before)
    assert_geodataframe_equal(draft.areas("grid"), before.areas("grid"))
    assert draft.findings().equals(gg.Draft(plan_of()).findings())


def test_areas_and_findings_are_those_of_the_plan_after_every_edit():
    draft = gg.Draft(plan_of())
    draft.areas("grid"), draft.areas("micro"), draft.findings()
    for edit in [Move(["c"], "G2"), Merge(["G1", "G2"]), Lock(area_ids=["C1-01"]), Rename("C1-01", "东")]:
        draft.apply(edit)
        plan = draft.plan()
        for level in plan.levels:
            assert_geodataframe_equal(draft.areas(level), plan.areas(level))
        assert_geodataframe_equal(draft.findings(), gg.Draft(plan).findings())
    draft.undo()
    draft.undo()
    assert_geodataframe_equal(draft.areas("micro"), draft.plan().areas("micro"))
    assert_geodataframe_equal(draft.findings(), gg.Draft(draft.plan()).findings())


def test_the_edits_of_a_draft_replayed_give_its_plan():
    draft = gg.Draft(plan_of())
    draft.apply(Split("G1", target=120))
    draft.undo()
    draft.apply(Merge(["G1", "G2"]))
    draft.apply(Split("C1-01", atom_ids=list("abcghi")))
    assert draft.edits[1].new_ids == ("C1-02", "C1-03")
    assert_same(gg.apply_edits(draft.base, draft.edits), draft.plan())
    assert_same(gg.Draft(draft.base, draft.edits).plan(), draft.plan())


def test_moved_atoms_follow_their_grid_into_its_beat():
    base = plan_of()
    beats = base.owner("grid").map({"G1": "B1", "G2": "B2"}).rename("area_id")
    base.owners["beat"] = beats
    for name in ("B1", "B2"):
        base.register.loc[name] = [name, name, "beat", "base", None]
    plan = gg.apply_edits(base, [Move(["c"], "G2")])
    assert plan.owner("beat")["c"] == "B2"
    merged = gg.apply_edits(plan, [Merge(["G1", "G2"])])
    assert set(merged.owner("beat")) == {"B2"}
    assert "B1" not in merged.register.index


def test_an_unknown_level_is_told():
    with pytest.raises(UnknownAreaError, match="no level 'beat'"):
        gg.Draft(plan_of()).areas("beat")


def test_a_stack_of_floors_is_judged_by_its_ranges():
    rows = [
        {
            "area_id": f"M2-F0{floor}", "parent_id": "M2", "atom_id": "c", "building_id": "B1", "stairwell": None,
            "floor_from": floor, "floor_to": floor, "households": 40 + 30 * floor,
        }
        for floor in (1, 2)
    ]  # fmt: skip
    base = drawn_plan("abcd", grid="1112", micro="1123", households=[60, 60, 170, 60], manifest={"stacked": rows})
    found = gg.Draft(base).apply(Move(["c"], "G2")).findings
    micro = found[(found["level"] == "micro") & (found["kind"] == "band")]
    assert micro["area_ids"].tolist() == ["M2,M2-F02"]
    assert micro["value"].tolist() == [100.0]
