"""Tell which areas an address answer reaches into, and with which share of its households."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from gridgeo.model.errors import CrsError

from .address_places import Places
from .address_search import CLOSE_LEVELS, Answer
from .locate import AreaIndex

_LEAST_CHANCE = 0.001
Shares = list[tuple[str | None, float]]
"""Areas and shares, the largest first; None for what lies in no area."""


class AreaShares:
    """The area of every address of a book.

    Parameters
    ----------
    index : AreaIndex
    crs : CRS
        Of the addresses.
    xy : array, shape (addresses, 2), metres
    households : array, shape (addresses,)
        How many each row stands for.
    places : Places

    Raises
    ------
    CrsError
        If the index has another CRS.
    """

    def __init__(
        self,
        index: AreaIndex,
        crs: CRS,
        xy: NDArray[np.floating],
        households: NDArray[np.floating],
        places: Places,
    ) -> None:
        if index.crs != crs:
            raise CrsError(f"index is in {index.crs.name!r}, the addresses in {crs.name!r}; bring them into one CRS")
        self.index = index
        placed = np.isfinite(xy[:, 0])
        owners = index.locate(xy[placed, 0], xy[placed, 1])
        codes, areas = pd.factorize(owners, sort=True)
        self._codes = np.full(len(xy), -1)
        self._codes[placed] = codes
        self._areas: list[str] = list(areas)
        self._households, self._places = households, places

    def of(self, answer: Answer) -> Shares:
        """Share out the households of an answer among the areas."""
        rows = np.array([answer.row]) if answer.row >= 0 else self._rows(answer.places)
        weights = self._households[rows] if self._households[rows].sum() > 0 else np.ones(len(rows))
        sums = np.bincount(self._codes[rows] + 1, weights=weights, minlength=len(self._areas) + 1)
        shares = [
            (self._areas[at - 1] if at else None, float(sums[at] / sums.sum())) for at in np.flatnonzero(sums).tolist()
        ]
        return sorted(shares, key=lambda pair: (-pair[1], pair[0] is None, pair[0] or ""))

    def _rows(self, places: Sequence[int]) -> NDArray[np.int64]:
        return np.concatenate([self._places.rows[self._places.members(at)] for at in places])


def area_rows(
    answers: Sequence[Answer], statuses: Sequence[str], addresses: Sequence[str], shares: AreaShares, limit: int
) -> pd.DataFrame:
    """Write one row for each answer and area, at most ``limit``."""
    rows = [
        (area, share, answer.level, round(answer.score, 4), status, address)
        for answer, status, address in zip(answers, statuses, addresses, strict=True)
        for area, share in shares.of(answer)
    ][:limit]
    columns = ["area_id", "share", "level", "score", "status", "address"]
    table = pd.DataFrame(rows, columns=columns)
    texts = dict.fromkeys(("area_id", "level", "status", "address"), "str")
    return table.astype({**texts, "share": float, "score": float})


def located_row(found: dict[str, Any], answers: Sequence[Answer], shares: AreaShares, accept: float) -> dict[str, Any]:
    """Add the one area of the best answer, the candidates, and how sure the area is.

    Parameters
    ----------
    found : dict
        Row of the best answer.
    answers : sequence of Answer
        The best first.
    shares : AreaShares
    accept : float
        Chance from which an area is sure.

    Returns
    -------
    dict
    """
    if found["status"] == "reject" or not answers:
        return {**found, "area_id": None, "status": "reject", "candidates": []}
    chances: dict[str, float] = defaultdict(float)
    best = answers[0]
    own = shares.of(best)
    for answer in _apart(answers):
        for area, share in own if answer is best else shares.of(answer):
            if area is not None:
                chances[area] += answer.score * share
    ranked = sorted(chances.items(), key=lambda pair: (-pair[1], pair[0]))
    candidates = [(area, round(min(chance, 1.0), 4)) for area, chance in ranked if chance >= _LEAST_CHANCE]
    area = own[0][0] if len(own) == 1 else None
    whole = best.level not in CLOSE_LEVELS and not best.verdict.unmatched and not best.verdict.conflict
    sure = found["status"] == "auto" or (whole and best.verdict.sure)
    is_auto = sure and area is not None and chances[area] >= accept
    return {**found, "area_id": area, "status": "auto" if is_auto else "review", "candidates": candidates}


def _apart(answers: Sequence[Answer]) -> list[Answer]:
    """Leave out answers within a better one's places: the rooms of a building that is an answer itself."""
    kept: list[Answer] = []
    for answer in answers:
        if not any(set(answer.places) & set(other.places) for other in kept):
            kept.append(answer)
    return kept
