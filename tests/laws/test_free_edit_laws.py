"""Laws of edits by hand, judged by unions, intersections and the objects themselves, never by the chain."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from broken_maps import ragged_map
from hypothesis import given, settings
from hypothesis import strategies as st
from random_edits import RandomHand
from towns import SIDE_M, town

import gridgeo as gg

DRAWINGS = [
    """
    AABBB
    AACBB
    DDCCE
    DDDEE
    """,
    """
    AAAAA
    ABBBA
    ABCBA
    ABBBA
    AAAAA
    """,
    """
    AB.CC
    AB.CC
    ABDDD
    """,
]
MAPS = st.one_of(st.integers(0, 1000), st.sampled_from(DRAWINGS))


def draw_map(which):
    """Draw a ragged map of a seed, or squares turned so that no coordinate is round; parents hold blocks of areas."""
    if isinstance(which, int):
        ragged = ragged_map(5, 4, seed=which, block=(2, 2))
        return ragged.areas, ragged.parents, ragged.side_m
    areas = town(which)
    turned = areas.geometry.rotate(17, origin=(500_000, 3_400_000))
    return gpd.GeoDataFrame(geometry=turned), None, SIDE_M


def judge(areas, ground):
    """Hold a map against its ground by shapely's means."""
    shapes = areas.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert not shapely.is_empty(shapes).any()
    assert shapely.union_all(shapes).symmetric_difference(ground).area < 1e-4
    one, two = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    apart = one < two
    assert shapely.area(shapely.intersection(shapes[one[apart]], shapes[two[apart]])).max(initial=0.0) < 1e-6
    assert shapely.area(shapes).sum() == pytest.approx(ground.area, rel=1e-12)
    assert shapely.coverage_is_valid(shapes)
    assert areas.index.is_unique


@given(MAPS, st.integers(0, 2**32 - 1))
def test_any_edits_leave_every_point_in_one_area(which, seed):
    areas, _, size_m = draw_map(which)
    ground = shapely.union_all(areas.geometry.to_numpy())
    editor = gg.MapEditor(areas)
    hand = RandomHand(editor, seed, size_m=size_m)
    for _ in range(12):
        before = editor.areas
        parts = shapely.get_num_geometries(before.geometry.to_numpy()).max()
        done = hand.edit()
        after = editor.areas
        judge(after, ground)
        assert shapely.get_num_geometries(after.geometry.to_numpy()).max() <= parts
        kept = after.index.intersection(before.index)
        same = np.array([after.geometry[name] is before.geometry[name] for name in kept])
        if not done:
            assert same.all()
            assert after.index.equals(before.index)
            continue
        rows = editor.log[editor.log["edit"] == editor.log["edit"].max()].set_index("area_id")
        # What is not in the log has the same land: the same object, or one more vertex beside what was drawn.
        others = kept[~same].difference(rows.index)
        moved = [after.geometry[name].symmetric_difference(before.geometry[name]).area for name in others]
        assert max(moved, default=0.0) < 1e-6
        drawn = shapely.union_all([before.geometry[name] for name in rows.index if name in before.index])
        assert all(before.geometry[name].dwithin(drawn, 1e-6) for name in others)
        changed = rows["after_m2"].sub(rows["before_m2"])
        assert changed.to_numpy() == pytest.approx((rows["gained_m2"] - rows["lost_m2"]).to_numpy(), abs=1e-5)
        assert changed.sum() == pytest.approx(0, abs=1e-5)
    assert editor.certificate().exact
    assert gg.certify(editor.areas, gpd.GeoSeries([ground], crs=areas.crs)).holds


@given(MAPS, st.integers(0, 2**32 - 1))
def test_undo_goes_back_bit_by_bit(which, seed):
    areas, _, size_m = draw_map(which)
    editor = gg.MapEditor(areas)
    hand = RandomHand(editor, seed, size_m=size_m)
    states = [(editor.areas, editor.territory)]
    states.extend((editor.areas, editor.territory) for _ in range(8) if hand.edit())
    for before, outline in reversed(states[:-1]):
        editor.undo()
        now = editor.areas
        assert now.index.equals(before.index)
        assert all(one is two for one, two in zip(now.geometry, before.geometry, strict=True))
        assert editor.territory is outline
    assert all(one is two for one, two in zip(editor.areas.geometry, areas.geometry, strict=True))


@given(MAPS, st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(which, seed, random):
    areas, _, size_m = draw_map(which)
    order = list(range(len(areas)))
    random.shuffle(order)
    editors = [gg.MapEditor(areas), gg.MapEditor(areas.iloc[order])]
    hand = RandomHand(editors[0], seed, size_m=size_m)
    for _ in range(8):
        action, arguments, how = hand.draw()
        told = []
        for editor in editors:
            try:
                told.append(getattr(editor, action)(*arguments, **how))
            except gg.EditError as refusal:
                told.append(str(refusal))
        assert told[0].equals(told[1]) if isinstance(told[0], pd.DataFrame) else told[0] == told[1]
        if isinstance(told[0], pd.DataFrame) and action == "cut":
            hand.names += told[0]["area_id"].tolist()[1:]
    drawn = [editor.areas.sort_index().geometry.to_wkb() for editor in editors]
    assert drawn[0].equals(drawn[1])


@settings(max_examples=15)
@given(st.integers(0, 1000), st.integers(0, 2**32 - 1))
def test_no_area_leaves_its_parent(which, seed):
    areas, parents, size_m = draw_map(which)
    editor = gg.MapEditor(areas, parents=parents)
    hand = RandomHand(editor, seed, size_m=size_m)
    for _ in range(20):
        hand.edit()
    held = editor.areas.groupby("parent_id").geometry.apply(lambda some: shapely.union_all(some.to_numpy()))
    apart = [held[name].symmetric_difference(shape).area for name, shape in parents.geometry.items()]
    assert max(apart) < 1e-4
    assert any("cross the border of their parents" in message for _, message in hand.refused) or len(hand.done) > 5
