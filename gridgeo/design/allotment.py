"""Share a number of areas out among communities, by what each of them holds."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from numbers import Integral

import numpy as np

from gridgeo.model.errors import GridgeoError, TableError
from gridgeo.model.levels import Level
from gridgeo.model.profile import Limits

from .feasibility import arithmetic

Number = int | tuple[int | None, int | None]
"""So many areas exactly, or at least and at most; None leaves an end open."""


def read_number(number: Number, what: str, most: int) -> tuple[int, int]:
    """Read a wish for a number of areas.

    Parameters
    ----------
    number : int or (int or None, int or None)
    what : str
        Whose, for the message.
    most : int
        Atoms there are: more areas cannot be made.

    Returns
    -------
    low, high : int

    Raises
    ------
    GridgeoError
        If it is below 1, above the number of atoms, or no number.
    """
    pair = number if isinstance(number, tuple) else (number, number)
    if len(pair) != 2 or not (_is_whole(number) or all(end is None or _is_whole(end) for end in pair)):
        raise GridgeoError(f"number_of_areas: {what} is {number!r}, not a whole number or (at least, at most)")
    low = 1 if pair[0] is None else int(pair[0])
    high = most if pair[1] is None else int(pair[1])
    if low > high or high < 1 or low < (0 if isinstance(number, tuple) else 1):
        raise GridgeoError(
            f"number_of_areas: {what} is {number!r}; ask for at least 1, and no more at least than at most"
        )
    if low > most:
        raise GridgeoError(f"number_of_areas: {what} is {number!r}, but there are {most} atoms; make finer atoms")
    return low, min(high, most)


def _is_whole(number: object) -> bool:
    """Tell whole numbers, also those of a table, from True and False."""
    return isinstance(number, Integral) and not isinstance(number, bool)


def allot(
    wish: Number | Mapping[str, Number] | None,
    names: list[str],
    totals: np.ndarray,
    atoms: np.ndarray,
    limits: Limits,
    level: str,
) -> dict[str, int]:
    """Decide into how many areas each community is divided, where that was asked for.

    Parameters
    ----------
    wish : Number, or mapping of a community's id or of a level to Number, optional
        A number without a community is shared out: each community gets what keeps its band, then the areas that hold
        most are divided first.
    names : list of str
        Ids of the communities.
    totals, atoms : arrays of int
        What each of them holds, and its atoms.
    limits : Limits
    level : str

    Returns
    -------
    mapping of community to int
        Empty where nothing was asked for; communities that are free are not in it.

    Raises
    ------
    GridgeoError, TableError
        If a number is none, there are fewer areas than communities, or a community is unknown; if a level is not the
        one that is counted, or is counted beside a community.
    """
    if wish is None:
        return {}
    if isinstance(wish, Mapping):
        own = {str(key): value for key, value in wish.items() if str(key) not in (level, Level.BEAT)}
        for key in own:
            if key in set(Level) - set(names):
                raise TableError(f"number_of_areas: level {key!r} is counted nowhere; ask for so many of {level!r}")
            if key not in names:
                raise TableError(
                    f"number_of_areas: there is no community {key!r}; there are {', '.join(names[:5])} ..."
                )
        if level in wish and own:
            raise TableError(f"number_of_areas: asks for {level!r} and community {min(own)!r}; leave one of them out")
        if level in wish:
            return _share(wish[level], names, totals, atoms, limits, f"level {level!r}")
        return {key: _nearest_count(value, key, names, totals, atoms, limits) for key, value in own.items()}
    return _share(wish, names, totals, atoms, limits, "the territory")


def _nearest_count(
    number: Number, key: str, names: list[str], totals: np.ndarray, atoms: np.ndarray, limits: Limits
) -> int:
    """Choose the count nearest to the target within what was asked for."""
    at = names.index(key)
    low, high = read_number(number, f"community {key!r}", int(atoms[at]))
    best = arithmetic(int(totals[at]), limits.low, limits.high, limits.target).best
    return min(max(best, low), high)


def _share(
    number: Number, names: list[str], totals: np.ndarray, atoms: np.ndarray, limits: Limits, what: str
) -> dict[str, int]:
    """Share a number out: from the target's counts, up where areas hold most, down where they would hold least."""
    low, high = read_number(number, what, int(atoms.sum()))
    if high < len(names):
        raise GridgeoError(
            f"number_of_areas: {what} is {number!r}, but there are {len(names)} communities, and no area crosses them"
        )
    return dict(zip(names, share_out(low, high, totals, atoms, limits).tolist(), strict=True))


def share_out(low: int, high: int, totals: np.ndarray, atoms: np.ndarray, limits: Limits) -> np.ndarray:
    """Share a number of areas out among parts that no area crosses.

    Parameters
    ----------
    low, high : int
        At least and at most so many in all.
    totals, atoms : arrays of int, shape (n,)
        What each part holds, and its atoms: a part is never divided into more areas.
    limits : Limits

    Returns
    -------
    array of int, shape (n,)
        1 or more each. Those of the target; where they are too few or too many, first parts whose band still holds
        get one more or less, by what an area then holds.
    """
    counts = [arithmetic(int(each), limits.low, limits.high, limits.target) for each in totals]
    count = np.array([min(max(each.best, 1), int(many)) for each, many in zip(counts, atoms, strict=True)])
    least = np.array([each.counts.start if each.is_feasible else each.best for each in counts])
    most = np.array([each.counts.stop - 1 if each.is_feasible else each.best for each in counts])
    step = 1 if count.sum() < low else -1
    wanted = low if step > 0 else high
    if (count.sum() - wanted) * step < 0:
        heap = [_turn(at, count, totals, atoms, least, most, step) for at in range(len(count))]
        heapq.heapify(heap)
        while count.sum() != wanted and heap:
            closed, _, at = heapq.heappop(heap)
            if closed == 2:
                continue
            count[at] += step
            heapq.heappush(heap, _turn(at, count, totals, atoms, least, most, step))
    return count


def _turn(
    at: int, count: np.ndarray, totals: np.ndarray, atoms: np.ndarray, least: np.ndarray, most: np.ndarray, step: int
) -> tuple[int, float, int]:
    """Tell when a community's turn comes: first those whose band still holds, then by what an area then holds."""
    after = int(count[at]) + step
    if not 1 <= after <= atoms[at]:
        return 2, 0.0, at
    return int(not least[at] <= after <= most[at]), -step * float(totals[at]) / after, at
