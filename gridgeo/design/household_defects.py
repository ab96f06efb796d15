"""Find households that no area holds, or several do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import TableError

from .findings import Finding
from .intake import Survey
from .point_defects import Points as Dwellings
from .point_defects import Uneven, Wording, point_defects, take_in_shapes

__all__ = ["Dwellings", "count_households", "household_defects", "take_in_households"]


def take_in_households(households: Any, crs: Any) -> Dwellings:
    """Read household points as they are; a row without a count stands for one household.

    Raises
    ------
    TableError
        If it is no table of points, or a count is no whole number of at least 1.
    CrsError
        If it is in another CRS.
    """
    attributes, points = take_in_shapes(households, "households", crs)
    wrong = ~np.isin(shapely.get_type_id(points), (-1, 0))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise TableError(f"households: row {row} is a {points[row].geom_type}, not a Point")
    named = attributes.get("count")
    count = np.ones(len(points)) if named is None else pd.to_numeric(named, errors="coerce").to_numpy(dtype=float)
    bad = ~(np.isfinite(count) & (count >= 1) & (count == np.floor(count)))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        value = attributes["count"].tolist()[row]
        raise TableError(f"households: count of row {row} is {value!r}, not a whole number of at least 1")
    return Dwellings(points, count.astype(np.int64))


def household_defects(
    survey: Survey,
    territory: shapely.Geometry,
    uneven: Uneven,
    dwellings: Dwellings,
    found: list[Finding],
    tolerance_m: float,
) -> Iterator[Finding]:
    """Find households that lie in no area or in several.

    Parameters
    ----------
    survey : Survey
    territory : Polygon or MultiPolygon
    uneven : Uneven
    dwellings : Dwellings
    found : list of Finding
        What is wrong with the areas: households in one gap are one finding.
    tolerance_m : float, metres

    Yields
    ------
    Finding
        ``household_in_none, household_in_several``.
    """
    wording = Wording("household", "household", "households")
    yield from point_defects(survey, territory, uneven, dwellings, wording, found, tolerance_m)
    if not dwellings.placed.all():
        total = int(dwellings.count[~dwellings.placed].sum())
        rows = int((~dwellings.placed).sum())
        yield Finding(
            "household_in_none", (), f"{total} households on {rows} rows have no point", None,
            float(total), 0.0, "households", households=float(total), pieces=rows,
        )  # fmt: skip


def count_households(found: list[Finding], dwellings: Dwellings) -> list[Finding]:
    """Add to each finding that has a surface the households that live there."""
    solid = [
        at for at, one in enumerate(found) if one.geometry is not None and shapely.get_dimensions(one.geometry) == 2
    ]
    totals = dwellings.total_in(np.array([found[at].geometry for at in solid], dtype=object))
    counted = list(found)
    for at, total in zip(solid, totals, strict=True):
        counted[at] = replace(found[at], households=float(total))
    return counted
