import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, SIDE_M, communities, households_at, street_lines

import gridgeo as gg
from gridgeo.design.homes import settle_households
from gridgeo.design.streets import find_edge_gap

COMMUNITY = communities("""
    CCC
    CCC
""")
CROSS = street_lines([[(0, 1), (3, 1)], [(1, 0), (1, 2)]])


def building(building_id, west, south, east, north, **columns):
    shape = shapely.box(
        *(EAST_M + west * SIDE_M, NORTH_M + south * SIDE_M, EAST_M + east * SIDE_M, NORTH_M + north * SIDE_M)
    )
    index = pd.Index([building_id], name="building_id")
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([shape], index=index, crs=CRS), index=index)


def test_streets_cut_a_community_into_blocks():
    atoms = gg.make_atoms(COMMUNITY, CROSS)
    assert sorted(atoms["area_m2"].round(6)) == [10_000.0, 10_000.0, 20_000.0, 20_000.0]
    assert set(atoms["kind"]) == {"block"}


def test_atoms_share_their_edges_and_cover_the_territory():
    atoms = gg.make_atoms(COMMUNITY, CROSS)
    assert shapely.coverage_is_valid(atoms.geometry.to_numpy())
    assert shapely.union_all(atoms.geometry.to_numpy()).symmetric_difference(COMMUNITY.union_all()).area < 1e-6


def test_a_block_above_the_cap_is_divided_among_its_household_points():
    homes = households_at([(0.25, 0.5), (0.75, 0.5), (2.5, 1.5)], count=20)
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes, cap=30)
    cells = atoms[atoms["kind"] == "cell"]
    assert cells["households"].tolist() == [20, 20]
    assert cells["area_m2"].round(3).tolist() == [5_000.0, 5_000.0]
    assert len(set(cells["block_id"])) == 1


def test_a_block_that_keeps_the_cap_is_not_cut():
    homes = households_at([(0.25, 0.5), (0.75, 0.5)], count=15)
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes, cap=30)
    assert set(atoms["kind"]) == {"block"}


def test_a_cell_keeps_its_whole_building():
    houses = pd.concat(
        [building("H1", 0.1, 0.1, 0.3, 0.9), building("H2", 0.5, 0.1, 0.9, 0.3), building("H3", 0.5, 0.6, 0.9, 0.9)]
    )
    homes = households_at([(0.2, 0.5), (0.7, 0.2)], count=20)
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes, buildings=houses, cap=30)
    for shape in houses.geometry:
        share = shapely.area(shapely.intersection(atoms.geometry.to_numpy(), shape)).max() / shape.area
        assert share == pytest.approx(1.0, abs=1e-9)
    assert atoms["households"].sum() == 40


def test_a_building_above_the_cap_is_cut_between_its_stairwells():
    house = building("H1", 0.1, 0.4, 0.9, 0.6)
    homes = households_at([(0.2, 0.5), (0.21, 0.5), (0.5, 0.5), (0.8, 0.5)], count=20)
    homes = homes.assign(building_id="H1", stairwell=[1, 1, 2, 3])
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes, buildings=house, cap=30)
    wells = atoms[atoms["kind"] == "stairwell"]
    assert sorted(wells["households"]) == [20, 20, 40]


def test_land_without_households_belongs_to_atoms_too():
    atoms = gg.make_atoms(COMMUNITY, CROSS, households_at([(0.5, 0.5)], count=500), cap=30)
    assert atoms["area_m2"].sum() == pytest.approx(60_000.0)
    assert (atoms["households"] == 0).sum() == 3


def test_the_strip_between_two_carriageways_joins_a_neighbour():
    carriageways = street_lines([[(0, 1), (3, 1)], [(0, 1.06), (3, 1.06)]])
    atoms = gg.make_atoms(COMMUNITY, carriageways)
    assert len(atoms) == 2


def test_a_strip_that_holds_households_stays():
    carriageways = street_lines([[(0, 1), (3, 1)], [(0, 1.06), (3, 1.06)]])
    atoms = gg.make_atoms(COMMUNITY, carriageways, households_at([(1, 1.03)]))
    assert len(atoms) == 3


def test_a_street_does_not_cut_what_is_kept_whole():
    ground = building("estate", 0.5, 0.5, 1.5, 1.5)
    atoms = gg.make_atoms(COMMUNITY, CROSS, keep_whole=ground)
    whole = atoms[atoms["kind"] == "whole"]
    assert whole["area_m2"].tolist() == [pytest.approx(10_000.0)]
    assert whole["keep_with"].tolist() == ["whole:estate"]


def test_what_is_kept_whole_is_not_divided_by_its_buildings():
    ground = building("estate", 0, 0, 1, 1)
    atoms = gg.make_atoms(
        COMMUNITY, CROSS, households_at([(0.2, 0.5), (0.7, 0.5)], count=40), keep_whole=ground, cap=30
    )
    assert atoms.loc[atoms["kind"] == "whole", "households"].tolist() == [80]


def test_a_street_that_ends_short_of_the_edge_is_drawn_on():
    short = street_lines([[(0.1, 1), (2.9, 1)]])
    assert len(gg.make_atoms(COMMUNITY, short)) == 2


def test_a_street_that_ends_far_from_the_edge_divides_nothing():
    lane = street_lines([[(0.5, 1), (2.5, 1)]])
    assert len(gg.make_atoms(COMMUNITY, lane)) == 1


def test_no_streets_at_all_leave_the_community_to_its_households():
    none = street_lines([[(0, 1), (3, 1)]]).iloc[:0]
    atoms = gg.make_atoms(COMMUNITY, none, households_at([(0.5, 1), (2.5, 1)], count=400), cap=30)
    assert atoms["households"].tolist() == [400, 400]


def test_two_communities_share_their_border_vertex_by_vertex():
    two = communities("""
        AAB
        ABB
    """)
    atoms = gg.make_atoms(two, CROSS)
    assert shapely.coverage_is_valid(atoms.geometry.to_numpy())
    assert atoms.groupby("community_id")["area_m2"].sum().round(6).tolist() == [30_000.0, 30_000.0]


def test_a_community_of_two_parts_and_one_with_a_hole_are_covered():
    odd = communities("""
        AAA.B
        ACA.B
        AAA..
        ....B
    """)
    atoms = gg.make_atoms(odd, CROSS)
    assert shapely.coverage_is_valid(atoms.geometry.to_numpy())
    assert atoms.groupby("community_id")["area_m2"].sum().round(6).to_dict() == {
        "A": 80_000.0,
        "B": 30_000.0,
        "C": 10_000.0,
    }


def test_borders_know_the_street_they_run_on():
    atoms = gg.make_atoms(COMMUNITY, CROSS.assign(rank=[2, 6]))
    borders = gg.find_borders(atoms)
    assert borders.set_index("street_id")["length_m"].groupby(level=0).sum().to_dict() == {"S000": 300.0, "S001": 200.0}
    assert borders.groupby("rank")["length_m"].sum().to_dict() == {2: 300.0, 6: 200.0}


def test_borders_found_again_from_the_streets_are_the_same():
    atoms = gg.make_atoms(COMMUNITY, CROSS)
    noted, found = gg.find_borders(atoms), gg.find_borders(atoms, CROSS)
    pd.testing.assert_frame_equal(noted, found, check_dtype=False)


def test_atoms_that_meet_in_a_point_share_no_border():
    borders = gg.find_borders(gg.make_atoms(COMMUNITY, CROSS))
    assert len(borders) == 4


def test_a_few_households_outside_are_left_out_and_told():
    homes = households_at([(0.5, 0.5)] * 30 + [(9, 9)])
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes)
    assert (atoms.attrs["left_out"], atoms.attrs["left_out_households"]) == (1, 1)
    assert atoms["households"].sum() == 30


def test_many_households_outside_are_an_error_that_names_one():
    with pytest.raises(gg.TableError, match=r"households: 1 of 2 rows .* 'H0001'; check the CRS"):
        gg.make_atoms(COMMUNITY, CROSS, households_at([(0.5, 0.5), (9, 9)]))


def test_streets_in_another_crs_are_an_error_with_the_way_out():
    with pytest.raises(gg.CrsError, match=r"streets: is in .* use streets.to_crs\(communities.crs\)"):
        gg.make_atoms(COMMUNITY, CROSS.to_crs("EPSG:32650"))


def test_an_empty_table_of_communities_is_an_error():
    with pytest.raises(gg.TableError, match="communities: the table has no rows"):
        gg.make_atoms(COMMUNITY.iloc[:0], CROSS)


def test_a_self_crossing_boundary_is_an_error():
    bow = COMMUNITY.copy()
    bow.geometry = [shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])]
    with pytest.raises(gg.TableError, match=r"communities: geometry of 'C' is invalid \(Self-intersection"):
        gg.make_atoms(bow, CROSS)


@pytest.mark.parametrize(
    ("count", "words"), [(-1, "below 1"), (0, "below 1"), (0.5, "not a whole number"), (np.nan, "missing")]
)
def test_a_wrong_household_count_is_an_error_that_names_the_row(count, words):
    homes = households_at([(0.5, 0.5), (0.6, 0.5)]).assign(count=[1.0, count])
    with pytest.raises(gg.TableError, match=f"households: count of 'H0001' is .*{words}"):
        gg.make_atoms(COMMUNITY, CROSS, homes)


def test_repeated_ids_are_an_error():
    homes = households_at([(0.5, 0.5), (0.6, 0.5)])
    homes.index = pd.Index(["H", "H"], name="household_id")
    with pytest.raises(gg.TableError, match="household_id 'H' stands more than once"):
        gg.make_atoms(COMMUNITY, CROSS, homes)


def test_nothing_that_is_passed_in_is_changed():
    homes = households_at([(0.25, 0.5), (0.75, 0.5)], count=20)
    before = [frame.copy() for frame in (COMMUNITY, CROSS, homes)]
    gg.make_atoms(COMMUNITY, CROSS, homes, cap=30)
    for frame, old in zip((COMMUNITY, CROSS, homes), before, strict=True):
        pd.testing.assert_frame_equal(frame, old)


def test_communities_that_overlap_are_an_error_with_the_way_out():
    two = pd.concat([COMMUNITY, communities("CCC\nCCC").rename(index={"C": "D"})])
    two.loc["D", "geometry"] = shapely.affinity.translate(two.loc["D", "geometry"], 250, 0)
    with pytest.raises(gg.TableError, match=r"communities: overlap by 10000.0 m2 .* mend them with gridgeo repair"):
        gg.make_atoms(two, CROSS)


def test_a_household_just_outside_counts_at_the_edge():
    homes = households_at([(0.5, 0.5), (-0.05, 0.5), (1, 2.09)])
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes)
    assert (atoms.attrs["moved"], atoms.attrs["left_out"]) == (2, 0)
    assert atoms["households"].sum() == 3


def test_settled_households_lie_inside():
    homes = households_at([(-0.05, 0.5), (1, 2.09), (-0.02, -0.02), (3.05, 2.05)])
    settled = settle_households(homes, COMMUNITY)
    assert shapely.distance(COMMUNITY.geometry["C"], settled.homes.geometry.to_numpy()).max() < 1e-9
    assert len(settled.moved) == 4


def test_streets_that_reach_the_edge_are_no_finding():
    assert not len(find_edge_gap(CROSS, COMMUNITY))
    assert not len(find_edge_gap(street_lines([[(0.1, 1), (2, 1)]]), COMMUNITY))


def test_a_street_layer_that_does_not_reach_the_edge_is_a_finding():
    found = find_edge_gap(street_lines([[(0.8, 1), (2, 1)]]), COMMUNITY).iloc[0]
    assert (found["kind"], found["severity"], found["value"]) == ("streets_short", "warning", pytest.approx(80))
    assert "the nearest ends 80 m before it" in found["message"]


def test_streets_that_all_lie_elsewhere_are_a_finding():
    found = find_edge_gap(street_lines([[(8, 8), (9, 9)]]), COMMUNITY).iloc[0]
    assert "no street lies inside the territory" in found["message"]
