"""Write the report of an audit that a person reads: on the screen, on paper, without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from gridgeo.design.coverage import Certificate, certify
from gridgeo.design.findings import KINDS
from gridgeo.design.intake import Survey, take_in, take_in_territory, unite
from gridgeo.model.tables import FINDINGS, conform

from .page import Page, policy_tag, style_tag
from .report_drawings import draw_finding, draw_overview
from .report_words import COUNTS, KIND_SENTENCES, REMEDIES, REPORT_WORDS
from .words import FINDING_KINDS, check_language, say

NEEDS = {
    "outside_parent": "parents",
    "wrong_parent": "parents",
    "household_in_none": "households",
    "household_in_several": "households",
}
"""Kinds that an audit looks for only where it is given parents or households."""


class Report(Page):
    """A report: one HTML file that asks no other host for anything; ``audit_report`` makes it."""


@dataclass(frozen=True)
class _Subject:
    """What a report is about."""

    findings: gpd.GeoDataFrame
    survey: Survey
    territory: shapely.Geometry
    certificate: Certificate
    tolerance_m: float
    asked: Mapping[str, int | None]
    language: str
    pictures: int

    @property
    def looked_for(self) -> list[str]:
        """Name the kinds that the audit could find with what it was given."""
        return [kind for kind in KINDS if self.asked.get(NEEDS.get(kind, "areas"), 1) is not None]

    @property
    def words(self) -> Mapping[str, str]:
        return REPORT_WORDS[self.language]


def audit_report(
    findings: gpd.GeoDataFrame,
    areas: Any,
    territory: Any,
    *,
    parents: gpd.GeoDataFrame | None = None,
    households: gpd.GeoDataFrame | None = None,
    language: str = "en",
    title: str | None = None,
    tolerance_m: float = 0.001,
    pictures: int = 12,
) -> Report:
    """Write the report of an audit.

    Parameters
    ----------
    findings : GeoDataFrame
        Table ``FINDINGS``, as ``audit`` returns it.
    areas : GeoDataFrame or GeoSeries
        The map that was audited, however bad it is.
    territory : Polygon, MultiPolygon, GeoSeries or GeoDataFrame
        What it shall cover.
    parents, households : GeoDataFrame, optional
        What the audit was given besides; a report claims no check that was not made.
    language : str
        ``"en"`` or ``"zh"``.
    title : str, optional
    tolerance_m : float, metres
        That of the audit.
    pictures : int
        How many findings of each kind are shown with a picture; all others are listed.

    Returns
    -------
    Report
        ``.html()``, ``.save(path)``; shows itself in a notebook.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract or the language is not spoken.
    """
    check_language(language)
    survey = take_in(areas)
    ground = take_in_territory(territory, survey.crs)
    subject = _Subject(
        findings=conform(findings, FINDINGS),
        survey=survey,
        territory=unite(ground),
        certificate=certify(areas, territory),
        tolerance_m=tolerance_m,
        asked={"parents": _how_many(parents), "households": _how_many(households)},
        language=language,
        pictures=pictures,
    )
    return Report(_document(subject, title or subject.words["title"]), height_px=760)


def _how_many(table: gpd.GeoDataFrame | None) -> int | None:
    """Count the rows of a table, or what they stand for; None where there is no table."""
    if table is None:
        return None
    return int(table["count"].sum()) if "count" in table else len(table)


def _document(subject: _Subject, title: str) -> str:
    made_by = subject.words["made_by"].format(version=version("gridgeo"))
    language = {"en": "en", "zh": "zh-CN"}[subject.language]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{language}"><head><meta charset="utf-8">',
            policy_tag(scripts=False),
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            style_tag("report/report.css"),
            "</head><body><main>",
            f"<header><h1>{escape(title)}</h1></header>",
            *_verdict(subject),
            '<div class="summary">',
            *_map(subject),
            *_facts(subject),
            "</div>",
            *_checks(subject),
            *(part for kind in dict.fromkeys(subject.findings["kind"]) for part in _section(subject, kind)),
            f"</main><footer>{escape(made_by)}</footer></body></html>",
        ]
    )


def _verdict(subject: _Subject) -> Iterator[str]:
    """Say first what matters most."""
    words, certificate = subject.words, subject.certificate
    sizes = {"areas": f"{certificate.areas:,}", "segments": f"{certificate.segments:,}"}
    if certificate.holds:
        told = words["proved_how"] if certificate.exact else words["proved_within"]
        how = told.format(**sizes, tolerance=_length(certificate.tolerance_m))
    else:
        how = words["open_how"].format(**_open_land(subject))
    head, tone = (words["proved"], "good") if certificate.holds else (words["open"], "bad")
    if certificate.holds and (subject.findings["severity"] == "error").any():
        tone = "mixed"
    if len(subject.findings):
        tally = " · ".join(_counted(subject, severity) for severity in ("error", "warning", "note"))
    else:
        tally = f"{words['nothing']} {words['nothing_more'].format(kinds=len(subject.looked_for))}"
    mark = "M5 13l5 5L20 6" if certificate.holds else "M6 6l12 12M18 6L6 18"
    yield f'<section class="verdict {tone}"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="{mark}"/></svg><div>'
    yield f"<h2>{escape(head)}</h2>"
    yield from (f"<p>{escape(line)}</p>" for line in (how, tally) if line)
    yield "</div></section>"


def _counted(subject: _Subject, severity: str) -> str:
    count = int((subject.findings["severity"] == severity).sum())
    one, several = COUNTS[subject.language][severity]
    return f"{count:,} {one if count == 1 else several}"


def _open_land(subject: _Subject) -> dict[str, str]:
    """Add up the land that is in no area, in several, and outside the territory."""
    columns = {"gap": "gap_m2", "overlap": "overlap_m2", "outside": "outside_m2"}
    found = {name: subject.findings.get(column, pd.Series(dtype=float)) for name, column in columns.items()}
    return {name: _size(float(pd.to_numeric(values).sum()), subject.words) for name, values in found.items()}


def _map(subject: _Subject) -> Iterator[str]:
    findings = subject.findings
    places = findings.geometry.to_numpy()
    label = subject.words["overview"]
    picture = draw_overview(subject.survey.shapes, subject.territory, places, findings["severity"].tolist(), label)
    yield f'<figure class="overview">{picture}</figure>'


def _facts(subject: _Subject) -> Iterator[str]:
    """List what the audit was given and what its findings add up to."""
    words, sizes, land = subject.words, subject.survey.area_m2, _open_land(subject)
    crs = subject.survey.crs
    state = words["holds"] if subject.certificate.holds else words["holds_not"]
    facts = [
        (words["certificate"], state),
        (words["areas"], f"{len(subject.survey):,}"),
        (words["territory"], _size(shapely.area(subject.territory), words)),
    ]
    if len(sizes):
        facts += [(words["smallest"], _size(sizes.min(), words)), (words["largest"], _size(sizes.max(), words))]
    facts += [(words[name], f"{count:,}") for name, count in subject.asked.items() if count is not None]
    facts.append((words["tolerance"], _length(subject.tolerance_m)))
    land = _open_land(subject)
    facts += [
        (words["in_none"], land["gap"]),
        (words["in_several"], land["overlap"]),
        (words["outside"], land["outside"]),
    ]
    if crs is not None:
        authority = CRS.from_user_input(crs).to_authority()
        facts.append((words["crs"], CRS.from_user_input(crs).name + (f" ({':'.join(authority)})" if authority else "")))
    rows = "".join(f"<dt>{escape(term)}</dt><dd>{escape(value)}</dd>" for term, value in facts)
    yield f'<dl class="facts">{rows}</dl>'


def _checks(subject: _Subject) -> Iterator[str]:
    """List every kind of defect that was looked for, with what came of it."""
    words, counts = subject.words, subject.findings["kind"].value_counts()
    yield f'<section class="checks"><h2>{escape(words["checked"])}</h2><ul>'
    for kind, (severity, _) in KINDS.items():
        count = int(counts.get(kind, 0))
        name = escape(say(FINDING_KINDS, kind, subject.language))
        if count:
            state, told = severity, f'<a href="#{kind}">{count:,}</a>'
        elif kind in subject.looked_for:
            state, told = "clear", escape(words["none"])
        else:
            state, told = "unasked", escape(words["not_asked"])
        yield f'<li class="{state}"><span>{name}</span><b>{told}</b></li>'
    yield "</ul></section>"


def _section(subject: _Subject, kind: str) -> Iterator[str]:
    """Tell the findings of one kind: the largest with a picture, the others in a list."""
    words, findings = subject.words, subject.findings
    rows = findings[findings["kind"] == kind]
    size = pd.to_numeric(rows["value"], errors="coerce") if "value" in rows else pd.Series(0.0, index=rows.index)
    rows = rows.loc[size.sort_values(ascending=False, kind="stable", na_position="last").index]
    severity = rows["severity"].iloc[0]
    remedy = str(rows["remedy"].iloc[0]) if "remedy" in rows else KINDS.get(kind, ("", ""))[1]
    name = escape(say(FINDING_KINDS, kind, subject.language))
    yield f'<section class="kind {severity}" id="{escape(kind)}"><h2>{name}<span>{len(rows):,}</span></h2>'
    told = (KIND_SENTENCES, kind), (REMEDIES, remedy)
    yield "<p>" + " ".join(escape(say(table, key, subject.language)) for table, key in told if key in table) + "</p>"
    placed = ~(rows.geometry.isna() | rows.geometry.is_empty)
    shown = rows[placed].iloc[: subject.pictures]
    if len(shown):
        yield '<div class="cards">' + "".join(_card(subject, str(key), row) for key, row in shown.iterrows()) + "</div>"
    rest = rows.drop(shown.index)
    if len(rest):
        if len(shown):
            yield f'<p class="more">{escape(words["more"].format(count=f"{len(rest):,}"))}</p>'
        lines = (f"<tr><th>{escape(str(key))}</th><td>{_told(subject, row)}</td></tr>" for key, row in rest.iterrows())
        yield f"<table>{''.join(lines)}</table>"
    yield "</section>"


def _card(subject: _Subject, key: str, row: pd.Series) -> str:
    survey = subject.survey
    names = np.array([survey.label(at) for at in range(len(survey))], dtype=object)
    picture = draw_finding(
        survey.shapes, names, survey.tree, subject.territory, row["geometry"], str(row["severity"]), str(row["message"])
    )
    return f"<figure>{picture}<figcaption><b>{escape(key)}</b> {_told(subject, row)}</figcaption></figure>"


def _told(subject: _Subject, row: pd.Series) -> str:
    """Say one finding: in English as the audit says it, in Chinese from its figures."""
    if subject.language == "en":
        return escape(str(row["message"]))
    words = subject.words
    told = [f"{words['concerned']}：{str(row.get('area_ids') or '—').replace(',', '、')}"]
    for name, column in (("size", "area_m2"), ("width", "width_m"), ("length", "length_m")):
        value = pd.to_numeric(row.get(column, np.nan), errors="coerce")
        if pd.notna(value) and value > 0:
            text = _size(float(value), words) if name == "size" else _length(float(value))
            told.append(f"{words[name]} {text}")
    return escape("；".join(told))


def _size(area_m2: float, words: Mapping[str, str]) -> str:
    if area_m2 >= 1e6:
        return f"{area_m2 / 1e6:,.2f} {words['km2']}"
    return f"{area_m2:,.0f} {words['m2']}" if area_m2 >= 100 else f"{area_m2:,.3g} {words['m2']}"


def _length(length_m: float) -> str:
    for unit, metres in (("km", 1000), ("m", 1), ("cm", 0.01), ("mm", 0.001)):
        if length_m >= metres:
            return f"{length_m / metres:.3g} {unit}"
    return f"{length_m * 1e6:.3g} µm"
