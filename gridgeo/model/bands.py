"""Word a band, in English or in Chinese, and tell which amounts lie below it, inside it or above it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .profile import UNLIMITED, Limits

BELOW, WITHIN, ABOVE = -1, 0, 1
"""Sides of a band, as ``side_of`` tells them."""
SIDE_NAMES = {BELOW: "below", WITHIN: "within", ABOVE: "above"}

MEASURE_WORDS = {
    "en": {"area_m2": "m²"},
    "zh": {"households": "户", "persons": "人", "area_m2": "平方米", "grids": "个网格"},
}
"""What amounts of a measure are called; a measure that is not here is called by its own name."""
_FORMS = {
    "en": {
        "closed": "{low:,}{dash}{high:,}",
        "exact": "exactly {low:,}",
        "least": "at least {low:,}",
        "most": "at most {high:,}",
        "about": "about {target:,}",
    },
    "zh": {
        "closed": "{low:,}{dash}{high:,}",
        "exact": "{low:,}",
        "least": "不少于{low:,}",
        "most": "不超过{high:,}",
        "about": "约{target:,}",
    },
}


def lowest(limits: Limits) -> int | None:
    """Return the lower end of a band; None where its rule states none."""
    return limits.low if limits.low > 0 else None


def highest(limits: Limits) -> int | None:
    """Return the upper end of a band; None where its rule states none."""
    return limits.high if limits.high < UNLIMITED else None


def has_ends(limits: Limits) -> bool:
    """Tell whether a band has an end at all, or is a mere target."""
    return limits.low > 0 or limits.high < UNLIMITED


def measure_word(measure: str, language: str = "en") -> str:
    """Name what a band counts.

    Parameters
    ----------
    measure : str
        ``"households"``, ``"area_m2"`` ...
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str
        The measure as it stands, underscores as spaces, where there is no word for it.
    """
    return MEASURE_WORDS[language].get(measure, measure.replace("_", " "))


def say_band(limits: Limits, language: str = "en", *, unit: bool = True, dash: str = "-") -> str:
    """Word a band.

    Parameters
    ----------
    limits : Limits
    language : str
        ``"en"`` or ``"zh"``.
    unit : bool
        Whether to say what is counted.
    dash : str
        What stands between the ends of a closed band.

    Returns
    -------
    str
        Such as ``"300-500 households"``, ``"at most 200 households"``, ``"about 10,000 m²"``.

    Examples
    --------
    >>> say_band(Limits(65, UNLIMITED, 90), unit=False)
    'at least 65'
    >>> say_band(Limits(0, 200, 150), "zh")
    '不超过200户'
    """
    form = "closed" if limits.low < limits.high else "exact"
    if not has_ends(limits):
        form = "about"
    elif highest(limits) is None:
        form = "least"
    elif lowest(limits) is None:
        form = "most"
    said = _FORMS[language][form].format(low=limits.low, high=limits.high, target=limits.target, dash=dash)
    return say_amount(said, limits.measure, language) if unit else said


def say_amount(said: str | int, measure: str, language: str = "en") -> str:
    """Put the unit behind a number: ``"312 households"``, ``"312户"``."""
    number = said if isinstance(said, str) else f"{said:,}"
    gap = "" if language == "zh" and measure in MEASURE_WORDS["zh"] else " "
    return f"{number}{gap}{measure_word(measure, language)}"


def side_of(limits: Limits, amounts: Any) -> np.ndarray:
    """Tell on which side of a band amounts lie; both ends belong to it.

    Parameters
    ----------
    limits : Limits
    amounts : number, Series or array of numbers

    Returns
    -------
    array of int, shape of ``amounts``
        ``BELOW`` (-1), ``WITHIN`` (0) or ``ABOVE`` (1).
    """
    held = np.asarray(amounts)
    return (held > limits.high).astype(int) - (held < limits.low).astype(int)
