"""Compare rates before and after a redraw, like with like."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridgeo.model.errors import TableError
from gridgeo.model.lineage_table import LINEAGE, SLIVER
from gridgeo.model.tables import check

from .rates import COUNTS, FEWEST, RATES, add_rates


def compare_rates(
    before: pd.DataFrame,
    after: pd.DataFrame,
    lineage: pd.DataFrame,
    *,
    least_share: float = 0.0,
    fewest: int = FEWEST,
) -> pd.DataFrame:
    """Compare the rates of two plans over the ground that they share.

    Areas that hang together by the lineage are compared as their union, since a rate of half an area cannot be known;
    an area that went over whole is compared with itself.

    Parameters
    ----------
    before, after : DataFrame
        As ``incident_rates(..., by="area")`` gives them: the first by areas of the old plan, the second of the new.
        An area without a row received nothing; incidents without an area are left out.
    lineage : DataFrame
        Table ``LINEAGE``. Slivers tie nothing together, nor does land that came or went.
    least_share : float
        A row with less than this share of the households of both its areas does not tie them together; what it moved
        is told in ``households_across``.
    fewest : int
        Rates over fewer are marked.

    Returns
    -------
    DataFrame
        Indexed by ``group_id`` (the smallest of its new area ids), sorted: ``before_ids``, ``after_ids`` (parted by
        blanks), ``change`` (``kept`` one to one, ``split``, ``merged``, ``redrawn`` for several to several,
        ``added`` and ``gone`` where the other plan has nothing), ``households``, ``area_m2``;
        ``households_across``, those that moved into or out of the group; for each count and rate ``*_before`` and
        ``*_after``; for each rate ``*_change``, after less before; ``days_before``,
        ``days_after`` (missing where a period has no end) and ``daily_before``, ``daily_after``, reports a day;
        ``is_small``; ``note``, which says where periods differ in length.

    Raises
    ------
    TableError
        If the lineage breaks its contract, or incidents were counted in an area that it does not know.
    """
    check(lineage, LINEAGE)
    if not 0.0 <= least_share <= 1.0:
        raise TableError(f"lineage: least_share is {least_share!r}, not from 0 to 1")
    links = _tied(lineage, least_share)
    made = _describe(links)
    small = np.zeros(len(made), dtype=bool)
    for side, table, group in (("before", before, "from_group"), ("after", after, "to_group")):
        known = links.dropna(subset=f"{side}_id").drop_duplicates(f"{side}_id").set_index(f"{side}_id")[group]
        full = add_rates(_summed(table, known, side).reindex(made.index, fill_value=0), fewest)
        small |= full["is_small"].to_numpy()
        made = made.join(full[[*COUNTS, *RATES]].add_suffix(f"_{side}"))
        made[f"days_{side}"] = _days(table)
        made[f"daily_{side}"] = made[f"received_{side}"].astype(float) / made[f"days_{side}"]
    for rate in RATES:
        made[f"{rate}_change"] = made[f"{rate}_after"] - made[f"{rate}_before"]
    made["is_small"] = small
    made["note"] = pd.array([_note(_days(before), _days(after))] * len(made), dtype="str")
    return made.set_index("group_id").sort_index()


def _tied(lineage: pd.DataFrame, least_share: float) -> pd.DataFrame:
    """Number the groups of areas that hang together: of the old area, and of the new one, row by row."""
    columns = ["households", "area_m2", "before_id", "after_id"]
    links = pd.DataFrame(lineage)[lineage["change"] != SLIVER][columns]
    links = links.sort_values(columns, ascending=[False, False, True, True], ignore_index=True)
    before, befores = pd.factorize(links["before_id"])
    after, afters = pd.factorize(links["after_id"])
    both = (before >= 0) & (after >= 0)
    weight = links["households"].to_numpy(dtype=float) * both
    # Nobody lives in some areas: their only links have no weight, and tie them all the same.
    share = [weight / np.maximum(np.bincount(side + 1, weight)[side + 1], 1.0) for side in (before, after)]
    is_largest = np.zeros(len(links), dtype=bool)
    for side in ("before_id", "after_id"):
        is_largest[np.flatnonzero(both)[~links[both].duplicated(side).to_numpy()]] = True
    is_tie = both & (is_largest | (np.maximum(share[0], share[1]) >= least_share))
    nodes = len(befores) + len(afters)
    one, two = np.where(before >= 0, before, after + len(befores)), np.where(after >= 0, after + len(befores), before)
    ends = (one[is_tie], two[is_tie])
    graph = coo_array((np.ones(int(is_tie.sum())), ends), shape=(nodes, nodes))
    number = connected_components(graph, directed=False)[1]
    return links.assign(from_group=number[one], to_group=number[two])


def _describe(links: pd.DataFrame) -> pd.DataFrame:
    """Tell what the groups are made of; indexed by their number."""
    made = pd.DataFrame(
        {
            "before_ids": links.groupby("from_group")["before_id"].agg(_list_ids),
            "after_ids": links.groupby("to_group")["after_id"].agg(_list_ids),
        }
    )
    befores = links.groupby("from_group")["before_id"].nunique().reindex(made.index).to_numpy()
    afters = links.groupby("to_group")["after_id"].nunique().reindex(made.index).to_numpy()
    cases = [befores == 0, afters == 0, (befores > 1) & (afters > 1), befores > 1, afters > 1]
    kinds = np.select(cases, ["added", "gone", "redrawn", "merged", "split"], "kept")
    made["change"] = pd.array(kinds, dtype="str")
    alone = links["from_group"].map(made["change"]).isin(("added", "gone"))
    is_inside = (links["from_group"] == links["to_group"]) & (
        alone | links[["before_id", "after_id"]].notna().all(axis=1)
    )
    inside, across = links[is_inside], links[~is_inside]
    made["households"] = inside.groupby("from_group")["households"].sum().astype("int64")
    made["area_m2"] = inside.groupby("from_group")["area_m2"].sum()
    is_tied = across["from_group"] == across["to_group"]  # land that came or went: it counts once
    moved = pd.concat([across.groupby("from_group")["households"].sum(),
                       across[~is_tied].groupby("to_group")["households"].sum()])  # fmt: skip
    made["households_across"] = moved.groupby(level=0).sum().reindex(made.index, fill_value=0).astype("int64")
    ids = zip(made["before_ids"], made["after_ids"], strict=True)
    first = [after.split(" ")[0] or before.split(" ")[0] for before, after in ids]
    return made.assign(group_id=pd.array(first, dtype="str"))


def _list_ids(ids: pd.Series) -> str:
    return " ".join(sorted(set(ids.dropna())))


def _summed(table: pd.DataFrame, known: pd.Series, side: str) -> pd.DataFrame:
    """Sum the counts of each group."""
    absent = [name for name in COUNTS if name not in table.columns]
    if absent or table.index.nlevels > 1:
        raise TableError(
            f"rates {side} the redraw: "
            + (f"column {absent[0]!r} is missing" if absent else "they are not by area alone")
            + "; use incident_rates(..., by='area')"
        )
    placed = table[table.index.notna()]
    strange = placed.index[~placed.index.isin(known.index) & (placed["received"] > 0).to_numpy(dtype=bool)]
    if len(strange):
        raise TableError(f"rates {side} the redraw: area {strange[0]!r} is not in the lineage's {side}_id")
    placed = placed[placed.index.isin(known.index)]
    return placed[list(COUNTS)].groupby(known.reindex(placed.index).to_numpy()).sum(min_count=1)


def _days(table: pd.DataFrame) -> float:
    """Give the length of a table's period in days; nan where it has no beginning or no end."""
    if not len(table) or not {"since_at", "until_at"} <= set(table.columns):
        return float("nan")
    edges = table[["since_at", "until_at"]].iloc[0]
    return float("nan") if edges.isna().any() else float((edges["until_at"] - edges["since_at"]) / pd.Timedelta(days=1))


def _note(before: float, after: float) -> str | None:
    if np.isnan(before) or np.isnan(after):
        return "a period has no beginning or no end: compare rates, not counts"
    if before == after:
        return None
    return f"periods differ: {before:g} days before, {after:g} days after; compare rates and reports a day, not counts"
