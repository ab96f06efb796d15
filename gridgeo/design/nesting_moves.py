"""Find the least that has to move so that no inner area is cut.

Whatever the decision, each inner area ends up in one outer area, and everything it has elsewhere has to move: at least
its total less its heaviest piece. Leaving every inner area with its heaviest piece reaches that sum, so it is the
minimum. What a person still has to decide - pieces that nobody can take, areas left empty or torn - is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .nesting_pieces import Pieces, place_sites, solid_parts
from .parent_defects import NO_PARENT

REACH_M = 1e-6
"""Metres: lines so near to each other are one."""
LEAST_BORDER = 10.0
"""Shapes touch along a border of so many times the reach; at a corner they do not."""


@dataclass(frozen=True, eq=False)
class Moves:
    """What should move, and what becomes of the areas.

    Parameters
    ----------
    area : array of int
        The inner area that is cut.
    outer : array of int
        Where the piece lies; ``NO_PARENT`` for no outer area.
    giver, taker : arrays of int
        Positions of outer areas where their borders move, of inner areas otherwise; ``NO_PARENT`` for none.
    area_m2, households, atoms : arrays of float
    shapes : array of Polygon, MultiPolygon or None
    notes : array of str
        Why a person must decide; "" where nobody must.
    after : array of str
        What becomes of the areas whose borders move: ``changed``, ``torn`` into more parts than before, ``emptied`` of
        all inner areas, or "".
    parts, parts_after : arrays of int
        In how many parts they lie; 0 where unknown or where nothing changes.
    """

    area: np.ndarray
    outer: np.ndarray
    giver: np.ndarray
    taker: np.ndarray
    area_m2: np.ndarray
    households: np.ndarray
    atoms: np.ndarray
    shapes: np.ndarray
    notes: np.ndarray
    after: np.ndarray
    parts: np.ndarray
    parts_after: np.ndarray


def move_outer(pieces: Pieces, kept: np.ndarray, lands: np.ndarray, tolerance_m: float) -> Moves:
    """Let the outer borders follow the inner ones: each cut inner area goes wholly to the outer area of its main piece.

    Parameters
    ----------
    pieces : Pieces
    kept : array of int
        The main piece of each inner area; ``NO_PARENT`` where it lies in no outer area.
    lands : array of Polygon or MultiPolygon
        The outer areas; None where unknown.
    tolerance_m : float, metres

    Returns
    -------
    Moves
    """
    main = kept[pieces.inner]
    moved = np.flatnonzero(main != np.arange(len(pieces)))
    giver = pieces.outer[moved]
    taker = np.where(main[moved] == NO_PARENT, NO_PARENT, pieces.outer[main[moved]])
    notes = np.where(taker == NO_PARENT, "it lies in no outer area: a person decides which one should hold it", "")
    decided = taker != NO_PARENT
    touched = np.union1d(giver[decided], taker[decided])
    touched = touched[touched != NO_PARENT]
    lost = np.isin(giver, touched) & decided
    before = np.array([*lands[touched], None], dtype=object)[:-1]
    left = before
    if len(touched) and not shapely.is_missing(before).any():
        left = _take_away(before, np.searchsorted(touched, giver[lost]), pieces.shapes[moved[lost]])
    parts, parts_after = _count_both(
        len(lands), touched, before, left, taker[decided], pieces.shapes[moved[decided]], tolerance_m
    )
    after = np.full(len(lands), "", dtype=object)
    after[touched] = "changed"
    after[parts_after > parts] = "torn"
    after[np.setdiff1d(giver[lost], pieces.outer[kept[kept != NO_PARENT]])] = "emptied"
    return Moves(
        pieces.inner[moved], giver, giver, taker, pieces.area_m2[moved], pieces.households[moved],
        pieces.atoms[moved], pieces.shapes[moved], notes, after, parts, parts_after,
    )  # fmt: skip


def _take_away(lands: np.ndarray, of: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Cut from lands what they lose."""
    left = lands.copy()
    order = np.argsort(of, kind="stable")
    starts = np.unique(of[order], return_index=True)[1]
    for group in np.split(order, starts[1:]) if len(order) else []:
        at = of[group[0]]
        left[at] = shapely.difference(left[at], shapely.union_all(shapes[group]))
    return left


def _count_both(
    total: int, touched: np.ndarray, before: np.ndarray, left: np.ndarray, taker: np.ndarray, taken: np.ndarray,
    tolerance_m: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Count the parts of areas before and after the moves; 0 where nothing changes or nothing is known."""
    parts, parts_after = np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int64)
    if len(touched) and not shapely.is_missing(before).any():
        parts[touched] = _count_parts(before, np.arange(len(touched)), len(touched), tolerance_m)
        shapes = np.concatenate([left, taken])
        group = np.concatenate([np.arange(len(touched)), np.searchsorted(touched, taker)])
        parts_after[touched] = _count_parts(shapes, group, len(touched), tolerance_m)
    return parts, parts_after


def _count_parts(shapes: np.ndarray, group: np.ndarray, groups: int, tolerance_m: float) -> np.ndarray:
    """Count the connected parts of each group of shapes; a corner connects nothing, a hairline parts nothing."""
    parts, of = solid_parts(shapes, tolerance_m)
    owner = group[of]
    one, two, _ = find_contacts(parts, owner, owner, parts, tolerance_m)
    joined = coo_array((np.ones(len(one)), (one, two)), shape=(len(parts), len(parts)))
    labels = connected_components(joined, directed=False)[1]
    return np.bincount(np.unique(np.column_stack([owner, labels]), axis=0)[:, 0], minlength=groups)


def find_contacts(
    shapes: np.ndarray, group: np.ndarray, other_group: np.ndarray, others: np.ndarray, tolerance_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find which shapes share a border with which others of their group, and how much of it.

    Parameters
    ----------
    shapes, others : arrays of Polygon or MultiPolygon
    group, other_group : arrays of int
    tolerance_m : float, metres
        Borders so near to each other are shared.

    Returns
    -------
    shape, other : arrays of int
        Each pair once where ``others`` is ``shapes``.
    length_m : array of float
    """
    reach = max(tolerance_m, REACH_M)
    at, to = shapely.STRtree(others).query(shapes, predicate="dwithin", distance=reach)
    same = (group[at] == other_group[to]) & ((at < to) | (others is not shapes))
    at, to = at[same], to[same]
    edges, other_edges = shapely.boundary(shapes[at]), shapely.boundary(others[to])
    length_m = shapely.length(shapely.intersection(edges, other_edges))
    unsure = np.flatnonzero(length_m <= LEAST_BORDER * reach)
    west, south, east, north = shapely.bounds(edges[unsure]).reshape(-1, 4).T
    near = shapely.box(west - 2 * reach, south - 2 * reach, east + 2 * reach, north + 2 * reach)
    strip = shapely.buffer(shapely.intersection(other_edges[unsure], near), reach, quad_segs=2)
    length_m[unsure] = shapely.length(shapely.intersection(edges[unsure], strip))
    touch = length_m > LEAST_BORDER * reach
    return at[touch], to[touch], length_m[touch]


@dataclass(frozen=True, eq=False)
class _Loose:
    """Parts of pieces that leave their inner area."""

    piece: np.ndarray
    shapes: np.ndarray
    area_m2: np.ndarray
    households: np.ndarray
    atoms: np.ndarray


def move_inner(pieces: Pieces, kept: np.ndarray, tolerance_m: float) -> Moves:
    """Let the inner borders follow the outer ones: each piece goes to the inner area beside it in its outer area.

    Parameters
    ----------
    pieces : Pieces
    kept : array of int
        The main piece of each inner area.
    tolerance_m : float, metres

    Returns
    -------
    Moves
        The piece goes to the neighbour with the longest common border, of equal ones to the first; where nobody in its
        outer area touches it, nobody takes it.
    """
    loose = _loosen(pieces, kept, tolerance_m)
    area, outer = pieces.inner[loose.piece], pieces.outer[loose.piece]
    hosts = np.unique(kept[kept != NO_PARENT])
    taker = np.full(len(loose.piece), NO_PARENT)
    drawn = not shapely.is_missing(pieces.shapes).any()
    if drawn:
        _settle_loose(pieces, hosts, loose, taker, tolerance_m)
    else:
        for at in np.flatnonzero(outer != NO_PARENT):
            only = pieces.inner[hosts[pieces.outer[hosts] == outer[at]]]
            taker[at] = only[0] if len(only) == 1 else NO_PARENT
    notes = np.full(len(taker), "", dtype=object)
    undecided = taker == NO_PARENT
    notes[undecided] = "no inner area of this outer area touches it: a person decides who takes it"
    if not drawn:
        notes[undecided] = "several inner areas could take it; pass atoms with a geometry to see which touches it"
    notes[undecided & ~np.isin(outer, pieces.outer[hosts])] = "this outer area holds no inner area that could take it"
    notes[outer == NO_PARENT] = "it lies in no outer area: a person decides who takes it"
    after, parts, parts_after = _judge_inner(pieces, kept, loose, taker, tolerance_m)
    return Moves(area, outer, area, taker, loose.area_m2, loose.households, loose.atoms, loose.shapes, notes, after,
                 parts, parts_after)  # fmt: skip


def _loosen(pieces: Pieces, kept: np.ndarray, tolerance_m: float) -> _Loose:
    """Take the pieces that are not kept, part by part where their shapes are known."""
    moved = np.flatnonzero(kept[pieces.inner] != np.arange(len(pieces)))
    if not len(moved) or shapely.is_missing(pieces.shapes[moved]).any():
        return _Loose(moved, pieces.shapes[moved], pieces.area_m2[moved], pieces.households[moved], pieces.atoms[moved])
    parts, of = solid_parts(pieces.shapes[moved], 0.0)
    asked = np.flatnonzero(np.isin(pieces.site_piece, moved))
    group = np.searchsorted(moved, pieces.site_piece[asked])
    part = place_sites(pieces.sites, asked, group, of, parts)
    area_m2 = shapely.area(parts)
    # An inner area that lies in no outer area keeps its own size, hairlines included.
    alone = np.bincount(of)[of] == 1
    area_m2[alone] = pieces.area_m2[moved[of[alone]]]
    known = len(pieces.sites.households) > 0
    homes = np.bincount(part, pieces.sites.households[asked], len(parts)) if known else np.full(len(parts), np.nan)
    atoms = np.bincount(part, minlength=len(parts)) if pieces.by_atoms else np.full(len(parts), np.nan)
    return _Loose(moved[of], parts, area_m2, homes.astype(float), atoms.astype(float))


def _settle_loose(pieces: Pieces, hosts: np.ndarray, loose: _Loose, taker: np.ndarray, tolerance_m: float) -> None:
    """Give parts to neighbours, round by round: who took a part in one round may take the next one beside it."""
    outer = pieces.outer[loose.piece]
    asked = np.flatnonzero(outer != NO_PARENT)
    shapes, group = loose.shapes[asked], outer[asked]
    part, host, length_m = find_contacts(shapes, group, pieces.outer[hosts], pieces.shapes[hosts], tolerance_m)
    one, two, between_m = find_contacts(shapes, group, group, shapes, tolerance_m)
    one, two, between_m = np.append(one, two), np.append(two, one), np.append(between_m, between_m)
    part, one, two = asked[part], asked[one], asked[two]
    while True:
        helped = (taker[one] == NO_PARENT) & (taker[two] != NO_PARENT)
        open_ = taker[part] == NO_PARENT
        offers = pd.DataFrame(
            {
                "part": np.concatenate([part[open_], one[helped]]),
                "taker": np.concatenate([pieces.inner[hosts[host[open_]]], taker[two[helped]]]),
                "length_m": np.concatenate([length_m[open_], between_m[helped]]),
            }
        )
        if not len(offers):
            return
        best = offers.groupby(["part", "taker"])["length_m"].sum().round(6).reset_index()
        best = best.sort_values(["part", "length_m", "taker"], ascending=[True, False, True]).drop_duplicates("part")
        taker[best["part"].to_numpy()] = best["taker"].to_numpy()


def _judge_inner(
    pieces: Pieces, kept: np.ndarray, loose: _Loose, taker: np.ndarray, tolerance_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tell what becomes of the inner areas."""
    total = len(kept)
    after = np.full(total, "", dtype=object)
    gone = kept[pieces.inner[loose.piece]] != NO_PARENT
    taken = taker != NO_PARENT
    touched = np.union1d(pieces.inner[loose.piece[gone]], taker[taken])
    left = pieces.shapes[kept[touched]]
    if shapely.is_missing(left).any():
        before = left
    else:
        ends = np.searchsorted(pieces.inner, [touched, touched + 1])
        before = np.array([*(shapely.union_all(pieces.shapes[start:end]) for start, end in ends.T), None])[:-1]
    parts, parts_after = _count_both(total, touched, before, left, taker[taken], loose.shapes[taken], tolerance_m)
    after[touched] = "changed"
    after[parts_after > parts] = "torn"
    return after, parts, parts_after
