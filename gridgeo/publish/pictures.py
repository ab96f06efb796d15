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

from gridgeo.model.amounts import held_by
from gridgeo.model.errors import TableError
from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.plan import Plan
from gridgeo.model.tables import STREETS, conform

from .canvas import INK, check_picture, draw_scale_bar, open_axes, picture_style, save_picture, write_title
from .colours import EMPTY, EXCLUSIVE, NEIGHBOURS, REASONS, colour_neighbours, size_classes
from .drawing import label_anchors
from .facts import describe_areas, neighbour_pairs
from .legends import BEAT_COLOUR, BEAT_LOOK, HATCH, Key, draw_legend, legend_rows, plan_keys
from .reason_pictures import certificates_picture
from .words import MAP_WORDS, check_language, level_words

__all__ = ["certificates_picture", "plan_picture"]

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
BEAT_NAME_LOOK: dict[str, Any] = {"fontsize": 9.5, "fontweight": "bold", "color": BEAT_COLOUR}
COLOURS = ("areas", "size", "reasons")
PALE = "#efece4"
SHEET_INCHES = 9.0
TITLE_INCHES, LEGEND_ROW_INCHES, SCALE_INCHES = 0.75, 0.19, 0.3


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
    legend: bool = True,
) -> Axes:
    """Draw a plan as a picture.

    Institutions' own areas are hatched; where grids are joined into beats, these are outlined.

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
        ``"grid"``, ``"micro"``, ``"community"`` or ``"beat"``.
    colour : str
        ``"areas"``: neighbours differ; ``"size"``: what the profile's band counts, against the band; ``"reasons"``:
        where the plan's certificates say that the band is missed, and why.
    title : str, optional
    language : str
        ``"en"`` or ``"zh"``.
    legend : bool
        Whether colours and lines are explained below the map.

    Returns
    -------
    Axes
        In metres of the plan's CRS.

    Raises
    ------
    UnknownAreaError
        If the plan has no such level.
    TableError
        If there is no such colour or language.
    StorageError
        If the file cannot be written, or its ending names no format.
    """
    check_language(language)
    check_picture(path)
    if colour not in COLOURS:
        raise TableError(f"colour is {colour!r}, not one of {', '.join(map(repr, COLOURS))}")
    areas = plan.areas(level)
    keys = plan_keys(plan, areas, level, colour, language) if legend else []
    with picture_style():
        view, size = _view(areas.total_bounds, titled=title is not None, rows=legend_rows(keys))
        ax = open_axes(ax, path, size)
        _draw_areas(ax, plan, areas, level, colour)
        if streets is not None and len(streets):
            _draw_streets(ax, gpd.GeoDataFrame(conform(streets, STREETS)).to_crs(plan.crs), plan)
        _draw_outlines(ax, plan, level)
        _frame(ax, view)
        draw_scale_bar(ax, _lowered(areas.total_bounds, view))
        if title is not None:
            write_title(ax, title, _summary(plan, level, language))
        _write_names(ax, plan, level)
        _explain(ax, keys, areas.total_bounds, view)
        save_picture(ax, path)
    return ax


def _view(
    bounds: np.ndarray, *, titled: bool, rows: int
) -> tuple[tuple[float, float, float, float], tuple[float, float]]:
    """Lay out the sheet: its west, south, east and north, and its size in inches, with room for title and legend."""
    west, south, east, north = bounds.tolist()
    margin = 0.025 * max(east - west, north - south)
    inch = (east - west + 2 * margin) / SHEET_INCHES
    below = 0.6 * margin + max(LEGEND_ROW_INCHES * rows + 0.1, SCALE_INCHES) * inch
    above = margin + TITLE_INCHES * inch * titled
    tall = (north - south + below + above) / inch
    view = (west - margin, south - below, east + margin, north + above)
    return view, (SHEET_INCHES, float(np.clip(tall, 3.0, 16.0)))


def _frame(ax: Axes, view: tuple[float, float, float, float]) -> None:
    west, south, east, north = view
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.set_aspect("equal", adjustable="box")
    ax.set_axis_off()


def _lowered(bounds: np.ndarray, view: tuple[float, float, float, float]) -> np.ndarray:
    """Move bounds down, so that what is drawn at their foot lies below the map."""
    inch = (view[2] - view[0]) / SHEET_INCHES
    return bounds - np.array([0.0, SCALE_INCHES * inch, 0.0, SCALE_INCHES * inch])


def _explain(ax: Axes, keys: list[Key], bounds: np.ndarray, view: tuple[float, float, float, float]) -> None:
    """Write the legend below the map."""
    if keys:
        margin = view[2] - float(bounds[2])
        draw_legend(ax, keys, (float(bounds[0]), float(bounds[1]) - 0.9 * margin))


def _draw_areas(ax: Axes, plan: Plan, areas: gpd.GeoDataFrame, level: str, colour: str) -> None:
    _plot(ax, areas, color=_fills(plan, areas, level, colour), edgecolor="none")
    own = areas[areas["kind"] == AreaKind.EXCLUSIVE]
    if len(own) and colour != "reasons":
        _plot(ax, own, **HATCH)
    if colour == "reasons":
        told = plan.certificates[plan.certificates["level"] == level]
        told = told[~(told.geometry.isna() | told.geometry.is_empty)]
        # The larger first, so that one atom that holds too much is seen in the area that it spoils.
        for row in told.iloc[np.argsort(-told.geometry.area.to_numpy(), kind="stable")].itertuples():
            shape = gpd.GeoSeries([row.geometry], crs=plan.crs)
            _plot(ax, shape, color=REASONS.get(str(row.reason), INK), edgecolor="white", linewidth=0.4, alpha=0.85)


def _fills(plan: Plan, areas: gpd.GeoDataFrame, level: str, colour: str) -> list[str]:
    limits = plan.profile.limits.get(level)
    if colour == "reasons":
        return [PALE] * len(areas)
    if colour == "areas" or limits is None:
        pairs = neighbour_pairs(plan, level, areas.index)
        return [NEIGHBOURS[at] for at in colour_neighbours(pairs, len(areas))]
    classes, amounts = size_classes(limits), held_by(plan, level, limits.measure).fillna(0).to_numpy(dtype=int)
    shades = np.where(amounts == 0, EMPTY, np.array(classes.colours)[classes.of(amounts)])
    return list(np.where(areas["kind"] == AreaKind.EXCLUSIVE, EXCLUSIVE, shades))


def _draw_outlines(ax: Axes, plan: Plan, level: str) -> None:
    """Draw the borders of the level and of those above it; those of beats as a band of colour below them."""
    if Level.BEAT in plan.overlays:
        _plot(ax, plan.areas(Level.BEAT).boundary, **BEAT_LOOK)
    for name, (width, shade) in _outlines(plan, level).items():
        _plot(ax, plan.areas(name).boundary, color=shade, linewidth=width, capstyle="round")


def _outlines(plan: Plan, level: str) -> dict[str, tuple[float, str]]:
    """Choose which borders to draw: of the level and of those above it."""
    order = list(OUTLINES)
    inner = Level.GRID if level == Level.BEAT else Level(level)
    return {name: OUTLINES[name] for name in order[order.index(inner) :] if name in plan.levels}


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
    order = (Level.BEAT,) if level == Level.BEAT else (Level.COMMUNITY, Level(level))
    for name in dict.fromkeys(order):
        areas = plan.areas(name)
        table = describe_areas(areas, plan.register)
        anchors, radius_m = label_anchors(areas.geometry)
        outer = name == Level.COMMUNITY and name != level
        look = {**_name_look(name, outer=outer), "path_effects": halo}
        texts = table[["name"]] if outer else table[["label", "short"]]
        for choices, place, radius in zip(texts.to_numpy(), anchors, radius_m * scale, strict=True):
            _write_name(ax, choices, place, look, (3.6 if outer else 2.2) * radius, taken)


def _name_look(level: str, *, outer: bool) -> dict[str, Any]:
    if level == Level.BEAT:
        return BEAT_NAME_LOOK
    return COMMUNITY_LOOK if outer else NAME_LOOK


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
    levels = dict.fromkeys((Level.COMMUNITY, *([Level.BEAT] if Level.BEAT in plan.overlays else []), Level(level)))
    counts = [f"{plan.owner(name).nunique():,} {_spoken(plan, name, language)}" for name in levels]
    counts.append(f"{int(plan.atoms['households'].sum()):,} {MAP_WORDS[language]['households']}")
    attribution = plan.manifest.get("attribution")
    return " · ".join([*counts, *([str(attribution)] if attribution else [])])


def _spoken(plan: Plan, level: str, language: str) -> str:
    """Name a level inside a sentence; a name in capitals keeps them."""
    words = level_words(plan.profile, level, language)["many"]
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
