"""States, candidates and explanations: what is not sure is told."""

import dataclasses
import json
import os
import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box
from towns import CRS, EAST_M, NORTH_M, SIDE_M, town

from gridgeo.model.errors import CrsError, TableError
from gridgeo.operate.locate import AreaIndex

TOWN = """
    AAB
    CDB
"""


def places(*squares):
    table = np.array(squares, dtype=float).reshape(-1, 2)
    return EAST_M + table[:, 0] * SIDE_M, NORTH_M + table[:, 1] * SIDE_M


def broken():
    """Give A over two squares, B over two, both over the middle one, and a gap."""
    return pd.concat([town("AA..C"), town(".BB.C").loc[["B"]]])


def test_each_state_has_its_place():
    index = AreaIndex.from_areas(broken())
    squares = [(0.5, 0.5), (1.5, 0.5), (3.5, 0.5), (4.5, 0.5), (9, 9), (0, 0.5), (1, 0.5), (3, 0.5), (1.5, 0)]
    expected = ["one", "several", "none", "one", "none", "one", "several", "one", "tie"]
    assert index.state(places(*squares)).to_list() == expected
    assert index.state(places(*squares)).cat.categories.to_list() == ["none", "one", "tie", "several"]
    whole = AreaIndex.from_areas(town(TOWN))
    assert whole.state(places((1, 1), (2, 1.5), (0, 0), (0.5, 0.5))).to_list() == ["tie", "tie", "one", "one"]


def test_states_keep_the_labels_of_points_and_a_missing_point_has_none():
    labels = pd.Index(["x", "y"], name="incident_id")
    points = gpd.GeoSeries([None, gpd.points_from_xy(*places((0.5, 0.5)))[0]], index=labels, crs=CRS)
    found = AreaIndex.from_areas(town(TOWN)).state(points)
    assert found.index.equals(labels)
    assert found.to_list() == ["none", "one"]


def test_a_point_nearer_to_another_area_than_its_accuracy_is_a_tie():
    index = AreaIndex.from_areas(town("AB", level="micro").assign(parent_id="G"))
    points = places((0.9, 0.5), (0.5, 0.5), (0.02, 0.5), (-0.02, 0.5))
    assert index.state(points, accuracy_m=9.0).to_list() == ["one", "one", "one", "none"]
    assert index.state(points, accuracy_m=[11.0, 11.0, 11.0, 11.0]).to_list() == ["tie", "one", "one", "none"]
    with pytest.raises(TableError, match="state: accuracy_m"):
        index.state(points, accuracy_m=[1.0])


def test_candidates_of_many_points_are_those_of_each_alone():
    index = AreaIndex.from_areas(town(TOWN))
    x, y = places((0.9, 0.5), (1.02, 0.97), (9, 9), (2.5, 1.0))
    accuracy = [20.0, 60.0, 5.0, 30.0]
    labels = pd.Index(list("pqrs"), name="incident_id")
    many = index.candidates_each(gpd.GeoSeries.from_xy(x, y, index=labels, crs=CRS), accuracy)
    assert many.index.unique().to_list() == ["p", "q", "s"]
    assert many.index.name == "incident_id"
    assert many.loc["s", "area_id"] == "B"
    lonlat = gpd.GeoSeries.from_xy(x, y, crs=CRS).to_crs("OGC:CRS84")
    for at, label in enumerate(labels):
        alone = index.candidates(lonlat[at].x, lonlat[at].y, accuracy[at])
        together = many[many.index == label].reset_index(drop=True)
        pd.testing.assert_frame_equal(together, alone, check_exact=False, atol=1e-4)


def test_a_place_on_a_border_has_both_sides_as_candidates_the_smaller_id_first():
    index = AreaIndex.from_areas(town("BA"))
    found = index.candidates_each(places((1, 0.5)), 10)
    assert found["area_id"].to_list() == ["A", "B"]
    assert found["share"].round(4).to_list() == [0.5, 0.5]
    assert found["border_m"].to_list() == [0.0, 0.0]


def test_an_area_that_covers_a_whole_cell_is_a_candidate_beside_a_small_one_in_that_cell():
    # A stands inside a cell that has its corner, and all its ground, in the larger area B.
    small = town("A").set_geometry([box(EAST_M + 40, NORTH_M + 40, EAST_M + 50, NORTH_M + 50)], crs=CRS)
    index = AreaIndex.from_areas(pd.concat([town("BBB\nBBB\nBBB"), small]), cell_m=32)
    x, y = np.array([EAST_M + 45.0]), np.array([NORTH_M + 45.0])
    assert index.candidates_each((x, y), 1.0)["area_id"].to_list() == ["A", "B"]


def test_points_without_a_place_have_no_candidates():
    index = AreaIndex.from_areas(town(TOWN))
    assert index.candidates_each(([np.nan, 0.0], [NORTH_M, 0.0])).empty
    assert index.candidates_each(([], [])).columns.to_list() == ["area_id", "share", "distance_m", "border_m"]


@pytest.mark.parametrize("accuracy", [[1.0, 2.0], [0.0], [np.nan], ["far"], None, -1])
def test_each_accuracy_must_be_a_positive_number(accuracy):
    with pytest.raises(TableError, match="candidates_each: accuracy_m"):
        AreaIndex.from_areas(town(TOWN)).candidates_each(places((1, 1)), accuracy)


def test_an_explanation_names_owner_state_claims_and_the_border():
    index = AreaIndex.from_areas(town(TOWN))
    found = index.explain_metres(*map(float, np.concatenate(places((0.9, 0.5)))), accuracy_m=20)
    assert (found.area_id, found.state, found.levels) == ("C", "one", {"grid": "C"})
    assert [(claim.area_id, claim.inside) for claim in found.claims] == [("C", True)]
    assert found.border_m == pytest.approx(10.0)
    assert [near.area_id for near in found.candidates] == ["C", "D"]
    assert not found.is_sure
    assert (
        found.told()
        == "The place lies in C, 10.0 m from its border. Within its accuracy of 20 m it may lie in D (20%)."
    )
    assert "C内" in found.told("zh")
    assert json.loads(json.dumps(dataclasses.asdict(found)))["candidates"][1]["area_id"] == "D"
    assert index.explain_metres(*map(float, np.concatenate(places((0.5, 0.5)))), accuracy_m=20).is_sure


def test_a_tie_an_overlap_and_a_gap_are_explained():
    index = AreaIndex.from_areas(broken())
    tie, overlap, gap = (
        index.explain_metres(*map(float, np.concatenate(places(square))))
        for square in [(1.5, 0), (1.5, 0.5), (3.5, 0.5)]
    )
    assert tie.told().startswith("The place lies on the border of A, B; by rule A owns it.")
    assert [claim.inside for claim in tie.claims] == [False, False]
    assert overlap.told() == "The areas A, B overlap here; by rule A owns the place."
    assert (gap.area_id, gap.border_m, gap.told()) == (None, None, "The place lies in no area.")
    assert gap.levels == {"grid": None}
    with pytest.raises(TableError, match="language is 'fr'"):
        gap.told("fr")


def test_a_place_is_explained_by_longitude_and_latitude():
    index = AreaIndex.from_areas(town(TOWN))
    point = gpd.GeoSeries.from_xy(*places((0.5, 0.5)), crs=CRS).to_crs("OGC:CRS84")[0]
    assert index.explain(point.x, point.y).area_id == "C"
    assert index.explain(0.0, 0.0).state == "none"


@pytest.mark.parametrize("place", [(np.nan, 1.0), (np.inf, 1.0), (114.0, 30.7), (NORTH_M + 50, EAST_M + 50)])
def test_a_place_that_cannot_be_meant_is_not_explained(place):
    with pytest.raises(CrsError):
        AreaIndex.from_areas(town(TOWN)).explain_metres(*place)


COLD = """
import sys
import numpy as np
import geopandas as gpd
import shapely
from gridgeo.operate.locate import AreaIndex
areas = gpd.GeoDataFrame(geometry=[shapely.box(5e5, 3e6, 5e5 + 900, 3e6 + 900)], crs="EPSG:4547", index=["A"])
index = AreaIndex.from_areas(areas.rename_axis("area_id"))
x = np.linspace(5e5, 5e5 + 900, 100_000)
assert index.locate(x, x - 5e5 + 3e6).notna().all()
assert index.area_at_metres(5e5 + 3.0, 3e6 + 3.0) == "A"
assert index.state(x, x - 5e5 + 3e6).eq("one").all()
print("numba" in sys.modules)
"""


WITHOUT = """
from gridgeo.operate.point_search import load_compiled
print(load_compiled())
"""


def said(program, **environment):
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ | environment
    )
    return ran.stdout.strip()


def test_a_service_that_asks_for_few_points_never_loads_numba():
    assert said(COLD) == "False"


def test_numba_can_be_turned_off():
    assert said(WITHOUT + COLD, GRIDGEO_NUMBA="0").split() == ["False", "False"]
