import pickle

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, SIDE_M, town

from gridgeo.model.errors import CrsError, TableError
from gridgeo.operate.locate import AreaIndex
from gridgeo.operate.point_search import find_owner

TOWN = """
    AAB
    CDB
"""


def places(*squares):
    """Give places in squares from the south-west as two arrays of metres."""
    table = np.array(squares, dtype=float).reshape(-1, 2)
    return EAST_M + table[:, 0] * SIDE_M, NORTH_M + table[:, 1] * SIDE_M


def owners(areas, *squares, **options):
    return AreaIndex.from_areas(areas, **options).locate(places(*squares)).to_list()


def test_each_point_gets_the_area_that_holds_it():
    assert owners(town(TOWN), (0.5, 1.5), (1.5, 1.5), (2.5, 0.2), (0.5, 0.5), (1.5, 0.5)) == ["A", "A", "B", "C", "D"]


def test_a_point_outside_has_no_owner():
    found = AreaIndex.from_areas(town(TOWN)).locate(places((3.5, 1), (-0.5, 1), (1, 2.5), (1, -9), (1e6, 1e6)))
    assert found.isna().all()
    assert found.dtype == "str"


def test_a_point_on_a_shared_edge_belongs_to_the_smaller_id():
    assert owners(town(TOWN), (2, 1.5), (0.5, 1), (1, 0.5), (2, 0.5)) == ["A", "A", "C", "B"]


def test_a_point_on_a_corner_belongs_to_the_smallest_id_that_touches_it():
    assert owners(town(TOWN), (1, 1), (2, 1), (1, 0)) == ["A", "A", "C"]


def test_a_point_on_the_outer_edge_belongs_to_the_area_that_touches_it():
    ring = [(0, 0), (3, 0), (3, 2), (0, 2), (0, 0.5), (2.5, 0), (3, 1.7), (1.5, 2)]
    assert owners(town(TOWN), *ring) == ["C", "B", "B", "A", "C", "B", "B", "A"]


@pytest.mark.parametrize("shift", [0.0, 2.0**19 - EAST_M, -EAST_M, -EAST_M - 128.5, 1 / 3])
def test_shared_and_outer_edges_have_their_owner_wherever_the_town_lies(shift):
    areas = town(TOWN)
    areas = areas.set_geometry(areas.translate(shift, -shift))
    corner_x, corner_y = areas.total_bounds[:2]
    x, y = places((1, 1), (3, 0), (0, 0), (2, 1.5))
    index = AreaIndex.from_areas(areas)
    vertices = shapely.get_coordinates(areas.geometry.to_numpy())
    assert index.locate(vertices[:, 0], vertices[:, 1]).notna().all()
    assert index.locate(x - EAST_M + corner_x, y - NORTH_M + corner_y).notna().sum() >= 3


def test_the_order_of_rows_changes_no_owner():
    areas = town(TOWN)
    edges = [(1, 1), (2, 1), (2, 1.5), (0, 0), (1, 0.3)]
    assert owners(areas.iloc[::-1], *edges) == owners(areas, *edges)


@pytest.mark.parametrize("cell_m", [0.5, 3, 64, 100_000])
def test_the_width_of_cells_changes_no_owner(cell_m):
    edges = [(1, 1), (2, 1), (2, 1.5), (0, 0), (1, 0.3), (0.5, 0.5), (9, 9), (2.999, 1.2)]
    assert (
        AreaIndex.from_areas(town(TOWN), cell_m=cell_m)
        .locate(places(*edges))
        .equals(AreaIndex.from_areas(town(TOWN)).locate(places(*edges)))
    )


def test_a_hole_is_outside_and_its_edge_is_not():
    ring = town("""
        AAA
        A.A
        AAA
    """)
    assert owners(ring, (0.5, 1.5), (1, 1.5)) == ["A", "A"]
    assert AreaIndex.from_areas(ring).locate(places((1.5, 1.5))).isna().all()


def test_an_enclave_owns_its_inside():
    areas = town("""
        BBB
        BAB
        BBB
    """)
    assert owners(areas, (1.5, 1.5), (0.5, 1.5), (1, 1.5)) == ["A", "B", "A"]


def test_all_parts_of_an_area_answer():
    areas = town("""
        A.A
        BBB
    """)
    assert owners(areas, (0.5, 1.5), (2.5, 1.5), (2.5, 1)) == ["A", "A", "A"]
    assert AreaIndex.from_areas(areas).locate(places((1.5, 1.5))).isna().all()


def test_gaps_and_overlaps_are_counted():
    areas = pd.concat([town("AA."), town(".BB").rename(index={"B": "B1"}), town("...\n.C.").loc[["C"]]])
    index = AreaIndex.from_areas(areas)
    found = index.cover_count(places((0.5, 0.5), (1.5, 0.5), (2.5, 0.5), (3.5, 0.5), (0, 0.5), (1, 0.5)))
    assert found.to_list() == [1, 3, 1, 0, 1, 1]


def test_an_overlap_goes_to_the_smaller_id_and_its_edge_to_the_area_around_it():
    areas = pd.concat([town("BB"), town("A.")])
    assert owners(areas, (0.5, 0.5), (1.5, 0.5), (1, 0.5)) == ["A", "B", "B"]


def test_claims_name_every_area_that_holds_or_touches_a_point():
    claims = AreaIndex.from_areas(town(TOWN)).claims(places((1, 1), (0.5, 0.5), (9, 9)))
    assert claims.index.to_list() == [0, 0, 0, 1]
    assert claims["area_id"].to_list() == ["A", "C", "D", "C"]
    assert claims["inside"].to_list() == [False, False, False, True]


def test_points_keep_their_index_and_missing_points_have_no_owner():
    x, y = places((0.5, 0.5), (2.5, 0.5))
    labels = pd.Index(["first", "none", "empty", "last"], name="incident_id")
    shapes = [shapely.Point(x[0], y[0]), None, shapely.Point(), shapely.Point(x[1], y[1])]
    found = AreaIndex.from_areas(town(TOWN)).locate(gpd.GeoSeries(shapes, index=labels, crs=CRS))
    assert found.index.equals(labels)
    assert found.fillna("-").to_list() == ["C", "-", "-", "B"]


def test_a_nan_has_no_owner():
    assert AreaIndex.from_areas(town(TOWN)).locate([np.nan, EAST_M + 50], [NORTH_M, NORTH_M + 50]).isna().to_list() == [
        True,
        False,
    ]


def test_counting_gives_every_area_a_row_in_the_given_order():
    areas = town(TOWN).loc[["D", "B", "A", "C"]]
    index = AreaIndex.from_areas(areas)
    points = places((0.5, 1.5), (1, 1), (2.5, 0.5), (9, 9))
    counts = index.count(points)
    assert counts.index.equals(areas.index)
    assert index.area_ids.equals(areas.index)
    assert counts.to_list() == [0, 1, 2, 0]
    assert index.count(points, weights=[10, 1, 5, 7]).to_list() == [0, 5, 11, 0]
    assert index.count(points, weights=[0.5, 0.25, 1.0, 1.0])["A"] == 0.75


def test_one_place_is_found_by_longitude_and_latitude():
    index = AreaIndex.from_areas(town(TOWN))
    x, y = places((0.5, 0.5), (2.5, 0.5), (9, 9))
    lonlat = gpd.GeoSeries.from_xy(x, y, crs=CRS).to_crs("OGC:CRS84")
    assert [index.area_at(point.x, point.y) for point in lonlat] == ["C", "B", None]
    assert index.area_at(0.0, 0.0) is None


@pytest.mark.parametrize("lonlat", [(np.nan, 30), (114, np.inf), (200, 10), (31, 114), ("east", 3), (None, 1)])
def test_a_place_that_is_not_on_the_globe_is_refused(lonlat):
    with pytest.raises(CrsError):
        AreaIndex.from_areas(town(TOWN)).area_at(*lonlat)


def test_a_single_lookup_agrees_with_many_on_edges():
    index = AreaIndex.from_areas(town(TOWN))
    corners = shapely.get_coordinates(town(TOWN).to_crs("OGC:CRS84").geometry.to_numpy())
    metric = gpd.GeoSeries.from_xy(corners[:, 0], corners[:, 1], crs="OGC:CRS84").to_crs(CRS)
    one_by_one = [index.area_at(lon, lat) for lon, lat in corners]
    assert one_by_one == [owner if isinstance(owner, str) else None for owner in index.locate(metric)]


def test_candidates_are_the_areas_within_the_accuracy_with_their_shares():
    index = AreaIndex.from_areas(town(TOWN))
    x, y = places((0.9, 0.5))
    lonlat = gpd.GeoSeries.from_xy(x, y, crs=CRS).to_crs("OGC:CRS84").iloc[0]
    near = index.candidates(lonlat.x, lonlat.y, accuracy_m=20)
    assert near["area_id"].to_list() == ["C", "D"]
    assert near["distance_m"].round(3).to_list() == [0.0, 10.0]
    assert near["border_m"].round(3).to_list() == [10.0, 10.0]
    assert near["share"].sum() == pytest.approx(1.0)
    assert near["share"].iloc[1] == pytest.approx(0.1955, abs=1e-3)
    assert index.candidates(lonlat.x, lonlat.y, accuracy_m=60)["area_id"].to_list() == ["C", "D", "A"]
    assert index.candidates(0.0, 0.0).empty


@pytest.mark.parametrize("accuracy_m", [0, -3, np.nan, np.inf])
def test_an_accuracy_must_be_a_positive_number(accuracy_m):
    with pytest.raises(TableError, match="accuracy_m"):
        AreaIndex.from_areas(town(TOWN)).candidates(114, 30, accuracy_m)


def test_areas_without_a_crs_are_refused():
    with pytest.raises(CrsError, match="areas: has no CRS"):
        AreaIndex.from_areas(town(TOWN).set_crs(None, allow_override=True))


def test_areas_in_degrees_are_refused():
    with pytest.raises(CrsError, match="degrees"):
        AreaIndex.from_areas(town(TOWN).to_crs("EPSG:4326"))


def test_no_areas_are_refused():
    with pytest.raises(TableError, match="has no row"):
        AreaIndex.from_areas(town(TOWN).iloc[:0])


def test_areas_of_several_levels_without_parents_are_refused():
    with pytest.raises(TableError, match="parent_id of 'B' \\(micro\\) is missing; with the levels grid, micro"):
        AreaIndex.from_areas(pd.concat([town("AA"), town("BB", level="micro")]))


def test_repeated_ids_are_refused():
    with pytest.raises(TableError, match="'A' stands more than once"):
        AreaIndex.from_areas(pd.concat([town("AA"), town("AA")]))


def test_a_self_crossing_area_is_refused():
    areas = town("AB")
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    areas.loc["B", "geometry"] = bow_tie
    with pytest.raises(TableError, match="'B' is invalid"):
        AreaIndex.from_areas(areas)


@pytest.mark.parametrize("cell_m", [0, -1, np.nan])
def test_a_cell_must_have_a_width(cell_m):
    with pytest.raises(TableError, match="cell_m"):
        AreaIndex.from_areas(town("AB"), cell_m=cell_m)


INDEX = AreaIndex.from_areas(town(TOWN))


@pytest.mark.parametrize(
    ("points", "error", "words"),
    [
        (gpd.GeoSeries([shapely.Point(114, 30)], crs="EPSG:4326"), CrsError, "points.to_crs"),
        (gpd.GeoSeries([shapely.Point(114, 30)]), CrsError, "points: has no CRS"),
        (gpd.GeoSeries([shapely.LineString([(0, 0), (1, 1)])], crs=CRS), TableError, "0 is a LineString, not a Point"),
        (([1.0, 2.0], [1.0]), TableError, "one length"),
        ((["here"], ["there"]), TableError, "numbers"),
        ("everywhere", TableError, "GeoSeries"),
        (([114.1, 114.2], [30.5, 30.6]), CrsError, "looks like degrees"),
        (([NORTH_M + 50], [EAST_M + 50]), CrsError, "swapped"),
        (([np.inf], [NORTH_M]), CrsError, "not finite"),
    ],
)
def test_points_that_cannot_be_meant_are_refused(points, error, words):
    with pytest.raises(error, match=words):
        INDEX.locate(points)


def test_the_origin_is_outside_and_not_taken_for_degrees():
    assert INDEX.locate([0.0], [0.0]).isna().all()


def test_points_outside_a_town_at_the_origin_are_not_taken_for_swapped():
    areas = town("A\nA\nA")
    areas = areas.set_geometry(areas.translate(-EAST_M, -NORTH_M))
    assert AreaIndex.from_areas(areas).locate([250.0], [50.0]).isna().all()


def test_an_index_travels_to_other_processes():
    index = pickle.loads(pickle.dumps(INDEX))
    assert index.locate(places((1, 1))).equals(INDEX.locate(places((1, 1))))
    assert index.area_at(114.0, 30.0) is None


@pytest.mark.parametrize("weights", [[1], [1, np.nan], ["a", "b"]])
def test_weights_must_be_one_number_a_point(weights):
    with pytest.raises(TableError, match="2 finite numbers"):
        INDEX.count(places((1, 1), (0.5, 0.5)), weights=weights)


def test_the_smallest_number_beside_an_edge_decides():
    areas = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 500, 500)], crs=CRS, index=pd.Index(["A"], name="area_id"))
    least = np.nextafter(0.0, 1.0)
    x, y = np.array([-least, 0.0, -0.0, least, 250.0, 250.0]), np.array([9.0, 9.0, 9.0, 9.0, -least, least])
    for cell_m in (None, 0.01, 3, 4000):
        index = AreaIndex.from_areas(areas, cell_m=cell_m)
        assert index.locate(x, y).notna().to_list() == [False, True, True, True, False, True]
        assert [find_owner(index._cells, *place) for place in zip(x, y, strict=True)] == [-1, 0, 0, 0, -1, 0]


def test_owners_stay_the_same_however_many_points_are_asked_for_at_once(monkeypatch):
    random = np.random.default_rng(5)
    x, y = EAST_M + random.integers(-20, 320, 5_000), NORTH_M + random.integers(-20, 220, 5_000)
    few = [INDEX.area_at_metres(*map(float, place)) or "-" for place in zip(x, y, strict=True)]
    assert INDEX.locate(x, y).fillna("-").to_list() == few
    monkeypatch.setattr("gridgeo.operate.point_search.LEAST_TO_COMPILE", 100)
    assert INDEX.locate(x, y).fillna("-").to_list() == few


def test_no_points_give_no_owners():
    assert INDEX.locate([], []).empty
    assert INDEX.state([], []).empty
    assert INDEX.count(([], [])).sum() == 0
    assert INDEX.cover_count([], []).empty
    assert INDEX.claims([], []).empty


def test_arguments_stay_as_they_were():
    areas, points = town(TOWN), gpd.GeoSeries.from_xy(*places((1, 1)), crs=CRS)
    before = areas.copy(), points.copy()
    AreaIndex.from_areas(areas).locate(points)
    assert areas.equals(before[0])
    assert points.equals(before[1])
