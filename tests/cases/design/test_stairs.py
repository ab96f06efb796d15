import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shared_data import shared
from towns import CRS, EAST_M, NORTH_M, SIDE_M, communities, households_at, street_lines

import gridgeo as gg
from gridgeo.design.stairs import assume_stairwells
from gridgeo.model.tables import HOUSEHOLDS, check

COMMUNITY = communities("""
    CCC
    CCC
""")
NO_STREETS = street_lines([[(0, 1), (3, 1)]]).iloc[:0]


def slab(building_id, corners):
    shape = shapely.Polygon([(EAST_M + x * SIDE_M, NORTH_M + y * SIDE_M) for x, y in corners])
    index = pd.Index([building_id], name="building_id")
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries([shape], index=index, crs=CRS))


def places(homes):
    return np.column_stack([(homes.geometry.x - EAST_M) / SIDE_M, (homes.geometry.y - NORTH_M) / SIDE_M])


def test_a_block_of_many_dwellings_gets_as_few_stairwells_as_hold_them():
    made = assume_stairwells(households_at([(1, 1)], count=127))
    check(made, HOUSEHOLDS)
    assert made.index.tolist() == ["H0000/1", "H0000/2", "H0000/3", "H0000/4"]
    assert made["count"].tolist() == [32, 32, 32, 31]
    assert made["stairwell"].tolist() == [1, 2, 3, 4]
    assert made["assumed"].all()


def test_stairwells_stand_side_by_side_about_their_point():
    made = assume_stairwells(households_at([(1, 1)], count=120))
    assert shapely.distance(made.geometry.to_numpy()[:-1], made.geometry.to_numpy()[1:]).round(6).tolist() == [12, 12]
    assert places(made).mean(axis=0) == pytest.approx([1, 1])


def test_small_rows_stay_as_they_are():
    homes = households_at([(1, 1), (2, 1)], count=40)
    made = assume_stairwells(homes)
    assert made.index.tolist() == homes.index.tolist()
    assert not made["assumed"].any()
    assert made["stairwell"].tolist() == [0, 0]
    assert made.geometry.geom_equals(homes.geometry).all()


def test_stairwells_stand_across_the_direction_of_the_nearest_other_point():
    made = assume_stairwells(households_at([(1, 1), (1.5, 1)], count=[200, 10]))
    along = places(made[made["assumed"]])
    assert along[:, 0] == pytest.approx(np.ones(5))
    assert np.ptp(along[:, 1]) == pytest.approx(0.48)


def test_stairwells_of_neighbouring_blocks_do_not_mix():
    grid = [(0.2 + 0.3 * x, 0.2 + 0.3 * y) for x in range(6) for y in range(5)]
    made = assume_stairwells(households_at(grid, count=500), communities=COMMUNITY)
    spots, block = places(made), made.index.str.split("/").str[0]
    assert len(np.unique(spots.round(4), axis=0)) == len(made) == 30 * 13
    away = np.hypot(*(spots[:, None, :] - np.array(grid)[None, :, :]).transpose(2, 0, 1))
    nearest = [f"H{at:04d}" for at in away.argmin(axis=1)]
    assert nearest == block.tolist()


def test_stairwells_stay_inside_their_community():
    two = communities("AB")
    made = assume_stairwells(households_at([(0.98, 0.5), (0.98, 0.4)], count=400), communities=two)
    assert (places(made)[:, 0] < 1).all()
    assert (places(made)[:, 1] > 0).all()
    assert len(np.unique(places(made).round(4), axis=0)) == 20


def test_rows_outside_all_communities_stay_as_they_are():
    made = assume_stairwells(households_at([(1, 1), (30, 30)], count=100), communities=COMMUNITY)
    assert made["assumed"].tolist() == [True, True, True, False]
    assert made.index[-1] == "H0001"


def test_blocks_at_one_place_do_not_share_a_stairwell():
    made = assume_stairwells(households_at([(1, 1), (1, 1)], count=[100, 90]))
    assert made["stairwell"].tolist() == [1, 2, 3, 4, 5, 6]
    assert len(np.unique(places(made).round(4), axis=0)) == 6
    assert made.groupby(made.index.str[:5])["count"].sum().tolist() == [100, 90]


def test_single_dwellings_at_one_place_are_gathered_into_stairwells():
    made = assume_stairwells(households_at([(1, 1)] * 100))
    assert made.index.tolist() == [f"H{at:04d}" for at in range(100)]
    assert made.groupby("stairwell")["count"].sum().tolist() == [34, 34, 32]
    assert len(np.unique(places(made).round(4), axis=0)) == 3


def test_a_known_stairwell_is_left_alone():
    homes = households_at([(1, 1), (2, 1)], count=100).assign(stairwell=[3, 0])
    made = assume_stairwells(homes)
    assert made["stairwell"].tolist() == [3, 1, 2, 3]
    assert made["assumed"].tolist() == [False, True, True, True]


def test_stairwells_stand_along_the_long_axis_of_their_building():
    house = slab("B", [(0.2, 0.9), (1.2, 0.9), (1.2, 1.1), (0.2, 1.1)])
    made = assume_stairwells(households_at([(0.3, 1)], count=160), buildings=house)
    assert places(made) == pytest.approx(np.array([(0.325, 1), (0.575, 1), (0.825, 1), (1.075, 1)]))


def test_an_angled_building_keeps_its_stairwells_inside_and_apart():
    corner = slab("B", [(0.5, 0.5), (1.5, 1.0), (1.4, 1.2), (0.6, 0.8), (0.3, 1.4), (0.1, 1.3)])
    made = assume_stairwells(households_at([(0.55, 0.65)], count=400), buildings=corner)
    assert shapely.distance(corner.geometry.iloc[0], made.geometry.to_numpy()).max() < 1e-6
    assert len(np.unique(places(made).round(4), axis=0)) == 10


def test_assumed_stairwells_cut_a_building():
    house = slab("B", [(0.2, 0.9), (1.2, 0.9), (1.2, 1.1), (0.2, 1.1)])
    homes = assume_stairwells(households_at([(0.3, 1), (2.5, 1)], count=[160, 20]), buildings=house)
    atoms = gg.make_atoms(COMMUNITY, NO_STREETS, homes, buildings=house, cap=30)
    assert atoms.loc[atoms["kind"] == "stairwell", "households"].tolist() == [40, 40, 40, 40]


def test_persons_and_named_counts_are_shared_out_without_loss():
    homes = households_at([(1, 1), (2, 1)], count=[127, 30]).assign(
        persons=[301, 70], visits=[11, 5], hours=[2.5, 1.5], built=[1988, 1999]
    )
    made = assume_stairwells(homes, sums=["visits", "hours"])
    assert made["persons"].sum() == 371
    assert made["persons"].iloc[:4].tolist() == [75, 76, 76, 74]
    assert made["visits"].sum() == 16
    assert made["hours"].sum() == pytest.approx(4.0)
    assert made["built"].tolist() == [1988] * 4 + [1999]


def test_stairwells_do_not_depend_on_the_order_of_rows():
    homes = households_at([(0.2, 0.5), (0.5, 0.5), (0.5, 0.5), (1.8, 0.7), (1.0, 1.5)], count=[90, 45, 70, 500, 41])
    one, other = assume_stairwells(homes), assume_stairwells(homes.iloc[[3, 1, 4, 0, 2]])
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other.loc[one.index]))


def test_nothing_that_is_passed_in_is_changed():
    homes = households_at([(1, 1)], count=100)
    before = homes.copy()
    assume_stairwells(homes)
    pd.testing.assert_frame_equal(homes, before)


def test_no_households_are_no_stairwells():
    made = assume_stairwells(households_at([(1, 1)]).iloc[:0])
    assert len(made) == 0
    assert "assumed" in made


@pytest.mark.parametrize(("name", "value", "words"), [("most", 0, "below 1"), ("spacing_m", 0, "not above 0")])
def test_a_rule_that_is_none_is_an_error(name, value, words):
    with pytest.raises(gg.TableError, match=f"{name}: is {value}, {words}"):
        assume_stairwells(households_at([(1, 1)]), **{name: value})


def test_an_id_that_a_stairwell_needs_is_an_error():
    homes = households_at([(1, 1), (2, 1)], count=[100, 1]).rename(index={"H0001": "H0000/2"})
    with pytest.raises(gg.TableError, match="household_id 'H0000/2' exists already"):
        assume_stairwells(homes)


def test_a_missing_count_column_is_an_error():
    with pytest.raises(gg.TableError, match="households: column 'visits' is missing; it is named in sums"):
        assume_stairwells(households_at([(1, 1)]), sums=["visits"])


def test_buildings_in_another_crs_are_an_error():
    house = slab("B", [(0, 0), (1, 0), (1, 1)]).to_crs("EPSG:32650")
    with pytest.raises(gg.CrsError, match="buildings: is in"):
        assume_stairwells(households_at([(1, 1)]), buildings=house)


# Real high-rise blocks known as points


@pytest.fixture(scope="module")
def estates():
    """Read the subzones and blocks of three planning areas of Singapore."""
    subzones = gpd.read_file(shared("singapore_hdb/singapore.gpkg"), layer="subzones").to_crs("EPSG:3414")
    subzones = subzones.set_index("subzone_code").rename_axis("area_id")
    rows = pd.read_csv(shared("singapore_hdb/blocks.csv.gz"))
    points = gpd.points_from_xy(rows["lon"], rows["lat"], crs="EPSG:4326").to_crs("EPSG:3414")
    columns = {"count": rows["households"].to_numpy(), "floors": rows["floors"].to_numpy()}
    index = pd.Index(rows["block_id"].astype(str), name="household_id")
    return subzones, gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(points, index=index), index=index)


def test_real_towers_known_as_points_give_atoms_of_one_stairwell(estates):
    subzones, blocks = estates
    homes = assume_stairwells(blocks, communities=subzones)
    assert homes["count"].sum() == blocks["count"].sum() == 133_823
    none = gpd.GeoDataFrame({"rank": [], "kind": []}, geometry=gpd.GeoSeries([], crs="EPSG:3414"))
    atoms = gg.make_atoms(subzones, none, homes, profile=gg.load_profile("guali-2024"))
    assert atoms["households"].max() == 40
    assert atoms.attrs["left_out"] == 46
    assert atoms["households"].sum() + atoms.attrs["left_out_households"] == 133_823
    assert shapely.coverage_is_valid(atoms.geometry.to_numpy())
    assert set(atoms.geom_type) == {"Polygon"}


def test_real_towers_without_the_rule_would_be_atoms_of_hundreds(estates):
    subzones, blocks = estates
    none = gpd.GeoDataFrame({"rank": [], "kind": []}, geometry=gpd.GeoSeries([], crs="EPSG:3414"))
    atoms = gg.make_atoms(subzones, none, blocks, profile=gg.load_profile("guali-2024"))
    assert atoms["households"].max() > 500
