"""Find areas that reach out of their parent, or name the wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely

from .chain import TERRITORY, Matching, Segments, boundary_segments, join_segments, match
from .findings import Finding, size_text, width_text
from .intake import NO_AREA, POLYGON, Survey, as_text
from .width import greatest_width, is_narrower

NO_PARENT = -1
_LAND_KINDS = ("overlap", "contained", "duplicate", "outside_territory", "jittered_edge", "invalid_ring")


@dataclass(frozen=True)
class Parentage:
    """Which parent each area has.

    Parameters
    ----------
    parents : Survey
        The areas of the level above.
    parent_of : (n,) array of int
        Position of each area's parent: the one it names, else the one it lies in; ``NO_PARENT`` for none.
    names : (n,) array of str or None
        What each area says; None for all where the map does not name parents.
    """

    parents: Survey
    parent_of: np.ndarray
    names: np.ndarray | None

    def label(self, area: int) -> str:
        """Name an area's parent; "" where it has none."""
        position = self.parent_of[area]
        return "" if position == NO_PARENT else self.parents.label(position)


def find_parentage(survey: Survey, parents: Survey) -> Parentage:
    """Read the parent of each area from its ``parent_id``, or find where it lies when the map names no parents.

    Parameters
    ----------
    survey, parents : Survey

    Returns
    -------
    Parentage
    """
    names = survey.attributes.get("parent_id")
    if names is None or names.isna().all():
        return Parentage(parents, lies_in(survey.shapes, parents), None)
    text = as_text(names)
    first = pd.Series(np.arange(len(parents)), index=parents.ids).groupby(level=0).min()
    found = first.reindex(text).fillna(NO_PARENT).to_numpy(dtype=np.int64)
    return Parentage(parents, found, text)


def lies_in(shapes: np.ndarray, parents: Survey) -> np.ndarray:
    """Find the parent that holds a point inside each shape; ``NO_PARENT`` where none does."""
    found = np.full(len(shapes), NO_PARENT)
    solid = np.flatnonzero(~shapely.is_empty(shapes))
    at, parent = parents.tree.query(shapely.point_on_surface(shapes[solid]), predicate="intersects")
    order = np.lexsort((parent, at))[::-1]
    found[solid[at[order]]] = parent[order]
    return found


def crossing_areas(survey: Survey, parentage: Parentage, segments: Segments, matching: Matching) -> np.ndarray:
    """Find the areas that may not lie in their parent wholly, by one chain for each parent.

    Parameters
    ----------
    survey : Survey
    parentage : Parentage
    segments, matching : Segments, Matching
        The chain of all areas and the territory, and what cancels in it.

    Returns
    -------
    array of int
        Positions of areas; those that are not named lie in their parents wholly.
    """
    label = np.append(parentage.parent_of, NO_PARENT)[segments.owner]
    pairs = (matching.sizes == 2) & (matching.sums == 0)
    one, two = matching.order[matching.starts], matching.order[np.minimum(matching.starts + 1, len(segments) - 1)]
    within = pairs & (label[one] == label[two]) & (segments.owner[one] >= 0) & (segments.owner[two] >= 0)
    rest = matching.members(~within)
    rest = rest[segments.owner[rest] != TERRITORY]
    outer = boundary_segments(parentage.parents.shapes, owners=-2 - np.arange(len(parentage.parents)), sign=-1)
    both = join_segments(segments.take(rest), outer)
    of_parent = np.where(both.owner < 0, -2 - both.owner, np.append(parentage.parent_of, NO_PARENT)[both.owner])
    left = match(both, label=of_parent).unmatched()
    owners = np.unique(both.owner[left])
    found = np.union1d(owners[owners >= 0], np.flatnonzero(parentage.parent_of == NO_PARENT))
    limits = both.take(left[both.owner[left] < 0])
    hidden = np.isin(parentage.parent_of, np.unique(of_parent[left]))
    hidden[found] = False
    return np.union1d(found, _enclosed(survey, parentage, np.flatnonzero(hidden), limits))


def _enclosed(survey: Survey, parentage: Parentage, areas: np.ndarray, limits: Segments) -> np.ndarray:
    """Find areas out of their parent whose outline is matched all round by others of that parent which are out too.

    ``limits``: segments of the parents' outlines that nothing met. An area through which none of its parent's runs lies
    on one side of it, part by part.
    """
    shapes, parent_of = survey.shapes[areas], parentage.parent_of[areas]
    parts, area = shapely.get_parts(shapes, return_index=True)
    grounds = parentage.parents.shapes
    shapely.prepare(grounds)
    out = area[~shapely.covers(grounds[parent_of[area]], shapely.point_on_surface(parts))]
    lines = limits.lines()
    at, line = shapely.STRtree(lines).query(shapes, predicate="intersects")
    own = parent_of[at] == -2 - limits.owner[line]
    at, line = at[own], line[own]
    through = at[~shapely.touches(shapes[at], lines[line])]
    return areas[np.union1d(out, through)]


def parent_defects(
    survey: Survey,
    parentage: Parentage,
    suspects: np.ndarray,
    found: list[Finding],
    tolerance_m: float,
) -> Iterator[Finding]:
    """Find land outside its area's parent.

    A piece that another finding tells of already, such as an overlap with an area of the next parent, is added to that
    finding (in ``found``, which is changed) instead of being told twice.

    Parameters
    ----------
    survey, parentage : Survey, Parentage
    suspects : array of int
        The areas to look at.
    found : list of Finding
    tolerance_m : float, metres

    Yields
    ------
    Finding
        ``outside_parent, wrong_parent``.
    """
    told = _TellingFindings(found, suspects)
    suspects = suspects[survey.area_m2[suspects] > 0]
    beyond = _beyond(survey, parentage, suspects)
    stray = shapely.area(beyond) > survey.area_m2[suspects] / 2
    for at in np.flatnonzero(stray):
        finding = _describe_stray(survey, parentage, int(suspects[at]))
        if finding is not None:
            beyond[at] = NO_AREA
            yield finding
        else:
            best, _ = _main_parent(survey, parentage, int(suspects[at]))
            beyond[at] = shapely.difference(survey.shapes[suspects[at]], parentage.parents.shapes[best])
    yield from _pieces(survey, parentage, suspects, beyond, told, tolerance_m)


def _main_parent(survey: Survey, parentage: Parentage, area: int) -> tuple[int, float]:
    """Find the parent that holds most of an area, and how much it holds in m2."""
    shape, parents = survey.shapes[area], parentage.parents
    near = np.sort(parents.tree.query(shape, predicate="intersects"))
    if not len(near):
        return NO_PARENT, 0.0
    shared = shapely.area(shapely.intersection(shape, parents.shapes[near]))
    best = int(np.argmax(shared))
    return int(near[best]), float(shared[best])


def _describe_stray(survey: Survey, parentage: Parentage, area: int) -> Finding | None:
    """Describe an area that lies mostly out of the parent it names; None where the map names no parents."""
    best, held = _main_parent(survey, parentage, area)
    size, shape = float(survey.area_m2[area]), survey.shapes[area]
    where = f"{held / size:.0%} of it lies in {parentage.parents.label(best)}" if held else "it lies in no parent"
    others = (parentage.parents.label(best),) if held else ()
    if parentage.names is None:
        if held:
            return None
        message = f"{survey.label(area)} lies in no parent"
        return Finding("outside_parent", [area], message, shape, size, 0.0, "m2", size)
    name = str(parentage.names[area])
    if parentage.parent_of[area] != NO_PARENT:
        says = f"names the parent {name!r}"
    else:
        says = f"names the parent {name!r}, which does not exist" if name else "names no parent"
    message = f"{survey.label(area)} {says}; {where}"
    return Finding(
        "wrong_parent", [area], message, shape, size, 0.0, "m2", size, parents=(name, *others) if name else others
    )


def stray_findings(survey: Survey, parentage: Parentage, strays: np.ndarray) -> Iterator[Finding]:
    """Describe areas that lie mostly out of the parent they name."""
    for area in strays.tolist():
        finding = _describe_stray(survey, parentage, area)
        if finding is not None:
            yield finding


def find_strays(
    survey: Survey, parentage: Parentage, suspects: np.ndarray, tolerance_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Name the parent in which each area is at home, and cut off what areas hold outside their home.

    Parameters
    ----------
    survey, parentage : Survey, Parentage
    suspects : array of int
        The areas that may lie elsewhere.
    tolerance_m : float, metres

    Returns
    -------
    homes : array of int
        The parent that each area names, or the one that holds most of it where that is another.
    areas : array of int
        Those that hold more than a hairline outside their home.
    pieces : array of Polygon
        What they hold there.
    """
    homes = parentage.parent_of.copy()
    suspects = suspects[survey.area_m2[suspects] > 0]
    beyond = _beyond(survey, parentage, suspects)
    moved = shapely.area(beyond) > survey.area_m2[suspects] / 2
    for at in np.flatnonzero(moved):
        area = int(suspects[at])
        homes[area] = _main_parent(survey, parentage, area)[0]
        home = parentage.parents.shapes[homes[area]] if homes[area] != NO_PARENT else survey.shapes[area]
        beyond[at] = shapely.difference(survey.shapes[area], home)
    parts, of = _solid_parts(beyond, tolerance_m)
    return homes, np.unique(suspects[of]), parts


def _beyond(survey: Survey, parentage: Parentage, suspects: np.ndarray) -> np.ndarray:
    """Cut off what areas hold outside the parents they name; all of them where there is none."""
    homes = np.append(parentage.parents.shapes, np.array([NO_AREA]))[parentage.parent_of[suspects]]
    return np.asarray(shapely.difference(survey.shapes[suspects], homes), dtype=object)


def _solid_parts(shapes: np.ndarray, tolerance_m: float) -> tuple[np.ndarray, np.ndarray]:
    """List the polygons in shapes that are no hairlines, and of which shape each is a part."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    kept = (shapely.get_type_id(parts) == POLYGON) & ~shapely.is_empty(parts)
    kept[kept] = ~is_narrower(parts[kept], tolerance_m)
    return parts[kept], of[kept]


class _TellingFindings:
    """Findings that may tell of land outside a parent already, by area."""

    def __init__(self, found: list[Finding], suspects: np.ndarray) -> None:
        self.found = found
        asked = set(suspects.tolist())
        self.by_area: dict[int, list[int]] = {}
        for at, finding in enumerate(found):
            if finding.kind in _LAND_KINDS and finding.geometry is not None:
                for area in asked.intersection(finding.areas):
                    self.by_area.setdefault(int(area), []).append(at)

    def take(self, area: int, piece: shapely.Geometry, parents: tuple[str, ...], reach_m: float) -> bool:
        """Let a finding that holds a piece of an area tell of it; tell whether one did."""
        for at in self.by_area.get(area, ()):
            finding = self.found[at]
            ground = shapely.buffer(finding.geometry, reach_m)
            if finding.area_m2 > 0 and ground is not None and _holds(ground, piece, reach_m):
                known = dict.fromkeys((*finding.parents, *parents))
                crosses = "" if finding.parents else f"; {parents[0]} ends there" if parents else ""
                self.found[at] = replace(finding, parents=tuple(known), message=finding.message + crosses)
                return True
        return False


def _holds(ground: shapely.Geometry, piece: shapely.Geometry, hairline_m: float) -> bool:
    """Tell whether a piece lies in some ground, hairlines apart, such as a spike where two layers are rounded apart."""
    rest = shapely.area(shapely.difference(piece, ground))
    return bool(rest <= hairline_m * shapely.length(piece) / 2 and rest < shapely.area(piece) / 2)


def _pieces(
    survey: Survey,
    parentage: Parentage,
    suspects: np.ndarray,
    beyond: np.ndarray,
    told: _TellingFindings,
    tolerance_m: float,
) -> Iterator[Finding]:
    """Describe each piece of an area that lies outside its parent."""
    parts, of = _solid_parts(beyond, tolerance_m)
    areas = suspects[of]
    into = lies_in(parts, parentage.parents)
    for area, part, width, other in zip(areas.tolist(), parts, greatest_width(parts), into, strict=True):
        home = parentage.label(area)
        parents = tuple(name for name in (home, parentage.parents.label(other) if other != NO_PARENT else "") if name)
        if told.take(area, part, parents, max(tolerance_m, 1e-6)):
            continue
        size, length = float(part.area), float(part.length) / 2
        reaches = f"out of {home} " + (f"into {parents[-1]}" if other != NO_PARENT else "to where no parent is")
        yield Finding(
            "outside_parent", [area],
            f"{survey.label(area)} reaches {reaches} with {size_text(size)}, up to {width_text(width)} wide",
            part, size, 0.0, "m2", size, float(width), size / length, length, parents=parents,
        )  # fmt: skip
