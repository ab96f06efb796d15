"""Read division rules, each with its clause, source and strength, from TOML.

The shipped profiles hold the numbers of published papers and no others: what a paper does not state is not
in its profile. A user's own profile is a TOML file of the same form; ``gridgeo profiles show NAME`` prints one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from .errors import ProfileError
from .levels import Level

STRENGTHS = ("hard", "soft", "may")
_LEVEL_KEYS = {"households", "target", "strength", "clause"}
_TOP_KEYS = {"name", "title", "title_zh", "source", "about", "clauses", Level.GRID, Level.MICRO}
_CLAUSE_KEYS = {"id", "subject", "strength", "zh", "en", "does"}


UNLIMITED = 10**9
"""Upper end of a band whose rule states none."""


@dataclass(frozen=True)
class Limits:
    """How much of one measure an area of one level may hold.

    Parameters
    ----------
    low, high : int
        Both ends belong to the band; 0 and ``UNLIMITED`` where the rule states none.
    target : int
        What an area should hold where it is free to choose.
    strength : str
        ``"hard"`` may not be broken, ``"soft"`` is stated as usual practice, ``"may"`` is permitted.
    clause : str
        Id of the clause that states it.
    measure : str
        What is counted: a column of table ``ATOMS`` (``households``, ``persons``, ``area_m2`` ...), or ``grids``, the
        number of grids that a beat holds.
    weight : float
        How much missing the target counts beside the other measures of the level.
    """

    low: int
    high: int
    target: int
    strength: str = "hard"
    clause: str = ""
    measure: str = "households"
    weight: float = 1.0

    def holds(self, amount: int) -> bool:
        """Tell whether an amount lies in the band."""
        return self.low <= amount <= self.high


@dataclass(frozen=True)
class Exclusive:
    """Which institutions become areas of their own.

    Parameters
    ----------
    level : str
        The level of which they are areas.
    bands : mapping of site kind to Limits
        What such an area may hold, where the rule says so.
    clause : str
        Id of the clause that states it.
    """

    level: str
    bands: Mapping[str, Limits] = field(default_factory=dict)
    clause: str = ""


@dataclass(frozen=True)
class Clause:
    """One rule as its paper states it.

    Parameters
    ----------
    id, subject : str
        Name within the profile, and what the rule is about (size, boundary, nesting ...).
    strength : str
        As in ``Limits``.
    zh, en : str
        The paper's words, and their meaning in English.
    does : str
        What gridgeo does with it.
    """

    id: str
    subject: str
    strength: str
    zh: str = ""
    en: str = ""
    does: str = ""


@dataclass(frozen=True)
class Profile:
    """Division rules of a city or a service.

    Parameters
    ----------
    name, title, title_zh, source : str
        Who states the rules, and where.
    limits : mapping of level to Limits
        The levels that the rules divide into, outer level first, each with its main measure.
    clauses : tuple of Clause
        Every rule with its strength.
    further : mapping of level to tuple of Limits
        What else is measured at a level: persons beside households, a workload.
    labels : mapping of level to (English, Chinese)
        What the rules call an area of the level, where not by gridgeo's own word.
    exclusive : Exclusive, optional
        Which institutions become areas of their own.
    """

    name: str
    title: str
    limits: Mapping[str, Limits]
    title_zh: str = ""
    source: str = ""
    about: str = ""
    clauses: tuple[Clause, ...] = field(default=())
    further: Mapping[str, tuple[Limits, ...]] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    exclusive: Exclusive | None = None

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Profile:
        """Make a profile from what ``dataclasses.asdict`` tells of one.

        Parameters
        ----------
        facts : mapping

        Returns
        -------
        Profile
        """
        limits = {level: Limits(**values) for level, values in facts["limits"].items()}
        further = {
            level: tuple(Limits(**values) for values in rows) for level, rows in facts.get("further", {}).items()
        }
        labels = {level: (en, zh) for level, (en, zh) in facts.get("labels", {}).items()}
        site = facts.get("exclusive")
        if site is not None:
            site = Exclusive(**{**site, "bands": {kind: Limits(**band) for kind, band in site["bands"].items()}})
        clauses = tuple(Clause(**values) for values in facts["clauses"])
        made = {"limits": limits, "further": further, "labels": labels, "exclusive": site, "clauses": clauses}
        return cls(**{**facts, **made})

    @property
    def levels(self) -> list[str]:
        """Name the levels that the profile divides into, outer level first."""
        return [level for level in (Level.BEAT, Level.GRID, Level.MICRO) if level in self.limits]

    def limits_of(self, level: str) -> Limits:
        """Look up the band of a level.

        Raises
        ------
        ProfileError
            If the profile sets none.
        """
        if level not in self.limits:
            levels = ", ".join(self.levels)
            raise ProfileError(
                f"profile {self.name!r} sets no household limits for level {level!r}; its levels are {levels}"
            )
        return self.limits[level]


def list_profiles() -> list[str]:
    """Name the profiles that gridgeo ships.

    Returns
    -------
    list of str
        In alphabetical order; each is a name for ``load_profile``.
    """
    files = resources.files(__package__).joinpath("profiles").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_profile(name: str | Path) -> Profile:
    """Load a profile by its name, or from a TOML file.

    Parameters
    ----------
    name : str or Path
        A shipped name such as ``"guali-2024"``, or the path of a file that ends in ``.toml``.

    Returns
    -------
    Profile

    Raises
    ------
    ProfileError
        If there is no such profile, or its file breaks the form; the message names the line or the key.
    """
    if str(name) in list_profiles():
        text = resources.files(__package__).joinpath("profiles", f"{name}.toml").read_text(encoding="utf-8")
        return read_profile(text, f"profile {str(name)!r}")
    path = Path(name)
    if path.suffix != ".toml":
        raise ProfileError(
            f"there is no profile {str(name)!r}; choose one of {', '.join(list_profiles())}, or name a .toml file"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"profile file {str(path)!r} cannot be read: {error}") from None
    return read_profile(text, str(path))


def read_profile(text: str, source: str = "profile") -> Profile:
    """Read a profile from TOML text.

    Parameters
    ----------
    text : str
        The TOML document.
    source : str
        What to call it in messages.

    Returns
    -------
    Profile

    Raises
    ------
    ProfileError
        Naming the line of a syntax error, or the key and value that break the form.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{source}: {error}") from None
    _refuse_unknown(data, _TOP_KEYS, source)
    if not isinstance(data.get("name"), str) or not data["name"]:
        raise ProfileError(f'{source}: name is missing; add name = "..."')
    limits = {
        str(level): _limits(data[level], f"{source}: [{level}]") for level in (Level.GRID, Level.MICRO) if level in data
    }
    if Level.GRID not in limits:
        raise ProfileError(f"{source}: [grid] is missing; add [grid] with households = [low, high]")
    clauses = tuple(_clause(item, source) for item in data.get("clauses", []))
    known = {clause.id for clause in clauses}
    for level, limit in limits.items():
        if limit.clause and limit.clause not in known:
            raise ProfileError(f"{source}: [{level}] names clause {limit.clause!r}, which the profile does not hold")
    return Profile(
        name=data["name"],
        title=data.get("title", data["name"]),
        title_zh=data.get("title_zh", ""),
        source=data.get("source", ""),
        about=data.get("about", ""),
        limits=limits,
        clauses=clauses,
    )


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise ProfileError(f"{where}: key {key!r} is not known; known are {', '.join(sorted(known))}")


def _limits(table: Any, where: str) -> Limits:
    if not isinstance(table, dict):
        raise ProfileError(f"{where}: must be a table with households = [low, high]")
    _refuse_unknown(table, _LEVEL_KEYS, where)
    band = table.get("households")
    if not (isinstance(band, list) and len(band) == 2 and all(type(value) is int for value in band)):
        raise ProfileError(f"{where}: households is {band!r}, not [low, high] in whole households")
    low, high = band
    if not 0 < low <= high:
        raise ProfileError(f"{where}: households = [{low}, {high}] is no band; low must be above 0 and not above high")
    target = table.get("target", (low + high) // 2)
    if type(target) is not int or not low <= target <= high:
        raise ProfileError(f"{where}: target is {target!r}, outside households = [{low}, {high}]")
    strength = table.get("strength", "hard")
    if strength not in STRENGTHS:
        raise ProfileError(f"{where}: strength is {strength!r}, not one of {', '.join(STRENGTHS)}")
    return Limits(low, high, target, strength, str(table.get("clause", "")))


def _clause(table: Any, source: str) -> Clause:
    where = f"{source}: [[clauses]] {table.get('id', '?') if isinstance(table, dict) else table!r}"
    if not isinstance(table, dict):
        raise ProfileError(f"{where}: must be a table")
    _refuse_unknown(table, _CLAUSE_KEYS, where)
    for key in ("id", "subject", "strength"):
        if not isinstance(table.get(key), str):
            raise ProfileError(f'{where}: {key} is missing; add {key} = "..."')
    if table["strength"] not in STRENGTHS:
        raise ProfileError(f"{where}: strength is {table['strength']!r}, not one of {', '.join(STRENGTHS)}")
    return Clause(**table)
