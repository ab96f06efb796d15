"""Make a concordance fit to be published: no small count in it, and none that its neighbours give away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError
from gridgeo.model.lineage_table import CONCORDANCE
from gridgeo.model.tables import check
from gridgeo.operate.small_counts import SMALLEST_PUBLISHED

_TELLING = ["households", "before_households_share", "after_households_share", "weight"]


def publish_concordance(concordance: pd.DataFrame, *, smallest: int = SMALLEST_PUBLISHED) -> pd.DataFrame:
    """Suppress the small counts of a concordance, and as few others as keep them from being derived.

    The households of areas before and after are known from elsewhere, so a suppressed count must not follow from the
    others of its old area nor from those of its new one: in each at least two are suppressed, not all alike, that add
    up to ``smallest`` or more, as far as the area has so many rows. An area whose only row is small has itself fewer
    households than may be told, whoever tells them.

    Parameters
    ----------
    concordance : DataFrame
        Table ``CONCORDANCE``.
    smallest : int
        The smallest count above 0 that may be published; 1 suppresses nothing.

    Returns
    -------
    DataFrame
        The same with ``suppressed``: there ``households``, the shares of households and ``weight`` are missing, and
        the share of land is what is left to carry counts over by.

    Raises
    ------
    TableError
        If the table breaks its contract or ``smallest`` is below 1.
    """
    check(concordance, CONCORDANCE)
    if smallest < 1:
        raise TableError(f"smallest is {smallest}, it must be 1 or more")
    counts = concordance["households"].to_numpy(dtype=np.int64)
    hidden = (counts > 0) & (counts < smallest)
    groups = [
        np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
        for codes in (pd.factorize(concordance[end], use_na_sentinel=False)[0] for end in ("before_id", "after_id"))
    ]
    asked = [rows for side in groups for rows in side if len(rows)]
    more = True
    while more:
        more = sum(_protect(counts, hidden, rows, smallest) for rows in asked) > 0
    made = concordance.assign(suppressed=hidden, households=concordance["households"].astype("Int64"))
    for name in _TELLING:
        made[name] = made[name].mask(hidden)
    return made


def _protect(counts: np.ndarray, hidden: np.ndarray, rows: np.ndarray, smallest: int) -> bool:
    """Suppress further counts of one area until those it hides cannot be told from their sum; True where it did."""
    if not hidden[rows].any():
        return False
    spare = rows[~hidden[rows] & (counts[rows] > 0)]
    changed = False
    for row in spare[np.argsort(counts[spare], kind="stable")]:
        held = counts[rows[hidden[rows]]]
        if len(held) >= 2 and held.sum() >= smallest and (held != held[0]).any():
            break
        hidden[row] = changed = True
    return changed
