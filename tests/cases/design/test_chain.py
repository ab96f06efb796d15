"""The boundary chain: segments of neighbours cancel, and what is left bounds the defects."""

import numpy as np
import pytest
import shapely
from towns import town

from gridgeo.design.chain import TERRITORY, boundary_segments, closes, join_segments, match, number_points

GRIDS = town("""
    AAB
    ACB
""")


def _chain(areas, territory):
    outer = boundary_segments(np.array([territory]), np.array([TERRITORY]), sign=-1)
    return join_segments(boundary_segments(np.array(areas, dtype=object)), outer)


def _left(areas, territory, **how):
    segments = _chain(areas, territory)
    return segments.take(match(segments, **how).unmatched())


SQUARE = shapely.box(0, 0, 10, 10)
WEST, EAST = shapely.box(0, 0, 4, 10), shapely.box(4, 0, 10, 10)
WHOLE = shapely.Polygon([(0, 0), (4, 0), (10, 0), (10, 10), (4, 10), (0, 10)])


@pytest.mark.parametrize("strict", [False, True])
def test_areas_that_tile_their_territory_leave_nothing(strict):
    shapes = GRIDS.geometry.to_numpy()
    assert closes(_chain(shapes, shapely.coverage_union_all(shapes)), strict=strict)
    assert len(_left(shapes, shapely.coverage_union_all(shapes), strict=strict)) == 0


@pytest.mark.parametrize("strict", [False, True])
def test_the_direction_in_which_a_ring_was_drawn_does_not_matter(strict):
    for areas in ([WEST, EAST.reverse()], [WEST.reverse(), EAST], [WEST.reverse(), EAST.reverse()]):
        assert len(_left(areas, WHOLE, strict=strict)) == 0
        assert len(_left(areas, WHOLE.reverse(), strict=strict)) == 0


def test_the_vertex_at_which_a_ring_begins_does_not_matter():
    turned = shapely.Polygon(np.roll(shapely.get_coordinates(EAST)[:-1], 2, axis=0))
    assert len(_left([WEST, turned], WHOLE)) == 0


def test_a_hole_is_filled_by_the_area_that_fits_into_it():
    inner = shapely.box(3, 3, 5, 5)
    assert len(_left([SQUARE.difference(inner), inner], SQUARE)) == 0
    assert len(_left([SQUARE.difference(inner)], SQUARE)) == 4


def test_parts_of_one_area_count_like_areas():
    assert len(_left([shapely.MultiPolygon([WEST, EAST])], WHOLE)) == 0


def test_what_is_left_belongs_to_those_who_border_the_defect():
    left = _left([WEST], WHOLE)
    assert sorted(set(left.owner.tolist())) == [TERRITORY, 0]
    assert len(left) == 4


def test_an_area_twice_is_left_over_though_its_edges_have_opposites():
    left = _left([WEST, EAST, EAST], WHOLE)
    assert {1, 2} <= set(left.owner.tolist())


def test_a_repeated_vertex_is_no_segment():
    stutter = shapely.Polygon([(0, 0), (4, 0), (4, 0), (4, 10), (0, 10), (0, 10)])
    assert len(boundary_segments(np.array([stutter]))) == 4
    assert len(_left([stutter, EAST], WHOLE)) == 0


def test_a_negative_zero_is_zero():
    one = shapely.Polygon([(0.0, 0.0), (4, 0.0), (4, 10), (0.0, 10)])
    two = shapely.Polygon([(-0.0, -0.0), (4, -0.0), (4, 10), (-0.0, 10)])
    assert len(_left([one], two)) == 0


def test_one_ulp_is_a_difference():
    off = shapely.Polygon([(0, 0), (np.nextafter(4, 5), 0), (4, 10), (0, 10)])
    assert len(_left([off, EAST], WHOLE)) > 0
    assert len(_left([off, EAST], WHOLE, strict=True)) > 0


def test_empty_and_missing_shapes_have_no_segments():
    shapes = np.array([shapely.Polygon(), None, shapely.MultiPolygon()], dtype=object)
    assert len(boundary_segments(shapes)) == 0
    assert match(boundary_segments(shapes)).closes


def test_rings_run_the_right_way_far_from_the_origin():
    thin = shapely.Polygon([(5e5, 3.4e6), (5e5 + 1e-3, 3.4e6), (5e5 + 1e-3, 3.4e6 + 1e-3), (5e5, 3.4e6 + 1e-3)])
    for shape in (thin, thin.reverse()):
        assert len(_left([shape], thin)) == 0


def test_segments_of_different_labels_do_not_cancel():
    segments = boundary_segments(np.array([WEST, EAST]))
    together, apart = (match(segments, label=np.array(label)[segments.owner]) for label in ([7, 7], [7, 8]))
    assert (together.sums == 0).sum() == 1
    assert (apart.sums == 0).sum() == 0


def test_strict_and_hashed_chains_agree_on_a_broken_map():
    shapes = [shape.buffer(0.3, join_style="mitre") if at == 1 else shape for at, shape in enumerate(GRIDS.geometry)]
    segments = _chain(shapes, shapely.coverage_union_all(GRIDS.geometry.to_numpy()))
    assert match(segments).unmatched().tolist() == match(segments, strict=True).unmatched().tolist()


@pytest.mark.parametrize("strict", [False, True])
def test_a_chain_that_is_open_anywhere_does_not_close(strict):
    assert not closes(_chain([WEST], WHOLE), strict=strict)
    assert not closes(_chain([WEST, EAST, EAST], WHOLE), strict=strict)
    assert not closes(_chain([shapely.box(0, 0, 4, 9), EAST], WHOLE), strict=strict)
    assert closes(_chain([WEST, EAST.reverse()], WHOLE), strict=strict)
    assert closes(boundary_segments(np.array([None], dtype=object)), strict=strict)


def test_holes_and_parts_among_plain_areas_keep_their_order():
    inner = shapely.box(6, 3, 8, 5)
    ring = EAST.difference(inner)
    pierced = shapely.box(30, 0, 32, 2).difference(shapely.box(31, 1, 31.5, 1.5))
    two = shapely.MultiPolygon([shapely.box(20, 0, 21, 1), pierced])
    shapes = [ring, None, WEST, shapely.Polygon(), two, inner]
    segments = boundary_segments(np.array(shapes, dtype=object))
    assert segments.owner.tolist() == [0] * 8 + [2] * 4 + [4] * 12 + [5] * 4
    for owner, shape in enumerate(shapes):
        if shape is not None and not shape.is_empty:
            lines = shapely.union_all(segments.take(segments.owner == owner).lines())
            assert shapely.equals(lines, shape.boundary)
    x, y = segments.ends[:, 0] - segments.ends[:, 2], segments.ends[:, 1] + segments.ends[:, 3]
    under = np.bincount(segments.owner, weights=segments.weight * x * y / 2)
    assert under[[0, 2, 4, 5]] == pytest.approx([ring.area, WEST.area, two.area, inner.area])


def test_points_in_columns_and_rows_are_numbered_by_x_then_y():
    random = np.random.default_rng(0)
    xy = np.column_stack([random.integers(0, 9, 500), random.integers(0, 40, 500)]) / 4.0
    xy[:50, 0] = random.uniform(0, 2, 50)
    expected = np.unique(xy, axis=0, return_inverse=True)[1].ravel()
    assert number_points(xy).tolist() == expected.tolist()
    assert number_points(np.empty((0, 2))).tolist() == []
