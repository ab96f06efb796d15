from datetime import date, datetime

import pandas as pd
import pytest
from towns import town

from gridgeo.model.errors import TableError, UnknownAreaError
from gridgeo.model.tables import FINDINGS, check
from gridgeo.operate.duties import check_duties, officers_for

DAY = date(2026, 10, 1)


def officers(**phones):
    names = phones or {"O1": "1", "O2": "2", "O3": "3"}
    index = pd.Index(list(names), name="officer_id", dtype="str")
    return pd.DataFrame({"name": list(names), "role": "full_time", "phone": list(names.values())}, index=index)


def duties(*rows):
    """List duties as (officer, area, role, from, to)."""
    columns = ["officer_id", "area_id", "role", "valid_from", "valid_to"]
    table = pd.DataFrame([(*row, *[None] * (5 - len(row))) for row in rows], columns=columns)
    return table.set_axis(pd.Index([f"D{number}" for number in range(len(rows))], name="duty_id", dtype="str"))


AREAS = town("AB", parent_id="C")
MICROS = town("XY", level="micro", parent_id="A")
FULL = duties(("O1", "A", "full_time"), ("O2", "B", "full_time"))


def test_the_primary_officer_comes_first_and_the_chief_last():
    found = officers_for(
        ["A"], officers(), duties(("O3", "A", "grid_chief"), ("O2", "A", "part_time"), ("O1", "A", "full_time")), DAY
    )
    assert found["officer_id"].to_list() == ["O1", "O2", "O3"]
    assert found["is_primary"].to_list() == [True, False, False]
    assert found["phone"].to_list() == ["1", "2", "3"]


def test_rows_come_in_the_order_asked_for():
    assert officers_for(["B", "A", "B"], officers(), FULL, DAY)["officer_id"].to_list() == ["O2", "O1"]


def test_a_duty_holds_from_its_first_day_until_the_day_before_its_last():
    handed_over = duties(("O1", "A", "full_time", None, DAY), ("O2", "A", "full_time", DAY, date(2026, 11, 1)))
    names = {day: officers_for(["A"], officers(), handed_over, day)["officer_id"].to_list() for day in
             (date(2026, 9, 30), DAY, date(2026, 10, 31), date(2026, 11, 1))}  # fmt: skip
    assert list(names.values()) == [["O1"], ["O2"], ["O2"], []]


@pytest.mark.parametrize("day", [DAY, datetime(2026, 10, 1, 23, 59), pd.Timestamp(2026, 10, 1)])
@pytest.mark.parametrize("begins", [DAY, "2026-10-01", pd.Timestamp(2026, 10, 1), datetime(2026, 10, 1)])
def test_days_are_read_however_they_are_kept(day, begins):
    assert len(officers_for(["A"], officers(), duties(("O1", "A", "full_time", begins)), day)) == 1


def test_an_area_without_an_officer_is_answered_for_by_its_parents():
    found = officers_for(["X", "Y"], officers(), duties(("O1", "A", "full_time"), ("O2", "Y", "micro_chief")), DAY,
                         areas=pd.concat([AREAS, MICROS]))  # fmt: skip
    assert found["area_id"].to_list() == ["X", "Y"]
    assert found["officer_id"].to_list() == ["O1", "O2"]
    assert found["duty_area_id"].to_list() == ["A", "Y"]


def test_a_community_outside_the_areas_may_be_the_parent_that_answers():
    found = officers_for(["A"], officers(), duties(("O3", "C", "grid_chief")), DAY, areas=AREAS)
    assert found["duty_area_id"].to_list() == ["C"]


def test_an_area_for_which_nobody_answers_has_no_row():
    found = officers_for(["A", "B"], officers(), duties(("O1", "B", "full_time")), DAY, areas=AREAS)
    assert found["area_id"].to_list() == ["B"]
    assert officers_for([], officers(), FULL, DAY).empty


def test_parents_that_form_a_ring_end():
    ring = town("AB").assign(parent_id=["B", "A"])
    assert officers_for(["A"], officers(), duties(("O1", "Z", "full_time")), DAY, areas=ring).empty


def test_a_duty_of_an_unknown_officer_answers_for_nothing():
    assert officers_for(["A"], officers(), duties(("O9", "A", "full_time")), DAY).empty


def test_an_unknown_area_is_refused():
    with pytest.raises(UnknownAreaError, match="'Q'"):
        officers_for(["Q"], officers(), FULL, DAY, areas=AREAS)


@pytest.mark.parametrize("day", [None, "2026-10-01", 5, pd.NaT])
def test_a_day_must_be_a_day(day):
    with pytest.raises(TableError, match="must be a day"):
        officers_for(["A"], officers(), FULL, day)


def test_a_day_that_cannot_be_read_is_refused():
    with pytest.raises(TableError, match="valid_from of 'D0' is 'soon', not a day"):
        officers_for(["A"], officers(), duties(("O1", "A", "full_time", "soon")), DAY)


def test_duties_without_their_columns_are_refused():
    with pytest.raises(TableError, match="duties: column"):
        officers_for(["A"], officers(), FULL.drop(columns="role"), DAY)


def test_a_full_duty_list_has_no_findings():
    found = check_duties(AREAS, officers(), FULL, DAY)
    assert found.empty
    check(found, FINDINGS)


def test_what_is_wrong_with_a_duty_list_is_found():
    areas = town("ABDEF")
    listed = duties(
        ("O1", "A", "full_time"),
        ("O1", "B", "full_time"),
        ("O2", "B", "primary"),
        ("O3", "D", "part_time"),
        ("O9", "E", "full_time"),
        ("O2", "F", "full_time", DAY, DAY),
    )
    found = check_duties(areas, officers(), listed, DAY)
    check(found, FINDINGS)
    assert dict(zip(found["kind"] + " " + found["area_ids"], found["severity"], strict=True)) == {
        "several_primaries B": "error",
        "no_primary D": "warning",
        "vacancy E": "error",
        "vacancy F": "error",
        "unknown_officer E": "error",
        "empty_duty F": "error",
    }
    assert found.geometry.to_list()[0].equals(areas.geometry["B"])
    assert "O1 and O2" in found["message"].iloc[0]


def test_one_officer_with_two_primary_duties_for_an_area_is_one_primary():
    found = check_duties(AREAS, officers(), pd.concat([FULL, FULL.set_axis(["E0", "E1"]).rename_axis("duty_id")]), DAY)
    assert found["kind"].to_list() == ["repeated_duty"] * 2
    assert found["message"].iloc[0].endswith("for 'A' on 2026-10-01: D0 and E0")


def test_an_area_without_a_day_of_its_own_is_refused_with_the_day():
    with pytest.raises(UnknownAreaError, match="none of the 2 is in force on 2026-10-01"):
        check_duties(AREAS.assign(valid_from=date(2027, 1, 1)), officers(), FULL, DAY)


def test_a_number_is_not_a_day():
    with pytest.raises(TableError, match="valid_from of 'D0' is 20261001, not a day"):
        officers_for(["A"], officers(), duties(("O1", "A", "full_time", 20261001)), DAY)


def test_a_day_far_ahead_is_an_end():
    listed = duties(("O1", "A", "full_time", "2026-01-01", "9999-12-31"), ("O2", "B", "full_time", DAY, None))
    assert len(officers_for(["A", "B"], officers(), listed, DAY)) == 2


def test_areas_of_levels_without_officers_of_their_own_need_none():
    areas = pd.concat([AREAS, town("CC", level="community")])
    assert check_duties(areas, officers(), FULL, DAY).empty
    found = check_duties(areas, officers(), FULL, DAY, levels=["community"])
    assert (found["kind"] + found["area_ids"]).to_list() == ["vacancyC"]
