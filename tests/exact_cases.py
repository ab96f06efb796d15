"""Draw small areas of Voronoi cells with households of several regimes, for comparison with the exact answer."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from exact_division import Case

import gridgeo as gg
from gridgeo.model.profile import Limits, Profile

CRS = "EPSG:4547"
WEST_M, SOUTH_M, SIDE_M = 500_000.0, 3_400_000.0, 1_000.0
BANDS = ((300, 500), (50, 80))
REGIMES = ("fine", "coarse", "zeros", "heavy", "giant", "tight", "medium")


def draw_weights(chance: np.random.Generator, regime: str, count: int, low: int, high: int) -> np.ndarray:
    """Draw the households of each atom: array of int, shape (count,).

    ``fine``: a zone holds many atoms; ``coarse``: a few; ``zeros``: two atoms in five hold nobody; ``heavy``: most
    atoms nearly fill a zone; ``giant``: one in eight holds about the upper limit, or more; ``tight``: two zones, with
    hardly a household to spare; ``medium``: about four atoms a zone.
    """
    middle = (low + high) / 2
    ranges = {"fine": (0.03, 0.15), "medium": (0.16, 0.34), "zeros": (0.1, 0.7), "heavy": (0.3, 1.1),
              "tight": (0.08, 0.6)}  # fmt: skip
    weights = chance.uniform(*ranges.get(regime, (0.1, 0.6)), count) * middle
    if regime == "zeros":
        weights[chance.random(count) < 0.4] = 0
    if regime == "giant":
        big = chance.random(count) < 0.125
        weights[big] = chance.uniform(0.85, 1.15, int(big.sum())) * high
    if regime == "tight":
        weights *= (2 * low + chance.integers(0, 4)) / weights.sum()
    return np.round(weights).astype(int)


def draw_cells(chance: np.random.Generator, count: int) -> np.ndarray:
    """Draw about as many cells: a valid coverage of a block, a block with a bay, or a block with a lake."""
    frame = shapely.box(WEST_M, SOUTH_M, WEST_M + SIDE_M, SOUTH_M + SIDE_M)
    corner = np.array([WEST_M, SOUTH_M])
    hole = shapely.buffer(
        shapely.Point(corner + chance.uniform(0, SIDE_M, 2)), chance.uniform(0.1, 0.3) * SIDE_M, quad_segs=3
    )
    if chance.random() < 0.5 and shapely.difference(frame, hole).geom_type == "Polygon":
        frame = shapely.difference(frame, hole)
    points = shapely.multipoints(corner + chance.uniform(0, SIDE_M, (count, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=frame))
    parts = shapely.get_parts(shapely.set_precision(shapely.intersection(cells, frame), 0.01))
    parts = parts[shapely.area(parts) > 1.0]
    return parts[np.lexsort((shapely.get_y(shapely.centroid(parts)), shapely.get_x(shapely.centroid(parts))))]


def draw_atoms(seed: int, regime: str, count: int, low: int, high: int) -> gpd.GeoDataFrame:
    """Draw one community: table ATOMS."""
    chance = np.random.default_rng([seed, REGIMES.index(regime), count, low])
    cells = draw_cells(chance, count)
    while not (shapely.coverage_is_valid(cells) and shapely.coverage_union_all(cells).geom_type == "Polygon"):
        cells = draw_cells(chance, count)
    ids = [f"A{number:03d}" for number in range(len(cells))]
    return gpd.GeoDataFrame(
        {
            "community_id": "C",
            "kind": "block",
            "block_id": ids,
            "households": draw_weights(chance, regime, len(cells), low, high),
            "persons": 0,
            "area_m2": shapely.area(cells),
        },
        geometry=cells,
        crs=CRS,
        index=pd.Index(ids, name="atom_id"),
    )


def profile_of(low: int, high: int) -> Profile:
    """Give a profile of grids with that band alone."""
    limits = Limits(low, high, (low + high) // 2)
    return replace(gg.load_profile("sichuan"), name=f"{low}-{high}", limits={"grid": limits})


def case_of(atoms: gpd.GeoDataFrame, low: int, high: int) -> Case:
    """Read the graph off the map: atoms touch where they share more than a point; a border costs its metres."""
    shapes = atoms.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    metres = shapely.length(shapely.intersection(shapes[first], shapes[second]))
    touch = metres > 0.005
    edges = np.column_stack([first[touch], second[touch]])
    return Case(atoms["households"].to_numpy(), edges, metres[touch], low, high)
