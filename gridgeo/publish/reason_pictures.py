"""Draw why areas miss their band: the totals that areas in it can hold, and each reason with what it is about."""

from __future__ import annotations

import os
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gridgeo.model.bands import highest, lowest, measure_word, say_band
from gridgeo.model.profile import Limits
from gridgeo.model.tables import CERTIFICATES, conform

from .canvas import INK, INK_SOFT, PAPER, check_picture, open_axes, picture_style, save_picture
from .colours import ABOVE, BELOW, REASONS, WITHIN
from .words import PICTURE_WORDS, check_language, say
from .words import REASONS as REASON_WORDS

ABOUT_TOTALS = ("total", "number_of_areas")
"""Reasons that are about a whole that is to be divided: drawn against what each number of areas can hold."""
OTHER_MEASURE = ("further", "exclusive")
"""Reasons whose amounts the main band does not count."""
MOST_ROWS = 9
"""Numbers of areas that are drawn, at most."""
MOST_NAMES = 3
"""Rows of names above the totals, at most; a name for which there is no room is left out."""
STRIP = 1.15
"""Height of the strip of one reason, in numbers of areas."""


def certificates_picture(
    certificates: gpd.GeoDataFrame,
    limits: Limits,
    path: str | os.PathLike[str] | None = None,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    language: str = "en",
) -> Axes:
    """Draw why areas miss their band.

    Above, what each number of areas in the band can hold, what none can, and the totals that fall there. Below, a
    strip for each other reason: how often it is given, and how much each of the places holds that it is about.

    Parameters
    ----------
    certificates : GeoDataFrame
        Table ``CERTIFICATES``, of one level.
    limits : Limits
        The main band of that level, such as ``profile.limits["grid"]``.
    path : path, optional
        File to write: ``.png``, ``.svg`` or ``.pdf``.
    ax : Axes, optional
        Where to draw; without it a new sheet.
    title : str, optional
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    Axes
        What the band counts along x, number of areas along y; strips lie below 0.

    Raises
    ------
    TableError
        If the table breaks its contract.
    StorageError
        If the file cannot be written, or its ending names no format.
    """
    check_language(language)
    check_picture(path)
    table = conform(certificates, CERTIFICATES).sort_values(["households", "area_id"], kind="stable")
    totals = table[table["reason"].isin(ABOUT_TOTALS)]
    strips = _strips(table)
    counted = table.loc[~table["reason"].isin(OTHER_MEASURE), "households"]
    rows = _rows(limits, int(totals["households"].max()) if len(totals) else 0)
    most = 1.06 * max([*counted.astype(int), 2 * (highest(limits) or max(limits.target, limits.low))])
    with picture_style():
        own_sheet, height = ax is None, 2.3 + 0.40 * (rows + STRIP * len(strips))
        if ax is None:
            ax = open_axes(ax, path, (9.0, height))
            ax.set_position((0.07, 0.65 / height, 0.89, 1 - 1.95 / height))
        ax.set_facecolor(PAPER)
        _dress(ax, rows, len(strips), most)
        _draw_bands(ax, limits, rows, most)
        names = _draw_totals(ax, totals, rows)
        names = _head_totals(ax, totals, names, language)
        if own_sheet:
            above = 0.45 + 0.15 * names + (0.35 if title is not None else 0.0)
            ax.set_position((0.07, 0.65 / height, 0.89, 1 - (0.65 + above) / height))
        for at, (reason, held) in enumerate(strips.items()):
            _draw_strip(ax, reason, held, -STRIP * (at + 0.5), limits, most, language)
        _write_axes(ax, limits, title, names, language)
        save_picture(ax, path)
    return ax


def _strips(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Sort amounts by the reason that they are told with, in the order of the legend."""
    groups = {str(reason): rows for reason, rows in table.groupby("reason")}
    order = [*(reason for reason in REASONS if reason in groups), *sorted(set(groups) - set(REASONS))]
    return {reason: groups[reason]["households"].astype(int) for reason in order if reason not in ABOUT_TOTALS}


def _rows(limits: Limits, greatest: int) -> int:
    """Choose how many numbers of areas to draw: until one joins the next, and one on."""
    low, high = lowest(limits), highest(limits)
    if low is None or high is None:
        return 3
    closing = -(-(low - 1) // (high - low)) if high > low else MOST_ROWS
    return int(np.clip(max(closing + 1, greatest // low + 1), 2, MOST_ROWS))


def _dress(ax: Axes, rows: int, strips: int, most: float) -> None:
    ax.set_xlim(0, most)
    ax.set_ylim(-STRIP * strips - 0.1 if strips else 0.4, rows + 0.6)
    ax.set_yticks(range(1, rows + 1))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.tick_params(colors=INK_SOFT, labelsize=8, length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set_color("#c4c0b6")


def _draw_bands(ax: Axes, limits: Limits, rows: int, most: float) -> None:
    """Draw for each number of areas the totals that it can hold, and shade the totals that none can."""
    low, high = limits.low, highest(limits)
    height = rows + 0.2
    shade: dict[str, Any] = {"color": ABOVE[0], "alpha": 0.2, "linewidth": 0, "zorder": 1}
    if low:
        ax.barh(0.4 + height / 2, low, left=0, height=height, **shade)
    for count in range(1, rows + 1):
        start, end = count * low, most if high is None else count * high
        look: dict[str, Any] = {"color": WITHIN[0], "edgecolor": BELOW[1], "linewidth": 0.8, "zorder": 2}
        if start < most:
            ax.barh(count, min(end, 1.01 * most) - start, left=start, height=0.56, **look)
            text = f"≥ {start:,}" if high is None else f"{start:,}–{end:,}" if start else f"≤ {end:,}"
            look = {"fontsize": 7.5, "color": INK_SOFT, "va": "center", "zorder": 4, "clip_on": True}
            ax.text(start, count, f"  {text}", **look)
        if high is not None and end < start + low and end < most:
            ax.barh(0.4 + height / 2, start + low - end, left=end, height=height, **shade)


def _draw_totals(ax: Axes, totals: pd.DataFrame, rows: int) -> int:
    """Draw the totals that cannot be divided as lines, and name them above; return the rows that the names take."""
    ends: list[float] = []
    groups = totals.groupby(["households", "reason"], sort=True)["area_id"].agg(["first", "size"])
    for (total, reason), (first, times) in zip(groups.index, groups.to_numpy().tolist(), strict=True):
        colour, name = REASONS[str(reason)], f"{first} +{times - 1}" if times > 1 else first
        ax.plot([total, total], [0.4, rows + 0.6], color=colour, linewidth=1.3, zorder=3)
        text = ax.annotate(
            f"{name}: {total:,}" if name else f"{total:,}", (total, rows + 0.6), (-2, 4), textcoords="offset points",
            fontsize=7.5, color=colour, annotation_clip=False,
        )  # fmt: skip
        box, edge = text.get_window_extent(), ax.get_window_extent()
        shift = max(0.0, box.x1 - edge.x1)
        row = next((at for at, end in enumerate(ends) if end < box.x0 - shift), len(ends))
        if row == MOST_NAMES:
            text.remove()
            continue
        ends[row : row + 1] = [box.x1 - shift + 4]
        points = 72 / ax.get_figure(root=True).dpi  # type: ignore[union-attr]
        text.set_position((-2 - shift * points, 4 + 10 * row))
    return len(ends)


def _head_totals(ax: Axes, totals: pd.DataFrame, names: int, language: str) -> int:
    """Say above the names what the lines are about; return the rows that are taken then."""
    for reason, times in totals["reason"].value_counts().reindex(ABOUT_TOTALS).dropna().astype(int).items():
        ax.annotate(
            f"{say(REASON_WORDS, str(reason), language)} · {times:,}", (0, 1), (0, 7 + 10.5 * names),
            xycoords="axes fraction", textcoords="offset points", fontsize=8, fontweight="bold",
            color=REASONS[str(reason)], annotation_clip=False,
        )  # fmt: skip
        names += 1
    return names


def _draw_strip(
    ax: Axes, reason: str, held: pd.Series, middle: float, limits: Limits, most: float, language: str
) -> None:
    """Draw a reason: its words and how often it is given, then a dot for each place at what it holds."""
    colour = REASONS.get(reason, INK)
    top = middle + 0.5 * STRIP
    ax.plot([0, most], [top, top], color="#d9d5cb", linewidth=0.7, zorder=1)
    said = f"{say(REASON_WORDS, reason, language)} · {len(held):,}"
    ax.text(0.004 * most, top - 0.12, said, fontsize=8, fontweight="bold", color=colour, va="top", zorder=5)
    line = middle - 0.24
    if reason in OTHER_MEASURE:
        ends = f"{held.min():,}–{held.max():,}" if held.min() < held.max() else f"{held.min():,}"
        told = f"{PICTURE_WORDS[language]['of_another_measure']}: {ends}"
        ax.text(0.004 * most, line, told, fontsize=7.5, color=INK_SOFT, va="center", zorder=5)
        return
    end = highest(limits)
    ax.barh(line, (most if end is None else end) - limits.low, left=limits.low, height=0.3, color=WITHIN[0], zorder=2)
    level = np.full(len(held), line)
    ax.scatter(held, level, s=26, color=colour, alpha=0.6, linewidth=0.5, edgecolor="white", zorder=4, clip_on=False)


def _write_axes(ax: Axes, limits: Limits, title: str | None, names: int, language: str) -> None:
    words = PICTURE_WORDS[language]
    unit, band = measure_word(limits.measure, language), say_band(limits, language, dash="–")
    said = f"{words['in_all'].format(measure=unit)} · {words['one_area'].format(band=band)}"
    ax.set_xlabel(said, color=INK_SOFT, fontsize=9)
    ax.set_ylabel(words["number_of_areas"], color=INK_SOFT, fontsize=9, loc="top")
    if title is not None:
        ax.set_title(title, loc="left", fontsize=14, fontweight="bold", color=INK, pad=14 + 10.5 * names)
