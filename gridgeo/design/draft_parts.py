"""Part an area's atoms: along a drawn line, by how many households a part should hold, or by the atoms that leave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from gridgeo.model.edits import Split
from gridgeo.model.errors import EditError
from gridgeo.model.levels import Level
from gridgeo.model.profile import Limits

from .draft_rules import check_atoms
from .draft_sheet import Sheet
from .drawn import place_text
from .exact import connected_groups
from .naming import reading_order
from .problem import Problem, join_fragments, make_problem, pieces, renumber
from .tree_kernels import grow_tree, subtree_cuts

NEAR = 0.02
"""Cuts that miss the target by no more than this share of it are near enough for the better border to decide."""
FEW_TREES, MORE_TREES = 60, 200
"""Random trees that are cut in search of the target, and how many more where its groups of atoms cannot be listed."""
GROUPS = 4_000
"""Most connected groups of atoms to list in search of it."""
WILD = (0.3, 1.0, 3.0)
"""How far chance goes before streets when a tree is drawn."""
CUT_MICRO = 1.0
"""Price of cutting a micro grid; the side of a part, cut through open ground, costs 1."""


def part_area(sheet: Sheet, edit: Split) -> list[np.ndarray]:
    """Part the atoms of an area.

    Parameters
    ----------
    sheet : Sheet
    edit : Split

    Returns
    -------
    list of array of int
        Positions of the atoms of each part, two parts or more, in reading order.

    Raises
    ------
    EditError
        If the area cannot be parted so.
    """
    members = sheet.members[edit.level, edit.area_id]
    # Trees are drawn by place, which must not depend on the order of the rows.
    members = members[np.argsort(sheet.atom_ids[members].astype(str), kind="stable")]
    if len(members) < 2:
        raise EditError(
            f"cut: area {edit.area_id!r} is one atom, {str(sheet.atom_ids[members[0]])!r}, the smallest that there is; "
            "split an area of two atoms or more"
        )
    if edit.atom_ids is not None:
        leaving = check_atoms(sheet, edit.atom_ids)
        strange = leaving[~np.isin(leaving, members)]
        if len(strange):
            raise EditError(
                f"unknown: atom {sheet.names_of(strange)[0]!r} lies not in area {edit.area_id!r}; name atoms of its own"
            )
        if len(leaving) == len(members):
            raise EditError(f"empty_area: all atoms of {edit.area_id!r} would leave it; let some stay, or rename it")
        zone = np.isin(members, leaving).astype(np.int64)
    elif edit.line is not None:
        zone = _along_line(sheet, edit, members)
    else:
        zone = _by_target(sheet, edit, members)
    parts = [members[zone == at] for at in range(int(zone.max()) + 1)]
    return _in_reading_order(sheet, parts)


def _in_reading_order(sheet: Sheet, parts: list[np.ndarray]) -> list[np.ndarray]:
    shapes = sheet.graph.shapes
    centre = np.array(
        [
            np.average(shapely.get_coordinates(shapely.centroid(shapes[part])), axis=0, weights=sheet.graph.area[part])
            for part in parts
        ]
    )
    side_m = float(np.sqrt(np.mean([sheet.graph.area[part].sum() for part in parts])))
    return [parts[at] for at in reading_order(centre[:, 0], centre[:, 1], side_m).tolist()]


def _problem(sheet: Sheet, members: np.ndarray, level: str, target: int) -> Problem:
    """Make the graph of an area of which parts hold about a target."""
    limits = Limits(0, max(target, 1), max(target, 1))
    graph = sheet.graph
    block = renumber(np.unique(graph.block[members], return_inverse=True)[1])
    area, outline = graph.area[members], shapely.length(graph.shapes[members])
    problem = make_problem(sheet.households[members], area, outline, block, sheet.borders_of(members), limits, count=2)
    if level == Level.GRID and Level.MICRO in sheet.owner:
        micro = sheet.owner[Level.MICRO][members]
        inside = micro[problem.starts] == micro[problem.neighbour]
        code = np.unique(micro.astype(str), return_inverse=True)[1]
        side_m = np.sqrt(np.bincount(code, area))[code]
        problem.cost[inside] += CUT_MICRO * problem.length[inside] / side_m[problem.starts[inside]]
    return problem


def _along_line(sheet: Sheet, edit: Split, members: np.ndarray) -> np.ndarray:
    """Give each atom to the side of the line on which most of it lies."""
    line = edit.path
    shapes = sheet.graph.shapes[members]
    outline = shapely.coverage_union_all(shapes)
    rings = shapely.boundary(outline)
    faces = shapely.get_parts(shapely.polygonize([shapely.node(shapely.union_all([rings, line]))]))
    faces = faces[shapely.contains(outline, shapely.point_on_surface(faces))]
    if len(faces) <= len(shapely.get_parts(outline)):
        away = float(shapely.distance(line, outline))
        how = f"passes it at {away:,.1f} m" if away > 0 else "does not cut it through"
        raise EditError(
            f"cut: the line at {place_text(line)} parts area {edit.area_id!r} nowhere: it {how}; draw it from edge to "
            "edge of the area"
        )
    atom, face = shapely.STRtree(faces).query(shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[atom], faces[face]))
    order = np.lexsort((face, -shared, atom))
    first = order[np.unique(atom[order], return_index=True)[1]]
    zone = renumber(face[first])
    zone = join_fragments(_problem(sheet, members, edit.level, 1), zone)
    if zone.max() < 1:
        raise EditError(
            f"cut: no border of atoms runs near the line at {place_text(line)}: all of area {edit.area_id!r} would "
            "stay on one side; draw it nearer to the middle, or name the atoms that leave"
        )
    return zone


def _by_target(sheet: Sheet, edit: Split, members: np.ndarray) -> np.ndarray:
    """Part an area in two pieces, one of them as near to the target as can be found."""
    target, total = int(edit.target or 0), int(sheet.households[members].sum())
    if target >= total:
        raise EditError(
            f"cut: a part of {target:,} households cannot leave area {edit.area_id!r}, which holds {total:,}; ask for "
            f"fewer than {total:,}"
        )
    problem = _problem(sheet, members, edit.level, target)
    if pieces(problem).max() > 0:
        raise EditError(
            f"cut: area {edit.area_id!r} is in several pieces, so a target parts it not in two; name the atoms that "
            "leave, or draw a line"
        )
    best = _Best(problem, target, total)
    state = np.array([1], dtype=np.int64)
    for tree in range(FEW_TREES):
        _try_tree(best, WILD[tree % len(WILD)], state)
    if not best.try_groups():
        for tree in range(MORE_TREES):
            _try_tree(best, WILD[tree % len(WILD)], state)
    return best.zone


def _try_tree(best: _Best, wild: float, state: np.ndarray) -> None:
    """Draw a random tree and look at every cut of it in two."""
    p, everything = best.problem, np.arange(len(best.problem))
    walk, up = grow_tree(everything, everything, p.indptr, p.neighbour, p.stick, wild, state)
    held = p.weight.copy()
    for at in walk[:0:-1].tolist():
        held[up[at]] += held[at]
    cost = subtree_cuts(everything, everything, walk, up, p.indptr, p.neighbour, p.cost)
    best.try_tree(walk, up, held, cost)


class _Best:
    """Keep the best cut in two that was seen: nearest to the target, then the cheapest border."""

    def __init__(self, problem: Problem, target: int, total: int) -> None:
        self.problem, self.target, self.total = problem, target, total
        self.zone = np.zeros(len(problem), dtype=np.int64)
        self.price: tuple[float, float] = (np.inf, np.inf)

    def _missed(self, held: np.ndarray) -> np.ndarray:
        """Tell by how many households more than is near enough a cut misses the target, on its better side."""
        missed = np.minimum(np.abs(held - self.target), np.abs(self.total - held - self.target))
        return np.maximum(missed - NEAR * self.target, 0.0)

    def try_tree(self, walk: np.ndarray, up: np.ndarray, held: np.ndarray, cost: np.ndarray) -> None:
        """Look at every cut of a tree in two."""
        tops = walk[1:]
        missed = self._missed(held[tops])
        at = np.lexsort((tops, np.round(cost[tops], 9), missed))[0]
        price = (float(missed[at]), round(float(cost[tops[at]]), 9))
        if price >= self.price:
            return
        side = np.zeros(len(up), dtype=np.int64)
        side[tops[at]] = 1
        for v in walk[1:].tolist():
            side[v] |= side[up[v]]
        self.price, self.zone = price, side

    def try_groups(self) -> bool:
        """Look at every connected group that is nearer to the target; False where they cannot be listed."""
        reach = self.price[0] + NEAR * self.target
        low, high = int(np.ceil(self.target - reach)), int(self.target + reach)
        problem = _with_high(self.problem, high)
        found = connected_groups(problem, GROUPS, low=max(low, 0))
        if found is None:
            return False
        missed = self._missed(found.weight)
        # A group's ``cut`` is half the cost of its borders.
        for at in np.lexsort((np.round(2 * found.cut, 9), missed)).tolist():
            price = (float(missed[at]), round(2 * float(found.cut[at]), 9))
            if price >= self.price:
                break
            side = (found.bits[at] >> np.arange(len(problem))) & 1
            if 0 < side.sum() < len(side) and pieces(problem, side).max() == 1:
                self.price, self.zone = price, side
                break
        return True


def _with_high(problem: Problem, high: int) -> Problem:
    return replace(problem, band=replace(problem.band, high=max(high, 1)))
