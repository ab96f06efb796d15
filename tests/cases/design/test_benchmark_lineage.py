"""The benchmark of lineage runs, and finds the same land as overlay does."""

import importlib
from pathlib import Path

import pytest

BENCHMARKS = str(Path(__file__).resolve().parents[3] / "benchmarks")


@pytest.fixture
def series(monkeypatch):
    """Give the series as ``benchmarks/run.py`` imports it."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("lineage")


def test_lineage_finds_the_land_that_overlay_finds(series):
    told = {row.step: row for row in series.rows("small")}
    assert set(told) == {"redrawn maps", "a tenth redrawn", "by owners"}
    for step in ("redrawn maps", "a tenth redrawn"):
        apart = float(told[step].note.split(", ")[1].split(" ")[0])
        assert apart < 1e-3
    assert told["by owners"].note.startswith("households add up: True")
