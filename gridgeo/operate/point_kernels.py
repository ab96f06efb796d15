"""Find the owners of many points in compiled loops where numba is: the answers of ``point_search.settle``, sooner.

Importing this module imports numba, which takes a quarter of a second, and several seconds at the very first call on
a machine; ``point_search`` does so only when enough points are asked for at once.
"""

from __future__ import annotations

import numpy as np

from gridgeo.model.compiled import compiled, compiled_or

from . import point_search as plain
from .edges import NOBODY
from .orientation import ERROR_SHARE, LEAST_SIDE
from .raster_cells import COVER, CROSSED, RANKS

BLOCK = 1 << 12
"""Points worked on at a time: each loop below reads memory for all of them before the next one needs it."""
UNSETTLED = plain.UNSETTLED
_TWO_COVERS = 2.0 * COVER


@compiled
def _read_codes(frame, codes, x, y, owners, mixed):  # type: ignore[no-untyped-def]
    """Write the code of each point's cell; list and count the points in mixed cells."""
    exponent, column, row, width, height = frame
    scale, shift = 2.0 ** -max(exponent, 0), 2.0 ** max(-exponent, 0)
    west, south, east, north = float(column), float(row), width - 1.0, height - 1.0
    count = 0
    for at in range(len(x)):
        # Scaled down before it is rounded, the smallest number below 0 would become 0.
        across = np.floor(np.floor(x[at] * shift) * scale) - west
        up = np.floor(np.floor(y[at] * shift) * scale) - south
        # A NaN passes no comparison: it falls into the empty rim, as far points do.
        across = min(east, max(0.0, across))
        up = min(north, max(0.0, up))
        code = codes[np.uint64(up * width + across)]
        owners[at] = code
        mixed[count] = at
        count += code < NOBODY
    return count


@compiled_or(plain.settle)
def settle(frame, codes, starts, entries, base, rows, x, y):  # type: ignore[no-untyped-def]
    """Find the owner of each point, -2 where a float cannot tell; ``frame``: exponent, column, row, width, height."""
    owners = np.empty(len(x), dtype=np.int32)
    mixed, active = np.empty(BLOCK + 1, dtype=np.int64), np.empty(BLOCK + 1, dtype=np.int64)
    at, last = np.empty(BLOCK, dtype=np.int64), np.empty(BLOCK, dtype=np.int64)
    entry, sure, weight = np.empty(BLOCK, dtype=np.int64), np.empty(BLOCK, dtype=np.bool_), np.empty(BLOCK)
    for start in range(0, len(x), BLOCK):
        east, north = x[start : start + BLOCK], y[start : start + BLOCK]
        found = owners[start : start + BLOCK]
        count = _read_codes(frame, codes, east, north, found, mixed)
        left_over = 0
        for k in range(count):
            cell = np.uint64(-2 - found[mixed[k]])
            at[k], last[k], weight[k], sure[k] = starts[cell], starts[cell + np.uint64(1)], base[cell], True
            active[left_over] = k
            left_over += at[k] < last[k]
        while left_over:
            turn, left_over = left_over, 0
            for i in range(turn):
                entry[i] = entries[np.uint64(at[active[i]])]
            for i in range(turn):
                k, edge = active[i], np.uint64(entry[i] >> 2)
                px, py = east[mixed[k]], north[mixed[k]]
                ax, ay, bx, by = rows[edge, 0], rows[edge, 1], rows[edge, 2], rows[edge, 3]
                left, right = (bx - ax) * (py - ay), (by - ay) * (px - ax)
                side = left - right
                sure[k] &= abs(side) > ERROR_SHARE * (abs(left) + abs(right)) + LEAST_SIDE
                case = (entry[i] & 3) * 8 + (px >= ax) * 4 + (px >= bx) * 2 + (side > 0)
                weight[k] += CROSSED[np.uint64(case)] * rows[edge, 4]
                at[k] += 1
                active[left_over] = k
                left_over += at[k] < last[k]
        for k in range(count):
            owner = NOBODY if weight[k] == 0 else np.int64(weight[k]) & RANKS
            found[mixed[k]] = owner if sure[k] and weight[k] < _TWO_COVERS else UNSETTLED
    return owners
