"""Unpack the one data file that is wanted from a zip archive, and refuse an archive that may do harm."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath

from gridgeo.model.errors import StorageError

MAX_UNPACKED_BYTES = 4 * 1024**3
"""Most bytes that an archive may unpack to."""
MAX_MEMBERS = 1000
"""Most files that an archive may hold."""
DATA_SUFFIXES = {".gpkg", ".shp", ".fgb", ".geojson", ".json", ".parquet", ".geoparquet", ".csv", ".tsv", ".xlsx"}
_SIDECARS = {".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj"}
_BESIDE = {
    *(".txt", ".md", ".pdf", ".html", ".htm", ".xml", ".jpg", ".jpeg", ".png"),
    *(".qml", ".qmd", ".sld", ".lyr", ".csvt", ".ain", ".aih", ".atx", ".ixs", ".mxs", ".fbn", ".fbx", ".idm", ".ind"),
}
"""What lies beside data in real archives; it is never unpacked."""


def unpack(archive: Path, folder: Path, layer: str | None) -> tuple[Path, str | None]:
    """Unpack the data file asked for, and what belongs to it, into a folder.

    Parameters
    ----------
    archive : Path
        A zip archive.
    folder : Path
        An empty folder.
    layer : str, optional
        In an archive of several data files, the name of one without its ending; else a layer of the only one.

    Returns
    -------
    Path, str or None
        The data file, and the layer to look for in it.

    Raises
    ------
    StorageError
        If the archive is damaged, too large, asks for a password, holds links, files of a kind that is not on the list,
        names that lead out of it, or not the layer asked for.
    """
    try:
        with zipfile.ZipFile(archive) as bundle:
            members = _members(bundle, archive.name)
            chosen, layer = _choose(members, archive.name, layer)
            wanted = [name for name in members if _belongs(name, chosen)]
            for name in wanted:
                with bundle.open(members[name]) as stream, (folder / PurePosixPath(name).name).open("wb") as out:
                    while block := stream.read(1 << 20):
                        out.write(block)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise StorageError(f"{archive.name}: the archive cannot be unpacked ({error})") from None
    return folder / PurePosixPath(chosen).name, layer


def _members(bundle: zipfile.ZipFile, archive: str) -> dict[str, zipfile.ZipInfo]:
    """List the members of an archive by name, or refuse it."""
    infos = [info for info in bundle.infolist() if not info.is_dir()]
    if len(infos) > MAX_MEMBERS:
        raise StorageError(f"{archive}: holds {len(infos)} files, more than {MAX_MEMBERS}; pack one layer an archive")
    total = sum(info.file_size for info in infos)
    if total > MAX_UNPACKED_BYTES:
        raise StorageError(f"{archive}: unpacks to {total} bytes, more than {MAX_UNPACKED_BYTES}; pack less into it")
    members = {}
    for info in infos:
        name = _member_name(info)
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if name.startswith(("/", "\\")) or ".." in parts or ":" in name:
            raise StorageError(f"{archive}: member {name!r} leads out of the archive; pack plain files")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise StorageError(f"{archive}: member {name!r} is a link; pack plain files")
        if info.flag_bits & 1:
            raise StorageError(f"{archive}: member {name!r} asks for a password; pack it without one")
        if "__MACOSX" in parts or parts[-1].startswith("."):
            continue
        if _suffix(name) not in DATA_SUFFIXES | _SIDECARS | _BESIDE:
            raise StorageError(f"{archive}: member {name!r} is of a kind that is not read from archives; leave it out")
        members[name] = info
    return members


def _member_name(info: zipfile.ZipInfo) -> str:
    """Read a member's name; archives made on Chinese systems write GBK without saying so."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return info.filename


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _choose(members: dict[str, zipfile.ZipInfo], archive: str, layer: str | None) -> tuple[str, str | None]:
    """Choose the data file of an archive; where it holds several, a layer is a file's name without its ending."""
    data = [name for name in members if _suffix(name) in DATA_SUFFIXES]
    stems = [PurePosixPath(name).stem for name in data]
    if not data:
        raise StorageError(f"{archive}: holds no data file; pack one of {', '.join(sorted(DATA_SUFFIXES))}")
    if layer is not None and stems.count(layer) == 1:
        return data[stems.index(layer)], None
    if len(data) == 1:
        return data[0], layer
    wrong = f"no layer {layer!r}" if layer is not None else f"{len(data)} layers"
    raise StorageError(f"{archive}: holds {wrong}; name one of {', '.join(sorted(stems))}")


def _belongs(name: str, chosen: str) -> bool:
    """Tell whether a member is the chosen file or lies with it: same folder, same name."""
    if name == chosen:
        return True
    same_folder = PurePosixPath(name).parent == PurePosixPath(chosen).parent
    same_name = PurePosixPath(name).stem.lower() == PurePosixPath(chosen).stem.lower()
    return _suffix(chosen) == ".shp" and same_folder and same_name and _suffix(name) in _SIDECARS
