"""State what is asked of areas in force: keep their bands again, with the fewest households moved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from .problem import Problem


@dataclass(frozen=True)
class Band:
    """One measure that every area has to keep.

    Parameters
    ----------
    amounts : array of float, shape (n,)
    low, high : float
    """

    amounts: np.ndarray
    low: float
    high: float

    def misses(self, zone: np.ndarray, count: int) -> np.ndarray:
        """Tell which of ``count`` zones are outside; those without atoms are not."""
        held = np.bincount(zone[zone >= 0], self.amounts[zone >= 0], minlength=count)
        there = np.bincount(zone[zone >= 0], minlength=count) > 0
        return there & ((held < self.low) | (held > self.high))


@dataclass(frozen=True)
class Task:
    """Areas in force that are to keep their bands again; n atoms, k areas.

    Parameters
    ----------
    problem : Problem
        The graph; every area in force is in one piece in it.
    start : array of int, shape (n,)
        The area each atom is in, from 0; -1 where it comes from elsewhere and has to be given one.
    count : int
        Areas in force: k.
    settled : array of int, shape (n,)
        Households that lived there before; what a move is counted in.
    bands : tuple of Band
        The main measure first.
    fixed : array of bool, shape (n,)
        Atoms that stay where they are.
    growth_pays : bool
        The main measure counts households, so that ``amounts - settled`` is what came new.
    """

    problem: Problem
    start: np.ndarray
    count: int
    settled: np.ndarray
    bands: tuple[Band, ...]
    fixed: np.ndarray
    growth_pays: bool = True

    def bad(self, zone: np.ndarray) -> np.ndarray:
        """Tell which zones miss a band; array of bool."""
        count = max(int(zone.max(initial=-1)) + 1, self.count)
        return np.logical_or.reduce([band.misses(zone, count) for band in self.bands])

    def moved(self, zone: np.ndarray) -> int:
        """Count the households whose area changes."""
        return int(self.settled[(zone != self.start) & (self.start >= 0)].sum())

    @cached_property
    def links(self) -> csr_array:
        """Give the graph with the households of each edge's end as its length, for shortest ways."""
        p = self.problem
        price = np.where(self.fixed, 1e12, self.settled)[p.neighbour] + 1e-6
        return csr_array((price, p.neighbour, p.indptr), shape=(len(p), len(p)))
