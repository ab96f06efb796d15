"""Draw a plan as a map page that opens without a network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
from folium import Figure
from folium.elements import MacroElement
from folium.template import Template

from gridgeo.model.amounts import held_by, in_band, sides_of_areas
from gridgeo.model.bands import has_ends, highest, lowest, measure_word, say_band
from gridgeo.model.crs import LONLAT
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan

from .colours import EMPTY, EXCLUSIVE, HEAT, NEIGHBOURS, SEVERITY, colour_neighbours, size_classes
from .drawing import Frame, Pieces, label_anchors
from .facts import count_incidents, describe_areas, neighbour_lists, neighbour_pairs, officer_lines
from .map_layers import finding_marks, ground_shapes, heat_cells, incident_points, street_lines
from .page import Page, asset, data_tag, policy_tag, script_tag, style_tag
from .words import MAP_WORDS, check_language, level_words, size_title

SCRIPTS = tuple(
    f"map/{name}.js" for name in ("decode", "ground", "areas", "heat", "labels", "card", "legend", "panel", "main")
)


class PlanMap(Page):
    """A map of a plan: one HTML file that asks no other host for anything; ``plan_map`` makes it."""


def plan_map(  # noqa: PLR0913  a map has many layers, each of them optional
    plan: Plan,
    *,
    incidents: gpd.GeoDataFrame | None = None,
    findings: gpd.GeoDataFrame | None = None,
    officers: pd.DataFrame | None = None,
    duties: pd.DataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    water: gpd.GeoDataFrame | None = None,
    language: str = "en",
    title: str | None = None,
    attribution: str | None = None,
    at: date | None = None,
    tolerance_m: float = 1.0,
) -> PlanMap:
    """Draw a plan as a map page.

    Areas are coloured by their households against the profile's band, or so that neighbours differ; a click
    opens what is known about an area. The page carries everything it needs: it opens from a memory stick.

    Parameters
    ----------
    plan : Plan
        What to draw.
    incidents : GeoDataFrame, optional
        Table ``INCIDENTS``; shown as density, counted in cells so that no single place is published.
    findings : GeoDataFrame, optional
        Table ``FINDINGS`` of an audit.
    officers, duties : DataFrame, optional
        Tables ``OFFICERS`` and ``DUTIES``; phones are shown only where ``officers`` carries them.
    streets : GeoDataFrame, optional
        Table ``STREETS``: drawn by rank and named along their line.
    buildings, water : GeoDataFrame, optional
        Polygons drawn below the areas.
    language : str
        ``"en"`` or ``"zh"``.
    title : str, optional
        Heading of the page.
    attribution : str, optional
        Whom the data is owed to; without it, what ``plan.manifest["attribution"]`` says.
    at : date, optional
        Day for which duties are shown; without it the plan's first day, else duties that are still open.
    tolerance_m : float, metres
        How much borders are straightened, all levels together; 0 keeps every vertex.

    Returns
    -------
    PlanMap
        ``.html()``, ``.save(path)``; shows itself in a notebook.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract or the language is not spoken.
    """
    check_language(language)
    shapes = Pieces.of(plan).draw(tolerance_m)
    frame = Frame.around(shapes[Level.COMMUNITY])
    points = incident_points(incidents, plan)
    lines = officer_lines(officers, duties, at or plan.valid_from, language)
    words = MAP_WORDS[language]
    drawn = [*plan.levels, *plan.overlays]
    levels = [_level(plan, level, shapes[level], frame, points, lines, language) for level in drawn]
    shown = levels[min(1, len(levels) - 1)]
    data: dict[str, Any] = {
        "language": language,
        "words": words,
        "title": title or words["title"],
        "subtitle": _subtitle(plan, language),
        "figures": _figures(plan, shown, language),
        "attribution": plan.manifest.get("attribution", "") if attribution is None else attribution,
        "bounds": _bounds(shapes[Level.COMMUNITY]),
        "frame": frame.describe(),
        "palette": {"areas": NEIGHBOURS, "exclusive": EXCLUSIVE, "empty": EMPTY, "heat": HEAT, "severity": SEVERITY},
        "shown": shown["level"],
        "levels": levels,
        "officers": bool(lines),
        "streets": street_lines(streets, frame),
        "ground": {"buildings": ground_shapes(buildings, frame), "water": ground_shapes(water, frame)},
        "heat": heat_cells(points, frame),
        "findings": finding_marks(findings, frame, language),
    }
    return PlanMap(_document(data))


def _level(
    plan: Plan,
    level: str,
    shapes: gpd.GeoSeries,
    frame: Frame,
    points: gpd.GeoSeries | None,
    officers: Mapping[str, list[list[str]]],
    language: str,
) -> dict[str, Any]:
    """Describe a level for the page: its band, and its areas column by column."""
    areas = plan.areas(level)
    table = describe_areas(areas, plan.register)
    pairs = neighbour_pairs(plan, level, table.index)
    anchors, radius_m = label_anchors(shapes)
    columns: dict[str, Any] = {
        "id": table.index.tolist(),
        **{name: table[name].tolist() for name in table.columns},
        "neighbours": neighbour_lists(pairs, len(table)),
        "colour": colour_neighbours(pairs, len(table)).tolist(),
        "officers": [officers.get(area_id, []) for area_id in table.index],
        "shape": frame.areas(shapes),
        "anchor": frame.places(anchors),
        "radius_m": np.round(radius_m, 1).tolist(),
    }
    if points is not None:
        columns["incidents"] = count_incidents(areas, points).tolist()
    if level in plan.overlays:
        columns["grids"] = held_by(plan, level, "grids").tolist()
    described: dict[str, Any] = {"level": str(level), "words": level_words(plan.profile, level, language)}
    return described | {"areas": columns} | _band(plan, level, columns, language)


def _band(plan: Plan, level: str, columns: dict[str, Any], language: str) -> dict[str, Any]:
    """Describe the band of a level and its classes of size, and add to its areas where each stands."""
    limits = plan.profile.limits.get(level)
    if limits is None:
        return {}
    amounts = held_by(plan, level, limits.measure).fillna(0).astype(int)
    classes = size_classes(limits)
    columns["amount"] = amounts.tolist()
    columns["size"] = classes.of(amounts.to_numpy()).tolist()
    columns["side"] = [None if pd.isna(side) else int(side) for side in sides_of_areas(plan, level)]
    return {
        "limits": {"low": lowest(limits), "high": highest(limits), "target": limits.target},
        "measure": limits.measure,
        "measure_word": measure_word(limits.measure, language),
        "band": say_band(limits, language, dash="–"),
        "sizes_title": size_title(plan.profile, level, limits.measure, language),
        "classes": {"lows": classes.lows, "colours": classes.colours, "ends": [classes.below, classes.above]},
    }


def _subtitle(plan: Plan, language: str) -> str:
    profile = plan.profile.title_zh if language == "zh" and plan.profile.title_zh else plan.profile.title
    words = MAP_WORDS[language]
    state = words["in_force_from"].format(day=plan.valid_from.isoformat()) if plan.valid_from else words["draft"]
    return f"{words['rules'].format(profile=profile)} · {state}"


def _figures(plan: Plan, shown: Mapping[str, Any], language: str) -> list[list[str]]:
    """Give the three numbers that stand at the head of the panel; the last is about the areas that the band rules."""
    words, limits = MAP_WORDS[language], plan.profile.limits.get(shown["level"])
    figures = [
        [f"{len(shown['areas']['id']):,}", shown["words"]["many"]],
        [f"{int(plan.atoms['households'].sum()):,}", words["households"]],
    ]
    if limits is not None and has_ends(limits):
        judged = in_band(plan, shown["level"]).dropna().astype(bool)
        share = np.floor(1000 * judged.mean()) / 10 if len(judged) else 100.0
        is_closed = lowest(limits) is not None and highest(limits) is not None
        unit = language == "zh" or limits.measure != "households" or not is_closed
        band = say_band(limits, language, unit=unit, dash="–")
        figures.append([f"{share:g}%", words["in_band"].format(band=band) if is_closed else band])
    return figures


def _bounds(shapes: gpd.GeoSeries) -> list[list[float]]:
    west, south, east, north = np.round(shapes.to_crs(LONLAT).total_bounds, 6).tolist()
    return [[south, west], [north, east]]


class _MapFrame(folium.Map):
    """folium's map without the scripts that it would load from other hosts; ours are in the page."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.default_js, self.default_css = [], []


class _Layers(MacroElement):
    """Hand the page's data to the scripts that draw it."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        'gridgeo.start({{ this._parent.get_name() }}, JSON.parse(document.getElementById("plan").textContent));'
        "{% endmacro %}"
    )


def _document(data: Mapping[str, Any]) -> str:
    (south, west), (north, east) = data["bounds"]
    middle = [(south + north) / 2, (west + east) / 2]
    smooth = {"zoomSnap": 0.25, "zoomDelta": 0.5, "wheelPxPerZoomLevel": 120, "maxZoom": 19}
    page = _MapFrame(location=middle, tiles=None, zoom_control=False)
    page.options.update(smooth)
    layers = _Layers()
    page.add_child(layers)
    # folium names its elements at random; the same plan must give the same file.
    page._id, layers._id = "plan", "layers"
    figure = page.get_root()
    assert isinstance(figure, Figure)
    # folium forbids to enlarge the page by hand; those who see badly must be able to.
    document = re.sub(r'<meta name="viewport".*?/>', "", figure.render(), count=1, flags=re.DOTALL)
    head = "\n".join(
        [
            '<meta charset="utf-8">',
            policy_tag(scripts=True),
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(data['title'])}</title>",
            style_tag("leaflet/leaflet.css", "map/map.css"),
            f"<!-- Leaflet's licence:\n{asset('leaflet/LICENSE')}-->",
            script_tag("leaflet/leaflet.js", *SCRIPTS),
            data_tag("plan", data),
        ]
    )
    language = {"en": "en", "zh": "zh-CN"}[data["language"]]
    document = document.replace("<html>", f'<html lang="{language}">', 1)
    before, after = document.split("</head>", 1)
    return f"{before}{head}\n</head>{after}"
