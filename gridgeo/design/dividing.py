"""Divide crowded blocks among their buildings, stairwells and household points."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gridgeo.model.levels import AtomKind

from .cells import cut_by_stairwell, divide_face, outline_points
from .ground import Ground, absorb, merge
from .noding import NEAR_M, covering, inside_points, node_faces


def divide_crowded(
    ground: Ground, homes: gpd.GeoDataFrame | None, houses: gpd.GeoDataFrame | None, cap: int
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

    Returns
    -------
    ground : Ground
        Faces in one piece, each inside its block.
    kind : array of AtomKind
        What each face is.
    """
    kind = np.where(ground.whole >= 0, AtomKind.WHOLE, AtomKind.BLOCK).astype(object)
    if homes is None or not len(homes):
        return ground, kind
    block_of_home = covering(homes.geometry.to_numpy(), ground.shapes, near_m=NEAR_M)
    counts = np.bincount(block_of_home, homes["count"], minlength=len(ground.shapes))
    crowded = np.flatnonzero((counts > cap) & (ground.whole < 0))
    if not len(crowded):
        return ground, kind
    seeds = _seeds(ground, homes, houses, block_of_home, crowded, cap)
    cells, cell_block, cell_kind, cell_live = [], [], [], []
    for block in crowded.tolist():
        xy, label, live, kinds = seeds[block]
        shapes, names = divide_face(ground.shapes[block], xy, label)
        cells.append(shapes)
        cell_block.append(np.full(len(shapes), block))
        cell_kind.append(kinds[names])
        cell_live.append(live[names])
    return _node_cells(
        ground,
        kind,
        np.concatenate(cells),
        np.concatenate(cell_block),
        np.concatenate(cell_kind),
        np.concatenate(cell_live),
    )


_Seeds = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _seeds(
    ground: Ground,
    homes: gpd.GeoDataFrame,
    houses: gpd.GeoDataFrame | None,
    block_of_home: np.ndarray,
    crowded: np.ndarray,
    cap: int,
) -> dict[int, _Seeds]:
    """Place the points among which each crowded block is divided.

    For each block: points, their labels, and for each label whether households live there and what it is.
    """
    xy = shapely.get_coordinates(homes.geometry.to_numpy())
    house_of_home = _house_of(homes, houses)
    house_block = (
        np.full(0, -1) if houses is None else covering(inside_points(houses.geometry.to_numpy()), ground.shapes)
    )
    counts = homes["count"].to_numpy()
    stairwell = homes["stairwell"].to_numpy() if "stairwell" in homes else np.zeros(len(homes), dtype=int)
    by_block = _groups(block_of_home)
    houses_by_block = _groups(house_block)
    seeds: dict[int, _Seeds] = {}
    for block in crowded.tolist():
        rows = by_block[block]
        parts = _Parts()
        in_house = house_of_home[rows]
        for house in sorted(
            {*houses_by_block.get(block, np.empty(0, dtype=int)).tolist(), *in_house[in_house >= 0].tolist()}
        ):
            parts.add_house(houses.geometry.iloc[house], rows[in_house == house], xy, counts, stairwell, cap)  # type: ignore[union-attr]
        alone = rows[in_house < 0]
        places, place = np.unique(np.round(xy[alone], 2), axis=0, return_inverse=True)
        parts.add_points(places if len(alone) else np.empty((0, 2)), place.reshape(-1))
        seeds[block] = parts.finish()
    return seeds


class _Parts:
    """Gather the seeds of one block."""

    def __init__(self) -> None:
        self.xy: list[np.ndarray] = []
        self.label: list[np.ndarray] = []
        self.live: list[bool] = []
        self.kind: list[AtomKind] = []

    def add_house(
        self,
        house: shapely.Geometry,
        rows: np.ndarray,
        xy: np.ndarray,
        counts: np.ndarray,
        stairwell: np.ndarray,
        cap: int,
    ) -> None:
        """Add a building; above the cap stairwell by stairwell, where its households tell them apart."""
        first = len(self.live)
        outline, label = outline_points(np.array([house]), np.array([first]))
        wells = np.unique(stairwell[rows]) if len(rows) else np.empty(0, dtype=int)
        doors = np.array([xy[rows[stairwell[rows] == well]].mean(axis=0) for well in wells]) if len(wells) > 1 else None
        if doors is not None and counts[rows].sum() > cap and len(np.unique(np.round(doors, 1), axis=0)) == len(wells):
            label = cut_by_stairwell(outline, label, doors, first + np.arange(len(wells)))
            self.live += [True] * len(wells)
            self.kind += [AtomKind.STAIRWELL] * len(wells)
        else:
            self.live.append(len(rows) > 0)
            self.kind.append(AtomKind.CELL)
        self.xy.append(outline)
        self.label.append(label)

    def add_points(self, places: np.ndarray, place: np.ndarray) -> None:
        """Add household points that stand in no building."""
        self.xy.append(places)
        self.label.append(len(self.live) + np.arange(len(places)))
        self.live += [True] * len(places)
        self.kind += [AtomKind.CELL] * len(places)

    def finish(self) -> _Seeds:
        return (
            np.concatenate(self.xy),
            np.concatenate(self.label),
            np.array(self.live),
            np.array(self.kind, dtype=object),
        )


def _house_of(homes: gpd.GeoDataFrame, houses: gpd.GeoDataFrame | None) -> np.ndarray:
    """Find the building of each household: the one it names, else the one it stands in; -1 for none."""
    if houses is None or not len(houses):
        return np.full(len(homes), -1)
    standing = covering(homes.geometry.to_numpy(), houses.geometry.to_numpy())
    if "building_id" not in homes:
        return standing
    named = houses.index.get_indexer(homes["building_id"].fillna(""))
    return np.where(named >= 0, named, standing)


def _groups(values: np.ndarray) -> dict[int, np.ndarray]:
    """Collect the positions at which each value stands."""
    order = np.argsort(values, kind="stable")
    names, first = np.unique(values[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, first[1:]), strict=True)) if len(values) else {}


def _node_cells(
    ground: Ground, kind: np.ndarray, cells: np.ndarray, block: np.ndarray, cell_kind: np.ndarray, live: np.ndarray
) -> tuple[Ground, np.ndarray]:
    """Node blocks and cells together, and give every piece to its cell, detached or empty ones to a neighbour."""
    lines = np.concatenate(
        [shapely.get_parts(shapely.boundary(ground.shapes)), shapely.get_parts(shapely.boundary(cells))]
    )
    pieces = node_faces(lines)
    places = inside_points(pieces)
    piece_block = covering(places, ground.shapes)
    pieces, places, piece_block = (values[piece_block >= 0] for values in (pieces, places, piece_block))
    cell = covering(places, cells)
    area = shapely.area(pieces)
    divided = np.isin(piece_block, block)
    largest = np.zeros(len(pieces), dtype=bool)
    for members in _groups(np.where(divided, cell, -1 - piece_block)).values():
        largest[members[area[members].argmax()]] = True
    empty_cell = divided & ((cell < 0) | ~live[np.maximum(cell, 0)])
    loose = (divided & ~largest) | empty_cell
    rescued = _one_a_block(loose, piece_block)
    loose &= ~rescued
    label = absorb(pieces, loose, piece_block)
    merged = merge(Ground(pieces, ground.community[piece_block], ground.whole[piece_block], piece_block), label)
    kept = np.unique(label)
    kinds = np.where(divided[kept], cell_kind[np.maximum(cell[kept], 0)], kind[piece_block[kept]])
    return Ground(merged.shapes, merged.community, merged.whole, piece_block[kept]), kinds


def _one_a_block(loose: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Pick one piece of each block whose pieces are all loose, so that the block does not vanish."""
    firm = np.zeros(block.max() + 1, dtype=bool)
    firm[block[~loose]] = True
    picked = np.zeros(len(block), dtype=bool)
    lost = np.flatnonzero(~firm[block])
    picked[lost[np.unique(block[lost], return_index=True)[1]]] = True
    return picked
