"""Lay a report out on A4 sheets: nothing is cut by the end of a page, tables repeat their heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from .colours import SEVERITY
from .paper import Card, Check, Grid, Section, Verdict
from .sketch import Sketch
from .sketch_pdf import place_sketch

INK, SOFT, LINE = "#1d2530", "#55606d", "#dedbd3"
GOOD, UNASKED = "#1f6b52", "#9aa1a9"
TONES = {"good": "#e5f1ea", "mixed": "#f8f0dc", "bad": "#faeae3"}
SIDE, HEAD, FOOT = 14.0, 15.0, 16.0
"""Margins of a sheet, millimetres."""
CARDS, CARD_GAP, COLUMN_GAP, CELL_GAP = 3, 5.0, 6.0, 3.0
BODY_PT, SMALL_PT, CARD_PT = 9.5, 8.2, 7.8


class Sheets(FPDF):
    """A PDF that knows the parts of a report.

    Parameters
    ----------
    title, footer : str
        Written at the foot of every sheet.
    """

    def __init__(self, title: str, footer: str) -> None:
        super().__init__(format="A4", unit="mm")
        self.foot_text = f"{title} · {footer}"
        self.set_margins(SIDE, HEAD, SIDE)
        self.c_margin = 0
        self.set_auto_page_break(True, margin=FOOT)

    def footer(self) -> None:
        """Write title and number at the foot of a sheet."""
        self.set_y(-FOOT + 5)
        self._pen(7.5, SOFT)
        self.cell(self.epw - 15, 4, self.foot_text)
        self.cell(15, 4, str(self.page_no()), align=Align.R)

    def begin(self, title: str) -> None:
        """Open the first sheet with the title."""
        self.add_page()
        self._pen(22, INK, bold=True)
        self.multi_cell(0, 9.5, title, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(4)

    def verdict(self, verdict: Verdict) -> None:
        """Write what matters most in a coloured box."""
        left, top, inner = self.l_margin, self.get_y(), self.epw - 30
        lines = [line for line in verdict.lines if line]
        self._pen(14, INK, bold=True)
        height = 12.0 + 6.5 * self._count_lines(inner, verdict.head)
        self._pen(BODY_PT, INK)
        height += sum(4.6 * self._count_lines(inner, line) for line in lines)
        self.set_fill_color(TONES[verdict.tone])
        self.rect(left, top, self.epw, height, style="F", round_corners=True, corner_radius=3)
        self._mark(left + 12, top + height / 2, verdict.proved)
        self.set_xy(left + 24, top + 6)
        self._pen(14, INK, bold=True)
        self.multi_cell(inner, 6.5, verdict.head, align=Align.L, new_x=XPos.LEFT, new_y=YPos.NEXT)
        self._pen(BODY_PT, INK)
        for line in lines:
            self.multi_cell(inner, 4.6, line, align=Align.L, new_x=XPos.LEFT, new_y=YPos.NEXT)
        self.set_xy(left, top + height + 5)

    def _mark(self, x: float, y: float, good: bool) -> None:
        """Draw a tick or a cross."""
        self.set_fill_color(GOOD if good else SEVERITY["error"])
        self.circle(x, y, 6, style="F")
        lines = (
            [[(-3, 0), (-0.8, 2.4), (3.4, -2.4)]] if good else [[(-2.4, -2.4), (2.4, 2.4)], [(2.4, -2.4), (-2.4, 2.4)]]
        )
        with self.local_context(draw_color="#ffffff", line_width=0.9):
            for line in lines:
                self.polyline([(x + dx, y + dy) for dx, dy in line])

    def overview(self, sketch: Sketch, legend: Sequence[tuple[str, str]]) -> None:
        """Draw the map with what its colours mean."""
        room = min(self.eph - self.get_y() + HEAD - 40, 150.0)
        width = min(self.epw, 150.0, room * sketch.width / sketch.height)
        height = place_sketch(self, sketch, self.l_margin + (self.epw - width) / 2, self.get_y(), width)
        self.set_y(self.get_y() + height + 2)
        x = self.l_margin + (self.epw - width) / 2
        for colour, text in legend:
            self.set_fill_color(colour)
            self.circle(x + 1.5, self.get_y() + 2, 1.3, style="F")
            self._pen(SMALL_PT, SOFT)
            self.set_x(x + 4)
            self.cell(text=text, h=4)
            x = self.get_x() + 6
        self.ln(8)

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Write facts in two columns."""
        half = -(-len(facts) // 2)
        width = (self.epw - COLUMN_GAP) / 2
        self._pen(BODY_PT, INK, bold=True)
        columns = facts[:half], facts[half:]
        deep = [4.8 * sum(self._count_lines(0.58 * width, value) for _, value in column) for column in columns]
        self._need(max(deep))
        top = self.get_y()
        for at, column in enumerate(columns):
            left = self.l_margin + at * (width + COLUMN_GAP)
            self.set_xy(left, top)
            for term, value in column:
                self.set_x(left)
                self._pen(BODY_PT, SOFT)
                self.cell(0.42 * width, 4.8, term)
                self._pen(BODY_PT, INK, bold=True)
                self.multi_cell(0.58 * width, 4.8, value, align=Align.R, new_x=XPos.LEFT, new_y=YPos.NEXT)
        self.set_xy(self.l_margin, top + max(deep) + 4)

    def checks(self, head: str, checks: Sequence[Check]) -> None:
        """List the kinds that were looked for, in three columns."""
        rows, gap = -(-len(checks) // 3), COLUMN_GAP
        width = (self.epw - 2 * gap) / 3
        self._head(head, 12, keep=5.4 * rows)
        top = self.get_y()
        for at, check in enumerate(checks):
            column, row = divmod(at, rows)
            left, y = self.l_margin + column * (width + gap), top + 5.4 * row
            colour = SEVERITY.get(check.state, GOOD if check.state == "clear" else UNASKED)
            self.set_fill_color(colour)
            self._state(check.state, left + 1.5, y + 2.6, colour)
            self.set_xy(left + 4.5, y)
            self._pen(SMALL_PT, INK)
            self.cell(width - 19, 5.2, check.name)
            self._pen(SMALL_PT, colour if check.state in SEVERITY else SOFT, bold=check.state in SEVERITY)
            self.cell(14.5, 5.2, check.told, align=Align.R)
            self.set_draw_color(LINE)
            self.set_line_width(0.15)
            self.line(left, y + 5.3, left + width, y + 5.3)
        self.set_xy(self.l_margin, top + 5.4 * rows + 4)

    def _state(self, state: str, x: float, y: float, colour: str) -> None:
        """Draw a dot for what was found, a tick for what was not, a dash for what was not looked for."""
        if state in SEVERITY:
            self.circle(x, y, 1.3, style="F")
            return
        lines = [(-1.4, 0), (-0.4, 1.0), (1.5, -1.2)] if state == "clear" else [(-1.4, 0), (1.4, 0)]
        with self.local_context(draw_color=colour, line_width=0.4):
            self.polyline([(x + dx, y + dy) for dx, dy in lines])

    def limits(self, lines: Sequence[str]) -> None:
        """List what was not checked."""
        self._head(lines[0], 12, keep=10)
        for line in lines[1:]:
            self._pen(SMALL_PT, SOFT)
            self._need(4.3 * self._count_lines(self.epw - 4, line))
            self.cell(4, 4.3, "•")
            self.multi_cell(self.epw - 4, 4.3, line, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(4)

    def section(self, section: Section) -> None:
        """Write all of one kind."""
        first = self._tall(section.cards[:CARDS]) if section.cards else 14.0
        self._head(section.head, 13, keep=first + 12, count=section.count, tone=section.tone)
        for line in section.lines:
            if line:
                self._pen(BODY_PT, SOFT)
                self.multi_cell(0, 4.6, line, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)
        across = 2 if section.cards and len(section.cards[0].sketches) > 1 else CARDS
        for at in range(0, len(section.cards), across):
            self._cards(section.cards[at : at + across], across)
        if section.grid and section.grid.rows:
            if section.more:
                self._need(24)
                self._pen(SMALL_PT, SOFT)
                self.multi_cell(0, 5, section.more, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self._grid(section.grid)
        self.ln(5)

    def _head(self, text: str, size: float, *, keep: float, count: int | None = None, tone: str = "") -> None:
        """Write a heading that stays with what follows it."""
        self._need(keep + 12)
        self.set_draw_color(LINE)
        self.set_line_width(0.2)
        self.line(self.l_margin, self.get_y(), self.l_margin + self.epw, self.get_y())
        self.ln(4)
        self.start_section(text)
        self._pen(size, INK, bold=True)
        self.cell(text=text, h=6)
        if count is not None:
            told = f"{count:,}"
            self._pen(BODY_PT, "#ffffff", bold=True)
            x, y, width = self.get_x() + 3, self.get_y() + 0.5, self.get_string_width(told) + 5
            self.set_fill_color(SEVERITY.get(tone, SOFT))
            self.rect(x, y, width, 5.2, style="F", round_corners=True, corner_radius=2.5)
            self.set_xy(x, y)
            self.cell(width, 5.2, told, align=Align.C)
        self.set_xy(self.l_margin, self.get_y() + 7)

    def _cards(self, cards: Sequence[Card], across: int) -> None:
        """Set pictures side by side; a row of them is never cut."""
        self._need(self._tall(cards, across))
        width = (self.epw - (across - 1) * CARD_GAP) / across
        top, bottom = self.get_y(), self.get_y()
        for at, card in enumerate(cards):
            left = self.l_margin + at * (width + CARD_GAP)
            each = (width - 1.5 * (len(card.sketches) - 1)) / len(card.sketches)
            height = 0.0
            for i, sketch in enumerate(card.sketches):
                height = place_sketch(self, sketch, left + i * (each + 1.5), top, each)
            self.set_xy(left, top + height + 1)
            self._pen(CARD_PT, INK)
            self.multi_cell(width, 3.6, f"{card.key}  {card.text}", align=Align.L, new_x=XPos.LEFT, new_y=YPos.NEXT)
            if card.place:
                self._pen(CARD_PT - 0.8, SOFT)
                self.cell(width, 3.6, card.place, new_x=XPos.LEFT, new_y=YPos.NEXT)
            bottom = max(bottom, self.get_y())
        self.set_xy(self.l_margin, bottom + 4)

    def _tall(self, cards: Sequence[Card], across: int = CARDS) -> float:
        """Measure how high a row of cards is."""
        width = (self.epw - (across - 1) * CARD_GAP) / across
        self._pen(CARD_PT, INK)
        heights = []
        for card in cards:
            picture = card.sketches[0]
            drawn = width / len(card.sketches) * picture.height / picture.width
            lines = self._count_lines(width, f"{card.key}  {card.text}") + bool(card.place)
            heights.append(drawn + 1 + 3.6 * lines + 4)
        return max(heights)

    def _grid(self, grid: Grid) -> None:
        """Write a table; its head is repeated on every sheet."""
        whole = sum(map(abs, grid.widths))
        widths = [abs(width) / whole * self.epw for width in grid.widths]
        sides = [Align.R if width < 0 else Align.L for width in grid.widths]
        self._need(14)
        self._row(grid.heads, widths, sides, head=True)
        for row in grid.rows:
            self._pen(CARD_PT, INK)
            deep = max(self._count_lines(width - CELL_GAP, cell) for width, cell in zip(widths, row, strict=True))
            if self.will_page_break(3.7 * deep + 1.6):
                self.add_page()
                self._row(grid.heads, widths, sides, head=True)
            self._row(row, widths, sides)

    def _row(self, cells: Sequence[str], widths: list[float], sides: list[Align], *, head: bool = False) -> None:
        top, bottom, left = self.get_y(), self.get_y(), self.l_margin
        for at, (cell, width, side) in enumerate(zip(cells, widths, sides, strict=True)):
            self.set_xy(left + (CELL_GAP if side == Align.R else 0.0), top + 0.8)
            self._pen(CARD_PT, SOFT if head else INK, bold=at == 0 and not head)
            self.multi_cell(width - CELL_GAP, 3.7, cell, align=side, new_x=XPos.LEFT, new_y=YPos.NEXT)
            bottom, left = max(bottom, self.get_y()), left + width
        self.set_draw_color(LINE)
        self.set_line_width(0.15)
        self.line(self.l_margin, bottom + 0.7, self.l_margin + self.epw, bottom + 0.7)
        self.set_xy(self.l_margin, bottom + 0.8)

    def _count_lines(self, width: float, text: str) -> int:
        """Count the lines a text takes with the pen that is set."""
        if self.get_string_width(text) < width - 2 * self.c_margin and "\n" not in text:
            return 1
        lines: Any = self.multi_cell(width, 1, text, align=Align.L, dry_run=True, output="LINES")
        return len(lines)

    def _need(self, height: float) -> None:
        """Go to the next sheet where there is less room."""
        if self.will_page_break(height):
            self.add_page()

    def _pen(self, size: float, colour: str, *, bold: bool = False) -> None:
        self.set_font("font0", "B" if bold else "", size)
        self.set_text_color(colour)
