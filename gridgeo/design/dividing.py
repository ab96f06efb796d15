"""Divide crowded and overlarge blocks among their buildings, stairwells, household points and open land."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from gridgeo.model.errors import TableError
from gridgeo.model.levels import AtomKind

from .cells import Borders, draw_borders
from .crowded import Cores, find_cores, house_of_home, place_seeds
from .ground import Ground, absorb, merge
from .joints import cut_blocks
from .lattice import fill_points, keep_clear
from .noding import NEAR_M, covering, covering_xy, inside_points
from .seeds import INSET_M, LEVELS, choose_spacing, free_distance

SMOOTH = 0.25
"""How far a border between two cells may be straightened, in insets of the points that it runs between."""
CUT_M = 0.05
"""Length of a border inside a building that is still rounding, metres."""


def divide_crowded(
    ground: Ground,
    homes: gpd.GeoDataFrame | None,
    houses: gpd.GeoDataFrame | None,
    cap: int,
    *,
    cap_m2: float | None = None,
) -> tuple[Ground, np.ndarray]:
    """Divide the blocks that hold more than the cap.

    Parameters
    ----------
    ground : Ground
        Blocks.
    homes : GeoDataFrame, optional
        Table ``HOUSEHOLDS``; every row lies in a block.
    houses : GeoDataFrame, optional
        Table ``BUILDINGS``.
    cap : int, households
    cap_m2 : float, optional, m2
        A block that is larger is divided too, among all its buildings and points spread over its open land, into
        cells of at most about this size. A cell around a building may be larger; it is never cut for its size.

    Returns
    -------
    ground : Ground
        Faces in one piece, each inside its block. No border runs through a building, except between its
        stairwells, or where buildings overlap.
    kind : array of AtomKind
        What each face is.

    Raises
    ------
    TableError
        If ``cap_m2`` is not above 0.
    """
    if cap_m2 is not None and not cap_m2 > 0:
        raise TableError(f"cap_m2: is {cap_m2}, not above 0")
    kind = np.where(ground.whole >= 0, AtomKind.WHOLE, AtomKind.BLOCK).astype(object)
    free = ground.whole < 0
    large = np.zeros(len(free), dtype=bool) if cap_m2 is None else free & (shapely.area(ground.shapes) > cap_m2)
    crowded = np.zeros(len(free), dtype=bool)
    block_of_home = np.empty(0, dtype=int)
    if homes is not None and len(homes):
        block_of_home = covering(homes.geometry.to_numpy(), ground.shapes, near_m=NEAR_M)
        crowded = free & (np.bincount(block_of_home, homes["count"], minlength=len(free)) > cap)
    if not (crowded | large).any():
        return ground, kind
    shapes = np.empty(0, dtype=object) if houses is None else houses.geometry.to_numpy()
    cores = Cores.none()
    if len(block_of_home) or len(shapes):
        cores = _cores(ground, homes, houses, block_of_home, crowded, large, cap)
    if cap_m2 is not None:
        cores = _fill(cores, ground, shapes, large, cap_m2)
    borders, xy, core = _uncut_borders(cores, ground, shapes)
    return _node_cells(ground, kind, crowded | large, borders, cores, xy, core)


def _cores(
    ground: Ground,
    homes: gpd.GeoDataFrame | None,
    houses: gpd.GeoDataFrame | None,
    block_of_home: np.ndarray,
    crowded: np.ndarray,
    large: np.ndarray,
    cap: int,
) -> Cores:
    """List what the blocks are divided among, without the open land."""
    house_block, house_xy = np.empty(0, dtype=int), np.empty((0, 2))
    if houses is not None and len(houses):
        places = inside_points(houses.geometry.to_numpy())
        house_block, house_xy = covering(places, ground.shapes), shapely.get_coordinates(places)
        house_block = np.where((crowded | large)[house_block], house_block, -1)
    if homes is None:
        homes = gpd.GeoDataFrame({"count": np.empty(0, dtype=int)}, geometry=[])
    home_block = np.where(crowded[block_of_home], block_of_home, -1)
    cores = find_cores(homes, home_block, house_of_home(homes, houses), house_block, house_xy, cap)
    return replace(cores, live=cores.live | large[cores.block])


def _fill(cores: Cores, ground: Ground, houses: np.ndarray, large: np.ndarray, cap_m2: float) -> Cores:
    """Add points spread over the open land of large blocks, where cells would come out too large."""
    first = cores.pairs()[1]
    coarse = np.zeros(len(first), dtype=int)
    xy, core = place_seeds(cores, houses, np.full(len(houses), INSET_M[1]), coarse, large[cores.block[first]])
    order = np.argsort(cores.block[core], kind="stable")
    xy, core = xy[order], core[order]
    begin, end = (np.searchsorted(cores.block[core], np.flatnonzero(large), side=side) for side in ("left", "right"))
    found = [
        fill_points(ground.shapes[block], xy[low:high], core[low:high], cap_m2)
        for block, low, high in zip(np.flatnonzero(large).tolist(), begin.tolist(), end.tolist(), strict=True)
    ]
    block = np.repeat(np.flatnonzero(large), [len(points) for points in found])
    points = np.concatenate([np.empty((0, 2)), *found])
    clear = keep_clear(points, houses)
    return cores.with_places(block[clear], points[clear])


def _uncut_borders(cores: Cores, ground: Ground, houses: np.ndarray) -> tuple[Borders, np.ndarray, np.ndarray]:
    """Draw the borders between cores, around buildings with finer and finer points until none is cut.

    Returns the borders and the points they were drawn from, with the core of each.
    """
    pair, first = cores.pairs()
    level = np.zeros(len(first), dtype=int)
    free = free_distance(houses)
    free_of = (
        np.where(cores.house >= 0, free[cores.house], INSET_M[1]) if len(houses) else np.full(len(pair), INSET_M[1])
    )
    borders, xy, core = Borders.none(), np.empty((0, 2)), np.empty(0, dtype=int)
    again = np.ones(len(ground.shapes), dtype=bool)
    while again.any():
        new_xy, new_core = place_seeds(cores, houses, free, level, again[cores.block[first]])
        smooth = SMOOTH * choose_spacing(free_of, level[pair])[0]
        new = draw_borders(ground.shapes, new_xy, new_core, cores.block[new_core], smooth)
        old = ~again[cores.block[core]]
        xy, core = np.concatenate([xy[old], new_xy]), np.concatenate([core[old], new_core])
        borders = borders.take(np.flatnonzero(~again[borders.block])).join(new)
        cut = _cut_buildings(new, cores, houses, pair, first) & (level < LEVELS - 1)
        level[cut] += 1
        again = np.zeros(len(ground.shapes), dtype=bool)
        again[cores.block[first[cut]]] = True
    return borders, xy, core


def _cut_buildings(
    borders: Borders, cores: Cores, houses: np.ndarray, pair: np.ndarray, first: np.ndarray
) -> np.ndarray:
    """Tell which buildings need finer points: those that a border cuts, and those on either side of it."""
    cut = np.zeros(len(first), dtype=bool)
    outer = borders.take(np.flatnonzero(pair[borders.cores[:, 0]] != pair[borders.cores[:, 1]]))
    drawn = np.isin(cores.block[first], outer.block)
    housed = np.flatnonzero((cores.house[first] >= 0) & drawn)
    if not len(outer.lines) or not len(housed):
        return cut
    shapes = houses[cores.house[first[housed]]]
    at, line = shapely.STRtree(outer.lines).query(shapes, predicate="intersects")
    same = cores.block[first[housed[at]]] == outer.block[line]
    at, line = at[same], line[same]
    deep = shapely.length(shapely.intersection(shapes[at], outer.lines[line])) > CUT_M
    cut[housed[at[deep]]] = True
    cut[pair[outer.cores[line[deep]]]] = True
    return cut & (cores.house[first] >= 0)


def _node_cells(
    ground: Ground,
    kind: np.ndarray,
    divided: np.ndarray,
    borders: Borders,
    cores: Cores,
    xy: np.ndarray,
    core: np.ndarray,
) -> tuple[Ground, np.ndarray]:
    """Cut blocks along borders, and give each piece without a core of its own to a neighbour."""
    pieces, piece_block = cut_blocks(ground.shapes, borders)
    home = _home_pieces(pieces, piece_block, cores, xy, core)
    loose = divided[piece_block] & (home < 0)
    loose &= ~_one_a_block(loose, piece_block)
    label = absorb(pieces, loose, piece_block)
    merged = merge(Ground(pieces, ground.community[piece_block], ground.whole[piece_block], piece_block), label)
    kept = np.unique(label)
    kinds = kind[piece_block[kept]]
    kinds[divided[piece_block[kept]]] = AtomKind.CELL
    owned = np.flatnonzero(home[kept] >= 0)
    kinds[owned] = cores.kind[home[kept[owned]]]
    return Ground(merged.shapes, merged.community, merged.whole, piece_block[kept]), kinds


def _home_pieces(
    pieces: np.ndarray, piece_block: np.ndarray, cores: Cores, xy: np.ndarray, core: np.ndarray
) -> np.ndarray:
    """Find for each piece a core that has its home there, or -1.

    A core's home is where its middle point is, if that lies in the core's block, else where most of its points are.
    """
    home = np.full(len(pieces), -1)
    alive = np.flatnonzero(cores.live[core])
    # The point nearest to the middle of a core's points is the least likely to be cut off by straightening.
    count = np.maximum(np.bincount(core, minlength=len(cores.block)), 1)
    middle = np.column_stack([np.bincount(core, xy[:, axis], minlength=len(cores.block)) / count for axis in (0, 1)])
    aside = np.hypot(*(xy[alive] - middle[core[alive]]).T)
    alive = alive[np.lexsort((aside, core[alive]))]
    owner = np.full(len(cores.block), -1)
    first = alive[np.unique(core[alive], return_index=True)[1]]
    owner[core[first]] = _own_pieces(pieces, piece_block, cores, xy[first], core[first])
    rest = alive[owner[core[alive]] < 0]
    at = _own_pieces(pieces, piece_block, cores, xy[rest], core[rest])
    choice, count = np.unique(np.column_stack([core[rest], at])[at >= 0], axis=0, return_counts=True)
    choice = choice[np.lexsort((choice[:, 1], count, choice[:, 0]))]
    owner[choice[:, 0]] = choice[:, 1]
    # Where two cores share a piece, the one that comes first names it.
    owned = np.flatnonzero(owner >= 0)[::-1]
    home[owner[owned]] = owned
    return home


def _own_pieces(
    pieces: np.ndarray, piece_block: np.ndarray, cores: Cores, xy: np.ndarray, core: np.ndarray
) -> np.ndarray:
    """Find the piece that holds each point, -1 where that is no piece of the block the point's core divides."""
    at = covering_xy(xy, pieces)
    return np.where((at >= 0) & (piece_block[at] == cores.block[core]), at, -1)


def _one_a_block(loose: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Pick one piece of each block whose pieces are all loose, so that the block does not vanish."""
    firm = np.zeros(block.max() + 1, dtype=bool)
    firm[block[~loose]] = True
    picked = np.zeros(len(block), dtype=bool)
    lost = np.flatnonzero(~firm[block])
    picked[lost[np.unique(block[lost], return_index=True)[1]]] = True
    return picked
