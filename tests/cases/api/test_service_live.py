"""Keep the service in step with its store: started without one, swapped whole, up while the store fails."""

import shutil
import threading
from datetime import date

import pytest
from fastapi.testclient import TestClient
from gridgeo_api.live import Keeper
from gridgeo_api.main import create_app
from gridgeo_api.settings import Settings
from pydantic import ValidationError
from served_town import incidents, lonlat, plan, publish_town, settings_for

from gridgeo.storage.store import open_store


def started(path, **changes):
    """Start the service; it looks at the store only when the test says so."""
    return TestClient(create_app(settings_for(path, refresh_s=3_600, **changes)), raise_server_exceptions=False)


def area_at(client, x, y, **query):
    lon, lat = lonlat(x, y)
    return client.get("/v1/locate", params={"lon": lon, "lat": lat, **query}).json()["area"]["area_id"]


@pytest.fixture
def own_db(town_db, tmp_path):
    """Give a copy of the town's store, to be written to."""
    path = tmp_path / "town.db"
    shutil.copy(town_db, path)
    return path


def test_without_a_store_the_service_starts_and_says_how_to_make_one(tmp_path):
    with started(tmp_path / "absent.db") as client:
        page = client.get("/")
        assert page.status_code == 503
        assert "gridgeo demo" in page.text
        assert "absent.db" in page.text
        assert client.get("/healthz").status_code == 200
        for path in ("/readyz", "/v1/stats", "/v1/locate?lon=114&lat=30"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            assert "gridgeo demo" in answer.json()["detail"]
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_appears_later_is_served_without_a_restart(tmp_path):
    path = tmp_path / "town.db"
    with started(path) as client:
        assert client.get("/readyz").status_code == 503
        publish_town(str(path))
        assert client.app.state.keeper.refresh()
        assert client.get("/readyz").json() == {"status": "ready", "plans": 2, "fault": None}
        assert client.get("/").status_code == 200


def test_a_store_without_a_plan_says_so(tmp_path):
    open_store(str(tmp_path / "empty.db")).close()
    with started(tmp_path / "empty.db") as client:
        assert "holds no plan yet" in client.get("/v1/stats").json()["detail"]


def test_a_store_that_holds_a_plan_and_nothing_else_is_served(tmp_path):
    with open_store(str(tmp_path / "bare.db")) as store:
        store.publish(plan(), valid_from=date(2026, 1, 1))
    with started(tmp_path / "bare.db", title="") as client:
        figures = client.get("/v1/stats").json()
        assert figures["tiles"] == ["community", "grid", "micro"]
        assert figures["incidents"]["count"] == 0
        assert client.get("/v1/addresses/search?q=溪桥路12号").json()["features"] == []
        card = client.get("/v1/areas/G1").json()["properties"]
        assert (card["officers"], card["incidents"]) == ([], None)
        assert client.get("/v1/heat/14/0/0.png").status_code == 200


def test_a_plan_that_begins_later_is_not_shown_before_its_day(tmp_path):
    with open_store(str(tmp_path / "later.db")) as store:
        store.publish(plan(), valid_from=date(2999, 1, 1))
    with started(tmp_path / "later.db") as client:
        answer = client.get("/v1/stats")
        assert answer.status_code == 404
        assert "the first is in force from 2999-01-01" in answer.json()["detail"]
        assert client.get("/v1/stats?at=2999-01-01").status_code == 200


def test_a_file_that_is_no_store_is_told_plainly(tmp_path):
    path = tmp_path / "town.db"
    path.write_text("not a database, " * 100)
    with started(path) as client:
        answer = client.get("/v1/stats")
        assert answer.status_code == 503
        assert "not a database" in answer.json()["detail"]


def test_a_plan_that_is_published_is_live_at_the_next_look_and_changes_every_tag(own_db):
    with started(own_db) as client:
        before = client.get("/v1/areas")
        assert area_at(client, 5.5, 0.5) == "G3"
        assert not client.app.state.keeper.refresh()
        swapped = plan("1112344411123444")
        with open_store(str(own_db)) as store:
            store.publish(swapped, valid_from=date(2026, 10, 1))
        assert client.get("/v1/areas").headers["etag"] == before.headers["etag"]
        assert client.app.state.keeper.refresh()
        after = client.get("/v1/areas", headers={"if-none-match": before.headers["etag"]})
        assert after.status_code == 200
        assert area_at(client, 5.5, 0.5) == "G4"
        assert area_at(client, 5.5, 0.5, at="2026-09-30") == "G3"


def test_no_look_up_fails_or_mixes_plans_while_a_plan_is_swapped_in(own_db):
    with started(own_db) as client:
        points = [lonlat(column + 0.5, 0.5) for column in range(8)]
        before = client.post("/v1/locate", json={"points": points}).json()["area_ids"]
        seen, stop = set(), threading.Event()

        def ask():
            while not stop.is_set():
                answer = client.post("/v1/locate", json={"points": points})
                assert answer.status_code == 200
                seen.add(tuple(answer.json()["area_ids"]))

        asker = threading.Thread(target=ask)
        asker.start()
        with open_store(str(own_db)) as store:
            store.publish(plan("1111233411112334"), valid_from=date(2026, 10, 1))
        client.app.state.keeper.refresh()
        after = client.post("/v1/locate", json={"points": points}).json()["area_ids"]
        stop.set()
        asker.join()
        assert before != after
        assert seen <= {tuple(before), tuple(after)}


def test_new_incidents_change_the_heat_and_the_counts_but_not_the_tiles(own_db):
    with started(own_db) as client:
        before = client.get("/v1/stats").json()
        more = incidents().head(3)
        more.index = ["X1", "X2", "X3"]
        more.index.name = "incident_id"
        with open_store(str(own_db)) as store:
            store.save_incidents(more)
        assert client.app.state.keeper.refresh()
        after = client.get("/v1/stats").json()
        assert after["incidents"]["count"] == before["incidents"]["count"] + 3
        assert after["version"] == before["version"]
        assert after["incidents"]["version"] != before["incidents"]["version"]


def test_a_store_that_is_lost_leaves_what_is_live_answering(own_db):
    with started(own_db) as client:
        keeper = client.app.state.keeper
        for path in own_db.parent.iterdir():
            path.unlink()
        keeper._store.close()
        keeper.refresh()
        assert area_at(client, 0.5, 0.5) == "G1"
        assert client.get("/readyz").json()["fault"]
        answer = client.get("/v1/stats", params={"at": "2026-03-01"})
        assert answer.status_code == 503
        assert answer.headers["retry-after"]


def test_a_day_is_opened_once_and_the_oldest_is_given_up(own_db):
    with started(own_db, days_kept=2) as client:
        for day in ("2026-03-01", "2026-03-02", "2026-03-03", "2026-03-01"):
            assert area_at(client, 2.5, 0.5, at=day) == "G2"
        live = client.app.state.keeper.live
        assert live.known(date(2026, 3, 2)) is None
        assert live.open(date(2026, 3, 1)) is live.open(date(2026, 3, 1))
        assert live.open(date(2026, 3, 1)).edition is live.open(date(2026, 3, 3)).edition


def test_the_store_is_closed_at_the_end(own_db):
    with started(own_db) as client:
        keeper = client.app.state.keeper
        assert keeper.is_ready
    assert not keeper.is_ready


def test_a_keeper_may_be_closed_before_it_opened_anything(tmp_path):
    Keeper(settings_for(tmp_path / "absent.db")).close()


# Settings


def test_settings_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("GRIDGEO_STORE", "towns/town.db")
    monkeypatch.setenv("GRIDGEO_PORT", "8123")
    settings = Settings()
    assert (settings.store, settings.port) == ("sqlite:///towns/town.db", 8123)
    assert str(settings.store_file) == "towns/town.db"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 0),
        ("language", "fr"),
        ("timezone", "Nowhere/City"),
        ("store", "://"),
        ("near_border_m", float("nan")),
        ("refresh_s", 0),
    ],
)
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(ValidationError):
        Settings(**{name: value})


def test_a_password_is_not_told():
    assert "secret" not in Settings(store="postgresql://gridgeo:secret@localhost/town").store_name
