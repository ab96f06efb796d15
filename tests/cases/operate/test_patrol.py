"""Patrols: the length of street that officers on duty walked along."""

from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, street_lines, town

from gridgeo.model.errors import CrsError, TableError
from gridgeo.operate.patrol import daily_patrols, patrolled_length

NOON = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
MAIN = street_lines([[(0, 0), (10, 0)]])
"""One street of 1,000 m to the east."""


def walk(*places, officer="A", begin=NOON, every_s=60, **columns):
    """Walk through places in metres from the south-west corner, one point a minute."""
    points = gpd.points_from_xy([EAST_M + x for x, _ in places], [NORTH_M + y for _, y in places], crs=CRS)
    at = [begin + timedelta(seconds=every_s * number) for number in range(len(places))]
    return gpd.GeoDataFrame({"officer_id": officer, "at": at, **columns}, geometry=points)


def along(west, east, y=0.0, **options):
    """Walk to the east in steps of at most 100 m."""
    return walk(*((float(x), y) for x in [*np.arange(west, east, 100), east]), **options)


def lengths(track, streets=MAIN, **options):
    found = patrolled_length(track, streets, **options)
    return found["patrolled_m"].round(6).to_list()


def test_a_walk_counts_as_far_as_it_reaches():
    found = patrolled_length(along(200, 600), MAIN)
    assert found.loc["S000"].round(9).to_dict() == {"length_m": 1000.0, "patrolled_m": 440.0, "share": 0.44}


def test_a_walk_beside_the_street_counts_as_far_as_it_is_within_reach():
    assert lengths(along(200, 600, y=12)) == [400 + 2 * 16]
    assert lengths(along(200, 600, y=20)) == [400]
    assert lengths(along(200, 600, y=20.001)) == [0]


def test_a_parallel_street_is_not_patrolled():
    streets = street_lines([[(0, 0), (10, 0)], [(0, 0.4), (10, 0.4)]])
    assert lengths(along(0, 1000), streets) == [1000, 0]


def test_crossing_a_street_is_not_patrolling_it():
    crossing = walk((500, -90), (500, 0), (500, 90))
    assert lengths(crossing) == [0]
    assert lengths(crossing, least_m=0) == [40]


def test_nothing_counts_twice():
    tracks = pd.concat([along(0, 500), along(400, 700, officer="B"), along(600, 1000, officer="C")])
    assert lengths(tracks) == [1000]
    there_and_back = walk(*((x, 0) for x in (100, 200, 300, 200, 100)))
    assert lengths(there_and_back) == [240]


def test_two_crossings_near_each_other_do_not_make_a_stretch():
    assert lengths(pd.concat([walk((500, -90), (500, 90)), walk((530, -90), (530, 90), officer="B")])) == [0]


def test_a_short_street_counts_when_it_is_walked_whole():
    streets = street_lines([[(0, 0), (0.3, 0)], [(2, 0), (2.3, 0)]])
    assert lengths(along(0, 30), streets) == [30, 0]
    assert lengths(along(0, 5), streets) == [0, 0]


def test_a_street_with_bends_and_parts_is_measured_along_its_line():
    bent = street_lines([[(0, 0), (1, 0), (1, 1), (1, 1), (0, 1)]])
    assert lengths(walk((0, 0), (100, 0), (100, 100), (0, 100)), bent) == [300]
    lines = [shapely.LineString([(EAST_M + x, NORTH_M), (EAST_M + x + 100, NORTH_M)]) for x in (0, 300)]
    parts = bent.set_geometry(gpd.GeoSeries([shapely.MultiLineString(lines)], crs=CRS, index=bent.index))
    assert lengths(along(0, 100), parts) == [100]
    assert patrolled_length(along(0, 100), parts)["length_m"].to_list() == [200]


@pytest.mark.parametrize(
    "gap",
    [{"every_s": 121}, {"max_gap_m": 99.0}, {"every_s": 2}, {"on_duty": [1, 1, 0, 0, 1]}],
)
def test_a_track_is_parted_where_it_has_a_gap(gap):
    columns = {name: gap[name] for name in gap if name != "max_gap_m"}
    options = {name: gap[name] for name in gap if name == "max_gap_m"}
    expected = 140 if "on_duty" in gap else 0
    assert lengths(along(0, 400, **columns), **options) == [expected - 20 * bool(expected)]


def test_a_jump_of_the_receiver_does_not_part_more_than_its_own_steps():
    track = walk((0, 0), (100, 0), (100, 499), (200, 0), (300, 0), every_s=10)
    assert lengths(track) == [120 + 140]


def test_rough_points_are_left_out():
    track = walk((0, 0), (100, 0), (110, 45), (200, 0), (300, 0), every_s=40, accuracy_m=[5, np.nan, 51, 50, 5])
    assert lengths(track) == [320]


def test_the_order_of_the_rows_changes_nothing():
    tracks = pd.concat([along(0, 500, y=3), along(200, 900, officer="B")], ignore_index=True)
    assert lengths(tracks.sample(frac=1, random_state=3)) == lengths(tracks)


def test_rivers_are_nobodys_beat():
    streets = street_lines([[(0, 0), (10, 0)], [(0, 0), (10, 0)]]).assign(kind=["street", "river"])
    assert patrolled_length(along(0, 1000), streets).index.to_list() == ["S000"]


def test_an_area_counts_the_streets_inside_it():
    areas = town("AABBB")
    streets = street_lines([[(0, 0.5), (5, 0.5)], [(1, 0.1), (1, 0.9)], [(4, 0.5), (9, 0.5)]])
    found = patrolled_length(along(100, 300, y=50), streets, areas=areas)
    assert found["length_m"].round(6).to_dict() == {"A": 280.0, "B": 400.0}
    assert found["patrolled_m"].round(6).to_dict() == {"A": 120.0, "B": 120.0}


def test_a_street_on_a_border_counts_half_for_each_side():
    areas = town("AB\nCC")
    streets = street_lines([[(0, 1), (2, 1)], [(1, 0), (1, 2)]])
    found = patrolled_length(along(0, 200, y=100), streets, areas=areas, least_m=50)
    assert found["length_m"].round(6).to_dict() == {"A": 100.0, "B": 100.0, "C": 200.0}
    assert found["patrolled_m"].round(6).to_dict() == {"A": 50.0, "B": 50.0, "C": 100.0}


def test_an_area_without_a_street_has_no_share():
    found = patrolled_length(along(0, 100), street_lines([[(0, 0.5), (1, 0.5)]]), areas=town("AB"))
    assert found["share"].isna().to_list() == [False, True]


def test_days_are_told_one_by_one_those_without_a_patrol_too():
    tracks = pd.concat([along(0, 500), along(0, 1000, begin=NOON + timedelta(days=2))])
    found = daily_patrols(tracks, MAIN, town("AAAAABBBBB"))
    assert found["patrolled_m"].round(6).to_list() == [500, 20, 0, 0, 500, 500]
    assert found.index.get_level_values("day").unique().strftime("%m-%d").to_list() == ["10-01", "10-02", "10-03"]
    assert daily_patrols(tracks, MAIN).index.names == ["day", "street_id"]


def test_a_patrol_across_midnight_belongs_to_both_days():
    found = daily_patrols(along(0, 400, begin=datetime(2026, 10, 1, 15, 58, tzinfo=UTC)), MAIN)
    assert found["patrolled_m"].round(6).to_list() == [220, 240]
    assert (
        daily_patrols(along(0, 400, begin=datetime(2026, 10, 1, 15, 58, tzinfo=UTC)), MAIN, zone="UTC")["share"].size
        == 1
    )


def test_without_steps_or_streets_nothing_is_patrolled():
    nowhere = along(0, 100).iloc[:0]
    assert lengths(nowhere) == lengths(walk((0, 0))) == [0]
    assert daily_patrols(nowhere, MAIN, town("A")).empty
    assert patrolled_length(along(0, 100), MAIN.iloc[:0]).empty
    assert patrolled_length(along(0, 100), MAIN.iloc[:0], areas=town("A"))["length_m"].to_list() == [0]


def test_nobody_but_an_officer_has_a_track():
    officers = pd.DataFrame({"name": "x", "role": "full_time"}, index=pd.Index(["B"], name="officer_id", dtype="str"))
    with pytest.raises(TableError, match="'A' is not in officers"):
        patrolled_length(along(0, 100), MAIN, officers=officers)
    assert lengths(along(0, 100, officer="B"), officers=officers) == [120]


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"geometry": gpd.points_from_xy([np.nan, 1], [1, 2])}, TableError, "missing or empty|not finite"),
        ({"geometry": gpd.points_from_xy([0, 5e5], [0, 3.4e6])}, CrsError, "has no place"),
        ({"geometry": gpd.points_from_xy([118.1, 118.2], [30.1, 30.2])}, CrsError, "looks like degrees"),
        ({"geometry": gpd.points_from_xy([NORTH_M, NORTH_M], [EAST_M + 1, EAST_M + 2])}, CrsError, "swapped"),
        ({"at": [datetime(2026, 10, 1)] * 2}, TableError, "without a time zone"),
        ({"at": [NOON, pd.NaT]}, TableError, "at of row 1 is missing"),
        ({"officer_id": [5, 6]}, TableError, "officer_id"),
    ],
)
def test_bad_tracks_are_refused(changed, error, words):
    track = walk((0, 0), (100, 0))
    if "geometry" in changed:
        track = track.set_geometry(gpd.GeoSeries(changed["geometry"], crs=CRS))
    else:
        track = track.assign(**changed)
    with pytest.raises(error, match=words):
        patrolled_length(track, street_lines([[(0, 0), (10, 0.5)]]))


@pytest.mark.parametrize("option", ["within_m", "max_gap_s", "max_gap_m", "max_speed_m_s"])
def test_limits_that_are_not_above_0_are_refused(option):
    with pytest.raises(TableError, match=option):
        lengths(along(0, 100), **{option: 0.0})


def test_tables_must_share_a_crs_and_areas_their_key():
    with pytest.raises(CrsError, match=r"to_crs\(streets.crs\)"):
        lengths(along(0, 100).to_crs("EPSG:4548"))
    with pytest.raises(TableError, match="unique area_id"):
        lengths(along(0, 100), areas=town("A").reset_index(drop=True))
    with pytest.raises(TableError, match="missing or invalid"):
        lengths(along(0, 100), areas=town("A").set_geometry([None], crs=CRS))
