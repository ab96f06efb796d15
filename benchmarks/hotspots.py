"""Find planted hot spots among areas, beside Getis-Ord Gi* of esda with its own permutations; count incidents by hour.

    python benchmarks/run.py --only hotspots --size 20k

The peer is what its documentation shows: contiguity from the vertices, 999 permutations, p below 0.05 without a control
of false discoveries. It is compiled before it is measured.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
from locate import crooked_areas
from measure import Row, measure

import gridgeo as gg

AREAS = {"small": 100, "2k": 500, "20k": 5_000, "100k": 50_000}
POINTS = {"small": 10_000, "2k": 1_000_000, "20k": 10_000_000, "100k": 10_000_000}
MEAN, FACTOR = 5.0, 4.0
"""Incidents an area by chance, and how many times as many in a cluster."""
AREAS_A_CLUSTER = 500
BINS = 12
PERMUTATIONS = 999
WIDE_M = 0.01


def rows(size: str, seed: int) -> Iterator[Row]:
    """Measure counting, hot spots and their trends.

    Yields
    ------
    Row
        The note tells the share of the planted areas that were found, and how many were found away from clusters.
    """
    random = np.random.default_rng(seed)
    areas = crooked_areas(AREAS[size], seed)
    planted, around = _plant(areas, random)
    means = pd.Series(MEAN, areas.index).mask(areas.index.isin(planted), MEAN * FACTOR)
    counts = pd.Series(random.poisson(means), areas.index)
    gg.hot_spots(areas.iloc[:9], counts)  # what is imported at the first call has then been
    spots, cost = measure(lambda: gg.hot_spots(areas, counts))
    note = _note(spots.index[spots["kind"] == "hot"], planted, around)
    ours = Row("hot_spots", len(areas), "areas", cost, note=note)
    if size == "small":  # esda's permutations take a minute to compile in every process
        yield ours
    else:
        yield _peer(areas, counts, ours, planted, around)
        spots, cost = measure(lambda: gg.hot_spots(areas, counts, permutations=PERMUTATIONS))
        note = _note(spots.index[spots["p"] <= 0.01], planted, around)
        yield Row("permutations", len(areas), "areas", cost, note=f"p <= 0.01: {note}")
    table = pd.DataFrame(random.poisson(np.repeat(means.to_numpy()[:, None], BINS, axis=1)), areas.index)
    trends, cost = measure(lambda: gg.hot_spot_trends(areas, table))
    lasting = trends.index[trends["side"] == "hot"]
    yield Row("trends", len(areas), f"areas x {BINS}", cost, note=_note(lasting, planted, around))
    yield _by_hour(areas, POINTS[size], random)


def _plant(areas: gpd.GeoDataFrame, random: np.random.Generator) -> tuple[pd.Index, pd.Index]:
    """Choose clusters: some areas and all that touch them; and what touches those, where noise may spill over."""
    seeds = areas.iloc[np.sort(random.choice(len(areas), max(len(areas) // AREAS_A_CLUSTER, 1), replace=False))]
    planted = areas.index[areas.intersects(seeds.buffer(WIDE_M).union_all())]
    around = areas.index[areas.intersects(areas.loc[planted].buffer(WIDE_M).union_all())]
    return planted, around


def _note(found: pd.Index, planted: pd.Index, around: pd.Index) -> str:
    return f"{found.isin(planted).sum() / len(planted):.0%} of the planted, {(~found.isin(around)).sum()} elsewhere"


def _peer(areas: gpd.GeoDataFrame, counts: pd.Series, ours: Row, planted: pd.Index, around: pd.Index) -> Row:
    if not importlib.util.find_spec("esda"):
        return Row(ours.step, ours.count, ours.things, ours.cost, "esda (not installed)", note=ours.note)
    from esda.getisord import G_Local
    from libpysal.graph import Graph

    def naive(frame: gpd.GeoDataFrame, values: pd.Series) -> G_Local:
        graph = Graph.build_contiguity(frame, rook=False)
        options = {"transform": "B", "star": True, "permutations": PERMUTATIONS, "n_jobs": 1, "seed": 0}
        return G_Local(values.astype(float), graph, **options)

    naive(areas.iloc[:60], counts.iloc[:60])
    found, cost = measure(lambda: naive(areas, counts))
    hot = areas.index[(found.p_sim <= 0.05) & (found.Zs > 0)]
    note = f"{ours.note}; the peer {_note(hot, planted, around)}"
    return Row(ours.step, ours.count, ours.things, ours.cost, "esda, 999 permutations", cost, note)


def _by_hour(areas: gpd.GeoDataFrame, count: int, random: np.random.Generator) -> Row:
    """Count points by area and hour."""
    index = gg.AreaIndex.from_areas(areas)
    west, south, east, north = areas.total_bounds
    seconds = 1_780_000_000 + random.integers(0, 60 * 86_400, count)
    incidents = pd.DataFrame(
        {
            "x": random.uniform(west, east, count),
            "y": random.uniform(south, north, count),
            "reported_at": pd.to_datetime(seconds, unit="s", utc=True),
        }
    )
    made, cost = measure(lambda: gg.count_incidents(incidents, index, by="hour", time_zone="Asia/Shanghai"))
    lost = made.attrs["left_out"]["in_no_area"]
    right = int(made.to_numpy().sum()) + lost == count
    return Row("count by hour", count, "points", cost, note=f"{count / cost.seconds / 1e6:.1f} M/s, adds up: {right}")
