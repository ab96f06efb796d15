"""Suggest how an address that is being typed may go on."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import NamedTuple

from .address_numbers import BUILDING, COMMUNITY, ESTATE, NUMBER, ROAD
from .address_places import PlaceKeys, Places
from .address_sounds import typed_keys
from .address_text import BREAK, has_chinese

_LOOKED_AT = 400
_LEAST_LETTERS = 2
"""Letters of pinyin from which names are looked up by them."""
_DIGITS = re.compile(r"(\d+)")
_ORDER = (ROAD, ESTATE, COMMUNITY, NUMBER, BUILDING)


class Suggestion(NamedTuple):
    """An address to offer: its text, its level, and the places that it spans."""

    address: str
    level: str
    places: tuple[int, ...]


class Suggestions:
    """Names and buildings of a book in the order of their letters.

    Parameters
    ----------
    places : Places
    keys : PlaceKeys
        Of the same places.
    plain : callable
        Brings a text into its plain form.
    """

    def __init__(self, places: Places, keys: PlaceKeys, plain: Callable[[str], str]) -> None:
        named = {ROAD: keys.by_road, ESTATE: keys.by_estate, COMMUNITY: keys.by_community}
        entries: list[tuple[str, Suggestion]] = []
        typed: list[tuple[str, Suggestion]] = []
        for (kind, name), given in places.names.items():
            if kind in named:
                offer = Suggestion(given, kind, tuple(named[kind].get(name, [])))
                entries.append((_typed(plain(given)), offer))
                typed += [(key, offer) for key in _pinyin_of(name)]
        for at, place in enumerate(places.places):
            key = _typed(plain(place.label))
            offer = Suggestion(place.label, BUILDING if place.building else NUMBER, (at,))
            entries.append((key, offer))
            inside = key.find(place.estate) if place.estate else -1
            if inside > 0:
                entries.append((key[inside:], offer))
        self._by_letters, self._by_pinyin = _Sorted(entries), _Sorted(typed)

    def starting(self, plain: str, limit: int) -> list[Suggestion]:
        """List what starts with a text.

        Parameters
        ----------
        plain : str
            The text in its plain form.
        limit : int

        Returns
        -------
        list of Suggestion
            Roads and estates first; numbers in their natural order.
        """
        typed = _typed(plain)
        found = {(offer.level, offer.address): offer for offer in self._by_letters.starting(typed)}
        if typed.isascii() and typed.isalpha() and len(typed) >= _LEAST_LETTERS:
            found |= {(offer.level, offer.address): offer for offer in self._by_pinyin.starting(typed.lower())}
        return sorted(found.values(), key=_natural)[:limit]


class _Sorted:
    """Suggestions in the order of what is typed for them."""

    def __init__(self, entries: list[tuple[str, Suggestion]]) -> None:
        entries.sort(key=lambda entry: entry[0])
        self._keys = [key for key, _ in entries]
        self._offers = [offer for _, offer in entries]

    def starting(self, typed: str) -> Iterator[Suggestion]:
        """Give what starts with some letters, as far as there is something to show; none for no letters."""
        first = bisect_left(self._keys, typed)
        for at in range(first, min(first + _LOOKED_AT, len(self._keys))):
            if not typed or not self._keys[at].startswith(typed):
                return
            if self._offers[at].places:
                yield self._offers[at]


def _pinyin_of(name: str) -> set[str]:
    return {key for keys in typed_keys(name) for key in keys} if has_chinese(name) else set()


def _typed(plain: str) -> str:
    return plain.replace(BREAK, "").replace(",", "").strip()


def _natural(offer: Suggestion) -> tuple[int, list[tuple[int, int, str]]]:
    """Sort names before buildings, and 2 before 10."""
    pieces = [
        (0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in _DIGITS.split(offer.address) if piece
    ]
    return _ORDER.index(offer.level), pieces
