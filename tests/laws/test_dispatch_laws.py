"""What holds for every dispatch: each has a reason, row order is nothing, nobody leaves the community unsaid."""

from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import given
from hypothesis import strategies as st
from towns import CRS, EAST_M, NORTH_M, SIDE_M, town

import gridgeo as gg

DRAWING = """
    AABBCCDD
    AABBCCDD
    EEEFFFDD
    EEEFFF..
"""
COMMUNITY = {"A": "x", "B": "x", "E": "x", "C": "y", "D": "y", "F": "y"}
NOON = datetime(2026, 9, 1, 4, tzinfo=UTC)


def grids():
    areas = town(DRAWING)
    areas["parent_id"] = [COMMUNITY[letter] for letter in areas.index]
    return areas


def tree():
    above = grids().dissolve("parent_id").rename_axis("area_id").assign(level="community", parent_id="s")
    return pd.concat([above[["level", "parent_id", "geometry"]], grids()[["level", "parent_id", "geometry"]]])


AREAS, TREE = grids(), tree()
INDEX = gg.AreaIndex.from_areas(AREAS)

reports = st.lists(
    st.tuples(
        st.floats(-1.0, 9.0), st.floats(-1.0, 5.0), st.floats(1.0, 150.0), st.integers(0, 600), st.sampled_from("nps")
    ),
    min_size=1,
    max_size=25,
)
staff = st.sets(st.sampled_from([*"ABCDEFxys"]))


def incidents(rows):
    ids = pd.Index([f"I{at:03d}" for at in range(len(rows))], name="incident_id")
    x, y, accuracy, minute, category = (np.array(part) for part in zip(*rows, strict=True))
    shapes = gpd.GeoSeries.from_xy(EAST_M + x * SIDE_M, NORTH_M + y * SIDE_M, index=ids, crs=CRS)
    when = [NOON + timedelta(minutes=int(each)) for each in minute]
    columns = {"reported_at": pd.DatetimeIndex(when), "category": category, "accuracy_m": accuracy}
    return gpd.GeoDataFrame(columns, geometry=shapes, index=ids)


def send(rows, areas_served, **options):
    duties = pd.DataFrame(
        {
            "officer_id": [f"O{area}" for area in sorted(areas_served)],
            "area_id": sorted(areas_served),
            "role": "full_time",
        },
        index=pd.Index([f"D{area}" for area in sorted(areas_served)], name="duty_id"),
        dtype=object,
    )
    return gg.dispatch(rows, INDEX, duties, areas=TREE, most_open=3, **options)


@given(reports, staff)
def test_every_incident_has_a_state_and_a_reason(rows, served):
    answer = send(incidents(rows), served)
    assert answer["state"].isin(["auto", "review", "refused"]).all()
    assert (answer["reason"].str.len() > 10).all()
    assert (answer["to"].notna() == (answer["state"] != "refused")).all()


@given(reports, staff, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows, served, random):
    asked = incidents(rows)
    mixed = list(asked.index)
    random.shuffle(mixed)
    pd.testing.assert_frame_equal(send(asked, served), send(asked.loc[mixed], served).loc[asked.index])


@given(reports, staff)
def test_nobody_is_sent_into_another_community_without_a_flag(rows, served):
    answer = send(incidents(rows), served, street_centre="CENTRE")
    for _, row in answer[answer["to"].notna()].iterrows():
        duty = row["duty_area_id"]
        home = COMMUNITY[row["area_id"]]
        stays = isinstance(duty, str) and home in (duty, COMMUNITY.get(duty))
        assert stays != ("left_community" in str(row["flags"]))


@given(reports, staff)
def test_a_sure_point_lies_in_its_area_and_shares_are_those_of_its_disc(rows, served):
    asked = incidents(rows)
    answer = send(asked, served)
    shapes = AREAS.geometry
    for key, row in answer[answer["area_id"].notna()].iterrows():
        point = asked.geometry[key]
        disc = point.buffer(asked["accuracy_m"][key], quad_segs=64)
        land = shapely.area(shapely.intersection(shapes.to_numpy(), disc))
        expected = dict(zip(shapes.index, land / land.sum(), strict=True))
        assert all(abs(expected[area] - share) < 0.002 for area, share in row["candidates"])
        assert sum(share for _, share in row["candidates"]) > 0.999
        if row["found_by"] == "point":
            assert expected[row["area_id"]] > 0.898
            assert row["state"] != "auto" or shapes[row["area_id"]].distance(point) < 1e-6


@given(reports, staff)
def test_nobody_holds_more_than_the_limit(rows, served):
    sent = send(incidents(rows), served)["to"].value_counts()
    assert (sent <= 3).all()
