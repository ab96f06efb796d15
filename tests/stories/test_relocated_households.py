"""A village is demolished: its households move into another village's grid, and both answer for them.

The rule of Guali, 6(4): either grid may report; the incident goes to the grid where the households live now; the grid
that they came from leads and the other assists; both are assessed; the grid that they came from keeps at least one
part-time officer for them.
"""

from datetime import date

import pandas as pd
import pytest
from towns import households_at, town

import gridgeo as gg

MOVED_ON = date(2026, 7, 1)
BACK_ON = date(2027, 7, 1)
TOWN = town("""
    HHHOOO
    HHHOOO
""", parent_id=None, households=300).assign(parent_id=["village-h", "village-o"])  # fmt: skip
BEFORE = households_at([(4.5, 0.5), (5.5, 1.5), (0.5, 0.5)])
AFTER = households_at([(1.5, 0.5), (2.5, 1.5), (0.5, 0.5)])
"""Where the three households live before and after: two moved from O to H, one has always lived in H."""
INDEX = gg.AreaIndex.from_areas(TOWN)


@pytest.fixture
def overrides():
    rows = {"subject": "household", "subject_id": ["H0000", "H0001"], "host_area_id": "H", "origin_area_id": "O",
            "reason": "demolition", "valid_from": MOVED_ON, "valid_to": BACK_ON}  # fmt: skip
    return pd.DataFrame(rows, index=pd.Index(["V1", "V2"], name="override_id"))


@pytest.fixture
def officers():
    names = ["O-H", "O-O", "P-O"]
    return pd.DataFrame({"name": names, "role": "full_time"}, index=pd.Index(names, name="officer_id"))


def duties(*rows):
    table = pd.DataFrame(rows, columns=["officer_id", "area_id", "role", "valid_from"]).assign(valid_to=None)
    return table.set_axis(pd.Index([f"D{number}" for number in range(len(rows))], name="duty_id"))


FULL_TIME = (("O-H", "H", "full_time", None), ("O-O", "O", "full_time", None))


def test_before_the_move_each_grid_answers_for_its_own(overrides):
    told = gg.find_ownership(BEFORE, INDEX, overrides, at=date(2026, 6, 30))
    assert told["area_id"].to_list() == ["O", "O", "H"]
    for column in ("host_area_id", "lead_area_id", "assessed_area_ids", "may_report_area_ids"):
        assert told[column].to_list() == ["O", "O", "H"], column
    assert told["assist_area_ids"].isna().all()


def test_after_the_move_the_host_receives_and_the_origin_leads(overrides):
    told = gg.find_ownership(AFTER, INDEX, overrides, at=MOVED_ON)
    assert told["area_id"].to_list() == ["H", "H", "H"]
    moved, stayed = told.loc["H0000"], told.loc["H0002"]
    assert set(moved["may_report_area_ids"].split(",")) == {"H", "O"}
    assert moved["host_area_id"] == "H"
    assert moved["lead_area_id"] == "O"
    assert moved["assist_area_ids"] == "H"
    assert set(moved["assessed_area_ids"].split(",")) == {"H", "O"}
    assert moved["reason"] == "V1: belongs to H, led by O (demolition)"
    assert stayed[["host_area_id", "lead_area_id", "assessed_area_ids"]].to_list() == ["H", "H", "H"]


def test_the_households_return_on_the_last_day(overrides):
    on = {day: gg.find_ownership(AFTER, INDEX, overrides, at=day).loc["H0000", "lead_area_id"]
          for day in (date(2027, 6, 30), BACK_ON)}  # fmt: skip
    assert list(on.values()) == ["O", "H"]


def test_the_origin_must_keep_a_part_time_officer_while_its_households_are_away(overrides, officers):
    lacking = duties(*FULL_TIME)
    kept = duties(*FULL_TIME, ("P-O", "O", "part_time", MOVED_ON))
    found = gg.check_relocated(TOWN, overrides, officers, lacking, MOVED_ON)
    assert (found["kind"] + " " + found["area_ids"]).to_list() == ["no_resettlement_officer O"]
    assert "2 households" in found["message"].iloc[0]
    assert gg.check_relocated(TOWN, overrides, officers, kept, MOVED_ON).empty
    assert gg.check_relocated(TOWN, overrides, officers, lacking, BACK_ON).empty
    assert gg.check_duties(TOWN, officers, kept, MOVED_ON).empty


def test_the_officers_of_both_grids_are_at_hand(overrides, officers):
    told = gg.find_ownership(AFTER, INDEX, overrides, at=MOVED_ON).loc["H0000"]
    areas = [told["host_area_id"], told["lead_area_id"]]
    kept = duties(*FULL_TIME, ("P-O", "O", "part_time", MOVED_ON))
    asked = gg.officers_for(areas, officers, kept, MOVED_ON)
    assert asked["officer_id"].to_list() == ["O-H", "O-O", "P-O"]
