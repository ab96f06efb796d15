"""Write a report as one HTML file that asks no other host for anything."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from .colours import SEVERITY
from .page import policy_tag, style_tag
from .paper import Card, Grid, Paper, Section

_TICK, _CROSS = "M5 13l5 5L20 6", "M6 6l12 12M18 6L6 18"


def write_page(paper: Paper) -> str:
    """Write a report as a page; nothing in it is loaded, nothing runs."""
    language = {"en": "en", "zh": "zh-CN"}[paper.language]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{language}"><head><meta charset="utf-8">',
            policy_tag(scripts=False),
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(paper.title)}</title>",
            style_tag("report/report.css"),
            "</head><body><main>",
            f"<header><h1>{escape(paper.title)}</h1></header>",
            *_verdict(paper),
            *_summary(paper),
            *_checks(paper),
            *(part for section in paper.sections for part in _section(section)),
            f"</main><footer>{escape(paper.footer)}</footer></body></html>",
        ]
    )


def _verdict(paper: Paper) -> Iterator[str]:
    told = paper.verdict
    mark = _TICK if told.proved else _CROSS
    yield f'<section class="verdict {told.tone}"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="{mark}"/></svg>'
    yield f"<div><h2>{escape(told.head)}</h2>"
    yield from (f"<p>{escape(line)}</p>" for line in told.lines if line)
    yield "</div></section>"


def _summary(paper: Paper) -> Iterator[str]:
    yield f'<div class="summary"><figure class="overview">{paper.overview.svg()}'
    if paper.legend:
        keys = (f'<i style="background:{SEVERITY[tone]}"></i>{escape(text)}' for tone, text in paper.legend)
        yield "<figcaption>" + "".join(f"<span>{key}</span>" for key in keys) + "</figcaption>"
    rows = "".join(f"<dt>{escape(term)}</dt><dd>{escape(value)}</dd>" for term, value in paper.facts)
    yield f'</figure><dl class="facts">{rows}</dl></div>'


def _checks(paper: Paper) -> Iterator[str]:
    if paper.checks:
        yield f'<section class="checks"><h2>{escape(paper.checks_head)}</h2><ul>'
        for check in paper.checks:
            told = escape(check.told)
            told = f'<a href="#{escape(check.anchor)}">{told}</a>' if check.anchor else told
            yield f'<li class="{check.state}"><span>{escape(check.name)}</span><b>{told}</b></li>'
        yield "</ul></section>"
    if paper.limits:
        head, *lines = paper.limits
        yield f'<section class="limits"><h2>{escape(head)}</h2><ul>'
        yield "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul></section>"


def _section(section: Section) -> Iterator[str]:
    count = "" if section.count is None else f"<span>{section.count:,}</span>"
    yield f'<section class="kind {section.tone}" id="{escape(section.anchor)}"><h2>{escape(section.head)}{count}</h2>'
    yield from (f"<p>{escape(line)}</p>" for line in section.lines if line)
    if section.cards:
        wide = " pairs" if len(section.cards[0].sketches) > 1 else ""
        yield f'<div class="cards{wide}">' + "".join(map(_card, section.cards)) + "</div>"
    if section.grid and section.grid.rows:
        if section.more:
            yield f'<p class="more">{escape(section.more)}</p>'
        yield _grid(section.grid)
    yield "</section>"


def _card(card: Card) -> str:
    pictures = "".join(sketch.svg() for sketch in card.sketches)
    pictures = f'<div class="pair">{pictures}</div>' if len(card.sketches) > 1 else pictures
    place = f'<span class="place">{escape(card.place)}</span>' if card.place else ""
    return f"<figure>{pictures}<figcaption><b>{escape(card.key)}</b> {escape(card.text)}{place}</figcaption></figure>"


def _grid(grid: Grid) -> str:
    whole = sum(map(abs, grid.widths))
    sides = [' class="n"' if width < 0 else "" for width in grid.widths]
    columns = "".join(f'<col style="width:{abs(width) / whole:.1%}">' for width in grid.widths)
    heads = "".join(f"<th{side}>{escape(head)}</th>" for head, side in zip(grid.heads, sides, strict=True))
    rows = (
        "<tr>" + "".join(f"<td{side}>{escape(cell)}</td>" for cell, side in zip(row, sides, strict=True)) + "</tr>"
        for row in grid.rows
    )
    return f"<table><colgroup>{columns}</colgroup><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
