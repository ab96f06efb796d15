"""Make the tables of a replay: where incidents lie, loads, ways, officers, dispatches and addresses."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .dispatch import dispatch
from .replay_ground import Ground

Posts = tuple[pd.DataFrame | None, pd.DataFrame | None]
"""Duties before and after."""
_DECIDED = ("state", "to", "unit", "area_id")
"""What of a dispatch is compared."""


def locate_incidents(incidents: gpd.GeoDataFrame, old: Ground | None, new: Ground) -> pd.DataFrame:
    """Tell in which area each incident lay and would lie.

    Parameters
    ----------
    incidents : GeoDataFrame
        Table ``INCIDENTS``.
    old, new : Ground
        Without ``old``, what column ``area_id`` says.

    Returns
    -------
    DataFrame
        Indexed like ``incidents``: ``area_before, area_after, changed``: both are known and differ, or one of two known
        divisions has no area there.
    """
    after = new.locate(incidents.geometry)
    if old is not None:
        before = old.locate(incidents.geometry)
    else:
        told = incidents["area_id"].to_numpy(dtype=object) if "area_id" in incidents else None
        before = pd.Series(told, index=incidents.index, dtype="str")
    same = ((before == after) | (before.isna() & after.isna())).fillna(False).to_numpy(dtype=bool)
    known = np.ones(len(incidents), dtype=bool) if old is not None else before.notna().to_numpy()
    return pd.DataFrame({"area_before": before, "area_after": after, "changed": ~same & known}, index=incidents.index)


def ways_from_middle(incidents: gpd.GeoDataFrame, areas: pd.Series, ground: Ground | None) -> np.ndarray:
    """Measure the straight way from the middle of its area to each incident.

    Parameters
    ----------
    incidents : GeoDataFrame
    areas : Series of str
        The area of each.
    ground : Ground, optional

    Returns
    -------
    array of float, metres
        nan where it lies in no area.
    """
    if ground is None:
        return np.full(len(incidents), np.nan)
    return _distances(areas.map(ground.middles).to_numpy(dtype=object), incidents.geometry.to_numpy())


def _distances(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Measure between pairs of points; nan where one is missing."""
    known = one.copy()
    known[pd.isna(one)] = None
    return np.asarray(shapely.distance(known, two), dtype=float)


def find_homes(ground: Ground, duties: pd.DataFrame | None, officers: pd.DataFrame | None) -> pd.DataFrame:
    """Find the area from which each officer sets out.

    Parameters
    ----------
    ground : Ground
        Where the homes are.
    duties : DataFrame, optional
        Table ``DUTIES``.
    officers : DataFrame, optional
        Table ``OFFICERS``, perhaps with a column ``home_area_id``; who is told.

    Returns
    -------
    DataFrame
        Index ``officer_id``, in order: ``home_area_id`` (missing where there is none) and ``home``, its middle.
    """
    if duties is None:
        return pd.DataFrame({"home_area_id": [], "home": []}, index=pd.Index([], name="officer_id"), dtype=object)
    posts = duties[["officer_id", "area_id"]].astype(object).drop_duplicates()
    if officers is not None:
        posts = posts[posts["officer_id"].isin(officers.index)]
    own = posts.assign(households=posts["area_id"].map(ground.areas["households"])).dropna()
    own = own.sort_values(["households", "area_id"], ascending=[False, True]).drop_duplicates("officer_id")
    home = own.set_index("officer_id")["area_id"]
    ids = pd.Index(sorted(set(posts["officer_id"]) if officers is None else officers.index), name="officer_id")
    home = home.reindex(ids).astype(object)
    if officers is not None and "home_area_id" in officers:
        stated = officers["home_area_id"].reindex(ids).astype(object)
        home = stated.where(stated.isin(ground.areas.index), home)
    return pd.DataFrame({"home_area_id": home.astype("str"), "home": home.map(ground.middles)}, index=ids)


def ways_of_officers(
    incidents: gpd.GeoDataFrame, areas: pd.Series, duties: pd.DataFrame | None, homes: pd.DataFrame
) -> np.ndarray:
    """Measure the straight way to each incident from the nearest home of its area's officers.

    Parameters
    ----------
    incidents : GeoDataFrame
    areas : Series of str
        The area of each.
    duties : DataFrame, optional
        Table ``DUTIES``.
    homes : DataFrame
        As ``find_homes`` gives them.

    Returns
    -------
    array of float, metres
        nan where no officer of the area has a home.
    """
    found = np.full(len(incidents), np.nan)
    if duties is not None:
        served = _served(incidents, areas, duties, homes)
        nearest = served.groupby("row")["way_m"].min().dropna()
        found[nearest.index.to_numpy(dtype=np.int64)] = nearest.to_numpy()
    return found


def _served(incidents: gpd.GeoDataFrame, areas: pd.Series, duties: pd.DataFrame, homes: pd.DataFrame) -> pd.DataFrame:
    """List which officer answers for the area of which incident: ``row, officer_id, way_m``."""
    posts = duties[["officer_id", "area_id"]].astype(object).drop_duplicates()
    posts = posts[posts["officer_id"].isin(homes.index)]
    asked = pd.DataFrame({"row": np.arange(len(areas)), "area_id": areas.to_numpy(dtype=object)}).dropna()
    made = asked.merge(posts, on="area_id")
    places = incidents.geometry.to_numpy()[made["row"].to_numpy(dtype=np.int64)]
    way = _distances(made["officer_id"].map(homes["home"]).to_numpy(dtype=object), places)
    return made[["row", "officer_id"]].assign(way_m=way)


def tabulate_loads(ground: Ground, told: pd.DataFrame, side: str) -> pd.DataFrame:
    """Count the incidents of each area.

    Parameters
    ----------
    ground : Ground
    told : DataFrame
        The incidents: ``area_<side>``, ``middle_<side>_m``.
    side : str
        ``"before"`` or ``"after"``.

    Returns
    -------
    DataFrame
        Index ``area_id``: ``households, incidents, per_1000_households, middle_mean_m, middle_max_m``.
    """
    ids = ground.areas.index
    ways = told.groupby(told[f"area_{side}"].to_numpy(dtype=object))[f"middle_{side}_m"]
    households = ground.areas["households"].astype("int64")
    counts = ways.size().reindex(ids, fill_value=0).astype("int64")
    return pd.DataFrame(
        {
            "households": households,
            "incidents": counts,
            "per_1000_households": 1000.0 * counts / households.where(households > 0),
            "middle_mean_m": ways.mean().reindex(ids).astype(float),
            "middle_max_m": ways.max().reindex(ids).astype(float),
        },
        index=ids,
    )


def tabulate_officers(
    incidents: gpd.GeoDataFrame, told: pd.DataFrame, posts: Posts, homes: pd.DataFrame
) -> pd.DataFrame:
    """Count the incidents that each officer would gain and lose.

    Parameters
    ----------
    incidents : GeoDataFrame
    told : DataFrame
        ``area_before, area_after`` of each.
    posts : pair of DataFrame
    homes : DataFrame
        As ``find_homes`` gives them.

    Returns
    -------
    DataFrame
        Index ``officer_id``: ``home_area_id, incidents_before, incidents_after, incidents_gained, incidents_lost,
        way_before_m, way_after_m``.
    """
    made = homes[["home_area_id"]].copy()
    pairs = {}
    for side, duties in zip(("before", "after"), posts, strict=True):
        rows = pd.DataFrame({"row": [], "officer_id": [], "way_m": []})
        if duties is not None:
            rows = _served(incidents, told[f"area_{side}"], duties, homes)
        pairs[side] = pd.MultiIndex.from_frame(rows[["officer_id", "row"]])
        by_officer = rows.groupby("officer_id")["way_m"]
        made[f"incidents_{side}"] = by_officer.size().reindex(made.index, fill_value=0).astype("int64")
        made[f"way_{side}_m"] = by_officer.mean().reindex(made.index).astype(float)
    for name, one, two in (("gained", "after", "before"), ("lost", "before", "after")):
        who = pairs[one][~pairs[one].isin(pairs[two])].get_level_values("officer_id")
        made[f"incidents_{name}"] = who.value_counts().reindex(made.index, fill_value=0).astype("int64")
    return made[["home_area_id", "incidents_before", "incidents_after", "incidents_gained", "incidents_lost",
                 "way_before_m", "way_after_m"]]  # fmt: skip


def tabulate_dispatches(
    incidents: gpd.GeoDataFrame,
    old: Ground | None,
    new: Ground,
    posts: Posts,
    officers: pd.DataFrame | None,
    options: dict[str, Any],
) -> pd.DataFrame:
    """Dispatch the incidents on both divisions.

    Parameters
    ----------
    incidents : GeoDataFrame
        Table ``INCIDENTS``.
    old, new : Ground
    posts : pair of DataFrame
    officers : DataFrame, optional
    options : dict
        Of ``dispatch``.

    Returns
    -------
    DataFrame
        Indexed like ``incidents``: ``state, to, unit, area_id`` with ``_before`` and ``_after``, and ``differs``;
        without rows where there are no duties. Without ``old``, what was before is missing and nothing differs.
    """
    columns = [f"{name}_{side}" for name in _DECIDED for side in ("before", "after")]
    if posts[1] is None:
        return pd.DataFrame(None, index=incidents.index[:0], columns=[*columns, "differs"], dtype=object)
    made = pd.DataFrame(None, index=incidents.index, columns=columns, dtype="str")
    for side, ground, duties in (("before", old, posts[0]), ("after", new, posts[1])):
        if ground is not None and duties is not None:
            sent = dispatch(incidents, ground.dispatch_index(), duties, officers=officers, areas=ground.tree, **options)
            for name in _DECIDED:
                made[f"{name}_{side}"] = sent[name]
    pairs = [made[[f"{name}_before", f"{name}_after"]].fillna("").to_numpy() for name in _DECIDED]
    differs = np.any([pair[:, 0] != pair[:, 1] for pair in pairs], axis=0)
    return made.assign(differs=differs & (old is not None))


def list_changed_addresses(addresses: gpd.GeoDataFrame | None, old: Ground | None, new: Ground) -> pd.DataFrame:
    """List the addresses that lie in another area than before.

    Parameters
    ----------
    addresses : GeoDataFrame, optional
        Points; column ``count``, where it is there, says how many households each stands for.
    old, new : Ground
        Without ``old``, what their column ``area_id`` says.

    Returns
    -------
    DataFrame
        Indexed like ``addresses``: ``area_before, area_after, count``.
    """
    if addresses is None:
        return pd.DataFrame({"area_before": [], "area_after": [], "count": []}, dtype=object)
    told = locate_incidents(addresses, old, new)
    count = addresses["count"].astype("int64") if "count" in addresses else pd.Series(1, index=addresses.index)
    return told.assign(count=count).loc[told["changed"], ["area_before", "area_after", "count"]]
