"""Serve the drawn town once for all cases that only read."""

import pytest
from fastapi.testclient import TestClient
from gridgeo_api.main import create_app
from served_town import publish_town, settings_for


@pytest.fixture(scope="session")
def town_db(tmp_path_factory):
    """Give the store of the town, not to be written to."""
    return publish_town(str(tmp_path_factory.mktemp("served") / "town.db"))


@pytest.fixture(scope="session")
def client(town_db):
    """Ask the service of the town."""
    with TestClient(create_app(settings_for(town_db)), raise_server_exceptions=False) as started:
        yield started
