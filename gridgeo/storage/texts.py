"""Read text in the encoding it is in: UTF-8 or GBK, plain or compressed."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path

from gridgeo.model.errors import StorageError

MAX_TEXT_BYTES = 4 * 1024**3
"""Most bytes that a compressed text may unpack to."""


def read_text(path: Path, encoding: str | None = None) -> tuple[str, str]:
    """Read a text file, plain or compressed, in the encoding it is in.

    Parameters
    ----------
    path : Path
    encoding : str, optional
        The caller's word; without it a byte order mark decides, then UTF-8, then GB18030 (which holds GBK).

    Returns
    -------
    text, encoding : str

    Raises
    ------
    StorageError
        If the file cannot be decoded, unpacked or read.
    """
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path) as stream:
                raw = stream.read(MAX_TEXT_BYTES + 1)
            if len(raw) > MAX_TEXT_BYTES:
                raise StorageError(f"{path.name}: unpacks to more than {MAX_TEXT_BYTES} bytes")
        else:
            raw = path.read_bytes()
    except (EOFError, gzip.BadGzipFile, OSError) as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{path.name}: cannot be read: {error}") from None
    return decode(raw, path.name, encoding)


def decode(raw: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """Decode text as ``read_text`` does.

    Raises
    ------
    StorageError
        If the bytes are in another encoding.
    """
    for tried in (encoding,) if encoding is not None else _encodings(raw):
        try:
            return raw.decode(tried), tried
        except UnicodeDecodeError:
            continue
        except LookupError:
            raise StorageError(f"{name}: encoding {tried!r} is not known; name it like 'gbk' or 'utf-8'") from None
    tried = encoding or "utf-8 or gb18030"
    raise StorageError(f"{name}: the text is not {tried}; say what it is, as in encoding='big5'")


def _encodings(raw: bytes) -> tuple[str, ...]:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return ("utf-8-sig", "gb18030")
