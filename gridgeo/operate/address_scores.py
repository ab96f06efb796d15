"""Weigh how well a place answers an address text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from .address_numbers import (
    BUILDING,
    COMMUNITY,
    ESTATE,
    FLOOR,
    NOTE,
    NUMBER,
    PLACE,
    REGION,
    ROAD,
    ROOM,
    STAIRWELL,
    Part,
    is_estate_like,
)  # fmt: skip
from .address_places import Place

WEIGHTS: Mapping[str, float] = {
    ROAD: 2.0,
    NUMBER: 2.0,
    ESTATE: 2.5,
    PLACE: 4.5,
    BUILDING: 2.5,
    STAIRWELL: 0.5,
    FLOOR: 0.25,
    ROOM: 1.0,
    REGION: 1.5,
    COMMUNITY: 1.5,
}
"""How much each part of a text says about the place; a share of the sum is the likeness of the whole."""
UNTOLD = 0.5
"""Credit for a part that the book's address does not carry: it neither agrees nor contradicts."""
_SURE = 0.9
"""Likeness from which a name counts as recognised."""
_ASIDE = 0.1
"""Share of a name's weight that unknown words have before the first name and after the last number."""
_AS_REGION = 0.1
"""Share of a region's weight where it agrees: all places of a town lie in it."""
_NUMBERS = frozenset({NUMBER, BUILDING, STAIRWELL, FLOOR, ROOM})

Meant = Mapping[int, Sequence[tuple[str, str, float]]]
"""For each part of a reading by its position: the (kind, name, likeness) that it may stand for."""


@dataclass(frozen=True)
class Credit:
    """What one part of a text says for a place: its weight, how far it agrees (0 to 1), and whether it does."""

    part: Part
    weight: float
    share: float
    agrees: bool


@dataclass
class Verdict:
    """What a comparison of a text with a place found.

    Parameters
    ----------
    likeness : float
        Weighted share of the parts that agree, from 0 to 1.
    matched, unmatched : list of Part
        Parts of the text that agree with the place, and those that do not.
    conflict : bool
        Whether a part says something else than the place.
    foreign : bool
        Whether the text names a region, and none that the book knows.
    strange : bool
        Whether the text names regions, and none of them agrees; in Latin letters, one that does not.
    sure : bool
        Whether at least one part agrees to the letter.
    worst_name : float
        Likeness of the name that agrees least; 1 where every name that agrees is exact.
    names : int
        How many names agree: road, estate, building or community.
    credits : list of Credit
        Part by part.
    """

    likeness: float = 0.0
    matched: list[Part] = field(default_factory=list)
    unmatched: list[Part] = field(default_factory=list)
    conflict: bool = False
    foreign: bool = False
    strange: bool = False
    sure: bool = False
    worst_name: float = 1.0
    names: int = 0
    credits: list[Credit] = field(default_factory=list)

    @property
    def is_hearsay(self) -> bool:
        """Whether a name is but alike, and no other name agrees or a part is left: the place may be unknown here."""
        return self.worst_name <= _SURE and (self.names < 2 or bool(self.unmatched))


def weigh(
    parts: Sequence[Part], meant: Meant, place: Place, inner: Set[str], general: Set[str], known: Set[str]
) -> Verdict:
    """Weigh a reading of a text against a place.

    Parameters
    ----------
    parts : sequence of Part
        The reading.
    meant : mapping
        What its names may stand for.
    place : Place
        The place; for an answer of the level of an estate or a road, its other keys are empty.
    inner : set of str
        Which of stairwell, floor and room were found below the place.
    general : set of str
        Names of regions in which all places lie.
    known : set of str
        Names of all regions that the book knows.

    Returns
    -------
    Verdict
    """
    keys = {ROAD: place.road, NUMBER: place.number, ESTATE: place.estate, BUILDING: place.building}
    keys |= {PLACE: place.label, COMMUNITY: place.community}
    asides = _asides(parts, meant)
    verdict = Verdict()
    total = agreed = strange = 0.0
    regions_agree = False
    for at, part in enumerate(parts):
        if part.kind == NOTE:
            continue
        likeness = 1.0
        if part.kind in (ROAD, ESTATE, REGION):
            weight, credit, likeness, kind = _weigh_name(part, meant.get(at, ()), keys, place.regions | general)
            agrees = bool(kind)
            regions_agree |= kind in (REGION, COMMUNITY)
            if kind in (ROAD, ESTATE, PLACE):
                verdict.worst_name = min(verdict.worst_name, likeness)
                verdict.names += 1
        else:
            weight, credit = WEIGHTS[part.kind], _credit_number(part, keys, inner)
            agrees = credit > UNTOLD
        if at in asides and not agrees:
            weight, credit = weight * _ASIDE, 0.0
        elif part.kind == REGION and not agrees:
            verdict.conflict |= part.key in known
            verdict.foreign |= part.key not in known
            weight, strange = max(weight - strange, 0.0), weight  # however many other regions, they count once
        else:
            verdict.conflict |= credit == 0 and (part.kind in (NUMBER, BUILDING) or bool(keys.get(part.kind)))
        total += weight
        agreed += weight * credit
        verdict.credits.append(Credit(part, weight, credit, agrees))
        (verdict.matched if agrees else verdict.unmatched).append(part)
        verdict.sure |= agrees and likeness > _SURE and (part.kind != REGION or place.is_community)
    verdict.likeness = agreed / total if total else 0.0
    verdict.strange = any(len(parts[at].key) == 1 and _touches(parts, at) for at in asides)
    others = [part for part in verdict.unmatched if part.kind == REGION]
    verdict.strange |= any(not regions_agree or part.key.isascii() for part in others)
    verdict.foreign &= bool(known) and not regions_agree
    return verdict


def _asides(parts: Sequence[Part], meant: Meant) -> set[int]:
    """List the parts that are no part of an address: what is told again, and unknown words before and after it.

    Of 你好，清河苑3栋401室停水2天 the first words and the 2 speak of other things.
    """
    told_again = {at for at, part in enumerate(parts) if part.kind in _NUMBERS} - set(first_numbers(parts, meant))
    named = _named(parts, meant)
    told_again = {at for at in told_again if at and _is_other_matter(parts[at - 1], at - 1, named)}
    if not named:
        return told_again
    inside = [at for at, part in enumerate(parts) if part.kind in (BUILDING, ROOM) and at > named[0]]
    after = inside[0] if inside else len(parts)
    return told_again | {
        at
        for at, part in enumerate(parts)
        if part.kind == ESTATE and at not in named and not is_estate_like(part.key) and not named[0] < at < after
    }


def _touches(parts: Sequence[Part], at: int) -> bool:
    """Tell whether unknown words touch the name after them: of 新清河苑 the first letter may belong to the name."""
    after = parts[at + 1] if at + 1 < len(parts) else None
    return parts[at].kind == ESTATE and after is not None and after.kind == ESTATE and parts[at].end == after.start


def _is_other_matter(part: Part, at: int, named: Sequence[int]) -> bool:
    """Tell whether a part is words that belong to no address."""
    return part.kind == NOTE or (part.kind == ESTATE and at not in named and not is_estate_like(part.key))


def first_numbers(parts: Sequence[Part], meant: Meant) -> dict[int, Part]:
    """Give the numbers of a reading that belong to its address: of each kind the first after the first name."""
    start = min(_named(parts, meant), default=0)
    first: dict[str, int] = {}
    for at in (*range(start, len(parts)), *range(start)):
        if parts[at].kind in _NUMBERS:
            first.setdefault(parts[at].kind, at)
    return {at: parts[at] for at in first.values()}


def _named(parts: Sequence[Part], meant: Meant) -> list[int]:
    """List the positions of the roads and estates that are known; where none is, of those like known ones."""
    names = [at for at, part in enumerate(parts) if part.kind in (ROAD, ESTATE) and meant.get(at)]
    return [at for at in names if _is_recognised(meant[at])] or names


def _is_recognised(meant: Sequence[tuple[str, str, float]]) -> bool:
    return any(likeness > _SURE for *_, likeness in meant)


def _credit_number(part: Part, keys: Mapping[str, str], inner: Set[str]) -> float:
    """Give the credit of a house number, building, stairwell, floor or room."""
    if part.kind in (STAIRWELL, FLOOR, ROOM):
        return float(part.kind in inner)
    if part.key == keys[part.kind]:
        return 1.0
    return UNTOLD if part.kind == NUMBER and not keys[NUMBER] and keys[ESTATE] else 0.0


def _weigh_name(
    part: Part, meant: Sequence[tuple[str, str, float]], keys: Mapping[str, str], regions: Set[str]
) -> tuple[float, float, float, str]:
    """Give the weight and the credit of a name, how like it is, and which name of the place it is, if any."""
    found = [(likeness, kind) for kind, name, likeness in meant if name and keys.get(kind) == name]
    if found:
        likeness, kind = max(found)
        return WEIGHTS[kind], likeness if likeness > _SURE else likeness**2, likeness, kind
    if part.key in regions:
        return WEIGHTS[REGION] * _AS_REGION, 1.0, 1.0, REGION
    if part.kind == REGION:
        return WEIGHTS[REGION], 0.0, 0.0, ""
    # A word or two beside a known name is less of a contradiction than a whole other name.
    weight = WEIGHTS[part.kind] * (min(1.0, len(part.key) / 3) if part.kind == ESTATE else 1.0)
    return weight, 0.0 if keys[part.kind] or _is_recognised(meant) else UNTOLD, 0.0, ""
