"""What probably caused a defect: told where it was made so, and not told where nothing points to it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from broken_maps import break_map, ragged_map
from towns import CRS, communities, town

import gridgeo as gg
from gridgeo.design.causes import CAUSES
from gridgeo.design.findings import KINDS, NEEDS
from gridgeo.publish.report_words import CAUSES as CAUSE_WORDS
from gridgeo.publish.report_words import KIND_SENTENCES, REMEDIES
from gridgeo.publish.words import FINDING_KINDS

TERRITORY = communities("CCCC\nCCCC\nCCCC")
GRIDS = town("AABB\nAABB\nDDEE")
A, B, D, E = GRIDS.geometry


def at(x, y):
    return (500_000 + 100 * x, 3_400_000 + 100 * y)


def box(west, south, east, north):
    return shapely.box(*at(west, south), *at(east, north))


def with_(**shapes):
    areas = GRIDS.copy()
    for area, shape in shapes.items():
        areas.loc[area, "geometry"] = shape
    return areas


def causes(areas, territory=TERRITORY, **how):
    findings = gg.audit(areas, territory, **how)
    return dict(zip(findings["kind"], findings["cause"], strict=True))


def wavy(points, amplitude, seed):
    """Draw the border of A and B, from south to north, with so many vertices."""
    random = np.random.default_rng(seed)
    along = np.linspace(1, 3, points + 2)
    east = 2 + np.concatenate([[0], random.uniform(-amplitude, amplitude, points), [0]])
    return [at(x, y) for x, y in zip(east, along, strict=True)]


def west_of(path):
    return shapely.Polygon([at(0, 1), *path, at(0, 3)])


def east_of(path):
    return shapely.Polygon([*path, at(4, 3), at(4, 1)])


def test_every_kind_cause_and_remedy_has_words_in_both_languages():
    assert set(KIND_SENTENCES) == set(FINDING_KINDS) == set(KINDS)
    assert set(CAUSE_WORDS) == set(CAUSES)
    assert {remedy for _, remedy in KINDS.values()} <= set(REMEDIES)
    assert set(NEEDS) <= set(KINDS)
    for words in (*CAUSE_WORDS.values(), *KIND_SENTENCES.values(), *REMEDIES.values()):
        assert len(words) == 2
        assert all(words)


def test_a_border_whose_sides_have_other_vertices_was_drawn_separately():
    # A draws west of the border, B east of it, so that all between them is one gap.
    one = [at(2, 1), *[at(1.9 + 0.02 * (n % 2), 1 + n / 8) for n in range(1, 16)], at(2, 3)]
    two = [at(2, 1), *[at(2.1 - 0.02 * (n % 3), 1 + n / 5) for n in range(1, 10)], at(2, 3)]
    assert causes(with_(A=west_of(one), B=east_of(two)))["gap"] == "drawn_separately"


def test_a_border_that_winds_was_drawn_separately():
    shapes = with_(A=west_of(wavy(20, 0.004, 1)), B=east_of(wavy(17, 0.004, 2)))
    assert causes(shapes)["jittered_edge"] == "drawn_separately"


def test_a_vertex_that_was_moved_on_one_side_is_recognised():
    path = wavy(9, 0.05, 1)
    moved = list(path)
    moved[4] = (moved[4][0] + 30, moved[4][1])
    assert causes(with_(A=west_of(path), B=east_of(moved)))["gap"] == "moved_alone"
    assert causes(with_(A=west_of(moved), B=east_of(path)))["overlap"] == "moved_alone"


def test_a_side_without_the_vertices_of_the_other_was_simplified():
    path = [at(2, 1), at(1.8, 1.5), at(1.7, 2), at(1.8, 2.5), at(2, 3)]
    assert causes(with_(A=west_of(path), B=east_of([path[0], path[-1]])))["gap"] == "simplified_alone"


def test_rounded_coordinates_are_recognised_by_their_decimals():
    # B is written without decimals; the border of A lies 0.3 m west of it.
    odd = west_of([at(2, 1), (500_199.7123, 3_400_199.8765), (500_199.8123, 3_400_211.1111), at(2, 3)])
    assert causes(with_(A=odd, B=east_of([at(2, 1), at(2, 3)])))["gap"] == "rounded_coordinates"
    finer = east_of([at(2, 1), (500_200.0123, 3_400_200), at(2, 3)])
    assert causes(with_(A=odd, B=finer))["gap"] == "drawn_separately"


def test_a_strip_with_a_street_in_it_was_left_out_and_one_without_was_not():
    strip = GRIDS.set_geometry(GRIDS.difference(box(1.9, -1, 2.1, 4)))
    line = gpd.GeoDataFrame({"name": ["Long Street"]}, geometry=[shapely.LineString([at(2, 0), at(2, 3)])], crs=CRS)
    other = line.set_geometry(line.translate(-100, 0))
    assert causes(strip, streets=line)["open_gap"] == "street_left_out"
    assert causes(strip, streets=other)["open_gap"] == ""
    assert causes(strip)["open_gap"] == "street_left_out"
    assert causes(with_(A=A.difference(box(1.9, 1.5, 2, 1.8))))["gap"] != "street_left_out"


def test_copies_and_land_that_was_drawn_twice_differ():
    copied = pd.concat([GRIDS, GRIDS.loc[["A"]].rename(index={"A": "X"})])
    assert causes(copied) == {"duplicate": "copied_row"}
    nearly = copied.copy()
    nearly.loc["X", "geometry"] = box(0.01, 1.01, 2.01, 2.99)
    assert causes(nearly)["contained"] == "digitised_twice"
    nearly.loc["A", "geometry"] = box(0, 1.05, 2, 2.95)
    found = gg.audit(nearly, TERRITORY)
    overlaps = found[found["kind"] == "overlap"].set_index("area_ids")
    assert overlaps.loc["A,X", "cause"] == "digitised_twice"
    assert overlaps.loc["B,X", "cause"] != "digitised_twice"


def test_an_enclave_and_a_level_above_differ():
    inner = pd.concat([GRIDS, town("X").set_geometry([box(0.5, 1.5, 1, 2)], crs=CRS)])
    assert causes(inner) == {"contained": "hole_not_cut"}
    halves = [box(0, 1, 1, 3), box(1, 1, 2, 3)]
    levels = pd.concat([GRIDS, town("XY").set_geometry(halves, crs=CRS)])
    found = gg.audit(levels, TERRITORY)
    assert found["kind"].tolist() == ["contained", "contained"]
    assert found["cause"].tolist() == ["levels_in_one_layer"] * 2


def test_swapped_vertices_are_recognised_and_other_crossings_are_not():
    corners = [at(0, 1), at(2, 1), at(2, 2), at(2, 3), at(1, 3), at(0, 3), at(0, 2)]
    swapped = [*corners[:2], corners[3], corners[2], *corners[4:]]
    assert not shapely.Polygon(swapped).is_valid
    assert causes(with_(A=shapely.Polygon(swapped)))["invalid_ring"] == "swapped_vertices"
    pinched = shapely.Polygon([at(0, 1), at(2, 1), at(2, 3), at(1, 1), at(0, 3)])
    assert causes(with_(A=pinched))["invalid_ring"] == ""


def test_parts_that_meet_in_a_point_are_told_from_parts_far_apart():
    corner = shapely.MultiPolygon([box(0, 1, 1, 2), box(1, 2, 2, 3)])
    rest = shapely.MultiPolygon([box(1, 1, 2, 2), box(0, 2, 1, 3)])
    found = gg.audit(pd.concat([with_(A=corner), town("X").set_geometry([rest], crs=CRS)]), TERRITORY)
    assert found["cause"].tolist() == ["parts_meet_in_a_point"] * 2
    far = shapely.MultiPolygon([box(0, 1, 1, 3), box(3, 0, 4, 1)])
    found = gg.audit(
        pd.concat([with_(A=far, E=box(2, 0, 3, 1)), town("X").set_geometry([box(1, 1, 2, 3)], crs=CRS)]), TERRITORY
    )
    found = found[found["kind"] == "several_parts"]
    assert found["cause"].tolist() == [""]


def test_a_missing_area_may_be_the_row_without_a_polygon():
    assert causes(with_(A=None))["missing_area"] == "row_without_polygon"
    assert causes(GRIDS.drop("A"))["missing_area"] == ""


def test_an_area_that_was_drawn_elsewhere_is_named_by_the_land_it_left():
    found = gg.audit(with_(A=shapely.affinity.translate(A, 1000, 0)), TERRITORY)
    missing = found[found["kind"] == "missing_area"].iloc[0]
    assert missing["area_ids"].split(",")[0] == "A"
    assert missing["cause"] == "drawn_elsewhere"
    assert "1,000 m away" in missing["message"]
    outside = found[found["kind"] == "outside_territory"].iloc[0]
    assert outside["part_of"] == missing.name


def test_a_map_that_is_shifted_as_a_whole_is_one_finding():
    clean = ragged_map(6, 6, seed=5)
    shifted = clean.areas.set_geometry(clean.areas.translate(30, -40))
    found = gg.audit(shifted, clean.territory)
    assert found["kind"].tolist() == ["shifted_map"]
    row = found.iloc[0]
    assert row["value"] == pytest.approx(50, rel=1e-6)
    assert "30.0 m east and 40.0 m south" in row["message"]
    union = shifted.union_all()
    assert row["gap_m2"] == pytest.approx(clean.territory.difference(union).area, rel=1e-6)
    assert row["outside_m2"] == pytest.approx(union.difference(clean.territory).area, rel=1e-6)
    assert row["cause"] == "other_datum"
    assert row["remedy"] == "shift"


def test_a_map_that_is_shifted_besides_other_defects_keeps_these():
    clean = ragged_map(12, 12, seed=5)
    areas, _ = break_map(clean, 1, kinds=("gap", "hole", "duplicate"), seed=5)
    found = gg.audit(areas.set_geometry(areas.translate(3, 0)), clean.territory)
    assert sorted(found["kind"]) == ["duplicate", "gap", "hole", "shifted_map"]


def test_a_map_far_beside_its_territory_is_told_by_its_step():
    found = gg.audit(GRIDS.set_geometry(GRIDS.translate(5000, 0)), TERRITORY)
    assert found["kind"].tolist() == ["shifted_map"]
    assert found["value"].tolist() == [pytest.approx(5000)]


def test_a_map_clipped_by_another_boundary_is_told_at_each_place():
    clean = ragged_map(6, 6, seed=6)
    middle = clean.territory.centroid
    turned = shapely.affinity.rotate(clean.territory, 2, origin=middle)
    found = gg.audit(clean.areas, turned)
    outer = found[found["kind"].isin(["outside_territory", "open_gap"])]
    assert len(outer) > 5
    assert set(outer["cause"]) == {"other_boundary"}


def test_one_area_over_the_limit_does_not_make_it_another_boundary():
    one = with_(A=shapely.box(*at(-0.1, 1), *at(2, 3)), E=box(2, 0, 3.9, 1))
    told = causes(one)
    assert {told["outside_territory"], told["open_gap"]} == {""}


def test_hairlines_come_from_rounding_only_where_the_tolerance_is_tight():
    def moved(metres):
        return with_(A=shapely.affinity.translate(A, -metres, 0))

    assert causes(moved(0.0004)) == {"hairline": "rounded_coordinates"}
    assert causes(moved(0.04), tolerance_m=0.1) == {"hairline": ""}


def test_every_neighbour_of_a_gap_is_named():
    clean = ragged_map(12, 12, seed=7)
    hole = clean.areas.geometry.iloc[40].exterior.centroid.buffer(400)
    areas = clean.areas.set_geometry(clean.areas.difference(hole))
    areas = areas[~areas.is_empty]
    found = gg.audit(areas, clean.territory)
    row = found[found["kind"].isin(["gap", "missing_area"])].iloc[0]
    shared = areas.intersection(row["geometry"].boundary).length
    assert set(row["area_ids"].split(",")) == set(areas.index[shared > 0.01])
    assert len(row["area_ids"].split(",")) > 4


def test_only_causes_that_are_known_are_told():
    clean = ragged_map(32, 32, seed=8)
    areas, _ = break_map(clean, 2, seed=8)
    found = gg.audit(areas, clean.territory, clean.parents)
    assert set(found["cause"]) <= {"", *CAUSES}
    assert set(found["part_of"]) <= {"", *found.index}
