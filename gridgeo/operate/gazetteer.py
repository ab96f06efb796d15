"""Know the names of a book's streets and estates, find them in text, and find names that look alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from .address_numbers import ESTATE, REGION, ROAD, Part
from .western_address import without_ending

_KINDS = (ROAD, ESTATE, REGION)
_LIKE_BIGRAMS = 0.4
"""Least share of pairs of letters that two names must have in common to be compared letter by letter."""
_COMPARED = 8
_LEAST_LIKENESS = 0.6
"""Least share of letters that two names must have in common: one slip in a name of three letters is let pass."""
_MOST_MEANT = 4
_COMMON_ENDING = "小区"


class Gazetteer:
    """The names of streets, estates and regions.

    Parameters
    ----------
    names : iterable of (kind, name)
        Names in the form in which they are compared.
    """

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._kinds: dict[str, set[str]] = defaultdict(set)
        self._aliases: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for kind, name in names:
            self._kinds[name].add(kind)
            for alias in _aliases_of(name):
                self._aliases[alias].add((kind, name))
        self._longest = max((len(name) for name in {*self._kinds, *self._aliases}), default=0)
        self._with_bigram: dict[str, list[str]] = defaultdict(list)
        for name, kinds in self._kinds.items():
            if kinds & {ROAD, ESTATE}:
                for pair in set(_bigrams(name)):
                    self._with_bigram[pair].append(name)

    def knows(self, name: str) -> bool:
        """Tell whether a name, or a short form of it, is known."""
        return name in self._kinds or name in self._aliases

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
                kinds = self._kinds.get(name) or {kind for kind, _ in self._aliases[name]}
                parts.append(Part(min(kinds, key=_KINDS.index), name, at, at + size))
            at += max(size, 1)
        return parts

    def meant(self, name: str) -> list[tuple[str, str, float]]:
        """List the names that a name may stand for.

        Parameters
        ----------
        name : str
            As it stands in the text.

        Returns
        -------
        list of (kind, name, likeness)
            Likeness 1 for the name itself, a little less for its short form, and less the more letters differ.
        """
        exact = [(kind, name, 1.0) for kind in sorted(self._kinds.get(name, ()), key=_KINDS.index)]
        short = [(kind, full, 0.95) for kind, full in sorted(self._aliases.get(name, ()))]
        return exact + short or self._similar(name)

    def _similar(self, name: str) -> list[tuple[str, str, float]]:
        pairs = _bigrams(name)
        common = Counter(other for pair in set(pairs) for other in self._with_bigram.get(pair, ()))
        near = [(2 * count / (len(set(pairs)) + len(other) + 1), other) for other, count in common.items()]
        near = sorted((pair for pair in near if pair[0] >= _LIKE_BIGRAMS), key=lambda pair: (-pair[0], pair[1]))
        found = []
        for _, other in near[:_COMPARED]:
            likeness = 1 - _edit_distance(name, other) / max(len(name), len(other))
            if likeness >= _LEAST_LIKENESS:
                found += [(kind, other, likeness) for kind in sorted(self._kinds[other] - {REGION})]
        return sorted(found, key=lambda row: -row[2])[:_MOST_MEANT]


def _aliases_of(name: str) -> list[str]:
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


def _edit_distance(first: str, second: str) -> int:
    """Count the letters to insert, drop or change, two neighbours that changed places counting once."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for at, letter in enumerate(first, 1):
        earlier, before, row = before, row, [at]
        for to, other in enumerate(second, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != other))
            if at > 1 and to > 1 and letter == second[to - 2] and other == first[at - 2]:
                cost = min(cost, earlier[to - 2] + 1)
            row.append(cost)
    return row[-1]
