"""Read division rules, each with its clause, source and strength, from TOML.

The shipped profiles hold the numbers of published papers and no others: what a paper does not state is not in its
profile, and a paper that states no size has a profile that tells its rules and divides nothing. A user's own profile is
a TOML file of the same form, which ``gridgeo.model.profile_form`` describes; ``gridgeo profiles show NAME --toml``
prints one to start from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import ProfileError
from .levels import Level
from .rule_files import find_rules, list_rules

STRENGTHS = ("hard", "soft", "may")

_FOLDER = "profiles"
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

    @property
    def is_bounded(self) -> bool:
        """Tell whether the rule states a band that is to be kept, not a mere target."""
        return self.strength != "may" and (self.low > 0 or self.high < UNLIMITED)

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
    level : str
        The level it speaks of, where it speaks of one.
    """

    id: str
    subject: str
    strength: str
    zh: str = ""
    en: str = ""
    does: str = ""
    level: str = ""


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
    country : str
        Where the rules hold.
    unstated : mapping of level to str
        What the source leaves open about the size of a level that it names.
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
    country: str = ""
    unstated: Mapping[str, str] = field(default_factory=dict)

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

    @property
    def divides(self) -> bool:
        """Tell whether the profile states a size of grids, without which nothing can be divided."""
        return Level.GRID in self.limits

    def check_divides(self) -> None:
        """Refuse to divide by rules that state no size of grids.

        Raises
        ------
        ProfileError
            If there is none; it names what the source leaves open.
        """
        if self.divides:
            return
        left_open = self.unstated or {str(Level.GRID): "how many households a grid holds"}
        keys = [f"{'grids' if level == Level.BEAT else 'households'} under [{level}]" for level in left_open]
        raise ProfileError(
            f"profile {self.name!r} cannot divide: its source does not state {', nor '.join(left_open.values())}; in a "
            f"copy of its file (gridgeo profiles show NAME --toml prints it) put a [low, high] of your own for "
            f"{' and '.join(keys)}, in place of unstated"
        )

    def limits_of(self, level: str) -> Limits:
        """Look up the main band of a level.

        Raises
        ------
        ProfileError
            If the profile sets none.
        """
        if level not in self.limits:
            left_open = f"; its source does not state {self.unstated[level]}" if level in self.unstated else ""
            raise ProfileError(
                f"profile {self.name!r} sets no limits for level {level!r}; its levels with limits are "
                f"{', '.join(self.levels) or 'none'}{left_open}"
            )
        return self.limits[level]


def list_profiles() -> list[str]:
    """Name the profiles that gridgeo ships.

    Returns
    -------
    list of str
        In alphabetical order; each is a name for ``load_profile``.
    """
    return list_rules(__package__, _FOLDER)


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
    text, source = _file_of(name)
    return read_profile(text, source)


def profile_text(name: str | Path) -> str:
    """Return the TOML text of a profile, to start one's own from.

    Parameters
    ----------
    name : str or Path
        As in ``load_profile``.

    Returns
    -------
    str

    Raises
    ------
    ProfileError
        If there is no such profile.
    """
    return _file_of(name)[0]


def _file_of(name: str | Path) -> tuple[str, str]:
    """Read a profile's file; with it comes what messages call it."""
    return find_rules(name, __package__, _FOLDER, "profile")


def read_profile(text: str, source: str = "profile") -> Profile:
    """Read a profile from TOML text.

    Parameters
    ----------
    text : str
        The TOML document, in the form that ``gridgeo.model.profile_form`` describes.
    source : str
        What to call it in messages.

    Returns
    -------
    Profile

    Raises
    ------
    ProfileError
        Naming the source, the line, the key and the value that break the form or contradict another.
    """
    from .profile_form import read_form  # which makes what is defined here

    return read_form(text, source)
