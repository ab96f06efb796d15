"""Write down what an audit finds: one record a cause, one table for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.tables import FINDINGS, empty

KINDS = {
    "missing_id": ("error", "name"),
    "duplicate_id": ("error", "name"),
    "empty_geometry": ("error", "draw"),
    "invalid_ring": ("error", "mend"),
    "duplicate": ("error", "drop"),
    "contained": ("error", "cut"),
    "overlap": ("error", "cut"),
    "missing_area": ("error", "decide"),
    "gap": ("error", "fill"),
    "open_gap": ("error", "fill"),
    "hole": ("error", "fill"),
    "outside_territory": ("error", "clip"),
    "jittered_edge": ("error", "redraw"),
    "outside_parent": ("error", "clip"),
    "wrong_parent": ("error", "decide"),
    "shifted_map": ("error", "shift"),
    "wrong_code": ("error", "decide"),
    "duplicate_code": ("error", "name"),
    "household_in_none": ("error", "cover"),
    "household_in_several": ("error", "cut"),
    "institution_in_none": ("error", "cover"),
    "institution_in_several": ("error", "cut"),
    "street_in_none": ("error", "cover"),
    "crossing_in_none": ("error", "cover"),
    "several_parts": ("warning", "decide"),
    "sliver_area": ("warning", "decide"),
    "unmatched_vertex": ("warning", "insert"),
    "hairline": ("note", "snap"),
}
"""What can be found: kind -> (severity, remedy), in the order in which they are listed.

Remedies: ``name`` the row, ``draw`` its polygon, ``mend`` its ring, ``drop`` the copy, ``cut`` what lies over another
area, ``fill`` the land into a neighbour, ``clip`` at the limit, ``redraw`` one edge for both sides, ``cover`` the
place, ``insert`` the vertex on the other side, ``snap`` the edges together, ``shift`` the whole map back, ``decide``: a
person must.
"""

NEEDS = {
    "outside_parent": "parents",
    "wrong_parent": "parents",
    "wrong_code": "codes",
    "duplicate_code": "codes",
    "household_in_none": "households",
    "household_in_several": "households",
    "institution_in_none": "places",
    "institution_in_several": "places",
    "street_in_none": "streets",
    "crossing_in_none": "streets",
}
"""Kinds that an audit looks for only where it is given more than areas and a territory, and what that is."""

_SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing an audit has to tell.

    Parameters
    ----------
    kind : str
        A key of ``KINDS``.
    areas : sequence of int
        Positions of the areas concerned, the culprit first where there is one.
    message : str
        What is wrong, where and how large, in one line.
    geometry : geometry or None
        The place.
    value, limit : float
        The figure, and the figure that should not be passed.
    quantity : str
        What ``value`` counts: ``m2``, ``m``, ``parts``, ``rows``, ``vertices``, ``hairlines``, ``households``,
        ``institutions`` or ``crossings``.
    area_m2, width_m, mean_width_m, length_m : float
        Of the place: its size, the largest circle in it, its mean width and its length along the border.
    gap_m2, overlap_m2, outside_m2 : float
        Land in no area, land counted more than once (each time more), land outside the territory.
    pieces : int
        How many separate pieces the place has.
    parents : tuple of str
        Parents concerned.
    severity, remedy : str
        Those of the kind unless said otherwise.
    cause : str
        A key of ``gridgeo.design.causes.CAUSES``: what probably made it so; "" where nothing points to one.
    because : int
        Position, in the list of findings, of the finding that this one follows from; -1 for none.
    """

    kind: str
    areas: Sequence[int]
    message: str
    geometry: shapely.Geometry | None = None
    value: float = float("nan")
    limit: float = float("nan")
    quantity: str = ""
    area_m2: float = float("nan")
    width_m: float = float("nan")
    mean_width_m: float = float("nan")
    length_m: float = float("nan")
    gap_m2: float = 0.0
    overlap_m2: float = 0.0
    outside_m2: float = 0.0
    pieces: int = 1
    parents: tuple[str, ...] = ()
    households: float = float("nan")
    severity: str = ""
    remedy: str = ""
    cause: str = ""
    because: int = -1

    @property
    def rank(self) -> tuple[int, int]:
        """Order findings by severity, then by kind."""
        severity = self.severity or KINDS[self.kind][0]
        return _SEVERITIES.index(severity), list(KINDS).index(self.kind)


_COLUMNS = (
    "kind", "severity", "area_ids", "value", "limit", "quantity", "message", "remedy", "area_m2", "width_m",
    "mean_width_m", "length_m", "households", "gap_m2", "overlap_m2", "outside_m2", "pieces", "parent_ids", "cause",
    "part_of",
)  # fmt: skip


def tabulate(found: Iterable[Finding], ids: np.ndarray, crs: Any) -> gpd.GeoDataFrame:
    """Make the table of findings, in an order that depends only on what was found.

    Parameters
    ----------
    found : iterable of Finding
    ids : array of str
        Of the areas.
    crs : CRS

    Returns
    -------
    GeoDataFrame
        Table ``FINDINGS`` with the columns ``remedy, area_m2, width_m, mean_width_m, length_m, households, gap_m2,
        overlap_m2, outside_m2, pieces, parent_ids, cause, part_of`` besides.
    """
    found = list(found)

    def place_in_list(at: int) -> tuple[Any, ...]:
        one = found[at]
        return (*one.rank, [str(ids[i]) for i in one.areas], _corner(one.geometry), one.message)

    order = sorted(range(len(found)), key=place_in_list)
    rows = [found[at] for at in order]
    index = pd.Index([f"F{number:04d}" for number in range(1, len(rows) + 1)], name="finding_id", dtype="str")
    number_of = dict(zip(order, index.tolist(), strict=True))
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for one in rows:
        severity, remedy = KINDS[one.kind]
        columns["severity"].append(one.severity or severity)
        columns["remedy"].append(one.remedy or remedy)
        columns["area_ids"].append(",".join(str(ids[i]) or "(no id)" for i in one.areas))
        columns["parent_ids"].append(",".join(one.parents))
        columns["part_of"].append(number_of.get(one.because, ""))
        for name in set(_COLUMNS) - {"severity", "remedy", "area_ids", "parent_ids", "part_of"}:
            columns[name].append(getattr(one, name))
    if not rows:
        frame = empty(FINDINGS, crs)
        return frame.assign(**{name: pd.Series(dtype=object) for name in _COLUMNS if name not in frame.columns})
    return gpd.GeoDataFrame(
        columns, geometry=gpd.GeoSeries([one.geometry for one in rows], index=index, crs=crs), index=index
    )


def _corner(shape: shapely.Geometry | None) -> tuple[float, ...]:
    if shape is None or shapely.is_empty(shape):
        return (np.inf,) * 4
    return tuple(float(bound) for bound in shapely.bounds(shape))


def name_list(names: Iterable[str], most: int = 6) -> str:
    """Write names as a list a person reads: ``A, B and C``, or ``A, B and 7 more``."""
    names = list(names)
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def size_text(area_m2: float) -> str:
    """Write a size: ``12,345 m2``, with decimals where it is small."""
    if area_m2 >= 1000:
        return f"{area_m2:,.0f} m2"
    return f"{area_m2:.4g} m2" if area_m2 >= 1 else f"{area_m2:.2g} m2"


def width_text(width_m: float) -> str:
    """Write a width: ``12.3 m``, ``4.5 cm`` or ``0.8 mm``."""
    if width_m >= 1:
        return f"{width_m:,.1f} m"
    return f"{width_m * 100:.1f} cm" if width_m >= 0.01 else f"{width_m * 1000:.2g} mm"
