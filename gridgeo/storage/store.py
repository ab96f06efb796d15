"""Keep plans in time: publish a plan for a day, ask later which area, owner or officer held on any day.

A store is one SQLite file, ``town.db``, or a PostGIS database. It is written by one transaction at a time and read by
many; readers see the last published plans until the next are there in full, and a process that dies while it publishes
leaves no trace. A ``Store`` may be shared by all threads of a service: each call takes a connection of its own from the
pool.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import StorageError
from gridgeo.model.naming_again import fresh_ids
from gridgeo.model.plan import Plan

from .drafting import Drafting
from .drafts import close_draft
from .engines import open_engine
from .faults import told_plainly
from .incident_keeping import IncidentKeeping
from .incidents import prepare_incidents, save_incidents
from .journal import check_actor, write_entry
from .layers import carry_over, check_services, prepare_layers
from .parts import check_plan, facts_of, put_together, take_apart
from .publishing import Judge, Terms, refuse_errors
from .reading import Reading
from .reserved import check_reserved, read_reserved, reserve
from .rows import Packed, pack, save_frame
from .schema import table_of
from .versions import (
    add_version,
    as_day,
    day_or_today,
    find_version,
    frames_of,
    retire_version,
    withdraw_version,
)


def open_store(url: str | Path, *, territory: str = "main", create: bool = True) -> Store:
    """Open a store of plans, and make it where there is none.

    Parameters
    ----------
    url : str or Path
        ``"sqlite:///town.db"``, the path of a file that ends in ``.db``, or ``"postgresql://user@host/database"``.
    territory : str
        Whose plans are meant; a store may hold those of several, and each has its own calendar and incidents.
    create : bool
        Whether a store that is not there is made.

    Returns
    -------
    Store
        To be closed after use, or used in a ``with`` statement.

    Raises
    ------
    StorageError
        If the address is not understood, or the store is not there, not a store, newer than this gridgeo or read-only.
    """
    engine, place = open_engine(str(url), create=create)
    return Store(engine, place, territory)


class Store(Reading, IncidentKeeping, Drafting):
    """Plans of one territory in time, with their officers, addresses, base layers, incidents and drafts.

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
        overrides: pd.DataFrame | None = None,
        routes: pd.DataFrame | None = None,
        lineage: pd.DataFrame | None = None,
        expected_version: int | None = None,
        draft: int | None = None,
        expected_revision: int | None = None,
        judge: Judge | None = None,
        override_reason: str | None = None,
        by: str | None = None,
        why: str | None = None,
        force: bool = False,
        today: date | None = None,
        allow_past: bool = False,
    ) -> int:
        """Put a plan in force from a day on, in one transaction.

        It is in force until the day of the next plan that is published already, or without end. The plan that held
        on that day ends there and keeps answering for its own days; a plan that began on that very day is replaced,
        and stays on record. A plan for a day to come can be withdrawn until that day. If anything fails, nothing has
        changed.

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
            Table ``FINDINGS``: what the audit of this plan found; what ``judge`` says without it.
        overrides, routes : DataFrame, optional
            Tables ``OVERRIDES`` and ``ROUTES``.
        lineage : DataFrame, optional
            Table ``LINEAGE``, from the plan in force on that day before.

            A table that is not given, findings and lineage apart, stays that of the plan in force on that day before;
            of its duties, overrides and routes those whose areas the new plan still has.
        expected_version : int, optional
            The version that was in force on that day when the plan was made, 0 for none; another is refused.
        draft, expected_revision : int, optional
            The draft that the plan was made of, and its revision; it is closed in the same transaction.
        judge : function of (plan, plan in force on that day before or None), optional
            Gives table ``FINDINGS``, before anything is written; a finding of severity ``error`` refuses the plan.
        override_reason : str, optional
            Why the plan is published in spite of such findings; kept with ``by``.
        by, why : str, optional
            Who publishes, and why; kept in the journal.
        force : bool
            Publish a draft although another version than its base is in force on that day.
        today : date, optional
            Refuse days before this one; every day is taken without it.
        allow_past : bool
            Take a day before ``today`` all the same.

        Returns
        -------
        int
            The version: a number that is never used again.

        Raises
        ------
        TableError
            If a table breaks its contract, a duty names an area or officer that is not there, the parts of the plan
            do not belong together, an id or code is used again for other land, or the day is past.
        EditError
            If the judge found errors and nobody overrides them.
        StalePlanError
            If another version was published, or the draft changed, since the plan was made.
        CrsError
            If the tables are not all in the CRS in which the store keeps this territory.
        StorageError
            If the file cannot be written; the last published plans are as they were.
        """
        day = as_day(valid_from, "valid_from")
        terms = Terms(day, expected_version, draft, expected_revision, override_reason, by, force)
        terms.check(today, allow_past=allow_past)
        check_plan(plan)
        if judge is not None:
            terms, told = self._judged(plan, terms, judge)
            findings = told if findings is None else findings
        given = {
            "officers": officers,
            "duties": duties,
            "overrides": overrides,
            "routes": routes,
            "addresses": addresses,
            "streets": streets,
            "buildings": buildings,
            "sites": sites,
            "findings": findings,
            "lineage": lineage,
        }
        made = prepare_layers({name: frame for name, frame in given.items() if frame is not None})
        arrived = None if incidents is None else prepare_incidents(incidents)
        for name, frame in [*made.items(), ("incidents", arrived)]:
            if isinstance(frame, gpd.GeoDataFrame):
                check_same_crs(("atoms", plan.atoms), (name, frame))
        packed = {role: pack(frame, table_of(role), role) for role, frame in {**take_apart(plan), **made}.items()}
        facts = facts_of(plan)
        with self._connection(self._writers) as connection:
            self._check_crs(connection, plan.crs, "atoms")
            version = self._enter(connection, terms, packed, facts, plan.register.index, made.get("lineage"), why)
            if arrived is not None:
                save_incidents(connection, self._territory, arrived)
        return version

    def _judged(self, plan: Plan, terms: Terms, judge: Judge) -> tuple[Terms, gpd.GeoDataFrame]:
        """Ask the judge before anything is written; what it compared with has to be in force still when it is."""
        with self._connection(self._readers) as connection:
            before = find_version(connection, self._territory, terms.day)
            terms.check_before(before)
            terms.check_draft(connection, self._territory, before)
            held = None if before is None else put_together(before, self._loader(connection, before.version))
        findings = prepare_layers({"findings": judge(plan, held)})["findings"]
        refuse_errors(findings, terms.override_reason)
        seen = 0 if before is None else before.version
        return dataclasses.replace(terms, expected_version=seen), cast(gpd.GeoDataFrame, findings)

    def _enter(
        self,
        connection: sa.Connection,
        terms: Terms,
        packed: dict[str, Packed],
        facts: dict[str, Any],
        area_ids: pd.Index,
        lineage: pd.DataFrame | None,
        why: str | None,
    ) -> int:
        """Write a version and all that goes with it."""
        territory, by = self._territory, terms.by
        before = find_version(connection, territory, terms.day)
        terms.check_before(before)
        draft = terms.check_draft(connection, territory, before)
        parts = {role: save_frame(connection, table_of(role), frame) for role, frame in packed.items()}
        held = {} if before is None else frames_of(connection, before.version)
        check_reserved(connection, territory, parts, held, lineage)
        parts = carry_over(connection, held, parts, area_ids, lineage)
        check_services(connection, parts, area_ids)
        said = {"published_by": by, "override_reason": terms.override_reason}
        version = add_version(connection, territory, terms.day, facts, parts, said)
        reserve(connection, territory, parts["register"], version)
        made = {"version": version, "draft_id": None if draft is None else draft.draft_id}
        if draft is not None:
            close_draft(connection, draft, version)
        write_entry(connection, territory, "publish", by=by, why=why, **made)
        return version

    def withdraw(
        self, version: int, *, by: str | None = None, why: str | None = None, today: date | None = None
    ) -> None:
        """Take back a plan before its first day; the plan before it goes on in its place.

        It stays on record. A plan that it replaced on that very day does not come back.

        Parameters
        ----------
        version : int
        by, why : str, optional
            Kept in the journal.
        today : date, optional

        Raises
        ------
        StalePlanError
            If it has begun, was replaced, or was withdrawn already.
        UnknownAreaError
            If there is no such version.
        """
        with self._connection(self._writers) as connection:
            withdraw_version(connection, self._territory, version, day_or_today(today))
            write_entry(connection, self._territory, "withdraw", by=by, why=why, version=int(version))

    def retire(
        self, version: int, *, valid_to: date, by: str, why: str | None = None, today: date | None = None
    ) -> None:
        """End a plan without another after it: from that day on none is in force, until one is published.

        Parameters
        ----------
        version : int
        valid_to : date
            First day on which it is in force no longer; not past.
        by, why : str, optional
            Kept in the journal.
        today : date, optional

        Raises
        ------
        StalePlanError
            If the day is past, or the plan is not in force until then.
        UnknownAreaError
            If there is no such version.
        """
        check_actor(by)
        with self._connection(self._writers) as connection:
            retire_version(connection, self._territory, version, as_day(valid_to, "valid_to"), day_or_today(today))
            write_entry(connection, self._territory, "retire", by=by, why=why, version=int(version))

    def reserved(self) -> pd.DataFrame:
        """List every id and code that was ever published; none of them is given to other land.

        Returns
        -------
        DataFrame
            ``kind`` (area_id, code), ``word, area_id`` (which area it names), ``first_version, last_version``.
        """
        with self._connection(self._readers) as connection:
            return read_reserved(connection, self._territory)

    def fresh_ids(self, stem: str, count: int = 1) -> list[str]:
        """Give ids that no plan ever used.

        Parameters
        ----------
        stem : str
            What they begin with, such as ``"C1-"``; they end in the next numbers.
        count : int

        Returns
        -------
        list of str
            The same until another plan is published.
        """
        return fresh_ids(stem, count, self.reserved()["word"])

    def backup(self, path: str | Path, *, replace: bool = False) -> None:
        """Write a backup of all that the store holds, while others read it and publish to it.

        Parameters
        ----------
        path : str or Path
            The file to write: itself a store, in SQLite, whatever this one is kept in. ``restore`` reads it.
        replace : bool
            Whether a file that is there may be replaced.

        Raises
        ------
        StorageError
            If the file is there already, cannot be written, or does not read back as the store does.
        """
        from .backup import back_up

        with self._connection(self._readers):  # says so where the store is closed
            pass
        back_up(self._readers, self._place, path, replace=replace)

    def check(self) -> list[str]:
        """Look whether the store is sound: the file, every plan in full, every row as it was published.

        Returns
        -------
        list of str
            What is wrong, a line each; empty where nothing is.
        """
        from .checking import find_damage

        with self._connection(self._readers) as connection:
            return find_damage(connection)

    def export(self, path: str | Path, *, phones: bool = False) -> None:
        """Write this territory, all its versions and incidents, for other programs and for ``import_workspace``.

        Parameters
        ----------
        path : str or Path
            A GeoPackage (``.gpkg``), which QGIS opens; any other name is a folder that is made, of GeoParquet files.
        phones : bool
            Whether the officers' telephone numbers go along.

        Raises
        ------
        StorageError
            If the place is taken or cannot be written.
        """
        from .workspace import export_workspace

        with self._connection(self._readers) as connection:
            export_workspace(connection, self._territory, path, phones=phones)

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
