"""Live positions: who is on duty near a place, and nobody but officers."""

import threading
from datetime import UTC, date, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, town

from gridgeo.model.errors import CrsError, TableError
from gridgeo.model.service_tables import POSITIONS
from gridgeo.model.tables import check
from gridgeo.operate.positions import LivePositions

NOON = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)


def after(seconds):
    return NOON + timedelta(seconds=seconds)


def officers(*ids, role="full_time"):
    index = pd.Index(ids or ["A", "B", "C", "D"], name="officer_id", dtype="str")
    return pd.DataFrame({"name": "x", "role": role}, index=index)


def live(*ids, role="full_time", **options):
    return LivePositions(officers(*ids, role=role), CRS, **options)


def place(x, y=0.0):
    return EAST_M + x, NORTH_M + y


def ids(found):
    return [near.officer_id for near in found]


def placed(**places):
    """Put officers on a line, in metres east of the corner of the town."""
    positions = live(*places)
    for officer, x in places.items():
        positions.update(officer, *place(x), NOON)
    return positions


def test_the_nearest_officer_comes_first_with_distance_and_age():
    positions = placed(A=300, B=100, C=-50)
    found = positions.nearest(*place(0), 2, at=after(30))
    assert [(near.officer_id, near.distance_m, near.age_s) for near in found] == [("C", 50.0, 30.0), ("B", 100.0, 30.0)]
    assert (found[0].x, found[0].y) == place(-50)


def test_of_officers_equally_far_the_smaller_id_comes_first_across_the_borders_of_cells():
    positions = placed(D=250, A=-250, C=250, B=-250)
    assert ids(positions.nearest(*place(0), 3, at=NOON)) == ["A", "B", "C"]


def test_who_goes_off_duty_is_not_found_and_not_remembered():
    positions = placed(A=10, B=20)
    assert positions.drop("A", after(5))
    positions.update("B", *place(20), after(5), on_duty=False)
    assert positions.nearest(*place(0), at=after(6)) == []
    assert len(positions) == len(positions.snapshot()) == 0


def test_a_position_that_comes_late_is_ignored_and_counted():
    positions = placed(A=10)
    assert not positions.update("A", *place(900), after(-1))
    assert not positions.update("A", *place(900), NOON)
    assert positions.drop("A", after(10))
    assert not positions.update("A", *place(5), after(9))
    assert positions.nearest(*place(0), at=after(10)) == []
    assert positions.counts == {"taken": 2, "late": 3, "ahead": 0, "unknown": 0, "misplaced": 0}


def test_a_clock_that_is_far_ahead_does_not_shut_out_what_follows():
    positions = live()
    assert not positions.update("A", *place(0), after(86_400), received_at=NOON)
    assert positions.update("A", *place(0), after(20), received_at=NOON)
    assert positions.update_many(["A", "B"], *place(1), [after(99_999), NOON], received_at=NOON) == 1
    assert positions.counts["ahead"] == 2
    assert positions.nearest(*place(0), at=NOON)[0].age_s == 0


def test_a_position_of_the_future_is_left_out():
    assert placed(A=10).nearest(*place(0), at=after(-61)) == []


def test_stale_positions_fade():
    positions = placed(A=10)
    assert ids(positions.nearest(*place(0), at=after(60), max_age_s=60)) == ["A"]
    assert positions.nearest(*place(0), at=after(61), max_age_s=60) == []
    assert positions.inside(shapely.box(*place(-50, -50), *place(50, 50)), at=after(61), max_age_s=60).empty
    assert positions.snapshot(after(61), max_age_s=60).empty


def test_the_reach_belongs_to_what_is_near():
    positions = placed(A=300, B=301)
    assert ids(positions.nearest(*place(0), at=NOON, within_m=300)) == ["A"]
    assert positions.nearest(*place(0), at=NOON, within_m=0) == []


def test_roles_and_areas_narrow_the_choice():
    table = officers("A", "B", "C").assign(role=["full_time", "deputy", "deputy"])
    duties = pd.DataFrame(
        {
            "officer_id": ["A", "B", "C"],
            "area_id": ["G1", "G2", "G2"],
            "role": "x",
            "valid_from": date(2026, 1, 1),
            "valid_to": [None, date(2026, 10, 2), None],
        },
        index=pd.Index(["1", "2", "3"], name="duty_id", dtype="str"),
    )
    positions = LivePositions(table, CRS, duties=duties)
    positions.update_many(["A", "B", "C"], *zip(place(1), place(2), place(3), strict=True), NOON)
    assert ids(positions.nearest(*place(0), at=NOON, roles=["deputy"])) == ["B", "C"]
    assert ids(positions.nearest(*place(0), at=NOON, area_ids=["G2", "G9"])) == ["B", "C"]
    assert ids(positions.nearest(*place(0), 1, at=NOON, area_ids=["G1", "G2"], roles="deputy")) == ["B"]
    # 16:00 UTC is midnight in Shanghai: B's duty has ended
    assert ids(positions.nearest(*place(0), at=after(12 * 3600 - 1), area_ids=["G2"])) == ["B", "C"]
    assert ids(positions.nearest(*place(0), at=after(12 * 3600), area_ids=["G2"])) == ["C"]
    square = shapely.box(*place(0, -1), *place(5, 1))
    assert positions.inside(square, at=NOON, area_ids=["G2"], roles=["deputy"]).index.to_list() == ["B", "C"]


def test_a_batch_is_taken_in_the_order_of_its_instants():
    rows = pd.DataFrame({"officer_id": list("AABA"), "at": [after(9), after(3), NOON, after(9)],
                         "x": [place(1)[0], place(2)[0], place(3)[0], place(4)[0]], "y": place(0)[1]})  # fmt: skip
    first, second = live(), live()
    assert first.update_many(rows) == second.update_many(rows.iloc[::-1]) == 3
    assert first.counts == second.counts == {"taken": 3, "late": 1, "ahead": 0, "unknown": 0, "misplaced": 0}
    pd.testing.assert_frame_equal(first.snapshot(), second.snapshot())
    assert first.snapshot().geometry["A"].x == place(1)[0]


def test_a_snapshot_is_a_table_of_positions_and_brings_a_service_back():
    positions = placed(B=10, A=-20)
    positions.update("A", *place(-25), after(1), accuracy_m=8.5)
    table = positions.snapshot()
    check(table, POSITIONS)
    assert table.index.to_list() == ["A", "B"]
    assert table.at["A", "accuracy_m"] == 8.5
    assert np.isnan(table.at["B", "accuracy_m"])
    again = live("A", "B")
    assert again.update_many(table) == 2
    pd.testing.assert_frame_equal(again.snapshot(), table)
    near, before = (known.nearest(*place(0), at=after(2)) for known in (again, positions))
    assert [officer[:6] for officer in near] == [officer[:6] for officer in before]


def test_officers_on_the_edge_of_a_polygon_are_in_it():
    positions = placed(A=0, B=100, C=101)
    found = positions.inside(shapely.box(*place(0, -10), *place(100, 10)), at=after(7))
    assert found.index.to_list() == ["A", "B"]
    assert found["age_s"].to_list() == [7.0, 7.0]


def test_a_polygon_may_be_drawn_in_longitude_and_latitude():
    positions = placed(A=50, B=150)
    square = town("X").geometry.buffer(-1)
    for officer in ("A", "B"):
        positions.update(officer, *place({"A": 50, "B": 150}[officer], 50), after(1))
    drawn = square.to_crs("OGC:CRS84")
    geojson = shapely.geometry.mapping(drawn.iloc[0])
    for polygon, crs in ((square, None), (drawn, None), (drawn.iloc[0], "OGC:CRS84"), (geojson, None),
                         ({"type": "Feature", "geometry": geojson}, None)):  # fmt: skip
        assert positions.inside(polygon, crs=crs, at=after(2)).index.to_list() == ["A"]


@pytest.mark.parametrize(
    ("polygon", "error", "words"),
    [
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), TableError, "invalid"),
        (shapely.Point(1, 2), TableError, "is a Point"),
        (shapely.Polygon(), TableError, "is empty"),
        ("POLYGON", TableError, "is a str"),
        ({"type": "Polygon"}, TableError, "no GeoJSON"),
        (shapely.box(118, 30, 119, 31), CrsError, "looks like degrees"),
        (gpd.GeoSeries([shapely.box(118, 30, 119, 31)]), CrsError, "has no CRS"),
        (gpd.GeoSeries([shapely.box(30, 118, 31, 119)], crs="OGC:CRS84"), CrsError, "does not fit"),
    ],
)
def test_a_polygon_that_cannot_be_is_refused(polygon, error, words):
    with pytest.raises(error, match=words):
        live().inside(polygon, at=NOON)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (np.nan, 3.4e6, "not finite"),
        (np.inf, 3.4e6, "not finite"),
        (0, 0, "does not know where it is"),
        (118.2, 30.5, "looks like degrees"),
        (NORTH_M, EAST_M, "looks swapped"),
        (9e6, 3.4e6, "is outside"),
    ],
)
def test_a_place_that_cannot_be_is_refused(x, y, words):
    positions = live()
    with pytest.raises(CrsError, match=words):
        positions.update("A", x, y, NOON)
    with pytest.raises(CrsError, match=words):
        positions.nearest(x, y, at=NOON)
    with pytest.raises(CrsError, match=f"'B'.*{words}"):
        positions.update_many(["A", "B"], [EAST_M, x], [NORTH_M, y], NOON)
    assert len(positions) == 0


def test_bounds_of_the_territory_are_closer_than_the_zone():
    positions = live(bounds=(*place(0), *place(1000, 500)))
    assert positions.update("A", *place(1999), NOON)
    with pytest.raises(CrsError, match="is outside"):
        positions.update("B", *place(2001), NOON)
    with pytest.raises(CrsError, match="bounds"):
        live(bounds=(1, 2, 1, 3))


def test_one_broken_device_does_not_stop_the_others():
    positions = live()
    x, y = [EAST_M, np.nan, 0, EAST_M], [NORTH_M, NORTH_M, 0, NORTH_M]
    assert positions.update_many(["A", "B", "C", "someone"], x, y, NOON, skip_faulty=True) == 1
    assert positions.counts == {"taken": 1, "late": 0, "ahead": 0, "unknown": 1, "misplaced": 2}


def test_nobody_but_an_officer_has_a_position():
    positions = live()
    with pytest.raises(TableError, match="'H0001' is not in officers"):
        positions.update("H0001", *place(0), NOON)
    with pytest.raises(TableError, match=r"'H0001' is not in officers .and 1 rows more"):
        positions.update_many(["H0001", "A", "H2"], *place(0), NOON)
    with pytest.raises(TableError, match="no officer has the role 'resident'; known are full_time"):
        positions.nearest(*place(0), at=NOON, roles=["resident"])
    assert len(positions) == 0


@pytest.mark.parametrize("at", [datetime(2026, 10, 1), pd.NaT, "2026-10-01", date(2026, 10, 1), None])
def test_an_instant_without_a_zone_is_refused(at):
    positions = live()
    with pytest.raises(TableError, match=r"at is .*time zone"):
        positions.update("A", *place(0), at)
    with pytest.raises(TableError, match=r"at is .*time zone"):
        positions.nearest(*place(0), at=at)
    with pytest.raises(TableError, match=r"positions: "):
        positions.update_many(["A"], *place(0), [at])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit": 0}, "limit 0"),
        ({"within_m": -1}, "within_m -1"),
        ({"max_age_s": -1}, "max_age_s -1"),
        ({"area_ids": ["G"]}, "needs duties"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(options, words):
    with pytest.raises(TableError, match=words):
        placed(A=1).nearest(*place(0), at=NOON, **options)


def test_text_and_uneven_arrays_are_refused():
    positions = live()
    with pytest.raises(TableError, match="not numbers of metres"):
        positions.update("A", "east", 3, NOON)
    with pytest.raises(TableError, match="x is not an array of numbers"):
        positions.update_many(["A"], ["east"], [NORTH_M], NOON)
    with pytest.raises(TableError, match=r"x has shape \(1,\), there are 2"):
        positions.update_many(["A", "B"], [EAST_M], [NORTH_M], NOON)
    with pytest.raises(TableError, match="needs the columns"):
        positions.update_many(pd.DataFrame({"x": [1]}))
    with pytest.raises(TableError, match="arrays officer_ids, x, y and at"):
        positions.update_many(["A"])
    with pytest.raises(TableError, match="no time zone"):
        live(zone="Mars/Olympus")
    with pytest.raises(CrsError, match="in degrees"):
        LivePositions(officers(), "EPSG:4326")


def test_a_town_without_officers_has_an_answer_too():
    nobody = LivePositions(officers("A").iloc[:0], CRS)
    assert nobody.nearest(*place(0), at=NOON) == []
    assert nobody.update_many([], [], [], []) == 0
    assert nobody.inside(shapely.box(*place(0), *place(1, 1)), at=NOON).empty
    assert nobody.snapshot().empty


def test_numbers_and_instants_of_other_libraries_are_taken_as_they_are():
    positions = live(cell_m=1.0)
    x = np.float32(EAST_M + 0.7)
    assert positions.update("A", x, np.float32(NORTH_M), pd.Timestamp(NOON))
    positions.update_many(np.array(["B"]), np.array([x]), np.array([NORTH_M]), pd.Series([NOON]))
    found = positions.nearest(np.float32(EAST_M), NORTH_M, at=pd.Timestamp(after(1)).tz_convert("Asia/Shanghai"))
    assert [(near.officer_id, near.x, near.age_s) for near in found] == [("A", float(x), 1.0), ("B", float(x), 1.0)]


def test_many_officers_in_one_place_are_measured_together_with_the_same_answer():
    names = [f"O{number:04d}" for number in range(3000)]
    roles = ["deputy" if number % 7 == 0 else "full_time" for number in range(3000)]
    duties = pd.DataFrame({"officer_id": names, "area_id": "G", "role": "x"},
                          index=pd.Index(names, name="duty_id", dtype="str"))  # fmt: skip
    positions = LivePositions(officers(*names).assign(role=roles), CRS, duties=duties)
    x, y = np.arange(3000) % 100, np.arange(3000) // 100 % 3
    positions.update_many(names, EAST_M + x, NORTH_M + y, NOON)
    expected = sorted(zip(np.hypot(x - 50, y).tolist(), names, roles, strict=True))
    assert ids(positions.nearest(*place(50), 20, at=NOON)) == [name for _, name, _ in expected[:20]]
    assert ids(positions.nearest(*place(50), 20, at=NOON, area_ids=["G"])) == [name for _, name, _ in expected[:20]]
    deputies = [name for _, name, role in expected if role == "deputy"]
    assert ids(positions.nearest(*place(50), 5, at=NOON, roles=["deputy"])) == deputies[:5]
    assert ids(positions.nearest(*place(50), 3, at=NOON, roles=["deputy"], area_ids="G")) == deputies[:3]


def test_threads_may_share_the_positions():
    names = [f"O{number:02d}" for number in range(40)]
    positions = live(*names)
    faults = []

    def walk(seed):
        random = np.random.default_rng(seed)
        try:
            for step in range(150):
                officer = names[int(random.integers(len(names)))]
                positions.update(officer, *place(*random.uniform(-2000, 2000, 2)), after(step), bool(step % 5))
                found = positions.nearest(*place(0), 3, at=after(step))
                assert [near.distance_m for near in found] == sorted(near.distance_m for near in found)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=walk, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(positions) == len(positions.snapshot()) == len(positions.nearest(*place(0), 99, at=after(200)))
    assert sum(positions.counts.values()) == 600
