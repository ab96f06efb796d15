"""Draw plans as text: one drawing for the atoms, one for each level, all of one size.

In a drawing of a level, each square says to which area the atom below it belongs.
"""

from itertools import combinations

import geopandas as gpd
import pandas as pd
import shapely
from towns import town

from gridgeo.model.plan import Plan
from gridgeo.model.profile import load_profile

PREFIXES = {"community": "C", "grid": "G", "micro": "M"}


def _letters(drawing):
    return "".join(line.strip() for line in drawing.strip().splitlines())


def drawn_atoms(drawing, community, *, households=100):
    """Draw atoms: table ATOMS."""
    drawn = town(drawing, households=households)
    index = drawn.index.rename("atom_id")
    columns = {
        "community_id": community.to_numpy(),
        "kind": "block",
        "block_id": "B" + index,
        "households": drawn["households"].to_numpy(),
        "persons": 2 * drawn["households"].to_numpy(),
        "area_m2": drawn["area_m2"].to_numpy(),
    }
    return gpd.GeoDataFrame(columns, geometry=drawn.geometry.set_axis(index), index=index)


def drawn_plan(atoms, *, grid, community=None, micro=None, households=100, **fields):
    """Draw a plan; without a drawing all atoms lie in one community ``C1``, and there are no micro grids."""
    squares = _letters(atoms)
    drawings = {"community": community or "1" * len(squares), "grid": grid, "micro": micro}
    index = pd.Index(sorted(set(squares) - {"."}), name="atom_id")
    owners = {
        level: pd.Series(
            [PREFIXES[level] + _letters(drawing)[squares.index(atom)] for atom in index], index=index, name="area_id"
        )
        for level, drawing in drawings.items()
        if drawing
    }
    made = drawn_atoms(atoms, owners["community"], households=households)
    return Plan(
        atoms=made,
        owners=owners,
        register=_register(owners),
        profile=load_profile("guali-2024"),
        borders=_borders(made),
        **{"manifest": {"seed": 0, "inputs": {"communities": "9f2c"}}, **fields},
    )


def _register(owners):
    rows, above = {}, None
    for level, owner in owners.items():
        for area_id in sorted(owner.unique()):
            parent_id = None if above is None else above[owner.index[owner == area_id][0]]
            rows[area_id] = {
                "code": area_id,
                "name": f"{area_id}号",
                "level": level,
                "kind": "base",
                "parent_id": parent_id,
            }
        above = owner
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("area_id")


def _borders(atoms):
    rows = [
        (one, other, shapely.length(shapely.intersection(atoms.geometry[one], atoms.geometry[other])))
        for one, other in combinations(atoms.index, 2)
    ]
    touching = [row for row in rows if row[2] > 0]
    borders = pd.DataFrame(touching, columns=["atom_a", "atom_b", "length_m"])
    return borders.assign(street_id=None, rank=0, kind=None)
