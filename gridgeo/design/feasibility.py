"""Tell how many areas a number of households can be divided into, and what would do where the band forbids it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Arithmetic:
    """What a band allows for one total.

    Parameters
    ----------
    counts : range
        The numbers of areas ``k`` with ``low * k <= total <= high * k``; empty where the band forbids every division.
    low, high : int, households
        The band itself where it can be kept, else the nearest one that can.
    best : int
        The number of areas whose mean is nearest to the target.
    """

    counts: range
    low: int
    high: int
    best: int

    @property
    def is_feasible(self) -> bool:
        """Tell whether the band can be kept."""
        return len(self.counts) > 0


def arithmetic(total: int, low: int, high: int, target: int) -> Arithmetic:
    """Hold a total of households against a band.

    Parameters
    ----------
    total, low, high, target : int, households
        ``0 <= low <= target <= high``; a band without a lower end has 0, one without an upper end more than the total.

    Returns
    -------
    Arithmetic
        With the nearest relaxation where no number of areas fits: the one that misses the band by the fewest
        households an
        area; of two that miss it equally the one with fewer areas.

    Notes
    -----
    For [300, 500] no division exists below 300 and from 501 to 599; for [50, 80] none below 50 and from 81 to 99.

    Examples
    --------
    >>> arithmetic(1300, 300, 500, 400).counts
    range(3, 5)
    >>> arithmetic(550, 300, 500, 400)
    Arithmetic(counts=range(0, 0), low=275, high=500, best=2)
    """
    least = max(math.ceil(total / high), 1)
    most = total // low if low > 0 else max(total, 1)
    if least > most:
        return _nearest(total, low, high)
    near = total // max(target, 1)
    wanted = {min(max(count, least), most) for count in (near, near + 1)}
    best = min(wanted, key=lambda count: (abs(total / count - target), count))
    return Arithmetic(range(least, most + 1), low, high, best)


def counted(total: int, low: int, high: int, count: int) -> Arithmetic:
    """Hold a total of households against a band when the number of areas is given.

    Parameters
    ----------
    total, low, high, count : int

    Returns
    -------
    Arithmetic
        Of that one count; its band relaxed to the nearest that the count can keep.
    """
    counts = range(count, count + 1) if low * count <= total <= high * count else range(0)
    return Arithmetic(counts, min(low, total // count), max(high, math.ceil(total / count)), count)


def misses_of(amounts: np.ndarray, low: int, high: int) -> np.ndarray:
    """Tell by how much each amount misses a band; 0 inside it."""
    return np.asarray(np.maximum(low - amounts, 0) + np.maximum(amounts - high, 0))


def _nearest(total: int, low: int, high: int) -> Arithmetic:
    """Choose the number of areas that misses the band least."""
    fewer = max(total // high, 1)
    options = []
    for count in (fewer, fewer + 1):
        short = max(low - total // count, 0)
        over = max(math.ceil(total / count) - high, 0)
        options.append((max(short, over), count))
    _, count = min(options)
    return Arithmetic(range(0), min(low, total // count), max(high, math.ceil(total / count)), count)
