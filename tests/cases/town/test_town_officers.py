from datetime import date

import pandas as pd
import pytest
from towns import town

from gridgeo.model.errors import TableError
from gridgeo.model.tables import DUTIES, OFFICERS, check
from gridgeo.town.officers import make_officers


@pytest.fixture
def grids():
    drawn = town("""
        AABB
        CCDD
    """, households=400)  # fmt: skip
    return drawn.assign(parent_id=["north", "north", "south", "south"])


@pytest.fixture
def micros():
    return town("""
        ABCD
        EFGH
    """, level="micro", households=60, parent_id="A")  # fmt: skip


def test_tables_keep_their_contracts(grids):
    officers, duties = make_officers(grids)
    check(officers, OFFICERS)
    check(duties, DUTIES)


def test_every_grid_has_a_full_time_officer_and_its_communitys_chief(grids):
    officers, duties = make_officers(grids)
    assert duties[duties["role"] == "full_time"]["area_id"].tolist() == ["A", "B", "C", "D"]
    chiefs = duties[duties["role"] == "grid_chief"].set_index("area_id")["officer_id"]
    assert chiefs["A"] == chiefs["B"] != chiefs["C"] == chiefs["D"]
    assert officers["role"].value_counts().to_dict() == {"full_time": 4, "grid_chief": 2}


def test_a_large_grid_has_a_part_time_officer_too(grids):
    grids = grids.assign(households=[400, 490, 400, 400])
    _, duties = make_officers(grids)
    assert duties[duties["role"] == "part_time"]["area_id"].tolist() == ["B"]


def test_every_micro_grid_has_a_chief(micros):
    officers, duties = make_officers(micros)
    assert duties["area_id"].tolist() == list("ABCDEFGH")
    assert set(officers["role"]) == {"micro_chief"}


def test_grids_and_micro_grids_can_be_appointed_together(grids, micros):
    areas = pd.concat([grids.set_index(grids.index + "1"), micros]).rename_axis("area_id")
    officers, duties = make_officers(areas)
    assert len(officers) == 4 + 2 + 8
    assert duties["officer_id"].isin(officers.index).all()


def test_officers_appointed_one_level_after_the_other_do_not_clash(grids, micros):
    first, second = make_officers(grids)[0], make_officers(micros)[0]
    assert first.index.intersection(second.index).empty


def test_phones_reach_nobody_and_are_different(micros):
    phones = make_officers(micros)[0]["phone"]
    assert phones.str.fullmatch(r"000-\d{4}-\d{4}").all()
    assert phones.is_unique


def test_duties_begin_on_the_day_that_is_asked_for(grids):
    _, duties = make_officers(grids, valid_from=date(2026, 10, 1))
    assert (duties["valid_from"] == date(2026, 10, 1)).all()
    assert duties["valid_to"].isna().all()


def test_the_same_seed_appoints_the_same_officers(grids):
    pd.testing.assert_frame_equal(make_officers(grids, seed=3)[0], make_officers(grids, seed=3)[0])
    assert not make_officers(grids, seed=3)[0]["name"].equals(make_officers(grids, seed=4)[0]["name"])


def test_areas_without_parents_have_one_chief(grids):
    officers, _ = make_officers(grids.assign(parent_id=None))
    assert (officers["role"] == "grid_chief").sum() == 1


def test_no_areas_have_no_officers(grids):
    officers, duties = make_officers(grids.iloc[:0])
    assert len(officers) == len(duties) == 0
    assert officers.index.name == "officer_id"


def test_a_table_that_is_not_of_areas_is_refused(grids):
    with pytest.raises(TableError, match="areas: column 'level' is missing"):
        make_officers(grids.drop(columns="level"))
