"""Tell which area of a division became which of the next, in households and in land."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError
from gridgeo.model.levels import Level
from gridgeo.model.lineage_table import ADDED, GONE, KEPT, MERGED, MOVED, REDRAWN, SLIVER, SPLIT
from gridgeo.model.plan import Plan
from gridgeo.model.tables import HOUSEHOLDS, INCIDENTS, check

from .lineage_parts import NOTHING, Side, check_comparable, cut_parts, find_units, read_side, share_out

LEAST_SHARE = 0.1
"""Which share of an area is a part of it, and not a piece at its edge."""
SLIVER_M2 = 100.0
"""Up to which size land between two drawings of one border is no change, square metres: less than a house takes."""
_ENDS = ["before_id", "after_id"]


def lineage(
    before: Plan | gpd.GeoDataFrame,
    after: Plan | gpd.GeoDataFrame,
    *,
    households: gpd.GeoDataFrame | None = None,
    incidents: gpd.GeoDataFrame | None = None,
    level: str = Level.GRID,
    tolerance_m2: float = SLIVER_M2,
    least_share: float = LEAST_SHARE,
) -> pd.DataFrame:
    """Tell which area became which, with the households and the land that went that way.

    Plans are compared atom by atom, and where both have an atom, exactly; tables of areas by their land. Shapes that
    are the same on both sides are matched first, and only the others laid over one another. Whatever is given, the
    rows of each area add up to it, in both directions.

    A row's ``change`` tells what happened to the land between its two areas. A row is a *part* of an area when it holds
    at least ``least_share`` of its land, and the largest row always is. An area that has one part alone goes over
    *whole*, unless it is no larger than a sliver. Then

    * ``kept``: each of the two areas has no other part; at most pieces at its edge went elsewhere or came from there;
    * ``split``: the old area has several parts, or new areas were cut from it whole;
    * ``merged``: the new area has several parts, or old areas joined it whole;
    * ``redrawn``: both at once;
    * ``moved``: a piece that is part of neither area changed hands, or an area no larger than a sliver did;
    * ``added``, ``gone``: land that no area held before, or that none holds any more;
    * ``sliver``: at most ``tolerance_m2`` with nobody on it, between two drawings of one border. It stands in the table
      so that totals add up, is no change, and is never the largest row of an area.

    The words go by land and never by ids: an ``area_id`` that survives a change of shape keeps its row to itself, and
    one that now names another place does not.

    Parameters
    ----------
    before, after : Plan or GeoDataFrame
        Two divisions of one town, each a plan or a table ``AREAS``, in one CRS.
    households : GeoDataFrame, optional
        Table ``HOUSEHOLDS``: each row counts where its point lies. Without it the counts of ``after`` are taken, shared
        out by land where an atom (or, in tables of areas, an area) went several ways; on land that is gone, those of
        ``before``.
    incidents : GeoDataFrame, optional
        Points, counted in column ``incidents``.
    level : str
        Of the areas compared. Areas that lie above one another in a building are one, with its footprint.
    tolerance_m2 : float, m2
        Largest sliver. Atoms that both plans have make none. So much may areas of one side overlap on an area of the
        other; that land counts twice.
    least_share : float
        From which share of an area on a row is a part of it.

    Returns
    -------
    DataFrame
        Table ``LINEAGE``, in order of both ids, missing ones last. ``attrs["lineage"]``: how households were counted
        (``by``: ``atoms``, ``land`` or ``points``) and how many households and incidents lie in no area of either side.

    Raises
    ------
    TableError
        If a side has no area, a row breaks its contract, the two have no land in common, or areas overlap.
    CrsError
        If the two, or the points, are not in one metric CRS.
    UnknownAreaError
        If a plan has no such level.

    Examples
    --------
    >>> gg.lineage(plan_2025, plan_2026)
      before_id after_id  households  area_m2 change
    0        G1       G1         412  88000.0   kept
    1        G2     G2-1         310  41000.0  split
    2        G2     G2-2         305  39500.0  split
    """
    _check_numbers(tolerance_m2, least_share)
    sides = (read_side(before, level, "before"), read_side(after, level, "after"))
    check_comparable(*sides)
    parts = cut_parts(*sides, tolerance_m2)
    alike = _are_alike(parts, sides)
    counted = [_counted_land(parts, sides, with_homes=households is None)]
    outside: dict[str, int] = {}
    by = "points" if households is not None else "atoms" if alike and isinstance(before, Plan) else "land"
    for name, points in (("households", households), ("incidents", incidents)):
        if points is not None:
            rows, outside[name] = _counted_points(points, sides, name)
            counted.append(rows)
    columns = ["households", "exact", *([] if incidents is None else ["incidents"]), "area_m2"]
    made = pd.concat(counted).groupby(_ENDS, dropna=False, sort=False)[columns].sum().reset_index()
    made = made.astype(dict.fromkeys(columns[:-1], "int64")).sort_values(_ENDS, ignore_index=True)
    made = made.astype(dict.fromkeys(_ENDS, "str"))
    made["change"] = pd.array(name_changes(made, tolerance_m2, least_share), dtype="str")
    made = made.drop(columns="exact")
    made.attrs["lineage"] = {"by": by, "outside": outside}
    return made


def _check_numbers(tolerance_m2: float, least_share: float) -> None:
    if not (np.isfinite(tolerance_m2) and tolerance_m2 >= 0):
        raise TableError(f"lineage: tolerance_m2 is {tolerance_m2!r}, not a number of square metres from 0 up")
    if not 0.0 < least_share <= 0.5:
        raise TableError(f"lineage: least_share is {least_share!r}, not above 0 and up to 0.5")


def _are_alike(parts: pd.DataFrame, sides: tuple[Side, Side]) -> bool:
    """Tell whether both sides are made of the same units."""
    return len(parts) == len(sides[0]) == len(sides[1]) and bool((parts[["before", "after"]] != NOTHING).all(axis=None))


def _counted_land(parts: pd.DataFrame, sides: tuple[Side, Side], *, with_homes: bool) -> pd.DataFrame:
    """Give the land of each part and, where they are not counted by points, its households."""
    homes = np.zeros(len(parts), dtype=np.int64)
    if with_homes:
        homes = share_out(parts, sides[1].households, "after")
        bare = (parts["after"] == NOTHING).to_numpy()
        homes[bare] = share_out(parts, sides[0].households, "before")[bare]
    return pd.DataFrame(
        {
            "before_id": _names(sides[0], parts["before"].to_numpy()),
            "after_id": _names(sides[1], parts["after"].to_numpy()),
            "households": homes,
            "incidents": 0,
            "area_m2": parts["area_m2"].to_numpy(),
            "exact": parts["exact"].to_numpy(),
        }
    )


def _counted_points(points: gpd.GeoDataFrame, sides: tuple[Side, Side], name: str) -> tuple[pd.DataFrame, int]:
    """Count points by the areas that hold them, and how many no area of either side does."""
    check(points, HOUSEHOLDS if name == "households" else INCIDENTS)
    weight = points["count"].to_numpy(dtype=np.int64) if name == "households" else np.ones(len(points), dtype=np.int64)
    units = [find_units(points, side, name) for side in sides]
    held = (units[0] != NOTHING) | (units[1] != NOTHING)
    ends = [_names(side, unit[held]) for side, unit in zip(sides, units, strict=True)]
    rows = {"households": 0, "incidents": 0, "area_m2": 0.0, "exact": 0} | {name: weight[held]}
    return pd.DataFrame({"before_id": ends[0], "after_id": ends[1], **rows}), int(weight[~held].sum())


def _names(side: Side, units: np.ndarray) -> np.ndarray:
    named = side.owner[units]
    named[units == NOTHING] = None
    return named


def name_changes(rows: pd.DataFrame, tolerance_m2: float, least_share: float) -> np.ndarray:
    """Name what happened between the two areas of each row; the words are told in ``lineage``.

    Parameters
    ----------
    rows : DataFrame
        ``before_id, after_id, households, area_m2``, one row a pair; perhaps ``incidents``, and ``exact``, above 0
        where units that both sides have went that way.
    tolerance_m2 : float, m2
    least_share : float

    Returns
    -------
    (n,) array of str
    """
    table = rows.reset_index(drop=True)
    both = table[_ENDS].notna().all(axis=1).to_numpy()
    shares, main = [], []
    for end in _ENDS:
        shares.append((table["area_m2"] / table.groupby(end)["area_m2"].transform("sum")).fillna(0.0).to_numpy())
        ranked = table[both].sort_values(["area_m2", "households", *_ENDS], ascending=[False, False, True, True])
        largest = np.zeros(len(table), dtype=bool)
        largest[ranked.index[~ranked.duplicated(end)]] = True
        main.append(largest)
    small = (table["area_m2"] <= tolerance_m2) & (table["households"] == 0)
    # A unit that both sides have was given to another area by somebody: however small, that is no sliver.
    for name in {"exact", "incidents"} & set(table.columns):
        small &= table[name] == 0
    sliver = small.to_numpy() & ~main[0] & ~main[1]
    part = [both & ~sliver & (largest | (share >= least_share)) for share, largest in zip(shares, main, strict=True)]
    parts = [_per_area(table, mask, end) for mask, end in zip(part, _ENDS, strict=True)]
    whole = [part[at] & (parts[at] == 1) & ~small.to_numpy() for at in (0, 1)]
    ways = _per_area(table, part[0] | whole[1], "before_id"), _per_area(table, part[1] | whole[0], "after_id")
    several = (ways[0] > 1) | (ways[1] > 1)
    piece = ~(part[0] & part[1]) & ~(several & (part[0] | part[1]))
    cases = [sliver, table["before_id"].isna(), table["after_id"].isna(), piece,
             (ways[0] > 1) & (ways[1] > 1), ways[0] > 1, ways[1] > 1]  # fmt: skip
    return np.select([np.asarray(case) for case in cases], [SLIVER, ADDED, GONE, MOVED, REDRAWN, SPLIT, MERGED], KEPT)


def _per_area(table: pd.DataFrame, mask: np.ndarray, end: str) -> np.ndarray:
    """Count the rows that a mask marks among those of the same area."""
    counts = pd.Series(mask).groupby(table[end]).transform("sum").fillna(0)
    return np.asarray(counts, dtype=np.int64)
