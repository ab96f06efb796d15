"""Draw random spanning trees and cut zones along them: compiled where numba is, the same plan without."""

from __future__ import annotations

import numpy as np

from gridgeo.model.compiled import compiled, compiled_or

from . import plain_kernels as plain
from .kernels import BIG, further_energy, measure_zones, next_random, sum_further, zone_energy


@compiled
def find_root(parent, v):  # type: ignore[no-untyped-def]
    """Find the root of v's set, halving the path on the way."""
    while parent[v] != v:
        parent[v] = parent[parent[v]]
        v = parent[v]
    return v


@compiled_or(plain.grow_tree)
def grow_tree(region, local, indptr, neighbour, stick, wild, state):  # type: ignore[no-untyped-def]
    """Draw a random spanning tree of a region; edges with a small ``stick`` are likelier to be in it.

    ``region``: its atoms; ``local``: for every atom its position in ``region``, or -1. Returns the atoms' positions
    in an
    order in which parents come first, and each one's parent (-1 for the root, and for atoms the root does not reach).
    """
    n = len(region)
    edges = 0
    for i in range(n):
        v = region[i]
        for e in range(indptr[v], indptr[v + 1]):
            if local[neighbour[e]] > i:
                edges += 1
    first = np.zeros(edges, dtype=np.int64)
    second = np.zeros(edges, dtype=np.int64)
    key = np.zeros(edges)
    at = 0
    for i in range(n):
        v = region[i]
        for e in range(indptr[v], indptr[v + 1]):
            j = local[neighbour[e]]
            if j > i:
                first[at] = i
                second[at] = j
                key[at] = stick[e] + wild * next_random(state)
                at += 1
    order = np.argsort(key, kind="mergesort")
    parent = np.arange(n)
    degree = np.zeros(n + 1, dtype=np.int64)
    used = np.zeros(edges, dtype=np.bool_)
    for o in order:
        a = find_root(parent, first[o])
        b = find_root(parent, second[o])
        if a != b:
            parent[a] = b
            used[o] = True
            degree[first[o] + 1] += 1
            degree[second[o] + 1] += 1
    begin = np.cumsum(degree)
    place = begin.copy()
    link = np.zeros(max(begin[n], 1), dtype=np.int64)
    for o in range(edges):
        if used[o]:
            link[place[first[o]]] = second[o]
            place[first[o]] += 1
            link[place[second[o]]] = first[o]
            place[second[o]] += 1
    up = np.full(n, -1)
    seen = np.zeros(n, dtype=np.bool_)
    walk = np.zeros(n, dtype=np.int64)
    root = int(next_random(state) * n)
    walk[0] = root
    seen[root] = True
    head, tail = 0, 1
    while head < tail:
        v = walk[head]
        head += 1
        for e in range(begin[v], begin[v + 1]):
            u = link[e]
            if not seen[u]:
                seen[u] = True
                up[u] = v
                walk[tail] = u
                tail += 1
    return walk[:tail], up


@compiled_or(plain.subtree_cuts)
def subtree_cuts(region, local, walk, up, indptr, neighbour, value):  # type: ignore[no-untyped-def]
    """Sum ``value`` over the edges of the region that leave each subtree."""
    n = len(region)
    depth = np.zeros(n, dtype=np.int64)
    for v in walk:
        if up[v] >= 0:
            depth[v] = depth[up[v]] + 1
    total = np.zeros(n)
    for i in range(n):
        v = region[i]
        for e in range(indptr[v], indptr[v + 1]):
            j = local[neighbour[e]]
            if j > i:
                total[i] += value[e]
                total[j] += value[e]
                a, b = i, j
                while a != b:
                    if depth[a] < depth[b]:
                        a, b = b, a
                    a = up[a]
                total[a] -= 2 * value[e]
    for t in range(len(walk) - 1, 0, -1):
        v = walk[t]
        total[up[v]] += total[v]
    return total


@compiled
def close_price(weight, rule):  # type: ignore[no-untyped-def]
    """Price a part of a tree by its weight alone."""
    return zone_energy(weight, 1.0, 0.0, rule)


@compiled_or(plain.cut_tree)
def cut_tree(weights, walk, up, price, rule, most):  # type: ignore[no-untyped-def]
    """Cut a tree into parts of any number so that parts and cuts together are cheapest; exact on the tree.

    ``weights``: by position; ``price``: of cutting above each position; ``most``: largest weight a part may reach.
    Dynamic
    programming over the weight of the part that is still open at each place. Returns the part of each position.
    """
    n = len(weights)
    subtotal = np.zeros(n, dtype=np.int64)
    for t in range(len(walk) - 1, -1, -1):
        v = walk[t]
        subtotal[v] += weights[v]
        if up[v] >= 0:
            subtotal[up[v]] += subtotal[v]
    size = np.minimum(subtotal, most) + 1
    offset = np.zeros(n + 1, dtype=np.int64)
    for v in range(n):
        offset[v + 1] = offset[v] + size[v]
    table = np.full(offset[n], BIG)
    reach = np.zeros(n, dtype=np.int64)
    closed = np.zeros(n)
    closed_at = np.zeros(n, dtype=np.int64)
    for v in range(n):
        reach[v] = weights[v]
        table[offset[v] + weights[v]] = 0.0
    # The choices of each merge are kept in one long list: (child, table of the open weight the child lends).
    starts = np.zeros(n, dtype=np.int64)
    needed = 0
    run = reach.copy()
    for t in range(len(walk) - 1, 0, -1):
        v = walk[t]
        p = up[v]
        starts[v] = needed
        run[p] = min(run[p] + min(run[v], most), most)
        needed += run[p] + 1
    taken = np.full(max(needed, 1), -2, dtype=np.int32)
    for t in range(len(walk) - 1, -1, -1):
        v = walk[t]
        best = BIG
        for w in range(min(reach[v], most) + 1):
            if table[offset[v] + w] < BIG:
                value = table[offset[v] + w] + close_price(w, rule)
                if value < best:
                    best = value
                    closed_at[v] = w
        closed[v] = best
        p = up[v]
        if p < 0:
            continue
        lone = closed[v] + price[v]
        top = min(reach[p] + reach[v], most)
        merged = np.full(top + 1, BIG)
        base = starts[v]
        for w in range(reach[p] + 1):
            have = table[offset[p] + w]
            if have >= BIG:
                continue
            if have + lone < merged[w]:
                merged[w] = have + lone
                taken[base + w] = -1
            for x in range(min(reach[v], most - w) + 1):
                lend = table[offset[v] + x]
                if lend < BIG and have + lend < merged[w + x]:
                    merged[w + x] = have + lend
                    taken[base + w + x] = x
        for w in range(top + 1):
            table[offset[p] + w] = merged[w]
        reach[p] = top
    return _trace_tree(walk, up, starts, taken, closed_at)


@compiled
def _trace_tree(walk, up, starts, taken, closed_at):  # type: ignore[no-untyped-def]
    """Follow the choices of ``cut_tree`` from the root down; children were merged in reverse order of ``walk``."""
    n = len(up)
    part = np.zeros(n, dtype=np.int64)
    open_weight = np.zeros(n, dtype=np.int64)
    count = 0
    for t in range(len(walk)):
        v = walk[t]
        p = up[v]
        if p < 0:
            part[v] = count
            count += 1
            open_weight[v] = closed_at[v]
            continue
        lent = taken[starts[v] + open_weight[p]]
        if lent == -1:
            part[v] = count
            count += 1
            open_weight[v] = closed_at[v]
        else:
            part[v] = part[p]
            open_weight[v] = lent
            open_weight[p] -= lent
    return part, count


@compiled
def recombine(zone, count, indptr, neighbour, length, cost, weight, area, rim, stick, rule, further, rules, rounds, wild, heat, seed):  # type: ignore[no-untyped-def]  # fmt: skip
    """Join two zones that touch and cut them anew where a random tree allows it best.

    A cut is taken when it costs less than a threshold that sinks from ``heat`` to 0 over the first half of ``rounds``.
    ``zone`` is changed in place and ends as the best division seen. Returns how many pairs were cut anew.
    """
    n = len(zone)
    weights, areas, rims = measure_zones(zone, count, indptr, neighbour, length, weight, area, rim)
    state = np.array([seed % 2147483646 + 1], dtype=np.int64)
    local = np.full(n, -1)
    queue = np.zeros(n, dtype=np.int64)
    changed = 0
    extras = further.shape[1]
    sums = sum_further(zone, count, further)
    energy = 0.0
    best_energy = 0.0
    keep = zone.copy()
    for turn in range(rounds):
        v = int(next_random(state) * n)
        z = zone[v]
        y = z
        for e in range(indptr[v], indptr[v + 1]):
            if zone[neighbour[e]] != z:
                y = zone[neighbour[e]]
                break
        if y == z:
            continue
        # Both zones are in one piece and touch, so that the region grows from one atom.
        queue[0] = v
        local[v] = 0
        head, size = 0, 1
        between = 0.0
        while head < size:
            u = queue[head]
            head += 1
            for e in range(indptr[u], indptr[u + 1]):
                w = neighbour[e]
                if local[w] < 0 and (zone[w] == z or zone[w] == y):
                    local[w] = size
                    queue[size] = w
                    size += 1
        region = queue[:size].copy()
        outer = np.zeros(size)
        heavy = np.zeros(size, dtype=np.int64)
        ground = np.zeros(size)
        held = np.zeros((size, extras))
        for i in range(size):
            u = region[i]
            for k in range(extras):
                held[i, k] = further[u, k]
            heavy[i] = weight[u]
            ground[i] = area[u]
            outer[i] = rim[u]
            for e in range(indptr[u], indptr[u + 1]):
                j = local[neighbour[e]]
                if j < 0:
                    outer[i] += length[e]
                elif j > i and zone[neighbour[e]] != zone[u]:
                    between += cost[e]
        walk, up = grow_tree(region, local, indptr, neighbour, stick, wild, state)
        if len(walk) == size:
            cut_m = subtree_cuts(region, local, walk, up, indptr, neighbour, length)
            cut_cost = subtree_cuts(region, local, walk, up, indptr, neighbour, cost)
            for t in range(size - 1, 0, -1):
                i = walk[t]
                heavy[up[i]] += heavy[i]
                ground[up[i]] += ground[i]
                outer[up[i]] += outer[i]
                for k in range(extras):
                    held[up[i], k] += held[i, k]
            root = walk[0]
            now = zone_energy(weights[z], areas[z], rims[z], rule) + zone_energy(weights[y], areas[y], rims[y], rule)
            if extras:
                now += further_energy(sums[z], rules) + further_energy(sums[y], rules)
            best = BIG
            top = -1
            for t in range(1, size):
                i = walk[t]
                if ground[i] <= 1e-9 or ground[root] - ground[i] <= 1e-9:
                    continue
                price = (
                    zone_energy(heavy[i], ground[i], outer[i] + cut_m[i], rule)
                    + zone_energy(
                        heavy[root] - heavy[i], ground[root] - ground[i], outer[root] - outer[i] + cut_m[i], rule
                    )
                    + cut_cost[i]
                )
                if extras:
                    price += further_energy(held[i], rules) + further_energy(held[root] - held[i], rules)
                if price < best:
                    best = price
                    top = i
            if top >= 0 and best - now - between < max(heat * (1.0 - 2.0 * turn / rounds), 0.0) - 1e-9:
                changed += 1
                energy += best - now - between
                side = np.zeros(size, dtype=np.bool_)
                side[top] = True
                for t in range(1, size):
                    i = walk[t]
                    if side[up[i]]:
                        side[i] = True
                for i in range(size):
                    zone[region[i]] = z if side[i] else y
                weights[z], weights[y] = heavy[top], heavy[root] - heavy[top]
                areas[z], areas[y] = ground[top], ground[root] - ground[top]
                rims[z], rims[y] = outer[top] + cut_m[top], outer[root] - outer[top] + cut_m[top]
                sums[z] = held[top]
                sums[y] = held[root] - held[top]
                if energy < best_energy - 1e-9:
                    best_energy = energy
                    keep[:] = zone
        for i in range(size):
            local[region[i]] = -1
    zone[:] = keep
    return changed
