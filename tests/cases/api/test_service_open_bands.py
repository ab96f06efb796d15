"""The service tells open bands, bands of other measures, and beats beside the tree."""

from dataclasses import replace

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from gridgeo_api.main import create_app
from served_town import FIRST_DAY, lonlat, plan, settings_for

from gridgeo.model.profile import UNLIMITED, Limits
from gridgeo.storage.store import open_store

BEATS = {"G1": "B1", "G2": "B1", "G3": "B1", "G4": "B2"}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Serve the town by rules of its own: persons at least, at most so many households a micro grid, beats."""
    made = plan()
    register = made.register.copy()
    register.loc["G2", "kind"] = "exclusive"
    rows = {"code": ["B1", "B2"], "name": ["Beat 1", "Beat 2"], "level": "beat", "kind": "base", "parent_id": None}
    register = pd.concat([register, pd.DataFrame(rows, index=pd.Index(["B1", "B2"], name="area_id"))])
    limits = {
        "beat": Limits(2, 3, 2, measure="grids"),
        "grid": Limits(900, UNLIMITED, 1000, measure="persons"),
        "micro": Limits(0, 150, 100),
    }
    owners = {**made.owners, "beat": made.owner("grid").map(BEATS).rename("area_id")}
    made = replace(made, owners=owners, register=register, profile=replace(made.profile, limits=limits))
    path = str(tmp_path_factory.mktemp("ruled") / "town.db")
    with open_store(f"sqlite:///{path}") as store:
        store.publish(made, valid_from=FIRST_DAY)
    with TestClient(create_app(settings_for(path)), raise_server_exceptions=False) as started:
        yield started


def card(client, area_id):
    return client.get(f"/v1/areas/{area_id}").json()["properties"]


def test_an_end_that_no_rule_states_is_null_and_the_band_is_worded(client):
    told = card(client, "G1")
    assert told["band"] == {"low": 900, "high": None, "state": "below"}
    assert (told["measure"], told["amount"]) == ("persons", 800)
    assert told["band_words"] == {"en": "at least 900 persons", "zh": "不少于900人"}


def test_an_institutions_own_area_has_no_state(client):
    assert card(client, "G2")["band"]["state"] is None


def test_figures_leave_out_what_the_band_does_not_judge(client):
    levels = client.get("/v1/stats").json()["levels"]
    assert levels["grid"]["band"] == {"low": 900, "high": None, "target": 1000}
    assert levels["grid"]["in_band"] == 0.0
    assert levels["grid"]["sizes"]["measure"] == "persons"
    assert levels["grid"]["sizes"]["above"] == 0
    assert levels["micro"]["band"] == {"low": None, "high": 150, "target": 100}
    assert levels["micro"]["band_words"]["en"] == "at most 150 households"


def test_beats_are_told_beside_the_tree(client):
    told = card(client, "B1")
    assert (told["level"], told["measure"], told["amount"]) == ("beat", "grids", 3)
    assert told["band"] == {"low": 2, "high": 3, "state": "within"}
    assert told["parents"] == []
    assert told["children"] == [
        {"level": "community", "areas": 2},
        {"level": "grid", "areas": 3},
        {"level": "micro", "areas": 6},
    ]
    assert client.get("/v1/stats").json()["levels"]["beat"]["in_band"] == 0.5


def test_a_point_is_found_in_its_beat(client):
    lon, lat = lonlat(7.5, 0.5)
    answer = client.get("/v1/locate", params={"lon": lon, "lat": lat, "level": "beat"})
    assert answer.json()["area"]["area_id"] == "B2"
    listed = client.get("/v1/areas", params={"level": "beat"}).json()
    assert [feature["id"] for feature in listed["features"]] == ["B1", "B2"]
