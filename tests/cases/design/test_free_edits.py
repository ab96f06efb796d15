"""Edits by hand on maps without atoms: what each does, what is refused, and that a refusal changes nothing."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from broken_maps import ragged_map
from random_edits import RandomHand
from real_maps import layer, messy
from towns import CRS, EAST_M, NORTH_M, SIDE_M, households_at, town

import gridgeo as gg

DRAWING = """
    AABB
    AABB
    CCDD
"""


def at(x, y):
    return EAST_M + SIDE_M * x, NORTH_M + SIDE_M * y


def line(*places):
    return shapely.LineString([at(*place) for place in places])


def polygon(*places):
    return shapely.Polygon([at(*place) for place in places])


def box(west, south, east, north):
    return polygon((west, south), (east, south), (east, north), (west, north))


def squares(editor):
    """Give the size of each area in squares."""
    return {name: round(shape.area / SIDE_M**2, 6) for name, shape in editor.areas.geometry.items()}


def is_sound(editor):
    """Prove the map without the editor's help."""
    shapes = editor.areas.geometry.to_numpy()
    apart = shapely.symmetric_difference(shapely.union_all(shapes), editor.territory).area
    return bool(shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes)) and apart < 1e-6


@pytest.fixture
def editor():
    return gg.MapEditor(town(DRAWING))


def test_an_area_is_cut_by_a_line_that_may_reach_beyond_it(editor):
    rows = editor.cut("A", line((-1, 1.5), (3, 1.5)))
    assert squares(editor) == {"A": 3, "A-2": 1, "B": 4, "C": 2, "D": 2}
    assert is_sound(editor)
    assert editor.certificate().exact
    assert rows["area_id"].tolist() == ["A", "A-2"]
    assert rows["lost_m2"].tolist() == [10_000.0, 0.0]
    # The vertex on the border is there on the other side too; B is touched, C and D are not.
    assert at(2, 1.5) in list(editor.shape("B").exterior.coords)


def test_the_larger_piece_keeps_the_id_unless_a_point_says_otherwise(editor):
    editor.cut("A", line((-1, 2.2), (3, 2.2)), ["north"])
    assert squares(editor)["north"] == pytest.approx(1.6)
    editor.undo()
    editor.cut("A", line((-1, 2.2), (3, 2.2)), ["south"], keep=shapely.Point(at(1, 2.9)))
    assert squares(editor)["A"] == pytest.approx(1.6)
    assert squares(editor)["south"] == pytest.approx(2.4)


def test_a_line_that_comes_back_cuts_into_three_and_ids_go_by_size(editor):
    editor.cut("A", line((-1, 1.2), (1.5, 1.2), (1.5, 1.6), (-1, 1.6)), ["strip"])
    assert squares(editor)["strip"] == pytest.approx(0.6)
    editor.undo()
    editor.cut("A", line((0.5, 0.5), (0.5, 3.5), (1.2, 3.5), (1.2, 0.5)), ["west", "middle"])
    assert squares(editor) == {"A": 1.6, "west": 1.4, "middle": 1.0, "B": 4, "C": 2, "D": 2}
    assert is_sound(editor)


def test_a_ring_cuts_out_an_island(editor):
    ring = line((0.5, 1.5), (1.5, 1.5), (1.5, 2.5), (0.5, 2.5), (0.5, 1.5))
    editor.cut("A", ring, ["island"])
    assert squares(editor)["island"] == 1
    assert len(editor.shape("A").interiors) == 1
    assert is_sound(editor)
    # The border of the island is a ring: of its two stretches the one that moves less land is replaced.
    editor.move_border("A", "island", line((1.5, 1.75), (1.75, 2), (1.5, 2.25)))
    assert squares(editor)["island"] == pytest.approx(1.0625)


def test_new_areas_take_the_attributes_and_counts_nobody_knows_are_missing():
    areas = town(DRAWING, households=7, parent_id="P")
    editor = gg.MapEditor(areas)
    editor.cut("A", line((-1, 1.5), (3, 1.5)))
    drawn = editor.areas
    assert drawn.loc["A-2", ["level", "parent_id", "name"]].tolist() == ["grid", "P", "A"]
    assert drawn["area_m2"].to_dict() == pytest.approx(drawn.area.to_dict())
    assert drawn["households"].isna().to_dict() == {"A": True, "B": False, "C": False, "D": False, "A-2": True}
    assert drawn.columns.tolist() == areas.columns.tolist()
    assert areas["households"].tolist() == [7] * 4


def test_households_are_counted_where_points_are_given():
    homes = households_at([(0.5, 1.2), (0.5, 1.3), (0.5, 2.5), (3, 2)], count=10)
    editor = gg.MapEditor(town(DRAWING, households=1), households=homes)
    rows = editor.give(box(0, 1, 1, 2), "C").set_index("area_id")
    assert rows["households_gained"].to_dict() == {"A": 0, "C": 20}
    assert rows["households_lost"].to_dict() == {"A": 20, "C": 0}
    assert editor.areas["households"].to_dict() == {"A": 10, "B": 1, "C": 20, "D": 1}


def test_a_stretch_of_border_is_dragged_and_its_ends_stay(editor):
    rows = editor.move_border("A", "B", line((2, 1.5), (2.5, 2), (2, 2.5)))
    assert squares(editor) == {"A": 4.25, "B": 3.75, "C": 2, "D": 2}
    assert rows["gained_m2"].tolist() == [2500.0, 0.0]
    assert is_sound(editor)


def test_a_line_that_winds_about_the_border_gives_land_both_ways(editor):
    rows = editor.move_border("B", "A", line((2, 1.2), (2.4, 1.4), (1.6, 2.2), (2, 2.6))).set_index("area_id")
    assert rows.loc["A", "gained_m2"] > 0
    assert rows.loc["A", "lost_m2"] > 0
    assert is_sound(editor)


def test_a_line_from_edge_to_edge_is_the_new_border_and_neighbours_get_its_ends(editor):
    editor.move_border("A", "B", line((1.5, 1), (1.5, 3)))
    assert squares(editor) == {"A": 3, "B": 5, "C": 2, "D": 2}
    assert at(1.5, 1) in list(editor.shape("C").exterior.coords)
    assert at(1.5, 3) in list(editor.territory.exterior.coords)
    assert is_sound(editor)
    assert editor.certificate().exact


def test_one_end_of_a_border_slides_along_a_third_area(editor):
    editor.move_border("A", "B", line((2, 2), (1.5, 1)))
    assert squares(editor) == {"A": 3.75, "B": 4.25, "C": 2, "D": 2}
    assert is_sound(editor)


def test_a_junction_moves_with_all_borders_that_end_there(editor):
    rows = editor.move_junction(shapely.Point(at(2, 1)), shapely.Point(at(2.5, 1.5)))
    assert rows["area_id"].tolist() == ["A", "B", "C", "D"]
    assert all(at(2.5, 1.5) in list(shape.exterior.coords) for shape in editor.areas.geometry)
    assert is_sound(editor)


def test_vertices_around_a_junction_follow_within_reach():
    ragged = ragged_map(4, 4)
    editor = gg.MapEditor(ragged.areas, ragged.territory)
    corner = shapely.get_coordinates(editor.shape("A0001-0001"))[0]
    editor.move_junction(shapely.Point(corner), shapely.Point(corner + np.array([60, 40])), reach_m=200)
    before = shapely.get_coordinates(ragged.areas.geometry["A0001-0001"])
    moved = shapely.get_coordinates(editor.shape("A0001-0001")) - before
    far = np.hypot(*(before - corner).T) >= 200
    assert (moved[far] == 0).all()
    assert (np.hypot(*moved[~far].T) > 0).all()
    assert tuple(moved[0]) == pytest.approx((60, 40))
    assert is_sound(editor)


def test_a_piece_of_several_areas_goes_to_one(editor):
    rows = editor.give(box(1, 0.5, 3, 1.5), "C").set_index("area_id")
    assert squares(editor) == {"A": 3.5, "B": 3.5, "C": 3.5, "D": 1.5}
    assert rows["lost_m2"].to_dict() == {"A": 5000.0, "B": 5000.0, "C": 0.0, "D": 5000.0}
    assert is_sound(editor)


def test_a_piece_drawn_a_hair_beside_a_border_leaves_no_hair(editor):
    editor.give(box(1.00001, 1.00003, 2.00004, 2), "C")
    assert squares(editor)["C"] == pytest.approx(3, abs=1e-4)
    assert squares(editor)["B"] == 4
    assert is_sound(editor)


def test_areas_are_merged_and_the_other_id_ends(editor):
    editor.merge("C", "D")
    assert squares(editor) == {"A": 4, "B": 4, "C": 4}
    assert is_sound(editor)
    with pytest.raises(gg.EditError, match="no area 'D' among 3"):
        editor.merge("A", "D")
    assert editor.neighbours("C") == ["A", "B"]


def test_undo_gives_back_the_same_objects_and_the_log_forgets(editor):
    before, outline = editor.areas, editor.territory
    editor.cut("A", line((-1, 1.5), (3, 1.5)))
    editor.merge("C", "D")
    editor.give(box(2, 1, 3, 2), "A")
    assert editor.log["edit"].tolist() == [1, 1, 2, 2, 3, 3]
    for _ in range(3):
        editor.undo()
    assert all(one is two for one, two in zip(editor.areas.geometry, before.geometry, strict=True))
    assert editor.areas.equals(before)
    assert editor.territory is outline
    assert editor.log.empty
    with pytest.raises(gg.EditError, match="no edit to take back"):
        editor.undo()


REFUSED = {
    "a line that ends inside": (lambda e: e.cut("A", line((-1, 1.5), (1, 1.5))), "ends inside at .*50.0 m from"),
    "a line beside the area": (
        lambda e: e.cut("A", line((-2, 1), (-2, 3))),
        "does not cut area 'A': it passes it at 200",
    ),
    "a line along the edge": (lambda e: e.cut("A", line((0, 1), (0, 3))), "only touches its edge"),
    "a line that crosses itself": (
        lambda e: e.cut("A", line((-1, 1.5), (3, 1.5), (3, 3), (1, 1), (1, 4))),
        "crosses itself",
    ),
    "a line of one place": (lambda e: e.cut("A", shapely.LineString([at(1, 1), at(1, 1)])), "no length"),
    "no line": (lambda e: e.cut("A", box(0, 1, 1, 2)), "is a Polygon; draw one LineString"),
    "coordinates that are no numbers": (
        lambda e: e.cut("A", shapely.LineString([at(0, 1), (np.nan, 2)])),
        "not finite: vertex 2",
    ),
    "a thin piece": (
        lambda e: e.cut("A", line((-1, 1.005), (3, 1.005))),
        "nowhere wider than 50.* cm, below narrowest_m=1",
    ),
    "an unknown id": (lambda e: e.cut("Z", line((-1, 1.5), (3, 1.5))), "no area 'Z' among 4"),
    "a taken id": (lambda e: e.cut("A", line((-1, 1.5), (3, 1.5)), ["B"]), "new id 'B' is taken"),
    "too many ids": (
        lambda e: e.cut("A", line((-1, 1.5), (3, 1.5)), ["X", "Y"]),
        "into 2 pieces, new_ids has 2; give 1",
    ),
    "an empty id": (lambda e: e.cut("A", line((-1, 1.5), (3, 1.5)), [" "]), "new id ' ' is empty"),
    "keep beside the area": (
        lambda e: e.cut("A", line((-1, 1.5), (3, 1.5)), keep=shapely.Point(at(3, 3))),
        "lies in no piece of area 'A'",
    ),
    "a piece out of the territory": (lambda e: e.give(box(-0.5, 1, 1, 2), "C"), "reaches 5,000 m2 out of all areas"),
    "a piece out of the giver": (
        lambda e: e.give(box(1, 1, 2.5, 2), "C", givers="A"),
        "reaches 5,000 m2 into area 'B' at .* not among the givers A",
    ),
    "a place beyond the globe": (lambda e: e.give(box(-1e9, 0, 1e9, 1), "C"), "no place on the globe is beyond"),
    "an id that is missing": (lambda e: e.cut("A", line((-1, 1.5), (3, 1.5)), [None]), "new id '' is empty"),
    "a piece of its own": (lambda e: e.give(box(0, 1, 1, 2), "A"), "belongs to area 'A' already"),
    "a piece that does not touch": (
        lambda e: e.give(box(0.5, 1.5, 1, 2), "C"),
        "area 'C' would be in 2 parts, one of 2,500 m2",
    ),
    "a piece that parts the giver": (lambda e: e.give(box(0.8, 1, 1.2, 3), "C"), "area 'A' would be in 2 parts"),
    "all land of an area": (lambda e: e.give(box(0, 1, 2, 3), "C"), "area 'A' would be left without land; use merge"),
    "a piece that crosses itself": (
        lambda e: e.give(polygon((0, 1), (1, 2), (1, 1), (0, 2)), "C"),
        "piece is invalid: Self-intersection",
    ),
    "a piece that is a line": (lambda e: e.give(line((0, 1), (1, 2)), "C"), "is a LineString; draw a Polygon"),
    "a strip left over": (
        lambda e: e.give(box(0.005, 1, 2, 3), "C"),
        "area 'A' would have 100 m2 at .* nowhere wider than 50.* cm",
    ),
    "areas that do not touch along a line": (lambda e: e.merge("A", "D"), "area 'A' would be in 2 parts"),
    "an area with itself": (lambda e: e.merge("A", "A"), "'A' is named twice"),
    "a border of areas that have none": (
        lambda e: e.move_border("A", "D", line((1, 1), (2, 1))),
        "'A' and 'D' have no border in common",
    ),
    "a border through a third area": (
        lambda e: e.move_border("A", "B", line((2, 1.5), (1.5, 0.5), (2, 2))),
        "the line leaves areas 'A' and 'B' at .*give\\(piece, to\\)",
    ),
    "a border that ends inside": (
        lambda e: e.move_border("A", "B", line((2, 1.5), (2.5, 2))),
        "the line's end at .* lies 50 m from the borders",
    ),
    "the border as it is": (
        lambda e: e.move_border("A", "B", line((2, 1.5), (2, 2))),
        "is the border of areas 'A' and 'B'",
    ),
    "a border that takes all": (
        lambda e: e.move_border("A", "B", line((2, 1), (4, 1), (4, 3), (2, 3))),
        "area 'B' would be left without land|does not part",
    ),
    "no junction there": (
        lambda e: e.move_junction(shapely.Point(at(1.9, 1)), shapely.Point(at(2, 1))),
        "no vertex lies at .*the nearest is 10.00 m away",
    ),
    "a junction on the outline": (
        lambda e: e.move_junction(shapely.Point(at(2, 3)), shapely.Point(at(2, 2.9))),
        "on the outline of the territory",
    ),
    "a junction beyond other borders": (
        lambda e: e.move_junction(shapely.Point(at(2, 1)), shapely.Point(at(5, 5))),
        "would be invalid|would not cover",
    ),
    "a junction at no place": (
        lambda e: e.move_junction(shapely.Point(at(2, 1)), shapely.Point(np.inf, 1)),
        "not finite",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_way_out_and_changes_nothing(editor, name):
    edit, message = REFUSED[name]
    editor.move_border("A", "B", line((2, 1.5), (2.1, 2), (2, 2.5)))
    editor.undo()
    before, log = editor.areas, editor.log
    with pytest.raises(gg.EditError, match=message):
        edit(editor)
    assert all(one is two for one, two in zip(editor.areas.geometry, before.geometry, strict=True))
    assert editor.areas.equals(before)
    assert editor.log.equals(log)
    assert is_sound(editor)


def test_several_parts_can_be_allowed():
    editor = gg.MapEditor(town(DRAWING), several_parts=True)
    editor.give(box(0.8, 1, 1.2, 3), "C")
    assert shapely.get_num_geometries(editor.shape("A")) == 2
    editor.merge("B", "C")
    # A part that the line does not reach stays with the piece that keeps the id.
    editor.cut("A", line((-1, 1.5), (0.9, 1.5)), ["south"])
    assert squares(editor)["south"] == pytest.approx(0.4)
    assert squares(editor)["A"] == pytest.approx(2.8)
    assert is_sound(editor)


def test_a_piece_in_two_parts_and_a_piece_with_a_hole_are_given(editor):
    editor.give(shapely.union(box(0, 1, 0.5, 2), box(1, 1, 1.5, 2)), "C")
    assert squares(editor)["C"] == 3
    editor.give(polygon((2, 1), (2, 2), (3, 2), (3, 1)), "A", givers=["B"])
    assert squares(editor) == {"A": 4, "B": 3, "C": 3, "D": 2}
    assert is_sound(editor)


def test_borders_of_areas_in_several_parts_attract_what_is_drawn_beside_them():
    areas = town(
        """
        ABA
        ABA
        """
    )
    editor = gg.MapEditor(areas)
    editor.cut("B", line((1.00003, 1), (1.99996, 1)))
    assert squares(editor) == {"A": 4, "B": 1, "B-2": 1}
    assert is_sound(editor)
    editor.give(box(2.00002, 0, 2.5, 1), "B", givers="A")
    assert squares(editor)["A"] == 3.5
    assert shapely.get_num_geometries(editor.shape("A")) == 2
    assert is_sound(editor)


PARENTS = """
    PPQQ
    PPQQ
    PPQQ
"""
ACROSS = {
    "give": lambda e: e.give(box(1.5, 1, 2, 2), "B"),
    "merge": lambda e: e.merge("C", "D"),
    "move_border": lambda e: e.move_border("A", "B", line((2, 1.5), (2.1, 2), (2, 2.5))),
    "move_junction": lambda e: e.move_junction(shapely.Point(at(2, 1)), shapely.Point(at(2.1, 1))),
}


@pytest.mark.parametrize("name", ACROSS)
def test_land_stays_in_its_parent(name):
    editor = gg.MapEditor(town(DRAWING), parents=town(PARENTS, level="community"))
    before = editor.areas
    with pytest.raises(gg.EditError, match="cross the border of their parents 'P', 'Q' at"):
        ACROSS[name](editor)
    assert all(one is two for one, two in zip(editor.areas.geometry, before.geometry, strict=True))
    ACROSS[name](gg.MapEditor(town(DRAWING)))


def test_inside_a_parent_everything_is_allowed_and_a_vertex_may_stand_on_its_border():
    editor = gg.MapEditor(town(DRAWING), parents=town(PARENTS, level="community"))
    editor.cut("A", line((-1, 1.3), (3, 1.7)))
    editor.move_border("B", "D", line((2, 1), (2.5, 1.3), (4, 1)))
    editor.move_junction(shapely.Point(at(2, 1)), shapely.Point(at(2, 1.2)))
    editor.merge("A-2", "C")
    assert is_sound(editor)
    west = shapely.union_all([editor.shape(name) for name in ("A", "A-2")])
    assert west.symmetric_difference(box(0, 0, 2, 3)).area < 1e-6


def test_the_map_must_be_a_coverage_with_ids_of_its_own():
    gap = town(DRAWING).drop("A")
    with pytest.raises(gg.TableError, match=r"4.* m2 in no area.*gg\.repair"):
        gg.MapEditor(gap, town(DRAWING).geometry)
    areas = town(DRAWING)
    with pytest.raises(gg.TableError, match="area_id 'B' is there twice"):
        gg.MapEditor(areas.rename(index={"A": "B"}))
    with pytest.raises(gg.TableError, match="has no rows"):
        gg.MapEditor(areas.iloc[:0])
    with pytest.raises(gg.CrsError, match="degrees"):
        gg.MapEditor(areas.to_crs(4326))
    with pytest.raises(gg.TableError, match="narrowest_m is -1"):
        gg.MapEditor(areas, narrowest_m=-1)
    overlap = areas.copy()
    overlap.loc["A", "geometry"] = box(0, 1, 2.5, 3)
    with pytest.raises(gg.TableError, match="covered exactly once"):
        gg.MapEditor(overlap)


def test_vertices_on_one_side_of_a_border_are_matched_at_the_start():
    areas = town(DRAWING)
    areas.loc["A", "geometry"] = polygon((0, 1), (2, 1), (2, 1.7), (2, 3), (0, 3))
    areas.loc["B", "geometry"] = polygon((2, 1), (4, 1), (4, 3), (2, 3))
    editor = gg.MapEditor(areas)
    assert at(2, 1.7) in list(editor.shape("B").exterior.coords)
    assert editor.shape("D") is areas.geometry["D"]
    editor.cut("A", line((-1, 1.7), (3, 1.7)))
    assert is_sound(editor)
    assert editor.certificate().exact


def test_slanted_borders_stay_exact_where_crossings_are_rounded():
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    areas = town(DRAWING)
    areas = areas.set_geometry(
        gpd.GeoSeries(
            [shapely.transform(shape, lambda xy: (xy - at(0, 0)) @ turn.T + at(0, 0)) for shape in areas.geometry],
            index=areas.index,
            crs=CRS,
        )
    )
    editor = gg.MapEditor(areas)
    for share in (0.137, 0.291, 0.733):
        west, _, east, _ = areas.total_bounds
        x = west + share * (east - west)
        for name in list(editor.areas.index):
            shape = editor.shape(name)
            if shapely.LineString([(x, 0), (x, 1e7)]).intersection(shape).length > 5:
                editor.cut(name, shapely.LineString([(x, NORTH_M - 1000), (x, NORTH_M + 1000)]))
    assert len(editor) > 8
    assert is_sound(editor)
    assert editor.certificate().exact


@pytest.mark.parametrize("name", ["fairfield_oh", "albany_ny"])
def test_a_real_map_is_repaired_then_edited(name):
    areas, ground, _ = messy(name)
    edit_and_prove(gg.MapEditor(gg.repair(areas, ground).areas, ground))


def test_neighborhoods_and_statistical_areas_are_edited():
    city = layer("cambridge_ma/cambridge.gpkg", "city_boundary")
    edit_and_prove(gg.MapEditor(gg.repair(layer("cambridge_ma/cambridge.gpkg", "neighborhoods"), city).areas, city))
    edit_and_prove(gg.MapEditor(layer("taipei_statistical_areas/areas.gpkg", "base_areas")))


def test_the_benchmark_of_edits_ends_with_a_proof(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[3] / "benchmarks"))
    import edits

    monkeypatch.setitem(edits.EDITS, "small", 40)
    rows = {row.step: row for row in edits.rows("small", seed=1)}
    assert rows["give"].peer_cost.seconds > 0
    assert rows["edit"].count + int(re.search(r"(\d+) refused", rows["edit"].note).group(1)) == 40
    assert rows["certificate"].note.startswith("holds: True, exact: True, coverage_is_valid: True")


def edit_and_prove(editor, edits=40):
    before = editor.areas.geometry
    hand = RandomHand(editor, size_m=float(np.sqrt(before.area.median())))
    for _ in range(edits):
        hand.edit()
    assert len(hand.done) > edits / 2
    assert editor.certificate().exact
    shapes = editor.areas.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(before.area.sum(), rel=1e-12)
    while len(editor.log):
        editor.undo()
    assert all(one is two for one, two in zip(editor.areas.geometry, before, strict=True))
