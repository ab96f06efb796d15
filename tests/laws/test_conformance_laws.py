"""Whatever the town: what is judged agrees with counting by other means, and one move changes what it must."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
from drawn_atoms import drawn_atoms, held_by, pieces_of
from hypothesis import given, settings
from hypothesis import strategies as st

import gridgeo as gg
from gridgeo.model.levels import AreaKind
from gridgeo.model.plan import Plan
from gridgeo.model.profile import read_profile

RULES = read_profile("""
name = "laws"
[grid]
households = [100, 200]
clause = "size"
[[clauses]]
id = "size"
subject = "size"
strength = "hard"
level = "grid"
[[clauses]]
id = "nesting"
subject = "nesting"
strength = "hard"
level = "grid"
[[clauses]]
id = "piece"
subject = "other"
strength = "hard"
level = "grid"
""")
PIECE = {"judged_by": {"piece": "one_piece"}}


def plan_of(owner, households):
    """Draw 5 x 4 squares in two communities, and own them as told."""
    atoms = drawn_atoms("\n".join(["CCCDD"] * 4), households=lambda x, y: households[5 * y + x])
    community = atoms["community_id"].rename("area_id")
    grid = pd.Series([f"{community.iloc[at]}-{number}" for at, number in enumerate(owner)], index=atoms.index)
    ids = sorted({*community, *grid})
    register = pd.DataFrame(
        {
            "code": ids,
            "name": ids,
            "level": ["grid" if "-" in key else "community" for key in ids],
            "kind": str(AreaKind.BASE),
            "parent_id": [key.partition("-")[0] if "-" in key else None for key in ids],
        },
        index=pd.Index(ids, name="area_id"),
    )
    borders = pd.DataFrame({"atom_a": [], "atom_b": [], "length_m": [], "rank": []})
    return Plan(atoms, {"community": community, "grid": grid.rename("area_id")}, register, RULES, borders)


owners = st.lists(st.integers(1, 3), min_size=20, max_size=20)
counts = st.lists(st.integers(0, 60), min_size=20, max_size=20)


@given(owners, counts)
@settings(deadline=None, max_examples=40)
def test_bands_and_pieces_agree_with_counting_by_other_means(owner, households):
    plan = plan_of(owner, households)
    told = gg.conformance(plan, RULES, **PIECE)
    held = held_by(plan)
    if sum(households):
        outside = held.index[(held < 100) | (held > 200)]
        found = told.findings[told.findings["kind"] == "band"]
        assert sorted(found["area_ids"]) == sorted(outside)
        assert found.set_index("area_ids")["value"].to_dict() == held[outside].to_dict()
    else:
        assert told.clauses.loc["size", "reason"] == "not_counted"
    pieces = pieces_of(plan)
    found = told.findings[told.findings["kind"] == "several_parts"]
    assert found.set_index("area_ids")["value"].to_dict() == pieces[pieces > 1].to_dict()
    assert told.clauses.loc["nesting", "state"] == "holds"


@given(owners, st.integers(0, 19), st.integers(0, 19))
@settings(deadline=None, max_examples=40)
def test_an_atom_given_to_an_area_breaks_nesting_exactly_when_it_comes_from_another_community(owner, atom, other):
    plan = plan_of(owner, [10] * 20)
    grid = plan.owners["grid"].copy()
    grid.iloc[atom] = grid.iloc[other]
    moved = replace(plan, owners={**plan.owners, "grid": grid})
    community = plan.owners["community"]
    findings = gg.conformance(moved, RULES, **PIECE).findings
    found = findings[findings["kind"] == "outside_parent"]
    crosses = community.iloc[atom] != community.iloc[other]
    assert found["value"].tolist() == ([10_000.0] if crosses else [])
    assert found["area_ids"].tolist() == ([f"{grid.iloc[other]},{community.iloc[other]}"] if crosses else [])


def test_a_division_in_one_band_holds_and_a_moved_atom_fails_what_it_must():
    atoms = drawn_atoms("\n".join(["CCCCCC"] * 4), households=25)
    plan = gg.partition(atoms, RULES, effort="fast")
    told = gg.conformance(plan, RULES, **PIECE)
    assert told.holds
    assert set(told.clauses["state"]) == {"holds"}
    held, area = held_by(plan), plan.owner("grid")
    graph = nx.grid_2d_graph(4, 6)
    spot = dict(zip(atoms.index, sorted(graph), strict=True))
    for atom in atoms.index:
        target = next(key for key in held.index if key != area[atom])
        owner = area.copy()
        owner[atom] = target
        moved = gg.conformance(replace(plan, owners={**plan.owners, "grid": owner}), RULES, **PIECE)
        after = held.copy()
        after[area[atom]] -= 25
        after[target] += 25
        states = moved.clauses["state"]
        assert states["size"] == ("holds" if after.between(100, 200).all() else "fails")
        assert states["nesting"] == "holds"
        parts = [graph.subgraph(spot[key] for key in owner.index[owner == one]) for one in np.unique(owner)]
        assert states["piece"] == ("holds" if all(map(nx.is_connected, parts)) else "fails")
