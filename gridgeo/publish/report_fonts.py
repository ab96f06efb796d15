"""Find installed fonts to set a PDF in; the letters that are used become part of the file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gridgeo.model.errors import StorageError

LATIN = ("Inter", "Source Sans 3", "Noto Sans", "Liberation Sans", "Arial", "DejaVu Sans")
CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC", "Microsoft YaHei",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "SimHei",
)  # fmt: skip
"""Families in order of liking. None is shipped: one with all Chinese letters weighs more than gridgeo."""
BOLD = 600


@dataclass(frozen=True)
class Face:
    """A font file, and which of its fonts is meant where it holds several.

    Parameters
    ----------
    path : Path
    number : int
    """

    path: Path
    number: int = 0


@dataclass(frozen=True)
class Faces:
    """The plain and the bold font of a family; the plain one twice where there is no bold one."""

    plain: Face
    bold: Face


def choose_fonts(language: str, font: str | os.PathLike[str] | None = None) -> list[Faces]:
    """Choose the fonts of a report: the first is used, those behind it for letters that it lacks.

    Parameters
    ----------
    language : str
    font : path, optional
        A font file to be used first.

    Returns
    -------
    list of Faces

    Raises
    ------
    StorageError
        If the file is none, or the report is Chinese and no installed font has Chinese letters.
    """
    if font is not None:
        path = Path(font)
        if not path.is_file():
            raise StorageError(f"{path}: there is no such font file")
        given = Faces(Face(path), Face(path))
        return [given, *_installed()]
    found = _installed()
    if language == "zh":
        chinese = _first(CHINESE)
        if chinese is None:
            raise StorageError(
                "no installed font has Chinese letters; install one, such as fonts-noto-cjk, or pass font='file.ttf'"
            )
        return [chinese, *(faces for faces in found if faces != chinese)]
    return found


def _installed() -> list[Faces]:
    return [faces for faces in (_first(LATIN), _first(CHINESE)) if faces is not None]


@cache
def _first(families: tuple[str, ...]) -> Faces | None:
    """Find the first family that is installed."""
    files = _files()
    for family in families:
        plain = files.get((family, False))
        if plain is not None:
            return Faces(plain, files.get((family, True), plain))
    return None


@cache
def _files() -> dict[tuple[str, bool], Face]:
    """List installed upright fonts: (family, bold) to file; of several the first in order of paths."""
    from matplotlib import font_manager

    files: dict[tuple[str, bool], Face] = {}
    for entry in sorted(font_manager.fontManager.ttflist, key=lambda one: (one.fname, one.name)):
        weight = entry.weight if isinstance(entry.weight, int) else font_manager.weight_dict.get(entry.weight, 400)
        if entry.style != "normal" or entry.stretch not in ("normal", 100) or not 380 <= weight <= 720:
            continue
        bold = weight >= BOLD
        if entry.fname.lower().endswith((".ttc", ".otc")):
            for number, family in enumerate(_members(entry.fname)):
                files.setdefault((family, bold), Face(Path(entry.fname), number))
        else:
            files.setdefault((entry.name, bold), Face(Path(entry.fname)))
    return files


@cache
def _members(path: str) -> tuple[str, ...]:
    """Name the fonts of a collection."""
    from fontTools.ttLib import TTCollection, TTLibError

    try:
        with TTCollection(path, lazy=True) as collection:
            return tuple(str(font["name"].getBestFamilyName()) for font in collection.fonts)
    except (OSError, TTLibError):
        return ()
