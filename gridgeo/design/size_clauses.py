"""Judge size: what each area holds against the bands that a profile states."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.bands import has_ends, highest, lowest, say_amount, say_band
from gridgeo.model.profile import Limits

from .evidence import Evidence
from .verdicts import FAILS, HOLDS, Fault, Verdict, unjudged


def judge_band(evidence: Evidence, level: str, limits: Limits) -> Verdict:
    """Judge a band at a level; an institution's own area is judged by its own band alone.

    Parameters
    ----------
    evidence : Evidence
    level : str
    limits : Limits

    Returns
    -------
    Verdict
        ``figure``: how many areas lie outside the band.
    """
    if not evidence.holds(level):
        return unjudged(limits.measure, "no_level", str(level), level=level, band=limits)
    ordinary = evidence.ordinary(level)
    return _judge(evidence, level, limits, limits.measure, set(ordinary.index[ordinary]))


def judge_site_band(evidence: Evidence, level: str, kind: str, limits: Limits) -> Verdict:
    """Judge the band of the institutions of one kind.

    Parameters
    ----------
    evidence : Evidence
        Its ``places`` tell by their column ``kind`` which area is whose.
    level : str
    kind : str
        Such as ``"commercial"``.
    limits : Limits

    Returns
    -------
    Verdict
    """
    point = f"{kind}_{limits.measure}"
    if not evidence.holds(level):
        return unjudged(point, "no_level", str(level), level=level, band=limits)
    places = evidence.places
    if places is None or "kind" not in places:
        return unjudged(point, "no_input", "places with a column kind", level=level, band=limits)
    areas = evidence.areas(level)[~evidence.ordinary(level)]
    sites = places[(places["kind"] == kind) & (places.geom_type != "Point")]
    return _judge(evidence, level, limits, point, set(areas.index[main_site(areas.geometry.to_numpy(), sites)]))


def main_site(areas: np.ndarray, sites: gpd.GeoDataFrame) -> np.ndarray:
    """Tell which areas lie for more than half in one of the sites."""
    shapes = sites.geometry.to_numpy()
    area, site = shapely.STRtree(shapes).query(areas, predicate="intersects").reshape(2, -1)
    shared = shapely.area(shapely.intersection(areas[area], shapes[site]))
    most = np.zeros(len(areas))
    np.maximum.at(most, area, shared)
    return most > shapely.area(areas) / 2


def _judge(evidence: Evidence, level: str, limits: Limits, point: str, judged: set[str]) -> Verdict:
    held = evidence.held(level, limits.measure)
    if held is None:
        return unjudged(point, "not_counted", limits.measure.replace("_", " "), level=level, band=limits)
    held = held[held["area_id"].isin(judged)]
    if not len(held):
        return unjudged(point, "nothing", level=level, band=limits)
    amounts = held["amount"]
    ends: dict[str, Any] = {
        "judged": len(held),
        "least": float(amounts.min()),
        "most": float(amounts.max()),
        "band": limits,
    }
    if not has_ends(limits):
        mean = float(amounts.mean())
        return unjudged(
            point,
            "target_only",
            level=level,
            figure=mean,
            limit=float(limits.target),
            quantity=f"{limits.measure} in the mean",
            **ends,
        )
    low, high = lowest(limits), highest(limits)
    outside = (amounts < (0 if low is None else low)) | (amounts > (np.inf if high is None else high))
    places = evidence.areas(level).geometry
    faults = tuple(_fault(row, limits, places[row["area_id"]]) for _, row in held[outside].iterrows())
    state = FAILS if faults else HOLDS
    return Verdict(point, state, level, float(len(faults)), 0.0, "areas", faults=faults, **ends)


def _fault(row: pd.Series, limits: Limits, place: shapely.Geometry) -> Fault:
    amount = float(row["amount"])
    passed = limits.low if amount < limits.low else limits.high
    said = say_amount(round(amount), limits.measure)
    name = str(row.name)
    message = f"{name!r} holds {said}, {'below' if amount < limits.low else 'above'} {say_band(limits, unit=False)}"
    own = (name,) if name == row["area_id"] else (str(row["area_id"]), name)
    return Fault("band", own, message, place, amount, float(passed), limits.measure)
