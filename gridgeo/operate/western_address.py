"""Cut addresses in Latin letters into their parts: number, street, unit, and what follows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from .address_numbers import BUILDING, FLOOR, NOTE, NUMBER, REGION, ROAD, ROOM, Part
from .address_text import CleanText

SameStreet = Callable[[str], bool]
"""Tells whether a street of that name is known."""

_ENDINGS = {
    "ALLEY": "ALY", "AVENUE": "AVE", "AV": "AVE", "BOULEVARD": "BLVD", "BVD": "BLVD", "CIRCLE": "CIR", "COURT": "CT",
    "CRESCENT": "CRES", "DRIVE": "DR", "EXPRESSWAY": "EXPY", "HIGHWAY": "HWY", "LANE": "LN", "PARKWAY": "PKWY",
    "PKY": "PKWY", "PARK": "PK", "PLACE": "PL", "PLAZA": "PLZ", "ROAD": "RD", "SQUARE": "SQ", "STREET": "ST",
    "STR": "ST", "TERRACE": "TER", "TERR": "TER", "TURNPIKE": "TPKE", "WAY": "WAY", "WHARF": "WHARF", "WALK": "WALK",
    "ROW": "ROW", "STRASSE": "STRASSE", "GASSE": "GASSE", "CLOSE": "CLOSE", "QUAY": "QUAY", "PATH": "PATH",
    "LOOP": "LOOP",
}  # fmt: skip
_DIRECTIONS = {
    "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W",
    "NORTHEAST": "NE", "NORTHWEST": "NW", "SOUTHEAST": "SE", "SOUTHWEST": "SW",
}  # fmt: skip
_SHORT = {short: short for short in (*_ENDINGS.values(), *_DIRECTIONS.values())}
_WORDS = {**_SHORT, **_ENDINGS, **_DIRECTIONS}
_ENDING_WORDS = frozenset(_ENDINGS.values())
_UNITS = {
    **dict.fromkeys(("APT", "APARTMENT", "UNIT", "STE", "SUITE", "RM", "ROOM", "FLAT", "#"), ROOM),
    **dict.fromkeys(("BLDG", "BUILDING", "BLOCK", "BLK", "TOWER"), BUILDING),
    **dict.fromkeys(("FL", "FLOOR", "FLR"), FLOOR),
}
_TOKEN = re.compile(
    r"#|,|;|&|\d+[A-Z]?\d*(?:[-/](?:\d+[A-Z]?\d*|[A-Z](?![A-Z])))*(?![A-Z])"
    r"|[A-Z0-9][A-Z0-9']*(?:-[A-Z0-9]+)*"
)
_NUMBER = re.compile(r"\d+[A-Z]?\d*(?:[-/](?:\d+[A-Z]?\d*|[A-Z]))*$")
_POSTAL_CODE = re.compile(r"\d{5}(?:-\d{4})?$")
_FRACTION = re.compile(r"\d/\d$")
_LONGEST_STREET = 6


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int

    @property
    def is_break(self) -> bool:
        return self.text in {",", ";"}


def clean_western(source: str) -> CleanText:
    """Bring an address in Latin letters into its plain form: upper case without accents.

    Parameters
    ----------
    source : str

    Returns
    -------
    CleanText
    """
    letters = [_plain_letters(character) for character in source]
    places = [place for place, plain in enumerate(letters) for _ in plain]
    return CleanText("".join(letters), source, places, [place + 1 for place in places])


@lru_cache(maxsize=4096)
def _plain_letters(character: str) -> str:
    """Write one character in upper case without its accent."""
    bare = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return bare.upper().replace(".", " ").replace("’", "'")


def cut_western(text: str, is_street: SameStreet | None = None) -> list[list[Part]]:
    """Cut a clean address in Latin letters into its parts.

    Parameters
    ----------
    text : str
        As ``clean_western`` gives it.
    is_street : callable, optional
        Tells known streets by their name in short form; without it a street is told by its ending.

    Returns
    -------
    list of list of Part
        The reading by the longest known street; where the words after the house number end like a street of another
        name, the reading by them, too.
    """
    tokens = [_Token(match.group(), *match.span()) for match in _TOKEN.finditer(text)]
    units: list[Part] = []
    tokens = _take_units(tokens, units)
    spans = [_street_by_ending(tokens)]
    if is_street and (known := _known_street(tokens, is_street)):
        spans = [known, *(span for span in spans if span and span != known and _has_ending(tokens[slice(*span)]))]
    return [_read_around(tokens, span, units) for span in spans]


def _has_ending(tokens: list[_Token]) -> bool:
    if any(_NUMBER.match(token.text) for token in tokens):
        return False
    return len(tokens) > 1 and any(_WORDS.get(token.text) in _ENDING_WORDS for token in tokens[1:])


def _read_around(tokens: list[_Token], street: tuple[int, int] | None, units: list[Part]) -> list[Part]:
    """Take the street out of the tokens, then the house number; what is left names the region."""
    parts = list(units)
    if street:
        chosen = tokens[slice(*street)]
        parts.append(Part(ROAD, _street_words(chosen), chosen[0].start, chosen[-1].end))
        tokens = tokens[: street[0]] + tokens[street[1] :]
    first = chosen[0].start if street else 0
    blocks = [part for part in parts if part.kind == BUILDING and part.start < first]
    if blocks and not any(_NUMBER.match(token.text) and token.start < first for token in tokens):
        # A block before its street stands for the house number: Blk 123 Ang Mo Kio Ave 3.
        parts = [replace(part, kind=NUMBER) if part is blocks[0] else part for part in parts]
    else:
        tokens = _take_number(tokens, parts)
    for token in tokens:
        if not token.is_break:
            kind = NOTE if _POSTAL_CODE.match(token.text) else REGION
            parts.append(Part(kind, token.text, token.start, token.end))
    return sorted(parts, key=lambda part: part.start)


def street_key(words: str) -> str:
    """Write a street's name with its ending and directions in short form.

    Parameters
    ----------
    words : str
        Such as ``Massachusetts Avenue``.

    Returns
    -------
    str
    """
    return " ".join(
        _WORDS.get(token, token) for token in _TOKEN.findall(clean_western(words).text) if token not in ",;"
    )


def without_ending(key: str) -> str:
    """Drop the ending of a street's name: ``MAIN ST`` becomes ``MAIN``."""
    words = key.split(" ")
    return " ".join(words[:-1]) if len(words) > 1 and words[-1] in _ENDING_WORDS else key


def _take_units(tokens: list[_Token], parts: list[Part]) -> list[_Token]:
    """Take out apartments, buildings and floors, each a word and a value; give the other tokens."""
    rest: list[_Token] = []
    at = 0
    while at < len(tokens):
        kind = _UNITS.get(tokens[at].text)
        value = tokens[at + 1] if at + 1 < len(tokens) else None
        if kind == FLOOR and at and tokens[at - 1] in rest and _ordinal(tokens[at - 1].text):
            rest.remove(tokens[at - 1])
            parts.append(Part(FLOOR, _ordinal(tokens[at - 1].text), tokens[at - 1].start, tokens[at].end))
            at += 1
        elif kind and value and (len(value.text) == 1 or any(map(str.isdigit, value.text))) and not value.is_break:
            parts.append(Part(kind, value.text.lstrip("0") or "0", tokens[at].start, value.end))
            at += 2
        else:
            rest.append(tokens[at])
            at += 1
    return rest


def _ordinal(text: str) -> str:
    match = re.fullmatch(r"(\d+)(?:ST|ND|RD|TH)", text)
    return match.group(1) if match else ""


def _take_number(tokens: list[_Token], parts: list[Part]) -> list[_Token]:
    """Take out the house number: the first token that can be one, with a fraction after it."""
    for at, token in enumerate(tokens):
        if _NUMBER.match(token.text):
            fraction = tokens[at + 1] if at + 1 < len(tokens) and _FRACTION.match(tokens[at + 1].text) else None
            key = f"{token.text}-{fraction.text}" if fraction else token.text
            parts.append(Part(NUMBER, key.lstrip("0") or "0", token.start, (fraction or token).end))
            return tokens[:at] + tokens[at + (2 if fraction else 1) :]
    return tokens


def _known_street(tokens: list[_Token], is_street: SameStreet) -> tuple[int, int] | None:
    """Find the longest known name."""
    for size in range(min(_LONGEST_STREET, len(tokens)), 0, -1):
        for first in range(len(tokens) - size + 1):
            words = tokens[first : first + size]
            if not any(token.is_break for token in words) and is_street(_street_words(words)):
                return first, first + size
    return None


def _street_words(tokens: list[_Token]) -> str:
    return " ".join(_WORDS.get(token.text, token.text) for token in tokens)


def _street_by_ending(tokens: list[_Token]) -> tuple[int, int] | None:
    """Find the words after the house number, up to an ending of a street's name or the next break."""
    first = 0
    while first < len(tokens) and (
        tokens[first].is_break or _NUMBER.match(tokens[first].text) or _FRACTION.match(tokens[first].text)
    ):
        first += 1
    stop = first
    while stop < len(tokens) and not tokens[stop].is_break and stop - first < _LONGEST_STREET:
        stop += 1
    endings = [at for at in range(first + 1, stop) if _WORDS.get(tokens[at].text) in _ENDING_WORDS]
    if endings:
        stop = endings[-1] + 1
        if stop < len(tokens) and _WORDS.get(tokens[stop].text) in _DIRECTIONS.values():
            stop += 1
    elif stop > first and _NUMBER.match(tokens[stop - 1].text):
        stop -= 1
    return (first, stop) if stop > first else None
