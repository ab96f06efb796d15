"""Measure how fast points find their areas, beside geopandas.sjoin on the same data in the same run.

    python benchmarks/locate.py --areas 5000 --points 1000000

Times are CPU seconds of one process, the best of ``--repeat`` runs; the answers of both are compared point by point.
"""

import argparse
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.operate.locate import AreaIndex
from gridgeo.operate.point_search import find_owner

CRS = "EPSG:4547"
WEST_M, SOUTH_M, WIDTH_M = 500_000.0, 3_400_000.0, 40_000.0
BENDS = 10


def crooked_areas(count, seed=0):
    """Make about ``count`` street-like areas of 44 vertices that cover a square of 40 km without gap or overlap."""
    random = np.random.default_rng(seed)
    side = max(round(count**0.5), 1)
    step = WIDTH_M / side
    corners = np.stack(np.meshgrid(np.arange(side + 1) * step, np.arange(side + 1) * step), axis=-1)
    corners += random.uniform(-0.2, 0.2, corners.shape) * step + [WEST_M, SOUTH_M]
    across = _bend(corners[:, :-1], corners[:, 1:], random)
    along = _bend(corners[:-1], corners[1:], random)
    rings = [
        np.concatenate(
            [
                *(corners[i, j][None], across[i, j], corners[i, j + 1][None], along[i, j + 1]),
                *(corners[i + 1, j + 1][None], across[i + 1, j][::-1], corners[i + 1, j][None], along[i, j][::-1]),
            ]
        )
        for i in range(side)
        for j in range(side)
    ]
    ids = pd.Index([f"G{number:06d}" for number in range(len(rings))], name="area_id")
    return gpd.GeoDataFrame(geometry=shapely.polygons(np.array(rings)), crs=CRS, index=ids)


def _bend(start, end, random):
    """Bend the way from each start to each end a little, as streets do."""
    share = np.linspace(0, 1, BENDS + 2)[1:-1, None]
    way = end - start
    aside = np.stack([-way[..., 1], way[..., 0]], axis=-1)
    sway = random.uniform(-0.03, 0.03, (*start.shape[:-1], BENDS, 1))
    return start[..., None, :] + share * way[..., None, :] + sway * aside[..., None, :]


def cpu_seconds(work, repeat=1):
    """Give the least CPU time of a few runs, and the last result."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return min(times), result


def single_lookups(index, points, count=20_000):
    """Give the median and the 99th percentile of single look-ups in microseconds: in metres, and by lon and lat."""
    lonlat = points.iloc[:count].to_crs("OGC:CRS84")
    index.area_at(lonlat.iloc[0].x, lonlat.iloc[0].y)
    cases = {
        "in metres": (lambda x, y: find_owner(index._cells, x, y), points.iloc[:count]),
        "by lon, lat": (index.area_at, lonlat),
    }
    found = {}
    for name, (ask, places) in cases.items():
        times = []
        for x, y in zip(places.x.to_list(), places.y.to_list(), strict=True):
            start = time.perf_counter_ns()
            ask(x, y)
            times.append(time.perf_counter_ns() - start)
        found[name] = np.percentile(times, [50, 99]) / 1000
    return found


def measure(areas, points, repeat, peer=True, seed=1):
    """Measure everything once and give the figures by name."""
    frame = crooked_areas(areas)
    random = np.random.default_rng(seed)
    west, south, east, north = frame.total_bounds
    x, y = random.uniform(west, east, points), random.uniform(south, north, points)
    series = gpd.GeoSeries.from_xy(x, y, crs=CRS)

    figures = {"areas": len(frame), "points": points}
    figures["build, s"], index = cpu_seconds(lambda: AreaIndex.from_areas(frame))
    figures["memory, MB"] = sum(getattr(index._cells, name).nbytes for name in index._cells.array_names()) / 1e6
    arrays_s, owners = cpu_seconds(lambda: index.locate(x, y), repeat)
    series_s, _ = cpu_seconds(lambda: index.locate(series), repeat)
    count_s, _ = cpu_seconds(lambda: index.count((x, y)), repeat)
    figures["locate arrays, M points/s"] = points / arrays_s / 1e6
    figures["locate GeoSeries, M points/s"] = points / series_s / 1e6
    figures["count, M points/s"] = points / count_s / 1e6
    for name, (middle, late) in single_lookups(index, series).items():
        figures[f"one look-up {name}, us p50"], figures[f"one look-up {name}, us p99"] = middle, late
    with tempfile.TemporaryDirectory() as folder:
        figures["save, s"], _ = cpu_seconds(lambda: index.save(Path(folder)))
        figures["open, ms"] = cpu_seconds(lambda: AreaIndex.load(folder), 3)[0] * 1000
    if peer:
        peer_s, joined = cpu_seconds(lambda: _join(series, frame), 1)
        figures["geopandas.sjoin, M points/s"] = points / peer_s / 1e6
        figures["times as fast as sjoin, GeoSeries to Series"] = peer_s / series_s
        figures["times as fast as sjoin, from arrays"] = peer_s / arrays_s
        figures["points with another answer"] = int((owners.fillna("") != joined.fillna("")).sum())
    return figures


def _join(points, areas):
    """Give each point the smallest id of the areas that geopandas joins to it."""
    joined = gpd.sjoin(points.to_frame("geometry"), areas, predicate="intersects")["area_id"]
    return (
        joined.groupby(level=0).min().reindex(points.index)
        if not joined.index.is_unique
        else joined.reindex(points.index)
    )


def main(arguments=None):
    """Read the sizes, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--areas", type=int, default=5_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true", help="leave geopandas out")
    options = parser.parse_args(arguments)
    figures = measure(options.areas, options.points, options.repeat, peer=not options.no_peer)
    for name, value in figures.items():
        print(f"{name:45}{value:>14,.2f}" if isinstance(value, float) else f"{name:45}{value:>14,}")
    return figures


if __name__ == "__main__":
    main()
