"""Lineage of two plans, beside geopandas.overlay on the same two maps.

    python benchmarks/lineage.py small|2k|20k|100k

Streets cut a town into crooked blocks; two plans group them by rectangles of another size each. They are compared as
maps of areas, in which nearly every border differs; as maps of which one area in ten was redrawn, the usual case; and
as owners of the same atoms. The peer is ``overlay(how="union")``, which gives the same land; differences are told.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests"), str(Path(__file__).resolve().parent)]

from locate import crooked_areas  # noqa: E402
from measure import Row, measure  # noqa: E402

import gridgeo as gg  # noqa: E402
from gridgeo.model.plan import draw_areas  # noqa: E402
from gridgeo.model.profile import load_profile  # noqa: E402

AREAS = {"small": 100, "2k": 500, "20k": 5_000, "100k": 10_000}
ATOMS_OF_AREA = 10
REDRAWN = 0.1


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Measure one size of ``AREAS``.

    Yields
    ------
    Row
        The note tells how far the land of the two ways is apart, in square metres over all rows.
    """
    atoms = crooked_areas(AREAS[size] * ATOMS_OF_AREA, seed).rename_axis("atom_id")
    random = np.random.default_rng(seed)
    atoms["households"] = random.integers(0, 80, len(atoms))
    owners = _blocks(atoms, AREAS[size], 1.0), _blocks(atoms, AREAS[size], 0.6)
    old, new = (draw_areas(atoms, owner) for owner in owners)
    yield _beside("redrawn maps", old, new)
    usual = owners[0].copy()
    names = np.unique(usual)
    chosen = usual.isin(random.choice(names, max(int(REDRAWN * len(names)), 1), replace=False)).to_numpy()
    usual[chosen] = usual[chosen] + np.where(random.random(int(chosen.sum())) < 0.5, "-1", "-2")
    yield _beside("a tenth redrawn", old, draw_areas(atoms, usual))
    plans = [_plan(atoms, owner) for owner in owners]
    found, cost = measure(lambda: gg.lineage(*plans))
    right = int(found["households"].sum() == atoms["households"].sum())
    yield Row("by owners", len(atoms), "atoms", cost, note=f"households add up: {bool(right)}, {len(found):,} rows")


def _blocks(atoms: gpd.GeoDataFrame, count: int, tall: float) -> pd.Series:
    """Group atoms by rectangles, ``tall`` times as high as wide."""
    x, y = atoms.centroid.x, atoms.centroid.y
    wide = np.sqrt((x.max() - x.min()) * (y.max() - y.min()) / count / tall)
    column, row = ((x - x.min()) // wide).astype(int), ((y - y.min()) // (wide * tall)).astype(int)
    return "G" + column.astype(str).str.zfill(3) + "-" + row.astype(str).str.zfill(3)


def _beside(step: str, old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> Row:
    """Compare two maps by lineage and by overlay."""
    found, ours = measure(lambda: gg.lineage(old, new))
    sides = [areas[["geometry"]].reset_index(names=name) for areas, name in ((old, "before_id"), (new, "after_id"))]
    peer, theirs = measure(lambda: gpd.overlay(*sides, how="union", keep_geom_type=True))
    ends = ["before_id", "after_id"]
    land = [table.groupby(ends)["area_m2"].sum() for table in (found, peer.assign(area_m2=peer.area))]
    apart = (land[0].reindex(land[0].index.union(land[1].index), fill_value=0).sub(land[1], fill_value=0)).abs().sum()
    return Row(
        step, len(old), "areas", ours, "geopandas.overlay", theirs, note=f"{len(found):,} rows, {apart:.0e} m2 apart"
    )


def _plan(atoms: gpd.GeoDataFrame, owner: pd.Series) -> gg.Plan:
    register = pd.DataFrame(index=pd.Index(np.unique(owner), name="area_id"))
    return gg.Plan(atoms, {"grid": owner}, register, load_profile("guali-2024"), pd.DataFrame())


if __name__ == "__main__":
    from run import HEADER, run_series

    print(HEADER)
    run_series("lineage", rows, sys.argv[1] if len(sys.argv) > 1 else "small", 0)
