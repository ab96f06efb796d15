"""Write the report of an audit that a person reads: on the screen, on paper, without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from gridgeo.design.code_defects import check_code_column
from gridgeo.design.coverage import Certificate, certify
from gridgeo.design.findings import KINDS, NEEDS
from gridgeo.design.intake import MULTIPOLYGON, Survey, check_numbers, take_in, take_in_both, unite
from gridgeo.model.errors import TableError
from gridgeo.model.tables import FINDINGS, conform

from .paper import Check, Paper, Verdict, length_of, size_of
from .repair_words import LIMIT_WORDS
from .report_drawings import Terrain, draw_overview
from .report_findings import Teller
from .report_forms import Report
from .report_words import COUNTS, REPORT_WORDS
from .words import FINDING_KINDS, check_language, say

TABLES = ("parents", "households", "places", "streets", "exceptions")
PIECES = "pieces"


@dataclass(frozen=True, eq=False)
class _Subject:
    """What a report is about."""

    findings: gpd.GeoDataFrame
    survey: Survey
    terrain: Terrain
    parents: Survey | None
    certificate: Certificate
    numbers: Mapping[str, float]
    asked: Mapping[str, int | None]
    language: str

    @cached_property
    def looked_for(self) -> list[str]:
        """Name the kinds that the audit could find with what it was given."""
        return [kind for kind in KINDS if not self.lacks(kind)]

    def lacks(self, kind: str) -> str:
        """Name what the audit would have to be given to look for a kind; "" where it has it."""
        need = PIECES if kind == "several_parts" else NEEDS.get(kind, "")
        if kind == "wrong_code" and self.asked[need] is not None:
            need = "parent_codes"
        return need if need and self.asked[need] is None else ""

    @property
    def words(self) -> Mapping[str, str]:
        return REPORT_WORDS[self.language]

    @property
    def more_words(self) -> Mapping[str, str]:
        return LIMIT_WORDS[self.language]


def audit_report(  # noqa: PLR0913 (every number of the audit, with its default)
    findings: gpd.GeoDataFrame,
    areas: Any,
    territory: Any,
    *,
    parents: gpd.GeoDataFrame | None = None,
    households: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    exceptions: gpd.GeoDataFrame | None = None,
    codes: str | None = None,
    language: str = "en",
    title: str | None = None,
    tolerance_m: float = 0.001,
    jitter_m: float = 1.0,
    missing_share: float = 0.5,
    sliver_share: float = 0.02,
    one_piece: bool | None = None,
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
    parents, households, places, streets, exceptions : GeoDataFrame, optional
        What the audit was given besides; a report claims no check that was not made.
    codes : str, optional
        Column with official codes, as the audit was told.
    language : str
        ``"en"`` or ``"zh"``.
    title : str, optional
    tolerance_m, jitter_m : float, metres
    missing_share, sliver_share : float
        Those of the audit; the report says them.
    one_piece : bool, optional
        That of the audit.
    pictures : int
        How many findings of each kind are shown with a picture; all others are listed.

    Returns
    -------
    Report
        ``.html()``, ``.pdf()``, ``.save("audit.html")``, ``.save("audit.pdf")``; shows itself in a notebook.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract, a number is out of range or the language is not spoken.
    """
    check_language(language)
    numbers = {"tolerance_m": tolerance_m, "jitter_m": jitter_m, "missing_share": missing_share}
    numbers |= {"sliver_share": sliver_share}
    check_numbers(**numbers, pictures=pictures)
    survey, ground = take_in_both(areas, territory)
    given = dict(zip(TABLES, (parents, households, places, streets, exceptions), strict=True))
    asked = {name: _how_many(table, name) for name, table in given.items()}
    outer = None if parents is None else take_in(parents, "parents", survey.crs)
    subject = _Subject(
        findings=conform(findings, FINDINGS),
        survey=survey,
        terrain=terrain_of(survey, unite(ground)),
        parents=outer,
        certificate=certify(areas, territory),
        numbers=numbers,
        asked=asked | _asked_besides(survey, outer, check_code_column(survey, codes), one_piece),
        language=language,
    )
    return Report(_paper(subject, title or subject.words["title"], pictures))


def terrain_of(survey: Survey, territory: shapely.Geometry) -> Terrain:
    """Make the map that pictures are windows of."""
    names = np.array([survey.label(at) for at in range(len(survey))], dtype=object)
    return Terrain(survey.shapes, names, survey.tree, territory)


def _asked_besides(
    survey: Survey, parents: Survey | None, column: str, one_piece: bool | None
) -> dict[str, int | None]:
    """Tell whether there were codes to look at, and whether areas were asked to be in one piece."""
    if one_piece is None:
        one_piece = "level" in survey.attributes or not (shapely.get_type_id(survey.given) == MULTIPOLYGON).all()
    coded = None if parents is None or column not in parents.attributes else len(parents)
    return {
        "codes": len(survey) if column in survey.attributes else None,
        "parent_codes": coded,
        PIECES: len(survey) if one_piece else None,
    }


def _how_many(table: Any, name: str) -> int | None:
    """Count the rows of a table, or what they stand for; None where there is no table."""
    if table is None:
        return None
    if not isinstance(table, (pd.DataFrame, pd.Series)):
        raise TableError(f"{name}: is a {type(table).__name__}, not a GeoDataFrame")
    if isinstance(table, pd.DataFrame) and name == "households" and "count" in table:
        return int(pd.to_numeric(table["count"], errors="coerce").sum())
    return len(table)


def _paper(subject: _Subject, title: str, pictures: int) -> Paper:
    findings, words = subject.findings, subject.words
    severities = findings["severity"].tolist()
    numbers = [str(key).lstrip("F").lstrip("0") or str(key) for key in findings.index]
    outer = None if subject.parents is None else subject.parents.shapes
    teller = Teller(subject.terrain, findings, subject.language, pictures)
    return Paper(
        title=title,
        language=subject.language,
        verdict=_verdict(subject),
        overview=draw_overview(
            subject.terrain, findings.geometry.to_numpy(), severities, numbers, words["overview"], outer
        ),
        legend=tuple((tone, words[tone]) for tone in ("error", "warning", "note") if tone in severities),
        facts=tuple(_facts(subject)),
        checks_head=words["checked"],
        checks=tuple(_checks(subject)),
        limits=tuple(_limits(subject)),
        sections=tuple(teller.sections()),
        footer=words["made_by"].format(version=version("gridgeo")),
    )


def _verdict(subject: _Subject) -> Verdict:
    words, certificate = subject.words, subject.certificate
    how = proved_how(certificate, words) if certificate.holds else words["open_how"].format(**_open_land(subject))
    tone = "good" if certificate.holds else "bad"
    if certificate.holds and (subject.findings["severity"] == "error").any():
        tone = "mixed"
    if len(subject.findings):
        tally = " · ".join(count_severities(subject.findings, subject.language))
    else:
        tally = f"{words['nothing']} {words['nothing_more'].format(kinds=len(subject.looked_for))}"
    return Verdict(tone, words["proved"] if certificate.holds else words["open"], (how, tally), certificate.holds)


def proved_how(certificate: Certificate, words: Mapping[str, str]) -> str:
    """Say how much a certificate proves, and how exactly."""
    sizes = {"areas": f"{certificate.areas:,}", "segments": f"{certificate.segments:,}"}
    told = words["proved_how"] if certificate.exact else words["proved_within"]
    return told.format(**sizes, tolerance=length_of(certificate.tolerance_m))


def count_severities(findings: gpd.GeoDataFrame, language: str) -> Iterator[str]:
    """Count errors, warnings and notes."""
    for severity in ("error", "warning", "note"):
        count = int((findings["severity"] == severity).sum())
        one, several = COUNTS[language][severity]
        yield f"{count:,} {one if count == 1 else several}"


def _open_land(subject: _Subject) -> dict[str, str]:
    """Add up the land that is in no area, in several, and outside the territory."""
    columns = {"gap": "gap_m2", "overlap": "overlap_m2", "outside": "outside_m2"}
    found = {name: subject.findings.get(column, pd.Series(dtype=float)) for name, column in columns.items()}
    return {name: size_of(float(pd.to_numeric(values).sum()), subject.words) for name, values in found.items()}


def _facts(subject: _Subject) -> Iterator[tuple[str, str]]:
    """List what the audit was given and what its findings add up to."""
    words, more, land = subject.words, subject.more_words, _open_land(subject)
    sizes = subject.survey.area_m2[subject.survey.area_m2 > 0]
    yield words["certificate"], words["holds"] if subject.certificate.holds else words["holds_not"]
    yield words["areas"], f"{len(subject.survey):,}"
    yield words["territory"], size_of(shapely.area(subject.terrain.territory), words)
    if len(sizes):
        yield words["smallest"], size_of(sizes.min(), words)
        yield words["largest"], size_of(sizes.max(), words)
    for name in TABLES:
        count = subject.asked[name]
        if count is not None:
            yield words[name] if name in ("parents", "households") else more[f"fact_{name}"], f"{count:,}"
    yield words["in_none"], land["gap"]
    yield words["in_several"], land["overlap"]
    yield words["outside"], land["outside"]
    hairlines = subject.findings[subject.findings["kind"] == "hairline"]
    yield words["tolerance"], length_of(subject.numbers["tolerance_m"])
    yield more["hairlines"], f"{pd.to_numeric(hairlines['value'], errors='coerce').sum():,.0f}"
    yield more["jitter"], length_of(subject.numbers["jitter_m"])
    yield more["missing"], more["missing_value"].format(share=f"{subject.numbers['missing_share']:.3g}")
    yield more["sliver"], more["sliver_value"].format(share=f"{subject.numbers['sliver_share']:.3g}")
    yield from crs_fact(subject.survey.crs, words)


def crs_fact(crs: Any, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Say in which reference system everything was measured."""
    if crs is not None:
        authority = CRS.from_user_input(crs).to_authority()
        code = f" ({':'.join(authority)})" if authority else ""
        yield words["crs"], CRS.from_user_input(crs).name + code


def _checks(subject: _Subject) -> Iterator[Check]:
    """List every kind of defect that was looked for, with what came of it."""
    words, counts = subject.words, subject.findings["kind"].value_counts()
    severities = dict(zip(subject.findings["kind"], subject.findings["severity"], strict=True))
    for kind in dict.fromkeys([*KINDS, *counts.index]):
        count, name = int(counts.get(kind, 0)), say(FINDING_KINDS, kind, subject.language)
        if count:
            yield Check(name, KINDS[kind][0] if kind in KINDS else severities[kind], f"{count:,}", kind)
        elif kind in subject.looked_for:
            yield Check(name, "clear", words["none"])
        else:
            yield Check(name, "unasked", words["not_asked"])


def _limits(subject: _Subject) -> Iterator[str]:
    """Say what was not checked, and why."""
    more, language = subject.more_words, subject.language
    yield more["limits"]
    missing: dict[str, list[str]] = {}
    for kind in KINDS:
        if subject.lacks(kind):
            missing.setdefault(subject.lacks(kind), []).append(say(FINDING_KINDS, kind, language))
    for need, kinds in missing.items():
        yield more[f"no_{need}"].format(kinds=("、" if language == "zh" else ", ").join(kinds))
    yield more["narrow"].format(tolerance=length_of(subject.numbers["tolerance_m"]))
    yield _declared(subject)
    yield more["meaning"]


def _declared(subject: _Subject) -> str:
    """Say how many findings were declared to be meant so."""
    more = subject.more_words
    if subject.asked["exceptions"] is None:
        return more["declared_none"]
    remedies = subject.findings.get("remedy", pd.Series(dtype=object))
    count = int((remedies == "none").sum())
    return more["declared_one"] if count == 1 else more["declared"].format(count=f"{count:,}")
