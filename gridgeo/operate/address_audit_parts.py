"""Cut a register of addresses into columns, one a part, so that rows can be held against each other."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from .address_numbers import BUILDING, ESTATE, FLOOR, NOTE, NUMBER, REGION, ROAD, ROOM, STAIRWELL
from .address_parts import cut_address
from .address_text import clean, has_chinese
from .western_address import clean_western, cut_western

NAMES = (ROAD, NUMBER, ESTATE, BUILDING)
"""Parts that tell a place: a building or a house number."""
INNER = (STAIRWELL, FLOOR, ROOM)
PARTS = (*NAMES, *INNER)
_TAIL = re.compile(
    r"(?P<head>.+?(?:栋|幢|棟|座|号楼|#|号|弄))(?:(?P<stairwell>[0-9]{1,2})单元)?(?:(?P<floor>[0-9]{1,2})[层楼])?"
    r"(?P<room>[0-9]{1,5})室"
)
_TWICE = re.compile(r"(?P<once>(?=[^一-龥]*[一-龥]).{2,12}?)[\s，,、|-]*(?P=once)")
_LONGEST_TEXT = 300
"""Longer texts are not addresses, and are not cut."""


def cut_register(texts: pd.Series) -> pd.DataFrame:
    """Cut addresses into their parts.

    Households of one building share the text before their stairwell and room: it is cut once.

    Parameters
    ----------
    texts : Series of text
        Missing values, empty and overlong texts have no parts.

    Returns
    -------
    DataFrame
        Indexed like ``texts``: ``road``, ``number``, ``estate``, ``building``, ``stairwell``, ``floor``, ``room``, each
        "" where an address has none, the floor only where there is no room; ``regions``, sorted and parted by blanks;
        ``repeated``: what stands twice in the text.
    """
    known: dict[str, dict[str, str]] = {}
    rows = []
    for text in texts:
        head, inner = _split(text) if isinstance(text, str) and len(text) <= _LONGEST_TEXT else ("", {})
        if head not in known:
            known[head] = _cut(head)
        rows.append({**known[head], **inner} if inner else known[head])
    frame = pd.DataFrame(rows, index=texts.index, columns=[*PARTS, "regions", "repeated"], dtype="str")
    return frame.assign(floor=frame["floor"].where(frame["room"] == "", ""))


def _split(text: str) -> tuple[str, dict[str, str]]:
    """Split a regular address after its building or number; give the rest by its parts."""
    match = _TAIL.fullmatch(text)
    if not match:
        return text, {}
    inner = {kind: (match[kind] or "").lstrip("0") for kind in INNER}
    return match["head"], inner


def _cut(text: str) -> dict[str, str]:
    """Cut one text; a stretch that stands twice counts once, and is told."""
    found = dict.fromkeys([*PARTS, "regions", "repeated"], "")
    if not text.strip():
        return found
    twice = _TWICE.search(text)
    if twice:
        found["repeated"] = twice["once"].strip()
        text = _TWICE.sub(r"\g<once>", text)
    plain = clean(text) if has_chinese(text) else clean_western(text)
    readings = cut_address(plain.text) if has_chinese(text) else cut_western(plain.text)
    regions: list[str] = []
    for part in readings[0] if readings else ():
        if part.kind == REGION:
            if part.key in regions:
                found["repeated"] = found["repeated"] or part.key
            regions.append(part.key)
        elif part.kind != NOTE and not found[part.kind]:
            found[part.kind] = part.key
    found["regions"] = " ".join(sorted(set(regions)))
    return found


def place_of(parts: pd.DataFrame) -> pd.Series:
    """Write the key of each row's building or house number, "" where its address tells neither.

    Parameters
    ----------
    parts : DataFrame
        As ``cut_register`` gives it.

    Returns
    -------
    Series of text
        Equal for two rows that mean one building.
    """
    key = join_parts(parts, NAMES)
    # The number beside an estate on a road is that of the gate; a hamlet's number is that of the house.
    house = (parts["number"] != "") & ((parts["estate"] == "") | (parts["road"] == ""))
    told = (parts["building"] != "") | house
    return key.where(told, "")


def join_parts(parts: pd.DataFrame, kinds: Iterable[str]) -> pd.Series:
    """Write some parts of each row as one text that no other parts give."""
    first, *rest = kinds
    key = parts[first]
    for kind in rest:
        key = key + "|" + parts[kind]
    return key
