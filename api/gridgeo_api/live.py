"""Keep the plans that the service answers from: opened once, swapped whole when the store publishes."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from datetime import date
from typing import TYPE_CHECKING

from gridgeo.model.errors import GridgeoError, StorageError, UnknownAreaError
from gridgeo.storage.store import Store, open_store
from gridgeo_api.cards import Day
from gridgeo_api.edition import Edition
from gridgeo_api.incidents import Incidents
from gridgeo_api.settings import Settings
from gridgeo_api.tilebook import TileBook

if TYPE_CHECKING:
    pass

log = logging.getLogger("gridgeo_api")
_EDITIONS_KEPT = 3


class _MovedOnError(Exception):
    """A plan was published while an answer was being prepared."""


class Live:
    """What the service answers from: one state of the store. It is never changed, only replaced.

    Parameters
    ----------
    store : Store
    settings : Settings
    incidents : Incidents
    before : Live, optional
        The state it follows; what is the same in both is taken over.
    """

    def __init__(self, store: Store, settings: Settings, incidents: Incidents, before: Live | None = None) -> None:
        self._store = store
        self._settings = settings
        self.incidents = incidents
        self.plans = store.plans()
        self.tiles = TileBook(settings.tiles_kept)
        self._days: OrderedDict[date, Day] = OrderedDict()
        self._editions: OrderedDict[int, Edition] = OrderedDict()
        self._lock = threading.RLock()
        if before is not None:
            self._editions.update(before._editions)

    def follows(self, other: Live | None) -> bool:
        """Tell whether this state answers otherwise than another."""
        return other is None or other.incidents is not self.incidents or not self.plans.equals(other.plans)

    def known(self, day: date) -> Day | None:
        """Give a day that is open already; never waits."""
        return self._days.get(day)

    def open(self, day: date) -> Day:
        """Open a day: find its plan, load it unless it is loaded, and see who is on duty. May take seconds.

        Raises
        ------
        UnknownAreaError
            If no plan is in force on that day.
        """
        with self._lock:
            if day not in self._days:
                self._days[day] = self._load(day)
                while len(self._days) > self._settings.days_kept:
                    self._days.popitem(last=False)
            return self._days[day]

    def _load(self, day: date) -> Day:
        version = self._version_on(day)
        key = self._store.version_key(day)
        edition = self._editions.get(version)
        if edition is None:
            edition = Edition(self._store.plan(day), version, lambda name: getattr(self._store, name)(day))
            self._editions[version] = edition
            while len(self._editions) > _EDITIONS_KEPT:
                self._editions.popitem(last=False)
        on_duty = self._store.duties(day)[["officer_id", "area_id"]].join(
            self._store.officers(day), on="officer_id", how="inner"
        )
        if self._store.version_key(day) != key or not self.plans.equals(self._store.plans()):
            self._editions.pop(version, None)
            raise _MovedOnError
        valid_to: date | None = dict(zip(self.plans.index, self.plans["valid_to"], strict=True))[version]
        return Day(day, edition, f"{key}.{self.incidents.key}", valid_to, on_duty.set_index("area_id"), self.incidents)

    def _version_on(self, day: date) -> int:
        for version, valid_from, valid_to in zip(
            self.plans.index, self.plans["valid_from"], self.plans["valid_to"], strict=True
        ):
            if valid_from <= day and (valid_to is None or day < valid_to):
                return int(version)
        first = None if self.plans.empty else min(self.plans["valid_from"])
        known = f"the first is in force from {first}" if first else "the store holds none yet; publish one"
        raise UnknownAreaError(f"no plan is in force on {day}: {known}")


class Keeper:
    """Open the store, and keep what is live in step with it.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.fault: GridgeoError | None = None
        self._store: Store | None = None
        self._live: Live | None = None
        self._stamp: tuple[tuple[int, int], ...] = ()
        self._lock = threading.Lock()

    @property
    def live(self) -> Live:
        """Give what is live.

        Raises
        ------
        StorageError
            If the service has no plan to answer from; it says why, and what to do.
        """
        if self._live is None:
            raise StorageError(str(self.fault or "the service is opening its store"))
        return self._live

    @property
    def store(self) -> Store:
        """Give the store itself, for what is not answered from memory.

        Raises
        ------
        StorageError
            If there is none, or it cannot be opened.
        """
        with self._lock:
            return self._opened()

    @property
    def is_ready(self) -> bool:
        """Tell whether there is a plan to answer from."""
        return self._live is not None

    def day(self, at: date | None) -> Day:
        """Open a day of what is live; today without one. May wait.

        Raises
        ------
        UnknownAreaError
            If no plan is in force on that day.
        """
        day = at or self.settings.today()
        while True:
            try:
                return self.live.open(day)
            except _MovedOnError:
                self.refresh()

    def known(self, at: date | None) -> Day | None:
        """Give a day that is open already; never waits."""
        return self.live.known(at or self.settings.today())

    def open_book(self) -> None:
        """Open today's address book before it is asked for; it may take seconds."""
        day = self._live.known(self.settings.today()) if self._live is not None else None
        if day is not None:
            _ = day.edition.book

    def refresh(self) -> bool:
        """Look whether the store has changed, and if so swap what is live, whole.

        Returns
        -------
        bool
            Whether it was swapped. A fault of the store is kept in ``fault``; what is live stays live.
        """
        with self._lock:
            try:
                return self._refresh()
            except _MovedOnError:
                return False
            except (GridgeoError, OSError) as error:
                if str(error) != str(self.fault):
                    log.warning("%s", error)
                self.fault = error if isinstance(error, GridgeoError) else StorageError(str(error))
                return False

    def _refresh(self) -> bool:
        stamp = self._file_stamp()
        if self._live is not None and stamp and stamp == self._stamp:
            return False
        store = self._opened()
        incidents = Incidents.read(store, self.settings.zone)
        before = self._live
        if before is not None and before.incidents.key == incidents.key:
            incidents = before.incidents
        made = Live(store, self.settings, incidents, before)
        if made.follows(before):
            self._warm(made)
            self._live = made
            log.info("%d versions are live", len(made.plans))
        self._stamp, self.fault = stamp, None
        return self._live is made

    def _warm(self, live: Live) -> None:
        """Prepare what the first requests will ask, before any of them comes."""
        if live.plans.empty:
            raise StorageError(
                f"store {self.settings.store_name} holds no plan yet; publish one, or make a town with gridgeo demo"
            )
        today = self.settings.today()
        begin = min(live.plans["valid_from"])
        if today < begin:
            log.warning("no plan is in force today; the first begins on %s", begin)
            return
        edition = live.open(today).edition
        for level in edition.plan.levels:
            edition.index(level)
            edition.shown(level)

    def _opened(self) -> Store:
        """Open the store; one that is not there is not made."""
        if self._store is None:
            file = self.settings.store_file
            if file is not None and not file.exists():
                raise StorageError(
                    f"there is no store {str(file)!r}; make a town with gridgeo demo, then gridgeo serve its town.db"
                )
            self._store = open_store(self.settings.store, territory=self.settings.territory, create=False)
        return self._store

    def _file_stamp(self) -> tuple[tuple[int, int], ...]:
        """Tell the state of an embedded store's files, so that a store at rest is not read again and again."""
        file = self.settings.store_file
        if file is None:
            return ()
        files = [file, file.with_name(file.name + "-wal")]
        return tuple((stat.st_mtime_ns, stat.st_size) for stat in (path.stat() for path in files if path.exists()))

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            self._live = None
            if self._store is not None:
                self._store.close()
                self._store = None
