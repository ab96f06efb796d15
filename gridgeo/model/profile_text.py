"""Tell on which line of a TOML text each value stands, for messages that point at it."""

from __future__ import annotations

import re
import tomllib
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from .errors import ProfileError

Path = tuple[str | int, ...]
"""The keys and row numbers (from 0) that lead to a value."""

_TOKEN = re.compile(
    r"""(?P<skip>[ \t\r]+|\#[^\n]*)
    |(?P<word>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'
    |[\[\]{}=,.\n]|[^\s\[\]{}=,.\#"']+)""",
    re.VERBOSE | re.DOTALL,
)
_ENDS = {",", "]", "}", "\n"}
_Words = deque[tuple[str, int]]


def find_lines(text: str) -> dict[Path, int]:
    """Find the line of each key, row and element of a valid TOML text.

    Parameters
    ----------
    text : str
        A text that ``tomllib`` reads.

    Returns
    -------
    dict of path to line number
        Lines count from 1. A table has the line of its header, an array of tables that of its first row.
    """
    lines: dict[Path, int] = {(): 1}
    rows: Counter[Path] = Counter()
    words: _Words = deque(_words(text))
    table: Path = ()
    while words:
        word, line = words[0]
        if word == "\n":
            words.popleft()
        elif word == "[":
            table = _header(words, lines, rows)
            lines[table] = line
        else:
            _pair(words, table, lines)
    return lines


def _words(text: str) -> Iterator[tuple[str, int]]:
    line = 1
    for found in _TOKEN.finditer(text):
        if found["word"]:
            yield found["word"], line
        line += found[0].count("\n")


def _header(words: _Words, lines: dict[Path, int], rows: Counter[Path]) -> Path:
    """Read ``[a.b]`` or ``[[a.b]]``; what follows an array of tables belongs to its last row."""
    words.popleft()
    is_row = words[0][0] == "["
    if is_row:
        words.popleft()
    table = _key(words, (), lines, rows)
    while words and words[0][0] == "]":
        words.popleft()
    if is_row:
        rows[table] += 1
        return (*table, rows[table] - 1)
    return table


def _key(words: _Words, path: Path, lines: dict[Path, int], rows: Mapping[Path, int]) -> Path:
    while True:
        word, line = words.popleft()
        path = (*path, tomllib.loads(f"key = {word}")["key"] if word[0] in "\"'" else word)
        lines.setdefault(path, line)
        if words[0][0] != ".":
            return path
        words.popleft()
        if path in rows:
            path = (*path, rows[path] - 1)


def _pair(words: _Words, path: Path, lines: dict[Path, int]) -> None:
    path = _key(words, path, lines, {})
    words.popleft()
    _value(words, path, lines)


def _value(words: _Words, path: Path, lines: dict[Path, int]) -> None:
    opener = words[0][0]
    if opener not in ("[", "{"):
        while words and words[0][0] not in _ENDS:
            words.popleft()
        return
    words.popleft()
    number = 0
    while words[0][0] not in ("]", "}"):
        word, line = words[0]
        if word in _ENDS:
            words.popleft()
        elif opener == "{":
            _pair(words, path, lines)
        else:
            lines[*path, number] = line
            _value(words, (*path, number), lines)
            number += 1
    words.popleft()


@dataclass(frozen=True)
class Entry:
    """One value of a TOML text with its place.

    Parameters
    ----------
    value : object
        As ``tomllib`` reads it.
    path : tuple of str and int
        The keys and row numbers that lead to it.
    lines : mapping of path to int
        As ``find_lines`` tells them.
    source : str
        The name of the text in messages.
    """

    value: Any
    path: Path
    lines: Mapping[Path, int]
    source: str

    def __contains__(self, key: str) -> bool:
        return key in self.value

    def __getitem__(self, key: str | int) -> Entry:
        return Entry(self.value[key], (*self.path, key), self.lines, self.source)

    def find(self, key: str) -> Entry | None:
        """Look a key up; None where it is not given."""
        return self[key] if key in self.value else None

    @property
    def name(self) -> str:
        """Write the path down as ``grid.further[1].band``; rows count from 1."""
        parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in self.path]
        return "".join(parts).removeprefix(".")

    def error(self, fault: str) -> ProfileError:
        """Make the error that names the text, the line and the key.

        Parameters
        ----------
        fault : str
            What is wrong, with the way out; it follows the key.

        Returns
        -------
        ProfileError
        """
        return ProfileError(f"{self.source}, line {self.lines.get(self.path, 1)}: {f'{self.name} {fault}'.strip()}")

    def missing(self, key: str, way_out: str) -> ProfileError:
        """Make the error that names a key which this table lacks."""
        absent = Entry(None, (*self.path, key), self.lines, self.source).name
        return ProfileError(f"{self.source}, line {self.lines.get(self.path, 1)}: {absent} is missing; {way_out}")

    def wrong(self, fault: str) -> ProfileError:
        """Make the error that shows the value too: ``grid.target = 600 <fault>``."""
        return self.error(f"= {self.value!r} {fault}")

    def table(self, known: tuple[str, ...], form: str) -> Entry:
        """Check that this is a table of known keys.

        Parameters
        ----------
        known : tuple of str
            The keys it may hold.
        form : str
            How such a table is written, for the message.

        Returns
        -------
        Entry
            Itself.

        Raises
        ------
        ProfileError
            Naming the line of the first unknown key and the known key nearest to it.
        """
        if not isinstance(self.value, dict):
            raise self.wrong(f"is no table; write {form}")
        for key in self.value:
            if key not in known:
                near = get_close_matches(key, known, 1)
                guess = f"did you mean {near[0]!r}? " if near else ""
                raise self[key].error(f"is not known; {guess}known are {', '.join(known)}")
        return self

    def rows(self, key: str, known: tuple[str, ...], form: str) -> list[Entry]:
        """Check that a key holds an array of tables, if it is given, and list its rows."""
        found = self.find(key)
        if found is None:
            return []
        if not isinstance(found.value, list):
            raise found.wrong(f"is no array of tables; write {form}")
        return [found[at].table(known, form) for at in range(len(found.value))]

    def text(self, key: str, default: str = "") -> str:
        """Look a text up.

        Raises
        ------
        ProfileError
            If the value is no text.
        """
        found = self.find(key)
        if found is None:
            return default
        if not isinstance(found.value, str):
            raise found.wrong(f'is no text; write {key} = "..."')
        return found.value

    def required(self, key: str) -> str:
        """Look a text up that must be there and say something."""
        if key not in self:
            raise self.missing(key, f'add {key} = "..."')
        if not self.text(key):
            raise self[key].error(f'is empty; write {key} = "..."')
        return self.text(key)

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        """Look up a text that is one of a few."""
        found = self.text(key, default)
        if found not in choices:
            raise self[key].wrong(f"is not one of {', '.join(choices)}")
        return found

    def whole(self) -> int:
        """Return the value as a whole number from 1 on.

        Raises
        ------
        ProfileError
            If it is none.
        """
        if type(self.value) is not int or self.value < 1:
            raise self.wrong("is no whole number above 0")
        return self.value

    def number(self, low: float, high: float) -> float:
        """Return the value as a number between two limits, both included."""
        if type(self.value) not in (int, float) or not low <= self.value <= high:
            raise self.wrong(f"is no number from {low:g} to {high:g}")
        return float(self.value)
