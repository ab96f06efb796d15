"""The certificate: it holds exactly where every point is covered once, and shows where not."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, communities, town

import gridgeo as gg
from gridgeo.model.errors import CrsError, TableError

TERRITORY = communities("""
    CCC
    CCC
""")
GRIDS = town("""
    AAB
    ACB
""")


def _with(areas, **shapes):
    areas = areas.copy()
    for area, shape in shapes.items():
        areas.loc[area, "geometry"] = shape
    return areas


def _at(*places):
    return [(500_000 + 100 * x, 3_400_000 + 100 * y) for x, y in places]


def test_a_town_that_is_covered_is_certified():
    proof = gg.certify(GRIDS, TERRITORY)
    assert proof.holds
    assert proof.exact
    assert proof
    assert len(proof.unmatched) == 0
    assert proof.areas == 3


@pytest.mark.parametrize("strict", [False, True])
def test_a_missing_square_is_not_certified_and_its_edge_is_shown(strict):
    proof = gg.certify(town("AAB\nA.B"), TERRITORY, strict=strict)
    assert not proof.holds
    assert not proof
    hole = shapely.box(*_at((1, 0))[0], *_at((2, 1))[0])
    assert shapely.equals(shapely.union_all(proof.unmatched.to_numpy()), hole.boundary)
    assert sorted(set(proof.unmatched.index)) == ["", "A", "B"]


def test_the_reason_names_the_land_that_is_wrong():
    assert "10000.000 m2 in no area" in gg.certify(town("AAB\nA.B"), TERRITORY).reason


def test_several_rows_of_a_territory_are_one():
    rows = communities("""
        CCD
        CDD
    """)
    assert gg.certify(GRIDS, rows).exact
    assert gg.certify(GRIDS, rows.geometry).exact
    assert gg.certify(GRIDS, shapely.union_all(rows.geometry.to_numpy())).holds


def test_rows_of_a_territory_may_overlap():
    whole = TERRITORY.geometry.iloc[0]
    rows = gpd.GeoSeries([whole, whole.buffer(-20)], crs=CRS)
    assert gg.certify(GRIDS, rows).holds


def test_a_series_of_polygons_is_enough():
    assert gg.certify(GRIDS.geometry, TERRITORY.geometry).holds


def test_a_vertex_on_one_side_only_covers_all_the_same_but_is_not_exact():
    finer = _with(GRIDS, A=shapely.segmentize(GRIDS.geometry["A"], 40))
    proof = gg.certify(finer, TERRITORY)
    assert proof.holds
    assert not proof.exact
    assert "noding" in proof.reason
    strict = gg.certify(finer, TERRITORY, strict=True)
    assert not strict.holds
    assert len(strict.unmatched)


def test_a_vertex_beside_a_slanted_border_by_rounding_is_certified():
    corners = shapely.Polygon(_at((0, 0), (3, 1), (3, 2), (0, 2)))
    start, end = (np.array(place) for place in _at((0, 0), (3, 1)))
    middle = tuple(start + (end - start) / 3)
    below = shapely.Polygon([*_at((0, 0)), middle, *_at((3, 1), (3, 0))])
    areas = gpd.GeoSeries([corners, below], index=["A", "B"], crs=CRS)
    assert gg.certify(areas, TERRITORY).holds


def test_a_sliver_of_a_millimetre_is_not_certified_unless_asked():
    west, east = (
        shapely.box(*_at((0, 0))[0], 500_149.999, 3_400_200),
        shapely.box(500_150, 3_400_000, 500_300, 3_400_200),
    )
    areas = gpd.GeoSeries([west, east], index=["A", "B"], crs=CRS)
    assert not gg.certify(areas, TERRITORY).holds
    assert gg.certify(areas, TERRITORY, tolerance_m=0.002).holds


def test_an_overlap_and_a_gap_of_one_size_do_not_make_up_for_each_other():
    areas = gpd.GeoSeries(
        [shapely.box(*_at((0, 0))[0], *_at((1, 2))[0]), shapely.box(*_at((0.5, 0))[0], *_at((2.5, 2))[0])], crs=CRS
    )
    proof = gg.certify(areas, TERRITORY)
    assert not proof.holds
    assert "10000.000 m2 in no area, 10000.000 m2 in several" in proof.reason


def test_a_doubled_map_is_not_certified():
    assert not gg.certify(pd.concat([GRIDS, GRIDS]), TERRITORY).holds


def test_an_area_outside_is_not_certified():
    more = pd.concat([GRIDS, town("Z").set_geometry(GRIDS.geometry[["A"]].translate(1000).to_numpy(), crs=CRS)])
    proof = gg.certify(more, TERRITORY)
    assert not proof.holds
    assert set(proof.unmatched.index) == {"Z"}


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (shapely.Polygon(_at((0, 0), (2, 2), (2, 0), (0, 2))), "is invalid: Self-intersection"),
        (None, "has no geometry"),
        (shapely.Polygon(), "has no geometry"),
        (shapely.Point(_at((0, 0))[0]), "is a Point, not an area"),
    ],
)
def test_a_row_that_is_no_valid_polygon_is_named(shape, said):
    proof = gg.certify(_with(GRIDS, A=shape), TERRITORY)
    assert not proof.holds
    assert proof.reason.startswith("area 'A'")
    assert said in proof.reason


def test_bow_ties_that_fit_together_are_still_refused():
    # coverage_is_valid says True for such a set: the rings match, but each polygon is wrong.
    west, middle, east = _at((0, 0), (0, 2)), _at((1, 0), (1, 2)), _at((2, 0), (2, 2))
    crossed = shapely.Polygon([west[0], middle[1], middle[0], west[1]])
    areas = gpd.GeoSeries([crossed, shapely.box(*middle[0], *east[1])], crs=CRS)
    assert not gg.certify(areas, TERRITORY).holds


def test_no_areas_cover_nothing():
    proof = gg.certify(GRIDS.iloc[:0], TERRITORY)
    assert not proof.holds
    assert "60000.000 m2 in no area" in proof.reason


def test_a_territory_without_land_is_never_covered():
    assert not gg.certify(GRIDS, TERRITORY.iloc[:0]).holds
    assert gg.certify(GRIDS, shapely.Polygon()).reason == "the territory has no geometry"


def test_heights_do_not_matter():
    assert gg.certify(GRIDS.set_geometry(shapely.force_3d(GRIDS.geometry.to_numpy(), 7.0), crs=CRS), TERRITORY).exact


def test_what_is_given_is_not_changed():
    areas, territory = GRIDS.copy(), TERRITORY.copy()
    gg.certify(areas, territory)
    pd.testing.assert_frame_equal(pd.DataFrame(areas.to_wkb()), pd.DataFrame(GRIDS.to_wkb()))
    pd.testing.assert_frame_equal(pd.DataFrame(territory.to_wkb()), pd.DataFrame(TERRITORY.to_wkb()))


def test_degrees_are_refused():
    with pytest.raises(CrsError, match="in degrees"):
        gg.certify(GRIDS.to_crs("EPSG:4326"), TERRITORY)


def test_two_reference_systems_are_refused():
    with pytest.raises(CrsError, match=r"to_crs\(areas.crs\)"):
        gg.certify(GRIDS, TERRITORY.to_crs("EPSG:32650"))


def test_what_is_no_table_is_refused():
    with pytest.raises(TableError, match="areas: is a list"):
        gg.certify([1, 2], TERRITORY)
    with pytest.raises(TableError, match="has no geometry"):
        gg.certify(gpd.GeoDataFrame({"a": [1]}), TERRITORY)
