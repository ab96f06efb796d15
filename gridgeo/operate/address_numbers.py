"""Tell what the numbers of an address are: house number, building, stairwell, floor or room."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

REGION, ROAD, NUMBER, ESTATE = "region", "road", "number", "estate"
BUILDING, STAIRWELL, FLOOR, ROOM = "building", "stairwell", "floor", "room"
COMMUNITY, PLACE = "community", "place"
"""Kinds of names that a book knows: of a community, and of a single building."""
NOTE = "note"
"""Words about a place that name nothing: opposite, near, at the gate."""

Readings: TypeAlias = list[tuple[str, ...]]
"""What the values of a run of numbers may be, the likeliest first."""

_VALUE = r"[A-Z]{0,3}\d+[A-Z]{0,2}\d*[甲乙丙丁]?"
_UNIT = r"号楼|号院|#楼|号(?![路线桥]|大[街道])|#|栋楼?|座楼?|单元?|层|楼|F(?![A-Z0-9])|弄|室|房间?|户|门(?![一-龥])|梯"
_MEASURES = "米年月日店天点次个名人岁元分时周只条辆块万"
_NO_NAME = rf"(?![0-9A-Z甲乙丙丁]|[东西南北中]?[路街巷道]|[期组区队村线环国省县乡大{_MEASURES}]|号[路线桥大])"
_PIECE = re.compile(
    rf"[第附]?(?P<values>(?:(?<![A-Z0-9])[A-Z]-(?=\d{{3}}))?{_VALUE}(?:-{_VALUE})*(?:-[A-Z](?![A-Z0-9]))?)(?:(?P<unit>{_UNIT})|{_NO_NAME})"
    r"|(?<![A-Z0-9])(?P<letters>[A-Z]{1,2})(?P<letters_unit>栋楼?|座楼?|楼|号楼|单元)"
)
_VALUE_OR_LETTER = re.compile(rf"{_VALUE}|[A-Z]")
_ESTATE_LIKE = re.compile(
    r"(?:小区|花园|[苑园府庭邸墅轩阁居郡湾]|公寓|家属院|大院|宿舍|新村|[大广城][厦场]|[新之商贸书]城|国际|中心|市场|园区|工业区|[一二三四五六七八九十东西南北中0-9A-Z][区期])$"
)
_KIND_OF_UNIT = {
    **dict.fromkeys(("号楼", "#楼", "#", "栋", "栋楼", "座", "座楼"), BUILDING),
    **dict.fromkeys(("单元", "单", "门", "梯"), STAIRWELL),
    **dict.fromkeys(("层", "楼", "F"), FLOOR),
    **dict.fromkeys(("弄", "号院"), NUMBER),
}
_FLOOR = re.compile(r"\d{1,2}F")
_LETTER_AND_ROOM = re.compile(r"(\d{0,2}[A-Z])(\d{3,5})")
_HALL = re.compile(r"(?:市场|商场|大厦|商[务业]楼|大楼|中心|园区|贸城|公寓)$")
"""Houses of shops and offices, in which a long number is a room."""
_THOUSANDS = 4
"""Digits of a number that no building of an estate has."""
_POSTAL_DIGITS = 6
"""A number so long is a postal code or a telephone."""
_CHAINS: dict[tuple[int, bool], Readings] = {
    (2, True): [(BUILDING, ROOM)],
    (2, False): [(BUILDING, STAIRWELL), (BUILDING, ROOM)],
    (3, True): [(BUILDING, STAIRWELL, ROOM)],
    (4, True): [(BUILDING, STAIRWELL, FLOOR, ROOM)],
}
"""Numbers joined by dashes after an estate, by how many there are and whether the last is long."""
_ROAD_CHAINS: dict[tuple[int, bool], Readings] = {
    (2, True): [(NUMBER, ROOM), (NUMBER, BUILDING)],
    (2, False): [(NUMBER,), (NUMBER, BUILDING), (NUMBER, ROOM)],
    (3, True): [(NUMBER, BUILDING, ROOM), (NUMBER, STAIRWELL, ROOM)],
    (4, True): [(NUMBER, BUILDING, STAIRWELL, ROOM)],
}
"""The same after a road."""
_MOST_READINGS = 6


@dataclass(frozen=True)
class Part:
    """One part of an address.

    Parameters
    ----------
    kind : str
        ``region``, ``road``, ``number``, ``estate``, ``building``, ``stairwell``, ``floor``, ``room`` or ``note``.
    key : str
        The form in which it is compared: a name as it stands, a number without its unit.
    start, end : int
        Where it stands in the clean text.
    """

    kind: str
    key: str
    start: int
    end: int


@dataclass(frozen=True)
class Piece:
    """A run of numbers with its unit, such as ``12号`` or ``3-2-401室``."""

    values: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    unit: str


@dataclass(frozen=True)
class Context:
    """What was read before a piece: the kind of the last name, and the numbers that have been told."""

    name: str = ""
    estate: bool = False
    hall: bool = False
    told: frozenset[str] = frozenset()
    lane: bool = False


def is_estate_like(name: str) -> bool:
    """Tell whether a name ends as those of estates do."""
    return bool(_ESTATE_LIKE.search(name))


def find_pieces(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, Piece]]:
    """Find the runs of numbers in clean text.

    Parameters
    ----------
    text : str
        Clean text.
    start, end : int
        The stretch to look at.

    Yields
    ------
    start, end : int
    piece : Piece
    """
    for match in _PIECE.finditer(text, start, len(text) if end is None else end):
        unit = match["unit"] or match["letters_unit"] or ""
        first, last = match.span("values" if match["values"] else "letters")
        spans = [found.span() for found in _VALUE_OR_LETTER.finditer(text, first, last)]
        values = tuple(text[begin:stop] for begin, stop in spans)
        spans[-1] = (spans[-1][0], match.end())
        spans[0] = (match.start(), spans[0][1])
        yield match.start(), match.end(), Piece(values, tuple(spans), unit)


def read_numbers(tokens: Sequence[Part | Piece], context: Context | None = None) -> list[list[Part]]:
    """Read the numbers of an address in every way that makes sense.

    Parameters
    ----------
    tokens : sequence of Part and Piece
        Names and numbers in their order.
    context : Context, optional
        What was read before.

    Returns
    -------
    list of list of Part
        The likeliest reading first.
    """
    readings: list[list[Part]] = []
    for reading in _branch(list(tokens), context or Context()):
        readings.append(reading)
        if len(readings) == _MOST_READINGS:
            break
    return readings


def _branch(tokens: list[Part | Piece], context: Context) -> Iterator[list[Part]]:
    if not tokens:
        yield []
        return
    token, rest = tokens[0], tokens[1:]
    if isinstance(token, Part):
        name = context.name if token.kind == NOTE else token.kind
        estate = token.kind == ESTATE and bool(_ESTATE_LIKE.search(token.key))
        hall = token.kind == ESTATE and bool(_HALL.search(token.key))
        for reading in _branch(rest, Context(name, estate, hall, context.told & {NUMBER, ROOM}, context.lane)):
            yield [token, *reading]
        return
    more = any(isinstance(later, Piece) for later in rest)
    for kinds in _options(token, context, more=more):
        parts = _as_parts(token, kinds)
        told = context.told | {part.kind for part in parts}
        lane = context.lane or token.unit == "弄"
        for reading in _branch(rest, replace(context, told=told, lane=lane)):
            yield [*parts, *reading]


def _as_parts(piece: Piece, kinds: tuple[str, ...]) -> list[Part]:
    """Give each value its kind; fewer kinds than values leave the values of the last kind together."""
    if len(kinds) > len(piece.values):
        piece = _split_letter(piece)
    parts = []
    for at, kind in enumerate(kinds):
        last = len(piece.values) if at == len(kinds) - 1 else at + 1
        key = "-".join(value.lstrip("0") or "0" for value in piece.values[at:last])
        key += "弄" if piece.unit == "弄" else ""
        parts.append(Part(kind, key, piece.spans[at][0], piece.spans[last - 1][1]))
    return parts


def _split_letter(piece: Piece) -> Piece:
    """Part the letter of a building from the number of a room: A249."""
    (start, end), match = piece.spans[0], _LETTER_AND_ROOM.fullmatch(piece.values[0])
    if not match:
        return piece
    middle = end - len(piece.unit) - len(match[2])
    return Piece((match[1], match[2]), ((start, middle), (middle, end)), piece.unit)


def _options(piece: Piece, context: Context, *, more: bool) -> Readings:
    """List what the values of a piece may be, the likeliest first."""
    count, first = len(piece.values), piece.values[0]
    kind = BUILDING if piece.unit == "楼" and first.isalpha() else _KIND_OF_UNIT.get(piece.unit)
    if piece.unit in ("座", "座楼") and BUILDING in context.told:
        return [(STAIRWELL,), (BUILDING,)]
    if kind:
        return [(BUILDING, STAIRWELL)] if kind == STAIRWELL and count > 1 else [(kind,)]
    if count == 1 and _LETTER_AND_ROOM.fullmatch(first) and not context.told & {BUILDING, STAIRWELL, FLOOR}:
        return [(BUILDING, ROOM), (ROOM,)]
    if piece.unit == "号":
        return _house_options(piece, context, more=more)
    if count > 1:
        return _chain_options(piece, context)
    return [(ROOM,)] if piece.unit else _bare_options(first, context, more=more)


def _house_options(piece: Piece, context: Context, *, more: bool) -> Readings:
    """Read ``12号``: a house number, a building or a room, by what stands before it."""
    inside, many = context.told & {BUILDING, STAIRWELL, FLOOR}, len(piece.values) > 1
    if inside:
        small = inside == {BUILDING} and (more or len(piece.values[0]) <= 2)
        one: Readings = [(STAIRWELL,), (ROOM,)] if small else [(ROOM,)]
        return _chain_options(piece, context) if many else one
    long = len(piece.values[-1]) >= 3
    if many and long and (context.lane or (context.name == ESTATE and NUMBER not in context.told)):
        return [(BUILDING, ROOM), (NUMBER,)]
    shop = context.hall and long and not more
    if context.lane or NUMBER in context.told:
        return [(ROOM,), (BUILDING,)] if shop else [(BUILDING,), (ROOM,)]
    if shop:
        return [(ROOM,), (BUILDING,), (NUMBER,)]
    is_building = context.estate and len(piece.values[0]) < _THOUSANDS
    return [(BUILDING,), (NUMBER,)] if is_building else [(NUMBER,), (BUILDING,)]


def _bare_options(value: str, context: Context, *, more: bool) -> Readings:
    """Read a number without a unit."""
    told, long = context.told, len(value) >= 3
    if value.isdigit() and len(value) >= _POSTAL_DIGITS:
        return [(NOTE,)]
    if _FLOOR.fullmatch(value):
        return [(FLOOR,)]
    if told & {STAIRWELL, FLOOR}:
        return [(ROOM,)]
    if BUILDING in told:
        return [(STAIRWELL,), (ROOM,)] if more and not long else [(ROOM,)]
    if context.name in (ROAD, REGION, "") and NUMBER not in told:
        return [(NUMBER,), (BUILDING,)]
    return [(ROOM,), (BUILDING,)] if long and not more else [(BUILDING,), (ROOM,)]


def _chain_options(piece: Piece, context: Context) -> Readings:
    """Read numbers joined by dashes, such as 3-2-401."""
    told, count, values = context.told, len(piece.values), piece.values
    long_end = len(values[-1]) >= 3
    if told & {STAIRWELL, FLOOR} or (BUILDING in told and len(values[0]) >= 3):
        return [(ROOM,)]
    if piece.unit and piece.unit != "号" and count == 2 and len(values[0]) == len(values[1]) >= 3:
        return [(ROOM,)]  # 605-606室
    if BUILDING in told:
        return [(STAIRWELL, ROOM)] if count == 2 else [(STAIRWELL, FLOOR, ROOM)]
    form = min(count, 4), long_end or count > 2
    on_road = context.name in (ROAD, "") and NUMBER not in told
    if count == 2 and not on_road and len(values[0]) >= 3 and not long_end:
        return [(ROOM,), *_CHAINS[form]]  # 802-3
    return [*_ROAD_CHAINS[form], *_CHAINS[form]] if on_road else _CHAINS[form]
