"""Tell how a Chinese name sounds, so that one that was heard and written down otherwise is found."""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import islice, product

_MOST_KEYS = 8
_FOLDS = (("zh", "z"), ("ch", "c"), ("sh", "s"))
"""Sounds at the start of a syllable that many speakers do not tell apart; nor ``n`` from ``ng`` at its end."""


@lru_cache(maxsize=50_000)
def sound_keys(name: str) -> tuple[str, ...]:
    """List the ways in which a name may sound.

    Parameters
    ----------
    name : str
        Chinese characters; other letters sound like themselves.

    Returns
    -------
    tuple of str
        Syllables without tone; several where a character is read in several ways, at most 8.
    """
    readings = product(*(_syllables(character) for character in name))
    return tuple(dict.fromkeys(" ".join(reading) for reading in islice(readings, _MOST_KEYS)))


@lru_cache(maxsize=50_000)
def typed_keys(name: str) -> tuple[tuple[str, str], ...]:
    """List how a name may be typed in Latin letters.

    Parameters
    ----------
    name : str

    Returns
    -------
    tuple of (str, str)
        Its pinyin in one word, and its initials: ``jinlanyuan`` and ``jly``.
    """
    readings = product(*(_pinyin(character) for character in name))
    return tuple(
        ("".join(reading), "".join(syllable[0] for syllable in reading)) for reading in islice(readings, _MOST_KEYS)
    )


@cache
def _syllables(character: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_fold(syllable) for syllable in _pinyin(character)))


@cache
def _pinyin(character: str) -> tuple[str, ...]:
    """Give the readings of one character, the commonest first; itself where it has none."""
    from pypinyin import Style, pinyin  # its dictionary takes a while to open

    return tuple(pinyin(character, style=Style.NORMAL, heteronym=True)[0])


def _fold(syllable: str) -> str:
    for sound, short in _FOLDS:
        if syllable.startswith(sound):
            syllable = short + syllable[len(sound) :]
    return syllable.removesuffix("g") if syllable.endswith("ng") else syllable
