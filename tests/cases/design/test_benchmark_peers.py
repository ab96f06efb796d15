"""The comparison with peers measures everybody alike, and by what the plan itself says of gridgeo."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from exact_cases import draw_atoms, profile_of

import gridgeo as gg

BENCHMARKS = str(Path(__file__).resolve().parents[3] / "benchmarks")


@pytest.fixture
def peers(monkeypatch):
    """Give the series as ``benchmarks/run.py`` imports it."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import partition_peers

    yield partition_peers
    sys.modules.pop("partition_peers")


@pytest.fixture(scope="module")
def plan():
    """Divide two communities side by side."""
    left = draw_atoms(3, "coarse", 30, 300, 500)
    right = draw_atoms(4, "coarse", 25, 300, 500)
    right = right.set_geometry(right.translate(5_000, 0)).assign(community_id="D")
    right.index = pd.Index([f"B{number:03d}" for number in range(len(right))], name="atom_id")
    right["block_id"] = right.index
    return gg.partition(pd.concat([left, right]), profile_of(300, 500), effort="fast")


def owner_of(plan):
    return pd.factorize(plan.owner("grid").loc[plan.atoms.index])[0]


def number(told, word):
    return float(re.search(rf"{word} ([\d.]+)", told).group(1))


def test_a_plan_is_judged_as_it_measures_itself(peers, plan):
    told = peers.judge(plan, owner_of(plan))
    quality = plan.quality("grid")
    assert told.startswith(f"{quality['areas']:.0f} areas, {quality['in_band']:.1%} in band")
    assert "100.0% whole" in told
    assert number(told, "PP") == pytest.approx(quality["compactness"], abs=0.001)
    assert number(told, "street") == pytest.approx(100 * quality["street_share"], abs=0.1)


def test_an_area_in_two_pieces_or_in_two_communities_is_told(peers, plan):
    owner = owner_of(plan)
    community = pd.factorize(plan.atoms["community_id"])[0]
    owner[np.flatnonzero(community == 1)[0]] = owner[np.flatnonzero(community == 0)[0]]
    told = peers.judge(plan, np.unique(owner, return_inverse=True)[1])
    assert "100.0% whole" not in told
    assert "cross communities" in told


def test_a_peer_runs_in_a_process_of_its_own_and_divides_each_community(peers, plan):
    parts = peers.make_parts(plan)["communities"]
    zones, seconds, note = peers.run_peer("METIS a community", parts, 30, 0)
    assert [len(zone) for zone in zones] == [len(part.weight) for part in parts]
    assert all(1 < len(np.unique(zone)) <= part.count for zone, part in zip(zones, parts, strict=True))
    assert seconds >= 0
    assert note == ""
    assert "0.0% cross" not in peers.judge(plan, peers.join_zones(plan.atoms, zones))


def test_a_peer_that_fails_says_why(peers, plan):
    parts = [replace(part, low=0) for part in peers.make_parts(plan)["communities"]]
    zones, _, note = peers.run_peer("METIS a community", parts, 30, 0)
    assert zones is None
    assert note.startswith("failed: ZeroDivisionError")


def test_a_peer_that_is_not_installed_is_named(peers, monkeypatch):
    absent = {name: ("no_such_library", divide) for name, (_, divide) in peers.PEERS.items()}
    monkeypatch.setattr(peers, "PEERS", absent)
    monkeypatch.setattr(peers, "HOUSEHOLDS", {"small": 2_000})
    told = [row for row in peers.rows("small") if row.peer]
    assert [row.peer for row in told] == list(absent)
    assert {row.note for row in told} == {"no_such_library is not installed"}
    assert all(row.peer_cost is None for row in told)
