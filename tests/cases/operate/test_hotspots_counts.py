"""Incidents are counted by area, hour, weekday and category, in local time, and what is not counted is told."""

from datetime import UTC, date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, town

import gridgeo as gg

AREAS = town("AB", households=100)
INDEX = gg.AreaIndex.from_areas(AREAS)
SHANGHAI = {"time_zone": "Asia/Shanghai"}


def reports(*rows):
    """Write incidents: east of the corner in metres (None: no point), local time in Shanghai, category."""
    east, when, category = zip(*rows, strict=True)
    points = [None if x is None else shapely.Point(500_000 + x, 3_400_050) for x in east]
    times = pd.to_datetime(list(when)).tz_localize("Asia/Shanghai").tz_convert("UTC")
    ids = pd.Index([f"I{number}" for number in range(len(rows))], name="incident_id")
    return gpd.GeoDataFrame({"reported_at": times, "category": list(category)}, geometry=points, crs=CRS, index=ids)


DAY = reports(
    (50, "2026-08-03 00:30", "noise"),  # a Monday; Sunday in UTC
    (50, "2026-08-03 23:59", "noise"),
    (150, "2026-08-04 00:00", "waste"),
    (150, "2026-08-09 12:00", "noise"),
    (900, "2026-08-09 12:00", "noise"),
    (None, "2026-08-09 12:00", "noise"),
)


def test_incidents_count_in_their_area_and_the_others_are_told():
    counts = gg.count_incidents(DAY, INDEX)
    assert counts["count"].to_dict() == {"A": 2, "B": 2}
    assert counts.attrs["left_out"] == {"without_place": 1, "in_no_area": 1, "without_time": 0, "in_future": 0}
    assert counts.index.name == "area_id"


def test_rates_stand_beside_the_counts():
    areas = AREAS.assign(households=[50, 0])
    rates = gg.count_incidents(DAY, INDEX, areas=areas)
    assert rates["per_km2"].tolist() == [200.0, 200.0]
    assert rates["per_1000_households"].iloc[0] == 40.0
    assert np.isnan(rates["per_1000_households"].iloc[1])


def test_days_begin_at_local_midnight_and_end_before_the_next():
    day = gg.count_incidents(DAY, INDEX, since=date(2026, 8, 3), until=date(2026, 8, 4), **SHANGHAI)
    assert day["count"].to_dict() == {"A": 2, "B": 0}
    instant = gg.count_incidents(DAY, INDEX, since=datetime(2026, 8, 3, 15, 59, tzinfo=UTC), until="2026-08-05T00:00Z")
    assert instant["count"].to_dict() == {"A": 1, "B": 1}


def test_categories_are_chosen_by_name():
    assert gg.count_incidents(DAY, INDEX, category="waste")["count"].tolist() == [0, 1]
    assert gg.count_incidents(DAY, INDEX, category=["waste", "noise"])["count"].tolist() == [2, 2]
    with pytest.raises(gg.TableError, match="category 'fire': no incident has it; there are noise, waste"):
        gg.count_incidents(DAY, INDEX, category="fire")


def test_hours_and_weekdays_are_those_of_the_place():
    hours = gg.count_incidents(DAY, INDEX, by="hour", **SHANGHAI)
    assert hours.shape == (2, 24)
    assert hours.loc["A"][hours.loc["A"] > 0].to_dict() == {0: 1, 23: 1}
    days = gg.count_incidents(DAY, INDEX, by="weekday", **SHANGHAI)
    assert days.loc["A", "monday"] == 2
    assert days.loc["B", ["tuesday", "sunday"]].tolist() == [1, 1]
    utc = gg.count_incidents(DAY, INDEX, by="weekday", time_zone="UTC")
    assert utc.loc["A", ["sunday", "monday"]].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("by", "columns", "counts"),
    [
        ("day", pd.date_range("2026-08-03", "2026-08-09"), [2, 1, 0, 0, 0, 0, 1]),
        ("week", ["2026-08-03"], [4]),
        ("month", ["2026-08-01"], [4]),
    ],
)
def test_days_weeks_and_months_leave_no_gap(by, columns, counts):
    made = gg.count_incidents(DAY, INDEX, by=by, **SHANGHAI)
    assert made.columns.tolist() == pd.DatetimeIndex(columns).tolist()
    assert made.sum().tolist() == counts


def test_categories_are_columns_in_order():
    assert gg.count_incidents(DAY, INDEX, by="category").to_dict("index") == {
        "A": {"noise": 2, "waste": 0}, "B": {"noise": 1, "waste": 1},
    }  # fmt: skip


def test_every_table_adds_up_to_the_plain_count_of_a_town():
    made = gg.make_town(households=3_000, seed=2)
    index = gg.AreaIndex.from_areas(made.communities)
    plain = gg.count_incidents(made.incidents, index)["count"]
    within = gpd.sjoin(made.incidents, made.communities[["geometry"]], predicate="within")
    pd.testing.assert_series_equal(
        plain.sort_index(), within.groupby("area_id").size().reindex(plain.sort_index().index, fill_value=0),
        check_names=False, check_dtype=False,
    )  # fmt: skip
    for by in ("hour", "weekday", "day", "week", "month", "category"):
        table = gg.count_incidents(made.incidents, index, by=by, **SHANGHAI)
        assert table.sum(axis=1).tolist() == plain.tolist()


def test_incidents_of_the_future_and_without_a_time_are_told():
    odd = DAY.copy()
    odd.loc["I0", "reported_at"] = pd.NaT
    made = gg.count_incidents(odd, INDEX, now="2026-08-04", **SHANGHAI)
    assert made["count"].to_dict() == {"A": 1, "B": 1}
    left = made.attrs["left_out"]
    assert (left["without_time"], left["in_future"]) == (1, 3)


def test_plain_columns_of_places_count_as_points_do():
    plain = pd.DataFrame(
        {"x": DAY.geometry.x, "y": DAY.geometry.y, "reported_at": DAY["reported_at"], "category": DAY["category"]}
    )
    made = gg.count_incidents(plain, INDEX)
    pd.testing.assert_frame_equal(made, gg.count_incidents(DAY, INDEX))
    assert made.attrs == gg.count_incidents(DAY, INDEX).attrs


def test_no_incidents_are_zeros():
    for by in ("area", "hour", "day", "category"):
        made = gg.count_incidents(DAY.iloc[:0], INDEX, by=by, **SHANGHAI)
        assert made.to_numpy().sum() == 0
        assert made.index.tolist() == ["A", "B"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "year"}, "by is 'year'; it is one of area, category, hour"),
        ({"by": "hour"}, "by='hour' needs time_zone"),
        ({"since": "2026-08-03"}, "without a time zone; say time_zone='Asia/Shanghai'"),
        ({"since": "soon", **SHANGHAI}, "since is 'soon', neither a day nor an instant"),
        ({"by": "hour", "time_zone": "Asia/Nowhere"}, "time_zone 'Asia/Nowhere' is not known"),
        ({"areas": AREAS.loc[["A"]]}, "there is no area 'B'"),
        ({"incidents": DAY.drop(columns="reported_at"), "by": "day", **SHANGHAI}, "no column 'reported_at'"),
        ({"incidents": DAY.assign(reported_at=DAY["reported_at"].dt.tz_localize(None)), "now": "2026-08-03T00Z"},
         "not instants with a time zone"),
        ({"incidents": pd.DataFrame({"category": ["a"]})}, "neither a geometry nor the columns 'x' and 'y'"),
        ({"incidents": DAY.to_crs(4549)}, r"use points.to_crs\(index.crs\)"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(options, words):
    given = {"incidents": DAY, **options}
    with pytest.raises(gg.GridgeoError, match=words):
        gg.count_incidents(given.pop("incidents"), INDEX, **given)
