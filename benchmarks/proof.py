"""Prove, audit and repair coverage, beside shapely's coverage functions and geopandas' overlay.

    python benchmarks/proof.py [--areas 500 5000 50000] [--each 200] [--overlay 5000]

Areas have 40 vertices each and lie in parents of 16. The broken maps have defects of known
kinds in known places; their table tells what of each kind is found, under its name, and with which size.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "tests")]

from broken_maps import (  # noqa: E402
    CRS,
    INNER_KINDS,
    OUTER_KINDS,
    ROW_KINDS,
    SIZED_KINDS,
    Injury,
    RaggedMap,
    break_map,
    ragged_map,
)  # fmt: skip
from measure import Row, measure  # noqa: E402

import gridgeo as gg  # noqa: E402

AREAS = {"small": 400, "2k": 2_000, "20k": 20_000, "100k": 50_000}
NOISE_M = 0.02
MOVES = ["filled", "cut", "clipped", "moved", "placeholder"]


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Measure one size of ``AREAS``.

    Yields
    ------
    Row
        One a step, as soon as it is measured.
    """
    count = AREAS[size]
    yield from _rows(count, max(1, count // 250), seed, overlay=count <= AREAS["2k"])


def _rows(count: int, each: int, seed: int, *, overlay: bool, table: list[pd.DataFrame] | None = None) -> Iterator[Row]:
    clean, areas, injuries = broken_map(count, each, seed)
    _, misnamed, misnomers = broken_map(count, each, seed, ROW_KINDS)
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

    found, cost = measure(lambda: gg.audit(misnamed, clean.territory, clean.parents))
    names = by_kind(found, misnomers)
    yield Row("audit, ids", len(misnamed), "areas", cost, "", None, _in_short(names, found))
    findings, cost = measure(lambda: gg.audit(areas, clean.territory, clean.parents))
    peer_cost = measure(lambda: _overlay(areas, clean.parents))[1] if overlay else None
    kinds = by_kind(findings, injuries)
    note = _in_short(kinds, findings)
    yield Row("audit, broken", size, "areas", cost, "geopandas overlay" if overlay else "", peer_cost, note)
    if table is not None:
        table += [kinds, names]

    repaired, cost = measure(lambda: gg.repair(areas, clean.territory, clean.parents))
    yield Row("repair", size, "areas", cost, "", None, _judge(repaired, areas, clean, findings))

    noisy = _shake(clean.areas, seed)
    repaired, cost = measure(lambda: gg.repair(noisy, clean.territory))
    kept = f"{len(noisy) - len(repaired.areas)} lost"
    yield Row("repair, noise", size, "areas", cost, "", None, f"holds: {repaired.certificate.holds}, {kept}")

    homes = _households(clean, seed)
    findings, cost = measure(lambda: gg.audit(clean.areas, clean.territory, households=homes))
    yield Row("audit, homes", len(homes), "households", cost, "", None, f"{len(findings)} findings")


def broken_map(
    count: int, each: int, seed: int, kinds: tuple[str, ...] = INNER_KINDS + OUTER_KINDS
) -> tuple[RaggedMap, gpd.GeoDataFrame, list[Injury]]:
    """Draw a map of at least so many areas, with room for a defect of each kind, and break it.

    Returns
    -------
    The map as it was, its broken areas, and the list of what was done.
    """
    inner = len(set(kinds) - set(OUTER_KINDS))
    side = max(int(np.ceil(np.sqrt(count))), 4 * (int(np.ceil(np.sqrt(len(INNER_KINDS)))) + 1))
    clean = ragged_map(side, side, seed=seed)
    areas, injuries = break_map(clean, min(each, (side // 4 - 1) ** 2 // inner), kinds=kinds, seed=seed)
    return clean, areas, injuries


def by_kind(findings: gpd.GeoDataFrame, injuries: list[Injury]) -> pd.DataFrame:
    """Set what an audit found beside what was done to the map.

    Parameters
    ----------
    findings : GeoDataFrame
        Table ``FINDINGS``.
    injuries : list of Injury

    Returns
    -------
    DataFrame
        Index ``kind``; ``made``; ``recall``, the share with any finding in its place that names its areas; ``rightly``,
        the share of those with one of its kind; ``precision``, the share of the kind's findings that are one of those;
        ``area_off, width_off``, the worst errors as shares (nan where no size was made).
    """
    drawn = np.array([one if one is not None else shapely.Point() for one in findings.geometry], dtype=object)
    tree, names = shapely.STRtree(drawn), [set(ids.split(",")) for ids in findings["area_ids"]]
    of_area: dict[str, list[int]] = {}
    for at, ids in enumerate(names):
        for name in ids:
            of_area.setdefault(name, []).append(at)
    kinds, free, rows = findings["kind"].to_numpy(), np.ones(len(findings), dtype=bool), []
    for injury in injuries:
        ids = set(injury.area_ids)
        near = set(tree.query(injury.place, predicate="dwithin", distance=0.01).tolist())
        placed = {at for at in near if ids <= names[at]}
        placed |= {at for name in ids for at in of_area.get(name, []) if ids <= names[at] and drawn[at].is_empty}
        right = sorted(at for at in placed if kinds[at] == injury.kind and free[at])
        free[right[:1]] = False
        off = [np.nan, np.nan]
        if right:
            found = findings.iloc[right[0]]
            if injury.kind in SIZED_KINDS and injury.area_m2:
                off[0] = abs(found["area_m2"] / injury.area_m2 - 1)
            off[1] = abs(found["width_m"] / injury.width_m - 1)
        rows.append((injury.kind, bool(placed), bool(right), *off))
    told = pd.DataFrame(rows, columns=["kind", "found", "right", "area_off", "width_off"]).groupby("kind", sort=False)
    listed = pd.Series(kinds).value_counts()
    sums = told["right"].sum()
    return pd.DataFrame({
        "made": told.size(), "recall": told["found"].mean(), "rightly": sums / told["found"].sum(),
        "precision": sums / listed.reindex(sums.index), "area_off": told["area_off"].max(),
        "width_off": told["width_off"].max(),
    })  # fmt: skip


def _in_short(kinds: pd.DataFrame, findings: gpd.GeoDataFrame) -> str:
    """Say in a line what an audit is worth."""
    right = (kinds["made"] * kinds["recall"] * kinds["rightly"]).sum()
    listed = int((findings["kind"] != "hairline").sum())
    made, found = int(kinds["made"].sum()), (kinds["made"] * kinds["recall"]).sum()
    return (
        f"{made} defects of {len(kinds)} kinds, recall {found / made:.2%}, "
        f"kind {right / max(found, 1):.2%}, precision {right / listed:.2%}, "
        f"area within {kinds['area_off'].max():.0e}, width within {kinds['width_off'].max():.1%}"
    )


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
        kinds: list[pd.DataFrame] = []
        for row in _rows(count, asked.each, asked.seed, overlay=count <= asked.overlay, table=kinds):
            print(as_line(row), flush=True)
        print(pd.concat(kinds).to_string(float_format="{:.3g}".format), flush=True)


if __name__ == "__main__":
    main()
