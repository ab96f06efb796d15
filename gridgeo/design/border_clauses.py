"""Judge borders: what of them runs on streets, rivers, railways and walls."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from gridgeo.model.levels import Level, StreetKind

from .evidence import Evidence
from .findings import width_text
from .verdicts import FAILS, HOLDS, Fault, Verdict, unjudged


def judge_streets(evidence: Evidence, level: str, *, is_hard: bool) -> Verdict:
    """Judge whether the borders between areas of one community run on streets.

    Parameters
    ----------
    evidence : Evidence
        Its ``street_share`` is the share that is asked for. Without it a hard clause asks for all, and a soft one
        leaves open how much is enough.
    level : str
    is_hard : bool

    Returns
    -------
    Verdict
        ``figure``: the share of their length.
    """
    asked = evidence.street_share if evidence.street_share is not None else 1.0 if is_hard else None
    return _judge(evidence, level, "on_streets", (StreetKind.STREET,), asked)


def judge_features(evidence: Evidence, level: str) -> Verdict:
    """Judge whether inner borders run on streets, rivers, railways or walls; they may run on what was not given."""
    return _judge(evidence, level, "on_features", tuple(StreetKind), evidence.street_share)


def inner_borders(evidence: Evidence, level: str) -> list[tuple[str, str, shapely.Geometry]]:
    """List the borders between areas of one community; of beats, between all.

    Returns
    -------
    list of (area, area, line)
    """
    areas = evidence.areas(level)
    shapes, community = areas.geometry.to_numpy(), areas["community"].to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects").reshape(2, -1)
    inner = (first < second) & ((community[first] == community[second]) | (level == Level.BEAT))
    first, second = first[inner], second[inner]
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    lines = shapely.intersection(shapely.boundary(shapes[first]), shapely.boundary(shapes[second]))
    names = areas.index
    return [
        (names[one], names[other], line)
        for one, other, line in zip(first, second, lines, strict=True)
        if shapely.length(line) > 0
    ]


def _judge(evidence: Evidence, level: str, point: str, kinds: tuple[StreetKind, ...], asked: float | None) -> Verdict:
    if not evidence.holds(level):
        return unjudged(point, "no_level", str(level), level=level)
    streets = evidence.streets
    if streets is None:
        return unjudged(point, "no_input", "streets", level=level)
    followed = streets[streets["kind"].isin([str(kind) for kind in kinds])].geometry.to_numpy()
    borders = inner_borders(evidence, level)
    if not (len(followed) and borders):
        return unjudged(point, "nothing" if len(followed) else "empty", "streets", level=level)
    return _measure(point, level, borders, followed, asked, evidence.street_m)


def _measure(
    point: str,
    level: str,
    borders: list[tuple[str, str, shapely.Geometry]],
    followed: np.ndarray,
    asked: float | None,
    near_m: float,
) -> Verdict:
    """Measure what of the borders runs near what they should follow."""
    lines = np.array([line for _, _, line in borders], dtype=object)
    off = _away_from(lines, followed, near_m)
    length = shapely.length(lines).sum()
    share = float(1 - shapely.length(off).sum() / length)
    judged: dict[str, Any] = {"figure": share, "quantity": "share", "judged": len(borders)}
    if asked is None:
        if share < 1:
            return unjudged(point, "no_share", level=level, **judged)
        return Verdict(point, HOLDS, level, limit=1.0, **judged)
    faults = tuple(
        Fault("off_street", (one, other), f"{width_text(rest.length)} of the border of {one!r} and {other!r} leave "
              "the streets", rest, float(rest.length), 0.0, "m")
        for (one, other, _), rest in zip(borders, off, strict=True)
        if rest.length > near_m and share < asked
    )  # fmt: skip
    return Verdict(point, HOLDS if share >= asked else FAILS, level, limit=asked, faults=faults, **judged)


def _away_from(lines: np.ndarray, followed: np.ndarray, near_m: float) -> np.ndarray:
    """Cut off what of each line runs near what it should follow."""
    tree = shapely.STRtree(followed)
    line, street = tree.query(lines, predicate="dwithin", distance=near_m)
    rest = lines.copy()
    for at in np.unique(line):
        beside = shapely.union_all(shapely.buffer(followed[street[line == at]], near_m, quad_segs=4))
        rest[at] = shapely.difference(lines[at], beside)
    return rest
