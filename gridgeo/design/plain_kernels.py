"""Run the heaviest loops without numba: the same answers to the last bit, by NumPy and by Python's own numbers.

Compiled, a loop over single atoms is fastest; not compiled, one step of NumPy over many, or Python's whole numbers and
lists, are ten times faster than the same loop. Each function here answers as its namesake in the other kernels does.
"""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from operator import or_

import numpy as np

from .kernels import BIG, VISITS, next_random


def grow_tree(region, local, indptr, neighbour, stick, wild, state):  # type: ignore[no-untyped-def]
    """Draw a random spanning tree of a region; edges with a small ``stick`` are likelier to be in it."""
    where, begin, end, sticks = local.tolist(), indptr.tolist(), neighbour.tolist(), stick.tolist()
    edges: list[tuple[float, int, int, int]] = []
    drawn = int(state[0])
    for i, v in enumerate(region.tolist()):
        for e in range(begin[v], begin[v + 1]):
            j = where[end[e]]
            if j > i:
                drawn = drawn * 48271 % 2147483647
                edges.append((sticks[e] + wild * (drawn / 2147483647.0), len(edges), i, j))
    state[0] = drawn
    n = len(region)
    parent = list(range(n))
    used = []
    for _, at, i, j in sorted(edges):
        a, b = i, j
        while parent[a] != a:
            parent[a] = a = parent[parent[a]]
        while parent[b] != b:
            parent[b] = b = parent[parent[b]]
        if a != b:
            parent[a] = b
            used.append((at, i, j))
    links: list[list[int]] = [[] for _ in range(n)]
    for _, i, j in sorted(used):
        links[i].append(j)
        links[j].append(i)
    root = int(next_random(state) * n)
    up = [-1] * n
    walk = [root]
    seen = [False] * n
    seen[root] = True
    for v in walk:
        for u in links[v]:
            if not seen[u]:
                seen[u] = True
                up[u] = v
                walk.append(u)
    return np.array(walk), np.array(up)


def subtree_cuts(region, local, walk, up, indptr, neighbour, value):  # type: ignore[no-untyped-def]
    """Sum ``value`` over the edges of the region that leave each subtree."""
    where, begin, end, worth = local.tolist(), indptr.tolist(), neighbour.tolist(), value.tolist()
    above, order = up.tolist(), walk.tolist()
    depth = [0] * len(region)
    for v in order:
        if above[v] >= 0:
            depth[v] = depth[above[v]] + 1
    total = [0.0] * len(region)
    for i, v in enumerate(region.tolist()):
        for e in range(begin[v], begin[v + 1]):
            j = where[end[e]]
            if j > i:
                total[i] += worth[e]
                total[j] += worth[e]
                a, b = i, j
                while a != b:
                    if depth[a] < depth[b]:
                        a, b = b, a
                    a = above[a]
                total[a] -= 2 * worth[e]
    for v in reversed(order[1:]):
        total[above[v]] += total[v]
    return np.array(total)


def cut_tree(weights, walk, up, price, rule, most):  # type: ignore[no-untyped-def]
    """Cut a tree into parts of any number so that parts and cuts together are cheapest; exact on the tree."""
    n = len(weights)
    weight, order, above = weights.tolist(), walk.tolist(), up.tolist()
    closing = close_prices(most, rule)
    tables = [np.zeros(1)] * n
    reach = list(weight)
    for v in order:
        tables[v] = np.full(weight[v] + 1, BIG)
        tables[v][weight[v]] = 0.0
    taken = [np.zeros(0, dtype=np.int64)] * n
    closed_at = [0] * n
    for v in reversed(order):
        table = tables[v][: most + 1]
        ended = np.where(table < BIG, table + closing[: len(table)], BIG)
        closed_at[v] = int(ended.argmin())
        p = above[v]
        if p >= 0:
            lone = ended[closed_at[v]] + price[v]
            reach[p] = min(reach[p] + reach[v], most)
            tables[p], taken[v] = _merge(tables[p], table, lone, reach[p])
            tables[v] = np.zeros(1)
    return _trace_tree(order, above, taken, closed_at)


def close_prices(most, rule):  # type: ignore[no-untyped-def]
    """Price parts of a tree by their weights alone, for each weight up to ``most``."""
    weight = np.arange(most + 1)
    miss = np.where(weight < rule[0], rule[0] - weight, np.where(weight > rule[1], weight - rule[1], 0.0))
    energy = np.where(miss > 0, rule[3] * (1.0 + miss / rule[2]), 0.0)
    off = (weight - rule[2]) / rule[2]
    return energy + rule[4] * 0.0 + rule[5] * off * off


def _merge(have, lend, lone, top):  # type: ignore[no-untyped-def]
    """Add a child's open weights to its parent's; of equal sums the least weight of the parent's own wins."""
    merged = np.full(top + 1, BIG)
    taken = np.full(top + 1, -2)

    def offer(at, sums, lent):  # type: ignore[no-untyped-def]
        room = merged[at : at + len(sums)]
        better = sums[: len(room)] < room
        np.copyto(room, sums[: len(room)], where=better)
        np.copyto(taken[at : at + len(room)], lent, where=better)

    mine, others = np.flatnonzero(have < BIG), np.flatnonzero(lend < BIG)
    if len(others) <= len(mine):
        for x in others[::-1].tolist():
            if x > 0:
                offer(x, have + lend[x], x)
        offer(0, have + lone, -1)
        if others[0] == 0:
            offer(0, have + lend[0], 0)
        return merged, taken
    counts = np.arange(len(lend))
    for w in mine.tolist():
        offer(w, have[w : w + 1] + lone, -1)
        offer(w, have[w] + lend, counts[: top + 1 - w])
    return merged, taken


def _trace_tree(order, above, taken, closed_at):  # type: ignore[no-untyped-def]
    """Follow the choices of ``cut_tree`` from the root down."""
    part = [0] * len(above)
    left = [0] * len(above)
    count = 0
    for v in order:
        p = above[v]
        lent = -1 if p < 0 else int(taken[v][left[p]])
        if lent == -1:
            part[v] = count
            count += 1
            left[v] = closed_at[v]
        else:
            part[v] = part[p]
            left[v] = lent
            left[p] -= lent
    return np.array(part), count


def list_groups(indptr, neighbour, length, cost, weight, area, outline, border_cost, low, high, most):  # type: ignore[no-untyped-def]
    """List the connected groups of ``low`` to ``high`` by their bits; a single atom above ``high`` is a group too."""
    n = len(weight)
    begin, end = indptr.tolist(), [1 << each for each in neighbour.tolist()]
    metres, worth = length.tolist(), cost.tolist()
    sides = [list(zip(end[a:b], metres[a:b], worth[a:b], strict=True)) for a, b in pairwise(begin)]
    near = [reduce(or_, (side[0] for side in each), 0) for each in sides]
    held, ground, rim, worth = weight.tolist(), area.tolist(), outline.tolist(), border_cost.tolist()
    found: list[tuple[int, int, float, float, float]] = []
    none = np.zeros(0, dtype=np.int64)
    seen = banned = 0
    for root in range(n):
        banned |= 1 << root
        stack = [(1 << root, near[root] & ~banned, banned, held[root], ground[root], rim[root], worth[root])]
        while stack:
            group, edge, closed, total, land, round_it, cut = stack.pop()
            seen += 1
            if seen > VISITS * most:
                return -1, none, none, none, none, none
            if total >= low:
                if len(found) == most:
                    return -1, none, none, none, none, none
                found.append((group, total, land, round_it, cut / 2))
            while edge:
                bit = edge & -edge
                edge ^= bit
                closed |= bit
                u = bit.bit_length() - 1
                more = total + held[u]
                if more > high:
                    continue
                shared = saved = 0.0
                for other, metre, price in sides[u]:
                    if group & other:
                        shared += metre
                        saved += price
                stack.append((group | bit, edge | (near[u] & ~closed & ~group), closed, more,
                              land + ground[u], round_it + rim[u] - 2 * shared, cut + worth[u] - 2 * saved))  # fmt: skip
    bits, weights, areas, rims, cuts = (
        (np.array(column) for column in zip(*found, strict=True)) if found else (none,) * 5
    )
    return len(found), bits, weights, areas, rims, cuts


def share_prices(bits, price, n, rounds):  # type: ignore[no-untyped-def]
    """Share the prices of groups out among atoms so that no group is cheaper than its atoms: a lower bound."""
    left, total = price.copy(), 0.0
    groups_of = [np.flatnonzero(bits & (1 << v)) for v in range(n)]
    size = np.bincount(np.concatenate(groups_of), minlength=len(bits))
    for turn in range(rounds):
        for v in range(n) if turn % 2 == 0 else reversed(range(n)):
            groups = groups_of[v]
            if not len(groups):
                continue
            least = (left[groups] / size[groups] if turn == 0 else left[groups]).min()
            if least >= BIG:
                continue
            total += least
            left[groups] -= least
            if turn == 0:
                size[groups] -= 1
    return left, total
