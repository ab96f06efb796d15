"""Weigh how well a place answers an address text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from .address_numbers import BUILDING, ESTATE, FLOOR, NOTE, NUMBER, REGION, ROAD, ROOM, STAIRWELL, Part
from .address_places import Place

WEIGHTS: Mapping[str, float] = {
    ROAD: 2.0,
    NUMBER: 2.0,
    ESTATE: 2.5,
    BUILDING: 2.5,
    STAIRWELL: 0.5,
    FLOOR: 0.25,
    ROOM: 1.0,
    REGION: 1.5,
}
"""How much each part of a text says about the place; a share of the sum is the score."""
UNTOLD = 0.5
"""Credit for a part that the book's address does not carry: it neither agrees nor contradicts."""
_SURE = 0.9
"""Likeness from which a name counts as recognised."""

Meant = Mapping[int, Sequence[tuple[str, str, float]]]
"""For each part of a reading by its position: the (kind, name, likeness) that it may stand for."""


@dataclass
class Verdict:
    """What a comparison of a text with a place found.

    Parameters
    ----------
    score : float
        From 0 to 1.
    matched, unmatched : list of Part
        Parts of the text that agree with the place, and those that do not.
    conflict : bool
        Whether a part says something else than the place.
    foreign : bool
        Whether the text names a region, and none that the book knows.
    sure : bool
        Whether at least one part agrees to the letter.
    """

    score: float = 0.0
    matched: list[Part] = field(default_factory=list)
    unmatched: list[Part] = field(default_factory=list)
    conflict: bool = False
    foreign: bool = False
    sure: bool = False


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
    verdict = Verdict()
    total = strange = 0.0
    for at, part in enumerate(parts):
        if part.kind == NOTE:
            continue
        if part.kind in (ROAD, ESTATE, REGION):
            weight, credit, agrees = _weigh_name(part, meant.get(at, ()), keys, place.regions | general)
        else:
            weight, credit = WEIGHTS[part.kind], _credit_number(part, keys, inner)
            agrees = credit > UNTOLD
        if part.kind == REGION and not agrees:
            verdict.conflict |= part.key in known
            verdict.foreign |= part.key not in known
            weight, strange = max(weight - strange, 0.0), weight  # however many other regions, they count once
        total += weight
        verdict.score += weight * credit
        (verdict.matched if agrees else verdict.unmatched).append(part)
        verdict.sure |= agrees and credit > _SURE and part.kind != REGION
        verdict.conflict |= credit == 0 and bool(keys.get(part.kind))
    verdict.score = verdict.score / total if total else 0.0
    verdict.foreign &= bool(known) and not any(part.kind == REGION for part in verdict.matched)
    return verdict


def _credit_number(part: Part, keys: Mapping[str, str], inner: Set[str]) -> float:
    """Give the credit of a house number, building, stairwell, floor or room."""
    if part.kind in (STAIRWELL, FLOOR, ROOM):
        return float(part.kind in inner)
    if part.key == keys[part.kind]:
        return 1.0
    return UNTOLD if part.kind == NUMBER and not keys[NUMBER] and keys[ESTATE] else 0.0


def _weigh_name(
    part: Part, meant: Sequence[tuple[str, str, float]], keys: Mapping[str, str], regions: Set[str]
) -> tuple[float, float, bool]:
    """Give the weight and the credit of a name, and whether it agrees."""
    found = [(likeness, kind) for kind, name, likeness in meant if keys.get(kind) == name]
    if found:
        likeness, kind = max(found)
        return WEIGHTS[kind], likeness if likeness > _SURE else likeness**2, True
    if part.key in regions:
        return WEIGHTS[REGION] * 0.1, 1.0, True
    if part.kind == REGION:
        return WEIGHTS[REGION], 0.0, False
    # A word or two beside a known name is less of a contradiction than a whole other name.
    weight = WEIGHTS[part.kind] * (min(1.0, len(part.key) / 3) if part.kind == ESTATE else 1.0)
    recognised = any(likeness > _SURE for *_, likeness in meant)
    return weight, 0.0 if keys[part.kind] or recognised else UNTOLD, False
