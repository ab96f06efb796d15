"""The band is kept wherever the exact answer says that it can be, and nothing is certified that is not so."""

import itertools

import networkx as nx
import numpy as np
from exact_cases import BANDS, REGIMES, case_of, draw_atoms, profile_of
from exact_division import (
    Case,
    cover_by_groups,
    divide_by_cuts,
    divide_by_forest,
    divide_by_groups,
    keeps_band,
    list_groups,
    price_by_cuts,
)
from hypothesis import given, settings
from hypothesis import strategies as st

import gridgeo as gg

SEEDS = st.integers(0, 10_000)


def drawn(seed, regime, count, band):
    low, high = band
    atoms = draw_atoms(seed, regime, count, low, high)
    return atoms, case_of(atoms, low, high)


def all_divisions(count):
    """Give every way to put atoms into groups, by the group of each atom."""

    def grow(zone, used):
        if len(zone) == count:
            yield zone
            return
        for name in range(used + 1):
            yield from grow([*zone, name], max(used, name + 1))

    yield from grow([], 0)


def whole(case, members):
    """Tell by another library whether atoms are in one piece."""
    graph = nx.Graph(case.edges.tolist())
    graph.add_nodes_from(range(len(case)))
    return nx.is_connected(graph.subgraph(members))


def cheapest_by_trying(case):
    best = None
    for zone in all_divisions(len(case)):
        groups = [[v for v in range(len(case)) if zone[v] == name] for name in set(zone)]
        if all(case.low <= case.weights[group].sum() <= case.high and whole(case, group) for group in groups):
            cost = case.cut_cost(np.array(zone))
            best = cost if best is None else min(best, cost)
    return best


@settings(max_examples=12)
@given(SEEDS, st.sampled_from(REGIMES), st.sampled_from(BANDS))
def test_three_formulations_and_trying_everything_agree_on_tiny_areas(seed, regime, band):
    _, case = drawn(seed, regime, 6, band)
    if len(case) > 8:
        return
    best = cheapest_by_trying(case)
    by_groups, by_cuts, by_forest = divide_by_groups(case), divide_by_cuts(case), divide_by_forest(case)
    assert [zone is None for zone in (by_groups, by_cuts, by_forest)] == [best is None] * 3
    if best is not None:
        assert np.isclose(case.cut_cost(by_groups), best)
        assert np.isclose(case.cut_cost(by_cuts), best)
        assert all(keeps_band(case, zone) for zone in (by_groups, by_cuts, by_forest))


def test_every_connected_group_is_listed_once():
    ring = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [0, 4], [1, 3]])
    case = Case(np.array([1, 2, 0, 2, 1]), ring, np.ones(6), 2, 4)
    groups = list_groups(case)
    expected = {
        sum(1 << v for v in group)
        for size in range(1, 6)
        for group in itertools.combinations(range(5), size)
        if 2 <= case.weights[list(group)].sum() <= 4 and whole(case, group)
    }
    assert sorted(groups) == sorted(expected)
    assert sorted(list_groups(case, holding=2)) == sorted(group for group in expected if group >> 2 & 1)


def test_a_chain_of_three_is_cut_where_it_costs_least():
    case = Case(np.array([50, 50, 50]), np.array([[0, 1], [1, 2]]), np.array([3.0, 2.0]), 50, 100)
    groups = list_groups(case)
    zone = cover_by_groups(case, groups, price_by_cuts(case, groups))
    assert zone[0] == zone[1] != zone[2]
    assert case.cut_cost(divide_by_cuts(case)) == 2.0


def test_what_cannot_be_divided_has_no_division():
    case = Case(np.array([60, 60, 60]), np.array([[0, 1], [1, 2]]), np.ones(2), 70, 100)
    assert divide_by_groups(case) is None
    assert divide_by_forest(case) is None
    assert divide_by_cuts(case) is None


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from(REGIMES), st.integers(6, 18), st.sampled_from(BANDS))
def test_the_band_is_kept_wherever_it_can_be_and_no_certificate_is_false(seed, regime, count, band):
    atoms, case = drawn(seed, regime, count, band)
    plan = gg.partition(atoms, profile_of(*band), seed=seed)
    owner = plan.owner("grid").loc[atoms.index]
    kept = keeps_band(case, np.unique(owner.to_numpy(dtype=str), return_inverse=True)[1])
    feasible = divide_by_forest(case) is not None
    proved = plan.certificates.loc[plan.certificates["reason"] != "not_found", "reason"]
    assert kept == feasible
    assert not (feasible and len(proved)), proved.tolist()
    assert kept or len(plan.certificates)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(6, 18), st.sampled_from(BANDS))
def test_an_atom_certified_as_dead_lies_in_no_group_of_the_band(seed, count, band):
    atoms, case = drawn(seed, "giant", count, band)
    plan = gg.partition(atoms, profile_of(*band), effort="fast")
    inside = atoms.representative_point()
    for shape in plan.certificates.loc[plan.certificates["reason"] == "dead_atom", "geometry"]:
        named = np.flatnonzero(inside.within(shape).to_numpy()).tolist()
        assert any(not list_groups(case, holding=atom) for atom in named)
