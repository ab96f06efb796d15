"""List the connected groups of a few atoms and choose the cheapest that hold each atom once: compiled where numba is.

Atoms are bits of one whole number, so that a region holds at most ``MOST_ATOMS`` of them. The plain run gives the same
answer to the last bit.
"""

from __future__ import annotations

import numpy as np

from gridgeo.model.compiled import compiled, compiled_or

from . import plain_kernels as plain
from .kernels import VISITS, further_energy, zone_energy

MOST_ATOMS = 62
"""Atoms that fit into one number."""


@compiled_or(plain.list_groups)
def list_groups(indptr, neighbour, length, cost, weight, area, outline, border_cost, low, high, most):  # type: ignore[no-untyped-def]
    """List the connected groups of ``low`` to ``high`` by their bits; a single atom above ``high`` is a group too.

    ``outline``: metres round each atom; ``border_cost``: of all its borders within the region. Returns the number of
    groups, or -1 where there are more than ``most`` (or far more below ``low``); bits, weights, areas, perimeters, and
    half the cost of the borders.
    """
    n = len(weight)
    near = np.zeros(n, dtype=np.int64)
    for v in range(n):
        for e in range(indptr[v], indptr[v + 1]):
            near[v] |= np.int64(1) << np.int64(neighbour[e])
    bits = np.zeros(most, dtype=np.int64)
    weights = np.zeros(most, dtype=np.int64)
    areas = np.zeros(most)
    rims = np.zeros(most)
    cuts = np.zeros(most)
    depth = n * n + 2
    stack = np.zeros((depth, 3), dtype=np.int64)
    held = np.zeros(depth, dtype=np.int64)
    sums = np.zeros((depth, 3))
    found = 0
    seen = 0
    banned = np.int64(0)
    for root in range(n):
        banned |= np.int64(1) << np.int64(root)
        stack[0, 0] = np.int64(1) << np.int64(root)
        stack[0, 1] = near[root] & ~banned
        stack[0, 2] = banned
        held[0] = weight[root]
        sums[0, 0] = area[root]
        sums[0, 1] = outline[root]
        sums[0, 2] = border_cost[root]
        top = 1
        while top > 0:
            top -= 1
            seen += 1
            if seen > VISITS * most:
                return -1, bits, weights, areas, rims, cuts
            group, edge, closed = stack[top, 0], stack[top, 1], stack[top, 2]
            total, ground, rim, cut = held[top], sums[top, 0], sums[top, 1], sums[top, 2]
            if total >= low:
                if found == most:
                    return -1, bits, weights, areas, rims, cuts
                bits[found] = group
                weights[found] = total
                areas[found] = ground
                rims[found] = rim
                cuts[found] = cut / 2
                found += 1
            for u in range(root + 1, n):
                bit = np.int64(1) << np.int64(u)
                if edge & bit == 0:
                    continue
                edge ^= bit
                closed |= bit
                if total + weight[u] > high:
                    continue
                shared = 0.0
                saved = 0.0
                for e in range(indptr[u], indptr[u + 1]):
                    if group & (np.int64(1) << np.int64(neighbour[e])):
                        shared += length[e]
                        saved += cost[e]
                stack[top, 0] = group | bit
                stack[top, 1] = edge | (near[u] & ~closed & ~group)
                stack[top, 2] = closed
                held[top] = total + weight[u]
                sums[top, 0] = ground + area[u]
                sums[top, 1] = rim + outline[u] - 2 * shared
                sums[top, 2] = cut + border_cost[u] - 2 * saved
                top += 1
    return found, bits, weights, areas, rims, cuts


@compiled
def price_zones(weights, areas, rims, cuts, rule, sums, rules):  # type: ignore[no-untyped-def]
    """Weigh each group as a zone, with the part of its borders' cost that is its own."""
    price = cuts.copy()
    for g in range(len(price)):
        price[g] += zone_energy(weights[g], areas[g], rims[g], rule) + further_energy(sums[g], rules)
    return price


@compiled_or(plain.share_prices)
def share_prices(bits, price, n, rounds):  # type: ignore[no-untyped-def]
    """Share the prices of groups out among atoms so that no group is cheaper than its atoms: a lower bound.

    Returns what is left of each group's price, and the sum of the shares.
    """
    left = price.copy()
    total = 0.0
    size = np.zeros(len(bits), dtype=np.int64)
    for g in range(len(bits)):
        for v in range(n):
            if bits[g] & (np.int64(1) << np.int64(v)):
                size[g] += 1
    for turn in range(rounds):
        for at in range(n):
            v = at if turn % 2 == 0 else n - 1 - at
            bit = np.int64(1) << np.int64(v)
            least = 1e18
            for g in range(len(bits)):
                if bits[g] & bit:
                    part = left[g] / size[g] if turn == 0 else left[g]
                    least = min(least, part)
            if least >= 1e18:
                continue
            total += least
            for g in range(len(bits)):
                if bits[g] & bit:
                    left[g] -= least
                    if turn == 0:
                        size[g] -= 1
    return left, total


@compiled
def cheapest_cover(bits, left, begin, order, n, best, nodes):  # type: ignore[no-untyped-def]
    """Choose groups that hold each atom once, together cheaper than ``best``, the cheapest there are.

    ``begin``, ``order``: the groups by their lowest atom, cheapest first; ``left``: what their prices leave above the
    lower bound. Returns how many were chosen (0: none is cheaper, -1: not decided within ``nodes``) and which.
    """
    full = np.int64(0)
    for v in range(n):
        full |= np.int64(1) << np.int64(v)
    chosen = np.zeros(n + 1, dtype=np.int64)
    answer = np.zeros(n + 1, dtype=np.int64)
    count = 0
    covered = np.zeros(n + 2, dtype=np.int64)
    spent = np.zeros(n + 2)
    lowest = np.zeros(n + 2, dtype=np.int64)
    place = np.zeros(n + 2, dtype=np.int64)
    place[0] = begin[0]
    level = 0
    seen = 0
    while level >= 0:
        v = lowest[level]
        moved = False
        while place[level] < begin[v + 1]:
            g = order[place[level]]
            place[level] += 1
            if spent[level] + left[g] >= best - 1e-9:
                place[level] = begin[v + 1]
                break
            if bits[g] & covered[level]:
                continue
            seen += 1
            if seen > nodes:
                return -1, answer
            after = covered[level] | bits[g]
            chosen[level] = g
            if after == full:
                best = spent[level] + left[g]
                count = level + 1
                answer[:count] = chosen[:count]
                continue
            level += 1
            covered[level] = after
            spent[level] = spent[level - 1] + left[g]
            u = v
            while after & (np.int64(1) << np.int64(u)):
                u += 1
            lowest[level] = u
            place[level] = begin[u]
            moved = True
            break
        if not moved:
            level -= 1
    return count, answer
