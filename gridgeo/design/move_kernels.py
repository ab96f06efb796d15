"""Move border atoms, or pieces of their blocks, from zone to zone: compiled where numba is, the same plan without."""

from __future__ import annotations

import numpy as np

from gridgeo.model.compiled import compiled

from .kernels import further_energy, measure_zones, next_random, sum_further, total_energy, zone_energy


@compiled
def stays_whole(zone, z, members, count, indptr, neighbour, mark, stamp, queue):  # type: ignore[no-untyped-def]
    """Tell whether zone ``z`` stays in one piece, and not empty, without the first ``count`` of ``members``.

    ``mark``: scratch; an entry of ``stamp`` is a member, ``stamp + 1`` an edge of the hole, ``stamp + 2`` a place
    reached.
    """
    wanted = 0
    start = -1
    for i in range(count):
        mark[members[i]] = stamp
    for i in range(count):
        v = members[i]
        for e in range(indptr[v], indptr[v + 1]):
            u = neighbour[e]
            if zone[u] == z and mark[u] < stamp:
                mark[u] = stamp + 1
                wanted += 1
                start = u
    if wanted == 0:
        return False
    if wanted == 1:
        return True
    queue[0] = start
    mark[start] = stamp + 2
    wanted -= 1
    head, tail = 0, 1
    while head < tail:
        v = queue[head]
        head += 1
        for e in range(indptr[v], indptr[v + 1]):
            u = neighbour[e]
            if zone[u] == z and mark[u] != stamp and mark[u] != stamp + 2:
                if mark[u] == stamp + 1:
                    wanted -= 1
                    if wanted == 0:
                        return True
                mark[u] = stamp + 2
                queue[tail] = u
                tail += 1
    return False


@compiled
def fragment(zone, v, block, indptr, neighbour, mark, stamp, members):  # type: ignore[no-untyped-def]
    """Collect the piece of v's block that lies in v's zone; return how many atoms it has."""
    members[0] = v
    mark[v] = stamp
    head, tail = 0, 1
    while head < tail:
        a = members[head]
        head += 1
        for e in range(indptr[a], indptr[a + 1]):
            u = neighbour[e]
            if zone[u] == zone[v] and block[u] == block[v] and mark[u] != stamp:
                mark[u] = stamp
                members[tail] = u
                tail += 1
    return tail


@compiled
def anneal(zone, count, indptr, neighbour, length, cost, weight, area, rim, block, rule, further, rules, steps, heat, seed):  # type: ignore[no-untyped-def]  # fmt: skip
    """Move border atoms, or the whole pieces of their blocks, to the zone next door while that pays.

    A move is taken when it costs less than a threshold that sinks from ``heat`` to 0 over ``steps``; it never breaks
    a zone
    in two. ``zone`` is changed in place and ends as the best division seen; its energy is returned.
    """
    n = len(zone)
    weights, areas, rims = measure_zones(zone, count, indptr, neighbour, length, weight, area, rim)
    energy = total_energy(zone, count, indptr, neighbour, length, cost, weight, area, rim, rule, further, rules)
    sums = sum_further(zone, count, further)
    lent = np.zeros(further.shape[1])
    best_energy = energy
    best = zone.copy()
    state = np.array([seed % 2147483646 + 1], dtype=np.int64)
    mark = np.zeros(n, dtype=np.int64)
    queue = np.zeros(n, dtype=np.int64)
    members = np.zeros(n, dtype=np.int64)
    stamp = 10
    for step in range(steps):
        v = int(next_random(state) * n)
        pick = next_random(state)
        z = zone[v]
        others = 0
        for e in range(indptr[v], indptr[v + 1]):
            if zone[neighbour[e]] != z:
                others += 1
        if others == 0:
            continue
        goal = int(pick * others)
        y = z
        for e in range(indptr[v], indptr[v + 1]):
            if zone[neighbour[e]] != z:
                if goal == 0:
                    y = zone[neighbour[e]]
                    break
                goal -= 1
        stamp += 4
        size = 1
        members[0] = v
        if next_random(state) < 0.5:
            size = fragment(zone, v, block, indptr, neighbour, mark, stamp, members)
            stamp += 4
        moved = 0
        ground = 0.0
        edge = 0.0
        with_z = 0.0
        with_y = 0.0
        change = 0.0
        lent[:] = 0.0
        for i in range(size):
            mark[members[i]] = stamp
            for k in range(len(lent)):
                lent[k] += further[members[i], k]
        for i in range(size):
            a = members[i]
            moved += weight[a]
            ground += area[a]
            edge += rim[a]
            for e in range(indptr[a], indptr[a + 1]):
                u = neighbour[e]
                if mark[u] == stamp:
                    continue
                edge += length[e]
                if zone[u] == z:
                    with_z += length[e]
                    change += cost[e]
                elif zone[u] == y:
                    with_y += length[e]
                    change -= cost[e]
        if areas[z] - ground <= 1e-9:
            continue
        before = zone_energy(weights[z], areas[z], rims[z], rule) + zone_energy(weights[y], areas[y], rims[y], rule)
        rim_z = rims[z] - edge + 2 * with_z
        rim_y = rims[y] + edge - 2 * with_y
        after = zone_energy(weights[z] - moved, areas[z] - ground, rim_z, rule) + zone_energy(
            weights[y] + moved, areas[y] + ground, rim_y, rule
        )
        if len(lent):
            before += further_energy(sums[z], rules) + further_energy(sums[y], rules)
            after += further_energy(sums[z] - lent, rules) + further_energy(sums[y] + lent, rules)
        change += after - before
        if change > heat * (1.0 - step / steps):
            continue
        stamp += 4
        if not stays_whole(zone, z, members, size, indptr, neighbour, mark, stamp, queue):
            continue
        for i in range(size):
            zone[members[i]] = y
        weights[z] -= moved
        weights[y] += moved
        sums[z] -= lent
        sums[y] += lent
        areas[z] -= ground
        areas[y] += ground
        rims[z] = rim_z
        rims[y] = rim_y
        energy += change
        if energy < best_energy - 1e-9:
            best_energy = energy
            best[:] = zone
    zone[:] = best
    return best_energy
