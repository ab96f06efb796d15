"""Keep moving rows in square cells, and search the cells outward from a place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import floor

import numpy as np
from numpy.typing import NDArray

NO_CELL = -(2**62)
"""Cell number of a row that is in no cell."""
_STRIDE = 2**32
_SLACK_M = 1e-6
"""More than coordinates of a projected CRS lose when they are divided into cells."""
_BUDGET = 2_000
"""Cells and rows that a search may look at; looking at all rows at once is cheaper from there on."""


def number_cells(x: NDArray[np.float64], y: NDArray[np.float64], cell_m: float) -> NDArray[np.int64]:
    """Number the cells in which places lie, as ``Buckets.number`` does one by one."""
    return np.floor(x / cell_m).astype(np.int64) * _STRIDE + np.floor(y / cell_m).astype(np.int64)


class Buckets:
    """Rows by the square cell in which they are.

    Parameters
    ----------
    cell_m : float, metres
        Side of a cell.
    """

    def __init__(self, cell_m: float) -> None:
        self.cell_m = cell_m
        self._cells: dict[int, set[int]] = {}
        self._rings = [[0]]
        self._rows = 0

    def __len__(self) -> int:
        """Count the rows that are in a cell."""
        return self._rows

    def number(self, x: float, y: float) -> int:
        """Number the cell of a place; a border belongs to the cell east or north of it."""
        return floor(x / self.cell_m) * _STRIDE + floor(y / self.cell_m)

    def move(self, row: int, old: int, new: int) -> None:
        """Take a row from one cell to another; either may be ``NO_CELL``."""
        if old != NO_CELL:
            left = self._cells[old]
            left.remove(row)
            self._rows -= 1
            if not left:
                del self._cells[old]
        if new != NO_CELL:
            self._cells.setdefault(new, set()).add(row)
            self._rows += 1

    def search(
        self,
        x: float,
        y: float,
        limit: int,
        within_m: float,
        measure: Callable[[Iterable[int], list[tuple[float, int]]], None],
    ) -> list[tuple[float, int]] | None:
        """Find the rows nearest to a place, ring of cells by ring of cells.

        Parameters
        ----------
        x, y : float, metres
        limit : int
            How many are wanted.
        within_m : float, metres
            Rows farther away are not wanted; may be infinite.
        measure : callable
            Takes the rows of a cell and adds (distance, row) of those that may be chosen and lie within ``within_m``.

        Returns
        -------
        list of (distance, row) or None
            The nearest first, the smaller row first where two are equally far; None where so many cells or rows
            would have to be looked at that looking at all rows at once is cheaper.
        """
        column, line = floor(x / self.cell_m), floor(y / self.cell_m)
        middle = column * _STRIDE + line
        aside, above = x - column * self.cell_m, y - line * self.cell_m
        rim = min(aside, self.cell_m - aside, above, self.cell_m - above) - _SLACK_M
        found: list[tuple[float, int]] = []
        look_up, budget, seen, ring = self._cells.get, _BUDGET, 0, 0
        while seen < self._rows:
            for offset in self._ring(ring):
                rows = look_up(middle + offset)
                if rows is None:
                    continue
                seen += len(rows)
                if seen > budget:
                    return None
                measure(rows, found)
            complete_m = rim + ring * self.cell_m
            if complete_m > within_m:
                break
            if len(found) >= limit:
                found.sort()
                if found[limit - 1][0] < complete_m:  # an equal one may wait in the next ring, with a smaller row
                    break
            ring += 1
            budget -= 8 * ring
            if budget < 0:
                return None
        found.sort()
        return found[:limit]

    def _ring(self, ring: int) -> list[int]:
        """Give the offsets of the cells that are so many cells from the middle one."""
        while len(self._rings) <= ring:
            size = len(self._rings)
            steps = range(-size, size + 1)
            self._rings.append(
                [
                    *(side * _STRIDE + step for side in (-size, size) for step in steps),
                    *(step * _STRIDE + side for side in (-size, size) for step in steps[1:-1]),
                ]
            )
        return self._rings[ring]
