"""Know the stages of the closed loop as papers name them, with the deadlines and the escalation that a rule states.

A loop is a TOML file; ``load_loop`` takes the name of one that gridgeo ships or the path of one's own::

    name = "ours"
    title = "Our loop"                      # also title_zh, source, about

    [[stages]]                              # in order
    zh = "受理派遣"
    en = "accept and dispatch"
    status = "dispatched"                   # what the stage ends in; left out by stages before the report

    [[deadlines]]
    category = "*"                          # or a code; * stands for all that no other row names
    status = "handled"                      # what must be reached
    since = "dispatched"                    # from when it counts; without it, from the status before on the way
    working_hours = 8

    [[levels]]                              # who may have a case, the nearest first
    level = "community"
    zh = "微循环"
    en = "micro loop"

    [[escalations]]                         # a case goes to the highest level that a rule names
    to = "street"
    status = "handled"                      # of which deadline; without it, of any
    overdue_hours = 0                       # at least so many working hours past it
    returns = 2                             # or: times it went back on its way
    category = "safety"                     # of which category; alone, it goes there at once
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gridgeo.model.columns import schema, size, text
from gridgeo.model.errors import ProfileError
from gridgeo.model.profile_text import Entry
from gridgeo.model.rule_files import find_rules, list_rules, read_rules
from gridgeo.model.service_tables import STATUSES
from gridgeo.model.tables import Table, empty

from .trace import MAIN_WAY

_FOLDER = "loops"
_KEYS = ("name", "title", "title_zh", "source", "about", "stages", "deadlines", "levels", "escalations")
_LONGEST_H = 100_000.0
DEADLINES = Table(
    "deadlines",
    "",
    schema(
        category=text(),
        status=text(isin=MAIN_WAY[1:]),
        since=text(required=False, isin=MAIN_WAY[:-1]),
        working_hours=size(),
    ),
)
"""Within how many working hours of ``since`` an incident of a category must be in ``status``."""


@dataclass(frozen=True)
class Stage:
    """One stage as its paper names it; ``status`` is empty for a stage before the report."""

    zh: str
    en: str
    status: str


@dataclass(frozen=True)
class LoopLevel:
    """Who may have a case: its name in the log, and the paper's words for it."""

    level: str
    zh: str = ""
    en: str = ""


@dataclass(frozen=True)
class Escalation:
    """When a case goes to a level.

    Parameters
    ----------
    to : str
        The level.
    category : str
        Which category it is about; ``*`` for all.
    status : str
        Of which deadline it speaks; empty for any.
    overdue_hours : float, working hours, optional
        At least so many past the deadline.
    returns : int, optional
        At least so many times back on its way. With neither, the case goes there at once.
    """

    to: str
    category: str = "*"
    status: str = ""
    overdue_hours: float | None = None
    returns: int | None = None


@dataclass(frozen=True)
class Loop:
    """The stages of a closed loop, its deadlines, and who takes a case that stays undone.

    Parameters
    ----------
    name, title, title_zh, source, about : str
    stages : tuple of Stage
    levels : tuple of LoopLevel
        The nearest first; a case begins with that one.
    escalations : tuple of Escalation
    limits : tuple of (category, status, since, working hours)
        See ``deadlines``.
    """

    name: str
    title: str
    stages: tuple[Stage, ...]
    title_zh: str = ""
    source: str = ""
    about: str = ""
    levels: tuple[LoopLevel, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    limits: tuple[tuple[str, str, str, float], ...] = ()

    @property
    def deadlines(self) -> pd.DataFrame:
        """Give the deadlines as a table ``DEADLINES``; empty where the source states none."""
        if not self.limits:
            return empty(DEADLINES)
        return pd.DataFrame(list(self.limits), columns=["category", "status", "since", "working_hours"])

    def stage(self, name: str) -> Stage:
        """Look a stage up by its Chinese or its English name.

        Raises
        ------
        ProfileError
            If the loop has no such stage.
        """
        for stage in self.stages:
            if name in (stage.zh, stage.en):
                return stage
        raise ProfileError(
            f"loop {self.name!r} has no stage {name!r}; its stages are {', '.join(stage.zh for stage in self.stages)}"
        )


def list_loops() -> list[str]:
    """Name the loops that gridgeo ships, in alphabetical order; each is a name for ``load_loop``."""
    return list_rules(__package__, _FOLDER)


def load_loop(name: str | Path) -> Loop:
    """Load a loop by its name, or from a TOML file.

    Parameters
    ----------
    name : str or Path
        A shipped name such as ``"shangdi"``, or the path of a file that ends in ``.toml``.

    Returns
    -------
    Loop

    Raises
    ------
    ProfileError
        If there is no such loop, or its file breaks the form; the message names the line, the key and the value.
    """
    return read_loop(*find_rules(name, __package__, _FOLDER, "loop"))


def read_loop(text: str, source: str = "loop") -> Loop:
    """Read a loop from TOML text; the form stands at the head of this module.

    Parameters
    ----------
    text : str
    source : str
        What to call it in messages.

    Returns
    -------
    Loop

    Raises
    ------
    ProfileError
        Naming the source, the line, the key and the value that break the form or contradict another.
    """
    root = read_rules(text, source).table(_KEYS, 'name = "..." and [[stages]]')
    name = root.required("name")
    levels = _levels(root)
    return Loop(
        name=name,
        title=root.text("title", name),
        stages=_stages(root),
        title_zh=root.text("title_zh"),
        source=root.text("source"),
        about=root.text("about"),
        levels=levels,
        escalations=_escalations(root, tuple(level.level for level in levels)),
        limits=_limits(root),
    )


def _stages(root: Entry) -> tuple[Stage, ...]:
    made: list[Stage] = []
    rows = root.rows("stages", ("zh", "en", "status"), '[[stages]] with zh, en and status = "..."')
    if not rows:
        raise root.missing("stages", 'add [[stages]] with zh, en and status = "..."')
    furthest = -1
    for row in rows:
        stage = Stage(row.required("zh"), row.required("en"), row.text("status"))
        if any({stage.zh, stage.en} & {other.zh, other.en} for other in made):
            raise row.error(f"is named like a stage above, {stage.zh!r} {stage.en!r}; give each a name of its own")
        if "status" in row:
            place = MAIN_WAY.index(row.choice("status", MAIN_WAY, ""))
            if place < furthest:
                raise row["status"].wrong(f"comes before {MAIN_WAY[furthest]!r} on the way; put the stages in order")
            furthest = place
        elif furthest >= 0:
            raise row.missing("status", f"only stages before the report have none; one of {', '.join(MAIN_WAY)}")
        made.append(stage)
    if furthest < 0:
        raise root["stages"].error("name no status; the report at least has one")
    return tuple(made)


def _levels(root: Entry) -> tuple[LoopLevel, ...]:
    made: list[LoopLevel] = []
    for row in root.rows("levels", ("level", "zh", "en"), '[[levels]] with level = "..."'):
        level = LoopLevel(row.required("level"), row.text("zh"), row.text("en"))
        if level.level in {other.level for other in made}:
            raise row["level"].wrong("stands twice; levels go up from the nearest")
        made.append(level)
    return tuple(made)


def _limits(root: Entry) -> tuple[tuple[str, str, str, float], ...]:
    made: list[tuple[str, str, str, float]] = []
    form = "[[deadlines]] with category, status and working_hours"
    for row in root.rows("deadlines", ("category", "status", "since", "working_hours"), form):
        category, status = row.required("category"), row.required("status")
        place = MAIN_WAY.index(row.choice("status", MAIN_WAY[1:], ""))
        since = row.choice("since", MAIN_WAY[:-1], MAIN_WAY[place - 1])
        if MAIN_WAY.index(since) >= place:
            raise row["since"].wrong(f"does not come before {status!r} on the way")
        if (category, status) in {limit[:2] for limit in made}:
            raise row.error(f"states {status!r} of category {category!r} a second time; keep one")
        if "working_hours" not in row:
            raise row.missing("working_hours", "add working_hours = number")
        made.append((category, status, since, row["working_hours"].number(0.0, _LONGEST_H)))
    return tuple(made)


def _escalations(root: Entry, levels: tuple[str, ...]) -> tuple[Escalation, ...]:
    made = []
    known = ("to", "category", "status", "overdue_hours", "returns")
    for row in root.rows("escalations", known, "[[escalations]] with to and overdue_hours, returns or category"):
        row.required("to")
        if not levels:
            raise row["to"].wrong("names a level, and the loop has none; add [[levels]]")
        to, hours, returns = row.choice("to", levels, ""), row.find("overdue_hours"), row.find("returns")
        if to == levels[0]:
            raise row["to"].wrong("is where a case begins; name a level above it")
        if hours is not None and returns is not None:
            raise returns.wrong("stands beside overdue_hours; write two rows")
        if hours is None and returns is None and row.text("category", "*") == "*":
            raise row.error("says not when; add overdue_hours, returns or category")
        if "status" in row:
            row.choice("status", tuple(STATUSES), "")
            if hours is None:
                raise row["status"].wrong("names a deadline without overdue_hours; add them")
        made.append(
            Escalation(
                to,
                row.text("category", "*"),
                row.text("status"),
                None if hours is None else hours.number(0.0, _LONGEST_H),
                None if returns is None else returns.whole(),
            )
        )
    return tuple(made)
