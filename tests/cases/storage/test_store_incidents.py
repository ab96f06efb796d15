"""Hold incidents in the store: added, brought up to date, never deleted, found by time, kind and place."""

from datetime import UTC, date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from drawn_plans import drawn_plan
from geopandas.testing import assert_geodataframe_equal
from towns import CRS, EAST_M, NORTH_M, households_at

from gridgeo.model.errors import CrsError, TableError
from gridgeo.model.tables import INCIDENTS, empty

PLAN = drawn_plan("ABC\nDEF", grid="112112")
NEW_YEAR = date(2026, 1, 1)


def incidents(ids="ABCD", **columns):
    """Make incidents at 00:30, 01:30 ... on 2 August in Shanghai, the second without a place."""
    shapes = households_at([(number + 0.5, 0.5) for number in range(len(ids))]).geometry.to_numpy()
    shapes[1:2] = None
    index = pd.Index([f"I{letter}" for letter in ids], name="incident_id")
    first = pd.Timestamp("2026-08-02 00:30", tz="Asia/Shanghai")
    made = {
        "reported_at": first + pd.to_timedelta(np.arange(len(ids)), unit="h"),
        "category": (["noise", "litter"] * len(ids))[: len(ids)],
        "text": "有人在吵",
        "accuracy_m": [12.5, *[np.nan] * (len(ids) - 1)],
        "area_id": None,
        "status": "reported",
    }
    return gpd.GeoDataFrame(made | columns, geometry=gpd.GeoSeries(shapes, crs=CRS, index=index), index=index)


def test_incidents_come_back_as_they_were_saved(store):
    store.save_incidents(incidents())
    assert_geodataframe_equal(store.incidents(), incidents())
    assert store.incidents().index.equals(incidents().index)


def test_incidents_are_published_with_a_plan(store):
    store.publish(PLAN, valid_from=NEW_YEAR, incidents=incidents())
    store.publish(PLAN, valid_from=NEW_YEAR)
    assert_geodataframe_equal(store.incidents(), incidents())


def test_incidents_that_are_refused_refuse_the_plan(store):
    with pytest.raises(TableError, match="incidents: reported_at of 'IA' is missing"):
        store.publish(PLAN, valid_from=NEW_YEAR, incidents=incidents(reported_at=None))
    assert len(store.plans()) == 0


def test_a_known_incident_is_brought_up_to_date_in_its_place(store):
    store.save_incidents(incidents())
    handled = incidents("EB", status="closed", area_id="G1")
    store.save_incidents(handled)
    found = store.incidents()
    assert found.index.tolist() == ["IA", "IB", "IC", "ID", "IE"]
    assert found["status"].tolist() == ["reported", "closed", "reported", "reported", "closed"]
    assert found["area_id"].isna().tolist() == [True, False, True, True, False]


def test_columns_that_are_not_given_keep_their_values(store):
    store.save_incidents(incidents(source="hotline", stars=[1, 2, 3, 4]))
    store.save_incidents(
        incidents("AB", note="done", stars=[5, 6])[["reported_at", "category", "note", "stars", "geometry"]]
    )
    found = store.incidents()
    assert found["text"].tolist() == ["有人在吵"] * 4
    assert found["source"].tolist() == ["hotline"] * 4
    assert found["stars"].tolist() == [5, 6, 3, 4]
    assert found["note"].isna().tolist() == [False, False, True, True]


def test_a_value_that_is_given_as_missing_is_cleared(store):
    store.save_incidents(incidents(source="hotline"))
    store.save_incidents(incidents("A", source=None, status=None))
    found = store.incidents()
    assert found["source"].isna().tolist() == [True, False, False, False]
    assert found["status"].isna().tolist() == [True, False, False, False]


def test_types_widen_where_later_rows_need_it(store):
    store.save_incidents(incidents("AB", stars=[1, 2], ward=[1, 2]))
    store.save_incidents(incidents("CD", stars=[2.5, np.nan], ward=["3", "4"]))
    found = store.incidents()
    assert found["stars"].dtype == "float64"
    assert found["ward"].tolist() == [1, 2, "3", "4"]


def test_time_is_half_open(store):
    store.save_incidents(incidents())
    moments = incidents()["reported_at"]
    assert store.incidents(since=moments.iloc[1]).index.tolist() == ["IB", "IC", "ID"]
    assert store.incidents(until=moments.iloc[1]).index.tolist() == ["IA"]
    since = moments.iloc[1].tz_convert("UTC").to_pydatetime()
    assert store.incidents(since=since, until=moments.iloc[3]).index.tolist() == ["IB", "IC"]


def test_a_day_begins_at_midnight_where_the_incidents_were_reported(store):
    store.save_incidents(incidents())
    assert store.incidents(since=date(2026, 8, 2)).index.tolist() == ["IA", "IB", "IC", "ID"]
    assert len(store.incidents(since=date(2026, 8, 3))) == 0
    assert len(store.incidents(until=date(2026, 8, 2))) == 0


def test_category_may_be_one_or_several(store):
    store.save_incidents(incidents())
    assert store.incidents(category="noise").index.tolist() == ["IA", "IC"]
    assert len(store.incidents(category=["noise", "litter"])) == 4
    assert len(store.incidents(category="fire")) == 0


def test_a_box_holds_its_edge_and_no_incident_without_a_place(store):
    store.save_incidents(incidents())
    found = store.incidents(bbox=(EAST_M + 50, NORTH_M, EAST_M + 250, NORTH_M + 50))
    assert found.index.tolist() == ["IA", "IC"]


def test_where_none_is_found_the_types_stay(store):
    store.save_incidents(incidents())
    assert store.incidents(category="fire").dtypes.equals(incidents().dtypes)


def test_before_the_first_save_there_are_none(store):
    assert len(store.incidents()) == 0
    store.publish(PLAN, valid_from=NEW_YEAR)
    assert store.incidents().crs == PLAN.crs


def test_saving_none_changes_nothing(store):
    store.save_incidents(empty(INCIDENTS))
    store.save_incidents(incidents())
    store.save_incidents(empty(INCIDENTS))
    assert_geodataframe_equal(store.incidents(), incidents())


def test_instants_as_text_are_read_where_they_name_their_offset(store):
    text = [
        "2026-08-02T00:30:00+08:00",
        "2026-08-01T17:30:00Z",
        "2026-08-02T02:30:00+08:00",
        "2026-08-02T03:30:00+08:00",
    ]
    store.save_incidents(incidents(reported_at=text))
    assert store.incidents()["reported_at"].tolist() == incidents()["reported_at"].tolist()


def test_an_instant_far_away_in_time_keeps_its_microsecond(store):
    moments = [datetime(1970, 1, 1, 0, 0, 0, 1, UTC), datetime(2261, 12, 31, 23, 59, 59, 999_999, UTC)]
    store.save_incidents(incidents("AB", reported_at=moments))
    assert store.incidents()["reported_at"].dt.to_pydatetime().tolist() == moments


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"reported_at": pd.Timestamp("2026-08-01")},
            "reported_at of 'IA' is 2026-08-01 00:00:00, without a time zone",
        ),
        ({"reported_at": "2026-08-01 12:00"}, "reported_at of 'IA' is 2026-08-01 12:00, without a time zone"),
        ({"reported_at": "yesterday noon"}, "reported_at of 'IA' is 'yesterday noon', not an instant"),
        ({"category": 3}, "incidents: category of 'IA' is 3, not text"),
        ({"accuracy_m": "far"}, "incidents: accuracy_m of 'IA' is 'far', not a number"),
    ],
)
def test_an_incident_that_breaks_the_contract_is_refused(store, columns, message):
    with pytest.raises(TableError, match=message):
        store.save_incidents(incidents(**columns))
    assert len(store.incidents()) == 0


def test_a_repeated_id_is_refused(store):
    with pytest.raises(TableError, match="incident_id 'IA' stands more than once"):
        store.save_incidents(incidents("AA"))


def test_incidents_in_another_crs_are_refused(store):
    store.save_incidents(incidents())
    with pytest.raises(CrsError, match=r"incidents: is in .*, the store keeps this territory in CGCS2000"):
        store.save_incidents(incidents().to_crs("EPSG:32650"))
    with pytest.raises(CrsError, match="atoms: is in"):
        store.publish(
            type(PLAN)(PLAN.atoms.to_crs("EPSG:32650"), PLAN.owners, PLAN.register, PLAN.profile, PLAN.borders),
            valid_from=NEW_YEAR,
        )


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"since": datetime(2026, 8, 1, 12)}, "since is 2026-08-01 12:00:00, without a time zone"),
        ({"until": "2026-08-01"}, "until is '2026-08-01', neither an instant nor a day"),
        ({"bbox": (1, 2, 0, 3)}, "not west, south, east, north in metres"),
        ({"bbox": (1, 2, float("nan"), 3)}, "not west, south, east, north in metres"),
        ({"bbox": (1, 2, 3)}, "not west, south, east, north in metres"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(store, asked, message):
    store.save_incidents(incidents())
    with pytest.raises(TableError, match=message):
        store.incidents(**asked)
