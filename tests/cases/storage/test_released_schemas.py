"""Hold every schema that was ever released to its way up: nothing that was kept is lost, on either database."""

import sqlite3
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from clusters import new_database
from towns import EAST_M, NORTH_M

from gridgeo.storage import postgis
from gridgeo.storage.rows import insert_rows
from gridgeo.storage.schema import REVISION, metadata
from gridgeo.storage.store import open_store
from gridgeo.storage.upgrade import known_revisions, upgrade

RELEASED = Path(__file__).parents[2] / "released"
OLDER = ["0001", "0002"]
NEW_YEAR, JUNE = date(2026, 1, 1), date(2026, 6, 1)


def older_file(folder, revision):
    """Make the file that gridgeo of that schema wrote."""
    path = folder / f"town-{revision}.db"
    with sqlite3.connect(path) as connection:
        connection.executescript((RELEASED / f"schema_{revision}.sql").read_text("utf-8"))
    connection.close()
    return path


def older_database(folder, revision):
    """Make a database of that schema by its migrations, and fill it with the rows of the file."""
    url = new_database("with_postgis")
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    rows = sqlite3.connect(older_file(folder, revision))
    with engine.begin() as connection:
        upgrade(connection, revision)
        for table in metadata.sorted_tables:
            if not sa.inspect(connection).has_table(table.name):
                continue
            read = rows.execute(f'SELECT * FROM "{table.name}"')
            values = dict(zip([each[0] for each in read.description], zip(*read.fetchall(), strict=True), strict=False))
            columns = {name: list(column) for name, column in values.items()}
            insert_rows(connection, sa.insert(table), columns, len(next(iter(columns.values()), [])))
            key = table.autoincrement_column
            if key is not None and columns:
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key.name}'), {max(columns[key.name])})"
                )
    rows.close()
    engine.dispose()
    return url


MAKE = {"sqlite": older_file, "postgis": older_database}


@pytest.fixture(params=[(back_end, revision) for back_end in MAKE for revision in OLDER], ids="-".join)
def older(request, tmp_path):
    back_end, revision = request.param
    return MAKE[back_end](tmp_path, revision)


def test_there_is_a_store_of_every_schema_before_the_newest():
    assert known_revisions() == [REVISION, *reversed(OLDER)]


def test_an_older_store_is_brought_up_with_all_that_it_held(older):
    with open_store(older) as store:
        assert store.plans()["valid_to"].tolist() == [JUNE, None]
        assert store.owner("grid", NEW_YEAR).to_dict() == {"A": "G1", "B": "G2", "C": "G1", "D": "G2"}
        assert store.owner("grid", JUNE).to_dict() == {"A": "G1", "B": "G1", "C": "G2", "D": "G2"}
        assert store.plan(JUNE).atoms.geometry.area.tolist() == [10_000.0] * 4
        assert store.area_ids_at(EAST_M + 150, NORTH_M + 150, NEW_YEAR)["grid"] == "G2"
        assert store.area_ids_at(EAST_M + 150, NORTH_M + 150, JUNE)["grid"] == "G1"
        assert store.officers(JUNE)["name"].tolist() == ["王一", "李二"]
        assert store.duties(NEW_YEAR).index.tolist() == ["D1", "D2"]
        assert store.duties(JUNE).index.tolist() == ["D1"]
        assert store.addresses(JUNE)[["address", "floors"]].to_numpy().tolist() == [["溪桥路1号", 6], ["溪桥路2号", 11]]
        incidents = store.incidents()
        assert incidents.geometry.x.tolist() == [EAST_M + 1 / 3, EAST_M + 150]
        assert [moment.isoformat() for moment in incidents["reported_at"]] == ["2026-08-01T08:30:00.123456+00:00"] * 2
        assert store.check() == []


def test_an_older_store_takes_new_plans_under_new_numbers(older):
    with open_store(older) as store:
        plan = store.plan(JUNE)
        assert store.publish(plan, valid_from=date(2026, 9, 1)) == 3
        assert store.check() == []


def test_an_older_store_answers_the_same_on_both_databases(tmp_path):
    for revision in OLDER:
        with (
            open_store(older_file(tmp_path, revision)) as file,
            open_store(older_database(tmp_path / "..", revision)) as database,
        ):
            assert file.plans().equals(database.plans())
            assert file.areas("micro", JUNE).equals(database.areas("micro", JUNE))
            assert file.version_key(NEW_YEAR) == database.version_key(NEW_YEAR)


def test_a_migration_that_breaks_off_leaves_the_store_as_it_was(older, monkeypatch):
    def fail(connection):
        upgrade(connection)
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr("gridgeo.storage.sqlite.upgrade", fail)
        broken.setattr("gridgeo.storage.postgis.upgrade", fail)
        with pytest.raises(MemoryError):
            open_store(older)
    with open_store(older) as store:
        assert len(store.plans()) == 2


def test_an_older_backup_is_restored(tmp_path, back_end, store_place):
    from gridgeo.storage.backup import restore

    backup = older_file(tmp_path, "0001")
    content = backup.read_bytes()
    restore(backup, store_place)
    assert backup.read_bytes() == content
    with open_store(store_place) as store:
        assert len(store.plans()) == 2
        assert store.addresses(JUNE)["floors"].tolist() == [6, 11]


def test_the_migrations_make_the_tables_that_are_declared_on_postgis():
    engine = postgis.open_database(new_database(), create=True)[0]
    with engine.begin() as connection:

        def is_ours(name, kind, _parents):
            return not (kind == "table" and name == "spatial_ref_sys") and name != "ix_areas_place"

        context = MigrationContext.configure(connection, opts={"include_name": is_ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
