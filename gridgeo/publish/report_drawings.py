"""Draw the pictures of a report: the whole map with its findings, and each finding close by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .colours import NEIGHBOURS, SEVERITY
from .sketch import Dots, Lines, Look, Sketch, Text, shorten, text_width

UNCOVERED = Look(fill="#f3cfc2")
AREA = Look(fill="#fffefb", stroke="#a9a498", width=0.7)
PLAIN = Look(fill="#fffefb")
PARENT = Look(stroke="#8d8779", width=1.1)
TERRITORY = Look(stroke="#27313d", width=1.8)
NEAR = "#4a5562"
LIMIT = Look(stroke="#1d2530", width=2.0, dash=(7, 4))
SCALE = Look(stroke="#55606d")
OVERVIEW_PX, CARD_PX = 760.0, (264.0, 176.0)
LEAST_SIDE_PX = 7.0
"""Areas that are smaller on the overview are not outlined one by one: lines so near make a grey blot."""
NUMBERED = 40
"""Up to so many findings have their number on the overview."""
LEAST_WINDOW_M = 8.0


@dataclass(frozen=True)
class Sheet:
    """A window of the map on a sheet of pixels.

    Parameters
    ----------
    west, south, east, north : float, metres
    width, height : float, pixels
    """

    west: float
    south: float
    east: float
    north: float
    width: float
    height: float

    @classmethod
    def around(cls, bounds: np.ndarray, width: float, height: float, *, margin: float, least_m: float = 0.0) -> Sheet:
        """Open a window of the sheet's shape around bounds.

        Parameters
        ----------
        bounds : array of float, metres
            West, south, east, north.
        width, height : float, pixels
        margin : float
            Share of the bounds' size that is added on each side.
        least_m : float, metres
            The window is at least so wide.
        """
        west, south, east, north = bounds
        scale = max((east - west) * (1 + 2 * margin) / width, (north - south) * (1 + 2 * margin) / height)
        scale = max(scale, least_m / width, 1e-9)
        x, y = (west + east) / 2, (south + north) / 2
        half = scale * width / 2, scale * height / 2
        return cls(x - half[0], y - half[1], x + half[0], y + half[1], width, height)

    @property
    def metres(self) -> float:
        """Metres that a pixel spans."""
        return (self.east - self.west) / self.width

    @property
    def box(self) -> shapely.Polygon:
        """The window as a polygon, a little wider than what is seen."""
        spare = 4 * self.metres
        return shapely.box(self.west - spare, self.south - spare, self.east + spare, self.north + spare)

    def place(self, xy: np.ndarray) -> np.ndarray:
        """Turn metres into pixels, rows downwards."""
        return (xy - (self.west, self.north)) * (1 / self.metres, -1 / self.metres)

    def draw(self, shapes: np.ndarray, look: Look) -> Lines:
        """Draw polygons and lines; corners that no eye sees are left out."""
        seen = shapely.simplify(shapely.clip_by_rect(shapes, *self.box.bounds), 0.25 * self.metres)
        parts = shapely.get_parts(shapely.get_parts(seen))
        kinds = shapely.get_type_id(parts)
        drawn = []
        for kind, closed in ((1, False), (3, True)):
            chosen = parts[kinds == kind]
            for line in shapely.get_rings(chosen) if closed else chosen:
                xy = np.round(self.place(shapely.get_coordinates(line)), 1)
                drawn.append((xy[: len(xy) - 1] if closed else xy, closed))
        return Lines(tuple(drawn), look)

    def scale_bar(self, share: float = 0.28) -> tuple[Lines, Text]:
        """Draw a bar of 1, 2 or 5 times a power of ten metres in the lower right corner."""
        wanted = share * self.width * self.metres
        power = 10 ** np.floor(np.log10(wanted))
        length = max(step * power for step in (1, 2, 5) if step * power <= wanted)
        text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m" if length >= 1 else f"{length * 100:g} cm"
        end, start, base = self.width - 10, self.width - 10 - length / self.metres, self.height - 10
        line = np.array([[start, base - 4], [start, base], [end, base], [end, base - 4]])
        return Lines(((np.round(line, 1), False),), SCALE), Text((start + end) / 2, base - 6, text, 10.0, "#3f4954")


@dataclass(frozen=True, eq=False)
class Terrain:
    """A map of areas to draw windows of.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon, metres
        Valid ones.
    names : array of str
    tree : STRtree
        Of the shapes.
    territory : Polygon or MultiPolygon
    """

    shapes: np.ndarray
    names: np.ndarray
    tree: shapely.STRtree
    territory: shapely.Geometry


def draw_overview(
    terrain: Terrain,
    places: np.ndarray,
    severities: list[str],
    numbers: list[str],
    label: str,
    parents: np.ndarray | None = None,
) -> Sketch:
    """Draw the whole map with a dot for each finding, the gravest on top.

    Parameters
    ----------
    terrain : Terrain
    places : array of geometry
        Of the findings; missing ones are not drawn.
    severities, numbers : list of str
        Of the findings; numbers are written where the findings are few.
    label : str
        What the picture is, for those who do not see it.
    parents : array of Polygon or MultiPolygon, optional
        Areas of the level above, outlined.
    """
    shapes, ground = terrain.shapes, np.array([terrain.territory], dtype=object)
    bounds = shapely.total_bounds(np.concatenate([ground, shapes]))
    if not np.isfinite(bounds).all():
        bounds = np.array([0.0, 0.0, 1.0, 1.0])
    height = float(np.clip(OVERVIEW_PX * (bounds[3] - bounds[1]) / max(bounds[2] - bounds[0], 1e-9), 240, 900))
    sheet = Sheet.around(bounds, OVERVIEW_PX, height, margin=0.04)
    sketch = Sketch(sheet.width, sheet.height, label)
    if np.sqrt(_typical(shapes)) / sheet.metres >= LEAST_SIDE_PX:
        sketch.add(sheet.draw(ground, UNCOVERED), sheet.draw(shapes, AREA))
    else:
        sketch.add(sheet.draw(ground, PLAIN))
    if parents is not None:
        sketch.add(sheet.draw(parents, PARENT))
    sketch.add(sheet.draw(ground, TERRITORY))
    solid = np.array([place is not None and not shapely.is_empty(place) for place in places], dtype=bool)
    for severity, colour in reversed(SEVERITY.items()):
        chosen = np.flatnonzero(solid & (np.array(severities, dtype=object) == severity))
        if len(chosen):
            told = [numbers[at] for at in chosen] if solid.sum() <= NUMBERED else None
            _mark_places(sketch, sheet, places[chosen], colour, int(solid.sum()), told)
    sketch.add(*sheet.scale_bar(0.16))
    return sketch


def _typical(shapes: np.ndarray) -> float:
    sizes = shapely.area(shapes)
    return float(np.median(sizes[sizes > 0])) if (sizes > 0).any() else 0.0


def _mark_places(
    sketch: Sketch, sheet: Sheet, places: np.ndarray, colour: str, all_of_them: int, numbers: list[str] | None
) -> None:
    """Show places in their shape, and by a dot however small they are."""
    sketch.add(sheet.draw(places, Look(fill=colour, stroke=colour, opacity=0.5)))
    xy = sheet.place(shapely.get_coordinates(shapely.point_on_surface(places)))
    white = Look(fill=colour, stroke="#ffffff", width=1.4)
    if numbers is None:
        radius = float(np.clip(70 / np.sqrt(all_of_them), 2.4, 5.0))
        sketch.add(Dots(xy, round(radius, 1), white if radius > 3 else Look(fill=colour, stroke="#ffffff", width=0.6)))
        return
    for at, number in zip(xy, numbers, strict=True):
        sketch.add(Dots(at[None, :], 8.0, white), Text(at[0], at[1] + 3.2, number, 9.0, "#ffffff", 0.0))


def draw_finding(
    terrain: Terrain, place: shapely.Geometry, severity: str, label: str, concerned: list[str] | None = None
) -> Sketch:
    """Draw the surroundings of a finding, the areas in different colours and the finding over them.

    Parameters
    ----------
    terrain : Terrain
    place : geometry
        Of the finding.
    severity : str
    label : str
        What the picture is, for those who do not see it.
    concerned : list of str
        Areas whose names are written however little room there is.
    """
    sheet = _window(place)
    sketch = Sketch(sheet.width, sheet.height, label)
    near = np.sort(terrain.tree.query(sheet.box))
    colours = {str(terrain.names[at]): NEIGHBOURS[i % len(NEIGHBOURS)] for i, at in enumerate(near)}
    _draw_near(sketch, sheet, terrain, near, colours)
    _mark_place(sketch, sheet, place, SEVERITY[severity])
    sketch.add(*_names(sheet, terrain.shapes[near], terrain.names[near], place, concerned or []), *sheet.scale_bar())
    return sketch


def draw_change(
    before: Terrain, after: Terrain, place: shapely.Geometry, labels: tuple[str, str], concerned: list[str]
) -> tuple[Sketch, Sketch]:
    """Draw the surroundings of a change twice, before and after; an area keeps its colour.

    Parameters
    ----------
    before, after : Terrain
    place : geometry
        The land concerned.
    labels : tuple of str
        What is written in the corner of each picture.
    concerned : list of str
        Areas whose names are written however little room there is.
    """
    sheet = _window(place)
    seen = [(terrain, np.sort(terrain.tree.query(sheet.box))) for terrain in (before, after)]
    names = sorted({str(name) for terrain, near in seen for name in terrain.names[near]})
    colours = {name: NEIGHBOURS[at % len(NEIGHBOURS)] for at, name in enumerate(names)}
    drawn = []
    for (terrain, near), label in zip(seen, labels, strict=True):
        sketch = Sketch(sheet.width, sheet.height, label)
        _draw_near(sketch, sheet, terrain, near, colours)
        sketch.add(sheet.draw(np.array([place], dtype=object), Look(stroke=SEVERITY["error"], width=1.6)))
        _ring_small(sketch, sheet, place, SEVERITY["error"])
        sketch.add(*_names(sheet, terrain.shapes[near], terrain.names[near], place, concerned), *sheet.scale_bar())
        sketch.add(Text(10 + text_width(label, 10) / 2, 17, label, 10.0, "#3f4954"))
        drawn.append(sketch)
    return drawn[0], drawn[1]


def _window(place: shapely.Geometry) -> Sheet:
    return Sheet.around(np.array(shapely.bounds(place)), *CARD_PX, margin=0.35, least_m=LEAST_WINDOW_M)


def _draw_near(sketch: Sketch, sheet: Sheet, terrain: Terrain, near: np.ndarray, colours: dict[str, str]) -> None:
    for at in near:
        look = Look(fill=colours[str(terrain.names[at])], stroke=NEAR)
        sketch.add(sheet.draw(terrain.shapes[at : at + 1], look))
    sketch.add(sheet.draw(np.array([shapely.boundary(terrain.territory)], dtype=object), LIMIT))


def _mark_place(sketch: Sketch, sheet: Sheet, place: shapely.Geometry, colour: str) -> None:
    sketch.add(sheet.draw(np.array([place], dtype=object), Look(fill=colour, stroke=colour, width=2.0, opacity=0.5)))
    points = shapely.get_parts(shapely.get_parts(place))
    points = points[shapely.get_dimensions(points) == 0]
    if len(points):
        xy = sheet.place(shapely.get_coordinates(points))
        sketch.add(Dots(xy, 5.0, Look(fill=colour, stroke="#ffffff", width=1.4)))
    _ring_small(sketch, sheet, place, colour)


def _ring_small(sketch: Sketch, sheet: Sheet, place: shapely.Geometry, colour: str) -> None:
    """Draw a ring around what is hardly seen."""
    west, south, east, north = shapely.bounds(place)
    if max(east - west, north - south) < 14 * sheet.metres:
        middle = sheet.place(np.array([[(west + east) / 2, (south + north) / 2]]))
        sketch.add(Dots(middle, 13.0, Look(stroke=colour, width=2.5)))


def _names(
    sheet: Sheet, shapes: np.ndarray, names: np.ndarray, place: shapely.Geometry, concerned: list[str]
) -> list[Text]:
    """Write the names of the areas in sight where there is room; those concerned in any case."""
    inset = 14 * sheet.metres
    seen = shapely.clip_by_rect(shapes, sheet.west, sheet.south + 2 * inset, sheet.east, sheet.north - inset)
    beside = shapely.difference(seen, shapely.buffer(place, 5 * sheet.metres))
    written: list[Text] = []
    for shape, whole, name in zip(beside, seen, names, strict=True):
        text, must = shorten(str(name)), str(name) in concerned
        room = whole if must and shapely.area(shape) <= 0 else shape
        if shapely.area(room) <= 0:
            continue
        circle = shapely.maximum_inscribed_circle(room, tolerance=2 * sheet.metres)
        radius, half = shapely.length(circle) / sheet.metres, text_width(text) / 2
        if must or (radius > 12 and half < 1.6 * radius):
            x, y = sheet.place(shapely.get_coordinates(circle)[:1])[0]
            x = float(np.clip(x, half + 4, max(sheet.width - half - 4, half + 4)))
            written.append(_beside(written, Text(x, float(y) + 3.5, text), sheet.height))
    return written


def _beside(written: list[Text], text: Text, height: float) -> Text:
    """Move a name off those that stand already, downwards or, at the foot of the sheet, upwards."""
    half, step = text_width(text.text) / 2, 13.0 if text.y < height / 2 else -13.0
    y = text.y
    while any(abs(one.y - y) < 12 and abs(one.x - text.x) < half + text_width(one.text) / 2 for one in written):
        y += step
    return Text(text.x, y, text.text)
