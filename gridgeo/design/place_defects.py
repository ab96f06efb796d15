"""Tell what the places are that are not covered exactly once: gaps, overlaps, copies, jittered edges ..."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from .chain import TERRITORY
from .covers import Places
from .findings import Finding, name_list, size_text, width_text
from .grouping import Key, connected, find_copies, hairs_beside, neighbour_keys, touching
from .intake import Survey
from .row_faults import invalid_finding, mended_vertices
from .width import greatest_width


@dataclass
class Sorting:
    """Places on their way to findings.

    Parameters
    ----------
    survey, places : Survey, Places
    tolerance_m : float, metres
    jitter_m : float, metres
        A border whose two sides wind about each other is one jittered edge up to this width.
    missing_share : float
        Uncovered land is a missing area from this share of its neighbours' median size on.
    covers : list of tuple of int
        Areas over each place, without the copies and the contained areas that have findings of their own.
    keys : list of tuple of int
        Who is concerned by each place.
    open_ : array of bool
        Places that no finding explains yet; hairlines are none of them.
    told : array of bool
        Hairlines that are part of a finding.
    hairs : dict of int to list of int
        Hairlines that hang on wider places, by place.
    """

    survey: Survey
    places: Places
    tolerance_m: float
    jitter_m: float
    missing_share: float
    covers: list[Key] = field(init=False)
    keys: list[Key] = field(init=False)
    open_: np.ndarray = field(init=False)
    told: np.ndarray = field(init=False)
    hairs: dict[int, list[int]] = field(init=False)
    width_m: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.covers = list(self.places.covers)
        self.keys = neighbour_keys(self.places, self.tolerance_m)
        self.open_ = ~self.places.is_hairline
        self.hairs = hairs_beside(self.places)
        self.told = self._on_open_places()
        self.width_m = np.zeros(len(self.places))
        self.width_m[self.open_] = greatest_width(self.places.shapes[self.open_])

    def _on_open_places(self) -> np.ndarray:
        """Tell which hairlines hang on places that are to be explained."""
        told = np.zeros(len(self.places), dtype=bool)
        told[[hair for place, hairs in self.hairs.items() if self.open_[place] for hair in hairs]] = True
        return told

    def set_aside(self, place: int, left: Key) -> None:
        """Name the areas over a place once copies and contained areas are told; it may be covered rightly then."""
        self.covers[place] = left
        self.keys[place] = left if self.places.inside[place] else (TERRITORY, *left)
        self.open_[place] &= len(left) != self.places.inside[place]

    def free_hairs(self) -> None:
        """Leave hairlines beside places that need no finding of their own to be told for themselves."""
        self.told = self._on_open_places()

    def is_lack(self, place: int) -> bool:
        """Tell whether a place is a gap."""
        return not self.covers[place]

    def figures(self, members: np.ndarray) -> dict[str, Any]:
        """Measure a group of places."""
        places = self.places
        area, length = places.area_m2[members], float(places.perimeter_m[members].sum() / 2)
        hanging = {hair for place in members.tolist() for hair in self.hairs.get(place, ())}
        everything = np.union1d(members, np.array(sorted(hanging), dtype=np.int64))
        depth = np.array([len(self.covers[place]) for place in everything])
        inside, land = places.inside[everything], places.area_m2[everything]
        return {
            "area_m2": float(area.sum()),
            "width_m": float(self.width_m[members].max()),
            "mean_width_m": float(area.sum() / length),
            "length_m": length,
            "gap_m2": float(land[(depth == 0) & inside].sum()),
            "overlap_m2": float((land * np.maximum(depth - 1, 0)).sum()),
            "outside_m2": float(land[(depth > 0) & ~inside].sum()),
            "pieces": int((~places.is_hairline[members]).sum()),
        }

    def shape(self, members: np.ndarray) -> shapely.Geometry:
        """Draw a group of places."""
        shapes = self.places.shapes[members]
        return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)

    def names(self, areas: Key) -> str:
        """Name areas in a message."""
        return name_list(self.survey.label(area) for area in areas if area != TERRITORY)


def place_defects(sorting: Sorting) -> Iterator[Finding]:
    """Find the defects that places make, most telling first; marks the places it has explained.

    Yields
    ------
    Finding
        ``duplicate, contained, invalid_ring, jittered_edge, overlap, outside_territory, missing_area, hole, open_gap,
        gap``.
    """
    yield from _copies(sorting)
    yield from _broken_rings(sorting)
    yield from _jittered_edges(sorting)
    signs = [("lack" if sorting.is_lack(place) else "excess", key) for place, key in enumerate(sorting.keys)]
    for members in connected(sorting.places, np.flatnonzero(sorting.open_), signs):
        sorting.open_[members] = False
        yield _gap(sorting, members) if sorting.is_lack(members[0]) else _excess(sorting, members)


def _copies(sorting: Sorting) -> Iterator[Finding]:
    """Report areas that equal others or lie wholly over others, and take them out of the places they cover."""
    survey, places = sorting.survey, sorting.places
    copy_of, within = find_copies(survey, places, sorting.tolerance_m)
    for first in sorted(set(copy_of.values())):
        equal = [first, *sorted(copy for copy, leader in copy_of.items() if leader == first)]
        area = float(survey.area_m2[first])
        yield Finding(
            "duplicate", equal, f"{sorting.names(tuple(equal))} are the same area of {size_text(area)}",
            survey.shapes[first], area, 0.0, "m2", area, overlap_m2=area * (len(equal) - 1),
        )  # fmt: skip
    for inner, outer in sorted(within.items()):
        area = float(survey.area_m2[inner])
        message = f"{survey.label(inner)}, {size_text(area)}, lies wholly in {sorting.names(outer)}"
        yield Finding(
            "contained", [inner, *outer], message,
            survey.shapes[inner], area, 0.0, "m2", area, overlap_m2=area,
        )  # fmt: skip
    if not copy_of and not within:
        return
    for place, cover in enumerate(places.covers):
        left = tuple(area for area in cover if area not in copy_of and area not in within)
        if left != cover and cover:
            # An area that lies over others still counts where it runs over the territory's limit.
            left = left or tuple(area for area in cover if area not in copy_of)[:1]
            sorting.set_aside(place, left)
    sorting.free_hairs()


def _broken_rings(sorting: Sorting) -> Iterator[Finding]:
    """Report invalid rings, with the gaps and overlaps that hang on the place where a ring crosses itself."""
    survey = sorting.survey
    broken = np.flatnonzero(survey.is_area & ~survey.is_valid)
    for position in broken.tolist():
        points = mended_vertices(survey.given[position], survey.shapes[position])
        _, near = touching(sorting.places, points)
        near = np.unique(near)
        near = near[[position in sorting.keys[place] for place in near]] if len(near) else near
        members = near[sorting.open_[near]]
        sorting.open_[members] = False
        figures = sorting.figures(members) if len(members) else {}
        yield invalid_finding(survey, position, **figures)


def _jittered_edges(sorting: Sorting) -> Iterator[Finding]:
    """Report borders whose two sides wind about each other: slivers of gap and overlap in turn are one finding."""
    places = sorting.places
    narrow = sorting.open_ & (sorting.width_m <= sorting.jitter_m)
    paired = np.array([len(key) == 2 for key in sorting.keys], dtype=bool)
    strips = np.flatnonzero((narrow | places.is_hairline) & paired)
    groups = []
    for members in connected(places, strips, sorting.keys):
        wide = members[narrow[members]]
        lacks = np.array([sorting.is_lack(place) for place in wide], dtype=bool)
        if lacks.any() and not lacks.all():
            groups.append(members)
            sorting.open_[members] = False
            sorting.told[members] = True
    groups = _take_corners(sorting, groups, np.flatnonzero(narrow & ~paired))
    for members in groups:
        key = sorting.keys[members[0]]
        figures = sorting.figures(members)
        names = [sorting.survey.label(area) for area in key if area != TERRITORY]
        first, limits = names[0], names[1] if len(names) > 1 else "the territory's limit"
        yield Finding(
            "jittered_edge", [area for area in key if area != TERRITORY],
            f"the edge of {first} winds about {limits} for {figures['length_m']:,.0f} m, up to "
            f"{width_text(figures['width_m'])} off: {size_text(figures['gap_m2'])} in no area, "
            f"{size_text(figures['overlap_m2'] + figures['outside_m2'])} too much",
            sorting.shape(members), figures["area_m2"], 0.0, "m2", **figures,
        )  # fmt: skip


def _take_corners(sorting: Sorting, groups: list[np.ndarray], corners: np.ndarray) -> list[np.ndarray]:
    """Add narrow places at the ends of jittered edges, where a third area begins, to the largest edge they touch."""
    if not groups or not len(corners):
        return groups
    place, vertex = sorting.places.vertices
    size = [-float(sorting.places.area_m2[members].sum()) for members in groups]
    group_of = np.full(len(sorting.places), -1)
    for number, members in enumerate(groups):
        group_of[members] = number
    meets: dict[int, set[int]] = {}
    for at, number in zip(vertex[group_of[place] >= 0], group_of[place[group_of[place] >= 0]], strict=True):
        meets.setdefault(int(at), set()).add(int(number))
    added: dict[int, list[int]] = {}
    is_corner = np.isin(place, corners)
    for corner in corners:
        touched = {number for at in vertex[is_corner & (place == corner)] for number in meets.get(int(at), ())}
        fit = [number for number in touched if set(sorting.keys[groups[number][0]]) <= set(sorting.keys[corner])]
        if fit:
            added.setdefault(min(fit, key=lambda number: (size[number], number)), []).append(int(corner))
            sorting.open_[corner] = False
    return [
        np.append(members, np.array(added.get(number, []), dtype=np.int64)) for number, members in enumerate(groups)
    ]


def _excess(sorting: Sorting, members: np.ndarray) -> Finding:
    """Describe land that several areas cover, or land outside the territory."""
    key = tuple(area for area in sorting.keys[members[0]] if area != TERRITORY)
    figures = sorting.figures(members)
    inside = bool(sorting.places.inside[members[0]])
    wide = f"up to {width_text(figures['width_m'])} wide"
    shape, area = sorting.shape(members), figures["area_m2"]
    if len(key) > 1:
        where = "" if inside else ", outside the territory"
        message = f"{sorting.names(key)} overlap on {size_text(area)}, {wide}{where}"
        return Finding("overlap", key, message, shape, area, 0.0, "m2", **figures)
    whole = area >= float(sorting.survey.area_m2[key[0]]) * (1 - 1e-9)
    message = (
        f"{sorting.names(key)} lies wholly outside the territory, {size_text(area)}"
        if whole
        else f"{sorting.names(key)} runs over the territory's limit with {size_text(area)}, {wide}"
    )
    return Finding("outside_territory", key, message, shape, area, 0.0, "m2", **figures)


def _gap(sorting: Sorting, members: np.ndarray) -> Finding:
    """Describe land of the territory that no area covers."""
    survey, key = sorting.survey, sorting.keys[members[0]]
    around = tuple(area for area in key if area != TERRITORY)
    figures = sorting.figures(members)
    typical = float(np.median(survey.area_m2[list(around)])) if around else survey.typical_m2
    area, shape = figures["area_m2"], sorting.shape(members)
    # Not so with nan: where there are no areas at all, all of the territory is missing.
    is_small = area < sorting.missing_share * typical or figures["width_m"] ** 2 < sorting.missing_share**2 * typical
    size = f"{size_text(area)}, up to {width_text(figures['width_m'])} wide,"
    neighbours = f" by {sorting.names(around)}" if around else ""
    if not is_small:
        missing = "it seems that an area is missing" if len(survey) else "there are no areas"
        message = (
            f"{size} bordered{neighbours} is in no area: {missing}" if around else f"{size} is in no area: {missing}"
        )
        return Finding("missing_area", around, message, shape, area, 0.0, "m2", **figures)
    if key[0] == TERRITORY:
        kind, message = "open_gap", f"{size} between{neighbours[3:]} and the territory's limit is in no area"
    elif len(around) == 1:
        kind, message = "hole", f"{size} inside {sorting.names(around)} is in no area"
    else:
        kind, message = "gap", f"{size} between {sorting.names(around)} is in no area"
    return Finding(kind, around, message, shape, area, 0.0, "m2", **figures)
