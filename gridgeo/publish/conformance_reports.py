"""Write the report of a plan held against its profile: each clause, where it fails, what could not be judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from importlib.metadata import version

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.design.conformance import Conformance
from gridgeo.design.verdicts import FAILS, HOLDS, SEVERITY_OF, UNJUDGED
from gridgeo.model.bands import say_amount, say_band
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan, draw_areas
from gridgeo.model.profile import UNLIMITED, Limits

from .colours import SEVERITY
from .conformance_words import (
    CONFORMANCE_WORDS,
    FAULTS,
    MISSING,
    QUANTITIES,
    STATES,
    STRENGTHS,
    SUBJECTS,
    WAYS,
    say_point,
    say_reason,
)
from .page import Page, policy_tag, style_tag
from .report_drawings import Terrain, draw_finding, draw_overview
from .words import LEVEL_WORDS, check_language, level_words, say

_TONES = {HOLDS: "holds", FAILS: "fails", UNJUDGED: "open"}
_SEVERITIES = ("error", "warning", "note")


class ConformanceReport(Page):
    """A report: one HTML file that asks no other host for anything; ``conformance_report`` makes it."""


@dataclass(frozen=True)
class _Subject:
    """What a report is about."""

    conformance: Conformance
    plan: Plan
    language: str
    pictures: int

    @property
    def words(self) -> Mapping[str, str]:
        return CONFORMANCE_WORDS[self.language]

    @cached_property
    def ground(self) -> shapely.Geometry:
        return shapely.union_all(self.plan.atoms.geometry.to_numpy())

    def level(self, level: str, form: str = "one") -> str:
        """Say what an area of a level is called."""
        if level in LEVEL_WORDS["en"]:
            return level_words(self.conformance.profile, level, self.language)[form]
        return level

    def terrain(self, level: str) -> Terrain:
        """Draw the areas of a level; the communities where the plan does not have it."""
        owners = self.plan.owners
        areas = draw_areas(self.plan.atoms, owners[level if level in owners else Level.COMMUNITY].dropna())
        shapes = areas.geometry.to_numpy()
        return Terrain(shapes, areas.index.to_numpy(dtype=object), shapely.STRtree(shapes), self.ground)


def conformance_report(
    conformance: Conformance, plan: Plan, language: str = "en", *, title: str | None = None, pictures: int = 6
) -> ConformanceReport:
    """Write the report of a plan held against its profile.

    Parameters
    ----------
    conformance : Conformance
        As ``gridgeo.conformance`` returns it.
    plan : Plan
        The plan that was judged.
    language : str
        ``"en"`` or ``"zh"``. Clauses stand in the words of their source, in Chinese where the profile has them.
    title : str, optional
    pictures : int
        How many places of each clause are shown with a picture; all others are listed.

    Returns
    -------
    ConformanceReport
        ``.html()``, ``.save(path)``; shows itself in a notebook.

    Raises
    ------
    TableError
        If the language is not spoken.
    """
    check_language(language)
    subject = _Subject(conformance, plan, language, pictures)
    return ConformanceReport(_document(subject, title or subject.words["title"]), height_px=760)


def _document(subject: _Subject, title: str) -> str:
    made_by = subject.words["made_by"].format(version=version("gridgeo"))
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{ {"en": "en", "zh": "zh-CN"}[subject.language] }"><head><meta charset="utf-8">',
            policy_tag(scripts=False),
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            style_tag("report/report.css", "report/conformance.css"),
            "</head><body><main>",
            f"<header><h1>{escape(title)}</h1></header>",
            *_verdict(subject),
            '<div class="summary">',
            *_map(subject),
            *_facts(subject),
            "</div>",
            *_clauses(subject),
            *_failing(subject),
            *_open(subject),
            f"</main><footer>{escape(made_by)}</footer></body></html>",
        ]
    )


def _verdict(subject: _Subject) -> Iterator[str]:
    """Say first what matters most."""
    words, found = subject.words, subject.conformance
    states = found.states
    failing = found.clauses[found.clauses["state"] == FAILS].groupby("clause")["strength"].agg(set)
    hard = sum("hard" in strengths for strengths in failing)
    soft = sum("hard" not in strengths and "soft" in strengths for strengths in failing)
    if hard:
        head = words["hard_fails"].format(count=hard, clauses="clause is" if hard == 1 else "clauses are")
    elif soft:
        head = words["soft_fails"].format(count=soft, verb="is" if soft == 1 else "are")
    elif not (found.clauses["state"] == HOLDS).any():
        head = words["nothing_judged"]
    else:
        head = words["all_hold" if (states == HOLDS).all() else "none_fails"]
    counts = {name: int((states == state).sum()) for state, name in zip(
        (HOLDS, FAILS, UNJUDGED), ("holds", "fails", "unjudged"), strict=True)}  # fmt: skip
    tone = "bad" if hard else "good" if (states == HOLDS).all() else "mixed"
    mark = "M6 6l12 12M18 6L6 18" if hard else "M5 13l5 5L20 6" if counts["holds"] and not soft else "M12 5v9M12 18v1"
    yield f'<section class="verdict {tone}"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="{mark}"/></svg><div>'
    yield f"<h2>{escape(head)}</h2><p>{escape(words['tally'].format(clauses=len(states), **counts))}</p>"
    yield "</div></section>"


def _map(subject: _Subject) -> Iterator[str]:
    found = subject.conformance.findings
    label = subject.words["map"]
    numbers = [str(key).removeprefix("F").lstrip("0") for key in found.index]
    severities = found["severity"].tolist()
    picture = draw_overview(subject.terrain(Level.GRID), found.geometry.to_numpy(), severities, numbers, label)
    keys = "".join(
        f'<span><i style="background:{SEVERITY[grave]}"></i>{escape(say(STRENGTHS, strength, subject.language))}</span>'
        for strength, grave in SEVERITY_OF.items()
        if grave in severities
    )
    legend = f"<figcaption><span>{escape(label)}</span>{keys}</figcaption>"
    yield f'<figure class="overview">{picture.svg()}{legend}</figure>'


def _facts(subject: _Subject) -> Iterator[str]:
    """Name the rules and their source, how many areas there are, and what they cover."""
    words, profile, plan = subject.words, subject.conformance.profile, subject.plan
    title = profile.title_zh if subject.language == "zh" and profile.title_zh else profile.title
    facts = [(words["rules"], title), (words["source"], profile.source)]
    levels = (*plan.levels, *plan.overlays)
    facts += [(subject.level(level, "many"), f"{plan.owner(level).nunique():,}") for level in levels]
    rows = "".join(f"<dt>{escape(term)}</dt><dd>{escape(value)}</dd>" for term, value in facts if value)
    yield f'<div><dl class="facts">{rows}</dl>'
    head = "".join(f"<th>{escape(words[name])}</th>" for name in ("covers", "share", "in_none"))
    yield f'<table class="covers"><thead><tr>{head}</tr></thead><tbody>'
    for way, cover in subject.conformance.covers.iterrows():
        name = escape(say(WAYS, str(way), subject.language))
        if cover["missing"]:
            told = words["not_given"].format(missing=_missing(subject, cover["missing"]))
            yield f'<tr class="open"><th>{name}</th><td colspan="2">{escape(told)}</td></tr>'
            continue
        unit = say(QUANTITIES, cover["quantity"], subject.language)
        left = f"{cover['in_none']:,.0f} {unit}" if cover["in_none"] else words["none"]
        share = _share(cover["share"]) if pd.notna(cover["share"]) else "–"
        yield f"<tr><th>{name}</th><td>{share}</td><td>{escape(left)}</td></tr>"
    yield "</tbody></table></div>"


def _missing(subject: _Subject, missing: str) -> str:
    return MISSING.get(missing, missing) if subject.language == "zh" else missing


def _clauses(subject: _Subject) -> Iterator[str]:
    """List the clauses, those that fail first."""
    words = subject.words
    heads = "".join(f"<th>{escape(words[name])}</th>" for name in ("clause", "state", "figure", "limit"))
    yield f'<section class="clauses"><h2>{escape(words["clauses"])}</h2><table><thead><tr>{heads}</tr></thead>'
    for name, rows in subject.conformance.clauses.groupby("clause", sort=False):
        yield '<tbody class="clause">'
        first = rows.iloc[0]
        yield f'<tr class="says"><th colspan="4">{_said(subject, str(name), first)}</th></tr>'
        for _, row in rows.iterrows():
            point = say_point(row["point"], row["measure"], subject.language)
            level = f" · {subject.level(row['level'])}" if row["level"] else ""
            state = escape(say(STATES, row["state"], subject.language))
            pill = f'<span class="state {_TONES[row["state"]]} {row["strength"]}">{state}</span>'
            figure, limit = _figure(subject, row), _limit(subject, row)
            why = escape(say_reason(row["reason"], row["missing"], subject.language)) if row["reason"] else ""
            note = f'<div class="why">{why}</div>' if why else ""
            yield f"<tr><td>{escape(point + level)}</td><td>{pill}</td>"
            yield f"<td>{escape(figure)}{note}</td><td>{escape(limit)}</td></tr>"
        yield "</tbody>"
    yield "</table></section>"


def _said(subject: _Subject, name: str, row: pd.Series) -> str:
    """Word a clause as its source does, with what it is about and how binding it is."""
    tags = [say(SUBJECTS, row["subject"], subject.language), say(STRENGTHS, row["strength"], subject.language)]
    told = f'<span class="tags">{escape(" · ".join(tags))} <code>{escape(name)}</code></span>'
    return f"{told}<q>{escape(_own_words(subject, row))}</q>"


def _own_words(subject: _Subject, row: pd.Series) -> str:
    """Give the words of a clause: in Chinese where its source has them and the page is Chinese."""
    return str(row["says_zh"] if row["says_zh"] and (subject.language == "zh" or not row["says"]) else row["says"])


def _limits(row: pd.Series) -> Limits:
    low, high = (0 if pd.isna(row["low"]) else int(row["low"])), (UNLIMITED if pd.isna(row["high"]) else row["high"])
    return Limits(low, int(high), int(row["target"]), measure=row["measure"])


def _figure(subject: _Subject, row: pd.Series) -> str:
    """Say what was measured."""
    words = subject.words
    if pd.isna(row["figure"]):
        return ""
    if row["measure"]:
        ends = words["range"].format(least=_number(row["least"]), most=_number(row["most"]))
        ends = say_amount(ends, row["measure"], subject.language)
        if row["reason"]:
            return f"{words['mean'].format(mean=_number(row['figure']))}; {ends}"
        held = words["in_band"].format(held=int(row["judged"] - row["figure"]), judged=row["judged"])
        return f"{held}; {ends}"
    if row["quantity"] == "share":
        return _share(row["figure"])
    unit = say(QUANTITIES, row["quantity"], subject.language)
    return words["of_them"].format(failing=f"{row['figure']:,.0f}", judged=f"{row['judged']:,}", quantity=unit)


def _limit(subject: _Subject, row: pd.Series) -> str:
    """Say what it is held against."""
    if row["measure"]:
        return say_band(_limits(row), subject.language, dash="–")
    if pd.isna(row["limit"]):
        return ""
    return _share(row["limit"]) if row["quantity"] == "share" else subject.words["none_may"]


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _share(share: float) -> str:
    """Write a share; what is not all is never rounded to all."""
    return f"{min(share * 100, 99.99) if share < 1 else 100:.4g} %"


def _failing(subject: _Subject) -> Iterator[str]:
    """Show where each clause fails: the first places with a picture, the others in a list."""
    conformance, words = subject.conformance, subject.words
    for name, rows in conformance.findings.groupby("clause", sort=False):
        severity = min(rows["severity"], key=_SEVERITIES.index)
        clause = conformance.clauses[conformance.clauses["clause"] == name].iloc[0]
        kinds = ", ".join(say(FAULTS, kind, subject.language) for kind in dict.fromkeys(rows["kind"]))
        yield f'<section class="kind {severity}"><h2>{escape(kinds)}<span>{len(rows):,}</span></h2>'
        yield f"<p><code>{escape(str(name))}</code> {escape(_own_words(subject, clause))}</p>"
        placed = ~(rows.geometry.isna() | rows.geometry.is_empty)
        shown = rows[placed].iloc[: subject.pictures]
        yield '<div class="cards">' + "".join(_cards(subject, shown)) + "</div>"
        rest = rows.drop(shown.index)
        if len(rest):
            yield f'<p class="more">{escape(words["more"].format(count=f"{len(rest):,}"))}</p><table class="rest">'
            yield from (f"<tr><th>{key}</th><td>{_told(subject, row)}</td></tr>" for key, row in rest.iterrows())
            yield "</table>"
        yield "</section>"


def _cards(subject: _Subject, rows: gpd.GeoDataFrame) -> Iterator[str]:
    for level, group in rows.groupby("level", sort=False):
        terrain = subject.terrain(str(level))
        for key, row in group.iterrows():
            picture = draw_finding(terrain, row["geometry"], str(row["severity"]), str(row["message"]))
            yield f"<figure>{picture.svg()}<figcaption><b>{key}</b> {_told(subject, row)}</figcaption></figure>"


def _told(subject: _Subject, row: pd.Series) -> str:
    """Say one finding: in English as it was found, in Chinese from its figures."""
    if subject.language == "en":
        message = str(row["message"])
        return escape(message[:1].upper() + message[1:])
    told = [say(FAULTS, row["kind"], "zh")]
    if row["area_ids"]:
        told.append(str(row["area_ids"]).replace(",", "、"))
    if row["thing"]:
        told.insert(1, str(row["thing"]))
    if pd.notna(row["value"]) and row["quantity"] in (*QUANTITIES, "households", "persons", "area_m2", "grids"):
        unit = QUANTITIES.get(row["quantity"], ("", ""))[1]
        value = _number(row["value"])
        told.append(f"{value}{unit}" if unit else say_amount(value, row["quantity"], "zh"))
    return escape("；".join(told))


def _open(subject: _Subject) -> Iterator[str]:
    """List what could not be judged, by the reason."""
    rows, words = subject.conformance.unjudged, subject.words
    if not len(rows):
        return
    yield f'<section class="open-clauses"><h2>{escape(words["open"])}</h2><dl>'
    told = [say_reason(reason, missing, subject.language)
            for reason, missing in zip(rows["reason"], rows["missing"], strict=True)]  # fmt: skip
    for reason, group in rows.groupby(np.array(told, dtype=object), sort=False):
        names = dict.fromkeys(
            f"<code>{escape(row['clause'])}</code> {escape(say_point(row['point'], row['measure'], subject.language))}"
            if row["point"] != "words" else f"<code>{escape(row['clause'])}</code>"
            for _, row in group.iterrows()
        )  # fmt: skip
        yield f"<dt>{escape(str(reason))}</dt><dd>{', '.join(names)}</dd>"
    yield "</dl></section>"
