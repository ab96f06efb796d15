"""Gather the houses of natural villages about their lanes, and number the villages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from .parcels import largest_parts

HOUSES, HOUSE_M2 = (120, 240), 310.0
"""Places for houses in a hamlet, and the ground of each; fields and lanes take some of them away."""
OFF_CENTRE, LOBE_SPREAD, STRETCH = 0.25, 0.13, (1.0, 1.4)
CORNERS = 18


def number_hamlets(blocks: pd.DataFrame) -> np.ndarray:
    """Number the natural villages.

    Parameters
    ----------
    blocks : DataFrame
        ``Mesh.blocks``, or some of them.

    Returns
    -------
    array of int
        Hamlet of each block, -1 where it is of none.
    """
    is_hamlet = (blocks["zone"] == "hamlet").to_numpy()
    number = np.full(len(blocks), -1)
    number[is_hamlet] = number_brothers(blocks[is_hamlet])
    return number


def number_brothers(blocks: pd.DataFrame) -> np.ndarray:
    """Number the families of blocks that one cut, or one hamlet, made.

    Parameters
    ----------
    blocks : DataFrame
        ``Mesh.blocks``, or some of them.

    Returns
    -------
    array of int
    """
    return blocks.groupby(["quarter", "superblock", "parent"], sort=False).ngroup().to_numpy()


def gather(blocks: pd.DataFrame, grounds: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Choose where the houses of each hamlet stand; the rest of its ground stays field.

    Parameters
    ----------
    blocks : DataFrame
        Those rows of ``Mesh.blocks`` that are lots of hamlets.
    grounds : array of Polygon
        Their ground to build on.
    random : Generator

    Returns
    -------
    array of Polygon
        The part of each ground near the middle of its hamlet; empty where there is none.
    """
    if not len(blocks):
        return grounds
    hamlet = number_hamlets(blocks)
    count = hamlet.max() + 1
    area = shapely.area(grounds)
    weighted = shapely.get_coordinates(shapely.centroid(grounds)) * area[:, None]
    total = np.maximum(np.bincount(hamlet, area), 1.0)
    middle = np.column_stack([np.bincount(hamlet, weighted[:, at]) for at in (0, 1)]) / total[:, None]
    radius = np.sqrt(random.uniform(*HOUSES, (count, 1)) * HOUSE_M2 / np.pi)
    middle += random.uniform(-OFF_CENTRE, OFF_CENTRE, (count, 2)) * radius
    turn = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    reach = radius * (1 + random.normal(0, LOBE_SPREAD, (count, CORNERS)))
    stretch, way = random.uniform(*STRETCH, (count, 1)), random.uniform(0, np.pi, (count, 1))
    along, across = reach * stretch * np.cos(turn), reach / stretch * np.sin(turn)
    x = middle[:, :1] + along * np.cos(way) - across * np.sin(way)
    y = middle[:, 1:] + along * np.sin(way) + across * np.cos(way)
    blobs = shapely.buffer(np.asarray(shapely.polygons(np.stack([x, y], axis=2))), 0)
    return largest_parts(shapely.intersection(grounds, blobs[hamlet]))
