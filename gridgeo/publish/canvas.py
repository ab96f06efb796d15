"""Prepare a sheet for a picture: fonts that are installed, size, title, scale bar, and the file."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gridgeo.model.errors import StorageError

from .page import write_whole

INK, INK_SOFT, PAPER = "#1d2530", "#55606d", "#f7f5f0"
FONTS = (
    "Inter",
    "Source Sans 3",
    "Helvetica Neue",
    "Arial",
    "Noto Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "SimHei",
    "DejaVu Sans",
)
"""Families in order of liking; those that are installed are used, each for the letters that the ones before lack."""
FORMATS: dict[str, dict[str, None] | None] = {"png": None, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""Endings of picture files, and what is left out of each so that the same plan gives the same file."""


@contextmanager
def picture_style() -> Iterator[None]:
    """Choose fonts for the time of drawing."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    settings: Any = {
        "font.family": [name for name in FONTS if name in installed],
        "svg.hashsalt": "gridgeo",
        "svg.fonttype": "path",
        "pdf.fonttype": 42,
        "axes.unicode_minus": False,
        "hatch.linewidth": 0.5,
    }
    with mpl.rc_context(settings):
        yield


def check_picture(path: str | os.PathLike[str] | None) -> None:
    """Refuse a file whose ending names no format, before anything is drawn.

    Raises
    ------
    StorageError
        Naming the endings there are.
    """
    if path is None:
        return
    ending = Path(path).suffix.lstrip(".").lower()
    if ending not in FORMATS:
        found = repr(ending) if ending else "without an ending"
        raise StorageError(f"{path}: pictures are written as {', '.join('.' + name for name in FORMATS)}, not {found}")


def open_axes(ax: Axes | None, path: Any, size: tuple[float, float]) -> Axes:
    """Return the axes that are given, or make a sheet of a size in inches; in a notebook it shows itself."""
    if ax is not None:
        return ax
    if path is not None:
        figure = Figure(figsize=size, facecolor=PAPER)
    else:
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=size, facecolor=PAPER)
    return figure.add_axes((0.0, 0.0, 1.0, 1.0))


def write_title(ax: Axes, title: str, summary: str) -> None:
    """Write a title and a line below it in the upper left corner."""
    ax.annotate(
        title, (0, 1), (20, -18), xycoords="axes fraction", textcoords="offset points",
        fontsize=16, fontweight="bold", color=INK, va="top",
    )  # fmt: skip
    ax.annotate(
        summary, (0, 1), (20, -42), xycoords="axes fraction", textcoords="offset points",
        fontsize=9, color=INK_SOFT, va="top",
    )  # fmt: skip


def draw_scale_bar(ax: Axes, bounds: np.ndarray) -> None:
    """Draw a bar of 1, 2 or 5 times a power of ten metres below the lower right corner of bounds."""
    west, south, east, north = bounds
    wanted = 0.16 * (east - west)
    power = 10 ** np.floor(np.log10(wanted))
    length = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    label = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    tick = 0.008 * (north - south)
    ends = [east - length, east - length, east, east]
    ax.plot(ends, [south + tick, south, south, south + tick], color=INK_SOFT, linewidth=1)
    ax.text(east - length / 2, south + 1.4 * tick, label, ha="center", va="bottom", fontsize=7.5, color=INK_SOFT)


def save_picture(ax: Axes, path: str | os.PathLike[str] | None) -> None:
    """Write the sheet to a file: either whole, or not at all.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    if path is None:
        return
    ending = Path(path).suffix.lstrip(".").lower()
    figure = ax.get_figure(root=True)
    assert figure is not None
    file = io.BytesIO()
    figure.savefig(file, format=ending, dpi=200, facecolor=figure.get_facecolor(), metadata=FORMATS[ending])
    write_whole(path, file.getvalue())
