"""A report of a repair tells what moved, what was dropped, what was proved, and what is left to a person."""

import re

import geopandas as gpd
import pandas as pd
import pytest
from towns import CRS, households_at, town

import gridgeo as gg
from gridgeo.design.actions import ACTIONS
from gridgeo.model.errors import TableError
from gridgeo.publish.repair_words import ACTION_SENTENCES, ACTION_TOLD_ZH, ACTION_WORDS, REPAIR_WORDS

TERRITORY = town("""
    TTTT
    TTTT
""")
WHOLE = town("""
    AABB
    AABB
""")
HOLED = town("""
    AAAB
    A.AB
""")


def text_of(report):
    return re.sub(r"<[^>]+>", " ", re.sub(r"<(style|svg).*?</\1>", "", report.html(), flags=re.DOTALL))


def copied():
    """Give a map with a copy of A."""
    copy = HOLED.loc[["A"]].rename(index={"A": "Z"})
    return gpd.GeoDataFrame(pd.concat([HOLED, copy]), crs=CRS)


def rows_of(report, anchor):
    section = re.search(rf'id="{anchor}">(.*?)</section>', report.html(), flags=re.DOTALL)[1]
    rows = re.findall(r"<tr>(.*?)</tr>", section, flags=re.DOTALL)
    return [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in rows][1:]


def test_what_moved_is_told_before_and_after_with_households():
    homes = households_at([(1.5, 0.5), (0.5, 0.5), (3.5, 0.5)], count=2)
    mended = gg.repair(HOLED, TERRITORY)
    report = gg.repair_report(mended, HOLED, TERRITORY, households=homes)
    assert rows_of(report, "moved") == [["A", "50,000.00", "60,000.00", "+10,000.00", "2", "4"]]
    assert "Every point of the territory lies in exactly one area." in text_of(report)
    assert "Audited again with the same tables: nothing was found." in text_of(report)


def test_a_filled_gap_is_shown_before_and_after():
    report = gg.repair_report(gg.repair(HOLED, TERRITORY), HOLED, TERRITORY)
    pair = re.search(r'<div class="pair">(.*?)</div>', report.html(), flags=re.DOTALL)[1]
    assert pair.count("<svg") == 2
    assert ">before</text>" in pair
    assert ">after</text>" in pair


def test_a_dropped_copy_is_named_with_its_reason():
    areas = copied()
    report = gg.repair_report(gg.repair(areas, TERRITORY), areas, TERRITORY)
    (row,) = rows_of(report, "lost")
    assert row[0] == "Z"
    assert row[1] not in ("", "—")
    assert "Dropped: Z." in text_of(report)


def test_a_row_that_vanished_without_a_word_is_named_all_the_same():
    mended = gg.repair(HOLED, TERRITORY)
    robbed = gg.repair(HOLED, TERRITORY).__class__(
        mended.areas.drop(index="B"), mended.actions, mended.certificate, mended.undecided, mended.changes
    )
    report = gg.repair_report(robbed, HOLED, TERRITORY)
    assert rows_of(report, "lost") == [["B", "—"]]
    assert "Nothing else vanished" not in text_of(report)
    assert "Missing area" not in text_of(report) or "this is left" in text_of(report)


def test_what_a_person_must_decide_is_drawn():
    areas = WHOLE.loc[["A"]]
    mended = gg.repair(areas, TERRITORY, fill="placeholder", large_m2=1.0)
    assert len(mended.undecided)
    report = gg.repair_report(mended, areas, TERRITORY)
    section = re.search(r'id="decide">(.*?)</section>', report.html(), flags=re.DOTALL)[1]
    assert section.count("<svg") == len(mended.undecided)
    assert "a person&#x27;s decision" in report.html()


def test_a_whole_map_is_said_to_be_untouched():
    said = text_of(gg.repair_report(gg.repair(WHOLE, TERRITORY), WHOLE, TERRITORY))
    assert "nothing was changed" in said
    assert "No area was dropped." in said


def test_the_chinese_report_is_in_chinese():
    areas = copied()
    report = gg.repair_report(gg.repair(areas, TERRITORY), areas, TERRITORY, language="zh")
    words = set(re.findall(r"[A-Za-z]{3,}", text_of(report)))
    assert words <= {"CGCS", "degree", "EPSG", "gridgeo", "repair", "Kruger", "Gauss"}
    assert "已删除：Z。" in text_of(report)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_of_a_repair_asks_nobody(language):
    html = gg.repair_report(gg.repair(HOLED, TERRITORY), HOLED, TERRITORY, language=language).html()
    assert not re.search(r"https?://|<script|url\(", html)


def test_it_is_written_as_pdf_too(tmp_path):
    pytest.importorskip("fpdf")
    report = gg.repair_report(gg.repair(HOLED, TERRITORY), HOLED, TERRITORY)
    assert report.save(tmp_path / "repair.pdf").read_bytes().startswith(b"%PDF-")


def test_every_action_has_words_in_both_languages():
    assert set(ACTION_WORDS) == set(ACTION_SENTENCES) == set(ACTION_TOLD_ZH) == set(ACTIONS)
    assert REPAIR_WORDS["en"].keys() == REPAIR_WORDS["zh"].keys()


def test_what_is_no_repair_is_refused():
    with pytest.raises(TableError, match="mended is a GeoDataFrame"):
        gg.repair_report(HOLED, HOLED, TERRITORY)
    with pytest.raises(TableError, match="language"):
        gg.repair_report(gg.repair(HOLED, TERRITORY), HOLED, TERRITORY, language="xx")
