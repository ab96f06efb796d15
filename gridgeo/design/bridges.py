"""Join the pieces of a community that is not connected, where they are too small to stand alone."""

from __future__ import annotations

import numpy as np
import shapely

from .certificates import Certificate, unit_of
from .problem import Problem, add_edges, pieces


def bridge_pieces(
    problem: Problem, shapes: np.ndarray, name: str, giant: np.ndarray
) -> tuple[Problem, np.ndarray, list[Certificate]]:
    """Bridge every piece that holds fewer households than an area needs to the piece nearest to it.

    Parameters
    ----------
    problem : Problem
        Of several pieces.
    shapes : array of Polygon, shape (n,)
    name : str
        Of the area, for the messages.
    giant : array of int, shape (n,)
        Atoms that are areas of their own, by number; -1 for the others.

    Returns
    -------
    Problem
        With a border of no length over each bridge. Pieces that can stand alone stay apart.
    giant : array of int, shape (n,)
        A piece that only such areas are near to goes with one of them.
    list of Certificate
        One for each bridge: the area that it leads to has several parts.
    """
    told: list[Certificate] = []
    giant = giant.copy()
    for _ in range(int(pieces(problem, giant).max()) + 1):
        piece = pieces(problem, giant)
        held = np.bincount(piece, problem.weight).astype(int)
        held[piece[giant >= 0]] = problem.limits.high + 1
        small = np.flatnonzero(held < problem.limits.low)
        if not len(small) or len(small) == len(held) == 1:
            break
        one = int(small[np.argmin(held[small])])
        members = np.flatnonzero(piece == one)
        others = np.flatnonzero((piece != one) & (giant < 0))
        if not len(others):
            others = np.flatnonzero(piece != one)
        near, gap = shapely.STRtree(shapes[others]).query_nearest(
            shapes[members], return_distance=True, all_matches=False
        )
        closest = int(np.argmin(gap))
        a, b = int(members[near[0][closest]]), int(others[near[1][closest]])
        problem = add_edges(problem, a, b)
        giant[members] = giant[b]
        told.append(
            Certificate(
                "component",
                int(held[one]),
                "bridge",
                f"{name}: a piece of {held[one]} {unit_of(problem.limits)} does not touch the rest, "
                f"{problem.limits.low} are needed to stand alone; {_joined(float(gap[closest]))}",
                tuple(members.tolist()),
            )
        )
    return problem, giant, told


def _joined(gap_m: float) -> str:
    """Say over what a piece is joined: open ground, or a barrier that lies between two atoms that touch."""
    if gap_m < 1e-6:
        return "it is joined across a barrier"
    return f"it is joined over a gap of {gap_m:.0f} m and its area has several parts"
