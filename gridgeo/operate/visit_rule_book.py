"""Read the rules that say how often households, firms, villages and grids are visited, from TOML.

The shipped rules are those of published papers, each with its source. A user's own file has the same form::

    name = "our-town"
    source = "order no. 12 of 2026"

    [[rules]]
    id = "household"
    kind = "household"            # as in the subjects' column "kind"
    every = "quarter"             # day, week, month, quarter, half_year, year

    [[rules]]
    id = "listed"
    kind = "household"
    groups = ["empty_nest"]       # only subjects in one of these groups
    every = "month"

    [[rules]]
    id = "sweep"
    kind = "village"
    on_days = [1, 15]             # of the month, instead of every
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from gridgeo.model.errors import ProfileError
from gridgeo.model.profile_text import Entry, find_lines
from gridgeo.model.rule_files import find_rules, list_rules

from .visit_periods import PERIODS, period_length

_FORM = '[[rules]] with id = "...", kind = "..." and every = "quarter" or on_days = [1, 15]'
_TOP = ("name", "title", "title_zh", "source", "about", "rules")
_RULE = ("id", "kind", "groups", "every", "on_days", "en", "zh")
_FOLDER = "visit_rules"
_LAST_DAY = 28
"""The last day of the month that every month has."""


@dataclass(frozen=True)
class VisitRule:
    """How often subjects of one kind are visited.

    Parameters
    ----------
    id : str
        Its name in tables.
    kind : str
        Of the subjects.
    groups : tuple of str
        Only subjects in one of them; empty for all of the kind.
    every : str
        ``day``, ``week``, ``month``, ``quarter``, ``half_year`` or ``year``; empty where ``on_days`` is given.
    on_days : tuple of int
        Days of the month.
    en, zh : str
        What the source says.
    source : str
    """

    id: str
    kind: str
    groups: tuple[str, ...]
    every: str
    on_days: tuple[int, ...]
    en: str
    zh: str
    source: str

    @property
    def days(self) -> float:
        """Give about how many days lie between two visits."""
        return period_length(self.every, self.on_days)


@dataclass(frozen=True)
class VisitRules:
    """Rules of visits that are used together.

    Parameters
    ----------
    name, title, title_zh : str
    rules : tuple of VisitRule
        Ids are unique.
    """

    name: str
    title: str
    title_zh: str
    rules: tuple[VisitRule, ...]


def list_visit_rules() -> list[str]:
    """Name the rules of visits that come with gridgeo."""
    return list_rules(__package__, _FOLDER)


def load_visit_rules(*names: str | Path) -> VisitRules:
    """Load the rules of visits.

    Parameters
    ----------
    *names : str or Path
        Names that ``list_visit_rules`` tells, or own TOML files. Of several the rules are used together; a rule whose
        id stands in two of them is called ``name/id``.

    Returns
    -------
    VisitRules

    Raises
    ------
    ProfileError
        If there are no such rules, or naming the line of a file that is wrong and what to write there.
    """
    if not names:
        raise ProfileError(f"no visit rules named; known are {', '.join(list_visit_rules())}")
    loaded = [read_visit_rules(*find_rules(name, __package__, _FOLDER, "visit rules")) for name in names]
    if len(loaded) == 1:
        return loaded[0]
    counted = [rule.id for one in loaded for rule in one.rules]
    rules = [
        VisitRule(**{**vars(rule), "id": f"{one.name}/{rule.id}" if counted.count(rule.id) > 1 else rule.id})
        for one in loaded
        for rule in one.rules
    ]
    if len({rule.id for rule in rules}) < len(rules):
        raise ProfileError(f"visit rules {', '.join(one.name for one in loaded)}: two of these have the same name")
    name, title, title_zh = (" + ".join(getattr(one, key) for one in loaded) for key in ("name", "title", "title_zh"))
    return VisitRules(name, title, title_zh, tuple(rules))


def read_visit_rules(text: str, source: str = "visit rules") -> VisitRules:
    """Read rules of visits from the text of a TOML file.

    Parameters
    ----------
    text : str
    source : str
        What to call the text in messages.

    Returns
    -------
    VisitRules

    Raises
    ------
    ProfileError
        Naming the line, the key and what to write.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{source}: is no TOML: {error}") from None
    top = Entry(values, (), find_lines(text), source).table(_TOP, _FORM)
    name, paper = top.required("name"), top.required("source")
    entries = top.rows("rules", _RULE, _FORM)
    if not entries:
        raise top.missing("rules", f"add {_FORM}")
    rules: list[VisitRule] = []
    for entry in entries:
        rule = _read_rule(entry, paper)
        if rule.id in {other.id for other in rules}:
            raise entry["id"].wrong("stands more than once; ids must be unique")
        rules.append(rule)
    return VisitRules(name, top.text("title"), top.text("title_zh"), tuple(rules))


def _read_rule(entry: Entry, paper: str) -> VisitRule:
    on_days, groups = entry.find("on_days"), entry.find("groups")
    if (on_days is None) == ("every" not in entry):
        raise entry.error(f"needs either every or on_days; write every = one of {', '.join(PERIODS)}")
    return VisitRule(
        id=entry.required("id"),
        kind=entry.required("kind"),
        groups=() if groups is None else _read_groups(groups),
        every="" if on_days is not None else entry.choice("every", PERIODS, ""),
        on_days=() if on_days is None else _read_days(on_days),
        en=entry.text("en"),
        zh=entry.text("zh"),
        source=paper,
    )


def _read_groups(entry: Entry) -> tuple[str, ...]:
    if not isinstance(entry.value, list) or not entry.value:
        raise entry.wrong('is no list; write groups = ["empty_nest", "poor"]')
    for at, group in enumerate(entry.value):
        if not isinstance(group, str) or not group or len(group.split()) != 1:
            raise entry[at].wrong("is no single word")
    return tuple(entry.value)


def _read_days(entry: Entry) -> tuple[int, ...]:
    if not isinstance(entry.value, list) or not entry.value:
        raise entry.wrong("is no list; write on_days = [1, 15]")
    for at in range(len(entry.value)):
        if entry[at].whole() > _LAST_DAY:
            raise entry[at].wrong(f"is above {_LAST_DAY}; not every month has it")
    if len(set(entry.value)) < len(entry.value):
        raise entry.wrong("names a day more than once")
    return tuple(sorted(entry.value))
