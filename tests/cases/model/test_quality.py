"""Plans are measured by the measures of their rules, by what their borders run on, and by ways to the centre."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_plans import drawn_plan
from towns import CRS, EAST_M, NORTH_M

from gridgeo.model.errors import TableError, UnknownAreaError
from gridgeo.model.profile import UNLIMITED, Limits


def ruled(plan, level="grid", *limits):
    """Give a plan's level bands of its own, the main one first."""
    profile = replace(plan.profile, limits={**plan.profile.limits, level: limits[0]}, further={level: limits[1:]})
    return replace(plan, profile=profile)


def with_beats(plan, beats):
    owner = plan.owner("grid").map(beats).rename("area_id")
    ids = sorted(set(beats.values()))
    rows = {"code": ids, "name": ids, "level": "beat", "kind": "base", "parent_id": None}
    register = pd.concat([plan.register, pd.DataFrame(rows, index=pd.Index(ids, name="area_id"))])
    return replace(plan, owners={**plan.owners, "beat": owner}, register=register)


def box(west, south, east, north):
    return shapely.box(EAST_M + west, NORTH_M + south, EAST_M + east, NORTH_M + north)


@pytest.fixture
def plan():
    """Two communities of two grids of two atoms each, in one row; 100 households and 200 persons an atom."""
    return drawn_plan("ABCDEFGH", grid="11223344", community="11112222", micro="abcdefgh", households=100)


def stack(plan, area_id, *counts):
    rows = [
        {"area_id": f"{area_id}-F{at}", "parent_id": area_id, "atom_id": "A", "building_id": None, "stairwell": None,
         "floor_from": at, "floor_to": at, "households": count}
        for at, count in enumerate(counts, 1)
    ]  # fmt: skip
    return replace(plan, manifest={**plan.manifest, "stacked": rows})


def test_the_band_judges_by_the_measure_that_it_counts(plan):
    plan = ruled(plan, "grid", Limits(300, 500, 400, measure="persons"))
    measures = plan.area_measures("grid")
    assert measures["persons"].tolist() == [400] * 4
    assert measures["in_band"].all()
    assert measures["persons_in_band"].all()
    assert (plan.quality()["in_band"], plan.quality()["persons_max"]) == (1.0, 400.0)


def test_further_measures_are_counted_and_judged_beside_the_main_one(plan):
    atoms = plan.atoms.assign(calls=[5, 5, 1, 1, 5, 5, 1, 1])
    bands = Limits(100, 300, 200), Limits(0, 9, 8, measure="calls"), Limits(0, UNLIMITED, 400, measure="persons")
    plan = ruled(replace(plan, atoms=atoms), "grid", *bands)
    measures, quality = plan.area_measures("grid"), plan.quality("grid")
    assert measures["calls"].tolist() == [10, 2, 10, 2]
    assert measures["calls_in_band"].tolist() == [False, True, False, True]
    assert (quality["in_band"], quality["calls_in_band"], quality["calls_max"]) == (1.0, 0.5, 10.0)
    assert measures["persons"].tolist() == [400] * 4
    assert "persons_in_band" not in measures


def test_a_measure_that_the_atoms_do_not_count_is_missing_not_missed(plan):
    plan = ruled(plan, "grid", Limits(100, 300, 200), Limits(3, 9, 8, measure="calls"))
    assert plan.area_measures("grid")["calls"].isna().all()
    assert plan.area_measures("grid")["calls_in_band"].isna().all()
    assert np.isnan(plan.quality("grid")["calls_in_band"])


@pytest.mark.parametrize(
    ("limits", "share"), [(Limits(0, 150, 100), 0.0), (Limits(0, 200, 150), 1.0), (Limits(201, UNLIMITED, 300), 0.0)]
)
def test_an_open_band_judges_by_the_end_that_it_has(plan, limits, share):
    assert ruled(plan, "grid", limits).quality("grid")["in_band"] == share


def test_a_mere_target_judges_nothing(plan):
    plan = ruled(plan, "grid", Limits(0, UNLIMITED, 400))
    assert np.isnan(plan.quality("grid")["in_band"])
    assert plan.area_measures("grid")["in_band"].isna().all()


def test_an_institutions_own_area_is_judged_by_nothing(plan):
    register = plan.register.copy()
    register.loc["G1", "kind"] = "exclusive"
    plan = ruled(replace(plan, register=register), "grid", Limits(300, 500, 400))
    assert plan.area_measures("grid")["in_band"].isna().tolist() == [True, False, False, False]
    assert plan.quality("grid")["in_band"] == 0.0
    everything = register.assign(kind="exclusive")
    assert np.isnan(replace(plan, register=everything).quality("grid")["in_band"])


def test_an_area_cut_by_floors_is_in_band_when_all_its_ranges_are(plan):
    plan = ruled(plan, "micro", Limits(40, 60, 50))
    assert plan.quality("micro")["in_band"] == 0.0
    whole, broken = stack(plan, "Ma", 50, 50), stack(plan, "Ma", 35, 65)
    assert whole.area_measures("micro")["in_band"].tolist() == [True] + [False] * 7
    assert broken.area_measures("micro")["in_band"].tolist() == [False] * 8
    assert whole.area_measures("micro")["floor_ranges"].tolist() == [2] + [0] * 7
    quality = whole.quality("micro")
    assert (quality["households_min"], quality["floor_ranges"], quality["areas"]) == (50, 2, 8)


def test_stacked_areas_are_a_table_and_empty_where_there_are_none(plan):
    assert len(plan.stacked) == 0
    assert {"parent_id", "households", "floor_from"} <= set(plan.stacked.columns)
    made = stack(plan, "Ma", 50, 50).stacked
    assert made.index.tolist() == ["Ma-F1", "Ma-F2"]
    assert made["parent_id"].tolist() == ["Ma", "Ma"]
    assert made["households"].sum() == 100


def test_beats_stand_beside_the_tree_and_count_grids(plan):
    plan = ruled(
        with_beats(plan, {"G1": "B1", "G2": "B2", "G3": "B2", "G4": "B2"}), "beat", Limits(2, 3, 2, measure="grids")
    )
    assert (plan.levels, plan.overlays) == (["community", "grid", "micro"], ["beat"])
    assert plan.areas("beat")["area_m2"].tolist() == [20_000.0, 60_000.0]
    measures = plan.area_measures("beat")
    assert measures["grids"].tolist() == [1, 3]
    assert measures["in_band"].tolist() == [False, True]
    assert (plan.quality("beat")["in_band"], plan.quality("beat")["grids_max"]) == (0.5, 3.0)
    with pytest.raises(UnknownAreaError, match="beat"):
        plan.owner("district")


def test_a_border_between_communities_is_a_choice_of_the_beats(plan):
    plan = with_beats(plan, {"G1": "B1", "G2": "B1", "G3": "B2", "G4": "B2"})
    assert plan.quality("beat")["border_m"] == 100.0
    assert plan.quality("community")["border_m"] == 0.0


def test_borders_are_told_by_what_they_run_on():
    plan = drawn_plan("ABCDE", grid="12345")
    borders = plan.borders.assign(rank=[1, 6, 2, 0], kind=["street", "street", "river", None])
    quality = replace(plan, borders=borders).quality("grid")
    shares = [quality[f"street_share_{rank}"] for rank in range(1, 7)]
    assert shares == [0.25, 0, 0, 0, 0, 0.25]
    assert (quality["natural_share"], quality["street_share"]) == (0.25, 0.75)
    measures = replace(plan, borders=borders).area_measures("grid")
    assert measures["natural_share"].tolist() == [0, 0, 0.5, 0.5, 0]
    assert measures["street_share_1"].tolist() == [1.0, 0.5, 0, 0, 0]


def test_a_cut_block_counts_in_each_area_that_holds_a_part(plan):
    plan = replace(plan, atoms=plan.atoms.assign(block_id=["x", "y", "y", "z", "p", "q", "r", "s"]))
    assert plan.area_measures("grid")["blocks_cut"].tolist() == [1, 1, 0, 0]
    assert plan.quality("grid")["blocks_cut"] == 1
    small = ruled(plan, "grid", Limits(50, 150, 100))
    assert small.quality("grid")["blocks_cut"] == 0, "a block that fits into no area has to be cut"


def test_a_building_across_a_border_is_cut_and_one_that_leans_over_is_not(plan):
    shapes = [box(180, 20, 220, 40), box(120, 20, 150, 40), box(150, 60, 200.001, 80), box(390, 20, 410, 40)]
    index = pd.Index(["across", "inside", "leans", "between communities"], name="building_id")
    buildings = gpd.GeoDataFrame({"floors": 6}, geometry=gpd.GeoSeries(shapes, crs=CRS, index=index), index=index)
    assert plan.area_measures("grid", buildings=buildings)["buildings_cut"].tolist() == [1, 1, 0, 0]
    assert plan.quality("grid", buildings=buildings)["buildings_cut"] == 1
    assert "buildings_cut" not in plan.area_measures("grid")
    with pytest.raises(TableError):
        plan.quality("grid", buildings=buildings.drop(columns="geometry"))


def test_ways_to_the_centre_are_weighed_by_who_lives_there():
    plan = drawn_plan("AABBCCD", grid="1111112")
    atoms = plan.atoms.assign(households=[300, 0, 100, 0])
    measures = replace(plan, atoms=atoms).area_measures("grid")
    # Middles at 100 and 500 m, their mean at 200 m: 300 walk 100 m, 100 walk 300 m.
    assert measures.loc["G1", "centre_mean_m"] == pytest.approx(150)
    assert measures.loc["G1", "centre_max_m"] == pytest.approx(300)
    assert np.isnan(measures.loc["G2", "centre_mean_m"])
    quality = replace(plan, atoms=atoms).quality("grid")
    assert (quality["centre_mean_m"], quality["centre_max_m"]) == (pytest.approx(150), pytest.approx(300))


def test_households_say_where_they_live_and_those_outside_are_left_out():
    plan = drawn_plan("AABB", grid="1122")
    places = [(0, 50), (100, 50), (300, 50), (900, 900)]
    shapes = gpd.GeoSeries([shapely.Point(EAST_M + x, NORTH_M + y) for x, y in places], crs=CRS)
    index = pd.Index(["H1", "H2", "H3", "H4"], name="household_id")
    homes = gpd.GeoDataFrame({"count": [1, 3, 7, 9]}, geometry=shapes.set_axis(index), index=index)
    measures = plan.area_measures("grid", households=homes)
    assert measures["centre_mean_m"].tolist() == pytest.approx([37.5, 0.0])
    assert measures["centre_max_m"].tolist() == pytest.approx([75.0, 0.0])


def test_the_order_of_atoms_changes_nothing(plan):
    turned = replace(plan, atoms=plan.atoms.iloc[::-1], borders=plan.borders.iloc[::-1])
    pd.testing.assert_frame_equal(turned.area_measures("grid"), plan.area_measures("grid"))
