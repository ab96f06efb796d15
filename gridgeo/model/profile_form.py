"""Read division rules from TOML: the form of a profile file, and what in it contradicts itself.

A level states how much an area holds, one key a measure, and how binding that is::

    [grid]                                  # also [beat] and [micro]
    households = [300, 500]                 # or {min = 300}, {max = 500}, {target = 400},
                                            # {target = 400, tolerance = 0.1}; also persons, area_m2, of a beat grids
    target = 400                            # of the main measure
    balance = "households"                  # the main measure; if not stated: households, of a beat grids, or the first
    strength = "hard"                       # or "soft", "may"
    clause = "grid-size"                    # the clause that says so
    label = "SA1"                           # what the rules call such an area; also label_zh

    [[grid.further]]                        # other measures, also columns of the caller's own
    measure = "persons"
    target = 1500                           # or band = [low, high], or both
    strength = "soft"

    [exclusive]                             # which institutions become areas of their own
    level = "micro"
    [exclusive.bands.commercial]
    persons = [200, 300]

A level whose source states no size says so: ``unstated = "how many households a grid holds"``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from itertools import product

from .errors import ProfileError
from .levels import Level
from .profile import STRENGTHS, UNLIMITED, Clause, Exclusive, Limits, Profile
from .profile_text import Entry, find_lines

TARGET_OF_HIGHEST = Fraction(3, 4)
"""The target as a share of an upper limit, where a rule states nothing else: gridgeo's choice, not the source's."""
TARGET_OF_LOWEST = Fraction(3, 2)
"""The target as a multiple of a lower limit, where a rule states nothing else: gridgeo's choice, not the source's."""

MEASURES = ("households", "persons", "area_m2", "grids")
"""Measures that a level names as keys; every other column of the atoms is named in its ``further`` rows."""
LEVELS = (str(Level.BEAT), str(Level.GRID), str(Level.MICRO))
_TOP_KEYS = ("name", "title", "title_zh", "country", "source", "about", *LEVELS, "exclusive", "clauses")
_RULE_KEYS = ("target", "strength", "weight", "clause")
_LEVEL_KEYS = (*MEASURES, *_RULE_KEYS, "balance", "label", "label_zh", "further", "unstated")
_FURTHER_KEYS = ("measure", "band", "tolerance", *_RULE_KEYS)
_BAND_KEYS = ("min", "max", "target", "tolerance")
_CLAUSE_KEYS = ("id", "level", "subject", "strength", "zh", "en", "does")
_LEVEL_FORM = "[grid] with households = [low, high]"
_BAND_FORM = "[low, high], {min = low}, {max = high} or {target = number}"


def read_form(text: str, source: str) -> Profile:
    """Read a profile; see ``gridgeo.model.profile.read_profile``."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(str(error), text, source) from None
    root = Entry(data, (), find_lines(text), source).table(_TOP_KEYS, _LEVEL_FORM)
    name = root.required("name")
    clauses = _clauses(root)
    known = {clause.id for clause in clauses}
    tables = {level: _level_table(root, level) for level in LEVELS if level in root}
    if str(Level.GRID) not in tables and str(Level.BEAT) not in tables:
        raise root.missing("[grid]", f"add {_LEVEL_FORM}")
    rules = {level: _rules(table, level, known) for level, table in tables.items() if "unstated" not in table}
    if str(Level.MICRO) in rules and str(Level.GRID) not in rules:
        raise tables[str(Level.MICRO)].error(f"lies inside a grid, and no size of a grid is stated; add {_LEVEL_FORM}")
    _check_nesting(tables, rules)
    return Profile(
        name=name,
        title=root.text("title", name),
        title_zh=root.text("title_zh"),
        country=root.text("country"),
        source=root.text("source"),
        about=root.text("about"),
        limits={level: found[0] for level, found in rules.items()},
        further={level: tuple(found[1:]) for level, found in rules.items() if len(found) > 1},
        labels={level: _label(table) for level, table in tables.items() if "label" in table or "label_zh" in table},
        unstated={level: table.required("unstated") for level, table in tables.items() if "unstated" in table},
        exclusive=_exclusive(root, tuple(rules), known),
        clauses=clauses,
    )


def _syntax_error(words: str, text: str, source: str) -> ProfileError:
    """Put the line that tomllib names, or the last one, where all messages have it."""
    place = re.search(r" \(at line (\d+), column (\d+)\)$", words)
    if place is None:
        line, said = len(text.splitlines()) or 1, words.removesuffix(" (at end of document)")
        return ProfileError(f"{source}, line {line}, at the end: {said}")
    return ProfileError(f"{source}, line {place[1]}, column {place[2]}: {words[: place.start()]}")


def _clauses(root: Entry) -> tuple[Clause, ...]:
    made: dict[str, Clause] = {}
    for row in root.rows("clauses", _CLAUSE_KEYS, '[[clauses]] with id = "..."'):
        name = row.required("id")
        if name in made:
            raise row["id"].wrong("names two clauses; give each a name of its own")
        row.required("subject")
        row.required("strength")
        row.choice("strength", STRENGTHS, "")
        if "level" in row:
            row.choice("level", tuple(map(str, Level)), "")
        made[name] = Clause(**{key: row.text(key) for key in row.value})
    return tuple(made.values())


def _level_table(root: Entry, level: str) -> Entry:
    table = root[level]
    for key, value in table.value.items() if isinstance(table.value, dict) else ():
        if isinstance(value, list | dict) and not get_close_matches(key, _LEVEL_KEYS, 1):
            raise table[key].error(
                f"is no measure that gridgeo names ({', '.join(MEASURES)}); "
                f'a column of your own is a row [[{level}.further]] with measure = "{key}" and band = [low, high]'
            )
    table.table(_LEVEL_KEYS, f"[{level}] with households = [low, high]")
    if "unstated" in table:
        for key in table.value:
            if key not in ("unstated", "label", "label_zh"):
                raise table[key].error("is stated, and the level says unstated; keep one of the two")
    return table


def _label(table: Entry) -> tuple[str, str]:
    label = table.required("label")
    return label, table.text("label_zh", label)


@dataclass(frozen=True)
class _Rule:
    """One measure as the file states it, before the missing numbers are filled in."""

    measure: str
    place: Entry
    band: Entry | None
    target: Entry | None
    tolerance: Entry | None
    weight: Entry | None
    strength: str
    clause: str


def _rules(table: Entry, level: str, known: set[str]) -> list[Limits]:
    """Read the measures of a level, its main one first."""
    stated = [_stated(table, table[key], key, known) for key in table.value if key in MEASURES]
    further = table.rows("further", _FURTHER_KEYS, f"[[{level}.further]] with measure and band")
    stated += [_stated(row, row.find("band"), row.required("measure"), known) for row in further]
    if not stated:
        raise table.missing("households", f"add households = {_BAND_FORM}, or another of {', '.join(MEASURES)}")
    names = [rule.measure for rule in stated]
    for at, rule in enumerate(stated):
        if rule.measure in names[:at]:
            raise rule.place.error(f"states {rule.measure} a second time; keep one")
        if rule.measure == "grids" and level != Level.BEAT:
            raise rule.place.error("counts grids, which only a [beat] is made of; state households, persons or area_m2")
    usual = ["grids"] * (level == Level.BEAT) + ["households", names[0]]
    main = table.choice("balance", tuple(names), next(name for name in usual if name in names))
    return [_main(table, rule) for rule in stated if rule.measure == main] + [
        _limits(rule) for rule in stated if rule.measure != main
    ]


def _stated(table: Entry, band: Entry | None, measure: str, known: set[str]) -> _Rule:
    """Gather what a level, or one of its further rows, says of a measure."""
    clause = table.text("clause")
    if clause and clause not in known:
        raise table["clause"].wrong("names a clause that the profile does not hold; add it to [[clauses]]")
    is_row = "measure" in table
    target, tolerance, weight = (table.find(key) if is_row else None for key in ("target", "tolerance", "weight"))
    if band is not None and isinstance(band.value, dict):
        band.table(_BAND_KEYS, _BAND_FORM)
        target, tolerance = _either(target, band.find("target")), _either(tolerance, band.find("tolerance"))
        if target is not None and not band.value.keys() & {"min", "max"}:
            band = None
    return _Rule(
        measure=measure,
        place=table if is_row else table[measure],
        band=band,
        target=target,
        tolerance=tolerance,
        weight=weight,
        strength=table.choice("strength", STRENGTHS, "hard"),
        clause=clause,
    )


def _either(first: Entry | None, second: Entry | None) -> Entry | None:
    if first is not None and second is not None:
        raise second.wrong(f"is stated beside {first.name} = {first.value!r}; keep one")
    return second if first is None else first


def _main(table: Entry, rule: _Rule) -> Limits:
    """Fill in what the level says of its main measure alone: target and weight."""
    target, weight = (_either(getattr(rule, key), table.find(key)) for key in ("target", "weight"))
    filled = replace(rule, target=target, weight=weight)
    return _limits(filled, is_main=True)


def _limits(rule: _Rule, *, is_main: bool = False) -> Limits:
    """Make limits; what a rule leaves open is 0, ``UNLIMITED``, or a target that gridgeo chooses."""
    if rule.band is None and rule.target is None:
        raise rule.place.error("states neither a band nor a target; add band = [low, high] or target = number")
    low, high = (0, UNLIMITED) if rule.band is None else _band(rule.band)
    target = None if rule.target is None else rule.target.whole()
    if rule.tolerance is not None:
        share = rule.tolerance.number(0.0, 1.0)
        if rule.band is not None or target is None:
            raise rule.tolerance.error("makes a band of a target; state a target and no band beside it")
        low, high = max(target - round(target * share), 1), target + round(target * share)
    if rule.target is not None and target is not None and not low <= target <= high:
        raise rule.target.wrong(f"lies outside {rule.measure} {words_of(low, high)}; move the target or the band")
    # A target that nobody stated, of a band that is open at one end, must not pull beside the main measure.
    pulls = is_main or target is not None or (low > 0 and high < UNLIMITED)
    weight = float(pulls) if rule.weight is None else rule.weight.number(0.0, float(UNLIMITED))
    aim = default_target(low, high) if target is None else target
    return Limits(low, high, aim, rule.strength, rule.clause, rule.measure, weight)


def _band(band: Entry) -> tuple[int, int]:
    if isinstance(band.value, dict) and band.value.keys() & {"min", "max"}:
        low, high = (part.whole() if (part := band.find(key)) else None for key in ("min", "max"))
    elif isinstance(band.value, list) and len(band.value) == 2 and all(type(part) is int for part in band.value):
        low, high = band.value
    else:
        raise band.wrong(f"is no band of whole numbers; write {_BAND_FORM}")
    if low == 0:
        raise band.wrong(f"is no band; low must be above 0, and no lower limit is written {{max = {high}}}")
    if low is not None and high is not None and not 0 < low <= high:
        raise band.wrong(f"is no band; low {low} must be above 0 and not above high {high}")
    if max(low or 0, high or 0) >= UNLIMITED:
        raise band.wrong(f"is no band; gridgeo counts to {UNLIMITED - 1}, and no upper limit is written {{min = low}}")
    return (0 if low is None else low), (UNLIMITED if high is None else high)


def default_target(low: int, high: int) -> int:
    """Choose the target of a band whose rule states none: its middle, or by its only end."""
    if high >= UNLIMITED:
        return int(low * TARGET_OF_LOWEST)
    return (low + high) // 2 if low else max(int(high * TARGET_OF_HIGHEST), 1)


def words_of(low: int, high: int) -> str:
    """Write a band down: ``[300, 500]``, ``of at least 65``, ``of at most 200``."""
    if low and high < UNLIMITED:
        return f"[{low}, {high}]"
    return f"of at least {low}" if low else f"of at most {high}"


def _check_nesting(tables: Mapping[str, Entry], rules: Mapping[str, list[Limits]]) -> None:
    """Refuse micro grids that no grid can be made of, measure by measure."""
    grids, micros = (rules.get(str(level), []) for level in (Level.GRID, Level.MICRO))
    for grid, micro in product(grids, micros):
        if grid.measure != micro.measure:
            continue
        inner, outer = (f"{micro.measure} {words_of(limits.low, limits.high)}" for limits in (micro, grid))
        place = _place(tables[str(Level.MICRO)], micro.measure)
        if grid.high < micro.high < UNLIMITED:
            raise place.error(f"allows a micro grid of {micro.high}, more than grid.{outer} holds; lower it")
        # k micro grids hold at least k * low and at most k * high: one k must meet the grid's band.
        fewest = -(-grid.low // micro.high) or 1
        if fewest * micro.low > grid.high:
            raise place.error(
                f"cannot fill a grid: {fewest} micro grids of {inner} hold at least {fewest * micro.low}, "
                f"above grid.{outer}" + (f", and {fewest - 1} hold too few" if fewest > 1 else "") + "; change one band"
            )


def _place(table: Entry, measure: str) -> Entry:
    """Find where a level states a measure: at its key, or in one of its further rows."""
    if measure in table:
        return table[measure]
    rows = table["further"]
    return rows[next(at for at, row in enumerate(rows.value) if row["measure"] == measure)]


def _exclusive(root: Entry, levels: tuple[str, ...], known: set[str]) -> Exclusive | None:
    table = root.find("exclusive")
    if table is None:
        return None
    table.table(("level", "clause", "bands"), '[exclusive] with level = "micro"')
    table.required("level")
    level = table.choice("level", levels, "")
    clause = table.text("clause")
    if clause and clause not in known:
        raise table["clause"].wrong("names a clause that the profile does not hold; add it to [[clauses]]")
    bands = table.find("bands")
    made: dict[str, Limits] = {}
    if bands is not None:
        kinds = tuple(bands.value) if isinstance(bands.value, dict) else ()
        bands.table(kinds, "[exclusive.bands.KIND] with persons = [low, high]")
        for kind in kinds:
            row = bands[kind].table(
                (*MEASURES[:-1], *_RULE_KEYS), f"[exclusive.bands.{kind}] with persons = [low, high]"
            )
            found = _rules(row, level, known)
            if len(found) > 1:
                raise row.error(f"states {found[0].measure} and {found[1].measure}; keep one measure")
            made[kind] = found[0]
    return Exclusive(level, made, clause)
