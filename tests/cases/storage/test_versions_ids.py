"""Hold ids and codes to their promise: what named one piece of land never comes to name another."""

from datetime import date

import pandas as pd
import pytest
import sqlalchemy as sa
from alembic import command
from drawn_plans import drawn_plan

from gridgeo.model.errors import TableError
from gridgeo.model.naming_again import renew_ids
from gridgeo.storage.store import open_store
from gridgeo.storage.upgrade import _config

ATOMS = "ABCDEF"
PLAN = drawn_plan(ATOMS, grid="112233")
TWO_LEFT = drawn_plan(ATOMS, grid="114444")
MOVED = drawn_plan(ATOMS, grid="225555")  # G2 where G1 was
NEW_YEAR, JUNE, JULY, AUTUMN = date(2026, 1, 1), date(2026, 6, 1), date(2026, 7, 1), date(2026, 10, 1)


def recoded(plan, **codes):
    register = plan.register.assign(code=[codes.get(area, code) for area, code in plan.register["code"].items()])
    return type(plan)(plan.atoms, plan.owners, register, plan.profile, plan.borders)


def lineage(*rows):
    made = pd.DataFrame(rows, columns=["before_id", "after_id", "change"])
    return made.assign(households=200, area_m2=2e4)


def test_every_id_and_code_is_listed_with_its_first_and_last_version(store):
    store.publish(recoded(PLAN, G1="110101"), valid_from=NEW_YEAR)
    store.publish(recoded(PLAN, G1="110101"), valid_from=JUNE)
    store.publish(TWO_LEFT, valid_from=JULY)
    told = store.reserved().set_index(["kind", "word"])
    assert told.loc[("area_id", "G1"), ["area_id", "first_version", "last_version"]].tolist() == ["G1", 1, 3]
    assert told.loc[("area_id", "G2"), ["area_id", "first_version", "last_version"]].tolist() == ["G2", 1, 2]
    assert told.loc[("code", "110101"), ["area_id", "first_version", "last_version"]].tolist() == ["G1", 1, 2]
    assert told.loc[("code", "G1"), ["area_id", "first_version", "last_version"]].tolist() == ["G1", 3, 3]
    assert set(told.loc["area_id"].index) == {"C1", "G1", "G2", "G3", "G4"}


def test_a_retired_id_is_refused_for_other_land(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.publish(TWO_LEFT, valid_from=JUNE)
    with pytest.raises(TableError, match=r"area_id 'G2' is used again for other land; version 1 held it.*renew_ids"):
        store.publish(MOVED, valid_from=JULY)
    assert len(store.plans()) == 2
    assert "G5" not in set(store.reserved()["word"])


def test_a_retired_id_comes_back_for_its_own_land(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.publish(TWO_LEFT, valid_from=JUNE)
    store.publish(drawn_plan(ATOMS, grid="162233"), valid_from=JULY)
    assert sorted(store.areas(at=JULY).index) == ["G1", "G2", "G3", "G6"]


def test_a_retired_id_is_taken_where_lineage_says_it_is_the_same_area(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.publish(TWO_LEFT, valid_from=JUNE)
    said = lineage(("G2", "G2", "moved"), ("G1", "G5", "split"))
    assert store.publish(MOVED, valid_from=JULY, lineage=said)


def test_an_id_in_force_stays_with_its_area_unless_lineage_says_otherwise(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    with pytest.raises(TableError, match="lineage says that nothing of 'G2' became it"):
        store.publish(MOVED, valid_from=JUNE, lineage=lineage(("G1", "G2", "kept"), ("G2", "G5", "merged")))
    store.publish(MOVED, valid_from=JUNE)


def test_another_areas_code_is_refused_for_other_land(store):
    store.publish(recoded(PLAN, G2="110102"), valid_from=NEW_YEAR)
    store.publish(recoded(TWO_LEFT, G4="110109"), valid_from=JUNE)
    with pytest.raises(TableError, match=r"code of 'G1' '110102' is used again .*version 1 held it as area 'G2'"):
        store.publish(recoded(TWO_LEFT, G1="110102"), valid_from=JULY)
    # The land of G2 lies in G4: the code may come back to it.
    store.publish(recoded(TWO_LEFT, G4="110102"), valid_from=JULY)


def test_codes_of_two_areas_in_force_cannot_be_swapped(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    with pytest.raises(TableError, match="code of 'G1' 'G2' is used again"):
        store.publish(recoded(PLAN, G1="G2", G2="G1"), valid_from=JUNE)


def test_a_plan_drawn_anew_is_published_once_its_ids_are_renewed(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.publish(TWO_LEFT, valid_from=JUNE)
    renewed = renew_ids(MOVED, store.plan(JUNE), store.reserved())
    assert renewed.owner("grid").tolist() == ["G1", "G1", "G4", "G4", "G4", "G4"]
    store.publish(renewed, valid_from=JULY)
    assert sorted(store.areas(at=JULY).index) == ["G1", "G4"]


def test_fresh_ids_follow_all_that_were_ever_published(store):
    store.publish(drawn_plan(ATOMS, grid="115599"), valid_from=NEW_YEAR)
    store.publish(PLAN, valid_from=JUNE)
    assert store.fresh_ids("G", 3) == ["G10", "G11", "G12"]
    assert store.fresh_ids("C1-", 2) == ["C1-01", "C1-02"]


def test_a_withdrawn_plan_keeps_its_ids(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.withdraw(store.publish(TWO_LEFT, valid_from=AUTUMN), today=JULY)
    with pytest.raises(TableError, match="area_id 'G4' is used again"):
        store.publish(drawn_plan(ATOMS, grid="442233"), valid_from=AUTUMN)


def test_a_store_of_an_older_schema_remembers_the_ids_that_it_published(tmp_path):
    path = tmp_path / "town.db"
    with open_store(path) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
        store.publish(TWO_LEFT, valid_from=JUNE)
        expected = store.reserved()
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        for table in ("overrides", "routes", "lineage", "reserved", "drafts", "journal", "incident_log"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        for column in ("before_version", "published_by", "override_reason", "withdrawn_at"):
            connection.exec_driver_sql(f"ALTER TABLE plans DROP COLUMN {column}")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")
    with engine.begin() as connection:
        command.upgrade(_config(connection), "0003")
    engine.dispose()
    with open_store(path) as store:
        pd.testing.assert_frame_equal(store.reserved(), expected)
        with pytest.raises(TableError, match="area_id 'G2' is used again"):
            store.publish(MOVED, valid_from=JULY)
        assert sorted(store.areas(at=NEW_YEAR).index) == ["G1", "G2", "G3"]
