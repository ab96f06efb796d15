"""Tell what the numbers of an address are: house number, building, stairwell, floor or room."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

REGION, ROAD, NUMBER, ESTATE = "region", "road", "number", "estate"
BUILDING, STAIRWELL, FLOOR, ROOM = "building", "stairwell", "floor", "room"
NOTE = "note"
"""Words about a place that name nothing: opposite, near, at the gate."""

Readings: TypeAlias = list[tuple[str, ...]]
"""What the values of a run of numbers may be, the likeliest first."""

_VALUE = r"[A-Z]{0,3}\d+[A-Z]{0,2}\d*[甲乙丙丁]?"
_UNIT = r"号楼|号院|#楼|号(?![路线桥]|大[街道])|#|栋楼?|座楼?|单元?|层|楼|F(?![A-Z0-9])|弄|室|房间?|户|门(?![一-龥])|梯"
_NO_NAME = r"(?![0-9A-Z甲乙丙丁]|[东西南北中]?[路街巷道]|[期组区队村线环国省县乡大米年月日店]|号[路线桥大])"
_PIECE = re.compile(
    rf"[第附]?(?P<values>{_VALUE}(?:-{_VALUE})*(?:-[A-Z](?![A-Z0-9]))?)(?:(?P<unit>{_UNIT})|{_NO_NAME})"
    r"|(?<![A-Z0-9])(?P<letters>[A-Z]{1,2})(?P<letters_unit>栋楼?|座楼?|楼|号楼|单元)"
)
_VALUE_OR_LETTER = re.compile(rf"{_VALUE}|[A-Z]")
_ESTATE_LIKE = re.compile(
    r"(?:小区|花园|[苑园府庭邸墅轩阁居郡湾]|公寓|家属院|大院|宿舍|新村|[大广城][厦场]|[新之商贸书]城|国际|中心|市场|[一二三四五六七八九十东西南北中0-9A-Z][区期])$"
)
_KIND_OF_UNIT = {
    **dict.fromkeys(("号楼", "#楼", "#", "栋", "栋楼", "座", "座楼"), BUILDING),
    **dict.fromkeys(("单元", "单", "门", "梯"), STAIRWELL),
    **dict.fromkeys(("层", "楼", "F"), FLOOR),
    **dict.fromkeys(("弄", "号院"), NUMBER),
}
_FLOOR = re.compile(r"\d{1,2}F")
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
    told: frozenset[str] = frozenset()
    lane: bool = False


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
        for reading in _branch(rest, Context(name, estate, context.told & {NUMBER, ROOM}, context.lane)):
            yield [token, *reading]
        return
    more = any(isinstance(later, Piece) for later in rest)
    for kinds in _options(token, context, more=more):
        parts = _as_parts(token, kinds)
        told = context.told | {part.kind for part in parts}
        for reading in _branch(rest, Context(context.name, context.estate, told, context.lane or token.unit == "弄")):
            yield [*parts, *reading]


def _as_parts(piece: Piece, kinds: tuple[str, ...]) -> list[Part]:
    """Give each value its kind; fewer kinds than values leave the values of the last kind together."""
    parts = []
    for at, kind in enumerate(kinds):
        last = len(piece.values) if at == len(kinds) - 1 else at + 1
        key = "-".join(value.lstrip("0") or "0" for value in piece.values[at:last])
        key += "弄" if piece.unit == "弄" else ""
        parts.append(Part(kind, key, piece.spans[at][0], piece.spans[last - 1][1]))
    return parts


def _options(piece: Piece, context: Context, *, more: bool) -> Readings:
    """List what the values of a piece may be, the likeliest first."""
    count, first = len(piece.values), piece.values[0]
    kind = BUILDING if piece.unit == "楼" and first.isalpha() else _KIND_OF_UNIT.get(piece.unit)
    if kind:
        return [(BUILDING, STAIRWELL)] if kind == STAIRWELL and count > 1 else [(kind,)]
    if piece.unit == "号":
        return _house_options(piece, context)
    if count > 1:
        return _chain_options(piece.values, context)
    return [(ROOM,)] if piece.unit else _bare_options(first, context, more=more)


def _house_options(piece: Piece, context: Context) -> Readings:
    """Read ``12号``: a house number, a building or a room, by what stands before it."""
    inside = context.told & {BUILDING, STAIRWELL, FLOOR}
    if inside:
        if len(piece.values) > 1:
            return _chain_options(piece.values, context)
        small = inside == {BUILDING} and len(piece.values[0]) <= 2
        return [(STAIRWELL,), (ROOM,)] if small else [(ROOM,)]
    if context.lane or NUMBER in context.told:
        return [(BUILDING,), (ROOM,)]
    if context.name == ESTATE and len(piece.values) > 1 and len(piece.values[-1]) >= 3:
        return [(BUILDING, ROOM), (NUMBER,)]
    return [(BUILDING,), (NUMBER,)] if context.estate else [(NUMBER,), (BUILDING,)]


def _bare_options(value: str, context: Context, *, more: bool) -> Readings:
    """Read a number without a unit."""
    told, long = context.told, len(value) >= 3
    if len(value) >= _POSTAL_DIGITS:
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


def _chain_options(values: tuple[str, ...], context: Context) -> Readings:
    """Read numbers joined by dashes, such as 3-2-401."""
    told, count, long_end = context.told, len(values), len(values[-1]) >= 3
    if told & {STAIRWELL, FLOOR} or (BUILDING in told and len(values[0]) >= 3):
        return [(ROOM,)]
    if BUILDING in told:
        return [(STAIRWELL, ROOM)] if count == 2 else [(STAIRWELL, FLOOR, ROOM)]
    form = min(count, 4), long_end or count > 2
    on_road = context.name in (ROAD, "") and NUMBER not in told
    return [*_ROAD_CHAINS[form], *_CHAINS[form]] if on_road else _CHAINS[form]
