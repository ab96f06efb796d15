"""Put places that have one cause into one group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import shapely

from .arrangement import SNAP_M, join
from .chain import TERRITORY
from .covers import Places
from .intake import Survey
from .width import is_narrower

Key = tuple[int, ...]


def neighbour_keys(places: Places, least_m: float) -> list[Key]:
    """Name for each place who is concerned: the areas over it, or the areas around it where there are none.

    Parameters
    ----------
    places : Places
    least_m : float, metres
        Neighbours that share less of the outline with a place do not count, unless all do.

    Returns
    -------
    list of tuple of int
        Positions of areas in ascending order, after ``TERRITORY`` where the territory's limit is concerned.
    """
    place, owner, length = places.borders
    around: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for at, who, metres in zip(place.tolist(), owner.tolist(), length.tolist(), strict=True):
        around[at].append((who, metres))
    keys: list[Key] = []
    for at, cover in enumerate(places.covers):
        if cover:
            keys.append(cover if places.inside[at] else (TERRITORY, *cover))
            continue
        longest = max(metres for _, metres in around[at])
        keys.append(tuple(who for who, metres in around[at] if metres > min(least_m, longest / 2)))
    return keys


def connected(places: Places, which: np.ndarray, labels: Sequence[object]) -> list[np.ndarray]:
    """Group places of one label that touch each other.

    Parameters
    ----------
    places : Places
    which : array of int
        The places to group, ascending.
    labels : sequence
        One for each place of the whole set.

    Returns
    -------
    list of array of int
        Places of each group, in order of their first place.
    """
    if not len(which):
        return []
    numbers: dict[object, int] = {}
    label = np.full(len(places), -1)
    label[which] = [numbers.setdefault(labels[at], len(numbers)) for at in which]
    place, vertex = places.vertices
    kept = label[place] >= 0
    place, vertex = place[kept], vertex[kept]
    _, corner = np.unique(vertex * np.int64(len(numbers)) + label[place], return_inverse=True)
    count = len(places)
    group = join(place, corner + count, count + len(corner))[which]
    order = np.argsort(group, kind="stable")
    groups = np.split(which[order], np.flatnonzero(np.diff(group[order])) + 1)
    return sorted(groups, key=lambda members: int(members[0]))


def hairs_beside(places: Places) -> dict[int, list[int]]:
    """Name the hairlines that share a vertex with a wider place, each under the first such place."""
    if not places.is_hairline.any():
        return {}
    place, vertex = places.vertices
    hair = places.is_hairline[place]
    nobody = len(places)
    wide_at = np.full(len(places.edges.xy), nobody)
    np.minimum.at(wide_at, vertex[~hair], place[~hair])
    host = np.full(len(places), nobody)
    np.minimum.at(host, place[hair], wide_at[vertex[hair]])
    hosts: dict[int, list[int]] = defaultdict(list)
    for one in np.flatnonzero(host < nobody).tolist():
        hosts[int(host[one])].append(one)
    return dict(hosts)


def touching(places: Places, points: np.ndarray, reach_m: float = 10 * SNAP_M) -> tuple[np.ndarray, np.ndarray]:
    """Find the places that have a vertex at given points.

    Returns
    -------
    point, place : arrays of int
    """
    if not len(points) or not len(places):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    near = places.edges.tree.query_ball_point(points, reach_m)
    at = np.repeat(np.arange(len(points)), [len(some) for some in near])
    vertices = np.fromiter((vertex for some in near for vertex in some), dtype=np.int64, count=len(at))
    begin, around = places.around_vertices
    first, count = begin[vertices], begin[vertices + 1] - begin[vertices]
    inner = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(at, count), around[np.repeat(first, count) + inner]


def find_twins(survey: Survey) -> dict[int, int]:
    """Find areas that equal an earlier one exactly: each such area -> the first that it equals."""
    solid = np.flatnonzero(survey.area_m2 > 0)
    bounds = shapely.bounds(survey.shapes[solid])
    order = np.lexsort((solid, *bounds.T))
    same = (bounds[order][1:] == bounds[order][:-1]).all(axis=1)
    twins: dict[int, int] = {}
    for at in np.flatnonzero(same):
        # Areas of one extent stand together in order of their position; each is held against all before it.
        first = at
        while first > 0 and same[first - 1]:
            first -= 1
        two = int(solid[order[at + 1]])
        for one in solid[order[first : at + 1]].tolist():
            if one not in twins and shapely.equals(survey.shapes[one], survey.shapes[two]):
                twins[two] = one
                break
    return twins


def find_copies(survey: Survey, places: Places, tolerance_m: float) -> tuple[dict[int, int], dict[int, Key]]:
    """Find areas that lie on one another wholly.

    Parameters
    ----------
    survey : Survey
    places : Places
    tolerance_m : float, metres
        How far an outline may be off and still be the same.

    Returns
    -------
    copy_of : dict of int to int
        Each area that equals another -> the first that it equals.
    within : dict of int to tuple of int
        Each area that lies wholly over others -> those.
    """
    covers = list(places.covers)
    shared, _ = _shared_land(covers, places.area_m2)
    full = _FullyCovered(survey, tolerance_m)
    copy_of: dict[int, int] = {}
    for (one, two), area in sorted(shared.items()):
        if full(one, area, (two,)) and full(two, area, (one,)):
            copy_of[two] = copy_of.get(one, one)
    covers = [tuple(sorted({copy_of.get(area, area) for area in cover})) for cover in covers]
    shared, covered = _shared_land(covers, places.area_m2)
    within: dict[int, Key] = {}
    for (one, two), area in sorted(shared.items()):
        for inner, outer in ((one, two), (two, one)):
            if full(inner, area, (outer,)):
                within[inner] = (*within.get(inner, ()), outer)
    holders = {outer for several in within.values() for outer in several}
    within |= _within_several(covers, places.area_m2, sorted(set(covered) - set(within) - holders), set(within), full)
    return copy_of, within


def _within_several(
    covers: Sequence[Key], area_m2: np.ndarray, candidates: list[int], gone: set[int], full: _FullyCovered
) -> dict[int, Key]:
    """Find areas whose land is held by several others together; one that was found holds nobody's land any more."""
    lies_at: dict[int, list[int]] = defaultdict(list)
    for place, cover in enumerate(covers):
        for area in cover:
            lies_at[area].append(place)
    within: dict[int, Key] = {}
    for inner in candidates:
        others = [set(covers[place]) - gone - {inner} for place in lies_at[inner]]
        land = sum(float(area_m2[place]) for place, beside in zip(lies_at[inner], others, strict=True) if beside)
        around = tuple(sorted(set().union(*others)))
        if around and full(inner, land, around):
            within[inner] = around
            gone.add(inner)
    return within


def _shared_land(covers: Sequence[Key], area_m2: np.ndarray) -> tuple[dict[tuple[int, int], float], dict[int, float]]:
    """Add up the land that each pair of areas shares, and the land that each area shares with any other."""
    shared: dict[tuple[int, int], float] = defaultdict(float)
    covered: dict[int, float] = defaultdict(float)
    for cover, area in zip(covers, area_m2.tolist(), strict=True):
        if len(cover) > 1:
            for pair in combinations(cover, 2):
                shared[pair] += area
            for one in cover:
                covered[one] += area
    return shared, covered


@dataclass(frozen=True)
class _FullyCovered:
    """Tell whether so much land, shared with others, is all that an area has, but for a rim of a hair."""

    survey: Survey
    tolerance_m: float

    def __call__(self, area: int, land_m2: float, others: Key) -> bool:
        whole, reach = float(self.survey.area_m2[area]), max(self.tolerance_m, 10 * SNAP_M)
        if land_m2 < whole / 2 or land_m2 < whole - float(shapely.length(self.survey.shapes[area])) * reach:
            return False
        shapes = self.survey.shapes
        rest = shapely.get_parts(shapely.difference(shapes[area], shapely.union_all(shapes[list(others)])))
        return bool(is_narrower(rest, reach).all())
