"""Edits on a plan: what each changes, what it leaves, and the rule that refuses it."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from drawn_atoms import assert_sound, pieces_of
from drawn_plans import drawn_plan
from towns import CRS, EAST_M, NORTH_M

import gridgeo as gg
from gridgeo.model.edits import KeepTogether, Lock, Merge, Move, Recode, Rename, Reparent, Split
from gridgeo.model.errors import EditError

ATOMS = """
    abcdef
    ghijkl
"""
TWO = "111222 111222"
MICRO = "112334 112334"


def plan_of(grid=TWO, *, atoms=ATOMS, **drawings):
    return drawn_plan(atoms, grid="\n".join(grid.split()), **drawings)


def nested():
    return plan_of(micro=MICRO.replace(" ", "\n"), households=30)


def owned(plan, area_id, level="grid"):
    owner = plan.owner(level)
    return "".join(owner.index[owner == area_id])


def refused(plan, *edits, rule):
    with pytest.raises(EditError, match=f"^{rule}: ") as error:
        gg.apply_edits(plan, edits)
    return str(error.value)


def test_a_moved_atom_belongs_to_the_other_grid_and_the_base_stays():
    base = plan_of()
    plan = gg.apply_edits(base, [Move(["c"], "G2")])
    assert (owned(plan, "G1"), owned(plan, "G2")) == ("abghi", "cdefjkl")
    assert (plan.revision, base.revision) == (1, 0)
    assert owned(base, "G1") == "abcghi"
    assert plan.areas("grid")["households"].tolist() == [500, 700]
    assert plan.register["code"].tolist() == base.register["code"].tolist()


def test_no_edits_give_the_plan_as_a_draft():
    base = plan_of()
    plan = gg.apply_edits(base, [])
    assert plan.revision == 0
    assert plan.owner("grid").equals(base.owner("grid"))
    assert plan.register.equals(base.register.loc[plan.register.index])
    assert plan.manifest == base.manifest


def test_a_move_that_parts_a_grid_is_refused_with_the_atoms_that_hang_off():
    plan = plan_of("111222", atoms="abcdef")
    said = refused(plan, Move(["b"], "G2"), rule="one_piece")
    assert "'G1'" in said
    assert "2 pieces" in said


def test_a_move_to_a_grid_that_is_not_next_to_it_is_refused():
    said = refused(plan_of(), Move(["a", "g"], "G2"), rule="one_piece")
    assert "'G2'" in said


def test_a_move_of_all_atoms_is_refused_with_merge_as_the_way_out():
    assert "merge" in refused(plan_of(), Move(list("abcghi"), "G2"), rule="empty_area")


def test_a_move_over_the_border_of_a_community_is_refused():
    plan = plan_of(community="111222\n111222")
    assert "Reparent" in refused(plan, Move(["c"], "G2"), rule="one_community")


def test_unknown_atoms_areas_and_levels_are_named():
    assert "'z'" in refused(plan_of(), Move(["z"], "G2"), rule="unknown")
    assert "'G9'" in refused(plan_of(), Move(["a"], "G9"), rule="unknown")
    assert "community" in refused(plan_of(), Move(["a"], "C1"), rule="unknown")
    assert "'G9'" in refused(plan_of(), Rename("G9", "x"), rule="unknown")
    assert "'z'" in refused(plan_of(), KeepTogether(["a", "z"]), rule="unknown")


def test_an_edit_that_changes_nothing_is_refused():
    refused(plan_of(), Move(["a"], "G1"), rule="nothing")
    refused(plan_of(), Rename("G1", "G1号"), rule="nothing")
    refused(plan_of(), KeepTogether(["a"], on=False), rule="nothing")
    refused(plan_of(), Reparent(["G1"], "C1"), rule="nothing")


def test_a_merge_makes_an_id_that_was_never_used():
    plan = gg.apply_edits(plan_of(), [Merge(["G1", "G2"])])
    assert plan.areas("grid").index.tolist() == ["C1-01"]
    assert plan.areas("grid")["households"].tolist() == [1200]
    again = gg.apply_edits(plan, [Split("C1-01", atom_ids=list("abcghi"))])
    assert again.areas("grid").index.tolist() == ["C1-02", "C1-03"]
    assert again.manifest["retired_ids"] == ["C1-01", "G1", "G2"]
    assert again.revision == 2


def test_ids_of_earlier_versions_are_not_given_again():
    plan = gg.apply_edits(plan_of(), [Merge(["G1", "G2"])], used_ids=["C1-07"])
    assert plan.areas("grid").index.tolist() == ["C1-08"]
    refused(plan_of(), Merge(["G1", "G2"], new_id="G1"), rule="new_id")
    refused(plan_of(), Merge(["G1", "G2"], new_id="D-01"), rule="new_id")


def test_grids_that_do_not_touch_are_not_merged():
    plan = plan_of("112233 112233")
    refused(plan, Merge(["G1", "G3"]), rule="one_piece")


def test_grids_of_two_communities_are_not_merged():
    plan = plan_of(community="111222\n111222")
    refused(plan, Merge(["G1", "G2"]), rule="one_community")


def test_a_merged_grid_keeps_its_micro_grids():
    plan = gg.apply_edits(nested(), [Merge(["G1", "G2"])])
    assert plan.owner("micro").equals(nested().owner("micro"))
    assert set(plan.register.loc[["M1", "M2", "M3", "M4"], "parent_id"]) == {"C1-01"}
    assert_sound(plan)


def test_a_line_cuts_along_the_borders_of_atoms_nearest_to_it():
    line = shapely.LineString([(EAST_M + 120, NORTH_M - 10), (EAST_M + 80, NORTH_M + 300)])
    plan = gg.apply_edits(plan_of(), [Split("G1", line=line)])
    assert (owned(plan, "C1-01"), owned(plan, "C1-02")) == ("ag", "bchi")


def test_a_line_that_parts_nothing_is_refused():
    away = shapely.LineString([(EAST_M, NORTH_M + 999), (EAST_M + 600, NORTH_M + 999)])
    assert "passes it at 799.0 m" in refused(plan_of(), Split("G1", line=away), rule="cut")
    short = shapely.LineString([(EAST_M + 50, NORTH_M + 50), (EAST_M + 150, NORTH_M + 150)])
    assert "cut it through" in refused(plan_of(), Split("G1", line=short), rule="cut")
    sliver = shapely.LineString([(EAST_M + 10, NORTH_M - 5), (EAST_M + 10, NORTH_M + 205)])
    assert "no border of atoms" in refused(plan_of(), Split("G1", line=sliver), rule="cut")


def test_a_target_parts_a_grid_in_two_pieces_that_meet_it():
    plan = gg.apply_edits(plan_of(), [Split("G1", target=200)])
    parts = plan.areas("grid")
    assert sorted(parts["households"].tolist()) == [200, 400, 600]
    assert pieces_of(plan).max() == 1


def test_a_target_prefers_the_border_on_a_street():
    base = plan_of()
    on_street = base.borders["atom_a"].isin(list("ag")) & base.borders["atom_b"].isin(list("bh"))
    base.borders.loc[on_street, "rank"] = 2
    plan = gg.apply_edits(base, [Split("G1", target=200)])
    assert owned(plan, "C1-01") == "ag"
    base.borders["rank"] = base.borders["rank"].where(~on_street, 0)
    on_street = base.borders["atom_a"].isin(list("bh")) & base.borders["atom_b"].isin(list("ci"))
    base.borders.loc[on_street, "rank"] = 2
    assert owned(gg.apply_edits(base, [Split("G1", target=200)]), "C1-02") == "ci"


def test_a_target_that_cannot_leave_is_refused():
    assert "holds 600" in refused(plan_of(), Split("G1", target=600), rule="cut")
    refused(plan_of("1", atoms="a"), Split("G1", target=10), rule="cut")


def test_atoms_that_leave_make_a_new_grid_only_in_one_piece():
    plan = gg.apply_edits(plan_of(), [Split("G1", atom_ids=["a", "b"])])
    assert sorted(owned(plan, name) for name in ("C1-01", "C1-02")) == ["ab", "cghi"]
    refused(plan_of(), Split("G1", atom_ids=["a", "c"]), rule="one_piece")
    refused(plan_of(), Split("G1", atom_ids=list("abcghi")), rule="empty_area")
    refused(plan_of(), Split("G1", atom_ids=["d"]), rule="unknown")
    refused(plan_of(), Split("G1", atom_ids=["a"], new_ids=["C1-1", "C1-2", "C1-3"]), rule="new_id")


def test_a_whole_micro_grid_goes_along_under_its_id():
    plan = gg.apply_edits(nested(), [Move(["c", "i"], "G2")])
    assert owned(plan, "M2", "micro") == "ci"
    assert plan.register.at["M2", "parent_id"] == "G2"
    assert_sound(plan)


def test_a_part_of_a_micro_grid_joins_one_that_it_fits_into():
    base = plan_of(micro=MICRO.replace(" ", "\n"), households=15)
    plan = gg.apply_edits(base, [Move(["c"], "G2")])
    assert (owned(plan, "M2", "micro"), owned(plan, "M1", "micro")) == ("c", "abghi")
    assert plan.register.at["M2", "parent_id"] == "G2"
    assert_sound(plan)


def test_a_part_that_fits_nowhere_becomes_a_micro_grid_of_its_own():
    plan = gg.apply_edits(nested(), [Move(["c"], "G2")])
    kept, new = plan.owner("micro")["c"], plan.owner("micro")["i"]
    assert {kept, new} == {"M2", "G1-01"}
    assert_sound(plan)


def test_a_split_that_cuts_micro_grids_leaves_each_inside_one_grid():
    base = plan_of("111111 111111", micro="111222\n333222", households=30)
    plan = gg.apply_edits(base, [Split("G1", atom_ids=list("abghci"))])
    assert_sound(plan)
    assert pieces_of(plan, "micro").max() == 1


def test_micro_grids_are_moved_merged_and_split_inside_their_grid():
    base = nested()
    plan = gg.apply_edits(base, [Move(["b"], "M2", level="micro"), Merge(["M1", "M2"], level="micro")])
    assert owned(plan, "G1-01", "micro") == "abcghi"
    plan = gg.apply_edits(base, [Split("M1", atom_ids=["a", "g"], level="micro")])
    assert {owned(plan, "G1-01", "micro"), owned(plan, "G1-02", "micro")} == {"ag", "bh"}
    refused(base, Move(["c"], "M3", level="micro"), rule="nesting")
    refused(base, Merge(["M2", "M3"], level="micro"), rule="nesting")
    assert_sound(plan)


def test_what_is_locked_stays_until_it_is_let_go():
    refused(plan_of(), Lock(area_ids=["G2"]), Move(["c"], "G2"), rule="locked")
    refused(plan_of(), Lock(area_ids=["G1"]), Move(["c"], "G2"), rule="locked")
    refused(plan_of(), Lock(area_ids=["G1"]), Split("G1", target=200), rule="locked")
    refused(plan_of(), Lock(atom_ids=["c"]), Move(["c"], "G2"), rule="locked")
    refused(plan_of(), Lock(atom_ids=["c"]), Merge(["G1", "G2"]), rule="locked")
    locked = gg.apply_edits(plan_of(), [Lock(area_ids=["G1"], atom_ids=["d"]), Rename("G1", "东")])
    assert (locked.manifest["locked_areas"], locked.manifest["locked_atoms"]) == (["G1"], ["d"])
    refused(locked, Move(["c"], "G2"), rule="locked")
    free = gg.apply_edits(locked, [Lock(area_ids=["G1"], on=False), Move(["c"], "G2")])
    assert owned(free, "G2") == "cdefjkl"
    assert "locked_areas" not in free.manifest


def test_atoms_kept_together_are_not_parted_unless_they_were():
    together = gg.apply_edits(plan_of(), [KeepTogether(["c", "i"])])
    assert together.manifest["keep_together"] == [["c", "i"]]
    assert "'i'" in refused(together, Move(["c"], "G2"), rule="keep_together")
    assert owned(gg.apply_edits(together, [Move(["c", "i"], "G2")]), "G2") == "cdefijkl"
    apart = gg.apply_edits(plan_of(), [KeepTogether(["b", "c", "d"]), Move(["c"], "G2")])
    assert owned(apart, "G2") == "cdefjkl"
    let_go = gg.apply_edits(together, [KeepTogether(["c"], on=False), Move(["c"], "G2")])
    assert "keep_together" not in let_go.manifest


def test_codes_are_never_used_again():
    plan = gg.apply_edits(plan_of(), [Recode("G1", "007")])
    assert plan.register.at["G1", "code"] == "007"
    refused(plan, Recode("G2", "007"), rule="code")
    refused(plan, Recode("G2", "G1"), rule="code")


def test_new_grids_of_a_coded_community_go_on_with_its_codes():
    base = plan_of()
    base.register.loc["C1", ["code", "name"]] = ["420100001001", "河东社区"]
    plan = gg.apply_edits(base, [Split("G1", atom_ids=["a", "g"])])
    assert plan.register.loc[["C1-01", "C1-02"], "code"].tolist() == ["420100001001001", "420100001001002"]
    assert plan.register.at["C1-02", "name"] == "河东社区第2网格"


def test_grids_change_their_community_as_a_whole():
    base = plan_of(community="111222\n111222")
    plan = gg.apply_edits(base, [Reparent(["G2"], "C1")])
    assert set(plan.owner("community")) == {"C1"}
    assert set(plan.atoms["community_id"]) == {"C1"}
    assert "C2" not in plan.register.index
    assert set(base.atoms["community_id"]) == {"C1", "C2"}
    refused(plan, Reparent(["G2"], "C2", name="back"), rule="unknown")
    founded = gg.apply_edits(base, [Reparent(["G2"], "C3", name="新社区")])
    assert founded.register.at["C3", "name"] == "新社区"
    refused(base, Reparent(["G2"], "C3"), rule="unknown")
    refused(base, Lock(area_ids=["C1"]), Reparent(["G2"], "C1"), rule="locked")
    refused(base, Reparent(["C2"], "C1"), rule="unknown")


def stacked():
    rows = [
        {
            "area_id": f"M2-F0{floor}", "parent_id": "M2", "atom_id": "c", "building_id": "B1", "stairwell": None,
            "floor_from": floor, "floor_to": floor, "households": 60,
        }
        for floor in (1, 2)
    ]  # fmt: skip
    return drawn_plan("abcd", grid="1112", micro="1123", households=[60, 60, 120, 60], manifest={"stacked": rows})


def test_a_stack_of_floors_moves_as_a_whole_or_not_at_all():
    plan = gg.apply_edits(stacked(), [Move(["c"], "G2")])
    assert plan.register.at["M2", "parent_id"] == "G2"
    assert plan.stacked["parent_id"].tolist() == ["M2", "M2"]
    said = refused(stacked(), Move(["b"], "M2", level="micro"), rule="stacked")
    assert "floors" in said
    refused(stacked(), Merge(["M1", "M2"], level="micro"), rule="stacked")


def test_an_area_that_was_in_pieces_may_stay_so_but_not_fall_further():
    base = drawn_plan("abc.de", grid="111.12")
    plan = gg.apply_edits(base, [Move(["d"], "G2")])
    assert pieces_of(plan).tolist() == [1, 1]
    refused(base, Move(["b"], "G2"), rule="one_piece")


def test_certificates_of_what_was_redrawn_are_dropped():
    base = drawn_plan("abcd", grid="1122", micro="1234", certificates=certificates())
    plan = gg.apply_edits(base, [Move(["b"], "G2")])
    assert plan.certificates.index.tolist() == ["Z1"]
    same = gg.apply_edits(base, [Rename("G1", "东")])
    assert same.certificates.index.tolist() == ["Z1", "Z2", "Z3", "Z4"]


def certificates():
    rows = [("C1", "grid", "total"), ("C1", "grid", "not_found"), ("G1", "micro", "total"), ("G2", "micro", "total")]
    columns = ["area_id", "level", "reason"]
    table = pd.DataFrame(rows, columns=columns, index=["Z1", "Z2", "Z3", "Z4"]).rename_axis("certificate_id")
    told = table.assign(households=1, low=1, high=2, relaxation="", message="")
    return gpd.GeoDataFrame(told, geometry=[None] * 4, crs=CRS)


def test_an_atom_without_an_owner_is_told():
    base = plan_of()
    base.owners["grid"].loc["a"] = None
    with pytest.raises(EditError, match="atom 'a' belongs to no grid"):
        gg.apply_edits(base, [])


def test_what_is_no_edit_is_told():
    with pytest.raises(EditError, match="is no edit"):
        gg.apply_edits(plan_of(), [{"edit": "move"}])


def test_the_order_of_rows_decides_nothing():
    base = nested()
    turned = base.atoms.index[::-1]
    owners = {level: owner.loc[turned] for level, owner in base.owners.items()}
    other = replace(base, atoms=base.atoms.loc[turned], owners=owners, borders=base.borders.iloc[::-1])
    edits = [Move(["c"], "G2"), Merge(["G1", "G2"]), Split("C1-01", target=150)]
    one, two = gg.apply_edits(base, edits), gg.apply_edits(other, edits)
    for level in one.levels:
        assert one.owner(level).sort_index().equals(two.owner(level).sort_index())
    assert one.register.equals(two.register)
