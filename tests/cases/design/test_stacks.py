import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, SIDE_M, communities, households_at, street_lines

import gridgeo as gg
from gridgeo.design.stacks import cut_floors, read_floors, write_floors
from gridgeo.model.tables import STACKED, check, empty

COMMUNITY = communities("""
    CCC
    CCC
""")
CROSS = street_lines([[(0, 1), (3, 1)], [(1, 0), (1, 2)]])
GUALI = gg.load_profile("guali-2024")


def tower(building_id, x, y, **columns):
    shape = shapely.box(
        *(EAST_M + (x - 0.1) * SIDE_M, NORTH_M + (y - 0.1) * SIDE_M),
        *(EAST_M + (x + 0.1) * SIDE_M, NORTH_M + (y + 0.1) * SIDE_M),
    )
    index = pd.Index([building_id], name="building_id")
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([shape], index=index, crs=CRS), index=index)


def floors_of(homes, buildings=None, **options):
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes, buildings, profile=GUALI, **options)
    return read_floors(atoms), atoms


# Noting floors


def test_floors_that_households_name_are_counted():
    homes = households_at([(0.5, 0.5)] * 4, count=[30, 20, 25, 10]).assign(floor=[1, 2, 2, 3])
    floors, atoms = floors_of(homes)
    assert floors["floor"].tolist() == [1, 2, 3]
    assert floors["households"].tolist() == [30, 45, 10]
    assert floors["assumed"].tolist() == [0, 0, 0]
    assert set(floors["atom_id"]) == {atoms.index[atoms["households"] == 85][0]}


def test_dwellings_are_shared_out_over_the_floors_of_their_row():
    floors, _ = floors_of(households_at([(0.5, 0.5)], count=127).assign(floors=13))
    assert floors["floor"].tolist() == list(range(1, 14))
    assert floors["households"].tolist() == [10] * 10 + [9] * 3
    assert set(floors["assumed"]) == {1}


def test_rows_of_different_heights_stand_on_the_same_ground():
    homes = households_at([(0.5, 0.5)] * 2, count=[60, 40]).assign(floors=[3, 2])
    assert floors_of(homes)[0]["households"].tolist() == [40, 40, 20]


def test_the_floors_of_the_building_serve_where_rows_know_none():
    homes = households_at([(0.5, 0.5), (0.52, 0.5)], count=50).assign(building_id="T", stairwell=2)
    floors, _ = floors_of(homes, tower("T", 0.5, 0.5, floors=10))
    assert floors["households"].tolist() == [10] * 10
    assert set(floors["building_id"]) == {"T"}
    assert set(floors["stairwell"]) == {2}


def test_named_floors_go_before_a_number_of_floors():
    homes = households_at([(0.5, 0.5)] * 2, count=50).assign(floor=[-1, 7], floors=20)
    assert floors_of(homes)[0]["floor"].tolist() == [-1, 7]


def test_one_floor_for_all_rows_tells_nothing():
    homes = households_at([(0.5, 0.5)] * 2, count=50).assign(floor=0, floors=5)
    assert floors_of(homes)[0]["floor"].tolist() == [1, 2, 3, 4, 5]


def test_where_no_number_of_floors_is_known_there_are_no_rows():
    assert len(floors_of(households_at([(0.5, 0.5)], count=127))[0]) == 0
    homes = households_at([(0.5, 0.5)], count=127).assign(building_id="T")
    assert len(floors_of(homes, tower("T", 0.5, 0.5, floors=0))[0]) == 0


def test_an_atom_that_keeps_the_innermost_band_has_no_rows():
    homes = households_at([(0.5, 0.5), (2, 0.5)], count=[80, 81]).assign(floors=8)
    assert floors_of(homes)[0].groupby("atom_id")["households"].sum().tolist() == [81]


def test_an_atom_of_several_buildings_is_no_stack():
    homes = households_at([(0.3, 0.5), (0.7, 0.5)], count=50).assign(floors=5)
    ground = tower("estate", 0.5, 0.5).assign(geometry=COMMUNITY.geometry.to_numpy())
    floors, atoms = floors_of(homes, keep_whole=ground)
    assert len(atoms) == 1
    assert len(floors) == 0


def test_a_building_known_by_its_id_alone_is_a_stack():
    homes = households_at([(0.3, 0.5), (0.7, 0.5)], count=50).assign(floors=5, building_id="T")
    ground = tower("estate", 0.5, 0.5).assign(geometry=COMMUNITY.geometry.to_numpy())
    floors, _ = floors_of(homes, keep_whole=ground)
    assert floors["households"].tolist() == [20] * 5
    assert set(floors["building_id"]) == {"T"}


def test_floors_of_an_atom_add_up_to_its_households():
    homes = households_at([(0.2, 0.5), (0.8, 0.5), (2, 1.5)], count=[201, 99, 333]).assign(floors=[7, 18, 33])
    floors, atoms = floors_of(homes)
    held = floors.groupby("atom_id")["households"].sum()
    assert held.to_dict() == atoms.loc[held.index, "households"].to_dict()
    assert held.sum() == 633


def test_floors_read_are_those_written():
    floors, atoms = floors_of(households_at([(0.5, 0.5)], count=100).assign(floors=5, building_id="一号", stairwell=1))
    again = atoms[["households"]].copy()
    again.attrs["floors"] = write_floors(floors)
    pd.testing.assert_frame_equal(read_floors(again), floors)


def test_atoms_without_a_note_have_no_floors():
    floors = read_floors(gg.make_atoms(COMMUNITY, CROSS))
    assert floors.columns.tolist() == ["atom_id", "building_id", "stairwell", "floor", "households", "assumed"]
    assert len(floors) == 0


def test_a_note_of_another_kind_is_an_error():
    atoms = gg.make_atoms(COMMUNITY, CROSS)
    atoms.attrs["floors"] = "atom_id,floor\nA00001,1\n"
    with pytest.raises(gg.TableError, match="the note of floors has no column 'assumed'"):
        read_floors(atoms)


@pytest.mark.parametrize(("floors", "words"), [(0, "below 1"), (2.5, "not a whole number")])
def test_a_wrong_number_of_floors_is_an_error(floors, words):
    with pytest.raises(gg.TableError, match=f"households: floors of 'H0000' is {floors}, {words}"):
        gg.make_atoms(COMMUNITY, CROSS, households_at([(0.5, 0.5)]).assign(floors=floors))


def test_an_empty_table_of_stacked_areas_keeps_its_contract():
    check(empty(STACKED), STACKED)


def test_a_stacked_area_without_its_atom_is_an_error():
    row = {"parent_id": "G1", "atom_id": "A1", "floor_from": -1, "floor_to": 5, "households": 60}
    good = pd.DataFrame([row], index=pd.Index(["M1"], name="area_id"))
    check(good, STACKED)
    with pytest.raises(gg.TableError, match="stacked: column 'atom_id' is missing"):
        check(good.drop(columns="atom_id"), STACKED)


# Cutting floors


def held(counts, ranges):
    return [int(np.asarray(counts)[ranges == at].sum()) for at in range(ranges.max() + 1)]


def test_floors_are_cut_into_even_ranges_of_the_band():
    assert held([10] * 20, cut_floors([10] * 20, 50, 80)) == [50] * 4
    assert held([10] * 13, cut_floors([10] * 13, 50, 80)) in ([60, 70], [70, 60])


def test_ranges_are_neighbouring_floors_from_the_lowest():
    ranges = cut_floors([10] * 13, 50, 80)
    assert ranges[0] == 0
    assert set(np.diff(ranges)) <= {0, 1}


def test_a_stack_that_keeps_the_band_is_not_cut():
    assert cut_floors([20, 20, 20], 50, 80).tolist() == [0, 0, 0]
    assert cut_floors([20], 50, 80).tolist() == [0]


def test_what_cannot_keep_the_band_has_the_fewest_ranges_below_it():
    counts = [45, 45]
    assert held(counts, cut_floors(counts, 50, 80)) == [45, 45]
    counts = [10] * 9
    assert sorted(held(counts, cut_floors(counts, 50, 80))) == [40, 50]


def test_a_floor_above_the_band_cannot_be_cut():
    assert cut_floors([20, 81, 20], 50, 80) is None


def test_floors_without_households_belong_to_a_range():
    assert len(cut_floors([0, 0, 60, 0, 60, 0], 50, 80)) == 6
    assert cut_floors([0, 0], 0, 10) is not None


@pytest.mark.parametrize("seed", range(25))
def test_no_other_cut_is_better(seed):
    random = np.random.default_rng(seed)
    counts = random.integers(0, 45, size=int(random.integers(1, 11)))
    low, high = 50, 80

    def price(sums):
        return sum(value < low for value in sums), float(np.var(sums)), len(sums)

    every = []
    for bits in itertools.product([0, 1], repeat=len(counts) - 1):
        sums = held(counts, np.cumsum([0, *bits]))
        if max(sums) <= high:
            every.append(price(sums))
    mine = price(held(counts, cut_floors(counts, low, high)))
    assert mine[0] == min(every)[0]
    assert mine[1] == pytest.approx(min(every)[1], abs=1e-6)


def test_a_tower_of_a_hundred_floors_is_cut_at_once():
    counts = np.tile([7, 8, 6, 9], 25)
    assert all(50 <= value <= 80 for value in held(counts, cut_floors(counts, 50, 80)))


@pytest.mark.parametrize(
    ("counts", "low", "high", "words"),
    [
        ([], 50, 80, "holds no floor"),
        ([5, -1], 50, 80, "floor 1 from the lowest holds -1 households"),
        ([5], 90, 80, "is no band"),
    ],
)
def test_what_is_no_stack_is_an_error(counts, low, high, words):
    with pytest.raises(gg.TableError, match=words):
        cut_floors(counts, low, high)
