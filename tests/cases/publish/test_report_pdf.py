"""A report on paper says what the page says, with its letters inside and its drawings as lines."""

import re
import zlib

import pytest
from towns import town

from gridgeo.design.coverage import audit
from gridgeo.model.errors import StorageError
from gridgeo.publish import report_fonts
from gridgeo.publish.reports import audit_report

pytest.importorskip("fpdf")

TERRITORY = town("""
    TTT
    TTT
""")
HOLED = town("""
    AAB
    A.B
""")


@pytest.fixture
def english():
    return audit_report(audit(HOLED, TERRITORY), HOLED, TERRITORY)


def streams(pdf):
    """Unpack the streams of a PDF."""
    unpacked = []
    for packed in re.findall(rb"stream\n(.*?)\nendstream", pdf, flags=re.DOTALL):
        try:
            unpacked.append(zlib.decompress(packed))
        except zlib.error:
            unpacked.append(packed)
    return unpacked


def letters(pdf):
    """Collect the letters that a reader can search for, from the tables of the fonts."""
    found = set()
    for stream in streams(pdf):
        if b"begincmap" in stream:
            codes = re.findall(rb"<[0-9A-Fa-f]{4}> <([0-9A-Fa-f]+)>", stream)
            found |= set("".join(bytes.fromhex(code.decode()).decode("utf-16-be") for code in codes))
    return found


def test_the_ending_chooses_the_form(english, tmp_path):
    assert english.save(tmp_path / "audit.pdf").read_bytes().startswith(b"%PDF-")
    assert english.save(tmp_path / "audit.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_same_report_gives_the_same_file(english):
    assert english.pdf() == english.pdf()


def test_sheets_are_a4_and_hold_no_pixels(english):
    pdf = english.pdf()
    box = [float(side) for side in re.search(rb"/MediaBox \[([^\]]+)\]", pdf)[1].split()]
    assert box == pytest.approx([0, 0, 595.28, 841.89], abs=0.01)
    assert b"/Subtype /Image" not in pdf
    assert not re.search(rb"/URI|https?://(?!www\.w3\.org|ns\.adobe|purl\.org)", pdf)


def test_the_letters_are_inside_and_can_be_searched(english):
    pdf = english.pdf()
    assert b"/FontFile" in pdf
    assert set("Thearsdonvitym²") <= letters(pdf)


def test_the_chinese_report_carries_its_letters():
    if report_fonts._first(report_fonts.CHINESE) is None:
        pytest.skip("no installed font has Chinese letters")
    pdf = audit_report(audit(HOLED, TERRITORY), HOLED, TERRITORY, language="zh").pdf()
    assert set("责任区未能不重不漏地覆盖辖") <= letters(pdf)


def test_a_chinese_name_in_an_english_report_is_not_lost():
    if report_fonts._first(report_fonts.CHINESE) is None:
        pytest.skip("no installed font has Chinese letters")
    areas = HOLED.rename(index={"A": "瓜沥镇"})
    assert set("瓜沥镇") <= letters(audit_report(audit(areas, TERRITORY), areas, TERRITORY).pdf())


def test_without_a_chinese_font_the_way_out_is_told(monkeypatch):
    monkeypatch.setattr(report_fonts, "_first", lambda families: None)
    report = audit_report(audit(HOLED, TERRITORY), HOLED, TERRITORY, language="zh")
    with pytest.raises(StorageError, match="fonts-noto-cjk"):
        report.pdf()


def test_a_font_that_is_none_is_refused(english, tmp_path):
    with pytest.raises(StorageError, match=r"nowhere\.ttf"):
        english.pdf(font=tmp_path / "nowhere.ttf")
    (tmp_path / "bad.ttf").write_bytes(b"not a font at all")
    with pytest.raises(StorageError, match=r"bad\.ttf: cannot be read as a font"):
        english.pdf(font=tmp_path / "bad.ttf")


def test_a_long_list_goes_over_several_sheets(english):
    areas = town("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    areas = areas.assign(geometry=None).set_geometry("geometry", crs=HOLED.crs)
    ground = town("T" * 52)
    report = audit_report(audit(areas, ground), areas, ground)
    assert len(re.findall(rb"/Type /Page\b", report.pdf())) > len(re.findall(rb"/Type /Page\b", english.pdf()))
