"""Read rules that are data: TOML files of the package by name, and files of one's own by path."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from importlib import resources
from pathlib import Path

from gridgeo.model.errors import ProfileError
from gridgeo.model.profile_text import Entry, find_lines


def list_rules(folder: str) -> list[str]:
    """Name the files of a folder of the package, in alphabetical order."""
    files = resources.files(__package__).joinpath(folder).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def find_rules(name: str | Path, folder: str, word: str) -> tuple[str, str]:
    """Read the text of some rules.

    Parameters
    ----------
    name : str or Path
        A name of ``list_rules``, or the path of a file that ends in ``.toml``.
    folder : str
        Of the package; empty where it ships none.
    word : str
        What such rules are called in messages.

    Returns
    -------
    text : str
    source : str
        What to call it in messages.

    Raises
    ------
    ProfileError
        If there are no such rules.
    """
    names = list_rules(folder) if folder else []
    if str(name) in names:
        text = resources.files(__package__).joinpath(folder, f"{name}.toml").read_text(encoding="utf-8")
        return text, f"{word} {str(name)!r}"
    path = Path(name)
    if path.suffix != ".toml":
        near = get_close_matches(str(name), names, 1)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        choice = f"choose one of {', '.join(names)}, or name" if names else "name"
        raise ProfileError(f"there is no {word} {str(name)!r}; {choice} a .toml file{guess}")
    try:
        return path.read_text(encoding="utf-8-sig"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{word} file {str(path)!r} cannot be read: {error}") from None


def read_rules(text: str, source: str) -> Entry:
    """Read a TOML text so that every value knows its line.

    Raises
    ------
    ProfileError
        Naming the line that is no TOML.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        place = re.search(r" \(at line (\d+), column (\d+)\)$", words)
        line = place[1] if place else str(len(text.splitlines()) or 1)
        said = words[: place.start()] if place else words.removesuffix(" (at end of document)")
        raise ProfileError(f"{source}, line {line}: {said}") from None
    return Entry(data, (), find_lines(text), source)
