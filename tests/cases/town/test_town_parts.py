from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import shapely

from gridgeo.town.bend import Bend
from gridgeo.town.blocks import plan_quarter
from gridgeo.town.ground import lay_quarters, outline
from gridgeo.town.households import share_out
from gridgeo.town.lots import cut_lots, leave_yards, shrink
from gridgeo.town.names import Names
from gridgeo.town.rows import facing_angle, pack_rows
from gridgeo.town.styles import STYLES

PLOT = shapely.Polygon([(0, 0), (120, 10), (110, 95), (-8, 88)])


def rules(style, count=1):
    return pd.DataFrame([asdict(STYLES[style])] * count)


@pytest.mark.parametrize("style", ["walkup", "midrise", "tower", "hamlet", "factory"])
def test_rows_stay_in_their_parcel_and_apart(style):
    parcels = np.array([PLOT, shapely.affinity.translate(PLOT, 300, 0)])
    rows = pack_rows(parcels, facing_angle(parcels), rules(style, 2))
    shapes = rows["geometry"].to_numpy()
    assert set(rows["parcel"]) == {0, 1}
    assert shapely.covers(parcels[rows["parcel"]], shapes).all()
    assert shapely.STRtree(shapes).query(shapes, predicate="intersects").shape[1] == len(shapes)


def test_rows_follow_an_l_shaped_parcel():
    corner = shapely.Polygon([(0, 0), (150, 0), (150, 40), (50, 40), (50, 150), (0, 150)])
    rows = pack_rows(np.array([corner]), np.zeros(1), rules("walkup"))
    assert shapely.covers(corner, rows["geometry"].to_numpy()).all()
    assert rows.groupby("row")["width"].sum().iloc[0] > rows.groupby("row")["width"].sum().iloc[-1]


def test_a_parcel_that_is_too_small_stays_empty():
    assert len(pack_rows(np.array([shapely.box(0, 0, 9, 9)]), np.zeros(1), rules("tower"))) == 0


def test_homes_face_south_as_far_as_their_parcel_lets_them():
    turned = np.array([shapely.affinity.rotate(shapely.box(0, 0, 100, 40), angle) for angle in (0, 15, 85, 40, -40)])
    assert np.degrees(facing_angle(turned)) == pytest.approx([0, 15, -5, 24.06, -24.06], abs=0.01)


def test_lots_divide_a_block_without_rest():
    lots, owner = cut_lots(np.array([PLOT]), np.array([150.0]), np.random.default_rng(0))
    assert shapely.area(lots).sum() == pytest.approx(PLOT.area, rel=1e-6)
    assert shapely.area(lots).max() < 2 * 150
    assert set(owner) == {0}
    assert shapely.area(shapely.union_all(lots)) == pytest.approx(PLOT.area, rel=1e-6)


def test_houses_stand_inside_their_lots():
    random = np.random.default_rng(0)
    lots, _ = cut_lots(np.array([PLOT]), np.array([150.0]), random)
    houses, lot = shrink(leave_yards(lots, 0.5, random), 0.7, 30.0)
    assert shapely.contains_properly(lots[lot], houses).all()
    assert 0.4 < shapely.area(houses).sum() / PLOT.area < 0.9


def test_no_name_is_given_twice():
    names = Names(seed=0)
    given = [names.give(("路", "街")) for _ in range(6_000)]
    assert len(set(given)) == 6_000


def test_names_of_one_family_are_kept_together():
    names = Names(seed=0)
    stem = names.family(("东路", "西路"))
    assert all(names.give(("东路",)) != stem + "东路" for _ in range(3_000))


@pytest.mark.parametrize("households", [900, 998, 1_000])
def test_households_are_shared_out_without_rest_and_never_over_capacity(households):
    capacity = np.array([100, 300, 600])
    shares = share_out(capacity, np.array([False, False, True]), households)
    assert shares.sum() == households
    assert (shares <= capacity).all()


def test_one_village_of_a_large_town_cannot_be_divided():
    capacity = np.array([2_000, 2_000, 2_000, 2_000, 800, 700])
    shares = share_out(capacity, np.array([False] * 4 + [True, True]), 9_000)
    assert shares[-1] == 560
    assert shares.sum() == 9_000


@pytest.mark.parametrize(("households", "quarters"), [(2_000, 1), (20_000, 1), (30_001, 2), (100_000, 5)])
def test_towns_grow_by_quarters(households, quarters):
    laid = lay_quarters(households, seed=0)
    assert len(laid) == quarters
    assert sum(quarter.households for quarter in laid) == households


def test_quarters_share_their_sides():
    west, east = lay_quarters(40_000, seed=4)
    assert "east" in west.neighbours
    assert shapely.intersection(outline(west), outline(east)).length == pytest.approx(west.side_m)
    assert shapely.area(shapely.intersection(outline(west), outline(east))) == 0


def test_the_plan_of_a_quarter_is_divided_without_rest():
    plan = plan_quarter(lay_quarters(20_000, seed=7)[0])
    shapes = np.array([leaf.shape for leaf in plan.leaves])
    assert shapely.area(shapes).sum() == pytest.approx(plan.main.limit.area, rel=1e-4)
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(shapely.area(shapes).sum(), rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_bending_never_folds_the_plan(seed):
    bend = Bend.of(lay_quarters(20_000, seed=seed))
    x, y = np.meshgrid(np.arange(-200, 2_800, 20.0), np.arange(-200, 2_800, 20.0))
    points = np.column_stack([x.ravel(), y.ravel()])
    east, north = ((bend.points(points + way) - bend.points(points - way)) / 2 for way in np.eye(2))
    stretch = east[:, 0] * north[:, 1] - east[:, 1] * north[:, 0]
    assert stretch.min() > 0.1
