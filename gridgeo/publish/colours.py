"""Choose colours: sizes against a band, neighbours apart from each other, density, severity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridgeo.model.bands import has_ends, highest, lowest
from gridgeo.model.profile import Limits

# Diverging and safe for the common kinds of colour blindness: blue below the band, pale inside it, orange above.
# After the scheme RdYlBu of ColorBrewer (Cynthia Brewer, Penn State), lightened inside the band.
BELOW = ("#3d74b1", "#86b3d9")
WITHIN = ("#cfe5ea", "#e9f2e4", "#fbf3cd", "#fbdfaa")
ABOVE = ("#ee9458", "#c8502c")

NEIGHBOURS = ("#9fc6da", "#f2d199", "#bcd6a8", "#e6b8a8", "#cbbfe0", "#dcd7ae", "#a9d3c7", "#e3bdd0")
EXCLUSIVE = "#c9bfdf"
EMPTY = "#dedad1"
HEAT = ("#fde7a9", "#fdb66f", "#f67e5c", "#d84a68", "#9b2d7e", "#5c1a7c", "#2a1158")
"""From few to many; darker is more, so that it reads on light ground."""
REASONS = {
    "total": "#c8502c",
    "number_of_areas": "#a8662a",
    "atom_over_max": "#e0a030",
    "dead_atom": "#3d74b1",
    "hanging_piece": "#5aa6a0",
    "no_division": "#6a4c93",
    "component": "#2f4b7c",
    "locked": "#7f7f7f",
    "exclusive": "#9484c4",
    "further": "#c46a9b",
    "not_found": "#8a9a4b",
}
"""Colour of each reason of table CERTIFICATES."""
SEVERITY = {"error": "#c22b1f", "warning": "#b8730a", "note": "#4a6a8a"}

FAR = 0.25
"""An area further than this share of the limit outside the band has the stronger colour."""


@dataclass(frozen=True)
class SizeClasses:
    """Classes of amounts, smallest first.

    Parameters
    ----------
    lows : tuple of int
        The least count of each class; the first is 0.
    colours : tuple of str
        One a class.
    below, above : int
        How many classes lie below and above the band.
    """

    lows: tuple[int, ...]
    colours: tuple[str, ...]
    below: int
    above: int

    def of(self, amounts: np.ndarray) -> np.ndarray:
        """Find the class of each amount; 0 is the first."""
        return np.searchsorted(self.lows, amounts, side="right") - 1


def size_classes(limits: Limits) -> SizeClasses:
    """Divide amounts into classes below, inside and above a band.

    Parameters
    ----------
    limits : Limits
        The band; both ends belong to it. Where it has no lower or no upper end, there is no class on that side; where
        it has neither, the classes lie about its target.

    Returns
    -------
    SizeClasses
        Two classes below, up to four inside, two above; fewer where a band has no room for them.
    """
    inside = _inside(limits)
    shades = [WITHIN[round(step * (len(WITHIN) - 1) / max(len(inside) - 1, 1))] for step in range(len(inside))]
    below: list[tuple[int, str]] = []
    above: list[tuple[int, str]] = []
    if (low := lowest(limits)) is not None:
        near = round(low * (1 - FAR))
        below = [(0, BELOW[0]), (near, BELOW[1])] if 0 < near < low else [(0, BELOW[1])]
    if (high := highest(limits)) is not None:
        above = [(high + 1, ABOVE[0]), (max(high + 2, round(high * (1 + FAR)) + 1), ABOVE[1])]
    classes = [*below, *zip(inside, shades, strict=True), *above]
    return SizeClasses(
        tuple(lows for lows, _ in classes), tuple(colour for _, colour in classes), len(below), len(above)
    )


def _inside(limits: Limits) -> list[int]:
    """Give the least amount of each class inside a band: of equal width, or about the target where an end is open."""
    low, high = limits.low, highest(limits)
    if high is not None:
        steps = min(len(WITHIN), high - low + 1)
        return [low + round(step * (high + 1 - low) / steps) for step in range(steps)]
    target = max(limits.target, low + 1)
    ends = (low, (low + target) // 2, target, 2 * target - low)
    if not has_ends(limits):
        ends = (0, round(target * (1 - FAR)), target, round(target * (1 + FAR)))
    return sorted(set(ends))


def colour_neighbours(pairs: np.ndarray, count: int, *, colours: int = len(NEIGHBOURS)) -> np.ndarray:
    """Give neighbouring areas different colours, and use the colours about equally often.

    Parameters
    ----------
    pairs : array of int, shape (n, 2)
        Positions of areas that share a border.
    count : int
        How many areas there are.
    colours : int
        How many colours there are; areas with very many neighbours may have to share one.

    Returns
    -------
    array of int
        A colour for each area, 0 to ``colours - 1``.
    """
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for first, second in pairs.tolist():
        neighbours[first].append(second)
        neighbours[second].append(first)
    chosen = np.full(count, -1)
    used = np.zeros(colours, dtype=int)
    for area in sorted(range(count), key=lambda at: (-len(neighbours[at]), at)):
        near = np.bincount([chosen[other] for other in neighbours[area] if chosen[other] >= 0], minlength=colours)
        best = min(range(colours), key=lambda colour: (near[colour], used[colour], colour))
        chosen[area] = best
        used[best] += 1
    return chosen
