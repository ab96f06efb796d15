"""The comparison of audits and repairs measures everybody alike, and sees what a peer loses."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

BENCHMARKS = str(Path(__file__).resolve().parents[3] / "benchmarks")


@pytest.fixture
def peers(monkeypatch):
    """Give the series as ``benchmarks/run.py`` imports it."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import proof_peers

    yield proof_peers
    for name in ("proof_peers", "proof", "measure"):
        sys.modules.pop(name, None)


@pytest.fixture
def case(peers):
    return peers.Case(*peers.broken_map(400, 1, 0))


def test_a_report_of_every_place_finds_every_kind(peers, case):
    told = [("wrong", injury.area_ids, injury.place) for injury in case.injuries]
    assert peers.judge_audit(told, case.injuries).startswith("100.0% of 16 found, 16 of 16 kinds, in 1 words")


def test_what_has_no_report_is_named_and_what_lies_elsewhere_is_counted(peers, case):
    gap = next(injury for injury in case.injuries if injury.kind == "gap")
    told = [("gap", (), gap.place), ("gap", (), shapely.Point(0, 0).buffer(1))]
    text = peers.judge_audit(told, case.injuries)
    assert text.startswith("6.2% of 16 found, 1 of 16 kinds")
    assert "1 reports at no defect" in text
    assert "misses contained, duplicate" in text


def test_the_map_as_it_was_is_the_least_that_can_be_moved(peers, case):
    # Strips, parts and contained areas are no land of the first map; it stands for what a repair may give.
    assert "0 lost" not in peers.judge_repair(case.clean.areas.geometry, case, parents=True)
    ours = peers.repair_gridgeo(case, peers.Clock())
    text = peers.judge_repair(ours, case, parents=True)
    assert text.startswith("0 lost, moved 1.0")
    assert text.endswith("proved")


def test_a_repair_that_empties_an_area_or_both_copies_has_lost_them(peers, case):
    ours = peers.repair_gridgeo(case, peers.Clock())
    copies = next(injury.area_ids for injury in case.injuries if injury.kind == "duplicate")
    fewer = ours[~ours.index.isin(copies)]
    assert peers.judge_repair(fewer, case, parents=True).startswith("2 lost")
    emptied = ours.copy()
    emptied.iloc[0] = shapely.Polygon()
    text = peers.judge_repair(emptied, case, parents=True)
    assert text.startswith("1 lost")
    assert "not proved" in text


def test_a_peer_is_stopped_at_its_limit_and_one_that_fails_says_why(peers, case):
    def endless(case, clock):
        while True:
            np.sort(np.arange(100_000.0))

    def broken(case, clock):
        raise ValueError("no such thing")

    def gone(case, clock):
        os._exit(3)

    assert peers.run_peer(endless, case, 1) == (None, 1.0, "no end in 1 CPU s")
    assert peers.run_peer(broken, case, 1)[2] == "failed: ValueError: no such thing"
    assert peers.run_peer(gone, case, 1)[2] == "failed: exit 3"


def test_a_peer_that_is_not_installed_is_named(peers, monkeypatch):
    monkeypatch.setattr(peers, "AUDITS", {"other": ("no_such_library", None)})
    monkeypatch.setattr(peers, "REPAIRS", {})
    told = list(peers.compare(400, 1, 0, 1))
    assert [(row.peer, row.note) for row in told] == [("other", "no_such_library is not installed")]


def test_every_kind_is_judged_by_kind_place_size_and_width(peers, case):
    import proof

    import gridgeo as gg

    found = gg.audit(case.areas, case.clean.territory, case.clean.parents)
    kinds = proof.by_kind(found, case.injuries)
    assert (kinds[["recall", "rightly", "precision"]] == 1).all(axis=None)
    assert kinds["area_off"].max() < 1e-6
    assert kinds["width_off"].max() < 0.02
    worse = found.assign(kind=found["kind"].replace("gap", "hole"), area_m2=found["area_m2"] * 1.5)
    kinds = proof.by_kind(worse, case.injuries)
    assert kinds.loc["gap", ["recall", "rightly"]].tolist() == [1.0, 0.0]
    assert kinds.loc["hole", "precision"] == 0.5
    assert kinds.loc["overlap", "area_off"] == pytest.approx(0.5)
