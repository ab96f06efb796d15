import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_atoms import assert_sound
from towns import communities, households_at, street_lines

import gridgeo as gg
from gridgeo.model.tables import STACKED, check

GUALI = gg.load_profile("guali-2024")
TOWERS = [(0.5, 0.5), (1.5, 0.5), (0.5, 1.5), (1.5, 1.5)]


def tower_town(counts, floors):
    ground = communities("CC\nCC")
    streets = street_lines([[(0, y), (2, y)] for y in range(3)] + [[(x, 0), (x, 2)] for x in range(3)])
    homes = households_at(TOWERS[: len(counts)], count=counts).assign(floors=floors)
    return gg.make_atoms(ground, streets, homes, profile=GUALI)


def divided(atoms, **options):
    plan = gg.partition(atoms, GUALI, **{"effort": "fast", **options})
    assert_sound(plan)
    check(plan.stacked, STACKED)
    return plan, plan.stacked.reset_index()


def test_a_tower_is_cut_into_ranges_of_floors_that_keep_the_band():
    plan, rows = divided(tower_town([130, 65, 65, 65], 13))
    assert sorted(rows["households"]) == [60, 70]
    assert len(set(rows["parent_id"])) == 1
    assert rows["area_id"].tolist() == [f"{rows['parent_id'][0]}-F{number:02d}" for number in (1, 2)]
    assert not len(plan.certificates.query("level == 'micro'"))


@pytest.mark.parametrize(("count", "floors"), [(100, 10), (160, 16), (127, 13), (300, 30), (240, 6)])
def test_each_floor_lies_in_one_range_and_every_household_is_counted(count, floors):
    plan, rows = divided(tower_town([count, 65, 65], floors))
    ranges = rows[["floor_from", "floor_to"]].to_numpy()
    assert (ranges[1:, 0] == ranges[:-1, 1] + 1).all()
    assert (ranges[0, 0], ranges[-1, 1]) == (1, floors)
    held = plan.areas("micro")["households"]
    assert rows["households"].sum() == held[rows["parent_id"].iloc[0]]
    assert rows["households"].between(50, 80).all()


def test_two_towers_are_cut_each_by_itself():
    plan, rows = divided(tower_town([130, 120, 65, 65], 10))
    assert sorted(rows.groupby("parent_id")["households"].sum()) == [120, 130]
    assert rows.groupby("parent_id")["atom_id"].nunique().eq(1).all()
    assert rows["area_id"].is_unique
    assert not set(rows["area_id"]) & set(plan.register.index)


def test_a_tower_that_no_ranges_fit_is_cut_as_well_as_can_be_and_stays_certified():
    # 90 on 10 floors are 9 each: two ranges hold 45, below 50; one holds 90, above 80.
    plan, rows = divided(tower_town([90, 65, 65, 65], 10))
    assert (rows["households"] <= 80).all()
    assert rows["households"].sum() == 90
    assert 90 in plan.certificates.query("level == 'micro'")["households"].tolist()


def test_a_floor_of_more_than_a_micro_grid_may_hold_is_not_cut_but_certified():
    plan, rows = divided(tower_town([200, 65, 65], 2))
    assert not len(rows)
    told = plan.certificates.query("level == 'micro' and reason == 'atom_over_max'")
    assert told["households"].tolist() == [200]


def test_ground_without_dwellings_counts_for_the_tower_it_lies_with():
    plan, rows = divided(tower_town([150], 15))
    assert rows["households"].sum() == plan.areas("micro")["households"].sum() == 150
    assert shapely.area(plan.areas("micro").geometry.to_numpy()).sum() == pytest.approx(40_000)


def test_a_town_without_floors_stacks_nothing():
    atoms = tower_town([130, 65, 65, 65], 13)
    del atoms.attrs["floors"]
    plan, rows = divided(atoms)
    assert not len(rows)
    assert 130 in plan.certificates.query("level == 'micro'")["households"].tolist()


def test_a_locked_tower_is_cut_by_floors_too():
    atoms = tower_town([130, 65, 65, 65], 13)
    before, rows = divided(atoms)
    again, same = divided(atoms, locked=pd.concat([before.areas("grid"), before.areas("micro")]))
    assert same.equals(rows)
    assert np.array_equal(again.owner("micro"), before.owner("micro"))
    assert not len(again.certificates.query("level == 'micro'"))
