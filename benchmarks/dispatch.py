"""Measure how fast incidents get their officer with the reason, and how many get the right one without a human hand.

The demonstration town is judged against its own truth: the same draws as those that made its incidents, before points
were blurred, shifted or taken away. A border street belongs to all areas that touch it, so an incident that happened on
one is right with each of them.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parent))

from locate import CRS, crooked_areas
from measure import Cost, Row, measure

import gridgeo as gg
from gridgeo.model.tables import INCIDENTS, check
from gridgeo.town import incidents as reports
from gridgeo.town.categories import CATEGORIES

SIZES = {"small": (2_000, 400), "2k": (20_000, 4_833), "20k": (60_000, 4_833), "100k": (120_000, 50_000)}
"""Households of the town, and grids of the city, by size."""
GRIDS, A_DAY = 4_833, 27_000
COMMUNITY_GRIDS = 8
ON_BORDER_M = 1.0
DOOR, POINT = "a house", "a point alone"


def truth_of(town, seed):
    """Give where each incident really happened, and what its report kept of that."""
    random = np.random.default_rng([seed, reports.INCIDENT_STREAM])
    count = round(reports.INCIDENTS_A_HOUSEHOLD * len(town.households))
    kinds = list(CATEGORIES.values())
    category = random.choice(len(kinds), count, p=reports._shares([kind.share for kind in kinds]))
    reported = reports._moments(category, random)
    points, _ = reports._places(category, town.households, town.buildings, town.streets, town.sites, random)
    random.integers(0, 4, count)
    random.normal(0, reports.ACCURACY_SPREAD, count)
    random.normal(0, reports.ERROR_SHARE, (count, 2))
    limits = np.cumsum([reports.ADDRESS_ONLY, reports.NO_PLACE, reports.WRONG_PLACE, reports.POINT_ONLY])
    fault = np.searchsorted(limits, random.uniform(size=count), side="right")
    order = np.argsort(reported, kind="stable")
    names = np.array(["address only", "nowhere", "wrong point", "point only", "both"], dtype=object)
    return points[order], names[fault[order]]


def town_addresses(town):
    """Gather what people name as a place: dwellings, and the sites by their names."""
    sites = town.sites[town.sites["name"].notna()]
    places = gpd.GeoDataFrame({"address": sites["name"], "count": 1}, geometry=sites.representative_point())
    known = pd.concat([town.households[["address", "count", "geometry"]], places])
    return gpd.GeoDataFrame(known, geometry="geometry", crs=town.households.crs)


def divided_town(households, seed):
    """Make a town, its grids and micro grids, and a dispatcher for it."""
    town = gg.make_town(households, seed=seed)
    profile = gg.load_profile("guali-2024")
    atoms = gg.make_atoms(town.communities, town.streets, town.households, town.buildings, profile=profile)
    plan = gg.partition(atoms, profile, effort="fast", seed=0)
    levels = [plan.areas(level) for level in ("community", "grid", "micro")]
    officers, duties = gg.make_officers(pd.concat(levels[1:]))
    book = gg.AddressBook(town_addresses(town))
    index = gg.AreaIndex.from_areas(levels[2])
    options = {"officers": officers, "areas": pd.concat(levels), "book": book}
    return town, levels[1], gg.Dispatcher(index, duties, gg.load_routes("demonstration-town"), **options)


def judge(town, grids, answer, seed):
    """Tell of each incident whether its grid is right, whether an assisting one is, and what its report kept."""
    points, kept = truth_of(town, seed)
    at, grid = shapely.STRtree(grids.geometry.to_numpy()).query(
        shapely.points(points), predicate="dwithin", distance=ON_BORDER_M
    )
    right = set(zip(at.tolist(), grids.index[grid].tolist(), strict=True))
    length = len(grids.index[0])
    first = answer["area_id"].fillna("").str.slice(0, length).tolist()
    assist = answer["assist_area_ids"].fillna("").str.split(",").tolist()
    has_number = town.incidents["address"].fillna("").str.contains(r"\d").to_numpy()
    is_site = town.incidents["address"].fillna("").str.contains("门口").to_numpy()
    named = np.isin(kept, ["both", "address only", "wrong point"]) & (has_number | is_site)
    return pd.DataFrame(
        {
            "state": answer["state"].to_numpy(),
            "right": [(row, area) in right for row, area in enumerate(first)],
            "told": [
                any((row, area) in right for area in (one, *others))
                for row, (one, others) in enumerate(zip(first, assist, strict=True))
            ],
            "near_border": answer["flags"].fillna("").str.contains("near_border").to_numpy(),
            "clean": np.isin(kept, ["both", "point only"]) | named,
            "kept": kept,
        }
    )


def city(grids, count, seed):
    """Make a city of crooked grids in communities, and a day of incidents with points."""
    areas = crooked_areas(grids, seed)
    side = round(len(areas) ** 0.5)
    row, column = np.divmod(np.arange(len(areas)), side)
    block = max(round(COMMUNITY_GRIDS**0.5), 1)
    community = [f"C{r // block:04d}{c // block:04d}" for r, c in zip(row, column, strict=True)]
    areas = areas.assign(level="grid", parent_id=community, households=400, area_m2=areas.area)
    above = areas.dissolve("parent_id", aggfunc="first").rename_axis("area_id")[["geometry"]]
    tree = pd.concat([above.assign(level="community", parent_id=None), areas[["level", "parent_id", "geometry"]]])
    random = np.random.default_rng(seed)
    west, south, east, north = areas.total_bounds
    ids = pd.Index([f"I{at:06d}" for at in range(count)], name="incident_id")
    x, y = random.uniform(west, east, count), random.uniform(south, north, count)
    seconds = np.sort(random.integers(0, 86_400, count))
    columns = {
        "reported_at": pd.Timestamp("2026-09-01", tz="Asia/Shanghai") + pd.to_timedelta(seconds, unit="s"),
        "category": random.choice(list(CATEGORIES), count),
        "accuracy_m": np.exp(random.normal(2.5, 0.6, count)).clip(3, 150).round(1),
    }
    incidents = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries.from_xy(x, y, index=ids, crs=CRS), index=ids)
    officers, duties = gg.make_officers(areas)
    return areas, tree, officers, duties, incidents


def single_ms(ready, incidents, most=300):
    """Give the median and the 99th percentile of dispatching incidents one by one, CPU milliseconds."""
    ready.dispatch(incidents.iloc[:1])
    times = []
    for row in range(min(most, len(incidents))):
        one = incidents.iloc[[row]]
        began = time.process_time()
        ready.dispatch(one)
        times.append(time.process_time() - began)
    return np.percentile(times, [50, 99]) * 1000


def town_rows(households, seed):
    """Dispatch 60 days of the demonstration town and judge them."""
    town, grids, ready = divided_town(households, seed)
    answer, cost = measure(lambda: ready.dispatch(town.incidents))
    told = judge(town, grids, answer, seed)
    auto = told["state"] == "auto"
    clean = told["clean"]
    reasons = (answer["reason"].str.len() > 0).mean()
    shares = {
        "reason": reasons,
        "auto, clean part": auto[clean].mean(),
        "auto, all": auto.mean(),
        "right officer": told["right"][auto].mean(),
        "away from borders": told["right"][auto & ~told["near_border"]].mean(),
        "right or assisting": told["told"][auto].mean(),
    }
    note = ", ".join(f"{name} {share:.2%}" for name, share in shares.items())
    yield Row("dispatch town", len(answer), "incidents", cost, note=note)
    left = told[~auto].groupby("kept").size().to_dict()
    refused = int((told["state"] == "refused").sum())
    note = f"{refused} refused; " + ", ".join(f"{name}: {count}" for name, count in left.items())
    yield Row("left to people", int((~auto).sum()), "incidents", Cost(0.0, 0.0), note=note)
    middle, late = single_ms(ready, town.incidents, 60 if households < 10_000 else 300)
    check_s = np.percentile(
        [measure(lambda: check(town.incidents.iloc[:1], INCIDENTS))[1].seconds for _ in range(9)], 50
    )
    yield Row("dispatch one", 1, "incident", Cost(middle / 1000, 0.0), "its table's contract alone", Cost(check_s, 0.0),
              note=f"p50 {middle:.1f} ms, p99 {late:.1f} ms")  # fmt: skip


def rows(size="2k", seed=0):
    """Dispatch the demonstration town, and a day of a city of 4,833 crooked grids."""
    households, grids = SIZES[size]
    yield from town_rows(households, seed)
    count = A_DAY if grids >= GRIDS else A_DAY * grids // GRIDS
    areas, tree, officers, duties, incidents = city(grids, count, seed)
    index = gg.AreaIndex.from_areas(areas)
    routes = gg.load_routes("demonstration-town")
    ready, cost = measure(lambda: gg.Dispatcher(index, duties, routes, officers=officers, areas=tree))
    yield Row("make ready", len(areas), "grids", cost)
    answer, cost = measure(lambda: ready.dispatch(incidents))
    auto, reasons = (answer["state"] == "auto").mean(), (answer["reason"].str.len() > 0).mean()
    yield Row("dispatch a day", count, "incidents", cost, note=f"auto {auto:.2%}, with a reason {reasons:.2%}")


if __name__ == "__main__":
    for made in rows(sys.argv[1] if len(sys.argv) > 1 else "2k"):
        print(f"{made.step:<16}{made.count:>9,} {made.things:<10}{made.cost.seconds:>9.3f} s  {made.note}")
