"""Set partition beside its peers on the same atoms: time, band, pieces, compactness, streets, blocks cut.

    python benchmarks/run.py --size 2k --only partition_peers
    python benchmarks/partition_peers.py --peer "METIS a community" graph.pickle zones.pickle   (what a row runs)

Grids of 300-500 households, each community by itself. A peer runs in a process of its own, with the settings that
serve it best here, and is stopped at the CPU seconds of the size; one that is not installed is named
(``pip install --group bench``).
"""

from __future__ import annotations

import argparse
import importlib.util
import pickle
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse
import shapely
from measure import Cost, Row, limit_cpu, measure
from path import HOUSEHOLDS
from scipy.sparse.csgraph import connected_components

import gridgeo as gg
from gridgeo.design.problem import CUT_BLOCK, RANK_COST

PROFILE, ATOMS_PROFILE = "sichuan", "guali-2024"
TIME_LIMIT_S = {"small": 5, "2k": 30, "20k": 120, "100k": 300}


@dataclass(frozen=True)
class Part:
    """What a peer divides: a community, or the whole town.

    Parameters
    ----------
    indptr, neighbour, price : arrays
        Compressed rows of the graph; what cutting an edge costs, as whole numbers from 1.
    weight, block : arrays of int, shape (n,)
        Households, and the street block.
    shapes : array of bytes, shape (n,)
        Polygons as WKB.
    low, high, target : int, households
    """

    indptr: np.ndarray
    neighbour: np.ndarray
    price: np.ndarray
    weight: np.ndarray
    block: np.ndarray
    shapes: np.ndarray
    low: int
    high: int
    target: int

    @cached_property
    def count(self) -> int:
        """Choose how many areas to ask for: a number that the band allows, if there is one, nearest to the target."""
        total = int(self.weight.sum())
        fits = range(max(-(-total // self.high), 1), total // self.low + 1) or [max(round(total / self.target), 1)]
        return min(fits, key=lambda count: (abs(total / count - self.target), count))

    @cached_property
    def frame(self) -> gpd.GeoDataFrame:
        """Give the atoms with households and the place of their middle, all that is alike about neighbours."""
        shapes = gpd.GeoSeries(shapely.from_wkb(self.shapes))
        middle = shapes.representative_point()
        return gpd.GeoDataFrame(
            {"households": self.weight.astype(float), "x": middle.x, "y": middle.y}, geometry=shapes
        )


def metis(part: Part, seed: int) -> np.ndarray:
    """METIS, connected parts, cheap edges cut."""
    import pymetis

    options = pymetis.Options(contig=1, seed=seed, ncuts=2)
    graph = pymetis.CSRAdjacency(part.indptr, part.neighbour)
    _, zone = pymetis.part_graph(
        part.count, adjacency=graph, vweights=part.weight.tolist(), eweights=part.price.tolist(), options=options,
        recursive=False,
    )  # fmt: skip
    return np.asarray(zone)


def kahip(part: Part, seed: int) -> np.ndarray:
    """KaHIP's kaffpa, eco; it knows no connectedness."""
    import kahip

    _, zone = kahip.kaffpa(
        part.weight.tolist(), part.indptr.tolist(), part.price.tolist(), part.neighbour.tolist(), part.count,
        IMBALANCE, True, seed, kahip.ECO,
    )  # fmt: skip
    return np.asarray(zone)


IMBALANCE = 0.1
"""By how much an area of KaHIP may exceed the mean."""


def gerrychain(part: Part, seed: int) -> np.ndarray:
    """GerryChain's recursive_tree_part; edges inside a block are cut last."""
    import networkx
    from gerrychain import Graph
    from gerrychain.partition.initial_partition_generators import recursive_tree_part
    from gerrychain.tree import bipartition_tree

    plain = networkx.Graph(zip(_starts(part).tolist(), part.neighbour.tolist(), strict=True))
    values = {v: {"households": int(part.weight[v]), "block": int(part.block[v])} for v in range(len(part.weight))}
    plain.add_nodes_from(values.items())
    mean = int(part.weight.sum()) / part.count
    found = recursive_tree_part(
        Graph.from_networkx(plain), range(part.count), mean, "households",
        max(min(1 - part.low / mean, part.high / mean - 1), 0.01),
        bipartition_tree_fn=partial(bipartition_tree, max_attempts=1000, region_surcharge={"block": 1.0}),
        rng=random.Random(seed),
    )  # fmt: skip
    return np.array([found[v] for v in range(len(part.weight))])


def spopt_maxp(part: Part, seed: int) -> np.ndarray:
    """spopt's MaxPHeuristic; it keeps the lower limit only."""
    from spopt.region import MaxPHeuristic

    np.random.seed(seed)  # noqa: NPY002 - what the library draws from
    random.seed(seed)
    model = MaxPHeuristic(
        part.frame, _pysal(part), ["x", "y"], "households", part.low, top_n=2, max_iterations_construction=20
    )
    model.solve()
    return np.asarray(model.labels_).astype(int)


def spopt_skater(part: Part, seed: int) -> np.ndarray:
    """spopt's Skater by place; it knows no households."""
    from spopt.region import Skater

    del seed
    model = Skater(part.frame, _pysal(part), ["x", "y"], n_clusters=part.count)
    model.solve()
    return np.asarray(model.labels_).astype(int)


def geoda(part: Part, seed: int, *, method: str) -> np.ndarray:
    """Divide by one of pygeoda's methods, by place; they keep the lower limit only."""
    import pygeoda

    del seed
    source = pygeoda.open(part.frame)
    data = [part.frame["x"].tolist(), part.frame["y"].tolist()]
    bound, touch = part.frame["households"].tolist(), pygeoda.rook_weights(source)
    if method == "maxp":
        answer = pygeoda.maxp_greedy(touch, data, bound, part.low)
    elif method == "skater":
        answer = pygeoda.skater(part.count, touch, data, bound_variable=bound, min_bound=part.low)
    else:
        linkage = "fullorder-wardlinkage"
        answer = pygeoda.redcap(part.count, touch, data, linkage, bound_variable=bound, min_bound=part.low)
    return np.asarray(answer["Clusters"])


PEERS: dict[str, tuple[str, Callable[[Part, int], np.ndarray]]] = {
    "METIS a community": ("pymetis", metis),
    "METIS the whole town": ("pymetis", metis),
    "KaHIP eco": ("kahip", kahip),
    "GerryChain recursive_tree_part": ("gerrychain", gerrychain),
    "spopt MaxPHeuristic": ("spopt", spopt_maxp),
    "spopt Skater": ("spopt", spopt_skater),
    "pygeoda maxp_greedy": ("pygeoda", partial(geoda, method="maxp")),
    "pygeoda skater": ("pygeoda", partial(geoda, method="skater")),
    "pygeoda redcap": ("pygeoda", partial(geoda, method="redcap")),
}
"""The library that each needs, and how it divides."""


def _starts(part: Part) -> np.ndarray:
    return np.repeat(np.arange(len(part.weight)), np.diff(part.indptr))


def _pysal(part: Part) -> Any:
    from libpysal.weights import W

    rows = np.split(part.neighbour, part.indptr[1:-1])
    return W({v: row.tolist() for v, row in enumerate(rows)}, silence_warnings=True)


def make_parts(plan: gg.Plan) -> dict[str, list[Part]]:
    """Write a plan's atoms down as graphs, for each community and for the whole town.

    Returns
    -------
    dict of str to list of Part
        ``communities`` in order of their ids, ``town``.
    """
    atoms, limits = plan.atoms, plan.profile.limits["grid"]
    first, second = (atoms.index.get_indexer(plan.borders[side]) for side in ("atom_a", "atom_b"))
    block, held = _blocks(atoms)
    inside = (block[first] == block[second]) & (held[block[first]] <= limits.high)
    rate = plan.borders["rank"].map(RANK_COST).to_numpy() * np.where(inside, CUT_BLOCK, 1.0)
    price = np.maximum(np.round(plan.borders["length_m"].to_numpy() * rate * 10), 1).astype(int)
    graph = scipy.sparse.coo_array((price, (first, second)), shape=(len(atoms), len(atoms)))
    graph = (graph + graph.T).tocsr()
    shapes, weight = shapely.to_wkb(atoms.geometry.to_numpy()), atoms["households"].to_numpy()

    def cut_out(members: np.ndarray) -> Part:
        own = graph[members][:, members]
        return Part(
            own.indptr, own.indices, own.data, weight[members], block[members], shapes[members], limits.low,
            limits.high, limits.target,
        )  # fmt: skip

    communities = atoms.groupby("community_id").indices
    return {
        "communities": [cut_out(communities[name]) for name in sorted(communities)],
        "town": [cut_out(np.arange(len(atoms)))],
    }


def _blocks(atoms: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Number the blocks of the atoms, and sum up what each block holds."""
    block = pd.factorize(atoms["block_id"])[0]
    return block, np.bincount(block, atoms["households"])


def join_zones(atoms: gpd.GeoDataFrame, zones: list[np.ndarray]) -> np.ndarray:
    """Number the zones of all communities through: array of int, one for each atom."""
    owner = np.zeros(len(atoms), dtype=int)
    if len(zones) == 1 and len(zones[0]) == len(atoms):
        return np.unique(zones[0], return_inverse=True)[1]
    communities, used = atoms.groupby("community_id").indices, 0
    for name, zone in zip(sorted(communities), zones, strict=True):
        local = np.unique(zone, return_inverse=True)[1]
        owner[communities[name]] = used + local
        used += int(local.max()) + 1
    return owner


def judge(plan: gg.Plan, owner: np.ndarray) -> str:
    """Measure a division of a plan's atoms by means of its own, the same for everyone.

    Parameters
    ----------
    plan : Plan
        Its atoms and borders are used, not its owners.
    owner : array of int, shape (n,)
        The area of each atom, from 0.
    """
    atoms, limits, count = plan.atoms, plan.profile.limits["grid"], int(owner.max()) + 1
    first, second = (atoms.index.get_indexer(plan.borders[side]) for side in ("atom_a", "atom_b"))
    metres, community = plan.borders["length_m"].to_numpy(), pd.factorize(atoms["community_id"])[0]
    same = owner[first] == owner[second]
    graph = scipy.sparse.coo_array((np.ones(same.sum()), (first[same], second[same])), shape=(len(atoms), len(atoms)))
    piece = connected_components(graph, directed=False)[1]
    whole = np.bincount(owner[np.unique(piece, return_index=True)[1]], minlength=count) == 1
    shapes = atoms.geometry.to_numpy()
    around = np.bincount(owner, shapely.length(shapes)) - 2 * np.bincount(owner[first[same]], metres[same], count)
    compact = 4 * np.pi * np.bincount(owner, shapely.area(shapes)) / around**2
    held = np.bincount(owner, atoms["households"])
    cut = ~same & (community[first] == community[second])
    street = metres[cut & (plan.borders["rank"].to_numpy() > 0)].sum() / max(metres[cut].sum(), 1e-9)
    block, in_block = _blocks(atoms)
    areas_of_block = pd.Series(owner).groupby(block).nunique().to_numpy()
    fits = in_block <= limits.high
    nested = pd.Series(community).groupby(owner).nunique().to_numpy() == 1
    in_band = (held >= limits.low) & (held <= limits.high)
    total = np.bincount(community, atoms["households"])
    hopeless = total // limits.low < -(-total // limits.high)  # no number of areas fits
    first_community = community[np.unique(owner, return_index=True)[1]]
    return (
        f"{count} areas, {in_band.mean():.1%} in band, {in_band[~hopeless[first_community]].mean():.1%} where a number "
        f"of areas fits, {whole.mean():.1%} whole, "
        f"PP {compact.mean():.3f}, 10th {np.quantile(compact, 0.1):.3f}, street {street:.1%}, "
        f"blocks cut {np.mean(areas_of_block[fits] > 1):.1%}"
        + ("" if nested.all() else f", {np.mean(~nested):.1%} cross communities")
    )


def run_peer(name: str, parts: list[Part], limit_s: int, seed: int) -> tuple[list[np.ndarray] | None, float, str]:
    """Run a peer in a process of its own.

    Returns
    -------
    zones : list of array of int, or None
        Of each part; None where the peer came to no end.
    seconds : float
        CPU, without imports.
    note : str
        What went wrong.
    """
    with tempfile.TemporaryDirectory() as folder:
        graph, zones = Path(folder, "graph.pickle"), Path(folder, "zones.pickle")
        graph.write_bytes(pickle.dumps([vars(part) for part in parts]))
        command = [sys.executable, str(Path(__file__).resolve()), "--peer", name, "--seed", str(seed)]
        command += ["--limit", str(limit_s), str(graph), str(zones)]
        ran = subprocess.run(command, capture_output=True, check=False)
        if ran.returncode == -signal.SIGXCPU:
            done = ran.stdout.count(b"\ndone")
            return None, limit_s, f"no end in {limit_s} CPU s, {done} of {len(parts)} parts done"
        if ran.returncode or not zones.exists():
            last = ran.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit {ran.returncode}"]
            return None, float("nan"), f"failed: {last[0][:100]}"
        found, seconds, failed = pickle.loads(zones.read_bytes())
    return found, seconds, f"; left {len(failed)} undivided ({failed[0][:60]})" if failed else ""


def serve(name: str, graph: Path, zones: Path, limit_s: int, seed: int) -> None:
    """Divide every part by a peer and leave zones, CPU seconds and failures in a file; what ``run_peer`` starts."""
    warnings.simplefilter("ignore")
    library, divide = PEERS[name]
    importlib.import_module("spopt.region" if library == "spopt" else library)
    limit_cpu(limit_s)
    parts = [Part(**each) for each in pickle.loads(graph.read_bytes())]
    found, failed, seconds = [], [], 0.0
    for part in parts:
        zone = np.zeros(len(part.weight), dtype=int)
        if part.count > 1:
            began = time.process_time()
            try:
                zone = divide(part, seed)
            except Exception as error:  # whatever a peer raises is its result
                failed.append(f"{type(error).__name__}: {error}")
            seconds += time.process_time() - began
        found.append(zone)
        print("\ndone", flush=True)
    zones.write_bytes(pickle.dumps((found, seconds, failed)))


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Divide the atoms of a town by gridgeo at each effort, and by each peer.

    Parameters
    ----------
    size : str
        A key of ``TIME_LIMIT_S``.
    seed : int
        Of the town, gridgeo and the peers.

    Yields
    ------
    Row
        ``cost`` is gridgeo's at normal effort beside a peer.
    """
    town = gg.make_town(households=HOUSEHOLDS[size], seed=seed)
    atoms = gg.make_atoms(
        town.communities, town.streets, households=town.households, buildings=town.buildings,
        profile=gg.load_profile(ATOMS_PROFILE),
    )  # fmt: skip
    profile, costs = gg.load_profile(PROFILE), {}
    for effort in ("fast", "normal", "best"):
        plan, costs[effort] = measure(partial(gg.partition, atoms, profile, effort=effort, seed=seed))
        owner = pd.factorize(plan.owner("grid").loc[atoms.index])[0]
        told = plan.certificates["reason"].value_counts()
        note = ", ".join(f"{count} {reason}" for reason, count in told.items())
        yield Row(
            effort, len(atoms), "atoms", costs[effort], note=judge(plan, owner) + (note and f" (certified: {note})")
        )
    parts = make_parts(plan)
    for name, (library, _) in PEERS.items():
        if importlib.util.find_spec(library) is None:
            yield Row("normal", len(atoms), "atoms", costs["normal"], name, note=f"{library} is not installed")
            continue
        asked = parts["town" if "town" in name else "communities"]
        zones, seconds, note = run_peer(name, asked, TIME_LIMIT_S[size], seed)
        if zones is not None:
            note = judge(plan, join_zones(atoms, zones)) + note
        beside = Cost(seconds, float("nan")) if zones is not None else None
        yield Row("normal", len(atoms), "atoms", costs["normal"], name, beside, note)


def main() -> None:
    """Run one peer on a file of graphs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peer", required=True, choices=list(PEERS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=60, help="CPU seconds")
    parser.add_argument("graph", type=Path)
    parser.add_argument("zones", type=Path)
    asked = parser.parse_args()
    serve(asked.peer, asked.graph, asked.zones, asked.limit, asked.seed)


if __name__ == "__main__":
    main()
