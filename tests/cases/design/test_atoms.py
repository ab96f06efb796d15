import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, SIDE_M, communities, households_at, street_lines

import gridgeo as gg
from gridgeo.design.homes import settle_households
from gridgeo.design.streets import find_edge_gap
from gridgeo.model.profile import UNLIMITED, Limits, Profile

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


# Institutions and estates


def test_an_institution_is_marked_and_its_kind_and_name_are_noted():
    school = building("S1", 0.5, 0.5, 1.5, 1.5, kind="school", name="第一小学")
    atoms = gg.make_atoms(COMMUNITY, CROSS, exclusive=school)
    assert atoms.loc[atoms["kind"] == "whole", "keep_with"].tolist() == ["exclusive:S1"]
    assert json.loads(atoms.attrs["sites"]) == {"exclusive:S1": {"kind": "school", "name": "第一小学"}}


def test_what_is_not_known_of_an_institution_is_null():
    atoms = gg.make_atoms(COMMUNITY, CROSS, exclusive=building("S1", 0.5, 0.5, 1.5, 1.5, name=None))
    assert json.loads(atoms.attrs["sites"]) == {"exclusive:S1": {"kind": None, "name": None}}


def test_atoms_without_institutions_note_none():
    assert json.loads(gg.make_atoms(COMMUNITY, CROSS).attrs["sites"]) == {}


def test_an_institution_that_reaches_over_two_communities_is_told():
    two = communities("AAB\nAAB")
    atoms = gg.make_atoms(two, CROSS, exclusive=building("S1", 1.5, 0.5, 2.5, 1.5, kind="park"))
    assert sorted(atoms.loc[atoms["keep_with"] == "exclusive:S1", "community_id"]) == ["A", "B"]
    assert json.loads(atoms.attrs["sites"])["exclusive:S1"]["communities"] == ["A", "B"]


def test_a_slip_over_the_border_is_no_second_community():
    two = communities("AAB\nAAB")
    atoms = gg.make_atoms(two, CROSS, exclusive=building("S1", 1.5, 0.5, 2.002, 1.5))
    assert atoms.loc[atoms["keep_with"] == "exclusive:S1", "community_id"].tolist() == ["A"]
    assert atoms.groupby("community_id")["area_m2"].sum().round(3).tolist() == [40_000.0, 20_000.0]


def test_what_is_kept_whole_in_two_parts_is_two_atoms():
    parts = communities("CC.CC\nCC.CC")
    atoms = gg.make_atoms(parts, CROSS, exclusive=building("S1", 1, 0.5, 4, 1.5))
    assert atoms["keep_with"].tolist().count("exclusive:S1") == 2
    assert set(atoms.geom_type) == {"Polygon"}


@pytest.mark.parametrize("layer", ["exclusive", "keep_whole"])
def test_grounds_that_overlap_are_an_error_that_names_both(layer):
    sites = pd.concat([building("S1", 0, 0, 1, 1), building("S2", 0.5, 0.5, 1.5, 1.5), building("S3", 2, 0, 3, 1)])
    with pytest.raises(gg.TableError, match=f"{layer}: 'S1' and 'S2' overlap by 2500.0 m2, limit 1 m2"):
        gg.make_atoms(COMMUNITY, CROSS, **{layer: sites})


def test_grounds_that_touch_or_overlap_by_a_slip_are_taken():
    sites = pd.concat([building("S1", 0, 0, 1.00005, 1), building("S2", 1, 0, 2, 1)])
    atoms = gg.make_atoms(COMMUNITY, CROSS, exclusive=sites)
    assert sorted(atoms["keep_with"].dropna()) == ["exclusive:S1", "exclusive:S2"]


def test_an_institution_goes_before_an_estate():
    estate, school = building("E", 0, 0, 2, 1), building("S", 0.5, 0, 1, 1)
    atoms = gg.make_atoms(COMMUNITY, CROSS, keep_whole=estate, exclusive=school)
    areas = atoms.groupby("keep_with")["area_m2"].sum().round(3).to_dict()
    assert areas == {"exclusive:S": 5_000.0, "whole:E": 15_000.0}


def test_an_institution_outside_the_territory_is_an_error():
    sites = pd.concat([building("S1", 0, 0, 1, 1), building("S2", 5, 0, 6, 1)])
    with pytest.raises(gg.TableError, match="exclusive: 'S2' lies outside the territory, 200 m away"):
        gg.make_atoms(COMMUNITY, CROSS, exclusive=sites)


def test_institutions_in_another_crs_are_an_error():
    with pytest.raises(gg.CrsError, match="exclusive: is in "):
        gg.make_atoms(COMMUNITY, CROSS, exclusive=building("S1", 0, 0, 1, 1).to_crs("EPSG:32650"))


def test_an_institution_without_ground_is_an_error():
    point = gpd.GeoDataFrame(geometry=[shapely.Point(EAST_M, NORTH_M)], crs=CRS, index=["S1"])
    with pytest.raises(gg.TableError, match="exclusive: holds geometries that are not polygons, first 'S1'"):
        gg.make_atoms(COMMUNITY, CROSS, exclusive=point)


# Households


def test_a_community_without_households_has_atoms_too():
    two = communities("AAB\nAAB")
    atoms = gg.make_atoms(two, CROSS, households_at([(0.5, 0.5)] * 3), cap=1)
    assert atoms.groupby("community_id")["households"].sum().to_dict() == {"A": 3, "B": 0}


def test_all_households_in_one_place_are_one_atom():
    atoms = gg.make_atoms(COMMUNITY, CROSS, households_at([(0.5, 0.5)] * 300), cap=30)
    assert atoms["households"].max() == 300
    assert atoms["area_m2"].sum() == pytest.approx(60_000.0)


def test_an_empty_table_of_households_is_no_households():
    atoms = gg.make_atoms(COMMUNITY, CROSS, households_at([(0.5, 0.5)]).iloc[:0], cap=30)
    assert atoms["households"].sum() == 0


def test_named_amounts_are_summed_into_atoms():
    homes = households_at([(0.5, 0.5), (0.6, 0.5), (2, 1.5)]).assign(visits=[2, 3, 4], hours=[0.7, 0.7, 2.0])
    atoms = gg.make_atoms(COMMUNITY, CROSS, homes, sums=["visits", "hours"])
    assert sorted(atoms["visits"]) == [0, 0, 4, 5]
    assert sorted(atoms["hours"]) == [0, 0, 1, 2]
    assert all(np.issubdtype(atoms[name].dtype, np.integer) for name in ("visits", "hours"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is missing"),
        (-2, "is -2, below 0"),
        ("many", "is 'many', not a number"),
        ("3", "is '3', not a number"),
        (np.inf, "is inf, not a number"),
    ],
)
def test_an_amount_that_is_none_is_an_error_that_names_the_row(value, words):
    homes = households_at([(0.5, 0.5), (0.6, 0.5)])
    homes["visits"] = pd.Series([1, value], index=homes.index, dtype=object)
    with pytest.raises(gg.TableError, match=f"households: visits of 'H0001' {words}"):
        gg.make_atoms(COMMUNITY, CROSS, homes, sums=["visits"])


@pytest.mark.parametrize(
    ("sums", "words"),
    [
        (["visits"], "households: column 'visits' is missing; it is named in sums"),
        (["households"], "sums: column 'households' is one of table atoms itself"),
        ("visits", r"sums: is the text 'visits', not a list of columns"),
    ],
)
def test_amounts_that_cannot_be_summed_are_errors(sums, words):
    with pytest.raises(gg.TableError, match=words):
        gg.make_atoms(COMMUNITY, CROSS, households_at([(0.5, 0.5)]), sums=sums)


# How much an atom may hold


def ruled(further=(), **levels):
    return Profile("test", "test", limits=levels, further={"grid": further} if further else {})


ROW = households_at([(0.1 + 0.2 * at, 0.5) for at in range(5)], count=10).assign(persons=30)


@pytest.mark.parametrize(
    ("profile", "atoms"),
    [
        (ruled(grid=Limits(300, 500, 400)), 4),
        (ruled(grid=Limits(300, 500, 400), micro=Limits(20, 60, 40)), 8),
        (ruled(grid=Limits(20, 60, 40), beat=Limits(1, 3, 2, measure="grids")), 8),
        (ruled(grid=Limits(0, 100, 50)), 8),
        (ruled(grid=Limits(0, 200, 50)), 4),
        (ruled(grid=Limits(40, UNLIMITED, 50)), 8),
        (ruled(grid=Limits(50, 149, 100, measure="persons")), 8),
        (ruled(grid=Limits(50, 210, 100, measure="persons")), 4),
        (ruled(grid=Limits(20, 60, 40), micro=Limits(0, UNLIMITED, 0, measure="persons")), 8),
        (ruled(grid=Limits(0, 900, 400, measure="persons"), further=(Limits(20, 60, 40),)), 8),
        (ruled(grid=Limits(10, 20, 15, measure="visits")), 4),
    ],
)
def test_the_profile_says_how_much_an_atom_may_hold(profile, atoms):
    assert len(gg.make_atoms(COMMUNITY, CROSS, ROW, profile=profile)) == atoms


def test_a_band_of_ground_bounds_the_ground_of_atoms():
    grid = Limits(0, 20_000, 10_000, measure="area_m2")
    atoms = gg.make_atoms(COMMUNITY, CROSS, ROW, profile=ruled(grid=grid))
    assert atoms["area_m2"].max() < 6_000
    assert atoms["area_m2"].sum() == pytest.approx(60_000.0)
    assert len(gg.make_atoms(COMMUNITY, CROSS, ROW, profile=ruled(grid=grid), cap_m2=30_000)) == 4


@pytest.mark.parametrize(("name", "value"), [("cap", 0), ("cap_m2", 0), ("cap_m2", np.nan)])
def test_a_cap_that_is_none_is_an_error(name, value):
    with pytest.raises(gg.TableError, match=f"{name}: is {value}, "):
        gg.make_atoms(COMMUNITY, CROSS, **{name: value})
