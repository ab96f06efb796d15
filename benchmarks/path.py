"""Measure the main path, plan -> audit -> locate, on the demonstration town at several sizes."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import pymetis
import scipy.sparse
import shapely
from measure import Row, measure

import gridgeo as gg

HOUSEHOLDS = {"small": 3_000, "2k": 16_000, "20k": 140_000, "100k": 700_000}
"""Households of the town that has about as many atoms as the size says."""
POINTS = {"small": 20_000, "2k": 1_000_000, "20k": 1_000_000, "100k": 1_000_000}
PROFILE = "guali-2024"


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Take a town of a size down the path, step by step.

    Parameters
    ----------
    size : str
        A key of ``HOUSEHOLDS``.
    seed : int
        Of the town, the plan and the points.

    Yields
    ------
    Row
        One a step, as soon as it is measured.
    """
    profile = gg.load_profile(PROFILE)
    town, cost = measure(lambda: gg.make_town(households=HOUSEHOLDS[size], seed=seed))
    yield Row("make_town", len(town.households), "household rows", cost)

    def draw_atoms() -> gpd.GeoDataFrame:
        return gg.make_atoms(
            town.communities, town.streets, households=town.households, buildings=town.buildings, profile=profile
        )

    atoms, cost = measure(draw_atoms)
    _, peer = measure(lambda: _blocks(town))
    yield Row("make_atoms", len(atoms), "atoms", cost, "union_all + polygonize, blocks only", peer)

    plan, cost = measure(lambda: gg.partition(atoms, profile, seed=seed))
    halves, peer = measure(lambda: _metis(plan))
    yield Row("partition", len(atoms), "atoms", cost, "METIS a community, grids only", peer, _band(plan, halves))

    areas, cost = measure(lambda: plan.areas("grid"))
    _, peer = measure(lambda: atoms.dissolve(plan.owner("grid")))
    yield Row("plan.areas", len(areas), "grids", cost, "geopandas dissolve", peer)

    parents = plan.areas("community")
    certificate, cost = measure(lambda: gg.certify(areas, parents))
    _, peer = measure(lambda: shapely.coverage_is_valid(areas.geometry.to_numpy()))
    yield Row("certify", len(areas), "grids", cost, "shapely coverage_is_valid", peer, f"holds: {certificate.holds}")

    findings, cost = measure(lambda: gg.audit(areas, town.boundary, parents, town.households))
    _, peer = measure(lambda: _overlay(areas, parents))
    yield Row("audit", len(areas), "grids", cost, "geopandas overlay, no households", peer, _findings(findings))

    index, cost = measure(lambda: gg.AreaIndex.from_areas(areas))
    yield Row("AreaIndex", len(areas), "grids", cost)
    points = _points(areas, POINTS[size], seed)
    found, cost = measure(lambda: index.locate(points))
    joined, peer = measure(lambda: points.to_frame("geometry").sjoin(areas[["geometry"]], how="left"))
    yield Row("locate", len(points), "points", cost, "geopandas sjoin", peer, _agreement(found, joined))


def _blocks(town: object) -> shapely.Geometry:
    """Do what everyone does with street lines: join, node, polygonize."""
    edges = shapely.boundary(town.communities.geometry.to_numpy())
    noded = shapely.union_all(np.concatenate([town.streets.geometry.to_numpy(), edges]))
    return shapely.polygonize(shapely.get_parts(noded))


def _metis(plan: gg.Plan) -> np.ndarray:
    """Divide each community's graph by METIS alone, edges weighted by length; households of each part."""
    ids = plan.atoms.index
    ends = ids.get_indexer(plan.borders["atom_a"]), ids.get_indexer(plan.borders["atom_b"])
    lengths = np.maximum(plan.borders["length_m"].round().astype(int), 1)
    graph = scipy.sparse.coo_array((lengths, ends), shape=(len(ids), len(ids)))
    graph = (graph + graph.T).tocsr()
    households = plan.atoms["households"].to_numpy()
    sizes = []
    for rows_of in plan.atoms.groupby("community_id").indices.values():
        part, weights = graph[rows_of][:, rows_of], households[rows_of]
        count = max(1, round(weights.sum() / plan.profile.limits["grid"].target))
        owner = np.zeros(len(rows_of), dtype=int)
        if count > 1:
            _, owner = pymetis.part_graph(
                count, xadj=part.indptr, adjncy=part.indices, vweights=weights, eweights=part.data, contiguous=True
            )
        sizes.append(np.bincount(owner, weights, minlength=count))
    return np.concatenate(sizes)


def _band(plan: gg.Plan, peer: np.ndarray) -> str:
    """Set the share of grids inside the band beside the peer's."""
    limits = plan.profile.limits["grid"]
    inside = (peer >= limits.low) & (peer <= limits.high)
    impossible = int((plan.certificates["level"] == "grid").sum())
    return (
        f"{plan.quality('grid')['in_band']:.1%} in band ({impossible} certified impossible), peer {inside.mean():.1%}"
    )


def _findings(findings: gpd.GeoDataFrame) -> str:
    """Count the findings by severity; there is nothing wrong with what was just drawn."""
    counts = findings["severity"].value_counts()
    return ", ".join(f"{counts.get(severity, 0)} {severity}s" for severity in ("error", "warning", "note"))


def _overlay(areas: gpd.GeoDataFrame, parents: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Look for overlaps and for what lies outside the parents, as an overlay does."""
    ours = areas[["geometry"]].reset_index(names="area")
    both = gpd.overlay(ours, ours, keep_geom_type=True)
    outside = gpd.overlay(ours, parents[["geometry"]], how="difference")
    return both[both["area_1"] < both["area_2"]], outside


def _points(areas: gpd.GeoDataFrame, count: int, seed: int) -> gpd.GeoSeries:
    """Throw points over the territory's bounds."""
    west, south, east, north = areas.total_bounds
    chance = np.random.default_rng(seed)
    return gpd.GeoSeries(
        gpd.points_from_xy(chance.uniform(west, east, count), chance.uniform(south, north, count)), crs=areas.crs
    )


def _agreement(found: pd.Series, joined: gpd.GeoDataFrame) -> str:
    """Count the points that a join places elsewhere; a point on an edge may join twice."""
    others = joined["area_id"].groupby(level=0).first()
    same = (found == others) | (found.isna() & others.isna())
    return f"{int((~same.fillna(False)).sum())} placed otherwise"
