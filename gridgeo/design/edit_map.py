"""Hold a map while it is edited: the areas of now by row, found by id or by place, and taken back without loss."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .household_defects import Dwellings
from .parting import Paths

MEASURES = ("households", "persons")
"""Columns that hold counts; an edit without points cannot know them."""


@dataclass(frozen=True, eq=False)
class Change:
    """What an edit makes of a map.

    Parameters
    ----------
    action : str
        The name of the edit.
    shapes : dict of int to geometry
        New polygons of rows that are there.
    added : list of (str, geometry, int)
        New areas: id, polygon, and the row whose attributes they take.
    removed : tuple of int
        Rows that go.
    paths : dict
        Segments of changed rows into which points were inserted.
    """

    action: str
    shapes: dict[int, Any]
    added: list[tuple[str, Any, int]] = field(default_factory=list)
    removed: tuple[int, ...] = ()
    paths: Paths = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Undo:
    """What brings a map back to where it was before a change."""

    rows: np.ndarray
    shapes: np.ndarray
    bounds: np.ndarray
    counted: np.ndarray
    count: int
    territory: Any


class EditMap:
    """Areas by row; rows are added at the end and never move.

    Parameters
    ----------
    ids : array of str
    shapes : array of Polygon or MultiPolygon
    parent : array of int
        Number of each area's parent, -1 for none.
    parent_names : array of str
        Of the parents; none where areas may go anywhere.
    attributes : DataFrame
        Other columns, a row an area.
    territory : Polygon or MultiPolygon
    crs : CRS
    geometry_name : str
    """

    def __init__(
        self,
        ids: np.ndarray,
        shapes: np.ndarray,
        parent: np.ndarray,
        parent_names: np.ndarray,
        attributes: pd.DataFrame,
        territory: Any,
        crs: Any,
        geometry_name: str,
    ) -> None:
        self.ids, self.shapes, self.parent = ids.astype(object), shapes.copy(), parent.copy()
        self._parent_names = parent_names
        self.bounds = shapely.bounds(self.shapes)
        self.alive = np.ones(len(ids), dtype=bool)
        self.counted = np.ones(len(ids), dtype=bool)
        self.source = np.arange(len(ids))
        self.territory = territory
        self._attributes, self._crs, self._geometry_name = attributes, crs, geometry_name
        self._row = {str(name): at for at, name in enumerate(ids)}
        self._drawn: gpd.GeoDataFrame | None = None

    def __len__(self) -> int:
        return int(self.alive.sum())

    @property
    def has_parents(self) -> bool:
        """Tell whether areas must stay in a parent."""
        return len(self._parent_names) > 0

    def parent_name(self, row: int) -> str:
        """Name the parent of a row; "" where it has none."""
        return str(self._parent_names[self.parent[row]]) if self.parent[row] >= 0 else ""

    def row(self, area_id: Any) -> int | None:
        """Give the row of an area, None where there is no such area."""
        return self._row.get(str(area_id))

    def near(self, bounds: np.ndarray) -> np.ndarray:
        """Give the rows whose boxes meet a box ``west, south, east, north``, in order of their ids."""
        # One pass over all boxes takes a tenth of a millisecond at 50,000 areas; no index has to follow the edits.
        box = self.bounds
        rows = np.flatnonzero(
            (box[:, 0] <= bounds[2]) & (box[:, 2] >= bounds[0]) & (box[:, 1] <= bounds[3]) & (box[:, 3] >= bounds[1])
        )
        return np.array(sorted(rows, key=lambda row: str(self.ids[row])), dtype=np.int64)

    def apply(self, change: Change, territory: Any, recounts: frozenset[int]) -> Undo:
        """Make a change that has been proved.

        Parameters
        ----------
        change : Change
            With the rows that only get a vertex among its shapes.
        territory : Polygon or MultiPolygon
            With its new vertices.
        recounts : set of int
            Rows whose land is another.

        Returns
        -------
        Undo
        """
        rows = np.array(sorted([*change.shapes, *change.removed]), dtype=np.int64)
        undo = Undo(rows, self.shapes[rows], self.bounds[rows], self.counted[rows], len(self.ids), self.territory)
        for row, shape in change.shapes.items():
            self.shapes[row] = shape
            self.bounds[row] = shapely.bounds(shape)
        for row in change.removed:
            self.alive[row], self.shapes[row], self.bounds[row] = False, None, np.nan
            del self._row[self.ids[row]]
        self.counted[list(recounts)] = False
        if change.added:
            names, shapes, sources = zip(*change.added, strict=True)
            self.ids = np.append(self.ids, np.array(names, dtype=object))
            self.shapes = np.append(self.shapes, np.array(shapes, dtype=object))
            self.bounds = np.vstack([self.bounds, shapely.bounds(np.array(shapes, dtype=object))])
            self.alive = np.append(self.alive, np.ones(len(names), dtype=bool))
            self.counted = np.append(self.counted, np.zeros(len(names), dtype=bool))
            self.source = np.append(self.source, self.source[list(sources)])
            self.parent = np.append(self.parent, self.parent[list(sources)])
            self._row.update({name: undo.count + at for at, name in enumerate(names)})
        self.territory = territory
        self._drawn = None
        return undo

    def revert(self, undo: Undo) -> None:
        """Take the last change back: the same objects as before."""
        for name in self.ids[undo.count :]:
            del self._row[name]
        for name in ("ids", "shapes", "bounds", "alive", "counted", "source", "parent"):
            setattr(self, name, getattr(self, name)[: undo.count])
        self.shapes[undo.rows], self.bounds[undo.rows] = undo.shapes, undo.bounds
        self.counted[undo.rows], self.alive[undo.rows] = undo.counted, True
        self._row.update({str(self.ids[row]): int(row) for row in undo.rows})
        self.territory = undo.territory
        self._drawn = None

    def frame(self, dwellings: Dwellings | None) -> gpd.GeoDataFrame:
        """Draw the areas of now, in the order in which they were given; new areas come last.

        Counts of areas whose land is another are taken from the points, and missing where there are none.
        """
        if self._drawn is None:
            at = np.flatnonzero(self.alive)
            index = pd.Index(self.ids[at], name="area_id", dtype="str")
            table = self._attributes.iloc[self.source[at]].set_axis(index, axis=0)
            if "area_id" in table:
                table = table.assign(area_id=index)
            stale = ~self.counted[at]
            if stale.any():
                table = self._measure(table, at, stale, dwellings)
            shapes = gpd.GeoSeries(self.shapes[at], index=index, crs=self._crs)
            self._drawn = gpd.GeoDataFrame(table.assign(**{self._geometry_name: shapes}), geometry=self._geometry_name)
        return self._drawn.copy(deep=False)

    def _measure(
        self, table: pd.DataFrame, at: np.ndarray, stale: np.ndarray, dwellings: Dwellings | None
    ) -> pd.DataFrame:
        """Measure anew what is known of areas whose land is another."""
        made: dict[str, Any] = {name: table[name].mask(stale) for name in MEASURES if name in table}
        if "households" in table and dwellings is not None:
            counts = table["households"].to_numpy(copy=True)
            counts[stale] = dwellings.total_in(self.shapes[at[stale]])
            made["households"] = counts
        if "area_m2" in table:
            made["area_m2"] = np.where(stale, shapely.area(self.shapes[at]), table["area_m2"])
        return table.assign(**made)
