"""Answer what held on a day: the plan in force, its areas, owners, officers and layers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, cast

import geopandas as gpd
import pandas as pd
import shapely
import sqlalchemy as sa

from gridgeo.model.errors import CrsError, TableError, UnknownAreaError
from gridgeo.model.plan import Plan

from .engines import areas_over
from .incidents import incident_layout
from .layers import EMPTY_LAYERS
from .parts import put_together, with_days
from .rows import load_frame, read_crs
from .schema import ROWS, table_of
from .versions import day_or_today, frames_of, list_versions, newest_crs, version_key, version_numbered, version_on


class Reading:
    """The plans of one territory as they held: the part of a ``Store`` that only reads."""

    _readers: sa.Engine
    _territory: str
    _connection: Callable[[sa.Engine], AbstractContextManager[sa.Connection]]

    def plan(self, at: date | None = None, *, version: int | None = None) -> Plan:
        """Give the plan in force on a day, or that of a version.

        Parameters
        ----------
        at : date, optional
        version : int, optional
            Whether or not it ever was in force.

        Returns
        -------
        Plan
            As it was published, with ``valid_from``.

        Raises
        ------
        UnknownAreaError
            If there is no such version, or no plan is in force.
        """
        if version is not None and at is not None:
            raise TableError(f"plan: both a day, {at}, and version {version} are named; name one")
        with self._connection(self._readers) as connection:
            if version is None:
                found, load = self._version(connection, at)
                return put_together(found, load)
            found = version_numbered(connection, self._territory, version)
            return put_together(found, self._loader(connection, found.version))

    def _version(self, connection: sa.Connection, at: date | None) -> tuple[sa.Row[Any], Callable[[str], pd.DataFrame]]:
        """Find the version in force on a day, and how to load its frames by role."""
        version = version_on(connection, self._territory, day_or_today(at))
        return version, self._loader(connection, version.version)

    def _loader(self, connection: sa.Connection, version: int) -> Callable[[str], pd.DataFrame]:
        """Say how to load the frames of a version, by role."""
        parts = frames_of(connection, version)
        return lambda role: load_frame(connection, table_of(role), parts[role])

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
            version = version_on(connection, self._territory, day_or_today(at))
            parts = frames_of(connection, version.version)
            found = {}
            for level, _ in version.levels:
                query = areas_over(connection, parts[f"areas:{level}"], x, y)
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
            that was replaced on its first day, or withdrawn before it), ``revision, published_at, profile, manifest,
            state`` (today: scheduled, in force, retired, replaced or withdrawn), ``before_version`` (what was in force
            on its first day when it was published), ``published_by, override_reason``.
        """
        with self._connection(self._readers) as connection:
            return list_versions(connection, self._territory, date.today())

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
            return version_key(connection, self._territory, day_or_today(at))

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
        return self._services("duties", at)

    def overrides(self, at: date | None = None) -> pd.DataFrame:
        """Give the overrides in force on a day; table ``OVERRIDES``, as ``duties``."""
        return self._services("overrides", at)

    def routes(self, at: date | None = None) -> pd.DataFrame:
        """Give the routes in force on a day; table ``ROUTES``, as ``duties``."""
        return self._services("routes", at)

    def _services(self, name: str, at: date | None) -> pd.DataFrame:
        """Load those rows of a table that are valid on a day."""
        day, row = day_or_today(at), ROWS[name].c
        begun = sa.or_(row.valid_from.is_(None), row.valid_from <= day)
        lasts = sa.or_(row.valid_to.is_(None), row.valid_to > day)
        return self._layer(name, day, begun, lasts)

    def lineage(self, at: date | None = None) -> pd.DataFrame:
        """Give how the plan of a day came of the one before it; table ``LINEAGE``, empty if none was published."""
        return self._layer("lineage", at)

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
            version = version_on(connection, self._territory, day_or_today(at))
            frame_id = frames_of(connection, version.version).get(name)
            if frame_id is None:
                return EMPTY_LAYERS[name](read_crs(version.crs))
            return load_frame(connection, ROWS[name], frame_id, *where)

    def _check_crs(self, connection: sa.Connection, crs: Any, what: str) -> None:
        """Refuse a second CRS: a territory's coordinates stay comparable over all its versions."""
        layout = incident_layout(connection, self._territory)
        kept = read_crs(newest_crs(connection, self._territory) or (layout or {}).get("crs"))
        if kept is not None and crs is not None and kept != crs:
            raise CrsError(
                f"{what}: is in {crs.name}, the store keeps this territory in {kept.name}; use to_crs to bring it there"
            )


def _check_level(version: sa.Row[Any], level: str) -> None:
    levels = [name for name, _ in version.levels]
    if level not in levels:
        raise UnknownAreaError(f"the plan has no level {level!r}; its levels are {', '.join(levels)}")
