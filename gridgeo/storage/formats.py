"""Tell what a file really is before any library opens it, and unpack archives with care.

GDAL picks a driver by asking each one whether it knows the bytes, and some drivers answer to a few lines of text that
name another file or an address on the network. So a file's content must be what its name says, GDAL is shown
GeoPackage, Shapefile and FlatGeobuf only, by bytes that no other driver answers to, and archives are unpacked first.
"""

from __future__ import annotations

import codecs
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pyproj import CRS

from gridgeo.model.errors import StorageError

from .archives import unpack

FORMATS = {
    ".gpkg": "GeoPackage",
    ".shp": "Shapefile",
    ".fgb": "FlatGeobuf",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".csv": "CSV",
    ".tsv": "CSV",
    ".txt": "CSV",
    ".csv.gz": "CSV",
    ".tsv.gz": "CSV",
    ".xlsx": "Excel",
    ".zip": "zip archive",
}
"""Ending of a file's name -> what it must hold."""
DEGREES = CRS.from_epsg(4326)
"""What files without a CRS hold where a format says so: longitude and latitude, kept in this order by geopandas.
PROJ finds its ways from here four times as fast as from CRS84."""

_MAGIC = {
    "GeoPackage": b"SQLite format 3\x00",
    "Shapefile": b"\x00\x00\x27\x0a",
    "FlatGeobuf": b"fgb\x03fgb",
    "GeoParquet": b"PAR1",
    "Excel": b"PK\x03\x04",
    "zip archive": b"PK\x03\x04",
}
_HEAD_BYTES = 4096
_LAYER_SEPARATOR = re.compile(rf"(?:{'|'.join(map(re.escape, FORMATS))}):(?=[^\\/])", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """A file that may be opened, and what it holds.

    Parameters
    ----------
    path : Path
        A local file whose content is of ``format``.
    format : str
        One of the values of ``FORMATS``, never an archive.
    layer : str, optional
        The layer asked for.
    name : str
        What to call the file in messages.
    """

    path: Path
    format: str
    layer: str | None
    name: str

    @property
    def stem(self) -> str:
        """Return the file's name without its ending: the layer name of a file that has but one."""
        return _stem(self.path.name)


def split_layer(path: str | Path, layer: str | None = None) -> tuple[Path, str | None]:
    """Split ``"town.gpkg:streets"`` into file and layer.

    Parameters
    ----------
    path : str or Path
        A file, or a file and a layer joined by a colon. A file of that very name goes first; the colon of a Windows
        drive does not count.
    layer : str, optional
        A layer named apart; then ``path`` is a file.

    Returns
    -------
    Path, str or None
    """
    whole = Path(path)
    if layer is not None or whole.exists():
        return whole, layer
    found = _LAYER_SEPARATOR.search(str(path))
    if not found:
        return whole, None
    return Path(str(path)[: found.end() - 1]), str(path)[found.end() :]


@contextmanager
def open_source(path: str | Path, layer: str | None = None) -> Iterator[Source]:
    """Check a file and give what may be opened; a member of an archive lies in a folder that is gone afterwards.

    Parameters
    ----------
    path : str or Path
        A local file.
    layer : str, optional
        Its layer.

    Yields
    ------
    Source

    Raises
    ------
    StorageError
        If there is no such file, its format is not known, or its content is not what its name says.
    """
    file, layer = split_layer(path, layer)
    kind = check_format(file)
    if kind != "zip archive":
        yield Source(file.resolve(), kind, layer, file.name)
        return
    with TemporaryDirectory(prefix="gridgeo-") as folder:
        member, layer = unpack(file, Path(folder), layer)
        kind = check_format(member)
        yield Source(member.resolve(), kind, layer, f"{file.name}/{member.name}")


def check_format(path: Path) -> str:
    """Name the format of a file from its ending, and hold its first bytes against it.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        One of the values of ``FORMATS``.

    Raises
    ------
    StorageError
        If the file is missing, unreadable, of no known ending, or holds something else than its name says.
    """
    suffix = _suffix(path.name)
    try:
        if path.is_dir():
            raise StorageError(f"{path} is a folder, not a file; name the file in it")
        if not path.is_file():
            raise StorageError(f"there is no file {path}")
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except (OSError, ValueError) as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{path} cannot be read: {error}") from None
    if suffix not in FORMATS:
        raise StorageError(
            f"{path.name}: a file ending in {suffix!r} cannot be read; save it as {', '.join(_EXAMPLES)}"
        )
    kind = FORMATS[suffix]
    if not head:
        raise StorageError(f"{path.name}: the file is empty")
    if not _begins_like(head, kind, suffix):
        raise StorageError(f"{path.name}: the content is not {kind}, though the name says so; save it again as {kind}")
    if kind == "GeoPackage":
        _refuse_virtual_tables(path)
    return kind


_EXAMPLES = (".gpkg", ".shp", ".zip", ".geojson", ".parquet", ".fgb", ".csv", ".xlsx")


def _begins_like(head: bytes, kind: str, suffix: str) -> bool:
    if kind in _MAGIC:
        return head.startswith(_MAGIC[kind])
    if suffix.endswith(".gz"):
        return head.startswith(b"\x1f\x8b")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    if b"\x00" in head:
        return False
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return text.startswith(b"{") if kind == "GeoJSON" else not text.startswith((b"<", b"PK\x03\x04", b"%PDF"))


def _refuse_virtual_tables(path: Path) -> None:
    """Refuse a GeoPackage with virtual tables other than indexes: some read files beside it."""
    query = "SELECT name, sql FROM sqlite_master WHERE sql LIKE 'create virtual%'"
    try:
        base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            rows = base.execute(query).fetchall()
        finally:
            base.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise StorageError(f"{path.name}: is damaged ({error}); export it again") from None
    for name, sql in rows:
        if not re.search(r"\busing\s+(rtree(_i32)?|fts[345])\b", sql, re.IGNORECASE):
            raise StorageError(f"{path.name}: virtual table {name!r} may read other files; export plain layers")


def _suffix(name: str) -> str:
    """Return the ending of a name in lower case, ``.csv.gz`` as one."""
    suffixes = [part.lower() for part in PurePosixPath(name).suffixes]
    double = "".join(suffixes[-2:])
    return double if double in FORMATS else (suffixes[-1] if suffixes else "")


def _stem(name: str) -> str:
    suffix = _suffix(name)
    return name[: len(name) - len(suffix)] if suffix else name
