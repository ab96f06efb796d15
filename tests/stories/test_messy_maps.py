"""Maps that were spoilt in every way people spoil them: audited, repaired and proved, judged by overlays alone."""

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from broken_maps import ragged_map
from real_maps import filled, layer, messy

import gridgeo as gg

MOVES = ("filled", "cut", "clipped", "moved", "placeholder")
CRS = "EPSG:4547"


# The judge: shapely's overlay functions, nothing of the package


def land_of(areas):
    """Give the land of each row, whatever is drawn in it."""
    land = []
    for shape in shapely.force_2d(areas.geometry.to_numpy()):
        made = shapely.make_valid(shape, method="structure", keep_collapsed=False)
        parts = shapely.get_parts(shapely.get_parts(made)) if made is not None else []
        land.append(shapely.union_all([part for part in parts if part.geom_type == "Polygon"]))
    return np.array(land, dtype=object)


def wrong_land(areas, ground):
    """Measure the land in no area, in several, and outside."""
    land = land_of(areas)
    union = shapely.union_all(land)
    return ground.difference(union).area, shapely.area(land).sum() - union.area, union.difference(ground).area


def ids_of(areas):
    """Give the ids of a map as text."""
    keys = areas["area_id"] if "area_id" in areas.columns else areas.index
    return [str(key) for key in keys]


def judge(areas, ground, parents=None, *, certified=True, **how):
    """Audit and repair a map, and hold everything that must hold of any map."""
    given, index = areas.geometry.to_wkb(), areas.index.copy()
    columns = areas.drop(columns=areas.geometry.name).copy()
    found = gg.audit(areas, ground, parents)
    repaired = gg.repair(areas, ground, parents, **how)
    assert areas.geometry.to_wkb().equals(given)
    assert areas.index.equals(index)
    assert areas.drop(columns=areas.geometry.name).equals(columns)
    gap_m2, overlap_m2, outside_m2 = wrong_land(areas, ground)
    slack = {"rel": 1e-5, "abs": 0.05}
    assert found["gap_m2"].sum() == pytest.approx(gap_m2, **slack)
    assert found["overlap_m2"].sum() == pytest.approx(overlap_m2, **slack)
    assert found["outside_m2"].sum() == pytest.approx(outside_m2, **slack)
    moved = repaired.actions.loc[repaired.actions["action"].isin(MOVES), "area_m2"].sum()
    if parents is None:
        assert moved <= 1.05 * (gap_m2 + overlap_m2 + outside_m2) + 0.5
    _judge_proof(repaired, ground, certified)
    _judge_rows(areas, repaired)
    _judge_questions(areas, repaired)
    if certified:
        _judge_again(repaired, ground, parents, how)
    return found, repaired


def _judge_proof(repaired, ground, certified):
    shapes = repaired.areas.geometry.to_numpy()
    assert repaired.certificate.holds is certified
    assert repaired.certificate.reason
    assert shapely.is_valid(shapes).all()
    if certified:
        union = shapely.union_all(shapes)
        assert shapely.area(shapes).sum() == pytest.approx(ground.area, rel=1e-9)
        assert union.symmetric_difference(ground).area < 1e-3 + 1e-9 * ground.area


def _judge_rows(areas, repaired):
    """Nothing vanishes without being named; untouched areas are the same to the bit; attributes stay."""
    after = ids_of(repaired.areas)
    added = [name for name in after if name.startswith("missing-") and name not in ids_of(areas)]
    dropped = repaired.actions.query("action == 'dropped'")
    assert len(areas) - (len(after) - len(added)) == len(dropped)
    kept = [name for name in ids_of(areas) if name in set(after)]
    if len(set(ids_of(areas))) == len(areas):
        assert set(ids_of(areas)) - set(after) == set(dropped["area_id"])
        before = dict(zip(ids_of(areas), areas.geometry, strict=True))
        now = dict(zip(after, repaired.areas.geometry, strict=True))
        for name in set(kept) - set(repaired.changes.index):
            assert shapely.equals_identical(now[name], before[name])
        for column in areas.columns.difference([areas.geometry.name, "area_m2", "area_id"]):
            old = dict(zip(ids_of(areas), areas[column], strict=True))
            new = dict(zip(after, repaired.areas[column], strict=True))
            assert all(old[name] == new[name] or pd.isna(old[name]) for name in kept)


def _judge_questions(areas, repaired):
    """Whoever falls apart, or loses most of the land, is named to a person."""
    names = ids_of(areas)
    if len(set(names)) < len(names):
        return
    asked = set(",".join(repaired.undecided["area_ids"]).split(","))
    before = dict(zip(names, land_of(areas), strict=True))
    for name, shape in zip(ids_of(repaired.areas), repaired.areas.geometry, strict=True):
        if name in before and name not in asked:
            assert shapely.get_num_geometries(shape) <= shapely.get_num_geometries(before[name])
            assert shape.area >= 0.5 * before[name].area


def _judge_again(repaired, ground, parents, how):
    """An audit finds nothing but parts, slivers and names, and a second repair does nothing."""
    left = gg.audit(repaired.areas, ground, parents)
    assert set(left["kind"]) <= {"several_parts", "sliver_area", "duplicate_id", "missing_id", "wrong_code"}
    again = gg.repair(repaired.areas, ground, parents, **how)
    assert len(again.actions) == 0
    assert shapely.equals_identical(again.areas.geometry.to_numpy(), repaired.areas.geometry.to_numpy()).all()


# Ways to spoil a map


def each(areas, draw):
    return areas.set_geometry(gpd.GeoSeries([draw(shape) for shape in areas.geometry], areas.index, areas.crs))


def rounded_to_metres(areas):
    return each(areas, lambda shape: shapely.transform(shape, np.round))


def rounded_to_five_decimals_of_a_degree(areas):
    lonlat = areas.to_crs("EPSG:4326")
    return each(lonlat, lambda shape: shapely.transform(shape, lambda xy: np.round(xy, 5))).to_crs(areas.crs)


def simplified_one_by_one(areas):
    return each(areas, lambda shape: shape.simplify(10))


def noisy(areas):
    random = np.random.default_rng(0)

    def shake(ring):
        xy = shapely.get_coordinates(ring)
        xy[:-1] += random.uniform(-0.02, 0.02, xy[:-1].shape)
        return [*xy[:-1].tolist(), xy[0].tolist()]

    def draw(shape):
        parts = [[shake(ring) for ring in shapely.get_rings(part)] for part in shapely.get_parts(shape)]
        return shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in parts])

    return each(areas, draw)


def half_of_the_rows_twice(areas):
    copies = areas.iloc[::2].copy()
    copies.index = pd.Index([f"{name}-again" for name in copies.index], name=areas.index.name)
    return pd.concat([areas, copies])


def shifted(areas):
    return areas.set_geometry(areas.translate(30, 17))


def parts_over_parts(areas):
    def draw(shape):
        inner = shapely.affinity.scale(shapely.get_parts(shape)[0], 0.4, 0.4)
        return shapely.MultiPolygon([*shapely.get_parts(shape), inner.intersection(shape)])

    return each(areas, lambda shape: draw(shape) if shape.geom_type == "Polygon" else shape)


def collections_with_lines(areas):
    return each(areas, lambda shape: shapely.GeometryCollection([shapely.Point(1, 2), shape]))


def with_heights(areas):
    return each(areas, lambda shape: shapely.force_3d(shape, 12.5))


def every_third_missing(areas):
    return areas.iloc[np.arange(len(areas)) % 3 > 0]


WAYS = [
    rounded_to_metres, rounded_to_five_decimals_of_a_degree, simplified_one_by_one, noisy, half_of_the_rows_twice,
    shifted, parts_over_parts, collections_with_lines, with_heights, every_third_missing,
]  # fmt: skip


@pytest.mark.parametrize("spoil", WAYS)
def test_a_ragged_map_that_was_spoilt_is_repaired(spoil):
    ragged = ragged_map(6, 5, seed=3)
    judge(spoil(ragged.areas.drop(columns=["parent_id", "code"])), ragged.territory)


@cache
def police_districts():
    areas = layer("cambridge_ma/cambridge.gpkg", "police_response_districts", "EPSG:26986")
    return areas.set_index(pd.Index([f"D{at}" for at in range(len(areas))], name="area_id"))


@pytest.mark.parametrize("spoil", WAYS)
def test_police_districts_that_were_spoilt_are_repaired(spoil):
    areas = police_districts()
    judge(spoil(areas), filled(areas))


@pytest.mark.parametrize("spoil", [rounded_to_metres, simplified_one_by_one, shifted, half_of_the_rows_twice])
@pytest.mark.parametrize("name", ["pasco_fl", "putnam_fl", "yellowstone_mt"])
def test_precincts_that_were_spoilt_once_more_are_repaired(name, spoil):
    areas, ground, _ = messy(name)
    areas = areas.set_index(areas.index.astype(str))
    judge(spoil(areas), ground)


def test_a_map_cut_at_a_generalised_limit_has_thin_rims_only():
    areas = police_districts()
    _, repaired = judge(areas, filled(areas).simplify(25).buffer(0))
    assert not repaired.areas.index.str.startswith("missing-").any()


def test_a_map_inside_another_towns_limit_gets_placeholders_around_it():
    areas = police_districts()
    west, south, east, north = areas.total_bounds
    _, repaired = judge(areas, shapely.box(west - 500, south - 500, east + 500, north + 500))
    around = repaired.areas.index.str.startswith("missing-")
    assert around.sum() == 1
    assert set(repaired.actions["action"]) == {"placeholder"}


# Parents


@pytest.mark.parametrize("spoil", [rounded_to_metres, simplified_one_by_one, noisy, shifted, every_third_missing])
def test_no_area_crosses_its_parent_after_a_repair(spoil):
    ragged = ragged_map(8, 8, seed=5)
    spoilt = spoil(ragged.areas.drop(columns="code"))
    _, repaired = judge(spoilt, ragged.territory, ragged.parents)
    beyond = shapely.difference(
        repaired.areas.geometry.to_numpy(), ragged.parents.geometry[repaired.areas["parent_id"]].to_numpy()
    )
    assert shapely.area(beyond).max() < 0.05


@pytest.mark.parametrize("change_m", [-3.0, 3.0])
def test_parents_with_gaps_or_overlaps_do_not_stop_a_repair(change_m):
    ragged = ragged_map(8, 8, seed=6)
    parents = ragged.parents.set_geometry(ragged.parents.buffer(change_m, join_style="mitre"))
    spoilt = rounded_to_metres(ragged.areas.drop(columns="code"))
    repaired = gg.repair(spoilt, ragged.territory, parents)
    assert repaired.certificate.holds
    assert len(repaired.areas) == len(spoilt)
    gg.audit(repaired.areas, ragged.territory, parents)


# Odd maps


def frame(*shapes, names=None):
    index = pd.Index(names or [f"A{at}" for at in range(len(shapes))], name="area_id")
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(list(shapes), index=index, crs=CRS), index=index)


def box(west, south, east, north):
    """Draw a rectangle, in squares of 100 m."""
    return shapely.box(500_000 + 100 * west, 3_400_000 + 100 * south, 500_000 + 100 * east, 3_400_000 + 100 * north)


def test_a_map_with_one_row_fills_its_territory():
    _, repaired = judge(frame(box(0.2, 0.1, 3, 3.1)), box(0, 0, 3, 3))
    assert shapely.equals(repaired.areas.geometry.iloc[0], box(0, 0, 3, 3))


def test_enclaves_inside_enclaves_keep_their_land():
    outer, middle, inner = box(0, 0, 9, 9), box(2, 2, 7, 7), box(4, 4, 5, 5)
    rings = frame(outer.difference(middle), middle.difference(inner), inner)
    assert len(judge(rings, outer)[1].actions) == 0
    _, repaired = judge(frame(outer, middle, inner), outer)
    for area, shape in rings.geometry.items():
        assert repaired.areas.geometry[area].equals(shape)


def test_a_spike_is_named_and_harms_nobody():
    spike = shapely.Polygon([(500_000, 3_400_000), (500_300, 3_400_100), (500_000, 3_400_000)])
    _, repaired = judge(frame(box(0, 0, 3, 3), box(3, 0, 6, 3), spike), box(0, 0, 6, 3))
    assert repaired.actions[["action", "area_id"]].to_numpy().tolist() == [["dropped", "A2"]]


def test_an_area_with_a_spike_loses_only_the_spike():
    spiked = shapely.Polygon(
        [*list(box(0, 0, 3, 3).exterior.coords)[:2], (500_450, 3_400_150.0), (500_300, 3_400_149.9999),
         *list(box(0, 0, 3, 3).exterior.coords)[2:]]
    )  # fmt: skip
    _, repaired = judge(frame(spiked, box(3, 0, 6, 3)), box(0, 0, 6, 3))
    assert repaired.areas.area.tolist() == pytest.approx([90_000, 90_000], abs=0.01 * 9000)


def test_a_neck_of_no_width_keeps_both_halves():
    neck = shapely.Polygon(
        [(500_000, 3_400_000), (500_100, 3_400_100), (500_200, 3_400_000), (500_200, 3_400_200), (500_100, 3_400_100),
         (500_000, 3_400_200)]
    )  # fmt: skip
    ground = box(0, 0, 2, 2)
    rest = shapely.get_parts(ground.difference(shapely.make_valid(neck)))
    found, repaired = judge(frame(neck, *rest), ground)
    assert found["kind"].tolist() == ["invalid_ring"]
    assert repaired.areas.area.tolist() == [20_000, 10_000, 10_000]


def test_areas_that_share_only_a_corner_are_no_fault():
    _, repaired = judge(frame(box(0, 0, 1, 1), box(1, 1, 2, 2), box(0, 1, 1, 2), box(1, 0, 2, 1)), box(0, 0, 2, 2))
    assert len(repaired.actions) == 0


def test_a_territory_of_islands_with_holes_is_filled_and_no_further():
    island = box(0, 0, 4, 4).difference(box(1, 1, 2, 2))
    ground = shapely.MultiPolygon([island, box(6, 0, 8, 2)])
    areas = frame(box(0, 0, 2.1, 4), box(1.9, 0, 4, 3.9), box(6, 0, 7.9, 2.1))
    _, repaired = judge(areas, ground)
    assert not shapely.intersects(shapely.union_all(repaired.areas.geometry.to_numpy()), box(1.1, 1.1, 1.9, 1.9))


def test_ids_that_are_numbers_or_missing_stay_as_they_are():
    areas = frame(box(0, 0, 1.1, 1), box(1, 0, 2, 1), box(2, 0, 3, 1)).reset_index(drop=True)
    areas["area_id"] = [1.0, np.nan, 3.0]
    areas["ward"] = [7, 8, 9]
    repaired = gg.repair(areas, box(0, 0, 3, 1))
    assert repaired.certificate.holds
    assert repaired.areas["area_id"].equals(areas["area_id"])
    assert repaired.areas["ward"].equals(areas["ward"])
    assert "missing_id" in set(repaired.undecided["kind"])


def test_a_map_in_feet_is_refused_until_it_is_in_metres():
    areas = police_districts().to_crs("EPSG:2249")
    with pytest.raises(gg.CrsError, match="to_metric"):
        gg.repair(areas, filled(areas))
    metric = gg.to_metric(rounded_to_metres(areas))
    judge(metric, filled(gg.to_metric(areas)))


def test_an_outline_of_a_hundred_thousand_vertices_is_repaired():
    turn = np.linspace(0, 2 * np.pi, 100_001)[:-1]
    reach = 4000 + 20 * np.sin(371 * turn)
    shore = np.column_stack([505_000 + reach * np.cos(turn), 3_405_000 + reach * np.sin(turn)])
    ground = shapely.box(500_000, 3_400_000, 510_000, 3_410_000)
    shaken = shore.copy()
    shaken[:1_000:3] += 5.0
    _, repaired = judge(frame(ground.difference(shapely.Polygon(shore)), shapely.Polygon(shaken)), ground)
    assert shapely.get_num_coordinates(repaired.areas.geometry.iloc[1]) > 100_000
