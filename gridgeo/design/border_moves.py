"""Replace a stretch of the border between two areas by a drawn line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from gridgeo.model.errors import EditError

from .arrangement import join
from .drawn import place_text
from .parting import OUTSIDE, Parting, join_shapes, rings_of


@dataclass(frozen=True, eq=False)
class _Border:
    """The common border of areas 0 and 1 of a parting, and the two ends of the line."""

    parting: Parting
    common: np.ndarray
    outer: np.ndarray
    piece: np.ndarray
    ends: tuple[int, int]

    def way(self, begin: int, end: int) -> np.ndarray:
        """Find the shortest way along the common border between two vertices, as a mask of edges."""
        edges, pairs = np.flatnonzero(self.common), self.parting.edges.ends[self.common]
        count = len(self.parting.edges.xy)
        graph = coo_array((self.parting.edges.length_m[edges], (pairs[:, 0], pairs[:, 1])), shape=(count, count))
        _, before = dijkstra(graph.tocsr(), directed=False, indices=begin, return_predecessors=True)
        number = {(int(low), int(high)): edge for edge, (low, high) in zip(edges, pairs, strict=True)}
        mask = np.zeros(len(self.common), dtype=bool)
        while end != begin:
            step = int(before[end])
            mask[number[min(step, end), max(step, end)]] = True
            end = step
        return mask

    def stretches(self) -> Iterator[np.ndarray]:
        """Give the stretches of border that the line may stand for, as masks of edges."""
        held = [end for end in self.ends if self.piece[end] >= 0]
        pieces = self.piece[self.parting.edges.ends[:, 0]]
        if not held:
            for name in np.unique(pieces[self.common]):
                yield self.common & (pieces == name)
            return
        whole = self.common & (pieces == self.piece[held[0]])
        if len(held) == 2:
            short = self.way(*self.ends)
            yield short
            if (np.bincount(self.parting.edges.ends[whole].ravel()) != 1).all():
                yield whole & ~short
            return
        degree = np.bincount(self.parting.edges.ends[whole].ravel(), minlength=len(self.piece))
        for corner in np.flatnonzero(degree == 1):
            yield self.way(held[0], int(corner))


def move_stretch(parting: Parting, line: shapely.LineString, names: tuple[str, str], tolerance_m: float) -> np.ndarray:
    """Find who owns each face when a line is the border.

    Parameters
    ----------
    parting : Parting
        Of the two areas and the line.
    line : LineString
    names : (str, str)
        Of the areas, for messages.
    tolerance_m : float, metres

    Returns
    -------
    (f,) array of int
        0, 1 or ``OUTSIDE``.

    Raises
    ------
    EditError
        If the line leaves the two areas, or does not part them.
    """
    border = _find_border(parting, line, names, tolerance_m)
    _check_inside(parting, line, names, tolerance_m)
    options = [owner for stretch in border.stretches() if (owner := _colour(border, stretch)) is not None]
    if not options:
        raise EditError(
            f"the line from {place_text(shapely.get_point(line, 0))} does not part areas {names[0]!r} and "
            f"{names[1]!r}; begin and end it on their border or on their outer edge"
        )
    return min(options, key=lambda owner: _judge(parting, owner))


def _find_border(parting: Parting, line: shapely.LineString, names: tuple[str, str], tolerance_m: float) -> _Border:
    """Find the common border, and the vertices at which the line begins and ends."""
    one, other = parting.on_outline(0), parting.on_outline(1)
    common, outer = one & other, one ^ other
    if not common.any():
        raise EditError(f"areas {names[0]!r} and {names[1]!r} have no border in common; name two neighbours")
    pairs = parting.edges.ends[common]
    piece = np.full(len(parting.edges.xy), -1)
    group = join(pairs[:, 0], pairs[:, 1], len(piece))
    piece[pairs.ravel()] = group[pairs.ravel()]
    known = np.unique(parting.edges.ends[common | outer])
    ends = []
    for at in (0, -1):
        tip = shapely.get_point(line, at)
        off = np.hypot(*(parting.edges.xy[known] - shapely.get_coordinates(tip)).T)
        if off.min() > 2 * tolerance_m:
            away = shapely.distance(tip, shapely.multilinestrings(rings_of(parting.shapes)))
            raise EditError(
                f"the line's end at {place_text(tip)} lies {away:.3g} m from the borders of areas {names[0]!r} and "
                f"{names[1]!r}; draw it up to them (tolerance_m is {tolerance_m:g})"
            )
        ends.append(int(known[off.argmin()]))
    held = {int(piece[end]) for end in ends} - {-1}
    if len(held) > 1:
        raise EditError(
            f"the line begins and ends on two separate borders of areas {names[0]!r} and {names[1]!r}; "
            "move one border at a time"
        )
    return _Border(parting, common, outer, piece, (ends[0], ends[1]))


def _check_inside(parting: Parting, line: shapely.LineString, names: tuple[str, str], tolerance_m: float) -> None:
    """Refuse a line that leaves the two areas."""
    if not parting.idle().any():
        return
    region = join_shapes(parting.shapes)
    beyond = line.difference(shapely.buffer(region, 2 * tolerance_m))
    if beyond.length > 0:
        raise EditError(
            f"the line leaves areas {names[0]!r} and {names[1]!r} at {place_text(beyond)} for {beyond.length:,.1f} m; "
            "keep it inside the two, or give the land of others with give(piece, to)"
        )


def _colour(border: _Border, stretch: np.ndarray) -> np.ndarray | None:
    """Give the two sides of the new border to the two areas; None where it has not two sides."""
    parting = border.parting
    is_border = parting.is_drawn | (border.common & ~stretch)
    one, two, edge = parting.faces.neighbours()
    inner = (parting.owner[one] != OUTSIDE) & (parting.owner[two] != OUTSIDE)
    one, two, parted = one[inner], two[inner], is_border[edge[inner]]
    owner = np.full(len(parting.faces), OUTSIDE)
    beside: dict[int, list[tuple[int, int]]] = {face: [] for face in np.flatnonzero(parting.owner != OUTSIDE).tolist()}
    for f, g, turn in zip(one.tolist(), two.tolist(), parted.tolist(), strict=True):
        beside[f].append((g, int(turn)))
        beside[g].append((f, int(turn)))
    for start in beside:
        if owner[start] != OUTSIDE:
            continue
        owner[start], reached = 0, [start]
        for face in reached:
            for next_, turn in beside[face]:
                if owner[next_] == OUTSIDE:
                    owner[next_] = owner[face] ^ turn
                    reached.append(next_)
                elif owner[next_] != owner[face] ^ turn:
                    return None
        _keep_sides(border, stretch, np.array(reached), owner)
    return owner


def _keep_sides(border: _Border, stretch: np.ndarray, faces: np.ndarray, owner: np.ndarray) -> None:
    """Name the two sides so that most of the outline that is not redrawn keeps its area."""
    parting = border.parting
    kept = (border.outer | (border.common & ~stretch))[parting.faces.edge] & np.isin(parting.faces.face, faces)
    face, length = parting.faces.face[kept], parting.edges.length_m[parting.faces.edge[kept]]
    same = owner[face] == parting.owner[face]
    if length[same].sum() < length[~same].sum():
        owner[faces] = 1 - owner[faces]


def _judge(parting: Parting, owner: np.ndarray) -> tuple[bool, int, float]:
    """Prefer that both areas keep land, then few parts, then little land moved."""
    sides = [parting.faces.shapes[owner == side] for side in (0, 1)]
    lost = not all(len(side) for side in sides)
    parts = sum(int(shapely.get_num_geometries(join_shapes(side))) for side in sides if len(side))
    return lost, parts, float(shapely.area(parting.faces.shapes[owner != parting.owner]).sum())
