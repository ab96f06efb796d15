"""The noise that addresses are measured with is the same each time, says what was meant, and is nobody's parser."""

import ast
import sys
from pathlib import Path

import pandas as pd
import pytest
from pypinyin import lazy_pinyin

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
MODULES = ("address_territory", "address_noise", "addresses", "measure")
OWN_MODULES = MODULES[:2]
COUNT = 40


@pytest.fixture(scope="module")
def modules():
    """Import the benchmark's files as ``benchmarks/run.py`` does."""
    sys.path.insert(0, str(BENCHMARKS))
    import address_noise
    import address_territory
    import addresses

    yield address_territory, address_noise, addresses
    sys.path.remove(str(BENCHMARKS))
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def noise(modules):
    return modules[1]


@pytest.fixture(scope="module")
def territory(modules):
    return modules[0].make_territory(15_000, seed=4)


def drawn(noise, territory, kind, count=COUNT):
    return list(noise.samples(territory, kind, count))


def test_neither_territory_nor_noise_shares_anything_with_the_parser():
    for name in OWN_MODULES:
        tree = ast.parse((BENCHMARKS / f"{name}.py").read_text("utf-8"))
        imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        imported += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        assert not [module for module in imported if module.startswith("gridgeo")]


def test_a_territory_is_the_same_each_time_and_each_address_stands_once(modules, territory):
    again = modules[0].make_territory(15_000, seed=4)
    assert again.addresses == territory.addresses
    assert again.points == territory.points
    assert modules[0].make_territory(15_000, seed=5).addresses != territory.addresses
    frame = territory.frame()
    assert frame["address"].is_unique
    assert frame.index.is_unique
    assert len(frame) >= 15_000


def test_two_buildings_never_share_a_point(territory):
    assert len(set(territory.points)) == len(territory.points)


def test_there_are_ten_kinds_and_a_hard_set(noise):
    assert len(noise.NOISES) == 10
    assert set(noise.HARD) == {"homophones", "two_typos", "wrong_road", "wrong_number", "complaint", "abbreviated"}


def test_every_kind_changes_the_text_and_is_the_same_each_time(noise, territory):
    for kind in noise.KINDS:
        first = drawn(noise, territory, kind)
        assert len(first) == COUNT, kind
        assert first == drawn(noise, territory, kind)
        assert all(text != str(address) for address, text in first), kind


def test_what_tells_the_building_stays_in_the_ten_kinds(noise, territory):
    for kind in ("region_prefix", "notes", "complaint"):
        assert all(str(address) in text for address, text in drawn(noise, territory, kind)), kind
    for kind in ("missing_road", "missing_words"):
        for address, text in drawn(noise, territory, kind):
            assert address.estate in text
            assert address.building in text
            assert text.rstrip("室").endswith(address.room)


def test_a_slip_changes_names_only(noise, territory):
    for address, text in drawn(noise, territory, "one_typo"):
        assert abs(len(text) - len(str(address))) <= 1
        digits = ("".join(filter(str.isdigit, words)) for words in (text, str(address)))
        assert len(set(digits)) == 1


def test_homophones_sound_like_what_was_meant(noise, territory):
    for address, text in drawn(noise, territory, "homophones"):
        assert lazy_pinyin(text) == lazy_pinyin(str(address))


def test_a_wrong_road_or_number_leaves_the_estate(noise, territory):
    for kind, part in (("wrong_road", "road"), ("wrong_number", "number")):
        for address, text in drawn(noise, territory, kind):
            pieces = address.pieces
            changed = pieces.pop(part)
            assert all(piece in text for piece in pieces.values())
            assert not text.startswith(changed) or part == "number"


def test_what_is_not_there_is_not_there(noise, territory):
    for _, text in drawn(noise, territory, "unknown_estate"):
        assert not any(estate in text for estate in territory.estates)
    buildings = {(one.estate, one.building) for one in territory.addresses}
    for address, text in drawn(noise, territory, "unknown_building"):
        if address.estate:
            rest = text.split(address.estate)[1]
            named = rest.split(address.word)[0]
            assert (address.estate, named) not in buildings


def test_the_parser_is_held_against_the_very_stretch_that_was_cut_by_hand(modules, tmp_path):
    import gzip
    import json

    parts = [["road", 0, 3], ["roadno", 3, 6], ["houseno", 6, 8], ["roomno", 8, 12]]
    lines = [
        {"text": "和平路12号3栋401室", "parts": parts},
        {"text": "长江路8号", "parts": [["road", 0, 2], ["roadno", 3, 5]]},
    ]
    path = tmp_path / "lines.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    found = modules[2].judge_parser(path)
    assert found.loc["number", ["parts", "precision", "recall", "f1"]].tolist() == [2, 1.0, 1.0, 1.0]
    assert found.loc["building", "f1"] == 1.0
    assert found.loc["road", "recall"] <= 0.5
    assert pd.isna(found.loc["floor", "f1"])


def test_the_small_benchmark_tells_what_was_found_and_what_was_falsely_accepted(modules):
    rows = {row.step: row for row in modules[2].rows("small")}
    noise = modules[1]
    assert {"build", "ten kinds", "hard set", "find, one each", "suggest", *noise.KINDS} <= set(rows)
    assert rows["ten kinds"].note.startswith("right first ")
    assert rows["unknown_estate"].note.startswith("accepted falsely ")
