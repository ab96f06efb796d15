"""Join the pieces of a community that is not connected, where they are too small to stand alone."""

from __future__ import annotations

import numpy as np
import shapely

from gridgeo.model.profile import Limits

from .certificates import Certificate
from .problem import Problem, add_edges, pieces


def bridge_pieces(problem: Problem, shapes: np.ndarray, limits: Limits, name: str) -> tuple[Problem, list[Certificate]]:
    """Bridge every piece that holds fewer households than an area needs to the piece nearest to it.

    Parameters
    ----------
    problem : Problem
        Of several pieces.
    shapes : array of Polygon, shape (n,)
    limits : Limits
    name : str
        Of the area, for the messages.

    Returns
    -------
    Problem
        With a border of no length over each bridge. Pieces that can stand alone stay apart.
    list of Certificate
        One for each bridge: the area that it leads to has several parts.
    """
    told: list[Certificate] = []
    for _ in range(int(pieces(problem).max()) + 1):
        piece = pieces(problem)
        held = np.bincount(piece, problem.weight).astype(int)
        small = np.flatnonzero(held < limits.low)
        if not len(small) or len(held) == 1:
            break
        one = int(small[np.argmin(held[small])])
        members = np.flatnonzero(piece == one)
        others = np.flatnonzero(piece != one)
        near, gap = shapely.STRtree(shapes[others]).query_nearest(
            shapes[members], return_distance=True, all_matches=False
        )
        closest = int(np.argmin(gap))
        a, b = int(members[near[0][closest]]), int(others[near[1][closest]])
        problem = add_edges(problem, a, b)
        told.append(
            Certificate(
                "component",
                int(held[one]),
                "bridge",
                f"{name}: a piece of {held[one]} households does not touch the rest, {limits.low} are needed to stand "
                f"alone; "
                f"it is joined over a gap of {gap[closest]:.0f} m and its area has several parts",
                tuple(members.tolist()),
            )
        )
    return problem, told
