"""Say what is to change in a plan: small frozen records of one edit each, as Python and as JSON.

An edit names atoms and areas; it holds no shapes of areas and no counts, so that the same edit can be made again on
another revision. ``gridgeo.design.redraw`` makes edits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias, cast

import numpy as np
import shapely

from .errors import EditError
from .levels import Level

EDIT_LEVELS = (str(Level.GRID), str(Level.MICRO))
"""Levels whose areas are redrawn by edits; communities change by ``Reparent``, beats follow their grids."""


@dataclass(frozen=True)
class Move:
    """Give atoms to an area.

    Parameters
    ----------
    atom_ids : iterable of str
        Kept in order, each once.
    area_id : str
        The area that receives them.
    level : str
        ``"grid"`` or ``"micro"``.

    Raises
    ------
    EditError
        From every edit: if a value is of the wrong kind; the message names the key and the value.
    """

    atom_ids: tuple[str, ...]
    area_id: str
    level: str = "grid"

    def __post_init__(self) -> None:
        """Put the values into their one form."""
        _settle(self, atom_ids=_ids(self, "atom_ids", 1), area_id=_id(self, "area_id"), level=_level(self))


@dataclass(frozen=True)
class Merge:
    """Make one new area of several.

    Parameters
    ----------
    area_ids : iterable of str
        Two areas or more.
    level : str
        ``"grid"`` or ``"micro"``.
    name : str, optional
        Of the new area; without it, it is named by its number.
    new_id : str, optional
        Id of the new area. Left out, the next number that was never used is taken; a draft notes it here.
    """

    area_ids: tuple[str, ...]
    level: str = "grid"
    name: str | None = None
    new_id: str | None = None

    def __post_init__(self) -> None:
        """Put the values into their one form."""
        _settle(self, area_ids=_ids(self, "area_ids", 2), level=_level(self))
        _settle(self, name=_text_or_none(self, "name"), new_id=_text_or_none(self, "new_id"))


@dataclass(frozen=True)
class Split:
    """Make new areas of one, by a line, by a target or by the atoms that leave; just one of the three.

    Parameters
    ----------
    area_id : str
    line : LineString or WKT, metres, optional
        Drawn across the area, in the plan's CRS. The cut follows the borders of atoms nearest to it.
    target : int, households, optional
        What one of two parts should hold.
    atom_ids : iterable of str, optional
        The part that leaves.
    level : str
        ``"grid"`` or ``"micro"``.
    new_ids : iterable of str, optional
        Ids of the parts, in reading order. Left out, the next numbers that were never used are taken; a draft notes
        them here.
    """

    area_id: str
    line: str | None = None
    target: int | None = None
    atom_ids: tuple[str, ...] | None = None
    level: str = "grid"
    new_ids: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Put the values into their one form."""
        _settle(self, area_id=_id(self, "area_id"), level=_level(self))
        given = [key for key in ("line", "target", "atom_ids") if getattr(self, key) is not None]
        if len(given) != 1:
            said = f"gives {' and '.join(given)}" if given else "gives none of them"
            raise EditError(f"split of {self.area_id!r} {said}; give one of line, target and atom_ids")
        if self.line is not None:
            _settle(self, line=_line(self))
        if self.atom_ids is not None:
            _settle(self, atom_ids=_ids(self, "atom_ids", 1))
        if self.target is not None and (not _is_whole(self.target) or self.target < 1):
            raise _wrong(self, "target", "not a whole number of at least 1 household")
        if self.new_ids is not None:
            _settle(self, new_ids=_in_given_order(self, "new_ids", 2))

    @property
    def path(self) -> shapely.LineString | None:
        """Return the line as a shape."""
        return None if self.line is None else cast("shapely.LineString", shapely.from_wkt(self.line))


@dataclass(frozen=True)
class Rename:
    """Give an area of any level another name."""

    area_id: str
    name: str

    def __post_init__(self) -> None:
        """Put the values into their one form."""
        _settle(self, area_id=_id(self, "area_id"), name=_id(self, "name"))


@dataclass(frozen=True)
class Recode:
    """Give an area of any level another code, one that no area has had."""

    area_id: str
    code: str

    def __post_init__(self) -> None:
        """Put the values into their one form."""
        _settle(self, area_id=_id(self, "area_id"), code=_id(self, "code"))


@dataclass(frozen=True)
class Lock:
    """Keep areas as they are, and atoms where they are; or let them go again.

    Parameters
    ----------
    area_ids : iterable of str
        Areas of any level that neither gain nor lose an atom; they may be renamed and recoded.
    atom_ids : iterable of str
        Atoms that change neither their grid nor their micro grid.
    on : bool
        False lets them go.
    """

    area_ids: tuple[str, ...] = ()
    atom_ids: tuple[str, ...] = ()
    on: bool = True

    def __post_init__(self) -> None:
        """Put the values into their one form."""
        _settle(self, area_ids=_ids(self, "area_ids", 0), atom_ids=_ids(self, "atom_ids", 0), on=_on(self))
        if not self.area_ids and not self.atom_ids:
            raise EditError("lock: area_ids and atom_ids are both empty; name an area or an atom")


@dataclass(frozen=True)
class KeepTogether:
    """Keep atoms in one area, or let them go again.

    Parameters
    ----------
    atom_ids : iterable of str
        Two atoms or more to keep together; one or more to let go.
    on : bool
        False takes the atoms out of their groups.
    """

    atom_ids: tuple[str, ...]
    on: bool = True

    def __post_init__(self) -> None:
        """Put the values into their one form."""
        _settle(self, on=_on(self))
        _settle(self, atom_ids=_ids(self, "atom_ids", 2 if self.on else 1))


@dataclass(frozen=True)
class Reparent:
    """Put whole grids into another community, because communities changed.

    Parameters
    ----------
    area_ids : iterable of str
        Grids.
    community_id : str
    name : str, optional
        Name of a community that the plan does not have yet, which is then added; one that it has keeps its name.
    """

    area_ids: tuple[str, ...]
    community_id: str
    name: str | None = None

    def __post_init__(self) -> None:
        """Put the values into their one form."""
        _settle(self, area_ids=_ids(self, "area_ids", 1), community_id=_id(self, "community_id"))
        _settle(self, name=_text_or_none(self, "name"))


Edit: TypeAlias = Move | Merge | Split | Rename | Recode | Lock | KeepTogether | Reparent

WORDS: Mapping[type, str] = {
    Move: "move",
    Merge: "merge",
    Split: "split",
    Rename: "rename",
    Recode: "recode",
    Lock: "lock",
    KeepTogether: "keep_together",
    Reparent: "reparent",
}
"""What an edit is called in its record, under the key ``edit``."""
_KINDS = {word: kind for kind, word in WORDS.items()}


def write_edit(edit: Edit) -> dict[str, Any]:
    """Write an edit as a record of plain values, fit for JSON.

    Parameters
    ----------
    edit : Edit

    Returns
    -------
    dict
        ``edit`` (the word of ``WORDS``) and the edit's fields; those that are None are left out.

    Raises
    ------
    EditError
        If it is no edit.
    """
    if type(edit) not in WORDS:
        raise EditError(f"{edit!r} is no edit; make a {', '.join(kind.__name__ for kind in WORDS)}")
    record: dict[str, Any] = {"edit": WORDS[type(edit)]}
    for field in fields(edit):
        value = getattr(edit, field.name)
        if value is not None:
            record[field.name] = list(value) if isinstance(value, tuple) else value
    return record


def read_edit(record: Mapping[str, Any]) -> Edit:
    """Read an edit from its record.

    Parameters
    ----------
    record : mapping
        As ``write_edit`` writes it; a key with None counts as left out.

    Returns
    -------
    Edit

    Raises
    ------
    EditError
        If the record is none, its kind or a key is unknown, a key is missing, or a value is of the wrong kind.
    """
    if not isinstance(record, Mapping):
        raise EditError(f"an edit's record is {record!r}, not a mapping of keys to values")
    word = record.get("edit")
    kind = _KINDS.get(word) if isinstance(word, str) else None
    if kind is None:
        raise EditError(f"edit: key 'edit' is {word!r}; it is one of {', '.join(_KINDS)}")
    values = {key: value for key, value in record.items() if key != "edit" and value is not None}
    names = [field.name for field in fields(kind)]
    unknown = sorted(str(key) for key in values if key not in names)
    if unknown:
        raise EditError(f"{word}: key {unknown[0]!r} is unknown; its keys are {', '.join(names)}")
    try:
        made: Edit = kind(**values)
    except TypeError:
        needed = [field.name for field in fields(kind) if field.name not in values and _is_needed(kind, field.name)]
        raise EditError(f"{word}: key {needed[0]!r} is missing; its keys are {', '.join(names)}") from None
    return made


def _is_needed(kind: type, name: str) -> bool:
    """Tell whether a field has no default, which dataclasses keep as an attribute of the class."""
    return not hasattr(kind, name)


def _settle(edit: Any, **values: Any) -> None:
    for key, value in values.items():
        object.__setattr__(edit, key, value)


def _wrong(edit: Any, key: str, said: str) -> EditError:
    return EditError(f"{WORDS[type(edit)]}: key {key!r} is {getattr(edit, key)!r}, {said}")


def _id(edit: Any, key: str) -> str:
    value = getattr(edit, key)
    if not isinstance(value, str) or not value or value != value.strip():
        raise _wrong(edit, key, "not a text without spaces around it")
    return str(value)


def _text_or_none(edit: Any, key: str) -> str | None:
    return None if getattr(edit, key) is None else _id(edit, key)


def _in_given_order(edit: Any, key: str, least: int) -> tuple[str, ...]:
    value = getattr(edit, key)
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise _wrong(edit, key, "not a list of ids")
    ids = tuple(value)
    wrong = next((each for each in ids if not isinstance(each, str) or not each or each != each.strip()), None)
    if wrong is not None or None in ids:
        raise EditError(f"{WORDS[type(edit)]}: key {key!r} holds {wrong!r}, not a text without spaces around it")
    if len(set(ids)) < least:
        raise _wrong(edit, key, f"{len(set(ids))} different ids; it takes at least {least}")
    return tuple(dict.fromkeys(str(each) for each in ids))


def _ids(edit: Any, key: str, least: int) -> tuple[str, ...]:
    return tuple(sorted(_in_given_order(edit, key, least)))


def _level(edit: Any) -> str:
    if str(edit.level) not in EDIT_LEVELS:
        raise _wrong(edit, "level", f"not one of {', '.join(EDIT_LEVELS)}")
    return str(edit.level)


def _on(edit: Any) -> bool:
    if not isinstance(edit.on, bool):
        raise _wrong(edit, "on", "neither true nor false")
    return edit.on


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _line(edit: Any) -> str:
    """Write a line as WKT to the micrometre, which reads back to itself."""
    line = edit.line
    if isinstance(line, str):
        try:
            with np.errstate(invalid="ignore"):
                line = shapely.from_wkt(line)
        except shapely.errors.GEOSException:
            raise _wrong(edit, "line", "not well-known text of a LINESTRING") from None
    if not isinstance(line, shapely.LineString) or line.is_empty or not line.length > 0:
        raise _wrong(edit, "line", "not a LINESTRING of some length")
    if not bool(shapely.is_valid(line)):
        raise _wrong(edit, "line", "with a coordinate that is no number")
    return str(shapely.to_wkt(shapely.force_2d(line)))
