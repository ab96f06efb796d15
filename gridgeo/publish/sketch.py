"""Hold a small drawing as marks in pixels, so that a page and a sheet of paper show the same one."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

import numpy as np


@dataclass(frozen=True)
class Look:
    """How a mark looks.

    Parameters
    ----------
    fill, stroke : str, optional
        Colours such as ``"#c22b1f"``; without one nothing is filled, or no line is drawn.
    width : float, pixels
        Of the line.
    opacity : float
        Of the fill.
    dash : tuple of float, pixels
        Lengths of dash and gap; empty for a solid line.
    """

    fill: str | None = None
    stroke: str | None = None
    width: float = 1.0
    opacity: float = 1.0
    dash: tuple[float, ...] = ()

    @property
    def attributes(self) -> str:
        """Write the look as attributes of SVG."""
        told = [f'fill="{self.fill or "none"}"']
        if self.fill and self.opacity < 1:
            told.append(f'fill-opacity="{self.opacity:g}"')
        if self.stroke:
            told.append(f'stroke="{self.stroke}" stroke-width="{self.width:g}"')
        if self.dash:
            told.append(f'stroke-dasharray="{" ".join(f"{length:g}" for length in self.dash)}"')
        return " ".join(told)


@dataclass(frozen=True)
class Lines:
    """Lines and rings that are drawn as one; where rings lie in each other, every second is a hole.

    Parameters
    ----------
    lines : tuple of (array of float, bool)
        Corners in pixels, shape (n, 2), and whether the last is joined to the first.
    look : Look
    """

    lines: tuple[tuple[np.ndarray, bool], ...]
    look: Look

    def svg(self) -> str:
        """Write the mark as SVG; nothing where there are no lines."""
        if not self.lines:
            return ""
        pieces = [
            "M" + " ".join(f"{x:g} {y:g}" for x, y in xy.tolist()) + ("Z" if closed else "")
            for xy, closed in self.lines
        ]
        return f'<path fill-rule="evenodd" stroke-linejoin="round" {self.look.attributes} d="{"".join(pieces)}"/>'


@dataclass(frozen=True)
class Dots:
    """Circles of one size.

    Parameters
    ----------
    xy : array of float, pixels, shape (n, 2)
    radius : float, pixels
    look : Look
    """

    xy: np.ndarray
    radius: float
    look: Look

    def svg(self) -> str:
        """Write the mark as SVG."""
        circles = (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{self.radius:g}"/>' for x, y in self.xy.tolist())
        return f"<g {self.look.attributes}>{''.join(circles)}</g>"


@dataclass(frozen=True)
class Text:
    """A word that stands in the middle above a place.

    Parameters
    ----------
    x, y : float, pixels
        Middle of its foot.
    text : str
    size : float, pixels
    colour : str
    halo : float, pixels
        Width of the white line around its letters.
    """

    x: float
    y: float
    text: str
    size: float = 11.0
    colour: str = "#1d2530"
    halo: float = 2.5

    def svg(self) -> str:
        """Write the mark as SVG."""
        halo = f' paint-order="stroke" stroke="#fff" stroke-opacity=".85" stroke-width="{self.halo:g}"'
        return (
            f'<text x="{self.x:.1f}" y="{self.y:.1f}" font-size="{self.size:g}" text-anchor="middle" '
            f'fill="{self.colour}"{halo if self.halo else ""}>{escape(self.text)}</text>'
        )


@dataclass
class Sketch:
    """Marks on a sheet, the lowest first.

    Parameters
    ----------
    width, height : float, pixels
    label : str
        What it shows, for those who do not see it.
    marks : list of Lines, Dots or Text
    """

    width: float
    height: float
    label: str
    marks: list[Lines | Dots | Text] = field(default_factory=list)

    def add(self, *marks: Lines | Dots | Text) -> None:
        """Draw marks over those that are there."""
        self.marks += marks

    def svg(self) -> str:
        """Write the drawing as SVG that stands in a page."""
        size = f'viewBox="0 0 {self.width:g} {self.height:g}"'
        content = "".join(mark.svg() for mark in self.marks)
        return f'<svg {size} role="img" aria-label="{escape(self.label)}">{content}</svg>'


def text_width(text: str, size: float = 11.0) -> float:
    """Estimate how wide a text is, in pixels; a Chinese letter is about twice as wide as a Latin one."""
    return sum(1.09 if ord(letter) > 0x2E80 else 0.6 for letter in text) * size


def shorten(text: str, most: int = 16) -> str:
    """Cut a long name and say so by an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"
