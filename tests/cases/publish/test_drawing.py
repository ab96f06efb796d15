"""Areas drawn for the screen stay a coverage, at every level and in whole numbers."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from drawn_plans import drawn_plan
from towns import CRS

from gridgeo.model.crs import LONLAT
from gridgeo.publish.drawing import SCALE, Frame, Pieces, count_cells, join_lines, label_anchors

ATOMS = """
    ABCD
    EFGH
    IJKL
"""
GRIDS = """
    1122
    1122
    3322
"""
MICRO = """
    abcd
    aecd
    ffcd
"""


@pytest.fixture
def plan():
    return drawn_plan(ATOMS, grid=GRIDS, micro=MICRO)


def wavy_plan():
    """Bend every border of a plan, so that there is something to straighten."""
    plan = drawn_plan(ATOMS, grid=GRIDS, micro=MICRO)

    def bend(xy):
        return xy + np.column_stack([8 * np.sin(xy[:, 1] / 17), 8 * np.sin(xy[:, 0] / 13)])

    fine = shapely.segmentize(plan.atoms.geometry.to_numpy(), 5.0)
    bent = shapely.set_precision(shapely.transform(fine, bend), 0)
    atoms = plan.atoms.set_geometry(gpd.GeoSeries(bent, crs=CRS, index=plan.atoms.index))
    return type(plan)(atoms, plan.owners, plan.register, plan.profile, plan.borders)


def decode(parts, frame):
    """Turn an area as the page carries it back into a polygon, as the page does."""

    def line(steps):
        return np.cumsum(np.array(steps).reshape(-1, 2), axis=0) + np.array([frame.west, frame.south])

    polygons = [shapely.Polygon(line(outer), [line(hole) for hole in holes]) for outer, *holes in parts]
    return shapely.multipolygons(polygons) if len(polygons) > 1 else polygons[0]


def test_simplified_levels_are_coverages_that_share_their_borders():
    plan = wavy_plan()
    drawn = Pieces.of(plan).draw(3.0)
    vertices = {level: set(map(tuple, shapely.get_coordinates(shapes.to_numpy()))) for level, shapes in drawn.items()}
    assert all(shapely.coverage_is_valid(shapes.to_numpy()) for shapes in drawn.values())
    assert vertices["community"] <= vertices["grid"] <= vertices["micro"]
    assert len(vertices["micro"]) < 0.5 * len(set(map(tuple, shapely.get_coordinates(plan.atoms.geometry.to_numpy()))))


def test_without_tolerance_the_areas_are_the_plans_own(plan):
    drawn = Pieces.of(plan).draw(0.0)
    assert drawn["grid"].index.tolist() == plan.areas("grid").index.tolist()
    assert shapely.equals(drawn["grid"].to_numpy(), plan.areas("grid").geometry.to_numpy()).all()


def test_areas_on_the_page_are_still_a_coverage():
    drawn = Pieces.of(wavy_plan()).draw(2.0)["grid"]
    frame = Frame.around(drawn)
    shapes = np.array([decode(parts, frame) for parts in frame.areas(drawn)])
    assert shapely.coverage_is_valid(shapes)
    assert shapely.is_valid(shapes).all()


def test_places_on_the_page_are_true_to_a_step():
    drawn = Pieces.of(wavy_plan()).draw(0.0)["grid"]
    frame = Frame.around(drawn)
    back = [decode(parts, frame) for parts in frame.areas(drawn)]
    there = shapely.transform(drawn.to_crs(LONLAT).to_numpy(), lambda lonlat: lonlat * SCALE)
    assert max(map(shapely.hausdorff_distance, back, there)) < 1.0


def test_a_hole_stays_a_hole():
    plan = drawn_plan(
        """
        ABC
        DEF
        GHI
        """,
        grid="111 121 111".replace(" ", "\n"),
    )
    drawn = Pieces.of(plan).draw(1.0)["grid"]
    assert [len(parts[0]) for parts in Frame.around(drawn).areas(drawn)] == [2, 1]


def test_a_name_is_written_inside_its_area(plan):
    shapes = plan.areas("grid").geometry
    anchors, radius_m = label_anchors(shapes)
    assert shapes.contains(anchors).all()
    assert radius_m.tolist() == pytest.approx([100, 100, 50], abs=1)


def test_points_are_counted_in_cells_so_that_no_single_place_is_published():
    points = gpd.GeoSeries.from_xy([7, 8, 107], [3, 4, 3], crs=CRS)
    middles, counts = count_cells(points, cell_m=15.0)
    assert counts.tolist() == [2, 1]
    assert shapely.get_coordinates(middles.to_numpy()).tolist() == [[7.5, 7.5], [112.5, 7.5]]


def test_cells_grow_until_a_page_can_carry_them():
    rng = np.random.default_rng(0)
    points = gpd.GeoSeries.from_xy(*rng.uniform(0, 3000, (2, 5000)), crs=CRS)
    middles, counts = count_cells(points, most=500)
    assert len(middles) <= 500
    assert counts.sum() == 5000


def test_the_pieces_of_a_street_become_one_line():
    pieces = [shapely.LineString([(0, 0), (50, 0.1), (100, 0)]), shapely.LineString([(100, 0), (200, 0)])]
    joined = join_lines(pieces)
    assert joined.geom_type == "LineString"
    assert shapely.get_num_coordinates(joined) == 2
