"""Read how the codes of areas are written: templates that come with gridgeo, or a city's own.

A template is a TOML file::

    name = "our-town"
    source = "order no. 12 of 2026"
    micro_digits = 2              # micro grids add so many digits to the code of their grid
    undivided = "000"             # the number of the only area of a community; leave it out where there is none such
    merged_first = 601            # number of the first merged community of a street; leave it out where there is none
    exclusive_first = 901         # number of the first area that is one institution's own; leave it out for one row

    [[parts]]                     # in the order in which they stand in the code
    part = "object"               # fixed digits; the caller gives them where value is left out
    digits = 2
    value = "06"

    [[parts]]
    part = "county"               # also street (3) and community (3): of the community's 12-digit division code
    digits = 6

    [[parts]]
    part = "number"               # the last part: of the area in its community
    digits = 3                    # the caller gives them where digits is left out
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from gridgeo.model.errors import ProfileError
from gridgeo.model.profile_text import Entry, find_lines
from gridgeo.model.rule_files import find_rules, list_rules

DIVISION_PARTS = {"county": (0, 6), "street": (6, 9), "community": (9, 12)}
"""Where the parts of a 12-digit division code stand in it."""
DIVISION_DIGITS = 12
_PARTS = ("object", *DIVISION_PARTS, "number")
_KEYS = (
    "name", "title", "title_zh", "source", "ours", "micro_digits", "undivided", "merged_first", "exclusive_first",
    "parts",
)  # fmt: skip
_PART_KEYS = ("part", "digits", "value")
_FORM = '[[parts]] with part = "county" and digits = 6'
_FOLDER = ("gridgeo.model", "code_templates")
_COMMUNITY_NUMBERS = 999


@dataclass(frozen=True)
class CodeTemplate:
    """How the codes of areas are written.

    Parameters
    ----------
    name, title, title_zh, source : str
    parts : tuple of str
        ``object, county, street, community, number``, in the order in which they stand in the code; the number last.
    object_code : str
        Digits of the part ``object``.
    digits : int
        Of the number.
    micro_digits : int
        That micro grids add to the code of their grid; 0 where the template does not code them.
    undivided : str
        The number of the only area of a community; "" where there is none such.
    merged_first : int
        Number of the first merged community of a street; 0 where there is none.
    exclusive_first : int
        Number of the first area that is one institution's own; 0 where all share one row of numbers.
    ours : tuple of str
        What the source does not state and gridgeo chose.
    """

    name: str
    title: str
    title_zh: str
    source: str
    parts: tuple[str, ...]
    object_code: str
    digits: int
    micro_digits: int = 0
    undivided: str = ""
    merged_first: int = 0
    exclusive_first: int = 0
    ours: tuple[str, ...] = ()

    @property
    def length(self) -> int:
        """Give the digits of a grid's code."""
        return len(self.object_code) + DIVISION_DIGITS + self.digits

    def prefix(self, division: str) -> str:
        """Write what the codes of a community's areas begin with.

        Parameters
        ----------
        division : str
            Its 12-digit division code.

        Returns
        -------
        str
        """
        return "".join(
            self.object_code if part == "object" else division[slice(*DIVISION_PARTS[part])] for part in self.parts[:-1]
        )

    def division_in(self, code: str) -> str:
        """Read the 12-digit division code out of a grid's code; "" where the code is too short."""
        found, at = dict.fromkeys(DIVISION_PARTS, ""), 0
        for part in self.parts[:-1]:
            size = len(self.object_code) if part == "object" else DIVISION_PARTS[part][1] - DIVISION_PARTS[part][0]
            if part != "object":
                found[part] = code[at : at + size]
            at += size
        division = "".join(found.values())
        return division if len(division) == DIVISION_DIGITS else ""

    def numbers(self, *, exclusive: bool = False) -> tuple[int, int]:
        """Give the first and the last number that areas of a kind may have."""
        last = 10**self.digits - 1
        if not self.exclusive_first:
            return 1, last
        return (self.exclusive_first, last) if exclusive else (1, self.exclusive_first - 1)


def list_code_templates() -> list[str]:
    """Name the code templates that come with gridgeo."""
    return list_rules(*_FOLDER)


def load_code_template(
    name: str | Path,
    *,
    digits: int | None = None,
    object_code: str | None = None,
    micro_digits: int | None = None,
    exclusive_first: int | None = None,
) -> CodeTemplate:
    """Load how the codes of areas are written.

    Parameters
    ----------
    name : str or Path
        A name that ``list_code_templates`` tells, ``12+3`` for ``12+n`` with 3 digits, or an own TOML file.
    digits : int, optional
        Of the number, where the template does not state them (``12+n``, ``xian``).
    object_code : str, optional
        Digits of the part ``object``, where the template does not state them (``cjt349-20``: 6 digits).
    micro_digits : int, optional
        That micro grids add to the code of their grid, in place of the template's.
    exclusive_first : int, optional
        Number of the first area that is one institution's own, in place of the template's.

    Returns
    -------
    CodeTemplate

    Raises
    ------
    ProfileError
        If there is no such template, if it leaves something open that is not given, or naming the line of a file that
        is wrong, the key, its value and what to write.
    """
    short = re.fullmatch(r"12\+([0-9]+)", str(name))
    if short:
        if digits not in (None, int(short[1])):
            raise ProfileError(f"code template {str(name)!r}: digits = {digits} contradicts its name; leave one out")
        name, digits = "12+n", int(short[1])
    given = {"digits": digits, "micro_digits": micro_digits, "exclusive_first": exclusive_first}
    for key, value in given.items():
        if value is not None and (type(value) is not int or value < 1):
            raise ProfileError(f"code template {str(name)!r}: {key} = {value!r} is no whole number above 0")
    text, source = find_rules(name, *_FOLDER, "code template")
    return _read(text, source, given, object_code)


def read_code_template(text: str, source: str = "code template") -> CodeTemplate:
    """Read a code template from the text of a TOML file.

    Parameters
    ----------
    text : str
    source : str
        What to call the text in messages.

    Returns
    -------
    CodeTemplate

    Raises
    ------
    ProfileError
        Naming the line, the key, its value and what to write.
    """
    return _read(text, source, {}, None)


def _read(text: str, source: str, given: dict[str, int | None], object_code: str | None) -> CodeTemplate:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{source}: is no TOML: {error}") from None
    top = Entry(values, (), find_lines(text), source).table(_KEYS, _FORM)
    name, paper, parts = top.required("name"), top.required("source"), _read_parts(top)
    made = CodeTemplate(
        name=name,
        title=top.text("title", name),
        title_zh=top.text("title_zh"),
        source=paper,
        parts=tuple(part.text("part") for part in parts),
        object_code=_read_object(parts, object_code, source),
        digits=_read_digits(parts[-1], given.get("digits")),
        micro_digits=given.get("micro_digits") or _whole(top, "micro_digits"),
        undivided=top.text("undivided"),
        merged_first=_whole(top, "merged_first"),
        exclusive_first=given.get("exclusive_first") or _whole(top, "exclusive_first"),
        ours=_read_ours(top),
    )
    _check_numbers(top, made)
    return made


def _whole(entry: Entry, key: str) -> int:
    found = entry.find(key)
    return 0 if found is None else found.whole()


def _read_ours(top: Entry) -> tuple[str, ...]:
    found = top.find("ours")
    if found is None:
        return ()
    if not isinstance(found.value, list) or not all(isinstance(each, str) for each in found.value):
        raise found.wrong('is no list of texts; write ours = ["..."]')
    return tuple(found.value)


def _read_parts(top: Entry) -> list[Entry]:
    """Read the parts: those of the division code once each, the number once and last."""
    parts = top.rows("parts", _PART_KEYS, _FORM)
    seen: list[str] = []
    for entry in parts:
        word = entry.required("part")
        entry.choice("part", _PARTS, "")
        if word in seen:
            raise entry["part"].wrong("stands more than once; each part stands once")
        if seen[-1:] == ["number"]:
            raise entry["part"].wrong("follows the number; the number is the last part")
        seen.append(word)
        if word in DIVISION_PARTS:
            start, end = DIVISION_PARTS[word]
            if "digits" in entry and entry["digits"].whole() != end - start:
                raise entry["digits"].wrong(f"is not {end - start}, the digits of the {word} in a division code")
        if word != "object" and "value" in entry:
            raise entry["value"].wrong("is given, and only the object has a value of its own")
    for word in (*DIVISION_PARTS, "number"):
        if word not in seen:
            raise top.missing("parts", f'add [[parts]] with part = "{word}"')
    return parts


def _read_object(parts: list[Entry], given: str | None, source: str) -> str:
    """Read the fixed digits: the template's, or the caller's where it states none."""
    entry = next((part for part in parts if part.value["part"] == "object"), None)
    if entry is None or "value" in entry:
        if given is not None:
            where = "has no part object" if entry is None else f"states {entry.text('value')!r}"
            raise ProfileError(f"{source}: object_code = {given!r} is given, and the template {where}; leave it out")
        if entry is None:
            return ""
    if "digits" not in entry:
        raise entry.missing("digits", "add digits = 6")
    size = entry["digits"].whole()
    if "value" in entry:
        value = entry.text("value")
        if not is_number_text(value, size):
            raise entry["value"].wrong(f"is not of {size} digits")
        return value
    if given is None:
        raise entry.error(f'has {size} digits that the template does not state; pass object_code="..."')
    if not is_number_text(given, size):
        raise ProfileError(f"{source}: object_code = {given!r} is not of {size} digits")
    return given


def _read_digits(number: Entry, given: int | None) -> int:
    if "digits" not in number:
        if given is None:
            raise number.error("has no digits: how many there are is for the caller to say; pass digits=3")
        return given
    stated = number["digits"].whole()
    if given not in (None, stated):
        raise number["digits"].wrong(f"is stated, and digits = {given} is asked for; leave one of them out")
    return stated


def _check_numbers(top: Entry, made: CodeTemplate) -> None:
    """Refuse numbers that contradict the digits they are written with."""
    last = 10**made.digits - 1
    if "undivided" in top and not is_number_text(made.undivided, made.digits):
        raise top["undivided"].wrong(f"is not of {made.digits} digits, as the number is")
    if made.undivided and int(made.undivided):
        raise top["undivided"].wrong("is above 0, where the numbers of areas begin")
    if made.merged_first > _COMMUNITY_NUMBERS:
        raise top["merged_first"].wrong(f"is above {_COMMUNITY_NUMBERS}, the last community of a street")
    if made.exclusive_first and not 1 < made.exclusive_first <= last:
        raise ProfileError(
            f"{top.source}: exclusive_first = {made.exclusive_first} is not from 2 to {last}, the numbers of "
            f"{made.digits} digits"
        )


def is_number_text(text: str, size: int) -> bool:
    """Tell whether a text is so many digits 0 to 9."""
    return bool(re.fullmatch(r"[0-9]+", text)) and len(text) == size
