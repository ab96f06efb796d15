"""Take in the incidents of a territory and their log, and give them back, each with its area on its own day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, cast

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from .incident_areas import areas_of_incidents
from .incident_log import load_log, prepare_log, save_log
from .incidents import load_incidents, prepare_incidents, save_incidents
from .rows import read_crs
from .versions import find_version, newest_crs


class IncidentKeeping:
    """The incidents of one territory: the part of a ``Store`` that grows all day, whatever plan is in force."""

    _readers: sa.Engine
    _writers: sa.Engine
    _territory: str
    _connection: Callable[[sa.Engine], AbstractContextManager[sa.Connection]]
    _loader: Callable[[sa.Connection, int], Callable[[str], pd.DataFrame]]
    _check_crs: Callable[[sa.Connection, Any, str], None]

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

    def incident_areas(
        self,
        level: str = "grid",
        since: date | None = None,
        until: date | None = None,
        category: str | Sequence[str] | None = None,
        *,
        zone: str | None = None,
    ) -> pd.DataFrame:
        """Tell in which area each incident lay, by the plan of its own day.

        Parameters
        ----------
        level : str
        since, until, category
            As for ``incidents``.
        zone : str, optional
            Time zone whose days are meant, such as ``"Asia/Shanghai"``; that of the stored column without it.

        Returns
        -------
        DataFrame
            Index ``incident_id``; ``version, area_id``: missing where no plan was in force, or no area there. On a
            border the smaller id is meant.
        """
        with self._connection(self._readers) as connection:
            crs = read_crs(newest_crs(connection, self._territory))
            asked: dict[str, Any] = {"since": since, "until": until, "category": category}
            rows = load_incidents(connection, self._territory, crs=crs, **asked)
            drawn: dict[int, gpd.GeoDataFrame] = {}

            def areas_on(day: date) -> tuple[int, gpd.GeoDataFrame] | None:
                version = find_version(connection, self._territory, day)
                if version is None or level not in [name for name, _ in version.levels]:
                    return None
                number = version.version
                if number not in drawn:
                    drawn[number] = cast(gpd.GeoDataFrame, self._loader(connection, number)(f"areas:{level}"))
                return number, drawn[number]

            return areas_of_incidents(rows, zone, areas_on)

    def append_log(self, rows: pd.DataFrame) -> None:
        """Add to what happened to incidents, in one transaction; nothing that stands there is changed.

        Parameters
        ----------
        rows : DataFrame
            Table ``INCIDENT_LOG``, of incidents that are saved; ``at`` with a time zone.

        Raises
        ------
        TableError
            If a row breaks the contract, or the store does not hold its incident.
        """
        made = prepare_log(rows)
        with self._connection(self._writers) as connection:
            save_log(connection, self._territory, made)

    def incident_log(
        self,
        incident_ids: Sequence[str] | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> pd.DataFrame:
        """Give what happened to incidents, in the order in which it was written.

        Parameters
        ----------
        incident_ids : sequence of str, optional
        since, until : datetime with a time zone, or date, optional
            ``since`` <= ``at`` < ``until``. A date is its midnight in UTC.

        Returns
        -------
        DataFrame
            Table ``INCIDENT_LOG``; ``at`` in UTC.
        """
        with self._connection(self._readers) as connection:
            return load_log(connection, self._territory, incident_ids=incident_ids, since=since, until=until)
