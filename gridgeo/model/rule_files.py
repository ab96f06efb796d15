"""Read rules that are data: TOML files of the package by name, and files of one's own by path."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from importlib import resources
from pathlib import Path

from .errors import ProfileError
from .profile_text import Entry, find_lines


def list_rules(package: str, folder: str) -> list[str]:
    """Name the files of a folder of a package, in alphabetical order."""
    files = resources.files(package).joinpath(folder).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def find_rules(name: str | Path, package: str, folder: str, word: str) -> tuple[str, str]:
    """Read the text of some rules.

    Parameters
    ----------
    name : str or Path
        A name of ``list_rules``, or the path of a file that ends in ``.toml``.
    package, folder : str
        Where those that are shipped stand; an empty folder where none are.
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
    names = list_rules(package, folder) if folder else []
    if str(name) in names:
        text = resources.files(package).joinpath(folder, f"{name}.toml").read_text(encoding="utf-8")
        return text, f"{word} {str(name)!r}"
    path = Path(name)
    if path.suffix != ".toml":
        near = get_close_matches(str(name), names, 1)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        choice = f"choose one of {', '.join(names)}, or name" if names else "name"
        verb = "are" if word.endswith("s") else "is"
        raise ProfileError(f"there {verb} no {word} {str(name)!r}; {choice} a .toml file{guess}")
    try:
        return path.read_text(encoding="utf-8-sig"), str(path)
    except UnicodeDecodeError:
        raise ProfileError(f"{word} file {str(path)!r} cannot be read: it is not UTF-8; save it as UTF-8") from None
    except OSError as error:
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
