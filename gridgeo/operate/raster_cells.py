"""Lay a raster of small cells over a coverage, so that most points are answered by their cell alone.

A cell that no border enters lies wholly in one area, or in none: it answers at once. A *mixed* cell lists the edges
that enter it. Walk from the cell's south-west corner along its southern side until below the point, then north to
the point: each edge crossed changes the owner by (area on the far side) - (area on the near side). The share of an
edge in that walk depends on one orientation sign and on plain comparisons of coordinates, so it is exact. The share
that does not depend on the point is added up once, when the raster is built (``base``).

Cells are powers of two metres wide and lie on multiples of their width: which cell holds a point is exact, too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .edges import NOBODY, Edges
from .orientation import orientation

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

COVER = 1 << 40
"""Weight of one area over a point; the rank of the area is added to it."""
RANKS = COVER - 1
CELLS_A_WIDTH = 16.0
"""Cells across an area of middle size."""
MOST_CELLS = 1 << 24
_ROWS_OF_BLOCK = 1 << 20

PLAIN, RISING, FALLING, BESIDE = 0, 1, 2, 3
"""How an edge stands to the southern side of a cell: above it; crossing it upwards or downwards; not above it."""
CROSSED = np.zeros(32, dtype=bool)
"""Whether the walk counts an edge: by 8 * kind + 4 * (x >= ax) + 2 * (x >= bx) + (point lies above)."""
CROSSED[[8 * kind + 5 for kind in (PLAIN, RISING, FALLING)]] = True
CROSSED[[8 * RISING + 0, 8 * RISING + 1]] = True
CROSSED[[8 * FALLING + 6, 8 * FALLING + 7]] = True


@dataclass(frozen=True)
class Cells:
    """A raster over a coverage.

    Parameters
    ----------
    exponent : int
        A cell is ``2 ** exponent`` metres wide.
    column, row : int
        Of the first cell, counted in cells from the CRS's origin.
    width, height : int
        Columns and rows; the outermost ones lie outside every area.
    codes : array of int32, shape (height * width,)
        The area's rank in a cell of one area, -1 in a cell of none, ``-2 - m`` in mixed cell ``m``.
    starts : array of int64, shape (mixed + 1,)
        Where the entries of each mixed cell start.
    entries : array of int32
        ``4 * edge + kind`` of each edge in a mixed cell.
    base : array of float64, shape (mixed,)
        Sum of the weights of a cell's corner, less the shares of its edges there.
    rows : array of float64, shape (edges, 5)
        ``ax, ay, bx, by`` and the change of weight from below the edge to above it.
    sides : array of int32, shape (edges, 2)
        Ranks of the area above and of the area below; -1 for nobody.
    crowd : array of int64, shape (k, 2)
        Mixed cell and area, for corners over which several areas lie.
    """

    exponent: int
    column: int
    row: int
    width: int
    height: int
    codes: NDArray[np.int32]
    starts: Ints
    entries: NDArray[np.int32]
    base: Floats
    rows: Floats
    sides: NDArray[np.int32]
    crowd: Ints

    @property
    def side_m(self) -> float:
        """Width of a cell in metres."""
        return 2.0**self.exponent

    @property
    def bounds(self) -> Floats:
        """West, south, east and north end of the cells that areas enter, in metres."""
        low = np.array([self.column + 1, self.row + 1])
        high = np.array([self.column + self.width - 1, self.row + self.height - 1])
        return np.concatenate([low, high]) * self.side_m

    @classmethod
    def array_names(cls) -> list[str]:
        """Name the fields that are arrays."""
        return [field.name for field in fields(cls) if field.name not in cls.number_names()]

    @classmethod
    def number_names(cls) -> list[str]:
        """Name the fields that are whole numbers."""
        return ["exponent", "column", "row", "width", "height"]

    def corners(self, mixed_codes: Ints) -> tuple[Floats, Floats]:
        """Give the south-west corners of cells by their position in ``codes``, in metres."""
        rows, columns = np.divmod(mixed_codes, self.width)
        return (columns + self.column) * self.side_m, (rows + self.row) * self.side_m


def number_cells(place: Floats, exponent: int) -> Floats:
    """Count in which column or row of cells coordinates lie, from the CRS's origin: exact for every float."""
    if exponent > 0:
        place = np.floor(place)  # scaled down itself, the smallest number below 0 would become 0
    scaled = place * 2.0**-exponent
    return np.floor(scaled, out=scaled)


def choose_exponent(area_m2: Floats, bounds: Floats, side_m: float | None = None) -> int:
    """Choose the width of cells as a power of two metres.

    Parameters
    ----------
    area_m2 : array of float
        Sizes of the areas.
    bounds : array of float, shape (4,)
        West, south, east, north.
    side_m : float, optional
        The width to come near to; without it a 16th of an area of middle size.

    Returns
    -------
    int
        So large that no more than 2**24 cells are needed, whatever ``side_m`` says.
    """
    wanted = side_m if side_m is not None else math.sqrt(float(np.median(area_m2))) / CELLS_A_WIDTH
    west, south, east, north = (float(value) for value in bounds)
    least = math.sqrt(max((east - west) * (north - south), 1e-30) / MOST_CELLS)
    # Cells far smaller than the rounding of coordinates would tell nothing apart.
    finest = max(abs(west), abs(south), abs(east), abs(north), 1e-30) * 2.0**-28
    exponent = max(round(math.log2(wanted)), math.ceil(math.log2(max(least, finest))))
    while ((east - west) * 2.0**-exponent + 3) * ((north - south) * 2.0**-exponent + 3) > MOST_CELLS:
        exponent += 1
    return exponent


@dataclass(frozen=True)
class _RowPieces:
    """The part of each edge in each row of cells that it enters."""

    edge: Ints
    row: Ints
    kind: NDArray[np.int8]
    first: Ints
    last: Ints


def lay_cells(edges: Edges, exponent: int) -> Cells:
    """Build the raster of a coverage.

    Parameters
    ----------
    edges : Edges
        Of all areas.
    exponent : int
        Cells are ``2 ** exponent`` metres wide.

    Returns
    -------
    Cells
    """
    ends = edges.ends
    extreme = [ends[:, 0].min(), ends[:, [1, 3]].min(), ends[:, 2].max(), ends[:, [1, 3]].max()]
    west, south, east, north = number_cells(np.array(extreme), exponent).astype(int).tolist()
    column, row, width, height = west - 1, south - 1, east - west + 3, north - south + 3

    weights = [np.where(side == NOBODY, 0, side.astype(np.int64) + COVER) for side in (edges.above, edges.below)]
    change = weights[0] - weights[1]
    pieces = _cut_into_rows(ends, exponent)
    cell, entry = _list_cells(pieces, column, row, width)
    passes = _passes_of_corners(pieces, ends, exponent)

    codes, corner, crowded = _sum_corners(passes, change, pieces, (column, row, width, height), np.unique(cell))
    mixed = np.flatnonzero(codes < NOBODY)
    position = -2 - codes[cell].astype(np.int64)
    order = np.argsort(position, kind="stable")
    entry, position, cell = entry[order], position[order], cell[order]
    starts = np.searchsorted(position, np.arange(len(mixed) + 1))

    side_m = float(2.0**exponent)
    corner_x, corner_y = (cell % width + column) * side_m, (cell // width + row) * side_m
    share = np.where(are_crossed(ends[entry >> 2], entry & 3, corner_x, corner_y), change[entry >> 2], 0)
    base = corner - _sum_by(position, share, len(mixed))
    crowd = _list_crowds(passes, edges, pieces, (column, row, width), crowded, codes)
    table = np.column_stack([ends, change.astype(float)])
    sides = np.column_stack([edges.above, edges.below])
    return Cells(
        exponent,
        column,
        row,
        width,
        height,
        codes,
        starts,
        entry.astype(np.int32),
        base.astype(float),
        table,
        sides,
        crowd,
    )


def _sum_by(position: Ints, values: Ints, size: int) -> Ints:
    """Add up values that share a position."""
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, position, values)
    return sums


def are_crossed(ends: Floats, kind: Ints, x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Tell, exactly, which edges the walk to a point counts.

    A point that lies on an edge is taken a hair to the east, and a much smaller hair to the north, of its place.
    """
    ax, ay, bx, by = ends.T
    side = orientation(ax, ay, bx, by, x, y)
    above = (side > 0) | ((side == 0) & (by <= ay))
    return CROSSED[8 * kind + 4 * (x >= ax) + 2 * (x >= bx) + above]


def _cut_into_rows(ends: Floats, exponent: int) -> _RowPieces:
    """Cut edges into rows of cells; the first and last column of a piece may be one too far, never one short."""
    ax, ay, bx, by = ends.T
    low, high = np.minimum(ay, by), np.maximum(ay, by)
    bottom, top = (number_cells(part, exponent).astype(np.int64) for part in (low, high))
    edge, row = count_up(bottom, top)

    ax, ay, bx, by, low, high = (part[edge] for part in (ax, ay, bx, by, low, high))
    south = row * 2.0**exponent
    crossing = (low <= south) & (south < high)
    kind = np.select([crossing & (by > ay), crossing, high <= south], [RISING, FALLING, BESIDE], PLAIN).astype(np.int8)

    rise = np.where(by == ay, 1.0, by - ay)
    places = [
        np.clip(ax + np.clip((level - ay) / rise, 0.0, 1.0) * (bx - ax), ax, bx)
        for level in (south, south + 2.0**exponent)
    ]
    west = np.where(by == ay, ax, np.minimum(*places))
    east = np.where(by == ay, bx, np.maximum(*places))
    slack = np.where(ax == bx, 0.0, 16.0 * np.finfo(float).eps * np.maximum(np.abs(ax), np.abs(bx)))
    first = number_cells(np.maximum(west - slack, ax), exponent).astype(np.int64)
    last = number_cells(np.minimum(east + slack, bx), exponent).astype(np.int64)
    return _RowPieces(edge, row, kind, first, last)


def count_up(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Give, for each position, its number and every whole number from low to high."""
    counts = high - low + 1
    position = np.repeat(np.arange(len(low)), counts)
    before = np.cumsum(counts) - counts
    return position, np.arange(counts.sum()) - (before - low)[position]


def _list_cells(pieces: _RowPieces, column: int, row: int, width: int) -> tuple[Ints, Ints]:
    """List every cell that an edge enters, with the edge and how it stands to the cell."""
    piece, place = count_up(pieces.first, pieces.last)
    cell = (pieces.row[piece] - row) * width + (place - column)
    return cell, pieces.edge[piece] * 4 + pieces.kind[piece]


def _passes_of_corners(pieces: _RowPieces, ends: Floats, exponent: int) -> tuple[Ints, Ints]:
    """Find, for each edge that crosses the southern side of a row, the first corner east of the crossing.

    Returns
    -------
    piece, column : arrays of int
    """
    side_m = 2.0**exponent
    piece = np.flatnonzero((pieces.kind == RISING) | (pieces.kind == FALLING))
    ax, ay, bx, by = ends[pieces.edge[piece]].T
    south = pieces.row[piece] * side_m
    place = np.clip(ax + (south - ay) / (by - ay) * (bx - ax), ax, bx)
    column = np.ceil(place / side_m).astype(np.int64)
    nearest = np.rint(place / side_m).astype(np.int64)
    slack = 16.0 * np.finfo(float).eps * np.maximum(np.abs(ax), np.abs(bx))
    close = np.flatnonzero((np.abs(place - nearest * side_m) <= slack) & (ax != bx))
    side = orientation(ax[close], ay[close], bx[close], by[close], nearest[close] * side_m, south[close])
    rising = pieces.kind[piece[close]] == RISING
    column[close] = nearest[close] + np.where(rising, side > 0, side < 0)
    return piece, column


def _sum_corners(
    passes: tuple[Ints, Ints], change: Ints, pieces: _RowPieces, frame: tuple[int, int, int, int], mixed: Ints
) -> tuple[NDArray[np.int32], Ints, Ints]:
    """Walk each row of corners from west to east, adding up what lies over them.

    Returns
    -------
    codes : array of int32
        Of all cells.
    corner : array of int
        Sum of weights over the corners of mixed cells.
    crowded : array of int
        Cells over whose corner several areas lie; they count as mixed.
    """
    column, row, width, height = frame
    piece, place = passes
    step = np.where(pieces.kind[piece] == RISING, -change[pieces.edge[piece]], change[pieces.edge[piece]])
    cell = (pieces.row[piece] - row) * width + (place - column)
    order = np.argsort(cell, kind="stable")
    cell, step = cell[order], step[order]

    codes = np.empty(height * width, dtype=np.int32)
    corners, mixed_parts, crowded_parts = [], [], []
    rows_of_block = max(1, _ROWS_OF_BLOCK // width)
    for start in range(0, height * width, rows_of_block * width):
        end = min(start + rows_of_block * width, height * width)
        chosen = slice(*np.searchsorted(cell, [start, end]))
        sums = _sum_by(cell[chosen] - start, step[chosen], end - start)
        sums = np.cumsum(sums.reshape(-1, width), axis=1).ravel()
        covers = sums // COVER
        codes[start:end] = np.where(covers == 1, sums & RANKS, NOBODY)
        crowded = np.flatnonzero(covers > 1) + start
        here = np.union1d(mixed[slice(*np.searchsorted(mixed, [start, end]))], crowded)
        corners.append(sums[here - start])
        mixed_parts.append(here)
        crowded_parts.append(crowded)
    all_mixed = np.concatenate(mixed_parts)
    codes[all_mixed] = -2 - np.arange(len(all_mixed), dtype=np.int32)
    return codes, np.concatenate(corners), np.concatenate(crowded_parts)


def _list_crowds(
    passes: tuple[Ints, Ints],
    edges: Edges,
    pieces: _RowPieces,
    frame: tuple[int, int, int],
    crowded: Ints,
    codes: NDArray[np.int32],
) -> Ints:
    """List the areas over each corner that several areas cover: pairs of mixed cell and area."""
    if not crowded.size:
        return np.empty((0, 2), dtype=np.int64)
    column, row, width = frame
    piece, place = passes
    enters = np.where(pieces.kind[piece] == RISING, -1, 1)
    cell = (pieces.row[piece] - row) * width + (place - column)
    edge = pieces.edge[piece]
    cells = np.concatenate([cell, cell])
    areas = np.concatenate([edges.above[edge], edges.below[edge]]).astype(np.int64)
    enters = np.concatenate([enters, -enters])
    kept = areas != NOBODY
    cells, areas, enters = cells[kept], areas[kept], enters[kept]

    # Between two crossings of one area's border in one row, the area either lies over all corners or over none.
    order = np.lexsort([cells, areas, cells // width])
    cells, areas, inside = cells[order], areas[order], np.cumsum(enters[order])
    first = np.searchsorted(crowded, cells[:-1])
    last = np.searchsorted(crowded, cells[1:]) - 1
    stretch = np.flatnonzero((inside[:-1] > 0) & (last >= first))
    position, number = count_up(first[stretch], last[stretch])
    pairs = np.column_stack([-2 - codes[crowded[number]].astype(np.int64), areas[stretch][position]])
    return pairs[np.lexsort(pairs.T[::-1])]
