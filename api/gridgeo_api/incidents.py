"""Hold the incidents of the store as columns: when, where, of which category. No text, no person."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, tzinfo
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.publish.heat import HeatTiles

if TYPE_CHECKING:
    from gridgeo.operate.locate import AreaIndex
    from gridgeo.storage.store import Store

_HEATS_KEPT = 12


class Incidents:
    """Incidents with a known time, in order of that time.

    Parameters
    ----------
    frame : GeoDataFrame
        Table ``INCIDENTS``.
    zone : tzinfo
        In which days begin and end.
    """

    def __init__(self, frame: gpd.GeoDataFrame, zone: tzinfo) -> None:
        self.zone = zone
        when = pd.to_datetime(frame["reported_at"], utc=True).dt.tz_localize(None).astype("datetime64[us]")
        order = np.argsort(when.to_numpy(), kind="stable")
        self.at = when.to_numpy()[order]
        shapes = frame.geometry.to_numpy()[order]
        self.has_place = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        self.shapes = gpd.GeoSeries(shapes, crs=frame.crs)
        category = pd.Categorical(frame["category"].astype(str).to_numpy()[order])
        self.categories = [str(name) for name in category.categories]
        self.category = np.asarray(category.codes)
        self._heats: OrderedDict[tuple[date | None, date | None, str | None], HeatTiles] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def read(cls, store: Store, zone: tzinfo) -> Incidents:
        """Read all incidents of a store."""
        return cls(store.incidents(), zone)

    @cached_property
    def key(self) -> str:
        """Name this set of incidents, for caches and entity tags."""
        digest = blake2b(digest_size=9)
        places = shapely.get_coordinates(self.shapes[self.has_place].to_numpy())
        for column in (
            self.at.view("int64"),
            self.category,
            self.has_place,
            places,
            np.array(self.categories, dtype="U"),
        ):
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def days(self) -> np.ndarray:
        """Tell the town's day of each incident."""
        here = pd.DatetimeIndex(self.at, tz="UTC").tz_convert(self.zone).tz_localize(None)
        days: np.ndarray = here.to_numpy().astype("datetime64[D]")
        return days

    def count(self, index: AreaIndex) -> pd.Series:
        """Count the incidents of each area.

        Parameters
        ----------
        index : AreaIndex

        Returns
        -------
        Series of int
            Indexed by ``area_id``.
        """
        return index.count(self.shapes[self.has_place])

    def chosen(self, since: date | None, until: date | None, category: str | None) -> np.ndarray:
        """Find the incidents with a place that lie in a window of time.

        Parameters
        ----------
        since, until : datetime or date, optional
            Half-open; a date is its midnight in the town.
        category : str, optional

        Returns
        -------
        array of bool
        """
        keep = self.has_place.copy()
        first, last = (None if end is None else np.datetime64(self._instant(end), "us") for end in (since, until))
        begin = 0 if first is None else int(np.searchsorted(self.at, first))
        end = len(self) if last is None else int(np.searchsorted(self.at, last))
        keep[:begin], keep[end:] = False, False
        if category is not None:
            keep &= self.category == (self.categories.index(category) if category in self.categories else -1)
        return keep

    def heat(self, since: date | None, until: date | None, category: str | None) -> HeatTiles:
        """Make the heat of a window of time; kept for the tiles that are asked next."""
        asked = (since, until, category)
        with self._lock:
            if asked not in self._heats:
                kept = self.chosen(*asked)
                self._heats[asked] = HeatTiles(self.shapes[kept])
                while len(self._heats) > _HEATS_KEPT:
                    self._heats.popitem(last=False)
            return self._heats[asked]

    def _instant(self, end: date) -> datetime:
        """Turn a day into its midnight in the town, and an instant into UTC without a zone."""
        moment = end if isinstance(end, datetime) else datetime.combine(end, time(), self.zone)
        return moment.astimezone(UTC).replace(tzinfo=None)

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """Count incidents by category and by day, for the page's drawing of them."""
        if not len(self):
            return {
                "count": 0,
                "placed": 0,
                "days": 0,
                "first": None,
                "categories": [],
                "by_day": [],
                "by_day_and_category": {},
            }
        first = self.days.min()
        since_first = (self.days - first).astype(int)
        span = int(since_first.max()) + 1
        table = np.zeros((len(self.categories), span), dtype=int)
        np.add.at(table, (self.category, since_first), 1)
        by_category = {name: table[code].tolist() for code, name in enumerate(self.categories)}
        counts = sorted(((int(table[code].sum()), name) for code, name in enumerate(self.categories)), reverse=True)
        return {
            "count": len(self),
            "placed": int(self.has_place.sum()),
            "days": span,
            "first": str(first),
            "categories": [{"category": name, "incidents": count} for count, name in counts],
            "by_day": table.sum(axis=0).tolist(),
            "by_day_and_category": by_category,
        }
