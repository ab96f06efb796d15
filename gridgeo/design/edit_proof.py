"""Prove that an edit leaves the certificate of a map as it was: the chain of what it touched is the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from gridgeo.model.errors import EditError

from .arrangement import enclose, node_segments
from .chain import TERRITORY, Segments, boundary_segments, join_segments, match
from .drawn import place_text
from .edit_map import Change, EditMap
from .findings import size_text, width_text
from .parting import Paths, insert_points
from .proof import ROUNDING_M
from .width import greatest_width, is_narrower


@dataclass(frozen=True)
class Limits:
    """What an area may not become.

    Parameters
    ----------
    narrowest_m : float, metres
        Each part of an area is somewhere at least so wide.
    several_parts : bool
        Whether an edit may leave an area in more parts than it had.
    """

    narrowest_m: float
    several_parts: bool


def follow(sheet: EditMap, change: Change) -> tuple[Change, Any]:
    """Insert the vertices that a change made into the outlines of the neighbours, and into the territory's.

    Parameters
    ----------
    sheet : EditMap
    change : Change

    Returns
    -------
    Change
        With the neighbours that get a vertex among its shapes.
    territory : Polygon or MultiPolygon
    """
    shapes = dict(change.shapes)
    open_ends = dict(change.paths)
    for ends in change.paths:
        x0, y0, x1, y1 = ends
        for row in sheet.near(np.array([min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)])).tolist():
            if row in change.shapes or row in change.removed:
                continue
            before = shapes.get(row, sheet.shapes[row])
            after = insert_points(before, {ends: change.paths[ends]})
            if after is not before:
                shapes[row] = after
                open_ends.pop(ends, None)
                open_ends.pop((x1, y1, x0, y0), None)
    # A segment between two areas is no part of the territory's outline, which may be long.
    outlines = boundary_segments(sheet.shapes[list(change.shapes)]).ends if open_ends else np.empty((0, 4))
    open_ends = {ends: xy for ends, xy in open_ends.items() if _sides(outlines, ends) == 1}
    territory = insert_points(sheet.territory, open_ends) if open_ends else sheet.territory
    return replace(change, shapes=shapes), territory


def _sides(segments: np.ndarray, ends: tuple[float, float, float, float]) -> int:
    """Count how often a segment occurs, whichever way it runs."""
    same = (segments == ends).all(axis=1) | (segments[:, [2, 3, 0, 1]] == ends).all(axis=1)
    return int(same.sum())


def check_shapes(sheet: EditMap, change: Change, limits: Limits) -> None:
    """Refuse areas that an edit would leave empty, invalid, in several parts or too thin.

    Raises
    ------
    EditError
        Naming the area, the place, the figure and the way out.
    """
    made = [(str(sheet.ids[row]), sheet.shapes[row], shape) for row, shape in change.shapes.items()]
    made += [(name, None, shape) for name, shape, _ in change.added]
    for name, before, after in made:
        if after is None or after.is_empty or not after.area > 0:
            raise EditError(f"area {name!r} would be left without land; use merge(keep, other) to end an area")
        if not after.is_valid:
            raise EditError(
                f"area {name!r} would be invalid: {shapely.is_valid_reason(after)}; draw farther from its other borders"
            )
        _check_parts(name, before, after, limits)
        _check_width(name, before, after, limits)


def _check_parts(name: str, before: Any, after: Any, limits: Limits) -> None:
    parts = shapely.get_parts(after)
    least = 1 if before is None else shapely.get_num_geometries(before)
    if len(parts) > least and not limits.several_parts:
        small = parts[np.argsort(shapely.area(parts))[0]]
        raise EditError(
            f"area {name!r} would be in {len(parts)} parts, one of {size_text(small.area)} at {place_text(small)}; "
            "draw so that it hangs together, or allow it with several_parts=True"
        )


def _check_width(name: str, before: Any, after: Any, limits: Limits) -> None:
    parts = shapely.get_parts(after)
    thin = parts[is_narrower(parts, limits.narrowest_m)]
    if len(thin) and (before is None or not is_narrower(shapely.get_parts(before), limits.narrowest_m).any()):
        width = float(greatest_width(thin[:1])[0])
        raise EditError(
            f"area {name!r} would have {size_text(thin[0].area)} at {place_text(thin[0])} that is nowhere wider than "
            f"{width_text(width)}, below narrowest_m={limits.narrowest_m:g}; draw along the border there"
        )


def prove(sheet: EditMap, change: Change, territory: Any) -> None:
    """Prove that the edit covers what was covered before, exactly once, and in each parent.

    The directed segments of the touched areas before, minus those after, cancel without rest; all new polygons are
    valid. So the chain of the whole map, which closed before, closes after.

    Raises
    ------
    EditError
        If it does not; naming areas and places.
    """
    rows = [*change.shapes, *change.removed]
    before = _chain(sheet.shapes[rows], rows, 1)
    new_rows = [*change.shapes, *(source for _, _, source in change.added)]
    new_shapes = np.array([*change.shapes.values(), *(shape for _, shape, _ in change.added)], dtype=object)
    after = _chain(new_shapes, new_rows, -1)
    chain = [before, after]
    if territory is not sheet.territory:
        outlines = np.array([sheet.territory, territory], dtype=object)
        chain += [_chain(outlines[:1], [TERRITORY], -1), _chain(outlines[1:], [TERRITORY], 1)]
        if not territory.is_valid:
            raise EditError(f"the territory would be invalid: {shapely.is_valid_reason(territory)}; draw elsewhere")
    whole = join_segments(*chain)
    matching = match(whole, strict=True)
    if not matching.closes:
        left = whole.take(matching.unmatched()).lines()
        raise EditError(
            f"areas {_names(sheet, rows)} would not cover what they cover now: {len(left)} segments, the first at "
            f"{place_text(left[0])}, meet no opposite; move less, or inside the areas"
        )
    if sheet.has_parents:
        _prove_parents(sheet, before, after, change.paths, rows)


def _chain(shapes: np.ndarray, owners: list[int], sign: int) -> Segments:
    return boundary_segments(shapes, np.array(owners, dtype=np.int64), sign)


def _prove_parents(sheet: EditMap, before: Segments, after: Segments, paths: Paths, rows: list[int]) -> None:
    """Prove that the areas of each parent cover together what they covered before."""
    chain = join_segments(_node(before, paths), after)
    matching = match(chain, strict=True, label=sheet.parent[chain.owner])
    if matching.closes:
        return
    left = chain.take(matching.unmatched())
    # A vertex that went along a straight border of a parent leaves hairlines.
    if is_narrower(enclose(node_segments(left.ends)).shapes, ROUNDING_M).all():
        return
    owners = sorted({int(row) for row in left.owner})
    parents = sorted({sheet.parent_name(row) for row in rows})
    raise EditError(
        f"areas {_names(sheet, owners)} would cross the border of their parents {', '.join(map(repr, parents))} at "
        f"{place_text(left.lines()[0])}; land stays in its parent: draw inside one parent, or change the parents first"
    )


def _node(segments: Segments, paths: Paths) -> Segments:
    """Insert the new vertices of borders into segments of before."""
    if not paths:
        return segments
    starts = {ends[0] for ends in paths}
    kept = np.ones(len(segments), dtype=bool)
    pieces = []
    for at in np.flatnonzero(np.isin(segments.ends[:, 0], list(starts))):
        xy = paths.get(tuple(segments.ends[at].tolist()))
        if xy is None:
            continue
        kept[at] = False
        stops = np.vstack([segments.ends[at, :2], xy, segments.ends[at, 2:]])
        count = len(stops) - 1
        pieces.append(
            Segments.between(
                np.hstack([stops[:-1], stops[1:]]),
                np.repeat(segments.owner[at], count),
                np.repeat(segments.weight[at], count),
            )
        )
    return join_segments(segments.take(kept), *pieces)


def _names(sheet: EditMap, rows: list[int]) -> str:
    return ", ".join(repr(name) for name in sorted(str(sheet.ids[row]) for row in rows))
