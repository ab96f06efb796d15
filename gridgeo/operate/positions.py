"""Keep the last place of every officer on duty, and tell who is nearest to a place or inside a polygon.

Only officers have positions: an id that is not in the table of officers is refused, and the place of an officer who
goes off duty is forgotten at once. Layers that hardly move (hydrants, cameras, duty areas) need none of this:
``geopandas.sjoin_nearest`` and ``AreaIndex`` answer for them.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from math import inf, sqrt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gridgeo.model.crs import check_metric
from gridgeo.model.errors import TableError
from gridgeo.model.tables import OFFICERS, check

from .duties import officers_for
from .position_buckets import NO_CELL, Buckets, number_cells
from .position_places import Extent, read_polygon
from .position_rows import SECOND, Batch, find_faults, first_fault, microseconds, read_batch

_NEVER = -(2**62)
_FEW = 64
"""Officers that are measured one by one; more are measured together."""


class NearOfficer(NamedTuple):
    """An officer on duty near a place.

    Parameters
    ----------
    officer_id, role : str
        As in table ``OFFICERS``.
    distance_m : float, metres
    age_s : float, seconds
        Since the position was taken; 0 where the device's clock is ahead.
    x, y : float, metres
    accuracy_m : float, metres
        nan where unknown.
    """

    officer_id: str
    role: str
    distance_m: float
    age_s: float
    x: float
    y: float
    accuracy_m: float


class LivePositions:
    """The last places of all officers on duty, in memory.

    One lock guards every call, so threads may share an object; each process keeps its own.

    Parameters
    ----------
    officers : DataFrame
        Table ``OFFICERS``: nobody else has a position.
    crs : CRS
        Metric: of all coordinates given and told.
    duties : DataFrame, optional
        Table ``DUTIES``: needed to ask for the officers of certain areas.
    bounds : four floats, optional
        West, south, east, north of the territory, metres. Positions farther beyond it than it is wide are refused;
        without it, those outside of the CRS's area of use.
    zone : str
        Time zone whose days duties are counted in.
    max_ahead_s : float, seconds
        How far a device's clock may be ahead of the service's.
    cell_m : float, metres
        Side of the cells in which officers are looked up; it changes the speed and never the answer.

    Attributes
    ----------
    counts : dict of str to int
        Updates so far: ``taken``; ``late`` (not newer than what is known), ``ahead`` (of the service's clock),
        ``unknown`` (nobody in ``officers``) and ``misplaced``, all ignored.

    Raises
    ------
    TableError
        If ``officers`` breaks its contract, or the time zone or a limit is none.
    CrsError
        If the CRS is not metric.
    """

    def __init__(
        self,
        officers: pd.DataFrame,
        crs: Any,
        *,
        duties: pd.DataFrame | None = None,
        bounds: Sequence[float] | None = None,
        zone: str = "Asia/Shanghai",
        max_ahead_s: float = 60.0,
        cell_m: float = 250.0,
    ) -> None:
        check(officers, OFFICERS)
        check_metric(crs, "positions")
        if not 1.0 <= cell_m < inf or not 0.0 <= max_ahead_s < inf:
            raise TableError(f"positions: cell_m {cell_m} is below 1, or max_ahead_s {max_ahead_s} below 0")
        self.crs = CRS.from_user_input(crs)
        self.counts = dict.fromkeys(("taken", "late", "ahead", "unknown", "misplaced"), 0)
        self._officers = officers.sort_index()
        self._duties, self._zone = duties, _read_zone(zone)
        self._ids: list[str] = self._officers.index.to_list()
        self._rows = {officer: row for row, officer in enumerate(self._ids)}
        self._roles: list[str] = self._officers["role"].to_list()
        self._many_roles, names = pd.factorize(self._officers["role"])
        self._known_roles = {str(name): code for code, name in enumerate(names)}
        self._extent = Extent(self.crs, bounds)
        self._ahead = round(max_ahead_s * SECOND)
        self._buckets, self._lock = Buckets(cell_m), threading.Lock()
        self._held: tuple[date, dict[str, list[int]]] | None = None
        size = max(len(self._ids), 1)  # numpy looks at no memory of length 0
        # Single values are quicker in an array.array, many in numpy: both look at the same memory.
        self._x, self._y, self._accuracy = (array("d", [np.nan]) * size for _ in range(3))
        self._stamp, self._cell = array("q", [_NEVER]) * size, array("q", [NO_CELL]) * size
        self._many_x, self._many_y = np.frombuffer(self._x), np.frombuffer(self._y)
        self._many_accuracy = np.frombuffer(self._accuracy)
        self._many_stamps = np.frombuffer(self._stamp, dtype=np.int64)
        self._many_cells = np.frombuffer(self._cell, dtype=np.int64)

    def __len__(self) -> int:
        """Count the officers on duty whose place is known."""
        return len(self._buckets)

    def update(
        self,
        officer_id: str,
        x: float,
        y: float,
        at: datetime,
        on_duty: bool = True,
        accuracy_m: float | None = None,
        *,
        received_at: datetime | None = None,
    ) -> bool:
        """Take the new position of one officer.

        Parameters
        ----------
        officer_id : str
        x, y : float, metres
            Not looked at, and not kept, where the officer is off duty.
        at : datetime with a time zone
            When the position was taken.
        on_duty : bool
        accuracy_m : float, metres, optional
        received_at : datetime with a time zone, optional
            The service's clock: a position farther ahead of it than ``max_ahead_s`` is ignored, for it would shut out
            the right ones that follow.

        Returns
        -------
        bool
            False where the update was ignored: not newer than what is known, or too far ahead.

        Raises
        ------
        TableError
            If the id is not an officer's, or an instant has no time zone.
        CrsError
            If the place cannot be: not finite, (0, 0), degrees, swapped axes, outside of the bounds.
        """
        row = self._rows.get(officer_id)
        if row is None:
            raise TableError(f"positions: {officer_id!r} is not in officers; only officers' positions are kept")
        if on_duty:
            x, y = self._extent.read(f"position of {officer_id!r}", x, y)
        stamp = microseconds(at)
        newest = inf if received_at is None else microseconds(received_at, "received_at") + self._ahead
        with self._lock:
            if stamp > newest or stamp <= self._stamp[row]:
                self.counts["ahead" if stamp > newest else "late"] += 1
                return False
            self.counts["taken"] += 1
            self._stamp[row] = stamp
            new = self._buckets.number(x, y) if on_duty else NO_CELL
            self._x[row], self._y[row] = (x, y) if on_duty else (np.nan, np.nan)
            self._accuracy[row] = np.nan if accuracy_m is None or not on_duty else accuracy_m
            old = self._cell[row]
            if old != new:
                self._buckets.move(row, old, new)
                self._cell[row] = new
        return True

    def drop(self, officer_id: str, at: datetime) -> bool:
        """Forget the place of an officer who goes off duty; an older position that comes later stays ignored.

        Returns
        -------
        bool
            False where something newer is known.

        Raises
        ------
        TableError
            As ``update``.
        """
        return self.update(officer_id, np.nan, np.nan, at, on_duty=False)

    def update_many(
        self,
        officer_ids: Any,
        x: Any = None,
        y: Any = None,
        at: Any = None,
        *,
        on_duty: Any = True,
        accuracy_m: Any = None,
        received_at: datetime | None = None,
        skip_faulty: bool = False,
    ) -> int:
        """Take many positions at once, in the order of their instants, whatever the order of the rows.

        Parameters
        ----------
        officer_ids : GeoDataFrame, DataFrame, or array of str
            Table ``POSITIONS``, or a frame with the columns ``officer_id``, ``at`` and a geometry or ``x`` and ``y``,
            which may have several rows an officer; or ids, with ``x``, ``y`` and ``at`` beside them.
        x, y, at, on_duty, accuracy_m : arrays or single values
            As ``update``.
        received_at : datetime with a time zone, optional
            As ``update``.
        skip_faulty : bool
            Leave rows out that name nobody or are in a place that cannot be, and count them, so that one broken
            device does not stop the others; without it they raise, and nothing of the batch is taken.

        Returns
        -------
        int
            Rows taken.

        Raises
        ------
        TableError, CrsError
            As ``update``, naming the first faulty row.
        """
        index = self._officers.index
        ids, batch = read_batch(officer_ids, x, y, at, on_duty, accuracy_m, index)
        fault = None if skip_faulty else first_fault(ids, batch, self._extent)
        if fault is not None:
            raise fault
        unknown, misplaced = find_faults(batch, self._extent)
        newest = inf if received_at is None else microseconds(received_at, "received_at") + self._ahead
        ahead = ~unknown & ~misplaced & (batch.stamp > newest)
        batch = batch.select(~(unknown | misplaced | ahead))
        # The newest row of each officer stands last; of rows of the same instant the same one wins in any order.
        order = np.lexsort((batch.accuracy_m, batch.y, batch.x, batch.on_duty, batch.stamp, batch.row))
        batch = batch.select(order)
        with self._lock:
            is_new = batch.stamp > self._many_stamps[batch.row]
            again = (np.diff(batch.row, prepend=-1) == 0) & (np.diff(batch.stamp, prepend=_NEVER) == 0)
            taken = batch.select(is_new & ~again)
            told = {"taken": len(taken.row), "late": len(batch.row) - len(taken.row), "ahead": int(ahead.sum()),
                    "unknown": int(unknown.sum()), "misplaced": int(misplaced.sum())}  # fmt: skip
            for name, count in told.items():
                self.counts[name] += count
            self._write(taken.select(np.diff(taken.row, append=-1) != 0))
        return told["taken"]

    def _write(self, last: Batch) -> None:
        """Write the last position of each officer down."""
        rows, off = last.row, ~last.on_duty
        for held, values in ((self._many_x, last.x), (self._many_y, last.y), (self._many_accuracy, last.accuracy_m)):
            held[rows] = np.where(off, np.nan, values)
        self._many_stamps[rows] = last.stamp
        cells = np.full(len(rows), NO_CELL, dtype=np.int64)
        cells[~off] = number_cells(last.x[~off], last.y[~off], self._buckets.cell_m)
        before = self._many_cells[rows]
        moved = np.flatnonzero(cells != before)
        move = self._buckets.move
        for row, old, new in zip(rows[moved].tolist(), before[moved].tolist(), cells[moved].tolist(), strict=True):
            move(row, old, new)
        self._many_cells[rows] = cells

    def nearest(
        self,
        x: float,
        y: float,
        limit: int = 5,
        *,
        at: datetime,
        within_m: float | None = None,
        max_age_s: float | None = None,
        roles: Iterable[str] | None = None,
        area_ids: Iterable[str] | None = None,
    ) -> list[NearOfficer]:
        """Find the officers on duty who are nearest to a place.

        Parameters
        ----------
        x, y : float, metres
        limit : int
            How many.
        at : datetime with a time zone
            Now. Positions more than ``max_ahead_s`` later are left out.
        within_m : float, metres, optional
            How far away they may be; the limit itself is near enough.
        max_age_s : float, seconds, optional
            How old their position may be.
        roles : iterable of str, optional
            Roles in table ``OFFICERS``.
        area_ids : iterable of str, optional
            Only officers who have a duty for one of these areas on that day.

        Returns
        -------
        list of NearOfficer
            The nearest first; of officers equally far the one with the smaller id.

        Raises
        ------
        TableError
            If a limit is not above 0, no officer has a role, ``at`` has no time zone, or duties are needed.
        CrsError
            If the place is not finite or looks like degrees, swapped axes or (0, 0).
        """
        x, y = self._extent.read("place", x, y)
        if limit < 1 or (within_m is not None and not within_m >= 0):
            raise TableError(f"positions: limit {limit} is below 1, or within_m {within_m} below 0")
        now = microseconds(at)
        oldest, newest = self._span(now, max_age_s)
        reach_m = inf if within_m is None else within_m
        wanted = self._wanted_roles(roles)
        with self._lock:
            measure = self._measure(x, y, reach_m, oldest, newest, wanted)
            found: list[tuple[float, int]] | None
            if area_ids is not None:
                rows = self._answering(area_ids, at)
                found = None if len(rows) > _FEW else []
                if found is not None:
                    measure(rows, found)
                    found = sorted(found)[:limit]
            else:
                rows = None
                found = self._buckets.search(x, y, limit, reach_m, measure)
            if found is None:
                found = self._nearest_of(rows, x, y, limit, reach_m, oldest, newest, wanted)
            return [self._tell(row, distance, now) for distance, row in found]

    def inside(
        self,
        polygon: Any,
        *,
        at: datetime,
        crs: Any = None,
        max_age_s: float | None = None,
        roles: Iterable[str] | None = None,
        area_ids: Iterable[str] | None = None,
    ) -> pd.DataFrame:
        """List the officers on duty in a polygon that a user drew; its edge belongs to it.

        Parameters
        ----------
        polygon : Polygon, MultiPolygon, GeoSeries, GeoDataFrame, or mapping
            A mapping is GeoJSON: a geometry or a feature, in longitude and latitude.
        at, max_age_s, roles, area_ids
            As ``nearest``.
        crs : CRS, optional
            Of a bare shapely polygon that is not in the positions' own CRS, such as ``"OGC:CRS84"``.

        Returns
        -------
        DataFrame
            Indexed by ``officer_id`` in order: ``role, age_s, x, y, accuracy_m``.

        Raises
        ------
        TableError
            If it is no valid polygon; otherwise as ``nearest``.
        CrsError
            If its CRS is missing or cannot be the one it is in.
        """
        shape = read_polygon(polygon, crs, self._extent)
        shapely.prepare(shape)
        west, south, east, north = shape.bounds
        now = microseconds(at)
        wanted = self._wanted_roles(roles)
        oldest, newest = self._span(now, max_age_s)
        with self._lock:
            x, y, stamps = self._many_x, self._many_y, self._many_stamps
            near = (west <= x) & (x <= east) & (south <= y) & (y <= north) & (stamps >= oldest) & (stamps <= newest)
            rows = np.flatnonzero(near)
            rows = rows[shapely.intersects_xy(shape, x[rows], y[rows])]
            chosen = rows.tolist()
            if wanted is not None:
                chosen = [row for row in chosen if self._roles[row] in wanted]
            if area_ids is not None:
                answering = set(self._answering(area_ids, at))
                chosen = [row for row in chosen if row in answering]
            told = [self._tell(row, 0.0, now) for row in chosen]
        table = pd.DataFrame(told, columns=list(NearOfficer._fields)).drop(columns="distance_m")
        return table.astype({"officer_id": "str", "role": "str"}).set_index("officer_id")

    def snapshot(self, at: datetime | None = None, *, max_age_s: float | None = None) -> gpd.GeoDataFrame:
        """Give all positions as they are now: table ``POSITIONS``, officers on duty in the order of their ids.

        Parameters
        ----------
        at, max_age_s : optional
            Leave out what is older at that instant.

        Returns
        -------
        GeoDataFrame
        """
        if max_age_s is not None and at is None:
            raise TableError("positions: max_age_s needs at, the instant from which ages count")
        oldest, newest = (_NEVER, inf) if at is None else self._span(microseconds(at), max_age_s)
        with self._lock:
            stamps = self._many_stamps
            rows = np.flatnonzero((self._many_cells != NO_CELL) & (stamps >= oldest) & (stamps <= newest))
            held = [values[rows] for values in (stamps, self._many_accuracy, self._many_x, self._many_y)]
        index = self._officers.index[rows]
        columns = {"at": pd.to_datetime(held[0], unit="us", utc=True), "accuracy_m": held[1], "on_duty": 1}
        return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*held[2:], crs=self.crs), index=index)

    def _span(self, now: int, max_age_s: float | None) -> tuple[float, float]:
        """Give the oldest and the newest instant that count."""
        if max_age_s is not None and not max_age_s >= 0:
            raise TableError(f"positions: max_age_s {max_age_s} is below 0")
        oldest = _NEVER + 1.0 if max_age_s is None else now - max_age_s * SECOND
        return oldest, now + self._ahead

    def _wanted_roles(self, roles: Iterable[str] | None) -> frozenset[str] | None:
        if roles is None:
            return None
        wanted = frozenset([roles] if isinstance(roles, str) else roles)
        unknown = wanted.difference(self._known_roles)
        if unknown:
            known = ", ".join(sorted(self._known_roles))
            raise TableError(f"positions: no officer has the role {min(unknown)!r}; known are {known}")
        return wanted

    def _answering(self, area_ids: Iterable[str], at: datetime) -> list[int]:
        """List the officers who have a duty for one of some areas on the day of an instant."""
        if self._duties is None:
            raise TableError("positions: area_ids needs duties; give them when the positions are made")
        day = at.astimezone(self._zone).date()
        if self._held is None or self._held[0] != day:
            areas = pd.unique(self._duties["area_id"])
            held = officers_for(areas, self._officers, self._duties, day)
            serving: dict[str, list[int]] = {}
            for area, officer in zip(held["area_id"], held["officer_id"], strict=True):
                serving.setdefault(area, []).append(self._rows[officer])
            self._held = day, serving
        wanted = [area_ids] if isinstance(area_ids, str) else area_ids
        serving = self._held[1]
        return sorted({row for area in wanted for row in serving.get(area, ())})

    def _measure(
        self, x: float, y: float, reach_m: float, oldest: float, newest: float, wanted: frozenset[str] | None
    ) -> Callable[[Iterable[int], list[tuple[float, int]]], None]:
        """Make the function that measures rows one by one."""
        all_x, all_y, stamps, roles = self._x, self._y, self._stamp, self._roles

        def measure(rows: Iterable[int], found: list[tuple[float, int]]) -> None:
            for row in rows:
                if oldest <= stamps[row] <= newest and (wanted is None or roles[row] in wanted):
                    east, north = all_x[row] - x, all_y[row] - y
                    distance = sqrt(east * east + north * north)
                    if distance <= reach_m:
                        found.append((distance, row))

        return measure

    def _nearest_of(
        self,
        some: list[int] | None,
        x: float,
        y: float,
        limit: int,
        reach_m: float,
        oldest: float,
        newest: float,
        wanted: frozenset[str] | None,
    ) -> list[tuple[float, int]]:
        """Measure many rows together; the distances are those that ``_measure`` gives."""
        rows: NDArray[np.int64] | slice = slice(None) if some is None else np.array(some, dtype=np.int64)
        east, north, stamps = self._many_x[rows] - x, self._many_y[rows] - y, self._many_stamps[rows]
        distance = np.sqrt(east * east + north * north)
        chosen = np.flatnonzero((distance <= reach_m) & (stamps >= oldest) & (stamps <= newest))
        numbers = chosen if some is None else np.array(some, dtype=np.int64)[chosen]
        distance = distance[chosen]
        if wanted is not None:
            fitting = np.isin(self._many_roles[numbers], [self._known_roles[role] for role in wanted])
            numbers, distance = numbers[fitting], distance[fitting]
        if len(numbers) > limit:
            near = distance <= np.partition(distance, limit - 1)[limit - 1]
            numbers, distance = numbers[near], distance[near]
        order = np.argsort(distance, kind="stable")[:limit]  # rows stand in the order of their ids
        return list(zip(distance[order].tolist(), numbers[order].tolist(), strict=True))

    def _tell(self, row: int, distance_m: float, now: int) -> NearOfficer:
        age_s = max(now - self._stamp[row], 0) / SECOND
        return NearOfficer(
            self._ids[row], self._roles[row], distance_m, age_s, self._x[row], self._y[row], self._accuracy[row]
        )


def _read_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError):
        raise TableError(f"zone: {name!r} is no time zone; name one as 'Asia/Shanghai'") from None
