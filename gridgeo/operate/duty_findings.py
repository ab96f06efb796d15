"""Write down what is wrong with duties and overrides: one record a fault, one table for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.tables import FINDINGS, empty

KINDS = {
    "several_primaries": "error",
    "vacancy": "error",
    "unknown_officer": "error",
    "unknown_area": "error",
    "empty_duty": "error",
    "several_communities": "error",
    "conflicting_overrides": "error",
    "empty_override": "error",
    "no_resettlement_officer": "error",
    "no_primary": "warning",
    "repeated_duty": "warning",
    "scattered_areas": "warning",
    "too_few_staff": "warning",
    "overload": "warning",
    "origin_is_host": "warning",
    "too_many_staff": "note",
}
"""What can be found: kind -> severity, in the order in which findings are listed."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Parameters
    ----------
    kind : str
        A key of ``KINDS``.
    areas : sequence of str
        The areas concerned.
    message : str
        What is wrong, in one line.
    value, limit : float
        The figure, and the figure that it should not pass.
    quantity : str
        What ``value`` counts.
    officer_id : str
        Who is concerned; "" for nobody.
    valid_from, valid_to : date, optional
        From which day until which the fault lasts, where a period was judged.
    """

    kind: str
    areas: Sequence[str]
    message: str
    value: float = float("nan")
    limit: float = float("nan")
    quantity: str = ""
    officer_id: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


def tabulate(faults: Iterable[Fault], areas: gpd.GeoDataFrame, *, days: bool = False) -> gpd.GeoDataFrame:
    """Make the table of findings, each at the place of its areas.

    Parameters
    ----------
    faults : iterable of Fault
    areas : GeoDataFrame
        Table ``AREAS``; a finding about areas that are not in it has no place.
    days : bool
        Whether findings have ``valid_from`` and ``valid_to``.

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS`` with ``officer_id`` besides, in an order that depends only on what was found.
    """
    order = list(KINDS)
    rows = sorted(
        faults,
        key=lambda one: (order.index(one.kind), list(one.areas), one.valid_from or date.min, one.message),
    )
    further = ["officer_id", *(["valid_from", "valid_to"] if days else [])]
    if not rows:
        return empty(FINDINGS, areas.crs).assign(**{name: pd.Series(dtype=object) for name in further})
    index = pd.Index([f"F{number:04d}" for number in range(1, len(rows) + 1)], name="finding_id", dtype="str")
    table = pd.DataFrame(
        {
            "kind": [one.kind for one in rows],
            "severity": [KINDS[one.kind] for one in rows],
            "area_ids": [",".join(one.areas) for one in rows],
            **{name: [getattr(one, name) for one in rows] for name in ("value", "limit", "quantity", "message")},
            **{name: pd.Series([getattr(one, name) for one in rows], index=index, dtype=object) for name in further},
        },
        index=index,
    )
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(_places(rows, areas), index=index, crs=areas.crs))


def name_list(names: Sequence[str], most: int = 6) -> str:
    """Write names as a list a person reads: ``A, B and C``, or ``A, B and 7 more``."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _places(rows: Sequence[Fault], areas: gpd.GeoDataFrame) -> np.ndarray:
    """Give the place of each finding: the areas that it names, as one shape."""
    shapes = areas.geometry.to_numpy()
    ends = np.cumsum([len(one.areas) for one in rows])
    positions = areas.index.get_indexer(pd.Index([area for one in rows for area in one.areas], dtype=object))
    places = np.full(len(rows), None, dtype=object)
    for row, listed in enumerate(np.split(positions, ends[:-1])):
        found = listed[listed >= 0]
        if len(found):
            places[row] = shapes[found[0]] if len(found) == 1 else shapely.union_all(shapes[found])
    return places
