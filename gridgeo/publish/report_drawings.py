"""Draw the pictures of a report as SVG: the whole map with its findings, and each finding close by."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import shapely

from .colours import NEIGHBOURS, SEVERITY


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

    def path(self, shapes: np.ndarray) -> str:
        """Write polygons and lines as the ``d`` of a path; corners that no eye sees are left out."""
        seen = shapely.simplify(shapely.clip_by_rect(shapes, *self.box.bounds), 0.25 * self.metres)
        parts = shapely.get_parts(shapely.get_parts(seen))
        pieces = []
        for kind, mark in ((1, ""), (3, "Z")):
            chosen = parts[shapely.get_type_id(parts) == kind]
            lines = chosen if kind == 1 else shapely.get_rings(chosen)
            for line in lines:
                xy = np.round(self.place(shapely.get_coordinates(line)), 1)
                xy = xy[: len(xy) - 1] if kind == 3 else xy
                pieces.append("M" + "L".join(f"{x:g} {y:g}" for x, y in xy) + mark)
        return "".join(pieces)

    def svg(self, *content: str, label: str) -> str:
        """Put drawings on the sheet."""
        size = f'viewBox="0 0 {self.width:g} {self.height:g}"'
        return f'<svg {size} role="img" aria-label="{escape(label)}">{"".join(content)}</svg>'

    def scale_bar(self, share: float = 0.28) -> str:
        """Draw a bar of 1, 2 or 5 times a power of ten metres in the lower right corner."""
        wanted = share * self.width * self.metres
        power = 10 ** np.floor(np.log10(wanted))
        length = max(step * power for step in (1, 2, 5) if step * power <= wanted)
        text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m" if length >= 1 else f"{length * 100:g} cm"
        end, start, base = self.width - 10, self.width - 10 - length / self.metres, self.height - 10
        line = f'<path class="scale" d="M{start:.1f} {base - 4:g}V{base:g}H{end:g}V{base - 4:g}"/>'
        return f'{line}<text class="scale-text" x="{(start + end) / 2:.1f}" y="{base - 6:g}">{text}</text>'


def draw_overview(
    shapes: np.ndarray, territory: shapely.Geometry, places: np.ndarray, severities: list[str], label: str
) -> str:
    """Draw the whole map with a dot for each finding.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon, metres
    territory : Polygon or MultiPolygon
    places : array of geometry
        Of the findings; missing ones are not drawn.
    severities : list of str
        Of the findings.
    label : str
        What the picture is, for those who do not see it.
    """
    drawn = np.array([territory, *shapes], dtype=object)
    bounds = shapely.total_bounds(drawn)
    width = 760.0
    height = float(np.clip(width * (bounds[3] - bounds[1]) / max(bounds[2] - bounds[0], 1e-9), 240, 900))
    sheet = Sheet.around(bounds, width, height, margin=0.04)
    content = [
        f'<path class="uncovered" d="{sheet.path(np.array([territory]))}"/>',
        f'<path class="area" d="{sheet.path(shapes)}"/>',
        f'<path class="territory" d="{sheet.path(np.array([territory]))}"/>',
    ]
    order = sorted(range(len(places)), key=lambda at: ("note", "warning", "error").index(severities[at]))
    for at in order:
        if places[at] is None or shapely.is_empty(places[at]):
            continue
        colour = SEVERITY[severities[at]]
        shape = sheet.path(np.array([places[at]]))
        x, y = sheet.place(shapely.get_coordinates(shapely.point_on_surface(places[at])))[0]
        content.append(f'<path d="{shape}" fill="{colour}" fill-opacity=".5" stroke="{colour}" stroke-width="1"/>')
        content.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')
    return sheet.svg(*content, sheet.scale_bar(0.16), label=label)


def draw_finding(
    shapes: np.ndarray,
    names: np.ndarray,
    tree: shapely.STRtree,
    territory: shapely.Geometry,
    place: shapely.Geometry,
    severity: str,
    label: str,
) -> str:
    """Draw the surroundings of a finding, the areas in different colours and the finding over them.

    Parameters
    ----------
    shapes, names : arrays
        Valid polygons in metres, and what they are called.
    tree : STRtree
        Of the shapes.
    territory : Polygon or MultiPolygon
    place : geometry
        Of the finding.
    severity : str
    label : str
        What the picture is, for those who do not see it.
    """
    sheet = Sheet.around(np.array(shapely.bounds(place)), 264.0, 176.0, margin=0.35, least_m=8.0)
    near = np.sort(tree.query(sheet.box))
    colours = [NEIGHBOURS[at % len(NEIGHBOURS)] for at in range(len(near))]
    content = [
        f'<path d="{sheet.path(shapes[at : at + 1])}" class="near" fill="{colour}"/>'
        for at, colour in zip(near, colours, strict=True)
    ]
    content.append(f'<path class="limit" d="{sheet.path(np.array([shapely.boundary(territory)]))}"/>')
    colour = SEVERITY[severity]
    drawn = sheet.path(np.array([place]))
    content.append(f'<path d="{drawn}" fill="{colour}" fill-opacity=".5" stroke="{colour}" stroke-width="2"/>')
    points = shapely.get_parts(shapely.get_parts(place))
    points = points[shapely.get_dimensions(points) == 0]
    for x, y in sheet.place(shapely.get_coordinates(points)):
        content.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')
    west, south, east, north = shapely.bounds(place)
    if max(east - west, north - south) < 14 * sheet.metres:
        x, y = sheet.place(np.array([(west + east) / 2, (south + north) / 2]))
        content.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="13" fill="none" stroke="{colour}" stroke-width="2.5"/>')
    content += _names(sheet, shapes[near], names[near], place)
    return sheet.svg(*content, sheet.scale_bar(), label=label)


def _names(sheet: Sheet, shapes: np.ndarray, names: np.ndarray, place: shapely.Geometry) -> list[str]:
    """Write the names of the areas in sight where there is room beside the finding and the scale bar."""
    inset = 14 * sheet.metres
    seen = shapely.clip_by_rect(shapes, sheet.west, sheet.south + 2 * inset, sheet.east, sheet.north - inset)
    beside = shapely.difference(seen, shapely.buffer(place, 5 * sheet.metres))
    written = []
    for shape, name in zip(beside, names, strict=True):
        if shapely.is_empty(shape) or shapely.area(shape) <= 0:
            continue
        circle = shapely.maximum_inscribed_circle(shape, tolerance=2 * sheet.metres)
        radius = shapely.length(circle) / sheet.metres
        text = str(name) if len(str(name)) <= 16 else str(name)[:15] + "…"
        half = sum(6.0 if ord(letter) > 0x2E80 else 3.3 for letter in text)
        if radius > 12 and half < 1.6 * radius:
            x, y = sheet.place(shapely.get_coordinates(circle)[:1])[0]
            x = float(np.clip(x, half + 4, sheet.width - half - 4))
            written.append(f'<text class="name" x="{x:.1f}" y="{y + 3.5:.1f}">{escape(text)}</text>')
    return written
