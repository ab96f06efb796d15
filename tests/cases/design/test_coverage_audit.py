"""The audit: each kind of defect, drawn; found once, in its place, with its size."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, communities, town

import gridgeo as gg
from gridgeo.design.findings import KINDS
from gridgeo.model.errors import TableError
from gridgeo.model.tables import FINDINGS, check

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
    areas = pd.concat(
        [GRIDS, town("".join(sorted(set(shapes) - set(GRIDS.index))))] if set(shapes) - set(GRIDS.index) else [GRIDS]
    )
    for area, shape in shapes.items():
        areas.loc[area, "geometry"] = shape
    return areas


def audit(areas, territory=TERRITORY, **how):
    findings = gg.audit(areas, territory, **how)
    check(findings, FINDINGS)
    return findings


def only(findings, kind, area_ids):
    """Give the one finding there should be."""
    assert findings["kind"].tolist() == [kind], findings["message"].tolist()
    assert findings["area_ids"].tolist() == [area_ids]
    return findings.iloc[0]


def test_a_town_that_is_covered_has_no_findings():
    findings = audit(GRIDS)
    assert len(findings) == 0
    assert {"kind", "width_m", "households", "parent_ids"} <= set(findings.columns)


def test_every_finding_has_a_severity_and_a_remedy():
    findings = audit(with_(A=A.difference(box(1.9, 1.5, 2, 1.8))))
    assert findings["severity"].tolist() == [KINDS["gap"][0]]
    assert findings["remedy"].tolist() == [KINDS["gap"][1]]
    assert findings.index.tolist() == ["F0001"]


# Land that nobody covers


def test_land_between_areas_is_a_gap_of_its_own_area():
    gap = box(1.9, 1.5, 2, 1.8)
    row = only(audit(with_(A=A.difference(gap))), "gap", "A,B")
    assert row["value"] == row["area_m2"] == row["gap_m2"] == pytest.approx(300)
    assert row["limit"] == 0
    assert row["quantity"] == "m2"
    assert row["width_m"] == pytest.approx(10, rel=0.01)
    assert row["mean_width_m"] == pytest.approx(7.5)
    assert row["length_m"] == pytest.approx(40)
    assert shapely.equals(row["geometry"], gap)
    assert "300 m2" in row["message"]


def test_a_missing_square_at_the_limit_is_an_open_gap():
    row = only(
        audit(
            town("""
                AABB
                AABB
                DDE.
            """)
        ),
        "open_gap",
        "B,E",
    )
    assert row["area_m2"] == pytest.approx(10_000)


def test_land_inside_one_area_is_a_hole():
    lake = shapely.Point(500_100, 3_400_200).buffer(10)
    assert only(audit(with_(A=A.difference(lake))), "hole", "A")["area_m2"] == pytest.approx(lake.area)


def test_land_as_large_as_an_area_is_a_missing_area():
    row = only(audit(GRIDS.drop("A")), "missing_area", "B,D")
    assert row["area_m2"] == pytest.approx(40_000)
    assert row["remedy"] == "decide"


def test_a_long_strip_is_a_gap_however_large():
    street = box(0, 1, 4, 1.1)
    row = only(audit(GRIDS.set_geometry(GRIDS.difference(street))), "open_gap", "A,B,D,E")
    assert row["area_m2"] == pytest.approx(4000)


def test_without_areas_the_whole_territory_is_missing():
    assert only(audit(GRIDS.iloc[:0]), "missing_area", "")["area_m2"] == pytest.approx(120_000)


def test_a_map_of_another_place_is_said_once():
    elsewhere = GRIDS.set_geometry(GRIDS.scale(3, 2, origin=(0, 0)))
    row = only(audit(elsewhere), "missing_area", "")
    assert "another reference system" in row["message"]


def test_a_piece_of_territory_on_its_own_may_be_missing():
    island = gpd.GeoSeries([TERRITORY.geometry.iloc[0], box(6, 0, 7, 1)], crs=CRS)
    assert only(audit(GRIDS, island), "open_gap", "")["area_m2"] == pytest.approx(10_000)


# Land that several cover, or that lies outside


def test_land_of_two_areas_is_an_overlap():
    row = only(audit(with_(A=A.union(box(2, 1.5, 2.1, 1.8)))), "overlap", "A,B")
    assert row["overlap_m2"] == row["area_m2"] == pytest.approx(300)


def test_an_overlap_with_two_neighbours_is_one_finding_each():
    findings = audit(with_(A=A.union(box(1, 0.9, 2.1, 1.2))))
    assert findings["area_ids"].tolist() == ["A,B", "A,D", "A,E"]
    assert findings["area_m2"].tolist() == pytest.approx([200, 1000, 100])


def test_land_of_three_areas_counts_twice_too_often():
    findings = audit(with_(A=A.union(box(2, 1, 2.2, 2)), E=E.union(box(2, 1, 2.2, 1.5))))
    assert set(findings["area_ids"]) == {"A,B", "A,B,E"}
    assert findings["overlap_m2"].sum() == pytest.approx(2000 + 1000)


def test_an_area_inside_another_is_contained():
    row = only(audit(with_(Z=box(0.5, 1.5, 0.9, 1.8))), "contained", "Z,A")
    assert row["area_m2"] == pytest.approx(1200)


def test_an_area_drawn_over_several_is_contained_in_all_of_them():
    row = only(audit(with_(Z=box(1.5, 0.5, 2.5, 1.8))), "contained", "Z,A,B,D,E")
    assert row["overlap_m2"] == pytest.approx(13_000)


def test_the_same_area_twice_is_a_duplicate():
    row = only(audit(with_(Z=A)), "duplicate", "A,Z")
    assert row["area_m2"] == row["overlap_m2"] == pytest.approx(40_000)
    assert only(audit(with_(Y=A.reverse(), Z=A)), "duplicate", "A,Y,Z")["overlap_m2"] == pytest.approx(80_000)


def test_a_copy_that_begins_elsewhere_or_has_more_vertices_is_a_duplicate():
    assert only(audit(with_(Z=shapely.segmentize(A.normalize(), 30))), "duplicate", "A,Z") is not None


def test_a_neighbour_over_both_copies_is_an_overlap_of_its_own():
    findings = audit(with_(Z=A, B=B.union(box(1.9, 1.5, 2, 1.8))))
    assert findings["kind"].tolist() == ["duplicate", "overlap"]
    assert findings["area_ids"].tolist() == ["A,Z", "A,B"]


def test_a_map_that_was_appended_twice_has_a_duplicate_an_area():
    twice = pd.concat([GRIDS, GRIDS.rename(index=str.lower)])
    findings = audit(twice)
    assert findings["kind"].tolist() == ["duplicate"] * 4
    assert findings["overlap_m2"].sum() == pytest.approx(120_000)


def test_land_over_the_limit_is_outside():
    row = only(audit(with_(A=A.union(box(-0.1, 1.5, 0, 1.8)))), "outside_territory", "A")
    assert row["outside_m2"] == row["area_m2"] == pytest.approx(300)


def test_an_area_far_away_lies_wholly_outside():
    row = only(audit(with_(Z=box(9, 9, 10, 10))), "outside_territory", "Z")
    assert "wholly outside" in row["message"]


def test_borders_that_lie_on_each_other_inside_an_overlap_part_it():
    # The two upper areas share half an edge, drawn with other vertices, and both lie under the third.
    one = shapely.Polygon([(500_000, 3_400_200), (500_200, 3_400_200), (500_200, 3_400_300), (500_000, 3_400_300)])
    two = shapely.Polygon([(500_100, 3_400_100), (500_300, 3_400_100), (500_300, 3_400_200), (500_100, 3_400_200)])
    areas = gpd.GeoSeries([one, two, box(0, 0, 4, 3)], index=["O", "T", "U"], crs=CRS)
    findings = audit(areas)
    assert findings["kind"].tolist() == ["contained", "contained"]
    assert findings["area_ids"].tolist() == ["O,U", "T,U"]
    assert findings["overlap_m2"].tolist() == [20_000, 20_000]


def test_areas_that_hold_each_other_between_them_are_counted_once():
    west, east, whole = box(0, 0, 3, 3), box(1, 0, 4, 3), box(0, 1, 4, 2)
    findings = audit(gpd.GeoSeries([west, east, whole], index=["W", "E", "O"], crs=CRS))
    union = shapely.union_all([west, east, whole])
    assert findings["overlap_m2"].sum() == pytest.approx(west.area + east.area + whole.area - union.area)


# Edges


def test_an_edge_whose_sides_wind_about_each_other_is_one_finding():
    jagged = [(2 + 0.004 * (-1) ** step, 1.1 + 0.2 * step) for step in range(9)]
    ring = [(0, 1), (1, 1), (2, 1), *jagged, (2, 3), (1, 3), (0, 3), (0, 2)]
    shape = shapely.Polygon([(500_000 + 100 * x, 3_400_000 + 100 * y) for x, y in ring])
    row = only(audit(with_(A=shape)), "jittered_edge", "A,B")
    assert row["pieces"] > 5
    assert row["area_m2"] == pytest.approx(shape.symmetric_difference(A).area)
    assert row["gap_m2"] == pytest.approx(A.difference(shape).area)
    assert row["overlap_m2"] == pytest.approx(shape.difference(A).area)
    wide = audit(with_(A=shape), jitter_m=0.1)
    assert set(wide["kind"]) == {"gap", "overlap"}


def test_an_edge_that_winds_about_the_limit_is_one_finding():
    jagged = [(0.002 * (-1) ** step, 2.9 - 0.2 * step) for step in range(9)]
    ring = [(0, 1), (1, 1), (2, 1), (2, 2), (2, 3), (1, 3), (0, 3), *jagged]
    shape = shapely.Polygon([(500_000 + 100 * x, 3_400_000 + 100 * y) for x, y in ring])
    row = only(audit(with_(A=shape)), "jittered_edge", "A")
    assert row["outside_m2"] > 0
    assert row["gap_m2"] > 0


def test_a_vertex_on_one_side_only_is_unmatched():
    ring = shapely.get_coordinates(A)
    at = int(np.flatnonzero((ring[:-1] == [500_200, 3_400_200]).all(axis=1))[0])
    finer = shapely.Polygon(np.insert(ring, at + 1, (ring[at] + ring[at + 1]) / 2, axis=0))
    row = only(audit(with_(A=finer)), "unmatched_vertex", "A,B")
    assert row["value"] == 1
    assert row["quantity"] == "vertices"
    assert row["severity"] == "warning"
    assert row["geometry"].geom_type == "Point"


def test_unmatched_vertices_of_one_border_are_one_finding():
    findings = audit(with_(B=shapely.segmentize(B, 30), E=shapely.segmentize(E, 30)))
    assert findings["kind"].tolist() == ["unmatched_vertex", "unmatched_vertex"]
    assert findings["area_ids"].tolist() == ["A,B", "D,E"]
    assert findings["value"].tolist() == [6, 3]


def test_a_border_that_ends_on_a_straight_edge_is_one_unmatched_vertex():
    north = town("AB\nAB\nCC").rename(index={"C": "D"})
    straight = shapely.box(500_000, 3_400_000, 500_200, 3_400_100)
    areas = north.copy()
    areas.loc["D", "geometry"] = straight
    row = only(audit(areas, communities("XX\nXX\nXX")), "unmatched_vertex", "A,B,D")
    assert row["value"] == 1


def test_vertices_on_the_limit_that_the_territory_lacks_do_no_harm():
    assert len(audit(GRIDS, TERRITORY.geometry.iloc[0].simplify(0.0))) == 0
    assert len(audit(GRIDS, shapely.segmentize(TERRITORY.geometry.iloc[0], 7.0))) == 0


def test_corners_of_a_gap_are_not_told_again_as_unmatched_vertices():
    assert audit(with_(A=A.difference(box(1.9, 1.5, 2, 1.8))))["kind"].tolist() == ["gap"]


def test_hairlines_are_counted_in_one_note():
    west = shapely.affinity.translate(A, -0.0002, 0)
    north = shapely.affinity.translate(B, 0.0, 0.0003)
    findings = audit(with_(A=west, B=north))
    assert findings["kind"].tolist() == ["hairline"]
    assert findings["severity"].tolist() == ["note"]
    assert findings["value"].iloc[0] >= 3
    assert len(audit(with_(A=west), tolerance_m=1e-5).query("severity == 'error'")) > 0


# Rows


def test_a_ring_that_crosses_itself_is_told_with_its_place_and_its_consequences():
    crossed = shapely.Polygon(shapely.get_coordinates(box(0, 1, 2, 3))[[0, 2, 1, 3, 0]])
    findings = audit(with_(A=crossed))
    row = findings.iloc[0]
    assert row["kind"] == "invalid_ring"
    assert row["geometry"].equals(shapely.Point(500_100, 3_400_200))
    assert row["gap_m2"] == pytest.approx(20_000)
    assert "self-intersection at 500100.00, 3400200.00" in row["message"]
    assert set(findings["kind"]) <= {"invalid_ring", "unmatched_vertex"}


def test_a_ring_that_touches_itself_covers_what_it_should():
    ring = shapely.get_coordinates(A).tolist()
    spike = shapely.Polygon([*ring[:-1], ring[0], [500_050.0, 3_400_250.0], ring[0]])
    assert not spike.is_valid
    assert audit(with_(A=spike))["kind"].tolist() == ["invalid_ring"]


@pytest.mark.parametrize(
    ("shape", "said"),
    [(None, "no geometry"), (shapely.Polygon(), "no geometry"), (shapely.Point(1, 2), "is a Point, not an area")],
)
def test_a_row_without_an_area_is_told_and_so_is_its_land(shape, said):
    findings = audit(with_(A=shape))
    assert findings["kind"].tolist() == ["empty_geometry", "missing_area"]
    assert said in findings["message"].iloc[0]


def test_coordinates_that_are_not_finite_are_told():
    ring = shapely.get_coordinates(A)
    ring[1, 0] = np.inf
    with np.errstate(invalid="ignore"):
        findings = audit(with_(A=shapely.Polygon(ring)))
    assert findings["kind"].tolist() == ["empty_geometry", "missing_area"]
    assert "not finite" in findings["message"].iloc[0]


def test_a_collection_counts_with_its_polygons():
    mixed = shapely.GeometryCollection([A, shapely.Point(500_010, 3_400_110)])
    assert len(audit(with_(A=mixed))) == 0


def test_parts_that_lie_apart_are_several_parts():
    split = with_(A=shapely.MultiPolygon([A, box(2.5, 0.2, 2.8, 0.8)]), E=E.difference(box(2.5, 0.2, 2.8, 0.8)))
    row = only(audit(split), "several_parts", "A")
    assert row["value"] == 2
    assert row["area_m2"] == pytest.approx(1800)
    assert len(audit(split, one_piece=False)) == 0


def test_a_layer_of_multipart_features_may_have_several_parts():
    shapes = [shapely.MultiPolygon(shapely.get_parts(shape)) for shape in town("AAB\nBBA").geometry]
    layer = gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, crs=CRS))
    assert len(audit(layer, communities("CCC\nCCC"))) == 0
    assert set(audit(layer, communities("CCC\nCCC"), one_piece=True)["kind"]) == {"several_parts"}


def test_a_thin_area_is_a_sliver():
    strip = box(1.99, 1, 2, 3)
    findings = audit(with_(A=A.difference(strip), Z=strip))
    assert findings["kind"].tolist() == ["sliver_area", "unmatched_vertex", "unmatched_vertex"]
    assert findings["area_ids"].iloc[0] == "Z"
    assert findings["value"].iloc[0] == pytest.approx(1, rel=0.01)
    assert findings["quantity"].iloc[0] == "m"


def test_a_small_compact_area_is_no_sliver():
    house = box(0.4, 1.5, 0.43, 1.53)
    assert len(audit(with_(A=A.difference(house), Z=house))) == 0


def test_ids_that_are_missing_or_doubled_are_told():
    rows = GRIDS.reset_index()
    rows.loc[1, "area_id"] = "A"
    rows.loc[2, "area_id"] = None
    findings = audit(rows)
    assert findings["kind"].tolist() == ["missing_id", "duplicate_id"]
    assert findings["area_ids"].tolist() == ["(no id)", "A"]


def test_a_broken_territory_is_told():
    crossed = shapely.Polygon(shapely.get_coordinates(box(0, 0, 4, 3))[[0, 2, 1, 3, 0]])
    findings = audit(GRIDS, crossed)
    assert findings["kind"].tolist()[0] == "invalid_ring"
    assert findings["message"].tolist()[0].startswith("the territory is invalid")
    assert findings["outside_m2"].sum() == pytest.approx(60_000)


@pytest.mark.parametrize("territory", [TERRITORY.iloc[:0], shapely.Polygon(), gpd.GeoSeries([None], crs=CRS)])
def test_a_territory_without_land_is_a_finding(territory):
    assert only(audit(GRIDS, territory), "empty_geometry", "")["message"].startswith("the territory has no")


# What is meant to be so


def test_what_was_declared_is_a_note_with_its_reason():
    lake = shapely.Point(500_100, 3_400_200).buffer(10)
    declared = gpd.GeoDataFrame({"reason": ["Mirror Lake"]}, geometry=[lake], crs=CRS)
    row = only(audit(with_(A=A.difference(lake)), exceptions=declared), "hole", "A")
    assert row["severity"] == "note"
    assert row["message"].endswith("(declared: Mirror Lake)")


def test_what_reaches_beyond_what_was_declared_stays_an_error():
    lake = shapely.Point(500_100, 3_400_200).buffer(10)
    declared = gpd.GeoDataFrame({"reason": ["Mirror Lake"]}, geometry=[lake.buffer(-3)], crs=CRS)
    assert audit(with_(A=A.difference(lake)), exceptions=declared)["severity"].tolist() == ["error"]


def test_a_declared_kind_excuses_no_other():
    lake = shapely.Point(500_100, 3_400_200).buffer(10)
    declared = gpd.GeoDataFrame({"reason": ["twin"], "kind": ["overlap"]}, geometry=[lake], crs=CRS)
    assert audit(with_(A=A.difference(lake)), exceptions=declared)["severity"].tolist() == ["error"]


# How it is asked


def test_the_order_of_rows_and_the_start_of_rings_change_nothing():
    broken = with_(A=A.difference(box(1.9, 1.5, 2, 1.8)), D=D.union(box(1, 0.9, 2.1, 1.2)), Z=B, Y=None)
    first = audit(broken)
    for seed in range(3):
        mixed = broken.sample(frac=1, random_state=seed)
        again = audit(mixed.set_geometry(mixed.reverse()))
        pd.testing.assert_frame_equal(
            pd.DataFrame(first.drop(columns="geometry")), pd.DataFrame(again.drop(columns="geometry"))
        )


def test_what_is_given_is_not_changed():
    broken = with_(A=A.difference(box(1.9, 1.5, 2, 1.8)), Z=B, Y=None)
    before = broken.copy(deep=True)
    audit(broken, parents=TERRITORY)
    assert broken.geometry.to_wkb().equals(before.geometry.to_wkb())
    pd.testing.assert_frame_equal(
        pd.DataFrame(broken.drop(columns="geometry")), pd.DataFrame(before.drop(columns="geometry"))
    )


@pytest.mark.parametrize("number", [-0.1, float("nan"), float("inf")])
def test_a_tolerance_must_be_a_number_of_metres(number):
    with pytest.raises(TableError, match="tolerance_m"):
        gg.audit(GRIDS, TERRITORY, tolerance_m=number)


def test_a_series_without_names_is_audited_by_its_index():
    shapes = gpd.GeoSeries([A, B, D], crs=CRS)
    assert only(audit(shapes), "missing_area", "1,2") is not None


def test_whole_numbers_as_ids_stay_whole_where_one_is_missing():
    areas = town("AB").reset_index(drop=True).assign(area_id=[7.0, None])
    findings = gg.audit(areas, shapely.union_all(areas.geometry.to_numpy()).buffer(1, join_style="mitre"))
    assert set(",".join(findings["area_ids"]).split(",")) == {"7", "(no id)"}


def test_a_map_of_another_place_still_tells_of_its_invalid_rings():
    areas = town("AB")
    east, north = areas.total_bounds[2:]
    bow = shapely.Polygon([(east, north), (east + 9, north + 9), (east + 9, north), (east, north + 9)])
    areas.loc["B", "geometry"] = bow
    elsewhere = shapely.affinity.translate(shapely.box(*areas.total_bounds), 50_000, 7)
    assert sorted(gg.audit(areas, elsewhere)["kind"]) == ["invalid_ring", "missing_area"]
