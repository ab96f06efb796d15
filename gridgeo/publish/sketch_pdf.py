"""Put a drawing on a sheet of a PDF, as lines and letters, not as pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from fpdf import FPDF
from fpdf.drawing import PaintedPath
from fpdf.enums import TextMode

from .sketch import Dots, Lines, Look, Sketch, Text

BACK = "#f4f2ec"


def place_sketch(pdf: FPDF, sketch: Sketch, x: float, y: float, width: float) -> float:
    """Put a drawing at a place of the page.

    Parameters
    ----------
    pdf : FPDF
        In millimetres.
    sketch : Sketch
    x, y, width : float, millimetres

    Returns
    -------
    float
        Its height in millimetres.
    """
    scale = width / sketch.width
    height = sketch.height * scale
    pdf.set_fill_color(BACK)
    pdf.rect(x, y, width, height, style="F")
    with pdf.rect_clip(x, y, width, height):
        for mark in sketch.marks:
            if isinstance(mark, Lines):
                _place_lines(pdf, mark, x, y, scale)
            elif isinstance(mark, Dots):
                _place_dots(pdf, mark, x, y, scale)
            else:
                _place_text(pdf, mark, x, y, scale)
    return height


def _place_lines(pdf: FPDF, mark: Lines, x: float, y: float, scale: float) -> None:
    if not mark.lines:
        return
    path = PaintedPath()
    _set_style(path.style, mark.look, scale)
    for line, closed in mark.lines:
        corners = np.round(line * scale + (x, y), 3).tolist()
        path.move_to(*corners[0])
        for corner in corners[1:]:
            path.line_to(*corner)
        if closed:
            path.close()
    with pdf.drawing_context() as drawing:
        drawing.add_item(path)


def _place_dots(pdf: FPDF, mark: Dots, x: float, y: float, scale: float) -> None:
    path = PaintedPath()
    _set_style(path.style, mark.look, scale)
    for across, down in (mark.xy * scale + (x, y)).tolist():
        path.circle(across, down, mark.radius * scale)
    path.style.intersection_rule = "nonzero"
    with pdf.drawing_context() as drawing:
        drawing.add_item(path)


def _set_style(style: Any, look: Look, scale: float) -> None:
    style.fill_color = look.fill
    style.stroke_color = look.stroke
    style.auto_close = False
    style.intersection_rule = "evenodd"
    if look.fill:
        style.fill_opacity = look.opacity
    if look.stroke:
        style.stroke_width = look.width * scale
        style.stroke_join_style = "round"
        style.stroke_dash_pattern = [length * scale for length in look.dash] or None


def _place_text(pdf: FPDF, mark: Text, x: float, y: float, scale: float) -> None:
    """Write a word in the middle above its place, with its halo below it."""
    pdf.set_font(size=mark.size * scale * pdf.k)
    left = x + mark.x * scale - pdf.get_string_width(mark.text) / 2
    foot = y + mark.y * scale
    if mark.halo:
        with pdf.local_context(text_mode=TextMode.STROKE, draw_color="#ffffff", line_width=mark.halo * scale):
            pdf.text(left, foot, mark.text)
    pdf.set_text_color(mark.colour)
    pdf.text(left, foot, mark.text)
