"""What holds for every lineage: both directions add up, and it is the same however it is measured."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from towns import CRS, EAST_M, NORTH_M, households_at, town

import gridgeo as gg
from gridgeo.model.plan import draw_areas

SIDE = 5
LETTERS = "ABCDEF."
grids = st.lists(st.text(LETTERS[:-1], min_size=SIDE, max_size=SIDE), min_size=SIDE, max_size=SIDE)
ragged = st.lists(st.text(LETTERS, min_size=SIDE, max_size=SIDE), min_size=SIDE, max_size=SIDE)
counts = st.lists(st.integers(0, 400), min_size=SIDE * SIDE, max_size=SIDE * SIDE)


def squares(rows):
    return [letter for row in rows for letter in row]


def atoms(held):
    """Make one atom a square."""
    index = pd.Index([f"a{number:02d}" for number in range(SIDE * SIDE)], name="atom_id")
    shapes = [
        shapely.box(EAST_M + 100 * x, NORTH_M - 100 * y, EAST_M + 100 * x + 100, NORTH_M - 100 * y + 100)
        for y in range(SIDE)
        for x in range(SIDE)
    ]
    return gpd.GeoDataFrame({"households": held}, geometry=gpd.GeoSeries(shapes, crs=CRS, index=index), index=index)


def as_plan(rows, ground):
    owner = pd.Series(squares(rows), index=ground.index)
    return gg.Plan(ground, {"grid": owner}, pd.DataFrame(), None, pd.DataFrame())


def sums(rows, side, column):
    return rows.groupby(f"{side}_id")[column].sum().to_dict()


@given(grids, grids, counts)
@settings(max_examples=60, deadline=None)
def test_households_and_land_of_plans_add_up_in_both_directions(before, after, held):
    ground = atoms(held)
    rows = gg.lineage(as_plan(before, ground), as_plan(after, ground))
    for side, drawing in (("before", before), ("after", after)):
        drawn = draw_areas(ground, pd.Series(squares(drawing), index=ground.index))
        assert sums(rows, side, "households") == drawn["households"].to_dict()
        assert sums(rows, side, "area_m2") == drawn["area_m2"].to_dict()
    assert rows["households"].sum() == sum(held)


@given(ragged, ragged, st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_land_of_maps_adds_up_even_where_the_town_changed(before, after, each):
    assume(any("." not in pair for pair in zip(squares(before), squares(after), strict=True)))
    old, new = (town("\n".join(drawing), households=each) for drawing in (before, after))
    rows = gg.lineage(old, new)
    for side, areas in (("before", old), ("after", new)):
        found = rows.groupby(f"{side}_id")["area_m2"].sum()
        np.testing.assert_allclose(found.reindex(areas.index), areas.area, rtol=1e-9)
    assert sums(rows, "after", "households") == new["households"].to_dict()


@given(grids, grids, st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_household_points_add_up_even_on_borders(before, after, places):
    homes = households_at([(x / 10, y / 10) for x, y in places])
    old, new = (town("\n".join(drawing)) for drawing in (before, after))
    rows = gg.lineage(old, new, households=homes)
    for side, areas in (("before", old), ("after", new)):
        assert sums(rows, side, "households") == gg.AreaIndex.from_areas(areas).count(homes.geometry).to_dict()


@given(grids, grids, counts)
@settings(max_examples=40, deadline=None)
def test_owners_and_land_tell_the_same_land(before, after, held):
    ground = atoms(held)
    by_owner = gg.lineage(as_plan(before, ground), as_plan(after, ground))
    maps = [draw_areas(ground, pd.Series(squares(drawing), index=ground.index)) for drawing in (before, after)]
    by_land = gg.lineage(*maps)
    ends = ["before_id", "after_id", "change"]
    assert by_owner[ends].to_numpy().tolist() == by_land[ends].to_numpy().tolist()
    np.testing.assert_allclose(by_owner["area_m2"], by_land["area_m2"], rtol=1e-9)


@given(grids, grids, counts)
@settings(max_examples=40, deadline=None)
def test_the_way_back_is_the_way_there_turned_round(before, after, held):
    ground = atoms(held)
    there = gg.lineage(as_plan(before, ground), as_plan(after, ground))
    back = gg.lineage(as_plan(after, ground), as_plan(before, ground))
    turned = {"split": "merged", "merged": "split"}
    asked = there.set_index(["before_id", "after_id"])
    answer = back.set_index(["after_id", "before_id"]).reindex(asked.index)
    assert answer["change"].replace(turned).tolist() == asked["change"].tolist()
    assert answer["households"].tolist() == asked["households"].tolist()


@given(grids, grids, counts)
@settings(max_examples=40, deadline=None)
def test_weights_carry_every_count_over(before, after, held):
    ground = atoms(held)
    rows = gg.lineage(as_plan(before, ground), as_plan(after, ground))
    table = gg.concordance(rows)
    np.testing.assert_allclose(table.groupby("before_id")["weight"].sum(), 1.0)
    past = pd.Series({letter: float(number) for number, letter in enumerate(sorted(set(squares(before))))})
    np.testing.assert_allclose(gg.carry_counts(past, table).sum(), past.sum())


@given(grids, grids, counts)
@settings(max_examples=40, deadline=None)
def test_what_moved_is_what_changed_its_owner(before, after, held):
    ground = atoms(held)
    rows = gg.lineage(as_plan(before, ground), as_plan(after, ground))
    pairs = zip(squares(before), squares(after), held, strict=True)
    assert rows.loc[rows["before_id"] != rows["after_id"], "households"].sum() == sum(
        each for one, two, each in pairs if one != two
    )
