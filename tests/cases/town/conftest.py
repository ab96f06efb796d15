import pytest

from gridgeo.town.town import make_town


@pytest.fixture(scope="session")
def demo_town():
    """Give the town of the first command."""
    return make_town()


@pytest.fixture(scope="session")
def small_town():
    return make_town(households=3_000, seed=1)
