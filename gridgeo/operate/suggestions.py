"""Suggest how an address that is being typed may go on."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from .address_numbers import BUILDING, ESTATE, NUMBER, ROAD
from .address_places import PlaceKeys, Places
from .address_text import BREAK

_LOOKED_AT = 400
_DIGITS = re.compile(r"(\d+)")
_ORDER = (ROAD, ESTATE, NUMBER, BUILDING)


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
    plain : callable
        Brings a text into its plain form.
    """

    def __init__(self, places: Places, plain: Callable[[str], str]) -> None:
        keys = PlaceKeys.of(places.places)
        entries: list[tuple[str, Suggestion]] = []
        for (kind, name), given in places.names.items():
            if kind in (ROAD, ESTATE):
                spanned = (keys.by_road if kind == ROAD else keys.by_estate).get(name, [])
                entries.append((_typed(plain(given)), Suggestion(given, kind, tuple(spanned))))
        for at, place in enumerate(places.places):
            key = _typed(plain(place.label))
            offer = Suggestion(place.label, BUILDING if place.building else NUMBER, (at,))
            entries.append((key, offer))
            inside = key.find(place.estate) if place.estate else -1
            if inside > 0:
                entries.append((key[inside:], offer))
        entries.sort(key=lambda entry: entry[0])
        self._keys = [key for key, _ in entries]
        self._offers = [offer for _, offer in entries]

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
        first = bisect_left(self._keys, typed)
        found: dict[tuple[str, str], Suggestion] = {}
        for key, offer in zip(
            self._keys[first : first + _LOOKED_AT], self._offers[first : first + _LOOKED_AT], strict=True
        ):
            if not key.startswith(typed):
                break
            if offer.places:
                found.setdefault((offer.level, offer.address), offer)
        return sorted(found.values(), key=_natural)[:limit]


def _typed(plain: str) -> str:
    return plain.replace(BREAK, "").replace(",", "").strip()


def _natural(offer: Suggestion) -> tuple[int, list[tuple[int, int, str]]]:
    """Sort names before buildings, and 2 before 10."""
    pieces = [
        (0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in _DIGITS.split(offer.address) if piece
    ]
    return _ORDER.index(offer.level), pieces
