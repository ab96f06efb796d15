"""Cut polygons along the polygons of another network."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from .chain import boundary_segments, join_segments, match
from .household_defects import Dwellings
from .intake import NO_AREA, Survey
from .nesting_pieces import SAME_SHARE, Pieces, Sites, join_land, place_sites, solid_parts, sort_parts
from .parent_defects import NO_PARENT, lies_in


def cut_land(inner: Survey, outer: Survey, dwellings: Dwellings | None, tolerance_m: float) -> Pieces:
    """Cut polygons along other polygons.

    Areas are proved to lie in one outer area by the sum of the boundaries, where that closes; only the others are
    intersected. Land that several outer areas hold counts for that which holds most of the inner area.

    Parameters
    ----------
    inner, outer : Survey
    dwellings : Dwellings, optional
    tolerance_m : float, metres
        Pieces that are nowhere as wide are hairlines.

    Returns
    -------
    Pieces
    """
    homes = lies_in(inner.shapes, outer)
    doubtful, open_ = _find_open(inner, outer, homes)
    cut = _Cut(inner, outer, tolerance_m)
    torn = cut.leave_home(doubtful, homes)
    cut.divide(torn)
    kept = np.flatnonzero(inner.area_m2 > 0)
    kept = kept[~np.isin(kept, torn)]
    at = np.concatenate([kept, np.array(cut.inner, dtype=np.int64)])
    where = np.concatenate([homes[kept], np.array(cut.outer, dtype=np.int64)])
    shapes = np.concatenate([inner.shapes[kept], np.array([*cut.shapes, None], dtype=object)[:-1]])
    area_m2 = np.concatenate([inner.area_m2[kept], np.array(cut.area_m2, dtype=float)])
    order = np.lexsort((where, at))
    at, where, shapes, area_m2 = at[order], where[order], shapes[order], area_m2[order]
    sites, site_piece = _place_households(inner, dwellings, at, shapes)
    free = _find_free(inner, outer, np.flatnonzero(open_), tolerance_m)
    return Pieces(at, where, area_m2, shapes, sites, site_piece, cut.hairlines, cut.hairline_m2, free,
                  shapely.area(free), ~shapely.is_empty(free), by_atoms=False)  # fmt: skip


def _find_open(inner: Survey, outer: Survey, homes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find inner areas that are not proved to lie in their homes, and the outer areas whose sums do not close.

    Where the boundaries of all inner areas of one home cancel against its own, they tile it: all of them lie in it.
    """
    segments = join_segments(
        boundary_segments(inner.shapes),
        boundary_segments(outer.shapes, owners=-2 - np.arange(len(outer)), sign=-1),
    )
    label = np.where(segments.owner < 0, -2 - segments.owner, homes[np.maximum(segments.owner, 0)])
    open_ = np.zeros(len(outer) + 1, dtype=bool)
    open_[label[match(segments, label=label).unmatched()]] = True
    open_[NO_PARENT] = True
    return np.flatnonzero(open_[homes] & (inner.area_m2 > 0)), open_[:-1]


class _Cut:
    """Collect the pieces of inner areas that lie in several outer areas, or partly in none."""

    def __init__(self, inner: Survey, outer: Survey, tolerance_m: float) -> None:
        self.survey, self.outers, self.tolerance_m = inner, outer, tolerance_m
        self.inner: list[int] = []
        self.outer: list[int] = []
        self.shapes: list[Any] = []
        self.area_m2: list[float] = []
        self.hairlines = np.zeros(len(inner), dtype=np.int64)
        self.hairline_m2 = np.zeros(len(inner))

    def leave_home(self, areas: np.ndarray, homes: np.ndarray) -> np.ndarray:
        """Give those of some areas that hold more than hairlines outside their homes."""
        housed = homes[areas] != NO_PARENT
        lost, areas = areas[~housed], areas[housed]
        held = self.outers.shapes[homes[areas]]
        shapely.prepare(held)
        areas = areas[~shapely.contains_properly(held, self.survey.shapes[areas])]
        beyond = shapely.difference(self.survey.shapes[areas], self.outers.shapes[homes[areas]])
        _, of, dropped, of_dropped = sort_parts(beyond, self.tolerance_m)
        torn = np.unique(of)
        whole = ~np.isin(of_dropped, torn)
        self._count_hairlines(areas[of_dropped[whole]], dropped[whole])
        return np.union1d(lost, areas[torn])

    def divide(self, areas: np.ndarray) -> None:
        """Cut areas into their pieces, the largest first; each takes what the earlier ones have left."""
        at, outer, rank, shared = self._rank_outers(areas)
        left = self.survey.shapes[areas].copy()
        total = self.survey.area_m2[areas].copy()
        first = np.full(len(areas), -1)
        self._take_shared(left, at, outer, rank, shared)
        for step in range(int(rank.max(initial=-1)) + 1):
            now = np.flatnonzero(rank == step)
            self._keep(areas, at[now], outer[now], shared[now], (first, total))
        self._keep(areas, np.arange(len(areas)), np.full(len(areas), NO_PARENT), left, (first, total))
        for one in np.flatnonzero(first < 0).tolist():  # an area that is itself a hairline stays in one piece
            mine = np.flatnonzero(at == one)
            first[one] = len(self.inner)
            self._add(int(areas[one]), int(outer[mine[0]]) if len(mine) else NO_PARENT, self.survey.shapes[areas[one]])
        for one, piece in enumerate(first.tolist()):
            self.area_m2[piece] = float(total[one])

    def _rank_outers(self, areas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """List the outer areas over each area: its number, the outer area, how many hold more, and what they share."""
        at, outer = self.outers.tree.query(self.survey.shapes[areas], predicate="intersects")
        shared = shapely.intersection(self.survey.shapes[areas][at], self.outers.shapes[outer])
        size = shapely.area(shared)
        share = np.round(size / self.survey.area_m2[areas][at] / SAME_SHARE)
        order = np.lexsort((outer, -share, at))
        order = order[size[order] > 0]
        at, outer, shared = at[order], outer[order], shared[order]
        return at, outer, np.arange(len(at)) - np.searchsorted(at, at), shared

    def _take_shared(
        self, left: np.ndarray, at: np.ndarray, outer: np.ndarray, rank: np.ndarray, shared: np.ndarray
    ) -> None:
        """Take from areas what outer areas hold, and from those what earlier ones hold too; both in place."""
        whole = left.copy()
        for step in range(int(rank.max(initial=-1)) + 1):
            now = np.flatnonzero(rank == step)
            left[at[now]] = shapely.difference(left[at[now]], self.outers.shapes[outer[now]])
        held = np.bincount(at, shapely.area(shared), minlength=len(left)) + shapely.area(left)
        over = held > shapely.area(whole) * (1 + SAME_SHARE)  # outer areas overlap here
        for step in range(int(rank.max(initial=-1)) + 1):
            now = np.flatnonzero((rank == step) & over[at])
            owners = self.outers.shapes[outer[now]]
            shared[now] = shapely.intersection(whole[at[now]], owners)
            whole[at[now]] = shapely.difference(whole[at[now]], owners)

    def _keep(
        self, areas: np.ndarray, at: np.ndarray, outer: np.ndarray, shapes: np.ndarray, book: tuple[np.ndarray, ...]
    ) -> None:
        """Keep the pieces that are no hairlines; ``book``: each area's first piece, and the land that this holds."""
        first, total = book
        solid, of, dropped, of_dropped = sort_parts(shapes, self.tolerance_m)
        for number, start, end in _runs(of):
            one, shape = int(at[number]), _as_one(solid[start:end])
            if first[one] < 0:
                first[one] = len(self.inner)
            else:
                total[one] -= shape.area
            self._add(int(areas[one]), int(outer[number]), shape)
        self._count_hairlines(areas[at[of_dropped]], dropped)

    def _add(self, area: int, outer: int, shape: Any) -> None:
        self.inner.append(area)
        self.outer.append(outer)
        self.shapes.append(shape)
        self.area_m2.append(float(shape.area))

    def _count_hairlines(self, areas: np.ndarray, parts: np.ndarray) -> None:
        np.add.at(self.hairlines, areas, 1)
        np.add.at(self.hairline_m2, areas, shapely.area(parts))


def _runs(of: np.ndarray) -> list[tuple[int, int, int]]:
    """List runs of equal numbers: number, start, end."""
    starts = np.flatnonzero(np.concatenate([[True], of[1:] != of[:-1]])) if len(of) else np.empty(0, dtype=np.int64)
    ends = np.append(starts[1:], len(of))[: len(starts)]
    return list(zip(of[starts].tolist(), starts.tolist(), ends.tolist(), strict=True))


def _as_one(parts: np.ndarray) -> Any:
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _find_free(inner: Survey, outer: Survey, open_: np.ndarray, tolerance_m: float) -> np.ndarray:
    """Find what outer areas hold in no inner area, without hairlines."""
    free = np.full(len(outer), NO_AREA, dtype=object)
    at, area = inner.tree.query(outer.shapes[open_], predicate="intersects")
    order = np.lexsort((area, at))
    held = np.full(len(open_), NO_AREA, dtype=object)
    for number, start, end in _runs(at[order]):
        held[number] = join_land(inner.shapes[area[order[start:end]]])
    left = shapely.difference(outer.shapes[open_], held)
    solid, of = solid_parts(left, tolerance_m)
    for number, start, end in _runs(of):
        free[open_[number]] = _as_one(solid[start:end])
    return free


def _place_households(
    inner: Survey, dwellings: Dwellings | None, piece_inner: np.ndarray, shapes: np.ndarray
) -> tuple[Sites, np.ndarray]:
    """Find the inner area of each household, and the piece of it."""
    if dwellings is None:
        return Sites(np.empty(0, dtype=object), np.empty(0), np.empty(0, dtype=np.int64)), np.empty(0, dtype=np.int64)
    point, area = inner.tree.query(dwellings.points, predicate="intersects")
    order = np.lexsort((area, point))[::-1]  # on a shared border, the area with the smaller id
    holder = np.full(len(dwellings.points), NO_PARENT)
    holder[point[order]] = area[order]
    sites = Sites(dwellings.points, dwellings.count.astype(float), holder)
    return sites, place_sites(sites, np.arange(len(holder)), holder, piece_inner, shapes)
