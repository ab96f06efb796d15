"""Say what came of holding a plan against one point of a clause, and where it fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gridgeo.model.profile import Limits
from gridgeo.model.tables import FINDINGS, empty

HOLDS, FAILS, UNJUDGED = "holds", "fails", "cannot be judged"
STATES = (FAILS, UNJUDGED, HOLDS)
"""What may come of a clause, the gravest first."""

SEVERITY_OF = {"hard": "error", "soft": "warning", "may": "note"}
"""How grave it is to miss a clause of each strength."""

REASONS = {
    "words": "it is stated in words; the profile gives no figure that a plan can be held against",
    "rest_in_words": "what can be measured holds; the rest is stated in words",
    "permission": "it permits and demands nothing",
    "unstated": "the source leaves open {missing}",
    "target_only": "a target is stated and no band, so no area misses it",
    "no_share": "how large a share is enough is not stated",
    "no_level": "the plan has no level {missing}",
    "no_input": "not given: {missing}",
    "empty": "given without a row that counts: {missing}",
    "not_counted": "the plan does not count {missing}",
    "nothing": "the plan holds nothing that it speaks of",
    "no_day": "duties hold on certain days, and no day was named",
    "no_role": "no duty has the role {missing}",
}
"""Why a clause cannot be judged."""


@dataclass(frozen=True)
class Fault:
    """One place where a plan fails a clause.

    Parameters
    ----------
    kind : str
        What is wrong: ``band``, ``outside_parent``, ``unit_cut`` ...
    areas : tuple of str
        The areas concerned.
    message : str
        What is wrong, in one line.
    place : geometry, optional
    value, limit : float
        The figure, and the figure that it passes.
    quantity : str
        What ``value`` counts.
    thing : str
        What it concerns besides areas: a household, a building, an officer.
    """

    kind: str
    areas: tuple[str, ...]
    message: str
    place: shapely.Geometry | None = None
    value: float = float("nan")
    limit: float = float("nan")
    quantity: str = ""
    thing: str = ""


@dataclass(frozen=True)
class Verdict:
    """What came of one point of a clause.

    Parameters
    ----------
    point : str
        What was judged: ``households``, ``nesting``, ``one_piece``, ``cover_streets`` ...
    state : str
        One of ``STATES``.
    level : str
        The level that was judged, where the point speaks of one.
    figure, limit : float
        What was measured, and what it is held against; nan where there is none.
    quantity : str
        What ``figure`` is: a ``share``, or how many ``areas``, ``units`` ... fail.
    judged : int
        How many areas, units, points ... were looked at.
    least, most : float
        The ends of what was measured area by area.
    band : Limits, optional
        The band that was judged.
    reason, missing : str
        Why it cannot be judged, a key of ``REASONS``, and what is missing.
    faults : tuple of Fault
    """

    point: str
    state: str
    level: str = ""
    figure: float = float("nan")
    limit: float = float("nan")
    quantity: str = ""
    judged: int = 0
    least: float = float("nan")
    most: float = float("nan")
    band: Limits | None = None
    reason: str = ""
    missing: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def why(self) -> str:
        """Say why it cannot be judged; empty where it was."""
        return REASONS[self.reason].format(missing=self.missing) if self.reason else ""

    def not_enough(self) -> Verdict:
        """Give the verdict of a clause of which this is one part only: the part can fail it, and cannot prove it."""
        return replace(self, state=UNJUDGED, reason="rest_in_words") if self.state == HOLDS else self


def unjudged(point: str, reason: str, missing: str = "", *, level: str = "", **figures: Any) -> Verdict:
    """Say that a point cannot be judged, and why."""
    return Verdict(point, UNJUDGED, level, reason=reason, missing=missing, **figures)


def count_faults(
    point: str, level: str, judged: int, faults: Sequence[Fault], quantity: str = "areas", *, failing: int | None = None
) -> Verdict:
    """Judge by counting: none may fail. What there is none of cannot be judged.

    Parameters
    ----------
    point, level : str
    judged : int
        How many were looked at.
    faults : sequence of Fault
    quantity : str
        What is counted.
    failing : int, optional
        How many fail; without it one a fault.
    """
    if not judged:
        return unjudged(point, "nothing", level=level)
    count = len(faults) if failing is None else failing
    state = FAILS if count else HOLDS
    return Verdict(point, state, level, float(count), 0.0, quantity, judged, faults=tuple(faults))


_COLUMNS = ("clause", "level", "kind", "severity", "area_ids", "thing", "value", "limit", "quantity", "message")


def tabulate_faults(found: Iterable[tuple[str, str, Verdict]], crs: Any) -> gpd.GeoDataFrame:
    """Make table ``FINDINGS`` of the places where clauses fail.

    Parameters
    ----------
    found : iterable of (clause, strength, Verdict)
        In the order of the clauses.
    crs : CRS

    Returns
    -------
    GeoDataFrame
        With the columns ``clause``, ``level`` and ``thing`` besides.
    """
    rows, places = [], []
    for clause, strength, verdict in found:
        for fault in sorted(verdict.faults, key=lambda each: (each.areas, each.message)):
            severity = SEVERITY_OF[strength]
            row = (clause, verdict.level, fault.kind, severity, ",".join(fault.areas), fault.thing)
            rows.append((*row, fault.value, fault.limit, fault.quantity, fault.message))
            places.append(fault.place)
    if not rows:
        frame = empty(FINDINGS, crs)
        return frame.assign(**{name: pd.Series(dtype=object) for name in ("clause", "level", "thing")})
    index = pd.Index([f"F{number:04d}" for number in range(1, len(rows) + 1)], name="finding_id", dtype="str")
    table = pd.DataFrame(rows, columns=list(_COLUMNS), index=index)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(places, index=index, crs=crs), crs=crs)
