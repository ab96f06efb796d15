"""The benchmark of live positions runs small, and its peers find the same officers."""

import sys
from pathlib import Path

import pytest

BENCHMARKS = str(Path(__file__).resolve().parents[3] / "benchmarks")


@pytest.fixture
def positions(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    loaded = sys.modules.pop("positions", None)
    import positions

    yield positions
    sys.modules.pop("positions")
    if loaded is not None:
        sys.modules["positions"] = loaded


@pytest.mark.parametrize("crowded", [[], ["--crowded"]])
def test_the_peers_agree_on_the_nearest_officers(positions, crowded, capsys):
    figures = positions.main(["--officers", "3000", "--updates", "3000", "--questions", "200", *crowded])
    assert figures["answers other than the KD-tree's"] == 0
    assert figures["answers other than NumPy's"] == 0
    assert figures["one by one, updates/s"] > 20_000
    assert "one by one, updates/s" in capsys.readouterr().out
