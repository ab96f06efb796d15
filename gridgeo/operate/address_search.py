"""Collect the places that an address text may mean, and weigh them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from rapidfuzz.distance import OSA

from .address_calibration import Signs, rate
from .address_grams import LabelGrams
from .address_numbers import (
    BUILDING,
    COMMUNITY,
    ESTATE,
    FLOOR,
    NUMBER,
    PLACE,
    REGION,
    ROAD,
    ROOM,
    STAIRWELL,
    Part,
)
from .address_places import Place, PlaceKeys, Places
from .address_scores import Meant, Verdict, first_numbers, weigh
from .address_text import clean, has_chinese
from .gazetteer import Gazetteer
from .western_address import clean_western

LEVELS = (ROOM, STAIRWELL, BUILDING, NUMBER, ESTATE, ROAD, COMMUNITY)
"""How closely an answer is known, the closest first."""
CLOSE_LEVELS = (ROOM, STAIRWELL, BUILDING, NUMBER)
_WORTH_A_LOOK = 0.3
_OF_SEVERAL = 0.95
_POOR = 0.5
"""Likeness below which buildings are also looked up by pairs of letters."""
_HARDLY_LIKE = 0.3
"""Least likeness of a name to that of a building that was found by pairs of letters."""
_RIVALS = 6
"""Answers among which the chances are shared out."""
_MOST_NAMES = 10
"""Names of a text that are looked up: what names more is a list, not an address."""
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
        Row of the addresses table, -1 where the answer is a building, an estate, a road or a community.
    places : tuple of int
        The places that the answer spans.
    place : Place
        What names it; keys of closer levels than the answer's are empty.
    verdict : Verdict
        Likeness, and the parts that agree and that do not.
    score : float
        Chance that it is right, from 0 to 1.
    """

    level: str
    row: int
    places: tuple[int, ...]
    place: Place
    verdict: Verdict
    score: float = 0.0

    @property
    def rank(self) -> tuple[float, int, int]:
        """Sort better answers first; of equal ones the closer, then the earlier."""
        likeness = -round(self.verdict.likeness, 9)
        return likeness, LEVELS.index(self.level), self.row if self.row >= 0 else self.places[0]


@dataclass(frozen=True)
class Question:
    """One reading of a text: its parts, what its names may stand for, and its parts by kind."""

    parts: list[Part]
    meant: Meant
    told: dict[str, str]


class AddressSearch:
    """The places of a book with their names, ready to be searched.

    Parameters
    ----------
    places : Places
    regions : sequence of str
        Further names of regions that addresses may carry.
    """

    def __init__(self, places: Places, regions: Sequence[str] = ()) -> None:
        self.places = places
        self.keys = PlaceKeys.of(places.places)
        self.general = frozenset(regions)
        self.known = self.general | {key for kind, key in places.names if kind in (REGION, COMMUNITY)}
        self.learn({})

    def learn(self, aliases: Mapping[str, tuple[str, str]]) -> None:
        """Take in other names of roads, estates, communities and single buildings."""
        self.gazetteer = Gazetteer([*self.places.names, *((REGION, region) for region in self.general)], aliases)

    @cached_property
    def _grams(self) -> LabelGrams:
        return LabelGrams([self._plain(place.label) for place in self.places.places])

    def _plain(self, label: str) -> str:
        return (clean(label) if has_chinese(label) else clean_western(label)).text

    def answers(self, readings: Sequence[list[Part]], limit: int, text: str = "") -> list[Answer]:
        """Answer the readings of one text.

        Parameters
        ----------
        readings : sequence of list of Part
            In every way that makes sense.
        limit : int
            Most answers to give.
        text : str
            The text in plain form, for what has no known name.

        Returns
        -------
        list of Answer
            The best first; none that only says less closely what a better one says.
        """
        questions = [self.question(reading) for reading in readings]
        best: dict[tuple[str, int, tuple[int, ...]], Answer] = {}
        self._add(best, questions)
        if text and max((answer.verdict.likeness for answer in best.values()), default=0.0) < _POOR:
            near = [self.places.places[at] for at in self._grams.nearest(text)]
            self._add(best, [_with_names_of(question, near) for question in questions] if near else [])
        kept: list[Answer] = []
        for answer in sorted(best.values(), key=lambda answer: answer.rank):
            if answer.verdict.likeness >= _WORTH_A_LOOK and not any(_contains(answer, other) for other in kept):
                kept.append(answer)
            if len(kept) >= max(limit, _RIVALS):
                break
        return _share_chances(kept)[:limit]

    def _add(self, best: dict[tuple[str, int, tuple[int, ...]], Answer], questions: Sequence[Question]) -> None:
        """Add the answers to some questions to the best ones of each place."""
        for question in questions:
            for answer in self._collect(question):
                key = answer.level, answer.row, answer.places
                if key not in best or answer.rank < best[key].rank:
                    best[key] = answer

    def question(self, reading: list[Part]) -> Question:
        """Look up what the names of a reading may stand for."""
        reading = self._settle_regions(reading)
        meant: dict[int, list[tuple[str, str, float]]] = {}
        for at, part in enumerate(reading):
            if len(meant) == _MOST_NAMES:
                break
            if part.kind in (ROAD, ESTATE):
                meant[at] = self.gazetteer.meant(part.key)
            elif part.kind == REGION:
                meant[at] = [
                    row
                    for row in self.gazetteer.meant(part.key)
                    if row[0] == COMMUNITY or (row[2] == 1 and row[0] != ROAD)
                ]
        numbers = first_numbers(reading, meant).values()
        return Question(reading, meant, {part.kind: part.key for part in numbers})

    def _settle_regions(self, reading: list[Part]) -> list[Part]:
        """Take a region that nobody knows for an estate where it follows a road or a house number."""
        settled: list[Part] = []
        after_road = False
        for given in reading:
            is_name = after_road and has_chinese(given.key) and not self.gazetteer.knows(given.key)
            part = replace(given, kind=ESTATE) if is_name and given.kind == REGION else given
            before = settled[-1] if settled else None
            if before and before.kind == part.kind == ESTATE and before.end == part.start:
                names = before.key, part.key
                if not any(map(self.gazetteer.knows, names)):
                    settled[-1] = Part(ESTATE, "".join(names), before.start, part.end)
                    continue
            settled.append(part)
            after_road |= part.kind in (ROAD, NUMBER)
        return settled

    def _collect(self, question: Question) -> Iterator[Answer]:
        """Give every place that a reading may mean."""
        for kind, name in sorted({(kind, name) for rows in question.meant.values() for kind, name, _ in rows}):
            if kind == ESTATE:
                yield from self._collect_in_estate(name, question)
            elif kind == ROAD:
                yield from self._collect_on_road(name, question)
            elif kind == PLACE:
                yield from self._enter([self.keys.by_label[name]], question)
            elif kind == COMMUNITY:
                given = self.places.names[COMMUNITY, name]
                place = Place("", "", "", "", given, community=name)
                yield self._span(COMMUNITY, self.keys.by_community[name], place, question)

    def _collect_in_estate(self, estate: str, question: Question) -> Iterator[Answer]:
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

    def _collect_on_road(self, road: str, question: Question) -> Iterator[Answer]:
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

    def _span(self, level: str, spanned: list[int], place: Place, question: Question) -> Answer:
        """Answer with several places at once: a house number, an estate or a road."""
        if level != COMMUNITY:
            inside = [self.places.places[at] for at in spanned]
            communities = {one.community for one in inside}
            shared = communities.pop() if len(communities) == 1 else ""
            regions = frozenset().union(*(one.regions for one in inside))
            place = replace(place, regions=regions, community=shared)
        return Answer(level, -1, tuple(spanned), place, self._weigh(place, frozenset(), question))

    def _weigh(self, place: Place, inner: frozenset[str], question: Question) -> Verdict:
        return weigh(question.parts, question.meant, place, inner, self.general, self.known)

    def _enter(self, found: list[int], question: Question) -> Iterator[Answer]:
        """Look into places for the household that a reading means."""
        for at in found[:_MOST_PLACES]:
            place = self.places.places[at]
            rows, inner = self._members(at, question.told)
            verdict = self._weigh(place, inner, question)
            named = any(row[:2] == (PLACE, place.label) for rows in question.meant.values() for row in rows)
            level = self._level(place, question.told, inner, named=named)
            if level == ROOM and len(rows) > 1:
                # Several stairwells have a room of that number: the building is sure, the household is not.
                yield Answer(self._level(place, question.told, inner - {ROOM}, named=named), -1, (at,), place, verdict)
                verdict = replace(verdict, likeness=verdict.likeness * _OF_SEVERAL)
            for row in rows or [-1]:
                yield Answer(level, row, (at,), place, verdict)

    def _level(self, place: Place, told: dict[str, str], inner: frozenset[str], *, named: bool) -> str:
        for kind in (ROOM, STAIRWELL):
            if kind in inner:
                return kind
        if place.building and (told.get(BUILDING) == place.building or named):
            return BUILDING
        return NUMBER if place.number and (named or told.get(NUMBER) == place.number) else ESTATE

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


def _with_names_of(question: Question, places: Sequence[Place]) -> Question:
    """Let the unknown names of a reading stand for those of some places, as far as they are like them at all."""
    meant = dict(question.meant)
    for at, part in enumerate(question.parts):
        if part.kind in (ROAD, ESTATE, REGION) and not any(likeness == 1 for *_, likeness in meant.get(at, ())):
            names = sorted(
                {(kind, name) for place in places for kind, name in ((ROAD, place.road), (ESTATE, place.estate))}
            )
            rated = [(kind, name, OSA.normalized_similarity(part.key, name)) for kind, name in names if name]
            meant[at] = [*meant.get(at, ()), *(row for row in rated if row[2] >= _HARDLY_LIKE)]
    return replace(question, meant=meant)


def is_among_several(answer: Answer) -> bool:
    """Tell whether a number of the text is known nowhere among the several buildings that an answer spans."""
    return len(answer.places) > 1 and any(part.kind not in (REGION, ESTATE, ROAD) for part in answer.verdict.unmatched)


def signs_of(answer: Answer, answers: Sequence[Answer]) -> tuple[Signs, list[float]]:
    """Give the signs of an answer, and how far it leads before each answer that lies elsewhere."""
    verdict, places = answer.verdict, set(answer.places)
    leads = [verdict.likeness - other.verdict.likeness for other in answers if places.isdisjoint(other.places)]
    close = answer.level in CLOSE_LEVELS
    signs = Signs(verdict.likeness, verdict.worst_name, verdict.names, len(verdict.unmatched), verdict.conflict, close)
    return signs, leads


def _share_chances(answers: list[Answer]) -> list[Answer]:
    """Rate answers, the best first, each against those that lie elsewhere."""
    rated: list[Answer] = []
    lowest = 1.0
    for answer in answers:
        lowest = min(lowest, rate(*signs_of(answer, answers)))
        rated.append(replace(answer, score=lowest))
    return rated


def _contains(answer: Answer, other: Answer) -> bool:
    """Tell whether an answer only says less closely what a better one says."""
    return (
        answer.row < 0
        and LEVELS.index(answer.level) > LEVELS.index(other.level)
        and set(other.places) <= set(answer.places)
    )
