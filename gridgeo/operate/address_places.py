"""Sort addresses into places: one place a building or house number, its households as integers below it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .address_numbers import BUILDING, ESTATE, FLOOR, NOTE, NUMBER, REGION, ROAD, ROOM, STAIRWELL, Part
from .address_text import CleanText

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
Cutter = Callable[[str], tuple[CleanText, list[list[Part]]]]
"""Brings an address into plain form and cuts it into its parts, in every way that makes sense."""

_PLACE_KINDS = (ROAD, NUMBER, ESTATE, BUILDING)
_INNER_KINDS = (STAIRWELL, FLOOR, ROOM)
_INNER = re.compile(
    r"(?P<place>.*?(?:栋|幢|棟|座|号楼|[0-9]#|[0-9]号))(?:(?P<stairwell>[0-9]{1,2})单元)?(?:(?P<floor>[0-9]{1,2})[层楼])?"
    r"(?:(?P<room>[0-9]{1,5})室)?"
)
_UNIT = re.compile(r"(?P<place>\S.*?),? +(?:apt|unit|ste|suite|rm|#)\.? *(?P<room>[0-9]{1,4}[A-Za-z]?)", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A building or a house number."""

    road: str
    number: str
    estate: str
    building: str
    label: str
    regions: frozenset[str] = frozenset()
    community: str = ""

    @property
    def keys(self) -> tuple[str, str, str, str, frozenset[str]]:
        """What tells the place from others."""
        return self.road, self.number, self.estate, self.building, self.regions

    @property
    def is_community(self) -> bool:
        """Whether nothing closer than a community is known."""
        return bool(self.community) and not (self.road or self.estate)


@dataclass(frozen=True)
class Places:
    """All places of a book, with their households.

    Parameters
    ----------
    places : list of Place
    names : dict of (kind, key) to str
        Names of roads, estates and regions, each as an address writes it.
    first : array of int, shape (places + 1,)
        Where the households of each place start.
    rows : array of int
        Row of the addresses table, in the order of places, stairwells and rooms.
    stairwells, floors, rooms : arrays of int32
        Codes of the households, in the same order; 0 where an address names none.
    codes : dict of str to int
        Code of each stairwell, floor or room.
    """

    places: list[Place]
    names: dict[tuple[str, str], str]
    first: Ints
    rows: Ints
    stairwells: NDArray[np.int32]
    floors: NDArray[np.int32]
    rooms: NDArray[np.int32]
    codes: dict[str, int]

    def members(self, place: int) -> slice:
        """Give the stretch of households of a place."""
        return slice(int(self.first[place]), int(self.first[place + 1]))


def sort_into_places(addresses: Sequence[str], cut: Cutter) -> Places:
    """Sort addresses into places.

    Households of one building share the text before their stairwell and room: it is cut once.

    Parameters
    ----------
    addresses : sequence of str
        Texts; their positions are the rows.
    cut : callable
        Cuts a text into parts.

    Returns
    -------
    Places
    """
    place_of: dict[tuple[str, str, str, str, frozenset[str]], int] = {}
    places: list[Place] = []
    names: dict[tuple[str, str], str] = {}
    codes: dict[str, int] = {"": 0}
    known: dict[str, tuple[int, list[str]]] = {}
    table = np.zeros((len(addresses), 4), dtype=np.int64)
    for row, text in enumerate(addresses):
        outer, inner = _split_inner(text)
        if outer not in known:
            plain, readings = cut(outer)
            parts = readings[0]
            road, number, estate, building = _keys(parts, _PLACE_KINDS)
            for part in parts:
                if part.kind == REGION or (part.kind, part.key) in ((ROAD, road), (ESTATE, estate)):
                    names.setdefault((part.kind, part.key), plain.given(part.start, part.end))
            regions = frozenset(part.key for part in parts if part.kind == REGION)
            place = Place(road, number, estate, building, outer.strip(), regions)
            if place.keys not in place_of:
                place_of[place.keys] = len(places)
                places.append(place)
            known[outer] = place_of[place.keys], _keys(parts, _INNER_KINDS)
        table[row, 0], own = known[outer]
        for column, value in enumerate(own, 1):
            nearer = (inner[column - 1] if inner else "") or value
            table[row, column] = codes.setdefault(nearer, len(codes))
    order = np.lexsort([table[:, 3], table[:, 1], table[:, 0]])
    table = table[order]
    first = np.searchsorted(table[:, 0], np.arange(len(places) + 1))
    stairwells, floors, rooms = np.ascontiguousarray(table[:, 1:].T, dtype=np.int32)
    return Places(places, names, first, order, stairwells, floors, rooms, codes)


def _split_inner(text: str) -> tuple[str, list[str]]:
    """Split a regular address after its building; give the rest as stairwell, floor and room."""
    match = _INNER.fullmatch(text) or _UNIT.fullmatch(text)
    if not match:
        return text, []
    found = match.groupdict()
    return found["place"], [(found.get(kind) or "").lstrip("0").upper() for kind in _INNER_KINDS]


def _keys(parts: Iterable[Part], kinds: tuple[str, ...]) -> list[str]:
    """Give the key of the first part of each kind, or an empty text."""
    found: dict[str, str] = {}
    for part in parts:
        if part.kind != NOTE:
            found.setdefault(part.kind, part.key)
    return [found.get(kind, "") for kind in kinds]


@dataclass(frozen=True)
class PlaceKeys:
    """Places by what names them."""

    by_road: dict[str, list[int]]
    by_estate: dict[str, list[int]]
    by_road_number: dict[tuple[str, str], list[int]]
    by_estate_number: dict[tuple[str, str], list[int]]
    by_estate_building: dict[tuple[str, str], list[int]]
    by_community: dict[str, list[int]]
    by_label: dict[str, int]

    @classmethod
    def of(cls, places: Sequence[Place]) -> PlaceKeys:
        """Sort places by their names and numbers."""
        keys = cls(
            by_road=defaultdict(list),
            by_estate=defaultdict(list),
            by_road_number=defaultdict(list),
            by_estate_number=defaultdict(list),
            by_estate_building=defaultdict(list),
            by_community=defaultdict(list),
            by_label={},
        )
        for at, place in enumerate(places):
            keys.by_label.setdefault(place.label, at)
            if place.community:
                keys.by_community[place.community].append(at)
            if place.road:
                keys.by_road[place.road].append(at)
                keys.by_road_number[place.road, place.number].append(at)
            if place.estate:
                keys.by_estate[place.estate].append(at)
                keys.by_estate_number[place.estate, place.number].append(at)
                keys.by_estate_building[place.estate, place.building].append(at)
        return keys
