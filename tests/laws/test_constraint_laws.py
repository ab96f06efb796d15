"""What holds whatever a planner asks for, judged by networkx and pandas."""

import networkx as nx
import numpy as np
import pandas as pd
from drawn_atoms import assert_sound, drawn_atoms, held_by, neighbours_of, pieces_of
from hypothesis import given, settings
from hypothesis import strategies as st
from test_partition_laws import random_town

import gridgeo as gg

GUALI = gg.load_profile("guali-2024")
SICHUAN = gg.load_profile("sichuan")
SEEDS = st.integers(0, 10_000)


def random_atoms(seed):
    """Draw two communities of square atoms; some squares are missing, so that there are holes and pieces."""
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(3, 7)), int(rng.integers(6, 11))
    middle = int(rng.integers(2, columns - 1))
    drawing = "\n".join(
        "".join("." if rng.random() < 0.1 else "K" if x < middle else "L" for x in range(columns)) for _ in range(rows)
    )
    return drawn_atoms(drawing, lambda x, y: int(rng.integers(10, 120)))


@settings(max_examples=10)
@given(SEEDS)
def test_the_order_of_the_atoms_changes_nothing(seed):
    communities, streets, homes = random_town(seed)
    atoms = gg.make_atoms(communities, streets, homes, profile=GUALI)
    asked = {"number_of_areas": {"K0": 3}, "effort": "fast"}
    plan = gg.partition(atoms, GUALI, **asked)
    again = gg.partition(atoms.sample(frac=1, random_state=seed), GUALI, **asked)
    for level in plan.levels:
        pd.testing.assert_series_equal(again.owner(level).sort_index(), plan.owner(level).sort_index())
    pd.testing.assert_frame_equal(again.register, plan.register)
    assert again.certificates["message"].tolist() == plan.certificates["message"].tolist()


@settings(max_examples=15)
@given(SEEDS)
def test_the_order_of_wishes_changes_nothing(seed):
    atoms = random_atoms(seed)
    rng = np.random.default_rng(seed)
    edges = sorted(map(sorted, neighbours_of(atoms).edges))
    home = atoms["community_id"]
    edges = [pair for pair in edges if home[pair[0]] == home[pair[1]]]
    pairs = [edges[at] for at in rng.choice(len(edges), 2, replace=False)]
    one = gg.partition(atoms, SICHUAN, effort="fast", keep_together=pairs, bridges=edges[:2])
    other = gg.partition(
        atoms, SICHUAN, effort="fast", keep_together=[pair[::-1] for pair in pairs[::-1]], bridges=edges[:2][::-1]
    )
    assert one.owner("grid").equals(other.owner("grid"))
    for pair in pairs:
        assert len(set(one.owner("grid")[pair])) == 1


@settings(max_examples=25)
@given(SEEDS, st.integers(2, 14))
def test_a_number_of_areas_is_honoured_or_certified(seed, number):
    atoms = random_atoms(seed)
    plan = gg.partition(atoms, SICHUAN, effort="fast", number_of_areas=number)
    assert_sound(plan)
    made = plan.owner("grid").nunique()
    told = plan.certificates.query("reason == 'number_of_areas'")["relaxation"]
    if made != number:
        assert told.str.startswith("number_of_areas=").any()
    pieces = sum(
        nx.number_connected_components(neighbours_of(atoms).subgraph(ids))
        for ids in atoms.groupby("community_id").groups.values()
    )
    large = held_by(plan).max() > 500
    if pieces == 2 and not large:
        assert made == number


@settings(max_examples=15)
@given(SEEDS)
def test_locked_areas_are_unchanged_whatever_happens_around_them(seed):
    atoms = random_atoms(seed)
    before = gg.partition(atoms, SICHUAN, effort="fast")
    rng = np.random.default_rng(seed)
    every = sorted(before.owner("grid").unique())
    ids = [area for area in every if rng.random() < 0.4] or every[:1]
    mine = before.owner("grid").isin(ids)
    changed = atoms.assign(households=np.where(mine, atoms["households"], rng.integers(0, 150, len(atoms))))
    by_atom = gg.partition(changed, SICHUAN, effort="fast", seed=1, locked=before.owner("grid")[mine])
    by_ground = gg.partition(changed, SICHUAN, effort="fast", seed=1, locked=before.areas("grid").loc[ids])
    assert by_atom.owner("grid").equals(by_ground.owner("grid"))
    assert by_atom.owner("grid")[mine].equals(before.owner("grid")[mine])
    assert not by_atom.owner("grid")[~mine].isin(ids).any()
    assert_sound(by_atom)
    short = held_by(by_atom)[ids].pipe(lambda held: held[~held.between(300, 500)])
    assert by_atom.certificates["reason"].eq("locked").sum() == len(short)


@settings(max_examples=15)
@given(SEEDS)
def test_seeds_lie_in_areas_of_their_own_or_it_is_told(seed):
    atoms = random_atoms(seed)
    rng = np.random.default_rng(seed)
    seeds = sorted(rng.choice(atoms.index, 5, replace=False))
    plan = gg.partition(atoms, SICHUAN, effort="fast", seeds=seeds)
    assert_sound(plan)
    held = plan.owner("grid")[seeds].value_counts()
    seeded = atoms.loc[seeds, "community_id"].unique()
    areas = plan.owner("grid")[atoms["community_id"].isin(seeded)].unique()
    kept = len(areas) == len(seeds) and (held == 1).all()
    assert kept or plan.certificates["message"].str.contains("seeds|areas were asked for").any()


@settings(max_examples=10)
@given(SEEDS)
def test_no_area_crosses_a_closed_street(seed):
    communities, streets, homes = random_town(seed)
    atoms = gg.make_atoms(communities, streets, homes, profile=GUALI)
    plan = gg.partition(atoms, GUALI, effort="fast", barriers=[1, 2])
    graph = neighbours_of(atoms)
    closed = plan.borders[plan.borders["rank"].isin([1, 2])]
    graph.remove_edges_from(closed[["atom_a", "atom_b"]].to_numpy().tolist())
    joined = plan.certificates.query("reason == 'component'")
    for level in ("grid", "micro"):
        torn = pieces_of(plan, level, graph).pipe(lambda pieces: pieces[pieces > 1])
        parents = plan.register.loc[torn.index, "parent_id"]
        assert set(parents) <= set(joined["area_id"]) | set(plan.register.loc[joined["area_id"], "parent_id"]), level
