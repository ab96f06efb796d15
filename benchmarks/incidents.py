"""Measure deadlines and rates of incidents beside the row-by-row code that pandas users write.

    python benchmarks/incidents.py --incidents 1000000 --peer 20000

Times are CPU seconds of one process. The peer does the same for its share of the incidents, and its time is taken times
as much; what both find for that share is compared row by row.
"""

import argparse
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from measure import Row, measure

from gridgeo.operate.calendars import WEEKDAYS, WorkingCalendar
from gridgeo.operate.deadlines import find_deadlines
from gridgeo.operate.rates import incident_rates
from gridgeo.operate.working_time import due_at

SIZES = {"small": (5_000, 200), "2k": (100_000, 2_000), "20k": (1_000_000, 5_000), "100k": (1_000_000, 20_000)}
ZONE = "Asia/Shanghai"
HOURS = ((9, 0, 12, 0), (13, 30, 17, 30))
CALENDAR = WorkingCalendar.from_hours(ZONE, {day: ["09:00-12:00", "13:30-17:30"] for day in WEEKDAYS[:5]})
WAY = ("accepted", "dispatched", "handled", "verified", "closed", "evaluated")
LIMITS = {"accepted": 2.0, "handled": 16.0}
DEADLINES = pd.DataFrame({"category": "*", "status": list(LIMITS), "working_hours": list(LIMITS.values())})
END = datetime(2027, 1, 15, tzinfo=UTC)


def reports(count, seed):
    """Make a year of incidents in 5,000 grids, and the log of what became of them."""
    random = np.random.default_rng(seed)
    ids = pd.Index([f"I{number:07d}" for number in range(count)], name="incident_id", dtype="str")
    reported = np.datetime64("2026-01-01", "us") + np.sort(random.integers(0, 365 * 86_400, count)).astype("m8[s]")
    frame = pd.DataFrame(
        {
            "reported_at": pd.DatetimeIndex(reported).tz_localize("UTC"),
            "category": pd.array(
                np.array([f"K{code}" for code in range(18)])[random.integers(0, 18, count)], dtype="str"
            ),
            "area_id": pd.array(
                np.array([f"G{code:04d}" for code in range(5_000)])[random.integers(0, 5_000, count)], dtype="str"
            ),
        },
        index=ids,
    )
    steps = np.where(random.uniform(size=count) < 0.95, len(WAY), random.integers(0, len(WAY), count))
    row = np.repeat(np.arange(count), steps)
    step = np.arange(len(row)) - np.repeat(np.cumsum(steps) - steps, steps)
    pause = random.exponential([0.5, 0.3, 30, 6, 2, 48], (count, len(WAY))).cumsum(axis=1)
    at = reported[row] + (pause[row, step] * 3600).astype("m8[s]")
    order = np.argsort(at, kind="stable")
    log = pd.DataFrame(
        {
            "incident_id": ids[row[order]],
            "status": pd.array(np.array(WAY)[step[order]], dtype="str"),
            "at": pd.DatetimeIndex(at[order]).tz_localize("UTC"),
            "verdict": pd.array(np.where(step[order] == len(WAY) - 1, "satisfied", None), dtype="str"),
        }
    )
    return frame, log[log["at"] <= END].reset_index(drop=True)


def slow_due(moment, hours):
    """Walk from span to span, day after day, as one does who has a single deadline to find."""
    left, local = timedelta(hours=hours), moment.astimezone(ZoneInfo(ZONE))
    day = local.date()
    while True:
        if day.weekday() < 5:
            for since_hour, since_minute, until_hour, until_minute in HOURS:
                since = datetime(day.year, day.month, day.day, since_hour, since_minute, tzinfo=ZoneInfo(ZONE))
                until = datetime(day.year, day.month, day.day, until_hour, until_minute, tzinfo=ZoneInfo(ZONE))
                since = max(since, local)
                if until - since >= left:
                    return (since + left).astimezone(UTC)
                left -= max(until - since, timedelta(0))
        day += timedelta(days=1)


def slow_rates(frame, log):
    """Fold each incident's log by itself, and each area's incidents by themselves."""

    def fold(rows):
        at = {}
        for status, moment in zip(rows["status"], rows["at"], strict=True):
            at[status] = moment.to_pydatetime()
        return at

    folded = log.groupby("incident_id")[["status", "at"]].apply(fold)

    def judge(row):
        at = {"reported": row["reported_at"].to_pydatetime()} | folded.get(row.name, {})
        late = slow_due(at["reported"], LIMITS["accepted"]) < at.get("accepted", END)
        if "dispatched" in at:
            late |= slow_due(at["dispatched"], LIMITS["handled"]) < at.get("handled", END)
        in_time = "dispatched" in at and "handled" in at and not late
        return pd.Series({"filed": "accepted" in at, "undertaken": "dispatched" in at, "in_time": in_time,
                          "closed": "closed" in at})  # fmt: skip

    judged = frame.apply(judge, axis=1).astype(int)
    return judged.assign(received=1).groupby(frame["area_id"]).sum()


def rows(size, seed):
    """Give the lines of the table for a size."""
    count, share = SIZES[size]
    return compare(count, share, seed)


def compare(count, share, seed=0):
    """Measure both, and check that they agree."""
    frame, log = reports(count, seed)
    some = frame.iloc[:: max(count // share, 1)][:share]
    some_log = log[log["incident_id"].isin(some.index)]
    due, due_cost = measure(lambda: due_at(frame["reported_at"], 16.0, CALENDAR))
    slow, slow_cost = measure(lambda: some["reported_at"].apply(lambda moment: slow_due(moment.to_pydatetime(), 16.0)))
    wrong = int((due.reindex(some.index) != slow).sum())
    found, found_cost = measure(lambda: find_deadlines(frame, log, DEADLINES, CALENDAR, at=END))
    _, rates_cost = measure(lambda: incident_rates(frame, log, at=END, due=found))
    both = type(rates_cost)(found_cost.seconds + rates_cost.seconds, max(found_cost.megabytes, rates_cost.megabytes))
    slow_table, peer_cost = measure(lambda: slow_rates(some, some_log))
    quick = incident_rates(some, some_log, at=END, due=find_deadlines(some, some_log, DEADLINES, CALENDAR, at=END))
    differ = int((quick[slow_table.columns].astype(int) != slow_table.reindex(quick.index)).to_numpy().sum())
    times = count / len(some)
    return [
        Row("due_at", count, "incidents", due_cost, f"row by row, {len(some):,} taken {times:,.0f} times",
            _times(slow_cost, times), f"{wrong} due otherwise"),
        Row("find_deadlines + incident_rates", count, "incidents", both, f"row by row, {len(some):,} taken "
            f"{times:,.0f} times", _times(peer_cost, times), f"{differ} counts otherwise; log of {len(log):,} rows"),
    ]  # fmt: skip


def _times(cost, times):
    return type(cost)(cost.seconds * times, cost.megabytes)


def main(arguments=None):
    """Read the sizes, measure, print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--incidents", type=int, default=1_000_000)
    parser.add_argument("--peer", type=int, default=5_000)
    options = parser.parse_args(arguments)
    for row in compare(options.incidents, options.peer):
        print(
            f"{row.step:34}{row.count:>12,} {row.things}  {row.cost.seconds:8.2f} s  {row.cost.megabytes:8.0f} MB   "
            f"{row.peer}: {row.peer_cost.seconds:8.0f} s, {row.ratio:,.0f} times as long; {row.note}"
        )


if __name__ == "__main__":
    main()
