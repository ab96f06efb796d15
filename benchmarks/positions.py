"""Measure live positions beside a KD-tree rebuilt each tick, an R-tree and all distances in NumPy, in the same run.

    python benchmarks/positions.py --officers 100000 --updates 300000

Times are CPU seconds of one process; all answer the same questions and the answers are compared one by one.
"""

import argparse
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from gridgeo.operate.positions import LivePositions

CRS = "EPSG:4547"
WEST_M, SOUTH_M, WIDTH_M = 480_000.0, 3_380_000.0, 40_000.0
ON_DUTY, WALK_M, NEAREST = 0.35, 80.0, 5
NOON = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
TREE_UPDATES, TREE_TICKS = 5_000, 5


def officers(count):
    """List officers of two roles."""
    ids = pd.Index([f"P{number:06d}" for number in range(count)], name="officer_id", dtype="str")
    return pd.DataFrame({"name": "x", "role": np.where(np.arange(count) % 10, "full_time", "deputy")}, index=ids)


def places(random, count, crowded):
    """Spread officers evenly, or half of them over one square of 500 m as at a great event."""
    xy = random.uniform([WEST_M, SOUTH_M], [WEST_M + WIDTH_M, SOUTH_M + WIDTH_M], (count, 2))
    if crowded:
        middle = np.array([WEST_M, SOUTH_M]) + WIDTH_M / 2
        xy[: count // 2] = random.uniform(middle, middle + 500, (count // 2, 2))
    return xy


def timed(work):
    """Give CPU seconds and the result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def asked(ask, questions):
    """Ask one by one; give the median and the 99th percentile in microseconds, and the answers."""
    times, answers = [], []
    for x, y in questions.tolist():
        start = time.thread_time_ns()
        answers.append(ask(x, y))
        times.append(time.thread_time_ns() - start)
    return *np.percentile(times, [50, 99]) / 1000, answers


def measure(count, updates, questions, crowded=False, seed=0):
    """Measure everything once and give the figures by name."""
    random = np.random.default_rng(seed)
    table = officers(count)
    ids, xy = table.index.to_numpy(dtype=object), places(random, count, crowded)
    duty = random.uniform(size=count) < ON_DUTY
    live = LivePositions(table, CRS)
    figures = {"officers": count, "on duty": int(duty.sum())}
    seconds, _ = timed(lambda: live.update_many(ids, xy[:, 0], xy[:, 1], NOON, on_duty=duty))
    figures["first batch, updates/s"] = count / seconds
    seconds, xy = timed_walks(live, ids, xy, duty, random, updates)
    figures["one by one, updates/s"] = updates / seconds
    walked = xy + random.uniform(-WALK_M, WALK_M, xy.shape)
    later = NOON + timedelta(hours=2)
    seconds, _ = timed(lambda: live.update_many(ids[duty], walked[duty, 0], walked[duty, 1], later))
    figures["batches of a tick, updates/s"] = duty.sum() / seconds
    xy = walked
    where = places(random, questions, crowded)
    middle, late, answers = asked(lambda x, y: live.nearest(x, y, NEAREST, at=later), where)
    figures["nearest five, us p50"], figures["nearest five, us p99"] = middle, late
    rare = asked(lambda x, y: live.nearest(x, y, NEAREST, at=later, roles=["deputy"]), where[:500])
    figures["nearest five of a rare role, us p50"], figures["nearest five of a rare role, us p99"] = rare[:2]
    far = asked(lambda x, y: live.nearest(x + 60_000, y, NEAREST, at=later), where[:500])
    figures["nearest five from far away, us p99"] = far[1]
    figures.update(peers(ids[duty], xy[duty], where, answers, random))
    return figures


def timed_walks(live, ids, xy, duty, random, updates):
    """Let officers on duty walk, and send their positions one by one."""
    rows = random.choice(np.flatnonzero(duty), updates)
    steps = random.uniform(-WALK_M, WALK_M, (updates, 2))
    xy = xy.copy()
    sent = []
    for number, (row, step) in enumerate(zip(rows.tolist(), steps, strict=True), 1):
        xy[row] += step
        sent.append((ids[row], *xy[row].tolist(), NOON + timedelta(milliseconds=number)))

    def send():
        for officer, x, y, at in sent:
            live.update(officer, x, y, at)

    return timed(send)[0], xy


def peers(ids, xy, where, answers, random):
    """Do the same with a KD-tree rebuilt each tick, an R-tree, and all distances in NumPy; count other answers."""
    figures = {}
    seconds, trees = timed(lambda: [cKDTree(xy) for _ in range(TREE_TICKS)])
    figures["cKDTree rebuilt a tick, ms"] = seconds / TREE_TICKS * 1000
    kd_middle, kd_late, found = asked(lambda x, y: trees[0].query((x, y), NEAREST)[0], where)
    figures["cKDTree nearest five, us p50"], figures["cKDTree nearest five, us p99"] = kd_middle, kd_late
    figures["answers other than the KD-tree's"] = sum(
        not np.allclose([near.distance_m for near in told], distances, rtol=0, atol=1e-6)
        for told, distances in zip(answers, found, strict=True)
    )

    def brute(x, y):
        distance = np.hypot(xy[:, 0] - x, xy[:, 1] - y)
        some = np.argpartition(distance, NEAREST)[:NEAREST]
        return set(ids[some])

    figures["all in NumPy, us p50"], figures["all in NumPy, us p99"], all_found = asked(brute, where)
    figures["answers other than NumPy's"] = sum(
        {near.officer_id for near in told} != others for told, others in zip(answers, all_found, strict=True)
    )
    figures.update(rtree_figures(xy, where, random))
    return figures


def rtree_figures(xy, where, random):
    """Delete and insert in an R-tree; it is left out where rtree is not installed."""
    try:
        from rtree.index import Index
    except ImportError:
        return {}
    tree = Index((row, (x, y, x, y), None) for row, (x, y) in enumerate(xy.tolist()))
    rows = random.integers(0, len(xy), TREE_UPDATES)

    def move():
        for row in rows.tolist():
            x, y = xy[row].tolist()
            tree.delete(row, (x, y, x, y))
            tree.insert(row, (x, y, x, y))

    seconds, _ = timed(move)
    middle, late, _ = asked(lambda x, y: list(tree.nearest((x, y, x, y), NEAREST)), where[:1000])
    return {
        "rtree, updates/s": TREE_UPDATES / seconds,
        "rtree nearest five, us p50": middle,
        "rtree nearest five, us p99": late,
    }


def main(arguments=None):
    """Read the sizes, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--officers", type=int, default=100_000)
    parser.add_argument("--updates", type=int, default=300_000)
    parser.add_argument("--questions", type=int, default=5_000)
    parser.add_argument("--crowded", action="store_true", help="half of the officers stand in one square of 500 m")
    options = parser.parse_args(arguments)
    figures = measure(options.officers, options.updates, options.questions, options.crowded)
    for name, value in figures.items():
        print(f"{name:45}{value:>14,.1f}" if isinstance(value, float) else f"{name:45}{value:>14,}")
    return figures


if __name__ == "__main__":
    main()
