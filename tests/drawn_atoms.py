"""Draw atoms as text, and judge areas by networkx instead of by the code that draws them."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
from towns import CRS, SIDE_M, square

MIN_SIDE_M = 0.5


def drawn_atoms(drawing, households=50, **columns):
    """Draw table ATOMS: each letter is a square atom of the community of that name; ``.`` is left out.

    Atoms are named row by row from the north-west, ``A001`` first. ``households`` is one number, one an atom, or a
    function of (column, row).
    """
    rows = [line.strip() for line in drawing.strip().splitlines()]
    cells = [(x, y, letter) for y, row in enumerate(rows) for x, letter in enumerate(row) if letter != "."]
    ids = pd.Index([f"A{number:03d}" for number in range(1, len(cells) + 1)], name="atom_id")
    held = [households(x, y) for x, y, _ in cells] if callable(households) else households
    table = {
        "community_id": [letter for _, _, letter in cells],
        "kind": "block",
        "block_id": [f"B{number:03d}" for number in range(len(cells))],
        "households": held,
        "persons": 0,
        "area_m2": SIDE_M * SIDE_M,
        **columns,
    }
    shapes = [square(x, y, len(rows)) for x, y, _ in cells]
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs=CRS, index=ids), index=ids)


def neighbours_of(atoms):
    """Give the graph of atoms that share a border of some length, as shapely sees it."""
    graph = nx.Graph()
    graph.add_nodes_from(atoms.index)
    shapes = atoms.geometry
    first, second = shapes.sindex.query(shapes, predicate="intersects")
    for a, b in zip(first[first < second], second[first < second], strict=True):
        if shapes.iloc[a].intersection(shapes.iloc[b]).length > MIN_SIDE_M:
            graph.add_edge(atoms.index[a], atoms.index[b])
    return graph


def pieces_of(plan, level="grid", graph=None):
    """Count the connected pieces of each area."""
    graph = neighbours_of(plan.atoms) if graph is None else graph
    owner = plan.owner(level)
    return pd.Series(
        {area: nx.number_connected_components(graph.subgraph(owner.index[owner == area])) for area in owner.unique()}
    )


def held_by(plan, level="grid", column="households"):
    """Add a column of the atoms up by area."""
    return plan.atoms[column].groupby(plan.owner(level)).sum()


def assert_sound(plan):
    """Hold a plan against what every plan must keep: one owner an atom, parents that hold, nothing lost."""
    above = plan.owner("community")
    for level in plan.levels[1:]:
        owner = plan.owner(level)
        assert owner.index.equals(plan.atoms.index)
        assert owner.notna().all()
        assert (above.groupby(owner).nunique() < 2).all()
        parent = above.groupby(owner).first()
        assert (plan.register.loc[parent.index, "parent_id"] == parent).all()
        assert held_by(plan, level).sum() == plan.atoms["households"].sum()
        above = owner
    assert plan.register.index.is_unique
    assert np.isin(plan.register["kind"], ["base", "exclusive"]).all()
