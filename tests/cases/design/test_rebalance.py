"""A plan keeps its bands again after the town has changed, and few households move."""

from dataclasses import replace

import pandas as pd
import pytest
from drawn_atoms import assert_sound, drawn_atoms, held_by, pieces_of
from exact_cases import profile_of

import gridgeo as gg
from gridgeo.design.rebalance import rebalance

PROFILE = profile_of(300, 500)


def plan_of(drawing, grids, households):
    """Draw a plan: one drawing of communities, one of grids."""
    atoms = drawn_atoms(drawing, households=households)
    letters = "".join(line.strip() for line in grids.strip().splitlines())
    owner = pd.Series([f"C-{letter}" for letter in letters], index=atoms.index, name="area_id")
    plan = gg.partition(atoms, PROFILE, effort="fast")
    rows = pd.DataFrame(
        {"code": "", "name": "", "level": "grid", "kind": "base", "parent_id": "C"},
        index=pd.Index(sorted(set(owner)), name="area_id"),
    ).assign(code=lambda each: each.index, name=lambda each: each.index)
    register = pd.concat([plan.register[plan.register["level"] == "community"], rows])
    return replace(plan, owners={"community": plan.owner("community"), "grid": owner}, register=register)


@pytest.fixture(scope="module")
def two():
    """Two grids of 400 households side by side, each 4 by 4 atoms of 25."""
    return plan_of("\n".join(["CCCCCCCC"] * 4), "\n".join(["AAAABBBB"] * 4), 25)


def with_counts(plan, counts):
    atoms = plan.atoms.copy()
    for atom_id, households in counts.items():
        atoms.loc[atom_id, "households"] = households
    return atoms


def test_a_plan_that_conforms_stays_as_it_is(two):
    answer = rebalance(two, two.atoms)
    assert answer.moved == 0
    assert answer.lower_bound == 0
    assert answer.distance_to_bound == 1
    assert answer.plan.owner("grid").equals(two.owner("grid"))
    assert answer.alternatives == ()


def test_an_area_that_grew_too_large_lends_one_border_atom(two):
    answer = rebalance(two, with_counts(two, {"A001": 150}))
    assert answer.moved == 25
    assert answer.lower_bound == 25
    assert held_by(answer.plan).between(300, 500).all()
    assert set(pieces_of(answer.plan)) == {1}
    assert answer.costs.loc["grid", ["changed", "made", "closed"]].tolist() == [2, 0, 0]
    assert answer.costs.loc["grid", ["out_before", "out"]].tolist() == [1, 0]


def test_a_new_tower_makes_a_new_area_and_only_the_smaller_part_counts_as_moved(two):
    answer = rebalance(two, with_counts(two, {"A001": 325, "A008": 125}), budget=0.5)
    held = held_by(answer.plan)
    assert held.between(300, 500).all()
    assert len(held) == 3
    assert answer.costs.loc["grid", "made"] == 1
    assert answer.moved <= 1.5 * answer.lower_bound
    assert "C-01" in held.index  # a new id under the community


def test_an_area_that_is_too_small_joins_its_neighbour():
    plan = plan_of("\n".join(["CCCCCCCC"] * 4), "\n".join(["AAAABBBB"] * 4), 25)
    empty = {f"A{at:03d}": 5 for at in (1, 2, 3, 9, 10, 11, 17, 18, 19, 25, 26, 27)}
    fewer = {f"A{at:03d}": 18 for at in (5, 6, 7, 8, 13, 14, 15, 16, 21, 22, 23, 24, 29, 30, 31, 32)}
    answer = rebalance(plan, with_counts(plan, empty | fewer), budget=1.0)
    assert held_by(answer.plan).tolist() == [448]
    assert answer.moved == 160  # the smaller area ends
    assert answer.lower_bound <= 160
    assert answer.costs.loc["grid", "closed"] == 1


def test_areas_in_a_row_pass_on_what_the_first_has_too_much_of():
    plan = plan_of("\n".join(["C" * 12] * 4), "\n".join(["AAAABBBBDDDD"] * 4), 25)
    counts = {f"A{at:03d}": 31 for at in (5, 6, 7, 8, 17, 18, 19, 20, 29, 30, 31, 32, 41, 42, 43, 44)}
    answer = rebalance(plan, with_counts(plan, {**counts, "A001": 150}), budget=0.5)
    assert held_by(answer.plan).between(300, 500).all()
    assert answer.costs.loc["grid", "made"] == 0
    assert answer.moved <= 100


def test_locked_areas_and_atoms_stay(two):
    grown = with_counts(two, {"A001": 150})
    answer = rebalance(two, grown, locks=["C-B"])
    assert (answer.plan.owner("grid") == two.owner("grid"))[two.owner("grid") == "C-B"].all()
    assert answer.plan.owner("grid").value_counts()["C-B"] == 16
    edge = ["A004", "A012", "A020"]
    answer = rebalance(two, grown, locks=edge)
    assert (answer.plan.owner("grid")[edge] == "C-A").all()
    assert held_by(answer.plan).between(300, 500).all()


def test_a_budget_that_is_too_small_says_what_stays_out_and_what_would_do(two):
    answer = rebalance(two, with_counts(two, {"A001": 150}), budget=0.01)
    assert answer.moved == 0
    assert answer.unmet[["area_id", "amount", "needed"]].to_numpy().tolist() == [["C-A", 525, 25]]
    assert answer.costs.loc["grid", "out"] == 1
    enough = rebalance(two, with_counts(two, {"A001": 150}), budget=25 / two.atoms["households"].sum())
    assert not len(enough.unmet)


def test_what_cannot_be_kept_is_certified():
    plan = plan_of("CCCC\nCCCC", "AAAA\nAAAA", 50)
    answer = rebalance(plan, with_counts(plan, {"A001": 200}))
    assert answer.moved == 0
    assert answer.plan.certificates["reason"].tolist() == ["total"]
    assert answer.costs.loc["grid", "out"] == 1


def test_only_communities_with_an_area_outside_its_band_are_touched():
    drawing = "\n".join(["CCCCCCCCEEEEEEEE"] * 4)
    atoms = drawn_atoms(drawing, households=25)
    plan = gg.partition(atoms, PROFILE)
    grown = with_counts(plan, {"A001": 150})
    answer = rebalance(plan, grown)
    apart = answer.plan.owner("grid") != plan.owner("grid")
    assert set(plan.atoms.loc[apart, "community_id"]) <= {"C"}


def test_micro_grids_conform_again_inside_their_grids():
    plan = gg.partition(drawn_atoms("\n".join(["C" * 10] * 8), households=10), gg.load_profile("guali-2024"))
    micro = plan.owner("micro")
    first = micro.index[micro == micro.iloc[0]]
    grown = with_counts(plan, dict.fromkeys(first[:3], 20))
    answer = rebalance(plan, grown)
    assert_sound(answer.plan)
    assert answer.costs.loc["micro", "out"] == 0
    assert answer.costs.loc["micro", "moved"] <= 40
    assert set(pieces_of(answer.plan, "micro")) == {1}


def test_alternatives_differ_and_tell_their_ways(two):
    answer = rebalance(two, with_counts(two, {"A001": 325, "A008": 125}), budget=0.5)
    ways = [answer.way, *[each.way for each in answer.alternatives]]
    assert len(set(ways)) == len(ways)
    for each in answer.alternatives:
        assert not each.plan.owner("grid").equals(answer.plan.owner("grid"))


def test_officers_of_changed_areas_are_counted(two):
    duties = pd.DataFrame({"officer_id": ["O1", "O2", "O3"], "area_id": ["C-A", "C-B", "X"]})
    answer = rebalance(two, with_counts(two, {"A001": 150}), duties=duties)
    assert answer.costs.loc["grid", "officers"] == 2


def test_the_order_of_rows_decides_nothing(two):
    grown = with_counts(two, {"A001": 325, "A008": 125})
    one, other = rebalance(two, grown, budget=0.5), rebalance(two, grown.iloc[::-1], budget=0.5)
    pd.testing.assert_series_equal(one.plan.owner("grid").sort_index(), other.plan.owner("grid").sort_index())


@pytest.mark.parametrize("wish", [{"budget": 1.5}, {"budget": -0.1}, {"effort": "much"}, {"alternatives": 9}])
def test_impossible_wishes_are_refused(two, wish):
    with pytest.raises(gg.GridgeoError, match=next(iter(wish))):
        rebalance(two, two.atoms, **wish)


def test_unknown_locks_are_refused(two):
    with pytest.raises(gg.UnknownAreaError, match="'nowhere'"):
        rebalance(two, two.atoms, locks=["nowhere"])
    with pytest.raises(gg.TableError, match="give a list"):
        rebalance(two, two.atoms, locks="C-A")
