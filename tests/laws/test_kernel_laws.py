"""What numba compiles and what runs in its place without it give the same answers to the last bit."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgeo.design import group_kernels, plain_kernels, tree_kernels

RULE = np.array([50.0, 80.0, 65.0, 1e4, 0.9, 2.0])
pytestmark = pytest.mark.skipif(
    tree_kernels.cut_tree is plain_kernels.cut_tree, reason="numba is not installed or turned off"
)


def drawn_graph(seed, most=24):
    """Draw a connected graph in compressed rows with lengths, costs and weights; some weights are 0, some are large."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, most + 1))
    graph = nx.random_geometric_graph(n, 0.4, seed=seed)
    graph.add_edges_from((i, i + 1) for i in range(n - 1))
    start, end = np.array([(a, b) for a in graph for b in sorted(graph[a])], dtype=np.int64).reshape(-1, 2).T
    length = np.array([1.0 + (a * b + a + b) % 17 for a, b in zip(start, end, strict=True)])
    weight = rng.choice([0, 3, 17, 30, 55, 90], n).astype(np.int64)
    return np.searchsorted(start, np.arange(n + 1)).astype(np.int64), end, length, length * rng.random(), weight


@given(st.integers(0, 10**6), st.sampled_from([0.3, 1.0, 3.0]))
def test_trees_are_drawn_and_cut_alike(seed, wild):
    indptr, neighbour, length, cost, weight = drawn_graph(seed)
    everything = np.arange(len(weight))
    states = [np.array([seed % 2147483646 + 1], dtype=np.int64) for _ in range(2)]
    drawn = [
        module.grow_tree(everything, everything, indptr, neighbour, cost, wild, state)
        for module, state in zip((tree_kernels, plain_kernels), states, strict=True)
    ]
    for ours, plain in zip(*drawn, strict=True):
        np.testing.assert_array_equal(ours, plain)
    assert states[0][0] == states[1][0]
    walk, up = drawn[0]
    prices = [
        module.subtree_cuts(everything, everything, walk, up, indptr, neighbour, length)
        for module in (tree_kernels, plain_kernels)
    ]
    np.testing.assert_array_equal(*prices)
    most = int(max(80, weight.max()) + 50)
    (ours, count), (plain, same) = [
        module.cut_tree(weight, walk, up, prices[0], RULE, most) for module in (tree_kernels, plain_kernels)
    ]
    assert count == same
    np.testing.assert_array_equal(ours, plain)


@given(st.integers(0, 10**6), st.sampled_from([0, 50]), st.sampled_from([20, 2_000]))
def test_groups_are_listed_and_priced_alike(seed, low, most):
    indptr, neighbour, length, cost, weight = drawn_graph(seed, 14)
    area = np.linspace(1.0, 9.0, len(weight))
    given_to_both = (indptr, neighbour, length, cost, weight, area, area * 2, area / 3, low, 80, most)
    (count, *ours), (same, *plain) = [m.list_groups(*given_to_both) for m in (group_kernels, plain_kernels)]
    assert count == same
    if count <= 0:
        return
    for column, other in zip(ours, plain, strict=True):
        np.testing.assert_array_equal(column[:count], other)
    (left, bound), (other, same) = [
        m.share_prices(plain[0], plain[3] + plain[4], len(weight), 6) for m in (group_kernels, plain_kernels)
    ]
    assert bound == same
    np.testing.assert_array_equal(left, other)
