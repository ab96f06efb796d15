"""Keep the outlines of areas as flat arrays, and draw single areas from them when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Outlines:
    """Polygons as arrays, so that they can be saved, mapped into memory and shared.

    Parameters
    ----------
    places : array of float, shape (n, 2)
        Vertices of all rings.
    rings, parts, shapes : arrays of int
        Where each ring starts in ``places``, each part in ``rings``, each area in ``parts``; with the end at last.
    """

    places: NDArray[np.floating]
    rings: Ints
    parts: Ints
    shapes: Ints

    @classmethod
    def of(cls, shapes: NDArray[np.object_]) -> Outlines:
        """Take outlines from polygons.

        Parameters
        ----------
        shapes : array of Polygon or MultiPolygon

        Returns
        -------
        Outlines
        """
        kind, places, offsets = shapely.to_ragged_array(shapes, include_z=False)
        levels = [np.asarray(offset, dtype=np.int64) for offset in offsets or ()]
        if kind == shapely.GeometryType.POLYGON:
            levels.append(np.arange(len(shapes) + 1, dtype=np.int64))
        return cls(places, *levels)

    def draw(self, areas: Ints) -> NDArray[np.object_]:
        """Draw some areas.

        Parameters
        ----------
        areas : array of int
            Their positions.

        Returns
        -------
        array of MultiPolygon
        """
        parts, shape_ends = _take(self.shapes, areas)
        rings, part_ends = _take(self.parts, parts)
        places, ring_ends = _take(self.rings, rings)
        drawn: NDArray[np.object_] = shapely.from_ragged_array(
            shapely.GeometryType.MULTIPOLYGON, self.places[places], (ring_ends, part_ends, shape_ends)
        )
        return drawn


def _take(starts: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """List what lies between the starts of some rows and the next ones, and where each row's share of the list ends."""
    counts = starts[chosen + 1] - starts[chosen]
    ends = np.concatenate([[0], np.cumsum(counts)])
    return np.arange(ends[-1]) + np.repeat(starts[chosen] - ends[:-1], counts), ends
