"""Divide the areas of a map into the blocks between its streets: no block crosses a border, none is a sliver."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import TableError
from gridgeo.model.levels import AtomKind
from gridgeo.model.tables import ATOMS, check

from .adjacency import border_table, shared_segments, write_border_note
from .atoms import count_homes, note_left_out
from .cells import Borders
from .dividing import divide_crowded
from .ground import Ground, absorb, merge
from .homes import Settled
from .joints import cut_blocks, join_ends, pieces_inside, tiles
from .map_atoms import parts_of
from .noding import covering, edges_once, enclosed_faces
from .street_snapping import SnappedStreets, snap_streets, streets_with_borders
from .streets import dividing_lines

ROUNDS = 5
"""Slivers that only border slivers join these; then what they make is looked at again, so often at the most."""


@dataclass(frozen=True, eq=False)
class MapLayers:
    """What a map is divided by and counted with.

    Parameters
    ----------
    streets, homes, houses : GeoDataFrame, optional
        Tables ``STREETS``, ``HOUSEHOLDS`` (each row lies in the map) and ``BUILDINGS``.
    settled : Settled, optional
        What became of households outside.
    cap : int, households
        Most that a block should hold.
    cap_m2 : float, m2, optional
    snap_m, sliver_width_m : float, metres
    """

    streets: gpd.GeoDataFrame | None
    houses: gpd.GeoDataFrame | None
    settled: Settled | None
    cap: int
    cap_m2: float | None
    snap_m: float
    sliver_width_m: float

    @property
    def homes(self) -> gpd.GeoDataFrame | None:
        """Give the households that lie in the map."""
        return None if self.settled is None else self.settled.homes


def divide_map(areas: gpd.GeoDataFrame, layers: MapLayers) -> tuple[gpd.GeoDataFrame, pd.Series]:
    """Make atoms of a map: of its areas' parts, or of the blocks between streets inside them.

    Parameters
    ----------
    areas : GeoDataFrame
        A valid coverage, in order of ``area_id``.
    layers : MapLayers

    Returns
    -------
    atoms : GeoDataFrame
        Table ``ATOMS``, ``community_id`` being the area; ``attrs`` as ``make_atoms`` sets them.
    owner : Series of str
        ``atom_id`` -> ``area_id``.

    Raises
    ------
    TableError
        If no street lies in the map.
    """
    shapes, area, ids, _ = parts_of(areas)
    snapped = SnappedStreets(np.empty(0, dtype=object), np.empty(0, dtype=object))
    if layers.streets is None:
        ground = Ground(shapes, area, np.full(len(shapes), -1), np.arange(len(shapes)))
        kind = np.full(len(shapes), AtomKind.BLOCK, dtype=object)
        block = areas.index.to_numpy(dtype=object)[area]
    else:
        snapped = _snap(shapes, layers.streets, layers.snap_m)
        ground = _cut(shapes, area, snapped.lines, layers.sliver_width_m)
        ground, kind = divide_crowded(ground, layers.homes, layers.houses, layers.cap, cap_m2=layers.cap_m2)
        ground, kind, ids, block = _number(ground, kind)
    keys = areas.index.to_numpy(dtype=object)[ground.community]
    index = pd.Index(ids, name="atom_id")
    land = shapely.area(ground.shapes)
    data: dict[str, Any] = {
        "community_id": keys,
        "kind": [str(word) for word in kind],
        "block_id": block,
        "keep_with": None,
        **_counts(areas, ground, layers.homes, land),
        "area_m2": land,
    }
    atoms = gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(ground.shapes, index=index, crs=areas.crs), index=index)
    check(atoms, ATOMS)
    if layers.streets is not None:
        atoms.attrs["borders"] = _note_borders(atoms, ground, layers.streets, snapped, layers.snap_m)
    note_left_out(atoms, layers.settled)
    atoms.attrs["sites"] = json.dumps({})
    return atoms, pd.Series(keys, index=index, name="area_id")


def _snap(shapes: np.ndarray, streets: gpd.GeoDataFrame, snap_m: float) -> SnappedStreets:
    """Bring the streets of the map into form, and let them give way to its borders."""
    edges = edges_once(shapes)
    territory = shapely.coverage_union_all(shapes)
    if not shapely.dwithin(territory, streets.geometry.to_numpy(), snap_m).any():
        raise TableError(
            f"streets: none of {len(streets)} lies in the map; check the CRS and the datum, or leave them out"
        )
    return snap_streets(dividing_lines(streets, edges, territory, gap_m=snap_m), edges, snap_m=snap_m)


def _cut(shapes: np.ndarray, area: np.ndarray, lines: np.ndarray, width_m: float) -> Ground:
    """Cut the parts of areas along lines, and join slivers to a neighbour inside their part."""
    at = covering(shapely.line_interpolate_point(lines, 0.5, normalized=True), shapes)
    lines, at = lines[at >= 0], at[at >= 0]
    pieces, part = _pieces(shapes, lines, at)
    ground = Ground(pieces, part, np.full(len(pieces), -1), np.arange(len(pieces)))
    for _ in range(ROUNDS):
        narrow = 2 * shapely.area(ground.shapes) < width_m * shapely.length(ground.shapes)
        head = absorb(ground.shapes, narrow, ground.community) if narrow.any() else np.arange(len(narrow))
        if (head == np.arange(len(head))).all():
            break
        ground = merge(ground, head)
    return Ground(ground.shapes, area[ground.community], ground.whole, ground.block)


def _pieces(shapes: np.ndarray, lines: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut shapes along lines; give the pieces and the shape of each."""
    cores = np.zeros((len(lines), 2), dtype=int)
    reaches = np.ones(len(lines), dtype=bool)
    pieces, part = pieces_inside(enclosed_faces(join_ends(shapes, lines, reaches)), shapes)
    if tiles(pieces, part, shapes) and shapely.coverage_is_valid(pieces):
        return pieces, part
    # A line that touches an edge on its way is rare; then everything is noded on the precision grid.
    return cut_blocks(shapes, Borders(lines, cores, at, reaches))


def _number(ground: Ground, kind: np.ndarray) -> tuple[Ground, np.ndarray, list[str], list[str]]:
    """Name atoms area by area, from west to east; and their blocks."""
    place = shapely.get_coordinates(shapely.centroid(ground.shapes))
    order = np.lexsort((-place[:, 1], place[:, 0], ground.community))
    width = max(5, len(str(len(order))))
    ids = [f"A{number:0{width}d}" for number in range(1, len(order) + 1)]
    made = Ground(ground.shapes[order], ground.community[order], ground.whole[order], ground.block[order])
    return made, kind[order], ids, [f"B{number:0{width}d}" for number in made.block]


def _counts(
    areas: gpd.GeoDataFrame, ground: Ground, homes: gpd.GeoDataFrame | None, land: np.ndarray
) -> dict[str, np.ndarray]:
    """Count households and persons where they lie, or share out what the map says of its areas."""
    if homes is not None:
        return count_homes(ground.shapes, homes)[1]
    made = {}
    for column in ("households", "persons"):
        made[column] = np.zeros(len(land), dtype=np.int64)
        if column in areas:
            made[column] = share_out(areas[column].to_numpy(dtype=np.int64), ground.community, land)
    return made


def share_out(amounts: np.ndarray, group: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Share whole amounts out among the members of groups, by weight and in whole numbers, to the last one.

    Parameters
    ----------
    amounts : array of int, shape (groups,)
    group : array of int, shape (n,)
        Every group has a member.
    weight : array of float, shape (n,)
        Above 0.

    Returns
    -------
    array of int, shape (n,)
        What rounding down leaves goes to the largest remainders, of equal ones to the first.
    """
    exact = amounts[group] * weight / np.bincount(group, weight, minlength=len(amounts))[group]
    held = np.floor(exact).astype(np.int64)
    left = amounts - np.bincount(group, held, minlength=len(amounts)).astype(np.int64)
    order = np.lexsort((np.arange(len(group)), held - exact, group))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - np.searchsorted(group[order], group[order])
    return held + (rank < left[group])


def _note_borders(
    atoms: gpd.GeoDataFrame, ground: Ground, streets: gpd.GeoDataFrame, snapped: SnappedStreets, snap_m: float
) -> str:
    """Note the streets under borders; a street that gave way to a border of the map lies under that border."""
    first, second, segments = shared_segments(ground.shapes)
    of_map = ground.community[first] != ground.community[second]
    lines = streets_with_borders(streets, snapped.runs, segments[of_map], snap_m=snap_m)
    return write_border_note(border_table(atoms.index.to_numpy(), first, second, segments, lines))
