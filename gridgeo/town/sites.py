"""Name what stands on each block, and write estates, schools, works, parks and hamlets up as sites."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .columns import CRS, numbered, text
from .hamlets import number_brothers, number_hamlets
from .mesh import Mesh
from .names import ESTATE_ENDS, HAMLET_ENDS, PARTS, SITE_ENDS, Names

KINDS = {
    **dict.fromkeys(ESTATE_ENDS, "estate"),
    "school": "school",
    "hospital": "hospital",
    "shops": "commercial",
    "office": "office",
    "market": "market",
    "park": "park",
    "factory": "factory",
    "station": "station",
}
"""Use of a block -> kind of its site."""
HAMLET_CLOSE_M, HAMLET_EDGE_M = 26.0, 5.0
"""Houses of a hamlet that are twice as far apart are still one; its limit runs so far outside its houses."""


def name_blocks(mesh: Mesh, uses: np.ndarray, names: Names) -> np.ndarray:
    """Name what stands on each block; estates that were parted by one lane share a name.

    Parameters
    ----------
    mesh : Mesh
    uses : array of str
        Of each block.
    names : Names

    Returns
    -------
    array of str or None
        ``锦澜苑二区``, ``松塘小学`` ...; the hamlet's name for its blocks; None for fields, old houses and greens.
    """
    named = np.full(len(uses), None, dtype=object)
    brothers = number_brothers(mesh.blocks)
    for style, style_ends in ESTATE_ENDS.items():
        rows = np.flatnonzero(uses == style)
        for family in np.unique(brothers[rows]):
            members = rows[brothers[rows] == family]
            estate = names.give(style_ends)
            parts = [f"{PARTS[at]}区" if at < len(PARTS) else f"{at + 1}区" for at in range(len(members))]
            named[members] = [estate + part for part in parts] if len(members) > 1 else estate
    for use, use_ends in SITE_ENDS.items():
        rows = np.flatnonzero(uses == use)
        named[rows] = [names.give(use_ends) for _ in rows]
    hamlet = number_hamlets(mesh.blocks)
    hamlet_names = [names.give(HAMLET_ENDS) for _ in range(hamlet.max() + 1)]
    for row in np.flatnonzero((hamlet >= 0) & (uses == "hamlet")):
        named[row] = hamlet_names[hamlet[row]]
    return named


def write_sites(
    mesh: Mesh, parcels: np.ndarray, uses: np.ndarray, named: np.ndarray, built: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Write the sites up: estates, schools, works ... on their parcels, hamlets around their houses.

    Parameters
    ----------
    mesh : Mesh
    parcels : array of Polygon
    uses, named : array
        Use and name of each block.
    built : DataFrame
        As ``build`` gives it.

    Returns
    -------
    GeoDataFrame
        Index ``site_id``; ``name``, ``kind`` (estate, village, school, hospital, commercial, office, market, park,
        factory, station), ``geometry``. No two overlap.
    """
    rows = np.flatnonzero(np.isin(uses, list(KINDS)))
    kind = [KINDS[use] for use in uses[rows]]
    villages, hamlet_rows = _hamlet_shapes(mesh, uses, built)
    shapes = np.concatenate([parcels[rows], villages])
    return gpd.GeoDataFrame(
        {
            "name": text([*named[rows], *named[hamlet_rows]]),
            "kind": text([*kind, *["village"] * len(villages)]),
        },
        index=numbered("T", len(shapes), 5, "site_id"),
        geometry=shapes,
        crs=CRS,
    )


def _hamlet_shapes(mesh: Mesh, uses: np.ndarray, built: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Draw each hamlet's limit around its houses, inside its blocks; give one of its inhabited blocks with it."""
    hamlet = number_hamlets(mesh.blocks)
    houses = built[(built["style"] == "hamlet").to_numpy()]
    shapes, rows = [], []
    blocks = mesh.blocks["geometry"].to_numpy()
    for number, group in houses.groupby(hamlet[houses["block"].to_numpy()], sort=True):
        ground = shapely.coverage_union_all(blocks[(hamlet == number) & (uses == "hamlet")])
        around = shapely.buffer(
            shapely.union_all(shapely.buffer(group["geometry"].to_numpy(), HAMLET_CLOSE_M)),
            HAMLET_EDGE_M - HAMLET_CLOSE_M,
        )
        parts = shapely.get_parts(shapely.intersection(around, shapely.buffer(ground, -0.5)))
        shapes.append(parts[np.argmax(shapely.area(parts))])
        rows.append(int(group["block"].iloc[0]))
    return np.array(shapes, dtype=object), np.array(rows, dtype=int)
