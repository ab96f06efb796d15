"""Make of a lineage the table that is published: codes, shares and weights."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError
from gridgeo.model.lineage_table import CONCORDANCE, LINEAGE, SLIVER
from gridgeo.model.plan import Plan
from gridgeo.model.tables import check

_SIDES = ("before", "after")


def concordance(
    lineage: pd.DataFrame, before: Plan | pd.DataFrame | None = None, after: Plan | pd.DataFrame | None = None
) -> pd.DataFrame:
    """Make the concordance of a change: what share of each old area went into each new one.

    Slivers are left out, so the shares of an area are of all that is no sliver. Counts are not suppressed here: what is
    published goes through ``suppress_small_counts`` first, as ``gridgeo compare --concordance`` does.

    Parameters
    ----------
    lineage : DataFrame
        Table ``LINEAGE``.
    before, after : Plan or DataFrame, optional
        Where the codes stand: plans, or tables with a column ``code`` by ``area_id``. Without them codes are missing.

    Returns
    -------
    DataFrame
        Table ``CONCORDANCE``, in the order of the lineage: ids, codes, ``change``, ``households``, ``area_m2``; the
        share of the old and of the new area's households and land (missing where an area has none of it); ``weight``,
        by which a count of the old area is carried over: its households' share, its land's where nobody lives.

    Raises
    ------
    TableError
        If the lineage breaks its contract.

    References
    ----------
    The exact-fit and best-fit look-ups of England's output areas, and the Relationship Files of the United States'
    census, are tables of this form.
    """
    check(lineage, LINEAGE)
    kept = pd.DataFrame(lineage[lineage["change"] != SLIVER]).reset_index(drop=True)
    for side, source in zip(_SIDES, (before, after), strict=True):
        known = _codes(source)
        found = [known.get(area) if isinstance(area, str) else None for area in kept[f"{side}_id"]]
        kept[f"{side}_code"] = pd.array(found, dtype="str")
        for amount, name in (("households", "households"), ("area_m2", "area")):
            whole = kept.groupby(f"{side}_id")[amount].transform("sum")
            kept[f"{side}_{name}_share"] = (kept[amount] / whole.where(whole > 0)).astype(float)
    weight = kept["before_households_share"].fillna(kept["before_area_share"])
    return kept.assign(weight=weight.where(kept["before_id"].notna()))[CONCORDANCE.columns]


def _codes(source: Plan | pd.DataFrame | None) -> dict[str, str]:
    """Give the code of each area that has one."""
    table = source.register if isinstance(source, Plan) else source
    if table is None or "code" not in table:
        return {}
    told = table["code"].dropna()
    return dict(zip(told.index.astype(str), told.astype(str), strict=True))


def carry_counts(counts: pd.Series, table: pd.DataFrame) -> pd.Series:
    """Carry counts of old areas over to the new ones, by the weights of a concordance.

    Parameters
    ----------
    counts : Series of numbers
        By the ``area_id`` of the old areas; an area that it does not name counts nothing.
    table : DataFrame
        Table ``CONCORDANCE``.

    Returns
    -------
    Series of float
        By the ``area_id`` of the new areas, in order. Adds up to ``counts``, less what lay on land that is gone.

    Raises
    ------
    TableError
        If the concordance breaks its contract, or an area that counts something is not in it.
    """
    check(table, CONCORDANCE)
    strange = counts.index[~counts.index.isin(table["before_id"]) & (counts != 0).to_numpy()]
    if len(strange):
        raise TableError(f"counts: area {strange[0]!r} is not in the concordance's before_id")
    share = table["before_id"].map(counts.astype(float)).fillna(0.0) * table["weight"].fillna(0.0)
    carried = share.groupby(table["after_id"].to_numpy(dtype=object)).sum()
    ids = pd.Index(np.unique(table["after_id"].dropna().to_numpy(dtype=str)), name="area_id")
    return pd.Series(carried.reindex(ids, fill_value=0.0), name=counts.name)
