"""Exchange a whole territory in time: a GeoPackage that QGIS opens, or a folder of GeoParquet files.

Both hold the tables of the store, one layer or file each, with every version's areas, atoms and duties once however
many versions use them; ``plan_frames`` says which version uses which. The GeoPackage also has a view of each spatial
table in time (``areas_in_time``), a row for each version with its days.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import sqlalchemy as sa

import gridgeo
from gridgeo.model.errors import StorageError

from . import sqlite
from .backup import deliver, working_file
from .column_types import Shape, write_json
from .copying import Columns, read_columns, tables
from .export import replacing
from .incidents import incident_layout
from .rows import insert_rows, load_frame, pack, read_crs
from .schema import REVISION, ROWS, frames, metadata, plan_frames
from .upgrade import known_revisions, upgrade
from .versions import newest_crs

_FORMAT = "gridgeo workspace"
_FACTS = "workspace"  # the table that says what the others are
_DAYS = ("version", "valid_from", "valid_to")
_ARROW: list[tuple[Any, pa.DataType]] = [
    (Shape, pa.binary()),
    (sa.Boolean, pa.bool_()),
    (sa.Integer, pa.int64()),
    (sa.Double, pa.float64()),
]


def export_workspace(connection: sa.Connection, territory: str, path: str | Path, *, phones: bool) -> None:
    """Write a territory as a workspace.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    territory : str
    path : str or Path
        Ending in ``.gpkg``, or a folder to make.
    phones : bool
        Whether the officers' telephone numbers go along.

    Raises
    ------
    StorageError
        If the place is taken or cannot be written.
    """
    target = Path(path)
    if target.exists():
        raise StorageError(f"{str(target)!r} is there already; name another place for the workspace")
    layout = incident_layout(connection, territory)
    crs = newest_crs(connection, territory) or (layout or {}).get("crs")
    held = {table.name: _rows_of(connection, table, territory) for table in tables()}
    if not phones:
        _forget_phones(connection, held)
    facts = {"format": _FORMAT, "schema": REVISION, "territory": territory, "gridgeo": gridgeo.__version__}
    facts |= {"phones": str(phones).lower(), "crs": crs or ""}
    made = {_FACTS: pa.table({"name": list(facts), "value": list(facts.values())})}
    filled = [table for table in tables() if any(held[table.name].values())]
    made |= {str(table.name): _as_arrow(table, held[table.name]) for table in filled}
    if target.suffix.lower() == ".gpkg":
        with replacing(target) as draft:
            _write_geopackage(made, draft, crs)
    else:
        with _new_folder(target) as draft:
            for name, rows in made.items():
                pq.write_table(_with_geo(rows, crs), draft / f"{name}.parquet", compression="zstd")


def _belongs(table: sa.Table, territory: str) -> sa.ColumnElement[bool]:
    """Say which rows of a table are a territory's: by their own column, or through what they refer to."""
    if "territory" in table.c:
        return table.c.territory == territory
    if table is frames:
        return frames.c.frame_id.in_(sa.select(plan_frames.c.frame_id).where(_belongs(plan_frames, territory)))
    key = next(key for key in table.foreign_keys if table is not plan_frames or key.column.table is not frames)
    parent = key.column
    return key.parent.in_(sa.select(parent).where(_belongs(parent.table, territory)))


def _rows_of(connection: sa.Connection, table: sa.Table, territory: str) -> Columns:
    held: Columns = {column.name: [] for column in table.c}
    for columns in read_columns(connection, table, _belongs(table, territory)):
        for name, values in columns.items():
            held[name] += values
    return held


def _forget_phones(connection: sa.Connection, held: dict[str, Columns]) -> None:
    """Take the telephone numbers out of every frame of officers; frames that are then alike become one."""
    table, listed, kept = ROWS["officers"], held["frames"], dict[str, int]()
    rows: Columns = {column.name: [] for column in table.c}
    same: dict[int, int] = {}
    for place, (frame_id, kind) in enumerate(zip(listed["frame_id"], listed["kind"], strict=True)):
        if kind != table.name:
            continue
        officers = load_frame(connection, table, frame_id)
        if "phone" in officers:
            officers = officers.assign(phone=_nothing_like(officers["phone"]))
        packed = pack(officers, table)
        listed["layout"][place], listed["digest"][place] = write_json(packed.layout), packed.digest
        same[frame_id] = kept.setdefault(packed.digest, frame_id)
        if same[frame_id] == frame_id:
            for name in rows:
                values: Any = packed.columns.get(name, [None] * packed.count)
                rows[name] += [frame_id] * packed.count if name == "frame_id" else values
    held[table.name] = rows
    used = held["plan_frames"]
    used["frame_id"] = [same.get(frame_id, frame_id) for frame_id in used["frame_id"]]
    stays = [same.get(frame_id, frame_id) == frame_id for frame_id in listed["frame_id"]]
    held["frames"] = {name: [v for v, stay in zip(vs, stays, strict=True) if stay] for name, vs in listed.items()}


def _nothing_like(values: pd.Series) -> pd.Series:
    """Give a column that says nothing: text where it was text, else None: categories would tell them."""
    if isinstance(values.dtype, pd.StringDtype):
        return values.mask(np.ones(len(values), dtype=bool))
    return pd.Series(np.full(len(values), None, dtype=object), index=values.index, dtype=object)


def _as_arrow(table: sa.Table, columns: Columns) -> pa.Table:
    arrays = {}
    for column in table.c:
        kind = next((arrow for kind, arrow in _ARROW if isinstance(column.type, kind)), pa.string())
        values = columns[column.name]
        if kind == pa.int64():
            values = [None if value is None else int(value) for value in values]
        arrays[column.name] = pa.array(values, type=kind)
    return pa.table(arrays)


def _with_geo(rows: pa.Table, crs: str | None) -> pa.Table:
    """Say in a table's metadata where its geometry is, as GeoParquet wants it."""
    if "geometry" not in rows.column_names:
        return rows
    known = read_crs(crs)
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": []}
    column["crs"] = None if known is None else known.to_json_dict()
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return rows.replace_schema_metadata({b"geo": json.dumps(geo).encode()})


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """Give a folder to write to that takes its name when all went well."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".gridgeo-", dir=target.parent))
    except OSError as error:
        raise StorageError(f"{target.parent}: the folder cannot be written to ({error.strerror})") from None
    try:
        yield draft
        draft.chmod(0o755)
        os.rename(draft, target)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{target}: cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_geopackage(made: Mapping[str, pa.Table], path: Path, crs: str | None) -> None:
    for name, rows in made.items():
        spatial: dict[str, Any] = {}
        if "geometry" in rows.column_names:
            spatial = {"geometry_name": "geometry", "geometry_type": "Unknown", "crs": crs, "GEOMETRY_NAME": "geometry"}
        pyogrio.write_arrow(rows, path, layer=name, driver="GPKG", append=path.exists(), **spatial)
    with closing(sqlite3.connect(path)) as database:
        for name in made:
            if name in ROWS and "geometry" in made[name].column_names:
                _add_view(database, name, made[name].column_names)
        database.commit()


def _add_view(database: sqlite3.Connection, name: str, columns: list[str]) -> None:
    """Show a table of frames in time: a row for each version that uses it, with the days of the version."""
    view = f"{name}_in_time"
    own = ", ".join(f'"{name}"."{column}"' for column in columns if column not in {"row_id", "frame_id", "geometry"})
    days = ", ".join(f'plans."{day}"' for day in _DAYS)
    database.execute(f"""
        CREATE VIEW "{view}" AS
        SELECT (plans.version << 32) | "{name}".fid AS OGC_FID, {days}, {own}, "{name}".geometry
        FROM plans
        JOIN plan_frames ON plan_frames.version = plans.version
                        AND (plan_frames.role = '{name}' OR plan_frames.role LIKE '{name}:%')
        JOIN "{name}" ON "{name}".frame_id = plan_frames.frame_id
    """)
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, "
        "min_x, min_y, max_x, max_y, srs_id) "
        "SELECT ?, 'features', ?, '', last_change, min_x, min_y, max_x, max_y, srs_id "
        "FROM gpkg_contents WHERE table_name = ?",
        (view, view, name),
    )
    database.execute(
        "INSERT INTO gpkg_geometry_columns SELECT ?, column_name, geometry_type_name, srs_id, z, m "
        "FROM gpkg_geometry_columns WHERE table_name = ?",
        (view, name),
    )


def import_workspace(path: str | Path, url: str | Path, *, replace: bool = False) -> None:
    """Make a store from a workspace, all of it or nothing; it answers as the one did that was exported.

    Parameters
    ----------
    path : str or Path
        As ``Store.export`` wrote it, with this gridgeo or an older one. The territory keeps its name.
    url : str or Path
        Where to make the store, as ``open_store`` takes it.
    replace : bool
        Whether a store that holds plans may be replaced.

    Raises
    ------
    StorageError
        If the workspace is not there, damaged or newer than this gridgeo, or the place holds plans already.
    """
    source = Path(path)
    name = f"workspace {str(source)!r}"
    if not source.exists():
        raise StorageError(f"{name}: there is no such file or folder")
    facts = _read_facts(source, name)
    with working_file(str(url)) as draft:
        _fill(source, name, draft, facts["schema"])
        deliver(draft, str(url), name, replace=replace)


def _read_facts(source: Path, name: str) -> dict[str, str]:
    try:
        rows = _read(source, _FACTS)
        facts = dict(zip(rows["name"].to_pylist(), rows["value"].to_pylist(), strict=True))
    except (KeyError, ValueError, OSError, pa.ArrowException, *_READ_ERRORS):
        facts = {}
    if facts.get("format") != _FORMAT:
        raise StorageError(f"{name}: is not one that Store.export wrote; read its layers with read_layer")
    if facts["schema"] not in known_revisions():
        raise StorageError(
            f"{name}: was written by a newer gridgeo (schema {facts['schema']}); upgrade gridgeo to read it"
        )
    return facts


_READ_ERRORS = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError)


def _read(source: Path, name: str) -> pa.Table:
    if source.is_dir():
        return pq.read_table(source / f"{name}.parquet", partitioning=None)
    about, rows = pyogrio.read_arrow(source, layer=name)
    called = {about.get("geometry_name") or "wkb_geometry", "wkb_geometry"}
    return rows.rename_columns(["geometry" if each in called else each for each in rows.column_names])


def _names(source: Path) -> set[str]:
    if source.is_dir():
        return {file.stem for file in source.glob("*.parquet")}
    return {str(name) for name, _ in pyogrio.list_layers(source)}


def _fill(source: Path, name: str, draft: Path, revision: str) -> None:
    """Make a store of the schema that a workspace was written with, and put its rows into it."""
    engine = sqlite.make_engine(draft)
    there = _names(source)
    try:
        with engine.execution_options(writes=True).begin() as connection:
            sqlite.mark(connection)
            upgrade(connection, revision)
            for table in metadata.sorted_tables:
                if table.name in there:
                    rows = _read(source, table.name)
                    columns = {each: rows[each].to_pylist() for each in rows.column_names if each in table.c}
                    insert_rows(connection, sa.insert(table), columns, rows.num_rows)
    except (*_READ_ERRORS, pa.ArrowException, sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        raise StorageError(f"{name}: is damaged ({' '.join(str(error).split())[:200]})") from error
    finally:
        engine.dispose()
