"""Give the areas that edits make ids and codes that were never used before: the numbers of their parent go on."""

from __future__ import annotations

from gridgeo.model.errors import EditError
from gridgeo.model.levels import AreaKind

from . import naming
from .draft_sheet import Sheet


def add_area(
    sheet: Sheet, level: str, parent_id: str, *, kind: str = AreaKind.BASE, name: str | None, new_id: str | None
) -> str:
    """Enter a new area in the register.

    Parameters
    ----------
    sheet : Sheet
    level, parent_id : str
    kind : str
        ``"base"`` or ``"exclusive"``.
    name : str or None
        Without it, the area is named by its number as ``partition`` names areas.
    new_id : str or None
        Its id; without it, the parent's id and the number after the highest that was ever used behind it.

    Returns
    -------
    str
        The id.

    Raises
    ------
    EditError
        If ``new_id`` was used before or is not made of the parent's id and a number.
    """
    number = sheet.last.get(parent_id, 0) + 1 if new_id is None else _number_of(sheet, parent_id, new_id)
    above = sheet.rows[parent_id]
    area_id = f"{parent_id}-{number:02d}" if new_id is None else new_id
    code = _code(str(above["code"]), number, level, area_id)
    while new_id is None and (is_used(sheet, area_id) or code in sheet.codes):
        number += 1
        area_id = f"{parent_id}-{number:02d}"
        code = _code(str(above["code"]), number, level, area_id)
    if code in sheet.codes:
        raise EditError(f"code: code {code!r} of new area {area_id!r} was used before; give another new id")
    sheet.put("last", parent_id, max(number, sheet.last.get(parent_id, 0)))
    sheet.put("codes", code, True)
    row = {
        "code": code,
        "name": name or naming._name(str(above["name"]), number, level),
        "level": level,
        "kind": str(kind),
        "parent_id": parent_id,
    }
    sheet.put("rows", area_id, {**dict.fromkeys(sheet.plan.register.columns), **row})
    return area_id


def retire_area(sheet: Sheet, area_id: str) -> None:
    """Take an area out of the register; neither its id nor its code is used again."""
    sheet.put("rows", area_id, None)
    sheet.put("retired", area_id, True)


def is_used(sheet: Sheet, area_id: str) -> bool:
    """Tell whether an id is, or ever was, an area's."""
    return area_id in sheet.rows or area_id in sheet.retired


def _number_of(sheet: Sheet, parent_id: str, new_id: str) -> int:
    if is_used(sheet, new_id):
        raise EditError(f"new_id: id {new_id!r} was used before, and ids are never used again; leave it out")
    number = naming._number_in(new_id, parent_id)
    if number < 1:
        raise EditError(f"new_id: {new_id!r} is not {parent_id!r}, a dash and a number; leave it out")
    return number


def _code(above: str, number: int, level: str, area_id: str) -> str:
    """Make a code; an area whose number has more digits than its place in the code takes its id."""
    fits = number < 10 ** naming._DIGITS[level]
    return naming._code(above, number, level, area_id) if fits else area_id
