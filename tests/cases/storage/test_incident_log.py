"""Hold the log of incidents, and their areas by the plan of their own day, to what a command centre asks."""

from datetime import UTC, date, datetime

import geopandas as gpd
import pandas as pd
import pytest
from drawn_plans import drawn_plan
from pandas.testing import assert_frame_equal
from towns import CRS, EAST_M, NORTH_M

from gridgeo.model.errors import TableError
from gridgeo.model.service_tables import INCIDENT_LOG
from gridgeo.model.tables import check
from gridgeo.storage.store import open_store

PLAN = drawn_plan("AB", grid="12")
REDRAWN = drawn_plan("AB", grid="11")
NEW_YEAR, JUNE = date(2026, 1, 1), date(2026, 6, 1)


def incidents(times, places, zone="Asia/Shanghai"):
    points = gpd.points_from_xy([EAST_M + 100 * x for x in places], [NORTH_M + 50] * len(places), crs=CRS)
    index = pd.Index([f"I{number}" for number in range(1, len(times) + 1)], name="incident_id")
    columns = {"reported_at": pd.DatetimeIndex(times).tz_localize(zone), "category": "noise"}
    return gpd.GeoDataFrame(columns, geometry=points, index=index)


def log(**columns):
    made = {
        "incident_id": ["I1", "I2", "I1"],
        "status": ["accepted", "accepted", "closed"],
        "at": pd.to_datetime(["2026-03-01 08:00", "2026-03-01 07:00", "2026-03-02 09:30"]).tz_localize("Asia/Shanghai"),
        "actor": ["王一", None, "李二"],
    }
    return pd.DataFrame(made | columns)


@pytest.fixture
def town(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.save_incidents(incidents(["2026-03-01 06:00", "2026-03-01 06:30"], [0.5, 1.5]))
    return store


def test_the_log_comes_back_in_the_order_in_which_it_was_written(town):
    town.append_log(log())
    town.append_log(log(status="verified", verdict=None).iloc[:1])
    found = town.incident_log()
    check(found, INCIDENT_LOG)
    assert found["incident_id"].tolist() == ["I1", "I2", "I1", "I1"]
    assert found["status"].tolist() == ["accepted", "accepted", "closed", "verified"]
    assert found["actor"].fillna("-").tolist() == ["王一", "-", "李二", "王一"]
    assert found["at"].iloc[0] == pd.Timestamp("2026-03-01 00:00", tz="UTC")


def test_the_log_is_asked_by_incident_and_by_time(town):
    town.append_log(log())
    assert town.incident_log(["I1", "I9"])["status"].tolist() == ["accepted", "closed"]
    since = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
    assert town.incident_log(since=since)["incident_id"].tolist() == ["I1", "I1"]
    assert town.incident_log(until=since)["incident_id"].tolist() == ["I2"]
    assert town.incident_log(since=date(2026, 3, 2))["status"].tolist() == ["closed"]
    assert len(town.incident_log([])) == 0


def test_an_empty_log_has_its_columns(town):
    town.append_log(log().iloc[:0])
    found = town.incident_log()
    assert (len(found), set(found.columns)) == (0, set(INCIDENT_LOG.columns))
    check(found, INCIDENT_LOG)


def test_the_log_of_another_territory_is_not_seen(town, store_place):
    town.append_log(log())
    with open_store(store_place, territory="west") as west:
        assert len(west.incident_log()) == 0
        with pytest.raises(TableError, match="'I1' is not in incidents"):
            west.append_log(log())


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"incident_id": ["I1", "I9", "I1"]}, "incident_id 'I9' is not in incidents; save_incidents adds it first"),
        ({"status": "lost"}, "status"),
        ({"at": pd.to_datetime(["2026-03-01"] * 3)}, "at of row 0 is 2026-03-01 .*without a time zone"),
        ({"at": ["2026-03-01T00:00Z", None, "x"]}, "at of row 1 is missing"),
        ({"at": ["2026-03-01T00:00Z", "soon", "x"]}, "at of row 1 is soon, not an instant"),
        ({"colour": "red"}, "has no column 'colour'"),
    ],
)
def test_rows_that_cannot_be_are_refused_and_nothing_of_them_is_kept(town, columns, said):
    with pytest.raises(TableError, match=said):
        town.append_log(log(**columns))
    assert len(town.incident_log()) == 0


def test_an_instant_without_a_time_zone_is_refused_when_the_log_is_asked(town):
    with pytest.raises(TableError, match="since is 2026-03-01 00:00:00, without a time zone"):
        town.incident_log(since=datetime(2026, 3, 1))


# Areas of incidents


def test_an_incident_lies_in_the_area_of_its_own_day(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.publish(REDRAWN, valid_from=JUNE)
    times = ["2025-12-31 23:59", "2026-05-31 23:59", "2026-06-01 00:00", "2026-05-01 12:00", "2026-05-01 12:00"]
    store.save_incidents(incidents(times, [1.5, 1.5, 1.5, 9.0, 1.0]))
    found = store.incident_areas()
    assert found["area_id"].fillna("-").tolist() == ["-", "G2", "G1", "-", "G1"]
    assert found["version"].fillna(0).tolist() == [0, 1, 2, 1, 1]
    assert store.incident_areas("community")["area_id"].fillna("-").tolist() == ["-", "C1", "C1", "-", "C1"]
    assert store.incident_areas("micro")["area_id"].isna().all()


def test_days_are_those_of_the_zone_that_is_named(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.publish(REDRAWN, valid_from=JUNE)
    store.save_incidents(incidents(["2026-06-01 07:00"], [1.5]))
    assert store.incident_areas()["area_id"].tolist() == ["G1"]
    assert store.incident_areas(zone="UTC")["area_id"].tolist() == ["G2"]
    with pytest.raises(TableError, match="zone 'Mars' is no time zone"):
        store.incident_areas(zone="Mars")


def test_a_store_without_incidents_has_no_areas_of_them(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    found = store.incident_areas()
    expected = pd.DataFrame(
        {"version": pd.Series([], dtype="Int64"), "area_id": pd.Series([], dtype="str")}, index=found.index
    )
    assert_frame_equal(found, expected)
