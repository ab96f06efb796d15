"""Gather what a page says about each area: counts, neighbours, officers, parent, incidents."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.plan import Plan
from gridgeo.model.tables import DUTIES, OFFICERS, conform

from .words import ROLES, say


def neighbour_pairs(plan: Plan, level: str, ids: pd.Index) -> np.ndarray:
    """List which areas of a level share a border that is more than a corner.

    Parameters
    ----------
    plan : Plan
    level : str
    ids : Index
        ``area_id`` in the order in which positions are counted.

    Returns
    -------
    array of int, shape (n, 2)
        Positions in ``ids``, the smaller first, sorted.
    """
    position = pd.Series(np.arange(len(ids)), index=ids)
    touching = plan.borders[plan.borders["length_m"] > 0]
    owner = plan.owner(level)
    sides = [position.reindex(owner.reindex(touching[side]).to_numpy()).to_numpy() for side in ("atom_a", "atom_b")]
    pairs = np.sort(np.column_stack(sides), axis=1)
    pairs = pairs[np.isfinite(pairs).all(axis=1)].astype(int)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0).reshape(-1, 2)


def neighbour_lists(pairs: np.ndarray, count: int) -> list[list[int]]:
    """Turn pairs of positions into the neighbours of each position, in order."""
    both = np.vstack([pairs, pairs[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    cuts = np.searchsorted(both[:, 0], np.arange(1, count))
    return [part.tolist() for part in np.split(both[:, 1], cuts)]


def officer_lines(
    officers: pd.DataFrame | None, duties: pd.DataFrame | None, at: date | None, language: str
) -> dict[str, list[list[str]]]:
    """Say who answers for each area.

    Parameters
    ----------
    officers : DataFrame, optional
        Table ``OFFICERS``. A phone is said only where this table carries one.
    duties : DataFrame, optional
        Table ``DUTIES``.
    at : date, optional
        The day; without it the duties that have no last day.
    language : str

    Returns
    -------
    dict of area_id to list of [name, role] or [name, role, phone]
    """
    if officers is None or duties is None:
        return {}
    officers, duties = conform(officers, OFFICERS), conform(duties, DUTIES)
    held = duties[_in_force(duties, at)].join(officers.drop(columns="role"), on="officer_id", how="inner")
    lines: dict[str, list[list[str]]] = {}
    for duty in held.itertuples():
        line = [str(duty.name), say(ROLES, str(duty.role), language)]
        phone = getattr(duty, "phone", None)
        if isinstance(phone, str) and phone:
            line.append(phone)
        lines.setdefault(str(duty.area_id), []).append(line)
    return lines


def _in_force(duties: pd.DataFrame, at: date | None) -> np.ndarray:
    """Tell which duties hold on a day: ``valid_from <= at < valid_to``; a missing end is open."""
    bounds = {}
    for name in ("valid_from", "valid_to"):
        column = duties[name] if name in duties else pd.Series(None, index=duties.index, dtype=object)
        bounds[name] = pd.to_datetime(column)
    if at is None:
        return bounds["valid_to"].isna().to_numpy()
    day = pd.Timestamp(at)
    begun = bounds["valid_from"].isna() | (bounds["valid_from"] <= day)
    return (begun & (bounds["valid_to"].isna() | (bounds["valid_to"] > day))).to_numpy()


def count_incidents(areas: gpd.GeoDataFrame, points: gpd.GeoSeries) -> np.ndarray:
    """Count points in each area; a point on a shared border counts in the area with the smaller id.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS`` in order of ``area_id``.
    points : GeoSeries of Point
        In the areas' CRS.

    Returns
    -------
    array of int
        In the order of ``areas``.
    """
    point, area = shapely.STRtree(areas.geometry.to_numpy()).query(points.to_numpy(), predicate="intersects")
    first = np.full(len(points), len(areas))
    np.minimum.at(first, point, area)
    return np.bincount(first, minlength=len(areas) + 1)[:-1]


def map_label(name: str, parent: str | None) -> str:
    """Shorten a name for the map by what the area around it says already.

    Examples
    --------
    >>> map_label("桥东社区第三网格", "桥东社区")
    '第三网格'
    """
    if parent and name.startswith(parent):
        return name[len(parent) :].lstrip(" -–·/,，、") or name
    return name


def short_label(label: str) -> str:
    """Keep the numbers of a label, if it has any: they still fit where the label does not.

    Examples
    --------
    >>> short_label("第2网格第3微网格")
    '2-3'
    """
    return "-".join(re.findall(r"\d+", label)) or label


def describe_areas(areas: gpd.GeoDataFrame, register: pd.DataFrame) -> pd.DataFrame:
    """Put together what is known about the areas of one level.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS``.
    register : DataFrame
        Index ``area_id``: names and parents of the areas of every level.

    Returns
    -------
    DataFrame
        Index ``area_id`` in order; ``code, name, parent, exclusive, label, short, households, persons, area_m2``.
    """
    inner = areas["level"] == Level.MICRO
    around = areas["parent_id"].mask(inner, areas["parent_id"].map(register["parent_id"]))
    parents = around.map(register["name"])
    names = areas["name"].where(areas["name"].notna() & (areas["name"] != ""), areas.index.to_series())
    labels = [map_label(str(name), _text(parent)) for name, parent in zip(names, parents, strict=True)]
    return pd.DataFrame(
        {
            "code": [_text(code) or "" for code in areas["code"]],
            "name": names.astype(str),
            "parent": [_text(parent) for parent in areas["parent_id"]],
            "exclusive": (areas["kind"] == AreaKind.EXCLUSIVE).to_numpy(),
            "label": labels,
            "short": [short_label(label) for label in labels],
            "households": areas["households"],
            "persons": areas["persons"],
            "area_m2": areas["area_m2"].round().astype(int),
        },
        index=areas.index,
    )


def _text(value: Any) -> str | None:
    """Read a text that may be missing."""
    return value if isinstance(value, str) and value else None
