"""Find the buildings whose address shares the most pairs of letters with a text of which no name is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MOST_FOUND = 12
_TOO_COMMON = 0.05
"""Share of the buildings from which a pair of letters says nothing."""
_FEW = 50
"""Buildings up to which no pair of letters is too common."""


class LabelGrams:
    """Pairs of letters of the addresses of buildings; households are no part of it.

    Parameters
    ----------
    labels : sequence of str
        Addresses of the places in plain form.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        found: dict[str, list[int]] = defaultdict(list)
        for at, label in enumerate(labels):
            for pair in set(_pairs(label)):
                found[pair].append(at)
        self._count = len(labels)
        most = max(_FEW, _TOO_COMMON * len(labels))
        self._places: dict[str, NDArray[np.int64]] = {
            pair: np.array(places) for pair, places in found.items() if len(places) <= most
        }

    def nearest(self, text: str) -> list[int]:
        """List the places nearest to a text.

        Parameters
        ----------
        text : str
            In plain form.

        Returns
        -------
        list of int
            At most 12, the most alike first; rare pairs of letters count more; of equals the earlier first.
        """
        lists = [self._places[pair] for pair in sorted(set(_pairs(text))) if pair in self._places]
        if not lists:
            return []
        weights = np.concatenate([np.full(len(places), np.log1p(self._count / len(places))) for places in lists])
        scores = np.bincount(np.concatenate(lists), weights=weights, minlength=self._count)
        best = np.argsort(-scores, kind="stable")[:_MOST_FOUND]
        return [int(at) for at in best if scores[at] > 0]


def _pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(len(text) - 1)]
