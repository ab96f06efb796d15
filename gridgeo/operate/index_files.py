"""Keep an index of areas in a folder of arrays that many processes can map into memory at once."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gridgeo.model.errors import StorageError

FORMAT = "gridgeo area index"
VERSION = 2
CATALOGUE = "index.json"
_LEAST_HEADER = 64
"""Headers of .npy files are multiples of so many bytes."""


def write_index(folder: Path, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> None:
    """Write an index so that a reader sees the whole old one or the whole new one.

    Arrays are named after their content; the catalogue that names them is put in place last, in one step. Arrays of
    an earlier index are removed then; processes that have them mapped keep them.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    arrays : dict of array
        By name.
    facts : dict
        Whatever else is needed; must fit into JSON.

    Raises
    ------
    StorageError
        If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        listed = {name: _write_array(folder, name, array) for name, array in arrays.items()}
        catalogue = {"format": FORMAT, "version": VERSION, "arrays": listed, "facts": facts}
        text = json.dumps(catalogue, ensure_ascii=False)
        _write_whole(folder / CATALOGUE, lambda file: file.write(text.encode()))
        kept = {entry["file"] for entry in listed.values()}
        for path in folder.glob("*.npy"):
            if path.name not in kept:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"index {folder}: cannot be written ({error.strerror or error}); choose another folder"
        ) from None


def read_index(folder: Path, *, verify: bool = False) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Open an index; its arrays are mapped into memory, not read.

    Parameters
    ----------
    folder : Path
    verify : bool
        Read every array and hold it against its digest.

    Returns
    -------
    arrays : dict of array
        Not writable.
    facts : dict

    Raises
    ------
    StorageError
        If the index is missing, damaged, or of another version.
    """
    path = folder / CATALOGUE
    try:
        catalogue = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StorageError(f"index {folder}: holds no {CATALOGUE}; write one with AreaIndex.save(folder)") from None
    except OSError as error:
        raise StorageError(f"index {folder}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise _damage(path) from None
    if not isinstance(catalogue, dict) or catalogue.get("format") != FORMAT:
        raise StorageError(f"index {folder}: {CATALOGUE} is not of a {FORMAT}")
    version = catalogue.get("version")
    if version != VERSION:
        raise StorageError(f"index {folder}: is of version {version}, this gridgeo reads {VERSION}; save it again")
    try:
        arrays = {name: _read_array(folder, entry, verify) for name, entry in catalogue["arrays"].items()}
        return arrays, catalogue["facts"]
    except (AttributeError, KeyError, TypeError):
        raise _damage(path) from None


def _write_array(folder: Path, name: str, array: NDArray[Any]) -> dict[str, Any]:
    """Write one array under the name of its content, unless it is there already."""
    array = np.ascontiguousarray(array)
    digest = _digest(array)
    path = folder / f"{name}-{digest[:16]}.npy"
    _write_whole(path, lambda file: np.save(file, array))
    return {"file": path.name, "dtype": array.dtype.str, "shape": list(array.shape), "digest": digest}


def _write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Put a file in place in one step, on the disk before it has its name."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        try:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _read_array(folder: Path, entry: dict[str, Any], verify: bool) -> NDArray[Any]:
    """Map one array; its type and shape come from the catalogue, so that its own header need not be parsed."""
    path = folder / Path(entry["file"]).name
    dtype, shape = np.dtype(entry["dtype"]), tuple(int(size) for size in entry["shape"])
    size = math.prod(shape) * dtype.itemsize
    try:
        header = path.stat().st_size - size
        if header < _LEAST_HEADER or header % _LEAST_HEADER:
            raise _damage(path)
        mapped = np.memmap(path, dtype, "r", header, shape) if size else np.empty(shape, dtype)
    except FileNotFoundError:
        raise StorageError(f"index {folder}: file {path.name} is missing; save the index again") from None
    except (OSError, ValueError):
        raise _damage(path) from None
    if verify and _digest(mapped) != entry["digest"]:
        raise _damage(path)
    return np.asarray(mapped)


def _digest(array: NDArray[Any]) -> str:
    return hashlib.blake2b(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data, digest_size=16).hexdigest()


def _damage(path: Path) -> StorageError:
    return StorageError(f"index {path.parent}: file {path.name} is damaged; save the index again")
