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

    def draw(self, area: int) -> shapely.MultiPolygon:
        """Draw one area.

        Parameters
        ----------
        area : int
            Its position.

        Returns
        -------
        MultiPolygon
        """
        parts = self.parts[self.shapes[area] : self.shapes[area + 1] + 1]
        rings = self.rings[parts[0] : parts[-1] + 1]
        places = self.places[rings[0] : rings[-1]]
        offsets = (rings - rings[0], parts - parts[0], np.array([0, len(parts) - 1]))
        return shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, places, offsets)[0]
