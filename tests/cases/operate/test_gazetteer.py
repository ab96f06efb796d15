import pytest

from gridgeo.operate.address_grams import LabelGrams
from gridgeo.operate.address_sounds import sound_keys, typed_keys
from gridgeo.operate.gazetteer import Gazetteer

NAMES = Gazetteer(
    [("estate", "锦澜苑"), ("estate", "清河小区"), ("road", "溪桥路"), ("road", "MAIN ST"), ("region", "白鹭镇")],
    {"老街": ("road", "溪桥路")},
)


def test_a_name_stands_for_itself():
    assert NAMES.meant("锦澜苑") == [("estate", "锦澜苑", 1.0)]
    assert NAMES.meant("老街") == [("road", "溪桥路", 1.0)]
    assert NAMES.meant("MAIN") == [("road", "MAIN ST", 0.95)]


@pytest.mark.parametrize(("heard", "likeness"), [("金兰苑", 1 - 0.4 * 2 / 3), ("锦兰苑", 1 - 0.4 / 3)])
def test_a_name_that_sounds_the_same_is_less_like_the_more_characters_differ(heard, likeness):
    assert NAMES.meant(heard) == [("estate", "锦澜苑", pytest.approx(likeness))]


def test_sounds_that_many_do_not_tell_apart_are_one():
    assert set(sound_keys("城")) & set(sound_keys("岑"))
    assert set(sound_keys("山")) == set(sound_keys("三"))
    assert len(sound_keys("重行长乐")) == 8
    assert ("jinlanyuan", "jly") in typed_keys("锦澜苑")


def test_names_are_found_in_text_the_longest_first():
    found = NAMES.find("白鹭镇老街12号锦澜苑")
    assert [(part.kind, part.key) for part in found] == [("region", "白鹭镇"), ("road", "老街"), ("estate", "锦澜苑")]


def test_what_is_like_no_name_means_nothing():
    assert NAMES.meant("东方红御景湾") == []
    assert NAMES.meant("QUAY") == []


def test_buildings_that_share_rare_letters_come_first():
    labels = [f"溪桥路{number}号" for number in range(200)] + ["柳荫巷7号"]
    grams = LabelGrams(labels)
    assert grams.nearest("柳阴巷7号")[0] == 200
    assert grams.nearest("！？") == []
    assert len(grams.nearest("桥路17号")) <= 12
