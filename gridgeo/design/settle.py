"""Decide which area each face of a mosaic belongs to, by rules that are the same everywhere.

Land that one area holds stays with it. Land that several hold goes to one of those whose parent holds it: to an area
that would lose most of its land otherwise, else to the one with the longest border to it. Land that nobody holds goes
to the neighbour with the longest border to it inside the same parent. Ties go to the smaller id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely

from .arrangement import SNAP_M, join
from .parent_defects import NO_PARENT
from .rebuild import Mosaic
from .width import is_narrower

NOBODY = -1

_LARGE_SHARE = 0.5
"""Land without an area is large from this share of its neighbours' median size on."""

CRUMB_SHARE = 0.01
"""A loose part is a crumb up to this share of its area."""

_SWEPT_SHARE = 0.04
"""Crumbs change their area up to this share of the land that has to move, and always up to ``_LEAST_CRUMB_M2``."""

_LEAST_CRUMB_M2 = 1.0


@dataclass(eq=False)
class Settlement:
    """Who owns each face of a mosaic.

    Parameters
    ----------
    mosaic : Mosaic
    parent_of : array of int
        The parent of each area, ``NO_PARENT`` where there are none.
    area_m2 : array of float
        The size of each area before.
    owner : (f,) array of int
        ``NOBODY`` outside the territory, on land of areas that are not touched, and on land left open.
    large_m2 : float, optional, m2
        Land without an area is large from this size on; half of the median of the areas around it by default.
    knots : dict of int to geometry
        The points at which the ring of an area crosses itself.
    """

    mosaic: Mosaic
    parent_of: np.ndarray
    area_m2: np.ndarray
    owner: np.ndarray
    large_m2: float | None = None
    knots: Mapping[int, shapely.Geometry] = field(default_factory=dict)

    @cached_property
    def size_m2(self) -> np.ndarray:
        """Measure the faces."""
        return shapely.area(self.mosaic.faces.shapes)

    @cached_property
    def groups(self) -> list[np.ndarray]:
        """List neighbouring faces that need one answer: the same areas lie over them, and the same parent."""
        mosaic = self.mosaic
        one, two, edge = mosaic.faces.neighbours()
        alike = (mosaic.inside[one] == mosaic.inside[two]) & (mosaic.parent[one] == mosaic.parent[two])
        alike &= (mosaic.foreign[one] == mosaic.foreign[two]) & ~mosaic.is_seam[edge]
        alike[alike] = [mosaic.covers[a] == mosaic.covers[b] for a, b in zip(one[alike], two[alike], strict=True)]
        return members_of(join(one[alike], two[alike], len(mosaic.faces)))

    @cached_property
    def vacant(self) -> np.ndarray:
        """Number, for each face without an area, the land without an area that it is a piece of."""
        return _joined(
            self.mosaic, self.mosaic.inside & ~self.mosaic.foreign & [not cover for cover in self.mosaic.covers]
        )

    @cached_property
    def sides(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """List what lies beside each face: where its neighbours begin, the neighbours, and the common lengths."""
        one, two, edge = self.mosaic.faces.neighbours()
        length = self.mosaic.edges.length_m[edge]
        face, other = np.concatenate([one, two]), np.concatenate([two, one])
        order = np.argsort(face, kind="stable")
        first = np.searchsorted(face[order], np.arange(len(self.owner) + 1))
        return first, other[order], np.concatenate([length, length])[order]

    def borders(self, members: np.ndarray) -> dict[int, float]:
        """Add up the borders, in metres, of some faces with the settled areas around them."""
        first, others, lengths = self.sides
        shared: dict[int, float] = {}
        own = set(members.tolist())
        for face in own:
            beside = slice(first[face], first[face + 1])
            for other, length in zip(others[beside].tolist(), lengths[beside].tolist(), strict=True):
                area = int(self.owner[other])
                if area != NOBODY and other not in own:
                    shared[area] = shared.get(area, 0.0) + length
        return shared

    def around(self, members: np.ndarray) -> dict[int, float]:
        """Add up the borders, in metres, of some faces with the areas that held the land beside them."""
        first, others, lengths = self.sides
        shared: dict[int, float] = {}
        for face in members.tolist():
            beside = slice(first[face], first[face + 1])
            for other, length in zip(others[beside].tolist(), lengths[beside].tolist(), strict=True):
                for area in self.mosaic.covers[other]:
                    shared[area] = shared.get(area, 0.0) + length
        return shared

    def large(self, members: np.ndarray) -> float:
        """Say from how many m2 on a piece of land is as large as an area."""
        if self.large_m2 is not None:
            return self.large_m2
        around = self.area_m2[list(self.around(members))]
        sizes = around if len(around) else self.area_m2[self.area_m2 > 0]
        return _LARGE_SHARE * float(np.median(sizes)) if len(sizes) else 0.0

    def parent(self, members: np.ndarray) -> int:
        """Name the parent that holds a group of faces."""
        return int(self.mosaic.parent[members[0]])

    def cover(self, members: np.ndarray) -> tuple[int, ...]:
        """Name the areas over a group of faces."""
        return self.mosaic.covers[int(members[0])]

    def at_home(self, areas: Iterable[int], parent: int) -> list[int]:
        """Keep the areas that have a parent; all of them where there are no parents."""
        return [area for area in areas if parent == NO_PARENT or self.parent_of[area] == parent]


def members_of(group: np.ndarray) -> list[np.ndarray]:
    """List the members of each group, groups in order of their first member."""
    if not len(group):
        return []
    order = np.argsort(group, kind="stable")
    lists = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    return sorted(lists, key=lambda members: int(members[0]))


def settle(
    mosaic: Mosaic,
    parent_of: np.ndarray,
    area_m2: np.ndarray,
    *,
    leave_open: bool = False,
    large_m2: float | None = None,
    knots: Mapping[int, shapely.Geometry] | None = None,
) -> Settlement:
    """Give every face of a mosaic one owner, or none where there should be none.

    Parameters
    ----------
    mosaic : Mosaic
    parent_of : array of int
        The parent of each area, ``NO_PARENT`` for none.
    area_m2 : array of float
        The size of each area before.
    leave_open : bool
        Whether large land without an area is left open; strips are not.
    large_m2 : float, optional, m2
        What is large; half of the median of the areas around it by default.
    knots : dict of int to geometry, optional
        The points at which the ring of an area crosses itself; what such a ring meant to enclose is not left open.

    Returns
    -------
    Settlement
    """
    made = Settlement(mosaic, parent_of, area_m2, np.full(len(mosaic.faces), NOBODY), large_m2, knots or {})
    shared, vacant = [], []
    for members in made.groups:
        face, cover = int(members[0]), made.cover(members)
        if mosaic.foreign[face] or not mosaic.inside[face]:
            continue
        if len(cover) > 1:
            shared.append(members)
        elif cover and made.at_home(cover, made.parent(members)):
            made.owner[members] = cover[0]
        elif cover or not (leave_open and is_large(made, members)):
            vacant.append(members)
    _settle_shared(made, shared)
    _settle_vacant(made, vacant)
    _rescue(made, shared)
    return made


def _settle_shared(made: Settlement, groups: list[np.ndarray]) -> None:
    """Give land that several areas hold to one of them."""
    contested = np.zeros(len(made.area_m2))
    for members in groups:
        contested[list(made.cover(members))] += made.size_m2[members].sum()
    lost = contested / np.maximum(made.area_m2, 1e-12)
    for members in groups:
        cover = made.cover(members)
        candidates = made.at_home(cover, made.parent(members)) or list(cover)
        needy = [area for area in candidates if lost[area] > 0.5]
        if needy:
            winner = max(needy, key=lambda area: (round(float(lost[area]), 9), -made.area_m2[area], -area))
        else:
            border = made.borders(members)
            winner = max(candidates, key=lambda area: (round(border.get(area, 0.0), 6), -area))
        made.owner[members] = winner


def _settle_vacant(made: Settlement, groups: list[np.ndarray]) -> None:
    """Give land that nobody holds, or somebody of another parent, to a neighbour.

    Land with no neighbour yet waits until its surroundings are settled. Only when nothing else is left does land go
    to an area of another parent; what an area of another parent holds already then stays with it.
    """
    waiting, strictly = groups, True
    while waiting:
        answers = [_heir(made, members, strictly) for members in waiting]
        for members, winner in zip(waiting, answers, strict=True):
            made.owner[members] = winner
        left = [members for members, winner in zip(waiting, answers, strict=True) if winner == NOBODY]
        if len(left) == len(waiting) and not strictly:
            break
        strictly = strictly and len(left) < len(waiting)
        waiting = left


def _heir(made: Settlement, members: np.ndarray, strictly: bool) -> int:
    """Name who gets land that nobody holds rightly; ``NOBODY`` where that must wait."""
    cover = made.cover(members)
    if cover and not strictly:
        return cover[0]
    border = made.borders(members)
    if strictly:
        border = {area: border[area] for area in made.at_home(border, made.parent(members))}
    return max(border, key=lambda area: (round(border[area], 6), -area)) if border else NOBODY


def is_large(made: Settlement, members: np.ndarray) -> bool:
    """Tell whether land without an area is, or is a piece of, a wide piece of land that is as large as an area."""
    whole = np.flatnonzero(made.vacant == made.vacant[members[0]])
    large_m2 = made.large(whole)
    if made.size_m2[whole].sum() < large_m2:
        return False
    # A long arm of large land is a strip, unless it is as large as an area for itself.
    shape, other = (shapely.union_all(made.mosaic.faces.shapes[faces]) for faces in (members, whole))
    asked = np.array([other if made.size_m2[members].sum() >= large_m2 else shape], dtype=object)
    if is_narrower(asked, float(np.sqrt(large_m2 / 2)))[0]:
        return False
    return not any(
        length > shape.length / 2 and area in made.knots and shapely.dwithin(made.knots[area], shape, SNAP_M)
        for area, length in made.around(members).items()
    )


def lonely_groups(made: Settlement) -> list[np.ndarray]:
    """List the land of the territory that nobody got, pieces that seams cut put together again."""
    mosaic = made.mosaic
    is_open = mosaic.inside & ~mosaic.foreign & (made.owner == NOBODY)
    return [members for members in members_of(_joined(mosaic, is_open)) if is_open[members[0]]]


def _joined(mosaic: Mosaic, asked: np.ndarray) -> np.ndarray:
    """Number the pieces that some faces of one parent make; the other faces stay alone."""
    one, two, _ = mosaic.faces.neighbours()
    joined = asked[one] & asked[two] & (mosaic.parent[one] == mosaic.parent[two])
    return join(one[joined], two[joined], len(mosaic.faces))


def _rescue(made: Settlement, groups: list[np.ndarray]) -> None:
    """Give an area that lost everything the largest piece of its land, unless its owner has nothing else."""
    held = np.bincount(made.owner[made.owner >= 0], minlength=len(made.area_m2))
    for area in sorted({area for members in groups for area in made.cover(members) if not held[area]}):
        claims = [members for members in groups if area in made.cover(members)]
        claims.sort(key=lambda members: (-float(made.size_m2[members].sum()), int(members[0])))
        for members in claims:
            owner = int(made.owner[members[0]])
            if held[owner] > len(members):
                made.owner[members] = area
                held[owner] -= len(members)
                held[area] += len(members)
                break


def sweep_crumbs(made: Settlement, parts_before: np.ndarray) -> list[tuple[int, int]]:
    """Give crumbs that came loose from their area to the neighbours, as long as hardly more land moves for it.

    Parameters
    ----------
    made : Settlement
        Changed in place.
    parts_before : array of int
        How many parts each area had.

    Returns
    -------
    list of (int, int)
        Areas that fell apart into more parts than before and were not swept together, and into how many.
    """
    one, two, _ = made.mosaic.faces.neighbours()
    same = (made.owner[one] == made.owner[two]) & (made.owner[one] != NOBODY)
    pieces_of: dict[int, list[np.ndarray]] = {}
    for members in members_of(join(one[same], two[same], len(made.owner))):
        pieces_of.setdefault(int(made.owner[members[0]]), []).append(members)
    pieces_of.pop(NOBODY, None)
    number = {area: len(pieces) for area, pieces in pieces_of.items()}
    crumbs = [crumb for area, pieces in pieces_of.items() for crumb in _crumbs(made, pieces, int(parts_before[area]))]
    crumbs.sort(key=lambda members: (float(made.size_m2[members].sum()), int(members[0])))
    budget = _SWEPT_SHARE * _must_move_m2(made)
    for members in crumbs:
        size, area = float(made.size_m2[members].sum()), int(made.owner[members[0]])
        if size > max(budget, _LEAST_CRUMB_M2):
            break
        budget -= size
        number[area] -= 1
        border = made.borders(members)
        border = {one: border[one] for one in made.at_home(border, made.parent(members))} or border
        made.owner[members] = max(border, key=lambda one: (round(border[one], 6), -one)) if border else area
    return [(area, count) for area, count in sorted(number.items()) if count > parts_before[area]]


def _crumbs(made: Settlement, pieces: list[np.ndarray], parts_before: int) -> list[np.ndarray]:
    """List the small pieces of an area that has more of them than before."""
    size = {int(members[0]): float(made.size_m2[members].sum()) for members in pieces}
    ranked = sorted(pieces, key=lambda members: (-size[int(members[0])], int(members[0])))
    most = CRUMB_SHARE * sum(size.values())
    return [members for members in ranked[parts_before:] if size[int(members[0])] <= most]


def _must_move_m2(made: Settlement) -> float:
    """Add up the land that is in no area, in several or outside."""
    depth = np.array([len(cover) for cover in made.mosaic.covers], dtype=np.int64)
    inside = made.mosaic.inside
    times = np.where(inside, np.where(depth == 0, ~made.mosaic.foreign, depth - 1), depth)
    return float((made.size_m2 * times).sum())
