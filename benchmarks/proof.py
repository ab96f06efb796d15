"""Prove, audit and repair coverage, beside shapely's coverage functions and geopandas' overlay.

    python benchmarks/proof.py [--areas 500 5000 50000] [--each 200] [--overlay 5000]

Areas have 40 vertices each and lie in parents of 16. The broken map has defects of 16 kinds in known places.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "tests")]

from broken_maps import CRS, RaggedMap, break_map, ragged_map, score  # noqa: E402
from measure import Row, measure  # noqa: E402

import gridgeo as gg  # noqa: E402

AREAS = {"small": 400, "2k": 2_000, "20k": 20_000, "100k": 50_000}
NOISE_M = 0.02
MOVES = ["filled", "cut", "clipped", "moved"]


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Measure one size of ``AREAS``.

    Yields
    ------
    Row
        One a step, as soon as it is measured.
    """
    count = AREAS[size]
    yield from _rows(count, max(1, count // 250), seed, overlay=count <= AREAS["2k"])


def _rows(count: int, each: int, seed: int, *, overlay: bool) -> Iterator[Row]:
    side = int(np.ceil(np.sqrt(count)))
    clean = ragged_map(side, side, seed=seed)
    size = len(clean.areas)
    shapes = clean.areas.geometry.to_numpy()
    gg.repair(clean.areas.iloc[:1], clean.areas.geometry.iloc[:1])  # loads what is loaded at first use

    proof, cost = measure(lambda: gg.certify(clean.areas, clean.territory))
    _, peer = measure(lambda: shapely.coverage_is_valid(shapes))
    yield Row("certify", size, "areas", cost, "shapely.coverage_is_valid", peer, f"holds: {proof.holds}")
    proof, cost = measure(lambda: gg.certify(clean.areas, clean.territory, strict=True))
    yield Row("certify, strict", size, "areas", cost, "", None, f"holds: {proof.holds}")

    findings, cost = measure(lambda: gg.audit(clean.areas, clean.territory, clean.parents))
    _, peer = measure(lambda: shapely.coverage_invalid_edges(shapes))
    yield Row("audit, clean", size, "areas", cost, "shapely.coverage_invalid_edges", peer, f"{len(findings)} findings")

    areas, injuries = break_map(clean, min(each, (side // 4 - 1) ** 2 // 14), seed=seed)
    findings, cost = measure(lambda: gg.audit(areas, clean.territory, clean.parents))
    unfound, unexplained, worst = score(findings, injuries)
    note = f"{len(injuries)} defects, {len(unfound)} not found, {len(unexplained)} too many, sizes within {worst:.0e}"
    peer_cost = measure(lambda: _overlay(areas, clean.parents))[1] if overlay else None
    yield Row("audit, broken", size, "areas", cost, "geopandas overlay" if overlay else "", peer_cost, note)

    repaired, cost = measure(lambda: gg.repair(areas, clean.territory, clean.parents))
    yield Row("repair", size, "areas", cost, "", None, _judge(repaired, areas, clean, findings))

    noisy = _shake(clean.areas, seed)
    repaired, cost = measure(lambda: gg.repair(noisy, clean.territory))
    kept = f"{len(noisy) - len(repaired.areas)} lost"
    yield Row("repair, noise", size, "areas", cost, "", None, f"holds: {repaired.certificate.holds}, {kept}")

    homes = _households(clean, seed)
    findings, cost = measure(lambda: gg.audit(clean.areas, clean.territory, households=homes))
    yield Row("audit, homes", len(homes), "households", cost, "", None, f"{len(findings)} findings")


def _overlay(areas: gpd.GeoDataFrame, parents: gpd.GeoDataFrame) -> None:
    """Do what one would do without gridgeo: intersect the areas with themselves and with their parents."""
    named = areas[areas.geometry.notna()].reset_index()[["area_id", "geometry"]]
    named = named.set_geometry(named.geometry.make_valid())
    gpd.overlay(named, named, how="intersection", keep_geom_type=True)
    gpd.overlay(named, parents.rename_axis("parent").reset_index(), how="intersection", keep_geom_type=True)


def _judge(repaired: Any, areas: gpd.GeoDataFrame, clean: RaggedMap, found: gpd.GeoDataFrame) -> str:
    """Say what a repair is worth."""
    after = gg.audit(repaired.areas, clean.territory, clean.parents)
    least = found[["gap_m2", "overlap_m2", "outside_m2"]].sum().sum()
    least += found.loc[found["kind"] == "outside_parent", "area_m2"].sum()
    least -= found.loc[found["kind"] == "duplicate", "overlap_m2"].sum()
    moved = repaired.actions.loc[repaired.actions["action"].isin(MOVES), "area_m2"].sum()
    gone = set(areas.index) - set(repaired.areas.index)
    named = set(repaired.actions.loc[repaired.actions["action"] == "dropped", "area_id"])
    crossings = int((after["kind"] == "outside_parent").sum())
    return (
        f"holds: {repaired.certificate.holds}, moved {moved / least:.4f} of the least, {crossings} parent crossings, "
        f"{len(gone - named)} lost in silence"
    )


def _shake(areas: gpd.GeoDataFrame, seed: int) -> gpd.GeoDataFrame:
    """Move every vertex of every area a little."""
    random = np.random.default_rng(seed)
    xy = shapely.get_coordinates(areas.geometry.to_numpy()).reshape(len(areas), -1, 2)
    xy = xy + random.normal(0, NOISE_M, xy.shape)
    xy[:, -1] = xy[:, 0]
    return areas.set_geometry(gpd.GeoSeries(shapely.polygons(xy), index=areas.index, crs=CRS))


def _households(clean: RaggedMap, seed: int) -> gpd.GeoDataFrame:
    """Put twenty households into every area, at random places inside the territory."""
    random = np.random.default_rng(seed)
    west, south, east, north = clean.territory.buffer(-0.05 * clean.side_m).bounds
    count = 20 * len(clean.areas)
    points = shapely.points(random.uniform(west, east, count), random.uniform(south, north, count))
    shapely.prepare(clean.territory)
    points = points[shapely.contains(clean.territory, points)]
    return gpd.GeoDataFrame({"count": 1}, geometry=points, crs=CRS, index=np.arange(len(points)))


def main() -> None:
    """Measure the sizes that were asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--areas", type=int, nargs="+", default=[500, 5_000, 50_000])
    parser.add_argument("--each", type=int, default=200, help="defects of each kind, as far as there is room")
    parser.add_argument("--overlay", type=int, default=5_000, help="compare with overlay up to so many areas")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    from run import HEADER, as_line

    print(HEADER)
    for count in asked.areas:
        for row in _rows(count, asked.each, asked.seed, overlay=count <= asked.overlay):
            print(as_line(row), flush=True)


if __name__ == "__main__":
    main()
