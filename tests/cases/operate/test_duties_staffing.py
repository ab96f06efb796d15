"""What a duty list does to officers: too much, too far apart, in two communities; and to areas: too few workers."""

from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from towns import CRS, town

from gridgeo.model.errors import TableError
from gridgeo.model.tables import FINDINGS, check
from gridgeo.operate.duties import Staffing, check_duties, duty_load
from gridgeo.operate.duty_calendar import check_duties_over

DAY = date(2026, 10, 1)
GEOMETRY_ONLY = Staffing(households=None, load_factor=None, parent_joins=False)


def officers(*names):
    index = pd.Index(names or [f"O{number}" for number in range(1, 10)], name="officer_id", dtype="str")
    return pd.DataFrame({"name": list(index), "role": "full_time"}, index=index)


def duties(*rows):
    """List duties as (officer, area, role, from, to)."""
    columns = ["officer_id", "area_id", "role", "valid_from", "valid_to"]
    table = pd.DataFrame([(*row, *[None] * (5 - len(row))) for row in rows], columns=columns)
    return table.set_axis(pd.Index([f"D{number:02d}" for number in range(len(rows))], name="duty_id", dtype="str"))


def full_time(**areas_of):
    """Give each officer the areas named by single letters."""
    return duties(*[(officer, area, "full_time") for officer, areas in areas_of.items() for area in areas])


def kinds(found, *wanted):
    check(found, FINDINGS)
    chosen = found[found["kind"].isin(wanted)] if wanted else found
    return dict(zip(chosen["area_ids"], chosen["kind"], strict=True))


def test_areas_that_share_a_border_lie_together():
    areas = town("AAB\nCDE")
    assert check_duties(areas, officers(), full_time(O1="AB", O2="CDE"), DAY, staffing=GEOMETRY_ONLY).empty


def test_a_corner_is_no_border():
    areas = town("AB\nCD")
    found = check_duties(areas, officers(), full_time(O1="AD", O2="B", O3="C"), DAY, staffing=GEOMETRY_ONLY)
    assert kinds(found) == {"A,D": "scattered_areas"}
    assert found[["value", "limit", "quantity", "officer_id"]].iloc[0].to_list() == [2.0, 1.0, "pieces", "O1"]
    assert found["message"].iloc[0] == "the areas of officer 'O1' lie in 2 pieces: A | D"


def test_areas_lie_together_through_a_third_one():
    areas = town("ABC\nDDD")
    found = check_duties(areas, officers(), full_time(O1="AC", O2="B", O3="D"), DAY, staffing=GEOMETRY_ONLY)
    assert kinds(found) == {"A,C": "scattered_areas"}
    with_link = full_time(O1="ABC", O3="D")
    assert check_duties(areas, officers(), with_link, DAY, staffing=GEOMETRY_ONLY).empty


def test_areas_of_one_parent_count_as_lying_together_where_the_rules_say_so():
    areas, listed = town("AXB", parent_id="C"), full_time(O1="AB", O2="X")
    assert kinds(check_duties(areas, officers(), listed, DAY, staffing=GEOMETRY_ONLY)) == {"A,B": "scattered_areas"}
    assert check_duties(areas, officers(), listed, DAY).empty


def test_a_grid_and_its_own_micro_grid_lie_together():
    areas = pd.concat([town("AAB", parent_id=None), town("..Y", level="micro", parent_id="A")])
    listed = duties(("O1", "A", "full_time"), ("O1", "Y", "micro_chief"), ("O2", "B", "full_time"))
    assert check_duties(areas, officers(), listed, DAY, staffing=GEOMETRY_ONLY).empty


def test_borders_with_other_vertices_and_a_hair_between_them_are_shared():
    west, east = shapely.box(0, 0, 100, 100), shapely.box(100.005, 20, 200, 80)
    index = pd.Index(["A", "B"], name="area_id")
    areas = gpd.GeoDataFrame(
        {"level": "grid", "households": 0, "area_m2": [1e4, 6e3]}, geometry=[west, east], index=index, crs=CRS
    )
    assert check_duties(areas, officers(), full_time(O1="AB"), DAY, staffing=GEOMETRY_ONLY).empty
    strict = Staffing(households=None, load_factor=None, parent_joins=False, gap_m=0.001)
    assert "scattered_areas" in set(check_duties(areas, officers(), full_time(O1="AB"), DAY, staffing=strict)["kind"])


def test_an_officer_who_is_primary_in_two_communities_is_found_with_both():
    areas = town("AB").assign(parent_id=["C1", "C2"])
    found = check_duties(areas, officers(), full_time(O1="AB"), DAY)
    assert kinds(found) == {"A,B": "several_communities"}
    assert "2 communities, C1 and C2: A and B" in found["message"].iloc[0]
    chief = duties(("O1", "A", "full_time"), ("O2", "B", "full_time"), ("O3", "A", "chief"), ("O3", "B", "chief"))
    assert check_duties(areas, officers(), chief, DAY).empty


def test_micro_grids_find_their_community_through_their_grid():
    grids = town("AB").assign(parent_id=["C1", "C2"])
    micros = town("XY", level="micro").assign(parent_id=["A", "B"])
    listed = duties(("O1", "X", "micro_chief"), ("O1", "Y", "micro_chief"))
    found = check_duties(pd.concat([grids, micros]), officers(), listed, DAY, levels=["micro"])
    assert kinds(found, "several_communities") == {"X,Y": "several_communities"}
    assert "several_communities" not in set(check_duties(micros, officers(), listed, DAY)["kind"])


def test_a_duty_for_an_area_that_is_not_there_that_day_is_found():
    areas = town("AB", parent_id="C").assign(valid_from=[None, date(2027, 1, 1)])
    listed = duties(("O1", "A", "full_time"), ("O2", "B", "full_time"), ("O3", "C", "grid_chief"))
    found = check_duties(areas, officers(), listed, DAY)
    assert kinds(found) == {"B": "unknown_area"}
    assert found["message"].iloc[0] == "duty 'D01' of officer 'O2' is for 'B', no area on 2026-10-01"
    assert found.geometry.iloc[0] is None


def test_households_a_full_time_worker_are_held_to_the_limits():
    areas = town("ABCD", households=[401, 400, 200, 199])
    listed = full_time(O1="A", O2="B", O3="C", O4="D")
    found = check_duties(areas, officers(), listed, DAY)
    assert kinds(found) == {"A": "too_few_staff", "D": "too_many_staff"}
    assert found["value"].to_list() == [401.0, 199.0]
    assert found["limit"].to_list() == [400.0, 200.0]
    assert "(inner-mongolia: staffing)" in found["message"].iloc[0]
    wide = Staffing(households=(100, 500), clause="")
    assert check_duties(areas, officers(), listed, DAY, staffing=wide).empty
    assert check_duties(areas, officers(), listed, DAY, staffing=None).empty


def test_a_worker_of_two_areas_counts_half_in_each():
    areas = town("AB", households=300)
    found = check_duties(areas, officers(), full_time(O1="AB"), DAY)
    assert found["kind"].to_list() == ["too_few_staff"] * 2
    assert found["value"].to_list() == [600.0, 600.0]
    two = duties(("O1", "A", "full_time"), ("O1", "B", "full_time"), ("O2", "A", "full_time"), ("O2", "B", "full_time"))
    assert not set(check_duties(areas, officers(), two, DAY)["kind"]) & {"too_few_staff", "too_many_staff"}


def test_areas_without_households_or_of_one_institution_have_no_ratio():
    areas = town("AB", households=[0, 1000]).assign(kind=["base", "exclusive"])
    assert check_duties(areas, officers(), full_time(O1="A", O2="B"), DAY).empty


def test_an_officer_with_far_more_than_the_median_of_the_role_is_overloaded():
    areas = town("ABCDE", households=300, parent_id="C0")
    listed = full_time(O1="A", O2="B", O3="CDE")
    found = check_duties(areas, officers(), listed, DAY, staffing=Staffing(households=None))
    assert kinds(found) == {"C,D,E": "overload"}
    assert found[["value", "limit", "quantity", "officer_id"]].iloc[0].to_list() == [900.0, 600.0, "households", "O3"]
    with_chief = pd.concat([listed, duties(*[("O9", area, "grid_chief") for area in "ABCDE"]).add_prefix("X", axis=0)])
    with_chief.index.name = "duty_id"
    again = check_duties(areas, officers(), with_chief, DAY, staffing=Staffing(households=None))
    assert kinds(again) == {"C,D,E": "overload"}
    assert check_duties(areas, officers(), listed, DAY, staffing=Staffing(households=None, load_factor=3.0)).empty


def incidents(*area_ids):
    index = pd.Index([f"I{number}" for number in range(len(area_ids))], name="incident_id", dtype="str")
    table = {"reported_at": pd.Timestamp("2026-10-01", tz="UTC"), "category": "road", "area_id": list(area_ids)}
    return gpd.GeoDataFrame(table, geometry=[shapely.Point(5e5, 3.4e6)] * len(area_ids), crs=CRS, index=index)


def test_load_counts_areas_households_persons_and_incidents():
    grids = town("AB", households=[300, 400], parent_id="C").assign(persons=[700, 900])
    micros = town("XY", level="micro", households=[100, 200], parent_id="A").assign(persons=[300, 400])
    listed = duties(
        ("O1", "A", "full_time"), ("O1", "X", "micro_chief"), ("O2", "B", "part_time"), ("O3", "A", "grid_chief"),
        ("O3", "B", "grid_chief"), ("O4", "B", "part_time"), ("O9", "A", "full_time"),
    )  # fmt: skip
    load = duty_load(
        pd.concat([grids, micros]), officers("O1", "O2", "O3", "O4", "O5"), listed, DAY,
        incidents("A", "X", "X", "Y", "B", None, "Q"),
    )  # fmt: skip
    assert load.index.to_list() == ["O1", "O2", "O3", "O4", "O5"]
    assert load["role"].to_list()[:4] == ["full_time", "part_time", "grid_chief", "part_time"]
    assert load["areas"].to_list() == [2, 1, 2, 1, 0]
    assert load["households"].to_list() == [300, 400, 700, 400, 0]
    assert load["persons"].to_list()[:4] == [700, 900, 1600, 900]
    assert load["incidents"].to_list() == [4, 1, 5, 1, 0]
    assert load["shared_share"].to_list()[:4] == [0.0, 1.0, 0.0, 1.0]
    assert load.loc["O5", ["role", "shared_share"]].isna().all()


def test_incidents_may_overload_too():
    areas = town("ABC", households=100)
    busy = incidents("A", "B", *["C"] * 9)
    found = check_duties(areas, officers(), full_time(O1="A", O2="B", O3="C"), DAY, incidents=busy,
                         staffing=Staffing(households=None))  # fmt: skip
    assert kinds(found) == {"C": "overload"}
    assert found["quantity"].iloc[0] == "incidents"


def test_findings_do_not_depend_on_the_order_of_rows():
    areas = town("ABCDEF", households=[500, 100, 300, 0, 300, 700]).assign(parent_id=list("KKLLMM"))
    listed = full_time(O1="AF", O2="BBD", O3="E", O8="B", O99="C")
    found = check_duties(areas, officers(), listed, DAY)
    again = check_duties(areas[::-1], officers()[::-1], listed[::-1], DAY)
    assert len(found) > 5
    assert found["message"].to_list() == again["message"].to_list()


def stretches(found):
    check(found, FINDINGS)
    return [(row.kind, row.area_ids, str(row.valid_from), str(row.valid_to), row.value) for row in found.itertuples()]


def test_a_gap_between_two_duties_is_told_with_its_days():
    listed = duties(
        ("O1", "A", "full_time", None, "2026-03-01"),
        ("O2", "A", "full_time", "2026-03-11", None),
        ("O3", "A", "part_time", "2026-03-05", "2026-03-08"),
    )
    found = check_duties_over(town("A"), officers(), listed, date(2026, 1, 1), date(2027, 1, 1))
    assert stretches(found) == [
        ("vacancy", "A", "2026-03-01", "2026-03-05", 4.0),
        ("vacancy", "A", "2026-03-08", "2026-03-11", 3.0),
        ("no_primary", "A", "2026-03-05", "2026-03-08", 3.0),
    ]


def test_duties_that_meet_or_repeat_leave_neither_gap_nor_second_primary():
    listed = duties(
        ("O1", "A", "full_time", None, "2026-03-01"), ("O1", "A", "primary", "2026-02-01", "2026-06-01"),
        ("O2", "A", "full_time", "2026-06-01", None), ("O3", "A", "full_time", "2026-07-01", "2026-07-01"),
        ("O7", "A", "full_time", "2026-09-01", "2026-09-03"),
    )  # fmt: skip
    found = check_duties_over(town("A"), officers(), listed, date(2026, 1, 1), date(2027, 1, 1))
    assert stretches(found) == [("several_primaries", "A", "2026-09-01", "2026-09-03", 2.0)]


def test_an_area_is_judged_on_its_own_days_only():
    areas = town("AB").assign(valid_from=[date(2026, 5, 1), None], valid_to=[None, date(2025, 1, 1)])
    found = check_duties_over(areas, officers(), duties(("O1", "Z", "full_time")), date(2026, 1, 1), date(2026, 6, 1))
    assert stretches(found) == [("vacancy", "A", "2026-05-01", "2026-06-01", 31.0)]
    assert "nobody answers for 'A' on 31 days, from 2026-05-01 until 2026-06-01" in found["message"].iloc[0]


def test_a_period_without_a_day_is_refused():
    with pytest.raises(TableError, match="has no day; until is the first day after it"):
        check_duties_over(town("A"), officers(), full_time(O1="A"), DAY, DAY)
    with pytest.raises(TableError, match="must be a day"):
        check_duties_over(town("A"), officers(), full_time(O1="A"), DAY, None)


def test_a_period_in_order_has_no_findings():
    found = check_duties_over(town("A"), officers(), full_time(O1="A"), DAY, date(2027, 1, 1))
    assert found.empty
    check(found, FINDINGS)
