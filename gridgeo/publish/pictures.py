"""Draw plans as pictures for print: PNG, SVG or PDF."""

from __future__ import annotations

import os
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Limits
from gridgeo.model.tables import CERTIFICATES, STREETS, conform

from .canvas import (
    INK,
    INK_SOFT,
    PAPER,
    check_picture,
    draw_scale_bar,
    open_axes,
    picture_style,
    save_picture,
    write_title,
)
from .colours import ABOVE, BELOW, EMPTY, EXCLUSIVE, NEIGHBOURS, WITHIN, colour_neighbours, size_classes
from .drawing import label_anchors
from .facts import describe_areas, neighbour_pairs
from .words import LEVEL_WORDS, MAP_WORDS, PICTURE_WORDS, check_language

OUTLINES = {Level.MICRO: (0.35, "#6b7480"), Level.GRID: (0.9, "#3a4552"), Level.COMMUNITY: (2.0, "#27313d")}
"""Width in points and colour of borders, inner level first."""
STREETS_LOOK: dict[str, tuple[str, Any]] = {
    "street": ("white", "-"),
    "river": ("#8fbcd4", "-"),
    "rail": ("#7d776d", (0, (5, 3))),
    "wall": ("#a79d8d", ":"),
}
"""Colour and dashes of what table STREETS holds."""
NAME_LOOK: dict[str, Any] = {"fontsize": 6.0, "color": "#3a4552"}
COMMUNITY_LOOK: dict[str, Any] = {"fontsize": 8.5, "fontweight": "bold", "color": INK}


def plan_picture(
    plan: Plan,
    path: str | os.PathLike[str] | None = None,
    *,
    ax: Axes | None = None,
    streets: gpd.GeoDataFrame | None = None,
    level: str = Level.GRID,
    colour: str = "areas",
    title: str | None = None,
    language: str = "en",
) -> Axes:
    """Draw a plan as a picture.

    Parameters
    ----------
    plan : Plan
    path : path, optional
        File to write; its ending chooses the format: ``.png``, ``.svg`` or ``.pdf``.
    ax : Axes, optional
        Where to draw; without it a new sheet.
    streets : GeoDataFrame, optional
        Table ``STREETS``, drawn as fine white lines.
    level : str
        ``"grid"``, ``"micro"`` or ``"community"``.
    colour : str
        ``"areas"``: neighbours differ; ``"size"``: households against the profile's band.
    title : str, optional
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    Axes
        In metres of the plan's CRS.

    Raises
    ------
    UnknownAreaError
        If the plan has no such level.
    StorageError
        If the file cannot be written, or its ending names no format.
    """
    check_language(language)
    check_picture(path)
    areas = plan.areas(level)
    with picture_style():
        ax = open_axes(ax, path, _sheet_size(areas.total_bounds, titled=title is not None))
        _plot(ax, areas, color=_fills(plan, areas, level, colour), edgecolor="none")
        if streets is not None and len(streets):
            _draw_streets(ax, gpd.GeoDataFrame(conform(streets, STREETS)).to_crs(plan.crs), plan)
        for name, (width, shade) in _outlines(plan, level).items():
            _plot(ax, plan.areas(name).boundary, color=shade, linewidth=width, capstyle="round")
        _frame(ax, areas.total_bounds, titled=title is not None)
        draw_scale_bar(ax, areas.total_bounds)
        if title is not None:
            write_title(ax, title, _summary(plan, level, language))
        _write_names(ax, plan, level)
        save_picture(ax, path)
    return ax


def _sheet_size(bounds: np.ndarray, *, titled: bool, width: float = 9.0) -> tuple[float, float]:
    """Fit the sheet to the town, in inches."""
    west, south, east, north = bounds
    return width, float(np.clip(width * (north - south) / (east - west), 3.0, 14.0)) * 1.04 + (0.7 if titled else 0)


def _frame(ax: Axes, bounds: np.ndarray, *, titled: bool) -> None:
    west, south, east, north = bounds
    margin = 0.025 * max(east - west, north - south)
    ax.set_xlim(west - margin, east + margin)
    ax.set_ylim(south - margin, north + margin * (5 if titled else 1))
    ax.set_aspect("equal", adjustable="box")
    ax.set_axis_off()


def _fills(plan: Plan, areas: gpd.GeoDataFrame, level: str, colour: str) -> list[str]:
    limits = plan.profile.limits.get(level)
    if colour == "areas" or limits is None:
        pairs = neighbour_pairs(plan, level, areas.index)
        return [NEIGHBOURS[at] for at in colour_neighbours(pairs, len(areas))]
    classes = size_classes(limits)
    shades = np.array(classes.colours)[classes.of(areas["households"].to_numpy())]
    shades = np.where(areas["households"] == 0, EMPTY, shades)
    return list(np.where(areas["kind"] == AreaKind.EXCLUSIVE, EXCLUSIVE, shades))


def _outlines(plan: Plan, level: str) -> dict[str, tuple[float, str]]:
    """Choose which borders to draw: of the level and of those above it."""
    order = list(OUTLINES)
    return {name: OUTLINES[name] for name in order[order.index(Level(level)) :] if name in plan.levels}


def _plot(ax: Axes, shapes: Any, **look: Any) -> None:
    """Draw shapes without changing the axes around them."""
    shapes.plot(ax=ax, aspect=None, **look)


def _draw_streets(ax: Axes, streets: gpd.GeoDataFrame, plan: Plan) -> None:
    territory = shapely.coverage_union_all(plan.atoms.geometry.to_numpy())
    inside = streets.clip(territory, keep_geom_type=True)
    for (kind, rank), rows in inside.groupby(["kind", "rank"], sort=False):
        shade, dashes = STREETS_LOOK[str(kind)]
        width = max(0.35, 2.3 - 0.38 * float(str(rank))) if kind == "street" else 0.9
        _plot(ax, rows, color=shade, linewidth=width, linestyle=dashes, alpha=0.9)


def _write_names(ax: Axes, plan: Plan, level: str) -> None:
    """Write the names of the communities, then that of each area where it fits and meets no other."""
    halo = [patheffects.withStroke(linewidth=2.2, foreground="white", alpha=0.85)]
    taken: list[Bbox] = []
    pixels = ax.transData.transform([(0, 0), (1, 0)])
    scale = float(pixels[1, 0] - pixels[0, 0])
    for name in dict.fromkeys((Level.COMMUNITY, Level(level))):
        areas = plan.areas(name)
        table = describe_areas(areas, plan.register)
        anchors, radius_m = label_anchors(areas.geometry)
        outer = name == Level.COMMUNITY and name != level
        look = {**(COMMUNITY_LOOK if outer else NAME_LOOK), "path_effects": halo}
        texts = table[["name"]] if outer else table[["label", "short"]]
        for choices, place, radius in zip(texts.to_numpy(), anchors, radius_m * scale, strict=True):
            _write_name(ax, choices, place, look, (3.6 if outer else 2.2) * radius, taken)


def _write_name(
    ax: Axes, choices: Any, place: shapely.Point, look: dict[str, Any], room: float, taken: list[Bbox]
) -> None:
    """Write the first of several texts that is no wider than its room, pixels, and meets no text before it."""
    for choice in choices:
        text = ax.text(place.x, place.y, choice, ha="center", va="center", zorder=10, clip_on=True, **look)
        box = text.get_window_extent()
        if box.width <= room and box.height <= 1.2 * room and not box.count_overlaps(taken):
            taken.append(box)
            return
        text.remove()


def _summary(plan: Plan, level: str, language: str) -> str:
    words = LEVEL_WORDS[language]
    levels = dict.fromkeys((Level.COMMUNITY, Level(level)))
    counts = [f"{plan.owner(name).nunique():,} {words[name]['many'].lower()}" for name in levels]
    counts.append(f"{int(plan.atoms['households'].sum()):,} {MAP_WORDS[language]['households']}")
    attribution = plan.manifest.get("attribution")
    return " · ".join([*counts, *([str(attribution)] if attribution else [])])


def certificates_picture(
    certificates: gpd.GeoDataFrame,
    limits: Limits,
    path: str | os.PathLike[str] | None = None,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    language: str = "en",
) -> Axes:
    """Draw why areas cannot be divided: the totals that areas in the band can hold, and those that none can.

    Parameters
    ----------
    certificates : GeoDataFrame
        Table ``CERTIFICATES``, of one level.
    limits : Limits
        The band of that level, such as ``profile.limits["grid"]``.
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
        Households along x, number of areas along y.

    Raises
    ------
    TableError
        If the table breaks its contract.
    StorageError
        If the file cannot be written, or its ending names no format.
    """
    check_language(language)
    check_picture(path)
    table = conform(certificates, CERTIFICATES).sort_values("households")
    most = 1.05 * max([*table["households"], 2 * limits.high])
    rows = int(most // limits.low)
    with picture_style():
        if ax is None:
            height = 2.1 + 0.42 * rows
            ax = open_axes(ax, path, (9.0, height))
            ax.set_position((0.07, 0.75 / height, 0.89, 1 - 1.75 / height))
        ax.set_facecolor(PAPER)
        _draw_bands(ax, limits, rows, most)
        _draw_totals(ax, table["area_id"].tolist(), table["households"].tolist(), rows)
        ax.set_xlabel(PICTURE_WORDS[language]["households_in_all"], color=INK_SOFT, fontsize=9)
        ax.set_ylabel(PICTURE_WORDS[language]["number_of_areas"], color=INK_SOFT, fontsize=9)
        if title is not None:
            ax.set_title(title, loc="left", fontsize=14, fontweight="bold", color=INK, pad=30)
        save_picture(ax, path)
    return ax


def _draw_bands(ax: Axes, limits: Limits, rows: int, most: float) -> None:
    """Draw for each number of areas the totals that it can hold, and shade the totals that none can."""
    shade: dict[str, Any] = {"color": ABOVE[0], "alpha": 0.2, "linewidth": 0, "zorder": 1}
    ax.axvspan(0, limits.low, **shade)
    for count in range(1, rows + 1):
        low, high = count * limits.low, count * limits.high
        ax.barh(count, high - low, left=low, height=0.56, color=WITHIN[0], edgecolor=BELOW[1], linewidth=0.8, zorder=2)
        look: dict[str, Any] = {"fontsize": 7.5, "color": INK_SOFT, "va": "center", "zorder": 4, "clip_on": True}
        ax.text(low, count, f"  {low:,}–{high:,}", **look)
        if high < low + limits.low:
            ax.axvspan(high, low + limits.low, **shade)
    ax.set_xlim(0, most)
    ax.set_ylim(0.4, rows + 0.6)
    ax.set_yticks(range(1, rows + 1))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.tick_params(colors=INK_SOFT, labelsize=8, length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set_color("#c4c0b6")


def _draw_totals(ax: Axes, names: list[str], households: list[int], rows: int) -> None:
    """Draw the areas that cannot be divided as lines, their names above in as many rows as they need."""
    ends: list[float] = []
    for name, total in zip(names, households, strict=True):
        ax.axvline(total, color=ABOVE[1], linewidth=1.4, zorder=3)
        text = ax.annotate(
            f"{name}: {total:,}", (total, rows + 0.6), (-2, 4), textcoords="offset points",
            fontsize=7.5, color=ABOVE[1], annotation_clip=False,
        )  # fmt: skip
        box = text.get_window_extent()
        row = next((at for at, end in enumerate(ends) if end < box.x0), len(ends))
        ends[row : row + 1] = [box.x1 + 4]
        text.set_position((-2, 4 + 10 * row))
