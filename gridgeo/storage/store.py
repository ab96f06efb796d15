"""Keep plans in time: publish a plan for a day, ask later which area, owner or officer held on any day.

A store is one SQLite file, ``town.db``. It is written by one transaction at a time and read by many; readers see the
last published plans until the next are there in full, and a process that dies while it publishes leaves no trace. A
``Store`` may be shared by all threads of a service: each call takes a connection of its own from the pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import geopandas as gpd
import pandas as pd
import shapely
import sqlalchemy as sa

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import CrsError, StorageError, TableError, UnknownAreaError
from gridgeo.model.plan import Plan

from .incidents import incident_layout, load_incidents, prepare_incidents, save_incidents
from .layers import EMPTY_LAYERS, carry_over, check_duties, prepare_layers
from .parts import check_plan, facts_of, put_together, take_apart, with_days
from .rows import load_frame, pack, read_crs, save_frame
from .schema import ROWS, areas
from .sqlite import area_boxes, boxes_over, open_file, told_plainly
from .versions import (
    add_version,
    as_day,
    find_version,
    frames_of,
    list_versions,
    newest_crs,
    version_key,
    version_on,
)


def open_store(url: str | Path, *, territory: str = "main", create: bool = True) -> Store:
    """Open a store of plans, and make it where there is none.

    Parameters
    ----------
    url : str or Path
        ``"sqlite:///town.db"``, or the path of a file that ends in ``.db``.
    territory : str
        Whose plans are meant; a file may hold those of several, and each has its own calendar and incidents.
    create : bool
        Whether a file that is not there is made.

    Returns
    -------
    Store
        To be closed after use, or used in a ``with`` statement.

    Raises
    ------
    StorageError
        If the address is not understood, or the file is not there, not a store, newer than this gridgeo or read-only.
    """
    path = _path(str(url))
    return Store(open_file(path, create=create), str(path), territory)


def _path(url: str) -> Path:
    """Read the path of a SQLite file from an address."""
    hint = "name it like 'sqlite:///town.db', or give a path that ends in .db"
    if "://" not in url:
        if not url.endswith(".db"):
            raise StorageError(f"store {url!r} is not understood; {hint}")
        return Path(url)
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] in {"postgresql", "postgres", "postgis"}:
        raise StorageError(f"{scheme} stores are not there yet; {hint}")
    name = rest.removeprefix("/")
    if scheme != "sqlite" or not rest.startswith("/") or name in {"", ":memory:"} or "?" in name:
        raise StorageError(f"store {url!r} is not understood; {hint}")
    return Path(name)


class Store:
    """Plans of one territory in time, with their officers, addresses, base layers and incidents.

    ``open_store`` makes it. Where a method takes ``at``, that is the day it speaks of, today without it; a day on
    which no plan is in force raises UnknownAreaError. What was published comes back as it was: the same types, the
    same order, the same index, each coordinate bit for bit.
    """

    def __init__(self, engine: sa.Engine, place: str, territory: str) -> None:
        self._readers = engine
        self._writers = engine.execution_options(writes=True)
        self._place = place
        self._territory = territory
        self._is_open = True

    @contextmanager
    def _connection(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        """Begin a transaction; it is committed at the end, and undone by any exception."""
        if not self._is_open:
            raise StorageError(f"store {self._place!r} is closed; open it again with open_store")
        with told_plainly(self._place), engine.begin() as connection:
            yield connection

    def publish(  # noqa: PLR0913 - one keyword a table
        self,
        plan: Plan,
        *,
        valid_from: date,
        officers: pd.DataFrame | None = None,
        duties: pd.DataFrame | None = None,
        addresses: gpd.GeoDataFrame | None = None,
        streets: gpd.GeoDataFrame | None = None,
        buildings: gpd.GeoDataFrame | None = None,
        sites: gpd.GeoDataFrame | None = None,
        incidents: gpd.GeoDataFrame | None = None,
        findings: gpd.GeoDataFrame | None = None,
    ) -> int:
        """Put a plan in force from a day on, in one transaction.

        It is in force until the day of the next plan that is published already, or without end. The plan that held
        on that day ends there and keeps answering for its own days; a plan that began on that very day is replaced,
        and stays on record. If anything fails, nothing has changed.

        Parameters
        ----------
        plan : Plan
        valid_from : date
            First day on which it is in force.
        officers, duties : DataFrame, optional
            Tables ``OFFICERS`` and ``DUTIES``.
        addresses : GeoDataFrame, optional
            As table ``HOUSEHOLDS``, with ``address``; the index is named ``household_id`` or ``address_id``.
        streets, buildings, sites : GeoDataFrame, optional
            Base layers for maps; sites may have any columns.
        incidents : GeoDataFrame, optional
            Saved as by ``save_incidents``, in the same transaction.
        findings : GeoDataFrame, optional
            Table ``FINDINGS``: what the audit of this plan found.

            A table that is not given, findings apart, stays that of the plan in force on that day before; of its
            duties those whose areas the new plan still has.

        Returns
        -------
        int
            The version: a number that is never used again.

        Raises
        ------
        TableError
            If a table breaks its contract, a duty names an area or officer that is not there, or the parts of the
            plan do not belong together.
        CrsError
            If the tables are not all in the CRS in which the store keeps this territory.
        StorageError
            If the file cannot be written; the last published plans are as they were.
        """
        day = as_day(valid_from, "valid_from")
        check_plan(plan)
        given = {
            "officers": officers,
            "duties": duties,
            "addresses": addresses,
            "streets": streets,
            "buildings": buildings,
            "sites": sites,
            "findings": findings,
        }
        made = prepare_layers({name: frame for name, frame in given.items() if frame is not None})
        arrived = None if incidents is None else prepare_incidents(incidents)
        for name, frame in [*made.items(), ("incidents", arrived)]:
            if isinstance(frame, gpd.GeoDataFrame):
                check_same_crs(("atoms", plan.atoms), (name, frame))
        packed = {role: pack(frame, _table(role), role) for role, frame in {**take_apart(plan), **made}.items()}
        facts = facts_of(plan)
        with self._connection(self._writers) as connection:
            self._check_crs(connection, plan.crs, "atoms")
            before = find_version(connection, self._territory, day)
            parts = {role: save_frame(connection, _table(role), frame) for role, frame in packed.items()}
            if before is not None:
                parts = carry_over(connection, frames_of(connection, before.version), parts, plan.register.index)
            check_duties(connection, parts, plan.register.index)
            version = add_version(connection, self._territory, day, facts, parts)
            if arrived is not None:
                save_incidents(connection, self._territory, arrived)
        return version

    def _check_crs(self, connection: sa.Connection, crs: Any, what: str) -> None:
        """Refuse a second CRS: a territory's coordinates stay comparable over all its versions."""
        layout = incident_layout(connection, self._territory)
        kept = read_crs(newest_crs(connection, self._territory) or (layout or {}).get("crs"))
        if kept is not None and crs is not None and kept != crs:
            raise CrsError(
                f"{what}: is in {crs.name}, the store keeps this territory in {kept.name}; use to_crs to bring it there"
            )

    def save_incidents(self, incidents: gpd.GeoDataFrame) -> None:
        """Add incidents in one transaction; those whose id is known are brought up to date, none is ever deleted.

        Parameters
        ----------
        incidents : GeoDataFrame
            Table ``INCIDENTS``; ``reported_at`` with a time zone, kept to the microsecond. Columns that it does not
            hold keep the values that are stored.

        Raises
        ------
        TableError, CrsError
            If a row breaks the contract.
        StorageError
            If the file cannot be written; nothing has changed then.
        """
        made = prepare_incidents(incidents)
        with self._connection(self._writers) as connection:
            self._check_crs(connection, made.crs, "incidents")
            save_incidents(connection, self._territory, made)

    def plan(self, at: date | None = None) -> Plan:
        """Give the plan in force on a day.

        Parameters
        ----------
        at : date, optional

        Returns
        -------
        Plan
            As it was published, with ``valid_from``.
        """
        with self._connection(self._readers) as connection:
            version, load = self._version(connection, at)
            return put_together(version, load)

    def _version(self, connection: sa.Connection, at: date | None) -> tuple[sa.Row[Any], Callable[[str], pd.DataFrame]]:
        """Find the version in force on a day, and how to load its frames by role."""
        version = version_on(connection, self._territory, _day(at))
        parts = frames_of(connection, version.version)
        return version, lambda role: load_frame(connection, _table(role), parts[role])

    def areas(self, level: str = "grid", at: date | None = None) -> gpd.GeoDataFrame:
        """Give the areas of a level on a day.

        Parameters
        ----------
        level : str
            ``"community"``, ``"grid"`` or ``"micro"``.
        at : date, optional

        Returns
        -------
        GeoDataFrame
            Table ``AREAS``, in order of ``area_id``; ``valid_to`` is None where no later plan is published.

        Raises
        ------
        UnknownAreaError
            If the plan has no such level, or no plan is in force.
        """
        with self._connection(self._readers) as connection:
            version, load = self._version(connection, at)
            _check_level(version, level)
            return with_days(load(f"areas:{level}"), version)

    def owner(self, level: str = "grid", at: date | None = None) -> pd.Series:
        """Give the area that each atom belongs to on a day.

        Parameters
        ----------
        level : str
        at : date, optional

        Returns
        -------
        Series of str
            ``atom_id`` -> ``area_id``.

        Raises
        ------
        UnknownAreaError
            If the plan has no such level, or no plan is in force.
        """
        with self._connection(self._readers) as connection:
            version, load = self._version(connection, at)
            _check_level(version, level)
            return load(f"owners:{level}")["area_id"].rename(dict(version.levels)[level])

    def area_ids_at(self, x: float, y: float, at: date | None = None) -> dict[str, str]:
        """Tell in which areas a point lies on a day, without loading the plan.

        Parameters
        ----------
        x, y : float, metres
            In the CRS of the plan.
        at : date, optional

        Returns
        -------
        dict of str to str
            Level -> ``area_id``, outer level first; empty outside. On a border the smaller id is meant.

        Raises
        ------
        TableError
            If a coordinate is not finite.
        """
        point = shapely.Point(x, y)
        if not (abs(x) < float("inf") and abs(y) < float("inf")):
            raise TableError(f"x, y {x}, {y} is not finite")
        with self._connection(self._readers) as connection:
            version = version_on(connection, self._territory, _day(at))
            parts = frames_of(connection, version.version)
            found = {}
            for level, _ in version.levels:
                boxes = boxes_over(sa.literal(parts[f"areas:{level}"]), x, y)
                query = sa.select(areas.c.area_id, areas.c.geometry).select_from(areas.join(area_boxes, boxes))
                here = [
                    area_id for area_id, wkb in connection.execute(query) if shapely.from_wkb(wkb).intersects(point)
                ]
                if here:
                    found[level] = min(here)
        return found

    def plans(self) -> pd.DataFrame:
        """List the versions, the oldest first.

        Returns
        -------
        DataFrame
            Index ``version``; ``valid_from, valid_to`` (half-open; None is open, ``valid_to`` = ``valid_from`` a plan
            that was replaced on its first day), ``revision, published_at, profile, manifest``.
        """
        with self._connection(self._readers) as connection:
            return list_versions(connection, self._territory)

    def version_key(self, at: date | None = None) -> str:
        """Name the answers of a day in a few characters, for caches and ETags.

        Parameters
        ----------
        at : date, optional

        Returns
        -------
        str
            While it stays the same for a day, so does every answer of this store for that day, incidents apart.
            Letters, digits and dots.
        """
        with self._connection(self._readers) as connection:
            return version_key(connection, self._territory, _day(at))

    def officers(self, at: date | None = None) -> pd.DataFrame:
        """Give the officers on a day; table ``OFFICERS``, empty if none were published."""
        return self._layer("officers", at)

    def duties(self, at: date | None = None) -> pd.DataFrame:
        """Give the duties in force on a day.

        Parameters
        ----------
        at : date, optional

        Returns
        -------
        DataFrame
            Table ``DUTIES``: those with ``valid_from`` <= ``at`` < ``valid_to``, where missing is open.
        """
        day, duty = _day(at), ROWS["duties"].c
        begun = sa.or_(duty.valid_from.is_(None), duty.valid_from <= day)
        lasts = sa.or_(duty.valid_to.is_(None), duty.valid_to > day)
        return self._layer("duties", day, begun, lasts)

    def addresses(self, at: date | None = None) -> gpd.GeoDataFrame:
        """Give the addresses on a day, as they were published; empty if none were."""
        return cast(gpd.GeoDataFrame, self._layer("addresses", at))

    def streets(self, at: date | None = None) -> gpd.GeoDataFrame:
        """Give the streets on a day; table ``STREETS``, empty if none were published."""
        return cast(gpd.GeoDataFrame, self._layer("streets", at))

    def buildings(self, at: date | None = None) -> gpd.GeoDataFrame:
        """Give the buildings on a day; table ``BUILDINGS``, empty if none were published."""
        return cast(gpd.GeoDataFrame, self._layer("buildings", at))

    def sites(self, at: date | None = None) -> gpd.GeoDataFrame:
        """Give the sites on a day (schools, hospitals, factories ...), as they were published; empty if none were."""
        return cast(gpd.GeoDataFrame, self._layer("sites", at))

    def findings(self, at: date | None = None) -> gpd.GeoDataFrame:
        """Give what the audit of the plan of a day found; table ``FINDINGS``, empty if none were published."""
        return cast(gpd.GeoDataFrame, self._layer("findings", at))

    def _layer(self, name: str, at: date | None, *where: sa.ColumnElement[bool]) -> pd.DataFrame:
        with self._connection(self._readers) as connection:
            version = version_on(connection, self._territory, _day(at))
            frame_id = frames_of(connection, version.version).get(name)
            if frame_id is None:
                return EMPTY_LAYERS[name](read_crs(version.crs))
            return load_frame(connection, ROWS[name], frame_id, *where)

    def incidents(
        self,
        since: date | None = None,
        until: date | None = None,
        category: str | Sequence[str] | None = None,
        bbox: Sequence[float] | None = None,
    ) -> gpd.GeoDataFrame:
        """Give incidents in the order in which they were first saved.

        Parameters
        ----------
        since, until : datetime with a time zone, or date, optional
            ``since`` <= ``reported_at`` < ``until``. A date is its midnight in the time zone of the stored column.
        category : str or sequence of str, optional
            Which to keep.
        bbox : west, south, east, north in metres, optional
            Only those whose place lies in it or on its edge.

        Returns
        -------
        GeoDataFrame
            Table ``INCIDENTS``; empty if none were saved.

        Raises
        ------
        TableError
            If an instant has no time zone, or the box is none.
        """
        with self._connection(self._readers) as connection:
            crs = read_crs(newest_crs(connection, self._territory))
            asked: dict[str, Any] = {"since": since, "until": until, "category": category, "bbox": bbox}
            return load_incidents(connection, self._territory, crs=crs, **asked)

    def close(self) -> None:
        """Close the file; what was committed is all in it."""
        self._is_open = False
        self._readers.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _day(at: date | None) -> date:
    return date.today() if at is None else as_day(at, "at")


def _table(role: str) -> sa.Table:
    return ROWS[role.partition(":")[0]]


def _check_level(version: sa.Row[Any], level: str) -> None:
    levels = [name for name, _ in version.levels]
    if level not in levels:
        raise UnknownAreaError(f"the plan has no level {level!r}; its levels are {', '.join(levels)}")
