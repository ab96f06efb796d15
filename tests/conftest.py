"""Set up every test run.

The laws try the same examples each time, a marker goes with each folder, and where ``GRIDGEO_REQUIRE_ALL=1``
nothing may be skipped.
"""

import os
from pathlib import Path

import clusters
import pytest
from hypothesis import HealthCheck, settings
from stores import BACK_ENDS, new_place

from gridgeo.storage.store import open_store

FOLDER = Path(__file__).parent
KINDS = {
    "cases": "one behaviour of one function",
    "laws": "what holds for every town",
    "stories": "a whole way through the rooms",
    "browser": "a page in a real Chromium",
}
NOTHING_SKIPPED = os.environ.get("GRIDGEO_REQUIRE_ALL") == "1"

# Pictures are drawn without a screen, coordinates are converted without a download.
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["PROJ_NETWORK"] = "OFF"
# What a command prints is not folded, whichever terminal the tests (or their workers) run in.
os.environ["COLUMNS"] = "200"

# The same few examples in every run; `pytest --hypothesis-profile thorough tests/laws` looks for new ones.
calm = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("quick", derandomize=True, database=None, max_examples=25, **calm)
settings.register_profile("thorough", max_examples=500, **calm)
settings.load_profile("quick")


def pytest_configure(config):
    """Name a marker after each folder: `pytest -m laws`, `pytest -m "not browser"`."""
    for kind, meaning in KINDS.items():
        config.addinivalue_line("markers", f"{kind}: {meaning} (every test in tests/{kind})")
    config.began_cluster = clusters.begin_session()


def pytest_unconfigure(config):
    """Stop the server that the tests ran, in the process that began the session."""
    if config.began_cluster:
        clusters.end_session()


@pytest.fixture(params=BACK_ENDS)
def store_place(request, tmp_path):
    """Give the address of a new store, once on SQLite and once on PostGIS."""
    return new_place(tmp_path, request.param)


@pytest.fixture
def back_end(store_place):
    """Name what is behind the store of this test."""
    return "postgis" if store_place.startswith("postgresql") else "sqlite"


@pytest.fixture
def store(store_place):
    """Open a new store; every test that asks for it runs on each back end."""
    with open_store(store_place) as opened:
        yield opened


def pytest_collection_modifyitems(items):
    """Mark each test by the folder it lies in."""
    for item in items:
        if FOLDER in item.path.parents:
            kind = item.path.relative_to(FOLDER).parts[0]
            if kind in KINDS:
                item.add_marker(kind)


def _refuse_skip(report):
    """Turn a skip into a failure that keeps the reason; an expected failure stays what it is."""
    if NOTHING_SKIPPED and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{reason}: nothing may be skipped where GRIDGEO_REQUIRE_ALL=1"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Refuse the skip of a test."""
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    """Refuse the skip of a whole file."""
    return _refuse_skip((yield))
