import networkx as nx
import pandas as pd
import pytest
import shapely
from drawn_atoms import assert_sound, drawn_atoms, held_by, neighbours_of, pieces_of

import gridgeo as gg

BEATS = gg.read_profile(
    """
name = "beats"
[beat]
grids = [2, 4]
[grid]
households = [300, 500]
""",
    "a test's profile",
)
TOWN = """
    KKKKKKLLLLLL
    KKKKKKLLLLLL
    KKKKKKLLLLLL
    MMMMMMNNNNNN
    MMMMMMNNNNNN
    MMMMMMNNNNNN
"""


def divided(atoms=None, profile=BEATS, **options):
    atoms = drawn_atoms(TOWN, 65) if atoms is None else atoms
    plan = gg.partition(atoms, profile, **{"effort": "fast", **options})
    assert_sound(plan)
    return plan


def grids_in(plan):
    return plan.owner("grid").groupby(plan.owner("beat")).nunique()


def test_beats_are_unions_of_whole_grids_in_one_piece():
    plan = divided()
    assert (plan.owner("beat").groupby(plan.owner("grid")).nunique() < 2).all()
    assert grids_in(plan).between(2, 4).all()
    assert (pieces_of(plan, "beat") == 1).all()
    assert held_by(plan, "beat").sum() == plan.atoms["households"].sum()
    assert not len(plan.certificates)


def test_a_beat_draws_as_the_ground_of_its_grids():
    plan = divided()
    drawn, grids = plan.areas("beat"), plan.areas("grid")
    for area_id, row in drawn.iterrows():
        inside = plan.owner("grid")[plan.owner("beat") == area_id].unique()
        assert row.geometry.equals(shapely.union_all(grids.geometry[inside].to_numpy()))
        assert row["households"] == grids.loc[inside, "households"].sum()
    assert set(drawn["level"]) == {"beat"}
    assert drawn["parent_id"].isna().all()
    assert drawn["code"].tolist() == [f"B{number:02d}" for number in range(1, len(drawn) + 1)]


def test_a_beat_may_reach_over_communities_and_the_grids_stay_what_they_are():
    plan = divided()
    assert (plan.atoms["community_id"].groupby(plan.owner("beat")).nunique() >= 2).any()
    alone = gg.partition(plan.atoms, gg.load_profile("sichuan"), effort="fast")
    assert alone.owner("grid").equals(plan.owner("grid"))


@pytest.mark.parametrize("number", [3, 4, 5, 6])
def test_there_are_as_many_beats_as_were_asked_for(number):
    plan = divided(number_of_areas={"beat": number})
    assert plan.owner("beat").nunique() == number
    assert grids_in(plan).between(2, 4).all() == (not len(plan.certificates))
    assert (pieces_of(plan, "beat") == 1).all()


def test_at_most_so_many_beats():
    free = divided().owner("beat").nunique()
    assert divided(number_of_areas={"beat": (None, free - 1)}).owner("beat").nunique() == free - 1


def test_a_number_of_beats_beside_numbers_of_grids():
    plan = divided(number_of_areas={"beat": 3, "K": 4, "L": 2})
    assert plan.owner("beat").nunique() == 3
    communities = plan.atoms["community_id"]
    assert plan.owner("grid")[communities == "K"].nunique() == 4
    assert plan.owner("grid")[communities == "L"].nunique() == 3 or "number_of_areas" in set(
        plan.certificates["reason"]
    )


def test_a_number_of_beats_that_breaks_the_band_is_certified():
    plan = divided(number_of_areas={"beat": 2})
    assert plan.owner("beat").nunique() == 2
    told = plan.certificates.query("level == 'beat'")
    assert told["reason"].tolist() == ["number_of_areas"]
    assert told["message"].str.contains("grids in 2 areas").all()


@pytest.mark.parametrize(("number", "word"), [(0, "level 'beat' is 0"), (500, "more|make"), (-1, "level 'beat' is -1")])
def test_a_number_of_beats_that_cannot_be_is_refused(number, word):
    with pytest.raises(gg.GridgeoError, match=word):
        divided(number_of_areas={"beat": number})


def test_beats_may_be_measured_in_households():
    text = 'name = "b"\n[beat]\nhouseholds = [1000, 2000]\n[grid]\nhouseholds = [300, 500]\n'
    plan = divided(profile=gg.read_profile(text, "a test's profile"))
    assert held_by(plan, "beat").between(1000, 2000).all()
    assert (plan.owner("beat").groupby(plan.owner("grid")).nunique() < 2).all()


def test_too_few_grids_for_a_beat_are_one_beat_and_told():
    plan = divided(drawn_atoms("KKKKK\nKKKKK", 40))
    assert len(set(plan.owner("beat"))) == 1
    told = plan.certificates.query("level == 'beat'").iloc[0]
    assert (told["reason"], told["households"], told["low"], told["high"]) == ("total", 1, 2, 4)


def test_no_beat_crosses_a_barrier_and_a_bridge_leads_over_open_ground():
    atoms = drawn_atoms("KKKKKK.LLLLLL\nKKKKKK.LLLLLL", 80)
    apart = divided(atoms)
    assert (apart.atoms["community_id"].groupby(apart.owner("beat")).nunique() < 2).all()
    atoms = drawn_atoms("KKKKKK.LLLLL\nKKKKKK.LLLLL", 35)
    told = divided(atoms).certificates.query("level == 'beat'")["reason"].tolist()
    assert "component" in told
    plan = divided(atoms, bridges=[("A006", "A007")])
    assert not len(plan.certificates.query("level == 'beat'"))
    graph = neighbours_of(atoms)
    graph.add_edge("A006", "A007")
    assert (pieces_of(plan, "beat", graph) == 1).all()
    assert nx.is_connected(graph)


def test_a_plan_with_beats_can_be_written_and_read(tmp_path):
    plan = divided()
    gg.write_plan(plan, tmp_path / "plan.gpkg")
    again = gg.read_plan(tmp_path / "plan.gpkg")
    pd.testing.assert_series_equal(again.owner("beat"), plan.owner("beat"), check_index_type=False, check_dtype=False)
    assert again.areas("beat").geometry.geom_equals(plan.areas("beat").geometry).all()
    assert again.profile.limits["beat"] == plan.profile.limits["beat"]
    assert again.register.loc[again.areas("beat").index, "level"].eq("beat").all()


def test_a_plan_with_beats_has_a_quality():
    found = divided().quality("beat")
    assert found["areas"] > 1
    assert found["in_band"] == 1.0
