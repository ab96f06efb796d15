"""What past incidents would have been on another plan."""

from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from drawn_plans import drawn_plan
from towns import CRS, EAST_M, NORTH_M, SIDE_M, households_at, town

import gridgeo as gg
from gridgeo.model.errors import CrsError, TableError, UnknownAreaError

BEFORE, AFTER = plans = tuple(drawn_plan("abcdef", grid=grid) for grid in ("112233", "111233"))
"""Three grids of two squares each; then the first has three and the second one."""


def incidents(*columns, **more):
    """Report one incident in the middle of each square named by its column from the west."""
    points = [None if x is None else shapely.Point(EAST_M + x * SIDE_M, NORTH_M + 0.5 * SIDE_M) for x in columns]
    index = pd.Index([f"I{number}" for number in range(len(points))], name="incident_id")
    moments = pd.date_range("2026-08-01T08:00", periods=len(points), freq="h", tz="Asia/Shanghai")
    table = {"reported_at": moments, "category": "noise", **more}
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(points, crs=CRS, index=index), index=index)


PAST = incidents(0.5, 1.5, 2.5, 2.5, 3.5, 5.5, None, 9.5)


def duties(**areas):
    rows = [(f"D-{officer}-{area}", officer, area, "primary") for officer, held in areas.items() for area in held]
    return pd.DataFrame(rows, columns=["duty_id", "officer_id", "area_id", "role"]).set_index("duty_id")


POSTS = duties(O1=["G1"], O2=["G2"], O3=["G3"])


def test_each_area_has_the_incidents_on_its_land():
    found = gg.replay(PAST, AFTER, before=BEFORE)
    assert found.loads["incidents"].to_dict() == {"G1": 4, "G2": 1, "G3": 1}
    assert found.loads_before["incidents"].to_dict() == {"G1": 2, "G2": 3, "G3": 1}
    assert found.loads["per_1000_households"].to_dict() == pytest.approx({"G1": 4 / 0.3, "G2": 10.0, "G3": 5.0})


def test_each_incident_is_told_with_its_area_before_and_after():
    told = gg.replay(PAST, AFTER, before=BEFORE).incidents
    assert told["area_before"].fillna("").tolist() == ["G1", "G1", "G2", "G2", "G2", "G3", "", ""]
    assert told["area_after"].fillna("").tolist() == ["G1", "G1", "G1", "G1", "G2", "G3", "", ""]
    assert told.index[told["changed"]].tolist() == ["I2", "I3"]


def test_ways_run_from_the_middle_of_the_area():
    told = gg.replay(PAST, AFTER, before=BEFORE).incidents
    assert told["middle_before_m"].tolist()[:6] == pytest.approx([50, 50, 50, 50, 50, 50])
    assert told["middle_after_m"].tolist()[:6] == pytest.approx([100, 0, 100, 100, 0, 50])
    assert told["middle_after_m"].isna().tolist()[6:] == [True, True]


def test_the_middle_of_a_bent_area_lies_in_it():
    bent = town("""
        AAA
        ABA
        ABA
    """)
    found = gg.replay(incidents(1.5), bent)
    assert found.loads["incidents"].to_dict() == {"A": 0, "B": 1}
    one = gg.replay(incidents(0.5), bent.loc[["A"]]).incidents["middle_after_m"].iloc[0]
    place = shapely.point_on_surface(bent.geometry["A"])
    assert one == pytest.approx(place.distance(incidents(0.5).geometry.iloc[0]))


def test_officers_set_out_from_the_area_they_have_before():
    found = gg.replay(PAST, AFTER, before=BEFORE, duties=POSTS)
    assert found.officers["home_area_id"].to_dict() == {"O1": "G1", "O2": "G2", "O3": "G3"}
    assert found.incidents["officer_after_m"].tolist()[:6] == pytest.approx([50, 50, 150, 150, 50, 50])
    assert found.officers["incidents_gained"].to_dict() == {"O1": 2, "O2": 0, "O3": 0}
    assert found.officers["incidents_lost"].to_dict() == {"O1": 0, "O2": 2, "O3": 0}
    assert found.officers["way_after_m"].to_dict() == pytest.approx({"O1": 100, "O2": 50, "O3": 50})


def test_a_home_that_is_stated_goes_before_the_largest_area():
    people = pd.DataFrame({"name": ["a", "b"], "role": "primary", "home_area_id": ["G3", None]},
                          index=pd.Index(["O1", "O2"], name="officer_id"))  # fmt: skip
    found = gg.replay(incidents(0.5, 2.5), BEFORE, duties=duties(O1=["G1"], O2=["G2"], O9=["G2"]), officers=people)
    assert found.officers["home_area_id"].to_dict() == {"O1": "G3", "O2": "G2"}
    assert found.incidents["officer_after_m"].tolist() == pytest.approx([450, 50])


def test_dispatches_that_would_differ_are_told():
    found = gg.replay(PAST, AFTER, before=BEFORE, duties=POSTS)
    rows = found.dispatches
    assert rows.index[rows["differs"]].tolist() == ["I2", "I3"]
    assert rows.loc["I2", ["to_before", "to_after"]].tolist() == ["O2", "O1"]
    assert found.summary()["dispatches_to_another"] == 2
    once = gg.dispatch(PAST, gg.AreaIndex.from_areas(AFTER.areas()), POSTS, areas=AFTER.areas())
    assert rows["to_after"].fillna("").tolist() == once["to"].fillna("").tolist()


def test_options_of_dispatch_go_through():
    found = gg.replay(PAST, AFTER, before=BEFORE, duties=POSTS, load={"O1": 5}, most_open=5)
    assert "O1" not in set(found.dispatches["to_after"].dropna())


def test_a_plan_is_replayed_as_if_it_had_been_in_force():
    drafted = drawn_plan("abcdef", grid="111233", valid_from=date(2027, 1, 1))
    later = POSTS.assign(valid_from=date(2027, 1, 1), valid_to=None)
    found = gg.replay(PAST, drafted, before=BEFORE, duties=later)
    assert found.dispatches["to_after"].tolist()[:6] == ["O1", "O1", "O1", "O1", "O2", "O3"]


def test_the_duties_of_a_day_can_be_taken():
    dated = POSTS.assign(valid_from=None, valid_to=[date(2026, 9, 1), None, None])
    told = [gg.replay(PAST, AFTER, duties=dated, at=day).officers.index.tolist()
            for day in (date(2026, 8, 1), date(2026, 10, 1))]  # fmt: skip
    assert told == [["O1", "O2", "O3"], ["O2", "O3"]]


def test_addresses_that_change_their_area_are_listed():
    homes = households_at([(0.5, 0.5), (2.5, 0.5), (2.2, 0.1)], count=4)
    found = gg.replay(PAST, AFTER, before=BEFORE, addresses=homes)
    assert found.addresses["area_before"].to_dict() == {"H0001": "G2", "H0002": "G2"}
    assert found.addresses["area_after"].tolist() == ["G1", "G1"]
    assert found.summary()["households_changed"] == 8


def test_without_a_plan_before_the_incidents_own_areas_are_compared():
    past = incidents(0.5, 2.5, 3.5, area_id=["G1", "G2", None])
    found = gg.replay(past, AFTER)
    assert found.incidents["changed"].tolist() == [False, True, False]
    assert found.loads_before.empty
    assert found.dispatches.empty
    assert gg.replay(PAST, AFTER).summary()["incidents_changed"] == 0


def test_an_index_that_is_built_already_gives_the_same():
    ready = gg.AreaIndex.from_areas(AFTER.areas())
    pd.testing.assert_frame_equal(
        gg.replay(PAST, AFTER, index=ready, before=BEFORE).incidents, gg.replay(PAST, AFTER, before=BEFORE).incidents
    )
    both = pd.concat([AFTER.areas("community"), AFTER.areas()])
    tree = gg.AreaIndex.from_areas(both)
    assert gg.replay(PAST, both, index=tree, duties=POSTS).loads["incidents"].to_dict() == {"G1": 4, "G2": 1, "G3": 1}


def test_the_order_of_rows_does_not_matter():
    one = gg.replay(PAST, AFTER, before=BEFORE, duties=POSTS)
    two = gg.replay(PAST[::-1], AFTER.areas()[::-1], before=BEFORE.areas()[::-1], duties=POSTS[::-1])
    pd.testing.assert_frame_equal(one.loads, two.loads)
    pd.testing.assert_frame_equal(one.officers, two.officers)
    pd.testing.assert_frame_equal(one.incidents, two.incidents.sort_index())


def test_the_report_says_what_would_change():
    report = str(gg.replay(PAST, AFTER, before=BEFORE, duties=POSTS))
    assert "8 incidents replayed on 3 areas: 2 lie in another area than before, 2 in none" in report
    assert "the busiest area has 4 instead of 3" in report
    assert "2 would be dispatched otherwise, 2 to another officer; 2 officers gain or lose incidents" in report


def test_no_incidents_are_an_answer():
    found = gg.replay(PAST.iloc[:0], AFTER, before=BEFORE, duties=POSTS)
    assert found.loads["incidents"].tolist() == [0, 0, 0]
    assert found.summary()["incidents"] == 0
    assert str(found)


def test_what_cannot_be_replayed_is_refused():
    with pytest.raises(CrsError, match=r"points: is in .*CM 117E"):
        gg.replay(PAST.to_crs("EPSG:4548"), AFTER)
    with pytest.raises(UnknownAreaError, match="no level 'micro'"):
        gg.replay(PAST, AFTER, level="micro")
    with pytest.raises(TableError, match="plan: holds no area of level 'micro'; its levels are grid"):
        gg.replay(PAST, AFTER.areas(), level="micro")
    with pytest.raises(TableError, match="index_before and duties_before are of the areas before"):
        gg.replay(PAST, AFTER, duties_before=POSTS)
    with pytest.raises(TableError, match="column 'reported_at' is missing"):
        gg.replay(PAST.drop(columns="reported_at"), AFTER)
    with pytest.raises(TableError, match="stands more than once"):
        gg.replay(PAST, pd.concat([AFTER.areas(), AFTER.areas()]))
    with pytest.raises(CrsError, match=r"index: is in .*CM 117E"):
        gg.replay(PAST, AFTER, index=gg.AreaIndex.from_areas(AFTER.areas().to_crs("EPSG:4548")))


def test_the_report_can_be_had_in_chinese():
    found = gg.replay(PAST, AFTER, before=BEFORE, duties=POSTS)
    assert "8 件事件在 3 个责任区上重演:2 件改变责任区,2 件不在任何责任区内" in found.report("zh")
