"""Give a report its forms: a page for the screen, sheets for paper."""

from __future__ import annotations

import os
from pathlib import Path

from .page import Page, write_whole
from .paper import Paper
from .report_html import write_page

REPORT_HEIGHT_PX = 760
"""Height of a report in a notebook."""


class Report(Page):
    """A report: one HTML file that asks no other host for anything, or one PDF; ``audit_report`` makes it.

    Parameters
    ----------
    paper : Paper
        What it says.
    """

    def __init__(self, paper: Paper) -> None:
        super().__init__(write_page(paper), height_px=REPORT_HEIGHT_PX)
        self.paper = paper

    def pdf(self, *, font: str | os.PathLike[str] | None = None) -> bytes:
        """Return the report as a PDF of A4 sheets whose text can be searched.

        Parameters
        ----------
        font : path, optional
            A TrueType or OpenType font file to set the report in; without it the first of a list that is installed.

        Returns
        -------
        bytes
            The same for the same report and the same fonts.

        Raises
        ------
        StorageError
            If fpdf2 is not installed, the font cannot be read, or no installed font has Chinese letters and the report
            is Chinese.
        """
        from .report_pdf import write_pdf

        return write_pdf(self.paper, self.html(), font=font)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the report to a file: PDF where its name ends in ``.pdf``, else HTML.

        Parameters
        ----------
        path : path
            The file; an earlier one of that name is replaced.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        StorageError
            If it cannot be written; as ``pdf`` besides.
        """
        if Path(path).suffix.lower() == ".pdf":
            return write_whole(path, self.pdf())
        return super().save(path)
