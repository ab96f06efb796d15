"""Collect the places that an address text may mean, and weigh them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .address_numbers import BUILDING, ESTATE, FLOOR, NOTE, NUMBER, REGION, ROAD, ROOM, STAIRWELL, Part
from .address_places import Place, PlaceKeys, Places
from .address_scores import Meant, Verdict, weigh
from .gazetteer import Gazetteer

LEVELS = (ROOM, STAIRWELL, BUILDING, NUMBER, ESTATE, ROAD)
"""How closely an answer is known, the closest first."""
_WORTH_A_LOOK = 0.3
_OF_SEVERAL = 0.95
_MOST_PLACES = 60
_MOST_MEMBERS = 8


@dataclass(frozen=True)
class Answer:
    """One place that a text may mean.

    Parameters
    ----------
    level : str
        How closely it is known.
    row : int
        Row of the addresses table, -1 where the answer is a building, an estate or a road.
    places : tuple of int
        The places that the answer spans.
    place : Place
        What names it; keys of closer levels than the answer's are empty.
    verdict : Verdict
        Score, and the parts that agree and that do not.
    """

    level: str
    row: int
    places: tuple[int, ...]
    place: Place
    verdict: Verdict

    @property
    def rank(self) -> tuple[float, int, int]:
        """Sort better answers first; of equal ones the closer, then the earlier."""
        return -round(self.verdict.score, 9), LEVELS.index(self.level), self.row if self.row >= 0 else self.places[0]


@dataclass(frozen=True)
class _Question:
    """One reading of a text: its parts, what its names may stand for, and its parts by kind."""

    parts: list[Part]
    meant: Meant
    told: dict[str, str]


class AddressSearch:
    """The places of a book with their names, ready to be searched.

    Parameters
    ----------
    places : Places
    regions : iterable of str
        Further names of regions that addresses may carry.
    """

    def __init__(self, places: Places, regions: Sequence[str] = ()) -> None:
        self.places = places
        self.keys = PlaceKeys.of(places.places)
        self.general = frozenset(regions)
        self.known = self.general | {key for kind, key in places.names if kind == REGION}
        self.gazetteer = Gazetteer([*places.names, *((REGION, region) for region in regions)])

    def answers(self, readings: Sequence[list[Part]], limit: int) -> list[Answer]:
        """Answer the readings of one text.

        Parameters
        ----------
        readings : sequence of list of Part
            In every way that makes sense.
        limit : int
            Most answers to give.

        Returns
        -------
        list of Answer
            The best first; none that only says less closely what a better one says.
        """
        best: dict[tuple[str, int, tuple[int, ...]], Answer] = {}
        for reading in readings:
            for answer in self._collect(self._question(reading)):
                key = answer.level, answer.row, answer.places
                if key not in best or answer.rank < best[key].rank:
                    best[key] = answer
        kept: list[Answer] = []
        for answer in sorted(best.values(), key=lambda answer: answer.rank):
            if answer.verdict.score >= _WORTH_A_LOOK and not any(_contains(answer, other) for other in kept):
                kept.append(answer)
            if len(kept) == limit:
                break
        return kept

    def _question(self, reading: list[Part]) -> _Question:
        meant: dict[int, list[tuple[str, str, float]]] = {}
        for at, part in enumerate(reading):
            if part.kind in (ROAD, ESTATE):
                meant[at] = self.gazetteer.meant(part.key)
            elif part.kind == REGION:
                meant[at] = [row for row in self.gazetteer.meant(part.key) if row[2] == 1 and row[0] != ROAD]
        return _Question(reading, meant, {part.kind: part.key for part in reading if part.kind != NOTE})

    def _collect(self, question: _Question) -> Iterator[Answer]:
        """Give every place that a reading may mean."""
        for kind, name in sorted({(kind, name) for rows in question.meant.values() for kind, name, _ in rows}):
            if kind == ESTATE:
                yield from self._collect_in_estate(name, question)
            elif kind == ROAD:
                yield from self._collect_on_road(name, question)

    def _collect_in_estate(self, estate: str, question: _Question) -> Iterator[Answer]:
        told, spanned = question.told, self.keys.by_estate[estate]
        found: list[int] = []
        if BUILDING in told:
            found = self.keys.by_estate_building.get((estate, told[BUILDING]), [])
        elif NUMBER in told:
            found = self._without_building(self.keys.by_estate_number.get((estate, told[NUMBER]), []))
        if not found:
            found = self._without_building(spanned) if len(spanned) == 1 else []
        if found:
            yield from self._enter(found, question)
            return
        roads = {self.places.places[at].road for at in spanned}
        place = Place(roads.pop() if len(roads) == 1 else "", "", estate, "", self.places.names[ESTATE, estate])
        yield self._span(ESTATE, spanned, place, question)

    def _collect_on_road(self, road: str, question: _Question) -> Iterator[Answer]:
        told, name = question.told, self.places.names[ROAD, road]
        found = self.keys.by_road_number.get((road, told[NUMBER]), []) if NUMBER in told else []
        if not found:
            yield self._span(ROAD, self.keys.by_road[road], Place(road, "", "", "", name), question)
            return
        named = [at for at in found if self.places.places[at].building == told.get(BUILDING, "")]
        yield from self._enter(named, question)
        if ROOM in told and BUILDING not in told:
            inside = self._enter([at for at in found if at not in named], question)
            yield from (answer for answer in inside if answer.level == ROOM)
        if len(named) < len(found):
            place = Place(road, told[NUMBER], "", "", _house(name, told[NUMBER]))
            yield self._span(NUMBER, found, place, question)

    def _without_building(self, found: list[int]) -> list[int]:
        return [at for at in found if not self.places.places[at].building]

    def _span(self, level: str, spanned: list[int], place: Place, question: _Question) -> Answer:
        """Answer with several places at once: a house number, an estate or a road."""
        place = replace(place, regions=frozenset().union(*(self.places.places[at].regions for at in spanned)))
        return Answer(level, -1, tuple(spanned), place, self._weigh(place, frozenset(), question))

    def _weigh(self, place: Place, inner: frozenset[str], question: _Question) -> Verdict:
        return weigh(question.parts, question.meant, place, inner, self.general, self.known)

    def _enter(self, found: list[int], question: _Question) -> Iterator[Answer]:
        """Look into places for the household that a reading means."""
        for at in found[:_MOST_PLACES]:
            place = self.places.places[at]
            rows, inner = self._members(at, question.told)
            verdict = self._weigh(place, inner, question)
            level = self._level(place, question.told, inner)
            if level == ROOM and len(rows) > 1:
                # Several stairwells have a room of that number: the building is sure, the household is not.
                yield Answer(self._level(place, question.told, inner - {ROOM}), -1, (at,), place, verdict)
                verdict = replace(verdict, score=verdict.score * _OF_SEVERAL)
            for row in rows or [-1]:
                yield Answer(level, row, (at,), place, verdict)

    def _level(self, place: Place, told: dict[str, str], inner: frozenset[str]) -> str:
        for kind in (ROOM, STAIRWELL):
            if kind in inner:
                return kind
        if place.building and told.get(BUILDING) == place.building:
            return BUILDING
        return NUMBER if told.get(NUMBER) == place.number and place.number else ESTATE

    def _members(self, at: int, told: dict[str, str]) -> tuple[list[int], frozenset[str]]:
        """Find the households of a place that a reading names: their rows, and which inner parts agree."""
        members = self.places.members(at)
        rows = self.places.rows[members]
        chosen = np.ones(len(rows), dtype=bool)
        inner: set[str] = set()
        for kind, column in ((STAIRWELL, self.places.stairwells), (ROOM, self.places.rooms)):
            if kind not in told:
                continue
            fits = chosen & (column[members] == self.places.codes.get(told[kind], -1))
            if not fits.any():
                return [], frozenset(inner)
            chosen = fits
            inner.add(kind)
        if ROOM in inner:
            if FLOOR in told and told[ROOM].startswith(told[FLOOR]):
                inner.add(FLOOR)
            return [int(row) for row in rows[chosen][:_MOST_MEMBERS]], frozenset(inner)
        if inner:
            return [], frozenset(inner)
        own = (self.places.stairwells[members] == 0) & (self.places.rooms[members] == 0)
        return [int(row) for row in rows[own][:_MOST_MEMBERS]], frozenset()


def _house(road: str, number: str) -> str:
    """Write a house number the way of the street's language."""
    if road.isascii():
        return f"{number} {road}"
    return f"{road}{number}" if number.endswith("弄") else f"{road}{number}号"


def _contains(answer: Answer, other: Answer) -> bool:
    """Tell whether an answer only says less closely what a better one says."""
    return (
        answer.row < 0
        and LEVELS.index(answer.level) > LEVELS.index(other.level)
        and set(other.places) <= set(answer.places)
    )
