"""Bring the columns of a source into those of a table: what the caller names, else well-known names.

The names that are recognised stand in ``aliases``. A recognised id must be there and differ in every row, else the next
is tried, and at last the rows are numbered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pandera.pandas as pa

from gridgeo.model.errors import TableError
from gridgeo.model.tables import TABLES, Table

from .aliases import ALIASES, LAYER_TABLES
from .conversions import are_counts, to_counts, to_days, to_instants, to_text
from .delimited import plain_name
from .roads import classify_lines

_MOSTLY = 0.9
"""Least share of different values in the id of a broken layer."""
_TOLD_ELSEWHERE = {"streets": ("rank", "kind")}
"""Columns that ``roads`` tells."""
_DAYS = ("valid_from", "valid_to", "since", "until")
_ASIDE = "_given"


@dataclass
class Mapped:
    """A frame under our names, and what was done to it.

    Parameters
    ----------
    frame : DataFrame
        Keyed by the table's key.
    mapping : dict of str to str
        Our column -> the source's; the key may be ``"row number"``.
    dropped : dict of str to int
        Why rows were left out -> how many.
    notes : list of str
        What else a reader should know.
    """

    frame: pd.DataFrame
    mapping: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def tell_table(layer: str, columns: Mapping[str, str], table: str | Table | None = None) -> Table | None:
    """Tell which table a layer holds.

    Parameters
    ----------
    layer : str
        Its name.
    columns : mapping of str to str
        The caller's mapping, source -> ours; a table's key among ours tells the table.
    table : str or Table, optional
        The caller's word.

    Returns
    -------
    Table or None
        None where nothing tells.

    Raises
    ------
    TableError
        If there is no such table.
    """
    if isinstance(table, Table):
        return table
    if table is not None:
        if table not in TABLES:
            raise TableError(f"table {table!r} is not known; it is one of {', '.join(TABLES)}")
        return TABLES[table]
    by_layer = TABLES.get(LAYER_TABLES.get(layer.lower(), ""))
    ours = set(columns.values())
    keyed = [candidate for candidate in TABLES.values() if candidate.key and candidate.key in ours]
    if not keyed or by_layer in keyed:
        return by_layer
    return keyed[0]


def map_columns(
    frame: pd.DataFrame,
    table: Table | None,
    columns: Mapping[str, str],
    *,
    name: str,
    layer: str = "",
    broken: bool = False,
) -> Mapped:
    """Bring a frame under the names, the key and the types of its table.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        As read; not changed.
    table : Table or None
        Without one only the caller's names apply, and rows are numbered.
    columns : mapping of str to str
        Source -> ours, as the caller names them.
    name, layer : str
        File and layer, for messages and for the kind of barriers.
    broken : bool
        Keep every row and every repeated id.

    Returns
    -------
    Mapped

    Raises
    ------
    TableError
        If a named column is not there, or an id that the caller names is missing or repeated.
    """
    made = Mapped(_rename(frame, columns, name), {ours: source for source, ours in columns.items()})
    if table is None:
        made.frame = made.frame.set_axis(_numbered(len(frame), "row"))
        return made
    named = set(columns.values())
    key = _key(made, table, named, name, broken)
    _guess(made, table, named)
    made.frame = made.frame.set_axis(key).drop(columns=table.key, errors="ignore")
    if table.name == "streets":
        _classify(made, layer, broken)
    _convert(made, table)
    if table.name == "households" and not broken:
        _drop_empty(made)
    return made


def _numbered(rows: int, name: str) -> pd.Index:
    return pd.Index([str(row) for row in range(rows)], dtype="str", name=name)


def _rename(frame: pd.DataFrame, columns: Mapping[str, str], name: str) -> pd.DataFrame:
    """Give columns the names that the caller asks for; a column already called so steps aside."""
    for source in columns:
        if source not in frame.columns:
            listed = ", ".join(str(column) for column in frame.columns if column != "geometry")
            raise TableError(f"{name}: there is no column {source!r} to map; its columns are {listed}")
    ours = list(columns.values())
    twice = [target for target in ours if ours.count(target) > 1]
    if twice:
        raise TableError(f"{name}: columns= maps more than one column to {twice[0]!r}")
    in_the_way = {target: f"{target}{_ASIDE}" for target in ours if target in frame.columns and target not in columns}
    return frame.rename(columns={**in_the_way, **columns})


def _candidates(frame: pd.DataFrame, ours: str, table: str) -> list[str]:
    """Name the columns of a frame that may be one of ours, our own name first."""
    by_plain = {plain_name(column): str(column) for column in reversed(list(frame.columns)) if column != "geometry"}
    wanted = [plain_name(alias) for alias in (ours, *ALIASES.get(table, {}).get(ours, ()))]
    return [by_plain[word] for word in wanted if word in by_plain]


def _key(made: Mapped, table: Table, named: set[str], name: str, broken: bool) -> pd.Index:
    """Make the table's key from the column that is named or recognised, else from row numbers."""
    rows = len(made.frame)
    if not table.key:
        return _numbered(rows, "row")
    for source in _candidates(made.frame, table.key, table.name):
        values = to_text(made.frame[source])
        different = values.nunique() / max(rows, 1)
        if different < (_MOSTLY if broken else 1) and source != table.key:
            continue
        if not broken:
            _refuse_key(values, table, name)
        made.mapping.setdefault(table.key, source)
        return pd.Index(values.to_numpy(), dtype="str", name=table.key)
    made.mapping[table.key] = "row number"
    return _numbered(rows, table.key)


def _refuse_key(values: pd.Series, table: Table, name: str) -> None:
    """Refuse an id that the caller or the file calls by its name, and that is missing or repeated."""
    if values.isna().any():
        raise TableError(f"{name}: {table.key} of row {int(np.flatnonzero(values.isna())[0])} is missing")
    twice = values[values.duplicated()]
    if not len(twice):
        return
    more = f" and {len(twice) - 1} more" if len(twice) > 1 else ""
    raise TableError(f"{name}: {table.key} {twice.iloc[0]!r} stands more than once{more}; ids must be unique")


def _guess(made: Mapped, table: Table, named: set[str]) -> None:
    """Take well-known names for the columns that the caller does not name."""
    taken = {*named, *table.schema.columns}
    picked: dict[str, str] = {}
    for ours, column in table.schema.columns.items():
        if ours in named or ours in _TOLD_ELSEWHERE.get(table.name, ()):
            continue
        optional_count = _is_count(column) and (not column.required or table.name == "areas")
        for source in _candidates(made.frame, ours, table.name):
            if source != ours and source in taken:
                continue
            if optional_count and not _usable(made, source, ours):
                continue
            taken.add(source)
            picked[source] = ours
            made.mapping[ours] = source
            break
    made.frame = made.frame.rename(columns=picked)


def _usable(made: Mapped, source: str, ours: str) -> bool:
    """Tell whether a column holds the counts that an optional column needs; else it keeps its name, or steps aside."""
    values = made.frame[source]
    if are_counts(values) or (source == ours and values.notna().all()):
        return True
    made.notes.append(
        f"{ours}: not taken from {source!r}, {int(values.isna().sum())} rows are missing or not whole numbers"
    )
    if source == ours:
        made.frame = made.frame.rename(columns={source: f"{ours}{_ASIDE}"})
    return False


def _checks(column: pa.Column) -> set[str]:
    return {str(check.name) for check in column.checks}


def _is_count(column: pa.Column) -> bool:
    return "not a whole number" in _checks(column)


def _classify(made: Mapped, layer: str, broken: bool) -> None:
    """Tell rank and kind of lines, and leave out those that limit nothing."""
    lines = classify_lines(made.frame, layer)
    made.mapping.update({ours: source for ours, source in lines.sources.items() if ours not in made.mapping})
    made.frame = made.frame.assign(rank=lines.rank, kind=lines.kind)
    if not broken and not lines.kept.all():
        made.dropped["footways, tunnels and other lines that limit nothing"] = int((~lines.kept).sum())
        made.frame = made.frame[lines.kept]


def _convert(made: Mapped, table: Table) -> None:
    """Give the declared columns the types that their table asks for."""
    frame = made.frame.copy(deep=False)
    for ours, column in table.schema.columns.items():
        if ours not in frame:
            continue
        where = f"{table.name}: {ours}"
        if "not text" in _checks(column):
            frame[ours] = to_text(frame[ours])
        elif _is_count(column):
            frame[ours] = to_counts(frame[ours])
        elif ours in _DAYS:
            frame[ours] = to_days(frame[ours], where)
        elif ours == "at" or ours.endswith("_at"):
            frame[ours], zoned = to_instants(frame[ours], where)
            if not zoned:
                made.notes.append(f"{ours} tells no time zone")
        else:
            frame[ours] = pd.to_numeric(frame[ours], errors="coerce").where(frame[ours].notna())
    made.frame = frame


def _drop_empty(made: Mapped) -> None:
    """Leave out places where nobody lives."""
    if "count" not in made.frame:
        made.notes.append("count: no column tells it, every row counts as one household")
        return
    empty = made.frame["count"] == 0
    if empty.any():
        made.dropped["no households"] = int(empty.sum())
        made.frame = made.frame[~empty]
