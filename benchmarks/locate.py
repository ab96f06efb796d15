"""Measure how fast points find their areas, beside geopandas.sjoin and prepared polygons on the same data.

    python benchmarks/locate.py --areas 5000 --points 1000000
    python benchmarks/locate.py --areas 5000 --tracks 50000000

Times are CPU seconds of one process, the best of ``--repeat`` runs. Every area that holds or touches a point, random or
hard (vertices, middles of edges, one rounding beside them, the outer edge), is compared with what GEOS finds. With
``--tracks``, so many places of officers on foot are counted per area, and the time for 864 M places is told.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.operate.locate import AreaIndex
from gridgeo.operate.point_search import load_compiled

CRS = "EPSG:4547"
WEST_M, SOUTH_M, WIDTH_M = 500_000.0, 3_400_000.0, 40_000.0
BENDS = 10
DAY = 864_000_000
"""Places that 100,000 officers report in a day, one in ten seconds."""
PLACES_OF_OFFICER, STEP_M = 8_640, 12.0
OFFICERS_AT_ONCE = 460


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


def hard_points(areas, count, random):
    """Choose vertices, middles of edges, the outer edge's own, and the next float beside each in eight directions."""
    rings = shapely.get_rings(areas.geometry.to_numpy())
    outer = shapely.get_rings(shapely.coverage_union_all(areas.geometry.to_numpy()))
    places = [shapely.get_coordinates(part) for part in (rings, outer)]
    # The outer edge is short beside all others: it is chosen as often as a tenth of all points.
    chosen = [
        random.choice(np.concatenate([part, (part[:-1] + part[1:]) / 2]), size)
        for part, size in zip(places, (count - count // 10, count // 10), strict=True)
    ]
    points = np.concatenate(chosen)
    way = random.integers(-1, 2, points.shape)
    return np.where(way == 0, points, np.nextafter(points, points + way)).T


def geos_claims(areas, x, y):
    """List with GEOS every area that holds or touches each point, and whether it has it strictly inside."""
    shapes, points = areas.geometry.to_numpy(), shapely.points(x, y)
    shapely.prepare(shapes)
    area, point = shapely.STRtree(points).query(shapes, predicate="intersects")
    inside = shapely.contains_properly(shapes[area], points[point])
    found = pd.DataFrame({"point": point, "area_id": areas.index.to_numpy()[area], "inside": inside})
    return found.sort_values(["point", "area_id"], ignore_index=True)


def differences(index, areas, x, y):
    """Count the points whose claims differ from those of GEOS, or whose owner is not the first of them."""
    theirs = geos_claims(areas, x, y)
    ours = index.claims(x, y).rename_axis("point").reset_index()
    both = ours.merge(theirs.astype({"area_id": ours["area_id"].dtype}), how="outer", indicator=True)
    wrong = set(both.loc[both["_merge"] != "both", "point"])
    first = theirs.sort_values(["point", "inside", "area_id"], ascending=[True, False, True]).drop_duplicates("point")
    owner = first.set_index("point")["area_id"].reindex(range(len(x))).fillna("")
    wrong |= set(np.flatnonzero(index.locate(x, y).fillna("").to_numpy() != owner.to_numpy()))
    return len(wrong)


def single_lookups(index, points, count=20_000):
    """Give the median and the 99th percentile of single look-ups in microseconds: in metres, and by lon and lat."""
    lonlat = points.iloc[:count].to_crs("OGC:CRS84")
    index.area_at(lonlat.iloc[0].x, lonlat.iloc[0].y)
    cases = {"in metres": (index.area_at_metres, points.iloc[:count]), "by lon, lat": (index.area_at, lonlat)}
    found = {}
    for name, (ask, places) in cases.items():
        times = []
        for x, y in zip(places.x.to_list(), places.y.to_list(), strict=True):
            start = time.perf_counter_ns()
            ask(x, y)
            times.append(time.perf_counter_ns() - start)
        found[name] = np.percentile(times, [50, 99]) / 1000
    return found


def _work(folder, x, y, ready, done, told):
    """Open an index as a worker does, ask it, and tell in MB what its files hold of memory: RSS, and the fair share."""
    index = AreaIndex.load(folder)
    index.locate(x, y)
    ready.wait()
    sums, of_index = {"Rss:": 0, "Pss:": 0}, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        word, *rest = line.split()
        if not word.endswith(":"):
            of_index = str(folder) in line
        elif of_index and word in sums:
            sums[word] += int(rest[0])
    told.put([kilobytes * 1024 / 1e6 for kilobytes in sums.values()])
    done.wait()


def shared_pages(folder, x, y, workers=2):
    """Let workers hold the same saved index at the same time; give the RSS and the PSS of its files in each."""
    spawn = multiprocessing.get_context("spawn")
    ready, done, told = spawn.Barrier(workers), spawn.Barrier(workers), spawn.Queue()
    running = [spawn.Process(target=_work, args=(folder, x, y, ready, done, told)) for _ in range(workers)]
    for process in running:
        process.start()
    found = [told.get(timeout=120) for _ in running]
    for process in running:
        process.join()
    return np.mean(found, axis=0)


def speeds(index, x, y, series, repeat):
    """Give M points/s of the three ways to ask."""
    ways = {
        "locate arrays": lambda: index.locate(x, y),
        "locate GeoSeries": lambda: index.locate(series),
        "count": lambda: index.count((x, y)),
        "state": lambda: index.state(x, y),
    }
    return {name: len(x) / cpu_seconds(work, repeat)[0] / 1e6 for name, work in ways.items()}


def peers(areas, series):
    """Give M points/s of others on the same points, the building of their trees included."""
    shapes, points = areas.geometry.to_numpy(), series.to_numpy()

    def query():
        shapely.prepare(shapes)
        return shapely.STRtree(points).query(shapes, predicate="intersects")

    ways = {
        "geopandas.sjoin": lambda: gpd.sjoin(series.to_frame("geometry"), areas, predicate="intersects"),
        "STRtree, prepared polygons": query,
    }
    found = {}
    for name, work in ways.items():
        shapely.destroy_prepared(shapes)
        found[name] = len(series) / cpu_seconds(work)[0] / 1e6
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
    plain = speeds(index, x, y, series, repeat)
    figures |= {f"NumPy: {name}, M points/s": speed for name, speed in plain.items()}
    for name, (middle, late) in single_lookups(index, series).items():
        figures[f"one look-up {name}, us p50"], figures[f"one look-up {name}, us p99"] = middle, late
    near_s, near = cpu_seconds(lambda: index.candidates_each((x[:27_000], y[:27_000]), 30.0))
    figures["candidates_each within 30 m, points/s"] = min(points, 27_000) / near_s
    figures["areas a point within 30 m"] = len(near) / min(points, 27_000)
    with tempfile.TemporaryDirectory() as folder:
        figures["save, s"], _ = cpu_seconds(lambda: index.save(Path(folder)))
        figures["open, ms"] = cpu_seconds(lambda: AreaIndex.load(folder), 5)[0] * 1000
        if sys.platform == "linux":
            rss, pss = shared_pages(folder, x, y)
            figures["two workers: index in RSS of each, MB"], figures["two workers: in PSS of each, MB"] = rss, pss
    fast = {}
    if load_compiled():
        index.locate(x[:1], y[:1])
        fast = speeds(index, x, y, series, repeat)
        figures |= {f"numba: {name}, M points/s": speed for name, speed in fast.items()}
    if peer:
        others = peers(frame, series)
        figures |= {f"{name}, M points/s": speed for name, speed in others.items()}
        for name, other in others.items():
            figures[f"NumPy: times as fast as {name}"] = plain["locate arrays"] / other
            if fast:
                figures[f"numba: times as fast as {name}"] = fast["locate arrays"] / other
        figures["points with another answer than GEOS"] = differences(index, frame, x, y)
        hard = hard_points(frame, points * 4 // 10, random)
        figures["hard points"] = hard.shape[1]
        figures["hard points with another answer than GEOS"] = differences(index, frame, *hard)
    return figures


def walks(count, bounds, seed):
    """Give places of officers who wander on foot, some hundred officers at once."""
    random = np.random.default_rng(seed)
    west, south, east, north = bounds
    for start in range(0, count, OFFICERS_AT_ONCE * PLACES_OF_OFFICER):
        officers = -(-min(count - start, OFFICERS_AT_ONCE * PLACES_OF_OFFICER) // PLACES_OF_OFFICER)
        heading = random.normal(0, 0.5, (officers, PLACES_OF_OFFICER)).cumsum(axis=1)
        x = random.uniform(west, east, (officers, 1)) + (STEP_M * np.cos(heading)).cumsum(axis=1)
        y = random.uniform(south, north, (officers, 1)) + (STEP_M * np.sin(heading)).cumsum(axis=1)
        size = min(count - start, x.size)
        yield x.ravel()[:size], y.ravel()[:size]


def measure_tracks(areas, places, seed=1):
    """Count places of tracks per area in pieces, in NumPy and then with numba; give the figures by name."""
    frame = crooked_areas(areas)
    index = AreaIndex.from_areas(frame)
    figures = {"areas": len(frame), "places of tracks": places}
    counted = {}
    for backend in ("NumPy", "numba"):
        if backend == "numba" and not load_compiled():
            break
        index.count(([0.0], [0.0]))
        total, seconds = 0, 0.0
        for x, y in walks(places, frame.total_bounds, seed):
            spent, counts = cpu_seconds(lambda x=x, y=y: index.count((x, y)))
            seconds += spent
            total = total + counts
        counted[backend] = total
        figures[f"{backend}: count, M places/s"] = places / seconds / 1e6
        figures[f"{backend}: CPU s for {DAY / 1e6:.0f} M places"] = seconds * DAY / places
    figures["places in an area"] = int(counted["NumPy"].sum())
    figures["areas with another count"] = sum(int((other != counted["NumPy"]).sum()) for other in counted.values())
    return figures


def main(arguments=None):
    """Read the sizes, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--areas", type=int, default=5_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--tracks", type=int, metavar="PLACES", help="count so many places of tracks per area instead")
    parser.add_argument("--no-peer", action="store_true", help="leave the others, and the comparison with them, out")
    options = parser.parse_args(arguments)
    if options.tracks:
        figures = measure_tracks(options.areas, options.tracks)
    else:
        figures = measure(options.areas, options.points, options.repeat, peer=not options.no_peer)
    for name, value in figures.items():
        print(f"{name:55}{value:>14,.2f}" if isinstance(value, float) else f"{name:55}{value:>14,}")
    return figures


if __name__ == "__main__":
    main()
