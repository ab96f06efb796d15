"""A report of conformance names each clause with its state, shows where it fails, and says what is left open."""

import re
from dataclasses import replace
from html import unescape

import geopandas as gpd
import pytest
from drawn_plans import drawn_plan
from towns import CRS, households_at, square

import gridgeo as gg
from gridgeo.design.clause_points import POINTS as NAMED
from gridgeo.design.five_covers import WAYS as COVERED
from gridgeo.design.verdicts import REASONS, STATES
from gridgeo.model.errors import TableError
from gridgeo.model.profile import load_profile
from gridgeo.publish import conformance_words as words

ATOMS = """
    abcdef
    ghijkl
"""
PLAN = drawn_plan(ATOMS, grid="111112\n111112", micro="112334\n112334", households=60)
GUALI = load_profile("guali-2024")


def text_of(report):
    seen = re.sub(r"<(style|svg).*?</\1>", "", report.html(), flags=re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", seen)))


def judged(**given):
    return gg.conformance(PLAN, GUALI, **given)


def test_the_report_says_first_how_many_clauses_are_not_kept():
    said = text_of(gg.conformance_report(judged(), PLAN))
    assert "1 hard clause is not kept." in said
    assert "Of 17 clauses, kept: 1; not kept: 2; cannot be judged: 14." in said
    assert "A grid holds 300 to 500 households." in said
    assert "0 of 2 inside; 120 to 600 households" in said
    assert "瓜政〔2024〕40号" in said


def test_a_plan_that_keeps_all_is_said_to_hold():
    kept = drawn_plan(ATOMS, grid="111222\n111222", households=60)
    rules = gg.read_profile('name = "one"\n[grid]\nhouseholds = [300, 500]')
    report = gg.conformance_report(gg.conformance(kept, rules), kept)
    assert "Every clause holds." in text_of(report)
    assert 'class="verdict good"' in report.html()
    assert "cannot be judged, and why" not in text_of(report)
    nothing = gg.conformance_report(gg.conformance(kept, load_profile("baoan")), kept)
    assert "No clause could be judged." in text_of(nothing)


def test_what_could_not_be_judged_is_told_with_its_reason():
    said = text_of(gg.conformance_report(judged(), PLAN))
    assert "Not given: buildings" in said
    assert "It permits and demands nothing" in said
    assert "not given: territory" in said


def test_places_that_fail_are_shown_and_the_others_listed():
    report = gg.conformance_report(judged(), PLAN, pictures=1)
    assert report.html().count("<figure><svg") == 2
    assert "'G1' holds 600 households, above 300-500" in text_of(report)
    assert "1 more, listed without a picture" in text_of(report)


@pytest.mark.parametrize(("state", "english", "chinese"), [(state, *words.STATES[state]) for state in STATES])
def test_states_are_said_in_both_languages(state, english, chinese):
    homes = households_at([(x + 0.5, y + 0.5) for x in range(6) for y in range(2)], count=60)
    found = judged(households=homes)
    assert state in set(found.clauses["state"])
    assert english in text_of(gg.conformance_report(found, PLAN))
    assert chinese in text_of(gg.conformance_report(found, PLAN, "zh"))


def test_the_chinese_report_is_in_chinese_but_for_the_words_of_its_source():
    homes, site = households_at([(9, 9)]), gpd.GeoDataFrame(geometry=[square(0, 0, 2)], crs=CRS)
    silent = replace(GUALI, clauses=tuple(replace(clause, en="", zh="条") for clause in GUALI.clauses), source="")
    found = gg.conformance(PLAN, silent, households=homes, places=site, units=site)
    said = text_of(gg.conformance_report(found, PLAN, "zh"))
    assert "条强制性规则未符合" in said
    ids = {part for clause in silent.clauses for part in clause.id.split("-")}
    assert set(re.findall(r"[A-Za-z]{2,}", said)) - ids <= {"gridgeo"}


def test_every_word_that_a_report_needs_exists_in_both_languages():
    assert set(words.CONFORMANCE_WORDS["en"]) == set(words.CONFORMANCE_WORDS["zh"])
    assert set(words.REASONS_ZH) == set(REASONS)
    assert set(words.STATES) == set(STATES)
    assert {name.replace("first_", "") for name in NAMED} <= set(words.POINTS)
    assert {f"cover_{way}" for way in COVERED} <= set(words.POINTS)
    subjects = {clause.subject for name in gg.list_profiles() for clause in load_profile(name).clauses}
    assert subjects <= set(words.SUBJECTS)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", gg.list_profiles())
def test_a_report_of_any_profile_asks_nobody_and_runs_nothing(name, language):
    report = gg.conformance_report(gg.conformance(PLAN, load_profile(name)), PLAN, language)
    assert not re.search(r"https?://|<script|url\(|\bnan\b|None|<NA>", report.html())
    assert "default-src 'none'" in report.html()


def test_markup_in_a_clause_stays_text():
    clauses = (replace(GUALI.clauses[0], en="<b>bold</b>"), *GUALI.clauses[1:])
    report = gg.conformance_report(gg.conformance(PLAN, replace(GUALI, clauses=clauses)), PLAN)
    assert "<b>bold</b>" not in report.html()
    assert "&lt;b&gt;bold" in report.html()


def test_another_language_is_refused():
    with pytest.raises(TableError, match="language is 'fr'"):
        gg.conformance_report(judged(), PLAN, "fr")
