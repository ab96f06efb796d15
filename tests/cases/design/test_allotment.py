import numpy as np
import pytest
from drawn_atoms import assert_sound, drawn_atoms, held_by, pieces_of

import gridgeo as gg

SICHUAN = gg.load_profile("sichuan")
GUALI = gg.load_profile("guali-2024")
TWO = """
    KKKKKKLLLL
    KKKKKKLLLL
    KKKKKKLLLL
    KKKKKKLLLL
"""


def grids_of(number, atoms=None, profile=SICHUAN, **options):
    atoms = drawn_atoms(TWO) if atoms is None else atoms
    plan = gg.partition(atoms, profile, effort="fast", number_of_areas=number, **options)
    assert_sound(plan)
    return plan


def counted(plan, community):
    owner = plan.owner("grid")
    return owner[plan.atoms["community_id"] == community].nunique()


def reasons(plan, level="grid"):
    return plan.certificates.query("level == @level")["reason"].tolist()


@pytest.mark.parametrize("number", [5, 6])
def test_a_territory_gets_exactly_the_number_asked_for_inside_the_band(number):
    plan = grids_of(number)
    assert plan.owner("grid").nunique() == number
    assert held_by(plan).between(300, 500).all()
    assert (pieces_of(plan) == 1).all()
    assert not len(plan.certificates)


def test_a_mapping_by_level_says_the_same_as_a_number():
    assert grids_of({"grid": 6}).owner("grid").equals(grids_of(6).owner("grid"))


def test_numbers_of_numpy_are_numbers_too():
    assert grids_of(np.int64(6)).owner("grid").nunique() == 6


@pytest.mark.parametrize("number", [3, 4])
def test_one_community_gets_its_number_and_the_others_are_free(number):
    plan = grids_of({"K": number})
    assert counted(plan, "K") == number
    assert counted(plan, "L") == 2
    assert held_by(plan).between(300, 500).all()


def test_at_most_and_at_least_leave_the_target_alone_where_it_fits():
    free = gg.partition(drawn_atoms(TWO), SICHUAN, effort="fast").owner("grid").nunique()
    assert grids_of((None, 100)).owner("grid").nunique() == free
    assert grids_of((1, None)).owner("grid").nunique() == free
    assert grids_of((None, 4)).owner("grid").nunique() == 4
    assert grids_of((6, None)).owner("grid").nunique() == 6
    assert grids_of((6, 6)).owner("grid").nunique() == 6


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (0, "is 0; ask for at least 1"),
        (-1, "is -1; ask for at least 1"),
        ((None, 0), "ask for at least 1"),
        ((7, 3), "no more at least than at most"),
        (10_000, "is 10000, but there are 40 atoms; make finer atoms"),
        (1, "there are 2 communities"),
        ((None, 1), "there are 2 communities"),
        (2.5, "not a whole number"),
        (True, "not a whole number"),
        ("6", "not a whole number"),
        ([2, 4], "not a whole number"),
        ({"K": 0}, "community 'K' is 0"),
        ({"K": 25}, "there are 24 atoms"),
    ],
)
def test_a_number_that_cannot_be_is_refused_in_words(number, word):
    with pytest.raises(gg.GridgeoError, match=word):
        grids_of(number)


def test_an_unknown_community_is_named_with_those_there_are():
    with pytest.raises(gg.TableError, match="there is no community 'M'; there are K, L"):
        grids_of({"M": 2})


def test_a_level_that_no_number_counts_for_is_refused_not_ignored():
    with pytest.raises(gg.TableError, match="level 'micro'"):
        grids_of({"micro": 40}, profile=GUALI)
    with pytest.raises(gg.TableError, match="level 'beat'"):
        grids_of({"beat": 2})


def test_a_number_for_the_level_and_one_for_a_community_contradict():
    with pytest.raises(gg.TableError, match="'grid' and community 'K'"):
        grids_of({"grid": 5, "K": 3})


@pytest.mark.parametrize(("number", "nearest"), [(9, "low"), (4, "high"), (3, "high")])
def test_an_impossible_number_is_made_and_certified(number, nearest):
    plan = grids_of(number)
    assert plan.owner("grid").nunique() == number
    assert len(plan.certificates)
    assert set(reasons(plan)) == {"number_of_areas"}
    for _, told in plan.certificates.iterrows():
        end, allowed = told["relaxation"].split("=")
        assert end == nearest
        held = held_by(plan)[plan.register.loc[held_by(plan).index, "parent_id"] == told["area_id"]]
        # What the certificate allows is what the areas keep, within two atoms of 50 households.
        assert held.min() >= int(allowed) - 100 if end == "low" else held.max() <= int(allowed)


def test_a_community_is_divided_into_as_many_areas_as_it_has_atoms():
    plan = grids_of({"L": 16})
    assert counted(plan, "L") == 16
    assert "number_of_areas" in reasons(plan)


def test_a_number_that_groups_leave_no_room_for_is_certified():
    atoms = drawn_atoms("CCCC\nCCCC", 60)
    plan = grids_of(6, atoms, keep_together=[["A001", "A002", "A003", "A004"]])
    assert len(set(plan.owner("grid").loc[["A001", "A002", "A003", "A004"]])) == 1
    assert plan.owner("grid").nunique() == 5
    told = plan.certificates.query("relaxation == 'number_of_areas=5'")
    assert told["message"].str.contains("6 areas were asked for, 5").all()
    assert len(told) == 1


def test_a_number_below_the_areas_that_stay_as_they_are_is_certified():
    atoms = drawn_atoms("CCCCCC\nCCCCCC", 100)
    first = gg.partition(atoms, SICHUAN, effort="fast", number_of_areas=4)
    kept = first.owner("grid")
    kept = kept[kept.isin(sorted(kept.unique())[:3])]
    plan = grids_of(2, atoms, locked=kept)
    assert plan.owner("grid").nunique() == 4
    told = plan.certificates.query("reason == 'number_of_areas'")
    assert told["relaxation"].tolist() == ["number_of_areas=4"]


def test_parts_of_a_community_share_its_number_by_what_keeps_the_band():
    # 20 atoms of 60 are 3 or 4 areas, 4 of 145 are 2 areas though 580 of them are more than one may hold.
    atoms = drawn_atoms("CCCCC.CC\nCCCCC.CC\nCCCCC...\nCCCCC...", lambda x, _: 145 if x > 5 else 60)
    for number, small in ((4, 1), (5, 2), (6, 2)):
        plan = grids_of(number, atoms)
        assert plan.owner("grid").nunique() == number
        east = plan.atoms.index[plan.atoms["households"] == 145]
        assert plan.owner("grid")[east].nunique() == small


def test_fewer_areas_than_parts_that_stand_alone_is_certified():
    atoms = drawn_atoms("CC.CC\nCC.CC", 100)
    plan = grids_of({"C": 1}, atoms)
    assert plan.owner("grid").nunique() == 2
    told = plan.certificates.query("reason == 'number_of_areas'")
    assert told["relaxation"].tolist() == ["number_of_areas=2"]


def test_a_part_of_one_crowded_atom_takes_one_area_only():
    atoms = drawn_atoms("CCCC.C\nCCCC..", lambda x, _: 480 if x == 5 else 60)
    plan = grids_of(3, atoms)
    assert plan.owner("grid").nunique() == 3
    assert plan.owner("grid").iloc[:4].nunique() + plan.owner("grid").iloc[5:].nunique() >= 2


def test_numbers_are_honoured_beside_micro_grids():
    plan = grids_of(5, drawn_atoms(TWO, 40), profile=GUALI)
    assert plan.owner("grid").nunique() == 5
    assert held_by(plan, "micro").between(50, 80).sum() >= 0.8 * plan.owner("micro").nunique()


@pytest.mark.parametrize("method", ["metis", "trees", "bisection"])
def test_every_method_makes_the_number_asked_for_or_says_so(method):
    plan = grids_of(5, method=method)
    made = plan.owner("grid").nunique()
    assert made == 5 or f"number_of_areas={made}" in plan.certificates["relaxation"].tolist()
    assert (pieces_of(plan) == 1).all()
