"""The repair: what each defect becomes, who is touched, and what is left to a person."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, communities, households_at, town

import gridgeo as gg
from gridgeo.model.errors import CrsError, TableError

TERRITORY = communities("""
    CCCC
    CCCC
    CCCC
""")
GRIDS = town("""
    AABB
    AABB
    DDEE
""")
A, B, D, E = GRIDS.geometry


def box(west, south, east, north):
    """Draw a rectangle, in squares from the south-west."""
    return shapely.box(500_000 + 100 * west, 3_400_000 + 100 * south, 500_000 + 100 * east, 3_400_000 + 100 * north)


def with_(**shapes):
    """Draw the town with other shapes for some areas; new letters are new areas."""
    new = sorted(set(shapes) - set(GRIDS.index))
    areas = pd.concat([GRIDS, town("".join(new))] if new else [GRIDS])
    for area, shape in shapes.items():
        areas.loc[area, "geometry"] = shape
    return areas


def repair(areas, territory=TERRITORY, **how):
    """Repair, and hold what must always hold."""
    repaired = gg.repair(areas, territory, **how)
    assert repaired.certificate.holds, repaired.certificate.reason
    shapes = repaired.areas.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    gone = set(areas.index) - set(repaired.areas.index)
    assert gone <= set(repaired.actions.loc[repaired.actions["action"] == "dropped", "area_id"])
    return repaired


def did(repaired):
    """Give what was done, as (action, area, other area, size)."""
    rows = repaired.actions
    return list(zip(rows["action"], rows["area_id"], rows["other_id"], rows["area_m2"].round(3), strict=True))


# One defect


def test_a_town_that_is_covered_is_left_alone():
    repaired = repair(GRIDS)
    assert len(repaired.actions) == len(repaired.undecided) == len(repaired.changes) == 0
    assert all(one is two for one, two in zip(repaired.areas.geometry, GRIDS.geometry, strict=True))


def test_a_gap_goes_to_the_neighbour_with_the_longest_border():
    repaired = repair(with_(A=A.difference(box(1.9, 1.5, 2, 1.8))))
    assert did(repaired) == [("filled", "A", "", 300)]
    assert repaired.areas.geometry["A"].equals(A)
    assert repaired.changes.loc["A"].tolist() == [39_700, 40_000]


def test_a_hole_goes_to_the_area_around_it():
    lake = shapely.Point(500_100, 3_400_200).buffer(10)
    assert repair(with_(A=A.difference(lake))).areas.geometry["A"].equals(A)


def test_an_overlap_goes_to_the_area_with_the_longer_border_to_it():
    repaired = repair(with_(A=A.union(box(2, 1.5, 2.1, 1.8))))
    assert did(repaired) == [("cut", "A", "B", 300)]
    assert repaired.areas.geometry["B"] is B or repaired.areas.geometry["B"].equals(B)


def test_an_area_inside_another_keeps_its_land():
    inner = box(0.5, 1.5, 0.9, 1.8)
    repaired = repair(with_(Z=inner))
    assert did(repaired) == [("cut", "A", "Z", 1200)]
    assert repaired.areas.geometry["A"].equals(A.difference(inner))


def test_an_area_over_several_others_keeps_its_land():
    repaired = repair(with_(Z=box(1.5, 0.5, 2.5, 1.8)))
    assert [row[:3] for row in did(repaired) if row[0] == "cut"] == [
        ("cut", "A", "Z"), ("cut", "B", "Z"), ("cut", "D", "Z"), ("cut", "E", "Z")
    ]  # fmt: skip


def test_of_copies_the_first_id_stays_and_the_others_are_named():
    repaired = repair(with_(Z=A, Y=A.reverse()))
    assert did(repaired) == [("dropped", "Y", "A", 0), ("dropped", "Z", "A", 0)]
    assert repaired.areas.index.tolist() == ["A", "B", "D", "E"]


def test_a_copy_that_is_a_hair_off_is_a_copy():
    repaired = repair(with_(Z=A.buffer(-0.0004, join_style="mitre")))
    assert ("dropped", "Z", "A", 0) in did(repaired)


def test_land_outside_is_clipped():
    repaired = repair(with_(A=A.union(box(-0.1, 1.5, 0, 1.8))))
    assert did(repaired) == [("clipped", "A", "", 300)]
    assert repaired.areas.geometry["A"].equals(A)


def test_a_bow_tie_keeps_the_land_of_both_lobes():
    lobes = shapely.Polygon(shapely.get_coordinates(box(0, 1, 2, 3))[[0, 2, 1, 3, 0]])
    repaired = repair(with_(A=lobes))
    assert ("mended", "A", "", 0) in did(repaired)
    assert ("filled", "A", "", 20_000) in did(repaired)
    assert repaired.areas.geometry["A"].equals(A)


def test_a_vertex_is_matched_without_moving_land():
    repaired = repair(with_(A=shapely.segmentize(A, 40)), TERRITORY.geometry.simplify(0.0))
    assert {row[0] for row in did(repaired)} == {"noded"}
    assert repaired.areas.geometry["A"].equals_exact(shapely.segmentize(A, 40))
    assert not set(gg.audit(repaired.areas, TERRITORY)["kind"])


def test_hairlines_are_closed():
    repaired = repair(with_(A=shapely.affinity.translate(A, -0.0003, 0.0), B=shapely.affinity.translate(B, 0.0002, 0)))
    assert len(gg.audit(repaired.areas, TERRITORY)) == 0


def test_a_shifted_area_is_cut_clipped_and_filled():
    repaired = repair(with_(A=shapely.affinity.translate(A, 0.4, 0.3)))
    assert {row[0] for row in did(repaired)} == {"clipped", "cut", "filled"}
    assert len(gg.audit(repaired.areas, TERRITORY)) == 0


# Strips


def test_a_strip_along_the_limit_is_shared_out_where_the_areas_meet():
    wider = gpd.GeoSeries([box(-0.2, -0.1, 4.3, 3.05)], crs=CRS)
    repaired = repair(GRIDS, wider)
    expected = {
        "A": box(-0.2, 1, 2, 3.05),
        "B": box(2, 1, 4.3, 3.05),
        "D": box(-0.2, -0.1, 2, 1),
        "E": box(2, -0.1, 4.3, 1),
    }
    for area, shape in expected.items():
        assert repaired.areas.geometry[area].equals(shape)


def test_a_cross_of_streets_is_shared_out_between_the_four_areas_around_it():
    streets = box(1.95, 0, 2.05, 3).union(box(0, 0.95, 4, 1.05))
    before = GRIDS.set_geometry(GRIDS.difference(streets))
    repaired = repair(before)
    grown = repaired.areas.area - before.area
    assert grown.sum() == pytest.approx(streets.area)
    # No area gets a tail: each grows by no more than the streets that pass it.
    for area, shape in repaired.areas.geometry.items():
        assert shape.within(before.geometry[area].buffer(15))


# Parents

PARENTS = communities("PPQQ\nPPQQ\nPPQQ")
NAMED = GRIDS.assign(parent_id=["P", "Q", "P", "Q"])


def _named(**shapes):
    areas = NAMED.copy()
    for area, shape in shapes.items():
        areas.loc[area, "geometry"] = shape
    return areas


def test_land_taken_from_the_next_parent_goes_back():
    strip = box(2, 1.5, 2.1, 1.8)
    repaired = repair(_named(A=A.union(strip), B=B.difference(strip)), parents=PARENTS)
    assert did(repaired) == [("moved", "B", "A", 300)]
    assert len(gg.audit(repaired.areas, TERRITORY, PARENTS)) == 0


def test_an_overlap_goes_to_the_area_whose_parent_holds_it():
    # The longer border is with B, but the land is P's.
    strip = box(1.9, 1.0, 2, 3.0)
    repaired = repair(_named(B=B.union(strip)), parents=PARENTS)
    assert did(repaired) == [("cut", "B", "A", 2000)]


def test_a_gap_across_parents_is_parted_between_them():
    repaired = repair(
        _named(A=A.difference(box(1.9, 1.5, 2, 1.8)), B=B.difference(box(2, 1.4, 2.2, 1.9))), parents=PARENTS
    )
    assert did(repaired) == [("filled", "A", "", 300), ("filled", "B", "", 1000)]


def test_a_gap_goes_to_a_smaller_neighbour_of_the_same_parent():
    thin = box(2, 1, 2.1, 3)
    repaired = repair(_named(B=B.difference(thin)), parents=PARENTS)
    assert did(repaired) == [("filled", "B", "", 2000)]


def test_a_wrong_parent_is_a_question_not_a_cut():
    repaired = repair(NAMED.assign(parent_id=["Q", "Q", "P", "Q"]), parents=PARENTS)
    assert len(repaired.actions) == 0
    assert repaired.undecided["kind"].tolist() == ["wrong_parent"]
    assert repaired.areas["parent_id"].tolist() == ["Q", "Q", "P", "Q"]


# What is left to a person


def test_large_land_becomes_a_placeholder_and_is_asked_about():
    repaired = repair(GRIDS.drop("A"))
    assert did(repaired) == [("placeholder", "missing-1", "", 40_000)]
    assert repaired.areas.index.tolist() == ["B", "D", "E", "missing-1"]
    assert repaired.areas.geometry["missing-1"].equals(A)
    assert repaired.areas.loc["missing-1", ["level", "kind", "households"]].tolist() == ["grid", "placeholder", 0]
    assert repaired.undecided["kind"].tolist() == ["missing_area"]
    assert "missing-1" in repaired.undecided["message"].iloc[0]
    assert repaired.changes.loc["missing-1"].tolist() == [0, 40_000]


def test_large_land_may_be_given_to_neighbours_and_is_asked_about():
    repaired = repair(GRIDS.drop("A"), fill="all")
    assert did(repaired) == [("filled", "B", "", 40_000)]
    assert repaired.undecided["kind"].tolist() == ["missing_area"]
    assert "given to B" in repaired.undecided["message"].iloc[0]


def test_land_is_large_beside_small_areas_and_small_beside_large_ones():
    squares = town("""
        AABBXC
        AABBDE
    """)
    limits = communities("""
        CCCCCC
        CCCCCC
    """)
    assert did(repair(squares.drop("X"), limits))[0][0] == "placeholder"
    assert did(repair(squares.drop(["C", "D", "E", "X"]).drop("B"), limits.set_geometry([box(0, 0, 2.5, 2)]))) == [
        ("filled", "A", "", 10_000)
    ]  # fmt: skip


def test_placeholders_are_named_anew_where_their_name_is_taken():
    first = repair(GRIDS.drop("A")).areas
    second = repair(first.drop("E"))
    assert second.areas.index.tolist() == ["B", "D", "missing-1", "missing-2"]
    assert repair(second.areas).areas.equals(second.areas)


def test_columns_of_numbers_keep_their_kind_beside_a_placeholder():
    areas = GRIDS.assign(ward=[1, 2, 3, 4], open=[True, False, True, True])
    repaired = repair(areas.drop("A"))
    assert repaired.areas.drop("missing-1")["ward"].tolist() == [2, 3, 4]
    assert repaired.areas["ward"].dtype == "Int64"
    assert repaired.areas["open"].dtype == "boolean"
    assert repaired.areas.loc["missing-1", ["ward", "open"]].isna().all()


def test_placeholders_in_a_layer_of_multipart_features_are_multipart():
    shapes = [shapely.MultiPolygon([shape]) for shape in GRIDS.drop("A").geometry]
    repaired = gg.repair(gpd.GeoSeries(shapes, crs=CRS), TERRITORY)
    assert set(repaired.areas.geom_type) == {"MultiPolygon"}
    assert repaired.areas.index.tolist() == [0, 1, 2, "missing-1"]


def test_land_across_two_parents_becomes_a_placeholder_in_each():
    hole = box(1, 1, 3, 3)
    repaired = repair(_named(A=A.difference(hole), B=B.difference(hole)), parents=PARENTS, large_m2=10_000)
    assert repaired.areas.index.tolist() == ["A", "B", "D", "E", "missing-1", "missing-2"]
    assert repaired.areas["parent_id"].tolist() == ["P", "Q", "P", "Q", "P", "Q"]


def test_wide_land_along_many_areas_is_one_placeholder():
    # A corridor a square wide runs between two rows; each neighbour alone would take little of it.
    rows = town("""
        AABBCCDDEEFF
        ............
        GGHHIIJJKKLL
    """)
    limits = communities("XXXXXXXXXXXX\nXXXXXXXXXXXX\nXXXXXXXXXXXX")
    repaired = repair(rows, limits)
    assert did(repaired) == [("placeholder", "missing-1", "", 120_000)]
    assert len(repaired.undecided) == 1


def test_what_is_large_can_be_said():
    gap = with_(A=A.difference(box(1, 1.5, 2, 2.5)))
    assert did(repair(gap)) == [("filled", "A", "", 10_000)]
    assert did(repair(gap, large_m2=5000))[0] == ("placeholder", "missing-1", "", 10_000)


def test_an_island_goes_to_the_nearest_area_or_becomes_a_placeholder():
    island = gpd.GeoSeries([TERRITORY.geometry.iloc[0], box(5, 0, 6, 0.9)], crs=CRS)
    assert did(repair(GRIDS, island)) == [("placeholder", "missing-1", "", 9000)]
    repaired = repair(GRIDS, island, fill="all")
    assert did(repaired) == [("filled", "E", "", 9000)]
    assert repaired.undecided["kind"].tolist() == ["several_parts"]


def test_an_islet_goes_to_the_nearest_area():
    islet = gpd.GeoSeries([TERRITORY.geometry.iloc[0], box(5, 0, 5.1, 0.2)], crs=CRS)
    assert did(repair(GRIDS, islet)) == [("filled", "E", "", 200)]


def test_an_area_that_falls_apart_is_asked_about():
    repaired = repair(with_(Z=box(0.8, 1, 1.2, 3)))
    assert repaired.undecided["kind"].tolist() == ["several_parts"]
    assert repaired.undecided["area_ids"].tolist() == ["A"]


def test_an_area_wholly_outside_is_named_as_lost():
    repaired = repair(with_(Z=box(9, 9, 10, 10)))
    assert ("dropped", "Z", "", 10_000) in did(repaired)
    assert repaired.undecided["kind"].tolist() == ["outside_territory"]


@pytest.mark.parametrize("shape", [None, shapely.Polygon(), shapely.LineString([(0, 0), (1, 1)])])
def test_a_row_without_land_is_named_as_dropped(shape):
    repaired = repair(with_(Z=shape))
    assert repaired.actions["action"].tolist() == ["dropped"]
    assert repaired.actions["area_id"].tolist() == ["Z"]
    assert repaired.undecided["kind"].tolist() == ["empty_geometry"]


def test_a_ring_without_land_is_named_as_dropped():
    flat = shapely.Polygon([(500_000, 3_400_000), (500_050, 3_400_000), (500_100, 3_400_000)])
    assert did(repair(with_(Z=flat))) == [("dropped", "Z", "", 0)]


def test_rows_of_one_id_stay_two_rows_and_are_asked_about():
    areas = GRIDS.rename(index={"B": "A"})
    repaired = gg.repair(areas.set_geometry(areas.translate(0.2)), TERRITORY)
    assert repaired.certificate.holds
    assert repaired.areas.index.tolist() == ["A", "A", "D", "E"]
    assert repaired.undecided["kind"].tolist() == ["duplicate_id"]


def test_without_areas_all_land_is_one_placeholder_or_stays_open():
    repaired = gg.repair(GRIDS.iloc[:0], TERRITORY)
    assert repaired.certificate.holds
    assert repaired.areas.index.tolist() == ["missing-1"]
    assert repaired.undecided["kind"].tolist() == ["missing_area"]
    left = gg.repair(GRIDS.iloc[:0], TERRITORY, fill="all")
    assert not left.certificate.holds
    assert left.undecided["message"].tolist() == ["120,000 m2 in no area stays open: is an area missing?"]
    assert len(left.actions) == 0


def test_an_area_that_keeps_little_is_asked_about():
    repaired = repair(with_(A=box(-3, 1, 1, 3), B=B.union(box(1, 1, 2, 3))))
    assert repaired.undecided["kind"].tolist() == ["outside_territory"]
    assert repaired.undecided["area_ids"].tolist() == ["A"]
    assert repaired.undecided["message"].iloc[0].startswith("A keeps 25% of its land: 60,000 m2 of it lies outside")
    assert repair(with_(A=box(-0.9, 1, 1.1, 3), B=B.union(box(1.1, 1, 2, 3)))).undecided.empty


def test_an_area_that_another_takes_is_asked_about():
    wide = box(0, 1, 4, 3).difference(box(0, 1, 0.6, 3))
    repaired = repair(with_(A=A, B=wide, Z=box(0.7, 1, 2, 3)))
    for area in repaired.changes.query("after_m2 < before_m2 / 2").index:
        assert area in ",".join(repaired.undecided["area_ids"]).split(",")


# What comes back


def test_attributes_order_and_columns_stay():
    mixed = with_(A=A.difference(box(1.9, 1.5, 2, 1.8))).iloc[[2, 0, 3, 1]].assign(note=["d", "a", "e", "b"])
    repaired = repair(mixed)
    assert repaired.areas.index.tolist() == ["D", "A", "E", "B"]
    assert repaired.areas["note"].tolist() == ["d", "a", "e", "b"]
    assert repaired.areas.columns.tolist() == mixed.columns.tolist()
    assert repaired.areas.crs == mixed.crs
    assert repaired.areas["area_m2"].tolist() == pytest.approx(repaired.areas.area.tolist())


def test_a_geometry_column_keeps_its_name_and_ids_may_be_a_column():
    areas = with_(A=A.difference(box(1.9, 1.5, 2, 1.8))).reset_index().rename_geometry("shape")
    repaired = gg.repair(areas, TERRITORY)
    assert repaired.areas.geometry.name == "shape"
    assert repaired.areas["area_id"].tolist() == ["A", "B", "D", "E"]
    assert repaired.actions["area_id"].tolist() == ["A"]


def test_a_layer_of_multipart_features_stays_one():
    shapes = [shapely.MultiPolygon([shape]) for shape in with_(A=A.difference(box(1.9, 1.5, 2, 1.8))).geometry]
    repaired = gg.repair(gpd.GeoSeries(shapes, crs=CRS), TERRITORY)
    assert set(repaired.areas.geom_type) == {"MultiPolygon"}


def test_only_areas_that_own_a_defect_are_touched():
    east = town("ABCDEF").geometry.to_dict()
    areas = town("ABCDEF")
    areas.loc["B", "geometry"] = east["B"].difference(shapely.box(500_150, 3_400_040, 500_200, 3_400_060))
    repaired = gg.repair(areas, communities("XXXXXX"))
    assert repaired.changes.index.tolist() == ["B"]
    for area in "ACDEF":
        assert repaired.areas.geometry[area] is areas.geometry[area]


def test_a_neighbour_gets_a_vertex_only_where_a_new_border_ends_on_its_edge():
    repaired = repair(with_(Z=box(0.8, 1, 1.2, 3)))
    assert ("noded", "D", "", 0) in did(repaired)
    assert set(gg.audit(repaired.areas, TERRITORY)["kind"]) == {"several_parts"}


def test_households_that_change_their_area_are_counted():
    homes = households_at([(2.05, 1.6), (2.04, 1.7), (0.5, 0.5)], count=4)
    repaired = repair(with_(A=A.union(box(2, 1.5, 2.1, 1.8))), households=homes)
    assert repaired.actions["households"].tolist() == [8]
    assert repaired.changes.loc["A", ["households_before", "households_after"]].tolist() == [8, 0]
    assert repair(with_(A=A.union(box(2, 1.5, 2.1, 1.8)))).actions["households"].isna().all()


def test_what_is_given_is_not_changed():
    broken = with_(A=A.difference(box(1.9, 1.5, 2, 1.8)), Z=B, Y=None)
    before = broken.geometry.to_wkb()
    gg.repair(broken, TERRITORY)
    assert broken.geometry.to_wkb().equals(before)


def test_the_order_of_rows_does_not_matter():
    broken = with_(A=A.union(box(2, 1.5, 2.1, 1.8)), D=D.union(box(1, 0.9, 2.1, 1.2)), Z=B)
    first, second = gg.repair(broken, TERRITORY), gg.repair(broken.iloc[::-1], TERRITORY)
    assert second.areas.geometry[first.areas.index].to_wkb().equals(first.areas.geometry.to_wkb())


# Noise


def test_vertices_are_brought_together_where_asked():
    random = np.random.default_rng(0)
    shapes = []
    for shape in GRIDS.geometry:
        xy = shapely.get_coordinates(shape)
        xy[:-1] += random.uniform(-0.02, 0.02, (len(xy) - 1, 2))
        xy[-1] = xy[0]
        shapes.append(shapely.Polygon(xy))
    noisy = GRIDS.set_geometry(shapes, crs=CRS)
    snapped, cut = repair(noisy, snap_m=0.1), repair(noisy)
    assert shapely.get_num_coordinates(snapped.areas.geometry.to_numpy()).sum() == sum(
        shapely.get_num_coordinates(GRIDS.geometry.to_numpy())
    )
    assert shapely.get_num_coordinates(cut.areas.geometry.to_numpy()).sum() > 44


# Wrong use


def test_a_fill_that_is_unknown_is_refused():
    with pytest.raises(TableError, match="fill is 'none', not one of placeholder, all"):
        gg.repair(GRIDS, TERRITORY, fill="none")


@pytest.mark.parametrize("how", [{"tolerance_m": -1.0}, {"large_m2": float("nan")}, {"snap_m": float("inf")}])
def test_a_limit_must_be_a_number(how):
    with pytest.raises(TableError, match=f"{next(iter(how))} is"):
        gg.repair(GRIDS, TERRITORY, **how)


def test_a_territory_without_land_is_refused():
    with pytest.raises(TableError, match="territory: has no polygon"):
        gg.repair(GRIDS, shapely.Polygon())


def test_a_map_of_another_place_is_refused():
    with pytest.raises(TableError, match="none of them touches the territory"):
        gg.repair(GRIDS.set_geometry(GRIDS.translate(1e5)), TERRITORY)


def test_degrees_are_refused():
    with pytest.raises(CrsError, match="in degrees"):
        gg.repair(GRIDS.to_crs("EPSG:4326"), TERRITORY)


def test_a_household_on_the_border_of_an_area_that_stays_counts_there():
    homes = households_at([(2, 1.6), (1.95, 1.6)])
    repaired = repair(with_(A=A.difference(box(1.9, 1.5, 2, 1.8))), households=homes)
    assert repaired.changes.loc["A", ["households_before", "households_after"]].tolist() == [0, 1]
