"""Divide towns, drawn and real, from many seeds: whether the band is kept by luck, and how the areas' quality varies.

    python benchmarks/seeds.py [--towns demo-16k-0 cambridge_ma ...] [--seeds 10] [--effort normal] [--cache FOLDER]
                               [--show]

The real towns are read where they lie beside the checkout (``data/README.md``) and left out where they do not.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from measure import Cost, Row, measure

import gridgeo as gg

REAL = Path(__file__).resolve().parents[2] / "shared" / "data"
PROFILE = "guali-2024"
TOWNS_OF = {
    "small": ("demo-3k-0",),
    "2k": ("demo-5k-1", "demo-16k-0", "demo-16k-2", "cambridge_ma", "nanjing_xinjiekou"),
    "20k": ("demo-140k-0",),
    "100k": (),
}
SEEDS_OF = {"small": 2, "2k": 10, "20k": 3, "100k": 0}
OVERLAP_M2 = 1.0
"""Land that a certificate and an area share, at least, where the certificate is about that area."""


def draw_demo(households: int, seed: int) -> gpd.GeoDataFrame:
    """Make the atoms of a demonstration town."""
    town = gg.make_town(households=households, seed=seed)
    return gg.make_atoms(
        town.communities,
        town.streets,
        households=town.households,
        buildings=town.buildings,
        profile=gg.load_profile(PROFILE),
    )


def read_cambridge() -> gpd.GeoDataFrame:
    """Make the atoms of Cambridge: its neighbourhoods are repaired first."""
    file = REAL / "cambridge_ma" / "cambridge.gpkg"
    broken = gg.read_layer(f"{file}:neighborhoods", table="communities", broken=True)
    inside = gg.read_layer(f"{file}:city_boundary", table="areas", to=broken.crs, broken=True)
    streets, rail, water = (
        gg.read_layer(f"{file}:{layer}", table="streets", to=broken.crs) for layer in ("streets", "rail", "water")
    )
    homes = gg.read_layer(f"{file}:household_points", table="households", to=broken.crs)
    land = shapely.union_all(shapely.make_valid(inside.geometry.to_numpy()))
    communities = gg.repair(broken, land, fill="all").areas
    barriers = gpd.GeoDataFrame(pd.concat([each[["rank", "kind", "geometry"]] for each in (rail, water)]))
    barriers.index = pd.Index([f"W{number}" for number in range(len(barriers))], name="street_id")
    return gg.make_atoms(communities, streets, homes, barriers=barriers, profile=gg.load_profile(PROFILE))


def read_nanjing() -> gpd.GeoDataFrame:
    """Make the atoms of Xinjiekou; © OpenStreetMap contributors, ODbL 1.0."""
    file = REAL / "nanjing_xinjiekou" / "nanjing.gpkg"
    communities = gg.read_layer(f"{file}:district_parts", table="communities", broken=True)
    streets, homes, buildings = (
        gg.read_layer(f"{file}:{layer}", table=table, to=communities.crs)
        for layer, table in (("streets", "streets"), ("household_points", "households"), ("buildings", "buildings"))
    )
    return gg.make_atoms(communities, streets, homes, buildings=buildings, profile=gg.load_profile(PROFILE))


def find_town(name: str) -> Callable[[], gpd.GeoDataFrame] | None:
    """Give the function that makes a town's atoms; None where its data is not here.

    Parameters
    ----------
    name : str
        ``cambridge_ma``, ``nanjing_xinjiekou``, or ``demo-16k-2``: 16,000 households from seed 2.
    """
    real = {"cambridge_ma": read_cambridge, "nanjing_xinjiekou": read_nanjing}
    if name in real:
        return real[name] if (REAL / name).exists() else None
    _, thousands, seed = name.split("-")
    return partial(draw_demo, int(thousands.rstrip("k")) * 1000, int(seed))


def load_atoms(name: str, cache: Path | None) -> gpd.GeoDataFrame | None:
    """Make a town's atoms, or take those that were kept in a folder; None where its data is not here."""
    kept = None if cache is None else cache / f"{name}.atoms.pickle"
    if kept is not None and kept.exists():
        return pickle.loads(kept.read_bytes())
    make = find_town(name)
    if make is None:
        return None
    atoms = make()
    if kept is not None:
        kept.write_bytes(pickle.dumps(atoms))
    return atoms


@dataclass(frozen=True)
class Level:
    """What one plan is like at one level.

    Parameters
    ----------
    areas, excused, missing : int
        All; outside the band with a proof that covers them; outside the band without one.
    not_found : int
        Certificates of a search that ended without proof.
    compactness, compactness_low, street_share, blocks_cut : float
        Mean and 10th percentile of Polsby-Popper; share of inner borders on streets; share of the blocks that fit into
        one area and yet are cut.
    bad : tuple of str
        The areas in ``missing``, with the households they hold.
    """

    areas: int
    excused: int
    missing: int
    not_found: int
    compactness: float
    compactness_low: float
    street_share: float
    blocks_cut: float
    bad: tuple[str, ...]

    @property
    def in_band(self) -> float:
        """Give the share of areas in the band, of those that no proof excuses."""
        return 1.0 - self.missing / max(self.areas - self.excused, 1)


def look_at(plan: gg.Plan, level: str) -> Level:
    """Measure a plan at a level."""
    areas, measures, limits = plan.areas(level), plan.area_measures(level), plan.profile.limits[level]
    told = plan.certificates[plan.certificates["level"] == level]
    out = areas[~areas["households"].between(limits.low, limits.high)]
    excused = _excused(out, told[told["reason"] != "not_found"])
    bad = out[~excused]
    blocks = plan.atoms.assign(area_id=plan.owner(level)).groupby("block_id")
    fits = blocks["households"].sum() <= limits.high
    quality = plan.quality(level)
    return Level(
        len(areas),
        int(excused.sum()),
        len(bad),
        int((told["reason"] == "not_found").sum()),
        float(measures["compactness"].mean()),
        float(measures["compactness"].quantile(0.1)),
        quality["street_share"],
        float((blocks["area_id"].nunique()[fits] > 1).mean()),
        tuple(f"{area_id} in {row['parent_id']} holds {row['households']}" for area_id, row in bad.iterrows()),
    )


def _excused(areas: gpd.GeoDataFrame, proofs: gpd.GeoDataFrame) -> np.ndarray:
    """Tell of each area whether a proof about its parent lies on its land."""
    shapes = areas.geometry.to_numpy()
    excused = np.zeros(len(areas), dtype=bool)
    for parent, shape in zip(proofs["area_id"], proofs.geometry, strict=True):
        own = np.flatnonzero((areas["parent_id"] == parent).to_numpy() & ~excused)
        if shape is None:
            excused[own] = True
        else:
            excused[own] = shapely.area(shapely.intersection(shapes[own], shape)) > OVERLAP_M2
    return excused


def sow(atoms: gpd.GeoDataFrame, seeds: range, effort: str) -> tuple[dict[str, list[Level]], list[Cost]]:
    """Divide the same atoms from each seed; what each level is like, and the costs."""
    profile = gg.load_profile(PROFILE)
    found: dict[str, list[Level]] = {str(level): [] for level in profile.levels}
    costs = []
    for seed in seeds:
        plan, cost = measure(partial(gg.partition, atoms, profile, effort=effort, seed=seed))
        costs.append(cost)
        for level, each in found.items():
            each.append(look_at(plan, level))
    return found, costs


def tell(levels: list[Level]) -> str:
    """Sum one level up over the seeds."""
    share = np.array([each.in_band for each in levels])
    shapes = np.array([(each.compactness, each.compactness_low) for each in levels])
    on_streets = np.array([each.street_share for each in levels])
    return (
        f"{share.mean():.2%} in band of those not excused, worst seed {share.min():.2%}; "
        f"{np.mean([each.excused for each in levels]):.1f} excused; "
        f"not_found {sum(each.not_found for each in levels)}; "
        f"PP {shapes[:, 0].mean():.3f} ({shapes[:, 0].min():.3f}-{shapes[:, 0].max():.3f}), "
        f"10th {shapes[:, 1].mean():.3f}; street {on_streets.mean():.1%}; "
        f"blocks cut {np.mean([each.blocks_cut for each in levels]):.1%}"
    )


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Divide the towns of a size from seeds that follow one another.

    Parameters
    ----------
    size : str
        A key of ``TOWNS_OF``.
    seed : int
        The first.

    Yields
    ------
    Row
        One a town and level.
    """
    for name in TOWNS_OF[size]:
        yield from town_rows(name, range(seed, seed + SEEDS_OF[size]))


def town_rows(
    name: str, seeds: range, effort: str = "normal", cache: Path | None = None, show: bool = False
) -> Iterator[Row]:
    """Divide one town from each seed; a row a level, none where the town's data is not here."""
    atoms = load_atoms(name, cache)
    if atoms is None:
        return
    found, costs = sow(atoms, seeds, effort)
    cost = Cost(float(np.mean([each.seconds for each in costs])), max(each.megabytes for each in costs))
    for level, each in found.items():
        count = round(np.mean([one.areas for one in each]))
        yield Row(f"{level} areas", count, name[:15], cost, note=f"{len(seeds)} seeds: {tell(each)}")
        if show:
            for at, one in zip(seeds, each, strict=True):
                print("\n".join(f"    seed {at}: {area}" for area in one.bad), end="\n" if one.bad else "")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--towns", nargs="*", default=TOWNS_OF["2k"], metavar="TOWN")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--effort", default="normal", choices=["fast", "normal", "best"])
    parser.add_argument("--cache", type=Path, help="folder where atoms are kept between runs")
    parser.add_argument("--show", action="store_true", help="name every area that misses its band without a proof")
    asked = parser.parse_args()
    if asked.cache is not None:
        asked.cache.mkdir(parents=True, exist_ok=True)
    for name in asked.towns:
        for row in town_rows(name, range(asked.seeds), asked.effort, asked.cache, asked.show):
            print(f"{row.things:<18}{row.step:<12}{row.count:>6}{row.cost.seconds:>8.2f} CPU s  {row.note}", flush=True)


if __name__ == "__main__":
    main()
