"""Choose colours: sizes against a band, neighbours apart from each other, density, severity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
SEVERITY = {"error": "#c22b1f", "warning": "#b8730a", "note": "#4a6a8a"}

FAR = 0.25
"""An area further than this share of the limit outside the band has the stronger colour."""


@dataclass(frozen=True)
class SizeClasses:
    """Classes of household counts, smallest first.

    Parameters
    ----------
    lows : tuple of int, households
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

    def of(self, households: np.ndarray) -> np.ndarray:
        """Find the class of each count; 0 is the first."""
        return np.searchsorted(self.lows, households, side="right") - 1


def size_classes(limits: Limits) -> SizeClasses:
    """Divide counts into classes below, inside and above a band.

    Parameters
    ----------
    limits : Limits
        The band; both ends belong to it.

    Returns
    -------
    SizeClasses
        Two classes below, up to four of equal width inside, two above; fewer where a band has no room for them.
    """
    low, high = limits.low, limits.high
    steps = min(len(WITHIN), high - low + 1)
    inside = [low + round(step * (high + 1 - low) / steps) for step in range(steps)]
    shades = [WITHIN[round(step * (len(WITHIN) - 1) / max(steps - 1, 1))] for step in range(steps)]
    near_below, near_above = round(low * (1 - FAR)), max(high + 2, round(high * (1 + FAR)) + 1)
    below = [(0, BELOW[0]), (near_below, BELOW[1])] if 0 < near_below < low else [(0, BELOW[1])]
    above = [(high + 1, ABOVE[0]), (near_above, ABOVE[1])]
    classes = [*below, *zip(inside, shades, strict=True), *above]
    return SizeClasses(
        tuple(lows for lows, _ in classes), tuple(colour for _, colour in classes), len(below), len(above)
    )


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
