"""Keep atoms in a file from which one community is read at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gridgeo.model.crs import check_metric
from gridgeo.model.errors import StorageError, TableError
from gridgeo.storage.export import plain_columns, replacing

from .notes import NOTE, join_notes, split_notes
from .parquet import from_arrow, notes_of, to_arrow

ROW = "gridgeo_row"
"""Column of a file of atoms: the place of each row in the table that was written."""


@dataclass(frozen=True)
class AtomFile:
    """A GeoParquet file with a row group for each community, in order of their ids.

    Parameters
    ----------
    path : Path
    communities : tuple of str
        The community of each row group.
    rows : tuple of int
        How many atoms each has.
    notes : dict
        What is noted down beside the table.
    """

    path: Path
    communities: tuple[str, ...]
    rows: tuple[int, ...]
    notes: dict[str, Any]

    def read(self, numbers: list[int]) -> gpd.GeoDataFrame:
        """Read some communities, each in the order its atoms had in the table that was written.

        Parameters
        ----------
        numbers : list of int
            Their places in ``communities``.

        Returns
        -------
        GeoDataFrame
            Columns of table ``ATOMS``, not checked; ``attrs`` holds what is noted down about the communities.

        Raises
        ------
        StorageError
            If the file cannot be read.
        """
        with reading(self.path):
            table = _opened(self.path).read_row_groups(numbers)
        return self._with_notes(from_arrow(table), {self.communities[number] for number in numbers})

    def read_all(self) -> gpd.GeoDataFrame:
        """Read the whole table, its rows in their old order; arguments and errors as of ``read``."""
        with reading(self.path):
            table = _opened(self.path).read()
        return self._with_notes(from_arrow(table.sort_by(ROW)), None)

    def _with_notes(self, frame: gpd.GeoDataFrame, only: set[str] | None) -> gpd.GeoDataFrame:
        attrs = join_notes(frame.index, frame[NOTE], self.notes, only)
        frame = frame.drop(columns=[ROW, NOTE])
        frame.attrs = attrs
        return frame


def _opened(path: Path) -> pq.ParquetFile:
    """Open a file once for all the communities that are read from it."""
    told = path.stat()
    return _open_once(str(path), told.st_mtime_ns, told.st_size)


@lru_cache(maxsize=1)
def _open_once(path: str, changed_ns: int, size: int) -> pq.ParquetFile:
    del changed_ns, size  # a file that was replaced is opened anew
    return pq.ParquetFile(path)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a Parquet file is read into one error that names it."""
    try:
        yield
    except FileNotFoundError:
        raise StorageError(f"there is no file {str(path)!r} here; every worker must see the same folders") from None
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{path}: cannot be read as Parquet ({' '.join(str(error).split())})") from None


def open_atoms(path: str | Path) -> AtomFile | None:
    """Open a file that ``write_atoms`` wrote, without reading its rows.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    AtomFile or None
        None for any other Parquet file.

    Raises
    ------
    StorageError
        If the file is not there or is no Parquet.
    """
    path = Path(path)
    with reading(path):
        file = pq.ParquetFile(path)
    notes = notes_of(file.schema_arrow)
    if not isinstance(notes, dict) or "communities" not in notes or ROW not in file.schema_arrow.names:
        return None
    rows = tuple(file.metadata.row_group(at).num_rows for at in range(file.metadata.num_row_groups))
    if [*rows] != notes["rows"]:
        return None
    return AtomFile(path, tuple(notes["communities"]), rows, notes["notes"])


def write_atoms(atoms: gpd.GeoDataFrame, path: str | Path) -> None:
    """Write atoms to GeoParquet, a row group for each community, with all that is noted down beside them.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``, as ``make_atoms`` returns it. Rows that break the table's contract are written as they are;
        ``partition_many`` tells them with their community.
    path : str or Path
        Ending in ``.parquet``. An earlier file is replaced when all is written.

    Raises
    ------
    TableError, CrsError
        If the table has no rows, no geometry or no metric CRS, or a row has no community.
    StorageError
        If the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".parquet":
        raise StorageError(f"{path.name}: atoms are written to GeoParquet; let the name end in .parquet")
    table, rows = _grouped(atoms)
    with replacing(path) as place, pq.ParquetWriter(place, table.schema, write_statistics=["community_id"]) as writer:
        for first, count in zip(np.cumsum([0, *rows[:-1]]), rows, strict=True):
            writer.write_table(table.slice(first, count), row_group_size=count)


def _grouped(atoms: gpd.GeoDataFrame) -> tuple[pa.Table, list[int]]:
    """Put the rows of a community together, and its notes beside them."""
    _check_door(atoms)
    note, rest = split_notes(atoms)
    made = gpd.GeoDataFrame(plain_columns(atoms))
    made.index = pd.Index(made.index.astype("str"), name="atom_id")
    if made.active_geometry_name != "geometry":
        made = made.rename_geometry("geometry")
    made = made.assign(**{ROW: np.arange(len(made)), NOTE: note.array})
    ids, code = np.unique(atoms["community_id"].to_numpy(dtype=str), return_inverse=True)
    made = made.iloc[np.argsort(code, kind="stable")]
    rows = np.bincount(code, minlength=len(ids)).tolist()
    return to_arrow(made, {"communities": ids.tolist(), "rows": rows, "notes": rest}), rows


def _check_door(atoms: gpd.GeoDataFrame) -> None:
    if not isinstance(atoms, gpd.GeoDataFrame) or atoms.active_geometry_name is None:
        raise TableError("atoms: has no geometry; pass a GeoDataFrame whose geometry column is set")
    if not len(atoms):
        raise TableError("atoms: the table has no rows; make_atoms makes them from communities and streets")
    check_metric(atoms.crs, "atoms")
    if "community_id" not in atoms:
        raise TableError("atoms: column 'community_id' is missing; make_atoms tells it")
    without = atoms["community_id"].isna().to_numpy()
    if without.any():
        raise TableError(f"atoms: community_id of {atoms.index[without][0]!r} is missing ({without.sum()} rows)")


def read_atoms(path: str | Path, community_id: str | None = None) -> gpd.GeoDataFrame:
    """Read atoms that ``write_atoms`` wrote, all of them or those of one community.

    Parameters
    ----------
    path : str or Path
    community_id : str, optional
        Only this community is read, whatever the size of the file.

    Returns
    -------
    GeoDataFrame
        Table ``ATOMS`` with the rows, their order and ``attrs`` as they were written.

    Raises
    ------
    StorageError
        If the file cannot be read or ``write_atoms`` did not write it.
    TableError
        If it holds no such community.
    """
    file = open_atoms(path)
    if file is None:
        raise StorageError(f"{path}: is not a file of atoms; write_atoms writes one, read_layer reads others")
    if community_id is None:
        return file.read_all()
    if community_id not in file.communities:
        raise TableError(f"{path}: holds no community {community_id!r} among its {len(file.communities)}")
    return file.read([file.communities.index(community_id)])
