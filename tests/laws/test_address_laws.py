"""Laws of the address book: it answers any text, and only with what it holds."""

import geopandas as gpd
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import CRS, EAST_M, NORTH_M

from gridgeo.operate.address_text import clean
from gridgeo.operate.addresses import AddressBook

EFFORT = settings(max_examples=60, deadline=None)
TEXTS = [
    f"溪桥路{number}号清河苑{building}栋{stairwell}单元{room}室"
    for number, building in ((12, 1), (12, 2), (14, 3))
    for stairwell in (1, 2)
    for room in (101, 201)
] + ["柳荫巷7号", "松台自然村7号", "杏墩村松台自然村9号", "12 Main St Apt 3", "14 Main St"]
BOOK = AddressBook(
    gpd.GeoDataFrame(
        {"address": TEXTS},
        geometry=gpd.points_from_xy([EAST_M + 9 * at for at in range(len(TEXTS))], [NORTH_M] * len(TEXTS)),
        crs=CRS,
        index=pd.Index([f"H{at}" for at in range(len(TEXTS))], name="household_id"),
    )
)
LETTERS = "溪桥路柳荫巷清河苑松台自然村号栋单元室楼层座弄0123456789一二三十百-# ，（）附近ABab\u3000１２"
PLACES = {text[: at + 1] for text in TEXTS for at in range(len(text))} | {
    "Main St",
    "清河苑",
    "松台自然村",
    "14 Main St",
}


@EFFORT
@given(st.one_of(st.text(max_size=60), st.text(alphabet=LETTERS, max_size=40)))
def test_any_text_is_answered_and_only_with_known_places(text):
    answers = BOOK.find(text)
    assert answers["score"].between(0, 1).all()
    assert answers["score"].is_monotonic_decreasing
    assert answers["status"].isin(["auto", "review", "reject"]).all()
    assert set(answers["address"]) <= PLACES
    assert set(answers["address_id"].dropna()) <= {f"H{at}" for at in range(len(TEXTS))}


@EFFORT
@given(st.sampled_from(TEXTS), st.text(alphabet=LETTERS, max_size=6), st.integers(0, 30))
def test_a_disturbed_address_is_never_answered_surely_with_another_building(address, noise, at):
    answers = BOOK.find(address[:at] + noise + address[at:])
    sure = answers[answers["status"] == "auto"]
    assert len(sure) <= 1
    for found in sure["address_id"].dropna():
        assert found in {f"H{at}" for at in range(len(TEXTS))}


@EFFORT
@given(st.text(max_size=80))
def test_plain_text_remembers_where_its_letters_came_from(text):
    plain = clean(text)
    assert len(plain.text) == len(plain.starts) == len(plain.ends)
    assert all(0 <= start <= end <= len(text) for start, end in zip(plain.starts, plain.ends, strict=True))
