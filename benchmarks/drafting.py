"""Edit a plan stroke by stroke, each with its counts and findings, beside dissolving all atoms anew."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "tests")]

from measure import Cost, Row, measure  # noqa: E402

import gridgeo as gg  # noqa: E402
from gridgeo.design.adjacency import find_borders  # noqa: E402
from gridgeo.design.draft import Draft  # noqa: E402
from gridgeo.model.edits import Edit, KeepTogether, Lock, Merge, Move, Rename, Split  # noqa: E402
from gridgeo.model.errors import EditError  # noqa: E402
from gridgeo.model.plan import Plan  # noqa: E402

ATOMS = {"small": 1_200, "2k": 2_000, "20k": 20_000, "100k": 50_000}
EDITS = {"small": 120, "2k": 500, "20k": 1_000, "100k": 1_000}
SIDE_M, CORNER_M = 90.0, 12.0
COMMUNITY, GRID, MICRO = 24, 4, (2, 2)
"""Atoms along the sides of a community, a grid and a micro grid."""
KINDS = (
    "move",
    "move",
    "move",
    "micro",
    "merge",
    "split_target",
    "split_line",
    "split_atoms",
    "rename",
    "lock",
    "undo",
)


def drawn_plan(count: int, seed: int) -> Plan:
    """Draw a plan of crooked blocks: households by chance, about 400 a grid and 100 a micro grid."""
    side = int(np.ceil(np.sqrt(count)))
    random = np.random.default_rng(seed)
    east, north = np.meshgrid(np.arange(side + 1) * SIDE_M, np.arange(side + 1) * SIDE_M)
    corners = np.stack([east, north], axis=-1) + random.uniform(-CORNER_M, CORNER_M, (side + 1, side + 1, 2)).round(3)
    corners += [500_000.0, 3_400_000.0]
    ring = [corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1], corners[:-1, :-1]]
    shapes = shapely.polygons(np.stack(ring, axis=2).reshape(-1, 5, 2))
    y, x = (each.ravel() for each in np.indices((side, side)))
    index = pd.Index([f"A{number:06d}" for number in range(side * side)], name="atom_id")
    owners, rows, above = {}, [], [""] * len(index)
    for level, (wide, high) in (("community", (COMMUNITY, COMMUNITY)), ("grid", (GRID, GRID)), ("micro", MICRO)):
        number = (y // high) * (side // wide + 1) + x // wide
        names = [
            f"C{at:04d}" if level == "community" else f"{up}-{at:05d}" for up, at in zip(above, number, strict=True)
        ]
        owners[level] = pd.Series(names, index=index, name="area_id")
        pairs = dict(zip(names, above, strict=True))
        rows += [(name, name, name, level, "base", up or None) for name, up in sorted(pairs.items())]
        above = names
    columns = ["area_id", "code", "name", "level", "kind", "parent_id"]
    households = random.integers(10, 42, len(index))
    table = {"community_id": owners["community"].to_numpy(), "kind": "block", "block_id": index, "keep_with": None}
    table |= {"households": households, "persons": 3 * households, "area_m2": shapely.area(shapes)}
    atoms = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs="EPSG:4547", index=index), index=index)
    register = pd.DataFrame(rows, columns=columns).set_index("area_id")
    return Plan(atoms, owners, register, gg.load_profile("guali-2024"), find_borders(atoms))


class Hand:
    """Make edits by chance, as a planner's hand would, and take their CPU seconds."""

    def __init__(self, draft: Draft, seed: int) -> None:
        self.draft, self.random = draft, np.random.default_rng(seed)
        self.seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self.refused: Counter[str] = Counter()
        self.pairs = draft.base.borders[["atom_a", "atom_b"]].to_numpy(dtype=object)

    def stroke(self) -> None:
        """Make one edit, or note that it was refused."""
        kind = str(self.random.choice(KINDS))
        one, other = self._pair(over_borders=kind in ("move", "merge"))
        edit = self._think(kind, one, other)
        began = time.process_time()
        try:
            self.draft.undo() if edit is None else self.draft.apply(edit)
        except EditError as error:
            self.refused[str(error).partition(":")[0]] += 1
            return
        self.seconds[kind].append(time.process_time() - began)

    def _pair(self, *, over_borders: bool) -> tuple[str, str]:
        """Pick two atoms that touch, in two grids of one community where a border is asked for."""
        sheet = self.draft._sheet
        while True:
            one, other = (str(each) for each in self.pairs[self.random.integers(len(self.pairs))])
            at, to = sheet.position[one], sheet.position[other]
            apart = sheet.owner["grid"][at] != sheet.owner["grid"][to]
            if not over_borders or (apart and sheet.owner["community"][at] == sheet.owner["community"][to]):
                return one, other

    def _think(self, kind: str, one: str, other: str) -> Edit | None:
        sheet = self.draft._sheet
        at, to = sheet.position[one], sheet.position[other]
        mine, yours = str(sheet.owner["grid"][at]), str(sheet.owner["grid"][to])
        if kind.startswith("split"):
            return self._think_split(kind, mine)
        edits = {
            "move": lambda: Move([one], yours),
            "micro": lambda: Move([one], str(sheet.owner["micro"][to]), level="micro"),
            "merge": lambda: Merge([mine, yours]),
            "rename": lambda: Rename(mine, f"{mine} {self.random.integers(10**6)}"),
            "lock": lambda: Lock(area_ids=[mine]) if self.random.random() < 0.2 else KeepTogether([one, other]),
        }
        return edits[kind]() if kind in edits else None

    def _think_split(self, kind: str, mine: str) -> Split:
        sheet = self.draft._sheet
        held = sheet.members["grid", mine]
        if kind == "split_target":
            return Split(mine, target=max(int(sheet.households[held].sum()) // 2, 1))
        if kind == "split_atoms":
            return Split(mine, atom_ids=sheet.names_of(held)[: max(len(held) // 2, 1)])
        west, south, east, north = shapely.total_bounds(sheet.graph.shapes[held])
        middle = (west + east) / 2
        return Split(mine, line=shapely.LineString([(middle, south - 50), (middle, north + 50)]))


def dissolve(plan: Plan) -> gpd.GeoDataFrame:
    """Do what one would do without a draft: dissolve all atoms by their grid, add up, look which miss the band."""
    table = plan.atoms.assign(area_id=plan.owner("grid"))[["area_id", "households", "persons", "geometry"]]
    drawn = table.dissolve("area_id", aggfunc="sum", method="coverage")
    return drawn.assign(in_band=drawn["households"].between(300, 500))


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Measure one size of ``ATOMS``.

    Yields
    ------
    Row
        Cost of an edit is the mean of all that were made; the note tells what 95 of 100 keep within.
    """
    plan = drawn_plan(ATOMS[size], seed)
    draft, cost = measure(lambda: Draft(plan))
    yield Row("Draft", len(plan.atoms), "atoms", cost)
    peer, peer_cost = measure(lambda: dissolve(plan))
    hand = Hand(draft, seed)
    hand.draft.preview(Split(str(plan.owner("grid").iloc[0]), target=100))  # compiles
    for _ in range(EDITS[size]):
        hand.stroke()
    spent = np.array([each for times in hand.seconds.values() for each in times])
    refused = ", ".join(f"{count} {rule}" for rule, count in sorted(hand.refused.items()))
    note = f"{_quantiles(spent)}; refused: {refused or 'none'}"
    mean = Cost(float(spent.mean()), float("nan"))
    yield Row("edit", len(spent), "edits", mean, f"dissolve of {len(peer):,} grids, band", peer_cost, note)
    for kind, times in hand.seconds.items():
        if times:
            yield Row(
                f"  {kind}", len(times), "edits", Cost(float(np.mean(times)), float("nan")), note=_quantiles(times)
            )
    drawn, cost = measure(draft.plan)
    yield Row("Draft.plan", len(drawn.atoms), "atoms", cost)
    again, cost = measure(lambda: gg.apply_edits(plan, draft.edits))
    yield Row(
        "apply_edits", len(draft.edits), "edits", cost, note="the same plan" if _same(drawn, again) else "DIFFERS"
    )


def _quantiles(seconds: np.ndarray | list[float]) -> str:
    middle, most = np.percentile(seconds, [50, 95]) * 1000
    return f"p50 {middle:.1f} ms, p95 {most:.1f} ms"


def _same(one: Plan, other: Plan) -> bool:
    return one.register.equals(other.register) and all(
        one.owner(level).equals(other.owner(level)) for level in one.owners
    )


if __name__ == "__main__":
    from run import HEADER, run_series

    print(HEADER)
    run_series("drafting", rows, sys.argv[1] if len(sys.argv) > 1 else "small", 0)
