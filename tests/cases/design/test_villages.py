import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, SIDE_M, communities, households_at, street_lines

import gridgeo as gg
from gridgeo.design.villages import find_villages
from gridgeo.model.tables import VILLAGES, check, empty

FIELDS = communities("""
    CCCCCC
    CCCCCC
    CCCCCC
    CCCCCC
""")
ROAD = street_lines([[(3, 0), (3, 4)]])
NO_STREETS = ROAD.iloc[:0]


def hamlet(x, y, *, houses=6, step=0.3):
    """Give the places of houses that stand in two rows, in squares of 100 m."""
    return [(x + at // 2 * step, y + at % 2 * step) for at in range(houses)]


def village(village_id, west, south, east, north, **columns):
    shape = shapely.box(
        *(EAST_M + west * SIDE_M, NORTH_M + south * SIDE_M, EAST_M + east * SIDE_M, NORTH_M + north * SIDE_M)
    )
    index = pd.Index([village_id], name="village_id")
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([shape], index=index, crs=CRS), index=index)


TWO = pd.concat([village("east", 4.5, 1.5, 5.5, 2.5), village("west", 0.5, 1.5, 1.5, 2.5)])


def tiles(atoms, ground):
    """Tell whether atoms lie in one piece each and tile the ground."""
    shapes = atoms.geometry.to_numpy()
    rest = shapely.union_all(shapes).symmetric_difference(ground.union_all()).area
    return shapely.coverage_is_valid(shapes) and set(atoms.geom_type) == {"Polygon"} and rest < 1e-3


def atom_at(atoms, x, y):
    point = shapely.Point(EAST_M + x * SIDE_M, NORTH_M + y * SIDE_M)
    return atoms[shapely.intersects(atoms.geometry.to_numpy(), point)].iloc[0]


# Finding


def test_houses_that_stand_near_each_other_make_a_village():
    found = find_villages(households_at(hamlet(0.5, 0.5) + hamlet(4, 3), count=3), FIELDS)
    check(found, VILLAGES)
    assert found.index.tolist() == ["C/V01", "C/V02"]
    assert found["households"].tolist() == [18, 18]
    assert found["community_id"].tolist() == ["C", "C"]


def test_a_village_holds_its_houses():
    places = hamlet(0.5, 0.5) + hamlet(4, 3)
    homes, found = households_at(places), find_villages(households_at(places), FIELDS)
    held = shapely.covers(found.geometry.to_numpy()[:, None], homes.geometry.to_numpy()[None, :])
    assert held.sum(axis=1).tolist() == [6, 6]


@pytest.mark.parametrize(("gap_m", "villages"), [(20, 12), (45, 2), (400, 1)])
def test_the_gap_decides_what_is_one_village(gap_m, villages):
    homes = households_at(hamlet(0.5, 0.5) + hamlet(4, 3))
    assert len(find_villages(homes, FIELDS, gap_m=gap_m, least=1)) == villages


def test_a_chain_of_houses_is_one_village():
    homes = households_at([(0.5 + 0.55 * at, 2) for at in range(9)])
    assert len(find_villages(homes, FIELDS)) == 1
    assert len(find_villages(homes, FIELDS, gap_m=54, least=1)) == 9


def test_a_single_house_is_no_village():
    homes = households_at([*hamlet(0.5, 0.5), (5, 3)])
    assert find_villages(homes, FIELDS)["households"].tolist() == [6]


def test_a_community_of_scattered_houses_has_its_largest_group():
    homes = households_at([(1, 1), (3, 3), (3.2, 3)])
    assert find_villages(homes, FIELDS)["households"].tolist() == [2]


def test_a_village_ends_at_the_border_of_its_community():
    two = communities("AB")
    homes = households_at([(0.8 + 0.08 * at, 0.5 + 0.1 * (at % 2)) for at in range(6)])
    found = find_villages(homes, two, least=1)
    assert found["community_id"].tolist() == ["A", "B"]
    for row in found.itertuples():
        assert row.geometry.difference(two.geometry[row.community_id]).area < 1e-6


def test_grounds_of_villages_do_not_overlap():
    inner = hamlet(2.8, 1.8, houses=4, step=0.2)
    ring = [(2.9 + 1.4 * np.cos(at / 20 * 6.0), 1.9 + 1.4 * np.sin(at / 20 * 6.0)) for at in range(20)]
    found = find_villages(households_at(inner + ring), FIELDS, least=1)
    shapes = found.geometry.to_numpy()
    assert len(found) == 2
    assert shapely.intersection(shapes[0], shapes[1]).area < 1e-6


def test_villages_do_not_depend_on_the_order_of_rows():
    homes = households_at(hamlet(0.5, 0.5) + hamlet(4, 3) + hamlet(4, 0.5))
    found, again = find_villages(homes, FIELDS), find_villages(homes.iloc[::-1], FIELDS)
    assert found.geometry.geom_equals(again.geometry).all()


def test_a_community_without_households_has_no_village():
    assert len(find_villages(households_at([(9, 9)]), FIELDS)) == 0
    assert find_villages(households_at([(0.5, 0.5)]).iloc[:0], FIELDS).index.name == "village_id"


def test_all_households_in_one_place_are_one_village():
    found = find_villages(households_at([(2, 2)] * 40), FIELDS)
    assert found["households"].tolist() == [40]
    assert found.area.iloc[0] == pytest.approx(np.pi * 15**2, rel=0.05)


@pytest.mark.parametrize("name", ["gap_m", "yard_m", "least"])
def test_a_number_that_is_not_above_0_is_an_error(name):
    with pytest.raises(gg.TableError, match=f"{name}: is 0, not above 0"):
        find_villages(households_at([(1, 1)]), FIELDS, **{name: 0})


def test_households_in_another_crs_are_an_error():
    with pytest.raises(gg.CrsError, match=r"households: is in .* use households.to_crs\(communities.crs\)"):
        find_villages(households_at([(1, 1)]).to_crs("EPSG:32650"), FIELDS)


def test_an_empty_table_of_villages_keeps_its_contract():
    check(empty(VILLAGES, CRS), VILLAGES)


# Atoms


def test_a_village_becomes_one_atom_with_the_fields_on_its_side_of_the_road():
    atoms = gg.make_atoms(FIELDS, ROAD, villages=TWO)
    assert atoms["kind"].tolist() == ["village", "village"]
    assert atoms["keep_with"].tolist() == ["village:west", "village:east"]
    assert atoms["area_m2"].round(3).tolist() == [120_000.0, 120_000.0]
    assert tiles(atoms, FIELDS)


def test_a_field_about_several_villages_is_divided_between_them():
    off_centre = pd.concat([village("a", 0.5, 1.5, 1.5, 2.5), village("b", 2.5, 1.5, 3.5, 2.5)])
    atoms = gg.make_atoms(FIELDS, NO_STREETS, villages=off_centre)
    assert atoms["area_m2"].round(3).tolist() == [80_000.0, 160_000.0]
    assert tiles(atoms, FIELDS)


def test_a_street_does_not_cut_a_village():
    through = street_lines([[(1, 0), (1, 4)], [(0, 2), (6, 2)], [(3, 0), (3, 4)]])
    atoms = gg.make_atoms(FIELDS, through, households_at(hamlet(0.7, 1.7), count=90), villages=TWO, cap=30)
    assert (atoms["kind"] == "village").all()
    assert atoms["households"].tolist() == [540, 0]
    assert tiles(atoms, FIELDS)


def test_far_fields_follow_through_the_fields_between():
    rows = street_lines([[(0, 1), (6, 1)], [(0, 2), (6, 2)], [(0, 3), (6, 3)]])
    low = village("low", 2.5, 0.2, 3.5, 0.8)
    atoms = gg.make_atoms(FIELDS, rows, villages=pd.concat([low, village("high", 2.5, 3.2, 3.5, 3.8)]))
    assert sorted(atoms["area_m2"].round(3)) == [120_000.0, 120_000.0]
    assert atom_at(atoms, 1, 1.5)["keep_with"] == "village:low"
    assert atom_at(atoms, 1, 2.5)["keep_with"] == "village:high"
    assert tiles(atoms, FIELDS)


def test_a_scattered_house_counts_for_the_village_its_field_follows():
    homes = households_at([*hamlet(0.7, 1.7), (2.5, 0.5), (5, 3.5)])
    atoms = gg.make_atoms(FIELDS, ROAD, homes, villages=TWO)
    assert atoms["households"].tolist() == [7, 1]


def test_a_field_with_houses_nearest_to_different_villages_is_divided_among_these():
    rows = street_lines([[(0, 2), (6, 2)]])
    homes = households_at([(0.3, 0.5), (5.7, 0.5)])
    both = pd.concat([village("a", 0.2, 2.5, 1.2, 3.5), village("b", 4.8, 2.5, 5.8, 3.5)])
    atoms = gg.make_atoms(FIELDS, rows, homes, villages=both)
    assert atoms["households"].tolist() == [1, 1]
    assert atoms["area_m2"].round(3).tolist() == [120_000.0, 120_000.0]
    assert tiles(atoms, FIELDS)


def test_a_touch_in_passing_makes_no_field_follow_a_village():
    rows = street_lines([[(0, 2), (6, 2)]])
    both = pd.concat([village("a", 0.4, 1.99, 0.5, 3.6), village("b", 2.5, 0.5, 3.5, 1.5)])
    atoms = gg.make_atoms(FIELDS, rows, villages=both)
    assert atom_at(atoms, 0.45, 1.5)["keep_with"] == "village:b"
    assert atom_at(atoms, 0.45, 1.995)["keep_with"] == "village:a"
    assert tiles(atoms, FIELDS)


def test_villages_in_rank_and_file_share_their_fields_evenly():
    file = [village(f"{x}{y}", x + 0.25, y + 0.25, x + 0.75, y + 0.75) for x in range(6) for y in range(4)]
    atoms = gg.make_atoms(FIELDS, NO_STREETS, villages=pd.concat(file))
    assert atoms["area_m2"].to_numpy() == pytest.approx(np.full(24, 10_000.0))
    assert tiles(atoms, FIELDS)


def test_a_village_in_two_communities_is_one_atom_in_each():
    two = communities("AAABBB\nAAABBB\nAAABBB\nAAABBB")
    atoms = gg.make_atoms(two, NO_STREETS, villages=village("both", 2, 1, 4, 3))
    assert atoms["community_id"].tolist() == ["A", "B"]
    assert set(atoms["keep_with"]) == {"village:both"}
    assert tiles(atoms, two)


def test_only_communities_with_a_village_are_treated_as_rural():
    two = communities("AAABBB\nAAABBB\nAAABBB\nAAABBB")
    streets = street_lines([[(0, 2), (6, 2)]])
    atoms = gg.make_atoms(two, streets, villages=TWO.loc[["west"]])
    assert atoms.groupby("community_id")["kind"].agg(list).to_dict() == {"A": ["village"], "B": ["block", "block"]}


def test_a_village_that_reaches_over_a_border_by_a_slip_leaves_the_neighbour_built_up():
    two = communities("AAABBB\nAAABBB\nAAABBB\nAAABBB")
    atoms = gg.make_atoms(two, street_lines([[(0, 2), (6, 2)]]), villages=village("v", 2, 1, 3.005, 3))
    assert atoms["kind"].tolist() == ["village", "block", "block"]
    assert tiles(atoms, two)


def test_an_institution_goes_before_the_village_it_stands_in():
    school = village("school", 0.9, 1.9, 1.1, 2.1)
    atoms = gg.make_atoms(FIELDS, ROAD, exclusive=school, villages=TWO)
    assert sorted(atoms["kind"]) == ["village", "village", "whole"]
    assert atoms.loc[atoms["kind"] == "whole", "area_m2"].tolist() == [pytest.approx(400.0)]
    assert tiles(atoms, FIELDS)


def test_an_institution_that_parts_a_village_leaves_pieces_of_one_name():
    wall = village("barracks", 0.9, 0, 1.1, 4)
    atoms = gg.make_atoms(FIELDS, NO_STREETS, exclusive=wall, villages=TWO.loc[["west"]])
    assert atoms["keep_with"].tolist().count("village:west") == 2
    assert tiles(atoms, FIELDS)


def test_a_field_that_no_field_joins_to_a_village_stays_a_block():
    parts = communities("CC.C\nCC.C")
    atoms = gg.make_atoms(parts, NO_STREETS, villages=village("v", 0.5, 0.5, 1, 1))
    assert atoms["kind"].tolist() == ["village", "block"]
    assert tiles(atoms, parts)


def test_villager_groups_that_tile_a_community_are_its_atoms():
    groups = pd.concat([village("1", 0, 0, 3, 4), village("2", 3, 0, 6, 2), village("3", 3, 2, 6, 4)])
    atoms = gg.make_atoms(FIELDS, ROAD, villages=groups)
    assert sorted(atoms["area_m2"].round(3)) == [60_000.0, 60_000.0, 120_000.0]
    assert set(atoms["kind"]) == {"village"}


def test_found_villages_serve_as_they_are():
    homes = households_at(hamlet(0.5, 0.5) + hamlet(4, 3) + hamlet(1, 3), count=20)
    atoms = gg.make_atoms(FIELDS, ROAD, homes, villages=find_villages(homes, FIELDS), cap=30)
    assert sorted(atoms["households"]) == [120, 120, 120]
    assert tiles(atoms, FIELDS)


def test_atoms_of_villages_do_not_depend_on_the_order_of_rows():
    homes = households_at(hamlet(0.5, 0.5) + hamlet(4, 3) + hamlet(1, 3))
    found = find_villages(homes, FIELDS)
    one = gg.make_atoms(FIELDS, ROAD, homes, villages=found)
    other = gg.make_atoms(FIELDS, ROAD, homes.iloc[::-1], villages=found.iloc[::-1])
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))


def test_villages_in_another_crs_are_an_error():
    with pytest.raises(gg.CrsError, match=r"villages: is in .* use villages.to_crs\(communities.crs\)"):
        gg.make_atoms(FIELDS, ROAD, villages=TWO.to_crs("EPSG:32650"))


def test_villages_that_overlap_are_an_error_that_names_both():
    over = pd.concat([TWO, village("third", 1, 1.5, 2, 2.5)])
    with pytest.raises(gg.TableError, match=r"villages: 'third' and 'west' overlap by 5000.0 m2, limit 1 m2"):
        gg.make_atoms(FIELDS, ROAD, villages=over)


def test_villages_far_from_the_territory_change_nothing():
    atoms = gg.make_atoms(FIELDS, ROAD, villages=village("far", 90, 90, 91, 91))
    assert atoms["kind"].tolist() == ["block", "block"]


def test_villages_keyed_as_areas_are_taken_too():
    atoms = gg.make_atoms(FIELDS, ROAD, villages=TWO.rename_axis("area_id"))
    assert set(atoms["keep_with"]) == {"village:west", "village:east"}
