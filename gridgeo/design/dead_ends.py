"""Find the ends at which streets stop, draw the short pieces that they miss, and drop what leads nowhere."""

from __future__ import annotations

import numpy as np
import shapely

from .noding import GRID_M

TOUCH_M = GRID_M
"""How far an end may lie from a line and still be on it, metres: noding joins what shares a cell of its grid."""

BESIDE_M = 0.05
"""How far a line may lie beside an end, in any direction, and still be what the street was meant to reach, metres."""

_STEP_M = 1e-3
"""How far from an end a ray starts that may not meet the end's own line, metres."""


def sound_lines(lines: np.ndarray) -> np.ndarray:
    """Make lines that neither cross themselves nor stand twice, in an order that is theirs alone.

    Parameters
    ----------
    lines : array of LineString or MultiLineString
        Of any length, direction and dimension.

    Returns
    -------
    array of LineString
        Flat, longer than 0, cut where they met themselves. Whatever the order and the directions of the rows, the
        same lines come out in the same order.
    """
    parts = shapely.remove_repeated_points(shapely.force_2d(shapely.get_parts(np.asarray(lines, dtype=object))))
    parts = parts[shapely.length(parts) > 0]
    simple = shapely.is_simple(parts)
    knots = shapely.get_parts(shapely.node(parts[~simple]))
    parts = shapely.normalize(np.concatenate([parts[simple], knots]))
    _, first = np.unique(shapely.to_wkb(parts), return_index=True)
    return parts[first]


def loose_ends(
    lines: np.ndarray, stops: np.ndarray, among: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the ends at which only one line arrives and that lie on no other line.

    Parameters
    ----------
    lines : array of LineString
        As ``sound_lines`` makes them.
    stops : array of LineString
        Other lines at which one may end: borders.
    among : array of int, optional
        Positions of the lines to look at. Without it, all.

    Returns
    -------
    line : array of int
        Position of the line that ends there.
    ends : array of float, shape (n, 4)
        ``x, y`` of the end, then of the vertex before it, metres.
    is_last : array of bool
        True where the line ends there, False where it begins.
    """
    among = np.arange(len(lines)) if among is None else among
    among = among[~shapely.is_closed(lines[among])]
    line, is_last = np.tile(among, 2), np.repeat([False, True], len(among))
    looked = lines[among]
    places = [[shapely.get_point(looked, at), shapely.get_point(looked, inner)] for at, inner in ((0, 1), (-1, -2))]
    xy = [np.hstack([shapely.get_coordinates(place) for place in pair]) for pair in places]
    ends = np.vstack(xy).reshape(-1, 4)
    _, group, count = np.unique(ends[:, :2], axis=0, return_inverse=True, return_counts=True)
    alone = np.flatnonzero(count[group.reshape(-1)] == 1)
    at, other = shapely.STRtree(np.concatenate([lines, stops])).query(
        shapely.points(ends[alone, :2]), predicate="dwithin", distance=TOUCH_M
    )
    loose = np.delete(alone, at[other != line[alone[at]]])
    return line[loose], ends[loose], is_last[loose]


def missing_pieces(
    lines: np.ndarray, stops: np.ndarray, *, reach_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the pieces that are missing between loose ends and what lies ahead of them.

    Parameters
    ----------
    lines : array of LineString
        Streets, as ``sound_lines`` makes them.
    stops : array of LineString
        What streets may have been meant to reach besides one another: borders.
    reach_m : float, metres
        Longest piece to draw.

    Returns
    -------
    pieces : array of LineString
        From a loose end straight on to the first line that it meets; to the line beside it where that is nearer than
        ``BESIDE_M``.
    line : array of int
        Position of the line whose end each piece prolongs.
    goal : array of int
        Position of the line that it reaches; that of a stop comes after those of the lines.
    """
    line, ends, _ = loose_ends(lines, stops)
    targets = np.concatenate([lines, stops])
    if not len(line):
        return np.empty(0, dtype=object), line, line
    tree, origin = shapely.STRtree(targets), np.asarray(shapely.points(ends[:, :2]))
    at, goal, xy = _ahead(ends, targets, tree, reach_m)
    beside, near = tree.query(origin, predicate="dwithin", distance=min(BESIDE_M, reach_m))
    other = near != line[beside]
    beside, near = beside[other], near[other]
    feet = shapely.get_point(shapely.shortest_line(origin[beside], targets[near]), 1)
    at, goal = np.concatenate([at, beside]), np.concatenate([goal, near])
    xy = np.vstack([xy, shapely.get_coordinates(feet)])
    length = np.hypot(*(xy - ends[at, :2]).T)
    order = np.lexsort((goal, xy[:, 1], xy[:, 0], length, at))
    order = order[(length[order] > TOUCH_M) & (length[order] <= reach_m)]
    _, first = np.unique(at[order], return_index=True)
    chosen = order[first]
    pieces = shapely.linestrings(np.stack([ends[at[chosen], :2], xy[chosen]], axis=1))
    return np.asarray(pieces, dtype=object), line[at[chosen]], goal[chosen]


def _ahead(
    ends: np.ndarray, targets: np.ndarray, tree: shapely.STRtree, reach_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find where rays straight on from ends meet lines: end, line and the point of each meeting."""
    step = ends[:, :2] - ends[:, 2:]
    step /= np.hypot(step[:, 0], step[:, 1])[:, None]
    far = ends[:, :2] + step * reach_m
    rays = np.asarray(shapely.linestrings(np.stack([ends[:, :2], far], axis=1)))
    later = np.asarray(shapely.linestrings(np.stack([ends[:, :2] + step * min(_STEP_M, reach_m / 2), far], axis=1)))
    at, goal = tree.query(rays, predicate="intersects")
    origin = np.asarray(shapely.points(ends[:, :2]))[at]
    # The end's own line is met at the end itself: what counts is where it is met again.
    touches = shapely.dwithin(origin, targets[goal], TOUCH_M)
    hits = shapely.intersection(np.where(touches, later[at], rays[at]), targets[goal])
    met = ~shapely.is_empty(hits)
    nearest = shapely.get_point(shapely.shortest_line(origin[met], hits[met]), 1)
    return at[met], goal[met], shapely.get_coordinates(nearest)


def drop_dead_ends(lines: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Drop the stretches of streets that lead nowhere: they bound no block.

    A stretch reaches from a loose end to the first other line. What becomes loose by that goes too, until every end
    lies on another line or on a border. Rings stay, also those at the end of a street.

    Parameters
    ----------
    lines : array of LineString
        As ``sound_lines`` makes them.
    stops : array of LineString
        Other lines at which a street may end and still bound something: borders.

    Returns
    -------
    array of LineString
        In the order of ``lines``.
    """
    among: np.ndarray | None = None
    while len(lines):
        line, _, is_last = loose_ends(lines, stops, among)
        cut = np.unique(line)
        keep_first, keep_last = ~np.isin(cut, line[~is_last]), ~np.isin(cut, line[is_last])
        low, high = _span(lines, stops, cut, keep_first, keep_last)
        left, whole = high[:, 0] - low[:, 0] > TOUCH_M, shapely.length(lines[cut])
        changed = ~left | (low[:, 0] > 0) | (high[:, 0] < whole)
        if not changed.any():
            break
        short = changed & left
        lines = lines.copy()
        lines[cut[short]] = _stretches(lines[cut[short]], low[short], high[short])
        lines = np.delete(lines, cut[~left])
        places = np.vstack([low[changed, 1:], high[changed, 1:]])
        places = shapely.points(places[np.isfinite(places).all(axis=1)])
        among = np.unique(shapely.STRtree(lines).query(places, predicate="dwithin", distance=TOUCH_M)[1])
    return lines


def _span(
    lines: np.ndarray, stops: np.ndarray, cut: np.ndarray, keep_first: np.ndarray, keep_last: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the first and the last place at which each line meets others.

    Returns ``low`` and ``high``, arrays of shape (n, 3): how far along the line, x and y; infinite, and
    ``high < low``, where the line meets nothing. A kept end counts as a place.
    """
    others = np.concatenate([lines, stops])
    mine = lines[cut]
    at, other = shapely.STRtree(others).query(mine, predicate="dwithin", distance=TOUCH_M)
    apart = other != cut[at]
    at, other = at[apart], others[other[apart]]
    met, of_met = shapely.get_coordinates(shapely.intersection(mine[at], other), return_index=True)
    found, xy = [at[of_met]], [met]
    for index in (0, -1):
        tip = shapely.get_point(other, index)
        on = shapely.dwithin(tip, mine[at], TOUCH_M)
        found.append(at[on])
        xy.append(shapely.get_coordinates(tip[on]))
    for index, kept in ((0, keep_first), (-1, keep_last)):
        found.append(np.flatnonzero(kept))
        xy.append(shapely.get_coordinates(shapely.get_point(mine[kept], index)))
    row, places = np.concatenate(found), np.vstack(xy)
    along = shapely.line_locate_point(mine[row], shapely.points(places))
    order = np.lexsort((places[:, 1], places[:, 0], along, row))
    low, high = np.full((len(cut), 3), np.inf), np.full((len(cut), 3), -np.inf)
    rows = np.column_stack([along, places])[order]
    low[row[order][::-1]] = rows[::-1]
    high[row[order]] = rows
    return low, high


def _stretches(lines: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Cut lines to the stretch between two places on each, given as ``along, x, y``."""
    xy, at = shapely.get_coordinates(lines, return_index=True)
    step = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    first = np.searchsorted(at, np.arange(len(lines)))
    total = np.cumsum(step)
    along = total - total[first][at]
    inner = (along > low[at, 0] + TOUCH_M) & (along < high[at, 0] - TOUCH_M)
    number = np.arange(len(lines))
    rows = np.concatenate([number, at[inner], number])
    place = np.vstack([low[:, 1:], xy[inner], high[:, 1:]])
    order = np.argsort(rows, kind="stable")
    return np.asarray(shapely.linestrings(place[order], indices=rows[order]), dtype=object)
