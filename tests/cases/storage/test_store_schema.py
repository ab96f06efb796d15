"""Hold the tables of the store to their migrations, and the spatial index to the areas."""

import json
import subprocess
import sys
from datetime import date

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from drawn_plans import drawn_plan
from stores import new_store
from towns import EAST_M, NORTH_M, households_at

from gridgeo.model.tables import TABLES
from gridgeo.storage.rows import columns_of, pack, unpack
from gridgeo.storage.schema import REVISION, ROWS, incidents, metadata, plans
from gridgeo.storage.store import open_store
from gridgeo.storage.upgrade import _config, known_revisions

PLAN = drawn_plan("ABC\nDEF", grid="112112", micro="123123")
REDRAWN = drawn_plan("ABC\nDEF", grid="133133", micro="123123")
BOXES_OF_AREAS = """
    SELECT count(*), sum(boxes.west <= areas.west AND boxes.east >= areas.east
                         AND boxes.south <= areas.south AND boxes.north >= areas.north
                         AND boxes.frame_low = areas.frame_id * 1048576.0)
    FROM areas LEFT JOIN area_boxes AS boxes ON boxes.row_id = areas.row_id
"""


@pytest.fixture
def connection(tmp_path):
    with new_store(tmp_path) as store:
        store.publish(PLAN, valid_from=date(2026, 1, 1))
        store.publish(REDRAWN, valid_from=date(2026, 6, 1))
        with store._connection(store._writers) as connection:
            yield connection


def test_the_migrations_make_the_tables_that_are_declared(connection):
    def is_ours(name, kind, _parents):
        return not (kind == "table" and name.startswith("area_boxes"))

    context = MigrationContext.configure(connection, opts={"include_name": is_ours, "compare_type": True})
    assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_one_that_the_tables_name():
    assert known_revisions()[0] == REVISION


def test_a_store_of_the_first_schema_is_brought_up_and_keeps_its_addresses(tmp_path, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr("gridgeo.storage.sqlite.REVISION", "0001")
        older.setattr("gridgeo.storage.sqlite.upgrade", lambda connection: _upgrade_to(connection, "0001"))
        open_store(tmp_path / "town.db").close()
    with sa.create_engine(f"sqlite:///{tmp_path / 'town.db'}").begin() as connection:
        before = {column["name"] for column in sa.inspect(connection).get_columns("addresses")}
    assert "floors" not in before
    homes = households_at([(0.5, 0.5), (1.5, 0.5)], count=40).assign(address=["溪桥路1号", "溪桥路2号"], floors=[6, 11])
    with open_store(tmp_path / "town.db") as store:
        store.publish(PLAN, valid_from=date(2026, 1, 1), addresses=homes)
    with open_store(tmp_path / "town.db") as store:
        assert store.addresses()["floors"].tolist() == [6, 11]
        with store._connection(store._readers) as connection:
            told = connection.exec_driver_sql("SELECT floors, extra FROM addresses ORDER BY position").all()
    assert told == [(6, None), (11, None)]


def test_floors_that_were_kept_beside_the_columns_are_read_from_there():
    homes = households_at([(0.5, 0.5)], count=40).assign(address="溪桥路1号", floors=[6])
    table = ROWS["addresses"]
    columns = [sa.Column(each.name, each.type) for each in table.columns if each.name != "floors"]
    older = sa.Table("addresses", sa.MetaData(), *columns, info=table.info)
    packed = pack(homes, older, "addresses")
    (row,) = zip(*[packed.columns[column.name] for column in columns_of(packed.layout, older)], strict=True)
    assert '{"floors":6}' in row
    read = [json.loads(value) if value == '{"floors":6}' else value for value in row]
    assert unpack(packed.layout, table, [read])["floors"].tolist() == [6]


def _upgrade_to(connection, revision):
    command.upgrade(_config(connection), revision)


def test_every_column_of_a_contract_has_a_column_in_the_store():
    kept = {**{name: name for name in ROWS}, "households": "addresses"}
    for name, table in TABLES.items():
        if name == "communities":
            continue
        there = incidents if name == "incidents" else ROWS[kept[name]]
        days_of_the_version = {"valid_from", "valid_to"} if name == "areas" else set()
        assert set(table.columns) - days_of_the_version <= set(there.columns.keys()), name


def test_the_spatial_index_holds_the_box_of_every_area(connection):
    areas, boxed = connection.exec_driver_sql(BOXES_OF_AREAS).one()
    shared = 1  # the community, which both plans have
    assert areas == boxed == len(PLAN.register) + len(REDRAWN.register) - shared


def test_the_spatial_index_keeps_step_when_areas_change(connection):
    connection.exec_driver_sql("UPDATE areas SET west = west - 500, geometry = geometry WHERE area_id = 'G1'")
    connection.exec_driver_sql("DELETE FROM areas WHERE area_id = 'G2'")
    areas, boxed = connection.exec_driver_sql(BOXES_OF_AREAS).one()
    assert areas == boxed == connection.exec_driver_sql("SELECT count(*) FROM area_boxes").scalar()


def test_a_point_is_looked_up_through_the_spatial_index(tmp_path):
    sent = []
    with new_store(tmp_path) as store:
        store.publish(PLAN, valid_from=date(2026, 1, 1))
        sa.event.listen(store._readers, "before_cursor_execute", lambda *seen: sent.append(seen[2:4]))
        store.area_ids_at(EAST_M + 50, NORTH_M + 50, at=date(2026, 1, 1))
        query, values = next((query, values) for query, values in sent if "area_boxes" in query)
        with store._connection(store._readers) as connection:
            steps = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)]
    assert steps[0].startswith("SCAN area_boxes VIRTUAL TABLE INDEX")
    assert steps[1] == "SEARCH areas USING INTEGER PRIMARY KEY (rowid=?)"


def test_rows_of_a_frame_go_with_it_and_a_frame_in_use_stays(connection):
    in_use = connection.exec_driver_sql("SELECT frame_id FROM plan_frames WHERE role = 'atoms'").scalar()
    with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
        connection.exec_driver_sql(f"DELETE FROM frames WHERE frame_id = {in_use}")
    connection.exec_driver_sql("DELETE FROM plan_frames")
    connection.exec_driver_sql("DELETE FROM frames")
    for table in (*ROWS, "area_boxes"):
        assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_two_plans_cannot_be_in_force_from_the_same_day(connection):
    with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
        connection.execute(sa.update(plans).values(valid_from=date(2026, 6, 1), valid_to=None))


def test_a_store_that_is_up_to_date_opens_without_alembic(tmp_path):
    new_store(tmp_path).close()
    code = (
        "import sys; from gridgeo import open_store; open_store(sys.argv[1]).close(); print('alembic' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "town.db")], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "False"
