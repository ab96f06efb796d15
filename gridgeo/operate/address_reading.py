"""Read an address text by the rules of its letters, Chinese or Latin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .address_numbers import Part
from .address_parts import cut_address
from .address_text import CleanText, clean, has_chinese
from .western_address import clean_western, cut_western

if TYPE_CHECKING:
    from .address_search import AddressSearch

_LONGEST_TEXT = 300
"""Longer texts are not addresses, and are answered with nothing."""


def is_askable(text: Any) -> bool:
    """Tell whether something can be an address at all: a text of at most 300 characters that is not blank."""
    return isinstance(text, str) and len(text.strip()) > 0 and len(text) <= _LONGEST_TEXT


def plain(text: str) -> CleanText:
    """Bring a text into the plain form of its letters."""
    return clean(text) if has_chinese(text) else clean_western(text)


def cut(text: str, search: AddressSearch | None = None) -> tuple[CleanText, list[list[Part]]]:
    """Cut a text into parts.

    Parameters
    ----------
    text : str
    search : AddressSearch, optional
        Whose names are told.

    Returns
    -------
    CleanText
        Its plain form.
    list of list of Part
        Every reading that makes sense, the likeliest first.
    """
    source = plain(text)
    if has_chinese(text):
        return source, cut_address(source.text, search.gazetteer.find if search else None)
    return source, cut_western(source.text, search.gazetteer.is_street if search else None)
