"""Turn the signs of an answer into the chance that it is right.

The numbers were fitted by ``benchmarks/address_calibration.py`` to answers about the demonstration town, to its own
addresses as they come disturbed: abbreviated, misspelt, misheard, contradicted, in other words, of places that the book
does not hold. There, of the answers with a score of about p, a share of about p is right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Signs(NamedTuple):
    """What speaks for and against an answer by itself.

    Parameters
    ----------
    likeness : float
        Weighted share of the parts of the text that agree, from 0 to 1.
    worst_name : float
        Likeness of the name that agrees least.
    names : int
        How many names of roads and estates agree.
    unmatched : int
        How many parts do not agree.
    conflict : bool
        Whether a part says something else.
    close : bool
        Whether a building or house number was found.
    """

    likeness: float
    worst_name: float
    names: int
    unmatched: int
    conflict: bool
    close: bool


INTERCEPT = 4.12
WEIGHTS = {"unlike": -2.13, "worst_name": -9.77, "names": 0.92, "unmatched": -0.14, "conflict": -2.17, "far": 0.0}
"""Change of the log-odds for each sign, as ``describe`` writes it."""
RIVAL = 14.5
"""A rival that is less like by d counts exp(-14.5 d) times what the answer itself counts."""
_EXACT = 1e-9


def describe(signs: Signs) -> dict[str, float]:
    """Write signs as the numbers to which the weights belong."""
    return {
        "unlike": 1 - signs.likeness,
        "worst_name": 1 - signs.worst_name,
        "names": float(min(signs.names, 2)),
        "unmatched": float(min(signs.unmatched, 4)),
        "conflict": float(signs.conflict),
        "far": float(not signs.close),
    }


def rate(signs: Signs, leads: Sequence[float]) -> float:
    """Give the chance that an answer is right.

    Parameters
    ----------
    signs : Signs
    leads : sequence of float
        By how much its likeness exceeds that of each answer that lies elsewhere.

    Returns
    -------
    float
        From 0 to 1; 1 for an answer of which every part agrees to the letter, without a rival.
    """
    exact = signs.likeness > 1 - _EXACT and signs.worst_name > 1 - _EXACT
    value = INTERCEPT + sum(WEIGHTS[name] * number for name, number in describe(signs).items())
    alone = 1.0 if exact else 1 / (1 + math.exp(-value))
    rivals = sum(min(math.exp(-RIVAL * lead), 1 / _EXACT) for lead in leads)
    return alone if exact and min(leads, default=1.0) > _EXACT else alone / (1 + rivals)
