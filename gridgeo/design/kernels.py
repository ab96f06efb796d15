"""Run the inner loops of the solver: the same code with numba and without, and the same plan.

Only whole numbers, sums in a fixed order and a generator of our own are used, so that compiled and plain runs agree
to the
last bit. Numba is used where it is installed; ``GRIDGEO_NUMBA=0`` turns it off.
"""

from __future__ import annotations

import numpy as np

from gridgeo.model.compiled import compiled

FOUR_PI = 4 * np.pi
BIG = 1e18
VISITS = 4
"""Groups looked at for each one that may be listed."""
ROUGH = 2.0
"""From this inverse compactness on (Polsby-Popper one half) a shape's price grows with its cube."""


@compiled
def next_random(state):  # type: ignore[no-untyped-def]
    """Draw a number in [0, 1): Park and Miller's minimal standard generator, its state in ``state[0]``."""
    drawn = int(state[0]) * 48271 % 2147483647
    state[0] = drawn
    return drawn / 2147483647.0


@compiled
def zone_energy(weight, area, rim, rule):  # type: ignore[no-untyped-def]
    """Weigh one zone: how far it misses the band, how far its shape is from a circle, how far it is from the target.

    ``rule``: low, high, target, price of a miss, of shape, of deviation. A rough shape's price grows with its cube.
    """
    low, high, target, miss_price, shape_price, off_price = rule
    miss = 0.0
    if weight < low:
        miss = low - weight
    elif weight > high:
        miss = weight - high
    energy = 0.0
    if miss > 0:
        energy = miss_price * (1.0 + miss / target)
    off = (weight - target) / target
    shape = rim * rim / (FOUR_PI * area)
    if shape > ROUGH:
        shape = shape * shape * shape / (ROUGH * ROUGH)
    return energy + shape_price * shape + off_price * off * off


@compiled
def further_energy(sums, rules):  # type: ignore[no-untyped-def]
    """Weigh what else a zone holds, measure by measure; each row of ``rules`` is low, high, target and two prices."""
    energy = 0.0
    for k in range(len(sums)):
        miss = 0.0
        if sums[k] < rules[k, 0]:
            miss = rules[k, 0] - sums[k]
        elif sums[k] > rules[k, 1]:
            miss = sums[k] - rules[k, 1]
        if miss > 0:
            energy += rules[k, 3] * (1.0 + miss / rules[k, 2])
        off = (sums[k] - rules[k, 2]) / rules[k, 2]
        energy += rules[k, 4] * off * off
    return energy


@compiled
def sum_further(zone, count, further):  # type: ignore[no-untyped-def]
    """Sum the further measures of each zone up."""
    sums = np.zeros((count, further.shape[1]))
    for v in range(len(zone)):
        for k in range(further.shape[1]):
            sums[zone[v], k] += further[v, k]
    return sums


@compiled
def measure_zones(zone, count, indptr, neighbour, length, weight, area, rim):  # type: ignore[no-untyped-def]
    """Sum weight, area and perimeter of each zone up."""
    weights = np.zeros(count, dtype=np.int64)
    areas = np.zeros(count)
    rims = np.zeros(count)
    for v in range(len(zone)):
        z = zone[v]
        weights[z] += weight[v]
        areas[z] += area[v]
        rims[z] += rim[v]
        for e in range(indptr[v], indptr[v + 1]):
            if zone[neighbour[e]] != z:
                rims[z] += length[e]
    return weights, areas, rims


@compiled
def total_energy(zone, count, indptr, neighbour, length, cost, weight, area, rim, rule, further, rules):  # type: ignore[no-untyped-def]
    """Weigh a whole division: all zones, and what its cuts cost."""
    weights, areas, rims = measure_zones(zone, count, indptr, neighbour, length, weight, area, rim)
    sums = sum_further(zone, count, further)
    energy = 0.0
    for z in range(count):
        if areas[z] > 0:
            energy += zone_energy(weights[z], areas[z], rims[z], rule) + further_energy(sums[z], rules)
    for v in range(len(zone)):
        for e in range(indptr[v], indptr[v + 1]):
            if neighbour[e] > v and zone[neighbour[e]] != zone[v]:
                energy += cost[e]
    return energy
