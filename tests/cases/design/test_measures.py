import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_atoms import assert_sound, drawn_atoms, held_by, pieces_of
from shapely.affinity import scale
from towns import CRS, EAST_M, NORTH_M, communities, households_at, street_lines

import gridgeo as gg

SQUARE = "\n".join("C" * 8 for _ in range(8))
BOTH = """
name = "both"
[grid]
households = [300, 500]
[[grid.further]]
measure = "persons"
band = [900, 1500]
strength = "hard"
"""


def profile_of(text):
    return gg.read_profile(text, "a test's profile")


def divided(atoms, profile, **options):
    plan = gg.partition(atoms, profile, **{"effort": "fast", **options})
    assert_sound(plan)
    assert (pieces_of(plan) == 1).all()
    return plan


# Two measures


def test_households_and_persons_are_both_kept_where_both_can_be():
    # In the west many live alone, in the east families: grids of equal households differ by half in persons.
    atoms = drawn_atoms(SQUARE, 50)
    atoms["persons"] = [100 if x % 8 < 4 else 170 for x in range(64)]
    free = divided(atoms, gg.load_profile("sichuan"))
    assert not held_by(free, column="persons").between(900, 1500).all(), "drawn so that households alone do not do"
    plan = divided(atoms, profile_of(BOTH))
    assert held_by(plan).between(300, 500).all()
    assert held_by(plan, column="persons").between(900, 1500).all()
    assert not len(plan.certificates)


def test_persons_that_no_grid_can_keep_are_certified_beside_households_that_are_kept():
    atoms = drawn_atoms(SQUARE, 50, persons=250)
    plan = divided(atoms, profile_of(BOTH))
    persons = held_by(plan, column="persons")
    told = plan.certificates.query("reason == 'further'")
    assert sorted(told["households"]) == sorted(persons[~persons.between(900, 1500)])
    assert told["message"].str.contains("persons, outside 900-1500").all()
    assert told["relaxation"].tolist() == [f"high={held}" for held in told["households"]]


def test_a_workload_of_ones_own_is_a_measure():
    text = BOTH.replace('"persons"', '"work_h"').replace("[900, 1500]", "[30, 50]")
    atoms = drawn_atoms(SQUARE, 50)
    atoms["work_h"] = [3 if x % 8 < 4 else 7 for x in range(64)]
    plan = divided(atoms, profile_of(text))
    assert held_by(plan, column="work_h").between(30, 50).all()
    assert held_by(plan).between(300, 500).all()


@pytest.mark.parametrize(("strength", "told"), [("hard", True), ("soft", True), ("may", False)])
def test_what_is_only_permitted_is_not_certified(strength, told):
    atoms = drawn_atoms(SQUARE, 50, persons=250)
    plan = divided(atoms, profile_of(BOTH.replace("hard", strength)))
    assert held_by(plan).between(300, 500).all()
    assert ("further" in plan.certificates["reason"].tolist()) == told


def test_a_mere_target_asks_nothing_of_a_town_that_does_not_count_it():
    text = BOTH.replace("band = [900, 1500]", "target = 1200")
    atoms = drawn_atoms(SQUARE, 50).drop(columns="persons")
    assert held_by(divided(atoms, profile_of(text))).between(300, 500).all()


@pytest.mark.parametrize(
    ("values", "word"),
    [
        (None, "atoms: column 'work_h', which the profile counts, is missing; there are households"),
        (-1, "atoms: work_h of 'A001' is -1, not a number of at least 0 .and 63 more"),
        (math.nan, "atoms: work_h of 'A001' is nan, not a number"),
        (math.inf, "atoms: work_h of 'A001' is inf, not a number"),
        ("many", "atoms: work_h of 'A001' is 'many', not a number"),
        (0, "atoms: work_h is 0 in every row, an area needs at least 30; fill the column"),
    ],
)
@pytest.mark.parametrize("main", [True, False])
def test_a_column_that_cannot_be_counted_is_one_clear_error(values, word, main):
    text = BOTH.replace('"persons"', '"work_h"').replace("[900, 1500]", "[30, 50]")
    if main:
        text = text.replace("households = [300, 500]", 'households = [300, 500]\nbalance = "work_h"')
    atoms = drawn_atoms(SQUARE, 50)
    atoms = atoms if values is None else atoms.assign(work_h=values)
    with pytest.raises(gg.TableError, match=word):
        gg.partition(atoms, profile_of(text), effort="fast")


def test_persons_below_0_or_missing_break_the_table_itself():
    for values in (-5, math.nan):
        with pytest.raises(gg.TableError, match="atoms: persons of 'A001'"):
            gg.partition(drawn_atoms(SQUARE, 50, persons=values), profile_of(BOTH))


# Levels in other measures


def test_output_areas_hold_100_persons_inside_larger_areas_of_households():
    atoms = drawn_atoms(SQUARE, 40, persons=80)
    plan = divided(atoms, gg.load_profile("england-wales-output-areas"))
    assert held_by(plan).between(400, 1200).all()
    assert held_by(plan, "micro").between(40, 250).all()
    assert (held_by(plan, "micro", "persons") >= 100).all()
    assert not len(plan.certificates)


def test_meshblocks_of_dwellings_lie_in_areas_of_persons():
    # 64 atoms of 30 persons are 1920: 10 to 19 areas of 100-200 persons.
    atoms = drawn_atoms(SQUARE, 10, persons=30)
    plan = divided(atoms, gg.load_profile("new-zealand-meshblocks"))
    assert held_by(plan, column="persons").between(100, 200).all()
    assert held_by(plan, "micro").between(30, 60).all()
    assert 10 <= plan.owner("grid").nunique() <= 19
    assert not len(plan.certificates)


def test_a_total_of_persons_without_a_division_is_told_in_persons():
    atoms = drawn_atoms("CCC\nCCC", 10, persons=15)
    plan = divided(atoms, gg.load_profile("new-zealand-meshblocks"))
    told = plan.certificates.query("level == 'grid'").iloc[0]
    assert (told["reason"], told["households"], told["relaxation"]) == ("total", 90, "low=90")
    assert "90 persons cannot be divided into areas of 100-200" in told["message"]


def test_a_band_without_a_lower_end_is_kept_for_both_measures():
    atoms = drawn_atoms(SQUARE, 20)
    atoms["persons"] = [100 if x % 8 < 4 else 40 for x in range(64)]
    plan = divided(atoms, gg.load_profile("poland-census"))
    assert (held_by(plan) <= 200).all()
    assert (held_by(plan, column="persons") <= 500).all()
    assert not len(plan.certificates.query("level == 'grid'"))


def test_a_band_without_an_upper_end_never_says_too_much():
    atoms = drawn_atoms(SQUARE, 20)
    plan = divided(atoms, profile_of('name = "least"\n[grid]\nhouseholds = {min = 200}'))
    assert (held_by(plan) >= 200).all()
    assert len(set(plan.owner("grid"))) > 1
    assert not len(plan.certificates)
    plan = divided(drawn_atoms("CC", 20), profile_of('name = "least"\n[grid]\nhouseholds = {min = 200}'))
    told = plan.certificates.iloc[0]
    assert (told["reason"], told["relaxation"]) == ("total", "low=40")
    assert "1000000000" not in told["message"], "an end that no rule states is not told as a number"


def test_unit_grids_hold_ten_thousand_square_metres_and_cut_no_building():
    profile = gg.load_profile("dongcheng-unit-grid")
    side = 4
    ground = communities("\n".join("C" * side for _ in range(side)))
    across = [[(0, y), (side, y)] for y in np.arange(0, side + 0.1, 0.8)]
    up = [[(x, 0), (x, side)] for x in np.arange(0, side + 0.1, 1.3)]
    shapes = [
        shapely.box(EAST_M + x, NORTH_M + y, EAST_M + x + 22, NORTH_M + y + 9)
        for x in range(8, 370, 33) for y in range(6, 380, 20)
    ]  # fmt: skip
    index = pd.Index([f"T{number:03d}" for number in range(len(shapes))], name="building_id")
    houses = gpd.GeoDataFrame({"floors": 6}, geometry=gpd.GeoSeries(shapes, crs=CRS, index=index), index=index)
    apart = shapely.union_all([line.buffer(2) for line in street_lines(across + up).geometry])
    houses = houses[~houses.intersects(apart)]
    middle = shapely.centroid(houses.geometry.to_numpy())
    homes = households_at([((p.x - EAST_M) / 100, (p.y - NORTH_M) / 100) for p in middle], count=12)
    atoms = gg.make_atoms(ground, street_lines(across + up), homes, houses, profile=profile)
    plan = divided(atoms, profile)
    grids = plan.areas("grid")
    assert grids["area_m2"].sum() == pytest.approx(160_000)
    assert grids["area_m2"].between(9_000, 11_000).mean() > 0.6
    inner = [scale(shape, 0.98, 0.98) for shape in houses.geometry]
    at, _ = grids.sindex.query(inner, predicate="intersects")
    assert len(at) == len(houses), "each building lies in one grid"
