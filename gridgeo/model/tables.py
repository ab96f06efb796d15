"""Declare every table once, and check frames against those contracts at the door.

A public function calls ``check(frame, TABLE)`` on what it is given and trusts the frame afterwards.
Keys are the index, are text and carry the table's key as their name. Coordinates are metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
import shapely

from .columns import are_whole, count, moment, number, schema, size, text
from .crs import check_metric
from .errors import TableError

GEOMETRY_TYPES = {
    "area": ("Polygon", "MultiPolygon"),
    "line": ("LineString", "MultiLineString"),
    "point": ("Point",),
    "any": (),
}


@dataclass(frozen=True)
class Table:
    """One table's contract.

    Parameters
    ----------
    name : str
        Word of the table in messages, in lower case.
    key : str
        Name of the index; keys are unique text. Empty for a table whose rows have no name of their own.
    schema : DataFrameSchema
        Columns, their types and their limits.
    geometry : str
        ``"area"``, ``"line"``, ``"point"``, ``"any"``, or ``""`` for a table without geometry.
    """

    name: str
    key: str
    schema: pa.DataFrameSchema
    geometry: str = ""

    @property
    def columns(self) -> list[str]:
        """Name the declared columns, the geometry last."""
        return [*self.schema.columns, *(["geometry"] if self.geometry else [])]

    @property
    def required(self) -> list[str]:
        """Name the columns that must be there, the geometry last."""
        names = [name for name, column in self.schema.columns.items() if column.required]
        return [*names, *(["geometry"] if self.geometry else [])]

    @property
    def is_spatial(self) -> bool:
        """Tell whether rows carry a geometry."""
        return bool(self.geometry)


COMMUNITIES = Table(
    "communities",
    "area_id",
    schema(
        name=text(required=False),
        level=text(required=False),
        parent_id=text(required=False),
        kind=text(required=False),
    ),
    "area",
)
STREETS = Table(
    "streets",
    "street_id",
    schema(
        name=text(required=False),
        rank=count(low=1, high=6),
        kind=text(isin=("street", "river", "rail", "wall")),
    ),
    "line",
)
BUILDINGS = Table(
    "buildings",
    "building_id",
    schema(
        name=text(required=False),
        use=text(required=False),
        floors=count(required=False),
        stairwells=count(required=False),
        households=count(required=False),
        persons=count(required=False),
    ),
    "area",
)
HOUSEHOLDS = Table(
    "households",
    "household_id",
    schema(
        building_id=text(required=False),
        stairwell=count(required=False),
        floor=pa.Column(None, pa.Check(are_whole, name="not a whole number"), required=False),
        floors=count(required=False, low=1),
        address=text(required=False),
        count=count(low=1),
        persons=count(required=False),
    ),
    "point",
)
"""``floor``: the one floor on which a row's dwellings lie; ``floors``: over how many floors, from the first one up,
they spread where their own floors are not known."""
VILLAGES = Table(
    "villages",
    "village_id",
    schema(
        name=text(required=False),
        community_id=text(required=False),
        households=count(required=False),
    ),
    "area",
)
"""Natural villages or villager groups: the ground on which the houses of each stand together."""
ATOMS = Table(
    "atoms",
    "atom_id",
    schema(
        community_id=text(),
        kind=text(),
        block_id=text(),
        keep_with=text(required=False),
        households=count(),
        persons=count(required=False),
        area_m2=size(),
    ),
    "area",
)
BORDERS = Table(
    "borders",
    "",
    schema(
        atom_a=text(),
        atom_b=text(),
        length_m=size(),
        street_id=text(required=False),
        rank=count(high=7),
        kind=text(required=False),
    ),
)
AREAS = Table(
    "areas",
    "area_id",
    schema(
        code=text(required=False),
        name=text(required=False),
        level=text(),
        kind=text(required=False),
        parent_id=text(required=False),
        households=count(),
        persons=count(required=False),
        area_m2=size(),
        valid_from=moment(required=False),
        valid_to=moment(required=False),
    ),
    "area",
)
STACKED = Table(
    "stacked",
    "area_id",
    schema(
        parent_id=text(),
        atom_id=text(),
        building_id=text(required=False),
        stairwell=count(required=False, nullable=True),
        floor_from=pa.Column(None, pa.Check(are_whole, name="not a whole number")),
        floor_to=pa.Column(None, pa.Check(are_whole, name="not a whole number")),
        households=count(),
    ),
)
"""Areas that lie above one another: floors ``floor_from`` to ``floor_to``, both among them, of one atom.
``parent_id``: the area whose footprint they share."""
OFFICERS = Table(
    "officers",
    "officer_id",
    schema(name=text(), role=text(), phone=text(required=False)),
)
DUTIES = Table(
    "duties",
    "duty_id",
    schema(
        officer_id=text(),
        area_id=text(),
        role=text(),
        valid_from=moment(required=False),
        valid_to=moment(required=False),
    ),
)
INCIDENTS = Table(
    "incidents",
    "incident_id",
    schema(
        reported_at=moment(),
        category=text(),
        text=text(required=False),
        address=text(required=False),
        accuracy_m=number(),
        area_id=text(required=False),
        status=text(required=False),
    ),
    "point",
)
FINDINGS = Table(
    "findings",
    "finding_id",
    schema(
        kind=text(),
        severity=text(isin=("error", "warning", "note")),
        area_ids=text(required=False),
        value=number(),
        limit=number(),
        quantity=text(required=False),
        message=text(),
    ),
    "any",
)
CERTIFICATES = Table(
    "certificates",
    "certificate_id",
    schema(
        area_id=text(),
        level=text(),
        reason=text(),
        households=count(),
        low=count(),
        high=count(),
        relaxation=text(required=False),
        message=text(),
    ),
    "any",
)
"""Why an area cannot keep its band. ``area_id``: the community (or grid, for micro grids) concerned.
``reason``: ``total`` (no k with low*k <= households <= high*k), ``atom_over_max``, ``dead_atom``,
``component`` (a piece that is not connected to the rest); ``relaxation``: the nearest limits that would do."""

TABLES = {
    table.name: table
    for table in (
        COMMUNITIES,
        STREETS,
        BUILDINGS,
        HOUSEHOLDS,
        ATOMS,
        BORDERS,
        AREAS,
        OFFICERS,
        DUTIES,
        INCIDENTS,
        FINDINGS,
        CERTIFICATES,
    )
}
"""The tables that files and the store keep under their own name; villages and stacked areas are made from these."""


def check(frame: pd.DataFrame, table: Table) -> None:
    """Hold a frame against its table's contract.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        The frame to check; it is not changed.
    table : Table
        Its contract.

    Raises
    ------
    TableError
        Naming table, column, row, value and limit of the first fault, and how many more there are.
    CrsError
        If the coordinates are not metric.
    """
    if table.is_spatial:
        _check_geometry_column(frame, table)
    if table.key:
        _check_key(frame.index, table)
    try:
        table.schema.validate(pd.DataFrame(frame), lazy=True, inplace=True)  # nothing is coerced: no copy
    except pa.errors.SchemaErrors as errors:
        raise TableError(_first_fault(errors.failure_cases, table)) from None
    if table.is_spatial:
        _check_geometries(frame, table)


def _check_geometry_column(frame: pd.DataFrame, table: Table) -> None:
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        raise TableError(f"{table.name}: has no geometry; pass a GeoDataFrame whose geometry column is set")
    if len(frame):
        check_metric(frame.crs, table.name)


def _check_key(index: pd.Index, table: Table) -> None:
    if index.name != table.key:
        raise TableError(
            f"{table.name}: the index is named {index.name!r}, not {table.key!r}; use set_index({table.key!r})"
        )
    if not len(index):
        return
    if index.hasnans:
        raise TableError(f"{table.name}: {table.key} is missing in row {int(np.flatnonzero(index.isna())[0])}")
    if not isinstance(index.dtype, pd.StringDtype) and not all(isinstance(key, str) for key in index):
        raise TableError(f"{table.name}: {table.key} {index[0]!r} is not text; use index.astype(str)")
    if not index.is_unique:
        twice = index[index.duplicated()]
        more = f" and {len(twice) - 1} more" if len(twice) > 1 else ""
        raise TableError(f"{table.name}: {table.key} {twice[0]!r} stands more than once{more}; ids must be unique")


_LIMIT_WORDS = {"greater_than_or_equal_to": "below", "less_than_or_equal_to": "above", "isin": "not one of"}


def _first_fault(cases: pd.DataFrame, table: Table) -> str:
    """Say the first fault in one line."""
    row = {str(name): value.item() if isinstance(value, np.generic) else value for name, value in cases.iloc[0].items()}
    check_name = str(row["check"])
    more = f" (and {len(cases) - 1} more)" if len(cases) > 1 else ""
    if check_name == "column_in_dataframe":
        return f"{table.name}: column {row['failure_case']!r} is missing{more}; map it with columns={{...}}"
    if check_name == "not_nullable":
        return f"{table.name}: {row['column']} of {row['index']!r} is missing{more}"
    name, _, limit = check_name.removesuffix(")").partition("(")
    words = f"{_LIMIT_WORDS[name]} {limit}" if name in _LIMIT_WORDS else name
    return f"{table.name}: {row['column']} of {row['index']!r} is {row['failure_case']!r}, {words}{more}"


def _check_geometries(frame: gpd.GeoDataFrame, table: Table) -> None:
    """Refuse geometries that are missing, empty, of another type, not finite or invalid."""
    shapes = frame.geometry.to_numpy()
    allowed = GEOMETRY_TYPES[table.geometry]
    if not allowed:
        return
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if missing.any() and table is not INCIDENTS:
        raise TableError(f"{table.name}: geometry of {frame.index[missing][0]!r} is missing or empty")
    types = np.array(frame.geom_type, dtype=object)
    wrong = ~missing & ~np.isin(types, allowed)
    if wrong.any():
        raise TableError(
            f"{table.name}: geometry of {frame.index[wrong][0]!r} is a {types[wrong][0]}, not a {' or '.join(allowed)}"
        )
    bounds = shapely.bounds(shapes)
    endless = ~missing & ~np.isfinite(bounds).all(axis=1)
    if endless.any():
        raise TableError(f"{table.name}: geometry of {frame.index[endless][0]!r} has coordinates that are not finite")
    if table.geometry == "area":
        broken = ~missing & ~shapely.is_valid(shapes)
        if broken.any():
            reason = shapely.is_valid_reason(shapes[broken][0])
            raise TableError(
                f"{table.name}: geometry of {frame.index[broken][0]!r} is invalid ({reason}); "
                "mend it with gridgeo repair"
            )


_KEY_COLUMNS = {table.key for table in TABLES.values() if table.key}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "streets": {"rank": 4, "kind": "street"},
    "households": {"count": 1},
}


def conform(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Bring a frame into the form of a table where that needs no guess, and check it.

    The key is taken from a column of its name, else from the index as text. A street without a rank counts as
    rank 4, a line without a kind as a street, a household row without a count as one household.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        The frame; it is not changed.
    table : Table
        The contract to meet.

    Returns
    -------
    DataFrame or GeoDataFrame
        A new frame that passes ``check``.

    Raises
    ------
    TableError, CrsError
        As ``check``.
    """
    made = frame.copy(deep=False)
    if table.key and made.index.name != table.key:
        if table.key in made.columns:
            made = made.set_index(table.key)
        elif made.index.name in _KEY_COLUMNS:
            raise TableError(
                f"{table.name}: the index is {made.index.name!r}, these look like the rows of another table"
            )
        made.index = made.index.astype(str).rename(table.key)
    for column, value in _DEFAULTS.get(table.name, {}).items():
        if column not in made.columns:
            made[column] = value
    check(made, table)
    return made


def empty(table: Table, crs: Any = None) -> pd.DataFrame:
    """Make a table without rows that keeps its contract.

    Parameters
    ----------
    table : Table
        Which one.
    crs : CRS, optional
        For a table with geometry.

    Returns
    -------
    DataFrame or GeoDataFrame
    """
    index = pd.Index([], name=table.key or None, dtype="str")
    frame = pd.DataFrame({name: [] for name in table.schema.columns}, index=index, dtype=object)
    if not table.is_spatial:
        return frame
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], index=index, crs=crs), crs=crs)
