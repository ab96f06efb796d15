"""Know the names of a book's streets and estates, find them in text, and find names that look or sound alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from rapidfuzz.distance import OSA

from .address_numbers import COMMUNITY, ESTATE, PLACE, REGION, ROAD, Part
from .address_sounds import sound_keys
from .address_text import has_chinese
from .western_address import without_ending

_KINDS = (ROAD, ESTATE, PLACE, COMMUNITY, REGION)
_READ_AS = {PLACE: ESTATE, COMMUNITY: REGION}
"""What a part of a text is whose name is that of a building, or of a community."""
_LIKE_BIGRAMS = 0.3
"""Least share of pairs of letters that two names must have in common to be compared letter by letter."""
_LEAST_LIKENESS = 0.6
"""Least share of letters that two names must have in common: one slip in a name of three letters is let pass."""
_SHORT_FORM = 0.95
_OTHER_SIGNS = 0.4
"""What a name loses that sounds the same, times the share of its characters that are written otherwise."""
_BEGINNING = 0.8
"""Likeness of the beginning of a name, such as 清河 for 清河苑, where no other name begins so."""
_PART_OF_WORDS = 0.95
"""What a name keeps that is found at the end of other words."""
_MOST_MEANT = 10
_COMMON_ENDING = "小区"

Named = tuple[str, str, float]
"""Kind, name and likeness."""


class Gazetteer:
    """The names of streets, estates, communities and regions.

    Parameters
    ----------
    names : iterable of (kind, name)
        Names in the form in which they are compared.
    aliases : mapping of str to (kind, name), optional
        Other names, each for one of the names; as good as the name itself.
    """

    def __init__(self, names: Iterable[tuple[str, str]], aliases: Mapping[str, tuple[str, str]] | None = None) -> None:
        self._kinds: dict[str, set[str]] = defaultdict(set)
        self._short: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._given: dict[str, tuple[str, str]] = dict(aliases or {})
        for kind, name in names:
            self._kinds[name].add(kind)
            for form in _short_forms(name):
                self._short[form].add((kind, name))
        self._longest = max((len(name) for name in {*self._kinds, *self._short, *self._given}), default=0)
        self._cached: dict[str, list[Named]] = {}

    @cached_property
    def _compared(self) -> list[str]:
        """Names that a misspelt one is compared with."""
        named = [name for name, kinds in self._kinds.items() if kinds - {REGION}]
        return sorted({*named, *self._given})

    @cached_property
    def _with_bigram(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name in self._compared:
            for pair in set(_bigrams(name)):
                found[pair].append(name)
        return found

    @cached_property
    def _with_sound(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name in self._compared:
            if has_chinese(name):
                for key in sound_keys(name):
                    found[key].append(name)
        return found

    @cached_property
    def _with_beginning(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name in self._compared:
            for size in range(2, len(name)) if has_chinese(name) else ():
                found[name[:size]].append(name)
        return found

    def knows(self, name: str) -> bool:
        """Tell whether a name, a short form or another name is known."""
        return name in self._kinds or name in self._short or name in self._given

    def is_street(self, name: str) -> bool:
        """Tell whether a name, a short form or another name is known, and not of a region alone."""
        return any(kind != REGION for kind, *_ in self._exact(name))

    def find(self, text: str) -> list[Part]:
        """Find known names in clean text, the longest first from the left; none overlaps another."""
        parts: list[Part] = []
        at = 0
        while at < len(text):
            size = min(self._longest, len(text) - at)
            while size > 1 and not self.knows(text[at : at + size]):
                size -= 1
            if size > 1:
                name = text[at : at + size]
                kind = min((kind for kind, *_ in self._exact(name)), key=_KINDS.index)
                parts.append(Part(_READ_AS.get(kind, kind), name, at, at + size))
            at += max(size, 1)
        return parts

    def meant(self, name: str) -> list[Named]:
        """List the names that a name may stand for.

        Parameters
        ----------
        name : str
            As it stands in the text.

        Returns
        -------
        list of (kind, name, likeness)
            Likeness 1 for the name itself and its other names, a little less for its short form, less where it only
            sounds the same, and less the more letters differ; at most 10.
        """
        exact = self._exact(name)
        if exact:
            return exact
        if name not in self._cached:
            if len(self._cached) > _MOST_CACHED:
                self._cached.clear()
            self._cached[name] = self._similar(name)
        return self._cached[name]

    def _exact(self, name: str) -> list[Named]:
        known = [(kind, name, 1.0) for kind in sorted(self._kinds.get(name, ()), key=_KINDS.index)]
        if name in self._given:
            known.append((*self._given[name], 1.0))
        return known + [(kind, full, _SHORT_FORM) for kind, full in sorted(self._short.get(name, ()))]

    def _similar(self, name: str) -> list[Named]:
        """List the names that look or sound like one; where there is none, like the end of its words."""
        found = self._looking_like(name)
        for other in self._with_beginning.get(name, ()):
            found[other] = max(found.get(other, 0.0), _BEGINNING)
        for key in sound_keys(name) if has_chinese(name) else ():
            for other in self._with_sound.get(key, ()):
                likeness = _likeness_of_sound(name, other)
                found[other] = max(found.get(other, 0.0), likeness)
        if not found and len(name) > _LONG_WORDS:
            return self._at_the_end(name)
        best = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_MOST_MEANT]
        return [(kind, full, likeness * sure) for other, likeness in best for kind, full, sure in self._targets(other)]

    def _targets(self, name: str) -> list[Named]:
        return [row for row in self._exact(name) if row[0] != REGION and row[2] == 1]

    def _at_the_end(self, name: str) -> list[Named]:
        """Look for a name at the end of words that say more: 你好我住清和苑."""
        for start in range(1, len(name) - 2):
            rest = name[start:]
            found = self._exact(rest) or (self._similar(rest) if len(rest) <= _LONG_WORDS else [])
            if found:
                return [(kind, full, likeness * _PART_OF_WORDS) for kind, full, likeness in found if kind != REGION]
        return []

    def _looking_like(self, name: str) -> dict[str, float]:
        pairs = set(_bigrams(name))
        common = Counter(other for pair in pairs for other in self._with_bigram.get(pair, ()))
        found = {}
        for other, count in common.items():
            if 2 * count >= _LIKE_BIGRAMS * (len(pairs) + len(other) + 1):
                likeness = OSA.normalized_similarity(name, other, score_cutoff=_LEAST_LIKENESS)
                if likeness:
                    found[other] = likeness
        return found


_MOST_CACHED = 20_000
_LONG_WORDS = 5
"""Letters up to which unknown words are taken for one name."""


def _short_forms(name: str) -> list[str]:
    """List the short forms of a name."""
    forms = []
    if name.endswith(_COMMON_ENDING) and len(name) >= len(_COMMON_ENDING) + 3:
        forms.append(name.removesuffix(_COMMON_ENDING))
    if without_ending(name) != name:
        forms.append(without_ending(name))
    return forms


def _bigrams(name: str) -> list[str]:
    padded = f"^{name}$"
    return [padded[at : at + 2] for at in range(len(padded) - 1)]


def _likeness_of_sound(name: str, other: str) -> float:
    """Rate two names that sound the same by the characters that are written otherwise."""
    if len(name) != len(other):
        return _LEAST_LIKENESS
    differing = sum(one != two for one, two in zip(name, other, strict=True))
    return 1 - _OTHER_SIGNS * differing / len(name)
