"""Decide which area each face of a mosaic belongs to, by rules that are the same everywhere.

Land that one area holds stays with it. Land that several hold goes to one of those whose parent holds it: to an area
that would lose most of its land otherwise, else to the one with the longest border to it. Land that nobody holds goes
to the neighbour with the longest border to it inside the same parent. Ties go to the smaller id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from .arrangement import join
from .parent_defects import NO_PARENT
from .rebuild import Mosaic
from .width import is_narrower

NOBODY = -1

CRUMB_SHARE = 0.01
"""A loose part is a crumb up to this share of its area."""


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
    """

    mosaic: Mosaic
    parent_of: np.ndarray
    area_m2: np.ndarray
    owner: np.ndarray

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


def settle(mosaic: Mosaic, parent_of: np.ndarray, area_m2: np.ndarray, *, open_m2: float = np.inf) -> Settlement:
    """Give every face of a mosaic one owner, or none where there should be none.

    Parameters
    ----------
    mosaic : Mosaic
    parent_of : array of int
        The parent of each area, ``NO_PARENT`` for none.
    area_m2 : array of float
        The size of each area before.
    open_m2 : float, m2
        Land without an area is left open from this size on; strips are not.

    Returns
    -------
    Settlement
    """
    made = Settlement(mosaic, parent_of, area_m2, np.full(len(mosaic.faces), NOBODY))
    shared, vacant = [], []
    for members in made.groups:
        face, cover = int(members[0]), made.cover(members)
        if mosaic.foreign[face] or not mosaic.inside[face]:
            continue
        if len(cover) > 1:
            shared.append(members)
        elif cover and made.at_home(cover, made.parent(members)):
            made.owner[members] = cover[0]
        elif cover or not is_large(made, members, open_m2):
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


def is_large(made: Settlement, members: np.ndarray, large_m2: float) -> bool:
    """Tell whether a piece of land is at least so large, and no strip."""
    if made.size_m2[members].sum() < large_m2:
        return False
    shape = shapely.union_all(made.mosaic.faces.shapes[members])
    return not is_narrower(np.array([shape], dtype=object), float(np.sqrt(large_m2 / 2)))[0]


def lonely_groups(made: Settlement) -> list[np.ndarray]:
    """List the land of the territory that nobody got because no area borders it."""
    mosaic = made.mosaic
    return [
        members
        for members in made.groups
        if mosaic.inside[members[0]] and not mosaic.foreign[members[0]] and made.owner[members[0]] == NOBODY
    ]


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
    """Give crumbs that came loose from their area to the neighbours.

    Parameters
    ----------
    made : Settlement
        Changed in place.
    parts_before : array of int
        How many parts each area had.

    Returns
    -------
    list of (int, int)
        Areas that fell apart into more parts than before, larger than crumbs, and into how many.
    """
    one, two, _ = made.mosaic.faces.neighbours()
    same = (made.owner[one] == made.owner[two]) & (made.owner[one] != NOBODY)
    pieces_of: dict[int, list[np.ndarray]] = {}
    for members in members_of(join(one[same], two[same], len(made.owner))):
        pieces_of.setdefault(int(made.owner[members[0]]), []).append(members)
    pieces_of.pop(NOBODY, None)
    apart = []
    for area, pieces in sorted(pieces_of.items()):
        if len(pieces) <= parts_before[area]:
            continue
        size = {int(members[0]): float(made.size_m2[members].sum()) for members in pieces}
        pieces.sort(key=lambda members: (-size[int(members[0])], int(members[0])))
        most = CRUMB_SHARE * sum(size.values())
        crumbs = [members for members in pieces[parts_before[area] :] if size[int(members[0])] <= most]
        for members in crumbs:
            border = made.borders(members)
            border = {one: border[one] for one in made.at_home(border, made.parent(members))} or border
            made.owner[members] = max(border, key=lambda one: (round(border[one], 6), -one)) if border else area
        if len(pieces) - len(crumbs) > parts_before[area]:
            apart.append((area, len(pieces) - len(crumbs)))
    return apart
