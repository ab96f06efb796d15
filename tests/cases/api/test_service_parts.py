"""Hold the small parts of the service to what they say."""

from datetime import date

import numpy as np
import pytest
from gridgeo_api.cards import mask_phone
from gridgeo_api.headers import etag_of
from gridgeo_api.incidents import Incidents
from gridgeo_api.settings import Settings
from gridgeo_api.shown import show
from gridgeo_api.tilebook import TileBook
from served_town import GRIDS_LATER, incidents, plan


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+86 138 1234 5678", "+86 138 **** 5678"),
        ("0571-8512", "****-**12"),
        ("110", "*10"),
        ("", None),
        (None, None),
    ],
)
def test_a_phone_is_told_without_its_middle(phone, shown):
    assert mask_phone(phone) == shown


def test_a_tile_is_drawn_once_and_the_least_used_is_given_up():
    drawn = []
    book = TileBook(2)

    def give(name):
        return book.give(name, lambda: drawn.append(name) or name.encode())

    assert [give(name) for name in "abacab"] == [b"a", b"b", b"a", b"c", b"a", b"b"]
    assert drawn == ["a", "b", "c", "b"]
    assert len(book) == 2


def test_tags_differ_where_any_part_differs():
    assert len({etag_of("a", "b"), etag_of("ab", ""), etag_of("a", "c"), etag_of("b", "a")}) == 4


def test_a_window_of_incidents_is_half_open_and_begins_at_midnight_of_the_town():
    held = Incidents(incidents(), Settings(timezone="Asia/Shanghai").zone)
    chosen = held.chosen(date(2026, 9, 2), date(2026, 9, 4), None)
    assert np.flatnonzero(chosen).tolist() == [2, 3, 4, 5]
    assert held.chosen(None, None, None).sum() == 23
    assert held.chosen(None, None, "漏水").sum() == 5
    assert not held.chosen(date(2026, 9, 4), date(2026, 9, 2), None).any()


def test_no_incidents_at_all_are_counted_as_none():
    empty = Incidents(incidents().iloc[:0], Settings(timezone="Asia/Shanghai").zone)
    assert empty.summary["count"] == 0
    assert not empty.chosen(None, None, None).any()
    assert empty.heat(None, None, None).tile(3, 6, 3)


def test_a_level_is_shown_with_its_neighbours_longest_border_first():
    shown = show(plan(GRIDS_LATER), "grid")
    assert shown.beside["G2"] == [("G1", 200.0), ("G3", 200.0)]
    assert shown.names == ["G1", "G2", "G3", "G4"]
    assert shown.band.high == 500
    assert show(plan(), "community").band is None
