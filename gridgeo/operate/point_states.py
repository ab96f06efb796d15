"""Tell whether one area owns a point for sure, or none, or several claim it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .area_tree import AreaTree
from .edges import NOBODY
from .point_search import CHUNK, UNSETTLED, list_claims, settle_points
from .raster_cells import Cells

Floats = NDArray[np.floating]

STATES = ("none", "one", "tie", "several")
"""No area holds or touches the point; one does; it lies on the shared border of several; several overlap there."""
NONE, ONE, TIE, SEVERAL = range(4)


def find_states(cells: Cells, tree: AreaTree, x: Floats, y: Floats, level: int | None) -> NDArray[np.int8]:
    """Tell how sure the owner of each point is.

    Parameters
    ----------
    cells : Cells
    tree : AreaTree
    x, y : arrays of float, metres
    level : int, optional
        Judge by the areas of that level: a border inside one of them is no border.

    Returns
    -------
    array of int8
        Positions in ``STATES``.
    """
    owners = settle_points(cells, x, y)
    unsettled = np.flatnonzero(owners == UNSETTLED)
    owners[unsettled] = NOBODY
    states = (tree.roll_up(owners, level) != NOBODY).astype(np.int8)
    for start in range(0, len(unsettled), CHUNK):
        chosen = unsettled[start : start + CHUNK]
        claims = roll_claims(list_claims(cells, x[chosen], y[chosen]), tree, level)
        claimed = np.bincount(claims["point"], minlength=len(chosen))
        held = np.bincount(claims["point"], weights=claims["inside"], minlength=len(chosen)) > 0
        states[chosen] = np.select([claimed == 0, claimed == 1, held], [NONE, ONE, SEVERAL], TIE)
    return states


def roll_claims(claims: pd.DataFrame, tree: AreaTree, level: int | None) -> pd.DataFrame:
    """Turn claims of the areas that carry geometry into claims of the areas of a level.

    Parameters
    ----------
    claims : DataFrame
        As ``list_claims`` gives them.
    tree : AreaTree
    level : int, optional

    Returns
    -------
    DataFrame
        The same columns, an area once a point: ``inside`` where one of its parts has the point inside.
    """
    if level is None:
        return claims
    rolled = claims.assign(area=tree.roll_up(claims["area"].to_numpy(), level))
    rolled = rolled[rolled["area"] != NOBODY]
    return rolled.groupby(["point", "area"], as_index=False).agg({"inside": "max"})
