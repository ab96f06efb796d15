"""Measure the length of street that officers on duty patrolled, of each street, of each area, and day by day.

A place on a street is patrolled when a track passes within reach of it, in a stretch that is long enough: crossing a
street is not patrolling it. What several officers patrolled counts once. A street on the border of two areas counts
half for each, so that the areas' lengths add up to that of the streets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import TableError
from gridgeo.model.tables import STREETS, check

from .street_pieces import Amount, Floats, Ints, Pieces, cut_streets, join_spans, spans_near
from .track_steps import Gaps, Steps, make_steps
from .visit_records import read_zone

ROUGH_M = 50.0
"""Points of a worse accuracy may lie on another street."""
FARTHEST_M = 500.0
"""Between two points farther apart nobody knows the way."""
_BEAT = "street"
"""The kind of lines that are patrolled."""
_AT_ONCE = 200_000
"""Steps that are matched at a time, to bound the memory."""
_ROUNDING_M = 1e-6


def patrolled_length(
    track_points: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    *,
    within_m: float = 20.0,
    max_gap_s: float = 120.0,
    max_gap_m: float = FARTHEST_M,
    max_speed_m_s: float = 35.0,
    least_m: float = 50.0,
    areas: gpd.GeoDataFrame | None = None,
    officers: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Measure the length of street that officers on duty patrolled.

    Parameters
    ----------
    track_points : GeoDataFrame
        Table ``TRACK_POINTS``: many rows an officer, in any order. What is off duty does not count, nor do points of an
        accuracy worse than ``ROUGH_M``.
    streets : GeoDataFrame
        Table ``STREETS``; lines of another kind, such as rivers, are nobody's beat.
    within_m : float, metres
        How far from a street's line a track may pass. A parallel street within it counts too.
    max_gap_s, max_gap_m, max_speed_m_s : float; seconds, metres, metres a second
        A track is parted between two points that are farther apart, or that nobody moves between so fast.
    least_m : float, metres
        Shorter stretches in one run of a track do not count, unless they are the whole street: a crossing is about
        twice ``within_m`` long.
    areas : GeoDataFrame, optional
        With an index ``area_id``: measure areas in place of streets.
    officers : DataFrame, optional
        Table ``OFFICERS``: tracks of anybody else are refused.

    Returns
    -------
    DataFrame
        Indexed like the streets, or like ``areas``: ``length_m``, ``patrolled_m`` and ``share``, missing
        where there is no street.

    Raises
    ------
    TableError
        If a table breaks its contract, an instant has no time zone, or a limit is not above 0.
    CrsError
        If the tables do not share one metric CRS, or points are at (0, 0), in degrees or have swapped axes.
    """
    gaps = Gaps(max_gap_s, max_gap_m, max_speed_m_s, ROUGH_M)
    network = _Network.of(streets, areas)
    steps = make_steps(track_points, streets, gaps, officers)
    spans = _patrolled_spans(network.pieces, steps, within_m, least_m)
    return network.measure(spans)


def daily_patrols(
    track_points: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame | None = None,
    *,
    zone: str = "Asia/Shanghai",
    within_m: float = 20.0,
    max_gap_s: float = 120.0,
    max_speed_m_s: float = 35.0,
    least_m: float = 50.0,
    officers: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Measure day by day how much of each area's streets was patrolled.

    Parameters
    ----------
    track_points, streets, areas, within_m, max_gap_s, max_speed_m_s, least_m, officers
        As ``patrolled_length``; without areas the streets are told.
    zone : str
        Time zone whose days count.

    Returns
    -------
    DataFrame
        Indexed by ``day`` and ``area_id`` (or ``street_id``), every day from the first to the last of the steps, those
        without a patrol too; columns as ``patrolled_length``. Empty where nobody moved on duty.

    Raises
    ------
    TableError, CrsError
        As ``patrolled_length``, or if there is no such time zone.
    """
    here = read_zone(zone)
    gaps = Gaps(max_gap_s, FARTHEST_M, max_speed_m_s, ROUGH_M)
    network = _Network.of(streets, areas)
    steps = make_steps(track_points, streets, gaps, officers)
    day = steps.at.tz_convert(here).tz_localize(None).normalize()
    told: dict[pd.Timestamp, pd.DataFrame] = {}
    days = pd.date_range(day.min(), day.max(), freq="D") if len(day) else pd.DatetimeIndex([])
    for today in days:
        chosen = np.flatnonzero(day == today)
        some = Steps(steps.start[chosen], steps.end[chosen], steps.run[chosen], steps.at[chosen])
        told[today] = network.measure(_patrolled_spans(network.pieces, some, within_m, least_m))
    if told:
        return pd.concat(told, names=["day"])
    nobody = network.measure((np.empty(0), np.empty(0)))
    return pd.concat({pd.Timestamp(0): nobody}, names=["day"]).iloc[:0]


@dataclass(frozen=True)
class _Network:
    """Streets as pieces, and what is told about them: the streets themselves, or areas."""

    pieces: Pieces
    index: pd.Index
    group: Ints
    begins: Floats
    ends: Floats

    @classmethod
    def of(cls, streets: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None) -> _Network:
        check(streets, STREETS)
        chosen = streets[streets["kind"] == _BEAT]
        pieces = cut_streets(chosen)
        if areas is None:
            begins, ends = pieces.line_spans()
            street = pieces.street[np.flatnonzero(np.diff(pieces.line, prepend=-1))]
            return cls(pieces, chosen.index, street, begins, ends)
        _check_areas(areas)
        check_same_crs(("streets", streets), ("areas", areas))
        return cls(pieces, areas.index, *_spans_inside(pieces, areas))

    def measure(self, spans: tuple[Floats, Floats]) -> pd.DataFrame:
        """Measure the lengths and how much of them the spans cover; what several claim is shared among them."""
        places = np.unique(np.concatenate([self.begins, self.ends]))
        changes = np.zeros(len(places), dtype=np.int64)
        np.add.at(changes, np.searchsorted(places, self.begins), 1)
        np.add.at(changes, np.searchsorted(places, self.ends), -1)
        claims = np.cumsum(changes)[:-1]
        share = np.divide(1.0, claims, out=np.zeros(len(claims)), where=claims > 0)
        patrolled = Amount(*spans).between(places[:-1], places[1:])
        made = {}
        for name, amount in (("length_m", np.diff(places)), ("patrolled_m", patrolled)):
            total = np.concatenate([[0.0], np.cumsum(amount * share)])
            first, last = (total[np.searchsorted(places, ends)] for ends in (self.begins, self.ends))
            made[name] = np.bincount(self.group, last - first, minlength=len(self.index)) if len(places) else 0.0
        table = pd.DataFrame(made, index=self.index)
        return table.assign(share=(table["patrolled_m"] / table["length_m"].where(table["length_m"] > 0)).clip(0, 1))


def _check_areas(areas: gpd.GeoDataFrame) -> None:
    if areas.index.name != "area_id" or not areas.index.is_unique:
        raise TableError(f"areas: the index is {areas.index.name!r}, it must be a unique area_id")
    broken = ~shapely.is_valid(areas.geometry.to_numpy())
    if broken.any():
        raise TableError(f"areas: geometry of {areas.index[broken][0]!r} is missing or invalid; mend it first")


def _spans_inside(pieces: Pieces, areas: gpd.GeoDataFrame) -> tuple[Ints, Floats, Floats]:
    """Find which spans of the streets lie in each area, borders included."""
    lines, shapes = pieces.shapes(), areas.geometry.to_numpy()
    area, piece = shapely.STRtree(lines).query(shapes, predicate="intersects")
    parts, pair = shapely.get_parts(shapely.intersection(lines[piece], shapes[area]), return_index=True)
    is_line = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    parts, pair = parts[is_line], pair[is_line]
    area, piece = area[pair].astype(np.int64), piece[pair]
    places = []
    for end in (0, -1):
        corner = shapely.get_point(parts, end)
        from_start = np.column_stack([shapely.get_x(corner), shapely.get_y(corner)]) - pieces.start[piece]
        along = np.clip((from_start * pieces.way[piece]).sum(axis=1), 0.0, pieces.length[piece])
        places.append(pieces.begins[piece] + along)
    return join_spans(area, np.minimum(*places), np.maximum(*places))


def _patrolled_spans(pieces: Pieces, steps: Steps, within_m: float, least_m: float) -> tuple[Floats, Floats]:
    """Find the spans of streets that runs of tracks passed, those that are long enough, each once."""
    if not within_m > 0 or not least_m >= 0:
        raise TableError(f"patrol: within_m {within_m} is not above 0, or least_m {least_m} below 0")
    if not len(pieces.line) or not len(steps.run):
        return np.empty(0), np.empty(0)
    first, last = pieces.line_spans()
    lines = np.unique(pieces.line)
    needed = np.minimum(least_m, last - first) - _ROUNDING_M
    found = [np.concatenate(columns) for columns in zip(*_passed(pieces, steps, within_m), strict=True)]
    group, begins, ends = join_spans(found[0], found[1], found[2])
    long = ends - begins >= needed[np.searchsorted(lines, group % (lines[-1] + 1))]
    _, begins, ends = join_spans(np.zeros(int(long.sum()), dtype=np.int64), begins[long], ends[long])
    return begins, ends


def _passed(pieces: Pieces, steps: Steps, within_m: float) -> Iterator[tuple[Ints, Floats, Floats]]:
    """Give the spans that single steps pass, with a number for their run and line."""
    tree = shapely.STRtree(pieces.shapes())
    lines = pieces.line.max() + 1
    for at in range(0, len(steps.run), _AT_ONCE):
        some = slice(at, at + _AT_ONCE)
        start, end, run = steps.start[some], steps.end[some], steps.run[some]
        walked = np.asarray(shapely.linestrings(np.stack([start, end], axis=1)))
        step, piece = tree.query(walked, predicate="dwithin", distance=within_m)
        begins, ends = spans_near(pieces, piece, start[step], end[step], within_m)
        good = ends > begins
        yield (run[step] * lines + pieces.line[piece])[good], begins[good], ends[good]
