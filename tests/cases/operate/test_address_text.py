import pytest

from gridgeo.operate.address_text import clean, has_chinese, read_number


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("溪桥路１２号", "溪桥路12号"),
        ("溪橋路12號清河苑3棟", "溪桥路12号清河苑3栋"),
        ("清河苑3幢", "清河苑3栋"),
        ("清河苑三栋二单元四零一室", "清河苑3栋2单元401室"),
        ("溪桥路十二号", "溪桥路12号"),
        ("溪桥路一百零二号", "溪桥路102号"),
        ("文一西路二十三号", "文一西路23号"),
        ("12 – 3 — 501", "12-3-501"),
        ("溪桥路 12 号，清河苑 3 栋", "溪桥路12号|清河苑3栋"),
        ("清河苑（北区）", "清河苑|北区"),
        ("ａ座", "A座"),
        ("3懂2单元", "3栋2单元"),
        ("", ""),
        ("，。 ！", ""),
    ],
)
def test_text_is_brought_into_one_plain_form(given, plain):
    assert clean(given).text == plain


@pytest.mark.parametrize("name", ["新兴六路", "文一西路", "三里屯", "八一南街", "三门县", "一号桥"])
def test_numbers_inside_names_stay_words(name):
    assert clean(name).text == name


def test_each_stretch_of_plain_text_quotes_what_was_typed():
    text = clean("溪桥路十二號 清河苑３幢")
    at = text.text.index("12号")
    assert text.given(at, at + 3) == "十二號"
    assert text.given(len(text.text) - 2, len(text.text)) == "３幢"
    assert text.given(3, 3) == ""


@pytest.mark.parametrize(
    ("words", "number"), [("二十三", 23), ("一百零二", 102), ("十", 10), ("一零二", 102), ("三百", 300)]
)
def test_numbers_in_words_are_read(words, number):
    assert read_number(words) == number


def test_letters_tell_the_language():
    assert has_chinese("3栋")
    assert not has_chinese("12 Main St")
