"""Set audit and repair beside their peers on the same broken maps: time, kinds found, areas lost, land moved.

    python benchmarks/proof_peers.py [--areas 500 5000 50000] [--each 200] [--limit 30] [--only gridgeo maup ...]

A peer runs in a process of its own, with the settings that serve it best here, and is stopped at a limit of CPU
seconds; one that is not installed is named (``pip install --group bench``, ``npm install -g mapshaper``). Rows without
a geometry are taken out and rings are made valid before a peer that cannot bear them sees the map, and its reading and
writing of files does not count. A defect counts as found by a peer that reports anything at all in its place.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "tests")]

from broken_maps import CRS, Injury, RaggedMap  # noqa: E402
from measure import Cost, Row, limit_cpu  # noqa: E402
from proof import AREAS, broken_map  # noqa: E402

import gridgeo as gg  # noqa: E402

TIME_LIMIT_S = {"small": 1, "2k": 30, "20k": 120, "100k": 240}
WIDEST_M = 60.0
"""No gap that was made is wider, but for missing areas."""
NEAR_M = 0.05
"""A report lies at a defect if it is so near; topo-tools works in degrees."""
CRUMB_M2 = 1e-6
MOVING = (
    "gap", "open_gap", "hole", "missing_area", "overlap", "contained", "duplicate", "outside_territory",
    "jittered_edge",
)  # fmt: skip
"""Kinds that are mended by moving exactly their land."""


@dataclass(frozen=True)
class Case:
    """A broken map and what was done to it."""

    clean: RaggedMap
    areas: gpd.GeoDataFrame
    injuries: list[Injury]

    @cached_property
    def sound(self) -> gpd.GeoDataFrame:
        """Give the rows with a geometry, their rings made valid, under unique ids."""
        kept = self.areas[self.areas.geometry.notna() & ~self.areas.geometry.is_empty]
        kept = kept[~kept.index.duplicated() & kept.index.notna()]
        polygons = shapely.make_valid(kept.geometry.to_numpy(), method="structure", keep_collapsed=False)
        return gpd.GeoDataFrame(geometry=gpd.GeoSeries(polygons, index=kept.index, crs=CRS))


class Clock:
    """Adds up the CPU seconds of what runs within it, child processes included."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def _now(self) -> float:
        others = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + others.ru_utime + others.ru_stime

    def __enter__(self) -> None:
        self.began = self._now()

    def __exit__(self, *error: object) -> None:
        self.seconds += self._now() - self.began


Report = tuple[str, tuple[str, ...], shapely.Geometry | None]
"""What a peer says of one place: its word, the areas it names, and the place."""


def audit_gridgeo(case: Case, clock: Clock) -> list[Report]:
    """gridgeo's audit."""
    with clock:
        found = gg.audit(case.areas, case.clean.territory, case.clean.parents)
    found = found[found["kind"] != "hairline"]
    rows = zip(found["kind"], found["area_ids"], found.geometry, strict=True)
    return [(kind, tuple(ids.split(",")), shape) for kind, ids, shape in rows]


def audit_shapely(case: Case, clock: Clock) -> list[Report]:
    """shapely.coverage_invalid_edges, gaps as wide as were made, and is_valid."""
    shapes = case.areas.geometry.to_numpy()
    with clock:
        edges = shapely.coverage_invalid_edges(shapes, gap_width=WIDEST_M)
        invalid = ~shapely.is_valid(shapes)
    found = [("invalid edge", (), edge) for edge in edges if edge is not None and not edge.is_empty]
    return found + [("not valid", (case.areas.index[at],), None) for at in np.flatnonzero(invalid)]


def audit_overlay(case: Case, clock: Clock) -> list[Report]:
    """geopandas overlay with itself and with the parents, union against the territory, is_valid."""
    areas, parents, whole = case.areas, case.clean.parents, case.clean.territory
    with clock:
        bad = areas[areas.geometry.isna() | ~areas.geometry.is_valid]
        named = case.sound.rename_axis("one").reset_index()
        twice = gpd.overlay(named, named.rename(columns={"one": "two"}), how="intersection", keep_geom_type=True)
        twice = twice[(twice["one"] < twice["two"]) & (twice.area > CRUMB_M2)]
        pieces = gpd.overlay(named, parents.rename_axis("parent").reset_index(), how="intersection")
        pieces = pieces[pieces.area > CRUMB_M2]
        main = pieces.assign(size=pieces.area).sort_values("size").groupby("one")["parent"].last()
        across = pieces[pieces["parent"] != pieces["one"].map(main)]
        said = areas["parent_id"]
        wrong = [name for name, parent in main.items() if said.get(name) is not None and said[name] != parent]
        union = case.sound.geometry.union_all()
        holes, out = whole.difference(union), union.difference(whole)
    found: list[Report] = [("no valid geometry", (name,), None) for name in bad.index]
    found += [("overlap", (a, b), g) for a, b, g in zip(twice["one"], twice["two"], twice.geometry, strict=True)]
    found += [("crosses parent", (a,), g) for a, g in zip(across["one"], across.geometry, strict=True)]
    found += [("wrong parent", (name,), None) for name in wrong]
    found += [("gap", (), g) for g in shapely.get_parts(holes) if g.area > CRUMB_M2]
    return found + [("outside", (), g) for g in shapely.get_parts(out) if g.area > CRUMB_M2]


def audit_maup(case: Case, clock: Clock) -> list[Report]:
    """maup's doctor, and what it counts: pieces in several areas, holes of the union, pieces across parents."""
    import maup

    maup.progress.enabled = False
    areas, parents = case.sound, case.clean.parents
    with clock:
        maup.doctor(areas, silent=True)
        holes = maup.repair.holes_of_union(areas)
        twice = maup.intersections(areas, areas, area_cutoff=CRUMB_M2)
        pieces = maup.intersections(areas, parents, area_cutoff=CRUMB_M2)
        home = maup.assign(areas, parents)
    found: list[Report] = [("hole", (), shape) for shape in holes]
    found += [("overlap", (a, b), shape) for (a, b), shape in twice.items() if a < b]
    return found + [("crosses parent", (a,), shape) for (a, b), shape in pieces.items() if home[a] != b]


def audit_geoplanar(case: Case, clock: Clock) -> list[Report]:
    """geoplanar.check_validity."""
    import geoplanar

    areas = case.sound.reset_index(drop=True)
    names = case.sound.index.to_numpy()
    with clock:
        told = geoplanar.check_validity(areas)
    edges = told["nonplanaredges"].adjacency.index
    found: list[Report] = [("gap", (), shape) for shape in told["gaps"]]
    for word in ("selfintersectingrings", "overlaps", "missinginteriors"):
        pairs = np.asarray(told[word], dtype=int).reshape(-1, 2) if word == "missinginteriors" else told[word]
        pairs = np.asarray(pairs).T if word == "overlaps" else np.atleast_2d(pairs)
        found += [(word, tuple(names[list(pair)]), None) for pair in pairs if len(pair)]
    return found + [("nonplanaredges", (names[a], names[b]), None) for a, b in edges if a != b]


def audit_topo_tools(case: Case, clock: Clock) -> list[Report]:
    """topo-tools' topo_detect; in degrees."""
    with tempfile.TemporaryDirectory() as folder:
        given, told = Path(folder, "areas.parquet"), Path(folder, "told.parquet")
        _with_spatial()
        import topo_tools

        case.sound.rename_axis("name").reset_index().to_crs("OGC:CRS84").to_parquet(given)
        with clock:
            topo_tools.topo_detect(given, told)
        issues = gpd.read_parquet(told).to_crs(CRS)
    texts = [name for name in issues.columns if name != "geometry" and pd.api.types.is_string_dtype(issues[name])]
    word = issues[min(texts, key=lambda name: issues[name].nunique())]  # the others are names of areas
    return [(str(kind), (), shape) for kind, shape in zip(word, issues.geometry, strict=True)]


def _with_spatial() -> None:
    """Load what topo-tools needs: DuckDB's extension, from a package where there is one."""
    import duckdb

    if importlib.util.find_spec("duckdb_extensions"):
        from duckdb_extensions import import_extension

        import_extension("spatial")
    try:
        duckdb.connect().execute("INSTALL spatial; LOAD spatial")
    except duckdb.Error as error:
        raise RuntimeError("DuckDB's extension spatial is not here, and cannot be fetched") from error


def repair_gridgeo(case: Case, clock: Clock) -> gpd.GeoSeries:
    """gridgeo's repair."""
    with clock:
        made = gg.repair(case.areas, case.clean.territory, case.clean.parents)
    return made.areas.geometry


def repair_shapely(case: Case, clock: Clock) -> gpd.GeoSeries:
    """shapely.coverage_clean, overlaps to the longest border."""
    with clock:
        shapes = shapely.coverage_clean(case.sound.geometry.to_numpy(), gap_width=WIDEST_M)
    return gpd.GeoSeries(shapes, index=case.sound.index, crs=CRS)


def repair_maup_smart(case: Case, clock: Clock) -> gpd.GeoSeries:
    """maup.smart_repair inside the parents, all gaps filled."""
    import maup

    maup.progress.enabled = False
    with clock:
        made = maup.smart_repair(case.sound, nest_within_regions=case.clean.parents, fill_gaps_threshold=None)
    return made.geometry


def repair_maup_quick(case: Case, clock: Clock) -> gpd.GeoSeries:
    """maup.quick_repair, all gaps and overlaps."""
    import maup

    maup.progress.enabled = False
    with clock:
        made = maup.quick_repair(case.sound, relative_threshold=None)
    return made.geometry


def repair_geoplanar(case: Case, clock: Clock) -> gpd.GeoSeries:
    """geoplanar: contained areas cut out, overlaps trimmed, gaps filled; fix_npe_edges refuses what is left."""
    import geoplanar

    with clock:
        made = geoplanar.add_interiors(case.sound.reset_index(drop=True))
        made = geoplanar.fill_gaps(geoplanar.trim_overlaps(made))
    return gpd.GeoSeries(made.geometry.to_numpy(), index=case.sound.index, crs=CRS)


def repair_topo_tools(case: Case, clock: Clock) -> gpd.GeoSeries:
    """topo-tools' topo_clean, all gaps; in degrees."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "areas.parquet"), Path(folder, "made.parquet")
        _with_spatial()
        import topo_tools

        case.sound.rename_axis("name").reset_index().to_crs("OGC:CRS84").to_parquet(given)
        with clock:
            topo_tools.topo_clean(given, made, Path(folder, "told.parquet"), maximum_gap_width="all")
        return gpd.read_parquet(made).set_index("name").to_crs(CRS).geometry


def repair_mapshaper(case: Case, clock: Clock) -> gpd.GeoSeries:
    """mapshaper -clean, gaps as wide as were made, cracks to the outside closed."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "areas.json"), Path(folder, "made.json")
        case.sound.rename_axis("name").reset_index().to_file(given, driver="GeoJSON", COORDINATE_PRECISION=9)
        command = ["mapshaper", str(given), "-clean", f"gap-width={WIDEST_M}", "close-outer-gaps", "allow-empty"]
        with clock:
            subprocess.run([*command, "-o", str(made), "precision=0.000000001"], capture_output=True, check=True)
        return gpd.read_file(made).set_crs(CRS, allow_override=True).set_index("name").geometry


AUDITS: dict[str, tuple[str, Callable[[Case, Clock], list[Report]]]] = {
    "gridgeo": ("gridgeo", audit_gridgeo),
    "shapely.coverage_invalid_edges": ("shapely", audit_shapely),
    "geopandas overlay": ("geopandas", audit_overlay),
    "maup doctor, pieces": ("maup", audit_maup),
    "geoplanar.check_validity": ("geoplanar", audit_geoplanar),
    "topo-tools topo_detect": ("topo_tools", audit_topo_tools),
}
REPAIRS: dict[str, tuple[str, Callable[[Case, Clock], gpd.GeoSeries]]] = {
    "gridgeo": ("gridgeo", repair_gridgeo),
    "shapely.coverage_clean": ("shapely", repair_shapely),
    "maup.smart_repair": ("maup", repair_maup_smart),
    "maup.quick_repair": ("maup", repair_maup_quick),
    "geoplanar trim, fill": ("geoplanar", repair_geoplanar),
    "topo-tools topo_clean": ("topo_tools", repair_topo_tools),
    "mapshaper -clean": ("mapshaper", repair_mapshaper),
}
KNOWS_PARENTS = ("gridgeo", "maup.smart_repair")


def is_installed(library: str) -> bool:
    """Tell whether a peer is here: a package, or a program on the path."""
    return importlib.util.find_spec(library) is not None or shutil.which(library) is not None


def run_peer(work: Callable[[Case, Clock], Any], case: Case, limit_s: int) -> tuple[Any, float, str]:
    """Let a peer work in a process of its own.

    Returns
    -------
    result : what it gives, or None where it came to no end
    seconds : float
        CPU; nan where it failed.
    note : str
        What went wrong.
    """
    context = multiprocessing.get_context("fork")  # the map is there already
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(work, case, limit_s, send))
    process.start()
    send.close()
    try:
        result, seconds, note = receive.recv()
    except EOFError:
        process.join()
        if process.exitcode == -signal.SIGXCPU:
            return None, float(limit_s), f"no end in {limit_s} CPU s"
        return None, float("nan"), f"failed: exit {process.exitcode}"
    process.join()
    return result, seconds, note


def _serve(work: Callable[[Case, Clock], Any], case: Case, limit_s: int, send: Any) -> None:
    """Do the work of ``run_peer``."""
    warnings.simplefilter("ignore")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    _ = case.sound  # not counted
    limit_cpu(limit_s)
    clock = Clock()
    try:
        send.send((work(case, clock), clock.seconds, ""))
    except Exception as error:  # whatever a peer raises is its result
        said = str(error).strip().splitlines() or [""]
        send.send((None, float("nan"), f"failed: {type(error).__name__}: {said[0][:90]}"))


def judge_audit(told: list[Report], injuries: list[Injury]) -> str:
    """Say which of the defects have a report in their place, and how many reports lie at none."""
    drawn = [one for one in told if one[2] is not None and not one[2].is_empty]
    places = np.array([injury.place for injury in injuries], dtype=object)
    tree = shapely.STRtree([one[2] for one in drawn])
    at, report = tree.query(places, predicate="dwithin", distance=NEAR_M)
    found = np.zeros(len(injuries), dtype=bool)
    found[at] = True
    stray = len(drawn) - len(np.unique(report))
    named: dict[str, list[frozenset[str]]] = {}
    for _, ids, shape in told:
        if shape is None or shape.is_empty:
            for name in ids:
                named.setdefault(name, []).append(frozenset(ids))
    for position, injury in enumerate(injuries):
        ids = frozenset(injury.area_ids)
        if any(ids <= one or one <= ids for name in ids for one in named.get(name, [])):
            found[position] = True
    share = pd.Series(found).groupby([injury.kind for injury in injuries]).mean()
    missed = [kind if share[kind] == 0 else f"{kind} {share[kind]:.0%}" for kind in share.index[share < 0.99]]
    words = sorted({word for word, *_ in told})
    text = f"{found.mean():.1%} of {len(injuries)} found, {len(share) - len(missed)} of {len(share)} kinds"
    text += f", in {len(words)} words" + (f", {stray} reports at no defect" if stray else "")
    return text + (f"; misses {', '.join(missed)}" if missed else "")


def least_move_m2(case: Case, *, parents: bool) -> float:
    """Add up the land that must change hands: 1 for each area that gains or loses it."""
    before, clean = case.sound.geometry, case.clean.areas.geometry
    total = 0.0
    for injury in case.injuries:
        if injury.kind in MOVING:
            total += injury.area_m2
        elif injury.kind == "outside_parent" and parents:
            total += 2 * injury.area_m2
        elif injury.kind == "invalid_ring":
            total += clean[injury.area_ids[0]].symmetric_difference(before[injury.area_ids[0]]).area
    return total


def judge_repair(made: gpd.GeoSeries, case: Case, *, parents: bool) -> str:
    """Say what a repair is worth, by the same measure for everyone.

    Parameters
    ----------
    made : GeoSeries
        The repaired areas by id.
    case : Case
    parents : bool
        Whether the peer was given the parents.
    """
    made = made[made.area > CRUMB_M2]
    invalid = int((~made.is_valid).sum())
    ids = case.sound.index
    gone = set(ids) - set(made.index)
    copies = [injury.area_ids for injury in case.injuries if injury.kind == "duplicate"]
    rightly = {name for one, two in copies for name in (one, two) if len({one, two} & gone) == 1}
    before = case.sound.geometry.to_numpy()
    after = made.reindex(ids).to_numpy()
    after[pd.isna(after)] = shapely.Polygon()
    changed = ~shapely.equals_exact(shapely.normalize(before), shapely.normalize(after))
    after[changed] = shapely.make_valid(after[changed])
    moved = shapely.area(shapely.symmetric_difference(before[changed], after[changed])).sum()
    moved += made[~made.index.isin(ids)].area.sum()  # land that became a row of its own
    proof = gg.certify(made, case.clean.territory, tolerance_m=0.01)
    verdict = "proved" if proof.holds else f"not proved: {proof.reason[:120]}"
    return (
        f"{len(gone - rightly)} lost, moved {moved / least_move_m2(case, parents=parents):.3f} of the least, "
        f"{int(changed.sum())} areas changed" + (f", {invalid} invalid" if invalid else "") + f"; {verdict}"
    )


def compare(count: int, each: int, seed: int, limit_s: int, only: list[str] | None = None) -> Iterator[Row]:
    """Measure gridgeo and every peer on one broken map.

    Yields
    ------
    Row
        ``cost`` is gridgeo's.
    """
    case = Case(*broken_map(count, each, seed))
    gg.repair(case.clean.areas.iloc[:1], case.clean.areas.geometry.iloc[:1])  # loads what is loaded at first use
    for step, peers in (("audit", AUDITS), ("repair", REPAIRS)):
        ours = Cost(float("nan"), float("nan"))
        for name, (library, work) in peers.items():
            if only and name != "gridgeo" and not any(word in name for word in only):
                continue
            if not is_installed(library):
                yield Row(step, len(case.areas), "areas", ours, name, None, f"{library} is not installed")
                continue
            result, seconds, note = run_peer(work, case, limit_s)
            if result is not None and step == "audit":
                note = judge_audit(result, case.injuries)
            elif result is not None:
                note = judge_repair(result, case, parents=name in KNOWS_PARENTS)
            if name == "gridgeo":
                ours = Cost(seconds, float("nan"))
                yield Row(step, len(case.areas), "areas", ours, note=note)
                continue
            yield Row(step, len(case.areas), "areas", ours, name, Cost(seconds, float("nan")), note)


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Measure one size.

    Parameters
    ----------
    size : str
        A key of ``TIME_LIMIT_S``.
    seed : int
        Of the map and its defects.

    Yields
    ------
    Row
        ``cost`` is gridgeo's beside a peer.
    """
    yield from compare(AREAS[size], max(1, AREAS[size] // 250), seed, TIME_LIMIT_S[size])


def main() -> None:
    """Measure the sizes that were asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--areas", type=int, nargs="+", default=[500, 5_000, 50_000])
    parser.add_argument("--each", type=int, default=200, help="defects of each kind, as far as there is room")
    parser.add_argument("--limit", type=int, default=240, help="CPU seconds a peer may take")
    parser.add_argument("--only", nargs="*", help="parts of peers' names")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    from run import HEADER, as_line

    print(HEADER)
    for count in asked.areas:
        for row in compare(count, asked.each, asked.seed, asked.limit, asked.only):
            print(as_line(row), flush=True)


if __name__ == "__main__":
    main()
