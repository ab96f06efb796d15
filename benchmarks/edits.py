"""Edit a map by hand, every edit with its proof, beside an overlay of the same piece with a check of the whole map."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "tests")]

from broken_maps import CRS, RaggedMap, ragged_map  # noqa: E402
from measure import Cost, Row, measure  # noqa: E402
from random_edits import RandomHand  # noqa: E402

import gridgeo as gg  # noqa: E402

AREAS = {"small": 400, "2k": 2_000, "20k": 20_000, "100k": 50_000}
EDITS = {"small": 200, "2k": 2_000, "20k": 5_000, "100k": 10_000}
PEER_EDITS = 3


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Measure one size of ``AREAS``.

    Yields
    ------
    Row
        Cost of an edit is the mean of all that were made; the note tells what 95 of 100 keep within.
    """
    side = int(np.ceil(np.sqrt(AREAS[size])))
    drawn = ragged_map(side, side, seed=seed)
    editor, cost = measure(lambda: gg.MapEditor(drawn.areas, drawn.territory))
    yield Row("MapEditor", len(editor), "areas", cost, note="proves the map at the start")

    pieces = _think_of_pieces(drawn, seed)
    ours, peer = _give(editor, pieces), _overlay(drawn, pieces)
    yield Row("give", PEER_EDITS, "pieces", ours, "overlay, coverage_is_valid", peer)

    hand = RandomHand(editor, seed, size_m=drawn.side_m)
    for _ in range(EDITS[size]):
        hand.edit()
    seconds = np.array(hand.seconds)
    middle, most = np.percentile(seconds, [50, 95]) * 1000
    cost = Cost(float(seconds.mean()), float("nan"))
    note = f"p50 {middle:.1f} ms, p95 {most:.1f} ms, {len(hand.done)} made, {len(hand.refused)} refused"
    yield Row("edit", len(hand.done), "edits", cost, note=note)

    proof, cost = measure(editor.certificate)
    yield Row("certificate", len(editor), "areas", cost, note=_judge(editor, proof, drawn))


def _think_of_pieces(drawn: RaggedMap, seed: int) -> list[tuple[str, shapely.Polygon]]:
    """Draw pieces around the north-eastern corners of a few areas, each for the area itself."""
    random = np.random.default_rng(seed)
    side = drawn.columns
    at = random.choice((side - 1) * (side - 1), PEER_EDITS, replace=False)
    names = [f"A{row:04d}-{column:04d}" for row, column in zip(*np.divmod(at, side - 1), strict=True)]
    corners = [shapely.get_coordinates(drawn.areas.geometry[name])[2 * drawn.points] for name in names]
    return [(name, shapely.Point(xy).buffer(0.15 * drawn.side_m)) for name, xy in zip(names, corners, strict=True)]


def _give(editor: gg.MapEditor, pieces: list[tuple[str, shapely.Polygon]]) -> Cost:
    """Give the pieces with proof, and take them back; seconds of one edit."""
    began = time.process_time()
    for name, piece in pieces:
        editor.give(piece, name)
    spent = time.process_time() - began
    for _ in pieces:
        editor.undo()
    return Cost(spent / len(pieces), float("nan"))


def _overlay(drawn: RaggedMap, pieces: list[tuple[str, shapely.Polygon]]) -> Cost:
    """Do what one would do without gridgeo: cut the piece off, join it to the area, look at the whole map."""
    areas = drawn.areas[["geometry"]].copy()
    began = time.process_time()
    for name, piece in pieces:
        held = gpd.GeoDataFrame(geometry=[piece], crs=CRS)
        near = areas.iloc[areas.sindex.query(piece, predicate="intersects")]
        left = gpd.overlay(near.reset_index(), held, how="difference").set_index("area_id")["geometry"]
        left[name] = shapely.union_all([areas.geometry[name], piece])
        areas.loc[left.index, "geometry"] = left
        shapely.coverage_is_valid(areas.geometry.to_numpy())
    return Cost((time.process_time() - began) / len(pieces), float("nan"))


def _judge(editor: gg.MapEditor, proof: Any, drawn: RaggedMap) -> str:
    """Say what the map is worth after all edits, by other means too."""
    shapes = editor.areas.geometry.to_numpy()
    off_m2 = abs(shapely.area(shapes).sum() - drawn.territory.area)
    valid = bool(shapely.coverage_is_valid(shapes))
    return f"holds: {proof.holds}, exact: {proof.exact}, coverage_is_valid: {valid}, {off_m2:.0e} m2 off"


if __name__ == "__main__":
    from run import HEADER, run_series

    print(HEADER)
    run_series("edits", rows, sys.argv[1] if len(sys.argv) > 1 else "small", 0)
