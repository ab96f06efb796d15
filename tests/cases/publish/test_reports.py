"""A report of an audit tells what was found, what was looked for, and what was proved."""

import re
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from towns import CRS, households_at, square, town

from gridgeo.design.coverage import audit
from gridgeo.design.findings import KINDS, NEEDS
from gridgeo.model.errors import TableError
from gridgeo.publish.repair_words import LIMIT_WORDS
from gridgeo.publish.report_words import COUNTS, KIND_SENTENCES, REMEDIES, REPORT_WORDS
from gridgeo.publish.reports import audit_report
from gridgeo.publish.words import FINDING_KINDS

TERRITORY = town("""
    TTT
    TTT
""")
WHOLE = town("""
    AAB
    AAB
""")
HOLED = town("""
    AAB
    A.B
""")


def text_of(report):
    return re.sub(r"<[^>]+>", " ", re.sub(r"<(style|svg).*?</\1>", "", report.html(), flags=re.DOTALL))


def test_a_clean_map_is_said_to_be_proved():
    said = text_of(audit_report(audit(WHOLE, TERRITORY), WHOLE, TERRITORY))
    assert "Every point of the territory lies in exactly one area." in said
    assert "of 2 areas met their opposites" in said
    unasked = 2 + 1 + 2 + 2 + 2  # parents, codes of parents, households, institutions, streets
    assert f"All {len(KINDS) - unasked} kinds of defects were looked for; none is there." in said
    assert "EPSG:4547" in said


def unasked(report):
    return set(re.findall(r'<li class="unasked"><span>([^<]+)</span>', report.html()))


def test_a_report_claims_no_check_that_was_not_made():
    homes = households_at([(0.5, 0.5), (2.5, 1.5)], count=3)
    bare = WHOLE.drop(columns=["code", "level"]).assign(geometry=lambda table: multipart(table.geometry))
    names = {kind: name for kind, (name, _) in FINDING_KINDS.items()}
    report = audit_report(audit(bare, TERRITORY), bare, TERRITORY)
    assert unasked(report) == {names[kind] for kind in (*NEEDS, "several_parts")}
    assert "no households were given" in text_of(report)
    findings = audit(WHOLE, TERRITORY, parents=TERRITORY, households=homes)
    report = audit_report(findings, WHOLE, TERRITORY, parents=TERRITORY, households=homes)
    assert unasked(report) == {names[kind] for kind, need in NEEDS.items() if need in ("places", "streets")}
    assert "no households were given" not in text_of(report)
    assert "<dt>Households</dt><dd>6</dd>" in report.html()


def multipart(shapes):
    return gpd.GeoSeries([shapely.MultiPolygon([shape]) for shape in shapes], index=shapes.index, crs=shapes.crs)


def test_every_number_of_the_audit_is_said():
    findings = audit(HOLED, TERRITORY, tolerance_m=0.02, jitter_m=3, missing_share=0.25, sliver_share=0.05)
    numbers = {"tolerance_m": 0.02, "jitter_m": 3, "missing_share": 0.25, "sliver_share": 0.05}
    html = audit_report(findings, HOLED, TERRITORY, **numbers).html()
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", html))
    assert facts["Tolerance"] == "2 cm"
    assert facts["Jittered edge up to"] == "3 m"
    assert facts["Missing area from"].startswith("0.25 ")
    assert facts["Sliver below"].startswith("0.05 ")


def test_a_declared_lake_is_counted_as_declared():
    lake = gpd.GeoDataFrame({"reason": ["a lake"]}, geometry=[square(1, 1, 2)], crs=CRS)
    findings = audit(HOLED, TERRITORY, exceptions=lake)
    said = text_of(audit_report(findings, HOLED, TERRITORY, exceptions=lake))
    assert "1 finding lies in a declared exception" in said
    assert "a lake" in said
    assert "No exceptions were declared" in text_of(audit_report(findings, HOLED, TERRITORY))


def test_a_picture_names_both_neighbours_and_has_a_scale():
    areas = HOLED.rename(index={"A": "West", "B": "East"})
    html = audit_report(audit(areas, TERRITORY), areas, TERRITORY).html()
    card = re.search(r"<figure><svg.*?</svg>", html, flags=re.DOTALL)[0]
    words = re.findall(r"<text[^>]*>([^<]+)</text>", card)
    assert {"West", "East"} <= set(words)
    assert any(re.fullmatch(r"\d+ (cm|m|km)", word) for word in words)


def test_a_place_is_told_in_latitude_and_longitude():
    html = audit_report(audit(HOLED, TERRITORY), HOLED, TERRITORY).html()
    lat, lon = map(float, re.search(r'class="place">([\d.]+), ([\d.]+)<', html).groups())
    place = gpd.GeoSeries.from_xy([lon], [lat], crs="EPSG:4326").to_crs(CRS).iloc[0]
    assert square(1, 1, 2).contains(place)


def test_few_findings_are_numbered_on_the_overview_and_many_are_not():
    overview = r'<figure class="overview">(.*?)</svg>'
    few = re.search(overview, audit_report(audit(HOLED, TERRITORY), HOLED, TERRITORY).html(), flags=re.DOTALL)[1]
    assert ">1</text>" in few
    many = town("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    many = many.assign(geometry=many.geometry.scale(0.9, 0.9))
    ground = town("T" * 52)
    found = audit(many, ground)
    findings = pd.concat(
        found.set_axis([f"{key}-{copy}" for key in found.index], axis=0) for copy in range(60 // len(found) + 1)
    )
    findings.index.name = found.index.name
    drawn = re.search(overview, audit_report(findings, many, ground).html(), flags=re.DOTALL)[1]
    assert drawn.count("<circle") == len(findings)
    assert ">1</text>" not in drawn


def test_a_table_that_is_none_is_refused():
    with pytest.raises(TableError, match="places: is a str"):
        audit_report(audit(WHOLE, TERRITORY), WHOLE, TERRITORY, places="places.csv")


def test_a_gap_is_told_with_its_place_and_its_remedy():
    report = audit_report(audit(HOLED, TERRITORY), HOLED, TERRITORY)
    said = text_of(report)
    assert "The areas do not cover the territory exactly once." in said
    assert "1 error · 0 warnings · 0 notes" in said
    assert "10,000 m²" in said
    assert report.html().count("<figure>") == 1


def test_the_chinese_report_is_in_chinese():
    report = audit_report(audit(HOLED, TERRITORY), HOLED, TERRITORY, language="zh")
    said = text_of(report)
    assert "责任区未能不重不漏地覆盖辖区" in said
    assert 'lang="zh-CN"' in report.html()
    words = set(re.findall(r"[A-Za-z]{3,}", said.replace("Gauss-Kruger", "")))
    assert words <= {"CGCS", "degree", "EPSG", "gridgeo", "repair", "Kruger", "Gauss", "zone"}


@pytest.mark.parametrize("areas", [WHOLE, HOLED])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_asks_nobody_and_runs_nothing(areas, language):
    text = audit_report(audit(areas, TERRITORY), areas, TERRITORY, language=language).html()
    assert not re.search(r"https?://|<script|url\(", text)
    assert "default-src 'none'" in text


def test_every_picture_is_well_formed():
    text = audit_report(audit(HOLED, TERRITORY), HOLED, TERRITORY).html()
    pictures = re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)
    assert len(pictures) == 3
    for picture in pictures:
        assert ElementTree.fromstring(picture).tag == "svg"
    assert "nan" not in " ".join(pictures)


def test_markup_in_an_id_stays_text():
    evil = "<script>alert(1)</script>"
    areas = HOLED.rename(index={"A": evil})
    text = audit_report(audit(areas, TERRITORY), areas, TERRITORY, title=evil).html()
    assert "<script" not in text


def test_a_map_that_is_bad_in_every_way_still_has_a_report():
    bow_tie = shapely.Polygon([(500_000, 3_400_000), (500_100, 3_400_100), (500_100, 3_400_000), (500_000, 3_400_100)])
    shapes = [*HOLED.geometry, bow_tie, None, shapely.Polygon(), HOLED.geometry.iloc[0]]
    areas = gpd.GeoDataFrame({"area_id": ["A", "A", None, "D", "E", "F"]}, geometry=gpd.GeoSeries(shapes, crs=CRS))
    findings = audit(areas, TERRITORY)
    text = audit_report(findings, areas, TERRITORY).html()
    assert all(f'id="{kind}"' in text for kind in findings["kind"])


def test_findings_beyond_the_pictures_are_listed():
    areas = town("ABCDEFGH").assign(geometry=lambda table: table.geometry.scale(0.9, 0.9))
    territory = town("TTTTTTTT")
    findings = audit(areas, territory)
    text = audit_report(findings, areas, territory, pictures=0).html()
    assert all(key in text for key in findings.index)
    assert "<figure>" not in text


def test_every_kind_and_remedy_has_words_in_both_languages():
    assert set(FINDING_KINDS) == set(KINDS)
    assert set(KIND_SENTENCES) == set(KINDS)
    assert {remedy for _, remedy in KINDS.values()} <= set(REMEDIES)
    assert LIMIT_WORDS["en"].keys() == LIMIT_WORDS["zh"].keys()
    assert {f"no_{need}" for need in NEEDS.values()} <= LIMIT_WORDS["en"].keys()
    assert REPORT_WORDS["en"].keys() == REPORT_WORDS["zh"].keys()
    assert COUNTS["en"].keys() == COUNTS["zh"].keys()


def test_a_language_that_is_not_spoken_is_refused():
    with pytest.raises(TableError, match="language"):
        audit_report(audit(WHOLE, TERRITORY), WHOLE, TERRITORY, language="xx")


def test_findings_that_break_their_contract_are_refused():
    findings = audit(HOLED, TERRITORY).assign(severity="bad")
    with pytest.raises(TableError, match="severity"):
        audit_report(findings, HOLED, TERRITORY)
