"""Tell which areas touch one another."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse


def touching_areas(areas: gpd.GeoDataFrame, *, tolerance_m: float = 0.0) -> sparse.csr_array:
    """Find the areas that share a border or a corner ("queen" contiguity).

    Parameters
    ----------
    areas : GeoDataFrame
        Polygons in a metric CRS. Their vertices need not match, as they do not where a long side meets two short ones.
    tolerance_m : float, metres
        Areas this near to each other touch, too; for maps that are divided by streets or drawn with gaps.

    Returns
    -------
    csr_array of float, shape (n, n)
        1 where two areas touch, 0 elsewhere and on the diagonal; symmetric, in the order of the rows.
    """
    shapes = areas.geometry.to_numpy()
    tree = shapely.STRtree(shapes)
    near = {"predicate": "dwithin", "distance": tolerance_m} if tolerance_m > 0 else {"predicate": "intersects"}
    first, second = tree.query(shapes, **near)
    return symmetric(first, second, len(areas))


def symmetric(first: NDArray[np.int64], second: NDArray[np.int64], size: int) -> sparse.csr_array:
    """Make a matrix of pairs that counts each pair both ways, once, and nothing with itself."""
    apart = first != second
    one = np.concatenate([first[apart], second[apart]])
    other = np.concatenate([second[apart], first[apart]])
    pairs = np.unique(one.astype(np.int64) * size + other)
    return sparse.csr_array((np.ones(len(pairs)), (pairs // size, pairs % size)), shape=(size, size))
