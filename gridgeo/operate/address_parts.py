"""Cut clean address text into names and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

from .address_numbers import (
    BUILDING,
    ESTATE,
    NOTE,
    NUMBER,
    REGION,
    ROAD,
    ROOM,
    STAIRWELL,
    Part,
    Piece,
    find_pieces,
    read_numbers,
)  # fmt: skip
from .address_text import BREAK

NameFinder = Callable[[str], list[Part]]
"""Finds the names that a book knows in clean text: parts in their order, none overlapping another."""

_JOINED_NUMBERS = (NUMBER, BUILDING, STAIRWELL, ROOM)
_REGION = re.compile(
    r"[一-龥]{2,8}?(?:特别行政区|自治区|自治县|自治州|开发区|街道(?:办事处)?|[省县旗镇乡]|市(?!场)"
    r"|(?<![小社园校厂景库院住贸商务业一二三四五六七八九十东西南北中期])区)"
)
_COMMUNITY = re.compile(r"[一-龥]{2,6}?(?:社区|居委会|行政村|村委会|(?<![新一二三四五六七八九十])村(?![路镇庄]))")
_ROAD = re.compile(
    r"[一-龥A-Z0-9]{1,10}?(?:大道|大街|公路|胡同|[国省县乡]道|路(?!口|[东西南北中][路街])|街(?!道)|巷|(?<=[一-龥])[东西南北中]道)"
    r"(?:[东西南北中]段)?"
)
_LANE = re.compile(r"[一-龥][里弄]$")
_HOUSE = re.compile(r"\d+(?:-\d+)?号(?!楼)")
_NOTE_BEFORE = re.compile(r"^(?:电联|与|和|的|在|位于|住在?|我家?|我们)+")
_NOTE_ALONE = re.compile(r"^(?:的?(?:附近|旁边?|对面|对过|隔壁|门口|楼下|后面|前面|里面?|内|有人))")
_NOTE_AFTER = re.compile(
    r"(?:的?(?:东|西|南|北|东南|西南|东北|西北)?[侧面边角]|(?:的|与|和)*(?:交叉路?口|交汇处|交口|路口|对面|对过|附近|旁边?|隔壁|大?门口"
    r"|楼下|后面|前面|电联|院?内))+$"
)


def cut_address(text: str, find_names: NameFinder | None = None) -> list[list[Part]]:
    """Cut clean text into the parts of an address.

    Parameters
    ----------
    text : str
        Clean text, as ``clean`` gives it.
    find_names : callable, optional
        Finds known names; without it names are told by their endings alone.

    Returns
    -------
    list of list of Part
        Every reading that makes sense, the likeliest first; the parts of a reading in their order.
    """
    known = find_names(text) if find_names else []
    tokens: list[tuple[int, Part | Piece]] = [(part.start, part) for part in known]
    for start, end in _gaps(0, len(text), [(part.start, part.end) for part in known]):
        pieces = list(find_pieces(text, start, end))
        tokens += [(begin, piece) for begin, _, piece in pieces]
        for gap in _gaps(start, end, [(begin, stop) for begin, stop, _ in pieces]):
            tokens += [(part.start, part) for part in _join(_cut_names(text, *gap), text, (ESTATE,), "")]
    readings = read_numbers([token for _, token in sorted(tokens, key=lambda item: item[0])])
    return [_name_by_village(_join(reading, text, _JOINED_NUMBERS, "-")) for reading in readings]


def _join(parts: list[Part], text: str, kinds: tuple[str, ...], link: str) -> list[Part]:
    """Join neighbours of one kind with nothing but punctuation between them: an estate and its part, 12号楼A座."""
    joined: list[Part] = []
    for part in parts:
        before = joined[-1] if joined else None
        if before and part.kind in kinds and before.kind == part.kind and not text[before.end : part.start].strip("|-"):
            joined[-1] = Part(part.kind, before.key + link + part.key, before.start, part.end)
        else:
            joined.append(part)
    return joined


def _name_by_village(parts: list[Part]) -> list[Part]:
    """Take the last region for the name that a house number belongs to, where there is no other: 松台自然村57号."""
    kinds = [part.kind for part in parts]
    if not {NUMBER, BUILDING} & set(kinds) or {ROAD, ESTATE} & set(kinds) or REGION not in kinds:
        return parts
    last = len(kinds) - 1 - kinds[::-1].index(REGION)
    village = parts[last]
    return [*parts[:last], Part(ESTATE, village.key, village.start, village.end), *parts[last + 1 :]]


def _gaps(start: int, end: int, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """List the stretches that spans leave free."""
    edges = [start, *(edge for span in spans for edge in span), end]
    return [(first, last) for first, last in zip(edges[::2], edges[1::2], strict=True) if first < last]


def _cut_names(text: str, start: int, end: int) -> list[Part]:
    """Cut a stretch without numbers into region, road, estate and notes, by the endings of the words."""
    parts: list[Part] = []
    for first, last in _words(text, start, end):
        parts += _cut_word(text, first, last)
    return parts


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """List the stretches between breaks."""
    breaks = [(at, at + 1) for at in range(start, end) if text[at] in (BREAK, "-")]
    return _gaps(start, end, breaks)


def _cut_word(text: str, start: int, end: int) -> list[Part]:
    if _NOTE_ALONE.match(text[start:end]):
        return [Part(NOTE, text[start:end], start, end)]
    parts: list[Part] = []
    before = _NOTE_BEFORE.search(text[start:end])
    if before and not (text[start - 1 : start] == "号" and len(before.group()) == 1):  # 12号和苑
        parts.append(Part(NOTE, before.group(), start, start + before.end()))
        start += before.end()
    after = _NOTE_AFTER.search(text[start:end])
    notes = []
    if after and after.start():
        notes = [Part(NOTE, after.group(), start + after.start(), end)]
        end = start + after.start()
    for pattern, kind in ((_REGION, REGION), (_COMMUNITY, REGION), (_ROAD, ROAD)):
        while match := pattern.match(text, start, end):
            parts.append(Part(kind, match.group(), start, match.end()))
            start = match.end()
    if start < end:
        kind = ROAD if _LANE.search(text[start:end]) and _HOUSE.match(text, end) else ESTATE
        parts.append(Part(kind, text[start:end], start, end))
    return parts + notes
