"""Hold a store on PostGIS to what is its own: how it is opened, its index, its locks, its faults and what it says."""

import os
import threading
from datetime import date

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
import shapely
import sqlalchemy as sa
from clusters import address, make_database, new_database, send, session_cluster
from drawn_plans import drawn_plan
from stores import new_place
from towns import CRS, EAST_M, NORTH_M, households_at

from gridgeo.model.errors import StorageError
from gridgeo.storage.faults import told_plainly
from gridgeo.storage.store import open_store

PLAN = drawn_plan("ABC\nDEF", grid="112112", micro="123123")
REDRAWN = drawn_plan("ABC\nDEF", grid="133133", micro="123123")
NEW_YEAR, JUNE = date(2026, 1, 1), date(2026, 6, 1)


@pytest.fixture
def url():
    return new_database()


@pytest.fixture
def folder():
    return session_cluster()


def refused(url, **options):
    """Open what cannot be opened, and give what is said: one line that names the place."""
    with pytest.raises(StorageError) as caught:
        open_store(url, **options)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith("store 'postgresql://")
    return said


def name_of(url):
    return sa.make_url(url).database


# Addresses


def test_the_scheme_may_be_written_in_every_usual_way(url):
    rest = url.partition("://")[2]
    for scheme in ("postgresql", "postgres", "postgis", "postgresql+psycopg"):
        with open_store(f"{scheme}://{rest}") as store:
            assert len(store.plans()) == 0


@pytest.mark.parametrize("url", ["postgresql://", "postgresql://host", "postgresql+asyncpg://host/town"])
def test_an_address_without_a_database_is_refused_with_the_way_out(url):
    assert "is not understood; name it like 'postgresql://user@host:5432/database'" in refused(url)


def test_an_address_that_cannot_be_read_does_not_show_its_password():
    assert "hunter2" not in refused("postgresql://planner:hunter2@host:port/town")


def test_a_server_that_is_not_there_is_said_not_to_answer(tmp_path):
    for place in (
        f"postgresql://planner:hunter2@/town?host={tmp_path}",
        "postgresql://planner:hunter2@127.0.0.1:1/town",
    ):
        said = refused(place)
        assert "no server answers there; check that it runs" in said
        assert "hunter2" not in said


def test_a_wrong_password_is_said_to_be_wrong_and_never_shown(folder):
    url = make_database(folder, f"guarded_{os.getpid()}", "empty_store")
    send(folder, "postgres", "CREATE ROLE guarded LOGIN PASSWORD 'right'")
    rules = folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    try:
        rules.write_text(f"local {name_of(url)} guarded scram-sha-256\n{before}")
        send(folder, "postgres", "SELECT pg_reload_conf()")
        place = f"postgresql://guarded{{}}@/{name_of(url)}?host={folder}"
        for given in (place.format(":hunter2"), place.format("") + "&password=hunter2", place.format("")):
            said = refused(given)
            assert "the server does not accept the user or the password" in said
            assert "hunter2" not in said
        send(folder, name_of(url), "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guarded")
        with open_store(place.format(":right")) as store:
            assert len(store.plans()) == 0
            assert "right" not in store._place
            with pytest.raises(StorageError, match="the user may not do this; ask the owner of the database"):
                store.publish(PLAN, valid_from=NEW_YEAR)
    finally:
        rules.write_text(before)
        send(folder, "postgres", "SELECT pg_reload_conf()")


def test_an_unknown_database_or_user_is_named_with_the_way_out(folder):
    assert "no such database; make it with createdb" in refused(address(folder, "nowhere"))
    assert "does not accept the user" in refused(address(folder, "empty_store").replace("gridgeo@", "nobody@"))


def test_a_database_without_postgis_is_refused_with_the_way_out():
    said = refused(new_database("template0"))
    assert "the database has no PostGIS" in said
    assert said.endswith("CREATE EXTENSION postgis")


def test_a_database_that_is_not_in_utf8_is_refused(folder):
    name = f"latin_{os.getpid()}"
    send(folder, "postgres", f"CREATE DATABASE {name} TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'")
    assert "the database is in LATIN1; make one with createdb --encoding UTF8" in refused(address(folder, name))


def test_a_store_is_made_only_where_that_is_wanted():
    url = new_database("with_postgis")
    assert "the database holds no store; publish a plan there first" in refused(url, create=False)
    with open_store(url) as store:
        assert len(store.plans()) == 0
    open_store(url, create=False).close()


def test_another_programs_tables_are_left_as_they_are(folder):
    url = new_database("with_postgis")
    send(folder, name_of(url), "CREATE TABLE plans (title text)")
    assert "its tables are another program's" in refused(url)
    assert send(folder, name_of(url), "SELECT count(*) FROM information_schema.tables WHERE table_name = 'frames'") == [
        (0,)
    ]


def test_a_newer_store_is_left_as_it_is(url, folder):
    send(folder, name_of(url), "UPDATE alembic_version SET version_num = '9017'")
    assert "was written by a newer gridgeo (schema 9017); upgrade gridgeo to open it" in refused(url)


def test_a_read_only_database_is_read_and_refuses_to_be_written(url, folder):
    with open_store(url) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
    send(folder, name_of(url), f'ALTER DATABASE "{name_of(url)}" SET default_transaction_read_only = on')
    with open_store(url) as store:
        assert sorted(store.areas(at=NEW_YEAR).index) == ["G1", "G2"]
        with pytest.raises(StorageError, match="the database is read-only"):
            store.publish(REDRAWN, valid_from=JUNE)
        assert len(store.plans()) == 1


def test_a_schema_of_its_own_may_hold_the_store(folder):
    url = new_database("with_postgis")
    send(folder, name_of(url), "CREATE SCHEMA town")
    with open_store(url + "&options=-csearch_path%3Dtown,public") as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
        assert store.area_ids_at(EAST_M + 50, NORTH_M + 50, NEW_YEAR)["grid"] == "G1"
    assert send(folder, name_of(url), "SELECT count(*) FROM town.plans") == [(1,)]


def test_many_may_make_the_same_store_at_once():
    url, counts = new_database("with_postgis"), []

    def make():
        with open_store(url) as store:
            counts.append(len(store.plans()))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [0] * 4


# What is kept, and how


SHAPES = {
    "with heights": shapely.from_wkt("POINT Z (1 2 3)"),
    "with measures": shapely.from_wkt("LINESTRING M (0 0 1, 1 1 2)"),
    "empty": shapely.from_wkt("POLYGON EMPTY"),
    "an empty point": shapely.from_wkt("POINT EMPTY"),
    "a mixture": shapely.from_wkt("GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))"),
    "crossing itself": shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"),
    "finest numbers": shapely.Point(-0.0, 5e-324),
    "with a hole": shapely.from_wkt("POLYGON ((0 0, 9 0, 9 9, 0 0), (3 1, 4 1, 4 2, 3 1))"),
    "nothing": None,
}


def test_every_kind_of_shape_comes_back_bit_for_bit(store):
    index = pd.Index(SHAPES, name="site_id")
    sites = gpd.GeoDataFrame(geometry=gpd.GeoSeries(list(SHAPES.values()), index=index, crs=CRS), index=index)
    store.publish(PLAN, valid_from=NEW_YEAR, sites=sites)
    found = store.sites(NEW_YEAR)
    assert [shape and shape.wkb for shape in found.geometry] == [shape and shape.wkb for shape in sites.geometry]
    assert store.check() == []


def test_shapes_are_geometries_that_other_programs_read(url, folder):
    with open_store(url) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
    asked = "SELECT sum(ST_Area(geometry)), min(ST_GeometryType(geometry)) FROM atoms"
    assert send(folder, name_of(url), asked) == [(PLAN.atoms.area.sum(), "ST_Polygon")]
    kinds = "SELECT DISTINCT udt_name FROM information_schema.columns WHERE column_name = 'geometry'"
    assert send(folder, name_of(url), kinds) == [("geometry",)]


def test_a_point_is_looked_up_through_the_spatial_index(url):
    with open_store(url) as store:
        for day in range(1, 20):
            store.publish((PLAN, REDRAWN)[day % 2], valid_from=date(2026, 1, day))
        seen = []
        sa.event.listen(store._readers, "before_cursor_execute", lambda *told: seen.append(told[2:4]))
        store.area_ids_at(EAST_M + 50, NORTH_M + 50, at=NEW_YEAR)
        query, values = next((query, values) for query, values in seen if "&&&" in query)
        with store._connection(store._readers) as connection:
            connection.exec_driver_sql(
                "SET LOCAL enable_seqscan = off"
            )  # a table of a few rows is read whole otherwise
            connection.exec_driver_sql("SET LOCAL enable_indexscan = on")
            plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {query}", values))
    assert "ix_areas_place" in plan


def test_a_commit_is_on_the_disk_before_it_is_acknowledged(url, folder):
    send(folder, name_of(url), f'ALTER DATABASE "{name_of(url)}" SET synchronous_commit = off')
    with open_store(url) as store, store._connection(store._writers) as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_instants_come_back_in_utc_whatever_the_server_shows(url, folder):
    send(folder, name_of(url), f"ALTER DATABASE \"{name_of(url)}\" SET timezone = 'Asia/Shanghai'")
    with open_store(url) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
        assert str(store.plans()["published_at"].dtype) == "datetime64[us, UTC]"


def test_a_key_with_a_nul_character_is_refused_in_words(url):
    atoms = PLAN.atoms.rename(index={"A": "A\0"})
    owners = {level: owner.rename(index={"A": "A\0"}) for level, owner in PLAN.owners.items()}
    plan = type(PLAN)(atoms, owners, register=PLAN.register, profile=PLAN.profile, borders=PLAN.borders, manifest={})
    with open_store(url) as store:
        with pytest.raises(StorageError, match="a text holds a NUL character, which PostgreSQL cannot keep"):
            store.publish(plan, valid_from=NEW_YEAR)
        assert len(store.plans()) == 0


# Writers and readers


def test_a_database_that_another_program_holds_is_said_to_be_busy(url, monkeypatch):
    monkeypatch.setattr("gridgeo.storage.postgis.BUSY_TIMEOUT_S", 0.1)
    with open_store(url) as store, open_store(url) as other:
        with other._connection(other._writers), pytest.raises(StorageError, match="another program has been writing"):
            store.publish(PLAN, valid_from=NEW_YEAR)
        assert store.publish(PLAN, valid_from=NEW_YEAR)


def cut(url):
    """End every other connection to a database, as an administrator or a broken line does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("step", ["INSERT INTO frames", "INSERT INTO plans", "INSERT INTO plan_frames", "UPDATE plans"])
def test_a_connection_lost_in_a_publishing_changes_nothing_and_the_store_goes_on(url, step):
    with open_store(url) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)

        def lose(_connection, _cursor, statement, *_):
            if statement.startswith(step):
                cut(url)

        sa.event.listen(store._readers, "before_cursor_execute", lose)
        with pytest.raises(
            StorageError, match="the connection to the server was lost; nothing was changed, do it again"
        ):
            store.publish(REDRAWN, valid_from=JUNE)
        sa.event.remove(store._readers, "before_cursor_execute", lose)
        assert sorted(store.areas(at=JUNE).index) == ["G1", "G2"]
        assert len(store.plans()) == 1
        store.publish(REDRAWN, valid_from=JUNE)
        assert sorted(store.areas(at=JUNE).index) == ["G1", "G3"]
        assert store.check() == []


def test_a_connection_lost_while_rows_are_sent_changes_nothing(url, monkeypatch):
    def lose(*arguments):
        cut(url)
        return arguments[1]

    homes = households_at([(0.5, 0.5)] * 20_000).assign(address="溪桥路1号")
    with open_store(url) as store:
        with monkeypatch.context() as broken:
            broken.setattr("gridgeo.storage.postgis.as_plain", lose)
            with pytest.raises(StorageError, match="the connection to the server was lost"):
                store.publish(PLAN, valid_from=NEW_YEAR, addresses=homes)
        assert len(store.plans()) == 0
        assert store.publish(PLAN, valid_from=NEW_YEAR, addresses=homes)


def test_a_connection_lost_at_the_commit_is_said_to_leave_all_or_nothing(url):
    with open_store(url) as store:
        sa.event.listen(store._writers, "commit", lambda _connection: cut(url))
        with pytest.raises(StorageError, match=r"whole or not at all: look with plans\(\) before you do it again"):
            store.publish(PLAN, valid_from=NEW_YEAR)
        assert store.check() == []


def test_a_connection_that_was_cut_at_rest_is_not_noticed(url):
    with open_store(url) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
        cut(url)
        assert sorted(store.areas(at=NEW_YEAR).index) == ["G1", "G2"]


def test_a_full_disk_of_the_server_is_told_with_the_way_out():
    said = psycopg.errors.DiskFull("could not extend file: No space left on device")
    with pytest.raises(StorageError, match=r"^store 'x': the disk of the server is full; make room"), told_plainly("x"):
        raise sa.exc.OperationalError("COPY", None, said)


def test_readers_see_the_old_plan_until_the_new_one_is_there_in_full(url):
    with open_store(url) as store, open_store(url) as other:
        store.publish(PLAN, valid_from=NEW_YEAR)
        seen = []

        def look(_connection, _cursor, statement, *_):
            if statement.startswith(("INSERT", "UPDATE")):
                seen.append(tuple(other.areas(at=NEW_YEAR).index))

        sa.event.listen(store._writers, "after_cursor_execute", look)
        store.publish(REDRAWN, valid_from=NEW_YEAR)
        assert len(seen) > 3
        assert set(seen) == {("G1", "G2")}
        assert other.areas(at=NEW_YEAR).index.tolist() == ["G1", "G3"]


def test_a_reading_sees_one_plan_from_its_first_row_to_its_last(url):
    with open_store(url) as store, open_store(url) as planner:
        store.publish(PLAN, valid_from=NEW_YEAR)
        published = []

        def publish(_connection, _cursor, statement, *_):
            if "FROM plans" in statement and not published:
                published.append(1)
                planner.publish(REDRAWN, valid_from=NEW_YEAR)

        sa.event.listen(store._readers, "after_cursor_execute", publish)
        assert sorted(store.plan(NEW_YEAR).owner("grid").unique()) == ["G1", "G2"]
        assert sorted(store.plan(NEW_YEAR).owner("grid").unique()) == ["G1", "G3"]


def test_two_planners_who_publish_at_once_come_one_after_the_other(url):
    with open_store(url) as store:
        threads = [
            threading.Thread(target=lambda plan=plan: [store.publish(plan, valid_from=NEW_YEAR) for _ in range(4)])
            for plan in (PLAN, REDRAWN)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store.plans()) == 8
        assert store.plans()["valid_to"].isna().sum() == 1
        assert store.check() == []


def test_both_databases_name_the_answers_alike(tmp_path):
    keys = []
    for back_end in ("sqlite", "postgis"):
        with open_store(new_place(tmp_path, back_end)) as store:
            store.publish(PLAN, valid_from=NEW_YEAR)
            keys.append(store.version_key(JUNE))
    assert keys[0] == keys[1]
