"""Write a report as a PDF of A4 sheets: drawings as lines, letters inside, text that can be searched."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gridgeo.model.errors import StorageError

from .colours import SEVERITY
from .paper import Paper
from .report_fonts import Face, Faces, choose_fonts

if TYPE_CHECKING:
    from .report_sheets import Sheets

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Said to be the date of every file, so that the same report gives the same file."""


def write_pdf(paper: Paper, letters: str, *, font: str | os.PathLike[str] | None = None) -> bytes:
    """Write a report as a PDF.

    Parameters
    ----------
    paper : Paper
    letters : str
        All that it says, or more; fonts that lack none of these letters are all that is looked at.
    font : path, optional
        A font file to set it in.

    Returns
    -------
    bytes

    Raises
    ------
    StorageError
        If fpdf2 is not installed, a font cannot be read, or none has the letters of the report's language.
    """
    try:
        from .report_sheets import Sheets
    except ImportError:
        raise StorageError("writing PDF needs fpdf2 and matplotlib; pip install 'gridgeo[maps]'") from None
    sheets = Sheets(paper.title, paper.footer)
    _set_fonts(sheets, choose_fonts(paper.language, font), letters)
    sheets.set_lang({"en": "en", "zh": "zh-CN"}[paper.language])
    sheets.set_title(paper.title)
    sheets.set_creator(paper.footer)
    sheets.set_creation_date(EPOCH)
    _write(sheets, paper)
    return bytes(sheets.output())


def _set_fonts(sheets: Sheets, families: list[Faces], letters: str) -> None:
    """Add the first family, and those behind it for letters that it lacks."""
    missing = {ord(letter) for letter in letters if letter.isprintable()}
    for at, faces in enumerate(families):
        if not missing:
            break
        for style, face in (("", faces.plain), ("B", faces.bold)):
            _add_font(sheets, f"font{at}", style, face)
        missing -= set(getattr(sheets.fonts[f"font{at}"], "cmap", ()))
    fallback = [name for at in range(1, len(families)) if (name := f"font{at}") in sheets.fonts]
    sheets.set_fallback_fonts(fallback, exact_match=False)


def _add_font(sheets: Sheets, family: str, style: str, face: Face) -> None:
    from fontTools.ttLib import TTLibError

    try:
        sheets.add_font(family, style, face.path, collection_font_number=face.number)
    except (OSError, TTLibError, ValueError, KeyError, NotImplementedError) as error:
        raise StorageError(f"{face.path}: cannot be read as a font ({' '.join(str(error).split())})") from None


def _write(sheets: Sheets, paper: Paper) -> None:
    """Write all parts in their order."""
    sheets.begin(paper.title)
    sheets.verdict(paper.verdict)
    sheets.overview(paper.overview, [(SEVERITY[tone], text) for tone, text in paper.legend])
    sheets.facts(paper.facts)
    if paper.checks:
        sheets.checks(paper.checks_head, paper.checks)
    if paper.limits:
        sheets.limits(paper.limits)
    for section in paper.sections:
        sheets.section(section)
