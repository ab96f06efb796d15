from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, households_at, town

from gridgeo.model.errors import TableError, UnknownAreaError
from gridgeo.model.tables import FINDINGS, check
from gridgeo.operate.locate import AreaIndex
from gridgeo.operate.override_checks import check_overrides, check_relocated
from gridgeo.operate.ownership import OverrideBook, find_ownership, held_elsewhere

DAY = date(2026, 10, 1)
AREAS = town("HHOO\nHHOO")
INDEX = AreaIndex.from_areas(AREAS)


def overrides(*rows):
    """List overrides as (subject, id, host, origin, reason, from, to)."""
    columns = ["subject", "subject_id", "host_area_id", "origin_area_id", "reason", "valid_from", "valid_to"]
    table = pd.DataFrame([(*row, *[None] * (7 - len(row))) for row in rows], columns=columns)
    return table.set_axis(pd.Index([f"V{number}" for number in range(len(rows))], name="override_id", dtype="str"))


def asked(*rows, index=None):
    table = pd.DataFrame(list(rows), columns=["subject", "subject_id"])
    return table if index is None else table.set_axis(index)


def held(subjects, table, at=DAY):
    return [None if pd.isna(name) else name for name in held_elsewhere(subjects, table, at)["override_id"]]


MOVED = overrides(("household", "H0000", "H", "O", "demolition", "2026-01-01", None))


def test_an_override_is_found_for_its_subject_only():
    subjects = asked(("household", "H0000"), ("household", "H0001"), ("asset", "H0000"), (None, "H0000"),
                     ("household", None), index=[9, 9, "x", 3, 2])  # fmt: skip
    found = held_elsewhere(subjects, MOVED, DAY)
    assert found.index.equals(subjects.index)
    assert found.iloc[0].to_list() == ["V0", "H", "O", "demolition"]
    assert found.iloc[1:].isna().all(axis=None)


def test_an_override_holds_from_its_first_day_until_the_day_before_its_last():
    table = overrides(("asset", "lamp", "A", None, None, "2026-01-01", "2026-02-01"), ("asset", "lamp", "B", None, None,
                      "2026-02-01", "2026-03-01"))  # fmt: skip
    days = [
        date(2025, 12, 31),
        date(2026, 1, 1),
        date(2026, 1, 31),
        date(2026, 2, 1),
        date(2026, 2, 28),
        date(2026, 3, 1),
    ]
    assert [held(asked(("asset", "lamp")), table, day)[0] for day in days] == [None, "V0", "V0", "V1", "V1", None]
    each = asked(*[("asset", "lamp")] * 6)
    assert held(each, table, pd.Series(days)) == [None, "V0", "V0", "V1", "V1", None]


def test_an_instant_counts_as_the_day_of_its_own_zone():
    table = overrides(("asset", "lamp", "A", None, None, "2026-10-01", "2026-10-02"))
    instants = pd.Series(pd.to_datetime(["2026-09-30 15:59", "2026-09-30 16:00", "2026-10-01 16:00"], utc=True))
    subjects = asked(*[("asset", "lamp")] * 3)
    assert held(subjects, table, instants.dt.tz_convert("Asia/Shanghai")) == [None, "V0", None]
    assert held(subjects, table, instants) == [None, None, "V0"]


def test_addresses_are_compared_in_their_plain_form():
    table = overrides(("address", "溪桥路12号3栋2单元401室", "H", "O"))
    for text in ("溪橋路１２號 3幢二单元401室", "溪桥路十二号,3栋2单元401室", "溪桥路12号3栋2单元401室"):
        assert held(asked(("address", text)), table) == ["V0"], text
    for text in ("溪桥路12号3栋2单元402室", "溪桥路12号", "", "，。", None, "长" * 10_000):
        assert held(asked(("address", text)), table) == [None], text


def test_a_text_without_letters_is_no_address():
    assert held(asked(("address", "。"), ("address", "")), overrides(("address", "，", "H"))) == [None, None]


def test_western_addresses_match_without_regard_to_case_and_punctuation():
    assert held(asked(("address", "12 main st., apt 4")), overrides(("address", "12 Main St, Apt 4", "H"))) == ["V0"]


def test_empty_overrides_and_empty_questions_have_no_answer():
    assert held(asked(("household", "H0000")), MOVED.iloc[:0]) == [None]
    assert held_elsewhere(asked(), MOVED, DAY).empty
    backwards = overrides(("household", "H0000", "H", "O", None, "2026-02-01", "2026-01-01"), ("household", "H0000",
                          "H", None, None, DAY, DAY))  # fmt: skip
    assert held(asked(("household", "H0000")), backwards, date(2026, 1, 15)) == [None]
    assert held(asked(("household", "H0000")), backwards, DAY) == [None]


def test_two_overrides_of_one_subject_on_one_day_are_refused_where_one_answer_is_needed():
    table = overrides(("household", "H1", "H", "O"), ("household", "H1", "O", "H", None, "2026-09-01", None))
    assert held(asked(("household", "H1")), table, date(2026, 8, 31)) == ["V0"]
    assert held(asked(("household", "H2")), table) == [None]
    with pytest.raises(TableError, match=r"household 'H1' has 2 on 2026-10-01: V0, V1; end one of them"):
        held(asked(("household", "H1")), table)


def test_two_spellings_of_one_address_are_one_subject():
    with pytest.raises(TableError, match="has 2 on"):
        held(
            asked(("address", "溪桥路12号")),
            overrides(("address", "溪桥路12号", "H"), ("address", "溪桥路１２號", "O")),
        )


def test_a_book_answers_as_its_table_does():
    book = OverrideBook(MOVED)
    assert len(book) == 1
    assert held(asked(("household", "H0000")), book) == ["V0"]


@pytest.mark.parametrize(
    ("subjects", "at", "says"),
    [
        (asked(("flat", "H1")), DAY, "subject of 0 is 'flat', not one of"),
        (asked(("household", "H1")).drop(columns="subject_id"), DAY, "column 'subject_id' is missing"),
        (asked(("household", "H1")), "2026-10-01", "at is '2026-10-01', it must be a day"),
        (asked(("household", "H1")), pd.NaT, "it must be a day"),
        (asked(("household", "H1")), pd.Series([DAY], index=["other"]), "not indexed like the subjects"),
        (asked(("household", "H0000")), pd.Series([None]), "at of subject 0 is missing"),
        (asked(("household", "H0000")), pd.Series(["soon"]), "at of 0 is 'soon', not a day"),
    ],
)
def test_questions_that_cannot_be_answered_are_refused(subjects, at, says):
    with pytest.raises(TableError, match=says):
        held_elsewhere(subjects, MOVED, at)


def test_broken_overrides_are_refused():
    with pytest.raises(TableError, match="subject of 'V0' is 'flat'"):
        OverrideBook(overrides(("flat", "H1", "H")))
    with pytest.raises(TableError, match="valid_from of 'V0' is 'soon', not a day"):
        OverrideBook(overrides(("household", "H1", "H", None, None, "soon")))
    with pytest.raises(TableError, match="host_area_id of 'V0' is missing"):
        OverrideBook(overrides(("household", "H1", None)))


HOMES = households_at([(0.5, 0.5), (3.5, 0.5), (9.0, 9.0)])


def test_without_an_override_the_area_of_the_place_does_everything():
    told = find_ownership(HOMES, INDEX, at=DAY)
    assert told.loc["H0001"].dropna().to_dict() == {
        "area_id": "O", "host_area_id": "O", "lead_area_id": "O", "assessed_area_ids": "O", "may_report_area_ids": "O",
        "reason": "lies in O",
    }  # fmt: skip
    assert told.loc["H0002"].dropna().to_dict() == {"reason": "lies in no area"}


def test_a_host_without_an_origin_answers_alone():
    told = find_ownership(HOMES, INDEX, overrides(("household", "H0001", "H", None, "own gate")), at=DAY).loc["H0001"]
    assert told[["area_id", "host_area_id", "lead_area_id", "assessed_area_ids"]].to_list() == ["O", "H", "H", "H"]
    assert pd.isna(told["assist_area_ids"])
    assert told["reason"] == "V0: belongs to H (own gate)"


def test_an_origin_that_is_the_host_is_named_once():
    told = find_ownership(HOMES, INDEX, overrides(("household", "H0000", "H", "H")), at=DAY).loc["H0000"]
    assert told[["lead_area_id", "assessed_area_ids", "may_report_area_ids"]].to_list() == ["H", "H", "H"]
    assert pd.isna(told["assist_area_ids"])


def test_a_household_outside_every_area_may_have_a_host():
    told = find_ownership(HOMES, INDEX, overrides(("household", "H0002", "H", "O")), at=DAY).loc["H0002"]
    assert pd.isna(told["area_id"])
    assert told[["host_area_id", "lead_area_id", "assist_area_ids"]].to_list() == ["H", "O", "H"]


def test_a_household_follows_its_own_override_before_that_of_its_address():
    homes = HOMES.assign(address="溪桥路12号")
    table = overrides(("address", "溪桥路１２号", "O"), ("household", "H0000", "H", "O"))
    told = find_ownership(homes, INDEX, table, at=DAY)
    assert told["override_id"].to_list() == ["V1", "V0", "V0"]
    assert told["host_area_id"].to_list() == ["H", "O", "O"]


def test_assets_and_addresses_have_owners_too():
    lamps = gpd.GeoDataFrame(
        geometry=[shapely.Point(EAST_M + 50, NORTH_M + 50)], crs=CRS, index=pd.Index(["lamp"], name="asset_id")
    )
    table = overrides(("asset", "lamp", "O"), ("household", "lamp", "H", "O"), ("address", "西街1号", "H", "O"))
    assert find_ownership(lamps, INDEX, table, at=DAY, subject="asset")["host_area_id"].to_list() == ["O"]
    texts = pd.DataFrame({"address": ["西街1号", "西街2号", None]})
    told = find_ownership(texts, pd.Series(["O", "O", None]), table, at=DAY, subject="address")
    assert told["host_area_id"].fillna("").to_list() == ["H", "O", ""]


def test_an_override_to_an_unknown_area_is_refused_by_name():
    stray = overrides(("household", "H0000", "Q", "O"), ("household", "H0001", "H", "C"))
    with pytest.raises(UnknownAreaError, match="host_area_id of 'V0' is 'Q', no area in force"):
        find_ownership(HOMES, INDEX, stray, at=DAY)
    with pytest.raises(UnknownAreaError, match="origin_area_id of 'V1' is 'C'"):
        find_ownership(HOMES.iloc[1:], INDEX, stray, at=DAY)
    told = find_ownership(HOMES.iloc[1:], INDEX, stray, at=DAY, areas=town("CC", level="community"))
    assert told["lead_area_id"].iloc[0] == "C"


@pytest.mark.parametrize(
    ("subjects", "index", "options", "says"),
    [
        (HOMES, INDEX, {"subject": "flat"}, "'flat' is not one of household, asset, address"),
        (HOMES, INDEX, {"subject": "address"}, "column 'address' is missing"),
        (pd.DataFrame(HOMES[["count"]]), INDEX, {}, "has no geometry"),
        (HOMES, pd.Series(["O"]), {}, "not indexed like the subjects"),
    ],
)
def test_subjects_that_cannot_be_placed_are_refused(subjects, index, options, says):
    with pytest.raises(TableError, match=says):
        find_ownership(subjects, index, MOVED, at=DAY, **options)


def test_what_is_wrong_with_overrides_is_found():
    table = overrides(
        ("household", "H1", "H", "O"), ("household", "H1", "O", None, None, "2026-09-01", "2026-10-02"),
        ("household", "H2", "Q", "O"), ("household", "H3", "H", "Z"), ("asset", "a", "H", "H"),
        ("asset", "b", "H", None, None, "2026-05-01", "2026-04-01"), ("address", "西街1号", "H"),
        ("address", "西街１號", "H", None, None, "2026-10-02"),
        ("household", "H4", "Q", None, None, None, "2026-10-01"),
    )  # fmt: skip
    found = check_overrides(AREAS, table, DAY)
    check(found, FINDINGS)
    assert list(zip(found["kind"], found["area_ids"], strict=True)) == [
        ("unknown_area", "Q"), ("unknown_area", "Z"), ("conflicting_overrides", "H,O"), ("empty_override", "H"),
        ("origin_is_host", "H"),
    ]  # fmt: skip
    assert found["message"].iloc[2] == "household 'H1' has 2 overrides on 2026-10-01: V0 and V1"
    later = check_overrides(AREAS, table, date(2026, 10, 2))
    assert later.loc[later["kind"] == "conflicting_overrides", "message"].to_list() == [
        "address '西街1号' has 2 overrides on 2026-10-02: V6 and V7"
    ]
    assert check_overrides(AREAS, MOVED, DAY).empty


def officers(*names):
    index = pd.Index(list(names), name="officer_id", dtype="str")
    return pd.DataFrame({"name": list(names), "role": "part_time"}, index=index)


def duty(officer, area, role="part_time", since=None):
    row = {"officer_id": [officer], "area_id": [area], "role": [role], "valid_from": [since], "valid_to": [None]}
    return pd.DataFrame(row, index=pd.Index(["D1"], name="duty_id"))


def test_an_origin_without_a_part_time_officer_is_found_with_its_households():
    moved = overrides(("household", "H1", "H", "O"), ("household", "H2", "H", "O"), ("asset", "a", "O", "H"),
                      ("household", "H3", "H", "H"), ("household", "H4", "O", "H", None, None, DAY))  # fmt: skip
    found = check_relocated(AREAS, moved, officers("P1"), duty("P1", "H"), DAY)
    check(found, FINDINGS)
    assert found["kind"].to_list() == ["no_resettlement_officer"]
    assert found["message"].iloc[0] == (
        "'O' has no part-time officer on 2026-10-01 for the 2 households resettled out of it"
    )
    assert found.geometry.iloc[0].equals(AREAS.geometry["O"])
    for lacking in (duty("P1", "O", "full_time"), duty("P9", "O"), duty("P1", "O", since=date(2026, 10, 2))):
        assert len(check_relocated(AREAS, moved, officers("P1"), lacking, DAY)) == 1
    assert check_relocated(AREAS, moved, officers("P1"), duty("P1", "O", since=DAY), DAY).empty


def test_the_officer_of_a_grid_of_the_village_of_origin_counts():
    areas = pd.concat([town("VVWW", level="community"), town("ABCC").assign(parent_id=["V", "V", "W"])])
    moved = overrides(("household", "H1", "W", "V"))
    assert check_relocated(areas, moved, officers("P1"), duty("P1", "B"), DAY).empty
    assert len(check_relocated(areas, moved, officers("P1"), duty("P1", "C"), DAY)) == 1
